"""The vault: what opens the seals of runs, encrypted, in files under one directory.

| file | what it holds |
|---|---|
| `key` | the vault key, 64 hex digits, mode 0600; `MISSION_VAULT_KEY` takes its place where it is set |
| `RUN/session` | the seal key and the rules of a run that has not ended |
| `RUN/SEAL` | the record `disclosure/v1` of one seal |

RUN is the digest of the run's header in hex, SEAL that of the seal. Each file is a nonce of 12 random bytes and what
ChaCha20-Poly1305 makes of the record; the associated data name run and seal, so a file serves in no other place. This is
a shell: what is sealed and when it is opened is in `runtime/orchestration/sealing.py`.
"""

import os
import re
import secrets
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, final

import attrs

from runtime.encoding.canonical import canonical_record
from runtime.encoding.jsontext import parse_canonical
from runtime.encoding.seal import OPENING_BYTES
from runtime.errors import DefinitionError, IntegrityError, InvalidKeyError, SealMismatchError, StorageError
from runtime.limits import MAX_RECORD_BYTES
from runtime.storage.whole_files import put_file, sync_folder
from runtime.values.seals import Disclosure, SealSession, verify_disclosure

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.ciphers.aead import ChaCha20Poly1305

__all__ = ["VAULT_KEY_VARIABLE", "FileVault"]

VAULT_KEY_VARIABLE: Final = "MISSION_VAULT_KEY"
"""Setting that holds the vault key: 64 hex digits. Without it the key is in the file `key`."""

_NONCE_BYTES: Final = 12
_TAG_BYTES: Final = 16
_MOST_BYTES: Final = MAX_RECORD_BYTES + _NONCE_BYTES + _TAG_BYTES
_KEY_BYTES: Final = 32
_DOMAIN: Final = "mission-runtime/vault/v1"
_SESSION: Final = "session"
_is_key = re.compile(rf"[0-9a-f]{{{2 * _KEY_BYTES}}}").fullmatch


