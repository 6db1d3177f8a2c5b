"""How a step fails: a code from a closed list, a place, and words. Only the code enters evidence."""

from enum import StrEnum
from typing import final

__all__ = ["StepErrorCode", "StepFailure"]


@final
class StepErrorCode(StrEnum):
    """
    Every code a lineage entry may carry.
    """

    STEP_FAILED = "step_failed"
    CHECK_FAILED = "check_failed"
    TESTS_FAILED = "tests_failed"
    STALE = "stale"
    UNHEALTHY = "unhealthy"
    PATH_MISSING = "path_missing"
    WRONG_TYPE = "wrong_type"
    NUMBER_OUT_OF_RANGE = "number_out_of_range"
    DIVISION_BY_ZERO = "division_by_zero"
    VALUE_TOO_LARGE = "value_too_large"
    OUT_OF_FUEL = "out_of_fuel"
    SEALED_VALUE = "sealed_value"
    STATE_TOO_DEEP = "state_too_deep"
    STATE_TOO_LARGE = "state_too_large"
    EFFECT_FAILED = "effect_failed"
    GATE_REJECTED = "gate_rejected"
    GATE_EXPIRED = "gate_expired"
    POLICY_DENIED = "policy_denied"


@final
class StepFailure(Exception):  # noqa: N818 - never leaves the engine; it becomes a failed step.
    """
    A step cannot do its work; the state stays the one before it.
    """

    def __init__(self, code: StepErrorCode, reason: str, *, where: str = "") -> None:
        """
        Keep the code for evidence, and reason and place for people.
        """
        super().__init__(reason)
        self.code = code
        self.reason = reason
        self.where = where

    def __str__(self) -> str:
        """
        Give reason and place.
        """
        return f"{self.reason} at {self.where}" if self.where else self.reason
