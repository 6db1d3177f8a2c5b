"""Human steps: they wait, take one decision bound to their request, and let it into the state."""

from typing import Any

import pytest
from makers import make_decision, make_effect_answer, make_gate, make_step, run, sha256_of

from runtime.errors import InvalidAnswerError, StaleAnswerError, UnusedAnswerError
from runtime.orchestration import ExecutionContext, OrchestrationResult, Orchestrator, StepSpec, WorkflowDefinition
from runtime.values import HumanAsk, Request

DECISION = {"actor": "ada", "choice": "approve", "reason": "looks right", "input": None}


def open_request(result: OrchestrationResult) -> Request:
    """
    Give the request a run waits for.
    """
    assert result.pending is not None
    return result.pending.request


class TestAGateWaits:
    """
    "A mission that reaches a human step without an answer waits; it never passes unasked."
    """

    def test_until_it_is_answered(self) -> None:
        """
        The run stands before the step: no entry, no receipt, the state so far, and what is asked.
        """
        result = run({"a": 1}, make_step("s", "set", path="/b", value=2), make_gate(), make_step("t", "fail"))
        assert (result.status, result.success, result.receipt) == ("waiting_human", False, None)
        assert [step.id for step in result.executed_steps] == ["s"]
        assert result.lineage["executed_step_ids"] == ["s"]
        assert len(result.lineage["entries"]) == 1
        assert result.final_state == {"a": 1, "b": 2}
        assert (result.failed_step_id, result.error_code, result.error_message) == (None, None, None)
        assert result.pending is not None
        assert result.pending.reason == "unanswered"

    def test_and_asks_what_its_payload_says(self) -> None:
        """
        The request holds prompt, choices, input schema, approvers and a quorum of one.
        """
        schema = {"type": "object"}
        gate = make_gate(prompt="Really?", choices=["yes", "reject"], approvers=["ada"], input_schema=schema)
        ask = open_request(run({}, gate)).ask
        assert isinstance(ask, HumanAsk)
        assert (ask.prompt, ask.choices, ask.approvers, ask.quorum) == ("Really?", ("yes", "reject"), ("ada",), 1)
        assert ask.input_schema == schema

    @pytest.mark.parametrize(
        ("payload", "prompt"),
        [
            ({"prompt": "P", "description": "D"}, "P"),
            ({"description": "D"}, "D"),
            ({"prompt": "", "description": "D"}, "D"),
            ({}, ""),
        ],
    )
    def test_and_asks_with_its_prompt_or_else_its_description(self, payload: dict[str, Any], prompt: str) -> None:
        """
        `prompt` is the description unless it is given.
        """
        ask = open_request(run({}, StepSpec("gate", "human", payload))).ask
        assert isinstance(ask, HumanAsk)
        assert ask.prompt == prompt

    def test_and_shows_its_request_as_a_record(self) -> None:
        """
        The open request is given with its digest, its reason and the whole `request/v1` record.
        """
        result = run({}, make_gate())
        assert result.pending is not None
        record = result.pending.to_dict()
        assert record["digest"] == result.pending.digest == sha256_of(record["request"])
        assert (record["reason"], record["request"]["schema"]) == ("unanswered", "request/v1")  # type: ignore[index]


class TestADecision:
    """
    "Its decision is recorded, bound and replayable."
    """

    def test_lets_the_run_go_on(self) -> None:
        """
        An approved gate is completed, executed, and bound to request and answer.
        """
        gate = make_gate()
        waiting = run({}, gate)
        result = run({}, gate, make_step("s"), answers=[make_decision()])
        [entry, _] = result.lineage["entries"]
        assert (result.status, entry["status"], entry["kind"], entry["operation"]) == (
            "completed",
            "completed",
            "human",
            "human",
        )
        assert entry["answer_digest"] == result.inputs.answers[0].digest
        assert result.inputs.answers[0].step_id is None
        assert run({}, gate, answers=[make_decision()]).lineage["entries"][0]["request_digest"] == (
            waiting.pending and waiting.pending.digest
        )

    def test_enters_the_state_at_output(self) -> None:
        """
        Actor, choice, reason and input stand at `output`, and nowhere without one.
        """
        assert run({}, make_gate(output="/d"), answers=[make_decision()]).final_state == {"d": DECISION}
        assert run({}, make_gate(), answers=[make_decision()]).final_state == {}

    def test_enters_with_its_input(self) -> None:
        """
        What the person filled in stands in the state, as it was given.
        """
        gate = make_gate(output="/d", input_schema={"type": "object"})
        result = run({}, gate, answers=[make_decision(input={"days": [1, 2.0]})])
        assert result.final_state == {"d": {**DECISION, "input": {"days": [1, 2]}}}

    @pytest.mark.parametrize(
        ("state", "output", "code"),
        [({}, "/a/b", "path_missing"), ({"a": 1}, "/a/b", "wrong_type"), ({"a": []}, "/a/0", "path_missing")],
    )
    def test_that_has_no_place_fails_the_step(self, state: dict[str, Any], output: str, code: str) -> None:
        """
        When the state has no place at `output` the step fails, bound to the decision all the same.
        """
        result = run(state, make_gate(output=output), answers=[make_decision()])
        assert (result.status, result.error_code, result.failed_step_id) == ("failed", code, "gate")
        assert result.final_state == state
        entry = result.lineage["entries"][0]
        assert entry["answer_digest"] == result.inputs.answers[0].digest
        assert entry["request_digest"] == result.inputs.answers[0].request_digest

    def test_is_bound_to_the_request_it_answers(self) -> None:
        """
        A decision by request digest is taken by that request.
        """
        waiting = run({}, make_gate())
        answer = make_decision(request_digest=open_request(waiting).digest)
        assert run({}, make_gate(), answers=[answer]).inputs.answers == (answer,)


