"""Strict intake of YAML text: the plain part of YAML, which says what a person reading it would think, with lines.

Rules, referred to by number below:

1. One document, no directives, anchors, aliases, tags or merge keys: a text says what it says where it says it.
2. Keys are text, and none stands twice in one object.
3. A plain scalar is null, a truth value, a number, text or ambiguous, and refused; `yamlscalar.py` says which.
4. Size, depth and number of parts are bounded, and no function calls itself: PyYAML's events are read, not its nodes,
   because composing nodes, and so refusing a text that is too deep, is recursive there.
5. All faults are reported together, each with line and column, up to the first after which nothing can be read.
"""

import re
from typing import Any, Final

import attrs

from runtime.encoding.canonical import JsonValue, canonical
from runtime.encoding.document import MAX_PARTS, Document, Mark, place_faults, spot
from runtime.encoding.jsontext import decode_text
from runtime.encoding.yamlscalar import ambiguity, join_surrogates, resolve
from runtime.errors import EncodingError, Fault, shown
from runtime.limits import MAX_DEPTH, MAX_FAULTS, MAX_PAYLOAD_BYTES, SHOWN_VALUE_LENGTH

__all__ = ["parse_yaml"]

_find_refused = re.compile(
    r"\r(?!\n)|[^\t\n\r -~\xa0-\u2027\u202a-\ud7ff\ue000-\ufefe\uff00-\ufffd\U00010000-\U0010ffff]"
).search

_TOKEN_WORDS: Final = {
    repr("\0"): "the end of the text",
    "'<stream end>'": "the end of the text",
    "'<document start>'": "the end of the document",
    "<block end>": "the next member or the end",
    "'<block mapping start>'": "an object",
    "'<block sequence start>'": "a list",
    "'<scalar>'": "a value",
}
_REMEDIES: Final = {
    repr("\t"): "use spaces, not tabs",
    "mapping values are not allowed": "quote text that holds a colon and a space; indent the keys of one object alike",
    "the next member or the end": "indent the members of one object or list alike",
}


def parse_yaml(text: bytes | str, *, source: str = "", text_keys: frozenset[str] = frozenset()) -> Document:
    """
    Parse YAML text into a value of the canonical domain and the line of each of its parts.

    Args:
        text: UTF-8 bytes or text, at most 1 MiB; no byte order mark.
        source: name of the text in messages, such as its file name.
        text_keys: plain keys that are text, though some readers take them for something else.

    Raises:
        EncodingError: the text is not YAML, is more of YAML than is read here, or holds what canonical JSON cannot;
            with line and column, or with line and path.
    """
    decoded = decode_text(text, source, MAX_PAYLOAD_BYTES)
    _check_characters(decoded, source)
    reader = _Reader(source, text_keys=text_keys)
    _read_events(decoded, reader)
    return reader.finish()


def _check_characters(text: str, source: str) -> None:
    # PyYAML counts U+0085, U+2028, U+2029 and a lone U+000D as line ends; YAML 1.2 and editors do not, or not all.
    found = _find_refused(text)
    if not found:
        return
    at = found.start()
    column = at - text.rfind("\n", 0, at)
    remedies = {"\ufeff": "save the file as UTF-8 without a byte order mark", "\r": "end lines with a line feed"}
    raise EncodingError(
        f"character U+{ord(found[0]):04X}",
        where=spot(source, text.count("\n", 0, at) + 1, column),
        remedy=remedies.get(found[0], "write it as an escape in double quotes"),
    )


