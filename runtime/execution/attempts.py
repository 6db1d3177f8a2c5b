"""HEART: the attempts of one action, as a generator that asks for calls and waits and performs none of them.

Who drives it answers each `Call` with an `Ended`, and each number of seconds by waiting so long; `orchestrator.py` does
so in threads or in a loop, a test from a list. The rules, referred to by number below:

1. The kill switch is read before every attempt, which is also after every wait (INV-EXE-4).
2. An attempt, a back-off or a wait for the rate limit that would end after the deadline is not begun (INV-EXE-2).
3. After anything that cannot be known or trusted nothing more is attempted, for no action of the decision (INV-EXE-3).
4. A key is claimed before the first attempt and settled after the last one. It is given back only where every attempt
   is known to have failed and something else than a failure ended them (INV-EXE-5).
"""

from collections.abc import Generator
from typing import Final

import attrs

from runtime.decision_schema.types import Action
from runtime.errors import ExecutionHaltedError
from runtime.execution.calling import Call, Ended
from runtime.execution.heldkey import HeldKey
from runtime.execution.model import AttemptStatus, ExecutionAttempt, ExecutionCode, halted
from runtime.execution.quick import First
from runtime.execution.redaction import message_text
from runtime.execution.schedule import backoff_ms
from runtime.execution.shared import ActionLog, Execution

__all__ = ["Steps", "run_action"]

Steps = Generator[Call | float, Ended | None, None]

_MAX_WAITS: Final = 1000
"""Waits for one token. A clock that stands still would else wait for ever."""


def run_action(execution: Execution, action: Action, log: ActionLog, first: First | None = None) -> Steps:
    """
    Attempt an action until it succeeds, or must not be attempted any more; everything is noted in the log.

    `first` is a first attempt that was made already.
    """
    held = HeldKey(execution=execution)
    try:
        yield from _attempts(execution, action, log, held, first)
    except ExecutionHaltedError as error:
        log.refuse(ExecutionCode(error.halt_code), error.what, fails_closed=True)
        if not log.attempts:
            log.denied += 1
    except BaseException:
        # The driver was interrupted in the middle of an attempt: nobody knows how far it came.
        held.abandon()
        raise
    try:
        held.settle(log)
    except ExecutionHaltedError as error:
        log.refuse(ExecutionCode(error.halt_code), error.what, fails_closed=True)
    execution.has_halted |= log.fails_closed  # (3)


def _attempts(execution: Execution, action: Action, log: ActionLog, held: HeldKey, first: First | None) -> Steps:
    plan = execution.plan
    attempt = 0
    while first or (yield from _may_begin(execution, action, log, attempt)):
        if attempt == 0 and not (first or _claim(execution, action, log, held)):
            return
        begun = first.begun if first else execution.now()
        if not (first or _has_time(execution, log, attempt, begun)):
            return
        ended: Ended | None = first.ended if first else None
        first = None
        call = Call(log.sequence, action, attempt, held.key, _limit(execution, begun))
        if ended is None:
            ended = yield call
        if ended is None:
            raise halted(ExecutionCode.OUTCOME_UNKNOWN, "the driver gave no outcome")
        _note(log, call, ended)
        now = execution.now()
        log.attempts[-1] = attrs.evolve(log.attempts[-1], latency_ms=max(0, round((now - begun) * 1000)))
        if plan.failure_threshold is not None:
            plan.state.record(
                execution.subject_of(action),
                is_success=ended.status is AttemptStatus.SUCCESS,
                now_ns=round(now * 1e9),
                threshold=plan.failure_threshold,
                cooldown_ms=plan.cooldown_ms,
            )
        if ended.is_over or attempt == plan.max_retries:
            return
        delay = backoff_ms(plan, attempt, held.key or execution.seed_of(log.sequence, action)) / 1000
        if delay >= execution.seconds_left(now):  # (2)
            log.refuse(ExecutionCode.DEADLINE_EXCEEDED, f"no time for a back-off of {round(delay * 1000)} ms")
            return
        if delay:
            yield delay
        attempt += 1


