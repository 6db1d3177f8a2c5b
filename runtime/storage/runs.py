"""Durable runs in one database, for any number of processes: SQLite or PostgreSQL. A shell: it holds no rule of runs."""

from typing import Any, Final, final

import attrs
from sqlalchemy import Connection, Engine, Select, func, insert, select, update
from sqlalchemy.exc import IntegrityError

from runtime.errors import RevisionConflictError, UnknownRunError, shown
from runtime.storage.database import reading, writing
from runtime.storage.tables import ENTRIES, GATES, RUNS
from runtime.values.stored import RunChange, RunFilter, StoredEntry, StoredGate, StoredRun

__all__ = ["SqlRunStore"]

_RUN: Final = [RUNS.c[field.name] for field in attrs.fields(StoredRun)]
_GATE: Final = [GATES.c[field.name] for field in attrs.fields(StoredGate)]
_FIND_LIMIT: Final = 10


@final
@attrs.frozen
class SqlRunStore:
    """
    The runs of one database, as `open_sqlite` or `open_postgres` give it.
    """

    engine: Engine

    def close(self) -> None:
        """
        Let go of every connection.
        """
        self.engine.dispose()

    def create(self, change: RunChange) -> None:
        """
        Keep a new run; see `RunStore`.
        """
        with writing(self.engine) as connection:
            try:
                made = connection.execute(insert(RUNS).values(**_fields(change.run)))
            except IntegrityError as error:
                raise _conflict(change.run) from error
            [position] = made.inserted_primary_key or [None]
            _add(connection, position, change)

    def commit(self, change: RunChange) -> None:
        """
        Keep the next revision of a run; see `RunStore`.
        """
        run = change.run
        with writing(self.engine) as connection:
            kept = connection.execute(
                update(RUNS)
                .where(RUNS.c.run_id == run.run_id, RUNS.c.revision == run.revision - 1)
                .values(**_fields(run))
            )
            if kept.rowcount != 1:
                raise _conflict(run)
            position = connection.scalar(select(RUNS.c.position).where(RUNS.c.run_id == run.run_id))
            _add(connection, position, change)

    def load(self, run_id: str) -> StoredRun:
        """
        Give a run; see `RunStore`.
        """
        with reading(self.engine) as connection:
            row = connection.execute(select(*_RUN).where(RUNS.c.run_id == run_id)).one_or_none()
        if row is None:
            raise UnknownRunError(f"run {shown(run_id)}", remedy="mission runs lists those that are kept here")
        return _run(row)

    def find(self, start: str) -> tuple[str, ...]:
        """
        Give the ids of runs that begin so; see `RunStore`.
        """
        asked = (
            select(RUNS.c.run_id)
            .where(RUNS.c.run_id.startswith(start, autoescape=True))
            .order_by(RUNS.c.run_id)
            .limit(_FIND_LIMIT)
        )
        with reading(self.engine) as connection:
            return tuple(connection.scalars(asked))

    def list_runs(self, which: RunFilter, limit: int) -> tuple[StoredRun, ...]:
        """
        Give runs, the newest first; see `RunStore`.
        """
        asked = _filtered(select(*_RUN), which).order_by(RUNS.c.position.desc()).limit(limit)
        with reading(self.engine) as connection:
            return tuple(map(_run, connection.execute(asked)))

    def count(self, which: RunFilter) -> int:
        """
        Count runs; see `RunStore`.
        """
        with reading(self.engine) as connection:
            return connection.scalar(_filtered(select(func.count()).select_from(RUNS), which)) or 0

    def load_entries(self, run_id: str, after: int = 0) -> tuple[StoredEntry, ...]:
        """
        Give the audit log of a run; see `RunStore`.
        """
        asked = (
            select(ENTRIES.c.sequence, ENTRIES.c.entry, ENTRIES.c.details)
            .join(RUNS, RUNS.c.position == ENTRIES.c.run)
            .where(RUNS.c.run_id == run_id, ENTRIES.c.sequence > after)
            .order_by(ENTRIES.c.sequence)
        )
        with reading(self.engine) as connection:
            return tuple(
                StoredEntry(sequence=sequence, entry=bytes(entry), details=None if details is None else bytes(details))
                for sequence, entry, details in connection.execute(asked)
            )

    def load_gate(self, gate_id: str) -> StoredGate | None:
        """
        Give a gate; see `RunStore`.
        """
        with reading(self.engine) as connection:
            row = connection.execute(select(*_GATE).where(GATES.c.gate_id == gate_id)).one_or_none()
        return None if row is None else _gate(row)

    def list_gates(self, *, run_id: str | None = None, status: str | None = None) -> tuple[StoredGate, ...]:
        """
        Give gates, the oldest first; see `RunStore`.
        """
        asked = select(*_GATE).order_by(GATES.c.position)
        for column, wanted in ((GATES.c.run_id, run_id), (GATES.c.status, status)):
            asked = asked if wanted is None else asked.where(column == wanted)
        with reading(self.engine) as connection:
            return tuple(map(_gate, connection.execute(asked)))


def _fields(value: StoredRun | StoredGate) -> dict[str, Any]:
    return attrs.asdict(value, recurse=False)


def _run(row: Any) -> StoredRun:  # noqa: ANN401 - a row of any query.
    fields = row._asdict()
    return StoredRun(**{**fields, "document": bytes(fields["document"])})


def _gate(row: Any) -> StoredGate:  # noqa: ANN401 - a row of any query.
    fields = row._asdict()
    return StoredGate(**{**fields, "document": bytes(fields["document"])})


def _conflict(run: StoredRun) -> RevisionConflictError:
    return RevisionConflictError(
        f"run {run.run_id} is not at revision {run.revision - 1}",
        where=run.run_id,
        remedy="look at the run again, and decide anew",
    )


def _add(connection: Connection, position: int | None, change: RunChange) -> None:
    """
    Keep what goes along with a run.
    """
    if change.entries:
        rows = [{"run": position, **attrs.asdict(entry, recurse=False)} for entry in change.entries]
        connection.execute(insert(ENTRIES), rows)
    for gate in change.gates:
        fields = _fields(gate)
        known = connection.execute(update(GATES).where(GATES.c.gate_id == gate.gate_id).values(**fields))
        if not known.rowcount:
            connection.execute(insert(GATES).values(**fields))


def _filtered(asked: Select[Any], which: RunFilter) -> Select[Any]:
    for column, wanted in (
        (RUNS.c.tenant, which.tenant),
        (RUNS.c.mission, which.mission),
        (RUNS.c.environment, which.environment),
        (RUNS.c.target, which.target),
        (RUNS.c.parent_run_id, which.parent_run_id),
    ):
        asked = asked if wanted is None else asked.where(column == wanted)
    if which.states:
        asked = asked.where(RUNS.c.state.in_(which.states))
    if which.before is not None:
        newer = select(RUNS.c.position).where(RUNS.c.run_id == which.before).scalar_subquery()
        asked = asked.where(RUNS.c.position < newer)
    return asked
