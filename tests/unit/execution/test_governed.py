"""A connector within a policy: what is tried again, what stops it, and what is kept of every attempt."""

import threading
from collections.abc import Callable
from typing import Any

import pytest
from executing import make_policy, wait_for_orphans
from makers import make_outcome

from runtime.encoding.frozen import JsonObject
from runtime.errors import ExecutionPolicyError
from runtime.evidence import RecordedRun, replay
from runtime.execution import (
    BreakerPolicy,
    ExecutionPolicy,
    GovernedConnector,
    IdempotencyPolicy,
    RateLimitPolicy,
    RetryPolicy,
    TimeoutPolicy,
    workers,
)
from runtime.execution.policies import plan_of
from runtime.execution.schedule import backoff_ms
from runtime.orchestration import ExecutionContext, OrchestrationResult
from runtime.orchestration.registry import run_mission
from runtime.ports import Connector
from runtime.testing import ManualClock, MemoryLedger, ScriptedConnector
from runtime.values import EffectAsk, EffectMode, EffectOutcome, HumanAsk, Request

OK = make_outcome(output="done")
BUSY = make_outcome("failed", code="transient")
REFUSED = make_outcome("failed", code="policy_denied")
LOST = make_outcome("unknown", code="reply_lost")
DIGEST = f"sha256:{'0' * 64}"
MUTATE, READ = EffectMode.MUTATE, EffectMode.READ


def request_of(ask: Any) -> Request:
    """
    Make a request of a run.
    """
    return Request(run_digest=DIGEST, sequence=1, step_id="act", lineage_head=DIGEST, input_digest=DIGEST, ask=ask)


def scripted(*outcomes: Any) -> ScriptedConnector:
    """
    Make a connector whose action `do` plays outcomes.
    """
    return ScriptedConnector({"do": outcomes})


def call(
    connector: Connector,
    mode: EffectMode = MUTATE,
    *,
    policy: ExecutionPolicy | None = None,
    clock: Any = None,
    **keywords: Any,
) -> tuple[EffectOutcome, list[tuple[Any, ...]]]:
    """
    Call a governed connector on a manual clock; gives the outcome, and its attempts as number, status and code.
    """
    clock = clock or ManualClock()
    keywords.setdefault("sleep", getattr(clock, "sleep", None))
    governed = GovernedConnector(connector, policy=policy or make_policy(), clock=clock, **keywords)
    ask = EffectAsk(connector="files", action="do", params=JsonObject({}), mode=mode)
    outcome = governed.call(request_of(ask))
    return outcome, [(one["number"], one["status"], one["code"]) for one in outcome.attempts.thaw()]


