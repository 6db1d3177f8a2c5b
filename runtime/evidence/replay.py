"""Replay: execute a recorded run again from its inputs alone, and compare every byte it left.

Recorded answers are fed by the digest of their request, which holds the sequence, so equal calls never collapse. The
first difference is named by step, field and path; it is final, never retried.
"""

from collections.abc import Iterator
from typing import Any, final

import attrs

from runtime.encoding.canonical import JsonValue
from runtime.errors import AnswerRefusedError, DefinitionError, IntegrityError, ReceiptMismatchError, shown
from runtime.evidence.record import RecordedRun
from runtime.orchestration.engine import execute
from runtime.orchestration.result import OrchestrationResult

__all__ = ["Difference", "find_difference", "replay"]


@final
@attrs.frozen(kw_only=True)
class Difference:
    """
    One place where a record and its re-execution differ.

    `step_id` is None outside the lineage; `path` points into the recorded run.
    """

    step_id: str | None
    field: str
    path: str
    recorded: JsonValue
    computed: JsonValue

    def __str__(self) -> str:
        """
        Say it in a sentence.
        """
        place = f"step {self.step_id!r}, " if self.step_id else ""
        return f"{place}field {self.field!r}: recorded {shown(self.recorded)}, re-executed {shown(self.computed)}"


def replay(run: RecordedRun) -> OrchestrationResult:
    """
    Re-execute a recorded run.

    Returns:
        The result of the re-execution, whose bytes equal the record's.

    Raises:
        ReceiptMismatchError: they differ, or the recorded inputs cannot be executed; the message names the first
            difference.
    """
    if type(run) is not RecordedRun:
        raise IntegrityError(f"run is {shown(run)}", where="run", remedy="give a RecordedRun")
    try:
        result = execute(run.checkpoint)
    except (AnswerRefusedError, DefinitionError) as error:
        raise ReceiptMismatchError(
            f"the recorded inputs cannot be executed: {error}", where="/checkpoint", remedy=_REMEDY
        ) from error
    difference = find_difference(run, result)
    if difference is not None:
        raise ReceiptMismatchError(str(difference), where=difference.path, remedy=_REMEDY)
    return result


_REMEDY = "trust neither the record nor what it says was done; ask for the original"


def find_difference(run: RecordedRun, result: OrchestrationResult) -> Difference | None:
    """
    Give the first difference between a record and a re-execution, in the order things happened: inputs, steps, ending.
    """
    recorded, computed = run.receipt.thaw(), result.receipt
    header = recorded.get("header") if isinstance(recorded.get("header"), dict) else {}
    own_header = result.header
    for difference in _differences(header, own_header, "/receipt/header"):
        return difference
    entries = result.lineage["entries"]
    for index in range(max(len(run.lineage), len(entries))):
        theirs = run.lineage[index].thaw() if index < len(run.lineage) else None
        ours = entries[index] if index < len(entries) else _open_entry(result, index)
        step_id = (ours or theirs or {}).get("step_id")
        for difference in _differences(theirs or {}, ours or {}, f"/lineage/{index}"):
            return attrs.evolve(difference, step_id=step_id)
        if theirs is None or ours is None:  # An empty entry more or less.
            path = f"/lineage/{index}"
            return Difference(step_id=step_id, field="entry", path=path, recorded=theirs, computed=ours)
    for difference in _differences(recorded, computed or {"status": result.status.value}, "/receipt"):
        return difference
    # Left-over answers, ones not bound to their request, and ones in another order leave the receipt as it is.
    theirs, ours = ([answer.to_dict() for answer in inputs.answers] for inputs in (run.checkpoint, result.inputs))
    for index in range(max(len(theirs), len(ours))):
        pair = (theirs[index] if index < len(theirs) else None, ours[index] if index < len(ours) else None)
        if pair[0] != pair[1]:
            path = f"/checkpoint/answers/{index}"
            return Difference(step_id=None, field="answers", path=path, recorded=pair[0], computed=pair[1])
    return None


def _open_entry(result: OrchestrationResult, index: int) -> dict[str, Any] | None:
    """
    Describe the step a re-execution waits at, where the record has an entry: its request is another one.
    """
    if result.pending is None or index != len(result.entry_bytes):
        return None
    return {"step_id": result.pending.request.step_id, "request_digest": result.pending.digest}


def _differences(recorded: dict[str, Any], computed: dict[str, Any], path: str) -> Iterator[Difference]:
    shared = [name for name in computed if name in recorded]
    for name in (*shared, *sorted(recorded.keys() ^ computed.keys())):
        theirs, ours = recorded.get(name), computed.get(name)
        # A member that is null is not a member that is absent.
        is_only_one = (name in recorded) is not (name in computed)
        if is_only_one or theirs != ours or type(theirs) is not type(ours):
            yield Difference(step_id=None, field=name, path=f"{path}/{name}", recorded=theirs, computed=ours)
