"""Finds a value that was opened for a connector again in what the connector gives back.

A value counts as found where its text stands in another text as it is, in any case, in hexadecimal, in base64 at any
offset, or percent-encoded. So it is found where a connector repeats what it was given; a connector that enciphers it,
cuts it or spells it out cannot be found out. Texts and numbers shorter than four characters, truth values and null are
told from chance by nobody and are not looked for.
"""

from base64 import b64encode
from collections.abc import Callable, Iterator
from typing import Final, final
from urllib.parse import quote

from runtime.encoding.canonical import JsonValue, canonical

__all__ = ["Echoes"]

_SHORTEST: Final = 4
_GROUP: Final = 3
"""Bytes that base64 writes as four characters."""


@final
class Echoes:
    """
    The values to look for.
    """

    def __init__(self) -> None:
        """
        Start with none.
        """
        self._exact: set[str] = set()
        self._folded: set[str] = set()

    def add(self, value: JsonValue) -> None:
        """
        Look for a value too: for each text and number in it.
        """
        for text in map(_text, _scalars(value)):
            if len(text) < _SHORTEST:
                continue
            raw = text.encode()
            self._folded |= {text.casefold(), raw.hex(), quote(text, safe="").casefold()}
            for offset in range(_GROUP):
                self._exact |= _base64(raw, offset)

    def are_in(self, text: str) -> bool:
        """
        Tell whether a text holds one of the values.
        """
        folded = text.casefold()
        return any(one in folded for one in self._folded) or any(one in text for one in self._exact)

    def replace(self, value: JsonValue, path: str, change: Callable[[str, JsonValue], JsonValue]) -> JsonValue:
        """
        Give a plain value with every part changed that holds one; an object with one in a key is changed whole.

        Args:
            value: plain JSON; it is left as it is.
            path: where it stands.
            change: gets the path of a part and the part.
        """
        if type(value) is dict:
            if any(map(self.are_in, value)):
                return change(path, value)
            pointed = {key: f"{path}/{key.replace('~', '~0').replace('/', '~1')}" for key in value}
            return {key: self.replace(member, pointed[key], change) for key, member in value.items()}
        if type(value) is list:
            return [self.replace(member, f"{path}/{index}", change) for index, member in enumerate(value)]
        return change(path, value) if self.are_in(_text(value)) else value


def _scalars(value: JsonValue) -> Iterator[JsonValue]:
    waiting = [value]
    while waiting:
        one = waiting.pop()
        if type(one) is dict:
            waiting += one.values()
        elif type(one) is list:
            waiting += one
        else:
            yield one


def _text(value: JsonValue) -> str:
    if type(value) is str:
        return value
    return canonical(value).decode() if type(value) in (int, float) else ""


def _base64(raw: bytes, offset: int) -> set[str]:
    # What stands before and behind the value changes the first and the last characters; what lies between is certain.
    first = b64encode(bytes(offset) + raw).decode().rstrip("=")
    certain = first[(offset * 8 + 5) // 6 : (offset + len(raw)) * 8 // 6]
    return {certain, certain.translate(str.maketrans("+/", "-_"))}
