"""Shells that keep things: in a database, in files, or in memory."""

from runtime.storage.decisions import FileDecisions
from runtime.storage.idempotency import MemoryIdempotencyStore, SqliteIdempotencyStore
from runtime.storage.kill_switches import FileKillSwitch, SqliteKillSwitch
from runtime.storage.sqlite_ledger import SqliteEffectLedger
from runtime.storage.sqlite_log import SqliteLogStore
from runtime.storage.vault import VAULT_KEY_VARIABLE, FileVault

__all__ = [
    "VAULT_KEY_VARIABLE",
    "FileDecisions",
    "FileKillSwitch",
    "FileVault",
    "MemoryIdempotencyStore",
    "SqliteEffectLedger",
    "SqliteIdempotencyStore",
    "SqliteKillSwitch",
    "SqliteLogStore",
]
