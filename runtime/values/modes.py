"""What a run may do outside."""

from enum import StrEnum

__all__ = ["RunMode"]


class RunMode(StrEnum):
    """
    What a run may do outside: nothing at all, read, or change things as well.
    """

    DRY_RUN = "dry_run"
    OBSERVE = "observe"
    APPLY = "apply"
