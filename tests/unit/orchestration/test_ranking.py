"""`select` and `prioritize` on lists that do not all fit, and the reasons they give."""

from typing import Any

import pytest
from makers import make_step, nested, run

from runtime.orchestration import OrchestrationResult

NUMBER = {"kind": "number", "of": "/n", "weight": 2}
DAYS = {"kind": "days_until", "of": "/due", "weight": 3}
COUNT = {"kind": "count", "of": "/tags", "weight": 5}
RANK = {"kind": "rank_of", "of": "/p", "weight": 10, "order": ["low", "high"]}
BEYOND = 2**53 - 1


def select(state: dict[str, Any], **payload: Any) -> OrchestrationResult:
    """
    Select from `/l` into `/out`.
    """
    return run(state, make_step("s", "select", **{"from_": "/l", "path": "/out", **payload}))


def prioritize(state: dict[str, Any], score: Any, **payload: Any) -> OrchestrationResult:
    """
    Prioritize `/l` into `/out`.
    """
    return run(state, make_step("s", "prioritize", score=score, **{"from_": "/l", "path": "/out", **payload}))


def out(result: OrchestrationResult) -> Any:
    """
    Give what a run that completed wrote.
    """
    assert result.error_message is None
    return result.final_state["out"]


SELECT_FAILURES: dict[str, tuple[dict[str, Any], dict[str, Any], str, str]] = {
    "no list": ({}, {}, "path_missing", "nothing named 'l' at /l"),
    "an object for a list": ({"l": {}}, {}, "wrong_type", "expected a list at /l"),
    "an object for a list, though absence is allowed": ({"l": {}}, {"missing": "empty"}, "wrong_type", "at /l"),
    "a list below a number, though absence is allowed": (
        {"l": 1},
        {"from_": "/l/a", "missing": "empty"},
        "wrong_type",
        "at /l/a",
    ),
    "no parent for the outcome": ({"l": []}, {"path": "/a/b"}, "path_missing", "at /a/b"),
    "a condition on nothing": (
        {"l": [{"n": 1}, {}]},
        {"where": "item.n > 0"},
        "path_missing",
        "nothing named 'n' (where 1:1) at /l/1",
    ),
    "a condition on nothing, though absence is allowed": (
        {"l": [{}]},
        {"where": "item.n > 0", "missing": "empty"},
        "path_missing",
        "at /l/0",
    ),
    "a condition that is a number": (
        {"l": [True, 1]},
        {"where": "item"},
        "wrong_type",
        "a condition that is a number (where) at /l/1",
    ),
    "a condition that divides by zero": (
        {"l": [1, 0]},
        {"where": "1 / item > 0"},
        "division_by_zero",
        "division by zero (where 1:1) at /l/1",
    ),
    "a condition that costs too much": (
        {"l": [0, list(range(200))]},
        {"where": "item == 0 || item.all(x, item.all(y, x + y >= 0))"},
        "out_of_fuel",
        "at /l/1",
    ),
    "no member to sort by": ({"l": [{"n": 1}, {}]}, {"order_by": [{"of": "/n"}]}, "path_missing", "at /l/1/n"),
    "no element to sort by": ({"l": [[1], []]}, {"order_by": [{"of": "/0"}]}, "path_missing", "at /l/1/0"),
    "a number to sort within, though absence is allowed": (
        {"l": [{"n": 1}, 2]},
        {"order_by": [{"of": "/n"}], "missing": "empty"},
        "wrong_type",
        "at /l/1/n",
    ),
    "no member to tell apart by": ({"l": [{"n": 1}, {}]}, {"distinct_by": "/n"}, "path_missing", "at /l/1/n"),
}


