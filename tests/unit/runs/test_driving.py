"""The life of a durable run, from its plan to its end, in a real database: who decides, what is done, what is kept."""

from collections.abc import Iterator
from itertools import count
from pathlib import Path
from typing import Any

import attrs
import pytest

from runtime.encoding.digest import digest_of
from runtime.encoding.jsontext import parse_canonical
from runtime.errors import (
    DecisionRefusedError,
    DefinitionError,
    InvalidAnswerError,
    LedgerRequiredError,
    PlanChangedError,
    RevisionConflictError,
    TransitionError,
    UnknownConnectorError,
)
from runtime.evidence.audit import AuditRecord, verify_audit
from runtime.evidence.record import RecordedRun
from runtime.evidence.replay import replay
from runtime.evidence.runreceipt import Ending
from runtime.orchestration import EffectOutcome, ExecutionContext, HumanDecision, OutcomeStatus
from runtime.orchestration.checkpoint import Checkpoint
from runtime.orchestration.engine import execute
from runtime.orchestration.registry import MISSION_REGISTRY
from runtime.policy.pack import PolicyPack
from runtime.runs.controls import cancel, escalate, reconcile
from runtime.runs.deciding import decide, find_gate
from runtime.runs.driving import advance, start
from runtime.runs.gates import GateStatus
from runtime.runs.journal import Journal
from runtime.runs.planning import RunPorts, load_run, plan_run
from runtime.runs.run import Run
from runtime.runs.states import RunState
from runtime.storage.database import open_sqlite
from runtime.storage.runs import SqlRunStore
from runtime.testing import MemoryLedger, ScriptedConnector, ScriptedDecisions
from runtime.values.keys import PrivateKey
from runtime.values.signatures import sign_decision
from runtime.values.stored import RunChange

DOWN = {"status": "down", "environment": "test", "failed_checks": 3}
DONE = EffectOutcome(status=OutcomeStatus.SUCCEEDED, output={"ok": True})
UNKNOWN = EffectOutcome(status=OutcomeStatus.UNKNOWN, code="reply_lost")
APPROVE = HumanDecision(actor="grace", choice="approve")
REJECT = HumanDecision(actor="grace", choice="reject", reason="not now")


@pytest.fixture
def ports(tmp_path: Path) -> Iterator[RunPorts]:
    """
    A database of runs, with a clock that a test turns.
    """
    numbers = count(1)
    store = SqlRunStore(open_sqlite(tmp_path / "mission.db"))
    yield RunPorts(store=store, decisions=ScriptedDecisions(), new_id=lambda: f"id-{next(numbers)}")
    store.close()


def _inputs(mission: str = "service_restart", mode: str = "apply", **state: Any) -> Checkpoint:
    known = MISSION_REGISTRY[mission]
    context = ExecutionContext({**known.example.context.initial_state.thaw(), **state})
    return known.begin(known.example.params, context, mode=mode)


def _plan(ports: RunPorts, inputs: Checkpoint | None = None, **changes: Any) -> Run:
    return plan_run(ports, _inputs() if inputs is None else inputs, **{"requester": "ada", **changes})


def _service(health: dict[str, Any] | None = None, restart: EffectOutcome = DONE) -> dict[str, ScriptedConnector]:
    read = EffectOutcome(status=OutcomeStatus.SUCCEEDED, output=DOWN if health is None else health)
    script = {"health": [read, read], "restart": [restart], "verify": [DONE], "stop": [DONE]}
    return {"service": ScriptedConnector(script, mutating=("restart", "stop"))}


def _durable() -> MemoryLedger:
    ledger = MemoryLedger()
    ledger.is_durable = True
    return ledger


def _pack(effect: str, obligations: list[dict[str, Any]] | None = None) -> PolicyPack:
    rule = {
        "rule_id": "r",
        "effect": effect,
        "reason_code": "because",
        "when": ["true"],
        "obligations": obligations or [],
    }
    return PolicyPack.from_document({"schema": "policy-pack/v1", "policy_id": "ops", "version": "1", "rules": [rule]})


