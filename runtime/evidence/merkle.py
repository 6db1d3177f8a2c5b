"""The Merkle tree of a log: its root, and proofs that a leaf is in it and that it only grew. RFC 9162 2.1, SHA-256.

Rules, referred to by number below:

1. A leaf is hashed behind a byte 0, two nodes behind a byte 1, so that no node passes for a leaf.
2. The tree of n leaves splits at the largest power of two below n, so a perfect subtree never changes again.
3. A proof is taken only when every hash of it was needed, and none was missing. Nothing is proven about size 0.

Functions take the hashes of leaves, never the leaves. Read `lognote.py` next, which says what a head looks like.
"""

from collections.abc import Iterable, Sequence
from hashlib import sha256
from typing import Final, final

import attrs

from runtime.errors import IntegrityError, LogMismatchError, shown
from runtime.limits import MAX_NUMBER

__all__ = [
    "EMPTY_ROOT",
    "HASH_BYTES",
    "CompactRange",
    "check_hash",
    "check_size",
    "hash_leaf",
    "hash_node",
    "prove_consistency",
    "prove_inclusion",
    "root_of",
    "verify_consistency",
    "verify_inclusion",
]

HASH_BYTES: Final = 32
EMPTY_ROOT: Final = sha256(b"").digest()
"""The root of no leaves."""
_MISMATCH: Final = "trust neither the proof nor the log it came from; ask for the original"


def hash_leaf(leaf: bytes) -> bytes:
    """
    Hash a leaf.
    """
    return sha256(b"\x00" + leaf).digest()  # (1)


def hash_node(left: bytes, right: bytes) -> bytes:
    """
    Hash two nodes into the one above them.
    """
    return sha256(b"\x01" + left + right).digest()  # (1)


def check_size(size: object, where: str) -> None:
    """
    Accept a number of leaves, or the index of one.

    Raises:
        IntegrityError: it is no integer from 0 to 2^53-1.
    """
    if type(size) is not int or not 0 <= size <= MAX_NUMBER:
        raise IntegrityError(
            f"{where} is {type(size).__name__} {shown(size)}",
            where=where,
            remedy="expected an integer from 0 to 2^53-1",
        )


def check_hash(value: object, where: str) -> None:
    """
    Accept the bytes of a SHA-256 hash.

    Raises:
        IntegrityError: it is something else.
    """
    if type(value) is not bytes or len(value) != HASH_BYTES:
        raise IntegrityError(f"{where} is {shown(value)}", where=where, remedy=f"expected a hash of {HASH_BYTES} bytes")


@final
@attrs.frozen(kw_only=True)
class CompactRange:
    """
    What is needed of a tree to add leaves to it and to know its root: the roots of its perfect subtrees.

    `peaks` stand from left to right, one for each bit of `size`; they are the hashes that no later leaf changes (2).
    """

    size: int = 0
    peaks: tuple[bytes, ...] = ()

    def __attrs_post_init__(self) -> None:
        """
        Refuse what no tree of this size has.
        """
        check_size(self.size, "size")
        count = self.size.bit_count()
        if type(self.peaks) is not tuple or len(self.peaks) != count:
            raise IntegrityError(f"peaks are {shown(self.peaks)}", where="peaks", remedy=f"expected {count} hashes")
        for peak in self.peaks:
            check_hash(peak, "peaks")

    def extend(self, leaf_hashes: Iterable[bytes]) -> "CompactRange":
        """
        Add leaves behind the last one, with as many hashes as there are leaves, and log n more at most.
        """
        size, peaks = self.size, list(self.peaks)
        for leaf_hash in leaf_hashes:
            check_hash(leaf_hash, "leaf_hash")
            node, low = leaf_hash, size
            while low & 1:
                node = hash_node(peaks.pop(), node)
                low >>= 1
            peaks.append(node)
            size += 1
        return CompactRange(size=size, peaks=tuple(peaks))

    @property
    def root(self) -> bytes:
        """
        The root of the tree.
        """
        if not self.peaks:
            return EMPTY_ROOT
        node = self.peaks[-1]
        for peak in reversed(self.peaks[:-1]):
            node = hash_node(peak, node)
        return node


def root_of(leaf_hashes: Iterable[bytes]) -> bytes:
    """
    Give the root over the hashes of leaves.
    """
    return CompactRange().extend(leaf_hashes).root


def prove_inclusion(leaf_hashes: Sequence[bytes], index: int) -> tuple[bytes, ...]:
    """
    Prove that the leaf at `index` is in the tree over all these leaves. Source: RFC 9162 2.1.3.1.

    Raises:
        IntegrityError: there is no such leaf.
    """
    _check_index(index, len(leaf_hashes))
    proof = []
    low, high = 0, len(leaf_hashes)
    while high - low > 1:
        middle = low + _split(high - low)
        if index < middle:
            proof.append(root_of(leaf_hashes[middle:high]))
            high = middle
        else:
            proof.append(root_of(leaf_hashes[low:middle]))
            low = middle
    return tuple(reversed(proof))


