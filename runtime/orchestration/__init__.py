"""Values and engine of the orchestration core. Start with `engine.py`.

Names of the builder are looked up on first use: it stands on top of `missions/`, which imports this package.
"""

from typing import TYPE_CHECKING

from runtime.encoding.frozen import JsonObject
from runtime.encoding.pointer import Pointer
from runtime.encoding.seal import Seal, carry
from runtime.orchestration.checkpoint import Checkpoint, Mode
from runtime.orchestration.engine import (
    AntiFailureViolation,
    EnvelopeViolation,
    ExecutionContext,
    OrchestrationResult,
    Orchestrator,
    StepSpec,
    WorkflowDefinition,
    execute,
)
from runtime.orchestration.example import Example
from runtime.orchestration.mission import Mission, NoParams, Start
from runtime.orchestration.params_schema import described
from runtime.orchestration.result import RunStatus
from runtime.orchestration.sealing import Sealing
from runtime.values import Answer, EffectOutcome, HumanDecision, OutcomeStatus, Request

if TYPE_CHECKING:
    from runtime.orchestration.builder import AntiFailurePlanningError, MissionSpec, build_workflow

__all__ = [
    "Answer",
    "AntiFailurePlanningError",
    "AntiFailureViolation",
    "Checkpoint",
    "EffectOutcome",
    "EnvelopeViolation",
    "Example",
    "ExecutionContext",
    "HumanDecision",
    "JsonObject",
    "Mission",
    "MissionSpec",
    "Mode",
    "NoParams",
    "OrchestrationResult",
    "Orchestrator",
    "OutcomeStatus",
    "Pointer",
    "Request",
    "RunStatus",
    "Seal",
    "Sealing",
    "Start",
    "StepSpec",
    "WorkflowDefinition",
    "build_workflow",
    "carry",
    "described",
    "execute",
]

_LAZY = ("AntiFailurePlanningError", "MissionSpec", "build_workflow")


def __getattr__(name: str) -> object:
    """
    Give a name of the builder.
    """
    if name in _LAZY:
        # Imported here because missions import this package.
        from runtime.orchestration import builder  # noqa: PLC0415

        return getattr(builder, name)
    message = f"module {__name__!r} has no attribute {name!r}"
    raise AttributeError(message)
