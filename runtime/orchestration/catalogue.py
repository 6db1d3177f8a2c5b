"""Connector catalogues: what actions there are, and which of them mutate. The word of the connector, not of the author.

A catalogue is `{connector: {"actions": {action: {"mode": "read" | "mutate"}}}}`, as each connector's `describe()` gives
it. It is held against the steps of a workflow before any of them runs.
"""

from collections.abc import Mapping
from typing import Any

from runtime.errors import DefinitionError, UnknownConnectorError, shown
from runtime.orchestration.payloads_asking import ActionPayload
from runtime.orchestration.prepare import PreparedStep
from runtime.values.requests import EffectMode

__all__ = ["verify_actions"]


def verify_actions(steps: tuple[PreparedStep, ...], catalogue: Mapping[str, Any]) -> None:
    """
    Refuse `action` steps that are not what the catalogue says.

    Raises:
        UnknownConnectorError: a step names a connector the catalogue does not hold.
        DefinitionError: a step names an action its connector lacks, or calls a mutating one `read`.
    """
    for step in steps:
        payload = step.payload
        if not isinstance(payload, ActionPayload):
            continue
        if payload.connector not in catalogue:
            raise UnknownConnectorError(
                f"connector {shown(payload.connector)}",
                where=step.spec.id,
                remedy=f"connectors are {sorted(name for name in catalogue if type(name) is str)}",
            )
        modes = _list_modes(payload.connector, catalogue[payload.connector])
        if payload.action not in modes:
            raise DefinitionError(
                f"action {shown(payload.action)} of connector {shown(payload.connector)}",
                where=step.spec.id,
                remedy=f"its actions are {sorted(modes)}",
            )
        undo = payload.compensate
        if undo is not None and modes.get(undo.action) != EffectMode.MUTATE:
            raise DefinitionError(
                f"compensation {shown(undo.action)}, which is no mutating action of connector {shown(payload.connector)}",
                where=step.spec.id,
                remedy=f"its mutating actions are {sorted(name for name in modes if modes[name] == EffectMode.MUTATE)}",
            )
        if payload.mode is EffectMode.READ and modes[payload.action] != EffectMode.READ:
            raise DefinitionError(
                f"action {shown(payload.action)} marked read, and its connector says it mutates",
                where=step.spec.id,
                remedy="write mode: mutate",
            )


def _list_modes(name: str, description: Any) -> dict[str, str]:  # noqa: ANN401 - what a connector says of itself.
    try:
        actions = description["actions"]
        return {str(action): str(actions[action]["mode"]) for action in actions}
    except Exception as error:  # foreign code may have said anything
        raise DefinitionError(
            f"connector {shown(name)} does not describe itself ({type(error).__name__})",
            where=name,
            remedy='its describe() must give {"actions": {name: {"mode": "read" or "mutate"}}}',
        ) from error
