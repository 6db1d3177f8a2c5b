"""Every port: what a driver needs from the world outside, as Protocols. Implementations are shells or test doubles."""

from collections.abc import Iterable, Iterator, Mapping
from typing import Any, Protocol

from runtime.values.answers import EffectOutcome
from runtime.values.decisions import HumanDecision, Opening
from runtime.values.idempotency import Claim, KeyOutcome
from runtime.values.requests import Request
from runtime.values.seals import Disclosure, SealSession

__all__ = [
    "Connector",
    "Decisions",
    "EffectLedger",
    "IdempotencyStore",
    "KillSwitch",
    "LogStore",
    "Openings",
    "ReconcilingConnector",
]


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


class ReconcilingConnector(Connector, Protocol):
    """
    A connector that can look whether an effect it began was done.
    """

    def reconcile(self, request: Request) -> EffectOutcome:
        """
        Say how an effect ended that was begun, perhaps, and of which no outcome is known; never do it.

        `failed` means: it was not done and will not be. Whoever cannot tell returns `unknown`.
        """


class Decisions(Protocol):
    """
    What it takes to check decisions: keys, a clock, a source of nonces, and a memory of openings and used nonces.
    """

    def now(self, after_ms: int = 0) -> str:
        """
        Give the time, or the time so many milliseconds from now: RFC 3339, UTC, with milliseconds and `Z`.
        """

    def new_nonce(self) -> str:
        """
        Give 32 to 64 random lower-case hex digits that were never given before.
        """

    def verify(self, request: Request, decision: HumanDecision) -> None:
        """
        Check that a decision is signed, on this request, by a key of its actor that is not revoked.

        Raises:
            InvalidSignatureError: it is not.
        """

    def save_opening(self, opening: Opening) -> None:
        """
        Remember under what a request is open now, in place of an earlier opening of it; returns when it is durable.
        """

    def load_opening(self, request_digest: str) -> Opening | None:
        """
        Give what a request is open under, or None.
        """

    def use_nonce(self, nonce: str, answer_digest: str) -> bool:
        """
        Use a nonce up for an answer; False when it was used before. Of several callers at once one gets True.
        """

    def find_use(self, nonce: str) -> str | None:
        """
        Give the digest of the answer a nonce was used up for, or None.
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

    def record_intent(self, request: Request) -> bool:
        """
        Record that an effect is about to be attempted; returns when the record is durable.

        False when that was recorded before. Of several callers at once one gets True.
        """

    def has_intent(self, request_digest: str) -> bool:
        """
        Tell whether an intent was recorded.
        """

    def record_outcome(self, request_digest: str, outcome: EffectOutcome) -> None:
        """
        Record how the effect ended; returns when the record is durable. An outcome that was unknown may become known.
        """

    def find_outcome(self, request_digest: str) -> EffectOutcome | None:
        """
        Give the recorded outcome, or None.
        """


class IdempotencyStore(Protocol):
    """
    Remembers what is being done under a key, and what came of it. The first one that claims a key has it.
    """

    def claim(self, key: str, payload_digest: str) -> Claim:
        """
        Claim a key for a payload; returns when the intent is as durable as the store can make it.

        Of several callers at once one gets `claimed`. What was claimed by a process that is gone is `unknown`.
        """

    def settle(self, key: str, outcome: KeyOutcome) -> None:
        """
        Record how it ended; `UNKNOWN` keeps the key closed until it is reconciled.
        """

    def release(self, key: str) -> None:
        """
        Give a key back under which nothing was done.
        """

    def reconcile(self, key: str, outcome: KeyOutcome) -> bool:
        """
        Record what somebody found out about a key without an outcome; False where there is none to reconcile.
        """


class KillSwitch(Protocol):
    """
    Tells whether everything must stop.
    """

    def is_active(self) -> bool:
        """
        Tell whether it is on; an exception counts as on.
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


class Openings(Protocol):
    """
    Keeps what opens the seals of runs, apart from everything else. A run is named by the digest of its header.
    """

    def new_key(self) -> bytes:
        """
        Draw the seal key of a new run: 32 bytes from a random source.
        """

    def begin(self, run_digest: str, session: SealSession) -> None:
        """
        Keep what a run needs to go on sealing, in place of what was kept before; returns when it is durable.
        """

    def load_session(self, run_digest: str) -> SealSession | None:
        """
        Give what `begin` kept, or None: the run never began here, or has ended.
        """

    def save(self, run_digest: str, disclosures: Iterable[Disclosure]) -> None:
        """
        Keep what opens some seals of a run; returns when it is durable.
        """

    def find(self, run_digest: str, seal: str) -> Disclosure | None:
        """
        Give what opens a seal of a run, or None: it was erased, or the run holds no such seal.
        """

    def end(self, run_digest: str) -> None:
        """
        Destroy what `begin` kept: the run has ended, and seals no more.
        """
