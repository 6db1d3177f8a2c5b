"""Rules as data: what one says, on which conditions, and what it hands on when it applies. Nothing is weighed here.

Conditions are parsed when a rule is made, so one that cannot be read never comes into being. Read `pack.py` next, which
puts rules together; `evaluate.py` weighs them.
"""

from collections.abc import Iterable
from enum import StrEnum
from itertools import islice
from typing import Any, Final, TypeVar, final

import attrs

from runtime.encoding.canonical import canonical
from runtime.encoding.frozen import EMPTY_OBJECT, FrozenValue, JsonObject, freeze, frozen_object, thaw
from runtime.errors import DefinitionError, ExpressionError, shown
from runtime.limits import MAX_CLAUSES, MAX_RULES
from runtime.policy.clauses import parts_of
from runtime.policy.expressions import Expression
from runtime.values.checks import is_identifier, is_small_json, is_text, of_type
from runtime.values.verdicts import Decision

__all__ = ["Condition", "Constraint", "Effect", "Obligation", "RiskClass", "Rule", "listed"]

T = TypeVar("T")


def listed(value: Any, kind: type[T]) -> tuple[T, ...]:  # noqa: ANN401 - whatever the caller gives.
    """
    Copy a caller's list of values of one kind.

    Raises:
        DefinitionError: it is no list, or holds something else. A text is no list of its characters.
    """
    remedy = f"give a list of {kind.__name__}"
    if isinstance(value, str | bytes) or not isinstance(value, Iterable):
        raise DefinitionError(f"{shown(value)} is no list", remedy=remedy)
    items = tuple(islice(value, MAX_RULES + 1))
    for item in items:
        if type(item) is not kind:
            raise DefinitionError(f"{shown(item)} in a list", remedy=remedy)
    return items


class Effect(StrEnum):
    """
    What a rule says when it applies. `approval_required` is read as `flag`.
    """

    DENY = "deny"
    FLAG = "flag"
    ALLOW_WITH_OBLIGATIONS = "allow_with_obligations"
    ALLOW = "allow"
    APPROVAL_REQUIRED = "approval_required"

    @property
    def decision(self) -> Decision:
        """
        The decision it leads to.
        """
        return _DECISIONS[self]


_DECISIONS: Final = {
    Effect.DENY: Decision.DENY,
    Effect.FLAG: Decision.FLAG,
    Effect.APPROVAL_REQUIRED: Decision.FLAG,
    Effect.ALLOW_WITH_OBLIGATIONS: Decision.ALLOW,
    Effect.ALLOW: Decision.ALLOW,
}


class RiskClass(StrEnum):
    """
    How much is at stake, in a rule author's judgement.
    """

    LOW = "low"
    MEDIUM = "medium"
    HIGH = "high"
    CRITICAL = "critical"


def _bytes_of(value: FrozenValue) -> bytes:
    # Python takes True for 1 and 0.0 for False, and a bound of one is not a bound of the other.
    return canonical(thaw(value))


@final
@attrs.frozen(kw_only=True)
class Obligation:
    """
    Something that must also be done where the rule applies; it is handed on, not carried out here.
    """

    obligation_id: str = attrs.field(validator=is_identifier)
    kind: str = attrs.field(validator=is_identifier)
    description: str = attrs.field(default="", validator=is_text)
    metadata: JsonObject = attrs.field(default=EMPTY_OBJECT, converter=frozen_object, validator=is_small_json)


@final
@attrs.frozen(kw_only=True)
class Constraint:
    """
    A bound on how it may be done where the rule applies; it is handed on, not enforced here.
    """

    constraint_id: str = attrs.field(validator=is_identifier)
    kind: str = attrs.field(validator=is_identifier)
    value: FrozenValue = attrs.field(default=None, converter=freeze, validator=is_small_json, eq=_bytes_of)
    metadata: JsonObject = attrs.field(default=EMPTY_OBJECT, converter=frozen_object, validator=is_small_json)


@final
class Condition:
    """
    A condition as it is written, and parsed. Equal by its text.
    """

    # No attrs class: one that is read from a text and gives it back by `thaw` gets faults with its own path.
    __slots__ = ("_expression",)

    def __init__(self, text: str) -> None:
        """
        Parse it.

        Raises:
            DefinitionError: it is no expression; the message says where in it.
        """
        if type(text) is not str:
            raise DefinitionError(f"condition {shown(text)}", remedy="expected an expression, as text")
        try:
            self._expression = Expression.parse(text)
        except ExpressionError as error:
            place = f" at {error.where} of the expression" if error.where else ""
            raise DefinitionError(f"{error.what}{place}", remedy=error.remedy) from error

    @property
    def expression(self) -> Expression:
        """
        The parsed form.
        """
        return self._expression

    def thaw(self) -> str:
        """
        Give the text, which is what stands in a document.
        """
        return self._expression.text

    def __eq__(self, other: object) -> bool:
        """
        Compare texts.
        """
        return self._expression == other._expression if isinstance(other, Condition) else NotImplemented

    def __hash__(self) -> int:
        """
        Hash the text.
        """
        return hash(self._expression)

    def __repr__(self) -> str:
        """
        Show the text.
        """
        return f"Condition({self.thaw()!r})"


