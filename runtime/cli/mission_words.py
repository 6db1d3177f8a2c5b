"""A mission in words: what it is for, its params, its steps drawn, what it asks and touches, its digests."""

from collections.abc import Iterator
from typing import Any, Final

from runtime.cli.words import draw_steps
from runtime.encoding.display import shown_json, visible
from runtime.limits import MAX_NUMBER
from runtime.orchestration.definitions import WorkflowDefinition
from runtime.orchestration.mission import Mission

__all__ = ["show_mission"]

_BOUNDS: Final = (
    ("minimum", "maximum", ""),
    ("minLength", "maxLength", " characters"),
    ("minItems", "maxItems", " members"),
)
_UNBOUNDED: Final = (None, -MAX_NUMBER, MAX_NUMBER)
"""Bounds that say nothing: none, and those every number has."""


def show_mission(mission: Mission, described: dict[str, Any]) -> str:
    """
    Show a mission, as `describe_mission` describes it.
    """
    lines = [f"{mission.name} {mission.version}", f"  {visible(mission.summary)}", "", "params"]
    lines += list(_say_params(described["params_schema"])) or ["  any JSON object, default {}"]
    steps, limits = described["steps"], described["limits"]
    human = sum(step["kind"] == "human" for step in steps)
    lines += [
        "",
        f"steps ({len(steps)} of at most {limits['steps']}, {human} human of at most {limits['human_steps']})",
    ]
    lines += [draw_steps(WorkflowDefinition.from_dict(described["definition"])), "", "policies"]
    lines += [visible(f"  {one['policy_id']} {one['version']}  {one['digest']}") for one in described["policies"]] or [
        "  none"
    ]
    lines += ["", "effects"]
    lines += [_say_effect(effect) for effect in described["effects"]] or ["  none"]
    lines += ["", "capabilities"]
    lines += [f"  {visible(step['id'])}: {visible(', '.join(step['capabilities'])) or 'none'}" for step in steps]
    lines += ["", f"rules, on each of {described['path_count']} paths"]
    lines += [f"  {visible(rule)}" for rule in map(str, mission.rules)] or ["  none"]
    lines += [
        "",
        "digests",
        f"  definition  {described['definition_digest']}",
        f"  params      {described['params_digest']}",
        f"  proof       {described['proof_digest']}",
    ]
    return "\n".join(lines)


def _say_params(schema: dict[str, Any]) -> Iterator[str]:
    properties = schema.get("properties", {})
    width = max(map(len, properties), default=0)
    for name, rule in properties.items():
        needed = "required" if name in schema.get("required", ()) else f"default {shown_json(rule.get('default'))}"
        yield f"  {name:<{width}}  {_say_kind(rule)}, {needed}"
        if "description" in rule:
            yield f"  {'':<{width}}  {visible(rule['description'])}"
    if not properties and schema.get("additionalProperties") is False:
        yield "  none"


def _say_kind(rule: dict[str, Any]) -> str:
    if "enum" in rule:
        return f"one of {', '.join(shown_json(value) for value in rule['enum'])}"
    kind = rule.get("type", "anything")
    name = kind if type(kind) is str else " or ".join(kind)
    if name == "array":
        name = f"list of {_say_kind(rule.get('items', {}))}"
    bounds = list(filter(None, (_say_range(rule.get(low), rule.get(high), unit) for low, high, unit in _BOUNDS)))
    return f"{name} ({'; '.join(bounds)})" if bounds else name


def _say_range(low: float | None, high: float | None, unit: str) -> str:
    if low in _UNBOUNDED and high in _UNBOUNDED:
        return ""
    if high in _UNBOUNDED:
        return f"at least {low}{unit}"
    return f"at most {high}{unit}" if low in _UNBOUNDED else f"{low} to {high}{unit}"


def _say_effect(effect: dict[str, Any]) -> str:
    verb = "changes things" if effect["mode"] == "mutate" else "reads"
    undo = effect["compensate"]
    undone = f", undone by {effect['connector']}.{undo['action']} {shown_json(undo['params'])}" if undo else ""
    target = f"{effect['connector']}.{effect['action']} {shown_json(effect['params'])}"
    return visible(f"  {effect['step_id']} {verb}: {target}{undone}")
