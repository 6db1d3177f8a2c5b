"""How each way of ending is reported: every attempt, every refusal, every count, and whether it failed closed."""

import math
import threading
from collections.abc import Callable, Mapping
from functools import partial
from types import SimpleNamespace
from typing import Any

import attrs
import pytest
from executing import ACT, FAIL, OK, idempotent, make_policy, run, wait_for_orphans

from runtime.decision_schema import Action, FinalDecision
from runtime.encoding.digest import digest_of
from runtime.execution import (
    AttemptStatus,
    BreakerPolicy,
    ExecutionAttempt,
    ExecutionCode,
    ExecutionPolicy,
    ExecutionReport,
    IdempotencyPolicy,
    RateLimitPolicy,
    Refusal,
    RetryPolicy,
    TimeoutPolicy,
    execute,
    workers,
)
from runtime.storage import MemoryIdempotencyStore
from runtime.testing import ManualClock, ScriptedExecutor
from runtime.values.idempotency import Claim, ClaimStatus, KeyOutcome, OutcomeKind

CODE, SUCCESS, FAILED, DENIED, UNKNOWN = (
    ExecutionCode,
    AttemptStatus.SUCCESS,
    AttemptStatus.FAILED,
    AttemptStatus.DENIED,
    AttemptStatus.UNKNOWN,
)
TWICE = FinalDecision(Action.ACT, actions=[Action.ACT, Action.EXIT])
SEVERAL = FinalDecision(Action.ACT, actions=[Action.ACT, Action.HOLD, Action.EXIT, Action.STOP])
ONCE = make_policy(retry=RetryPolicy(0))
AGAIN = make_policy(retry=RetryPolicy(1, 0))
PROCESS = make_policy(timeout=TimeoutPolicy(10_000, None, "process"))
SCOPE = {"idempotency_scope": "run-1"}


def attempt(status: AttemptStatus, *details: Any, number: int = 0, action: Action = Action.ACT) -> ExecutionAttempt:
    """
    Make an attempt that took no time; the details are the code, the message and the name of an exception's class.
    """
    code, message, kind = [*details, None, None, None][:3]
    return ExecutionAttempt(action, status, number, 0, kind, code, message)


def report(
    attempts: list[ExecutionAttempt], refusals: list[tuple[Any, ...]], counts: str, *, fail_closed: bool = False
) -> ExecutionReport:
    """
    Make a report that took no time; the counts are successes, failures, skips and denials.
    """
    succeeded, failed, skipped, denied = map(int, counts.split())
    told = tuple(Refusal(*refusal) for refusal in refusals)
    return ExecutionReport(tuple(attempts), 0, succeeded, failed, skipped, denied, fail_closed, told)


def refusing(error: BaseException, *, after: int = 0) -> Callable[..., Any]:
    """
    Make a port that raises, after it gave False so often.
    """
    left = [False] * after

    def port(*_: Any) -> Any:
        if left:
            return left.pop()
        raise error

    return port


def times(*given: Any) -> Callable[[], Any]:
    """
    Make a clock that gives these times, and raises after them.
    """
    return partial(next, iter(given))


class _Unread(Mapping[str, Any]):
    """
    A mapping that can be asked for a key, and not be gone through.
    """

    def __getitem__(self, key: str) -> Any:
        raise KeyError(key)

    def __iter__(self) -> Any:
        raise OSError

    def __len__(self) -> int:
        return 1


class _Raising:
    @property
    def allowed(self) -> bool:
        raise OSError


class _Untold:
    @property
    def __signature__(self) -> None:
        raise OSError

    def __call__(self, _: Action, __: dict[str, Any]) -> Any:
        raise NotImplementedError


NO_FAIL = attempt(FAILED, CODE.EXECUTOR_FAILED, "no")


