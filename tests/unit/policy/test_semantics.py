"""What operators mean: each on every kind of value, what settles a condition, and how each failure reads."""

import math
from collections import OrderedDict
from enum import IntEnum, StrEnum
from itertools import product
from typing import Any

import pytest

from runtime.errors import EvaluationError
from runtime.limits import MAX_EXPRESSION_TEXT, MAX_NUMBER
from runtime.policy.expressions import Expression
from runtime.policy.semantics import Failure


def outcome(source: str, **variables: Any) -> Any:
    """
    Give the value of an expression, or the code of its failure.
    """
    try:
        return Expression.parse(source).evaluate(variables)
    except EvaluationError as error:
        assert error.failure in set(Failure)  # noqa: PT017 - either outcome is right.
        assert error.where  # noqa: PT017 - as above.
        return Failure(error.failure)


class Text(str):
    """
    A text of another class.
    """

    __slots__ = ()


class Mode(StrEnum):
    """
    Texts of another class.
    """

    A = "a"


class Number(IntEnum):
    """
    Numbers of another class.
    """

    ONE = 1


WRONG = Failure.WRONG_TYPE
MISSING = Failure.PATH_MISSING
RANGE = Failure.NUMBER_OUT_OF_RANGE

KINDS: dict[str, Any] = {
    "null": None,
    "truth": True,
    "number": 7,
    "fraction": 2.5,
    "text": "abc",
    "list": [7, "abc"],
    "object": {"abc": 7},
}
PAIRS = list(product(KINDS, KINDS))
NUMERIC = list(product(["number", "fraction"], ["number", "fraction"]))

_WORKS: dict[str, dict[tuple[str, str], Any]] = {
    "+": {
        **dict(zip(NUMERIC, [14, 9.5, 9.5, 5], strict=True)),
        ("text", "text"): "abcabc",
        ("list", "list"): [7, "abc", 7, "abc"],
    },
    "-": dict(zip(NUMERIC, [0, 4.5, -4.5, 0], strict=True)),
    "*": dict(zip(NUMERIC, [49, 17.5, 17.5, 6.25], strict=True)),
    "/": dict(zip(NUMERIC, [1, 2.8, 2.5 / 7, 1], strict=True)),
    "%": {("number", "number"): 0},
    "<": {
        **dict(zip(NUMERIC, [False, False, True, False], strict=True)),
        ("truth", "truth"): False,
        ("text", "text"): False,
    },
    "<=": {
        **dict(zip(NUMERIC, [True, False, True, True], strict=True)),
        ("truth", "truth"): True,
        ("text", "text"): True,
    },
    ">": {
        **dict(zip(NUMERIC, [False, True, False, False], strict=True)),
        ("truth", "truth"): False,
        ("text", "text"): False,
    },
    ">=": {
        **dict(zip(NUMERIC, [True, True, False, True], strict=True)),
        ("truth", "truth"): True,
        ("text", "text"): True,
    },
    "==": {(left, right): left == right for left, right in PAIRS},
    "!=": {(left, right): left != right for left, right in PAIRS},
    "in": {
        **{(left, "list"): left in ("number", "text") for left in KINDS},
        ("text", "object"): True,
    },
    "&&": {("truth", "truth"): True},
    "||": {("truth", right): True for right in KINDS} | {(left, "truth"): True for left in KINDS},
}


@pytest.mark.parametrize("operator", _WORKS)
@pytest.mark.parametrize("left", KINDS)
def test_every_operator_on_every_two_kinds(operator: str, left: str) -> None:
    """
    What is not in the table is a failure of type: nothing is converted.
    """
    for right, value in KINDS.items():
        found = outcome(f"a {operator} b", a=KINDS[left], b=value)
        expected = _WORKS[operator].get((left, right), WRONG)
        assert found == expected, right
        assert type(found) is type(expected), right


