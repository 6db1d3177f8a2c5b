"""INV-EXE-5: what is done once under a key, and what is recorded of it."""

import threading
from typing import Any

import pytest
from executing import ACT, FAIL, OK, idempotent, make_policy, run

from runtime.decision_schema import Action, FinalDecision
from runtime.execution import (
    AttemptStatus,
    ExecutionAttempt,
    ExecutionCode,
    IdempotencyPolicy,
    RetryPolicy,
    TimeoutPolicy,
    execute,
)
from runtime.storage import MemoryIdempotencyStore
from runtime.testing import ManualClock, ScriptedExecutor
from runtime.values.idempotency import Claim, ClaimStatus, KeyOutcome, OutcomeKind

SEVERAL = FinalDecision(Action.ACT, actions=[Action.ACT, Action.EXIT, Action.STOP])


class _Store:
    """
    A store that answers what a test says.
    """

    def __init__(self, claim: Any = None, failing: str = "") -> None:
        self.answer = claim or Claim(status=ClaimStatus.CLAIMED)
        self.failing = failing
        self.done: list[tuple[str, Any]] = []

    def claim(self, key: str, _: str) -> Any:
        self.key = key
        self._do("claim")
        return self.answer

    def settle(self, key: str, outcome: Any) -> None:
        assert key == self.key
        self._do("settle", outcome)

    def release(self, key: str) -> None:
        assert key == self.key
        self._do("release")

    def reconcile(self, _: str, __: Any) -> bool:
        return False

    def _do(self, name: str, value: Any = None) -> None:
        self.done.append((name, value))
        if name == self.failing:
            raise OSError


SCOPE = {"idempotency_scope": "run-1"}


