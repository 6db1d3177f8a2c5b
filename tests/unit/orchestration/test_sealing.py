"""What is sealed before a run begins, and what is refused."""

import json
import traceback
from typing import Any

import attrs
import pytest
from makers import make_action, make_decision, make_effect_answer, make_gate, make_inputs, make_mission, make_step, run
from sealing import PAYMENT, REGISTRY, Terminal, give, is_seal, make_sealing, pay

from runtime.encoding.frozen import JsonArray, JsonObject
from runtime.errors import (
    DefinitionError,
    InvalidAnswerError,
    ParamsError,
    SealingRequiredError,
    SealRefusedError,
)
from runtime.evidence import RecordedRun, replay
from runtime.evidence.compare import what_if
from runtime.orchestration import ExecutionContext, Mission, Seal, WorkflowDefinition, carry
from runtime.orchestration.mission_check import verify_mission
from runtime.orchestration.planner import plan_mission, run_planned
from runtime.orchestration.registry import resume_mission, run_mission
from runtime.orchestration.sealed_inputs import holds_seal, refuse_seals
from runtime.testing import MemoryLedger, MemoryOpenings
from runtime.values.seals import Disclosure

SEAL = {"$sealed": "sha256:" + "0" * 64}
CONTEXT = ExecutionContext({"customer": {"name": "Ada", "iban": "DEsecret"}})
PAID = give({"card": {"number": "4111-1111"}, "ok": True})


class TestValuesUnderARule:
    """
    "Become seals before anything is hashed."
    """

    def test_are_sealed_in_context_params_and_outcome(self) -> None:
        """
        Each with the path by which it entered, and all else as it was.
        """
        sealing = make_sealing("/context/customer/name")
        result = pay("secret", Terminal(PAID), sealing, answers=[make_decision()])
        openings = sealing.openings
        assert isinstance(openings, MemoryOpenings)
        kept = {one.path: one for one in openings.disclosures.values()}
        assert {path: one.value for path, one in kept.items()} == {
            "/context/customer/iban": "DEsecret",
            "/context/customer/name": "Ada",
            "/params/token": "Tsecret",
            "/outcomes/pay/card/number": "4111-1111",
        }
        assert kept["/params/token"] == Disclosure.make(openings.key, "/params/token", "Tsecret")
        seals = {path: {"$sealed": one.seal} for path, one in kept.items()}
        assert result.inputs.params == {"token": seals["/params/token"]}
        assert result.final_state["customer"] == {
            "name": seals["/context/customer/name"],
            "iban": seals["/context/customer/iban"],
        }
        assert result.final_state["paid"] == {"card": {"number": seals["/outcomes/pay/card/number"]}, "ok": True}
        assert result.final_state["kept"] == seals["/context/customer/iban"]

    def test_are_checked_as_they_are_and_built_from_sealed(self) -> None:
        """
        The definition holds the seal; the builder got it in place of the value.
        """
        result = pay("secret", Terminal(PAID), make_sealing())
        asked = result.inputs.definition.steps[1].payload.thaw()["params"]
        assert is_seal(asked["token"])
        assert asked["amount"] == 5

    def test_give_equal_bytes_under_an_equal_key(self) -> None:
        """
        Another key gives other seals, and so another run.
        """
        one, same = (pay("secret", Terminal(PAID), make_sealing()) for _ in range(2))
        other = pay("secret", Terminal(PAID), make_sealing(key=bytes(32)))
        assert one.inputs.digest == same.inputs.digest
        assert one.inputs.digest != other.inputs.digest

    def test_are_kept_before_the_run_begins(self) -> None:
        """
        When the first effect is done, all that opens the inputs is there.
        """
        sealing = make_sealing()
        seen: list[int] = []

        def look(_: dict[str, Any]) -> Any:
            assert isinstance(sealing.openings, MemoryOpenings)
            seen.append(len(sealing.openings.disclosures))
            return PAID({})

        pay("secret", Terminal(look), sealing, answers=[make_decision()])
        assert seen == [2]


