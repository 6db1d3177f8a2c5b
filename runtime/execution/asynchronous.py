"""Drives attempts in an event loop. An executor whose time is up is cancelled; one that refuses to end is named."""

import asyncio
import inspect
from collections.abc import Awaitable, Callable
from typing import Final

from runtime.execution.attempts import Steps
from runtime.execution.beginning import Begun
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
    wait_failure,
)
from runtime.execution.model import ExecutionCode
from runtime.limits import MAX_ORPHANS

__all__ = ["drive_async"]

_GRACE_SECONDS: Final = 0.01
"""What a cancelled executor gets to clean up before the execution goes on without it."""

_left: Final[set[asyncio.Future[object]]] = set()
"""Executors that did not end when they were cancelled. The loop alone would not keep them alive."""


async def drive_async(begun: Begun, executor: Executor, sleep: Callable[[float], Awaitable[object]]) -> None:
    """
    Drive all actions, begun in their order, at most so many at once as the policy says.
    """
    waiting = list(reversed(begun.steps()))

    async def serve() -> None:
        while waiting:
            await _drive(waiting.pop(), begun, executor, sleep)

    most = min(begun.execution.plan.max_concurrency, len(waiting))
    servers = [asyncio.ensure_future(serve()) for _ in range(most)]
    try:
        await asyncio.gather(*servers)
    finally:
        for server in servers:
            server.cancel()
        await asyncio.gather(*servers, return_exceptions=True)


async def _drive(steps: Steps, begun: Begun, executor: Executor, sleep: Callable[[float], Awaitable[object]]) -> None:
    answer: Ended | None = None
    try:
        while True:
            asked = steps.send(answer)
            answer = None
            if isinstance(asked, Call):
                answer = await _perform(begun, executor, asked)
                continue
            try:
                await sleep(asked)
            except Exception as error:  # noqa: BLE001 - foreign code; without waiting nothing is tried again.
                steps.throw(wait_failure(error))
    except StopIteration:
        return
    finally:
        steps.close()  # Where the driver was cancelled, the key of the action is left as unknown.


async def _perform(begun: Begun, executor: Executor, call: Call) -> Ended:
    if len(_left) >= MAX_ORPHANS:
        return refused(ExecutionCode.TOO_MANY_ORPHANS, f"{len(_left)} executors still run after their time")
    execution = begun.execution
    try:
        answer = invoke(executor, call, execution.handed, execution.params, takes_more=begun.takes_more)
        if not inspect.isawaitable(answer):
            return violation(type(answer).__name__)
        task = asyncio.ensure_future(answer)
    except Exception as error:  # noqa: BLE001 - foreign code; it becomes a recorded failure.
        return raised(type(error).__name__)
    try:
        await asyncio.wait({task}, timeout=call.limit)
        if not task.done():
            task.cancel()
            await asyncio.wait({task}, timeout=_GRACE_SECONDS)
    except BaseException:
        # The driver was cancelled; whether the executor has ended or not, nobody will look at what it gives.
        _leave(task)
        raise
    if not task.done():
        _leave(task)
        return unknown(ExecutionCode.ATTEMPT_TIMEOUT, f"the executor runs on after it was cancelled: {call.name}")
    return _judge(task, call)


def _leave(task: "asyncio.Future[object]") -> None:
    task.cancel()
    _left.add(task)
    task.add_done_callback(_forget)


def _forget(task: "asyncio.Future[object]") -> None:
    _left.discard(task)
    if not task.cancelled():
        task.exception()  # Else the loop complains that nobody looked at it.


def _judge(task: "asyncio.Future[object]", call: Call) -> Ended:
    if task.cancelled():
        return unknown(ExecutionCode.ATTEMPT_TIMEOUT, f"the executor was cancelled: {call.name}")
    error = task.exception()
    return judge(task.result()) if error is None else raised(type(error).__name__)
