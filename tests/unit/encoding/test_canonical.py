"""The canonical form: how values are written, and the guards that keep the fast encoder to it."""

import copy
from types import SimpleNamespace
from typing import Any

import orjson
import pytest
import rfc8785

from runtime.encoding import canonical as module
from runtime.encoding.canonical import canonical, check_json, encode_checked, key_order
from runtime.limits import MAX_NUMBER

_SHARED: list[Any] = [1.0]

_FORMS: dict[str, tuple[Any, bytes]] = {
    "null": (None, b"null"),
    "true": (True, b"true"),
    "false": (False, b"false"),
    "empty_object": ({}, b"{}"),
    "empty_list": ([], b"[]"),
    "empty_text": ("", b'""'),
    "zero": (0, b"0"),
    "largest_integer": (MAX_NUMBER, b"9007199254740991"),
    "smallest_integer": (-MAX_NUMBER, b"-9007199254740991"),
    "largest_integral_float": (float(MAX_NUMBER), b"9007199254740991"),
    "smallest_integral_float": (-float(MAX_NUMBER), b"-9007199254740991"),
    "integral_float": (2.0, b"2"),
    "negative_zero": (-0.0, b"0"),
    "fraction": (0.1, b"0.1"),
    "integral_float_of_sixteen_digits": (1e15, b"1000000000000000"),
    "last_without_exponent": (1e-6, b"0.000001"),
    "first_with_exponent": (1e-7, b"1e-7"),
    "small_with_digits": (1.5e-6, b"0.0000015"),
    "smallest_subnormal": (5e-324, b"5e-324"),
    "smallest_normal": (2.2250738585072014e-308, b"2.2250738585072014e-308"),
    "no_white_space": ({"a": [1, {"b": None}]}, b'{"a":[1,{"b":null}]}'),
    "nested_keys_are_sorted": ([{"b": {"d": 1, "c": 2}, "a": 3}], b'[{"a":3,"b":{"c":2,"d":1}}]'),
    "short_escapes": ('\b\t\n\f\r"\\', rb'"\b\t\n\f\r\"\\"'),
    "control_escapes_are_lower_case": ("\x00\x0b\x1f", rb'"\u0000\u000b\u001f"'),
    "delete_and_slash_are_not_escaped": ("\x7f/", b'"\x7f/"'),
    "line_separators_are_not_escaped": ("\u2028\u2029", '"\u2028\u2029"'.encode()),
    "beyond_the_basic_plane": ("\U0001f602", '"\U0001f602"'.encode()),
    "nothing_is_normalized": ("A\u030a", '"A\u030a"'.encode()),
    "noncharacters_stay": ("\ufffe\uffff", '"\ufffe\uffff"'.encode()),
    "number_like_texts_stay_texts": (["1.0", "1e-6,"], b'["1.0","1e-6,"]'),
    "keys_that_are_prefixes": ({"ab": 1, "a": 2, "": 3}, b'{"":3,"a":2,"ab":1}'),
    "upper_case_before_lower_case": ({"a": 1, "B": 2}, b'{"B":2,"a":1}'),
    "digits_sort_as_text": ({"10": 1, "9": 2, "1": 3}, b'{"1":3,"10":1,"9":2}'),
}


@pytest.mark.parametrize("case", _FORMS)
def test_a_value_is_written_in_its_one_form(case: str) -> None:
    """
    Each value has exactly the bytes RFC 8785 gives it, alone and inside containers.
    """
    value, expected = _FORMS[case]
    assert canonical(value) == expected
    assert canonical([value]) == b"[" + expected + b"]"
    assert canonical({"k": value, "l": [value]}) == b'{"k":' + expected + b',"l":[' + expected + b"]}"


def test_two_point_zero_and_two_are_one_number() -> None:
    """
    An integral float and the integer give the same bytes, wherever they stand.
    """
    assert canonical([2.0, {"a": -3.0}]) == canonical([2, {"a": -3}]) == b'[2,{"a":-3}]'


def test_true_and_one_are_two_values() -> None:
    """
    Booleans are never written as the numbers Python holds them equal to.
    """
    assert canonical([True, 1, 1.0, False, 0]) == b"[true,1,1,false,0]"


def test_insertion_order_does_not_matter() -> None:
    """
    Dicts with equal members give equal bytes.
    """
    assert canonical({"a": 1, "b": {"c": 2, "d": 3}}) == canonical({"b": {"d": 3, "c": 2}, "a": 1})


@pytest.mark.parametrize(
    "value",
    [
        {"b": [1.0, {"z": 1, "a": "\u20ac"}], "a": []},
        [{"x": 1e-6}, {"\ue000": 1, "\U00010000": 2}],
        {"shared": [_SHARED, _SHARED]},
    ],
    ids=["sorted", "exact_encoder", "shared_part"],
)
def test_the_callers_value_is_unchanged(value: Any) -> None:
    """
    Encoding leaves the value as it was, the order of its keys and the identity of its parts included.
    """
    before, order = copy.deepcopy(value), repr(value)
    canonical(value)
    assert value == before
    assert repr(value) == order


def test_a_part_that_stands_twice_is_written_twice() -> None:
    """
    A shared part that stays within the limits is no cycle.
    """
    part = {"a": [1]}
    assert canonical([part, part, {"b": part}]) == b'[{"a":[1]},{"a":[1]},{"b":{"a":[1]}}]'


