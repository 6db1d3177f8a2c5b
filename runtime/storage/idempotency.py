"""Where idempotency keys are kept: in memory for one process, or in one SQLite file for all processes of a machine.

A claim names the process that holds it. When that process is gone, the key is unknown until somebody reconciles it.
"""

import os
import threading
from pathlib import Path
from typing import Final, final

import attrs

from runtime.errors import DefinitionError, StorageError
from runtime.storage.sqlite_file import SqliteFile
from runtime.values.idempotency import Claim, ClaimStatus, KeyOutcome, OutcomeKind

__all__ = ["MemoryIdempotencyStore", "SqliteIdempotencyStore"]

_FILE: Final = SqliteFile(
    noun="store of keys",
    application=0x4D49444D,  # the letters MIDM
    version=1,
    schema="""
CREATE TABLE key (
    key TEXT PRIMARY KEY,
    payload_digest TEXT NOT NULL,
    pid INTEGER NOT NULL,
    born TEXT NOT NULL,
    kind TEXT,
    attempt_number INTEGER,
    code TEXT
);
""",
    remedy="make one with SqliteIdempotencyStore.create; without the old one, nobody knows what was done before",
)
_PROCESSES: Final = Path("/proc")
_START_FIELD: Final = 19
"""The start time among the fields of `stat` behind the name of the program."""


@final
class MemoryIdempotencyStore:
    """
    Keys of one process, gone with it.
    """

    def __init__(self) -> None:
        """
        Begin without keys.
        """
        self._lock = threading.Lock()
        self._keys: dict[str, tuple[str, KeyOutcome | None]] = {}

    def claim(self, key: str, payload_digest: str) -> Claim:
        """
        Claim a key for a payload.
        """
        with self._lock:
            if key not in self._keys:
                self._keys[key] = payload_digest, None
                return Claim(status=ClaimStatus.CLAIMED)
            held, outcome = self._keys[key]
            return _answer(held == payload_digest, outcome, is_held=True)

    def settle(self, key: str, outcome: KeyOutcome) -> None:
        """
        Record how it ended.

        Raises:
            StorageError: nobody holds the key.
        """
        with self._lock:
            held, before = self._keys.get(key, ("", outcome))
            if before is not None:
                raise _unheld("memory")
            self._keys[key] = held, outcome

    def release(self, key: str) -> None:
        """
        Give a key back under which nothing was done.

        Raises:
            StorageError: nobody holds the key.
        """
        with self._lock:
            if self._keys.get(key, ("", _UNKNOWN))[1] is not None:
                raise _unheld("memory")
            del self._keys[key]

    def reconcile(self, key: str, outcome: KeyOutcome) -> bool:
        """
        Record what somebody found out about an unknown key.
        """
        _check_known(outcome)
        with self._lock:
            held, before = self._keys.get(key, ("", None))
            if before is None or before.kind is not OutcomeKind.UNKNOWN:
                return False
            self._keys[key] = held, outcome
            return True


