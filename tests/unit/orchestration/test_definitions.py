"""Steps, workflows and contexts: values that are copied on the way in, equal by value, and that nobody can change."""

import contextlib
import copy
import pickle
from collections.abc import Callable, Iterator
from typing import Any, cast

import attrs
import pytest
from makers import (
    make_action,
    make_decision,
    make_effect_answer,
    make_gate,
    make_inputs,
    make_mission,
    make_step,
    make_workflow,
    nested,
    run,
    sha256_of,
)

from runtime.encoding.frozen import JsonObject
from runtime.errors import DefinitionError, EncodingError
from runtime.orchestration import (
    Checkpoint,
    Example,
    ExecutionContext,
    Mode,
    OutcomeStatus,
    StepSpec,
    WorkflowDefinition,
    execute,
)
from runtime.orchestration.builder import MissionSpec
from runtime.orchestration.registry import MISSION_REGISTRY
from runtime.orchestration.state import State

PAYLOAD: dict[str, Any] = {"operation": "set", "path": "/a", "value": {"list": [1, {"deep": True}]}}

VALUES: dict[str, Callable[[], Any]] = {
    "step": lambda: StepSpec("a", "runtime", copy.deepcopy(PAYLOAD)),
    "workflow": lambda: WorkflowDefinition("wf", [StepSpec("a", "runtime", copy.deepcopy(PAYLOAD))], {"m": [1]}),
    "context": lambda: ExecutionContext({"a": [1, {"b": None}]}, {"m": {"n": 1}}),
    "checkpoint": lambda: make_inputs(make_gate(), state={"a": [1]}, answers=[make_decision()]),
    "result that ended": lambda: run({"a": [1]}, make_step("s", "set", path="/b", value={"c": [1]})),
    "result that waits": lambda: run({"a": [1]}, make_gate()),
    "request": lambda: pending_request(run({}, make_gate())),
    "open request": lambda: run({}, make_gate()).pending,
    "decision": lambda: make_decision(input={"a": [1]}),
    "outcome": lambda: make_effect_answer(output={"a": [1]}),
    "example": lambda: Example(params={"a": [1]}, context=ExecutionContext({"b": 1}), answers=(make_decision(),)),
    "mission": lambda: MISSION_REGISTRY["echo"],
    "mission spec": lambda: MissionSpec("echo", {"a": [1]}),
    "state": lambda: State({"a": [1, {"b": None}], "é": "\U00010000"}),
}
"""Makers of equal, separately made values, of every kind the package hands out."""


def pending_request(result: Any) -> Any:
    """
    Give the request a run waits for.
    """
    return result.pending.request


@pytest.fixture(params=VALUES)
def make_value(request: pytest.FixtureRequest) -> Callable[[], Any]:
    """
    Give the maker of a value, one kind after another.
    """
    return VALUES[request.param]


class TestValues:
    """
    "Deeply immutable, equal by value."
    """

    def test_values_made_alike_are_equal_and_hash_alike(self, make_value: Callable[[], Any]) -> None:
        """
        Equality and hash go by content, so a value can be a key.
        """
        first, second = make_value(), make_value()
        assert first == second
        assert hash(first) == hash(second)
        assert {first: 1}[second] == 1

    def test_a_copy_is_the_same_value(self, make_value: Callable[[], Any]) -> None:
        """
        Copying, deep copying and pickling give an equal value with an equal hash.
        """
        value = make_value()
        for other in (copy.copy(value), copy.deepcopy(value), pickle.loads(pickle.dumps(value))):  # noqa: S301 - our own bytes.
            assert other == value
            assert hash(other) == hash(value)

    def test_no_field_can_be_set_added_or_deleted(self, make_value: Callable[[], Any]) -> None:
        """
        Every assignment to a value is refused.
        """
        value = make_value()
        names = [field.name for field in attrs.fields(type(value))] if attrs.has(type(value)) else ["raw", "digest"]
        for name in [*names, "something_new"]:
            with pytest.raises(AttributeError):
                setattr(value, name, None)
            with pytest.raises(AttributeError):
                delattr(value, name)


