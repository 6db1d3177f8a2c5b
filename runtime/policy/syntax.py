"""The tree of an expression. `parser.py` makes it, `compiler.py` turns it into closures, `reads.py` and `clauses.py` read it.

Every node knows where its text stands (`start`, `end`, offsets into the source), so an error and a reason can quote it.
Chains (`a && b && c`, `a + b - c`, `a.b[0].c`) are one node each: the depth of a tree is the nesting a person wrote.
"""

from collections.abc import Callable, Iterator
from typing import Any, Final, final

import attrs

from runtime.encoding.canonical import JsonValue

__all__ = [
    "MACROS",
    "METHODS",
    "MIRRORED",
    "Arithmetic",
    "Call",
    "Choice",
    "Field",
    "Has",
    "HasVariable",
    "ListDisplay",
    "Literal",
    "Logic",
    "Macro",
    "MapDisplay",
    "Member",
    "Name",
    "Negation",
    "Node",
    "Not",
    "Relation",
    "children",
    "count_nodes",
    "walk",
]

METHODS: Final = ("contains", "endsWith", "size", "startsWith")
"""What may stand after a dot with parentheses; `size` may also be written `size(x)`."""
MIRRORED: Final = {"==": "==", "!=": "!=", "<": ">", ">": "<", "<=": ">=", ">=": "<="}
"""Each comparison as it reads with its sides exchanged."""
MACROS: Final = ("all", "exists", "filter", "map")
"""Methods of lists that take a variable and an expression over it."""


@attrs.frozen(eq=False, repr=False)
class _Placed:
    start: int
    end: int


@final
@attrs.frozen(eq=False, repr=False)
class Literal(_Placed):
    """
    A number, text, true, false or null.
    """

    value: JsonValue


@final
@attrs.frozen(eq=False, repr=False)
class Name(_Placed):
    """
    A variable. `slot` is its place among the bound ones (macro variables and names the caller binds), None when free.
    """

    name: str
    slot: int | None


@final
@attrs.frozen(eq=False, repr=False)
class Field:
    """
    The step `.name` of a member chain.
    """

    name: str


@final
@attrs.frozen(eq=False, repr=False)
class Member(_Placed):
    """
    A chain of steps below a value: fields, and indices in brackets.
    """

    operand: "Node"
    steps: "tuple[Field | Node, ...]"


@final
@attrs.frozen(eq=False, repr=False)
class Has(_Placed):
    """
    `has(a.b)`: whether the last field of a chain is there.
    """

    operand: "Node"
    field: str


@final
@attrs.frozen(eq=False, repr=False)
class HasVariable(_Placed):
    """
    `has(a)`: whether there is a variable of that name.
    """

    name: str


@final
@attrs.frozen(eq=False, repr=False)
class Not(_Placed):
    """
    `!x`.
    """

    operand: "Node"


@final
@attrs.frozen(eq=False, repr=False)
class Negation(_Placed):
    """
    `-x`.
    """

    operand: "Node"


@final
@attrs.frozen(eq=False, repr=False)
class Logic(_Placed):
    """
    `a && b && …` or `a || b || …`.
    """

    is_and: bool
    operands: "tuple[Node, ...]"


@final
@attrs.frozen(eq=False, repr=False)
class Relation(_Placed):
    """
    A comparison, or `in`.
    """

    operator: str
    left: "Node"
    right: "Node"


@final
@attrs.frozen(eq=False, repr=False)
class Arithmetic(_Placed):
    """
    `first op x op y …`, all of one precedence, worked out from left to right.
    """

    first: "Node"
    rest: "tuple[tuple[str, Node], ...]"


@final
@attrs.frozen(eq=False, repr=False)
class Choice(_Placed):
    """
    `condition ? then : otherwise`.
    """

    condition: "Node"
    then: "Node"
    otherwise: "Node"


@final
@attrs.frozen(eq=False, repr=False)
class Call(_Placed):
    """
    A method of METHODS on a value.
    """

    method: str
    operand: "Node"
    arguments: "tuple[Node, ...]"


@final
@attrs.frozen(eq=False, repr=False)
class Macro(_Placed):
    """
    A macro of MACROS: `body` is worked out for each element, bound to `slot`.
    """

    macro: str
    operand: "Node"
    variable: str
    slot: int
    body: "Node"


@final
@attrs.frozen(eq=False, repr=False)
class ListDisplay(_Placed):
    """
    `[a, b]`.
    """

    items: "tuple[Node, ...]"


@final
@attrs.frozen(eq=False, repr=False)
class MapDisplay(_Placed):
    """
    `{"a": b}`.
    """

    pairs: "tuple[tuple[Node, Node], ...]"


Node = (
    Arithmetic
    | Call
    | Choice
    | Has
    | HasVariable
    | ListDisplay
    | Literal
    | Logic
    | Macro
    | MapDisplay
    | Member
    | Name
    | Negation
    | Not
    | Relation
)


_CHILDREN: Final[dict[type, Callable[[Any], tuple[Node, ...]]]] = {
    Arithmetic: lambda node: (node.first, *(operand for _, operand in node.rest)),
    Call: lambda node: (node.operand, *node.arguments),
    Choice: lambda node: (node.condition, node.then, node.otherwise),
    Has: lambda node: (node.operand,),
    HasVariable: lambda _: (),
    ListDisplay: lambda node: node.items,
    Literal: lambda _: (),
    Logic: lambda node: node.operands,
    Macro: lambda node: (node.operand, node.body),
    MapDisplay: lambda node: tuple(part for pair in node.pairs for part in pair),
    Member: lambda node: (node.operand, *(step for step in node.steps if not isinstance(step, Field))),
    Name: lambda _: (),
    Negation: lambda node: (node.operand,),
    Not: lambda node: (node.operand,),
    Relation: lambda node: (node.left, node.right),
}


def children(node: Node) -> tuple[Node, ...]:
    """
    List the nodes right below a node, in the order of the text.
    """
    return _CHILDREN[type(node)](node)


def walk(node: Node) -> Iterator[Node]:
    """
    Go over a node and all below it, in the order of the text; each comes before those below it.
    """
    waiting = [node]
    while waiting:
        one = waiting.pop()
        yield one
        waiting += reversed(children(one))


def count_nodes(node: Node) -> int:
    """
    Count what one evaluation of a node costs at most, each step of a chain as one.

    The body of a macro is not counted: it is paid for each time it runs.
    """
    count, waiting = 0, [node]
    while waiting:
        one = waiting.pop()
        count += len(one.steps) if isinstance(one, Member) else 1
        waiting += (one.operand,) if isinstance(one, Macro) else children(one)
    return count
