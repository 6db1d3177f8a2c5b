"""The parts of a bundle, each read by itself, so that one that is damaged hides no other. Read `bundle.py` next.

A part is taken only as it was written: its own bytes must come out again, so nothing may be left out or added.
"""

from collections.abc import Callable, Mapping
from typing import Any, Final, TypeVar

from runtime.encoding.canonical import JsonValue, canonical_record
from runtime.encoding.converter import structure, unstructure
from runtime.encoding.digest import is_digest
from runtime.encoding.frozen import JsonObject
from runtime.errors import AnswerRefusedError, DefinitionError, Fault, IntegrityError, MissionEngineError, shown
from runtime.evidence.envelope import Envelope
from runtime.evidence.logproof import LogInclusion
from runtime.limits import (
    MAX_ANSWERS,
    MAX_FAULTS,
    MAX_IDENTIFIER_LENGTH,
    MAX_NOTE_BYTES,
    MAX_PAYLOAD_BYTES,
    MAX_STEPS,
)
from runtime.orchestration.checkpoint import Mode
from runtime.orchestration.definitions import ExecutionContext, WorkflowDefinition
from runtime.orchestration.lineage import LineageEntry, Receipt, RunHeader
from runtime.orchestration.result import RunStatus
from runtime.values.answers import Answer
from runtime.values.requests import REQUEST_SCHEMA, Request

__all__ = ["PARTS", "read_parts"]

T = TypeVar("T")
_UNREADABLE: Final = (AnswerRefusedError, DefinitionError, IntegrityError)
_MODES: Final = frozenset(mode.value for mode in Mode)
_ENDED: Final = frozenset({RunStatus.COMPLETED.value, RunStatus.DENIED.value, RunStatus.FAILED.value})
_OPTIONAL_DIGESTS: Final = frozenset(
    {"params_digest", "policies_digest", "proof_digest", "verdict_digest", "request_digest", "answer_digest"}
)
_NAMES: Final = frozenset({"engine", "id", "kind", "operation", "step_id"})
_OPTIONAL_NAMES: Final = frozenset({"mission", "mission_version", "failed_step_id"})


def _read_record(value: JsonValue, kind: type[Any]) -> JsonObject:
    # A TypedDict says which members there are and of which type; what its members may hold is said here.
    record = structure(value, kind, what="record")
    faults = [
        Fault(f"expected {wanted}, got {shown(member)}", name)
        for name, member in sorted(record.items())
        for wanted in _list_wanted(name, member)
    ]
    if faults:
        raise DefinitionError("record that does not hold together", faults=faults)
    return JsonObject(value)


def _list_wanted(name: str, member: JsonValue) -> list[str]:
    """
    Say what a member of a record should be and is not.
    """
    if name.endswith(("_digest", "_head")) or name == "previous":
        is_right = is_digest(member) or (member is None and name in _OPTIONAL_DIGESTS)
        return [] if is_right else ["a digest"]
    if name in _NAMES or (name in _OPTIONAL_NAMES and member is not None):
        return [] if _is_name(member) else [f"1 to {MAX_IDENTIFIER_LENGTH} characters"]
    if name == "mode":
        return [] if member in _MODES else [f"one of {sorted(_MODES)}"]
    return []


def _is_name(value: JsonValue) -> bool:
    return type(value) is str and 1 <= len(value) <= MAX_IDENTIFIER_LENGTH


def _read_header(value: JsonValue) -> JsonObject:
    return _read_record(value, RunHeader)


def _read_lineage(value: JsonValue) -> tuple[JsonObject, ...]:
    return tuple(_each(value, lambda entry: _read_record(entry, LineageEntry), most=MAX_STEPS))


def _read_receipt(value: JsonValue) -> JsonObject:
    record = _read_record(value, Receipt)
    try:
        _read_header(record["header"].thaw())
    except DefinitionError as error:
        raise DefinitionError("header that cannot be read", faults=_list_faults(error, "header")) from error
    if record["status"] not in _ENDED:
        raise DefinitionError(f"status {shown(record['status'])}", where="status", remedy=f"expected {sorted(_ENDED)}")
    return record


def _read_definition(value: JsonValue) -> WorkflowDefinition:
    return _as_written(WorkflowDefinition.from_dict(value), value)


def _read_context(value: JsonValue) -> ExecutionContext:
    return _as_written(ExecutionContext.from_dict(value), value)


def _read_answers(value: JsonValue) -> tuple[Answer, ...]:
    answers = tuple(_each(value, lambda one: _as_written(Answer.from_dict(one), one), most=MAX_ANSWERS))
    for index, answer in enumerate(answers):
        if answer.request_digest is None:
            raise DefinitionError(
                "an answer in advance", where=f"[{index}]", remedy="a record holds answers bound to their requests"
            )
    return answers