CHANGES: dict[str, tuple[Any, Any]] = {
    "step: id": (StepSpec("a", "runtime"), StepSpec("b", "runtime")),
    "step: kind": (StepSpec("a", "runtime"), StepSpec("a", "human")),
    "step: true for 1": (StepSpec("a", "runtime", {"x": 1}), StepSpec("a", "runtime", {"x": True})),
    "step: null for absent": (StepSpec("a", "runtime", {"x": None}), StepSpec("a", "runtime", {})),
    "workflow: order": (make_workflow(make_step("a"), make_step("b")), make_workflow(make_step("b"), make_step("a"))),
    "workflow: metadata": (WorkflowDefinition("w", []), WorkflowDefinition("w", [], {"a": 1})),
    "context: state": (ExecutionContext({"a": 0}), ExecutionContext({"a": False})),
    "context: empty metadata": (ExecutionContext({}), ExecutionContext({}, {})),
    "checkpoint: mode": (make_inputs(mode=Mode.OBSERVE), make_inputs(mode=Mode.APPLY)),
    "decision: reason": (make_decision(reason="a"), make_decision(reason="b")),
    "mission: version": (make_mission(version="1.0.0"), make_mission(version="1.0.1")),
    "state: true for 1": (State({"a": 1}), State({"a": True})),
}


@pytest.mark.parametrize("case", CHANGES)
def test_values_that_differ_are_not_equal(case: str) -> None:
    """
    One changed field, or `true` where the other has `1`, makes another value.
    """
    first, second = CHANGES[case]
    assert first != second
    assert second != first


def test_a_whole_float_is_its_integer() -> None:
    """
    `2.0` and `2` are one number, so the steps that hold them are equal.
    """
    assert StepSpec("a", "runtime", {"x": 2.0}) == StepSpec("a", "runtime", {"x": 2})


class TestTheCallersObjects:
    """
    "The caller's context and params are never touched and never read again."
    """

    def test_a_payload_is_copied(self) -> None:
        """
        A later change to the dict that was given reaches no step.
        """
        payload = copy.deepcopy(PAYLOAD)
        step = StepSpec("a", "runtime", payload)
        payload["value"]["list"][1]["deep"] = False
        payload.clear()
        assert step.to_dict() == {"id": "a", "kind": "runtime", "payload": PAYLOAD}

    def test_steps_and_metadata_are_copied(self) -> None:
        """
        A later change to the list of steps, or to the metadata, reaches no workflow.
        """
        steps, metadata = [make_step("a")], {"m": [1]}
        workflow = WorkflowDefinition("wf", steps, metadata)
        steps.append(make_step("b"))
        metadata["m"].append(2)
        assert [step.id for step in workflow.steps] == ["a"]
        assert workflow.to_dict()["metadata"] == {"m": [1]}

    def test_a_context_is_copied(self) -> None:
        """
        A later change to state or metadata reaches no context.
        """
        state, metadata = {"a": [1]}, {"m": [1]}
        context = ExecutionContext(state, metadata)
        state["a"].append(2)
        metadata["m"].append(2)
        assert context.to_dict() == {"initial_state": {"a": [1]}, "metadata": {"m": [1]}}

    def test_nothing_the_caller_gave_is_changed(self) -> None:
        """
        A run leaves state, metadata, payloads and answers' inputs as they were.
        """
        state, metadata, value = {"a": [1]}, {"m": 1}, {"list": [1]}
        given = copy.deepcopy((state, metadata, value))
        step = make_step("s", "append", path="/a", value=value)
        execute(make_inputs(step, context=ExecutionContext(state, metadata)))
        assert (state, metadata, value) == given

    def test_equal_workflows_run_apart(self) -> None:
        """
        What one run wrote from a payload is not seen by the next run of an equal workflow.
        """
        steps = [
            make_step("a", "set", path="/x", value={"list": []}),
            make_step("b", "append", path="/x/list", value=1),
        ]
        first = run({}, *steps)
        assert run({}, *steps).final_state == first.final_state == {"x": {"list": [1]}}

    def test_to_dict_gives_copies(self) -> None:
        """
        A change to what `to_dict` gave changes neither the value nor its digest.
        """
        workflow = VALUES["workflow"]()
        digest = workflow.digest
        document = workflow.to_dict()
        document["steps"][0]["payload"]["value"]["list"].clear()
        document["metadata"]["m"].clear()
        assert workflow.to_dict() == VALUES["workflow"]().to_dict()
        assert workflow.digest == digest

    def test_a_step_reads_like_a_dict_but_cannot_be_written(self) -> None:
        """
        The payload's members, at any depth, refuse item assignment.
        """
        payload: Any = StepSpec("a", "runtime", PAYLOAD).payload
        for part in (payload, payload["value"], payload["value"]["list"]):
            with pytest.raises(TypeError):
                part[0] = 1
        assert payload["value"]["list"][1] == {"deep": True}


