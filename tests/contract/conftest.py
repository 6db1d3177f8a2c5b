"""The server that suites of stores share."""

from collections.abc import Iterator

import pytest
from postgres import PostgresServer, run_server


@pytest.fixture(scope="session")
def postgres() -> Iterator[PostgresServer]:
    """
    A PostgreSQL server; the test is skipped where there is none.
    """
    with run_server() as server:
        yield server