@final
@attrs.frozen
class SqliteIdempotencyStore:
    """
    Keys in a file that is there; `create` makes one. What was answered is on the disk.
    """

    path: Path

    @classmethod
    def create(cls, path: Path) -> "SqliteIdempotencyStore":
        """
        Make an empty store, or take the one that is there.

        Raises:
            StorageError: the file cannot be written.
        """
        _FILE.create(path)
        return cls(path)

    def claim(self, key: str, payload_digest: str) -> Claim:
        """
        Claim a key for a payload, in one transaction.

        Raises:
            StorageError: the file cannot be used, or holds something else than it should.
        """
        with _FILE.connect(self.path) as connection:
            # The lock is taken before the key is looked for, so no two processes miss it.
            connection.execute("BEGIN IMMEDIATE")
            row = connection.execute("SELECT * FROM key WHERE key = ?", (key,)).fetchone()
            if row is None:
                values = (key, payload_digest, os.getpid(), _born(os.getpid()))
                connection.execute("INSERT INTO key VALUES (?, ?, ?, ?, NULL, NULL, NULL)", values)
            connection.execute("COMMIT")
            if row is None:
                return Claim(status=ClaimStatus.CLAIMED)
            _, held, pid, born, kind, attempt_number, code = row
            try:
                outcome = None if kind is None else _outcome(kind, attempt_number, code)
            except DefinitionError as error:
                raise _FILE.refusal(self.path, ValueError(error.what)) from error
            return _answer(held == payload_digest, outcome, is_held=_is_alive(pid, born))

    def settle(self, key: str, outcome: KeyOutcome) -> None:
        """
        Record how it ended.

        Raises:
            StorageError: nobody holds the key, or the file cannot be used.
        """
        self._change(
            "UPDATE key SET kind = ?, attempt_number = ?, code = ? WHERE key = ? AND kind IS NULL", key, outcome
        )

    def release(self, key: str) -> None:
        """
        Give a key back under which nothing was done.

        Raises:
            StorageError: nobody holds the key, or the file cannot be used.
        """
        self._change("DELETE FROM key WHERE key = ? AND kind IS NULL", key)

    def reconcile(self, key: str, outcome: KeyOutcome) -> bool:
        """
        Record what somebody found out about a key that is unknown, or whose process is gone.

        Raises:
            StorageError: the file cannot be used.
        """
        _check_known(outcome)
        with _FILE.connect(self.path) as connection:
            connection.execute("BEGIN IMMEDIATE")
            row = connection.execute("SELECT pid, born, kind FROM key WHERE key = ?", (key,)).fetchone()
            if row is None or row[2] not in (None, _UNKNOWN.kind.value):
                return False
            if row[2] is None and _is_alive(row[0], row[1]):
                return False
            connection.execute(
                "UPDATE key SET kind = ?, attempt_number = ?, code = ? WHERE key = ?", (*_columns(outcome), key)
            )
            connection.execute("COMMIT")
            return True

    def _change(self, statement: str, key: str, outcome: KeyOutcome | None = None) -> None:
        columns = () if outcome is None else _columns(outcome)
        with _FILE.connect(self.path) as connection:
            if connection.execute(statement, (*columns, key)).rowcount != 1:
                raise _unheld(str(self.path))


_UNKNOWN: Final = KeyOutcome(kind=OutcomeKind.UNKNOWN)


def _answer(is_same: bool, outcome: KeyOutcome | None, *, is_held: bool) -> Claim:  # noqa: FBT001 - of this file.
    if not is_same:
        return Claim(status=ClaimStatus.CONFLICT)
    if outcome is None:
        return Claim(status=ClaimStatus.IN_FLIGHT if is_held else ClaimStatus.UNKNOWN)
    if outcome.kind is OutcomeKind.UNKNOWN:
        return Claim(status=ClaimStatus.UNKNOWN)
    return Claim(status=ClaimStatus.ENDED, outcome=outcome)


def _outcome(kind: object, attempt_number: object, code: object) -> KeyOutcome:
    if code is not None and type(code) is not str:
        raise TypeError("a code that is no text")
    return KeyOutcome(kind=OutcomeKind(kind), attempt_number=attempt_number, code=code)  # type: ignore[arg-type]  # it has a validator.


def _columns(outcome: KeyOutcome) -> tuple[str, int, str | None]:
    return outcome.kind.value, outcome.attempt_number, outcome.code


def _check_known(outcome: KeyOutcome) -> None:
    if outcome.kind is OutcomeKind.UNKNOWN:
        raise DefinitionError("an outcome that is unknown", remedy="find out whether it was done, then reconcile")


def _unheld(where: str) -> StorageError:
    return StorageError("nobody holds the key", where=where, remedy="claim it first; an outcome is recorded once")


def _is_alive(pid: int, born: str) -> bool:
    """
    Tell whether a process lives, and is not another one that got its number since.
    """
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:  # Another user's; it lives.
        return True
    return _born(pid) == born


def _born(pid: int) -> str:
    """
    Give when a process started, in the words of the system; nothing where it does not tell.
    """
    try:
        text = (_PROCESSES / str(pid) / "stat").read_text(encoding="utf-8", errors="replace")
    except OSError:
        return ""
    return text.rpartition(")")[2].split()[_START_FIELD]
