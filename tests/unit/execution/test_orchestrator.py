"""The invariants of executions, and how executors are called and judged."""

import threading
from collections.abc import Callable, Mapping
from functools import partial
from types import SimpleNamespace
from typing import Any

import pytest
from executing import ACT, FAIL, OK, make_policy, run, wait_for_orphans

from runtime.decision_schema import Action, FinalDecision
from runtime.execution import (
    AttemptStatus,
    BreakerPolicy,
    ExecutionAttempt,
    ExecutionCode,
    ExecutionPolicy,
    ExecutionReport,
    ExecutionState,
    RateLimitPolicy,
    Refusal,
    RetryPolicy,
    TimeoutPolicy,
    execute,
)
from runtime.execution.policies import plan_of
from runtime.execution.schedule import backoff_ms
from runtime.execution.workers import orphan_names
from runtime.testing import ManualClock, ScriptedExecutor

SEVERAL = FinalDecision(Action.ACT, actions=[Action.ACT, Action.EXIT, Action.STOP])


def _plain(answer: Any) -> Callable[[Action, dict[str, Any]], Any]:
    def executor(_: Action, __: dict[str, Any]) -> Any:
        if isinstance(answer, Exception):
            raise answer
        return answer

    return executor


def _recorder(calls: list[Action]) -> Callable[[Action, dict[str, Any]], Any]:
    def executor(action: Action, _: dict[str, Any]) -> Any:
        calls.append(action)
        return OK

    return executor


def _refuse() -> bool:
    raise OSError


class TestASuccess:
    """
    An action that succeeds is attempted once.
    """

    def test_it_is_reported(self) -> None:
        """
        With its time, and the counts that follow.
        """
        clock = ManualClock()
        report = run(ScriptedExecutor([OK], clock=clock, seconds=2.5), clock=clock)
        [attempt] = report.attempts
        assert (attempt.action, attempt.status, attempt.attempt_number) == (Action.ACT, AttemptStatus.SUCCESS, 0)
        assert (attempt.latency_ms, report.total_latency_ms) == (2500, 2500)
        assert (report.success_count, report.failed_count, report.denied_count, report.skipped_count) == (1, 0, 0, 0)
        assert report.fail_closed is False
        assert report.error_code is None
        assert report.error_message is None

    def test_the_machine_s_clock_will_do(self) -> None:
        """
        Nothing but the four arguments is needed.
        """
        assert execute(ACT, {}, ExecutionPolicy(), _plain(OK)).success_count == 1

    @pytest.mark.parametrize("isolation", ["thread", "process"])
    def test_it_succeeds_under_a_limit(self, isolation: str) -> None:
        """
        In a thread or a process of its own.
        """
        policy = ExecutionPolicy(timeout=TimeoutPolicy(10_000, None, isolation))
        assert run(_plain(OK), policy=policy).success_count == 1

    def test_an_executor_may_take_more(self) -> None:
        """
        The params as a copy, and the key.
        """
        executor = ScriptedExecutor([OK])
        decision = FinalDecision(Action.ACT, params={"a": 1})
        report = run(executor, decision=decision, context={"x": 1})
        assert executor.calls == [(Action.ACT, {"x": 1}, {"a": 1}, None)]
        assert executor.calls[0][2] is not decision.params
        assert report.attempts[0].idempotency_key is None


class TestRetries:
    """
    INV-EXE-2: a known failure is tried again, so often and no more.
    """

    def test_all_attempts_are_numbered(self) -> None:
        """
        INV-EXE-2: the back-off doubles up to its bound.
        """
        clock = ManualClock()
        policy = make_policy(retry=RetryPolicy(3, 100, 300))
        report = run(ScriptedExecutor([FAIL] * 4), policy=policy, clock=clock)
        assert [attempt.attempt_number for attempt in report.attempts] == [0, 1, 2, 3]
        assert {attempt.error_code for attempt in report.attempts} == {ExecutionCode.EXECUTOR_FAILED}
        assert clock.slept == [0.1, 0.2, 0.3]
        assert (report.failed_count, report.fail_closed, report.error_message) == (4, False, "no")

    def test_a_later_attempt_may_succeed(self) -> None:
        """
        INV-EXE-2: then it is over, also where the first attempt was a plain function's.
        """
        answers = [FAIL, OK]
        report = run(lambda _, __: answers.pop(0), policy=_used(make_policy()))
        assert [attempt.status for attempt in report.attempts] == ["FAILED", "SUCCESS"]
        assert report.total_latency_ms == 100

    def test_no_back_off_is_no_sleep(self) -> None:
        """
        Where the policy sets none.
        """
        clock = ManualClock()
        run(ScriptedExecutor([FAIL, OK]), policy=make_policy(retry=RetryPolicy(1, 0, 0)), clock=clock)
        assert clock.slept == []

    def test_a_back_off_that_would_cross_the_deadline_is_not_begun(self) -> None:
        """
        INV-EXE-2: also one that would end exactly there.
        """
        clock = ManualClock()
        policy = make_policy(retry=RetryPolicy(9, 100, 100), timeout=TimeoutPolicy(None, 300))
        report = run(ScriptedExecutor([FAIL] * 9), policy=policy, clock=clock)
        assert clock() == 0.2
        assert (len(report.attempts), report.error_code) == (3, ExecutionCode.DEADLINE_EXCEEDED)
        assert report.fail_closed is False
        assert report.denied_count == 0

    def test_no_attempt_is_begun_after_the_deadline(self) -> None:
        """
        INV-EXE-2: of a later action neither; it is denied.
        """
        clock = ManualClock()
        policy = make_policy(timeout=TimeoutPolicy(None, 300))
        executor = ScriptedExecutor([OK, OK], clock=clock, seconds=0.2)
        report = run(executor, decision=SEVERAL, policy=policy, clock=clock)
        assert (report.success_count, report.denied_count) == (2, 1)
        assert report.error_code is ExecutionCode.DEADLINE_EXCEEDED


