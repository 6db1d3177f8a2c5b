"""The operation `summarize`: group the objects of a list and measure each group."""

from collections.abc import Iterable
from functools import partial

from runtime.encoding.canonical import JsonValue
from runtime.encoding.pointer import Pointer
from runtime.orchestration.elements import checked_number, each, read_items, total
from runtime.orchestration.expressing import Fuel, PerItem
from runtime.orchestration.failures import StepErrorCode, StepFailure
from runtime.orchestration.opaque import order_opened, refuse_sealed
from runtime.orchestration.paths import find, write_copy
from runtime.orchestration.payloads import ITEM, Measure, MeasureKind, Missing, SummarizePayload
from runtime.orchestration.view import StateView
from runtime.policy.expressions import Expression

__all__ = ["summarize"]


def summarize(payload: SummarizePayload, view: StateView) -> None:
    """
    Write `{group: {measure: value}}`, or `{measure: value}` without `group_by`; a measure with `by` is an object itself.

    With `missing: empty` an absent list counts as empty, an item without the group member belongs to group `""`, and
    one without a measured member adds nothing to that measure; with `missing: error` each fails the step.

    Raises:
        StepFailure: `path_missing`, `wrong_type` (no list, a group that is no string, a sum over other than numbers),
            `number_out_of_range`, or why a condition has no value.
    """
    items = read_items(payload, view)
    counted = _counted(payload, items, view)
    everything = range(len(items))
    result: JsonValue
    if payload.group_by is None:
        result = _measure_all(payload, items, everything, counted)
    else:
        groups = _group(payload, items, everything, payload.group_by)
        result = {name: _measure_all(payload, items, members, counted) for name, members in groups.items()}
    write_copy(view, payload.path, result)


def _counted(payload: SummarizePayload, items: list[JsonValue], view: StateView) -> dict[str, set[int]]:
    """
    Work out which items each measure with a condition counts.
    """
    fuel = Fuel(0)
    found = {}
    for name, measure in payload.measures.items():
        if measure.where is not None:
            condition = PerItem(Expression.parse(measure.where, (ITEM,)), f"measures[{name!r}].where", view, fuel)
            holds = each(payload, items, range(len(items)), condition.holds)
            found[name] = {index for index, is_held in enumerate(holds) if is_held}
    return found


def _group(
    payload: SummarizePayload, items: list[JsonValue], indices: Iterable[int], by: Pointer
) -> dict[str, list[int]]:
    groups: dict[str, list[int]] = {}
    indices = list(indices)
    for index, name in zip(indices, each(payload, items, indices, partial(_name, payload, by)), strict=True):
        groups.setdefault(name, []).append(index)
    return groups


def _name(payload: SummarizePayload, by: Pointer, item: JsonValue) -> str:
    try:
        name = find(item, by.tokens, by)
    except StepFailure as failure:
        if payload.missing is Missing.EMPTY and failure.code is StepErrorCode.PATH_MISSING:
            return ""
        raise
    refuse_sealed(name, by.text)
    if type(name) is not str:
        raise StepFailure(StepErrorCode.WRONG_TYPE, "a group that is not a string", where=by.text)
    return name


def _measure_all(
    payload: SummarizePayload, items: list[JsonValue], indices: Iterable[int], counted: dict[str, set[int]]
) -> JsonValue:
    measured: dict[str, JsonValue] = {}
    for name, measure in payload.measures.items():
        chosen = [index for index in indices if name not in counted or index in counted[name]]
        if measure.by is None:
            measured[name] = _measure(payload, measure, [items[index] for index in chosen])
        else:
            groups = _group(payload, items, chosen, measure.by)
            measured[name] = {
                key: _measure(payload, measure, [items[index] for index in members]) for key, members in groups.items()
            }
    return measured


def _measure(payload: SummarizePayload, measure: Measure, items: list[JsonValue]) -> JsonValue:
    values = items if measure.of is None else _values(measure.of, items, payload.missing)
    where = "" if measure.of is None else measure.of.text
    match measure.kind:
        case MeasureKind.COUNT:
            return len(values)
        case MeasureKind.LIST:
            return values
        case MeasureKind.MIN:
            return min(values, key=partial(order_opened, where=where), default=None)
        case MeasureKind.MAX:
            return max(values, key=partial(order_opened, where=where), default=None)
        case MeasureKind.SUM:
            return checked_number(total(values, where), where)
        case MeasureKind.AVG:
            return checked_number(total(values, where) / len(values), where) if values else None


def _values(of: Pointer, items: list[JsonValue], missing: Missing) -> list[JsonValue]:
    values = []
    for item in items:
        try:
            values.append(find(item, of.tokens, of))
        except StepFailure as failure:
            if missing is Missing.ERROR or failure.code is not StepErrorCode.PATH_MISSING:
                raise
    return values
