"""The state of a run: one JSON object held as canonical bytes, whole or key by key.

Rules, referred to by number below:

1. A state never changes. A step works on a `StateView` (`view.py`) and its commit gives a new state; the old one is the
   snapshot.
2. The digest is SHA-256 of the plain RFC 8785 document, so `sha256sum` on the document checks it; it is taken once.
3. Cost follows what changed. A small context is encoded whole and split only when a step changes it; a large one is
   encoded key by key, so no second copy of it ever stands in memory.
"""

from collections.abc import Iterator, Mapping
from hashlib import sha256
from typing import Any, Final, Self

import orjson

from runtime.encoding.canonical import JsonValue, canonical, check_json, encode_checked, key_order
from runtime.encoding.frozen import freeze
from runtime.encoding.seal import may_hold_seal
from runtime.errors import EncodingError, shown
from runtime.limits import MAX_DOCUMENT_BYTES

__all__ = ["State"]

_SMALL_BYTES: Final = 64 * 1024
_BRACES_BYTES: Final = 2


class State(Mapping[str, Any]):
    """
    An immutable JSON object that reads like a dict.

    Two states are equal when their canonical bytes are; a plain dict counts by the bytes it would have.
    """

    __slots__ = ("_digest", "_pieces", "_size", "_whole")

    _whole: bytes | None
    _pieces: dict[str, bytes] | None
    _size: int
    _digest: str | None

    def __init__(self, value: JsonValue) -> None:
        """
        Copy a plain dict; it is never read again.

        Raises:
            EncodingError: it is not a JSON object, or beyond the size limit.
        """
        if type(value) is not dict:
            raise EncodingError(
                f"{type(value).__name__} {shown(value)} as a state", remedy="expected a plain dict with str keys"
            )
        value = dict(value)  # Another thread may add and remove members meanwhile.
        self._whole = self._pieces = self._digest = None
        if check_json(value) <= _SMALL_BYTES:  # (3)
            self._whole = encode_checked(value)
            self._size = len(self._whole)
        else:
            self._pieces = {key: encode_checked({key: value[key]})[1:-1] for key in sorted(value, key=key_order)}
            self._size = _size_of(self._pieces)
        if self._size > MAX_DOCUMENT_BYTES:
            raise EncodingError(
                f"a document of {self._size} bytes",
                where="/",
                remedy=f"the limit is {MAX_DOCUMENT_BYTES} bytes; pass a reference to large data, not the data",
            )

    @classmethod
    def _of_pieces(cls, pieces: dict[str, bytes], size: int) -> Self:
        self = object.__new__(cls)
        self._whole = self._digest = None
        self._pieces = pieces
        self._size = size
        return self

    def _split(self) -> dict[str, bytes]:
        if self._pieces is None:
            document: dict[str, JsonValue] = orjson.loads(self._whole or b"{}")
            # Where the fast encoder gives the whole, it gives every part; no guard is needed for each.
            encode = orjson.dumps if orjson.dumps(document) == self._whole else encode_checked
            self._pieces = {key: encode({key: value})[1:-1] for key, value in document.items()}
        return self._pieces

    @property
    def size(self) -> int:
        """
        The canonical size in bytes.
        """
        return self._size

    @property
    def raw(self) -> bytes:
        """
        The canonical bytes of the whole document; a fresh copy of a large state.
        """
        if self._whole is not None:
            return self._whole
        return b"{%b}" % b",".join(self._split().values())

    @property
    def digest(self) -> str:
        """
        The digest of the whole document (2).
        """
        if self._digest is None:
            self._digest = "sha256:" + self._hash()
        return self._digest

    @property
    def may_hold_seal(self) -> bool:
        """
        Tell whether a seal may stand in it; False is certain. See `encoding/seal.py`.
        """
        if self._whole is not None:
            return may_hold_seal(self._whole)
        return any(map(may_hold_seal, self._split().values()))

    def _hash(self) -> str:
        if self._size <= _SMALL_BYTES:
            return sha256(self._whole or b"{%b}" % b",".join(self._split().values())).hexdigest()
        hasher = sha256(b"{")
        separator = b""
        for piece in self._split().values():
            hasher.update(separator)
            hasher.update(piece)
            separator = b","
        hasher.update(b"}")
        return hasher.hexdigest()

    def thaw(self) -> dict[str, JsonValue]:
        """
        Give a plain copy that the caller owns.
        """
        if self._size <= _SMALL_BYTES:
            document: dict[str, JsonValue] = orjson.loads(self.raw)
            return document
        return {key: self.parse(key) for key in self._split()}

    def parse(self, key: str) -> JsonValue:
        """
        Give a fresh plain copy of one member.

        Raises:
            KeyError: there is no such member.
        """
        return orjson.loads(b"{%b}" % self._split()[key])[key]

    def with_pieces(self, changed: Mapping[str, bytes | None]) -> Self:
        """
        Give the state with these members written (encoded as `"key":value`) or, where None, removed.
        """
        after = self._split().copy()
        size = self._size
        is_changed = has_other_keys = False
        for key, piece in changed.items():
            before = after.get(key)
            if piece == before:
                continue
            is_changed = True
            if piece is None:
                del after[key]
                has_other_keys = True
            elif before is None:
                after[key] = piece
                has_other_keys = True
            else:
                after[key] = piece
                size += len(piece) - len(before)
        if not is_changed:
            return self
        if not has_other_keys:
            return self._of_pieces(after, size)
        ordered = {key: after[key] for key in sorted(after, key=key_order)}
        return self._of_pieces(ordered, _size_of(ordered))

    def __getitem__(self, key: str) -> Any:  # noqa: ANN401 - a JSON value.
        """
        Give a member, frozen.
        """
        return freeze(self.parse(key))

    def __iter__(self) -> Iterator[str]:
        """
        Go over the keys in canonical order.
        """
        return iter(self._split())

    def __len__(self) -> int:
        """
        Count the members.
        """
        return len(self._split())

    def __contains__(self, key: object) -> bool:
        """
        Tell whether there is such a member.
        """
        return key in self._split()

    def __eq__(self, other: object) -> bool:
        """
        Compare by canonical bytes.
        """
        if isinstance(other, State):
            return self.digest == other.digest
        if type(other) is dict:
            try:
                return self.raw == canonical(other)
            except EncodingError:
                return False
        return NotImplemented

    def __hash__(self) -> int:
        """
        Hash by canonical bytes.
        """
        return hash(self.digest)

    def __repr__(self) -> str:
        """
        Show size and digest; the content may be large.
        """
        return f"State({self._size} bytes, {self.digest})"

    def __copy__(self) -> Self:
        """
        Give itself: it never changes.
        """
        return self

    def __deepcopy__(self, memo: object) -> Self:
        """
        Give itself: it never changes.
        """
        return self

    def __reduce__(self) -> tuple[Any, tuple[Any]]:
        """
        Pickle by value.
        """
        return type(self), (self.thaw(),)


def _size_of(pieces: dict[str, bytes]) -> int:
    return sum(map(len, pieces.values())) + max(len(pieces) - 1, 0) + _BRACES_BYTES
