"""Checks 6 and 11: the attestation, and the place in a log, under keys that the checker trusts."""

from collections.abc import Callable
from typing import Any

import attrs
import pytest
from bundling import OPERATOR, changed, failing, make_bundle, make_document, make_ended, make_trust, outcomes
from logs import KEY, ORIGIN, OTHER_KEY
from signers import make_key, make_run

from runtime.encoding.jsontext import parse_canonical
from runtime.evidence.bundle import Bundle
from runtime.evidence.envelope import sign_envelope
from runtime.evidence.log import ReceiptLog
from runtime.evidence.loghead import LogHead, sign_head
from runtime.evidence.lognote import VerifierKey, sign_text
from runtime.evidence.statement import PAYLOAD_TYPE, attest
from runtime.evidence.trust import Trust
from runtime.evidence.verify import verify_bundle
from runtime.testing import MemoryLogStore
from runtime.values.keys import PrivateKey

RUN = make_ended()
BUNDLE = make_bundle(RUN)
TRUST = make_trust()
EVE = make_key("eve")


def detail(raw: bytes, number: str, trust: Trust | None = TRUST) -> str:
    """
    Give what a check says.
    """
    results = verify_bundle(raw, trust=trust).results
    return next(one.finding.detail for one in results if one.check.number == number)


def attested(envelope: Any) -> bytes:
    """
    Give the bundle with another attestation.
    """
    return changed(make_document(BUNDLE), lambda it: it.update(attestation=parse_canonical(envelope.raw)))


class TestAttestation:
    """
    Check 6: "attestation under a trusted key".
    """

    def test_by_a_trusted_key(self) -> None:
        """
        The key is named.
        """
        assert outcomes(BUNDLE.raw, TRUST)["6"] == "re-checked"
        assert detail(BUNDLE.raw, "6") == f"signed by {OPERATOR.public.key_id}"

    @pytest.mark.parametrize("trust", [None, make_trust(operator_keys=None)], ids=["no file", "no line"])
    def test_by_a_key_that_nobody_vouches_for(self, trust: Trust | None) -> None:
        """
        Then the supplier says who signed.
        """
        assert outcomes(BUNDLE.raw, trust)["6"] == "asserted by the supplier"
        assert "no operator key is trusted here" in detail(BUNDLE.raw, "6", trust)

    def test_none_at_all(self) -> None:
        """
        That is no failure of what is there.
        """
        assert outcomes(Bundle.of(RUN).raw, TRUST)["6"] == "no information"

    @pytest.mark.parametrize(
        ("envelope", "words"),
        [
            (attest(RUN, [EVE]), "trusted key"),
            (attest(make_run(2), [OPERATOR]), "not of sha256:"),
            (sign_envelope(PAYLOAD_TYPE, b"{}", [OPERATOR]), "payload"),
            (sign_envelope("text/plain", attest(RUN, [OPERATOR]).payload, [OPERATOR]), "text/plain"),
            (attrs.evolve(attest(RUN, [OPERATOR]), payload=attest(make_run(2), [OPERATOR]).payload), "signature"),
        ],
        ids=["another key", "another run", "no statement", "another payload type", "a signature over other bytes"],
    )
    def test_a_cheat_fails_it_alone(self, envelope: Any, words: str) -> None:
        """
        Everything else of the bundle stands.
        """
        raw = attested(envelope)
        assert failing(raw, TRUST) == ["6"]
        assert words in detail(raw, "6")


def logged(change: Callable[[dict[str, Any]], object]) -> bytes:
    """
    Give the bundle with a change of what the log says.
    """
    return changed(make_document(BUNDLE), change)


def head_of(bundle: Bundle) -> LogHead:
    """
    Give the head of a bundle.
    """
    log = ReceiptLog(MemoryLogStore())
    log.append(RUN.receipt.raw)
    assert bundle.head is not None
    origin, size, _ = bundle.head.split("\n")[:3]
    return attrs.evolve(log.head(origin), size=int(size))


