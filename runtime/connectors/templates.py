"""Templates: texts and JSON with places such as `{name}`, which params fill without ever becoming anything else.

Rules, referred to by number below:

1. A place in a path is percent-encoded whole, so a param stays inside its segment: `/` is `%2F`. A segment that would be
   empty, `.` or `..` is refused, because servers and proxies take those for other paths, encoded or not.
2. A place in a query is percent-encoded whole: `&` and `=` are data.
3. A text of a body that is one place becomes the param with its type; inside a longer text it becomes text. Members of an
   object and of a list whose param is absent are left out.
4. `{{` and `}}` are braces; any other brace is refused when the settings are read.
"""

import re
from collections.abc import Iterator, Mapping
from typing import Any, Final
from urllib.parse import quote, unquote

from runtime.encoding.canonical import JsonValue
from runtime.encoding.frozen import thaw
from runtime.errors import DefinitionError, shown

__all__ = ["check_path", "fill_json", "fill_path", "fill_query", "fill_text", "list_places"]

_TOKENS: Final = re.compile(r"\{\{|\}\}|\{([a-z][a-z0-9_]{0,63})\}|[{}]|[^{}]+")
_is_path_text = re.compile(r"(?:[A-Za-z0-9\-._~!$&'()*+,;=:@]|%[0-9A-Fa-f]{2})*").fullmatch
_NAVIGATION: Final = ("", ".", "..")
_ABSENT: Final = object()


def _parts(template: str) -> Iterator[tuple[str | None, str]]:
    """
    Give the parts of a template: the name of a place, or None and literal text.
    """
    for token in _TOKENS.finditer(template):
        if token[1] is not None:
            yield token[1], ""
        elif token[0] in ("{", "}"):  # (4)
            raise DefinitionError(
                f"a lone brace in {shown(template)}", remedy="write a place such as {name}, or {{ and }} for braces"
            )
        else:
            yield None, {"{{": "{", "}}": "}"}.get(token[0], token[0])


def list_places(template: JsonValue) -> dict[str, bool]:
    """
    List the places of a text or of JSON; True where one is a whole text everywhere, so that it may hold any JSON.

    Raises:
        DefinitionError: a brace stands alone.
    """
    found: dict[str, bool] = {}
    for text in _texts(template):
        parts = [*_parts(text)]
        for name, _ in parts:
            if name is not None:
                found[name] = found.get(name, True) and len(parts) == 1
    return found


def _texts(template: JsonValue) -> Iterator[str]:
    waiting: list[Any] = [template]
    while waiting:
        value = waiting.pop()
        if type(value) is str:
            yield value
        elif type(value) is dict:
            waiting += value.values()
        elif type(value) is list:
            waiting += value


def check_path(template: str) -> None:
    """
    Accept the template of a path.

    Raises:
        DefinitionError: it does not start with `/`, holds what a path cannot, or a part that means another path.
    """
    for number, segment in enumerate(template.split("/")):
        literal = "".join(text for name, text in _parts(segment) if name is None)
        has_place = any(name is not None for name, _ in _parts(segment))
        is_end = number == template.count("/")
        is_navigation = (
            not has_place and unquote(literal) in _NAVIGATION and not (not literal and (number == 0 or is_end))
        )
        if not template.startswith("/") or not _is_path_text(literal) or is_navigation:
            raise DefinitionError(
                f"path {shown(template)}",
                where="path",
                remedy="start with /, percent-encode what a path cannot hold, and leave out empty, `.` and `..` parts",
            )


def fill_path(template: str, params: Mapping[str, Any]) -> str | None:
    """
    Fill the template of a path; None when a param would change which path it is (1).
    """
    segments = []
    for segment in template.split("/"):
        parts = [*_parts(segment)]
        filled = "".join(text if name is None else quote(_as_text(params[name]), safe="") for name, text in parts)
        if any(name is not None for name, _ in parts) and unquote(filled) in _NAVIGATION:
            return None
        segments.append(filled)
    return "/".join(segments)


def fill_query(template: Mapping[str, str], params: Mapping[str, Any]) -> str:
    """
    Fill a query (2); a member with a place whose param is absent is left out.
    """
    filled = ((name, fill_text(text, params)) for name, text in template.items())
    return "&".join(f"{quote(name, safe='')}={quote(text, safe='')}" for name, text in filled if text is not None)


def fill_text(template: str, params: Mapping[str, Any]) -> str | None:
    """
    Fill a text; None when a param it has a place for is absent.
    """
    parts = [*_parts(template)]
    if any(name is not None and name not in params for name, _ in parts):
        return None
    return "".join(text if name is None else _as_text(params[name]) for name, text in parts)


def fill_json(template: JsonValue, params: Mapping[str, Any]) -> JsonValue:
    """
    Fill the template of a JSON body (3); an absent param at its root gives null.
    """
    filled = _fill(template, params)
    return None if filled is _ABSENT else filled


def _fill(template: Any, params: Mapping[str, Any]) -> Any:  # noqa: ANN401 - JSON, of bounded depth, or _ABSENT.
    if type(template) is dict:
        members = {key: _fill(value, params) for key, value in template.items()}
        return {key: value for key, value in members.items() if value is not _ABSENT}
    if type(template) is list:
        return [value for value in (_fill(one, params) for one in template) if value is not _ABSENT]
    if type(template) is not str:
        return template
    parts = [*_parts(template)]
    if len(parts) == 1 and parts[0][0] is not None:
        return thaw(params[parts[0][0]]) if parts[0][0] in params else _ABSENT
    text = fill_text(template, params)
    return _ABSENT if text is None else text


def _as_text(value: object) -> str:
    if type(value) is bool:
        return "true" if value else "false"
    return str(value)
