"""One SQLite file of this package: made whole or not at all, marked, and opened anew for each call.

A connection lives as long as one call: nothing is shared between threads or across a fork, and nothing is left open.
The file is made under another name and then linked to its own, so no process ever sees half a database.
"""

import os
import sqlite3
import tempfile
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Final, final

import attrs

from runtime.errors import StorageError
from runtime.storage.whole_files import sync_folder

__all__ = ["SqliteFile"]

_WAIT_SECONDS: Final = 30.0


@final
@attrs.frozen(kw_only=True)
class SqliteFile:
    """
    A kind of database: what it is called, the marks that tell it from others, its tables, and how to get one.
    """

    noun: str
    application: int
    version: int
    schema: str
    remedy: str
    """What to do when there is none."""

    def create(self, path: Path) -> None:
        """
        Make an empty one, unless it is there.

        Raises:
            StorageError: the file cannot be written.
        """
        try:
            path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
            if not path.exists():
                with tempfile.TemporaryDirectory(dir=path.parent, suffix=".part") as folder:
                    part = Path(folder) / path.name
                    with closing(sqlite3.connect(part)) as connection:
                        connection.execute("PRAGMA journal_mode = WAL")
                        connection.execute(f"PRAGMA application_id = {self.application}")
                        connection.execute(f"PRAGMA user_version = {self.version}")
                        connection.executescript(self.schema)
                    part.chmod(0o600)
                    _link(part, path)
        except (OSError, sqlite3.Error) as error:
            raise self.refusal(path, error) from error

    @contextmanager
    def connect(self, path: Path) -> Iterator[sqlite3.Connection]:
        """
        Open one for a call; a transaction that is not committed is undone.

        Raises:
            StorageError: the file is missing, is of another kind, or cannot be used.
        """
        try:
            if not path.exists():
                raise StorageError(f"there is no {self.noun}", where=str(path), remedy=self.remedy)
            # `mode=rw` so that no empty one is made in its place.
            uri = f"{path.absolute().as_uri()}?mode=rw"
            with closing(sqlite3.connect(uri, uri=True, timeout=_WAIT_SECONDS, isolation_level=None)) as connection:
                # Without this, what was said to be kept could be gone when the power fails.
                connection.execute("PRAGMA synchronous = FULL")
                marks = [
                    connection.execute(f"PRAGMA {name}").fetchone()[0] for name in ("application_id", "user_version")
                ]
                if marks != [self.application, self.version]:
                    raise StorageError(
                        f"this is no {self.noun} of version {self.version}",
                        where=str(path),
                        remedy="name a file that this package made",
                    )
                yield connection
        except (OSError, sqlite3.Error, TypeError, ValueError) as error:
            # The last two because a table that somebody changed may hold anything.
            raise self.refusal(path, error) from error

    def refusal(self, path: Path, error: Exception) -> StorageError:
        """
        Give the error of one that cannot be used.
        """
        reason = error.strerror if isinstance(error, OSError) else str(error)
        return StorageError(
            f"the {self.noun} cannot be used: {reason}",
            where=str(path),
            remedy="name a file that can be read and written",
        )


def _link(part: Path, path: Path) -> None:
    """
    Give the file its name, unless another process was first.
    """
    try:
        os.link(part, path)
    except FileExistsError:
        return
    sync_folder(path.parent)
