"""What a step of a profile may hold, by its type, and what it refers to. Every fault with its place in the document."""

from collections.abc import Mapping
from functools import lru_cache
from typing import Any, Final

import attrs

from runtime.encoding.converter import KEY
from runtime.encoding.frozen import EMPTY_OBJECT, JsonObject
from runtime.errors import Fault, shown
from runtime.orchestration.operations import HUMAN, OPERATIONS, Operation
from runtime.orchestration.schema import input_faults, schema_faults
from runtime.profiles.building import COMMON, fillable
from runtime.profiles.documents import ConnectorContract, Intent, Step, StepType
from runtime.profiles.places import Part, Spot
from runtime.profiles.references import find_references, reference_fault

__all__ = ["check_step", "schema_defects"]

_ACTION: Final = "action"
_FIELDS: Final[dict[StepType, tuple[tuple[str, ...], tuple[str, ...]]]] = {
    StepType.INTERNAL: (("action",), ("params",)),
    StepType.CONNECTOR: (("connector", "action"), ("params", "output", "timeout", "compensate")),
    StepType.EVIDENCE: (("action",), ()),
    StepType.HUMAN: (("prompt",), ("params",)),
}
"""Fields a step of each type must have, and those it may have besides id, type, description, pause_safe and when."""
_OWN: Final = ("action", "connector", "params", "output", "timeout", "compensate", "prompt")


def check_step(
    spot: Spot,
    step: Step,
    *,
    connectors: Mapping[str, Part[ConnectorContract]],
    intents: list[Intent],
) -> None:
    """
    Note what is wrong with one step.

    Args:
        spot: where it stands; faults are noted there.
        step: the step.
        connectors: the contracts of the profile.
        intents: those that use the workflow; references to params must fit each.
    """
    required, allowed = _FIELDS[step.type]
    for name in _OWN:
        is_given = bool(getattr(step, name))
        if name in required and not is_given:
            spot.add(f"a step of type {step.type.value} needs {name}")
        if is_given and name not in (*required, *allowed):
            spot.add(f"{name} in a step of type {step.type.value}: leave it out", name)
    if step.type is StepType.CONNECTOR and step.connector and step.action:
        _check_action(spot, step, connectors)
    elif step.type is StepType.INTERNAL and step.action:
        _check_internal(spot, step)
    elif step.type is StepType.HUMAN:
        _check_members(spot, step, HUMAN)
    _check_references(spot, step, intents)


@lru_cache(maxsize=128)
def schema_defects(schema: JsonObject) -> tuple[Fault, ...]:
    """
    List what keeps a schema from being used; values are held only to one without any.
    """
    return tuple(schema_faults(schema.thaw()))


def _check_action(spot: Spot, step: Step, connectors: Mapping[str, Part[ConnectorContract]]) -> None:
    if step.connector not in connectors:
        spot.add(
            f"connector {shown(step.connector)}: the profile has {sorted(connectors)}",
            "connector",
        )
        return
    actions = connectors[step.connector].value.actions
    asked = [("action", step.action, step.params, "params")]
    if step.compensate is not None:
        asked.append(("compensate.action", step.compensate.action, step.compensate.params, "compensate.params"))
    for place, name, params, below in asked:
        if name not in actions:
            spot.add(
                f"action {shown(name)} of connector {shown(step.connector)}: it has {sorted(actions)}",
                place,
            )
            continue
        schema = actions[name].params
        plain = params.thaw()
        # With references in them they are looked at when a run is compiled, as what they will be.
        if schema is not None and not schema_defects(schema) and not any(True for _ in find_references(plain)):
            for fault in input_faults(schema.thaw(), plain):
                spot.add(fault.message, f"{below}{fault.where.removeprefix('input')}")


def _check_internal(spot: Spot, step: Step) -> None:
    known = sorted(set(OPERATIONS) - {_ACTION})
    if step.action == _ACTION:
        spot.add("action 'action' of an internal step: write a step of type connector", "action")
    elif step.action not in known:
        spot.add(f"action {shown(step.action)} of an internal step: operations are {known}", "action")
    else:
        _check_members(spot, step, OPERATIONS[step.action])


def _check_members(spot: Spot, step: Step, operation: Operation) -> None:
    own = {field.metadata.get(KEY, field.name) for field in attrs.fields(operation.payload)}
    for name in step.params:
        place = f"params[{name!r}]"
        if name in ("operation", "prompt", *COMMON):
            spot.add(f"{name!r} among params: write it next to params", place)
        elif name not in own:
            known = sorted(own - {"operation", "prompt", *COMMON})
            spot.add(f"unknown field {name!r}: {operation.name} has {known}", place)


def _check_references(spot: Spot, step: Step, intents: list[Intent]) -> None:
    filled = fillable(step.type)
    for place, value in _texts(step).items():
        is_filled = place.partition(".")[0] in filled or (place.removeprefix("params.") in filled)
        for inner, reference in find_references(value):
            where = f"{place}{inner}"
            if not is_filled:
                spot.add(
                    f"reference {shown(reference)} where none is filled in: the state holds params, target and environment",
                    where,
                )
                continue
            message = reference_fault(reference) or _param_fault(reference, intents)
            if message:
                spot.add(message, where)


def _texts(step: Step) -> dict[str, Any]:
    texts: dict[str, Any] = {"description": step.description, "prompt": step.prompt}
    if step.type is StepType.CONNECTOR:
        undo = {} if step.compensate is None else step.compensate.params.thaw()
        return {**texts, "params": step.params.thaw(), "compensate.params": undo}
    return {**texts, **{f"params.{name}": value for name, value in step.params.thaw().items()}}


def _param_fault(reference: str, intents: list[Intent]) -> str:
    names = reference.split(".")
    if names[0] != "params":
        return ""
    for intent in intents:
        schema = EMPTY_OBJECT if intent.params is None else intent.params
        if schema_defects(schema):  # Its own faults are told where it stands.
            continue
        properties = schema.get("properties", {})
        if names[1] not in properties:
            return f"reference {shown(reference)}: intent {shown(intent.id)} takes params {sorted(properties)}"
        described = properties[names[1]]
        has_default = isinstance(described, JsonObject) and "default" in described
        if names[1] not in schema.get("required", ()) and not has_default:
            return f"reference {shown(reference)}: a param that may be left out; make it required, or give it a default"
    return ""
