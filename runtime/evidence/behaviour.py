"""What a run did, told so that two runs can be compared: how each step ended, what was asked and decided, what it wrote.

Digests of inputs are left out: another version of a mission or a policy has others, and still may do the same. A verdict
counts by what it decides and hands on, not by the pack it is of or the reasons it tells. Read `compare.py` next.
"""

from collections.abc import Iterator, Mapping
from typing import Any, Final, final

import attrs

from runtime.encoding.canonical import JsonValue, encode_checked
from runtime.encoding.converter import unstructure
from runtime.encoding.pointer import escape_token
from runtime.errors import EngineBug
from runtime.orchestration.payloads_asking import DecidePayload
from runtime.orchestration.prepare import prepare
from runtime.orchestration.result import OrchestrationResult
from runtime.policy.nearest import ABSENT
from runtime.values.answers import Answer

__all__ = ["Change", "find_change", "find_ending_change", "find_place", "find_step_change", "list_input_changes"]

_DECIDED: Final = ("decision", "rule_id", "reason_code", "effect", "tier", "risk_class", "risk_score")
_HANDED_ON: Final = ("obligations", "constraints")


@final
@attrs.frozen(kw_only=True)
class Change:
    """
    The first thing two runs do differently.

    `sequence` counts steps from 1; it and `step_id` are None where only the endings differ. `field` is `step_id`,
    `operation`, `status`, `error_code`, `asked`, `answer`, `verdict`, `state` or `ending`; `path` is a JSON Pointer into
    it. `absent` is `before` or `after` where nothing stands there in that run; its value is then null.
    """

    sequence: int | None
    step_id: str | None
    field: str
    path: str
    before: JsonValue
    after: JsonValue
    absent: str | None = None


def find_step_change(left: OrchestrationResult, right: OrchestrationResult) -> Change | None:
    """
    Give the first thing two runs do differently in the steps that both have taken.
    """
    pairs = zip(_tell_steps(left), _tell_steps(right), strict=False)
    for sequence, (one, other) in enumerate(pairs, 1):
        if _are_equal(one, other):
            continue
        for field in one:
            place = find_place(one[field], other[field])
            if place is not None:
                path, before, after = place
                return Change(
                    sequence=sequence,
                    step_id=one["step_id"],
                    field=field,
                    path=path,
                    before=None if before is ABSENT else before,
                    after=None if after is ABSENT else after,
                    absent="before" if before is ABSENT else "after" if after is ABSENT else None,
                )
    return None


def find_change(left: OrchestrationResult, right: OrchestrationResult) -> Change | None:
    """
    Give the first thing two runs do differently, step by step and then how they end; None where they do the same.
    """
    return find_step_change(left, right) or find_ending_change(left, right)


def find_ending_change(left: OrchestrationResult, right: OrchestrationResult) -> Change | None:
    """
    Tell whether two runs end differently; for runs that do the same in the steps that both have taken.
    """
    ends = [{"status": run.status.value, "steps": len(run.entry_bytes)} for run in (left, right)]
    if ends[0] == ends[1]:
        return None
    return Change(sequence=None, step_id=None, field="ending", path="", before=ends[0], after=ends[1])


def list_input_changes(left: OrchestrationResult, right: OrchestrationResult) -> list[str]:
    """
    List the members of the run header in which two runs differ: what they depend on.
    """
    ours, theirs = left.header, right.header
    return [name for name in ours if ours[name] != theirs[name]]


def _tell_steps(result: OrchestrationResult) -> Iterator[dict[str, Any]]:
    """
    Tell of each step that has an entry what it did, in the order in which a reader wants to know.

    One at a time: whoever compares stops at the first difference, and a state may be large.
    """
    entries: Any = result.lineage["entries"]
    verdict_places = {
        step.payload.path.tokens: step.spec.id
        for step in prepare(result.inputs.definition)
        if isinstance(step.payload, DecidePayload)
    }
    verdicts = {step_id: _decided(verdict.to_dict()) for step_id, verdict in result.verdicts}
    asked = {request.digest: request for request in result.requests}
    answers = {answer.request_digest: answer for answer in result.inputs.answers if not answer.is_unknown}
    for entry, after in zip(entries, result.states[1:], strict=False):
        request = asked.get(entry["request_digest"])
        answer = answers.get(entry["request_digest"])
        yield {
            "step_id": entry["step_id"],
            "operation": entry["operation"],
            "status": entry["status"],
            "error_code": entry["error_code"],
            "asked": None if request is None else unstructure(request.ask),
            "answer": None if answer is None else _said(answer),
            "verdict": verdicts.get(entry["step_id"]),
            "state": _without_reasons(after.thaw(), verdict_places, verdicts),
        }


def _said(answer: Answer) -> dict[str, Any]:
    # Nonce, expiry and signature differ between any two runs, whatever was decided.
    record = answer.to_dict()
    decisions = [{**one, "signature": None} for one in record["decisions"]]
    return {"decisions": decisions, "outcome": record["outcome"]}


def _decided(verdict: Mapping[str, Any]) -> dict[str, Any]:
    return {name: verdict[name] for name in (*_DECIDED, *_HANDED_ON)}


def _without_reasons(
    state: dict[str, Any], places: Mapping[tuple[str, ...], str], verdicts: Mapping[str, dict[str, Any]]
) -> dict[str, Any]:
    """
    Put in place of each verdict in a state what it decides.
    """
    for tokens, step_id in places.items():
        parent: Any = state
        for token in tokens[:-1]:
            parent = parent.get(token) if type(parent) is dict else None
        written = parent.get(tokens[-1]) if type(parent) is dict else None
        if type(written) is dict and written.get("schema") == "verdict/v1" and step_id in verdicts:
            parent[tokens[-1]] = verdicts[step_id]
    return state


def _are_equal(left: JsonValue, right: JsonValue) -> bool:
    # What two results hold was checked when it came in; to walk it again would cost more than to encode it.
    return encode_checked(left) == encode_checked(right)


def find_place(left: JsonValue, right: JsonValue) -> tuple[str, JsonValue, JsonValue] | None:
    """
    Give the first place at which two JSON values differ, as a pointer, and what stands there, or `ABSENT`.
    """
    if _are_equal(left, right):
        return None
    # Not by recursion: a state may be nested deeper than a caller's stack has room.
    waiting: list[tuple[str, Any, Any]] = [("", left, right)]
    while waiting:
        place, one, other = waiting.pop()
        parts: list[tuple[Any, Any, Any]] = []
        if type(one) is dict and type(other) is dict:
            parts = [(name, one.get(name, ABSENT), other.get(name, ABSENT)) for name in sorted({*one, *other})]
        elif type(one) is list and type(other) is list and len(one) == len(other):
            parts = [(index, *pair) for index, pair in enumerate(zip(one, other, strict=True))]
        elif one is ABSENT or other is ABSENT or not _are_equal(one, other):
            return place, one, other
        waiting += [(f"{place}/{escape_token(str(name))}", a, b) for name, a, b in reversed(parts)]
    raise EngineBug("two values whose bytes differ, and no place where they do")
