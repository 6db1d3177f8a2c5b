"""Action steps as the engine sees them: a request to the driver, and the one outcome that answers it."""

from typing import Any

import pytest
from makers import make_action, make_effect_answer, make_inputs, make_step, make_workflow, nested, run, sha256_of

from runtime.encoding.frozen import JsonArray, JsonObject
from runtime.orchestration import Checkpoint, ExecutionContext, Mode, WorkflowDefinition, execute
from runtime.values import EffectAsk


class TestAnActionWaits:
    """
    "`action` asks the driver for an effect."
    """

    def test_until_its_outcome_is_known(self) -> None:
        """
        The run stands before the step and says what it wants done.
        """
        action = make_action(params={"to": ["x"]}, mode="mutate", description="Copy it")
        result = run({"a": 1}, action, mode="apply")
        assert (result.status, result.executed_steps, result.receipt) == ("waiting_effect", (), None)
        assert result.pending is not None
        assert result.pending.reason == "unanswered"
        ask = result.pending.request.ask
        assert isinstance(ask, EffectAsk)
        assert (ask.connector, ask.action, ask.params.thaw(), ask.mode.value) == (
            "files",
            "copy",
            {"to": ["x"]},
            "mutate",
        )

    def test_and_its_request_is_the_record_of_the_contract(self) -> None:
        """
        Header digest, sequence, step, lineage head, input state and question are what the digest covers.
        """
        result = run({"a": 1}, make_step("s"), make_action())
        assert result.pending is not None
        assert result.pending.request.to_dict() == {
            "schema": "request/v1",
            "run_digest": sha256_of(result.header),
            "sequence": 2,
            "step_id": "act",
            "lineage_head": sha256_of(result.lineage["entries"][0]),
            "input_digest": sha256_of({"a": 1}),
            "ask": {"kind": "effect", "connector": "files", "action": "copy", "params": {}, "mode": "read"},
        }
        assert result.pending.digest == sha256_of(result.pending.request.to_dict())


class TestAnOutcome:
    """
    "`succeeded` enters the state at `output`; `failed` (known not done) fails the step; `unknown` is no answer yet."
    """

    @pytest.mark.parametrize("output", [None, False, 0, "", [], {}, {"rows": [1, None]}])
    def test_that_succeeded_enters_the_state(self, output: Any) -> None:
        """
        Whatever the connector gave stands at `output`, null included.
        """
        result = run({}, make_action(output="/out"), answers=[make_effect_answer(output=output)])
        assert (result.status, result.final_state) == ("completed", {"out": output})
        assert type(result.final_state["out"]) is type(output)

    def test_that_succeeded_without_a_place_changes_nothing(self) -> None:
        """
        Without `output` the outcome is recorded, and the state stays.
        """
        result = run({"a": 1}, make_action(), answers=[make_effect_answer(output={"b": 1})])
        assert (result.status, result.final_state) == ("completed", {"a": 1})

    def test_that_failed_fails_the_step(self) -> None:
        """
        The run fails with `effect_failed`; the connector's code is in the message and in the answer, never its text.
        """
        result = run({"a": 1}, make_action(output="/out"), answers=[make_effect_answer(status="failed", code="gone")])
        assert (result.status, result.failed_step_id, result.error_code) == ("failed", "act", "effect_failed")
        assert result.error_message == "Step 'act' failed: the effect was not done, code 'gone'"
        assert result.final_state == {"a": 1}
        assert result.lineage["entries"][0]["answer_digest"] == result.inputs.answers[0].digest

    def test_that_has_no_place_fails_the_step_and_is_recorded(self) -> None:
        """
        What was done stays bound to the entry of the step that failed.
        """
        result = run({}, make_action(output="/a/b"), answers=[make_effect_answer(output=1)])
        assert (result.status, result.error_code) == ("failed", "path_missing")
        assert result.lineage["entries"][0]["answer_digest"] == result.inputs.answers[0].digest

    def test_that_is_too_deep_for_its_place_fails_the_step(self) -> None:
        """
        So does one that would make the state too deep.
        """
        state = {"a": nested(10)}
        answer = make_effect_answer(output=nested(56))
        result = run(state, make_action(output="/a" + "/0" * 9), answers=[answer])
        assert (result.status, result.error_code, result.final_state) == ("failed", "state_too_deep", state)

    def test_binds_its_attempts(self) -> None:
        """
        Two outcomes that differ in their attempts alone leave different receipts.
        """
        receipts = {
            run(
                {}, make_action(), answers=[make_effect_answer(attempts=JsonArray([{"number": 1}] * count))]
            ).receipt_bytes
            for count in (0, 1, 2)
        }
        assert len(receipts) == 3


