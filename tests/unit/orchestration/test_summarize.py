"""`summarize` on items that do not all fit."""

from typing import Any

import pytest
from makers import make_step, run

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
