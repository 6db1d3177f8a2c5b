"""Heads of a log as notes, after C2SP tlog-checkpoint."""

from base64 import b64encode
from typing import Any

import pytest
from logs import KEY, ORIGIN, OTHER_KEY, VERIFIER

from runtime.errors import EncodingError, IntegrityError, InvalidSignatureError, LogMismatchError
from runtime.evidence.loghead import LogHead, open_head, sign_head
from runtime.evidence.lognote import VerifierKey, sign_text

ROOT = bytes(range(32))
HEAD = LogHead(origin=ORIGIN, size=3, root=ROOT)
ROOT_LINE = b64encode(ROOT).decode()


def test_the_text_of_a_head() -> None:
    """
    "The first line is the origin, the second the tree size, the third the root hash."
    """
    assert HEAD.text == f"{ORIGIN}\n3\n{ROOT_LINE}\n"
    assert LogHead.from_text(HEAD.text) == HEAD


def test_a_head_is_signed_and_opened() -> None:
    """
    What comes out is what went in.
    """
    assert open_head(sign_head(HEAD, KEY), VERIFIER) == HEAD


def test_extension_lines_are_kept() -> None:
    """
    "Any following lines are extension lines, opaque": they are signed, read and written as they are.
    """
    head = LogHead(origin=ORIGIN, size=0, root=ROOT, extensions=("time 5", " \u2014 x"))
    assert head.text.endswith(f"{ROOT_LINE}\ntime 5\n \u2014 x\n")
    assert open_head(sign_head(head, KEY), VERIFIER) == head


def test_an_origin_may_hold_spaces_where_others_write_it() -> None:
    """
    That it has none is a recommendation; but a key's name has none, so such a head is not signed here.
    """
    head = LogHead.from_text(f"a log\n0\n{ROOT_LINE}\n")
    assert head.origin == "a log"
    with pytest.raises(IntegrityError, match="key name 'a log'"):
        sign_head(head, KEY)


def test_a_head_of_another_log_is_refused() -> None:
    """
    One key may sign for several logs; the head of one is not the head of another.
    """
    raw = sign_text(LogHead(origin="example.org/other", size=3, root=ROOT).text, ORIGIN, KEY).raw
    with pytest.raises(LogMismatchError, match=r"a head of 'example.org/other', signed by 'example.org/receipts'"):
        open_head(raw, VERIFIER)


def test_a_head_by_another_key_is_refused() -> None:
    """
    A head nobody known signed is not read.
    """
    with pytest.raises(InvalidSignatureError):
        open_head(sign_head(HEAD, OTHER_KEY), VERIFIER)
    with pytest.raises(InvalidSignatureError):
        open_head(sign_head(HEAD, KEY), VerifierKey.of(ORIGIN, OTHER_KEY))


NO_HEADS = {
    "one_line": f"{ORIGIN}\n",
    "two_lines": f"{ORIGIN}\n3\n",
    "no_origin": f"\n3\n{ROOT_LINE}\n",
    "no_size": f"{ORIGIN}\n\n{ROOT_LINE}\n",
    "no_root": f"{ORIGIN}\n3\n\n",
    "leading_zero": f"{ORIGIN}\n03\n{ROOT_LINE}\n",
    "double_zero": f"{ORIGIN}\n00\n{ROOT_LINE}\n",
    "plus": f"{ORIGIN}\n+3\n{ROOT_LINE}\n",
    "negative": f"{ORIGIN}\n-3\n{ROOT_LINE}\n",
    "space": f"{ORIGIN}\n3 \n{ROOT_LINE}\n",
    "underscore": f"{ORIGIN}\n1_0\n{ROOT_LINE}\n",
    "foreign_digits": f"{ORIGIN}\n\u0663\n{ROOT_LINE}\n",
    "size_too_large": f"{ORIGIN}\n9007199254740992\n{ROOT_LINE}\n",
    "huge_size": f"{ORIGIN}\n{'9' * 5000}\n{ROOT_LINE}\n",
    "short_root": f"{ORIGIN}\n3\n{b64encode(bytes(31)).decode()}\n",
    "long_root": f"{ORIGIN}\n3\n{b64encode(bytes(33)).decode()}\n",
    "hex_root": f"{ORIGIN}\n3\n{ROOT.hex()}\n",
    "stray_bits": f"{ORIGIN}\n3\n{ROOT_LINE[:-2]}9=\n",
    "empty_extension": f"{ORIGIN}\n3\n{ROOT_LINE}\n\nmore\n",
    "trailing_empty_line": f"{ORIGIN}\n3\n{ROOT_LINE}\n\n",
}


@pytest.mark.parametrize("case", NO_HEADS)
def test_a_signed_text_that_is_no_head(case: str) -> None:
    """
    A signature does not make a head of a text.
    """
    with pytest.raises(IntegrityError) as caught:
        open_head(sign_text(NO_HEADS[case], ORIGIN, KEY).raw, VERIFIER)
    assert type(caught.value) in (IntegrityError, EncodingError)


def test_the_largest_size() -> None:
    """
    2^53-1 is a size.
    """
    assert LogHead.from_text(f"{ORIGIN}\n9007199254740991\n{ROOT_LINE}\n").size == 2**53 - 1


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"origin": ""}, "origin ''"),
        ({"origin": "a\nb"}, "origin 'a"),
        ({"origin": "a\tb"}, "origin 'a"),
        ({"origin": 5}, "origin 5"),
        ({"size": -1}, "size is int -1"),
        ({"root": bytes(31)}, "expected a hash of 32 bytes"),
        ({"extensions": ["a"]}, "give a tuple"),
        ({"extensions": ("",)}, "extensions ''"),
        ({"extensions": ("a", "b\n")}, "extensions 'b"),
    ],
)
def test_fields_are_checked_where_a_head_is_made(changes: dict[str, Any], words: str) -> None:
    """
    A head that exists can be written.
    """
    fields: dict[str, Any] = {"origin": ORIGIN, "size": 3, "root": ROOT, **changes}
    with pytest.raises(IntegrityError, match=words):
        LogHead(**fields)
