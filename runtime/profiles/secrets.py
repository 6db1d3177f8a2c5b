"""Finds secrets that stand in a document of an environment, and names of secrets that are none.

A member whose name ends in `_ref`, or is `ref`, holds the name of a secret; that is no secret, and is only looked at for
the shape of one. All else goes through the scan that guards inputs of runs. Nothing here ever shows a value.
"""

import re
from collections.abc import Iterator

from runtime.encoding.canonical import JsonValue
from runtime.encoding.pointer import escape_token
from runtime.encoding.redaction import find_secrets

__all__ = ["find_inline_secrets"]

_is_reference = re.compile(r"(?:.*_)?ref").fullmatch
_is_secret_name = re.compile(r"[A-Za-z][A-Za-z0-9_.-]{0,127}").fullmatch

_INLINE = "looks like a secret (rule {rule}): give its name under a key that ends in _ref, and keep the value outside"
_NO_NAME = "no name of a secret: write letters, digits, _, . and -, the first a letter"


def find_inline_secrets(value: JsonValue, path: str = "") -> Iterator[tuple[str, str]]:
    """
    List what looks like a secret: paths and messages.

    Args:
        value: a document.
        path: where it stands in one.
    """
    stripped, names = _split(value, path)
    for place, name in names:
        if type(name) is not str or not _is_secret_name(name):
            yield place, _NO_NAME
        else:
            yield from ((place, _INLINE.format(rule=found.rule)) for found in find_secrets(name))
    for found in find_secrets(stripped):
        yield f"{path}{found.path}", _INLINE.format(rule=found.rule)


def _split(value: JsonValue, path: str) -> tuple[JsonValue, list[tuple[str, JsonValue]]]:
    """
    Take the names of secrets out of a value, and list them with their places.
    """
    if type(value) is list:
        pairs = [_split(member, f"{path}/{index}") for index, member in enumerate(value)]
        return [member for member, _ in pairs], [name for _, names in pairs for name in names]
    if type(value) is not dict:
        return value, []
    kept: dict[str, JsonValue] = {}
    names: list[tuple[str, JsonValue]] = []
    for key, member in value.items():
        place = f"{path}/{escape_token(key)}"
        if _is_reference(key):
            names.append((place, member))
            continue
        kept[key], below = _split(member, place)
        names += below
    return kept, names
