"""Laws of durable runs, held on random lives of several runs at once."""

from collections.abc import Callable
from functools import partial
from itertools import count
from typing import Any

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from runtime.encoding.jsontext import parse_canonical
from runtime.errors import MissionEngineError, TransitionError
from runtime.evidence.audit import AuditRecord, verify_audit
from runtime.evidence.record import RecordedRun
from runtime.evidence.replay import replay
from runtime.evidence.runreceipt import RunReceipt
from runtime.orchestration import EffectOutcome, ExecutionContext, HumanDecision, OutcomeStatus
from runtime.orchestration.engine import execute
from runtime.orchestration.registry import MISSION_REGISTRY
from runtime.policy.pack import PolicyPack
from runtime.runs.controls import cancel, escalate, reconcile
from runtime.runs.deciding import decide, find_gate
from runtime.runs.driving import advance, start
from runtime.runs.planning import RunPorts, load_run, plan_run
from runtime.runs.run import Run
from runtime.runs.states import RunState
from runtime.testing import MemoryLedger, MemoryRunStore, ScriptedDecisions
from runtime.values.requests import EffectAsk, EffectMode, Request
from runtime.values.stored import RunFilter

_OUTCOMES = [
    EffectOutcome(status=OutcomeStatus.SUCCEEDED, output={"ok": True}),
    EffectOutcome(status=OutcomeStatus.FAILED, code="refused"),
    EffectOutcome(status=OutcomeStatus.UNKNOWN, code="reply_lost"),
]
_HEALTH = [
    {"status": "down", "environment": "test", "failed_checks": 3},
    {"status": "down", "environment": "production", "failed_checks": 3},
    {"status": "healthy", "environment": "test", "failed_checks": 0},
]
_runs = st.integers(0, 3)
_choices = st.sampled_from(["approve", "approve", "approve", "reject", "maybe"])
# As pairs, because Hypothesis likes to draw the same place of two lists.
_WORLDS = [(health, outcome) for health in _HEALTH for outcome in reversed(_OUTCOMES)]
_effects = st.sampled_from(["allow", "flag", "deny"])
_actors = st.sampled_from(["ada", "edsger", "grace"])


class _Service:
    """
    A service whose health and whose luck are drawn; it counts how often it was really changed.
    """

    def __init__(self) -> None:
        self.health: Any = _HEALTH[0]
        self.outcome = _OUTCOMES[0]
        self.changes: list[str] = []

    def describe(self) -> dict[str, Any]:
        modes = {"health": "read", "verify": "read", "restart": "mutate", "stop": "mutate"}
        return {"actions": {name: {"mode": mode} for name, mode in modes.items()}}

    def call(self, request: Request) -> EffectOutcome:
        assert isinstance(request.ask, EffectAsk)
        if request.ask.mode is EffectMode.MUTATE:
            self.changes.append(request.digest)
            return self.outcome
        return EffectOutcome(status=OutcomeStatus.SUCCEEDED, output=self.health)


def _pack(effect: str, quorum: int) -> PolicyPack:
    due = [{"obligation_id": "o", "kind": "quorum", "metadata": {"value": quorum}}]
    rule = {"rule_id": "r", "effect": effect, "reason_code": "c", "when": ["true"], "obligations": due}
    return PolicyPack.from_document({"schema": "policy-pack/v1", "policy_id": "ops", "version": "1", "rules": [rule]})


