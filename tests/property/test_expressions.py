"""What expressions promise, as laws over random ones; and that they mean what Google's CEL says, where both have them.

Random expressions come from `Writer`, which knows the kinds of values, so that most of them have one. What differs from
CEL by design is listed in DIFFERENCES alone, and in docs/reference/expressions.md.
"""

import ctypes
import random
import re
import sys
from collections.abc import Callable, Iterator
from contextlib import suppress
from importlib import import_module
from pathlib import Path
from typing import Any, Final

import orjson
import pytest
import strategies
from hypothesis import given
from hypothesis import strategies as st

from runtime.encoding.canonical import canonical
from runtime.errors import EvaluationError, ExpressionError
from runtime.limits import MAX_EXPRESSION_FUEL
from runtime.policy.compiler import _compile
from runtime.policy.conditions import Evaluator
from runtime.policy.expressions import Expression
from runtime.policy.lexer import tokenize
from runtime.policy.parser import parse
from runtime.policy.reads import Path as ReadPath
from runtime.policy.reads import list_reads
from runtime.policy.semantics import Environment, Failure
from runtime.policy.syntax import Node

Json = Any

INNER: Final = {"n": 0, "f": -0.5, "s": "b", "p": True, "xs": [1, 0], "r": {}}
FULL: Final = "{'n': 1, 'f': 0.5, 's': 'ab', 'p': true}"
BATCH: Final = 3
"""Expressions an example writes; drawing each part of each by Hypothesis would take most of the time."""
STEPS: Final = (".{}", "['{}']", '["{}"]')
seeds = st.integers(0, 2**64 - 1)


