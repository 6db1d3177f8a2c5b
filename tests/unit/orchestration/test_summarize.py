"""`summarize` on items that do not all fit."""

import itertools
import json
import re
from typing import Any

import pytest
from makers import make_step, nested, run

from runtime.encoding.canonical import canonical
from runtime.errors import DefinitionError
from runtime.orchestration import OrchestrationResult

MINUTES = {"minutes": {"kind": "sum", "of": "/minutes"}}


def summarize(state: dict[str, Any], **payload: Any) -> OrchestrationResult:
    """
    Summarize `/items` into `/out`.
    """
    fields = {"from": "/items", "path": "/out", "measures": {"count": {"kind": "count"}}, **payload}
    return run(state, make_step("s", "summarize", **fields))


FAILURES: dict[str, tuple[Any, dict[str, Any], str, str]] = {
    "no list": ({}, {}, "path_missing", "/items"),
    "an object for a list": ({"items": {}}, {}, "wrong_type", "/items"),
    "an object for a list, though absence is allowed": (
        {"items": {}},
        {"missing": "empty"},
        "wrong_type",
        "/items",
    ),
    "a list below a number, though absence is allowed": (
        {"a": 1},
        {"from": "/a/items", "missing": "empty"},
        "wrong_type",
        "/a/items",
    ),
    "no parent for the summary": ({"items": []}, {"path": "/a/b"}, "path_missing", "/a/b"),
    "no group": ({"items": [{}]}, {"group_by": "/area"}, "path_missing", "/area"),
    "a group that is a number": ({"items": [{"area": 1}]}, {"group_by": "/area"}, "wrong_type", "/area"),
    "a group that is null, though absence is allowed": (
        {"items": [{"area": None}]},
        {"group_by": "/area", "missing": "empty"},
        "wrong_type",
        "/area",
    ),
    "a group in a scalar, though absence is allowed": (
        {"items": [3]},
        {"group_by": "/area", "missing": "empty"},
        "wrong_type",
        "/area",
    ),
    "no measured member": ({"items": [{}]}, {"measures": MINUTES}, "path_missing", "/minutes"),
    "a measured member in a scalar, though absence is allowed": (
        {"items": [3]},
        {"measures": MINUTES, "missing": "empty"},
        "wrong_type",
        "/minutes",
    ),
    "a sum over text": ({"items": [{"minutes": "3"}]}, {"measures": MINUTES}, "wrong_type", "/minutes"),
    "a sum over booleans": ({"items": [{"minutes": True}]}, {"measures": MINUTES}, "wrong_type", "/minutes"),
    "an average over null": (
        {"items": [{"minutes": None}]},
        {"measures": {"a": {"kind": "avg", "of": "/minutes"}}},
        "wrong_type",
        "/minutes",
    ),
    "a sum beyond the greatest number": (
        {"items": [{"minutes": 2**53 - 1}, {"minutes": 1}]},
        {"measures": MINUTES},
        "number_out_of_range",
        "/minutes",
    ),
    "a sum of floats beyond the greatest number": (
        {"items": [{"minutes": -(2**53) + 1}, {"minutes": -0.75}]},
        {"measures": MINUTES},
        "number_out_of_range",
        "/minutes",
    ),
}


@pytest.mark.parametrize("case", FAILURES)
def test_what_does_not_fit_fails_the_step(case: str) -> None:
    """
    The step fails with code and place, and writes nothing.
    """
    state, payload, code, place = FAILURES[case]
    result = summarize(state, **payload)
    assert (result.status, result.error_code) == ("failed", code)
    assert place in (result.error_message or "")
    assert result.final_state == state


def test_an_absent_list_counts_as_empty_when_told() -> None:
    """
    With `missing: empty` an absent list has a count of 0, a sum of 0 and no least, greatest or average.
    """
    kinds = {kind: {"kind": kind, "of": "/n"} for kind in ("count", "sum", "min", "max", "avg", "list")}
    result = summarize({}, missing="empty", measures=kinds)
    assert result.final_state["out"] == {"count": 0, "sum": 0, "min": None, "max": None, "avg": None, "list": []}


def test_an_empty_list_has_no_groups() -> None:
    """
    Grouping nothing gives the empty object, not a group without items.
    """
    assert summarize({"items": []}, group_by="/area").final_state["out"] == {}


def test_an_item_without_the_group_member_belongs_to_the_nameless_group() -> None:
    """
    With `missing: empty` it is counted under the empty name, beside items that name it so themselves.
    """
    items = [{"area": "x"}, {}, {"area": ""}]
    assert summarize({"items": items}, group_by="/area", missing="empty").final_state["out"] == {
        "x": {"count": 1},
        "": {"count": 2},
    }