class Lives(RuleBasedStateMachine):
    """
    Several runs, to which anything happens in any order; what is not allowed changes nothing.
    """

    def __init__(self) -> None:
        super().__init__()
        numbers = count(1)
        self.decisions = ScriptedDecisions()
        self.store = MemoryRunStore()
        self.ports = RunPorts(store=self.store, decisions=self.decisions, new_id=lambda: f"id-{next(numbers)}")
        self.service, self.ledgers = _Service(), dict[str, MemoryLedger]()
        self.ids: list[str] = []
        self.seen: dict[str, list[AuditRecord]] = {}

    @initialize(plans=st.lists(st.tuples(_effects, st.integers(1, 2), _actors, st.booleans()), min_size=1, max_size=3))
    def begin(self, plans: list[tuple[str, int, str, bool]]) -> None:
        """
        Somebody plans a few runs.
        """
        for effect, quorum, actor, is_reading in plans:
            self._plan(effect, quorum, actor, is_changing=not is_reading)

    def _plan(self, effect: str, quorum: int, actor: str, *, is_changing: bool) -> None:
        mission = MISSION_REGISTRY["service_restart" if is_changing else "echo"]
        context = ExecutionContext(mission.example.context.initial_state.thaw())
        inputs = mission.begin(mission.example.params, context, mode="apply" if is_changing else "observe")
        run = plan_run(self.ports, inputs, requester=actor, admission=_pack(effect, quorum))
        self.ids.append(run.run_id)
        self.ledgers[run.run_id] = MemoryLedger()

    def _try(self, number: int, act: Any) -> None:
        run_id = self.ids[number % len(self.ids)]
        before = self.store.load(run_id)
        try:
            after = act(run_id)
        except MissionEngineError:
            after = None
        if after is None:
            # A start that is allowed is kept before the run is driven.
            kept = self.store.load(run_id)
            assert kept == before or (kept.state == "running" and kept.revision == before.revision + 1)
        else:
            assert (after[0] if type(after) is tuple else after) == load_run(self.ports, run_id)

    # One rule and not one for each act: Hypothesis leaves out whole rules in most examples, and few runs would get far.
    @rule(
        number=_runs,
        act=st.sampled_from(["drive", "drive", "drive", "vote", "vote", "settle", "settle", "cancel", "escalate"]),
        decision=st.builds(HumanDecision, actor=_actors, choice=_choices),
        world=st.sampled_from(_WORLDS),
    )
    def act(self, number: int, act: str, decision: HumanDecision, world: tuple[Any, EffectOutcome]) -> None:
        """
        Somebody does something to a run, allowed or not.
        """
        self.service.health, self.service.outcome = world
        actor = decision.actor or ""
        acts: dict[str, Callable[[str], Any]] = {
            "drive": self._drive,
            "vote": lambda run_id: decide(self.ports, run_id, decision),
            "settle": lambda run_id: reconcile(self.ports, run_id, world[1], actor=actor, ledger=self.ledgers[run_id]),
            "cancel": lambda run_id: cancel(self.ports, run_id, actor=actor),
            "escalate": lambda run_id: escalate(self.ports, run_id, actor=actor),
        }
        self._try(number, acts[act])

    def _drive(self, run_id: str) -> Run:
        begin = advance if load_run(self.ports, run_id).state is RunState.RUNNING else partial(start, actor="ada")
        return begin(self.ports, run_id, effects={"service": self.service}, ledger=self.ledgers[run_id])

    @invariant()
    def every_log_is_one_chain_that_only_grows(self) -> None:
        """
        INV-142, INV-144: and leads to the head its run has.
        """
        for run_id in self.ids:
            records = [
                AuditRecord.from_dict(
                    {"entry": parse_canonical(one.entry), "details": parse_canonical(one.details or b"null")}
                )
                for one in self.store.load_entries(run_id)
            ]
            assert verify_audit(records, run_id) == load_run(self.ports, run_id).audit_head
            seen = self.seen.setdefault(run_id, [])
            assert records[: len(seen)] == seen
            self.seen[run_id] = records

    @invariant()
    def nothing_is_changed_without_its_approval_nor_twice(self) -> None:
        """
        INV-151, INV-152: each change outside belongs to a run that was admitted.
        """
        assert len(self.service.changes) == len({*self.service.changes})
        for run_id in self.ids:
            run = load_run(self.ports, run_id)
            if self.ledgers[run_id].intents:
                assert run.started_at is not None
                assert run.admission is not None
                assert execute(run.admission).success

    @invariant()
    def what_is_unknown_is_never_called_failed_or_done(self) -> None:
        """
        INV-152: until somebody finds out.
        """
        for run_id in self.ids:
            outcomes = self.ledgers[run_id].outcomes.values()
            if any(outcome.status is OutcomeStatus.UNKNOWN for outcome in outcomes):
                assert load_run(self.ports, run_id).state in (RunState.INDETERMINATE, RunState.CANCELLED)

    @invariant()
    def a_run_waits_for_a_person_exactly_at_a_gate(self) -> None:
        """
        INV-151: and no gate stays open behind the end.
        """
        for run_id in self.ids:
            run = load_run(self.ports, run_id)
            is_waiting = run.state in (RunState.WAITING_APPROVAL, RunState.WAITING_GATE)
            assert (find_gate(self.ports, run_id) is not None) is is_waiting

    @invariant()
    def what_the_engine_ended_executes_again(self) -> None:
        """
        INV-152: to the receipt that the run's own names.
        """
        assert self.store.count(RunFilter()) == len(self.ids)
        for run_id in self.ids:
            run = load_run(self.ports, run_id)
            if run.receipt_digest is not None and run.inputs is not None:
                assert RecordedRun.of(replay(RecordedRun.of(execute(run.inputs)))).receipt_digest == run.receipt_digest
            if run.has_ended:
                receipt = run.build_receipt()
                assert RunReceipt.from_bytes(receipt.raw) == receipt
                assert receipt.build_plan(run.build_plan().header_digest).digest == receipt.plan_digest
                begun = {request.step_id for request in self.ledgers[run_id].intents.values()}
                assert not begun & {*receipt.steps_not_done}
            else:
                _refuse_receipt(run)


def _refuse_receipt(run: Run) -> None:
    try:
        run.build_receipt()
    except TransitionError:
        return
    raise AssertionError("a run that goes on has a receipt")


TestLives = pytest.mark.slow(Lives.TestCase)
TestLives.settings = settings(stateful_step_count=20, max_examples=60)
