"""Digests: SHA-256 of canonical bytes, written `sha256:<64 lower-case hex>`, with nothing prefixed.

So `sha256sum` on a canonical file gives the same. Source: contracts/evidence.md 2.
"""

import re
from hashlib import sha256
from typing import Final

from runtime.encoding.canonical import JsonValue, canonical

__all__ = ["DIGEST_PATTERN", "NULL_DIGEST", "digest_of", "digest_of_bytes", "is_digest"]

DIGEST_PATTERN: Final = r"sha256:[0-9a-f]{64}"
_is_digest = re.compile(DIGEST_PATTERN).fullmatch


def digest_of_bytes(raw: bytes) -> str:
    """
    Digest canonical bytes.
    """
    return "sha256:" + sha256(raw).hexdigest()


def digest_of(value: JsonValue) -> str:
    """
    Digest a JSON value by its canonical bytes.

    Raises:
        EncodingError: the value is not JSON, see `canonical`.
    """
    return digest_of_bytes(canonical(value))


def is_digest(text: object) -> bool:
    """
    Tell whether a value is the text of a digest.
    """
    return type(text) is str and _is_digest(text) is not None


NULL_DIGEST: Final = digest_of_bytes(b"null")
"""The digest of `null`: absent metadata."""
