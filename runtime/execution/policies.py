"""What bounds an execution. The attributes stay assignable, so a policy is checked when it is used, not when it is made.

A check costs something on every call, so what it gave is kept until any policy object of the process changes.
"""

import math
from collections.abc import Callable, Iterator
from typing import Any, ClassVar, Final, final

import attrs

from runtime.errors import ExecutionPolicyError, Fault, shown
from runtime.execution.plan import Plan
from runtime.execution.state import ExecutionState
from runtime.limits import MAX_BACKOFF_MULTIPLIER, MAX_CONCURRENCY, MAX_EXECUTION_MS, MAX_RATE, MAX_RETRIES

__all__ = [
    "BreakerPolicy",
    "ExecutionPolicy",
    "IdempotencyPolicy",
    "RateLimitPolicy",
    "RetryPolicy",
    "TimeoutPolicy",
    "plain_plan",
    "plan_of",
]

_last_change: list[object] = [object()]
"""The object in it stands for the policies as they are; a new one comes with every assignment."""

_Check = Callable[[Any], str | None]


class _Assignable:
    """
    Notes every assignment, after it was made.
    """

    __slots__ = ()
    checks: ClassVar[dict[str, _Check]] = {}

    def __setattr__(self, name: str, value: object) -> None:
        object.__setattr__(self, name, value)
        _last_change[0] = object()


@final
@attrs.frozen
class _Whole:
    """
    An int in a range, of the exact type: True is an int, and no number of milliseconds.
    """

    low: int
    high: int
    optional: bool = attrs.field(default=False, kw_only=True)

    def __call__(self, value: Any) -> str | None:  # noqa: ANN401 - anything may be assigned.
        if (self.optional and value is None) or (type(value) is int and self.low <= value <= self.high):
            return None
        return f"{shown(value)}: give an int from {self.low} to {self.high}" + (", or None" if self.optional else "")


def _factor(value: Any) -> str | None:  # noqa: ANN401 - anything may be assigned.
    if type(value) in (int, float) and math.isfinite(value) and 1 <= value <= MAX_BACKOFF_MULTIPLIER:
        return None
    return f"{shown(value)}: give a number from 1 to {MAX_BACKOFF_MULTIPLIER}"


@final
@attrs.frozen
class _OneOf:
    """
    One of a few words.
    """

    choices: tuple[str, ...]

    def __call__(self, value: Any) -> str | None:  # noqa: ANN401 - anything may be assigned.
        if type(value) is str and value in self.choices:
            return None
        return f"{shown(value)}: one of {', '.join(self.choices)}"


def _flag(value: Any) -> str | None:  # noqa: ANN401 - anything may be assigned.
    return None if type(value) is bool else f"{shown(value)}: give True or False"


def _callable_or_none(value: Any) -> str | None:  # noqa: ANN401 - anything may be assigned.
    return None if value is None or callable(value) else f"{shown(value)}: give a function, or None"


_ms: Final = _Whole(1, MAX_EXECUTION_MS)
_ms_or_none: Final = _Whole(1, MAX_EXECUTION_MS, optional=True)


@final
@attrs.define
class RetryPolicy(_Assignable):
    """
    How often a known failure is tried again, and after how long.

    The back-off before retry `n` is `initial_backoff_ms * backoff_multiplier ** n`, at most `max_backoff_ms`; with the
    jitter `full` anything from 0 to that, fixed by the key of the action and the attempt.
    """

    checks: ClassVar[dict[str, _Check]] = {
        "max_retries": _Whole(0, MAX_RETRIES),
        "initial_backoff_ms": _Whole(0, MAX_EXECUTION_MS),
        "max_backoff_ms": _Whole(0, MAX_EXECUTION_MS),
        "backoff_multiplier": _factor,
        "jitter": _OneOf(("none", "full")),
    }

    max_retries: int = 3
    initial_backoff_ms: int = 100
    max_backoff_ms: int = 5000
    backoff_multiplier: float = 2.0
    jitter: str = "none"


@final
@attrs.define
class TimeoutPolicy(_Assignable):
    """
    How long one attempt, and everything together, may take; None is no limit.

    `isolation` says what runs an executor that is not async under a limit: a `thread`, which is left behind when the
    time is up, or a `process`, which is killed with its group.
    """

    checks: ClassVar[dict[str, _Check]] = {
        "timeout_per_action_ms": _ms_or_none,
        "max_total_time_ms": _ms_or_none,
        "isolation": _OneOf(("thread", "process")),
    }

    timeout_per_action_ms: int | None = 5000
    max_total_time_ms: int | None = 30_000
    isolation: str = "thread"


@final
@attrs.define
class IdempotencyPolicy(_Assignable):
    """
    Whether an action is done once only. `key_generator(action, context)` gives the key where the context has no scope.
    """

    checks: ClassVar[dict[str, _Check]] = {"enabled": _flag, "key_generator": _callable_or_none}

    enabled: bool = False
    key_generator: Callable[[Any, Any], str] | None = None


