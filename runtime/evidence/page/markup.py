"""HTML that escapes by construction: text becomes markup only in here, and only elements of the table can be made.

Rules, referred to by number below:

1. Text is escaped where it enters, hidden characters included; nothing but `Markup` is taken as it is.
2. `Markup` of foreign text cannot be made: outside this file it is only made of other markup, or of the style sheet.
3. No element and no attribute of the tables can load anything, run anything, or lead anywhere.
"""

from html import escape
from typing import Final, final

import attrs

from runtime.encoding.display import visible
from runtime.errors import EngineBug

__all__ = ["Content", "Markup", "build_document", "element"]


@final
@attrs.frozen
class Markup:
    """
    A piece of HTML.
    """

    text: str


Content = Markup | str
"""What an element holds: markup, or text that is escaped."""

_ELEMENTS: Final = frozenset(
    {"article", "body", "code", "dd", "dl", "dt", "footer", "h1", "h2", "h3", "head", "header", "html", "li", "main"}
    | {
        "ol",
        "p",
        "pre",
        "section",
        "span",
        "strong",
        "style",
        "table",
        "tbody",
        "td",
        "th",
        "thead",
        "title",
        "tr",
        "ul",
    }
)
_VOID: Final = frozenset({"meta"})
_ATTRIBUTES: Final = frozenset({"charset", "class", "content", "http-equiv", "id", "lang", "name", "scope"})


def element(name: str, /, *content: Content, **attributes: str) -> Markup:
    """
    Make an element.

    Args:
        name: one of the table.
        content: markup and text, in order.
        attributes: values by name; `_` is written for `-`, and one behind the name of a Python keyword is dropped.

    Raises:
        EngineBug: the element or an attribute is none of the tables, or an element that holds nothing was given content.
    """
    names = {key: key.rstrip("_").replace("_", "-") for key in attributes}
    unknown = sorted({*names.values()} - _ATTRIBUTES)
    if name not in _ELEMENTS | _VOID or unknown or (name in _VOID and content):  # (3)
        raise EngineBug(
            f"element {name!r}", where=", ".join(unknown), remedy="only what loads and runs nothing is made"
        )
    written = "".join(f' {names[key]}="{_escape(value)}"' for key, value in attributes.items())
    if name in _VOID:
        return Markup(f"<{name}{written}>")
    inner = "".join(part.text if isinstance(part, Markup) else _escape(part) for part in content)
    return Markup(f"<{name}{written}>{inner}</{name}>")


def build_document(*, title: str, style: Markup, body: Markup) -> bytes:
    """
    Make a page that no browser loads anything for, whatever stands on it.
    """
    policy = "default-src 'none'; style-src 'unsafe-inline'"
    head = element(
        "head",
        element("meta", charset="utf-8"),
        element("meta", http_equiv="Content-Security-Policy", content=policy),
        element("meta", name="viewport", content="width=device-width, initial-scale=1"),
        element("meta", name="referrer", content="no-referrer"),
        element("title", title),
        element("style", style),
    )
    return f"<!DOCTYPE html>\n{element('html', head, body, lang='en').text}\n".encode()


def _escape(text: str) -> str:
    return escape(visible(text))  # (1)
