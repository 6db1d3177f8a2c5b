"""Keys: what is read as one, what each refusal says, what they are named by, and what a signature is worth."""

import base64
import copy
import hashlib
import pickle
import struct
from typing import Any

import pytest
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric import dsa, ec, ed448, rsa
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from cryptography.hazmat.primitives.serialization import (
    BestAvailableEncryption,
    Encoding,
    KeySerializationEncryption,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
)
from signers import make_key

from runtime.errors import InvalidKeyError, InvalidSignatureError
from runtime.limits import MAX_KEY_BYTES
from runtime.values.keys import PrivateKey, PublicKey

KEY = make_key()
PUBLIC = KEY.public
_RSA = rsa.generate_private_key(65537, 2048)
_EC = ec.generate_private_key(ec.SECP256R1())
_ED448 = ed448.Ed448PrivateKey.generate()
_DSA = dsa.generate_private_key(2048)
_PLAIN = NoEncryption()


def _private(
    key: Any, form: PrivateFormat = PrivateFormat.PKCS8, encryption: KeySerializationEncryption = _PLAIN
) -> bytes:
    raw: bytes = key.private_bytes(Encoding.PEM, form, encryption)
    return raw


def _public(key: Any, form: PublicFormat = PublicFormat.SubjectPublicKeyInfo) -> bytes:
    encoding = Encoding.OpenSSH if form is PublicFormat.OpenSSH else Encoding.PEM
    raw: bytes = key.public_key().public_bytes(encoding, form)
    return raw


PEM = PUBLIC.pem.encode()
LINE = PUBLIC.openssh.encode()
SECRET = KEY.to_pem().encode()
OPENSSH = _private(KEY._key, PrivateFormat.OpenSSH)


def _encrypted_openssh() -> bytes:
    """
    Make what `ssh-keygen` with a pass phrase writes, with noise for the encrypted part.
    """

    def field(raw: bytes) -> bytes:
        return struct.pack(">I", len(raw)) + raw

    options = field(bytes(16)) + struct.pack(">I", 16)
    public = field(field(b"ssh-ed25519") + field(PUBLIC.raw))
    head = b"openssh-key-v1\0" + field(b"aes256-ctr") + field(b"bcrypt") + field(options) + struct.pack(">I", 1)
    text = base64.encodebytes(head + public + field(bytes(144)))
    return b"-----BEGIN OPENSSH PRIVATE KEY-----\n" + text + b"-----END OPENSSH PRIVATE KEY-----\n"


class TestAPublicKey:
    """
    "equality by bytes; `key_id` = lower-case hex SHA-256 of the DER SubjectPublicKeyInfo"
    """

    def test_is_named_by_the_digest_of_its_der(self) -> None:
        """
        The DER of an Ed25519 key is twelve fixed bytes and the key.
        """
        der = bytes.fromhex("302a300506032b6570032100") + PUBLIC.raw
        assert PUBLIC.key_id == hashlib.sha256(der).hexdigest()
        assert str(PUBLIC) == PUBLIC.key_id
        assert repr(PUBLIC) == f"PublicKey({PUBLIC.key_id})"

    def test_is_equal_by_its_bytes(self) -> None:
        """
        However it was read; and another key is another.
        """
        again = PublicKey.from_text(LINE)
        assert again == PUBLIC
        assert hash(again) == hash(PUBLIC)
        assert make_key("eve").public != PUBLIC

    @pytest.mark.parametrize(
        "text",
        [
            PEM,
            PEM.decode(),
            b"\n " + PEM + b"\n",
            PEM.replace(b"\n", b"\r\n"),
            PEM.rstrip(),
            LINE,
            LINE + b" ada@host a",
        ],
        ids=[
            "pem",
            "text",
            "spaces around",
            "windows line ends",
            "no last line end",
            "openssh",
            "openssh with comment",
        ],
    )
    def test_is_read_from(self, text: bytes | str) -> None:
        """
        PEM or one line of OpenSSH.
        """
        assert PublicKey.from_text(text) == PUBLIC

    def test_reads_what_it_writes(self) -> None:
        """
        PEM and OpenSSH are the library's own.
        """
        assert PUBLIC.pem.encode() == _public(KEY._key)
        assert PUBLIC.openssh.encode() == _public(KEY._key, PublicFormat.OpenSSH)

    @pytest.mark.parametrize("raw", [None, "a" * 32, bytearray(32), b"a" * 31, b"a" * 33], ids=repr)
    def test_is_32_bytes(self, raw: Any) -> None:
        """
        Neither text nor another number of bytes.
        """
        with pytest.raises(InvalidKeyError, match="expected the 32 bytes"):
            PublicKey(raw)


