"""What `where`, `by` and `distinct_by` promise, as laws. Source: DESIGN.md 4, operations.

What is expected is worked out here by plain Python over exact fractions; only whether a condition holds is taken from a
Python function that is written beside its expression.
"""

from collections.abc import Callable
from fractions import Fraction
from typing import Any

import pytest
import rfc8785
from hypothesis import given
from hypothesis import strategies as st
from makers import make_step, run

Condition = Callable[[dict[str, Any]], bool]

CONDITIONS: dict[str | None, Condition] = {
    None: lambda _: True,
    "true": lambda _: True,
    "false": lambda _: False,
    "item.n > 0": lambda item: bool(item["n"] > 0),
    "item.n >= least": lambda item: bool(item["n"] >= 2),
    "item.a == 'x'": lambda item: bool(item["a"] == "x"),
    "item.a in ['y', 'z'] || item.n % 2 == 0": lambda item: item["a"] in ("y", "z") or item["n"] % 2 == 0,
    "size(item.tags) > 0 && item.tags.exists(t, t == 'b')": lambda item: "b" in item["tags"],
    "!has(item.extra)": lambda item: "extra" not in item,
}
"""Conditions on an item, and the same in Python."""

items_of = st.lists(
    st.fixed_dictionaries(
        {
            "n": st.integers(-9, 9) | st.sampled_from([2**49, -(2**49) + 1]),
            "a": st.sampled_from("xyz"),
            "b": st.sampled_from(["", "~/", "\ue000", "\U00010000"]),
            "tags": st.lists(st.sampled_from("ab"), max_size=2),
        },
        optional={"extra": st.none()},
    ),
    max_size=8,
)
"""Items that have every member the measures look at."""

measures_of = st.dictionaries(
    st.sampled_from("pqrs"),
    st.fixed_dictionaries(
        {
            "kind": st.sampled_from(["count", "sum", "min", "max", "avg", "list"]),
            "of": st.just("/n"),
            "where": st.sampled_from(list(CONDITIONS)),
            "by": st.sampled_from([None, "/a", "/b"]),
        }
    ),
    min_size=1,
    max_size=4,
)


def given_fields(measure: dict[str, Any]) -> dict[str, Any]:
    """
    Leave out what is not given.
    """
    return {name: value for name, value in measure.items() if value is not None}


def measure_plainly(kind: str, numbers: list[int]) -> Any:
    """
    Measure numbers; a sum is exact, and rounded once.
    """
    if kind == "count":
        return len(numbers)
    if kind == "list":
        return numbers
    if kind == "sum":
        return sum(numbers)
    if not numbers:
        return None
    average = Fraction(sum(numbers), len(numbers))
    return {"min": min(numbers), "max": max(numbers), "avg": float(average)}[kind]


def expect(measure: dict[str, Any], items: list[dict[str, Any]]) -> Any:
    """
    Work a measure out.
    """
    chosen = [item for item in items if CONDITIONS[measure["where"]](item)]
    if measure["by"] is None:
        return measure_plainly(measure["kind"], [item["n"] for item in chosen])
    member = measure["by"][1:]
    names = {item[member] for item in chosen}
    return {
        name: measure_plainly(measure["kind"], [item["n"] for item in chosen if item[member] == name]) for name in names
    }


def summarize(items: list[Any], measures: dict[str, Any], **payload: Any) -> Any:
    """
    Summarize `/list` and give what was written.
    """
    given = {name: given_fields(measure) for name, measure in measures.items()}
    step = make_step("s", "summarize", from_="/list", path="/out", measures=given, **payload)
    result = run({"list": items, "least": 2}, step)
    assert result.error_message is None
    return result.final_state["out"]


