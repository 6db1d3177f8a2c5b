"""Secrets in running text by the name in front of them: `password=…`, `"token": "…"`, `--secret …`, `Cookie: …`.

Names are judged as keys are, in `secretkeys.py`. The text is read once from left to right: a value that is replaced is
passed over, one that is not is looked into for further names.
"""

import re
from typing import Final

from runtime.encoding.secretkeys import KeyKind, classify_key, is_harmless
from runtime.encoding.secretmarks import is_mark, mark, match_mark

__all__ = ["hide_pairs"]

_LAST_WORDS: Final = ("id", "key", "keys", "pass", "string")
_LOOK_BACK: Final = 24
"""Characters in front of one of these last words in which `api` may stand before `key`."""

_find_name = re.compile(
    r"(?<![A-Za-z0-9_.\-])(?P<flag>--[A-Za-z][A-Za-z0-9_.\-]*+)[ \t]++(?=[^\s\-(])"
    r"|<(?P<tag>[A-Za-z_][A-Za-z0-9_.\-]*+)>"
    r"|(?<![A-Za-z0-9_.\-])(?P<name>[A-Za-z0-9_.\-]++)"
    r"(?P<quote>\\{0,8}+[\"'`]?+\]?+)[ \t]{0,40}+(?P<sign>=>|:=|=(?![=~])|:(?![:=]))[ \t]{0,40}+",
    re.ASCII,
).search
_match_quote = re.compile(r"(?:[bBrRuUfF]{1,2}+(?=[\\\"']))?(\\{0,8}+[\"'`])", re.ASCII).match
_match_bare = re.compile(
    # Behind `authorization=` the first word may name what follows.
    r"(?:(?i:apikey|basic|bearer|digest|negotiate|token)[ \t]{1,40}+(?=[^\s\"'`<>,;&]))?"
    r"(?:[^\s\"'`<>,;&]|[,;&](?!\s|[A-Za-z_][A-Za-z0-9_. \-]{0,40}+[=:]|\Z))++",
    re.ASCII,
).match
_match_reference = re.compile(r"\$\{[^{}\s]*+\}", re.ASCII).match
_match_line = re.compile(r"[^\r\n]*+").match
_find_stop = re.compile("[<…]").search
_match_end = re.compile(r"<(?:/|~0{0,8}1)", re.ASCII).match
_find_bracket = re.compile(r"[\[\]{}]").finditer
_MOST_SLASHES: Final = 63
_QUOTES: Final = "\"'`"
_EMPTY: Final = ("", "[]", "{}")
_TRAILING: Final = ".,;:!?)]}"
_HEADERS: Final = frozenset({"authorization", "cookie", "proxy-authorization", "set-cookie"})

_Span = tuple[int, int]


def hide_pairs(text: str, found: dict[str, None]) -> str:
    """
    Replace the values behind names that hold secrets; the rules that did are added to `found`.
    """
    parts: list[str] = []
    place, done = 0, 0
    while (match := _find_name(text, place)) is not None:
        place = match.end()
        name = match["name"] or match["flag"] or match["tag"]
        start = match.start("name") if match["name"] else match.start()
        name, kind = _judge(text, name, start)
        if kind is KeyKind.CLEAN:
            continue
        if name.lower() in _HEADERS and match["sign"] == ":" and not match["quote"]:
            rule, span = "header", _find_header(text, start, place)
        elif match["tag"]:
            rule, span = "pair", _find_element(text, place)
        else:
            rule, span = "pair", _find_value(text, place, kind, is_flag=bool(match["flag"]))
            before, first = text[start - 1 : start], text[place : place + 1]
            if before and before == first and before in _QUOTES and not match["quote"]:
                span = None  # It closes the quote in front of the name.
        if span is not None:
            parts += [text[done : span[0]], mark(rule)]
            found[rule] = None
            place = done = span[1]
    return "".join([*parts, text[done:]]) if parts else text


