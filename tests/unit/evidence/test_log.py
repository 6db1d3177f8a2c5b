"""The log of receipts: heads, proofs, and what becomes of a store that somebody changed."""

from collections.abc import Callable, Iterator
from typing import Any

import pytest
import rfc8785
from logs import KEY, ORIGIN, VERIFIER, make_log, make_receipt

from runtime.errors import EncodingError, IntegrityError, LogMismatchError, StorageError
from runtime.evidence.log import ReceiptLog
from runtime.evidence.loghead import LogHead, open_head
from runtime.evidence.logproof import verify_extends, verify_included
from runtime.evidence.merkle import EMPTY_ROOT, hash_leaf, root_of
from runtime.limits import MAX_LEAF_BYTES
from runtime.testing import MemoryLogStore


class TestAppending:
    """
    A leaf is the canonical bytes of a receipt, and nothing else is one.
    """

    def test_receipts_get_the_next_index(self) -> None:
        """
        One that is there keeps its own.
        """
        log = make_log(0)
        assert [log.append(make_receipt(number)) for number in (0, 1, 0, 2)] == [0, 1, 0, 2]
        assert list(log.store.leaves(0, 3)) == [make_receipt(number) for number in range(3)]
        assert (log.find(make_receipt(1)), log.find(make_receipt(9))) == (1, None)

    def test_the_root_is_that_of_all_receipts(self) -> None:
        """
        After each append, and for an empty log.
        """
        log = make_log(0)
        assert (log.tree().size, log.tree().root) == (0, EMPTY_ROOT)
        for number in range(20):
            log.append(make_receipt(number))
            expected = root_of([hash_leaf(make_receipt(one)) for one in range(number + 1)])
            assert log.head(ORIGIN) == LogHead(origin=ORIGIN, size=number + 1, root=expected)

    @pytest.mark.parametrize(
        ("leaf", "kind"),
        [
            (None, IntegrityError),
            ("text", IntegrityError),
            (bytearray(b"{}"), IntegrityError),
            (b"", EncodingError),
            (b"{", EncodingError),
            (b'{"schema": "receipt/v1"}', EncodingError),
            (b'{"schema":"receipt/v1","schema":"receipt/v1"}', EncodingError),
            (b"null", IntegrityError),
            (b"[]", IntegrityError),
            (b"{}", IntegrityError),
            (b'{"schema":"receipt/v2"}', IntegrityError),
            (b'{"schema":"recorded-run/v1"}', IntegrityError),
            (rfc8785.dumps({"schema": "receipt/v1", "x": "x" * MAX_LEAF_BYTES}), IntegrityError),
        ],
    )
    def test_what_is_no_receipt(self, leaf: Any, kind: type[IntegrityError]) -> None:
        """
        It is refused, and nothing is added.
        """
        log = make_log(1)
        with pytest.raises(IntegrityError) as caught:
            log.append(leaf)
        assert type(caught.value) is kind
        assert log.store.size == 1

    def test_the_largest_receipt(self) -> None:
        """
        64 KiB is a receipt still.
        """
        frame = len(rfc8785.dumps({"schema": "receipt/v1", "x": ""}))
        leaf = rfc8785.dumps({"schema": "receipt/v1", "x": "x" * (MAX_LEAF_BYTES - frame)})
        assert make_log(0).append(leaf) == 0
        with pytest.raises(IntegrityError, match=f"a receipt of {MAX_LEAF_BYTES + 1} bytes"):
            make_log(0).append(leaf + b" ")

    def test_an_append_reads_no_receipt_again(self, monkeypatch: pytest.MonkeyPatch) -> None:
        """
        What was hashed once is kept as the roots of perfect subtrees.
        """
        log = make_log(9)
        read: list[tuple[int, int]] = []
        leaves = MemoryLogStore.leaves

        def counted(self: MemoryLogStore, start: int, stop: int) -> Iterator[bytes]:
            read.append((start, stop))
            return leaves(self, start, stop)

        monkeypatch.setattr(MemoryLogStore, "leaves", counted)
        log.append(make_receipt(9))
        log.head(ORIGIN)
        assert read == [(9, 9), (9, 10), (10, 10)]

    def test_receipts_that_another_process_added_are_counted(self) -> None:
        """
        Even when it died before it saved their hashes.
        """
        log = make_log(3)
        log.store.append(make_receipt(3))
        assert log.tree() == make_log(4).tree()
        log.append(make_receipt(4))
        assert log.store.load_peaks() == make_log(5).store.load_peaks()