class TestTryingAgain:
    """
    What is known not done, or only reads, is tried again where that may help; what is unknown never is.
    """

    @pytest.mark.parametrize("mode", [MUTATE, READ])
    @pytest.mark.parametrize("code", ["timeout", "transient"])
    def test_a_passing_failure_is_tried_again(self, code: str, mode: EffectMode) -> None:
        """
        The outcome is that of the last attempt, and lists them all.
        """
        outcome, attempts = call(scripted(make_outcome("failed", code=code), OK), mode)
        assert (outcome.status, outcome.output) == ("succeeded", "done")
        assert attempts == [(1, "failed", code), (2, "succeeded", None)]

    @pytest.mark.parametrize("code", ["policy_denied", "no_answer"])
    def test_a_failure_that_stays_is_not_tried_again(self, code: str) -> None:
        """
        A mutating effect is tried again for named codes only.
        """
        outcome, attempts = call(scripted(make_outcome("failed", code=code), OK))
        assert (outcome.status, outcome.code, attempts) == ("failed", code, [(1, "failed", code)])

    def test_the_codes_can_be_named(self) -> None:
        """
        A connector has codes of its own.
        """
        outcome, _ = call(scripted(make_outcome("failed", code="no_answer"), OK), transient_codes=["no_answer"])
        assert outcome.status == "succeeded"

    @pytest.mark.parametrize(
        ("lost", "code"),
        [(LOST, "reply_lost"), (OSError("password=hunter2"), "connector_raised"), ("x", "connector_gave_no_outcome")],
        ids=["unknown", "raised", "no_outcome"],
    )
    def test_what_is_unknown_is_never_repeated(self, lost: Any, code: str) -> None:
        """
        INV-EXE-5: it may have been done.
        """
        connector = scripted(lost, OK)
        outcome, attempts = call(connector)
        assert (outcome.status, outcome.code, len(connector.calls)) == ("unknown", code, 1)
        assert attempts == [(1, "unknown", code)]

    def test_what_is_unknown_is_not_repeated_whatever_its_code(self) -> None:
        """
        INV-EXE-5: a code that would be tried again says nothing where nobody knows.
        """
        connector = scripted(make_outcome("unknown", code="timeout"), OK)
        outcome, _ = call(connector)
        assert (outcome.status, len(connector.calls)) == ("unknown", 1)

    @pytest.mark.parametrize("lost", [LOST, OSError(), "x", make_outcome("failed")])
    def test_a_read_is_repeated_whatever_became_of_it(self, lost: Any) -> None:
        """
        A read does nothing, so another one is safe.
        """
        outcome, attempts = call(scripted(lost, OK), READ)
        assert (outcome.status, len(attempts)) == ("succeeded", 2)

    def test_a_read_that_is_refused_is_not_repeated(self) -> None:
        """
        Another try would be refused as well.
        """
        outcome, attempts = call(scripted(REFUSED, OK), READ)
        assert (outcome.code, len(attempts)) == ("policy_denied", 1)

    def test_attempts_are_bounded(self) -> None:
        """
        INV-EXE-2: the last failure is the outcome.
        """
        connector = scripted(*[BUSY] * 9)
        outcome, attempts = call(connector, policy=make_policy(retry=RetryPolicy(max_retries=2)))
        assert (outcome.status, outcome.code, len(attempts), len(connector.calls)) == ("failed", "transient", 3, 3)

    def test_waits_depend_on_the_effect_alone(self) -> None:
        """
        INV-EXE-1: jitter is drawn from the run and the place of the effect in it.
        """
        clock, policy = ManualClock(), make_policy(retry=RetryPolicy(jitter="full"))
        call(scripted(BUSY, BUSY, OK), policy=policy, clock=clock)
        seed = f"{DIGEST}:1:0:ACT"
        assert clock.slept == [backoff_ms(plan_of(policy), number, seed) / 1000 for number in range(2)]


