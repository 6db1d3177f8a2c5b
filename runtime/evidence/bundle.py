"""The bundle: everything a stranger needs to check a run, in one canonical file. Read `verify.py` next.

It holds what was run, from what, with which answers, and what the run left; and, where there are any, a signed statement
on the receipt and the proof that a log holds it. Nothing of a machine is in it: no path, no name, no time.
"""

from typing import Any, Final, Self, final

import attrs

from runtime.encoding.canonical import canonical_record
from runtime.encoding.converter import unstructure
from runtime.encoding.digest import digest_of_bytes
from runtime.encoding.jsontext import parse_canonical, parse_json
from runtime.errors import IntegrityError, LogMismatchError, ReceiptMismatchError, shown
from runtime.evidence.envelope import Envelope
from runtime.evidence.loghead import LogHead
from runtime.evidence.lognote import Note
from runtime.evidence.logproof import LogInclusion, verify_included
from runtime.evidence.parts import read_parts
from runtime.evidence.record import RecordedRun
from runtime.evidence.replay import replay
from runtime.orchestration.checkpoint import Checkpoint, Mode
from runtime.values.requests import Request

__all__ = ["BUNDLE_SCHEMA", "Bundle", "build_inputs", "read_bundle_document"]

BUNDLE_SCHEMA: Final = "bundle/v1"
"""Schema of the record."""


def read_bundle_document(raw: bytes, *, source: str = "") -> dict[str, Any]:
    """
    Parse the bytes of a bundle; its parts may be anything.

    Raises:
        EncodingError: they are not JSON that every reader reads the same way, or beyond the limits of a record.
        IntegrityError: they are no bundle of this version.
    """
    document = parse_json(raw, source=source, is_record=True)
    if type(document) is not dict or document.get("schema") != BUNDLE_SCHEMA:
        got = document.get("schema") if type(document) is dict else document
        raise IntegrityError(f"schema {shown(got)}", where=source or "bundle", remedy=f"expected {BUNDLE_SCHEMA}")
    return document


@final
@attrs.frozen(kw_only=True)
class Bundle:
    """
    The record `bundle/v1`. Whether it tells the truth is for `verify` to find out.
    """

    recorded_run: RecordedRun
    """What is checked: inputs, lineage and receipt, as `replay`, `explain` and `compare` take them."""
    requests: tuple[Request, ...]
    """What the steps asked: digests alone would not say what a person was shown."""
    attestation: Envelope | None = None
    """The signed statement on the receipt."""
    inclusion: LogInclusion | None = None
    """The proof that a log holds the receipt."""
    head: str | None = None
    """The signed head of that log, as the text of a note."""

    @classmethod
    def of(
        cls,
        recorded_run: RecordedRun,
        *,
        attestation: Envelope | None = None,
        inclusion: LogInclusion | None = None,
        head: bytes | None = None,
    ) -> Self:
        """
        Put a recorded run and what vouches for it into one bundle.

        Args:
            recorded_run: the run.
            attestation: what `attest` gave for it.
            inclusion: what `ReceiptLog.prove_inclusion` gave for its receipt.
            head: what `ReceiptLog.sign_head` gave at the size of that proof.

        Raises:
            IntegrityError: one of them is of another kind.
            ReceiptMismatchError: the run does not re-execute to the same bytes, or the attestation is of another receipt.
            LogMismatchError: only one of proof and head is there; the proof is of another receipt, or does not lead to
                the head.
        """
        for name, value, kind in (
            ("recorded_run", recorded_run, RecordedRun),
            ("attestation", attestation, Envelope | None),
            ("inclusion", inclusion, LogInclusion | None),
            ("head", head, bytes | None),
        ):
            if not isinstance(value, kind):
                raise IntegrityError(f"{name} is {shown(value)}", where=name, remedy=f"expected {kind}")
        requests = replay(recorded_run).requests
        if attestation is not None and recorded_run.receipt.raw not in attestation.payload:
            raise ReceiptMismatchError(
                "an attestation that does not hold this receipt", where="attestation", remedy="attest this run"
            )
        if inclusion is None or head is None:
            if inclusion is not None or head is not None:
                raise LogMismatchError("a proof without a head, or a head without a proof", remedy="give both")
            return cls(recorded_run=recorded_run, requests=requests, attestation=attestation)
        verify_included(inclusion, recorded_run.receipt.raw, LogHead.from_text(Note.parse(head).text))
        return cls(
            recorded_run=recorded_run,
            requests=requests,
            attestation=attestation,
            inclusion=inclusion,
            head=head.decode(),
        )

    def to_dict(self) -> dict[str, Any]:
        """
        Give the record as a plain dict.
        """
        inputs = self.recorded_run.checkpoint
        record = inputs.to_dict()
        return {
            "schema": BUNDLE_SCHEMA,
            "header": inputs.header,
            **{name: record[name] for name in ("definition", "params", "context", "policies", "answers")},
            "certificate": record["proof"],
            "requests": [request.to_dict() for request in self.requests],
            "lineage": [entry.thaw() for entry in self.recorded_run.lineage],
            "receipt": self.recorded_run.receipt.thaw(),
            "run_receipt": None,
            "audit_log": None,
            "attestation": None if self.attestation is None else parse_canonical(self.attestation.raw),
            "log_inclusion": None if self.inclusion is None else unstructure(self.inclusion),
            "log_head": self.head,
        }

    @property
    def raw(self) -> bytes:
        """
        The canonical bytes of the record.
        """
        return canonical_record(self.to_dict())

    @property
    def digest(self) -> str:
        """
        The digest of the canonical bytes.
        """
        return digest_of_bytes(self.raw)

    @classmethod
    def from_bytes(cls, raw: bytes, *, source: str = "") -> Self:
        """
        Read a bundle whose parts have their shape and stand in their canonical form.

        Raises:
            EncodingError: the bytes are not canonical JSON.
            IntegrityError: they are no bundle; every fault is listed.
            CheckpointMismatchError: it belongs to another major version of the execution rules.
        """
        document = read_bundle_document(raw, source=source)
        parse_canonical(raw, source=source)
        parts, faults = read_parts(document)
        if faults:
            raise IntegrityError(f"{source or 'bundle'}: parts that cannot be read", faults=faults)
        bundle = cls(
            recorded_run=RecordedRun(
                checkpoint=build_inputs(parts), lineage=parts["lineage"], receipt=parts["receipt"]
            ),
            requests=parts["requests"],
            attestation=parts["attestation"],
            inclusion=parts["log_inclusion"],
            head=parts["log_head"],
        )
        if bundle.raw != raw:
            # The header is not stored twice: it is what follows from the parts, and here it says something else.
            raise IntegrityError(
                "a header that is not of these parts", where=f"{source} header".strip(), remedy="verify says which one"
            )
        return bundle


def build_inputs(parts: dict[str, Any]) -> Checkpoint:
    """
    Put the inputs of a run together from the parts of its bundle.

    Raises:
        CheckpointMismatchError: it belongs to another major version of the execution rules.
    """
    header = parts["header"]
    return Checkpoint(
        mission=header["mission"],
        mission_version=header["mission_version"],
        mode=Mode.of(header["mode"]),
        engine=header["engine"],
        definition=parts["definition"],
        params=parts["params"],
        context=parts["context"],
        policies=parts["policies"],
        proof=parts["certificate"],
        answers=parts["answers"],
    )
