"""Writing a file, or a directory of files, whole or not at all."""

import os
import shutil
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Final

from runtime.cli.store import near
from runtime.errors import StorageError, UsageError
from runtime.storage.whole_files import put_file

__all__ = ["write_file", "write_folder"]

_READABLE: Final = 0o644
"""What is handed to others need not be for its owner alone."""


def write_file(path: Path, raw: bytes, *, mode: int = _READABLE) -> Path:
    """
    Write a new file; nobody finds half of it.

    Raises:
        UsageError: something stands there.
        StorageError: it cannot be written; nothing is left.
    """
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        is_new = put_file(path, raw, replaces=False, mode=mode)
    except OSError as error:
        raise StorageError(
            f"cannot write: {error.strerror}", where=str(path), remedy="name a file that can be written"
        ) from error
    if not is_new:
        raise UsageError("something stands there", where=str(path), remedy="name a new file")
    return Path(near(path))


def write_folder(folder: Path, files: Mapping[str, bytes]) -> Path:
    """
    Write a directory that is new or empty.

    The files are written beside it and moved to their place in one step, so nobody finds half of them.

    Raises:
        UsageError: a file stands there, a directory that holds something, or it is the working directory.
        StorageError: it cannot be written; nothing is left.
    """
    try:
        place = _refuse_taken(folder)
        place.parent.mkdir(parents=True, exist_ok=True)
        stage = Path(tempfile.mkdtemp(prefix=".export-", dir=place.parent))
        try:
            for name, raw in files.items():
                with (stage / name).open("xb") as file:
                    file.write(raw)
                    file.flush()
                    os.fsync(file.fileno())
            stage.rename(place)  # Fails where somebody put something in the meantime.
        finally:
            shutil.rmtree(stage, ignore_errors=True)
    except OSError as error:
        raise StorageError(
            f"cannot write: {error.strerror}", where=str(folder), remedy="name a directory that can be written"
        ) from error
    return Path(near(place))


def _refuse_taken(folder: Path) -> Path:
    """
    Refuse a place where something stands, and give it without links.
    """
    # `Path.resolve` raises where links go round in a circle, under some versions of Python only.
    place = Path(os.path.realpath(folder))
    if place == Path.cwd():
        raise UsageError("the working directory cannot be replaced", where=str(folder), remedy="name a new directory")
    if place.exists() and not place.is_dir():
        raise UsageError("a file stands there", where=str(folder), remedy="name a new directory")
    if place.is_dir() and any(place.iterdir()):
        raise UsageError("a directory that holds something", where=str(folder), remedy="name a new or empty directory")
    return place
