"""Frozen JSON: read like a dict and a list, changed by nobody, equal by canonical bytes."""

import copy
import operator
import pickle
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import pytest

from runtime.encoding.canonical import canonical
from runtime.encoding.digest import digest_of
from runtime.encoding.frozen import EMPTY_OBJECT, JsonArray, JsonObject, freeze, frozen_object, thaw
from runtime.errors import EncodingError

_DOCUMENT: dict[str, Any] = {"b": [1, {"c": [True]}, 2.0], "a": {"x": None}, "s": "text"}


@pytest.fixture
def document() -> JsonObject:
    """
    A frozen object with every kind of part.
    """
    return JsonObject(_DOCUMENT)


def _add_in_place(value: Any) -> None:
    value += [1]


def _merge_in_place(value: Any) -> None:
    value |= {"a": 1}


_CHANGES: dict[str, Callable[[Any], object]] = {
    "set_attribute": lambda value: setattr(value, "other", 1),
    "set_bytes": lambda value: setattr(value, "_raw", b"{}"),
    "set_data": lambda value: setattr(value, "_data", {}),
    "set_property": lambda value: setattr(value, "raw", b"{}"),
    "delete_attribute": lambda value: delattr(value, "_raw"),
    "delete_property": lambda value: delattr(value, "raw"),
    "set_item": lambda value: operator.setitem(value, "a" if isinstance(value, JsonObject) else 0, 1),
    "delete_item": lambda value: operator.delitem(value, "a" if isinstance(value, JsonObject) else 0),
    "update": lambda value: value.update({"a": 1}),
    "pop": lambda value: value.pop("a"),
    "clear": lambda value: value.clear(),
    "set_default": lambda value: value.setdefault("z", 1),
    "append": lambda value: value.append(1),
    "extend": lambda value: value.extend([1]),
    "sort": lambda value: value.sort(),
    "reverse": lambda value: value.reverse(),
    "add_in_place": _add_in_place,
    "merge_in_place": _merge_in_place,
}


class TestImmutability:
    """
    Nothing a caller can do changes a frozen value or a part of it.
    """

    @pytest.mark.parametrize("change", _CHANGES)
    @pytest.mark.parametrize("part", ["object", "array", "inner_object", "inner_array", "slice"])
    def test_every_change_is_refused(self, document: JsonObject, part: str, change: str) -> None:
        """
        Attributes, items and the methods of dict and list refuse, and the bytes stay.
        """
        parts: dict[str, Any] = {
            "object": document,
            "array": JsonArray([1, 2]),
            "inner_object": document["a"],
            "inner_array": document["b"],
            "slice": document["b"][:2],
        }
        value = parts[part]
        before = value.raw
        with pytest.raises((AttributeError, TypeError)):
            _CHANGES[change](value)
        assert value.raw == before == canonical(value.thaw())
        assert document.raw == canonical(_DOCUMENT)

    def test_the_refusal_says_what_to_do(self, document: JsonObject) -> None:
        """
        The message names the class and the way to a changeable copy.
        """
        with pytest.raises(AttributeError, match=r"JsonObject is immutable; thaw\(\) gives a copy to change"):
            document.other = 1

    def test_there_is_no_attribute_dict(self, document: JsonObject) -> None:
        """
        No attribute can be smuggled in past `__setattr__`.
        """
        for value in (document, document["b"]):
            with pytest.raises((AttributeError, TypeError)):
                vars(value)

    def test_the_callers_value_is_copied(self) -> None:
        """
        Changing what was frozen, at any depth, changes nothing in the frozen value.
        """
        inner: list[Any] = [1]
        given: dict[str, Any] = {"a": inner, "b": {"c": 1}}
        frozen, array = JsonObject(given), JsonArray([given])
        inner.append(2)
        given["b"]["c"] = 2
        given["d"] = 3
        assert frozen.raw == b'{"a":[1],"b":{"c":1}}'
        assert array.raw == b'[{"a":[1],"b":{"c":1}}]'
        assert frozen["b"]["c"] == 1

    def test_what_thaw_gives_is_the_callers(self, document: JsonObject) -> None:
        """
        Each thawing gives a fresh plain copy; changing it changes neither the value nor the next copy.
        """
        document["b"]
        first = document.thaw()
        first["b"][1]["c"].append(2)
        del first["a"]
        part = document["b"].thaw()
        part.append(1)
        assert document.thaw() == {"a": {"x": None}, "b": [1, {"c": [True]}, 2], "s": "text"}
        assert document["b"].thaw() == [1, {"c": [True]}, 2]

    def test_thawed_values_are_plain(self, document: JsonObject) -> None:
        """
        Thawing gives dicts and lists all the way down.
        """
        plain = thaw(document)
        assert type(plain) is dict
        assert type(plain["b"]) is type(plain["b"][1]["c"]) is list
        assert type(plain["b"][1]) is dict
        assert canonical(plain) == document.raw