# By form: what it gives for each kind of `a`; what is not told is a failure of type.
_UNARY: dict[str, dict[str, Any]] = {
    "-a": {"number": -7, "fraction": -2.5},
    "!a": {"truth": False},
    "size(a)": {"text": 3, "list": 2, "object": 1},
    "a.size()": {"text": 3, "list": 2, "object": 1},
    "a.abc": {"object": 7},
    "a.other": {"object": MISSING},
    "has(a.abc)": {"object": True},
    "has(a.other)": {"object": False},
    "has(a)": dict.fromkeys(KINDS, True),
    "a[0]": {"list": 7},
    "a[2]": {"list": MISSING},
    'a["abc"]': {"object": 7},
    'a["other"]': {"object": MISSING},
    "a[null]": {},
    "a[true]": {},
    "a[0.5]": {},
    "a ? 1 : 2": {"truth": 1},
    "[7][a]": {"number": MISSING},
    '{"abc": 7}[a]': {"text": 7},
    "{a: 1}": {"text": {"abc": 1}},
    'a.contains("b")': {"text": True},
    'a.startsWith("b")': {"text": False},
    'a.endsWith("c")': {"text": True},
    '"abcd".contains(a)': {"text": True},
    '"abcd".startsWith(a)': {"text": True},
    '"abcd".endsWith(a)': {"text": False},
    "a.all(x, true)": {"list": True},
    "a.exists(x, true)": {"list": True},
    "a.filter(x, true)": {"list": [7, "abc"]},
    "a.map(x, 1)": {"list": [1, 1]},
    "[1].all(x, a)": {"truth": True},
    "[1].exists(x, a)": {"truth": True},
    "[1].filter(x, a)": {"truth": [1]},
    "[1].map(x, a)": {kind: [value] for kind, value in KINDS.items()},
    "a": KINDS,
    "[a]": {kind: [value] for kind, value in KINDS.items()},
    '{"a": a}': {kind: {"a": value} for kind, value in KINDS.items()},
    "true ? a : 1": KINDS,
    "false ? 1 : a": KINDS,
    "a && false": dict.fromkeys(KINDS, False),
    "false && a": dict.fromkeys(KINDS, False),
    "true && a": {"truth": True},
    "a || true": dict.fromkeys(KINDS, True),
    "true || a": dict.fromkeys(KINDS, True),
    "false || a": {"truth": True},
}


@pytest.mark.parametrize("source", _UNARY)
def test_every_form_on_every_kind(source: str) -> None:
    """
    What is not in the table is a failure of type.
    """
    for kind, value in KINDS.items():
        found = outcome(source, a=value)
        expected = _UNARY[source].get(kind, WRONG)
        assert found == expected, kind
        assert type(found) is type(expected), kind