class _Stuck:
    """
    A store that answers every claim the same, and fails where it is told to.
    """

    def __init__(self, claim: Any, failing: str = "") -> None:
        self.answer = claim
        self.failing = failing

    def claim(self, *_: str) -> Any:
        return self._give("claim")

    def settle(self, *_: Any) -> Any:
        return self._give("settle")

    def release(self, *_: str) -> Any:
        return self._give("release")

    def reconcile(self, *_: Any) -> bool:
        return False

    def _give(self, name: str) -> Any:
        if name == self.failing:
            raise OSError
        return self.answer


def _taken_away(run: Callable[..., ExecutionReport]) -> ExecutionReport:
    context = {"ops_deny_actions": False}
    policy = make_policy(retry=RetryPolicy(1, 1))
    return run(context=context, policy=policy, sleep=lambda _: context.clear(), strict_context=True)


def _overslept(executor: ScriptedExecutor) -> ExecutionReport:
    clock = ManualClock()
    policy = make_policy(retry=RetryPolicy(1, 100), timeout=TimeoutPolicy(None, 10_000))
    overslept = run(executor, policy=policy, clock=clock, sleep=lambda seconds: clock.advance(100 * seconds))
    assert overslept.total_latency_ms == 10_000
    return attrs.evolve(overslept, total_latency_ms=0)


