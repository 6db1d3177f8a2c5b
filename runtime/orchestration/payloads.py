"""What each step may say: one strict class per operation, and one for human steps.

An unknown field, a wrong type or a half-given choice is refused with its path before the first step. What a payload
does is in `operations.py`; here is only what it may hold. Payloads are compared by nobody (steps are, by their bytes), so
the classes have no equality and no repr of their own; both would cost import time.
"""

from collections.abc import Callable
from enum import StrEnum
from typing import Any, Final

import attrs

from runtime.encoding.converter import KEY
from runtime.encoding.frozen import EMPTY_OBJECT, JsonObject
from runtime.encoding.pointer import Pointer
from runtime.errors import DefinitionError, ExpressionError, shown
from runtime.limits import MAX_MEASURES
from runtime.policy.expressions import Expression
from runtime.values.checks import is_below_root, is_text

__all__ = [
    "ABSENT",
    "ITEM",
    "EditPayload",
    "FailPayload",
    "IncrementPayload",
    "ListPayload",
    "Measure",
    "MeasureKind",
    "MergePayload",
    "Missing",
    "NoopPayload",
    "Payload",
    "RemovePayload",
    "SummarizePayload",
    "When",
    "is_expression",
    "is_number",
]


ITEM: Final = "item"
"""The name by which an expression over a list calls the element; it hides a member of the state of that name."""


def is_expression(*bound: str) -> Callable[[Any, "attrs.Attribute[Any]", Any], None]:
    """
    Give a validator that accepts an expression over these bound names, and what is no text.
    """

    def check(_: object, field: "attrs.Attribute[Any]", value: object) -> None:
        if type(value) is not str:
            return
        try:
            Expression.parse(value, bound)
        except ExpressionError as error:
            place = f" at {error.where}" if error.where else ""
            raise DefinitionError(f"{error.what}{place}", where=field.name, remedy=error.remedy) from error

    return check


class When(StrEnum):
    """
    When a step runs: always, or only after a policy's verdict `flag`.
    """

    ALWAYS = "always"
    FLAGGED = "flagged"


@attrs.frozen(kw_only=True, eq=False, repr=False)
class Payload:
    """
    What every payload may carry. A runtime step without an operation is a `noop`.
    """

    operation: str = "noop"
    description: str = attrs.field(default="", validator=is_text)
    pause_safe: bool = False
    when: When = When.ALWAYS


@attrs.frozen(kw_only=True, eq=False, repr=False)
class NoopPayload(Payload):
    """
    Does nothing; `params` is shown and hashed with the payload.
    """

    params: JsonObject = EMPTY_OBJECT


@attrs.frozen(kw_only=True, eq=False, repr=False)
class FailPayload(Payload):
    """
    Fails the step with a reason.
    """

    reason: str = attrs.field(default="unspecified", validator=is_text)


class _Absent:
    """
    The type of ABSENT: a field that was not given, which null would be.
    """

    def __repr__(self) -> str:
        """
        Show it.
        """
        return "ABSENT"


ABSENT: Final = _Absent()


@attrs.frozen(kw_only=True, eq=False, repr=False)
class _SourcePayload(Payload):
    """
    Writes a given value, or one read from the state.
    """

    value: Any = ABSENT
    from_: Pointer | None = attrs.field(default=None, metadata={KEY: "from"})

    def __attrs_post_init__(self) -> None:
        """
        Demand exactly one source.
        """
        if (self.value is ABSENT) == (self.from_ is None):
            raise DefinitionError("a value from nowhere or from two places", remedy="give either value or from")


@attrs.frozen(kw_only=True, eq=False, repr=False)
class EditPayload(_SourcePayload):
    """
    `set` and `append`: write at a path below the root.
    """

    path: Pointer = attrs.field(validator=is_below_root)


@attrs.frozen(kw_only=True, eq=False, repr=False)
class MergePayload(_SourcePayload):
    """
    `merge`: apply a merge patch (RFC 7396) at a path; the root is allowed, for an object.
    """

    path: Pointer

    def __attrs_post_init__(self) -> None:
        """
        Demand exactly one source, and an object for the root.
        """
        super().__attrs_post_init__()
        if not self.path.tokens and self.value is not ABSENT and type(self.value) is not dict:
            raise DefinitionError("a merge of the root with no object", where="value", remedy="give an object")


@attrs.frozen(kw_only=True, eq=False, repr=False)
class RemovePayload(Payload):
    """
    `remove`: take away what stands at a path.
    """

    path: Pointer = attrs.field(validator=is_below_root)


def is_number(_: object, field: "attrs.Attribute[Any]", value: object) -> None:
    """
    Accept a number; `true` is none.
    """
    if type(value) not in (int, float):
        raise DefinitionError(f"{field.name} is {shown(value)}", where=field.name, remedy="expected a number")


@attrs.frozen(kw_only=True, eq=False, repr=False)
class IncrementPayload(Payload):
    """
    `increment`: add to the number at a path.
    """

    path: Pointer = attrs.field(validator=is_below_root)
    by: Any = attrs.field(default=1, validator=is_number)


class MeasureKind(StrEnum):
    """
    What `summarize` can work out over the items of a group.
    """

    COUNT = "count"
    SUM = "sum"
    MIN = "min"
    MAX = "max"
    AVG = "avg"
    LIST = "list"


@attrs.frozen(kw_only=True, eq=False, repr=False)
class Measure:
    """
    One number or list per group: its kind, and the member of each item it is `of` (only `count` may leave it out).

    `where` is a condition on an item: only those that fulfil it are measured. With `by`, a member, it is one number or
    list for each text that stands there.
    """

    kind: MeasureKind
    of: Pointer | None = None
    where: str | None = attrs.field(default=None, validator=is_expression(ITEM))
    by: Pointer | None = None

    def __attrs_post_init__(self) -> None:
        """
        Demand `of` for every kind but `count`.
        """
        if self.of is None and self.kind is not MeasureKind.COUNT:
            raise DefinitionError(
                f"a {self.kind.value} of nothing", where="of", remedy="name the member, as in /minutes"
            )


class Missing(StrEnum):
    """
    What an absent list, or an absent member of an item, means: a failure, or nothing.
    """

    ERROR = "error"
    EMPTY = "empty"


@attrs.frozen(kw_only=True, eq=False, repr=False)
class ListPayload(Payload):
    """
    Reads a list and writes what it makes of it.
    """

    from_: Pointer = attrs.field(metadata={KEY: "from"})
    path: Pointer = attrs.field(validator=is_below_root)
    missing: Missing = Missing.ERROR


@attrs.frozen(kw_only=True, eq=False, repr=False)
class SummarizePayload(ListPayload):
    """
    `summarize`: group the objects of a list and measure each group.
    """

    group_by: Pointer | None = None
    measures: dict[str, Measure] = attrs.field(
        validator=[attrs.validators.min_len(1), attrs.validators.max_len(MAX_MEASURES)]
    )
