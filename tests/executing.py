"""What tests of executions share: a decision, quick policies, and one way to run with a manual clock."""

import threading
from typing import Any

from runtime.decision_schema import Action, FinalDecision
from runtime.execution import ExecutionPolicy, ExecutionReport, IdempotencyPolicy, RetryPolicy, TimeoutPolicy, execute
from runtime.execution.workers import orphan_names
from runtime.testing import ManualClock

__all__ = ["ACT", "FAIL", "OK", "idempotent", "make_policy", "run", "wait_for_orphans"]

ACT = FinalDecision(Action.ACT)
OK = (True, None)
FAIL = (False, "no")


def make_policy(**changes: Any) -> ExecutionPolicy:
    """
    Make a policy without time limits, so that executors run in the thread of the test.
    """
    timeout = changes.pop("timeout", TimeoutPolicy(None, None))
    return ExecutionPolicy(timeout=timeout, **changes)


def idempotent(**changes: Any) -> ExecutionPolicy:
    """
    Make one that does things once, without retries unless they are asked for.
    """
    changes.setdefault("retry", RetryPolicy(max_retries=0))
    return make_policy(idempotency=IdempotencyPolicy(enabled=True), **changes)


def run(
    executor: Any, *, decision: Any = ACT, context: Any = None, policy: Any = None, **ports: Any
) -> ExecutionReport:
    """
    Execute on a manual clock, unless another one is given.
    """
    clock = ports.pop("clock", None) or ManualClock()
    ports.setdefault("sleep", getattr(clock, "sleep", None))
    return execute(
        decision, {} if context is None else context, policy or make_policy(), executor, clock=clock, **ports
    )


def wait_for_orphans() -> None:
    """
    Wait until no thread runs on that an earlier test left behind.
    """
    pause = threading.Event()
    for _ in range(10_000):
        if not orphan_names():
            return
        pause.wait(0.001)
    raise AssertionError(orphan_names())
