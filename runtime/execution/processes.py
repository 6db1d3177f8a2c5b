"""Calls a function in a forked process and kills its whole group at the end, so that nothing of it stays.

A fork, because it takes a millisecond and can call any function, a closure too. It copies only the calling thread: what
another thread held locked stays locked in it, and an executor that waits for such a lock runs into its limit. A
descendant that starts a group of its own is not killed.
"""

import json
import os
import select
import signal
import threading
import time
import warnings
from collections.abc import Callable
from contextlib import suppress
from typing import Any, Final, final

import attrs

from runtime.limits import MAX_PAYLOAD_BYTES

__all__ = ["ProcessEnd", "call_in_process"]

_REAP_SECONDS: Final = 1.0
_POLL_SECONDS: Final = 0.001
_CHUNK_BYTES: Final = 65_536
_END: Final = b"\n"


@final
@attrs.frozen(kw_only=True)
class ProcessEnd:
    """
    What came of it: an answer, the name of an exception's class, or neither.
    """

    answer: Any = None
    raised: str | None = None
    other: str | None = None
    """The type of something that is no answer."""
    is_late: bool = False
    is_lost: bool = False
    """It ended without an answer."""


def call_in_process(function: Callable[[], Any], seconds: float | None) -> ProcessEnd:
    """
    Call a function in a process of its own, and end that process in any case.
    """
    end_at = None if seconds is None else time.monotonic() + seconds
    reader, writer = os.pipe()
    try:
        pid = _fork()
    except OSError:
        os.close(reader)
        os.close(writer)
        return ProcessEnd(is_lost=True)
    if pid == 0:  # pragma: no cover - the forked process.
        _serve(function, writer)
    os.close(writer)
    # In both processes, so that the group is there whichever of them comes first.
    with suppress(OSError):
        os.setpgid(pid, pid)
    try:
        raw = _read_answer(reader, end_at)
    finally:
        _end_group(pid)
        os.close(reader)
    if raw is None:
        return ProcessEnd(is_late=True)
    return _parse(raw)


def _fork() -> int:
    with warnings.catch_warnings():
        # Python warns of a fork beside other threads; the module says what follows from it.
        warnings.simplefilter("ignore", DeprecationWarning)
        return os.fork()


def _serve(function: Callable[[], Any], writer: int) -> None:
    try:
        with suppress(OSError):
            os.setpgid(0, 0)
        raw = _encoded(function) + _END
        while raw:
            raw = raw[os.write(writer, raw) :]
    finally:
        os._exit(0)  # Nothing may go back to the code that this is a copy of.


def _encoded(function: Callable[[], Any]) -> bytes:
    try:
        answer = function()
    except BaseException as error:  # noqa: BLE001 - foreign code; only the name of the class goes over.
        return json.dumps({"raised": type(error).__name__}).encode()
    if type(answer) is tuple:
        with suppress(TypeError, ValueError, RecursionError):
            return json.dumps({"tuple": [*answer]}).encode()
    return json.dumps({"other": type(answer).__name__}).encode()


def _read_answer(reader: int, end_at: float | None) -> bytes | None:
    """
    Read until the answer is whole or nobody can write it any more; None when the time is up.
    """
    raw = b""
    poller = select.poll()
    poller.register(reader, select.POLLIN)
    while len(raw) <= MAX_PAYLOAD_BYTES:
        left = None if end_at is None else end_at - time.monotonic()
        if left is not None and left <= 0:
            return None
        if not poller.poll(None if left is None else left * 1000):
            continue
        chunk = os.read(reader, _CHUNK_BYTES)
        raw += chunk
        if not chunk or chunk.endswith(_END):
            return raw
    return b""


def _parse(raw: bytes) -> ProcessEnd:
    try:
        document = json.loads(raw)
    except ValueError:
        return ProcessEnd(is_lost=True)
    if "tuple" in document:
        return ProcessEnd(answer=tuple(document["tuple"]))
    return ProcessEnd(raised=document.get("raised"), other=document.get("other"))


def _end_group(pid: int) -> None:
    """
    Kill every member of the group and collect the leader; one that cannot be killed is left to a thread.
    """
    with suppress(ProcessLookupError, PermissionError):
        os.killpg(pid, signal.SIGKILL)
    with suppress(ProcessLookupError, PermissionError):
        os.kill(pid, signal.SIGKILL)  # Where it died before it had a group.
    end_at = time.monotonic() + _REAP_SECONDS
    with suppress(ChildProcessError):
        while os.waitpid(pid, os.WNOHANG) == (0, 0):
            if time.monotonic() >= end_at:
                threading.Thread(target=os.waitpid, args=(pid, 0), daemon=True).start()
                return
            time.sleep(_POLL_SECONDS)
