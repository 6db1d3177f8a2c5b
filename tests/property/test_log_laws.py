"""Laws of the log of receipts: trees, notes, records, and a log that grows in any way."""

from typing import Any

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from logs import KEY, ORIGIN, VERIFIER, make_log, make_receipt
from strategies import few, leaf_hash_lists, log_heads

from runtime.errors import IntegrityError, LogMismatchError
from runtime.evidence.log import ReceiptLog
from runtime.evidence.loghead import LogHead, open_head, sign_head
from runtime.evidence.lognote import Note, VerifierKey
from runtime.evidence.logproof import LogConsistency, LogInclusion, verify_extends, verify_included
from runtime.evidence.merkle import (
    CompactRange,
    prove_consistency,
    prove_inclusion,
    root_of,
    verify_consistency,
    verify_inclusion,
)
from runtime.testing import MemoryLogStore


class TestATreeGrowsInAnyPortions:
    """
    "A perfect subtree never changes again", so it does not matter how many leaves come at once.
    """

    @given(leaf_hash_lists, st.data())
    def test_extending_twice_is_extending_once(self, hashes: list[bytes], data: st.DataObject) -> None:
        """
        A compact range after any first part leads to the same peaks.
        """
        at = data.draw(st.integers(0, len(hashes)))
        assert CompactRange().extend(hashes[:at]).extend(hashes[at:]) == CompactRange().extend(hashes)


class TestProofs:
    """
    A proof that was made holds, and holds for nothing else.
    """

    @given(leaf_hash_lists, st.data())
    def test_inclusion(self, hashes: list[bytes], data: st.DataObject) -> None:
        """
        Of any leaf, against the root; of another leaf or place it holds only where the leaves are equal.
        """
        assume(hashes)
        index, other = (data.draw(st.integers(0, len(hashes) - 1)) for _ in range(2))
        proof, root = prove_inclusion(hashes, index), root_of(hashes)
        verify_inclusion(hashes[index], index, len(hashes), proof, root)
        if hashes[other] != hashes[index]:
            with pytest.raises(LogMismatchError):
                verify_inclusion(hashes[other], index, len(hashes), proof, root)

    @given(leaf_hash_lists, st.data())
    def test_consistency(self, hashes: list[bytes], data: st.DataObject) -> None:
        """
        Of any beginning; of another one with a changed leaf it does not hold.
        """
        assume(hashes)
        first = data.draw(st.integers(1, len(hashes)))
        proof, root = prove_consistency(hashes, first), root_of(hashes)
        verify_consistency(first, len(hashes), root_of(hashes[:first]), root, proof)
        at = data.draw(st.integers(0, first - 1))
        changed = [*hashes[:at], bytes(32), *hashes[at + 1 : first]]
        assume(changed != hashes[:first])
        with pytest.raises(LogMismatchError):
            verify_consistency(first, len(hashes), root_of(changed), root, proof)


class TestHeadsAreNotes:
    """
    One head, one text; one note, one byte string.
    """

    @given(log_heads)
    def test_text_and_back(self, head: LogHead) -> None:
        """
        `from_text(text)` is the head.
        """
        assert LogHead.from_text(head.text) == head

    @few
    @given(log_heads)
    def test_signing_and_opening(self, head: LogHead) -> None:
        """
        What a key signs it opens, and the parts give the bytes back.
        """
        key = VerifierKey.of(head.origin, KEY)
        raw = sign_head(head, KEY)
        assert open_head(raw, key) == head
        assert Note.parse(raw).raw == raw
        assert VerifierKey.parse(str(key)) == key

    @given(st.binary(max_size=200) | st.text(max_size=200).map(lambda text: text.encode(errors="replace")))
    def test_any_bytes(self, raw: bytes) -> None:
        """
        They are refused by name.
        """
        with pytest.raises(IntegrityError):
            open_head(raw, VERIFIER)

    @given(st.text(max_size=80))
    def test_any_text_is_read_strictly_or_refused(self, text: str) -> None:
        """
        What is accepted is written as it was.
        """
        try:
            head = LogHead.from_text(text)
        except IntegrityError:
            return
        assert head.text == text


class TestALogInAnyOrder:
    """
    Appends, heads and proofs may come in any order.
    """

    @few
    @given(st.lists(st.integers(0, 9), min_size=1, max_size=25), st.data())
    def test_every_head_leads_to_every_later_one(self, numbers: list[int], data: st.DataObject) -> None:
        """
        Whatever is appended, repeated or not, and by whichever of two that share a store.
        """
        store = MemoryLogStore()
        heads = []
        for number in numbers:
            ReceiptLog(store).append(make_receipt(number))
            heads.append(ReceiptLog(store).head(ORIGIN))
        log, last = ReceiptLog(store), heads[-1]
        assert last.size == len(set(numbers))
        older = data.draw(st.sampled_from(heads))
        record = log.prove_consistency(older.size)
        verify_extends(LogConsistency.from_bytes(record.raw), older, last)
        number = data.draw(st.sampled_from(numbers))
        index = log.find(make_receipt(number))
        assert index is not None
        proof = log.prove_inclusion(index)
        verify_included(LogInclusion.from_bytes(proof.raw), make_receipt(number), last)


class TestARewrittenLog:
    """
    No log with another beginning leads to a head that was kept.
    """

    @few
    @given(st.integers(1, 16), st.data())
    def test_no_other_beginning_is_consistent(self, kept: int, data: st.DataObject) -> None:
        """
        Receipts in another order, or others, or fewer, and however many after them.
        """
        head = make_log(kept).head(ORIGIN)
        numbers = data.draw(st.lists(st.integers(0, 40), min_size=kept, max_size=kept + 12, unique=True))
        assume(numbers[:kept] != list(range(kept)))
        log = ReceiptLog(MemoryLogStore())
        for number in numbers:
            log.append(make_receipt(number))
        with pytest.raises(LogMismatchError):
            verify_extends(log.prove_consistency(kept), head, log.head(ORIGIN))


JUNK: st.SearchStrategy[Any] = st.none() | st.booleans() | st.integers() | st.text(max_size=5) | st.binary(max_size=40)


@given(JUNK, JUNK, JUNK, st.lists(JUNK, max_size=3), JUNK)
def test_whatever_is_verified_is_refused_by_name(leaf: Any, index: Any, size: Any, proof: list[Any], root: Any) -> None:
    """
    Arguments of any kind give an error of this package.
    """
    with pytest.raises(IntegrityError):
        verify_inclusion(leaf, index, size, proof, root)
    with pytest.raises(IntegrityError):
        verify_consistency(index, size, leaf, root, proof)
