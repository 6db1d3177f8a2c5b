"""Every port: what a driver needs from the world outside, as Protocols. Implementations are shells or test doubles."""

from collections.abc import Mapping
from typing import Any, Protocol

from runtime.values.answers import EffectOutcome
from runtime.values.requests import Request

__all__ = ["Connector", "EffectLedger"]


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
