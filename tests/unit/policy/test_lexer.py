"""From text to tokens: every literal, every escape, and every refusal with its place."""

import sys

import pytest
from hypothesis import given
from hypothesis import strategies as st

from runtime.errors import ExpressionError
from runtime.limits import MAX_EXPRESSION_LENGTH, MAX_NUMBER
from runtime.policy.lexer import RESERVED, place_of, tokenize


def values(source: str) -> list[object]:
    """
    Give the values of the tokens of a text, which are all literals.
    """
    *tokens, end = tokenize(source)
    assert end.kind == "end"
    assert {token.kind for token in tokens} <= {"value"}
    return [token.value for token in tokens]


_NUMBERS: dict[str, int | float] = {
    "0": 0,
    "7": 7,
    "007": 7,
    "42": 42,
    "9007199254740991": MAX_NUMBER,
    "0x0": 0,
    "0xff": 255,
    "0XFF": 255,
    "0xdeadBEEF": 0xDEADBEEF,
    "0x1fffffffffffff": MAX_NUMBER,
    "0x" + "0" * 100 + "a": 10,
    "0" * 1000 + "5": 5,
    "1.5": 1.5,
    "2.0": 2,
    "2.50": 2.5,
    "0.1": 0.1,
    ".5": 0.5,
    ".5e1": 5,
    "1e3": 1000,
    "1E3": 1000,
    "1e+3": 1000,
    "25e-1": 2.5,
    "1.5e3": 1500,
    "1.5E-3": 0.0015,
    "0e5": 0,
    "9007199254740991.0": MAX_NUMBER,
    "4503599627370495.5": 4503599627370495.5,
    "1e-400": 0,
    "5e-324": 5e-324,
}


@pytest.mark.parametrize("text", _NUMBERS)
def test_a_number_is_read(text: str) -> None:
    """
    Every spelling gives its number; an integral one is an integer however it is written.
    """
    [value] = values(text)
    assert value == _NUMBERS[text]
    assert type(value) is type(_NUMBERS[text])


_NO_NUMBERS = {
    "9007199254740992": "number 9007199254740992 at 1:1",
    "9007199254740992.0": "number 9007199254740992.0 at 1:1",
    "9007199254740991.5": "number 9007199254740991.5 at 1:1",
    "9" * 40: f"number {'9' * 40} at 1:1",
    "9" * 41: f"number {'9' * 40}… at 1:1",
    "0x20000000000000": "number 0x20000000000000 at 1:1",
    "1e16": "number 1e16 at 1:1",
    "1e400": "number 1e400 at 1:1",
    "9" * 4096: f"number {'9' * 40}… at 1:1",
    "0x" + "f" * 4000: f"number 0x{'f' * 38}… at 1:1",
    "1" * 4000 + ".5": f"number {'1' * 40}… at 1:1",
    "1e" + "9" * 4000: f"number 1e{'9' * 38}… at 1:1",
}


@pytest.mark.parametrize("text", _NO_NUMBERS, ids=lambda text: text[:20])
def test_a_number_beyond_the_exact_range_is_refused(text: str) -> None:
    """
    Such a number is refused at its place, in a short message.
    """
    with pytest.raises(ExpressionError) as caught:
        tokenize(text)
    assert str(caught.value) == f"{_NO_NUMBERS[text]}: numbers are exact only within ±(2^53-1)"


def test_digits_are_read_however_few_the_interpreter_is_set_to_read() -> None:
    """
    The interpreter's own limit on digits makes no difference.
    """
    before = sys.get_int_max_str_digits()
    sys.set_int_max_str_digits(640)
    try:
        assert values("0" * 1000 + "5") == [5]
        with pytest.raises(ExpressionError, match="number"):
            tokenize("9" * 1000)
    finally:
        sys.set_int_max_str_digits(before)


