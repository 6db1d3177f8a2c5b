"""What `compute`, `check`, `select` and `prioritize` may hold; a wrong one is refused with its path before the first step."""

from typing import Any

import pytest
from makers import make_step, make_workflow, run

from runtime.encoding.converter import structure, unstructure
from runtime.errors import DefinitionError
from runtime.orchestration import StepSpec
from runtime.orchestration.failures import StepErrorCode
from runtime.orchestration.payloads_rules import (
    CheckCode,
    CheckPayload,
    ComputePayload,
    PrioritizePayload,
    SelectPayload,
)
from runtime.orchestration.prepare import prepare
from runtime.policy.semantics import Failure

COMPUTE = {"operation": "compute", "path": "/b", "expression": "a"}
CHECK = {"operation": "check", "expression": "a"}
SELECT = {"operation": "select", "from": "/a", "path": "/b"}
NUMBER = {"kind": "number", "of": "/n", "weight": 1}
DAYS = {"kind": "days_until", "of": "/due", "weight": 1}
RANK = {"kind": "rank_of", "of": "/p", "weight": 1, "order": ["low", "high"]}
PRIORITIZE = {"operation": "prioritize", "from": "/a", "path": "/b", "score": [NUMBER]}

REFUSED: dict[str, tuple[dict[str, Any], str, str]] = {
    "compute: no expression": ({"operation": "compute", "path": "/b"}, "expression", "required field"),
    "compute: no path": ({"operation": "compute", "expression": "a"}, "path", "required field 'path' is missing"),
    "compute: into the root": ({**COMPUTE, "path": ""}, "path", "name a member"),
    "compute: an empty expression": ({**COMPUTE, "expression": ""}, "expression", "the end at 1:1: expected a value"),
    "compute: half an expression": ({**COMPUTE, "expression": "a +"}, "expression", "the end at 1:4: expected a value"),
    "compute: a fault in the second line": (
        {**COMPUTE, "expression": "a +\n  )"},
        "expression",
        "')' at 2:3: expected",
    ),
    "compute: an unknown function": ({**COMPUTE, "expression": "now()"}, "expression", "unknown function 'now' at 1:1"),
    "compute: a long expression": (
        {**COMPUTE, "expression": "a" * 4097},
        "expression",
        "4097 characters: the limit is",
    ),
    "compute: a number for an expression": ({**COMPUTE, "expression": 1}, "expression", "expected str, got int 1"),
    "compute: null for an expression": ({**COMPUTE, "expression": None}, "expression", "expected str, got null"),
    "compute: a value": ({**COMPUTE, "value": 1}, "", "unknown field 'value'"),
    "check: no expression": ({"operation": "check"}, "expression", "required field 'expression' is missing"),
    "check: no condition": ({**CHECK, "expression": "a &&"}, "expression", "the end at 1:5: expected a value"),
    "check: a path": ({**CHECK, "path": "/b"}, "", "unknown field 'path'"),
    "check: a long message": ({**CHECK, "message": "x" * 4097}, "message", "allowed are 0 to 4096"),
    "check: an unknown code": ({**CHECK, "code": "step_failed"}, "code", "['check_failed', 'stale', 'tests_failed', "),
    "select: no list": ({"operation": "select", "path": "/b"}, "from", "required field 'from' is missing"),
    "select: into the root": ({**SELECT, "path": ""}, "path", "name a member"),
    "select: no condition": ({**SELECT, "where": "item."}, "where", "the end at 1:6: expected the name of a member"),
    "select: a list for a condition": ({**SELECT, "where": []}, "where", "expected str, got list []"),
    "select: a text for orders": ({**SELECT, "order_by": "/a"}, "order_by", "expected list, got str '/a'"),
    "select: an order of nothing": ({**SELECT, "order_by": [{}]}, "order_by[0].of", "required field 'of' is missing"),
    "select: a name for an order": ({**SELECT, "order_by": ["/a"]}, "order_by[0]", "expected dict, got str '/a'"),
    "select: no pointer": ({**SELECT, "order_by": [{"of": "a"}]}, "order_by[0].of", "starts with /"),
    "select: an unknown direction": (
        {**SELECT, "order_by": [{"of": "/a", "direction": "down"}]},
        "order_by[0].direction",
        "expected one of ['ascending', 'descending']",
    ),
    "select: seventeen orders": ({**SELECT, "order_by": [{"of": "/a"}] * 17}, "order_by", "allowed are 0 to 16"),
    "select: a limit below none": ({**SELECT, "limit": -1}, "limit", "limit is -1: allowed are 0 to 10000"),
    "select: a limit too high": ({**SELECT, "limit": 10_001}, "limit", "allowed are 0 to 10000"),
    "select: half a limit": ({**SELECT, "limit": 0.5}, "limit", "expected int, got float 0.5"),
    "select: true for a limit": ({**SELECT, "limit": True}, "limit", "expected int, got bool True"),
    "select: an unknown missing": ({**SELECT, "missing": "skip"}, "missing", "['empty', 'error']"),
    "select: a score": ({**SELECT, "score": "1"}, "", "unknown field 'score'"),
    "prioritize: no score": ({"operation": "prioritize", "from": "/a", "path": "/b"}, "score", "required field"),
    "prioritize: a number for a score": ({**PRIORITIZE, "score": 1}, "score", "expected str or list, got int 1"),
    "prioritize: null for a score": ({**PRIORITIZE, "score": None}, "score", "expected str or list, got null"),
    "prioritize: no expression": ({**PRIORITIZE, "score": "item.n *"}, "score", "the end at 1:9: expected a value"),
    "prioritize: no weights": ({**PRIORITIZE, "score": []}, "score", "score has 0 members: allowed are 1 to 16"),
    "prioritize: seventeen weights": ({**PRIORITIZE, "score": [NUMBER] * 17}, "score", "allowed are 1 to 16"),
    "prioritize: an unknown kind": (
        {**PRIORITIZE, "score": [NUMBER, {**NUMBER, "kind": "age"}]},
        "score[1]",
        "expected kind to be one of ['count', 'days_until', 'number', 'rank_of'], got str 'age'",
    ),
    "prioritize: no weight": ({**PRIORITIZE, "score": [{"kind": "count", "of": "/a"}]}, "score[0].weight", "required"),
    "prioritize: a text for a weight": (
        {**PRIORITIZE, "score": [{**NUMBER, "weight": "1"}]},
        "score[0].weight",
        "expected a number",
    ),
    "prioritize: true for a weight": (
        {**PRIORITIZE, "score": [{**NUMBER, "weight": True}]},
        "score[0].weight",
        "expected a number",
    ),
    "prioritize: a member of another kind": (
        {**PRIORITIZE, "score": [{**NUMBER, "within": 3}]},
        "score[0]",
        "unknown field 'within'",
    ),
    "prioritize: within no day": ({**PRIORITIZE, "score": [{**DAYS, "within": 0}]}, "score[0].within", "1 to 3650"),
    "prioritize: within a century": (
        {**PRIORITIZE, "score": [{**DAYS, "within": 36_500}]},
        "score[0].within",
        "1 to 3650",
    ),
    "prioritize: within null": (
        {**PRIORITIZE, "score": [{**DAYS, "within": None}]},
        "score[0].within",
        "expected int, got null",
    ),
    "prioritize: no ranks": (
        {**PRIORITIZE, "score": [{**RANK, "order": []}]},
        "score[0].order",
        "allowed are 1 to 100",
    ),
    "prioritize: 101 ranks": (
        {**PRIORITIZE, "score": [{**RANK, "order": list(range(101))}]},
        "score[0].order",
        "allowed are 1 to 100",
    ),
    "prioritize: a rank twice": (
        {**PRIORITIZE, "score": [{**RANK, "order": [2, "2", 2.0]}]},
        "score[0].order",
        "3 values, 2 of them different",
    ),
    "prioritize: a rank of true": (
        {**PRIORITIZE, "score": [{**RANK, "order": [0, True]}]},
        "score[0].order",
        "order holds True: give texts and numbers",
    ),
    "prioritize: a rank that is a list": (
        {**PRIORITIZE, "score": [{**RANK, "order": [[1]]}]},
        "score[0].order",
        "order holds [1]",
    ),
    "prioritize: seventeen tie breakers": (
        {**PRIORITIZE, "tie_breakers": [{"of": "/a"}] * 17},
        "tie_breakers",
        "allowed are 0 to 16",
    ),
    "prioritize: no pointer to today": ({**PRIORITIZE, "today": "2026-01-01"}, "today", "starts with /"),
    "prioritize: a limit too high": ({**PRIORITIZE, "limit": 10_001}, "limit", "allowed are 0 to 10000"),
}


