"""What a log proves to somebody who holds nothing but its heads: that a receipt is in it, and that it only grew.

Both records are plain JSON and unsigned: a proof that leads to a signed root needs no signature of its own. `log.py`
makes them.
"""

from typing import Any, Final, Self, TypeVar, final

import attrs

from runtime.encoding.canonical import canonical_record
from runtime.encoding.converter import structure, unstructure
from runtime.encoding.digest import digest_of_bytes, is_digest
from runtime.encoding.jsontext import parse_canonical
from runtime.errors import IntegrityError, LogMismatchError, shown
from runtime.evidence.loghead import LogHead
from runtime.evidence.merkle import check_size, hash_leaf, verify_consistency, verify_inclusion
from runtime.limits import MAX_LEAF_BYTES

__all__ = [
    "LogConsistency",
    "LogInclusion",
    "check_receipt",
    "verify_extends",
    "verify_included",
    "write_hashes",
]

T = TypeVar("T", "LogInclusion", "LogConsistency")

_INCLUSION: Final = "log-inclusion/v1"
_CONSISTENCY: Final = "log-consistency/v1"
_RECEIPT: Final = "receipt/v1"
_PREFIX: Final = "sha256:"


def _is_size(_: object, field: "attrs.Attribute[Any]", value: object) -> None:
    check_size(value, field.name)


def _is_digest(_: object, field: "attrs.Attribute[Any]", value: object) -> None:
    if not is_digest(value):
        raise IntegrityError(
            f"{field.name} is {shown(value)}", where=field.name, remedy="expected sha256: and 64 lower-case hex digits"
        )


def _are_digests(_: object, field: "attrs.Attribute[Any]", value: object) -> None:
    if type(value) is not tuple:
        raise IntegrityError(f"{field.name} is {shown(value)}", where=field.name, remedy="expected a tuple of digests")
    for one in value:
        _is_digest(None, field, one)


@final
@attrs.frozen(kw_only=True)
class LogInclusion:
    """
    The record `log-inclusion/v1`: that a receipt stands at `index` of the log when it had `size` receipts.
    """

    schema: str = _INCLUSION
    index: int = attrs.field(validator=_is_size)
    size: int = attrs.field(validator=_is_size)
    receipt_digest: str = attrs.field(validator=_is_digest)
    proof: tuple[str, ...] = attrs.field(validator=_are_digests)

    @property
    def raw(self) -> bytes:
        """
        The canonical bytes of the record.
        """
        return canonical_record(unstructure(self))

    @classmethod
    def from_bytes(cls, raw: bytes, *, source: str = "") -> Self:
        """
        Read the record; whether it holds is for `verify_included` to find out.

        Raises:
            EncodingError: the bytes are not canonical JSON.
            IntegrityError: they are no such record; every fault is listed.
        """
        return _read(cls, raw, source)


@final
@attrs.frozen(kw_only=True)
class LogConsistency:
    """
    The record `log-consistency/v1`: that the log of `second_size` receipts begins with the one of `first_size`.
    """

    schema: str = _CONSISTENCY
    first_size: int = attrs.field(validator=_is_size)
    second_size: int = attrs.field(validator=_is_size)
    proof: tuple[str, ...] = attrs.field(validator=_are_digests)

    @property
    def raw(self) -> bytes:
        """
        The canonical bytes of the record.
        """
        return canonical_record(unstructure(self))

    @classmethod
    def from_bytes(cls, raw: bytes, *, source: str = "") -> Self:
        """
        Read the record; whether it holds is for `verify_extends` to find out.

        Raises:
            EncodingError: the bytes are not canonical JSON.
            IntegrityError: they are no such record; every fault is listed.
        """
        return _read(cls, raw, source)


def verify_included(record: LogInclusion, receipt: bytes, head: LogHead) -> None:
    """
    Check that a receipt is in the log that a head is of.

    Args:
        record: the proof.
        receipt: the canonical bytes of the receipt.
        head: a head that `open_head` gave; the proof alone says nothing.

    Raises:
        LogMismatchError: it is another receipt, another head, or the proof does not lead to the head.
        IntegrityError: the record can be no proof.
    """
    if digest_of_bytes(receipt) != record.receipt_digest:
        raise LogMismatchError(
            f"receipt {digest_of_bytes(receipt)}, and a proof for {record.receipt_digest}",
            where="receipt_digest",
            remedy="use the receipt that the proof was made for",
        )
    _check_same_size(record.size, head, "size")
    verify_inclusion(hash_leaf(receipt), record.index, record.size, _read_hashes(record.proof), head.root)


def verify_extends(record: LogConsistency, older: LogHead, newer: LogHead) -> None:
    """
    Check that the log of the newer head begins with the log of the older one.

    Raises:
        LogMismatchError: the heads are of different logs or sizes, or the proof does not lead to both.
        IntegrityError: the record can be no proof.
    """
    if older.origin != newer.origin:
        raise LogMismatchError(
            f"heads of {shown(older.origin)} and {shown(newer.origin)}",
            where="origin",
            remedy="give two heads of one log",
        )
    _check_same_size(record.first_size, older, "first_size")
    _check_same_size(record.second_size, newer, "second_size")
    verify_consistency(older.size, newer.size, older.root, newer.root, _read_hashes(record.proof))


def check_receipt(receipt: bytes) -> None:
    """
    Accept what may be a leaf: the canonical bytes of a receipt.

    Raises:
        EncodingError: they are not canonical JSON.
        IntegrityError: they are something else than a receipt, or too large for one.
    """
    if type(receipt) is not bytes or len(receipt) > MAX_LEAF_BYTES:
        size = f"{len(receipt)} bytes" if type(receipt) is bytes else shown(receipt)
        raise IntegrityError(
            f"a receipt of {size}", where="receipt", remedy=f"give its canonical bytes, at most {MAX_LEAF_BYTES}"
        )
    document = parse_canonical(receipt, source="receipt")
    if type(document) is not dict or document.get("schema") != _RECEIPT:
        raise IntegrityError(f"a leaf that is {shown(document)}", where="receipt", remedy=f"expected {_RECEIPT}")


def write_hashes(proof: tuple[bytes, ...]) -> tuple[str, ...]:
    """
    Write the hashes of a proof as a record holds them.
    """
    return tuple(_PREFIX + value.hex() for value in proof)


def _read_hashes(proof: tuple[str, ...]) -> tuple[bytes, ...]:
    return tuple(bytes.fromhex(value.removeprefix(_PREFIX)) for value in proof)


def _check_same_size(size: int, head: LogHead, where: str) -> None:
    if size != head.size:
        raise LogMismatchError(
            f"a proof for size {size}, and a head of size {head.size}",
            where=where,
            remedy=f"ask for the proof at size {head.size}, or for the head of size {size}",
        )


def _read(kind: type[T], raw: bytes, source: str) -> T:
    document: Any = parse_canonical(raw, source=source)
    expected = attrs.fields_dict(kind)["schema"].default
    if type(document) is not dict or document.get("schema") != expected:
        got = document.get("schema") if type(document) is dict else document
        raise IntegrityError(f"schema {shown(got)}", where=source or "proof", remedy=f"expected {expected}")
    return structure(document, kind, what=source or "proof", error=IntegrityError)
