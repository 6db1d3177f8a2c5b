"""A store of a log in memory. For tests: what is in it is gone with the process."""

from collections.abc import Iterator
from typing import final

import attrs

from runtime.errors import StorageError

__all__ = ["MemoryLogStore"]


@final
@attrs.define
class MemoryLogStore:
    """
    Keeps leaves in a list; a test may change it, as somebody who can write the database would.
    """

    kept: list[bytes] = attrs.field(factory=list)
    peaks: tuple[int, tuple[bytes, ...]] = (0, ())

    @property
    def size(self) -> int:
        """
        The number of leaves.
        """
        return len(self.kept)

    def append(self, leaf: bytes) -> int:
        """
        Add a leaf, unless it is there.
        """
        if leaf not in self.kept:
            self.kept.append(leaf)
        return self.kept.index(leaf)

    def find(self, leaf: bytes) -> int | None:
        """
        Give the index of a leaf, or None.
        """
        return self.kept.index(leaf) if leaf in self.kept else None

    def leaf(self, index: int) -> bytes:
        """
        Give one leaf.

        Raises:
            StorageError: there is none.
        """
        [leaf] = self.leaves(index, index + 1)
        return leaf

    def leaves(self, start: int, stop: int) -> Iterator[bytes]:
        """
        Give leaves in order.

        Raises:
            StorageError: one of them is missing.
        """
        for index in range(start, stop):
            if not 0 <= index < len(self.kept):
                raise StorageError(f"leaf {index} is missing", where="memory", remedy="give an index below the size")
            yield self.kept[index]

    def load_peaks(self) -> tuple[int, tuple[bytes, ...]]:
        """
        Give what was saved at the largest size.
        """
        return self.peaks

    def save_peaks(self, size: int, peaks: tuple[bytes, ...]) -> None:
        """
        Keep the hashes of a size, unless those of a larger one are kept.
        """
        if size > self.peaks[0]:
            self.peaks = (size, peaks)
