"""Back-off: how long it is, and what jitter makes of it."""

import pytest

from runtime.execution import ExecutionPolicy, RetryPolicy
from runtime.execution.plan import Plan
from runtime.execution.policies import plan_of
from runtime.execution.schedule import backoff_ms


def _plan(*retry: object) -> Plan:
    return plan_of(ExecutionPolicy(retry=RetryPolicy(*retry)))  # type: ignore[arg-type]  # the table below holds them.


@pytest.mark.parametrize(
    ("retry", "waits"),
    [
        ((3, 100, 5000, 2.0), [100, 200, 400, 800]),
        ((3, 100, 300, 2), [100, 200, 300, 300]),
        ((3, 10, 5000, 1.5), [10, 15, 22, 33]),
        ((3, 0, 5000, 1000), [0, 0, 0, 0]),
        ((3, 5000, 100, 1), [100, 100, 100, 100]),
    ],
    ids=["doubled", "bounded", "rounded_down", "none", "bounded_at_once"],
)
def test_a_back_off_grows_up_to_its_bound(retry: tuple[object, ...], waits: list[int]) -> None:
    """
    INV-EXE-2: in whole milliseconds.
    """
    assert [backoff_ms(_plan(*retry), attempt, "seed") for attempt in range(4)] == waits


def test_jitter_takes_all_from_nothing_to_the_bound_and_no_more() -> None:
    """
    INV-EXE-2: both ends are drawn, each number about as often as the others.
    """
    plan = _plan(3, 2, 2, 1.0, "full")
    drawn = [backoff_ms(plan, attempt, str(seed)) for attempt in range(3) for seed in range(100)]
    assert {*drawn} == {0, 1, 2}
    assert all(80 <= drawn.count(wait) <= 120 for wait in range(3))


@pytest.mark.parametrize(
    ("seed", "waits"),
    [("a", [57, 168, 846]), ("key", [283, 739, 910]), ("\ud800", [368, 141, 653])],
    ids=["letter", "word", "half_a_character"],
)
def test_jitter_is_fixed_by_the_seed_and_the_attempt(seed: str, waits: list[int]) -> None:
    """
    INV-EXE-1: on any machine, for good; a seed may be any text.
    """
    plan = _plan(3, 1000, 1000, 1.0, "full")
    assert [backoff_ms(plan, attempt, seed) for attempt in range(3)] == waits