CASES: dict[str, tuple[Callable[[], ExecutionReport], ExecutionReport]] = {
    "failed_at_last": (
        lambda: run(ScriptedExecutor([FAIL, (False, None)]), policy=AGAIN),
        report([NO_FAIL, attempt(FAILED, CODE.EXECUTOR_FAILED, number=1)], [], "0 2 0 0"),
    ),
    "stopped_between": (
        lambda: run(ScriptedExecutor([FAIL]), policy=AGAIN, kill_switch=times(False, False, True)),
        report(
            [NO_FAIL, attempt(DENIED, CODE.KILL_SWITCH, number=1)],
            [(CODE.KILL_SWITCH, "before attempt 1", 0)],
            "0 1 0 1",
        ),
    ),
    "switch_lost_between": (
        lambda: run(ScriptedExecutor([FAIL]), policy=AGAIN, kill_switch=refusing(OSError(), after=2)),
        report(
            [NO_FAIL, attempt(DENIED, CODE.KILL_SWITCH_UNREADABLE, number=1)],
            [(CODE.KILL_SWITCH_UNREADABLE, "before attempt 1", 0)],
            "0 1 0 1",
            fail_closed=True,
        ),
    ),
    "stopped_between_two_actions": (
        lambda: run(ScriptedExecutor([OK]), decision=TWICE, policy=AGAIN, kill_switch=times(False, False, True)),
        report(
            [attempt(SUCCESS), attempt(DENIED, CODE.KILL_SWITCH, action=Action.EXIT)],
            [(CODE.KILL_SWITCH, "before attempt 0", 1)],
            "1 0 0 1",
        ),
    ),
    "raised": (
        lambda: run(ScriptedExecutor([OSError("x")])),
        report([attempt(FAILED, CODE.EXECUTOR_RAISED, None, "OSError")], [], "0 1 0 0", fail_closed=True),
    ),
    "raised_in_a_process": (
        lambda: run(ScriptedExecutor([OSError("x")]), policy=PROCESS),
        report([attempt(FAILED, CODE.EXECUTOR_RAISED, None, "OSError")], [], "0 1 0 0", fail_closed=True),
    ),
    "no_answer": (
        lambda: run(ScriptedExecutor([5])),
        report(
            [attempt(FAILED, CODE.EXECUTOR_CONTRACT_VIOLATION, "the executor returned int, not (bool, str or None)")],
            [],
            "0 1 0 0",
            fail_closed=True,
        ),
    ),
    "no_answer_from_a_process": (
        lambda: run(ScriptedExecutor([{}]), policy=PROCESS),
        report(
            [attempt(FAILED, CODE.EXECUTOR_CONTRACT_VIOLATION, "the executor returned dict, not (bool, str or None)")],
            [],
            "0 1 0 0",
            fail_closed=True,
        ),
    ),
    "success_with_a_reason": (
        lambda: run(ScriptedExecutor([(True, "done")])),
        report([attempt(SUCCESS)], [], "1 0 0 0"),
    ),
    "success_in_a_process": (
        lambda: run(ScriptedExecutor([OK]), policy=PROCESS),
        report([attempt(SUCCESS)], [], "1 0 0 0"),
    ),
    "late_in_a_process": (
        lambda: run(
            lambda _, __: threading.Event().wait(10), policy=make_policy(timeout=TimeoutPolicy(20, None, "process"))
        ),
        report(
            [attempt(UNKNOWN, CODE.ATTEMPT_TIMEOUT, "the executor and its process group were killed")],
            [],
            "0 0 0 0",
            fail_closed=True,
        ),
    ),
    "lost_in_a_process": (
        lambda: run(ScriptedExecutor([(True, "x" * 2_000_000)]), policy=PROCESS),
        report(
            [attempt(UNKNOWN, CODE.EXECUTOR_LOST, "the process of the executor ended without an answer")],
            [],
            "0 0 0 0",
            fail_closed=True,
        ),
    ),
    "halted_for_the_rest": (
        lambda: run(ScriptedExecutor([OSError()]), decision=SEVERAL),
        report(
            [attempt(FAILED, CODE.EXECUTOR_RAISED, None, "OSError")],
            [
                (CODE.HOLD, None, 1),
                (CODE.EXECUTION_HALTED, "another action of the decision stopped the execution", 2),
                (CODE.EXECUTION_HALTED, "another action of the decision stopped the execution", 3),
            ],
            "0 1 3 0",
            fail_closed=True,
        ),
    ),
    "sleep_raised": (
        lambda: run(ScriptedExecutor([FAIL]), sleep=refusing(OSError())),
        report([NO_FAIL], [(CODE.CLOCK_FAILED, "the sleep raised OSError", 0)], "0 1 0 0", fail_closed=True),
    ),
    "clock_raised_at_once": (
        lambda: run(ScriptedExecutor([]), clock=refusing(OSError())),
        report([], [(CODE.CLOCK_FAILED, "the clock raised OSError")], "0 0 0 1", fail_closed=True),
    ),
    "clock_of_no_number": (
        lambda: run(ScriptedExecutor([]), clock=lambda: math.inf),
        report([], [(CODE.CLOCK_FAILED, "the clock gives no finite number")], "0 0 0 1", fail_closed=True),
    ),
    "clock_raised_in_between": (
        lambda: execute(ACT, {}, ONCE, ScriptedExecutor([OK]), clock=times(0.0, 0.0)),
        report(
            [],
            [
                (CODE.CLOCK_FAILED, "the clock raised StopIteration", 0),
                (CODE.CLOCK_FAILED, "the clock raised StopIteration"),
            ],
            "0 0 0 1",
            fail_closed=True,
        ),
    ),
    "clock_raised_afterwards": (
        lambda: execute(ACT, {}, ONCE, ScriptedExecutor([OK]), clock=times(0.0, 0.0, 0.0, 0.0)),
        report(
            [attempt(SUCCESS)],
            [
                (CODE.CLOCK_FAILED, "the clock raised StopIteration", 0),
                (CODE.CLOCK_FAILED, "the clock raised StopIteration"),
            ],
            "1 0 0 0",
            fail_closed=True,
        ),
    ),
    "no_time_for_a_back_off": (
        lambda: run(
            ScriptedExecutor([FAIL]), policy=make_policy(retry=RetryPolicy(1, 90_000, 90_000), timeout=TimeoutPolicy())
        ),
        report([NO_FAIL], [(CODE.DEADLINE_EXCEEDED, "no time for a back-off of 90000 ms", 0)], "0 1 0 0"),
    ),
    "overslept": (
        lambda: _overslept(ScriptedExecutor([FAIL])),
        report([NO_FAIL], [(CODE.DEADLINE_EXCEEDED, "no time is left for an attempt", 0)], "0 1 0 0"),
    ),
    "no_time_at_the_last_look": (
        lambda: run(
            ScriptedExecutor([FAIL]),
            policy=make_policy(retry=RetryPolicy(1, 100), timeout=TimeoutPolicy(None, 10_000)),
            clock=times(0, 0, 0, 0, 0, 0, 0, 10, 0),
            sleep=lambda _: None,
        ),
        report([NO_FAIL], [(CODE.DEADLINE_EXCEEDED, "no time is left for an attempt", 0)], "0 1 0 0"),
    ),
    "no_time_for_an_attempt": (
        lambda: run(
            ScriptedExecutor([]), policy=make_policy(timeout=TimeoutPolicy(None, 1000)), clock=times(0, 0, 1, 0)
        ),
        report([], [(CODE.DEADLINE_EXCEEDED, "no time is left for an attempt", 0)], "0 0 0 1"),
    ),
    "switch_taken_away": (
        lambda: _taken_away(partial(run, ScriptedExecutor([FAIL]))),
        report(
            [NO_FAIL, attempt(DENIED, CODE.CONTEXT_INCOMPLETE, number=1)],
            [(CODE.CONTEXT_INCOMPLETE, "before attempt 1", 0)],
            "0 1 0 1",
        ),
    ),
    "rate_limited": (
        lambda: run(ScriptedExecutor([OK]), decision=TWICE, policy=make_policy(rate_limit=RateLimitPolicy(overall=1))),
        report([attempt(SUCCESS)], [(CODE.RATE_LIMITED, "the next attempt is due in 1000 ms", 1)], "1 0 0 1"),
    ),
    "rate_limited_until_the_deadline": (
        lambda: run(
            ScriptedExecutor([OK]),
            decision=TWICE,
            policy=make_policy(rate_limit=RateLimitPolicy(None, 1, 10_000), timeout=TimeoutPolicy(None, 10_000)),
        ),
        report([attempt(SUCCESS)], [(CODE.RATE_LIMITED, "the next attempt is due in 10000 ms", 1)], "1 0 0 1"),
    ),
    "breaker_open": (
        lambda: run(
            ScriptedExecutor([FAIL]),
            policy=make_policy(retry=RetryPolicy(1, 0), breaker=BreakerPolicy(1, 500)),
            clock=ManualClock(10_000_000),
        ),
        report([NO_FAIL], [(CODE.BREAKER_OPEN, "closed again in 500 ms at the earliest", 0)], "0 1 0 0"),
    ),
    "hold": (
        lambda: run(ScriptedExecutor([]), decision=FinalDecision(Action.HOLD)),
        report([], [(CODE.HOLD, None, 0)], "0 0 1 0"),
    ),
    "dry_run": (
        lambda: run(ScriptedExecutor([]), decision=SEVERAL, dry_run=True),
        report(
            [],
            [(CODE.DRY_RUN, None, 0), (CODE.HOLD, None, 1), (CODE.DRY_RUN, None, 2), (CODE.DRY_RUN, None, 3)],
            "0 0 4 0",
        ),
    ),
    "not_allowed": (
        lambda: run(ScriptedExecutor([]), decision=FinalDecision(Action.ACT, allowed=False)),
        report([], [(CODE.NOT_ALLOWED,)], "0 0 1 0"),
    ),
    "switch_on": (
        lambda: run(ScriptedExecutor([]), kill_switch=lambda: True),
        report([], [(CODE.KILL_SWITCH,)], "0 0 0 1"),
    ),
    "context_stops_and_the_switch_does_not": (
        lambda: run(ScriptedExecutor([]), context={"ops_state": "RED"}, kill_switch=lambda: False),
        report([], [(CODE.KILL_SWITCH,)], "0 0 0 1"),
    ),
    "switch_unreadable": (
        lambda: run(ScriptedExecutor([]), kill_switch=refusing(OSError())),
        report([], [(CODE.KILL_SWITCH_UNREADABLE,)], "0 0 0 1", fail_closed=True),
    ),
    "context_incomplete": (
        lambda: run(ScriptedExecutor([]), strict_context=True),
        report([], [(CODE.CONTEXT_INCOMPLETE,)], "0 0 0 1"),
    ),
    "key_in_flight": (
        lambda: run(
            ScriptedExecutor([]),
            context=SCOPE,
            policy=idempotent(),
            store=_Stuck(Claim(status=ClaimStatus.IN_FLIGHT)),
        ),
        report([], [(CODE.IN_FLIGHT, "another execution holds the key now", 0)], "0 0 0 1"),
    ),
    "key_of_something_else": (
        lambda: run(
            ScriptedExecutor([]),
            decision=TWICE,
            context=SCOPE,
            policy=idempotent(),
            store=_Stuck(Claim(status=ClaimStatus.CONFLICT)),
        ),
        report(
            [],
            [
                (CODE.IDEMPOTENCY_CONFLICT, "the key stands for another action or params", 0),
                (CODE.EXECUTION_HALTED, "another action of the decision stopped the execution", 1),
            ],
            "0 0 1 1",
            fail_closed=True,
        ),
    ),
    "store_missing": (
        lambda: run(ScriptedExecutor([]), context=SCOPE, policy=idempotent()),
        report(
            [], [(CODE.STORE_FAILED, "idempotency is enabled and there is no store", 0)], "0 0 0 1", fail_closed=True
        ),
    ),
    "store_raised": (
        lambda: run(ScriptedExecutor([]), context=SCOPE, policy=idempotent(), store=_Stuck(None, "claim")),
        report([], [(CODE.STORE_FAILED, "the store raised OSError", 0)], "0 0 0 1", fail_closed=True),
    ),
    "store_gave_no_claim": (
        lambda: run(ScriptedExecutor([]), context=SCOPE, policy=idempotent(), store=_Stuck(None)),
        report([], [(CODE.STORE_FAILED, "the store gave no claim", 0)], "0 0 0 1", fail_closed=True),
    ),
}


