"""Why a condition holds or not: its clauses, the values each one saw, and the nearest value that would change it.

A condition is split at its outermost `&&`; each part is a clause and is judged on its own. Reports are plain JSON, made
of the text of the clause, codes and values that are small: a large value is told by its type and size, so a report has
a bound that does not depend on the input.
"""

from typing import Final, Self, final

import attrs

from runtime.encoding.canonical import JsonValue
from runtime.encoding.seal import is_sealed
from runtime.errors import EvaluationError
from runtime.limits import MAX_EXPRESSION_FUEL
from runtime.policy.compiler import compile_node
from runtime.policy.conditions import Evaluator
from runtime.policy.expressions import Expression
from runtime.policy.nearest import ABSENT, LONGEST_TEXT, Near, find_nearest, holds_with, look_up
from runtime.policy.reads import Path, list_reads, path_text
from runtime.policy.semantics import Environment, Failure, equal
from runtime.policy.syntax import Logic, Node, count_nodes

__all__ = ["Clause", "Equality", "parts_of", "short_value", "split"]

_MOST_SEEN: Final = 16
"""Values one clause tells; a clause that reads more tells the first ones."""


@final
@attrs.frozen(eq=False, repr=False)
class Clause:
    """
    One part of a condition.
    """

    text: str
    node: Node
    run: Evaluator
    fuel: int
    """What is left for macros and long values once every node was worked out."""
    paths: tuple[tuple[Path, str], ...]
    """What it reads, and how that is written."""

    @classmethod
    def of(cls, text: str, node: Node) -> Self:
        """
        Compile a node of a condition.
        """
        paths = [(path, path_text(path)) for path in list_reads(node, {}) if "*" not in path]
        return cls(text, node, compile_node(node), MAX_EXPRESSION_FUEL - count_nodes(node), tuple(paths[:_MOST_SEEN]))

    def report(self, env: Environment, *, wanted: bool | None) -> dict[str, JsonValue]:
        """
        Say how the clause stands and what it saw.

        Args:
            env: the variables.
            wanted: what it should have been; where it is not, the nearest value that would make it so is told.
        """
        held, failure = _outcome(self, env)
        near = None
        if wanted is not None and held is not wanted:
            env.fuel = self.fuel
            near = find_nearest(self.node, env, wanted=wanted)
            env.fuel = self.fuel
            near = near if near and holds_with(near, self.run, env, wanted=wanted) else None
        return _build_report(self, env, held, failure, near)


@final
@attrs.frozen(eq=False, repr=False)
class Equality:
    """
    A v0.1 condition: what stands at a dotted path equals a scalar; what is absent counts as null.
    """

    text: str
    path: Path
    expected: JsonValue
    fuel: int = MAX_EXPRESSION_FUEL

    @property
    def paths(self) -> tuple[tuple[Path, str], ...]:
        """
        The one path it reads, as of a `Clause`.
        """
        return ((self.path, path_text(self.path)),)

    def run(self, env: Environment) -> bool:
        """
        Compare.
        """
        value = look_up(self.path, env)
        return equal(None if value is ABSENT else value, self.expected, env)

    def report(self, env: Environment, *, wanted: bool | None) -> dict[str, JsonValue]:
        """
        Say how the condition stands, as `Clause.report`.
        """
        held, failure = _outcome(self, env)
        near = None
        if wanted is True and held is not True:
            env.fuel = self.fuel
            near = Near(self.path, is_size=False, value=self.expected, seen=ABSENT)
            near = near if holds_with(near, self.run, env, wanted=True) else None
        return _build_report(self, env, held, failure, near)


def parts_of(node: Node) -> tuple[Node, ...]:
    """
    List the nodes of a condition that must all hold: the operands of its outermost `&&`, or itself.
    """
    if not (isinstance(node, Logic) and node.is_and):
        return (node,)
    return tuple(part for operand in node.operands for part in parts_of(operand))


def split(expression: Expression) -> tuple[Clause, ...]:
    """
    Split a condition into its clauses.
    """
    return tuple(Clause.of(expression.text[node.start : node.end], node) for node in parts_of(expression.tree))


def short_value(value: JsonValue) -> JsonValue:
    """
    Give a scalar or a seal as it is, and of a container or a long text its type and size.
    """
    if type(value) is str and len(value) > LONGEST_TEXT:
        return {"type": "text", "size": len(value)}
    if type(value) in (list, dict) and not is_sealed(value):
        return {"type": "list" if type(value) is list else "object", "size": len(value)}
    return value


def _peek(path: Path, env: Environment) -> JsonValue:
    try:
        return look_up(path, env)
    except EvaluationError:
        return ABSENT  # Inside of a seal nothing is there to be told.


def _outcome(clause: "Clause | Equality", env: Environment) -> tuple[bool | None, str | None]:
    env.fuel = clause.fuel
    try:
        value = clause.run(env)
    except EvaluationError as error:
        return None, error.failure
    return (value, None) if type(value) is bool else (None, Failure.WRONG_TYPE.value)


def _build_report(
    clause: "Clause | Equality",
    env: Environment,
    held: bool | None,  # noqa: FBT001 - the members of a report.
    failure: str | None,
    near: Near | None,
) -> dict[str, JsonValue]:
    seen: dict[str, JsonValue] = {}
    absent: list[JsonValue] = []
    for path, text in clause.paths:
        value = _peek(path, env)
        if value is ABSENT:
            absent.append(text)
        else:
            seen[text] = short_value(value)
    return {
        "text": clause.text,
        "held": held,
        "failure": failure,
        "saw": seen,
        "absent": absent,
        "nearest": None if near is None else near.to_dict(),
    }
