"""Strict intake of YAML: the plain part of it is read, with lines, and all the rest is refused with its place."""

import sys
from collections.abc import Iterator
from typing import Any

import pytest

from runtime.encoding import yamltext
from runtime.encoding.canonical import canonical
from runtime.encoding.document import MAX_PARTS
from runtime.encoding.yamltext import parse_yaml
from runtime.errors import EncodingError
from runtime.limits import MAX_DEPTH, MAX_FAULTS, MAX_NUMBER, MAX_PAYLOAD_BYTES

_PLAIN: dict[str, tuple[str, Any]] = {
    "null": ("null", None),
    "tilde": ("~", None),
    "nothing": ("", None),
    "true": ("true", True),
    "false": ("false", False),
    "zero": ("0", 0),
    "negative_zero": ("-0", 0),
    "integer": ("-17", -17),
    "largest_integer": (str(MAX_NUMBER), MAX_NUMBER),
    "fraction": ("1.50", 1.5),
    "exponent_without_point": ("1e3", 1000.0),
    "exponent_without_sign": ("2.5E2", 250.0),
    "exponent_with_sign": ("1.0e-06", 1e-06),
    "underflow": ("1e-400", 0.0),
    "word": ("deny", "deny"),
    "sentence": ("may not, ever", "may not, ever"),
    "date": ("2024-01-01", "2024-01-01"),
    "date_and_time": ("2024-01-01T10:30:00Z", "2024-01-01T10:30:00Z"),
    "date_and_time_with_space": ("2024-01-01 10:30:00", "2024-01-01 10:30:00"),
    "version": ("1.2.3", "1.2.3"),
    "ports_beyond_base_60": ("8080:80", "8080:80"),
    "word_that_starts_as_yes": ("yesterday", "yesterday"),
    "yes_in_mixed_case": ("yEs", "yEs"),
    "null_in_mixed_case": ("nUll", "nUll"),
    "expression": ("amount <= 5 && x.y", "amount <= 5 && x.y"),
    "digits_of_another_script": ("\u0661", "\u0661"),
    "minus": ("a - b", "a - b"),
    "path": ("/a/b", "/a/b"),
    "url": ("http://x/y", "http://x/y"),
    "number_and_unit": ("10ms", "10ms"),
    "folded_over_lines": ("a\n   b", "a b"),
    "tab_inside_quotes": ("'a\tb'", "a\tb"),
    "raw_text_beyond_ascii": ("\u20ac\U0001f602", "\u20ac\U0001f602"),
}

_AMBIGUOUS = {
    **{form: form for word in ("y", "n", "yes", "no", "on", "off") for form in (word, word.title(), word.upper())},
    **{word: word for word in ("True", "TRUE", "False", "FALSE", "Null", "NULL")},
    "octal_of_yaml_1_1": "0755",
    "octal_of_yaml_1_2": "0o17",
    "leading_zero_without_octal_digits": "089",
    "hexadecimal": "0x1F",
    "upper_case_hexadecimal": "0XfF",
    "binary": "0b101",
    "underscores": "1_000",
    "underscores_in_fraction": "1_0.5",
    "leading_plus": "+1",
    "plus_zero": "+0.5",
    "leading_point": ".5",
    "negative_leading_point": "-.5",
    "trailing_point": "1.",
    "point_and_exponent": "1.e3",
    "leading_zero_in_fraction": "01.5",
    "infinity": ".inf",
    "negative_infinity": "-.INF",
    "plus_infinity": "+.Inf",
    "not_a_number": ".nan",
    "upper_case_not_a_number": ".NaN",
    "nan_of_javascript": "NaN",
    "infinity_of_javascript": "-Infinity",
    "sexagesimal_time": "12:30:45",
    "sexagesimal_of_two_parts": "12:30",
    "sexagesimal_with_leading_zero": "08:30",
    "negative_sexagesimal": "-1:30",
    "sexagesimal_fraction": "1:30.5",
    "default_value_marker": "=",
    "merge_marker": "<<",
}

