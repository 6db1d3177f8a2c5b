"""Attempts to break the promises by hand: each named attack is refused, or leaves no mark on evidence."""

import copy
import json
import pickle
import subprocess
import sys
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any, SupportsIndex

import pytest
from foreign import AgreeableText, Impostor
from makers import make_action, make_decision, make_gate, make_mission, make_step, make_workflow, nested, run

from missions.change_request import ChangeRequestParams
from runtime.cli.run import settle
from runtime.cli.store import Store
from runtime.cli.words import show_result
from runtime.encoding.canonical import canonical
from runtime.encoding.frozen import JsonArray, JsonObject
from runtime.errors import IntegrityError, MissionEngineError, ReceiptMismatchError, TransitionError
from runtime.evidence import RecordedRun, replay
from runtime.limits import MAX_DEPTH, MAX_DOCUMENT_BYTES
from runtime.orchestration import (
    Answer,
    EffectOutcome,
    ExecutionContext,
    HumanDecision,
    OrchestrationResult,
    Orchestrator,
    OutcomeStatus,
    RunStatus,
    StepSpec,
    WorkflowDefinition,
)
from runtime.orchestration.registry import run_mission
from runtime.orchestration.state import State
from runtime.testing import MemoryLedger, ScriptedConnector


class TwoFacedList(list[Any]):
    """
    A list that shows one thing when it is checked, and another when it is copied.
    """

    looks = 0
    other: Any = None

    def __iter__(self) -> Any:
        """
        Change after the first look.
        """
        self.looks += 1
        return super().__iter__() if self.looks == 1 else iter([self.other])

    def __getitem__(self, index: SupportsIndex | slice) -> Any:
        """
        Give the other thing.
        """
        return self.other


class MutableStep:
    """
    Reads like a step, and its payload can be replaced.
    """

    id, kind = "s", "runtime"
    payload = JsonObject({})

    def to_dict(self) -> dict[str, Any]:
        """
        Give what a step gives.
        """
        return {"id": self.id, "kind": self.kind, "payload": self.payload.thaw()}


class TwoFacedObject(JsonObject):
    """
    Is hashed as one thing and read as another.
    """

    __slots__ = ()

    def thaw(self) -> Any:
        """
        Give something else than what is hashed.
        """
        return {"operation": "set", "path": "/owned", "value": True}


class TwoFacedState(State):
    """
    Claims any digest it likes.
    """

    __slots__ = ()

    @property
    def digest(self) -> str:
        """
        Lie.
        """
        return "sha256:" + "0" * 64


def _run(workflow: WorkflowDefinition, context: ExecutionContext | None = None) -> OrchestrationResult:
    return Orchestrator().run_workflow(workflow, context or ExecutionContext())


def _refused_or(call: Callable[[], Any]) -> Any:
    """
    Give what a call gives, or None when it is refused.
    """
    try:
        return call()
    except MissionEngineError:
        return None


