"""Missions, steps, requests and results in words: what the commands show to people."""

import shlex
from typing import Final

from runtime.cli.terms_words import say_terms
from runtime.encoding.converter import unstructure
from runtime.encoding.display import shown_at, shown_json, visible
from runtime.encoding.redaction import redact
from runtime.orchestration.definitions import WorkflowDefinition
from runtime.orchestration.payloads import When
from runtime.orchestration.payloads_asking import ActionPayload, HumanPayload
from runtime.orchestration.prepare import PreparedStep, prepare
from runtime.orchestration.result import OrchestrationResult
from runtime.orchestration.voting import REJECT
from runtime.values.answers import Answer
from runtime.values.requests import HumanAsk

__all__ = ["draw_steps", "say_step", "short", "show_result"]

_DECIDED_ON: Final = 4000
"""Characters of a later step's values shown to who decides; `--json` shows all of them."""
_BESIDES: Final = ("operation", "description", "pause_safe", "when")


def short(digest: str) -> str:
    """
    Cut a digest to what a command line needs.
    """
    return digest.removeprefix("sha256:")[:12]


def draw_steps(definition: WorkflowDefinition) -> str:
    """
    Draw the steps from top to bottom, one a line.
    """
    steps = prepare(definition)
    width = max(len(visible(step.spec.id)) for step in steps)
    lines = []
    for number, step in enumerate(steps, 1):
        lines.append(f"  {number}  {visible(step.spec.id):<{width}}  {say_step(step)}")
        lines += ["  │"] if number < len(steps) else []
    return "\n".join(lines)


def say_step(step: PreparedStep, limit: int = 100) -> str:
    """
    Say what a step does, on one line; values are cut at `limit` characters.
    """
    payload = step.payload
    flagged = "if flagged: " if payload.when is When.FLAGGED else ""
    flagged += "may pause before: " if payload.pause_safe else ""
    if isinstance(payload, HumanPayload):
        who = f" ({' or '.join(payload.approvers)})" if payload.approvers else ""
        output = f" → {payload.output}" if payload.output else ""
        terms = f"; {'; '.join(say_terms(unstructure(payload)))}" if say_terms(unstructure(payload)) else ""
        return visible(f"{flagged}asks a person{who}: {' | '.join(payload.choices)}{output}{terms}")
    if isinstance(payload, ActionPayload):
        output = f" → {payload.output}" if payload.output else ""
        doing = f"{payload.connector}.{payload.action} {shown_json(payload.params.thaw(), limit)}"
        return visible(f"{flagged}{payload.mode.value}s outside: {doing}{output}")
    document = {name: value for name, value in step.spec.payload.thaw().items() if name not in _BESIDES}
    path = document.pop("path", None)
    words = [f"{flagged}{step.operation.name}", *([] if path is None else [path])]
    for name, value in document.items():
        # A value is shown under the path it is written to.
        shown = (
            value if name == "from" else shown_json(shown_at(path or name, value) if name == "value" else value, limit)
        )
        words.append(shown if name == "value" else f"{name} {shown}")
    return visible(" ".join(words))


