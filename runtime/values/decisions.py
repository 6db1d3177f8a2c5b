"""Decisions: what a named person chose, and, where the step wants it, the signature that binds them to it. Values only.

Signatures are made and checked in `signatures.py`, which loads a library that running a mission does not need.
"""

import re
from typing import Any, Final, final

import attrs

from runtime.encoding.canonical import canonical_record
from runtime.encoding.converter import unstructure
from runtime.encoding.frozen import FrozenValue, freeze
from runtime.errors import DefinitionError, shown
from runtime.values.checks import (
    frozen_bytes,
    is_identifier,
    is_key_id,
    is_optional_digest,
    is_small_json,
    is_text,
    of_type,
)

__all__ = [
    "EXPIRED",
    "DecisionSignature",
    "HumanDecision",
    "Opening",
    "is_instant",
    "is_nonce",
    "is_optional_instant",
]

EXPIRED: Final = "expired"
"""The choice that nobody makes: the driver's word that the time to decide is over."""

_SCHEMA: Final = "opening/v1"
_INSTANT: Final = (
    r"[0-9]{4}-(?:0[1-9]|1[0-2])-(?:0[1-9]|[12][0-9]|3[01])T(?:[01][0-9]|2[0-3]):[0-5][0-9]:[0-5][0-9]\.[0-9]{3}Z"
)
_match_instant = re.compile(_INSTANT).fullmatch
_match_nonce = re.compile(r"[0-9a-f]{32,64}").fullmatch


def is_instant(text: object) -> bool:
    """
    Tell whether a value is a time as it is written here: RFC 3339, UTC, milliseconds. So written, text order is time order.
    """
    return type(text) is str and _match_instant(text) is not None


def is_nonce(text: object) -> bool:
    """
    Tell whether a value is a nonce: 32 to 64 lower-case hex digits.
    """
    return type(text) is str and _match_nonce(text) is not None


def _is_nonce(_: object, field: "attrs.Attribute[Any]", value: object) -> None:
    if not is_nonce(value):
        raise DefinitionError(
            f"{field.name} is {shown(value)}", where=field.name, remedy="expected 32 to 64 lower-case hex digits"
        )


def is_optional_instant(_: object, field: "attrs.Attribute[Any]", value: object) -> None:
    """
    Accept a time as `is_instant` knows it, or None.
    """
    if value is not None and not is_instant(value):
        raise DefinitionError(
            f"{field.name} is {shown(value)}",
            where=field.name,
            remedy="expected a time in UTC with milliseconds, as in 2026-05-14T20:54:00.000Z",
        )


@final
@attrs.frozen(kw_only=True)
class DecisionSignature:
    """
    What binds a person to a decision: nonce and expiry of the open request, the key, and its signature as base64.

    `expires_at` is None where the step sets no time limit.
    """

    nonce: str = attrs.field(validator=_is_nonce)
    expires_at: str | None = attrs.field(default=None, validator=is_optional_instant)
    key_id: str = attrs.field(validator=is_key_id)
    signature: str = attrs.field(validator=is_identifier)


@final
@attrs.frozen(kw_only=True)
class HumanDecision:
    """
    What a named person decided: one of the choices, why, and the input the step asked for (None when it asks none).

    The one decision without an actor is `expired`: nobody decided in time.
    """

    actor: str | None = attrs.field(validator=attrs.validators.optional(is_identifier))
    choice: str = attrs.field(validator=is_identifier)
    reason: str = attrs.field(default="", validator=is_text)
    input: FrozenValue = attrs.field(default=None, eq=frozen_bytes, converter=freeze, validator=is_small_json)
    signature: DecisionSignature | None = attrs.field(default=None, validator=of_type(DecisionSignature, type(None)))

    def __attrs_post_init__(self) -> None:
        """
        Hold actor and choice together: nobody decides `expired`, and nothing else is decided by nobody.
        """
        if (self.actor is None) != (self.choice == EXPIRED):
            raise DefinitionError(
                f"choice {shown(self.choice)} by actor {shown(self.actor)}",
                where="actor",
                remedy=f"name who decided; {EXPIRED} alone is decided by nobody",
            )
        if self.is_expired and (self.reason or self.input is not None or self.signature is not None):
            raise DefinitionError(
                f"{EXPIRED} with a reason, an input or a signature", remedy="leave them out: nobody decided"
            )

    @property
    def is_expired(self) -> bool:
        """
        Tell whether it says that nobody decided in time.
        """
        return self.choice == EXPIRED


@final
@attrs.frozen(kw_only=True)
class Opening:
    """
    The record `opening/v1`: under which nonce, and until when, an open request is decided.

    It travels beside the checkpoint: no digest of a run covers it, because it holds a random value and a time.
    """

    schema: str = _SCHEMA
    request_digest: str = attrs.field(validator=[of_type(str), is_optional_digest])
    nonce: str = attrs.field(validator=_is_nonce)
    expires_at: str | None = attrs.field(default=None, validator=is_optional_instant)

    def __attrs_post_init__(self) -> None:
        """
        Refuse another schema.
        """
        if self.schema != _SCHEMA:
            raise DefinitionError(f"schema {shown(self.schema)}", where="schema", remedy=f"expected {_SCHEMA}")

    @property
    def raw(self) -> bytes:
        """
        The canonical bytes of the record.
        """
        return canonical_record(unstructure(self))

    def is_over(self, now: str) -> bool:
        """
        Tell whether the time to decide is over; at the very moment of expiry it is.
        """
        return self.expires_at is not None and self.expires_at <= now