def _claim(execution: Execution, action: Action, log: ActionLog, held: HeldKey) -> bool:
    """
    Claim the key of an action. A store may take its time, so the switch is read again after it.
    """
    return held.claim(action, log) and (held.key is None or _is_open(execution, action, log, 0))


def _limit(execution: Execution, now: float) -> float | None:
    plan = execution.plan
    if not plan.is_limited:
        return None
    left = execution.seconds_left(now)
    return left if plan.attempt_seconds is None else min(plan.attempt_seconds, left)


def _note(log: ActionLog, call: Call, ended: Ended) -> None:
    """
    Record an attempt before anything else can go wrong; how long it took is not known yet.
    """
    log.fails_closed |= ended.fails_closed
    log.denied += ended.status is AttemptStatus.DENIED
    log.attempts.append(
        ExecutionAttempt(
            call.action,
            ended.status,
            call.attempt,
            0,
            ended.error_type,
            ended.code,
            ended.message,
            message_text(call.key),
        )
    )


def _may_begin(execution: Execution, action: Action, log: ActionLog, attempt: int) -> Generator[float, None, bool]:
    """
    Tell whether an attempt may begin; it may have to wait for the rate limit.
    """
    plan = execution.plan
    for _ in range(_MAX_WAITS):
        if not _is_open(execution, action, log, attempt):
            return False
        now = execution.now()
        if not _has_time(execution, log, attempt, now):
            return False
        wait = 0
        if plan.per_action is not None or plan.overall is not None:
            wait = plan.state.take(
                execution.subject_of(action),
                now_ns=round(now * 1e9),
                per_action=plan.per_action,
                overall=plan.overall,
                window_ms=plan.window_ms,
            )
        if not wait:
            return _breaker_permits(execution, action, log, attempt, now)
        # Without a deadline the wait would have no bound, so nobody waits.
        if plan.total_seconds is None or wait / 1000 >= execution.seconds_left(now):  # (2)
            break
        yield wait / 1000
    return log.deny(attempt, ExecutionCode.RATE_LIMITED, f"the next attempt is due in {wait} ms")


def _is_open(execution: Execution, action: Action, log: ActionLog, attempt: int) -> bool:
    """
    Tell whether nothing stops the execution now.
    """
    stop = execution.find_stop()  # (1)
    if stop:
        unreadable = stop is ExecutionCode.KILL_SWITCH_UNREADABLE
        return _stop(log, action, attempt, stop, fails_closed=unreadable)
    if execution.has_halted:  # (3)
        log.refuse(ExecutionCode.EXECUTION_HALTED, "another action of the decision stopped the execution")
        log.skipped += not attempt
        return False
    return True


def _has_time(execution: Execution, log: ActionLog, attempt: int, now: float) -> bool:
    return execution.seconds_left(now) > 0 or log.deny(
        attempt, ExecutionCode.DEADLINE_EXCEEDED, "no time is left for an attempt"
    )


def _breaker_permits(execution: Execution, action: Action, log: ActionLog, attempt: int, now: float) -> bool:
    plan = execution.plan
    if plan.failure_threshold is None:
        return True
    wait = plan.state.permit(execution.subject_of(action), now_ns=round(now * 1e9), cooldown_ms=plan.cooldown_ms)
    return not wait or log.deny(attempt, ExecutionCode.BREAKER_OPEN, f"closed again in {wait} ms at the earliest")


def _stop(log: ActionLog, action: Action, attempt: int, code: ExecutionCode, *, fails_closed: bool) -> bool:
    """
    Record a stop with the number of the attempt that was not made.
    """
    log.attempts.append(ExecutionAttempt(action, AttemptStatus.DENIED, attempt, 0, None, code))
    log.denied += 1
    log.refuse(code, f"before attempt {attempt}", fails_closed=fails_closed)
    return False
