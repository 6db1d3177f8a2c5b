"""Versions of the decision contract."""

from typing import Any

import pytest

from runtime.decision_schema.compat import get_current_version, is_compatible, parse_version


def test_the_present_version_is_read() -> None:
    """
    As three numbers.
    """
    assert parse_version(get_current_version()) == (0, 2, 2)


@pytest.mark.parametrize(
    "version", ["", "1", "1.2", "1.2.3.4", "01.2.3", "1.2.x", "1.2.3\n", " 1.2.3", "-1.2.3", "٣.1.1", None, 1]
)
def test_what_is_no_version_is_refused(version: Any) -> None:
    """
    And it is compatible with nothing.
    """
    with pytest.raises(ValueError, match=r"major\.minor\.patch"):
        parse_version(version)
    assert is_compatible(version, 1) is False


@pytest.mark.parametrize(
    ("version", "bounds", "fits"),
    [
        ("0.2.2", (0,), True),
        ("1.2.2", (0,), False),
        ("0.2.2", (0, 2), True),
        ("0.1.9", (0, 2), False),
        ("0.2.2", (0, None, 2), True),
        ("0.3.0", (0, None, 2), False),
        ("0.3.0", (0, 2, 4), True),
    ],
)
def test_versions_fit_within_bounds(version: str, bounds: tuple[Any, ...], fits: bool) -> None:  # noqa: FBT001 - a table.
    """
    The major number is equal and the minor one lies between the bounds, both included.
    """
    assert is_compatible(version, *bounds) is fits
