"""A drill of the kill switch: proves that a switch would stop an attempt, and stops nothing real by it.

What is executed does nothing and is scripted; a spare switch is turned, the real one is only read.
"""

from collections.abc import Callable
from typing import Any, Final, Protocol, final

import attrs

from runtime.decision_schema.types import Action, FinalDecision
from runtime.encoding.canonical import canonical_record
from runtime.encoding.converter import unstructure
from runtime.encoding.digest import digest_of_bytes
from runtime.errors import DefinitionError, shown
from runtime.execution.model import AttemptStatus, ExecutionCode, ExecutionReport
from runtime.execution.orchestrator import execute
from runtime.execution.policies import ExecutionPolicy, TimeoutPolicy
from runtime.ports import KillSwitch

__all__ = ["Drill", "DrillCheck", "SpareSwitch", "run_drill"]

_SCHEMA: Final = "kill-switch-drill/v1"


class SpareSwitch(KillSwitch, Protocol):
    """
    A switch of the same make as the real one, which a drill may turn.
    """

    def turn(self, *, on: bool) -> None:
        """
        Turn it on or off.
        """


@final
@attrs.frozen(kw_only=True)
class DrillCheck:
    """
    One thing that was tried, and whether it went as it must.
    """

    name: str
    passed: bool


@final
@attrs.frozen(kw_only=True)
class Drill:
    """
    The record `kill-switch-drill/v1`: when it was, whether the real switch was on then, and each check.
    """

    schema: str = _SCHEMA
    at: str
    is_on: bool | None
    """None where the real switch could not be read."""
    checks: tuple[DrillCheck, ...]

    def __attrs_post_init__(self) -> None:
        """
        Demand the known schema.
        """
        if self.schema != _SCHEMA:
            raise DefinitionError(f"schema {shown(self.schema)}", where="schema", remedy=f"expected {_SCHEMA}")

    @property
    def passed(self) -> bool:
        """
        Tell whether every check went as it must.
        """
        return all(check.passed for check in self.checks)

    @property
    def raw(self) -> bytes:
        """
        The canonical bytes of the record.
        """
        return canonical_record(unstructure(self))

    @property
    def digest(self) -> str:
        """
        The digest of the record.
        """
        return digest_of_bytes(self.raw)


def run_drill(real: KillSwitch, spare: SpareSwitch, *, at: str) -> Drill:
    """
    Try the switches; the real one is read and not turned.

    Raises:
        StorageError: the spare switch cannot be turned.
    """
    spare.turn(on=False)
    calls, report = _attempt(spare)
    off = calls == 1 and report.success_count == 1
    turned_calls, turned = _attempt(spare, fails_first=True, at_first=lambda: spare.turn(on=True))
    stops = turned_calls == 1 and _was_stopped(turned) and turned.attempts[-1].attempt_number == 1
    calls, report = _attempt(spare)
    on = calls == 0 and _was_stopped(report)
    is_on = _read(real)
    calls, report = _attempt(real)
    is_heeded = (calls == 0 and _was_stopped(report)) if is_on else (is_on is False and calls == 1)
    checks = [("off_lets_an_attempt_begin", off), ("turned_between_attempts_stops_the_next", stops)]
    checks += [("on_lets_nothing_begin", on), ("the_real_switch_is_heeded", is_heeded)]
    return Drill(at=at, is_on=is_on, checks=tuple(DrillCheck(name=name, passed=passed) for name, passed in checks))


def _attempt(
    switch: KillSwitch, *, fails_first: bool = False, at_first: Callable[[], None] | None = None
) -> tuple[int, ExecutionReport]:
    """
    Execute what does nothing, on a clock that stands still; gives the number of calls too.
    """
    calls = 0

    def do_nothing(_: Action, __: dict[str, Any]) -> tuple[bool, str | None]:
        nonlocal calls
        calls += 1
        if at_first is not None:
            at_first()
        return not fails_first, None

    policy = ExecutionPolicy(timeout=TimeoutPolicy(None, None))
    report = execute(
        FinalDecision(Action.ACT),
        {},
        policy,
        do_nothing,
        clock=lambda: 0.0,
        sleep=lambda _: None,
        kill_switch=switch,
    )
    return calls, report


def _was_stopped(report: ExecutionReport) -> bool:
    last = report.attempts[-1].status if report.attempts else AttemptStatus.DENIED
    return report.error_code is ExecutionCode.KILL_SWITCH and last is AttemptStatus.DENIED


def _read(switch: KillSwitch) -> bool | None:
    try:
        answer: object = switch.is_active()
    except Exception:  # noqa: BLE001 - a switch that cannot be read is what a drill is for.
        return None
    return answer if type(answer) is bool else None
