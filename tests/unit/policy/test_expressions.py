"""Expressions as their callers see them: what settles a condition, what fuel pays for, and who owns what."""

import copy
import pickle
import re
from collections.abc import Iterator, Mapping
from itertools import product
from pathlib import Path
from typing import Any

import pytest

from runtime.errors import EvaluationError, ExpressionError
from runtime.limits import (
    MAX_DEPTH,
    MAX_EXPRESSION_DEPTH,
    MAX_EXPRESSION_FUEL,
    MAX_EXPRESSION_LENGTH,
    MAX_EXPRESSION_TEXT,
    MAX_PAYLOAD_BYTES,
)
from runtime.policy.expressions import Expression
from runtime.policy.lexer import RESERVED
from runtime.policy.semantics import Failure
from runtime.policy.syntax import MACROS, METHODS, count_nodes

WRONG = Failure.WRONG_TYPE
MISSING = Failure.PATH_MISSING
FUEL = Failure.OUT_OF_FUEL


def outcome(source: str, **variables: Any) -> Any:
    """
    Give the value of an expression, or the code of its failure.
    """
    try:
        return Expression.parse(source).evaluate(variables)
    except EvaluationError as error:
        assert error.where  # noqa: PT017 - either outcome is right.
        return Failure(error.failure)


# T true, F false, N no truth value, E a failure.
_OPERANDS = {"T": "true", "F": "false", "N": "7", "E": "absent"}
_AND = {"TT": "T", "TF": "F", "FT": "F", "FF": "F", "NF": "F", "FN": "F", "EF": "F", "FE": "F"}
_OR = {"TT": "T", "TF": "T", "FT": "T", "FF": "F", "NT": "T", "TN": "T", "ET": "T", "TE": "T"}
_FAILING = {"T": True, "F": False, "N": WRONG, "E": MISSING}


@pytest.mark.parametrize("operands", ["".join(pair) for pair in product("TFNE", repeat=2)])
def test_what_settles_a_condition_settles_it(operands: str) -> None:
    """
    `false` settles `&&` and `true` settles `||`, on either side of a failure; else the first failure is the outcome.
    """
    left, right = (_OPERANDS[operand] for operand in operands)
    first_failure = _FAILING[operands.strip("TF")[:1] or "T"]
    for operator, table in (("&&", _AND), ("||", _OR)):
        expected = _FAILING[table[operands]] if operands in table else first_failure
        assert outcome(f"{left} {operator} {right}") == expected
        # A third operand that settles nothing changes nothing.
        neutral = "true" if operator == "&&" else "false"
        assert outcome(f"{left} {operator} {neutral} {operator} {right}") == expected


@pytest.mark.parametrize("elements", ["", "T", "F", "N", "E", *("".join(pair) for pair in product("TFNE", repeat=3))])
def test_all_and_exists_are_chains_over_a_list(elements: str) -> None:
    """
    `all` is `&&` over the elements and `exists` is `||`, what settles them included.
    """
    # The body as a condition: "N" gives a value that is none, "E" a failure.
    body = '{"T": true, "F": false, "N": 7}[x]'
    items = list(elements)
    for macro, settling in (("all", "F"), ("exists", "T")):
        first = next((element for element in elements if element in "NE"), None)
        neutral = macro == "all"
        expected = (not neutral) if settling in elements else neutral if first is None else _FAILING[first]
        assert outcome(f"xs.{macro}(x, {body})", xs=items) == expected


