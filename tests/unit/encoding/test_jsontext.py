"""Strict intake: what a lenient parser lets through is refused, with its place."""

import json
import subprocess
import sys
from collections.abc import Iterator
from typing import Any

import pytest

from runtime.encoding.canonical import canonical_record
from runtime.encoding.jsontext import parse_canonical, parse_json
from runtime.errors import EncodingError
from runtime.limits import MAX_DEPTH, MAX_DOCUMENT_BYTES, MAX_NUMBER, MAX_RECORD_BYTES, MAX_RECORD_DEPTH

_ACCEPTED: dict[str, tuple[str, Any]] = {
    "null": ("null", None),
    "white_space_around": (" \t\r\n{ } \n", {}),
    "escapes": (r'"\u20ac\n\/\"\\\u0000"', '\u20ac\n/"\\\x00'),
    "escaped_surrogate_pair": (r'"\ud83d\ude02"', "\U0001f602"),
    "upper_case_escape": (r'"\u00E9"', "\xe9"),
    "raw_text_beyond_ascii": ('"\u20ac\U0001f602"', "\u20ac\U0001f602"),
    "largest_integer": (str(MAX_NUMBER), MAX_NUMBER),
    "smallest_integer": (str(-MAX_NUMBER), -MAX_NUMBER),
    "integral_float": ("2.0", 2),
    "exponent": ("1E+2", 100),
    "negative_zero": ("-0", 0),
    "tiny": ("5e-324", 5e-324),
    "underflow": ("1e-400", 0),
    "same_key_in_different_objects": ('[{"a":1},{"a":{"a":2}}]', [{"a": 1}, {"a": {"a": 2}}]),
    "keys_that_differ_in_case": ('{"a":1,"A":2}', {"a": 1, "A": 2}),
    "keys_that_differ_in_composition": ('{"\xe9":1,"e\u0301":2}', {"\xe9": 1, "e\u0301": 2}),
    "empty_key": ('{"":1}', {"": 1}),
    "deepest": ("[" * MAX_DEPTH + "]" * MAX_DEPTH, ...),
}

_MALFORMED = {
    "truncated_object": '{"a":1',
    "truncated_list": "[1,",
    "truncated_text": '"abc',
    "truncated_escape": r'"\u12',
    "truncated_literal": "tru",
    "truncated_number": "1e",
    "lone_minus": "-",
    "trailing_text": '{"a":1} x',
    "trailing_document": "{}{}",
    "trailing_comma_in_object": '{"a":1,}',
    "trailing_comma_in_list": "[1,]",
    "missing_comma": "[1 2]",
    "missing_colon": '{"a" 1}',
    "key_without_quotes": "{a:1}",
    "number_as_key": "{1:1}",
    "single_quotes": "{'a':1}",
    "comment": "{} // no",
    "leading_zero": "01",
    "leading_plus": "+1",
    "leading_point": ".5",
    "trailing_point": "1.",
    "hexadecimal": "0x10",
    "underscore": "1_000",
    "digits_of_another_script": "\u0661",
    "upper_case_literal": "True",
    "undefined": "undefined",
    "bare_word": "hello",
    "control_character_in_text": '"a\nb"',
    "nul_in_text": '"a\x00b"',
    "unknown_escape": r'"\x41"',
    "closing_bracket": "]",
    "mismatched_brackets": "[1}",
    "form_feed_as_white_space": "\f1",
    "no_break_space_as_white_space": "\xa01",
    "byte_order_mark": "\ufeff{}",
    "record_separator": "\x1e{}",
}