class TestNothingChangesAfterItsDigestWasTaken:
    """
    "Nothing a caller does to a result changes a digest that was already taken."
    """

    def test_a_list_that_changes_between_two_looks(self) -> None:
        """
        What was checked is what is kept.
        """
        steps = TwoFacedList([make_step("s")])
        steps.other = MutableStep()
        workflow = _refused_or(lambda: WorkflowDefinition("w", steps))
        assert workflow is None or [type(step) for step in workflow.steps] == [StepSpec]

    def test_a_frozen_object_that_is_read_as_something_else(self) -> None:
        """
        A step does what its payload digest says.
        """
        step = _refused_or(lambda: StepSpec("two-faced", "runtime", TwoFacedObject({})))
        assert step is None or _run(make_workflow(step)).final_state == {}

    def test_a_state_that_claims_a_digest(self) -> None:
        """
        The context digest is that of the context.
        """
        context = _refused_or(lambda: ExecutionContext(TwoFacedState({"a": 1})))
        assert context is None or context.initial_state.digest == State({"a": 1}).digest

    @pytest.mark.parametrize("kind", [State, JsonObject, JsonArray])
    def test_an_impostor_is_refused(self, kind: type) -> None:
        """
        An object is what its type is, not what it says.
        """
        for build in (
            lambda: ExecutionContext(Impostor(kind)),
            lambda: ExecutionContext({}, Impostor(kind)),
            lambda: StepSpec("s", "runtime", Impostor(kind)),
            lambda: HumanDecision(actor="a", choice="b", input=Impostor(kind)),
        ):
            with pytest.raises(MissionEngineError):
                build()

    def test_results_are_copies(self) -> None:
        """
        Emptying everything a result hands out changes none of it.
        """
        result = run({"a": {"b": [1]}}, make_step("s", "set", path="/c", value={"d": [2]}))
        before = json.dumps(result.to_dict())
        for part in (result.final_state, result.lineage, result.receipt, result.header, result.state_before(1)):
            assert part is not None
            for inner in part.values():
                if isinstance(inner, dict | list):
                    inner.clear()
            part.clear()
        result.inputs.definition.to_dict()["steps"][0]["payload"].clear()
        assert json.dumps(result.to_dict()) == before
        assert replay(RecordedRun.of(result)).receipt == result.receipt

    @pytest.mark.slow
    def test_a_context_shared_with_another_thread(self) -> None:
        """
        A dict that another thread changes is copied as it was at some time, or refused.
        """
        shared: dict[str, Any] = {"pad": "x" * 70_000, **{str(index): index for index in range(2000)}}
        stop, ends = threading.Event(), []

        def change() -> None:
            index = 0
            while not stop.is_set():
                index = (index + 1) % 2000
                shared.pop(str(index), None)
                shared[str((index + 1000) % 2000)] = index

        thread = threading.Thread(target=change)
        thread.start()
        try:
            for _ in range(100):
                try:
                    context = ExecutionContext(shared)
                    ends.append(canonical(context.initial_state.thaw()) == context.initial_state.raw)
                except MissionEngineError:
                    ends.append(True)
        finally:
            stop.set()
            thread.join()
        assert all(ends)

    def test_a_definition_travels_between_hash_seeds(self) -> None:
        """
        A pickled workflow is the same value, with the same hash, where strings hash otherwise.
        """
        workflow = make_workflow(make_step("s", "set", path="/a", value=1))
        hash(workflow)
        code = (
            "import pickle, sys; from runtime.orchestration import WorkflowDefinition;"
            "got = pickle.load(sys.stdin.buffer); new = WorkflowDefinition.from_dict(got.to_dict());"
            "assert got == new and hash(got) == hash(new); print(got.digest)"
        )
        done = subprocess.run(
            [sys.executable, "-c", code],
            input=pickle.dumps(workflow),
            capture_output=True,
            check=True,
            env={"PYTHONHASHSEED": "77", "PYTHONPATH": ":".join(sys.path)},
        )
        assert done.stdout.decode().strip() == workflow.digest


