"""Seals: what stands in a record in place of a value that must not be in it.

A seal is `{"$sealed": "sha256:<64 hex>"}`: HMAC-SHA256 under the value's opening, over the canonical bytes of
`[path, value]`. Whoever is given path, opening and value can check the seal; nobody can guess the value from it, because
the opening is 256 secret bits. Rules, referred to by number below:

1. The opening of a value is derived from the seal key of its run and its path alone, so sealing again gives equal bytes.
2. A path begins with the root word that says by which way the value entered: `/context`, `/params`, `/outcomes/STEP` or
   `/attempts/STEP`; the rest is where it stood there.
3. An object that has the member `$sealed` is a seal for whoever meets it, whatever else it holds. So no input may have it.

What the engine may do with a seal is in `orchestration/opaque.py`; when values are sealed, in `orchestration/sealing.py`.
Source: contracts/evidence.md 5; docs/adr/0017-seals.md.
"""

import hmac
from collections.abc import Callable, Iterable, Iterator
from hashlib import sha256
from typing import Final, Self, final

import attrs

from runtime.encoding.canonical import JsonValue, canonical
from runtime.encoding.converter import KEY
from runtime.encoding.digest import DIGEST_PATTERN
from runtime.encoding.pointer import Pointer
from runtime.errors import DefinitionError, shown

__all__ = [
    "OPENING_BYTES",
    "ROOT_WORDS",
    "SEAL_MEMBER",
    "Seal",
    "SealRule",
    "carry",
    "compute_seal",
    "derive_opening",
    "find_seals",
    "is_sealed",
    "map_at",
    "may_hold_seal",
    "replace_seals",
    "seal_under",
]

SEAL_MEMBER: Final = "$sealed"
"""The one member of a seal."""
OPENING_BYTES: Final = 32
"""Length of a seal key, and of an opening."""
ROOT_WORDS: Final = ("context", "outcomes", "params")
"""First segment of a seal rule: the way by which a value enters."""

_RARE: Final = b"$"
_NEEDLE: Final = b'"$sealed":'
_DOMAIN: Final = b"mission-runtime/seal-opening/v1\x00"
_ANY: Final = "*"
_LEAST_TOKENS: Final = 2


@final
@attrs.frozen
class Seal:
    """
    A seal where a params class allows one: `token: str | Seal`.
    """

    digest: str = attrs.field(metadata={KEY: SEAL_MEMBER}, validator=attrs.validators.matches_re(DIGEST_PATTERN))


def carry(value: JsonValue | Seal) -> JsonValue:
    """
    Give a field of params as a payload holds it: a seal as the object it is, anything else as it is.
    """
    return {SEAL_MEMBER: value.digest} if type(value) is Seal else value


def is_sealed(value: JsonValue) -> bool:
    """
    Tell whether a plain value is a seal (3).
    """
    return type(value) is dict and SEAL_MEMBER in value


def may_hold_seal(raw: bytes) -> bool:
    """
    Tell from canonical bytes whether a seal may stand in them; False is certain.

    A search for bytes, so that what holds none need not be walked. It finds too much only where the name of a
    member ends in `"$sealed`.
    """
    # The first search is for one byte, which JSON seldom holds, and much faster than the second.
    return _RARE in raw and _NEEDLE in raw


def find_seals(value: JsonValue) -> Iterator[tuple[str, JsonValue]]:
    """
    Give every seal in a plain value, with its JSON Pointer; what stands inside of one is not looked at.
    """
    waiting = [("", value)]
    while waiting:
        path, one = waiting.pop()
        if is_sealed(one):
            yield path, one
        elif type(one) in (dict, list):
            waiting += reversed([(f"{path}/{_escape(key)}", member) for key, member in _members(one)])


def derive_opening(key: bytes, path: str) -> bytes:
    """
    Derive the opening of the value at a path from the seal key of a run (1).
    """
    return hmac.digest(key, _DOMAIN + path.encode(), "sha256")


def compute_seal(opening: bytes, path: str, value: JsonValue) -> str:
    """
    Compute the digest of a seal.

    Raises:
        EncodingError: the value is no JSON.
    """
    return "sha256:" + hmac.new(opening, canonical([path, value]), sha256).hexdigest()


