"""A store of durable runs in memory: for tests, everything is forgotten with the process."""

import threading
from typing import final

import attrs

from runtime.errors import RevisionConflictError, UnknownRunError, shown
from runtime.values.stored import RunChange, RunFilter, StoredEntry, StoredGate, StoredRun

__all__ = ["MemoryRunStore"]

_FIND_LIMIT = 10


@final
class MemoryRunStore:
    """
    Keeps runs, their logs and their gates as a database does; held to the same suite.
    """

    def __init__(self) -> None:
        """
        Begin without any run.
        """
        self._lock = threading.Lock()
        self._runs: dict[str, StoredRun] = {}
        self._entries: dict[str, list[StoredEntry]] = {}
        self._gates: dict[str, StoredGate] = {}

    def create(self, change: RunChange) -> None:
        """
        Keep a new run; see `RunStore`.
        """
        with self._lock:
            if change.run.run_id in self._runs:
                raise _conflict(change.run)
            self._keep(change)

    def commit(self, change: RunChange) -> None:
        """
        Keep the next revision of a run; see `RunStore`.
        """
        with self._lock:
            known = self._runs.get(change.run.run_id)
            if known is None or known.revision != change.run.revision - 1:
                raise _conflict(change.run)
            self._keep(change)

    def _keep(self, change: RunChange) -> None:
        self._runs[change.run.run_id] = change.run
        self._entries.setdefault(change.run.run_id, []).extend(change.entries)
        self._gates.update({gate.gate_id: gate for gate in change.gates})

    def load(self, run_id: str) -> StoredRun:
        """
        Give a run; see `RunStore`.
        """
        if run_id not in self._runs:
            raise UnknownRunError(f"run {shown(run_id)}", remedy="give the id of a run that is kept here")
        return self._runs[run_id]

    def find(self, start: str) -> tuple[str, ...]:
        """
        Give the ids of runs that begin so; see `RunStore`.
        """
        return tuple(sorted(run_id for run_id in self._runs if run_id.startswith(start))[:_FIND_LIMIT])

    def list_runs(self, which: RunFilter, limit: int) -> tuple[StoredRun, ...]:
        """
        Give runs, the newest first; see `RunStore`.
        """
        return tuple(self._list(which)[:limit])

    def count(self, which: RunFilter) -> int:
        """
        Count runs; see `RunStore`.
        """
        return len(self._list(which))

    def _list(self, which: RunFilter) -> list[StoredRun]:
        newest = list(reversed(self._runs.values()))
        if which.before is not None:
            ids = [run.run_id for run in newest]
            newest = newest[ids.index(which.before) + 1 :] if which.before in ids else []
        wanted = {
            name: value
            for name, value in attrs.asdict(which, recurse=False).items()
            if value is not None and name not in ("states", "before")
        }
        return [
            run
            for run in newest
            if (not which.states or run.state in which.states)
            and all(getattr(run, name) == value for name, value in wanted.items())
        ]

    def load_entries(self, run_id: str, after: int = 0) -> tuple[StoredEntry, ...]:
        """
        Give the audit log of a run; see `RunStore`.
        """
        return tuple(entry for entry in self._entries.get(run_id, ()) if entry.sequence > after)

    def load_gate(self, gate_id: str) -> StoredGate | None:
        """
        Give a gate; see `RunStore`.
        """
        return self._gates.get(gate_id)

    def list_gates(self, *, run_id: str | None = None, status: str | None = None) -> tuple[StoredGate, ...]:
        """
        Give gates, the oldest first; see `RunStore`.
        """
        return tuple(
            gate for gate in self._gates.values() if run_id in (None, gate.run_id) and status in (None, gate.status)
        )


def _conflict(run: StoredRun) -> RevisionConflictError:
    return RevisionConflictError(
        f"run {run.run_id} is not at revision {run.revision - 1}",
        where=run.run_id,
        remedy="look at the run again, and decide anew",
    )
