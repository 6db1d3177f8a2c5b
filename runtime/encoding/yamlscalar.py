"""What a scalar of YAML says: a value, or one value to some readers of YAML and another to others.

A plain scalar is null, a truth value or a number only where it is one in JSON (`~` and nothing are null too). What YAML
1.1, YAML 1.2 or lenient readers of JSON take for another value than that is ambiguous. All else is text, and so are
dates; `1e3`, which PyYAML takes for text, is the number that JSON has.
"""

import re
from typing import Final

from runtime.encoding.canonical import JsonValue

__all__ = ["ambiguity", "join_surrogates", "resolve"]

_CONSTANTS: Final[dict[str, JsonValue]] = {"": None, "~": None, "null": None, "true": True, "false": False}
_match_number = re.compile(r"(-?(?:0|[1-9][0-9]*))((?:\.[0-9]+)?(?:[eE][-+]?[0-9]+)?)").fullmatch
_MAX_INTEGER_DIGITS: Final = 600

_TRUTHS: Final = frozenset(
    form
    for word in ("y", "n", "yes", "no", "on", "off", "true", "false")
    for form in (word, word.title(), word.upper())
)
_NULLS: Final = frozenset({"Null", "NULL"})
_MARKERS: Final = frozenset({"=", "<<"})
_is_number_elsewhere = re.compile(
    r"[-+]?(?:0b[01_]+|0o[0-7_]+|0x[0-9a-f_]+"
    r"|[0-9][0-9_]*(?::[0-5]?[0-9])+(?:\.[0-9_]*)?"
    r"|(?:[0-9][0-9_]*(?:\.[0-9_]*)?|\.[0-9_]+)(?:e[-+]?[0-9]+)?"
    r"|\.?inf(?:inity)?|\.?nan)",
    re.IGNORECASE | re.ASCII,
).fullmatch
"""Numbers of YAML 1.1 and 1.2 and of lenient readers of JSON, among them those that `_match_number` takes first."""

_find_surrogate = re.compile("[\ud800-\udfff]").search


def ambiguity(text: str) -> str:
    """
    Say how to mend a plain scalar that readers of YAML take for different values; "" for all others.
    """
    if text in _CONSTANTS or _match_number(text):
        return ""
    if text in _TRUTHS:
        return "quote it, or write true or false"
    if text in _NULLS:
        return "quote it, or write null"
    if _is_number_elsewhere(text):
        return "quote it, or write a number as JSON does"
    return "quote it" if text in _MARKERS else ""


def resolve(text: str) -> JsonValue:
    """
    Give the value of a plain scalar that is not ambiguous.
    """
    if text in _CONSTANTS:
        return _CONSTANTS[text]
    number = _match_number(text)
    if not number:
        return text
    # Python reads no more than some thousands of digits; numbers of far fewer are out of range, and refused as such.
    return float(text) if number[2] else int(text[:_MAX_INTEGER_DIGITS])


def join_surrogates(text: str) -> str:
    """
    Make one character of the two escapes that JSON writes for a character beyond U+FFFF; PyYAML gives two.
    """
    if not _find_surrogate(text):
        return text
    return text.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "surrogatepass")
