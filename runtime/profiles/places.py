"""Values with the place they were read from, and the faults of many documents put together."""

from ast import literal_eval
from collections.abc import Iterable
from typing import Any, Generic, TypeVar, final

import attrs

from runtime.encoding.converter import structure
from runtime.encoding.document import Document
from runtime.errors import EncodingError, Fault, MissionEngineError, ProfileError

__all__ = ["Faults", "Part", "Spot", "joined"]

T = TypeVar("T")

_UNKNOWN = "unknown field "


def joined(*paths: str) -> str:
    """
    Join paths as `faults.py` writes them.
    """
    whole = ""
    for path in filter(None, paths):
        whole += path if not whole or path[0] in "[/" else f".{path}"
    return whole


@final
@attrs.frozen(eq=False)
class Part(Generic[T]):
    """
    A value, the document it was read from, and the path it stands at in it.
    """

    value: T
    document: Document = attrs.field(repr=False)
    prefix: str = ""


@final
class Faults:
    """
    The faults of all documents, in the order of files and lines, each once.
    """

    def __init__(self) -> None:
        """
        Start without any.
        """
        self._found: dict[Fault, tuple[str, int]] = {}

    def add(self, part: Part[T], message: str, path: str = "") -> None:
        """
        Note a fault at a path below a part.
        """
        self.add_at(part.document, message, joined(part.prefix, path))

    def add_at(self, document: Document, message: str, path: str = "") -> None:
        """
        Note a fault at a path of a document.
        """
        self._found.setdefault(Fault(message, document.place(path)), (document.source, document.line_of(path) or 0))

    def add_file(self, source: str, message: str) -> None:
        """
        Note a fault of a whole file.
        """
        self._found.setdefault(Fault(message, source), (source, 0))

    def add_error(self, source: str, error: EncodingError) -> None:
        """
        Note what keeps a text from being read.
        """
        own = error.faults or (Fault(": ".join(filter(None, (error.what, error.remedy))), error.where or source),)
        for fault in own:
            self._found.setdefault(fault, (source, 0))

    def add_refusal(self, part: Part[T], error: MissionEngineError, path: str = "") -> None:
        """
        Note what the converter, or a validator, refused; an unknown field at its own line.
        """
        own = error.faults or (Fault(": ".join(filter(None, (error.what, error.remedy)))),)
        for fault in own:
            names = _unknown_names(fault.message)
            for name in names:
                self.add(
                    part,
                    f"{_UNKNOWN}{name!r}",
                    joined(path, fault.where, name if name.isidentifier() else f"[{name!r}]"),
                )
            if not names:
                self.add(part, fault.message, joined(path, fault.where))

    def read(self, part: Part[T], kind: type[T]) -> Part[T] | None:
        """
        Build a value from the plain JSON of a part; None where that cannot be, and why is noted.
        """
        try:
            return Part(structure(part.value, kind, what="a document", error=ProfileError), part.document, part.prefix)
        except ProfileError as error:
            self.add_refusal(part, error)
            return None

    @property
    def listed(self) -> tuple[Fault, ...]:
        """
        The faults by file and line.
        """
        return tuple(sorted(self._found, key=self._found.__getitem__))

    def refuse(self, what: str, remedy: str = "") -> None:
        """
        Raise them together, if there are any.

        Raises:
            ProfileError: there are some.
        """
        found = self.listed
        if found:
            count = "a fault" if len(found) == 1 else f"{len(found)} faults"
            raise ProfileError(f"{what}: {count}", remedy=remedy, faults=found)

    def has_file(self, ending: str) -> bool:
        """
        Tell whether a fault of a file was noted whose name ends so.
        """
        return any(source.endswith(ending) for source, _ in self._found.values())

    def __len__(self) -> int:
        """
        Count them.
        """
        return len(self._found)


@final
@attrs.frozen(eq=False)
class Spot:
    """
    A place in a document, for what notes faults below it.
    """

    faults: Faults
    part: Part[Any]
    path: str

    def add(self, message: str, path: str = "") -> None:
        """
        Note a fault at a path below this place.
        """
        self.faults.add(self.part, message, joined(self.path, path))


def _unknown_names(message: str) -> Iterable[str]:
    if not message.startswith(_UNKNOWN):
        return ()
    try:
        names = literal_eval(f"({message.removeprefix(_UNKNOWN)},)")
    except (SyntaxError, ValueError):  # Cut short, so it names no field that could be found.
        return ()
    return names if all(type(name) is str for name in names) else ()
