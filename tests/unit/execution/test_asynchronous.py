"""Async executors: cancelled when their time is up, and named where they do not end."""

import asyncio
import gc
from functools import partial
from typing import Any

import pytest
from executing import ACT, FAIL, OK, idempotent, make_policy, run

from runtime.decision_schema import Action, FinalDecision
from runtime.execution import (
    AttemptStatus,
    ExecutionCode,
    ExecutionReport,
    RetryPolicy,
    TimeoutPolicy,
    aexecute,
    asynchronous,
)
from runtime.storage import MemoryIdempotencyStore
from runtime.testing import AsyncScriptedExecutor, ManualClock, ScriptedExecutor

SECONDS = 5
"""What nothing waits for, unless something is broken."""
SHORT = make_policy(timeout=TimeoutPolicy(1, None))
SEVERAL = FinalDecision(Action.ACT, actions=[Action.ACT, Action.HOLD, Action.EXIT, Action.STOP])


def _run(
    executor: Any, *, decision: Any = ACT, context: Any = None, policy: Any = None, **ports: Any
) -> ExecutionReport:
    clock = ManualClock()
    ports = {"clock": clock, "sleep": clock.async_sleep, **ports}
    return asyncio.run(
        aexecute(decision, {} if context is None else context, policy or make_policy(), executor, **ports)
    )


def test_it_succeeds_after_a_failure() -> None:
    """
    As in a thread, on the clock that was passed.
    """
    report = _run(AsyncScriptedExecutor([FAIL, OK]))
    assert [attempt.status for attempt in report.attempts] == ["FAILED", "SUCCESS"]
    assert report.total_latency_ms == 100
    assert asyncio.run(aexecute(ACT, {}, make_policy(), AsyncScriptedExecutor([OK]))).success_count == 1


@pytest.mark.parametrize(
    ("answers", "case"),
    [
        ([OK], {"context": {"x": 1}, "decision": FinalDecision(Action.EXIT, params={"a": [1]})}),
        ([OK], {"context": {"idempotency_scope": "run"}, "policy": idempotent(), "has_store": True}),
        ([FAIL, OK], {"policy": make_policy(retry=RetryPolicy(1, 7))}),
        ([FAIL], {"is_sleepless": True}),
        ([OSError()], {}),
        ([5], {}),
        ([FAIL, OSError()], {}),
        ([], {"context": {"ops_deny_actions": True}}),
        ([], {"kill_switch": [True]}),
        ([], {"kill_switch": [None]}),
        ([], {"kill_switch": [False, True]}),
        ([FAIL], {"kill_switch": [False, False, True]}),
        ([], {"strict_context": True}),
        ([OK], {"strict_context": True, "context": {"ops_deny_actions": False}}),
        ([], {"decision": FinalDecision(Action.ACT, allowed=False)}),
        ([], {"decision": SEVERAL, "dry_run": True}),
        ([FAIL, OK, OK, OSError()], {"decision": SEVERAL, "policy": make_policy(retry=RetryPolicy(1))}),
        ([OSError()], {"decision": SEVERAL}),
    ],
    ids=range(18),
)
def test_it_reports_what_execute_reports(answers: list[Any], case: dict[str, Any]) -> None:
    """
    INV-EXE-1: the same attempts, refusals and counts, of calls with the same arguments.
    """
    reports, calls = [], []
    for is_async in (False, True):
        ports = {
            name: value for name, value in case.items() if name not in ("has_store", "kill_switch", "is_sleepless")
        }
        if "kill_switch" in case:
            ports["kill_switch"] = partial(next, iter(case["kill_switch"]))
        if "has_store" in case:
            ports["store"] = MemoryIdempotencyStore()
        if "is_sleepless" in case:
            ports["sleep"] = _failing_sleep(is_async=is_async)
        executor = (AsyncScriptedExecutor if is_async else ScriptedExecutor)(answers)
        reports.append((_run if is_async else run)(executor, **ports))
        calls.append(executor.calls)
    assert reports[0] == reports[1]
    assert calls[0] == calls[1]


def _failing_sleep(*, is_async: bool) -> Any:
    def sleep(_: float) -> None:
        raise OSError

    async def async_sleep(_: float) -> None:
        raise OSError

    return async_sleep if is_async else sleep