_QUOTED = {
    "single_quotes": "'{}'",
    "double_quotes": '"{}"',
    "literal_block": "|-\n  {}",
    "folded_block": ">-\n  {}",
}

_ONE_FAULT: dict[str, tuple[str, str, str]] = {
    "anchor_on_a_value": ("a: &x 1", "anchor 'x'", "1:4"),
    "anchor_on_a_key": ("&x a: 1", "anchor 'x'", "1:1"),
    "anchor_on_an_object": ("a: &x\n  b: 1", "anchor 'x'", "1:4"),
    "anchor_on_a_list": ("a: &x [1]", "anchor 'x'", "1:4"),
    "anchor_on_the_document": ("&x", "anchor 'x'", "1:1"),
    "alias_as_value": ("a: *x", "alias 'x'", "1:4"),
    "alias_as_key": ("a: 1\n*x : 1", "alias 'x'", "2:1"),
    "alias_as_element": ("- 1\n- *x", "alias 'x'", "2:3"),
    "alias_as_document": ("*x", "alias 'x'", "1:1"),
    "tag_of_yaml": ("a: !!str 5", "tag '!!str'", "1:4"),
    "tag_on_an_ambiguous_word": ("a: !!bool yes", "tag '!!bool'", "1:4"),
    "tag_on_a_number_as_key": ("!!str 5: a", "tag '!!str'", "1:1"),
    "tag_of_python": ("!!python/object/apply:os.system [ls]", "tag '!!python/object/apply:os.system'", "1:1"),
    "tag_of_its_own": ("- !secret a", "tag '!secret'", "1:3"),
    "tag_that_says_nothing": ("- ! a", "tag '!'", "1:3"),
    "tag_on_a_list": ("a: !!set {b}", "tag '!!set'", "1:4"),
    "merge_key": ("a:\n  <<: {b: 1}", "merge key <<", "2:3"),
    "directive_of_the_version": ("%YAML 1.1\n---\na: 1", "a directive", "1:1"),
    "directive_of_a_tag": ("%TAG ! tag:x,2024:\n---\na: 1", "a directive", "1:1"),
    "unknown_directive_behind_a_comment": ("# c\n%FOO bar\n---\na: 1", "a directive", "2:1"),
    "second_document": ("a: 1\n---\nb: 2", "a second document", "2:1"),
    "second_document_behind_an_end": ("a: 1\n...\n---\n", "a second document", "3:1"),
    "second_empty_document": ("---\n---\n", "a second document", "2:1"),
    "duplicate_key": ("a: 1\nb: 2\na: 3", "key 'a' stands twice, first in line 1", "3:1"),
    "duplicate_key_with_equal_values": ("{a: 1, a: 1}", "key 'a' stands twice, first in line 1", "1:8"),
    "duplicate_key_in_other_quotes": ("a: 1\n'a': 1", "key 'a' stands twice, first in line 1", "2:1"),
    "duplicate_key_by_escape": ('a: 1\n"\\x61": 1', "key 'a' stands twice, first in line 1", "2:1"),
    "duplicate_key_that_is_empty": ("'': 1\n'': 1", "key '' stands twice, first in line 1", "2:1"),
    "duplicate_key_below": ("- x:\n    b: 1\n    b: 1", "key 'b' stands twice, first in line 2", "3:5"),
    "integer_as_key": ("1: a", "plain key '1', which is not text to every reader", "1:1"),
    "float_as_key": ("a: 1\n1.5: a", "plain key '1.5', which is not text to every reader", "2:1"),
    "null_as_key": ("null: a", "plain key 'null', which is not text to every reader", "1:1"),
    "true_as_key": ("true: a", "plain key 'true', which is not text to every reader", "1:1"),
    "yes_as_key": ("yes: a", "plain key 'yes', which is not text to every reader", "1:1"),
    "on_as_key": ("on: a", "plain key 'on', which is not text to every reader", "1:1"),
    "no_key": ("b: 1\n?\n: a", "plain key '', which is not text to every reader", "2:2"),
    "list_as_key": ("? [a]\n: 1", "a key that is an object or a list", "1:3"),
    "object_as_key": ("{{a: 1}: 2}", "a key that is an object or a list", "1:2"),
    "second_key_behind_a_list_as_key": ("? [a]\n: 1\n? [b]\n: 1", "2 faults in a text", ""),
    "infinite": ("a:\n  - b: 1e400", "float inf", "2 /a/0/b"),
    "integer_out_of_range": ("a: 9007199254740992", "int 9007199254740992", "1 /a"),
    "integer_of_5000_digits": ("a: " + "9" * 5000, "int of 1994 bits", "1 /a"),
    "float_out_of_range": ("- 9007199254740992.0", "float 9007199254740992.0", "1 /0"),
    "number_alone_out_of_range": ("9007199254740992", "int 9007199254740992", "1"),
    "lone_surrogate": ('a:\n  "\\ud800"', "text '\\ud800' with a lone surrogate", "1 /a"),
    "lone_surrogate_in_key": ('a: {"\\udc00": 1}', "key '\\udc00' with a lone surrogate", "1 /a"),
    "surrogates_in_the_wrong_order": ('"\\ude02\\ud83d"', "text '\\ude02\\ud83d' with a lone surrogate", "1"),
    "escape_beyond_unicode": (r'a: "\U00110000"', "an escape beyond U+10FFFF, or a version out of range", "1:7"),
    "escape_beyond_integers": (r'a: "\UFFFFFFFF"', "an escape beyond U+10FFFF, or a version out of range", "1:7"),
    "version_of_5000_digits": (
        "%YAML 1." + "9" * 5000 + "\n--- a",
        "an escape beyond U+10FFFF, or a version out of range",
        "1:9",
    ),
}

