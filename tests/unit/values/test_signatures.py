"""Signatures of decisions: what they bind, and every way to cheat."""

import json
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import attrs
import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from signers import make_key

from runtime.encoding.base64text import from_base64, to_base64
from runtime.encoding.canonical import canonical
from runtime.encoding.digest import NULL_DIGEST, digest_of
from runtime.errors import DefinitionError, InvalidSignatureError
from runtime.values import HumanDecision, Opening
from runtime.values.decisions import DecisionSignature
from runtime.values.signatures import decision_statement, sign_decision, verify_decision

AT = "2026-05-14T20:54:00.000Z"
KEY = make_key("ada")
OPENING = Opening(request_digest=NULL_DIGEST, nonce="0" * 32, expires_at=AT)
SIGNED = sign_decision(HumanDecision(actor="ada", choice="approve", reason="fits", input={"n": 1}), OPENING, KEY)


def _part() -> DecisionSignature:
    assert SIGNED.signature is not None
    return SIGNED.signature


def _verify(decision: HumanDecision, **changes: Any) -> None:
    verify_decision(
        decision, **{"request_digest": NULL_DIGEST, "keys": [make_key("bob").public, KEY.public], **changes}
    )


def _with(**changes: Any) -> HumanDecision:
    return attrs.evolve(SIGNED, signature=attrs.evolve(_part(), **changes))


def _flipped() -> str:
    raw = from_base64(_part().signature)
    return to_base64(bytes([raw[0] ^ 1, *raw[1:]]))


CHEATS: dict[str, tuple[Callable[[], None], str]] = {
    "unsigned": (lambda: _verify(attrs.evolve(SIGNED, signature=None)), "without a signature"),
    "a_foreign_key": (
        lambda: _verify(sign_decision(SIGNED, OPENING, make_key("mallory"))),
        "is none of 'ada'",
    ),
    "the_id_of_another_key_of_the_actor": (lambda: _verify(_with(key_id=make_key("bob").public.key_id)), "is not this"),
    "no_key_of_the_actor": (lambda: _verify(SIGNED, keys=[]), "is none of 'ada'"),
    "a_revoked_key": (lambda: _verify(SIGNED, revoked=[KEY.public.key_id]), "is revoked"),
    "another_request": (lambda: _verify(SIGNED, request_digest=digest_of(1)), "is not this"),
    "another_choice": (lambda: _verify(attrs.evolve(SIGNED, choice="reject")), "is not this"),
    "another_reason": (lambda: _verify(attrs.evolve(SIGNED, reason="fits.")), "is not this"),
    "another_input": (lambda: _verify(attrs.evolve(SIGNED, input={"n": True})), "is not this"),
    "no_input": (lambda: _verify(attrs.evolve(SIGNED, input=None)), "is not this"),
    "another_actor": (lambda: _verify(attrs.evolve(SIGNED, actor="bob")), "is not this"),
    "another_nonce": (lambda: _verify(_with(nonce="1" * 32)), "is not this"),
    "a_later_expiry": (lambda: _verify(_with(expires_at="2027-05-14T20:54:00.000Z")), "is not this"),
    "no_expiry": (lambda: _verify(_with(expires_at=None)), "is not this"),
    "a_changed_signature": (lambda: _verify(_with(signature=_flipped())), "is not this"),
    "a_signature_that_is_no_base64": (lambda: _verify(_with(signature="***")), "is not this"),
}


@pytest.mark.parametrize("case", CHEATS)
def test_a_cheat_is_refused(case: str) -> None:
    """
    INV-67: a signature holds for exactly one decision on one request, by a key of its actor that counts.
    """
    cheat, message = CHEATS[case]
    with pytest.raises(InvalidSignatureError, match=message) as refused:
        cheat()
    assert refused.value.remedy


def test_an_honest_one_holds() -> None:
    """
    And signing again gives the same bytes.
    """
    _verify(SIGNED)
    assert sign_decision(SIGNED, OPENING, KEY) == SIGNED


def test_nobody_cannot_sign() -> None:
    """
    `expired` is the word of the driver.
    """
    with pytest.raises(DefinitionError, match="a signature by nobody"):
        sign_decision(HumanDecision(actor=None, choice="expired"), OPENING, KEY)


def test_what_is_signed_is_plain_canonical_json() -> None:
    """
    With the members that the format names, and nothing before or behind it.
    """
    raw = decision_statement(SIGNED, request_digest=NULL_DIGEST, nonce=OPENING.nonce, expires_at=AT)
    assert json.loads(raw) == {
        "schema": "decision/v1",
        "request_digest": NULL_DIGEST,
        "choice": "approve",
        "reason_digest": digest_of("fits"),
        "input_digest": digest_of({"n": 1}),
        "actor": "ada",
        "nonce": "0" * 32,
        "expires_at": AT,
    }
    assert raw == canonical(json.loads(raw))
    Ed25519PublicKey.from_public_bytes(KEY.public.raw).verify(from_base64(_part().signature), raw)


@pytest.mark.skipif(shutil.which("openssl") is None, reason="openssl is not on this machine")
def test_openssl_checks_it_too(tmp_path: Path) -> None:
    """
    An auditor needs none of this package.
    """
    raw = decision_statement(SIGNED, request_digest=NULL_DIGEST, nonce=OPENING.nonce, expires_at=AT)
    (tmp_path / "statement").write_bytes(raw)
    (tmp_path / "signature").write_bytes(from_base64(_part().signature))
    (tmp_path / "key.pem").write_text(KEY.public.pem)
    words = ["pkeyutl", "-verify", "-rawin", "-pubin", "-inkey", "key.pem", "-in", "statement", "-sigfile", "signature"]
    done = subprocess.run([shutil.which("openssl") or "", *words], cwd=tmp_path, capture_output=True, check=False)
    assert done.returncode == 0, done.stderr
