"""How the built-in missions write a step. A mission of your own may as well use `StepSpec` alone."""

from typing import Any

from runtime.orchestration.definitions import StepSpec

__all__ = ["action", "human", "literal", "runtime"]


def runtime(step_id: str, operation: str, description: str, **payload: Any) -> StepSpec:  # noqa: ANN401 - JSON.
    """
    Write a runtime step; `from_` stands for the member `from`, which Python keeps for itself.
    """
    given = {name.rstrip("_"): value for name, value in payload.items()}
    return StepSpec(step_id, "runtime", {"operation": operation, "description": description, **given})


def human(step_id: str, prompt: str, **payload: Any) -> StepSpec:  # noqa: ANN401 - JSON.
    """
    Write a step that asks a person.
    """
    return StepSpec(step_id, "human", {"prompt": prompt, **payload})


def action(step_id: str, target: str, description: str, **payload: Any) -> StepSpec:  # noqa: ANN401 - JSON.
    """
    Write a step that asks for an effect; `target` is `connector.action`.
    """
    connector, _, name = target.partition(".")
    return runtime(step_id, "action", description, connector=connector, action=name, **payload)


def literal(text: str) -> str:
    """
    Write a text as a literal of an expression.
    """
    escaped = text.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n").replace("\r", "\\r")
    return f'"{escaped}"'
