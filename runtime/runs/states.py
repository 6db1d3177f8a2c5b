"""The life of a run: one table of states and events, and the words others have for the states.

Nothing else decides whether an event is allowed. A run that is driven by a client knows one event more, `report_failed`;
who offers it looks whether the run is one. Source: contracts/operations.md 1.
"""

from collections.abc import Mapping
from enum import StrEnum
from typing import Final

from runtime.errors import TransitionError, shown

__all__ = [
    "ESCALATED_STATES",
    "TERMINAL_STATES",
    "TRANSITIONS",
    "HttpStatus",
    "OperatorState",
    "RunEvent",
    "RunState",
    "advance",
    "http_status_of",
    "operator_state_of",
]


class RunState(StrEnum):
    """
    Where a run stands.
    """

    CREATED = "created"
    PLANNED = "planned"
    BLOCKED = "blocked"
    WAITING_APPROVAL = "waiting_approval"
    APPROVED = "approved"
    QUEUED = "queued"
    RUNNING = "running"
    PAUSED = "paused"
    WAITING_GATE = "waiting_gate"
    VALIDATING = "validating"
    INDETERMINATE = "indeterminate"
    COMPLETED = "completed"
    FAILED = "failed"
    CANCELLED = "cancelled"


class RunEvent(StrEnum):
    """
    What happens to a run.
    """

    PLAN = "plan"
    ADMIT = "admit"
    """The plan is admitted: nobody need approve it."""
    FLAG = "flag"
    """The plan is to be approved by a person."""
    BLOCK = "block"
    """The plan is denied, which nobody can approve."""
    APPROVE = "approve"
    REJECT = "reject"
    EXPIRE = "expire"
    """Nobody decided in time."""
    START = "start"
    ENQUEUE = "enqueue"
    DISPATCH = "dispatch"
    ASK = "ask"
    """A step waits for a person."""
    DECIDE = "decide"
    """A person let it go on."""
    PAUSE = "pause"
    RESUME = "resume"
    FAIL = "fail"
    """A step failed or was denied, or the validation did not pass."""
    FINISH = "finish"
    """The last step is done."""
    LOSE = "lose"
    """The outcome of an effect cannot be known."""
    PASS = "pass"  # noqa: S105 - no password.
    """The validation passed."""
    SETTLE_DONE = "settle_done"
    """The lost effect was done."""
    SETTLE_NOT_DONE = "settle_not_done"
    """The lost effect was not done."""
    REPORT_FAILED = "report_failed"
    """The client that drives the run says that it failed."""
    CANCEL = "cancel"


_S, _E = RunState, RunEvent

TRANSITIONS: Final[Mapping[RunState, Mapping[RunEvent, RunState]]] = {
    _S.CREATED: {_E.PLAN: _S.PLANNED, _E.REPORT_FAILED: _S.FAILED, _E.CANCEL: _S.CANCELLED},
    _S.PLANNED: {
        _E.ADMIT: _S.APPROVED,
        _E.FLAG: _S.WAITING_APPROVAL,
        _E.BLOCK: _S.BLOCKED,
        _E.REPORT_FAILED: _S.FAILED,
        _E.CANCEL: _S.CANCELLED,
    },
    _S.WAITING_APPROVAL: {
        _E.APPROVE: _S.APPROVED,
        _E.REJECT: _S.CANCELLED,
        _E.EXPIRE: _S.CANCELLED,
        _E.REPORT_FAILED: _S.FAILED,
        _E.CANCEL: _S.CANCELLED,
    },
    _S.APPROVED: {
        _E.START: _S.RUNNING,
        _E.ENQUEUE: _S.QUEUED,
        _E.REPORT_FAILED: _S.FAILED,
        _E.CANCEL: _S.CANCELLED,
    },
    _S.QUEUED: {_E.DISPATCH: _S.RUNNING, _E.REPORT_FAILED: _S.FAILED, _E.CANCEL: _S.CANCELLED},
    _S.RUNNING: {
        _E.ASK: _S.WAITING_GATE,
        _E.PAUSE: _S.PAUSED,
        _E.FAIL: _S.FAILED,
        _E.FINISH: _S.VALIDATING,
        _E.LOSE: _S.INDETERMINATE,
        _E.REPORT_FAILED: _S.FAILED,
        _E.CANCEL: _S.CANCELLED,
    },
    _S.WAITING_GATE: {
        _E.DECIDE: _S.RUNNING,
        _E.REJECT: _S.FAILED,
        _E.EXPIRE: _S.FAILED,
        _E.REPORT_FAILED: _S.FAILED,
        _E.CANCEL: _S.CANCELLED,
    },
    _S.PAUSED: {_E.RESUME: _S.RUNNING, _E.REPORT_FAILED: _S.FAILED, _E.CANCEL: _S.CANCELLED},
    _S.VALIDATING: {_E.PASS: _S.COMPLETED, _E.FAIL: _S.FAILED, _E.CANCEL: _S.CANCELLED},
    _S.INDETERMINATE: {
        _E.SETTLE_DONE: _S.RUNNING,
        _E.SETTLE_NOT_DONE: _S.FAILED,
        _E.CANCEL: _S.CANCELLED,
    },
    _S.BLOCKED: {},
    _S.COMPLETED: {},
    _S.FAILED: {},
    _S.CANCELLED: {},
}
"""The whole life cycle."""

