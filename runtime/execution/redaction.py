"""The one place where text of an executor becomes text of a report: secrets hidden, length bounded, always UTF-8."""

from runtime.encoding.redaction import redact, redact_text
from runtime.limits import MAX_TEXT_LENGTH

__all__ = ["message_text", "redact", "redact_text"]


def message_text(text: str | None) -> str | None:
    """
    Give a text as it may leave.
    """
    if text is None:
        return None
    # Cut after the secrets are hidden: half a secret is not recognised.
    hidden = redact_text(text.encode(errors="backslashreplace").decode())
    return hidden if len(hidden) <= MAX_TEXT_LENGTH else hidden[: MAX_TEXT_LENGTH - 1] + "…"