class TestARejection:
    """
    "`on_reject: deny | continue` (default deny). The rejecting choice is `reject`."
    """

    def test_denies_the_run(self) -> None:
        """
        The run ends as denied at the gate, with the reason in the message, and the state as it was.
        """
        decision = make_decision(choice="reject", reason="too early")
        result = run({"a": 1}, make_gate(output="/d"), make_step("s"), answers=[decision])
        assert (result.status, result.success, result.failed_step_id) == ("denied", False, "gate")
        assert (result.error_code, result.final_state) == ("gate_rejected", {"a": 1})
        assert result.error_message == "Step 'gate' denied: rejected by 'ada': too early"
        [entry] = result.lineage["entries"]
        assert (entry["status"], entry["error_code"]) == ("denied", "gate_rejected")
        assert entry["output_digest"] == entry["input_digest"]
        assert entry["answer_digest"] == result.inputs.answers[0].digest
        assert result.receipt is not None
        assert (result.receipt["status"], result.receipt["steps"]) == ("denied", ["gate"])

    def test_without_a_reason_is_told_without_one(self) -> None:
        """
        The message ends with the actor.
        """
        result = run({}, make_gate(), answers=[make_decision(choice="reject", reason="")])
        assert result.error_message == "Step 'gate' denied: rejected by 'ada'"

    def test_goes_on_when_told(self) -> None:
        """
        With `on_reject: continue` the decision is recorded and the run goes on.
        """
        gate = make_gate(on_reject="continue", output="/d")
        result = run({}, gate, make_step("s"), answers=[make_decision(choice="reject")])
        assert (result.status, result.final_state["d"]["choice"]) == ("completed", "reject")

    def test_is_only_the_choice_of_that_name(self) -> None:
        """
        Any other choice goes on, whatever it says.
        """
        gate = make_gate(choices=["no", "Reject", "reject"])
        assert run({}, gate, answers=[make_decision(choice="no")]).success
        assert run({}, gate, answers=[make_decision(choice="Reject")]).success

    def test_needs_no_input_and_has_what_it_brings_checked(self) -> None:
        """
        Whoever rejects need not fill in a form; what is filled in must fit.
        """
        gate = make_gate(input_schema={"type": "object"})
        assert run({}, gate, answers=[make_decision(choice="reject")]).status == "denied"
        assert run({}, gate, answers=[make_decision(choice="reject", input={})]).status == "denied"
        with pytest.raises(InvalidAnswerError):
            run({}, gate, answers=[make_decision(choice="reject", input=3)])


INVALID: dict[str, tuple[dict[str, Any], dict[str, Any], list[str]]] = {
    "a choice that is none": ({}, {"choice": "maybe"}, ["choice"]),
    "a choice in other case": ({}, {"choice": "Approve"}, ["choice"]),
    "no reject among the choices": ({"choices": ["approve"]}, {"choice": "reject"}, ["choice"]),
    "an actor who is no approver": ({"approvers": ["grace"]}, {}, ["actor"]),
    "an actor in other case": ({"approvers": ["Ada"]}, {}, ["actor"]),
    "an input nobody asked for": ({}, {"input": {"a": 1}}, ["input"]),
    "false where no input is asked for": ({}, {"input": False}, ["input"]),
    "no input": ({"input_schema": {"type": "object"}}, {}, ["input"]),
    "an input of the wrong type": ({"input_schema": {"type": "object"}}, {"input": [1]}, ["input"]),
    "all of it": (
        {"approvers": ["grace"], "input_schema": {"required": ["a", "b"]}},
        {"choice": "maybe", "input": {}},
        ["choice", "actor", "input", "input"],
    ),
}


