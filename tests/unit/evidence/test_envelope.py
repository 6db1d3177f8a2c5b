"""The envelope: what is signed, what is read as one, and each way to cheat, named by the defect."""

import base64
import json
from collections.abc import Callable
from typing import Any

import attrs
import pytest
import rfc8785
from signers import make_key

from runtime.errors import DefinitionError, EncodingError, IntegrityError, InvalidKeyError, InvalidSignatureError
from runtime.evidence.envelope import (
    Envelope,
    Signature,
    pre_authentication_encoding,
    sign_envelope,
    verify_envelope,
)
from runtime.limits import MAX_SIGNATURES

TYPE = "application/vnd.example+json"
PAYLOAD = b'{"pay":5}'
ADA, BOB, EVE = make_key("ada"), make_key("bob"), make_key("eve")
SIGNED = sign_envelope(TYPE, PAYLOAD, [ADA])


def _verify(envelope: Envelope, *, payload_type: str = TYPE) -> Any:
    return verify_envelope(envelope, [ADA.public, BOB.public], payload_type=payload_type)


def _signature(key: Any = ADA, payload: bytes = PAYLOAD, payload_type: str = TYPE, keyid: str = "") -> Signature:
    message = pre_authentication_encoding(payload_type, payload)
    return Signature(keyid=keyid or key.public.key_id, sig=key.sign(message))


class TestWhatIsSigned:
    """
    "PAE(type, body) = "DSSEv1" + SP + LEN(type) + SP + type + SP + LEN(body) + SP + body"
    """

    def test_is_as_in_the_specification(self) -> None:
        """
        Source: DSSE protocol.md, test vectors.
        """
        encoded = pre_authentication_encoding("http://example.com/HelloWorld", b"hello world")
        assert encoded == b"DSSEv1 29 http://example.com/HelloWorld 11 hello world"

    def test_counts_bytes(self) -> None:
        """
        Lengths are of bytes, not of characters.
        """
        assert pre_authentication_encoding("é", "€".encode()) == b"DSSEv1 2 \xc3\xa9 3 \xe2\x82\xac"

    def test_is_another_when_bytes_move_from_type_to_payload(self) -> None:
        """
        No two pairs of type and payload have the same bytes.
        """
        pairs = [("a 1 b", b"c"), ("a", b"b 1 c"), ("a", b"1 b 1 c"), ("", b"a"), ("a", b"")]
        assert len({pre_authentication_encoding(*pair) for pair in pairs}) == len(pairs)


class TestSigning:
    """
    Every key signs the same bytes.
    """

    def test_gives_one_signature_a_key_in_the_order_of_their_ids(self) -> None:
        """
        So the order in which keys are given does not show.
        """
        keys = [ADA, BOB, EVE, *(make_key(str(n)) for n in range(9))]
        envelope = sign_envelope(TYPE, PAYLOAD, keys)
        ids = [signature.keyid for signature in envelope.signatures]
        assert ids == sorted(key.public.key_id for key in keys)
        assert envelope == sign_envelope(TYPE, PAYLOAD, reversed(keys))

    def test_writes_one_canonical_file(self) -> None:
        """
        With the member names of DSSE, and base64.
        """
        document = json.loads(SIGNED.raw)
        assert document == {
            "payload": base64.b64encode(PAYLOAD).decode(),
            "payloadType": TYPE,
            "signatures": [
                {"keyid": ADA.public.key_id, "sig": base64.b64encode(_signature().sig).decode()},
            ],
        }
        assert SIGNED.raw == rfc8785.dumps(document)

    @pytest.mark.parametrize(
        ("payload_type", "payload", "keys", "error"),
        [
            (TYPE, PAYLOAD, [], DefinitionError),
            (TYPE, PAYLOAD, [ADA, ADA], DefinitionError),
            (TYPE, PAYLOAD, [make_key(str(n)) for n in range(MAX_SIGNATURES + 1)], DefinitionError),
            (TYPE, PAYLOAD, [ADA.public], InvalidKeyError),
            (TYPE, PAYLOAD, "ada", InvalidKeyError),
            (TYPE, PAYLOAD, None, InvalidKeyError),
            ("", PAYLOAD, [ADA], DefinitionError),
            (None, PAYLOAD, [ADA], DefinitionError),
            (TYPE, "text", [ADA], DefinitionError),
            (TYPE, None, [ADA], DefinitionError),
        ],
        ids=[
            "no keys",
            "a key twice",
            "too many keys",
            "a public key",
            "a text for keys",
            "null for keys",
            "no type",
            "null for the type",
            "a text for the payload",
            "null for the payload",
        ],
    )
    def test_of_something_else_is_refused(self, payload_type: Any, payload: Any, keys: Any, error: type) -> None:
        """
        With a named error, and no signature.
        """
        with pytest.raises(error):
            sign_envelope(payload_type, payload, keys)

    def test_takes_as_many_keys_as_the_limit_says(self) -> None:
        """
        The limit itself is allowed.
        """
        keys = [make_key(str(n)) for n in range(MAX_SIGNATURES)]
        assert len(sign_envelope(TYPE, PAYLOAD, keys).signatures) == MAX_SIGNATURES