@pytest.mark.parametrize("case", REFUSED)
def test_a_wrong_payload_is_refused_with_its_path(case: str) -> None:
    """
    The fault names the field, and the line and column of an expression, and nothing runs.
    """
    payload, place, message = REFUSED[case]
    with pytest.raises(DefinitionError) as caught:
        run({}, make_step("first", "fail"), StepSpec("s", "runtime", payload))
    path = ".".join(filter(None, ("steps[1].payload", place)))
    assert any(message in fault.message and fault.where == path for fault in caught.value.faults), caught.value


def test_all_faults_are_told_together() -> None:
    """
    A payload with several faults names each.
    """
    payload = {**SELECT, "where": "(", "limit": -1, "order_by": [{"of": "a"}]}
    with pytest.raises(DefinitionError) as caught:
        run({}, StepSpec("s", "runtime", payload))
    places = sorted(fault.where.removeprefix("steps[0].payload.") for fault in caught.value.faults)
    assert places == ["limit", "order_by[0].of", "where"]


def test_the_limits_themselves_are_allowed() -> None:
    """
    Sixteen orders and weights, a hundred ranks, 3650 days and 10 000 elements are accepted.
    """
    orders = [{"of": "/a"}] * 16
    ranks = {**RANK, "order": list(range(100))}
    weights = [{**DAYS, "within": 1}, {**DAYS, "within": 3650}, ranks, *[NUMBER] * 13]
    prepare(
        make_workflow(
            StepSpec("s", "runtime", {**SELECT, "order_by": orders, "limit": 10_000}),
            StepSpec("p", "runtime", {**PRIORITIZE, "tie_breakers": orders, "limit": 0, "score": weights}),
            StepSpec("c", "runtime", {**CHECK, "message": "x" * 4096, "expression": " " * 4095 + "a"}),
        )
    )


