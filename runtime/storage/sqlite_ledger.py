"""The effect ledger in one SQLite file, for any number of processes on one machine: what was begun, and how it ended.

Rows are only ever added. An effect has one intent, and outcomes of which only the last may be other than `unknown`: once
it is known how an effect ended, nothing changes that. This is a shell; the rules of when to call it are in
`runtime/orchestration/drive.py`.
"""

import sqlite3
from pathlib import Path
from typing import Any, Final, Self, final

import attrs

from runtime.encoding.canonical import canonical_record
from runtime.encoding.converter import structure, unstructure
from runtime.encoding.jsontext import parse_canonical
from runtime.errors import IntegrityError, TransitionError, shown
from runtime.storage.sqlite_file import SqliteFile
from runtime.values.answers import EffectOutcome, OutcomeStatus
from runtime.values.checks import is_identifier, of_type
from runtime.values.requests import Request

__all__ = ["SqliteEffectLedger"]

_FILE: Final = SqliteFile(
    noun="effect ledger",
    application=0x4D454646,  # the letters MEFF
    version=1,
    schema="""
CREATE TABLE intent (
    position INTEGER PRIMARY KEY,
    scope TEXT NOT NULL,
    request_digest TEXT NOT NULL,
    request BLOB NOT NULL,
    UNIQUE (scope, request_digest)
);
CREATE TABLE outcome (
    position INTEGER PRIMARY KEY,
    intent INTEGER NOT NULL REFERENCES intent (position),
    content BLOB NOT NULL
);
CREATE INDEX outcome_of_intent ON outcome (intent);
""",
    remedy="make one with SqliteEffectLedger.create; without the old one, nobody knows what was done before",
)
_ROWS: Final = """
SELECT intent.position, intent.request, (
    SELECT content FROM outcome WHERE outcome.intent = intent.position ORDER BY outcome.position DESC LIMIT 1
) FROM intent WHERE intent.scope = ?
"""


@final
@attrs.frozen
class SqliteEffectLedger:
    """
    The ledger of one run, in a file that is there; `create` makes one.

    `scope` names the run, because equal runs make equal requests: under another scope an effect is another effect.
    """

    path: Path = attrs.field(validator=of_type(type(Path())))
    scope: str = attrs.field(validator=is_identifier)

    @classmethod
    def create(cls, path: Path, scope: str) -> Self:
        """
        Make an empty file, or take the one that is there.

        Raises:
            StorageError: it cannot be written.
        """
        ledger = cls(path, scope)
        _FILE.create(path)
        return ledger

    @property
    def is_durable(self) -> bool:
        """
        Tell that a record survives the process and the machine's power.
        """
        return True

    def record_intent(self, request: Request) -> bool:
        """
        Record that an effect is about to be attempted; False when that was recorded before.
        """
        row = (self.scope, request.digest, canonical_record(request.to_dict()))
        with _FILE.connect(self.path) as connection:
            done = connection.execute(
                "INSERT INTO intent (scope, request_digest, request) VALUES (?, ?, ?) ON CONFLICT DO NOTHING", row
            )
            return done.rowcount == 1

    def has_intent(self, request_digest: str) -> bool:
        """
        Tell whether an intent was recorded.
        """
        with _FILE.connect(self.path) as connection:
            return _find(connection, self.scope, request_digest) is not None

    def record_outcome(self, request_digest: str, outcome: EffectOutcome) -> None:
        """
        Record how an effect ended; one that was unknown may become known.

        Raises:
            TransitionError: the effect was not begun, or is known to have ended otherwise.
        """
        with _FILE.connect(self.path) as connection:
            connection.execute("BEGIN IMMEDIATE")
            found = _find(connection, self.scope, request_digest)
            if found is None:
                raise TransitionError(
                    f"an outcome of {shown(request_digest)}, which was not begun", remedy="record the intent first"
                )
            position, _, content = found
            known = None if content is None else _read_outcome(content, self.path)
            if known == outcome:
                return
            if known is not None and known.status is not OutcomeStatus.UNKNOWN:
                raise TransitionError(
                    f"effect {shown(request_digest)} has ended: {known.status.value}",
                    remedy="what is known of an effect does not change; leave it as it is",
                )
            connection.execute(
                "INSERT INTO outcome (intent, content) VALUES (?, ?)",
                (position, canonical_record(unstructure(outcome))),
            )
            connection.execute("COMMIT")

    def find_outcome(self, request_digest: str) -> EffectOutcome | None:
        """
        Give the last outcome, or None.
        """
        with _FILE.connect(self.path) as connection:
            found = _find(connection, self.scope, request_digest)
        return None if found is None or found[2] is None else _read_outcome(found[2], self.path)

    def list_open(self) -> tuple[dict[str, Any], ...]:
        """
        List the requests, as records `request/v1`, of effects of which it is not known how they ended, oldest first.
        """
        with _FILE.connect(self.path) as connection:
            rows = connection.execute(f"{_ROWS} ORDER BY intent.position", (self.scope,)).fetchall()
        return tuple(
            parse_canonical(request, source=str(self.path))
            for _, request, content in rows
            if content is None or _read_outcome(content, self.path).status is OutcomeStatus.UNKNOWN
        )


def _find(connection: sqlite3.Connection, scope: str, digest: str) -> tuple[int, bytes, bytes | None] | None:
    row: tuple[int, bytes, bytes | None] | None = connection.execute(
        f"{_ROWS} AND intent.request_digest = ?", (scope, digest)
    ).fetchone()
    return row


def _read_outcome(content: bytes, path: Path) -> EffectOutcome:
    return structure(parse_canonical(content, source=str(path)), EffectOutcome, what=str(path), error=IntegrityError)
