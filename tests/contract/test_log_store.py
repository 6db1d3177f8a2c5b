"""What every store of a log does: one suite for memory and SQLite."""

from collections.abc import Callable
from pathlib import Path

import pytest

from runtime.errors import StorageError
from runtime.ports import LogStore
from runtime.storage import SqliteLogStore, sqlite_log
from runtime.testing import MemoryLogStore

STORES: dict[str, Callable[[Path], LogStore]] = {
    "memory": lambda _: MemoryLogStore(),
    "sqlite": lambda folder: SqliteLogStore.create(folder / "log.db"),
}


@pytest.fixture(params=STORES)
def store(request: pytest.FixtureRequest, tmp_path: Path) -> LogStore:
    """
    An empty store of each kind.
    """
    return STORES[request.param](tmp_path)


def test_a_new_store_is_empty(store: LogStore) -> None:
    """
    No leaf, no saved hashes.
    """
    assert store.size == 0
    assert list(store.leaves(0, 0)) == []
    assert store.find(b"a") is None
    assert store.load_peaks() == (0, ())


def test_leaves_keep_the_order_they_came_in(store: LogStore) -> None:
    """
    Each gets the next index, and stands there as it was.
    """
    leaves = [b"b", b"a", b"", b"\x00\xff", b"x" * 100_000]
    assert [store.append(leaf) for leaf in leaves] == [0, 1, 2, 3, 4]
    assert store.size == 5
    assert list(store.leaves(0, 5)) == leaves
    assert list(store.leaves(1, 3)) == leaves[1:3]
    assert [store.leaf(index) for index in range(5)] == leaves
    assert [store.find(leaf) for leaf in leaves] == [0, 1, 2, 3, 4]


def test_a_leaf_is_there_once(store: LogStore) -> None:
    """
    The same leaf again has the index it had.
    """
    assert [store.append(leaf) for leaf in (b"a", b"b", b"a", b"b", b"c")] == [0, 1, 0, 1, 2]
    assert store.size == 3


def test_many_leaves_are_read_in_order(store: LogStore, monkeypatch: pytest.MonkeyPatch) -> None:
    """
    More than are read at a time, from any place to any other.
    """
    monkeypatch.setattr(sqlite_log, "_PAGE", 3)
    leaves = [b"%d" % number for number in range(10)]
    for leaf in leaves:
        store.append(leaf)
    assert list(store.leaves(0, 10)) == leaves
    assert list(store.leaves(2, 9)) == leaves[2:9]


@pytest.mark.parametrize(("start", "stop"), [(2, 3), (1, 3), (-1, 1), (0, 5)])
def test_a_leaf_that_is_not_there(store: LogStore, start: int, stop: int) -> None:
    """
    It is named, and never passed over.
    """
    store.append(b"a")
    store.append(b"b")
    with pytest.raises(StorageError, match="is missing"):
        list(store.leaves(start, stop))
    with pytest.raises(StorageError, match="is missing"):
        store.leaf(2)


def test_a_leaf_is_added_while_others_are_read(store: LogStore) -> None:
    """
    Who reads holds nobody up, and sees what was asked for.
    """
    store.append(b"a")
    store.append(b"b")
    reader = store.leaves(0, 2)
    assert next(reader) == b"a"
    assert store.append(b"c") == 2
    assert list(reader) == [b"b"]


def test_saved_hashes_are_given_back(store: LogStore) -> None:
    """
    Those of the largest size count, in whatever order they are saved.
    """
    first, second = b"\x01" * 32, b"\x02" * 32
    store.save_peaks(3, (first, second))
    assert store.load_peaks() == (3, (first, second))
    store.save_peaks(2, (first,))
    store.save_peaks(3, (second, first))
    assert store.load_peaks() == (3, (first, second))
    store.save_peaks(4, (second,))
    assert store.load_peaks() == (4, (second,))
