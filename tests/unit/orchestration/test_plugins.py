"""Missions of installed packages, through real entry points: each is registered, or refused by name with the reason."""

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

MISSION = str(Path(sys.executable).with_name("mission"))

GOOD = """
from runtime.orchestration import Mission, StepSpec, WorkflowDefinition

def build(params):
    return WorkflowDefinition("wf-{name}", [StepSpec("mark", "runtime", {{"operation": "set", "path": "/by", "value": "{name}"}})])

MISSION = Mission(name="{name}", version="1.2.3", summary="Marks.{more}", build=build)
"""

IMPURE = """
from itertools import count
from runtime.orchestration import Mission, StepSpec, WorkflowDefinition

counter = count()

def build(params):
    return WorkflowDefinition("wf", [StepSpec(f"s{{next(counter)}}", "runtime")])

MISSION = Mission(name="{name}", version="1.0.0", summary="Counts.", build=build)
"""

TOO_LONG = """
from runtime.orchestration import Mission, StepSpec, WorkflowDefinition

def build(params):
    return WorkflowDefinition("wf", [StepSpec(f"s{{index}}", "runtime") for index in range(6)])

MISSION = Mission(name="{name}", version="1.0.0", summary="Is long.", build=build)
"""

PRINT = """
import json
from runtime.orchestration import ExecutionContext
from runtime.orchestration.registry import MISSION_REGISTRY, run_mission

runs = {name: run_mission(name, ExecutionContext({})).final_state for name in MISSION_REGISTRY if name.startswith("good")}
print(json.dumps({"names": list(MISSION_REGISTRY), "refused": MISSION_REGISTRY.refused, "runs": runs}))
"""

BUILT_IN = {
    "backup_check",
    "change_request",
    "daily_loop",
    "echo",
    "execution_spine",
    "incident_triage",
    "pt004_execution_spine",
    "run_tests",
    "service_restart",
}


