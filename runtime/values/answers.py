"""Answers: what people decided or how an effect ended, bound to the request it is for."""

import re
from collections.abc import Sequence
from enum import StrEnum
from typing import Any, Final, Self, final

import attrs

from runtime.encoding.canonical import canonical_record
from runtime.encoding.converter import structure, unstructure
from runtime.encoding.digest import digest_of_bytes
from runtime.encoding.frozen import FrozenValue, JsonArray, JsonObject, freeze, thaw
from runtime.errors import DefinitionError, Fault, InvalidAnswerError, shown
from runtime.limits import MAX_QUORUM
from runtime.values.checks import frozen_bytes, is_identifier, is_optional_digest, is_small_json, of_type
from runtime.values.decisions import HumanDecision
from runtime.values.requests import EffectMode

__all__ = ["Answer", "EffectOutcome", "OutcomeStatus", "lost_outcome"]

_SCHEMA: Final = "answer/v1"
_is_code = re.compile(r"[a-z][a-z0-9_]{0,63}").fullmatch


def _is_optional_code(_: object, field: "attrs.Attribute[Any]", value: object) -> None:
    if value is not None and not (type(value) is str and _is_code(value)):
        raise DefinitionError(
            f"{field.name} is {shown(value)}", where=field.name, remedy="expected a short snake_case name"
        )


def _are_objects(_: object, field: "attrs.Attribute[Any]", value: JsonArray) -> None:
    for index, item in enumerate(value):
        if not isinstance(item, JsonObject):
            raise DefinitionError(
                f"{field.name}[{index}] is {shown(thaw(item))}", where=field.name, remedy="expected an object"
            )


class OutcomeStatus(StrEnum):
    """
    How an effect ended. `failed` means known not done; an effect that may have happened is `unknown`.
    """

    SUCCEEDED = "succeeded"
    FAILED = "failed"
    UNKNOWN = "unknown"


@final
@attrs.frozen(kw_only=True)
class EffectOutcome:
    """
    The one final outcome of an effect.

    `code` says why it failed or is unknown, as a snake_case name; never foreign text. `attempts` lists the tries the
    driver made, as plain objects.
    """

    status: OutcomeStatus = attrs.field(validator=of_type(OutcomeStatus))
    output: FrozenValue = attrs.field(default=None, eq=frozen_bytes, converter=freeze, validator=is_small_json)
    code: str | None = attrs.field(default=None, validator=_is_optional_code)
    attempts: JsonArray = attrs.field(
        factory=lambda: JsonArray([]), validator=[of_type(JsonArray), is_small_json, _are_objects]
    )

    def __attrs_post_init__(self) -> None:
        """
        Hold status and fields together: a code exactly when it did not succeed, an output only when it did.
        """
        if (self.code is None) != (self.status is OutcomeStatus.SUCCEEDED):
            raise DefinitionError(
                f"an outcome {self.status.value} with code {shown(self.code)}",
                where="code",
                remedy="failed and unknown outcomes carry a code, succeeded ones carry none",
            )
        if self.output is not None and self.status is not OutcomeStatus.SUCCEEDED:
            raise DefinitionError(
                f"an outcome {self.status.value} with an output", where="output", remedy="only succeeded ones have one"
            )


def lost_outcome(mode: EffectMode, code: str) -> EffectOutcome:
    """
    Give the outcome of an effect whose connector did not say how it ended: it may have been done, if it mutates.
    """
    status = OutcomeStatus.UNKNOWN if mode is EffectMode.MUTATE else OutcomeStatus.FAILED
    return EffectOutcome(status=status, code=code)


def _are_decisions(_: object, field: "attrs.Attribute[Any]", value: object) -> None:
    if type(value) is not tuple or not all(type(item) is HumanDecision for item in value):
        raise DefinitionError(f"{field.name} is {shown(value)}", where=field.name, remedy="expected HumanDecisions")
    if len(value) > MAX_QUORUM:
        raise DefinitionError(f"{len(value)} decisions", where=field.name, remedy=f"an answer has at most {MAX_QUORUM}")
    actors = [decision.actor for decision in value]
    if len(actors) > 1 and (None in actors or actors != sorted({*actors})):
        raise DefinitionError(
            f"decisions by {shown(actors)}", where=field.name, remedy="sort them by actor; each decides once"
        )


