"""Changes of a run: what is allowed, which entries say so, and what is kept together."""

from collections.abc import Sequence
from typing import Any

import attrs
import pytest
from hypothesis import given
from hypothesis import strategies as st

from runtime.encoding.canonical import canonical_record
from runtime.encoding.digest import NULL_DIGEST, digest_of_bytes
from runtime.encoding.jsontext import parse_canonical
from runtime.errors import IntegrityError, TransitionError
from runtime.evidence.audit import AuditCode, AuditRecord, verify_audit
from runtime.evidence.runreceipt import Assurance, Ending
from runtime.orchestration import ExecutionContext, OrchestrationResult, Orchestrator, StepSpec, WorkflowDefinition
from runtime.orchestration.registry import MISSION_REGISTRY, run_mission
from runtime.runs.journal import Journal
from runtime.runs.run import Run
from runtime.runs.states import TERMINAL_STATES, TRANSITIONS, RunEvent, RunState, http_status_of
from runtime.values.modes import RunMode
from runtime.values.stored import RunChange

AT = "2026-05-14T20:54:00.000Z"
LATER = "2026-05-14T20:54:01.000Z"


def _run(**changes: Any) -> Run:
    fields: dict[str, Any] = {
        "run_id": "run-1",
        "mode": RunMode.OBSERVE,
        "tenant": "local",
        "requester": "ada",
        "created_at": AT,
        "updated_at": AT,
    }
    return Run(**{**fields, **changes})


def _records(*changes: RunChange) -> list[AuditRecord]:
    stored = [entry for change in changes for entry in change.entries]
    return [
        AuditRecord.from_dict(
            {
                "entry": parse_canonical(one.entry),
                "details": None if one.details is None else parse_canonical(one.details),
            }
        )
        for one in stored
    ]


def _change(run: Run, *events: RunEvent, at: str = LATER) -> tuple[Run, RunChange]:
    journal = Journal(run, at=at, actor="bob")
    for event in events:
        journal.move(event)
    change = journal.close()
    return journal.run, change


def _told(change: RunChange) -> list[tuple[str, str]]:
    return [(record.entry.code.value, record.entry.message) for record in _records(change)]


class TestEntries:
    """
    Every transition stands in the log once.
    """

    def test_a_change_of_the_status_is_an_entry(self) -> None:
        """
        INV-144: with the statuses before and after.
        """
        _, change = _change(_run(state=RunState.APPROVED), RunEvent.START)
        [record] = _records(change)
        assert (record.entry.code, record.entry.message) == (
            AuditCode.RUN_STATUS,
            "Run status changed from pending to running",
        )
        assert (record.entry.previous_status, record.entry.new_status) == ("pending", "running")
        assert (record.entry.actor, record.entry.at) == ("bob", LATER)
        assert record.details is not None
        assert record.details.thaw() == {"transitions": [{"event": "start", "from": "approved", "to": "running"}]}

    def test_a_transition_that_keeps_the_status_goes_along_with_the_next_entry(self) -> None:
        """
        INV-144: and is no entry of its own.
        """
        _, change = _change(_run(state=RunState.PLANNED), RunEvent.ADMIT, RunEvent.START)
        [record] = _records(change)
        assert record.details is not None
        assert [move["event"] for move in record.details.thaw()["transitions"]] == ["admit", "start"]

    def test_what_comes_last_goes_along_with_the_last_entry(self) -> None:
        """
        INV-144: behind what stands there.
        """
        journal = Journal(_run(state=RunState.APPROVED), at=LATER, actor="bob")
        for event in (RunEvent.START, RunEvent.FINISH):
            journal.move(event)
        [record] = _records(journal.close())
        assert record.details is not None
        assert [move["event"] for move in record.details.thaw()["transitions"]] == ["start", "finish"]

    def test_alone_in_a_change_it_is_an_entry(self) -> None:
        """
        INV-144: named by the last event.
        """
        _, change = _change(_run(), RunEvent.PLAN, RunEvent.FLAG)
        assert _told(change) == [("FC-RUN-004", "Run flag")]

    @pytest.mark.parametrize(
        ("state", "event", "reason", "told"),
        [
            (RunState.VALIDATING, RunEvent.PASS, None, "Run completed successfully"),
            (RunState.VALIDATING, RunEvent.FAIL, "not_valid", "Run failed: not_valid"),
            (RunState.PLANNED, RunEvent.BLOCK, "policy_denied", "Run failed: policy_denied"),
            (RunState.PLANNED, RunEvent.BLOCK, None, "Run failed: blocked"),
            (RunState.QUEUED, RunEvent.CANCEL, None, "Run cancelled"),
            (RunState.QUEUED, RunEvent.CANCEL, "not_needed", "Run cancelled: not_needed"),
        ],
    )
    def test_a_run_that_ends_says_how(self, state: RunState, event: RunEvent, reason: str | None, told: str) -> None:
        """
        INV-144: behind the change of its status.
        """
        journal = Journal(_run(state=state), at=LATER, actor="bob")
        journal.move(event, reason=reason)
        assert [line for line in _told(journal.close()) if line[0] == "FC-RUN-003"] == [("FC-RUN-003", told)]
        assert (journal.run.ended_at, journal.run.error_code) == (LATER, reason)

    def test_a_run_starts_once(self) -> None:
        """
        INV-144: going on after a wait is no second start.
        """
        started, _ = _change(_run(state=RunState.APPROVED), RunEvent.START, RunEvent.PAUSE)
        resumed, _ = _change(started, RunEvent.RESUME, at="2026-05-14T20:55:00.000Z")
        assert resumed.started_at == LATER
        assert resumed.updated_at == "2026-05-14T20:55:00.000Z"

    def test_only_a_client_reports_on_a_run(self) -> None:
        """
        INV-144: what is executed here fails by what is seen here.
        """
        journal = Journal(_run(), at=LATER, actor="bob")
        with pytest.raises(TransitionError, match="executed here"):
            journal.move(RunEvent.REPORT_FAILED)
        client = Journal(_run(assurance=Assurance.CLIENT_ASSERTED), at=LATER, actor="bob")
        client.move(RunEvent.REPORT_FAILED, reason="lost")
        assert client.run.state is RunState.FAILED

    def test_a_refused_event_leaves_the_run_as_it_was(self) -> None:
        """
        INV-144: and writes nothing.
        """
        journal = Journal(_run(state=RunState.APPROVED), at=LATER, actor="bob")
        with pytest.raises(TransitionError):
            journal.move(RunEvent.RESUME)
        assert journal.run.state is RunState.APPROVED
        assert journal.close().entries == ()


