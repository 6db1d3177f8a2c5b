"""Plan a run, and have it admitted. What was planned is what will run: the plan is bound by its digest.

Read `deciding.py` next.
"""

from collections.abc import Callable
from typing import final

import attrs

from runtime.errors import DefinitionError, shown
from runtime.evidence.audit import AuditCode
from runtime.orchestration.checkpoint import Checkpoint
from runtime.orchestration.drive import drive
from runtime.orchestration.result import RunStatus
from runtime.policy.pack import PolicyPack
from runtime.ports import Decisions
from runtime.runs.admission import DEFAULT_ADMISSION, build_admission
from runtime.runs.gates import Gate
from runtime.runs.journal import Journal
from runtime.runs.ports import RunStore
from runtime.runs.run import Run
from runtime.runs.states import RunEvent
from runtime.values.modes import RunMode

__all__ = ["RunPorts", "load_run", "plan_run"]


@final
@attrs.frozen(kw_only=True)
class RunPorts:
    """
    What durable runs need from outside: a store; keys, a clock and nonces; and ids that were never given before.
    """

    store: RunStore
    decisions: Decisions
    new_id: Callable[[], str]


def load_run(ports: RunPorts, run_id: str) -> Run:
    """
    Give a run as it is now.

    Raises:
        UnknownRunError: there is none of this id.
        IntegrityError: what is kept is damaged.
    """
    return Run.from_stored(ports.store.load(run_id))


def plan_run(  # noqa: PLR0913 - what a plan is bound to, each with a default.
    ports: RunPorts,
    inputs: Checkpoint,
    *,
    requester: str,
    tenant: str = "local",
    environment: str | None = None,
    environment_digest: str | None = None,
    target: str | None = None,
    correlation_id: str | None = None,
    admission: PolicyPack = DEFAULT_ADMISSION,
) -> Run:
    """
    Plan a run, and have it admitted.

    Args:
        ports: where it is kept, and what decisions need.
        inputs: what is to be executed, without answers.
        requester: who asks for it.
        tenant: whose run it is.
        environment: the id of the environment it acts in, with the digest of its settings.
        environment_digest: see `environment`.
        target: what it acts on.
        correlation_id: what the requester's other systems know it by.
        admission: the policy that admits plans.

    Returns:
        The run: approved, waiting for an approval, or blocked.

    Raises:
        DefinitionError: the inputs have answers already, or a field is refused.
        PolicyError: an obligation of the policy cannot be met.
    """
    if inputs.answers:
        raise DefinitionError("a plan with answers", where="inputs", remedy="answers are given while it runs")
    now = ports.decisions.now()
    run = Run(
        run_id=ports.new_id(),
        mode=RunMode(inputs.mode.value),
        tenant=tenant,
        requester=requester,
        mission=inputs.mission,
        environment=environment,
        environment_digest=environment_digest,
        target=target,
        correlation_id=correlation_id,
        inputs=inputs,
        created_at=now,
        updated_at=now,
    )
    journal = Journal(run, at=now, actor=requester)
    name = inputs.mission or inputs.definition.id
    journal.note(AuditCode.RUN_CREATED, f"Workflow run created for {shown(name)}", new_status="pending")
    journal.set(plan_digest=run.build_plan().digest)
    journal.move(RunEvent.PLAN)
    gates = _admit(ports, journal, admission, now)
    ports.store.create(journal.close(gates=gates))
    return journal.run


def _admit(ports: RunPorts, journal: Journal, pack: PolicyPack, now: str) -> tuple[Gate, ...]:
    """
    Have a plan admitted, and give the gate at which it waits.
    """
    inputs = build_admission(journal.run, pack)
    if inputs is None:
        journal.move(RunEvent.ADMIT)
        return ()
    result = drive(inputs, decisions=ports.decisions)
    journal.set(admission=result.inputs)
    for _, verdict in result.verdicts:
        record = verdict.to_dict()
        journal.note(
            AuditCode.POLICY_EVALUATED,
            f"Policy {record['policy_id']} evaluated",
            decision=verdict.decision,
            details=record,
        )
    if result.status is RunStatus.DENIED:
        journal.move(RunEvent.BLOCK, reason=result.error_code)
        return ()
    if result.pending is None:
        journal.move(RunEvent.ADMIT)
        return ()
    gate = Gate(
        gate_id=ports.new_id(),
        run_id=journal.run.run_id,
        request=result.pending.request,
        opening=result.opening,
        created_at=now,
    )
    journal.note(AuditCode.GATE_REQUESTED, f"Gate requested: {gate.request.step_id}", step_id=gate.request.step_id)
    journal.move(RunEvent.FLAG)
    return (gate,)