@final
@attrs.frozen(kw_only=True, init=False)
class Answer:
    """
    The record `answer/v1`: decisions or an outcome, and what it answers.

    It names a request digest (bound), or, given in advance, the step id. Records and checkpoints hold bound ones only.
    A step with a quorum takes one answer with a decision of each person, sorted by actor.
    """

    schema: str = attrs.field(default=_SCHEMA, validator=of_type(str))
    request_digest: str | None = attrs.field(default=None, validator=is_optional_digest)
    step_id: str | None = attrs.field(default=None, validator=attrs.validators.optional(is_identifier))
    decisions: tuple[HumanDecision, ...] = attrs.field(default=(), validator=_are_decisions)
    outcome: EffectOutcome | None = attrs.field(default=None, validator=of_type(EffectOutcome, type(None)))

    def __init__(  # noqa: PLR0913 - the fields, and the short way to write one decision.
        self,
        *,
        schema: str = _SCHEMA,
        request_digest: str | None = None,
        step_id: str | None = None,
        decision: HumanDecision | None = None,
        decisions: Sequence[HumanDecision] = (),
        outcome: EffectOutcome | None = None,
    ) -> None:
        """
        Take the fields; `decision` is the short way to write the decisions of one person.
        """
        if decision is not None:
            if decisions:
                raise DefinitionError("decision and decisions", where="decision", remedy="give one of the two")
            if type(decision) is not HumanDecision:
                raise DefinitionError(
                    f"decision is {shown(decision)}", where="decision", remedy="expected HumanDecision or null"
                )
            decisions = (decision,)
        self.__attrs_init__(
            schema=schema,
            request_digest=request_digest,
            step_id=step_id,
            decisions=tuple(decisions) if type(decisions) is list else decisions,  # type: ignore[arg-type]  # the validator refuses the rest.
            outcome=outcome,
        )

    def __attrs_post_init__(self) -> None:
        """
        Demand exactly one address, exactly one content and the known schema.
        """
        if self.schema != _SCHEMA:
            raise DefinitionError(f"schema {shown(self.schema)}", where="schema", remedy=f"expected {_SCHEMA}")
        if (self.request_digest is None) == (self.step_id is None):
            raise DefinitionError(
                "an answer without one address", remedy="name either request_digest or, in advance, step_id"
            )
        if bool(self.decisions) == (self.outcome is not None):
            raise DefinitionError(
                "an answer without one content",
                remedy="give either decision or decisions (human step), or outcome (action step)",
            )

    @property
    def decision(self) -> HumanDecision | None:
        """
        The decision, where there is exactly one.
        """
        return self.decisions[0] if len(self.decisions) == 1 else None

    @property
    def is_unknown(self) -> bool:
        """
        Tell whether it says that the outcome of the effect cannot be known.
        """
        return self.outcome is not None and self.outcome.status is OutcomeStatus.UNKNOWN

    @property
    def addressee(self) -> str:
        """
        What it names: the step id or the request digest.
        """
        return self.step_id or self.request_digest or ""

    @property
    def digest(self) -> str:
        """
        The digest of the record.
        """
        return digest_of_bytes(canonical_record(self.to_dict()))

    def bound_to(self, request_digest: str) -> Self:
        """
        Give the same answer bound to a request.
        """
        return attrs.evolve(self, request_digest=request_digest, step_id=None)

    def to_dict(self) -> dict[str, Any]:
        """
        Give the record as a plain dict.
        """
        record: dict[str, Any] = unstructure(self)
        return record

    @classmethod
    def from_dict(cls, record: Any) -> Self:  # noqa: ANN401 - JSON enters here.
        """
        Read the record, or the short form people write: schema and absent fields left out, one decision as `decision`.

        Raises:
            InvalidAnswerError: with every fault and its path.
        """
        # A key that is no text may be an object that raises when it is compared.
        is_plain = type(record) is dict and all(type(name) is str for name in record)
        if not is_plain or "decision" not in record or "decisions" in record:
            return structure(record, cls, what="answer", error=InvalidAnswerError)
        rest = {name: value for name, value in record.items() if name != "decision"}
        decisions = [] if record["decision"] is None else [record["decision"]]
        try:
            return structure({**rest, "decisions": decisions}, cls, what="answer", error=InvalidAnswerError)
        except InvalidAnswerError as error:
            faults = [Fault(one.message, one.where.replace("decisions[0]", "decision", 1)) for one in error.faults]
            raise InvalidAnswerError(error.what, faults=faults) from error
