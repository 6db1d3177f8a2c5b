"""Performs the effects of one run through connectors, each recorded before and after, and none of them twice.

1. A mutating effect needs a durable ledger. Its intent is recorded before the call, its outcome after it.
2. An intent without an outcome is `unknown`: it is not tried again. A connector that can look whether it was done is
   asked once; else the run waits until a person says so, in an answer, and the ledger is told. A run is driven by one
   process at a time: to look while another still acts would tell nothing.
3. Where a run changes something, what it read is recorded too: driven again after a crash, it must rest on the same, or
   what it did would belong to a run that nobody sees again. A read without a recorded outcome may be repeated.
4. A connector's exception becomes a code and never text: `unknown` for a mutating effect, `failed` for a reading one.
   What looks like a secret in what it says is redacted; see `screening.py`.
5. A mutating effect is not performed when a signed decision the run rests on no longer holds; it is `failed`, with
   the code `approval_stale`. See `approvals.py`.
"""

from collections.abc import Callable, Mapping
from typing import final

import attrs

from runtime.encoding.frozen import JsonArray
from runtime.orchestration.result import OrchestrationResult
from runtime.orchestration.screening import redact_outcome
from runtime.ports import Connector, EffectLedger
from runtime.values.answers import EffectOutcome, OutcomeStatus
from runtime.values.requests import EffectAsk, EffectMode, Request

__all__ = ["Performer", "tell_settled"]


@final
@attrs.frozen(kw_only=True)
class Performer:
    """
    What performs the effects of one run. Without a ledger it performs only what reads; the caller has seen to that.
    """

    effects: Mapping[str, Connector]
    ledger: EffectLedger | None
    allow_secrets: bool

    def perform(self, request: Request, is_stale: Callable[[], bool]) -> EffectOutcome:
        """
        Perform an effect, unless it is known how it ended.
        """
        ask = _effect_of(request)
        if self.ledger is not None and ask.mode is EffectMode.MUTATE:
            if self.ledger.has_intent(request.digest):
                return self.settle(request)
            if is_stale():  # (5)
                return EffectOutcome(status=OutcomeStatus.FAILED, code="approval_stale")
            if not self.ledger.record_intent(request):  # (1)
                # Somebody else began it a moment ago, and will say how it ends.
                return EffectOutcome(status=OutcomeStatus.UNKNOWN, code="in_flight")
        elif self.ledger is not None:
            known = self.ledger.find_outcome(request.digest)
            if known is not None and known.status is not OutcomeStatus.UNKNOWN:  # (3)
                return known
            self.ledger.record_intent(request)
        outcome = self._call(self.effects[ask.connector].call, request, ask.mode)
        if not outcome.attempts:
            attempt = {"number": 1, "status": outcome.status.value, "code": outcome.code}
            outcome = attrs.evolve(outcome, attempts=JsonArray([attempt]))
        if self.ledger is not None:
            self.ledger.record_outcome(request.digest, outcome)
        return outcome

    def settle(self, request: Request) -> EffectOutcome:
        """
        Find out how an effect ended that was begun before, without doing it again (2).
        """
        known = None if self.ledger is None else self.ledger.find_outcome(request.digest)
        if known is not None and known.status is not OutcomeStatus.UNKNOWN:
            return known
        look = getattr(self.effects[_effect_of(request).connector], "reconcile", None)
        seen = None if look is None else self._call(look, request, EffectMode.MUTATE)
        if seen is None or seen.status is OutcomeStatus.UNKNOWN:
            return known or EffectOutcome(status=OutcomeStatus.UNKNOWN, code="interrupted")
        if self.ledger is not None:
            self.ledger.record_outcome(request.digest, seen)
        return seen

    def _call(self, call: Callable[[Request], object], request: Request, mode: EffectMode) -> EffectOutcome:
        try:
            given = call(request)
        except Exception:  # noqa: BLE001 - foreign code may raise anything; only a code of ours is kept (4).
            return _lost(mode, "connector_raised")
        if type(given) is not EffectOutcome:
            return _lost(mode, "connector_gave_no_outcome")
        return redact_outcome(given, allow_secrets=self.allow_secrets)


def tell_settled(result: OrchestrationResult, ledger: EffectLedger | None) -> OrchestrationResult:
    """
    Tell the ledger how effects ended that it saw begin and that were answered from outside since.

    Raises:
        TransitionError: an answer says other than what the ledger knows.
    """
    if ledger is None:
        return result
    given = {answer.request_digest: answer.outcome for answer in result.inputs.answers}
    for request in result.requests:
        outcome = given[request.digest]
        if outcome is not None and ledger.has_intent(request.digest):
            ledger.record_outcome(request.digest, outcome)
    return result


def _effect_of(request: Request) -> EffectAsk:
    assert isinstance(request.ask, EffectAsk)  # noqa: S101 - narrows the type; the run waits for an effect.
    return request.ask


def _lost(mode: EffectMode, code: str) -> EffectOutcome:
    """
    Give the outcome of an effect whose connector did not say how it ended: it may have been done, if it mutates.
    """
    status = OutcomeStatus.UNKNOWN if mode is EffectMode.MUTATE else OutcomeStatus.FAILED
    return EffectOutcome(status=status, code=code)
