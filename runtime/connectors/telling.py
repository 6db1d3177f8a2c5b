"""What a program that ended well said, as an outcome: its text without what looks like a secret, or the JSON it printed."""

from runtime.connectors.outcomes import succeeded
from runtime.connectors.process import ProcessResult
from runtime.connectors.scrubbing import scrub, scrub_cut
from runtime.encoding.jsontext import parse_json
from runtime.encoding.redaction import redact_text
from runtime.errors import DefinitionError, EncodingError
from runtime.values.answers import EffectOutcome

__all__ = ["tell"]


def tell(result: ProcessResult, *, prints_json: bool, spellings: tuple[str, ...] = ()) -> EffectOutcome | None:
    """
    Give the outcome of a program that ended well; None when it should have printed JSON that can be recorded, and did not.

    Text is redacted, because it is what somebody else says. JSON is data, and is left as it is; but the secrets that the
    program was given, in these spellings, are replaced in both.
    """
    if not prints_json:
        return succeeded(
            {
                "exit_code": 0,
                "stdout": _redact(result.stdout, result, spellings),
                "stderr": _redact(result.stderr, result, spellings),
                "truncated": result.is_truncated,
            }
        )
    if result.is_truncated:
        return None
    try:
        return succeeded(scrub(parse_json(result.stdout), spellings))
    except (DefinitionError, EncodingError):  # Too deep or too large for an outcome is none either.
        return None


def _redact(text: str, result: ProcessResult, spellings: tuple[str, ...]) -> str:
    """
    Redact what a program said. Where an output was cut, half a secret may stand at its end.
    """
    if not result.is_truncated:
        return redact_text(scrub(text, spellings))
    return redact_text(f"{scrub_cut(text, spellings)}…").removesuffix("…")
