"""Kill switches that an operator turns: a file that is there, or a row in a database. What cannot be read is an error."""

import stat
from pathlib import Path
from typing import Final, final

import attrs

from runtime.errors import StorageError
from runtime.storage.sqlite_file import SqliteFile

__all__ = ["FileKillSwitch", "SqliteKillSwitch"]

_FILE: Final = SqliteFile(
    noun="kill switch",
    application=0x4D4B494C,  # the letters MKIL
    version=1,
    schema="""
CREATE TABLE kill_switch (only_row INTEGER PRIMARY KEY CHECK (only_row = 0), is_active INTEGER NOT NULL);
INSERT INTO kill_switch VALUES (0, 0);
""",
    remedy="make one with SqliteKillSwitch.create",
)


@final
@attrs.frozen
class FileKillSwitch:
    """
    On while anything stands at a path. The folder must be there, because a path that was misspelt stops nothing.
    """

    path: Path

    def is_active(self) -> bool:
        """
        Tell whether something stands there.

        Raises:
            StorageError: the folder is missing or cannot be read.
        """
        try:
            if not stat.S_ISDIR(self.path.parent.stat().st_mode):
                raise NotADirectoryError
            self.path.lstat()
        except FileNotFoundError as error:
            if not self.path.parent.exists():
                raise self._refusal() from error
            return False
        except OSError as error:
            raise self._refusal() from error
        return True

    def _refusal(self) -> StorageError:
        return StorageError("the kill switch cannot be read", where=str(self.path), remedy="make its folder readable")


@final
@attrs.frozen
class SqliteKillSwitch:
    """
    A row in a file that is there; `create` makes one that is off.
    """

    path: Path

    @classmethod
    def create(cls, path: Path) -> "SqliteKillSwitch":
        """
        Make a switch that is off, or take the one that is there.

        Raises:
            StorageError: the file cannot be written.
        """
        _FILE.create(path)
        return cls(path)

    def is_active(self) -> bool:
        """
        Tell whether it is on.

        Raises:
            StorageError: the row cannot be read.
        """
        with _FILE.connect(self.path) as connection:
            rows = connection.execute("SELECT is_active FROM kill_switch").fetchall()
        if rows not in ([(0,)], [(1,)]):
            raise _FILE.refusal(self.path, ValueError("its row is missing or was changed"))
        return bool(rows[0][0])

    def turn(self, *, on: bool) -> None:
        """
        Turn it on or off; returns when that is on the disk.

        Raises:
            StorageError: it cannot be written.
        """
        with _FILE.connect(self.path) as connection:
            connection.execute("UPDATE kill_switch SET is_active = ?", (int(on),))
