"""Reading and writing a state view by JSON Pointer.

One rule for every operation: the parent must exist, the last object key may be new, an array index must exist. What
does not fit fails the step with `path_missing` or `wrong_type` and the pointer. Nothing below a seal is there.
"""

import orjson

from runtime.encoding.canonical import JsonValue, check_json, encode_checked
from runtime.encoding.pointer import Pointer, array_index
from runtime.encoding.seal import SEAL_MEMBER
from runtime.errors import EncodingError
from runtime.orchestration.failures import StepErrorCode, StepFailure
from runtime.orchestration.opaque import refuse_sealed
from runtime.orchestration.view import StateView

__all__ = ["exists", "find", "read", "remove", "write", "write_copy"]


def find(value: JsonValue, tokens: tuple[str, ...], pointer: Pointer) -> JsonValue:
    """
    Follow tokens down a plain value.

    Raises:
        StepFailure: `path_missing`, or `wrong_type` where a scalar or a non-index stands in the way; `sealed_value`.
    """
    for token in tokens:
        if type(value) is dict:
            if token not in value or token == SEAL_MEMBER:
                refuse_sealed(value, pointer.text)
                raise _missing(token, pointer)
            value = value[token]
        elif type(value) is list:
            value = value[_index(value, token, pointer)]
        else:
            raise StepFailure(StepErrorCode.WRONG_TYPE, f"{_kind(value)} has no member {token!r}", where=pointer.text)
    return value


def read(view: StateView, pointer: Pointer) -> JsonValue:
    """
    Give the value at a pointer; it belongs to the view and may be placed anywhere in it.

    Raises:
        StepFailure: as `find`.
    """
    if not pointer.tokens:
        return {key: view.load(key) for key in view.list_keys()}
    first, *rest = pointer.tokens
    if first not in view:
        raise _missing(first, pointer)
    return find(view.load(first), tuple(rest), pointer)


def exists(view: StateView, pointer: Pointer) -> bool:
    """
    Tell whether there is a value at a pointer.

    Raises:
        StepFailure: `wrong_type`, where a scalar stands in the way: that is not absence.
    """
    try:
        read(view, pointer)
    except StepFailure as failure:
        if failure.code is StepErrorCode.PATH_MISSING:
            return False
        raise
    return True


def write(view: StateView, pointer: Pointer, value: JsonValue) -> None:
    """
    Put a value at a pointer other than the root.

    Raises:
        StepFailure: the parent is missing or no container, or an array index does not exist.
    """
    first, last = pointer.tokens[0], pointer.tokens[-1]
    if len(pointer.tokens) == 1:
        view.put(first, value)
        return
    parent = _parent(view, pointer)
    if type(parent) is dict:
        parent[last] = value
    else:
        parent[_index(parent, last, pointer)] = value
    view.mark(first)


def write_copy(view: StateView, pointer: Pointer, value: JsonValue) -> None:
    """
    Put a value made of parts of the state, some perhaps more than once, at a pointer other than the root.

    Raises:
        StepFailure: as `write`; `state_too_large` or `state_too_deep`.
    """
    try:
        check_json(value)
    except EncodingError as error:
        # A size is a fault of the whole value, a depth one of a place in it.
        code = StepErrorCode.STATE_TOO_LARGE if error.where == "/" else StepErrorCode.STATE_TOO_DEEP
        raise StepFailure(code, error.what, where=pointer.text) from error
    # A copy, because the value may be written inside one of its own parts.
    write(view, pointer, orjson.loads(encode_checked(value)))


def remove(view: StateView, pointer: Pointer) -> None:
    """
    Take away the value at a pointer other than the root; later elements of an array move up.

    Raises:
        StepFailure: there is no such value.
    """
    first, last = pointer.tokens[0], pointer.tokens[-1]
    if first not in view:
        raise _missing(first, pointer)
    if len(pointer.tokens) == 1:
        view.drop(first)
        return
    parent = _parent(view, pointer)
    if type(parent) is dict:
        if last not in parent:
            raise _missing(last, pointer)
        del parent[last]
    else:
        del parent[_index(parent, last, pointer)]
    view.mark(first)


def _parent(view: StateView, pointer: Pointer) -> JsonValue:
    first = pointer.tokens[0]
    if first not in view:
        raise _missing(first, pointer)
    parent = find(view.load(first), pointer.tokens[1:-1], pointer)
    refuse_sealed(parent, pointer.text)
    if type(parent) not in (dict, list):
        raise StepFailure(
            StepErrorCode.WRONG_TYPE, f"{_kind(parent)} has no member {pointer.tokens[-1]!r}", where=pointer.text
        )
    return parent


def _index(items: list[JsonValue], token: str, pointer: Pointer) -> int:
    index = array_index(token)
    if index is None:
        raise StepFailure(StepErrorCode.WRONG_TYPE, f"{token!r} is not an array index", where=pointer.text)
    if index >= len(items):
        raise StepFailure(
            StepErrorCode.PATH_MISSING, f"index {index} is beyond {len(items)} elements", where=pointer.text
        )
    return index


def _missing(token: str, pointer: Pointer) -> StepFailure:
    return StepFailure(StepErrorCode.PATH_MISSING, f"nothing named {token!r}", where=pointer.text)


def _kind(value: JsonValue) -> str:
    return "null" if value is None else type(value).__name__
