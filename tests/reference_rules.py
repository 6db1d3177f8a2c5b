"""The operations of the second engine that follow a rule: own sorting, own scores, own dates."""

import re
from datetime import date
from functools import cmp_to_key
from typing import Any

from reference_operations import FailedError, copy, evaluate, order_of, read, total, typed, write

from runtime.policy.expressions import Expression

RULES = ("check", "compute", "prioritize", "select")


def apply_rule(operation: str, payload: Any, state: Any) -> Any:
    """
    Apply an operation of RULES to a state.
    """
    if operation == "check":
        holds = typed(evaluate(payload["expression"], state), bool)
        return state if holds else typed(state, code=payload.get("code", "check_failed"))
    if operation == "compute":
        return write(state, payload["path"], evaluate(payload["expression"], state))
    items = typed(read(state, payload["from"], *[[]] * (payload.get("missing") == "empty")), list)
    make = _select if operation == "select" else _prioritize
    return write(state, payload["path"], copy(make(payload, state, items)[: payload.get("limit")]))


def _default(payload: Any) -> list[Any]:
    return [None] if payload.get("missing") == "empty" else []


def _select(payload: Any, state: Any, items: list[Any]) -> list[Any]:
    where = payload.get("where")
    kept = items if where is None else [one for one in items if typed(evaluate(where, state, one), bool)]
    orders = payload.get("order_by", [])
    ordered = [item for item, _ in sorted(_keyed(payload, kept, orders), key=cmp_to_key(_comparison(orders)))]
    by = payload.get("distinct_by")
    names = [order_of(read(item, by, *_default(payload))) for item in ordered] if by is not None else []
    return [item for index, item in enumerate(ordered) if by is None or names[index] not in names[:index]]


def _keyed(payload: Any, items: list[Any], orders: list[Any]) -> list[tuple[Any, list[Any]]]:
    # From the last order to the first, as the engine reads them; it matters where more than one would fail.
    columns = [[order_of(read(one, order["of"], *_default(payload))) for one in items] for order in orders[::-1]][::-1]
    return [(item, [column[index] for column in columns]) for index, item in enumerate(items)]


def _comparison(orders: list[Any]) -> Any:
    def compare(left: Any, right: Any) -> int:
        for order, one, other in zip(orders, left[1], right[1], strict=True):
            if one != other:
                return 1 if (one > other) == (order.get("direction", "ascending") == "ascending") else -1
        return 0

    return compare


def _prioritize(payload: Any, state: Any, items: list[Any]) -> list[Any]:
    scored = [_score(payload, state, item) for item in items]
    orders = payload.get("tie_breakers", [])
    keyed = [(one, keys) for one, (_, keys) in zip(scored, _keyed(payload, items, orders), strict=True)]
    compare = _comparison(orders)

    def compare_scored(left: Any, right: Any) -> int:
        one, other = left[0]["score"], right[0]["score"]
        return compare(left, right) if one == other else 1 if one < other else -1

    ranked = sorted(keyed, key=cmp_to_key(compare_scored))
    return [{"rank": rank, **one} for rank, (one, _) in enumerate(ranked, 1)]


def _score(payload: Any, state: Any, item: Any) -> Any:
    rule = payload["score"]
    if type(rule) is not str:
        reasons = [_reason(payload, weight, state, item) for weight in rule]
        return {"score": total([reason["points"] for reason in reasons]), "item": item, "reasons": reasons}
    score = typed(evaluate(rule, state, item), int, float)
    reads = {}
    for path in Expression.parse(rule, ("item",)).list_reads(item=("item",)):
        if path.split("/")[1] == "item":
            try:
                value = read(item, path[len("/item") :])
            except FailedError:
                continue
            kind = "list" if type(value) is list else "object"
            reads[path[len("/item") :]] = f"{kind} of {len(value)}" if type(value) in (list, dict) else value
    return {"score": score, "item": item, "reasons": [{"kind": "expression", "reads": reads}]}


def _reason(payload: Any, weight: Any, state: Any, item: Any) -> Any:
    value = read(item, weight["of"], *_default(payload))
    reason = {"kind": weight["kind"], "of": weight["of"], "value": value, "points": 0}
    if value is None:
        return reason if _default(payload) else typed(value, code="path_missing")
    if weight["kind"] == "count":
        reason["value"] = amount = len(typed(value, list))
    elif weight["kind"] == "days_until":
        day = _day(value)
        amount = max(0, weight.get("within", 14) - (day - _day(read(state, payload.get("today", "/today")))).days)
    elif weight["kind"] == "rank_of":
        amount = weight["order"].index(value) if typed(value, int, float, str) in weight["order"] else typed(value)
    else:
        amount = typed(value, int, float)
    return {**reason, "points": total([weight["weight"] * amount])}


def _day(value: Any) -> date:
    if not re.fullmatch("[0-9]{4}-[0-9]{2}-[0-9]{2}", typed(value, str)):
        raise FailedError("wrong_type")
    try:
        return date.fromisoformat(value)
    except ValueError as error:
        raise FailedError("wrong_type") from error
