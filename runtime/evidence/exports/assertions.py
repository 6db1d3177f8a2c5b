"""What an export must be told, because no record holds it: who operated, on which host, and when."""

import re
from typing import Any, final

import attrs

from runtime.errors import DefinitionError, shown
from runtime.limits import MAX_HOST_LENGTH
from runtime.orchestration.dates import day_number
from runtime.values.checks import is_identifier

__all__ = ["ReviewAssertions"]

_LABEL = "[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?"
# SCLite sees a host only where there is a dot; without one its review is never a pass.
_is_host = re.compile(rf"{_LABEL}(?:\.{_LABEL})+").fullmatch
# One form, in UTC: then the order of texts is the order of times.
_is_time = re.compile(r"(\d{4}-\d{2}-\d{2})T(?:[01]\d|2[0-3]):[0-5]\d:[0-5]\dZ", re.ASCII).fullmatch


def _check_host(_: object, field: "attrs.Attribute[Any]", value: object) -> None:
    if type(value) is not str or len(value) > MAX_HOST_LENGTH or not _is_host(value):
        raise DefinitionError(
            f"{field.name} is {shown(value)}",
            where=field.name,
            remedy="give a host name in lower case, with a dot, as in backup.example.org",
        )


def _check_time(_: object, field: "attrs.Attribute[Any]", value: object) -> None:
    match = _is_time(value) if type(value) is str else None
    if match is None or day_number(match[1]) is None:
        raise DefinitionError(
            f"{field.name} is {shown(value)}",
            where=field.name,
            remedy="give a time in UTC, as in 2026-05-14T20:54:00Z",
        )


@final
@attrs.frozen(kw_only=True)
class ReviewAssertions:
    """
    What whoever exports a run asserts about it; it is written into the bundle as given, and nothing proves it.

    `target_host` is the host the run was about. Naming it asserts that the run was allowed to be about it. The times
    are in UTC, `YYYY-MM-DDTHH:MM:SSZ`.
    """

    operator: str = attrs.field(validator=is_identifier)
    target_host: str = attrs.field(validator=_check_host)
    started_at: str = attrs.field(validator=_check_time)
    ended_at: str = attrs.field(validator=_check_time)

    def __attrs_post_init__(self) -> None:
        """
        Hold the times in order.
        """
        if self.started_at > self.ended_at:
            raise DefinitionError(
                f"ended_at is {self.ended_at}, before started_at {self.started_at}",
                where="ended_at",
                remedy="give the times of the run in order",
            )