def test_a_strict_context_is_read_before_each_attempt() -> None:
    """
    INV-EXE-4: one that loses the key meanwhile is no leave any more.
    """
    context = {"ops_deny_actions": False}

    async def sleep(_: float) -> None:
        context.clear()

    report = _run(AsyncScriptedExecutor([FAIL]), context=context, sleep=sleep, strict_context=True)
    assert [attempt.error_code for attempt in report.attempts] == ["executor_failed", "context_incomplete"]


def test_what_is_awaited_may_be_anything() -> None:
    """
    A future too.
    """

    async def main() -> ExecutionReport:
        future: asyncio.Future[Any] = asyncio.get_running_loop().create_future()
        future.set_result(OK)
        return await aexecute(ACT, {}, make_policy(), lambda _, __: future)

    assert asyncio.run(main()).success_count == 1


def test_refusals_are_the_same() -> None:
    """
    Kill switch, permission, a dry run.
    """
    assert _run(None, context={"ops_deny_actions": True}).denied_count == 1
    assert _run(None, decision=FinalDecision(Action.ACT, allowed=False)).skipped_count == 1
    assert _run(AsyncScriptedExecutor([]), dry_run=True).error_code is ExecutionCode.DRY_RUN
    assert _run(AsyncScriptedExecutor([]), decision=FinalDecision(Action.HOLD)).skipped_count == 1


def test_it_cannot_be_isolated() -> None:
    """
    INV-EXE-3: a setting that would not be heeded is refused.
    """
    report = _run(AsyncScriptedExecutor([]), policy=make_policy(timeout=TimeoutPolicy(None, None, "process")))
    assert report.error_code is ExecutionCode.INVALID_POLICY
    what = "timeout.isolation process: an async executor runs in this process; use thread"
    assert report.error_message == what


def test_one_that_hangs_is_cancelled() -> None:
    """
    INV-EXE-2: it is told so, and nobody knows what it did.
    """
    told = []

    async def executor(_: Action, __: dict[str, Any]) -> Any:
        try:
            await asyncio.sleep(SECONDS)
        except asyncio.CancelledError:
            told.append("cancelled")
            raise

    report = _run(executor, policy=SHORT)
    assert told == ["cancelled"]
    assert report.attempts[0].status is AttemptStatus.UNKNOWN
    assert report.error_message == "the executor was cancelled: execution:0:ACT:0"
    assert report.fail_closed is True


def test_one_that_answers_while_it_is_cancelled_is_heard() -> None:
    """
    Then the outcome is known.
    """

    async def executor(_: Action, __: dict[str, Any]) -> Any:
        try:
            await asyncio.sleep(SECONDS)
        except asyncio.CancelledError:
            return OK

    assert _run(executor, policy=SHORT).success_count == 1


