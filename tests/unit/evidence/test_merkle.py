"""The Merkle tree: published vectors, an independent tree, and every proof of every small tree."""

from collections.abc import Callable
from hashlib import sha256
from typing import Any

import pytest

from runtime.errors import IntegrityError, LogMismatchError
from runtime.evidence.merkle import (
    EMPTY_ROOT,
    CompactRange,
    check_size,
    hash_leaf,
    hash_node,
    prove_consistency,
    prove_inclusion,
    root_of,
    verify_consistency,
    verify_inclusion,
)

LEAVES = [
    bytes.fromhex(text)
    for text in (
        "",
        "00",
        "10",
        "2021",
        "3031",
        "40414243",
        "5051525354555657",
        "606162636465666768696a6b6c6d6e6f",
    )
]
"""The leaves of the test vectors of Certificate Transparency."""
ROOTS = [
    "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
    "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
    "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
    "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77",
    "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
    "4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4",
    "76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef",
    "ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c",
    "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328",
]
"""Their roots, from no leaf to all eight."""
MOST = 130
HASHES = [hash_leaf(bytes([number])) for number in range(MOST)]
OTHER = b"\x5a" * 32


def naive_root(hashes: list[bytes]) -> bytes:
    """
    Give the root as the definition of RFC 9162 2.1.1 reads, with its own hashing.
    """
    if not hashes:
        return sha256().digest()
    if len(hashes) == 1:
        return hashes[0]
    split = naive_split(len(hashes))
    return sha256(b"\x01" + naive_root(hashes[:split]) + naive_root(hashes[split:])).digest()


def naive_split(count: int) -> int:
    """
    Give the largest power of two below a count, by doubling.
    """
    split = 1
    while split * 2 < count:
        split *= 2
    return split


def naive_path(index: int, hashes: list[bytes]) -> list[bytes]:
    """
    Give PATH(m, D[n]) of RFC 9162 2.1.3.1.
    """
    if len(hashes) == 1:
        return []
    split = naive_split(len(hashes))
    if index < split:
        return [*naive_path(index, hashes[:split]), naive_root(hashes[split:])]
    return [*naive_path(index - split, hashes[split:]), naive_root(hashes[:split])]


def naive_subproof(first: int, hashes: list[bytes], *, is_whole: bool = True) -> list[bytes]:
    """
    Give SUBPROOF(m, D[n], b) of RFC 9162 2.1.4.1.
    """
    if first == len(hashes):
        return [] if is_whole else [naive_root(hashes)]
    split = naive_split(len(hashes))
    if first <= split:
        return [*naive_subproof(first, hashes[:split], is_whole=is_whole), naive_root(hashes[split:])]
    return [*naive_subproof(first - split, hashes[split:], is_whole=False), naive_root(hashes[:split])]


NAIVE_ROOTS = [naive_root(HASHES[:size]) for size in range(MOST + 1)]


