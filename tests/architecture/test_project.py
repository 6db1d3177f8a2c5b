"""What the project's own files promise: pinned locks, one version, mapped error codes, no addresses."""

import re
import subprocess
import sys
import tomllib
import zipfile
from pathlib import Path

import click
import pytest

import runtime
from runtime import errors
from runtime.cli.exit_codes import EXIT_CODES, exit_code_of
from runtime.cli.main import COMMANDS, cli

ROOT = Path(__file__).parents[2]
LOCKS = sorted((ROOT / "requirements").glob("*.lock"))


def _error_classes() -> dict[str, type[errors.MissionEngineError]]:
    found = [getattr(errors, name) for name in errors.__all__]
    classes = [kind for kind in found if isinstance(kind, type) and issubclass(kind, errors.MissionEngineError)]
    return {kind.__name__: kind for kind in classes}


@pytest.mark.parametrize("lock", LOCKS, ids=lambda path: path.stem)
def test_locks_hold_names_versions_and_hashes_only(lock: Path) -> None:
    """
    A lock pins every package with hashes and names no address.
    """
    text = lock.read_text()
    assert "://" not in text
    assert "--index" not in text
    requirements = re.split(r"\n(?=[a-z])", re.sub(r"^\s*#.*\n", "", text, flags=re.MULTILINE).strip())
    for requirement in requirements:
        assert re.match(r"[a-z0-9.\-]+==[^ ]+", requirement), requirement
        assert "--hash=sha256:" in requirement, requirement


def test_locks_agree_with_each_other() -> None:
    """
    A package has one version in every lock that holds it; of SCLite two releases are tested, each by itself.
    """
    pins: dict[str, set[str]] = {}
    for lock in LOCKS:
        for name, version in re.findall(r"^([a-z0-9.\-]+)==([^ ;]+)", lock.read_text(), flags=re.MULTILINE):
            pins.setdefault(name, set()).add(version)
    assert pins.pop("sclite-core") == {"1.0.9", "2.0.1"}
    assert {name: versions for name, versions in pins.items() if len(versions) > 1} == {}


def test_every_dependency_is_locked() -> None:
    """
    What the package depends on stands in the runtime lock.
    """
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    needed = {re.split(r"[<>=]", dependency)[0] for dependency in project["dependencies"]}
    locked = set(re.findall(r"^([a-z0-9.\-]+)==", (ROOT / "requirements" / "runtime.lock").read_text(), re.MULTILINE))
    assert needed <= locked


def test_the_extra_allows_the_releases_that_are_tested() -> None:
    """
    The extra of SCLite begins with the oldest release that is tested, and ends before the major after the newest.
    """
    extras = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["optional-dependencies"]
    [oldest, newest] = [
        re.findall(r"^sclite-core==([^ ]+)", (ROOT / "requirements" / f"{name}.lock").read_text(), re.MULTILINE)[0]
        for name in ("sclite-1", "sclite-2")
    ]
    assert extras == {"sclite": [f"sclite-core>={oldest},<{int(newest.split('.')[0]) + 1}"]}


def test_the_version_has_a_changelog_entry() -> None:
    """
    The changelog speaks of the version, or of what is unreleased.
    """
    text = (ROOT / "CHANGELOG.md").read_text()
    assert f"[{runtime.__version__}]" in text or "[Unreleased]" in text


def test_every_error_code_is_unique_and_has_an_exit_status() -> None:
    """
    Each error class has a code of its own, and each code one exit status; none is left over.
    """
    classes = _error_classes()
    codes = [kind.code for kind in classes.values()]
    assert sorted(codes) == sorted(set(codes))
    assert set(codes) == set(EXIT_CODES)
    for kind in classes.values():
        assert exit_code_of(kind("x")) == EXIT_CODES[kind.code]


def test_every_error_class_is_public() -> None:
    """
    No module defines an error of the package outside `errors.py`, and every one there is public.
    """
    defined = {
        node
        for path in (ROOT / "runtime").rglob("*.py")
        for node in re.findall(r"^class (\w+)\(.*Error\):", path.read_text(), re.MULTILINE)
        if path.name == "errors.py"
    }
    assert defined | {"MissionEngineError"} >= set(_error_classes()) - {"AntiFailureViolation", "EnvelopeViolation"}
    assert defined <= set(_error_classes())


@pytest.mark.parametrize("name", sorted(COMMANDS))
def test_the_table_of_commands_says_what_each_command_says(name: str) -> None:
    """
    The summary in the lazy table is the first line of the command's own help; every command takes `--json`.
    """
    context = cli.make_context("mission", ["--help"], resilient_parsing=True)
    command = cli.get_command(context, name)
    assert command is not None
    assert (command.help or "").strip().splitlines()[0] == COMMANDS[name][1]
    commands = [*command.commands.values()] if isinstance(command, click.Group) else [command]
    assert commands
    for one in commands:
        assert one.help
        assert any("--json" in parameter.opts for parameter in one.params), one.name


@pytest.mark.parametrize(
    ("module", "unwanted"),
    [
        (
            "runtime.orchestration",
            ("missions", "cattrs", "cryptography", "jsonschema", "click", "runtime.orchestration.registry"),
        ),
        ("runtime.cli.main", ("runtime.orchestration", "missions", "cattrs", "cryptography", "jsonschema")),
        ("runtime.evidence", ("cryptography",)),
        ("runtime.cli.run", ("cryptography",)),
    ],
    ids=["engine", "command line", "evidence", "running a mission"],
)
def test_imports_stay_light(module: str, unwanted: tuple[str, ...]) -> None:
    """
    Importing the engine loads no mission, no command line and no library of schemas or signatures; `--help` no engine.
    """
    script = f"import sys, {module}; print([name for name in {unwanted!r} if name in sys.modules])"
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


@pytest.mark.slow
def test_the_wheel_holds_the_packages_and_the_one_file_verifier(tmp_path: Path) -> None:
    """
    The verifier is shipped as it is here, so that its digest can be told to others; tests and documents are not.
    """
    line = [sys.executable, "-m", "hatchling", "build", "--target", "wheel", "--directory", str(tmp_path)]
    subprocess.run(line, cwd=ROOT, capture_output=True, check=True)
    [wheel] = tmp_path.glob("*.whl")
    verifier = "runtime/evidence/mission_verify.py"
    with zipfile.ZipFile(wheel) as archive:
        names = archive.namelist()
        assert archive.read(verifier) == (ROOT / verifier).read_bytes()
    folders = {name.split("/")[0] for name in names}
    assert {name for name in folders if not name.endswith(".dist-info")} == {"runtime", "missions"}
