"""The leaves of a log in one SQLite file, for any number of processes on one machine.

A connection lives as long as one call: nothing is shared between threads or across a fork, and nothing is left open.
The file is made whole under another name and then linked to its own, so no process ever sees half a database.
This is a shell: it keeps bytes, and knows nothing of trees or receipts.
"""

import os
import sqlite3
import tempfile
from collections.abc import Iterator
from contextlib import closing, contextmanager
from hashlib import sha256
from pathlib import Path
from typing import Final, final

import attrs

from runtime.errors import StorageError

__all__ = ["SqliteLogStore"]

_VERSION: Final = 1
_APPLICATION: Final = 0x4D4C4F47
"""The letters MLOG, which mark the file as a log of this package."""
_WAIT_SECONDS: Final = 30.0
_HASH_BYTES: Final = 32
_PAGE: Final = 1000
_SCHEMA: Final = """
CREATE TABLE leaf (
    position INTEGER PRIMARY KEY,
    digest BLOB NOT NULL UNIQUE,
    content BLOB NOT NULL
);
CREATE TABLE peaks (only INTEGER PRIMARY KEY CHECK (only = 0), size INTEGER NOT NULL, hashes BLOB NOT NULL);
INSERT INTO peaks VALUES (0, 0, x'');
"""
_MARKS: Final = {"journal_mode": "WAL", "application_id": _APPLICATION, "user_version": _VERSION}
_RESTORE: Final = "the database was changed or damaged; restore it, and compare its head with one that was kept"


@final
@attrs.frozen
class SqliteLogStore:
    """
    A log in a file that is there; `create` makes one.
    """

    path: Path

    @classmethod
    def create(cls, path: Path) -> "SqliteLogStore":
        """
        Make an empty log, or take the one that is there.

        Raises:
            StorageError: the file cannot be written.
        """
        try:
            path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
            if not path.exists():
                with tempfile.TemporaryDirectory(dir=path.parent, suffix=".part") as folder:
                    part = Path(folder) / path.name
                    with closing(sqlite3.connect(part)) as connection:
                        for name, value in _MARKS.items():
                            connection.execute(f"PRAGMA {name} = {value}")
                        connection.executescript(_SCHEMA)
                    part.chmod(0o600)
                    _link(part, path)
        except (OSError, sqlite3.Error) as error:
            raise _refusal(path, error) from error
        return cls(path)

    @property
    def size(self) -> int:
        """
        The number of leaves.
        """
        with self._connected() as connection:
            return _size(connection)

    def append(self, leaf: bytes) -> int:
        """
        Add a leaf in one transaction, unless it is there; returns its index when it is on the disk.
        """
        digest = sha256(leaf).digest()
        with self._connected() as connection:
            # The lock is taken before the size is read, so no two processes see the same one.
            connection.execute("BEGIN IMMEDIATE")
            index = _find(connection, digest)
            if index is None:
                index = _size(connection)
                connection.execute("INSERT INTO leaf VALUES (?, ?, ?)", (index, digest, leaf))
            connection.execute("COMMIT")
            return index

    def find(self, leaf: bytes) -> int | None:
        """
        Give the index of a leaf, or None.
        """
        with self._connected() as connection:
            return _find(connection, sha256(leaf).digest())

    def leaf(self, index: int) -> bytes:
        """
        Give one leaf.

        Raises:
            StorageError: there is none.
        """
        [leaf] = self.leaves(index, index + 1)
        return leaf

    def leaves(self, start: int, stop: int) -> Iterator[bytes]:
        """
        Give leaves in order, read some at a time.

        Raises:
            StorageError: one of them is missing.
        """
        while start < stop:
            with self._connected() as connection:
                rows = connection.execute(
                    "SELECT position, content FROM leaf WHERE position >= ? ORDER BY position LIMIT ?",
                    (start, min(_PAGE, stop - start)),
                ).fetchall()
            is_whole = [position for position, _ in rows] == list(range(start, start + len(rows)))
            if not rows or not is_whole or any(type(content) is not bytes for _, content in rows):
                raise StorageError(f"a leaf at or after {start} is missing", where=str(self.path), remedy=_RESTORE)
            yield from (content for _, content in rows)
            start += len(rows)

    def load_peaks(self) -> tuple[int, tuple[bytes, ...]]:
        """
        Give what was saved at the largest size.
        """
        with self._connected() as connection:
            [(size, hashes)] = connection.execute("SELECT size, hashes FROM peaks")
            return size, tuple(hashes[at : at + _HASH_BYTES] for at in range(0, len(hashes), _HASH_BYTES))

    def save_peaks(self, size: int, peaks: tuple[bytes, ...]) -> None:
        """
        Keep the hashes of a size, unless those of a larger one are kept.
        """
        with self._connected() as connection:
            connection.execute("UPDATE peaks SET size = ?, hashes = ? WHERE size < ?", (size, b"".join(peaks), size))

    @contextmanager
    def _connected(self) -> Iterator[sqlite3.Connection]:
        """
        Open the file for one call; a transaction that is not committed is undone.

        Raises:
            StorageError: the file is missing, is no log, or cannot be used.
        """
        try:
            if not self.path.exists():
                raise StorageError(
                    "there is no log", where=str(self.path), remedy="put a receipt in: mission log append RUN"
                )
            # `mode=rw` so that no empty log is made in its place.
            uri = f"{self.path.absolute().as_uri()}?mode=rw"
            with closing(sqlite3.connect(uri, uri=True, timeout=_WAIT_SECONDS, isolation_level=None)) as connection:
                # Without this, a leaf whose index was returned could be gone when the power fails.
                connection.execute("PRAGMA synchronous = FULL")
                marks = [
                    connection.execute(f"PRAGMA {name}").fetchone()[0] for name in ("application_id", "user_version")
                ]
                if marks != [_APPLICATION, _VERSION]:
                    raise StorageError(
                        f"not a log of version {_VERSION}",
                        where=str(self.path),
                        remedy="name the file `mission log` made",
                    )
                yield connection
        except (OSError, sqlite3.Error, TypeError, ValueError) as error:
            # The last two because a table that somebody changed may hold anything.
            raise _refusal(self.path, error) from error


def _size(connection: sqlite3.Connection) -> int:
    # Not a count, which would read every row; a row that is missing in between shows when leaves are read.
    [(size,)] = connection.execute("SELECT coalesce(max(position) + 1, 0) FROM leaf")
    return int(size)


def _find(connection: sqlite3.Connection, digest: bytes) -> int | None:
    row = connection.execute("SELECT position FROM leaf WHERE digest = ?", (digest,)).fetchone()
    return None if row is None else int(row[0])


def _link(part: Path, path: Path) -> None:
    """
    Give the file its name, unless another process was first.
    """
    try:
        os.link(part, path)
    except FileExistsError:
        return
    descriptor = os.open(path.parent, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _refusal(path: Path, error: Exception) -> StorageError:
    reason = error.strerror if isinstance(error, OSError) else str(error)
    return StorageError(
        f"the log cannot be used: {reason}", where=str(path), remedy="name a log that can be read and written"
    )