def show_result(result: OrchestrationResult, name: str, path: str, command: str) -> str:
    """
    Show how a run stands.

    Args:
        result: the run.
        name: its receipt's digest, or its checkpoint's while it waits.
        path: the file it is kept in.
        command: how a command that finds it starts, `mission` or `mission --root DIR`.
    """
    mission = result.inputs.mission or result.id
    version = f" {result.inputs.mission_version}" if result.inputs.mission_version else ""
    lines = [f"{mission}{version}: {_say_status(result)}"]
    width = max(len(visible(step.id)) for step in result.inputs.definition.steps)
    for entry in result.lineage["entries"]:
        code = f"  ({entry['error_code']})" if entry["error_code"] else ""
        answer = next((one for one in result.inputs.answers if one.digest == entry["answer_digest"]), None)
        line = (
            f"  {entry['sequence']}  {visible(entry['step_id']):<{width}}  {entry['status']}{code}{_say_answer(answer)}"
        )
        lines.append(line)
    if result.error_message:
        lines.append(f"  {visible(result.error_message)}")
    if result.pending is not None:
        return "\n".join([*lines, *_say_pending(result, width, command, short(name))])
    before, after = result.states[0], result.states[-1]
    changed = [key for key in after if key not in before or before.parse(key) != after.parse(key)]
    removed = [key for key in before if key not in after]
    lines += [f"  state {visible(key)} = {shown_json(shown_at(key, after.parse(key)))}" for key in changed]
    lines += [f"  state {visible(key)} removed" for key in removed]
    return "\n".join([*lines, f"receipt {name}", f"kept as {path}", f"check it with: {command} replay {short(name)}"])


def _say_answer(answer: Answer | None) -> str:
    said = [
        f"{one.actor} chose {one.choice}{', signed' if one.signature else ''}{f': {one.reason}' if one.reason else ''}"
        for one in (() if answer is None else answer.decisions)
        if not one.is_expired
    ]
    return f"  {visible('; '.join(said))}" if said else ""


def _say_status(result: OrchestrationResult) -> str:
    if result.pending is None:
        return result.status.value
    request = result.pending.request
    whom = "a person" if isinstance(request.ask, HumanAsk) else "an effect"
    return f"waits for {whom} at step {request.sequence} of {len(result.inputs.definition.steps)}"


def _say_pending(result: OrchestrationResult, width: int, command: str, name: str) -> list[str]:
    pending = result.pending
    assert pending is not None  # noqa: S101 - narrows the type; the caller has looked.
    request, ask = pending.request, pending.request.ask
    later = prepare(result.inputs.definition)[request.sequence :]
    then = [f"     then {visible(step.spec.id):<{width}}  {say_step(step, _DECIDED_ON)}" for step in later]
    if not isinstance(ask, HumanAsk):
        doing = f"{ask.mode.value} {ask.connector}.{ask.action} {shown_json(ask.params.thaw())}"
        return [
            f"  {request.sequence}  {visible(request.step_id):<{width}}  {visible(doing)} ({pending.reason.value})",
            *then,
            "no connector is here to do it; give its outcome in advance with --answers:",
            f'  [{{"step_id": {shown_json(request.step_id)}, "outcome": {{"status": "succeeded", "output": null}}}}]',
        ]
    who = f"  approvers: {visible(', '.join(ask.approvers))}" if ask.approvers else ""
    lines = [
        f"  {request.sequence}  {visible(request.step_id):<{width}}  {visible(ask.prompt) or '(the step asks nothing)'}",
        f"     choices: {visible(', '.join(ask.choices))}{who}",
    ]
    lines += [f"     {visible(words)}" for words in say_terms(unstructure(ask))]
    if result.opening is not None and result.opening.expires_at is not None:
        lines.append(f"     open until {result.opening.expires_at}")
    lines += [f"     {visible(label)}: {shown_json(value)}" for label, value in redact(ask.shown.thaw()).items()]
    if ask.input_schema is not None:
        lines.append(f"     input:   {shown_json(ask.input_schema.thaw())}")
    return [*lines, *then, "decide with:", *_say_commands(ask, command, name)]


def _say_commands(ask: HumanAsk, command: str, name: str) -> list[str]:
    actor = visible(ask.approvers[0]) if ask.approvers else "YOU"
    given = " --input JSON" if ask.input_schema is not None else ""
    signed = " --sign KEYFILE" if ask.signed else ""
    lines = []
    for choice in ask.choices:
        verb = choice if choice in ("approve", REJECT) else f"approve --choice {shlex.quote(visible(choice))}"
        form = given if choice != REJECT else ""
        lines.append(f"  {command} {verb} {name} --as {shlex.quote(actor)} --reason …{form}{signed}")
    return lines
