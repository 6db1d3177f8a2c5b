"""Bytes inside JSON: base64 of RFC 4648, of which only the one form that an encoder writes is read."""

from base64 import b64decode, b64encode

from runtime.errors import EncodingError, shown

__all__ = ["from_base64", "to_base64"]


def to_base64(raw: bytes) -> str:
    """
    Write bytes as text: the standard alphabet, padded, without line ends.
    """
    return b64encode(raw).decode()


def from_base64(text: str, *, where: str = "") -> bytes:
    """
    Read the bytes of a text that `to_base64` wrote.

    Raises:
        EncodingError: it is no base64, or another spelling of the same bytes (URL-safe, not padded, with spaces, or
            with bits behind the end).
    """
    try:
        raw = b64decode(text)
    except (TypeError, ValueError):
        raw = None
    if raw is None or to_base64(raw) != text:
        raise EncodingError(
            f"{shown(text)} is not canonical base64", where=where, remedy="use the text as it was written"
        )
    return raw