class TestTheKillSwitch:
    """
    INV-EXE-4: it is read before every attempt and after every back-off.
    """

    @pytest.mark.parametrize(
        ("context", "is_stopped"),
        [
            ({}, False),
            ({"ops_deny_actions": False}, False),
            ({"ops_deny_actions": True}, True),
            ({"ops_deny_actions": None}, True),
            ({"ops_deny_actions": 0}, True),
            ({"ops_deny_actions": "false"}, True),
            ({"ops_state": "GREEN"}, False),
            ({"ops_state": "RED"}, True),
            ({"ops_state": SimpleNamespace(value="RED")}, True),
            ({"now_ms": 10, "ops_cooldown_until_ms": 10}, False),
            ({"now_ms": 10, "ops_cooldown_until_ms": 11}, True),
            ({"now_ms": 10.5, "cooldown_until_ms": 10}, False),
            ({"now_ms": 10, "cooldown_until_ms": 11}, True),
            ({"cooldown_until_ms": 11}, True),
            ({"now_ms": True, "cooldown_until_ms": 0}, True),
            ({"now_ms": 5, "cooldown_until_ms": "3"}, True),
            ({"now_ms": float("nan"), "cooldown_until_ms": 0}, True),
            ({"now_ms": 5, "cooldown_until_ms": None}, False),
        ],
        ids=repr,
    )
    def test_the_context_stops(self, context: dict[str, Any], is_stopped: bool) -> None:  # noqa: FBT001 - a table.
        """
        INV-EXE-4: in doubt it is on. Nothing is attempted, and that is no failure.
        """
        executor = ScriptedExecutor([OK])
        report = run(executor, context=context)
        assert (report.denied_count, len(executor.calls)) == ((1, 0) if is_stopped else (0, 1))
        assert len(report.attempts) == len(executor.calls)
        assert report.fail_closed is False
        assert report.error_code == (ExecutionCode.KILL_SWITCH if is_stopped else None)

    @pytest.mark.parametrize(
        "switch", [lambda: True, SimpleNamespace(is_active=lambda: True)], ids=["function", "port"]
    )
    def test_the_port_stops(self, switch: Any) -> None:
        """
        INV-EXE-4: beside the context.
        """
        report = run(ScriptedExecutor([]), kill_switch=switch)
        assert (report.denied_count, report.error_code) == (1, ExecutionCode.KILL_SWITCH)
        assert report.fail_closed is False

    @pytest.mark.parametrize(
        "switch", [_refuse, lambda: None, lambda: 0, 5], ids=["raises", "none", "zero", "no_switch"]
    )
    def test_one_that_cannot_be_read_is_on(self, switch: Any) -> None:
        """
        INV-EXE-3: and the execution failed closed.
        """
        report = run(ScriptedExecutor([]), kill_switch=switch)
        assert (report.denied_count, report.fail_closed) == (1, True)
        assert report.error_code is ExecutionCode.KILL_SWITCH_UNREADABLE

    def test_a_strict_context_must_hold_it(self) -> None:
        """
        INV-EXE-4: an empty one is then no leave.
        """
        assert run(ScriptedExecutor([]), strict_context=True).error_code is ExecutionCode.CONTEXT_INCOMPLETE
        assert run(ScriptedExecutor([OK]), context={"ops_deny_actions": False}, strict_context=True).success_count == 1

    def test_a_flip_in_the_context_stops_the_next_attempt(self) -> None:
        """
        INV-EXE-4: the stop is recorded with the number of the attempt that was not made.
        """
        context: dict[str, Any] = {}
        clock = ManualClock()

        def flip(seconds: float) -> None:
            clock.sleep(seconds)
            context["ops_deny_actions"] = True

        report = run(ScriptedExecutor([FAIL]), context=context, clock=clock, sleep=flip)
        assert [(attempt.status, attempt.attempt_number) for attempt in report.attempts] == [
            (AttemptStatus.FAILED, 0),
            (AttemptStatus.DENIED, 1),
        ]
        assert (report.failed_count, report.denied_count, report.fail_closed) == (1, 1, False)

    def test_a_flip_of_the_port_stops_the_next_attempt(self) -> None:
        """
        INV-EXE-3, and INV-EXE-4: on, or not to be read any more.
        """
        for last, closed in ((True, False), (None, True)):
            answers: list[Any] = [False, False, last]
            report = run(ScriptedExecutor([FAIL]), kill_switch=lambda answers=answers: answers.pop(0))
            assert report.attempts[1].status is AttemptStatus.DENIED
            assert report.fail_closed is closed

    def test_an_executor_can_stop_and_not_free(self) -> None:
        """
        INV-EXE-4: it works on a copy.
        """
        given: dict[str, Any] = {"a": 1}

        def stops(_: Action, context: dict[str, Any]) -> Any:
            context["ops_deny_actions"] = True
            return FAIL

        report = run(stops, context=given)
        assert (report.failed_count, report.denied_count, given) == (1, 1, {"a": 1})

        def frees(_: Action, context: dict[str, Any]) -> Any:
            given["ops_deny_actions"] = True
            context["ops_deny_actions"] = False
            return FAIL

        assert run(frees, context=given).denied_count == 1

    @pytest.mark.parametrize("begins_at", [0, 1000], ids=["from_zero", "later"])
    @pytest.mark.parametrize(("until", "is_over"), [(2000, True), (2001, False)])
    @pytest.mark.parametrize("is_own", [True, False], ids=["of_the_executor", "of_the_caller"])
    def test_a_cool_down_ends_while_it_is_executed(
        self,
        begins_at: int,
        until: int,
        is_over: bool,  # noqa: FBT001 - a table.
        is_own: bool,  # noqa: FBT001 - as above.
    ) -> None:
        """
        INV-EXE-4: the time of the context goes on with the clock, and not faster.
        """
        given, answers = {"now_ms": 0}, [FAIL, OK]

        def executor(_: Action, own: dict[str, Any]) -> Any:
            (own if is_own else given)["cooldown_until_ms"] = until
            return answers.pop(0)

        policy = make_policy(retry=RetryPolicy(1, 2000))
        report = run(executor, context=given, policy=policy, clock=ManualClock(begins_at))
        assert (report.success_count, report.denied_count) == ((1, 0) if is_over else (0, 1))


