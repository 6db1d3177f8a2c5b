"""What an execution leaves: attempts, refusals and one report, all plain values that cannot change."""

from enum import StrEnum
from typing import Any, Final, final

import attrs

from runtime.decision_schema.types import Action
from runtime.encoding.canonical import canonical_record
from runtime.errors import ExecutionHaltedError

__all__ = ["AttemptStatus", "ExecutionAttempt", "ExecutionCode", "ExecutionReport", "Refusal", "halted"]


@final
class AttemptStatus(StrEnum):
    """
    How an attempt ended. `UNKNOWN`: nobody here can know whether it was done.
    """

    SUCCESS = "SUCCESS"
    FAILED = "FAILED"
    SKIPPED = "SKIPPED"
    DENIED = "DENIED"
    UNKNOWN = "UNKNOWN"


@final
class ExecutionCode(StrEnum):
    """
    Why something was not done, or not known to be: the closed list.
    """

    ATTEMPT_TIMEOUT = "attempt_timeout"
    BREAKER_OPEN = "breaker_open"
    CLOCK_FAILED = "clock_failed"
    CONTEXT_INCOMPLETE = "context_incomplete"
    DEADLINE_EXCEEDED = "deadline_exceeded"
    DRY_RUN = "dry_run"
    EXECUTION_HALTED = "execution_halted"
    EXECUTOR_CONTRACT_VIOLATION = "executor_contract_violation"
    EXECUTOR_FAILED = "executor_failed"
    EXECUTOR_LOST = "executor_lost"
    EXECUTOR_RAISED = "executor_raised"
    HOLD = "hold"
    IDEMPOTENCY_CONFLICT = "idempotency_conflict"
    IDEMPOTENCY_KEY_FAILED = "idempotency_key_failed"
    INVALID_CONTEXT = "invalid_context"
    INVALID_DECISION = "invalid_decision"
    INVALID_EXECUTOR = "invalid_executor"
    INVALID_POLICY = "invalid_policy"
    IN_FLIGHT = "in_flight"
    KILL_SWITCH = "kill_switch"
    KILL_SWITCH_UNREADABLE = "kill_switch_unreadable"
    NOT_ALLOWED = "not_allowed"
    OUTCOME_UNKNOWN = "outcome_unknown"
    RATE_LIMITED = "rate_limited"
    STORE_FAILED = "store_failed"
    TOO_MANY_ORPHANS = "too_many_orphans"


@final
@attrs.frozen
class ExecutionAttempt:
    """
    One numbered try of one action; the first has the number 0.

    `error_type` is the name of an exception's class. `is_replay` tells that the outcome was recorded earlier under this
    key, and nothing was called now.
    """

    action: Action
    status: AttemptStatus
    attempt_number: int
    latency_ms: int
    error_type: str | None = None
    error_code: ExecutionCode | None = None
    error_message: str | None = None
    idempotency_key: str | None = None
    is_replay: bool = False


@final
@attrs.frozen
class Refusal:
    """
    Why an action, or the whole decision, went no further. `sequence` counts the actions from 0; None is all of them.
    """

    code: ExecutionCode
    message: str | None = None
    sequence: int | None = None


@final
@attrs.frozen
class ExecutionReport:
    """
    What came of a decision. Attempts stand in the order of the actions, however many ran at once.

    `success_count` and `failed_count` count attempts. `skipped_count` and `denied_count` count also actions that were
    refused before an attempt. Where an outcome is unknown, `fail_closed` is True and there are more attempts than the
    counts add up to.
    """

    attempts: tuple[ExecutionAttempt, ...]
    total_latency_ms: int
    success_count: int
    failed_count: int
    skipped_count: int
    denied_count: int
    fail_closed: bool
    refusals: tuple[Refusal, ...] = ()

    @property
    def error_code(self) -> ExecutionCode | None:
        """
        The first reason why not everything succeeded, or None.
        """
        reason = self._reason()
        return reason[0] if reason else None

    @property
    def error_message(self) -> str | None:
        """
        What the first reason says about itself.
        """
        reason = self._reason()
        return reason[1] if reason else None

    def _reason(self) -> tuple[ExecutionCode, str | None] | None:
        # That the rest was halted follows from another reason.
        refused = [
            (refusal.code, refusal.message)
            for refusal in self.refusals
            if refusal.code is not ExecutionCode.EXECUTION_HALTED
        ]
        tried = [(attempt.error_code, attempt.error_message) for attempt in self.attempts if attempt.error_code]
        return next(iter([*refused, *tried]), None)

    def to_external_dict(self) -> dict[str, int | bool]:
        """
        Give exactly the seven registered trace keys; everything else is in `to_dict`.
        """
        return {
            "exec.total_latency_ms": self.total_latency_ms,
            "exec.success_count": self.success_count,
            "exec.failed_count": self.failed_count,
            "exec.skipped_count": self.skipped_count,
            "exec.denied_count": self.denied_count,
            "exec.fail_closed": self.fail_closed,
            "exec.attempt_count": len(self.attempts),
        }

    def to_dict(self) -> dict[str, Any]:
        """
        Give every field as plain JSON, with the schema `execution-report/v1`.
        """
        document = attrs.asdict(self, value_serializer=_plain)
        return {
            "schema": _SCHEMA,
            **document,
            "attempts": list(document["attempts"]),
            "refusals": list(document["refusals"]),
        }

    @property
    def raw(self) -> bytes:
        """
        The canonical bytes of `to_dict`.
        """
        return canonical_record(self.to_dict())


_SCHEMA: Final = "execution-report/v1"


def _plain(_: object, __: object, value: Any) -> Any:  # noqa: ANN401 - JSON.
    return value.value if isinstance(value, Action | StrEnum) else value


def halted(code: ExecutionCode, what: str) -> ExecutionHaltedError:
    """
    Give what stops an execution, with the code that its report will hold.
    """
    error = ExecutionHaltedError(what)
    error.halt_code = code.value
    return error