class TestHeads:
    """
    What is signed is the head as it is.
    """

    def test_a_signed_head(self) -> None:
        """
        It opens to the head.
        """
        log = make_log(5)
        assert open_head(log.sign_head(ORIGIN, KEY), VERIFIER) == log.head(ORIGIN)

    def test_the_head_of_an_empty_log(self) -> None:
        """
        There is one, though nothing can be proven of it.
        """
        head = open_head(make_log(0).sign_head(ORIGIN, KEY), VERIFIER)
        assert (head.size, head.root) == (0, EMPTY_ROOT)

    def test_roots_of_earlier_sizes(self) -> None:
        """
        The log can tell every head it had, and none it had not.
        """
        log = make_log(7)
        for size in range(8):
            assert log.root_at(size) == make_log(size).tree().root
        with pytest.raises(IntegrityError, match="size 8 of a log of 7 receipts"):
            log.root_at(8)
        with pytest.raises(IntegrityError, match="size is int -1"):
            log.root_at(-1)

    @pytest.mark.parametrize("origin", ["", "a\n"])
    def test_an_origin_that_is_no_line(self, origin: str) -> None:
        """
        It is refused.
        """
        with pytest.raises(IntegrityError, match="origin"):
            make_log(1).head(origin)


class TestProofs:
    """
    A proof is for a size the log has or had.
    """

    def test_every_receipt_at_every_size(self) -> None:
        """
        Held against the head of that size, each proof holds.
        """
        log = make_log(9)
        for size in range(1, 10):
            head = make_log(size).head(ORIGIN)
            for index in range(size):
                verify_included(log.prove_inclusion(index, size), make_receipt(index), head)
            for first in range(1, size + 1):
                verify_extends(log.prove_consistency(first, size), make_log(first).head(ORIGIN), head)

    def test_without_a_size_it_is_the_present_one(self) -> None:
        """
        The proof names the size it is for.
        """
        log = make_log(9)
        assert log.prove_inclusion(2) == log.prove_inclusion(2, 9)
        assert log.prove_consistency(2) == log.prove_consistency(2, 9)
        assert log.prove_inclusion(2).size == log.prove_consistency(2).second_size == 9

    @pytest.mark.parametrize(
        ("call", "words"),
        [
            (lambda log: log.prove_inclusion(9), "index 9 in a log of size 9"),
            (lambda log: log.prove_inclusion(3, 3), "index 3 in a log of size 3"),
            (lambda log: log.prove_inclusion(0, 10), "size 10 of a log of 9"),
            (lambda log: log.prove_inclusion(-1), "index is int -1"),
            (lambda log: log.prove_consistency(0), "sizes 0 and 9"),
            (lambda log: log.prove_consistency(10), "sizes 10 and 9"),
            (lambda log: log.prove_consistency(5, 4), "sizes 5 and 4"),
            (lambda log: log.prove_consistency(1, True), "size is bool True"),
        ],
    )
    def test_what_it_never_was(self, call: Callable[[ReceiptLog], object], words: str) -> None:
        """
        It is refused by name.
        """
        with pytest.raises(IntegrityError, match=words):
            call(make_log(9))


def _rewritten(*changes: tuple[int, int | None]) -> ReceiptLog:
    """
    Make a log of nine receipts, some of them another one or gone, by somebody who keeps all hashes in order.
    """
    numbers: list[int | None] = list(range(9))
    for index, number in changes:
        numbers[index] = number
    log = make_log(0)
    for number in numbers:
        if number is not None:
            log.append(make_receipt(number))
    return log


