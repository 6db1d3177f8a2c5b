"""Effects carried out in this process: what is refused, in which order things are recorded, and what stays unknown."""

from collections.abc import Mapping
from typing import Any

import attrs
import pytest
from makers import (
    make_action,
    make_decision,
    make_effect_answer,
    make_gate,
    make_inputs,
    make_outcome,
    make_step,
    nested,
)

from runtime.errors import (
    DefinitionError,
    InvalidAnswerError,
    LedgerRequiredError,
    ModeError,
    UnknownConnectorError,
    UnusedAnswerError,
)
from runtime.orchestration import EffectOutcome, Mode, OrchestrationResult, OutcomeStatus
from runtime.orchestration.drive import drive
from runtime.testing import MemoryLedger, ScriptedConnector
from runtime.values import Request

MUTATE = make_action(mode="mutate", output="/out")
READ = make_action(output="/out")


def scripted(*outcomes: EffectOutcome | Exception, mutating: bool = True) -> ScriptedConnector:
    """
    Make a connector whose action `copy` plays outcomes.
    """
    return ScriptedConnector({"copy": outcomes}, mutating=["copy"] if mutating else [])


def attempt(status: str, code: str | None) -> list[dict[str, Any]]:
    """
    Give the attempts a driver records for one call.
    """
    return [{"number": 1, "status": status, "code": code}]


class Journal:
    """
    A connector and a durable ledger that write down, in one list, what was called in which order.
    """

    def __init__(self, outcome: EffectOutcome | BaseException, *, fails: str = "") -> None:
        self.events: list[str] = []
        self.is_durable = True
        self.is_first = True
        self.outcome = outcome
        self.fails = fails

    def _note(self, event: str) -> None:
        self.events.append(event)
        if event == self.fails:
            raise OSError(event)

    def describe(self) -> Mapping[str, Any]:
        """
        Describe the one mutating action.
        """
        return {"actions": {"copy": {"mode": "mutate"}}}

    def call(self, request: Request) -> EffectOutcome:
        """
        Give the outcome, or raise it.
        """
        self._note(f"call {request.step_id}")
        if isinstance(self.outcome, BaseException):
            raise self.outcome
        return self.outcome

    def record_intent(self, request: Request) -> bool:
        """
        Note the intent, and say whether it is the first.
        """
        self._note(f"intent {request.step_id}")
        return self.is_first

    def has_intent(self, request_digest: str) -> bool:
        """
        Know nothing.
        """
        self._note(f"asked for intent {request_digest[:7]}")
        return False

    def record_outcome(self, request_digest: str, outcome: EffectOutcome) -> None:
        """
        Note the outcome.
        """
        self._note(f"outcome {request_digest[:7]} {outcome.status}")

    def find_outcome(self, request_digest: str) -> EffectOutcome | None:
        """
        Know nothing.
        """
        self._note(f"asked for outcome {request_digest[:7]}")
        return None


class TestWithoutEffects:
    """
    "`effects` maps connector names to connectors; without it they wait."
    """

    def test_an_action_waits(self) -> None:
        """
        Nothing is called, and a ledger is not needed.
        """
        result = drive(make_inputs(MUTATE))
        assert (result.status, result.pending and result.pending.reason) == ("waiting_effect", "unanswered")

    def test_leftovers_are_refused(self) -> None:
        """
        As everywhere.
        """
        with pytest.raises(UnusedAnswerError):
            drive(make_inputs(make_gate("a"), make_gate("b"), answers=[make_decision("b")]))