def _log(ports: RunPorts, run: Run) -> list[AuditRecord]:
    return [
        AuditRecord.from_dict({"entry": parse_canonical(one.entry), "details": parse_canonical(one.details or b"null")})
        for one in ports.store.load_entries(run.run_id)
    ]


def _hold(ports: RunPorts, run: Run) -> list[str]:
    """
    Hold what is kept of a run to what was given back, and give its log in words.
    """
    assert load_run(ports, run.run_id) == run
    records = _log(ports, run)
    assert verify_audit(records, run.run_id) == run.audit_head
    if run.has_ended:
        receipt = run.build_receipt()
        assert receipt.state is Ending(run.state.value)
        assert receipt.build_plan(run.build_plan().header_digest).digest == receipt.plan_digest
        assert find_gate(ports, run.run_id) is None
    if run.inputs is not None and run.receipt_digest is not None:
        assert digest_of(replay(RecordedRun.of(execute(run.inputs))).receipt) == run.receipt_digest
    return [f"{record.entry.code} {record.entry.message}" for record in records]


class TestPlanning:
    """
    A plan is admitted, blocked, or waits for a person.
    """

    def test_a_reading_run_is_approved_at_once(self, ports: RunPorts) -> None:
        """
        INV-150: and nothing was done yet.
        """
        run = _plan(ports, _inputs("echo", "observe"))
        assert run.state is RunState.APPROVED
        assert _hold(ports, run) == ["FC-RUN-001 Workflow run created for 'echo'"]

    def test_a_changing_run_waits_for_an_approval(self, ports: RunPorts) -> None:
        """
        INV-150: at the gate of the plan.
        """
        run = _plan(ports)
        assert run.state is RunState.WAITING_APPROVAL
        gate = find_gate(ports, run.run_id)
        assert gate is not None
        assert gate.request.step_id == "$plan"
        assert _hold(ports, run)[-1] == "FC-GATE-001 Gate requested: $plan"

    def test_a_denied_plan_leaves_its_run_and_its_evidence(self, ports: RunPorts) -> None:
        """
        INV-150: and nobody can approve it.
        """
        run = _plan(ports, admission=_pack("deny"))
        assert (run.state, run.error_code) == (RunState.BLOCKED, "policy_denied")
        assert "FC-RUN-003 Run failed: policy_denied" in _hold(ports, run)
        with pytest.raises(TransitionError, match="blocked"):
            decide(ports, run.run_id, APPROVE)

    def test_a_policy_that_allows_lets_it_through(self, ports: RunPorts) -> None:
        """
        INV-150: with what the policy said in the log.
        """
        run = _plan(ports, admission=_pack("allow"))
        assert run.state is RunState.APPROVED
        assert "FC-POL-001 Policy ops evaluated" in _hold(ports, run)

    def test_inputs_with_answers_are_refused(self, ports: RunPorts) -> None:
        """
        INV-150: what was planned has not begun.
        """
        example = MISSION_REGISTRY["service_restart"].example
        with pytest.raises(DefinitionError, match="answers"):
            _plan(ports, _inputs().answered_by(tuple(example.answers)))


