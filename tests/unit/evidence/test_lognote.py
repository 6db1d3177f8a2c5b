"""Signed notes and verifier keys, after C2SP signed-note."""

from base64 import b64decode, b64encode
from hashlib import sha256
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from logs import KEY, ORIGIN, OTHER_KEY, VERIFIER

from runtime.errors import DefinitionError, EncodingError, IntegrityError, InvalidKeyError, InvalidSignatureError
from runtime.evidence.lognote import Note, NoteSignature, VerifierKey, is_line, open_note, sign_text
from runtime.limits import MAX_NOTE_BYTES
from runtime.values.keys import PublicKey

TEXT = "example.org/receipts\n0\nempty\n"
RAW = sign_text(TEXT, ORIGIN, KEY).raw
FOREIGN = sign_text(TEXT, "witness.example", OTHER_KEY).raw.split(b"\n\n")[1]
"""A signature line by somebody else."""


class TestTheForm:
    """
    "A text ending in newline, a blank line, and signature lines: em dash, space, key name, space, base64, newline."
    """

    def test_a_note_byte_by_byte(self) -> None:
        """
        The bytes, put together here from the specification alone.
        """
        public = KEY.public.raw
        key_id = sha256(ORIGIN.encode() + b"\n\x01" + public).digest()[:4]
        line = f"\u2014 {ORIGIN} ".encode() + b64encode(key_id + KEY.sign(TEXT.encode())) + b"\n"
        assert TEXT.encode() + b"\n" + line == RAW

    def test_the_example_of_the_specification_parses(self) -> None:
        """
        Its text has an empty line; the last one separates.
        """
        signature = "NnugSzTjtVAewIS+Z/iJhUPeFDkO/5QQ2i5ddnGITLlC+EhfLW9oJKONrMouFSQU0xMcXxj99ihAQwaqP3ZekRwNtIc="
        text = "Ognuno sta solo sul cuor della terra\ntrafitto da un raggio di sole:\n\ned è subito sera.\n"
        raw = f"{text}\n\u2014 quasimodo.example/salvatore {signature}\n".encode()
        note = Note.parse(raw)
        assert note.text == text
        [one] = note.signatures
        assert one == NoteSignature(
            name="quasimodo.example/salvatore", key_id=bytes.fromhex("367ba04b"), signature=b64decode(signature)[4:]
        )
        assert note.raw == raw

    def test_a_note_with_many_signatures(self) -> None:
        """
        At least 16 must be taken, of whatever length; a hundred are.
        """
        lines = [b"\xe2\x80\x94 w%d " % number + b64encode(b"1234" + b"x" * 5000) + b"\n" for number in range(99)]
        raw = RAW + b"".join(lines)
        assert Note.parse(raw).raw == raw
        assert open_note(raw, VERIFIER) == TEXT
        with pytest.raises(IntegrityError, match="a note with 101 signatures"):
            Note.parse(raw + b"\xe2\x80\x94 last AAAAAAAA\n")

    def test_a_note_of_a_mebibyte(self) -> None:
        """
        What is larger is refused by its size.
        """
        tail = RAW.split(b"\n\n")[1]
        raw = b"x" * (MAX_NOTE_BYTES - len(tail) - 2) + b"\n\n" + tail
        assert len(Note.parse(raw).text) == MAX_NOTE_BYTES - len(tail) - 1
        with pytest.raises(IntegrityError, match=f"a note of {MAX_NOTE_BYTES + 1} bytes"):
            Note.parse(b"x" + raw)


LINE = RAW.split(b"\n\n")[1].decode().removesuffix("\n")
BASE64 = LINE.rpartition(" ")[2]