_MACROS: dict[str, Any] = {
    "[].all(x, absent)": True,
    "[].exists(x, absent)": False,
    "[].filter(x, absent)": [],
    "[].map(x, absent)": [],
    "[1, 2, 3].filter(x, x > 1)": [2, 3],
    "[1, 2, 3].map(x, x * x)": [1, 4, 9],
    "[3, 1, 2].map(x, x)": [3, 1, 2],
    "[1, 2].filter(x, absent)": MISSING,
    "[1, 2].filter(x, x)": WRONG,
    "[1, 2].map(x, absent)": MISSING,
    "[1, 0].map(x, 1 / x)": Failure.DIVISION_BY_ZERO,
    "[1, 2].filter(x, false || x)": WRONG,
    "[0, 1].exists(x, 1 / x == 1)": True,
    "[0, 2].exists(x, 1 / x == 1)": Failure.DIVISION_BY_ZERO,
    "[0, 2].all(x, 1 / x == 1)": False,
    "[0, 1].all(x, 1 / x == 1)": Failure.DIVISION_BY_ZERO,
    "xs.map(x, x + y)": [11, 12],
    "xs.map(y, y + y)": [2, 4],
    "xs.map(xs, xs)": [1, 2],
    "xs.map(y, y)[0] + y": 11,
    "xs.map(x, xs.map(y, x * 10 + y))": [[11, 12], [21, 22]],
    "xs.map(x, xs.map(x, x * 10))": [[10, 20], [10, 20]],
    "xs.map(x, xs.map(x, 0)[0] + x)": [1, 2],
    "xs.map(x, x).map(x, x + 1).filter(x, x > 2)": [3],
    "xs.all(x, xs.exists(y, y >= x))": True,
    "xs.exists(x, xs.all(y, y >= x)) && xs.exists(x, xs.all(y, y <= x))": True,
    "[xs, [3]].map(l, l.map(x, x + size(l)))": [[3, 4], [4]],
    "xs.filter(x, xs.filter(x, x > 1) == [x])": [2],
    "xs.map(x, {x == 1 ? 'a' : 'b': x})": [{"a": 1}, {"b": 2}],
    "objects.filter(o, has(o.a) && o.a > 1)": [{"a": 2}],
    "objects.map(o, has(o.a) ? o.a : 0)": [1, 2, 0],
    "objects.all(o, o.a < 3)": MISSING,
    "objects.exists(o, o.a > 1)": True,
    "objects.map(o, o.a)": MISSING,
    "objects.exists(has, has == {'b': 3})": True,
}


@pytest.mark.parametrize("source", _MACROS)
def test_macros(source: str) -> None:
    """
    A macro goes over a list in order, and its name stands for each element, hiding what had it before.
    """
    found = outcome(source, xs=[1, 2], y=10, objects=[{"a": 1}, {"a": 2}, {"b": 3}])
    assert found == _MACROS[source]


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        ("true ? 1 : absent", 1),
        ("false ? absent : 2", 2),
        ("absent ? 1 : 2", MISSING),
        ("7 ? 1 : 2", WRONG),
        ("false ? 1 : false ? 2 : 3", 3),
        ("true ? [1] : {}", [1]),
    ],
)
def test_a_choice_works_out_one_side(source: str, expected: Any) -> None:
    """
    The other side may fail; the condition may not.
    """
    assert outcome(source) == expected