@final
@attrs.define
class RateLimitPolicy(_Assignable):
    """
    How many attempts in a window, of one kind of action and of all; None is no limit.
    """

    checks: ClassVar[dict[str, _Check]] = {
        "per_action": _Whole(1, MAX_RATE, optional=True),
        "overall": _Whole(1, MAX_RATE, optional=True),
        "window_ms": _ms,
    }

    per_action: int | None = None
    overall: int | None = None
    window_ms: int = 1000


@final
@attrs.define
class BreakerPolicy(_Assignable):
    """
    After how many failures in a row a kind of action is denied, and for how long; None is never.
    """

    checks: ClassVar[dict[str, _Check]] = {
        "failure_threshold": _Whole(1, MAX_RATE, optional=True),
        "cooldown_ms": _ms,
    }

    failure_threshold: int | None = None
    cooldown_ms: int = 30_000


@final
@attrs.define
class ExecutionPolicy(_Assignable):
    """
    All bounds together. `state` is what the rate limit and the breaker remember from one execution to the next.
    """

    checks: ClassVar[dict[str, _Check]] = {"max_concurrency": _Whole(1, MAX_CONCURRENCY)}

    retry: RetryPolicy = attrs.field(factory=RetryPolicy)
    timeout: TimeoutPolicy = attrs.field(factory=TimeoutPolicy)
    idempotency: IdempotencyPolicy = attrs.field(factory=IdempotencyPolicy)
    rate_limit: RateLimitPolicy = attrs.field(factory=RateLimitPolicy)
    breaker: BreakerPolicy = attrs.field(factory=BreakerPolicy)
    max_concurrency: int = 1
    state: ExecutionState = attrs.field(factory=ExecutionState, eq=False, repr=False)
    _plan: tuple[object, Plan] | None = attrs.field(default=None, init=False, eq=False, repr=False)

    def validate(self) -> None:
        """
        Check every field.

        Raises:
            ExecutionPolicyError: `.faults` names each field that is wrong.
        """
        faults = list(_faults(self))
        if faults:
            what = "; ".join(f"{fault.where} {fault.message}" for fault in faults)
            raise ExecutionPolicyError(what, where=faults[0].where, faults=faults if len(faults) > 1 else ())


_PARTS: Final[dict[str, type[_Assignable]]] = {
    "retry": RetryPolicy,
    "timeout": TimeoutPolicy,
    "idempotency": IdempotencyPolicy,
    "rate_limit": RateLimitPolicy,
    "breaker": BreakerPolicy,
}


def _faults(policy: ExecutionPolicy) -> Iterator[Fault]:
    for name, kind in _PARTS.items():
        part = getattr(policy, name)
        if type(part) is not kind:
            yield Fault(f"{shown(part)}: give a {kind.__name__}", name)
            continue
        yield from _part_faults(part, f"{name}.")
    yield from _part_faults(policy, "")
    if type(policy.state) is not ExecutionState:
        yield Fault(f"{shown(policy.state)}: give an ExecutionState", "state")


def _part_faults(part: _Assignable, prefix: str) -> Iterator[Fault]:
    for field, check in part.checks.items():
        wrong = check(getattr(part, field))
        if wrong:
            yield Fault(wrong, prefix + field)


def plan_of(policy: ExecutionPolicy) -> Plan:
    """
    Check a policy and give what it says; a policy that was checked and not changed since costs one comparison.

    Raises:
        ExecutionPolicyError: a field is wrong.
    """
    kept = policy._plan  # noqa: SLF001 - the slot is this module's own.
    if kept is not None and kept[0] is _last_change[0]:
        return kept[1]
    change = _last_change[0]
    policy.validate()
    plan = _compile(policy)
    object.__setattr__(policy, "_plan", (change, plan))
    return plan


def plain_plan(policy: ExecutionPolicy) -> Plan | None:
    """
    Give the plan of a policy that was checked, not changed since, and sets neither limits nor anything remembered.
    """
    kept = policy._plan  # noqa: SLF001 - the slot is this module's own.
    return kept[1] if kept is not None and kept[0] is _last_change[0] and kept[1].is_plain else None


def _compile(policy: ExecutionPolicy) -> Plan:
    retry, timeout, idempotency = policy.retry, policy.timeout, policy.idempotency
    per_attempt, total = timeout.timeout_per_action_ms, timeout.max_total_time_ms
    return Plan(
        max_retries=retry.max_retries,
        initial_backoff_ms=retry.initial_backoff_ms,
        max_backoff_ms=retry.max_backoff_ms,
        backoff_multiplier=retry.backoff_multiplier,
        has_jitter=retry.jitter == "full",
        attempt_seconds=None if per_attempt is None else per_attempt / 1000,
        total_seconds=None if total is None else total / 1000,
        is_isolated=timeout.isolation == "process",
        is_idempotent=idempotency.enabled,
        key_generator=idempotency.key_generator,
        per_action=policy.rate_limit.per_action,
        overall=policy.rate_limit.overall,
        window_ms=policy.rate_limit.window_ms,
        failure_threshold=policy.breaker.failure_threshold,
        cooldown_ms=policy.breaker.cooldown_ms,
        max_concurrency=policy.max_concurrency,
        state=policy.state,
    )