_ARITHMETIC: dict[str, Any] = {
    "1 + 2 - 3 * 4 / 5": 0.6000000000000001,
    "2 + 3 * 4": 14,
    "(2 + 3) * 4": 20,
    "10 - 4 - 3": 3,
    "16 / 4 / 2": 2,
    "7 / 2": 3.5,
    "6 / 2": 3,
    "-7 / 2": -3.5,
    "1 / 3": 1 / 3,
    "0 / 5": 0,
    "7 % 3": 1,
    "-7 % 3": -1,
    "7 % -3": 1,
    "-7 % -3": -1,
    "6 % 3": 0,
    "-6 % 3": 0,
    "7.0 % 3.0": 1,
    "7.5 % 2": WRONG,
    "7 % 0.5": WRONG,
    "0.1 + 0.2": 0.30000000000000004,
    "0.5 + 0.5": 1,
    "1.5 * 2": 3,
    "2.5 - 0.5": 2,
    "-0.0": 0,
    "0 * -1": 0,
    "0.0 * -1.5": 0,
    "--5": 5,
    "-(2 - 5)": 3,
    "3 - -2": 5,
    "1 / 0": Failure.DIVISION_BY_ZERO,
    "1.5 / 0.0": Failure.DIVISION_BY_ZERO,
    "0 / 0": Failure.DIVISION_BY_ZERO,
    "1 % 0": Failure.DIVISION_BY_ZERO,
    "1 % 0.0": Failure.DIVISION_BY_ZERO,
    "1.5 % 0": WRONG,
    "9007199254740991 + 0": MAX_NUMBER,
    "9007199254740991 + 1": RANGE,
    "9007199254740991 + 0.5": RANGE,
    "9007199254740991 + 0.25": MAX_NUMBER,
    "-9007199254740991 - 1": RANGE,
    "-9007199254740991 + 0": -MAX_NUMBER,
    "9007199254740990 + 1.0": MAX_NUMBER,
    "94906265 * 94906265": 94906265**2,
    "94906266 * 94906266": RANGE,
    "1e15 * 10": RANGE,
    "1e15 * 9.5": RANGE,
    "9007199254740991 / 0.5": RANGE,
    "1 / 5e-324": RANGE,
    "5e-324 / 2": 0,
    "9007199254740991 * -1": -MAX_NUMBER,
    "9007199254740991 - 9007199254740990": 1,
    "9007199254740991 + 1 - 1": RANGE,
    "1 + true": WRONG,
    '"1" + 1': WRONG,
    '"a" + "b" + "c"': "abc",
    '"" + ""': "",
    "[] + []": [],
    "[1] + [[2]] + [3]": [1, [2], 3],
    '"a" * 2': WRONG,
    "[1] * 2": WRONG,
    '{"a": 1} + {"b": 2}': WRONG,
    "null + null": WRONG,
}


@pytest.mark.parametrize("source", _ARITHMETIC)
def test_arithmetic(source: str) -> None:
    """
    Exact integers as long as both are; `/` divides truly; what leaves the exact range fails; no negative zero is left.
    """
    found = outcome(source)
    assert found == _ARITHMETIC[source]
    assert type(found) is type(_ARITHMETIC[source])


# Each group holds spellings of one value.
_EQUALITY_CLASSES: list[list[Any]] = [
    [None],
    [False],
    [True],
    [0, 0.0, -0.0],
    [1, 1.0],
    [1.5],
    [MAX_NUMBER, float(MAX_NUMBER)],
    [""],
    ["1"],
    ["e\u0301"],
    ["\xe9"],
    ["x" * 200],
    ["x" * 199 + "y"],
    [[]],
    [[1, 2], [1.0, 2.0]],
    [[2, 1]],
    [[1]],
    [[True]],
    [[[1]], [[1.0]]],
    [[None]],
    [{}],
    [{"a": 1, "b": [2]}, {"b": [2.0], "a": 1.0}],
    [{"a": 1}],
    [{"a": None}],
    [{"b": 1}],
    [{"a": {"b": 1}}, {"a": {"b": 1.0}}],
    [{"a": {"b": True}}],
    [{"a": []}],
    [{"a": {}}],
]


def test_equality_is_that_of_json_values() -> None:
    """
    `true` is not `1`, `2.0` is `2`, texts are equal by code points, objects whatever order their keys have.
    """
    values = [(group, value) for group, spellings in enumerate(_EQUALITY_CLASSES) for value in spellings]
    for (group, left), (other, right) in product(values, values):
        is_same = group == other
        assert outcome("a == b", a=left, b=right) is is_same, (left, right)
        assert outcome("a != b", a=left, b=right) is not is_same, (left, right)
        assert outcome("a in [0.25, b]", a=left, b=right) is is_same, (left, right)
        assert outcome("[a] == [b]", a=left, b=right) is is_same, (left, right)
        assert outcome('{"k": a} == {"k": b}', a=left, b=right) is is_same, (left, right)


