"""Admission: which plans a policy lets through, which a person must approve, and how."""

from typing import Any

import attrs
import pytest

from runtime.errors import DefinitionError, PolicyError
from runtime.evidence.record import RecordedRun
from runtime.evidence.replay import replay
from runtime.orchestration import Answer, ExecutionContext, HumanDecision, OrchestrationResult
from runtime.orchestration.engine import execute
from runtime.orchestration.registry import MISSION_REGISTRY
from runtime.orchestration.result import RunStatus
from runtime.policy.pack import PolicyPack
from runtime.runs.admission import PLAN_STEP, build_admission, list_facts
from runtime.runs.run import Run
from runtime.values.modes import RunMode
from runtime.values.requests import HumanAsk

AT = "2026-05-14T20:54:00.000Z"


def _run(**changes: Any) -> Run:
    mission = MISSION_REGISTRY["service_restart"]
    state = ExecutionContext(mission.example.context.initial_state.thaw())
    fields: dict[str, Any] = {
        "run_id": "run-1",
        "mode": RunMode.APPLY,
        "tenant": "local",
        "requester": "ada",
        "mission": "service_restart",
        "inputs": mission.begin(mission.example.params, state, mode="apply"),
        "created_at": AT,
        "updated_at": AT,
    }
    run = Run(**{**fields, **changes})
    return attrs.evolve(run, plan_digest=run.build_plan().digest)


def _pack(effect: str, *, when: str = "true", obligations: list[dict[str, Any]] | None = None) -> PolicyPack:
    rule = {"rule_id": "r1", "effect": effect, "reason_code": "because", "when": [when]}
    return PolicyPack.from_document(
        {
            "schema": "policy-pack/v1",
            "policy_id": "ops",
            "version": "1",
            "rules": [{**rule, "obligations": obligations or []}],
        }
    )


def _due(kind: str, *value: Any) -> dict[str, Any]:
    return {"obligation_id": kind, "kind": kind, "metadata": {"value": value[0]} if value else {}}


def _admit(run: Run, *pack: PolicyPack, answer: HumanDecision | None = None) -> OrchestrationResult:
    inputs = build_admission(run, *pack)
    assert inputs is not None
    return execute(inputs.answered_by(() if answer is None else (Answer(step_id=PLAN_STEP, decision=answer),)))


def _ask(result: OrchestrationResult) -> HumanAsk:
    assert result.pending is not None
    assert isinstance(result.pending.request.ask, HumanAsk)
    return result.pending.request.ask


@pytest.mark.parametrize("mode", [RunMode.DRY_RUN, RunMode.OBSERVE])
def test_what_changes_nothing_needs_no_admission(mode: RunMode) -> None:
    """
    INV-147: nobody is asked.
    """
    assert build_admission(_run(mode=mode), _pack("deny")) is None


def test_without_a_policy_a_person_is_asked() -> None:
    """
    INV-147: never does a plan pass because nobody said anything.
    """
    result = _admit(_run())
    assert result.status is RunStatus.WAITING_HUMAN
    assert result.pending is not None
    assert result.pending.request.step_id == PLAN_STEP


@pytest.mark.parametrize(
    ("pack", "status"),
    [
        (_pack("allow"), RunStatus.COMPLETED),
        (_pack("flag"), RunStatus.WAITING_HUMAN),
        (_pack("deny"), RunStatus.DENIED),
        (_pack("allow", when="requester == 'eve'"), RunStatus.DENIED),
        (_pack("allow", when="'effect:mutate' in capabilities && target == null"), RunStatus.COMPLETED),
    ],
    ids=["allow", "flag", "deny", "no_rule_applies", "by_capability"],
)
def test_a_policy_decides_on_the_plan(pack: PolicyPack, status: RunStatus) -> None:
    """
    INV-147: what it does not allow is denied, which nobody can approve.
    """
    assert _admit(_run(), pack).status is status


@pytest.mark.parametrize(("choice", "status"), [("approve", RunStatus.COMPLETED), ("reject", RunStatus.DENIED)])
def test_a_person_decides_on_what_is_flagged(choice: str, status: RunStatus) -> None:
    """
    INV-147: and the admission is executed again to the same bytes.
    """
    result = _admit(_run(), _pack("flag"), answer=HumanDecision(actor="grace", choice=choice))
    assert result.status is status
    assert replay(RecordedRun.of(result)).receipt == result.receipt


def test_a_person_is_shown_the_whole_plan() -> None:
    """
    INV-148: and what is signed covers it, and with it the digest of the plan.
    """
    run = _run(target="vm-1", environment="lab")
    shown = _ask(_admit(run)).shown.thaw()
    assert shown == list_facts(run)
    assert shown["plan_digest"] == run.plan_digest
    assert "effect:service.restart" in shown["capabilities"]


@pytest.mark.parametrize(
    "change", [{"target": "vm-2"}, {"requester": "eve"}, {"environment": "lab"}, {"tenant": "other"}], ids=str
)
def test_another_plan_is_another_question(change: dict[str, Any]) -> None:
    """
    INV-148: an approval of one is none of the other.
    """
    pending = [_admit(_run(**one)).pending for one in ({}, change)]
    assert pending[0] is not None
    assert pending[1] is not None
    assert pending[0].digest != pending[1].digest


OBLIGATIONS: dict[str, tuple[list[dict[str, Any]], dict[str, Any]]] = {
    "approvers": ([_due("approvers", ["grace", "edsger"])], {"approvers": ("grace", "edsger")}),
    "quorum": ([_due("quorum", 2)], {"quorum": 2}),
    "signed": ([_due("signed_approval", True)], {"signed": True}),
    "expires": ([_due("approval_expires", 60_000)], {"expires_after_ms": 60_000}),
    "requester": ([_due("requester_not_approver")], {"not_by": ("ada",)}),
    "another_kind": ([_due("tell_security", "soon")], {"quorum": 1, "approvers": ()}),
    "together": ([_due("quorum", 2), _due("requester_not_approver")], {"quorum": 2, "not_by": ("ada",)}),
}


@pytest.mark.parametrize("name", OBLIGATIONS)
def test_an_obligation_says_how_a_plan_is_approved(name: str) -> None:
    """
    INV-149: who, how many, signed or not, until when, and not by whom.
    """
    obligations, expected = OBLIGATIONS[name]
    ask = _ask(_admit(_run(), _pack("flag", obligations=obligations)))
    assert {field: getattr(ask, field) for field in expected} == expected


@pytest.mark.parametrize(
    ("due", "error"),
    [
        (_due("quorum"), PolicyError),
        (_due("quorum", 0), DefinitionError),
        (_due("quorum", "two"), DefinitionError),
        (_due("approvers", "grace"), DefinitionError),
        (_due("signed_approval", 1), DefinitionError),
        (_due("approval_expires", -1), DefinitionError),
    ],
    ids=["no_value", "nobody", "no_number", "no_list", "no_flag", "in_the_past"],
)
def test_an_obligation_that_cannot_be_met_is_refused(due: dict[str, Any], error: type[Exception]) -> None:
    """
    INV-149: the plan is not admitted with less than was asked for.
    """
    with pytest.raises(error):
        _admit(_run(), _pack("flag", obligations=[due]))