class Writer:
    """
    Writes random expressions over the variables it makes.

    Args:
        seed: what is written depends on nothing else.
        is_shared: keep to what CEL has too, and means the same by.
    """

    VARIABLES: Final = {
        **dict.fromkeys(("i", "j"), "int"),
        **dict.fromkeys(("f", "g"), "real"),
        **dict.fromkeys(("s", "t"), "text"),
        **dict.fromkeys(("p", "q"), "truth"),
        "xs": "ints",
        "ss": "texts",
        "o": "record",
        "os": "records",
        "z": "null",
    }
    MEMBERS: Final = {"n": "int", "f": "real", "s": "text", "p": "truth", "xs": "ints", "r": "record"}
    ELEMENTS: Final = {"ints": "int", "texts": "text", "records": "record"}
    KINDS: Final = ("int", "real", "text", "truth", "ints", "texts", "record", "records", "null")
    LITERALS: Final = {
        "int": ["0", "1", "2", "3", "-1", "7", "0x2", "-0x3", "10"],
        "real": ["0.5", "1.5", "2.0", "-2.5", ".25", "1e1", "-0.0", "25e-1"],
        "text": ['""', "'a'", '"b"', "'ab'", r"'\u00e9'", "'''b'''", r"r'\n'", r'"\n\x41"', "'\U0001f602'", r"'\''"],
        "truth": ["true", "false"],
        "ints": ["[]", "[1, 2, 3]", "[0]", "[3, -1, 3]"],
        "texts": ["[]", "['a', 'b']", "['ab']"],
        "record": [FULL, FULL, "{}", "{'xs': [1, 2], 'r': {'n': 2}}"],
        "records": [f"[{FULL}, {{'n': 2}}]", f"[{FULL}]", "[]"],
        "null": ["null"],
    }

    def __init__(self, seed: int, *, is_shared: bool = False) -> None:
        """
        Start with all variables in sight.
        """
        self.random = random.Random(seed)
        self.is_shared = is_shared
        self.is_exact = False
        self.scope = dict(self.VARIABLES)

    def make_variables(self) -> dict[str, Json]:
        """
        Make a value for each variable; now and then one of another kind, or none.
        """
        made = {}
        for name, kind in self.VARIABLES.items():
            if self.random.random() < 0.97:
                made[name] = self._value(kind)
            elif not self.is_shared:
                made[name] = self._value(self.random.choice(self.KINDS))
        return made

    def _value(self, kind: str) -> Json:  # noqa: PLR0911 - a table.
        pick = self.random.choice
        match kind:
            case "int":
                return pick([-2, -1, 0, 1, 2, 3, 5])
            case "real":
                return pick([-1.5, -0.5, 0.0, 0.25, 1.0, 2.0, 2.5])
            case "text":
                return pick(["", "a", "b", "ab", "ba", "\xe9", "\U0001f602", "n", "s", "x" * 70])
            case "truth":
                return pick([True, False])
            case "null":
                return None
            case "record":
                members = [name for name in self.MEMBERS if self.random.random() < 0.92]
                return {name: dict(INNER) if name == "r" else self._value(self.MEMBERS[name]) for name in members}
        return [self._value(self.ELEMENTS[kind]) for _ in range(pick([0, 1, 2, 3, 3, 4, 4]))]

    def write(self, kind: str | None = None, depth: int = 3) -> str:
        """
        Write an expression of a kind, in parentheses where it is put together.
        """
        kind = kind or self.random.choice([*self.KINDS, "truth", "truth", "truth"])
        if depth == 0 or kind == "null":
            return self._leaf(kind)
        below = depth - 1
        forms = [
            lambda: f"{self.part('truth', below)} ? {self.part(kind, below)} : {self.part(kind, below)}",
            lambda: self._member(kind, below),
            *getattr(self, f"_forms_of_{kind}")(below),
        ]
        return f"({self.random.choice(forms)()})"

    def part(self, kind: str, depth: int) -> str:
        """
        Write a part, now and then of another kind than fits.
        """
        if self.is_exact or self.random.random() > 0.02:
            return self.write(kind, self.random.choice([0, depth, depth]))
        # Whole numbers and fractions together are an error in CEL alone.
        numbers = ("int", "real") if kind in ("int", "real") and self.is_shared else ()
        others = [other for other in self.KINDS if other not in numbers]
        return self.random.choice([*(self._leaf(self.random.choice(others)) for _ in range(4)), "absent", "o.m"])

    def exact(self, kind: str, depth: int) -> str:
        """
        Write a part of a kind, where another one would mean something else in CEL.
        """
        before, self.is_exact = self.is_exact, self.is_shared
        text = self.part(kind, depth)
        self.is_exact = before
        return text

    def _leaf(self, kind: str) -> str:
        names = [name for name, found in self.scope.items() if found == kind]
        members = [f"o.{name}" for name, found in self.MEMBERS.items() if found == kind and self.scope["o"] == "record"]
        return self.random.choice([*names * 2, *members, *self.LITERALS[kind]])

    def _member(self, kind: str, depth: int) -> str:
        forms = [
            lambda name=name: f"{self.part('record', depth)}{self.random.choice(STEPS).format(name)}"
            for name, found in self.MEMBERS.items()
            if found == kind
        ]
        forms += [
            lambda items=items: (
                f"{self.part(items, depth)}[{self.random.choice(['0', '0', '0', '1', self.part('int', depth)])}]"
            )
            for items, found in self.ELEMENTS.items()
            if found == kind
        ]
        return self.random.choice(forms)() if forms else self._leaf(kind)

    def _chain(self, kind: str, operators: list[str], depth: int) -> str:
        parts = [self.part(kind, depth)]
        for _ in range(self.random.choice([1, 1, 2, 3])):
            parts += [self.random.choice(operators), self.part(kind, depth)]
        return " ".join(parts)

    def _macro(self, macro: str, items: str, body: str, depth: int) -> str:
        over = self.exact(items, depth)
        name = self.random.choice(["x", "y", "i", "s", "xs"])
        before = self.scope
        self.scope = {**before, name: self.ELEMENTS[items]}
        text = self.part(body, depth)
        self.scope = before
        return f"{over}.{macro}({name}, {text})"

    def _forms_of_int(self, depth: int) -> list[Callable[[], str]]:
        operators = ["+", "-", "*", "%"] if self.is_shared else ["+", "-", "*", "/", "%"]
        sized = self.random.choice(["text", "ints", "record", "records"])
        return [
            lambda: self._chain("int", operators, depth),
            lambda: f"-{self.part('int', depth)}",
            lambda: f"size({self.part(sized, depth)})",
            lambda: f"{self.part(sized, depth)}.size()",
        ]

    def _forms_of_real(self, depth: int) -> list[Callable[[], str]]:
        return [
            lambda: self._chain("real", ["+", "-", "*"], depth),
            lambda: f"{self.part('real', depth)} / {self.random.choice(['2.0', '0.5', '-4.0'])}",
            lambda: f"-{self.part('real', depth)}",
            *([] if self.is_shared else [lambda: f"{self.part('int', depth)} / {self.part('real', depth)}"]),
        ]

    def _forms_of_text(self, depth: int) -> list[Callable[[], str]]:
        return [lambda: self._chain("text", ["+"], depth)]

    def _forms_of_truth(self, depth: int) -> list[Callable[[], str]]:
        some = self.random.choice
        ordered = some([("int", "real"), ("int", "int"), ("real", "real"), ("text", "text"), ("truth", "truth")])
        items = some(list(self.ELEMENTS))
        compare = some(["<", "<=", ">", ">="])
        return [
            lambda: self._chain("truth", ["&&"], depth),
            lambda: self._chain("truth", ["||"], depth),
            lambda: self._chain("truth", ["&&", "||"], depth),
            lambda: f"!{self.part('truth', depth)}",
            lambda: f"{self.part(ordered[0], depth)} {compare} {self.part(ordered[1], depth)}",
            lambda: f"{self.part(items, depth)} {some(['==', '!='])} {self.part(items, depth)}",
            lambda: f"{self.write(None, depth)} {some(['==', '!='])} {self.write(None, depth)}",
            lambda: f"{self.write(None, depth)} in {self.exact(items, depth)}",
            lambda: f"{self.exact('text', depth)} in {self.part('record', depth)}",
            lambda: f"has({self.part('record', depth)}.{some([*self.MEMBERS, 'm'])})",
            lambda: (
                f"{self.part('text', depth)}.{some(['contains', 'startsWith', 'endsWith'])}({self.part('text', depth)})"
            ),
            lambda: self._macro(some(["all", "exists"]), items, "truth", depth),
            *([] if self.is_shared else [lambda: f"has({some(['o', 'os', 'p', 'f', 'absent'])})"]),
        ]

    def _forms_of_items(self, items: str, depth: int) -> list[Callable[[], str]]:
        element = self.ELEMENTS[items]
        return [
            lambda: f"[{', '.join(self.part(element, depth) for _ in range(self.random.choice([1, 2, 3])))}]",
            lambda: self._chain(items, ["+"], depth),
            lambda: self._macro("filter", items, "truth", depth),
            lambda: self._macro("map", self.random.choice(list(self.ELEMENTS)), element, depth),
        ]

    def _forms_of_ints(self, depth: int) -> list[Callable[[], str]]:
        return self._forms_of_items("ints", depth)

    def _forms_of_texts(self, depth: int) -> list[Callable[[], str]]:
        return self._forms_of_items("texts", depth)

    def _forms_of_records(self, depth: int) -> list[Callable[[], str]]:
        return self._forms_of_items("records", depth)

    def _forms_of_record(self, depth: int) -> list[Callable[[], str]]:
        def display() -> str:
            names = self.random.sample(list(self.MEMBERS), self.random.choice([1, 3, 5, 6, 6]))
            return ", ".join(f"'{name}': {self.part(self.MEMBERS[name], depth)}" for name in names)

        return [lambda: f"{{{display()}}}"]


