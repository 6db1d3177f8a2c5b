"""When a maintenance window is open, and when the next opens: time zones, weekdays, dates, nights, changes of clocks."""

from typing import Any

import pytest

from runtime.errors import DefinitionError
from runtime.profiles.environment_documents import Weekday, Window
from runtime.profiles.windows import WindowState, window_state

NIGHT = Window(timezone="Europe/Warsaw", start="22:00", end="04:00")
SATURDAY = Window(weekdays=(Weekday.SAT,), start="22:00", end="04:00")
DAY = Window(start="08:00", end="16:00")
WHOLE = Window(weekdays=(Weekday.MON,), start="00:00", end="24:00")
ONCE = Window(dates=("2026-05-16", "2027-01-01"), start="10:00", end="11:00")

AT: dict[str, tuple[tuple[Window, ...], str, Any]] = {
    "no_windows": ((), "2026-05-14T12:00:00Z", True),
    "inside": ((DAY,), "2026-05-14T08:00:00Z", True),
    "last_second": ((DAY,), "2026-05-14T15:59:59Z", True),
    "its_end_is_outside": ((DAY,), "2026-05-14T16:00:00Z", "2026-05-15T08:00:00Z"),
    "before": ((DAY,), "2026-05-14T07:59:59Z", "2026-05-14T08:00:00Z"),
    "time_zone_of_the_instant": ((DAY,), "2026-05-14T09:30:00+02:00", "2026-05-14T08:00:00Z"),
    "evening_in_warsaw": ((NIGHT,), "2026-05-14T20:00:00Z", True),
    "after_midnight_in_warsaw": ((NIGHT,), "2026-05-15T01:59:00Z", True),
    "morning_in_warsaw": ((NIGHT,), "2026-05-15T02:00:00Z", "2026-05-15T20:00:00Z"),
    "winter_in_warsaw": ((NIGHT,), "2026-01-15T20:30:00Z", "2026-01-15T21:00:00Z"),
    "saturday_night_is_sunday_morning": ((SATURDAY,), "2026-05-17T03:59:00Z", True),
    "saturday_morning_is_friday_night": ((SATURDAY,), "2026-05-16T03:00:00Z", "2026-05-16T22:00:00Z"),
    "next_week": ((SATURDAY,), "2026-05-17T04:00:00Z", "2026-05-23T22:00:00Z"),
    "whole_day": ((WHOLE,), "2026-05-18T23:59:59Z", True),
    "whole_day_is_over": ((WHOLE,), "2026-05-19T00:00:00Z", "2026-05-25T00:00:00Z"),
    "date": ((ONCE,), "2026-05-16T10:30:00Z", True),
    "date_to_come": ((ONCE,), "2026-05-16T11:00:00Z", "2027-01-01T10:00:00Z"),
    "no_date_to_come": ((ONCE,), "2027-01-01T11:00:00Z", None),
    "the_first_of_several": ((ONCE, SATURDAY), "2026-05-14T00:00:00Z", "2026-05-16T10:00:00Z"),
    "any_of_several": ((ONCE, DAY), "2026-05-14T09:00:00Z", True),
    # On 2026-03-29 clocks in Warsaw go from 02:00 to 03:00, on 2026-10-25 from 03:00 back to 02:00.
    "hour_that_is_skipped": (
        (Window(timezone="Europe/Warsaw", start="02:30", end="04:00"),),
        "2026-03-29T01:00:00Z",
        "2026-03-29T01:30:00Z",
    ),
    "hour_that_comes_twice": (
        (Window(timezone="Europe/Warsaw", start="02:00", end="03:00"),),
        "2026-10-25T00:00:00Z",
        True,
    ),
}


@pytest.mark.parametrize("case", AT)
def test_a_window_is_open_or_opens_next(case: str) -> None:
    """
    INV-131: half open, in its own time zone, on the day it starts.
    """
    windows, at, expected = AT[case]
    state = WindowState(is_open=True) if expected is True else WindowState(is_open=False, opens_at=expected)
    assert window_state(windows, at) == state


@pytest.mark.parametrize("at", ["", "yesterday", "2026-05-14T12:00:00", "2026-05-14", "9999-12-31T23:59:59-23:59"])
def test_what_is_no_instant_is_refused(at: str) -> None:
    """
    Without an offset it would be another instant on another machine.
    """
    with pytest.raises(DefinitionError):
        window_state((DAY,), at)


def test_the_end_of_time_is_no_crash() -> None:
    """
    Near the last day that there is, no next opening could be told.
    """
    with pytest.raises(DefinitionError):
        window_state((DAY,), "9999-12-31T23:00:00Z")
