"""JSON Pointers (RFC 6901): the one way a payload names a place in the state."""

import re
from typing import Final, Self, final

import attrs

from runtime.errors import DefinitionError, shown
from runtime.limits import MAX_DEPTH, MAX_POINTER_LENGTH, SHOWN_VALUE_LENGTH

__all__ = ["Pointer", "array_index", "escape_token"]

_INDEX_DIGITS: Final = 15
_find_bad_escape = re.compile("~(?![01])").search


@final
@attrs.frozen
class Pointer:
    """
    A parsed JSON Pointer; `""` is the whole document.
    """

    text: str
    tokens: tuple[str, ...] = attrs.field(eq=False, repr=False)

    @classmethod
    def parse(cls, text: str) -> Self:
        """
        Parse the text of a pointer.

        Raises:
            DefinitionError: it is not a pointer, or deeper than a document may be.
        """
        if text and not text.startswith("/"):
            raise DefinitionError(f"pointer {shown(text)}", remedy="a JSON Pointer starts with /, as in /customer/name")
        if len(text) > MAX_POINTER_LENGTH or text.count("/") > MAX_DEPTH:
            raise DefinitionError(
                f"pointer {shown(text)}",
                remedy=f"the limit is {MAX_POINTER_LENGTH} characters and {MAX_DEPTH} parts",
            )
        if _find_bad_escape(text):
            raise DefinitionError(f"pointer {shown(text)}", remedy="write ~0 for ~ and ~1 for /")
        tokens = tuple(part.replace("~1", "/").replace("~0", "~") for part in text.split("/")[1:])
        return cls(text, tokens)

    def __str__(self) -> str:
        """
        Give the text.
        """
        return self.text


def array_index(token: str) -> int | None:
    """
    Read an array index as RFC 6901 writes it: ASCII digits, no leading zero; None when it is not one.
    """
    is_index = token.isascii() and token.isdigit() and (token == "0" or token[0] != "0")  # noqa: S105 - no password.
    # The first digits of a longer one are beyond every array already.
    return int(token[:_INDEX_DIGITS]) if is_index else None


def escape_token(key: object) -> str:
    """
    Write a key or an index as a part of a path for people: escaped, cut at 80 characters, printable as UTF-8.
    """
    text = key[: 2 * SHOWN_VALUE_LENGTH] if type(key) is str else shown(key)
    escaped = text.replace("~", "~0").replace("/", "~1").encode("utf-8", "backslashreplace").decode()
    return escaped if len(escaped) <= SHOWN_VALUE_LENGTH else escaped[: SHOWN_VALUE_LENGTH - 1] + "…"
