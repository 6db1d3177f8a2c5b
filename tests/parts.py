"""Parts of the system that some tests need: found, or their tests are skipped; in `.ci/run` a skip is a failure."""

import os
import shutil
from pathlib import Path

import pytest

__all__ = ["find_program"]


def find_program(name: str, *folders: str, package: str) -> Path:
    """
    Find a program on the path or in a folder; the first folder pattern that matches counts.
    """
    found = shutil.which(name) or next((str(path) for one in folders for path in sorted(Path("/").glob(one))), None)
    if found is None:
        reason = f"needs {name}: install the package {package}"
        if os.environ.get("MISSION_TEST_PARTS") == "all":
            pytest.fail(reason)
        pytest.skip(reason)
    return Path(found)