class TestAnswersAnswerWhatWasAsked:
    """
    "A person decides exactly one thing."
    """

    def test_a_digest_that_is_equal_to_every_digest(self) -> None:
        """
        An answer bound to another request is not used, whatever its text says about equality.
        """
        answer = _refused_or(
            lambda: Answer(
                request_digest=AgreeableText("sha256:" + "0" * 64),
                decision=HumanDecision(actor="ada", choice="approve"),
            )
        )
        result = _refused_or(lambda: run({}, make_gate(), answers=[answer]))
        assert result is None or result.status is RunStatus.WAITING_HUMAN

    def test_a_schema_that_is_equal_to_every_schema(self) -> None:
        """
        The schema of an answer is the known text itself.
        """
        with pytest.raises(MissionEngineError, match="schema"):
            Answer(schema=AgreeableText("other/v1"), step_id="gate", decision=HumanDecision(actor="a", choice="b"))

    def test_true_is_not_1(self) -> None:
        """
        Two decisions or outcomes are equal exactly when their bytes are.
        """
        assert make_decision(input=True) != make_decision(input=1)
        assert make_decision(input=False) != make_decision(input=0)
        one, true = (EffectOutcome(status=OutcomeStatus.SUCCEEDED, output=output) for output in (1, True))
        assert one != true

    def test_a_checkpoint_is_not_decided_twice_by_values_that_python_takes_for_equal(self, tmp_path: Path) -> None:
        """
        A second decision with `true` where the first had `1` is another decision, and is refused.
        """
        waiting = run({}, make_gate(input_schema={}, output="/d"))
        assert waiting.pending is not None
        one, true = (make_decision(request_digest=waiting.pending.digest, input=given) for given in (1, True))
        settle(waiting.inputs, one, Store(tmp_path), allow_secrets=True)
        with pytest.raises(TransitionError, match="already decided"):
            settle(waiting.inputs, true, Store(tmp_path), allow_secrets=True)


def _record() -> tuple[RecordedRun, dict[str, Any]]:
    given = [make_decision(reason="fits")]
    recorded = RecordedRun.of(
        run({"n": 1}, make_gate(output="/d"), make_step("s", "increment", path="/n"), answers=given)
    )
    return recorded, json.loads(recorded.raw)


def _unbind(document: Any) -> None:
    document["checkpoint"]["answers"][0] |= {"request_digest": None, "step_id": "gate"}


RECORD_CHANGES: dict[str, Callable[[Any], Any]] = {
    "a null member of the receipt dropped": lambda it: it["receipt"].pop("error_code"),
    "a null member of the receipt added": lambda it: it["receipt"].update(approved_by=None),
    "a null member of the header dropped": lambda it: it["receipt"]["header"].pop("proof_digest"),
    "a null member of an entry dropped": lambda it: it["lineage"][0].pop("verdict_digest"),
    "a null member of an entry added": lambda it: it["lineage"][1].update(note=None),
    "a null member of an entry renamed": lambda it: it["lineage"][1].update(x=it["lineage"][1].pop("error_code")),
    "the answer unbound": _unbind,
    "the answer's schema left out": lambda it: it["checkpoint"]["answers"][0].pop("schema"),
    "the answer's empty field left out": lambda it: it["checkpoint"]["answers"][0].pop("outcome"),
    "the engine left out": lambda it: it["checkpoint"].pop("engine"),
    "the mode left out": lambda it: it["checkpoint"].pop("mode"),
    "the mission left out": lambda it: it["checkpoint"].pop("mission"),
    "the metadata left out": lambda it: it["checkpoint"]["definition"].pop("metadata"),
    "the checkpoint's schema left out": lambda it: it["checkpoint"].pop("schema"),
}


class TestOneRunHasOneRecord:
    """
    A recorded run that replays clean is, byte for byte, the record of that run.
    """

    @pytest.mark.parametrize("name", RECORD_CHANGES)
    def test_a_changed_record_does_not_replay_clean(self, name: str) -> None:
        """
        Nothing can be left out, added or spelled otherwise.
        """
        _, document = _record()
        RECORD_CHANGES[name](document)
        with pytest.raises((IntegrityError, ReceiptMismatchError)):
            replay(RecordedRun.from_bytes(canonical(document)))

    def test_success_and_failure_never_share_a_receipt(self) -> None:
        """
        The same workflow and context, ended in every way, give receipts that all differ.
        """
        gate = make_gate(choices=["approve", "reject", "later"])
        choices = ["approve", "reject", "later"]
        results = [run({"n": 1}, gate, make_step(), answers=[make_decision(choice=one)]) for one in choices]
        results.append(
            run({"n": 1}, gate, make_step(), answers=[make_decision(choice="approve", input=None, reason="")])
        )
        assert len({result.receipt_bytes for result in results}) == len(results)
        assert len({result.entry_bytes[-1] for result in results}) == len(results)