_MALFORMED: dict[str, tuple[str, str, str, str]] = {
    "tab_as_indentation": (
        "a:\n\tb: 1",
        "not YAML: found character '\\t' that cannot start any token",
        "2:1",
        "use spaces, not tabs",
    ),
    "tab_behind_a_colon": (
        "a:\t1",
        "not YAML: found character '\\t' that cannot start any token",
        "1:3",
        "use spaces, not tabs",
    ),
    "colon_in_plain_text": (
        "a: b: c",
        "not YAML: mapping values are not allowed here",
        "1:5",
        "quote text that holds a colon and a space; indent the keys of one object alike",
    ),
    "unfinished_quotes": (
        "a: 1\nb: 'x",
        "not YAML: found unexpected end of stream, while scanning a quoted scalar that starts in line 2",
        "2:6",
        "mend the text there",
    ),
    "unfinished_list": (
        "a: [1, 2",
        "not YAML: expected ',' or ']', but got the end of the text, while parsing a flow sequence that starts in line 1",
        "1:9",
        "mend the text there",
    ),
    "element_indented_otherwise": (
        "a:\n  - b\n - c",
        "not YAML: expected the next member or the end, but found a list, while parsing a block mapping that starts in line 1",
        "3:2",
        "indent the members of one object or list alike",
    ),
    "reserved_character": (
        "a: @x",
        "not YAML: found character '@' that cannot start any token",
        "1:4",
        "mend the text there",
    ),
    "anchor_without_name": (
        "a: &",
        "not YAML: expected alphabetic or numeric character, but found the end of the text, while scanning an anchor that starts in line 1",
        "1:5",
        "mend the text there",
    ),
    "unknown_escape": (
        r'a: "\q"',
        "not YAML: found unknown escape character 'q', while scanning a double-quoted scalar that starts in line 1",
        "1:6",
        "mend the text there",
    ),
    "text_behind_the_document": (
        "'a' b",
        "not YAML: expected the end of the document, but found a value",
        "1:5",
        "mend the text there",
    ),
}

