"""What a store of idempotency keys answers: whether an action may be tried under a key, and what came of it before."""

from enum import StrEnum
from typing import final

import attrs

from runtime.values.checks import of_type

__all__ = ["Claim", "ClaimStatus", "KeyOutcome", "OutcomeKind"]


@final
class OutcomeKind(StrEnum):
    """
    What is recorded of an action that ended.
    """

    SUCCESS = "SUCCESS"
    FAILED = "FAILED"
    UNKNOWN = "UNKNOWN"


@final
@attrs.frozen(kw_only=True)
class KeyOutcome:
    """
    How an action ended, for good: its kind, the number of its last attempt, and a code where it did not succeed.
    """

    kind: OutcomeKind = attrs.field(validator=of_type(OutcomeKind))
    attempt_number: int = attrs.field(default=0, validator=of_type(int))
    code: str | None = None


@final
class ClaimStatus(StrEnum):
    """
    What a key is to who claims it.
    """

    CLAIMED = "claimed"
    """It is the caller's: the intent is recorded, and nobody else gets it."""
    IN_FLIGHT = "in_flight"
    """Another one holds it now."""
    ENDED = "ended"
    """It has an outcome."""
    UNKNOWN = "unknown"
    """Whoever held it is gone, and nobody knows how far they came."""
    CONFLICT = "conflict"
    """It stands for something else."""


@final
@attrs.frozen(kw_only=True)
class Claim:
    """
    The answer to a claim; the outcome is there when it is `ended`.
    """

    status: ClaimStatus = attrs.field(validator=of_type(ClaimStatus))
    outcome: KeyOutcome | None = None
