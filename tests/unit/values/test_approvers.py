"""The document `approvers/v1`: whose keys count."""

import json
from typing import Any

import pytest
from signers import make_key

from runtime.errors import EncodingError, IntegrityError
from runtime.values.approvers import Approvers

ADA, BOB = make_key("ada").public, make_key("bob").public


def _text(**changes: Any) -> str:
    return json.dumps({"schema": "approvers/v1", "approvers": {"ada": [ADA.pem, BOB.openssh]}, **changes})


def test_it_is_read() -> None:
    """
    PEM and OpenSSH, several keys of one person, and what is revoked.
    """
    read = Approvers.from_text(_text(revoked=[BOB.key_id]))
    assert (read.keys, read.revoked) == ({"ada": (ADA, BOB)}, frozenset({BOB.key_id}))
    assert Approvers.from_text(_text(approvers={})) == Approvers()


REFUSED: dict[str, tuple[dict[str, Any], list[str]]] = {
    "no_approvers": ({"approvers": None}, ["approvers"]),
    "a_text_for_keys": ({"approvers": {"ada": ADA.pem}}, ["approvers['ada']"]),
    "a_text_that_is_no_key": ({"approvers": {"ada": [ADA.pem, "x"]}}, ["approvers['ada'][1]"]),
    "a_private_key": ({"approvers": {"ada": [make_key("ada").to_pem()]}}, ["approvers['ada'][0]"]),
    "a_key_twice": ({"approvers": {"ada": [ADA.pem, ADA.openssh]}}, ["approvers['ada'][1]"]),
    "a_key_of_two_persons": ({"approvers": {"ada": [ADA.pem], "bob": [ADA.openssh]}}, ["approvers['bob'][0]"]),
    "a_name_of_no_characters": ({"approvers": {"": [ADA.pem]}}, ["approvers[''][0]"]),
    "a_revoked_name": ({"revoked": ["ada"]}, ["revoked"]),
    "an_unknown_field": ({"roles": {}}, [""]),
    "all_of_it": ({"approvers": {"ada": ["x", "y"]}}, ["approvers['ada'][0]", "approvers['ada'][1]"]),
}


@pytest.mark.parametrize("case", REFUSED)
def test_what_is_none_is_refused(case: str) -> None:
    """
    Every fault with its place; no key is ever shown.
    """
    changes, places = REFUSED[case]
    with pytest.raises(IntegrityError) as refused:
        Approvers.from_text(_text(**changes), source="a.json")
    assert [fault.where for fault in refused.value.faults] == places
    assert "PRIVATE KEY-----\n" not in str(refused.value)


@pytest.mark.parametrize("text", ["{}", "[]", _text(schema="approvers/v2"), _text(schema=None)])
def test_another_schema_is_refused(text: str) -> None:
    """
    A missing or unknown schema is never guessed.
    """
    with pytest.raises(IntegrityError, match="expected approvers/v1"):
        Approvers.from_text(text)


def test_what_is_not_json_is_refused() -> None:
    """
    Two entries of one name would hide the first one's keys.
    """
    with pytest.raises(EncodingError, match="ada"):
        Approvers.from_text('{"schema": "approvers/v1", "approvers": {"ada": [], "ada": []}}')