class TestMeasures:
    """
    "Only those that fulfil `where` are measured; with `by` it is one for each text that stands there."
    """

    @given(items_of, measures_of)
    def test_they_are_those_of_plain_python(self, items: list[Any], measures: dict[str, Any]) -> None:
        """
        Every kind, with and without a condition and a member.
        """
        expected = {name: expect(measure, items) for name, measure in measures.items()}
        assert rfc8785.dumps(summarize(items, measures)) == rfc8785.dumps(expected)

    @given(items_of, measures_of)
    def test_grouping_is_measuring_each_group_alone(self, items: list[Any], measures: dict[str, Any]) -> None:
        """
        `group_by` gives each group what its items alone give.
        """
        grouped = summarize(items, measures, group_by="/a")
        assert grouped == {
            name: summarize([item for item in items if item["a"] == name], measures)
            for name in {item["a"] for item in items}
        }

    @given(items_of, measures_of)
    def test_by_is_group_by_of_one_measure(self, items: list[Any], measures: dict[str, Any]) -> None:
        """
        A measure `by` a member of the items that count is that measure, grouped by it.
        """
        for measure in measures.values():
            plain = {**measure, "by": None}
            chosen = [item for item in items if CONDITIONS[measure["where"]](item)]
            grouped = summarize(chosen, {"m": {**plain, "where": None}}, group_by="/a")
            assert summarize(items, {"m": {**plain, "by": "/a"}})["m"] == {
                name: values["m"] for name, values in grouped.items()
            }

    @given(items_of, measures_of)
    def test_each_measure_is_for_itself(self, items: list[Any], measures: dict[str, Any]) -> None:
        """
        Neither the other measures nor their order have a part in it.
        """
        together = summarize(items, dict(reversed(measures.items())))
        assert together == {name: summarize(items, {name: one})[name] for name, one in measures.items()}

    @given(items_of, st.sampled_from([text for text in CONDITIONS if text]))
    def test_a_condition_and_its_opposite_split_the_items(self, items: list[Any], where: str) -> None:
        """
        Every item counts for exactly one of them.
        """
        pair = {"yes": where, "no": f"!({where})"}
        step = make_step(
            "s",
            "summarize",
            from_="/list",
            path="/out",
            measures={name: {"kind": "list", "of": "", "where": text} for name, text in pair.items()},
        )
        out = run({"list": items, "least": 2}, step).final_state["out"]
        assert len(out["yes"]) + len(out["no"]) == len(items)
        assert sorted(map(rfc8785.dumps, out["yes"] + out["no"])) == sorted(map(rfc8785.dumps, items))

    @given(items_of, st.sampled_from([text for text in CONDITIONS if text]))
    def test_where_of_a_measure_is_where_of_select(self, items: list[Any], where: str) -> None:
        """
        A condition chooses the same items in both operations.
        """
        chosen = summarize(items, {"m": {"kind": "list", "of": "", "where": where, "by": None}})["m"]
        step = make_step("s", "select", from_="/list", path="/out", where=where)
        assert run({"list": items, "least": 2}, step).final_state["out"] == chosen


values_of = st.lists(
    st.fixed_dictionaries(
        {
            "v": st.sampled_from([None, True, False, 0, 1, 1.0, "1", "", [], [1], [True], {"k": 1}, {"k": 1.0}]),
            "n": st.integers(0, 3),
        }
    ),
    max_size=10,
)
"""Items whose values are often alike."""
orders = st.sampled_from([[], [{"of": "/n"}], [{"of": "/n", "direction": "descending"}]])


class TestSelectDistinct:
    """
    "Keep the first element of each value at `distinct_by`."
    """

    @staticmethod
    def select(items: list[Any], **payload: Any) -> list[Any]:
        """
        Select from `/list`.
        """
        result = run({"list": items}, make_step("s", "select", from_="/list", path="/out", **payload))
        assert result.error_message is None
        out: list[Any] = result.final_state["out"]
        return out

    @given(values_of, orders, st.sampled_from([None, "item.n > 0"]), st.none() | st.integers(0, 4))
    def test_it_is_the_first_of_each_value_in_order(
        self, items: list[Any], order: list[Any], where: str | None, limit: int | None
    ) -> None:
        """
        Filter, sort, keep the first of each value, cut: in this order, values by their canonical bytes.
        """
        kept = [item for item in items if where is None or item["n"] > 0]
        if order:
            kept.sort(key=lambda item: item["n"], reverse="direction" in order[0])
        firsts: dict[bytes, Any] = {}
        for item in kept:
            firsts.setdefault(rfc8785.dumps(item["v"]), item)
        expected = list(firsts.values())[:limit]
        payload = given_fields({"where": where, "limit": limit})
        out = self.select(items, distinct_by="/v", order_by=order, **payload)
        assert rfc8785.dumps(out) == rfc8785.dumps(expected)

    @given(values_of)
    def test_twice_is_once(self, items: list[Any]) -> None:
        """
        What is distinct stays as it is, and every value is still there.
        """
        once = self.select(items, distinct_by="/v")
        assert self.select(once, distinct_by="/v") == once
        assert {rfc8785.dumps(item["v"]) for item in once} == {rfc8785.dumps(item["v"]) for item in items}


@pytest.mark.parametrize("where", [text for text in CONDITIONS if text])
def test_the_conditions_are_those_of_python(where: str) -> None:
    """
    The table this page rests on: each expression agrees with the function beside it on items of every kind.
    """
    tagged: list[list[str]] = [[], ["a"], ["a", "b"]]
    items = [{"n": n, "a": a, "tags": tags} for n in (-3, 0, 1, 2, 3) for a in "xyz" for tags in tagged]
    chosen = summarize(items, {"m": {"kind": "list", "of": "", "where": where, "by": None}})["m"]
    assert chosen == [item for item in items if CONDITIONS[where](item)]
