"""The revocation of a key: from which position of the log on its signatures no longer count. A value; nothing is read.

The position is a leaf index of the transparency log, not a time: a clock can be set back, a log cannot.
"""

from typing import Any, Final, Self, final

import attrs

from runtime.encoding.canonical import canonical_record
from runtime.encoding.converter import structure, unstructure
from runtime.encoding.jsontext import parse_canonical
from runtime.errors import DefinitionError, IntegrityError, TransitionError, shown
from runtime.limits import MAX_NUMBER
from runtime.values.checks import is_key_id, of_type

__all__ = ["Revocation"]

_SCHEMA: Final = "revocation/v1"


def _is_position(_: object, field: "attrs.Attribute[Any]", value: int) -> None:
    if not 0 <= value <= MAX_NUMBER:
        raise DefinitionError(
            f"{field.name} is {value}", where=field.name, remedy="expected a leaf index of the log, from 0"
        )


@final
@attrs.frozen(kw_only=True)
class Revocation:
    """
    The record `revocation/v1`: what the key signed counts only at log positions before `from_position`; 0 is never.
    """

    schema: str = attrs.field(default=_SCHEMA)
    key_id: str = attrs.field(validator=is_key_id)
    from_position: int = attrs.field(validator=[of_type(int), _is_position])

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

    def moved_to(self, from_position: int) -> Self:
        """
        Give the revocation from an earlier position on, or this one when it is the same.

        Raises:
            TransitionError: the position is later: what was revoked stays revoked.
        """
        moved = attrs.evolve(self, from_position=from_position)
        if moved.from_position > self.from_position:
            raise TransitionError(
                f"a key that is revoked from position {self.from_position} on, asked to be revoked from {from_position}",
                where=self.key_id,
                remedy="a revocation can only move to an earlier position; make a new key",
            )
        return moved

    @classmethod
    def from_bytes(cls, raw: bytes, *, source: str = "") -> Self:
        """
        Read the canonical bytes of the record.

        Raises:
            EncodingError: the bytes are not canonical JSON.
            IntegrityError: they are no revocation; every fault is listed.
        """
        name = source or "revocation"
        document = parse_canonical(raw, source=source)
        if type(document) is not dict or document.get("schema") != _SCHEMA:
            got = document.get("schema") if type(document) is dict else document
            raise IntegrityError(f"schema {shown(got)}", where=name, remedy=f"expected {_SCHEMA}")
        return structure(document, cls, what=name, error=IntegrityError)
