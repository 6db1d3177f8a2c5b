"""Planning: what there is, what a mission would do, and what is refused, all without running anything."""

import json
from collections.abc import Callable
from typing import Any

import attrs
import pytest
from makers import make_action, make_gate, make_mission, make_step, sha256_of
from planning import make_deciding, make_pack, only

from runtime.errors import (
    DefinitionError,
    MissionEngineError,
    ModeError,
    ParamsError,
    PolicyError,
    UnknownConnectorError,
    UnknownMissionError,
)
from runtime.orchestration import ExecutionContext, StepSpec, WorkflowDefinition
from runtime.orchestration.planner import describe_mission, list_missions, plan_mission
from runtime.orchestration.registry import MISSION_REGISTRY, run_mission


class TestListing:
    """
    `list_missions()` tells what there is.
    """

    def test_every_mission_is_listed_by_name(self) -> None:
        """
        Name, version, summary and how it starts, sorted.
        """
        rows = list_missions()
        assert [row["name"] for row in rows] == sorted(MISSION_REGISTRY)
        assert all(set(row) == {"name", "version", "summary", "start"} for row in rows)
        assert {row["name"] for row in rows if row["start"] == "manual"} == {
            "execution_spine",
            "pt004_execution_spine",
        }

    def test_another_registry_is_listed_alike(self) -> None:
        """
        Any mapping; its missions are verified.
        """
        assert list_missions(only(make_mission())) == [
            {"name": "made", "version": "1.0.0", "summary": "A mission for a test.", "start": "auto"}
        ]
        with pytest.raises(DefinitionError, match="under the name 'other'"):
            list_missions({"other": make_mission()})


class TestDescribing:
    """
    `describe_mission(name)` tells what a planner has to know, as plain JSON.
    """

    @pytest.mark.parametrize("name", sorted(MISSION_REGISTRY))
    def test_every_mission_is_described_as_plain_json(self, name: str) -> None:
        """
        With the params of its example, everything that pins it by digest.
        """
        described = describe_mission(name)
        mission = MISSION_REGISTRY[name]
        example = mission.example.params
        assert json.loads(json.dumps(described)) == described
        assert described["definition_digest"] == mission(example).digest
        assert WorkflowDefinition.from_dict(described["definition"]) == mission(example)
        assert described["params_digest"] == mission.params_document(example).digest
        assert described["catalogue_digest"] == mission.catalogue.digest
        assert described["params_schema"] == mission.params_schema
        assert described["limits"] == {"steps": 5, "human_steps": 2}
        assert [one["policy_id"] for one in described["policies"]] == [one.policy_id for one in mission.policies]
        assert [one["digest"] for one in described["policies"]] == [one.digest for one in mission.policies]
        steps = mission(example).steps
        assert [step["id"] for step in described["steps"]] == [step.id for step in steps]
        assert [ask["step_id"] for ask in described["asks"]] == [step.id for step in steps if step.kind == "human"]

    def test_other_params_describe_what_they_build(self) -> None:
        """
        The steps and digests are those of the params given.
        """
        one, other = describe_mission("daily_loop", {"requested_steps": 1}), describe_mission("daily_loop", {})
        assert (len(one["steps"]), len(other["steps"])) == (1, 4)
        assert one["definition_digest"] != other["definition_digest"]
        assert one["example"] == other["example"]

    def test_asks_and_effects_are_told(self) -> None:
        """
        Who is asked what and when; what is touched outside, and what undoes it.
        """
        described = describe_mission("service_restart")
        assert described["asks"] == [
            {
                "step_id": "restart-approve",
                "when": "flagged",
                "prompt": 'Restart "mail"?',
                "show": {
                    "environment": "health.environment",
                    "failed checks": "health.failed_checks",
                    "status": "health.status",
                    "why a person is asked": "verdict.reason_code",
                },
                "choices": ["approve", "reject"],
                "approvers": ["ada", "edsger"],
                "quorum": 1,
                "not_by": None,
                "signed": False,
                "expires_after_ms": None,
                "input_schema": None,
                "on_reject": "deny",
            }
        ]
        assert [(effect["action"], effect["mode"]) for effect in described["effects"]] == [
            ("health", "read"),
            ("restart", "mutate"),
            ("verify", "read"),
        ]
        assert described["effects"][1]["compensate"] == {"action": "stop", "params": {"service": "mail"}}
        assert "effect:mutate" in described["steps"][3]["capabilities"]

    def test_a_description_is_a_tool_call_schema(self) -> None:
        """
        Name, summary and params schema are what a model's tool call needs.
        """
        described = describe_mission("change_request")
        assert described["params_schema"]["type"] == "object"
        assert described["params_schema"]["required"] == ["title", "requested_by", "patch"]
        assert described["params_schema"]["additionalProperties"] is False

    def test_what_a_caller_does_to_a_description_stays_with_the_caller(self) -> None:
        """
        Each call gives a document of its own.
        """
        first = describe_mission("echo")
        first["definition"]["steps"].clear()
        first["params_schema"]["type"] = "array"
        assert describe_mission("echo")["definition"]["steps"]
        assert describe_mission("echo")["params_schema"]["type"] == "object"

    @pytest.mark.parametrize(
        ("name", "params", "kind"),
        [
            ("nope", {}, UnknownMissionError),
            ("change_request", {"title": 1}, ParamsError),
            (5, {}, UnknownMissionError),
        ],
    )
    def test_what_cannot_be_described_is_refused(self, name: Any, params: Any, kind: type[Exception]) -> None:
        """
        An unknown name, and params that do not fit.
        """
        with pytest.raises(kind):
            describe_mission(name, params)


