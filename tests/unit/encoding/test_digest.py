"""Digests: SHA-256 of plain canonical bytes, nothing prefixed."""

import re
import shutil
import subprocess
from pathlib import Path

import pytest

from runtime.encoding.canonical import canonical
from runtime.encoding.digest import DIGEST_PATTERN, NULL_DIGEST, digest_of, digest_of_bytes, is_digest
from runtime.errors import EncodingError

_EMPTY = "sha256:e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"
_NULL = "sha256:74234e98afe7498fb5daf1f36ac2d78acc339464f950703b8c019892f982b90b"
_ABC = "sha256:ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"


def test_the_digest_is_plain_sha256() -> None:
    """
    The published digests of the empty text and of `abc` come out.
    """
    assert digest_of_bytes(b"") == _EMPTY
    assert digest_of_bytes(b"abc") == _ABC


def test_the_null_digest_is_that_of_the_four_bytes() -> None:
    """
    Absent metadata has the digest of the text `null`.
    """
    assert NULL_DIGEST == _NULL == digest_of(None) == digest_of_bytes(b"null")


@pytest.mark.skipif(shutil.which("sha256sum") is None, reason="needs the sha256sum program")
@pytest.mark.parametrize("value", [None, {"b": [1.0, "\u20ac"], "a": 1e-6}], ids=["null", "object"])
def test_sha256sum_on_the_canonical_file_gives_the_same(tmp_path: Path, value: object) -> None:
    """
    A stranger needs nothing but `sha256sum` to check a digest.
    """
    file = tmp_path / "value.json"
    file.write_bytes(canonical(value))
    program = shutil.which("sha256sum")
    assert program is not None
    printed = subprocess.run([program, str(file)], check=True, capture_output=True, text=True).stdout
    assert digest_of(value) == "sha256:" + printed.split()[0]


def test_equal_values_have_one_digest() -> None:
    """
    Key order and the spelling of numbers do not reach the digest; `true` and `1` do.
    """
    assert digest_of({"a": 1, "b": 2.0}) == digest_of({"b": 2, "a": 1.0})
    assert digest_of([True]) != digest_of([1])


def test_what_is_not_json_has_no_digest() -> None:
    """
    A value outside the domain is refused, not digested somehow.
    """
    with pytest.raises(EncodingError):
        digest_of((1,))


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (_EMPTY, True),
        ("sha256:" + "0" * 64, True),
        (_EMPTY.upper(), False),
        ("sha256:" + "A" * 64, False),
        (_EMPTY.removeprefix("sha256:"), False),
        ("sha512:" + "0" * 64, False),
        ("sha256:" + "0" * 63, False),
        ("sha256:" + "0" * 65, False),
        ("sha256:" + "g" * 64, False),
        ("sha256:" + "\u0660" * 64, False),
        (_EMPTY + "\n", False),
        (" " + _EMPTY, False),
        ("", False),
        (None, False),
        (_EMPTY.encode(), False),
        (["sha256"], False),
    ],
)
def test_only_the_one_spelling_is_a_digest(text: object, *, expected: bool) -> None:
    """
    A digest is `sha256:` and 64 lower-case ASCII hex digits, with nothing around them.
    """
    assert is_digest(text) is expected


def test_the_pattern_describes_every_digest() -> None:
    """
    The published pattern matches whole digests.
    """
    assert re.fullmatch(DIGEST_PATTERN, digest_of({}))
