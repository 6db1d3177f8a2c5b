"""Opening seals for a connector, and sealing what it gives back; the rules stand in `sealing.py`."""

from collections.abc import Iterable
from typing import final

import attrs

from runtime.encoding.canonical import JsonValue
from runtime.encoding.digest import is_digest
from runtime.encoding.frozen import JsonArray, JsonObject, thaw
from runtime.encoding.seal import SEAL_MEMBER, find_seals, may_hold_seal, replace_seals
from runtime.errors import DefinitionError, EncodingError, SealingRequiredError, UnknownSealError, shown
from runtime.orchestration.checkpoint import Checkpoint
from runtime.orchestration.echoes import Echoes
from runtime.orchestration.engine import execute
from runtime.orchestration.result import OrchestrationResult
from runtime.orchestration.sealed_inputs import outcome_holds_seal, run_digest_of
from runtime.orchestration.sealing import SEAL_REMEDY, Sealer, Sealing
from runtime.ports import Openings
from runtime.values.answers import Answer, EffectOutcome, lost_outcome
from runtime.values.requests import EffectAsk, EffectMode, Request

__all__ = ["SealedRun"]


@final
class SealedRun:
    """
    Opens and seals for one run while it is driven; without a `Sealing` it only refuses what would need one.
    """

    def __init__(self, sealing: Sealing | None, inputs: Checkpoint) -> None:
        """
        Take up a run that began.
        """
        self._openings = None if sealing is None else sealing.openings
        self._run_digest = "" if sealing is None else run_digest_of(inputs)
        self._session = None if sealing is None else sealing.openings.load_session(self._run_digest)
        self._steps = inputs.definition.steps
        self._echoes: Echoes | None = None

    def open(self, request: Request) -> Request:
        """
        Give a request for an effect with the seals in its params opened (4).

        Raises:
            SealingRequiredError: there is nothing to open or to seal with (5).
            UnknownSealError: one was erased.
            SealMismatchError: what is kept does not open it.
        """
        ask = request.ask
        assert isinstance(ask, EffectAsk)  # noqa: S101 - narrows the type; the run waits for an effect.
        if self._openings is not None:
            self._demand_session(request.step_id)
            self._list_echoes(self._openings)  # Now, because nothing may fail once the connector was called.
        if not may_hold_seal(ask.params.raw):
            return request
        if self._openings is None:
            raise SealingRequiredError("params that are sealed", where=request.step_id, remedy=SEAL_REMEDY)
        return request.opened_with(JsonObject(replace_seals(ask.params.thaw(), self._open_one)))

    def _demand_session(self, where: str) -> None:
        if self._session is None:
            what = "the seal key of this run is not here: it has ended, or began elsewhere"
            raise SealingRequiredError(what, where=where, remedy=SEAL_REMEDY)

    def _open_one(self, path: str, seal: JsonValue) -> JsonValue:
        assert self._openings is not None  # noqa: S101 - narrows the type; the caller has looked.
        name = seal[SEAL_MEMBER]
        disclosure = self._openings.find(self._run_digest, name) if type(name) is str else None
        if disclosure is None:
            raise UnknownSealError(
                f"no opening of {shown(name)}", where=path, remedy="it was erased, or was never kept here"
            )
        disclosure.verify()
        return thaw(disclosure.value)

    def _list_echoes(self, openings: Openings) -> Echoes:
        """
        Give the values that connectors of this run are given, whichever process opens them.

        A connector may keep what it got, and who looks how an effect ended may write it down.
        """
        if self._echoes is None:
            self._echoes = Echoes()
            for step in self._steps:
                for _, seal in find_seals(step.payload.thaw()):
                    name = seal[SEAL_MEMBER]
                    disclosure = openings.find(self._run_digest, name) if is_digest(name) else None
                    if disclosure is not None:
                        self._echoes.add(thaw(disclosure.value))
        return self._echoes

    def seal_outcome(self, step_id: str, mode: EffectMode, outcome: EffectOutcome) -> EffectOutcome:
        """
        Seal what the rules name in an outcome, and every opened value it repeats (4); a seal of its own is not believed.
        """
        if outcome_holds_seal(outcome):  # (2)
            return lost_outcome(mode, "connector_gave_seal")
        if self._session is None or self._openings is None:
            return outcome
        sealer, echoes = Sealer(self._session), self._list_echoes(self._openings)
        place = step_id.replace("~", "~0").replace("/", "~1")
        code = "sealed_value" if outcome.code is not None and echoes.are_in(outcome.code) else outcome.code
        try:
            output = sealer.seal(("outcomes", step_id), thaw(outcome.output))
            output = echoes.replace(output, f"/outcomes/{place}", sealer.seal_one)
            attempts = echoes.replace(outcome.attempts.thaw(), f"/attempts/{place}", sealer.seal_one)
            sealed = EffectOutcome(status=outcome.status, output=output, code=code, attempts=JsonArray(attempts))
        except (DefinitionError, EncodingError):
            # A seal takes more room than a short value, and its path may be longer than a pointer can be.
            return lost_outcome(mode, "sealed_too_large")
        self._openings.save(self._run_digest, sealer.made)  # (3)
        return sealed

    def seal_answers(self, inputs: Checkpoint, settled: Iterable[Answer]) -> Checkpoint:
        """
        Seal what the rules name in the outcomes that were given from outside.

        Raises:
            SealingRequiredError: the seal key is not here.
        """
        if self._openings is None:
            return inputs
        taken = {answer.digest for answer in settled}
        ready, bound = [], []
        for answer in inputs.answers:
            if answer.outcome is None or answer.outcome.output is None or answer.digest in taken:
                ready.append(answer)
            elif answer.step_id is not None:
                ready.append(self._seal_answer(answer, answer.step_id))
            else:
                bound.append(answer)
        while bound:
            # Which step a request digest stands for shows when the run is executed up to there.
            pending = execute(inputs.answered_by(tuple(ready))).pending
            asked = next((answer for answer in bound if pending and answer.request_digest == pending.digest), None)
            if asked is None or pending is None:
                break  # Those that are left are for no request of this run, and are refused.
            bound.remove(asked)
            ready.append(self._seal_answer(asked, pending.request.step_id))
        return inputs.answered_by((*ready, *bound))

    def _seal_answer(self, answer: Answer, step_id: str) -> Answer:
        self._demand_session(step_id)
        assert answer.outcome is not None  # noqa: S101 - narrows the type; the caller has looked.
        return attrs.evolve(answer, outcome=self.seal_outcome(step_id, EffectMode.MUTATE, answer.outcome))

    def finish(self, result: OrchestrationResult) -> OrchestrationResult:
        """
        Give a result back, and destroy the seal key when the run has ended (3).
        """
        if self._openings is not None and result.pending is None:
            self._openings.end(self._run_digest)
        return result
