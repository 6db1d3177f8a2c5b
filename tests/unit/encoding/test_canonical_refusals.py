"""What canonical JSON refuses, and how it says so: what with the value got, where, and how to mend it."""

import datetime as dt
import decimal
import enum
import fractions
import math
import re
import tracemalloc
import uuid
from collections import OrderedDict, UserDict, defaultdict, deque, namedtuple
from collections.abc import Callable
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any

import attrs
import orjson
import pytest

from runtime.encoding import canonical as module
from runtime.encoding.canonical import canonical, canonical_record, check_json, encode_checked
from runtime.encoding.frozen import JsonArray, JsonObject
from runtime.errors import EncodingError, EngineBug
from runtime.limits import MAX_DEPTH, MAX_DOCUMENT_BYTES, MAX_FAULTS, MAX_NUMBER, MAX_RECORD_BYTES, MAX_RECORD_DEPTH


class _Text(str):
    __slots__ = ()


class _Number(int):
    __slots__ = ()


class _Fraction(float):
    __slots__ = ()


class _Dict(dict[str, Any]):
    __slots__ = ()


class _List(list[Any]):
    __slots__ = ()


class _Color(enum.Enum):
    RED = "red"


class _IntColor(enum.IntEnum):
    RED = 1


class _StrColor(enum.StrEnum):
    RED = "red"


class _Flags(enum.IntFlag):
    A = 1


@dataclass
class _Dataclass:
    a: int = 1


@attrs.frozen
class _Attrs:
    a: int = 1


class _Claimant:
    """
    Says it is a str, and is not.
    """

    __class__ = str  # type: ignore[assignment]  # the lie is the point.


class _Mute:
    def __repr__(self) -> str:
        message = "no repr"
        raise RuntimeError(message)


_Pair = namedtuple("_Pair", "a b")  # noqa: PYI024 - the untyped form is what older code holds.

_NOT_JSON: dict[str, Any] = {
    "tuple": (1, 2),
    "empty_tuple": (),
    "named_tuple": _Pair(1, 2),
    "set": {1},
    "frozenset": frozenset({1}),
    "bytes": b"a",
    "bytearray": bytearray(b"a"),
    "memoryview": memoryview(b"a"),
    "enum": _Color.RED,
    "int_enum": _IntColor.RED,
    "str_enum": _StrColor.RED,
    "int_flag": _Flags.A,
    "str_subclass": _Text("a"),
    "int_subclass": _Number(1),
    "float_subclass": _Fraction(1.5),
    "dict_subclass": _Dict(a=1),
    "list_subclass": _List([1]),
    "ordered_dict": OrderedDict(a=1),
    "default_dict": defaultdict(int, a=1),
    "user_dict": UserDict(a=1),
    "mapping_proxy": MappingProxyType({"a": 1}),
    "deque": deque([1]),
    "range": range(3),
    "iterator": iter([1]),
    "uuid": uuid.UUID(int=1),
    "datetime": dt.datetime(2020, 1, 1, tzinfo=dt.UTC),
    "date": dt.date(2020, 1, 1),
    "time": dt.time(1),
    "decimal": decimal.Decimal(1),
    "fraction": fractions.Fraction(1, 2),
    "complex": 1j,
    "dataclass": _Dataclass(),
    "attrs": _Attrs(),
    "class": int,
    "fragment": orjson.Fragment(b"{}"),
    "frozen_object": JsonObject({}),
    "frozen_array": JsonArray([]),
    "object": object(),
    "function": len,
    "ellipsis": ...,
    "not_implemented": NotImplemented,
    "claims_to_be_str": _Claimant(),
    "without_repr": _Mute(),
}

