"""The first attempt of a decision that needs nothing else: one action, no limit, no key, no rate limit, no breaker.

It gives what the general way would give, which a property test holds; only faster. Whatever is unusual in any way is left
to the general way, and so is everything after a first attempt that did not succeed.
"""

from collections.abc import Callable
from inspect import CO_VARARGS, CO_VARKEYWORDS
from types import FunctionType
from typing import Any, Final, final

import attrs

from runtime.decision_schema.types import Action, FinalDecision
from runtime.execution.calling import Ended, judge, raised
from runtime.execution.model import AttemptStatus, ExecutionAttempt, ExecutionReport
from runtime.execution.plan import Plan
from runtime.execution.policies import ExecutionPolicy, plain_plan

__all__ = ["First", "attempt_quickly", "is_plain_function"]

_CONTRACT_ARGUMENTS: Final = 2
_MORE_ARGUMENTS: Final = CO_VARARGS | CO_VARKEYWORDS


@final
@attrs.frozen
class First:
    """
    A first attempt that was made, for the general way to go on from.
    """

    action: Action
    plan: Plan
    handed: dict[str, Any]
    begun: float
    ended: Ended


def _success(action: Action, latency_ms: int) -> ExecutionReport:
    attempt = ExecutionAttempt(action, AttemptStatus.SUCCESS, 0, latency_ms)
    return ExecutionReport((attempt,), latency_ms, 1, 0, 0, 0, False)


# Reports are values: those of attempts that take no time to speak of are equal, so they are made once.
_AT_ONCE: Final = {action: _success(action, 0) for action in Action if action is not Action.HOLD}


def is_plain_function(executor: Any) -> bool:  # noqa: ANN401 - anything may be passed.
    """
    Tell at a glance whether an executor is a function of two arguments; `inspect.signature` takes longer than all else.
    """
    if type(executor) is not FunctionType:
        return False
    code = executor.__code__
    return (
        code.co_argcount == _CONTRACT_ARGUMENTS and not code.co_kwonlyargcount and not code.co_flags & _MORE_ARGUMENTS
    )


def attempt_quickly(
    decision: Any,  # noqa: ANN401 - of any class.
    context: dict[str, Any],
    policy: Any,  # noqa: ANN401 - anything may be passed.
    executor: Callable[..., Any],
    clock: Callable[[], float],
) -> ExecutionReport | First | None:
    """
    Make the first attempt, where the kill switch was just read; None where the general way must look.
    """
    plan = plain_plan(policy) if type(policy) is ExecutionPolicy else None
    if plan is None or type(decision) is not FinalDecision or not is_plain_function(executor):
        return None
    action: Any = decision.action
    is_simple = decision.allowed is True and not decision._actions and not decision.params  # noqa: SLF001 - the property makes a list.
    if not is_simple or type(action) is not Action or action not in _AT_ONCE:
        return None
    begun = _read(clock)
    if begun is None:
        return None
    handed = context.copy()
    try:
        ended = judge(executor(action, handed))
    except Exception as error:  # noqa: BLE001 - foreign code; it becomes a recorded failure.
        ended = raised(type(error).__name__)
    if ended.status is AttemptStatus.SUCCESS:
        now = _read(clock)
        if now is not None:
            latency_ms = max(0, round((now - begun) * 1000))
            return _success(action, latency_ms) if latency_ms else _AT_ONCE[action]
    return First(action, plan, handed, begun, ended)


_FOREVER: Final = 1e12
"""Seconds; no clock shows as many, and NaN and infinity are not below."""


def _read(clock: Callable[[], float]) -> float | None:
    """
    Read the clock; None where it fails, which the general way finds out again and reports.
    """
    try:
        now = clock()
        is_time = -_FOREVER < now < _FOREVER
        now = float(now)
    except Exception:  # noqa: BLE001 - foreign code.
        return None
    return now if is_time else None
