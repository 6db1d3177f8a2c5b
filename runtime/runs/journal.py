"""One change of a run: what happens to it, in order, and the entries that say so. The only way a run changes.

Rules, referred to by number below:

1. An event is allowed or refused by the table of `states.py`; what is refused leaves the run as it was.
2. A transition that changes the status of the HTTP surface is an entry of its own. One that keeps it stands in the
   details of the next entry of the same change, or of the last; in a change without any it is an entry itself.
3. A run that ends says so in one entry more, and its receipt covers the log up to that entry.
4. A change is kept whole: `close` gives the next revision of the run and the entries for the store to commit.

Source: contracts/operations.md 1; contracts/workflows_http.md.
"""

from typing import Any, Final, final

import attrs
import orjson

from runtime.encoding.canonical import canonical_record
from runtime.encoding.converter import unstructure
from runtime.encoding.digest import digest_of_bytes
from runtime.encoding.frozen import JsonObject
from runtime.errors import EngineBug, TransitionError
from runtime.evidence.audit import AuditCode, AuditRecord
from runtime.evidence.runreceipt import Assurance
from runtime.orchestration.lineage import LineageEntry
from runtime.orchestration.result import OrchestrationResult
from runtime.runs.gates import Gate
from runtime.runs.run import Run
from runtime.runs.states import TERMINAL_STATES, RunEvent, RunState, advance, http_status_of
from runtime.values.stored import RunChange, StoredEntry
from runtime.values.verdicts import Verdict

__all__ = ["Journal"]

_STEP_CODES: Final = {
    "completed": AuditCode.STEP_COMPLETED,
    "failed": AuditCode.STEP_FAILED,
    "denied": AuditCode.STEP_FAILED,
    "skipped": AuditCode.STEP_SKIPPED,
}


