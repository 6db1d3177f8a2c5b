"""Executions in a world that fails: whatever fails when, INV-EXE-1 to 6 hold.

Each seed makes one scenario: a decision, a context and a policy, good ones most of the time, and a world whose clock,
switch, store and executor fail or lie. The process dies before or after anything it asks for and is started again, until
all is done. Threads and time are played (see `simulating.py`), so that a seed gives the same bytes every time. A seed that
fails is printed by pytest; add it to `KNOWN`.
"""

import random
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path
from typing import Any, Final

import attrs
import pytest
from simulating import Did, FaultyStore, Killed, VirtualLoop, World

from runtime.decision_schema import Action, FinalDecision
from runtime.execution import (
    AttemptStatus,
    BreakerPolicy,
    ExecutionAttempt,
    ExecutionCode,
    ExecutionPolicy,
    ExecutionReport,
    IdempotencyPolicy,
    RateLimitPolicy,
    RetryPolicy,
    TimeoutPolicy,
    aexecute,
    execute,
)
from runtime.execution.state import ExecutionState
from runtime.ports import IdempotencyStore
from runtime.storage import MemoryIdempotencyStore, SqliteIdempotencyStore
from runtime.values.idempotency import KeyOutcome, OutcomeKind

KNOWN: Final[tuple[int, ...]] = (3751, 5170)
"""Seeds that failed once."""
_DRIVES: Final = 60
"""A scenario that is not over by then goes round in circles."""
_ENDS: Final = {
    Did.SUCCEEDED: (AttemptStatus.SUCCESS, None),
    Did.FAILED: (AttemptStatus.FAILED, ExecutionCode.EXECUTOR_FAILED),
    Did.RAISED: (AttemptStatus.FAILED, ExecutionCode.EXECUTOR_RAISED),
    Did.LIED: (AttemptStatus.FAILED, ExecutionCode.EXECUTOR_CONTRACT_VIOLATION),
    Did.HUNG: (AttemptStatus.UNKNOWN, ExecutionCode.ATTEMPT_TIMEOUT),
}
"""What a report must say of what an executor did."""


@attrs.frozen
class Scenario:
    """
    What is decided, and whether it is clearly allowed.
    """

    decision: Any
    context: dict[str, Any]
    policy: ExecutionPolicy
    is_clear: bool
    is_async: bool


def make_scenario(dice: random.Random, canary: str) -> Scenario:
    """
    Make one that is good most of the time.
    """
    bad = dice.random()
    actions: list[Any] = [dice.choice(list(Action)) for _ in range(dice.randint(1, 3))]
    allowed: Any = True
    context: dict[str, Any] = dice.choice(
        [{}, {"ops_deny_actions": False}, {"ops_state": "GREEN"}, {"now_ms": 10, "cooldown_until_ms": 10}]
    )
    policy = make_policy(dice)
    if bad < 0.08:
        allowed = dice.choice([False, 1, "True", None])
    elif bad < 0.16:
        actions = [*actions, dice.choice(["BUY", None, 7])]
    elif bad < 0.24:
        context = dice.choice(
            [
                {"ops_deny_actions": True},
                {"ops_deny_actions": "False"},
                {"ops_deny_actions": 0},
                {"ops_state": "RED"},
                {"cooldown_until_ms": 5},
                {"now_ms": 10, "ops_cooldown_until_ms": 10**9},
            ]
        )
    elif bad < 0.32:
        part, field, value = dice.choice(
            [("retry", "max_retries", -1), ("timeout", "max_total_time_ms", True), ("idempotency", "enabled", 1)]
        )
        setattr(getattr(policy, part), field, value)
    decision = FinalDecision(Action.ACT, params={"password": canary, "amount": 5}, actions=actions)
    decision.allowed = allowed
    handed = {**context, "idempotency_scope": "run-1", "api_token": canary}
    return Scenario(decision, handed, policy, is_clear=bad >= 0.32, is_async=dice.random() < 0.4)


def make_policy(dice: random.Random) -> ExecutionPolicy:
    """
    Make a policy with any of the bounds.
    """
    policy = ExecutionPolicy(
        retry=RetryPolicy(
            max_retries=dice.randint(0, 3),
            initial_backoff_ms=dice.choice([0, 50, 400]),
            jitter=dice.choice(["none", "full"]),
        ),
        timeout=TimeoutPolicy(dice.choice([None, 1000, 5000]), dice.choice([None, 300, 2000, 30_000])),
        rate_limit=RateLimitPolicy(
            per_action=dice.choice([None, None, 2]), overall=dice.choice([None, None, 3]), window_ms=1000
        ),
        breaker=BreakerPolicy(failure_threshold=dice.choice([None, None, 2]), cooldown_ms=500),
        max_concurrency=dice.choice([1, 1, 3]),
    )
    # Mostly with keys, because that is what crashes try.
    policy.idempotency = IdempotencyPolicy(enabled=dice.random() < 0.8)
    return policy


