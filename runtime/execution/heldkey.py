"""INV-EXE-5: the key of an action, from its claim to its outcome. A store that fails stops the execution."""

from collections.abc import Callable
from typing import Any, final

import attrs

from runtime.decision_schema.types import Action
from runtime.errors import ExecutionHaltedError
from runtime.execution.model import AttemptStatus, ExecutionAttempt, ExecutionCode, halted
from runtime.execution.redaction import message_text
from runtime.execution.shared import ActionLog, Execution
from runtime.ports import IdempotencyStore
from runtime.values.idempotency import Claim, ClaimStatus, KeyOutcome, OutcomeKind

__all__ = ["HeldKey"]


@final
@attrs.define(kw_only=True)
class HeldKey:
    """
    The key of an action, from its claim to its outcome.
    """

    execution: Execution
    key: str | None = None
    """Set once it is claimed."""

    def claim(self, action: Action, log: ActionLog) -> bool:
        """
        Claim it where one is needed, or note what came of it before.

        Raises:
            ExecutionHaltedError: the store failed.
        """
        wanted = self.execution.keys[log.sequence]
        if wanted is None:
            return True
        key = wanted.key
        claim = self._ask(lambda store: store.claim(key, wanted.payload_digest))
        if type(claim) is not Claim or (claim.status is ClaimStatus.ENDED and type(claim.outcome) is not KeyOutcome):
            raise halted(ExecutionCode.STORE_FAILED, "the store gave no claim")
        match claim.status:
            case ClaimStatus.CLAIMED:
                self.key = key
                return True
            case ClaimStatus.IN_FLIGHT:
                return log.deny(0, ExecutionCode.IN_FLIGHT, "another execution holds the key now")
            case ClaimStatus.CONFLICT:
                log.fails_closed = True
                return log.deny(0, ExecutionCode.IDEMPOTENCY_CONFLICT, "the key stands for another action or params")
        outcome = claim.outcome or KeyOutcome(kind=OutcomeKind.UNKNOWN)
        _replay(log, action, outcome, key)
        return False

    def settle(self, log: ActionLog) -> None:
        """
        Record how the attempts ended.

        Raises:
            ExecutionHaltedError: the store failed.
        """
        if self.key is None:
            return
        key = self.key
        tried = [attempt for attempt in log.attempts if attempt.status is not AttemptStatus.DENIED]
        last = tried[-1] if tried else None
        # A refusal beside a known failure says that something else ended the attempts.
        if last is None or (last.error_code is ExecutionCode.EXECUTOR_FAILED and log.refusals):
            self._ask(lambda store: store.release(key))
            return
        # An executor that raised may have done it all the same, so its key stays closed until somebody looks.
        is_known = last.status is not AttemptStatus.UNKNOWN and last.error_code in (None, ExecutionCode.EXECUTOR_FAILED)
        kind = OutcomeKind(last.status.value) if is_known else OutcomeKind.UNKNOWN
        code = None if last.error_code is None else last.error_code.value
        outcome = KeyOutcome(kind=kind, attempt_number=last.attempt_number, code=code)
        self._ask(lambda store: store.settle(key, outcome))

    def abandon(self) -> None:
        """
        Leave the key unknown; a store that fails too says so itself when the process is gone.
        """
        if self.key is not None:
            key = self.key
            try:
                self._ask(lambda store: store.settle(key, KeyOutcome(kind=OutcomeKind.UNKNOWN)))
            except ExecutionHaltedError:
                return

    def _ask(self, question: Callable[[IdempotencyStore], Any]) -> Any:  # noqa: ANN401 - judged by who asks.
        store = self.execution.store
        if store is None:
            raise halted(ExecutionCode.STORE_FAILED, "idempotency is enabled and there is no store")
        try:
            return question(store)
        except Exception as error:  # foreign code; what it kept is not known.
            raise halted(ExecutionCode.STORE_FAILED, f"the store raised {type(error).__name__}") from error


def _replay(log: ActionLog, action: Action, outcome: KeyOutcome, key: str) -> None:
    """
    Note the recorded outcome as the one attempt of this action.
    """
    status = AttemptStatus(outcome.kind.value)
    code = None
    if status is AttemptStatus.UNKNOWN:
        code = ExecutionCode.OUTCOME_UNKNOWN
        log.fails_closed = True
    elif status is AttemptStatus.FAILED:
        code = ExecutionCode.EXECUTOR_FAILED
    log.attempts.append(
        ExecutionAttempt(action, status, outcome.attempt_number, 0, None, code, None, message_text(key), is_replay=True)
    )
