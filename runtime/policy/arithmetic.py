"""What the arithmetic operators mean: exact on whole numbers, and a failure where a number leaves the range of JSON."""

from collections.abc import Callable
from typing import Any, Final

from runtime.encoding.canonical import JsonValue
from runtime.limits import MAX_EXPRESSION_TEXT
from runtime.policy.semantics import TEXT_PER_FUEL, Environment, Failure, as_number, fail, kind_of, refuse_sealed

__all__ = ["ARITHMETIC", "negate"]

_NUMBERS: Final = (int, float)


def _operand(value: JsonValue, verb: str) -> Any:  # noqa: ANN401 - an int or a float.
    if type(value) not in _NUMBERS:
        refuse_sealed(value)
        fail(Failure.WRONG_TYPE, f"{kind_of(value)} {verb}", "only numbers are")
    return as_number(value)


def _add(left: JsonValue, right: JsonValue, env: Environment) -> JsonValue:
    if type(left) is str and type(right) is str:
        length = len(left) + len(right)
        if length > MAX_EXPRESSION_TEXT:
            fail(Failure.VALUE_TOO_LARGE, f"a text of {length} characters")
        env.pay(length // TEXT_PER_FUEL)
        return left + right
    if type(left) is list and type(right) is list:
        env.pay(len(left) + len(right))
        return [*left, *right]
    if type(left) in (str, list):
        refuse_sealed(right)  # It may be what would be joined.
    return as_number(_operand(left, "added") + _operand(right, "added"))


def _subtract(left: JsonValue, right: JsonValue, _env: Environment) -> JsonValue:
    return as_number(_operand(left, "subtracted") - _operand(right, "subtracted"))


def _multiply(left: JsonValue, right: JsonValue, _env: Environment) -> JsonValue:
    return as_number(_operand(left, "multiplied") * _operand(right, "multiplied"))


def _divide(left: JsonValue, right: JsonValue, _env: Environment) -> JsonValue:
    dividend, divisor = _operand(left, "divided"), _operand(right, "divided")
    if divisor == 0:
        fail(Failure.DIVISION_BY_ZERO, "division by zero")
    return as_number(dividend / divisor)


def _remainder(left: JsonValue, right: JsonValue, _env: Environment) -> JsonValue:
    dividend, divisor = _operand(left, "divided"), _operand(right, "divided")
    if type(dividend) is not int or type(divisor) is not int:
        fail(Failure.WRONG_TYPE, "a remainder of other than whole numbers")
    if divisor == 0:
        fail(Failure.DIVISION_BY_ZERO, "division by zero")
    # Python's own remainder has the sign of the divisor; CEL's that of the dividend.
    size = abs(dividend) % abs(divisor)
    return -size if dividend < 0 else size


def negate(value: JsonValue) -> JsonValue:
    """
    Change the sign of a number.
    """
    return as_number(-_operand(value, "negated"))


ARITHMETIC: Final[dict[str, Callable[[JsonValue, JsonValue, Environment], JsonValue]]] = {
    "+": _add,
    "-": _subtract,
    "*": _multiply,
    "/": _divide,
    "%": _remainder,
}
"""Arithmetic operators. `+` also joins two texts or two lists; `7 / 2` is `3.5`; `%` takes whole numbers."""
