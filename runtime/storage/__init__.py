"""Shells that keep things: in a database, or in files."""

from runtime.storage.decisions import FileDecisions
from runtime.storage.sqlite_ledger import SqliteEffectLedger
from runtime.storage.sqlite_log import SqliteLogStore
from runtime.storage.vault import VAULT_KEY_VARIABLE, FileVault

__all__ = ["VAULT_KEY_VARIABLE", "FileDecisions", "FileVault", "SqliteEffectLedger", "SqliteLogStore"]