def written(seed: int, *, count: int = BATCH, is_shared: bool = False) -> Iterator[tuple[str, dict[str, Json]]]:
    """
    Write expressions, each with variables.
    """
    for number in range(count):
        writer = Writer(seed + number, is_shared=is_shared)
        yield writer.write(depth=writer.random.choice([2, 3, 3, 4])), writer.make_variables()


def outcome(source: str, variables: dict[str, Json]) -> tuple[str, Any]:
    """
    Give the bytes of the value of an expression, or the code and the words of its failure.
    """
    try:
        return "value", canonical(Expression.parse(source).evaluate(variables))
    except EvaluationError as error:
        return error.failure, error.what


soup = st.lists(
    st.sampled_from(
        [
            *(
                "a",
                "b",
                "x",
                "xs",
                "1",
                "0",
                "2.5",
                "-1",
                "'a'",
                '"""b"""',
                "r'\\'",
                "true",
                "null",
                "in",
                "has",
                "size",
            ),
            *(
                "&&",
                "||",
                "!",
                "==",
                "<",
                ">=",
                "+",
                "-",
                "*",
                "/",
                "%",
                "?",
                ":",
                ".",
                ",",
                "(",
                ")",
                "[",
                "]",
                "{",
                "}",
            ),
            *(
                ".map(x, ",
                ".all(x, ",
                ".exists(y, ",
                ".filter(x, ",
                ".contains(",
                "has(a.",
                "if",
                "`a b`",
                "// c\n",
                "\\",
            ),
        ]
    ),
    max_size=25,
).map(" ".join)
"""Tokens in any order."""


