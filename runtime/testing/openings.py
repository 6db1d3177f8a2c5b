"""Openings in memory. For tests: what a run needs to seal and to open, in plain sight."""

from collections.abc import Iterable
from typing import final

import attrs

from runtime.values.seals import Disclosure, SealSession

__all__ = ["MemoryOpenings"]


@final
@attrs.define
class MemoryOpenings:
    """
    Keeps sessions and disclosures in memory; every run gets the same seal key.
    """

    key: bytes = attrs.field(default=bytes(range(32)), repr=False)
    sessions: dict[str, SealSession] = attrs.field(factory=dict)
    disclosures: dict[tuple[str, str], Disclosure] = attrs.field(factory=dict)

    def new_key(self) -> bytes:
        """
        Give the one key.
        """
        return self.key

    def begin(self, run_digest: str, session: SealSession) -> None:
        """
        Remember a session.
        """
        self.sessions[run_digest] = session

    def load_session(self, run_digest: str) -> SealSession | None:
        """
        Recall a session.
        """
        return self.sessions.get(run_digest)

    def save(self, run_digest: str, disclosures: Iterable[Disclosure]) -> None:
        """
        Remember disclosures.
        """
        self.disclosures |= {(run_digest, disclosure.seal): disclosure for disclosure in disclosures}

    def find(self, run_digest: str, seal: str) -> Disclosure | None:
        """
        Recall a disclosure.
        """
        return self.disclosures.get((run_digest, seal))

    def end(self, run_digest: str) -> None:
        """
        Forget a session.
        """
        self.sessions.pop(run_digest, None)
