"""`execute` and `aexecute`: drive the attempts of a decision with threads, processes or an event loop.

What is attempted when is decided in `attempts.py`, which knows nothing of the three.
"""

from collections.abc import Awaitable, Callable, Mapping
from functools import partial
from typing import Any

from runtime.execution.asynchronous import drive_async
from runtime.execution.beginning import Begun, Ports, begin, dry_report, finish, go_on, stop_report
from runtime.execution.calling import (
    Call,
    Ended,
    Executor,
    invoke,
    judge,
    raised,
    refused,
    unknown,
    violation,
)
from runtime.execution.clocks import async_sleep, blocking_sleep, monotonic
from runtime.execution.driving import drive_steps
from runtime.execution.model import ExecutionCode, ExecutionReport
from runtime.execution.policies import ExecutionPolicy
from runtime.execution.processes import call_in_process
from runtime.execution.quick import First, attempt_quickly
from runtime.execution.workers import call_within, has_room, orphan_names, run_concurrently
from runtime.ports import IdempotencyStore, KillSwitch

__all__ = ["aexecute", "execute"]


def execute(  # noqa: PLR0913 - four arguments and the ports, each with a default.
    final_decision: Any,  # noqa: ANN401 - a decision is read by value.
    context: Mapping[str, Any],
    policy: ExecutionPolicy,
    executor: Executor,
    *,
    clock: Callable[[], float] = monotonic,
    sleep: Callable[[float], object] = blocking_sleep,
    store: IdempotencyStore | None = None,
    kill_switch: KillSwitch | Callable[[], bool] | None = None,
    strict_context: bool = False,
    dry_run: bool = False,
) -> ExecutionReport:
    """
    Execute the actions of a decision, and report every attempt.

    Args:
        final_decision: the decision; `allowed` must be the value True.
        context: signals of operations and whatever the executor needs; read anew before every attempt, never changed.
        policy: the bounds.
        executor: `(action, context)`, or also `params` and `idempotency_key` as keywords; gives `(succeeded, reason)`.
        clock: seconds that never go back.
        sleep: waits so many seconds.
        store: where idempotency keys are kept; needed where the policy enables them.
        kill_switch: a further kill switch beside the one in the context.
        strict_context: demand that the kill switch stands in the context.
        dry_run: look at everything that is looked at before the first attempt, and attempt nothing.

    Returns:
        A report, whatever happens: bad input and failing ports are codes in it, and nothing is executed then.
    """
    stopped = stop_report(context, kill_switch, is_strict=strict_context)
    if stopped is not None:
        return stopped
    first: First | None = None
    if type(context) is dict and kill_switch is None and not (strict_context or dry_run):
        quick = attempt_quickly(final_decision, context, policy, executor, clock)
        if isinstance(quick, ExecutionReport):
            return quick
        first = quick
    ports = Ports(clock=clock, store=store, kill_switch=kill_switch, is_strict=strict_context)
    begun = go_on(first, context, ports) if first else begin(final_decision, context, policy, executor, ports)
    if isinstance(begun, ExecutionReport):
        return begun
    if dry_run:
        return dry_report(begun)
    execution = begun.execution
    perform = partial(_perform, begun, executor)
    steps = begun.steps()
    if execution.plan.max_concurrency > 1 and len(steps) > 1:
        run_concurrently([partial(drive_steps, each, perform, sleep) for each in steps], execution.plan.max_concurrency)
    else:
        for each in steps:
            drive_steps(each, perform, sleep)
    return finish(execution, begun.logs)


async def aexecute(  # noqa: PLR0913 - as `execute`.
    final_decision: Any,  # noqa: ANN401 - a decision is read by value.
    context: Mapping[str, Any],
    policy: ExecutionPolicy,
    executor: Executor,
    *,
    clock: Callable[[], float] = monotonic,
    sleep: Callable[[float], Awaitable[object]] = async_sleep,
    store: IdempotencyStore | None = None,
    kill_switch: KillSwitch | Callable[[], bool] | None = None,
    strict_context: bool = False,
    dry_run: bool = False,
) -> ExecutionReport:
    """
    Do what `execute` does with an async executor, whose attempts are cancelled when their time is up.

    The store and the kill switch are asked in the loop, so they must be quick.
    """
    stopped = stop_report(context, kill_switch, is_strict=strict_context)
    if stopped is not None:
        return stopped
    ports = Ports(clock=clock, store=store, kill_switch=kill_switch, is_strict=strict_context, is_async=True)
    begun = begin(final_decision, context, policy, executor, ports)
    if isinstance(begun, ExecutionReport):
        return begun
    if dry_run:
        return dry_report(begun)
    await drive_async(begun, executor, sleep)
    return finish(begun.execution, begun.logs)


def _perform(begun: Begun, executor: Executor, call: Call) -> Ended:
    execution = begun.execution
    function = partial(invoke, executor, call, execution.handed, execution.params, takes_more=begun.takes_more)
    if execution.plan.is_isolated:
        return _in_process(function, call)
    if call.limit is None:
        try:
            return judge(function())
        except Exception as error:  # noqa: BLE001 - foreign code; it becomes a recorded failure.
            return raised(type(error).__name__)
    if not has_room():
        return refused(ExecutionCode.TOO_MANY_ORPHANS, f"{len(orphan_names())} executors still run after their time")
    called = call_within(function, call.limit, call.name)
    if called is None:
        return unknown(ExecutionCode.ATTEMPT_TIMEOUT, f"the executor runs on in the thread {call.name}")
    return judge(called.value) if called.raised is None else raised(called.raised)


def _in_process(function: Callable[[], Any], call: Call) -> Ended:
    end = call_in_process(function, call.limit)
    if end.is_late:
        return unknown(ExecutionCode.ATTEMPT_TIMEOUT, "the executor and its process group were killed")
    if end.is_lost:
        return unknown(ExecutionCode.EXECUTOR_LOST, "the process of the executor ended without an answer")
    if end.raised is not None:
        return raised(end.raised)
    return judge(end.answer) if end.other is None else violation(end.other)