TERMINAL_STATES: Final = frozenset(state for state, events in TRANSITIONS.items() if not events)
"""The states that nothing leaves."""


def advance(state: RunState, event: RunEvent) -> RunState:
    """
    Give the state after an event.

    Raises:
        TransitionError: the event is not allowed in this state.
    """
    after = TRANSITIONS[state].get(event)
    if after is None:
        allowed = sorted(event.value for event in TRANSITIONS[state])
        raise TransitionError(
            f"{shown(str(event))} on a run that is {state}",
            remedy=f"a run that is {state} allows {allowed}" if allowed else f"a run that is {state} has ended",
        )
    return after


class HttpStatus(StrEnum):
    """
    What a client of the HTTP surface calls a state.
    """

    PENDING = "pending"
    RUNNING = "running"
    PAUSED = "paused"
    COMPLETED = "completed"
    FAILED = "failed"
    CANCELLED = "cancelled"


class OperatorState(StrEnum):
    """
    What an operator calls a state.
    """

    PLANNED = "planned"
    BLOCKED = "blocked"
    WAITING_FOR_APPROVAL = "waiting_for_approval"
    APPROVED = "approved"
    RUNNING = "running"
    PAUSED = "paused"
    VALIDATING = "validating"
    COMPLETED = "completed"
    FAILED = "failed"
    CANCELLED = "cancelled"
    ESCALATED = "escalated"


ESCALATED_STATES: Final = frozenset({_S.FAILED, _S.BLOCKED, _S.INDETERMINATE})
"""The states in which a run can be escalated."""

_IMAGES: Final[Mapping[RunState, tuple[HttpStatus, OperatorState]]] = {
    _S.CREATED: (HttpStatus.PENDING, OperatorState.PLANNED),
    _S.PLANNED: (HttpStatus.PENDING, OperatorState.PLANNED),
    _S.WAITING_APPROVAL: (HttpStatus.PENDING, OperatorState.WAITING_FOR_APPROVAL),
    _S.APPROVED: (HttpStatus.PENDING, OperatorState.APPROVED),
    _S.QUEUED: (HttpStatus.PENDING, OperatorState.APPROVED),
    _S.RUNNING: (HttpStatus.RUNNING, OperatorState.RUNNING),
    _S.VALIDATING: (HttpStatus.RUNNING, OperatorState.VALIDATING),
    _S.PAUSED: (HttpStatus.PAUSED, OperatorState.PAUSED),
    _S.WAITING_GATE: (HttpStatus.PAUSED, OperatorState.PAUSED),
    _S.INDETERMINATE: (HttpStatus.PAUSED, OperatorState.PAUSED),
    _S.BLOCKED: (HttpStatus.FAILED, OperatorState.BLOCKED),
    _S.FAILED: (HttpStatus.FAILED, OperatorState.FAILED),
    _S.COMPLETED: (HttpStatus.COMPLETED, OperatorState.COMPLETED),
    _S.CANCELLED: (HttpStatus.CANCELLED, OperatorState.CANCELLED),
}


def http_status_of(state: RunState) -> HttpStatus:
    """
    Give the one status a client sees.
    """
    return _IMAGES[state][0]


def operator_state_of(state: RunState, *, is_escalated: bool) -> OperatorState:
    """
    Give the one word an operator reads; an escalation shows where there can be one.
    """
    if is_escalated and state in ESCALATED_STATES:
        return OperatorState.ESCALATED
    return _IMAGES[state][1]
