"""Strict intake of documents that people write: JSON or YAML by the name of the file, with the line of every part.

Read `document.py` next; what each format refuses is in `jsontext.py` and `yamltext.py`.
"""

import json
import re

import attrs

from runtime.encoding.document import MAX_PARTS, Document, Mark
from runtime.encoding.jsontext import decode_text, parse_json
from runtime.encoding.yamltext import parse_yaml
from runtime.errors import EncodingError
from runtime.limits import MAX_PAYLOAD_BYTES

__all__ = ["parse_document"]

_find_tokens = re.compile(r'"[^"\\]*(?:\\.[^"\\]*)*"|[{}\[\]]|[^\s,:{}\[\]"]+').finditer
"""Texts, brackets and plain scalars of valid JSON; commas, colons and white space say nothing about lines."""


def parse_document(raw: bytes | str, *, source: str, text_keys: frozenset[str] = frozenset()) -> Document:
    """
    Parse a document that people write: JSON when its name ends in `.json`, else YAML.

    Args:
        raw: UTF-8 bytes or text, at most 1 MiB; no byte order mark.
        source: name of the text in messages, such as its file name.
        text_keys: plain keys of YAML that are text here, though some readers take them for something else: `on`.

    Raises:
        EncodingError: as `parse_json` and `parse_yaml`; every fault of the text is listed with its place.
    """
    if not source.lower().endswith(".json"):
        return parse_yaml(raw, source=source, text_keys=text_keys)
    text = decode_text(raw, source, MAX_PAYLOAD_BYTES)
    value = parse_json(text, source=source)
    return Document(source=source, value=value, mark=_mark_json(text, source))


@attrs.define
class _Open:
    """
    A container whose parts are being marked; `key` is the key, or the index, of its next value.
    """

    mark: Mark
    is_object: bool
    key: str | None = None
    key_line: int = 0
    count: int = 0


def _mark_json(text: str, source: str) -> Mark:
    """
    Find the line of every part of a text that is known to be JSON.
    """
    root = _Open(Mark(1), is_object=False)
    stack = [root]
    line, at, parts = 1, 0, 0
    for token in _find_tokens(text):
        line += text.count("\n", at, token.start())
        at = token.start()
        spelled = token[0]
        if spelled in "}]":
            stack.pop()
            continue
        parts += 1
        if parts > MAX_PARTS:
            raise EncodingError(
                f"more than {MAX_PARTS} keys and values", where=source, remedy="split the document, or shorten it"
            )
        top = stack[-1]
        if top.is_object and top.key is None:
            top.key, top.key_line = json.loads(spelled), line
            continue
        mark = top.mark.add(str(top.count) if top.key is None else top.key, line if top.key is None else top.key_line)
        top.key = None
        top.count += 1
        if spelled in "{[":
            stack.append(_Open(mark, is_object=spelled == "{"))
    return root.mark.parts["0"]
