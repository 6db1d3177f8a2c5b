"""Days between dates, worked out from their text alone; there is no clock and no time zone here."""

import re
from typing import Final

__all__ = ["day_number"]

_read = re.compile(r"([0-9]{4})-([0-9]{2})-([0-9]{2})").fullmatch
_MONTHS: Final = (31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31)
_FEBRUARY: Final = 2


def day_number(text: str) -> int | None:
    """
    Number the day of a date `YYYY-MM-DD` of the Gregorian calendar, 1 being 0001-01-01; None when it is no such date.
    """
    match = _read(text)
    if match is None:
        return None
    year, month, day = map(int, match.groups())
    is_leap = year % 4 == 0 and (year % 100 != 0 or year % 400 == 0)
    if year == 0 or not 1 <= month <= len(_MONTHS):
        return None
    if not 1 <= day <= _MONTHS[month - 1] + (is_leap and month == _FEBRUARY):
        return None
    before = year - 1
    days = 365 * before + before // 4 - before // 100 + before // 400
    return days + sum(_MONTHS[: month - 1]) + (is_leap and month > _FEBRUARY) + day