def _judge(text: str, name: str, start: int) -> tuple[str, KeyKind]:
    """
    Tell what a name says, and which one it is: with a word in front, or without a letter that is none of its own.
    """
    names = [name]
    if start and text[start - 1] == "\\" and name[0] in "nrt":
        names = [name[1:], name]  # The letter belongs to the escape of a line break, or to a path of another system.
    if name.lower().endswith(_LAST_WORDS):
        names.append(text[max(0, start - _LOOK_BACK) : start].rpartition("\n")[2] + name)
    judged = ((one, classify_key(one)) for one in names)
    return next(((one, kind) for one, kind in judged if kind is not KeyKind.CLEAN), (name, KeyKind.CLEAN))


def _find_header(text: str, start: int, place: int) -> _Span | None:
    """
    Find what a header says: to the end of the line, or to the quote that opened in front of its name.
    """
    end = len(text)
    if start and text[start - 1] in _QUOTES:
        end = _find_closing(text, place, _count_slashes(text, start - 1, 0), text[start - 1])
        # Then it opens a part of what the header says, and it cannot be known which one ends it.
        end = len(text) if text[end - 1] == "=" else end
    said = text[place : _end_of_line(text, place, end)].rstrip(" \t")
    return None if is_mark(said) or is_harmless(said) else (place, place + len(said))


def _find_element(text: str, place: int) -> _Span | None:
    """
    Find what stands between a tag and its end, or the cut.
    """
    stop = _find_stop(text, place)
    if stop is None or (stop[0] == "<" and not _match_end(text, stop.start())):
        return None
    said = text[place : stop.start()]
    return None if is_mark(said) or is_harmless(said) else (place, stop.start())


def _find_value(text: str, place: int, kind: KeyKind, *, is_flag: bool) -> _Span | None:
    if place == len(text):
        return None
    quote = _match_quote(text, place)
    if quote:
        start, end = quote.end(), _find_closing(text, quote.end(), len(quote[1]) - 1, quote[1][-1])
    elif text[place] in "[{" and not match_mark(text, place):
        # What is walked is looked into by the caller's next search.
        start, end = place, place if kind is KeyKind.WALKED else _end_of_container(text, place)
    else:
        bare = _match_bare(text, place)
        start, end = place, _strip(text, place, place if bare is None else bare.end())
    value = text[start:end]
    if value in _EMPTY or is_mark(value) or is_harmless(value):
        return None
    if kind is not KeyKind.WHOLE and value.isascii() and value.isdigit():
        return None
    if is_flag and value.isascii() and value.isupper() and classify_key(value) is not KeyKind.CLEAN:
        return None  # `--token TOKEN` shows how it is used.
    return start, end


def _strip(text: str, start: int, end: int) -> int:
    """
    Leave the punctuation behind a bare value where it is; the bracket of a mark or of a reference is none.
    """
    marked = match_mark(text, start) or _match_reference(text, start)
    least = marked.end() if marked else start
    while end > least and text[end - 1] in _TRAILING:
        end -= 1
    return end


def _find_closing(text: str, place: int, slashes: int, quote: str) -> int:
    """
    Find the quote that closes one behind so many backslashes; without it, the value ends with the line.

    One behind more of them is taken for a part of the value: who escaped the text, and how often, cannot be known.
    """
    at = text.find(quote, place)
    while at >= 0:
        if _count_slashes(text, at, place) == slashes:
            return at - slashes
        at = text.find(quote, at + 1)
    return _end_of_line(text, place, len(text))


def _count_slashes(text: str, at: int, least: int) -> int:
    before = text[max(least, at - _MOST_SLASHES) : at]
    return len(before) - len(before.rstrip("\\"))


def _end_of_line(text: str, place: int, end: int) -> int:
    line = _match_line(text, place, end)
    return place if line is None else line.end()


def _end_of_container(text: str, place: int) -> int:
    """
    Find the end of a container by its brackets; one that is not closed ends with the text.
    """
    depth = 0
    for bracket in _find_bracket(text, place):
        depth += 1 if bracket[0] in "[{" else -1
        if depth == 0:
            return bracket.end()
    return len(text)
