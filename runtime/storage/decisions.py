"""The port for decisions, in files: approvers' keys, the system's clock and random source, and what was opened and used.

| file | what it holds |
|---|---|
| `approvers.json` | the document `approvers/v1`; without it no signature holds |
| `openings/REQUEST.json` | the record `opening/v1`: nonce and expiry of an open request |
| `nonces/NONCE.json` | the digest of the answer the nonce was used up for |

A nonce is used by creating its file, so of two at once one gets it. This is a shell: the rules are in
`runtime/orchestration/approvals.py` and `runtime/values/signatures.py`.
"""

import os
import secrets
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Final, final

import attrs

from runtime.encoding.canonical import canonical_record
from runtime.encoding.converter import structure, unstructure
from runtime.encoding.jsontext import parse_canonical
from runtime.errors import IntegrityError, StorageError
from runtime.limits import MAX_APPROVERS_BYTES, MAX_KEY_BYTES
from runtime.storage.whole_files import put_file
from runtime.values.checks import is_optional_digest, of_type
from runtime.values.decisions import HumanDecision, Opening
from runtime.values.requests import Request

__all__ = ["FileDecisions"]

_NONCE_BYTES: Final = 16


@final
@attrs.frozen(kw_only=True)
class _NonceUse:
    """
    The record `nonce-use/v1`.
    """

    schema: str = attrs.field(default="nonce-use/v1", validator=attrs.validators.in_(("nonce-use/v1",)))
    answer_digest: str = attrs.field(validator=[of_type(str), is_optional_digest])


@final
@attrs.frozen
class FileDecisions:
    """
    Checks decisions with what lies under one directory; folders in it are made when they are needed.
    """

    path: Path

    @property
    def approvers_path(self) -> Path:
        """
        The file of approvers and their keys.
        """
        return self.path / "approvers.json"

    def now(self, after_ms: int = 0) -> str:
        """
        Give the time of the system's clock, or later.
        """
        at = datetime.now(UTC) + timedelta(milliseconds=after_ms)
        return f"{at:%Y-%m-%dT%H:%M:%S}.{at.microsecond // 1000:03d}Z"

    def new_nonce(self) -> str:
        """
        Draw a nonce from the system's random source.
        """
        return secrets.token_hex(_NONCE_BYTES)

    def verify(self, request: Request, decision: HumanDecision) -> None:
        """
        Check a signature; the keys are read each time, so that a revocation counts at once.

        Raises:
            InvalidSignatureError: it does not hold, or no approver is known here.
            StorageError, IntegrityError: the approvers cannot be read.
        """
        # Imported here because they load a library that a run without signatures does not need.
        from runtime.values.approvers import Approvers  # noqa: PLC0415
        from runtime.values.signatures import verify_decision  # noqa: PLC0415

        approvers = Approvers()
        if os.path.lexists(self.approvers_path):
            raw = _read_file(self.approvers_path, MAX_APPROVERS_BYTES)
            approvers = Approvers.from_text(raw, source=str(self.approvers_path))
        keys = approvers.keys.get(decision.actor or "", ())
        verify_decision(decision, request_digest=request.digest, keys=keys, revoked=approvers.revoked)

    def save_opening(self, opening: Opening) -> None:
        """
        Write an opening in place of an earlier one.

        Raises:
            StorageError: it cannot be written.
        """
        self._put(self._opening_path(opening.request_digest), opening.raw, replaces=True)

    def load_opening(self, request_digest: str) -> Opening | None:
        """
        Read an opening, or None.

        Raises:
            StorageError: it cannot be read.
            IntegrityError: it is damaged.
        """
        path = self._opening_path(request_digest)
        if not os.path.lexists(path):
            return None
        opening = structure(_read(path), Opening, what=str(path), error=IntegrityError)
        if opening.request_digest != request_digest:
            raise IntegrityError("an opening of another request", where=str(path), remedy=_REMEDY)
        return opening

    def use_nonce(self, nonce: str, answer_digest: str) -> bool:
        """
        Use a nonce up; False when it was used before.

        Raises:
            StorageError: that cannot be written.
        """
        use = _NonceUse(answer_digest=answer_digest)
        return self._put(self.path / "nonces" / f"{nonce}.json", canonical_record(unstructure(use)), replaces=False)

    def find_use(self, nonce: str) -> str | None:
        """
        Give the answer a nonce was used up for, or None.

        Raises:
            StorageError: it cannot be read.
            IntegrityError: it is damaged.
        """
        path = self.path / "nonces" / f"{nonce}.json"
        if not os.path.lexists(path):
            return None
        return structure(_read(path), _NonceUse, what=str(path), error=IntegrityError).answer_digest

    def _opening_path(self, request_digest: str) -> Path:
        return self.path / "openings" / f"{request_digest.removeprefix('sha256:')}.json"

    def _put(self, path: Path, raw: bytes, *, replaces: bool) -> bool:
        """
        Write a file whole and have it on disk, or not at all; False when it may not replace the one that stands there.
        """
        try:
            self.path.mkdir(mode=0o700, parents=True, exist_ok=True)
            path.parent.mkdir(mode=0o700, exist_ok=True)
            return put_file(path, raw, replaces=replaces)
        except OSError as error:
            raise StorageError(
                f"cannot write: {error.strerror}", where=str(path), remedy="make the directory writable"
            ) from error


_REMEDY: Final = "find out who changed these files; no decision counts under them until you know"


def _read(path: Path) -> Any:  # noqa: ANN401 - JSON.
    return parse_canonical(_read_file(path, MAX_KEY_BYTES), source=str(path))


def _read_file(path: Path, limit: int) -> bytes:
    try:
        with path.open("rb") as file:
            raw = file.read(limit + 1)
    except OSError as error:
        raise StorageError(
            f"cannot read: {error.strerror}", where=str(path), remedy="give a file that can be read"
        ) from error
    if len(raw) > limit:
        raise StorageError(f"a file of more than {limit} bytes", where=str(path), remedy="give a smaller file")
    return raw
