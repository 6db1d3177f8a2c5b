"""The document of an environment: targets, which backend does what for each connector, and what keeps runs apart.

Secrets never stand in it: a setting whose name ends in `_ref` holds the name of one. Read `environments.py` for how it is
read, `windows.py` for when a maintenance window is open.
"""

import re
from enum import StrEnum
from typing import Any, ClassVar, Final, final

import attrs

from runtime.encoding.frozen import EMPTY_OBJECT, JsonObject
from runtime.errors import DefinitionError, shown
from runtime.limits import MAX_CONCURRENT_RUNS, MAX_GROUP_MEMBERS, MAX_TARGETS, MAX_WINDOWS
from runtime.profiles.fields import schema_field
from runtime.profiles.scalars import are_different, has_members, is_name
from runtime.values.checks import is_identifier, is_small_json, is_text, of_type

__all__ = ["ConnectorSettings", "EnvironmentDocument", "Safety", "Target", "TargetType", "Weekday", "Window"]

_MOST_DATES: Final = 366
_is_time = re.compile(r"(?:[01][0-9]|2[0-3]):[0-5][0-9]|24:00").fullmatch
_is_date = re.compile(r"[0-9]{4}-(?:0[1-9]|1[0-2])-(?:0[1-9]|[12][0-9]|3[01])").fullmatch


class TargetType(StrEnum):
    """
    What a target is.
    """

    HOST = "host"
    VM = "vm"
    GROUP = "group"


class Weekday(StrEnum):
    """
    The days of a week, as windows write them.
    """

    MON = "mon"
    TUE = "tue"
    WED = "wed"
    THU = "thu"
    FRI = "fri"
    SAT = "sat"
    SUN = "sun"


@final
@attrs.frozen(kw_only=True, eq=False)
class Target:
    """
    What a run may be about: a host, a virtual machine, or a group of them. Only a group has members.
    """

    type: TargetType
    members: tuple[str, ...] = attrs.field(
        default=(),
        validator=[has_members(0, MAX_GROUP_MEMBERS), are_different, attrs.validators.deep_iterable(is_name)],
    )
    description: str = attrs.field(default="", validator=is_text)
    attributes: JsonObject = attrs.field(default=EMPTY_OBJECT, validator=is_small_json)


@final
@attrs.frozen(kw_only=True, eq=False)
class ConnectorSettings:
    """
    Who does the actions of a connector here: a backend by its name, and what it is told.
    """

    backend: str = attrs.field(validator=is_name)
    enabled: bool = True
    settings: JsonObject = attrs.field(default=EMPTY_OBJECT, validator=is_small_json)


def _is_time_of_day(_: object, field: "attrs.Attribute[Any]", value: object) -> None:
    if type(value) is not str or not _is_time(value):
        raise DefinitionError(
            f"time {shown(value)}",
            where=field.name,
            remedy='write hours and minutes in quotes, as in "22:30", up to "24:00"',
        )


def _are_dates(_: object, field: "attrs.Attribute[Any]", value: tuple[str, ...]) -> None:
    wrong = [one for one in value if not _is_date(one)]
    if wrong:
        raise DefinitionError(f"date {shown(wrong[0])}", where=field.name, remedy="write a date as in 2026-05-14")


@final
@attrs.frozen(kw_only=True, eq=False)
class Window:
    """
    When something may be changed: from `start` until before `end`, on these weekdays or dates; all, where none is named.

    One that ends at or before its start goes on into the next day, and belongs to the day it starts on.
    """

    timezone: str = attrs.field(default="UTC", validator=is_identifier)
    weekdays: tuple[Weekday, ...] = attrs.field(default=(), validator=are_different)
    dates: tuple[str, ...] = attrs.field(default=(), validator=[has_members(0, _MOST_DATES), are_different, _are_dates])
    start: str = attrs.field(validator=_is_time_of_day)
    end: str = attrs.field(validator=_is_time_of_day)


def _is_count(_: object, field: "attrs.Attribute[Any]", value: int) -> None:
    of_type(int)(None, field, value)
    if not 1 <= value <= MAX_CONCURRENT_RUNS:
        raise DefinitionError(
            f"{field.name} is {value}", where=field.name, remedy=f"allowed are 1 to {MAX_CONCURRENT_RUNS}"
        )


@final
@attrs.frozen(kw_only=True, eq=False)
class Safety:
    """
    What keeps runs apart: how many at once, one at a time for each target, and when.
    """

    max_concurrent: int = attrs.field(default=1, validator=_is_count)
    target_lock: bool = True
    maintenance_windows: tuple[Window, ...] = attrs.field(default=(), validator=has_members(0, MAX_WINDOWS))


@final
@attrs.frozen(kw_only=True, eq=False)
class EnvironmentDocument:
    """
    The document of an environment. `policy` is a file next to it that holds the pack by which changes are admitted.
    """

    SCHEMA: ClassVar[str] = "environment/v1"

    schema: str = schema_field(SCHEMA)
    id: str = attrs.field(validator=is_name)
    profile: str = attrs.field(validator=is_name)
    description: str = attrs.field(default="", validator=is_text)
    targets: dict[str, Target] = attrs.field(
        validator=[has_members(1, MAX_TARGETS), attrs.validators.deep_mapping(is_name, of_type(Target))]
    )
    connectors: dict[str, ConnectorSettings] = attrs.field(
        factory=dict, validator=attrs.validators.deep_mapping(is_name, of_type(ConnectorSettings))
    )
    safety: Safety = attrs.field(factory=Safety)
    policy: str | None = attrs.field(default=None, validator=attrs.validators.optional(is_text))