@pytest.mark.parametrize("name", CASES)
def test_an_ending_is_reported_whole(name: str) -> None:
    """
    INV-EXE-3, INV-EXE-4: with its code from the closed list, and words that say what it was.
    """
    ending, expected = CASES[name]
    assert ending() == expected


def test_too_many_that_run_on_deny_the_next_attempt(monkeypatch: pytest.MonkeyPatch) -> None:
    """
    INV-EXE-2: with their number.
    """
    wait_for_orphans()
    left = [workers._Job(lambda: None, "left")] * 32
    monkeypatch.setattr(workers._pool, "left", left)
    message = "32 executors still run after their time"
    assert run(ScriptedExecutor([]), policy=ExecutionPolicy()) == report(
        [attempt(DENIED, CODE.TOO_MANY_ORPHANS, message)], [], "0 0 0 1", fail_closed=True
    )


@pytest.mark.parametrize(
    ("decision", "message"),
    [
        (None, "a decision of type NoneType without allowed"),
        (SimpleNamespace(allowed=True), "a decision of type SimpleNamespace without action"),
        (SimpleNamespace(allowed=True, action="FLY"), "action 'FLY': one of ACT, CANCEL, EXIT, HOLD, STOP"),
        (SimpleNamespace(allowed=True, actions=[]), "actions []: give a list of 1 to 64 actions"),
        (SimpleNamespace(allowed=True, action="ACT", params=[1]), "params of type list: give a mapping, or None"),
        (
            SimpleNamespace(allowed=True, action="ACT", params=_Unread()),
            "params cannot be read: OSError",
        ),
        (_Raising(), "allowed cannot be read: OSError"),
    ],
    ids=["none", "no_action", "unknown", "no_actions", "no_params", "params_raise", "allowed_raises"],
)
def test_what_is_wrong_with_a_decision_is_said(decision: Any, message: str) -> None:
    """
    INV-EXE-3: and none of its actions is executed.
    """
    expected = report([], [(CODE.INVALID_DECISION, message)], "0 0 0 1", fail_closed=True)
    assert run(ScriptedExecutor([]), decision=decision) == expected


