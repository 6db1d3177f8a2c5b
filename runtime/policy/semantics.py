"""What operators mean on JSON values. One number type, one equality, no conversion: what does not fit is a failure.

Values are of the canonical domain (`encoding/canonical.py`): exact Python types. An integral float counts as the
integer it is, so nothing depends on whether a number was written `2` or `2.0`. Work that grows with a value is paid for
in fuel before it is done.

A seal (`encoding/seal.py`) is carried about like any value, and nothing else: what would read into it, compare it or count
with it has no value, whatever stands around it, because the value that was sealed is not there to be looked at.
"""

from collections.abc import Mapping
from enum import StrEnum
from typing import Final, NoReturn, final

from runtime.encoding.canonical import JsonValue
from runtime.encoding.seal import SEAL_MEMBER, is_sealed
from runtime.errors import EvaluationError, shown
from runtime.limits import MAX_EXPRESSION_FUEL, MAX_NUMBER, SHOWN_VALUE_LENGTH

__all__ = [
    "ENDING",
    "TEXT_PER_FUEL",
    "Environment",
    "Failure",
    "as_number",
    "contains_member",
    "equal",
    "fail",
    "field_of",
    "item_of",
    "kind_of",
    "order",
    "refuse_sealed",
    "size_of",
    "told",
]

TEXT_PER_FUEL: Final = 64
"""Characters compared, searched or joined for one node."""
_NUMBERS: Final = (int, float)
_CONTAINERS: Final = (list, dict)
_NAMES: Final = {
    dict: "an object",
    list: "a list",
    str: "text",
    bool: "a truth value",
    int: "a number",
    float: "a number",
    type(None): "null",
}


@final
class Failure(StrEnum):
    """
    Why an expression has no value.
    """

    PATH_MISSING = "path_missing"
    WRONG_TYPE = "wrong_type"
    DIVISION_BY_ZERO = "division_by_zero"
    NUMBER_OUT_OF_RANGE = "number_out_of_range"
    VALUE_TOO_LARGE = "value_too_large"
    OUT_OF_FUEL = "out_of_fuel"
    SEALED_VALUE = "sealed_value"


ENDING: Final = (Failure.OUT_OF_FUEL, Failure.SEALED_VALUE)
"""Failures that nothing around them absorbs."""


def fail(failure: Failure, what: str, remedy: str = "", where: str = "") -> NoReturn:
    """
    End an evaluation.
    """
    error = EvaluationError(what, where=where, remedy=remedy)
    error.failure = failure.value
    raise error


def refuse_sealed(*values: JsonValue) -> None:
    """
    End an evaluation that would look at what a seal stands for.

    Raises:
        EvaluationError: `sealed_value`, where one of the values is a seal.
    """
    if any(map(is_sealed, values)):
        fail(Failure.SEALED_VALUE, "a sealed value", "an expression can carry it, and nothing more")


@final
class Environment:
    """
    One evaluation: the free variables, the bound ones by slot, and the fuel left.
    """

    __slots__ = ("bound", "fuel", "variables")

    def __init__(self, variables: Mapping[str, JsonValue], bound: list[JsonValue]) -> None:
        self.variables, self.bound = variables, bound
        self.fuel = MAX_EXPRESSION_FUEL

    def pay(self, nodes: int) -> None:
        """
        Use fuel.

        Raises:
            EvaluationError: `out_of_fuel`; it ends the evaluation, whatever stands around it.
        """
        self.fuel -= nodes
        if self.fuel < 0:
            fail(Failure.OUT_OF_FUEL, f"more than {MAX_EXPRESSION_FUEL} nodes to work out", "look at less data")


def kind_of(value: JsonValue) -> str:
    """
    Name the kind of a value for a message.
    """
    return _NAMES.get(type(value), f"a Python {type(value).__name__}")


def told(value: JsonValue) -> str:
    """
    Show a number or the beginning of a text in a message; of anything else its kind, for it may be as large as a document.
    """
    if type(value) is str:
        return shown(value[:SHOWN_VALUE_LENGTH])
    return shown(_whole(value)) if type(value) in _NUMBERS else kind_of(value)


def as_number(value: float) -> int | float:
    """
    Give a number as it is written: an integral one as an integer.

    Raises:
        EvaluationError: `number_out_of_range`, also for what is no JSON number.
    """
    # NaN fails both comparisons.
    if not -MAX_NUMBER <= value <= MAX_NUMBER:
        fail(Failure.NUMBER_OUT_OF_RANGE, "a number outside ±(2^53-1)")
    return _whole(value)


def _whole(value: float) -> int | float:
    return int(value) if type(value) is float and value.is_integer() else value


