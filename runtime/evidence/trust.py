"""What a checker trusts, given from outside the bundle: keys of operators, approvers and logs, and what may be run.

A bundle never says whom to trust. What the file has no line for, a check calls asserted by the supplier. One that names
nothing is refused: it would only make a report look better founded than it is.
"""

from collections.abc import Callable, Iterable
from typing import Any, Final, Self, TypeVar, final

import attrs

from runtime.encoding.converter import structure
from runtime.encoding.digest import digest_of_bytes, is_digest
from runtime.encoding.jsontext import parse_json
from runtime.errors import DefinitionError, EncodingError, Fault, IntegrityError, shown
from runtime.evidence.lognote import VerifierKey
from runtime.limits import MAX_IDENTIFIER_LENGTH, MAX_TRUST_BYTES
from runtime.values.checks import is_identifier, of_type
from runtime.values.keys import PublicKey

__all__ = ["Approver", "Trust"]

T = TypeVar("T")
_SCHEMA: Final = "trust/v1"


@final
@attrs.frozen(kw_only=True)
class Approver:
    """
    A person whose decisions count: the name decisions carry, the keys that are theirs, and the roles they act in.
    """

    name: str = attrs.field(validator=is_identifier)
    keys: tuple[PublicKey, ...]
    roles: tuple[str, ...] = ()


def _are_digests(_: object, field: "attrs.Attribute[Any]", value: tuple[str, ...]) -> None:
    for index, one in enumerate(value):
        if not is_digest(one):
            raise DefinitionError(
                f"{field.name}[{index}] is {shown(one)}",
                where=field.name,
                remedy="expected sha256: and 64 lower-case hex digits",
            )


_are_names: Final = attrs.validators.deep_iterable(is_identifier)


@final
@attrs.frozen(kw_only=True)
class _WrittenApprover:
    keys: tuple[str, ...]
    roles: tuple[str, ...] = attrs.field(default=(), validator=_are_names)


@final
@attrs.frozen(kw_only=True)
class _Written:
    """
    A trust file as it stands in JSON, where keys are texts.
    """

    schema: str
    operator_keys: tuple[str, ...] = ()
    approvers: dict[str, _WrittenApprover] = attrs.field(factory=dict)
    log_keys: tuple[str, ...] = ()
    definitions: tuple[str, ...] = attrs.field(default=(), validator=_are_digests)
    policies: tuple[str, ...] = attrs.field(default=(), validator=_are_digests)
    rules: tuple[str, ...] = attrs.field(default=(), validator=_are_digests)
    catalogues: tuple[str, ...] = attrs.field(default=(), validator=_are_digests)
    engines: tuple[str, ...] = attrs.field(default=(), validator=_are_names)


@final
@attrs.frozen(kw_only=True)
class Trust:
    """
    The record `trust/v1`. An empty member is a line that the file does not have.
    """

    operator_keys: tuple[PublicKey, ...] = ()
    """Who may attest a receipt."""
    approvers: tuple[Approver, ...] = ()
    """Who may decide."""
    log_keys: tuple[VerifierKey, ...] = ()
    """Who keeps a log."""
    definitions: tuple[str, ...] = ()
    """Digests of the workflows that may be run."""
    policies: tuple[str, ...] = ()
    """Digests of the policy packs that may decide."""
    rules: tuple[str, ...] = ()
    """Digests of the lists of sequence rules that a certificate may prove."""
    catalogues: tuple[str, ...] = ()
    """Digests of what connectors may say of themselves."""
    engines: tuple[str, ...] = ()
    """Versions of the execution rules."""
    digest: str = attrs.field(validator=of_type(str))
    """The digest of the file, so that a report says what it was held against."""

    def find_approver(self, name: str) -> Approver | None:
        """
        Give the approver of a name.
        """
        return next((one for one in self.approvers if one.name == name), None)

    @classmethod
    def from_bytes(cls, raw: bytes, *, source: str = "") -> Self:
        """
        Read a trust file: strict JSON in any layout.

        Raises:
            EncodingError: it is not JSON, holds a key twice, or is too large.
            IntegrityError: it is no trust file, names nothing, or holds something that is no key; every fault is listed.
        """
        name = source or "trust"
        if type(raw) is bytes and len(raw) > MAX_TRUST_BYTES:
            raise EncodingError(f"a trust file of {len(raw)} bytes", where=name, remedy=f"at most {MAX_TRUST_BYTES}")
        document: Any = parse_json(raw, source=source)
        if type(document) is not dict or document.get("schema") != _SCHEMA:
            got = document.get("schema") if type(document) is dict else document
            raise IntegrityError(f"schema {shown(got)}", where=name, remedy=f"expected {_SCHEMA}")
        written = structure(document, _Written, what=name, error=IntegrityError)
        faults: list[Fault] = []
        approvers = tuple(_read_approvers(written, faults))
        trust = cls(
            operator_keys=_read_keys(written.operator_keys, PublicKey.from_text, "operator_keys", faults),
            approvers=approvers,
            log_keys=_read_keys(written.log_keys, VerifierKey.parse, "log_keys", faults),
            definitions=written.definitions,
            policies=written.policies,
            rules=written.rules,
            catalogues=written.catalogues,
            engines=written.engines,
            digest=digest_of_bytes(raw),
        )
        if faults:
            raise IntegrityError(f"{name}: keys that cannot be used", faults=faults)
        if trust == cls(digest=trust.digest):
            raise IntegrityError(
                "a trust file that names nothing", where=name, remedy="name keys or digests, or check without the file"
            )
        return trust


def _read_approvers(written: _Written, faults: list[Fault]) -> Iterable[Approver]:
    owners: dict[str, str] = {}
    for name, one in sorted(written.approvers.items()):
        place = f"approvers[{name!r}]"
        if not 1 <= len(name) <= MAX_IDENTIFIER_LENGTH:
            faults.append(Fault(f"a name of {len(name)} characters", place))
            continue
        if not one.keys:
            faults.append(Fault("an approver without a key", place))
        keys = _read_keys(one.keys, PublicKey.from_text, f"{place}.keys", faults)
        for index, key in enumerate(keys):
            if owners.setdefault(key.key_id, name) != name:
                # Under two names it would let one person be two of a quorum.
                faults.append(Fault(f"a key that {shown(owners[key.key_id])} has", f"{place}.keys[{index}]"))
        yield Approver(name=name, keys=keys, roles=one.roles)


def _read_keys(texts: tuple[str, ...], read: Callable[[str], T], place: str, faults: list[Fault]) -> tuple[T, ...]:
    keys = []
    for index, text in enumerate(texts):
        try:
            keys.append(read(text))
        except (DefinitionError, IntegrityError) as error:
            faults.append(Fault(": ".join(filter(None, (error.what, error.remedy))), f"{place}[{index}]"))
    return tuple(keys)