class TestEquality:
    """
    Two frozen values are equal exactly when their canonical bytes are.
    """

    @pytest.mark.parametrize(
        ("one", "other"),
        [
            ({"a": 1, "b": 2}, {"b": 2, "a": 1}),
            ({"a": 2.0}, {"a": 2}),
            ([-0.0], [0]),
            ([{"a": [1.0]}], [{"a": [1]}]),
        ],
        ids=["order", "integral_float", "negative_zero", "nested"],
    )
    def test_equal_bytes_are_equal_values(self, one: Any, other: Any) -> None:
        """
        Spelling does not matter, for the frozen value and for the plain one beside it; equal values hash alike.
        """
        assert freeze(one) == freeze(other)
        assert freeze(one) == other
        assert one == freeze(other)
        assert not freeze(one) != other  # noqa: SIM202 - `!=` has its own method.
        assert hash(freeze(one)) == hash(freeze(other))
        assert len({freeze(one), freeze(other)}) == 1

    @pytest.mark.parametrize(
        ("one", "other"),
        [
            ({"a": 1}, {"a": True}),
            ([0], [False]),
            ([[1]], [[True]]),
            ({}, []),
            ({"a": 1}, {"a": "1"}),
            ({"a": None}, {}),
            ([1, 2], [2, 1]),
            (["\xe9"], ["e\u0301"]),
        ],
        ids=["true", "false", "nested_true", "kind", "text", "null", "order", "composition"],
    )
    def test_other_bytes_are_other_values(self, one: Any, other: Any) -> None:
        """
        `true` is not `1`, null is not absent, and lists are ordered.
        """
        assert freeze(one) != freeze(other)
        assert freeze(one) != other
        assert one != freeze(other)
        assert len({freeze(one), freeze(other)}) == 2

    def test_parts_are_equal_by_bytes_too(self) -> None:
        """
        A part read out of a value equals the same value frozen alone, and hashes alike.
        """
        document = JsonObject({"a": [{"b": 1.0}], "t": [{"b": True}]})
        assert document["a"] == JsonArray([{"b": 1}])
        assert document["a"][0] == JsonObject({"b": 1})
        assert hash(document["a"][0]) == hash(JsonObject({"b": 1}))
        assert document["a"] != document["t"]

    @pytest.mark.parametrize(
        "other", [None, 1, "{}", (), (("a", 1),), b"{}", {1}, object()], ids=lambda value: type(value).__name__
    )
    def test_other_kinds_are_never_equal(self, other: object) -> None:
        """
        Comparing with something that is no JSON container is False, not an error.
        """
        for value in (JsonObject({}), JsonArray([])):
            assert value != other
            assert not value == other  # noqa: SIM201 - `==` has its own method.

    @pytest.mark.parametrize("other", [{"a": (1,)}, {1: 2}, {"a": float("nan")}], ids=["tuple", "key", "nan"])
    def test_a_plain_container_that_is_not_json_is_not_equal(self, other: Any) -> None:
        """
        Comparing with a dict or a list outside the domain is False, not an error.
        """
        assert JsonObject({"a": [1]}) != other
        assert JsonArray([1]) != [other]

    def test_subclasses_of_plain_containers_are_not_equal(self) -> None:
        """
        A dict of another class is no JSON, so it equals no frozen value.
        """

        class Other(dict[str, Any]):
            pass

        assert JsonObject({"a": 1}) != Other(a=1)


