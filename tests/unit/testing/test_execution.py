"""The doubles for executions."""

import asyncio

import pytest

from runtime.decision_schema import Action
from runtime.errors import ExecutionError
from runtime.testing import AsyncScriptedExecutor, ManualClock, ScriptedExecutor


def test_a_manual_clock_goes_on_when_it_is_told() -> None:
    """
    By exactly what it is told, and a sleep takes no time of the test.
    """
    clock = ManualClock(5)
    for _ in range(10):
        clock.advance(0.1)
    assert clock() == 6
    clock.sleep(100)
    asyncio.run(clock.async_sleep(1))
    assert clock() == 107
    assert clock.slept == [100, 1]


def test_a_script_is_played() -> None:
    """
    In order, in the time it says, and it keeps what it was called with.
    """
    clock = ManualClock()
    executor = ScriptedExecutor([(True, None), ValueError("no")], clock=clock, seconds=2)
    assert executor(Action.ACT, {"a": 1}, params={"p": 1}, idempotency_key="k") == (True, None)
    assert executor.calls == [(Action.ACT, {"a": 1}, {"p": 1}, "k")]
    assert clock() == 2
    with pytest.raises(ValueError, match="no"):
        executor(Action.ACT, {})
    with pytest.raises(ExecutionError, match="no scripted answer left"):
        executor(Action.ACT, {})


def test_an_async_script_is_played() -> None:
    """
    The same for a coroutine.
    """
    executor = AsyncScriptedExecutor([(False, "x")])
    assert asyncio.run(executor(Action.STOP, {})) == (False, "x")
    assert executor.calls == [(Action.STOP, {}, {}, None)]
