"""The nearest value that would make a clause true, or false: what a refused requester wants to know.

Only what can be told for certain is told: one path of the clause changed, all else as it is. Laws (property tests): the
clause with that value at that path is as wanted, and for a number no value between the one seen and the one told is (no
whole number, where whole numbers are compared).
"""

import math
from functools import lru_cache
from typing import Any, Final, final

import attrs

from runtime.encoding.canonical import JsonValue
from runtime.errors import EvaluationError
from runtime.limits import MAX_NUMBER
from runtime.policy.compiler import compile_node
from runtime.policy.conditions import Evaluator
from runtime.policy.reads import Path, list_reads, path_of, path_text
from runtime.policy.semantics import Environment, refuse_sealed
from runtime.policy.syntax import MIRRORED, Call, Literal, Logic, Node, Not, Relation, count_nodes

__all__ = ["ABSENT", "LONGEST_TEXT", "Near", "find_nearest", "holds_with", "look_up"]

LONGEST_TEXT: Final = 200
"""Characters of a text that is shown; a longer one is told by its type and size."""

_OPPOSITE: Final = {"==": "!=", "!=": "==", "<": ">=", ">=": "<", ">": "<=", "<=": ">"}
_NUMBERS: Final = (int, float)
ABSENT: Final = object()
"""Nothing stands there; it is no JSON value."""
_NONE: Final = object()
"""There is no such value, or it cannot be told."""


@final
@attrs.frozen(eq=False, repr=False)
class Near:
    """
    What the value at a path, or its size, would have to be.
    """

    path: Path
    is_size: bool
    value: JsonValue
    seen: Any
    """What it is now; `_NONE` where that cannot be told."""

    def to_dict(self) -> dict[str, JsonValue]:
        """
        Give it as it stands in a verdict.
        """
        return {"path": _text(self.path), "of": "size" if self.is_size else "value", "value": self.value}

    @property
    def distance(self) -> tuple[float, float]:
        """
        How far the value seen is from it, to be compared with others; the same for all where that is no number.
        """
        if type(self.value) not in _NUMBERS or type(self.seen) not in _NUMBERS:
            return 0, 0
        # Differences are rounded, and so may be equal; of two values on one side the one towards the value seen counts.
        return abs(self.value - self.seen), self.value if self.value > self.seen else -self.value


def look_up(path: Path, env: Environment) -> Any:  # noqa: ANN401 - a JSON value, or ABSENT.
    """
    Give what stands at a path.

    Raises:
        EvaluationError: the path leads into a seal.
    """
    value: Any = env.variables
    for part in path:
        if value is env.variables or type(value) is dict:
            refuse_sealed(value)
            if part not in value:
                return ABSENT
        elif type(value) is not list or type(part) is not int or not 0 <= part < len(value):
            return ABSENT
        value = value[part]
    return value


def _is_absent(path: Path, env: Environment) -> bool:
    try:
        return look_up(path, env) is ABSENT
    except EvaluationError:
        return False


def find_nearest(node: Node, env: Environment, *, wanted: bool) -> Near | None:
    """
    Find the one change that makes a node `wanted`; None where none can be told.

    What it finds by a value is still to be tried out with `holds_with`: a change may reach further than the node shows.
    """
    match node:
        case Not():
            return find_nearest(node.operand, env, wanted=not wanted)
        case Logic() if node.is_and is wanted:
            return _nearest_of_all(node, env, wanted=wanted)
        case Logic():
            return _nearest_of_any(node, env, wanted=wanted)
        case Relation():
            return _nearest_of_relation(node, env, wanted=wanted)
    path = _path(node)
    return None if path is None else Near(path, is_size=False, value=wanted, seen=_value(node, env))


def holds_with(near: Near, run: Evaluator, env: Environment, *, wanted: bool) -> bool:
    """
    Try a change out: whether it can be made, and makes a condition `wanted`. The fuel of `env` is used.
    """
    variables = _changed(env.variables, near.path, near.value)
    if variables is None:
        return False
    if near.is_size:
        # Nothing but the size is looked at, or `find_nearest` would not have told it; but what is there must have one.
        return type(near.seen) is int or _is_absent(near.path, env)
    changed = Environment(variables, env.bound)
    changed.fuel = env.fuel
    try:
        return run(changed) is wanted
    except EvaluationError:
        return False


def _nearest_of_all(node: Logic, env: Environment, *, wanted: bool) -> Near | None:
    """
    Every operand must be as wanted: where one stands in the way, and nothing else reads what would mend it.
    """
    standing = [operand for operand in node.operands if _value(operand, env) is not wanted]
    if len(standing) != 1:
        return None
    near = find_nearest(standing[0], env, wanted=wanted)
    others = [operand for operand in node.operands if operand is not standing[0]]
    return near if near and not any(_touches(operand, near.path) for operand in others) else None


