"""What `compute`, `check`, `select` and `prioritize` promise, as laws. Source: DESIGN.md 4, operations.

What is expected is worked out here, or by plain Python; only the value of an expression is taken from the package.
"""

import json
import math
import re
from collections.abc import Callable
from datetime import date
from functools import cmp_to_key
from itertools import pairwise
from typing import Any

import pytest
import rfc8785
import strategies
from hypothesis import assume, example, given
from hypothesis import strategies as st
from makers import make_step, run

from runtime.errors import EvaluationError
from runtime.orchestration import StepSpec
from runtime.orchestration.dates import day_number
from runtime.orchestration.failures import StepErrorCode
from runtime.policy.expressions import Expression

Case = tuple[dict[str, Any], dict[str, Any]]


def plain(value: Any) -> Any:
    """
    Give the value as the state holds it, where 2.0 is 2.
    """
    return json.loads(rfc8785.dumps(value))


def made(items: list[Any], operation: str, *, others: dict[str, Any] | None = None, **payload: Any) -> Any:
    """
    Apply an operation to the list `/list` of a state, and give what it wrote.
    """
    state = {"list": items, "today": "2026-01-01", **(others or {})}
    result = run(state, make_step("s", operation, from_="/list", path="/out", **payload))
    assert result.error_message is None
    return result.final_state["out"]


def numbered(items: list[Any]) -> list[Any]:
    """
    Tell the elements apart, whatever they hold.
    """
    return [{**item, "index": index} for index, item in enumerate(items)]


def rank_of(value: Any) -> tuple[int, Any]:
    """
    Give the place of a value in the one order of JSON values.
    """
    kinds: list[Any] = [type(None), bool, (int, float), str, list, dict]
    place = next(place for place, kind in enumerate(kinds) if isinstance(value, kind))
    return place, (rfc8785.dumps(value) if place > 3 else 0 if value is None else value)


def compare(orders: list[Any], left: Any, right: Any) -> int:
    """
    Compare two elements by several members: below, at or above zero.
    """
    for order in orders:
        one, other = (rank_of(item.get(order["of"][1:]) if order["of"] else item) for item in (left, right))
        if one != other:
            is_first = (one < other) == (order.get("direction") != "descending")
            return -1 if is_first else 1
    return 0


_members = st.sampled_from(["/n", "/a", "/due", "/tags"])
_directions = st.sampled_from(["ascending", "descending"])
_orders = st.lists(st.fixed_dictionaries({"of": _members}, optional={"direction": _directions}), max_size=3)
_mixed = st.lists(
    st.fixed_dictionaries({}, optional={"n": strategies.small_values, "a": st.sampled_from([0, 1, True])})
)


class TestComputeEqualsTheEvaluator:
    """
    `compute` writes what `Expression.evaluate` gives for the members of the state, and fails as it fails.
    """

    @given(strategies.run_states, strategies.state_expressions)
    def test_value_or_code(self, state: dict[str, Any], expression: str) -> None:
        """
        The value stands at the path and nothing else changes; or the codes are equal and nothing changes.
        """
        result = run(state, make_step("s", "compute", path="/out", expression=expression))
        code, after = None, plain(state)
        try:
            after["out"] = Expression.parse(expression).evaluate(plain(state))
        except EvaluationError as error:
            code = error.failure
        assert result.error_code == code
        assert result.states[1].raw == rfc8785.dumps(after)


class TestCheckNeverChangesTheState:
    """
    `check` completes or fails, and the state is the one before.
    """

    @given(strategies.run_states, strategies.state_expressions, st.sampled_from(["check_failed", "stale"]))
    def test_it_is_the_same_state(self, state: dict[str, Any], expression: str, code: str) -> None:
        """
        It completes exactly when the condition holds, and has its own code exactly when it does not.
        """
        result = run(state, make_step("s", "check", expression=expression, code=code))
        assert result.states[1] is result.states[0]
        try:
            expected = None if Expression.parse(expression).holds(plain(state)) else code
        except EvaluationError as error:
            expected = error.failure
        assert result.error_code == expected


