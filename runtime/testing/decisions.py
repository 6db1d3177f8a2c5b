"""A port for decisions whose clock, keys and nonces a test sets. For tests: everything is forgotten with the process."""

from collections import Counter
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime, timedelta
from typing import final

import attrs

from runtime.values.decisions import HumanDecision, Opening
from runtime.values.keys import PublicKey
from runtime.values.requests import Request
from runtime.values.signatures import verify_decision

__all__ = ["ScriptedDecisions"]


@final
@attrs.define
class ScriptedDecisions:
    """
    Knows keys by actor and the ids of revoked ones; the time stands still until a test sets it.

    Nonces are counted, not random. `calls` counts what was asked of it, by method.
    """

    keys: Mapping[str, Iterable[PublicKey]] = attrs.field(factory=dict)
    revoked: set[str] = attrs.field(factory=set)
    time: datetime = datetime(2026, 5, 14, 20, 54, tzinfo=UTC)
    openings: dict[str, Opening] = attrs.field(factory=dict)
    uses: dict[str, str] = attrs.field(factory=dict)
    calls: Counter[str] = attrs.field(factory=Counter)

    def advance(self, by_ms: int) -> None:
        """
        Let time pass.
        """
        self.time += timedelta(milliseconds=by_ms)

    def now(self, after_ms: int = 0) -> str:
        """
        Give the time as it was set, or later.
        """
        at = self.time + timedelta(milliseconds=after_ms)
        return f"{at:%Y-%m-%dT%H:%M:%S}.{at.microsecond // 1000:03d}Z"

    def new_nonce(self) -> str:
        """
        Give the next nonce.
        """
        self.calls["new_nonce"] += 1
        return f"{self.calls['new_nonce']:032x}"

    def verify(self, request: Request, decision: HumanDecision) -> None:
        """
        Check a signature against the keys.

        Raises:
            InvalidSignatureError: it does not hold.
        """
        self.calls["verify"] += 1
        keys = self.keys.get(decision.actor or "", ())
        verify_decision(decision, request_digest=request.digest, keys=keys, revoked=self.revoked)

    def save_opening(self, opening: Opening) -> None:
        """
        Remember an opening.
        """
        self.openings[opening.request_digest] = opening

    def load_opening(self, request_digest: str) -> Opening | None:
        """
        Recall an opening.
        """
        return self.openings.get(request_digest)

    def use_nonce(self, nonce: str, answer_digest: str) -> bool:
        """
        Use a nonce up.
        """
        is_new = nonce not in self.uses
        self.uses.setdefault(nonce, answer_digest)
        return is_new

    def find_use(self, nonce: str) -> str | None:
        """
        Recall what a nonce was used up for.
        """
        return self.uses.get(nonce)