_OUT_OF_RANGE: dict[str, Any] = {
    "nan": math.nan,
    "negative_nan": -math.nan,
    "infinity": math.inf,
    "negative_infinity": -math.inf,
    "two_to_53": 2**53,
    "minus_two_to_53": -(2**53),
    "two_to_64": 2**64,
    "integer_of_5000_digits": 10**4999,
    "float_two_to_53": 2.0**53,
    "float_minus_two_to_53": -(2.0**53),
    "next_float_after_two_to_53": math.nextafter(2.0**53, math.inf),
    "largest_float": 1.7976931348623157e308,
    "lone_high_surrogate": "a\ud800b",
    "lone_low_surrogate": "\udc00",
    "surrogates_in_the_wrong_order": "\udc00\ud800",
    "surrogate_pair_of_two_characters": "\ud83d\ude02",
}

_KEYS: dict[str, Any] = {
    "int_key": 1,
    "bool_key": True,
    "none_key": None,
    "float_key": 1.5,
    "tuple_key": ("a",),
    "bytes_key": b"a",
    "str_enum_key": _StrColor.RED,
    "str_subclass_key": _Text("a"),
    "lone_surrogate_key": "\ud800",
}

_PLACES: dict[str, tuple[Callable[[Any], Any], str]] = {
    "top": (lambda value: value, "/"),
    "first": (lambda value: [value, 1, "a"], "/0"),
    "last": (lambda value: [1, {"a": 1}, value], "/2"),
    "member": (lambda value: {"b": 1, "a": value}, "/a"),
    "deep": (lambda value: {"a": [{"b": [0, [value]]}, 1.5]}, "/a/0/b/1/0"),
}


def _refusal(value: Any) -> EncodingError:
    with pytest.raises(EncodingError) as caught:
        canonical(value)
    return caught.value


def _nested(depth: int, innermost: Any, *, kind: type = list) -> Any:
    value = innermost
    for _ in range(depth):
        value = [value] if kind is list else {"a": value}
    return value


@pytest.mark.parametrize("place", _PLACES)
@pytest.mark.parametrize("case", [*_NOT_JSON, *_OUT_OF_RANGE])
def test_a_value_outside_the_domain_is_refused_with_its_path(case: str, place: str) -> None:
    """
    Whatever is not exactly JSON is refused wherever it stands, and the path is the place.
    """
    put, where = _PLACES[place]
    error = _refusal(put({**_NOT_JSON, **_OUT_OF_RANGE}[case]))
    assert error.code == "not_canonical_json"
    assert error.where == where


@pytest.mark.parametrize("case", _KEYS)
def test_a_key_that_is_not_plain_text_is_refused(case: str) -> None:
    """
    Keys are exactly `str`, without lone surrogates; the path is that of the object.
    """
    assert _refusal({_KEYS[case]: 1}).where == "/"
    assert _refusal({"a": [{"b": 1, _KEYS[case]: 1}]}).where == "/a/0"


@pytest.mark.parametrize("case", _NOT_JSON)
def test_the_message_names_the_type(case: str) -> None:
    """
    A refused type is named, and what JSON has instead.
    """
    error = _refusal({"a": _NOT_JSON[case]})
    kind = type(_NOT_JSON[case]).__name__
    assert error.what.startswith(kind)
    assert error.remedy.startswith(f"JSON has no {kind}; ")