def _read_events(text: str, reader: "_Reader") -> None:
    # Imported here because PyYAML is a fifth of what importing the engine costs, and most runs read no YAML.
    import yaml  # noqa: PLC0415

    loader: Any = yaml.SafeLoader(text)
    try:
        while loader.check_event():
            event = loader.get_event()
            start = event.start_mark
            reader.line, reader.column = start.line + 1, start.column + 1
            if isinstance(event, yaml.DocumentStartEvent):
                reader.start_document(has_directive=text.startswith("%", start.index))
            elif isinstance(event, yaml.AliasEvent):
                reader.refuse(f"alias {shown(event.anchor)}", "write the value out")
                reader.take(None)
            elif isinstance(event, yaml.ScalarEvent):
                reader.check_properties(event.anchor, event.tag)
                reader.take_scalar(event.value, is_plain=event.style is None and event.tag is None)
            elif isinstance(event, yaml.CollectionStartEvent):
                reader.check_properties(event.anchor, event.tag)
                reader.take({} if isinstance(event, yaml.MappingStartEvent) else [], opens=True)
            elif isinstance(event, yaml.CollectionEndEvent):
                reader.close()
    except yaml.MarkedYAMLError as error:
        reader.stop_at(error.problem_mark, *_explain(error))
    except (ValueError, OverflowError):
        # PyYAML hands digits to `chr` and `int` unchecked, those of "\UFFFFFFFF" and of "%YAML 1.999..." among them.
        reader.stop_at(loader.get_mark(), "an escape beyond U+10FFFF, or a version out of range", "mend the text there")
    finally:
        loader.dispose()


def _explain(error: Any) -> tuple[str, str]:  # noqa: ANN401 - a MarkedYAMLError.
    """
    Say what PyYAML found wrong, without its names for tokens, and how to mend it.
    """
    problem = error.problem
    for token, words in _TOKEN_WORDS.items():
        problem = problem.replace(token, words)
    what = f"not YAML: {problem[: 2 * SHOWN_VALUE_LENGTH]}"
    if error.context_mark:
        what += f", {error.context} that starts in line {error.context_mark.line + 1}"
    return what, next((remedy for part, remedy in _REMEDIES.items() if part in problem), "mend the text there")


@attrs.define
class _Open:
    """
    A container being read; of a member, the key is read before the value.
    """

    value: Any
    mark: Mark
    awaits_key: bool
    key: str | None = None
    key_line: int = 0
    key_lines: dict[str, int] = attrs.field(factory=dict)