class TestASelectionThatCannotBeMade:
    """
    The step fails with a code and the element, and writes nothing.
    """

    @pytest.mark.parametrize("case", SELECT_FAILURES)
    def test_fails_with_code_and_element(self, case: str) -> None:
        """
        The place is the element, and the member where there is one.
        """
        state, payload, code, message = SELECT_FAILURES[case]
        result = select(state, **payload)
        assert (result.status, result.error_code) == ("failed", code)
        assert (result.error_message or "").endswith(message)
        assert result.final_state == state

    def test_what_is_filtered_out_need_not_be_sortable(self) -> None:
        """
        Elements are filtered first, and only those that are left are looked at.
        """
        state = {"l": [{"n": 2}, {}, {"n": 1}, 5]}
        result = select(state, where="item != 5 && has(item.n)", order_by=[{"of": "/n"}])
        assert out(result) == [{"n": 1}, {"n": 2}]


class TestSelect:
    """
    "Filter, stable sort, cut. Writes a list that is a copy."
    """

    def test_alone_it_copies(self) -> None:
        """
        Without a condition, an order or a limit the whole list is written.
        """
        items = [3, {"a": None}, "x", [1.5]]
        assert out(select({"l": items})) == items

    def test_an_absent_list_counts_as_empty_when_told(self) -> None:
        """
        With `missing: empty` the outcome is the empty list.
        """
        assert out(select({}, missing="empty", where="item.n > 0", order_by=[{"of": "/n"}])) == []

    def test_an_absent_member_sorts_as_null_when_told(self) -> None:
        """
        Beside a null, in the order they came in: null stands before every other value.
        """
        items = [{"n": False, "i": 0}, {"i": 1}, {"n": None, "i": 2}, {"i": 3}]
        found = out(select({"l": items}, order_by=[{"of": "/n"}], missing="empty"))
        assert [item["i"] for item in found] == [1, 2, 3, 0]
        found = out(select({"l": items}, order_by=[{"of": "/n", "direction": "descending"}], missing="empty"))
        assert [item["i"] for item in found] == [0, 1, 2, 3]

    def test_values_of_all_types_have_one_order(self) -> None:
        """
        Null, false, true, numbers, strings by code point, lists, objects; the last two by canonical bytes.
        """
        items = [None, False, True, -1, 0.5, 2, "", "\uffff", "\U00010000", [1], [], {"a": 1}, {}]
        assert out(select({"l": items[::-1]}, order_by=[{"of": ""}])) == items
        assert out(select({"l": items}, order_by=[{"of": "", "direction": "descending"}])) == items[::-1]

    def test_the_first_order_is_the_most_important(self) -> None:
        """
        A later one decides where the ones before are equal, and then the order they came in.
        """
        items = [{"a": 1, "b": 1, "i": 0}, {"a": 0, "b": 1, "i": 1}, {"a": 1, "b": 2, "i": 2}, {"a": 1, "b": 2, "i": 3}]
        found = out(select({"l": items}, order_by=[{"of": "/a"}, {"of": "/b", "direction": "descending"}]))
        assert [item["i"] for item in found] == [1, 2, 3, 0]

    @pytest.mark.parametrize(("limit", "count"), [(0, 0), (1, 1), (3, 3), (10_000, 3), (None, 3)])
    def test_a_limit_keeps_the_first(self, limit: int | None, count: int) -> None:
        """
        More than there are is no fault.
        """
        assert out(select({"l": [3, 1, 2]}, order_by=[{"of": ""}], limit=limit)) == [1, 2, 3][:count]

    def test_one_of_each_value_is_kept(self) -> None:
        """
        `distinct_by` keeps the first in order, and the limit counts what is left; `true` is not 1.
        """
        items = [{"k": 1, "n": 3}, {"k": True, "n": 2}, {"k": 1, "n": 1}, {"k": True, "n": 0}]
        assert out(select({"l": items}, distinct_by="/k")) == items[:2]
        assert out(select({"l": items}, distinct_by="/k", order_by=[{"of": "/n"}])) == [items[3], items[2]]
        assert out(select({"l": items}, distinct_by="/k", order_by=[{"of": "/n"}], limit=1)) == [items[3]]

    def test_a_condition_may_read_the_state(self) -> None:
        """
        Members of the state are variables beside `item`, and `item` hides a member of that name.
        """
        assert out(select({"l": [1, 2, 3], "least": 2, "item": 9}, where="item >= least")) == [2, 3]

    def test_each_element_has_a_tank_of_its_own(self) -> None:
        """
        Ten elements may cost ten times what one may not.
        """
        items = [list(range(30))] * 10
        assert out(select({"l": items}, where="item.all(x, item.all(y, x + y >= 0))")) == items

    def test_all_elements_together_have_a_bound(self, monkeypatch: pytest.MonkeyPatch) -> None:
        """
        A long list times a long condition ends; an element and an order cost as much as a node.
        """
        monkeypatch.setattr("runtime.orchestration.expressing.MAX_STEP_FUEL", 20)
        assert out(select({"l": [1] * 5}, where="item > 0")) == [1] * 5
        costly = select({"l": [1] * 6}, where="item > 0")
        assert (costly.error_code, costly.error_message) == (
            "out_of_fuel",
            "Step 's' failed: more than 20 nodes to work out at /l/4",
        )
        assert out(select({"l": [1] * 10}, order_by=[{"of": ""}])) == [1] * 10
        long = select({"l": [1] * 11}, order_by=[{"of": ""}])
        assert (long.error_code, long.error_message) == (
            "out_of_fuel",
            "Step 's' failed: more than 20 nodes to work out at /l",
        )

    def test_the_outcome_may_stand_inside_the_list(self) -> None:
        """
        It holds the elements as they were before the step, so it never holds itself.
        """
        result = select({"l": [{"a": 1}]}, path="/l/0/out")
        assert result.final_state == {"l": [{"a": 1, "out": [{"a": 1}]}]}

    def test_the_outcome_may_replace_the_list(self) -> None:
        """
        `path` may be `from`.
        """
        assert select({"l": [3, 1, 2]}, path="/l", order_by=[{"of": ""}]).final_state == {"l": [1, 2, 3]}