CONDITIONS: dict[str, Callable[[Any], bool]] = {
    "item.n > 1": lambda item: item["n"] > 1,
    "item.a == 'x' || size(item.tags) == 0": lambda item: item["a"] == "x" or not item["tags"],
    "item.due < '2026-01-10' && !(item.a in ['y', 2])": lambda item: item["due"] < "2026-01-10" and item["a"] != "y",
    "item.tags.exists(t, t == 'x')": lambda item: "x" in item["tags"],
    "true": lambda _: True,
    "1 > 2": lambda _: False,
}


class TestSelectFiltersSortsAndCuts:
    """
    "Filter, stable sort, cut."
    """

    @pytest.mark.parametrize("where", CONDITIONS)
    @strategies.few
    @given(items=strategies.tasks)
    def test_exactly_the_items_that_hold_are_kept_in_order(self, where: str, items: list[Any]) -> None:
        """
        Without an order the outcome is the list without those for which the condition is false.
        """
        expected = [item for item in items if CONDITIONS[where](item)]
        assert made(items, "select", where=where) == plain(expected)

    @given(strategies.gappy_tasks | _mixed, _orders)
    def test_the_order_is_total_and_stable(self, items: list[Any], orders: list[Any]) -> None:
        """
        It is the one an independent comparison gives: no element lost, equal ones in the order they came in.
        """
        items = numbered(plain(items))
        expected = sorted(items, key=cmp_to_key(lambda left, right: compare(orders, left, right)))
        assert made(items, "select", order_by=orders, missing="empty") == expected

    @strategies.few
    @given(strategies.gappy_tasks, _orders, st.integers(0, 7))
    def test_a_limit_gives_a_prefix(self, items: list[Any], orders: list[Any], limit: int) -> None:
        """
        With a limit the outcome is the beginning of what it is without one.
        """
        whole = made(items, "select", order_by=orders, missing="empty")
        assert made(items, "select", order_by=orders, missing="empty", limit=limit) == whole[:limit]

    @strategies.few
    @given(strategies.tasks, _orders, st.sampled_from(sorted(CONDITIONS)), st.integers(0, 7))
    def test_twice_is_once(self, items: list[Any], orders: list[Any], where: str, limit: int) -> None:
        """
        Selecting from a selection, in the same way, gives the selection.
        """
        once = made(items, "select", where=where, order_by=orders, limit=limit)
        assert made(once, "select", where=where, order_by=orders, limit=limit) == once

    @strategies.few
    @given(strategies.tasks, _members)
    def test_one_of_each_value_is_kept(self, items: list[Any], member: str) -> None:
        """
        `distinct_by` keeps the first of each value and loses no value.
        """
        items = numbered(items)
        found = made(items, "select", distinct_by=member)
        names = [rfc8785.dumps(item[member[1:]]) for item in items]
        assert found == plain([item for index, item in enumerate(items) if names[index] not in names[:index]])

    @strategies.few
    @given(strategies.tasks.filter(bool))
    def test_the_outcome_is_a_copy(self, items: list[Any]) -> None:
        """
        A later change to the list does not reach it.
        """
        steps = [
            make_step("copy", "select", from_="/list", path="/out"),
            make_step("change", "set", path="/list/0", value="changed"),
        ]
        assert run({"list": items}, *steps).final_state["out"] == plain(items)


def _points(weight: Any, item: Any) -> float:
    """
    Work out what a weight gives an element, on the day 2026-01-01.
    """
    value = item.get(weight["of"][1:])
    if value is None:
        return 0
    if weight["kind"] == "days_until":
        left = (date.fromisoformat(value) - date(2026, 1, 1)).days
        value = max(0, weight.get("within", 14) - left)
    elif weight["kind"] == "count":
        value = len(value)
    elif weight["kind"] == "rank_of":
        value = weight["order"].index(value)
    points: float = weight["weight"] * value
    return points