class TestText:
    """
    A message says what (with the value got), where (a path), and how to mend, in that order.
    """

    @pytest.mark.parametrize(
        ("value", "text"),
        [
            ({"limits": {"max": math.nan}}, "float nan at /limits/max: JSON has no NaN; store null or a string"),
            ([-math.inf], "float -inf at /0: JSON has no infinity; store null or a string"),
            (
                {"n": 2**53},
                "int 9007199254740992 at /n: integers are exact only within ±(2^53-1); store a string",
            ),
            (
                {"n": 2.0**53},
                "float 9007199254740992.0 at /n: integral numbers are exact only within ±(2^53-1); store a string",
            ),
            ({"n": 1 << 2000}, "int of 2001 bits at /n: integers are exact only within ±(2^53-1); store a string"),
            ([(1, 2)], "tuple (1, 2) at /0: JSON has no tuple; use a list"),
            ([{1}], "set {1} at /0: JSON has no set; use a sorted list"),
            (
                [b"a"],
                "bytes b'a' at /0: JSON has no bytes; decode it to text, or encode it as base64 text",
            ),
            (
                [_Pair(1, 2)],
                "_Pair _Pair(a=1, b=2) at /0: JSON has no _Pair; convert it to a plain dict, list, str, int, float, bool or None",
            ),
            (
                "a\ud800",
                "text '\\ud800' with a lone surrogate at /: it has no UTF-8 form; repair the text where it is read",
            ),
            (
                {"\ud800": 1},
                "key '\\ud800' with a lone surrogate at /: it has no UTF-8 form; repair the text where it is read",
            ),
            ({"a": {1: 2}}, "key 1 of type int at /a: JSON keys are plain str; convert it"),
        ],
        ids=lambda value: value.split(":")[0] if isinstance(value, str) else "",
    )
    def test_the_text_is_what_where_mend(self, value: Any, text: str) -> None:
        """
        One fault is one line of these three parts.
        """
        error = _refusal(value)
        assert str(error) == text
        assert error.faults == ()

    @pytest.mark.parametrize(
        ("value", "what", "where"),
        [
            ({"a": ({"k": 1},)}, "tuple ({'k': 1},)", "/a"),
            ({"a": "x: \ud800 y"}, "text '\\ud800' with a lone surrogate", "/a"),
            ({"a": {"b: \ud800": 1}}, "key 'b: \\ud800' with a lone surrogate", "/a"),
            ({"a": {("b: c",): 1}}, "key ('b: c',) of type tuple", "/a"),
            ({"a": _Dict({"k": 1})}, "_Dict {'k': 1}", "/a"),
            ({"a": _IntColor.RED}, "_IntColor <_IntColor.RED: 1>", "/a"),
        ],
        ids=["tuple", "text", "key", "key_of_another_type", "dict_subclass", "enum"],
    )
    def test_a_colon_in_the_value_does_not_cut_the_message(self, value: Any, what: str, where: str) -> None:
        """
        The value got is shown whole, also when its own text holds `: `.
        """
        error = _refusal(value)
        assert error.what == what
        assert error.where == where

    def test_the_path_is_a_pointer_with_its_escapes(self) -> None:
        """
        `~` and `/` in keys are escaped, as RFC 6901 says.
        """
        assert _refusal({"a/b": {"~": {"": [math.nan]}}}).where == "/a~1b/~0//0"

    def test_a_surrogate_in_the_path_can_be_printed(self) -> None:
        """
        A path through a key that has no UTF-8 form is still text with one.
        """
        with pytest.raises(EncodingError) as caught:
            canonical({"\ud800": [math.nan]})
        assert [fault.where for fault in caught.value.faults] == ["/", "/\\ud800/0"]
        assert str(caught.value).encode()

    def test_long_keys_are_cut_in_the_path(self) -> None:
        """
        No part of a path is longer than 80 characters.
        """
        where = _refusal({"x" * 100: {"y" * 80: math.nan}}).where
        assert where == "/" + "x" * 79 + "…/" + "y" * 80

    def test_long_values_are_cut(self) -> None:
        """
        A foreign value is shown with at most 80 characters.
        """
        what = _refusal([tuple(range(1000))]).what
        assert what.endswith("…")
        assert len(what) == len("tuple ") + 80

    def test_a_value_whose_repr_fails_is_shown_by_its_type(self) -> None:
        """
        A foreign `__repr__` that raises does not hide the refusal.
        """
        assert _refusal([_Mute()]).what == "_Mute <_Mute>"

    def test_a_key_that_is_no_text_stands_in_the_path_as_shown(self) -> None:
        """
        A fault below a key of another type still has a path.
        """
        with pytest.raises(EncodingError) as caught:
            canonical({("a/b",): [math.nan]})
        assert [fault.where for fault in caught.value.faults] == ["/", "/('a~1b',)/0"]