@final
class Journal:
    """
    What happens to a run in one change, at one time and by one actor.
    """

    def __init__(self, run: Run, *, at: str, actor: str) -> None:
        """
        Begin a change of a run.

        Args:
            run: the run as it is kept, or a new one that is not.
            at: the time, RFC 3339, UTC, milliseconds.
            actor: who or what brings it about.
        """
        self.run = attrs.evolve(run, revision=run.revision + 1, updated_at=at)
        self._at = at
        self._actor = actor
        self._drafts: list[dict[str, Any]] = []
        self._silent: list[dict[str, str]] = []

    def set(self, **fields: Any) -> None:  # noqa: ANN401 - fields of a run.
        """
        Change fields of the run other than where it stands.
        """
        self.run = attrs.evolve(self.run, **fields)

    def note(self, code: AuditCode, message: str, *, details: dict[str, Any] | None = None, **fields: Any) -> None:  # noqa: ANN401 - fields of an entry.
        """
        Write an entry.

        Args:
            code: what happened.
            message: the same in words.
            details: what is kept beside the entry.
            fields: `step_id`, `previous_status`, `new_status`, `decision`, where there are any.
        """
        self._drafts.append(
            {"code": code, "message": message, "details": {**(details or {}), **self._take_silent()}, **fields}
        )

    def move(self, event: RunEvent, *, reason: str | None = None) -> None:
        """
        Let an event happen.

        Args:
            event: what happens.
            reason: why, where the run ends by it, as a code.

        Raises:
            TransitionError: it is not allowed now (1).
        """
        if event is RunEvent.REPORT_FAILED and self.run.assurance is Assurance.EXECUTED:
            raise TransitionError(
                f"{event.value!r} on a run that is executed here",
                remedy="only a client that drives a run reports on it",
            )
        before, after = self.run.state, advance(self.run.state, event)
        self.run = attrs.evolve(self.run, state=after)
        self._silent.append({"event": event.value, "from": before.value, "to": after.value})
        statuses = http_status_of(before), http_status_of(after)
        if statuses[0] is not statuses[1]:  # (2)
            self.note(
                AuditCode.RUN_STATUS,
                f"Run status changed from {statuses[0]} to {statuses[1]}",
                previous_status=statuses[0].value,
                new_status=statuses[1].value,
            )
        if after is RunState.RUNNING and self.run.started_at is None:
            self.run = attrs.evolve(self.run, started_at=self._at)
        if after in TERMINAL_STATES:  # (3)
            self.run = attrs.evolve(self.run, ended_at=self._at, error_code=reason)
            self.note(AuditCode.RUN_ENDED, _say_ending(after, reason), details={"reason": reason} if reason else None)

    def note_steps(self, result: OrchestrationResult) -> None:
        """
        Write what the steps did of which the log does not tell yet.
        """
        verdicts = dict(result.verdicts)
        for raw in result.entry_bytes[self.run.lineage_count :]:
            entry = orjson.loads(raw)
            self._note_step(entry, digest_of_bytes(raw), verdicts.get(entry["step_id"]))
        self.run = attrs.evolve(self.run, lineage_count=len(result.entry_bytes))

    def note_end(self, result: OrchestrationResult) -> None:
        """
        Write what the steps did, and keep what the run receipt says of the engine: its receipt, and steps not done.
        """
        self.note_steps(result)
        steps = result.inputs.definition.steps[len(result.entry_bytes) :]
        digest = None if result.receipt_bytes is None else digest_of_bytes(result.receipt_bytes)
        self.set(receipt_digest=digest, steps_not_done=tuple(step.id for step in steps))

    def _note_step(self, entry: LineageEntry, digest: str, verdict: Verdict | None) -> None:
        step_id, status = entry["step_id"], entry["status"]
        if status != "skipped":
            self.note(AuditCode.STEP_STARTED, f"Step {step_id} started", step_id=step_id)
        if verdict is not None:
            record = verdict.to_dict()
            self.note(
                AuditCode.POLICY_EVALUATED,
                f"Policy {record['policy_id']} evaluated",
                step_id=step_id,
                decision=verdict.decision,
                details=record,
            )
        code = entry["error_code"]
        self.note(
            _STEP_CODES[status],
            f"Step {step_id} failed: {code}" if code else f"Step {step_id} {status}",
            step_id=step_id,
            details={"status": status, "lineage_digest": digest},
        )

    def close(self, *, gates: tuple[Gate, ...] = ()) -> RunChange:
        """
        End the change (4).

        Args:
            gates: gates that opened or closed.
        """
        if self._silent:
            event = self._silent[-1]["event"]
            if self._drafts:
                details = self._drafts[-1]["details"]
                details["transitions"] = [*details.get("transitions", []), *self._take_silent()["transitions"]]
            else:
                self.note(AuditCode.RUN_EVENT, f"Run {event}")
        head, records = self.run.audit_head, []
        for draft in self._drafts:
            details = JsonObject(draft.pop("details"))
            record, head = head.build_next(details=details, at=self._at, actor=self._actor, **draft)
            records.append(record)
        self._drafts = []
        self.set(audit_count=head.count, audit_digest=head.digest)
        if self.run.has_ended and self.run.final_audit_digest is None:  # (3)
            self.set(final_audit_count=head.count, final_audit_digest=head.digest)
        entries = tuple(map(_stored, records))
        kept = tuple(gate.to_stored() for gate in gates)
        return RunChange(run=self.run.to_stored(), entries=entries, gates=kept)

    def _take_silent(self) -> dict[str, Any]:
        taken, self._silent = self._silent, []
        return {"transitions": taken} if taken else {}


def _say_ending(state: RunState, reason: str | None) -> str:
    match state:
        case RunState.COMPLETED:
            return "Run completed successfully"
        case RunState.CANCELLED:
            return "Run cancelled" + (f": {reason}" if reason else "")
        case RunState.BLOCKED | RunState.FAILED:
            return f"Run failed: {reason or state.value}"
    raise EngineBug(f"a run that is {state} has not ended")


def _stored(record: AuditRecord) -> StoredEntry:
    details = None if record.details is None else record.details.raw
    return StoredEntry(
        sequence=record.entry.sequence, entry=canonical_record(unstructure(record.entry)), details=details
    )
