"""What stands where a secret stood: `[redacted:RULE]`, and every rule there is."""

import re
from typing import Final

__all__ = ["RULES", "is_mark", "mark", "match_mark", "without_marks"]

RULES: Final = {
    "address": "the password in an address: `://user:password@host`",
    "basic": "`Basic` and base64 of a name, a colon and a password",
    "bearer": "`Bearer` and a token",
    "cloud-key": "an access key of a cloud, by its first letters",
    "cycle": "a container that holds itself",
    "depth": "what is nested too deep to be looked at",
    "header": "what follows `Authorization:`, `Proxy-Authorization:`, `Cookie:` or `Set-Cookie:`",
    "jwt": "a JSON Web Token: parts of base64 between dots, the first one a JSON object",
    "key": "a value under a name that holds secrets",
    "pair": "in text, a value behind a name that holds secrets: `name=value`, `name: value`, `--name value`, `<name>value`",
    "pem": "a PEM block of a private key, or the start of one",
    "size": "what stands behind more values than a document may have",
    "text": "a text that still changes after some rounds",
    "token": "a token of a well-known service, by its first letters",
    "unreadable": "a value that raises when it is read",
}
"""Every rule by name, and what it finds."""

_mark = re.compile(rf"\[redacted:(?:{'|'.join(RULES)})\]")
match_mark = _mark.match
"""Match a mark at a place of a text."""


def mark(rule: str) -> str:
    """
    Write the mark of a rule.
    """
    return f"[redacted:{rule}]"


def is_mark(text: str) -> bool:
    """
    Tell whether a text is a mark and nothing else.
    """
    found = match_mark(text)
    return found is not None and found.end() == len(text)


def without_marks(text: str) -> str:
    """
    Give a text with a blank for each of its marks.
    """
    return _mark.sub(" ", text) if "[redacted:" in text else text
