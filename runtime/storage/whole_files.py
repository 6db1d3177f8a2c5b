"""Files that are written whole and are on the disk when the call returns, or are not there at all."""

import os
import tempfile
from pathlib import Path

__all__ = ["put_file", "sync_folder"]


def put_file(path: Path, raw: bytes, *, replaces: bool, mode: int = 0o600) -> bool:
    """
    Write a file in a folder that is there.

    Args:
        path: its name.
        raw: its bytes.
        replaces: whether it takes the place of one that stands there; else, of several at once the first one counts.
        mode: who may read it; its owner alone unless told otherwise.

    Returns:
        False when one stands there that may not be replaced.

    Raises:
        OSError: it cannot be written; nothing is left of it.
    """
    descriptor, part = tempfile.mkstemp(suffix=".part", dir=path.parent)
    try:
        with os.fdopen(descriptor, "wb") as file:
            file.write(raw)
            file.flush()
            os.fchmod(descriptor, mode)
            os.fsync(descriptor)
        if replaces:
            Path(part).replace(path)
        else:
            os.link(part, path)
    except FileExistsError:
        return False
    finally:
        Path(part).unlink(missing_ok=True)
    sync_folder(path.parent)
    return True


def sync_folder(folder: Path) -> None:
    """
    Have the names in a folder on the disk.

    Raises:
        OSError: the system refuses.
    """
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
