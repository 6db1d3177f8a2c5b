"""The audit log of a run: a chain that shows what was changed, moved or left out, and keeps without its details."""

from typing import Any

import attrs
import pytest

from runtime.encoding.digest import NULL_DIGEST
from runtime.encoding.frozen import EMPTY_OBJECT, JsonObject
from runtime.errors import AuditBrokenError, DefinitionError, IntegrityError
from runtime.evidence.audit import AuditCode, AuditEntry, AuditHead, AuditRecord, verify_audit
from runtime.limits import MAX_IDENTIFIER_LENGTH, MAX_PAYLOAD_BYTES, MAX_TEXT_LENGTH
from runtime.values.verdicts import Decision

RUN = "run-1"
AT = "2026-05-14T20:54:00.000Z"


def _log(count: int = 4) -> tuple[list[AuditRecord], AuditHead]:
    head, records = AuditHead(RUN), []
    for number in range(count):
        record, head = head.build_next(
            code=AuditCode.STEP_STARTED,
            actor="ada",
            message=f"Step {number} started",
            at=AT,
            details=JsonObject({"number": number}),
        )
        records.append(record)
    return records, head


def _entry(**changes: Any) -> AuditEntry:
    fields = {
        "run_id": RUN,
        "sequence": 1,
        "code": AuditCode.RUN_CREATED,
        "actor": "ada",
        "message": "Workflow run created for 'echo'",
        "at": AT,
        "details_digest": EMPTY_OBJECT.digest,
    }
    return AuditEntry(**{**fields, **changes})


class TestTheChain:
    """
    A log is accepted whole or not at all.
    """

    def test_a_log_leads_to_its_head(self) -> None:
        """
        INV-142: so a reader who has the head has the log.
        """
        records, head = _log()
        assert verify_audit(records, RUN) == head
        assert (head.count, head.digest) == (4, records[-1].entry.digest)
        assert [record.entry.previous for record in records] == [None, *(one.entry.digest for one in records[:-1])]

    def test_an_empty_log_has_no_head(self) -> None:
        """
        INV-142: it is the start that the first entry is made from.
        """
        assert verify_audit([], RUN) == AuditHead(RUN, 0, None)

    def test_details_can_be_removed_and_the_chain_holds(self) -> None:
        """
        INV-142: an entry is hashed with the digest of its details.
        """
        records, head = _log()
        pruned = [record.without_details() for record in records]
        assert [record.details for record in pruned] == [None] * 4
        assert verify_audit(pruned, RUN) == head

    def test_a_log_that_was_cut_has_another_head(self) -> None:
        """
        INV-142: whoever has the head sees it.
        """
        records, head = _log()
        assert verify_audit(records[:-1], RUN) != head

    @pytest.mark.parametrize(
        ("change", "where"),
        [
            (lambda log: log[1:], "[0].entry.sequence"),
            (lambda log: [log[0], *log[2:]], "[1].entry.sequence"),
            (lambda log: [log[1], log[0], *log[2:]], "[0].entry.sequence"),
            (lambda log: [*log, log[-1]], "[4].entry.sequence"),
            (lambda log: [_changed(log[0], message="other"), *log[1:]], "[1].entry.previous"),
            (lambda log: [_changed(log[0], run_id="run-2"), *log[1:]], "[0].entry.run_id"),
            (lambda log: [attrs.evolve(log[0], details=EMPTY_OBJECT), *log[1:]], "[0].details"),
        ],
        ids=["first_missing", "one_missing", "two_swapped", "one_twice", "changed", "of_another_run", "other_details"],
    )
    def test_a_damaged_log_is_refused_with_the_place(self, change: Any, where: str) -> None:
        """
        INV-142: each way to change it.
        """
        records, _ = _log()
        with pytest.raises(AuditBrokenError) as refusal:
            verify_audit(change(records), RUN)
        assert refusal.value.where == where

    @pytest.mark.parametrize("field", [field.name for field in attrs.fields(AuditEntry) if field.name != "schema"])
    def test_an_entry_is_hashed_with_every_field(self, field: str) -> None:
        """
        INV-142: none can be changed without breaking the chain.
        """
        other: dict[str, Any] = {
            "run_id": "run-2",
            "sequence": 2,
            "code": AuditCode.RUN_ENDED,
            "decision": Decision.DENY,
            "at": "2026-05-14T20:54:00.001Z",
            "details_digest": NULL_DIGEST,
            "previous": NULL_DIGEST,
        }
        first = _entry() if field not in ("sequence", "previous") else _entry(sequence=3, previous=EMPTY_OBJECT.digest)
        assert attrs.evolve(first, **{field: other.get(field, "other")}).digest != first.digest


