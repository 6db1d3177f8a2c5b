"""The plan and the run receipt: what was agreed on before a run, and how it ended, which the pure receipt cannot say.

The plan binds the run header, and with it everything the engine depends on, to who asked for it and where it acts. An
approval is of exactly that digest. The run receipt binds the plan, the approvals, the audit log and the pure receipt.
Source: contracts/operations.md 1; contracts/evidence.md 3.
"""

from enum import StrEnum
from typing import Final, Self, final

import attrs

from runtime.encoding.canonical import canonical_record
from runtime.encoding.converter import structure, unstructure
from runtime.encoding.digest import digest_of_bytes
from runtime.encoding.jsontext import parse_canonical
from runtime.errors import DefinitionError, IntegrityError, shown
from runtime.values.checks import (
    is_count,
    is_digest_text,
    is_identifier,
    is_optional_digest,
    is_optional_identifier,
    of_type,
)
from runtime.values.decisions import is_optional_instant
from runtime.values.modes import RunMode

__all__ = ["Assurance", "Ending", "Plan", "RunReceipt", "Validation"]

_PLAN: Final = "plan/v1"
_RECEIPT: Final = "run-receipt/v1"


class Ending(StrEnum):
    """
    How a run ended.
    """

    BLOCKED = "blocked"
    COMPLETED = "completed"
    FAILED = "failed"
    CANCELLED = "cancelled"


class Assurance(StrEnum):
    """
    Who says that the steps were done: whoever executed them here, or the client that drove the run.
    """

    EXECUTED = "executed"
    CLIENT_ASSERTED = "client_asserted"


def _refuse_schema(schema: object, expected: str) -> None:
    if schema != expected:
        raise DefinitionError(f"schema {shown(schema)}", where="schema", remedy=f"expected {expected}")


_names: Final = attrs.validators.deep_iterable(is_identifier, of_type(tuple))
_digests: Final = attrs.validators.deep_iterable(is_digest_text, of_type(tuple))
_is_instant: Final = [of_type(str), is_optional_instant]


@final
@attrs.frozen(kw_only=True)
class Plan:
    """
    The record `plan/v1`: what is admitted, approved and then run.

    `header_digest` covers workflow, params, context, policies, certificate and mode; null where a client drives the run.
    `environment_digest` covers the settings of connectors and the members of groups, without secrets. A retry or a
    rollback is bound to the receipt of the run it follows.
    """

    schema: str = _PLAN
    header_digest: str | None = attrs.field(validator=is_optional_digest)
    mode: RunMode = attrs.field(validator=of_type(RunMode))
    requester: str = attrs.field(validator=is_identifier)
    tenant: str = attrs.field(validator=is_identifier)
    environment: str | None = attrs.field(default=None, validator=is_optional_identifier)
    environment_digest: str | None = attrs.field(default=None, validator=is_optional_digest)
    target: str | None = attrs.field(default=None, validator=is_optional_identifier)
    parent_receipt_digest: str | None = attrs.field(default=None, validator=is_optional_digest)

    def __attrs_post_init__(self) -> None:
        """
        Refuse another schema.
        """
        _refuse_schema(self.schema, _PLAN)

    @property
    def digest(self) -> str:
        """
        The digest that an approval is of.
        """
        return digest_of_bytes(canonical_record(unstructure(self)))


@final
@attrs.frozen(kw_only=True)
class Validation:
    """
    What the rules on the end of a run came to: how many there are, and the ids of those that do not hold.
    """

    rule_count: int = attrs.field(validator=is_count)
    broken: tuple[str, ...] = attrs.field(default=(), validator=_names)

    @property
    def passes(self) -> bool:
        """
        Tell whether all of them hold.
        """
        return not self.broken


