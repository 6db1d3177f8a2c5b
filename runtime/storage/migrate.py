"""Brings a database of an earlier release to the tables of this one. Loaded only where that is to be done."""

from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.script import ScriptDirectory
from sqlalchemy import Connection

from runtime.storage import migrations

__all__ = ["list_versions", "upgrade"]


def upgrade(connection: Connection, to: str = "head") -> None:
    """
    Run the migrations that a database lacks, in the transaction of its connection.
    """
    config = _config()
    config.attributes["connection"] = connection
    command.upgrade(config, to)


def list_versions() -> tuple[str, ...]:
    """
    List every version a database of a released package can have, the first one first.
    """
    scripts = ScriptDirectory.from_config(_config()).walk_revisions()
    return tuple(script.revision for script in scripts)[::-1]


def _config() -> Config:
    config = Config()
    config.set_main_option("script_location", str(Path(migrations.__file__).parent))
    return config
