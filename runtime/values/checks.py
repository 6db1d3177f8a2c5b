"""Field validators shared by the values; each raises with the field's name and the way to mend it."""

import re
from collections.abc import Callable
from typing import Any, Final, TypeVar, final

import attrs

from runtime.encoding.canonical import canonical
from runtime.encoding.digest import is_digest
from runtime.encoding.frozen import FrozenValue, JsonArray, JsonObject
from runtime.encoding.pointer import Pointer
from runtime.encoding.seal import Seal
from runtime.errors import DefinitionError, shown
from runtime.limits import MAX_IDENTIFIER_LENGTH, MAX_PAYLOAD_BYTES, MAX_TEXT_LENGTH

__all__ = [
    "SCHEMA_PART",
    "OrSealed",
    "frozen_bytes",
    "is_below_root",
    "is_count",
    "is_digest_text",
    "is_identifier",
    "is_key_id",
    "is_optional_digest",
    "is_optional_identifier",
    "is_optional_object",
    "is_small_json",
    "is_text",
    "of_type",
    "or_sealed",
    "stated",
]

SCHEMA_PART: Final = "schema_part"
"""Attribute of a validator under which it states its bounds."""

_match_key_id = re.compile(r"[0-9a-f]{64}").fullmatch

Validator = Callable[[Any, "attrs.Attribute[Any]", Any], None]
V = TypeVar("V", bound=Callable[..., None])


def stated(**part: int) -> Callable[[V], V]:
    """
    Let a validator state its bounds as keywords of a JSON Schema, such as `maxLength=3`; `params_schema` reads them.

    What is stated must be no narrower than what the validator accepts.
    """

    def state(check: V) -> V:
        check.__dict__[SCHEMA_PART] = part
        return check

    return state


@final
@attrs.frozen
class OrSealed:
    """
    A validator that looks at a value, and lets a seal in its place pass.
    """

    validator: Validator

    def __call__(self, instance: object, field: "attrs.Attribute[Any]", value: object) -> None:
        """
        Hold a value to the validator, unless it is a seal.
        """
        if type(value) is not Seal:
            self.validator(instance, field, value)


def or_sealed(validator: Validator) -> OrSealed:
    """
    Give the validator of a params field that may be sealed: `token: str | Seal = attrs.field(validator=or_sealed(is_text))`.
    """
    return OrSealed(validator)


def of_type(*kinds: type) -> Validator:
    """
    Accept exactly these types; a subclass such as `bool` for `int` is refused.
    """
    names = " or ".join("null" if kind is type(None) else kind.__name__ for kind in kinds)

    def check(_: object, field: "attrs.Attribute[Any]", value: object) -> None:
        if type(value) not in kinds:
            raise DefinitionError(
                f"{field.name} is {type(value).__name__} {shown(value)}", where=field.name, remedy=f"expected {names}"
            )

    return check


def _bounded(limit: int, *, least: int) -> Validator:
    @stated(minLength=least, maxLength=limit)
    def check(_: object, field: "attrs.Attribute[Any]", value: object) -> None:
        if type(value) is not str:
            raise DefinitionError(
                f"{field.name} is {type(value).__name__} {shown(value)}", where=field.name, remedy="expected str"
            )
        if not least <= len(value) <= limit:
            raise DefinitionError(
                f"{field.name} has {len(value)} characters", where=field.name, remedy=f"allowed are {least} to {limit}"
            )
        if not value.isascii():
            try:
                value.encode()
            except UnicodeEncodeError as error:
                raise DefinitionError(
                    f"{field.name} {shown(value)} holds a lone surrogate", where=field.name, remedy="repair the text"
                ) from error

    return check


is_identifier = _bounded(MAX_IDENTIFIER_LENGTH, least=1)
"""Accept a name: text of 1 to 128 characters."""
is_text = _bounded(MAX_TEXT_LENGTH, least=0)
"""Accept text of at most 4096 characters."""


def is_digest_text(_: object, field: "attrs.Attribute[Any]", value: object) -> None:
    """
    Accept a digest.
    """
    if not is_digest(value):
        raise DefinitionError(
            f"{field.name} is {shown(value)}", where=field.name, remedy="expected sha256: and 64 lower-case hex digits"
        )


def is_optional_digest(instance: object, field: "attrs.Attribute[Any]", value: object) -> None:
    """
    Accept a digest, or None.
    """
    if value is not None:
        is_digest_text(instance, field, value)


def is_count(_: object, field: "attrs.Attribute[Any]", value: object) -> None:
    """
    Accept an int from 0 on, of the exact type.
    """
    if type(value) is not int or value < 0:
        raise DefinitionError(f"{field.name} is {shown(value)}", where=field.name, remedy="expected an int from 0 on")


def is_optional_identifier(instance: object, field: "attrs.Attribute[Any]", value: object) -> None:
    """
    Accept a name, or None.
    """
    if value is not None:
        is_identifier(instance, field, value)


def is_key_id(_: object, field: "attrs.Attribute[Any]", value: object) -> None:
    """
    Accept the id of a key: 64 lower-case hex digits.
    """
    if type(value) is not str or _match_key_id(value) is None:
        raise DefinitionError(
            f"{field.name} is {shown(value)}", where=field.name, remedy="expected 64 lower-case hex digits"
        )


def frozen_bytes(value: FrozenValue) -> bytes:
    """
    Give the canonical bytes of frozen JSON, by which it is compared: `True == 1` in Python, and not in JSON.
    """
    return value.raw if isinstance(value, JsonObject | JsonArray) else canonical(value)


def is_small_json(_: object, field: "attrs.Attribute[Any]", value: FrozenValue) -> None:
    """
    Accept frozen JSON of at most a payload's size.
    """
    if value is None:
        return
    size = len(frozen_bytes(value))
    if size > MAX_PAYLOAD_BYTES:
        raise DefinitionError(
            f"{field.name} has {size} bytes", where=field.name, remedy=f"the limit is {MAX_PAYLOAD_BYTES} bytes"
        )


def is_optional_object(_: object, field: "attrs.Attribute[Any]", value: object) -> None:
    """
    Accept a frozen object of at most a payload's size, or None.
    """
    if value is None:
        return
    if type(value) is not JsonObject:
        raise DefinitionError(
            f"{field.name} is {type(value).__name__} {shown(value)}",
            where=field.name,
            remedy="expected JsonObject or null",
        )
    is_small_json(_, field, value)


@stated(minLength=1)
def is_below_root(_: object, field: "attrs.Attribute[Any]", value: Pointer | None) -> None:
    """
    Accept a pointer to a member, or None; the root cannot be replaced.
    """
    if value is not None and type(value) is not Pointer:
        raise DefinitionError(f"{field.name} is {shown(value)}", where=field.name, remedy="expected a Pointer")
    if value is not None and not value.tokens:
        raise DefinitionError("the root as a place to write", where=field.name, remedy="name a member, as in /result")
