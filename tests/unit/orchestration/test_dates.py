"""What is a date and what is none."""

from datetime import date

import pytest

from runtime.orchestration.dates import day_number

NONE = {
    "empty": "",
    "a word": "today",
    "no dashes": "20260131",
    "a week": "2026-W05-6",
    "a short month": "2026-1-31",
    "a short year": "26-01-31",
    "a long year": "12026-01-31",
    "a sign": "-026-01-31",
    "a time behind it": "2026-01-31T00:00:00",
    "a line break behind it": "2026-01-31\n",
    "a blank before it": " 2026-01-31",
    "other digits": "\u0662\u0660\u0662\u0666-01-31",
    "the year 0": "0000-01-31",
    "the month 0": "2026-00-31",
    "the month 13": "2026-13-01",
    "the day 0": "2026-01-00",
    "the day 32": "2026-01-32",
    "April 31": "2026-04-31",
    "February 29 of a common year": "2026-02-29",
    "February 29 of a common century": "1900-02-29",
    "February 30": "2024-02-30",
}


@pytest.mark.parametrize("case", NONE)
def test_what_is_no_date(case: str) -> None:
    """
    Only ASCII `YYYY-MM-DD` of a day that exists is one.
    """
    assert day_number(NONE[case]) is None


@pytest.mark.parametrize(
    ("text", "number"),
    [
        ("0001-01-01", 1),
        ("0001-12-31", 365),
        ("1970-01-01", 719_163),
        ("2000-02-29", 730_179),
        ("2024-02-29", 738_945),
        ("2026-03-01", 739_676),
        ("9999-12-31", 3_652_059),
    ],
)
def test_days_are_numbered_from_the_first(text: str, number: int) -> None:
    """
    Day 1 is 0001-01-01 of the Gregorian calendar.
    """
    assert day_number(text) == number


@pytest.mark.parametrize("year", [1, 401, 1900, 2000, 2023, 2024, 9999])
def test_every_day_of_a_year_and_no_other(year: int) -> None:
    """
    Of all months and days that can be written, those of the calendar are dates.
    """
    for month in range(14):
        for day in range(33):
            try:
                expected = date(year, month, day).toordinal()
            except ValueError:
                expected = None
            assert day_number(f"{year:04}-{month:02}-{day:02}") == expected
