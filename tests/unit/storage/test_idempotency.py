"""Keys in a file: other processes, processes that are gone, damaged rows."""

import os
import sqlite3
import subprocess
import sys
from pathlib import Path

import pytest

from runtime.errors import StorageError
from runtime.storage import SqliteIdempotencyStore, idempotency
from runtime.values.idempotency import Claim, ClaimStatus, KeyOutcome, OutcomeKind

DONE = KeyOutcome(kind=OutcomeKind.SUCCESS)
CLAIMER = """
import os, sys
from pathlib import Path
from runtime.storage import SqliteIdempotencyStore
print(SqliteIdempotencyStore(Path(sys.argv[1])).claim("k", "p").status, flush=True)
if sys.argv[2] == "dies":
    os.kill(os.getpid(), 9)
"""


@pytest.fixture
def store(tmp_path: Path) -> SqliteIdempotencyStore:
    """
    An empty store.
    """
    return SqliteIdempotencyStore.create(tmp_path / "folder" / "keys.db")


def _claim_elsewhere(store: SqliteIdempotencyStore, ending: str) -> str:
    words = [sys.executable, "-c", CLAIMER, str(store.path), ending]
    return subprocess.run(words, capture_output=True, text=True, check=False).stdout.strip()


def test_a_claim_of_a_process_that_is_gone_is_unknown(store: SqliteIdempotencyStore) -> None:
    """
    INV-EXE-5: it died between intent and outcome, so nobody knows; until it is reconciled nothing is done again.
    """
    assert _claim_elsewhere(store, "dies") == "claimed"
    assert store.claim("k", "p") == Claim(status=ClaimStatus.UNKNOWN)
    assert store.reconcile("k", DONE) is True
    assert store.claim("k", "p").outcome == DONE
    assert _claim_elsewhere(store, "lives") == "ended"


def test_a_claim_of_another_process_is_seen(store: SqliteIdempotencyStore) -> None:
    """
    INV-EXE-5: as in flight, while that process lives.
    """
    store.claim("k", "p")
    assert _claim_elsewhere(store, "lives") == "in_flight"


def test_a_number_that_passed_to_another_process_is_no_claim(
    store: SqliteIdempotencyStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    """
    The start of the process tells them apart; where the system does not tell, the number alone counts.
    """
    store.claim("k", "p")
    with sqlite3.connect(store.path) as connection:
        connection.execute("UPDATE key SET born = 'earlier'")
    assert store.claim("k", "p").status is ClaimStatus.UNKNOWN
    with sqlite3.connect(store.path) as connection:
        connection.execute("UPDATE key SET born = ''")
    monkeypatch.setattr(idempotency, "_PROCESSES", Path("/nowhere"))
    assert store.claim("k", "p").status is ClaimStatus.IN_FLIGHT


def test_a_process_of_another_user_lives(store: SqliteIdempotencyStore, monkeypatch: pytest.MonkeyPatch) -> None:
    """
    A process that may not be signalled is there.
    """

    def refuse(_: int, __: int) -> None:
        raise PermissionError

    store.claim("k", "p")
    monkeypatch.setattr(os, "kill", refuse)
    assert store.claim("k", "p").status is ClaimStatus.IN_FLIGHT


@pytest.mark.parametrize(
    "change",
    ["kind = 'DONE'", "kind = 'SUCCESS', attempt_number = 'x'", "kind = 'SUCCESS', attempt_number = 0, code = x'00'"],
    ids=["unknown_kind", "no_number", "a_blob"],
)
def test_a_damaged_row_is_refused(store: SqliteIdempotencyStore, change: str) -> None:
    """
    It is neither free nor ended.
    """
    store.claim("k", "p")
    with sqlite3.connect(store.path) as connection:
        connection.execute(f"UPDATE key SET {change}")  # noqa: S608 - the table above.
    with pytest.raises(StorageError, match="the store of keys cannot be used"):
        store.claim("k", "p")


def test_a_store_that_is_there_is_taken(store: SqliteIdempotencyStore) -> None:
    """
    Nothing in it is lost.
    """
    store.claim("k", "p")
    assert SqliteIdempotencyStore.create(store.path).claim("k", "p").status is ClaimStatus.IN_FLIGHT
