"""What the built-in missions do, in a form people read in review: definition, lineage, receipt, final state."""

import json
from pathlib import Path
from typing import Any

import pytest
from syrupy.assertion import SnapshotAssertion
from syrupy.extensions.json import JSONSnapshotExtension

from runtime.orchestration.registry import MISSION_REGISTRY, run_mission

EXAMPLES = Path(__file__).parents[2] / "docs" / "examples"


@pytest.fixture
def json_snapshot(snapshot: SnapshotAssertion) -> SnapshotAssertion:
    """
    One JSON file an assertion.
    """
    return snapshot.use_extension(JSONSnapshotExtension)


@pytest.mark.parametrize("name", sorted(MISSION_REGISTRY))
def test_definition_lineage_and_receipt(name: str, json_snapshot: SnapshotAssertion) -> None:
    """
    The example of a mission builds this workflow and leaves this lineage, receipt and state.
    """
    mission = MISSION_REGISTRY[name]
    result = run_mission(name, mission.example.context, mission.example.params, answers=mission.example.answers)
    assert result.success
    assert result.inputs.definition.to_dict() == json_snapshot(name="definition")
    assert result.lineage == json_snapshot(name="lineage")
    assert result.receipt == json_snapshot(name="receipt")
    assert result.final_state == json_snapshot(name="final_state")


def _example(name: str, part: str) -> Any:
    return json.loads((EXAMPLES / name / f"{part}.json").read_text())


@pytest.mark.parametrize("name", sorted(MISSION_REGISTRY))
def test_the_example_files_are_the_mission_s_example(name: str) -> None:
    """
    The files a reader tries are the example that is verified at registration.
    """
    example = MISSION_REGISTRY[name].example
    assert _example(name, "params") == example.params.thaw()
    assert _example(name, "context") == example.context.initial_state.thaw()
    given = [(answer["step_id"], answer["decision"]) for answer in _example(name, "answers")]
    kept = [answer.to_dict() for answer in example.answers]
    assert given == [
        (answer["step_id"], {k: v for k, v in answer["decision"].items() if v is not None}) for answer in kept
    ]
