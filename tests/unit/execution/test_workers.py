"""Threads that serve calls: they come back on time, and serve again."""

import os
import threading
from collections.abc import Iterator
from functools import partial
from typing import Any

import pytest
from executing import wait_for_orphans

from runtime.execution import workers
from runtime.execution.workers import Called, call_within, has_room, orphan_names, run_concurrently

SECONDS = 10
"""What a thread gets to end; one that works takes no time."""


@pytest.fixture(autouse=True)
def _fresh_pool(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """
    Begin without any thread, and end those that are idle afterwards.
    """
    wait_for_orphans()
    idle: list[workers._Worker] = []
    monkeypatch.setattr(workers._pool, "idle", idle)
    yield
    monkeypatch.setattr(workers, "MAX_CONCURRENCY", 0)
    while idle:
        worker = idle.pop()
        worker.jobs.put(workers._Job(lambda: None, "end"))
        worker.join(SECONDS)
        assert not worker.is_alive()


def _thread_of_call(name: str) -> tuple[threading.Thread, str, bool]:
    called = call_within(lambda: (threading.current_thread(), threading.current_thread().name), SECONDS, name)
    assert called is not None
    thread, seen = called.value
    return thread, seen, thread.daemon


def test_a_thread_serves_again() -> None:
    """
    One after the other, under the name of the call; it keeps no process from ending.
    """
    first, *told = _thread_of_call("one")
    assert told == ["one", True]
    assert first.name == "execution:idle"
    again, *told = _thread_of_call("two")
    assert told == ["two", True]
    assert again is first


def test_a_thread_that_waits_for_its_first_call_is_idle() -> None:
    """
    Whoever lists the threads of the process can tell it from others.
    """
    worker = workers._Worker()
    assert (worker.name, worker.daemon) == ("execution:idle", True)


def test_an_exception_is_told_by_its_class() -> None:
    """
    Of any kind, and the thread goes on.
    """

    def leave() -> None:
        raise SystemExit

    assert call_within(leave, SECONDS, "x") == Called(raised="SystemExit")
    assert call_within(lambda: 5, SECONDS, "x") == Called(5)


def test_one_that_is_left_is_counted_until_it_ends(monkeypatch: pytest.MonkeyPatch) -> None:
    """
    INV-EXE-2: in the order they were left, and there is no room for more than the limit.
    """
    gate, begun = threading.Event(), threading.Semaphore(0)
    threads = []

    def hang() -> None:
        threads.append(threading.current_thread())
        begun.release()
        gate.wait(SECONDS)

    monkeypatch.setattr(workers, "MAX_ORPHANS", 2)
    assert call_within(hang, 0, "left") is None
    assert (orphan_names(), has_room()) == (["left"], True)
    assert call_within(hang, 0, "left too") is None
    assert (orphan_names(), has_room()) == (["left", "left too"], False)
    monkeypatch.setattr(workers, "MAX_CONCURRENCY", 0)  # So that the threads end with their calls.
    assert begun.acquire(timeout=SECONDS)
    assert begun.acquire(timeout=SECONDS)
    gate.set()
    for thread in threads:
        thread.join(SECONDS)
    assert (orphan_names(), has_room()) == ([], True)


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
            return timeout < 0 or not self.lock.acquire(timeout=SECONDS)

        def release(self) -> None:
            self.lock.release()

    monkeypatch.setattr(workers, "_Job", Late)
    assert call_within(lambda: 5, SECONDS, "late") == Called(5)
    assert "late" not in orphan_names()


def test_more_idle_threads_than_are_needed_end(monkeypatch: pytest.MonkeyPatch) -> None:
    """
    A thread that finds enough of them waiting is not kept.
    """
    monkeypatch.setattr(workers, "MAX_CONCURRENCY", 0)
    found = call_within(threading.current_thread, SECONDS, "x")
    assert found is not None
    found.value.join(SECONDS)
    assert not found.value.is_alive()


def test_a_forked_process_begins_anew() -> None:
    """
    Another thread may have held the lock when it was forked.
    """
    pool = workers._Pool()
    pool.idle.append(workers._Worker())
    pool.left.append(workers._Job(lambda: None, "left"))
    pool.lock.acquire()
    pool.forget()
    assert (pool.idle, pool.left, pool.lock.acquire(blocking=False)) == ([], [], True)


def test_a_forked_process_has_threads_of_its_own() -> None:
    """
    Those of the parent do not exist there.
    """
    call_within(lambda: None, SECONDS, "x")
    pid = os.fork()
    if pid == 0:
        os._exit(0 if call_within(lambda: 5, SECONDS, "x") == Called(5) else 1)
    assert os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]) == 0


def test_tasks_run_within_the_bound_and_stop_at_an_error() -> None:
    """
    In their order; the first error is raised, and what was not begun is not. None keeps the process from ending.
    """
    daemons: list[bool] = []
    run_concurrently([lambda: daemons.append(threading.current_thread().daemon)] * 2, 2)
    assert daemons == [True, True]
    done: list[int] = []
    run_concurrently([partial(done.append, number) for number in range(5)], 1)
    assert done == [0, 1, 2, 3, 4]
    with pytest.raises(ZeroDivisionError):
        run_concurrently([lambda: done.append(5), lambda: done.append(1 // 0), lambda: done.append(6)], 1)
    assert done == [0, 1, 2, 3, 4, 5]