DAMAGES: dict[str, tuple[Callable[[Any], Any], str]] = {
    "unknown field": (lambda one: {**one, "note": ""}, "unknown field 'note'"),
    "unknown field of a signature": (
        lambda one: {**one, "signatures": [{**one["signatures"][0], "cert": ""}]},
        "unknown field 'cert' @ signatures[0]",
    ),
    "no payload": (lambda one: {k: v for k, v in one.items() if k != "payload"}, "'payload' is missing"),
    "no payload type": (
        lambda one: {k: v for k, v in one.items() if k != "payloadType"},
        "'payloadType' is missing",
    ),
    "no member signatures": (lambda one: {k: v for k, v in one.items() if k != "signatures"}, "is missing"),
    "no signatures": (lambda one: {**one, "signatures": []}, "0 signatures"),
    "signatures that are no list": (lambda one: {**one, "signatures": one["signatures"][0]}, "expected list"),
    "too many signatures": (
        lambda one: {**one, "signatures": [{"keyid": f"{n}", "sig": "YQ=="} for n in range(MAX_SIGNATURES + 1)]},
        f"{MAX_SIGNATURES + 1} signatures",
    ),
    "no key id": (lambda one: {**one, "signatures": [{"sig": "YQ=="}]}, "'keyid' is missing"),
    "an empty key id": (lambda one: {**one, "signatures": [{"keyid": "", "sig": "YQ=="}]}, "keyid"),
    "an empty signature": (lambda one: {**one, "signatures": [{"keyid": "a", "sig": ""}]}, "sig is b''"),
    "duplicate key ids": (lambda one: {**one, "signatures": [*one["signatures"], *one["signatures"]]}, "twice"),
    "base64 without padding": (lambda one: {**one, "payload": "YQ"}, "not canonical base64"),
    "base64 with bits behind the end": (lambda one: {**one, "payload": "YR=="}, "not canonical base64"),
    "base64 for URLs": (lambda one: {**one, "payload": "_-8="}, "not canonical base64"),
    "base64 with a space": (lambda one: {**one, "payload": "YQ== "}, "not canonical base64"),
    "signature in hex": (
        lambda one: {**one, "signatures": [{"keyid": "a", "sig": "0a1"}]},
        "signatures[0].sig",
    ),
    "an empty type": (lambda one: {**one, "payloadType": ""}, "payload_type"),
    "null for the type": (lambda one: {**one, "payloadType": None}, "expected str, got null @ payloadType"),
    "null for the payload": (lambda one: {**one, "payload": None}, "expected str, got null @ payload"),
    "a list": (lambda one: [one], "expected dict, got list"),
    "null": (lambda _: None, "expected dict, got null"),
}


