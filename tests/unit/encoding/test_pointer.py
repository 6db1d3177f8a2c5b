"""JSON Pointers against RFC 6901."""

import sys

import attrs
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from runtime.encoding.pointer import Pointer, array_index, escape_token
from runtime.errors import DefinitionError
from runtime.limits import MAX_DEPTH, MAX_POINTER_LENGTH

# RFC 6901, section 5.
_EXAMPLES = {
    "": (),
    "/foo": ("foo",),
    "/foo/0": ("foo", "0"),
    "/": ("",),
    "/a~1b": ("a/b",),
    "/c%d": ("c%d",),
    "/e^f": ("e^f",),
    "/g|h": ("g|h",),
    "/i\\j": ("i\\j",),
    '/k"l': ('k"l',),
    "/ ": (" ",),
    "/m~0n": ("m~n",),
}
_ESCAPES = {
    "/~01": ("~1",),
    "/~10": ("/0",),
    "/~0~1": ("~/",),
    "/~1~0": ("/~",),
    "/~00": ("~0",),
    "/~0~0": ("~~",),
    "//": ("", ""),
    "/a//b/": ("a", "", "b", ""),
    "/-": ("-",),
}
_NO_POINTERS = {
    "no_slash": "foo",
    "no_slash_but_inside": "a/b",
    "space_in_front": " /a",
    "fragment": "#/a",
    "bare_tilde": "/~",
    "tilde_at_the_end": "/a~",
    "tilde_before_another_digit": "/~2",
    "tilde_before_a_letter": "/~a",
    "tilde_before_the_slash": "/~/a",
    "two_tildes": "/~~",
    "tilde_before_an_escape": "/~~0",
    "tilde_before_an_escaped_slash": "/~~1",
    "tilde_around_an_escape": "/~~00",
    "escape_inside_an_escape": "/~~01",
    "escaped_slash_inside_an_escape": "/~~11",
    "two_escapes_inside_an_escape": "/a/~~0~01",
}


def _unescaped(text: str) -> tuple[str, ...] | None:
    """
    Parse by the grammar of RFC 6901, section 3, one character at a time; None when it does not match.
    """
    tokens: list[str] = []
    characters = iter(text)
    for character in characters:
        if character == "/":
            tokens.append("")
        elif not tokens:
            return None
        elif character == "~":
            escape = next(characters, "")
            if escape not in ("0", "1"):
                return None
            tokens[-1] += "~/"[int(escape)]
        else:
            tokens[-1] += character
    return tuple(tokens)


@pytest.mark.parametrize("text", [*_EXAMPLES, *_ESCAPES])
def test_the_tokens_are_those_of_the_rfc(text: str) -> None:
    """
    Each example of the RFC, and each order of escapes, gives its tokens; the text stays as it was.
    """
    pointer = Pointer.parse(text)
    assert pointer.tokens == {**_EXAMPLES, **_ESCAPES}[text] == _unescaped(text)
    assert str(pointer) == pointer.text == text


@pytest.mark.parametrize("case", _NO_POINTERS)
def test_other_text_is_refused(case: str) -> None:
    """
    What the grammar does not allow is refused, with the text and the mend.
    """
    assert _unescaped(_NO_POINTERS[case]) is None
    with pytest.raises(DefinitionError, match="pointer") as caught:
        Pointer.parse(_NO_POINTERS[case])
    assert repr(_NO_POINTERS[case]) in str(caught.value)
    assert caught.value.remedy


@given(st.text(st.sampled_from("/~01a"), max_size=8).map(lambda text: "/" + text))
@example("/~~01")
def test_exactly_the_grammar_is_accepted(text: str) -> None:
    """
    A text is a pointer exactly when the RFC's grammar matches it, and its tokens are the grammar's.
    """
    expected = _unescaped(text)
    if expected is None:
        with pytest.raises(DefinitionError):
            Pointer.parse(text)
    else:
        assert Pointer.parse(text).tokens == expected


@given(st.lists(st.text(st.characters(exclude_categories=["Cs"]) | st.sampled_from("~/01"), max_size=6), max_size=6))
def test_any_tokens_can_be_written(tokens: list[str]) -> None:
    """
    Escaping `~` first and `/` next, then parsing, gives the tokens back.
    """
    text = "".join("/" + token.replace("~", "~0").replace("/", "~1") for token in tokens)
    assert Pointer.parse(text).tokens == tuple(tokens)


