"""What was planned is exactly what runs, and a plan is a record of its own."""

import json
from collections.abc import Callable
from typing import Any

import attrs
import pytest
from makers import make_action, make_decision, make_gate, make_mission, make_outcome, make_step
from planning import make_deciding, make_pack, only

from runtime.encoding.frozen import JsonObject
from runtime.errors import (
    DefinitionError,
    IntegrityError,
    LedgerRequiredError,
    MissionEngineError,
    PlanChangedError,
    UnknownConnectorError,
    UnknownMissionError,
)
from runtime.orchestration import Checkpoint, ExecutionContext, Mission, Mode, StepSpec, WorkflowDefinition
from runtime.orchestration.planner import Plan, plan_mission, run_planned
from runtime.orchestration.registry import MISSION_REGISTRY, run_mission
from runtime.testing import MemoryLedger, ScriptedConnector

CHANGED: dict[str, tuple[Mission, list[str]]] = {
    "mission version": (make_deciding(version="1.0.1"), ["mission_version"]),
    "workflow": (
        make_mission(make_step("d", "decide", policy="p", input="", path="/other"), policies=(make_pack(),)),
        ["definition_digest", "proof_digest"],
    ),
    "policy of the mission": (make_deciding(make_pack(most=11)), ["policies_digest", "proof_digest"]),
    "catalogue": (make_deciding(catalogue={"c": {"actions": {}}}), ["catalogue_digest", "proof_digest"]),
}


class TestRunningWhatWasPlanned:
    """
    `run_planned(plan, ...)` runs exactly the plan, or nothing.
    """

    @pytest.mark.parametrize("name", sorted(MISSION_REGISTRY))
    def test_it_gives_the_same_bytes_as_a_run(self, name: str) -> None:
        """
        Planned first or not, a mission leaves the same receipt.
        """
        example = MISSION_REGISTRY[name].example
        plan = plan_mission(name, example.params, example.context, mode=example.mode)
        planned = run_planned(plan, answers=example.answers)
        run = run_mission(name, example.context, example.params, answers=example.answers, mode=example.mode)
        assert planned.status == "completed"
        assert planned.receipt_bytes == run.receipt_bytes

    def test_a_plan_read_back_runs_alike(self) -> None:
        """
        The record carries everything.
        """
        plan = plan_mission("echo", {"a": 1}, ExecutionContext({"n": 1.0}))
        again = Plan.from_dict(json.loads(json.dumps(plan.to_dict())))
        assert again == plan
        assert run_planned(again).receipt_bytes == run_planned(plan).receipt_bytes

    def test_it_waits_and_is_answered_like_any_run(self) -> None:
        """
        Answers, effects and ledger are those of `run_mission`.
        """
        mission = make_mission(make_gate(), make_action(mode="mutate", output="/done"))
        plan = plan_mission("made", mode="apply", registry=only(mission))
        assert run_planned(plan, registry=only(mission)).status == "waiting_human"
        connector = ScriptedConnector({"copy": [make_outcome(output={"copied": 1})]}, mutating=["copy"])
        with pytest.raises(LedgerRequiredError):
            run_planned(plan, effects={"files": connector}, registry=only(mission))
        with pytest.raises(UnknownConnectorError):
            run_planned(plan, effects={}, ledger=MemoryLedger(), registry=only(mission))
        assert connector.calls == []
        done = run_planned(
            plan,
            answers=[make_decision()],
            effects={"files": connector},
            ledger=MemoryLedger(),
            registry=only(mission),
        )
        assert (done.status, done.final_state) == ("completed", {"done": {"copied": 1}})

    @pytest.mark.parametrize("part", CHANGED)
    def test_what_has_changed_since_is_refused(self, part: str) -> None:
        """
        The message names what differs; nothing runs.
        """
        plan = plan_mission("made", registry=only(make_deciding()))
        changed, named = CHANGED[part]
        with pytest.raises(PlanChangedError) as refused:
            run_planned(plan, registry=only(changed))
        assert refused.value.what == f"mission 'made' gives another plan now: {named} differ"
        assert refused.value.code == "plan_changed"

    def test_a_pack_that_was_brought_is_the_one_that_counts(self) -> None:
        """
        It stands in the plan; that the mission's own has changed since changes nothing.
        """
        plan = plan_mission(
            "made", None, ExecutionContext({"amount": 7}), policies=[make_pack(most=5)], registry=only(make_deciding())
        )
        assert run_planned(plan, registry=only(make_deciding(make_pack(most=11)))).status == "denied"

    def test_a_mission_that_is_gone_is_refused(self) -> None:
        """
        As an unknown name.
        """
        plan = plan_mission("made", registry=only(make_mission()))
        with pytest.raises(UnknownMissionError):
            run_planned(plan)

    @pytest.mark.parametrize("plan", [None, {}, "plan"])
    def test_what_is_no_plan_is_refused(self, plan: Any) -> None:
        """
        A record has to be read first.
        """
        with pytest.raises(DefinitionError, match="plan is"):
            run_planned(plan)