def _changed(record: AuditRecord, **changes: Any) -> AuditRecord:
    return attrs.evolve(record, entry=attrs.evolve(record.entry, **changes))


class TestARecord:
    """
    It is read as it was written, or not at all.
    """

    def test_it_is_read_back(self) -> None:
        """
        INV-142: with and without details.
        """
        record = AuditRecord(entry=_entry(decision=Decision.ALLOW, step_id="s1"), details=JsonObject({"a": [1, None]}))
        for one in (record, record.without_details()):
            assert AuditRecord.from_dict(one.to_dict()) == one

    @pytest.mark.parametrize(
        "document",
        [
            None,
            [],
            {},
            {"entry": None, "details": {}},
            {**AuditRecord(entry=_entry()).to_dict(), "more": 1},
            {"entry": AuditRecord(entry=_entry()).to_dict()["entry"]},
            {"entry": {**AuditRecord(entry=_entry()).to_dict()["entry"], "code": "FC-RUN-009"}, "details": {}},
            {"entry": {**AuditRecord(entry=_entry()).to_dict()["entry"], "sequence": True}, "details": {}},
        ],
        ids=["null", "list", "empty", "no_entry", "a_member_more", "a_member_less", "unknown_code", "flag_for_number"],
    )
    def test_what_is_none_is_refused(self, document: Any) -> None:
        """
        INV-142: nothing is guessed or left out.
        """
        with pytest.raises(IntegrityError):
            AuditRecord.from_dict(document)

    @pytest.mark.parametrize(
        ("changes", "where"),
        [
            ({"schema": "audit/v2"}, "schema"),
            ({"run_id": ""}, "run_id"),
            ({"run_id": "x" * (MAX_IDENTIFIER_LENGTH + 1)}, "run_id"),
            ({"sequence": 0}, "sequence"),
            ({"sequence": True}, "sequence"),
            ({"sequence": 2}, "previous"),
            ({"previous": NULL_DIGEST}, "previous"),
            ({"sequence": 2, "previous": "sha256:0"}, "previous"),
            ({"code": "FC-RUN-001"}, "code"),
            ({"step_id": ""}, "step_id"),
            ({"previous_status": 1}, "previous_status"),
            ({"new_status": ""}, "new_status"),
            ({"actor": None}, "actor"),
            ({"message": "x" * (MAX_TEXT_LENGTH + 1)}, "message"),
            ({"decision": "allow"}, "decision"),
            ({"at": None}, "at"),
            ({"at": "2026-05-14T20:54:00Z"}, "at"),
            ({"details_digest": None}, "details_digest"),
        ],
    )
    def test_a_field_is_refused_by_name(self, changes: dict[str, Any], where: str) -> None:
        """
        INV-142: and no entry is made.
        """
        with pytest.raises(DefinitionError) as refusal:
            _entry(**changes)
        assert refusal.value.where == where

    def test_details_are_bounded(self) -> None:
        """
        INV-142: an audit log is no store of payloads.
        """
        with pytest.raises(DefinitionError, match="details"):
            AuditRecord(entry=_entry(), details=JsonObject({"a": "x" * MAX_PAYLOAD_BYTES}))