class TestTheSealKey:
    """
    "An input of the run, destroyed when it ends."
    """

    def test_is_kept_while_the_run_waits_and_destroyed_when_it_ends(self) -> None:
        """
        A resumed run seals under the same key and by the same rules, without being told them again.
        """
        sealing = make_sealing("/outcomes/pay/ok")
        assert isinstance(sealing.openings, MemoryOpenings)
        waiting = pay("secret", Terminal(PAID), sealing)
        assert waiting.status == "waiting_human"
        assert len(sealing.openings.sessions) == 1
        assert waiting.checkpoint is not None
        again = attrs.evolve(sealing, rules=())
        keywords: dict[str, Any] = {
            "effects": {"files": Terminal(PAID)},
            "ledger": MemoryLedger(),
            "registry": REGISTRY,
        }
        done = resume_mission(waiting.checkpoint, [make_decision()], seal=again, **keywords)
        assert done.status == "completed"
        assert is_seal(done.final_state["paid"]["ok"])
        assert is_seal(done.final_state["paid"]["card"]["number"])
        assert sealing.openings.sessions == {}
        at_once = pay("secret", Terminal(PAID), make_sealing("/outcomes/pay/ok"), answers=[make_decision()])
        assert at_once.receipt == done.receipt

    def test_is_in_nothing_that_is_shown(self) -> None:
        """
        Neither in a repr nor in a record.
        """
        sealing = make_sealing(key=b"k" * 32)
        result = pay("secret", Terminal(PAID), sealing)
        shown = repr(sealing) + repr(result) + json.dumps(result.to_dict())
        assert "kkkk" not in shown
        assert (b"k" * 32).hex() not in shown

    def test_that_is_gone_ends_sealing(self) -> None:
        """
        The run waited; its openings began elsewhere, or it has ended: nothing is done that could not be sealed.
        """
        waiting = pay("secret", Terminal(PAID), make_sealing())
        assert waiting.checkpoint is not None
        terminal = Terminal(PAID)
        keywords: dict[str, Any] = {"effects": {"files": terminal}, "ledger": MemoryLedger(), "registry": REGISTRY}
        with pytest.raises(SealingRequiredError, match="seal key of this run is not here"):
            resume_mission(waiting.checkpoint, [make_decision()], seal=make_sealing(), **keywords)
        assert terminal.given == []


