"""`mission killswitch`: stops everything that obeys it, and proves by drills that it would."""

from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

import click

from runtime.cli.exit_codes import ExitCode
from runtime.cli.output import emit, json_option
from runtime.cli.store import Store, near
from runtime.cli.switches import load_drills, open_switch, spare_switch
from runtime.execution.drill import Drill, run_drill

__all__ = ["killswitch"]

_SHOWN: Final = 10


@click.group(no_args_is_help=False)
def killswitch() -> None:
    """
    Stop everything that obeys it, let it go on, and prove that it would stop.

    The switch is the file kill_switch.db under the root directory. mission execute reads it before every attempt and
    after every wait; one that cannot be read counts as on.
    """


@killswitch.command()
@json_option
@click.pass_obj
def on(root: Path | None, *, as_json: bool) -> None:
    """
    Stop: no further attempt begins.
    """
    _turn(root, on=True, as_json=as_json)


@killswitch.command()
@json_option
@click.pass_obj
def off(root: Path | None, *, as_json: bool) -> None:
    """
    Let attempts begin again.
    """
    _turn(root, on=False, as_json=as_json)


@killswitch.command()
@json_option
@click.pass_obj
def status(root: Path | None, *, as_json: bool) -> None:
    """
    Show whether it is on, and the drills.
    """
    store = Store.locate(root)
    switch = open_switch(store)
    is_on, drills = switch.is_active(), load_drills(store)
    lines = [_state(is_on)]
    lines += [f"drill {one.at}  {_result(one)}  {one.digest}" for one in drills[-_SHOWN:]]
    lines += [] if drills else ["no drill yet; make one with: mission killswitch drill"]
    document = {"is_on": is_on, "file": near(switch.path), "drills": [_told(one) for one in drills]}
    emit("\n".join(lines), document, as_json=as_json)


@killswitch.command()
@json_option
@click.pass_obj
def drill(root: Path | None, *, as_json: bool) -> int:
    """
    Prove that it would stop an attempt, and record that.

    What is executed does nothing. The switch itself is read and not turned, so nothing real is stopped or let go on.
    Status 1: a check did not go as it must.
    """
    store = Store.locate(root)
    real = open_switch(store)
    with spare_switch(store) as spare:
        done = run_drill(real, spare, at=datetime.now(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z"))
    path = store.save_drill(done.digest, done.raw)
    lines = [f"{'passed' if check.passed else 'FAILED'}  {check.name.replace('_', ' ')}" for check in done.checks]
    lines.append(f"drill {_result(done)}, kept as {near(path)}")
    emit("\n".join(lines), _told(done), as_json=as_json, name=done.digest)
    return ExitCode.HOLDS if done.passed else ExitCode.ENDED_BADLY


def _turn(root: Path | None, *, on: bool, as_json: bool) -> None:
    switch = open_switch(Store.locate(root))
    switch.turn(on=on)
    emit(_state(on), {"is_on": on, "file": near(switch.path)}, as_json=as_json)


def _state(is_on: bool) -> str:  # noqa: FBT001 - of this file.
    return "the kill switch is on: no attempt begins" if is_on else "the kill switch is off"


def _result(drill: Drill) -> str:
    return "passed" if drill.passed else "FAILED"


def _told(drill: Drill) -> dict[str, Any]:
    checks = [{"name": check.name, "passed": check.passed} for check in drill.checks]
    return {
        "digest": drill.digest,
        "at": drill.at,
        "is_on": drill.is_on,
        "passed": drill.passed,
        "checks": checks,
    }
