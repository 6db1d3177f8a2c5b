"""The bytes of the built-in missions, against the files kept from when they were made."""

import importlib.util
import shutil
import subprocess
from pathlib import Path

import pytest

HERE = Path(__file__).parent
_spec = importlib.util.spec_from_file_location("make_golden", HERE / "make_golden.py")
assert _spec is not None
assert _spec.loader is not None
_module = importlib.util.module_from_spec(_spec)
_spec.loader.exec_module(_module)
FILES: dict[str, bytes] = dict(_module.golden_files())


@pytest.mark.parametrize("name", sorted(FILES))
def test_bytes_are_the_golden_ones(name: str) -> None:
    """
    INV-1: every record of an example run is the same, byte for byte, as when the golden file was made.
    """
    assert FILES[name] == (HERE / name).read_bytes()


def test_no_golden_file_is_left_over() -> None:
    """
    Every golden file is made by the script.
    """
    assert {f"{folder}/{path.name}" for folder in ("missions", "sclite") for path in (HERE / folder).iterdir()} == set(
        FILES
    )


@pytest.mark.skipif(shutil.which("sha256sum") is None, reason="sha256sum is not on this machine")
def test_sha256sum_gives_the_digests() -> None:
    """
    A digest is what `sha256sum` prints for the canonical file, with nothing prefixed.
    """
    words = [shutil.which("sha256sum") or "", "--check", "--quiet", "SHA256SUMS"]
    done = subprocess.run(words, cwd=HERE / "missions", capture_output=True, check=False)
    assert done.returncode == 0, done.stdout