def _conditions(value: Any) -> tuple[Condition, ...]:  # noqa: ANN401 - whatever the caller gives.
    if type(value) is list:
        value = [Condition(one) if type(one) is str else one for one in value]
    return listed(value, Condition)


def _obligations(value: Any) -> tuple[Obligation, ...]:  # noqa: ANN401 - as above.
    return listed(value, Obligation)


def _constraints(value: Any) -> tuple[Constraint, ...]:  # noqa: ANN401 - as above.
    return listed(value, Constraint)


def _are_few(_: object, field: "attrs.Attribute[Any]", value: tuple[Condition, ...]) -> None:
    # `a && b` counts as two: a verdict tells each apart.
    count = sum(len(parts_of(one.expression.tree)) for one in value)
    if count > MAX_CLAUSES:
        raise DefinitionError(
            f"{count} conditions under {field.name}",
            where=field.name,
            remedy=f"the limit is {MAX_CLAUSES}, each side of && counted",
        )


def _are_scalars(_: object, field: "attrs.Attribute[Any]", value: JsonObject) -> None:
    nested = sorted(key for key, member in value.thaw().items() if type(member) in (list, dict))
    if nested:
        raise DefinitionError(
            f"conditions {shown(nested)} on lists or objects",
            where=field.name,
            remedy="write them as expressions under when",
        )
    if len(value) > MAX_CLAUSES:
        raise DefinitionError(f"{len(value)} conditions", where=field.name, remedy=f"the limit is {MAX_CLAUSES}")


def _is_share(_: object, field: "attrs.Attribute[Any]", value: object) -> None:
    if type(value) not in (int, float) or not 0 <= value <= 1:  # type: ignore[operator]  # narrowed by type() in (…).
        raise DefinitionError(f"{field.name} is {shown(value)}", where=field.name, remedy="expected 0 to 1")


@final
@attrs.frozen(kw_only=True)
class Rule:
    """
    One rule: it applies when all of `when` and `conditions` hold and none of `unless` does.

    `conditions` are the equalities of the v0.1 form, by dotted path. Of rules with the same effect the one with the
    lowest `priority` number decides; ties go by `rule_id`. `reason_code` is the effect's name unless given.
    """

    rule_id: str = attrs.field(validator=is_identifier)
    effect: Effect = attrs.field(validator=of_type(Effect))
    description: str = attrs.field(default="", validator=is_text)
    when: tuple[Condition, ...] = attrs.field(default=(), converter=_conditions, validator=_are_few)
    unless: tuple[Condition, ...] = attrs.field(default=(), converter=_conditions, validator=_are_few)
    conditions: JsonObject = attrs.field(
        default=EMPTY_OBJECT, converter=frozen_object, validator=[is_small_json, _are_scalars]
    )
    priority: int = attrs.field(default=100, validator=of_type(int))
    reason_code: str = attrs.field(validator=is_identifier)
    tier: str | None = attrs.field(default=None, validator=attrs.validators.optional(is_identifier))
    risk_class: RiskClass = attrs.field(default=RiskClass.LOW, validator=of_type(RiskClass))
    risk_score: Any = attrs.field(default=0, validator=_is_share)
    obligations: tuple[Obligation, ...] = attrs.field(default=(), converter=_obligations)
    constraints: tuple[Constraint, ...] = attrs.field(default=(), converter=_constraints)

    @reason_code.default
    def _effect_name(self) -> str:
        # What is no effect is refused by its own validator, which has not run yet.
        return str(getattr(self.effect, "value", self.effect))

    def __attrs_post_init__(self) -> None:
        """
        Demand a condition.
        """
        if not self.when and not self.conditions:
            raise DefinitionError(
                f"rule {shown(self.rule_id)} has no condition",
                where="when",
                remedy='say when it applies; always is when: ["true"]',
            )

    @property
    def restricts(self) -> bool:
        """
        Tell whether the rule can make a verdict stricter: it denies, flags, or hands on what must be kept to.
        """
        return self.effect is not Effect.ALLOW or bool(self.obligations or self.constraints)

    @property
    def fingerprint(self) -> bytes:
        """
        What it applies to, as bytes: two rules with one fingerprint apply to the same inputs.
        """
        when, unless = ({one.thaw() for one in conditions} for conditions in (self.when, self.unless))
        return canonical([sorted(when), sorted(unless), self.conditions.thaw()])
