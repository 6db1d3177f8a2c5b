"""Names to missions: a read-only mapping of verified missions, and the one way to run and resume them."""

import itertools
from collections.abc import Mapping
from types import MappingProxyType
from typing import Any

import attrs
import pytest
from makers import (
    make_action,
    make_decision,
    make_effect_answer,
    make_gate,
    make_mission,
    make_outcome,
    make_step,
    make_workflow,
    run,
)

from missions.catalog import BUILT_IN_MISSIONS
from runtime.encoding.frozen import JsonObject
from runtime.errors import (
    CheckpointMismatchError,
    DefinitionError,
    IntegrityError,
    InvalidAnswerError,
    ModeError,
    ParamsError,
    StaleAnswerError,
    UnusedAnswerError,
)
from runtime.orchestration import AntiFailureViolation, ExecutionContext, Mission, WorkflowDefinition
from runtime.orchestration.mission_check import verify_mission
from runtime.orchestration.registry import (
    MISSION_REGISTRY,
    MissionRegistry,
    UnknownMissionError,
    find_mission,
    resume_mission,
    run_mission,
)
from runtime.testing import MemoryLedger, ScriptedConnector

CONTEXT = ExecutionContext({"n": 1})


@attrs.frozen(kw_only=True)
class Params:
    """
    Params with a default.
    """

    count: int = 1
    name: str = "x"


def counting(**changes: Any) -> Mission:
    """
    Make a mission that adds its count after a gate.
    """

    def build(params: Params) -> WorkflowDefinition:
        return make_workflow(make_gate(), make_step("add", "increment", path="/n", by=params.count))

    return make_mission(**{"name": "counting", "params_class": Params, "build": build, **changes})


class TestTheRegistry:
    """
    "`MISSION_REGISTRY` is a read-only mapping fixed when the process starts."
    """

    def test_holds_the_built_in_missions_sorted(self) -> None:
        """
        By their own names.
        """
        assert list(MISSION_REGISTRY) == sorted(mission.name for mission in BUILT_IN_MISSIONS)
        assert len(MISSION_REGISTRY) == len(BUILT_IN_MISSIONS)
        assert all(MISSION_REGISTRY[name].name == name for name in MISSION_REGISTRY)
        assert repr(MISSION_REGISTRY) == f"MissionRegistry({list(MISSION_REGISTRY)})"

    def test_is_read_only(self) -> None:
        """
        Nothing can be added, replaced or taken out.
        """
        registry: Any = MISSION_REGISTRY
        with pytest.raises(TypeError):
            registry["new"] = make_mission()
        with pytest.raises(TypeError):
            del registry["echo"]
        for name in ("pop", "clear", "update", "setdefault"):
            assert not hasattr(registry, name)
        with pytest.raises(AttributeError):
            registry.something = 1

    def test_is_apart_from_the_mapping_it_was_made_of(self) -> None:
        """
        A later change to the caller's dict does not reach it.
        """
        missions = {"made": make_mission()}
        registry = MissionRegistry(missions)
        missions.clear()
        assert list(registry) == ["made"]

    def test_a_mission_is_callable(self) -> None:
        """
        `MISSION_REGISTRY[name](params)` gives the definition.
        """
        assert MISSION_REGISTRY["echo"]({"a": 1}).id == "wf-echo"


