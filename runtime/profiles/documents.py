"""The documents of a profile: one strict class for each kind. What may stand in a file, and nothing about files.

Faults within one document are found by the converter and the validators here; what documents demand of each other is in
`checking.py`, how a step becomes one of the engine in `building.py`. Read `reading.py` for how a directory is read.
"""

from enum import StrEnum
from typing import Any, ClassVar, Final, final

import attrs

from runtime.encoding.frozen import EMPTY_OBJECT, JsonObject
from runtime.encoding.pointer import Pointer
from runtime.errors import DefinitionError
from runtime.limits import MAX_PROFILE_FILES, MAX_RETRIES, MAX_SEQUENCE_RULES
from runtime.orchestration.payloads import When
from runtime.orchestration.sequence import SequenceRule
from runtime.profiles.fields import kept, schema_field
from runtime.profiles.scalars import (
    are_different,
    has_members,
    is_duration,
    is_name,
    is_name_or_none,
    is_semantic,
)
from runtime.values.checks import is_below_root, is_identifier, is_small_json, is_text, of_type
from runtime.values.modes import RunMode
from runtime.values.requests import EffectMode

__all__ = [
    "ActionShape",
    "ConnectorContract",
    "ErrorClass",
    "Intent",
    "ProfileHead",
    "Retry",
    "Risk",
    "Rollback",
    "Step",
    "StepType",
    "Undo",
    "Workflow",
]


def _are_names(_: object, field: "attrs.Attribute[Any]", value: tuple[str, ...]) -> None:
    has_members(0, MAX_PROFILE_FILES)(None, field, value)
    are_different(None, field, value)
    for name in value:
        is_name(None, field, name)


class Risk(StrEnum):
    """
    How much an intent may harm, as its author sees it.
    """

    LOW = "low"
    MEDIUM = "medium"
    HIGH = "high"
    CRITICAL = "critical"


class ErrorClass(StrEnum):
    """
    Why a connector could not do what it was asked.
    """

    TIMEOUT = "timeout"
    TRANSIENT = "transient"
    POLICY_DENIED = "policy_denied"
    CAPABILITY_UNDECLARED = "capability_undeclared"
    AUTH_FAILED = "auth_failed"
    VALIDATION_FAILED = "validation_failed"
    DISABLED = "disabled"
    UNSUPPORTED = "unsupported"


NEVER_RETRIED: Final = (ErrorClass.AUTH_FAILED, ErrorClass.POLICY_DENIED)


class StepType(StrEnum):
    """
    Who does a step: the engine, a connector, nobody (it marks a place in the evidence), a person.
    """

    INTERNAL = "internal"
    CONNECTOR = "connector"
    EVIDENCE = "evidence"
    HUMAN = "human"


@final
@attrs.frozen(kw_only=True, eq=False)
class ProfileHead:
    """
    `profile.yaml`: what the profile is called, and the names of the files it holds, without their endings.
    """

    SCHEMA: ClassVar[str] = "profile/v1"

    schema: str = schema_field(SCHEMA)
    name: str = attrs.field(validator=is_name)
    version: str = attrs.field(validator=is_semantic)
    description: str = attrs.field(default="", validator=is_text)
    intents: tuple[str, ...] = attrs.field(validator=[_are_names, has_members(1, MAX_PROFILE_FILES)])
    workflows: tuple[str, ...] = attrs.field(validator=[_are_names, has_members(1, MAX_PROFILE_FILES)])
    connectors: tuple[str, ...] = attrs.field(default=(), validator=_are_names)
    validation_rules: tuple[str, ...] = attrs.field(default=(), validator=_are_names)
    policies: tuple[str, ...] = attrs.field(default=(), validator=_are_names)


@final
@attrs.frozen(kw_only=True, eq=False)
class Intent:
    """
    `intents/ID.yaml`: what an operator may ask for, in which modes, with which params.
    """

    SCHEMA: ClassVar[str] = "profile-intent/v1"

    schema: str = schema_field(SCHEMA)
    id: str = attrs.field(validator=is_name)
    workflow: str = attrs.field(validator=is_name)
    modes: tuple[RunMode, ...] = attrs.field(validator=[has_members(1, len(RunMode)), are_different])
    risk: Risk
    description: str = attrs.field(default="", validator=is_text)
    params: JsonObject | None = attrs.field(default=None, validator=is_small_json)


