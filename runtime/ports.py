"""Every port: what a driver needs from the world outside, as Protocols. Implementations are shells or test doubles."""

from collections.abc import Iterator, Mapping
from typing import Any, Protocol

from runtime.values.answers import EffectOutcome
from runtime.values.requests import Request

__all__ = ["Connector", "EffectLedger", "LogStore"]


class Connector(Protocol):
    """
    Performs effects of one kind.
    """

    def describe(self) -> Mapping[str, Any]:
        """
        Say what it can do: `{"actions": {name: {"mode": "read" | "mutate"}}}`.
        """

    def call(self, request: Request) -> EffectOutcome:
        """
        Perform one effect and say how it ended.

        `failed` means known not done. Whoever cannot tell returns `unknown`; an exception is taken as `unknown` too
        when the effect mutates.
        """


class EffectLedger(Protocol):
    """
    Remembers what was asked for and what came of it, by request digest.
    """

    @property
    def is_durable(self) -> bool:
        """
        Tell whether a record survives the process and the machine's power.
        """

    def record_intent(self, request: Request) -> None:
        """
        Record that an effect is about to be attempted; returns when the record is durable.
        """

    def has_intent(self, request_digest: str) -> bool:
        """
        Tell whether an intent was recorded.
        """

    def record_outcome(self, request_digest: str, outcome: EffectOutcome) -> None:
        """
        Record how the effect ended.
        """

    def find_outcome(self, request_digest: str) -> EffectOutcome | None:
        """
        Give the recorded outcome, or None.
        """


class LogStore(Protocol):
    """
    Keeps the leaves of a log in the order they came. There is no way to change or remove one.
    """

    @property
    def size(self) -> int:
        """
        The number of leaves.
        """

    def append(self, leaf: bytes) -> int:
        """
        Add a leaf behind the last one; returns its index when it is durable.

        Of several callers at once each gets an index of its own. A leaf that is there keeps the index it has.
        """

    def find(self, leaf: bytes) -> int | None:
        """
        Give the index of a leaf, or None.
        """

    def leaf(self, index: int) -> bytes:
        """
        Give one leaf.

        Raises:
            StorageError: there is none.
        """

    def leaves(self, start: int, stop: int) -> Iterator[bytes]:
        """
        Give the leaves from index `start` up to `stop`, which is not included.

        Raises:
            StorageError: one of them is missing.
        """

    def load_peaks(self) -> tuple[int, tuple[bytes, ...]]:
        """
        Give the size and the hashes saved last; at first they are 0 and none.
        """

    def save_peaks(self, size: int, peaks: tuple[bytes, ...]) -> None:
        """
        Keep the roots of the perfect subtrees at a size, so that nobody need hash the leaves before it again.

        What was saved at a larger size stays: several callers may save, in any order.
        """
