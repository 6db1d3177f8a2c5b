"""From text to tokens. The spelling is that of CEL: its literals, escapes, comments and reserved words.

Refused with their place: byte strings, unsigned literals, integers outside ±(2^53-1), characters that mean nothing.
"""

import re
from typing import Any, Final, NamedTuple, NoReturn

from runtime.errors import ExpressionError, shown
from runtime.limits import MAX_EXPRESSION_LENGTH, MAX_NUMBER

__all__ = ["RESERVED", "Token", "place_of", "refuse", "tokenize"]

RESERVED: Final = frozenset(
    "as break const continue else for function if import let loop package namespace return var void while".split()  # noqa: SIM905 - read as a sentence.
)
"""Words CEL keeps for itself; a member of that name is still reached by a dot, a variable by backticks."""


class Token(NamedTuple):
    """
    `kind` is `name`, `quoted` (a name in backticks), `value`, `end`, or the operator itself.
    """

    kind: str
    value: Any
    start: int
    end: int


_TOKEN: Final = re.compile(
    r"""
      (?P<space>[ \t\r\n\f]+|//[^\n]*)
    | (?P<float>[0-9]+\.[0-9]+(?:[eE][+-]?[0-9]+)?|[0-9]+[eE][+-]?[0-9]+|\.[0-9]+(?:[eE][+-]?[0-9]+)?)
    | (?P<hex>0[xX][0-9a-fA-F]+)
    | (?P<int>[0-9]+)
    | (?P<text>[rR]?(?P<quote>\"\"\"|'''|"|'))
    | (?P<name>[A-Za-z_][A-Za-z0-9_]*)
    | (?P<quoted>`[^`\n]+`)
    | (?P<operator>&&|\|\||[<>=!]=|[-+*/%<>!?:.,()\[\]{}])
    """,
    re.VERBOSE,
)
_WORDS: Final = {"true": True, "false": False, "null": None}
_ESCAPES: Final = {
    "a": "\a",
    "b": "\b",
    "f": "\f",
    "n": "\n",
    "r": "\r",
    "t": "\t",
    "v": "\v",
    "\\": "\\",
    "'": "'",
    '"': '"',
    "`": "`",
    "?": "?",
}
_CODED_ESCAPE: Final = re.compile(r"[xX]([0-9a-fA-F]{2})|u([0-9a-fA-F]{4})|U([0-9a-fA-F]{8})|([0-3][0-7]{2})")
_SHOWN_DIGITS: Final = 40
_MOST_DIGITS: Final = len(str(MAX_NUMBER))
_SURROGATES: Final = range(0xD800, 0xE000)
_LAST_CHARACTER: Final = 0x10FFFF


def place_of(source: str, offset: int) -> str:
    """
    Say where an offset is: `line:column`, both from 1.
    """
    before = source[:offset]
    return f"{before.count(chr(10)) + 1}:{offset - before.rfind(chr(10))}"


def refuse(source: str, offset: int, what: str, remedy: str) -> NoReturn:
    """
    Refuse an expression at an offset.
    """
    raise ExpressionError(what, where=place_of(source, offset), remedy=remedy)


def tokenize(source: str) -> list[Token]:
    """
    Split an expression into tokens; the last one is `end`.

    Raises:
        ExpressionError: it is too long, or holds what no expression may hold.
    """
    if len(source) > MAX_EXPRESSION_LENGTH:
        raise ExpressionError(
            f"an expression of {len(source)} characters", remedy=f"the limit is {MAX_EXPRESSION_LENGTH}; split it"
        )
    try:
        source.encode()
    except UnicodeEncodeError as error:
        refuse(source, error.start, "a lone surrogate", "repair the text where it is read")
    tokens = []
    position = 0
    while position < len(source):
        match = _TOKEN.match(source, position)
        if match is None:
            refuse(source, position, f"character {shown(source[position])}", "no expression holds it outside of text")
        token = _read(source, match)
        position = match.end() if token is None else token.end
        if token is not None:
            tokens.append(token)
    return [*tokens, Token("end", None, len(source), len(source))]


def _read(source: str, match: re.Match[str]) -> Token | None:
    text, start, end = match.group(), match.start(), match.end()
    # `lastgroup` is the outer group, also where an inner one took part.
    match match.lastgroup:
        case "space":
            return None
        case "text":
            return _read_text(source, match)
        case "float" | "int" | "hex":
            _refuse_glued(source, end)
            token = Token("value", _number(source, start, text, is_float=match.lastgroup == "float"), start, end)
        case "quoted":
            token = Token("quoted", text[1:-1], start, end)
        case "name" if text in _WORDS:
            token = Token("value", _WORDS[text], start, end)
        case "name" if text != "in":
            if source[end : end + 1] in ("'", '"') and text.lower() in ("b", "br", "rb"):
                refuse(source, start, "bytes", "JSON has no bytes; write text")
            token = Token("name", text, start, end)
        case _:
            token = Token(text, text, start, end)
    return token


def _refuse_glued(source: str, end: int) -> None:
    if end < len(source) and (source[end].isalnum() or source[end] == "_"):
        remedy = "there is one kind of number; leave the u out" if source[end] in "uU" else "leave a space between them"
        refuse(source, end, f"{shown(source[end])} right behind a number", remedy)


def _number(source: str, start: int, text: str, *, is_float: bool) -> int | float:
    if not is_float:
        digits, base = (text[2:], 16) if text[:2] in ("0x", "0X") else (text, 10)
        digits = digits.lstrip("0") or "0"
        # Counted first: the interpreter may be set to read few decimal digits.
        value = int(digits, base) if len(digits) <= _MOST_DIGITS else MAX_NUMBER + 1
        if value <= MAX_NUMBER:
            return value
    else:
        number = float(text)
        if number <= MAX_NUMBER:
            return int(number) if number.is_integer() else number  # `2.0` and `2` are one number.
    shown_text = text if len(text) <= _SHOWN_DIGITS else f"{text[:_SHOWN_DIGITS]}…"
    return refuse(source, start, f"number {shown_text}", "numbers are exact only within ±(2^53-1)")


def _read_text(source: str, match: re.Match[str]) -> Token:
    quote = match.group("quote")
    is_raw = match.group("text")[0] in "rR"
    position = match.end()
    parts: list[str] = []
    while True:
        if source.startswith(quote, position):
            return Token("value", "".join(parts), match.start(), position + len(quote))
        if position >= len(source) or (len(quote) == 1 and source[position] in "\r\n"):
            refuse(source, match.start(), "text without an end", f"close it with {quote}")
        if source[position] == "\\" and not is_raw:
            part, position = _read_escape(source, position)
        else:
            part = source[position]
            position += 1
        parts.append(part)


def _read_escape(source: str, position: int) -> tuple[str, int]:
    letter = source[position + 1 : position + 2]
    if letter in _ESCAPES:
        return _ESCAPES[letter], position + 2
    match = _CODED_ESCAPE.match(source, position + 1)
    if match is None:
        refuse(source, position, f"escape {shown(source[position : position + 2])}", r"write \\ for a backslash")
    octal = match.group(4)
    code = int(octal, 8) if octal else int(next(filter(None, match.groups())), 16)
    if code in _SURROGATES or code > _LAST_CHARACTER:
        refuse(source, position, f"escape {match.group()!r}", "it is no character")
    return chr(code), match.end()