class TestApprovals:
    """
    A person lets a plan run, or does not.
    """

    @pytest.mark.parametrize(
        ("decision", "state", "told"),
        [
            (APPROVE, RunState.APPROVED, "FC-GATE-002 Gate $plan approved"),
            (REJECT, RunState.CANCELLED, "FC-GATE-002 Gate $plan rejected"),
        ],
        ids=["approve", "reject"],
    )
    def test_a_decision_counts(self, ports: RunPorts, decision: HumanDecision, state: RunState, told: str) -> None:
        """
        INV-151: and is kept with the run, by its digest in the receipt.
        """
        run = decide(ports, _plan(ports).run_id, decision)
        assert run.state is state
        assert told in _hold(ports, run)
        assert len(run.approvals) == 1
        with pytest.raises(TransitionError):
            decide(ports, run.run_id, decision)

    def test_whoever_asked_may_not_approve(self, ports: RunPorts) -> None:
        """
        INV-151: where the policy says so.
        """
        due = [{"obligation_id": "o", "kind": "requester_not_approver"}]
        run = _plan(ports, admission=_pack("flag", due))
        with pytest.raises(InvalidAnswerError, match="may not decide"):
            decide(ports, run.run_id, HumanDecision(actor="ada", choice="approve"))
        assert decide(ports, run.run_id, APPROVE).state is RunState.APPROVED

    def test_several_must_agree_where_the_policy_says_so(self, ports: RunPorts) -> None:
        """
        INV-151: each once, and votes are kept until the last.
        """
        due = [{"obligation_id": "o", "kind": "quorum", "metadata": {"value": 2}}]
        run = decide(ports, _plan(ports, admission=_pack("flag", due)).run_id, APPROVE)
        assert run.state is RunState.WAITING_APPROVAL
        with pytest.raises(TransitionError, match="second decision"):
            decide(ports, run.run_id, APPROVE)
        run = decide(ports, run.run_id, HumanDecision(actor="edsger", choice="approve"))
        assert run.state is RunState.APPROVED
        _hold(ports, run)

    def test_what_nobody_decides_in_time_is_cancelled(self, ports: RunPorts) -> None:
        """
        INV-151: an approval that comes too late is none.
        """
        due = [{"obligation_id": "o", "kind": "approval_expires", "metadata": {"value": 1000}}]
        run = _plan(ports, admission=_pack("flag", due))
        ports.decisions.advance(1000)  # type: ignore[attr-defined]  # the clock of a test.
        run = decide(ports, run.run_id, APPROVE)
        assert (run.state, run.error_code) == (RunState.CANCELLED, "gate_expired")
        assert "FC-GATE-004 Gate $plan expired" in _hold(ports, run)
        assert _log(ports, run)[-1].entry.actor == "engine"

    def test_a_signed_approval_is_of_this_plan_alone(self, ports: RunPorts) -> None:
        """
        INV-151: a signature on another plan does not hold.
        """
        key = PrivateKey.of_seed(b"\x01" * 32)
        ports.decisions.keys = {"grace": [key.public]}  # type: ignore[attr-defined]  # the keys of a test.
        due = [{"obligation_id": "o", "kind": "signed_approval", "metadata": {"value": True}}]
        runs = [_plan(ports, admission=_pack("flag", due), target=target) for target in ("vm-1", "vm-2")]
        gates = [find_gate(ports, run.run_id) for run in runs]
        assert gates[0] is not None
        assert gates[0].opening is not None
        signed = sign_decision(APPROVE, gates[0].opening, key)
        with pytest.raises(DecisionRefusedError):
            decide(ports, runs[1].run_id, signed)
        with pytest.raises(InvalidAnswerError, match="signed decisions only"):
            decide(ports, runs[0].run_id, APPROVE)
        assert decide(ports, runs[0].run_id, signed).state is RunState.APPROVED


