"""What every port for decisions does: the one in files, and the double that tests use."""

import json
from collections.abc import Callable
from pathlib import Path

import attrs
import pytest
from signers import make_key

from runtime.encoding.digest import digest_of
from runtime.encoding.frozen import EMPTY_OBJECT
from runtime.errors import InvalidSignatureError
from runtime.ports import Decisions
from runtime.storage import FileDecisions
from runtime.testing import ScriptedDecisions
from runtime.values import HumanAsk, HumanDecision, Opening, Request
from runtime.values.decisions import is_instant, is_nonce
from runtime.values.signatures import sign_decision

DIGEST = digest_of("one")
OTHER = digest_of("other")
ASK = HumanAsk(prompt="Go on?", shown=EMPTY_OBJECT, choices=("approve",), input_schema=None, approvers=(), signed=True)
REQUEST = Request(run_digest=DIGEST, sequence=1, step_id="gate", lineage_head=DIGEST, input_digest=DIGEST, ask=ASK)
NONCE = "0" * 32
OPENING = Opening(request_digest=REQUEST.digest, nonce=NONCE)
SIGNED = sign_decision(HumanDecision(actor="ada", choice="approve"), OPENING, make_key("ada"))


def _scripted(_: Path) -> Decisions:
    return ScriptedDecisions(
        keys={"ada": [make_key("ada").public], "bob": [make_key("bob").public]},
        revoked={make_key("bob").public.key_id},
    )


def _files(path: Path) -> Decisions:
    document = {
        "schema": "approvers/v1",
        "approvers": {"ada": [make_key("ada").public.openssh], "bob": [make_key("bob").public.pem]},
        "revoked": [make_key("bob").public.key_id],
    }
    (path / "approvers.json").write_text(json.dumps(document))
    return FileDecisions(path)


@pytest.fixture(params=[_scripted, _files], ids=["scripted", "files"])
def port(request: pytest.FixtureRequest, tmp_path: Path) -> Decisions:
    """
    Each implementation, knowing ada and bob, whose key is revoked.
    """
    make: Callable[[Path], Decisions] = request.param
    return make(tmp_path)


def test_time_is_told_one_way(port: Decisions) -> None:
    """
    And a later time is later.
    """
    now, later = port.now(), port.now(60_000)
    assert is_instant(now)
    assert is_instant(later)
    assert now < later


def test_nonces_are_nonces_and_differ(port: Decisions) -> None:
    """
    No two are the same.
    """
    nonces = [port.new_nonce() for _ in range(20)]
    assert all(map(is_nonce, nonces))
    assert len({*nonces}) == 20


def test_a_signature_of_the_actor_holds(port: Decisions) -> None:
    """
    Under a key that is known and not revoked.
    """
    port.verify(REQUEST, SIGNED)


@pytest.mark.parametrize(
    "decision",
    [
        attrs.evolve(SIGNED, actor="bob"),
        attrs.evolve(SIGNED, actor="nobody_known"),
        attrs.evolve(SIGNED, signature=None),
        sign_decision(HumanDecision(actor="bob", choice="approve"), OPENING, make_key("bob")),
        HumanDecision(actor=None, choice="expired"),
    ],
    ids=["another_actor", "an_unknown_actor", "unsigned", "revoked", "nobody"],
)
def test_any_other_does_not(port: Decisions, decision: HumanDecision) -> None:
    """
    It is refused with one error.
    """
    with pytest.raises(InvalidSignatureError):
        port.verify(REQUEST, decision)


def test_another_request_does_not(port: Decisions) -> None:
    """
    What was signed on one request says nothing on another.
    """
    with pytest.raises(InvalidSignatureError):
        port.verify(attrs.evolve(REQUEST, sequence=2), SIGNED)


def test_an_opening_is_remembered_until_the_next(port: Decisions) -> None:
    """
    For each request its last one.
    """
    assert port.load_opening(REQUEST.digest) is None
    port.save_opening(OPENING)
    port.save_opening(attrs.evolve(OPENING, request_digest=OTHER))
    assert port.load_opening(REQUEST.digest) == OPENING
    later = attrs.evolve(OPENING, nonce="1" * 32, expires_at=port.now())
    port.save_opening(later)
    assert port.load_opening(REQUEST.digest) == later


def test_a_nonce_is_used_once(port: Decisions) -> None:
    """
    The first answer keeps it, also against itself.
    """
    assert port.find_use(NONCE) is None
    assert port.use_nonce(NONCE, DIGEST) is True
    assert port.use_nonce(NONCE, OTHER) is False
    assert port.use_nonce(NONCE, DIGEST) is False
    assert port.find_use(NONCE) == DIGEST
    assert port.find_use("1" * 32) is None
