"""Key files: read with a bound, and written so that a secret is never readable by others, not even for a moment.

A check is made of the open file, not of its name: between the two somebody could put another file there.
"""

import os
import shlex
import stat
from contextlib import suppress
from pathlib import Path
from typing import Final

from runtime.errors import StorageError, TransitionError
from runtime.limits import MAX_KEY_BYTES
from runtime.values.keys import PrivateKey, PublicKey

__all__ = ["create_file", "read_bounded", "read_private_key", "read_public_key", "sync_directory"]

_ANYBODY_ELSE: Final = stat.S_IRWXG | stat.S_IRWXO


def read_private_key(path: Path) -> PrivateKey:
    """
    Read a private key from a file that only its owner can use.

    Raises:
        StorageError: the file cannot be read, or others than its owner can read or write it.
        InvalidKeyError: it holds no private Ed25519 key that can be used.
    """
    return PrivateKey.from_text(read_bounded(path, is_secret=True), source=str(path))


def read_public_key(path: Path) -> PublicKey:
    """
    Read a public key: PEM, or one line of OpenSSH.

    Raises:
        StorageError: the file cannot be read.
        InvalidKeyError: it holds no public Ed25519 key.
    """
    return PublicKey.from_text(read_bounded(path), source=str(path))


def read_bounded(path: Path, *, is_secret: bool = False) -> bytes:
    """
    Read a regular file of at most the size of a key.

    Raises:
        StorageError: there is none, it is too large, or it is a secret that others can read or write.
    """
    try:
        # A pipe of that name would otherwise keep the reader waiting for ever.
        descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC | os.O_NONBLOCK)
        try:
            status = os.fstat(descriptor)
            if not stat.S_ISREG(status.st_mode):
                raise StorageError("not a regular file", where=str(path), remedy="give a file that holds a key")
            if is_secret and status.st_mode & _ANYBODY_ELSE:
                raise StorageError(
                    f"a private key that others can use: mode {stat.S_IMODE(status.st_mode):04o}",
                    where=str(path),
                    remedy=f"run chmod 600 {shlex.quote(str(path))}; if others were about, make a new key",
                )
            with os.fdopen(descriptor, "rb", closefd=False) as file:
                raw = file.read(MAX_KEY_BYTES + 1)
        finally:
            os.close(descriptor)
    except (OSError, ValueError) as error:
        reason = error.strerror if isinstance(error, OSError) else str(error)
        raise StorageError(
            f"cannot read: {reason}", where=str(path), remedy="give a file that is there and can be read"
        ) from error
    if len(raw) > MAX_KEY_BYTES:
        raise StorageError(
            f"a file of more than {MAX_KEY_BYTES} bytes", where=str(path), remedy="give a file that holds one key"
        )
    return raw


def create_file(path: Path, raw: bytes, *, mode: int) -> None:
    """
    Write a new file and have it on disk; it has its mode from the first moment, and none is written over.

    Raises:
        TransitionError: a file stands there.
        StorageError: it cannot be written; nothing is left of it.
    """
    try:
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC | os.O_NOFOLLOW, mode)
    except FileExistsError as error:
        raise TransitionError(
            "a file that exists already", where=str(path), remedy="choose another name; no key is written over"
        ) from error
    except OSError as error:
        raise _cannot_write(path, error) from error
    try:
        with os.fdopen(descriptor, "wb") as file:
            file.write(raw)
            file.flush()
            os.fsync(descriptor)
    except OSError as error:
        with suppress(OSError):
            path.unlink()
        raise _cannot_write(path, error) from error


def sync_directory(directory: Path) -> None:
    """
    Have the names in a directory on disk.

    Raises:
        StorageError: the system refuses.
    """
    try:
        descriptor = os.open(directory, os.O_RDONLY | os.O_CLOEXEC)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)
    except OSError as error:
        raise _cannot_write(directory, error) from error


def _cannot_write(path: Path, error: OSError) -> StorageError:
    return StorageError(
        f"cannot write: {error.strerror}", where=str(path), remedy="make the directory writable, or choose another"
    )
