"""The effect ledger: one suite for every ledger, and what only the one in a file must stand."""

import sqlite3
import subprocess
import sys
import threading
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import Any

import attrs
import pytest
from makers import make_action, make_inputs, make_outcome

from runtime.errors import DefinitionError, IntegrityError, StorageError, TransitionError
from runtime.orchestration import execute
from runtime.ports import EffectLedger
from runtime.storage import SqliteEffectLedger, SqliteLogStore
from runtime.testing import MemoryLedger
from runtime.values import Request

Make = Callable[[], EffectLedger]


def make_request(step_id: str = "act") -> Request:
    """
    Give the request of a run that waits for an effect.
    """
    pending = execute(make_inputs(make_action(step_id))).pending
    assert pending is not None
    return pending.request


@pytest.fixture(params=["memory", "sqlite"])
def ledger(request: pytest.FixtureRequest, tmp_path: Path) -> EffectLedger:
    """
    An empty ledger of each kind.
    """
    return (
        MemoryLedger() if request.param == "memory" else SqliteEffectLedger.create(tmp_path / "kept" / "e.db", "run-1")
    )


class TestEveryLedger:
    """
    What `drive` rests on.
    """

    def test_is_durable(self, ledger: EffectLedger) -> None:
        """
        Without that, nothing mutates.
        """
        assert ledger.is_durable is True

    def test_remembers_an_intent(self, ledger: EffectLedger) -> None:
        """
        The first one counts, and the caller is told that it was not the first.
        """
        request, other = make_request(), make_request("other")
        assert not ledger.has_intent(request.digest)
        assert [ledger.record_intent(request), ledger.record_intent(request)] == [True, False]
        assert [ledger.has_intent(one.digest) for one in (request, other)] == [True, False]
        assert ledger.find_outcome(request.digest) is None

    @pytest.mark.parametrize("status", ["succeeded", "failed", "unknown"])
    def test_remembers_an_outcome(self, ledger: EffectLedger, status: str) -> None:
        """
        As it was, and of this effect alone; the same once more is no news.
        """
        request = make_request()
        ledger.record_intent(request)
        outcome = make_outcome(status, **({"output": {"copied": [1, "é"]}} if status == "succeeded" else {}))
        ledger.record_outcome(request.digest, outcome)
        ledger.record_outcome(request.digest, outcome)
        assert ledger.find_outcome(request.digest) == outcome
        assert ledger.find_outcome(make_request("other").digest) is None

    def test_what_was_unknown_becomes_known(self, ledger: EffectLedger) -> None:
        """
        That is what reconciling is.
        """
        request = make_request()
        ledger.record_intent(request)
        for outcome in (make_outcome("unknown"), make_outcome("unknown", code="lost"), make_outcome()):
            ledger.record_outcome(request.digest, outcome)
            assert ledger.find_outcome(request.digest) == outcome

    @pytest.mark.parametrize("status", ["succeeded", "failed"])
    def test_what_is_known_does_not_change(self, ledger: EffectLedger, status: str) -> None:
        """
        Neither to the opposite nor back to unknown.
        """
        request, outcome = make_request(), make_outcome(status)
        ledger.record_intent(request)
        ledger.record_outcome(request.digest, outcome)
        for other in {"succeeded", "failed", "unknown"} - {status}:
            with pytest.raises(TransitionError, match=f"has ended: {status}"):
                ledger.record_outcome(request.digest, make_outcome(other))
        assert ledger.find_outcome(request.digest) == outcome

    def test_an_outcome_needs_an_intent(self, ledger: EffectLedger) -> None:
        """
        Nothing is done without being recorded first.
        """
        with pytest.raises(TransitionError, match="which was not begun"):
            ledger.record_outcome(make_request().digest, make_outcome())


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """
    Where a ledger stands that has one effect, which is done.
    """
    kept = SqliteEffectLedger.create(tmp_path / "e.db", "run-1")
    kept.record_intent(make_request())
    kept.record_outcome(make_request().digest, make_outcome())
    return kept.path