_TEXTS = {
    '""': "",
    "''": "",
    '"a"': "a",
    "'a'": "a",
    '"it\'s"': "it's",
    "'say \"so\"'": 'say "so"',
    '"""a"""': "a",
    "'''a'''": "a",
    '""""""': "",
    '"""a"b""c"""': 'a"b""c',
    "'''a\nb\r\nc'''": "a\nb\r\nc",
    '"\xe9\u20ac\U0001f602"': "\xe9\u20ac\U0001f602",
    '"\t"': "\t",
    '"// no comment"': "// no comment",
    r'"\a\b\f\n\r\t\v"': "\a\b\f\n\r\t\v",
    r'"\\ \" \' \` \?"': "\\ \" ' ` ?",
    r"'\''": "'",
    r'"\x41\X41"': "AA",
    r'"\xe9"': "\xe9",
    r'"\u0041\u20AC"': "A\u20ac",
    r'"\U00000041\U0001F602"': "A\U0001f602",
    r'"\U0010ffff"': "\U0010ffff",
    r'"\ud7ff\ue000"': "\ud7ff\ue000",
    r'"\000\101\377"': "\x00A\xff",
    r'"\1011"': "A1",
    r'"\x411"': "A1",
    r'"""\""""': '"',
    r"r'\n'": "\\n",
    r'R"\x41"': "\\x41",
    r"r'''\'''": "\\",
    'r"""a\nb\\"""': "a\nb\\",
    r"r'\'": "\\",
}


@pytest.mark.parametrize("source", _TEXTS, ids=ascii)
def test_a_text_is_read(source: str) -> None:
    """
    Every quote and every escape gives its characters; in raw text a backslash is one.
    """
    assert values(source) == [_TEXTS[source]]


_NO_TEXTS = {
    "no_end": ("1 + 'abc", "1:5", "text without an end"),
    "no_end_of_three": ('"""ab"', "1:1", 'text without an end at 1:1: close it with """'),
    "no_end_of_raw": (r"r'\n", "1:1", "text without an end"),
    "line_break": ("'a\nb'", "1:1", "text without an end"),
    "carriage_return": ("'a\rb'", "1:1", "text without an end"),
    "escaped_line_break": ("'a\\\nb'", "1:3", r"escape '\\\n'"),
    "escaped_quote_at_the_end": (r"'a\'", "1:1", "text without an end"),
    "backslash_at_the_end": ("'a\\", "1:3", r"escape '\\'"),
    "unknown_escape": (r"'a\z'", "1:3", r"escape '\\z' at 1:3: write \\ for a backslash"),
    "digit_escape": (r"'\9'", "1:2", "escape"),
    "octal_beyond_377": (r"'\400'", "1:2", "escape"),
    "octal_of_two_digits": (r"'\12'", "1:2", "escape"),
    "hex_of_one_digit": (r"'\xa'", "1:2", "escape"),
    "hex_of_other_digits": ("'\\x\u0661\u0661'", "1:2", "escape"),
    "short_u": (r"'\u12'", "1:2", "escape"),
    "short_U": (r"'\U0001F60'", "1:2", "escape"),
    "beyond_unicode": (r"'\U00110000'", "1:2", "it is no character"),
    "surrogate": (r"'\ud800'", "1:2", "it is no character"),
    "long_surrogate": (r"'\U0000DFFF'", "1:2", "it is no character"),
    "bytes": ("x == b'a'", "1:6", "bytes at 1:6: JSON has no bytes; write text"),
    "raw_bytes": ("rb'a'", "1:1", "bytes"),
    "bytes_raw": ('BR"a"', "1:1", "bytes"),
    "long_bytes": ('b"""a"""', "1:1", "bytes"),
}


@pytest.mark.parametrize("case", _NO_TEXTS)
def test_a_text_that_cannot_be_read_is_refused(case: str) -> None:
    """
    The refusal says where: an unclosed text at its beginning, an escape at its backslash.
    """
    source, where, message = _NO_TEXTS[case]
    with pytest.raises(ExpressionError) as caught:
        tokenize(source)
    assert caught.value.where == where
    assert message in str(caught.value)
    assert caught.value.remedy


