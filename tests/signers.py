"""Keys the tests make for themselves, and what is signed with them."""

import hashlib

from makers import make_step, run

from runtime.evidence import RecordedRun
from runtime.values.keys import PrivateKey

__all__ = ["make_key", "make_run"]


def make_key(name: str = "ada") -> PrivateKey:
    """
    Make the key of a person of a test: of one name the same each time.
    """
    return PrivateKey.of_seed(hashlib.sha256(f"a key of the tests: {name}".encode()).digest())


def make_run(value: int = 1) -> RecordedRun:
    """
    Make a recorded run of one step that sets a value.
    """
    return RecordedRun.of(run({}, make_step("a", "set", path="/n", value=value)))
