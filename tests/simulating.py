"""A world in which executions are played: its clock, switch, store and executor fail as the dice say.

Everything that is asked of it is written down, so that a test can hold an execution to what really happened.
"""

import asyncio
import math
import random
import selectors
from collections import Counter
from collections.abc import Callable
from enum import StrEnum
from typing import Any, Final

import attrs

from runtime.execution.workers import Called
from runtime.ports import IdempotencyStore
from runtime.testing import ManualClock
from runtime.values.idempotency import Claim, KeyOutcome

__all__ = ["Did", "FaultyStore", "Killed", "VirtualLoop", "World"]

_HANG_SECONDS: Final = 600.0
OK: Final = (True, None)
_LIES: Final = ((1, None), [True, None], None, "done", (True, b"done"), (True, None, None), True, ("yes", None))


class Killed(BaseException):
    """
    The process ends here.
    """


class _Odd(BaseException):
    """
    What an executor raises that is no `Exception`.
    """


class Did(StrEnum):
    """
    What an executor did in one call.
    """

    SUCCEEDED = "succeeded"
    FAILED = "failed"
    RAISED = "raised"
    LIED = "lied"
    HUNG = "hung"


@attrs.define
class World:
    """
    What really happens, and the dice.
    """

    dice: random.Random
    canary: str
    context: dict[str, Any]
    is_limited: bool = False
    is_serial: bool = True
    danger: float = 0.0
    """How likely the process dies whenever it asks for something."""
    faults: float = 0.0
    """How likely something that is asked fails."""
    clock: ManualClock = attrs.field(factory=ManualClock)
    is_on: bool = False
    is_dead: bool = False
    has_stopped: bool = False
    """An executor turned the switch in its copy of the context."""
    is_tainted: bool = False
    """Something happened after which nothing may be attempted."""
    has_jumped: bool = False
    is_fresh: bool = False
    """The switch was read and off, and nothing that takes time was asked since."""
    readings: list[float] = attrs.field(factory=list)
    calls: list[Did] = attrs.field(factory=list)
    broken: list[str] = attrs.field(factory=list)
    """Rules that an attempt broke."""
    starts: list[tuple[str, float]] = attrs.field(factory=list)
    """The action and the time of each call."""
    slept: list[float] = attrs.field(factory=list)
    done: Counter[str] = attrs.field(factory=Counter)
    deadline: float = math.inf
    total: float | None = None

    def begin(self) -> None:
        """
        Begin another process, in which nothing has happened yet.
        """
        self.is_dead = self.has_stopped = self.is_tainted = self.has_jumped = self.is_fresh = False
        self.is_on = False
        self.deadline = math.inf
        self.readings, self.calls, self.starts, self.slept = [], [], [], []

    def happens(self, chance: float) -> bool:
        """
        Throw the dice.
        """
        return self.dice.random() < chance

    def survive(self) -> None:
        """
        Go on, or die; the switch may be turned meanwhile.
        """
        if self.is_dead or self.happens(self.danger):
            self.is_dead = True
            raise Killed
        if self.happens(self.faults / 4):
            self.is_on = True
            if self.happens(0.5):
                self.context["ops_deny_actions"] = True

    def fail(self) -> None:
        """
        Raise, perhaps, with a secret in the text.
        """
        if self.happens(self.faults):
            self.is_tainted = True
            raise OSError(f"password={self.canary}")

    def now(self) -> float:
        """
        Give the time; the machine may have slept since, or the clock be broken.
        """
        self.survive()
        self.fail()
        if self.happens(self.faults):
            self.clock.advance(self.dice.choice([0.5, 3.0, 4000.0]))
            self.has_jumped = True
        if self.happens(self.faults / 4):
            self.is_tainted = True
            return self.dice.choice([math.nan, math.inf])
        now = self.clock()
        if not self.readings and self.total is not None:
            self.deadline = now + self.total
        self.readings.append(now)
        return now

    def is_active(self) -> bool:
        """
        Read the switch.
        """
        self.survive()
        self.fail()
        if self.happens(self.faults / 2):
            self.is_tainted = True
            return self.dice.choice([0, None, "off"])  # type: ignore[return-value]  # it lies about its type.
        self.is_fresh = not self.is_on and self.context.get("ops_deny_actions", False) is False
        return self.is_on

    def _begin_sleep(self, seconds: float) -> None:
        self.survive()
        if self.is_serial and round(self.readings[-1] + seconds - self.deadline, 9) >= 0:
            self.broken.append("a wait that crosses the deadline")
        self.is_fresh = False
        self.slept.append(seconds)
        self.fail()

    def sleep(self, seconds: float) -> None:
        """
        Wait.
        """
        self._begin_sleep(seconds)
        self.clock.advance(seconds)

    async def async_sleep(self, seconds: float) -> None:
        """
        Wait in the loop.
        """
        self._begin_sleep(seconds)
        await asyncio.sleep(seconds)

    def execute(
        self, action: Any, context: dict[str, Any], *, params: dict[str, Any], idempotency_key: str | None
    ) -> Any:
        """
        Do something or not, and say so or not.
        """
        self.starts.append((action.value, self.clock()))
        self.clock.advance(self._begin(context, params))
        return self._end(len(self.calls) - 1, idempotency_key or "")

    async def aexecute(
        self, action: Any, context: dict[str, Any], *, params: dict[str, Any], idempotency_key: str | None
    ) -> Any:
        """
        The same in a loop, where it may refuse to be cancelled.
        """
        self.starts.append((action.value, self.clock()))
        seconds = self._begin(context, params)
        number = len(self.calls) - 1
        is_stubborn = self.happens(0.3)
        try:
            await asyncio.sleep(seconds)
        except asyncio.CancelledError:
            self.is_tainted = True
            self.calls[number] = Did.HUNG
            self.done[idempotency_key or ""] += self.happens(0.5)
            if not is_stubborn:
                raise
            await asyncio.sleep(_HANG_SECONDS)
            return OK
        return self._end(number, idempotency_key or "")

    async def outlast(self) -> None:
        """
        Let every executor that was left behind come to its end.
        """
        await asyncio.sleep(3 * _HANG_SECONDS)

    def _begin(self, context: dict[str, Any], params: dict[str, Any]) -> float:
        """
        Begin a call, spoil what came with it, and say how long it will take.
        """
        self._note_broken()
        self.calls.append(Did.RAISED)
        self.survive()
        if self.happens(self.faults):
            params.clear()
            context.clear()
        if self.happens(self.faults):
            context["ops_deny_actions"] = stops = self.dice.choice([True, False, "no"])
            self.has_stopped |= stops is not False
        return _HANG_SECONDS if self.happens(self.faults) else self.dice.choice([0, 0, 0.001, 0.2])

    def _end(self, number: int, key: str) -> Any:
        """
        Do it or not, and say so or not.
        """
        is_done = self.happens(0.5)
        self.done[key] += is_done
        self.survive()
        if self.happens(self.faults):
            self.is_tainted = True
            raise self.dice.choice([OSError, _Odd if self.is_limited else ValueError])(f"password={self.canary}")
        if self.happens(self.faults):
            self.is_tainted = True
            self.calls[number] = Did.LIED
            return self.dice.choice(_LIES)
        self.calls[number] = Did.SUCCEEDED if is_done else Did.FAILED
        return is_done, self.dice.choice([None, f"password={self.canary}", "no"])

    def _note_broken(self) -> None:
        # Not raised here: an execution takes what an executor raises for a failure.
        broken = {
            "an attempt after something that cannot be trusted": self.is_tainted,
            "an attempt after an executor asked to stop": self.has_stopped,
            "an attempt without a switch that was read just before": not self.is_fresh,
            "an attempt after the deadline": self.readings[-1] >= self.deadline,
        }
        self.broken += [rule for rule, is_broken in broken.items() if is_broken and self.is_serial]
        self.is_fresh = False

    def call_within(self, function: Callable[[], Any], seconds: float, name: str) -> Called | None:
        """
        Stand for the threads that run executors: one that hangs takes all the time it was given.
        """
        del name
        begun = self.clock()
        try:
            called = Called(function())
        except Killed:
            raise
        except BaseException as error:  # noqa: BLE001 - as the threads do.
            called = Called(raised=type(error).__name__)
        late = self.clock() - begun - seconds
        if late <= 0:
            return called
        self.clock.advance(-late)
        self.is_tainted = True
        self.calls[-1] = Did.HUNG
        return None


