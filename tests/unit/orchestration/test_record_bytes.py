"""The records of our own are written without sorting; their keys must already stand in canonical order."""

import orjson
import pytest
from makers import make_decision, make_gate, make_step, run

from runtime.encoding.canonical import canonical
from runtime.orchestration import OrchestrationResult

RUNS = {
    "completed": lambda: run({"a": 1}, make_step(), make_gate(), answers=[make_decision()]),
    "failed": lambda: run({}, make_step("x", "remove", path="/gone")),
    "denied": lambda: run({}, make_gate(), answers=[make_decision(choice="reject")]),
    "skipped": lambda: run({}, make_step(when="flagged")),
}


@pytest.mark.parametrize("ending", sorted(RUNS))
def test_records_are_canonical_as_they_are_written(ending: str) -> None:
    """
    Header, entries and receipt are the RFC 8785 bytes of what they say, nested parts included.
    """
    result: OrchestrationResult = RUNS[ending]()
    records = [result.header_bytes, *result.entry_bytes, result.receipt_bytes or b"{}"]
    assert records == [canonical(orjson.loads(raw)) for raw in records]