REFUSED_AS_PUBLIC: dict[str, tuple[Any, str]] = {
    "null": (None, "a NoneType"),
    "a key object": (KEY, "a PrivateKey"),
    "empty": (b"", "an empty text"),
    "blank": (b" \n\t", "an empty text"),
    "binary": (b"\x7fELF\x02\xff", "binary data"),
    "der": (KEY._key.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo), "binary data"),
    "nul": (PEM + b"\0", "binary data"),
    "lone surrogate": ("\ud800", "binary data"),
    "too long": (b"a" * (MAX_KEY_BYTES + 1), f"{MAX_KEY_BYTES + 1} bytes"),
    "prose": (b"my key", "neither PEM nor an OpenSSH line"),
    "two keys": (PEM + PEM, "2 PEM blocks"),
    "text before": (b"Bag Attributes\n" + PEM, "has text around it"),
    "text behind": (PEM + b"trailer", "has text around it"),
    "cut off": (PEM[:70], "PEM that is cut off"),
    "cut inside": (PEM.replace(b"MCow", b""), "cut off or damaged"),
    "other base64": (PEM.replace(b"MCow", b"!!!!"), "cut off or damaged"),
    "private": (SECRET, "a private key"),
    "private openssh": (OPENSSH, "a private key"),
    "encrypted private": (_private(KEY._key, encryption=BestAvailableEncryption(b"x")), "a private key"),
    "certificate": (PEM.replace(b"PUBLIC KEY", b"CERTIFICATE"), "PEM of a certificate"),
    "rsa": (_public(_RSA), "a key of kind RSA, not Ed25519"),
    "rsa pkcs1": (_public(_RSA, PublicFormat.PKCS1), "a key of kind RSA, not Ed25519"),
    "ecdsa": (_public(_EC), "a key of kind EC, not Ed25519"),
    "dsa": (_public(_DSA), "a key of kind DSA, not Ed25519"),
    "ed448": (_public(_ED448), "a key of kind Ed448, not Ed25519"),
    "rsa openssh": (_public(_RSA, PublicFormat.OpenSSH), "a key of kind RSA, not Ed25519"),
    "ecdsa openssh": (_public(_EC, PublicFormat.OpenSSH), "a key of kind EC, not Ed25519"),
    "openssh cut off": (LINE[:40], "cut off or damaged"),
    "openssh without a key": (b"ssh-ed25519", "cut off or damaged"),
    "openssh of another length": (LINE[:-4], "cut off or damaged"),
    "two openssh lines": (LINE + b"\n" + LINE, "more than one line"),
    "openssh of an unknown kind": (b"ssh-ed9 AAAA", "cut off or damaged"),
}


@pytest.mark.parametrize("case", REFUSED_AS_PUBLIC)
def test_what_is_no_public_key_is_refused(case: str) -> None:
    """
    The message says what was given instead, and names the file.
    """
    text, message = REFUSED_AS_PUBLIC[case]
    with pytest.raises(InvalidKeyError) as caught:
        PublicKey.from_text(text, source="ada.pub")
    assert message in caught.value.what
    assert caught.value.where == "ada.pub"
    assert caught.value.remedy


