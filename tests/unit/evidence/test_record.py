"""A recorded run: the inputs of an ended run and what it left, as one canonical file."""

import json
from typing import Any

import pytest
import rfc8785
from makers import make_decision, make_gate, make_inputs, make_step, run, sha256_of

from runtime.encoding.frozen import JsonObject
from runtime.errors import DefinitionError, EncodingError, IntegrityError, TransitionError
from runtime.evidence import RecordedRun
from runtime.orchestration import OrchestrationResult, execute


@pytest.fixture
def result() -> OrchestrationResult:
    """
    Give a run that ended.
    """
    steps = [make_step("s", "set", path="/\U00010000", value=0.5), make_gate(output="/d")]
    return execute(
        make_inputs(*steps, state={"\ue000": 1}, mission="made", params=JsonObject({}), answers=[make_decision()])
    )


def test_a_record_holds_inputs_lineage_and_receipt(result: OrchestrationResult) -> None:
    """
    Exactly what the result left, under the schema `recorded-run/v1`.
    """
    record = RecordedRun.of(result)
    document = json.loads(record.raw)
    assert sorted(document) == ["checkpoint", "lineage", "receipt", "schema"]
    assert document["schema"] == "recorded-run/v1"
    assert document["checkpoint"] == result.inputs.to_dict()
    assert document["lineage"] == result.lineage["entries"]
    assert document["receipt"] == result.receipt
    assert record.raw == rfc8785.dumps(document)


def test_its_name_is_the_digest_of_its_receipt(result: OrchestrationResult) -> None:
    """
    So two runs share a name only when they share everything a receipt binds.
    """
    assert RecordedRun.of(result).receipt_digest == sha256_of(result.receipt)


def test_it_is_read_back_as_it_was(result: OrchestrationResult) -> None:
    """
    The bytes give an equal record with equal bytes.
    """
    record = RecordedRun.of(result)
    again = RecordedRun.from_bytes(record.raw)
    assert again == record
    assert hash(again) == hash(record)
    assert again.raw == record.raw


@pytest.mark.parametrize("ending", ["waiting_human", "waiting_effect"])
def test_a_run_that_waits_is_not_recorded(ending: str) -> None:
    """
    It has no receipt; its checkpoint is what can be kept.
    """
    step = (
        make_gate() if ending == "waiting_human" else make_step("a", "action", connector="c", action="a", mode="read")
    )
    with pytest.raises(TransitionError, match=f"a run that is {ending}") as caught:
        RecordedRun.of(run({}, step))
    assert caught.value.code == "transition_refused"


@pytest.mark.parametrize("result", [None, {}, "completed"])
def test_what_is_no_result_is_not_recorded(result: Any) -> None:
    """
    Only what the engine gave is a run.
    """
    with pytest.raises(IntegrityError, match="give an OrchestrationResult"):
        RecordedRun.of(result)


DAMAGES: dict[str, Any] = {
    "no schema": lambda document: document.pop("schema"),
    "another schema": lambda document: document.update(schema="recorded-run/v2"),
    "an extra field": lambda document: document.update(note=""),
    "no receipt": lambda document: document.pop("receipt"),
    "no checkpoint": lambda document: document.pop("checkpoint"),
    "a list for a receipt": lambda document: document.update(receipt=[]),
    "null for a receipt": lambda document: document.update(receipt=None),
    "an object for the lineage": lambda document: document.update(lineage={}),
    "a number for an entry": lambda document: document.update(lineage=[1]),
    "a broken checkpoint": lambda document: document["checkpoint"].pop("mode") and document["checkpoint"].update(x=1),
}


@pytest.mark.parametrize("case", DAMAGES)
def test_a_damaged_record_is_refused(result: OrchestrationResult, case: str) -> None:
    """
    What is not of the shape is refused when it is read, before anything is executed.
    """
    document = json.loads(RecordedRun.of(result).raw)
    DAMAGES[case](document)
    with pytest.raises(IntegrityError):
        RecordedRun.from_bytes(rfc8785.dumps(document))


@pytest.mark.parametrize("document", [None, [], "recorded-run/v1", 1, {}])
def test_what_is_no_record_is_refused(document: Any) -> None:
    """
    The refusal names the schema that was expected, and the source.
    """
    with pytest.raises(IntegrityError, match=r"run\.json: expected recorded-run/v1"):
        RecordedRun.from_bytes(rfc8785.dumps(document), source="run.json")


def test_a_refusal_names_what_was_read(result: OrchestrationResult) -> None:
    """
    The source where one is given, and else that it should have been a recorded run.
    """
    document = json.loads(RecordedRun.of(result).raw)
    broken = rfc8785.dumps({**document, "note": 1})
    with pytest.raises(IntegrityError, match=r"^run\.json: a fault\n  unknown field 'note'"):
        RecordedRun.from_bytes(broken, source="run.json")
    with pytest.raises(IntegrityError, match=r"^recorded run: a fault"):
        RecordedRun.from_bytes(broken)
    with pytest.raises(IntegrityError, match="schema 'x' at recorded run"):
        RecordedRun.from_bytes(rfc8785.dumps({**document, "schema": "x"}))


def test_bytes_that_are_not_canonical_are_refused(result: OrchestrationResult) -> None:
    """
    "A stored document is accepted only if `canonical(parse(raw)) == raw`."
    """
    raw = RecordedRun.of(result).raw
    for other in (raw + b" ", raw.replace(b'{"', b'{ "', 1), raw.replace(b"0.5", b"5e-1"), raw[1:], b""):
        assert other != raw
        with pytest.raises(EncodingError):
            RecordedRun.from_bytes(other)
        with pytest.raises(EncodingError, match=r"run\.json"):
            RecordedRun.from_bytes(other, source="run.json")


def test_fields_are_checked_where_a_record_is_made(result: OrchestrationResult) -> None:
    """
    A plain dict is no receipt and no checkpoint.
    """
    record = RecordedRun.of(result)
    with pytest.raises(DefinitionError, match="expected JsonObject"):
        RecordedRun(checkpoint=record.checkpoint, lineage=record.lineage, receipt={})  # type: ignore[arg-type]
    with pytest.raises(DefinitionError, match="expected Checkpoint"):
        RecordedRun(checkpoint={}, lineage=record.lineage, receipt=record.receipt)  # type: ignore[arg-type]