PRIORITIZE_FAILURES: dict[str, tuple[dict[str, Any], Any, dict[str, Any], str, str]] = {
    "no list": ({}, [NUMBER], {}, "path_missing", "at /l"),
    "no member": ({"l": [{"n": 1}, {}]}, [NUMBER], {}, "path_missing", "nothing named 'n' at /l/1/n"),
    "a member that is null": ({"l": [{"n": None}]}, [NUMBER], {}, "path_missing", "nothing but null at /l/0/n"),
    "a member in a scalar": ({"l": [1]}, [NUMBER], {"missing": "empty"}, "wrong_type", "at /l/0/n"),
    "a number that is text": ({"l": [{"n": "1"}]}, [NUMBER], {"missing": "empty"}, "wrong_type", "a number at /l/0/n"),
    "a number that is true": ({"l": [{"n": True}]}, [NUMBER], {}, "wrong_type", "expected a number at /l/0/n"),
    "a count of text": ({"l": [{"tags": "ab"}]}, [COUNT], {}, "wrong_type", "expected a list at /l/0/tags"),
    "a count of members": ({"l": [{"tags": {"a": 1}}]}, [COUNT], {}, "wrong_type", "expected a list at /l/0/tags"),
    "a date that is a number": (
        {"l": [{"due": 20260131}], "today": "2026-01-01"},
        [DAYS],
        {},
        "wrong_type",
        "20260131 is no date such as 2026-01-31 at /l/0/due",
    ),
    "a date that does not exist": (
        {"l": [{"due": "2026-02-30"}], "today": "2026-01-01"},
        [DAYS],
        {},
        "wrong_type",
        "'2026-02-30' is no date such as 2026-01-31 at /l/0/due",
    ),
    "no today": (
        {"l": [{"due": "2026-01-31"}]},
        [DAYS],
        {},
        "path_missing",
        "no date of today (nothing named 'today' at /today) at /l/0/due",
    ),
    "today is a time": (
        {"l": [{"due": "2026-01-31"}], "today": "2026-01-01T00:00:00Z"},
        [DAYS],
        {},
        "wrong_type",
        "no date of today ('2026-01-01T00:00:00Z' is no date such as 2026-01-31) at /l/0/due",
    ),
    "a rank nobody gave": (
        {"l": [{"p": "low"}, {"p": "urgent"}]},
        [RANK],
        {"missing": "empty"},
        "wrong_type",
        "'urgent' is not in the order of the weight at /l/1/p",
    ),
    "true for the rank of 1": (
        {"l": [{"p": True}]},
        [{**RANK, "order": [0, 1]}],
        {},
        "wrong_type",
        "True is not in the order of the weight at /l/0/p",
    ),
    "a list for a rank": (
        {"l": [{"p": []}]},
        [RANK],
        {},
        "wrong_type",
        "[] is not in the order of the weight at /l/0/p",
    ),
    "points beyond the greatest": (
        {"l": [{"n": BEYOND}]},
        [NUMBER],
        {},
        "number_out_of_range",
        "a number outside ±(2^53-1) at /l/0/n",
    ),
    "points beyond every float": (
        {"l": [{"n": BEYOND}]},
        [{**NUMBER, "weight": -1e15 - 0.5}],
        {},
        "number_out_of_range",
        "at /l/0/n",
    ),
    "a score beyond the greatest": (
        {"l": [{"n": 0, "m": 0}, {"n": 2**51, "m": 2**52}]},
        [NUMBER, {**NUMBER, "of": "/m", "weight": 1}],
        {},
        "number_out_of_range",
        "a number outside ±(2^53-1) at /l/1",
    ),
    "a score that is text": (
        {"l": [{"n": "a"}]},
        "item.n",
        {},
        "wrong_type",
        "a score that is text (score) at /l/0",
    ),
    "a score that is true": (
        {"l": [1]},
        "item == 1",
        {},
        "wrong_type",
        "a score that is a truth value (score) at /l/0",
    ),
    "a score of nothing": (
        {"l": [{}]},
        "1 + item.n",
        {"missing": "empty"},
        "path_missing",
        "nothing named 'n' (score 1:5) at /l/0",
    ),
    "no member to break a tie": (
        {"l": [{"n": 1, "id": 1}, {"n": 2}]},
        "item.n",
        {"tie_breakers": [{"of": "/id"}]},
        "path_missing",
        "at /l/1/id",
    ),
    "no parent for the ranking": ({"l": []}, "1", {"path": "/a/b"}, "path_missing", "at /a/b"),
    "a ranking too deep": ({"l": [nested(62)]}, "1", {}, "state_too_deep", "0/0/0"),
    "a ranking too large by itself": (
        {"l": [0] * 230_000},
        "1",
        {},
        "state_too_large",
        "a ranking of 230000 elements at /out",
    ),
    "a ranking too large by its reasons": (
        {"l": [0] * 32_000},
        [{**NUMBER, "of": ""}] * 16,
        {},
        "state_too_large",
        "a ranking of 32000 elements at /out",
    ),
}