REFUSED: dict[str, tuple[Callable[[], Any], type[MissionEngineError]]] = {
    "unknown_mission": (lambda: plan_mission("nope"), UnknownMissionError),
    "params_that_do_not_fit": (lambda: plan_mission("echo", [1]), ParamsError),
    "mutation_under_observe": (lambda: plan_mission("service_restart", {"service": "mail"}), ModeError),
    "unknown_mode": (lambda: plan_mission("echo", mode="yolo"), DefinitionError),
    "pack_no_step_asks_for": (lambda: plan_mission("echo", policies=[make_pack()]), PolicyError),
    "two_packs_of_one_id": (
        lambda: plan_mission("made", policies=[make_pack(), make_pack()], registry=only(make_deciding())),
        PolicyError,
    ),
    "no_pack": (lambda: plan_mission("made", policies=["p"], registry=only(make_deciding())), PolicyError),  # type: ignore[list-item]
    "no_list_of_packs": (lambda: plan_mission("echo", policies=5), PolicyError),  # type: ignore[arg-type]
    "no_registry": (lambda: plan_mission("echo", registry=[]), DefinitionError),  # type: ignore[arg-type]
    "unknown_connector": (
        lambda: plan_mission("made", registry=only(make_mission(make_action(), catalogue={}))),
        UnknownConnectorError,
    ),
}


DIFFERENT: dict[str, dict[str, Any]] = {
    "params": {"params": {"a": 2}},
    "context": {"ctx": ExecutionContext({"b": 1})},
    "metadata": {"ctx": ExecutionContext({}, {"ticket": 1})},
    "mode": {"mode": "apply"},
    "mission version": {"registry": only(attrs.evolve(MISSION_REGISTRY["echo"], version="1.0.1"))},
    "catalogue": {"registry": only(attrs.evolve(MISSION_REGISTRY["echo"], catalogue={"c": {"actions": {}}}))},
    "definition": {
        "registry": only(attrs.evolve(MISSION_REGISTRY["echo"], build=lambda _: WorkflowDefinition("w", [make_step()])))
    },
}


class TestPlanning:
    """
    `plan_mission(name, params, ctx)` runs nothing, and refuses what a run would refuse.
    """

    @pytest.mark.parametrize("name", sorted(MISSION_REGISTRY))
    def test_a_plan_holds_what_the_run_starts_from(self, name: str) -> None:
        """
        The inputs are those of `run_mission`, byte for byte, and the digest covers their header.
        """
        example = MISSION_REGISTRY[name].example
        plan = plan_mission(name, example.params, example.context, mode=example.mode)
        run = run_mission(name, example.context, example.params, mode=example.mode)
        assert plan.inputs.raw == attrs.evolve(run.inputs, answers=()).raw
        header = {
            **run.header,
            "schema": "plan/v1",
            "brought_policies": [],
            "catalogue_digest": plan.catalogue.digest,
        }
        assert plan.header == header
        assert plan.digest == sha256_of(header)

    def test_nothing_is_run(self) -> None:
        """
        Not even a step that would fail.
        """
        plan = plan_mission("made", registry=only(make_mission(make_step("s", "fail", reason="no"), make_gate())))
        assert [step["operation"] for step in plan.steps] == ["fail", "human"]
        assert (plan.asks[0]["prompt"], plan.effects) == ("Go on?", [])
        assert plan.inputs.context == ExecutionContext()

    @pytest.mark.parametrize("step", [make_step("s", "set", path="/a", value=1), make_gate()])
    def test_the_caller_s_state_is_not_touched(self, step: StepSpec) -> None:
        """
        The context is copied.
        """
        state = {"a": {"b": [1]}}
        plan = plan_mission("made", None, ExecutionContext(state), registry=only(make_mission(step)))
        state["a"]["b"].append(2)
        assert plan.inputs.context.initial_state.thaw() == {"a": {"b": [1]}}

    @pytest.mark.parametrize("defect", REFUSED)
    def test_what_a_run_would_refuse_is_refused(self, defect: str) -> None:
        """
        Before anything is planned.
        """
        plan, kind = REFUSED[defect]
        with pytest.raises(kind):
            plan()

    @pytest.mark.parametrize("part", DIFFERENT)
    def test_the_digest_covers(self, part: str) -> None:
        """
        A plan that differs in one part has another digest.
        """
        base: dict[str, Any] = {"params": {"a": 1}, "ctx": ExecutionContext({})}
        one, other = plan_mission("echo", **base), plan_mission("echo", **{**base, **DIFFERENT[part]})
        assert one.digest != other.digest
        assert plan_mission("echo", **base).digest == one.digest

    def test_the_digest_covers_the_policies(self) -> None:
        """
        Which packs, and which of them were brought.
        """
        registry = only(make_deciding())
        own = plan_mission("made", registry=registry)
        same = plan_mission("made", policies=[make_pack()], registry=registry)
        other = plan_mission("made", policies=[make_pack(most=5)], registry=registry)
        assert len({own.digest, same.digest, other.digest}) == 3
        assert own.inputs == same.inputs
        assert (own.brought_policies, same.brought_policies) == ((), ("p",))
