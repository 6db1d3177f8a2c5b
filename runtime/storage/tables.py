"""The tables of durable runs: one schema for SQLite and PostgreSQL.

`migrations/` brings a database of an earlier release to this form; a test holds the two to each other. What a column
holds is told in `runtime/values/stored.py`.
"""

from typing import Final

from sqlalchemy import BigInteger, Column, ForeignKey, Index, Integer, LargeBinary, MetaData, String, Table

from runtime.limits import MAX_IDENTIFIER_LENGTH

__all__ = ["ENTRIES", "GATES", "METADATA", "RUNS", "SCHEMA_VERSION", "VERSION"]

SCHEMA_VERSION: Final = "0001"
"""The migration that leads to these tables."""

METADATA: Final = MetaData()
# SQLite numbers rows by itself only where the type is its own INTEGER.
_POSITION: Final = BigInteger().with_variant(Integer(), "sqlite")
_NAME: Final = String(MAX_IDENTIFIER_LENGTH)
_INSTANT: Final = String(24)

VERSION: Final = Table("alembic_version", METADATA, Column("version_num", String(32), primary_key=True))
"""Which migration was run last; its name and form are Alembic's."""

RUNS: Final = Table(
    "run",
    METADATA,
    Column("position", _POSITION, primary_key=True),
    Column("run_id", _NAME, nullable=False, unique=True),
    Column("revision", Integer, nullable=False),
    Column("state", String(32), nullable=False),
    Column("mode", String(32), nullable=False),
    Column("tenant", _NAME, nullable=False),
    Column("requester", _NAME, nullable=False),
    Column("mission", _NAME),
    Column("environment", _NAME),
    Column("target", _NAME),
    Column("parent_run_id", _NAME),
    Column("created_at", _INSTANT, nullable=False),
    Column("updated_at", _INSTANT, nullable=False),
    Column("document", LargeBinary, nullable=False),
    Index("run_by_state", "state", "position"),
    Index("run_by_target", "environment", "target", "state"),
    Index("run_by_parent", "parent_run_id"),
)

ENTRIES: Final = Table(
    "audit_entry",
    METADATA,
    Column("run", _POSITION, ForeignKey("run.position"), primary_key=True, autoincrement=False),
    Column("sequence", Integer, primary_key=True, autoincrement=False),
    Column("entry", LargeBinary, nullable=False),
    Column("details", LargeBinary),
)

GATES: Final = Table(
    "gate",
    METADATA,
    Column("position", _POSITION, primary_key=True),
    Column("gate_id", _NAME, nullable=False, unique=True),
    Column("run_id", _NAME, ForeignKey("run.run_id"), nullable=False),
    Column("step_id", _NAME, nullable=False),
    Column("status", String(32), nullable=False),
    Column("created_at", _INSTANT, nullable=False),
    Column("expires_at", _INSTANT),
    Column("document", LargeBinary, nullable=False),
    Index("gate_by_run", "run_id"),
    Index("gate_by_status", "status", "position"),
)
