"""Which key signs: the one that `MISSION_SIGNING_KEY` names."""

import os
from pathlib import Path
from typing import Final

from runtime.errors import UnknownKeyError
from runtime.signing.directory import KeyDirectory, is_key_name
from runtime.signing.files import read_private_key
from runtime.values.keys import PrivateKey

__all__ = ["SIGNING_KEY_VARIABLE", "is_signing_key", "load_signing_key"]

SIGNING_KEY_VARIABLE: Final = "MISSION_SIGNING_KEY"
"""Name of a key in the directory, or path of a file: what could be a name is one, so write `./name` for a file."""


def is_signing_key(name: str) -> bool:
    """
    Tell whether the setting names this key of the directory.
    """
    return os.environ.get(SIGNING_KEY_VARIABLE) == name


def load_signing_key(keys: KeyDirectory) -> PrivateKey:
    """
    Read the key that signs.

    Raises:
        UnknownKeyError: none was chosen, or there is none of that name.
        TransitionError: it is revoked.
        StorageError: a file cannot be read, or the private one is readable by others.
        InvalidKeyError: one holds no key.
        IntegrityError: the files of the directory do not belong together.
    """
    chosen = os.environ.get(SIGNING_KEY_VARIABLE, "")
    if not chosen:
        raise UnknownKeyError(
            "no key to sign with",
            where=SIGNING_KEY_VARIABLE,
            remedy="set it to the name of a key or the path of a private key file; mission keys new NAME makes one",
        )
    if is_key_name(chosen):
        return keys.load_private(chosen)
    key = read_private_key(Path(chosen))
    keys.refuse_revoked(key.public)
    return key
