"""Who may sign decisions, and with which keys: the document `approvers/v1`, read strictly. Nothing is opened here."""

from typing import Any, Final, Self, final

import attrs

from runtime.encoding.converter import structure
from runtime.encoding.jsontext import parse_json
from runtime.errors import DefinitionError, Fault, IntegrityError, shown
from runtime.values.checks import is_identifier, is_key_id
from runtime.values.keys import PublicKey

__all__ = ["Approvers"]

_SCHEMA: Final = "approvers/v1"


@final
@attrs.frozen(kw_only=True)
class _Written:
    """
    The document as it stands in JSON: keys as text.
    """

    schema: str
    approvers: dict[str, tuple[str, ...]]
    revoked: tuple[str, ...] = attrs.field(default=(), validator=attrs.validators.deep_iterable(is_key_id))


@final
@attrs.frozen(kw_only=True)
class Approvers:
    """
    The keys of each approver by name, and the ids of the keys that no longer count.

    A key belongs to one person: under two names it would let one be two of a quorum.
    """

    keys: dict[str, tuple[PublicKey, ...]] = attrs.field(factory=dict)
    revoked: frozenset[str] = frozenset()

    @classmethod
    def from_text(cls, raw: bytes | str, *, source: str = "approvers") -> Self:
        """
        Read `{"schema": "approvers/v1", "approvers": {name: [key, ...]}, "revoked": [key id, ...]}`.

        A key is PEM, or one line of OpenSSH.

        Raises:
            EncodingError: the text is not JSON.
            IntegrityError: it is no such document; every fault is listed.
        """
        document: Any = parse_json(raw, source=source)
        if type(document) is not dict or document.get("schema") != _SCHEMA:
            got = document.get("schema") if type(document) is dict else document
            raise IntegrityError(f"schema {shown(got)}", where=source, remedy=f"expected {_SCHEMA}")
        written = structure(document, _Written, what=source, error=IntegrityError)
        faults: list[Fault] = []
        keys: dict[str, tuple[PublicKey, ...]] = {}
        owners: dict[str, str] = {}
        for name, texts in written.approvers.items():
            read = []
            for index, text in enumerate(texts):
                place = f"approvers[{name!r}][{index}]"
                try:
                    is_identifier(None, attrs.fields(_Written).approvers, name)
                    key = PublicKey.from_text(text)
                except DefinitionError as error:
                    faults.append(Fault(error.what, place))
                    continue
                if key.key_id in owners:
                    faults.append(Fault(f"a key that {shown(owners[key.key_id])} has", place))
                owners[key.key_id] = name
                read.append(key)
            keys[name] = tuple(read)
        if faults:
            raise IntegrityError(f"{source}: keys that cannot be used", faults=faults)
        return cls(keys=keys, revoked=frozenset(written.revoked))