@final
@attrs.frozen
class SealRule:
    """
    Names values to seal: a JSON Pointer below a root word, with `*` for any one segment.
    """

    text: str
    tokens: tuple[str, ...] = attrs.field(eq=False, repr=False)

    @classmethod
    def parse(cls, text: object) -> Self:
        """
        Parse the text of a rule.

        Raises:
            DefinitionError: it is no pointer, begins with no root word, or names nothing below one.
        """
        if type(text) is not str:
            raise DefinitionError(f"seal rule {shown(text)}", remedy=_RULE_REMEDY)
        tokens = Pointer.parse(text).tokens
        if len(tokens) < _LEAST_TOKENS or tokens[0] not in ROOT_WORDS:
            raise DefinitionError(f"seal rule {shown(text)}", remedy=_RULE_REMEDY)
        return cls(text, tokens)

    @property
    def root(self) -> str:
        """
        The root word.
        """
        return self.tokens[0]

    @property
    def is_exact(self) -> bool:
        """
        Tell whether it names one place, without `*`.
        """
        return _ANY not in self.tokens

    def __str__(self) -> str:
        """
        Give the text.
        """
        return self.text


_RULE_REMEDY: Final = (
    f"write /ROOT/… with ROOT one of {list(ROOT_WORDS)}, as in /params/token or /context/customers/*/iban"
)


def map_at(
    value: JsonValue, tokens: tuple[str, ...], change: Callable[[str, JsonValue], JsonValue], path: str
) -> tuple[JsonValue, int]:
    """
    Give a value with every place that some tokens name changed; the value itself is left as it is.

    Args:
        value: plain JSON.
        tokens: segments below it; `*` is any.
        change: gets the path of a place and what stands there; a seal is not changed again.
        path: where the value itself stands.

    Returns:
        The value, and how many places were found.
    """
    if is_sealed(value):
        return value, 1
    if not tokens:
        return change(path, value), 1
    if type(value) not in (dict, list):
        return value, 0
    found, changed = 0, value
    for key, member in _members(value):
        if tokens[0] not in (_ANY, str(key)):
            continue
        made, count = map_at(member, tokens[1:], change, f"{path}/{_escape(key)}")
        found += count
        if made is not member:
            changed = value.copy() if changed is value else changed
            changed[key] = made
    return changed, found


def replace_seals(value: JsonValue, change: Callable[[str, JsonValue], JsonValue], path: str = "") -> JsonValue:
    """
    Give a plain value with every seal in it replaced; `change` gets its JSON Pointer and the seal.
    """
    if is_sealed(value):
        return change(path, value)
    if type(value) is dict:
        return {key: replace_seals(member, change, f"{path}/{_escape(key)}") for key, member in value.items()}
    if type(value) is list:
        return [replace_seals(member, change, f"{path}/{index}") for index, member in enumerate(value)]
    return value


def _members(value: JsonValue) -> list[tuple[str | int, JsonValue]]:
    return list(value.items()) if type(value) is dict else list(enumerate(value))


def _escape(key: str | int) -> str:
    # Not `escape_token`: that one is for people, and cuts.
    return key.replace("~", "~0").replace("/", "~1") if type(key) is str else str(key)


def seal_under(
    rules: Iterable[SealRule], root: tuple[str, ...], document: JsonValue, change: Callable[[str, JsonValue], JsonValue]
) -> tuple[JsonValue, set[SealRule]]:
    """
    Give a document with every value that a rule names changed; of values inside one another the outermost.

    Args:
        rules: the rules; those of another root are left aside.
        root: the segments of the path at which the document enters, such as `("outcomes", "fetch")`.
        document: plain JSON; it is left as it is.
        change: gets the path of a value and the value.

    Returns:
        The document, and the rules that found a value.
    """
    path = "".join(f"/{_escape(token)}" for token in root)
    found = set()
    for rule in sorted(rules, key=lambda rule: len(rule.tokens)):
        ahead, below = rule.tokens[: len(root)], rule.tokens[len(root) :]
        if len(ahead) == len(root) and all(one in (_ANY, other) for one, other in zip(ahead, root, strict=True)):
            document, count = map_at(document, below, change, path)
            found |= {rule} if count else set()
    return document, found
