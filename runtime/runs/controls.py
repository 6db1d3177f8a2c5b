"""What people do to a run beside deciding at its gates: cancel it, settle what is unknown, call for help.

Source: contracts/operations.md 1.
"""

from typing import Any, Final

import attrs

from runtime.errors import TransitionError
from runtime.evidence.audit import AuditCode
from runtime.orchestration.drive import drive
from runtime.orchestration.engine import execute
from runtime.orchestration.result import RunStatus
from runtime.ports import EffectLedger
from runtime.runs.deciding import find_gate
from runtime.runs.gates import GateStatus
from runtime.runs.journal import Journal
from runtime.runs.planning import RunPorts, load_run
from runtime.runs.run import Run
from runtime.runs.states import ESCALATED_STATES, RunEvent, RunState
from runtime.values.answers import Answer, EffectOutcome, OutcomeStatus

__all__ = ["cancel", "escalate", "reconcile"]

_OPTIONS: Final = {
    RunState.BLOCKED: ("plan it otherwise, or have the policy changed",),
    RunState.FAILED: ("find out why, and plan it again",),
    RunState.INDETERMINATE: ("look whether the effect was done, and reconcile", "cancel it"),
}
"""What can safely be done next, by state."""


def cancel(ports: RunPorts, run_id: str, *, actor: str, reason: str | None = None) -> Run:
    """
    End a run before its next step; a gate it waits at is closed. An effect that nobody knows the end of is named.

    Raises:
        TransitionError: it has ended; or it is running, where somebody may be in the middle of a step.
        RevisionConflictError: somebody else changed it meanwhile.
    """
    run = load_run(ports, run_id)
    if run.state is RunState.RUNNING:
        # Whoever drives it would go on, and do what the receipt says was not done.
        raise TransitionError(
            "a cancellation of a run that is running",
            where=run_id,
            remedy="cancel it when it waits; where nobody drives it any more, advance it first",
        )
    journal = Journal(run, at=ports.decisions.now(), actor=actor)
    if run.inputs is not None:
        left = [step.id for step in run.inputs.definition.steps[run.lineage_count :]]
        unknown = left.pop(0) if run.state is RunState.INDETERMINATE else None
        journal.set(steps_not_done=tuple(left), unknown_step=unknown)
    journal.move(RunEvent.CANCEL, reason=reason)
    gate = find_gate(ports, run_id)
    gates: tuple[Any, ...] = ()
    if gate is not None:
        gates = (attrs.evolve(gate, status=GateStatus.CLOSED, resolved_at=journal.run.updated_at),)
    ports.store.commit(journal.close(gates=gates))
    return journal.run


def reconcile(
    ports: RunPorts, run_id: str, outcome: EffectOutcome, *, actor: str, ledger: EffectLedger | None = None
) -> Run:
    """
    Say how the effect ended of which a run does not know.

    Args:
        ports: where runs are kept, and what decisions need.
        run_id: the run.
        outcome: that it was done (`succeeded`, with what it brought), or certainly not (`failed`).
        actor: who found out.
        ledger: where effects are recorded; it is told.

    Returns:
        The run: running again, or failed.

    Raises:
        TransitionError: it waits for no such thing, the outcome says that it is still unknown, or the ledger knows better.
        RevisionConflictError: somebody else changed it meanwhile.
    """
    run = load_run(ports, run_id)
    inputs = run.inputs
    if run.state is not RunState.INDETERMINATE or inputs is None:
        raise TransitionError(
            f"a reconciliation of a run that is {run.state}",
            where=run_id,
            remedy="only one that is indeterminate takes it",
        )
    if outcome.status is OutcomeStatus.UNKNOWN:
        raise TransitionError(
            "an outcome that is unknown", where=run_id, remedy="look whether it was done, then say so"
        )
    pending = execute(inputs).pending
    assert pending is not None  # noqa: S101 - the state says so.
    answer = Answer(request_digest=pending.digest, outcome=outcome)
    answered = inputs.answered_by((*inputs.answers, answer))
    result = drive(answered, ledger=ledger, decisions=ports.decisions, settled=inputs.answers)
    journal = Journal(run, at=ports.decisions.now(), actor=actor)
    journal.set(inputs=answered)
    journal.note(
        AuditCode.RUN_EVENT,
        f"Run reconcile: {outcome.status}",
        step_id=pending.request.step_id,
        details={"answer_digest": answer.digest, "request_digest": pending.digest},
    )
    if outcome.status is OutcomeStatus.FAILED and result.status is RunStatus.FAILED:
        journal.note_end(result)
        journal.move(RunEvent.SETTLE_NOT_DONE, reason=result.error_code)
    else:
        journal.move(RunEvent.SETTLE_DONE)
    ports.store.commit(journal.close())
    return journal.run


def escalate(ports: RunPorts, run_id: str, *, actor: str, note: str = "") -> tuple[Run, dict[str, Any]]:
    """
    Call for help with a run that failed, was blocked, or does not know what it did.

    Returns:
        The run, and the package for whoever helps: where it stands, which step failed and why, what was said of it, by
        which digests the evidence is found, and what can safely be done next.

    Raises:
        TransitionError: it is in none of these states, or was escalated before.
        RevisionConflictError: somebody else changed it meanwhile.
    """
    run = load_run(ports, run_id)
    if run.state not in ESCALATED_STATES or run.is_escalated:
        what = f"an escalation of a run that is {run.state}" + (" and escalated" if run.is_escalated else "")
        allowed = sorted(state.value for state in ESCALATED_STATES)
        raise TransitionError(what, where=run_id, remedy=f"one that is {allowed} can be escalated, once")
    package = _package(run, note)
    journal = Journal(run, at=ports.decisions.now(), actor=actor)
    journal.set(is_escalated=True)
    journal.note(AuditCode.RUN_EVENT, "Run escalate", details=package)
    ports.store.commit(journal.close())
    return journal.run, package


def _package(run: Run, note: str) -> dict[str, Any]:
    result = None if run.inputs is None or run.state is RunState.BLOCKED else execute(run.inputs)
    waiting = None if result is None or result.pending is None else result.pending.request.step_id
    return {
        "run_id": run.run_id,
        "state": run.state.value,
        "note": note,
        "step_id": waiting if result is None else waiting or result.failed_step_id,
        "error_code": run.error_code,
        "verdicts": [] if result is None else [verdict.digest for _, verdict in result.verdicts],
        "evidence": {"plan": run.plan_digest, "receipt": run.receipt_digest, "audit_head": run.audit_digest},
        "options": list(_OPTIONS[run.state]),
    }
