"""Doubles that are shipped, for tests: a connector that plays a script, and a ledger and a log in memory."""

from runtime.testing.effects import MemoryLedger, ScriptedConnector
from runtime.testing.logs import MemoryLogStore

__all__ = ["MemoryLedger", "MemoryLogStore", "ScriptedConnector"]