class TestARankingThatCannotBeMade:
    """
    The step fails with a code and the element, and writes nothing.
    """

    @pytest.mark.parametrize("case", PRIORITIZE_FAILURES)
    def test_fails_with_code_and_element(self, case: str) -> None:
        """
        The place is the element, and the member where there is one.
        """
        state, score, payload, code, message = PRIORITIZE_FAILURES[case]
        result = prioritize(state, score, **payload)
        assert (result.status, result.error_code) == ("failed", code)
        assert (result.error_message or "").endswith(message)
        assert result.states[1] is result.states[0]

    def test_a_text_told_many_times_may_be_too_large(self) -> None:
        """
        Reasons repeat what they read; what does not fit into a state is not written.
        """
        text = "x" * 30_000
        result = prioritize({"l": [{"p": text}] * 50}, [{**RANK, "order": [text]}] * 16)
        assert (result.status, result.error_code) == ("failed", "state_too_large")
        assert result.states[1] is result.states[0]

    def test_all_elements_together_have_a_bound(self, monkeypatch: pytest.MonkeyPatch) -> None:
        """
        An element, a weight and a tie breaker cost as much as a node.
        """
        monkeypatch.setattr("runtime.orchestration.expressing.MAX_STEP_FUEL", 20)
        ties = [{"of": "/n"}]
        assert len(out(prioritize({"l": [{"n": 1}] * 5}, [NUMBER, NUMBER], tie_breakers=ties))) == 5
        result = prioritize({"l": [{"n": 1}] * 6}, [NUMBER, NUMBER], tie_breakers=ties)
        assert (result.error_code, (result.error_message or "")[-5:]) == ("out_of_fuel", "at /l")
        assert prioritize({"l": [1] * 6}, "item + 1").error_code == "out_of_fuel"


