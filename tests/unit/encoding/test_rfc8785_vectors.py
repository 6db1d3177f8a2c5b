"""Canonical bytes against the published vectors: the reference suite's files and the RFC's table of numbers."""

import json
import struct
from pathlib import Path

import pytest

from runtime.encoding.canonical import canonical
from runtime.encoding.jsontext import parse_canonical, parse_json
from runtime.errors import EncodingError

_VECTORS = Path(__file__).parents[2] / "golden" / "rfc8785"
_WHOLE = ["arrays", "french", "structures", "unicode", "weird"]
_LIMIT = 2.0**53

# RFC 8785, appendix B: bits of a double, and the text ECMAScript gives it.
_NUMBERS = {
    "0000000000000000": "0",
    "8000000000000000": "0",
    "0000000000000001": "5e-324",
    "8000000000000001": "-5e-324",
    "3eb0c6f7a0b5ed8c": "9.999999999999997e-7",
    "3eb0c6f7a0b5ed8d": "0.000001",
    "41b3de4355555553": "333333333.3333332",
    "41b3de4355555554": "333333333.33333325",
    "41b3de4355555555": "333333333.3333333",
    "41b3de4355555556": "333333333.3333334",
    "41b3de4355555557": "333333333.33333343",
    "becbf647612f3696": "-0.0000033333333333333333",
    "43143ff3c1cb0959": "1424953923781206.2",
}
_NUMBERS_OUTSIDE = [
    "7fefffffffffffff",
    "ffefffffffffffff",
    "4340000000000000",
    "c340000000000000",
    "4430000000000000",
    "44b52d02c7e14af5",
    "44b52d02c7e14af6",
    "44b52d02c7e14af7",
    "444b1ae4d6e2ef4e",
    "444b1ae4d6e2ef4f",
    "444b1ae4d6e2ef50",
    "7fffffffffffffff",
    "7ff0000000000000",
]


def _vector(name: str) -> tuple[bytes, bytes]:
    return (_VECTORS / "input" / f"{name}.json").read_bytes(), (_VECTORS / "output" / f"{name}.json").read_bytes()


def _double(bits: str) -> float:
    number: float = struct.unpack(">d", bytes.fromhex(bits))[0]
    return number


def test_every_vector_file_is_tested() -> None:
    """
    No vector is left out in silence.
    """
    for folder in ("input", "output"):
        assert sorted(path.stem for path in (_VECTORS / folder).iterdir()) == sorted([*_WHOLE, "values"])


@pytest.mark.parametrize("name", _WHOLE)
def test_the_bytes_are_those_of_the_reference_suite(name: str) -> None:
    """
    The canonical bytes of an input are the suite's, byte for byte.
    """
    given, expected = _vector(name)
    assert canonical(parse_json(given)) == expected


@pytest.mark.parametrize("name", _WHOLE)
def test_the_canonical_form_is_its_own_canonical_form(name: str) -> None:
    """
    The suite's outputs are accepted as stored documents and mean what the inputs mean.
    """
    given, expected = _vector(name)
    assert parse_canonical(expected) == json.loads(given)


def test_the_number_beyond_the_exact_range_is_refused_with_its_path() -> None:
    """
    1E30 of the suite's `values` is integral and beyond 2^53: refused as text and as value.
    """
    given, _ = _vector("values")
    for read in (parse_json, lambda text: canonical(json.loads(text))):
        with pytest.raises(EncodingError) as caught:
            read(given)
        assert caught.value.where == "/numbers/1"
        assert caught.value.what == "float 1e+30"


def test_the_rest_of_that_vector_has_the_suites_bytes() -> None:
    """
    Without 1E30 the suite's `values` encodes as the suite says.
    """
    given, expected = _vector("values")
    document = json.loads(given)
    assert document["numbers"].pop(1) == 1e30
    assert canonical(document) == expected.replace(b"1e+30,", b"")


@pytest.mark.parametrize("bits", _NUMBERS)
def test_numbers_are_written_as_the_rfcs_table_says(bits: str) -> None:
    """
    Each number of the RFC's table within the exact range has the text the table gives.
    """
    assert canonical(_double(bits)) == _NUMBERS[bits].encode()


@pytest.mark.parametrize("bits", _NUMBERS_OUTSIDE)
def test_the_tables_numbers_outside_the_exact_range_are_refused(bits: str) -> None:
    """
    Each number of the RFC's table that is integral from 2^53 on, infinite or not a number is refused.
    """
    number = _double(bits)
    assert not -_LIMIT < number < _LIMIT
    with pytest.raises(EncodingError):
        canonical(number)