class TestWhatIsRefusedBeforeTheFirstStep:
    """
    "A `mutate` step under `mode="observe"`, or with `effects` but without a durable `ledger`, is refused before step 1."
    """

    @pytest.mark.parametrize(
        "ledger", [None, MemoryLedger(is_durable=False)], ids=["no ledger", "a ledger that forgets"]
    )
    def test_a_mutating_step_without_a_durable_ledger(self, ledger: MemoryLedger | None) -> None:
        """
        The refusal names the step, and no connector is called, not even for a step before it.
        """
        connector = scripted(make_outcome(), make_outcome(), mutating=False)
        with pytest.raises(LedgerRequiredError, match=r"steps \['act'\] mutate") as caught:
            drive(make_inputs(make_action("first"), MUTATE), effects={"files": connector}, ledger=ledger)
        assert caught.value.code == "ledger_required"
        assert connector.calls == []

    def test_a_mutating_step_that_only_observes(self) -> None:
        """
        Mode `observe` refuses it, ledger or not.
        """
        connector = scripted(make_outcome())
        for ledger in (None, MemoryLedger()):
            with pytest.raises(ModeError):
                drive(make_inputs(MUTATE, mode=Mode.OBSERVE), effects={"files": connector}, ledger=ledger)
        assert connector.calls == []

    @pytest.mark.parametrize("effects", [{}, {"Files": scripted()}])
    def test_an_unknown_connector(self, effects: dict[str, Any]) -> None:
        """
        The refusal names it, the step, and the connectors there are.
        """
        with pytest.raises(UnknownConnectorError) as caught:
            drive(make_inputs(make_step("s", "fail"), READ), effects=effects)
        assert str(caught.value) == f"connector 'files' at act: connectors are {sorted(effects)}"

    def test_an_unknown_action(self) -> None:
        """
        The refusal names the action and those the connector has.
        """
        connector = ScriptedConnector({"move": [], "list": []})
        with pytest.raises(DefinitionError, match=r"action 'copy' of connector 'files' at act: .*\['list', 'move'\]"):
            drive(make_inputs(make_step("s", "fail"), READ), effects={"files": connector})

    def test_a_mutating_action_that_is_called_reading(self) -> None:
        """
        The connector's word counts, not the author's.
        """
        connector = scripted(make_outcome())
        with pytest.raises(
            DefinitionError, match="action 'copy' marked read, and its connector says it mutates"
        ) as caught:
            drive(make_inputs(READ), effects={"files": connector}, ledger=MemoryLedger())
        assert caught.value.where == "act"
        assert connector.calls == []

    def test_a_mode_the_connector_makes_up(self) -> None:
        """
        An action of a mode that is not exactly `read` is taken to mutate.
        """
        connector = scripted(make_outcome(), mutating=False)
        connector.describe = lambda: {"actions": {"copy": {"mode": "Read"}}}  # type: ignore[method-assign]
        with pytest.raises(DefinitionError, match="write mode: mutate"):
            drive(make_inputs(READ), effects={"files": connector})

    @pytest.mark.parametrize(
        "description",
        [None, {}, {"actions": None}, {"actions": ["copy"]}, {"actions": {"copy": {}}}, {"actions": {"copy": "read"}}],
    )
    def test_a_connector_that_does_not_describe_itself(self, description: Any) -> None:
        """
        What a connector can do is known before the first step, or it is not used.
        """
        connector = scripted(make_outcome(), mutating=False)
        connector.describe = lambda: description  # type: ignore[method-assign]
        with pytest.raises(DefinitionError, match=r"connector 'files' does not describe itself \(\w+Error\)") as caught:
            drive(make_inputs(READ), effects={"files": connector})
        assert caught.value.where == "files"

    def test_effects_that_are_no_mapping(self) -> None:
        """
        A list of connectors has no names.
        """
        with pytest.raises(DefinitionError, match="give a mapping of names to connectors"):
            drive(make_inputs(make_step()), effects=[])  # type: ignore[arg-type]

    def test_a_workflow_the_engine_refuses(self) -> None:
        """
        Faults of the definition come first.
        """
        with pytest.raises(DefinitionError, match="unknown operation"):
            drive(make_inputs(make_step("s", "nop")), effects={})

    def test_a_reading_action_that_is_called_mutating_is_allowed(self) -> None:
        """
        Asking for more care than is needed is no fault.
        """
        connector = scripted(make_outcome(), mutating=False)
        assert drive(make_inputs(MUTATE), effects={"files": connector}, ledger=MemoryLedger()).success


