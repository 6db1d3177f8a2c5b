"""Shells that keep things in a database."""

from runtime.storage.sqlite_log import SqliteLogStore

__all__ = ["SqliteLogStore"]
