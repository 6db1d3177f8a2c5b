"""Drive a run in this process, until it ends or waits: one short drive, which loads it, advances it and keeps it.

The engine is executed from the inputs and the answers so far; nothing of a run lives in a process between two drives.
Source: contracts/operations.md 4.
"""

from collections.abc import Mapping

from runtime.errors import PlanChangedError, TransitionError
from runtime.evidence.audit import AuditCode
from runtime.evidence.runreceipt import Validation
from runtime.orchestration.drive import drive
from runtime.orchestration.result import OrchestrationResult, RunStatus
from runtime.ports import Connector, EffectLedger
from runtime.runs.gates import Gate
from runtime.runs.journal import Journal
from runtime.runs.planning import RunPorts, load_run
from runtime.runs.run import Run
from runtime.runs.states import RunEvent, RunState
from runtime.values.requests import HumanAsk, WaitReason

__all__ = ["advance", "start"]


def start(
    ports: RunPorts, run_id: str, *, actor: str, effects: Mapping[str, Connector], ledger: EffectLedger | None = None
) -> Run:
    """
    Start an approved run, and drive it until it ends or waits.

    Raises:
        TransitionError: it is not approved.
        PlanChangedError: what is kept of it is not what was planned.
        RevisionConflictError: somebody else started it; it was started once.
    """
    run = load_run(ports, run_id)
    journal = Journal(run, at=ports.decisions.now(), actor=actor)
    journal.move(RunEvent.START)
    if run.build_plan().digest != run.plan_digest:
        raise PlanChangedError("a run that is not the one that was planned", where=run_id, remedy="plan it again")
    ports.store.commit(journal.close())
    return advance(ports, run_id, effects=effects, ledger=ledger)


def advance(
    ports: RunPorts, run_id: str, *, effects: Mapping[str, Connector], ledger: EffectLedger | None = None
) -> Run:
    """
    Drive a run that is running until it ends or waits.

    Args:
        ports: where runs are kept, and what decisions need.
        run_id: the run.
        effects: connectors by name; each that the workflow names must be there.
        ledger: where effects of this run that change something are recorded; equal runs ask for equal effects.

    Raises:
        TransitionError: it is not running.
        UnknownConnectorError: a step names a connector that is not there; the run stays as it is.
        RevisionConflictError: somebody else changed it meanwhile; what was done outside is in the ledger.
    """
    run = load_run(ports, run_id)
    inputs = run.inputs
    if run.state is not RunState.RUNNING or inputs is None:
        raise TransitionError(f"a drive of a run that is {run.state}", where=run_id, remedy="start or resume it first")
    result = drive(inputs, effects=effects, ledger=ledger, decisions=ports.decisions, settled=inputs.answers)
    journal = Journal(run, at=ports.decisions.now(), actor="engine")
    journal.set(inputs=result.inputs)
    gates: tuple[Gate, ...] = ()
    if result.pending is None:
        _end(journal, result)
    elif isinstance(result.pending.request.ask, HumanAsk):
        journal.note_steps(result)
        gates = (_open_gate(ports, journal, result),)
    else:
        journal.note_steps(result)
        assert result.pending.reason is WaitReason.UNKNOWN  # noqa: S101 - every connector is there, and answered.
        journal.move(RunEvent.LOSE)
    ports.store.commit(journal.close(gates=gates))
    return journal.run


def _end(journal: Journal, result: OrchestrationResult) -> None:
    journal.note_end(result)
    if result.status is not RunStatus.COMPLETED:
        journal.move(RunEvent.FAIL, reason=result.error_code)
        return
    journal.move(RunEvent.FINISH)
    journal.set(validation=Validation(rule_count=0))
    journal.move(RunEvent.PASS)


def _open_gate(ports: RunPorts, journal: Journal, result: OrchestrationResult) -> Gate:
    assert result.pending is not None  # noqa: S101 - the caller looked.
    request = result.pending.request
    gate = Gate(
        gate_id=ports.new_id(),
        run_id=journal.run.run_id,
        request=request,
        opening=result.opening,
        created_at=journal.run.updated_at,
    )
    journal.note(AuditCode.GATE_REQUESTED, f"Gate requested: {request.step_id}", step_id=request.step_id)
    journal.move(RunEvent.ASK)
    return gate
