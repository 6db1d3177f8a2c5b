"""`mission killswitch`: on, off, and drills that prove it would stop."""

import json
import re
from pathlib import Path

import pytest
from command_line import Mission

from runtime.encoding.digest import digest_of_bytes
from runtime.storage import SqliteKillSwitch

SWITCH = Path(".mission/kill_switch.db")


def test_it_is_off_until_it_is_turned(mission: Mission) -> None:
    """
    Turning it twice is turning it once.
    """
    assert json.loads(mission("killswitch", "status", "--json").out) == {
        "drills": [],
        "file": str(SWITCH),
        "is_on": False,
    }
    for word, is_on in (("on", True), ("on", True), ("off", False)):
        shown = mission("killswitch", word, "--json")
        assert (shown.status, json.loads(shown.out)["is_on"]) == (0, is_on)
        assert SqliteKillSwitch(SWITCH).is_active() is is_on
    assert mission("killswitch", "on").out == "the kill switch is on: no attempt begins\n"
    shown = mission("killswitch", "status")
    assert (
        shown.out == "the kill switch is on: no attempt begins\nno drill yet; make one with: mission killswitch drill\n"
    )


@pytest.mark.parametrize("word", ["on", "off"])
def test_a_drill_leaves_the_switch_as_it_is_and_is_recorded(mission: Mission, word: str) -> None:
    """
    INV-EXE-4: the record is canonical, named by its digest, and listed.
    """
    mission("killswitch", word)
    shown = mission("killswitch", "drill")
    assert (shown.status, shown.err.count("passed  ")) == (0, 4)
    digest = shown.out.strip()
    raw = Path(f".mission/drills/{digest.removeprefix('sha256:')}.json").read_bytes()
    assert digest_of_bytes(raw) == digest
    assert json.loads(raw)["is_on"] is (word == "on")
    assert SqliteKillSwitch(SWITCH).is_active() is (word == "on")
    assert sorted(path.name for path in Path(".mission").iterdir()) == ["drills", "kill_switch.db"]
    status = mission("killswitch", "status").out
    assert re.search(rf"^drill \d{{4}}-\d\d-\d\dT[\d:.]{{12}}Z  passed  {digest}$", status, re.MULTILINE)


def test_drills_are_listed_in_the_order_of_their_times(mission: Mission) -> None:
    """
    As text the last ten; as JSON all of them.
    """
    for _ in range(12):
        assert mission("killswitch", "drill", "--json").status == 0
    times = [one["at"] for one in json.loads(mission("killswitch", "status", "--json").out)["drills"]]
    assert times == sorted(times)
    assert mission("killswitch", "status").out.count("\ndrill ") == 10


def test_a_drill_that_fails_is_recorded_too(mission: Mission) -> None:
    """
    Status 1: a switch that cannot be read stops everything, and nobody could tell why.
    """
    mission("killswitch", "status")
    SWITCH.write_text("no database")
    shown = mission("killswitch", "drill")
    assert shown.status == 1
    assert "FAILED  the real switch is heeded\n" in shown.err
    assert "drill FAILED" in shown.err
    SWITCH.unlink()
    assert "  FAILED  " in mission("killswitch", "status").out


def test_a_drill_that_was_changed_is_refused(mission: Mission) -> None:
    """
    A record is what it was, or none.
    """
    mission("killswitch", "drill")
    path = next(Path(".mission/drills").iterdir())
    path.write_bytes(path.read_bytes().replace(b'"is_on":false', b'"is_on":true'))
    shown = mission("killswitch", "status")
    assert (shown.status, "a drill that is not the one it was" in shown.err) == (2, True)
    path.write_text('{"schema":"kill-switch-drill/v2"}')
    assert mission("killswitch", "status").status == 2


def test_a_switch_that_cannot_be_used_is_said_to_be(mission: Mission) -> None:
    """
    Status 5.
    """
    SWITCH.parent.mkdir()
    SWITCH.write_text("no database")
    for word in ("on", "off", "status"):
        shown = mission("killswitch", word)
        assert (shown.status, "kill switch cannot be used" in shown.err) == (5, True)


def test_a_spare_that_cannot_be_made_is_said_to_be(mission: Mission, monkeypatch: pytest.MonkeyPatch) -> None:
    """
    Status 5: a drill that was not made proves nothing.
    """
    mission("killswitch", "status")

    def refuse(**_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("runtime.cli.switches.tempfile.TemporaryDirectory", refuse)
    shown = mission("killswitch", "drill")
    assert (shown.status, "cannot write: No space left on device" in shown.err) == (5, True)
