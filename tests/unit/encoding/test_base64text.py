"""Base64: one spelling for the same bytes."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from runtime.encoding.base64text import from_base64, to_base64
from runtime.errors import EncodingError


@given(st.binary(max_size=200))
def test_bytes_come_back(raw: bytes) -> None:
    """
    What is written is read as it was.
    """
    assert from_base64(to_base64(raw)) == raw


@pytest.mark.parametrize(
    "text",
    ["YQ", "YQ=", "YR==", "YQ==\n", " YQ==", "Y Q==", "YQ==YQ==", "_-8=", "é", "\ud800", "=", None, 5, b"YQ=="],
    ids=repr,
)
def test_another_spelling_is_refused(text: Any) -> None:
    """
    Not padded, with spaces, URL-safe, with bits behind the end, or no text: refused with its place.
    """
    with pytest.raises(EncodingError, match="is not canonical base64") as caught:
        from_base64(text, where="payload")
    assert caught.value.where == "payload"