def test_as_many_actions_as_there_may_be_are_executed() -> None:
    """
    INV-EXE-2: one more is refused whole.
    """
    decision = FinalDecision(Action.ACT, actions=[Action.ACT] * 64)
    assert run(ScriptedExecutor([OK] * 64), decision=decision).success_count == 64


@pytest.mark.parametrize(
    ("executor", "message"),
    [
        (5, "an executor of type int"),
        (lambda: OK, "an executor that takes neither (action, context) nor more"),
        (_Untold(), "an executor whose signature raises OSError"),
    ],
    ids=["no_function", "no_arguments", "signature_raises"],
)
def test_what_is_wrong_with_an_executor_is_said(executor: Any, message: str) -> None:
    """
    INV-EXE-3: before the first attempt.
    """
    expected = report([], [(CODE.INVALID_EXECUTOR, message)], "0 0 0 1", fail_closed=True)
    assert run(executor) == expected


@pytest.mark.parametrize(
    ("context", "message"),
    [(None, "a context of type NoneType"), ([], "a context of type list"), (_Unread(), "the context raised OSError")],
    ids=["none", "list", "raises"],
)
def test_what_is_wrong_with_a_context_is_said(context: Any, message: str) -> None:
    """
    INV-EXE-3: before the first attempt.
    """
    expected = report([], [(CODE.INVALID_CONTEXT, message)], "0 0 0 1", fail_closed=True)
    assert execute(ACT, context, make_policy(), ScriptedExecutor([])) == expected


