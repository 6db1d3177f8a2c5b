"""Header, entries and receipt: each bound to the one before, and all of them to everything a run depends on."""

import re
from typing import Any

import orjson
import pytest
import rfc8785
from makers import (
    make_action,
    make_decision,
    make_effect_answer,
    make_gate,
    make_inputs,
    make_step,
    make_workflow,
    run,
    sha256_of,
)

from runtime.encoding.frozen import JsonObject
from runtime.orchestration import ExecutionContext, Mode, OrchestrationResult, StepSpec, WorkflowDefinition, execute

ENTRY_FIELDS = [
    "answer_digest",
    "error_code",
    "input_digest",
    "kind",
    "operation",
    "output_digest",
    "payload_digest",
    "previous",
    "request_digest",
    "schema",
    "sequence",
    "status",
    "step_id",
    "verdict_digest",
]
RECEIPT_FIELDS = [
    "answers_digest",
    "error_code",
    "failed_step_id",
    "final_state_digest",
    "header",
    "header_digest",
    "id",
    "lineage_count",
    "lineage_head",
    "schema",
    "status",
    "steps",
]
HEADER_FIELDS = [
    "context_digest",
    "definition_digest",
    "engine",
    "metadata_digest",
    "mission",
    "mission_version",
    "mode",
    "params_digest",
    "policies_digest",
    "proof_digest",
    "schema",
]

STEPS = [
    make_step("put", "set", path="/\ue000", value={"b": 1.0, "\U00010000": [0.1]}),
    make_gate("ask", output="/decision"),
    make_step("later", when="flagged"),
    make_action("fetch", output="/fetched"),
    make_step("count", "increment", path="/n", by=0.5),
]
ANSWERS = [make_decision("ask"), make_effect_answer("fetch", output={"rows": [1, 2]})]


@pytest.fixture
def whole() -> OrchestrationResult:
    """
    Give a completed run of every kind of step.
    """
    return execute(make_inputs(*STEPS, state={"n": 1, "é": None}, answers=ANSWERS))


def runs() -> dict[str, OrchestrationResult]:
    """
    Give one run of every ending.
    """
    return {
        "completed": execute(make_inputs(*STEPS, state={"n": 1}, answers=ANSWERS)),
        "failed": execute(make_inputs(*STEPS, state={"n": "1"}, answers=ANSWERS)),
        "denied": execute(make_inputs(*STEPS, answers=[make_decision("ask", choice="reject")])),
        "waiting_human": execute(make_inputs(*STEPS)),
        "waiting_effect": execute(make_inputs(*STEPS, answers=ANSWERS[:1])),
    }


@pytest.mark.parametrize("ending", runs())
class TestTheRecordsOfEveryEnding:
    """
    "The records hold identifiers, digests, small integers and codes only", as canonical bytes, linked from the header on.
    """

    def test_the_chain_can_be_verified_by_a_stranger(self, ending: str) -> None:
        """
        Each entry's `previous` is the digest of the entry before, the first one's that of the header.
        """
        result = runs()[ending]
        assert result.status == ending
        previous, state_digest = sha256_of(result.header), sha256_of(result.state_before(1))
        for number, entry in enumerate(result.lineage["entries"], 1):
            assert (entry["sequence"], entry["previous"], entry["schema"]) == (number, previous, "lineage/v1")
            assert entry["input_digest"] == state_digest
            previous, state_digest = sha256_of(entry), entry["output_digest"]
        assert sha256_of(result.final_state) == state_digest
        if result.receipt is not None:
            assert result.receipt["lineage_head"] == previous

    def test_every_record_is_canonical(self, ending: str) -> None:
        """
        The bytes that are kept are RFC 8785, whichever encoder wrote them.
        """
        result = runs()[ending]
        for raw in (result.header_bytes, *result.entry_bytes, result.receipt_bytes or b"{}"):
            assert rfc8785.dumps(orjson.loads(raw)) == raw

    def test_every_record_has_every_field(self, ending: str) -> None:
        """
        "Hashed artefacts write every field (no omitted defaults)."
        """
        result = runs()[ending]
        assert list(result.header) == HEADER_FIELDS
        assert all(list(entry) == ENTRY_FIELDS for entry in result.lineage["entries"])
        assert result.receipt is None or list(result.receipt) == RECEIPT_FIELDS

    def test_every_digest_is_one(self, ending: str) -> None:
        """
        A digest is `sha256:` and 64 lower-case hex digits, or null.
        """
        result = runs()[ending]
        for record in (result.header, *result.lineage["entries"], result.receipt or {}):
            for name, value in record.items():
                if name.endswith("_digest") or name in ("previous", "lineage_head"):
                    assert value is None or re.fullmatch("sha256:[0-9a-f]{64}", value)

    def test_the_receipt_exists_when_the_run_ended(self, ending: str) -> None:
        """
        A waiting run has none.
        """
        result = runs()[ending]
        assert (result.receipt is None) == (result.receipt_bytes is None) == ending.startswith("waiting")