class TestForms:
    """
    The plain forms of the values, and their digests.
    """

    def test_positional_and_keyword_arguments(self) -> None:
        """
        `StepSpec(id, kind, payload={})`, `WorkflowDefinition(id, steps, metadata)`, `ExecutionContext(state, metadata)`
        """
        step = StepSpec("a", "runtime")
        assert step == StepSpec(id="a", kind="runtime", payload={})
        assert WorkflowDefinition("w", [step], {}) == WorkflowDefinition(id="w", steps=(step,), metadata={})
        assert ExecutionContext() == ExecutionContext(initial_state={}, metadata=None)

    def test_to_dict(self) -> None:
        """
        A step gives `id`, `kind`, `payload`; a workflow `id`, `metadata`, `steps`.
        """
        step = {"id": "a", "kind": "runtime", "payload": PAYLOAD}
        assert VALUES["workflow"]().to_dict() == {"id": "wf", "metadata": {"m": [1]}, "steps": [step]}

    @pytest.mark.parametrize("kind", ["workflow", "context"])
    def test_from_dict_reads_what_to_dict_gives(self, kind: str) -> None:
        """
        Reading the plain form gives an equal value.
        """
        value = VALUES[kind]()
        assert type(value).from_dict(value.to_dict()) == value

    def test_the_definition_digest(self) -> None:
        """
        It is SHA-256 over `{"schema": "workflow/v1"}` and the plain form.
        """
        workflow = VALUES["workflow"]()
        assert workflow.digest == sha256_of({"schema": "workflow/v1", **workflow.to_dict()})

    def test_absent_metadata_is_digested_as_null(self) -> None:
        """
        No metadata and empty metadata have different digests.
        """
        assert ExecutionContext({}).metadata_digest == sha256_of(None)
        assert ExecutionContext({}, {}).metadata_digest == sha256_of({})


REFUSED: dict[str, tuple[Callable[[], Any], str]] = {
    "an empty step id": (lambda: StepSpec("", "runtime"), "id has 0 characters"),
    "a long step id": (lambda: StepSpec("x" * 129, "runtime"), "id has 129 characters"),
    "a number for a step id": (lambda: StepSpec(cast("Any", 1), "runtime"), "id is int 1"),
    "a subclass of str for a step id": (lambda: StepSpec(OutcomeStatus.FAILED, "runtime"), "expected str"),
    "a surrogate in a step id": (lambda: StepSpec("\ud800", "runtime"), "lone surrogate"),
    "no kind": (lambda: StepSpec("a", cast("Any", None)), "kind is NoneType None"),
    "a payload that is no object": (lambda: StepSpec("a", "runtime", [1]), r"list \[1\]"),
    "a payload that is not JSON": (lambda: StepSpec("a", "runtime", {"x": {1, 2}}), "at /x"),
    "NaN in a payload": (lambda: StepSpec("a", "runtime", {"x": [float("nan")]}), "NaN"),
    "a payload beyond 1 MiB": (lambda: StepSpec("a", "runtime", {"x": "y" * 2**20}), "payload has 1048584 bytes"),
    "a payload too deep": (lambda: StepSpec("a", "runtime", {"x": nested(64)}), "deeper than 64"),
    "an empty workflow id": (lambda: WorkflowDefinition(""), "id has 0 characters"),
    "a string for steps": (lambda: WorkflowDefinition("w", cast("Any", "ab")), "give a list of StepSpec"),
    "a dict for a step": (lambda: WorkflowDefinition("w", [cast("Any", {"id": "a"})]), r"steps\[0\]: give a StepSpec"),
    "workflow metadata that is no object": (lambda: WorkflowDefinition("w", [], 3), "int 3"),
    "workflow metadata beyond 1 MiB": (lambda: WorkflowDefinition("w", [], {"x": "y" * 2**20}), "metadata has"),
    "a list for a state": (lambda: ExecutionContext([]), "plain dict"),
    "a tuple in a state": (lambda: ExecutionContext({"a": (1,)}), "use a list at /a|/a"),
    "a number for a key": (lambda: ExecutionContext({1: 2}), "key 1"),
    "an integer beyond 2^53": (lambda: ExecutionContext({"a": 2**53}), "at /a"),
    "a state beyond 16 MiB": (lambda: ExecutionContext({"a": "x" * 2**24}), "16777224 bytes|16777216"),
    "a large state beyond 16 MiB": (lambda: ExecutionContext({"a": ["x" * 2**23] * 2}), "limit is 16777216"),
    "a state too deep": (lambda: ExecutionContext({"a": nested(64)}), "deeper than 64"),
    "context metadata that is no object": (lambda: ExecutionContext({}, [1]), r"list \[1\]"),
    "context metadata beyond 1 MiB": (lambda: ExecutionContext({}, {"x": "y" * 2**20}), "metadata has"),
}