@final
@attrs.frozen
class FileVault:
    """
    Keeps openings under one directory, which is made on the first write.
    """

    path: Path

    def new_key(self) -> bytes:
        """
        Draw a seal key from the system's random source.
        """
        return secrets.token_bytes(OPENING_BYTES)

    def begin(self, run_digest: str, session: SealSession) -> None:
        """
        Keep seal key and rules of a run.

        Raises:
            StorageError: the vault cannot be written, or its key is missing.
            InvalidKeyError: what is set or kept as its key is none.
        """
        record = {"key": session.key.hex(), "rules": [rule.text for rule in session.rules]}
        self._write(run_digest, _SESSION, canonical_record(record))

    def load_session(self, run_digest: str) -> SealSession | None:
        """
        Read what `begin` kept, or None.

        Raises:
            StorageError: it cannot be read, or the vault key is missing.
            IntegrityError: it was not written under this vault key, or is damaged.
        """
        record: Any = self._read(run_digest, _SESSION)
        return None if record is None else SealSession(key=bytes.fromhex(record["key"]), rules=record["rules"])

    def save(self, run_digest: str, disclosures: Iterable[Disclosure]) -> None:
        """
        Keep what opens some seals.

        Raises:
            StorageError, InvalidKeyError: as `begin`.
        """
        for disclosure in disclosures:
            self._write(run_digest, _name_of(disclosure.seal), disclosure.raw)

    def find(self, run_digest: str, seal: str) -> Disclosure | None:
        """
        Read what opens a seal, or None.

        Raises:
            StorageError, IntegrityError: as `load_session`.
        """
        record = self._read(run_digest, _name_of(seal))
        if record is None:
            return None
        disclosure = verify_disclosure(record)
        if disclosure.seal != seal:
            raise SealMismatchError("the opening of another seal", where=seal, remedy=_REMEDY)
        return disclosure

    def end(self, run_digest: str) -> None:
        """
        Destroy seal key and rules of a run.

        Raises:
            StorageError: that cannot be done.
        """
        self._destroy(self._place(run_digest, _SESSION))

    def holds(self, run_digest: str, seal: str) -> bool:
        """
        Tell whether what opens a seal is kept; it takes no key to tell.
        """
        return os.path.lexists(self._place(run_digest, _name_of(seal)))

    def holds_run(self, run_digest: str) -> bool:
        """
        Tell whether something of a run is kept.
        """
        return os.path.lexists(self._place(run_digest, _SESSION).parent)

    def erase(self, run_digest: str, seal: str) -> bool:
        """
        Delete what opens a seal: the file is overwritten with zeros and removed.

        Copies of the file, and what a disk or a file system keeps of bytes that were overwritten, are not reached.

        Returns:
            Whether it was there.

        Raises:
            StorageError: that cannot be done.
        """
        return self._destroy(self._place(run_digest, _name_of(seal)))

    def _place(self, run_digest: str, name: str) -> Path:
        return self.path / _name_of(run_digest) / name

    def _destroy(self, place: Path) -> bool:
        try:
            with place.open("r+b") as file:
                file.write(bytes(os.fstat(file.fileno()).st_size))
                file.flush()
                os.fsync(file.fileno())
            place.unlink()
            sync_folder(place.parent)
        except FileNotFoundError:
            return False
        except OSError as error:
            raise _cannot_write(place, error) from error
        return True

    def _write(self, run_digest: str, name: str, record: bytes) -> None:
        place = self._place(run_digest, name)
        try:
            self.path.mkdir(mode=0o700, parents=True, exist_ok=True)
            nonce = secrets.token_bytes(_NONCE_BYTES)
            sealed = nonce + self._cipher(makes=True).encrypt(nonce, record, _context(run_digest, name))
            place.parent.mkdir(mode=0o700, exist_ok=True)
            put_file(place, sealed, replaces=True)
            sync_folder(self.path)
        except OSError as error:
            raise _cannot_write(place, error) from error

    def _read(self, run_digest: str, name: str) -> Any:  # noqa: ANN401 - JSON.
        # Imported here because it loads a library that a run without seals does not need.
        from cryptography.exceptions import InvalidTag  # noqa: PLC0415

        place = self._place(run_digest, name)
        sealed = _read_file(place)
        if sealed is None:
            return None
        cipher = self._cipher(makes=False)
        try:
            nonce, rest = sealed[:_NONCE_BYTES], sealed[_NONCE_BYTES:]
            record = cipher.decrypt(nonce, rest, _context(run_digest, name))
        except (InvalidTag, ValueError) as error:
            raise IntegrityError(
                "a file of the vault that its key does not open", where=str(place), remedy=_REMEDY
            ) from error
        return parse_canonical(record, source=str(place))

    def _cipher(self, *, makes: bool) -> "ChaCha20Poly1305":
        # Imported here for the same reason as above.
        from cryptography.hazmat.primitives.ciphers.aead import ChaCha20Poly1305  # noqa: PLC0415

        chosen = os.environ.get(VAULT_KEY_VARIABLE)
        where = VAULT_KEY_VARIABLE if chosen is not None else str(self._key_path)
        text = self._load_key(makes=makes) if chosen is None else chosen
        if _is_key(text) is None:
            raise InvalidKeyError(
                "a vault key that is not 64 lower-case hex digits",
                where=where,
                remedy="use the key the vault was made with",
            )
        return ChaCha20Poly1305(bytes.fromhex(text))

    @property
    def _key_path(self) -> Path:
        return self.path / "key"

    def _load_key(self, *, makes: bool) -> str:
        if makes and not any(self.path.iterdir()):
            descriptor = os.open(self._key_path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
            with os.fdopen(descriptor, "wb") as file:
                file.write(secrets.token_hex(_KEY_BYTES).encode() + b"\n")
                file.flush()
                os.fsync(descriptor)
        raw = _read_file(self._key_path)
        if raw is None:
            raise StorageError(
                "the vault key is missing",
                where=str(self._key_path),
                remedy=f"put the file back, or set {VAULT_KEY_VARIABLE}; without the key nothing in the vault opens",
            )
        if self._key_path.stat().st_mode & 0o077:
            raise StorageError(
                "a vault key that others can use", where=str(self._key_path), remedy="run chmod 600 on the file"
            )
        return raw.decode("ascii", "replace").strip()


_REMEDY: Final = "use the key the vault was made with; if it is the right one, the file was changed"


def _name_of(digest: str) -> str:
    name = digest.removeprefix("sha256:")
    if _is_key(name) is None:
        raise DefinitionError("what is no digest names no file of the vault", remedy="give sha256: and 64 hex digits")
    return name


def _context(run_digest: str, name: str) -> bytes:
    return f"{_DOMAIN}\x00{run_digest}\x00{name}".encode()


def _read_file(place: Path) -> bytes | None:
    try:
        with place.open("rb") as file:
            raw = file.read(_MOST_BYTES + 1)
    except FileNotFoundError:
        return None
    except OSError as error:
        raise StorageError(
            f"cannot read: {error.strerror}", where=str(place), remedy="make the file readable"
        ) from error
    if len(raw) > _MOST_BYTES:
        raise StorageError(f"a file of more than {_MOST_BYTES} bytes", where=str(place), remedy=_REMEDY)
    return raw


def _cannot_write(place: Path, error: OSError) -> StorageError:
    return StorageError(f"cannot write: {error.strerror}", where=str(place), remedy="make the directory writable")
