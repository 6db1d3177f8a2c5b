"""Calls a function in a thread and comes back on time, whether the function does or not.

Python cannot end a thread. A function that outlasts its time runs on under the name it was given; when it ends, nobody
reads its result and the thread serves again. Their number is bounded.
"""

import os
import threading
from collections.abc import Callable, Sequence
from queue import SimpleQueue
from typing import Any, Final, final

import attrs

from runtime.limits import MAX_CONCURRENCY, MAX_ORPHANS

__all__ = ["Called", "call_within", "has_room", "orphan_names", "run_concurrently"]


@final
@attrs.frozen
class Called:
    """
    What came of a call: a value, or the name of an exception's class.
    """

    value: Any = None
    raised: str | None = None


@final
class _Job:
    """
    One call, and a lock that is free when it has ended.
    """

    __slots__ = ("called", "done", "function", "is_left", "name")

    def __init__(self, function: Callable[[], Any], name: str) -> None:
        self.function = function
        self.name = name
        self.called: Called | None = None
        self.is_left = False
        self.done = threading.Lock()
        self.done.acquire()


class _Pool:
    """
    The threads of this process that wait for a job, and the jobs that were left behind.
    """

    def __init__(self) -> None:
        self.lock = threading.Lock()
        self.idle: list[_Worker] = []
        self.left: list[_Job] = []

    def forget(self) -> None:
        """
        Begin anew in a forked process, where none of the threads exist.
        """
        self.__init__()  # type: ignore[misc]  # the same object, because workers and callers hold it.


_pool: Final = _Pool()
os.register_at_fork(after_in_child=_pool.forget)


@final
class _Worker(threading.Thread):
    """
    A thread that serves one job after another.
    """

    def __init__(self) -> None:
        super().__init__(name="execution:idle", daemon=True)
        self.jobs: SimpleQueue[_Job] = SimpleQueue()

    def run(self) -> None:
        """
        Serve until there are enough idle ones.
        """
        serves = True
        while serves:
            job = self.jobs.get()
            self.name = job.name
            called = _call(job.function)
            self.name = "execution:idle"
            with _pool.lock:
                job.called = called
                if job.is_left:
                    _pool.left.remove(job)
                serves = len(_pool.idle) < MAX_CONCURRENCY
                if serves:
                    _pool.idle.append(self)
            job.done.release()
            del job, called  # Else an idle thread would keep what the executor held alive.


def _call(function: Callable[[], Any]) -> Called:
    try:
        return Called(function())
    except BaseException as error:  # noqa: BLE001 - foreign code; an exception must not end the thread.
        return Called(raised=type(error).__name__)


def call_within(function: Callable[[], Any], seconds: float, name: str) -> Called | None:
    """
    Call a function; None when it has not ended after so many seconds, and runs on.
    """
    job = _Job(function, name)
    with _pool.lock:
        worker = _pool.idle.pop() if _pool.idle else None
    if worker is None:
        worker = _Worker()
        worker.start()
    worker.jobs.put(job)
    if not job.done.acquire(timeout=min(seconds, threading.TIMEOUT_MAX)):
        with _pool.lock:
            # It may have ended in this very moment.
            if job.called is None:
                job.is_left = True
                _pool.left.append(job)
    return job.called


def orphan_names() -> list[str]:
    """
    Name what runs on after its time was up, in the order it was left behind.
    """
    with _pool.lock:
        return [job.name for job in _pool.left]


def has_room() -> bool:
    """
    Tell whether one more may be left behind.
    """
    return len(_pool.left) < MAX_ORPHANS


def run_concurrently(tasks: Sequence[Callable[[], None]], most: int) -> None:
    """
    Run tasks in threads, begun in their order and at most so many at once; returns when all have ended.

    The first exception of a task is raised; tasks that were not begun by then are not.
    """
    waiting = list(reversed(tasks))
    raised: list[BaseException] = []
    lock = threading.Lock()

    def serve() -> None:
        while True:
            with lock:
                if raised or not waiting:
                    return
                task = waiting.pop()
            try:
                task()
            except BaseException as error:  # noqa: BLE001 - raised again by the caller's thread.
                raised.append(error)

    threads = [threading.Thread(target=serve, daemon=True) for _ in range(min(most, len(tasks)))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    if raised:
        raise raised[0]
