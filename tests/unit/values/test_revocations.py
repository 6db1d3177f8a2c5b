"""Revocations: a key and the position of the log from which on it no longer counts."""

from typing import Any

import attrs
import pytest
import rfc8785
from hypothesis import given
from hypothesis import strategies as st

from runtime.errors import DefinitionError, EncodingError, IntegrityError, TransitionError
from runtime.limits import MAX_NUMBER
from runtime.values.revocations import Revocation

KEY_ID = "0f" * 32
REVOCATION = Revocation(key_id=KEY_ID, from_position=7)
positions = st.integers(0, MAX_NUMBER)


def test_the_record_is_canonical_and_names_its_schema() -> None:
    """
    Every field is written.
    """
    document: dict[str, Any] = {"schema": "revocation/v1", "key_id": KEY_ID, "from_position": 7}
    assert REVOCATION.raw == rfc8785.dumps(document)


@given(positions)
def test_it_is_read_back_as_it_was(position: int) -> None:
    """
    At every position of a log, 0 and the last one included.
    """
    revocation = attrs.evolve(REVOCATION, from_position=position)
    assert Revocation.from_bytes(revocation.raw) == revocation


@given(positions, positions)
def test_it_moves_to_an_earlier_position_only(first: int, second: int) -> None:
    """
    INV-62: what does not count never counts again.
    """
    revocation = Revocation(key_id=KEY_ID, from_position=first)
    if second <= first:
        assert revocation.moved_to(second) == Revocation(key_id=KEY_ID, from_position=second)
        return
    with pytest.raises(TransitionError, match="can only move to an earlier position") as caught:
        revocation.moved_to(second)
    assert caught.value.where == KEY_ID


@pytest.mark.parametrize(
    "changes",
    [
        {"from_position": -1},
        {"from_position": MAX_NUMBER + 1},
        {"from_position": True},
        {"from_position": 1.0},
        {"from_position": "0"},
        {"from_position": None},
        {"key_id": KEY_ID.upper()},
        {"key_id": KEY_ID[:-1]},
        {"key_id": f"{KEY_ID}\n"},
        {"key_id": f"sha256:{KEY_ID}"},
        {"key_id": None},
        {"schema": "revocation/v2"},
        {"schema": None},
    ],
    ids=repr,
)
def test_what_it_may_not_hold_is_refused(changes: dict[str, Any]) -> None:
    """
    When it is made, and when it is read.
    """
    with pytest.raises(DefinitionError):
        attrs.evolve(REVOCATION, **changes)
    document = {"schema": "revocation/v1", "key_id": KEY_ID, "from_position": 7, **changes}
    if type(changes.get("from_position")) is float:
        return  # JSON has one kind of number, and 1.0 is written 1.
    with pytest.raises(IntegrityError):
        Revocation.from_bytes(rfc8785.dumps(document) if changes.get("from_position") != MAX_NUMBER + 1 else b"{}")


@pytest.mark.parametrize(
    "document",
    [
        {"schema": "revocation/v1", "key_id": KEY_ID},
        {"key_id": KEY_ID, "from_position": 7},
        {"schema": "revocation/v1", "key_id": KEY_ID, "from_position": 7, "at": "2026-01-01"},
        [],
        None,
        "revocation/v1",
    ],
    ids=["no position", "no schema", "a field more", "list", "null", "text"],
)
def test_what_is_no_revocation_is_refused(document: Any) -> None:
    """
    The message names the file.
    """
    with pytest.raises(IntegrityError, match=r"ada\.revocation\.json"):
        Revocation.from_bytes(rfc8785.dumps(document), source="ada.revocation.json")


def test_another_spelling_is_refused() -> None:
    """
    A stored record is canonical; where there is no source, it is named by what it should be.
    """
    with pytest.raises(EncodingError):
        Revocation.from_bytes(REVOCATION.raw + b"\n")
    with pytest.raises(IntegrityError, match=r"at revocation: expected revocation/v1"):
        Revocation.from_bytes(b"{}")
