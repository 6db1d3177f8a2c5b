"""Text for people: what cannot be seen is shown, so that nobody approves something else than what they read.

What looks like a secret is not shown; see `redaction.py`.
"""

import re
import unicodedata

from runtime.encoding.canonical import JsonValue, canonical
from runtime.encoding.redaction import redact, redact_text
from runtime.encoding.secretkeys import KeyKind, classify_key
from runtime.encoding.secretmarks import mark

__all__ = ["shown_at", "shown_json", "shown_message", "visible"]

_HIDDEN_CATEGORIES = frozenset({"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"})
"""Control, format (bidirectional and zero-width among them), surrogate, private, unassigned, line separators."""

_split_path = re.compile(r"[\s/.\[\]]+").split
_quoted = re.compile(r"'(?:[^'\\]|\\.)*+'?|\"(?:[^\"\\]|\\.)*+\"?|(?<![A-Za-z0-9])-?[0-9][0-9.eE+\-]*+", re.DOTALL)
"""Values as `repr` writes them, the last one of a message perhaps cut; numbers too."""


def visible(text: str) -> str:
    r"""
    Show hidden characters as escapes: control, bidirectional, zero-width and unassigned ones as `\u{202e}`.
    """
    if text.isascii() and text.isprintable():
        return text
    return "".join(map(_escape, text))


def _escape(character: str) -> str:
    is_hidden = unicodedata.category(character) in _HIDDEN_CATEGORIES or (character.isspace() and character != " ")
    return f"\\u{{{ord(character):x}}}" if is_hidden else character


def shown_json(value: JsonValue, limit: int = 100) -> str:
    """
    Show a JSON value on one line as canonical text, without secrets, cut at `limit` characters.
    """
    # Redacted before it is cut: half a secret may not look like one any more.
    text = visible(canonical(redact(value)).decode())
    return text if len(text) <= limit else text[: limit - 1] + "…"


def shown_at(name: str, value: JsonValue) -> JsonValue:
    """
    Give a value as it may be shown under a name or a path: a mark when the name says that it is a secret.
    """
    redacted: dict[str, JsonValue] = redact({name: value})
    return next(iter(redacted.values()))


def shown_message(text: str, where: str) -> str:
    """
    Show a message about a place without secrets; when the place has a secret's name, without the values it quotes.
    """
    text = redact_text(text)
    if all(classify_key(part) is KeyKind.CLEAN for part in _split_path(where)):
        return text
    return _quoted.sub(lambda match: match[0] if "[redacted:" in match[0] else mark("key"), text)
