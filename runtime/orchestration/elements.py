"""What the operations on lists share: the list and its elements, with their places, and sums of numbers."""

import math
from collections.abc import Callable, Iterable, Sequence
from typing import TypeVar

from runtime.encoding.canonical import JsonValue
from runtime.encoding.pointer import Pointer
from runtime.limits import MAX_NUMBER
from runtime.orchestration.failures import StepErrorCode, StepFailure
from runtime.orchestration.opaque import refuse_sealed
from runtime.orchestration.paths import exists, find, read
from runtime.orchestration.payloads import ListPayload, Missing
from runtime.orchestration.view import StateView

__all__ = ["checked_number", "each", "member_of", "read_items", "total"]

T = TypeVar("T")


def read_items(payload: ListPayload, view: StateView) -> list[JsonValue]:
    """
    Give the list an operation reads; with `missing: empty` an absent one is empty.

    Raises:
        StepFailure: `path_missing`, or `wrong_type` for what is no list.
    """
    if payload.missing is Missing.EMPTY and not exists(view, payload.from_):
        return []
    items = read(view, payload.from_)
    refuse_sealed(items, payload.from_.text)
    if type(items) is not list:
        raise StepFailure(StepErrorCode.WRONG_TYPE, "expected a list", where=payload.from_.text)
    return items


def each(
    payload: ListPayload, items: Sequence[JsonValue], indices: Iterable[int], work: Callable[[JsonValue], T]
) -> list[T]:
    """
    Do some work for each of these elements, in order; a failure names the element.
    """
    done = []
    for index in indices:
        try:
            done.append(work(items[index]))
        except StepFailure as failure:
            where = f"{payload.from_}/{index}{failure.where}"
            raise StepFailure(failure.code, failure.reason, where=where) from failure
    return done


def member_of(item: JsonValue, of: Pointer, missing: Missing) -> JsonValue:
    """
    Give a member of an element; with `missing: empty` an absent one is null.

    Raises:
        StepFailure: `path_missing`, or `wrong_type` where a scalar stands in the way.
    """
    try:
        return find(item, of.tokens, of)
    except StepFailure as failure:
        if missing is Missing.EMPTY and failure.code is StepErrorCode.PATH_MISSING:
            return None
        raise


def checked_number(value: float, where: str) -> int | float:
    """
    Give a number back, if JSON holds it exactly; an integral one is an integer.

    Raises:
        StepFailure: `number_out_of_range`.
    """
    if not -MAX_NUMBER <= value <= MAX_NUMBER:
        raise StepFailure(StepErrorCode.NUMBER_OUT_OF_RANGE, "a number outside ±(2^53-1)", where=where)
    # As it will be written: the fast encoder writes `2.0` otherwise, and the exact one is slow.
    return int(value) if type(value) is float and value.is_integer() else value


def total(values: list[JsonValue], where: str) -> int | float:
    """
    Add numbers: exactly, or with a fraction among them exactly and then rounded once, whatever their order.

    Raises:
        StepFailure: `wrong_type`.
    """
    if not all(type(value) in (int, float) for value in values):
        for value in values:
            refuse_sealed(value, where)
        raise StepFailure(StepErrorCode.WRONG_TYPE, "a sum over other than numbers", where=where)
    if any(type(value) is float for value in values):
        return math.fsum(values)
    return sum(values)
