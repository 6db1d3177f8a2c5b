"""The SQLite file of a log: several processes, crashes, foreign and damaged files."""

import sqlite3
import subprocess
import sys
import tempfile
import threading
from contextlib import closing
from pathlib import Path

import pytest

from runtime.errors import StorageError
from runtime.storage import SqliteLogStore, sqlite_file

WRITER = """
import sys
from pathlib import Path
from runtime.storage import SqliteLogStore

store = SqliteLogStore.create(Path(sys.argv[1]))
print(*[store.append(leaf.encode()) for leaf in sys.argv[2:]])
"""


def _change(path: Path, *statements: str) -> None:
    with closing(sqlite3.connect(path)) as connection:
        for statement in statements:
            connection.execute(statement)
        connection.commit()


def _names(folder: Path) -> list[str]:
    return sorted(one.name for one in folder.iterdir())


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """
    A log of three leaves.
    """
    store = SqliteLogStore.create(tmp_path / "kept" / "log.db")
    for leaf in (b"a", b"b", b"c"):
        store.append(leaf)
    return store.path


def test_a_log_is_one_private_file(path: Path) -> None:
    """
    When nobody has it open there is the file alone, and nobody else may read it.
    """
    assert _names(path.parent) == ["log.db"]
    assert path.stat().st_mode & 0o777 == 0o600
    assert path.parent.stat().st_mode & 0o777 == 0o700
    with closing(sqlite3.connect(path)) as connection:
        assert connection.execute("PRAGMA journal_mode").fetchone() == ("wal",)
        assert connection.execute("PRAGMA integrity_check").fetchone() == ("ok",)


