"""What every built-in mission must be."""

import pytest
from makers import sha256_of

from missions.catalog import BUILT_IN_MISSIONS
from runtime.limits import MAX_HUMAN_STEPS, MAX_STEPS
from runtime.orchestration import Mission
from runtime.orchestration.prepare import prepare
from runtime.orchestration.registry import run_mission

ALIASES = {"pt004_execution_spine": "execution_spine"}
"""Missions that are another one under a second name."""

every_mission = pytest.mark.parametrize("mission", BUILT_IN_MISSIONS, ids=lambda mission: mission.name)


def test_names_are_unique() -> None:
    """
    No two built-in missions share a name.
    """
    names = [mission.name for mission in BUILT_IN_MISSIONS]
    assert len(set(names)) == len(names)


@every_mission
class TestEveryMission:
    """
    Its example runs to an end, within the limits, and touches nothing else.
    """

    def test_is_within_the_limits(self, mission: Mission) -> None:
        """
        At most 5 steps, at most 2 of them human.
        """
        steps = prepare(mission(mission.example.params))
        assert 1 <= len(steps) <= MAX_STEPS
        assert sum(step.spec.kind == "human" for step in steps) <= MAX_HUMAN_STEPS

    def test_has_an_example_that_ends(self, mission: Mission) -> None:
        """
        "The answers drive the run to its end", and it completes.
        """
        example = mission.example
        result = run_mission(mission.name, example.context, example.params, answers=example.answers, mode=example.mode)
        assert (result.status, result.error_message) == ("completed", None)

    def test_names_its_workflow_after_itself(self, mission: Mission) -> None:
        """
        The workflow's id is `wf-` and the name with hyphens; its metadata names the mission. An alias builds the same one.
        """
        workflow = mission(mission.example.params)
        name = ALIASES.get(mission.name, mission.name)
        assert workflow.id == f"wf-{name.replace('_', '-')}"
        assert workflow.metadata["mission_type"] == name

    def test_builds_the_same_workflow_from_what_a_run_records(self, mission: Mission) -> None:
        """
        The recorded params, with every default written out, build the workflow again.
        """
        params = mission.params_document(mission.example.params)
        assert mission(params).digest == mission(mission.example.params).digest
        assert mission.params_document(params) == params
        assert params.digest == sha256_of(params.thaw())

    def test_says_what_it_is_for(self, mission: Mission) -> None:
        """
        In one sentence.
        """
        assert mission.summary.endswith(".")
        assert "\n" not in mission.summary
