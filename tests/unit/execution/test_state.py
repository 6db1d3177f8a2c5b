"""What executions remember: tokens are rounded so that no limit is crossed, waits so that they are long enough."""

import pytest

from runtime.execution import ExecutionState

MS = 1_000_000


def _take(state: ExecutionState, now_ns: int, *, limit: int, window_ms: int = 1) -> int:
    return state.take("ACT", now_ns=now_ns, per_action=limit, overall=None, window_ms=window_ms)


def test_a_token_that_is_no_whole_number_of_nanoseconds_costs_the_next_one() -> None:
    """
    INV-EXE-6: a third of a window is rounded up, else more than the limit would fit into it.
    """
    state = ExecutionState()
    assert [_take(state, 0, limit=3) for _ in range(4)] == [0, 0, 0, 1]
    assert _take(state, 333_333, limit=3) == 1
    assert _take(state, 333_334, limit=3) == 0


@pytest.mark.parametrize(
    ("now_ns", "wait_ms"),
    [(0, 2), (1, 2), (MS - 1, 2), (MS, 1), (2 * MS - 1, 1), (2 * MS, 0), (9 * MS, 0)],
)
def test_a_wait_is_rounded_up(now_ns: int, wait_ms: int) -> None:
    """
    INV-EXE-6: whoever waits as told gets a token, and a nanosecond too early is too early.
    """
    state = ExecutionState()
    assert _take(state, 0, limit=1, window_ms=2) == 0
    assert _take(state, now_ns, limit=1, window_ms=2) == wait_ms


def test_the_longer_of_two_waits_is_told() -> None:
    """
    INV-EXE-6: of the action and of all, whichever is the longer.
    """
    for per_action, overall in ((1, 2), (2, 1)):
        state = ExecutionState()
        waits = [state.take("ACT", now_ns=0, per_action=per_action, overall=overall, window_ms=10) for _ in range(2)]
        assert waits == [0, 10]


@pytest.mark.parametrize(("now_ns", "wait_ms"), [(0, 2), (1, 2), (MS, 1), (2 * MS - 1, 1), (2 * MS, 0)])
def test_a_breaker_is_asked_again_when_its_time_is_over(now_ns: int, wait_ms: int) -> None:
    """
    INV-EXE-2: and not a nanosecond before.
    """
    state = ExecutionState()
    state.record("ACT", is_success=False, now_ns=0, threshold=1, cooldown_ms=2)
    assert state.permit("ACT", now_ns=now_ns, cooldown_ms=2) == wait_ms
    assert state.permit("EXIT", now_ns=now_ns, cooldown_ms=2) == 0


def test_a_success_forgets_the_failures_before_it() -> None:
    """
    INV-EXE-2: only failures in a row open a breaker.
    """
    state = ExecutionState()
    for is_success in (False, True, False):
        state.record("ACT", is_success=is_success, now_ns=0, threshold=2, cooldown_ms=5)
        assert state.permit("ACT", now_ns=0, cooldown_ms=5) == 0
    state.record("ACT", is_success=False, now_ns=MS, threshold=2, cooldown_ms=5)
    assert state.permit("ACT", now_ns=MS, cooldown_ms=5) == 5
    state.record("ACT", is_success=True, now_ns=MS, threshold=2, cooldown_ms=5)
    assert state.permit("ACT", now_ns=MS, cooldown_ms=5) == 0