NO_NOTES: dict[str, bytes] = {
    "empty": b"",
    "no_final_newline": RAW[:-1],
    "two_final_newlines": RAW + b"\n",
    "no_signature": TEXT.encode() + b"\n",
    "no_text": b"\n" + LINE.encode() + b"\n",
    "no_text_but_a_newline": b"\n\n" + LINE.encode() + b"\n",
    "no_empty_line": TEXT.encode() + LINE.encode() + b"\n",
    "carriage_returns": RAW.replace(b"\n", b"\r\n"),
    "tab": RAW.replace(b"0", b"\t", 1),
    "null": RAW.replace(b"0", b"\0", 1),
    "escape": RAW.replace(b"0", b"\x1b", 1),
    "no_utf_8": RAW.replace(b"0", b"\xff", 1),
    "surrogate": RAW.replace(b"0", b"\xed\xa0\x80", 1),
    "hyphen_for_dash": f"{TEXT}\n- {LINE[2:]}\n".encode(),
    "no_space_after_dash": f"{TEXT}\n\u2014{LINE[2:]}\n".encode(),
    "two_spaces": f"{TEXT}\n\u2014  {LINE[2:]}\n".encode(),
    "trailing_space": f"{TEXT}\n{LINE} \n".encode(),
    "a_field_too_many": f"{TEXT}\n{LINE} x\n".encode(),
    "no_name": f"{TEXT}\n\u2014 {BASE64}\n".encode(),
    "plus_in_name": f"{TEXT}\n\u2014 a+b {BASE64}\n".encode(),
    "unicode_space_in_name": f"{TEXT}\n\u2014 a\u2003b {BASE64}\n".encode(),
    "no_base64": f"{TEXT}\n\u2014 a !!!!\n".encode(),
    "url_base64": f"{TEXT}\n\u2014 a {b64encode(bytes([251] * 9), b'-_').decode()}\n".encode(),
    "no_padding": f"{TEXT}\n\u2014 a {BASE64.rstrip('=')}\n".encode(),
    "stray_bits": f"{TEXT}\n\u2014 a AAAAAAAAAB==\n".encode(),
    "accent_in_base64": f"{TEXT}\n\u2014 a \xe9AAA\n".encode(),
    "only_an_id": f"{TEXT}\n\u2014 a {b64encode(b'1234').decode()}\n".encode(),
    "one_signature_twice": RAW + LINE.encode() + b"\n",
    "two_signatures_by_one_key": RAW + LINE.encode()[:-4] + b"AA==\n",
    "two_signatures_by_a_foreign_key": RAW + FOREIGN + FOREIGN,
}


@pytest.mark.parametrize("case", NO_NOTES)
def test_what_is_no_note_is_refused(case: str) -> None:
    """
    There is one spelling of a note; all else is refused before a signature is looked at.
    """
    with pytest.raises(IntegrityError) as caught:
        open_note(NO_NOTES[case], VERIFIER)
    assert type(caught.value) in (IntegrityError, EncodingError)
    assert caught.value.remedy


@pytest.mark.parametrize("raw", [None, RAW.decode(), bytearray(RAW), 5])
def test_what_is_no_bytes_is_refused(raw: Any) -> None:
    """
    A note is bytes, because its signature is over bytes.
    """
    with pytest.raises(IntegrityError, match="give at most"):
        Note.parse(raw)


class TestOpening:
    """
    "If no signature from a known key verifies successfully, clients MUST reject the note."
    """

    def test_a_signed_text(self) -> None:
        """
        The text comes out, whoever else has signed it too.
        """
        assert open_note(RAW, VERIFIER) == TEXT
        assert open_note(RAW + FOREIGN, VERIFIER) == TEXT
        head, _, own = RAW.partition(b"\n\n")
        assert open_note(head + b"\n\n" + FOREIGN + own, VERIFIER) == TEXT

    def test_each_changed_byte_is_found(self) -> None:
        """
        A bit flipped anywhere makes the note another one, or none.
        """
        for at in range(len(RAW)):
            with pytest.raises(IntegrityError):
                open_note(RAW[:at] + bytes([RAW[at] ^ 1]) + RAW[at + 1 :], VERIFIER)

    @pytest.mark.parametrize(
        "key",
        [VerifierKey.of(ORIGIN, OTHER_KEY), VerifierKey.of("example.org/other", KEY)],
        ids=["other_key", "other_name"],
    )
    def test_an_unknown_key(self, key: VerifierKey) -> None:
        """
        A key is its name and its bytes; who signed is told.
        """
        with pytest.raises(InvalidSignatureError, match=f"not signed by {key.name!r}") as caught:
            open_note(RAW, key)
        assert caught.value.code == "invalid_signature"
        assert f"{ORIGIN}+{VERIFIER.key_id.hex()}" in caught.value.remedy

    def test_the_signature_of_another_text(self) -> None:
        """
        A line that names the key does not hold for another text.
        """
        other = sign_text("other\n", ORIGIN, KEY).raw.split(b"\n\n")[1]
        with pytest.raises(InvalidSignatureError, match="that does not hold"):
            open_note(TEXT.encode() + b"\n" + other, VERIFIER)

    def test_a_forged_signature_beside_a_good_one_of_another_key(self) -> None:
        """
        The line of the known key decides, however many others there are.
        """
        forged = f"\u2014 {ORIGIN} {b64encode(VERIFIER.key_id + bytes(64)).decode()}\n".encode()
        with pytest.raises(InvalidSignatureError, match="that does not hold"):
            open_note(TEXT.encode() + b"\n" + FOREIGN + forged, VERIFIER)

    @pytest.mark.parametrize("size", [1, 63, 65, 5000])
    def test_a_signature_of_another_length(self, size: int) -> None:
        """
        An Ed25519 signature has 64 bytes.
        """
        line = f"\u2014 {ORIGIN} {b64encode(VERIFIER.key_id + bytes(size)).decode()}\n".encode()
        with pytest.raises(InvalidSignatureError, match="that does not hold"):
            open_note(TEXT.encode() + b"\n" + line, VERIFIER)


