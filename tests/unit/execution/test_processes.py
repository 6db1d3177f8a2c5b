"""Executors in a process of their own: nothing of it stays."""

import os
import signal
import sys
import threading
import time
import warnings
from functools import partial
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from runtime.execution import processes
from runtime.execution.processes import ProcessEnd, call_in_process
from runtime.limits import MAX_PAYLOAD_BYTES

SECONDS = 10.0
"""What a process gets to answer; one that works takes none of it to speak of."""


def _is_gone(pid: int) -> bool:
    # A killed descendant belongs to init then, which may take a moment to collect it.
    end = time.monotonic() + 10
    while time.monotonic() < end:
        try:
            os.kill(pid, 0)
        except ProcessLookupError:
            return True
        stat = Path(f"/proc/{pid}/stat")
        if stat.exists() and stat.read_text().rpartition(")")[2].split()[0] == "Z":
            return True
    return False


def test_an_answer_comes_over() -> None:
    """
    Of another process.
    """
    assert call_in_process(lambda: (True, str(os.getpid())), SECONDS).answer != (True, str(os.getpid()))
    assert call_in_process(lambda: (False, None), None) == ProcessEnd(answer=(False, None))


@pytest.mark.parametrize("length", [200_000, MAX_PAYLOAD_BYTES - len('{"tuple": [true, ""]}')], ids=["long", "longest"])
def test_a_long_answer_comes_over_whole(length: int) -> None:
    """
    In as many pieces as it takes.
    """
    assert call_in_process(lambda: (True, "x" * length), SECONDS) == ProcessEnd(answer=(True, "x" * length))


def test_an_answer_is_waited_for_until_the_time_is_up(monkeypatch: pytest.MonkeyPatch) -> None:
    """
    INV-EXE-2: and not shorter; here the time stands still.
    """
    monkeypatch.setattr(processes, "time", SimpleNamespace(monotonic=lambda: 7.0, sleep=time.sleep))
    assert call_in_process(lambda: (True, None), 0.001) == ProcessEnd(answer=(True, None))


@pytest.mark.parametrize(
    ("function", "end"),
    [
        (lambda: 5, ProcessEnd(other="int")),
        (lambda: ({1},), ProcessEnd(other="tuple")),
        (lambda: {0: 0}[1], ProcessEnd(raised="KeyError")),
        (lambda: os._exit(3), ProcessEnd(is_lost=True)),
        (lambda: os.kill(os.getpid(), signal.SIGKILL), ProcessEnd(is_lost=True)),
        (lambda: (False, "x" * 2_000_000), ProcessEnd(is_lost=True)),
    ],
    ids=["no_tuple", "no_json", "raises", "exits", "killed", "too_long"],
)
def test_other_endings(function: Any, end: ProcessEnd) -> None:
    """
    Only what is short and plain comes over.
    """
    assert call_in_process(function, SECONDS) == end


def _endless() -> list[Any]:
    endless: list[Any] = []
    endless.append(endless)
    return endless


def _deep() -> list[Any]:
    deep: list[Any] = []
    for _ in range(100_000):
        deep = [deep]
    return deep


@pytest.mark.parametrize(
    ("function", "line"),
    [
        (lambda: (True, None), b'{"tuple": [true, null]}'),
        (lambda: {0: 0}[1], b'{"raised": "KeyError"}'),
        (lambda: sys.exit(3), b'{"raised": "SystemExit"}'),
        (lambda: [True, None], b'{"other": "list"}'),
        (lambda: ({1},), b'{"other": "tuple"}'),
        (lambda: (_endless(),), b'{"other": "tuple"}'),
        (lambda: (_deep(),), b'{"other": "tuple"}'),
    ],
    ids=["answer", "raises", "leaves", "no_tuple", "no_json", "holds_itself", "too_deep"],
)
def test_what_the_forked_process_writes(function: Any, line: bytes, monkeypatch: pytest.MonkeyPatch) -> None:
    """
    INV-EXE-2: one line, from a group of its own where it may have one; then it ends, whatever else it was.
    """

    class LeftError(BaseException):
        pass

    told: list[Any] = []

    def refuse(*ids: int) -> None:
        told.append(ids)
        raise PermissionError

    def leave(status: int) -> None:
        told.append(status)
        raise LeftError

    monkeypatch.setattr(os, "setpgid", refuse)
    monkeypatch.setattr(os, "_exit", leave)
    reader, writer = os.pipe()
    try:
        with pytest.raises(LeftError):
            processes._serve(function, writer)
        os.close(writer)
        assert os.read(reader, 1000) == line + b"\n"
    finally:
        os.close(reader)
    assert told == [(0, 0), 0]


