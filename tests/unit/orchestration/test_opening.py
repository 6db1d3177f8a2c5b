"""What a connector of a sealed run is given, and what becomes of what it gives back."""

from typing import Any

import attrs
import pytest
from makers import make_action, make_decision, make_effect_answer, make_gate, make_mission, make_outcome
from sealing import PAYMENT, REGISTRY, PaymentParams, Terminal, give, is_seal, make_sealing, pay

from runtime.encoding.digest import digest_of
from runtime.encoding.frozen import JsonArray, JsonObject
from runtime.encoding.seal import find_seals
from runtime.errors import SealingRequiredError, SealMismatchError, StaleAnswerError
from runtime.orchestration import (
    EffectOutcome,
    ExecutionContext,
    Mission,
    Mode,
    OutcomeStatus,
    WorkflowDefinition,
    carry,
)
from runtime.orchestration.drive import drive
from runtime.orchestration.registry import resume_mission, run_mission
from runtime.testing import MemoryLedger, MemoryOpenings
from runtime.values.answers import Answer
from runtime.values.seals import Disclosure

SEAL = {"$sealed": "sha256:" + "0" * 64}
DECIDED = {"answers": [make_decision()]}


def _openings(sealing: Any) -> MemoryOpenings:
    assert isinstance(sealing.openings, MemoryOpenings)
    return sealing.openings


class TestAConnector:
    """
    "Only a connector opens a seal, inside its call."
    """

    def test_is_given_the_values_and_the_record_keeps_the_seals(self) -> None:
        """
        The request it gets has the digest of the one that is recorded; the ledger holds the recorded one.
        """
        terminal, ledger = Terminal(give("ok")), MemoryLedger()
        result = pay("secret", terminal, make_sealing(), ledger=ledger, **DECIDED)
        assert terminal.given == [{"token": "Tsecret", "amount": 5}]
        [recorded] = ledger.intents.values()
        assert terminal.requests[0].digest == recorded.digest == result.requests[1].digest
        assert digest_of(recorded.to_dict()) == recorded.digest
        ask: Any = recorded.ask
        assert is_seal(ask.params.thaw()["token"])
        assert "recorded_as" not in terminal.requests[0].to_dict()

    def test_is_given_a_request_that_does_not_show_them(self) -> None:
        """
        A connector may log the repr of its request.
        """
        terminal = Terminal(give("ok"))
        pay("secret", terminal, make_sealing(), **DECIDED)
        assert "secret" not in repr(terminal.requests)

    def test_is_not_called_where_a_value_was_erased(self) -> None:
        """
        The effect is known not done, and no intent of it is recorded.
        """
        sealing, terminal, ledger = make_sealing(), Terminal(give("ok")), MemoryLedger()
        waiting = pay("secret", terminal, sealing, ledger=ledger)
        _openings(sealing).disclosures.clear()
        assert waiting.checkpoint is not None
        result = resume_mission(
            waiting.checkpoint,
            [make_decision()],
            seal=sealing,
            effects={"files": terminal},
            ledger=ledger,
            registry=REGISTRY,
        )
        assert (result.status, result.error_code) == ("failed", "effect_failed")
        outcome = result.inputs.answers[-1].outcome
        assert outcome is not None
        assert outcome.code == "sealed_value_missing"
        assert (terminal.given, ledger.intents) == ([], {})

    @pytest.mark.parametrize("seal", [{"$sealed": 5}, SEAL])
    def test_is_not_called_on_a_seal_that_is_none(self, seal: Any) -> None:
        """
        One that a workflow wrote itself opens nothing.
        """
        mission = make_mission(make_action(params={"x": seal}))
        result = run_mission(
            mission.name,
            ExecutionContext(),
            effects={"files": Terminal(give("ok"), mode="read")},
            seal=make_sealing(),
            registry={mission.name: mission},
        )
        assert result.inputs.answers[0].outcome == EffectOutcome(
            status=OutcomeStatus.FAILED, code="sealed_value_missing"
        )

    def test_is_not_called_on_a_value_that_was_changed(self) -> None:
        """
        What is kept must open the seal.
        """
        sealing, terminal = make_sealing(), Terminal(give("ok"))
        waiting = pay("secret", terminal, sealing)
        openings = _openings(sealing)
        openings.disclosures = {key: attrs.evolve(one, value="other") for key, one in openings.disclosures.items()}
        assert waiting.checkpoint is not None
        with pytest.raises(SealMismatchError):
            resume_mission(
                waiting.checkpoint,
                [make_decision()],
                seal=sealing,
                effects={"files": terminal},
                ledger=MemoryLedger(),
                registry=REGISTRY,
            )
        assert terminal.given == []

    def test_is_not_called_on_seals_where_nothing_opens_them(self) -> None:
        """
        Whoever drives a run himself without `seal=` is told.
        """
        waiting = pay("secret", Terminal(give("ok")), make_sealing())
        terminal, ledger = Terminal(give("ok")), MemoryLedger()
        inputs = waiting.inputs.answered_by((make_decision(),))
        with pytest.raises(SealingRequiredError, match="params that are sealed"):
            drive(inputs, effects={"files": terminal}, ledger=ledger)
        assert (terminal.given, ledger.intents) == ([], {})


