"""When a maintenance window is open, and when the next one opens. A pure function of the windows and an instant.

Time zones are those of the machine, or of the package `tzdata`. A window is half open: its end is outside of it. An hour
that a change of the clocks skips begins where it would have begun; of one that comes twice, the first counts.
"""

from collections.abc import Iterator
from datetime import UTC, date, datetime, time, timedelta
from typing import Final, final
from zoneinfo import ZoneInfo

import attrs

from runtime.errors import DefinitionError, shown
from runtime.profiles.environment_documents import Weekday, Window

__all__ = ["WindowState", "as_date", "is_time_zone", "window_state"]

_DAYS: Final = list(Weekday)
_AHEAD: Final = 8
"""Days ahead in which every weekday comes."""
_MIDNIGHT: Final = "24:00"


@final
@attrs.frozen(kw_only=True)
class WindowState:
    """
    Whether something may be changed now; if not, when next, or None where no window opens any more.
    """

    is_open: bool
    opens_at: str | None = None
    """RFC 3339, UTC."""


def is_time_zone(name: str) -> bool:
    """
    Tell whether there is a time zone of this name.
    """
    try:
        ZoneInfo(name)
    except (OSError, ValueError, LookupError):  # Names that are paths, folders, or nothing.
        return False
    return True


def window_state(windows: tuple[Window, ...], at: str) -> WindowState:
    """
    Tell whether a window is open. Without any windows it always is.

    Args:
        windows: those of an environment.
        at: an instant: RFC 3339 with an offset, or `Z`.

    Raises:
        DefinitionError: `at` is no instant.
    """
    try:
        now = datetime.fromisoformat(at).astimezone(UTC)
        has_offset = datetime.fromisoformat(at).tzinfo is not None
    except (ValueError, OverflowError, TypeError) as error:
        raise DefinitionError(f"instant {shown(at)}", remedy="write it as in 2026-05-14T20:54:00Z") from error
    if not has_offset:
        raise DefinitionError(f"instant {shown(at)} without an offset", remedy="end it in Z, or in +02:00")
    try:
        return _state(windows, now) if windows else WindowState(is_open=True)
    except OverflowError as error:  # Near the first or the last day that there is.
        raise DefinitionError(f"instant {shown(at)} is out of range", remedy="give one of this century") from error


def _state(windows: tuple[Window, ...], now: datetime) -> WindowState:
    starts = []
    for window in windows:
        for start, end in _openings(window, now):
            if start <= now < end:
                return WindowState(is_open=True)
            if start > now:
                starts.append(start)
    opens_at = min(starts).strftime("%Y-%m-%dT%H:%M:%SZ") if starts else None
    return WindowState(is_open=False, opens_at=opens_at)


def _openings(window: Window, now: datetime) -> Iterator[tuple[datetime, datetime]]:
    """
    List when a window opens and closes, in UTC: from the day before until every weekday came, or on its dates.
    """
    zone = ZoneInfo(window.timezone)
    today = now.astimezone(zone).date()
    near = (today + timedelta(days=ahead) for ahead in range(-1, _AHEAD))
    for day in near if not window.dates else filter(None, map(as_date, window.dates)):
        if window.weekdays and _DAYS[day.weekday()] not in window.weekdays:
            continue
        start = _at(day, window.start, zone)
        is_overnight = window.end <= window.start
        yield start, _at(day + timedelta(days=1) if is_overnight else day, window.end, zone)


def as_date(text: str) -> date | None:
    """
    Read a date; None where there is no such day, as the 30th of February.
    """
    try:
        return date.fromisoformat(text)
    except ValueError:
        return None


def _at(day: date, text: str, zone: ZoneInfo) -> datetime:
    if text == _MIDNIGHT:
        day, text = day + timedelta(days=1), "00:00"
    return datetime.combine(day, time.fromisoformat(text), zone).astimezone(UTC)