def _signed(origin: str, key: PrivateKey) -> str:
    """
    Sign the text of the bundle's head under another name or key.
    """
    assert BUNDLE.head is not None
    text = BUNDLE.head.split("\n\n")[0] + "\n"
    return sign_text(text.replace(ORIGIN, origin, 1), origin, key).raw.decode()


class TestLog:
    """
    Check 11: "log inclusion and checkpoint signature".
    """

    def test_in_a_trusted_log(self) -> None:
        """
        The log and the place in it are named.
        """
        assert outcomes(BUNDLE.raw, TRUST)["11"] == "re-checked"
        assert detail(BUNDLE.raw, "11") == f"at index 2 of 3, log {ORIGIN!r}"

    @pytest.mark.parametrize("trust", [None, make_trust(log_keys=None)], ids=["no file", "no line"])
    def test_in_a_log_that_nobody_vouches_for(self, trust: Trust | None) -> None:
        """
        Then the supplier says which log it is.
        """
        assert outcomes(BUNDLE.raw, trust)["11"] == "asserted by the supplier"
        assert detail(BUNDLE.raw, "11", trust).startswith(f"a log that calls itself {ORIGIN!r}")

    def test_in_no_log(self) -> None:
        """
        That is no failure of what is there.
        """
        assert outcomes(Bundle.of(RUN).raw, TRUST)["11"] == "no information"

    @pytest.mark.parametrize("trust", [None, TRUST], ids=["without trust", "with trust"])
    @pytest.mark.parametrize("case", ["index", "size", "proof", "receipt", "root", "no note", "no head"])
    def test_a_proof_that_does_not_lead_to_the_head_fails_it_alone(self, case: str, trust: Trust | None) -> None:
        """
        Whoever signed the head.
        """
        wrong_root = sign_head(head_of(BUNDLE), KEY).decode()
        other = "sha256:" + "0" * 64
        changes: dict[str, Callable[[dict[str, Any]], object]] = {
            "index": lambda it: it["log_inclusion"].update(index=1),
            "size": lambda it: it["log_inclusion"].update(size=4),
            "proof": lambda it: it["log_inclusion"]["proof"].reverse() or it["log_inclusion"]["proof"].append(other),
            "receipt": lambda it: it["log_inclusion"].update(receipt_digest=other),
            "root": lambda it: it.update(log_head=wrong_root),
            "no note": lambda it: it.update(log_head="a note"),
            "no head": lambda it: it.update(log_head=sign_text("no head\n", ORIGIN, KEY).raw.decode()),
        }
        assert failing(logged(changes[case]), trust) == ["11"]

    def test_a_head_that_no_trusted_log_signed_fails_it_alone(self) -> None:
        """
        Under another key, or under another name.
        """
        for head in (_signed(ORIGIN, OTHER_KEY), _signed("example.org/another", KEY)):
            raw = changed({**make_document(BUNDLE), "log_head": head}, lambda _: None)
            assert failing(raw, TRUST) == ["11"]
            assert "a head that no trusted log signed" in detail(raw, "11")

    def test_a_signature_that_does_not_hold_fails_it_alone(self) -> None:
        """
        A head that names the trusted key must be signed by it.
        """
        assert BUNDLE.head is not None
        other = _signed(ORIGIN, OTHER_KEY).split("\n")[-2].split(" ")[2]
        own = BUNDLE.head.split("\n")[-2].split(" ")[2]
        # The first bytes of the last line are the key id, in both as the note of the trusted key has them.
        forged = BUNDLE.head.replace(own, own[:8] + other[8:])
        raw = logged(lambda it: it.update(log_head=forged))
        assert failing(raw, TRUST) == ["11"]
        assert "signature" in detail(raw, "11")

    def test_of_several_trusted_logs_one_is_enough(self) -> None:
        """
        The one whose head it is.
        """
        other = VerifierKey.of("example.org/another", OTHER_KEY)
        trust = make_trust(log_keys=[str(other), str(VerifierKey.of(ORIGIN, KEY))])
        assert outcomes(BUNDLE.raw, trust)["11"] == "re-checked"