@final
@attrs.frozen(kw_only=True)
class RunReceipt:
    """
    The record `run-receipt/v1`: how a run ended.

    `receipt_digest` is of the pure receipt, null exactly where the engine did not end; `approvals` are digests of the
    decisions on the plan; `steps_not_done` the ids of steps that were not begun, and `unknown_step` of the one whose effect
    nobody knows the end of; `audit_head` and `audit_count` cover the audit log up to the entry with which the run ended. Times are RFC 3339, UTC, milliseconds.
    """

    schema: str = _RECEIPT
    run_id: str = attrs.field(validator=is_identifier)
    state: Ending = attrs.field(validator=of_type(Ending))
    mode: RunMode = attrs.field(validator=of_type(RunMode))
    requester: str = attrs.field(validator=is_identifier)
    tenant: str = attrs.field(validator=is_identifier)
    environment: str | None = attrs.field(default=None, validator=is_optional_identifier)
    environment_digest: str | None = attrs.field(default=None, validator=is_optional_digest)
    target: str | None = attrs.field(default=None, validator=is_optional_identifier)
    plan_digest: str | None = attrs.field(validator=is_optional_digest)
    approvals: tuple[str, ...] = attrs.field(default=(), validator=_digests)
    assurance: Assurance = attrs.field(validator=of_type(Assurance))
    validation: Validation | None = attrs.field(default=None, validator=of_type(Validation, type(None)))
    steps_not_done: tuple[str, ...] = attrs.field(default=(), validator=_names)
    unknown_step: str | None = attrs.field(default=None, validator=is_optional_identifier)
    carried_answers: tuple[str, ...] = attrs.field(default=(), validator=_digests)
    parent_run_id: str | None = attrs.field(default=None, validator=is_optional_identifier)
    parent_receipt_digest: str | None = attrs.field(default=None, validator=is_optional_digest)
    correlation_id: str | None = attrs.field(default=None, validator=is_optional_identifier)
    created_at: str = attrs.field(validator=_is_instant)
    started_at: str | None = attrs.field(default=None, validator=is_optional_instant)
    ended_at: str = attrs.field(validator=_is_instant)
    audit_count: int = attrs.field(validator=is_count)
    audit_head: str = attrs.field(validator=is_digest_text)
    receipt_digest: str | None = attrs.field(validator=is_optional_digest)

    def __attrs_post_init__(self) -> None:
        """
        Refuse another schema, and members that contradict each other.
        """
        _refuse_schema(self.schema, _RECEIPT)
        is_executed = self.assurance is Assurance.EXECUTED
        is_cancelled = self.state is Ending.CANCELLED  # A run can be cancelled before it is planned.
        is_passed = self.validation is None or self.validation.passes
        for name, is_wrong, mend in (
            ("receipt_digest", self._is_completed and is_executed and not self.receipt_digest, "expected a digest"),
            ("receipt_digest", self.state is Ending.BLOCKED and self.receipt_digest, "expected null: it never began"),
            ("receipt_digest", not is_executed and self.receipt_digest, "expected null: nothing was executed here"),
            ("unknown_step", self.unknown_step and not is_cancelled, "expected null: how it ended is known"),
            ("validation", self._is_completed and not is_passed, "expected no broken rule"),
            ("plan_digest", is_executed and not is_cancelled and not self.plan_digest, "expected a digest"),
        ):
            if is_wrong:
                raise DefinitionError(f"{name} of a run that is {self.state}", where=name, remedy=mend)

    @property
    def _is_completed(self) -> bool:
        return self.state is Ending.COMPLETED

    def build_plan(self, header_digest: str | None) -> Plan:
        """
        Give the plan that such a run has; whether it is the one it was planned by, its digest tells.
        """
        return Plan(
            header_digest=header_digest,
            mode=self.mode,
            requester=self.requester,
            tenant=self.tenant,
            environment=self.environment,
            environment_digest=self.environment_digest,
            target=self.target,
            parent_receipt_digest=self.parent_receipt_digest,
        )

    @property
    def raw(self) -> bytes:
        """
        The canonical bytes of the record: what is signed, and what a log keeps.
        """
        return canonical_record(unstructure(self))

    @property
    def digest(self) -> str:
        """
        The digest of the record.
        """
        return digest_of_bytes(self.raw)

    @classmethod
    def from_bytes(cls, raw: bytes, *, source: str = "") -> Self:
        """
        Read a run receipt as it was written.

        Raises:
            EncodingError: the bytes are not canonical JSON.
            IntegrityError: they are no run receipt; every fault is listed.
        """
        receipt = structure(
            parse_canonical(raw, source=source), cls, what=source or "run receipt", error=IntegrityError
        )
        if receipt.raw != raw:
            raise IntegrityError(
                "a run receipt that leaves something out", where=source, remedy="use the record as it was written"
            )
        return receipt
