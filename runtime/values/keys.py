"""Ed25519 keys: read from text, named by a key id, and what they are for: to sign bytes and to check signatures.

A key id is the SHA-256, in lower-case hex, of the DER SubjectPublicKeyInfo: what `openssl pkey -pubin -outform DER`
gives to `sha256sum`. No key is made up here: randomness and files belong to the shell `runtime/signing`. This module is
not imported by the package `runtime.values`, because it loads a library that running a mission does not need.
"""

from hashlib import sha256
from typing import Final, Self, final

import attrs
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
    load_pem_private_key,
    load_pem_public_key,
    load_ssh_private_key,
    load_ssh_public_key,
)

from runtime.errors import InvalidKeyError, InvalidSignatureError, shown
from runtime.values.keytext import (
    MAKE_A_KEY,
    OPENSSH_LINES,
    encrypted,
    public_instead,
    read_label,
    read_text,
    refuse_private_label,
    refuse_public_label,
    unreadable,
    wrong_kind,
)

__all__ = ["PrivateKey", "PublicKey"]

_KEY_BYTES: Final = 32
_FIELD: Final = 2**255 - 19
_ORDER_8: Final = 0x05FC536D880238B13933C6D305ACDFD5F098EFF289F4C345B027B2C28F95E826
_SMALL_ORDER: Final = frozenset({0, 1, _FIELD - 1, _ORDER_8, _FIELD - _ORDER_8})
"""The y of the eight points whose multiples are at most eight. Under such a key a signature fits messages nobody signed."""


@final
@attrs.frozen
class PublicKey:
    """
    A key that signatures are checked with; two are equal when their 32 bytes are.
    """

    raw: bytes = attrs.field(repr=False)
    """The 32 bytes of RFC 8032."""

    @raw.validator
    def _is_point(self, _: object, value: object) -> None:
        if type(value) is not bytes or len(value) != _KEY_BYTES:
            raise InvalidKeyError(f"raw is {shown(value)}", where="raw", remedy="expected the 32 bytes of the key")
        _refuse_weak(value, "raw")

    @classmethod
    def from_text(cls, text: bytes | str, *, source: str = "") -> Self:
        """
        Read a public key from PEM, or from the one line of OpenSSH: `ssh-ed25519 AAAA… comment`.

        Args:
            text: the content of a file.
            source: name of the text in messages, such as its file name.

        Raises:
            InvalidKeyError: it holds no Ed25519 public key, or more than that.
        """
        plain = read_text(text, source)
        if plain.startswith(OPENSSH_LINES):
            if len(plain.splitlines()) > 1:
                raise InvalidKeyError("more than one line", where=source, remedy="give one key")
        else:
            label = read_label(plain, source)
            if label != "PUBLIC KEY":
                refuse_public_label(label, source)
        try:
            raw = plain.encode()
            key = load_ssh_public_key(raw) if plain.startswith(OPENSSH_LINES) else load_pem_public_key(raw)
        except Exception as error:
            # A parser of another library: whatever it raises, the text is no key. Its words may show the text.
            raise unreadable(source, "public") from error
        if not isinstance(key, Ed25519PublicKey):
            raise wrong_kind(type(key).__name__, source)
        point = key.public_bytes(Encoding.Raw, PublicFormat.Raw)
        _refuse_weak(point, source)
        return cls(point)

    @property
    def key_id(self) -> str:
        """
        SHA-256 of the DER SubjectPublicKeyInfo, in lower-case hex.
        """
        return sha256(self._key.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)).hexdigest()

    @property
    def pem(self) -> str:
        """
        The key as PEM SubjectPublicKeyInfo.
        """
        return self._key.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo).decode()

    @property
    def openssh(self) -> str:
        """
        The key as OpenSSH writes it, without a comment.
        """
        return self._key.public_bytes(Encoding.OpenSSH, PublicFormat.OpenSSH).decode()

    def verify(self, signature: bytes, message: bytes) -> None:
        """
        Check a signature over a message.

        Raises:
            InvalidSignatureError: it is not that of this key over exactly these bytes.
        """
        if type(signature) is not bytes or type(message) is not bytes:
            given = signature if type(signature) is not bytes else message
            raise InvalidSignatureError(f"{type(given).__name__} {shown(given)}", remedy="give bytes")
        try:
            self._key.verify(signature, message)
        except InvalidSignature:
            raise InvalidSignatureError(
                f"a signature that is not by key {self.key_id} over these bytes",
                remedy="trust neither; ask for the original, and for the key from its owner",
            ) from None

    def __str__(self) -> str:
        """
        Give the key id.
        """
        return self.key_id

    def __repr__(self) -> str:
        """
        Show the key id.
        """
        return f"PublicKey({self.key_id})"

    @property
    def _key(self) -> Ed25519PublicKey:
        return Ed25519PublicKey.from_public_bytes(self.raw)


