"""Short ways to the values tests need."""

from typing import Any

from runtime.orchestration import (
    Answer,
    ExecutionContext,
    HumanDecision,
    OrchestrationResult,
    Orchestrator,
    StepSpec,
    WorkflowDefinition,
)


def make_step(step_id: str = "a", operation: str = "noop", **payload: Any) -> StepSpec:
    """
    Make a runtime step; `from_` is written `from`.
    """
    fields = {key.rstrip("_"): value for key, value in payload.items()}
    return StepSpec(step_id, "runtime", {"operation": operation, **fields})


def make_gate(step_id: str = "gate", **payload: Any) -> StepSpec:
    """
    Make a human step.
    """
    return StepSpec(step_id, "human", {"prompt": "Go on?", **payload})


def make_workflow(*steps: StepSpec) -> WorkflowDefinition:
    """
    Make a workflow of the steps.
    """
    return WorkflowDefinition("wf-test", list(steps) or [make_step()])


def make_decision(step_id: str | None = "gate", **changes: Any) -> Answer:
    """
    Make an approval by ada, in advance for a step, or bound by `request_digest=`.
    """
    request_digest = changes.pop("request_digest", None)
    fields = {"actor": "ada", "choice": "approve", "reason": "looks right", **changes}
    return Answer(
        step_id=None if request_digest else step_id, request_digest=request_digest, decision=HumanDecision(**fields)
    )


def run(state: dict[str, Any], *steps: StepSpec, **keywords: Any) -> OrchestrationResult:
    """
    Run steps over a state.
    """
    return Orchestrator().run_workflow(make_workflow(*steps), ExecutionContext(state), **keywords)
