"""One total order and one equality for all JSON values.

null < false < true < numbers < strings by code point < lists < objects, the last two by canonical bytes. Two values
are equal when their canonical bytes are: `true` is not `1`, and `2.0` is `2`.
"""

from typing import Any

from runtime.encoding.canonical import JsonValue, canonical

__all__ = ["order_key"]


def order_key(value: JsonValue) -> tuple[int, Any]:
    """
    Give the key by which a JSON value sorts.
    """
    if value is None:
        return 0, 0
    kind = type(value)
    if kind is bool:
        return 1, value
    if kind is str:
        return 3, value
    if kind is list:
        return 4, canonical(value)
    if kind is dict:
        return 5, canonical(value)
    return 2, value
