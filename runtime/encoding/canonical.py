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
from itertools import chain
from typing import Any, Final

import orjson
import rfc8785

from runtime.errors import EncodingError, EngineBug, Fault, shown
from runtime.limits import MAX_DEPTH, MAX_DOCUMENT_BYTES, MAX_FAULTS, MAX_JSON_NODES, MAX_NUMBER

__all__ = ["JsonValue", "canonical", "check_json", "encode_checked", "key_order"]

JsonValue = Any
"""A JSON value of exact Python types; recursive types cost more than they catch here."""

_SCALARS: Final = {str, int, float, bool, type(None)}
_ALLOWED: Final = _SCALARS | {dict, list}
_CONTAINERS: Final = {dict, list}
_STRING: Final = {str}
_FLOAT_BOUND: Final = float(MAX_NUMBER + 1)

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


def check_json(value: JsonValue) -> int:
    """
    Refuse a value outside the JSON domain.

    The walk goes level by level, so each level is a few C-speed passes, the depth is the number of levels, and a
    cycle or a shared subtree that multiplies ends at a bound instead of exhausting memory.

    Returns:
        A lower bound of the canonical size in bytes.

    Raises:
        EncodingError: see `canonical`; integers and surrogates are left to the encoder.
    """
    level: list[Any] = [value]
    size = -1  # Each value takes at least a character and a separator; the outermost has no separator.
    for _ in range(MAX_DEPTH + 1):
        types = set(map(type, level))
        if not types <= _ALLOWED or (float in types and not _floats_fit(level)):
            raise _refusal(value)
        size += 2 * len(level)
        if str in types:
            size += sum([len(item) for item in level if type(item) is str])
        if types.isdisjoint(_CONTAINERS):
            return size
        dicts = [item for item in level if type(item) is dict] if dict in types else []
        lists = [item for item in level if type(item) is list] if list in types else []
        if dicts:
            keys = list(chain.from_iterable(dicts))
            if keys and set(map(type, keys)) != _STRING:
                raise _refusal(value)
            size += sum(map(len, keys)) + 3 * len(keys)
        if size + 2 * sum(map(len, lists)) > MAX_DOCUMENT_BYTES:
            raise _too_large(size)
        level = list(chain.from_iterable(chain(map(dict.values, dicts), lists)))
        if not level:
            return size
    raise _refusal(value)


def key_order(key: str) -> bytes:
    """
    Give the sort key of an object key: its UTF-16 code units, as RFC 8785 3.2.3 orders them.
    """
    return key.encode("utf-16-be", "surrogatepass")


def _floats_fit(level: list[Any]) -> bool:
    # NaN fails both comparisons. Every float from 2^53 on is integral, and so outside the exact range.
    return all(-_FLOAT_BOUND < item < _FLOAT_BOUND for item in level if type(item) is float)


def _too_large(size: int) -> EncodingError:
    return EncodingError(
        f"a document of at least {size} bytes",
        where="/",
        remedy=f"the limit is {MAX_DOCUMENT_BYTES} bytes; pass a reference to large data, not the data",
    )


def _refusal(value: JsonValue) -> EncodingError:
    """
    Find what the fast walk refused, this time with paths (3).
    """
    faults: list[Fault] = []
    for fault in _walk_faults(value):
        faults.append(fault)
        if len(faults) > MAX_FAULTS:
            break
    if not faults:
        what = "a value was refused, and no fault was found in it"
        raise EngineBug(what, remedy="report it with the value")
    if len(faults) == 1:
        what, _, remedy = faults[0].message.partition(": ")
        return EncodingError(what, where=faults[0].where, remedy=remedy)
    return EncodingError("values that are not JSON", faults=faults)


def _walk_faults(value: JsonValue) -> Iterator[Fault]:
    stack: list[tuple[Any, str, tuple[int, ...]]] = [(value, "", ())]
    for _ in range(MAX_JSON_NODES):
        if not stack:
            return
        item, path, above = stack.pop()
        fault = _scalar_fault(item)
        if fault:
            yield Fault(fault, path or "/")
        elif type(item) in _CONTAINERS:
            if id(item) in above:
                yield Fault("a container that holds itself: JSON is a tree; copy the part instead", path or "/")
                continue
            if len(above) == MAX_DEPTH:
                yield Fault(f"nesting deeper than {MAX_DEPTH}: flatten the value", path or "/")
                continue
            inner = (*above, id(item))
            pairs = list(item.items() if type(item) is dict else enumerate(item))
            for key, _child in pairs:
                if type(item) is dict and (key_fault := _key_fault(key)):
                    yield Fault(key_fault, path or "/")
            stack.extend((child, f"{path}/{_token(key)}", inner) for key, child in reversed(pairs))
    yield Fault(f"more than {MAX_JSON_NODES} values: pass a reference to large data, not the data", "/")


def _token(key: object) -> str:
    text = key if type(key) is str else shown(key)
    escaped = text.replace("~", "~0").replace("/", "~1").encode("utf-8", "backslashreplace").decode()
    return escaped if len(escaped) <= 80 else escaped[:79] + "…"  # noqa: PLR2004 - a message, not a limit.


def _key_fault(key: object) -> str | None:
    if type(key) is not str:
        return f"key {shown(key)} of type {type(key).__name__}: JSON keys are plain str; convert it"
    return _text_fault(key, "key")


def _text_fault(text: str, noun: str) -> str | None:
    try:
        text.encode()
    except UnicodeEncodeError:
        return f"{noun} {shown(text)} with a lone surrogate: it has no UTF-8 form; repair the text where it is read"
    return None


def _scalar_fault(value: object) -> str | None:
    kind = type(value)
    if kind not in _ALLOWED:
        return f"{kind.__name__} {shown(value)}: JSON has no {kind.__name__}; {_MENDS.get(kind, _OTHER_MEND)}"
    if kind is float and isinstance(value, float):
        if not math.isfinite(value):
            noun = "NaN" if math.isnan(value) else "infinity"
            return f"float {value}: JSON has no {noun}; store null or a string"
        if abs(value) >= _FLOAT_BOUND:
            return f"float {value}: integral numbers are exact only within ±(2^53-1); store a string"
    if kind is int and isinstance(value, int) and abs(value) > MAX_NUMBER:
        digits = shown(value) if value.bit_length() < 1024 else f"of {value.bit_length()} bits"  # noqa: PLR2004
        return f"int {digits}: integers are exact only within ±(2^53-1); store a string"
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