# By expression: its variables, and what it costs beyond its nodes.
_COSTS: dict[str, tuple[dict[str, Any], int]] = {
    "true ? 1 : a.b.c": ({}, 0),
    "xs.all(x, true)": ({"xs": [1, 2, 3]}, 3),
    "xs.map(x, x + 1)": ({"xs": [1, 2, 3]}, 9),
    "xs.map(x, x.a.b)": ({"xs": [{"a": {"b": 1}}] * 4}, 12),
    "xs.filter(x, true)": ({"xs": []}, 0),
    "xs.exists(x, x == 2)": ({"xs": [1, 2, 3]}, 6),
    "xs.all(x, x == 1)": ({"xs": [1, 2, 3]}, 6),
    "xs.map(x, xs.map(y, x + y))": ({"xs": [1, 2, 3]}, 3 * 2 + 9 * 3),
    "xs.map(x, x).map(y, y)": ({"xs": [1, 2, 3]}, 6),
    "a == b": ({"a": "x" * 63, "b": "x" * 63}, 0),
    "a == b ": ({"a": "x" * 64, "b": "x" * 64}, 1),
    "a != b": ({"a": "x" * 640, "b": "x" * 640}, 10),
    "a == b  ": ({"a": "x" * 640, "b": "x" * 641}, 0),
    "a == b   ": ({"a": "x" * 640, "b": 1}, 0),
    "a < b": ({"a": "x" * 640, "b": "x" * 64}, 1),
    "a >= b": ({"a": "x" * 640, "b": "x" * 1280}, 10),
    "a + b": ({"a": "x" * 32, "b": "x" * 32}, 1),
    "a + b ": ({"a": "x" * 320, "b": "x" * 319}, 9),
    "a + b  ": ({"a": [1, 2], "b": [3]}, 3),
    "a.contains(b)": ({"a": "x" * 640, "b": "x" * 64}, 11),
    "a.startsWith(b)": ({"a": "x" * 640, "b": "x"}, 10),
    "a.endsWith(b)": ({"a": "x" * 64, "b": ""}, 1),
    "a in b": ({"a": 4, "b": [1, 2, 3, 4, 5]}, 5),
    "a in b ": ({"a": "x" * 64, "b": ["x" * 64, "x" * 64]}, 2 + 1),
    "a in b  ": ({"a": [1, 2], "b": [[1, 3], [1, 2]]}, 2 + 2 + 2),
    "a in b   ": ({"a": "x" * 128, "b": {"x" * 128: 1}}, 2),
    "a in b    ": ({"a": "x", "b": {"x": 1, "y": 2}}, 0),
    "b[a]": ({"a": "x" * 128, "b": {"x" * 128: 1}}, 2),
    "{a: 1}": ({"a": "x" * 128}, 2),
    "a == b     ": ({"a": [1, 2, 3], "b": [1, 2, 3]}, 3),
    "a == b      ": ({"a": [1, 2, 3], "b": [1, 2]}, 0),
    "a == b       ": ({"a": [[1, 2], [3]], "b": [[1, 2], [3]]}, 2 + 2 + 1),
    "a == b        ": ({"a": [[1, 2], [3]], "b": [[1, 4], [3]]}, 2 + 2),
    "a == b         ": ({"a": {"k": [1, 2], "l": 1}, "b": {"l": 1, "k": [1, 2]}}, 2 + 2),
    "a == b          ": ({"a": {"k": 1, "l": [1, 2]}, "b": {"l": [1, 2], "k": 2}}, 2),
    "a == b           ": ({"a": {"l": [1, 2], "k": 1}, "b": {"k": 2, "l": [1, 2]}}, 2),
    "a == b            ": ({"a": {"k" * 64: 1, "l" * 64: 2}, "b": {"k" * 64: 1, "l" * 64: 2}}, 2 + 2),
    "a == b             ": ({"a": {"k": 1}, "b": {"l": 1}}, 1),
    "size(a)": ({"a": "x" * 10_000}, 0),
    "a": ({"a": [1] * 100_000}, 0),
}


