"""Types and places the tests of the command line share."""

from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

EXAMPLE = Path(__file__).parent.parent / "docs" / "examples" / "change_request"
"""Folder of the example input of `change_request`."""


class Shown(NamedTuple):
    """
    What a command did: exit status, stdout, stderr.
    """

    status: int
    out: str
    err: str


Mission = Callable[..., Shown]
"""Runs `mission` with some words."""
