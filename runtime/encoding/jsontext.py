"""Strict intake of JSON text: everything a lenient parser lets through silently is refused, with its path.

Duplicate keys, NaN and infinities, numbers outside the exact range, lone surrogates, nesting beyond the limit, other
encodings than UTF-8. `parse_canonical` also refuses text that is not in canonical form: a stored document.
"""

import json
from collections import Counter
from typing import Any, Final

import orjson

from runtime.encoding.canonical import JsonValue, canonical, canonical_record
from runtime.encoding.pointer import escape_token
from runtime.errors import EncodingError, Fault, shown
from runtime.limits import MAX_DEPTH, MAX_DOCUMENT_BYTES, MAX_RECORD_BYTES

__all__ = ["decode_text", "parse_canonical", "parse_json"]

_MAX_INTEGER_DIGITS: Final = 600
_MAX_TEXT_BYTES: Final = 2 * MAX_DOCUMENT_BYTES
"""Text may hold white space and escapes that its canonical form does not."""


def parse_json(text: bytes | str, *, source: str = "", is_record: bool = False) -> JsonValue:
    """
    Parse JSON text into a value of the canonical domain.

    Args:
        text: UTF-8 bytes or text; no byte order mark.
        is_record: whether it is a record of ours, which may be larger and deeper than a document of the caller.
        source: name of the text in messages, such as its file name.

    Raises:
        EncodingError: the text is not JSON, or holds what canonical JSON cannot; with line and column, or with paths.
    """
    return _parse(text, source, is_record=is_record)[0]


def _parse(text: bytes | str, source: str, *, is_record: bool) -> tuple[JsonValue, bytes]:
    """
    Parse JSON text, and give its canonical bytes as well: whoever needs both need not encode twice.
    """
    decoded = decode_text(text, source, MAX_RECORD_BYTES if is_record else _MAX_TEXT_BYTES)
    duplicates: list[Any] = []

    def to_object(pairs: list[tuple[str, Any]]) -> Any:  # noqa: ANN401 - a dict, kept when it lost a key.
        value = dict(pairs)
        if len(value) != len(pairs):
            duplicates.append((value, pairs))
        return value

    try:
        value = json.loads(decoded, object_pairs_hook=to_object, parse_int=_parse_int)
    except json.JSONDecodeError as error:
        place = f"{source}:{error.lineno}:{error.colno}" if source else f"line {error.lineno} column {error.colno}"
        raise EncodingError(f"not JSON: {error.msg}", where=place, remedy="mend the text there") from error
    except RecursionError:
        raise EncodingError(f"nesting far deeper than {MAX_DEPTH}", where=source, remedy="flatten the value") from None
    if duplicates:
        raise _duplicate_keys(value, duplicates, source)
    # NaN, infinities, numbers out of range and escaped surrogates got through the parser; this names their paths.
    try:
        raw = (canonical_record if is_record else canonical)(value)
    except EncodingError as error:
        where = " ".join(part for part in (source, error.where) if part)
        raise EncodingError(error.what, where=where, remedy=error.remedy, faults=error.faults) from None
    return value, raw


def parse_canonical(raw: bytes, *, source: str = "") -> JsonValue:
    """
    Parse a stored document, accepted only when its bytes are the canonical form of what they say.

    Raises:
        EncodingError: as `parse_json`; code `not_canonical_json` also when white space, order or numbers differ.
    """
    value = _parse_quickly(raw)
    if value is not _SLOWLY:
        return value
    value, expected = _parse(raw, source, is_record=True)
    if expected != raw:
        shorter = min(len(raw), len(expected))
        offset = next((i for i in range(shorter) if raw[i] != expected[i]), shorter)
        raise EncodingError(
            f"bytes that are not canonical JSON, first at byte {offset}",
            where=source,
            remedy="a stored document is never edited by hand; use the file as it was written",
        )
    return value


_SLOWLY: Final = object()


def _parse_quickly(raw: bytes) -> JsonValue:
    """
    Parse bytes that are canonical, with a parser that names no faults; `_SLOWLY` where there may be one.

    A value that is written as exactly these bytes is what they say: one that lost a key, or a digit, is not.
    """
    if type(raw) is not bytes or len(raw) > MAX_RECORD_BYTES:
        return _SLOWLY
    try:
        value = orjson.loads(raw)
        return value if canonical_record(value) == raw else _SLOWLY
    except (orjson.JSONDecodeError, EncodingError):
        return _SLOWLY


def decode_text(text: bytes | str, source: str, limit: int) -> str:
    """
    Decode UTF-8 of at most `limit` bytes that are not all white space.

    Raises:
        EncodingError: it is neither bytes nor text, too long, empty, or not UTF-8.
    """
    if type(text) not in (bytes, str):
        raise EncodingError(
            f"{type(text).__name__} {shown(text)}", where=source, remedy="give the bytes of a file, or text"
        )
    try:
        raw = text.encode() if isinstance(text, str) else text
    except UnicodeEncodeError as error:
        raise EncodingError("text with a lone surrogate", where=source, remedy="repair it where it is read") from error
    if len(raw) > limit:
        raise EncodingError(
            f"a text of {len(raw)} bytes",
            where=source,
            remedy=f"the limit is {limit} bytes; pass a reference to large data, not the data",
        )
    if not raw.strip():
        raise EncodingError("an empty text", where=source, remedy="write a JSON value; {} is the empty object")
    try:
        return raw.decode()
    except UnicodeDecodeError as fault:
        raise EncodingError(
            f"byte {raw[fault.start]:#04x} at offset {fault.start} is not UTF-8",
            where=source,
            remedy="save the file as UTF-8 text",
        ) from fault


def _parse_int(digits: str) -> int:
    # Python refuses over 4300 digits without naming a place; the first ones are refused later, with their path.
    return int(digits[:_MAX_INTEGER_DIGITS])


def _duplicate_keys(root: JsonValue, duplicates: list[Any], source: str) -> EncodingError:
    # Each place is a key and the place above it; a path is spelled out only for a fault.
    places: dict[int, Any] = {}
    stack: list[tuple[JsonValue, Any]] = [(root, None)]
    while stack:
        item, place = stack.pop()
        places[id(item)] = place
        pairs = item.items() if isinstance(item, dict) else enumerate(item)
        stack.extend((child, (key, place)) for key, child in pairs if isinstance(child, dict | list))
    faults = []
    for value, pairs in duplicates:
        twice = sorted(key for key, count in Counter(key for key, _ in pairs).items() if count > 1)
        # An object that was itself overwritten by a later duplicate has no place in the result.
        path = _path(places[id(value)]) if id(value) in places else "(an object that a duplicate key hides)"
        faults += [Fault(f"key {shown(key)} stands twice", f"{path}/{escape_token(key)}") for key in twice]
    return EncodingError(
        "duplicate keys", where=source, remedy="JSON readers disagree on which one counts; keep one", faults=faults
    )


def _path(place: Any) -> str:  # noqa: ANN401 - a chain of keys.
    tokens = []
    while place is not None:
        key, place = place
        tokens.append(escape_token(key))
    return "".join(f"/{token}" for token in reversed(tokens))
