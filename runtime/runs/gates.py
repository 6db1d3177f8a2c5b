"""A gate of a durable run: a request that waits for a person, and what came of it. It is kept beside the run."""

from enum import StrEnum
from typing import Final, Self, final

import attrs

from runtime.encoding.canonical import canonical_record
from runtime.encoding.converter import structure, unstructure
from runtime.encoding.jsontext import parse_canonical
from runtime.errors import DefinitionError, IntegrityError, shown
from runtime.orchestration.voting import REJECT, choice_of
from runtime.values.answers import Answer
from runtime.values.checks import is_identifier, of_type
from runtime.values.decisions import HumanDecision, Opening, is_optional_instant
from runtime.values.requests import Request
from runtime.values.stored import StoredGate

__all__ = ["Gate", "GateStatus"]

_SCHEMA: Final = "gate/v1"


class GateStatus(StrEnum):
    """
    Where a gate stands.
    """

    PENDING = "pending"
    APPROVED = "approved"
    REJECTED = "rejected"
    EXPIRED = "expired"
    CLOSED = "closed"
    """The run ended before anybody decided."""


@final
@attrs.frozen(kw_only=True)
class Gate:
    """
    The record `gate/v1`.

    `votes` are decisions of a vote that is not over; `answer` is what it came to. The opening says under which nonce, and
    until when, it is decided; None where that is not checked.
    """

    schema: str = _SCHEMA
    gate_id: str = attrs.field(validator=is_identifier)
    run_id: str = attrs.field(validator=is_identifier)
    status: GateStatus = attrs.field(default=GateStatus.PENDING, validator=of_type(GateStatus))
    request: Request = attrs.field(validator=of_type(Request))
    opening: Opening | None = attrs.field(default=None, validator=of_type(Opening, type(None)))
    votes: tuple[HumanDecision, ...] = ()
    answer: Answer | None = attrs.field(default=None, validator=of_type(Answer, type(None)))
    created_at: str = attrs.field(validator=[of_type(str), is_optional_instant])
    resolved_at: str | None = attrs.field(default=None, validator=is_optional_instant)

    def __attrs_post_init__(self) -> None:
        """
        Refuse another schema.
        """
        if self.schema != _SCHEMA:
            raise DefinitionError(f"schema {shown(self.schema)}", where="schema", remedy=f"expected {_SCHEMA}")

    def settled_by(self, answer: Answer, at: str) -> Self:
        """
        Give the gate as it is when it was answered.
        """
        if answer.decisions[0].is_expired:
            status = GateStatus.EXPIRED
        else:
            is_rejected = choice_of(answer.decisions) == REJECT
            status = GateStatus.REJECTED if is_rejected else GateStatus.APPROVED
        return attrs.evolve(self, status=status, answer=answer, votes=(), resolved_at=at)

    def to_stored(self) -> StoredGate:
        """
        Give it as it is kept.
        """
        return StoredGate(
            gate_id=self.gate_id,
            run_id=self.run_id,
            step_id=self.request.step_id,
            status=self.status.value,
            created_at=self.created_at,
            expires_at=None if self.opening is None else self.opening.expires_at,
            document=canonical_record(unstructure(self)),
        )

    @classmethod
    def from_stored(cls, stored: StoredGate) -> Self:
        """
        Read what `to_stored` gave.

        Raises:
            IntegrityError: it is not that; every fault is listed.
        """
        source = f"gate {stored.gate_id}"
        gate = structure(parse_canonical(stored.document, source=source), cls, what=source, error=IntegrityError)
        if gate.to_stored() != stored:
            raise IntegrityError(f"{source}: something left out", remedy="use the database as it was written")
        return gate