class TestRefusals:
    """
    Nothing begins that would leave in the open what is to be sealed.
    """

    def test_a_mission_that_seals_needs_sealing(self) -> None:
        """
        It is neither run nor resumed without.
        """
        with pytest.raises(SealingRequiredError, match="mission 'payment' seals"):
            run_mission("payment", CONTEXT, {"token": "t"}, registry=REGISTRY)
        waiting = pay("secret", Terminal(PAID), make_sealing())
        assert waiting.checkpoint is not None
        with pytest.raises(SealingRequiredError, match="mission 'payment' seals"):
            resume_mission(waiting.checkpoint, [], registry=REGISTRY)

    def test_a_sealed_run_of_any_mission_is_not_resumed_without(self) -> None:
        """
        The checkpoint shows that something is sealed.
        """
        mission = make_mission(make_action())
        result = run_mission(
            mission.name,
            ExecutionContext({"a": 1}),
            seal=make_sealing("/context/a"),
            registry={mission.name: mission},
        )
        assert result.checkpoint is not None
        with pytest.raises(SealingRequiredError, match="a run with sealed values"):
            resume_mission(result.checkpoint, [make_effect_answer()], registry={mission.name: mission})

    @pytest.mark.parametrize("rule", ["/context/customer/ibn", "/params/tokn", "/context/customer/name/x"])
    def test_a_rule_of_the_caller_that_finds_nothing_is_refused(self, rule: str) -> None:
        """
        A misspelled path would leave the value in the open.
        """
        with pytest.raises(SealRefusedError, match="finds nothing"):
            pay("secret", Terminal(PAID), make_sealing(rule, key=bytes(32)))

    @pytest.mark.parametrize("rule", ["/context/rows/*/iban", "/outcomes/pay/nothing"])
    def test_a_rule_that_may_find_nothing_is_not(self, rule: str) -> None:
        """
        A list may be empty, and outcomes come later.
        """
        assert pay("secret", Terminal(PAID), make_sealing(rule)).status == "waiting_human"

    def test_params_that_do_not_fit_are_told_by_their_place_alone(self) -> None:
        """
        The text of the error, and of all it came from, holds no value.
        """
        with pytest.raises(ParamsError, match="do not fit") as refused:
            run_mission("payment", CONTEXT, {"token": "secret" * 100}, seal=make_sealing(), registry=REGISTRY)
        assert "token" in refused.value.where
        assert "secretsecret" not in "".join(traceback.format_exception(refused.value))
        assert refused.value.__context__ is None
        with pytest.raises(ParamsError, match="at params"):
            run_mission("payment", CONTEXT, "secret", seal=make_sealing(), registry=REGISTRY)

    def test_a_field_whose_type_holds_no_seal_cannot_be_sealed(self) -> None:
        """
        The error says which, and how to mend it.
        """
        context = ExecutionContext({"config": {}})
        change = {"title": "x", "requested_by": "y", "patch": {}, "approvers": ["ada"]}
        with pytest.raises(SealRefusedError, match=r"takes no seal there") as refused:
            run_mission("change_request", context, change, seal=make_sealing("/params/title"))
        assert "title" in refused.value.where

    @pytest.mark.parametrize(
        ("context", "params"),
        [
            (ExecutionContext({"a": [SEAL]}), {}),
            (ExecutionContext({f"k{i}": "x" * 1000 for i in range(100)} | {"a": SEAL}), {}),
            (ExecutionContext({}, {"a": SEAL}), {}),
            (ExecutionContext({}), {"a": SEAL}),
        ],
        ids=["context", "large context", "metadata", "params"],
    )
    @pytest.mark.parametrize("seal", [None, make_sealing()], ids=["unsealed", "sealed"])
    def test_inputs_that_hold_a_seal_are_refused(self, context: ExecutionContext, params: Any, seal: Any) -> None:
        """
        With the place, and with or without sealing, planning included.
        """
        mission = make_mission(params_class=JsonObject)
        registry = {mission.name: mission}
        with pytest.raises(SealRefusedError, match="a member named") as refused:
            run_mission(mission.name, context, params, seal=seal, registry=registry)
        assert refused.value.where in ("/a", "/a/0")
        with pytest.raises(SealRefusedError, match="a member named"):
            plan_mission(mission.name, params, context, registry=registry)

    def test_a_workflow_without_a_mission_is_not_run_on_seals(self) -> None:
        """
        Only what was sealed here is a seal.
        """
        with pytest.raises(SealRefusedError, match="in the context"):
            run({"a": SEAL}, make_step())

    @pytest.mark.parametrize("seal", [None, make_sealing()], ids=["unsealed", "sealed"])
    @pytest.mark.parametrize(
        "fields", [{"output": [SEAL]}, {"attempts": JsonArray([SEAL])}], ids=["output", "attempts"]
    )
    def test_an_outcome_given_with_a_seal_is_refused(self, fields: dict[str, Any], seal: Any) -> None:
        """
        When the run begins, and when it is resumed.
        """
        mission = make_mission(make_action())
        keywords: dict[str, Any] = {"seal": seal, "registry": {mission.name: mission}}
        answer = make_effect_answer(**fields)
        with pytest.raises(SealRefusedError, match="answer for act"):
            run_mission(mission.name, ExecutionContext(), answers=[answer], **keywords)
        waiting = run_mission(mission.name, ExecutionContext(), **keywords)
        assert waiting.checkpoint is not None
        with pytest.raises(SealRefusedError, match="answer for act"):
            resume_mission(waiting.checkpoint, [answer], **keywords)

    def test_a_person_writes_no_seal(self) -> None:
        """
        Their input could pass one value off as another.
        """
        form = {"type": "object"}
        with pytest.raises(InvalidAnswerError) as refused:
            run({}, make_gate_with(form), answers=[make_decision(input={"a": [SEAL]})])
        assert [fault.where for fault in refused.value.faults] == ["input/a/0"]

    def test_what_is_no_sealing_or_no_context_is_refused(self) -> None:
        """
        With what was given.
        """
        with pytest.raises(DefinitionError, match="seal is 'key'"):
            run_mission("echo", CONTEXT, seal="key")  # type: ignore[arg-type]  # what is tested.
        with pytest.raises(DefinitionError, match=r"context is \{\}"):
            run_mission("echo", {}, seal=make_sealing())  # type: ignore[arg-type]  # what is tested.
        with pytest.raises(DefinitionError, match="context is dict"):
            plan_mission("payment", {"token": "t"}, {}, registry=REGISTRY)  # type: ignore[arg-type]  # what is tested.


def make_gate_with(form: dict[str, Any]) -> Any:
    """
    Make a human step with a form.
    """
    return make_gate(input_schema=form, output="/out")


