"""What the steps that follow a rule may say: `compute`, `check`, `select`, `prioritize`.

A rule is an expression. It is parsed here, so that one that cannot be read is refused before the first step, with its
line and column. What the payloads do is in `expressing.py` and `ranking.py`; what may stand in others is in
`payloads.py`.
"""

from collections.abc import Callable
from enum import StrEnum
from typing import Any, ClassVar, Final

import attrs

from runtime.encoding.pointer import Pointer
from runtime.errors import DefinitionError, shown
from runtime.limits import MAX_DAYS, MAX_ORDERS, MAX_PICKED, MAX_RANKS, MAX_WEIGHTS
from runtime.orchestration.payloads import ITEM, ListPayload, Payload, is_expression, is_number
from runtime.policy.expressions import Expression
from runtime.values.checks import is_below_root, is_text

__all__ = [
    "CheckCode",
    "CheckPayload",
    "ComputePayload",
    "CountWeight",
    "DaysUntilWeight",
    "Direction",
    "NumberWeight",
    "Order",
    "PickPayload",
    "PrioritizePayload",
    "RankOfWeight",
    "SelectPayload",
    "Weight",
]

_TODAY: Final = Pointer.parse("/today")

_Validator = Callable[[Any, "attrs.Attribute[Any]", Any], None]


def _counts(least: int, most: int) -> _Validator:
    def check(_: object, field: "attrs.Attribute[Any]", value: object) -> None:
        if type(value) is tuple and not least <= len(value) <= most:
            raise DefinitionError(
                f"{field.name} has {len(value)} members", where=field.name, remedy=f"allowed are {least} to {most}"
            )

    return check


def _ranges(least: int, most: int) -> _Validator:
    def check(_: object, field: "attrs.Attribute[Any]", value: int | None) -> None:
        if value is not None and not least <= value <= most:
            raise DefinitionError(
                f"{field.name} is {shown(value)}", where=field.name, remedy=f"allowed are {least} to {most}"
            )

    return check


@attrs.frozen(kw_only=True, eq=False, repr=False)
class ComputePayload(Payload):
    """
    `compute`: write the value of an expression over the members of the state.
    """

    path: Pointer = attrs.field(validator=is_below_root)
    expression: str = attrs.field(validator=is_expression())

    @property
    def rule(self) -> Expression:
        """
        The expression, parsed.
        """
        return Expression.parse(self.expression)


class CheckCode(StrEnum):
    """
    What a check that does not hold is called in the evidence; each is also a code of `failures.py`.
    """

    CHECK_FAILED = "check_failed"
    TESTS_FAILED = "tests_failed"
    STALE = "stale"
    UNHEALTHY = "unhealthy"


@attrs.frozen(kw_only=True, eq=False, repr=False)
class CheckPayload(Payload):
    """
    `check`: fail the step unless a condition over the members of the state holds.
    """

    expression: str = attrs.field(validator=is_expression())
    message: str = attrs.field(default="", validator=is_text)
    code: CheckCode = CheckCode.CHECK_FAILED

    @property
    def rule(self) -> Expression:
        """
        The expression, parsed.
        """
        return Expression.parse(self.expression)


class Direction(StrEnum):
    """
    Which end of the total order of JSON values comes first.
    """

    ASCENDING = "ascending"
    DESCENDING = "descending"


@attrs.frozen(kw_only=True, eq=False, repr=False)
class Order:
    """
    Sort by one member of each element.
    """

    of: Pointer
    direction: Direction = Direction.ASCENDING


@attrs.frozen(kw_only=True, eq=False, repr=False)
class PickPayload(ListPayload):
    """
    Puts the elements of a list in order and may keep only the first.
    """

    limit: int | None = attrs.field(default=None, validator=_ranges(0, MAX_PICKED))


@attrs.frozen(kw_only=True, eq=False, repr=False)
class SelectPayload(PickPayload):
    """
    `select`: filter a list, sort it, keep the first element of each value at `distinct_by`, cut it.
    """

    where: str | None = attrs.field(default=None, validator=is_expression(ITEM))
    distinct_by: Pointer | None = None
    order_by: tuple[Order, ...] = attrs.field(default=(), validator=_counts(0, MAX_ORDERS))

    @property
    def rule(self) -> Expression | None:
        """
        The condition on an element, parsed, if there is one.
        """
        return None if self.where is None else Expression.parse(self.where, (ITEM,))


@attrs.frozen(kw_only=True, eq=False, repr=False)
class _Weight:
    of: Pointer
    weight: Any = attrs.field(validator=is_number)


@attrs.frozen(kw_only=True, eq=False, repr=False)
class NumberWeight(_Weight):
    """
    The number at `of`.
    """

    KIND: ClassVar[str] = "number"


@attrs.frozen(kw_only=True, eq=False, repr=False)
class DaysUntilWeight(_Weight):
    """
    How near the date at `of` is: 0 from `within` days before it, one more each day, also when it has passed.
    """

    within: int = attrs.field(default=14, validator=_ranges(1, MAX_DAYS))

    KIND: ClassVar[str] = "days_until"


@attrs.frozen(kw_only=True, eq=False, repr=False)
class CountWeight(_Weight):
    """
    How many elements the list at `of` has.
    """

    KIND: ClassVar[str] = "count"


def _are_ranks(_: object, field: "attrs.Attribute[Any]", value: tuple[Any, ...]) -> None:
    other = [one for one in value if type(one) not in (str, int, float)]
    if other:
        raise DefinitionError(
            f"{field.name} holds {shown(other[0])}", where=field.name, remedy="give texts and numbers"
        )
    if len(set(value)) != len(value):
        raise DefinitionError(
            f"{len(value)} values, {len(set(value))} of them different",
            where=field.name,
            remedy="list each value once, from low to high",
        )


@attrs.frozen(kw_only=True, eq=False, repr=False)
class RankOfWeight(_Weight):
    """
    The place of the value at `of` in a list of values from low to high, the first being 0.
    """

    order: tuple[Any, ...] = attrs.field(validator=[_counts(1, MAX_RANKS), _are_ranks])

    KIND: ClassVar[str] = "rank_of"


Weight = NumberWeight | DaysUntilWeight | CountWeight | RankOfWeight
"""One part of a score."""


@attrs.frozen(kw_only=True, eq=False, repr=False)
class PrioritizePayload(PickPayload):
    """
    `prioritize`: rank the elements of a list by a score, and say why.
    """

    score: str | tuple[Weight, ...] = attrs.field(validator=[is_expression(ITEM), _counts(1, MAX_WEIGHTS)])
    today: Pointer = _TODAY
    tie_breakers: tuple[Order, ...] = attrs.field(default=(), validator=_counts(0, MAX_ORDERS))

    @property
    def rule(self) -> Expression | None:
        """
        The expression of the score, parsed, unless weights make it.
        """
        return Expression.parse(self.score, (ITEM,)) if type(self.score) is str else None

    @property
    def weights(self) -> tuple[Weight, ...]:
        """
        The weights of the score; none when an expression makes it.
        """
        return self.score if type(self.score) is tuple else ()