NO_KEYS: dict[str, Any] = {
    "none": None,
    "bytes": str(VERIFIER).encode(),
    "empty": "",
    "no_hash": f"{ORIGIN}+{str(VERIFIER).rpartition('+')[2]}",
    "upper_case_hash": str(VERIFIER).replace(VERIFIER.key_id.hex(), "ABCDEF01"),
    "another_hash": str(VERIFIER).replace(VERIFIER.key_id.hex(), "00000000"),
    "another_name": f"x{VERIFIER}",
    "space_in_name": f"a {VERIFIER}",
    "newline": f"{VERIFIER}\n",
    "no_base64": f"{ORIGIN}+00000000+!!",
    "other_type": f"{ORIGIN}+00000000+" + b64encode(b"\x02" + bytes(32)).decode(),
    "short": f"{ORIGIN}+00000000+" + b64encode(b"\x01" + bytes(31)).decode(),
    "long": f"{ORIGIN}+00000000+" + b64encode(b"\x01" + bytes(33)).decode(),
}


class TestVerifierKeys:
    """
    The text `name+hash+base64` that a stranger is given.
    """

    def test_text_and_back(self) -> None:
        """
        The form of the specification: type 1 and the 32 bytes of the key.
        """
        name, key_id, encoded = str(VERIFIER).split("+", 2)
        assert (name, key_id) == (ORIGIN, VERIFIER.key_id.hex())
        assert b64decode(encoded) == b"\x01" + KEY.public.raw
        assert VerifierKey.parse(str(VERIFIER)) == VERIFIER

    def test_a_key_whose_base64_holds_a_plus(self) -> None:
        """
        A name holds none, so the first two divide.
        """
        key = VerifierKey(ORIGIN, PublicKey(b"\xfb" * 32))
        assert str(key).count("+") > 2
        assert VerifierKey.parse(str(key)) == key

    @pytest.mark.parametrize("case", NO_KEYS)
    def test_what_is_none(self, case: str) -> None:
        """
        A key that was not copied whole, or is of another kind, is refused.
        """
        with pytest.raises(IntegrityError):
            VerifierKey.parse(NO_KEYS[case])

    def test_why(self) -> None:
        """
        The refusal says whether it is the form, the kind or the hash.
        """
        for case, words in {
            "no_hash": "expected name",
            "other_type": "type 02 and 33",
            "short": "type 01 and 32",
        }.items():
            with pytest.raises(IntegrityError, match=words):
                VerifierKey.parse(NO_KEYS[case])
        with pytest.raises(IntegrityError, match=f"hash 00000000 of a key whose hash is {VERIFIER.key_id.hex()}"):
            VerifierKey.parse(NO_KEYS["another_hash"])

    @pytest.mark.parametrize(
        "name", ["", "a b", "a+b", "a\nb", "a\tb", "a\u00a0b", "a\u2028b", "a\u3000", "\ud800", 5, None]
    )
    def test_names_that_a_signature_line_cannot_hold(self, name: Any) -> None:
        """
        "Key names MUST be non-empty and MUST NOT contain any Unicode spaces or plus."
        """
        with pytest.raises(IntegrityError, match="key name"):
            VerifierKey(name, KEY.public)
        with pytest.raises(IntegrityError, match="key name"):
            sign_text("a\n", name, KEY)

    def test_what_is_no_key(self) -> None:
        """
        Only a key of ours is one, and it refuses bytes that are none.
        """
        with pytest.raises(DefinitionError, match="expected PublicKey"):
            VerifierKey(ORIGIN, bytes(32))  # type: ignore[arg-type]

    def test_names_of_any_script(self) -> None:
        """
        What is neither white space nor plus nor control may stand in a name.
        """
        key = VerifierKey.of("例え.example/é", KEY)
        assert open_note(sign_text(TEXT, key.name, KEY).raw, key) == TEXT
        assert VerifierKey.parse(str(key)) == key

    def test_a_key_that_fits_what_nobody_signed(self) -> None:
        """
        Under a point of small order a signature holds for other texts, so it is no key.
        """
        raw = b"\x01" + b"\x01" + bytes(31)
        key_id = sha256(ORIGIN.encode() + b"\n" + raw).digest()[:4].hex()
        with pytest.raises(InvalidKeyError):
            VerifierKey.parse(f"{ORIGIN}+{key_id}+{b64encode(raw).decode()}")

    def test_the_library_agrees(self) -> None:
        """
        The signature in a note is plain Ed25519 over its text.
        """
        [one] = Note.parse(RAW).signatures
        Ed25519PublicKey.from_public_bytes(VERIFIER.public.raw).verify(one.signature, TEXT.encode())


@pytest.mark.parametrize(
    ("text", "is_one"),
    [("a", True), ("a b", True), ("\x7f", True), ("", False), ("a\n", False), ("\t", False), (5, False)],
)
def test_what_one_line_is(text: Any, is_one: bool) -> None:  # noqa: FBT001 - a table.
    """
    Text without newline or control characters, of at least one character.
    """
    assert is_line(text) is is_one