def _nearest_of_any(node: Logic, env: Environment, *, wanted: bool) -> Near | None:
    """
    One operand as wanted is enough: the first that can be told, or the nearest of those about the same number.
    """
    found = [find_nearest(operand, env, wanted=wanted) for operand in node.operands]
    # By their first names, so that a long chain about many things takes no longer than its length.
    reads: dict[str | int, dict[int, list[Path]]] = {}
    for index, operand in enumerate(node.operands):
        for path in list_reads(operand, {}):
            reads.setdefault(path[0], {}).setdefault(index, []).append(path)
    tried = set()
    for near in filter(None, found):
        place = (near.path, near.is_size)
        if place in tried:
            continue
        tried.add(place)
        touching = [
            index for index, paths in reads[near.path[0]].items() if any(_meet(path, near.path) for path in paths)
        ]
        same = [one for index in touching if (one := found[index]) and (one.path, one.is_size) == place]
        # Solved once for whole numbers and once for fractions, two solutions cannot be compared.
        if len(same) == len(touching) and not {int, float} <= {type(one.value) for one in same}:
            return min(same, key=lambda one: one.distance)
        if type(near.value) not in _NUMBERS:
            return near
        # Another operand may hold for a number that is nearer, and what it is cannot be told.
    return None


def _nearest_of_relation(node: Relation, env: Environment, *, wanted: bool) -> Near | None:
    if node.operator == "in":
        return _nearest_member(node, env) if wanted else None
    operator = node.operator if wanted else _OPPOSITE[node.operator]
    for side, other, turned in ((node.left, node.right, operator), (node.right, node.left, MIRRORED[operator])):
        is_size = isinstance(side, Call) and side.method == "size"
        path = _path(side.operand if isinstance(side, Call) and is_size else side)
        if path is None or _touches(other, path):
            continue
        seen = _value(side, env)
        value = _solve(turned, _value(other, env), seen)
        if value is not _NONE and (not is_size or (type(value) is int and value >= 0)):
            return Near(path, is_size, value, seen)
    return None


def _nearest_member(node: Relation, env: Environment) -> Near | None:
    path = _path(node.left)
    members = _value(node.right, env)
    if path is None or type(members) is not list or not members or _touches(node.right, path):
        return None
    seen = _value(node.left, env)
    numbers = [member for member in members if type(member) in _NUMBERS]
    if type(seen) in _NUMBERS and numbers:
        return Near(path, False, _whole(min(numbers, key=lambda member: (abs(member - seen), member))), seen)
    told = next(filter(_is_short, members), _NONE)
    return None if told is _NONE else Near(path, False, _whole(told), seen)


def _solve(operator: str, bound: JsonValue, seen: JsonValue) -> Any:  # noqa: ANN401 - or _NONE.
    """
    Give the value closest to a bound for which `value operator bound` holds.

    Where the bound and the value seen are whole numbers, so is the answer.
    """
    bound, seen = _whole(bound), _whole(seen)
    if operator == "!=" or not _is_short(bound) or (operator != "==" and bound is None):
        return _NONE
    if operator in ("==", "<=", ">="):
        return bound
    if type(bound) not in _NUMBERS:
        return _NONE
    step = -1 if operator == "<" else 1
    value: float = (
        bound + step if int is type(bound) and type(seen) is not float else math.nextafter(bound, step * math.inf)
    )
    return value if abs(value) <= MAX_NUMBER else _NONE


def _whole(value: Any) -> Any:  # noqa: ANN401 - a JSON value, or _NONE.
    # 2.0 is 2: what is told must not depend on how a number was written.
    return int(value) if type(value) is float and value.is_integer() else value


def _is_short(value: object) -> bool:
    return type(value) in (int, float, bool, type(None)) or (type(value) is str and len(value) <= LONGEST_TEXT)


_compiled = lru_cache(maxsize=4096)(compile_node)
"""Nodes are compared by identity, and those of a pack are few; so are they below."""
_cost = lru_cache(maxsize=4096)(count_nodes)


_text = lru_cache(maxsize=4096)(path_text)


@lru_cache(maxsize=4096)
def _path(node: Node) -> Path | None:
    return path_of(node, {})


def _value(node: Node, env: Environment) -> Any:  # noqa: ANN401 - a JSON value, or _NONE.
    if isinstance(node, Literal):
        return node.value
    try:
        env.pay(_cost(node))  # What is looked for below many others is worked out for each of them.
        return _compiled(node)(env)
    except EvaluationError:
        return _NONE


def _touches(node: Node, path: Path) -> bool:
    """
    Tell whether a node reads what a change at a path would change.
    """
    return not isinstance(node, Literal) and any(_meet(read, path) for read in list_reads(node, {}))


def _meet(one: Path, other: Path) -> bool:
    return all(a == b or "*" in (a, b) for a, b in zip(map(str, one), map(str, other), strict=False))


def _changed(variables: Any, path: Path, value: JsonValue) -> dict[str, JsonValue] | None:  # noqa: ANN401 - a mapping.
    """
    Give the variables with another value at a path, sharing all else; None where no value can stand there.

    An object that is missing on the way is made, an element of a list is not.
    """
    changed: dict[str, JsonValue] = dict(variables)
    place: Any = changed
    for index, part in enumerate(path):
        if type(place) is dict:
            if type(part) is not str:
                return None
        elif type(place) is not list or type(part) is not int or not 0 <= part < len(place):
            return None
        if index == len(path) - 1:
            place[part] = value
        else:
            inner = {} if type(place) is dict and part not in place else place[part]
            place[part] = inner.copy() if type(inner) in (dict, list) else inner
            place = place[part]
    return changed
