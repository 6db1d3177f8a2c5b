"""Secrets in running text, by their shape: PEM blocks, addresses with a password, headers, well-known tokens.

Rules, referred to by number below:

1. Every pattern takes linear time on any text: a repetition is followed by what it cannot match, or it is bounded, or
   what only looks like a secret is matched and given back.
2. Text is replaced until a round changes nothing, so doing it twice is doing it once. Text that is still changing after
   some rounds is replaced whole.
3. Messages cut long values and end them with `…`. A secret that was cut is still one, so its shape may end there.

Only ASCII has a meaning here. In JSON Pointers `/` is `~1`. `secretpairs.py` finds secrets by the names in front of them; read it next.
"""

import re
from base64 import b64decode
from collections.abc import Callable
from typing import Final

from runtime.encoding.secretkeys import is_harmless
from runtime.encoding.secretmarks import is_mark, mark
from runtime.encoding.secretpairs import hide_pairs

__all__ = ["hide_secrets"]

_MOST_ROUNDS: Final = 4
_SHORTEST: Final = 5
"""Characters of the shortest text that can hold a secret: `pwd=x`."""
_SHORTEST_WORD: Final = 20
"""Characters of the shortest secret that is letters and digits alone: a key of a cloud."""
_SHORT_TOKEN: Final = 8
_LONG_TOKEN: Final = 32

_pem = re.compile(
    r"-----BEGIN [A-Z0-9 ]{0,40}PRIVATE KEY(?: BLOCK)?-----"
    r"(?:.*?-----END [A-Z0-9 ]{0,40}PRIVATE KEY(?: BLOCK)?-----|.*)",
    re.ASCII | re.DOTALL,
)
# The part behind the colon runs to the last @ in front of the path: a password may hold an @ that nobody escaped.
_address = re.compile(
    r"(:(?:/|~0{0,8}1){2}[^\s/?#@:\"'`<>\\]*+:)(?![0-9]{1,5}[?#])([^\s/\"'`<>\\]+(?=@)|[^\s/?#@\"'`<>\\…]++(?=…))",
    re.ASCII,
)
_bearer = re.compile(
    r"(?<![A-Za-z0-9])((?i:bearer)[ \t]{1,40}+[\"']?)([A-Za-z0-9._~+/\-]++=*+)(…?)",
    re.ASCII,
)
_basic = re.compile(r"(?<![A-Za-z0-9])((?i:basic)[ \t]{1,40}+[\"']?)([A-Za-z0-9+/_\-]++={0,2}+)(…?)", re.ASCII)
# Without the dots it is matched all the same, so that no part of a long run is looked at twice (1).
_jwt = re.compile(r"eyJ[A-Za-z0-9_\-]{8,}+(?:((?:\.[A-Za-z0-9_\-]*+){2,4}+|\.?…|\.[A-Za-z0-9_\-]*+…))?", re.ASCII)

_escaped_letter = re.compile(r"\\{1,8}u00(3[0-9]|[46][1-9A-Fa-f]|[57][0-9Aa]|2[Dd]|5[Ff])", re.ASCII)

_START = r"(?:(?<![A-Za-z0-9])|(?<=\\[nrt]))"
"""A token starts behind anything but a letter or a digit, or behind the escape of a line break."""


def _tokens(*shapes: tuple[str, str, int]) -> "re.Pattern[str]":
    """
    Put shapes of tokens together: a prefix, the characters behind it, and the least of them in one that was not cut (3).
    """
    parts = (f"{prefix}(?:{rest}{{{least},}}+…?|{rest}*+…)" for prefix, rest, least in shapes)
    return re.compile(f"{_START}(?:{'|'.join(parts)})", re.ASCII)


_WORD: Final = r"[A-Za-z0-9_\-]"
_LETTER: Final = "[A-Za-z0-9]"
_well_known = _tokens(
    ("gh[oprsu]_", _LETTER, 20),
    ("github_pat_", "[A-Za-z0-9_]", 20),
    ("glpat-", _WORD, 16),
    ("xox[abeoprs]-", r"[A-Za-z0-9\-]", 8),
    ("xapp-", r"[A-Za-z0-9\-]", 16),
    ("[rs]k_(?:live|test)_", _LETTER, 8),
    ("whsec_", "[A-Za-z0-9+/=]", 16),
    # Words follow the same two letters, as in sk-learn; a key has a digit among its first characters.
    (r"sk-(?=[A-Za-z_\-]{0,40}[0-9])", _WORD, 16),
    ("npm_", _LETTER, 30),
    ("pypi-", _WORD, 32),
    ("hf_", _LETTER, 20),
    (rf"SG\.{_WORD}{{16,}}+\.", _WORD, 16),
    ("do[opr]_v1_", "[a-f0-9]", 32),
    (r"ya29\.", _WORD, 16),
    ("GOCSPX-", _WORD, 16),
    (r"hv[bs]\.", _WORD, 16),
    ("AGE-SECRET-KEY-1", "[A-Z0-9]", 32),
    ("dapi", "[a-f0-9]", 32),
    ("shp(?:at|ca|pa|ss)_", "[a-fA-F0-9]", 16),
    ("lin_api_", _LETTER, 16),
)
_cloud_key = _tokens(("A(?:KIA|SIA|BIA|CCA)", "[A-Z0-9]", 16), ("AIza", _WORD, 30), ("LTAI", _LETTER, 16))