class TestPermission:
    """
    Nothing is executed that is not clearly allowed.
    """

    @pytest.mark.parametrize("allowed", [False, "false", "true", 1, None, 0])
    def test_only_true_is_allowed(self, allowed: Any) -> None:
        """
        Anything else is skipped.
        """
        report = run(ScriptedExecutor([]), decision=FinalDecision(Action.ACT, allowed=allowed))
        assert (report.skipped_count, report.fail_closed, report.attempts) == (1, False, ())
        assert report.error_code is ExecutionCode.NOT_ALLOWED

    def test_hold_never_reaches_the_executor(self) -> None:
        """
        Alone or among others.
        """
        assert run(ScriptedExecutor([]), decision=FinalDecision(Action.HOLD)).skipped_count == 1
        report = run(ScriptedExecutor([OK]), decision=FinalDecision(Action.ACT, actions=[Action.HOLD, Action.ACT]))
        assert (report.success_count, report.skipped_count) == (1, 1)
        assert report.error_code is ExecutionCode.HOLD

    def test_hold_of_a_plain_function(self) -> None:
        """
        Also where the first attempt would be quick.
        """
        for decision in (FinalDecision(Action.HOLD), FinalDecision(Action.ACT, allowed=False)):
            report = run(_plain(OK), decision=decision, policy=_used(make_policy()))
            assert (report.success_count, report.skipped_count) == (0, 1)

    def test_other_executors_and_decisions_are_left_to_the_general_way(self) -> None:
        """
        With a policy that was used before.
        """
        policy = _used(make_policy())
        assert run(ScriptedExecutor([OK]), policy=policy).success_count == 1
        assert run(_plain(OK), policy=policy, decision=SEVERAL).success_count == 3
        assert run(_plain(OK), policy=policy, decision=SimpleNamespace(allowed=True, action="ACT")).success_count == 1
        assert run(lambda _, __, **more: (not more, None), policy=policy).failed_count == 4

    def test_what_a_first_attempt_changes_is_no_way_out_of_the_report(self) -> None:
        """
        INV-EXE-3: an executor that breaks its own policy or decision is reported as it was called.
        """
        policy, decision = _used(make_policy(retry=RetryPolicy(0))), FinalDecision(Action.ACT)

        def executor(_: Action, __: dict[str, Any]) -> Any:
            policy.retry.max_retries = -1
            decision.allowed = False
            return FAIL

        report = run(executor, policy=policy, decision=decision)
        assert (report.failed_count, report.attempts[0].error_code) == (1, ExecutionCode.EXECUTOR_FAILED)

    def test_a_dry_run_attempts_nothing(self) -> None:
        """
        It says so for each action, and still stops where everything stops.
        """
        decision = FinalDecision(Action.ACT, actions=[Action.ACT, Action.HOLD])
        report = run(ScriptedExecutor([]), decision=decision, dry_run=True)
        assert [refusal.code for refusal in report.refusals] == [ExecutionCode.DRY_RUN, ExecutionCode.HOLD]
        assert (report.skipped_count, report.attempts, report.fail_closed) == (2, (), False)
        assert run(_plain(OK), policy=_used(make_policy()), dry_run=True).skipped_count == 1
        assert run(ScriptedExecutor([]), context={"ops_deny_actions": True}, dry_run=True).denied_count == 1


def _used(policy: ExecutionPolicy) -> ExecutionPolicy:
    # A first attempt is quick only with a policy that was checked before.
    execute(ACT, {}, policy, _plain(OK))
    return policy


def _played(answers: list[Any], clock: ManualClock) -> Callable[[Action, dict[str, Any]], Any]:
    left = list(answers)

    def executor(_: Action, context: dict[str, Any]) -> Any:
        clock.advance(0.01)
        answer = left.pop(0)
        if isinstance(answer, Exception):
            raise answer
        if answer == "stop":
            context["ops_state"] = "RED"
            return FAIL
        return answer

    return executor


