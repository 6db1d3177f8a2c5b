"""A durable run as a value: where it stands, what it was planned as, and the inputs it is executed from.

It is kept as one document beside the columns that are searched; see `runtime/values/stored.py`. Read `journal.py` next:
nothing else changes a run.
"""

from typing import Final, Self, final

import attrs

from runtime.encoding.canonical import JsonValue, canonical_record
from runtime.encoding.converter import structure, unstructure
from runtime.encoding.jsontext import parse_canonical
from runtime.errors import DefinitionError, IntegrityError, TransitionError, shown
from runtime.evidence.audit import AuditHead
from runtime.evidence.runreceipt import Assurance, Ending, Plan, RunReceipt, Validation
from runtime.orchestration.checkpoint import Checkpoint
from runtime.orchestration.sealed_inputs import run_digest_of
from runtime.runs.states import TERMINAL_STATES, RunState
from runtime.values.checks import is_count, is_identifier, is_optional_digest, is_optional_identifier, of_type
from runtime.values.decisions import is_optional_instant
from runtime.values.modes import RunMode
from runtime.values.stored import StoredRun

__all__ = ["Run"]

_SCHEMA: Final = "run-state/v1"
_COLUMNS: Final = frozenset(field.name for field in attrs.fields(StoredRun)) - {"document"}
_RECEIPTED: Final = (
    "run_id",
    "mode",
    "requester",
    "tenant",
    "environment",
    "environment_digest",
    "target",
    "plan_digest",
    "assurance",
    "validation",
    "steps_not_done",
    "unknown_step",
    "carried_answers",
    "parent_run_id",
    "parent_receipt_digest",
    "correlation_id",
    "created_at",
    "started_at",
    "receipt_digest",
)
"""What a run receipt takes over as it is."""
_instant: Final = [of_type(str), is_optional_instant]


