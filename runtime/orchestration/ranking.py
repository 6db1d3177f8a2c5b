"""The operations `select` and `prioritize`: put the elements of a list in order, and keep the first.

Elements that compare equal stay in the order they came in. How an element gets its score is in `weighing.py`.
"""

from collections.abc import Sequence
from functools import partial
from typing import Final

from runtime.encoding.canonical import JsonValue
from runtime.encoding.pointer import Pointer
from runtime.limits import MAX_DOCUMENT_BYTES
from runtime.orchestration.elements import each, member_of, read_items
from runtime.orchestration.expressing import Fuel, PerItem
from runtime.orchestration.failures import StepErrorCode, StepFailure
from runtime.orchestration.opaque import canonical_opened, order_opened
from runtime.orchestration.paths import read, write_copy
from runtime.orchestration.payloads import Missing
from runtime.orchestration.payloads_rules import (
    Direction,
    Order,
    PickPayload,
    PrioritizePayload,
    SelectPayload,
)
from runtime.orchestration.view import StateView
from runtime.orchestration.weighing import ByExpression, ByWeights

__all__ = ["prioritize", "select"]

_LEAST_ENTRY: Final = len('{"item":0,"rank":1,"reasons":[],"score":0},')
_LEAST_REASON: Final = len('{"kind":"expression","reads":{}}')
"""Bytes that an element, and each reason for its score, take in a ranking at least."""


def select(payload: SelectPayload, view: StateView) -> None:
    """
    Write the elements of a list that fulfil a condition, in order, as many as are wanted.

    Raises:
        StepFailure: `path_missing`, `wrong_type`, `out_of_fuel`, or why the condition has no value, at the element.
    """
    items = read_items(payload, view)
    fuel = _fuel(payload, len(items), len(payload.order_by))
    kept = list(range(len(items)))
    if payload.rule is not None:
        condition = PerItem(payload.rule, "where", view, fuel)
        kept = [index for index, holds in enumerate(each(payload, items, kept, condition.holds)) if holds]
    ordered = _in_order(payload, items, kept, payload.order_by)
    if payload.distinct_by is not None:
        firsts: dict[bytes, int] = {}
        for name, index in zip(each(payload, items, ordered, partial(_name, payload)), ordered, strict=True):
            firsts.setdefault(name, index)
        ordered = list(firsts.values())
    write_copy(view, payload.path, [items[index] for index in ordered[: payload.limit]])


def prioritize(payload: PrioritizePayload, view: StateView) -> None:
    """
    Write the elements of a list by descending score, each with its rank, its score and the reasons for it.

    Raises:
        StepFailure: `path_missing`, `wrong_type`, `number_out_of_range`, `out_of_fuel`, `state_too_large`, or why the
            score has no value, at the element.
    """
    items = read_items(payload, view)
    fuel = _fuel(payload, len(items), len(payload.weights) + len(payload.tie_breakers))
    scorer = _scorer(payload, view, fuel)
    scores = each(payload, items, range(len(items)), scorer.score_of)
    ordered = _in_order(payload, items, range(len(items)), payload.tie_breakers)
    ordered.sort(key=scores.__getitem__, reverse=True)
    ordered = ordered[: payload.limit]
    # Before they are made: that many would not fit into a state, and perhaps not into memory.
    if len(ordered) * (_LEAST_ENTRY + max(1, len(payload.weights)) * _LEAST_REASON) > MAX_DOCUMENT_BYTES:
        raise StepFailure(
            StepErrorCode.STATE_TOO_LARGE, f"a ranking of {len(ordered)} elements", where=payload.path.text
        )
    reasons = each(payload, items, ordered, scorer.reasons_for)
    ranking = [
        {"rank": rank, "score": scores[index], "item": items[index], "reasons": why}
        for rank, (index, why) in enumerate(zip(ordered, reasons, strict=True), 1)
    ]
    write_copy(view, payload.path, ranking)


def _scorer(payload: PrioritizePayload, view: StateView, fuel: Fuel) -> ByExpression | ByWeights:
    if payload.rule is not None:
        return ByExpression(payload.rule, view, fuel)
    return ByWeights(payload.weights, payload.missing, partial(read, view, payload.today))


def _fuel(payload: PickPayload, count: int, parts: int) -> Fuel:
    try:
        return Fuel(count * (1 + parts))
    except StepFailure as failure:
        raise StepFailure(failure.code, failure.reason, where=payload.from_.text) from failure


def _name(payload: SelectPayload, item: JsonValue) -> bytes:
    assert payload.distinct_by is not None  # noqa: S101 - narrows the type; the caller has looked.
    return canonical_opened(member_of(item, payload.distinct_by, payload.missing), payload.distinct_by.text)


def _key(of: Pointer, missing: Missing, item: JsonValue) -> tuple[int, JsonValue]:
    return order_opened(member_of(item, of, missing), of.text)


def _in_order(
    payload: PickPayload, items: list[JsonValue], indices: Sequence[int], orders: tuple[Order, ...]
) -> list[int]:
    """
    Sort some elements by several members, the first being the most important.
    """
    ordered = list(indices)
    for order in reversed(orders):
        keys = dict(zip(indices, each(payload, items, indices, partial(_key, order.of, payload.missing)), strict=True))
        # Sorting backwards keeps equal elements in the order they came in, as sorting forwards does.
        ordered.sort(key=keys.__getitem__, reverse=order.direction is Direction.DESCENDING)
    return ordered