class TestAnEntry:
    """
    "One lineage entry a step."
    """

    def test_says_what_the_step_did(self, whole: OrchestrationResult) -> None:
        """
        Its digests are those of payload, states, request and answer.
        """
        entries = whole.lineage["entries"]
        states = [whole.state_before(number) for number in range(1, 6)] + [whole.final_state]
        for number, (entry, step) in enumerate(zip(entries, STEPS, strict=True)):
            assert (entry["step_id"], entry["kind"]) == (step.id, step.kind)
            assert entry["payload_digest"] == sha256_of(step.to_dict()["payload"])
            assert entry["input_digest"] == sha256_of(states[number])
            assert entry["output_digest"] == sha256_of(states[number + 1])
            assert entry["verdict_digest"] is None
        assert [entry["operation"] for entry in entries] == ["set", "human", "noop", "action", "increment"]
        answers = {
            number: sha256_of(answer.to_dict()) for number, answer in zip((1, 3), whole.inputs.answers, strict=True)
        }
        assert [entry["answer_digest"] for entry in entries] == [answers.get(number) for number in range(5)]
        assert [entry["request_digest"] is not None for entry in entries] == [False, True, False, True, False]

    def test_of_a_skipped_step(self, whole: OrchestrationResult) -> None:
        """
        A step marked `flagged` without a verdict `flag` is recorded as skipped, and is not executed.
        """
        entry = whole.lineage["entries"][2]
        assert (entry["status"], entry["error_code"], entry["request_digest"]) == ("skipped", None, None)
        assert entry["output_digest"] == entry["input_digest"]
        assert "later" not in [step.id for step in whole.executed_steps]

    @pytest.mark.parametrize("step", [make_step("s", "fail"), make_gate("s"), make_action("s", mode="mutate")])
    def test_of_a_skipped_step_of_any_kind(self, step: StepSpec) -> None:
        """
        A skipped step neither fails nor asks.
        """
        step = StepSpec(step.id, step.kind, {**step.payload.thaw(), "when": "flagged"})
        result = execute(make_inputs(step))
        assert (result.status, result.executed_steps) == ("completed", ())
        assert result.receipt is not None
        assert (result.receipt["steps"], result.receipt["lineage_count"]) == ([], 1)

    def test_holds_the_payload_as_it_was_written(self) -> None:
        """
        A default that is written out is another payload.
        """
        entries = [
            run({"n": 1}, make_step("s", "increment", path="/n", **by)).lineage["entries"][0] for by in ({}, {"by": 1})
        ]
        assert entries[0]["payload_digest"] != entries[1]["payload_digest"]

    def test_holds_no_text_of_a_failure(self) -> None:
        """
        "Errors enter evidence as a code from a closed list, never as text."
        """
        result = run({}, make_step("s", "fail", reason="hunter2"))
        assert "hunter2" in (result.error_message or "")
        assert b"hunter2" not in b"".join((result.header_bytes, *result.entry_bytes, result.receipt_bytes or b""))