REWRITES = {
    "cut": _rewritten((8, None), (7, None)),
    "a_receipt_removed": _rewritten((3, None)),
    "two_receipts_changed_about": _rewritten((3, 4), (4, 3)),
    "a_receipt_replaced": _rewritten((0, 99)),
    "the_last_receipt_replaced": _rewritten((7, 99), (8, 8)),
}


class TestALogThatWasRewritten:
    """
    INV-65: a log that was cut, reordered or rewritten fails against any head that someone kept.
    """

    @pytest.mark.parametrize("case", REWRITES)
    def test_against_a_kept_head(self, case: str) -> None:
        """
        Whoever rewrote it kept every hash in order, and went on; no proof leads to the head.
        """
        log, kept = REWRITES[case], make_log(8).head(ORIGIN)
        for number in range(20, 30):
            log.append(make_receipt(number))
        head = open_head(log.sign_head(ORIGIN, KEY), VERIFIER)
        proof = log.prove_consistency(8)
        with pytest.raises(LogMismatchError):
            verify_extends(proof, kept, head)
        lost = [number for number in range(8) if log.find(make_receipt(number)) != number]
        assert lost
        for number in lost:
            index = log.find(make_receipt(number))
            if index is not None and index < 8:
                with pytest.raises(LogMismatchError):
                    verify_included(log.prove_inclusion(index, 8), make_receipt(number), kept)

    def test_what_was_not_yet_under_a_head_can_be_rewritten(self) -> None:
        """
        A head says nothing of what came later: this is why heads are kept, and often.
        """
        kept = make_log(7).head(ORIGIN)
        log = REWRITES["the_last_receipt_replaced"]
        verify_extends(log.prove_consistency(7), kept, log.head(ORIGIN))


def _store_of(log: ReceiptLog) -> MemoryLogStore:
    assert isinstance(log.store, MemoryLogStore)
    return log.store


DAMAGES: dict[str, Callable[[MemoryLogStore], object]] = {
    "replaced": lambda store: store.kept.__setitem__(3, make_receipt(99)),
    "changed_about": lambda store: store.kept.reverse(),
    "cut_and_refilled": lambda store: store.kept.__setitem__(slice(5, 9), [make_receipt(one) for one in range(20, 24)]),
    "other_hashes": lambda store: setattr(store, "peaks", (8, (bytes(32),))),
}
SHOWN_AT_ONCE: dict[str, Callable[[MemoryLogStore], object]] = {
    "cut": lambda store: store.kept.pop(),
    "emptied": lambda store: store.kept.clear(),
    "too_few_hashes": lambda store: setattr(store, "peaks", (3, (bytes(32),))),
    "short_hash": lambda store: setattr(store, "peaks", (8, (bytes(31),))),
    "size_of_text": lambda store: setattr(store, "peaks", ("8", (bytes(32),))),
}


class TestAStoreThatShowsItWasChanged:
    """
    Nothing is signed and nothing proven from receipts that are not those the log was made of.
    """

    @pytest.mark.parametrize("case", DAMAGES)
    def test_nothing_is_signed_or_proven(self, case: str) -> None:
        """
        All receipts are hashed again before a head is signed or a proof made.
        """
        log = make_log(9)
        DAMAGES[case](_store_of(log))
        for call in (
            lambda: log.sign_head(ORIGIN, KEY),
            lambda: log.prove_inclusion(0),
            lambda: log.prove_inclusion(0, 1),
            lambda: log.prove_consistency(1),
            lambda: log.root_at(1),
        ):
            with pytest.raises(StorageError, match="not those the log was made of"):
                call()

    @pytest.mark.parametrize("case", SHOWN_AT_ONCE)
    def test_nothing_is_added(self, case: str) -> None:
        """
        A log that is shorter than its hashes, or whose hashes are none, is refused at once.
        """
        log = make_log(9)
        SHOWN_AT_ONCE[case](_store_of(log))
        size = log.store.size
        for call in (lambda: log.append(make_receipt(50)), log.tree, lambda: log.head(ORIGIN), lambda: log.root_at(0)):
            with pytest.raises(StorageError) as caught:
                call()
            assert "kept elsewhere" in caught.value.remedy
        assert log.store.size == size
