"""Opens the database of durable runs: an SQLite file that is made whole or not at all, or a PostgreSQL database.

Each connection is set so that what was committed survives the power. Nobody sees a database half made: the file is made
under another name, and the tables of PostgreSQL in one transaction, by the first of several that ask for them.
"""

import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any, Final

from sqlalchemy import URL, Connection, Engine, create_engine, event, insert, inspect, make_url, select, text
from sqlalchemy.exc import ArgumentError, SQLAlchemyError

from runtime.errors import StorageError
from runtime.storage.tables import METADATA, SCHEMA_VERSION, VERSION
from runtime.storage.whole_files import sync_folder

__all__ = ["open_postgres", "open_sqlite", "reading", "writing"]

_WAIT_SECONDS: Final = 30.0
_PRAGMAS: Final = ("foreign_keys = ON", "synchronous = FULL")
_WRITES: Final = "mission_writes"
_LOCK: Final = 0x4D52554E
"""The advisory lock under which tables are made: the letters MRUN."""


def open_sqlite(path: Path) -> Engine:
    """
    Open the database in a file, which is made where there is none.

    Raises:
        StorageError: the file cannot be used, is no database of runs, or is of a newer release.
    """
    try:
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        if not path.exists():
            _make_file(path)
    except OSError as error:
        raise _refusal(str(path), error.strerror or type(error).__name__) from error
    return _checked(_sqlite_engine(path), str(path))


def open_postgres(url: str) -> Engine:
    """
    Open a PostgreSQL database by its URL; its tables are made where there are none.

    Raises:
        StorageError: it cannot be reached, holds other tables of these names, or is of a newer release.
    """
    try:
        parsed = make_url(url)
    except ArgumentError as error:
        raise StorageError(
            "a database URL that cannot be read", remedy="expected postgresql://USER@HOST:PORT/NAME"
        ) from error
    if parsed.get_backend_name() != "postgresql":
        raise StorageError(
            f"a database URL of {parsed.get_backend_name()}", remedy="expected postgresql://USER@HOST:PORT/NAME"
        )
    where = parsed.set(drivername="postgresql").render_as_string(hide_password=True)
    engine = create_engine(parsed.set(drivername="postgresql+psycopg"), pool_pre_ping=True)
    with _refusing(where), engine.begin() as connection:
        connection.execute(text("SELECT pg_advisory_xact_lock(:lock)"), {"lock": _LOCK})
        if not inspect(connection).has_table(VERSION.name):
            _make_tables(connection)
    return _checked(engine, where)


@contextmanager
def reading(engine: Engine) -> Iterator[Connection]:
    """
    Give a connection whose statements see one state of the database.

    Raises:
        StorageError: the database cannot be read.
    """
    with _refusing(_place(engine)), engine.connect() as connection:
        yield connection


@contextmanager
def writing(engine: Engine) -> Iterator[Connection]:
    """
    Give a connection whose statements are kept together when the block ends, or not at all.

    Raises:
        StorageError: the database cannot be written.
    """
    with _refusing(_place(engine)), engine.execution_options(**{_WRITES: True}).begin() as connection:
        yield connection


def _place(engine: Engine) -> str:
    url = engine.url
    return url.database or "" if url.get_backend_name() == "sqlite" else url.render_as_string(hide_password=True)


@contextmanager
def _refusing(where: str) -> Iterator[None]:
    try:
        yield
    except SQLAlchemyError as error:
        # The text of the driver alone: that of SQLAlchemy shows statements and what was in them.
        original = getattr(error, "orig", None)
        reason = str(original).partition("\n")[0] if original is not None else type(error).__name__
        raise _refusal(where, reason) from error


def _refusal(where: str, reason: str) -> StorageError:
    return StorageError(
        f"the database of runs cannot be used: {reason}",
        where=where,
        remedy="make it readable and writable, or name another one",
    )


def _sqlite_engine(path: Path) -> Engine:
    url = URL.create("sqlite", database=str(path))
    engine = create_engine(url, connect_args={"timeout": _WAIT_SECONDS, "isolation_level": None})

    def set_up(connection: Any, _: object) -> None:  # noqa: ANN401 - of the driver.
        for pragma in _PRAGMAS:
            connection.execute(f"PRAGMA {pragma}")

    def begin(connection: Connection) -> None:
        # A transaction that will write takes its turn at once: one that reads first could find itself outrun.
        writes = connection.get_execution_options().get(_WRITES, False)
        connection.exec_driver_sql("BEGIN IMMEDIATE" if writes else "BEGIN")

    event.listen(engine, "connect", set_up)
    event.listen(engine, "begin", begin)
    return engine


def _make_file(path: Path) -> None:
    with tempfile.TemporaryDirectory(dir=path.parent, suffix=".part") as folder:
        part = Path(folder) / path.name
        os.close(os.open(part, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600))
        engine = _sqlite_engine(part)
        with _refusing(str(path)), engine.connect() as connection:
            connection.exec_driver_sql("COMMIT")  # The journal mode cannot be changed in a transaction.
            connection.exec_driver_sql("PRAGMA journal_mode = WAL")
        with writing(engine) as connection:
            _make_tables(connection)
        engine.dispose()
        with suppress(FileExistsError):  # Another process was first.
            os.link(part, path)
        sync_folder(path.parent)


def _make_tables(connection: Connection) -> None:
    METADATA.create_all(connection)
    connection.execute(insert(VERSION).values(version_num=SCHEMA_VERSION))


def _checked(engine: Engine, where: str) -> Engine:
    """
    Give an engine whose tables are of this release; those of an earlier one are brought up to it.
    """
    with reading(engine) as connection:
        version = (
            connection.scalar(select(VERSION.c.version_num)) if inspect(connection).has_table(VERSION.name) else None
        )
    if version == SCHEMA_VERSION:
        return engine
    # Imported here because a database is of an older release once, and loading what mends it takes long.
    from runtime.storage.migrate import list_versions, upgrade  # noqa: PLC0415

    if version in list_versions():
        with writing(engine) as connection:
            upgrade(connection)
        return engine
    engine.dispose()
    if version is None:
        raise StorageError("this is no database of runs", where=where, remedy="name one that this package made")
    raise StorageError(
        f"a database of version {version}, and this release knows {SCHEMA_VERSION}",
        where=where,
        remedy="install the release that made it, or a later one",
    )
