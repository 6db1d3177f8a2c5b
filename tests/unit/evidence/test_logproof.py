"""The two records a stranger checks against heads alone."""

import json
from typing import Any

import attrs
import pytest
import rfc8785
from logs import ORIGIN, make_log, make_receipt

from runtime.encoding.digest import digest_of_bytes
from runtime.errors import EncodingError, IntegrityError, LogMismatchError
from runtime.evidence.logproof import LogConsistency, LogInclusion, verify_extends, verify_included

LOG = make_log(6)
HEAD = LOG.head(ORIGIN)
INCLUSION = LOG.prove_inclusion(4)
CONSISTENCY = LOG.prove_consistency(3)
OLDER = make_log(3).head(ORIGIN)
OTHER = "sha256:" + "5a" * 32


def test_the_fields_of_the_records() -> None:
    """
    Plain JSON: integers, and hashes as digests are written.
    """
    assert json.loads(INCLUSION.raw) == {
        "schema": "log-inclusion/v1",
        "index": 4,
        "size": 6,
        "receipt_digest": digest_of_bytes(make_receipt(4)),
        "proof": list(INCLUSION.proof),
    }
    assert json.loads(CONSISTENCY.raw) == {
        "schema": "log-consistency/v1",
        "first_size": 3,
        "second_size": 6,
        "proof": list(CONSISTENCY.proof),
    }
    assert all(one.startswith("sha256:") for one in (*INCLUSION.proof, *CONSISTENCY.proof))


@pytest.mark.parametrize("record", [INCLUSION, CONSISTENCY])
def test_records_are_read_back_as_they_were(record: LogInclusion | LogConsistency) -> None:
    """
    One record, one byte string.
    """
    assert record.raw == rfc8785.dumps(json.loads(record.raw))
    assert type(record).from_bytes(record.raw) == record
    assert type(record).from_bytes(record.raw).raw == record.raw


CHANGES: dict[str, Any] = {
    "no_schema": lambda document: document.pop("schema"),
    "another_version": lambda document: document.update(schema=document["schema"].replace("v1", "v2")),
    "another_record": lambda document: document.update(schema="receipt/v1"),
    "an_extra_field": lambda document: document.update(note=""),
    "no_proof": lambda document: document.pop("proof"),
    "null_for_a_proof": lambda document: document.update(proof=None),
    "text_for_a_proof": lambda document: document.update(proof=OTHER),
    "a_number_in_the_proof": lambda document: document.update(proof=[5]),
    "upper_case_hex": lambda document: document.update(proof=["sha256:" + "AB" * 32]),
    "bare_hex": lambda document: document.update(proof=["ab" * 32]),
    "short_hash": lambda document: document.update(proof=["sha256:" + "ab" * 31]),
    "long_hash": lambda document: document.update(proof=["sha256:" + "ab" * 33]),
    "newline_after_hash": lambda document: document.update(proof=["sha256:" + "ab" * 32 + "\n"]),
}
SIZES = {
    "negative": -1,
    "text": "3",
    "float": 3.5,
    "true": True,
    "null": None,
}


@pytest.mark.parametrize("record", [INCLUSION, CONSISTENCY], ids=["inclusion", "consistency"])
@pytest.mark.parametrize("case", CHANGES)
def test_what_is_no_record(record: LogInclusion | LogConsistency, case: str) -> None:
    """
    It is refused when it is read, with the place it was read from.
    """
    document = json.loads(record.raw)
    CHANGES[case](document)
    with pytest.raises(IntegrityError, match=r"proof\.json"):
        type(record).from_bytes(rfc8785.dumps(document), source="proof.json")


@pytest.mark.parametrize("case", SIZES)
@pytest.mark.parametrize("field", ["index", "size", "first_size", "second_size"])
def test_numbers_that_are_no_sizes(field: str, case: str) -> None:
    """
    Every number of a record is an integer from 0.
    """
    record = INCLUSION if field in ("index", "size") else CONSISTENCY
    document = {**json.loads(record.raw), field: SIZES[case]}
    with pytest.raises(IntegrityError) as caught:
        type(record).from_bytes(rfc8785.dumps(document))
    assert [fault.where for fault in caught.value.faults] == [field]


def test_every_fault_is_listed() -> None:
    """
    A reader learns of all of them at once.
    """
    document = {**json.loads(INCLUSION.raw), "index": -1, "receipt_digest": "x", "proof": [OTHER, "y"]}
    with pytest.raises(IntegrityError, match=r"^proof: ") as caught:
        LogInclusion.from_bytes(rfc8785.dumps(document))
    assert [fault.where.partition("[")[0] for fault in caught.value.faults] == ["index", "receipt_digest", "proof"]


@pytest.mark.parametrize("document", [None, [], 5, "log-inclusion/v1", {}])
def test_what_is_no_object(document: Any) -> None:
    """
    The refusal says what was expected.
    """
    with pytest.raises(IntegrityError, match="at proof: expected log-inclusion/v1"):
        LogInclusion.from_bytes(rfc8785.dumps(document))
    with pytest.raises(IntegrityError, match=r"at p\.json: expected log-consistency/v1"):
        LogConsistency.from_bytes(rfc8785.dumps(document), source="p.json")