_BAD_CHARACTERS: dict[str, tuple[str, str, str]] = {
    "bell": ("a:\n  b\x07", "U+0007", "2:4"),
    "bell_behind_an_empty_line": ("\n\x07", "U+0007", "2:1"),
    "nul": ("a: 1\n\x00", "U+0000", "2:1"),
    "nul_in_comment": ("a: 1 # \x00\nb: 2", "U+0000", "1:8"),
    "delete": ("'\x7f'", "U+007F", "1:2"),
    "next_line": ("a: 'x\x85y'", "U+0085", "1:6"),
    "line_separator": ("# x\u2028a: 1", "U+2028", "1:4"),
    "paragraph_separator": ("a: x\u2029b", "U+2029", "1:5"),
    "control_of_latin_1": ("\x9f", "U+009F", "1:1"),
    "noncharacter": ("a: \uffff", "U+FFFF", "1:4"),
    "byte_order_mark": ("\ufeffa: 1", "U+FEFF", "1:1"),
    "byte_order_mark_inside": ("a: 1\nb: x\ufeff", "U+FEFF", "2:5"),
    "carriage_return_alone": ("# x\ra: 1", "U+000D", "1:4"),
}


def _refusal(text: bytes | str, source: str = "pack.yaml") -> EncodingError:
    with pytest.raises(EncodingError) as caught:
        parse_yaml(text, source=source)
    assert str(caught.value).encode(), "a message must be text that can be printed"
    return caught.value


@pytest.mark.parametrize("case", _PLAIN)
def test_a_plain_scalar_is_what_it_is_in_json_or_text(case: str) -> None:
    """
    Constants and numbers are read as JSON spells them; everything else that is not ambiguous is text.
    """
    text, expected = _PLAIN[case]
    for value in (parse_yaml(f"- {text}").value, parse_yaml(f"- {text}\n".encode()).value):
        assert value == [expected]
        assert type(value[0]) is type(expected)
        assert canonical(value) == canonical([expected])


@pytest.mark.parametrize("case", _AMBIGUOUS)
def test_a_word_that_readers_take_differently_is_refused(case: str) -> None:
    """
    What some readers of YAML take for another value is refused at its place, also as a key.
    """
    text = _AMBIGUOUS[case]
    error = _refusal(f"a:\n  - {text}")
    assert error.what == f"plain {text!r}, which readers of YAML take for different values"
    assert error.where == "pack.yaml:2:5"
    assert error.remedy.startswith("quote it")
    assert _refusal(f"a: 1\n{text}: 2").where == "pack.yaml:2:1"


@pytest.mark.parametrize(
    ("text", "remedy"),
    [
        ("yes", "quote it, or write true or false"),
        ("NULL", "quote it, or write null"),
        ("0755", "quote it, or write a number as JSON does"),
        ("=", "quote it"),
    ],
)
def test_the_remedy_for_an_ambiguous_word_names_what_was_meant(text: str, remedy: str) -> None:
    """
    The remedy says how to write the value that the word may stand for.
    """
    assert _refusal(text).remedy == remedy


_UNQUOTED = [text for text, _ in _PLAIN.values() if "'" not in text and "\n" not in text] + list(_AMBIGUOUS.values())


@pytest.mark.parametrize("style", _QUOTED)
def test_quoted_and_block_scalars_are_text(style: str) -> None:
    """
    In quotes or as a block, a word, a number and nothing are text.
    """
    for text in _UNQUOTED:
        assert parse_yaml(f"- {_QUOTED[style].format(text)}").value == [text]


def test_quoted_words_are_keys() -> None:
    """
    In quotes, a number, a word and a merge marker are keys like any other.
    """
    assert parse_yaml("'1': a\n'yes': b\n\"<<\": c\n'': d\n? x\n: e").value == {
        "1": "a",
        "yes": "b",
        "<<": "c",
        "": "d",
        "x": "e",
    }


