"""Doubles that are shipped, for testing missions: a connector that plays a script, and a ledger in memory."""

from runtime.testing.effects import MemoryLedger, ScriptedConnector

__all__ = ["MemoryLedger", "ScriptedConnector"]