class TestAnOutcome:
    """
    "Connector outcomes are sealed under the rules before they become an answer."
    """

    def test_is_sealed_before_the_ledger_has_it(self) -> None:
        """
        A ledger is a record.
        """
        ledger = MemoryLedger()
        pay("secret", Terminal(give({"card": {"number": "4111-1111"}})), make_sealing(), ledger=ledger, **DECIDED)
        [outcome] = ledger.outcomes.values()
        assert "4111" not in repr(outcome)
        output: Any = outcome.output
        assert is_seal(output.thaw()["card"]["number"])

    def test_given_by_an_operator_is_sealed_as_well(self) -> None:
        """
        In advance or for the open request; equal either way.
        """
        output = {"card": {"number": "4111-1111"}}
        advance = make_effect_answer("pay", output=output)
        waiting = pay("secret", Terminal(give(None)), make_sealing(), effects=None, **DECIDED)
        assert waiting.pending is not None
        bound = make_effect_answer(request_digest=waiting.pending.digest, output=output)
        results = [
            pay("secret", Terminal(give(None)), make_sealing(), effects=None, answers=[make_decision(), answer])
            for answer in (advance, bound)
        ]
        assert [one.status for one in results] == ["completed"] * 2
        assert results[0].receipt == results[1].receipt
        assert is_seal(results[0].final_state["paid"]["card"]["number"])
        sealing = make_sealing()
        waiting = pay("secret", Terminal(give(None)), sealing, effects=None, **DECIDED)
        assert waiting.checkpoint is not None
        resumed = resume_mission(waiting.checkpoint, [bound], seal=sealing, registry=REGISTRY)
        assert resumed.receipt == results[0].receipt

    def test_for_no_request_of_the_run_is_refused(self) -> None:
        """
        And its values are in no message.
        """
        stale = make_effect_answer(request_digest="sha256:" + "0" * 64, output={"card": {"number": "4111-1111"}})
        with pytest.raises(StaleAnswerError) as refused:
            pay("secret", Terminal(give(None)), make_sealing(), answers=[stale])
        assert "4111" not in str(refused.value)

    def test_that_was_taken_before_is_not_sealed_again(self) -> None:
        """
        What a checkpoint holds stays as it is.
        """
        mission = make_mission(make_action(output="/a"), make_action("two"), seals=["/outcomes/act"])
        sealing = make_sealing()
        keywords: dict[str, Any] = {"seal": sealing, "registry": {mission.name: mission}}
        waiting = run_mission(mission.name, ExecutionContext(), answers=[make_effect_answer(output="hush")], **keywords)
        assert waiting.checkpoint is not None
        done = resume_mission(waiting.checkpoint, [make_effect_answer("two")], **keywords)
        assert done.inputs.answers[0] == waiting.checkpoint.answers[0]
        assert is_seal(done.final_state["a"])

    def test_given_when_the_key_is_gone_is_refused(self) -> None:
        """
        It could not be sealed.
        """
        waiting = pay("secret", Terminal(give(None)), make_sealing(), effects=None, **DECIDED)
        assert waiting.checkpoint is not None
        answer = make_effect_answer("pay", output="hush")
        with pytest.raises(SealingRequiredError, match="not here") as refused:
            resume_mission(waiting.checkpoint, [answer], seal=make_sealing(), registry=REGISTRY)
        assert refused.value.where == "pay"

    @pytest.mark.parametrize("fields", [{"output": [SEAL]}, {"attempts": JsonArray([{"a": SEAL}])}], ids=str)
    @pytest.mark.parametrize(("mode", "status"), [("read", "failed"), ("mutate", "unknown")])
    @pytest.mark.parametrize("seal", [None, make_sealing()], ids=["unsealed", "sealed"])
    def test_with_a_seal_of_its_own_is_not_believed(
        self, mode: str, status: str, fields: dict[str, Any], seal: Any
    ) -> None:
        """
        A connector that writes a seal could pass one value off as another, in runs without seals too.
        """
        mission = make_mission(make_action(mode=mode))
        ledger = MemoryLedger()
        result = run_mission(
            mission.name,
            ExecutionContext(),
            effects={"files": Terminal(lambda _: make_outcome(**fields), mode=mode)},
            ledger=ledger,
            mode=Mode.APPLY,
            seal=seal,
            registry={mission.name: mission},
        )
        outcome = result.inputs.answers[-1].outcome
        assert outcome is not None
        assert (outcome.status.value, outcome.code) == (status, "connector_gave_seal")

    def test_that_grows_too_large_when_it_is_sealed_is_lost(self) -> None:
        """
        A seal takes more room than a digit; the effect may have been done.
        """
        mission = make_mission(make_action(mode="mutate", output="/out"), seals=["/outcomes/act/*"])
        result = run_mission(
            mission.name,
            ExecutionContext(),
            effects={"files": Terminal(give([1] * 20_000))},
            ledger=MemoryLedger(),
            mode="apply",
            seal=make_sealing(),
            registry={mission.name: mission},
        )
        outcome = result.inputs.answers[-1].outcome
        assert outcome is not None
        assert (result.status, outcome.code) == ("waiting_effect", "sealed_too_large")


