"""echo: keeps the state and carries its params into the evidence."""

from typing import Any

import pytest
from makers import sha256_of

from runtime.errors import MissionEngineError, ParamsError
from runtime.orchestration import ExecutionContext
from runtime.orchestration.registry import MISSION_REGISTRY, run_mission


@pytest.mark.parametrize("params", [None, {}, {"a": [1, {"b": None}], "é": 2.0}])
def test_the_state_is_kept_and_the_params_stand_in_the_payload(params: Any) -> None:
    """
    `wf-echo`, one step `echo-step`, params at the payload's `params`.
    """
    context = ExecutionContext({"n": [1]}, {"m": 1})
    result = run_mission("echo", context, params)
    assert (result.status, result.id, result.final_state) == ("completed", "wf-echo", {"n": [1]})
    [step] = result.executed_steps
    assert step.to_dict() == {
        "id": "echo-step",
        "kind": "runtime",
        "payload": {"operation": "noop", "description": "Echo workflow step", "params": params or {}},
    }
    assert result.states[0] is result.states[1]


def test_the_evidence_binds_the_params() -> None:
    """
    Other params give another payload digest and another receipt.
    """
    first, second = (run_mission("echo", ExecutionContext(), params) for params in ({"a": 1}, {"a": True}))
    assert first.header["params_digest"] == sha256_of({"a": 1})
    assert first.lineage["entries"][0]["payload_digest"] != second.lineage["entries"][0]["payload_digest"]
    assert first.receipt_bytes != second.receipt_bytes


@pytest.mark.parametrize("params", [[], "x", 1, {1: 2}, {"a": {1}}])
def test_params_that_are_no_json_object_are_refused(params: Any) -> None:
    """
    Any JSON object is accepted, and nothing else.
    """
    with pytest.raises(ParamsError):
        MISSION_REGISTRY["echo"](params)


def test_params_beyond_a_payload_are_refused() -> None:
    """
    Before the run, not in it.
    """
    with pytest.raises(MissionEngineError):
        run_mission("echo", ExecutionContext(), {"a": "x" * 2**20})
