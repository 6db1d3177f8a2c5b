"""What each payload may hold; a wrong one is refused with its path before the first step."""

from typing import Any

import pytest
from makers import make_step, make_workflow, run

from runtime.errors import DefinitionError
from runtime.orchestration import StepSpec
from runtime.orchestration.prepare import prepare

SUMMARY = {"operation": "summarize", "from": "/a", "path": "/b", "measures": {"n": {"kind": "count"}}}
ACTION = {"operation": "action", "connector": "files", "action": "copy", "mode": "read"}

REFUSED: dict[str, tuple[dict[str, Any], str, str]] = {
    "set: no path": ({"operation": "set", "value": 1}, "path", "required field 'path' is missing"),
    "set: the root": ({"operation": "set", "path": "", "value": 1}, "path", "name a member, as in /result"),
    "set: no value": ({"operation": "set", "path": "/a"}, "", "give either value or from"),
    "set: value and from": ({"operation": "set", "path": "/a", "value": 1, "from": "/b"}, "", "give either value or"),
    "set: null and from": ({"operation": "set", "path": "/a", "value": None, "from": "/b"}, "", "give either value or"),
    "set: a path without a slash": ({"operation": "set", "path": "a", "value": 1}, "path", "starts with /"),
    "set: a path with a bare tilde": ({"operation": "set", "path": "/a~", "value": 1}, "path", "write ~0 for ~"),
    "set: a path that is too long": ({"operation": "set", "path": "/" + "a" * 1024, "value": 1}, "path", "1024"),
    "set: a path that is too deep": ({"operation": "set", "path": "/a" * 65, "value": 1}, "path", "64 parts"),
    "set: a list for a path": ({"operation": "set", "path": ["a"], "value": 1}, "path", "expected str, got list"),
    "append: the root": ({"operation": "append", "path": "", "value": 1}, "path", "name a member"),
    "remove: the root": ({"operation": "remove", "path": ""}, "path", "name a member"),
    "remove: a value": ({"operation": "remove", "path": "/a", "value": 1}, "", "unknown field 'value'"),
    "increment: the root": ({"operation": "increment", "path": ""}, "path", "name a member"),
    "increment: by a string": ({"operation": "increment", "path": "/a", "by": "1"}, "by", "expected a number"),
    "increment: by a boolean": ({"operation": "increment", "path": "/a", "by": True}, "by", "expected a number"),
    "increment: by null": ({"operation": "increment", "path": "/a", "by": None}, "by", "expected a number"),
    "merge: no path": ({"operation": "merge", "value": {}}, "path", "required field 'path' is missing"),
    "merge: a list into the root": ({"operation": "merge", "path": "", "value": []}, "", "give an object"),
    "merge: null into the root": ({"operation": "merge", "path": "", "value": None}, "", "give an object"),
    "merge: from nowhere": ({"operation": "merge", "path": ""}, "", "give either value or from"),
    "fail: a number for a reason": ({"operation": "fail", "reason": 1}, "reason", "expected str, got int 1"),
    "fail: a long reason": ({"operation": "fail", "reason": "x" * 4097}, "reason", "allowed are 0 to 4096"),
    "noop: a list for params": ({"operation": "noop", "params": []}, "params", "expected a JSON object"),
    "any: a long description": ({"description": "x" * 4097}, "description", "has 4097 characters"),
    "any: a word for pause_safe": ({"pause_safe": "no"}, "pause_safe", "expected bool, got str 'no'"),
    "any: a number for pause_safe": ({"pause_safe": 1}, "pause_safe", "expected bool, got int 1"),
    "any: an unknown when": ({"when": "never"}, "when", "expected one of ['always', 'flagged']"),
    "any: true for when": ({"when": True}, "when", "expected one of ['always', 'flagged']"),
    "summarize: no measures": ({**SUMMARY, "measures": {}}, "measures", "0"),
    "summarize: seventeen measures": (
        {**SUMMARY, "measures": {str(index): {"kind": "count"} for index in range(17)}},
        "measures",
        "16",
    ),
    "summarize: a list of measures": ({**SUMMARY, "measures": ["count"]}, "measures", "expected an object"),
    "summarize: an unknown kind": ({**SUMMARY, "measures": {"n": {"kind": "median"}}}, "measures", "expected one of"),
    "summarize: a sum of nothing": ({**SUMMARY, "measures": {"n": {"kind": "sum"}}}, "measures", "name the member"),
    "summarize: an extra field": ({**SUMMARY, "measures": {"n": {"kind": "count", "x": 1}}}, "measures", "unknown"),
    "summarize: into the root": ({**SUMMARY, "path": ""}, "path", "name a member"),
    "summarize: an unknown missing": ({**SUMMARY, "missing": "skip"}, "missing", "['empty', 'error']"),
    "action: no mode": (
        {key: ACTION[key] for key in ACTION if key != "mode"},
        "mode",
        "required field 'mode' is missing",
    ),
    "action: an unknown mode": ({**ACTION, "mode": "write"}, "mode", "expected one of ['mutate', 'read']"),
    "action: no connector": ({**ACTION, "connector": ""}, "connector", "allowed are 1 to 128"),
    "action: no action": ({**ACTION, "action": None}, "action", "expected str, got null"),
    "action: a list for params": ({**ACTION, "params": []}, "params", "expected a JSON object"),
    "action: output at the root": ({**ACTION, "output": ""}, "output", "name a member"),
    "action: a field of a later version": ({**ACTION, "timeout_ms": 1000}, "", "unknown field 'timeout_ms'"),
}