def _read_requests(value: JsonValue) -> tuple[Request, ...]:
    return tuple(_each(value, _read_request, most=MAX_STEPS))


def _read_request(value: JsonValue) -> Request:
    if type(value) is not dict or value.get("schema") != REQUEST_SCHEMA:
        raise DefinitionError(f"no record {REQUEST_SCHEMA}", remedy="write it as it was asked")
    request = structure({name: member for name, member in value.items() if name != "schema"}, Request, what="request")
    if canonical_record(request.to_dict()) != canonical_record(value):
        raise DefinitionError("a request that leaves something out", remedy="write every member, as it was asked")
    return request


def _read_object(value: JsonValue) -> JsonObject | None:
    if value is None:
        return None
    read = JsonObject(value)
    if len(read.raw) > MAX_PAYLOAD_BYTES:
        raise DefinitionError(f"{len(read.raw)} bytes", remedy=f"the limit is {MAX_PAYLOAD_BYTES} bytes")
    return read


def _read_nothing(value: JsonValue) -> None:
    if value is not None:
        raise DefinitionError(shown(value), remedy="expected null: no run leaves this part yet")


def _read_envelope(value: JsonValue) -> Envelope | None:
    return None if value is None else Envelope.from_bytes(canonical_record(value))


def _read_inclusion(value: JsonValue) -> LogInclusion | None:
    return None if value is None else LogInclusion.from_bytes(canonical_record(value))


def _read_head(value: JsonValue) -> str | None:
    if value is not None and (type(value) is not str or len(value.encode()) > MAX_NOTE_BYTES):
        raise DefinitionError(
            shown(value), remedy=f"expected the text of a signed note, at most {MAX_NOTE_BYTES} bytes"
        )
    return value


def _each(value: JsonValue, read: Callable[[JsonValue], Any], *, most: int) -> list[Any]:
    if type(value) is not list:
        raise DefinitionError(f"{type(value).__name__} {shown(value)}", remedy="expected a list")
    if len(value) > most:
        raise DefinitionError(f"{len(value)} of them", remedy=f"the limit is {most}")
    made, faults = [], []
    for index, item in enumerate(value):
        try:
            made.append(read(item))
        except _UNREADABLE as error:
            faults += _list_faults(error, f"[{index}]")
    if faults:
        raise DefinitionError("list with parts that cannot be read", faults=faults)
    return made


def _as_written(read: T, value: JsonValue) -> T:
    if canonical_record(unstructure(read)) != canonical_record(value):
        raise DefinitionError("something left out", remedy="write every member, as the run recorded it")
    return read


def _list_faults(error: MissionEngineError, place: str) -> list[Fault]:
    faults = error.faults or (Fault(": ".join(filter(None, (error.what, error.remedy))), error.where),)
    return [
        Fault(fault.message, place + (fault.where if fault.where[:1] in ("[", "/", "") else f".{fault.where}"))
        for fault in faults
    ]


PARTS: Final[Mapping[str, Callable[[JsonValue], Any]]] = {
    "answers": _read_answers,
    "attestation": _read_envelope,
    "audit_log": _read_nothing,
    "certificate": _read_object,
    "context": _read_context,
    "definition": _read_definition,
    "header": _read_header,
    "lineage": _read_lineage,
    "log_head": _read_head,
    "log_inclusion": _read_inclusion,
    "params": _read_object,
    "policies": _read_object,
    "receipt": _read_receipt,
    "requests": _read_requests,
    "run_receipt": _read_nothing,
}
"""Each part of a bundle besides its schema, and how it is read."""


def read_parts(document: Mapping[str, JsonValue]) -> tuple[dict[str, Any], tuple[Fault, ...]]:
    """
    Read every part of a bundle that can be read.

    Returns:
        The parts by name, and the faults of the others, of members that are no part, and of parts that stand alone.
    """
    parts: dict[str, Any] = {}
    unknown = sorted(document.keys() - PARTS.keys() - {"schema"})
    faults = [Fault("unknown member", name) for name in unknown[:MAX_FAULTS]]
    if len(unknown) > MAX_FAULTS:  # There may be millions, and a fault for each would take longer than all the rest.
        faults = [Fault(f"{len(unknown)} unknown members", unknown[0])]
    for name, read in PARTS.items():
        if name not in document:
            faults.append(Fault("is missing", name))
            continue
        try:
            parts[name] = read(document[name])
        except _UNREADABLE as error:
            faults += _list_faults(error, name)
    if {"log_head", "log_inclusion"} <= parts.keys() and (parts["log_head"] is None) is not (
        parts["log_inclusion"] is None
    ):
        faults.append(Fault("a proof of inclusion and a head stand together, or neither", "log_inclusion"))
        del parts["log_head"], parts["log_inclusion"]
    return parts, tuple(faults)