@pytest.mark.parametrize(
    "ascending",
    [
        [-MAX_NUMBER, -1.5, -1, -0.5, 0, 5e-324, 0.1, 1, 1.5, 2, MAX_NUMBER],
        ["", "\x00", "10", "9", "A", "a", "a\x00", "aa", "b", "\xe9", "\ud7ff", "\ue000", "\uffff", "\U00010000"],
        [False, True],
    ],
    ids=["numbers", "texts_by_code_point", "truth_values"],
)
def test_order(ascending: list[Any]) -> None:
    """
    Numbers, texts and truth values have an order among themselves.
    """
    for (i, left), (j, right) in product(enumerate(ascending), enumerate(ascending)):
        assert outcome("a < b", a=left, b=right) is (i < j)
        assert outcome("a <= b", a=left, b=right) is (i <= j)
        assert outcome("a > b", a=left, b=right) is (i > j)
        assert outcome("a >= b", a=left, b=right) is (i >= j)


_REACHING: dict[str, Any] = {
    "list[0]": 1,
    "list[2]": [3],
    "list[2][0]": 3,
    "list[0.0]": 1,
    "list[1 + 1]": [3],
    "list[3]": MISSING,
    "list[-1]": MISSING,
    "list[9007199254740991]": MISSING,
    "list[0.5]": WRONG,
    'list["0"]': WRONG,
    "list[true]": WRONG,
    "list[null]": WRONG,
    "list[[0]]": WRONG,
    "list.a": WRONG,
    "object.a": 1,
    'object["a"]': 1,
    'object["a b"]': 2,
    "object.`a b`": 2,
    'object[""]': 3,
    "object.in": 4,
    "object.if": 5,
    'object["\\n"]': 6,
    "object.b.c": 7,
    'object.b["c"]': 7,
    "object.c": MISSING,
    'object["c"]': MISSING,
    "object[0]": WRONG,
    "object.a.b": WRONG,
    "object.null_.b": WRONG,
    "object.null_": None,
    "text.a": WRONG,
    "text[0]": WRONG,
    "absent": MISSING,
    "absent.a": MISSING,
    "`a variable`": 8,
    "`if`": 9,
    "has(object.a)": True,
    "has(object.null_)": True,
    "has(object.c)": False,
    "has(object.b.c)": True,
    "has(object.b.d)": False,
    "has(object.c.d)": MISSING,
    "has(object.a.b)": WRONG,
    "has(object.null_.b)": WRONG,
    "has(object.`a b`)": True,
    "has(list.a)": WRONG,
    "has(list[2].a)": WRONG,
    "has(list[3].a)": MISSING,
    'has(object["b"].c)': True,
    'has({"a": 1}.a)': True,
    "has(absent)": False,
    "has(absent.a)": MISSING,
    "has(text)": True,
    "has(null_)": True,
    "has(`a variable`)": True,
    "1 in list": True,
    "1.0 in list": True,
    "[3] in list": True,
    "true in list": False,
    '"a" in object': True,
    '"a b" in object': True,
    '"c" in object': False,
    "1 in object": WRONG,
    "null in object": WRONG,
    '"t" in text': WRONG,
    "1 in 1": WRONG,
    "1 in null_": WRONG,
    "1 in []": False,
    "size(text)": 4,
    'size("\\U0001F602e\\u0301")': 3,
    "size([])": 0,
    "size({})": 0,
    "size(object)": 8,
    "list.size()": 3,
    'text.contains("")': True,
    'text.contains("ex")': True,
    'text.contains("xe")': False,
    'text.startsWith("te")': True,
    'text.startsWith("")': True,
    'text.endsWith("xt")': True,
    'text.endsWith("te")': False,
    '"\xe9".contains("e")': False,
    '"a.c".contains(".")': True,
    '"abc".contains("a.c")': False,
}
_VARIABLES: dict[str, Any] = {
    "list": [1, "a", [3]],
    "object": {"a": 1, "a b": 2, "": 3, "in": 4, "if": 5, "\n": 6, "b": {"c": 7}, "null_": None},
    "text": "text",
    "null_": None,
    "a variable": 8,
    "if": 9,
}


@pytest.mark.parametrize("source", _REACHING, ids=ascii)
def test_reaching_into_values(source: str) -> None:
    """
    Members by name, elements by number from nought, nothing by anything else.
    """
    found = outcome(source, **_VARIABLES)
    assert found == _REACHING[source]
    assert type(found) is type(_REACHING[source])