class TestFuel:
    """
    Every node is paid for before it is worked out, and work that grows with a value with it.
    """

    @pytest.mark.parametrize("source", _COSTS)
    def test_the_cost_is_exact(self, source: str) -> None:
        """
        With just that much fuel it runs, with one less it does not.
        """
        variables, cost = _COSTS[source]
        rule = Expression.parse(source)
        env = rule.environment(variables)
        assert env.fuel == MAX_EXPRESSION_FUEL - count_nodes(rule.tree)
        env.fuel = cost
        rule.evaluator(env)
        assert env.fuel == 0
        if cost:
            env = rule.environment(variables)
            env.fuel = cost - 1
            with pytest.raises(EvaluationError, match="more than 10000 nodes to work out") as caught:
                rule.evaluator(env)
            assert caught.value.failure == FUEL

    def test_the_tank_is_the_limit(self) -> None:
        """
        Two nodes and one for each element: 9998 elements are worked out, one more is not.
        """
        rule = Expression.parse("xs.all(x, true)")
        assert rule.evaluate({"xs": [0] * (MAX_EXPRESSION_FUEL - 2)}) is True
        with pytest.raises(EvaluationError) as caught:
            rule.evaluate({"xs": [0] * (MAX_EXPRESSION_FUEL - 1)})
        assert str(caught.value) == "more than 10000 nodes to work out at 1:1: look at less data"
        assert caught.value.failure == FUEL

    @pytest.mark.parametrize(
        "source",
        [
            "xs.all(x, true) || true",
            "!xs.all(x, true) && false",
            "[1].exists(y, xs.all(x, true)) || true",
            "[xs, []].exists(ys, ys.all(y, true))",
            "[xs, []].all(ys, ys.exists(y, false))",
            "xs.all(x, true) ? 1 : 2",
            "xs.map(x, x) == xs || true",
            "xs in [xs, 1] || true",
            "xs + xs == xs || true",
            "text == text || true",
            "text.contains('a') || true",
            "has(xs.map(x, {}).a) || true",
        ],
    )
    def test_nothing_outlives_its_end(self, source: str) -> None:
        """
        No operand settles a condition once the fuel has run out.
        """
        assert outcome(source, xs=[1] * MAX_EXPRESSION_FUEL, text="a" * 64 * MAX_EXPRESSION_FUEL) is FUEL

    def test_every_evaluation_starts_with_a_full_tank(self) -> None:
        """
        What one evaluation used up is there for the next.
        """
        rule = Expression.parse("xs.all(x, true)")
        for _ in range(3):
            assert rule.holds({"xs": [0] * (MAX_EXPRESSION_FUEL - 2)})

    def test_equal_costs_the_same_whatever_order_keys_have(self) -> None:
        """
        Whether the fuel is enough does not depend on how an object was written.
        """
        big = {"a": [0] * 9000, "b": [1] * 9000}
        turned = {"b": [1] * 9000, "a": [2] * 9000}
        for left, right in product((big, dict(reversed(big.items()))), (turned, dict(reversed(turned.items())))):
            assert outcome("l == r", l=left, r=right) is False


class TestSize:
    """
    What an expression puts together has a bound.
    """

    def test_of_a_text(self) -> None:
        """
        Texts are joined up to 65536 characters.
        """
        assert outcome("size(a + 'é')", a="é" * (MAX_EXPRESSION_TEXT - 1)) == MAX_EXPRESSION_TEXT
        assert outcome("size(a + 'é')", a="é" * MAX_EXPRESSION_TEXT) is Failure.VALUE_TOO_LARGE
        assert outcome("a + 'é' == '' || true", a="é" * MAX_EXPRESSION_TEXT) is True

    @pytest.mark.parametrize(
        ("source", "unit"),
        [("a", "x"), ("a", "\n"), ("a", "\xe9"), ("[a]", "x"), ("{'a': a}", "x"), ("[a][0]", "\U0001f602")],
    )
    def test_of_a_value(self, source: str, unit: str) -> None:
        """
        What comes out has at most 1 MiB in canonical form, exactly.
        """
        overhead = {"a": 2, "[a]": 4, "{'a': a}": 8, "[a][0]": 2}[source]
        count, rest = divmod(MAX_PAYLOAD_BYTES - overhead, len(unit.encode()) if unit != "\n" else 2)
        assert outcome(f"{source} == null", a="") is False
        largest = unit * count + "x" * rest
        assert outcome(source, a=largest) == {"a": largest, "[a]": [largest], "{'a': a}": {"a": largest}}.get(
            source, largest
        )
        assert outcome(source, a=largest + "x") is Failure.VALUE_TOO_LARGE

    def test_of_a_value_within_is_not_bounded(self) -> None:
        """
        Large values may be looked at, by what does not grow with them.
        """
        assert outcome("size(a) + size(b) + b[999999]", a="x" * 10_000_000, b=[1] * 1_000_000) == 11_000_001

    @pytest.mark.parametrize("body", ["[a, a]", "{'k': a, 'l': a}", "[a] + [a]"])
    @pytest.mark.parametrize("times", [20, 25])
    def test_a_part_that_stands_in_a_value_many_times_counts_each_time(self, body: str, times: int) -> None:
        """
        Sharing makes a short expression's value huge; it is refused, not written out.
        """
        source = "[[1]]" + f".map(a, {body})" * times
        assert outcome(source) is Failure.VALUE_TOO_LARGE
        assert outcome(f"{source} == {source}") is FUEL
        assert outcome(f"size({source})") == 1

    def test_of_its_nesting(self) -> None:
        """
        A value as deep as a document may be comes out, a deeper one does not.
        """
        deep: Any = 1
        for _ in range(MAX_DEPTH - 1):
            deep = [deep]
        assert outcome("[a]", a=deep) == [deep]
        assert outcome("[[a]]", a=deep) is Failure.VALUE_TOO_LARGE
        assert outcome("[[a]][0][0] == a", a=deep) is True


