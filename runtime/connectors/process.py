"""Runs one argument list as a process of its own, within bounds, and says how it ended.

Rules, referred to by number below:

1. No shell, no input, no inherited variable: the child sees its arguments, an empty standard input and the environment
   it is given on top of a fixed base.
2. It leads a session and a group of its own. When the call ends, for whatever reason, the whole group is killed. A
   descendant that starts a session of its own leaves the group: it is not killed, and it cannot hold the call either.
3. The call ends at the timeout. There is no polite signal first: a grace would outlast the timeout.
4. Output beyond the limit is read and dropped, so that a talkative child neither blocks nor fills the memory.
5. What cannot be known is not made up: an exit status that somebody else collected is `command_lost`, not 0.

A program that cannot run is a value, not an exception. This module knows nothing of actions; read `local_command.py`
next.
"""

import os
import selectors
import signal
import subprocess
import threading
import time
from collections.abc import Mapping
from enum import StrEnum
from pathlib import Path
from typing import IO, Final, final

import attrs

__all__ = ["BASE_ENV", "Ending", "ProcessResult", "run_process"]

BASE_ENV: Final = {"LANG": "C.UTF-8", "PATH": "/usr/local/bin:/usr/bin:/bin"}
"""The variables every child gets; those given for it come on top."""

_POLL_S: Final = 0.01
_REAP_S: Final = 1.0
_CHUNK_BYTES: Final = 65_536


class Ending(StrEnum):
    """
    How a call ended; all but `exited` are codes of an outcome.
    """

    EXITED = "exited"
    TIMED_OUT = "command_timeout"
    NOT_FOUND = "command_not_found"
    NOT_STARTED = "command_not_started"
    LOST = "command_lost"

    @property
    def has_started(self) -> bool:
        """
        Tell whether the program ran, in part at least.
        """
        return self not in (Ending.NOT_FOUND, Ending.NOT_STARTED)


@final
@attrs.frozen(kw_only=True)
class ProcessResult:
    """
    How a process ended, and the first bytes of what it wrote.

    `exit_code` is None unless it exited, and negative when a signal ended it. `is_truncated` tells that one of the
    outputs was longer. Bytes that are no UTF-8 are U+FFFD.
    """

    ending: Ending
    exit_code: int | None = None
    stdout: str = ""
    stderr: str = ""
    is_truncated: bool = False

    def fault(self, *fine: int) -> str | None:
        """
        Give the code of an outcome, or None when it exited with one of these statuses.
        """
        if self.ending is not Ending.EXITED:
            return self.ending.value
        return None if self.exit_code in fine else "command_failed"


def run_process(
    argv: tuple[str, ...], *, cwd: Path, env: Mapping[str, str], timeout_ms: int, output_limit_bytes: int
) -> ProcessResult:
    """
    Run a program and wait until it ends, at most for the timeout.

    Args:
        argv: program and arguments; a bare program name is looked up along the child's own `PATH`.
        cwd: the folder it runs in.
        env: variables on top of `BASE_ENV`.
        timeout_ms: milliseconds until the group is killed.
        output_limit_bytes: bytes kept of each of the two outputs.
    """
    deadline = time.monotonic() + timeout_ms / 1000
    try:
        child = subprocess.Popen(
            argv,
            bufsize=0,
            cwd=cwd,
            env={**BASE_ENV, **env},
            start_new_session=True,  # (2)
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
        )
    except FileNotFoundError as error:
        # The same error names the folder when that is what is missing.
        return ProcessResult(ending=Ending.NOT_STARTED if error.filename == cwd else Ending.NOT_FOUND)
    except (OSError, ValueError):  # ValueError: an argument no system call can take
        return ProcessResult(ending=Ending.NOT_STARTED)
    leader = _Leader(child=child)
    outputs = [_Output(pipe=pipe, limit=output_limit_bytes) for pipe in (child.stdout, child.stderr) if pipe]
    try:
        has_exited = _read_until_exit(leader, outputs, deadline)
    finally:
        leader.kill_group()
        leader.reap()
        for output in outputs:
            output.finish()
    ending = Ending.TIMED_OUT
    if has_exited:
        ending = Ending.LOST if leader.exit_code is None else Ending.EXITED  # (5)
    stdout, stderr = (output.kept.decode(errors="replace") for output in outputs)
    return ProcessResult(
        ending=ending,
        exit_code=leader.exit_code if ending is Ending.EXITED else None,
        stdout=stdout,
        stderr=stderr,
        is_truncated=any(output.is_truncated for output in outputs),
    )


