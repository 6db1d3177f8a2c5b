"""Expressions: a CEL subset that always ends, depends on nothing but its variables, and can say why.

    >>> Expression.parse("amount <= limit && !blocked").evaluate({"amount": 5, "limit": 10, "blocked": False})
    True

Text is parsed once (`parser.py`) and compiled to closures once (`compiler.py`); what operators mean is in
`semantics.py`, what an expression reads in `reads.py`, why a condition holds or not in `clauses.py`. The differences
from CEL are listed in docs/reference/expressions.md.
"""

from collections.abc import Mapping
from functools import cached_property, lru_cache
from typing import Final, final

import attrs
import orjson

from runtime.encoding.canonical import JsonValue, check_json, encode_checked
from runtime.errors import EncodingError, EvaluationError
from runtime.limits import MAX_EXPRESSION_TEXT, MAX_PAYLOAD_BYTES
from runtime.policy.compiler import compile_node, compile_placing
from runtime.policy.conditions import Evaluator
from runtime.policy.lexer import place_of
from runtime.policy.parser import parse
from runtime.policy.reads import Path, list_reads, path_text
from runtime.policy.semantics import Environment, Failure, as_number, fail, kind_of, refuse_sealed
from runtime.policy.syntax import Macro, Node, count_nodes, walk

__all__ = ["Expression"]


@final
@attrs.frozen(eq=False, repr=False)
class Expression:
    """
    A parsed expression. Equal by text and by the names its caller binds.
    """

    text: str
    bound: tuple[str, ...]
    tree: Node

    @staticmethod
    def parse(text: str, bound: tuple[str, ...] = ()) -> "Expression":
        """
        Parse an expression, or give the one parsed before.

        Args:
            text: at most 4096 characters.
            bound: names that `evaluate` gets values for by position, such as `("item",)`; they hide variables.

        Raises:
            ExpressionError: it is no expression; `where` is `line:column`.
        """
        is_kept = type(text) is str and len(text) <= _KEPT_LENGTH
        return _parsed(text, bound) if is_kept else _parse(text, bound)

    def evaluate(self, variables: Mapping[str, JsonValue], *bound: JsonValue) -> JsonValue:
        """
        Work the expression out.

        Args:
            variables: plain JSON values by name; only what is read is looked up. They are not changed.
            bound: values of the bound names.

        Returns:
            A plain JSON value that the caller owns, at most 1 MiB in canonical form; an integral number is an integer.

        Raises:
            EvaluationError: it has no value; `failure` is a code of `semantics.Failure`.
        """
        value = self._run(variables, bound)
        kind = type(value)
        if kind is bool or value is None or (kind is str and value.isascii() and len(value) <= MAX_EXPRESSION_TEXT):
            return value
        try:
            return as_number(value) if kind in (int, float) else _copy(value)
        except EvaluationError as error:
            error.where = self._place
            raise

    def holds(self, variables: Mapping[str, JsonValue], *bound: JsonValue) -> bool:
        """
        Work out a condition.

        Raises:
            EvaluationError: as `evaluate`; `wrong_type` when it is neither true nor false.
        """
        value = self._run(variables, bound)
        if type(value) is not bool:
            refuse_sealed(value)
            what = f"a condition that is {kind_of(value)}"
            fail(Failure.WRONG_TYPE, what, "a condition is true or false", self._place)
        return bool(value)

    def list_reads(self, /, **bound: Path) -> tuple[str, ...]:
        """
        List the paths it reads, as JSON Pointers from the variables; `*` stands for every element.

        Args:
            bound: what the bound names stand for, such as `item=("backlog", "*")`.
        """
        return self._list_reads(bound) if bound else self._reads

    @cached_property
    def _reads(self) -> tuple[str, ...]:
        # A pack is asked for what it reads before each run; with nothing bound that is always the same.
        return self._list_reads({})

    def _list_reads(self, bound: Mapping[str, Path]) -> tuple[str, ...]:
        slots = {slot: bound.get(name, (name,)) for slot, name in enumerate(self.bound)}
        # `a["0"]` and `a[0]` read one path.
        return tuple(dict.fromkeys(path_text(path) for path in list_reads(self.tree, slots)))

    @cached_property
    def evaluator(self) -> Evaluator:
        """
        The compiled form, for whoever works out many expressions over one set of variables.

        What it gives may be a part of the variables or of the expression itself, so it must not be changed.
        """
        return compile_node(self.tree)

    def environment(self, variables: Mapping[str, JsonValue], *bound: JsonValue) -> Environment:
        """
        Give what `evaluator` takes.

        Raises:
            TypeError: there are more or fewer values than bound names.
        """
        if len(bound) != len(self.bound):
            names = ", ".join(self.bound) or "no names"
            raise TypeError(f"{len(bound)} values for {names}")
        cost, macros = self._shape
        env = Environment(variables, [*bound, *[None] * macros])
        env.fuel -= cost
        return env

    @property
    def _place(self) -> str:
        return place_of(self.text, self.tree.start)

    @cached_property
    def _placing(self) -> Evaluator:
        return compile_placing(self.tree, self.text)

    @cached_property
    def _shape(self) -> tuple[int, int]:
        slots = [node.slot + 1 for node in walk(self.tree) if isinstance(node, Macro)]
        return count_nodes(self.tree), max(slots, default=len(self.bound)) - len(self.bound)

    def _run(self, variables: Mapping[str, JsonValue], bound: tuple[JsonValue, ...]) -> JsonValue:
        try:
            return self.evaluator(self.environment(variables, *bound))
        except EvaluationError:
            # Once more, this time with the place of the failure: keeping it at hand would slow every other run.
            return self._placing(self.environment(variables, *bound))

    def __eq__(self, other: object) -> bool:
        """
        Compare by text and bound names.
        """
        if not isinstance(other, Expression):
            return NotImplemented
        return (self.text, self.bound) == (other.text, other.bound)

    def __hash__(self) -> int:
        """
        Hash by text and bound names.
        """
        return hash((self.text, self.bound))

    def __str__(self) -> str:
        """
        Give the text.
        """
        return self.text

    def __repr__(self) -> str:
        """
        Show the text.
        """
        return f"Expression({self.text!r})"


def _copy(value: JsonValue) -> JsonValue:
    # A part may stand in a value many times over, so only its bytes show how large it is.
    try:
        check_json(value, limit=MAX_PAYLOAD_BYTES)
        raw = encode_checked(value)
    except EncodingError as error:
        return fail(Failure.VALUE_TOO_LARGE, error.what, error.remedy)
    if len(raw) > MAX_PAYLOAD_BYTES:
        fail(Failure.VALUE_TOO_LARGE, f"a value of {len(raw)} bytes", f"the limit is {MAX_PAYLOAD_BYTES} bytes")
    return orjson.loads(raw)


def _parse(text: str, bound: tuple[str, ...]) -> Expression:
    return Expression(text, bound, parse(text, bound))


# A compiled expression takes some 500 bytes a character: what is kept must stay small, whoever writes expressions.
_KEPT_LENGTH: Final = 512
_parsed = lru_cache(maxsize=512)(_parse)
