"""Short ways to the outcomes connectors give."""

from runtime.encoding.canonical import JsonValue
from runtime.values.answers import EffectOutcome, OutcomeStatus

__all__ = ["failed", "succeeded", "unknown"]


def succeeded(output: JsonValue) -> EffectOutcome:
    """
    Say that it was done, and what came of it.
    """
    return EffectOutcome(status=OutcomeStatus.SUCCEEDED, output=output)


def failed(code: str) -> EffectOutcome:
    """
    Say that it is known not done.
    """
    return EffectOutcome(status=OutcomeStatus.FAILED, code=code)


def unknown(code: str) -> EffectOutcome:
    """
    Say that it may have been done, wholly or in part.
    """
    return EffectOutcome(status=OutcomeStatus.UNKNOWN, code=code)
