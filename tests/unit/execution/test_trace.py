"""The trace keys of reports, one or several."""

from typing import Any

import pytest
from executing import FAIL, OK, make_policy, run

from runtime.decision_schema import Action, FinalDecision, PacketV2
from runtime.decision_schema.trace_registry import registry_keys, validate_external_dict
from runtime.errors import DefinitionError
from runtime.execution import ExecutionReport, add_execution_trace
from runtime.testing import ScriptedExecutor

SEVEN = {key for key in registry_keys() if key.startswith("exec.")}


def _executed(*answers: Any) -> ExecutionReport:
    return run(ScriptedExecutor(answers), policy=make_policy())


def test_a_report_gives_exactly_the_registered_keys() -> None:
    """
    INV-T1: seven of them, with plain values.
    """
    external = _executed(FAIL, OK).to_external_dict()
    assert set(external) == SEVEN
    assert validate_external_dict(external, mode="trace") == []
    assert external["exec.attempt_count"] == 2


def test_a_trace_is_given_anew() -> None:
    """
    The one that was passed stays as it is, and so does what else stands in it.
    """
    packet = PacketV2("r", 1, {}, {"ops.x": 1}, {}, {}, 0)
    packet.external = add_execution_trace(given := packet.external, _executed(OK))
    assert given == {"ops.x": 1}
    assert set(packet.external) == SEVEN | {"ops.x"}
    assert packet.external["exec.fail_closed"] is False


def test_a_second_report_is_added_up() -> None:
    """
    Numbers are added, and what failed closed stays so.
    """
    external = add_execution_trace({}, _executed(FAIL, OK))
    external = add_execution_trace(external, _executed(OSError()))
    assert external["exec.attempt_count"] == 3
    assert (external["exec.failed_count"], external["exec.success_count"]) == (2, 1)
    assert external["exec.fail_closed"] is True
    assert add_execution_trace(external, _executed(OK))["exec.fail_closed"] is True


@pytest.mark.parametrize(
    "report",
    [
        run(ScriptedExecutor([]), decision=FinalDecision(Action.ACT, allowed=False)),
        run(ScriptedExecutor([]), context={"ops_deny_actions": True}),
    ],
    ids=["skipped", "denied"],
)
def test_what_was_not_attempted_shows_no_fail_closed(report: ExecutionReport) -> None:
    """
    INV-T1: a reader that only asks whether such a key is there does not believe that it failed closed.
    """
    external = add_execution_trace({}, report)
    assert set(external) == SEVEN - {"exec.fail_closed"}
    assert set(report.to_external_dict()) == SEVEN
    assert add_execution_trace(add_execution_trace({}, _executed(OSError())), report)["exec.fail_closed"] is True


def test_what_failed_closed_before_an_attempt_shows_it() -> None:
    """
    INV-EXE-3: though nothing was attempted.
    """
    assert add_execution_trace({}, run(None))["exec.fail_closed"] is True


@pytest.mark.parametrize("external", [None, []], ids=repr)
def test_what_is_no_mapping_is_refused(external: Any) -> None:
    """
    The error names its type.
    """
    with pytest.raises(DefinitionError) as caught:
        add_execution_trace(external, _executed(OK))
    assert caught.value.what == f"a trace of type {type(external).__name__}"


@pytest.mark.parametrize(
    ("external", "faults"),
    [
        ({"exec.failed_count": "1"}, ["'1' is no int @ exec.failed_count"]),
        ({"exec.failed_count": True}, ["True is no int @ exec.failed_count"]),
        (
            {"exec.fail_closed": 1, "exec.attempt_count": 1, "exec.total_latency_ms": 0.5, "ops.x": None},
            ["0.5 is no int @ exec.total_latency_ms", "1 is no bool @ exec.fail_closed"],
        ),
    ],
    ids=["text", "true", "two"],
)
def test_what_is_no_trace_is_refused(external: Any, faults: list[str]) -> None:
    """
    Nothing is added to what no report made; each such key is named.
    """
    with pytest.raises(DefinitionError) as caught:
        add_execution_trace(external, _executed(OK))
    assert caught.value.what == "a trace that no report made"
    assert [str(fault) for fault in caught.value.faults] == faults
