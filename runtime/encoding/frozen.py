"""Frozen JSON: values that nobody can change, held as the canonical bytes they are hashed by.

`freeze` takes plain JSON in, `thaw` gives plain JSON out. In between, `JsonObject` and `JsonArray` read like a dict and
a list, refuse every change, and are equal exactly when their canonical bytes are (so `{"a": 1}` is not `{"a": true}`).
"""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, ClassVar, Self, overload

import orjson

from runtime.encoding.canonical import JsonValue, canonical, encode_checked
from runtime.encoding.digest import digest_of_bytes
from runtime.errors import EncodingError, shown

__all__ = ["EMPTY_OBJECT", "FrozenValue", "JsonArray", "JsonObject", "freeze", "frozen_object", "thaw"]


class _Frozen:
    """
    What both share: bytes, a lazily parsed private copy, and value equality.
    """

    __slots__ = ("_data", "_raw")

    _raw: bytes | None
    _data: Any
    _plain: ClassVar[type]

    def __init__(self, value: JsonValue) -> None:
        """
        Freeze a plain value of the matching type; it is copied, and never read again.

        Raises:
            EncodingError: the value is not JSON, or is of the other container type.
        """
        if type(value) is not self._plain:
            raise EncodingError(
                f"{type(value).__name__} {shown(value)}",
                remedy="expected a JSON object, a plain dict"
                if self._plain is dict
                else "expected a JSON list, a plain list",
            )
        object.__setattr__(self, "_raw", canonical(value))
        object.__setattr__(self, "_data", None)

    @classmethod
    def from_canonical(cls, raw: bytes) -> Self:
        """
        Take canonical bytes that this package made; they are not checked again.
        """
        self = object.__new__(cls)
        object.__setattr__(self, "_raw", raw)
        object.__setattr__(self, "_data", None)
        return self

    @classmethod
    def _of_part(cls, data: JsonValue) -> Self:
        # A part of a value this module parsed itself: shared, because no view ever changes it.
        self = object.__new__(cls)
        object.__setattr__(self, "_raw", None)
        object.__setattr__(self, "_data", data)
        return self

    @property
    def raw(self) -> bytes:
        """
        The canonical bytes.
        """
        if self._raw is None:
            object.__setattr__(self, "_raw", encode_checked(self._data))
        raw = self._raw
        assert raw is not None  # noqa: S101 - narrows the type; set just above.
        return raw

    @property
    def digest(self) -> str:
        """
        The digest of the canonical bytes.
        """
        return digest_of_bytes(self.raw)

    def thaw(self) -> Any:  # noqa: ANN401 - a plain JSON value.
        """
        Give a plain copy that the caller owns.
        """
        return orjson.loads(self.raw)

    def _view(self) -> Any:  # noqa: ANN401 - a parsed JSON value.
        if self._data is None:
            object.__setattr__(self, "_data", orjson.loads(self.raw))
        return self._data

    def __setattr__(self, name: str, value: object) -> None:
        """
        Refuse: frozen.
        """
        message = f"{type(self).__name__} is immutable; thaw() gives a copy to change"
        raise AttributeError(message)

    def __delattr__(self, name: str) -> None:
        """
        Refuse: frozen.
        """
        self.__setattr__(name, None)

    def __len__(self) -> int:
        """
        Count the members.
        """
        return len(self._view())

    def __eq__(self, other: object) -> bool:
        """
        Compare canonical bytes; a plain dict or list counts by the bytes it would have.
        """
        if isinstance(other, _Frozen):
            return self.raw == other.raw
        if type(other) is self._plain:
            try:
                return self.raw == canonical(other)
            except EncodingError:
                return False
        return NotImplemented

    def __hash__(self) -> int:
        """
        Hash the canonical bytes.
        """
        return hash(self.raw)

    def __repr__(self) -> str:
        """
        Show the canonical text.
        """
        return f"{type(self).__name__}({self.raw.decode()})"

    def __copy__(self) -> Self:
        """
        Give itself: nobody can change it.
        """
        return self

    def __deepcopy__(self, memo: object) -> Self:
        """
        Give itself: nobody can change it.
        """
        return self

    def __reduce__(self) -> tuple[Any, tuple[bytes]]:
        """
        Pickle by the canonical bytes.
        """
        return type(self).from_canonical, (self.raw,)


class JsonObject(_Frozen, Mapping[str, Any]):
    """
    A JSON object that reads like a dict and cannot be changed.
    """

    __slots__ = ()
    _plain = dict
    __eq__ = _Frozen.__eq__
    __hash__ = _Frozen.__hash__

    def __getitem__(self, key: str) -> Any:  # noqa: ANN401 - a JSON value.
        """
        Give the member, frozen.
        """
        return _part(self._view()[key])

    def __iter__(self) -> Iterator[str]:
        """
        Go over the keys in canonical order.
        """
        return iter(self._view())


class JsonArray(_Frozen, Sequence[Any]):
    """
    A JSON array that reads like a list and cannot be changed.
    """

    __slots__ = ()
    _plain = list
    __eq__ = _Frozen.__eq__
    __hash__ = _Frozen.__hash__

    @overload
    def __getitem__(self, index: int) -> Any: ...  # noqa: ANN401 - a JSON value.

    @overload
    def __getitem__(self, index: slice) -> Sequence[Any]: ...

    def __getitem__(self, index: int | slice) -> Any:
        """
        Give the member, frozen; a slice is again an array.
        """
        return _part(self._view()[index])


FrozenValue = JsonObject | JsonArray | str | int | float | bool | None
"""A frozen JSON value."""


def _part(data: JsonValue) -> FrozenValue:
    if type(data) is dict:
        return JsonObject._of_part(data)  # noqa: SLF001 - same module.
    if type(data) is list:
        return JsonArray._of_part(data)  # noqa: SLF001 - same module.
    scalar: FrozenValue = data
    return scalar


def freeze(value: JsonValue | FrozenValue) -> FrozenValue:
    """
    Freeze a plain JSON value; a frozen one is given back as it is.

    Raises:
        EncodingError: the value is not JSON.
    """
    if type(value) in (JsonObject, JsonArray):
        return value
    if type(value) is dict:
        return JsonObject(value)
    if type(value) is list:
        return JsonArray(value)
    scalar: FrozenValue = orjson.loads(canonical(value))
    return scalar


def frozen_object(value: JsonValue | JsonObject) -> JsonObject:
    """
    Freeze a JSON object; the converter of attrs fields that hold one.

    Raises:
        EncodingError: the value is not a JSON object.
    """
    return value if type(value) is JsonObject else JsonObject(value)


def thaw(value: FrozenValue) -> JsonValue:
    """
    Give a plain copy that the caller owns.
    """
    return value.thaw() if isinstance(value, _Frozen) else value


EMPTY_OBJECT = JsonObject({})
"""The empty object."""
