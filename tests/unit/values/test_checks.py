"""The field validators all values share: each refuses with the field, the value got and the mend."""

from collections.abc import Callable
from enum import StrEnum
from typing import Any

import attrs
import pytest

from runtime.encoding.canonical import canonical
from runtime.encoding.digest import NULL_DIGEST
from runtime.encoding.frozen import JsonArray, JsonObject, freeze
from runtime.encoding.pointer import Pointer
from runtime.errors import DefinitionError
from runtime.limits import MAX_IDENTIFIER_LENGTH, MAX_PAYLOAD_BYTES, MAX_TEXT_LENGTH
from runtime.values.checks import is_below_root, is_identifier, is_optional_digest, is_small_json, is_text, of_type


class _Text(str):
    __slots__ = ()


class _Name(StrEnum):
    DIGEST = NULL_DIGEST
    ADA = "ada"


def _refusal(validator: Callable[..., None], value: Any) -> DefinitionError:
    kind = attrs.make_class("Holder", {"field": attrs.field(validator=validator)}, frozen=True)
    with pytest.raises(DefinitionError) as caught:
        kind(value)
    assert caught.value.where == "field"
    assert caught.value.remedy
    assert len(caught.value.what) < 200
    return caught.value


def _accept(validator: Callable[..., None], value: Any) -> None:
    kind = attrs.make_class("Holder", {"field": attrs.field(validator=validator)}, frozen=True)
    assert kind(value).field is value


class TestOfType:
    """
    Exactly the named types are accepted.
    """

    @pytest.mark.parametrize(
        ("kinds", "value"), [((int,), 5), ((bool,), True), ((str, type(None)), None), ((str, type(None)), "a")]
    )
    def test_the_types_themselves(self, kinds: tuple[type, ...], value: Any) -> None:
        """
        A value whose type is one of them passes.
        """
        _accept(of_type(*kinds), value)

    @pytest.mark.parametrize(
        ("kinds", "value", "text"),
        [
            ((int,), True, "field is bool True at field: expected int"),
            ((int,), 1.0, "field is float 1.0 at field: expected int"),
            ((str,), _Text("a"), "field is _Text 'a' at field: expected str"),
            ((str,), None, "field is NoneType None at field: expected str"),
            ((JsonObject, type(None)), {}, "field is dict {} at field: expected JsonObject or null"),
            ((JsonArray,), JsonObject({}), "field is JsonObject JsonObject({}) at field: expected JsonArray"),
        ],
        ids=["bool", "float", "subclass", "null", "plain", "other_container"],
    )
    def test_everything_else_is_refused(self, kinds: tuple[type, ...], value: Any, text: str) -> None:
        """
        A subclass is another type, `bool` for `int` included.
        """
        assert str(_refusal(of_type(*kinds), value)) == text

    def test_a_long_value_is_cut(self) -> None:
        """
        The value got is shown with at most 80 characters.
        """
        assert _refusal(of_type(int), "x" * 1000).what.endswith("…")


@pytest.mark.parametrize(
    ("validator", "least", "most"), [(is_identifier, 1, MAX_IDENTIFIER_LENGTH), (is_text, 0, MAX_TEXT_LENGTH)]
)
class TestBoundedText:
    """
    Text has exactly the type `str`, a length within its limits, and a UTF-8 form.
    """

    def test_both_limits_are_accepted(self, validator: Callable[..., None], least: int, most: int) -> None:
        """
        The shortest and the longest text pass; length is counted in characters.
        """
        for length in (least, most):
            _accept(validator, "x" * length)
        _accept(validator, "\U0001f602" * most)

    @pytest.mark.parametrize("value", [None, 5, True, b"a", ["a"], _Text("a"), _Name.ADA], ids=repr)
    def test_another_type_is_refused(self, validator: Callable[..., None], least: int, most: int, value: Any) -> None:
        """
        Nothing but `str` is text, subclasses and enums included.
        """
        assert least < most
        assert _refusal(validator, value).remedy == "expected str"

    def test_beyond_the_limits_is_refused(self, validator: Callable[..., None], least: int, most: int) -> None:
        """
        One character more, or less, is refused; nothing is cut.
        """
        for length in {most + 1, max(least - 1, 0)} - {least}:
            error = _refusal(validator, "x" * length)
            assert str(error) == f"field has {length} characters at field: allowed are {least} to {most}"

    @pytest.mark.parametrize("text", ["\ud800", "a\udfffb", "\udc00\ud800"], ids=ascii)
    def test_a_lone_surrogate_is_refused(
        self, validator: Callable[..., None], least: int, most: int, text: str
    ) -> None:
        """
        Text without a UTF-8 form is refused before it reaches a record.
        """
        assert least < most
        error = _refusal(validator, text)
        assert "lone surrogate" in error.what
        assert str(error).encode()


