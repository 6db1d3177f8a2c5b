"""change_request: nothing is changed before a person approved exactly that change."""

import contextlib
from typing import Any

import pytest
from makers import make_decision

from missions.change_request import CHANGE_REQUEST
from runtime.errors import InvalidAnswerError, ParamsError, StaleAnswerError
from runtime.orchestration import ExecutionContext, OrchestrationResult
from runtime.orchestration.registry import resume_mission, run_mission
from runtime.values import HumanAsk

PARAMS = {"title": "Raise the limit", "requested_by": "grace", "patch": {"limit": 250, "old": None}}
STATE = {"config": {"limit": 100, "old": True, "kept": 1}, "service": "files"}
CHANGE = {**PARAMS, "risk": "medium", "target": "/config"}
DECISION = {"actor": "ada", "choice": "approve", "reason": "looks right", "input": None}


def request(state: Any = None, *answers: Any, **params: Any) -> OrchestrationResult:
    """
    Run the mission.
    """
    context = ExecutionContext(STATE if state is None else state)
    return run_mission("change_request", context, {**PARAMS, **params}, answers=answers)


class TestApproved:
    """
    `propose` writes the change down, the policy flags it, `approve` asks, `apply` merges it, `record` keeps it.
    """

    def test_the_change_is_made_and_recorded(self) -> None:
        """
        The target is patched (null removes), and the history has one more entry, with who decided.
        """
        result = request(None, make_decision("approve"))
        assert result.status == "completed"
        assert result.final_state["config"] == {"limit": 250, "kept": 1}
        assert result.final_state["service"] == "files"
        assert result.final_state["history"] == [{**CHANGE, "decision": DECISION}]
        assert result.lineage["executed_step_ids"] == ["propose", "decide", "approve", "apply", "record"]

    def test_a_history_that_is_there_grows(self) -> None:
        """
        Earlier changes are kept.
        """
        result = request({**STATE, "history": [{"earlier": 1}]}, make_decision("approve"))
        assert result.final_state["history"] == [{"earlier": 1}, {**CHANGE, "decision": DECISION}]

    def test_a_target_that_is_absent_is_made(self) -> None:
        """
        Where its parent is there.
        """
        result = request({}, make_decision("approve"), patch={"a": {"b": 1}})
        assert result.final_state["config"] == {"a": {"b": 1}}

    def test_a_target_deeper_down_is_patched_alone(self) -> None:
        """
        What stands beside it is not touched.
        """
        result = request({"a": {"b": {"x": 1}, "c": 2}}, make_decision("approve"), target="/a/b", patch={"x": 2})
        assert result.final_state["a"] == {"b": {"x": 2}, "c": 2}

    def test_a_target_without_a_parent_fails_the_run(self) -> None:
        """
        The approval is recorded, and nothing is changed.
        """
        result = request({"a": 1}, make_decision("approve"), target="/x/y")
        assert (result.status, result.failed_step_id, result.error_code) == ("failed", "apply", "path_missing")
        assert result.final_state["a"] == 1


class TestAsked:
    """
    The approver sees the change, and only those named may decide.
    """

    def test_the_prompt_says_what_is_asked(self) -> None:
        """
        Title, target and requester stand in it; the change itself stands in the state.
        """
        result = request()
        assert result.status == "waiting_human"
        assert result.pending is not None
        ask = result.pending.request.ask
        assert isinstance(ask, HumanAsk)
        assert ask.prompt == 'Approve the change "Raise the limit" to /config, requested by grace?'
        assert ask.shown.thaw() == {"risk": "medium", "why a person is asked": "risk_needs_a_person"}
        assert {**result.final_state, "verdict": None} == {**STATE, "change": CHANGE, "verdict": None}

    def test_anybody_may_decide_unless_approvers_are_named(self) -> None:
        """
        With approvers, others are refused.
        """
        assert request(None, make_decision("approve", actor="anybody")).success
        with pytest.raises(InvalidAnswerError, match="approvers are"):
            request(None, make_decision("approve"), approvers=["edsger"])

    def test_a_decision_on_another_change_is_stale(self) -> None:
        """
        An approval is for exactly the change that was shown.
        """
        waiting, other = request(), request(patch={"limit": 251})
        assert waiting.pending is not None
        assert other.checkpoint is not None
        with pytest.raises(StaleAnswerError):
            resume_mission(other.checkpoint, [make_decision(request_digest=waiting.pending.digest)])

    def test_the_longest_params_can_be_asked(self) -> None:
        """
        No title, requester or target that is accepted makes a prompt that is refused.
        """
        long = {"title": "\U0001f602" * 128, "requested_by": "x" * 128, "target": "/" + "t" * 1023}
        assert request(**long).status == "waiting_human"


