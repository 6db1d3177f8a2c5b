"""What opens a seal: path, opening and value, and the record that hands them over.

Read `encoding/seal.py` for what a seal is. Checking one needs nothing but an HMAC. Source: contracts/evidence.md 5.
"""

from typing import Any, Final, Self, final

import attrs

from runtime.encoding.canonical import canonical_record
from runtime.encoding.converter import structure, unstructure
from runtime.encoding.digest import DIGEST_PATTERN
from runtime.encoding.frozen import FrozenValue, freeze, thaw
from runtime.encoding.pointer import Pointer
from runtime.encoding.seal import OPENING_BYTES, SealRule, compute_seal, derive_opening
from runtime.errors import DefinitionError, EncodingError, IntegrityError, SealMismatchError, shown
from runtime.limits import MAX_SEAL_RULES
from runtime.values.checks import frozen_bytes, of_type

__all__ = ["Disclosure", "SealSession", "read_rules", "verify_disclosure"]

_SCHEMA: Final = "disclosure/v1"
_HEX: Final = f"[0-9a-f]{{{2 * OPENING_BYTES}}}"


def _is_path(_: object, field: "attrs.Attribute[Any]", value: object) -> None:
    if type(value) is not str or not Pointer.parse(value).tokens:
        raise DefinitionError(f"{field.name} is {shown(value)}", where=field.name, remedy="expected a JSON Pointer")


@final
@attrs.frozen(kw_only=True)
class Disclosure:
    """
    The record `disclosure/v1`: where a value entered, its opening and the value itself. Whoever has it has the value.
    """

    schema: str = attrs.field(default=_SCHEMA, validator=attrs.validators.in_((_SCHEMA,)))
    seal: str = attrs.field(validator=attrs.validators.matches_re(DIGEST_PATTERN))
    path: str = attrs.field(validator=_is_path)
    opening: str = attrs.field(repr=False, validator=attrs.validators.matches_re(_HEX))
    value: FrozenValue = attrs.field(repr=False, eq=frozen_bytes, converter=freeze)

    @classmethod
    def make(cls, key: bytes, path: str, value: Any) -> Self:  # noqa: ANN401 - plain JSON.
        """
        Seal a value under the seal key of a run.
        """
        opening = derive_opening(key, path)
        return cls(seal=compute_seal(opening, path, value), path=path, opening=opening.hex(), value=value)

    def verify(self) -> None:
        """
        Check that this opens the seal.

        Raises:
            SealMismatchError: it does not.
        """
        if compute_seal(bytes.fromhex(self.opening), self.path, thaw(self.value)) != self.seal:
            raise SealMismatchError(
                "path, opening and value do not give the seal",
                where=self.seal,
                remedy="do not believe the value; ask for the disclosure as it was written",
            )

    @property
    def raw(self) -> bytes:
        """
        The canonical bytes of the record.
        """
        return canonical_record(unstructure(self))

    def to_dict(self) -> dict[str, Any]:
        """
        Give the record as a plain dict.
        """
        record: dict[str, Any] = unstructure(self)
        return record


def verify_disclosure(record: Any) -> Disclosure:  # noqa: ANN401 - JSON enters here.
    """
    Read a disclosure and check that it opens its seal. That a run holds the seal is for the reader to see.

    Raises:
        IntegrityError: it is no disclosure; the message holds none of its values.
        SealMismatchError: it opens another seal, or none.
    """
    disclosure, places = _read(record)
    if disclosure is None:
        raise IntegrityError(
            "not a record of disclosure/v1", where=", ".join(places), remedy="give the file that disclose wrote"
        )
    disclosure.verify()
    return disclosure


def _read(record: Any) -> tuple[Disclosure | None, list[str]]:  # noqa: ANN401 - JSON enters here.
    names = [field.name for field in attrs.fields(Disclosure)]
    if type(record) is not dict or sorted(record) != sorted(names):
        return None, []
    try:
        return structure(record, Disclosure, what="disclosure", error=IntegrityError), []
    except (IntegrityError, EncodingError) as error:
        # Only the places: what is wrong with a value tells the value.
        return None, [fault.where for fault in error.faults]


def read_rules(rules: Any) -> tuple[SealRule, ...]:  # noqa: ANN401 - a list of texts, or of rules.
    """
    Read seal rules, each once, in the order given.

    Raises:
        DefinitionError: they are no list, too many, or some are no rules.
    """
    if type(rules) not in (list, tuple) or len(rules) > MAX_SEAL_RULES:
        raise DefinitionError(
            f"seal rules {shown(rules)}", where="seals", remedy=f"give a list of at most {MAX_SEAL_RULES} pointers"
        )
    return tuple(dict.fromkeys(rule if type(rule) is SealRule else SealRule.parse(rule) for rule in rules))


@final
@attrs.frozen(kw_only=True)
class SealSession:
    """
    What a run needs to go on sealing: its seal key and its rules. It is kept apart, and destroyed when the run has ended.
    """

    key: bytes = attrs.field(repr=False, validator=of_type(bytes))
    rules: tuple[SealRule, ...] = attrs.field(converter=read_rules)

    def __attrs_post_init__(self) -> None:
        """
        Refuse a key of another length.
        """
        if len(self.key) != OPENING_BYTES:
            raise DefinitionError(
                f"a seal key of {len(self.key)} bytes", where="key", remedy=f"give {OPENING_BYTES} random bytes"
            )