class Recorder(Mapping[str, Any]):
    """
    Variables that note which of them were asked for.
    """

    def __init__(self, variables: dict[str, Any]) -> None:
        """
        Hold the variables.
        """
        self.variables = variables
        self.asked: list[str] = []

    def __getitem__(self, name: str) -> Any:
        """
        Give a variable, and note it.
        """
        self.asked.append(name)
        return self.variables[name]

    def __iter__(self) -> Iterator[str]:
        """
        Refuse: no expression needs all names.
        """
        raise AssertionError

    def __len__(self) -> int:
        """
        Count.
        """
        return len(self.variables)


class TestOwnership:
    """
    An expression changes nothing it is given, and gives nothing that is still needed.
    """

    @pytest.mark.parametrize(
        "source",
        [
            *("a", "[a]", "{'k': a}", "a[0]", "[1, [2], 'x']", "[1, 2]", "[]", "{}", "true ? a : b", "a + a"),
            *("a.map(x, x)", "a.filter(x, true)", "[a, a]", "item", "[item]", "o.k", "a.map(x, [1, 2])"),
        ],
    )
    def test_a_value_belongs_to_the_caller(self, source: str) -> None:
        """
        Changing it changes neither the variables nor what the next evaluation gives, nor another part of it.
        """
        variables: dict[str, Any] = {"a": [{"k": [1]}, [2]], "o": {"k": {"l": [3]}}}
        item: Any = {"m": [4]}
        before = copy.deepcopy((variables, item))
        rule = Expression.parse(source, ("item",))
        first = rule.evaluate(variables, item)
        expected = copy.deepcopy(first)
        _spoil(first)
        assert (variables, item) == before
        second = rule.evaluate(variables, item)
        assert second == expected
        parts = [id(part) for part in _containers(second)]
        assert len(set(parts)) == len(parts)

    def test_only_what_is_read_is_looked_up(self) -> None:
        """
        A variable behind what settles the value is not asked for, and none is asked for twice without need.
        """
        variables = Recorder({"a": True, "b": 1, "c": 2})
        assert Expression.parse("a || b == 1 || c == 2").holds(variables)
        assert variables.asked == ["a"]
        assert Expression.parse("a ? b : c").evaluate(variables) == 1
        assert variables.asked == ["a", "a", "b"]

    def test_variables_may_be_any_mapping(self) -> None:
        """
        A name it does not hold is a missing path.
        """
        assert Expression.parse("a.b").evaluate(Recorder({"a": {"b": 1}})) == 1
        assert Expression.parse("has(a) && !has(b)").holds(Recorder({"a": 1}))
        with pytest.raises(EvaluationError, match="no variable 'b'"):
            Expression.parse("b").evaluate(Recorder({"a": 1}))

    def test_a_value_is_written_in_one_way(self) -> None:
        """
        Integral numbers come out as integers, negative zero as nought, keys in canonical order.
        """
        value = outcome("a", a={"c": [1.0, -0.0, 2.5], "b": 3.0, "\U00010000": 1, "\ue000": 2})
        assert repr(value) == repr({"b": 3, "c": [1, 0, 2.5], "\U00010000": 1, "\ue000": 2})
        assert repr(outcome("a", a=2.0)) == "2"
        assert repr(outcome("a", a=-0.0)) == "0"