def test_defaults() -> None:
    """
    What is left out: no condition, no order, no limit, absence is an error, today is at /today, a date counts 14 days.
    """
    documents = [CHECK, SELECT, {**PRIORITIZE, "score": [DAYS]}]
    steps = [StepSpec(str(index), "runtime", document) for index, document in enumerate(documents)]
    payloads: list[Any] = [step.payload for step in prepare(make_workflow(*steps))]
    assert (payloads[0].message, payloads[0].code) == ("", CheckCode.CHECK_FAILED)
    assert (payloads[1].where, payloads[1].rule, payloads[1].distinct_by) == (None, None, None)
    assert (payloads[1].order_by, payloads[1].limit) == ((), None)
    assert (payloads[2].today.text, payloads[2].tie_breakers, payloads[2].missing) == ("/today", (), "error")
    assert (payloads[2].rule, payloads[2].weights[0].within) == (None, 14)


WHOLE: dict[str, tuple[type[Any], dict[str, Any]]] = {
    "compute": (ComputePayload, COMPUTE),
    "check": (CheckPayload, {**CHECK, "message": "too old", "code": "stale"}),
    "select": (
        SelectPayload,
        {
            **SELECT,
            "where": "item.n > 0",
            "order_by": [{"of": "/n", "direction": "descending"}],
            "distinct_by": "/id",
            "limit": 3,
            "missing": "empty",
        },
    ),
    "select, no condition": (
        SelectPayload,
        {**SELECT, "where": None, "order_by": [], "distinct_by": None, "limit": None, "missing": "error"},
    ),
    "prioritize by weights": (
        PrioritizePayload,
        {
            **PRIORITIZE,
            "score": [NUMBER, {**DAYS, "within": 3}, {"kind": "count", "of": "", "weight": 0.5}, RANK],
            "today": "/now/date",
            "tie_breakers": [{"of": "/id", "direction": "ascending"}],
            "limit": None,
            "missing": "error",
        },
    ),
    "prioritize by an expression": (
        PrioritizePayload,
        {**PRIORITIZE, "score": "item.n", "today": "/today", "tie_breakers": [], "limit": 1, "missing": "error"},
    ),
}


@pytest.mark.parametrize("case", WHOLE)
def test_a_payload_is_written_as_it_was_read(case: str) -> None:
    """
    `unstructure(structure(d)) == d` for a document that writes every field.
    """
    kind, document = WHOLE[case]
    whole = {"description": "", "pause_safe": False, "when": "always", **document}
    assert unstructure(structure(whole, kind, what="payload")) == whole


def test_every_way_an_expression_fails_is_a_code_of_a_step() -> None:
    """
    The codes of evaluations and of checks are codes of failed steps, by equal names.
    """
    assert {*Failure, *CheckCode} <= set(map(str, StepErrorCode))
