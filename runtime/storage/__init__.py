"""Shells that keep things: in a database, or in files."""

from runtime.storage.decisions import FileDecisions
from runtime.storage.sqlite_ledger import SqliteEffectLedger
from runtime.storage.sqlite_log import SqliteLogStore

__all__ = ["FileDecisions", "SqliteEffectLedger", "SqliteLogStore"]
