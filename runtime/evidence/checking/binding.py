"""Checks 4 and 5: the lineage is one chain from the header on, and the receipt binds all of it."""

from itertools import pairwise
from typing import Any

from runtime.encoding.frozen import JsonObject
from runtime.evidence.checking.outcomes import Finding, Material, counted, failed, failed_by, nothing, passed

__all__ = ["check_audit", "check_lineage", "check_receipt"]

_STOPPED = ("failed", "denied")


def check_lineage(material: Material) -> Finding:
    """
    Check 4: entries are linked, in the order of the workflow, each goes on from the state before, and none is missing.
    """
    entries, steps = material.parts["lineage"], material.parts["definition"].steps
    if not 1 <= len(entries) <= len(steps):
        return failed(
            f"{counted(len(entries), 'entry', 'entries')} of a workflow of {counted(len(steps), 'step', 'steps')}"
        )
    previous, state = material.header_digest, material.parts["header"]["context_digest"]
    for index, (entry, step) in enumerate(zip(entries, steps, strict=False)):
        expected = {
            "previous": previous,
            "sequence": index + 1,
            "step_id": step.id,
            "kind": step.kind,
            "payload_digest": step.payload.digest,
            "input_digest": state,
        }
        for field, value in expected.items():
            if entry[field] != value:
                return failed(f"lineage[{index}].{field} is {entry[field]!r}, and {value!r} is expected")
        if entry["status"] != "completed" and entry["output_digest"] != state:
            return failed(f"lineage[{index}] is {entry['status']} and changes the state")
        previous, state = entry.digest, entry["output_digest"]
    early = [index for index, (entry, _) in enumerate(pairwise(entries)) if entry["status"] in _STOPPED]
    if early:
        return failed(f"lineage[{early[0]}] ends the run, and entries follow it")
    if len(entries) < len(steps) and entries[-1]["status"] not in _STOPPED:
        missing = counted(len(steps) - len(entries), "step has", "steps have")
        return failed(f"{missing} no entry, and the run did not stop before")
    return passed(f"{counted(len(entries), 'entry', 'entries')}, linked to the header and in order")


def check_receipt(material: Material) -> Finding:
    """
    Check 5: the receipt holds header, lineage head and count, answers, final state, and how the run ended.
    """
    parts = material.parts
    receipt, wanted = parts["receipt"], _list_bound(material)
    wrong = [
        f"receipt.{name} is not that of the bundle" for name, value in wanted.items() if not _is(receipt, name, value)
    ]
    if wrong:
        return failed_by(wrong)
    return passed("the receipt binds header, lineage, answers, final state and ending")


def _list_bound(material: Material) -> dict[str, Any]:
    """
    List what the members of the receipt have to be.
    """
    parts = material.parts
    entries: tuple[JsonObject, ...] = parts["lineage"]
    last = entries[-1] if entries else None
    is_stopped = last is not None and last["status"] in _STOPPED
    return {
        "header": parts["header"].thaw(),
        "header_digest": material.header_digest,
        "id": parts["definition"].id,
        "lineage_count": len(entries),
        "lineage_head": material.header_digest if last is None else last.digest,
        "answers_digest": material.answers_digest,
        "final_state_digest": parts["header"]["context_digest"] if last is None else last["output_digest"],
        "steps": [entry["step_id"] for entry in entries if entry["status"] != "skipped"],
        "status": last["status"] if last is not None and is_stopped else "completed",
        "error_code": None if last is None else last["error_code"],
        "failed_step_id": last["step_id"] if last is not None and is_stopped else None,
    }


def _is(receipt: JsonObject, name: str, value: object) -> bool:
    member = receipt.thaw()[name]
    return type(member) is type(value) and bool(member == value)


def check_audit(material: Material) -> Finding:
    """
    Check 5b: the audit log is one chain, and the run receipt holds its head. No run leaves either yet.
    """
    del material
    return nothing("the bundle holds no run receipt and no audit log")
