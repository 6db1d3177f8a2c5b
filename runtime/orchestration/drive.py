"""Drives a run in this process: executes it, has its effects performed, and executes it again with their outcomes.

The engine never performs an effect; `performing.py` does, through the connectors that the caller passes in, and holds the
rules of that. What is refused before the first step is refused here, and what a decision needs to count is in
`approvals.py`. A run that refuses secrets is held to that; see `screening.py`. What is sealed, and
opened for a connector, is in `sealing.py`.
"""

from collections.abc import Iterable, Mapping
from functools import partial
from typing import Any

import attrs

from runtime.errors import AnswerRefusedError, DefinitionError, LedgerRequiredError, shown
from runtime.orchestration.answering import refuse_unused
from runtime.orchestration.approvals import Approvals
from runtime.orchestration.catalogue import verify_actions
from runtime.orchestration.checkpoint import Checkpoint, Mode
from runtime.orchestration.engine import execute
from runtime.orchestration.opening import SealedRun
from runtime.orchestration.performing import Performer, tell_settled
from runtime.orchestration.prepare import mutating_steps, prepare
from runtime.orchestration.result import OrchestrationResult, RunStatus
from runtime.orchestration.screening import refuse_secrets
from runtime.orchestration.sealing import Sealing
from runtime.ports import Connector, Decisions, EffectLedger
from runtime.values.answers import Answer, OutcomeStatus
from runtime.values.requests import WaitReason

__all__ = ["drive"]


def drive(  # noqa: PLR0913 - the ports of a run, and how it is driven.
    inputs: Checkpoint,
    *,
    effects: Mapping[str, Connector] | None = None,
    ledger: EffectLedger | None = None,
    decisions: Decisions | None = None,
    settled: Iterable[Answer] | None = None,
    seal: Sealing | None = None,
    allow_secrets: bool = True,
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
        allow_secrets: whether what looks like a secret may enter; without, inputs are refused and outputs redacted.

    Raises:
        UnknownConnectorError: a step names a connector that `effects` does not hold.
        DefinitionError: a step names an action its connector lacks, or calls a mutating one `read`.
        LedgerRequiredError: a step mutates, and there is no durable ledger.
        UndeclaredSecretError: an input that was not taken before looks like a secret, and none may enter.
        AnswerRefusedError: an answer is invalid, stale, left over, or a decision that cannot be taken.
        TransitionError: an answer says of an effect other than what the ledger knows.
        SealingRequiredError: an effect has sealed params, or may bring values to seal, and nothing here can.
    """
    if effects is not None and not issubclass(type(effects), Mapping):
        raise DefinitionError(f"effects is {shown(effects)}", remedy="give a mapping of names to connectors")
    settled = None if settled is None else tuple(settled)
    sealed = SealedRun(seal, inputs)
    inputs = sealed.seal_answers(inputs, settled or ())
    if not allow_secrets:
        refuse_secrets(inputs, settled)
    approvals = Approvals(decisions, settled)
    if effects is None:
        return sealed.finish(_close(tell_settled(execute(inputs), ledger), approvals))
    ledger = ledger if _verify_effects(inputs, effects, ledger) else None
    performer = Performer(effects=effects, ledger=ledger, sealed=sealed, allow_secrets=allow_secrets)
    result, done = tell_settled(execute(inputs), ledger), None
    try:
        while (answer := _answer_effect(result, performer, approvals)) is not None:
            answers = (*result.inputs.answers, answer)
            done = inputs.answered_by(answers)
            # Answers given in advance for later steps are still unused; they stay in the run's inputs.
            result = execute(inputs.answered_by((*answers, *result.unused)))
        return sealed.finish(_close(result, approvals))
    except AnswerRefusedError as refusal:
        if done is not None and refusal.result is None:
            # The effect was done: its outcome goes along with the refusal of a later answer.
            refusal.result = execute(done)
        raise


def _verify_effects(inputs: Checkpoint, effects: Mapping[str, Connector], ledger: EffectLedger | None) -> bool:
    """
    Refuse effects that do not fit the workflow; tell whether it changes something.
    """
    steps = prepare(inputs.definition)
    verify_actions(steps, _describe(effects))
    # Under `observe` the engine refuses any mutating step itself, with the better reason.
    mutating = mutating_steps(steps)
    if mutating and inputs.mode is Mode.APPLY and getattr(ledger, "is_durable", False) is not True:
        raise LedgerRequiredError(
            f"steps {mutating} mutate, and there is no durable ledger",
            remedy="pass ledger=, one that keeps its records; or leave effects out, so that the steps wait",
        )
    return bool(mutating)


def _answer_effect(result: OrchestrationResult, performer: Performer, approvals: Approvals) -> Answer | None:
    """
    Answer the effect a run waits for; None when it waits for none, or for one that cannot be known.
    """
    pending = result.pending
    if pending is None or result.status is not RunStatus.WAITING_EFFECT:
        return None
    if pending.reason is WaitReason.UNKNOWN:
        outcome = performer.settle(pending.request)
        if outcome.status is OutcomeStatus.UNKNOWN:
            return None
    else:
        approvals.take(result)
        outcome = performer.perform(pending.request, partial(approvals.is_stale, result))
    return Answer(request_digest=pending.digest, outcome=outcome)


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