@pytest.mark.parametrize("case", REFUSED)
def test_a_wrong_payload_is_refused_with_its_path(case: str) -> None:
    """
    The fault names the field and says how to mend it, and nothing runs.
    """
    payload, place, message = REFUSED[case]
    with pytest.raises(DefinitionError) as caught:
        run({}, make_step("first", "fail"), StepSpec("s", "runtime", payload))
    texts = [fault.message for fault in caught.value.faults if _is_at(fault.where, place)]
    assert any(message in text for text in texts), caught.value


def _is_at(where: str, place: str) -> bool:
    path = ".".join(filter(None, ("steps[1].payload", place)))
    return where == path or (place == "measures" and where.startswith((path + ".", path + "[")))


GATES: dict[str, tuple[dict[str, Any], str, str]] = {
    "no choices": ({"choices": []}, "choices", "give 1 to 16 different choices"),
    "seventeen choices": ({"choices": [str(index) for index in range(17)]}, "choices", "give 1 to 16 different"),
    "a choice twice": ({"choices": ["yes", "yes"]}, "choices", "2 choices, 1 of them different"),
    "an empty choice": ({"choices": [""]}, "choices", "allowed are 1 to 128"),
    "a text for choices": ({"choices": "yes"}, "choices", "expected list, got str 'yes'"),
    "a number among the choices": ({"choices": [1]}, "choices[0]", "expected str, got int 1"),
    "an empty approver": ({"approvers": [""]}, "approvers", "allowed are 1 to 128"),
    "a text for approvers": ({"approvers": "ada"}, "approvers", "expected list, got str 'ada'"),
    "an object for approvers": ({"approvers": {"ada": 1}}, "approvers", "expected list, got dict"),
    "null for approvers": ({"approvers": None}, "approvers", "expected list, got null"),
    "an unknown on_reject": ({"on_reject": "ignore"}, "on_reject", "expected one of ['continue', 'deny']"),
    "a long prompt": ({"prompt": "x" * 4097}, "prompt", "has 4097 characters"),
    "output at the root": ({"output": ""}, "output", "name a member"),
    "a boolean schema": ({"input_schema": True}, "input_schema", "expected a JSON object"),
    "a list for a schema": ({"input_schema": []}, "input_schema", "expected a JSON object"),
    "a field of a later version": ({"delegates": ["bob"]}, "", "unknown field 'delegates'"),
    "a quorum of nobody": ({"quorum": 0}, "quorum", "allowed are 1 to 16"),
    "a quorum of too many": ({"quorum": 17}, "quorum", "allowed are 1 to 16"),
    "true for a quorum": ({"quorum": True}, "quorum", "expected int, got bool True"),
    "a quorum of two with one approver": (
        {"quorum": 2, "approvers": ["ada"]},
        "",
        "1 approver for a quorum of 2",
    ),
    "a quorum of two with one approver named twice": (
        {"quorum": 2, "approvers": ["ada", "ada"]},
        "",
        "1 approver for a quorum of 2",
    ),
    "a quorum that cannot be rejected": (
        {"quorum": 2, "choices": ["yes", "no"]},
        "",
        "without the choice 'reject'",
    ),
    "a number for signed": ({"signed": 1}, "signed", "expected bool, got int 1"),
    "an expiry at once": ({"expires_after_ms": 0}, "expires_after_ms", "allowed are 1 to"),
    "an expiry after years": ({"expires_after_ms": 366 * 86_400_000 + 1}, "expires_after_ms", "allowed are 1 to"),
    "true for an expiry": ({"expires_after_ms": True}, "expires_after_ms", "got bool True"),
    "expired as a choice": ({"choices": ["expired", "reject"]}, "choices", "choice 'expired'"),
    "no pointer to who may not decide": ({"not_by": "requested_by"}, "not_by", "start"),
}