def test_the_whole_group_is_killed(tmp_path: Path) -> None:
    """
    INV-EXE-2: a child of the executor too, and whether it hangs or answers.
    """

    def executor(answers: bool) -> Any:  # noqa: FBT001 - of this test.
        child = os.fork()
        if child == 0:
            while True:
                signal.pause()
        (tmp_path / "pids").write_text(f"{os.getpid()} {child}")
        if not answers:
            threading.Event().wait(SECONDS)
        return True, None

    for answers, seconds in ((True, SECONDS), (False, 0.3)):
        end = call_in_process(partial(executor, answers), seconds)
        assert end == (ProcessEnd(answer=(True, None)) if answers else ProcessEnd(is_late=True))
        assert all(_is_gone(int(pid)) for pid in (tmp_path / "pids").read_text().split())


def test_no_time_is_no_answer() -> None:
    """
    INV-EXE-2: a limit that is over already.
    """
    assert call_in_process(lambda: (True, None), 0) == ProcessEnd(is_late=True)


def test_a_process_that_cannot_be_made_is_lost(monkeypatch: pytest.MonkeyPatch) -> None:
    """
    INV-EXE-3: nothing is executed here instead.
    """

    def refuse() -> int:
        raise BlockingIOError

    monkeypatch.setattr(processes, "_fork", refuse)
    assert call_in_process(lambda: (True, None), SECONDS) == ProcessEnd(is_lost=True)


def test_one_that_cannot_be_killed_is_left_to_a_thread(monkeypatch: pytest.MonkeyPatch) -> None:
    """
    INV-EXE-2: the call ends all the same, and so may the program.
    """
    collect, collected = os.waitpid, threading.Event()
    daemons = []

    def wait(pid: int, options: int) -> tuple[int, int]:
        if options:
            return 0, 0
        daemons.append(threading.current_thread().daemon)
        gone = collect(pid, options)
        collected.set()
        return gone

    monkeypatch.setattr(processes, "_REAP_SECONDS", 0.0)
    monkeypatch.setattr(os, "waitpid", wait)
    assert call_in_process(lambda: (True, None), SECONDS).answer == (True, None)
    assert collected.wait(SECONDS)
    assert daemons == [True]


def test_one_that_takes_a_moment_to_die_is_collected(monkeypatch: pytest.MonkeyPatch) -> None:
    """
    INV-EXE-2: nothing of it stays in the table of processes.
    """
    collect, pids = os.waitpid, []

    def wait(pid: int, _: int) -> tuple[int, int]:
        pids.append(pid)
        return (0, 0) if len(pids) < 3 else collect(pid, 0)

    monkeypatch.setattr(os, "waitpid", wait)
    assert call_in_process(lambda: (True, None), SECONDS).answer == (True, None)
    assert len(pids) == 3
    with pytest.raises(ChildProcessError):
        collect(pids[0], os.WNOHANG)


@pytest.mark.parametrize("name", ["setpgid", "killpg", "kill"])
@pytest.mark.parametrize("error", [ProcessLookupError, PermissionError])
def test_one_that_ended_by_itself_needs_no_group_and_no_signal(
    name: str, error: type[OSError], monkeypatch: pytest.MonkeyPatch
) -> None:
    """
    INV-EXE-2: what the system refuses then is no failure of the executor.
    """

    def refuse(*_: int) -> None:
        raise error

    monkeypatch.setattr(os, name, refuse)
    assert call_in_process(lambda: (True, None), SECONDS).answer == (True, None)


def test_a_fork_beside_other_threads_warns_of_nothing_else_than_them(monkeypatch: pytest.MonkeyPatch) -> None:
    """
    What newer Pythons say of such a fork stands in the module.
    """
    fork = os.fork

    def warn_of(kind: type[Warning]) -> int:
        warnings.warn("said", kind, stacklevel=1)
        return fork()

    monkeypatch.setattr(os, "fork", partial(warn_of, DeprecationWarning))
    assert call_in_process(lambda: (True, None), SECONDS).answer == (True, None)
    monkeypatch.setattr(os, "fork", partial(warn_of, UserWarning))
    with pytest.raises(UserWarning, match="said"):
        processes._fork()


def test_one_that_somebody_else_collected_is_gone(monkeypatch: pytest.MonkeyPatch) -> None:
    """
    A program may collect all its children by itself.
    """
    collect = os.waitpid

    def refuse(pid: int, _: int) -> Any:
        collect(pid, 0)
        raise ChildProcessError

    monkeypatch.setattr(os, "waitpid", refuse)
    assert call_in_process(lambda: (True, None), SECONDS).answer == (True, None)