class TestAFirstAttempt:
    """
    INV-EXE-1: one that needs nothing else is made quickly, and reported as in the general way.
    """

    @pytest.mark.parametrize("seconds", [0, 2.5])
    @pytest.mark.parametrize("action", [Action.ACT, Action.EXIT, Action.CANCEL, Action.STOP])
    def test_a_success_is_one_attempt(self, action: Action, seconds: float) -> None:
        """
        With the time it took, which takes two looks at the clock.
        """
        clock, looks = ManualClock(), []

        def watched() -> float:
            looks.append(clock())
            return clock()

        def executor(given: Action, _: dict[str, Any]) -> Any:
            assert given is action
            clock.advance(seconds)
            return OK

        policy = _used(make_policy())
        report = run(executor, decision=FinalDecision(action), policy=policy, clock=watched, sleep=None)
        latency_ms = int(1000 * seconds)
        attempt = ExecutionAttempt(action, AttemptStatus.SUCCESS, 0, latency_ms)
        assert report == ExecutionReport((attempt,), latency_ms, 1, 0, 0, 0, False)
        assert looks == [0, seconds]

    @pytest.mark.parametrize(
        "answers",
        [[FAIL, OK], [FAIL] * 4, [OSError()], [None], [FAIL, OSError()], ["stop"], [FAIL, "stop"]],
        ids=["retried", "failed", "raises", "no_answer", "raises_later", "stopped", "stopped_later"],
    )
    def test_after_it_the_general_way_goes_on(self, answers: list[Any]) -> None:
        """
        A switch that is off forces the general way from the beginning.
        """
        reports, slept = [], []
        for switch in (None, lambda: False):
            clock = ManualClock(7)
            executor = _played(answers, clock)
            reports.append(run(executor, policy=_used(make_policy()), clock=clock, kill_switch=switch))
            slept.append(clock.slept)
        assert reports[0] == reports[1]
        assert slept[0] == slept[1]

    def test_it_is_made_with_a_copy_of_the_context(self) -> None:
        """
        INV-EXE-4: what it does to its own can stop the execution; the caller's stays as it was.
        """
        given = {"a": 1}
        report = run(_played(["stop"], ManualClock()), context=given, policy=_used(make_policy()))
        assert given == {"a": 1}
        assert [attempt.status for attempt in report.attempts] == [AttemptStatus.FAILED, AttemptStatus.DENIED]
        assert [refusal.sequence for refusal in report.refusals] == [0]

    def test_an_executor_that_takes_more_gets_it(self) -> None:
        """
        Also where it could do without.
        """
        seen = []

        def named(_: Action, __: dict[str, Any], *, params: Any = None, idempotency_key: Any = 5) -> Any:
            seen.append((params, idempotency_key))
            return OK

        def any_number(*given: Any) -> Any:
            seen.append(given)
            return OK

        def more(_: Action, __: dict[str, Any], *given: Any) -> Any:
            seen.append(given)
            return OK

        for executor in (named, partial(named), any_number, more):
            assert run(executor, policy=_used(make_policy())).success_count == 1
        assert seen == [({}, None), ({}, None), (Action.ACT, {}), ()]