_NO_TOKENS = {
    "hash": ("a # b", "1:3"),
    "single_and": ("a & b", "1:3"),
    "single_or": ("a\n | b", "2:2"),
    "single_equals": ("a = b", "1:3"),
    "semicolon": ("a;", "1:2"),
    "dollar": ("$a", "1:1"),
    "at": ("@a", "1:1"),
    "caret": ("a ^ b", "1:3"),
    "tilde": ("~a", "1:1"),
    "backslash": ("\\a", "1:1"),
    "letter_beyond_ascii": ("a + \xe9", "1:5"),
    "letter_beyond_ascii_in_a_name": ("ab\xe9", "1:3"),
    "digit_beyond_ascii": ("\u0661", "1:1"),
    "fullwidth_parenthesis": ("\uff08a)", "1:1"),
    "space_beyond_ascii": ("a\xa0+ b", "1:2"),
    "line_separator": ("a\u2028b", "1:2"),
    "vertical_tab": ("a\vb", "1:2"),
    "byte_order_mark": ("\ufeffa", "1:1"),
    "nul": ("a\x00", "1:2"),
    "backtick_without_an_end": ("a.`b", "1:3"),
    "nothing_in_backticks": ("``", "1:1"),
    "line_break_in_backticks": ("`a\nb`", "1:1"),
}


@pytest.mark.parametrize("case", _NO_TOKENS)
def test_other_characters_are_refused(case: str) -> None:
    """
    What no expression may hold is refused where it stands.
    """
    source, where = _NO_TOKENS[case]
    with pytest.raises(ExpressionError, match="no expression holds it outside of text") as caught:
        tokenize(source)
    assert caught.value.where == where


_GLUED = {
    "unsigned": ("1u", "1:2", "there is one kind of number; leave the u out"),
    "big_unsigned": ("0x1U", "1:4", "there is one kind of number; leave the u out"),
    "name": ("1a", "1:2", "leave a space between them"),
    "word": ("1in [1]", "1:2", "leave a space between them"),
    "underscore": ("1_000", "1:2", "leave a space between them"),
    "binary": ("0b1", "1:2", "leave a space between them"),
    "hex_without_digits": ("0x", "1:2", "leave a space between them"),
    "exponent_without_digits": ("1e", "1:2", "leave a space between them"),
    "float_suffix": ("1.5f", "1:4", "leave a space between them"),
    "letter_beyond_ascii": ("1\xe9", "1:2", "leave a space between them"),
    "digit_beyond_ascii": ("1\u0661", "1:2", "leave a space between them"),
}


@pytest.mark.parametrize("case", _GLUED)
def test_what_is_glued_to_a_number_is_refused(case: str) -> None:
    """
    A letter, digit or underscore right behind a number is not read as a token of its own.
    """
    source, where, remedy = _GLUED[case]
    with pytest.raises(ExpressionError, match="right behind a number") as caught:
        tokenize(source)
    assert (caught.value.where, caught.value.remedy) == (where, remedy)


@pytest.mark.parametrize(
    ("source", "where"),
    [
        ("a\ud800", "1:2"),
        ("'ab\ud800'", "1:4"),
        ("r'\udfff'", "1:3"),
        ("`\ud800`", "1:2"),
        ("1 // \udc00", "1:6"),
        ("1\n\ud83d + \ude02", "2:1"),
    ],
    ids=["bare", "in_text", "in_raw_text", "in_backticks", "in_a_comment", "two_halves"],
)
def test_a_lone_surrogate_is_refused_wherever_it_stands(source: str, where: str) -> None:
    """
    An expression is text that has a UTF-8 form.
    """
    with pytest.raises(ExpressionError, match="a lone surrogate") as caught:
        tokenize(source)
    assert caught.value.where == where