def _containers(value: Any) -> Iterator[Any]:
    if isinstance(value, list | dict):
        yield value
        for part in value.values() if isinstance(value, dict) else value:
            yield from _containers(part)


def _spoil(value: Any) -> None:
    for part in list(_containers(value)):
        part.clear()


class TestBoundNames:
    """
    A caller may bind names, and gives their values by position.
    """

    def test_they_have_the_values_given(self) -> None:
        """
        They hide variables of the same name, and macros hide them.
        """
        rule = Expression.parse("a * 100 + b * 10 + xs.map(a, a + b)[0]", ("a", "b"))
        assert rule.evaluate({"a": 7, "xs": [5]}, 1, 2) == 127

    def test_one_expression_goes_over_many_elements(self) -> None:
        """
        Nothing stays behind from one evaluation to the next.
        """
        rule = Expression.parse("item > limit && [1, 2].exists(x, x == item)", ("item",))
        assert [rule.holds({"limit": 1}, item) for item in (0, 1, 2, 3, 2)] == [False, False, True, False, True]

    @pytest.mark.parametrize("given", [(), (1,), (1, 2, 3)], ids=["none", "one", "three"])
    def test_other_than_as_many_values_are_misuse(self, given: tuple[int, ...]) -> None:
        """
        Too few or too many values are a TypeError that names the names.
        """
        rule = Expression.parse("a + b + [1].map(x, x)[0]", ("a", "b"))
        with pytest.raises(TypeError, match=f"{len(given)} values for a, b"):
            rule.evaluate({}, *given)
        with pytest.raises(TypeError, match="1 values for no names"):
            Expression.parse("1").holds({}, 1)


class TestHolds:
    """
    `holds` works out a condition.
    """

    @pytest.mark.parametrize(("source", "expected"), [("a == 1", True), ("a == 2", False), ("true", True)])
    def test_it_is_true_or_false(self, source: str, expected: bool) -> None:  # noqa: FBT001 - a table.
        """
        The value itself is given.
        """
        assert Expression.parse(source).holds({"a": 1}) is expected

    @pytest.mark.parametrize("source", ["1", "0", "''", "'true'", "null", "[]", "{}", "[true]"])
    def test_nothing_else_is_a_condition(self, source: str) -> None:
        """
        No value is taken for true or false.
        """
        with pytest.raises(EvaluationError, match="at 1:2: a condition is true or false") as caught:
            Expression.parse(f" {source}").holds({})
        assert caught.value.what.startswith("a condition that is ")
        assert caught.value.failure == WRONG

    def test_it_fails_as_evaluating_does(self) -> None:
        """
        A failure has its code and its place.
        """
        with pytest.raises(EvaluationError, match="no variable 'a' at 1:9") as caught:
            Expression.parse("true && a").holds({})
        assert caught.value.failure == MISSING