def _is_token(token: str, cut: str) -> bool:
    """
    Tell a token from a word of prose, such as what follows in `bearer tokens`.
    """
    bare = token.rstrip("=")
    if cut or len(bare) >= _LONG_TOKEN:
        return True
    has_digit = any("0" <= letter <= "9" for letter in bare)
    return len(bare) >= _SHORT_TOKEN and (has_digit or _is_mixed(bare))


def _is_mixed(text: str) -> bool:
    # A capital in front is the start of a sentence.
    return any("A" <= letter <= "Z" for letter in text[1:]) and any("a" <= letter <= "z" for letter in text)


def _is_name_and_password(text: str, cut: str) -> bool:
    if cut:
        return _is_mixed(text)
    bare = text.rstrip("=")
    try:
        said = b64decode(bare + "=" * (-len(bare) % 4), altchars=b"-_" if {*"-_"} & {*bare} else None)
    except ValueError:
        return False
    return b":" in said and min(said) >= ord(" ")


def _hide_bearer(match: "re.Match[str]") -> str:
    return match[1] + mark("bearer") if _is_token(match[2], match[3]) else match[0]


def _hide_basic(match: "re.Match[str]") -> str:
    return match[1] + mark("basic") if _is_name_and_password(match[2], match[3]) else match[0]


def _hide_address(match: "re.Match[str]") -> str:
    password, is_cut = match[2], not match.string.startswith("@", match.end())
    # Behind a colon that no @ follows, digits are a port.
    if is_mark(password) or is_harmless(password) or (is_cut and password.isascii() and password.isdigit()):
        return match[0]
    return match[1] + mark("address")


def _hide_jwt(match: "re.Match[str]") -> str:
    return mark("jwt") if match[1] else match[0]


_Hide = Callable[["re.Match[str]"], str]
_SHAPES: Final[tuple[tuple[str, tuple[str, ...], "re.Pattern[str]", _Hide], ...]] = (
    ("pem", ("-----BEGIN ",), _pem, lambda _: mark("pem")),
    ("address", ("://", ":~"), _address, _hide_address),
    ("bearer", ("earer", "EARER"), _bearer, _hide_bearer),
    ("basic", ("asic", "ASIC"), _basic, _hide_basic),
    ("jwt", ("eyJ",), _jwt, _hide_jwt),
    ("token", ("_", "-", ".", "dapi"), _well_known, lambda _: mark("token")),
    ("cloud-key", ("A",), _cloud_key, lambda _: mark("cloud-key")),
)
"""Each rule: its name, texts of which one must occur, its pattern, and what replaces a match."""


def hide_secrets(text: str, found: dict[str, None]) -> str:
    """
    Replace every secret in a text; the rules that did are added to `found`.
    """
    if "\\u00" in text:
        # Letters that JSON escaped need not be.
        plain = _escaped_letter.sub(lambda match: chr(int(match[1], 16)), text)
        text = text if _hide_once(plain, {}) == plain else plain
    for _ in range(_MOST_ROUNDS):
        hidden = _hide_once(text, found)
        if hidden == text:
            return text
        text = hidden
    found["text"] = None
    return mark("text")


def _hide_once(text: str, found: dict[str, None]) -> str:
    if len(text) < _SHORTEST or (len(text) < _SHORTEST_WORD and text.isalnum() and text.isascii()):
        return text
    for rule, triggers, pattern, hide in _SHAPES:
        for trigger in triggers:
            if trigger in text:
                hidden = pattern.sub(hide, text)
                if hidden != text:
                    found[rule] = None
                    text = hidden
                break
    if "=" in text or ":" in text or "--" in text or "</" in text or "<~" in text or "…" in text:
        text = hide_pairs(text, found)
    return text
