"""A PostgreSQL server of the tests' own: on loopback, in a folder that is thrown away, and stopped at the end."""

import os
import pwd
import shutil
import socket
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import count
from pathlib import Path
from typing import Any, Final

import psycopg
from parts import find_program

__all__ = ["PostgresServer", "run_server"]

_OPTIONS: Final = ("fsync=off", "synchronous_commit=off", "full_page_writes=off")
_numbers = count()


class PostgresServer:
    """
    A server that runs; `make_database` gives the URL of a new, empty database on it.
    """

    def __init__(self, port: int) -> None:
        """
        Take the port it listens on.
        """
        self.port = port

    def make_database(self) -> str:
        """
        Make a database, and give its URL.
        """
        name = f"test_{os.getpid()}_{next(_numbers)}"
        with psycopg.connect(host="127.0.0.1", port=self.port, user="postgres", autocommit=True) as connection:
            connection.execute(f"CREATE DATABASE {name}")
        return f"postgresql://postgres@127.0.0.1:{self.port}/{name}"


@contextmanager
def run_server() -> Iterator[PostgresServer]:
    """
    Start a server; the test is skipped where there is no PostgreSQL.
    """
    programs = find_program("initdb", "usr/lib/postgresql/*/bin/initdb", package="postgresql").resolve().parent
    user: dict[str, Any] = {}
    # As root it refuses to run, so it runs as the user that its package made.
    if os.getuid() == 0:
        account = pwd.getpwnam("postgres")
        user = {"user": account.pw_uid, "group": account.pw_gid, "extra_groups": []}
    folder = Path(tempfile.mkdtemp(prefix="mission-pg-"))
    data = folder / "data"
    try:
        if user:
            os.chown(folder, user["user"], user["group"])
        _run(programs / "initdb", "-D", data, "-U", "postgres", "-A", "trust", "--no-sync", "-E", "UTF8", **user)
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            port = probe.getsockname()[1]
        settings = [f"-p {port}", "-c listen_addresses=127.0.0.1", f"-c unix_socket_directories={folder}"]
        settings += [f"-c {option}" for option in _OPTIONS]
        start = ("-w", "-l", folder / "log", "-o", " ".join(settings), "start")
        _run(programs / "pg_ctl", "-D", data, *start, **user)
        try:
            yield PostgresServer(port)
        finally:
            _run(programs / "pg_ctl", "-D", data, "-m", "immediate", "-w", "stop", **user)
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _run(*command: object, **user: Any) -> None:
    # Its output goes nowhere, because the server would hold a pipe open.
    subprocess.run(
        [str(part) for part in command], check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, **user
    )