def install(site: Path, module: str, code: str, *names: str, more: str = "") -> None:
    """
    Install a package of one module that declares `MISSION` under these names, as pip leaves it.
    """
    name = names[0] if names else module
    (site / f"{module}.py").write_text(code.format(name=name, more=more))
    info = site / f"{module}-1.0.dist-info"
    info.mkdir()
    (info / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {module}\nVersion: 1.0\n")
    lines = [f"{declared} = {module}:MISSION" for declared in names]
    (info / "entry_points.txt").write_text("\n".join(["[mission_runtime.missions]", *lines, ""]))


def on_path(*sites: Path) -> dict[str, str]:
    """
    Give an environment in which these folders come first on the path.
    """
    before = filter(None, [os.environ.get("PYTHONPATH")])
    return {**os.environ, "PYTHONPATH": os.pathsep.join([*map(str, sites), *before])}


def run(site: Path, *words: str) -> subprocess.CompletedProcess[str]:
    """
    Run a command where the packages are installed.
    """
    return subprocess.run(words, env=on_path(site), cwd=site, capture_output=True, text=True, check=False)


def look(site: Path) -> dict[str, Any]:
    """
    Give what the registry holds there, and what came of running the good ones.
    """
    done = run(site, sys.executable, "-c", PRINT)
    assert done.returncode == 0, done.stderr
    document: dict[str, Any] = json.loads(done.stdout)
    return document


@pytest.mark.slow
def test_a_good_one_is_registered_and_runs(tmp_path: Path) -> None:
    """
    It stands in the registry beside the built-in ones, in the list, and runs from the command line.
    """
    install(tmp_path, "acme", GOOD, "good_mark", more="\\x1b[2J\\n")
    seen = look(tmp_path)
    assert seen["names"] == sorted({*BUILT_IN, "good_mark"})
    assert seen["runs"] == {"good_mark": {"by": "good_mark"}}
    assert seen["refused"] == {}
    listed = run(tmp_path, MISSION, "list", "--json")
    assert json.loads(listed.stdout)["refused"] == {}
    ended = run(tmp_path, MISSION, "run", "good_mark", "--json")
    assert (ended.returncode, json.loads(ended.stdout)["final_state"]) == (0, {"by": "good_mark"})
    text = run(tmp_path, MISSION, "list").stdout + run(tmp_path, MISSION, "show", "good_mark").stdout
    assert "\x1b" not in text
    assert text.count(r"Marks.\u{1b}[2J\u{a}") == 2


BAD: dict[str, tuple[str, tuple[str, ...], str]] = {
    "raises on import": ("raise RuntimeError('secret text')", ("bad",), "it raised RuntimeError"),
    "has a fault of syntax": ("def (", ("bad",), "it raised SyntaxError"),
    "ends the process": ("raise SystemExit(3)", ("bad",), "it raised SystemExit"),
    "has no such name": ("OTHER = 1", ("bad",), "it raised AttributeError"),
    "is no mission": ("MISSION = 5", ("bad",), "registry entry 'bad' is 5: give a Mission"),
    "is declared under another name": (
        GOOD.replace('name="{name}"', 'name="other"'),
        ("bad",),
        "mission 'other' under the name 'bad': register it under its own name",
    ),
    "has an impure builder": (IMPURE, ("bad",), "builds different workflows from equal params"),
    "builds too much": (TOO_LONG, ("bad",), "Workflow has 6 steps, exceeds maximum of 5"),
    "is called like a built-in one": (GOOD, ("echo",), "the name 'echo' is taken: give the mission another name"),
    "has a name that is none": ("MISSION = 5", ("bad one",), "registry entry 'bad one' is 5"),
}


@pytest.mark.slow
@pytest.mark.parametrize("defect", BAD)
def test_a_bad_one_is_refused_by_name_and_takes_nobody_down(tmp_path: Path, defect: str) -> None:
    """
    The reason is kept and shown; the built-in missions and good packages stay, and nothing of an exception's text leaks.
    """
    code, names, reason = BAD[defect]
    install(tmp_path, "acme", code, *names)
    install(tmp_path, "fine", GOOD, "good_mark")
    seen = look(tmp_path)
    assert set(seen["names"]) == {*BUILT_IN, "good_mark"}
    assert seen["runs"] == {"good_mark": {"by": "good_mark"}}
    [(name, why)] = seen["refused"].items()
    assert name == f"{names[0]} (acme:MISSION)"
    assert reason in why
    assert "secret text" not in why
    listed = run(tmp_path, MISSION, "list")
    assert listed.returncode == 0
    assert f"  {name}: " in listed.stdout.partition("refused, and not registered:\n")[2]
    if names[0] not in BUILT_IN:
        shown = run(tmp_path, MISSION, "show", names[0])
        assert shown.returncode == 2
        assert f"{name} was refused: " in shown.stderr
        assert "Traceback" not in shown.stderr


@pytest.mark.slow
def test_two_of_one_name_are_both_refused(tmp_path: Path) -> None:
    """
    Which of them was meant cannot be told, so neither is registered, in whatever order they were installed.
    """
    install(tmp_path, "one", GOOD, "twin")
    install(tmp_path, "two", GOOD, "twin")
    install(tmp_path, "fine", GOOD, "good_mark")
    seen = look(tmp_path)
    assert set(seen["names"]) == {*BUILT_IN, "good_mark"}
    why = "the name 'twin' is taken: give the mission another name"
    assert seen["refused"] == {"twin (one:MISSION)": why, "twin (two:MISSION)": why}
    shown = run(tmp_path, MISSION, "show", "twin")
    assert shown.returncode == 2
    assert "twin (one:MISSION) was refused" in shown.stderr
    assert "twin (two:MISSION) was refused" in shown.stderr


@pytest.mark.slow
def test_the_built_in_one_stays_when_a_package_takes_its_name(tmp_path: Path) -> None:
    """
    A package cannot put itself in the place of a mission people know.
    """
    install(tmp_path, "acme", GOOD, "echo")
    ended = run(tmp_path, MISSION, "run", "echo", "--json")
    document = json.loads(ended.stdout)
    assert (document["id"], document["final_state"]) == ("wf-echo", {})


@pytest.mark.slow
def test_one_package_found_twice_is_one(tmp_path: Path) -> None:
    """
    The same declaration on two places of the path is no clash with itself.
    """
    for name in ("a", "b"):
        (tmp_path / name).mkdir()
        install(tmp_path / name, "acme", GOOD, "good_mark")
    done = subprocess.run(
        [sys.executable, "-c", PRINT],
        env=on_path(tmp_path / "a", tmp_path / "b"),
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=True,
    )
    seen = json.loads(done.stdout)
    assert (seen["refused"], seen["runs"]) == ({}, {"good_mark": {"by": "good_mark"}})


@pytest.mark.slow
def test_a_package_whose_entry_points_cannot_be_read_takes_nobody_down(tmp_path: Path) -> None:
    """
    The package itself is named, and the missions of others stay.
    """
    install(tmp_path, "acme", GOOD, "good_mark")
    broken = tmp_path / "broken-1.0.dist-info"
    broken.mkdir()
    (broken / "METADATA").write_text("Metadata-Version: 2.1\nName: broken\nVersion: 1.0\n")
    (broken / "entry_points.txt").write_text("[mission_runtime.missions]\nno equals sign\n")
    seen = json.loads(run(tmp_path, sys.executable, "-c", PRINT).stdout)
    assert seen["runs"] == {"good_mark": {"by": "good_mark"}}
    assert list(seen["refused"]) == ["broken"]