class TestPlanning:
    """
    A plan holds its inputs, so it takes none that are to be sealed.
    """

    @pytest.mark.parametrize(("context", "token"), [(CONTEXT, "t"), (ExecutionContext({}), "t")])
    def test_what_the_mission_seals_is_not_planned(self, context: ExecutionContext, token: str) -> None:
        """
        Neither from the context nor from the params.
        """
        with pytest.raises(SealingRequiredError, match="seals a value that is not sealed"):
            plan_mission("payment", {"token": token}, context, registry=REGISTRY)

    def test_a_planned_run_seals_its_outcomes(self) -> None:
        """
        By the rules of mission and caller; nothing else can be sealed any more.
        """
        mission = make_mission(make_action(output="/out"), seals=["/outcomes/act/a"])
        registry = {mission.name: mission}
        plan = plan_mission(mission.name, registry=registry)
        effects = {"files": Terminal(give({"a": "hush", "b": "quiet", "c": 1}), mode="read")}
        with pytest.raises(SealingRequiredError, match="seals"):
            run_planned(plan, effects=effects, registry=registry)
        with pytest.raises(SealRefusedError, match="for a plan"):
            run_planned(plan, effects=effects, registry=registry, seal=make_sealing("/context/a"))
        sealing = make_sealing("/outcomes/act/b", key=bytes(32))
        result = run_planned(plan, effects=effects, registry=registry, seal=sealing)
        out = result.final_state["out"]
        assert (is_seal(out["a"]), is_seal(out["b"]), out["c"]) == (True, True, 1)


class TestSealedRecords:
    """
    "Signatures and re-execution are untouched."
    """

    def test_give_the_same_bytes_again_without_key_and_openings(self) -> None:
        """
        The record is all it takes, to replay it and to ask what it would do now.
        """
        result = pay("secret", Terminal(PAID), make_sealing(), answers=[make_decision()])
        recorded = RecordedRun.from_bytes(RecordedRun.of(result).raw)
        assert replay(recorded).receipt == result.receipt
        assert what_if(recorded, PAYMENT).finding == "same"

    def test_are_read_back_from_their_bytes(self) -> None:
        """
        A checkpoint with seals is a checkpoint.
        """
        waiting = pay("secret", Terminal(PAID), make_sealing())
        assert type(waiting.inputs).from_bytes(waiting.inputs.raw) == waiting.inputs


class TestAMissionThatSeals:
    """
    It is shown on its example that it can be built from sealed params.
    """

    def test_says_so_in_its_schema(self) -> None:
        """
        A planner sees which field may be sealed, and what a seal looks like.
        """
        token = PAYMENT.params_schema["properties"]["token"]
        assert token["x-sealable"] is True
        assert token["anyOf"] == [{"type": "string", "minLength": 1, "maxLength": 128}, {"$ref": "#/$defs/Seal"}]

    def test_whose_fields_hold_no_seal_is_refused(self) -> None:
        """
        Before it is registered.
        """

        @attrs.frozen(kw_only=True)
        class Params:
            token: str = ""

        mission = make_mission(params_class=Params, seals=["/params/token"])
        with pytest.raises(ParamsError, match="token"):
            verify_mission(mission)

    def test_whose_builder_reads_a_seal_is_refused(self) -> None:
        """
        The builder gets the seal, and nothing to count with.
        """

        @attrs.frozen(kw_only=True)
        class Params:
            token: str | Seal = ""

        def build(params: Params) -> WorkflowDefinition:
            return WorkflowDefinition(f"wf-{len(params.token)}", [make_step()])  # type: ignore[arg-type]  # the fault.

        mission = Mission(
            name="m", version="1.0.0", summary="s", params_class=Params, build=build, seals=["/params/token"]
        )
        with pytest.raises(DefinitionError, match="TypeError"):
            verify_mission(mission)

    def test_a_field_is_carried_as_it_is(self) -> None:
        """
        Sealed or not, a payload can hold it.
        """
        assert carry(Seal(digest="sha256:" + "0" * 64)) == SEAL
        assert carry("t") == "t"


def test_inputs_without_seals_are_given_back() -> None:
    """
    What is asked of them is one search.
    """
    inputs = make_inputs(make_step(), state={'x"$sealed': 1}, params=JsonObject({"a": 1}))

    assert refuse_seals(inputs) is inputs
    assert not holds_seal(make_inputs(make_step(), state={"a": 1}))
    assert holds_seal(make_inputs(make_step(), params=JsonObject({"a": SEAL})))
    assert holds_seal(make_inputs(make_step(), answers=[make_effect_answer(output=SEAL)]))