class TestViews:
    """
    Frozen objects read like dicts and frozen arrays like lists, and so do their parts.
    """

    def test_an_object_reads_like_a_dict(self, document: JsonObject) -> None:
        """
        Length, membership, `get` and the three views are those of a mapping.
        """
        assert isinstance(document, Mapping)
        assert len(document) == 3
        assert "a" in document
        assert "z" not in document
        assert document.get("z", 7) == 7
        assert document["s"] == "text"
        assert list(document.values()) == [document["a"], document["b"], document["s"]]
        assert dict(document.items()) == {"a": document["a"], "b": document["b"], "s": "text"}
        assert bool(document)
        assert not JsonObject({})
        with pytest.raises(KeyError):
            document["z"]

    def test_an_array_reads_like_a_list(self) -> None:
        """
        Length, indexes from both ends, membership, `index` and `count` are those of a sequence.
        """
        array = JsonArray([3, "a", None, 3])
        assert isinstance(array, Sequence)
        assert len(array) == 4
        assert (array[0], array[-1], array[1]) == (3, 3, "a")
        assert "a" in array
        assert "b" not in array
        assert array.index("a") == 1
        assert array.count(3) == 2
        assert list(array) == [3, "a", None, 3]
        assert list(reversed(array)) == [3, None, "a", 3]
        assert not JsonArray([])
        with pytest.raises(IndexError):
            array[4]
        with pytest.raises(TypeError):
            array["0"]  # type: ignore[call-overload]  # the refusal is tested.

    @pytest.mark.parametrize(
        "part",
        [slice(None), slice(1, 3), slice(None, None, -1), slice(-2, None), slice(9, None), slice(0, 9, 2)],
        ids=repr,
    )
    def test_a_slice_is_again_a_frozen_array(self, part: slice) -> None:
        """
        A slice holds the members a list's slice would, frozen, with bytes of its own.
        """
        plain = [1.0, [2], {"a": 3}, None]
        piece = JsonArray(plain)[part]
        assert type(piece) is JsonArray
        assert piece == plain[part]
        assert piece.raw == canonical(plain[part])

    def test_parts_are_frozen(self, document: JsonObject) -> None:
        """
        Whatever way a container is read out, it is frozen.
        """
        assert type(document["b"]) is JsonArray
        assert type(document["a"]) is JsonObject
        assert type(document["b"][1]) is type(next(iter(document.values()))) is JsonObject
        assert type(dict(document.items())["b"]) is type(document.get("b")) is JsonArray
        assert type(list(document["b"])[1]) is JsonObject

    def test_keys_come_in_canonical_order(self) -> None:
        """
        Iteration goes by UTF-16 code units, however the keys came in; parts do the same.
        """
        keys = ["b", "\uffff", "a", "\U00010000", "\ue000", ""]
        expected = ["", "a", "b", "\U00010000", "\ue000", "\uffff"]
        document = JsonObject({"inner": dict.fromkeys(keys), **dict.fromkeys(keys)})
        assert list(document) == ["", "a", "b", "inner", "\U00010000", "\ue000", "\uffff"]
        assert list(document["inner"]) == list(document["inner"].thaw()) == expected

    def test_bytes_digest_and_text_agree(self, document: JsonObject) -> None:
        """
        Bytes, digest and repr all state the canonical form, for the whole and for parts.
        """
        assert document.raw == canonical(_DOCUMENT)
        assert document.digest == digest_of(_DOCUMENT)
        assert document["b"].raw == b'[1,{"c":[true]},2]'
        assert document["b"].digest == digest_of([1, {"c": [True]}, 2])
        assert repr(document["b"]) == 'JsonArray([1,{"c":[true]},2])'
        assert repr(JsonObject({"\u20ac": 1})) == 'JsonObject({"\u20ac":1})'

    def test_reading_does_not_change_the_bytes(self, document: JsonObject) -> None:
        """
        Bytes are the same before and after every part was read.
        """
        before = document.raw
        for part in document.values():
            repr(part)
        assert document.raw is before


@pytest.mark.parametrize("protocol", range(pickle.HIGHEST_PROTOCOL + 1))
@pytest.mark.parametrize("key", ["a", "b", None], ids=["object_part", "array_part", "whole"])
def test_pickling_keeps_the_value(document: JsonObject, protocol: int, key: str | None) -> None:
    """
    A frozen value, whole or part, comes back from every pickle protocol as an equal one of the same class.
    """
    value = document if key is None else document[key]
    again = pickle.loads(pickle.dumps(value, protocol))  # noqa: S301 - made in the line itself.
    assert type(again) is type(value)
    assert again == value
    assert again.raw == value.raw


