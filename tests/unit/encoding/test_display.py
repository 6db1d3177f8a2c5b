"""Text for people shows what cannot be seen."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from runtime.encoding.display import shown_at, shown_json, shown_message, visible

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


def test_json_is_redacted_before_it_is_cut() -> None:
    """
    What a cut leaves of a secret has no shape any more.
    """
    token = "gh" + "p_" + "a1" * 18
    assert shown_json({"note": token, "password": [1]}, 12) == '{"note":"[r…'
    assert shown_json({"password": "x"}) == '{"password":"[redacted:key]"}'


def test_a_value_is_judged_by_the_path_it_stands_at() -> None:
    """
    The last part of a path names it; a container whose name says nothing is shown.
    """
    assert shown_at("/db/password", "x") == "[redacted:key]"
    assert shown_at("db.author", {"token": "x"}) == {"token": "[redacted:key]"}
    assert shown_at("note", 5) == 5


MESSAGES = {
    "by_shape": ("got str 'password=a1'", "title", "got str 'password=[redacted:pair]'"),
    "under_a_secret_path": ("expected int, got str 'hunter x'", "db.password", "expected int, got str [redacted:key]"),
    "in_double_quotes": ('got str "a\\"b"', "/db/password", "got str [redacted:key]"),
    "cut_off": ("got str 'hunt…", "steps[0].password", "got str [redacted:key]"),
    "number": ("got float -27.18e2", "context.json /otp", "got float [redacted:key]"),
    "below_it": ("got str 'hunter'", "token[0].v", "got str [redacted:key]"),
    "marked_already": ("got str 'pwd=a1'", "password", "got str 'pwd=[redacted:pair]'"),
    "under_a_clean_path": ("got str 'hunter' and 5", "monkey", "got str 'hunter' and 5"),
    "without_a_path": ("got str 'hunter'", "", "got str 'hunter'"),
}


@pytest.mark.parametrize("name", sorted(MESSAGES))
def test_a_message_is_shown_by_what_it_is_about(name: str) -> None:
    """
    A message about a place with a secret's name shows no value it quotes; any other is redacted by shape.
    """
    text, where, shown = MESSAGES[name]
    assert shown_message(text, where) == shown
