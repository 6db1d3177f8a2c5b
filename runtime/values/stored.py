"""What is kept of durable runs: the columns that are searched, and beside them documents that only `runs` reads.

A change is written whole or not at all: the run with its next revision, what is added to its audit log, and the gates
that opened or closed.
"""

from typing import final

import attrs

__all__ = ["RunChange", "RunFilter", "StoredEntry", "StoredGate", "StoredRun"]


@final
@attrs.frozen(kw_only=True)
class StoredRun:
    """
    One run. `revision` counts its changes from 1; times are RFC 3339, UTC, milliseconds, so their order is that of text.
    """

    run_id: str
    revision: int
    state: str
    mode: str
    tenant: str
    requester: str
    mission: str | None = None
    environment: str | None = None
    target: str | None = None
    parent_run_id: str | None = None
    created_at: str
    updated_at: str
    document: bytes = attrs.field(repr=False)
    """Everything else of the run, as canonical JSON."""


@final
@attrs.frozen(kw_only=True)
class StoredEntry:
    """
    One entry of an audit log, and its details; None where they were removed. Canonical JSON.
    """

    sequence: int
    entry: bytes = attrs.field(repr=False)
    details: bytes | None = attrs.field(repr=False)


@final
@attrs.frozen(kw_only=True)
class StoredGate:
    """
    One gate of a run: a request that waits, or waited, for a person.
    """

    gate_id: str
    run_id: str
    step_id: str
    status: str
    created_at: str
    expires_at: str | None = None
    document: bytes = attrs.field(repr=False)
    """Everything else of the gate, as canonical JSON."""


@final
@attrs.frozen(kw_only=True)
class RunChange:
    """
    One change of one run.

    `entries` follow those that are there; `gates` are new, or take the place of those with their ids.
    """

    run: StoredRun
    entries: tuple[StoredEntry, ...] = ()
    gates: tuple[StoredGate, ...] = ()


@final
@attrs.frozen(kw_only=True)
class RunFilter:
    """
    Which runs are meant; None and empty stand for any. `before` is the id of a run that those meant are older than.
    """

    states: tuple[str, ...] = ()
    tenant: str | None = None
    mission: str | None = None
    environment: str | None = None
    target: str | None = None
    parent_run_id: str | None = None
    before: str | None = None