class TestAWeakKey:
    """
    A key of small order: `R = -k * A` comes out the same for many messages, so a signature fits what nobody signed.
    """

    P = 2**255 - 19
    ORDER_8 = (
        "26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05",
        "c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac037a",
    )
    POINTS = (
        *(y.to_bytes(32, "little") for y in (0, 1, P - 1)),
        *map(bytes.fromhex, ORDER_8),
        *((int.from_bytes(bytes.fromhex(y), "little") | 1 << 255).to_bytes(32, "little") for y in ORDER_8),
        (1 << 255).to_bytes(32, "little"),
    )

    @pytest.mark.parametrize("raw", POINTS, ids=bytes.hex)
    def test_is_refused_because_a_forged_signature_holds_under_it(self, raw: bytes) -> None:
        """
        The library accepts a signature without a signer over some message; here there is no such key.
        """
        weak = Ed25519PublicKey.from_public_bytes(raw)
        forged = (1).to_bytes(32, "little") + bytes(32)
        messages = (b"pay %d" % n for n in range(400))
        assert any(_holds(weak, forged, message) for message in messages)
        with pytest.raises(InvalidKeyError, match="anybody can sign"):
            PublicKey(raw)

    @pytest.mark.parametrize("y", range(P, 2**255))
    def test_has_one_spelling(self, y: int) -> None:
        """
        A coordinate beyond the field would be a second name of the same point.
        """
        for sign in (0, 1 << 255):
            with pytest.raises(InvalidKeyError, match="shortest form"):
                PublicKey((y | sign).to_bytes(32, "little"))

    def test_is_refused_in_a_file_too(self) -> None:
        """
        And the message names the file.
        """
        weak = Ed25519PublicKey.from_public_bytes((1).to_bytes(32, "little"))
        with pytest.raises(InvalidKeyError) as caught:
            PublicKey.from_text(weak.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo), source="weak.pub")
        assert caught.value.where == "weak.pub"


def _holds(key: Ed25519PublicKey, signature: bytes, message: bytes) -> bool:
    try:
        key.verify(signature, message)
    except InvalidSignature:
        return False
    return True


class TestASignature:
    """
    "verify(signature, message) that raises InvalidSignatureError"
    """

    def test_holds_over_the_bytes_that_were_signed(self) -> None:
        """
        And is the same each time: nothing random is in it.
        """
        signature = KEY.sign(b"message")
        assert len(signature) == 64
        assert signature == KEY.sign(b"message")
        PUBLIC.verify(signature, b"message")

    def test_of_the_standard_holds(self) -> None:
        """
        Source: RFC 8032, 7.1, test 2.
        """
        key = PublicKey(bytes.fromhex("3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c"))
        signature = (
            "92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da"
            "085ac1e43e15996e458f3613d0f11d8c387b2eaeb4302aeeb00d291612bb0c00"
        )
        key.verify(bytes.fromhex(signature), b"\x72")

    @pytest.mark.parametrize(
        ("signature", "message", "key"),
        [
            (KEY.sign(b"message"), b"message ", KEY),
            (KEY.sign(b"message"), b"message", make_key("eve")),
            (KEY.sign(b"message")[:-1], b"message", KEY),
            (KEY.sign(b"message") + b"\0", b"message", KEY),
            (b"", b"message", KEY),
            (bytes(64), b"message", KEY),
        ],
        ids=["other bytes", "other key", "short", "long", "empty", "zeros"],
    )
    def test_that_does_not_hold_is_refused(self, signature: bytes, message: bytes, key: PrivateKey) -> None:
        """
        The message names the key.
        """
        with pytest.raises(InvalidSignatureError, match=key.public.key_id):
            key.public.verify(signature, message)

    def test_of_a_second_form_is_refused(self) -> None:
        """
        S + L gives the same equation; one signature has one spelling.
        """
        order = 2**252 + 27742317777372353535851937790883648493
        signature = KEY.sign(b"message")
        larger = int.from_bytes(signature[32:], "little") + order
        with pytest.raises(InvalidSignatureError):
            PUBLIC.verify(signature[:32] + larger.to_bytes(32, "little"), b"message")

    @pytest.mark.parametrize(("signature", "message"), [("a" * 64, b"m"), (bytes(64), "m"), (None, b"m")])
    def test_is_bytes_over_bytes(self, signature: Any, message: Any) -> None:
        """
        Text is refused by name, not by a traceback of the library.
        """
        with pytest.raises(InvalidSignatureError, match="give bytes"):
            PUBLIC.verify(signature, message)