@st.composite
def mutants(draw: st.DrawFn) -> str:
    """
    Draw an expression in which a few characters were taken away, doubled, or replaced.
    """
    source = Writer(draw(seeds)).write()
    for _ in range(draw(st.integers(1, 3))):
        at = draw(st.integers(0, len(source)))
        width = draw(st.integers(0, 3))
        between = draw(
            st.sampled_from(["", source[at : at + width] * 2, "(", ")", ".", "'", "\\", "1", " in ", "\xe9"])
        )
        source = source[:at] + between + source[at + width :]
    return source


class TestNothingCrashes:
    """
    "Only ExpressionError from parse, only EvaluationError from evaluate."
    """

    @given(st.text(max_size=60) | soup | mutants(), strategies.json_objects, seeds)
    def test_whatever_is_written(self, source: str, extra: dict[str, Json], seed: int) -> None:
        """
        A text is refused at a place, or is an expression; that one has a value, or fails with a code and a place.
        """
        try:
            expression = Expression.parse(source)
        except ExpressionError as error:
            assert re.fullmatch(r"\d+:\d+", error.where)  # noqa: PT017 - either outcome is right.
            return
        expression.list_reads()
        names = [node.value for node in tokenize(source) if node.kind == "name"]
        strange = dict(zip(names, extra.values(), strict=False))
        for variables in (extra, Writer(seed).make_variables(), {**Writer(seed).make_variables(), **strange}):
            with suppress(EvaluationError):
                expression.holds(variables)
            try:
                canonical(expression.evaluate(variables))
            except EvaluationError as error:
                assert re.fullmatch(r"\d+:\d+", error.where)  # noqa: PT017 - either outcome is right.
                assert error.failure in set(Failure)  # noqa: PT017 - as above.
                assert len(str(error)) < 400  # noqa: PT017 - as above.


def ran_and_left(expression: Expression, variables: dict[str, Json]) -> tuple[int, int]:
    """
    Run an expression, and give how many of its nodes ran and how much fuel is left.
    """
    ran = 0

    def count(_: Node, run: Evaluator) -> Evaluator:
        def counted(env: Environment) -> Json:
            nonlocal ran
            ran += 1
            return run(env)

        return counted

    env = expression.environment(variables)
    with suppress(EvaluationError):
        _compile(expression.tree, count)(env)
    return ran, env.fuel