def test_copies_are_the_value_itself(document: JsonObject) -> None:
    """
    What nobody can change needs no copy.
    """
    for value in (document, document["b"]):
        assert copy.copy(value) is value
        assert copy.deepcopy(value) is value
    assert copy.deepcopy({"a": document})["a"] is document


class TestFreeze:
    """
    `freeze` takes plain JSON in and `thaw` gives plain JSON out.
    """

    @pytest.mark.parametrize(
        ("given", "expected"),
        [
            (None, None),
            (True, True),
            (0, 0),
            ("a\u20ac", "a\u20ac"),
            (2.0, 2),
            (-0.0, 0),
            (1e15, 10**15),
            (0.1, 0.1),
            (1e-7, 1e-7),
            (5e-324, 5e-324),
            (float(2**53 - 1), 2**53 - 1),
            (2**53 - 1, 2**53 - 1),
        ],
    )
    def test_scalars_take_their_canonical_type(self, given: Any, expected: Any) -> None:
        """
        A scalar comes back as canonical bytes would be read: an integral float is an integer.
        """
        frozen = freeze(given)
        assert frozen == expected
        assert type(frozen) is type(expected)
        assert thaw(frozen) is frozen

    def test_containers_are_wrapped_and_frozen_ones_kept(self) -> None:
        """
        A dict becomes an object, a list an array; what is frozen stays the same object.
        """
        assert type(freeze({})) is JsonObject
        assert type(freeze([])) is JsonArray
        for value in (JsonObject({"a": 1}), JsonArray([1])):
            assert freeze(value) is value

    def test_numbers_inside_containers_take_their_canonical_type(self) -> None:
        """
        A member `2.0` is read as the integer 2.
        """
        assert type(JsonArray([2.0])[0]) is int
        assert type(JsonObject({"a": 2.0}).thaw()["a"]) is int

    @pytest.mark.parametrize(
        "value", [(1,), {1}, b"a", float("nan"), 2**53, "\ud800", object()], ids=lambda value: type(value).__name__
    )
    def test_what_is_not_json_is_refused(self, value: Any) -> None:
        """
        Freezing refuses what canonical JSON refuses, alone and inside.
        """
        for given in (value, [value], {"a": value}):
            with pytest.raises(EncodingError):
                freeze(given)

    @pytest.mark.parametrize("value", [[], (), None, "{}", 1, JsonArray([])], ids=repr)
    def test_an_object_is_made_of_a_dict_alone(self, value: Any) -> None:
        """
        `frozen_object` and `JsonObject` refuse every other kind, by name.
        """
        for make in (JsonObject, frozen_object):
            with pytest.raises(EncodingError, match="expected a JSON object, a plain dict"):
                make(value)

    @pytest.mark.parametrize("value", [{}, (), None, "[]", 1, JsonObject({})], ids=repr)
    def test_an_array_is_made_of_a_list_alone(self, value: Any) -> None:
        """
        `JsonArray` refuses every other kind, by name.
        """
        with pytest.raises(EncodingError, match="expected a JSON list, a plain list"):
            JsonArray(value)

    def test_a_frozen_object_is_kept(self) -> None:
        """
        `frozen_object` gives a frozen object back as it is, and freezes a plain one.
        """
        value = JsonObject({"a": 1})
        assert frozen_object(value) is value
        assert frozen_object({"a": 1}) == value

    def test_subclasses_of_frozen_values_are_refused(self) -> None:
        """
        A class that could change the rules is no frozen value.
        """

        class Object(JsonObject):
            pass

        class Array(JsonArray):
            pass

        values: list[Any] = [Object({}), Array([])]
        for value in values:
            with pytest.raises(EncodingError):
                freeze(value)
            with pytest.raises(EncodingError):
                frozen_object(value)

    def test_the_empty_object_is_empty(self) -> None:
        """
        The shared default holds nothing.
        """
        assert EMPTY_OBJECT.raw == b"{}"
        assert not EMPTY_OBJECT

    def test_canonical_bytes_are_taken_as_they_are(self) -> None:
        """
        Bytes this package made become a value without a second encoding.
        """
        raw = canonical({"b": 1, "a": [2.0]})
        assert JsonObject.from_canonical(raw).raw is raw
        assert JsonObject.from_canonical(raw) == JsonObject({"a": [2], "b": 1})