class TestSeveralFaults:
    """
    All faults of one value are reported together, each with its path.
    """

    def test_they_stand_in_document_order(self) -> None:
        """
        Faults come in the order in which their places stand in the value.
        """
        error = _refusal({"z": [math.nan, {1: (2,)}], "a": 2**53, "m": {"k": "\ud800"}})
        assert error.what == "values that are not JSON"
        assert [fault.where for fault in error.faults] == ["/z/0", "/z/1", "/z/1/1", "/a", "/m/k"]
        assert str(error).splitlines() == [
            "values that are not JSON",
            "  float nan: JSON has no NaN; store null or a string @ /z/0",
            "  key 1 of type int: JSON keys are plain str; convert it @ /z/1",
            "  tuple (2,): JSON has no tuple; use a list @ /z/1/1",
            "  int 9007199254740992: integers are exact only within ±(2^53-1); store a string @ /a",
            "  text '\\ud800' with a lone surrogate: it has no UTF-8 form; repair the text where it is read @ /m/k",
        ]

    def test_faults_the_encoder_would_find_are_listed_with_those_of_the_walk(self) -> None:
        """
        Integers out of range and surrogates are not hidden by the types that are refused earlier, nor by each other.
        """
        assert len(_refusal([(), 2**53, "\ud800"]).faults) == 3
        assert len(_refusal([2**53, "\ud800", {"\ud800": -(2**53)}]).faults) == 4

    @pytest.mark.parametrize("extra", [0, 1, 10])
    def test_at_most_the_limit_is_listed_and_the_rest_counted(self, extra: int) -> None:
        """
        A message lists at most 20 faults, and a count of the rest, if given, is right.
        """
        text = str(_refusal([()] * (MAX_FAULTS + extra)))
        assert len([line for line in text.splitlines() if " @ /" in line]) == MAX_FAULTS
        assert ("more" in text) == bool(extra)
        assert re.findall(r"(\d+) more", text) in ([], [str(extra)])


class TestDepth:
    """
    A document is at most 64 containers deep, the outermost counted.
    """

    @pytest.mark.parametrize("kind", [list, dict])
    @pytest.mark.parametrize("innermost", [1, "a", None], ids=["number", "text", "null"])
    def test_sixty_four_are_accepted(self, kind: type, innermost: Any) -> None:
        """
        64 containers around a scalar are JSON.
        """
        raw = canonical(_nested(MAX_DEPTH, innermost, kind=kind))
        assert raw.count(b"[") + raw.count(b"{") == MAX_DEPTH

    @pytest.mark.parametrize("innermost", [[], {}], ids=["list", "object"])
    def test_sixty_four_with_an_empty_innermost_are_accepted(self, innermost: Any) -> None:
        """
        The 64th container may be empty.
        """
        assert canonical(_nested(MAX_DEPTH - 1, innermost))

    @pytest.mark.parametrize("innermost", [[1], {"a": 1}, [], {}], ids=["list", "object", "no_list", "no_object"])
    @pytest.mark.parametrize("kind", [list, dict])
    def test_sixty_five_are_refused(self, kind: type, innermost: Any) -> None:
        """
        The 65th container is refused, an empty one as well; the path is its place.
        """
        error = _refusal(_nested(MAX_DEPTH, innermost, kind=kind))
        assert error.what == f"nesting deeper than {MAX_DEPTH}"
        assert error.where == ("/0" if kind is list else "/a") * MAX_DEPTH

    def test_nesting_beyond_the_interpreters_own_limit_is_refused(self) -> None:
        """
        A hundred thousand containers are refused like 65, not by a crash.
        """
        assert _refusal(_nested(100_000, 1)).what == f"nesting deeper than {MAX_DEPTH}"

    def test_every_place_that_is_too_deep_is_named(self) -> None:
        """
        Each part that is too deep has its own path.
        """
        error = _refusal([_nested(MAX_DEPTH, 1), _nested(MAX_DEPTH - 1, 1), _nested(MAX_DEPTH, 2)])
        assert [fault.where for fault in error.faults] == ["/0" * MAX_DEPTH, "/2" + "/0" * (MAX_DEPTH - 1)]