def test_floats_are_summed_exactly_and_rounded_once() -> None:
    """
    Ten tenths are 1, whatever their order.
    """
    items = [{"minutes": value} for value in (0.1,) * 10]
    assert summarize({"items": items}, measures=MINUTES).final_state["out"] == {"minutes": 1}
    items = [{"minutes": value} for value in (2**52, 0.5, -(2**52))]
    assert summarize({"items": items}, measures=MINUTES).final_state["out"] == {"minutes": 0.5}


def test_an_average_in_range_needs_no_sum_in_range() -> None:
    """
    `avg` is refused only when the average itself is out of range.
    """
    items = [{"n": 2**53 - 1}, {"n": 2**53 - 1}]
    out = summarize({"items": items}, measures={"a": {"kind": "avg", "of": "/n"}}).final_state["out"]
    assert out == {"a": 2**53 - 1}


def test_the_whole_item_can_be_measured_and_grouped_by() -> None:
    """
    The pointer `""` is the item itself.
    """
    out = summarize({"items": ["b", "a", "b"]}, group_by="", measures={"max": {"kind": "max", "of": ""}})
    assert out.final_state["out"] == {"a": {"max": "a"}, "b": {"max": "b"}}


@pytest.mark.parametrize("kind", ["list", "min", "max"])
def test_a_summary_may_stand_inside_what_it_summarizes(kind: str) -> None:
    """
    It holds the items as they were before the step, so it never holds itself.
    """
    measures = {"m": {"kind": kind, "of": ""}}
    result = summarize({"items": [{"a": 1}]}, path="/items/0/out", measures=measures)
    item = {"a": 1}
    assert (result.status, result.error_message) == ("completed", None)
    assert result.final_state == {"items": [{"a": 1, "out": {"m": [item] if kind == "list" else item}}]}


def test_strings_are_ordered_by_code_point() -> None:
    """
    U+FFFF stands before U+10000, though UTF-16 would have it behind.
    """
    measures = {kind: {"kind": kind, "of": ""} for kind in ("min", "max")}
    found = summarize({"items": ["\U00010000", "\uffff"]}, measures=measures).final_state["out"]
    assert found == {"min": "\uffff", "max": "\U00010000"}


ITEMS = [
    {"area": "docs", "status": "done", "minutes": 50},
    {"area": "ops", "status": "done", "minutes": 20},
    {"area": "ops", "status": "late", "minutes": 5},
    {"status": "late", "minutes": 1},
]
DONE = "item.status == 'done'"

MEASURED: dict[str, tuple[dict[str, Any], Any]] = {
    "a count of those that fulfil a condition": ({"kind": "count", "where": DONE}, 2),
    "a sum over them": ({"kind": "sum", "of": "/minutes", "where": DONE}, 70),
    "a list of them": ({"kind": "list", "of": "/area", "where": DONE}, ["docs", "ops"]),
    "the least of none": ({"kind": "min", "of": "/minutes", "where": "false"}, None),
    "an average of none": ({"kind": "avg", "of": "/minutes", "where": "false"}, None),
    "a sum over none": ({"kind": "sum", "of": "/minutes", "where": "false"}, 0),
    "a condition on a member of the state": ({"kind": "count", "where": "item.minutes > least"}, 2),
    "a count by a member": ({"kind": "count", "by": "/status"}, {"done": 2, "late": 2}),
    "a sum by a member": ({"kind": "sum", "of": "/minutes", "by": "/status"}, {"done": 70, "late": 6}),
    "by a member that one item lacks": (
        {"kind": "sum", "of": "/minutes", "by": "/area"},
        {"docs": 50, "ops": 25, "": 1},
    ),
    "by a member of those that fulfil a condition": (
        {"kind": "count", "by": "/area", "where": DONE},
        {"docs": 1, "ops": 1},
    ),
    "by a member of none": ({"kind": "count", "by": "/area", "where": "false"}, {}),
}


@pytest.mark.parametrize("name", MEASURED)
def test_a_measure_with_a_condition_or_by_a_member(name: str) -> None:
    """
    `where` chooses the items, `by` gives one measure for each text that stands there.
    """
    measure, expected = MEASURED[name]
    result = summarize({"items": ITEMS, "least": 10}, measures={"m": measure}, missing="empty")
    assert result.error_message is None
    assert result.final_state["out"] == {"m": expected}


