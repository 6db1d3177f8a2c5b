"""Versions of the decision contract: which ones fit together."""

import re
from typing import Final

__all__ = ["SCHEMA_VERSION", "get_current_version", "is_compatible", "parse_version"]

SCHEMA_VERSION: Final = "0.2.2"

_read = re.compile(r"(0|[1-9][0-9]{0,5})\.(0|[1-9][0-9]{0,5})\.(0|[1-9][0-9]{0,5})").fullmatch


def get_current_version() -> str:
    """
    Give the version of the contract that is carried here.
    """
    return SCHEMA_VERSION


def parse_version(version: str) -> tuple[int, int, int]:
    """
    Read `major.minor.patch`.

    Raises:
        ValueError: it is not of that form.
    """
    found = _read(version) if type(version) is str else None
    if found is None:
        raise ValueError(f"no version {version!r:.80}: write major.minor.patch, as {SCHEMA_VERSION}")
    major, minor, patch = map(int, found.groups())
    return major, minor, patch


def is_compatible(version: str, major: int, min_minor: int | None = None, max_minor: int | None = None) -> bool:
    """
    Tell whether a version has this major number, and a minor one within the bounds; what is no version never has.
    """
    try:
        found_major, found_minor, _ = parse_version(version)
    except ValueError:
        return False
    return (
        found_major == major
        and (min_minor is None or found_minor >= min_minor)
        and (max_minor is None or found_minor <= max_minor)
    )
