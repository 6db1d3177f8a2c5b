"""One process: what it sees, how much of it is kept, and that nothing of it is left."""

import contextlib
import os
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any, NoReturn

import pytest

from runtime.connectors import process
from runtime.connectors.process import BASE_ENV, Ending, ProcessResult, run_process

_LONG_S = 300
"""A child that is not killed sleeps so long that the test cannot pass by waiting for it."""


def run(*argv: str, **changes: Any) -> ProcessResult:
    """
    Run a program in `/`, with a minute to end and a thousand bytes to say.
    """
    keywords = {"cwd": Path("/"), "env": {}, "timeout_ms": 60_000, "output_limit_bytes": 1000, **changes}
    return run_process(argv, **keywords)


def run_shell(script: str, **changes: Any) -> ProcessResult:
    """
    Run a shell script; the shell is the program here, and gets its script as one argument.
    """
    return run("sh", "-c", script, **changes)


def run_python(script: str, *arguments: str, **changes: Any) -> ProcessResult:
    """
    Run a Python script.
    """
    return run(sys.executable, "-I", "-S", "-c", script, *arguments, **changes)


@pytest.fixture(params=["waitid", "waitpid"])
def system(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """
    A system with `waitid`, and one without it, as macOS is before Python 3.13.
    """
    if request.param == "waitpid":
        monkeypatch.delattr(os, "waitid", raising=False)


class TestWhatAChildSees:
    """
    "No shell, no input, no inherited variable."
    """

    def test_only_the_base_variables(self, monkeypatch: pytest.MonkeyPatch) -> None:
        """
        Nothing of this process's environment reaches it, a secret least of all.
        """
        monkeypatch.setenv("MISSION_CANARY", "tweet")
        result = run("env")
        assert dict(line.split("=") for line in result.stdout.splitlines()) == BASE_ENV

    def test_given_variables_on_top_of_them(self) -> None:
        """
        A variable given for it is added, or replaces one of the base.
        """
        result = run("/usr/bin/env", env={"HOME": "/nowhere", "PATH": "/bin"})
        assert dict(line.split("=") for line in result.stdout.splitlines()) == {
            "HOME": "/nowhere",
            "LANG": "C.UTF-8",
            "PATH": "/bin",
        }

    def test_an_empty_input(self) -> None:
        """
        A program that reads its standard input finds its end, and nothing of what was said to this process.
        """
        script = (
            "from pathlib import Path\n"
            "from runtime.connectors.process import run_process\n"
            "print(run_process(('cat',), cwd=Path('/'), env={}, timeout_ms=60_000, output_limit_bytes=9))"
        )
        done = subprocess.run([sys.executable, "-c", script], input="tweet", capture_output=True, text=True, check=True)
        assert done.stdout.strip() == str(ProcessResult(ending=Ending.EXITED, exit_code=0))

    def test_its_folder_and_a_session_of_its_own(self, tmp_path: Path) -> None:
        """
        It runs in the folder named, as the leader of its session and group.
        """
        script = "import os; print(os.getcwd(), os.getpid() == os.getsid(0) == os.getpgid(0))"
        assert run_python(script, cwd=tmp_path).stdout == f"{tmp_path.resolve()} True\n"

    @pytest.mark.parametrize("text", ["a b", "$(id)", "`id`", "; ls", "*", "'\"\\", "{x}", "\n", "", "é", "%s", "-n"])
    def test_arguments_as_they_are(self, text: str) -> None:
        """
        An argument is neither split nor expanded.
        """
        assert run_python("import sys; sys.stdout.write(ascii(sys.argv[1:]))", text).stdout == ascii([text])

    def test_no_open_file_of_ours(self, tmp_path: Path) -> None:
        """
        Descriptors of this process are closed in the child, inheritable ones too.
        """
        with (tmp_path / "secret").open("w") as file:
            os.set_inheritable(file.fileno(), True)
            result = run_python(f"import os; os.fstat({file.fileno()})")
        assert (result.exit_code, "Bad file descriptor" in result.stderr) == (1, True)


class TestAProgramThatCannotRun:
    """
    "A program that cannot run is a value, not an exception."
    """

    @pytest.mark.parametrize("argv", [("no-such-program",), ("/no/such/program",), ("echo hi; id",)])
    def test_is_not_found(self, argv: tuple[str, ...]) -> None:
        """
        A name that is nowhere on the child's path; a line for a shell is such a name.
        """
        assert run(*argv) == ProcessResult(ending=Ending.NOT_FOUND)

    def test_is_looked_up_on_its_own_path(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        """
        The path of this process finds nothing for it, its own does.
        """
        (tmp_path / "tool").write_text("#!/bin/sh\necho found\n")
        (tmp_path / "tool").chmod(0o700)
        monkeypatch.setenv("PATH", str(tmp_path))
        assert run("tool").ending is Ending.NOT_FOUND
        assert run("tool", env={"PATH": f"{tmp_path}:/bin"}).stdout == "found\n"

    @pytest.mark.parametrize(
        ("argv", "folder"),
        [
            (("true",), "missing"),
            (("true",), "text"),
            (("./text",), "."),
            (("./closed",), "."),
            (("./folder",), "."),
            (("true", "a\0b"), "."),
            (("true", "\ud800"), "."),
            (("true", "x" * 8_000_000), "."),
        ],
        ids=[
            "folder_missing",
            "folder_that_is_a_file",
            "program_of_no_format",
            "program_not_executable",
            "program_that_is_a_folder",
            "argument_with_nul",
            "argument_with_surrogate",
            "argument_too_long",
        ],
    )
    def test_is_not_started(self, argv: tuple[str, ...], folder: str, tmp_path: Path) -> None:
        """
        Whatever else the system refuses.
        """
        (tmp_path / "folder").mkdir()
        (tmp_path / "text").write_text("no program")
        (tmp_path / "text").chmod(0o700)
        (tmp_path / "closed").write_text("#!/bin/sh\n")
        assert run(*argv, cwd=tmp_path / folder) == ProcessResult(ending=Ending.NOT_STARTED)

    def test_has_not_started(self) -> None:
        """
        Two endings say that nothing ran; the others say that something may have been done.
        """
        assert {ending for ending in Ending if not ending.has_started} == {Ending.NOT_FOUND, Ending.NOT_STARTED}


class TestOutput:
    """
    "Output beyond the limit is read and dropped."
    """

    def test_is_kept_apart(self) -> None:
        """
        The two outputs do not mix.
        """
        result = run_shell("echo out; echo err >&2")
        assert result == ProcessResult(ending=Ending.EXITED, exit_code=0, stdout="out\n", stderr="err\n")

    @pytest.mark.parametrize(
        ("limit", "kept", "is_truncated"), [(6, "sixsix", False), (5, "sixsi", True), (0, "", True)]
    )
    @pytest.mark.parametrize("stream", ["stdout", "stderr"])
    def test_is_cut_at_the_limit(self, stream: str, limit: int, kept: str, is_truncated: bool) -> None:  # noqa: FBT001
        """
        So many bytes and no more, and the result says whether there were more.
        """
        redirect = " >&2" if stream == "stderr" else ""
        result = run_shell(f"printf six{redirect}; printf six{redirect}", output_limit_bytes=limit)
        assert (getattr(result, stream), result.is_truncated, result.exit_code) == (kept, is_truncated, 0)

    def test_without_any_is_not_truncated(self) -> None:
        """
        Nothing said is nothing cut, even when nothing is kept.
        """
        assert run("true", output_limit_bytes=0) == ProcessResult(ending=Ending.EXITED, exit_code=0)

    def test_of_a_talkative_child_does_not_block_it(self) -> None:
        """
        It writes more than a pipe holds to both outputs, and ends as if somebody had listened.
        """
        script = "import sys; [stream.write('x' * 3_000_000) for stream in (sys.stdout, sys.stderr)]; sys.exit(3)"
        result = run_python(script, output_limit_bytes=10)
        assert (result.exit_code, result.stdout, result.stderr) == (3, "x" * 10, "x" * 10)
        assert result.is_truncated

    def test_that_filled_the_pipe_at_the_end_is_read_whole(self) -> None:
        """
        What stands in the pipe when the child is gone is taken too.
        """
        result = run_python("import os; os.write(1, b'x' * 65_536)", output_limit_bytes=65_536)
        assert (len(result.stdout), result.is_truncated) == (65_536, False)

    def test_that_is_no_utf_8_is_replaced(self) -> None:
        """
        Each wrong byte becomes U+FFFD, and so does a character that the limit cut.
        """
        assert run_shell(r"printf 'a\377\376b\303'").stdout == "a\ufffd\ufffdb\ufffd"
        assert run_shell(r"printf 'a\303\251'", output_limit_bytes=2).stdout == "a\ufffd"

    def test_that_ends_early_does_not_end_the_child(self) -> None:
        """
        A child that closes both outputs is waited for.
        """
        assert run_shell("exec >&- 2>&-; sleep 0.2; exit 7").exit_code == 7


@pytest.mark.usefixtures("system")
class TestTheTimeout:
    """
    "The call ends at the timeout", and so does everybody in the group.
    """

    def test_kills_child_and_grandchild(self, is_gone: Callable[[int], bool]) -> None:
        """
        Both are dead when it is over; what they said until then is kept.
        """
        result = run_shell(f"sleep {_LONG_S} & echo $$ $!; wait", timeout_ms=1500)
        assert (result.ending, result.exit_code) == (Ending.TIMED_OUT, None)
        child, grandchild = map(int, result.stdout.split())
        assert is_gone(grandchild)
        with pytest.raises(ProcessLookupError):
            os.kill(child, 0)

    def test_kills_who_ignores_the_polite_signals(self, is_gone: Callable[[int], bool]) -> None:
        """
        Nothing a child can ignore is sent to it.
        """
        script = f"trap '' TERM INT HUP; sleep {_LONG_S} & echo $!; while :; do wait; done"
        result = run_shell(script, timeout_ms=1500)
        assert result.ending is Ending.TIMED_OUT
        assert is_gone(int(result.stdout))

    def test_ends_a_child_that_never_stops_talking(self) -> None:
        """
        Reading does not forget the time.
        """
        result = run("yes", timeout_ms=1500, output_limit_bytes=4)
        assert result == ProcessResult(ending=Ending.TIMED_OUT, stdout="y\ny\n", is_truncated=True)

    def test_ends_a_child_that_closed_its_outputs(self) -> None:
        """
        Silence does not forget it either.
        """
        assert run_shell(f"exec >&- 2>&-; sleep {_LONG_S}", timeout_ms=500).ending is Ending.TIMED_OUT


@pytest.mark.usefixtures("system")
class TestWhoIsLeftBehind:
    """
    "When the call ends, for whatever reason, the whole group is killed."
    """

    def test_is_killed_after_a_normal_exit(self, is_gone: Callable[[int], bool]) -> None:
        """
        A grandchild that keeps the pipe open neither outlives the call nor makes it wait.
        """
        result = run_shell(f"sleep {_LONG_S} & echo $!; exit 4", timeout_ms=20_000)
        assert (result.ending, result.exit_code) == (Ending.EXITED, 4)
        assert is_gone(int(result.stdout))

    def test_cannot_hold_the_call_from_a_session_of_its_own(self) -> None:
        """
        Who left the group keeps the pipe, even talks into it, and the call ends with the child.
        """
        script = (
            "import os, sys, time\n"
            "ready, done = os.pipe()\n"
            "if pid := os.fork():\n"
            "    os.read(ready, 1); print(pid, flush=True); os._exit(5)\n"
            "os.setsid(); os.write(done, b'.')\n"
            f"end = time.monotonic() + {_LONG_S}\n"
            "while time.monotonic() < end:\n"
            "    os.write(2, b'x'); time.sleep(0.001)\n"
        )
        result = run_python(script, timeout_ms=20_000)
        pid = int(result.stdout)
        with contextlib.suppress(ProcessLookupError):  # it may have died of writing into the closed pipe
            os.kill(pid, signal.SIGKILL)
        assert (result.ending, result.exit_code) == (Ending.EXITED, 5)

    def test_is_killed_when_the_call_is_interrupted(
        self, monkeypatch: pytest.MonkeyPatch, is_gone: Callable[[int], bool]
    ) -> None:
        """
        An exception on the way, such as the user's Ctrl-C, leaves no child.
        """
        pids: list[int] = []

        def interrupt(leader: process._Leader, *_: object) -> NoReturn:
            pids.append(leader.child.pid)
            raise KeyboardInterrupt

        monkeypatch.setattr(process, "_read_until_exit", interrupt)
        with pytest.raises(KeyboardInterrupt):
            run("sleep", str(_LONG_S))
        assert is_gone(pids[0])


@pytest.mark.usefixtures("system")
class TestTheExitStatus:
    """
    "What cannot be known is not made up."
    """

    @pytest.mark.parametrize("status", [0, 1, 2, 127, 255])
    def test_is_what_the_child_gave(self, status: int) -> None:
        """
        Zero or not.
        """
        assert run_shell(f"exit {status}").exit_code == status

    def test_is_negative_after_a_signal(self) -> None:
        """
        A child that a signal ended did not exit with 0.
        """
        result = run_shell("kill -SEGV $$")
        assert (result.ending, result.exit_code) == (Ending.EXITED, -signal.SIGSEGV)

    def test_that_somebody_else_collected_is_lost(self) -> None:
        """
        Where the program ignores SIGCHLD the system throws the status away, and a failed command is not called good.
        """
        script = (
            "import os, signal, sys\n"
            f"{'' if hasattr(os, 'waitid') else 'del os.waitid'}\n"
            "from pathlib import Path\n"
            "from runtime.connectors.process import run_process\n"
            "signal.signal(signal.SIGCHLD, signal.SIG_IGN)\n"
            "print(run_process(('sh', '-c', 'exit 9'), cwd=Path('/'), env={}, timeout_ms=60_000, output_limit_bytes=9))"
        )
        done = subprocess.run([sys.executable, "-W", "error", "-c", script], capture_output=True, text=True, check=True)
        assert done.stdout.strip() == str(ProcessResult(ending=Ending.LOST))
        assert done.stderr == ""

    def test_of_who_cannot_be_killed_is_not_waited_for(self, monkeypatch: pytest.MonkeyPatch) -> None:
        """
        A child with other rights lives on; the call ends, and its status is collected when it dies.
        """

        def refuse(*_: object) -> NoReturn:
            raise PermissionError

        with monkeypatch.context() as patch:
            patch.setattr(os, "killpg", refuse)
            result = run_shell(f"echo $$; exec sleep {_LONG_S}", timeout_ms=1000)
        assert result.ending is Ending.TIMED_OUT
        os.kill(int(result.stdout), signal.SIGKILL)
        while True:  # until the thread has collected it
            try:
                os.kill(int(result.stdout), 0)
            except ProcessLookupError:
                break


class TestTheFault:
    """
    The code of an outcome, or none.
    """

    @pytest.mark.parametrize(
        ("result", "code"),
        [
            (ProcessResult(ending=Ending.EXITED, exit_code=0), None),
            (ProcessResult(ending=Ending.EXITED, exit_code=1), None),
            (ProcessResult(ending=Ending.EXITED, exit_code=2), "command_failed"),
            (ProcessResult(ending=Ending.EXITED, exit_code=-9), "command_failed"),
            (ProcessResult(ending=Ending.TIMED_OUT), "command_timeout"),
            (ProcessResult(ending=Ending.LOST), "command_lost"),
            (ProcessResult(ending=Ending.NOT_FOUND), "command_not_found"),
            (ProcessResult(ending=Ending.NOT_STARTED), "command_not_started"),
        ],
        ids=["zero", "one", "two", "signal", "timeout", "lost", "not_found", "not_started"],
    )
    def test_names_every_ending_but_the_fine_ones(self, result: ProcessResult, code: str | None) -> None:
        """
        Statuses 0 and 1 are said to be fine here.
        """
        assert result.fault(0, 1) == code
