"""The engine against a second engine that shares no code with it: every record has the same bytes."""

from typing import Any

import pytest
import reference_engine
import rfc8785
import strategies
from hypothesis import given, settings, target
from makers import make_inputs, make_step, nested, sha256_of

from runtime.orchestration import Checkpoint, OrchestrationResult, StepSpec, execute


def _reference_of(inputs: Checkpoint) -> dict[str, Any]:
    return reference_engine.run(
        inputs.definition.to_dict(),
        inputs.context.to_dict(),
        [answer.to_dict() for answer in inputs.answers],
        mode=inputs.mode.value,
        mission=inputs.mission,
        mission_version=inputs.mission_version,
        params_digest=None if inputs.params is None else inputs.params.digest,
    )


def assert_equal_runs(inputs: Checkpoint) -> OrchestrationResult:
    """
    Execute a run with both engines and compare everything they leave, byte by byte.
    """
    result, expected = execute(inputs), _reference_of(inputs)
    request = expected["request"]
    assert result.status.value == expected["status"]
    assert result.error_code == expected["error_code"]
    assert result.failed_step_id == (expected["steps"][-1] if expected["error_code"] else None)
    assert [step.id for step in result.executed_steps] == expected["steps"]
    assert list(result.entry_bytes) == [rfc8785.dumps(entry) for entry in expected["entries"]]
    assert [state.raw for state in result.states] == [rfc8785.dumps(state) for state in expected["states"]]
    assert result.receipt_bytes == (None if expected["receipt"] is None else rfc8785.dumps(expected["receipt"]))
    assert (result.pending.digest if result.pending else None) == (request and sha256_of(request))
    assert (result.pending.request.to_dict() if result.pending else None) == request
    assert [answer.to_dict() for answer in result.inputs.answers] == expected["used"]
    assert [answer.to_dict() for answer in result.unused] == expected["unused"]
    return result


class TestBothEnginesLeaveTheSameBytes:
    """
    "The engine is compared with `reference_engine.py` (own operation code, `rfc8785`) on random workflows" (STYLE.md 9).
    """

    @settings(max_examples=2 * settings().max_examples)
    @given(strategies.run_inputs())
    def test_on_random_workflows(self, inputs: Checkpoint) -> None:
        """
        Status, code, steps, states, entries, receipt, open request and answers are equal.
        """
        result = assert_equal_runs(inputs)
        target(len(result.entry_bytes))

    @given(strategies.run_inputs(mostly_asking=True))
    def test_on_workflows_that_mostly_ask(self, inputs: Checkpoint) -> None:
        """
        So are they where most steps are answered from outside.
        """
        assert_equal_runs(inputs)

    @given(strategies.rule_cases())
    def test_on_lists_that_are_ranked(self, case: tuple[dict[str, Any], dict[str, Any]]) -> None:
        """
        So are they where a step follows a rule over a list that mostly fits it.
        """
        state, payload = case
        assert_equal_runs(make_inputs(StepSpec("s", "runtime", payload), state=state))


EDGES: dict[str, tuple[Any, StepSpec]] = {
    "the deepest state": ({"a": nested(30)}, make_step("s", "set", path="/a" + "/0" * 30, value=nested(33))),
    "a state too deep": ({"a": nested(30)}, make_step("s", "set", path="/a" + "/0" * 30, value=nested(34))),
    "too deep by a merge": (
        {"a": {"b": {"c": {"d": {"e": {"f": {"g": 1}}}}}}},
        make_step("s", "merge", path="/a/b/c/d/e/f/g", value={"h": nested(57)}),
    ),
    "too deep by an append": ({"a": nested(60)}, make_step("s", "append", path="/a" + "/0" * 59, from_="/a")),
    "a state too large": ({"a": "x" * 9_000_000}, make_step("s", "set", path="/b", from_="/a")),
    "larger than 64 KiB by a step": ({"a": "x" * 40_000}, make_step("s", "append", path="/b", from_="/a")),
    "smaller than 64 KiB by a step": ({"a": "x" * 70_000, "b": 1}, make_step("s", "remove", path="/a")),
    "a summary of floats": (
        {"l": [0.1] * 10 + [1e15, -1e15, 3]},
        make_step("s", "summarize", from_="/l", path="/o", measures={"m": {"kind": "avg", "of": ""}}),
    ),
    "too deep by a summary": (
        {"l": [{"g": "x", "v": nested(61)}]},
        make_step("s", "summarize", from_="/l", path="/o", group_by="/g", measures={"m": {"kind": "list", "of": ""}}),
    ),
    "a root emptied": ({"a": 1, "b": {"c": 2}}, make_step("s", "merge", path="", value={"a": None, "b": None})),
}


@pytest.mark.parametrize("case", EDGES)
def test_both_engines_agree_at_the_edges(case: str) -> None:
    """
    Where a limit or a representation changes, both engines leave the same bytes.
    """
    state, step = EDGES[case]
    assert_equal_runs(make_inputs(step, make_step("t"), state=state))
