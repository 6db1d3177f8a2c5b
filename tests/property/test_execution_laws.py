"""Laws of executions, on generated policies and scripts, with a clock that a test turns."""

from collections.abc import Callable
from typing import Any

from executing import run
from hypothesis import given
from hypothesis import strategies as st

from runtime.decision_schema import Action, FinalDecision
from runtime.execution import (
    AttemptStatus,
    BreakerPolicy,
    ExecutionPolicy,
    ExecutionReport,
    RateLimitPolicy,
    RetryPolicy,
    TimeoutPolicy,
    execute,
)
from runtime.execution.policies import plan_of
from runtime.execution.schedule import backoff_ms
from runtime.execution.state import ExecutionState
from runtime.testing import ManualClock, ScriptedExecutor

# Whole seconds: a real thread serves the call, and what is left of the total limit is what it really gets. A second is
# enough for it on a busy machine; a manual clock makes it no slower.
seconds = st.integers(0, 1000).map(lambda seconds: 1000 * seconds)
retries = st.builds(
    RetryPolicy,
    max_retries=st.integers(0, 6),
    initial_backoff_ms=seconds,
    max_backoff_ms=seconds,
    backoff_multiplier=st.sampled_from([1, 1.5, 2.0, 1000]),
    jitter=st.sampled_from(["none", "full"]),
)
rates = st.builds(
    RateLimitPolicy,
    per_action=st.none() | st.integers(1, 3),
    overall=st.none() | st.integers(1, 3),
    window_ms=st.integers(1, 1000).map(lambda windows: 6000 * windows),
)
breakers = st.builds(BreakerPolicy, failure_threshold=st.none() | st.integers(1, 3), cooldown_ms=seconds.filter(bool))
totals = st.none() | st.integers(1, 3000).map(lambda seconds: 1000 * seconds)
answers = st.lists(st.sampled_from([(True, None), (False, "no"), (False, None), None, OSError("x")]), max_size=30)
Case = tuple[RetryPolicy, RateLimitPolicy, BreakerPolicy, int | None]
cases = st.tuples(retries, rates, breakers, totals)
actions = st.lists(st.sampled_from(Action), min_size=1, max_size=4)


def _policy(retry: RetryPolicy, rate: RateLimitPolicy, breaker: BreakerPolicy, total: int | None) -> ExecutionPolicy:
    # No limit of one attempt: what a real thread does with a manual clock is not what is asked here.
    return ExecutionPolicy(retry=retry, rate_limit=rate, breaker=breaker, timeout=TimeoutPolicy(None, total))


def _run(
    policy: ExecutionPolicy, script: list[Any], decided: list[Action], seconds: float
) -> tuple[ExecutionReport, ManualClock]:
    clock = ManualClock()
    executor = ScriptedExecutor([*script, *[(True, None)] * 40], clock=clock, seconds=seconds)
    report = run(executor, decision=FinalDecision(decided[0], actions=decided), policy=policy, clock=clock)
    assert len(executor.calls) == sum(attempt.status is not AttemptStatus.DENIED for attempt in report.attempts)
    return report, clock


