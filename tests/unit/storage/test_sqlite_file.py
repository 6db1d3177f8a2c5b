"""A file of one kind: made whole, private, and nothing else is taken for it."""

import os
import sqlite3
from pathlib import Path

import pytest

from runtime.errors import StorageError
from runtime.storage import SqliteIdempotencyStore, SqliteKillSwitch
from runtime.storage.sqlite_file import SqliteFile

THING = SqliteFile(noun="thing", application=1, version=1, schema="CREATE TABLE t (a)", remedy="make one")


def test_a_file_is_private_and_alone(tmp_path: Path) -> None:
    """
    Others cannot read it, and no half of it is left.
    """
    THING.create(tmp_path / "a.db")
    assert [path.name for path in tmp_path.iterdir()] == ["a.db"]
    assert (tmp_path / "a.db").stat().st_mode & 0o777 == 0o600


def test_one_that_was_made_meanwhile_is_taken(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """
    The first process made it; nothing in it is lost.
    """
    path = tmp_path / "a.db"
    THING.create(path)
    before = path.read_bytes()
    monkeypatch.setattr(Path, "exists", lambda _: False)
    THING.create(path)
    assert path.read_bytes() == before


def test_what_cannot_be_made_is_an_error(tmp_path: Path) -> None:
    """
    With the reason.
    """
    (tmp_path / "file").touch()
    with pytest.raises(StorageError, match="the thing cannot be used"):
        THING.create(tmp_path / "file" / "a.db")


def test_nothing_is_made_in_place_of_one_that_is_missing(tmp_path: Path) -> None:
    """
    An empty one would have forgotten everything.
    """
    with pytest.raises(StorageError, match="there is no store of keys"):
        SqliteIdempotencyStore(tmp_path / "keys.db").claim("k", "p")
    assert os.listdir(tmp_path) == []  # noqa: PTH208 - names alone.


def test_another_kind_is_refused(tmp_path: Path) -> None:
    """
    A kill switch is no store of keys, and a text no database.
    """
    switch = SqliteKillSwitch.create(tmp_path / "switch.db")
    with pytest.raises(StorageError, match="this is no store of keys of version 1"):
        SqliteIdempotencyStore(switch.path).claim("k", "p")
    with sqlite3.connect(switch.path) as connection:
        connection.execute("PRAGMA user_version = 2")
    with pytest.raises(StorageError, match="this is no kill switch of version 1"):
        switch.is_active()
    (tmp_path / "text").write_text("no database, however long this text may be")
    with pytest.raises(StorageError, match="cannot be used"):
        SqliteKillSwitch(tmp_path / "text").is_active()