class TestAnInvalidDecision:
    """
    A decision the step does not allow is refused; nothing is recorded.
    """

    @pytest.mark.parametrize("case", INVALID)
    def test_is_refused_with_every_fault(self, case: str) -> None:
        """
        Every fault is listed with its place, whether given in advance or bound.
        """
        payload, changes, expected = INVALID[case]
        waiting = run({}, make_gate(**payload))
        for address in ({}, {"request_digest": open_request(waiting).digest}):
            with pytest.raises(InvalidAnswerError, match="a decision that step 'gate' does not allow") as caught:
                run({}, make_gate(**payload), answers=[make_decision(**changes, **address)])
            assert [fault.where for fault in caught.value.faults] == expected
            assert caught.value.code == "invalid_answer"

    def test_is_refused_with_what_is_allowed_sorted(self) -> None:
        """
        "Lists of choices are sorted", whatever order the step gives them in.
        """
        gate = make_gate(choices=["no", "maybe", "approve"], approvers=["lin", "bob", "ada"])
        with pytest.raises(InvalidAnswerError) as caught:
            run({}, gate, answers=[make_decision(choice="yes", actor="eve")])
        assert [fault.message for fault in caught.value.faults] == [
            "choice 'yes'; choices are ['approve', 'maybe', 'no']",
            "actor 'eve'; approvers are ['ada', 'bob', 'lin']",
        ]

    def test_in_advance_is_refused_before_the_first_step(self) -> None:
        """
        Even when the run would fail before its gate.
        """
        with pytest.raises(InvalidAnswerError):
            run({}, make_step("s", "fail"), make_gate(), answers=[make_decision(choice="maybe")])

    def test_of_the_other_kind_is_refused(self) -> None:
        """
        An effect's outcome does not answer a person's question.
        """
        with pytest.raises(InvalidAnswerError, match="an outcome for step 'gate', which asks a person"):
            run({}, make_gate(), answers=[make_effect_answer("gate")])


class TestADecisionForAnotherRequest:
    """
    "A decision signs the request it was shown (run header, step, state, choices); it is used once."
    """

    @pytest.mark.parametrize(
        "case", ["state", "metadata", "prompt", "choices", "approvers", "step id", "step before", "mode", "workflow"]
    )
    def test_is_stale(self, case: str) -> None:
        """
        A decision bound to a request is refused wherever the run, the step, the state or the question differ.
        """
        gate, context = make_gate(), ExecutionContext({"a": 1}, {"m": 1})
        definition, mode = WorkflowDefinition("wf", [gate]), "observe"
        waiting = Orchestrator().run_workflow(definition, context)
        answer = make_decision(request_digest=open_request(waiting).digest)
        match case:
            case "state":
                context = ExecutionContext({"a": True}, {"m": 1})
            case "metadata":
                context = ExecutionContext({"a": 1}, {"m": 2})
            case "prompt":
                definition = WorkflowDefinition("wf", [make_gate(prompt="Go on!")])
            case "choices":
                definition = WorkflowDefinition("wf", [make_gate(choices=["reject", "approve"])])
            case "approvers":
                definition = WorkflowDefinition("wf", [make_gate(approvers=["ada"])])
            case "step id":
                definition = WorkflowDefinition("wf", [make_gate("other")])
            case "step before":
                definition = WorkflowDefinition("wf", [make_step(), gate])
            case "mode":
                mode = "apply"
            case "workflow":
                definition = WorkflowDefinition("wf2", [gate])
        with pytest.raises(StaleAnswerError, match="which this run did not make") as caught:
            Orchestrator().run_workflow(definition, context, answers=[answer], mode=mode)
        assert caught.value.code == "stale_answer"

    def test_of_an_equal_gate_in_the_same_run_is_not_taken(self) -> None:
        """
        Two gates that ask the same are two requests: one decision never answers both.
        """
        gates = [make_gate("a"), make_gate("b")]
        first = open_request(run({}, *gates)).digest
        result = run({}, *gates, answers=[make_decision(request_digest=first)])
        assert (result.status, open_request(result).step_id) == ("waiting_human", "b")
        with pytest.raises(UnusedAnswerError, match=f"a second answer to request {first}"):
            run({}, *gates, answers=[make_decision(request_digest=first), make_decision(request_digest=first)])
