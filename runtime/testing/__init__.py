"""Doubles that are shipped, for tests: scripts for connectors, decisions and executors; a ledger, a log, openings, a clock."""

from runtime.testing.decisions import ScriptedDecisions
from runtime.testing.effects import MemoryLedger, ScriptedConnector
from runtime.testing.execution import AsyncScriptedExecutor, ManualClock, ScriptedExecutor
from runtime.testing.logs import MemoryLogStore
from runtime.testing.openings import MemoryOpenings
from runtime.testing.runs import MemoryRunStore

__all__ = [
    "AsyncScriptedExecutor",
    "ManualClock",
    "MemoryLedger",
    "MemoryLogStore",
    "MemoryOpenings",
    "MemoryRunStore",
    "ScriptedConnector",
    "ScriptedDecisions",
    "ScriptedExecutor",
]