@pytest.mark.parametrize("ending", ["returns", "raises", "is_cancelled"])
def test_one_that_does_not_end_is_left_and_named(ending: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """
    INV-EXE-2: control comes back all the same, and there is no room for more than the limit.
    """
    monkeypatch.setattr(asynchronous, "MAX_ORPHANS", 1)
    complaints: list[Any] = []

    async def main() -> tuple[ExecutionReport, ExecutionReport]:
        gate = asyncio.Event()
        loop = asyncio.get_running_loop()
        loop.call_later(SECONDS, gate.set)  # Else one that is waited for would be waited for for ever.
        loop.set_exception_handler(lambda _, complaint: complaints.append(complaint))

        async def executor(_: Action, __: dict[str, Any]) -> Any:
            while not gate.is_set():
                try:
                    await gate.wait()
                except asyncio.CancelledError:
                    continue
            if ending == "raises":
                raise OSError
            if ending == "is_cancelled":
                raise asyncio.CancelledError
            return OK

        report = await aexecute(ACT, {}, SHORT, executor)
        denied = await aexecute(ACT, {}, SHORT, AsyncScriptedExecutor([]))
        gate.set()
        for _turn in range(10):
            await asyncio.sleep(0)
        return report, denied

    report, denied = asyncio.run(main())
    if ending == "raises":
        gc.collect()  # Now the loop would complain of an exception that nobody looked at.
    assert (asynchronous._left, complaints) == (set(), [])
    assert report.error_message == "the executor runs on after it was cancelled: execution:0:ACT:0"
    assert report.attempts[0].status is AttemptStatus.UNKNOWN
    assert (denied.denied_count, denied.error_code) == (1, ExecutionCode.TOO_MANY_ORPHANS)
    assert denied.error_message == "1 executors still run after their time"


@pytest.mark.parametrize(
    ("executor", "kind", "message"),
    [
        (lambda _, __: OK, None, "the executor returned tuple, not (bool, str or None)"),
        (ScriptedExecutor([OSError()]), "OSError", None),
        (AsyncScriptedExecutor([OSError()]), "OSError", None),
    ],
    ids=["no_coroutine", "raises", "raises_later"],
)
def test_what_is_no_answer_fails_closed(executor: Any, kind: str | None, message: str | None) -> None:
    """
    INV-EXE-3: an executor that is not async belongs to `execute`.
    """
    report = _run(executor)
    [attempt] = report.attempts
    assert (attempt.error_type, attempt.error_message) == (kind, message)
    assert (report.failed_count, report.fail_closed) == (1, True)


def test_a_sleep_that_fails_ends_it() -> None:
    """
    INV-EXE-3: nothing is tried again at once.
    """

    async def sleep(_: float) -> None:
        raise OSError

    assert _run(AsyncScriptedExecutor([FAIL]), sleep=sleep).error_code is ExecutionCode.CLOCK_FAILED


@pytest.mark.parametrize("most", [1, 2, 3])
def test_several_run_at_once_within_the_bound(most: int) -> None:
    """
    INV-EXE-2: and the report has their order.
    """
    running, seen = 0, []

    async def executor(action: Action, _: dict[str, Any]) -> Any:
        nonlocal running
        running += 1
        seen.append(running)
        for _turn in range(5 if action is Action.ACT else 2):
            await asyncio.sleep(0)
        running -= 1
        return OK

    report = _run(executor, decision=SEVERAL, policy=make_policy(max_concurrency=most))
    assert [attempt.action for attempt in report.attempts] == [Action.ACT, Action.EXIT, Action.STOP]
    assert max(seen) == most


def test_an_execution_that_breaks_ends_all_its_actions_first() -> None:
    """
    INV-EXE-5: then no key is left as if its action still ran.
    """

    class BrokenError(BaseException):
        pass

    ended: list[str] = []
    waits = iter(["long", "broken"])

    async def sleep(_: float) -> None:
        if next(waits) == "broken":
            raise BrokenError
        try:
            await asyncio.sleep(SECONDS)
        finally:
            for _turn in range(5):
                await asyncio.sleep(0)
            ended.append("the other one")

    decision = FinalDecision(Action.ACT, actions=[Action.ACT, Action.EXIT])
    with pytest.raises(BrokenError):
        _run(AsyncScriptedExecutor([FAIL] * 2), decision=decision, policy=make_policy(max_concurrency=2), sleep=sleep)
    assert ended == ["the other one"]


def test_a_cancelled_execution_leaves_the_key_unknown() -> None:
    """
    INV-EXE-5: the executor is cancelled with it.
    """
    store = MemoryIdempotencyStore()
    context = {"idempotency_scope": "run"}

    async def executor(_: Action, __: dict[str, Any]) -> Any:
        await asyncio.Event().wait()

    async def main() -> None:
        task = asyncio.ensure_future(aexecute(ACT, context, idempotent(), executor, store=store))
        for _turn in range(10):
            await asyncio.sleep(0)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task

    asyncio.run(main())
    report = _run(AsyncScriptedExecutor([]), context=context, policy=idempotent(), store=store)
    assert report.error_code is ExecutionCode.OUTCOME_UNKNOWN


def test_a_first_failure_of_several_skips_the_rest() -> None:
    """
    INV-EXE-3: what cannot be trusted ends the execution.
    """
    policy = make_policy(retry=RetryPolicy(0))
    report = _run(AsyncScriptedExecutor([OSError()]), decision=SEVERAL, policy=policy)
    assert (report.failed_count, report.skipped_count, report.fail_closed) == (1, 3, True)
