"""Trust files: strict JSON from outside the bundle, every fault listed, and nothing that names nothing."""

import hashlib
import json
from typing import Any

import pytest
from bundling import OPERATOR, make_trust
from logs import VERIFIER
from makers import sha256_of
from signers import make_key

from runtime.errors import EncodingError, IntegrityError
from runtime.evidence.trust import Approver, Trust
from runtime.limits import MAX_TRUST_BYTES

DIGEST = sha256_of("a workflow")
PEM = make_key("ada").public.pem
MOST = {"schema": "trust/v1", "engines": ["1.0"]}


def read(document: Any) -> Trust:
    """
    Read a trust file, laid out as a person would.
    """
    return Trust.from_bytes(json.dumps(document, indent=2).encode(), source="trust.json")


class TestATrustFile:
    """
    "Operator keys, approver → keys and roles, log keys, allowed definition, policy, catalogue and engine digests."
    """

    def test_is_read_whole(self) -> None:
        """
        Keys are PEM or OpenSSH; a log key is a verifier key; the digest is that of the file.
        """
        trust = make_trust()
        assert trust.operator_keys == (OPERATOR.public,)
        assert trust.log_keys == (VERIFIER,)
        ada = make_key("ada").public
        assert trust.find_approver("ada") == Approver(name="ada", keys=(ada,), roles=("change-manager",))
        assert trust.find_approver("eve") is None
        lines = (trust.definitions, trust.policies, trust.rules, trust.catalogues, trust.engines)
        assert [len(line) for line in lines] == [1, 1, 1, 1, 1]
        raw = json.dumps(MOST).encode()
        assert Trust.from_bytes(raw).digest == f"sha256:{hashlib.sha256(raw).hexdigest()}"

    @pytest.mark.parametrize(
        "line",
        [
            {"operator_keys": [PEM]},
            {"approvers": {"ada": {"keys": [PEM]}}},
            {"log_keys": [str(VERIFIER)]},
            {"definitions": [DIGEST]},
            {"policies": [DIGEST]},
            {"rules": [DIGEST]},
            {"catalogues": [DIGEST]},
            {"engines": ["1.0"]},
        ],
        ids=lambda line: next(iter(line)),
    )
    def test_may_name_one_thing_alone(self, line: dict[str, Any]) -> None:
        """
        What it does not name stays open; it need not be spelled out.
        """
        trust = read({"schema": "trust/v1", **line})
        assert [name for name in line if getattr(trust, name)] == list(line)


REFUSED: dict[str, tuple[Any, str]] = {
    "a list": ([], "schema []"),
    "no schema": ({"engines": ["1.0"]}, "schema None"),
    "another schema": ({**MOST, "schema": "trust/v2"}, "schema 'trust/v2'"),
    "an unknown member": ({**MOST, "operators": []}, "unknown field 'operators'"),
    "a key that is none": ({**MOST, "operator_keys": ["x"]}, "operator_keys[0]"),
    "a log key that is none": ({**MOST, "log_keys": [str(VERIFIER), "x"]}, "log_keys[1]"),
    "keys that are a text": ({**MOST, "operator_keys": PEM}, "expected list"),
    "a digest that is none": ({**MOST, "definitions": [DIGEST, "x"]}, "definitions[1]"),
    "a policy without digest": ({**MOST, "policies": [DIGEST[7:]]}, "policies[0]"),
    "rules without digest": ({**MOST, "rules": ["no rules"]}, "rules[0]"),
    "a catalogue without digest": ({**MOST, "catalogues": [""]}, "catalogues[0]"),
    "an engine without name": ({**MOST, "engines": [""]}, "engines"),
    "an approver without key": ({**MOST, "approvers": {"ada": {"keys": []}}}, "an approver without a key"),
    "an approver without name": ({**MOST, "approvers": {"": {"keys": [PEM]}}}, "a name of 0 characters"),
    "an approver's key that is none": ({**MOST, "approvers": {"ada": {"keys": ["x"]}}}, "approvers['ada'].keys[0]"),
    "a role without name": ({**MOST, "approvers": {"ada": {"keys": [PEM], "roles": [""]}}}, "roles"),
    "one key of two persons": (
        {**MOST, "approvers": {"ada": {"keys": [PEM]}, "bob": {"keys": [PEM]}}},
        "a key that 'ada' has @ approvers['bob'].keys[0]",
    ),
    "nothing": ({"schema": "trust/v1"}, "a trust file that names nothing"),
    "empty lines": ({"schema": "trust/v1", "approvers": {}, "engines": []}, "a trust file that names nothing"),
}


@pytest.mark.parametrize("case", REFUSED)
def test_what_is_no_trust_file_is_refused(case: str) -> None:
    """
    With the place of the fault.
    """
    document, words = REFUSED[case]
    with pytest.raises(IntegrityError) as refused:
        read(document)
    assert words in "; ".join([str(refused.value), *map(str, refused.value.faults)])
    assert "trust.json" in str(refused.value)


def test_every_key_that_is_none_is_listed() -> None:
    """
    Not only the first.
    """
    with pytest.raises(IntegrityError) as refused:
        read({**MOST, "operator_keys": ["x", PEM, "y"], "log_keys": ["z"], "approvers": {"ada": {"keys": ["x"]}}})
    assert [fault.where for fault in refused.value.faults] == [
        "approvers['ada'].keys[0]",
        "operator_keys[0]",
        "operator_keys[2]",
        "log_keys[0]",
    ]


def test_a_key_that_stands_twice_is_refused() -> None:
    """
    JSON that two readers read differently is no basis for trust.
    """
    with pytest.raises(EncodingError):
        Trust.from_bytes(b'{"schema":"trust/v1","engines":["1"],"engines":["2"]}')


def test_a_file_beyond_its_size_is_refused() -> None:
    """
    At the limit it is read.
    """
    raw = json.dumps(MOST).encode()
    assert Trust.from_bytes(raw.ljust(MAX_TRUST_BYTES)).engines == ("1.0",)
    with pytest.raises(EncodingError, match="at most 1048576"):
        Trust.from_bytes(raw.ljust(MAX_TRUST_BYTES + 1))