class TestFuelIsABound:
    """
    "Nodes one evaluation may work out": none is worked out that was not paid for.
    """

    @given(seeds)
    def test_no_node_runs_unpaid(self, seed: int) -> None:
        """
        The nodes that run are at most as many as the fuel that is gone.
        """
        for source, variables in written(seed):
            ran, left = ran_and_left(Expression.parse(source), variables)
            assert 0 < ran <= MAX_EXPRESSION_FUEL - left

    @strategies.few
    @given(st.integers(2, 40), st.integers(1, 4), st.sampled_from(["all", "map", "exists", "filter"]))
    def test_nested_macros_end(self, size: int, depth: int, macro: str) -> None:
        """
        However macros nest, no more nodes run than there is fuel.
        """
        body = {"all": "true", "map": "1", "exists": "false", "filter": "true"}[macro]
        for level in range(depth):
            body = f"xs.{macro}(x{level}, {body if macro != 'filter' or not level else f'size({body}) > 0'})"
        ran, _ = ran_and_left(Expression.parse(body), {"xs": [0] * size})
        assert ran <= MAX_EXPRESSION_FUEL


def as_floats(value: Json) -> Json:
    """
    Write every integer in a value as a float.
    """
    if isinstance(value, list):
        return [as_floats(item) for item in value]
    if isinstance(value, dict):
        return {key: as_floats(item) for key, item in value.items()}
    return float(value) if type(value) is int else value


def with_points(source: str) -> str:
    """
    Write every whole number in an expression with a point.
    """
    parts, end = [], 0
    for token in tokenize(source):
        is_whole = token.kind == "value" and type(token.value) is int
        parts += [source[end : token.start], f"{token.value}.0" if is_whole else source[token.start : token.end]]
        end = token.end
    return "".join(parts)


def reordered(value: Json) -> Json:
    """
    Turn the order of the keys in every object around.
    """
    if isinstance(value, list):
        return [reordered(item) for item in value]
    return {key: reordered(value[key]) for key in reversed(value)} if isinstance(value, dict) else value


class TestTheSpellingOfValuesDoesNotMatter:
    """
    "`2.0` stored as `2` never changes the meaning."
    """

    @given(seeds)
    def test_of_numbers(self, seed: int) -> None:
        """
        Written with a point, in the expression or in the variables, a number is the same number.
        """
        for source, variables in written(seed):
            expected = outcome(source, variables)
            assert outcome(with_points(source), variables) == expected
            assert outcome(source, as_floats(variables)) == expected
            assert outcome(with_points(source), as_floats(variables)) == expected

    @strategies.few
    @given(seeds, strategies.json_objects)
    def test_of_variables(self, seed: int, extra: dict[str, Json]) -> None:
        """
        Variables that went through canonical bytes, or whose keys stand in another order, give the same outcome.
        """
        for source, variables in written(seed, count=4 * BATCH):
            given_ = {**variables, **dict(zip("ijos", extra.values(), strict=False))}
            expected = outcome(source, given_)
            assert outcome(source, orjson.loads(canonical(given_))) == expected
            assert outcome(source, reordered(given_)) == expected


def pruned(value: Json, paths: list[ReadPath], junk: Callable[[], Json]) -> Json:
    """
    Give a value of which only what stands at the paths is as it was.
    """
    if () in paths or not isinstance(value, list | dict):
        return value
    pairs = value.items() if isinstance(value, dict) else enumerate(value)
    below = {key: [path[1:] for path in paths if path[0] in (key, "*")] for key, _ in pairs}
    if isinstance(value, list):
        return [pruned(item, below[index], junk) if below[index] else junk() for index, item in enumerate(value)]
    return {key: pruned(item, below[key], junk) for key, item in value.items() if below[key]}