def test_what_is_no_policy_is_shown() -> None:
    """
    INV-EXE-3: and what to give instead.
    """
    expected = report([], [(CODE.INVALID_POLICY, "policy 5: give an ExecutionPolicy")], "0 0 0 1", fail_closed=True)
    assert execute(ACT, {}, 5, ScriptedExecutor([])) == expected  # type: ignore[arg-type]  # what is refused.


NO_KEY = "give 1 to 128 printable characters"


@pytest.mark.parametrize(
    ("context", "generator", "params", "message"),
    [
        ({}, None, {}, "no key: put idempotency_scope into the context, or give the policy a key_generator"),
        ({}, refusing(OSError("x")), {}, "key_generator raised OSError"),
        ({}, lambda *_: 5, {}, f"a key of type int: {NO_KEY}"),
        ({}, lambda *_: "", {}, f"a key of type str: {NO_KEY}"),
        ({}, lambda *_: "x" * 129, {}, f"a key of type str: {NO_KEY}"),
        ({}, lambda *_: "a\nb", {}, f"a key of type str: {NO_KEY}"),
        ({"idempotency_scope": 5}, None, {}, f"a key of type int: {NO_KEY}"),
    ],
    ids=["none", "raises", "no_text", "empty", "too_long", "two_lines", "scope"],
)
def test_what_is_wrong_with_a_key_is_said(context: Any, generator: Any, params: Any, message: str) -> None:
    """
    INV-EXE-5: without its value, which may be a secret.
    """
    policy = make_policy(idempotency=IdempotencyPolicy(True, generator))
    decision = FinalDecision(Action.ACT, params=params)
    expected = report([], [(CODE.IDEMPOTENCY_KEY_FAILED, message)], "0 0 0 1", fail_closed=True)
    store = MemoryIdempotencyStore()
    assert run(ScriptedExecutor([]), decision=decision, context=context, policy=policy, store=store) == expected


