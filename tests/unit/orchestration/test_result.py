"""What a run gives back: plain copies of what is held as bytes, so that nothing a caller does reaches a digest."""

import copy
import json
from typing import Any

import pytest
from makers import make_decision, make_gate, make_step, run

from runtime.orchestration import OrchestrationResult

STEPS = [
    make_step("a", "set", path="/a", value=[1]),
    make_gate(output="/d"),
    make_step("b", "append", path="/a", value=2),
]


@pytest.fixture
def whole() -> OrchestrationResult:
    """
    Give a completed run.
    """
    return run({"n": {"x": 1}}, *STEPS, answers=[make_decision()])


@pytest.fixture
def waiting() -> OrchestrationResult:
    """
    Give a run that waits.
    """
    return run({"n": {"x": 1}}, *STEPS)


class TestNothingIsShared:
    """
    "Nothing a caller does to a result changes a digest that was already taken."
    """

    @pytest.mark.parametrize("name", ["final_state", "lineage", "receipt", "header"])
    def test_what_is_handed_out_is_a_copy(self, whole: OrchestrationResult, name: str) -> None:
        """
        Emptying it changes neither the result nor what is handed out next.
        """
        before = copy.deepcopy(getattr(whole, name))
        given = getattr(whole, name)
        for part in given.values():
            if isinstance(part, dict | list):
                part.clear()
        given.clear()
        assert getattr(whole, name) == before

    def test_so_is_what_to_dict_gives(self, whole: OrchestrationResult) -> None:
        """
        At any depth.
        """
        before = copy.deepcopy(whole.to_dict())
        given = whole.to_dict()
        given["final_state"]["n"]["x"] = 2
        given["executed_steps"][0]["payload"].clear()
        given["lineage"]["entries"].clear()
        given["receipt"]["header"].clear()
        assert whole.to_dict() == before

    def test_so_is_a_state_before_a_step(self, whole: OrchestrationResult) -> None:
        """
        Each call gives a fresh one.
        """
        whole.state_before(1)["n"]["x"] = 2
        assert whole.state_before(1) == {"n": {"x": 1}}

    def test_a_pending_request_is_a_copy(self, waiting: OrchestrationResult) -> None:
        """
        So is the record of an open request.
        """
        assert waiting.pending is not None
        record: Any = waiting.pending.to_dict()
        record["request"]["ask"]["choices"].clear()
        assert waiting.pending.to_dict() != record


class TestStateBefore:
    """
    "`state_before(i)`": the state a step started from, counted from 1 as lineage entries are.
    """

    def test_gives_the_state_each_step_started_from(self, whole: OrchestrationResult) -> None:
        """
        The first is the context's, each later one what the step before left.
        """
        assert whole.state_before(1) == {"n": {"x": 1}}
        assert whole.state_before(2) == {"n": {"x": 1}, "a": [1]}
        assert whole.state_before(3)["a"] == [1]
        assert whole.final_state["a"] == [1, 2]

    def test_counts_skipped_steps(self) -> None:
        """
        A step keeps its place, whether steps before it ran or not.
        """
        result = run({"n": 1}, make_step("a", when="flagged"), make_step("b", "increment", path="/n"), make_step("c"))
        assert [result.state_before(number)["n"] for number in (1, 2, 3)] == [1, 1, 2]

    def test_reaches_the_step_that_waits(self, waiting: OrchestrationResult) -> None:
        """
        The waiting step has a state to start from, and the one behind it has none.
        """
        assert waiting.state_before(2) == waiting.final_state
        with pytest.raises(IndexError, match="step 3 was not reached; steps 1 to 2 were"):
            waiting.state_before(3)

    def test_reaches_the_step_that_failed(self) -> None:
        """
        And nothing behind it.
        """
        result = run({}, make_step("a"), make_step("b", "fail"), make_step("c"))
        assert result.state_before(2) == {}
        with pytest.raises(IndexError, match="step 3 was not reached; steps 1 to 2 were"):
            result.state_before(3)

    @pytest.mark.parametrize("number", [0, -1, 4])
    def test_refuses_a_place_that_is_none(self, whole: OrchestrationResult, number: int) -> None:
        """
        There is no step 0, and none counted from the end.
        """
        with pytest.raises(IndexError, match=f"step {number} was not reached; steps 1 to 3 were"):
            whole.state_before(number)


class TestToDict:
    """
    The record `result/v1`.
    """

    def test_of_a_run_that_ended(self, whole: OrchestrationResult) -> None:
        """
        It holds what the contract names, as plain JSON.
        """
        record = whole.to_dict()
        assert sorted(record) == [
            "checkpoint",
            "error_code",
            "error_message",
            "executed_steps",
            "failed_step_id",
            "final_state",
            "id",
            "lineage",
            "opening",
            "pending",
            "receipt",
            "schema",
            "status",
            "success",
            "verdicts",
        ]
        assert (record["schema"], record["id"], record["status"], record["success"]) == (
            "result/v1",
            "wf-test",
            "completed",
            True,
        )
        assert (record["pending"], record["checkpoint"]) == (None, None)
        assert record["executed_steps"] == [step.to_dict() for step in STEPS]
        assert record["lineage"]["workflow_id"] == "wf-test"
        assert json.loads(json.dumps(record)) == record

    def test_of_a_run_that_waits(self, waiting: OrchestrationResult) -> None:
        """
        It holds the open request and the checkpoint, and no receipt.
        """
        record = waiting.to_dict()
        assert (record["status"], record["success"], record["receipt"]) == ("waiting_human", False, None)
        assert waiting.pending is not None
        assert record["pending"]["digest"] == waiting.pending.digest
        assert record["checkpoint"] == waiting.inputs.to_dict()
        assert json.loads(json.dumps(record)) == record

    def test_of_a_run_that_failed(self) -> None:
        """
        It says which step failed, with which code, and why.
        """
        record = run({}, make_step("s", "fail", reason="no")).to_dict()
        assert (record["failed_step_id"], record["error_code"]) == ("s", "step_failed")
        assert (record["error_message"], record["success"]) == ("Step 's' failed: no", False)


class TestCheckpointOfAResult:
    """
    A waiting run has a checkpoint; an ended one has none.
    """

    def test_is_the_inputs_so_far(self, waiting: OrchestrationResult, whole: OrchestrationResult) -> None:
        """
        It is the inputs with the answers that were used.
        """
        assert waiting.checkpoint == waiting.inputs
        assert whole.checkpoint is None
        assert len(whole.inputs.answers) == 1
