"""Values that nobody asked for: foreign types, bad numbers and texts, hostile objects, cycles, deep and wrong documents."""

import math
from collections import OrderedDict
from collections.abc import Callable
from datetime import UTC, datetime
from decimal import Decimal
from enum import Enum, IntEnum, StrEnum
from random import Random
from types import MappingProxyType
from typing import Any, Final, NoReturn

from makers import make_decision, make_gate, nested

from runtime.encoding.frozen import JsonArray, JsonObject
from runtime.orchestration.state import State

__all__ = ["AgreeableText", "Hostile", "HostileKey", "Impostor", "Text", "draw_foreign", "draw_plain"]


class Colour(Enum):
    """
    An enum; JSON has none.
    """

    RED = "red"


class Level(IntEnum):
    """
    An enum that passes for an int.
    """

    LOW = 1


class Word(StrEnum):
    """
    An enum that passes for a str.
    """

    RUNTIME = "runtime"


class Text(str):
    """
    A subclass of str that behaves.
    """

    __slots__ = ()


class Number(int):
    """
    A subclass of int that behaves.
    """


class Mapped(dict[str, Any]):
    """
    A subclass of dict that behaves.
    """


class Listed(list[Any]):
    """
    A subclass of list that behaves.
    """


class _HostileError(Exception):
    """
    What hostile objects raise.
    """


class Hostile:
    """
    Raises whatever is asked of it.
    """

    def _raise(self, *_: object) -> NoReturn:
        raise _HostileError

    __repr__ = __str__ = __eq__ = __ne__ = __hash__ = __iter__ = __len__ = __bool__ = __getitem__ = _raise
    __contains__ = __lt__ = __int__ = __index__ = __float__ = __format__ = __call__ = __getattr__ = _raise


class HostileKey:
    """
    Can be a key, and raises when it is compared or shown.
    """

    def __hash__(self) -> int:
        """
        Give a number.
        """
        return 7

    def __eq__(self, other: object) -> bool:
        """
        Raise.
        """
        raise _HostileError

    def __repr__(self) -> str:
        """
        Raise.
        """
        raise _HostileError


class AgreeableText(str):
    """
    Text that is equal to everything.
    """

    __slots__ = ()
    __hash__ = str.__hash__

    def __eq__(self, other: object) -> bool:
        """
        Agree.
        """
        return True

    def __ne__(self, other: object) -> bool:
        """
        Agree.
        """
        return False


class _EndlessText(str):
    """
    Text that has no length.
    """

    __slots__ = ()

    def __len__(self) -> int:
        """
        Raise.
        """
        raise _HostileError


class ShownOddly:
    """
    Is shown as text that has no length.
    """

    def __repr__(self) -> str:
        """
        Give text that has no length.
        """
        return _EndlessText("odd")


class Impostor:
    """
    Says it is of another class.
    """

    def __init__(self, kind: type) -> None:
        """
        Take the class to name.
        """
        self.kind = kind

    @property  # type: ignore[misc]
    def __class__(self) -> Any:
        """
        Lie.
        """
        return self.kind


def _cyclic_list() -> list[Any]:
    items: list[Any] = [1]
    items.append(items)
    return items


def _cyclic_dict() -> dict[str, Any]:
    members: dict[str, Any] = {"a": {}}
    members["a"]["b"] = members
    return members


def _deep_tuple() -> Any:
    value: Any = 1
    for _ in range(5_000):
        value = (value,)
    return value


