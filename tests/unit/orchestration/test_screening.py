"""The door: what looks like a secret is refused on the way in, and redacted in what drivers say."""

from typing import Any

import pytest

from runtime.encoding.frozen import JsonArray, thaw
from runtime.encoding.redaction import Redaction
from runtime.errors import AnswerRefusedError, Fault, UndeclaredSecretError
from runtime.limits import MAX_PAYLOAD_BYTES
from runtime.orchestration import ExecutionContext, StepSpec, WorkflowDefinition
from runtime.orchestration.checkpoint import Checkpoint, Mode
from runtime.orchestration.drive import drive
from runtime.orchestration.planner import plan_mission, run_planned
from runtime.orchestration.registry import resume_mission, run_mission
from runtime.orchestration.result import OrchestrationResult
from runtime.orchestration.screening import list_secrets, redact_outcome, refuse_secrets
from runtime.testing import MemoryLedger
from runtime.values.answers import Answer, EffectOutcome, OutcomeStatus
from runtime.values.decisions import HumanDecision
from runtime.values.requests import Request

WORD = "hunter" + "2"
TEXT = f"password={WORD}"
PARAMS = {"title": "t", "requested_by": "grace", "patch": {"a": 1}}


def _approval(**changes: Any) -> Answer:
    return Answer(step_id="approve", decision=HumanDecision(actor="ada", choice="approve", **changes))


def _inputs(**changes: Any) -> Checkpoint:
    step = StepSpec("ask", "human", {"operation": "human"})
    fields = {"context": ExecutionContext({}), **changes}
    return Checkpoint(definition=WorkflowDefinition("w", (step,)), **fields)


class TestListSecrets:
    """
    Everything that would be recorded is looked at, and told by path and rule.
    """

    def test_every_input(self) -> None:
        """
        Context, params, metadata, the words and the input of decisions, and outcomes.
        """
        inputs = _inputs(
            context=ExecutionContext({"db": {"password": WORD}}, {"note": TEXT}),
            answers=[
                Answer(step_id="ask", decision=HumanDecision(actor="a", choice="b", reason=TEXT, input={"pin": TEXT})),
                Answer(step_id="do", outcome=EffectOutcome(status=OutcomeStatus.SUCCEEDED, output={"token": WORD})),
            ],
        )
        assert list_secrets(inputs) == (
            Redaction("context/db/password", "key"),
            Redaction("metadata/note", "pair"),
            Redaction("answers/0/decisions/0/reason", "pair"),
            Redaction("answers/0/decisions/0/input/pin", "pair"),
            Redaction("answers/1/outcome/output/token", "key"),
        )

    def test_params(self) -> None:
        """
        Those of a mission stand in the record too.
        """
        plan = plan_mission("change_request", {**PARAMS, "patch": {"api_key": WORD}}, ExecutionContext({"config": {}}))
        assert list_secrets(plan.inputs) == (Redaction("params/patch/api_key", "key"),)

    def test_answers_that_were_taken_before_are_not_looked_at_again(self) -> None:
        """
        Neither are the other inputs then.
        """
        first, second = _approval(reason=TEXT), Answer(step_id="b", decision=HumanDecision(actor=TEXT, choice="c"))
        inputs = _inputs(context=ExecutionContext({"token": WORD}), answers=[first, second])
        assert list_secrets(inputs, [first]) == (Redaction("answers/0/decisions/0/actor", "pair"),)
        assert list_secrets(inputs, [first, second]) == ()

    def test_a_sealed_value_is_none(self) -> None:
        """
        It was declared: what stands there says nothing.
        """
        assert list_secrets(_inputs(context=ExecutionContext({"token": {"$sealed": "sha256:" + "0" * 64}}))) == ()


class TestRefuseSecrets:
    """
    A refusal names path and rule, and how to mend; never the value.
    """

    def test_what_is_refused(self) -> None:
        """
        All of it at once.
        """
        inputs = _inputs(context=ExecutionContext({"db": {"password": WORD}, "note": TEXT}))
        with pytest.raises(UndeclaredSecretError) as caught:
            refuse_secrets(inputs)
        assert caught.value.faults == (
            Fault("it looks like a secret by the rule key", "context/db/password"),
            Fault("it looks like a secret by the rule pair", "context/note"),
        )
        assert "--allow-secrets" in caught.value.remedy
        assert WORD not in str(caught.value)

    def test_what_is_not(self) -> None:
        """
        Inputs that look like none.
        """
        refuse_secrets(_inputs(context=ExecutionContext({"author": "ada", "tokens_used": 5})))


class Talking:
    """
    A connector that gives one outcome.
    """

    def __init__(self, outcome: EffectOutcome, mode: str = "read") -> None:
        self.outcome = outcome
        self.mode = mode

    def describe(self) -> dict[str, Any]:
        """
        Say that it does one thing.
        """
        return {"actions": {"do": {"mode": self.mode}}}

    def call(self, request: Request) -> EffectOutcome:
        """
        Give the outcome.
        """
        del request
        return self.outcome


def _done(**changes: Any) -> EffectOutcome:
    return EffectOutcome(**{"status": OutcomeStatus.SUCCEEDED, "output": {"note": TEXT, "token": WORD}, **changes})