STEPS = (make_step("s", "set", path="/b", value=1), make_action(params={"p": 1}))
BASE: dict[str, Any] = {
    "definition": make_workflow(*STEPS),
    "context": ExecutionContext({"a": 1}, {"m": 1}),
    "mission": "made",
    "mission_version": "1.0.0",
    "params": JsonObject({"x": 1}),
    "mode": Mode.APPLY,
}


def _with_action(**payload: Any) -> dict[str, Any]:
    step = make_step("s", "set", path="/b", value=1)
    return {"definition": make_workflow(step, make_action(**{"params": {"p": 1}, **payload}))}


CHANGES: dict[str, dict[str, Any]] = {
    "workflow id": {"definition": WorkflowDefinition("other", STEPS)},
    "workflow metadata": {"definition": WorkflowDefinition("wf-test", STEPS, {"a": 1})},
    "an earlier step's payload": {
        "definition": make_workflow(
            make_step("s", "set", path="/b", value=1, description=""), make_action(params={"p": 1})
        )
    },
    "a later step": {"definition": make_workflow(*STEPS, make_step("t"))},
    "step id": {
        "definition": make_workflow(make_step("s", "set", path="/b", value=1), make_action("b", params={"p": 1}))
    },
    "connector": _with_action(connector="other"),
    "action": _with_action(action="move"),
    "params": _with_action(params={"p": 2}),
    "params, true for 1": _with_action(params={"p": True}),
    "mode of the action": _with_action(mode="mutate"),
    "state": {"context": ExecutionContext({"a": 2}, {"m": 1})},
    "metadata": {"context": ExecutionContext({"a": 1}, {"m": 2})},
    "no metadata": {"context": ExecutionContext({"a": 1})},
    "mission": {"mission": "other"},
    "mission version": {"mission_version": "1.0.1"},
    "params of the mission": {"params": JsonObject({"x": 2})},
    "no params of the mission": {"params": None},
    "mode of the run": {"mode": Mode.OBSERVE},
    "minor version of the engine": {"engine": "1.1"},
}


class TestARequestDigestCoversEverything:
    """
    "So an answer to it is an answer to nothing else."
    """

    @pytest.mark.parametrize("case", CHANGES)
    def test_any_changed_input_changes_it(self, case: str) -> None:
        """
        Each input of the run, each part of the question and each step before changes the digest.
        """
        base = execute(Checkpoint(**BASE)).pending
        other = execute(Checkpoint(**{**BASE, **CHANGES[case]})).pending
        assert base is not None
        assert other is not None
        assert base.digest != other.digest

    def test_the_same_inputs_give_it_again(self) -> None:
        """
        Nothing else enters it.
        """
        first, second = (execute(make_inputs(make_action())).pending for _ in range(2))
        assert first is not None
        assert second is not None
        assert first.digest == second.digest

    def test_equal_calls_are_different_requests(self) -> None:
        """
        Two steps that ask for the same are told apart by their place.
        """
        steps = [make_action("a"), make_action("b")]
        answers = [make_effect_answer("a"), make_effect_answer("b")]
        entries = run({}, *steps, answers=answers).lineage["entries"]
        assert entries[0]["request_digest"] != entries[1]["request_digest"]
        assert entries[0]["answer_digest"] != entries[1]["answer_digest"]

    def test_an_earlier_answer_changes_it(self) -> None:
        """
        What was answered before is part of what the next answer rests on, even when the state is the same.
        """
        steps = [make_action("a"), make_action("b")]
        digests = set()
        for output in (1, 2):
            pending = run({}, *steps, answers=[make_effect_answer("a", output=output)]).pending
            digests.add(pending and pending.digest)
        assert len(digests) == 2
