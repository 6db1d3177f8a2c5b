"""Why each step of a run did what it did: what it read and wrote, which conditions held, and what would have changed it.

All of it is worked out again from the run's inputs, so it is as true as the receipt is. Read `replay.py` for the check
that comes first.
"""

from typing import Any

from runtime.encoding.canonical import JsonValue, canonical
from runtime.encoding.pointer import Pointer, escape_token
from runtime.orchestration.capabilities import list_capabilities
from runtime.orchestration.deciding import read_policies
from runtime.orchestration.expressing import Variables
from runtime.orchestration.failures import StepFailure
from runtime.orchestration.paths import read
from runtime.orchestration.payloads_rules import CheckPayload, PrioritizePayload
from runtime.orchestration.prepare import PreparedStep, prepare
from runtime.orchestration.result import OrchestrationResult
from runtime.orchestration.state import State
from runtime.orchestration.view import StateView
from runtime.policy.clauses import short_value, split

__all__ = ["explain"]

_NOT_REACHED = "not reached"


def explain(result: OrchestrationResult) -> list[dict[str, Any]]:
    """
    Explain every step of a run, in order.

    Returns:
        For each step `sequence`, `step_id`, `operation`, `description`, `status` (of its lineage entry, or `waiting`, or
        `not reached`), `error_code`, `message`; for one that was taken `reads` and `writes` (values by pointer; of a
        large one its type and size); and as it applies `clauses`, `verdict`, `ranking`, `decisions`, `outcome`, `asked`.
    """
    entries = result.lineage["entries"]
    explained = []
    for index, step in enumerate(prepare(result.inputs.definition)):
        entry = entries[index] if index < len(entries) else None
        told: dict[str, Any] = {
            "sequence": index + 1,
            "step_id": step.spec.id,
            "operation": step.operation.name,
            "description": step.payload.description,
            "status": _NOT_REACHED if entry is None else entry["status"],
            "error_code": None if entry is None else entry["error_code"],
            "message": result.error_message if entry and entry["error_code"] else None,
        }
        if entry is not None and entry["status"] != "skipped":
            after = result.states[index + 1] if entry["status"] == "completed" else None
            told |= _explain_step(result, step, result.states[index], after)
            told |= _explain_answer(result, entry["answer_digest"])
        elif index == len(entries) and result.pending is not None:
            told |= {"status": "waiting", **_explain_step(result, step, result.states[index], None)}
            told["asked"] = result.pending.to_dict()
        explained.append(told)
    return explained


def _explain_step(
    result: OrchestrationResult, step: PreparedStep, before: State, after: State | None
) -> dict[str, Any]:
    """
    Explain a step that was taken; without a state after it, it did not complete, and wrote nothing.
    """
    capabilities = list_capabilities(step, read_policies(result.inputs.policies), {})
    told: dict[str, Any] = {
        "reads": _look(capabilities, "reads", before),
        "writes": {} if after is None else _list_changes(capabilities, before, after),
    }
    payload = step.payload
    if isinstance(payload, CheckPayload):
        env = payload.rule.environment(Variables(StateView(before)))
        told["clauses"] = [clause.report(env, wanted=True) for clause in split(payload.rule)]
    if isinstance(payload, PrioritizePayload) and after is not None:
        told["ranking"] = read(StateView(after), payload.path)
    verdict = dict(result.verdicts).get(step.spec.id)
    if verdict is not None:
        told["verdict"] = verdict.to_dict()
    return told


def _explain_answer(result: OrchestrationResult, digest: str | None) -> dict[str, Any]:
    answers = (answer.to_dict() for answer in result.inputs.answers if answer.digest == digest)
    answer: dict[str, Any] = next(answers, {})
    return {name: answer[name] for name in ("decisions", "outcome") if answer.get(name)}


def _look(capabilities: tuple[str, ...], kind: str, state: State) -> dict[str, JsonValue]:
    """
    Give what stands at the places a step reads or writes; `*` is no one place, and the whole state is not told.
    """
    view = StateView(state)
    seen: dict[str, JsonValue] = {}
    for capability in capabilities:
        found, _, text = capability.partition(":")
        if found != kind or text == "/" or "*" in text.split("/"):
            continue
        try:
            seen[text] = short_value(read(view, Pointer.parse(text)))
        except StepFailure:
            continue  # Nothing stands there.
    return seen


def _list_changes(capabilities: tuple[str, ...], before: State, after: State) -> dict[str, JsonValue]:
    if "writes:/" in capabilities:  # The whole state is told by the members that changed.
        changed = [key for key in {*before, *after} if _bytes_of(before, key) != _bytes_of(after, key)]
        capabilities = (*capabilities, *(f"writes:/{escape_token(key)}" for key in changed))
    return _compare(_look(capabilities, "writes", before), _look(capabilities, "writes", after))


def _bytes_of(state: State, key: str) -> bytes | None:
    return canonical(state.parse(key)) if key in state else None


def _compare(before: dict[str, JsonValue], after: dict[str, JsonValue]) -> dict[str, JsonValue]:
    # A member that is absent is not one that is null.
    places = sorted(before.keys() | after.keys())
    return {
        place: {
            **({"before": before[place]} if place in before else {}),
            **({"after": after[place]} if place in after else {}),
        }
        for place in places
    }