@pytest.mark.parametrize("raw", [b"", b"{", INCLUSION.raw + b"\n", INCLUSION.raw.replace(b":4", b":4.0")])
def test_bytes_that_are_not_canonical(raw: bytes) -> None:
    """
    A stored record is accepted only in canonical form.
    """
    with pytest.raises(EncodingError):
        LogInclusion.from_bytes(raw)
    with pytest.raises(EncodingError):
        LogConsistency.from_bytes(raw)


class TestInclusion:
    """
    INV-64: a receipt is in a log only where a proof leads from its bytes to a head that was signed.
    """

    def test_it_holds(self) -> None:
        """
        For the receipt, at the place, under the head.
        """
        verify_included(INCLUSION, make_receipt(4), HEAD)

    @pytest.mark.parametrize(
        ("changes", "words"),
        [
            ({"receipt_digest": OTHER}, "and a proof for sha256:5a"),
            ({"size": 5}, "a proof for size 5, and a head of size 6"),
            ({"size": 7}, "a proof for size 7, and a head of size 6"),
            ({"index": 5}, "does not lead to the root"),
            ({"index": 0}, "hashes than it needs"),
            ({"proof": INCLUSION.proof[:-1]}, "fewer hashes"),
            ({"proof": (*INCLUSION.proof, OTHER)}, "more hashes"),
            ({"proof": (OTHER, *INCLUSION.proof[1:])}, "does not lead to the root"),
        ],
    )
    def test_a_changed_proof(self, changes: dict[str, Any], words: str) -> None:
        """
        It holds no more, and why is said.
        """
        with pytest.raises(LogMismatchError, match=words):
            verify_included(attrs.evolve(INCLUSION, **changes), make_receipt(4), HEAD)

    def test_another_receipt(self) -> None:
        """
        Not even one that is in the log, or one whose digest the proof was made to name.
        """
        with pytest.raises(LogMismatchError, match="use the receipt that the proof was made for"):
            verify_included(INCLUSION, make_receipt(3), HEAD)
        named = attrs.evolve(INCLUSION, receipt_digest=digest_of_bytes(make_receipt(9)))
        with pytest.raises(LogMismatchError, match="does not lead to the root"):
            verify_included(named, make_receipt(9), HEAD)

    def test_another_root(self) -> None:
        """
        A head of the same size of another log.
        """
        with pytest.raises(LogMismatchError, match="does not lead to the root of size 6"):
            verify_included(INCLUSION, make_receipt(4), attrs.evolve(HEAD, root=bytes(32)))

    def test_an_index_that_is_no_leaf(self) -> None:
        """
        It is a record that can prove nothing.
        """
        with pytest.raises(IntegrityError, match="index 6 in a log of size 6"):
            verify_included(attrs.evolve(INCLUSION, index=6), make_receipt(4), HEAD)


class TestConsistency:
    """
    Two heads belong to one log that only grew.
    """

    def test_it_holds(self) -> None:
        """
        Between the two heads, and between a head and itself.
        """
        verify_extends(CONSISTENCY, OLDER, HEAD)
        verify_extends(LOG.prove_consistency(6), HEAD, HEAD)

    @pytest.mark.parametrize(
        ("changes", "words"),
        [
            ({"first_size": 2}, "a proof for size 2, and a head of size 3"),
            ({"second_size": 5}, "a proof for size 5, and a head of size 6"),
            ({"proof": CONSISTENCY.proof[:-1]}, "fewer hashes"),
            ({"proof": (*CONSISTENCY.proof, OTHER)}, "more hashes"),
            ({"proof": (OTHER, *CONSISTENCY.proof[1:])}, "does not lead to the root"),
        ],
    )
    def test_a_changed_proof(self, changes: dict[str, Any], words: str) -> None:
        """
        It holds no more, and why is said.
        """
        with pytest.raises(LogMismatchError, match=words):
            verify_extends(attrs.evolve(CONSISTENCY, **changes), OLDER, HEAD)

    def test_heads_of_two_logs(self) -> None:
        """
        Logs of other names are other logs, whatever is in them.
        """
        with pytest.raises(LogMismatchError, match="give two heads of one log"):
            verify_extends(CONSISTENCY, attrs.evolve(OLDER, origin="example.org/other"), HEAD)

    def test_two_heads_of_one_size(self) -> None:
        """
        A log that shows two people two roots at one size is caught when they compare.
        """
        with pytest.raises(LogMismatchError, match="the root of size 6"):
            verify_extends(LOG.prove_consistency(6), attrs.evolve(HEAD, root=bytes(32)), HEAD)

    def test_nothing_is_proven_about_the_empty_log(self) -> None:
        """
        Every log begins with it.
        """
        record = LogConsistency(first_size=0, second_size=6, proof=())
        with pytest.raises(IntegrityError, match="every log begins with the empty one"):
            verify_extends(record, make_log(0).head(ORIGIN), HEAD)


@pytest.mark.parametrize(
    "changes",
    [
        {"index": -1},
        {"size": 1.0},
        {"receipt_digest": "x"},
        {"receipt_digest": None},
        {"proof": ("x",)},
        {"proof": [OTHER]},
    ],
)
def test_fields_are_checked_where_a_record_is_made(changes: dict[str, Any]) -> None:
    """
    Not only where one is read.
    """
    with pytest.raises(IntegrityError):
        attrs.evolve(INCLUSION, **changes)
