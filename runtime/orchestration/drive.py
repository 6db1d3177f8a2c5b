"""Drives a run in this process: executes it, has its effects performed, and executes it again with their outcomes.

The engine never performs an effect; this does, through connectors, under four rules:

1. A mutating effect needs a durable ledger. Its intent is recorded before the call, its outcome after it.
2. An intent without an outcome is `unknown`: it is not tried again here, and the run waits until it is reconciled.
3. A connector's exception becomes a code and never text: `unknown` for a mutating effect, `failed` for a reading one.
4. A mutating effect is not performed when a signed decision the run rests on no longer holds; it is `failed`, with
   the code `approval_stale`. See `approvals.py`.
5. A connector is given the values behind the seals in its params; what is recorded keeps the seals. See `sealing.py`.
"""

from collections.abc import Callable, Iterable, Mapping
from functools import partial
from typing import Any

import attrs

from runtime.encoding.frozen import JsonArray
from runtime.errors import AnswerRefusedError, DefinitionError, LedgerRequiredError, UnknownSealError, shown
from runtime.orchestration.answering import refuse_unused
from runtime.orchestration.approvals import Approvals
from runtime.orchestration.catalogue import verify_actions
from runtime.orchestration.checkpoint import Checkpoint, Mode
from runtime.orchestration.engine import execute
from runtime.orchestration.opening import SealedRun, lost_outcome
from runtime.orchestration.prepare import mutating_steps, prepare
from runtime.orchestration.result import OrchestrationResult, RunStatus
from runtime.orchestration.sealing import Sealing
from runtime.ports import Connector, Decisions, EffectLedger
from runtime.values.answers import Answer, EffectOutcome, OutcomeStatus
from runtime.values.requests import EffectAsk, EffectMode, Request, WaitReason

__all__ = ["drive"]


def drive(  # noqa: PLR0913 - the ports of a run.
    inputs: Checkpoint,
    *,
    effects: Mapping[str, Connector] | None = None,
    ledger: EffectLedger | None = None,
    decisions: Decisions | None = None,
    settled: Iterable[Answer] | None = None,
    seal: Sealing | None = None,
) -> OrchestrationResult:
    """
    Execute a run until it ends or waits for what nobody here can answer.

    Args:
        inputs: the run so far.
        effects: connectors by name; without any, action steps wait.
        ledger: where mutating effects are recorded.
        decisions: what checks decisions of steps that are signed or expire; without it they take none.
        settled: those of the inputs' answers that were taken before; None for a run that begins.
        seal: with what the run began to be sealed; None where nothing of it is.

    Raises:
        UnknownConnectorError: a step names a connector that `effects` does not hold.
        DefinitionError: a step names an action its connector lacks, or calls a mutating one `read`.
        LedgerRequiredError: a step mutates, and there is no durable ledger.
        AnswerRefusedError: an answer is invalid, stale, left over, or a decision that cannot be taken.
        SealingRequiredError: an effect has sealed params, or may bring values to seal, and nothing here can.
    """
    if effects is not None and not issubclass(type(effects), Mapping):
        raise DefinitionError(f"effects is {shown(effects)}", remedy="give a mapping of names to connectors")
    sealed = SealedRun(seal, inputs)
    inputs = sealed.seal_answers(inputs, settled or ())
    approvals = Approvals(decisions, settled)
    if effects is None:
        return sealed.finish(_close(execute(inputs), approvals))
    steps = prepare(inputs.definition)
    verify_actions(steps, _describe(effects))
    # Under `observe` the engine refuses any mutating step itself, with the better reason.
    mutating = mutating_steps(steps)
    if mutating and inputs.mode is Mode.APPLY and getattr(ledger, "is_durable", False) is not True:
        raise LedgerRequiredError(
            f"steps {mutating} mutate, and there is no durable ledger",
            remedy="pass ledger=, one that keeps its records; or leave effects out, so that the steps wait",
        )
    result, done = execute(inputs), None
    try:
        while result.status is RunStatus.WAITING_EFFECT:
            pending = result.pending
            if pending is None or pending.reason is WaitReason.UNKNOWN:
                break
            approvals.take(result)
            outcome = _perform(pending.request, effects, ledger, partial(approvals.is_stale, result), sealed)
            answers = (*result.inputs.answers, Answer(request_digest=pending.digest, outcome=outcome))
            done = inputs.answered_by(answers)
            # Answers given in advance for later steps are still unused; they stay in the run's inputs.
            result = execute(inputs.answered_by((*answers, *result.unused)))
        return sealed.finish(_close(result, approvals))
    except AnswerRefusedError as refusal:
        if done is not None and refusal.result is None:
            # The effect was done: its outcome goes along with the refusal of a later answer.
            refusal.result = execute(done)
        raise


def _close(result: OrchestrationResult, approvals: Approvals) -> OrchestrationResult:
    """
    Hand a result out: with every answer used, every decision taken, and the request it waits for open.
    """
    approvals.take(refuse_unused(result))
    opening, expired = approvals.open(result)
    if expired is not None:
        return _close(execute(result.inputs.answered_by((*result.inputs.answers, expired))), approvals)
    return attrs.evolve(result, opening=opening)


def _describe(effects: Mapping[str, Connector]) -> dict[str, Any]:
    described = {}
    for name, connector in effects.items():
        try:
            described[name] = connector.describe()
        except Exception as error:  # foreign code may raise anything
            raise DefinitionError(
                f"connector {shown(name)} does not describe itself ({type(error).__name__})",
                where=str(name),
                remedy='its describe() must give {"actions": {name: {"mode": "read" or "mutate"}}}',
            ) from error
    return described


def _perform(
    request: Request,
    effects: Mapping[str, Connector],
    ledger: EffectLedger | None,
    is_stale: Callable[[], bool],
    sealed: SealedRun,
) -> EffectOutcome:
    assert isinstance(request.ask, EffectAsk)  # noqa: S101 - narrows the type; the run waits for an effect.
    ask = request.ask
    digest = request.digest
    recorded = ledger is not None and ask.mode is EffectMode.MUTATE
    if ledger is not None and recorded:
        known = ledger.find_outcome(digest)
        if known is not None:
            return known
        if ledger.has_intent(digest):  # (2)
            return EffectOutcome(status=OutcomeStatus.UNKNOWN, code="interrupted")
        if is_stale():  # (4)
            return EffectOutcome(status=OutcomeStatus.FAILED, code="approval_stale")
    try:
        opened = sealed.open(request)  # (5)
    except UnknownSealError:
        return EffectOutcome(status=OutcomeStatus.FAILED, code="sealed_value_missing")
    if ledger is not None and recorded:
        ledger.record_intent(request)  # (1)
    outcome = sealed.seal_outcome(request.step_id, ask.mode, _call(effects[ask.connector], opened, ask.mode))
    if not outcome.attempts:
        attempt = {"number": 1, "status": outcome.status.value, "code": outcome.code}
        outcome = attrs.evolve(outcome, attempts=JsonArray([attempt]))
    if ledger is not None and recorded:
        ledger.record_outcome(digest, outcome)
    return outcome


def _call(connector: Connector, request: Request, mode: EffectMode) -> EffectOutcome:
    try:
        given: object = connector.call(request)
    except Exception:  # noqa: BLE001 - foreign code may raise anything; only a code of ours is kept (3).
        code = "connector_raised"
    else:
        if type(given) is EffectOutcome:
            return given
        code = "connector_gave_no_outcome"
    return lost_outcome(mode, code)
