"""The public names of the package, as a snapshot: one that comes, goes or moves shows here."""

from importlib import import_module

import pytest
from syrupy.assertion import SnapshotAssertion

MODULES = (
    "missions.catalog",
    "missions.change_request",
    "missions.echo",
    "runtime",
    "runtime.cli.exit_codes",
    "runtime.compat",
    "runtime.connectors",
    "runtime.connectors.backends",
    "runtime.connectors.secrets",
    "runtime.connectors.stand_ins",
    "runtime.decision_schema",
    "runtime.decision_schema.compat",
    "runtime.decision_schema.trace_registry",
    "runtime.decision_schema.types",
    "runtime.encoding.base64text",
    "runtime.encoding.canonical",
    "runtime.encoding.converter",
    "runtime.encoding.digest",
    "runtime.encoding.display",
    "runtime.encoding.frozen",
    "runtime.encoding.jsontext",
    "runtime.encoding.order",
    "runtime.encoding.pointer",
    "runtime.encoding.redaction",
    "runtime.encoding.seal",
    "runtime.errors",
    "runtime.evidence",
    "runtime.evidence.exports",
    "runtime.evidence.bundle",
    "runtime.evidence.envelope",
    "runtime.evidence.statement",
    "runtime.evidence.log",
    "runtime.evidence.loghead",
    "runtime.evidence.lognote",
    "runtime.evidence.logproof",
    "runtime.evidence.merkle",
    "runtime.evidence.trust",
    "runtime.evidence.verify",
    "runtime.execution",
    "runtime.limits",
    "runtime.orchestration",
    "runtime.orchestration.builder",
    "runtime.orchestration.engine",
    "runtime.orchestration.planner",
    "runtime.orchestration.preflight",
    "runtime.orchestration.registry",
    "runtime.orchestration.sequence",
    "runtime.ports",
    "runtime.profiles.compiled",
    "runtime.profiles.compiling",
    "runtime.profiles.documents",
    "runtime.profiles.environment_documents",
    "runtime.profiles.environments",
    "runtime.profiles.loading",
    "runtime.profiles.profile",
    "runtime.profiles.rule_documents",
    "runtime.profiles.schemas",
    "runtime.profiles.validation",
    "runtime.profiles.windows",
    "runtime.signing",
    "runtime.storage",
    "runtime.testing",
    "runtime.values",
    "runtime.values.keys",
    "runtime.values.approvers",
    "runtime.values.decisions",
    "runtime.values.revocations",
    "runtime.values.seals",
    "runtime.values.signatures",
)


@pytest.mark.parametrize("module", MODULES)
def test_public_names(module: str, snapshot: SnapshotAssertion) -> None:
    """
    A module offers exactly the names it is known to offer, and every one of them exists.
    """
    loaded = import_module(module)
    names = sorted(loaded.__all__)
    assert [name for name in names if not hasattr(loaded, name)] == []
    assert "\n".join(names) == snapshot


def test_tier_2_names_are_where_they_were() -> None:
    """
    The names of the tier-2 engine import from the package and from the modules they were in.
    """
    package = import_module("runtime.orchestration")
    engine = import_module("runtime.orchestration.engine")
    builder = import_module("runtime.orchestration.builder")
    for name in (
        "Orchestrator",
        "WorkflowDefinition",
        "StepSpec",
        "ExecutionContext",
        "OrchestrationResult",
        "AntiFailureViolation",
        "EnvelopeViolation",
    ):
        assert getattr(package, name) is getattr(engine, name)
    for name in ("MissionSpec", "build_workflow", "AntiFailurePlanningError"):
        assert getattr(package, name) is getattr(builder, name)
    registry = import_module("runtime.orchestration.registry")
    assert {"MISSION_REGISTRY", "run_mission", "UnknownMissionError"} <= set(registry.__all__)
    with pytest.raises(AttributeError, match="no attribute 'nothing'"):
        _ = package.nothing
