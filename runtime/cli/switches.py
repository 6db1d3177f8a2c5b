"""The kill switch of a root directory, a spare one for drills, and the records of drills."""

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from runtime.cli.store import Store, near, read_file
from runtime.encoding.converter import structure
from runtime.encoding.jsontext import parse_canonical
from runtime.errors import IntegrityError, StorageError
from runtime.execution.drill import Drill
from runtime.storage import SqliteKillSwitch

__all__ = ["load_drills", "open_switch", "spare_switch"]

_NAME: Final = "kill_switch.db"


def open_switch(store: Store) -> SqliteKillSwitch:
    """
    Give the switch of a root; one that is off is made where there is none yet.

    Raises:
        StorageError: the root cannot be written.
    """
    return SqliteKillSwitch.create(Path(near(store.root / _NAME)))


@contextmanager
def spare_switch(store: Store) -> Iterator[SqliteKillSwitch]:
    """
    Give a switch of the same make beside the real one, for a drill to turn.

    Raises:
        StorageError: the root cannot be written.
    """
    try:
        with tempfile.TemporaryDirectory(dir=store.root, prefix=".drill-") as folder:
            yield SqliteKillSwitch.create(Path(folder) / _NAME)
    except OSError as error:
        raise StorageError(
            f"cannot write: {error.strerror}", where=near(store.root), remedy="make the root writable"
        ) from error


def load_drills(store: Store) -> list[Drill]:
    """
    Read the drills of a root, in the order of their times.

    Raises:
        IntegrityError: a record was changed.
    """
    drills = []
    for path in store.list_drills():
        document = parse_canonical(read_file(path), source=near(path))
        drill = structure(document, Drill, what=near(path), error=IntegrityError)
        if drill.digest != f"sha256:{path.stem}":
            raise IntegrityError("a drill that is not the one it was", where=near(path), remedy="take its file away")
        drills.append(drill)
    return sorted(drills, key=lambda drill: (drill.at, drill.digest))