@final
@attrs.frozen(kw_only=True)
class Run:
    """
    The record `run-state/v1`.

    `inputs` are what the engine executes: null where a client drives the run. `requester` asked for it; `error_code` says
    why it failed, as a code. Times are RFC 3339, UTC, milliseconds. `revision` counts changes from 1; a run that was
    never kept is at 0.
    """

    schema: str = _SCHEMA
    run_id: str = attrs.field(validator=is_identifier)
    revision: int = attrs.field(default=0, validator=is_count)
    state: RunState = attrs.field(default=RunState.CREATED, validator=of_type(RunState))
    assurance: Assurance = attrs.field(default=Assurance.EXECUTED, validator=of_type(Assurance))
    mode: RunMode = attrs.field(validator=of_type(RunMode))
    tenant: str = attrs.field(validator=is_identifier)
    requester: str = attrs.field(validator=is_identifier)
    mission: str | None = attrs.field(default=None, validator=is_optional_identifier)
    environment: str | None = attrs.field(default=None, validator=is_optional_identifier)
    environment_digest: str | None = attrs.field(default=None, validator=is_optional_digest)
    target: str | None = attrs.field(default=None, validator=is_optional_identifier)
    parent_run_id: str | None = attrs.field(default=None, validator=is_optional_identifier)
    parent_receipt_digest: str | None = attrs.field(default=None, validator=is_optional_digest)
    correlation_id: str | None = attrs.field(default=None, validator=is_optional_identifier)
    plan_digest: str | None = attrs.field(default=None, validator=is_optional_digest)
    inputs: Checkpoint | None = attrs.field(default=None, validator=of_type(Checkpoint, type(None)))
    admission: Checkpoint | None = attrs.field(default=None, validator=of_type(Checkpoint, type(None)))
    """What the plan was admitted from, with the decisions on it; null where nobody was asked."""
    carried_answers: tuple[str, ...] = ()
    """Digests of answers taken over from the run this one follows."""
    validation: Validation | None = attrs.field(default=None, validator=of_type(Validation, type(None)))
    error_code: str | None = attrs.field(default=None, validator=is_optional_identifier)
    lineage_count: int = attrs.field(default=0, validator=is_count)
    """Steps whose entries stand in the audit log."""
    audit_count: int = attrs.field(default=0, validator=is_count)
    audit_digest: str | None = attrs.field(default=None, validator=is_optional_digest)
    final_audit_count: int = attrs.field(default=0, validator=is_count)
    """Entries up to the one with which it ended; what comes later is no part of its receipt."""
    final_audit_digest: str | None = attrs.field(default=None, validator=is_optional_digest)
    receipt_digest: str | None = attrs.field(default=None, validator=is_optional_digest)
    """The digest of the pure receipt; null unless the engine ended."""
    steps_not_done: tuple[str, ...] = ()
    """Ids of steps that were not begun, of a run that has ended."""
    unknown_step: str | None = attrs.field(default=None, validator=is_optional_identifier)
    """The id of the step whose effect nobody knows the end of, of a run that was cancelled there."""
    is_escalated: bool = attrs.field(default=False, validator=of_type(bool))
    created_at: str = attrs.field(validator=_instant)
    updated_at: str = attrs.field(validator=_instant)
    started_at: str | None = attrs.field(default=None, validator=is_optional_instant)
    ended_at: str | None = attrs.field(default=None, validator=is_optional_instant)

    def __attrs_post_init__(self) -> None:
        """
        Refuse another schema.
        """
        if self.schema != _SCHEMA:
            raise DefinitionError(f"schema {shown(self.schema)}", where="schema", remedy=f"expected {_SCHEMA}")

    @property
    def has_ended(self) -> bool:
        """
        Tell whether nothing more happens to it.
        """
        return self.state in TERMINAL_STATES

    @property
    def audit_head(self) -> AuditHead:
        """
        The end of its audit log.
        """
        return AuditHead(self.run_id, self.audit_count, self.audit_digest)

    @property
    def approvals(self) -> tuple[str, ...]:
        """
        Digests of the decisions on the plan.
        """
        return () if self.admission is None else tuple(answer.digest for answer in self.admission.answers)

    def build_plan(self) -> Plan:
        """
        Give what is admitted, approved and then run.
        """
        return Plan(
            header_digest=None if self.inputs is None else run_digest_of(self.inputs),
            mode=self.mode,
            requester=self.requester,
            tenant=self.tenant,
            environment=self.environment,
            environment_digest=self.environment_digest,
            target=self.target,
            parent_receipt_digest=self.parent_receipt_digest,
        )

    def build_receipt(self) -> RunReceipt:
        """
        Give the receipt of a run that has ended.

        Raises:
            TransitionError: it has not.
        """
        if self.ended_at is None or self.final_audit_digest is None:
            raise TransitionError(f"a receipt of a run that is {self.state}", remedy="ask for it when it has ended")
        shared = {name: getattr(self, name) for name in _RECEIPTED}
        return RunReceipt(
            **shared,
            approvals=self.approvals,
            state=Ending(self.state.value),
            ended_at=self.ended_at,
            audit_head=self.final_audit_digest,
            audit_count=self.final_audit_count,
        )

    def to_stored(self) -> StoredRun:
        """
        Give it as it is kept.
        """
        record = unstructure(self)
        columns = {name: record.pop(name) for name in _COLUMNS}
        return StoredRun(**columns, document=canonical_record(record))

    @classmethod
    def from_stored(cls, stored: StoredRun) -> Self:
        """
        Read what `to_stored` gave.

        Raises:
            IntegrityError: it is not that; every fault is listed.
            CheckpointMismatchError: it belongs to another major version of the execution rules.
        """
        source = f"run {stored.run_id}"
        document = parse_canonical(stored.document, source=source)
        if type(document) is not dict:
            raise IntegrityError(f"{source}: {shown(document)}", remedy="use the database as it was written")
        # Read by themselves, because another major version of the execution rules is told by another error.
        inputs, admission = (
            _read_checkpoint(document.pop(name, None), source, name) for name in ("inputs", "admission")
        )
        columns = {name: getattr(stored, name) for name in _COLUMNS}
        run = structure({**columns, **document}, cls, what=source, error=IntegrityError)
        run = attrs.evolve(run, inputs=inputs, admission=admission)
        if run.to_stored() != stored:
            raise IntegrityError(f"{source}: something left out", remedy="use the database as it was written")
        return run


def _read_checkpoint(record: JsonValue, source: str, name: str) -> Checkpoint | None:
    return None if record is None else Checkpoint.from_dict(record, source=f"{source} {name}")