class TestWhatRunsCanBeRecorded:
    """
    Whatever the engine accepts it can also write down: a limit refuses on the way in, never afterwards.
    """

    @pytest.mark.parametrize("depth", range(MAX_DEPTH - 5, MAX_DEPTH + 2))
    def test_a_deep_context(self, depth: int) -> None:
        """
        A context that is accepted gives a record and a checkpoint that can be written and read.
        """
        context = _refused_or(lambda: ExecutionContext({"a": nested(depth - 1)}))
        if context is not None:
            recorded = RecordedRun.of(_run(make_workflow(), context))
            assert RecordedRun.from_bytes(recorded.raw) == recorded
            assert _run(make_workflow(make_gate()), context).inputs.raw

    @pytest.mark.parametrize("spare", [0, 100, 10_000])
    def test_a_large_context(self, spare: int) -> None:
        """
        So does one close to the size limit.
        """
        context = _refused_or(lambda: ExecutionContext({"a": "x" * (MAX_DOCUMENT_BYTES - 8 - spare)}))
        if context is not None:
            recorded = RecordedRun.of(_run(make_workflow(), context))
            assert RecordedRun.from_bytes(recorded.raw) == recorded

    @pytest.mark.parametrize("depth", range(MAX_DEPTH - 5, MAX_DEPTH + 1))
    def test_a_deep_outcome_does_not_wedge_a_run(self, depth: int) -> None:
        """
        After a mutating effect was done, the run goes on, fails or waits; it is not refused for what came back.
        """
        outcome = _refused_or(lambda: EffectOutcome(status=OutcomeStatus.SUCCEEDED, output=nested(depth)))
        if outcome is not None:
            connector = ScriptedConnector({"copy": [outcome]}, mutating=["copy"])
            mission = make_mission(make_action(mode="mutate", output="/a"))
            result = run_mission(
                "made",
                ExecutionContext(),
                registry={"made": mission},
                effects={"files": connector},
                ledger=MemoryLedger(),
                mode="apply",
            )
            assert len(connector.calls) == 1
            assert result.status in {RunStatus.COMPLETED, RunStatus.FAILED}

    @pytest.mark.parametrize("depth", range(MAX_DEPTH - 5, MAX_DEPTH + 1))
    def test_a_deep_input_is_refused_before_the_first_step(self, depth: int) -> None:
        """
        A decision that is accepted can be bound and digested.
        """
        answer = _refused_or(lambda: make_decision(input=nested(depth)))
        if answer is not None:
            assert run({}, make_gate(input_schema={}), answers=[answer]).receipt

    def test_a_large_state_is_called_large(self) -> None:
        """
        The code in evidence is the true one: a state beyond the size limit is not called too deep.
        """
        result = run({"a": [["x" * 100_000, []]] * 100}, make_step("s", "append", path="/a", from_="/a"))
        assert (result.status, result.error_code) == (RunStatus.FAILED, "state_too_large")


class Meddler(ScriptedConnector):  # type: ignore[misc]
    """
    A connector that gives something close to an outcome.
    """

    def call(self, request: Any) -> Any:
        """
        Give an instance of a subclass.
        """
        return OddOutcome(status=super().call(request).status)


class OddOutcome(EffectOutcome):  # type: ignore[misc]
    """
    Not quite an outcome.
    """


PARAMS_INSTANCES: dict[str, Callable[[], Any]] = {
    "a plain patch": lambda: ChangeRequestParams(title="t", requested_by="r", patch={"a": 1}),  # type: ignore[arg-type]
    "a pointer as text": lambda: ChangeRequestParams(
        title="t",
        requested_by="r",
        patch=JsonObject({}),
        target="/x",  # type: ignore[arg-type]
    ),
}

