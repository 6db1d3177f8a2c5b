"""INV-1: the same input gives the same bytes, wherever and whenever it runs."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PROBE = Path(__file__).with_name("probe.py")
OTHER_PYTHONS = [version for version in ("3.11", "3.12", "3.13") if version != "{}.{}".format(*sys.version_info[:2])]


def _probe(environment: dict[str, str], *, python: str = sys.executable, cwd: Path = ROOT) -> str:
    """
    Run the probe in a process of its own.
    """
    settings = {**os.environ, "PYTHONPATH": str(ROOT), "PYTHONDONTWRITEBYTECODE": "1"} | environment
    done = subprocess.run([python, str(PROBE)], capture_output=True, text=True, check=False, cwd=cwd, env=settings)
    assert done.returncode == 0, done.stderr
    return done.stdout


@pytest.fixture(scope="module")
def expected() -> str:
    """
    What the probe prints here and now.
    """
    return _probe({"PYTHONHASHSEED": "0"})


@pytest.mark.slow
@pytest.mark.parametrize("seed", ["1", "42", "4294967295", "random"])
def test_the_hash_seed_changes_nothing(expected: str, seed: str) -> None:
    """
    INV-1: no set order or hash reaches the bytes.
    """
    assert _probe({"PYTHONHASHSEED": seed}) == expected


@pytest.mark.slow
@pytest.mark.parametrize(
    "environment",
    [
        {"TZ": "Pacific/Kiritimati"},
        {"TZ": "America/St_Johns"},
        {"LC_ALL": "C"},
        {"LC_ALL": "C.UTF-8", "LANG": "tr_TR.UTF-8"},
        {"PYTHONUTF8": "0", "LC_ALL": "POSIX"},
        {"PYTHONOPTIMIZE": "2"},
        {"PYTHONINTMAXSTRDIGITS": "640"},
    ],
    ids=str,
)
def test_time_zone_locale_and_settings_change_nothing(expected: str, environment: dict[str, str]) -> None:
    """
    INV-1: neither where the machine stands nor how Python is set up reaches the bytes.
    """
    assert _probe(environment) == expected


@pytest.mark.slow
def test_the_working_directory_changes_nothing(expected: str, tmp_path: Path) -> None:
    """
    INV-1: no path reaches the bytes.
    """
    assert _probe({}, cwd=tmp_path) == expected


@pytest.mark.slow
@pytest.mark.parametrize("version", OTHER_PYTHONS)
def test_other_pythons_change_nothing(expected: str, version: str) -> None:
    """
    INV-1: every supported Python gives the same bytes.
    """
    python = ROOT / f".venv-{version}" / "bin" / "python"
    if not (python.parent.parent / "ready").exists():
        pytest.skip(f"no environment for Python {version}; tools/pythons.py makes one where that Python is installed")
    assert _probe({}, python=str(python)) == expected
