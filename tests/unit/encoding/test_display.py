"""Text for people shows what cannot be seen."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from runtime.encoding.display import shown_json, visible

HIDDEN = {
    "bell": "\x07",
    "escape": "\x1b",
    "delete": "\x7f",
    "newline": "\n",
    "no_break_space": "\xa0",
    "zero_width_space": "\u200b",
    "right_to_left_override": "\u202e",
    "isolate": "\u2066",
    "byte_order_mark": "\ufeff",
    "line_separator": "\u2028",
    "private_use": "\ue000",
    "tag": "\U000e0041",
    "surrogate": "\ud800",
}


@pytest.mark.parametrize("name", sorted(HIDDEN))
def test_hidden_characters_become_escapes(name: str) -> None:
    """
    Control, bidirectional, zero-width, private and blank-looking characters are written as code points.
    """
    assert visible(f"a{HIDDEN[name]}b") == f"a\\u{{{ord(HIDDEN[name]):x}}}b"


def test_readable_text_stays() -> None:
    """
    Letters, marks and symbols of any script stay as they are.
    """
    text = "Grüße, 你好, שלום, é, 40 % → 😀"
    assert visible(text) == text


@given(st.text())
def test_nothing_hidden_is_left(text: str) -> None:
    """
    Whatever comes in, what goes out is printable, and readable text is not touched twice.
    """
    assert all(character.isprintable() for character in visible(text))
    assert visible(visible(text)) == visible(text)


def test_json_is_cut_on_one_line() -> None:
    """
    A value is shown as canonical text, cut with an ellipsis.
    """
    assert shown_json({"b": [1, "\u202e"], "a": None}) == '{"a":null,"b":[1,"\\u{202e}"]}'
    assert shown_json("x" * 200, 10) == '"xxxxxxxx…'