class TestAPrivateKey:
    """
    "from PKCS8 PEM and from OpenSSH PEM ed25519; repr shows nothing secret"
    """

    @pytest.mark.parametrize("text", [SECRET, SECRET.decode(), OPENSSH], ids=["pkcs8", "text", "openssh"])
    def test_is_read_from(self, text: bytes | str) -> None:
        """
        Whatever the form, it is the same key.
        """
        assert PrivateKey.from_text(text).public == PUBLIC

    def test_reads_what_it_writes(self) -> None:
        """
        `to_pem` is PKCS8, not encrypted.
        """
        assert KEY.to_pem().encode() == _private(KEY._key)

    def test_shows_nothing_secret(self) -> None:
        """
        Its repr and text are the id of its public key; it has no other outward form.
        """
        assert repr(KEY) == str(KEY) == f"{KEY}" == f"PrivateKey({PUBLIC.key_id})"
        with pytest.raises(TypeError):
            pickle.dumps(KEY)
        assert copy.copy(KEY).public == PUBLIC

    def test_is_not_compared(self) -> None:
        """
        Two readings are two keys: comparing secrets is for nobody.
        """
        assert PrivateKey.from_text(SECRET) != KEY

    @pytest.mark.parametrize("seed", [None, "a" * 32, b"", bytes(31), bytes(33), bytearray(32)], ids=repr)
    def test_is_made_of_32_bytes(self, seed: Any) -> None:
        """
        And the refusal shows none of them.
        """
        with pytest.raises(InvalidKeyError, match="a seed that is not 32 bytes") as caught:
            PrivateKey.of_seed(seed)
        assert "aaaa" not in str(caught.value)

    @pytest.mark.parametrize("key", [None, SECRET, _RSA], ids=["null", "bytes", "rsa"])
    def test_holds_an_ed25519_key(self, key: Any) -> None:
        """
        Nothing else passes the constructor.
        """
        with pytest.raises(InvalidKeyError, match="from_text reads a key"):
            PrivateKey(key)


REFUSED_AS_PRIVATE: dict[str, tuple[Any, str]] = {
    "null": (None, "a NoneType"),
    "empty": (b"", "an empty text"),
    "binary": (b"\xff\xfe", "binary data"),
    "too long": (SECRET + b"\n" * MAX_KEY_BYTES, "bytes"),
    "prose": (b"my key", "neither PEM nor an OpenSSH line"),
    "two keys": (SECRET + SECRET, "2 PEM blocks"),
    "text around": (b"x\n" + SECRET, "has text around it"),
    "cut off": (SECRET[:90], "PEM that is cut off"),
    "cut inside": (SECRET.replace(b"MC4C", b""), "a private key that is cut off or damaged"),
    "openssh cut inside": (OPENSSH[:150] + OPENSSH[300:], "a private key that is cut off or damaged"),
    "public": (PEM, "a public key"),
    "public openssh": (LINE, "a public key"),
    "rsa public": (_public(_RSA, PublicFormat.PKCS1), "a public key"),
    "certificate": (PEM.replace(b"PUBLIC KEY", b"CERTIFICATE"), "PEM of a certificate"),
    "encrypted": (_private(KEY._key, encryption=BestAvailableEncryption(b"x")), "behind a pass phrase"),
    "encrypted openssh": (_encrypted_openssh(), "behind a pass phrase"),
    "rsa": (_private(_RSA), "a key of kind RSA, not Ed25519"),
    "rsa pkcs1": (_private(_RSA, PrivateFormat.TraditionalOpenSSL), "a key of kind RSA, not Ed25519"),
    "rsa openssh": (_private(_RSA, PrivateFormat.OpenSSH), "a key of kind RSA, not Ed25519"),
    "ecdsa": (_private(_EC), "a key of kind EC, not Ed25519"),
    "ecdsa sec1": (_private(_EC, PrivateFormat.TraditionalOpenSSL), "a key of kind EC, not Ed25519"),
    "dsa": (_private(_DSA), "a key of kind DSA, not Ed25519"),
    "ed448": (_private(_ED448), "a key of kind Ed448, not Ed25519"),
}


@pytest.mark.parametrize("case", REFUSED_AS_PRIVATE)
def test_what_is_no_private_key_is_refused(case: str) -> None:
    """
    The message says what was given instead, names the file, and shows nothing of the text; nor does what it came from.
    """
    text, message = REFUSED_AS_PRIVATE[case]
    with pytest.raises(InvalidKeyError) as caught:
        PrivateKey.from_text(text, source="ada.pem")
    assert message in caught.value.what
    assert caught.value.where == "ada.pem"
    assert caught.value.remedy
    assert caught.value.__cause__ is None
    assert caught.value.__suppress_context__ or caught.value.__context__ is None
