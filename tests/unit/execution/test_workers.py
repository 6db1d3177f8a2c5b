"""Threads that serve calls: they come back on time, and serve again."""

import os
import threading
from functools import partial
from typing import Any

import pytest

from runtime.execution import workers
from runtime.execution.workers import Called, call_within, has_room, orphan_names, run_concurrently


def test_a_thread_serves_again() -> None:
    """
    One after the other, under the name of the call.
    """
    first = call_within(lambda: (threading.get_ident(), threading.current_thread().name), 60, "one")
    second = call_within(lambda: (threading.get_ident(), threading.current_thread().name), 60, "two")
    assert first is not None
    assert second is not None
    assert (first.value[1], second.value[1]) == ("one", "two")
    assert first.value[0] == second.value[0]


def test_an_exception_is_told_by_its_class() -> None:
    """
    Of any kind, and the thread goes on.
    """

    def leave() -> None:
        raise SystemExit

    assert call_within(leave, 60, "x") == Called(raised="SystemExit")
    assert call_within(lambda: 5, 60, "x") == Called(5)


def test_one_that_is_left_is_counted_until_it_ends(monkeypatch: pytest.MonkeyPatch) -> None:
    """
    INV-EXE-2: and there is no room for more than the limit.
    """
    gate, after = threading.Event(), threading.Event()
    monkeypatch.setattr(workers, "MAX_ORPHANS", len(orphan_names()) + 1)
    assert has_room()
    assert call_within(gate.wait, 0, "left") is None
    assert "left" in orphan_names()
    assert not has_room()
    gate.set()
    for _ in range(100_000):
        if "left" not in orphan_names():
            break
        after.wait(0.001)
    assert "left" not in orphan_names()
    assert has_room()


def test_one_that_ends_in_the_last_moment_is_taken(monkeypatch: pytest.MonkeyPatch) -> None:
    """
    What it gave is not thrown away.
    """

    class Late(workers._Job):  # type: ignore[misc]  # final for everybody else.
        def __init__(self, function: Any, name: str) -> None:
            super().__init__(function, name)
            lock = self.done
            self.done = self  # type: ignore[assignment]  # it stands for its own lock.
            self.lock = lock

        def acquire(self, timeout: float = -1) -> bool:
            return timeout < 0 or not self.lock.acquire(timeout=60)

        def release(self) -> None:
            self.lock.release()

    monkeypatch.setattr(workers, "_Job", Late)
    assert call_within(lambda: 5, 60, "late") == Called(5)
    assert "late" not in orphan_names()


def test_more_idle_threads_than_are_needed_end(monkeypatch: pytest.MonkeyPatch) -> None:
    """
    A thread that finds enough of them waiting is not kept.
    """
    monkeypatch.setattr(workers, "MAX_CONCURRENCY", 0)
    found = call_within(threading.current_thread, 60, "x")
    assert found is not None
    found.value.join()
    assert not found.value.is_alive()


def test_a_forked_process_has_threads_of_its_own() -> None:
    """
    Those of the parent do not exist there.
    """
    call_within(lambda: None, 60, "x")
    pid = os.fork()
    if pid == 0:
        os._exit(0 if call_within(lambda: 5, 60, "x") == Called(5) else 1)
    assert os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]) == 0


def test_tasks_run_within_the_bound_and_stop_at_an_error() -> None:
    """
    In their order; the first error is raised, and what was not begun is not.
    """
    done: list[int] = []
    run_concurrently([partial(done.append, number) for number in range(5)], 1)
    assert done == [0, 1, 2, 3, 4]
    with pytest.raises(ZeroDivisionError):
        run_concurrently([lambda: done.append(5), lambda: done.append(1 // 0), lambda: done.append(6)], 1)
    assert done == [0, 1, 2, 3, 4, 5]