@attrs.define
class FaultyStore:
    """
    A store whose process dies, or that fails, before or after a write.
    """

    inner: IdempotencyStore
    world: World

    def claim(self, key: str, payload_digest: str) -> Claim:
        """
        Claim a key, perhaps.
        """
        claim: Claim = self._ask(lambda: self.inner.claim(key, payload_digest))
        return claim

    def settle(self, key: str, outcome: KeyOutcome) -> None:
        """
        Settle it, perhaps.
        """
        self._ask(lambda: self.inner.settle(key, outcome))

    def release(self, key: str) -> None:
        """
        Release it, perhaps.
        """
        self._ask(lambda: self.inner.release(key))

    def reconcile(self, key: str, outcome: KeyOutcome) -> bool:
        """
        Reconcile it.
        """
        return self.inner.reconcile(key, outcome)

    def _ask(self, question: Callable[[], Any]) -> Any:
        world = self.world
        world.survive()
        world.fail()
        answer = question()
        world.is_fresh = False
        if world.happens(world.faults):
            # It waited for a lock.
            world.clock.advance(world.dice.choice([0.5, 30.0]))
            world.has_jumped = True
        world.survive()
        world.fail()
        return answer


class _VirtualSelector(selectors.SelectSelector):
    """
    Waits by turning a clock.
    """

    clock: ManualClock

    def select(self, timeout: float | None = None) -> list[tuple[selectors.SelectorKey, int]]:
        """
        Let the time pass until the next thing is due.
        """
        ready = super().select(0)
        if not ready and timeout is not None and timeout > 0:
            self.clock.advance(math.ceil(timeout * 1e9) / 1e9)
        assert ready or timeout is not None, "a loop in which nothing will ever happen"
        return ready


class VirtualLoop(asyncio.SelectorEventLoop):
    """
    An event loop on a clock that a test turns, so that it never waits.
    """

    def __init__(self) -> None:
        """
        Begin with a clock of its own; `turn_by` gives it another.
        """
        selector = _VirtualSelector()
        selector.clock = ManualClock()
        self._virtual = selector
        self.complaints: list[dict[str, Any]] = []
        super().__init__(selector)
        self.set_exception_handler(lambda _, complaint: self.complaints.append(complaint))

    def turn_by(self, clock: ManualClock) -> None:
        """
        Take the time from a clock.
        """
        self._virtual.clock = clock

    def time(self) -> float:
        """
        Give the time of the clock.
        """
        return self._virtual.clock()
