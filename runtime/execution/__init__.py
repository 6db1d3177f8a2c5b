"""Executes decided actions within bounds and reports every attempt. It stands beside the engine and knows nothing of it.

Read `attempts.py` first, the heart; then `beginning.py` (what is looked at before) and `orchestrator.py` (who drives it).
"""

from runtime.execution.governed import TRANSIENT_CODES, GovernedConnector
from runtime.execution.model import AttemptStatus, ExecutionAttempt, ExecutionCode, ExecutionReport, Refusal
from runtime.execution.orchestrator import aexecute, execute
from runtime.execution.policies import (
    BreakerPolicy,
    ExecutionPolicy,
    IdempotencyPolicy,
    RateLimitPolicy,
    RetryPolicy,
    TimeoutPolicy,
)
from runtime.execution.state import ExecutionState
from runtime.execution.trace import add_execution_trace

__all__ = [
    "TRANSIENT_CODES",
    "AttemptStatus",
    "BreakerPolicy",
    "ExecutionAttempt",
    "ExecutionCode",
    "ExecutionPolicy",
    "ExecutionReport",
    "ExecutionState",
    "GovernedConnector",
    "IdempotencyPolicy",
    "RateLimitPolicy",
    "Refusal",
    "RetryPolicy",
    "TimeoutPolicy",
    "add_execution_trace",
    "aexecute",
    "execute",
]