_SCALARS: Final[tuple[Any, ...]] = (
    *(None, True, False, 0, -1, 1.5, -0.0, 2**53 - 1, 2**53, -(2**53), 10**400, 10**5000, 1e300, 2.0**53),
    *(math.nan, math.inf, -math.inf, 1j, Decimal("1.5"), b"bytes", bytearray(b"x"), range(3), ..., NotImplemented),
    *("", " ", "x" * 129, "x" * 4097, "\ud800", "a\udfffb", "\x00", "\u202e", "NaN", "null", "1", "true"),
    *(
        "human",
        "runtime",
        "net",
        "noop",
        "set",
        "decide",
        "action",
        "approve",
        "reject",
        "observe",
        "apply",
        "succeeded",
    ),
    *("/a", "/a/0", "a", "~2", "/~", "/" * 70, "/a" * 65, "/" + "k" * 1100, "/-", "#/$defs/a", "sha256:" + "0" * 64),
    *("answer/v1", "answer/v2", "checkpoint/v1", "2.0", "1.0.0", "gate", "s", "sha256:" + "A" * 64),
    *(Colour.RED, Level.LOW, Word.RUNTIME, Text("runtime"), Number(1), AgreeableText("approve")),
    *(object, int, len, datetime(2026, 1, 1, tzinfo=UTC), ValueError("no")),
)
_MAKERS: Final[tuple[Callable[[], Any], ...]] = (
    *(object, Hostile, HostileKey, ShownOddly, _cyclic_list, _cyclic_dict, _deep_tuple),
    lambda: Impostor(JsonObject),
    lambda: Impostor(State),
    lambda: Impostor(dict),
    lambda: (1, 2),
    lambda: {1, 2},
    lambda: frozenset("a"),
    lambda: (item for item in [1, 2]),
    lambda: iter([]),
    lambda: Mapped(a=1),
    lambda: Listed([1]),
    lambda: OrderedDict(a=1),
    lambda: MappingProxyType({"a": 1}),
    lambda: JsonObject({"a": 1}),
    lambda: JsonArray([1]),
    make_decision,
    make_gate,
    lambda: {1: 2},
    lambda: {None: 1, "a": 2, 5: 3},
    lambda: {("a",): 1},
    lambda: {HostileKey(): 1},
    lambda: {Text("a"): 1},
    lambda: {"\ud800": 1},
    lambda: {"": {"": ""}},
    lambda: {"~/": {"a @ b": 1}},
    lambda: {"kind": "count"},
    lambda: {"type": "nothing"},
    lambda: {"pattern": "(a+)+$"},
    lambda: {"$ref": "https://example.org/schema"},
    lambda: {"$ref": "#/$defs/a", "$defs": {"a": {"$ref": "#/$defs/a"}}},
    lambda: {"$ref": "#/$defs/%61", "$defs": {"%61": True}},
    lambda: {"$defs": {f"d{i}": {"$ref": f"#/$defs/d{i + 1}"} for i in range(600)}},
    lambda: {"required": ["a", "a", 1]},
    list,
    dict,
    lambda: nested(63),
    lambda: nested(64, []),
    lambda: nested(65),
    lambda: nested(300),
    lambda: nested(20_000),
    lambda: nested(100, math.nan),
    lambda: list(range(1000)),
    lambda: {str(index): index for index in range(300)},
)


_PLAIN: Final = (None, True, False, 0, 1, -1, 2, 1.5, "", "a", "x", "1", "/a", "runtime", "sha256:" + "0" * 64, "1.1")
_PLAIN_MAKERS: Final = (list, dict, lambda: {"a": None}, lambda: [None], lambda: {"schema": "answer/v1"})


def draw_foreign(rng: Random) -> Any:
    """
    Draw a value that is mostly not what anybody asked for, and often no JSON.
    """
    index = rng.randrange(len(_SCALARS) + len(_MAKERS))
    return _SCALARS[index] if index < len(_SCALARS) else _MAKERS[index - len(_SCALARS)]()


def draw_plain(rng: Random) -> Any:
    """
    Draw a small JSON value.
    """
    index = rng.randrange(len(_PLAIN) + len(_PLAIN_MAKERS))
    return _PLAIN[index] if index < len(_PLAIN) else _PLAIN_MAKERS[index - len(_PLAIN)]()
