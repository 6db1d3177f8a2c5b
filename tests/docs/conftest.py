"""Runs the pages: every example in them is executed, and the page must show what really came out.

A fenced block of a page is one of these:

- `python` is executed; all blocks of a page share one namespace and one empty working directory. A first line such as
  `# price_change.py` also saves the block under that name, so that a later block can import it.
- `text` is what the `python` block before it printed.
- `console` holds `$ command` lines, run by a shell at a terminal, and what they print. A comment `# exit status 3` gives
  the expected status, else 0. Text behind a prompt of the program is typed in.
- one without a language is a drawing or an excerpt, and is not run.

`DOCS_UPDATE=1` writes what came out into the pages instead of comparing; read the difference before keeping it.
"""

import contextlib
import io
import os
import pty
import re
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import attrs
import pytest

ROOT = Path(__file__).parents[2]
BIN = Path(sys.executable).parent

_is_fence = re.compile(r"```(\w*)").fullmatch
_find_status = re.compile(r"# exit status (\d+)$").search
_PROMPT = re.compile(r"^(?:your choice \(.*\)|your name \[.*\]|reason|input \(JSON\)): (.*)$", re.MULTILINE)
_list_names = re.compile(r"\b[0-9a-f]{12}(?![0-9a-f])").findall
_COMMAND = re.compile(r"\$ ((?:.*\\\n)*.*)\n")
"""A command; it goes on where its line ends in a backslash."""
_find_saved_name = re.compile(r"# (\w+\.py)\n").match


@attrs.frozen
class Block:
    """
    A part of a page: prose (`language` is None) or the inside of a fence.
    """

    language: str | None
    text: str


def split(page: str) -> Iterator[Block]:
    """
    Split a page into prose and fenced blocks; joined again they are the page.
    """
    language: str | None = None
    lines: list[str] = []
    for line in page.splitlines(keepends=True):
        fence = _is_fence(line.rstrip("\n"))
        if fence is None or (language is not None and fence[1]):
            lines.append(line)
            continue
        yield Block(language, "".join(lines))
        language, lines = (fence[1] if language is None else None), []
    assert language is None, "a fence that is not closed"
    yield Block(None, "".join(lines))


def render(page: str) -> str:
    """
    Execute the blocks of a page in the working directory, and give the page with what really came out.
    """
    namespace: dict[str, Any] = {"__name__": "page"}
    printed = ""
    parts = []
    renamed: dict[str, str] = {}
    for block in split(page):
        text = _rename(block.text, renamed)
        match block.language:
            case "python":
                assert not printed, f"the page does not show what a block printed: {printed}"
                printed = _run_python(text, namespace)
            case "text":
                text, printed = printed, ""
            case "console":
                text = _run_console(text, renamed)
            case "":
                pass
            case None:
                assert not (printed and text.strip()), f"the page does not show what a block printed: {printed}"
            case other:
                raise AssertionError(f"blocks of language {other!r} are not run")
        parts.append(text if block.language is None else f"```{block.language}\n{text}```\n")
    assert not printed, f"the page does not show what a block printed: {printed}"
    return "".join(parts)


def _run_python(code: str, namespace: dict[str, Any]) -> str:
    name = _find_saved_name(code)
    if name:
        Path(name[1]).write_text(code)
    with contextlib.redirect_stdout(io.StringIO()) as out:
        exec(compile(code, name[1] if name else "<page>", "exec"), namespace)  # noqa: S102 - the pages are ours.
    return out.getvalue()


def _rename(text: str, renamed: dict[str, str]) -> str:
    for old, new in renamed.items():
        text = text.replace(old, new)
    return text


def _run_console(text: str, renamed: dict[str, str]) -> str:
    """
    Run the commands of a block; what is called otherwise than the page says is noted, for the commands that name it.
    """
    parts = []
    for shown in re.split(r"^(?=\$ )", text, flags=re.MULTILINE):
        entry = _rename(shown, renamed)
        if not entry:
            continue
        assert entry.startswith("$ "), f"output without a command: {entry}"
        command = _COMMAND.match(entry)
        assert command is not None
        status, out = _run_at_terminal(command[1], typed=_PROMPT.findall(entry))
        expected = _find_status(command[1])
        assert status == int(expected[1] if expected else 0), f"exit status {status} of {command[1]}\n{out}"
        renamed.update(zip(_list_names(shown), _list_names(f"$ {command[1]}\n{out}"), strict=False))
        parts.append(f"$ {command[1]}\n{out}")
    return "".join(parts)


def _run_at_terminal(command: str, typed: list[str]) -> tuple[int, str]:
    ours, theirs = pty.openpty()
    environment = {
        "PATH": f"{BIN}:/usr/bin:/bin",
        "HOME": str(Path.cwd()),
        "LOGNAME": "grace",
        "COLUMNS": "80",
        "LANG": "C.UTF-8",
        "PYTHONUTF8": "1",
    }
    process = subprocess.Popen(
        ["/bin/sh", "-c", command], stdin=theirs, stdout=theirs, stderr=theirs, env=environment, start_new_session=True
    )
    os.close(theirs)
    out, waiting = b"", list(typed)
    while True:
        try:
            chunk = os.read(ours, 65536)
        except OSError:  # Linux says so when the other end is closed.
            break
        if not chunk:
            break
        out += chunk
        last = out.decode(errors="replace").replace("\r\n", "\n").rpartition("\n")[2]
        if last.endswith(": ") and _PROMPT.match(last):
            assert waiting, f"{command} asks, and the page types nothing in: {last}"
            os.write(ours, f"{waiting.pop(0)}\n".encode())
    os.close(ours)
    return process.wait(), out.decode().replace("\r\n", "\n")


@pytest.fixture
def run_page(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[[Path], None]]:
    """
    A function that runs a page in an empty directory with the examples in it, and compares or updates it.
    """
    shutil.copytree(ROOT / "docs" / "examples", tmp_path / "docs" / "examples")
    monkeypatch.chdir(tmp_path)
    monkeypatch.syspath_prepend(tmp_path)
    before = set(sys.modules)

    def run(path: Path) -> None:
        page = path.read_text()
        real = render(page)
        if os.environ.get("DOCS_UPDATE"):
            path.write_text(real)
        else:
            assert real == page, f"{path.name} shows something else than what came out; see DOCS_UPDATE in conftest.py"

    yield run
    for name in set(sys.modules) - before:
        if str(getattr(sys.modules[name], "__file__", "")).startswith(str(tmp_path)):
            del sys.modules[name]
