"""Reads the files of a profile, and the file of an environment: plain files, inside their directory, within bounds.

The one place of the package, besides `installed.py`, that opens files; it holds no rule about what they say. Rules,
referred to by number below:

1. What is read lies inside the directory once every symbolic link is followed; a link out of it is refused.
2. Only plain files are read, of a bounded size and number, and all of them together are bounded as well.
3. A file that would be silently left out, because of its ending or its place, is refused.
"""

import os
import stat
from pathlib import Path
from typing import Final, final

import attrs

from runtime.errors import Fault, ProfileError, UnknownProfileError, shown
from runtime.limits import MAX_PROFILE_BYTES, MAX_PROFILE_FILES

__all__ = ["FOLDERS", "HEAD", "Folder", "TextFile", "read_folder", "read_inside", "read_single"]

FOLDERS: Final = ("intents", "workflows", "connectors", "validation_rules", "policies")
"""The folders of a profile that are read."""
HEAD: Final = "profile.yaml"
"""The file that makes a directory a profile."""

_ENDING: Final = ".yaml"
_LEFT_OUT: Final = (".yml", ".json", ".yaml~")


@final
@attrs.frozen
class TextFile:
    """
    A file as it was read: its folder (empty for `profile.yaml`), its name without ending, the name people see, its bytes.
    """

    folder: str
    stem: str
    source: str
    raw: bytes = attrs.field(repr=False)


@final
@attrs.frozen(kw_only=True)
class Folder:
    """
    The files of a profile, sorted by name, and what kept others from being read.
    """

    label: str
    files: tuple[TextFile, ...]
    faults: tuple[Fault, ...]


def read_folder(root: Path, *, label: str) -> Folder:
    """
    Read the files of a profile.

    Args:
        root: its directory, or the `profile.yaml` in it.
        label: how messages name the directory.

    Raises:
        UnknownProfileError: there is no such directory, or no `profile.yaml` in it.
    """
    root = root.parent if root.name == HEAD and not root.is_dir() else root
    reader = _Reader(_resolve(root, label), label)
    if not (root / HEAD).exists():
        raise UnknownProfileError(
            f"no {HEAD} in {shown(label)}", remedy="give the directory of a profile, or the name of an installed one"
        )
    reader.take("", HEAD)
    for folder in FOLDERS:
        for name in reader.list_names(folder):
            if name.endswith(_ENDING):
                reader.take(folder, name)
    return Folder(label=label, files=tuple(reader.files), faults=tuple(reader.faults))


def read_single(path: Path, *, label: str) -> bytes:
    """
    Read one file by its name.

    Raises:
        ProfileError: it cannot be read, or is too large.
    """
    try:
        return _read_plain(path)
    except _UnreadableError as error:
        raise ProfileError(f"{shown(label)}: {error}", remedy="give a file that is there and can be read") from error


def read_inside(root: Path, name: str) -> bytes:
    """
    Read a file that a document names, below its own directory.

    Raises:
        ProfileError: the name leaves the directory, or the file cannot be read.
    """
    try:
        base = root.resolve(strict=True)
        target = (base / name).resolve(strict=True)
        if not target.is_relative_to(base):  # (1)
            raise ProfileError(f"path {shown(name)} leaves the directory", remedy="name a file below it")
        return _read_plain(target)
    except (OSError, ValueError, RuntimeError) as error:
        raise ProfileError(
            f"{shown(name)} cannot be read: {_reason(error)}", remedy="name a file that is there"
        ) from error
    except _UnreadableError as error:
        raise ProfileError(f"{shown(name)}: {error}", remedy="name a plain file") from error


class _UnreadableError(Exception):
    """
    A file that cannot be read; its text says why.
    """


class _Reader:
    """
    Reads one profile; counts as it goes.
    """

    def __init__(self, root: Path, label: str) -> None:
        """
        Start at a directory that is resolved.
        """
        self.files: list[TextFile] = []
        self.faults: list[Fault] = []
        self._root = root
        self._label = label
        self._bytes = 0

    def list_names(self, folder: str) -> list[str]:
        """
        List the names in a folder, sorted; without the folder there are none.
        """
        place = self._root / folder
        try:
            if not os.path.lexists(place):
                return []
            if not place.resolve(strict=True).is_relative_to(self._root):  # (1)
                self._refuse(folder, "a link that leaves the profile: put the files themselves here")
                return []
            names = sorted(entry.name for entry in place.iterdir())
        except (OSError, ValueError, RuntimeError) as error:
            self._refuse(folder, f"cannot be read: {_reason(error)}")
            return []
        for name in names:
            if name.endswith(_LEFT_OUT):  # (3)
                self._refuse(f"{folder}/{name}", f"an ending that is not read: rename it, so that it ends in {_ENDING}")
            elif not name.startswith(".") and name != "__pycache__" and (place / name).is_dir():
                self._refuse(f"{folder}/{name}", "a folder, which is not looked into: move its files up")
        return names

    def take(self, folder: str, name: str) -> None:
        """
        Read a file, or note why not.
        """
        inner = f"{folder}/{name}" if folder else name
        if len(self.files) >= MAX_PROFILE_FILES:  # (2)
            self._refuse(folder, f"more than {MAX_PROFILE_FILES} files in one profile: split it")
            return
        try:
            target = (self._root / inner).resolve(strict=True)
            if not target.is_relative_to(self._root):  # (1)
                self._refuse(inner, "a link that leaves the profile: put the file itself here")
                return
            raw = _read_plain(target)
        except (OSError, ValueError, RuntimeError) as error:
            self._refuse(inner, f"cannot be read: {_reason(error)}")
            return
        except _UnreadableError as error:
            self._refuse(inner, str(error))
            return
        self._bytes += len(raw)
        if self._bytes > MAX_PROFILE_BYTES:  # (2)
            self._refuse(inner, f"the profile has more than {MAX_PROFILE_BYTES} bytes: shorten it, or split it")
            return
        stem = name.removesuffix(_ENDING)
        self.files.append(TextFile(folder, stem, f"{self._label}/{inner}", raw))

    def _refuse(self, inner: str, message: str) -> None:
        fault = Fault(message, f"{self._label}/{inner}" if inner else self._label)
        if fault not in self.faults:
            self.faults.append(fault)


def _resolve(root: Path, label: str) -> Path:
    try:
        resolved = root.resolve(strict=True)
        if not resolved.is_dir():
            raise NotADirectoryError
    except (OSError, ValueError, RuntimeError) as error:
        raise UnknownProfileError(
            f"no profile {shown(label)}",
            remedy="give the directory of a profile, or a name that mission profile list shows",
        ) from error
    return resolved


def _read_plain(path: Path) -> bytes:
    """
    Read a plain file (2). It is opened without waiting, because a pipe may stand in its place.
    """
    try:
        file = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
    except (OSError, ValueError) as error:
        message = f"cannot be read: {_reason(error)}"
        raise _UnreadableError(message) from error
    try:
        if not stat.S_ISREG(os.fstat(file).st_mode):
            message = "not a plain file"
            raise _UnreadableError(message)
        with open(file, "rb", closefd=False) as stream:
            raw = stream.read(MAX_PROFILE_BYTES + 1)
    finally:
        os.close(file)
    if len(raw) > MAX_PROFILE_BYTES:
        message = f"more than {MAX_PROFILE_BYTES} bytes; shorten it"
        raise _UnreadableError(message)
    return raw


def _reason(error: BaseException) -> str:
    return str(error.strerror) if isinstance(error, OSError) and error.strerror else type(error).__name__
