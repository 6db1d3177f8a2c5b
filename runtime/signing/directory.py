"""A directory of keys: for each name a private key, a public one, and perhaps a revocation.

| file | what it holds | mode |
|---|---|---|
| `NAME.pem` | the private key, PKCS8 PEM; missing where the key is somebody else's | 0600 |
| `NAME.pub` | the public key, PEM | 0644 |
| `NAME.revocation.json` | the record `revocation/v1`, once the key is revoked | 0644 |
"""

import fcntl
import os
import re
import secrets
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Final, final

import attrs

from runtime.errors import DefinitionError, IntegrityError, StorageError, TransitionError, UnknownKeyError, shown
from runtime.signing.files import create_file, read_bounded, read_private_key, read_public_key, sync_directory
from runtime.values.keys import PrivateKey, PublicKey
from runtime.values.revocations import Revocation

__all__ = ["KeyDirectory", "KeyEntry", "NewKey", "is_key_name"]

_SEED_BYTES: Final = 32
_is_key_name = re.compile(r"[a-z0-9][a-z0-9_-]{0,63}").fullmatch
_PRIVATE: Final = ".pem"
_PUBLIC: Final = ".pub"
_REVOCATION: Final = ".revocation.json"


def is_key_name(name: object) -> bool:
    """
    Tell whether a text can name a key. Upper case cannot: some file systems take it for lower case.
    """
    return type(name) is str and _is_key_name(name) is not None


@final
@attrs.frozen(kw_only=True)
class NewKey:
    """
    A key that was made, and its files.
    """

    public: PublicKey
    private_path: Path
    public_path: Path


@final
@attrs.frozen(kw_only=True)
class KeyEntry:
    """
    A key of the directory.
    """

    name: str
    public: PublicKey
    has_private: bool
    revocation: Revocation | None


