"""Scores of elements and the reasons for them: by weights, or by an expression."""

from collections.abc import Callable, Mapping
from contextlib import suppress
from functools import cache, partial
from typing import Final, final

from runtime.encoding.canonical import JsonValue
from runtime.encoding.pointer import Pointer
from runtime.encoding.seal import is_sealed
from runtime.errors import shown
from runtime.orchestration.dates import day_number
from runtime.orchestration.elements import checked_number, member_of, total
from runtime.orchestration.expressing import Fuel, PerItem
from runtime.orchestration.failures import StepErrorCode, StepFailure
from runtime.orchestration.opaque import refuse_sealed
from runtime.orchestration.paths import find
from runtime.orchestration.payloads import ITEM, Missing
from runtime.orchestration.payloads_rules import (
    CountWeight,
    DaysUntilWeight,
    NumberWeight,
    Weight,
)
from runtime.orchestration.view import StateView
from runtime.policy.expressions import Expression
from runtime.policy.semantics import kind_of

__all__ = ["ByExpression", "ByWeights"]

_NUMBERS: Final = (int, float)


@final
class ByWeights:
    """
    Adds up what each weight gives; with `missing: empty` a part that is absent, or no date of today, adds nothing.
    """

    def __init__(self, weights: tuple[Weight, ...], missing: Missing, today: Callable[[], JsonValue]) -> None:
        """
        Take the weights; `today` gives the date that others are compared with, and is asked when there is one.
        """
        known = cache(partial(_read_today, today, missing))
        self._parts = [(weight, _measure(weight, known)) for weight in weights]
        self._missing = missing

    def score_of(self, item: JsonValue) -> int | float:
        """
        Add up the points of an element.

        Raises:
            StepFailure: `path_missing`, `wrong_type` or `number_out_of_range`, at the member.
        """
        return checked_number(total([self._points(item, *part)[1] for part in self._parts], ""), "")

    def reasons_for(self, item: JsonValue) -> list[JsonValue]:
        """
        Say for each weight what was read and how many points it gave; they sum to the score.
        """
        reasons: list[JsonValue] = []
        for weight, measure in self._parts:
            value, points = self._points(item, weight, measure)
            reasons.append({"kind": weight.KIND, "of": weight.of.text, "value": value, "points": points})
        return reasons

    def _points(self, item: JsonValue, weight: Weight, measure: "_Measure") -> tuple[JsonValue, int | float]:
        value = member_of(item, weight.of, self._missing)
        refuse_sealed(value, weight.of.text)
        if value is None:
            if self._missing is Missing.EMPTY:
                return None, 0
            raise StepFailure(StepErrorCode.PATH_MISSING, "nothing but null", where=weight.of.text)
        try:
            seen, amount = measure(value)
        except StepFailure as failure:
            raise StepFailure(failure.code, failure.reason, where=weight.of.text) from failure
        return seen, checked_number(weight.weight * amount, weight.of.text)


_Measure = Callable[[JsonValue], tuple[JsonValue, int | float]]
"""What the reason shows of a value, and the number that is weighed."""


def _measure(weight: Weight, today: Callable[[], int | None]) -> _Measure:
    if isinstance(weight, NumberWeight):
        return _number
    if isinstance(weight, CountWeight):
        return _count
    if isinstance(weight, DaysUntilWeight):
        return partial(_nearness, weight.within, today)
    return partial(_rank, {value: rank for rank, value in enumerate(weight.order)})


def _number(value: JsonValue) -> tuple[JsonValue, int | float]:
    if type(value) not in _NUMBERS:
        raise StepFailure(StepErrorCode.WRONG_TYPE, "expected a number")
    return value, value


def _count(value: JsonValue) -> tuple[JsonValue, int | float]:
    if type(value) is not list:
        raise StepFailure(StepErrorCode.WRONG_TYPE, "expected a list")
    return len(value), len(value)


def _nearness(within: int, today: Callable[[], int | None], value: JsonValue) -> tuple[JsonValue, int | float]:
    day, now = _read_day(value), today()
    return value, 0 if now is None else max(0, within - (day - now))


def _read_today(today: Callable[[], JsonValue], missing: Missing) -> int | None:
    """
    Give the day that dates are compared with; with `missing: empty` none where there is none.
    """
    try:
        value = today()
        return None if value is None and missing is Missing.EMPTY else _read_day(value)
    except StepFailure as failure:
        if missing is Missing.EMPTY and failure.code is StepErrorCode.PATH_MISSING:
            return None
        raise StepFailure(failure.code, f"no date of today ({failure})") from failure


def _rank(ranks: Mapping[JsonValue, int], value: JsonValue) -> tuple[JsonValue, int | float]:
    # `true` would be found as 1.
    if type(value) not in (str, *_NUMBERS) or value not in ranks:
        raise StepFailure(StepErrorCode.WRONG_TYPE, f"{shown(value)} is not in the order of the weight")
    return value, ranks[value]


def _read_day(value: JsonValue) -> int:
    refuse_sealed(value)
    day = day_number(value) if type(value) is str else None
    if day is None:
        raise StepFailure(StepErrorCode.WRONG_TYPE, f"{shown(value)} is no date such as 2026-01-31")
    return day


@final
class ByExpression:
    """
    Takes the number an expression over the element gives.
    """

    def __init__(self, rule: Expression, view: StateView, fuel: Fuel) -> None:
        """
        Take the expression.
        """
        self._rule = PerItem(rule, "score", view, fuel)
        self._reads = [_below_item(path) for path in rule.list_reads(item=(ITEM,)) if _is_of_item(path)]

    def score_of(self, item: JsonValue) -> int | float:
        """
        Work out the score of an element.

        Raises:
            StepFailure: the expression has no value, or one that is no number.
        """
        value: int | float = self._rule.value_of(item)
        if type(value) not in _NUMBERS:
            refuse_sealed(value)
            raise StepFailure(StepErrorCode.WRONG_TYPE, f"a score that is {kind_of(value)} (score)")
        return value

    def reasons_for(self, item: JsonValue) -> list[JsonValue]:
        """
        Show what the expression reads of an element, as far as it is there.
        """
        reads = {}
        for pointer in self._reads:
            with suppress(StepFailure):
                reads[pointer.text] = _in_short(find(item, pointer.tokens, pointer))
        return [{"kind": "expression", "reads": reads}]


def _is_of_item(path: str) -> bool:
    return path == f"/{ITEM}" or path.startswith(f"/{ITEM}/")


def _below_item(path: str) -> Pointer:
    # Not parsed as a pointer: an expression may name longer paths than a payload.
    text = path.removeprefix(f"/{ITEM}")
    return Pointer(text, tuple(part.replace("~1", "/").replace("~0", "~") for part in text.split("/")[1:]))


def _in_short(value: JsonValue) -> JsonValue:
    if type(value) is list:
        return f"list of {len(value)}"
    return f"object of {len(value)}" if type(value) is dict and not is_sealed(value) else value