class TestMoreMissions:
    """
    "`MISSION_REGISTRY | {...}` works", "a name clash is refused".
    """

    def test_a_dict_or_a_registry_can_be_added(self) -> None:
        """
        The result is a new registry with both; the old one stays.
        """
        mission = make_mission()
        for more in ({"made": mission}, MissionRegistry({"made": mission}), MappingProxyType({"made": mission})):
            registry = MISSION_REGISTRY | more
            assert type(registry) is MissionRegistry
            assert sorted(registry) == sorted([*MISSION_REGISTRY, "made"])
            assert "made" not in MISSION_REGISTRY

    def test_the_same_mission_is_no_clash(self) -> None:
        """
        Adding what is there already changes nothing.
        """
        assert list(MISSION_REGISTRY | MISSION_REGISTRY) == list(MISSION_REGISTRY)

    def test_another_mission_of_the_same_name_is_refused(self) -> None:
        """
        The refusal names it.
        """
        with pytest.raises(DefinitionError, match=r"mission names \['echo'\] are taken"):
            MISSION_REGISTRY | {"echo": make_mission(name="echo")}

    def test_what_is_no_mapping_cannot_be_added(self) -> None:
        """
        A list of missions has no names.
        """
        with pytest.raises(TypeError):
            MISSION_REGISTRY | [make_mission()]  # type: ignore[operator]

    @pytest.mark.parametrize(
        ("missions", "message"),
        [
            ({"made": make_workflow()}, "registry entry 'made' is"),
            ({"made": lambda params: params}, "give a Mission"),
            ({"other": make_mission()}, "mission 'made' under the name 'other'"),
            ({"made": make_mission(make_step("s", "nop"))}, "unknown operation"),
            ({"made": make_mission(*(make_step(str(index)) for index in range(6)))}, "exceeds maximum of 5"),
            ({"made": make_mission(build=lambda _: None)}, "must return a WorkflowDefinition"),
            (
                {"made": counting(name="made", example=attrs.evolve(make_mission().example, params={"count": "1"}))},
                "count",
            ),
        ],
        ids=[
            "a workflow",
            "a function",
            "another name",
            "an unknown operation",
            "six steps",
            "no workflow",
            "its example",
        ],
    )
    def test_what_is_no_good_mission_is_refused(self, missions: Mapping[str, Any], message: str) -> None:
        """
        "Every mission is verified on the way in."
        """
        with pytest.raises(DefinitionError, match=message):
            MissionRegistry(missions)
        with pytest.raises(DefinitionError, match=message):
            MISSION_REGISTRY | missions


class TestAnImpureBuilder:
    """
    A builder "must be a pure function" of its params: it is run twice, and the workflows compared.
    """

    @staticmethod
    def impure() -> Mission:
        """
        Make a mission whose workflow counts how often it was built.
        """
        counter = itertools.count()
        return make_mission(build=lambda _: make_workflow(make_step("s", "noop", params={"n": next(counter)})))

    def test_is_refused_by_a_registry(self) -> None:
        """
        The refusal says what a builder may depend on.
        """
        with pytest.raises(
            DefinitionError, match="builds different workflows from equal params: make build depend on its params"
        ):
            MissionRegistry({"made": self.impure()})

    def test_is_refused_in_a_plain_mapping(self) -> None:
        """
        So it is where a plain dict is given as the registry.
        """
        with pytest.raises(DefinitionError, match="builds different workflows"):
            run_mission("made", CONTEXT, registry={"made": self.impure()})

    def test_is_found_every_time(self) -> None:
        """
        A refusal is not remembered as a pass.
        """
        mission = self.impure()
        for _ in range(3):
            with pytest.raises(DefinitionError):
                verify_mission(mission)

    def test_a_pure_one_is_verified_once(self) -> None:
        """
        The verification of a mission is remembered.
        """
        built: list[object] = []

        def build(params: object) -> WorkflowDefinition:
            built.append(params)
            return make_workflow()

        mission = make_mission(build=build)
        for _ in range(3):
            MissionRegistry({"made": mission})
        assert len(built) == 2


