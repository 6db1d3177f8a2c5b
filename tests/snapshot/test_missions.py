"""What the built-in missions do, in a form people read in review: definition, lineage, receipt, final state."""

import json
from pathlib import Path
from typing import Any

import pytest
from syrupy.assertion import SnapshotAssertion
from syrupy.extensions.json import JSONSnapshotExtension

from runtime.orchestration import Answer
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
    The example of a mission builds this workflow and is proven by this certificate, and leaves this lineage, receipt and state.
    """
    mission = MISSION_REGISTRY[name]
    example = mission.example
    result = run_mission(name, example.context, example.params, answers=example.answers, mode=example.mode)
    assert result.success
    assert result.inputs.definition.to_dict() == json_snapshot(name="definition")
    assert result.lineage == json_snapshot(name="lineage")
    assert result.receipt == json_snapshot(name="receipt")
    assert result.final_state == json_snapshot(name="final_state")
    assert result.inputs.proof is not None
    assert result.inputs.proof.thaw() == json_snapshot(name="proof")


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
    given = [Answer.from_dict(answer) for answer in _example(name, "answers")]
    assert given == list(example.answers)
