"""On which terms a person decides, in words: how many decide, who may not, whether they sign, and how long they have."""

from collections.abc import Mapping
from typing import Any, Final

__all__ = ["say_duration", "say_terms"]

_UNITS: Final = ((86_400_000, "day"), (3_600_000, "hour"), (60_000, "minute"), (1000, "second"), (1, "millisecond"))


def say_terms(ask: Mapping[str, Any]) -> list[str]:
    """
    Say the terms of a human step or of its request, one a line; a step with none has none.
    """
    lines = []
    if ask["quorum"] > 1:
        lines.append(f"{ask['quorum']} persons must choose the same; another choice ends the vote as rejected")
    if ask["not_by"]:
        # A step points at the names, its request holds them.
        names = ask["not_by"]
        lines.append(f"not by: {names if type(names) is str else ', '.join(names)}")
    if ask["signed"]:
        lines.append("signed decisions only")
    if ask["expires_after_ms"] is not None:
        lines.append(f"expires {say_duration(ask['expires_after_ms'])} after it is asked")
    return lines


def say_duration(duration_ms: int) -> str:
    """
    Say a time in the largest unit that tells it exactly.
    """
    size, unit = next((size, unit) for size, unit in _UNITS if duration_ms % size == 0)
    count = duration_ms // size
    return f"{count} {unit}{'' if count == 1 else 's'}"