class TestFindingAMission:
    """
    Names that are not registered are refused with those that are.
    """

    @pytest.mark.parametrize("name", ["", "Echo", "echo ", "nope"])
    def test_an_unknown_name(self, name: str) -> None:
        """
        `Unknown mission: 'x'. Available missions: [...]` (sorted); the text holds nothing else.
        """
        with pytest.raises(UnknownMissionError) as caught:
            run_mission(name, CONTEXT)
        assert str(caught.value) == f"Unknown mission: {name!r}. Available missions: {sorted(MISSION_REGISTRY)}"
        assert caught.value.code == "unknown_mission"

    @pytest.mark.parametrize("name", [None, 1, ["echo"], {"echo": 1}])
    def test_a_name_that_is_no_text(self, name: Any) -> None:
        """
        It is unknown, not a fault of Python's.
        """
        with pytest.raises(UnknownMissionError, match="Available missions"):
            find_mission(name)

    def test_in_a_plain_mapping(self) -> None:
        """
        Any read-only mapping of names to missions will do.
        """
        mission = make_mission()
        assert find_mission("made", {"made": mission}) is mission
        with pytest.raises(UnknownMissionError, match=r"\['made'\]"):
            find_mission("echo", MappingProxyType({"made": mission}))

    @pytest.mark.parametrize(
        ("registry", "message"),
        [
            ({"made": "echo"}, "give a Mission"),
            ({"made": make_mission(name="other")}, "under the name 'made'"),
            ([make_mission()], "give a mapping of names to missions"),
            (None, "give a mapping of names to missions"),
        ],
    )
    def test_what_a_plain_mapping_may_not_hold(self, registry: Any, message: str) -> None:
        """
        What nobody verified is verified before it is used.
        """
        with pytest.raises(DefinitionError, match=message):
            run_mission("made", CONTEXT, registry=registry)

    def test_one_bad_entry_does_not_hide_a_good_one(self) -> None:
        """
        Only the mission that is asked for is looked at.
        """
        registry: Any = {"made": make_mission(), "bad": 3}
        assert run_mission("made", CONTEXT, registry=registry).success


class TestRunningAMission:
    """
    "`run_mission`, the one entry point for agents, planners and shells."
    """

    def test_records_name_version_and_params(self) -> None:
        """
        The header binds the mission; params are written with their defaults.
        """
        result = run_mission("counting", CONTEXT, {"count": 2}, registry={"counting": counting(version="1.2.3")})
        assert (result.inputs.mission, result.inputs.mission_version) == ("counting", "1.2.3")
        assert result.inputs.params == {"count": 2, "name": "x"}
        assert result.header["mission"] == "counting"
        assert result.header["params_digest"] == JsonObject({"count": 2, "name": "x"}).digest

    def test_takes_params_in_any_form(self) -> None:
        """
        None, a dict, a frozen object or an instance of the params class give the same run.
        """
        registry = {"counting": counting()}
        forms: list[Any] = [None, {}, {"count": 1}, JsonObject({}), Params(), Params(count=1, name="x")]
        assert len({run_mission("counting", CONTEXT, form, registry=registry).header_bytes for form in forms}) == 1

    @pytest.mark.parametrize(
        ("params", "places"),
        [
            ({"count": "1"}, ["count"]),
            ({"count": True}, ["count"]),
            ({"count": 1.5, "name": 2}, ["count", "name"]),
            ({"other": 1}, [""]),
            ([], None),
            (3, None),
            ({"count": {1}}, None),
        ],
    )
    def test_refuses_params_that_do_not_fit(self, params: Any, places: list[str] | None) -> None:
        """
        Every fault is listed with its path; nothing is converted.
        """
        with pytest.raises(ParamsError, match="params of mission 'counting'") as caught:
            run_mission("counting", CONTEXT, params, registry={"counting": counting()})
        assert caught.value.code == "invalid_params"
        if places is not None:
            assert [fault.where for fault in caught.value.faults] == places

    def test_leaves_the_callers_params_alone(self) -> None:
        """
        They are copied, and a later change is not seen.
        """
        params = {"list": [1]}
        result = run_mission("echo", CONTEXT, params)
        params["list"].append(2)
        assert result.inputs.params == {"list": [1]}
        assert params == {"list": [1, 2]}

    def test_refuses_what_is_no_context(self) -> None:
        """
        A plain dict is not taken for a context.
        """
        with pytest.raises(DefinitionError, match="expected ExecutionContext"):
            run_mission("echo", {"a": 1})  # type: ignore[arg-type]

    def test_refuses_a_mode_there_is_not(self) -> None:
        """
        Before anything is built.
        """
        with pytest.raises(ModeError):
            run_mission("echo", CONTEXT, mode="live")

    def test_refuses_a_workflow_beyond_the_limits(self) -> None:
        """
        A builder may go beyond a limit for params its example does not show.
        """

        def build(params: Params) -> WorkflowDefinition:
            return make_workflow(*(make_step(str(index)) for index in range(params.count)))

        registry = {"many": make_mission(name="many", params_class=Params, build=build)}
        assert run_mission("many", CONTEXT, {"count": 5}, registry=registry).success
        with pytest.raises(AntiFailureViolation):
            run_mission("many", CONTEXT, {"count": 6}, registry=registry)

    def test_hands_effects_ledger_and_mode_on(self) -> None:
        """
        A mutating mission is carried out with a connector and a durable ledger, under mode `apply`.
        """
        mission = make_mission(make_action(mode="mutate", output="/out"))
        connector = ScriptedConnector({"copy": [make_outcome(output=3)]}, mutating=["copy"])
        ledger = MemoryLedger()
        result = run_mission(
            "made", CONTEXT, effects={"files": connector}, ledger=ledger, mode="apply", registry={"made": mission}
        )
        assert result.final_state == {"n": 1, "out": 3}
        assert len(ledger.outcomes) == 1

    def test_hands_answers_on(self) -> None:
        """
        In advance, from any iterable.
        """
        answers = (answer for answer in [make_decision()])
        assert run_mission("counting", CONTEXT, answers=answers, registry={"counting": counting()}).final_state == {
            "n": 2
        }

    def test_refuses_params_beyond_their_size(self) -> None:
        """
        "Canonical size of a step's payload, of params": 1 MiB, whether or not the builder looks at them.
        """
        mission = make_mission(params_class=JsonObject)
        with pytest.raises(DefinitionError):
            run_mission("made", CONTEXT, {"a": "x" * 2**20}, registry={"made": mission})


