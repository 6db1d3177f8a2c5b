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
6. A connector is given the values behind the seals in its params; what is recorded keeps the seals. See `sealing.py`.
"""

from collections.abc import Callable, Mapping
from typing import final

import attrs

from runtime.encoding.frozen import JsonArray
from runtime.errors import UnknownSealError
from runtime.orchestration.opening import SealedRun
from runtime.orchestration.result import OrchestrationResult
from runtime.orchestration.screening import redact_outcome
from runtime.ports import Connector, EffectLedger
from runtime.values.answers import EffectOutcome, OutcomeStatus, lost_outcome
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
    sealed: SealedRun
    allow_secrets: bool

    def perform(self, request: Request, is_stale: Callable[[], bool]) -> EffectOutcome:
        """
        Perform an effect, unless it is known how it ended.
        """
        ask = _effect_of(request)
        known = self._find_known(request, ask.mode, is_stale)
        if known is not None:
            return known
        try:
            opened = self.sealed.open(request)  # (6)
        except UnknownSealError:
            return EffectOutcome(status=OutcomeStatus.FAILED, code="sealed_value_missing")
        is_first = self.ledger is None or self.ledger.record_intent(request)  # (1)
        if not is_first and ask.mode is EffectMode.MUTATE:
            # Somebody else began it a moment ago, and will say how it ends.
            return EffectOutcome(status=OutcomeStatus.UNKNOWN, code="in_flight")
        outcome = self._call(self.effects[ask.connector].call, opened, ask.mode)
        if not outcome.attempts:
            attempt = {"number": 1, "status": outcome.status.value, "code": outcome.code}
            outcome = attrs.evolve(outcome, attempts=JsonArray([attempt]))
        if self.ledger is not None:
            self.ledger.record_outcome(request.digest, outcome)
        return outcome

    def _find_known(self, request: Request, mode: EffectMode, is_stale: Callable[[], bool]) -> EffectOutcome | None:
        """
        Give the outcome of an effect that is not to be performed: it was begun before, or may not be begun any more.
        """
        if mode is EffectMode.READ:
            known = None if self.ledger is None else self.ledger.find_outcome(request.digest)
            return known if known is not None and known.status is not OutcomeStatus.UNKNOWN else None  # (3)
        if self.ledger is not None and self.ledger.has_intent(request.digest):
            return self.settle(request)
        return EffectOutcome(status=OutcomeStatus.FAILED, code="approval_stale") if is_stale() else None  # (5)

    def settle(self, request: Request) -> EffectOutcome:
        """
        Find out how an effect ended that was begun before, without doing it again (2).
        """
        known = None if self.ledger is None else self.ledger.find_outcome(request.digest)
        if known is not None and known.status is not OutcomeStatus.UNKNOWN:
            return known
        seen = self._look(request)
        if seen is None or seen.status is OutcomeStatus.UNKNOWN:
            return known or EffectOutcome(status=OutcomeStatus.UNKNOWN, code="interrupted")
        if self.ledger is not None:
            self.ledger.record_outcome(request.digest, seen)
        return seen

    def _look(self, request: Request) -> EffectOutcome | None:
        look = getattr(self.effects[_effect_of(request).connector], "reconcile", None)
        if look is None:
            return None
        try:
            opened = self.sealed.open(request)
        except UnknownSealError:
            return None  # Without the value nobody can look for what was done with it.
        return self._call(look, opened, EffectMode.MUTATE)

    def _call(self, call: Callable[[Request], object], request: Request, mode: EffectMode) -> EffectOutcome:
        try:
            given = call(request)
        except Exception:  # noqa: BLE001 - foreign code may raise anything; only a code of ours is kept (4).
            return lost_outcome(mode, "connector_raised")
        if type(given) is not EffectOutcome:
            return lost_outcome(mode, "connector_gave_no_outcome")
        return redact_outcome(self.sealed.seal_outcome(request.step_id, mode, given), allow_secrets=self.allow_secrets)


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