def test_conditions_and_members_within_groups() -> None:
    """
    Each group is measured for itself, also where none of its items fulfils the condition.
    """
    measures = {"done": {"kind": "count", "where": DONE}, "by": {"kind": "sum", "of": "/minutes", "by": "/status"}}
    result = summarize({"items": ITEMS[:3]}, group_by="/area", measures=measures)
    assert result.final_state["out"] == {
        "docs": {"done": 1, "by": {"done": 50}},
        "ops": {"done": 1, "by": {"done": 20, "late": 5}},
    }


MEASURE_FAILURES: dict[str, tuple[dict[str, Any], str, str]] = {
    "a condition over a missing member": ({"kind": "count", "where": "item.owner == 'x'"}, "path_missing", "where"),
    "a condition that is a number": ({"kind": "count", "where": "item.minutes"}, "wrong_type", "where"),
    "a condition over a missing variable": ({"kind": "count", "where": "missing"}, "path_missing", "where"),
    "by a missing member": ({"kind": "count", "by": "/owner"}, "path_missing", "/items/0/owner"),
    "by a number": ({"kind": "count", "by": "/minutes"}, "wrong_type", "/items/0/minutes"),
    "by something within a text": ({"kind": "count", "by": "/area/x"}, "wrong_type", "/area/x"),
}


@pytest.mark.parametrize("name", MEASURE_FAILURES)
def test_a_measure_that_cannot_be_worked_out_fails_the_step(name: str) -> None:
    """
    It names the measure or the member, and the element; nothing is written.
    """
    measure, code, place = MEASURE_FAILURES[name]
    state = {"items": ITEMS[:2]}
    result = summarize(state, measures={"m": measure})
    assert (result.status, result.error_code) == ("failed", code)
    assert place in (result.error_message or "")
    assert "/items/0" in (result.error_message or "")
    assert result.final_state == state


@pytest.mark.parametrize("missing", ["error", "empty"])
def test_a_condition_is_never_forgiven(missing: str) -> None:
    """
    `missing: empty` is about members that are measured; a condition without a value is a fault of the mission.
    """
    measures = {"m": {"kind": "count", "where": "item.owner == 'x'"}}
    assert summarize({"items": ITEMS}, measures=measures, missing=missing).error_code == "path_missing"


def test_only_items_that_count_are_looked_at() -> None:
    """
    A member that is missing from an item no condition chose fails nothing.
    """
    items = [{"status": "done", "area": "x", "minutes": 1}, {"status": "late"}]
    measures = {"m": {"kind": "sum", "of": "/minutes", "by": "/area", "where": DONE}}
    assert summarize({"items": items}, measures=measures).final_state["out"] == {"m": {"x": 1}}


def test_conditions_of_all_measures_share_one_bound() -> None:
    """
    A long list times many conditions is out of fuel, not out of time.
    """
    state = {"items": [{"n": 1}] * 10_000, "list": list(range(200))}
    measures = {f"m{index}": {"kind": "count", "where": "list.all(x, x >= 0)"} for index in range(4)}
    assert summarize(state, measures=measures).error_code == "out_of_fuel"


@pytest.mark.parametrize(
    ("measure", "said"),
    [
        ({"kind": "count", "where": "1 +"}, "measures['m'].where"),
        ({"kind": "count", "by": "area"}, "measures['m'].by"),
        ({"kind": "sum", "by": "/area"}, "measures['m']"),
        ({"kind": "count", "were": "true"}, "unknown field 'were'"),
    ],
)
def test_a_measure_that_cannot_be_read_is_refused_before_the_first_step(measure: dict[str, Any], said: str) -> None:
    """
    With the path of the fault.
    """
    with pytest.raises(DefinitionError) as refused:
        summarize({"items": []}, measures={"m": measure})
    assert said in " ".join(map(str, refused.value.faults))


DISTINCT: dict[str, tuple[dict[str, Any], list[Any]]] = {
    "the first of each value": ({"distinct_by": "/area"}, [0, 1]),
    "in the order they are sorted": (
        {"distinct_by": "/area", "order_by": [{"of": "/minutes", "direction": "descending"}]},
        [0, 1],
    ),
    "the lowest of each": ({"distinct_by": "/area", "order_by": [{"of": "/minutes"}]}, [2, 0]),
    "of those that fulfil a condition": ({"distinct_by": "/area", "where": "item.minutes < 50"}, [1]),
    "cut afterwards": ({"distinct_by": "/area", "limit": 1}, [0]),
    "cut to nothing": ({"distinct_by": "/area", "limit": 0}, []),
    "by the whole element": ({"distinct_by": ""}, [0, 1, 2]),
}


