"""Malformed documents, and two judges of what became of them: one of the caller's objects, one of the calls.

Everything is drawn from a seeded `random.Random`, so a failure is repeated by its seed.
"""

import copy
import traceback
from collections.abc import Callable, Iterator
from random import Random
from typing import Any, Final

from foreign import HostileKey, Text, draw_foreign, draw_plain

from runtime.errors import EngineBug, MissionEngineError

__all__ = ["Judge", "fingerprint", "mutate"]


def _places(document: Any) -> list[tuple[Any, Any]]:
    """
    List every (container, key) of a valid document.
    """
    found, open_parts = [], [document]
    while open_parts:
        part = open_parts.pop()
        keys = list(part) if isinstance(part, dict) else range(len(part)) if isinstance(part, list) else ()
        found += [(part, key) for key in keys]
        open_parts += [part[key] for key in keys]
    return found


_NAMES: Final = (
    None,
    5,
    "\ud800",
    Text("id"),
    ("a",),
    "extra",
    "from",
    "value",
    "kind",
    "description",
    "a @ b",
    "when",
)


def mutate(rng: Random, document: Any, *, plain: bool = False) -> Any:
    """
    Give a malformed copy of a valid JSON document: one to three places replaced, dropped, renamed, repeated or swapped.

    With `plain` it stays JSON.
    """
    changed = copy.deepcopy(document)
    for _ in range(rng.choice([1, 1, 1, 2, 3])):
        places = _places(changed)
        if not places or rng.random() < 0.02:
            return draw_plain(rng) if plain else draw_foreign(rng)
        _change(rng, *rng.choice(places), places, plain=plain)
        # Only plain JSON can be walked again.
        if not plain and not _is_plain(changed):
            break
    return changed


def _change(rng: Random, part: Any, key: Any, places: list[tuple[Any, Any]], *, plain: bool) -> None:
    is_object = isinstance(part, dict)
    name = f"{key}x" if plain else rng.choice([f"{key}x", HostileKey(), *_NAMES])
    drawn = draw_plain(rng) if plain else draw_foreign(rng)
    match rng.randrange(10):
        case 0:
            del part[key]
        case 1 if is_object:
            part[name] = part.pop(key)
        case 2 if is_object:
            part[name] = drawn
        case 1 | 2:
            part.extend([copy.deepcopy(part[key]) for _ in range(rng.choice([1, 2, 5, 20]))])
        case 3:
            part[key] = [copy.deepcopy(part[key]) for _ in range(rng.choice([1, 2, 3, 6, 40]))]
        case 4:
            other, inner = rng.choice(places)
            part[key] = copy.deepcopy(other[inner])
        case 5:
            part[key] = {"a": part[key]} if plain else rng.choice([(part[key],), {"a": part[key]}, iter([part[key]])])
        case _:
            part[key] = drawn


def _is_plain(document: Any) -> bool:
    parts = [document]
    for _ in range(5_000):  # A cycle never ends.
        if not parts:
            return True
        part = parts.pop()
        if type(part) not in (dict, list, str, int, float, bool, type(None)):
            return False
        inner = [*part, *part.values()] if type(part) is dict else part
        parts += inner if type(inner) is list else []
    return False


def fingerprint(value: Any) -> tuple[tuple[Any, ...], ...]:
    """
    Describe a value so that any change to it, or to a container inside it, shows: identities, types, order, scalars.

    Nothing of the value is called: no `__eq__`, `__hash__`, `__iter__` or `__repr__` of its own.
    """
    return tuple(_describe_parts(value))


def _describe_parts(value: Any) -> Iterator[tuple[Any, ...]]:
    seen: set[int] = set()
    parts = [value]
    while parts:
        part = parts.pop()
        if id(part) in seen:
            continue
        seen.add(id(part))
        kind = type(part)
        inner: list[Any] = []
        if issubclass(kind, dict):
            inner = [one for pair in dict.items(part) for one in pair]
        elif issubclass(kind, list):
            inner = list(list.__iter__(part))
        elif issubclass(kind, tuple):
            inner = list(tuple.__iter__(part))
        elif issubclass(kind, set | frozenset):
            inner = sorted((set if issubclass(kind, set) else frozenset).__iter__(part), key=id)
        text = part if kind in (str, bytes, int) else bytes(part) if kind is bytearray else ""
        yield id(part), id(kind), text, tuple(map(id, inner))
        parts += inner


class Judge:
    """
    Counts how calls end, and keeps those that end in anything but a value or a refusal that helps.
    """

    def __init__(self) -> None:
        """
        Start with no calls.
        """
        self.accepted = self.refused = 0
        self.wrong: dict[str, str] = {}

    def __call__(self, label: str, call: Callable[..., Any], *given: Any, **keywords: Any) -> Any:
        """
        Call, and give what came back; None when it was refused.
        """
        try:
            value = call(*given, **keywords)
        except MissionEngineError as error:
            self.refused += 1
            if isinstance(error, EngineBug):
                self._keep(label, error)
            elif not error.what or not error.code or not str(error).encode(errors="surrogateescape"):
                self._keep(label, ValueError(f"a {type(error).__name__} that says nothing"))
            return None
        except Exception as error:  # noqa: BLE001 - this is what the judge looks for.
            self._keep(label, error)
            return None
        self.accepted += 1
        return value

    def _keep(self, label: str, error: Exception) -> None:
        frames = [frame for frame in traceback.extract_tb(error.__traceback__) if "/runtime/" in frame.filename]
        place = f"{frames[-1].filename.rpartition('/')[2]}:{frames[-1].lineno}" if frames else "outside the package"
        self.wrong.setdefault(f"{type(error).__name__} at {place}", f"first by {label}: {str(error)[:120]}")

    def report(self) -> str:
        """
        List what went wrong, one line a kind.
        """
        return "\n".join(f"{name}, {detail}" for name, detail in sorted(self.wrong.items()))