class TestAMutatingEffect:
    """
    "Its intent is recorded before the call, its outcome after it."
    """

    def test_is_recorded_before_and_after(self) -> None:
        """
        The ledger is asked, then gets the intent, then the call is made, then it gets the outcome.
        """
        journal = Journal(make_outcome(output=1))
        result = drive(make_inputs(MUTATE), effects={"files": journal}, ledger=journal)
        digest = (result.inputs.answers[0].request_digest or "")[:7]
        assert journal.events == [
            f"asked for intent {digest}",
            "intent act",
            "call act",
            f"outcome {digest} succeeded",
        ]
        assert result.final_state == {"out": 1}

    def test_is_not_attempted_when_its_intent_cannot_be_recorded(self) -> None:
        """
        A ledger that fails stops the run before the call.
        """
        journal = Journal(make_outcome(), fails="intent act")
        with pytest.raises(OSError, match="intent act"):
            drive(make_inputs(MUTATE), effects={"files": journal}, ledger=journal)
        assert not [event for event in journal.events if event.startswith("call")]

    def test_that_somebody_else_began_is_not_attempted(self) -> None:
        """
        Of two at once one calls; the other cannot tell how it will end, and says nothing of it.
        """
        journal = Journal(make_outcome())
        journal.is_first = False
        result = drive(make_inputs(MUTATE), effects={"files": journal}, ledger=journal)
        assert not [event for event in journal.events if event.startswith(("call", "outcome"))]
        assert (result.status, result.pending and result.pending.reason) == ("waiting_effect", "unknown")
        assert result.inputs.answers[0].outcome == make_outcome("unknown", code="in_flight")

    def test_gets_the_request_it_is_bound_to(self) -> None:
        """
        The connector sees the request whose digest the answer and the ledger bear.
        """
        connector, ledger = scripted(make_outcome()), MemoryLedger()
        result = drive(make_inputs(MUTATE), effects={"files": connector}, ledger=ledger)
        [request] = connector.calls
        assert (
            [request.digest]
            == list(ledger.intents)
            == list(ledger.outcomes)
            == [result.inputs.answers[0].request_digest]
        )
        assert ledger.intents[request.digest] == request

    def test_that_was_done_is_not_done_again(self) -> None:
        """
        A recorded outcome is used instead of a call, and leaves the same bytes.
        """
        connector, ledger = scripted(make_outcome(output=1)), MemoryLedger()
        first = drive(make_inputs(MUTATE), effects={"files": connector}, ledger=ledger)
        second = drive(make_inputs(MUTATE), effects={"files": connector}, ledger=ledger)
        assert len(connector.calls) == 1
        assert second == first

    def test_with_an_intent_but_no_outcome_is_unknown(self) -> None:
        """
        It may have been done, so it is not tried again, and the run waits until it is reconciled.
        """
        ledger = MemoryLedger()
        with pytest.raises(KeyboardInterrupt):
            drive(make_inputs(MUTATE), effects={"files": Journal(KeyboardInterrupt())}, ledger=ledger)
        connector = scripted(make_outcome())
        result = drive(make_inputs(MUTATE), effects={"files": connector}, ledger=ledger)
        assert connector.calls == []
        assert (result.status, result.pending and result.pending.reason) == ("waiting_effect", "unknown")
        outcome = result.inputs.answers[0].outcome
        assert outcome is not None
        assert (outcome.status, outcome.code, list(outcome.attempts)) == ("unknown", "interrupted", [])
        assert ledger.outcomes == {}

    def test_whose_outcome_cannot_be_recorded_is_unknown_later(self) -> None:
        """
        An effect that was done and not recorded is not repeated.
        """
        journal, ledger = Journal(make_outcome()), _FailingLedger()
        with pytest.raises(OSError, match="no space for the outcome succeeded"):
            drive(make_inputs(MUTATE), effects={"files": journal}, ledger=ledger)
        result = drive(make_inputs(MUTATE), effects={"files": journal}, ledger=ledger)
        assert result.pending is not None
        assert result.pending.reason == "unknown"
        assert journal.events == ["call act"]

    def test_that_raises_is_unknown(self) -> None:
        """
        A connector's exception becomes a code, never text: it may have been done.
        """
        connector, ledger = scripted(OSError("password=hunter2")), MemoryLedger()
        result = drive(make_inputs(MUTATE), effects={"files": connector}, ledger=ledger)
        assert (result.status, result.pending and result.pending.reason) == ("waiting_effect", "unknown")
        outcome = result.inputs.answers[0].outcome
        assert outcome is not None
        assert (outcome.status, outcome.code) == ("unknown", "connector_raised")
        assert outcome.attempts == attempt("unknown", "connector_raised")
        assert list(ledger.outcomes.values()) == [outcome]
        assert "hunter2" not in str(result.to_dict())

    def test_that_stays_unknown_is_not_called_again(self) -> None:
        """
        Driving the waiting run again asks the connector nothing.
        """
        connector, ledger = scripted(make_outcome("unknown"), make_outcome()), MemoryLedger()
        first = drive(make_inputs(MUTATE), effects={"files": connector}, ledger=ledger)
        for inputs in (first.inputs, make_inputs(MUTATE)):
            again = drive(inputs, effects={"files": connector}, ledger=ledger)
            assert again == first
        assert len(connector.calls) == 1

    @pytest.mark.parametrize("status", ["succeeded", "failed"])
    def test_that_was_unknown_is_reconciled_by_an_answer(self, status: str) -> None:
        """
        A later answer to the request settles it, and the run goes on with the effects after it.
        """
        connector, ledger = scripted(make_outcome("unknown"), make_outcome(output=2)), MemoryLedger()
        steps = [MUTATE, make_action("next", mode="mutate", output="/next")]
        waiting = drive(make_inputs(*steps), effects={"files": connector}, ledger=ledger)
        settled = make_effect_answer(
            request_digest=waiting.pending and waiting.pending.digest,
            status=status,
            output=1 if status == "succeeded" else None,
        )
        inputs = waiting.inputs.answered_by((*waiting.inputs.answers, settled))
        result = drive(inputs, effects={"files": connector}, ledger=ledger)
        if status == "succeeded":
            assert (result.status, result.final_state) == ("completed", {"out": 1, "next": 2})
            assert [request.step_id for request in connector.calls] == ["act", "next"]
        else:
            assert (result.status, result.error_code) == ("failed", "effect_failed")
            assert [request.step_id for request in connector.calls] == ["act"]

    def test_that_gives_no_outcome_is_unknown(self) -> None:
        """
        A connector that gives something else than an outcome has not said how the effect ended.
        """
        nonsense: list[Any] = [
            None,
            {"status": "succeeded"},
            "done",
            make_outcome,
            _Lookalike(status=OutcomeStatus.SUCCEEDED),
        ]
        for given in nonsense:
            journal = Journal(given)
            result = drive(make_inputs(MUTATE), effects={"files": journal}, ledger=MemoryLedger())
            assert (result.status, result.pending and result.pending.reason) == ("waiting_effect", "unknown")
            outcome = result.inputs.answers[0].outcome
            assert outcome is not None
            assert outcome.code == "connector_gave_no_outcome"

    def test_with_the_deepest_output_is_recorded(self) -> None:
        """
        An effect that was done is never lost, however deep what it gave.
        """
        for depth in range(60, 65):
            journal = Journal(make_outcome(output=nested(depth)))
            result = drive(make_inputs(make_action(mode="mutate")), effects={"files": journal}, ledger=MemoryLedger())
            assert result.status in ("completed", "failed", "waiting_effect")


