"""A recorded run: the inputs of an ended run, and the lineage and receipt it gave. One canonical file."""

from typing import Any, Final, Self, final

import attrs

from runtime.encoding.canonical import canonical_record
from runtime.encoding.converter import structure, unstructure
from runtime.encoding.frozen import JsonObject
from runtime.encoding.jsontext import parse_canonical
from runtime.errors import IntegrityError, TransitionError, shown
from runtime.orchestration.checkpoint import Checkpoint
from runtime.orchestration.result import OrchestrationResult
from runtime.values.checks import of_type

__all__ = ["RecordedRun"]

_SCHEMA: Final = "recorded-run/v1"


@final
@attrs.frozen(kw_only=True)
class RecordedRun:
    """
    The record `recorded-run/v1`.
    """

    schema: str = _SCHEMA
    checkpoint: Checkpoint = attrs.field(validator=of_type(Checkpoint))
    lineage: tuple[JsonObject, ...]
    receipt: JsonObject = attrs.field(validator=of_type(JsonObject))

    @classmethod
    def of(cls, result: OrchestrationResult) -> Self:
        """
        Record an ended run.

        Raises:
            TransitionError: it still waits, and so has no receipt.
        """
        if type(result) is not OrchestrationResult:
            raise IntegrityError(f"result is {shown(result)}", where="result", remedy="give an OrchestrationResult")
        if result.receipt_bytes is None:
            raise TransitionError(f"a run that is {result.status.value}", remedy="record it when it has ended")
        return cls(
            checkpoint=result.inputs,
            lineage=tuple(JsonObject.from_canonical(raw) for raw in result.entry_bytes),
            receipt=JsonObject.from_canonical(result.receipt_bytes),
        )

    @property
    def receipt_digest(self) -> str:
        """
        The digest of the receipt: the name of the run.
        """
        return self.receipt.digest

    @property
    def raw(self) -> bytes:
        """
        The canonical bytes of the record.
        """
        return canonical_record(unstructure(self))

    @classmethod
    def from_bytes(cls, raw: bytes, *, source: str = "") -> Self:
        """
        Read a recorded run; whether it tells the truth is for `replay` to find out.

        Raises:
            EncodingError: the bytes are not canonical JSON.
            IntegrityError: they are no recorded run; every fault is listed.
        """
        document: Any = parse_canonical(raw, source=source)
        if type(document) is not dict or document.get("schema") != _SCHEMA:
            got = document.get("schema") if type(document) is dict else document
            raise IntegrityError(f"schema {shown(got)}", where=source or "recorded run", remedy=f"expected {_SCHEMA}")
        record = structure(document, cls, what=source or "recorded run", error=IntegrityError)
        # The document is what its canonical bytes say, and `structure` let no other type through than the record's own.
        if unstructure(record) != document:
            raise IntegrityError(
                "a recorded run that leaves something out", where=source, remedy="use the file as it was written"
            )
        return record
