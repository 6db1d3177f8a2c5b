"""A document that people wrote: its value, and the line in which each part of it stands.

No text is read here: `intake.py` and `yamltext.py` do that, and refuse what is not plain JSON. A fault found later, by
the converter or by a rule of the caller, gets its line from `Document.place`.
"""

import re
from ast import literal_eval
from collections.abc import Iterator
from typing import Final, Self, TypeVar, final

import attrs

from runtime.encoding.canonical import JsonValue
from runtime.encoding.converter import structure
from runtime.encoding.pointer import escape_token
from runtime.errors import DefinitionError, Fault, MissionEngineError

__all__ = ["MAX_PARTS", "Document", "Mark", "place_faults", "spot", "structure_document"]

T = TypeVar("T")
E = TypeVar("E", bound=MissionEngineError)

MAX_PARTS: Final = 100_000
"""Keys and values of one written document; its readers take tens of microseconds for each."""

_match_step = re.compile(
    r"""\.?(?P<name>[^.\[/]+)|\[(?P<index>\d+)\]|\[(?P<key>'(?:[^'\\]|\\.)*'|"(?:[^"\\]|\\.)*")\]""", re.DOTALL
).match


@final
@attrs.frozen
class Mark:
    """
    The line in which a part of a document starts, and the marks of its own parts by their tokens in a path.
    """

    line: int
    parts: "dict[str, Mark]" = attrs.field(factory=dict, eq=False, repr=False)

    def add(self, key: str, line: int) -> Self:
        """
        Mark a part of this one, in the order of the text.
        """
        token = escape_token(key)
        mark = type(self)(line)
        # Of two long keys with the same start a path names neither, so the line is that of the object they are in.
        self.parts[token] = type(self)(self.line) if token in self.parts else mark
        return mark


@final
@attrs.frozen(kw_only=True, eq=False)
class Document:
    """
    A value of the canonical domain, the name of the text it was read from, and the lines of that text.

    A value that was never text has no `mark`, and its faults no line.
    """

    source: str = ""
    value: JsonValue = attrs.field(repr=False)
    mark: Mark | None = attrs.field(default=None, repr=False)

    def line_of(self, path: str) -> int | None:
        """
        Give the line of what a fault's path names, or of the nearest part around it that exists.

        Args:
            path: as `faults.py` writes it, such as `rules[0].when[1]`, `limits['a b']` or `rules[0].obligations/0/x`.

        Returns:
            The line, counted from one, of an element or of a member's key; None when the document was no text.
        """
        mark = self.mark
        if mark is None:
            return None
        for token in _tokens(path):
            if token not in mark.parts:
                break
            mark = mark.parts[token]
        return mark.line

    def place(self, path: str) -> str:
        """
        Put source and line in front of a fault's path: `pack.yaml:12 rules[0].effect`.
        """
        line = self.line_of(path)
        return " ".join(filter(None, (self.source if line is None else spot(self.source, line), path)))


def spot(source: str, line: int, column: int | None = None) -> str:
    """
    Name a spot in a text as editors and compilers do; in words when the text has no name.
    """
    if source:
        return f"{source}:{line}" if column is None else f"{source}:{line}:{column}"
    return f"line {line}" if column is None else f"line {line} column {column}"


def place_faults(error: E, document: Document) -> E:
    """
    Give the same error with the document's source and lines in front of every path.
    """
    # `canonical` calls the whole value `/`, which here is all the document and has no path.
    where = document.place("" if error.where == "/" else error.where) if error.where else document.source
    faults = [Fault(fault.message, document.place(fault.where)) for fault in error.faults]
    return type(error)(error.what, where=where, remedy=error.remedy, faults=faults)


def structure_document(
    document: Document, kind: type[T], *, what: str, error: type[MissionEngineError] = DefinitionError
) -> T:
    """
    Build a value of `kind` from a document, as `structure` does, with the line of each fault.

    Args:
        document: what `parse_document` gave.
        kind: the class to build.
        what: name of the document in the message, such as `policy pack`.
        error: class of the error raised.

    Raises:
        MissionEngineError: of class `error`, holding every fault at its source, line and path.
    """
    try:
        return structure(document.value, kind, what=what, error=error)
    except error as refused:
        if type(refused) is not error:  # An engine bug is no fault of the document, whatever class was asked for.
            raise
        raise place_faults(refused, document) from refused


def _tokens(path: str) -> Iterator[str]:
    """
    Give the steps of a fault's path as tokens of a pointer, up to the first that cannot be read.
    """
    at = 0
    while step := _match_step(path, at):
        at = step.end()
        if step["key"]:
            try:
                yield escape_token(literal_eval(step["key"]))
            except (SyntaxError, ValueError):  # Quoted, but nothing that `repr` writes.
                return
        else:
            yield escape_token(step["name"] or step["index"])
    if path.startswith("/", at):
        yield from path[at + 1 :].split("/")