class TestAnEcho:
    """
    "An opened value that the connector echoes outside a rule is sealed."
    """

    @pytest.mark.parametrize(
        "output", ["Tsecret", {"m": "paid with Tsecret"}, {"Tsecret": 1}, [{"deep": ["x", b"Tsecret".hex()]}]], ids=str
    )
    def test_in_the_output_is_sealed(self, output: Any) -> None:
        """
        With a path that says where, so that it can be disclosed.
        """
        sealing = make_sealing()
        result = pay("secret", Terminal(give(output)), sealing, **DECIDED)
        assert result.status == "completed"
        [(path, seal)] = find_seals(result.final_state["paid"])
        kept = [one for one in _openings(sealing).disclosures.values() if one.seal == seal["$sealed"]]
        assert [one.path for one in kept] == [f"/outcomes/pay{path}"]

    @pytest.mark.parametrize("status", ["failed", "unknown"])
    def test_in_attempts_and_code_is_sealed(self, status: str) -> None:
        """
        An error text is where a connector repeats what it was given most easily.
        """
        attempts = JsonArray([{"number": 1, "error": "token Tsecret was declined"}])
        act = lambda _: EffectOutcome(status=OutcomeStatus(status), code="declined_tsecret", attempts=attempts)  # noqa: E731
        result = pay("secret", Terminal(act), make_sealing(), **DECIDED)
        outcome = result.inputs.answers[-1].outcome
        assert outcome is not None
        [attempt] = outcome.attempts.thaw()
        assert (outcome.code, attempt["number"]) == ("sealed_value", 1)
        assert is_seal(attempt["error"])

    def test_of_what_an_earlier_process_opened_is_sealed(self) -> None:
        """
        The connector may have kept it, and the run goes on elsewhere.
        """

        def build(params: PaymentParams) -> WorkflowDefinition:
            first = make_action("first", params={"token": carry(params.token)})
            return WorkflowDefinition("two", [first, make_gate("gate"), make_action("second", output="/got")])

        mission = attrs.evolve(PAYMENT, build=build, catalogue={"files": {"actions": {"copy": {"mode": "read"}}}})
        terminal, sealing = Terminal(give({"said": "Tsecret"}), mode="read"), make_sealing()
        changes: dict[str, Any] = {"effects": {"files": terminal}, "registry": {"payment": mission}}
        waiting = run_mission(
            "payment",
            ExecutionContext({"customer": {"iban": "DEsecret"}}),
            {"token": "Tsecret"},
            seal=sealing,
            **changes,
        )
        assert waiting.status == "waiting_human"
        result = resume_mission(waiting.inputs, [make_decision()], seal=sealing, **changes)
        assert is_seal(result.final_state["got"]["said"])

    def test_by_an_operator_is_sealed_too(self) -> None:
        """
        Whoever looked how an effect ended may write down what it was given.
        """
        act = lambda _: EffectOutcome(status=OutcomeStatus.UNKNOWN, code="lost")  # noqa: E731
        sealing, ledger = make_sealing(), MemoryLedger()
        waiting = pay("secret", Terminal(act), sealing, ledger=ledger, **DECIDED)
        assert waiting.pending is not None
        answer = Answer(request_digest=waiting.pending.digest, outcome=make_outcome(output="paid with Tsecret"))
        result = resume_mission(waiting.inputs, [answer], seal=sealing, ledger=ledger, registry=REGISTRY)
        assert is_seal(result.final_state["paid"])

    def test_of_nothing_is_none(self) -> None:
        """
        What repeats no value is recorded as it is.
        """
        attempts = JsonArray([{"number": 1, "error": "declined"}])
        act = lambda _: EffectOutcome(status=OutcomeStatus.FAILED, code="declined", attempts=attempts)  # noqa: E731
        result = pay("secret", Terminal(act), make_sealing(), **DECIDED)
        outcome = result.inputs.answers[-1].outcome
        assert outcome is not None
        assert (outcome.code, outcome.attempts) == ("declined", attempts)


def test_the_params_of_an_opened_request_are_its_own() -> None:
    """
    An opened request is another value, and has the digest of the recorded one.
    """
    terminal, ledger = Terminal(give("ok")), MemoryLedger()
    pay("secret", terminal, make_sealing(), ledger=ledger, **DECIDED)
    [recorded] = ledger.intents.values()
    opened = recorded.opened_with(JsonObject({"a": 1}))
    assert opened != recorded
    assert opened.digest == recorded.digest


def test_a_step_id_stands_escaped_in_a_path() -> None:
    """
    Two steps never share a path.
    """
    sealing = make_sealing("/outcomes/a~1b~0")
    mission: Mission = make_mission(make_action("a/b~", output="/out"))
    result = run_mission(
        mission.name,
        ExecutionContext(),
        effects={"files": Terminal(give("hush"), mode="read")},
        seal=attrs.evolve(sealing, key=bytes(32)),
        registry={mission.name: mission},
    )
    expected = Disclosure.make(bytes(32), "/outcomes/a~1b~0", "hush")
    assert result.final_state["out"] == {"$sealed": expected.seal}
    assert [type(answer) for answer in result.inputs.answers] == [Answer]