class TestPrioritize:
    """
    "A ranked list with scores and the reason for each", highest score first.
    """

    def test_every_kind_of_weight(self) -> None:
        """
        Each weight says what it read and what it gave; the points add up to the score.
        """
        item = {"n": 4, "due": "2026-01-05", "tags": ["a", "b"], "p": "high"}
        found = out(prioritize({"l": [item], "today": "2026-01-01"}, [NUMBER, DAYS, COUNT, RANK]))
        assert found == [
            {
                "rank": 1,
                "score": 58,
                "item": item,
                "reasons": [
                    {"kind": "number", "of": "/n", "value": 4, "points": 8},
                    {"kind": "days_until", "of": "/due", "value": "2026-01-05", "points": 30},
                    {"kind": "count", "of": "/tags", "value": 2, "points": 10},
                    {"kind": "rank_of", "of": "/p", "value": "high", "points": 10},
                ],
            }
        ]

    @pytest.mark.parametrize(
        ("due", "points"),
        [
            ("2026-03-15", 0),
            ("2026-03-14", 0),
            ("2026-03-13", 1),
            ("2026-03-01", 13),
            ("2026-02-28", 14),
            ("2026-02-27", 15),
            ("2024-02-28", 745),
        ],
    )
    def test_a_date_counts_from_within_on_and_grows_when_it_has_passed(self, due: str, points: int) -> None:
        """
        The value is the greater of 0 and `within` less the days from today.
        """
        found = out(
            prioritize({"l": [{"due": due}], "now": {"date": "2026-02-28"}}, [{**DAYS, "weight": 1}], today="/now/date")
        )
        assert found[0]["score"] == points

    def test_today_is_needed_only_where_a_date_is_weighed(self) -> None:
        """
        Without a date there is nothing to compare it with.
        """
        assert out(prioritize({}, [DAYS], missing="empty")) == []
        assert out(prioritize({"l": [{"due": None}]}, [DAYS], missing="empty"))[0]["score"] == 0
        assert out(prioritize({"l": [{"n": 1}]}, [NUMBER]))[0]["score"] == 2

    def test_what_is_absent_adds_nothing_when_told(self) -> None:
        """
        The reason shows that nothing was read.
        """
        found = out(prioritize({"l": [{"n": None}, {"n": 1, "tags": []}]}, [NUMBER, COUNT], missing="empty"))
        assert [entry["score"] for entry in found] == [2, 0]
        assert found[0]["reasons"][1] == {"kind": "count", "of": "/tags", "value": 0, "points": 0}
        assert found[1]["reasons"] == [
            {"kind": "number", "of": "/n", "value": None, "points": 0},
            {"kind": "count", "of": "/tags", "value": None, "points": 0},
        ]

    def test_fractions_are_added_exactly_and_rounded_once(self) -> None:
        """
        Ten tenths are 1.
        """
        found = out(prioritize({"l": [{"n": 1}]}, [{**NUMBER, "weight": 0.1}] * 10))
        assert (found[0]["score"], type(found[0]["score"])) == (1, int)

    def test_a_rank_may_be_a_number(self) -> None:
        """
        Numbers and texts may stand in one order; 1.0 is 1 and "1" is neither.
        """
        weight = {**RANK, "order": ["1", 1, 0.5], "weight": 1}
        found = out(prioritize({"l": [{"p": "1"}, {"p": 1.0}, {"p": 0.5}]}, [weight]))
        assert [(entry["item"]["p"], entry["score"]) for entry in found] == [(0.5, 2), (1, 1), ("1", 0)]

    def test_ties_are_broken_and_then_stay_in_order(self) -> None:
        """
        First by the tie breakers, then by the place in the list.
        """
        items = [{"n": 1, "d": 2, "i": 0}, {"n": 1, "d": 1, "i": 1}, {"n": 2, "d": 3, "i": 2}, {"n": 1, "d": 1, "i": 3}]
        found = out(prioritize({"l": items}, [NUMBER], tie_breakers=[{"of": "/d"}]))
        assert [(entry["rank"], entry["item"]["i"]) for entry in found] == [(1, 2), (2, 1), (3, 3), (4, 0)]
        found = out(prioritize({"l": items}, [NUMBER], tie_breakers=[{"of": "/d", "direction": "descending"}]))
        assert [entry["item"]["i"] for entry in found] == [2, 0, 1, 3]

    def test_a_limit_keeps_the_highest(self) -> None:
        """
        The ranks of what is kept stay.
        """
        found = out(prioritize({"l": [1, 3, 2]}, "item", limit=2))
        assert [(entry["rank"], entry["item"]) for entry in found] == [(1, 3), (2, 2)]
        assert out(prioritize({"l": [1, 3, 2]}, "item", limit=0)) == []

    def test_a_score_may_be_an_expression(self) -> None:
        """
        The reason shows what the expression reads of the element: scalars whole, containers by their size.
        """
        item = {"n": 2, "tags": ["a", "b", "c"], "by": {"x": 1}, "note": None}
        rule = "item.n * factor + size(item.tags) + (has(item.gone) ? 1 : 0) + (item.by == item.note ? 1 : 0)"
        found = out(prioritize({"l": [item], "factor": 10, "n": 5}, rule))
        assert found[0]["score"] == 23
        assert found[0]["reasons"] == [
            {
                "kind": "expression",
                "reads": {"/n": 2, "/tags": "list of 3", "/by": "object of 1", "/note": None},
            }
        ]

    def test_reads_are_those_of_the_element_alone(self) -> None:
        """
        What is read of the state is in the state; odd names are written as pointers; elements of a list are not listed.
        """
        item = {"a/b": {"~": 1}, "l": [{"n": 1}, {"n": 2}]}
        state = {"l": [item], "items": [1], "n": 1}
        found = out(prioritize(state, "item.`a/b`.`~` + items[0] + n + item.l.filter(x, x.n > 1).size() + item.l[0].n"))
        assert found[0]["reasons"][0]["reads"] == {"/a~1b/~0": 1, "/l": "list of 2", "/l/0/n": 1}

    def test_an_expression_may_read_the_whole_element(self) -> None:
        """
        Then the pointer is empty.
        """
        assert out(prioritize({"l": [3]}, "item"))[0]["reasons"] == [{"kind": "expression", "reads": {"": 3}}]
        assert out(prioritize({"l": [[3]]}, "size(item)"))[0]["reasons"][0]["reads"] == {"": "list of 1"}
        assert out(prioritize({"l": [3]}, "1"))[0]["reasons"][0]["reads"] == {}

    def test_an_expression_may_name_a_longer_path_than_a_pointer(self) -> None:
        """
        What it reads is shown all the same.
        """
        name = "n" * 1200
        found = out(prioritize({"l": [{name: 3}]}, f"item.{name}"))
        assert found[0]["reasons"][0]["reads"] == {f"/{name}": 3}

    def test_the_ranking_may_stand_inside_the_list(self) -> None:
        """
        It holds the elements as they were before the step.
        """
        result = prioritize({"l": [{"n": 1}]}, "item.n", path="/l/0/why")
        [entry] = result.final_state["l"][0]["why"]
        assert entry["item"] == {"n": 1}
