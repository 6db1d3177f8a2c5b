"""What the text of a key file is, before a parser sees it: so that a refusal says what was given instead.

Messages never show the text: it may be a secret. Read `keys.py` next.
"""

import re
from typing import Final, NoReturn

from runtime.errors import InvalidKeyError
from runtime.limits import MAX_KEY_BYTES

__all__ = [
    "MAKE_A_KEY",
    "OPENSSH_LINES",
    "encrypted",
    "public_instead",
    "read_label",
    "read_text",
    "refuse_private_label",
    "refuse_public_label",
    "unreadable",
    "wrong_kind",
]

OPENSSH_LINES: Final = ("ssh-", "ecdsa-", "sk-")
"""How a public key of OpenSSH begins."""
MAKE_A_KEY: Final = "mission keys new NAME makes one, and so does ssh-keygen -t ed25519"

_find_labels = re.compile(r"-----BEGIN ([A-Z0-9 ]+)-----").findall


def read_text(text: bytes | str, source: str) -> str:
    """
    Give the text of a key, stripped, with plain line ends.

    Raises:
        InvalidKeyError: it is no text, empty, binary or too long.
    """
    if type(text) not in (bytes, str):
        raise InvalidKeyError(f"a {type(text).__name__}", where=source, remedy="give the content of a key file")
    raw = text.encode(errors="surrogatepass") if isinstance(text, str) else text
    if len(raw) > MAX_KEY_BYTES:
        raise InvalidKeyError(f"{len(raw)} bytes", where=source, remedy=f"a key has at most {MAX_KEY_BYTES} bytes")
    if not raw.strip():
        raise InvalidKeyError("an empty text", where=source, remedy=MAKE_A_KEY)
    if not raw.isascii() or b"\0" in raw:
        raise InvalidKeyError("binary data", where=source, remedy="give PEM text; openssl pkey -inform DER reads DER")
    return raw.decode().strip().replace("\r\n", "\n") + "\n"


def read_label(text: str, source: str) -> str:
    """
    Give the label of the one PEM block that is all of the text.

    Raises:
        InvalidKeyError: it is no such block.
    """
    labels: list[str] = _find_labels(text)
    if not labels:
        raise InvalidKeyError("neither PEM nor an OpenSSH line", where=source, remedy="give the file as it was made")
    if len(labels) > 1:
        raise InvalidKeyError(f"{len(labels)} PEM blocks", where=source, remedy="give a file with one key")
    label = labels[0]
    if not text.startswith(f"-----BEGIN {label}-----\n") or not text.endswith(f"\n-----END {label}-----\n"):
        raise InvalidKeyError(
            "PEM that is cut off, or has text around it", where=source, remedy="give the file as it was made"
        )
    return label


def refuse_public_label(label: str, source: str) -> NoReturn:
    """
    Say why a PEM block is no public key.

    Raises:
        InvalidKeyError: always.
    """
    if label.endswith("PRIVATE KEY"):
        raise InvalidKeyError("a private key", where=source, remedy="give the public key, and keep this file secret")
    _refuse_label(label, " PUBLIC KEY", source)


def refuse_private_label(label: str, source: str) -> NoReturn:
    """
    Say why a PEM block is no private key that can be used.

    Raises:
        InvalidKeyError: always.
    """
    if label == "ENCRYPTED PRIVATE KEY":
        raise encrypted(source)
    if label.endswith("PUBLIC KEY"):
        raise public_instead(source)
    _refuse_label(label, " PRIVATE KEY", source)


def _refuse_label(label: str, ending: str, source: str) -> NoReturn:
    if label.endswith(ending):
        raise wrong_kind(label.removesuffix(ending), source)
    raise InvalidKeyError(f"PEM of a {label.lower()}", where=source, remedy=f"give PEM of a{ending.lower()}")


def public_instead(source: str) -> InvalidKeyError:
    """
    Refuse a public key in place of a private one.
    """
    return InvalidKeyError("a public key", where=source, remedy="give the private key that belongs to it")


def encrypted(source: str) -> InvalidKeyError:
    """
    Refuse an encrypted key.
    """
    return InvalidKeyError(
        "a private key behind a pass phrase",
        where=source,
        remedy="nobody is there to type it in; keep the key without one in a file that only its owner can read",
    )


def unreadable(source: str, kind: str) -> InvalidKeyError:
    """
    Refuse what the parser refused.
    """
    return InvalidKeyError(f"a {kind} key that is cut off or damaged", where=source, remedy="give the original file")


def wrong_kind(kind: str, source: str) -> InvalidKeyError:
    """
    Refuse a key of another algorithm.
    """
    name = kind.removesuffix("PublicKey").removesuffix("PrivateKey")
    return InvalidKeyError(f"a key of kind {name}, not Ed25519", where=source, remedy=MAKE_A_KEY)