def test_space_and_comments_stand_between_tokens() -> None:
    """
    Spaces, tabs, line breaks, form feeds and `//` to the end of the line are passed over.
    """
    source = " \t\r\n\f a // b \xe9 'c\n// d\r e\n+1//"
    assert [token.kind for token in tokenize(source)] == ["name", "+", "value", "end"]


def test_operators_are_read_longest_first() -> None:
    """
    `<=` is one token, `< =` is refused, `!==` is `!=` and a refused `=`.
    """
    source = "&&||==!=<=>=<>!+-*/%?:.,()[]{}"
    assert [token.kind for token in tokenize(source)[:-1]] == [
        *("&&", "||", "==", "!=", "<=", ">=", "<", ">", "!", "+", "-", "*", "/", "%", "?", ":", ".", ","),
        *("(", ")", "[", "]", "{", "}"),
    ]
    for text in ("a < = b", "a !== b", "a === b"):
        with pytest.raises(ExpressionError, match="character '='"):
            tokenize(text)


def test_words_are_values_names_or_an_operator() -> None:
    """
    `true`, `false`, `null` are values and `in` an operator; all else, reserved or not, is a name, as case matters.
    """
    assert values("true false null") == [True, False, None]
    source = ["True", "NULL", "inner", "truey", "_", "_1", "a1_B", *sorted(RESERVED), "has", "size", "r", "b", "u"]
    tokens = tokenize(f"{' '.join(source)} in")
    assert [token.value for token in tokens[:-2] if token.kind == "name"] == source
    assert tokens[-2].kind == "in"


def test_a_name_in_backticks_is_quoted() -> None:
    """
    Everything between backticks is the name, as it is.
    """
    source = "`a b` `in` `\xe9` `'\"\\n` `if`"
    assert [(token.kind, token.value) for token in tokenize(source)[:-1]] == [
        ("quoted", name) for name in ("a b", "in", "\xe9", "'\"\\n", "if")
    ]


def test_the_reserved_words_are_those_of_cel() -> None:
    """
    The list is the one of the CEL specification.
    """
    assert sorted(RESERVED) == [
        *("as", "break", "const", "continue", "else", "for", "function", "if", "import", "let", "loop"),
        *("namespace", "package", "return", "var", "void", "while"),
    ]


def test_the_longest_expression_is_read_and_no_longer_one() -> None:
    """
    4096 characters are accepted, whatever their bytes; one more is refused.
    """
    assert values("'" + "\U0001f602" * (MAX_EXPRESSION_LENGTH - 2) + "'")
    with pytest.raises(ExpressionError, match="an expression of 4097 characters: the limit is 4096; split it"):
        tokenize(" " * (MAX_EXPRESSION_LENGTH + 1))


@pytest.mark.parametrize(
    ("offset", "where"), [(0, "1:1"), (1, "1:2"), (2, "1:3"), (3, "2:1"), (4, "3:1"), (5, "3:2"), (6, "3:3")]
)
def test_a_place_is_a_line_and_a_column(offset: int, where: str) -> None:
    """
    Both are counted from 1, columns in characters; the line break belongs to the line it ends.
    """
    assert place_of("\xe9\U0001f602\n\na\r", offset) == where


@given(st.text(st.sampled_from("ab1.0xe+-<=!&|'\"`\\r/ \n(){}[]?:,_u") | st.characters(), max_size=40))
def test_tokens_cover_the_text(source: str) -> None:
    """
    Tokens stand in order, none overlaps another, and only space and comments stand between them.
    """
    try:
        tokens = tokenize(source)
    except ExpressionError as error:
        assert error.where  # noqa: PT017 - either outcome is right.
        return
    position = 0
    for token in tokens:
        between = source[position : token.start]
        assert token.kind == "end" or token.start < token.end
        assert "//" in between or not between.strip(" \t\r\n\f")
        position = token.end
    assert position == len(source)
