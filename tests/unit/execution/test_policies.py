"""Policies: every field has bounds, and what was checked is checked again after any change."""

import copy
import math
import pickle
from typing import Any

import attrs
import pytest

from runtime.errors import ExecutionPolicyError, shown
from runtime.execution import (
    BreakerPolicy,
    ExecutionPolicy,
    ExecutionState,
    IdempotencyPolicy,
    RateLimitPolicy,
    RetryPolicy,
    TimeoutPolicy,
)
from runtime.execution.plan import Plan
from runtime.execution.policies import plain_plan, plan_of

NO_COUNT = [-1, 1.0, math.nan, math.inf, "1", True, [], 10**9]
NO_TIME = [-1, 0, 1.5, math.nan, math.inf, "1", True, 10**9]
WAIT = "give an int from 0 to 86400000"
TIME = "give an int from 1 to 86400000"
RATE = "give an int from 1 to 1000000"
BAD: dict[str, tuple[str, list[Any]]] = {
    "retry.max_retries": ("give an int from 0 to 100", [*NO_COUNT, None, 101]),
    "retry.initial_backoff_ms": (WAIT, [*NO_COUNT, None]),
    "retry.max_backoff_ms": (WAIT, [*NO_COUNT, None]),
    "retry.backoff_multiplier": (
        "give a number from 1 to 1000",
        [-1, 0, 0.9, math.nan, math.inf, "2", True, None, 1001, 1000.5],
    ),
    "retry.jitter": ("one of none, full", ["some", "FULL", None, True, ["full"]]),
    "timeout.timeout_per_action_ms": (f"{TIME}, or None", NO_TIME),
    "timeout.max_total_time_ms": (f"{TIME}, or None", NO_TIME),
    "timeout.isolation": ("one of thread, process", ["none", None, True]),
    "idempotency.enabled": ("give True or False", ["false", 1, None]),
    "idempotency.key_generator": ("give a function, or None", ["key", 5]),
    "rate_limit.per_action": (f"{RATE}, or None", NO_TIME),
    "rate_limit.overall": (f"{RATE}, or None", NO_TIME),
    "rate_limit.window_ms": (TIME, [*NO_TIME, None]),
    "breaker.failure_threshold": (f"{RATE}, or None", NO_TIME),
    "breaker.cooldown_ms": (TIME, [*NO_TIME, None]),
    "max_concurrency": ("give an int from 1 to 32", [*NO_TIME, None, 33]),
    "retry": ("give a RetryPolicy", [None, {}, TimeoutPolicy()]),
    "timeout": ("give a TimeoutPolicy", [None, RetryPolicy()]),
    "idempotency": ("give a IdempotencyPolicy", [None, True]),
    "rate_limit": ("give a RateLimitPolicy", [None]),
    "breaker": ("give a BreakerPolicy", [None]),
    "state": ("give an ExecutionState", [None, {}]),
}


@pytest.mark.parametrize(
    ("field", "remedy", "value"),
    [(field, remedy, value) for field, (remedy, values) in BAD.items() for value in values],
)
def test_a_bad_field_is_named(field: str, remedy: str, value: Any) -> None:
    """
    With the value and what to give instead, also where it was assigned to a policy that was checked before.
    """
    policy = ExecutionPolicy()
    plan_of(policy)
    part, _, name = field.rpartition(".")
    setattr(getattr(policy, part) if part else policy, name, value)
    with pytest.raises(ExecutionPolicyError) as caught:
        plan_of(policy)
    assert caught.value.where == field
    assert caught.value.what == f"{field} {shown(value)}: {remedy}"
    assert caught.value.faults == ()


@pytest.mark.parametrize(
    "policy",
    [
        ExecutionPolicy(),
        ExecutionPolicy(retry=RetryPolicy(0, 0, 0, 1, "full")),
        ExecutionPolicy(retry=RetryPolicy(100, 86_400_000, 86_400_000, 1000.0)),
        ExecutionPolicy(timeout=TimeoutPolicy(None, None, "process")),
        ExecutionPolicy(timeout=TimeoutPolicy(60_000, 1)),
        ExecutionPolicy(idempotency=IdempotencyPolicy(True, lambda _, __: "k")),
        ExecutionPolicy(rate_limit=RateLimitPolicy(1, 1_000_000, 86_400_000)),
        ExecutionPolicy(breaker=BreakerPolicy(1, 1), max_concurrency=32),
    ],
    ids=range(8),
)
def test_the_bounds_themselves_are_fine(policy: ExecutionPolicy) -> None:
    """
    A limit of one action above that of all is fine too.
    """
    policy.validate()