@final
@attrs.frozen(eq=False, repr=False)
class PrivateKey:
    """
    A key that signs. Nothing it shows is secret, and it can be neither compared nor pickled.
    """

    _key: Ed25519PrivateKey = attrs.field()

    @_key.validator
    def _is_key(self, _: object, value: object) -> None:
        if not isinstance(value, Ed25519PrivateKey):
            raise InvalidKeyError(f"key is a {type(value).__name__}", where="key", remedy="from_text reads a key")

    @classmethod
    def of_seed(cls, seed: bytes) -> Self:
        """
        Take the 32 secret bytes of RFC 8032, which must come from a random source.

        Raises:
            InvalidKeyError: they are not 32 bytes.
        """
        if type(seed) is not bytes or len(seed) != _KEY_BYTES:
            raise InvalidKeyError("a seed that is not 32 bytes", where="seed", remedy="draw 32 random bytes")
        return cls(Ed25519PrivateKey.from_private_bytes(seed))

    @classmethod
    def from_text(cls, text: bytes | str, *, source: str = "") -> Self:
        """
        Read a private key that is not encrypted, from PEM: PKCS8, or what `ssh-keygen` writes.

        Args:
            text: the content of a file.
            source: name of the text in messages, such as its file name.

        Raises:
            InvalidKeyError: it holds no Ed25519 private key, more than that, or an encrypted one.
        """
        plain = read_text(text, source)
        if plain.startswith(OPENSSH_LINES):
            raise public_instead(source)
        label = read_label(plain, source)
        if label not in ("PRIVATE KEY", "OPENSSH PRIVATE KEY"):
            refuse_private_label(label, source)
        try:
            raw = plain.encode()
            key = load_pem_private_key(raw, None) if label == "PRIVATE KEY" else load_ssh_private_key(raw, None)
        except TypeError:
            raise encrypted(source) from None
        except Exception:  # noqa: BLE001 - a named error, as above.
            # What it raised is dropped, because it was made from a secret.
            raise unreadable(source, "private") from None
        if not isinstance(key, Ed25519PrivateKey):
            raise wrong_kind(type(key).__name__, source)
        return cls(key)

    @property
    def public(self) -> PublicKey:
        """
        The public key that belongs to it.
        """
        return PublicKey(self._key.public_key().public_bytes(Encoding.Raw, PublicFormat.Raw))

    def sign(self, message: bytes) -> bytes:
        """
        Sign a message; equal messages give equal signatures.
        """
        return self._key.sign(message)

    def to_pem(self) -> str:
        """
        Give the secret as PKCS8 PEM, not encrypted; for a file that nobody else can read.
        """
        return self._key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode()

    def __repr__(self) -> str:
        """
        Show the key id alone.
        """
        return f"PrivateKey({self.public.key_id})"


def _refuse_weak(raw: bytes, where: str) -> None:
    y = int.from_bytes(raw, "little") % 2**255  # The last bit is the sign of x.
    if y >= _FIELD:
        # Two spellings of one point would be two keys here, with two key ids.
        raise InvalidKeyError("a key that is not written in its shortest form", where=where, remedy=MAKE_A_KEY)
    if y in _SMALL_ORDER:
        raise InvalidKeyError("a key under which anybody can sign", where=where, remedy=MAKE_A_KEY)