class TestOptionalDigest:
    """
    A digest is absent, or the one spelling there is.
    """

    @pytest.mark.parametrize("value", [None, NULL_DIGEST])
    def test_a_digest_or_nothing(self, value: str | None) -> None:
        """
        None and a digest pass.
        """
        _accept(is_optional_digest, value)

    @pytest.mark.parametrize(
        "value",
        ["", "sha256:", NULL_DIGEST.upper(), NULL_DIGEST[:-1], NULL_DIGEST + "\n", 5, True, b"a", [NULL_DIGEST]],
        ids=ascii,
    )
    def test_anything_else_is_refused(self, value: Any) -> None:
        """
        Every other text, and every other type, is refused.
        """
        assert _refusal(is_optional_digest, value).remedy == "expected sha256: and 64 lower-case hex digits"

    @pytest.mark.parametrize("value", [_Text(NULL_DIGEST), _Name.DIGEST], ids=["subclass", "enum"])
    def test_a_subclass_of_text_is_refused(self, value: str) -> None:
        """
        What canonical JSON refuses later is refused here.
        """
        _refusal(is_optional_digest, value)


class TestSmallJson:
    """
    Frozen JSON has at most the size of a payload, in canonical bytes.
    """

    @pytest.mark.parametrize("wrap", [lambda text: text, lambda text: [text], lambda text: {"": text}])
    def test_the_limit_is_counted_in_canonical_bytes(self, wrap: Callable[[str], Any]) -> None:
        """
        A value of exactly the limit passes, one byte more is refused.
        """
        around = len(canonical(wrap("")))
        _accept(is_small_json, freeze(wrap("x" * (MAX_PAYLOAD_BYTES - around))))
        error = _refusal(is_small_json, freeze(wrap("x" * (MAX_PAYLOAD_BYTES - around + 1))))
        assert str(error) == f"field has {MAX_PAYLOAD_BYTES + 1} bytes at field: the limit is {MAX_PAYLOAD_BYTES} bytes"

    def test_bytes_are_counted_not_characters(self) -> None:
        """
        A character of three bytes counts three, an escape six.
        """
        third = MAX_PAYLOAD_BYTES // 3
        _accept(is_small_json, "\u20ac" * (third - 1))
        _refusal(is_small_json, "\u20ac" * third)
        _refusal(is_small_json, "\x00" * (MAX_PAYLOAD_BYTES // 6 + 1))

    @pytest.mark.parametrize("value", [None, True, 0, 0.5, "", JsonObject({}), JsonArray([])], ids=repr)
    def test_every_kind_of_json_passes(self, value: Any) -> None:
        """
        Scalars and containers pass.
        """
        _accept(is_small_json, value)


class TestBelowRoot:
    """
    A place to write is a member; the root cannot be replaced.
    """

    @pytest.mark.parametrize("value", [None, Pointer.parse("/a"), Pointer.parse("/")], ids=["none", "member", "empty"])
    def test_a_member_or_nothing(self, value: Pointer | None) -> None:
        """
        None and a pointer with a part pass; the member whose name is empty is one.
        """
        _accept(is_below_root, value)

    @pytest.mark.parametrize("value", ["/a", "", 5, ("a",)], ids=repr)
    def test_what_is_no_pointer_is_refused(self, value: Any) -> None:
        """
        The text of a pointer is not a pointer yet.
        """
        assert _refusal(is_below_root, value).remedy == "expected a Pointer"

    def test_the_root_is_refused(self) -> None:
        """
        The pointer to the whole document is refused.
        """
        assert str(_refusal(is_below_root, Pointer.parse(""))) == (
            "the root as a place to write at field: name a member, as in /result"
        )