class _Lookalike(EffectOutcome):  # type: ignore[misc]  # final for users, not for this test.
    pass


class _FailingLedger(MemoryLedger):  # type: ignore[misc]  # final for users, not for this test.
    def record_outcome(self, request_digest: str, outcome: EffectOutcome) -> None:
        message = f"no space for the outcome {outcome.status} of {request_digest}"
        raise OSError(message)


class TestAReadingEffect:
    """
    Reading needs no ledger, and an exception means that nothing was read.
    """

    def test_needs_no_ledger(self) -> None:
        """
        It is called, and its output enters the state.
        """
        connector = scripted(make_outcome(output=[1]), mutating=False)
        result = drive(make_inputs(READ, mode=Mode.OBSERVE), effects={"files": connector})
        assert (result.status, result.final_state) == ("completed", {"out": [1]})

    def test_leaves_no_trace_in_a_ledger(self) -> None:
        """
        Where nothing changes, nothing rests on what was read.
        """
        ledger = MemoryLedger()
        drive(make_inputs(READ), effects={"files": scripted(make_outcome(), mutating=False)}, ledger=ledger)
        assert (ledger.intents, ledger.outcomes) == ({}, {})

    def test_that_raises_failed(self) -> None:
        """
        A connector's exception becomes the code of a failed effect.
        """
        connector = scripted(ValueError("secret"), mutating=False)
        result = drive(make_inputs(READ), effects={"files": connector})
        assert (result.status, result.error_code) == ("failed", "effect_failed")
        outcome = result.inputs.answers[0].outcome
        assert outcome is not None
        assert outcome.code == "connector_raised"
        assert outcome.attempts == attempt("failed", "connector_raised")
        assert "secret" not in str(result.to_dict())

    def test_that_is_unknown_waits(self) -> None:
        """
        A connector may say that it cannot tell, even of reading.
        """
        connector = scripted(make_outcome("unknown"), make_outcome(), mutating=False)
        result = drive(make_inputs(READ), effects={"files": connector})
        assert (result.status, len(connector.calls)) == ("waiting_effect", 1)