class _Player:
    """
    Plays one scenario to its end.
    """

    def __init__(self, seed: int, store: IdempotencyStore, bury: Callable[[], None], loop: VirtualLoop) -> None:
        dice = random.Random(seed)
        self.canary = f"canary{seed}hunter2"
        self.scenario = make_scenario(dice, self.canary)
        policy = self.scenario.policy
        limits = (policy.timeout.timeout_per_action_ms, policy.timeout.max_total_time_ms)
        self.world = World(dice, self.canary, self.scenario.context, is_limited=any(limits))
        self.world.is_serial = not self.scenario.is_async or policy.max_concurrency == 1
        self.world.total = None if limits[1] is None else limits[1] / 1000
        self.store, self.bury, self.loop = store, bury, loop
        loop.turn_by(self.world.clock)
        self.transcript: list[bytes] = []

    def play(self) -> bytes:
        """
        Drive until nothing is left to be done, and give what was reported.
        """
        scenario, world = self.scenario, self.world
        kept = dict(scenario.context)
        for number in range(_DRIVES):
            calm = number >= _DRIVES // 2  # In the end somebody gets through.
            world.danger, world.faults = (0.0, 0.0) if calm else world.dice.choice([(0.01, 0.03), (0.0, 0.1), (0, 0)])
            world.begin()
            scenario.policy.state = ExecutionState()  # It is gone with the process.
            report = self.drive()
            assert not world.broken, world.broken
            if report is not None:
                self.transcript.append(report.raw)
                self.hold(report)
            else:
                self.transcript.append(b"killed")
            hold_done_once(world)
            scenario.context.clear()
            scenario.context.update(kept)
            self.bury()
            if not scenario.is_clear or (report is not None and self.is_over(report)):
                break
        else:
            pytest.fail("it never ended")
        return b"\n".join(self.transcript)

    def drive(self) -> ExecutionReport | None:
        """
        Execute once; None where the process died.
        """
        scenario, world = self.scenario, self.world
        ports: dict[str, Any] = {"clock": world.now, "kill_switch": world, "store": FaultyStore(self.store, world)}
        params = dict(scenario.decision.params)
        try:
            if scenario.is_async:
                ports["sleep"] = world.async_sleep
                asked = aexecute(scenario.decision, scenario.context, scenario.policy, world.aexecute, **ports)
                return self.loop.run_until_complete(asked)
            ports["sleep"] = world.sleep
            scenario.policy.max_concurrency = 1
            return execute(scenario.decision, scenario.context, scenario.policy, world.execute, **ports)
        except Killed:
            assert world.is_dead
            return None
        finally:
            assert scenario.decision.params == params, "the decision was changed"
            if scenario.is_async:
                self.loop.run_until_complete(world.outlast())
                assert not self.loop.complaints, "an executor ended and nobody looked at what it raised"

    def hold(self, report: ExecutionReport) -> None:
        """
        Hold a report to what happened.
        """
        world, scenario = self.world, self.scenario
        assert self.canary not in report.raw.decode() + repr(report), "a secret left"
        made = [one for one in report.attempts if one.status is not AttemptStatus.DENIED and not one.is_replay]
        if not scenario.is_clear:
            assert not world.calls, "executed, and not clearly allowed"
            assert not report.attempts
            return
        ends = [(one.status, one.error_code) for one in made]
        wanted = [_ENDS[did] for did in world.calls]
        is_same = ends == wanted if world.is_serial else sorted(map(str, ends)) == sorted(map(str, wanted))
        assert is_same, f"{wanted} happened, {ends} were reported"
        hold_counts(report)
        is_unknown = any(one.status is AttemptStatus.UNKNOWN for one in report.attempts)
        assert report.fail_closed or not (world.is_tainted or is_unknown), "it did not fail closed"
        assert all(type(one.error_code) in (ExecutionCode, type(None)) for one in report.attempts)
        hold_bounds(report, made, scenario.policy, world)

    def is_over(self, report: ExecutionReport) -> bool:
        """
        Tell whether every action was done or is known not to be; a person looks at what is unknown.
        """
        world = self.world
        keyed = [one for one in report.attempts if one.idempotency_key]
        for attempt in keyed:
            key = attempt.idempotency_key or ""
            kind = OutcomeKind.SUCCESS if world.done[key] else OutcomeKind.FAILED
            self.store.reconcile(key, KeyOutcome(kind=kind))  # Nothing happens where the outcome is known.
        last = {one.idempotency_key: one for one in keyed}
        if report.fail_closed or report.refusals or not self.scenario.policy.idempotency.enabled:
            return world.faults == 0.0 and not report.fail_closed
        for name, attempt in last.items():
            assert world.done[name or ""] == (attempt.status is AttemptStatus.SUCCESS), "the report says otherwise"
        return True