@pytest.mark.parametrize("name", DISTINCT)
def test_select_keeps_one_of_each_value(name: str) -> None:
    """
    `distinct_by` comes after the condition and the order, and before the limit.
    """
    payload, kept = DISTINCT[name]
    items = [*ITEMS[:3], ITEMS[0]]
    result = run({"items": items}, make_step("s", "select", from_="/items", path="/out", **payload))
    assert result.final_state["out"] == [items[index] for index in kept]


def test_select_tells_values_apart_by_their_bytes() -> None:
    """
    1 is not true, 1.0 is 1, and null is a value.
    """
    values = [1, True, 1.0, "1", None, None, [1], [1.0], {"a": 1, "b": 2}, {"b": 2, "a": 1}]
    result = run(
        {"items": [{"v": value} for value in values]},
        make_step("s", "select", from_="/items", path="/out", distinct_by="/v"),
    )
    assert result.inputs.context.initial_state != result.final_state
    assert canonical([item["v"] for item in result.final_state["out"]]) == canonical(
        [1, True, "1", None, [1], {"a": 1, "b": 2}]
    )


@pytest.mark.parametrize(("missing", "code"), [("error", "path_missing"), ("empty", None)])
def test_select_without_the_member(missing: str, code: str | None) -> None:
    """
    Elements without it fail the step, or count as one value with those that hold null.
    """
    items = [{"v": None, "n": 1}, {"n": 2}, {"v": 1}, {"n": 3}]
    result = run(
        {"items": items}, make_step("s", "select", from_="/items", path="/out", distinct_by="/v", missing=missing)
    )
    assert result.error_code == code
    assert result.final_state.get("out") == (None if code else [items[0], items[2]])


def test_values_of_every_type_have_a_least_and_a_greatest() -> None:
    """
    `min` and `max` follow the one total order of JSON values, which Python's own does not.
    """
    ascending = [None, False, True, -1.5, 2, "10", "9", [1], {"a": 1}]
    measures = {kind: {"kind": kind, "of": ""} for kind in ("min", "max")}
    for least, greatest in itertools.combinations(ascending, 2):
        found = summarize({"items": [greatest, least, greatest]}, measures=measures).final_state["out"]
        assert (json.dumps(found["min"]), json.dumps(found["max"])) == (json.dumps(least), json.dumps(greatest))


def test_a_summary_larger_than_a_document_fails_the_step() -> None:
    """
    Measures that hold the same items many times over are refused before they are written, at the place of the summary.
    """
    measures = {str(number): {"kind": "list", "of": ""} for number in range(16)}
    result = summarize({"items": ["x" * 1_100_000]}, measures=measures)
    assert (result.status, result.error_code) == ("failed", "state_too_large")
    assert re.fullmatch(r"Step 's' failed: a document of at least \d+ bytes at /out", result.error_message or "")


def test_a_summary_deeper_than_a_document_fails_the_step() -> None:
    """
    An item that was not too deep where it stood can be so in the summary.
    """
    measures = {"all": {"kind": "list", "of": ""}}
    result = summarize({"items": [{"area": "x", "v": nested(61)}]}, group_by="/area", measures=measures)
    assert (result.status, result.error_code) == ("failed", "state_too_deep")
    assert result.error_message == "Step 's' failed: nesting deeper than 64 at /out"


MESSAGES: dict[str, tuple[Any, dict[str, Any], str]] = {
    "no list": ({"items": {}}, {}, "expected a list at /items"),
    "a group that is a number": (
        {"items": [{"area": 1}]},
        {"group_by": "/area"},
        "a group that is not a string at /items/0/area",
    ),
    "a sum over text": (
        {"items": [{"minutes": "3"}]},
        {"measures": MINUTES},
        "a sum over other than numbers at /minutes",
    ),
    "an average over text": (
        {"items": [{"minutes": "3"}]},
        {"measures": {"a": {"kind": "avg", "of": "/minutes"}}},
        "a sum over other than numbers at /minutes",
    ),
    "a sum beyond the greatest number": (
        {"items": [{"minutes": 2**53 - 1}, {"minutes": 1}]},
        {"measures": MINUTES},
        "a number outside ±(2^53-1) at /minutes",
    ),
}


@pytest.mark.parametrize("case", MESSAGES)
def test_the_message_says_what_and_where(case: str) -> None:
    """
    What is wrong comes first, then the pointer.
    """
    state, payload, message = MESSAGES[case]
    assert summarize(state, **payload).error_message == f"Step 's' failed: {message}"