class TestAReadBeforeAChange:
    """
    What was read is what the change rests on, also when the run is driven again after a crash.
    """

    def drive_both(self, ledger: MemoryLedger, *reads: EffectOutcome | Exception) -> OrchestrationResult:
        """
        Read, then die in the middle of the change, and drive the same inputs once more.
        """
        steps = (make_action("look", action="look", output="/seen"), MUTATE)
        connector = ScriptedConnector({"look": reads, "copy": [make_outcome()]}, mutating=["copy"])
        return drive(make_inputs(*steps), effects={"files": connector}, ledger=ledger)

    def test_is_recorded_and_not_read_again(self) -> None:
        """
        Another reading would make another request of the change, and so another change.
        """
        ledger = MemoryLedger()
        first = self.drive_both(ledger, make_outcome(output="first"))
        again = self.drive_both(ledger, make_outcome(output="second"))
        assert again.to_dict() == first.to_dict()
        assert first.final_state == {"seen": "first", "out": None}
        assert [request.step_id for request in ledger.intents.values()] == ["look", "act"]

    def test_is_repeated_while_nothing_is_known_of_it(self) -> None:
        """
        Neither an intent nor an unknown outcome is something a change could rest on.
        """
        ledger = MemoryLedger()
        assert self.drive_both(ledger, make_outcome("unknown")).status == "waiting_effect"
        assert self.drive_both(ledger, make_outcome(output="now")).final_state == {"seen": "now", "out": None}

    def test_that_failed_stays_failed(self) -> None:
        """
        The run has ended with it; a new run may read again.
        """
        ledger = MemoryLedger()
        for reads in ([OSError()], [make_outcome()]):
            assert self.drive_both(ledger, *reads).failed_step_id == "look"


class TestAttempts:
    """
    "Every attempt is recorded": the engine sees one final outcome, which lists its attempts.
    """

    @pytest.mark.parametrize(("status", "code"), [("succeeded", None), ("failed", "gone")])
    def test_one_is_recorded_for_a_connector_that_lists_none(self, status: str, code: str | None) -> None:
        """
        The call that was made is the attempt.
        """
        fields = {} if code is None else {"code": code}
        connector = scripted(make_outcome(status, **fields), mutating=False)
        outcome = drive(make_inputs(READ), effects={"files": connector}).inputs.answers[0].outcome
        assert outcome is not None
        assert outcome.attempts == attempt(status, code)

    def test_those_a_connector_lists_are_kept(self) -> None:
        """
        A connector that retried says so itself.
        """
        given = attrs.evolve(make_outcome(), attempts=make_outcome().attempts.__class__([{"number": 7}]))
        outcome = drive(make_inputs(READ), effects={"files": scripted(given, mutating=False)}).inputs.answers[0].outcome
        assert outcome == given