class TestLimits:
    """
    A pointer is no longer, and no deeper, than a document may need.
    """

    def test_the_longest_is_accepted(self) -> None:
        """
        1024 characters are a pointer.
        """
        assert Pointer.parse("/" + "a" * (MAX_POINTER_LENGTH - 1)).tokens == ("a" * (MAX_POINTER_LENGTH - 1),)

    def test_the_deepest_is_accepted(self) -> None:
        """
        64 parts are a pointer.
        """
        assert len(Pointer.parse("/a" * MAX_DEPTH).tokens) == MAX_DEPTH

    @pytest.mark.parametrize("text", ["/" + "a" * MAX_POINTER_LENGTH, "/a" * (MAX_DEPTH + 1)], ids=["long", "deep"])
    def test_beyond_them_is_refused(self, text: str) -> None:
        """
        One character or one part more is refused, and the message is short.
        """
        with pytest.raises(DefinitionError, match="the limit is 1024 characters and 64 parts") as caught:
            Pointer.parse(text)
        assert len(caught.value.what) < 100


@pytest.mark.parametrize("digits", [640, 1000, 4301, 100_000])
def test_an_index_of_any_length_is_read_without_an_error(digits: int) -> None:
    """
    However long a token is, and however few digits the interpreter is set to read, an index is a number or none.
    """
    before = sys.get_int_max_str_digits()
    sys.set_int_max_str_digits(640)
    try:
        index = array_index("9" * digits)
    finally:
        sys.set_int_max_str_digits(before)
    assert index is None or index >= 10**9


def test_pointers_are_values() -> None:
    """
    Pointers with one text are equal, hash alike, and cannot be changed.
    """
    pointer = Pointer.parse("/a")
    assert pointer == Pointer.parse("/a") != Pointer.parse("/b")
    assert len({pointer, Pointer.parse("/a")}) == 1
    with pytest.raises(attrs.exceptions.FrozenInstanceError):
        pointer.text = "/b"  # type: ignore[misc]  # the refusal is tested.


@pytest.mark.parametrize(
    ("token", "index"),
    [
        ("0", 0),
        ("1", 1),
        ("10", 10),
        ("999999999", 999_999_999),
        ("1000000000", 1000000000),
        ("00", None),
        ("01", None),
        ("-", None),
        ("-1", None),
        ("+1", None),
        ("1.0", None),
        ("1e1", None),
        ("1_0", None),
        (" 1", None),
        ("1\n", None),
        ("", None),
        ("a", None),
        ("\u0661", None),
        ("\xb2", None),
        ("\uff11", None),
    ],
)
def test_an_index_is_ascii_digits_without_leading_zero(token: str, index: int | None) -> None:
    """
    Only what RFC 6901 writes as an index is one; ten digits are more than any list has.
    """
    assert array_index(token) == index


class TestEscapeToken:
    """
    A part of a path for people is escaped, printable, and no longer than 80 characters.
    """

    @pytest.mark.parametrize(
        ("key", "text"),
        [
            ("a", "a"),
            ("", ""),
            (0, "0"),
            ("a/b", "a~1b"),
            ("m~n", "m~0n"),
            ("~1", "~01"),
            ("/~", "~1~0"),
            (("a/b",), "('a~1b',)"),
            (None, "None"),
            ("\ud800x", "\\ud800x"),
            ("x" * 80, "x" * 80),
            ("x" * 81, "x" * 79 + "…"),
            ("/" * 41, "~1" * 39 + "~…"),
            ("\ud800" * 100, "\\ud800" * 13 + "\\…"),
        ],
        ids=ascii,
    )
    def test_the_text(self, key: object, text: str) -> None:
        """
        Keys of every type have such a text.
        """
        assert escape_token(key) == text
        assert text.encode().decode() == text

    @given(st.text(max_size=60))
    def test_it_is_undone_by_parsing(self, key: str) -> None:
        """
        Where nothing had to be cut or replaced, parsing the path gives the key back.
        """
        text = escape_token(key)
        assert len(text) <= 80
        if not text.endswith("…"):
            assert Pointer.parse("/" + text).tokens == (key,)
