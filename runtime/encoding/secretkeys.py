"""Which names hold secrets: whole words of a key, after it was split at capitals, digits and separators.

A key holds a secret when its last words say so: `db_password` and `apiKey` do, `tokens_used`, `password_policy` and
`monkey` do not. Only ASCII counts, so no table of Unicode decides. Read `secrettext.py` for secrets in running text.
"""

import re
from enum import StrEnum
from functools import lru_cache
from typing import Final

__all__ = ["WALKED_KEYS", "WHOLE_KEYS", "KeyKind", "classify_key", "is_harmless"]

WHOLE_KEYS: Final = frozenset(
    {
        "access key",
        "access token",
        "account key",
        "api key",
        "apikey",
        "auth key",
        "authtoken",
        "bearer",
        "client secret",
        "connection string",
        "cookie",
        "db pass",
        "encryption key",
        "id token",
        "jwt",
        "master key",
        "mysql pass",
        "otp",
        "passcode",
        "passphrase",
        "passwd",
        "password",
        "pgpassword",
        "private key",
        "privatekey",
        "pwd",
        "secret",
        "secret access key",
        "secret key",
        "secretkey",
        "session id",
        "sessionid",
        "session key",
        "shared key",
        "smtp pass",
        "token",
        "totp",
        "user pass",
    }
)
"""Names, in the singular, under which everything is replaced, containers whole."""
WALKED_KEYS: Final = frozenset({"auth", "authorization", "cred", "credential", "session"})
"""Names, in the singular, under which text is replaced and a container is walked: it holds more than secrets."""

_NEUTRAL: Final = frozenset(
    {"b64", "base64", "bytes", "current", "data", "digest", "encoded", "hash", "header", "new", "old", "plain"}
    | {"plaintext", "previous", "raw", "string", "text", "value"}
)
"""Last words that leave a key what it is: `password_hash`, `token_value`."""
_NOTHING: Final = frozenset(
    {"a", "an", "and", "empty", "expired", "false", "for", "in", "invalid", "is", "missing", "must", "nil", "no"}
    | {"none", "not", "null", "of", "optional", "or", "required", "the", "to", "true", "undefined", "unset", "was"}
    | {"with", "wrong", "yes"}
)
"""Words that stand where a secret would, and are none."""
_TELLING: Final = frozenset({"allow", "allows", "has", "is", "needs", "no", "require", "requires"})
"""First words that make a key tell whether there is a secret: `has_password`, `allow_secrets`."""
_LONGEST_KEY: Final = 256
_LONGEST_WORD: Final = 16
_MOST_WORDS: Final = 3

_find_words = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+|[0-9]+").findall
_is_joined_digits = re.compile(r"[0-9]+").fullmatch
_is_reference = re.compile(r"\$\{[^{}]*\}|\$[A-Za-z_][A-Za-z0-9_]*|%[A-Z_]+%|\{\{[^{}]*\}\}|[*•]+").fullmatch


class KeyKind(StrEnum):
    """
    What a name says of its value.
    """

    CLEAN = "clean"
    """Nothing."""
    WALKED = "walked"
    """Text is a secret; a container may hold some."""
    WHOLE = "whole"
    """All of it is a secret."""
    SEVERAL = "several"
    """As `whole`, except that a number counts them: `max_tokens`."""


def classify_key(key: str) -> KeyKind:
    """
    Tell what a name says of its value.
    """
    return _classify(key) if len(key) <= _LONGEST_KEY else _classify(key[-_LONGEST_KEY:])


@lru_cache(maxsize=4096)
def _classify(key: str) -> KeyKind:
    words = [word.lower() for word in _find_words(key)]
    while len(words) > 1 and (words[-1] in _NEUTRAL or _is_joined_digits(words[-1]) or words[-1] == "v"):
        words.pop()
    # In running text the same words may stand in front of a name: `it is api key: …`.
    if not words or (len(words) > 1 and words[0] in _TELLING and " " not in key):
        return KeyKind.CLEAN
    singular = words[-1].removesuffix("s")
    for is_plural, last in ((False, words[-1]), (True, singular)):
        if is_plural and singular == words[-1]:
            continue
        ends = [" ".join([*words[-count:-1], last]) for count in range(1, _MOST_WORDS + 1)]
        if not WHOLE_KEYS.isdisjoint(ends):
            return KeyKind.SEVERAL if is_plural else KeyKind.WHOLE
        if not WALKED_KEYS.isdisjoint(ends):
            return KeyKind.WALKED
    return KeyKind.CLEAN


def is_harmless(text: str) -> bool:
    """
    Tell whether a text under such a name is none: empty, a reference such as `${NAME}`, asterisks, `none`.
    """
    bare = text.strip(" \t")
    if not bare or _is_reference(bare):
        return True
    return len(bare) <= _LONGEST_WORD and bare.isascii() and bare.rstrip(".,;:!?").lower() in _NOTHING