class TestGuards:
    """
    The fast encoder's output is taken only where it equals RFC 8785.
    """

    @pytest.mark.parametrize("number", [1.0, -1.0, 0.0, -0.0, 100.0, 1e15, -1e15])
    @pytest.mark.parametrize("place", ["alone", "list", "first", "object"])
    def test_point_zero(self, number: float, place: str) -> None:
        """
        `1.0` is written `1`: in front of a comma, of a bracket and of a brace.
        """
        shapes: dict[str, Any] = {"alone": number, "list": [number], "first": [number, 0], "object": {"a": number}}
        fast = orjson.dumps(shapes[place])
        assert b".0" in fast, "the guard has a case only while the fast encoder writes the point"
        assert canonical(shapes[place]) == fast.replace(b"-0.0", b"0").replace(b".0", b"")

    @pytest.mark.parametrize(
        ("number", "expected"),
        [
            (1e-6, b"0.000001"),
            (-1e-6, b"-0.000001"),
            (1.5e-6, b"0.0000015"),
            (9.999999999999999e-6, b"0.000009999999999999999"),
            (1.0000000000000002e-6, b"0.0000010000000000000002"),
        ],
    )
    @pytest.mark.parametrize("place", ["alone", "list", "first", "object"])
    def test_exponent(self, number: float, expected: bytes, place: str) -> None:
        """
        `1e-6` is written `0.000001`: in front of a comma, of a bracket and of a brace.
        """
        shapes: dict[str, tuple[Any, bytes]] = {
            "alone": (number, expected),
            "list": ([number], b"[%b]" % expected),
            "first": ([number, 0], b"[%b,0]" % expected),
            "object": ({"a": number}, b'{"a":%b}' % expected),
        }
        value, raw = shapes[place]
        assert b"e-6" in orjson.dumps(value), "the guard has a case only while the fast encoder writes the exponent"
        assert canonical(value) == raw

    @pytest.mark.parametrize("high", ["\ue000", "\ufb33", "\uffff"])
    @pytest.mark.parametrize("astral", ["\U00010000", "\U0001f602", "\U0010ffff"])
    @pytest.mark.parametrize("nested", [False, True])
    def test_astral_order(self, high: str, astral: str, *, nested: bool) -> None:
        """
        A key beyond the basic plane comes before one of U+E000..U+FFFF, because UTF-16 orders them so.
        """
        document: Any = {high: 1, astral: 2, "\ud7ff": 0}
        expected = f'{{"\ud7ff":0,"{astral}":2,"{high}":1}}'.encode()
        if nested:
            document, expected = [document], b"[" + expected + b"]"
        assert orjson.dumps(document, option=orjson.OPT_SORT_KEYS) != expected, "the guard has no case"
        assert canonical(document) == expected

    @pytest.mark.parametrize(
        "written", [b"[0.0000001,0.5]", b"[0.5,1.0e-7]", b"[1e-07,0.5]", b"[1e-007,0.5]", b"[0.5,1e+0]", b"[0.5,1e0]"]
    )
    def test_another_float_text_of_the_fast_encoder(self, monkeypatch: pytest.MonkeyPatch, written: bytes) -> None:
        """
        Float texts that other releases of the fast encoder write are not taken either.
        """
        fast = SimpleNamespace(dumps=lambda _value, **_: written, JSONEncodeError=orjson.JSONEncodeError)
        monkeypatch.setattr(module, "orjson", fast)
        value = [1e-7, 0.5]
        assert encode_checked(value) == rfc8785.dumps(value) == b"[1e-7,0.5]"

    @pytest.mark.parametrize(
        "value", [{"a": 1, "b": [0.5, None, "x"]}, {"\u20ac": "\U0001f602"}, {"\ue000": 1}, {"\U00010000": 1}]
    )
    def test_plain_values_stay_on_the_fast_path(self, monkeypatch: pytest.MonkeyPatch, value: Any) -> None:
        """
        Where no guard speaks, the exact encoder is not asked.
        """
        monkeypatch.setattr(module, "rfc8785", None)
        assert encode_checked(value) == rfc8785.dumps(value)


class TestKeyOrder:
    """
    RFC 8785 3.2.3: keys are ordered by their UTF-16 code units.
    """

    def test_it_is_the_order_of_the_rfcs_example(self) -> None:
        """
        The RFC's own example comes out in the RFC's own order.
        """
        keys = ["\u20ac", "\r", "\ufb33", "1", "\U0001f600", "\x80", "\xf6"]
        assert sorted(keys, key=key_order) == ["\r", "1", "\x80", "\xf6", "\u20ac", "\U0001f600", "\ufb33"]

    def test_it_is_the_order_of_canonical_objects(self) -> None:
        """
        The keys of a canonical object stand in this order.
        """
        keys = ["\uffff", "\U00010000", "\ue000", "\U0010ffff", "a", "", "aa", "\ud7ff"]
        raw = canonical(dict.fromkeys(keys))
        assert list(orjson.loads(raw)) == sorted(keys, key=key_order)

    def test_a_lone_surrogate_has_a_place(self) -> None:
        """
        A key that will be refused can still be sorted, so that the refusal names it.
        """
        assert sorted(["\ue000", "\ud800", "a"], key=key_order) == ["a", "\ud800", "\ue000"]


class TestSize:
    """
    The walk gives a lower bound of the canonical size.
    """

    @pytest.mark.parametrize("case", _FORMS)
    def test_it_is_a_lower_bound(self, case: str) -> None:
        """
        The bound never exceeds the size.
        """
        value, _ = _FORMS[case]
        for document in (value, [value], {"key": value}, [[value, value], {"a": {"b": value}}]):
            assert check_json(document) <= len(canonical(document))

    def test_long_texts_and_keys_are_counted(self) -> None:
        """
        The characters of texts and of keys count.
        """
        assert check_json(["x" * 1000]) > 1000
        assert check_json({"x" * 1000: None}) > 1000