def test_a_log_that_is_there_is_taken(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """
    `create` makes no second one, not even for a moment, and another opening sees the same leaves.
    """
    monkeypatch.setattr(tempfile, "TemporaryDirectory", None)
    assert SqliteLogStore.create(path).size == 3
    assert list(SqliteLogStore(path).leaves(0, 3)) == [b"a", b"b", b"c"]


def test_who_comes_second_takes_the_log_of_the_first(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """
    A log that another process makes in between is not replaced.
    """
    path = tmp_path / "log.db"
    SqliteLogStore.create(path).append(b"first")
    monkeypatch.setattr(Path, "exists", lambda _: False)
    made = SqliteLogStore.create(path)
    monkeypatch.undo()
    assert made.leaf(0) == b"first"
    assert _names(tmp_path) == ["log.db"]


@pytest.mark.slow
def test_several_processes_append_at_once(tmp_path: Path) -> None:
    """
    They make the file together, and every leaf has one index, the shared ones too.
    """
    path = tmp_path / "log.db"
    shared = [f"shared{number}" for number in range(20)]
    words = [[f"{writer}-{number}" for number in range(20)] + shared for writer in range(6)]
    writers = [
        subprocess.Popen([sys.executable, "-c", WRITER, str(path), *leaves], stdout=subprocess.PIPE, text=True)
        for leaves in words
    ]
    printed = [writer.communicate()[0] for writer in writers]
    assert [writer.returncode for writer in writers] == [0] * 6
    store = SqliteLogStore(path)
    assert store.size == 6 * 20 + 20
    kept = list(store.leaves(0, store.size))
    for leaves, out in zip(words, printed, strict=True):
        assert [kept[int(index)].decode() for index in out.split()] == leaves


def test_threads_append_at_once(tmp_path: Path) -> None:
    """
    A store may be shared between threads.
    """
    store = SqliteLogStore.create(tmp_path / "log.db")
    threads = [threading.Thread(target=store.append, args=(b"%d" % one,)) for one in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(store.leaves(0, 8)) == sorted(b"%d" % one for one in range(8))


def test_an_append_waits_for_another(path: Path) -> None:
    """
    The lock is taken before the size is read: who waits for it counts what the other one added.
    """
    done: list[int] = []
    with closing(sqlite3.connect(path, isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        other.execute("INSERT INTO leaf VALUES (3, x'00', x'64')")
        waiting = threading.Thread(target=lambda: done.append(SqliteLogStore(path).append(b"e")))
        waiting.start()
        waiting.join(0.2)
        assert waiting.is_alive()
        other.execute("COMMIT")
    waiting.join()
    assert done == [4]


def test_a_lock_that_is_never_given_back(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """
    After a while the append is refused, and nothing was added.
    """
    monkeypatch.setattr(sqlite_file, "_WAIT_SECONDS", 0.05)
    with closing(sqlite3.connect(path, isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        with pytest.raises(StorageError, match="the log cannot be used: database is locked") as caught:
            SqliteLogStore(path).append(b"d")
    assert caught.value.code == "storage_error"
    assert SqliteLogStore(path).size == 3


def test_an_append_that_fails_adds_nothing(path: Path) -> None:
    """
    A transaction that does not end is undone.
    """
    _change(path, "CREATE TRIGGER no BEFORE INSERT ON leaf BEGIN SELECT RAISE(ABORT, 'no more'); END")
    with pytest.raises(StorageError, match="no more"):
        SqliteLogStore(path).append(b"d")
    assert SqliteLogStore(path).append(b"a") == 0
    assert SqliteLogStore(path).size == 3


def test_an_append_is_on_the_disk_when_it_returns(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """
    Every commit of an append is synchronised, not only those that SQLite would.
    """
    said: list[str] = []
    connect = sqlite3.connect

    def traced(*words: object, **keywords: object) -> sqlite3.Connection:
        connection: sqlite3.Connection = connect(*words, **keywords)  # type: ignore[call-overload]  # as it is called.
        connection.set_trace_callback(said.append)
        return connection

    monkeypatch.setattr(sqlite3, "connect", traced)
    SqliteLogStore(path).append(b"d")
    assert said.index("PRAGMA synchronous = FULL") < said.index("BEGIN IMMEDIATE") < said.index("COMMIT")


def test_no_log_is_made_by_reading(tmp_path: Path) -> None:
    """
    A path without a log is refused, with how to begin one, and stays empty.
    """
    store = SqliteLogStore(tmp_path / "log.db")
    for call in (lambda: store.size, lambda: store.append(b"a"), lambda: list(store.leaves(0, 1)), store.load_peaks):
        with pytest.raises(StorageError, match="there is no log") as caught:
            call()
        assert "mission log append" in caught.value.remedy
    assert _names(tmp_path) == []


def test_a_log_that_goes_between_two_calls(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """
    One that was there a moment ago is not made again, empty.
    """
    path.unlink()
    monkeypatch.setattr(Path, "exists", lambda _: True)
    with pytest.raises(StorageError, match="the log cannot be used"):
        SqliteLogStore(path).append(b"a")
    monkeypatch.undo()
    assert _names(path.parent) == []


@pytest.mark.parametrize("content", [b"", b"not a database", b"SQLite format 3\x00" + b"\xff" * 200])
def test_a_file_that_is_no_log(tmp_path: Path, content: bytes) -> None:
    """
    A file of something else is refused and stays as it was.
    """
    path = tmp_path / "log.db"
    path.write_bytes(content)
    with pytest.raises(StorageError):
        SqliteLogStore.create(path).append(b"a")
    with pytest.raises(StorageError):
        assert SqliteLogStore(path).size
    assert path.read_bytes() == content


@pytest.mark.parametrize("pragma", ["application_id = 1", "user_version = 2"])
def test_a_database_of_something_else(path: Path, pragma: str) -> None:
    """
    Another program's database, or a later version of ours, is not written to.
    """
    _change(path, f"PRAGMA {pragma}")
    with pytest.raises(StorageError, match="this is no log of version 1"):
        SqliteLogStore(path).append(b"d")


def test_a_place_that_cannot_be_written(tmp_path: Path) -> None:
    """
    A file where a directory should be, and a directory where the file should be.
    """
    (tmp_path / "file").write_bytes(b"")
    with pytest.raises(StorageError, match="the log cannot be used"):
        SqliteLogStore.create(tmp_path / "file" / "log.db")
    (tmp_path / "log.db").mkdir()
    with pytest.raises(StorageError, match="the log cannot be used"):
        SqliteLogStore.create(tmp_path / "log.db").append(b"a")


def test_a_path_with_awkward_characters(tmp_path: Path) -> None:
    """
    The name of a file is taken as it is.
    """
    path = tmp_path / "a?mode=ro#%41 b.db"
    assert SqliteLogStore.create(path).append(b"a") == 0
    assert _names(tmp_path) == [path.name]


DAMAGES = {
    "a_leaf_removed": "DELETE FROM leaf WHERE position = 1",
    "the_first_leaf_removed": "DELETE FROM leaf WHERE position = 0",
    "a_leaf_moved_away": "UPDATE leaf SET position = 9 WHERE position = 1",
    "a_leaf_of_text": "UPDATE leaf SET content = 'text' WHERE position = 1",
    "a_leaf_of_a_number": "UPDATE leaf SET content = 5 WHERE position = 1",
    "no_table": "DROP TABLE leaf",
}


@pytest.mark.parametrize("case", DAMAGES)
def test_a_changed_database_is_refused(path: Path, case: str) -> None:
    """
    A leaf that is gone or no leaf any more is named when leaves are read.
    """
    _change(path, DAMAGES[case])
    with pytest.raises(StorageError):
        list(SqliteLogStore(path).leaves(0, 3))


@pytest.mark.parametrize(
    "change",
    ["DELETE FROM peaks", "UPDATE peaks SET hashes = 5", "DROP TABLE peaks"],
    ids=["none", "number", "no_table"],
)
def test_changed_hashes_are_refused(path: Path, change: str) -> None:
    """
    What is saved must at least be bytes.
    """
    _change(path, change)
    with pytest.raises(StorageError):
        SqliteLogStore(path).load_peaks()