class TestReading:
    """
    "strict reading from JSON (canonical file)"
    """

    def test_gives_the_envelope_that_was_written(self) -> None:
        """
        With any bytes as payload, and more than one signature.
        """
        envelope = sign_envelope(TYPE, bytes(range(256)), [ADA, BOB])
        again = Envelope.from_bytes(envelope.raw)
        assert again == envelope
        assert again.raw == envelope.raw

    @pytest.mark.parametrize("case", DAMAGES)
    def test_refuses(self, case: str) -> None:
        """
        What is not of the form is refused when it is read, with its place and the name of the file.
        """
        damage, message = DAMAGES[case]
        raw = rfc8785.dumps(damage(json.loads(SIGNED.raw)))
        with pytest.raises(IntegrityError, match="run\\.dsse\\.json") as caught:
            Envelope.from_bytes(raw, source="run.dsse.json")
        assert message in str(caught.value)

    @pytest.mark.parametrize(
        "raw",
        [
            SIGNED.raw + b"\n",
            SIGNED.raw.replace(b":", b": ", 1),
            b"",
            b"\xff",
            SIGNED.raw[:-1],
            b"{" + SIGNED.raw[1:] * 2,
        ],
        ids=["line end", "space", "empty", "binary", "cut off", "twice"],
    )
    def test_refuses_what_is_not_canonical(self, raw: bytes) -> None:
        """
        One envelope has one spelling.
        """
        with pytest.raises(EncodingError):
            Envelope.from_bytes(raw)

    def test_names_what_was_expected_where_there_is_no_source(self) -> None:
        """
        So a fault in memory reads well too.
        """
        with pytest.raises(IntegrityError, match=r"^envelope: a fault"):
            Envelope.from_bytes(b"[]")
        with pytest.raises(IntegrityError, match="at payload: use the text"):
            Envelope.from_bytes(rfc8785.dumps({**json.loads(SIGNED.raw), "payload": "YQ"}))

    @pytest.mark.parametrize(
        "changes",
        [
            {"payload": "text"},
            {"payload_type": b"t"},
            {"signatures": ()},
            {"signatures": list(SIGNED.signatures)},
            {"signatures": ("sig",)},
            {"signatures": None},
        ],
        ids=["text payload", "bytes type", "no signatures", "a list", "texts", "null"],
    )
    def test_an_envelope_is_not_made_of(self, changes: dict[str, Any]) -> None:
        """
        The constructor holds the same rules.
        """
        with pytest.raises(DefinitionError):
            attrs.evolve(SIGNED, **changes)

    @pytest.mark.parametrize("sig", [b"", "text", None, bytearray(b"a")], ids=repr)
    def test_a_signature_is_not_made_of(self, sig: Any) -> None:
        """
        It is bytes, and some.
        """
        with pytest.raises(DefinitionError, match="expected the signature"):
            Signature(keyid="a", sig=sig)


class TestAnEnvelopeThatHolds:
    """
    "at least one valid signature under a trusted key"
    """

    def test_gives_the_keys_that_signed(self) -> None:
        """
        Those that are trusted, in the order of the envelope.
        """
        assert _verify(SIGNED) == (ADA.public,)
        both = sign_envelope(TYPE, PAYLOAD, [ADA, BOB, EVE])
        assert set(_verify(both)) == {ADA.public, BOB.public}
        assert verify_envelope(both, iter([EVE.public, EVE.public]), payload_type=TYPE) == (EVE.public,)

    def test_may_hold_a_signature_of_somebody_unknown(self) -> None:
        """
        It says nothing to who does not know the key, whatever it is.
        """
        junk = Signature(keyid="another kind of key", sig=b"?")
        assert _verify(attrs.evolve(SIGNED, signatures=(junk, *SIGNED.signatures))) == (ADA.public,)


