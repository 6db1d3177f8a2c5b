"""From the steps of a profile's workflow to steps of the engine: what the two forms have in common, and references.

An `internal` step is an operation of the engine, its params are the members of that operation's payload. A `connector`
step is the operation `action`; its mode is what the catalogue says, never the author's word. An `evidence` step marks a
place, and does nothing: the receipt is always made. Read `checking.py` for what may stand in a step.
"""

from collections.abc import Mapping
from typing import Any, Final, final

import attrs

from runtime.encoding.canonical import JsonValue
from runtime.encoding.frozen import JsonArray, JsonObject
from runtime.orchestration.definitions import StepSpec, WorkflowDefinition
from runtime.orchestration.payloads import When
from runtime.profiles.documents import Step, StepType
from runtime.profiles.references import fill
from runtime.values.requests import EffectMode

__all__ = ["COMMON", "RESULTS", "WorkflowBuilder", "default_output", "fillable", "payload_of", "specs_of"]

RESULTS: Final = "results"
"""Member of the state under which what connectors gave stands, by step id, where a step names no other place."""
COMMON: Final = ("description", "pause_safe", "when")
"""Members of a payload that a step has by itself, next to its params."""

_FILLED: Final[dict[StepType, tuple[str, ...]]] = {
    StepType.INTERNAL: ("description",),
    StepType.EVIDENCE: ("description",),
    StepType.CONNECTOR: ("description", "params", "compensate"),
    StepType.HUMAN: ("description", "prompt", "approvers"),
}


def fillable(kind: StepType) -> tuple[str, ...]:
    """
    List the members of a step's payload in which references are filled in; all others hold none.
    """
    return _FILLED[kind]


def default_output(step: Step) -> str:
    """
    Give the place a connector step writes to when it names none.
    """
    return f"/{RESULTS}/{step.id}"


def payload_of(step: Step, catalogue: Mapping[str, Any]) -> dict[str, Any]:
    """
    Give the payload of a step, references as they are written; an action that nobody declares counts as a mutating one.
    """
    common: dict[str, Any] = {"description": step.description} if step.description else {}
    common |= {"pause_safe": True} if step.pause_safe else {}
    common |= {"when": step.when.value} if step.when is not When.ALWAYS else {}
    match step.type:
        case StepType.INTERNAL:
            return {**step.params.thaw(), "operation": step.action, **common}
        case StepType.HUMAN:
            return {**step.params.thaw(), "prompt": step.prompt, **common}
        case StepType.EVIDENCE:
            return {"operation": "noop", "params": {"evidence": step.action}, **common}
        case StepType.CONNECTOR:
            return {**_action(step, catalogue), **common}


def _action(step: Step, catalogue: Mapping[str, Any]) -> dict[str, Any]:
    described = catalogue.get(step.connector, {}).get("actions", {}).get(step.action, {})
    payload = {
        "operation": "action",
        "connector": step.connector,
        "action": step.action,
        "params": step.params.thaw(),
        "mode": described.get("mode", EffectMode.MUTATE.value),
        "output": default_output(step) if step.output is None else step.output.text,
    }
    if step.compensate is not None:
        payload["compensate"] = {"action": step.compensate.action, "params": step.compensate.params.thaw()}
    return payload


def specs_of(steps: tuple[Step, ...], catalogue: Mapping[str, Any]) -> list[StepSpec]:
    """
    Give the steps of the engine, references as they are written.
    """
    return [
        StepSpec(step.id, "human" if step.type is StepType.HUMAN else "runtime", payload_of(step, catalogue))
        for step in steps
    ]


@final
@attrs.frozen(kw_only=True)
class WorkflowBuilder:
    """
    The builder of a compiled mission: a value that fills the params of a run into steps, and reads nothing else.
    """

    workflow_id: str
    steps: JsonArray
    """Each with the members of its payload that are filled."""
    scope: JsonObject
    """What references name, but for the params: target and environment."""
    metadata: JsonObject

    @classmethod
    def of(
        cls,
        workflow_id: str,
        steps: tuple[Step, ...],
        *,
        catalogue: Mapping[str, Any],
        scope: JsonObject,
        metadata: JsonObject,
    ) -> "WorkflowBuilder":
        """
        Copy the steps of a workflow.
        """
        plain: list[JsonValue] = [
            {**spec.to_dict(), "filled": list(fillable(step.type))}
            for step, spec in zip(steps, specs_of(steps, catalogue), strict=True)
        ]
        return cls(workflow_id=workflow_id, steps=JsonArray(plain), scope=scope, metadata=metadata)

    def __call__(self, params: JsonObject) -> WorkflowDefinition:
        """
        Build the workflow for some params.

        Raises:
            DefinitionError: a reference names nothing, or what it names cannot stand there.
        """
        scope = {**self.scope.thaw(), "params": params.thaw()}
        specs = []
        for index, step in enumerate(self.steps.thaw()):
            payload = step["payload"]
            for name in step["filled"]:
                if name in payload:
                    payload[name] = fill(payload[name], scope, f"steps[{index}]/{name}")
            specs.append(StepSpec(step["id"], step["kind"], payload))
        return WorkflowDefinition(self.workflow_id, specs, self.metadata)