def _without(name: str) -> Callable[[dict[str, Any]], None]:
    return lambda document: document.pop(name) and None


def _set(*path: Any, value: Any) -> Callable[[dict[str, Any]], None]:
    def change(document: Any) -> None:
        for part in path[:-1]:
            document = document[part]
        document[path[-1]] = value

    return change


TAMPERED: dict[str, Callable[[dict[str, Any]], None]] = {
    "another schema": _set("schema", value="plan/v2"),
    "no schema": _without("schema"),
    "a list for a schema": _set("schema", value=[]),
    "another digest": _set("digest", value="sha256:" + "0" * 64),
    "no digest": _without("digest"),
    "an unknown field": _set("extra", value=1),
    "other steps": _set("steps", value=[]),
    "a step that says less": _set("steps", 3, "capabilities", value=[]),
    "other asks": _set("asks", 0, "prompt", value="Fine?"),
    "no asks": _without("asks"),
    "other effects": _set("effects", 1, "params", value={}),
    "true for 1 in what is shown": _set("effects", 1, "params", "count", value=True),
    "other params": _set("inputs", "params", "service", value="files"),
    "another mode": _set("inputs", "mode", value="observe"),
    "another context": _set("inputs", "context", "initial_state", value={"site": "south"}),
    "no mission": _set("inputs", "mission", value=None),
    "no policies": _set("inputs", "policies", value=None),
    "no catalogue": _set("catalogue", value={}),
    "a catalogue that says less": _set("catalogue", "service", "actions", "restart", "mode", value="read"),
    "policies said to be brought": _set("brought_policies", value=["service_restart"]),
    "an answer": _set(
        "inputs",
        "answers",
        value=[make_decision("restart-approve").to_dict()],
    ),
    "inputs of another engine": _set("inputs", "engine", value="9.0"),
}


class TestTheRecord:
    """
    A plan is a record of its own: what is read back is what was made.
    """

    @staticmethod
    def make_document() -> dict[str, Any]:
        """
        Make the record of a plan with a policy, a gate and effects.
        """
        example = MISSION_REGISTRY["service_restart"].example
        mission = attrs.evolve(MISSION_REGISTRY["service_restart"], build=_build_counting)
        plan = plan_mission("service_restart", example.params, example.context, mode="apply", registry=only(mission))
        return plan.to_dict()

    def test_it_is_read_back_as_it_was(self) -> None:
        """
        `from_dict` takes what `to_dict` gave, and nothing is lost.
        """
        document = self.make_document()
        assert Plan.from_dict(document).to_dict() == document
        assert list(document["inputs"]["answers"]) == []

    @pytest.mark.parametrize("defect", TAMPERED)
    def test_a_record_that_was_changed_is_refused(self, defect: str) -> None:
        """
        Also where only what people read of it was changed.
        """
        document = json.loads(json.dumps(self.make_document()))
        TAMPERED[defect](document)
        with pytest.raises(MissionEngineError) as refused:
            Plan.from_dict(document)
        assert isinstance(refused.value, IntegrityError | DefinitionError)

    @pytest.mark.parametrize("document", [None, [], "plan", {}, {"schema": "checkpoint/v1"}])
    def test_what_is_no_record_is_refused(self, document: Any) -> None:
        """
        With the schema that was expected.
        """
        with pytest.raises(IntegrityError) as refused:
            Plan.from_dict(document)
        assert refused.value.remedy == "expected plan/v1"

    def test_a_plan_with_answers_cannot_be_made(self) -> None:
        """
        The digest does not cover them: a decision would come along with a plan that was approved without it.
        """
        inputs = attrs.evolve(plan_mission("echo").inputs, answers=[make_decision()])
        with pytest.raises(DefinitionError, match="with answers"):
            Plan(catalogue=JsonObject({}), inputs=inputs)

    def test_a_plan_whose_actions_are_not_in_its_catalogue_cannot_be_made(self) -> None:
        """
        What an action would do could not be told from it.
        """
        inputs = plan_mission("run_tests").inputs
        with pytest.raises(UnknownConnectorError):
            Plan(catalogue=JsonObject({}), inputs=inputs)

    def test_a_plan_of_no_mission_cannot_be_made(self) -> None:
        """
        There would be nothing to hold it against.
        """
        inputs = Checkpoint(
            definition=WorkflowDefinition("w", [make_step()]), context=ExecutionContext(), mode=Mode.OBSERVE
        )
        with pytest.raises(DefinitionError, match="no mission"):
            Plan(catalogue=JsonObject({}), inputs=inputs)


def _build_counting(params: Any) -> WorkflowDefinition:
    definition = MISSION_REGISTRY["service_restart"].build(params)
    steps = [
        StepSpec(step.id, step.kind, {**step.payload.thaw(), "params": {**step.payload.thaw()["params"], "count": 1}})
        if step.id == "restart-service"
        else step
        for step in definition.steps
    ]
    return WorkflowDefinition(definition.id, steps, definition.metadata)
