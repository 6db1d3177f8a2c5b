"""Laws of canonical bytes, of the order that goes with them, and of the values held as them."""

import enum
import itertools
import json
import math
import pickle
import random
import struct
from collections.abc import Callable, Iterator
from decimal import Decimal
from typing import Any

import orjson
import pytest
import rfc8785
from hypothesis import example, given
from hypothesis import strategies as st
from strategies import awkward_texts, awkward_values, in_domain_floats, json_values, little_values

from runtime.encoding.canonical import canonical, check_json, key_order
from runtime.encoding.digest import digest_of, digest_of_bytes
from runtime.encoding.frozen import JsonArray, JsonObject, freeze, thaw
from runtime.encoding.order import order_key
from runtime.errors import EncodingError

_LIMIT = 2.0**53


def _ecmascript(number: float) -> str:
    """
    Write a number by the steps of ECMA-262 `Number::toString`, from its shortest digits.
    """
    if number == 0:
        return "0"
    if number < 0:
        return "-" + _ecmascript(-number)
    shortest = Decimal(repr(number)).normalize().as_tuple()
    digits = "".join(map(str, shortest.digits))
    assert isinstance(shortest.exponent, int)
    k, n = len(digits), len(digits) + shortest.exponent
    if k <= n <= 21:
        return digits + "0" * (n - k)
    if 0 < n <= 21:
        return f"{digits[:n]}.{digits[n:]}"
    if -6 < n <= 0:
        return "0." + "0" * -n + digits
    mantissa = digits if k == 1 else f"{digits[0]}.{digits[1:]}"
    return f"{mantissa}e{'+' if n > 0 else '-'}{abs(n - 1)}"


def _is_written(number: float) -> bool:
    return -_LIMIT < number < _LIMIT


def _edges() -> Iterator[float]:
    powers = [float(f"1e{exponent}") for exponent in range(-324, 23)]
    twos = [math.ldexp(1.0, exponent) for exponent in range(-1074, 60)]
    for number in (*powers, *twos, 1.5, 0.1, 123456.789, 9007199254740991.0, 4503599627370495.5):
        for near in (math.nextafter(number, 0), number, math.nextafter(number, math.inf)):
            yield from (near, -near)
    yield from (0.0, -0.0, math.inf, -math.inf, math.nan, 1.7976931348623157e308, 5e-324)


def _doubles(count: int, seed: int) -> Iterator[float]:
    """
    Give doubles of every kind: any bits, decimal numbers near the switches of notation, integral ones, and the edges.
    """
    generator = random.Random(seed)
    yield from itertools.islice(_edges(), count)
    kinds: list[Callable[[], float]] = [
        lambda: struct.unpack(">d", generator.randbytes(8))[0],
        lambda: float(f"{generator.randrange(-(10**17), 10**17)}e{generator.randrange(-30, 0)}"),
        lambda: float(generator.randrange(-(2**54), 2**54)),
        lambda: float(f"{generator.randrange(1, 1000)}e{generator.randrange(-12, 20)}"),
        lambda: generator.randrange(-(2**53), 2**53) / 2 ** generator.randrange(60),
    ]
    while True:
        for kind in kinds:
            yield kind()


class TestEveryDoubleHasItsOneText:
    """
    A double is written as ECMAScript writes it, or refused: exactly when it is integral from 2^53 on, or not finite.
    """

    @pytest.mark.parametrize("count", [10_000, pytest.param(100_000, marks=pytest.mark.slow)])
    def test_generated_doubles(self, count: int) -> None:
        """
        Seeded doubles of every kind equal the exact encoder and the specification's own steps, one by one.
        """
        written = 0
        for number in itertools.islice(_doubles(count, seed=8785), count):
            if _is_written(number):
                raw = canonical(number)
                assert raw == rfc8785.dumps(number) == _ecmascript(number).encode(), repr(number)
                assert float(raw) == number, repr(number)
                written += 1
            else:
                assert not math.isfinite(number) or number.is_integer()
                with pytest.raises(EncodingError):
                    canonical(number)
        assert written > count // 2

    @given(st.floats())
    def test_any_double(self, number: float) -> None:
        """
        The law holds for every double that can be drawn.
        """
        if _is_written(number):
            assert canonical(number) == _ecmascript(number).encode()
        else:
            with pytest.raises(EncodingError):
                canonical(number)

    @given(st.lists(in_domain_floats))
    def test_doubles_beside_each_other(self, numbers: list[float]) -> None:
        """
        Numbers are written in a list as they are alone.
        """
        assert canonical(numbers) == b"[" + b",".join(map(canonical, numbers)) + b"]"


