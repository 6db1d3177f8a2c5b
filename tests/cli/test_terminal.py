"""`mission` as a process, at a real terminal and in a real pipe."""

import os
import pty
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

MISSION = str(Path(sys.executable).with_name("mission"))
PARAMS = '{"title": "Raise", "requested_by": "grace", "patch": {"limit": 2}, "approvers": ["ada"]}'


@pytest.fixture
def workplace(tmp_path: Path) -> Path:
    """
    A directory with a context.
    """
    (tmp_path / "context.json").write_text('{"config": {"limit": 1}}')
    return tmp_path


def _at_terminal(workplace: Path, *typed: str, meanwhile: Callable[[], None] = lambda: None) -> tuple[int, str]:
    """
    Run `mission run` at a pseudo-terminal and type lines, each after a prompt; `meanwhile` happens at the first one.
    """
    words = [MISSION, "run", "change_request", "--context", "context.json", "--params", PARAMS]
    child, terminal = pty.fork()
    if child == 0:  # pragma: no cover - the child becomes the command.
        os.chdir(workplace)
        # Whoever starts the tests in the background has them ignore it, and so would the command.
        signal.signal(signal.SIGINT, signal.SIG_DFL)
        os.execv(MISSION, words)  # noqa: S606 - no shell is wanted.
    shown = b""
    waiting = list(typed)
    while True:
        try:
            part = os.read(terminal, 65536)
        except OSError:  # the other side is closed
            break
        if not part:
            break
        shown += part
        if waiting and shown.rstrip(b" ").endswith((b":", b"]:")) and shown.endswith(b": "):
            if len(waiting) == len(typed):
                meanwhile()
            os.write(terminal, waiting.pop(0).encode() + b"\n")
    _, status = os.waitpid(child, 0)
    os.close(terminal)
    return os.waitstatus_to_exitcode(status), shown.decode()


@pytest.mark.slow
def test_a_terminal_is_asked(workplace: Path) -> None:
    """
    At a terminal the question is put and the answer drives the run on.
    """
    status, shown = _at_terminal(workplace, "approve", "ada", "fine")
    assert status == 0, shown
    assert "your choice (approve, reject): approve" in shown
    assert "change_request 2.0.0: completed" in shown
    assert "Traceback" not in shown
    assert len(list((workplace / ".mission" / "decisions").iterdir())) == 1


@pytest.mark.slow
def test_a_mistyped_name_is_asked_again(workplace: Path) -> None:
    """
    An answer the step does not allow is refused with its reason, and the question is put again.
    """
    status, shown = _at_terminal(workplace, "approve", "mallory", "", "reject", "ada", "no")
    assert status == 1, shown
    assert "approvers are ['ada']" in shown
    assert "change_request 2.0.0: denied" in shown


@pytest.mark.slow
def test_a_decision_made_elsewhere_meanwhile_counts(workplace: Path) -> None:
    """
    INV-6: what is typed at the terminal after somebody else decided is refused, and their decision stands.
    """

    def reject_elsewhere() -> None:
        [checkpoint] = (workplace / ".mission" / "checkpoints").iterdir()
        words = [MISSION, "reject", checkpoint.stem[:8], "--as", "ada"]
        assert subprocess.run(words, cwd=workplace, capture_output=True, check=False).returncode == 1

    status, shown = _at_terminal(workplace, "approve", "ada", "mine", meanwhile=reject_elsewhere)
    assert status == 4, shown
    assert "already decided by 'ada': reject" in shown
    assert len(list((workplace / ".mission" / "runs").iterdir())) == 1


@pytest.mark.slow
def test_leaving_the_question_open_loses_nothing(workplace: Path) -> None:
    """
    Ctrl-C at the question ends the command, and the run waits; the checkpoint can be decided later.
    """
    status, shown = _at_terminal(workplace, "\x03")
    assert status == 3, shown
    assert "left open" in shown
    assert "Traceback" not in shown
    [checkpoint] = (workplace / ".mission" / "checkpoints").iterdir()
    decided = subprocess.run(
        [MISSION, "approve", checkpoint.stem[:8], "--as", "ada"], cwd=workplace, capture_output=True, check=False
    )
    assert decided.returncode == 0, decided.stderr


@pytest.mark.slow
def test_standard_input_and_pipes(workplace: Path) -> None:
    """
    Context and answers may come from standard input; stdout of a pipe holds the digest alone.
    """
    done = subprocess.run(
        [MISSION, "run", "echo", "--context", "-", "--params", '{"a": 1}'],
        input='{"from": "a pipe"}',
        cwd=workplace,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0
    assert done.stdout.startswith("sha256:")
    assert "echo 1.0.0: completed" in done.stderr


@pytest.mark.slow
def test_a_reader_that_goes_away_is_no_error(workplace: Path) -> None:
    """
    Closing the pipe early ends the command quietly.
    """
    shell = f"'{MISSION}' show change_request --json | head -c 1"
    done = subprocess.run(["/bin/sh", "-c", shell], cwd=workplace, capture_output=True, text=True, check=False)
    assert done.stderr == ""


@pytest.mark.slow
def test_two_deciders_at_once_give_one_decision(workplace: Path) -> None:
    """
    Of many decisions at the same moment exactly one counts, and the others are told.
    """
    words = [MISSION, "run", "change_request", "--context", "context.json", "--params", PARAMS.replace('["ada"]', "[]")]
    started = subprocess.run(words, cwd=workplace, capture_output=True, text=True, check=False)
    checkpoint = started.stdout.strip()
    deciders = [
        subprocess.Popen(
            [MISSION, "approve" if index % 2 else "reject", checkpoint, "--as", f"person{index}"],
            cwd=workplace,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
        )
        for index in range(6)
    ]
    statuses = []
    for decider in deciders:
        decider.communicate()
        statuses.append(decider.returncode)
    assert sorted(statuses)[-5:] == [4] * 5, statuses
    assert min(statuses) in {0, 1}
    assert len(list((workplace / ".mission" / "decisions").iterdir())) == 1
    assert len(list((workplace / ".mission" / "runs").iterdir())) == 1
