"""What every port for openings does: the vault in files, and the double that tests use."""

from collections.abc import Callable
from pathlib import Path

import pytest

from runtime.encoding.digest import digest_of
from runtime.ports import Openings
from runtime.storage import FileVault
from runtime.testing import MemoryOpenings
from runtime.values.seals import Disclosure, SealSession

RUN, OTHER = digest_of("one"), digest_of("other")
KEY = bytes(range(32))
SESSION = SealSession(key=KEY, rules=["/params/token", "/outcomes/*/a"])
DISCLOSURE = Disclosure.make(KEY, "/params/token", {"a": [1, "hush"]})

PORTS: dict[str, Callable[[Path], Openings]] = {
    "memory": lambda _: MemoryOpenings(),
    "files": lambda path: FileVault(path / "vault"),
}


@pytest.fixture(params=PORTS)
def openings(request: pytest.FixtureRequest, tmp_path: Path) -> Openings:
    """
    A port that keeps nothing yet.
    """
    return PORTS[request.param](tmp_path)


def test_a_key_has_256_bits(openings: Openings) -> None:
    """
    As a session wants it.
    """
    assert SealSession(key=openings.new_key(), rules=()).rules == ()


def test_a_session_is_kept_until_the_run_ends(openings: Openings) -> None:
    """
    Ending a run that never began does nothing.
    """
    assert openings.load_session(RUN) is None
    openings.end(RUN)
    openings.begin(RUN, SESSION)
    assert openings.load_session(RUN) == SESSION
    assert openings.load_session(OTHER) is None
    openings.end(RUN)
    assert openings.load_session(RUN) is None


def test_a_run_that_begins_anew_has_the_new_session(openings: Openings) -> None:
    """
    Equal inputs are one run.
    """
    openings.begin(RUN, SESSION)
    later = SealSession(key=bytes(32), rules=())
    openings.begin(RUN, later)
    assert openings.load_session(RUN) == later


def test_what_opens_a_seal_is_kept_after_the_run(openings: Openings) -> None:
    """
    For this run only; saving it again changes nothing.
    """
    openings.begin(RUN, SESSION)
    for _ in range(2):
        openings.save(RUN, [DISCLOSURE])
    openings.end(RUN)
    assert openings.find(RUN, DISCLOSURE.seal) == DISCLOSURE
    assert openings.find(OTHER, DISCLOSURE.seal) is None
    assert openings.find(RUN, OTHER) is None
