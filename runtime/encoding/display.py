"""Text for people: what cannot be seen is shown, so that nobody approves something else than what they read."""

import unicodedata

from runtime.encoding.canonical import JsonValue, canonical

__all__ = ["shown_json", "visible"]

_HIDDEN_CATEGORIES = frozenset({"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"})
"""Control, format (bidirectional and zero-width among them), surrogate, private, unassigned, line separators."""


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
    Show a JSON value on one line as canonical text, cut at `limit` characters.
    """
    text = visible(canonical(value).decode())
    return text if len(text) <= limit else text[: limit - 1] + "…"