class TestDriving:
    """
    A run does what was planned, once, and ends with its evidence.
    """

    def test_a_reading_run_completes(self, ports: RunPorts) -> None:
        """
        INV-152: in three commits, from its plan to its end.
        """
        run = start(ports, _plan(ports, _inputs("echo", "observe")).run_id, actor="ada", effects={})
        assert (run.state, run.revision) == (RunState.COMPLETED, 3)
        log = _hold(ports, run)
        assert log[-1] == "FC-RUN-003 Run completed successfully"
        assert run.receipt_digest == digest_of(execute(_inputs("echo", "observe")).receipt)

    def test_a_changing_run_does_what_was_approved(self, ports: RunPorts) -> None:
        """
        INV-152: and no step is told twice.
        """
        run = decide(ports, _plan(ports).run_id, APPROVE)
        service = _service()
        run = start(ports, run.run_id, actor="ada", effects=service, ledger=_durable())
        assert run.state is RunState.COMPLETED
        log = _hold(ports, run)
        assert len(log) == len({*log})
        assert [request.step_id for request in service["service"].calls] == [
            "restart-check-health",
            "restart-service",
            "restart-verify",
        ]

    def test_a_gate_ends_a_drive_and_a_decision_lets_it_go_on(self, ports: RunPorts) -> None:
        """
        INV-152: what was read before is not read again.
        """
        health = {**DOWN, "environment": "production"}
        run, service, ledger = decide(ports, _plan(ports).run_id, APPROVE), _service(health), _durable()
        run = start(ports, run.run_id, actor="ada", effects=service, ledger=ledger)
        assert run.state is RunState.WAITING_GATE
        approver = HumanDecision(actor="edsger", choice="approve")
        run = decide(ports, run.run_id, approver)
        assert run.state is RunState.RUNNING
        run = advance(ports, run.run_id, effects=service, ledger=ledger)
        assert run.state is RunState.COMPLETED
        assert [request.step_id for request in service["service"].calls].count("restart-check-health") == 1
        log = _hold(ports, run)
        assert log.index("FC-GATE-002 Gate restart-approve approved") < log.index(
            "FC-STEP-001 Step restart-approve started"
        )

    def test_a_rejected_gate_fails_the_run_and_nothing_more_is_done(self, ports: RunPorts) -> None:
        """
        INV-152: the receipt names the steps that were not done.
        """
        health = {**DOWN, "environment": "production"}
        run, service = decide(ports, _plan(ports).run_id, APPROVE), _service(health)
        run = start(ports, run.run_id, actor="ada", effects=service, ledger=_durable())
        run = decide(ports, run.run_id, HumanDecision(actor="ada", choice="reject"))
        assert (run.state, run.error_code) == (RunState.FAILED, "gate_rejected")
        assert run.steps_not_done == ("restart-service", "restart-verify")
        assert len(service["service"].calls) == 1
        _hold(ports, run)

    def test_a_failed_effect_fails_the_run(self, ports: RunPorts) -> None:
        """
        INV-152: it was not done, and that is known.
        """
        lost = EffectOutcome(status=OutcomeStatus.FAILED, code="refused")
        run = decide(ports, _plan(ports).run_id, APPROVE)
        run = start(ports, run.run_id, actor="ada", effects=_service(restart=lost), ledger=_durable())
        assert (run.state, run.error_code) == (RunState.FAILED, "effect_failed")
        assert "FC-STEP-003 Step restart-service failed: effect_failed" in _hold(ports, run)

    def test_an_unknown_outcome_leaves_the_run_indeterminate(self, ports: RunPorts) -> None:
        """
        INV-152: it is neither failed nor done, and is not done again.
        """
        run = decide(ports, _plan(ports).run_id, APPROVE)
        service = _service(restart=UNKNOWN)
        run = start(ports, run.run_id, actor="ada", effects=service, ledger=_durable())
        assert run.state is RunState.INDETERMINATE
        _hold(ports, run)
        with pytest.raises(TransitionError, match="indeterminate"):
            advance(ports, run.run_id, effects=service, ledger=_durable())

    @pytest.mark.parametrize(
        ("arguments", "error"),
        [
            ({"effects": {}, "ledger": _durable()}, UnknownConnectorError),
            ({"effects": _service()}, LedgerRequiredError),
        ],
        ids=["no_connector", "no_ledger"],
    )
    def test_what_cannot_be_driven_stays_as_it_is(
        self, ports: RunPorts, arguments: dict[str, Any], error: type[Exception]
    ) -> None:
        """
        INV-152: and can be driven later, by whoever has what it takes.
        """
        run = decide(ports, _plan(ports).run_id, APPROVE)
        with pytest.raises(error):
            start(ports, run.run_id, actor="ada", **arguments)
        run = load_run(ports, run.run_id)
        assert run.state is RunState.RUNNING
        assert advance(ports, run.run_id, effects=_service(), ledger=_durable()).state is RunState.COMPLETED

    def test_a_run_starts_once(self, ports: RunPorts) -> None:
        """
        INV-152: whoever comes second is refused.
        """
        run = _plan(ports, _inputs("echo", "observe"))
        start(ports, run.run_id, actor="ada", effects={})
        with pytest.raises(TransitionError, match="completed"):
            start(ports, run.run_id, actor="bob", effects={})

    def test_somebody_elses_change_is_not_overwritten(self, ports: RunPorts) -> None:
        """
        INV-152: a drive that lost its run leaves it as the other one kept it, and what it did is not done again.
        """
        run = decide(ports, _plan(ports).run_id, APPROVE)
        service = _service()
        inner = service["service"].call

        def call(request: Any) -> EffectOutcome:
            if request.step_id == "restart-check-health":
                journal = Journal(load_run(ports, run.run_id), at=ports.decisions.now(), actor="bob")
                journal.set(correlation_id="ticket-1")
                ports.store.commit(journal.close())
            return inner(request)

        service["service"].call = call  # type: ignore[method-assign]  # somebody comes in between.
        ledger = _durable()
        with pytest.raises(RevisionConflictError):
            start(ports, run.run_id, actor="ada", effects=service, ledger=ledger)
        lost = load_run(ports, run.run_id)
        assert (lost.state, lost.correlation_id) == (RunState.RUNNING, "ticket-1")
        service["service"].call = inner  # type: ignore[method-assign]  # nobody comes in between.
        assert advance(ports, run.run_id, effects=service, ledger=ledger).state is RunState.COMPLETED
        assert [request.step_id for request in service["service"].calls].count("restart-service") == 1

    def test_a_plan_that_was_edited_is_not_started(self, ports: RunPorts) -> None:
        """
        INV-152: what was approved is what runs.
        """
        run = decide(ports, _plan(ports).run_id, APPROVE)
        edited = attrs.evolve(run, target="another-host", revision=run.revision + 1)
        ports.store.commit(RunChange(run=edited.to_stored()))
        with pytest.raises(PlanChangedError):
            start(ports, run.run_id, actor="ada", effects=_service(), ledger=_durable())
        assert load_run(ports, run.run_id) == edited


