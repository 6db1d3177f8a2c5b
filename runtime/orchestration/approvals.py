"""Decisions that are checked by who drives the run: signed ones, and those with a time limit.

The engine is pure, and looks at the shape of a signature only. Here it is held, through the port `Decisions`, against
keys, a clock and the nonces that were used, under these rules:

1. Without the port a step that is signed or expires takes no answer: nothing could check it.
2. Every request to decide is opened under a nonce. A signed decision names the nonce its request is open under, and
   the answer that is taken uses it up: equal runs make equal requests, and the nonce tells them apart.
3. A decision is checked before anything rests on it: before the next effect, and before a result is handed out.
4. What a checkpoint holds was taken before. Its signed answers are taken again without a look at the clock only when
   they are those that used up their nonces; unsigned ones say nothing that could be checked a second time.
5. A request that nobody decided in time is answered with a decision by nobody, `expired`, and the run is denied.
6. Signature, key and expiry are looked at once more before an effect that changes something. That the lineage holds
   the request, and that only proven steps lie between, needs no second look: the run was executed from its inputs a
   moment ago, and its proof was computed again.

Source: DESIGN.md 2 (6); contracts/evidence.md 4; docs/adr/0015-votes-and-signatures.md.
"""

from collections.abc import Iterable, Iterator
from typing import final

from runtime.errors import DecisionRefusedError, DefinitionError, InvalidSignatureError, UnverifiedAnswerError, shown
from runtime.orchestration.result import OrchestrationResult
from runtime.ports import Decisions
from runtime.values.answers import Answer
from runtime.values.decisions import EXPIRED, HumanDecision, Opening, is_instant
from runtime.values.requests import HumanAsk, Request

__all__ = ["Approvals", "refuse_unverified"]


def refuse_unverified(result: OrchestrationResult) -> OrchestrationResult:
    """
    Give the result back, unless an answer was taken that nothing here can check (1).

    Raises:
        UnverifiedAnswerError: one was.
    """
    for request, _, _ in _list_guarded(result):
        raise UnverifiedAnswerError(
            f"an answer for step {shown(request.step_id)}, which is signed or expires, and nothing here can check it",
            where=request.step_id,
            remedy="pass decisions=, a port that knows keys and the time; or decide with: mission approve",
        )
    return result


@final
class Approvals:
    """
    Checks the decisions of one run while it is driven; it remembers which it has taken.
    """

    def __init__(self, port: Decisions | None, settled: Iterable[Answer] | None) -> None:
        """
        Take the port, and the answers of the checkpoint the run goes on from; None for a run that begins.
        """
        self._port = port
        self._begins = settled is None
        self._settled = {answer.digest for answer in settled or ()}
        self._taken: set[str] = set()

    def take(self, result: OrchestrationResult) -> None:
        """
        Check the decisions a run has used and that were not taken before (3).

        Raises:
            UnverifiedAnswerError: there is no port.
            DecisionRefusedError: one is late, its nonce was not issued for its request or was used, or it is not
                signed by a key of its actor over this request.
        """
        if self._port is None:
            refuse_unverified(result)
            return
        for request, ask, answer in _list_guarded(result):
            if answer.digest not in self._taken:
                self._take_one(self._port, request, ask, answer)
                self._taken.add(answer.digest)

    def open(self, result: OrchestrationResult) -> tuple[Opening | None, Answer | None]:
        """
        Open the request a run waits for.

        Returns:
            Under which nonce, and until when it is open; and the answer `expired` when that time is over (5). A request
            that needs no such thing has neither.
        """
        request = result.pending.request if result.pending is not None else None
        if self._port is None or request is None or not isinstance(request.ask, HumanAsk) or not request.ask.is_guarded:
            return None, None
        is_reached_now = self._begins or {answer.digest for answer in result.inputs.answers} != self._settled
        known = None if is_reached_now else self._port.load_opening(request.digest)
        opening = known or _open(self._port, request, request.ask)
        if not opening.is_over(_now(self._port)) or self._port.find_use(opening.nonce) is not None:
            return opening, None  # Also where it was decided in time, and the run goes on from before that.
        decision = HumanDecision(actor=None, choice=EXPIRED)
        return opening, Answer(request_digest=request.digest, decision=decision)

    def is_stale(self, result: OrchestrationResult) -> bool:
        """
        Tell whether a signed decision that a run rests on holds no longer (6).
        """
        return self._port is not None and any(
            _has_lapsed(self._port, request, decision)
            for request, ask, answer in _list_guarded(result)
            for decision in answer.decisions
            if ask.signed
        )

    def _take_one(self, port: Decisions, request: Request, ask: HumanAsk, answer: Answer) -> None:
        is_signed = ask.signed and not answer.decisions[0].is_expired
        if answer.digest in self._settled and (not is_signed or _find_use(port, answer) == answer.digest):  # (4)
            return
        opening = port.load_opening(request.digest)
        if not is_signed and (self._begins or opening is None):
            opening = _open(port, request, ask)  # Given in advance: the time to decide begins now.
        if opening is None:
            raise _refusal(request, "a decision on a request that is not open")
        if opening.is_over(_now(port)) is not answer.decisions[0].is_expired:
            state = "not over" if answer.decisions[0].is_expired else "over"
            raise _refusal(request, f"a decision when the time to decide, {opening.expires_at}, is {state}")
        for decision in answer.decisions if is_signed else ():
            _verify(port, request, decision, opening)
        if not port.use_nonce(opening.nonce, answer.digest):
            raise _refusal(request, "a nonce that was used before")