class TestFailingClosed:
    """
    INV-EXE-3: whatever cannot be trusted ends the execution.
    """

    @pytest.mark.parametrize("limit", [None, 10_000])
    @pytest.mark.parametrize("isolation", ["thread", "process"])
    def test_an_exception_ends_it(self, limit: int | None, isolation: str) -> None:
        """
        INV-EXE-3: it is not tried again, and its text, which may hold anything, is not told.
        """
        policy = ExecutionPolicy(timeout=TimeoutPolicy(limit, None, isolation))
        for used in (policy, _used(policy)):
            report = run(_plain(ValueError("secret")), policy=used)
            [attempt] = report.attempts
            assert (attempt.status, attempt.error_type) == (AttemptStatus.FAILED, "ValueError")
            assert attempt.error_code is ExecutionCode.EXECUTOR_RAISED
            assert report.fail_closed is True
            assert b"secret" not in report.raw

    @pytest.mark.parametrize(
        "answer",
        [None, True, (True,), (True, None, None), (1, None), ("yes", None), (True, 5), (False, 5), [True, None], {}],
        ids=repr,
    )
    @pytest.mark.parametrize("isolation", ["none", "process"])
    def test_an_answer_that_is_none_ends_it(self, answer: Any, isolation: str) -> None:
        """
        INV-EXE-3: it is no success, and not tried again.
        """
        policy = make_policy() if isolation == "none" else make_policy(timeout=TimeoutPolicy(None, None, "process"))
        report = run(_plain(answer), policy=policy)
        [attempt] = report.attempts
        assert attempt.error_code is ExecutionCode.EXECUTOR_CONTRACT_VIOLATION
        assert (report.failed_count, report.fail_closed) == (1, True)

    def test_an_async_executor_is_no_answer(self) -> None:
        """
        INV-EXE-3: here nobody awaits it, and Python does not warn of it either.
        """

        async def executor(_: Action, __: dict[str, Any]) -> Any:
            return OK

        report = run(executor)
        assert report.error_code is ExecutionCode.EXECUTOR_CONTRACT_VIOLATION

    @pytest.mark.parametrize("concurrency", [1, 3])
    def test_later_actions_are_not_attempted(self, concurrency: int) -> None:
        """
        INV-EXE-3: they are skipped.
        """
        gate = threading.Event()

        def executor(action: Action, _: dict[str, Any]) -> Any:
            if action is Action.ACT:
                gate.set()
                raise OSError
            gate.wait(1)
            return FAIL

        report = run(executor, decision=SEVERAL, policy=make_policy(max_concurrency=concurrency))
        assert report.fail_closed is True
        assert report.error_code is ExecutionCode.EXECUTOR_RAISED
        if concurrency == 1:
            assert (report.failed_count, report.skipped_count) == (1, 2)

    @pytest.mark.parametrize(
        ("decision", "code"),
        [
            (None, ExecutionCode.INVALID_DECISION),
            (SimpleNamespace(allowed=True), ExecutionCode.INVALID_DECISION),
            (SimpleNamespace(allowed=True, action="FLY"), ExecutionCode.INVALID_DECISION),
            (SimpleNamespace(allowed=True, action=None), ExecutionCode.INVALID_DECISION),
            (SimpleNamespace(allowed=True, actions=[]), ExecutionCode.INVALID_DECISION),
            (SimpleNamespace(allowed=True, actions="ACT"), ExecutionCode.INVALID_DECISION),
            (SimpleNamespace(allowed=True, actions=["ACT"] * 65), ExecutionCode.INVALID_DECISION),
            (SimpleNamespace(allowed=True, action="ACT", params=[1]), ExecutionCode.INVALID_DECISION),
            (FinalDecision(Action.ACT, actions=[Action.ACT, "FLY"]), ExecutionCode.INVALID_DECISION),  # type: ignore[list-item]  # what is refused.
        ],
        ids=["none", "no_action", "unknown", "null", "empty", "text", "too_many", "params", "one_unknown"],
    )
    def test_what_is_no_decision_is_refused_whole(self, decision: Any, code: ExecutionCode) -> None:
        """
        INV-EXE-3: no action of it is executed.
        """
        report = run(ScriptedExecutor([]), decision=decision)
        assert (report.error_code, report.fail_closed, report.denied_count) == (code, True, 1)

    def test_a_decision_that_cannot_be_read_is_refused(self) -> None:
        """
        INV-EXE-3: whatever its properties raise.
        """

        class Hostile:
            @property
            def allowed(self) -> bool:
                raise KeyError

        assert run(ScriptedExecutor([]), decision=Hostile()).error_code is ExecutionCode.INVALID_DECISION

    @pytest.mark.parametrize(
        "decision",
        [
            SimpleNamespace(allowed=True, action="ACT"),
            SimpleNamespace(allowed=True, action=SimpleNamespace(value="ACT"), params=None),
            SimpleNamespace(allowed=True, actions=("ACT",), params={}),
        ],
        ids=["text", "enum", "actions"],
    )
    def test_a_decision_of_another_copy_is_read_by_value(self, decision: Any) -> None:
        """
        Its class is never asked for.
        """
        executor = ScriptedExecutor([OK])
        assert run(executor, decision=decision).success_count == 1
        assert executor.calls[0][0] is Action.ACT

    @pytest.mark.parametrize("context", [None, [], "x", 5], ids=repr)
    def test_a_context_that_is_no_mapping_is_refused(self, context: Any) -> None:
        """
        INV-EXE-3: before anything else.
        """
        report = execute(ACT, context, make_policy(), ScriptedExecutor([]))
        assert (report.error_code, report.fail_closed) == (ExecutionCode.INVALID_CONTEXT, True)

    @pytest.mark.parametrize("broken", ["get", "__iter__"])
    def test_a_context_that_cannot_be_read_is_refused(self, broken: str) -> None:
        """
        INV-EXE-3: the kill switch was not read.
        """

        class Hostile(Mapping[str, Any]):
            def __getitem__(self, key: str) -> Any:
                if broken == "get":
                    raise OSError
                raise KeyError(key)

            def __iter__(self) -> Any:
                raise OSError

            def __len__(self) -> int:
                return 0

        report = run(ScriptedExecutor([]), context=Hostile())
        code = ExecutionCode.KILL_SWITCH_UNREADABLE if broken == "get" else ExecutionCode.INVALID_CONTEXT
        assert (report.error_code, report.fail_closed) == (code, True)

    @pytest.mark.parametrize("executor", [None, 5, lambda: OK, lambda _: OK, lambda *, a: (a, OK)], ids=range(5))
    def test_an_executor_that_cannot_be_called_is_refused(self, executor: Any) -> None:
        """
        INV-EXE-3: before the first attempt.
        """
        report = run(executor)
        assert (report.error_code, report.attempts) == (ExecutionCode.INVALID_EXECUTOR, ())

    def test_an_executor_that_does_not_tell_is_tried(self, monkeypatch: pytest.MonkeyPatch) -> None:
        """
        With the two arguments of the contract.
        """

        def refuse(_: object) -> None:
            raise ValueError

        monkeypatch.setattr("inspect.signature", refuse)
        assert run(lambda _, __: OK).success_count == 1

    @pytest.mark.parametrize("policy", [5, {}, SimpleNamespace()], ids=["int", "dict", "foreign"])
    def test_what_is_no_policy_is_refused(self, policy: Any) -> None:
        """
        INV-EXE-3: with the name of what is wrong.
        """
        report = execute(ACT, {}, policy, ScriptedExecutor([]))
        assert (report.error_code, report.fail_closed) == (ExecutionCode.INVALID_POLICY, True)
        assert "policy" in (report.error_message or "")

    def test_a_bad_field_is_named(self) -> None:
        """
        INV-EXE-3: also one that became bad after the policy was used.
        """
        policy = _used(make_policy())
        policy.retry.max_retries = -1
        report = execute(ACT, {}, policy, _plain(OK))
        assert report.error_message == "retry.max_retries -1: give an int from 0 to 100"
        assert report.attempts == ()

    @pytest.mark.parametrize("reading", range(6))
    @pytest.mark.parametrize("kind", ["raises", "nan", "text"])
    def test_a_clock_that_fails_ends_it(self, reading: int, kind: str) -> None:
        """
        INV-EXE-3: at every reading; what was attempted by then is reported.
        """
        readings = 0

        def clock() -> Any:
            nonlocal readings
            readings += 1
            if readings <= reading:
                return 0.0
            if kind == "raises":
                raise OSError
            return float("nan") if kind == "nan" else "now"

        for policy in (make_policy(retry=RetryPolicy(0)), _used(make_policy(retry=RetryPolicy(0)))):
            readings = 0
            calls: list[Action] = []

            report = execute(ACT, {}, policy, _recorder(calls), clock=clock)
            assert len(report.attempts) == len(calls)
            if report.fail_closed:
                assert report.error_code is ExecutionCode.CLOCK_FAILED

    def test_a_clock_that_goes_back_makes_no_negative_time(self) -> None:
        """
        A latency is at least 0.
        """
        for policy in (make_policy(), _used(make_policy())):
            times = iter([float(second) for second in range(1000, 0, -1)])
            report = execute(ACT, {}, policy, _plain(OK), clock=partial(next, times))
            assert (report.total_latency_ms, report.attempts[0].latency_ms) == (0, 0)

    def test_a_sleep_that_fails_ends_it(self) -> None:
        """
        INV-EXE-3: nothing is tried again at once.
        """

        def sleep(_: float) -> None:
            raise OSError

        report = run(ScriptedExecutor([FAIL]), sleep=sleep)
        assert (report.failed_count, report.error_code) == (1, ExecutionCode.CLOCK_FAILED)
        assert report.fail_closed is True


