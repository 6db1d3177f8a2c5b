"""The parts of a bundle: each is read by itself, as it was written, and one that is damaged hides no other."""

from collections.abc import Callable
from typing import Any

import pytest
from bundling import make_document
from makers import nested

from runtime.evidence.parts import PARTS, read_parts
from runtime.limits import MAX_ANSWERS, MAX_DEPTH, MAX_IDENTIFIER_LENGTH, MAX_NOTE_BYTES, MAX_PAYLOAD_BYTES, MAX_STEPS

Document = dict[str, Any]
Edit = Callable[[Document], object]

LONG = "x" * (MAX_IDENTIFIER_LENGTH + 1)


def _set(name: str, value: Any) -> Edit:
    return lambda document: document.update({name: value})


def _in(name: str, change: Callable[[Any], object]) -> Edit:
    return lambda document: change(document[name])


DAMAGES: dict[str, tuple[Edit, list[str]]] = {
    "no header": (lambda it: it.pop("header"), ["is missing @ header"]),
    "a header that is a list": (_set("header", []), ["header"]),
    "a header without digest": (_in("header", lambda it: it.update(context_digest="x")), ["@ header.context_digest"]),
    "a header without context": (_in("header", lambda it: it.update(context_digest=None)), ["@ header"]),
    "a header of another mode": (_in("header", lambda it: it.update(mode="fast")), ["'fast' @ header.mode"]),
    "a header of a nameless mission": (_in("header", lambda it: it.update(mission="")), ["@ header.mission"]),
    "a header of a long engine": (_in("header", lambda it: it.update(engine=LONG)), ["characters", "@ header.engine"]),
    "a member more in the header": (_in("header", lambda it: it.update(note="")), ["'note'", "header"]),
    "a definition that is none": (_set("definition", {}), ["@ definition"]),
    "a definition left short": (_in("definition", lambda it: it.pop("metadata")), ["something left out", "definition"]),
    "a context that is a list": (_set("context", []), ["context"]),
    "a context left short": (_in("context", lambda it: it.pop("metadata")), ["something left out", "context"]),
    "params that are a list": (_set("params", []), ["params"]),
    "policies that are a text": (_set("policies", "p"), ["policies"]),
    "params beyond their size": (
        _set("params", {"p": "x" * MAX_PAYLOAD_BYTES}),
        [f"the limit is {MAX_PAYLOAD_BYTES} bytes @ params"],
    ),
    "params beyond their depth": (_set("params", {"p": nested(MAX_DEPTH)}), ["params"]),
    "a certificate that is a number": (_set("certificate", 1), ["certificate"]),
    "answers that are an object": (_set("answers", {}), ["dict {}: expected a list @ answers"]),
    "an answer that is none": (_in("answers", lambda it: it.append({})), ["@ answers[3]"]),
    "an answer in advance": (
        _in("answers", lambda it: it[1].update(request_digest=None, step_id="confirm")),
        ["an answer in advance", "@ answers[1]"],
    ),
    "an answer left short": (_in("answers", lambda it: it[2].pop("step_id")), ["something left out", "answers[2]"]),
    "more entries than a run has steps": (
        _in("lineage", lambda it: it.extend([it[0]] * MAX_STEPS)),
        [f": the limit is {MAX_STEPS} @ lineage"],
    ),
    "more requests than a run has steps": (
        _in("requests", lambda it: it.extend([it[0]] * MAX_STEPS)),
        [f": the limit is {MAX_STEPS} @ requests"],
    ),
    "more answers than a run has": (
        _in("answers", lambda it: it.extend([it[0]] * (MAX_ANSWERS - 2))),
        [f"{MAX_ANSWERS + 1} of them: the limit is {MAX_ANSWERS} @ answers"],
    ),
    "requests that are null": (_set("requests", None), ["NoneType None: expected a list @ requests"]),
    "a request without schema": (_in("requests", lambda it: it[0].pop("schema")), ["request/v1", "@ requests[0]"]),
    "a request that is a text": (_in("requests", lambda it: it.append("ask")), ["request/v1", "@ requests[3]"]),
    "a request left short": (
        _in("requests", lambda it: it[0]["ask"].pop("quorum")),
        ["a request that leaves something out", "@ requests[0]"],
    ),
    "a lineage that is null": (_set("lineage", None), ["expected a list @ lineage"]),
    "entries without name": (
        _in("lineage", lambda it: [entry.update(step_id="") for entry in it[1:3]]),
        ["@ lineage[1].step_id", "@ lineage[2].step_id"],
    ),
    "an entry without chain": (_in("lineage", lambda it: it[0].update(previous=None)), ["@ lineage[0].previous"]),
    "an entry of another verdict": (
        _in("lineage", lambda it: it[0].update(verdict_digest="x")),
        ["expected a digest, got 'x' @ lineage[0].verdict_digest"],
    ),
    "a receipt without head": (_in("receipt", lambda it: it.update(lineage_head="x")), ["@ receipt.lineage_head"]),
    "a receipt that waits": (_in("receipt", lambda it: it.update(status="waiting_human")), ["@ receipt.status"]),
    "a receipt of a nameless step": (
        _in("receipt", lambda it: it.update(failed_step_id="")),
        ["receipt.failed_step_id"],
    ),
    "a header in the receipt that is none": (
        _in("receipt", lambda it: it["header"].update(mode="fast")),
        ["'fast' @ receipt.header.mode"],
    ),
    "a run receipt": (_set("run_receipt", {}), ["{}: expected null: no run leaves this part yet @ run_receipt"]),
    "an audit log": (_set("audit_log", []), ["[]: expected null: no run leaves this part yet @ audit_log"]),
    "an attestation that is a text": (_set("attestation", "x"), ["attestation"]),
    "an attestation without signature": (_in("attestation", lambda it: it.update(signatures=[])), ["attestation"]),
    "an inclusion without proof": (_in("log_inclusion", lambda it: it.pop("proof")), ["'proof'", "log_inclusion"]),
    "a head that is a number": (_set("log_head", 1), ["expected the text of a signed note", "@ log_head"]),
    "a head beyond its size": (_set("log_head", "x" * (MAX_NOTE_BYTES + 1)), ["@ log_head"]),
}