@attrs.define
class _Reader:
    """
    What was read of a document so far, and what was wrong in it; `line` and `column` are those of the present event.
    """

    source: str
    line: int = 1
    column: int = 1
    text_keys: frozenset[str] = frozenset()
    parts: int = 0
    documents: int = 0
    faults: list[EncodingError] = attrs.field(factory=list)
    open: list[_Open] = attrs.field(factory=lambda: [_Open([], Mark(1), awaits_key=False)])
    """The outermost list stands for the text: the document is its only member."""

    def refuse(self, what: str, remedy: str) -> None:
        """
        Note a fault at the present event, and go on reading (5).
        """
        self.faults.append(EncodingError(what, where=spot(self.source, self.line, self.column), remedy=remedy))
        if len(self.faults) > MAX_FAULTS:
            raise self._refusal()

    def stop(self, what: str, remedy: str) -> None:
        """
        Note a fault behind which nothing can be read.
        """
        self.refuse(what, remedy)
        raise self._refusal()

    def stop_at(self, mark: Any, what: str, remedy: str) -> None:  # noqa: ANN401 - a mark of PyYAML.
        """
        Note a fault at a mark, behind which nothing can be read.
        """
        self.line, self.column = mark.line + 1, mark.column + 1
        self.stop(what, remedy)

    def start_document(self, *, has_directive: bool) -> None:
        """
        Begin a document (1).
        """
        self.documents += 1
        if self.documents > 1:
            self.stop("a second document", "write each document into a file of its own")
        if has_directive:
            self.refuse("a directive", "leave out the lines that start with %")

    def check_properties(self, anchor: str | None, tag: str | None) -> None:
        """
        Refuse what YAML can put in front of a value (1).
        """
        if anchor is not None:
            self.refuse(f"anchor {shown(anchor)}", "leave it out, and write the value out where it is wanted again")
        if tag is not None:
            self.refuse(
                f"tag {shown(tag.replace('tag:yaml.org,2002:', '!!'))}", "leave it out; text is written in quotes"
            )

    def take_scalar(self, text: str, *, is_plain: bool) -> None:
        """
        Take a key or a value without parts (2, 3).
        """
        if self.open[-1].awaits_key:
            self._take_key(text, is_plain=is_plain)
            return
        if len(self.open) == 1 and is_plain and not text:
            return  # Nothing but `---`: left out, and refused as an empty text.
        remedy = ambiguity(text) if is_plain else ""
        if remedy:
            self.refuse(f"plain {shown(text)}, which readers of YAML take for different values", remedy)
        self.take(resolve(text) if is_plain else join_surrogates(text))

    def take(self, value: JsonValue, *, opens: bool = False) -> None:
        """
        Take a value, or the start of one that has parts (4).
        """
        self._count()
        top = self.open[-1]
        mark = Mark(self.line)
        if top.awaits_key:
            # An alias was refused before; the value of this member is read, for its faults, and dropped.
            if opens:
                self.refuse("a key that is an object or a list", "write the key as text")
            top.awaits_key, top.key = False, None
        elif type(top.value) is list:
            mark = top.mark.add(str(len(top.value)), self.line)
            top.value.append(value)
        else:
            if top.key is not None:
                mark = top.mark.add(top.key, top.key_line)
                top.value[top.key] = value
            top.awaits_key = True
        if opens:
            if len(self.open) > MAX_DEPTH:
                self.stop(f"nesting deeper than {MAX_DEPTH}", "flatten the value")
            self.open.append(_Open(value, mark, awaits_key=type(value) is dict))

    def close(self) -> None:
        """
        End the innermost container.
        """
        self.open.pop()

    def finish(self) -> Document:
        """
        Give the document, or raise all its faults (5).
        """
        [whole] = self.open
        if not whole.value:
            empty = EncodingError(
                "an empty text", where=self.source, remedy="write a JSON value; {} is the empty object"
            )
            self.faults = self.faults or [empty]
            raise self._refusal()
        document = Document(source=self.source, value=whole.value[0], mark=whole.mark.parts["0"])
        try:
            canonical(document.value)
        except EncodingError as error:
            # Numbers out of range and lone surrogates; the events before showed all else.
            placed = place_faults(error, document)
            self.faults += [EncodingError(fault.message, where=fault.where) for fault in placed.faults] or [placed]
        if self.faults:
            raise self._refusal()
        return document

    def _take_key(self, text: str, *, is_plain: bool) -> None:
        self._count()
        top = self.open[-1]
        top.awaits_key, top.key = False, None
        key = join_surrogates(text)
        if is_plain and text == "<<":
            self.refuse("merge key <<", "write the members out")
        elif is_plain and key not in self.text_keys and (ambiguity(text) or type(resolve(text)) is not str):
            self.refuse(f"plain key {shown(text)}, which is not text to every reader", "quote it")
        elif key in top.key_lines:
            self.refuse(f"key {shown(key)} stands twice, first in line {top.key_lines[key]}", "keep one")
        else:
            top.key, top.key_line = key, self.line
            top.key_lines[key] = self.line

    def _count(self) -> None:
        self.parts += 1
        if self.parts > MAX_PARTS:
            self.stop(f"more than {MAX_PARTS} keys and values", "split the document, or shorten it")

    def _refusal(self) -> EncodingError:
        if len(self.faults) == 1:
            return self.faults[0]
        count = f"more than {MAX_FAULTS}" if len(self.faults) > MAX_FAULTS else str(len(self.faults))
        listed = [
            Fault(": ".join(filter(None, (fault.what, fault.remedy))), fault.where)
            for fault in self.faults[:MAX_FAULTS]
        ]
        return EncodingError(f"{count} faults in a text", where=self.source, faults=listed)