SCHEMAS: dict[str, dict[str, Any]] = {
    "a reference escaped so that it resolves to itself": {
        "$defs": {"a~1b": True, "a/b": {"$ref": "#/$defs/a~1b"}},
        "$ref": "#/$defs/a~1b",
    },
    "a reference escaped so that it resolves to nothing": {"$defs": {"a~1b": True}, "$ref": "#/$defs/a~1b"},
    "a reference in per cent": {"$defs": {"%61": True, "a": {"$ref": "#/$defs/%61"}}, "$ref": "#/$defs/%61"},
    "a reference in per cent to nothing": {"$defs": {"%62": True}, "$ref": "#/$defs/%62"},
    "a chain of references": {
        "$defs": {"d3000": True, **{f"d{index}": {"$ref": f"#/$defs/d{index + 1}"} for index in range(3000)}},
        "$ref": "#/$defs/d0",
    },
    "a circle of references": {"$defs": {"a": {"items": {"$ref": "#/$defs/a"}}}, "$ref": "#/$defs/a"},
    "a reference into a definition": {"$defs": {"a": {"properties": {"b": True}}}, "$ref": "#/$defs/a/properties/b"},
    "a remote reference": {"$ref": "https://example.org/schema"},
}


class TestOnlyRefusalsLeave:
    """
    Whatever goes in, what comes out is a value or a `MissionEngineError`.
    """

    @pytest.mark.parametrize("name", SCHEMAS)
    def test_an_input_schema_that_goes_astray(self, name: str) -> None:
        """
        A reference that cannot be followed, or never ends, is refused with the definition.
        """
        with pytest.raises(MissionEngineError, match="input_schema"):
            run({}, make_gate(input_schema=SCHEMAS[name]), answers=[make_decision(input=[[1]])])

    @pytest.mark.parametrize("name", PARAMS_INSTANCES)
    def test_params_built_by_hand(self, name: str) -> None:
        """
        An instance of the params class with wrong members is refused as its document would be.
        """
        with pytest.raises(MissionEngineError):
            run_mission("change_request", ExecutionContext({"config": {}}), PARAMS_INSTANCES[name]())

    def test_an_outcome_of_a_subclass(self) -> None:
        """
        After a mutating call, what is no outcome leaves the run waiting, and not refused for ever.
        """
        connector = Meddler({"copy": [EffectOutcome(status=OutcomeStatus.SUCCEEDED)]}, mutating=["copy"])
        result = run_mission(
            "made",
            ExecutionContext(),
            registry={"made": make_mission(make_action(mode="mutate"))},
            effects={"files": connector},
            ledger=MemoryLedger(),
            mode="apply",
        )
        assert result.status is RunStatus.WAITING_EFFECT

    def test_params_beyond_the_limit(self) -> None:
        """
        Params have the size limit of a payload even where the builder does not use them.
        """
        mission = make_mission(make_step(), params_class=JsonObject)
        with pytest.raises(MissionEngineError, match="1048576"):
            run_mission("made", ExecutionContext(), {"a": "x" * 2**21}, registry={"made": mission})

    @pytest.mark.parametrize("root", ["r{}", "r{x}", "r{0}", "{", "%s"])
    def test_a_root_whose_name_looks_like_a_format(self, root: str) -> None:
        """
        A directory may have any name.
        """
        result = run({}, make_gate())
        assert root in show_result(result, result.inputs.digest, f"{root}/checkpoints", f"mission --root {root}")

    def test_a_copied_value_is_the_value(self) -> None:
        """
        Copies and pickles of a result replay to the same bytes.
        """
        result = run({"n": 1}, make_gate(output="/d"), answers=[make_decision()])
        for twin in (copy.copy(result), copy.deepcopy(result), pickle.loads(pickle.dumps(result))):  # noqa: S301 - our own.
            assert twin == result
            assert replay(RecordedRun.of(twin)).receipt_bytes == result.receipt_bytes