@final
@attrs.define(kw_only=True)
class _Output:
    """
    One output of the child: its first bytes, and whether there were more.
    """

    pipe: IO[bytes]
    limit: int
    kept: bytearray = attrs.field(factory=bytearray)
    is_truncated: bool = False

    def __attrs_post_init__(self) -> None:
        os.set_blocking(self.pipe.fileno(), False)

    def read(self) -> bool:
        """
        Read what is there, once; False at the end of the output.
        """
        try:
            chunk = os.read(self.pipe.fileno(), _CHUNK_BYTES)
        except BlockingIOError:
            return True
        room = self.limit - len(self.kept)
        self.kept += chunk[:room]  # (4)
        self.is_truncated |= len(chunk) > room
        return bool(chunk)

    def finish(self) -> None:
        """
        Take what the dead left in the pipe, without waiting for who may still hold it, and close it.
        """
        size = -1
        # A survivor can neither keep this going, because it ends at the limit, nor make it wait.
        while not self.is_truncated and len(self.kept) > size:
            size = len(self.kept)
            self.read()
        self.pipe.close()


@final
@attrs.define(kw_only=True)
class _Leader:
    """
    The child, until its exit status is collected.

    `Popen` would collect it at once and, where it is lost, call it 0; so its methods are not used.
    """

    child: subprocess.Popen[bytes]
    exit_code: int | None = None
    is_collected: bool = False

    def has_exited(self) -> bool:
        """
        Tell whether it has exited, and leave it uncollected where the system can.

        Until it is collected its id, which is the group's, cannot pass to a stranger that would be killed instead.
        """
        if not hasattr(os, "waitid"):  # macOS before Python 3.13
            return self._take_status(os.WNOHANG)
        try:
            return os.waitid(os.P_PID, self.child.pid, os.WEXITED | os.WNOHANG | os.WNOWAIT) is not None
        except ChildProcessError:
            return True

    def kill_group(self) -> None:
        """
        Kill every member of its group.
        """
        try:
            os.killpg(self.child.pid, signal.SIGKILL)
        except (ProcessLookupError, PermissionError):
            # Nobody is left, or nobody this user may kill, as after a program that took other rights.
            return

    def reap(self) -> None:
        """
        Collect the exit status; who cannot be killed is left to a thread, so that the call ends (3).
        """
        end = time.monotonic() + _REAP_S
        while not self._take_status(os.WNOHANG):
            if time.monotonic() >= end:
                threading.Thread(target=self._take_status, args=(0,), daemon=True).start()
                return
            time.sleep(_POLL_S)

    def _take_status(self, options: int) -> bool:
        if self.is_collected:
            return True
        try:
            pid, status = os.waitpid(self.child.pid, options)
        except ChildProcessError:  # (5)
            self.is_collected = True
        else:
            if pid:
                self.exit_code = os.waitstatus_to_exitcode(status)
                self.is_collected = True
        # Popen would warn of a child that it believes alive.
        self.child.returncode = self.exit_code or 0
        return self.is_collected


def _read_until_exit(leader: _Leader, outputs: list[_Output], deadline: float) -> bool:
    """
    Read until the leader has exited; False when the deadline came first.

    The end of an output is no sign that the leader ended: it may close it and go on, and another may keep it open.
    """
    with selectors.DefaultSelector() as selector:
        for output in outputs:
            selector.register(output.pipe, selectors.EVENT_READ, output)
        while not leader.has_exited():
            remaining = deadline - time.monotonic()
            if remaining <= 0:  # (3)
                return False
            for key, _ in selector.select(min(remaining, _POLL_S)):
                if not key.data.read():
                    selector.unregister(key.fileobj)
    return True