def field_of(value: JsonValue, name: str) -> JsonValue:
    """
    Give a member of an object.
    """
    if type(value) is not dict:
        fail(Failure.WRONG_TYPE, f"{kind_of(value)} has no member {told(name)}")
    if name not in value or name == SEAL_MEMBER:
        refuse_sealed(value)
        fail(Failure.PATH_MISSING, f"nothing named {told(name)}", "ask has(…) first, where it may be absent")
    return value[name]


def item_of(value: JsonValue, index: JsonValue, env: Environment) -> JsonValue:
    """
    Give `value[index]`: an element by number, or a member by text.
    """
    if type(value) is dict and type(index) is str:
        env.pay(len(index) // TEXT_PER_FUEL)
        return field_of(value, index)
    if type(value) is not list:
        refuse_sealed(value)
        fail(Failure.WRONG_TYPE, f"{kind_of(value)} has no element {told(index)}")
    index = _whole(index)
    if type(index) is not int:
        refuse_sealed(index)
        fail(Failure.WRONG_TYPE, f"index {told(index)} of a list", "give a whole number")
    if not 0 <= index < len(value):
        fail(Failure.PATH_MISSING, f"index {told(index)} is beyond {len(value)} elements")
    return value[index]


def equal(left: JsonValue, right: JsonValue, env: Environment) -> bool:
    """
    Tell whether two values are one JSON value: `true` is not `1`, and `2.0` is `2`.
    """
    kind, other = type(left), type(right)
    if kind is str and other is str:
        if len(left) != len(right):
            return False
        if len(left) >= TEXT_PER_FUEL:
            env.pay(len(left) // TEXT_PER_FUEL)
        return bool(left == right)
    if kind in _CONTAINERS and kind is other:
        return _equal_trees(left, right, env)
    if kind in _NUMBERS and other in _NUMBERS:
        return bool(left == right if kind is other is int else as_number(left) == as_number(right))
    if kind in _NAMES and other in _NAMES:
        refuse_sealed(left, right)
        return kind is other and bool(left == right)
    # What is not JSON might be equal by rules of its own, so it is never compared.
    return fail(Failure.WRONG_TYPE, f"{kind_of(left)} compared with {kind_of(right)}", "only JSON values are compared")


def _equal_trees(left: JsonValue, right: JsonValue, env: Environment) -> bool:
    # Without recursion, and in one order whatever order the keys came in: the fuel it takes must not depend on that.
    waiting = [(left, right)]
    while waiting:
        one, other = waiting.pop()
        if type(one) not in _CONTAINERS or type(one) is not type(other):
            if not equal(one, other, env):
                return False
        elif type(one) is dict and (SEAL_MEMBER in one or SEAL_MEMBER in other):
            refuse_sealed(one, other)
        elif len(one) != len(other):
            return False
        elif type(one) is list:
            env.pay(len(one))
            waiting += zip(reversed(one), reversed(other), strict=True)
        else:
            env.pay(len(one))
            if not set(map(type, one)) <= {str}:
                fail(Failure.WRONG_TYPE, "an object with keys that are not text")
            env.pay(sum(map(len, one)) // TEXT_PER_FUEL)
            if one.keys() != other.keys():
                return False
            waiting += [(one[key], other[key]) for key in sorted(one, reverse=True)]
    return True


def order(left: JsonValue, right: JsonValue, env: Environment) -> int:
    """
    Compare two numbers, two texts (by code point) or two truth values: below, at or above zero.
    """
    kind, other = type(left), type(right)
    if kind in _NUMBERS and other in _NUMBERS:
        left, right = as_number(left), as_number(right)
    elif kind is not other or kind not in (str, bool):
        refuse_sealed(left, right)
        what = f"{kind_of(left)} compared with {kind_of(right)}"
        fail(Failure.WRONG_TYPE, what, "only numbers, texts or truth values have an order among themselves")
    elif kind is str:
        env.pay(min(len(left), len(right)) // TEXT_PER_FUEL)
    return int(left > right) - int(left < right)


def contains_member(member: JsonValue, container: JsonValue, env: Environment) -> bool:
    """
    Work out `member in container`: an element of a list, or a key of an object.
    """
    if type(container) is list:
        env.pay(len(container))
        return any(equal(member, item, env) for item in container)
    refuse_sealed(container)
    if type(container) is not dict:
        fail(Failure.WRONG_TYPE, f"{kind_of(container)} holds nothing", "the right side of `in` is a list or an object")
    if type(member) is not str:
        refuse_sealed(member)
        fail(Failure.WRONG_TYPE, f"{kind_of(member)} as a key", "keys of objects are text")
    env.pay(len(member) // TEXT_PER_FUEL)
    return member in container


def size_of(value: JsonValue) -> int:
    """
    Count characters (code points), elements or members.
    """
    refuse_sealed(value)
    if type(value) not in (str, list, dict):
        fail(Failure.WRONG_TYPE, f"size of {kind_of(value)}", "text, lists and objects have one")
    return len(value)