class TestStopping:
    """
    What was not begun, or is known not done when something stops it, is `failed`, with the code of what stopped it.
    """

    def test_a_switch_that_is_on_lets_nothing_begin(self) -> None:
        """
        INV-EXE-4: it is known not done.
        """
        connector = scripted(OK)
        outcome, attempts = call(connector, kill_switch=lambda: True)
        assert (outcome.status, outcome.code, connector.calls) == ("failed", "kill_switch", [])
        assert attempts == [(1, "denied", "kill_switch")]

    def test_a_switch_turned_between_attempts_stops_the_next(self) -> None:
        """
        INV-EXE-4: it is read after every back-off.
        """
        connector, clock = scripted(BUSY, OK), ManualClock()
        outcome, attempts = call(connector, clock=clock, kill_switch=lambda: bool(clock.slept))
        assert (outcome.status, outcome.code, len(connector.calls)) == ("failed", "kill_switch", 1)
        assert attempts == [(1, "failed", "transient"), (2, "denied", "kill_switch")]

    def test_a_read_that_was_lost_before_the_stop_stays_unknown(self) -> None:
        """
        The switch says nothing about what was begun before.
        """
        clock = ManualClock()
        outcome, attempts = call(scripted(LOST), READ, clock=clock, kill_switch=lambda: bool(clock.slept))
        assert (outcome.status, outcome.code) == ("unknown", "reply_lost")
        assert attempts == [(1, "unknown", "reply_lost"), (2, "denied", "kill_switch")]

    @pytest.mark.parametrize(
        ("changes", "code"),
        [
            ({"timeout": TimeoutPolicy(None, 5000), "retry": RetryPolicy(1, 5000)}, "deadline_exceeded"),
            ({"rate_limit": RateLimitPolicy(per_action=1)}, "rate_limited"),
            ({"breaker": BreakerPolicy(failure_threshold=1)}, "breaker_open"),
        ],
        ids=["deadline", "rate", "breaker"],
    )
    def test_each_bound_stops_the_next_attempt(self, changes: dict[str, Any], code: str) -> None:
        """
        INV-EXE-2, INV-EXE-6: the code says which.
        """
        outcome, attempts = call(scripted(BUSY, OK), policy=make_policy(**changes))
        assert (outcome.status, outcome.code) == ("failed", code)
        assert attempts == [(1, "failed", "transient"), (2, "denied", code)]

    def test_each_action_of_a_connector_is_counted_apart(self) -> None:
        """
        INV-EXE-6: and each call of one action together.
        """
        policy = make_policy(rate_limit=RateLimitPolicy(per_action=1))
        governed = GovernedConnector(ScriptedConnector({"a": [OK, OK], "b": [OK]}), policy=policy, clock=ManualClock())
        codes = [
            governed.call(
                request_of(EffectAsk(connector="files", action=action, params=JsonObject({}), mode=READ))
            ).code
            for action in ("a", "b", "a")
        ]
        assert codes == [None, None, "rate_limited"]

    def test_the_breaker_of_one_action_leaves_the_others_alone(self) -> None:
        """
        INV-EXE-3: what fails is denied, and nothing else.
        """
        policy = make_policy(breaker=BreakerPolicy(failure_threshold=1), retry=RetryPolicy(0))
        inner = ScriptedConnector({"a": [BUSY, OK], "b": [OK]})
        governed = GovernedConnector(inner, policy=policy, clock=ManualClock())
        codes = [
            governed.call(
                request_of(EffectAsk(connector="files", action=action, params=JsonObject({}), mode=READ))
            ).code
            for action in ("a", "b", "a")
        ]
        assert codes == ["transient", None, "breaker_open"]

    @pytest.mark.parametrize("script", [[OK], [BUSY]], ids=["done", "not_done"])
    def test_a_clock_that_fails_afterwards_does_not_undo_what_was_done(self, script: list[Any]) -> None:
        """
        INV-EXE-3: nothing more is attempted, and what is known stays known.
        """
        times = iter([0.0] * 4)
        outcome, attempts = call(scripted(*script), clock=lambda: next(times))
        if script == [OK]:
            assert (outcome.status, attempts) == ("succeeded", [(1, "succeeded", None)])
        else:
            assert (outcome.code, attempts[1:]) == ("clock_failed", [(2, "denied", "clock_failed")])

    def test_a_clock_that_fails_before_lets_nothing_begin(self) -> None:
        """
        INV-EXE-3: without a time nothing is bounded.
        """
        connector = scripted(OK)
        outcome, _ = call(connector, clock=lambda: None)
        assert (outcome.status, outcome.code, connector.calls) == ("failed", "clock_failed", [])