class TestLimits:
    """
    INV-EXE-2: an attempt under a limit gives control back, whether it ends or not.
    """

    def test_a_thread_that_hangs_is_left_and_named(self) -> None:
        """
        INV-EXE-2: nobody knows what it does, and it is not tried again.
        """
        wait_for_orphans()
        gate, ended = threading.Event(), threading.Event()

        def executor(_: Action, __: dict[str, Any]) -> Any:
            gate.wait(10)
            ended.set()
            return OK

        report = run(executor, policy=ExecutionPolicy(timeout=TimeoutPolicy(1, None)))
        [attempt] = report.attempts
        assert (attempt.status, attempt.error_code) == (AttemptStatus.UNKNOWN, ExecutionCode.ATTEMPT_TIMEOUT)
        assert attempt.error_message == "the executor runs on in the thread execution:0:ACT:0"
        assert orphan_names() == ["execution:0:ACT:0"]
        external = report.to_external_dict()
        counts = [external[f"exec.{name}_count"] for name in ("success", "failed", "skipped", "denied")]
        assert (external["exec.attempt_count"], sum(counts), external["exec.fail_closed"]) == (1, 0, True)
        gate.set()
        assert ended.wait(10)

    def test_a_process_that_hangs_is_killed(self) -> None:
        """
        INV-EXE-2: nobody knows what it did.
        """
        policy = ExecutionPolicy(timeout=TimeoutPolicy(20, None, "process"))
        report = run(lambda _, __: threading.Event().wait(10), policy=policy)
        [attempt] = report.attempts
        assert (attempt.status, attempt.error_code) == (AttemptStatus.UNKNOWN, ExecutionCode.ATTEMPT_TIMEOUT)
        assert report.fail_closed is True

    def test_a_process_that_is_lost_is_unknown(self) -> None:
        """
        INV-EXE-2: it ended before it answered.
        """

        def executor(_: Action, __: dict[str, Any]) -> Any:
            import os  # noqa: PLC0415 - of the forked process.

            os._exit(0)

        report = run(executor, policy=make_policy(timeout=TimeoutPolicy(None, None, "process")))
        assert (report.attempts[0].status, report.error_code) == (AttemptStatus.UNKNOWN, ExecutionCode.EXECUTOR_LOST)

    def test_no_more_are_left_than_the_limit(self, monkeypatch: pytest.MonkeyPatch) -> None:
        """
        INV-EXE-2: the next attempt is denied.
        """
        monkeypatch.setattr("runtime.execution.orchestrator.has_room", lambda: False)
        report = run(ScriptedExecutor([]), policy=ExecutionPolicy())
        assert report.attempts[0].status is AttemptStatus.DENIED
        assert (report.denied_count, report.failed_count, report.fail_closed) == (1, 0, True)
        assert report.error_code is ExecutionCode.TOO_MANY_ORPHANS

    def test_several_run_at_once_within_the_bound(self) -> None:
        """
        INV-EXE-2: and the report has their order, not the order they ended in.
        """
        lock, barrier = threading.Lock(), threading.Barrier(2, timeout=10)
        running, most = 0, 0

        def executor(_: Action, __: dict[str, Any]) -> Any:
            nonlocal running, most
            with lock:
                running += 1
                most = max(most, running)
            barrier.wait()
            with lock:
                running -= 1
            barrier.wait()
            return OK

        decision = FinalDecision(Action.ACT, actions=[Action.STOP, Action.ACT, Action.EXIT, Action.CANCEL])
        report = run(executor, decision=decision, policy=make_policy(max_concurrency=2))
        assert [attempt.action for attempt in report.attempts] == decision.actions
        assert most == 2

    def test_one_of_several_that_fails_is_tried_again(self) -> None:
        """
        INV-EXE-2: after its back-off, as it is alone.
        """
        clock = ManualClock()
        policy = make_policy(max_concurrency=2, retry=RetryPolicy(2, 100, 100))
        report = run(ScriptedExecutor([FAIL, FAIL, OK, OK, OK]), decision=SEVERAL, policy=policy, clock=clock)
        assert (report.success_count, report.failed_count, clock.slept) == (3, 2, [0.1, 0.1])

    @pytest.mark.parametrize(("most", "count", "is_here"), [(1, 2, True), (2, 1, True), (2, 2, False), (3, 2, False)])
    def test_nothing_that_need_not_runs_in_another_thread(self, most: int, count: int, is_here: bool) -> None:  # noqa: FBT001 - a table.
        """
        What belongs to the thread of the caller, as a database may, can be used there.
        """
        threads = set()

        def executor(_: Action, __: dict[str, Any]) -> Any:
            threads.add(threading.current_thread())
            return OK

        decision = FinalDecision(Action.ACT, actions=[Action.ACT] * count)
        assert run(executor, decision=decision, policy=make_policy(max_concurrency=most)).success_count == count
        assert (threads == {threading.current_thread()}) is is_here

    @pytest.mark.parametrize(
        ("context", "seed"),
        [
            ({}, ":1:ACT"),
            ({"run_id": 5}, ":1:ACT"),
            ({"run_id": "r"}, "r:1:ACT"),
            ({"run_id": "r", "idempotency_scope": "s"}, "s:1:ACT"),
            ({"run_id": "r", "idempotency_scope": 5}, "r:1:ACT"),
        ],
        ids=["nothing", "no_text", "run", "scope", "no_scope"],
    )
    def test_jitter_is_drawn_from_the_run_and_the_action(self, context: dict[str, Any], seed: str) -> None:
        """
        INV-EXE-1: as far as the context names the run; runs that fail together are not tried again together.
        """
        clock = ManualClock()
        policy = make_policy(retry=RetryPolicy(3, 1000, 1000, 1.0, "full"))
        decision = FinalDecision(Action.ACT, actions=[Action.HOLD, Action.ACT])
        run(ScriptedExecutor([FAIL] * 4), decision=decision, context=context, policy=policy, clock=clock)
        assert clock.slept == [backoff_ms(plan_of(policy), number, seed) / 1000 for number in range(3)]


