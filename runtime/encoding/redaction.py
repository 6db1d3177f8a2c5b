"""Redaction: secrets in what is shown, by the names they stand under and by their shape. `[redacted:RULE]` takes their place.

For views, and for the text of drivers before it becomes an answer; never for what is hashed. It takes any value and
raises nothing. Names are judged in `secretkeys.py`, texts in `secrettext.py`; read them next. Rules, referred to by
number below:

1. Equal values give equal results, whatever the locale, the hash seed and the Unicode tables; a set becomes a list.
2. Doing it twice is doing it once.
3. A value that holds itself, is nested deeper or has more members than a document may have ends in a mark.
4. Foreign code is called guarded: what raises becomes a mark.
5. `{"$sealed": "sha256:…"}` is no secret: it stands for a value that was taken out.
"""

import json
from collections.abc import Iterator, Mapping, Sequence
from functools import lru_cache, partial
from typing import Any, Final, final

import attrs

from runtime.encoding.digest import is_digest
from runtime.encoding.frozen import JsonObject
from runtime.encoding.pointer import escape_token
from runtime.encoding.secretkeys import KeyKind, classify_key, is_harmless
from runtime.encoding.secretmarks import RULES, is_mark, mark, without_marks
from runtime.encoding.secrettext import hide_secrets
from runtime.limits import MAX_JSON_NODES, MAX_RECORD_DEPTH

__all__ = ["RULES", "Redaction", "find_secrets", "redact", "redact_text"]

_MOST_LEVELS: Final = MAX_RECORD_DEPTH + 8
"""Containers inside one another that are looked at; views put some around a record."""
_LONGEST_PLAIN_KEY: Final = 64
_SEALED: Final = "$sealed"

_Place = tuple[object, Any] | None
"""A key and the place above it; a path is spelled out only where something is found."""


@final
@attrs.frozen(order=True)
class Redaction:
    """
    One place that looks like a secret: its path as a JSON Pointer and the rule; never the value.
    """

    path: str
    rule: str


def redact(value: Any) -> Any:  # noqa: ANN401 - any value, and one that is like it.
    """
    Give a value with every secret in it replaced by the mark of a rule.

    Mappings become dicts, sequences lists or tuples, sets sorted lists; text in JSON is looked into. What is neither
    JSON nor such a container becomes its `repr`, because that is what would be shown of it.
    """
    return _Walk().value(value, None, 0)


def redact_text(text: str) -> str:
    """
    Give a text with every secret in it replaced by the mark of a rule.
    """
    return str(redact(text))


def find_secrets(value: Any) -> tuple[Redaction, ...]:  # noqa: ANN401 - any value.
    """
    List the places of a value that look like secrets, in the order they stand; places in a text share its path.
    """
    walk = _Walk()
    walk.value(value, None, 0)
    return tuple(walk.found)


@final
class _Walk:
    """
    One walk over a value, which gives the redacted one and notes what was found.
    """

    def __init__(self) -> None:
        """
        Start with nothing found.
        """
        self.found: dict[Redaction, None] = {}
        self._left = MAX_JSON_NODES
        self._open: set[int] = set()

    def value(self, value: Any, place: _Place, level: int) -> Any:  # noqa: ANN401 - any value.
        kind = type(value)
        if kind is str:
            return self._text(value, place, level)
        if value is None or kind is bool or kind is int or kind is float:
            return value
        try:
            if issubclass(kind, Mapping | list | tuple | set | frozenset) or _is_sequence(kind):
                return self._container(value, place, level)
            return self._scalar(value, place, level)
        except Exception:  # noqa: BLE001 - foreign code may raise anything (4).
            return self._mark("unreadable", place)

    def _scalar(self, value: Any, place: _Place, level: int) -> Any:  # noqa: ANN401 - any value.
        kind = type(value)
        if issubclass(kind, str):
            return self._text(str.__str__(value), place, level)
        if issubclass(kind, int):
            return int.__int__(value)
        if issubclass(kind, float):
            return float.__float__(value)
        if issubclass(kind, bytes | bytearray):
            return self._bytes(bytes(value), place, level)
        return self._text(repr(value), place, level)

    def _container(self, value: Any, place: _Place, level: int) -> Any:  # noqa: ANN401 - any container.
        if level >= _MOST_LEVELS:  # (3)
            return self._mark("depth", place)
        if id(value) in self._open:  # (3)
            return self._mark("cycle", place)
        self._open.add(id(value))
        try:
            if issubclass(type(value), Mapping):
                return self._mapping(value, place, level)
            return self._list(value, place, level)
        finally:
            self._open.discard(id(value))

    def _mapping(self, value: Any, place: _Place, level: int) -> dict[Any, Any]:  # noqa: ANN401 - a mapping.
        redacted: dict[Any, Any] = {}
        for key, item in dict.items(value) if issubclass(type(value), dict) else value.items():
            if self._is_full():
                redacted[mark("size")] = self._mark("size", place)
                break
            shown = self._key(key, place, level)
            if shown in redacted:  # Two keys that held secrets.
                shown = f"{shown} {len(redacted)}"
            below = (shown, place)
            kind = _judge(shown)
            if kind is not KeyKind.CLEAN and _is_secret(item, kind):
                redacted[shown] = self._mark("key", below)
            else:
                redacted[shown] = self.value(item, below, level + 1)
        return redacted

    def _key(self, key: Any, place: _Place, level: int) -> Any:  # noqa: ANN401 - any key.
        kind = type(key)
        if kind is str:
            return key if _is_plain_key(key) else self._text(key, place, level)
        if key is None or kind is int or kind is bool or kind is float:
            return key
        shown = self.value(key, place, level)
        return shown if type(shown) in (str, bytes) else str(shown)

    def _list(self, value: Any, place: _Place, level: int) -> Any:  # noqa: ANN401 - a sequence or a set.
        redacted = []
        for index, item in enumerate(_members(value)):
            if self._is_full():
                redacted.append(self._mark("size", place))
                break
            redacted.append(self.value(item, (index, place), level + 1))
        if issubclass(type(value), set | frozenset):
            return sorted(redacted, key=repr)  # (1)
        return tuple(redacted) if issubclass(type(value), tuple) else redacted

    def _text(self, text: str, place: _Place, level: int) -> str:
        found: dict[str, None] = {}
        parsed = _parse(text)
        if parsed is None:
            text = hide_secrets(text, found)
        else:
            walk = _Walk()
            walk._left = self._left
            redacted = walk.value(parsed, None, level + 1)
            self._left = walk._left
            if walk.found:
                found = dict.fromkeys(one.rule for one in walk.found)
                text = json.dumps(redacted, ensure_ascii=text.isascii())
        for rule in found:
            self._mark(rule, place)
        return text

    def _bytes(self, value: bytes, place: _Place, level: int) -> bytes:
        text = value.decode("utf-8", "backslashreplace")
        hidden = self._text(text, place, level)
        return value if hidden == text else hidden.encode("utf-8", "backslashreplace")

    def _mark(self, rule: str, place: _Place) -> str:
        tokens = []
        while place is not None:
            key, place = place
            tokens.append(escape_token(str(key) if type(key) is int else key))
        self.found[Redaction("".join(f"/{token}" for token in reversed(tokens)), rule)] = None
        return mark(rule)

    def _is_full(self) -> bool:
        self._left -= 1
        return self._left < 0


