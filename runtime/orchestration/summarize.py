"""The operation `summarize`: group the objects of a list and measure each group."""

import math

import orjson

from runtime.encoding.canonical import JsonValue, check_json, encode_checked
from runtime.encoding.order import order_key
from runtime.errors import EncodingError
from runtime.limits import MAX_NUMBER
from runtime.orchestration.failures import StepErrorCode, StepFailure
from runtime.orchestration.paths import exists, find, read, write
from runtime.orchestration.payloads import Measure, MeasureKind, Missing, SummarizePayload
from runtime.orchestration.view import StateView

__all__ = ["checked_number", "summarize"]


def summarize(payload: SummarizePayload, view: StateView) -> None:
    """
    Write `{group: {measure: value}}`, or `{measure: value}` without `group_by`.

    With `missing: empty` an absent list counts as empty, an item without the group member belongs to group `""`, and
    one without a measured member adds nothing to that measure; with `missing: error` each fails the step.

    Raises:
        StepFailure: `path_missing`, `wrong_type` (no list, a group that is no string, a sum over other than numbers) or
            `number_out_of_range`.
    """
    items = _items(payload, view)
    result: JsonValue
    if payload.group_by is None:
        result = _measure_all(payload, items)
    else:
        groups: dict[str, list[JsonValue]] = {}
        for item in items:
            groups.setdefault(_group(payload, item), []).append(item)
        result = {name: _measure_all(payload, members) for name, members in groups.items()}
    try:
        check_json(result)  # Measures may hold the same items many times over.
    except EncodingError as error:
        # A size is a fault of the whole summary, a depth one of a place in it.
        code = StepErrorCode.STATE_TOO_LARGE if error.where == "/" else StepErrorCode.STATE_TOO_DEEP
        raise StepFailure(code, error.what, where=payload.path.text) from error
    # A copy, because the summary may be written inside one of the items it holds.
    write(view, payload.path, orjson.loads(encode_checked(result)))


def checked_number(value: float, where: str) -> int | float:
    """
    Give a number back, if JSON holds it exactly.

    Raises:
        StepFailure: `number_out_of_range`.
    """
    if not -MAX_NUMBER <= value <= MAX_NUMBER:
        raise StepFailure(StepErrorCode.NUMBER_OUT_OF_RANGE, "a number outside ±(2^53-1)", where=where)
    return value


def _items(payload: SummarizePayload, view: StateView) -> list[JsonValue]:
    if payload.missing is Missing.EMPTY and not exists(view, payload.from_):
        return []
    items = read(view, payload.from_)
    if type(items) is not list:
        raise StepFailure(StepErrorCode.WRONG_TYPE, "expected a list", where=payload.from_.text)
    return items


def _group(payload: SummarizePayload, item: JsonValue) -> str:
    assert payload.group_by is not None  # noqa: S101 - narrows the type; the caller has looked.
    try:
        name = find(item, payload.group_by.tokens, payload.group_by)
    except StepFailure as failure:
        if payload.missing is Missing.EMPTY and failure.code is StepErrorCode.PATH_MISSING:
            return ""
        raise
    if type(name) is not str:
        raise StepFailure(StepErrorCode.WRONG_TYPE, "a group that is not a string", where=payload.group_by.text)
    return name


def _measure_all(payload: SummarizePayload, items: list[JsonValue]) -> JsonValue:
    return {name: _measure(measure, items, payload.missing) for name, measure in payload.measures.items()}


def _measure(measure: Measure, items: list[JsonValue], missing: Missing) -> JsonValue:
    values = items if measure.of is None else _values(measure, items, missing)
    where = "" if measure.of is None else measure.of.text
    match measure.kind:
        case MeasureKind.COUNT:
            return len(values)
        case MeasureKind.LIST:
            return values
        case MeasureKind.MIN:
            return min(values, key=order_key, default=None)
        case MeasureKind.MAX:
            return max(values, key=order_key, default=None)
        case MeasureKind.SUM:
            return checked_number(_total(values, where), where)
        case MeasureKind.AVG:
            return checked_number(_total(values, where) / len(values), where) if values else None


def _values(measure: Measure, items: list[JsonValue], missing: Missing) -> list[JsonValue]:
    assert measure.of is not None  # noqa: S101 - narrows the type; the caller has looked.
    values = []
    for item in items:
        try:
            values.append(find(item, measure.of.tokens, measure.of))
        except StepFailure as failure:
            if missing is Missing.ERROR or failure.code is not StepErrorCode.PATH_MISSING:
                raise
    return values


def _total(values: list[JsonValue], where: str) -> int | float:
    if not all(type(value) in (int, float) for value in values):
        raise StepFailure(StepErrorCode.WRONG_TYPE, "a sum over other than numbers", where=where)
    if any(type(value) is float for value in values):
        return math.fsum(values)
    return sum(values)
