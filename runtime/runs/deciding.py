"""Decide at a gate: of a plan, or of a step. One vote or the last one, in time or too late; see `admission.py` for plans.

A nonce is used up for an answer before the run is kept with it. Whoever dies in between and comes again with the same
decision finds the nonce used for exactly that answer, and goes on.
"""

import attrs

from runtime.encoding.converter import unstructure
from runtime.encoding.digest import digest_of
from runtime.errors import TransitionError, shown
from runtime.evidence.audit import AuditCode
from runtime.orchestration.checkpoint import Checkpoint
from runtime.orchestration.drive import drive
from runtime.orchestration.gate import verify_vote
from runtime.orchestration.payloads_asking import HumanPayload
from runtime.orchestration.prepare import prepare
from runtime.orchestration.result import OrchestrationResult, RunStatus
from runtime.orchestration.voting import count_missing
from runtime.ports import Decisions
from runtime.runs.admission import PLAN_STEP
from runtime.runs.gates import Gate, GateStatus
from runtime.runs.journal import Journal
from runtime.runs.planning import RunPorts, load_run
from runtime.runs.run import Run
from runtime.runs.states import RunEvent, RunState
from runtime.values.answers import Answer
from runtime.values.decisions import HumanDecision

__all__ = ["decide", "find_gate"]


def find_gate(ports: RunPorts, run_id: str) -> Gate | None:
    """
    Give the gate a run waits at, or None.
    """
    gates = ports.store.list_gates(run_id=run_id, status=GateStatus.PENDING.value)
    return Gate.from_stored(gates[-1]) if gates else None


def decide(ports: RunPorts, run_id: str, decision: HumanDecision) -> Run:
    """
    Decide at the gate a run waits at.

    Args:
        ports: where runs are kept, and what decisions need.
        run_id: the run.
        decision: what one person decided, signed under the opening of the gate where its step wants that.

    Returns:
        The run: going on, ended, or still waiting where more persons must decide. One that nobody decided in time has
        ended, whatever was decided now.

    Raises:
        UnknownRunError: there is no such run.
        TransitionError: it waits at no gate, or this person has decided already.
        InvalidAnswerError: the step does not allow the decision.
        DecisionRefusedError: its signature, nonce or time does not hold.
        RevisionConflictError: somebody else was first.
    """
    run = load_run(ports, run_id)
    gate = find_gate(ports, run_id)
    if gate is None or run.state not in (RunState.WAITING_APPROVAL, RunState.WAITING_GATE):
        raise TransitionError(
            f"a decision on a run that is {run.state}", where=run_id, remedy="decide a run that waits for a person"
        )
    is_plan = gate.request.step_id == PLAN_STEP
    inputs = run.admission if is_plan else run.inputs
    assert inputs is not None  # noqa: S101 - it waits at a gate that these asked for.
    after, result = _vote(ports.decisions, gate, inputs, decision)
    # Whoever comes too late has not decided; nobody has.
    actor = decision.actor if after.status is not GateStatus.EXPIRED else None
    journal = Journal(run, at=ports.decisions.now(), actor=actor or "engine")
    if result is None:
        digest = digest_of(unstructure(decision))
        journal.note(AuditCode.GATE_INPUT, f"Resume input recorded: {digest}", step_id=gate.request.step_id)
    else:
        _settle(journal, after, result, is_plan=is_plan)
    ports.store.commit(journal.close(gates=(after,)))
    return journal.run


def _settle(journal: Journal, gate: Gate, result: OrchestrationResult, *, is_plan: bool) -> None:
    """
    Write what a vote came to, and let the run go on or end by it.
    """
    answer = gate.answer
    is_expired, is_denied = gate.status is GateStatus.EXPIRED, result.status is RunStatus.DENIED
    journal.note(
        AuditCode.GATE_EXPIRED if is_expired else AuditCode.GATE_DECIDED,
        f"Gate {gate.request.step_id} {gate.status}",
        step_id=gate.request.step_id,
        details={"answer_digest": None if answer is None else answer.digest, "request_digest": gate.request.digest},
    )
    if is_plan:
        journal.set(admission=result.inputs)
    else:
        journal.set(inputs=result.inputs)
    if not is_denied:
        journal.move(RunEvent.APPROVE if is_plan else RunEvent.DECIDE)
        return
    if not is_plan:
        journal.note_end(result)
    journal.move(RunEvent.EXPIRE if is_expired else RunEvent.REJECT, reason=result.error_code)


def _vote(
    port: Decisions, gate: Gate, inputs: Checkpoint, decision: HumanDecision
) -> tuple[Gate, OrchestrationResult | None]:
    """
    Add a decision to a vote, and give the run as it goes on when the vote is over.
    """
    standing = drive(inputs, decisions=port, settled=inputs.answers)
    payload = prepare(inputs.definition)[gate.request.sequence - 1].payload
    assert isinstance(payload, HumanPayload)  # noqa: S101 - a gate is a human step.
    if len(standing.inputs.answers) > len(inputs.answers):  # Nobody decided in time.
        return gate.settled_by(standing.inputs.answers[-1], port.now()), standing
    if decision.actor in [vote.actor for vote in gate.votes]:
        raise TransitionError(
            f"a second decision by {shown(decision.actor)}", where=gate.request.step_id, remedy="one person, one vote"
        )
    votes = tuple(sorted((*gate.votes, decision), key=lambda vote: vote.actor or ""))
    if count_missing(payload.quorum, votes):
        verify_vote(decision, payload, gate.request)
        if payload.signed:
            port.verify(gate.request, decision)
        return attrs.evolve(gate, votes=votes), None
    answer = Answer(request_digest=gate.request.digest, decisions=votes)
    is_taken = gate.opening is not None and port.find_use(gate.opening.nonce) == answer.digest
    settled = (*inputs.answers, answer) if is_taken else inputs.answers
    result = drive(inputs.answered_by((*inputs.answers, answer)), decisions=port, settled=settled)
    return gate.settled_by(answer, port.now()), result