class TestCancelling:
    """
    A run can be ended before its next step.
    """

    def test_a_waiting_run_is_cancelled_and_its_gate_closed(self, ports: RunPorts) -> None:
        """
        INV-152: nobody can decide it any more.
        """
        run = cancel(ports, _plan(ports).run_id, actor="bob", reason="not_needed")
        assert (run.state, run.error_code) == (RunState.CANCELLED, "not_needed")
        assert len(run.steps_not_done) == 5
        [gate] = ports.store.list_gates(run_id=run.run_id)
        assert gate.status == GateStatus.CLOSED
        assert _hold(ports, run)[-1] == "FC-RUN-003 Run cancelled: not_needed"
        with pytest.raises(TransitionError):
            cancel(ports, run.run_id, actor="bob")
        with pytest.raises(TransitionError):
            decide(ports, run.run_id, APPROVE)

    def test_a_running_run_is_not_cancelled(self, ports: RunPorts) -> None:
        """
        INV-152: whoever drives it would do what the receipt says was not done.
        """
        run, service = decide(ports, _plan(ports).run_id, APPROVE), _service()
        inner, refusals = service["service"].call, []

        def call(request: Any) -> EffectOutcome:
            with pytest.raises(TransitionError, match="running") as refusal:
                cancel(ports, run.run_id, actor="bob")
            refusals.append(refusal)
            return inner(request)

        service["service"].call = call  # type: ignore[method-assign]  # somebody comes in between.
        run = start(ports, run.run_id, actor="ada", effects=service, ledger=_durable())
        assert run.state is RunState.COMPLETED
        assert len(refusals) == 3

    def test_a_lost_effect_is_named_and_not_called_undone(self, ports: RunPorts) -> None:
        """
        INV-152: nobody knows whether it was done.
        """
        run = decide(ports, _plan(ports).run_id, APPROVE)
        run = start(ports, run.run_id, actor="ada", effects=_service(restart=UNKNOWN), ledger=_durable())
        receipt = cancel(ports, run.run_id, actor="bob").build_receipt()
        assert (receipt.unknown_step, receipt.steps_not_done) == ("restart-service", ("restart-verify",))
        assert receipt.receipt_digest is None