class TestReadsAreAllThatMatters:
    """
    Nothing outside of the paths an expression is said to read changes its outcome.
    """

    @given(seeds)
    def test_the_rest_may_be_anything(self, seed: int) -> None:
        """
        With every other member taken away, every other element replaced, and new members, the outcome is the same.
        """
        for source, variables in written(seed):
            paths = list(list_reads(parse(source), {}))
            writer = Writer(seed + 1)
            kept = pruned(variables, paths, lambda: writer.random.choice([None, 7, "other", {"n": []}]))  # noqa: B023
            expected = outcome(source, variables)
            assert outcome(source, kept) == expected, paths
            read = {path[0] for path in paths}
            others = {name: item for name, item in writer.make_variables().items() if name not in read}
            assert outcome(source, {**kept, **others}) == expected, paths

    @given(seeds)
    def test_bound_names_stand_for_their_paths(self, seed: int) -> None:
        """
        What is read of an element is said below the path the element stands at.
        """
        for source, _ in written(seed, is_shared=True):
            bound = Expression.parse(source, ("o",)).list_reads(o=("os", "*"))
            free = Expression.parse(source).list_reads()
            assert list(bound) == sorted({re.sub(r"^/o(?=/|$)", "/os/*", path) for path in free})


# CEL: one environment in which every variable may be anything; types are not checked before, for ours are not either.

_cel: Final = import_module("cel_expr_python.cel")  # By name, because it is not there where the types are checked.
_names: Final = (*Writer.VARIABLES, "absent", "x", "y", "m")
_environment: Final = _cel.NewEnv(variables=dict.fromkeys(_names, _cel.Type.DYN))

ROOT: Final = Path(__file__).parents[2]
REFUSED: Final = "refused"
ERROR: Final = "error"


def by_cel(source: str, variables: dict[str, Json]) -> Any:
    """
    Give the value by CEL, ERROR where there is none, REFUSED where it is no expression.
    """
    try:
        program = _environment.compile(source, disable_check=True)
    except Exception:  # noqa: BLE001 - a package of another world.
        return REFUSED
    try:
        value = program.eval(data=variables)
    except Exception:  # noqa: BLE001 - as above; a key that is there twice ends it so.
        return ERROR
    return ERROR if value.type() == _cel.Type.ERROR else _kept_alive(value.plain_value())


def _kept_alive(value: Any) -> Any:
    # cel-expr-python 0.1.3 gives None without taking a reference; some thousand of them would end the interpreter.
    if value is None:
        ctypes.pythonapi.Py_IncRef(ctypes.py_object(None))
    for part in value.values() if isinstance(value, dict) else value if isinstance(value, list) else ():
        _kept_alive(part)
    return value


def test_none_of_cel_is_kept_alive() -> None:
    """
    However many nulls came out of CEL, the references to None are as many as before.
    """
    before = sys.getrefcount(None)
    for _ in range(100):
        by_cel("[null, {'a': null}]", {})
    assert abs(sys.getrefcount(None) - before) < 50


def by_us(source: str, variables: dict[str, Json]) -> Any:
    """
    Give the same by ours.
    """
    try:
        return Expression.parse(source).evaluate(variables)
    except ExpressionError:
        return REFUSED
    except EvaluationError:
        return ERROR


def is_same(left: Any, right: Any) -> bool:
    """
    Compare two values: numbers by value, all else by type as well.
    """
    if isinstance(left, list) and isinstance(right, list):
        return len(left) == len(right) and all(map(is_same, left, right))
    if isinstance(left, dict) and isinstance(right, dict):
        return left.keys() == right.keys() and all(is_same(left[key], right[key]) for key in left)
    is_number = type(left) in (int, float) and type(right) in (int, float)
    return bool(left == right) and (is_number or type(left) is type(right))