@pytest.mark.parametrize("case", GATES)
def test_a_wrong_human_step_is_refused_with_its_path(case: str) -> None:
    """
    Nobody is asked a question that is not well put.
    """
    payload, place, message = GATES[case]
    with pytest.raises(DefinitionError) as caught:
        run({}, StepSpec("s", "human", payload))
    path = ".".join(filter(None, ("steps[0].payload", place)))
    assert any(message in fault.message and fault.where == path for fault in caught.value.faults), caught.value


def test_the_limits_themselves_are_allowed() -> None:
    """
    Sixteen choices or measures, the longest prompt and the longest pointer are accepted.
    """
    measures = {str(index): {"kind": "count"} for index in range(16)}
    prepare(make_workflow(make_step("m", "summarize", from_="/a", path="/b", measures=measures)))
    gate = StepSpec("s", "human", {"choices": [str(index) for index in range(16)], "prompt": "x" * 4096})
    prepare(
        make_workflow(gate, make_step("t", "remove", path="/" + "a" * 1023), make_step("u", "remove", path="/a" * 64))
    )


def test_defaults() -> None:
    """
    What is left out is what the contract says: by 1, approve or reject, reject denies, missing is an error.
    """
    steps = prepare(
        make_workflow(
            make_step("a", "increment", path="/a"),
            make_step("b", "summarize", from_="/a", path="/b", measures={"n": {"kind": "count"}}),
            make_step("c", "fail"),
            StepSpec("d", "human"),
        )
    )
    payloads: list[Any] = [step.payload for step in steps]
    assert payloads[0].by == 1
    assert (payloads[1].missing.value, payloads[1].group_by) == ("error", None)
    assert payloads[2].reason == "unspecified"
    assert (payloads[3].choices, payloads[3].on_reject.value) == (("approve", "reject"), "deny")
    assert (payloads[3].question, payloads[3].approvers, payloads[3].input_schema) == ("", (), None)
    assert {payload.when.value for payload in payloads} == {"always"}


def test_an_unspecified_failure_says_so() -> None:
    """
    `Step 'b' failed: <reason>`, with the default reason `unspecified`.
    """
    assert run({}, make_step("b", "fail")).error_message == "Step 'b' failed: unspecified"


def test_an_absent_value_shows_as_absent() -> None:
    """
    The marker of a field that was not given has a readable repr.
    """
    payload: Any = prepare(make_workflow(make_step("s", "set", path="/a", from_="/b")))[0].payload
    assert repr(payload.value) == "ABSENT"