class TestRateLimits:
    """
    INV-EXE-6: so many attempts in a window.
    """

    def test_an_attempt_waits_within_the_deadline(self) -> None:
        """
        INV-EXE-6: retries count too, and the kill switch is read after the wait.
        """
        clock = ManualClock()
        policy = make_policy(rate_limit=RateLimitPolicy(overall=2), timeout=TimeoutPolicy(None, 10_000))
        report = run(ScriptedExecutor([OK] * 3), decision=SEVERAL, policy=policy, clock=clock)
        assert (report.success_count, clock.slept) == (3, [0.5])

    def test_without_time_it_is_denied(self) -> None:
        """
        INV-EXE-6: with the time to wait; also where there is no deadline, because nothing would bound the wait.
        """
        for timeout in (TimeoutPolicy(None, None), TimeoutPolicy(None, 400)):
            policy = make_policy(rate_limit=RateLimitPolicy(overall=2), timeout=timeout)
            report = run(ScriptedExecutor([OK] * 2), decision=SEVERAL, policy=policy)
            assert (report.success_count, report.denied_count) == (2, 1)
            assert (report.error_code, report.error_message) == (
                ExecutionCode.RATE_LIMITED,
                "the next attempt is due in 500 ms",
            )
            assert report.fail_closed is False

    def test_each_action_has_its_own(self) -> None:
        """
        INV-EXE-6: and it holds from one execution to the next.
        """
        policy = make_policy(rate_limit=RateLimitPolicy(per_action=1))
        clock = ManualClock()
        assert run(ScriptedExecutor([OK] * 3), decision=SEVERAL, policy=policy, clock=clock).success_count == 3
        assert run(ScriptedExecutor([]), policy=policy, clock=clock).error_code is ExecutionCode.RATE_LIMITED
        clock.advance(1)
        assert run(ScriptedExecutor([OK]), policy=policy, clock=clock).success_count == 1

    def test_a_clock_that_stands_still_does_not_wait_for_ever(self) -> None:
        """
        INV-EXE-2: after so many waits it is denied.
        """
        policy = make_policy(rate_limit=RateLimitPolicy(overall=1), timeout=TimeoutPolicy(None, 10_000))
        report = run(ScriptedExecutor([OK]), decision=SEVERAL, policy=policy, sleep=lambda _: None)
        assert (report.success_count, report.denied_count) == (1, 2)

    def test_a_stop_while_it_waits_is_seen(self) -> None:
        """
        INV-EXE-4: before the attempt that waited.
        """
        context: dict[str, Any] = {}
        policy = make_policy(rate_limit=RateLimitPolicy(overall=1), timeout=TimeoutPolicy(None, 10_000))
        decision = FinalDecision(Action.ACT, actions=[Action.ACT, Action.EXIT])
        report = run(
            ScriptedExecutor([OK]),
            decision=decision,
            policy=policy,
            context=context,
            sleep=lambda _: context.update(ops_state="RED"),
        )
        assert (report.success_count, report.denied_count) == (1, 1)