def hold_done_once(world: World) -> None:
    """
    Hold that nothing was done twice under one key.
    """
    twice = {key: count for key, count in world.done.items() if key and count > 1}
    assert not twice, twice


def hold_counts(report: ExecutionReport) -> None:
    """
    Hold that the counts are those of the attempts.
    """
    statuses = [attempt.status for attempt in report.attempts]
    assert report.success_count == statuses.count(AttemptStatus.SUCCESS)
    assert report.failed_count == statuses.count(AttemptStatus.FAILED)
    assert report.denied_count >= statuses.count(AttemptStatus.DENIED)
    assert report.to_external_dict()["exec.attempt_count"] == len(report.attempts)


def hold_bounds(report: ExecutionReport, made: list[ExecutionAttempt], policy: ExecutionPolicy, world: World) -> None:
    """
    Hold the bounds on attempts and time.
    """
    assert all(one.attempt_number <= policy.retry.max_retries for one in made)
    if world.has_jumped:
        return
    longest = policy.timeout.timeout_per_action_ms
    if longest is not None:
        # Ten milliseconds are what a cancelled executor gets to clean up.
        assert all(one.latency_ms <= longest + 10 for one in made)
    if world.total is not None:
        assert report.total_latency_ms <= world.total * 1000 + 10 * len(made)
    rate = policy.rate_limit
    hold_rate([at for _, at in world.starts], rate.overall, rate.window_ms)
    for action in Action:
        hold_rate([at for name, at in world.starts if name == action.value], rate.per_action, rate.window_ms)


def hold_rate(times: list[float], limit: int | None, window_ms: int) -> None:
    """
    Hold that a bucket that fills up in one window was never overdrawn.
    """
    if limit is None:
        return
    for first, begun in enumerate(times):
        for last in range(first, len(times)):
            refilled = (times[last] - begun) * 1000 * limit / window_ms
            assert last - first + 1 <= limit + refilled + 1e-6, times


@pytest.fixture(scope="module")
def loop() -> Iterator[VirtualLoop]:
    """
    One loop for all scenarios; it never waits.
    """
    loop = VirtualLoop()
    yield loop
    loop.close()


def play(seed: int, loop: VirtualLoop, monkeypatch: pytest.MonkeyPatch) -> bytes:
    """
    Play a seed with keys in memory.
    """
    store = MemoryIdempotencyStore()

    def bury() -> None:
        # What a durable store answers when the process of a claim is gone.
        for key, (_, outcome) in [*store._keys.items()]:
            if outcome is None:
                store.settle(key, KeyOutcome(kind=OutcomeKind.UNKNOWN))

    player = _Player(seed, store, bury, loop)
    monkeypatch.setattr("runtime.execution.orchestrator.call_within", player.world.call_within)
    return player.play()


@pytest.mark.parametrize("start", range(0, 10_000, 1000))
@pytest.mark.slow
def test_ten_thousand_seeds(start: int, loop: VirtualLoop, monkeypatch: pytest.MonkeyPatch) -> None:
    """
    Each seed is a scenario; pytest prints the one that fails as the local `seed`.
    """
    for seed in range(start, start + 1000):
        assert play(seed, loop, monkeypatch) == play(seed, loop, monkeypatch)


@pytest.mark.parametrize("seed", [*range(200), *KNOWN])
def test_some_seeds(seed: int, loop: VirtualLoop, monkeypatch: pytest.MonkeyPatch) -> None:
    """
    INV-EXE-1: a few, each twice: a seed gives the same reports to the byte.
    """
    assert play(seed, loop, monkeypatch) == play(seed, loop, monkeypatch)


@pytest.mark.parametrize("seed", range(20))
def test_some_seeds_with_a_file(seed: int, loop: VirtualLoop, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """
    The same with keys in a file that other processes would see.
    """
    path = tmp_path / "keys.db"

    def bury() -> None:
        with closing(sqlite3.connect(path, isolation_level=None)) as connection:
            connection.execute("UPDATE key SET born = 'another process' WHERE kind IS NULL")

    player = _Player(seed, SqliteIdempotencyStore.create(path), bury, loop)
    monkeypatch.setattr("runtime.execution.orchestrator.call_within", player.world.call_within)
    player.play()
