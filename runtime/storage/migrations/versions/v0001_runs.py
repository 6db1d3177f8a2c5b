"""Runs, their audit logs and their gates."""

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None

_POSITION = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
_NAME = sa.String(128)
_INSTANT = sa.String(24)


def upgrade() -> None:
    """
    Make the tables.
    """
    op.create_table(
        "run",
        sa.Column("position", _POSITION, primary_key=True),
        sa.Column("run_id", _NAME, nullable=False, unique=True),
        sa.Column("revision", sa.Integer, nullable=False),
        sa.Column("state", sa.String(32), nullable=False),
        sa.Column("mode", sa.String(32), nullable=False),
        sa.Column("tenant", _NAME, nullable=False),
        sa.Column("requester", _NAME, nullable=False),
        sa.Column("mission", _NAME),
        sa.Column("environment", _NAME),
        sa.Column("target", _NAME),
        sa.Column("parent_run_id", _NAME),
        sa.Column("created_at", _INSTANT, nullable=False),
        sa.Column("updated_at", _INSTANT, nullable=False),
        sa.Column("document", sa.LargeBinary, nullable=False),
    )
    op.create_index("run_by_state", "run", ["state", "position"])
    op.create_index("run_by_target", "run", ["environment", "target", "state"])
    op.create_index("run_by_parent", "run", ["parent_run_id"])
    op.create_table(
        "audit_entry",
        sa.Column("run", _POSITION, sa.ForeignKey("run.position"), primary_key=True, autoincrement=False),
        sa.Column("sequence", sa.Integer, primary_key=True, autoincrement=False),
        sa.Column("entry", sa.LargeBinary, nullable=False),
        sa.Column("details", sa.LargeBinary),
    )
    op.create_table(
        "gate",
        sa.Column("position", _POSITION, primary_key=True),
        sa.Column("gate_id", _NAME, nullable=False, unique=True),
        sa.Column("run_id", _NAME, sa.ForeignKey("run.run_id"), nullable=False),
        sa.Column("step_id", _NAME, nullable=False),
        sa.Column("status", sa.String(32), nullable=False),
        sa.Column("created_at", _INSTANT, nullable=False),
        sa.Column("expires_at", _INSTANT),
        sa.Column("document", sa.LargeBinary, nullable=False),
    )
    op.create_index("gate_by_run", "gate", ["run_id"])
    op.create_index("gate_by_status", "gate", ["status", "position"])