@pytest.mark.parametrize("case", DAMAGES)
def test_a_damaged_part_is_named_and_hides_no_other(case: str) -> None:
    """
    The faults say where; every other part is read.
    """
    change, words = DAMAGES[case]
    document = make_document()
    change(document)
    parts, faults = read_parts(document)
    [place] = PARTS.keys() - parts.keys()
    said = [str(fault) for fault in faults]
    assert all(any(word in one for one in said) for word in words), said
    assert all(fault.where.startswith(place) for fault in faults)


@pytest.mark.parametrize("name", ["log_head", "log_inclusion"])
def test_a_proof_and_a_head_are_read_together_or_not_at_all(name: str) -> None:
    """
    Neither says anything without the other.
    """
    document = make_document()
    document[name] = None
    parts, faults = read_parts(document)
    assert {"log_head", "log_inclusion"} == PARTS.keys() - parts.keys()
    assert [str(fault) for fault in faults] == [
        "a proof of inclusion and a head stand together, or neither @ log_inclusion"
    ]


def test_what_is_optional_may_be_null() -> None:
    """
    A run outside a mission has neither params nor certificate, and nothing need vouch for it.
    """
    document = make_document()
    for name in ("attestation", "certificate", "log_head", "log_inclusion", "params", "policies"):
        document[name] = None
    parts, faults = read_parts(document)
    assert (parts.keys(), faults) == (PARTS.keys(), ())


def test_what_is_no_part_is_a_fault() -> None:
    """
    All of them, in order.
    """
    document = {**make_document(), "note": "", "hint": {}}
    parts, faults = read_parts(document)
    assert parts.keys() == PARTS.keys()
    assert [str(fault) for fault in faults] == ["unknown member @ hint", "unknown member @ note"]


def test_a_whole_bundle_has_no_fault() -> None:
    """
    At their largest, names and parts are read.
    """
    document = make_document()
    document["header"]["engine"] = LONG[1:]
    document["params"] = {"p": "x" * (MAX_PAYLOAD_BYTES - 8)}
    document["log_head"] = "x" * MAX_NOTE_BYTES
    document["answers"] = [document["answers"][0]] * MAX_ANSWERS
    parts, faults = read_parts(document)
    assert (parts.keys(), faults) == (PARTS.keys(), ())
