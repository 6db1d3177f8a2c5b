"""What a rule demands of an input, taken apart as far as it can be told without an input: for `lint.py`.

A rule applies exactly when each of its demands is met. A demand is a condition and the value it must have; `!`, `&&` and
`||` around conditions are taken apart where each part has to have one value.
"""

from collections.abc import Iterator
from typing import Any, Final, final

import attrs

from runtime.encoding.canonical import JsonValue, canonical
from runtime.policy.reads import Path, path_of
from runtime.policy.rules import Rule
from runtime.policy.syntax import (
    MIRRORED,
    Call,
    Has,
    HasVariable,
    ListDisplay,
    Literal,
    Logic,
    Member,
    Name,
    Node,
    Not,
    Relation,
)

__all__ = ["Bound", "Demand", "absent_path", "list_demands"]

_POSITIONS: Final = frozenset({"start", "end", "variable"})


@final
@attrs.frozen
class Bound:
    """
    A demand on the value at one path, or on its size: how it compares with a constant.
    """

    path: Path
    is_size: bool
    operator: str
    constant: JsonValue
    wanted: bool
    counts_absent: bool = False
    """Whether nothing at the path counts as null, as in the v0.1 form."""


@final
@attrs.frozen(eq=False)
class Demand:
    """
    A condition and the value it must have; `place` is its path in the rule. Equal by what is demanded, wherever it stands.
    """

    place: str
    node: Node | None
    """None for an equality of the v0.1 form."""
    wanted: bool
    bound: Bound | None
    key: tuple[Any, ...]

    def __eq__(self, other: object) -> bool:
        """
        Compare what is demanded.
        """
        return (self.key, self.wanted) == (other.key, other.wanted) if isinstance(other, Demand) else NotImplemented

    def __hash__(self) -> int:
        """
        Hash what is demanded.
        """
        return hash((self.key, self.wanted))


def list_demands(rule: Rule) -> tuple[Demand, ...]:
    """
    List all demands of a rule.
    """
    found: list[Demand] = []
    for name, conditions, wanted in (("when", rule.when, True), ("unless", rule.unless, False)):
        for index, condition in enumerate(conditions):
            for node, value in _take_apart(condition.expression.tree, wanted=wanted):
                found.append(Demand(f"{name}[{index}]", node, value, _read_bound(node, wanted=value), _shape(node)))
    for text, expected in sorted(rule.conditions.thaw().items()):
        path = tuple(text.split("."))
        bound = Bound(path, False, "==", expected, True, counts_absent=True)
        found.append(Demand(f"conditions[{text!r}]", None, True, bound, ("equality", path, canonical(expected))))
    return tuple(found)


def _take_apart(node: Node, *, wanted: bool) -> Iterator[tuple[Node, bool]]:
    if isinstance(node, Not):
        yield from _take_apart(node.operand, wanted=not wanted)
    elif isinstance(node, Logic) and node.is_and is wanted:
        for operand in node.operands:
            yield from _take_apart(operand, wanted=wanted)
    else:
        yield node, wanted


def _read_bound(node: Node, *, wanted: bool) -> Bound | None:
    """
    Read a condition as a bound; None where it is none.
    """
    if isinstance(node, Name | Member):
        path = path_of(node, {})
        return None if path is None else Bound(path, False, "==", wanted, True)
    if not isinstance(node, Relation):
        return None
    if node.operator == "in":
        members = _constants(node.right)
        path = path_of(node.left, {})
        return None if path is None or members is None else Bound(path, False, "in", members, wanted)
    for side, other, operator in (
        (node.left, node.right, node.operator),
        (node.right, node.left, MIRRORED[node.operator]),
    ):
        is_size = isinstance(side, Call) and side.method == "size"
        path = path_of(side.operand if isinstance(side, Call) and is_size else side, {})
        if path is not None and isinstance(other, Literal):
            return Bound(path, is_size, operator, other.value, wanted)
    return None


def _constants(node: Node) -> list[JsonValue] | None:
    if not isinstance(node, ListDisplay):
        return None
    values = [item.value for item in node.items if isinstance(item, Literal)]
    return values if len(values) == len(node.items) else None


def absent_path(demand: Demand) -> Path | None:
    """
    Give the path at which a demand wants nothing to stand; None where it does not say so.
    """
    node = demand.node
    if demand.wanted or not isinstance(node, Has | HasVariable):
        return None
    if isinstance(node, HasVariable):
        return (node.name,)
    above = path_of(node.operand, {})
    return None if above is None else (*above, node.field)


def _shape(node: Any) -> tuple[Any, ...]:  # noqa: ANN401 - a node, or what stands in one.
    """
    Give what a node says, wherever it stands and however its variables are called.
    """
    if isinstance(node, Name) and node.slot is not None:
        return ("bound", node.slot)
    if attrs.has(type(node)):
        fields = [field.name for field in attrs.fields(type(node)) if field.name not in _POSITIONS]
        return (type(node).__name__, *(_shape(getattr(node, name)) for name in fields))
    if isinstance(node, tuple):
        return tuple(map(_shape, node))
    return (type(node).__name__, node)