class TestTheBytesAreThoseOfTheExactEncoder:
    """
    `canonical(value)` equals RFC 8785 as the exact encoder writes it, whichever encoder wrote it.
    """

    @given(awkward_values | json_values)
    @example([{"\ue000": 1, "\U00010000": 2}])
    @example({"\uffff": [1e-6], "\U0010ffff": 1.0})
    def test_any_value(self, value: Any) -> None:
        """
        The law holds for every value of the domain, and encoding changes nothing in the value.
        """
        before = repr(value)
        assert canonical(value) == rfc8785.dumps(value)
        assert repr(value) == before

    @given(st.dictionaries(awkward_texts, st.none(), max_size=12))
    def test_any_keys(self, document: dict[str, None]) -> None:
        """
        Keys are ordered by UTF-16 code units.
        """
        raw = canonical(document)
        assert raw == rfc8785.dumps(document)
        assert list(json.loads(raw)) == sorted(document, key=key_order)


class TestTheFormIsUnique:
    """
    Equal values have equal bytes, and equal bytes mean equal values.
    """

    @given(awkward_values)
    def test_reading_and_writing_again_changes_nothing(self, value: Any) -> None:
        """
        `canonical(parse(canonical(x))) == canonical(x)`, with either parser.
        """
        raw = canonical(value)
        assert canonical(json.loads(raw)) == canonical(orjson.loads(raw)) == raw

    @given(awkward_values, st.randoms(use_true_random=False))
    def test_spelling_does_not_matter(self, value: Any, shuffler: random.Random) -> None:
        """
        Neither the order of keys nor integral floats reach the bytes.
        """

        def respelled(part: Any) -> Any:
            if type(part) is dict:
                pairs = [(key, respelled(child)) for key, child in part.items()]
                shuffler.shuffle(pairs)
                return dict(pairs)
            if type(part) is list:
                return [respelled(child) for child in part]
            return float(part) if type(part) is int and shuffler.random() < 0.5 else part

        assert canonical(respelled(value)) == canonical(value)

    @given(little_values)
    def test_the_walk_never_overstates_the_size(self, value: Any) -> None:
        """
        What the walk gives is a lower bound of the canonical size.
        """
        assert check_json(value) <= len(canonical(value))


class _Member(enum.IntEnum):
    ONE = 1


_foreign = st.one_of(
    st.tuples(st.integers()),
    st.sampled_from([_Member.ONE, b"a", {1}, frozenset(), Decimal(1), object(), math.nan, math.inf, 2**53, 2.0**53]),
    st.text(st.characters(categories=["Cs"]), min_size=1, max_size=2),
)
_anything = st.recursive(
    little_values | _foreign,
    lambda children: (
        st.lists(children, max_size=3)
        | st.dictionaries(awkward_texts | st.integers() | st.just("\ud800"), children, max_size=3)
    ),
    max_leaves=5,
)


def _faults(value: Any, path: str = "") -> list[str]:
    """
    List the places outside the domain, straight from its definition.
    """
    kind = type(value)
    if kind is dict:
        keys = [path or "/" for key in value if type(key) is not str or not _has_utf8(key)]
        return keys + [fault for key, child in value.items() for fault in _faults(child, f"{path}/{key}")]
    if kind is list:
        return [fault for index, child in enumerate(value) for fault in _faults(child, f"{path}/{index}")]
    is_json = (
        value is None
        or kind is bool
        or (kind is str and _has_utf8(value))
        or (kind is int and -(2**53) < value < 2**53)
        or (kind is float and _is_written(value))
    )
    return [] if is_json else [path or "/"]


def _has_utf8(text: str) -> bool:
    return not any("\ud800" <= character <= "\udfff" for character in text)


class TestTheDomainIsExact:
    """
    A value is encoded exactly when every part of it is of the domain, and a refusal names every part that is not.
    """

    @given(_anything)
    def test_any_value(self, value: Any) -> None:
        """
        Nothing but an `EncodingError` is raised, with as many faults as there are, up to the number that is listed.
        """
        expected = _faults(value)
        if not expected:
            assert canonical(value) == rfc8785.dumps(value)
            return
        with pytest.raises(EncodingError) as caught:
            canonical(value)
        error = caught.value
        assert str(error).encode()
        if len(expected) == 1:
            assert error.faults == ()
        else:
            assert min(len(error.faults), 20) == min(len(expected), 20)


