"""Heads of a log: who keeps it, its size and its root, as a note its keeper signs. Source: C2SP tlog-checkpoint.

`open_head` is the one way from bytes to a head that can be trusted. Read `logproof.py` next: what is checked against
a head.
"""

import re
from typing import Final, Self, final

import attrs

from runtime.encoding.base64text import from_base64, to_base64
from runtime.errors import IntegrityError, LogMismatchError, shown
from runtime.evidence.lognote import VerifierKey, is_line, open_note, sign_text
from runtime.evidence.merkle import check_hash, check_size
from runtime.values.keys import PrivateKey

__all__ = ["LogHead", "open_head", "sign_head"]

_LINES: Final = 3
_is_size = re.compile(r"0|[1-9][0-9]{0,15}").fullmatch


@final
@attrs.frozen(kw_only=True)
class LogHead:
    """
    The state of a log: who keeps it, how many receipts it holds, and the root over them.

    `extensions` are further lines that the log's keeper signed. Nothing here reads them; they are kept, because the
    signature covers them. This package writes none.
    """

    origin: str
    size: int
    root: bytes
    extensions: tuple[str, ...] = ()

    def __attrs_post_init__(self) -> None:
        """
        Refuse what cannot be written as a note.
        """
        check_size(self.size, "size")
        check_hash(self.root, "root")
        if type(self.extensions) is not tuple:
            raise IntegrityError(f"extensions are {shown(self.extensions)}", where="extensions", remedy="give a tuple")
        for name, line in (("origin", self.origin), *(("extensions", line) for line in self.extensions)):
            if not is_line(line):
                raise IntegrityError(f"{name} {shown(line)}", where=name, remedy="expected one line that is not empty")

    @property
    def text(self) -> str:
        """
        The text that is signed.
        """
        lines = [self.origin, str(self.size), to_base64(self.root), *self.extensions]
        return "".join(f"{line}\n" for line in lines)

    @classmethod
    def from_text(cls, text: str) -> Self:
        """
        Read the text of a note; whether it can be trusted is for `open_head` to find out.

        Raises:
            IntegrityError: it is not the text of a head.
        """
        lines = text.split("\n")[:-1]
        if len(lines) < _LINES or not _is_size(lines[1]):
            raise IntegrityError(
                f"a note that says {shown(text)}", where="note", remedy="expected the lines origin, size and root"
            )
        root = from_base64(lines[2], where="root")
        return cls(origin=lines[0], size=int(lines[1]), root=root, extensions=tuple(lines[_LINES:]))


def sign_head(head: LogHead, key: PrivateKey) -> bytes:
    """
    Sign a head under the name of its origin, and give the note.

    Raises:
        IntegrityError: the origin is no name of a key: it holds a space or a plus.
    """
    return sign_text(head.text, head.origin, key).raw


def open_head(raw: bytes, key: VerifierKey) -> LogHead:
    """
    Read a head that a known key signed, as the keeper of the log that has the key's name.

    Raises:
        InvalidSignatureError: the key did not sign it, or its signature does not hold.
        LogMismatchError: the key signed the head of a log with another origin.
        IntegrityError: it is no note, or not of a head.
    """
    head = LogHead.from_text(open_note(raw, key))
    if head.origin != key.name:
        raise LogMismatchError(
            f"a head of {shown(head.origin)}, signed by {shown(key.name)}",
            where="note",
            remedy="use a head of the log you mean",
        )
    return head