CHEATS: dict[str, tuple[Envelope, str]] = {
    "changed byte": (attrs.evolve(SIGNED, payload=b'{"pay":6}'), r"by key .* at signatures\[0\]"),
    "payload of no bytes": (attrs.evolve(SIGNED, payload=b""), "by key"),
    "other key": (sign_envelope(TYPE, PAYLOAD, [EVE]), "no signature by a trusted key"),
    "other key under a trusted name": (
        attrs.evolve(SIGNED, signatures=(_signature(EVE, keyid=ADA.public.key_id),)),
        "by key",
    ),
    "trusted key under another's name": (
        attrs.evolve(SIGNED, signatures=(_signature(ADA, keyid=BOB.public.key_id),)),
        "by key",
    ),
    "trusted key under no name of a key": (
        attrs.evolve(SIGNED, signatures=(_signature(ADA, keyid="ada"),)),
        "no signature by a trusted key",
    ),
    "key id in upper case": (
        attrs.evolve(SIGNED, signatures=(_signature(ADA, keyid=ADA.public.key_id.upper()),)),
        "no signature by a trusted key",
    ),
    "signature made for another type": (
        attrs.evolve(SIGNED, signatures=(_signature(payload_type="text/plain"),)),
        "by key",
    ),
    "signature over the bare payload": (
        attrs.evolve(SIGNED, signatures=(Signature(keyid=ADA.public.key_id, sig=ADA.sign(PAYLOAD)),)),
        "by key",
    ),
    "second signature over other bytes": (
        attrs.evolve(SIGNED, signatures=(*SIGNED.signatures, _signature(BOB, b'{"pay":6}'))),
        r"at signatures\[1\]",
    ),
    "first signature over other bytes": (
        attrs.evolve(SIGNED, signatures=(_signature(BOB, b'{"pay":6}'), *SIGNED.signatures)),
        r"at signatures\[0\]",
    ),
    "signature that is too short": (
        attrs.evolve(SIGNED, signatures=(attrs.evolve(SIGNED.signatures[0], sig=SIGNED.signatures[0].sig[:63]),)),
        "by key",
    ),
    "signature of one byte": (attrs.evolve(SIGNED, signatures=(Signature(keyid=ADA.public.key_id, sig=b"\0"),)), "by"),
}


@pytest.mark.parametrize("defect", CHEATS)
def test_a_cheat_is_refused(defect: str) -> None:
    """
    INV-60: each way to pass off something that no trusted key signed; also when it comes from a file.
    """
    envelope, message = CHEATS[defect]
    for one in (envelope, Envelope.from_bytes(envelope.raw)):
        with pytest.raises(InvalidSignatureError, match=message):
            _verify(one)


def test_another_payload_type_is_refused_before_anything_else_is_looked_at() -> None:
    """
    Although a trusted key signed exactly that, and whether or not the signature holds.
    """
    other = sign_envelope("text/plain", PAYLOAD, [ADA])
    broken = attrs.evolve(other, signatures=(Signature(keyid=ADA.public.key_id, sig=b"?"),))
    for envelope in (other, broken):
        with pytest.raises(IntegrityError, match=r"payload type 'text/plain' at payloadType") as caught:
            _verify(envelope)
        assert type(caught.value) is IntegrityError


def test_nobody_is_trusted_by_default() -> None:
    """
    Without trusted keys nothing holds.
    """
    with pytest.raises(InvalidSignatureError, match="no signature by a trusted key"):
        verify_envelope(SIGNED, [], payload_type=TYPE)


@pytest.mark.parametrize(
    "keys",
    [None, 5, "ada", [ADA], [ADA.public.key_id], [ADA.public, None], ADA.public],
    ids=["null", "number", "text", "private key", "key id", "null among keys", "a key alone"],
)
def test_what_are_no_keys_is_refused(keys: Any) -> None:
    """
    With a named error.
    """
    with pytest.raises(InvalidKeyError):
        verify_envelope(SIGNED, keys, payload_type=TYPE)


@pytest.mark.parametrize("envelope", [None, SIGNED.raw, json.loads(SIGNED.raw)], ids=["null", "bytes", "dict"])
def test_what_is_no_envelope_is_refused(envelope: Any) -> None:
    """
    With the way to read one.
    """
    with pytest.raises(IntegrityError, match="from_bytes reads an Envelope"):
        _verify(envelope)
