"""A scripted connector and a ledger in memory. For tests: the ledger only pretends to be durable."""

from collections.abc import Iterable, Mapping
from typing import Any, final

import attrs

from runtime.errors import ExecutionError, TransitionError, shown
from runtime.values.answers import EffectOutcome, OutcomeStatus
from runtime.values.requests import EffectAsk, EffectMode, Request

__all__ = ["MemoryLedger", "ScriptedConnector"]


@final
class ScriptedConnector:
    """
    Answers each action from a list of outcomes, in order; an exception in the list is raised instead.

    `calls` holds every request it got.
    """

    def __init__(
        self, script: Mapping[str, Iterable[EffectOutcome | Exception]], *, mutating: Iterable[str] = ()
    ) -> None:
        """
        Take the outcomes by action, and the names of the actions that mutate.
        """
        self._script = {action: list(outcomes) for action, outcomes in script.items()}
        self._mutating = frozenset(mutating)
        self.calls: list[Request] = []

    def describe(self) -> Mapping[str, Any]:
        """
        List the scripted actions.
        """
        modes = {name: EffectMode.MUTATE if name in self._mutating else EffectMode.READ for name in self._script}
        return {"actions": {name: {"mode": mode.value} for name, mode in modes.items()}}

    def call(self, request: Request) -> EffectOutcome:
        """
        Give the next outcome of the action.

        Raises:
            ExecutionError: the request is not for an effect, or the script has no outcome left.
        """
        self.calls.append(request)
        action = request.ask.action if isinstance(request.ask, EffectAsk) else None
        outcomes = self._script.get(action or "", [])
        if not outcomes:
            raise ExecutionError(f"no scripted outcome left for {shown(action)}", remedy="add one to the script")
        outcome = outcomes.pop(0)
        if isinstance(outcome, Exception):
            raise outcome
        return outcome


@final
@attrs.define
class MemoryLedger:
    """
    Keeps intents and outcomes in memory, and says it is durable unless told otherwise.
    """

    is_durable: bool = True
    intents: dict[str, Request] = attrs.field(factory=dict)
    outcomes: dict[str, EffectOutcome] = attrs.field(factory=dict)

    def record_intent(self, request: Request) -> bool:
        """
        Remember that an effect is about to be attempted; False when it was remembered before.
        """
        is_first = request.digest not in self.intents
        self.intents[request.digest] = request
        return is_first

    def has_intent(self, request_digest: str) -> bool:
        """
        Tell whether it was about to be attempted.
        """
        return request_digest in self.intents

    def record_outcome(self, request_digest: str, outcome: EffectOutcome) -> None:
        """
        Remember how it ended; one that was unknown may become known.

        Raises:
            TransitionError: the effect was not begun, or is known to have ended otherwise.
        """
        if request_digest not in self.intents:
            raise TransitionError(
                f"an outcome of {shown(request_digest)}, which was not begun", remedy="record the intent first"
            )
        known = self.outcomes.get(request_digest, outcome)
        if known != outcome and known.status is not OutcomeStatus.UNKNOWN:
            raise TransitionError(
                f"effect {shown(request_digest)} has ended: {known.status.value}",
                remedy="what is known of an effect does not change; leave it as it is",
            )
        self.outcomes[request_digest] = outcome

    def find_outcome(self, request_digest: str) -> EffectOutcome | None:
        """
        Recall how it ended.
        """
        return self.outcomes.get(request_digest)
