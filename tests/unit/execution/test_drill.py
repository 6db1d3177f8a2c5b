"""Drills of a kill switch: a switch that works passes, and each way in which one can fail is found."""

import threading
from collections.abc import Callable
from typing import Any

import attrs
import pytest

from runtime.decision_schema import Action
from runtime.encoding.converter import structure, unstructure
from runtime.encoding.digest import digest_of_bytes
from runtime.errors import DefinitionError
from runtime.execution import AttemptStatus, ExecutionCode, ExecutionReport, execute
from runtime.execution import drill as drill_module
from runtime.execution.drill import Drill, DrillCheck, run_drill

AT = "2026-01-02T03:04:05.000Z"


@attrs.define
class Switch:
    """
    A switch that may be stuck, or answer something else.
    """

    is_on: Any = False
    is_stuck: bool = False
    turned: int = 0

    def is_active(self) -> Any:
        """
        Tell, or fail.
        """
        if isinstance(self.is_on, Exception):
            raise self.is_on
        return self.is_on

    def turn(self, *, on: bool) -> None:
        """
        Turn it, unless it is stuck.
        """
        self.turned += 1
        if not self.is_stuck:
            self.is_on = on


def _failed(drill: Drill) -> list[str]:
    return [check.name for check in drill.checks if not check.passed]


@pytest.mark.parametrize("is_on", [False, True])
def test_a_switch_that_works_passes_and_the_real_one_is_not_turned(is_on: bool) -> None:  # noqa: FBT001 - the case.
    """
    INV-EXE-4: whether the real one is on or off.
    """
    real = Switch(is_on)
    drill = run_drill(real, Switch(), at=AT)
    assert (drill.passed, drill.is_on, drill.at) == (True, is_on, AT)
    assert (real.is_on, real.turned) == (is_on, 0)
    assert len(drill.checks) == 4


@pytest.mark.parametrize(
    ("spare", "names"),
    [
        (Switch(is_stuck=True), ["turned_between_attempts_stops_the_next", "on_lets_nothing_begin"]),
        (Switch(is_on=True, is_stuck=True), ["off_lets_an_attempt_begin", "turned_between_attempts_stops_the_next"]),
        (
            Switch(OSError(), is_stuck=True),
            ["off_lets_an_attempt_begin", "turned_between_attempts_stops_the_next", "on_lets_nothing_begin"],
        ),
    ],
    ids=["stuck_off", "stuck_on", "unreadable"],
)
def test_a_spare_that_does_not_work_is_found(spare: Switch, names: list[str]) -> None:
    """
    INV-EXE-4: a drill that cannot fail would prove nothing.
    """
    drill = run_drill(Switch(), spare, at=AT)
    assert (drill.passed, _failed(drill)) == (False, names)


@pytest.mark.parametrize("answer", [OSError(), None, 1], ids=["raises", "none", "one"])
def test_a_real_switch_that_cannot_be_read_is_found(answer: Any) -> None:
    """
    INV-EXE-4: it stops everything, and nobody could tell why.
    """
    drill = run_drill(Switch(answer), Switch(), at=AT)
    assert (drill.is_on, _failed(drill)) == (None, ["the_real_switch_is_heeded"])


def test_a_real_switch_that_is_not_heeded_is_found() -> None:
    """
    INV-EXE-4: one that says it is on, and off or nothing when it is asked again.
    """

    class Fickle:
        def __init__(self, *answers: Any) -> None:
            self.answers = list(answers)

        def is_active(self) -> Any:
            return self.answers.pop(0)

    for answers in ([True, False, False], [False, True], [True, None]):
        assert _failed(run_drill(Fickle(*answers), Switch(), at=AT)) == ["the_real_switch_is_heeded"]


def _acts_on_a_stop(report: ExecutionReport, act: Callable[[], object]) -> ExecutionReport:
    if report.error_code is ExecutionCode.KILL_SWITCH and not report.attempts:
        act()
    return report


def _acts_twice(report: ExecutionReport, act: Callable[[], object]) -> ExecutionReport:
    if report.success_count:
        act()
    return report


def _hides_a_success(report: ExecutionReport, _: Callable[[], object]) -> ExecutionReport:
    return attrs.evolve(report, success_count=0)


def _hides_a_denial(report: ExecutionReport, _: Callable[[], object]) -> ExecutionReport:
    attempts = [attrs.evolve(attempt, status=AttemptStatus.FAILED) for attempt in report.attempts]
    return attrs.evolve(report, attempts=tuple(attempts))


def _counts_from_one(report: ExecutionReport, _: Callable[[], object]) -> ExecutionReport:
    attempts = [attrs.evolve(attempt, attempt_number=attempt.attempt_number + 1) for attempt in report.attempts]
    return attrs.evolve(report, attempts=tuple(attempts))


@pytest.mark.parametrize(
    ("spoil", "is_on", "names"),
    [
        (_acts_on_a_stop, True, ["on_lets_nothing_begin", "the_real_switch_is_heeded"]),
        (_acts_twice, False, ["off_lets_an_attempt_begin", "the_real_switch_is_heeded"]),
        (_hides_a_success, True, ["off_lets_an_attempt_begin"]),
        (_hides_a_denial, True, ["turned_between_attempts_stops_the_next"]),
        (_counts_from_one, True, ["turned_between_attempts_stops_the_next"]),
    ],
    ids=["acts_on_a_stop", "acts_twice", "hides_a_success", "hides_a_denial", "counts_from_one"],
)
def test_an_execution_that_does_not_heed_a_switch_is_found(
    spoil: Callable[[ExecutionReport, Callable[[], object]], ExecutionReport],
    is_on: bool,  # noqa: FBT001 - the case.
    names: list[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """
    INV-EXE-4: what was called counts, not only what was reported.
    """

    def spoilt(decision: Any, context: Any, policy: Any, executor: Any, **ports: Any) -> ExecutionReport:
        report = execute(decision, context, policy, executor, **ports)
        return spoil(report, lambda: executor(Action.ACT, {}))

    monkeypatch.setattr(drill_module, "execute", spoilt)
    assert _failed(run_drill(Switch(is_on), Switch(), at=AT)) == names


def test_a_drill_is_over_at_once_and_in_the_thread_that_asks_for_it(monkeypatch: pytest.MonkeyPatch) -> None:
    """
    Nothing waits for a back-off, and a switch that belongs to its thread, as a database may, can be turned.
    """
    threads = []
    ports_seen: list[Any] = []

    class Bound(Switch):
        def turn(self, *, on: bool) -> None:
            threads.append(threading.get_ident())
            super().turn(on=on)

    def watched(*arguments: Any, **ports: Any) -> ExecutionReport:
        ports_seen.append(ports)
        return execute(*arguments, **ports)

    monkeypatch.setattr(drill_module, "execute", watched)
    assert run_drill(Switch(), Bound(), at=AT).passed
    assert threads == [threading.get_ident()] * 2
    for ports in ports_seen:
        before = ports["clock"]()
        ports["sleep"](86_400)
        assert ports["clock"]() == before


def test_the_record_is_read_back_as_it_was() -> None:
    """
    The digest is that of the canonical bytes; another schema is refused.
    """
    drill = Drill(at=AT, is_on=None, checks=(DrillCheck(name="a", passed=True),))
    assert structure(unstructure(drill), Drill, what="drill") == drill
    assert drill.raw.startswith(b'{"at":')
    assert drill.digest == digest_of_bytes(drill.raw)
    with pytest.raises(DefinitionError, match="kill-switch-drill/v2"):
        attrs.evolve(drill, schema="kill-switch-drill/v2")
