"""The database of durable runs: made whole by one of several, of this release or refused, and private."""

import sqlite3
import stat
import threading
from collections.abc import Callable
from contextlib import closing
from itertools import count
from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import Engine, insert, select, text

from runtime.errors import StorageError
from runtime.storage.database import open_postgres, open_sqlite, reading, writing
from runtime.storage.migrate import list_versions, upgrade
from runtime.storage.tables import METADATA, RUNS, SCHEMA_VERSION, VERSION

_numbers = count()


def _differences(engine: Engine) -> list[object]:
    with reading(engine) as connection:
        context = MigrationContext.configure(connection, opts={"compare_type": True})
        found: list[object] = compare_metadata(context, METADATA)
        return found


def _row() -> dict[str, object]:
    names = ("run_id", "state", "mode", "tenant", "requester", "created_at", "updated_at")
    return {**dict.fromkeys(names, str(next(_numbers))), "revision": 1, "document": b""}


def test_a_new_database_is_private_and_survives_the_power(tmp_path: Path) -> None:
    """
    Its owner alone may read it, and what was committed is on the disk.
    """
    path = tmp_path / "root" / "mission.db"
    engine = open_sqlite(path)
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert stat.S_IMODE(path.parent.stat().st_mode) == 0o700
    with reading(engine) as connection:
        pragmas = {
            name: connection.scalar(text(f"PRAGMA {name}")) for name in ("journal_mode", "synchronous", "foreign_keys")
        }
    assert pragmas == {"journal_mode": "wal", "synchronous": 2, "foreign_keys": 1}
    engine.dispose()
    assert [one.name for one in path.parent.iterdir()] == ["mission.db"]


def test_migrations_lead_to_the_tables(tmp_path: Path) -> None:
    """
    A database that was brought up from nothing is the one that is made at once.
    """
    engine = open_sqlite(tmp_path / "made.db")
    assert _differences(engine) == []
    other = open_sqlite(tmp_path / "migrated.db")
    with writing(other) as connection:
        METADATA.drop_all(connection)
        upgrade(connection)
    assert _differences(other) == []
    with reading(other) as connection:
        assert connection.scalar(select(VERSION.c.version_num)) == SCHEMA_VERSION == list_versions()[-1]
    engine.dispose()
    other.dispose()


def test_several_at_once_make_one(tmp_path: Path) -> None:
    """
    None of them sees it half made, and what one writes the others read.
    """
    path = tmp_path / "mission.db"
    start = threading.Barrier(8)
    failures: list[BaseException] = []

    def write() -> None:
        start.wait()
        try:
            engine = open_sqlite(path)
            with writing(engine) as connection:
                connection.execute(insert(RUNS).values(**_row()))
            engine.dispose()
        except BaseException as error:  # noqa: BLE001 - shown below.
            failures.append(error)

    threads = [threading.Thread(target=write) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failures == []
    engine = open_sqlite(path)
    with reading(engine) as connection:
        assert len(connection.execute(select(RUNS)).all()) == 8
    engine.dispose()


def test_nothing_is_kept_of_a_block_that_raises(tmp_path: Path) -> None:
    """
    Whatever it raises.
    """
    engine = open_sqlite(tmp_path / "mission.db")
    with pytest.raises(ZeroDivisionError):
        _write_and_raise(engine)
    with reading(engine) as connection:
        assert connection.execute(select(RUNS)).all() == []
    engine.dispose()


def _write_and_raise(engine: Engine) -> None:
    with writing(engine) as connection:
        connection.execute(insert(RUNS).values(**_row()))
        raise ZeroDivisionError


def _other_database(path: Path) -> None:
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("CREATE TABLE run (a)")


def _version(path: Path, version: str) -> None:
    open_sqlite(path).dispose()
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("UPDATE alembic_version SET version_num = ?", (version,))
        connection.commit()


BAD: dict[str, tuple[Callable[[Path], object], str]] = {
    "text": (lambda path: path.write_text("no database" * 100), "cannot be used: file is not a database"),
    "empty": (lambda path: path.touch(), "this is no database of runs"),
    "other_tables": (_other_database, "this is no database of runs"),
    "newer": (lambda path: _version(path, "9999"), "a database of version 9999, and this release knows 0001"),
    "folder": (lambda path: path.mkdir(), "cannot be used: unable to open database file"),
}


@pytest.mark.parametrize("name", BAD)
def test_what_is_no_database_of_this_release_is_refused(tmp_path: Path, name: str) -> None:
    """
    By what it is, and left as it was.
    """
    make, what = BAD[name]
    path = tmp_path / "mission.db"
    make(path)
    before = path.read_bytes() if path.is_file() else b""
    with pytest.raises(StorageError, match=what) as refusal:
        open_sqlite(path)
    assert refusal.value.where == str(path)
    assert refusal.value.remedy
    assert (path.read_bytes() if path.is_file() else b"") == before


def test_a_root_that_is_a_file_is_refused(tmp_path: Path) -> None:
    """
    Nothing can be made below it.
    """
    (tmp_path / "root").write_text("a file")
    with pytest.raises(StorageError, match="cannot be used"):
        open_sqlite(tmp_path / "root" / "mission.db")


@pytest.mark.parametrize(
    ("url", "what"),
    [
        ("", "cannot be read"),
        ("no url", "cannot be read"),
        ("mysql://host/name", "of mysql"),
        ("sqlite:///file", "of sqlite"),
        ("postgresql://ada:hunter2@127.0.0.1:1/name?connect_timeout=1", "cannot be used"),
    ],
    ids=["empty", "no_url", "other_server", "file", "nobody_there"],
)
def test_a_url_that_leads_nowhere_is_refused_without_its_password(url: str, what: str) -> None:
    """
    With what was wrong and how to mend it.
    """
    with pytest.raises(StorageError, match=what) as refusal:
        open_postgres(url)
    assert "hunter2" not in f"{refusal.value} {refusal.value.where}"
    assert refusal.value.remedy
