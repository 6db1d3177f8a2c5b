"""The tier-2 way to a workflow: `MissionSpec` and `build_workflow`."""

from typing import Any

import pytest
from makers import make_gate, make_mission, make_step

from missions.catalog import BUILT_IN_MISSIONS
from runtime.errors import AntiFailurePlanningError, DefinitionError, EncodingError, ParamsError, UnknownMissionError
from runtime.orchestration import AntiFailureViolation, EnvelopeViolation, StepSpec, builder
from runtime.orchestration.builder import MissionSpec, build_workflow
from runtime.orchestration.registry import MISSION_REGISTRY


@pytest.mark.parametrize("mission", BUILT_IN_MISSIONS, ids=lambda mission: mission.name)
def test_every_built_in_mission_can_be_built(mission: Any) -> None:
    """
    The spec of a mission's name and params gives the workflow the mission gives.
    """
    params = mission.example.params
    assert build_workflow(MissionSpec(mission.name, params)) == MISSION_REGISTRY[mission.name](params)


def test_params_may_be_left_out() -> None:
    """
    None and nothing are the empty object.
    """
    assert MissionSpec("echo") == MissionSpec("echo", None) == MissionSpec("echo", {})
    assert build_workflow(MissionSpec("echo")).id == "wf-echo"


def test_an_unknown_type() -> None:
    """
    `Unknown mission type: 'x'. Supported types: [...]` (sorted)
    """
    with pytest.raises(UnknownMissionError) as caught:
        build_workflow(MissionSpec("x"))
    assert str(caught.value) == f"Unknown mission type: 'x'. Supported types: {sorted(MISSION_REGISTRY)}"


def test_params_that_do_not_fit() -> None:
    """
    They are refused as a run refuses them.
    """
    with pytest.raises(ParamsError, match="params of mission 'change_request'"):
        build_workflow(MissionSpec("change_request", {"title": 1}))


@pytest.mark.parametrize("params", [[], "x", {"a": {1}}])
def test_params_that_are_no_json_object(params: Any) -> None:
    """
    They are refused where the spec is made.
    """
    with pytest.raises(EncodingError):
        MissionSpec("echo", params)


@pytest.mark.parametrize("mission", [None, "echo", {"type": "echo"}])
def test_what_is_no_spec_is_refused(mission: Any) -> None:
    """
    A name alone is not a spec.
    """
    with pytest.raises(DefinitionError, match="give a MissionSpec"):
        build_workflow(mission)


def test_a_type_that_is_no_text() -> None:
    """
    It is refused where the spec is made.
    """
    with pytest.raises(DefinitionError, match="type is int 1"):
        MissionSpec(1)  # type: ignore[arg-type]


class TestAWorkflowBeyondTheLimits:
    """
    "Asking for more than the limits raises `AntiFailurePlanningError`."
    """

    @pytest.mark.parametrize(
        ("steps", "what", "remedy"),
        [
            ([make_step(str(index)) for index in range(6)], "Workflow has 6 steps, exceeds maximum of 5", "split it"),
            (
                [make_gate(str(index)) for index in range(3)],
                "Workflow has 3 human steps, exceeds maximum of 2",
                "keep two",
            ),
        ],
        ids=["six steps", "three human steps"],
    )
    def test_is_refused_while_planning(
        self, monkeypatch: pytest.MonkeyPatch, steps: list[StepSpec], what: str, remedy: str
    ) -> None:
        """
        The refusal says what and how to mend, and its cause is the engine's own.
        """
        monkeypatch.setattr(builder, "BUILT_IN_MISSIONS", (make_mission(*steps),))
        with pytest.raises(AntiFailurePlanningError) as caught:
            build_workflow(MissionSpec("made"))
        assert (caught.value.what, caught.value.code) == (what, "plan_exceeds_limit")
        assert caught.value.remedy.startswith(remedy)
        assert isinstance(caught.value.__cause__, AntiFailureViolation)

    def test_other_refusals_stay_what_they_are(self, monkeypatch: pytest.MonkeyPatch) -> None:
        """
        A foreign kind or an unknown operation is not a matter of limits.
        """
        for step, error in ((StepSpec("x", "net"), EnvelopeViolation), (make_step("x", "nop"), DefinitionError)):
            monkeypatch.setattr(builder, "BUILT_IN_MISSIONS", (make_mission(step),))
            with pytest.raises(error):
                build_workflow(MissionSpec("made"))