@final
@attrs.frozen(kw_only=True, eq=False)
class Undo:
    """
    What would undo a step that changes something: another mutating action of the same connector.
    """

    action: str = attrs.field(validator=is_identifier)
    params: JsonObject = attrs.field(default=EMPTY_OBJECT, validator=is_small_json)


@final
@attrs.frozen(kw_only=True, eq=False)
class Step:
    """
    One step of a workflow. Which fields it may have goes by its type; `kind` is another spelling of `type`.
    """

    id: str = attrs.field(validator=is_name)
    type: StepType
    action: str = attrs.field(default="", validator=is_name_or_none)
    connector: str = attrs.field(default="", validator=is_name_or_none)
    params: JsonObject = attrs.field(default=EMPTY_OBJECT, validator=is_small_json)
    output: Pointer | None = attrs.field(default=None, validator=is_below_root)
    timeout: str | None = attrs.field(default=None, validator=is_duration)
    compensate: Undo | None = None
    prompt: str = attrs.field(default="", validator=is_text)
    description: str = attrs.field(default="", validator=is_text)
    pause_safe: bool = False
    when: When = When.ALWAYS


def _is_attempts(_: object, field: "attrs.Attribute[Any]", value: int) -> None:
    of_type(int)(None, field, value)
    if not 1 <= value <= MAX_RETRIES + 1:
        raise DefinitionError(
            f"{field.name} is {value}",
            where=field.name,
            remedy=f"allowed are 1 to {MAX_RETRIES + 1}, the first counted",
        )


def _may_be_retried(_: object, field: "attrs.Attribute[Any]", value: tuple[ErrorClass, ...]) -> None:
    never = sorted(one.value for one in value if one in NEVER_RETRIED)
    if never:
        raise DefinitionError(
            f"{never} in {field.name}", where=field.name, remedy="leave them out: they are never retried"
        )


@final
@attrs.frozen(kw_only=True, eq=False)
class Retry:
    """
    How often, and after which failures of a connector, a run may be tried again.
    """

    max_attempts: int = attrs.field(validator=_is_attempts)
    allowed_on: tuple[ErrorClass, ...] = attrs.field(default=(), validator=[are_different, _may_be_retried])
    blocked_on: tuple[ErrorClass, ...] = attrs.field(default=(), validator=are_different)


@final
@attrs.frozen(kw_only=True, eq=False)
class Rollback:
    """
    The steps that undo a run that failed, and the mode they need.
    """

    mode: RunMode
    steps: tuple[Step, ...]


@final
@attrs.frozen(kw_only=True, eq=False)
class Workflow:
    """
    `workflows/ID.yaml`: at most five steps, the rules no path of them may break, and what to do after a failure.
    """

    SCHEMA: ClassVar[str] = "profile-workflow/v1"

    schema: str = schema_field(SCHEMA)
    id: str = attrs.field(validator=is_name)
    description: str = attrs.field(default="", validator=is_text)
    steps: tuple[Step, ...]
    rules: tuple[SequenceRule, ...] = attrs.field(default=(), validator=has_members(0, MAX_SEQUENCE_RULES))
    retry: Retry | None = None
    rollback: Rollback | None = None


@final
@attrs.frozen(kw_only=True, eq=False)
class ActionShape:
    """
    One action of a connector: whether it changes something, which params it takes, and what a dry run answers for it.
    """

    mode: EffectMode
    description: str = attrs.field(default="", validator=is_text)
    params: JsonObject | None = attrs.field(default=None, validator=is_small_json)
    idempotent: bool = False
    dry_run: Any = attrs.field(default=None, converter=kept)


@final
@attrs.frozen(kw_only=True, eq=False)
class ConnectorContract:
    """
    `connectors/NAME.yaml`: what the workflows ask of a connector; which backend does it is up to the environment.
    """

    SCHEMA: ClassVar[str] = "profile-connector/v1"

    schema: str = schema_field(SCHEMA)
    name: str = attrs.field(validator=is_name)
    description: str = attrs.field(default="", validator=is_text)
    actions: dict[str, ActionShape] = attrs.field(
        validator=[has_members(1, 64), attrs.validators.deep_mapping(is_name, of_type(ActionShape))]
    )