@final
@attrs.frozen
class KeyDirectory:
    """
    The keys under one directory; it is made with the first key.
    """

    path: Path

    def new(self, name: str) -> NewKey:
        """
        Make a key from the system's random source; the private one first, so that no public key lacks its secret.

        Raises:
            DefinitionError: the name cannot be one.
            TransitionError: there are files of that name.
            StorageError: the directory cannot be written.
        """
        files = [self._file(name, ending) for ending in (_PRIVATE, _PUBLIC, _REVOCATION)]
        taken = [str(path) for path in files if os.path.lexists(path)]
        if taken:
            raise TransitionError(f"a key {shown(name)} is here: {taken}", remedy="choose another name")
        key = PrivateKey.of_seed(secrets.token_bytes(_SEED_BYTES))
        self._make()
        create_file(files[0], key.to_pem().encode(), mode=0o600)
        try:
            create_file(files[1], key.public.pem.encode(), mode=0o644)
        except (StorageError, TransitionError):
            with suppress(OSError):
                files[0].unlink()
            raise
        sync_directory(self.path)
        return NewKey(public=key.public, private_path=files[0], public_path=files[1])

    def entries(self) -> tuple[KeyEntry, ...]:
        """
        List the keys, sorted by name.

        Raises:
            StorageError: a file cannot be read.
            InvalidKeyError: one holds no key.
            IntegrityError: a revocation is damaged, or is that of another key.
        """
        return tuple(self.find(name) for name in self._names())

    def find(self, name: str) -> KeyEntry:
        """
        Give a key by its name.

        Raises:
            UnknownKeyError: there is none.
            StorageError: a file cannot be read.
            InvalidKeyError: one holds no key.
            IntegrityError: its revocation is damaged, or is that of another key.
        """
        names = self._names()
        if name not in names:
            raise UnknownKeyError(f"no key {shown(name)}", where=str(self.path), remedy=f"known are {names}")
        public = read_public_key(self._file(name, _PUBLIC))
        revocation = self._read_revocation(name, public)
        has_private = os.path.lexists(self._file(name, _PRIVATE))
        return KeyEntry(name=name, public=public, has_private=has_private, revocation=revocation)

    def load_private(self, name: str) -> PrivateKey:
        """
        Read a private key to sign with.

        Raises:
            UnknownKeyError: there is none.
            TransitionError: it is revoked.
            StorageError: a file cannot be read, or the private one is readable by others.
            InvalidKeyError: one holds no key.
            IntegrityError: the public key beside it is that of another.
        """
        entry = self.find(name)
        self.refuse_revoked(entry.public)
        path = self._file(name, _PRIVATE)
        key = read_private_key(path)
        if key.public != entry.public:
            raise IntegrityError(
                "a public key that belongs to another private key",
                where=str(self._file(name, _PUBLIC)),
                remedy=f"write it again: openssl pkey -in {path} -pubout",
            )
        return key

    def revoke(self, name: str, from_position: int) -> Revocation:
        """
        Revoke a key from a log position on; a second time the position may only become an earlier one.

        Raises:
            DefinitionError: the position is none.
            TransitionError: the key is revoked from an earlier position on.
            StorageError: the directory cannot be read or written.
            UnknownKeyError, InvalidKeyError, IntegrityError: as `find`.
        """
        self.find(name)
        path = self._file(name, _REVOCATION)
        part = path.with_suffix(".part")
        with self._locked():
            # Read under the lock: of two at once the earlier position must stay.
            entry = self.find(name)
            revocation = Revocation(key_id=entry.public.key_id, from_position=from_position)
            if entry.revocation is not None:
                revocation = entry.revocation.moved_to(from_position)
            part.unlink(missing_ok=True)  # One that a crash left: the lock says that nobody is at it.
            create_file(part, revocation.raw, mode=0o644)
            part.replace(path)
        sync_directory(self.path)
        return revocation

    def refuse_revoked(self, public: PublicKey) -> None:
        """
        Refuse a key that is revoked here, under whatever name, as one to sign with.

        Raises:
            TransitionError: it is revoked.
            StorageError, InvalidKeyError, IntegrityError: as `entries`.
        """
        for entry in self.entries():
            if entry.public == public and entry.revocation is not None:
                raise TransitionError(
                    f"key {shown(entry.name)} is revoked from log position {entry.revocation.from_position} on",
                    where=public.key_id,
                    remedy="sign with a new key",
                )

    def _file(self, name: str, ending: str) -> Path:
        if not is_key_name(name):
            raise DefinitionError(
                f"key name {shown(name)}", remedy="use at most 64 lower-case letters, digits, - and _, as in operator"
            )
        return self.path / f"{name}{ending}"

    def _names(self) -> list[str]:
        try:
            files = [path for path in self.path.iterdir() if path.suffix == _PUBLIC]
        except FileNotFoundError:
            return []
        except OSError as error:
            raise _cannot_use(self.path, error) from error
        return sorted(path.stem for path in files if is_key_name(path.stem))

    def _make(self) -> None:
        try:
            self.path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            self.path.mkdir(mode=0o700, exist_ok=True)
        except OSError as error:
            raise _cannot_use(self.path, error) from error

    @contextmanager
    def _locked(self) -> Iterator[None]:
        """
        Keep other processes from revoking here meanwhile.
        """
        try:
            descriptor = os.open(self.path, os.O_RDONLY | os.O_CLOEXEC)
            try:
                fcntl.flock(descriptor, fcntl.LOCK_EX)
                yield
            finally:
                os.close(descriptor)
        except OSError as error:
            raise _cannot_use(self.path, error) from error

    def _read_revocation(self, name: str, public: PublicKey) -> Revocation | None:
        path = self._file(name, _REVOCATION)
        if not os.path.lexists(path):
            return None
        revocation = Revocation.from_bytes(read_bounded(path), source=str(path))
        if revocation.key_id != public.key_id:
            raise IntegrityError(
                f"a revocation of key {revocation.key_id}, and the key is {public.key_id}",
                where=str(path),
                remedy="find out who changed these files; trust the key again only when you know",
            )
        return revocation


def _cannot_use(path: Path, error: OSError) -> StorageError:
    return StorageError(
        f"cannot be used: {error.strerror}", where=str(path), remedy="give a directory that can be read and written"
    )
