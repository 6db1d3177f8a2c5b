"""echo: keeps the state and carries its params into the evidence. The smallest mission there is.

Its params are any JSON object, written at the step's payload `params`.
"""

from typing import Final

from runtime.encoding.frozen import JsonObject
from runtime.orchestration.definitions import ExecutionContext, StepSpec, WorkflowDefinition
from runtime.orchestration.example import Example
from runtime.orchestration.mission import Mission
from runtime.orchestration.sequence import Never

__all__ = ["ECHO"]


def build_echo(params: JsonObject) -> WorkflowDefinition:
    """
    Build the one-step workflow.
    """
    plain = params.thaw()
    step = StepSpec("echo-step", "runtime", {"operation": "noop", "description": "Echo workflow step", "params": plain})
    return WorkflowDefinition("wf-echo", [step], {"mission_type": "echo", "params": plain})


ECHO: Final = Mission(
    name="echo",
    version="1.0.0",
    summary="Keeps the state and carries its params into the evidence.",
    params_class=JsonObject,
    build=build_echo,
    rules=(Never(what=("effect:read", "effect:mutate"), why="It touches nothing outside."),),
    example=Example(params={"greeting": "hello"}, context=ExecutionContext({"note": "kept as it is"})),
)
"""The mission."""