class TestValuesThatAreNoJson:
    """
    What is outside of the canonical domain never decides anything: it is passed over, or it fails.
    """

    @pytest.mark.parametrize("number", [math.nan, math.inf, -math.inf, 1e300], ids=repr)
    def test_a_float_that_is_no_json_number_fails(self, number: float) -> None:
        """
        Neither NaN nor infinity nor what is beyond the exact range compares, counts or comes out.
        """
        compared = "a == a|a != a|a == 1|1 != a|a < 1|1 <= a|a > a|a >= 0.5|a in [1]|a in [a]|[a] == [a]|a == 0.5"
        for source in f"{compared}|a|a + 1|a - a|a * 0|1 / a|a / a|-a".split("|"):
            assert outcome(source, a=number) is RANGE, source
        assert outcome('{"k": a} == {"k": a}', a=number) is RANGE

    @pytest.mark.parametrize("number", [2**53, -(2**64), 10**400, -(10**5000)], ids=["2_53", "2_64", "400", "5000"])
    def test_an_integer_beyond_the_exact_range_fails(self, number: int) -> None:
        """
        However large it is, it neither counts nor comes out.
        """
        for source in ("a", "a + 1", "a - a", "a * 0.5", "a / 3", "1 / a", "-a", "a + 0.5", "a < 0.5"):
            assert outcome(source, a=number) is RANGE, source
        assert outcome("[1][a]", a=number) is MISSING
        assert outcome("'x'[a]", a=number) is WRONG

    @pytest.mark.parametrize(
        "value",
        [(1, 2), {1, 2}, b"a", OrderedDict(a=1), Text("a"), Mode.A, Number.ONE, object()],
        ids=["tuple", "set", "bytes", "ordered", "text_class", "text_enum", "number_enum", "object"],
    )
    def test_a_value_of_another_class_fails(self, value: Any) -> None:
        """
        A subclass may look like JSON and compare by rules of its own.
        """
        binary = "a == a|a != 1|1 == a|'a' == a|a < 1|a + a|a in [1]|1 in a|a && true|[a] == [a]"
        for source in f"{binary}|a[0]|a['a']|a.a|size(a)|!a|-a|a ? 1 : 2|has(a.a)|a.map(x, x)|{{a: 1}}".split("|"):
            assert outcome(source, a=value) is WRONG, source
        assert outcome("a.contains('a')", a=value) is WRONG

    @pytest.mark.parametrize("value", [(1,), [(1,)], {1: 2}, {"a": {1}}, "\ud800", ["\ud800"], b"a"], ids=ascii)
    def test_what_cannot_be_written_does_not_come_out(self, value: Any) -> None:
        """
        A value that has no canonical form is no value of an expression.
        """
        assert outcome("a", a=value) is Failure.VALUE_TOO_LARGE

    def test_keys_that_are_not_text_fail(self) -> None:
        """
        Objects with other keys are not compared.
        """
        assert outcome("a == b", a={1: 2, "a": 3}, b={1: 2, "a": 3}) is WRONG

    def test_what_holds_itself_runs_out_of_fuel(self) -> None:
        """
        Comparing endless values ends, and they do not come out.
        """
        endless: list[Any] = []
        endless.append(endless)
        twin: list[Any] = []
        twin.append(twin)
        assert outcome("a == b", a=endless, b=twin) is Failure.OUT_OF_FUEL
        assert outcome("a", a=endless) is Failure.VALUE_TOO_LARGE

    def test_a_value_of_any_depth_is_compared(self) -> None:
        """
        Depth costs fuel, not stack.
        """
        left: list[Any] = []
        right: list[Any] = []
        for _ in range(9000):
            left, right = [left], [right]
        assert outcome("a == b", a=left, b=right) is True
        assert outcome("a in [b]", a=left, b=right) is True