_NOT_CANONICAL: dict[str, tuple[str, str]] = {
    "nan": ('{"a":[NaN]}', "/a/0"),
    "infinity": ('{"a":[0,Infinity]}', "/a/1"),
    "negative_infinity": ('{"a":{"b":-Infinity}}', "/a/b"),
    "two_to_53": ("[9007199254740992]", "/0"),
    "minus_two_to_53": ("[-9007199254740992]", "/0"),
    "float_two_to_53": ("[9007199254740992.0]", "/0"),
    "integral_exponent": ("[1e16]", "/0"),
    "overflow": ('{"a":1e400}', "/a"),
    "negative_overflow": ('{"a":-1e400}', "/a"),
    "integer_of_400_digits": ("[1,%s]" % ("9" * 400), "/1"),
    "integer_of_4000_digits": ("[1,%s]" % ("9" * 4000), "/1"),
    "integer_of_5000_digits": ("[1,%s]" % ("9" * 5000), "/1"),
    "negative_integer_of_5000_digits": ("[1,-%s]" % ("9" * 5000), "/1"),
    "float_of_5000_digits": ("[1,%s.5]" % ("9" * 5000), "/1"),
    "lone_high_surrogate": (r'{"a":"\ud800"}', "/a"),
    "lone_low_surrogate": (r'{"a":"x\udc00"}', "/a"),
    "surrogates_in_the_wrong_order": (r'{"a":"\udc00\ud800"}', "/a"),
    "surrogate_before_another_escape": (r'{"a":"\ud800\u0041"}', "/a"),
    "lone_surrogate_in_key": (r'{"a":{"\ud800":1}}', "/a"),
    "sixty_five_deep": ("[" * (MAX_DEPTH + 1) + "1" + "]" * (MAX_DEPTH + 1), "/0" * MAX_DEPTH),
    "sixty_five_deep_and_empty": ("[" * (MAX_DEPTH + 1) + "]" * (MAX_DEPTH + 1), "/0" * MAX_DEPTH),
    "sixty_five_objects_deep": ('{"a":' * (MAX_DEPTH + 1) + "{}" + "}" * (MAX_DEPTH + 1), "/a" * MAX_DEPTH),
}

_NOT_UTF_8 = {
    "utf_16_with_mark": '{"a":1}'.encode("utf-16"),
    "utf_16_big_endian": '{"a":1}'.encode("utf-16-be"),
    "utf_16_little_endian": '{"a":1}'.encode("utf-16-le"),
    "utf_32": '{"a":1}'.encode("utf-32"),
    "utf_8_with_mark": b"\xef\xbb\xbf{}",
    "latin_1": '"\xe9"'.encode("latin-1"),
    "continuation_byte": b'"\x80"',
    "overlong_slash": b'"\xc0\xaf"',
    "overlong_nul": b'"\xc0\x80"',
    "encoded_surrogate": b'"\xed\xa0\x80"',
    "encoded_surrogate_pair": b'"\xed\xa0\xbd\xed\xb8\x82"',
    "beyond_unicode": b'"\xf4\x90\x80\x80"',
    "five_bytes": b'"\xf8\x88\x80\x80\x80"',
    "truncated_character": b'"\xe2\x82',
    "byte_fe": b'"\xfe"',
}


def _refusal(text: bytes | str, source: str = "") -> EncodingError:
    with pytest.raises(EncodingError) as caught:
        parse_json(text, source=source)
    assert str(caught.value).encode(), "a message must be text that can be printed"
    return caught.value


@pytest.mark.parametrize("case", _ACCEPTED)
def test_json_is_read_as_text_and_as_bytes(case: str) -> None:
    """
    Every JSON text of the canonical domain is read, and means what any JSON reader finds in it.
    """
    text, expected = _ACCEPTED[case]
    for value in (parse_json(text), parse_json(text.encode())):
        assert value == json.loads(text)
        assert expected is ... or (value == expected and type(value) in (type(expected), float))


@pytest.mark.parametrize("case", _MALFORMED)
def test_malformed_text_is_refused_with_line_and_column(case: str) -> None:
    """
    What is no JSON is refused with the line and column the parser stopped at.
    """
    for text in (_MALFORMED[case], _MALFORMED[case].encode()):
        error = _refusal(text)
        assert error.what.startswith("not JSON: ")
        assert error.where.startswith("line 1 column ")