# By what is different: an expression, its variables, and what it gives here and by CEL.
DIFFERENCES: Final[dict[str, tuple[str, dict[str, Json], Any, Any]]] = {
    "`/` divides truly": ("7 / 2", {}, 3.5, 3),
    "whole numbers and fractions are one kind": ("1 + 0.5", {}, 1.5, ERROR),
    "`%` takes a fraction that is whole": ("7.0 % 4.0", {}, 3, ERROR),
    "numbers end at ±(2^53-1)": ("9007199254740991 + 1", {}, ERROR, 9007199254740992),
    "literals end there too": ("9007199254740992", {}, REFUSED, 9007199254740992),
    "there is no infinity": ("1.0 / 0.0", {}, ERROR, float("inf")),
    "there are no unsigned numbers": ("1u", {}, REFUSED, 1),
    "there are no bytes": ("size(b'ab')", {}, REFUSED, 2),
    "there are no conversions": ("string(12)", {}, REFUSED, "12"),
    "there are no types as values": ("type(1) == int", {}, REFUSED, True),
    "there are no durations and times": ("duration('1h') > duration('1m')", {}, REFUSED, True),
    "there are no regular expressions": ("'ab'.matches('a.')", {}, REFUSED, True),
    "macros go over lists only": ("{'a': 1}.map(k, k)", {}, ERROR, ["a"]),
    "there is no `exists_one`": ("[1, 2].exists_one(x, x > 1)", {}, REFUSED, True),
    "`map` has no condition": ("[1, 2].map(x, x > 1, x * 10)", {}, REFUSED, [20]),
    "a comparison is not compared": ("1 == 1 == true", {}, REFUSED, True),
    "`has` asks for variables too": ("has(a)", {}, False, REFUSED),
    "any name stands in backticks": ("`i` + 1", {"i": 2}, 3, REFUSED),
    "members may be called as words": ("{'in': 1}.in", {}, 1, REFUSED),
    "keys are text": ("{1: 2}[1]", {}, ERROR, 2),
    "only text is looked for among keys": ("1 in {'a': 1}", {}, ERROR, False),
    "a key that is twice fails like all else": ("{'a': 1, 'a': 2} == {} || true", {}, True, ERROR),
    "a comma needs something before it": ("[,]", {}, REFUSED, []),
    "no dot stands before a variable": (".i", {"i": 2}, REFUSED, 2),
    "a number ends where no letter follows": ("1in [1]", {}, REFUSED, True),
}


class TestItIsCel:
    """
    On what both have, an expression means what it means by Google's implementation of CEL.
    """

    @given(seeds)
    def test_the_shared_part_means_the_same(self, seed: int) -> None:
        """
        Equal values, or no value by both.
        """
        for source, variables in written(seed, count=10, is_shared=True):
            ours, theirs = by_us(source, variables), by_cel(source, variables)
            assert REFUSED not in (ours, theirs), source
            assert is_same(ours, theirs), f"{source}\n{variables}\n{ours} here, {theirs} by CEL"

    def test_what_is_compared_is_mostly_meaningful(self) -> None:
        """
        Most expressions have a value; those that have none fail for every reason a short one can fail for.
        """
        outcomes = [outcome(source, variables)[0] for source, variables in written(0, count=500, is_shared=True)]
        assert outcomes.count("value") > 300
        assert set(outcomes) == {"value", Failure.PATH_MISSING, Failure.WRONG_TYPE, Failure.DIVISION_BY_ZERO}

    @pytest.mark.parametrize("name", DIFFERENCES)
    def test_a_listed_difference_is_one(self, name: str) -> None:
        """
        Each example of the list really differs, and as it says.
        """
        source, variables, ours, theirs = DIFFERENCES[name]
        assert is_same(by_us(source, variables), ours)
        assert is_same(by_cel(source, variables), theirs)
        assert not is_same(ours, theirs)

    def test_the_page_lists_the_differences(self) -> None:
        """
        The reference page has exactly these differences, with these examples and outcomes.
        """
        page = (ROOT / "docs" / "reference" / "expressions.md").read_text()
        section = page.partition("\n## Differences from CEL\n")[2].partition("\n## ")[0]
        rows = re.findall(r"^\| (.+?) \| `` ?(.+?) ?`` \| (.+?) \| (.+?) \|$", section, re.MULTILINE)
        told = {name: (source.replace("\\|", "|"), ours, theirs) for name, source, ours, theirs in rows}
        assert told == {
            name: (source, as_told(ours), as_told(theirs)) for name, (source, _, ours, theirs) in DIFFERENCES.items()
        }


def as_told(value: Any) -> str:
    """
    Write an outcome as the page does.
    """
    if value in (REFUSED, ERROR):
        return str(value)
    return "infinity" if value == float("inf") else f"`{orjson.dumps(value).decode()}`"
