"""What the actions of one decision share, and the log that each of them keeps for itself."""

import math
from collections.abc import Callable, Mapping
from typing import Any, Final, final

import attrs

from runtime.decision_schema.types import Action
from runtime.execution.keys import SCOPE_KEY, ActionKey
from runtime.execution.model import ExecutionAttempt, ExecutionCode, Refusal, halted
from runtime.execution.plan import Plan
from runtime.execution.redaction import message_text
from runtime.execution.stops import find_stop, read_switch
from runtime.ports import IdempotencyStore, KillSwitch

__all__ = ["RUN_KEY", "ActionLog", "Execution"]

RUN_KEY: Final = "run_id"


@final
@attrs.define
class ActionLog:
    """
    What has come of one action so far.
    """

    sequence: int
    attempts: list[ExecutionAttempt] = attrs.field(factory=list)
    refusals: list[Refusal] = attrs.field(factory=list)
    skipped: int = 0
    denied: int = 0
    fails_closed: bool = False

    def deny(self, attempt: int, code: ExecutionCode, message: str) -> bool:
        """
        Note that an attempt may not begin; gives False. An action that was attempted is counted as failed already.
        """
        self.refuse(code, message)
        self.denied += not attempt
        return False

    def skip(self, code: ExecutionCode) -> None:
        """
        Note that it is not attempted at all, and that nothing is wrong with that.
        """
        self.refuse(code)
        self.skipped = 1

    def refuse(self, code: ExecutionCode, message: str | None = None, *, fails_closed: bool = False) -> None:
        """
        Note why it goes no further.
        """
        self.refusals.append(Refusal(code, message_text(message), self.sequence))
        self.fails_closed |= fails_closed


@final
@attrs.define(kw_only=True)
class Execution:
    """
    What the actions of one decision share.
    """

    plan: Plan
    context: Mapping[str, Any]
    handed: dict[str, Any]
    """The executor's copy of the context. What it does to the copy can stop the execution and never free it."""
    clock: Callable[[], float]
    kill_switch: KillSwitch | Callable[[], bool] | None
    started: float = 0.0
    params: dict[str, Any] = attrs.field(factory=dict)
    store: IdempotencyStore | None = None
    is_strict: bool = False
    keys: tuple[ActionKey | None, ...] = ()
    """Made before the first attempt, so that no executor can change them; None where none is needed."""
    subject: str | None = None
    """What rate limit and breaker count under; None is the action."""
    has_halted: bool = False

    def subject_of(self, action: Action) -> str:
        """
        Give what rate limit and breaker count an action under.
        """
        return action.value if self.subject is None else self.subject

    def now(self) -> float:
        """
        Read the clock.

        Raises:
            ExecutionHaltedError: it fails, or gives no time.
        """
        try:
            now = self.clock()
            if math.isfinite(now):
                return float(now)  # Other numbers do not mix with those of a policy.
        except Exception as error:  # foreign code; without a time nothing is bounded.
            raise halted(ExecutionCode.CLOCK_FAILED, f"the clock raised {type(error).__name__}") from error
        raise halted(ExecutionCode.CLOCK_FAILED, "the clock gives no finite number")

    def seconds_left(self, now: float) -> float:
        """
        Give the seconds until the deadline.
        """
        total = self.plan.total_seconds
        # To the nanosecond: 2.0 - 1.7 is more than 0.3, and a wait of 0.3 would seem to end in time.
        return math.inf if total is None else round(self.started + total - now, 9)

    def seed_of(self, sequence: int, action: Action) -> str:
        """
        Give what jitter is drawn from where there is no key: the run, as far as the context names it, and the action.
        """
        names = [self.handed.get(name) for name in (SCOPE_KEY, RUN_KEY)]
        scope = next((name for name in names if type(name) is str), "")
        return f"{scope}:{sequence}:{action.value}"

    def find_stop(self) -> ExecutionCode | None:
        """
        Say why nothing may be attempted now, or None.
        """
        elapsed = round((self.now() - self.started) * 1000)
        return (
            find_stop(self.context, elapsed_ms=elapsed, is_strict=self.is_strict)
            or find_stop(self.handed, elapsed_ms=elapsed)
            or read_switch(self.kill_switch)
        )