class TestLimits:
    """
    A connector that does not come back is left behind.
    """

    @pytest.mark.parametrize(("mode", "status"), [(MUTATE, "unknown"), (READ, "failed")])
    def test_a_connector_that_hangs_gives_control_back(self, mode: EffectMode, status: str) -> None:
        """
        INV-EXE-2: of a mutating effect nobody knows whether it was done.
        """
        gate = threading.Event()

        class Hanging:
            def describe(self) -> dict[str, Any]:
                return {}

            def call(self, request: Request) -> EffectOutcome:
                del request
                gate.wait(10)
                return OK

        policy = ExecutionPolicy(retry=RetryPolicy(0), timeout=TimeoutPolicy(5, None))
        outcome, _ = call(Hanging(), mode, policy=policy)
        assert "effect:act:0" in workers.orphan_names()
        gate.set()
        assert (outcome.status, outcome.code) == (status, "attempt_timeout")

    @pytest.mark.parametrize(
        ("given", "expected"),
        [
            (OK, ("succeeded", None)),
            (OSError(), ("unknown", "connector_raised")),
            (3, ("unknown", "connector_gave_no_outcome")),
        ],
        ids=["done", "raised", "no_outcome"],
    )
    def test_under_a_limit_it_is_judged_the_same(self, given: Any, expected: tuple[str, str | None]) -> None:
        """
        A worker thread brings back what the connector gave.
        """
        outcome, _ = call(scripted(given), policy=ExecutionPolicy())
        assert (outcome.status, outcome.code) == expected

    def test_too_many_left_behind_let_nothing_begin(self, monkeypatch: pytest.MonkeyPatch) -> None:
        """
        INV-EXE-2: their number is bounded, and nobody waits for one to end.
        """
        wait_for_orphans()
        monkeypatch.setattr(workers._pool, "left", [None] * 32)
        connector, clock = scripted(OK), ManualClock()
        outcome, attempts = call(connector, policy=ExecutionPolicy(), clock=clock)
        assert (outcome.status, outcome.code, connector.calls) == ("failed", "too_many_orphans", [])
        assert (attempts, clock.slept) == ([(1, "denied", "too_many_orphans")], [])


class TestThePolicy:
    """
    A policy that cannot be used, or says what no connector heeds, is refused.
    """

    @pytest.mark.parametrize(
        ("policy", "where", "what"),
        [
            (make_policy(retry=RetryPolicy(max_retries=-1)), "retry.max_retries", "-1: give an int from 0 to 100"),
            (
                make_policy(idempotency=IdempotencyPolicy(enabled=True)),
                "idempotency.enabled",
                "True: the ledger of the run keeps an effect from being done twice; use False",
            ),
            (
                make_policy(timeout=TimeoutPolicy(isolation="process")),
                "timeout.isolation",
                "process: a connector is called in this process; use thread",
            ),
            (make_policy(max_concurrency=2), "max_concurrency", "2: an effect is tried once at a time; use 1"),
        ],
        ids=["bad", "keys", "process", "concurrency"],
    )
    def test_it_is_refused_when_the_connector_is_made(self, policy: ExecutionPolicy, where: str, what: str) -> None:
        """
        The error names the field, and says what to give.
        """
        with pytest.raises(ExecutionPolicyError) as caught:
            GovernedConnector(scripted(), policy=policy)
        assert (caught.value.where, caught.value.what) == (where, f"{where} {what}")

    def test_one_that_was_spoilt_since_lets_nothing_begin(self) -> None:
        """
        INV-EXE-3: a policy can be assigned to; what was not begun is known not done.
        """
        policy, connector = make_policy(), scripted(OK)
        governed = GovernedConnector(connector, policy=policy)
        policy.max_concurrency = 0
        outcome = governed.call(request_of(EffectAsk(connector="f", action="do", params=JsonObject({}), mode=MUTATE)))
        assert (outcome.status, outcome.code, connector.calls) == ("failed", "invalid_policy", [])

    def test_a_question_to_a_person_is_no_effect(self) -> None:
        """
        Nothing is called for it.
        """
        ask = HumanAsk(prompt="?", shown=JsonObject({}), choices=(), input_schema=None, approvers=())
        outcome = GovernedConnector(scripted(OK)).call(request_of(ask))
        assert (outcome.status, outcome.code) == ("failed", "no_effect_asked")


