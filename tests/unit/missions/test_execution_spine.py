"""execution_spine: which way a run goes is up to the policy, not to code."""

from typing import Any

import pytest
from makers import make_decision

from missions.execution_spine import EXECUTION_SPINE, POLICY, PT004_EXECUTION_SPINE
from runtime.errors import UnusedAnswerError
from runtime.orchestration import ExecutionContext, OrchestrationResult
from runtime.orchestration.mission import Start
from runtime.orchestration.registry import MISSION_REGISTRY, run_mission
from runtime.policy.pack import PolicyPack

CONTEXT = ExecutionContext({"registry": [{"name": "echo"}]})
STEPS = ["spine-observe", "spine-decide", "spine-gate", "spine-act", "spine-transform"]


def spine(mode: str, *answers: Any, name: str = "execution_spine", **keywords: Any) -> OrchestrationResult:
    """
    Run the spine.
    """
    return run_mission(name, CONTEXT, {"test_mode": mode}, answers=answers, **keywords)


def statuses(result: OrchestrationResult) -> list[str]:
    """
    List how its steps ended.
    """
    return [entry["status"] for entry in result.lineage["entries"]]


@pytest.mark.parametrize("name", ["execution_spine", "pt004_execution_spine"])
class TestTheThreeWays:
    """
    "`test_mode` in the input selects allow, flag or deny through the shipped policy pack, not through code."
    """

    def test_allow_goes_to_the_end_without_a_person(self, name: str) -> None:
        """
        The gate is skipped.
        """
        result = spine("allow", name=name)
        assert result.success
        assert statuses(result) == ["completed", "completed", "skipped", "completed", "completed"]
        assert result.final_state["result"] == {
            "workflows": 1,
            "decision": "allow",
            "performed": True,
            "approved_by": None,
        }

    def test_flag_waits_at_the_gate_and_goes_on_past_it(self, name: str) -> None:
        """
        With who let it pass.
        """
        assert spine("flag", name=name).status == "waiting_human"
        result = spine("flag", make_decision("spine-gate"), name=name)
        assert result.success
        assert result.final_state["result"]["approved_by"] == "ada"

    def test_flag_and_a_rejection_end_the_run(self, name: str) -> None:
        """
        Before it acts.
        """
        result = spine("flag", make_decision("spine-gate", choice="reject"), name=name)
        assert (result.status, "action" in result.final_state) == ("denied", False)

    def test_deny_ends_the_run_before_it_acts(self, name: str) -> None:
        """
        No later step has an entry.
        """
        result = spine("deny", name=name)
        assert (result.status, result.error_code, result.failed_step_id) == ("denied", "policy_denied", "spine-decide")
        assert statuses(result) == ["completed", "denied"]


@pytest.mark.parametrize("mode", ["other", 'a"b', "back\\slash", "line\nfeed", "é"])
def test_anything_else_is_denied(mode: str) -> None:
    """
    No rule applies; and no text of a param becomes a part of the expression it stands in.
    """
    result = spine(mode)
    assert (result.status, dict(result.verdicts)["spine-decide"].reason_code) == ("denied", "no_matching_policy_rule")
    assert result.final_state["observed"]["test_mode"] == mode


def test_another_pack_decides_otherwise() -> None:
    """
    The way is in the pack, and an operator's takes the place of the shipped one.
    """
    document = POLICY.document.thaw()
    document["rules"][0]["effect"] = "deny"
    assert spine("allow", policies=[PolicyPack.from_document(document)]).status == "denied"


def test_a_decision_that_nobody_asked_for_is_refused() -> None:
    """
    A skipped gate takes no answer.
    """
    with pytest.raises(UnusedAnswerError):
        spine("allow", make_decision("spine-gate"))


def test_the_alias_is_the_same_mission() -> None:
    """
    Same workflow, same policy; started by hand.
    """
    assert MISSION_REGISTRY["pt004_execution_spine"] is PT004_EXECUTION_SPINE
    assert PT004_EXECUTION_SPINE({"test_mode": "flag"}) == EXECUTION_SPINE({"test_mode": "flag"})
    assert PT004_EXECUTION_SPINE.start is EXECUTION_SPINE.start is Start.MANUAL
    assert [step.id for step in EXECUTION_SPINE().steps] == STEPS
