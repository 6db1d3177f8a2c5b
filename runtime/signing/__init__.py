"""The shell that keeps keys in files: made once, readable by their owner alone, revoked by a record beside them."""

from runtime.signing.directory import KeyDirectory, KeyEntry, NewKey
from runtime.signing.files import read_private_key, read_public_key
from runtime.signing.selection import SIGNING_KEY_VARIABLE, is_signing_key, load_signing_key

__all__ = [
    "SIGNING_KEY_VARIABLE",
    "KeyDirectory",
    "KeyEntry",
    "NewKey",
    "is_signing_key",
    "load_signing_key",
    "read_private_key",
    "read_public_key",
]
