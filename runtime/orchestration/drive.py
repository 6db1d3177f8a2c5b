"""Drives a run in this process: executes it, has its effects performed, and executes it again with their outcomes.

The engine never performs an effect; this does, through connectors, under five rules:

1. A mutating effect needs a durable ledger. Its intent is recorded before the call, its outcome after it.
2. An intent without an outcome is `unknown`: it is not tried again. A connector that can look whether it was done is
   asked once; else the run waits until a person says so, in an answer, and the ledger is told. A run is driven by one
   process at a time: to look while another still acts would tell nothing.
3. Where a run changes something, what it read is recorded too: driven again after a crash, it must rest on the same, or
   what it did would belong to a run that nobody sees again. A read without a recorded outcome may be repeated.
4. A connector's exception becomes a code and never text: `unknown` for a mutating effect, `failed` for a reading one.
5. A mutating effect is not performed when a signed decision the run rests on no longer holds; it is `failed`, with
   the code `approval_stale`. See `approvals.py`.
"""

from collections.abc import Callable, Iterable, Mapping
from functools import partial
from typing import Any

import attrs

from runtime.encoding.frozen import JsonArray
from runtime.errors import AnswerRefusedError, DefinitionError, LedgerRequiredError, shown
from runtime.orchestration.answering import refuse_unused
from runtime.orchestration.approvals import Approvals
from runtime.orchestration.catalogue import verify_actions
from runtime.orchestration.checkpoint import Checkpoint, Mode
from runtime.orchestration.engine import execute
from runtime.orchestration.prepare import mutating_steps, prepare
from runtime.orchestration.result import OrchestrationResult, RunStatus
from runtime.ports import Connector, Decisions, EffectLedger
from runtime.values.answers import Answer, EffectOutcome, OutcomeStatus
from runtime.values.requests import EffectAsk, EffectMode, Request, WaitReason

__all__ = ["drive"]


def drive(
    inputs: Checkpoint,
    *,
    effects: Mapping[str, Connector] | None = None,
    ledger: EffectLedger | None = None,
    decisions: Decisions | None = None,
    settled: Iterable[Answer] | None = None,
) -> OrchestrationResult:
    """
    Execute a run until it ends or waits for what nobody here can answer.

    Args:
        inputs: the run so far.
        effects: connectors by name; without any, action steps wait.
        ledger: where mutating effects are recorded.
        decisions: what checks decisions of steps that are signed or expire; without it they take none.
        settled: those of the inputs' answers that were taken before; None for a run that begins.

    Raises:
        UnknownConnectorError: a step names a connector that `effects` does not hold.
        DefinitionError: a step names an action its connector lacks, or calls a mutating one `read`.
        LedgerRequiredError: a step mutates, and there is no durable ledger.
        AnswerRefusedError: an answer is invalid, stale, left over, or a decision that cannot be taken.
        TransitionError: an answer says of an effect other than what the ledger knows.
    """
    if effects is not None and not issubclass(type(effects), Mapping):
        raise DefinitionError(f"effects is {shown(effects)}", remedy="give a mapping of names to connectors")
    approvals = Approvals(decisions, settled)
    if effects is None:
        return _close(_tell_settled(execute(inputs), ledger), approvals)
    steps = prepare(inputs.definition)
    verify_actions(steps, _describe(effects))
    # Under `observe` the engine refuses any mutating step itself, with the better reason.
    mutating = mutating_steps(steps)
    if mutating and inputs.mode is Mode.APPLY and getattr(ledger, "is_durable", False) is not True:
        raise LedgerRequiredError(
            f"steps {mutating} mutate, and there is no durable ledger",
            remedy="pass ledger=, one that keeps its records; or leave effects out, so that the steps wait",
        )
    if not mutating:
        ledger = None
    result, done = _tell_settled(execute(inputs), ledger), None
    try:
        while result.status is RunStatus.WAITING_EFFECT:
            pending = result.pending
            assert pending is not None  # noqa: S101 - narrows the type; the run waits.
            if pending.reason is WaitReason.UNKNOWN:
                outcome = _settle(pending.request, effects, ledger)
                if outcome.status is OutcomeStatus.UNKNOWN:
                    break
            else:
                approvals.take(result)
                outcome = _perform(pending.request, effects, ledger, partial(approvals.is_stale, result))
            answers = (*result.inputs.answers, Answer(request_digest=pending.digest, outcome=outcome))
            done = inputs.answered_by(answers)
            # Answers given in advance for later steps are still unused; they stay in the run's inputs.
            result = execute(inputs.answered_by((*answers, *result.unused)))
        return _close(result, approvals)
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
) -> EffectOutcome:
    assert isinstance(request.ask, EffectAsk)  # noqa: S101 - narrows the type; the run waits for an effect.
    ask = request.ask
    if ledger is not None and ask.mode is EffectMode.MUTATE:
        if ledger.has_intent(request.digest):
            return _settle(request, effects, ledger)
        if is_stale():  # (5)
            return EffectOutcome(status=OutcomeStatus.FAILED, code="approval_stale")
        if not ledger.record_intent(request):  # (1)
            # Somebody else began it a moment ago, and will say how it ends.
            return EffectOutcome(status=OutcomeStatus.UNKNOWN, code="in_flight")
    elif ledger is not None:
        known = ledger.find_outcome(request.digest)
        if known is not None and known.status is not OutcomeStatus.UNKNOWN:  # (3)
            return known
        ledger.record_intent(request)
    outcome = _call(effects[ask.connector].call, request, ask.mode)
    if not outcome.attempts:
        attempt = {"number": 1, "status": outcome.status.value, "code": outcome.code}
        outcome = attrs.evolve(outcome, attempts=JsonArray([attempt]))
    if ledger is not None:
        ledger.record_outcome(request.digest, outcome)
    return outcome


def _settle(request: Request, effects: Mapping[str, Connector], ledger: EffectLedger | None) -> EffectOutcome:
    """
    Find out how an effect ended that was begun before, without doing it again (2).
    """
    assert isinstance(request.ask, EffectAsk)  # noqa: S101 - narrows the type; the run waits for an effect.
    known = None if ledger is None else ledger.find_outcome(request.digest)
    if known is not None and known.status is not OutcomeStatus.UNKNOWN:
        return known
    look = getattr(effects[request.ask.connector], "reconcile", None)
    seen = None if look is None else _call(look, request, EffectMode.MUTATE)
    if seen is None or seen.status is OutcomeStatus.UNKNOWN:
        return known or EffectOutcome(status=OutcomeStatus.UNKNOWN, code="interrupted")
    if ledger is not None:
        ledger.record_outcome(request.digest, seen)
    return seen


def _tell_settled(result: OrchestrationResult, ledger: EffectLedger | None) -> OrchestrationResult:
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


def _call(call: Callable[[Request], object], request: Request, mode: EffectMode) -> EffectOutcome:
    try:
        given = call(request)
    except Exception:  # noqa: BLE001 - foreign code may raise anything; only a code of ours is kept (4).
        code = "connector_raised"
    else:
        if type(given) is EffectOutcome:
            return given
        code = "connector_gave_no_outcome"
    status = OutcomeStatus.UNKNOWN if mode is EffectMode.MUTATE else OutcomeStatus.FAILED
    return EffectOutcome(status=status, code=code)