@lru_cache(maxsize=4096)
def _is_plain_key(key: str) -> bool:
    # Records repeat their keys, and most are found clean once. One that is long may hold a document.
    return len(key) <= _LONGEST_PLAIN_KEY and _parse(key) is None and hide_secrets(key, {}) == key


def _judge(key: Any) -> KeyKind:  # noqa: ANN401 - a key of a result.
    # What a mark says is no name. The name that is judged is the one that stays, so that (2) holds.
    if type(key) is bytes:
        key = key.decode("utf-8", "backslashreplace")
    return classify_key(without_marks(key)) if type(key) is str else KeyKind.CLEAN


def _is_sequence(kind: type) -> bool:
    # A range may have more members than can be counted, and its repr says all of them.
    return issubclass(kind, Sequence) and not issubclass(kind, str | bytes | bytearray | memoryview | range)


def _members(value: Any) -> Iterator[Any]:  # noqa: ANN401 - a sequence or a set.
    # Those of the built-in type, not those that a subclass says it has: they are what would be shown.
    builtin: tuple[Any, ...] = (list, tuple, set, frozenset)
    read = next((kind.__iter__ for kind in builtin if issubclass(type(value), kind)), iter)
    members: Iterator[Any] = read(value)
    return members


def _is_secret(value: Any, kind: KeyKind) -> bool:  # noqa: ANN401 - any value.
    """
    Tell whether a value is a secret because of the name it stands under.
    """
    is_a = partial(issubclass, type(value))
    if value is None or is_a(bool):
        return False
    if is_a(int | float):
        return kind is KeyKind.WHOLE
    if is_a(str):
        text = str.__str__(value)
        is_count = kind is KeyKind.SEVERAL and text.isascii() and text.isdigit()
        return not (is_count or is_mark(text) or is_harmless(text))
    if is_a(Mapping | list | tuple | set | frozenset):
        return kind is not KeyKind.WALKED and not _is_empty(value) and not _is_sealed(value)
    return True


def _is_empty(value: Any) -> bool:  # noqa: ANN401 - any container.
    try:
        return len(value) == 0
    except Exception:  # noqa: BLE001 - foreign code may raise anything (4).
        return False


def _is_sealed(value: Any) -> bool:  # noqa: ANN401 - any container.
    return type(value) in (dict, JsonObject) and [*value] == [_SEALED] and is_digest(value[_SEALED])  # (5)


def _parse(text: str) -> Any:  # noqa: ANN401 - a JSON object or list, or None.
    """
    Parse text that is a JSON object or list; one that holds a key twice is left to the rules for text.
    """
    bare = text.strip(" \t\r\n")
    if not (bare.startswith(("{", "[")) and bare.endswith(("}", "]"))):
        return None
    try:
        return json.loads(bare, object_pairs_hook=_to_object)
    except (ValueError, RecursionError):
        return None


def _to_object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    value = dict(pairs)
    if len(value) != len(pairs):
        message = "a key stands twice"
        raise ValueError(message)
    return value
