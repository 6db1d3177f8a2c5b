"""Canonical bytes: one JSON value, one byte string (RFC 8785).

Rules, referred to by number below:

1. The domain is exact Python types, walked before any encoder sees the value, so what is accepted never depends on
   which encoder writes it.
2. The fast encoder's output is taken only where it provably equals RFC 8785; else the exact encoder writes.
3. A refusal names every fault with its JSON path and how to mend it, and the caller's value is never changed.

Read `digest.py` next. Why the walk replaces a parse-back is in docs/adr/0003.
"""

import math
import re
from collections.abc import Iterator
from itertools import islice
from typing import Any, Final

import orjson
import rfc8785

from runtime.encoding.pointer import escape_token
from runtime.errors import EncodingError, EngineBug, Fault, shown
from runtime.limits import (
    MAX_DEPTH,
    MAX_DOCUMENT_BYTES,
    MAX_FAULTS,
    MAX_JSON_NODES,
    MAX_NUMBER,
    MAX_RECORD_BYTES,
    MAX_RECORD_DEPTH,
)

__all__ = ["JsonValue", "canonical", "canonical_record", "check_json", "encode_checked", "key_order"]

JsonValue = Any
"""A JSON value of exact Python types; recursive types cost more than they catch here."""

_SCALARS: Final = {str, int, float, bool, type(None)}
_ALLOWED: Final = _SCALARS | {dict, list}
_CONTAINERS: Final = {dict, list}
_STRING: Final = {str}
_PLAIN: Final = {int, bool, type(None)}
_SHOWN_BITS: Final = 1024
_FLOAT_BOUND: Final = float(MAX_NUMBER + 1)
"""Every float from 2^53 on is integral, and so outside the exact range."""

_OPTIONS: Final = (
    orjson.OPT_SORT_KEYS
    | orjson.OPT_STRICT_INTEGER
    | orjson.OPT_PASSTHROUGH_SUBCLASS
    | orjson.OPT_PASSTHROUGH_DATETIME
    | orjson.OPT_PASSTHROUGH_DATACLASS
)
# Two searches with a literal start each; one pattern joined by `|` costs five times as much.
_find_point_zero = re.compile(rb"\.0(?:00000|[,}\]])").search
_find_exponent = re.compile(rb"e[-+]?\d{1,3}[,}\]]").search
_find_astral = re.compile(rb"[\xf0-\xf4]").search
_find_high_bmp = re.compile(rb"[\xee\xef]").search


def canonical(value: JsonValue) -> bytes:
    """
    Encode a JSON value as its canonical bytes.

    Args:
        value: exact `dict` (keys exactly `str`), `list`, `str`, `int` within ±(2^53-1), finite `float` below 2^53,
            `bool` or `None`, at most 64 containers deep. `2.0` and `2` are one number and give the same bytes.

    Returns:
        RFC 8785 UTF-8 bytes.

    Raises:
        EncodingError: the value is outside that domain; `.faults` lists each place.

    Source: contracts/evidence.md 1; RFC 8785.
    """
    check_json(value)
    return encode_checked(value)


def canonical_record(value: JsonValue) -> bytes:
    """
    Encode a record of our own, which wraps documents of the caller and so may be deeper and larger than one.
    """
    check_json(value, depth=MAX_RECORD_DEPTH, limit=MAX_RECORD_BYTES)
    return encode_checked(value)


def encode_checked(value: JsonValue) -> bytes:
    """
    Encode a value that `check_json` accepted and nobody changed since.

    Raises:
        EncodingError: a string holds a lone surrogate, or an integer is out of range (the encoder sees these).
    """
    wrapped = value if type(value) in _CONTAINERS else [value]
    try:
        raw = orjson.dumps(wrapped, option=_OPTIONS)
    except orjson.JSONEncodeError as error:
        raise _refusal(value) from error
    # (2) `1.0`, `1e16` and `1e-6` are written otherwise by RFC 8785; astral keys sort otherwise beside U+E000..U+FFFF.
    if (
        _find_point_zero(raw)
        or _find_exponent(raw)
        or not (raw.isascii() or not (_find_astral(raw) and _find_high_bmp(raw)))
    ):
        raw = rfc8785.dumps(wrapped)
    return raw if wrapped is value else raw[1:-1]


def check_json(  # noqa: C901 - one plain loop; most values are small, and every helper would cost more than the work.
    value: JsonValue, *, depth: int = MAX_DEPTH, limit: int = MAX_DOCUMENT_BYTES
) -> int:
    """
    Refuse a value outside the JSON domain.

    The walk goes level by level and measures as it goes, so a cycle or a shared subtree that multiplies ends at a bound
    instead of exhausting memory.

    Returns:
        A lower bound of the canonical size in bytes.

    Raises:
        EncodingError: see `canonical`; integers and surrogates are left to the encoder.
    """
    level: list[Any] = [[value]]
    size = -1  # Each value takes at least a character and a separator; the outermost has no separator.
    for _ in range(depth + 1):
        below = []
        for container in level:
            # Measured before it is gone through: a member takes at least five characters, an element two.
            is_object = type(container) is dict
            size += (5 if is_object else 2) * len(container)
            if size > limit:
                raise _too_large(value, size, limit)
            if is_object:
                if not _STRING.issuperset(map(type, container)):
                    raise _refusal(value, depth)
                size += sum(map(len, container))
            for item in container.values() if is_object else container:
                kind = type(item)
                if kind is str:
                    size += len(item)
                elif kind in _CONTAINERS:
                    below.append(item)
                elif kind not in _PLAIN and not (kind is float and -_FLOAT_BOUND < item < _FLOAT_BOUND):
                    raise _refusal(value, depth)  # NaN fails both comparisons.
        if size > limit:
            raise _too_large(value, size, limit)
        if not below:
            return size
        level = below
    raise _refusal(value, depth)


