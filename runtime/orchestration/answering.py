"""Which answer is for which request: bound ones by digest, those given in advance by step id.

Each answer is used once. What is left when a run stops is handed back, and `refuse_unused` says why.
"""

from collections.abc import Iterable, Sequence
from typing import Final, final

from runtime.encoding.canonical import canonical_record
from runtime.encoding.digest import digest_of, digest_of_bytes
from runtime.errors import AnswerRefusedError, StaleAnswerError, UnusedAnswerError, shown
from runtime.orchestration.gate import AskingPayload, verify_answer
from runtime.orchestration.prepare import PreparedStep
from runtime.orchestration.result import OrchestrationResult
from runtime.values.answers import Answer
from runtime.values.requests import Request

__all__ = ["Answers", "build_refusal", "digest_of_answers", "refuse_unused"]


_NONE_DIGEST: Final = digest_of([])


@final
class Answers:
    """
    The answers of one execution: those not used yet, and those used, bound and in order.
    """

    def __init__(self, answers: Iterable[Answer]) -> None:
        """
        Start with every answer unused.
        """
        self.unused = list(answers)
        self.used: list[Answer] = []

    @property
    def digest(self) -> str:
        """
        The digest of the used ones.
        """
        return digest_of_answers(self.used)

    def verify_in_advance(self, steps: tuple[PreparedStep, ...]) -> None:
        """
        Refuse, before the first step, an answer in advance that its step could never take.

        Raises:
            UnusedAnswerError: no step of this id asks for an answer, or two answers are for one.
            InvalidAnswerError: the step does not allow it.
        """
        if not self.unused:
            return
        asking = {step.spec.id: step.payload for step in steps if isinstance(step.payload, AskingPayload)}
        seen = set()
        for answer in self.unused:
            if answer.step_id is None:
                continue
            if answer.step_id not in asking:
                raise UnusedAnswerError(
                    f"an answer for step {shown(answer.step_id)}, which asks for none",
                    remedy=f"steps that ask are {sorted(asking)}",
                )
            verify_answer(asking[answer.step_id], answer, step_id=answer.step_id)
            key = (answer.step_id, answer.is_unknown)
            if key in seen:
                raise UnusedAnswerError(
                    f"two answers for step {shown(answer.step_id)}", remedy="keep the one that is meant"
                )
            seen.add(key)

    def take(self, payload: AskingPayload, request: Request, request_digest: str) -> tuple[Answer | None, bool]:
        """
        Use the answers to a step's request.

        Returns:
            The settling answer or None, and whether an `unknown` outcome is all there is.

        Raises:
            InvalidAnswerError: the step does not allow the answer.
        """
        settling: Answer | None = None
        for answer in list(self.unused):
            is_for_it = answer.request_digest == request_digest or answer.step_id == request.step_id
            # After an `unknown`, only what settles it counts; a second `unknown` says nothing new and is left over.
            if not is_for_it or (settling is not None and answer.is_unknown):
                continue
            verify_answer(payload, answer, step_id=request.step_id, ask=request.ask)
            self.unused.remove(answer)
            settling = answer.bound_to(request_digest)
            self.used.append(settling)
            if not answer.is_unknown:
                return settling, False
        return None, settling is not None


def digest_of_answers(answers: Sequence[Answer]) -> str:
    """
    Digest answers as the list of their records, which wraps values as deep as a document can be.
    """
    return digest_of_bytes(canonical_record([answer.to_dict() for answer in answers])) if answers else _NONE_DIGEST


def build_refusal(unused: Iterable[Answer], used: Iterable[Answer]) -> AnswerRefusedError:
    """
    Say why the first unused answer found no use.
    """
    answer = next(iter(unused))
    if answer.step_id is not None:
        return UnusedAnswerError(
            f"the answer for step {shown(answer.step_id)} was not used: the step did not ask, or had its answer",
            remedy="give it when its step asks, or answer the earlier steps as well",
        )
    if answer.request_digest in {one.request_digest for one in used}:
        return UnusedAnswerError(
            f"a second answer to request {answer.request_digest}", remedy="a request takes one; leave this one out"
        )
    return StaleAnswerError(
        f"an answer to request {answer.request_digest}, which this run did not make",
        remedy="decide the request that is open now",
    )


def refuse_unused(result: OrchestrationResult) -> OrchestrationResult:
    """
    Give the result back, unless an answer was left over (5).

    Raises:
        AnswerRefusedError: one was; the message says why, and `result` is the run as it stands.
    """
    if result.unused:
        refusal = build_refusal(result.unused, result.inputs.answers)
        refusal.result = result
        raise refusal
    return result