class TestTheBreaker:
    """
    INV-EXE-2: after so many failures in a row a kind of action is denied for a while.
    """

    def test_it_opens_and_closes(self) -> None:
        """
        One attempt is let through when the time is over.
        """
        clock = ManualClock()
        policy = make_policy(retry=RetryPolicy(0), breaker=BreakerPolicy(2, 1000))
        executor = ScriptedExecutor([FAIL, FAIL, FAIL, OK, FAIL, OK])
        for _ in range(2):
            assert run(executor, policy=policy, clock=clock).failed_count == 1
        report = run(executor, policy=policy, clock=clock)
        assert (report.error_code, report.denied_count) == (ExecutionCode.BREAKER_OPEN, 1)
        assert report.error_message == "closed again in 1000 ms at the earliest"
        clock.advance(1)
        assert run(executor, policy=policy, clock=clock).failed_count == 1
        assert run(executor, policy=policy, clock=clock).denied_count == 1
        clock.advance(1)
        assert run(executor, policy=policy, clock=clock).success_count == 1
        assert run(executor, policy=policy, clock=clock).failed_count == 1
        assert run(executor, policy=policy, clock=clock).success_count == 1

    def test_one_attempt_alone_is_let_through_when_the_time_is_over(self) -> None:
        """
        Others wait as long again.
        """
        state = ExecutionState()
        state.record("ACT", is_success=False, now_ns=0, threshold=1, cooldown_ms=10)
        waits = [state.permit("ACT", now_ns=10_000_000, cooldown_ms=10) for _ in range(2)]
        assert waits == [0, 10]

    def test_other_actions_are_not_denied(self) -> None:
        """
        Each kind has its own.
        """
        policy = make_policy(retry=RetryPolicy(0), breaker=BreakerPolicy(1))
        run(ScriptedExecutor([FAIL]), policy=policy, decision=FinalDecision(Action.EXIT))
        assert run(ScriptedExecutor([OK]), policy=policy, decision=FinalDecision(Action.STOP)).success_count == 1
        assert run(ScriptedExecutor([OK]), policy=policy).success_count == 1
        report = run(ScriptedExecutor([OK]), policy=policy, decision=FinalDecision(Action.EXIT))
        assert report.error_code is ExecutionCode.BREAKER_OPEN


def test_an_action_that_was_attempted_is_not_counted_as_denied_too() -> None:
    """
    INV-EXE-6: its attempt is counted as failed; the refusal says what ended it.
    """
    policy = make_policy(rate_limit=RateLimitPolicy(per_action=1))
    report = run(ScriptedExecutor([FAIL]), policy=policy)
    assert (report.failed_count, report.denied_count) == (1, 0)
    assert [refusal.code for refusal in report.refusals] == [ExecutionCode.RATE_LIMITED]


def test_secrets_do_not_leave() -> None:
    """
    INV-EXE-5: in the reason of an executor; half a character and a long text leave as text that can be written.
    """
    policy = make_policy(retry=RetryPolicy(0))
    report = run(ScriptedExecutor([(False, "password=hunter2 \ud800 " + "x" * 5000)]), policy=policy)
    assert b"hunter2" not in report.raw
    assert len(report.attempts[0].error_message or "") == 4096
    assert b"\\\\ud800" in report.raw


def test_a_reason_is_cut_where_it_is_too_long() -> None:
    """
    One that is just as long as it may be stays whole.
    """
    policy = make_policy(retry=RetryPolicy(0))
    for length, kept in ((4096, "x" * 4096), (4097, "x" * 4095 + "…")):
        assert run(ScriptedExecutor([(False, "x" * length)]), policy=policy).error_message == kept


def test_a_driver_that_gives_no_outcome_is_a_halt() -> None:
    """
    INV-EXE-3: what a driver forgot is unknown.
    """
    from runtime.execution.attempts import run_action  # noqa: PLC0415 - the heart alone.
    from runtime.execution.beginning import Begun, Ports, begin  # noqa: PLC0415 - as above.

    ports = Ports(clock=ManualClock(), store=None, kill_switch=None, is_strict=False)
    begun = begin(ACT, {}, make_policy(), _plain(OK), ports)
    assert isinstance(begun, Begun)
    steps = run_action(begun.execution, Action.ACT, begun.logs[0])
    next(steps)
    with pytest.raises(StopIteration):
        steps.send(None)
    assert begun.logs[0].refusals == [Refusal(ExecutionCode.OUTCOME_UNKNOWN, "the driver gave no outcome", 0)]