def _sum(values: list[Any]) -> float:
    return math.fsum(values) if any(isinstance(value, float) for value in values) else sum(values)


_small = st.sampled_from([1, 2, -3, 10, 0, 0.5, 0.1, -0.7])
_weights = st.lists(
    st.one_of(
        st.fixed_dictionaries({"kind": st.just("number"), "of": st.just("/n"), "weight": _small}),
        st.fixed_dictionaries({"kind": st.just("count"), "of": st.just("/tags"), "weight": _small}),
        st.fixed_dictionaries(
            {"kind": st.just("days_until"), "of": st.just("/due"), "weight": _small},
            optional={"within": st.integers(1, 40)},
        ),
        st.fixed_dictionaries(
            {"kind": st.just("rank_of"), "of": st.just("/a"), "weight": _small, "order": st.just([1, "x", "y"])}
        ),
    ),
    min_size=1,
    max_size=4,
)
_scores = _weights | st.sampled_from(
    ["item.n", "item.n * -2", "size(item.tags) + item.n", "item.a == 'x' ? 1 : 0.5", "1", "has(item.gone) ? 1 : 0"]
)


class TestPrioritizeRanks:
    """
    "A ranked list with scores and the reason for each."
    """

    @given(strategies.gappy_tasks, _weights)
    def test_scores_are_the_weighted_sums(self, items: list[Any], weights: list[Any]) -> None:
        """
        Each score, and each part of it, is what plain Python works out for the element beside it.
        """
        for entry in made(items, "prioritize", score=weights, missing="empty"):
            points = [_points(weight, entry["item"]) for weight in weights]
            assert [reason["points"] for reason in entry["reasons"]] == points
            assert entry["score"] == _sum(points)

    @given(strategies.gappy_tasks, _weights)
    def test_points_sum_to_the_score(self, items: list[Any], weights: list[Any]) -> None:
        """
        What the reasons say is the whole score: exactly for integers, by `math.fsum` where a fraction is among them.
        """
        for entry in made(items, "prioritize", score=weights, missing="empty"):
            assert entry["score"] == _sum([reason["points"] for reason in entry["reasons"]])
            assert [(reason["kind"], reason["of"]) for reason in entry["reasons"]] == [
                (weight["kind"], weight["of"]) for weight in weights
            ]

    @given(strategies.tasks, _scores, _orders)
    def test_it_is_a_permutation_in_order(self, items: list[Any], score: Any, orders: list[Any]) -> None:
        """
        Every element stands there once, ranked 1 to n: by score from the highest, by the tie breakers, by its place.
        """
        items = numbered(plain(items))
        found = made(items, "prioritize", score=score, tie_breakers=orders)
        assert [entry["rank"] for entry in found] == list(range(1, len(items) + 1))
        assert sorted(entry["item"]["index"] for entry in found) == list(range(len(items)))
        assert all(entry["item"] == items[entry["item"]["index"]] for entry in found)
        for first, second in pairwise(found):
            assert first["score"] >= second["score"]
            if first["score"] == second["score"]:
                by_ties = compare(orders, first["item"], second["item"])
                assert by_ties < 0 or (by_ties == 0 and first["item"]["index"] < second["item"]["index"])

    @strategies.few
    @given(strategies.tasks, _scores, st.randoms(use_true_random=False))
    def test_the_order_of_the_list_does_not_matter(self, items: list[Any], score: Any, random: Any) -> None:
        """
        With a tie breaker that tells all elements apart, a shuffled list gives the same ranking.
        """
        items = numbered(items)
        shuffled = random.sample(items, len(items))
        ties = [{"of": "/index"}]
        assert made(items, "prioritize", score=score, tie_breakers=ties) == made(
            shuffled, "prioritize", score=score, tie_breakers=ties
        )

    @strategies.few
    @given(strategies.tasks, _scores, st.integers(0, 7))
    def test_a_limit_gives_a_prefix(self, items: list[Any], score: Any, limit: int) -> None:
        """
        With a limit the ranking is the beginning of what it is without one.
        """
        assert made(items, "prioritize", score=score, limit=limit) == made(items, "prioritize", score=score)[:limit]

    @strategies.few
    @given(strategies.tasks, st.sampled_from(["item.n", "item.n * item.n - 3", "size(item.tags) / 2"]))
    def test_a_score_by_expression_is_its_value(self, items: list[Any], rule: str) -> None:
        """
        The score is what `Expression.evaluate` gives for the element, and the reason shows what was read.
        """
        for entry in made(items, "prioritize", score=rule):
            assert entry["score"] == Expression.parse(rule, ("item",)).evaluate({}, entry["item"])
            [reason] = entry["reasons"]
            reads = {"/tags": f"list of {len(entry['item']['tags'])}"} if "tags" in rule else {"/n": entry["item"]["n"]}
            assert reason == {"kind": "expression", "reads": reads}


