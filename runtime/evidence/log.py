"""The log of receipts: a Merkle tree whose leaves are the canonical bytes of receipts, kept by a store.

Rules, referred to by number below:

1. A head costs no more than the receipts that came since the hashes saved last.
2. What is signed, and what a proof is made from, is worked out again from every leaf, and must agree with those hashes.

Whoever can write the store can change what no head kept elsewhere covers; rule 2 only finds the careless. What finds
the others is a head in other hands. Read `logproof.py` for what such a head can be held against.
"""

from typing import Final, final

import attrs

from runtime.encoding.digest import digest_of_bytes
from runtime.errors import IntegrityError, StorageError
from runtime.evidence.loghead import LogHead, sign_head
from runtime.evidence.logproof import LogConsistency, LogInclusion, check_receipt, write_hashes
from runtime.evidence.merkle import CompactRange, check_size, hash_leaf, prove_consistency, prove_inclusion, root_of
from runtime.ports import LogStore
from runtime.values.keys import PrivateKey

__all__ = ["ReceiptLog"]

_REMEDY: Final = "the database was changed; compare its head with one that was kept elsewhere"


@final
@attrs.frozen
class ReceiptLog:
    """
    A log over a store. It keeps nothing itself, so any number of them may share a store.
    """

    store: LogStore

    def append(self, receipt: bytes) -> int:
        """
        Add a receipt, unless it is there.

        Args:
            receipt: its canonical bytes.

        Returns:
            Its index, from 0.

        Raises:
            IntegrityError: they are no receipt.
            StorageError: the store cannot be written, or was changed.
        """
        check_receipt(receipt)
        self.tree()  # Nothing is added to a log that shows it was cut.
        index = self.store.append(receipt)
        tree = self.tree()
        self.store.save_peaks(tree.size, tree.peaks)
        return index

    def find(self, receipt: bytes) -> int | None:
        """
        Give the index of a receipt, or None.
        """
        return self.store.find(receipt)

    def tree(self) -> CompactRange:
        """
        Give size and root as they are now. (1)

        Raises:
            StorageError: the store was changed, and shows it.
        """
        saved, size = self._saved(), self.store.size
        if saved.size > size:
            raise StorageError(f"a log of {size} receipts that had {saved.size}", where="log", remedy=_REMEDY)
        return saved.extend(map(hash_leaf, self.store.leaves(saved.size, size)))

    def head(self, origin: str) -> LogHead:
        """
        Give the head as it is now, under the name of the log.

        Raises:
            IntegrityError: the name cannot stand in a head.
            StorageError: the store was changed, and shows it.
        """
        tree = self.tree()
        return LogHead(origin=origin, size=tree.size, root=tree.root)

    def sign_head(self, origin: str, key: PrivateKey) -> bytes:
        """
        Sign the head as it is now, and give the note. (2)

        Raises:
            IntegrityError: the name cannot stand in a signed head.
            StorageError: the store was changed, and shows it.
        """
        hashes = self._hashes()
        return sign_head(LogHead(origin=origin, size=len(hashes), root=root_of(hashes)), key)

    def root_at(self, size: int) -> bytes:
        """
        Give the root the log had at a size. (2)

        Raises:
            IntegrityError: it never had that size.
            StorageError: the store was changed, and shows it.
        """
        return root_of(self._hashes(size))

    def prove_inclusion(self, index: int, size: int | None = None) -> LogInclusion:
        """
        Prove that the receipt at an index is in the log as it was at a size, or as it is now. (2)

        Raises:
            IntegrityError: the log never had that size, or had no such receipt then.
            StorageError: the store was changed, and shows it.
        """
        hashes = self._hashes(size)
        proof = prove_inclusion(hashes, index)
        return LogInclusion(
            index=index,
            size=len(hashes),
            receipt_digest=digest_of_bytes(self.store.leaf(index)),
            proof=write_hashes(proof),
        )

    def prove_consistency(self, first_size: int, second_size: int | None = None) -> LogConsistency:
        """
        Prove that the log as it was at a size, or as it is now, begins with the one of an earlier size. (2)

        Raises:
            IntegrityError: the log never had such sizes, or the earlier one is 0.
            StorageError: the store was changed, and shows it.
        """
        hashes = self._hashes(second_size)
        proof = prove_consistency(hashes, first_size)
        return LogConsistency(first_size=first_size, second_size=len(hashes), proof=write_hashes(proof))

    def _saved(self) -> CompactRange:
        size, peaks = self.store.load_peaks()
        try:
            return CompactRange(size=size, peaks=peaks)
        except IntegrityError as error:
            raise StorageError("saved hashes that belong to no tree", where="log", remedy=_REMEDY) from error

    def _hashes(self, size: int | None = None) -> list[bytes]:
        """
        Hash every leaf, hold the result against what is saved, and give the hashes of the first ones.
        """
        tree = self.tree()
        hashes = [hash_leaf(leaf) for leaf in self.store.leaves(0, tree.size)]
        if root_of(hashes) != tree.root:  # (2)
            raise StorageError("receipts that are not those the log was made of", where="log", remedy=_REMEDY)
        if size is None:
            return hashes
        check_size(size, "size")
        if size > tree.size:
            raise IntegrityError(
                f"size {size} of a log of {tree.size} receipts", where="size", remedy="give a size the log had"
            )
        return hashes[:size]