class TestIdentity:
    """
    Expressions are values.
    """

    def test_equal_by_text_and_bound_names(self) -> None:
        """
        The same text with other bound names is another expression.
        """
        rule = Expression.parse("item + 1")
        assert rule == Expression.parse("item + 1")
        assert hash(rule) == hash(Expression.parse("item + 1"))
        assert rule != Expression.parse("item + 1", ("item",))
        assert rule != Expression.parse("item+1")
        assert rule != "item + 1"
        assert (rule == "item + 1") is False
        assert str(rule) == "item + 1"
        assert repr(rule) == "Expression('item + 1')"

    def test_short_texts_are_parsed_once(self) -> None:
        """
        A long text is not kept: what its compiled form takes is not bounded by how often it is used.
        """
        assert Expression.parse("1 + 2 + 34") is Expression.parse("1 + 2 + 34")
        long = "1" + " + 1" * 200
        assert Expression.parse(long) is not Expression.parse(long)
        assert Expression.parse(long) == Expression.parse(long)

    def test_copies_work(self) -> None:
        """
        An expression can be copied and pickled, before and after it was used.
        """
        rule = Expression("a.b + 1", (), Expression.parse("a.b + 1").tree)
        for _ in range(2):
            for twin in (copy.copy(rule), copy.deepcopy(rule), pickle.loads(pickle.dumps(rule))):  # noqa: S301 - ours.
                assert twin == rule
                assert twin.evaluate({"a": {"b": 1}}) == 2
            with pytest.raises(EvaluationError):
                rule.evaluate({})

    def test_a_text_that_is_refused_is_refused_again(self) -> None:
        """
        A refusal is not kept as a value.
        """
        for _ in range(2):
            with pytest.raises(ExpressionError, match="at 1:3"):
                Expression.parse("1 1")


def test_a_failure_is_found_again_with_its_place() -> None:
    """
    The evaluator alone tells no place; `evaluate` runs once more to find it, and both tell the same failure.
    """
    rule = Expression.parse("xs.all(x, 1 / x > 0)")
    variables = {"xs": [1, 0, 2]}
    with pytest.raises(EvaluationError, match="division by zero") as caught:
        rule.evaluator(rule.environment(variables))
    assert caught.value.where == ""
    for _ in range(2):
        with pytest.raises(EvaluationError, match="division by zero") as caught:
            rule.evaluate(variables)
        assert caught.value.where == "1:11"
    assert rule.evaluate({"xs": [1, 2]}) is True


PAGE = (Path(__file__).parents[3] / "docs" / "reference" / "expressions.md").read_text()


def rows_of(heading: str) -> list[list[str]]:
    """
    Give the rows of the tables of a section of the reference page, without code marks.
    """
    section = PAGE.partition(f"\n## {heading}\n")[2].partition("\n## ")[0]
    rows = re.findall(r"^\| (.+) \|$", section, re.MULTILINE)
    return [[cell.strip("` ") for cell in row.split(" | ")] for row in rows]


class TestPage:
    """
    The reference page says what the code does; its examples are run with those of all pages.
    """

    def test_it_lists_every_failure(self) -> None:
        """
        The table of codes holds the closed list, and every code has an example.
        """
        rows = rows_of("How an evaluation fails")
        assert [row[0] for row in rows[1:]] == list(Failure)
        for failure in Failure:
            assert f"\n{failure.value}: " in PAGE

    def test_it_lists_the_limits(self) -> None:
        """
        The table of limits says what `limits.py` says.
        """
        parsing = [MAX_EXPRESSION_LENGTH, MAX_EXPRESSION_DEPTH]
        running = [MAX_EXPRESSION_FUEL, MAX_EXPRESSION_TEXT, MAX_PAYLOAD_BYTES, MAX_DEPTH]
        assert [row[1] for row in rows_of("Limits")[1:]] == [str(limit) for limit in parsing + running]

    def test_it_lists_every_function_method_and_macro(self) -> None:
        """
        And no other.
        """
        forms = " ".join(row[0] for row in rows_of("Functions and methods") + rows_of("Macros"))
        assert sorted(set(re.findall(r"(\w+)\(", forms))) == sorted({*METHODS, *MACROS, "has"})

    def test_it_lists_the_reserved_words(self) -> None:
        """
        All of them, in order.
        """
        found = re.search(r"only in backticks: (.*?)\.", PAGE, re.DOTALL)
        assert found
        assert re.findall(r"`(\w+)`", found[1]) == sorted(RESERVED)
