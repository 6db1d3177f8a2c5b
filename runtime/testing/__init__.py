"""Doubles that are shipped, for tests: a connector and a port for decisions that play a script; a ledger, a log, openings."""

from runtime.testing.decisions import ScriptedDecisions
from runtime.testing.effects import MemoryLedger, ScriptedConnector
from runtime.testing.logs import MemoryLogStore
from runtime.testing.openings import MemoryOpenings

__all__ = ["MemoryLedger", "MemoryLogStore", "MemoryOpenings", "ScriptedConnector", "ScriptedDecisions"]