class TestPublishedVectors:
    """
    The eight leaves that implementations of Certificate Transparency are tested with.
    """

    @pytest.mark.parametrize("size", range(9))
    def test_roots(self, size: int) -> None:
        """
        The known root of the first leaves, here and by the definition itself.
        """
        hashes = [hash_leaf(leaf) for leaf in LEAVES[:size]]
        assert root_of(hashes).hex() == ROOTS[size]
        assert naive_root([sha256(b"\x00" + leaf).digest() for leaf in LEAVES[:size]]).hex() == ROOTS[size]

    @pytest.mark.parametrize(
        ("index", "size", "proof"),
        [
            (0, 1, []),
            (
                0,
                8,
                [
                    "96a296d224f285c67bee93c30f8a309157f0daa35dc5b87e410b78630a09cfc7",
                    "5f083f0a1a33ca076a95279832580db3e0ef4584bdff1f54c8a360f50de3031e",
                    "6b47aaf29ee3c2af9af889bc1fb9254dabd31177f16232dd6aab035ca39bf6e4",
                ],
            ),
            (
                5,
                8,
                [
                    "bc1a0643b12e4d2d7c77918f44e0f4f79a838b6cf9ec5b5c283e1f4d88599e6b",
                    "ca854ea128ed050b41b35ffc1b87b8eb2bde461e9e3b5596ece6b9d5975a0ae0",
                    "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
                ],
            ),
            (2, 3, ["fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125"]),
            (
                1,
                5,
                [
                    "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
                    "5f083f0a1a33ca076a95279832580db3e0ef4584bdff1f54c8a360f50de3031e",
                    "bc1a0643b12e4d2d7c77918f44e0f4f79a838b6cf9ec5b5c283e1f4d88599e6b",
                ],
            ),
        ],
        ids=lambda value: str(value) if isinstance(value, int) else "",
    )
    def test_inclusion(self, index: int, size: int, proof: list[str]) -> None:
        """
        The known proofs of leaves.
        """
        hashes = [hash_leaf(leaf) for leaf in LEAVES[:size]]
        assert [value.hex() for value in prove_inclusion(hashes, index)] == proof
        verify_inclusion(hashes[index], index, size, [bytes.fromhex(one) for one in proof], bytes.fromhex(ROOTS[size]))

    @pytest.mark.parametrize(
        ("first", "second", "proof"),
        [
            (1, 1, []),
            (
                1,
                8,
                [
                    "96a296d224f285c67bee93c30f8a309157f0daa35dc5b87e410b78630a09cfc7",
                    "5f083f0a1a33ca076a95279832580db3e0ef4584bdff1f54c8a360f50de3031e",
                    "6b47aaf29ee3c2af9af889bc1fb9254dabd31177f16232dd6aab035ca39bf6e4",
                ],
            ),
            (
                6,
                8,
                [
                    "0ebc5d3437fbe2db158b9f126a1d118e308181031d0a949f8dededebc558ef6a",
                    "ca854ea128ed050b41b35ffc1b87b8eb2bde461e9e3b5596ece6b9d5975a0ae0",
                    "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
                ],
            ),
            (
                2,
                5,
                [
                    "5f083f0a1a33ca076a95279832580db3e0ef4584bdff1f54c8a360f50de3031e",
                    "bc1a0643b12e4d2d7c77918f44e0f4f79a838b6cf9ec5b5c283e1f4d88599e6b",
                ],
            ),
        ],
        ids=lambda value: str(value) if isinstance(value, int) else "",
    )
    def test_consistency(self, first: int, second: int, proof: list[str]) -> None:
        """
        The known proofs of growth.
        """
        hashes = [hash_leaf(leaf) for leaf in LEAVES[:second]]
        assert [value.hex() for value in prove_consistency(hashes, first)] == proof
        roots = bytes.fromhex(ROOTS[first]), bytes.fromhex(ROOTS[second])
        verify_consistency(first, second, *roots, [bytes.fromhex(one) for one in proof])

    def test_a_node_passes_for_no_leaf(self) -> None:
        """
        The hash of two nodes is not the hash of a leaf with the same bytes.
        """
        left, right = HASHES[:2]
        assert hash_node(left, right) == sha256(b"\x01" + left + right).digest()
        assert hash_leaf(left + right) == sha256(b"\x00" + left + right).digest()


def holds(verify: Callable[..., None], *words: Any) -> bool:
    """
    Tell whether a proof is taken; a quick form of `pytest.raises`, for very many of them.
    """
    try:
        verify(*words)
    except LogMismatchError:
        return False
    return True


def damaged(proof: tuple[bytes, ...]) -> list[tuple[bytes, ...]]:
    """
    Give proofs that are not this one: short, long at either end, in another order, and with a bit flipped in each hash.
    """
    flipped = [bytes([value[0] ^ 1]) + value[1:] for value in proof]
    others = [(*proof, OTHER), (OTHER, *proof), proof[:-1], proof[1:], proof[::-1]]
    others += [(*proof[:at], flipped[at], *proof[at + 1 :]) for at in range(len(proof))]
    return [other for other in others if other != proof]