@pytest.mark.parametrize("case", _ONE_FAULT)
def test_what_is_not_read_is_refused_with_its_place(case: str) -> None:
    """
    Each refusal names the line and the column, or the line and the path, and how to mend it.
    """
    text, what, where = _ONE_FAULT[case]
    error = _refusal(text)
    assert error.what == what
    assert error.where == ("pack.yaml:" + where).rstrip(":")
    assert error.remedy or error.faults


@pytest.mark.parametrize("case", _MALFORMED)
def test_malformed_text_is_refused_in_plain_words(case: str) -> None:
    """
    What is no YAML is refused where PyYAML stopped, without its names for tokens.
    """
    text, what, where, remedy = _MALFORMED[case]
    error = _refusal(text)
    assert (error.what, error.where, error.remedy) == (what, f"pack.yaml:{where}", remedy)


@pytest.mark.parametrize("case", _BAD_CHARACTERS)
def test_characters_that_hide_or_break_lines_are_refused(case: str) -> None:
    """
    Control characters, byte order marks and line ends of some readers only are refused before anything is read.
    """
    text, name, where = _BAD_CHARACTERS[case]
    error = _refusal(text)
    assert (error.what, error.where) == (f"character {name}", f"pack.yaml:{where}")
    assert error.remedy


def test_the_same_characters_are_read_where_they_do_no_harm() -> None:
    """
    As escapes, and as the end of a line together with a line feed, they are read.
    """
    assert parse_yaml(r'"\x07\0\x85\u2028\uFEFF\uFFFF"').value == "\x07\0\x85\u2028\ufeff\uffff"
    document = parse_yaml("k:\r\n  a\r\n  b\r\nx: 1\r\n")
    assert document.value == {"k": "a b", "x": 1}
    assert document.line_of("x") == 4


def test_two_escapes_of_json_are_one_character() -> None:
    """
    A character beyond U+FFFF that JSON wrote as two escapes is that character, as value and as key.
    """
    assert parse_yaml(r'{"\ud83d\ude02": "a\ud83d\ude02"}').value == {"\U0001f602": "a\U0001f602"}


@pytest.mark.parametrize("text", ["", " \n", b"", "# nothing\n", "---\n", "--- # nothing\n...\n"])
def test_an_empty_text_is_refused_as_such(text: bytes | str) -> None:
    """
    Nothing is no value; `null` is one.
    """
    assert str(_refusal(text)) == "an empty text at pack.yaml: write a JSON value; {} is the empty object"
    assert parse_yaml("--- null\n...\n").value is None


@pytest.mark.parametrize("text", [b"\xff", "a: \u20ac".encode("utf-16"), "\xe9".encode("latin-1"), b"\xed\xa0\x80"])
def test_other_encodings_are_refused(text: bytes) -> None:
    """
    Bytes that are not UTF-8 are refused, whatever mark they start with.
    """
    assert "not UTF-8" in _refusal(text).what


@pytest.mark.parametrize("text", [None, 5, bytearray(b"a"), {}], ids=lambda value: type(value).__name__)
def test_what_is_neither_bytes_nor_text_is_refused(text: Any) -> None:
    """
    Only bytes and text are parsed; in particular no stream is read.
    """
    assert _refusal(text).remedy == "give the bytes of a file, or text"


def test_all_faults_of_one_text_are_reported_together() -> None:
    """
    Reading goes on behind a fault, so one error lists them all; the last may be where the text ends to be YAML.
    """
    text = "a: &x yes\na: *x\n<<: {1: .5}\nb: [1e400, !t z]\nc: d: e"
    error = _refusal(text)
    assert (error.what, error.where) == ("9 faults in a text", "pack.yaml")
    assert [str(fault) for fault in error.faults] == [
        "anchor 'x': leave it out, and write the value out where it is wanted again @ pack.yaml:1:4",
        "plain 'yes', which readers of YAML take for different values: quote it, or write true or false @ pack.yaml:1:4",
        "key 'a' stands twice, first in line 1: keep one @ pack.yaml:2:1",
        "alias 'x': write the value out @ pack.yaml:2:4",
        "merge key <<: write the members out @ pack.yaml:3:1",
        "plain key '1', which is not text to every reader: quote it @ pack.yaml:3:6",
        "plain '.5', which readers of YAML take for different values: quote it, or write a number as JSON does @ pack.yaml:3:9",
        "tag '!t': leave it out; text is written in quotes @ pack.yaml:4:12",
        "not YAML: mapping values are not allowed here: quote text that holds a colon and a space; indent the keys of one object alike @ pack.yaml:5:5",
    ]


