"""What operations do in the second engine: whole copies, plain Python. `reference_rules.py` has those with a rule.

Expressions alone are worked out by the package, whose evaluator has a judge of its own.
"""

import hashlib
import json
import math
import re
from typing import Any

import rfc8785

from runtime.errors import EvaluationError
from runtime.policy.expressions import Expression

_ORDER = {type(None): 0, bool: 1, int: 2, float: 2, str: 3, list: 4, dict: 5}


class FailedError(Exception):
    """
    A step fails, with a code.
    """


def copy(value: Any) -> Any:
    """
    Copy through the canonical bytes, so that 2.0 is 2.
    """
    return json.loads(rfc8785.dumps(value))


def digest(value: Any) -> str:
    """
    Digest a value.
    """
    return "sha256:" + hashlib.sha256(rfc8785.dumps(value)).hexdigest()


def operate(operation: str, payload: Any, state: Any) -> Any:
    """
    Apply an operation that follows no rule to a state.
    """
    path = payload.get("path")
    if operation in ("noop", "fail"):
        return state if operation == "noop" else typed(state, code="step_failed")
    if operation in ("set", "append", "merge"):
        value = payload["value"] if "value" in payload else copy(read(state, payload["from"]))
    if operation == "append":
        value = [*typed(read(state, path, []), list), value]
    elif operation == "merge":
        value = _merge(read(state, path, None), value)
    elif operation == "increment":
        value = total([read(state, path), payload.get("by", 1)])
    elif operation == "summarize":
        value = copy(_summarize(payload, state))
    return write(state, path, ... if operation == "remove" else value) if path else typed(value, dict)


def read(value: Any, pointer: str, *default: Any) -> Any:
    """
    Give what stands at a pointer, or else the default, if one is given.
    """
    for token in pointer.split("/")[1:]:
        key = _key(value, token)
        if key not in (value if type(value) is dict else range(len(value))):
            return default[0] if default else typed(value, code="path_missing")
        value = value[key]
    return value


def _key(value: Any, token: str) -> Any:
    if type(value) is list and re.fullmatch("0|[1-9][0-9]*", token):
        return int(token)
    return token.replace("~1", "/").replace("~0", "~") if type(value) is dict else typed(value)


def write(state: Any, pointer: str, value: Any) -> Any:
    """
    Write a value, or take away what stands there for an ellipsis.
    """
    parent, _, last = pointer.rpartition("/")
    above = read(state, parent)
    if type(above) is not dict or value is ...:
        read(above, "/" + last)
    above[_key(above, last)] = value
    if value is ...:
        del above[_key(above, last)]
    return state


def typed(value: Any, *kinds: type, code: str = "wrong_type") -> Any:
    """
    Give a value of one of these types, or fail.
    """
    if type(value) not in kinds:
        raise FailedError(code)
    return value


def evaluate(expression: str, state: Any, *item: Any) -> Any:
    """
    Work an expression out over the members of a state, and perhaps an item.
    """
    try:
        return Expression.parse(expression, ("item",)[: len(item)]).evaluate(state, *item)
    except EvaluationError as error:
        raise FailedError(error.failure) from error


def _merge(target: Any, patch: Any) -> Any:
    if type(patch) is not dict:
        return patch
    target = target if type(target) is dict else {}
    kept = {name: value for name, value in target.items() if name not in patch}
    return kept | {name: _merge(target.get(name), value) for name, value in patch.items() if value is not None}


def total(numbers: list[Any], count: int = 0) -> float:
    """
    Add numbers, or average them.
    """
    add = math.fsum if float in map(type, numbers) else sum
    summed = add([typed(number, int, float) for number in numbers])
    summed = summed / count if count else summed
    return summed if abs(summed) < 2**53 else typed(summed, code="number_out_of_range")


def _summarize(payload: Any, state: Any) -> Any:
    by, if_empty = payload.get("group_by"), payload.get("missing") == "empty"
    items = typed(read(state, payload["from"], *[[]] * if_empty), list)
    held = {
        label: [item for item in enumerate(items) if typed(evaluate(spec["where"], state, item[1]), bool)]
        for label, spec in payload["measures"].items()
        if spec.get("where") is not None
    }
    groups: dict[str, Any] = (
        {"": list(enumerate(items))} if by is None else _grouped(list(enumerate(items)), by, if_empty)
    )
    for name, pairs in groups.items():
        groups[name] = {
            label: _measure(spec, [pair for pair in pairs if pair in held.get(label, pairs)], if_empty)
            for label, spec in payload["measures"].items()
        }
    return groups[""] if by is None else groups


def _grouped(pairs: list[Any], by: str, if_empty: bool) -> dict[str, Any]:  # noqa: FBT001 - private.
    groups: dict[str, Any] = {}
    for pair in pairs:
        groups.setdefault(typed(read(pair[1], by, *[""] * if_empty), str), []).append(pair)
    return groups


def _measure(spec: Any, pairs: list[Any], if_empty: bool) -> Any:  # noqa: FBT001 - private.
    if spec.get("by") is not None:
        plain = {**spec, "by": None}
        return {name: _measure(plain, some, if_empty) for name, some in _grouped(pairs, spec["by"], if_empty).items()}
    all_values = (read(item, spec.get("of") or "", *[...] * if_empty) for _, item in pairs)
    values = [one for one in all_values if one is not ...]
    if spec["kind"] in ("sum", "avg"):
        return total(values, len(values) * (spec["kind"] == "avg")) if values or spec["kind"] == "sum" else None
    if spec["kind"] in ("min", "max"):
        values.sort(key=order_of)
        return values[-(spec["kind"] == "max")] if values else None
    return len(values) if spec["kind"] == "count" else values


def order_of(value: Any) -> Any:
    """
    Give the key by which JSON values sort.
    """
    return _ORDER[type(value)], rfc8785.dumps(value) if type(value) in (list, dict) else 0 if value is None else value


def checked(state: Any) -> Any:
    """
    Fail where a state would be too large or too deep.
    """
    if _depth(state) > 64:
        raise FailedError("state_too_deep")
    return copy(state) if len(rfc8785.dumps(state)) <= 2**24 else typed(state, code="state_too_large")


def _depth(value: Any) -> int:
    members = value.values() if type(value) is dict else value if type(value) is list else ()
    return (type(value) in (dict, list)) + max(map(_depth, members), default=0)