def _list_guarded(result: OrchestrationResult) -> Iterator[tuple[Request, HumanAsk, Answer]]:
    given = {answer.request_digest: answer for answer in result.inputs.answers}
    for request in result.requests:
        if isinstance(request.ask, HumanAsk) and request.ask.is_guarded:
            yield request, request.ask, given[request.digest]


def _verify(port: Decisions, request: Request, decision: HumanDecision, opening: Opening) -> None:
    signed = decision.signature
    if signed is None or signed.nonce != opening.nonce:
        raise _refusal(request, f"a nonce under which the request is not open, by {shown(decision.actor)}")
    if signed.expires_at != opening.expires_at:
        raise _refusal(
            request, f"expiry {shown(signed.expires_at)}, and the request is open until {opening.expires_at}"
        )
    try:
        port.verify(request, decision)
    except InvalidSignatureError as error:
        refusal = _refusal(request, error.what)
        refusal.remedy = error.remedy
        raise refusal from error


def _has_lapsed(port: Decisions, request: Request, decision: HumanDecision) -> bool:
    try:
        port.verify(request, decision)
    except InvalidSignatureError:
        return True
    signed = decision.signature
    return signed is not None and signed.expires_at is not None and signed.expires_at <= _now(port)


def _find_use(port: Decisions, answer: Answer) -> str | None:
    signed = answer.decisions[0].signature
    return None if signed is None else port.find_use(signed.nonce)


def _open(port: Decisions, request: Request, ask: HumanAsk) -> Opening:
    expires_at = None if ask.expires_after_ms is None else _now(port, ask.expires_after_ms)
    opening = Opening(request_digest=request.digest, nonce=port.new_nonce(), expires_at=expires_at)
    port.save_opening(opening)
    return opening


def _now(port: Decisions, after_ms: int = 0) -> str:
    now = port.now(after_ms)
    if not is_instant(now):
        # Another form would be compared as text all the same, and come before or after any time.
        raise DefinitionError(
            f"the port says that it is {shown(now)}",
            where="decisions",
            remedy="give a time in UTC with milliseconds, as in 2026-05-14T20:54:00.000Z",
        )
    return now


def _refusal(request: Request, what: str) -> DecisionRefusedError:
    return DecisionRefusedError(
        f"{what}, for step {shown(request.step_id)}",
        where=request.step_id,
        remedy="decide the request that is open now, under its own nonce and before it expires",
    )
