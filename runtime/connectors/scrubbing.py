"""Takes the secrets of a call out of what comes back: whoever is given a secret can give it back.

What is known is replaced as it is, and as it may have been spelled on the way; what merely looks like a secret is the
business of `encoding/redaction.py`.
"""

import base64
import json
from collections.abc import Iterable
from typing import Any, Final
from urllib.parse import quote

from runtime.encoding.secretmarks import mark

__all__ = ["scrub", "scrub_cut", "spell"]

_LEAST_PART: Final = 4
"""Characters of a secret at the end of a cut text that are taken for a part of it."""


def spell(values: Iterable[str]) -> tuple[str, ...]:
    """
    List the forms in which secrets could come back, the longest first.
    """
    spellings = {
        spelling
        for value in values
        for spelling in (
            value,
            quote(value, safe="", errors="replace"),
            quote(value, errors="replace"),
            json.dumps(value)[1:-1],
            base64.b64encode(value.encode(errors="surrogateescape")).decode(),
        )
    }
    return tuple(sorted(spellings, key=lambda text: (-len(text), text)))


def scrub(value: Any, spellings: tuple[str, ...]) -> Any:  # noqa: ANN401 - JSON of bounded depth, and the like of it.
    """
    Replace secrets in JSON, in keys as well.
    """
    if not spellings:
        return value
    if type(value) is str:
        for spelling in spellings:
            value = value.replace(spelling, mark("key"))
        return value
    if type(value) is dict:
        return {scrub(key, spellings): scrub(item, spellings) for key, item in value.items()}
    return [scrub(item, spellings) for item in value] if type(value) is list else value


def scrub_cut(text: str, spellings: tuple[str, ...]) -> str:
    """
    Replace secrets in a text that was cut off, so that it may end in the middle of one.
    """
    text = scrub(text, spellings)
    for spelling in spellings:
        for length in range(min(len(spelling) - 1, len(text)), _LEAST_PART - 1, -1):
            if text.endswith(spelling[:length]):
                return text[:-length] + mark("key")
    return text
