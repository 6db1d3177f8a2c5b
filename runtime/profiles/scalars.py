"""Field validators of the documents of profiles and environments: names, durations, times of day, dates."""

import re
from collections.abc import Callable
from typing import Any, Final

import attrs

from runtime.errors import DefinitionError, shown
from runtime.limits import MAX_EXECUTION_MS, MAX_IDENTIFIER_LENGTH
from runtime.values.checks import stated

__all__ = [
    "are_different",
    "duration_ms",
    "has_members",
    "is_duration",
    "is_name",
    "is_name_or_none",
    "is_semantic",
    "semantic_version",
]

_is_name = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]{0,127}").fullmatch
_match_duration = re.compile(r"([0-9]{1,9})(ms|s|m|h)").fullmatch
_is_semantic = re.compile(r"(0|[1-9][0-9]*)\.(0|[1-9][0-9]*)\.(0|[1-9][0-9]*)").fullmatch
_find_numbers = re.compile(r"(?<![0-9])(?:0|[1-9][0-9]{0,8})(?![0-9])").findall
_UNITS_MS: Final = {"ms": 1, "s": 1000, "m": 60_000, "h": 3_600_000}

Validator = Callable[[Any, "attrs.Attribute[Any]", Any], None]


@stated(minLength=1, maxLength=MAX_IDENTIFIER_LENGTH)
def is_name(_: object, field: "attrs.Attribute[Any]", value: object) -> None:
    """
    Accept a name that can also be that of a file: letters, digits, `_`, `.` and `-`, not first one of the last three.
    """
    if type(value) is not str or not _is_name(value):
        raise DefinitionError(
            f"name {shown(value)}",
            where=field.name,
            remedy="use letters, digits, _, . and -, at most 128, the first a letter or a digit; a name is no path",
        )


@stated(maxLength=MAX_IDENTIFIER_LENGTH)
def is_name_or_none(_: object, field: "attrs.Attribute[Any]", value: object) -> None:
    """
    Accept a name as `is_name`, or the empty text.
    """
    if value != "":
        is_name(_, field, value)


def is_semantic(_: object, field: "attrs.Attribute[Any]", value: object) -> None:
    """
    Accept a version of three numbers.
    """
    if type(value) is not str or not _is_semantic(value):
        raise DefinitionError(f"version {shown(value)}", where=field.name, remedy='use three numbers, as in "1.0.0"')


def is_duration(_: object, field: "attrs.Attribute[Any]", value: object) -> None:
    """
    Accept a duration, or None.
    """
    if value is not None and (type(value) is not str or not 0 < duration_ms(value) <= MAX_EXECUTION_MS):
        raise DefinitionError(
            f"duration {shown(value)}",
            where=field.name,
            remedy="write a number and ms, s, m or h, up to 24h: 500ms, 30s",
        )


def duration_ms(text: str) -> int:
    """
    Give the milliseconds of a duration such as `500ms`, `30s`, `5m` or `1h`; 0 when it is none.
    """
    match = _match_duration(text)
    return int(match[1]) * _UNITS_MS[match[2]] if match else 0


def has_members(least: int, most: int) -> Validator:
    """
    Give a validator that accepts a list or an object of so many members.
    """

    def check(_: object, field: "attrs.Attribute[Any]", value: Any) -> None:  # noqa: ANN401 - anything with a size.
        if not least <= len(value) <= most:
            raise DefinitionError(
                f"{field.name} has {len(value)} members", where=field.name, remedy=f"allowed are {least} to {most}"
            )

    return check


def are_different(_: object, field: "attrs.Attribute[Any]", value: tuple[Any, ...]) -> None:
    """
    Accept a list that holds nothing twice.
    """
    twice = sorted({str(one) for one in value if value.count(one) > 1})
    if twice:
        raise DefinitionError(f"{twice} stand twice", where=field.name, remedy="keep one of each")


def semantic_version(text: str) -> str:
    """
    Give the three numbers a version begins with; those it lacks are 0.
    """
    numbers = [*_find_numbers(text)[:3], "0", "0", "0"]
    return ".".join(numbers[:3])
