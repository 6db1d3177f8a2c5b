"""Laws of strict intake: what is accepted, what it means, and that nothing else than a refusal comes out."""

import json
import random
from typing import Any

import pytest
from hypothesis import assume, example, given
from hypothesis import strategies as st
from strategies import awkward_values, little_values

from runtime.encoding.canonical import canonical
from runtime.encoding.jsontext import parse_canonical, parse_json
from runtime.errors import EncodingError

_fragments = st.sampled_from(
    [
        *'{}[]:,"\\ \n\t',
        '"a"',
        '"b":',
        '"a":1',
        "null",
        "true",
        "false",
        "NaN",
        "Infinity",
        "-",
        "0",
        "-0",
        "1",
        "1.0",
        "1e-6",
        "1e999",
        "9007199254740992",
        r"\ud800",
        r'"\ud800"',
        r"\u0041",
        "\ufeff",
        "\u20ac",
        "\U0001f602",
        "\x00",
        "\ud800",
    ]
)
_json_like = st.lists(_fragments, max_size=14).map("".join)


def _read(text: bytes | str) -> tuple[bool, Any]:
    try:
        return True, parse_json(text)
    except EncodingError as error:
        refusal = error
    assert refusal.what
    assert str(refusal).encode(), "a message must be text that can be printed"
    return False, None


class TestReadingUndoesWriting:
    """
    `parse_json(canonical(x))` is the canonical value of x, and `canonical(parse_json(raw)) == raw`.
    """

    @given(awkward_values)
    def test_canonical_bytes_are_read_back(self, value: Any) -> None:
        """
        Both parsers give a value with the same bytes, from bytes and from text.
        """
        raw = canonical(value)
        for read in (parse_json(raw), parse_json(raw.decode()), parse_canonical(raw)):
            assert canonical(read) == raw
            assert read == json.loads(raw)

    @given(
        awkward_values,
        st.sampled_from([None, 0, 2, "\t"]),
        st.booleans(),
        st.sampled_from([(",", ":"), (", ", ": "), (" ,\n", "\t:\r ")]),
    )
    def test_any_spelling_is_read_as_its_value(
        self,
        value: Any,
        indent: int | str | None,
        ascii_only: bool,  # noqa: FBT001 - drawn.
        separators: tuple[str, str],
    ) -> None:
        """
        White space, escapes and the order of keys change nothing in what a text means.
        """
        text = json.dumps(value, indent=indent, ensure_ascii=ascii_only, separators=separators)
        assert canonical(parse_json(text)) == canonical(parse_json(text.encode())) == canonical(value)


class TestOnlyCanonicalBytesAreStoredDocuments:
    """
    `parse_canonical(raw)` accepts exactly the bytes for which `canonical(parse(raw)) == raw`.
    """

    @given(
        awkward_values,
        st.sampled_from([None, 0, 2]),
        st.booleans(),
        st.sampled_from([(",", ":"), (", ", ": ")]),
        st.randoms(use_true_random=False),
    )
    def test_another_spelling_is_refused(
        self,
        value: Any,
        indent: int | None,
        ascii_only: bool,  # noqa: FBT001 - drawn.
        separators: tuple[str, str],
        shuffler: random.Random,
    ) -> None:
        """
        The same value in any other bytes is refused, at the first byte that differs.
        """
        if type(value) is dict:
            pairs = list(value.items())
            shuffler.shuffle(pairs)
            value = dict(pairs)
        raw, expected = (
            json.dumps(value, indent=indent, ensure_ascii=ascii_only, separators=separators),
            canonical(value),
        )
        spelled = raw.encode()
        if spelled == expected:
            assert canonical(parse_canonical(spelled)) == expected
            return
        with pytest.raises(EncodingError, match="bytes that are not canonical JSON, first at byte ") as caught:
            parse_canonical(spelled)
        offset = int(caught.value.what.rpartition(" ")[2])
        assert spelled[:offset] == expected[:offset]
        assert spelled[offset : offset + 1] != expected[offset : offset + 1]

    @given(little_values, st.data())
    def test_a_changed_byte_is_refused_or_another_document(self, value: Any, data: st.DataObject) -> None:
        """
        Changing, adding or removing a byte of a stored document never gives the same document again.
        """
        raw = canonical(value)
        at = data.draw(st.integers(0, len(raw) - 1))
        put = data.draw(st.binary(max_size=2))
        changed = raw[:at] + put + raw[at + 1 :]
        assume(changed != raw)
        try:
            read = parse_canonical(changed)
        except EncodingError:
            return
        assert canonical(read) == changed != raw

    @given(little_values, st.sampled_from([b" ", b"\n", b"\t", b"\r", b"\x00", b"\xef\xbb\xbf", b",", b"}"]))
    def test_nothing_stands_before_or_behind(self, value: Any, extra: bytes) -> None:
        """
        A byte in front or behind, white space included, is refused.
        """
        for changed in (canonical(value) + extra, extra + canonical(value)):
            with pytest.raises(EncodingError):
                parse_canonical(changed)


class TestNothingButARefusal:
    """
    Any text either is read, as every JSON reader reads it, or raises `EncodingError`.
    """

    @given(st.binary(max_size=40))
    @example(b"\xef\xbb\xbf{}")
    @example(b"\xed\xa0\x80")
    def test_any_bytes(self, raw: bytes) -> None:
        """
        The law holds for arbitrary bytes; a stored document is then exactly a canonical one.
        """
        is_read, value = _read(raw)
        if is_read:
            assert canonical(value) == canonical(json.loads(raw))
        try:
            parse_canonical(raw)
        except EncodingError:
            assert not is_read or canonical(value) != raw
        else:
            assert canonical(value) == raw

    @given(st.text(max_size=20) | _json_like)
    @example('{"\\ud800":1,"\\ud800":2}')
    @example('{"a":{"a":1,"a":1},"a":1}')
    @example("[" * 2000)
    @example("1" * 5000)
    @example("-" + "1" * 5000)
    @example("1" * 5000 + ".0")
    @example("1e" + "9" * 5000)
    def test_any_text(self, text: str) -> None:
        """
        The law holds for arbitrary text, also for text that nearly is JSON.
        """
        is_read, value = _read(text)
        if is_read:
            assert canonical(value) == canonical(json.loads(text))

    @given(st.lists(st.tuples(st.sampled_from(["a", "b", "\u20ac", "~", "/"]), st.integers(0, 9)), max_size=6))
    def test_keys_are_unique_or_refused(self, pairs: list[tuple[str, int]]) -> None:
        """
        An object is read exactly when no key stands twice, and every key that does is named once.
        """
        text = "{" + ",".join(f"{json.dumps(key)}:{number}" for key, number in pairs) + "}"
        names = [key for key, _ in pairs]
        if len(set(names)) == len(names):
            assert parse_json(text) == dict(pairs)
            return
        with pytest.raises(EncodingError) as caught:
            parse_json(text)
        twice = sorted({name for name in names if names.count(name) > 1})
        assert [fault.message for fault in caught.value.faults] == [f"key {name!r} stands twice" for name in twice]

    @given(st.integers())
    def test_integers_are_exact_or_refused(self, number: int) -> None:
        """
        An integer is read as itself, or refused.
        """
        is_read, value = _read(str(number))
        assert is_read == (abs(number) < 2**53)
        assert not is_read or (value == number and type(value) is int)