class TestPassingThrough:
    """
    What is not a call is that of the other connector.
    """

    def test_it_describes_itself_as_the_other_does(self) -> None:
        """
        So it can stand in its place.
        """
        assert GovernedConnector(scripted(OK)).describe() == scripted(OK).describe()

    def test_it_can_look_where_the_other_can(self) -> None:
        """
        Where it cannot, nobody is made to believe it could.
        """

        class Looking:
            def describe(self) -> dict[str, Any]:
                return {}

            def call(self, request: Request) -> EffectOutcome:
                raise NotImplementedError(request)

            def reconcile(self, request: Request) -> EffectOutcome:
                del request
                return OK

        ask = EffectAsk(connector="files", action="do", params=JsonObject({}), mode=MUTATE)
        assert GovernedConnector(Looking(), kill_switch=lambda: True).reconcile(request_of(ask)) == OK
        assert not hasattr(GovernedConnector(scripted(OK)), "reconcile")


DOWN = make_outcome(output={"status": "down", "environment": "test", "failed_checks": 3})
UP = make_outcome(output={"status": "healthy", "environment": "test", "failed_checks": 0})


def restart(
    *restarts: EffectOutcome, kill_switch: Callable[[], bool] | None = None, clock: ManualClock | None = None
) -> tuple[OrchestrationResult, ScriptedConnector]:
    """
    Run `service_restart` with a connector that plays these outcomes of the restart.
    """
    clock = clock or ManualClock()
    inner = ScriptedConnector(
        {"health": [BUSY, DOWN], "restart": restarts, "verify": [UP], "stop": []}, mutating=["restart", "stop"]
    )
    service = GovernedConnector(inner, policy=make_policy(), kill_switch=kill_switch, clock=clock, sleep=clock.sleep)
    result = run_mission(
        "service_restart",
        ExecutionContext(),
        {"service": "mail"},
        mode="apply",
        effects={"service": service},
        ledger=MemoryLedger(),
    )
    return result, inner


class TestRunningAMission:
    """
    INV-5, INV-7: the engine sees one outcome, which lists its attempts, and a stranger gets the same bytes.
    """

    def test_a_flaky_connector_recovers_within_its_policy(self) -> None:
        """
        Each effect records all its attempts.
        """
        result, inner = restart(BUSY, BUSY, UP)
        assert (result.status, len(inner.calls)) == ("completed", 6)
        outcomes = [answer.outcome for answer in result.inputs.answers if answer.outcome is not None]
        assert [len(outcome.attempts) for outcome in outcomes] == [2, 3, 1]
        assert replay(RecordedRun.of(result)).receipt_bytes == result.receipt_bytes

    def test_a_switch_turned_in_mid_retry_stops_the_run(self) -> None:
        """
        INV-EXE-4: the restart is known not done, and nothing follows it.
        """
        clock = ManualClock()
        result, inner = restart(BUSY, UP, kill_switch=lambda: len(clock.slept) > 1, clock=clock)
        assert (result.status, result.failed_step_id, result.error_code) == (
            "failed",
            "restart-service",
            "effect_failed",
        )
        outcome = result.inputs.answers[-1].outcome
        assert outcome is not None
        assert (outcome.status, outcome.code) == ("failed", "kill_switch")
        assert [request.to_dict()["ask"]["action"] for request in inner.calls] == ["health", "health", "restart"]  # type: ignore[index]  # plain JSON.
        assert replay(RecordedRun.of(result)).receipt_bytes == result.receipt_bytes

    def test_a_lost_restart_waits_and_is_not_repeated(self) -> None:
        """
        INV-5: nobody knows whether it was done.
        """
        result, inner = restart(LOST, UP)
        assert (result.status, len(inner.calls)) == ("waiting_effect", 3)
        assert result.pending is not None
        assert result.pending.reason == "unknown"
