"""Answers: a person's decision or an effect's outcome, bound to the request it is for."""

import re
from enum import StrEnum
from typing import Any, Final, Self, final

import attrs

from runtime.encoding.canonical import canonical, canonical_record
from runtime.encoding.converter import structure, unstructure
from runtime.encoding.digest import digest_of_bytes
from runtime.encoding.frozen import FrozenValue, JsonArray, JsonObject, freeze, thaw
from runtime.errors import DefinitionError, InvalidAnswerError, shown
from runtime.values.checks import is_identifier, is_optional_digest, is_small_json, is_text, of_type

__all__ = ["Answer", "EffectOutcome", "HumanDecision", "OutcomeStatus"]

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


def _by_bytes(value: FrozenValue) -> bytes:
    # `True == 1` in Python, and not in JSON.
    return value.raw if isinstance(value, JsonObject | JsonArray) else canonical(value)


@final
@attrs.frozen(kw_only=True)
class HumanDecision:
    """
    What a named person decided: one of the choices, why, and the input the step asked for (None when it asks none).
    """

    actor: str = attrs.field(validator=is_identifier)
    choice: str = attrs.field(validator=is_identifier)
    reason: str = attrs.field(default="", validator=is_text)
    input: FrozenValue = attrs.field(default=None, eq=_by_bytes, converter=freeze, validator=is_small_json)


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
    output: FrozenValue = attrs.field(default=None, eq=_by_bytes, converter=freeze, validator=is_small_json)
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


@final
@attrs.frozen(kw_only=True)
class Answer:
    """
    The record `answer/v1`: a decision or an outcome, and what it answers.

    It names a request digest (bound), or, given in advance, the step id. Records and checkpoints hold bound ones only.
    """

    schema: str = attrs.field(default=_SCHEMA, validator=of_type(str))
    request_digest: str | None = attrs.field(default=None, validator=is_optional_digest)
    step_id: str | None = attrs.field(default=None, validator=attrs.validators.optional(is_identifier))
    decision: HumanDecision | None = attrs.field(default=None, validator=of_type(HumanDecision, type(None)))
    outcome: EffectOutcome | None = attrs.field(default=None, validator=of_type(EffectOutcome, type(None)))

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
        if (self.decision is None) == (self.outcome is None):
            raise DefinitionError(
                "an answer without one content", remedy="give either decision (human step) or outcome (action step)"
            )

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
        Read the record, or the short form people write (schema and absent fields left out).

        Raises:
            InvalidAnswerError: with every fault and its path.
        """
        return structure(record, cls, what="answer", error=InvalidAnswerError)
