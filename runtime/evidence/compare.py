"""Compare two recorded runs, and ask what recorded runs would do under a mission or a policy as it is now.

Both execute again what was recorded before they say anything of it. Answers are reused only where exactly the same is
asked: the same step, prompt, values shown and choices, or the same call with the same params. Source:
contracts/evidence.md 7.
"""

from collections.abc import Iterable, Mapping
from enum import StrEnum
from typing import Any, Final, final

import attrs

from runtime.encoding.converter import unstructure
from runtime.errors import AnswerRefusedError, DefinitionError, EncodingError, UnknownNameError
from runtime.evidence.behaviour import (
    Change,
    find_change,
    find_ending_change,
    find_place,
    find_step_change,
    list_input_changes,
)
from runtime.evidence.record import RecordedRun
from runtime.evidence.replay import replay
from runtime.orchestration.checkpoint import Checkpoint
from runtime.orchestration.engine import execute
from runtime.orchestration.mission import Mission
from runtime.orchestration.result import OrchestrationResult
from runtime.policy.pack import PolicyPack
from runtime.values.answers import Answer
from runtime.values.requests import Request

__all__ = ["Comparison", "Finding", "Foresight", "compare", "what_if"]


@final
@attrs.frozen(kw_only=True)
class Comparison:
    """
    How two runs differ: in which members of their headers, and in what they did first. No change: they did the same.
    """

    inputs: tuple[str, ...]
    change: Change | None

    def to_dict(self) -> dict[str, Any]:
        """
        Give it as plain JSON.
        """
        return {"same": self.change is None, "inputs": list(self.inputs), "change": unstructure(self.change)}


def compare(left: RecordedRun, right: RecordedRun) -> Comparison:
    """
    Compare what two recorded runs did.

    Raises:
        ReceiptMismatchError: one of them does not give the same bytes again.
    """
    one, other = replay(left), replay(right)
    return Comparison(inputs=tuple(list_input_changes(one, other)), change=find_change(one, other))


class Finding(StrEnum):
    """
    What would become of a run: the same, something else, or that cannot be told from what was recorded.
    """

    SAME = "same"
    CHANGED = "changed"
    CANNOT_TELL = "cannot_tell"


@final
@attrs.frozen(kw_only=True)
class Foresight:
    """
    What would become of one recorded run.

    `why` says why it is refused now, or why nothing can be told; `inputs` are the members of the run header that differ.
    """

    run: str
    finding: Finding
    inputs: tuple[str, ...] = ()
    change: Change | None = None
    why: str = ""

    def to_dict(self) -> dict[str, Any]:
        """
        Give it as plain JSON.
        """
        document: dict[str, Any] = unstructure(self)
        return document


def what_if(run: RecordedRun, mission: Mission, *, policies: Iterable[PolicyPack] = ()) -> Foresight:
    """
    Run a recorded run through a mission as it is now.

    Args:
        run: an ended run of a mission of this name.
        mission: the mission to try; its own packs are used.
        policies: packs that take the place of the mission's own of the same policy id.

    Raises:
        ReceiptMismatchError: the run does not give the same bytes again, so nothing is said of it.
    """
    before = replay(run)
    name = run.receipt_digest
    recorded = run.checkpoint
    try:
        inputs = mission.begin(recorded.params, recorded.context, policies=policies, mode=recorded.mode)
        if inputs.header == recorded.header:
            return Foresight(run=name, finding=Finding.SAME)  # Equal inputs and answers give equal bytes.
        after, why = _answer(inputs, before)
    except _REFUSALS as error:
        return Foresight(run=name, finding=Finding.CHANGED, why=f"it would be refused: {error}")
    changes = tuple(list_input_changes(before, after))
    change = find_step_change(before, after)
    if change is None and why:
        return Foresight(run=name, finding=Finding.CANNOT_TELL, inputs=changes, why=why)
    change = change or find_ending_change(before, after)
    finding = Finding.SAME if change is None else Finding.CHANGED
    return Foresight(run=name, finding=finding, inputs=changes, change=change)


_REFUSALS: Final = (DefinitionError, EncodingError, UnknownNameError)


def _answer(inputs: Checkpoint, before: OrchestrationResult) -> tuple[OrchestrationResult, str]:
    """
    Answer what a run asks with what was answered to the same question before; say why it goes no further.
    """
    asked = {request.step_id: request for request in before.requests}
    after = _answer_in_advance(inputs, before, asked)
    if after is not None:
        return after, ""
    after = execute(inputs)
    while after.pending is not None:
        request = after.pending.request
        answers = _find_answers(request, asked.get(request.step_id), before)
        if not answers:
            return after, _say_missing(request, asked.get(request.step_id))
        after = execute(after.inputs.answered_by((*after.inputs.answers, *answers)))
    return after, ""


def _answer_in_advance(
    inputs: Checkpoint, before: OrchestrationResult, asked: Mapping[str, Request]
) -> OrchestrationResult | None:
    """
    Give all answers at once, which takes one execution; None where the run did not ask exactly what was answered.
    """
    steps = {request.digest: request.step_id for request in before.requests}
    given = [
        attrs.evolve(answer, request_digest=None, step_id=steps[answer.request_digest or ""])
        for answer in before.inputs.answers
    ]
    try:
        after = execute(inputs.answered_by(tuple(given)))
    except (AnswerRefusedError, DefinitionError):
        return None  # Asked one by one, a run stops before a step that refuses its answer.
    is_same = all(request.step_id in asked and request.ask == asked[request.step_id].ask for request in after.requests)
    return after if is_same and after.pending is None else None


def _find_answers(request: Request, earlier: Request | None, before: OrchestrationResult) -> tuple[Answer, ...]:
    if earlier is None or earlier.ask != request.ask:
        return ()
    given = [answer for answer in before.inputs.answers if answer.request_digest == earlier.digest]
    return tuple(answer.bound_to(request.digest) for answer in given)


def _say_missing(request: Request, earlier: Request | None) -> str:
    if earlier is None:
        return f"step {request.step_id!r} asks, and no answer to it was recorded"
    kinds = type(request.ask), type(earlier.ask)
    place = find_place(unstructure(earlier.ask), unstructure(request.ask)) if kinds[0] is kinds[1] else None
    where = f" (at {place[0]})" if place else ""
    return f"step {request.step_id!r} asks something else than what was answered{where}"
