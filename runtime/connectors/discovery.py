"""Holds a target inside a root folder, and finds the test files below it. Reads names only, never a file.

The folders left out are those pytest leaves out by itself. A symbolic link below the target is not followed, wherever
it points, so nothing outside the root is seen and no loop is walked.
"""

import os
import re
from enum import StrEnum
from pathlib import Path, PurePosixPath
from typing import Final, final

import attrs

from runtime.encoding.canonical import canonical
from runtime.limits import MAX_PAYLOAD_BYTES

__all__ = ["MAX_ENTRIES", "MAX_FILES", "FoundFiles", "Misplaced", "find_test_files", "locate"]

MAX_ENTRIES: Final = 100_000
"""Names looked at in one search."""
MAX_FILES: Final = 1000
"""Files listed at most."""

_LIST_BYTES: Final = MAX_PAYLOAD_BYTES // 2
_is_test_file = re.compile(r"test_.*\.py|.*_test\.py", re.DOTALL).fullmatch
_is_left_out = re.compile(
    r"\..*|.*\.egg|__pycache__|_darcs|build|CVS|dist|node_modules|venv|\{arch\}", re.DOTALL
).fullmatch
_ENVIRONMENT_MARKS: Final = frozenset({"conda-meta", "pyvenv.cfg"})


class Misplaced(StrEnum):
    """
    Why a target cannot be used; the values are codes of an outcome.
    """

    OUTSIDE = "target_outside"
    NOT_FOUND = "target_not_found"


def locate(root: Path, target: str) -> PurePosixPath | Misplaced:
    """
    Give the place of a target relative to the root, symbolic links resolved.

    What lies outside is refused as such whether it exists or not.

    Args:
        root: the resolved folder nothing may leave.
        target: a path relative to the root, or an absolute one below it.
    """
    if ".." in PurePosixPath(target).parts:
        return Misplaced.OUTSIDE
    try:
        resolved = (root / target).resolve()
        if not resolved.is_relative_to(root):
            return Misplaced.OUTSIDE
        resolved.stat()
    except (OSError, RuntimeError):  # RuntimeError: a loop of links, before Python 3.13
        return Misplaced.NOT_FOUND
    return PurePosixPath(resolved.relative_to(root))


@final
@attrs.frozen(kw_only=True)
class FoundFiles:
    """
    The files found, as sorted paths relative to the root, and how many there are.

    `is_truncated` tells that not all of them are listed, or that not every folder could be searched.
    """

    files: tuple[str, ...]
    count: int
    is_truncated: bool


def find_test_files(root: Path, target: PurePosixPath, *, max_files: int) -> FoundFiles:
    """
    List the files below a target that pytest would take for tests by their names.

    A target that is itself a Python file is listed whatever its name, as pytest runs it.

    Args:
        root: the folder paths are relative to.
        target: where to search, from `locate`.
        max_files: files listed at most.
    """
    if not (root / target).is_dir():
        found, is_complete = [target] if target.suffix == ".py" else [], True
    else:
        found, is_complete = _search(root, target)
    # A name that is no UTF-8 has no place in JSON; a file system may hold one nevertheless.
    names = sorted(os.fsencode(path).decode(errors="replace") for path in found)
    listed: list[str] = []
    room = _LIST_BYTES
    for name in names[:max_files]:
        room -= len(canonical(name)) + 1
        if room < 0:
            break
        listed.append(name)
    return FoundFiles(files=tuple(listed), count=len(names), is_truncated=not is_complete or len(listed) < len(names))


def _search(root: Path, target: PurePosixPath) -> tuple[list[PurePosixPath], bool]:
    """
    Walk the folders in the order of their names, so that a search that ends early ends at the same file each time.
    """
    found: list[PurePosixPath] = []
    is_complete = True
    folders, seen = [target], 0
    while folders:
        folder = folders.pop()
        try:
            with os.scandir(root / folder) as scan:
                entries = sorted(scan, key=lambda entry: entry.name)
        except OSError:  # removed meanwhile, or closed to this user
            is_complete = False
            continue
        if folder != target and not _ENVIRONMENT_MARKS.isdisjoint(entry.name for entry in entries):
            continue
        seen += len(entries)
        if seen > MAX_ENTRIES:
            return found, False
        found += [
            folder / entry.name
            for entry in entries
            if _is_test_file(entry.name) and entry.is_file(follow_symlinks=False)
        ]
        folders += [
            folder / entry.name
            for entry in reversed(entries)
            if not _is_left_out(entry.name) and entry.is_dir(follow_symlinks=False)
        ]
    return found, is_complete
