"""The leaves of a log in one SQLite file, for any number of processes on one machine.

This is a shell: it keeps bytes, and knows nothing of trees or receipts. Read `sqlite_file.py` for the file itself.
"""

import sqlite3
from collections.abc import Iterator
from hashlib import sha256
from pathlib import Path
from typing import Final, final

import attrs

from runtime.errors import StorageError
from runtime.storage.sqlite_file import SqliteFile

__all__ = ["SqliteLogStore"]

_HASH_BYTES: Final = 32
_PAGE: Final = 1000
_FILE: Final = SqliteFile(
    noun="log",
    application=0x4D4C4F47,  # the letters MLOG
    version=1,
    schema="""
CREATE TABLE leaf (
    position INTEGER PRIMARY KEY,
    digest BLOB NOT NULL UNIQUE,
    content BLOB NOT NULL
);
CREATE TABLE peaks (only INTEGER PRIMARY KEY CHECK (only = 0), size INTEGER NOT NULL, hashes BLOB NOT NULL);
INSERT INTO peaks VALUES (0, 0, x'');
""",
    remedy="put a receipt in: mission log append RUN",
)
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
        _FILE.create(path)
        return cls(path)

    @property
    def size(self) -> int:
        """
        The number of leaves.
        """
        with _FILE.connect(self.path) as connection:
            return _size(connection)

    def append(self, leaf: bytes) -> int:
        """
        Add a leaf in one transaction, unless it is there; returns its index when it is on the disk.
        """
        digest = sha256(leaf).digest()
        with _FILE.connect(self.path) as connection:
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
        with _FILE.connect(self.path) as connection:
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
            with _FILE.connect(self.path) as connection:
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
        with _FILE.connect(self.path) as connection:
            [(size, hashes)] = connection.execute("SELECT size, hashes FROM peaks")
            return size, tuple(hashes[at : at + _HASH_BYTES] for at in range(0, len(hashes), _HASH_BYTES))

    def save_peaks(self, size: int, peaks: tuple[bytes, ...]) -> None:
        """
        Keep the hashes of a size, unless those of a larger one are kept.
        """
        with _FILE.connect(self.path) as connection:
            connection.execute("UPDATE peaks SET size = ?, hashes = ? WHERE size < ?", (size, b"".join(peaks), size))


def _size(connection: sqlite3.Connection) -> int:
    # Not a count, which would read every row; a row that is missing in between shows when leaves are read.
    [(size,)] = connection.execute("SELECT coalesce(max(position) + 1, 0) FROM leaf")
    return int(size)


def _find(connection: sqlite3.Connection, digest: bytes) -> int | None:
    row = connection.execute("SELECT position FROM leaf WHERE digest = ?", (digest,)).fetchone()
    return None if row is None else int(row[0])