def key_order(key: str) -> bytes:
    """
    Give the sort key of an object key: its UTF-16 code units, as RFC 8785 3.2.3 orders them.
    """
    return key.encode("utf-16-be", "surrogatepass")


def _too_large(value: JsonValue, size: int, limit: int) -> EncodingError:
    # A cycle that multiplies is stopped here; it is found on the first way down, so few values need be looked at.
    for what, mend, path in _walk_faults(value, MAX_DEPTH, 1000):
        if what == _CYCLE:
            return EncodingError(what, where=path, remedy=mend)
    return EncodingError(
        f"a document of at least {size} bytes",
        where="/",
        remedy=f"the limit is {limit} bytes; pass a reference to large data, not the data",
    )


def _refusal(value: JsonValue, depth: int = MAX_RECORD_DEPTH) -> EncodingError:
    """
    Find what the fast walk refused, this time with paths (3).
    """
    faults = list(islice(_walk_faults(value, depth, MAX_JSON_NODES), MAX_FAULTS + 1))
    if not faults:
        what = "a value was refused, and no fault was found in it"
        raise EngineBug(what, remedy="report it with the value")
    if len(faults) == 1:
        [(what, mend, path)] = faults
        return EncodingError(what, where=path, remedy=mend)
    what = (
        f"more than {MAX_FAULTS} values that are not JSON" if len(faults) > MAX_FAULTS else "values that are not JSON"
    )
    listed = [Fault(f"{wrong}: {mend}", path) for wrong, mend, path in faults[:MAX_FAULTS]]
    return EncodingError(what, faults=listed)


_CYCLE: Final = "a container that holds itself"


def _walk_faults(value: JsonValue, depth: int, most: int) -> Iterator[tuple[str, str, str]]:
    """
    Give what is wrong, how to mend it and the path, value by value; a path is spelled out only for a fault.
    """
    stack: list[Iterator[tuple[Any, Any]]] = [iter([(None, value)])]
    keys: list[Any] = []
    open_ids: list[int] = []
    seen = 0
    while stack:
        pair = next(stack[-1], None)
        if pair is None:
            stack.pop()
            del keys[-1:], open_ids[-1:]
            continue
        seen += 1
        if seen > most:
            yield f"more than {most} values", "pass a reference to large data, not the data", "/"
            return
        key, item = pair
        fault = _fault(item, open_ids, depth)
        if fault:
            yield *fault, _path(keys, key)
        elif type(item) in _CONTAINERS:
            if type(item) is dict:
                yield from ((*fault, _path(keys, key)) for fault in map(_key_fault, item) if fault)
            stack.append(iter(item.items()) if type(item) is dict else enumerate(item))
            keys.append(key)
            open_ids.append(id(item))


def _path(keys: list[Any], key: object) -> str:
    return "".join(f"/{escape_token(token)}" for token in [*keys, key][1:]) or "/"


def _fault(item: object, open_ids: list[int], depth: int) -> tuple[str, str] | None:
    if type(item) not in _CONTAINERS:
        return _scalar_fault(item)
    if id(item) in open_ids:
        return _CYCLE, "JSON is a tree; copy the part instead"
    if len(open_ids) == depth:
        return f"nesting deeper than {depth}", "flatten the value"
    return None


def _key_fault(key: object) -> tuple[str, str] | None:
    if type(key) is not str:
        return f"key {shown(key)} of type {type(key).__name__}", "JSON keys are plain str; convert it"
    return _text_fault(key, "key")


def _text_fault(text: str, noun: str) -> tuple[str, str] | None:
    try:
        text.encode()
    except UnicodeEncodeError as error:
        # Of a value no more is shown than what is wrong with it: it may be one that is to be sealed.
        told = text if noun == "key" else text[error.start : error.end]
        return f"{noun} {shown(told)} with a lone surrogate", "it has no UTF-8 form; repair the text where it is read"
    return None


def _scalar_fault(value: object) -> tuple[str, str] | None:
    kind = type(value)
    if kind not in _ALLOWED:
        return f"{kind.__name__} {shown(value)}", f"JSON has no {kind.__name__}; {_MENDS.get(kind, _OTHER_MEND)}"
    if kind is float and isinstance(value, float):
        if not math.isfinite(value):
            noun = "NaN" if math.isnan(value) else "infinity"
            return f"float {value}", f"JSON has no {noun}; store null or a string"
        if abs(value) >= _FLOAT_BOUND:
            return f"float {value}", "integral numbers are exact only within ±(2^53-1); store a string"
    if kind is int and isinstance(value, int) and abs(value) > MAX_NUMBER:
        digits = shown(value) if value.bit_length() < _SHOWN_BITS else f"of {value.bit_length()} bits"
        return f"int {digits}", "integers are exact only within ±(2^53-1); store a string"
    if kind is str and isinstance(value, str):
        return _text_fault(value, "text")
    return None


_OTHER_MEND: Final = "convert it to a plain dict, list, str, int, float, bool or None"
_MENDS: Final[dict[type, str]] = {
    tuple: "use a list",
    set: "use a sorted list",
    frozenset: "use a sorted list",
    bytes: "decode it to text, or encode it as base64 text",
}
