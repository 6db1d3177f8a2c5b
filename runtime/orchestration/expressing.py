"""The operations `compute` and `check`, and what every operation with an expression needs: variables, fuel, failures.

The variables of an expression are the members of the state. An expression that has no value fails its step with the
code of the same name. `ranking.py` works expressions out for the elements of a list.
"""

from collections.abc import Iterator, Mapping
from typing import final

from runtime.encoding.canonical import JsonValue
from runtime.errors import EvaluationError
from runtime.limits import MAX_EXPRESSION_FUEL, MAX_STEP_FUEL
from runtime.orchestration.failures import StepErrorCode, StepFailure
from runtime.orchestration.opaque import refuse_sealed
from runtime.orchestration.paths import write
from runtime.orchestration.payloads_rules import CheckPayload, ComputePayload
from runtime.orchestration.view import StateView
from runtime.policy.expressions import Expression
from runtime.policy.semantics import kind_of

__all__ = ["Fuel", "PerItem", "Variables", "check", "compute", "value_over"]


@final
class Variables(Mapping[str, JsonValue]):
    """
    The members of a state as the variables of an expression; each is parsed when it is read.
    """

    __slots__ = ("_view",)

    def __init__(self, view: StateView) -> None:
        """
        Read from a view.
        """
        self._view = view

    def __getitem__(self, name: str) -> JsonValue:
        """
        Give a member, or raise a KeyError.
        """
        if name not in self._view:
            raise KeyError(name)
        return self._view.load(name)

    def __iter__(self) -> Iterator[str]:
        """
        Go over the names.
        """
        return iter(self._view.list_keys())

    def __len__(self) -> int:
        """
        Count the members.
        """
        return len(self._view.list_keys())


def value_over(rule: Expression, view: StateView, field: str) -> JsonValue:
    """
    Work an expression out over the members of a state; `field` is the payload's field it stands in.

    Raises:
        StepFailure: it has no value.
    """
    try:
        return rule.evaluate(Variables(view))
    except EvaluationError as error:
        raise _failure(error, where=_place(error, field)) from error


def compute(payload: ComputePayload, view: StateView) -> None:
    """
    Write the value of an expression.

    Raises:
        StepFailure: the expression has no value, or there is no such place.
    """
    write(view, payload.path, value_over(payload.rule, view, "expression"))


def check(payload: CheckPayload, view: StateView) -> None:
    """
    Fail unless a condition holds.

    Raises:
        StepFailure: it does not, with the code and message of the payload; or it has no value that is true or false.
    """
    try:
        holds = payload.rule.holds(Variables(view))
    except EvaluationError as error:
        raise _failure(error, where=_place(error, "expression")) from error
    if not holds:
        reason = payload.message or f"the check does not hold: {payload.expression}"
        raise StepFailure(StepErrorCode(payload.code.value), reason)


@final
class Fuel:
    """
    What one step may work out over all elements of a list, so that a long list times a long expression has a bound.
    """

    def __init__(self, used: int) -> None:
        """
        Start with what the elements cost by themselves.
        """
        self.left = MAX_STEP_FUEL
        self.pay(used)

    def pay(self, nodes: int) -> None:
        """
        Use fuel.

        Raises:
            StepFailure: `out_of_fuel`.
        """
        self.left -= nodes
        if self.left < 0:
            raise StepFailure(StepErrorCode.OUT_OF_FUEL, f"more than {MAX_STEP_FUEL} nodes to work out")


@final
class PerItem:
    """
    An expression over `item` and the members of the state, for one element after the other.
    """

    def __init__(self, rule: Expression, field: str, view: StateView, fuel: Fuel) -> None:
        """
        Take the expression, and the payload's field it stands in.
        """
        self._rule = rule
        self._evaluate = rule.evaluator
        self._field = field
        self._variables = Variables(view)
        self._fuel = fuel

    def value_of(self, item: JsonValue) -> JsonValue:
        """
        Work the expression out for an element; the value is a part of the state, or new.

        Raises:
            StepFailure: it has none, or all elements together cost too much.
        """
        env = self._rule.environment(self._variables, item)
        try:
            value = self._evaluate(env)
        except EvaluationError:
            value = self._fail(item)
        self._fuel.pay(MAX_EXPRESSION_FUEL - env.fuel)
        return value

    def holds(self, item: JsonValue) -> bool:
        """
        Work a condition out for an element.

        Raises:
            StepFailure: as `value_of`; `wrong_type` when it is neither true nor false.
        """
        value = self.value_of(item)
        if type(value) is not bool:
            refuse_sealed(value)
            raise StepFailure(StepErrorCode.WRONG_TYPE, f"a condition that is {kind_of(value)} ({self._field})")
        return bool(value)

    def _fail(self, item: JsonValue) -> JsonValue:
        try:
            # Once more, because only this way says where in the expression it fails.
            return self._rule.evaluate(self._variables, item)
        except EvaluationError as error:
            raise _failure(error, f" ({_place(error, self._field)})") from error


def _place(error: EvaluationError, field: str) -> str:
    return f"{field} {error.where}" if error.where else field


def _failure(error: EvaluationError, cause: str = "", *, where: str = "") -> StepFailure:
    return StepFailure(StepErrorCode(error.failure), f"{error.what}{cause}", where=where)
