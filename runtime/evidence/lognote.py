"""Signed notes: a text and signatures below it, which anybody can keep, compare and check. Source: C2SP signed-note.

Signatures are Ed25519, type 0x01. The text of a note means nothing before a signature by a known key holds. Signatures
by other keys, of whatever type, are carried along and never judged, so that witnesses may add theirs.

Read `loghead.py` next: the one kind of text that is signed here.
"""

import re
from hashlib import sha256
from typing import Final, Self, final

import attrs

from runtime.encoding.base64text import from_base64, to_base64
from runtime.errors import IntegrityError, InvalidSignatureError, shown
from runtime.limits import MAX_NOTE_BYTES, MAX_NOTE_SIGNATURES
from runtime.values.checks import of_type
from runtime.values.keys import PrivateKey, PublicKey

__all__ = ["Note", "NoteSignature", "VerifierKey", "is_line", "open_note", "sign_text"]

_ED25519: Final = b"\x01"
_ID_BYTES: Final = 4
_KEY_BYTES: Final = 32
# The specification names characters below U+0020 only; a surrogate is what UTF-8 cannot hold.
_find_control = re.compile("[\x00-\x09\x0b-\x1f\ud800-\udfff]").search
# Unicode's white space, written out so that no later version of Unicode changes what a name is.
_is_key_name = re.compile(
    "[^\x00-\x20+\x85\xa0\u1680\u2000-\u200a\u2028\u2029\u202f\u205f\u3000\ud800-\udfff]+"
).fullmatch
_split_signature = re.compile("\u2014 ([^ ]+) ([^ ]+)").fullmatch
_split_key = re.compile(r"([^+]+)\+([0-9a-f]{8})\+(.+)").fullmatch
_REMEDY: Final = "use the note as it was written"


@final
@attrs.frozen
class VerifierKey:
    """
    A public Ed25519 key and the name it signs under. Its text is `name+hash+base64`.
    """

    name: str
    public: PublicKey = attrs.field(validator=of_type(PublicKey))

    def __attrs_post_init__(self) -> None:
        """
        Refuse a name that a signature line cannot hold.
        """
        if type(self.name) is not str or not _is_key_name(self.name):
            raise IntegrityError(
                f"key name {shown(self.name)}",
                where="name",
                remedy="give one without spaces, plus and control characters",
            )

    @classmethod
    def of(cls, name: str, key: PrivateKey) -> Self:
        """
        Give the verifier key of a signing key.
        """
        return cls(name, key.public)

    @property
    def key_id(self) -> bytes:
        """
        The four bytes by which a signature line names its key.
        """
        return sha256(self.name.encode() + b"\n" + _ED25519 + self.public.raw).digest()[:_ID_BYTES]

    def __str__(self) -> str:
        """
        Give the text a stranger checks a log with.
        """
        return f"{self.name}+{self.key_id.hex()}+{to_base64(_ED25519 + self.public.raw)}"

    @classmethod
    def parse(cls, text: str) -> Self:
        """
        Read the text of a verifier key.

        Raises:
            IntegrityError: it is none, of another kind than Ed25519, or its hash is not its own.
        """
        found = _split_key(text) if type(text) is str else None
        if found is None:
            raise IntegrityError(
                f"verifier key {shown(text)}",
                where="key",
                remedy="expected name+hash+base64, as `mission log head` prints",
            )
        raw = from_base64(found[3], where="key")
        if len(raw) != 1 + _KEY_BYTES or not raw.startswith(_ED25519):
            raise IntegrityError(
                f"a verifier key of type {raw[:1].hex()} and {len(raw)} bytes",
                where="key",
                remedy="only Ed25519 is known: type 01 and 33 bytes",
            )
        key = cls(found[1], PublicKey(raw[1:]))
        if key.key_id.hex() != found[2]:
            raise IntegrityError(
                f"hash {found[2]} of a key whose hash is {key.key_id.hex()}",
                where="key",
                remedy="copy the key again, whole",
            )
        return key


@final
@attrs.frozen(kw_only=True)
class NoteSignature:
    """
    One signature line: the name of the key, the four bytes that name it, and the signature.
    """

    name: str
    key_id: bytes
    signature: bytes


