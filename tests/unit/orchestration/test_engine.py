"""The heart as its callers meet it: one workflow over one context, and results that depend on nothing else."""

from typing import Any

import attrs
import pytest
from makers import make_decision, make_gate, make_inputs, make_step, make_workflow, run

from runtime.errors import DefinitionError, EngineBug, StaleAnswerError
from runtime.orchestration import ExecutionContext, Orchestrator, RunStatus, execute
from runtime.orchestration.answering import refuse_unused
from runtime.orchestration.operations import OPERATIONS, Operation
from runtime.orchestration.payloads import NoopPayload


def test_steps_run_in_order_each_on_what_the_one_before_left() -> None:
    """
    The output of a step is the input of the next.
    """
    steps = [
        make_step("a", "set", path="/l", value=[]),
        make_step("b", "append", path="/l", value=1),
        make_step("c", "increment", path="/l/0", by=2),
        make_step("d", "merge", path="", value={"m": {"x": None, "y": 1}}),
        make_step("e", "remove", path="/n"),
    ]
    result = run({"n": 0}, *steps)
    assert (result.status, result.success, result.final_state) == ("completed", True, {"l": [3], "m": {"y": 1}})
    assert [step.id for step in result.executed_steps] == list("abcde")
    assert (result.failed_step_id, result.error_code, result.error_message, result.pending) == (None,) * 4


def test_a_failing_step_is_a_result_and_nothing_runs_after_it() -> None:
    """
    "A failing step is a result, not an exception."
    """
    result = run(
        {}, make_step("a", "set", path="/a", value=1), make_step("b", "fail"), make_step("c", "set", path="/c", value=1)
    )
    assert (result.status, result.success, result.failed_step_id) == ("failed", False, "b")
    assert result.final_state == {"a": 1}
    assert len(result.lineage["entries"]) == 2


def test_an_orchestrator_keeps_nothing() -> None:
    """
    One of them runs workflow after workflow, and a refused or failed run leaves no trace in the next.
    """
    orchestrator = Orchestrator()
    workflow, context = make_workflow(make_step("a", "increment", path="/n")), ExecutionContext({"n": 1})
    first = orchestrator.run_workflow(workflow, context)
    orchestrator.run_workflow(make_workflow(make_step("a", "fail")), context)
    with pytest.raises(StaleAnswerError):
        orchestrator.run_workflow(workflow, context, answers=[make_decision(request_digest=f"sha256:{'0' * 64}")])
    assert orchestrator.run_workflow(workflow, context) == first == Orchestrator().run_workflow(workflow, context)
    assert context.initial_state == {"n": 1}


def test_a_context_can_be_run_over_again() -> None:
    """
    A run starts from the context, never from what a run before it left.
    """
    context = ExecutionContext({"l": []})
    step = make_step("a", "append", path="/l", value=1)
    for _ in range(3):
        assert execute(make_inputs(step, context=context)).final_state == {"l": [1]}


def test_the_final_state_can_be_the_next_context() -> None:
    """
    What a result gives is plain JSON again.
    """
    first = run({"n": 1}, make_step("a", "increment", path="/n"))
    assert run(first.final_state, make_step("a", "increment", path="/n")).final_state == {"n": 3}


@pytest.mark.parametrize("inputs", [None, {}, make_workflow()])
def test_what_is_no_checkpoint_is_not_executed(inputs: Any) -> None:
    """
    The engine takes the inputs of a run as one value, or refuses them.
    """
    with pytest.raises(DefinitionError, match="give a Checkpoint"):
        execute(inputs)


def test_statuses_are_what_the_contract_names() -> None:
    """
    `completed | failed | denied | waiting_human | waiting_effect`
    """
    assert [status.value for status in RunStatus] == [
        "completed",
        "failed",
        "denied",
        "waiting_human",
        "waiting_effect",
    ]


def test_a_result_without_leftovers_is_given_back_as_it_is() -> None:
    """
    `refuse_unused` refuses, or changes nothing.
    """
    result = run({}, make_gate(), answers=[make_decision()])
    assert refuse_unused(result) is result


def test_an_operation_that_neither_runs_nor_asks_is_a_bug(monkeypatch: pytest.MonkeyPatch) -> None:
    """
    A broken table ends in an `EngineBug`, never in a result.
    """
    monkeypatch.setitem(OPERATIONS, "noop", Operation("noop", NoopPayload, None))
    with pytest.raises(EngineBug, match="operation 'noop' neither runs nor asks"):
        run({}, make_step("of a broken table"))


def test_an_exception_that_is_no_step_failure_is_not_swallowed(monkeypatch: pytest.MonkeyPatch) -> None:
    """
    A fault of ours in an operation is never turned into a failed step.
    """

    def broken(_payload: Any, _view: Any) -> None:
        raise ZeroDivisionError

    monkeypatch.setitem(OPERATIONS, "noop", attrs.evolve(OPERATIONS["noop"], run=broken))
    with pytest.raises(ZeroDivisionError):
        run({}, make_step("of a broken operation"))