TRAIL = [
    "FC-RUN-002 Run status changed from pending to running",
    "FC-GATE-001 Gate requested: approve",
    "FC-RUN-002 Run status changed from running to paused",
    "FC-GATE-002 Gate approve approved",
    "FC-RUN-002 Run status changed from paused to running",
    "FC-RUN-002 Run status changed from running to completed",
    "FC-RUN-003 Run completed successfully",
]
"""What the contract of the HTTP surface fixes for a run with one gate."""


def test_the_trail_of_a_run_with_a_gate_is_the_one_that_is_promised() -> None:
    """
    INV-144: each step of it in a change of its own.
    """
    run, changes = _run(state=RunState.APPROVED), []
    for notes, events in (
        ((), (RunEvent.START,)),
        (((AuditCode.GATE_REQUESTED, "Gate requested: approve"),), (RunEvent.ASK,)),
        (((AuditCode.GATE_DECIDED, "Gate approve approved"),), (RunEvent.DECIDE,)),
        ((), (RunEvent.FINISH, RunEvent.PASS)),
    ):
        journal = Journal(run, at=LATER, actor="bob")
        for code, message in notes:
            journal.note(code, message)
        for event in events:
            journal.move(event)
        changes.append(journal.close())
        run = journal.run
    records = _records(*changes)
    assert [f"{record.entry.code} {record.entry.message}" for record in records] == TRAIL
    assert verify_audit(records, "run-1") == run.audit_head


def _result(mission: str, **changes: Any) -> OrchestrationResult:
    example = MISSION_REGISTRY[mission].example
    context = ExecutionContext(example.context.initial_state.thaw())
    arguments: dict[str, Any] = {"params": example.params.thaw(), "answers": example.answers}
    return run_mission(mission, context, **{**arguments, **changes})


