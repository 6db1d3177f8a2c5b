"""Kill switches that an operator turns, and that what cannot be read is an error."""

import sqlite3
from pathlib import Path

import pytest

from runtime.errors import StorageError
from runtime.storage import FileKillSwitch, SqliteKillSwitch


def test_a_file_stops(tmp_path: Path) -> None:
    """
    Whatever stands there, a link that leads nowhere too.
    """
    switch = FileKillSwitch(tmp_path / "STOP")
    assert switch.is_active() is False
    switch.path.symlink_to("nowhere")
    assert switch.is_active() is True
    switch.path.unlink()
    assert switch.is_active() is False


def test_a_folder_that_is_missing_is_an_error(tmp_path: Path) -> None:
    """
    INV-EXE-3: a path that was misspelt does not look like a switch that is off.
    """
    with pytest.raises(StorageError, match="cannot be read"):
        FileKillSwitch(tmp_path / "none" / "STOP").is_active()
    (tmp_path / "file").touch()
    with pytest.raises(StorageError, match="cannot be read"):
        FileKillSwitch(tmp_path / "file" / "STOP").is_active()


def test_a_folder_that_goes_away_is_an_error(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """
    Between the look at the folder and the look at the file.
    """
    switch = FileKillSwitch(tmp_path / "folder" / "STOP")
    switch.path.parent.mkdir()

    def vanish(_: Path) -> None:
        switch.path.parent.rmdir()
        raise FileNotFoundError

    monkeypatch.setattr(Path, "lstat", vanish)
    with pytest.raises(StorageError, match="cannot be read"):
        switch.is_active()


def test_a_row_stops(tmp_path: Path) -> None:
    """
    Off at first, and as it was turned.
    """
    switch = SqliteKillSwitch.create(tmp_path / "switch.db")
    assert switch.is_active() is False
    switch.turn(on=True)
    assert SqliteKillSwitch.create(switch.path).is_active() is True
    switch.turn(on=False)
    assert switch.is_active() is False


@pytest.mark.parametrize(
    "change", ["DELETE FROM kill_switch", "UPDATE kill_switch SET is_active = 2", "DROP TABLE kill_switch"]
)
def test_a_damaged_row_is_an_error(tmp_path: Path, change: str) -> None:
    """
    INV-EXE-3: it does not look like a switch that is off.
    """
    switch = SqliteKillSwitch.create(tmp_path / "switch.db")
    with sqlite3.connect(switch.path) as connection:
        connection.execute(change)
    with pytest.raises(StorageError, match="the kill switch cannot be used"):
        switch.is_active()