class TestExecutedSteps:
    """
    "`executed_steps` includes the failing step and nothing after it; they are values, not aliases of the workflow."
    """

    def test_of_a_run_that_fails(self) -> None:
        """
        The failing step is the last, and its id is told.
        """
        result = run({}, make_step("a"), make_step("b", "fail"), make_step("c"))
        assert [step.id for step in result.executed_steps] == ["a", "b"]
        assert result.failed_step_id == "b"
        assert result.lineage["executed_step_ids"] == ["a", "b"]
        assert result.receipt is not None
        assert (result.receipt["steps"], result.receipt["failed_step_id"]) == (["a", "b"], "b")

    def test_of_a_run_that_skips(self, whole: OrchestrationResult) -> None:
        """
        Skipped steps are not among them; human ones are.
        """
        assert [step.id for step in whole.executed_steps] == ["put", "ask", "fetch", "count"]
        assert whole.receipt is not None
        assert whole.receipt["steps"] == ["put", "ask", "fetch", "count"]
        assert whole.receipt["lineage_count"] == 5

    def test_of_a_run_that_waits(self) -> None:
        """
        The step that waits is not among them.
        """
        assert [step.id for step in runs()["waiting_effect"].executed_steps] == ["put", "ask"]

    def test_are_plain_steps(self, whole: OrchestrationResult) -> None:
        """
        They equal the steps of the workflow.
        """
        assert list(whole.executed_steps) == [STEPS[index] for index in (0, 1, 3, 4)]


class TestAReceipt:
    """
    "The receipt binds everything; success and failure can never give equal receipts."
    """

    def test_binds_header_entries_answers_and_final_state(self, whole: OrchestrationResult) -> None:
        """
        Each of its digests can be taken again from what the result shows.
        """
        receipt = whole.receipt
        assert receipt is not None
        assert receipt["header"] == whole.header
        assert receipt["header_digest"] == sha256_of(whole.header)
        assert receipt["lineage_head"] == sha256_of(whole.lineage["entries"][-1])
        assert receipt["final_state_digest"] == sha256_of(whole.final_state)
        assert receipt["answers_digest"] == sha256_of([answer.to_dict() for answer in whole.inputs.answers])
        assert (receipt["id"], receipt["schema"], receipt["status"]) == ("wf-test", "receipt/v1", "completed")

    def test_of_a_run_without_answers(self) -> None:
        """
        Its answers are the empty list.
        """
        receipt = run({}, make_step()).receipt
        assert receipt is not None
        assert receipt["answers_digest"] == sha256_of([])

    def test_of_a_failure_is_never_that_of_a_success(self) -> None:
        """
        The same workflow over the same state, ending three ways by its answer alone, leaves three receipts.
        """
        steps = [make_gate("ask"), make_action("act")]
        endings = [
            run({}, *steps, answers=[make_decision("ask"), make_effect_answer("act")]),
            run({}, *steps, answers=[make_decision("ask"), make_effect_answer("act", "failed")]),
            run({}, *steps, answers=[make_decision("ask", choice="reject")]),
        ]
        assert [result.status for result in endings] == ["completed", "failed", "denied"]
        assert len({result.receipt_bytes for result in endings}) == 3
        assert len({sha256_of(result.receipt) for result in endings}) == 3

    def test_of_a_success_is_not_that_of_a_failure_that_changed_nothing(self) -> None:
        """
        Two workflows that leave the same state differ in status, code and failed step.
        """
        good, bad = run({}, make_step("s")).receipt, run({}, make_step("s", "fail")).receipt
        assert good is not None
        assert bad is not None
        assert (good["status"], good["error_code"], good["failed_step_id"]) == ("completed", None, None)
        assert (bad["status"], bad["error_code"], bad["failed_step_id"]) == ("failed", "step_failed", "s")