def _drive(outcome: EffectOutcome, *, mode: str = "read", **keywords: Any) -> OrchestrationResult:
    payload = {"operation": "action", "connector": "c", "action": "do", "params": {}, "mode": mode, "output": "/out"}
    inputs = Checkpoint(
        definition=WorkflowDefinition("w", (StepSpec("do", "runtime", payload),)),
        context=ExecutionContext({}),
        mode=Mode.APPLY,
    )
    return drive(inputs, effects={"c": Talking(outcome, mode)}, **keywords)


class TestWhatDriversSay:
    """
    Text of a driver is redacted before it becomes an answer; an output is data.
    """

    def test_attempts_are_redacted_always(self) -> None:
        """
        Their messages are text of the driver.
        """
        attempts: list[Any] = [{"number": 1, "message": f"refused {TEXT}", "headers": {"authorization": WORD}}]
        result = _drive(_done(attempts=JsonArray(attempts)))
        outcome = result.inputs.answers[0].outcome
        assert outcome is not None
        assert outcome.attempts.thaw() == [
            {"number": 1, "message": "refused password=[redacted:pair]", "headers": {"authorization": "[redacted:key]"}}
        ]

    def test_a_code_that_looks_like_a_secret_is_replaced(self) -> None:
        """
        A code has a fixed form, and a token may have it too.
        """
        token = "gh" + "p_" + "a1b2c3d4e5" * 4
        assert redact_outcome(EffectOutcome(status=OutcomeStatus.FAILED, code=token), allow_secrets=True) == (
            EffectOutcome(status=OutcomeStatus.FAILED, code="code_redacted")
        )
        kept = EffectOutcome(status=OutcomeStatus.UNKNOWN, code="token_expired")
        assert redact_outcome(kept, allow_secrets=False) == kept

    def test_an_output_is_data(self) -> None:
        """
        It enters the state as it is where secrets are allowed, which is how the library starts out.
        """
        assert _drive(_done()).final_state == {"out": {"note": TEXT, "token": WORD}}

    def test_an_output_of_a_run_that_refuses_secrets_is_redacted(self) -> None:
        """
        The effect was performed, so its outcome is kept, without them.
        """
        result = _drive(_done(), allow_secrets=False)
        assert result.final_state == {"out": {"note": "password=[redacted:pair]", "token": "[redacted:key]"}}
        assert WORD not in result.inputs.raw.decode()

    def test_the_ledger_holds_what_is_answered(self) -> None:
        """
        What is recorded of a mutating effect is the redacted outcome.
        """
        ledger = MemoryLedger()
        result = _drive(_done(), mode="mutate", ledger=ledger, allow_secrets=False)
        [answer] = result.inputs.answers
        assert answer.request_digest is not None
        assert ledger.find_outcome(answer.request_digest) == answer.outcome

    def test_an_outcome_that_grows_too_large_is_kept_without_its_output(self) -> None:
        """
        Marks are longer than short secrets, and a mutating effect that was done must not be lost.
        """
        many = [{"pwd": "x"}] * (MAX_PAYLOAD_BYTES // 16)
        redacted = redact_outcome(_done(output=many), allow_secrets=False)
        assert redacted.status is OutcomeStatus.SUCCEEDED
        assert thaw(redacted.output) == "[redacted:size]"
        talkative = EffectOutcome(status=OutcomeStatus.FAILED, code="busy", attempts=JsonArray(many))
        assert redact_outcome(talkative, allow_secrets=True) == EffectOutcome(status=OutcomeStatus.FAILED, code="busy")


class TestTheDoor:
    """
    Whoever runs a mission chooses; the library allows, and a run that refuses is refused before its first step.
    """

    def test_run_mission(self) -> None:
        """
        Refused without, taken as it is with.
        """
        context = ExecutionContext({"db": {"password": WORD}})
        with pytest.raises(UndeclaredSecretError):
            run_mission("echo", context, allow_secrets=False)
        assert run_mission("echo", context).final_state["db"] == {"password": WORD}

    def test_run_planned(self) -> None:
        """
        A plan of such inputs can be made, and is refused when it would run.
        """
        plan = plan_mission("echo", None, ExecutionContext({"token": WORD}))
        with pytest.raises(UndeclaredSecretError):
            run_planned(plan, allow_secrets=False)
        assert run_planned(plan).success

    def test_resume_mission(self) -> None:
        """
        Only what is new is looked at.
        """
        context = ExecutionContext({"config": {}, "token": WORD})
        waiting = run_mission("change_request", context, PARAMS)
        with pytest.raises(UndeclaredSecretError) as caught:
            resume_mission(waiting.inputs, [_approval(reason=TEXT)], allow_secrets=False)
        assert [fault.where for fault in caught.value.faults] == ["answers/0/decisions/0/reason"]
        assert resume_mission(waiting.inputs, [_approval(reason="fine")], allow_secrets=False).success
        assert resume_mission(waiting.inputs, [_approval(reason=TEXT)]).success

    def test_it_is_a_refusal_of_the_input(self) -> None:
        """
        Not one of an answer that was taken: nothing ran.
        """
        assert not issubclass(UndeclaredSecretError, AnswerRefusedError)