class TestBounds:
    """
    A cycle, or a shared part that multiplies, ends at a bound instead of exhausting time or memory.
    """

    def test_a_list_that_holds_itself(self) -> None:
        """
        A cycle of one list is named as such, with its place.
        """
        loop: list[Any] = [0]
        loop.append(loop)
        error = _refusal(loop)
        assert error.what == "a container that holds itself"
        assert error.where == "/1"

    def test_a_cycle_through_several_containers(self) -> None:
        """
        A longer cycle is named where it closes.
        """
        outer: dict[str, Any] = {}
        outer["a"] = [{"b": outer}]
        assert _refusal({"top": outer}).where == "/top/a/0/b"

    @pytest.mark.slow
    def test_a_cycle_that_doubles_at_each_turn(self) -> None:
        """
        A list that holds itself twice is refused before its copies fill the memory.
        """
        loop: list[Any] = []
        loop.extend([loop, loop])
        assert _refusal(loop).what == "a container that holds itself"

    def test_the_lower_bound_of_the_size_adds_up_over_the_levels(self) -> None:
        """
        What was measured above counts below, and the bound never exceeds the size it bounds.
        """
        document = {"k" * 1_000: [{"l" * 100: "m" * 10}], "n": [1, 2.5, None]}
        assert 1_110 < check_json(document) <= len(canonical(document))
        with pytest.raises(EncodingError, match="a document of at least"):
            check_json({"k" * 900: {"l" * 200: 1}}, limit=1_000)

    @pytest.mark.parametrize("wrong", [(1,), {1: 2}], ids=["type", "key"])
    def test_depth_is_named_beside_other_faults(self, wrong: Any) -> None:
        """
        A fault that is found first does not hide that another part is too deep.
        """
        deep: Any = 0
        for _ in range(MAX_DEPTH + 1):
            deep = [deep]
        messages = [fault.message for fault in _refusal({"a": wrong, "b": deep}).faults]
        assert len(messages) == 2
        assert messages[1] == f"nesting deeper than {MAX_DEPTH}: flatten the value"

    def test_every_allowed_type_may_stand_at_one_level(self) -> None:
        """
        All seven side by side are a document.
        """
        assert canonical([None, True, 1, 0.5, "a", [], {}]) == b'[null,true,1,0.5,"a",[],{}]'

    def test_a_cycle_behind_containers_that_ended(self) -> None:
        """
        What lies open around a place is remembered when its earlier neighbours, however deep, are done.
        """
        inner: dict[str, Any] = {"a": {"b": [[1], 2]}, "c": [{}]}
        inner["d"] = inner
        assert _refusal({"top": [inner]}).where == "/top/0/d"
        assert _refusal({"top": [{"a": {"b": [[1], 2]}, "c": [{}, (1,)]}]}).where == "/top/0/c/1"

    def test_a_cycle_that_doubles_is_named_at_any_limit(self) -> None:
        """
        What grows beyond a limit because it holds itself is refused as a cycle, at its place, and not as large.
        """
        loop: list[Any] = []
        loop.extend([loop, loop])
        with pytest.raises(EncodingError) as caught:
            check_json({"a": loop}, limit=1_000)
        assert (caught.value.what, caught.value.where) == ("a container that holds itself", "/a/0")

    @pytest.mark.parametrize("innermost", [1, "a", {}], ids=["number", "text", "object"])
    def test_a_shared_list_that_multiplies(self, innermost: Any) -> None:
        """
        Ten levels of ten times the same list would be ten thousand million values: refused as too large.
        """
        value = innermost
        for _ in range(10):
            value = [value] * 10
        error = _refusal(value)
        assert (error.what.startswith("a document of at least "), error.where) == (True, "/")

    @pytest.mark.parametrize(
        "shared", [dict.fromkeys(map(str, range(10_000)), 1), [0] * 10_000], ids=["object", "list"]
    )
    def test_a_large_shared_part_that_multiplies(self, shared: Any) -> None:
        """
        Fifteen hundred times one container of ten thousand members is refused before its members are gathered.
        """
        document = [shared] * 1_500
        tracemalloc.start()
        try:
            error = _refusal(document)
            _, peak = tracemalloc.get_traced_memory()
        finally:
            tracemalloc.stop()
        assert "document of at least" in error.what
        assert peak < 2 * MAX_DOCUMENT_BYTES

    def test_a_fault_in_a_shared_list_that_multiplies(self) -> None:
        """
        Finding paths in a value that multiplies stops after the faults that are listed.
        """
        value: Any = (1,)
        for _ in range(6):
            value = [value] * 10
        assert MAX_FAULTS <= len(_refusal(value).faults) <= 2 * MAX_FAULTS

    def test_the_search_for_paths_is_bounded(self, monkeypatch: pytest.MonkeyPatch) -> None:
        """
        The search for paths visits at most as many values as a document may hold, and says so.
        """
        monkeypatch.setattr(module, "MAX_JSON_NODES", 100)
        error = _refusal([*range(200), (1,)])
        assert (error.what, error.where) == ("more than 100 values", "/")

    @pytest.mark.parametrize("count", [99, 100])
    def test_the_search_for_paths_visits_every_value_of_the_largest_document(
        self, monkeypatch: pytest.MonkeyPatch, count: int
    ) -> None:
        """
        A document of exactly as many values as there may be is searched to its end.
        """
        monkeypatch.setattr(module, "MAX_JSON_NODES", count)
        error = _refusal([*range(count - 2), (1,)])
        assert error.where == f"/{count - 2}"
        assert error.faults == ()

    @pytest.mark.parametrize(
        "wrap",
        [
            lambda text: text,
            lambda text: [text],
            lambda text: {"a": text},
            lambda text: [[], text],
            lambda text: {text: 1},
            lambda text: [[text], {}],
            lambda text: _nested(MAX_DEPTH, text),
        ],
        ids=["alone", "list", "object", "beside_a_container", "key", "nested", "deepest"],
    )
    def test_a_text_of_32_mib_is_refused(self, wrap: Callable[[str], Any]) -> None:
        """
        A value whose text alone exceeds the limit is refused, wherever the text stands.
        """
        error = _refusal(wrap("x" * (2 * MAX_DOCUMENT_BYTES)))
        assert "document of at least" in error.what
        assert f"the limit is {MAX_DOCUMENT_BYTES} bytes" in error.remedy

    def test_a_list_of_32_mib_is_refused(self) -> None:
        """
        Many small values are refused like one large one.
        """
        assert _refusal([0] * MAX_DOCUMENT_BYTES).what.startswith("a document of at least")

    @pytest.mark.parametrize(
        "make",
        [
            lambda: [0] * MAX_DOCUMENT_BYTES,
            lambda: [["x" * MAX_DOCUMENT_BYTES, []]],
            lambda: [[[0] * 1000] * 1000] * 1000,
        ],
        ids=["long_list", "long_text", "shared_list"],
    )
    def test_the_size_in_the_message_exceeds_the_limit(self, make: Callable[[], Any]) -> None:
        """
        The size a refusal states is one that the limit refuses.
        """
        found = re.search(r"at least (\d+) bytes", _refusal(make()).what)
        assert found is not None
        assert int(found[1]) > MAX_DOCUMENT_BYTES

    @pytest.mark.parametrize(
        "make",
        [
            lambda: {"kk": [0] * ((MAX_DOCUMENT_BYTES - 8) // 2)},
            lambda: [{"": 0}] * ((MAX_DOCUMENT_BYTES - 1) // 7),
            lambda: "x" * (MAX_DOCUMENT_BYTES - 2),
        ],
        ids=["numbers", "objects", "text"],
    )
    @pytest.mark.slow
    def test_a_document_of_exactly_the_limit_is_accepted(self, make: Callable[[], Any]) -> None:
        """
        A document whose canonical size is the limit is not refused.
        """
        assert len(canonical(make())) == MAX_DOCUMENT_BYTES


class TestRecords:
    """
    A record of our own wraps documents of the caller, so its bounds are wider; everything else is as for a document.
    """

    @pytest.mark.parametrize("value", [{"b": 1.0, "a": [1e-6]}, {"\ue000": 1, "\U00010000": 2}, "text", None])
    def test_its_bytes_are_those_of_a_document(self, value: Any) -> None:
        """
        Within the bounds of a document, a record has the same bytes.
        """
        assert canonical_record(value) == canonical(value)

    @pytest.mark.parametrize("innermost", [1, [], {"a": 1}], ids=["number", "empty", "object"])
    def test_its_depth_is_bounded(self, innermost: Any) -> None:
        """
        72 containers are accepted, 73 refused with their path.
        """
        inside = 0 if innermost == 1 else 1
        assert canonical_record(_nested(MAX_RECORD_DEPTH - inside, innermost))
        with pytest.raises(EncodingError) as caught:
            canonical_record(_nested(MAX_RECORD_DEPTH - inside + 1, innermost))
        assert caught.value.what == f"nesting deeper than {MAX_RECORD_DEPTH}"
        assert caught.value.where == "/0" * MAX_RECORD_DEPTH

    def test_its_size_is_bounded(self) -> None:
        """
        40 MiB are accepted, a longer text is refused, and the message names the record's limit.
        """
        assert len(canonical_record(["x" * (MAX_RECORD_BYTES - 4)])) == MAX_RECORD_BYTES
        with pytest.raises(EncodingError) as caught:
            canonical_record(["x" * MAX_RECORD_BYTES])
        assert "document of at least" in caught.value.what
        assert str(MAX_RECORD_BYTES) in caught.value.remedy

    @pytest.mark.parametrize("case", ["tuple", "str_enum", "nan", "two_to_53", "lone_high_surrogate"])
    def test_it_refuses_what_a_document_refuses(self, case: str) -> None:
        """
        What is not JSON is refused in a record too, with its path, also below the depth of a document.
        """
        value = {**_NOT_JSON, **_OUT_OF_RANGE}[case]
        for depth in (1, MAX_RECORD_DEPTH):
            with pytest.raises(EncodingError) as caught:
                canonical_record(_nested(depth, value))
            assert caught.value.where == "/0" * depth


class TestEncodeChecked:
    """
    Where the walk is left out, the encoder still refuses what only it can see.
    """

    @pytest.mark.parametrize("value", [2**53, [-(2**53)], {"a": "\ud800"}, {"\udfff": 1}, "\ud800"])
    def test_the_encoders_refusals_have_paths(self, value: Any) -> None:
        """
        Integers out of range and lone surrogates are refused with the same error.
        """
        with pytest.raises(EncodingError) as caught:
            encode_checked(value)
        assert caught.value.where
        assert isinstance(caught.value.__cause__, orjson.JSONEncodeError)

    def test_a_refusal_without_a_fault_is_a_bug(self) -> None:
        """
        If the encoder refuses what the walk accepts, the engine says that it is at fault.
        """
        with pytest.raises(EngineBug):
            module._refusal({"a": [MAX_NUMBER]})