class TestOneTotalOrder:
    """
    `order_key` gives a total order in which two values are equal exactly when their canonical bytes are.
    """

    @given(little_values, little_values)
    def test_any_two_compare_one_way(self, one: Any, other: Any) -> None:
        """
        Exactly one of less, equal and greater holds; equal exactly when the canonical bytes are equal.
        """
        left, right = order_key(one), order_key(other)
        assert [left < right, left == right, left > right].count(True) == 1
        assert (left == right) == (canonical(one) == canonical(other))
        assert (left <= right) == (not right < left)

    @given(little_values)
    def test_it_is_reflexive(self, value: Any) -> None:
        """
        A value equals itself, and itself read back.
        """
        assert order_key(value) == order_key(value)
        assert order_key(value) == order_key(json.loads(canonical(value)))

    @given(st.lists(little_values, min_size=3, max_size=3))
    def test_it_is_transitive(self, values: list[Any]) -> None:
        """
        From a <= b and b <= c follows a <= c.
        """
        for one, two, three in itertools.permutations(map(order_key, values)):
            assert not (one <= two <= three) or one <= three

    @given(st.lists(little_values, max_size=4), st.randoms(use_true_random=False))
    def test_sorting_does_not_depend_on_the_order_given(self, values: list[Any], shuffler: random.Random) -> None:
        """
        Sorting a shuffled list gives the same canonical bytes.
        """
        shuffled = list(values)
        shuffler.shuffle(shuffled)
        assert canonical(sorted(shuffled, key=order_key)) == canonical(sorted(values, key=order_key))


class TestFrozenValuesAreTheirBytes:
    """
    A frozen value is equal, hashed, shown, copied and pickled by its canonical bytes.
    """

    @given(little_values)
    def test_freezing_and_thawing_keeps_the_bytes(self, value: Any) -> None:
        """
        `canonical(thaw(freeze(x))) == canonical(x)`, and freezing again changes nothing.
        """
        frozen = freeze(value)
        assert canonical(thaw(frozen)) == canonical(value)
        assert freeze(thaw(frozen)) == frozen
        assert freeze(frozen) == frozen

    @given(little_values, little_values)
    def test_equality_is_equality_of_bytes(self, one: Any, other: Any) -> None:
        """
        Two frozen containers are equal exactly when their bytes are; equal ones hash alike.
        """
        left, right = freeze([one]), freeze([other])
        assert (left == right) == (canonical(one) == canonical(other))
        assert (left == [other]) == (left == right)
        if left == right:
            assert hash(left) == hash(right)

    @given(st.lists(little_values, max_size=3), st.slices(3))
    def test_slices_are_those_of_the_list(self, values: list[Any], part: slice) -> None:
        """
        A slice of the frozen array has the bytes of the list's slice.
        """
        piece: Any = JsonArray(values)[part]
        assert type(piece) is JsonArray
        assert piece.raw == canonical(values[part])

    @given(st.dictionaries(awkward_texts, little_values, max_size=3))
    def test_parts_have_the_bytes_of_the_parts(self, document: dict[str, Any]) -> None:
        """
        Every member read out of a frozen object encodes as the plain member does, in canonical order of keys.
        """
        frozen = JsonObject(document)
        assert list(frozen) == sorted(document, key=key_order)
        for key, part in frozen.items():
            assert canonical(thaw(part)) == canonical(document[key])
            if isinstance(part, JsonObject | JsonArray):
                assert part.raw == canonical(document[key])
                assert part.digest == digest_of(document[key])

    @given(st.lists(little_values, max_size=3))
    def test_pickling_keeps_the_bytes(self, values: list[Any]) -> None:
        """
        A pickled frozen array comes back equal.
        """
        frozen = JsonArray(values)
        again = pickle.loads(pickle.dumps(frozen))  # noqa: S301 - made in the line itself.
        assert again == frozen
        assert again.raw == frozen.raw

    @given(little_values)
    def test_the_digest_is_that_of_the_bytes(self, value: Any) -> None:
        """
        `digest_of(x)` is the digest of `canonical(x)`.
        """
        assert digest_of(value) == digest_of_bytes(canonical(value))