def test_params_without_a_digest_have_no_key() -> None:
    """
    INV-EXE-5: the report says why.
    """
    decision = FinalDecision(Action.ACT, params={"a": {1}})
    ended = run(ScriptedExecutor([]), decision=decision, context=SCOPE, policy=idempotent())
    assert (ended.error_message or "").startswith("params that are no JSON have no key: set")


@pytest.mark.parametrize("length", [1, 128])
def test_a_key_may_be_as_short_or_long_as_said(length: int) -> None:
    """
    INV-EXE-5: the executor gets it as it is.
    """
    policy = make_policy(idempotency=IdempotencyPolicy(True, lambda *_: "k" * length))
    executor = ScriptedExecutor([OK])
    run(executor, policy=policy, store=MemoryIdempotencyStore())
    assert executor.calls[0][3] == "k" * length


def test_the_key_of_a_run_is_fixed_for_good() -> None:
    """
    INV-EXE-5: what was done before an upgrade is not done again after it.
    """
    claimed = []

    class Watched(_Stuck):
        def claim(self, *given: str) -> Any:
            claimed.append(given)
            return super().claim(*given)

    decision = FinalDecision(Action.ACT, actions=[Action.HOLD, Action.ACT], params={"amount": 5})
    store = Watched(Claim(status=ClaimStatus.IN_FLIGHT))
    run(ScriptedExecutor([]), decision=decision, context=SCOPE, policy=idempotent(), store=store)
    payload = digest_of({"schema": "execution-payload/v1", "action": "ACT", "params": {"amount": 5}})
    parts = {"schema": "execution-key/v1", "scope": "run-1", "sequence": 1, "payload": payload}
    assert claimed == [(digest_of(parts), payload)]


@pytest.mark.parametrize(
    ("kind", "status", "code", "counts"),
    [
        (OutcomeKind.SUCCESS, SUCCESS, None, "1 0 0 0"),
        (OutcomeKind.FAILED, FAILED, CODE.EXECUTOR_FAILED, "0 1 0 0"),
        (OutcomeKind.UNKNOWN, UNKNOWN, CODE.OUTCOME_UNKNOWN, "0 0 0 0"),
    ],
)
def test_a_replay_is_one_attempt_that_took_no_time(
    kind: OutcomeKind, status: AttemptStatus, code: ExecutionCode | None, counts: str
) -> None:
    """
    INV-EXE-5: under the number that it had; an unknown one ends the execution.
    """
    outcome = KeyOutcome(kind=kind, attempt_number=2)
    policy = make_policy(idempotency=IdempotencyPolicy(True, lambda *_: "k"))
    store = _Stuck(Claim(status=ClaimStatus.ENDED, outcome=outcome))
    replayed = ExecutionAttempt(Action.EXIT, status, 2, 0, None, code, None, "k", is_replay=True)
    expected = report([replayed], [], counts, fail_closed=kind is OutcomeKind.UNKNOWN)
    assert run(ScriptedExecutor([]), decision=FinalDecision(Action.EXIT), policy=policy, store=store) == expected


def test_a_store_that_fails_when_it_settles_is_said() -> None:
    """
    INV-EXE-3: the attempt is reported as it was.
    """
    policy = make_policy(idempotency=IdempotencyPolicy(True, lambda *_: "k"))
    store = _Stuck(Claim(status=ClaimStatus.CLAIMED), "settle")
    done = ExecutionAttempt(Action.ACT, SUCCESS, 0, 0, None, None, None, "k")
    expected = report([done], [(CODE.STORE_FAILED, "the store raised OSError", 0)], "1 0 0 0", fail_closed=True)
    assert run(ScriptedExecutor([OK]), policy=policy, store=store) == expected
