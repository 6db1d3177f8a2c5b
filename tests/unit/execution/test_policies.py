"""Policies: every field has bounds, and what was checked is checked again after any change."""

import copy
import math
import pickle
from typing import Any

import pytest

from runtime.errors import ExecutionPolicyError
from runtime.execution import (
    BreakerPolicy,
    ExecutionPolicy,
    ExecutionState,
    IdempotencyPolicy,
    RateLimitPolicy,
    RetryPolicy,
    TimeoutPolicy,
)
from runtime.execution.policies import plain_plan, plan_of

NO_COUNT = [-1, 1.0, math.nan, math.inf, "1", True, [], 10**9]
NO_TIME = [-1, 0, 1.5, math.nan, math.inf, "1", True, 10**9]
BAD: dict[str, list[Any]] = {
    "retry.max_retries": [*NO_COUNT, None],
    "retry.initial_backoff_ms": [*NO_COUNT, None],
    "retry.max_backoff_ms": [*NO_COUNT, None],
    "retry.backoff_multiplier": [-1, 0, 0.9, math.nan, math.inf, "2", True, None, 1001],
    "retry.jitter": ["some", "FULL", None, True, ["full"]],
    "timeout.timeout_per_action_ms": NO_TIME,
    "timeout.max_total_time_ms": NO_TIME,
    "timeout.isolation": ["none", None, True],
    "idempotency.enabled": ["false", 1, None],
    "idempotency.key_generator": ["key", 5],
    "rate_limit.per_action": NO_TIME,
    "rate_limit.overall": NO_TIME,
    "rate_limit.window_ms": [*NO_TIME, None],
    "breaker.failure_threshold": NO_TIME,
    "breaker.cooldown_ms": [*NO_TIME, None],
    "max_concurrency": [*NO_TIME, None, 33],
    "retry": [None, {}, TimeoutPolicy()],
    "timeout": [None, RetryPolicy()],
    "idempotency": [None, True],
    "rate_limit": [None],
    "breaker": [None],
    "state": [None, {}],
}


@pytest.mark.parametrize(("field", "value"), [(field, value) for field, values in BAD.items() for value in values])
def test_a_bad_field_is_named(field: str, value: Any) -> None:
    """
    With the value, and after it was assigned as before.
    """
    policy = ExecutionPolicy()
    plan_of(policy)
    part, _, name = field.rpartition(".")
    setattr(getattr(policy, part) if part else policy, name, value)
    with pytest.raises(ExecutionPolicyError) as caught:
        plan_of(policy)
    assert caught.value.where == field
    assert caught.value.what.startswith(f"{field} ")
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