class TestDecidedByRisk:
    """
    "A small change of low risk needs no person; a critical one is denied."
    """

    def test_a_small_change_of_low_risk_goes_on(self) -> None:
        """
        The gate is skipped, and the history says so by holding no decision.
        """
        result = request(risk="low")
        assert result.success
        assert [entry["status"] for entry in result.lineage["entries"]][2] == "skipped"
        assert result.final_state["history"] == [{**CHANGE, "risk": "low"}]

    def test_a_large_change_asks_whatever_its_risk(self) -> None:
        """
        More than five members of the target.
        """
        patch = {str(index): index for index in range(6)}
        assert request(risk="low", patch=patch).status == "waiting_human"

    def test_a_critical_change_is_denied(self) -> None:
        """
        Before anybody is asked; the target is untouched.
        """
        result = request(risk="critical")
        assert (result.status, result.error_code, result.failed_step_id) == ("denied", "policy_denied", "decide")
        assert result.final_state["config"] == STATE["config"]

    def test_a_risk_there_is_not_is_refused(self) -> None:
        """
        With the ones there are.
        """
        with pytest.raises(ParamsError, match="critical"):
            request(risk="none")


class TestRejected:
    """
    "Rejected, the run ends as denied and the target is untouched."
    """

    def test_the_target_is_untouched(self) -> None:
        """
        The change stays proposed, and no history is written.
        """
        result = request(None, make_decision("approve", choice="reject"))
        assert (result.status, result.error_code) == ("denied", "gate_rejected")
        assert {**result.final_state, "verdict": None} == {**STATE, "change": CHANGE, "verdict": None}

    def test_so_is_a_target_where_the_proposal_is_written(self) -> None:
        """
        A target that `propose` itself would overwrite is refused, or untouched like any other.
        """
        state = {"change": {"limit": 100}}
        with contextlib.suppress(ParamsError):
            assert request(state, make_decision("approve", choice="reject"), target="/change").final_state == state


class TestTheHistory:
    """
    `record` keeps the change with its decision: no change can rewrite who decided, or what was recorded before.
    """

    @pytest.mark.parametrize(
        ("target", "patch"),
        [
            ("/change/decision", {"actor": "edsger"}),
            ("/change", {"decision": {"actor": "edsger"}}),
            ("/change", {"requested_by": "nobody"}),
            ("/history/0", {"decision": {"actor": "edsger"}}),
            ("/verdict", {"decision": "allow"}),
        ],
    )
    def test_cannot_be_rewritten_by_the_change(self, target: str, patch: Any) -> None:
        """
        A change to the proposal, its decision or the history is refused, or recorded as what it was.
        """
        earlier = {"title": "Earlier", "decision": {"actor": "ada"}}
        with contextlib.suppress(ParamsError):
            result = request({"history": [earlier]}, make_decision("approve"), target=target, patch=patch)
            change = {**CHANGE, "target": target, "patch": patch, "decision": DECISION}
            assert result.final_state["history"] == [earlier, change]


REFUSED: dict[str, tuple[dict[str, Any], str]] = {
    "no title": ({"title": ""}, "title"),
    "a long title": ({"title": "x" * 129}, "title"),
    "no requester": ({"requested_by": None}, "requested_by"),
    "a list for a patch": ({"patch": [1]}, "patch"),
    "a target without a slash": ({"target": "config"}, "target"),
    "the root as a target": ({"target": ""}, "target"),
    "an empty approver": ({"approvers": [""]}, "approvers"),
    "a text for approvers": ({"approvers": "ada"}, "approvers"),
    "a field there is not": ({"priority": 1}, ""),
}


@pytest.mark.parametrize("case", REFUSED)
def test_params_that_do_not_fit_are_refused(case: str) -> None:
    """
    With the field's name.
    """
    changes, place = REFUSED[case]
    with pytest.raises(ParamsError) as caught:
        CHANGE_REQUEST({**PARAMS, **changes})
    assert [fault.where for fault in caught.value.faults] == [place]


def test_required_params_are_named() -> None:
    """
    All that are missing together.
    """
    with pytest.raises(ParamsError) as caught:
        CHANGE_REQUEST({})
    assert sorted(fault.where for fault in caught.value.faults) == ["patch", "requested_by", "title"]