def prove_consistency(leaf_hashes: Sequence[bytes], first: int) -> tuple[bytes, ...]:
    """
    Prove that the tree over all these leaves begins with the tree over the first ones. Source: RFC 9162 2.1.4.1.

    Args:
        leaf_hashes: the leaves of the later tree.
        first: how many of them the earlier tree had.

    Raises:
        IntegrityError: the earlier tree had none, or more than there are.
    """
    _check_sizes(first, len(leaf_hashes))
    proof = []
    low, high = 0, len(leaf_hashes)
    while first < high:
        middle = low + _split(high - low)
        if first <= middle:
            proof.append(root_of(leaf_hashes[middle:high]))
            high = middle
        else:
            proof.append(root_of(leaf_hashes[low:middle]))
            low = middle
    if low:  # What is left is a subtree of the earlier tree; its whole root is known to whoever knows that tree.
        proof.append(root_of(leaf_hashes[low:high]))
    return tuple(reversed(proof))


def verify_inclusion(leaf_hash: bytes, index: int, size: int, proof: Sequence[bytes], root: bytes) -> None:
    """
    Check that a leaf stands at `index` of a tree. Source: RFC 9162 2.1.3.2.

    Raises:
        IntegrityError: an argument is none that a proof can be about.
        LogMismatchError: the proof does not lead to the root.
    """
    _check_index(index, size)
    _check_hashes([leaf_hash, root], proof)
    place, last, node = index, size - 1, leaf_hash
    for sibling in proof:
        if last == 0:
            raise _misfit("more")  # (3)
        if place & 1 or place == last:
            node = hash_node(sibling, node)
            place, last = _skip_missing(place, last)
        else:
            node = hash_node(node, sibling)
        place, last = place >> 1, last >> 1
    if last != 0:
        raise _misfit("fewer")  # (3)
    _check_root(node, root, size)


def verify_consistency(first: int, second: int, first_root: bytes, second_root: bytes, proof: Sequence[bytes]) -> None:
    """
    Check that a tree of size `second` begins with one of size `first`. Source: RFC 9162 2.1.4.2.

    Raises:
        IntegrityError: an argument is none that a proof can be about; size 0 is one.
        LogMismatchError: the proof does not lead to both roots.
    """
    _check_sizes(first, second)
    _check_hashes([first_root, second_root], proof)
    if first == second:
        if proof:
            raise _misfit("more")
        _check_root(first_root, second_root, second)
        return
    # The root of a perfect earlier tree is a node of the later one, and so left out of the proof.
    path = [*([first_root] if first & (first - 1) == 0 else []), *proof]
    if not path:
        raise _misfit("fewer")
    place, last = first - 1, second - 1
    while place & 1:
        place, last = place >> 1, last >> 1
    earlier = later = path[0]
    for sibling in path[1:]:
        if last == 0:
            raise _misfit("more")  # (3)
        if place & 1 or place == last:
            earlier, later = hash_node(sibling, earlier), hash_node(sibling, later)
            place, last = _skip_missing(place, last)
        else:
            later = hash_node(later, sibling)
        place, last = place >> 1, last >> 1
    if last != 0:
        raise _misfit("fewer")  # (3)
    _check_root(earlier, first_root, first)
    _check_root(later, second_root, second)


def _split(count: int) -> int:
    # The largest power of two below the count. (2)
    return 1 << ((count - 1).bit_length() - 1)


def _skip_missing(place: int, last: int) -> tuple[int, int]:
    """
    Go up while the node is the last of its row and has no sibling there.
    """
    while place and not place & 1:
        place, last = place >> 1, last >> 1
    return place, last


def _check_index(index: int, size: int) -> None:
    check_size(index, "index")
    check_size(size, "size")
    if index >= size:
        raise IntegrityError(f"index {index} in a log of size {size}", where="index", remedy=f"give one below {size}")


def _check_sizes(first: int, second: int) -> None:
    check_size(first, "first_size")
    check_size(second, "second_size")
    if not 0 < first <= second:
        raise IntegrityError(
            f"sizes {first} and {second}",
            where="first_size",
            remedy="give two sizes of at least 1, the earlier one first; every log begins with the empty one",
        )


def _check_hashes(named: Iterable[bytes], proof: Sequence[bytes]) -> None:
    for value in named:
        check_hash(value, "hash")
    if type(proof) not in (tuple, list):
        raise IntegrityError(f"proof is {shown(proof)}", where="proof", remedy="expected a list of hashes")
    for position, value in enumerate(proof):
        check_hash(value, f"proof[{position}]")


def _check_root(node: bytes, root: bytes, size: int) -> None:
    if node != root:
        raise LogMismatchError(
            f"a proof that does not lead to the root of size {size}", where="proof", remedy=_MISMATCH
        )


def _misfit(words: str) -> LogMismatchError:
    return LogMismatchError(f"a proof with {words} hashes than it needs", where="proof", remedy=_MISMATCH)