@final
@attrs.frozen(kw_only=True)
class Note:
    """
    A text and its signatures, none of them verified.
    """

    text: str
    signatures: tuple[NoteSignature, ...]

    @property
    def raw(self) -> bytes:
        """
        The bytes of the note.
        """
        lines = [f"\u2014 {one.name} {to_base64(one.key_id + one.signature)}\n" for one in self.signatures]
        return f"{self.text}\n{''.join(lines)}".encode()

    @classmethod
    def parse(cls, raw: bytes) -> Self:
        """
        Split the bytes of a note strictly: there is one spelling of each note.

        Raises:
            IntegrityError: they are no note.
        """
        text = _decode_note(raw)
        # Signature lines hold no empty line, so the last one stands between text and signatures.
        body, _, tail = text.rpartition("\n\n")
        if not body or not tail.endswith("\n"):
            raise IntegrityError(
                "a note without text, signatures, an empty line between them, or a final newline",
                where="note",
                remedy=_REMEDY,
            )
        lines = tail.split("\n")[:-1]
        if len(lines) > MAX_NOTE_SIGNATURES:
            raise IntegrityError(
                f"a note with {len(lines)} signatures", where="note", remedy=f"the limit is {MAX_NOTE_SIGNATURES}"
            )
        signatures = tuple(map(_read_signature, lines))
        if len({(one.name, one.key_id) for one in signatures}) < len(signatures):
            raise IntegrityError("a note with two signatures by one key", where="note", remedy="keep one of them")
        return cls(text=f"{body}\n", signatures=signatures)


def is_line(text: object) -> bool:
    """
    Tell whether a value is one line of a note that is not empty.
    """
    return type(text) is str and text != "" and "\n" not in text and _find_control(text) is None


def sign_text(text: str, name: str, key: PrivateKey) -> Note:
    """
    Sign a text under a name.

    Raises:
        IntegrityError: the name is none that a signature line can hold.
    """
    verifier = VerifierKey.of(name, key)
    signature = NoteSignature(name=name, key_id=verifier.key_id, signature=key.sign(text.encode()))
    return Note(text=text, signatures=(signature,))


def open_note(raw: bytes, key: VerifierKey) -> str:
    """
    Give the text of a note that a known key signed.

    Raises:
        InvalidSignatureError: the key did not sign it, or its signature does not hold.
        IntegrityError: it is no note.
    """
    note = Note.parse(raw)
    own = [one for one in note.signatures if (one.name, one.key_id) == (key.name, key.key_id)]
    if not own:
        names = sorted(f"{one.name}+{one.key_id.hex()}" for one in note.signatures)
        raise InvalidSignatureError(
            f"a note not signed by {shown(key.name)} with key {key.key_id.hex()}",
            where="note",
            remedy=f"it is signed by {shown(names)}; give the verifier key of the log, from a source you trust",
        )
    try:
        key.public.verify(own[0].signature, note.text.encode())
    except InvalidSignatureError as error:
        raise InvalidSignatureError(
            f"a signature by {shown(key.name)} that does not hold", where="note", remedy="do not trust the note"
        ) from error
    return note.text


def _decode_note(raw: bytes) -> str:
    if type(raw) is not bytes or len(raw) > MAX_NOTE_BYTES:
        size = f"{len(raw)} bytes" if type(raw) is bytes else shown(raw)
        raise IntegrityError(f"a note of {size}", where="note", remedy=f"give at most {MAX_NOTE_BYTES} bytes")
    try:
        text = raw.decode()
    except UnicodeDecodeError as error:
        raise IntegrityError(
            f"a note with a byte at {error.start} that is not UTF-8", where="note", remedy=_REMEDY
        ) from error
    control = _find_control(text)
    if control:
        raise IntegrityError(f"a note with a control character {shown(control[0])}", where="note", remedy=_REMEDY)
    return text


def _read_signature(line: str) -> NoteSignature:
    found = _split_signature(line)
    if found is None or not _is_key_name(found[1]):
        raise IntegrityError(f"signature line {shown(line)}", where="note", remedy="expected — name base64")
    raw = from_base64(found[2], where="note")
    # A signature of another kind may have any length, but for the id in front of it.
    if len(raw) <= _ID_BYTES:
        raise IntegrityError(f"a signature of {len(raw)} bytes", where="note", remedy=_REMEDY)
    return NoteSignature(name=found[1], key_id=raw[:_ID_BYTES], signature=raw[_ID_BYTES:])