class TestIdempotency:
    """
    INV-EXE-5: an action is done once under its key.
    """

    def test_a_recorded_outcome_is_replayed(self) -> None:
        """
        INV-EXE-5: nothing is called, whether it succeeded or failed.
        """
        for answer, status in ((OK, AttemptStatus.SUCCESS), (FAIL, AttemptStatus.FAILED)):
            store = MemoryIdempotencyStore()
            first = run(ScriptedExecutor([answer]), context=SCOPE, policy=idempotent(), store=store)
            again = run(ScriptedExecutor([]), context=SCOPE, policy=idempotent(), store=store)
            [attempt] = again.attempts
            assert (attempt.status, attempt.is_replay, first.attempts[0].is_replay) == (status, True, False)
            assert attempt.idempotency_key == first.attempts[0].idempotency_key
            assert attempt.error_code == first.attempts[0].error_code
            assert again.fail_closed is False

    @pytest.mark.parametrize(
        ("context", "decision"),
        [
            ({"idempotency_scope": "run-2"}, ACT),
            (SCOPE, FinalDecision(Action.EXIT)),
            (SCOPE, FinalDecision(Action.ACT, params={"a": 1})),
        ],
        ids=["another_run", "another_action", "other_params"],
    )
    def test_something_else_has_another_key(self, context: Any, decision: Any) -> None:
        """
        INV-EXE-5: run, place, action and params are in it.
        """
        store = MemoryIdempotencyStore()
        run(ScriptedExecutor([OK]), context=SCOPE, policy=idempotent(), store=store)
        executor = ScriptedExecutor([OK])
        assert run(executor, context=context, decision=decision, policy=idempotent(), store=store).success_count == 1
        assert executor.calls

    def test_equal_actions_of_one_decision_have_keys_of_their_own(self) -> None:
        """
        INV-EXE-5: the executor gets them.
        """
        executor = ScriptedExecutor([OK, OK])
        decision = FinalDecision(Action.ACT, actions=[Action.ACT, Action.HOLD, Action.ACT])
        report = run(executor, decision=decision, context=SCOPE, policy=idempotent(), store=MemoryIdempotencyStore())
        keys = [key for *_, key in executor.calls]
        assert len({*keys}) == 2
        assert [attempt.idempotency_key for attempt in report.attempts] == keys

    def test_a_generator_gives_the_key(self) -> None:
        """
        INV-EXE-5: where the context has no scope; for something else it is a conflict.
        """
        policy = idempotent()
        policy.idempotency = IdempotencyPolicy(True, lambda action, context: f"{action.value}-{context['id']}")
        store = MemoryIdempotencyStore()
        executor = ScriptedExecutor([OK])
        run(executor, context={"id": 7}, policy=policy, store=store)
        assert executor.calls[0][3] == "ACT-7"
        other = FinalDecision(Action.ACT, params={"a": 1})
        report = run(ScriptedExecutor([]), decision=other, context={"id": 7}, policy=policy, store=store)
        assert (report.error_code, report.denied_count) == (ExecutionCode.IDEMPOTENCY_CONFLICT, 1)
        assert report.fail_closed is True

    @pytest.mark.parametrize(
        ("context", "generator", "params"),
        [
            ({}, None, None),
            ({}, lambda _, __: 5, None),
            ({}, lambda _, __: "", None),
            ({}, lambda _, __: "a\nb", None),
            ({}, lambda _, __: "x" * 129, None),
            ({}, lambda _, context: context["none"], None),
            ({"idempotency_scope": 5}, None, None),
            (SCOPE, None, {"a": {1}}),
        ],
        ids=["none", "no_text", "empty", "two_lines", "too_long", "raises", "scope", "params"],
    )
    def test_without_a_key_nothing_is_done(self, context: Any, generator: Any, params: Any) -> None:
        """
        INV-EXE-3: the report says what to give.
        """
        policy = idempotent()
        policy.idempotency = IdempotencyPolicy(True, generator)
        decision = FinalDecision(Action.ACT, params=params)
        store = MemoryIdempotencyStore()
        report = run(ScriptedExecutor([]), decision=decision, context=context, policy=policy, store=store)
        assert (report.error_code, report.fail_closed) == (ExecutionCode.IDEMPOTENCY_KEY_FAILED, True)

    @pytest.mark.parametrize(
        ("status", "code", "fail_closed"),
        [
            (ClaimStatus.IN_FLIGHT, ExecutionCode.IN_FLIGHT, False),
            (ClaimStatus.CONFLICT, ExecutionCode.IDEMPOTENCY_CONFLICT, True),
            (ClaimStatus.UNKNOWN, ExecutionCode.OUTCOME_UNKNOWN, True),
        ],
    )
    def test_a_key_that_is_not_free_is_not_used(self, status: ClaimStatus, code: str, fail_closed: bool) -> None:  # noqa: FBT001 - a table.
        """
        INV-EXE-5: nothing is called.
        """
        store = _Store(Claim(status=status))
        report = run(ScriptedExecutor([]), context=SCOPE, policy=idempotent(), store=store)
        assert (report.error_code, report.fail_closed) == (code, fail_closed)
        assert report.denied_count == (0 if status is ClaimStatus.UNKNOWN else 1)
        assert [attempt.status for attempt in report.attempts] == (
            [AttemptStatus.UNKNOWN] if status is ClaimStatus.UNKNOWN else []
        )
        assert [name for name, _ in store.done] == ["claim"]

    @pytest.mark.parametrize(
        "store",
        [None, _Store(failing="claim"), _Store("yes"), _Store(Claim(status=ClaimStatus.ENDED)), object()],
        ids=["none", "raises", "no_claim", "no_outcome", "no_store"],
    )
    def test_a_store_that_fails_ends_it(self, store: Any) -> None:
        """
        INV-EXE-3: before the first attempt.
        """
        report = run(ScriptedExecutor([]), context=SCOPE, policy=idempotent(), store=store)
        assert (report.error_code, report.fail_closed) == (ExecutionCode.STORE_FAILED, True)
        assert (report.attempts, report.denied_count) == ((), 1)

    def test_an_outcome_that_is_not_recorded_fails_closed(self) -> None:
        """
        INV-EXE-3: the attempt is reported as it was.
        """
        report = run(ScriptedExecutor([OK]), context=SCOPE, policy=idempotent(), store=_Store(failing="settle"))
        assert (report.success_count, report.fail_closed) == (1, True)
        assert (report.error_code, report.denied_count) == (ExecutionCode.STORE_FAILED, 0)

    @pytest.mark.parametrize(
        ("answers", "kind", "code"),
        [
            ([OK], OutcomeKind.SUCCESS, None),
            ([FAIL, OK], OutcomeKind.SUCCESS, None),
            ([FAIL, FAIL], OutcomeKind.FAILED, "executor_failed"),
            ([OSError()], OutcomeKind.UNKNOWN, "executor_raised"),
            ([FAIL, None], OutcomeKind.UNKNOWN, "executor_contract_violation"),
        ],
        ids=["success", "retried", "failed", "raised", "no_answer"],
    )
    def test_what_is_recorded(self, answers: Any, kind: OutcomeKind, code: str | None) -> None:
        """
        INV-EXE-5: an executor that raised may have done it all the same, so nobody knows.
        """
        store = _Store()
        policy = idempotent(retry=RetryPolicy(1))
        run(ScriptedExecutor(answers), context=SCOPE, policy=policy, store=store)
        outcome = KeyOutcome(kind=kind, attempt_number=len(answers) - 1, code=code)
        assert store.done == [("claim", None), ("settle", outcome)]

    def test_a_stop_gives_the_key_back(self) -> None:
        """
        INV-EXE-5: where all attempts are known to have failed, it may be tried again later.
        """
        store, context = _Store(), dict(SCOPE)
        policy = idempotent(retry=RetryPolicy(3))
        sleep = lambda _: context.update(ops_state="RED")  # noqa: E731 - one line.
        report = run(ScriptedExecutor([FAIL]), context=context, policy=policy, store=store, sleep=sleep)
        assert (report.failed_count, report.denied_count) == (1, 1)
        assert store.done == [("claim", None), ("release", None)]

    def test_a_stop_that_fails_closed_gives_the_key_back_too(self) -> None:
        """
        INV-EXE-5: a kill switch that cannot be read any more says nothing about the attempts before.
        """
        store = _Store()
        answers: list[Any] = [False, False, False, None]
        report = run(
            ScriptedExecutor([FAIL]),
            context=SCOPE,
            policy=idempotent(retry=RetryPolicy(3)),
            store=store,
            kill_switch=lambda: answers.pop(0),
        )
        assert (report.failed_count, report.fail_closed) == (1, True)
        assert store.done == [("claim", None), ("release", None)]

    def test_a_switch_turned_while_the_key_was_claimed_stops(self) -> None:
        """
        INV-EXE-4: a store may wait for a lock, and the switch be turned meanwhile; the key goes back.
        """
        store = _Store()
        report = run(
            ScriptedExecutor([]),
            context=SCOPE,
            policy=idempotent(),
            store=store,
            kill_switch=lambda: store.done == [("claim", None)],
        )
        assert report.attempts == (
            ExecutionAttempt(Action.ACT, AttemptStatus.DENIED, 0, 0, None, ExecutionCode.KILL_SWITCH),
        )
        assert (report.denied_count, report.fail_closed) == (1, False)
        assert store.done == [("claim", None), ("release", None)]

    def test_a_claim_that_takes_all_the_time_leaves_none_for_an_attempt(self) -> None:
        """
        INV-EXE-2: what would begin after the deadline is not begun; the key goes back.
        """
        store, clock = _Store(), ManualClock()
        clock_of = lambda: clock() + 2 * bool(store.done)  # noqa: E731 - one line.
        policy = idempotent(timeout=TimeoutPolicy(None, 2000))
        report = run(ScriptedExecutor([]), context=SCOPE, policy=policy, store=store, clock=clock_of)
        assert (report.attempts, report.denied_count) == ((), 1)
        assert report.error_code is ExecutionCode.DEADLINE_EXCEEDED
        assert store.done == [("claim", None), ("release", None)]

    def test_an_action_for_which_no_time_is_left_claims_nothing(self) -> None:
        """
        INV-EXE-2: the one before took all of it.
        """
        store, clock = _Store(), ManualClock()
        policy = idempotent(timeout=TimeoutPolicy(None, 20_000))
        decision = FinalDecision(Action.ACT, actions=[Action.ACT, Action.EXIT])
        executor = ScriptedExecutor([OK])
        slow = lambda: clock() + 20 * len(executor.calls)  # noqa: E731 - one line.
        report = run(executor, decision=decision, context=SCOPE, policy=policy, store=store, clock=slow)
        assert (report.success_count, report.denied_count) == (1, 1)
        assert [name for name, _ in store.done] == ["claim", "settle"]

    def test_a_key_that_is_a_secret_does_not_leave(self) -> None:
        """
        INV-EXE-5: a generator may give anything.
        """
        policy = make_policy(idempotency=IdempotencyPolicy(enabled=True, key_generator=lambda *_: "password=hunter2"))
        store = MemoryIdempotencyStore()
        for is_replay in (False, True):
            report = run(ScriptedExecutor([OK]), policy=policy, store=store)
            attempt = report.attempts[0]
            assert (attempt.idempotency_key, attempt.is_replay) == ("password=[redacted:pair]", is_replay)

    def test_without_scope_and_generator_it_is_said_what_is_missing(self) -> None:
        """
        INV-EXE-5: nothing is done without a key.
        """
        report = run(ScriptedExecutor([]), policy=idempotent(), store=_Store())
        assert report.error_code is ExecutionCode.IDEMPOTENCY_KEY_FAILED
        assert (report.error_message or "").startswith("no key: put idempotency_scope into the context")

    def test_a_clock_that_fails_after_the_claim_gives_the_key_back(self) -> None:
        """
        INV-EXE-5: nothing was attempted.
        """
        times = iter([0.0] * 3)
        store = _Store()
        report = execute(ACT, SCOPE, idempotent(), ScriptedExecutor([]), clock=lambda: next(times), store=store)
        assert (report.attempts, report.denied_count) == ((), 1)
        assert store.done == [("claim", None), ("release", None)]

    @pytest.mark.parametrize("failing", ["", "settle"])
    def test_an_interruption_leaves_the_key_unknown(self, failing: str) -> None:
        """
        INV-EXE-5: and goes on to who made it.
        """
        store = _Store(failing=failing)
        with pytest.raises(KeyboardInterrupt):
            run(ScriptedExecutor([KeyboardInterrupt()]), context=SCOPE, policy=idempotent(), store=store)
        assert store.done == [("claim", None), ("settle", KeyOutcome(kind=OutcomeKind.UNKNOWN))]

    def test_an_interruption_of_a_thread_is_raised(self) -> None:
        """
        Where several actions run at once; those that were not begun are not.
        """
        executor = ScriptedExecutor([KeyboardInterrupt(), KeyboardInterrupt()])
        with pytest.raises(KeyboardInterrupt):
            run(executor, decision=SEVERAL, policy=make_policy(max_concurrency=2))
        assert len(executor.calls) <= 2

    def test_a_limit_settles_as_unknown(self) -> None:
        """
        INV-EXE-5: a further execution under the key calls nothing.
        """
        gate = threading.Event()
        store = MemoryIdempotencyStore()
        policy = idempotent(timeout=TimeoutPolicy(1, None))
        run(lambda _, __: gate.wait(10) and OK, context=SCOPE, policy=policy, store=store)
        gate.set()
        report = run(ScriptedExecutor([]), context=SCOPE, policy=idempotent(), store=store)
        assert (report.error_code, report.fail_closed) == (ExecutionCode.OUTCOME_UNKNOWN, True)