class TestARunOfSeveralEffects:
    """
    The run is executed again with each outcome, until it ends or waits for what nobody here can answer.
    """

    def drive_all(self, *answers: Any) -> tuple[OrchestrationResult, ScriptedConnector]:
        """
        Drive effect, gate, effect with answers in advance.
        """
        connector = scripted(make_outcome(output=1), make_outcome(output=2))
        steps = [
            make_action("a", mode="mutate", output="/a"),
            make_gate(output="/gate"),
            make_action("b", mode="mutate", params={"n": 2}, output="/b"),
        ]
        inputs = make_inputs(*steps, answers=answers)
        return drive(inputs, effects={"files": connector}, ledger=MemoryLedger()), connector

    def test_stops_at_a_gate(self) -> None:
        """
        Effects before it are done, effects after it are not.
        """
        result, connector = self.drive_all()
        assert (result.status, result.final_state) == ("waiting_human", {"a": 1})
        assert [request.step_id for request in connector.calls] == ["a"]

    def test_keeps_answers_in_advance_while_effects_run(self) -> None:
        """
        A decision given in advance for a later gate is used when the gate asks.
        """
        result, connector = self.drive_all(make_decision())
        assert (result.status, result.final_state["b"]) == ("completed", 2)
        assert [request.step_id for request in connector.calls] == ["a", "b"]
        assert all(answer.step_id is None for answer in result.inputs.answers)

    def test_calls_no_connector_for_an_effect_that_is_answered(self) -> None:
        """
        An outcome given in advance, or bound, is used instead of a call.
        """
        result, connector = self.drive_all(make_effect_answer("b", output=20), make_decision(), make_effect_answer("a"))
        assert (result.status, result.final_state["b"], connector.calls) == ("completed", 20, [])

    def test_leaves_the_bytes_of_a_run_that_was_answered(self) -> None:
        """
        Whether a connector or a caller brought the outcomes, the receipt is the same.
        """
        result, _ = self.drive_all(make_decision())
        again = drive(result.inputs)
        assert again == result

    def test_goes_on_from_a_waiting_run(self) -> None:
        """
        The inputs of the run that waited, and one decision more, lead to the same end.
        """
        whole, _ = self.drive_all(make_decision())
        waiting, connector = self.drive_all()
        decision = make_decision(request_digest=waiting.pending and waiting.pending.digest)
        inputs = waiting.inputs.answered_by((*waiting.inputs.answers, decision))
        result = drive(inputs, effects={"files": connector}, ledger=MemoryLedger())
        assert result == whole

    def test_refuses_a_leftover_when_it_stops(self) -> None:
        """
        An answer behind a stop is refused, and so is one for a gate behind an effect that stays unknown.
        """
        connector = scripted(make_outcome("unknown"), mutating=False)
        inputs = make_inputs(READ, make_gate(), answers=[make_decision()])
        with pytest.raises(UnusedAnswerError):
            drive(inputs, effects={"files": connector})

    def test_a_refusal_after_an_effect_holds_the_run_as_it_stands(self) -> None:
        """
        What was done before an answer proved to be left over, or invalid, is not lost with the refusal.
        """
        steps = [make_action("a", mode="mutate", output="/a"), make_step("s", "fail"), make_gate()]
        connector, ledger = scripted(make_outcome(output=1)), MemoryLedger()
        with pytest.raises(UnusedAnswerError) as caught:
            drive(make_inputs(*steps, answers=[make_decision()]), effects={"files": connector}, ledger=ledger)
        result = caught.value.result
        assert isinstance(result, OrchestrationResult)
        assert (result.status, result.failed_step_id, result.final_state) == ("failed", "s", {"a": 1})
        assert [answer.outcome for answer in result.inputs.answers] == list(ledger.outcomes.values())

    def test_an_invalid_answer_after_an_effect_holds_the_run_as_it_stands(self) -> None:
        """
        The same holds for a bound answer that its step does not allow, which shows only when the step asks.
        """
        steps = [make_action("a", mode="mutate", output="/a"), make_gate()]
        waiting = drive(make_inputs(*steps), effects={"files": scripted(make_outcome(output=1))}, ledger=MemoryLedger())
        assert waiting.pending is not None
        answer = make_decision(request_digest=waiting.pending.digest, choice="maybe")
        connector, ledger = scripted(make_outcome(output=1)), MemoryLedger()
        with pytest.raises(InvalidAnswerError) as caught:
            drive(make_inputs(*steps, answers=[answer]), effects={"files": connector}, ledger=ledger)
        assert len(ledger.outcomes) == 1
        result = caught.value.result
        assert isinstance(result, OrchestrationResult)
        assert [answer.outcome for answer in result.inputs.answers] == list(ledger.outcomes.values())

    def test_five_effects_are_five_calls(self) -> None:
        """
        The longest workflow there is ends after one call a step.
        """
        connector = ScriptedConnector({"copy": [make_outcome(output=index) for index in range(5)]})
        steps = [make_action(f"s{index}", output=f"/{index}") for index in range(5)]
        result = drive(make_inputs(*steps), effects={"files": connector})
        assert (result.status, result.final_state) == ("completed", {str(index): index for index in range(5)})
        assert len(connector.calls) == 5
