"""Checked steps as plain JSON, for planners: what each does and can touch, what it asks of whom, and its effects."""

from collections.abc import Mapping
from typing import Any

from runtime.encoding.converter import unstructure
from runtime.orchestration.capabilities import list_capabilities
from runtime.orchestration.deciding import Policies
from runtime.orchestration.payloads_asking import ActionPayload, HumanPayload
from runtime.orchestration.prepare import PreparedStep

__all__ = ["describe_asks", "describe_effects", "describe_steps"]


def describe_steps(
    steps: tuple[PreparedStep, ...], packs: Policies, catalogue: Mapping[str, Any]
) -> list[dict[str, Any]]:
    """
    Describe each step: id, kind, operation, description, when it runs, capabilities.
    """
    return [
        {
            "id": step.spec.id,
            "kind": step.spec.kind,
            "operation": step.operation.name,
            "description": step.payload.description,
            "when": step.payload.when.value,
            "capabilities": list(list_capabilities(step, packs, catalogue)),
        }
        for step in steps
    ]


def describe_asks(steps: tuple[PreparedStep, ...]) -> list[dict[str, Any]]:
    """
    Describe what a person is asked, and when: always, or only if a policy flags.
    """
    return [
        {
            "step_id": step.spec.id,
            "when": payload.when.value,
            "prompt": payload.question,
            "show": dict(payload.show),
            "choices": list(payload.choices),
            "approvers": list(payload.approvers),
            "quorum": payload.quorum,
            "not_by": None if payload.not_by is None else payload.not_by.text,
            "signed": payload.signed,
            "expires_after_ms": payload.expires_after_ms,
            "input_schema": None if payload.input_schema is None else payload.input_schema.thaw(),
            "on_reject": payload.on_reject.value,
        }
        for step in steps
        if isinstance(payload := step.payload, HumanPayload)
    ]


def describe_effects(steps: tuple[PreparedStep, ...]) -> list[dict[str, Any]]:
    """
    Describe what is asked of connectors, and what would undo it.
    """
    return [
        {
            "step_id": step.spec.id,
            "connector": payload.connector,
            "action": payload.action,
            "mode": payload.mode.value,
            "params": payload.params.thaw(),
            "compensate": unstructure(payload.compensate),
        }
        for step in steps
        if isinstance(payload := step.payload, ActionPayload)
    ]