def test_line_and_column_are_counted_from_one() -> None:
    """
    The place is the one an editor shows, with the source's name in front when there is one.
    """
    text = '{\n  "a": 1,\n  "b": x\n}'
    assert _refusal(text).where == "line 3 column 8"
    assert _refusal(text, source="in.json").where == "in.json:3:8"


@pytest.mark.parametrize("case", _NOT_CANONICAL)
def test_what_canonical_json_cannot_hold_is_refused_with_its_path(case: str) -> None:
    """
    What the parser accepts and canonical JSON does not is refused at its path.
    """
    text, where = _NOT_CANONICAL[case]
    error = _refusal(text)
    assert error.where == where
    assert _refusal(text.encode(), source="in.json").where == f"in.json {where}"
    assert error.remedy


def test_several_faults_are_reported_together() -> None:
    """
    One error lists every fault of a text, with the source's name.
    """
    error = _refusal('{"a":NaN,"b":[1e400,{"c":9007199254740992}]}', source="in.json")
    assert error.where == "in.json"
    assert [fault.where for fault in error.faults] == ["/a", "/b/0", "/b/1/c"]


@pytest.mark.parametrize("case", _NOT_UTF_8)
def test_other_encodings_are_refused(case: str) -> None:
    """
    Bytes that are not plain UTF-8 are refused.
    """
    error = _refusal(_NOT_UTF_8[case], source="in.json")
    assert "UTF-8" in error.what or error.what.startswith("not JSON")
    assert error.where.startswith("in.json")


def test_the_first_bad_byte_is_named() -> None:
    """
    The message gives the byte and its offset.
    """
    assert str(_refusal(b'{"a":"\xff"}', source="in.json")) == (
        "byte 0xff at offset 6 is not UTF-8 at in.json: save the file as UTF-8 text"
    )


@pytest.mark.parametrize("text", ["", " ", "\n\t\r ", b"", b"  \n"])
def test_an_empty_text_is_refused_as_such(text: bytes | str) -> None:
    """
    Nothing is no value, and the message says what to write.
    """
    assert str(_refusal(text, source="in.json")) == (
        "an empty text at in.json: write a JSON value; {} is the empty object"
    )


@pytest.mark.parametrize(
    "text", [None, 5, True, ["[]"], {}, bytearray(b"{}"), memoryview(b"{}")], ids=lambda value: type(value).__name__
)
def test_what_is_neither_bytes_nor_text_is_refused(text: Any) -> None:
    """
    Only bytes and text are parsed; anything else is named by its type.
    """
    error = _refusal(text, source="in.json")
    assert error.what.startswith(type(text).__name__)
    assert (error.where, error.remedy) == ("in.json", "give the bytes of a file, or text")


def test_text_with_a_lone_surrogate_is_refused() -> None:
    """
    Text that has no UTF-8 form is refused before it is parsed.
    """
    error = _refusal('"\ud800"', source="in.json")
    assert (error.what, error.where) == ("text with a lone surrogate", "in.json")


@pytest.mark.parametrize("opening", ["[", '{"a":', '[{"a":'])
def test_a_hundred_thousand_levels_are_refused(opening: str) -> None:
    """
    Nesting beyond the interpreter's own limit is a refusal, not a crash.
    """
    error = _refusal(opening * 100_000, source="in.json")
    assert error.where.startswith("in.json")
    closed = "[" * 100_000 + "]" * 100_000
    assert _refusal(closed).what.startswith("nesting")


