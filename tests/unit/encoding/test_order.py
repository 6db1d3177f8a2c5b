"""One order and one equality for all JSON values."""

from typing import Any

import pytest

from runtime.encoding.canonical import canonical
from runtime.encoding.order import order_key

# Each group holds spellings of one value; the groups stand in ascending order.
_ASCENDING: list[list[Any]] = [
    [None],
    [False],
    [True],
    [-1e15],
    [-2],
    [-0.5],
    [0, 0.0, -0.0],
    [5e-324],
    [0.1],
    [1, 1.0],
    [2**52, 2.0**52],
    [2**53 - 1, float(2**53 - 1)],
    [""],
    ["0"],
    ["10"],
    ["9"],
    ["A"],
    ["a"],
    ["a\x00"],
    ["aa"],
    ["b"],
    ["\ue000"],
    ["\uffff"],
    ["\U00010000"],
    [[1, 2], [1.0, 2.0]],
    [[1]],
    [[]],
    [[True]],
    [{"a": 1, "b": 2}, {"b": 2.0, "a": 1}],
    [{"a": 1}],
    [{"a": True}],
    [{}],
]
_VALUES = [(rank, value) for rank, group in enumerate(_ASCENDING) for value in group]


@pytest.mark.parametrize(("rank", "value"), _VALUES, ids=[repr(value) for _, value in _VALUES])
def test_every_pair_compares_as_documented(rank: int, value: Any) -> None:
    """
    null, false, true, numbers, strings by code point, lists, objects; the last two by canonical bytes.
    """
    key = order_key(value)
    for other_rank, other in _VALUES:
        assert (key < order_key(other)) == (rank < other_rank)
        assert (key == order_key(other)) == (rank == other_rank) == (canonical(value) == canonical(other))


def test_true_is_not_one() -> None:
    """
    Booleans equal no number, and come before all of them.
    """
    assert order_key(True) != order_key(1)
    assert order_key(False) != order_key(0)
    assert order_key(True) < order_key(-1)
    assert order_key([True]) != order_key([1])
    assert order_key({"a": True}) != order_key({"a": 1})


def test_an_integral_float_equals_its_integer_inside_containers() -> None:
    """
    `2.0` and `2` are one value, at any depth.
    """
    assert order_key([{"a": 2.0}]) == order_key([{"a": 2}])


def test_sorting_mixed_values_needs_no_common_type() -> None:
    """
    Values of every type can stand in one list and be sorted.
    """
    mixed: list[Any] = [{}, [], "a", 1, 0.5, True, False, None]
    assert sorted(mixed, key=order_key) == [None, False, True, 0.5, 1, "a", [], {}]