class TestExecutions:
    """
    Executions are deterministic and bounded.
    """

    @given(cases, answers, actions)
    def test_equal_inputs_give_equal_bytes(self, case: Case, script: list[Any], decided: list[Action]) -> None:
        """
        INV-EXE-1: same decision, context, policy, script and clock.
        """
        first, _ = _run(_policy(*case), script, decided, 50)
        second, _ = _run(_policy(*case), script, decided, 50)
        assert first.raw == second.raw

    @given(cases, answers, actions)
    def test_attempts_and_time_are_bounded(self, case: Case, script: list[Any], decided: list[Action]) -> None:
        """
        INV-EXE-2: no action has more attempts than the policy allows, and nothing is begun after the deadline.
        """
        retry, _, _, total = case
        report, clock = _run(_policy(*case), script, decided, 50)
        assert len(report.attempts) <= len(decided) * (retry.max_retries + 1)
        assert all(attempt.attempt_number <= retry.max_retries for attempt in report.attempts)
        if total is not None:
            # One attempt may have begun just before; a manual clock does not end it.
            assert clock() <= total / 1000 + 50
            assert sum(clock.slept) < total / 1000

    @given(cases, answers, actions)
    def test_the_counts_add_up(self, case: Case, script: list[Any], decided: list[Action]) -> None:
        """
        INV-EXE-3: each action is accounted for, and after a failure that closes nothing more is attempted.
        """
        report, _ = _run(_policy(*case), script, decided, 0)
        assert report.success_count + report.failed_count == sum(
            attempt.status in (AttemptStatus.SUCCESS, AttemptStatus.FAILED) for attempt in report.attempts
        )
        ended = [
            attempt.error_code in ("executor_raised", "executor_contract_violation") for attempt in report.attempts
        ]
        assert True not in ended[:-1]
        assert report.fail_closed is (True in ended)

    @given(retries, answers)
    def test_the_quick_way_gives_what_the_general_one_gives(self, retry: RetryPolicy, script: list[Any]) -> None:
        """
        INV-EXE-1: a port that never stops forces the general way.
        """
        policy = _policy(retry, RateLimitPolicy(), BreakerPolicy(), None)
        plan_of(policy)

        def executor_of(left: list[Any]) -> Callable[[Action, dict[str, Any]], Any]:
            def executor(_: Action, __: dict[str, Any]) -> Any:
                answer = left.pop(0) if left else (True, None)
                if isinstance(answer, Exception):
                    raise answer
                return answer

            return executor

        decision = FinalDecision(Action.ACT)
        reports = []
        for switch in (None, lambda: False):
            clock = ManualClock()
            executor = executor_of(list(script))
            reports.append(execute(decision, {}, policy, executor, clock=clock, sleep=clock.sleep, kill_switch=switch))
        assert reports[0].raw == reports[1].raw


class TestBackOff:
    """
    Back-off is a pure function within its range.
    """

    @given(retries, st.integers(0, 100), st.text(max_size=20))
    def test_it_lies_in_its_range(self, retry: RetryPolicy, attempt: int, seed: str) -> None:
        """
        INV-EXE-1: jitter takes from 0 to what there would be without it, and equal seeds give equal back-offs.
        """
        plain = ExecutionPolicy(
            retry=RetryPolicy(
                retry.max_retries, retry.initial_backoff_ms, retry.max_backoff_ms, retry.backoff_multiplier
            )
        )
        longest = backoff_ms(plan_of(plain), attempt, seed)
        assert 0 <= longest <= retry.max_backoff_ms
        plan = plan_of(ExecutionPolicy(retry=retry))
        assert 0 <= backoff_ms(plan, attempt, seed) <= longest
        assert backoff_ms(plan, attempt, seed) == backoff_ms(plan, attempt, seed)

    def test_jitter_is_spread_over_attempts_and_seeds(self) -> None:
        """
        INV-EXE-1: the exact values are fixed for good.
        """
        plan = plan_of(ExecutionPolicy(retry=RetryPolicy(3, 1000, 1000, 1.0, "full")))
        drawn = [backoff_ms(plan, attempt, seed) for attempt in range(20) for seed in ("a", "b")]
        assert len({*drawn}) > 30
        assert drawn[:4] == [backoff_ms(plan, 0, "a"), backoff_ms(plan, 0, "b"), backoff_ms(plan, 1, "a"), drawn[3]]


class TestBuckets:
    """
    A bucket never gives more than its limit in a window.
    """

    @given(st.integers(1, 5), st.integers(1, 50), st.lists(st.integers(0, 30_000_000), max_size=60))
    def test_no_more_than_twice_the_limit_in_a_window(self, limit: int, window_ms: int, steps: list[int]) -> None:
        """
        INV-EXE-6: a full bucket and what fills up in a window, and who waits as told gets one.
        """
        state = ExecutionState()
        now, taken = 0, []
        for step in steps:
            now += step
            wait = state.take("ACT", now_ns=now, per_action=limit, overall=None, window_ms=window_ms)
            if wait:
                now += wait * 1_000_000
                assert state.take("ACT", now_ns=now, per_action=limit, overall=None, window_ms=window_ms) == 0
            taken.append(now)
        window = window_ms * 1_000_000
        for index, begun in enumerate(taken):
            assert sum(begun <= at < begun + window for at in taken[index:]) <= 2 * limit

    def test_nothing_is_taken_where_one_is_missing(self) -> None:
        """
        INV-EXE-6: a denied attempt does not cost the other bucket.
        """
        state = ExecutionState()
        assert state.take("ACT", now_ns=0, per_action=1, overall=2, window_ms=10) == 0
        assert state.take("ACT", now_ns=0, per_action=1, overall=2, window_ms=10) == 10
        assert state.take("EXIT", now_ns=0, per_action=1, overall=2, window_ms=10) == 0