class TestResumingAMission:
    """
    "Resuming re-executes from the start, so there is no saved state to forge."
    """

    def test_goes_on_with_an_answer(self) -> None:
        """
        An answer to the open request, or in advance for its step, leads to the receipt of a run that had it at once.
        """
        registry = {"counting": counting()}
        whole = run_mission("counting", CONTEXT, {"count": 5}, answers=[make_decision()], registry=registry)
        waiting = run_mission("counting", CONTEXT, {"count": 5}, registry=registry)
        assert waiting.checkpoint is not None
        assert waiting.pending is not None
        for answer in (make_decision(), make_decision(request_digest=waiting.pending.digest)):
            assert resume_mission(waiting.checkpoint, [answer], registry=registry) == whole

    def test_without_an_answer_waits_on(self) -> None:
        """
        Resuming with nothing gives the same waiting run.
        """
        registry = {"counting": counting()}
        waiting = run_mission("counting", CONTEXT, registry=registry)
        assert waiting.checkpoint is not None
        assert resume_mission(waiting.checkpoint, [], registry=registry) == waiting

    def test_refuses_a_wrong_answer_and_stays_as_it_was(self) -> None:
        """
        A stale or superfluous answer leaves the checkpoint as it was.
        """
        registry = {"counting": counting()}
        checkpoint = run_mission("counting", CONTEXT, registry=registry).checkpoint
        assert checkpoint is not None
        raw = checkpoint.raw
        with pytest.raises(StaleAnswerError):
            resume_mission(checkpoint, [make_decision(request_digest=f"sha256:{'0' * 64}")], registry=registry)
        with pytest.raises(UnusedAnswerError):
            resume_mission(checkpoint, [make_decision("nobody")], registry=registry)
        assert checkpoint.raw == raw

    @pytest.mark.parametrize("version", ["1.0.1", "2.0.0", "0.9.9"])
    def test_refuses_another_version(self, version: str) -> None:
        """
        The refusal names both versions.
        """
        checkpoint = run_mission("counting", CONTEXT, registry={"counting": counting()}).checkpoint
        assert checkpoint is not None
        message = f"mission 'counting' is version {version} here, and the checkpoint needs 1.0.0 at mission_version"
        with pytest.raises(CheckpointMismatchError, match=message):
            resume_mission(checkpoint, [make_decision()], registry={"counting": counting(version=version)})

    def test_refuses_another_workflow(self) -> None:
        """
        The same version that builds another workflow is not the same mission.
        """
        checkpoint = run_mission("counting", CONTEXT, registry={"counting": counting()}).checkpoint
        assert checkpoint is not None
        other = counting(build=lambda _: make_workflow(make_gate()))
        with pytest.raises(CheckpointMismatchError, match="builds another workflow here than the checkpoint holds"):
            resume_mission(checkpoint, [make_decision()], registry={"counting": other})

    def test_refuses_a_checkpoint_whose_workflow_was_exchanged(self) -> None:
        """
        Nobody slips a step into a waiting run: the workflow is built again and compared.
        """
        registry = {"counting": counting()}
        checkpoint = run_mission("counting", CONTEXT, registry=registry).checkpoint
        assert checkpoint is not None
        forged = attrs.evolve(checkpoint, definition=make_workflow(make_gate(), make_step("extra")))
        with pytest.raises(CheckpointMismatchError, match="at definition"):
            resume_mission(forged, [make_decision()], registry=registry)

    def test_refuses_a_checkpoint_whose_params_were_exchanged(self) -> None:
        """
        Params that would build another workflow are refused as well.
        """
        registry = {"counting": counting()}
        checkpoint = run_mission("counting", CONTEXT, registry=registry).checkpoint
        assert checkpoint is not None
        for params in (JsonObject({"count": 9}), JsonObject({"count": "x"})):
            with pytest.raises((CheckpointMismatchError, ParamsError)):
                resume_mission(attrs.evolve(checkpoint, params=params), [make_decision()], registry=registry)

    def test_refuses_an_unknown_mission(self) -> None:
        """
        A checkpoint of a mission that is not registered here cannot be resumed here.
        """
        checkpoint = run_mission("counting", CONTEXT, registry={"counting": counting()}).checkpoint
        assert checkpoint is not None
        with pytest.raises(UnknownMissionError, match="Unknown mission: 'counting'"):
            resume_mission(checkpoint, [make_decision()])

    def test_needs_no_registry_without_a_mission(self) -> None:
        """
        A workflow that ran without a mission is resumed from what the checkpoint holds.
        """
        waiting = run({"n": 1}, make_gate(), make_step("add", "increment", path="/n"))
        assert waiting.checkpoint is not None
        assert resume_mission(waiting.checkpoint, [make_decision()], registry={}).final_state == {"n": 2}

    @pytest.mark.parametrize("checkpoint", [None, {}, b"{}"])
    def test_refuses_what_is_no_checkpoint(self, checkpoint: Any) -> None:
        """
        Bytes are read first; the checkpoint they give is resumed.
        """
        with pytest.raises(IntegrityError, match="give a Checkpoint"):
            resume_mission(checkpoint, [])

    def test_refuses_answers_that_are_none(self) -> None:
        """
        One answer is not a list of one.
        """
        checkpoint = run({}, make_gate()).checkpoint
        assert checkpoint is not None
        with pytest.raises(InvalidAnswerError, match="give a list of Answer"):
            resume_mission(checkpoint, make_decision())  # type: ignore[arg-type]

    def test_carries_effects_out(self) -> None:
        """
        Effects behind the gate are carried out when the run goes on.
        """
        registry = {"made": make_mission(make_gate(), make_action(output="/out"))}
        connector = ScriptedConnector({"copy": [make_outcome(output=3)]})
        waiting = run_mission("made", CONTEXT, effects={"files": connector}, registry=registry)
        assert waiting.checkpoint is not None
        assert connector.calls == []
        result = resume_mission(waiting.checkpoint, [make_decision()], effects={"files": connector}, registry=registry)
        assert (result.status, result.final_state["out"]) == ("completed", 3)

    def test_reconciles_an_unknown_effect(self) -> None:
        """
        An outcome for the request that is unknown settles it.
        """
        registry = {"made": make_mission(make_action(output="/out"))}
        connector = ScriptedConnector({"copy": [make_outcome("unknown")]})
        waiting = run_mission("made", CONTEXT, effects={"files": connector}, registry=registry)
        assert waiting.checkpoint is not None
        answer = make_effect_answer(request_digest=waiting.pending and waiting.pending.digest, output=4)
        result = resume_mission(waiting.checkpoint, [answer], effects={"files": connector}, registry=registry)
        assert (result.status, result.final_state["out"], len(connector.calls)) == ("completed", 4, 1)