_MESSAGES = {
    "absent + 1": "no variable 'absent' at 1:1: check its spelling",
    "1 + absent": "no variable 'absent' at 1:5: check its spelling",
    "o.a": "nothing named 'a' at 1:1: ask has(…) first, where it may be absent",
    'o["a"]': "nothing named 'a' at 1:1: ask has(…) first, where it may be absent",
    "1 + o.b.c": "a number has no member 'c' at 1:5",
    "[1, 2][2]": "index 2 is beyond 2 elements at 1:1",
    "[1][-1]": "index -1 is beyond 1 elements at 1:1",
    "[1][0.5]": "index 0.5 of a list at 1:1: give a whole number",
    '[1]["a"]': "index 'a' of a list at 1:1: give a whole number",
    "[1][null]": "index null of a list at 1:1: give a whole number",
    "1[0]": "a number has no element 0 at 1:1",
    "1[2.0]": "a number has no element 2 at 1:1",
    'o[["a"]]': "an object has no element a list at 1:1",
    "has(o.b.c)": "a number has no members at 1:1",
    "!1": "a number inverted at 1:1: only true and false are",
    '1 + -"a"': "text negated at 1:5: only numbers are",
    '1 < "a"': "a number compared with text at 1:1: only numbers, texts or truth values have an order among themselves",
    "1 in 2": "a number holds nothing at 1:1: the right side of `in` is a list or an object",
    "1 in o": "a number as a key at 1:1: keys of objects are text",
    "{1: 2}": "a number as a key at 1:1: keys of objects are text",
    '{"a": 1, "a": 2}': "key 'a' twice in one object at 1:1",
    "size(null)": "size of null at 1:1: text, lists and objects have one",
    '"a".contains(1)': "contains of text and a number at 1:1: both must be text",
    "o.map(x, x)": "map over an object at 1:1: only lists have elements",
    "[1].all(x, x)": "a number as a condition at 1:1: only true and false are",
    "null ? 1 : 2": "null as a condition at 1:1: only true and false are",
    "true && 1": "a number as an operand of && at 1:1: only true and false are",
    "false || [1]": "a list as an operand of || at 1:1: only true and false are",
    "1 + true": "a truth value added at 1:1: only numbers are",
    "1 - null": "null subtracted at 1:1: only numbers are",
    '1 * "a"': "text multiplied at 1:1: only numbers are",
    "1 / o": "an object divided at 1:1: only numbers are",
    "0.5 % 1": "a remainder of other than whole numbers at 1:1",
    "1 / 0": "division by zero at 1:1",
    "1 % 0": "division by zero at 1:1",
    "9007199254740991 * 2": "a number outside ±(2^53-1) at 1:1",
    "true\n && [1, 2].map(x,\n  x / 0) == []": "division by zero at 3:3",
    "long + 'a'": f"a text of {MAX_EXPRESSION_TEXT + 1} characters at 1:1",
    "thing == 1": "a Python object compared with a number at 1:1: only JSON values are compared",
}


@pytest.mark.parametrize("source", _MESSAGES, ids=ascii)
def test_a_failure_says_what_where_and_how_to_mend_it(source: str) -> None:
    """
    The place is where the innermost part that failed begins.
    """
    variables = {"o": {"b": 1}, "long": "x" * MAX_EXPRESSION_TEXT, "thing": object()}
    with pytest.raises(EvaluationError) as caught:
        Expression.parse(source).evaluate(variables)
    assert str(caught.value) == _MESSAGES[source]


def test_a_message_shows_the_beginning_of_a_long_text() -> None:
    """
    However long a text or large a value is, its message is short.
    """
    long = "x" * 10_000
    for source in ("{}[a]", "[][a]", "1[a]", "{a: 1, b: 2}", "{}[a] == 1 || absent"):
        with pytest.raises(EvaluationError) as caught:
            Expression.parse(source).evaluate({"a": long, "b": long[:5000] + long[5000:]})
        assert len(caught.value.what) < 140
    with pytest.raises(EvaluationError, match="index a list of a list"):
        Expression.parse("[][a]").evaluate({"a": [long]})