@pytest.mark.parametrize("case", REFUSED)
def test_what_is_not_of_the_type_is_refused_at_construction(case: str) -> None:
    """
    Constructors check types, JSON-ness and sizes, and name the place.
    """
    make, message = REFUSED[case]
    with pytest.raises((DefinitionError, EncodingError), match=message):
        make()


@pytest.mark.parametrize(
    "kind", ["net", "Runtime", "workflow"], ids=["outside the envelope", "other case", "another word"]
)
def test_kinds_and_counts_are_not_checked_by_constructors(kind: str) -> None:
    """
    A workflow that no run would take can still be built, shown and digested.
    """
    workflow = WorkflowDefinition("w", [StepSpec(str(index), kind) for index in range(9)])
    assert workflow.digest == sha256_of({"schema": "workflow/v1", **workflow.to_dict()})


class TestWhatIsAcceptedCanBeRecorded:
    """
    A part stands deeper in a record than on its own: what a constructor accepts must fit into every record it enters.
    """

    def test_a_payload_that_is_accepted_can_be_run(self) -> None:
        """
        A payload too deep for the definition's document is refused as a definition; any other runs.
        """
        for payload in ({"params": {"x": nested(depth)}} for depth in range(57, 62)):
            step = StepSpec("s", "runtime", payload)
            with contextlib.suppress(DefinitionError):
                assert run({}, step).success

    def test_a_run_over_a_state_that_is_accepted_can_be_put_down(self) -> None:
        """
        A run that waits has a checkpoint that can be written and read back, however deep its state.
        """
        for context in accepted(lambda depth: ExecutionContext({"a": nested(depth)})):
            checkpoint = execute(make_inputs(make_gate(), context=context)).checkpoint
            assert checkpoint is not None
            assert Checkpoint.from_bytes(checkpoint.raw) == checkpoint

    def test_a_run_over_the_largest_state_can_be_put_down(self) -> None:
        """
        A run that waits over a state of exactly 16 MiB has a checkpoint that can be written.
        """
        checkpoint = run({"a": "x" * (2**24 - 8)}, make_gate()).checkpoint
        assert checkpoint is not None
        assert len(checkpoint.raw) > 2**24

    def test_an_input_of_a_decision_that_is_accepted_can_be_recorded(self) -> None:
        """
        A decision that could be constructed can be digested, and the run goes on with it.
        """
        gate = make_gate(input_schema={"type": "array"})
        for answer in accepted(lambda depth: make_decision(input=nested(depth))):
            used = run({}, gate, answers=[answer]).inputs.answers
            assert used[0].digest == sha256_of(used[0].to_dict())

    def test_an_output_of_an_effect_that_is_accepted_can_be_recorded(self) -> None:
        """
        So can an outcome: the effect was done by then, and must not be lost.
        """
        for answer in accepted(lambda depth: make_effect_answer(output=nested(depth))):
            used = run({}, make_action(), answers=[answer]).inputs.answers
            assert used[0].digest == sha256_of(used[0].to_dict())


def accepted(make: Callable[[int], Any]) -> Iterator[Any]:
    """
    Give the values of depths near the limit that can be constructed; the shallowest can.
    """
    yield make(57)
    for depth in range(58, 65):
        with contextlib.suppress(DefinitionError, EncodingError):
            yield make(depth)


def test_frozen_values_are_taken_as_they_are() -> None:
    """
    A frozen object or state is accepted wherever a dict is.
    """
    state, payload = State({"a": 1}), JsonObject({"description": "x"})
    assert ExecutionContext(state).initial_state is state
    assert StepSpec("a", "runtime", payload).payload is payload
