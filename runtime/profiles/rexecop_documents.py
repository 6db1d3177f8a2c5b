"""The documents of profiles written for `rexecop`: one class for each kind, each below a key of its own.

What stands in them beyond these fields says nothing here, as it says nothing there; it is told as a warning, not refused,
because a profile that is installed must be read as it is. What the fields become is in `rexecop.py`.
"""

from typing import Any, Final, final

import attrs

from runtime.encoding.canonical import JsonValue
from runtime.encoding.frozen import EMPTY_OBJECT, JsonObject
from runtime.orchestration.payloads import ABSENT
from runtime.profiles.fields import kept
from runtime.profiles.scalars import is_duration, is_name
from runtime.values.checks import is_identifier, is_text

__all__ = [
    "WRAPPERS",
    "OldConnector",
    "OldContract",
    "OldIntent",
    "OldRetry",
    "OldRollback",
    "OldRule",
    "OldRules",
    "OldStep",
    "OldWorkflow",
    "without_unknown",
]

WRAPPERS: Final = {
    "": "profile_contract",
    "intents": "intent",
    "workflows": "workflow",
    "connectors": "connector",
    "validation_rules": "validation_rule",
}
"""The key a document stands below, by the folder it is in."""


@final
@attrs.frozen(kw_only=True, eq=False)
class OldContract:
    """
    `profile_contract` of `profile.yaml`: name, version, and the sections a profile promises to have.
    """

    name: str = attrs.field(validator=is_name)
    version: str = attrs.field(validator=is_identifier)
    description: str = attrs.field(default="", validator=is_text)
    intents: JsonObject
    workflows: JsonObject
    connector_requirements: JsonObject
    risk_classes: JsonObject
    evidence_requirements: JsonObject
    governance_expectations: JsonObject
    validation_rules: JsonObject
    escalation_rules: JsonObject
    rollback_rules: JsonObject = EMPTY_OBJECT


@final
@attrs.frozen(kw_only=True, eq=False)
class OldIntent:
    """
    `intent`: its workflow is a path from the profile.
    """

    id: str = attrs.field(validator=is_name)
    workflow: str = attrs.field(validator=is_text)
    mode: str | None = None
    modes: tuple[str, ...] = ()
    risk: str = ""
    description: str = attrs.field(default="", validator=is_text)


@final
@attrs.frozen(kw_only=True, eq=False)
class OldStep:
    """
    A step of a `workflow`.
    """

    id: str = attrs.field(validator=is_name)
    type: str = "internal"
    action: str = ""
    connector: str = ""
    timeout: str | None = attrs.field(default=None, validator=is_duration)
    pause_safe: bool = False
    metadata: JsonObject = EMPTY_OBJECT


@final
@attrs.frozen(kw_only=True, eq=False)
class OldRetry:
    """
    `retry` of a workflow.
    """

    max_attempts: int = 1
    allowed_on: tuple[str, ...] = ()
    blocked_on: tuple[str, ...] = ()


@final
@attrs.frozen(kw_only=True, eq=False)
class OldRollback:
    """
    `rollback` of a workflow.
    """

    mode: str = "dry_run"
    steps: tuple[OldStep, ...] = ()


@final
@attrs.frozen(kw_only=True, eq=False)
class OldWorkflow:
    """
    `workflow`.
    """

    id: str = attrs.field(validator=is_name)
    intent: str = ""
    mode: str = "read_only"
    risk: str = ""
    description: str = attrs.field(default="", validator=is_text)
    steps: tuple[OldStep, ...]
    retry: OldRetry | None = None
    rollback: OldRollback | None = None


@final
@attrs.frozen(kw_only=True, eq=False)
class OldConnector:
    """
    `connector`: what it can do, and in which modes.
    """

    name: str = attrs.field(validator=is_name)
    backend: str = ""
    capabilities: tuple[str, ...] = attrs.field(validator=attrs.validators.deep_iterable(is_name))
    modes: tuple[str, ...] = ()
    timeout_default: str | None = attrs.field(default=None, validator=is_duration)


@final
@attrs.frozen(kw_only=True, eq=False)
class OldRule:
    """
    A step of a `validation_rule`.
    """

    type: str
    key: str = ""
    path: str = ""
    value: Any = attrs.field(default=ABSENT, converter=kept)
    fail: JsonObject = EMPTY_OBJECT
    pass_rule: str = ""
    fail_rule: str = ""
    details: JsonObject = EMPTY_OBJECT
    details_from: str = ""


@final
@attrs.frozen(kw_only=True, eq=False)
class OldRules:
    """
    `validation_rule`.
    """

    intent: str = attrs.field(validator=is_name)
    steps: tuple[OldRule, ...]


_NESTED: Final[dict[type[Any], dict[str, type[Any]]]] = {
    OldWorkflow: {"steps": OldStep, "retry": OldRetry, "rollback": OldRollback},
    OldRollback: {"steps": OldStep},
    OldRules: {"steps": OldRule},
}


def without_unknown(value: JsonValue, kind: type[Any], path: str = "") -> tuple[JsonValue, list[str]]:
    """
    Give a document without the fields nothing reads, and the paths of those.
    """
    if type(value) is not dict:
        return value, []
    known = {field.name for field in attrs.fields(kind)}
    kept_members: dict[str, JsonValue] = {}
    dropped = [f"{path}.{name}".lstrip(".") for name in value if name not in known]
    for name, member in value.items():
        if name not in known:
            continue
        inner = _NESTED.get(kind, {}).get(name)
        if inner is not None and type(member) is list:
            pairs = [without_unknown(one, inner, f"{path}.{name}[{index}]") for index, one in enumerate(member)]
            kept_members[name] = [one for one, _ in pairs]
            dropped += [place.lstrip(".") for _, places in pairs for place in places]
        elif inner is not None:
            kept_members[name], places = without_unknown(member, inner, f"{path}.{name}")
            dropped += [place.lstrip(".") for place in places]
        else:
            kept_members[name] = member
    return kept_members, dropped
