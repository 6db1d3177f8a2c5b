"""What durable runs need from the world outside, as Protocols, beside those in `runtime/ports.py`."""

from typing import Protocol

from runtime.values.stored import RunChange, RunFilter, StoredEntry, StoredGate, StoredRun

__all__ = ["RunStore"]


class RunStore(Protocol):
    """
    Keeps durable runs, their audit logs and their gates. A change is kept whole or not at all.
    """

    def create(self, change: RunChange) -> None:
        """
        Keep a new run, at revision 1; returns when it is durable.

        Raises:
            RevisionConflictError: there is a run of this id.
        """

    def commit(self, change: RunChange) -> None:
        """
        Keep the next revision of a run; returns when it is durable. Of several callers at once one succeeds.

        Raises:
            RevisionConflictError: the run is not at the revision before; nothing was kept.
        """

    def load(self, run_id: str) -> StoredRun:
        """
        Give a run as it is now.

        Raises:
            UnknownRunError: there is none of this id.
        """

    def find(self, start: str) -> tuple[str, ...]:
        """
        Give the ids of runs that begin so, sorted; at most ten.
        """

    def list_runs(self, which: RunFilter, limit: int) -> tuple[StoredRun, ...]:
        """
        Give runs, the newest first.
        """

    def count(self, which: RunFilter) -> int:
        """
        Count runs.
        """

    def load_entries(self, run_id: str, after: int = 0) -> tuple[StoredEntry, ...]:
        """
        Give the audit log of a run behind a sequence number, in order.
        """

    def load_gate(self, gate_id: str) -> StoredGate | None:
        """
        Give a gate, or None.
        """

    def list_gates(self, *, run_id: str | None = None, status: str | None = None) -> tuple[StoredGate, ...]:
        """
        Give gates, the oldest first.
        """
