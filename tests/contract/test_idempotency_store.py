"""What every store of idempotency keys does: one suite for memory and SQLite."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from runtime.errors import DefinitionError, StorageError
from runtime.ports import IdempotencyStore
from runtime.storage import MemoryIdempotencyStore, SqliteIdempotencyStore
from runtime.values.idempotency import Claim, ClaimStatus, KeyOutcome, OutcomeKind

STORES: dict[str, Callable[[Path], IdempotencyStore]] = {
    "memory": lambda _: MemoryIdempotencyStore(),
    "sqlite": lambda folder: SqliteIdempotencyStore.create(folder / "keys.db"),
}
DONE = KeyOutcome(kind=OutcomeKind.SUCCESS, attempt_number=2)
FAILED = KeyOutcome(kind=OutcomeKind.FAILED, attempt_number=3, code="executor_failed")
UNKNOWN = KeyOutcome(kind=OutcomeKind.UNKNOWN)


@pytest.fixture(params=STORES)
def store(request: pytest.FixtureRequest, tmp_path: Path) -> IdempotencyStore:
    """
    An empty store of each kind.
    """
    return STORES[request.param](tmp_path)


def test_the_first_one_has_the_key(store: IdempotencyStore) -> None:
    """
    INV-EXE-5: the second one is told that it is in flight, whoever asks.
    """
    assert store.claim("k", "p") == Claim(status=ClaimStatus.CLAIMED)
    assert store.claim("k", "p") == Claim(status=ClaimStatus.IN_FLIGHT)
    assert store.claim("other", "p").status is ClaimStatus.CLAIMED


def test_of_several_at_once_one_has_the_key(store: IdempotencyStore) -> None:
    """
    INV-EXE-5: however many threads ask.
    """
    with ThreadPoolExecutor(8) as pool:
        statuses = [claim.status for claim in pool.map(lambda _: store.claim("k", "p"), range(16))]
    assert statuses.count(ClaimStatus.CLAIMED) == 1
    assert statuses.count(ClaimStatus.IN_FLIGHT) == 15


@pytest.mark.parametrize("outcome", [DONE, FAILED], ids=["success", "failed"])
def test_an_outcome_is_given_again(store: IdempotencyStore, outcome: KeyOutcome) -> None:
    """
    INV-EXE-5: as it was recorded, and it is recorded once.
    """
    store.claim("k", "p")
    store.settle("k", outcome)
    assert store.claim("k", "p") == Claim(status=ClaimStatus.ENDED, outcome=outcome)
    with pytest.raises(StorageError, match="nobody holds the key"):
        store.settle("k", UNKNOWN)
    with pytest.raises(StorageError, match="nobody holds the key"):
        store.release("k")
    assert store.reconcile("k", DONE) is False
    assert store.claim("k", "p").outcome == outcome


def test_another_payload_is_a_conflict(store: IdempotencyStore) -> None:
    """
    INV-EXE-5: in flight, ended or unknown.
    """
    store.claim("k", "p")
    assert store.claim("k", "q").status is ClaimStatus.CONFLICT
    store.settle("k", DONE)
    assert store.claim("k", "q") == Claim(status=ClaimStatus.CONFLICT)


def test_what_is_unknown_stays_so_until_it_is_reconciled(store: IdempotencyStore) -> None:
    """
    INV-EXE-5: nothing is done again meanwhile.
    """
    store.claim("k", "p")
    store.settle("k", UNKNOWN)
    assert store.claim("k", "p") == Claim(status=ClaimStatus.UNKNOWN)
    with pytest.raises(DefinitionError, match="unknown"):
        store.reconcile("k", UNKNOWN)
    assert store.reconcile("k", DONE) is True
    assert store.claim("k", "p").outcome == DONE


def test_a_key_that_is_held_is_not_reconciled(store: IdempotencyStore) -> None:
    """
    Its holder will say how it ended.
    """
    assert store.reconcile("k", DONE) is False
    store.claim("k", "p")
    assert store.reconcile("k", DONE) is False


def test_a_key_that_is_given_back_is_free(store: IdempotencyStore) -> None:
    """
    Only its holder's.
    """
    store.claim("k", "p")
    store.release("k")
    assert store.claim("k", "q").status is ClaimStatus.CLAIMED
    with pytest.raises(StorageError, match="nobody holds the key"):
        store.release("none")
    with pytest.raises(StorageError, match="nobody holds the key"):
        store.settle("none", DONE)