class TestOneInAFile:
    """
    "Survives the process and the machine's power", in one file for many runs and processes.
    """

    def test_another_scope_is_another_effect(self, path: Path) -> None:
        """
        Equal runs make equal requests; the second one restarts the service again.
        """
        other = SqliteEffectLedger(path, "run-2")
        assert not other.has_intent(make_request().digest)
        assert other.find_outcome(make_request().digest) is None
        assert other.record_intent(make_request())
        assert other.find_outcome(make_request().digest) is None
        assert [len(SqliteEffectLedger(path, scope).list_open()) for scope in ("run-1", "run-2")] == [0, 1]

    def test_open_effects_are_listed_in_order(self, path: Path) -> None:
        """
        Those without an outcome, and those whose outcome is unknown; each with all that was asked.
        """
        ledger = SqliteEffectLedger.create(path, "run-1")
        requests = [make_request(name) for name in ("z", "a", "m")]
        for request in requests:
            ledger.record_intent(request)
        ledger.record_outcome(requests[0].digest, make_outcome("unknown"))
        ledger.record_outcome(requests[1].digest, make_outcome("failed"))
        assert list(ledger.list_open()) == [requests[0].to_dict(), requests[2].to_dict()]

    def test_every_outcome_is_kept(self, path: Path) -> None:
        """
        Rows are only added, so that it can be seen what was thought in between.
        """
        ledger = SqliteEffectLedger(path, "run-1")
        request = make_request("other")
        ledger.record_intent(request)
        for status in ("unknown", "unknown", "failed"):
            ledger.record_outcome(request.digest, make_outcome(status))
        with closing(sqlite3.connect(path)) as connection:
            assert connection.execute("SELECT count(*) FROM outcome").fetchone() == (3,)

    def test_of_many_at_once_one_is_first(self, path: Path) -> None:
        """
        So an effect is begun once.
        """
        request, first = make_request("raced"), []
        ready = threading.Barrier(8)

        def begin() -> None:
            ready.wait()
            first.append(SqliteEffectLedger(path, "run-1").record_intent(request))

        threads = [threading.Thread(target=begin) for _ in range(8)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert sorted(first) == [False] * 7 + [True]

    def test_a_record_outlives_a_process_that_is_killed(self, path: Path) -> None:
        """
        What was recorded is on the disk when the call returns.
        """
        program = (
            "import os, signal, sys\n"
            "sys.path[:0] = sys.argv[2:]\n"
            "from pathlib import Path\n"
            "from unit.storage.test_ledgers import make_request\n"
            "from runtime.storage import SqliteEffectLedger\n"
            "SqliteEffectLedger(Path(sys.argv[1]), 'run-1').record_intent(make_request('killed'))\n"
            "os.kill(os.getpid(), signal.SIGKILL)\n"
        )
        tests = Path(__file__).parents[2]
        done = subprocess.run([sys.executable, "-c", program, str(path), str(tests), str(tests.parent)], check=False)
        assert done.returncode == -9
        assert SqliteEffectLedger(path, "run-1").has_intent(make_request("killed").digest)

    def test_a_missing_file_is_not_made_by_reading(self, tmp_path: Path) -> None:
        """
        An empty one would say that nothing was ever done.
        """
        with pytest.raises(StorageError, match="there is no effect ledger"):
            SqliteEffectLedger(tmp_path / "none.db", "run-1").has_intent(make_request().digest)
        assert list(tmp_path.iterdir()) == []

    def test_another_kind_of_file_is_refused(self, tmp_path: Path) -> None:
        """
        Each kind is marked.
        """
        log = SqliteLogStore.create(tmp_path / "log.db")
        with pytest.raises(StorageError, match="this is no effect ledger of version 1"):
            SqliteEffectLedger.create(log.path, "run-1").record_intent(make_request())

    @pytest.mark.parametrize(
        ("statement", "error"),
        [
            ("UPDATE outcome SET content = x'7b7d'", IntegrityError),
            ("UPDATE outcome SET content = x'7b'", IntegrityError),
            ("UPDATE outcome SET content = 'text'", IntegrityError),
            ("DROP TABLE outcome", StorageError),
        ],
    )
    def test_what_was_damaged_is_no_outcome(self, path: Path, statement: str, error: type[Exception]) -> None:
        """
        It is refused, in plain words, and not taken for "not done".
        """
        with closing(sqlite3.connect(path)) as connection:
            connection.execute(statement)
            connection.commit()
        ledger = SqliteEffectLedger(path, "run-1")
        for call in (lambda: ledger.find_outcome(make_request().digest), ledger.list_open):
            with pytest.raises(error):
                call()

    @pytest.mark.parametrize("changes", [{"scope": ""}, {"scope": 1}, {"path": "e.db"}], ids=str)
    def test_a_ledger_names_a_file_and_a_run(self, path: Path, changes: dict[str, Any]) -> None:
        """
        Without a run, all runs would share their effects.
        """
        with pytest.raises(DefinitionError):
            attrs.evolve(SqliteEffectLedger(path, "run-1"), **changes)
