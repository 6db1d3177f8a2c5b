"""`mission new`: three files that pass as they are, and never one written over another."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from command_line import Mission
from syrupy.assertion import SnapshotAssertion

NAMES = ["my_check.py", "test_my_check.py", "my_check.example.json"]


def written() -> dict[str, bytes]:
    """
    Give every file below the working directory.
    """
    return {str(path): path.read_bytes() for path in sorted(Path().rglob("*")) if path.is_file()}


def test_what_it_says(mission: Mission, snapshot: SnapshotAssertion) -> None:
    """
    What was written, how to try it, and how to make it known.
    """
    shown = mission("new", "my_check")
    assert (shown.status, shown.err) == (0, "")
    assert shown.out == snapshot
    assert set(written()) == set(NAMES)


@pytest.mark.slow
@pytest.mark.parametrize("name", ["my_check", "a", "x9__z_", "n" * 64])
def test_its_test_passes_as_it_is(mission: Mission, name: str) -> None:
    """
    In a process of its own, in an empty project, with warnings as errors.
    """
    mission("new", name)
    done = subprocess.run(
        [sys.executable, "-W", "error", "-m", "pytest", "-q", "-p", "no:cacheprovider", f"test_{name}.py"],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout
    assert "4 passed" in done.stdout


@pytest.mark.slow
def test_its_mission_runs_once_it_is_declared(mission: Mission) -> None:
    """
    With the entry point the command shows, `mission` knows and runs it on its example.
    """
    shown = mission("new", "my_check")
    group, entry = (line.strip() for line in shown.out.splitlines()[-2:])
    assert group == '[project.entry-points."mission_runtime.missions"]'
    info = Path("my_check-1.0.dist-info")
    info.mkdir()
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: my_check\nVersion: 1.0\n")
    (info / "entry_points.txt").write_text(f"[mission_runtime.missions]\n{entry.replace(chr(34), '')}\n")
    command = [str(Path(sys.executable).with_name("mission"))]
    example = json.loads(Path("my_check.example.json").read_text())
    Path("context.json").write_text(json.dumps(example["context"]))
    words = ["run", "my_check", "--context", "context.json", "--params", json.dumps(example["params"])]
    environment = {**os.environ, "PYTHONPATH": str(Path.cwd())}
    done = subprocess.run(command + words, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 3, done.stderr
    assert "Is the summary right?" in done.stderr


@pytest.mark.slow
def test_its_files_keep_to_the_rules_of_the_project(mission: Mission) -> None:
    """
    What people start from is formatted, without a finding of the linter, and typed.
    """
    mission("new", "my_check")
    ruff, mypy = (str(Path(sys.executable).with_name(name)) for name in ("ruff", "mypy"))
    for words in (
        [ruff, "format", "--isolated", "--line-length=120", "--check", *NAMES[:2]],
        [
            ruff,
            "check",
            "--isolated",
            "--line-length=120",
            "--select=ALL",
            "--ignore=D,INP001,S101,COM812,CPY001",
            *NAMES[:2],
        ],
        [mypy, "--strict", "--cache-dir", os.devnull, "my_check.py"],
    ):
        done = subprocess.run(words, capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stdout


@pytest.mark.parametrize("taken", NAMES)
def test_nothing_is_written_over(mission: Mission, taken: str) -> None:
    """
    Where one of the files exists, none is written.
    """
    Path(taken).write_text("mine")
    shown = mission("new", "my_check")
    assert (shown.status, shown.out) == (2, "")
    assert f"['{taken}'] exist already" in shown.err
    assert written() == {taken: b"mine"}


def test_twice_is_refused(mission: Mission) -> None:
    """
    The second time all three are named, and stay as they were.
    """
    mission("new", "my_check")
    before = written()
    shown = mission("new", "my_check")
    assert shown.status == 2
    assert all(name in shown.err for name in NAMES)
    assert written() == before


def test_a_link_to_nowhere_is_not_followed(mission: Mission) -> None:
    """
    A file is created, never opened for writing through what stands there.
    """
    Path("my_check.py").symlink_to("elsewhere.py")
    shown = mission("new", "my_check")
    assert shown.status == 5
    assert not Path("elsewhere.py").exists()


REFUSED = {
    "built-in mission": ("echo", "the name 'echo' is taken"),
    "keyword": ("class", "that of a Python module or word"),
    "module of the library": ("json", "that of a Python module or word"),
    "module of another system": ("msvcrt", "that of a Python module or word"),
    "module of an installed package": ("attr", "that of a Python module or word"),
    "the runtime itself": ("runtime", "that of a Python module or word"),
    "pytest": ("pytest", "that of a Python module or word"),
    "settings of pytest": ("conftest", "that of a Python module or word"),
    "capitals": ("MyCheck", "mission name 'MyCheck'"),
    "hyphen": ("my-check", "mission name 'my-check'"),
    "digit first": ("9lives", "mission name '9lives'"),
    "underscore first": ("_private", "mission name '_private'"),
    "empty": ("", "mission name ''"),
    "path": ("../evil", "mission name '../evil'"),
    "letters beyond ASCII": ("pr\xfcfung", "mission name"),
    "a line break": ("my_check\n", "mission name"),
    "too long": ("n" * 65, "mission name"),
    "code": ("a'; import os", "mission name"),
}


@pytest.mark.parametrize("defect", REFUSED)
def test_a_name_that_cannot_be_used(mission: Mission, defect: str) -> None:
    """
    It exits with 2, says why, and writes nothing.
    """
    name, said = REFUSED[defect]
    shown = mission("new", name)
    assert (shown.status, shown.out) == (2, "")
    assert said in shown.err
    assert written() == {}


def test_another_directory_is_made(mission: Mission) -> None:
    """
    With all that is above it.
    """
    shown = mission("new", "my_check", "--directory", "deep/er")
    assert shown.status == 0
    assert set(written()) == {f"deep/er/{name}" for name in NAMES}
    assert "python -m pytest deep/er/test_my_check.py" in shown.out


def test_as_json(mission: Mission) -> None:
    """
    Name and files.
    """
    assert json.loads(mission("new", "my_check", "--json").out) == {"name": "my_check", "files": NAMES}


@pytest.mark.parametrize("place", ["file/below", "x" * 300, "x/" * 3000])
def test_a_directory_that_cannot_be_written(mission: Mission, place: str) -> None:
    """
    It exits with 5 and says what to give instead.
    """
    Path("file").write_text("")
    shown = mission("new", "my_check", "--directory", place)
    assert (shown.status, shown.out) == (5, "")
    assert "give a --directory that can be written" in shown.err
    assert written() == {"file": b""}


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write everywhere")
def test_a_directory_without_permission(mission: Mission) -> None:
    """
    As one that cannot be written; also where it cannot even be looked into.
    """
    for name, mode in (("read", 0o500), ("none", 0o000)):
        Path(name).mkdir(mode=mode)
        assert mission("new", "my_check", "--directory", name).status == 5


def test_a_directory_that_is_a_file(mission: Mission) -> None:
    """
    It exits with 2.
    """
    Path("file").write_text("")
    assert mission("new", "my_check", "--directory", "file").status == 2