def test_all_bad_fields_are_named_together() -> None:
    """
    One error for the whole policy.
    """
    policy = ExecutionPolicy(retry=RetryPolicy(-1, -1), max_concurrency=0)
    with pytest.raises(ExecutionPolicyError) as caught:
        policy.validate()
    assert [fault.where for fault in caught.value.faults] == [
        "retry.max_retries",
        "retry.initial_backoff_ms",
        "max_concurrency",
    ]
    assert caught.value.where == "retry.max_retries"
    assert caught.value.what == "; ".join(
        f"{where} {message}"
        for where, message in (
            ("retry.max_retries", "-1: give an int from 0 to 100"),
            ("retry.initial_backoff_ms", f"-1: {WAIT}"),
            ("max_concurrency", "0: give an int from 1 to 32"),
        )
    )


def test_a_bad_part_hides_no_fault_of_another() -> None:
    """
    Two faults are listed as more are.
    """
    policy = ExecutionPolicy(retry=None, breaker=BreakerPolicy(0))  # type: ignore[arg-type]  # what is refused.
    with pytest.raises(ExecutionPolicyError) as caught:
        policy.validate()
    assert [str(fault) for fault in caught.value.faults] == [
        "None: give a RetryPolicy @ retry",
        f"0: {RATE}, or None @ breaker.failure_threshold",
    ]


def test_a_plan_is_kept_until_a_policy_changes() -> None:
    """
    Any policy, because they share their parts.
    """
    policy = ExecutionPolicy()
    plan = plan_of(policy)
    assert plan_of(policy) is plan
    ExecutionPolicy()
    assert plan_of(policy) is not plan
    policy.retry.max_retries = 7
    assert plan_of(policy).max_retries == 7


def test_only_a_checked_policy_without_bounds_is_plain() -> None:
    """
    Each bound and each memory counts.
    """
    policy = ExecutionPolicy(timeout=TimeoutPolicy(None, None))
    assert plain_plan(policy) is None
    plan_of(policy)
    assert plain_plan(policy) is plan_of(policy)
    for part, name, value in (
        ("timeout", "timeout_per_action_ms", 1),
        ("timeout", "max_total_time_ms", 1),
        ("timeout", "isolation", "process"),
        ("idempotency", "enabled", True),
        ("rate_limit", "per_action", 1),
        ("rate_limit", "overall", 1),
        ("breaker", "failure_threshold", 1),
    ):
        other = copy.deepcopy(policy)
        setattr(getattr(other, part), name, value)
        plan_of(other)
        assert plain_plan(other) is None, name


@pytest.mark.parametrize("copied", [copy.deepcopy, lambda value: pickle.loads(pickle.dumps(value))])  # noqa: S301 - of this test.
def test_a_copy_is_equal_and_begins_anew(copied: Any) -> None:
    """
    What a policy remembers is no part of what it is.
    """
    policy = ExecutionPolicy(rate_limit=RateLimitPolicy(1))
    plan_of(policy).state.take("ACT", now_ns=0, per_action=1, overall=None, window_ms=1000)
    other = copied(policy)
    assert other == policy
    assert type(other.state) is ExecutionState
    assert other.state.take("ACT", now_ns=0, per_action=1, overall=None, window_ms=1000) == 0
    assert policy.state.take("ACT", now_ns=0, per_action=1, overall=None, window_ms=1000) == 1000


def test_a_plan_says_what_the_policy_says() -> None:
    """
    Times in seconds; each field of the policy is one of the plan.
    """
    key_generator = lambda _, __: "k"  # noqa: E731 - one line.
    policy = ExecutionPolicy(
        retry=RetryPolicy(1, 2, 3, 4.0, "full"),
        timeout=TimeoutPolicy(5, 6, "process"),
        idempotency=IdempotencyPolicy(True, key_generator),
        rate_limit=RateLimitPolicy(7, 8, 9),
        breaker=BreakerPolicy(10, 11),
        max_concurrency=12,
    )
    plan = Plan(
        max_retries=1,
        initial_backoff_ms=2,
        max_backoff_ms=3,
        backoff_multiplier=4.0,
        has_jitter=True,
        attempt_seconds=0.005,
        total_seconds=0.006,
        is_isolated=True,
        is_idempotent=True,
        key_generator=key_generator,
        per_action=7,
        overall=8,
        window_ms=9,
        failure_threshold=10,
        cooldown_ms=11,
        max_concurrency=12,
        state=policy.state,
    )
    assert plan_of(policy) == plan
    policy.retry, policy.timeout = RetryPolicy(1, 2, 3, 4.0), TimeoutPolicy(None, None)
    open_plan = attrs.evolve(plan, has_jitter=False, attempt_seconds=None, total_seconds=None, is_isolated=False)
    assert plan_of(policy) == open_plan
    assert (plan.is_limited, open_plan.is_limited) == (True, False)


@pytest.mark.parametrize(("per_attempt", "total"), [(1, None), (None, 1), (1, 1)])
def test_one_limit_makes_a_plan_limited(per_attempt: int | None, total: int | None) -> None:
    """
    INV-EXE-2: of one attempt, of all, or both.
    """
    assert plan_of(ExecutionPolicy(timeout=TimeoutPolicy(per_attempt, total))).is_limited is True