def test_faults_of_spelling_and_of_range_are_reported_together() -> None:
    """
    Where the text could be read to its end, numbers and texts that JSON cannot hold are faults of the same error.
    """
    error = _refusal('a: yes\nb: [1e400, "\\ud800"]\nc: 9007199254740992')
    assert [fault.where for fault in error.faults] == [
        "pack.yaml:1:4",
        "pack.yaml:2 /b/0",
        "pack.yaml:2 /b/1",
        "pack.yaml:3 /c",
    ]
    assert error.what == "4 faults in a text"
    single = _refusal("a: yes\nb: 1e400")
    assert single.faults[1].message == "float inf: JSON has no infinity; store null or a string"


def test_reading_ends_at_the_last_fault_that_is_listed() -> None:
    """
    Of many faults the first ones are listed, and the rest of the text is not read.
    """
    error = _refusal("- yes\n" * (MAX_FAULTS + 1) + "- '")
    assert error.what == f"more than {MAX_FAULTS} faults in a text"
    assert [fault.where for fault in error.faults] == [f"pack.yaml:{line}:3" for line in range(1, MAX_FAULTS + 1)]
    assert _refusal("- yes\n" * MAX_FAULTS).what == f"{MAX_FAULTS} faults in a text"
    reader = yamltext._Reader("pack.yaml")
    for _ in range(MAX_FAULTS):
        reader.refuse("a fault", "mend it")
    with pytest.raises(EncodingError, match=f"more than {MAX_FAULTS} faults"):
        reader.refuse("a fault", "mend it")


def test_places_are_said_in_words_when_the_text_has_no_name() -> None:
    """
    Without a source, line and column are spelled out.
    """
    assert _refusal("a: 1\nb: *x", source="").where == "line 2 column 4"
    assert _refusal("a: 1\nb: 1e400", source="").where == "line 2 /b"
    assert _refusal("a: \x00", source="").where == "line 1 column 4"


def test_a_long_word_of_the_text_is_cut_in_a_message() -> None:
    """
    No message grows with the text.
    """
    for text in ("a: 1" + "_" * 5000, "*" + "x" * 5000, "!" + "x" * 5000 + "!y z", "? " + "k" * 5000 + "\n" + "? 'a"):
        assert len(str(_refusal(text))) < 500
    long = "? " + "k" * 5000 + "\n: 1\n"
    assert len(str(_refusal(long + long))) < 500