CHANGES: dict[str, dict[str, Any]] = {
    "state": {"context": ExecutionContext({"n": 2})},
    "state, true for 1": {"context": ExecutionContext({"n": 1, "x": True})},
    "a key of the state": {"context": ExecutionContext({"n": 1, "y": 1})},
    "metadata": {"context": ExecutionContext({"n": 1, "x": 1}, {"m": 1})},
    "empty metadata": {"context": ExecutionContext({"n": 1, "x": 1}, {})},
    "mode": {"mode": Mode.OBSERVE},
    "mission": {"mission": "other"},
    "mission version": {"mission_version": "1.0.1"},
    "no mission": {"mission": None},
    "params": {"params": JsonObject({"p": 2})},
    "empty params": {"params": JsonObject({})},
    "no params": {"params": None},
    "minor version of the engine": {"engine": "1.5"},
    "workflow id": {"definition": WorkflowDefinition("w2", STEPS)},
    "workflow metadata": {"definition": WorkflowDefinition("wf-test", STEPS, {"m": 1})},
    "a payload": {"definition": make_workflow(make_step("put", "set", path="/q", value=2), *STEPS[1:])},
    "a description": {
        "definition": make_workflow(*STEPS[:4], make_step("count", "increment", path="/n", by=0.5, description="x"))
    },
    "the order of steps": {"definition": make_workflow(STEPS[1], STEPS[0], *STEPS[2:])},
    "a step less": {"definition": make_workflow(*STEPS[:4])},
    "the actor": {"answers": [make_decision("ask", actor="bob"), ANSWERS[1]]},
    "the reason": {"answers": [make_decision("ask", reason="why not"), ANSWERS[1]]},
    "an outcome": {"answers": [ANSWERS[0], make_effect_answer("fetch", output={"rows": [2, 1]})]},
}


class TestReceiptsOfDifferentRuns:
    """
    "Definition, params, context, policies and answers determine every digest."
    """

    def result(self, **changes: Any) -> OrchestrationResult:
        """
        Execute the run with changed inputs.
        """
        fields: dict[str, Any] = {
            "context": ExecutionContext({"n": 1, "x": 1}),
            "mission": "made",
            "mission_version": "1.0.0",
            "params": JsonObject({"p": 1}),
            "answers": ANSWERS,
        }
        return execute(make_inputs(*STEPS, **{**fields, **changes}))

    @pytest.mark.parametrize("case", CHANGES)
    def test_any_changed_input_changes_the_receipt(self, case: str) -> None:
        """
        No input can be exchanged for another without its showing.
        """
        base, changed = self.result(), self.result(**CHANGES[case])
        assert base.receipt_bytes is not None
        assert changed.receipt_bytes is not None
        assert base.receipt_bytes != changed.receipt_bytes

    def test_all_of_them_leave_different_receipts(self) -> None:
        """
        Nor do two different changes come to the same.
        """
        assert len({self.result(**change).receipt_bytes for change in CHANGES.values()}) == len(CHANGES)

    def test_equal_inputs_leave_equal_results(self) -> None:
        """
        The same run again leaves the same bytes.
        """
        assert self.result() == self.result()
        assert self.result().receipt_bytes == self.result().receipt_bytes


def test_absent_parts_are_null_in_the_header() -> None:
    """
    "`run_workflow` without a mission: null mission fields"; metadata that is absent has the digest of null.
    """
    header = run({"a": 1}, make_step()).header
    assert header == {
        "context_digest": sha256_of({"a": 1}),
        "definition_digest": sha256_of({"schema": "workflow/v1", **make_workflow(make_step()).to_dict()}),
        "engine": "1.0",
        "metadata_digest": sha256_of(None),
        "mission": None,
        "mission_version": None,
        "mode": "observe",
        "params_digest": None,
        "policies_digest": None,
        "proof_digest": None,
        "schema": "run/v1",
    }
