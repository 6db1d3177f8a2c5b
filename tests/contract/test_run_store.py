"""What every store of durable runs does: one suite for memory, SQLite and PostgreSQL."""

import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import attrs
import pytest
from postgres import PostgresServer

from runtime.errors import RevisionConflictError, UnknownRunError
from runtime.runs.ports import RunStore
from runtime.storage.database import open_postgres, open_sqlite
from runtime.storage.runs import SqlRunStore
from runtime.testing import MemoryRunStore
from runtime.values.stored import RunChange, RunFilter, StoredEntry, StoredGate, StoredRun

AT = "2026-05-14T20:54:00.000Z"


@pytest.fixture(params=["memory", "sqlite", pytest.param("postgres", marks=pytest.mark.slow)])
def store(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[RunStore]:
    """
    An empty store of each kind.
    """
    if request.param == "memory":
        yield MemoryRunStore()
        return
    if request.param == "sqlite":
        engine = open_sqlite(tmp_path / "mission.db")
    else:
        server: PostgresServer = request.getfixturevalue("postgres")
        engine = open_postgres(server.make_database())
    opened = SqlRunStore(engine)
    yield opened
    opened.close()


def _run(run_id: str = "run-1", **changes: Any) -> StoredRun:
    fields: dict[str, Any] = {
        "run_id": run_id,
        "revision": 1,
        "state": "created",
        "mode": "observe",
        "tenant": "local",
        "requester": "ada",
        "created_at": AT,
        "updated_at": AT,
        "document": b"{}",
    }
    return StoredRun(**{**fields, **changes})


def _entry(sequence: int, details: bytes | None = b'{"a":1}') -> StoredEntry:
    return StoredEntry(sequence=sequence, entry=b'{"sequence":%d}' % sequence, details=details)


def _gate(gate_id: str = "gate-1", **changes: Any) -> StoredGate:
    fields: dict[str, Any] = {
        "gate_id": gate_id,
        "run_id": "run-1",
        "step_id": "approve",
        "status": "pending",
        "created_at": AT,
        "document": b"[]",
    }
    return StoredGate(**{**fields, **changes})


def test_a_new_store_is_empty(store: RunStore) -> None:
    """
    No run and no gate.
    """
    assert store.list_runs(RunFilter(), 10) == ()
    assert store.count(RunFilter()) == 0
    assert store.list_gates() == ()
    assert store.load_gate("gate-1") is None
    assert store.load_entries("run-1") == ()
    with pytest.raises(UnknownRunError, match="'run-1'"):
        store.load("run-1")


def test_a_run_is_read_back_as_it_was_kept(store: RunStore) -> None:
    """
    Every column, any bytes, with and without what may be missing.
    """
    full = _run(
        "run-2",
        mission="echo",
        environment="lab",
        target="vm",
        parent_run_id="run-1",
        document=b"\x00\xff'\"%s" + b"x" * 100_000,
    )
    for run in (_run(), full):
        store.create(RunChange(run=run))
        assert store.load(run.run_id) == run


def test_a_change_is_kept_whole(store: RunStore) -> None:
    """
    The run, its entries and its gates.
    """
    store.create(RunChange(run=_run(), entries=(_entry(1),)))
    after = _run(revision=2, state="waiting_gate")
    store.commit(RunChange(run=after, entries=(_entry(2), _entry(3, None)), gates=(_gate(),)))
    assert store.load("run-1") == after
    assert store.load_entries("run-1") == (_entry(1), _entry(2), _entry(3, None))
    assert store.load_entries("run-1", after=2) == (_entry(3, None),)
    assert store.load_gate("gate-1") == _gate()


def test_nothing_of_a_refused_change_is_kept(store: RunStore) -> None:
    """
    A revision that is not the next one changes nothing.
    """
    store.create(RunChange(run=_run(), entries=(_entry(1),)))
    for revision in (0, 1, 3):
        refused = RunChange(run=_run(revision=revision, state="failed"), entries=(_entry(2),), gates=(_gate(),))
        with pytest.raises(RevisionConflictError, match=f"not at revision {revision - 1}"):
            store.commit(refused)
    with pytest.raises(RevisionConflictError):
        store.create(RunChange(run=_run(state="failed"), entries=(_entry(2),)))
    assert store.load("run-1") == _run()
    assert store.load_entries("run-1") == (_entry(1),)
    assert store.list_gates() == ()


def test_a_run_that_is_not_there_is_not_changed(store: RunStore) -> None:
    """
    Nor made.
    """
    with pytest.raises(RevisionConflictError):
        store.commit(RunChange(run=_run(revision=1)))
    assert store.count(RunFilter()) == 0


def test_of_several_at_once_one_succeeds(store: RunStore) -> None:
    """
    Whoever comes second must look again.
    """
    store.create(RunChange(run=_run()))
    start = threading.Barrier(6)
    ends: list[str] = []

    def change(name: str) -> None:
        start.wait()
        try:
            store.commit(RunChange(run=_run(revision=2, state=name), entries=(_entry(1),)))
        except RevisionConflictError:
            ends.append("")
        else:
            ends.append(name)

    threads = [threading.Thread(target=change, args=(f"s{number}",)) for number in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert ends.count("") == 5
    assert store.load("run-1").state == max(ends)
    assert store.load_entries("run-1") == (_entry(1),)


def test_runs_are_listed_newest_first_and_page_by_page(store: RunStore) -> None:
    """
    The id of the last one of a page leads to the next.
    """
    for number in range(5):
        store.create(RunChange(run=_run(f"run-{number}")))
    newest = [run.run_id for run in store.list_runs(RunFilter(), 3)]
    assert newest == ["run-4", "run-3", "run-2"]
    assert [run.run_id for run in store.list_runs(RunFilter(before="run-2"), 3)] == ["run-1", "run-0"]
    assert store.list_runs(RunFilter(before="no-such-run"), 3) == ()


FILTERS: dict[str, tuple[RunFilter, list[str]]] = {
    "states": (RunFilter(states=("failed", "running")), ["c", "b"]),
    "tenant": (RunFilter(tenant="other"), ["b"]),
    "mission": (RunFilter(mission="echo"), ["c", "a"]),
    "environment": (RunFilter(environment="lab"), ["c"]),
    "target": (RunFilter(target="vm"), ["c"]),
    "parent": (RunFilter(parent_run_id="a"), ["b"]),
    "together": (RunFilter(states=("failed",), mission="echo"), ["c"]),
    "none": (RunFilter(states=("failed",), tenant="other"), []),
}


@pytest.mark.parametrize("name", FILTERS)
def test_runs_are_filtered(store: RunStore, name: str) -> None:
    """
    By each column, and by several together.
    """
    store.create(RunChange(run=_run("a", mission="echo")))
    store.create(RunChange(run=_run("b", state="running", tenant="other", parent_run_id="a")))
    store.create(RunChange(run=_run("c", state="failed", mission="echo", environment="lab", target="vm")))
    which, expected = FILTERS[name]
    assert [run.run_id for run in store.list_runs(which, 10)] == expected
    assert store.count(which) == len(expected)


def test_a_run_is_found_by_the_start_of_its_id(store: RunStore) -> None:
    """
    Where the start holds what a pattern would read, too.
    """
    for run_id in ("ab%1", "ab_1", "ab1", "b"):
        store.create(RunChange(run=_run(run_id)))
    assert sorted(store.find("ab")) == ["ab%1", "ab1", "ab_1"]
    assert store.find("ab%") == ("ab%1",)
    assert store.find("ab_") == ("ab_1",)
    assert store.find("c") == ()


def test_a_gate_takes_the_place_of_the_one_with_its_id(store: RunStore) -> None:
    """
    It opens once and is decided once.
    """
    store.create(RunChange(run=_run(), gates=(_gate(), _gate("gate-2"))))
    decided = _gate(status="approved", document=b"[1]", expires_at=AT)
    store.commit(RunChange(run=_run(revision=2), gates=(decided,)))
    assert store.list_gates() == (decided, _gate("gate-2"))
    assert store.list_gates(status="pending") == (_gate("gate-2"),)
    assert store.list_gates(run_id="run-2") == ()
    assert store.list_gates(run_id="run-1", status="approved") == (decided,)


def test_a_document_of_a_run_can_be_replaced(store: RunStore) -> None:
    """
    Everything but its id may change.
    """
    store.create(RunChange(run=_run()))
    after = attrs.evolve(_run(), revision=2, state="planned", updated_at="2026-05-14T20:54:00.001Z", document=b"new")
    store.commit(RunChange(run=after))
    assert store.load("run-1") == after