class TestEveryProofOfEverySmallTree:
    """
    Exhaustive for every size up to 130.
    """

    def test_roots(self) -> None:
        """
        Grown leaf by leaf, at once, or from any size on, the root is that of the definition.
        """
        tree = CompactRange()
        for size in range(MOST):
            assert tree.root == root_of(HASHES[:size]) == NAIVE_ROOTS[size]
            assert tree.size == size
            assert tree.extend(HASHES[size:]).root == NAIVE_ROOTS[MOST]
            tree = tree.extend([HASHES[size]])
        assert tree == CompactRange().extend(HASHES)

    def test_proofs_are_those_of_the_definition(self) -> None:
        """
        They equal PATH and SUBPROOF of the RFC.
        """
        for size in range(1, 40):
            hashes = HASHES[:size]
            for index in range(size):
                assert list(prove_inclusion(hashes, index)) == naive_path(index, hashes)
                assert list(prove_consistency(hashes, index + 1)) == naive_subproof(index + 1, hashes)

    def test_inclusion(self) -> None:
        """
        The proof of each leaf holds, for this leaf and this root only.
        """
        for size in range(1, MOST + 1):
            hashes, root = HASHES[:size], NAIVE_ROOTS[size]
            for index in range(size):
                proof = prove_inclusion(hashes, index)
                verify_inclusion(hashes[index], index, size, proof, root)
                assert not holds(verify_inclusion, OTHER, index, size, proof, root)
                assert not holds(verify_inclusion, hashes[index], index, size, proof, OTHER)

    @pytest.mark.slow
    def test_inclusion_elsewhere(self) -> None:
        """
        The proof of a leaf holds for no other index.
        """
        for size in range(1, MOST + 1):
            hashes, root = HASHES[:size], NAIVE_ROOTS[size]
            for index in range(size):
                proof = prove_inclusion(hashes, index)
                for other in range(size):
                    assert holds(verify_inclusion, hashes[index], other, size, proof, root) is (other == index)

    @pytest.mark.slow
    def test_damaged_inclusion(self) -> None:
        """
        A proof that is short, long, in another order or has one bit flipped holds for nothing.
        """
        for size in range(1, MOST + 1):
            hashes, root = HASHES[:size], NAIVE_ROOTS[size]
            for index in range(size):
                for proof in damaged(prove_inclusion(hashes, index)):
                    assert not holds(verify_inclusion, hashes[index], index, size, proof, root)

    def test_consistency(self) -> None:
        """
        The proof of each pair of sizes holds, for these two roots only.
        """
        for second in range(1, MOST + 1):
            hashes, newer = HASHES[:second], NAIVE_ROOTS[second]
            for first in range(1, second + 1):
                proof, older = prove_consistency(hashes, first), NAIVE_ROOTS[first]
                verify_consistency(first, second, older, newer, proof)
                assert not holds(verify_consistency, first, second, OTHER, newer, proof)
                assert not holds(verify_consistency, first, second, older, OTHER, proof)

    @pytest.mark.slow
    def test_damaged_consistency(self) -> None:
        """
        A proof that is short, long, in another order or has one bit flipped holds for nothing.
        """
        for second in range(1, MOST + 1):
            hashes, newer = HASHES[:second], NAIVE_ROOTS[second]
            for first in range(1, second + 1):
                for proof in damaged(prove_consistency(hashes, first)):
                    assert not holds(verify_consistency, first, second, NAIVE_ROOTS[first], newer, proof)

    @pytest.mark.slow
    def test_consistency_of_other_sizes(self) -> None:
        """
        The proof of two sizes holds for no other earlier size.
        """
        for second in range(1, MOST + 1):
            hashes, newer = HASHES[:second], NAIVE_ROOTS[second]
            for first in range(1, second + 1):
                proof = prove_consistency(hashes, first)
                for other in {first - 1, first + 1} & set(range(1, second + 1)):
                    assert not holds(verify_consistency, other, second, NAIVE_ROOTS[first], newer, proof)


class TestWhyAProofIsRefused:
    """
    A refusal says whether hashes were missing, left over, or led elsewhere.
    """

    @pytest.mark.parametrize(
        ("proof", "words"),
        [
            ((), "fewer hashes"),
            (HASHES[:2], "fewer hashes"),
            (HASHES[:4], "more hashes"),
            (HASHES[:3], "does not lead to the root of size 8"),
        ],
        ids=["empty", "short", "long", "other"],
    )
    def test_inclusion(self, proof: list[bytes], words: str) -> None:
        """
        Three hashes are needed in a tree of eight.
        """
        with pytest.raises(LogMismatchError, match=words) as caught:
            verify_inclusion(HASHES[0], 0, 8, proof, OTHER)
        assert caught.value.code == "log_mismatch"
        assert "trust neither" in caught.value.remedy

    @pytest.mark.parametrize(
        ("first", "second", "count", "words"),
        [
            (3, 8, 0, "fewer hashes"),
            (3, 8, 3, "fewer hashes"),
            (3, 8, 5, "more hashes"),
            (3, 8, 4, "the root of size 3"),
            (8, 8, 1, "more hashes"),
            (8, 8, 0, "the root of size 8"),
            (4, 8, 0, "fewer hashes"),
            (4, 8, 2, "more hashes"),
        ],
    )
    def test_consistency(self, first: int, second: int, count: int, words: str) -> None:
        """
        Four hashes are needed between 3 and 8, one between 4 and 8, none between equals.
        """
        with pytest.raises(LogMismatchError, match=words):
            verify_consistency(first, second, HASHES[0], OTHER, HASHES[:count])

    def test_the_later_root_is_held_against_the_proof_too(self) -> None:
        """
        A proof that leads to the earlier root alone is none.
        """
        with pytest.raises(LogMismatchError, match="the root of size 8"):
            verify_consistency(4, 8, NAIVE_ROOTS[4], OTHER, prove_consistency(HASHES[:8], 4))


