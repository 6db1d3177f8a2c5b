"""What this package says of a bundle, in the words that the one-file verifier uses too."""

from typing import Final

from runtime.errors import IntegrityError
from runtime.evidence.trust import Trust
from runtime.evidence.verify import Verification, verify_bundle

__all__ = ["BY_ENGINE", "outcomes_here", "verify_here"]

BY_ENGINE: Final = frozenset({"8", "9", "10"})
"""Checks that take the engine, of which the one-file verifier says so."""


def verify_here(raw: bytes, trust: bytes | None = None) -> Verification | None:
    """
    Check a bundle with the package; None where the input cannot be used.
    """
    try:
        return verify_bundle(raw, trust=None if trust is None else Trust.from_bytes(trust))
    except IntegrityError:
        return None


def outcomes_here(report: Verification) -> dict[str, str]:
    """
    Give the outcome of each check by its number.
    """
    return {result.check.number: result.finding.outcome.value for result in report.results}
