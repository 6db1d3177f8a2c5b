"""Short ways to the outcomes connectors give.

The one attempt of an outcome that did not succeed may tell more than its code: a `reason`, as a snake_case name, the
`http_status` or `exit_code` of the other side, and `retry_after_ms`, the milliseconds it asks to be left alone for.
"""

from runtime.encoding.canonical import JsonValue
from runtime.encoding.frozen import JsonArray
from runtime.values.answers import EffectOutcome, OutcomeStatus

__all__ = ["failed", "succeeded", "unknown"]


def succeeded(output: JsonValue) -> EffectOutcome:
    """
    Say that it was done, and what came of it.
    """
    return EffectOutcome(status=OutcomeStatus.SUCCEEDED, output=output)


def failed(code: str, **details: JsonValue) -> EffectOutcome:
    """
    Say that it is known not done.
    """
    return _ended(OutcomeStatus.FAILED, code, details)


def unknown(code: str, **details: JsonValue) -> EffectOutcome:
    """
    Say that it may have been done, wholly or in part.
    """
    return _ended(OutcomeStatus.UNKNOWN, code, details)


def _ended(status: OutcomeStatus, code: str, details: dict[str, JsonValue]) -> EffectOutcome:
    told = {name: value for name, value in details.items() if value is not None}
    attempts = [{"number": 1, "status": status.value, "code": code, **told}] if told else []
    return EffectOutcome(status=status, code=code, attempts=JsonArray(attempts))