class TestReconciling:
    """
    Somebody finds out how an effect ended of which the run does not know.
    """

    def _lost(self, ports: RunPorts) -> tuple[Run, dict[str, ScriptedConnector], MemoryLedger]:
        run, service, ledger = decide(ports, _plan(ports).run_id, APPROVE), _service(restart=UNKNOWN), _durable()
        return start(ports, run.run_id, actor="ada", effects=service, ledger=ledger), service, ledger

    def test_what_was_done_lets_the_run_go_on(self, ports: RunPorts) -> None:
        """
        INV-153: and it is not done again.
        """
        run, service, ledger = self._lost(ports)
        run = reconcile(ports, run.run_id, DONE, actor="bob", ledger=ledger)
        assert run.state is RunState.RUNNING
        run = advance(ports, run.run_id, effects=service, ledger=ledger)
        assert run.state is RunState.COMPLETED
        assert [request.step_id for request in service["service"].calls].count("restart-service") == 1
        assert "FC-RUN-004 Run reconcile: succeeded" in _hold(ports, run)

    def test_what_was_not_done_fails_the_run(self, ports: RunPorts) -> None:
        """
        INV-153: and the receipt names the steps after it.
        """
        run, _, ledger = self._lost(ports)
        outcome = EffectOutcome(status=OutcomeStatus.FAILED, code="never_arrived")
        run = reconcile(ports, run.run_id, outcome, actor="bob", ledger=ledger)
        assert (run.state, run.error_code) == (RunState.FAILED, "effect_failed")
        assert run.steps_not_done == ("restart-verify",)
        _hold(ports, run)

    def test_what_is_still_unknown_changes_nothing(self, ports: RunPorts) -> None:
        """
        INV-153: nor does an outcome for a run that waits for none.
        """
        run, _, ledger = self._lost(ports)
        with pytest.raises(TransitionError, match="unknown"):
            reconcile(ports, run.run_id, UNKNOWN, actor="bob", ledger=ledger)
        assert load_run(ports, run.run_id) == run
        with pytest.raises(TransitionError, match="approved"):
            reconcile(ports, _plan(ports, admission=_pack("allow")).run_id, DONE, actor="bob")

    def test_what_the_ledger_knows_is_not_contradicted(self, ports: RunPorts) -> None:
        """
        INV-153: an outcome that arrived meanwhile counts.
        """
        run, _, ledger = self._lost(ports)
        assert run.inputs is not None
        pending = execute(run.inputs).pending
        assert pending is not None
        ledger.record_outcome(pending.digest, DONE)
        outcome = EffectOutcome(status=OutcomeStatus.FAILED, code="never_arrived")
        with pytest.raises(TransitionError):
            reconcile(ports, run.run_id, outcome, actor="bob", ledger=ledger)
        assert load_run(ports, run.run_id) == run


class TestEscalating:
    """
    Somebody calls for help.
    """

    def test_the_package_says_what_a_helper_needs(self, ports: RunPorts) -> None:
        """
        INV-154: and the chain of the log goes on behind the end of the run.
        """
        lost = EffectOutcome(status=OutcomeStatus.FAILED, code="refused")
        run = decide(ports, _plan(ports).run_id, APPROVE)
        run = start(ports, run.run_id, actor="ada", effects=_service(restart=lost), ledger=_durable())
        ended = run.build_receipt()
        run, package = escalate(ports, run.run_id, actor="bob", note="mail is down")
        assert (package["state"], package["step_id"], package["error_code"]) == (
            "failed",
            "restart-service",
            "effect_failed",
        )
        assert package["note"] == "mail is down"
        assert package["evidence"] == {
            "plan": run.plan_digest,
            "receipt": run.receipt_digest,
            "audit_head": ended.audit_head,
        }
        assert run.is_escalated
        assert run.build_receipt() == ended
        assert run.state is RunState.FAILED
        assert verify_audit(_log(ports, run), run.run_id) == run.audit_head
        with pytest.raises(TransitionError, match="escalated"):
            escalate(ports, run.run_id, actor="bob")

    def test_a_run_that_goes_well_is_not_escalated(self, ports: RunPorts) -> None:
        """
        INV-154: there is nothing to help with.
        """
        run = _plan(ports, _inputs("echo", "observe"))
        with pytest.raises(TransitionError, match="approved"):
            escalate(ports, run.run_id, actor="bob")

    def test_a_blocked_plan_is_escalated(self, ports: RunPorts) -> None:
        """
        INV-154: it never began, so no step is named.
        """
        _, package = escalate(ports, _plan(ports, admission=_pack("deny")).run_id, actor="bob")
        assert (package["state"], package["step_id"]) == ("blocked", None)