class TestBounds:
    """
    Size, depth and number of parts are bounded, and no text makes the reader call itself.
    """

    @pytest.mark.parametrize(
        ("opening", "column"),
        [("[", 65), ("{a: ", 257), ("- ", 129), ("? ", None), ("[{a: ", None), ("- a: ", None)],
    )
    def test_deep_nesting_is_refused_where_it_gets_too_deep(self, opening: str, column: int | None) -> None:
        """
        A text thousands of levels deep is refused at level 65.
        """
        error = _refusal(opening * 5000)
        if column is None:
            assert error.what
        else:
            assert error.what == f"nesting deeper than {MAX_DEPTH}"
            assert error.where == f"pack.yaml:1:{column}"

    def test_a_document_may_be_as_deep_as_any_other(self) -> None:
        """
        64 containers in one another are read, and 65 are not.
        """
        for text in ("[" * MAX_DEPTH + "]" * MAX_DEPTH, "- " * (MAX_DEPTH - 1) + "[]"):
            assert canonical(parse_yaml(text).value) == b"[" * MAX_DEPTH + b"]" * MAX_DEPTH
            assert _refusal(f"[{text}]" if text[0] == "[" else "- " + text).what == f"nesting deeper than {MAX_DEPTH}"

    def test_a_text_may_have_one_mebibyte(self) -> None:
        """
        The limit is that of a payload, in bytes.
        """
        assert parse_yaml("a" + " " * (MAX_PAYLOAD_BYTES - 1)).value == "a"
        assert _refusal("a" + " " * MAX_PAYLOAD_BYTES).what == f"a text of {MAX_PAYLOAD_BYTES + 1} bytes"
        assert _refusal("\u20ac" * (MAX_PAYLOAD_BYTES // 3 + 1)).what.startswith("a text of ")

    def test_keys_and_values_are_counted(self, monkeypatch: pytest.MonkeyPatch) -> None:
        """
        A text with more keys and values than the limit is refused at the first beyond it.
        """
        assert MAX_PARTS == 100_000
        monkeypatch.setattr(yamltext, "MAX_PARTS", 5)
        assert parse_yaml("a: 1\nb: 2").value == {"a": 1, "b": 2}
        error = _refusal("a: 1\nb: 2\nc: 3")
        assert (error.what, error.where) == ("more than 5 keys and values", "pack.yaml:3:1")
        assert parse_yaml("[1, 2, 3, 4]").value == [1, 2, 3, 4]
        assert _refusal("[1, 2, 3, 4,\n 5]").where == "pack.yaml:2:2"

    @pytest.fixture
    def few_frames(self) -> Iterator[None]:
        """
        A stack with room for little more than what runs already.
        """
        before = sys.getrecursionlimit()
        depth = 0
        frame: Any = sys._getframe()
        while frame:
            depth, frame = depth + 1, frame.f_back
        sys.setrecursionlimit(depth + 60)
        yield
        sys.setrecursionlimit(before)

    @pytest.mark.usefixtures("few_frames")
    def test_depth_takes_no_stack(self) -> None:
        """
        The deepest document is read with a stack much smaller than it is deep.
        """
        assert parse_yaml("[" * MAX_DEPTH + "]" * MAX_DEPTH).value


_LINES = """\
# a policy pack

id: pack
rules:
  - effect: deny
    when:
      - a > 1

      - b in x
        && c
    obligations: [{x: 1},
      {z: [2,
           3]}]
  -
    # an element that starts below its dash
    effect: allow
    note: |
      two
      lines
    'a.b/c~d': {}
empty:
last: x
"""


@pytest.mark.parametrize(
    ("path", "line"),
    [
        ("", 3),
        ("id", 3),
        ("rules", 4),
        ("rules[0]", 5),
        ("rules[0].effect", 5),
        ("rules[0].when", 6),
        ("rules[0].when[0]", 7),
        ("rules[0].when[1]", 9),
        ("rules[0].obligations", 11),
        ("rules[0].obligations/0/x", 11),
        ("rules[0].obligations/1", 12),
        ("rules[0].obligations/1/z/0", 12),
        ("rules[0].obligations/1/z/1", 13),
        ("rules[1]", 16),
        ("rules[1].effect", 16),
        ("rules[1].note", 17),
        ("rules[1]['a.b/c~d']", 20),
        ("rules[1]/a.b~1c~0d", 20),
        ("empty", 21),
        ("last", 22),
        ("rules[1].missing", 16),
        ("rules[0].when[7].x", 6),
        ("rules[9].effect", 4),
        ("id.x[0]", 3),
    ],
)
def test_every_part_has_the_line_it_stands_in(path: str, line: int) -> None:
    """
    A member has the line of its key, an element the line it starts in, and what is missing that of what it is missing in.
    """
    document = parse_yaml(_LINES, source="pack.yaml")
    assert document.line_of(path) == line
    assert document.place(path) == f"pack.yaml:{line} {path}".rstrip()
