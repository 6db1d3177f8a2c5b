"""References in the words of a step: `${params.service}`, `${target.id}`, `${target.members}`, `${environment.id}`.

They are filled in when a run is compiled, from what it was asked for and nothing else, and only where data is expected:
never in an expression, a pointer or a name of the engine, so no param can become a rule. A text that is one reference
becomes the value it names, whatever that is; inside a longer text it must be text or an integer. `$${a}` stands for
`${a}` as it is written.
"""

import re
from collections.abc import Iterator, Mapping
from typing import Any, Final

from runtime.encoding.canonical import JsonValue
from runtime.encoding.pointer import escape_token
from runtime.errors import DefinitionError, shown

__all__ = ["ROOTS", "fill", "find_references", "has_reference", "reference_fault"]

ROOTS: Final = ("environment", "params", "target")
"""What a reference may begin with."""
_TARGET_MEMBERS: Final = ("attributes", "id", "members", "type")

_REFERENCE: Final = re.compile(r"\$?\$\{([^{}]*)\}")
_find = _REFERENCE.finditer
_drop = _REFERENCE.sub
_is_path = re.compile(r"[A-Za-z_][A-Za-z0-9_-]*(?:\.[A-Za-z_][A-Za-z0-9_-]*){1,15}").fullmatch


def has_reference(text: str) -> bool:
    """
    Tell whether a text holds what looks like a reference.
    """
    return any(True for _ in find_references(text))


def find_references(value: JsonValue, path: str = "") -> Iterator[tuple[str, str]]:
    """
    List the references in a value: the path of the text each stands in, as a JSON Pointer, and what is in its braces.
    """
    stack: list[tuple[JsonValue, str]] = [(value, path)]
    while stack:
        part, place = stack.pop()
        if type(part) is str:
            yield from ((place, match[1]) for match in _find(part) if not match[0].startswith("$$"))
            if "${" in _drop("", part):
                yield place, "${"
        elif type(part) is dict:
            stack += [(member, f"{place}/{escape_token(key)}") for key, member in reversed(part.items())]
        elif type(part) is list:
            stack += [(member, f"{place}/{index}") for index, member in reversed([*enumerate(part)])]


def reference_fault(reference: str) -> str:
    """
    Say what is wrong with the form of a reference; "" when nothing is.
    """
    if not _is_path(reference):
        return f"reference {shown(reference)}: write names with dots between them, as in ${{params.service}}"
    names = reference.split(".")
    if names[0] not in ROOTS:
        return f"reference {shown(reference)}: it begins with one of {list(ROOTS)}"
    if names[0] == "target" and names[1] not in _TARGET_MEMBERS:
        return f"reference {shown(reference)}: a target has {list(_TARGET_MEMBERS)}"
    if names[0] == "environment" and names[1:] != ["id"]:
        return f"reference {shown(reference)}: an environment has id"
    return ""


def fill(value: JsonValue, scope: Mapping[str, Any], where: str = "") -> JsonValue:
    """
    Give a value with every reference in it replaced by what it names.

    Raises:
        DefinitionError: one names nothing, or something that cannot stand in a text.
    """
    if type(value) is str:
        return _fill_text(value, scope, where)
    if type(value) is dict:
        return {key: fill(member, scope, f"{where}/{escape_token(key)}") for key, member in value.items()}
    if type(value) is list:
        return [fill(member, scope, f"{where}/{index}") for index, member in enumerate(value)]
    return value


def _fill_text(text: str, scope: Mapping[str, Any], where: str) -> JsonValue:
    matches = [*_find(text)]
    if len(matches) == 1 and matches[0][0] == text and not text.startswith("$$"):
        return _look_up(matches[0][1], scope, where)
    parts, at = [], 0
    for match in matches:
        parts.append(text[at : match.start()])
        at = match.end()
        if match[0].startswith("$$"):
            parts.append(match[0][1:])
            continue
        named = _look_up(match[1], scope, where)
        if type(named) not in (str, int):
            raise DefinitionError(
                f"reference {shown(match[1])} is {type(named).__name__}, inside a text",
                where=where,
                remedy="there it must be text or an integer; by itself, without other text, it may be anything",
            )
        parts.append(str(named))
    return "".join([*parts, text[at:]])


def _look_up(reference: str, scope: Mapping[str, Any], where: str) -> JsonValue:
    value: Any = scope
    for name in reference.split("."):
        if type(value) is not dict or name not in value:
            known = sorted(value) if type(value) is dict else []
            raise DefinitionError(
                f"reference {shown(reference)} names nothing",
                where=where,
                remedy=f"there is {known[:20]} at {shown(name)}",
            )
        value = value[name]
    return value