def test_a_text_beyond_the_limit_is_refused_before_it_is_parsed() -> None:
    """
    Text may be twice as long as a document, for white space and escapes, and no longer.
    """
    limit = 2 * MAX_DOCUMENT_BYTES
    assert parse_json(b"1" + b" " * (limit - 1)) == 1
    error = _refusal(b"x" * (limit + 1), source="in.json")
    assert error.what == f"a text of {limit + 1} bytes"
    assert str(limit) in error.remedy
    assert _refusal("\u20ac" * (limit // 3 + 1)).what.startswith("a text of ")


def test_a_document_of_32_mib_is_refused() -> None:
    """
    A text within its own limit whose document exceeds the document's limit is refused.
    """
    assert "document of at least" in _refusal('["' + "x" * (2 * MAX_DOCUMENT_BYTES - 4) + '"]').what


@pytest.fixture
def few_digits() -> Iterator[None]:
    """
    The interpreter's limit on digits of an integer, as low as it can be set from outside.
    """
    before = sys.get_int_max_str_digits()
    sys.set_int_max_str_digits(640)
    yield
    sys.set_int_max_str_digits(before)


@pytest.mark.usefixtures("few_digits")
@pytest.mark.parametrize("digits", [641, 4000, 5000])
def test_the_interpreters_own_limit_on_digits_does_not_show(digits: int) -> None:
    """
    A long integer is refused with its path, however few digits the interpreter is set to read.
    """
    assert _refusal('{"a":%s}' % ("9" * digits)).where == "/a"


class TestDuplicateKeys:
    """
    A key that stands twice in one object is refused, because readers disagree on which one counts.
    """

    @pytest.mark.parametrize(
        ("text", "places"),
        [
            ('{"a":1,"a":2}', ["/a"]),
            ('{"a":1,"a":1}', ["/a"]),
            ('{"a":1,"b":2,"a":3,"a":4}', ["/a"]),
            ('{"b":1,"a":1,"b":2,"a":2}', ["/a", "/b"]),
            ('[0,{"x":[{"a":1,"a":2}]}]', ["/1/x/0/a"]),
            ('{"x":{"a":1,"a":2},"y":{"b":1,"b":2}}', ["/x/a", "/y/b"]),
            (r'{"a":1,"\u0061":2}', ["/a"]),
            ('{"":1,"":2}', ["/"]),
            ('{"a":1e400,"a":2}', ["/a"]),
        ],
        ids=["flat", "equal_values", "thrice", "two_keys", "nested", "two_objects", "escaped", "empty", "other_faults"],
    )
    def test_each_is_named_with_its_path(self, text: str, places: list[str]) -> None:
        """
        Every duplicate key is a fault at its path.
        """
        error = _refusal(text, source="in.json")
        assert [fault.where for fault in error.faults] == places
        assert error.what == "duplicate keys"
        assert error.where == "in.json"

    def test_an_object_that_another_duplicate_hides_is_reported(self) -> None:
        """
        A duplicate inside a value that a later duplicate replaces is not lost, though it has no path.
        """
        error = _refusal('{"a":{"b":1,"b":2},"a":3}')
        assert [fault.message for fault in error.faults] == ["key 'b' stands twice", "key 'a' stands twice"]
        assert error.faults[1].where == "/a"

    def test_the_path_is_a_pointer_with_its_escapes(self) -> None:
        """
        `~` and `/` in keys are escaped in the path, as in every other refusal.
        """
        error = _refusal('{"a/b":{"~":{"c/d":1,"c/d":2}}}')
        assert [fault.where for fault in error.faults] == ["/a~1b/~0/c~1d"]

    def test_a_surrogate_in_the_path_can_be_printed(self) -> None:
        """
        A path through a key that has no UTF-8 form is still text with one.
        """
        assert _refusal(r'{"\ud800":1,"\ud800":2}').faults
        assert _refusal(r'{"\ud800":{"a":1,"a":2}}').faults

    def test_a_large_object_is_searched_in_linear_time(self) -> None:
        """
        A text of a few hundred kilobytes cannot keep the parser busy for minutes.
        """
        program = (
            "from runtime.encoding.jsontext import parse_json\n"
            "from runtime.errors import EncodingError\n"
            "keys = ','.join(f'\"{number}\":1' for number in range(100_000))\n"
            "try:\n"
            "    parse_json('{' + keys + ',\"7\":2}')\n"
            "except EncodingError as error:\n"
            "    print(error.faults[0].where)\n"
        )
        # A bound on a hang, not a measurement: the quadratic search takes minutes.
        done = subprocess.run([sys.executable, "-c", program], timeout=10, check=True, capture_output=True, text=True)
        assert done.stdout.strip() == "/7"


class TestParseCanonical:
    """
    A stored document is accepted only when its bytes are the canonical form of what they say.
    """

    @pytest.mark.parametrize("raw", [b"null", b"2", b'{"a":[1,2.5,"\xe2\x82\xac"],"b":{}}', b"0.000001", b'"\\u0000"'])
    def test_canonical_bytes_are_accepted(self, raw: bytes) -> None:
        """
        Canonical bytes give the value they spell.
        """
        assert parse_canonical(raw) == json.loads(raw)

    @pytest.mark.parametrize(
        ("raw", "offset"),
        [
            (b"null\n", 4),
            (b" null", 0),
            (b'{"a": 1}', 5),
            (b'{"b":1,"a":2}', 2),
            (b"2.0", 1),
            (b"-0", 0),
            (b"1e2", 1),
            (b"1E-7", 1),
            (b"1.50", 3),
            (b"0.0000001", 0),
            (b"1e-6", 0),
            (rb'"\u0041"', 1),
            (rb'"\/"', 1),
            (rb'"\u000A"', 2),
            (rb'"\u001F"', 6),
            (rb'"\u20ac"', 1),
            ('{"\ue000":1,"\U00010000":2}'.encode(), 2),
        ],
    )
    def test_any_other_spelling_is_refused(self, raw: bytes, offset: int) -> None:
        """
        White space, order, numbers and escapes have one spelling; the first differing byte is named.
        """
        assert parse_json(raw) == json.loads(raw)
        with pytest.raises(EncodingError) as caught:
            parse_canonical(raw, source="stored.json")
        assert caught.value.what == f"bytes that are not canonical JSON, first at byte {offset}"
        assert caught.value.where == "stored.json"
        assert caught.value.code == "not_canonical_json"

    def test_a_record_may_be_deeper_than_a_document_and_no_deeper_than_a_record(self) -> None:
        """
        A record wraps documents of the caller, so it may be 72 containers deep, and not 73.
        """
        deepest = b"[" * MAX_RECORD_DEPTH + b"]" * MAX_RECORD_DEPTH
        assert canonical_record(parse_canonical(deepest)) == deepest
        with pytest.raises(EncodingError, match=f"nesting deeper than {MAX_RECORD_DEPTH}") as caught:
            parse_canonical(b"[" + deepest + b"]")
        assert caught.value.where == "/0" * MAX_RECORD_DEPTH
        with pytest.raises(EncodingError, match=f"nesting deeper than {MAX_DEPTH}"):
            parse_json(deepest)

    def test_a_record_may_be_larger_than_a_document_and_no_larger_than_a_record(self) -> None:
        """
        A record may have 40 MiB, and not one byte more.
        """
        largest = b'"' + b"x" * (MAX_RECORD_BYTES - 2) + b'"'
        assert len(parse_canonical(largest)) == MAX_RECORD_BYTES - 2
        with pytest.raises(EncodingError, match=f"a text of {MAX_RECORD_BYTES + 1} bytes"):
            parse_canonical(largest + b" ")

    def test_it_refuses_what_parse_json_refuses(self) -> None:
        """
        The strict intake comes first, with the source's name.
        """
        for raw in (b"", b"{", b'{"a":1,"a":1}', b"NaN", b"\xff"):
            with pytest.raises(EncodingError) as caught:
                parse_canonical(raw, source="stored.json")
            assert caught.value.where.startswith("stored.json")