class TestSteps:
    """
    The log tells what each step did, once.
    """

    def test_steps_are_told_in_order_with_what_a_policy_said(self) -> None:
        """
        INV-145: with the digest of the lineage entry, which a step's receipt is.
        """
        result = _result("change_request")
        journal = Journal(_run(), at=LATER, actor="engine")
        journal.note_steps(result)
        records = _records(journal.close())
        told = [(record.entry.code.value, record.entry.step_id) for record in records]
        steps = [entry["step_id"] for entry in result.lineage["entries"]]
        assert list(dict.fromkeys(step for _, step in told)) == steps
        judged = [record for record in records if record.entry.code is AuditCode.POLICY_EVALUATED]
        assert [record.entry.decision for record in judged] == [verdict.decision for _, verdict in result.verdicts]
        ended = [record for record in records if record.entry.code.value > "FC-STEP-001"]
        assert [record.details["lineage_digest"] for record in ended if record.details] == [
            digest_of_bytes(raw) for raw in result.entry_bytes
        ]

    def test_a_step_is_told_once(self) -> None:
        """
        INV-145: what an earlier change told is not told again.
        """
        result = _result("change_request")
        journal = Journal(_run(lineage_count=2), at=LATER, actor="engine")
        journal.note_steps(result)
        steps = {record.entry.step_id for record in _records(journal.close())}
        assert steps == {entry["step_id"] for entry in result.lineage["entries"][2:]}
        assert journal.run.lineage_count == len(result.entry_bytes)

    def test_a_failed_and_a_skipped_step_are_told_as_they_ended(self) -> None:
        """
        INV-145: a skipped step never started.
        """
        definition = WorkflowDefinition(
            "wf",
            [
                StepSpec("maybe", "runtime", {"operation": "noop", "when": "flagged"}),
                StepSpec("break", "runtime", {"operation": "fail", "reason": "no"}),
            ],
        )
        journal = Journal(_run(), at=LATER, actor="engine")
        journal.note_steps(Orchestrator().run_workflow(definition, ExecutionContext()))
        assert _told(journal.close()) == [
            ("FC-STEP-004", "Step maybe skipped"),
            ("FC-STEP-001", "Step break started"),
            ("FC-STEP-003", "Step break failed: step_failed"),
        ]


class TestAnyLife:
    """
    Whatever happens to a run, its log is one chain that tells every transition once and leads to its head.
    """

    @given(st.lists(st.lists(st.integers(0, 20), max_size=4), max_size=12))
    def test_the_log_tells_every_transition_once(self, plan: list[list[int]]) -> None:
        """
        INV-144: in changes of any length.
        """
        run, changes, happened = _run(plan_digest=NULL_DIGEST), [], []
        for picks in plan:
            journal = Journal(run, at=LATER, actor="bob")
            for pick in picks:
                allowed = sorted(TRANSITIONS[journal.run.state].keys() - {RunEvent.REPORT_FAILED})
                if allowed:
                    happened.append(allowed[pick % len(allowed)])
                    journal.move(happened[-1])
            changes.append(journal.close())
            run = journal.run
        records = _records(*changes)
        assert verify_audit(records, "run-1") == run.audit_head
        told = [move for record in records if record.details for move in record.details.thaw().get("transitions", [])]
        assert [move["event"] for move in told] == happened
        _hold_statuses(records, run)
        assert [change.run.revision for change in changes] == [*range(1, len(plan) + 1)]
        if changes:
            assert Run.from_stored(changes[-1].run) == run
        if run.has_ended:
            is_completed = run.state is RunState.COMPLETED
            receipt = attrs.evolve(run, receipt_digest=NULL_DIGEST if is_completed else None).build_receipt()
            assert (receipt.state, receipt.audit_head) == (Ending(run.state.value), run.audit_digest)


def _hold_statuses(records: Sequence[AuditRecord], run: Run) -> None:
    """
    Hold that each change of the status begins where the one before ended.
    """
    status = http_status_of(RunState.CREATED).value
    for record in records:
        if record.entry.code is AuditCode.RUN_STATUS:
            assert record.entry.previous_status == status
            status = record.entry.new_status or ""
    assert status == http_status_of(run.state).value
    assert sum(record.entry.code is AuditCode.RUN_ENDED for record in records) == (run.state in TERMINAL_STATES)


class TestAKeptRun:
    """
    A run is read back as it was kept, or refused.
    """

    def test_it_is_read_back_with_its_inputs(self) -> None:
        """
        INV-146: answers included.
        """
        run = _run(inputs=_result("change_request").inputs, mission="change_request", environment="lab", target="vm")
        assert Run.from_stored(run.to_stored()) == run
        assert run.build_plan().header_digest == _result("change_request").receipt["header_digest"]  # type: ignore[index]  # it ended.

    @pytest.mark.parametrize(
        "document",
        [[], {}, {"schema": "run-state/v2"}, {"inputs": 1}, {"inputs": {}}, {"more": 1}],
        ids=["list", "empty", "other_schema", "inputs_no_object", "inputs_no_checkpoint", "member_more"],
    )
    def test_a_damaged_document_is_refused(self, document: Any) -> None:
        """
        INV-146: and the run is named.
        """
        whole = parse_canonical(_run().to_stored().document)
        changed = {**whole, **document} if document and type(document) is dict else document
        stored = attrs.evolve(_run().to_stored(), document=canonical_record(changed))
        with pytest.raises(IntegrityError, match="run run-1"):
            Run.from_stored(stored)

    def test_a_run_that_has_not_ended_has_no_receipt(self) -> None:
        """
        INV-146: there is nothing to say yet.
        """
        with pytest.raises(TransitionError, match="created"):
            _run().build_receipt()