NUMBERS: dict[str, Any] = {
    "negative": -1,
    "too_large": 2**53,
    "true": True,
    "float": 1.0,
    "text": "1",
    "none": None,
}
NO_HASHES: dict[str, Any] = {
    "short": b"\x00" * 31,
    "long": b"\x00" * 33,
    "empty": b"",
    "text": "0" * 32,
    "array": bytearray(32),
    "none": None,
}


class TestWhatIsNoArgument:
    """
    Numbers and hashes that no proof can be about are refused before anything is hashed.
    """

    @pytest.mark.parametrize("case", NUMBERS)
    def test_numbers(self, case: str) -> None:
        """
        Only integers from 0 to 2^53-1, of the type itself.
        """
        value, root = NUMBERS[case], NAIVE_ROOTS[1]
        for call in (
            lambda: check_size(value, "size"),
            lambda: prove_inclusion(HASHES[:1], value),
            lambda: prove_consistency(HASHES[:1], value),
            lambda: verify_inclusion(HASHES[0], value, 1, (), root),
            lambda: verify_inclusion(HASHES[0], 0, value, (), root),
            lambda: verify_consistency(value, 1, root, root, ()),
            lambda: verify_consistency(1, value, root, root, ()),
            lambda: CompactRange(size=value, peaks=()),
        ):
            with pytest.raises(IntegrityError, match=r"expected an integer from 0 to 2\^53-1") as caught:
                call()
            assert caught.value.code == "integrity_error"

    def test_the_largest_number_is_one(self) -> None:
        """
        A log may have 2^53-1 leaves.
        """
        check_size(2**53 - 1, "size")
        with pytest.raises(LogMismatchError, match="fewer"):
            verify_inclusion(OTHER, 2**53 - 2, 2**53 - 1, (), OTHER)

    @pytest.mark.parametrize(("index", "size"), [(0, 0), (1, 1), (9, 8)])
    def test_an_index_at_or_beyond_the_size(self, index: int, size: int) -> None:
        """
        There is no such leaf.
        """
        with pytest.raises(IntegrityError, match=f"index {index} in a log of size {size}"):
            verify_inclusion(OTHER, index, size, (), OTHER)
        with pytest.raises(IntegrityError, match=f"index {index} in a log of size {size}"):
            prove_inclusion(HASHES[:size], index)

    @pytest.mark.parametrize(("first", "second"), [(0, 0), (0, 8), (9, 8)])
    def test_sizes_nothing_is_proven_about(self, first: int, second: int) -> None:
        """
        Every log begins with the empty one, and none with a longer one.
        """
        with pytest.raises(IntegrityError, match=f"sizes {first} and {second}"):
            verify_consistency(first, second, EMPTY_ROOT, NAIVE_ROOTS[second], ())
        with pytest.raises(IntegrityError, match=f"sizes {first} and {second}"):
            prove_consistency(HASHES[:second], first)

    @pytest.mark.parametrize("case", NO_HASHES)
    def test_hashes(self, case: str) -> None:
        """
        A hash is 32 bytes, wherever one is given.
        """
        value, root = NO_HASHES[case], NAIVE_ROOTS[2]
        for call in (
            lambda: verify_inclusion(value, 0, 2, HASHES[1:2], root),
            lambda: verify_inclusion(HASHES[0], 0, 2, [value], root),
            lambda: verify_inclusion(HASHES[0], 0, 2, HASHES[1:2], value),
            lambda: verify_consistency(1, 2, value, root, HASHES[1:2]),
            lambda: verify_consistency(1, 2, HASHES[0], value, HASHES[1:2]),
            lambda: verify_consistency(1, 2, HASHES[0], root, [value]),
            lambda: CompactRange(size=1, peaks=(value,)),
            lambda: CompactRange().extend([value]),
            lambda: root_of([HASHES[0], value]),
        ):
            with pytest.raises(IntegrityError, match="expected a hash of 32 bytes"):
                call()

    @pytest.mark.parametrize("proof", [None, b"", "", {}, iter(())])
    def test_what_is_no_list(self, proof: Any) -> None:
        """
        A proof is a list of hashes.
        """
        with pytest.raises(IntegrityError, match="expected a list of hashes"):
            verify_inclusion(HASHES[0], 0, 1, proof, HASHES[0])
        with pytest.raises(IntegrityError, match="expected a list of hashes"):
            verify_consistency(1, 1, HASHES[0], HASHES[0], proof)

    @pytest.mark.parametrize("peaks", [(), (OTHER, OTHER), [OTHER], None])
    def test_peaks(self, peaks: Any) -> None:
        """
        A tree of four leaves has one peak.
        """
        with pytest.raises(IntegrityError, match="expected 1 hashes"):
            CompactRange(size=4, peaks=peaks)
