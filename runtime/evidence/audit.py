"""The audit log of a run: what happened to it, who did it and when, entry by entry, each bound to the one before.

An entry is hashed with the digest of its details and not with them, so details can be removed later and the chain still
holds. The head of the log stands in the run receipt: an entry that is cut off at the end shows. Read `runreceipt.py`
next. Source: contracts/operations.md 1; contracts/evidence.md 3.
"""

from collections.abc import Iterable
from enum import StrEnum
from typing import Any, Final, Self, final

import attrs

from runtime.encoding.canonical import JsonValue, canonical_record
from runtime.encoding.converter import structure, unstructure
from runtime.encoding.digest import digest_of_bytes
from runtime.encoding.frozen import EMPTY_OBJECT, JsonObject
from runtime.errors import AuditBrokenError, DefinitionError, IntegrityError, shown
from runtime.values.checks import (
    is_digest_text,
    is_identifier,
    is_optional_digest,
    is_optional_identifier,
    is_small_json,
    is_text,
    of_type,
)
from runtime.values.decisions import is_optional_instant
from runtime.values.verdicts import Decision

__all__ = ["AuditCode", "AuditEntry", "AuditHead", "AuditRecord", "verify_audit"]

_SCHEMA: Final = "audit/v1"


class AuditCode(StrEnum):
    """
    What happened, as a code that is never used for something else.
    """

    RUN_CREATED = "FC-RUN-001"
    RUN_STATUS = "FC-RUN-002"
    RUN_ENDED = "FC-RUN-003"
    RUN_EVENT = "FC-RUN-004"
    """A transition that keeps the status."""
    GATE_REQUESTED = "FC-GATE-001"
    GATE_DECIDED = "FC-GATE-002"
    GATE_INPUT = "FC-GATE-003"
    GATE_EXPIRED = "FC-GATE-004"
    STEP_STARTED = "FC-STEP-001"
    STEP_COMPLETED = "FC-STEP-002"
    STEP_FAILED = "FC-STEP-003"
    STEP_SKIPPED = "FC-STEP-004"
    POLICY_EVALUATED = "FC-POL-001"


def _is_sequence(_: object, field: "attrs.Attribute[Any]", value: object) -> None:
    if type(value) is not int or value < 1:
        raise DefinitionError(f"{field.name} is {shown(value)}", where=field.name, remedy="expected an int from 1 on")


@final
@attrs.frozen(kw_only=True)
class AuditEntry:
    """
    The record `audit/v1`: one thing that happened.

    `sequence` counts from 1 within the run; `at` is RFC 3339, UTC, milliseconds; `decision` is what a policy said, where
    one was asked; `previous` is the digest of the entry before, null for the first.
    """

    schema: str = _SCHEMA
    run_id: str = attrs.field(validator=is_identifier)
    sequence: int = attrs.field(validator=_is_sequence)
    code: AuditCode = attrs.field(validator=of_type(AuditCode))
    step_id: str | None = attrs.field(default=None, validator=is_optional_identifier)
    previous_status: str | None = attrs.field(default=None, validator=is_optional_identifier)
    new_status: str | None = attrs.field(default=None, validator=is_optional_identifier)
    actor: str = attrs.field(validator=is_identifier)
    message: str = attrs.field(validator=is_text)
    decision: Decision | None = attrs.field(default=None, validator=of_type(Decision, type(None)))
    at: str = attrs.field(validator=[of_type(str), is_optional_instant])
    details_digest: str = attrs.field(validator=is_digest_text)
    previous: str | None = attrs.field(default=None, validator=is_optional_digest)

    def __attrs_post_init__(self) -> None:
        """
        Refuse another schema, and an entry that is first and not, by its number and by its link.
        """
        if self.schema != _SCHEMA:
            raise DefinitionError(f"schema {shown(self.schema)}", where="schema", remedy=f"expected {_SCHEMA}")
        if (self.previous is None) is not (self.sequence == 1):
            raise DefinitionError(
                f"entry {self.sequence} with previous {shown(self.previous)}",
                where="previous",
                remedy="the first entry has none, and every other one has one",
            )

    @property
    def digest(self) -> str:
        """
        The digest of the record, which the next entry is linked to.
        """
        return digest_of_bytes(canonical_record(unstructure(self)))


@final
@attrs.frozen(kw_only=True)
class AuditRecord:
    """
    An entry and its details; None where they were removed.
    """

    entry: AuditEntry = attrs.field(validator=of_type(AuditEntry))
    details: JsonObject | None = attrs.field(
        default=EMPTY_OBJECT, validator=[of_type(JsonObject, type(None)), is_small_json]
    )

    def to_dict(self) -> dict[str, Any]:
        """
        Give it as plain JSON.
        """
        record: dict[str, Any] = unstructure(self)
        return record

    @classmethod
    def from_dict(cls, document: JsonValue) -> Self:
        """
        Read what `to_dict` gives, strictly, with every member written out.

        Raises:
            IntegrityError: it is not that; every fault is listed with its path.
        """
        record = structure(document, cls, what="audit record", error=IntegrityError)
        if record.to_dict() != document:
            raise IntegrityError("an audit record that leaves something out", remedy="write it as it was kept")
        return record

    def without_details(self) -> Self:
        """
        Give what is left when the details are removed: the digest of the entry stays.
        """
        return attrs.evolve(self, details=None)


@final
@attrs.frozen
class AuditHead:
    """
    The end of an audit log: how many entries it has, and the digest of the last; it makes the next entry.
    """

    run_id: str
    count: int = 0
    digest: str | None = None

    def build_next(self, *, details: JsonObject = EMPTY_OBJECT, **fields: Any) -> tuple[AuditRecord, Self]:  # noqa: ANN401 - the fields of an entry.
        """
        Make the entry that follows, and the head with it.

        Args:
            details: what is kept beside the entry.
            fields: `code`, `actor`, `message`, `at`, and where there are any `step_id`, `previous_status`, `new_status`
                and `decision`.

        Raises:
            DefinitionError: a field is refused.
        """
        entry = AuditEntry(
            run_id=self.run_id,
            sequence=self.count + 1,
            details_digest=details.digest,
            previous=self.digest,
            **fields,
        )
        head = attrs.evolve(self, count=entry.sequence, digest=entry.digest)
        return AuditRecord(entry=entry, details=details), head


def verify_audit(records: Iterable[AuditRecord], run_id: str) -> AuditHead:
    """
    Check that records are one whole log of a run from its first entry on, and that details are those of their entries.

    Raises:
        AuditBrokenError: an entry is missing, changed, of another run or in another place; it is named.
    """
    head = AuditHead(run_id)
    for index, record in enumerate(records):
        entry = record.entry
        expected = {"run_id": run_id, "sequence": head.count + 1, "previous": head.digest}
        for name, value in expected.items():
            if getattr(entry, name) != value:
                raise AuditBrokenError(
                    f"{name} is {shown(getattr(entry, name))}, and {shown(value)} is expected",
                    where=f"[{index}].entry.{name}",
                    remedy="an entry was changed, moved or left out; ask for the original log",
                )
        if record.details is not None and record.details.digest != entry.details_digest:
            raise AuditBrokenError(
                "details that are not those of their entry",
                where=f"[{index}].details",
                remedy="ask for the original log; details that were removed are null",
            )
        head = AuditHead(run_id, entry.sequence, entry.digest)
    return head
