"""Laws of envelopes: what is signed holds as it is and in no other form."""

import contextlib
from collections.abc import Iterator

import pytest
from hypothesis import given
from hypothesis import strategies as st
from signers import make_key, make_run

from runtime.encoding.canonical import canonical_record
from runtime.encoding.converter import structure, unstructure
from runtime.errors import IntegrityError, InvalidKeyError
from runtime.evidence.envelope import Envelope, pre_authentication_encoding, sign_envelope, verify_envelope
from runtime.evidence.statement import Statement, attest, verify_attestation
from runtime.values.keys import PrivateKey, PublicKey

ADA, BOB = make_key("ada"), make_key("bob")
SMALL = sign_envelope("t", b"{}", [ADA])
payload_types = st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=20)


def _flips(raw: bytes) -> Iterator[bytes]:
    for index in range(len(raw)):
        for bit in range(8):
            yield raw[:index] + bytes([raw[index] ^ 1 << bit]) + raw[index + 1 :]


class TestEveryBitCounts:
    """
    An envelope of which one bit is another is refused, by its reader or by its verifier.
    """

    def test_in_a_small_envelope(self) -> None:
        """
        INV-60: every bit of the file, key id and spelling included.
        """
        assert _accepted(SMALL.raw) == (ADA.public,)
        for raw in _flips(SMALL.raw):
            with pytest.raises(IntegrityError):
                _accepted(raw)

    def test_in_a_key_id_of_two(self) -> None:
        """
        A signature that names nobody known is ignored, and the other one alone counts; never both.
        """
        both = sign_envelope("t", b"{}", [ADA, BOB]).raw
        assert len(_accepted(both)) == 2
        counted = {_count(raw) for raw in _flips(both)}
        assert counted == {0, 1}

    @given(st.data())
    def test_in_an_attestation(self, data: st.DataObject) -> None:
        """
        Wherever the bit is.
        """
        run = make_run()
        raw = bytearray(attest(run, [ADA]).raw)
        index = data.draw(st.integers(0, len(raw) - 1))
        raw[index] ^= 1 << data.draw(st.integers(0, 7))
        with pytest.raises(IntegrityError):
            verify_attestation(Envelope.from_bytes(bytes(raw)), run.receipt, [ADA.public])


def _accepted(raw: bytes) -> tuple[PublicKey, ...]:
    return verify_envelope(Envelope.from_bytes(raw), [ADA.public, BOB.public], payload_type="t")


def _count(raw: bytes) -> int:
    try:
        return len(_accepted(raw))
    except IntegrityError:
        return 0


class TestWhatIsSignedHolds:
    """
    "verify(sign(x)) holds, from memory and from the file."
    """

    @given(payload_types, st.binary(max_size=100), st.sets(st.sampled_from("abcdefgh"), min_size=1))
    def test_for_every_payload_and_signers(self, payload_type: str, payload: bytes, names: set[str]) -> None:
        """
        Any bytes, any type, any keys; all who signed are given.
        """
        keys = [make_key(name) for name in names]
        envelope = sign_envelope(payload_type, payload, keys)
        again = Envelope.from_bytes(envelope.raw)
        assert again == envelope
        trusted = [key.public for key in keys]
        assert set(verify_envelope(again, trusted, payload_type=payload_type)) == set(trusted)


class TestTheEncodingIsInjective:
    """
    "No two pairs of type and payload have the same bytes", so no signature serves for two.
    """

    @given(st.tuples(payload_types, st.binary(max_size=12)), st.tuples(payload_types, st.binary(max_size=12)))
    def test_of_any_two(self, one: tuple[str, bytes], other: tuple[str, bytes]) -> None:
        """
        Equal bytes mean equal pairs.
        """
        assert (pre_authentication_encoding(*one) == pre_authentication_encoding(*other)) is (one == other)

    @given(payload_types, st.binary(max_size=12), st.integers(0, 12))
    def test_of_a_payload_whose_start_is_moved_to_the_type(self, name: str, payload: bytes, size: int) -> None:
        """
        The lengths tell where one ends.
        """
        moved = (name + payload[:size].decode("latin-1"), payload[size:])
        same = moved == (name, payload)
        assert (pre_authentication_encoding(*moved) == pre_authentication_encoding(name, payload)) is same


class TestAStatementComesBack:
    """
    "`structure(unstructure(x)) == x`, and `unstructure(structure(d)) == d`"
    """

    @given(st.integers(-9, 9))
    def test_of_any_run(self, value: int) -> None:
        """
        As value and as document.
        """
        statement = Statement.of_receipt(make_run(value).receipt)
        document = unstructure(statement)
        assert structure(document, Statement, what="statement") == statement
        assert canonical_record(unstructure(structure(document, Statement, what="statement"))) == statement.raw


class TestAnyTextIsAKeyOrRefused:
    """
    "Wrong kind, encrypted, empty, binary, truncated input: each a clear error", and no other exception.
    """

    @given(st.data())
    def test_where_a_real_key_is_damaged(self, data: st.DataObject) -> None:
        """
        Cut, or with other characters in it.
        """
        text = data.draw(st.sampled_from([ADA.public.pem, ADA.public.openssh, ADA.to_pem()]))
        start = data.draw(st.integers(0, len(text)))
        end = data.draw(st.integers(start, len(text)))
        changed = text[:start] + data.draw(st.text(max_size=4)) + text[end:]
        for kind in (PublicKey, PrivateKey):
            with contextlib.suppress(InvalidKeyError):
                assert type(kind.from_text(changed)) is kind

    @given(st.binary(max_size=80) | st.text(max_size=80))
    def test_where_there_never_was_one(self, text: bytes | str) -> None:
        """
        Any bytes, any text.
        """
        for kind in (PublicKey, PrivateKey):
            with pytest.raises(InvalidKeyError):
                kind.from_text(text)
