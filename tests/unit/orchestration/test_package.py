"""The names `runtime.orchestration` gives out, and where else they stand."""

import importlib

import pytest

from runtime import orchestration
from runtime.orchestration import builder, engine, registry


@pytest.mark.parametrize(
    "name",
    [
        "Orchestrator",
        "WorkflowDefinition",
        "StepSpec",
        "ExecutionContext",
        "OrchestrationResult",
        "AntiFailureViolation",
        "EnvelopeViolation",
    ],
)
def test_the_engines_names_stand_in_both_places(name: str) -> None:
    """
    What the contract names can be imported from the package and from `.engine`.
    """
    assert getattr(orchestration, name) is getattr(engine, name)
    assert name in orchestration.__all__
    assert name in engine.__all__


@pytest.mark.parametrize("name", ["MissionSpec", "build_workflow", "AntiFailurePlanningError"])
def test_the_builders_names_are_looked_up_when_asked_for(name: str) -> None:
    """
    They stand in the package lazily, and are those of `.builder`.
    """
    assert name not in vars(orchestration)
    assert getattr(orchestration, name) is getattr(builder, name)
    assert name in orchestration.__all__


@pytest.mark.parametrize("name", ["MISSION_REGISTRY", "run_mission", "UnknownMissionError"])
def test_the_registrys_names(name: str) -> None:
    """
    They stand in `.registry`.
    """
    assert name in registry.__all__
    assert hasattr(registry, name)


def test_every_public_name_exists() -> None:
    """
    `__all__` promises nothing that is not there.
    """
    for name in orchestration.__all__:
        assert getattr(orchestration, name) is not None


def test_a_name_that_is_not_there() -> None:
    """
    It is an AttributeError, as for any module.
    """
    with pytest.raises(AttributeError, match=r"module 'runtime\.orchestration' has no attribute 'nope'"):
        orchestration.nope  # noqa: B018 - the look-up is the test.
    with pytest.raises(ImportError):
        importlib.import_module("runtime.orchestration.nope")