def _with_floats(value: Any) -> Any:
    if type(value) is int:
        return float(value)
    if isinstance(value, list):
        return [_with_floats(item) for item in value]
    return {key: _with_floats(item) for key, item in value.items()} if isinstance(value, dict) else value


class TestLawsOfAllFour:
    """
    A failure leaves the state, a success changes the path alone, and a number has one spelling.
    """

    @given(strategies.rule_cases())
    def test_a_failure_leaves_the_state_and_a_success_changes_one_member(self, case: Case) -> None:
        """
        Failed: a code of the closed list, a place, and the state before. Completed: no other member changed.
        """
        state, payload = case
        result = run(state, StepSpec("s", "runtime", payload))
        if result.error_code is None:
            assert {**result.final_state, "out": None} == plain({**state, "out": None})
            return
        assert result.error_code in set(StepErrorCode)
        assert result.states[1] is result.states[0]
        assert re.match(r"Step 's' failed: .+", result.error_message or "")

    @given(strategies.rule_cases())
    def test_2_is_2_0(self, case: Case) -> None:
        """
        The same step written with floats wherever it had integers leaves the same bytes.
        """
        state, payload = case
        first = run(state, StepSpec("s", "runtime", payload))
        second = run(_with_floats(state), StepSpec("s", "runtime", _with_floats(payload)))
        assert second.receipt_bytes == first.receipt_bytes
        assert second.states == first.states

    @given(strategies.rule_cases())
    def test_again_is_the_same(self, case: Case) -> None:
        """
        A second run gives equal bytes, and nothing of the first is in it.
        """
        state, payload = case
        before = rfc8785.dumps([state, payload])
        first, second = (run(state, StepSpec("s", "runtime", payload)) for _ in range(2))
        assert first.receipt_bytes == second.receipt_bytes
        assert rfc8785.dumps([state, payload]) == before


class TestDaysAreNumberedAsInTheCalendar:
    """
    Days between dates are those of the proleptic Gregorian calendar.
    """

    @given(st.dates())
    def test_every_date_has_its_number(self, day: date) -> None:
        """
        It is the one the standard library gives.
        """
        assert day_number(day.isoformat()) == day.toordinal()

    @given(st.from_regex(r"[0-9]{4}-[0-9]{2}-[0-9]{2}", fullmatch=True) | st.text(max_size=10))
    @example("2023-02-29")
    @example("0000-01-01")
    def test_no_other_text_has_one(self, text: str) -> None:
        """
        A text of that form is a date exactly when the standard library knows it.
        """
        try:
            expected = (
                date.fromisoformat(text).toordinal() if re.fullmatch(r"\d{4}-\d\d-\d\d", text, re.ASCII) else None
            )
        except ValueError:
            expected = None
        assert day_number(text) == expected

    @strategies.few
    @given(st.dates(), st.dates())
    def test_a_later_day_has_a_greater_number(self, one: date, other: date) -> None:
        """
        Numbers are in the order of the dates, as texts are.
        """
        assume(one != other)
        first, second = day_number(str(one)), day_number(str(other))
        assert first is not None
        assert second is not None
        assert (first < second) == (str(one) < str(other))
