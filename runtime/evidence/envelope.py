"""The envelope of a signed document: DSSE v1, with Ed25519 signatures. One canonical JSON file.

Rules, referred to by number below:

1. What is signed is the pre-authentication encoding: payload type and payload, each with its length in bytes, so that
   no bytes can pass from one to the other.
2. The payload type is checked before anything else, and the payload is handed out only after its signatures held: what
   nobody vouches for is not read.
3. A signature counts under the trusted key whose id it names, and under no other. DSSE lets a reader try every key;
   then the same signature would have many spellings.
4. Every signature that names a trusted key must hold, so that nobody can show one that holds beside one that does not.
   Those that name other keys are ignored, as DSSE wants it: they say nothing to somebody who does not know the key.
5. There is one spelling: canonical JSON, canonical base64, no key id twice.

Source: https://github.com/secure-systems-lab/dsse, envelope.md and protocol.md.
"""

from collections.abc import Iterable
from typing import Any, Self, TypeVar, final

import attrs

from runtime.encoding.base64text import from_base64, to_base64
from runtime.encoding.canonical import canonical_record
from runtime.encoding.converter import KEY, structure, unstructure
from runtime.encoding.jsontext import parse_canonical
from runtime.errors import DefinitionError, IntegrityError, InvalidKeyError, InvalidSignatureError, shown
from runtime.limits import MAX_SIGNATURES
from runtime.values.checks import is_identifier, of_type
from runtime.values.keys import PrivateKey, PublicKey

__all__ = ["Envelope", "Signature", "pre_authentication_encoding", "sign_envelope", "verify_envelope"]

K = TypeVar("K", PrivateKey, PublicKey)


def pre_authentication_encoding(payload_type: str, payload: bytes) -> bytes:
    """
    Give the bytes that are signed: `DSSEv1`, then type and payload, each behind its length in bytes.
    """
    name = payload_type.encode()
    return b"DSSEv1 %d %b %d %b" % (len(name), name, len(payload), payload)  # (1)


def _is_signature(_: object, field: "attrs.Attribute[Any]", value: object) -> None:
    if type(value) is not bytes or not value:
        raise DefinitionError(f"{field.name} is {shown(value)}", where=field.name, remedy="expected the signature")


@final
@attrs.frozen(kw_only=True)
class Signature:
    """
    A signature, and the id of the key it names.
    """

    keyid: str = attrs.field(validator=is_identifier)
    sig: bytes = attrs.field(validator=_is_signature)


def _are_signatures(_: object, field: "attrs.Attribute[Any]", value: object) -> None:
    if type(value) is not tuple or not all(type(item) is Signature for item in value):
        raise DefinitionError(f"{field.name} is {shown(value)}", where=field.name, remedy="expected Signatures")
    if not 0 < len(value) <= MAX_SIGNATURES:
        raise DefinitionError(
            f"{len(value)} signatures", where=field.name, remedy=f"an envelope has 1 to {MAX_SIGNATURES}"
        )
    ids = [item.keyid for item in value]
    twice = sorted({keyid for keyid in ids if ids.count(keyid) > 1})
    if twice:  # (5)
        raise DefinitionError(f"key ids {shown(twice)} stand twice", where=field.name, remedy="a key signs once")


@final
@attrs.frozen(kw_only=True)
class Envelope:
    """
    A payload, its type, and at least one signature. It says nothing until `verify_envelope` has held.
    """

    payload_type: str = attrs.field(validator=is_identifier)
    payload: bytes = attrs.field(validator=of_type(bytes), repr=False)
    signatures: tuple[Signature, ...] = attrs.field(validator=_are_signatures)

    @property
    def raw(self) -> bytes:
        """
        The canonical bytes of the envelope as JSON.
        """
        return canonical_record(unstructure(_Written.of(self)))

    @classmethod
    def from_bytes(cls, raw: bytes, *, source: str = "") -> Self:
        """
        Read an envelope; whether its signatures hold is for `verify_envelope` to find out.

        Raises:
            EncodingError: the bytes are not canonical JSON.
            IntegrityError: they are no envelope; every fault is listed.
        """
        name = source or "envelope"
        written = structure(parse_canonical(raw, source=source), _Written, what=name, error=IntegrityError)
        try:
            return cls(
                payload_type=written.payload_type,
                payload=from_base64(written.payload, where="payload"),
                signatures=tuple(
                    Signature(keyid=one.keyid, sig=from_base64(one.sig, where=f"signatures[{index}].sig"))
                    for index, one in enumerate(written.signatures)
                ),
            )
        except (DefinitionError, IntegrityError) as error:
            where = " ".join(filter(None, (source, error.where)))
            raise IntegrityError(error.what, where=where, remedy=error.remedy) from error


@final
@attrs.frozen(kw_only=True)
class _WrittenSignature:
    keyid: str
    sig: str


@final
@attrs.frozen(kw_only=True)
class _Written:
    """
    An envelope as it stands in JSON, which has no bytes.
    """

    payload: str
    payload_type: str = attrs.field(metadata={KEY: "payloadType"})
    signatures: tuple[_WrittenSignature, ...]

    @classmethod
    def of(cls, envelope: Envelope) -> Self:
        signatures = (_WrittenSignature(keyid=one.keyid, sig=to_base64(one.sig)) for one in envelope.signatures)
        return cls(
            payload=to_base64(envelope.payload), payload_type=envelope.payload_type, signatures=tuple(signatures)
        )


def sign_envelope(payload_type: str, payload: bytes, keys: Iterable[PrivateKey]) -> Envelope:
    """
    Sign a payload with every key; the signatures stand in the order of the key ids.

    Raises:
        InvalidKeyError: some of the keys are none.
        DefinitionError: there are no keys, too many, or one twice; or the payload type cannot be used.
    """
    signers = _list_keys(keys, PrivateKey)
    # What cannot be an envelope is refused before it is signed: a signature that was made is out.
    fields = attrs.fields(Envelope)
    is_identifier(None, fields.payload_type, payload_type)
    of_type(bytes)(None, fields.payload, payload)
    message = pre_authentication_encoding(payload_type, payload)
    signatures = sorted(
        (Signature(keyid=key.public.key_id, sig=key.sign(message)) for key in signers), key=lambda one: one.keyid
    )
    return Envelope(payload_type=payload_type, payload=payload, signatures=tuple(signatures))


def verify_envelope(
    envelope: Envelope, trusted_keys: Iterable[PublicKey], *, payload_type: str
) -> tuple[PublicKey, ...]:
    """
    Check an envelope against the keys that are trusted; only then may its payload be read.

    Args:
        envelope: what was read.
        trusted_keys: the keys of those whose word counts; they come from elsewhere, never from the envelope's maker.
        payload_type: the type of document that is expected.

    Returns:
        The trusted keys that signed it: at least one.

    Raises:
        IntegrityError: it is another type of document, or no envelope.
        InvalidSignatureError: no signature names a trusted key, or one that does is not by that key over this payload.
        InvalidKeyError: some of the trusted keys are none.
    """
    if type(envelope) is not Envelope:
        raise IntegrityError(f"envelope is {shown(envelope)}", where="envelope", remedy="from_bytes reads an Envelope")
    if envelope.payload_type != payload_type:  # (2)
        raise IntegrityError(
            f"payload type {shown(envelope.payload_type)}", where="payloadType", remedy=f"expected {payload_type}"
        )
    trusted = {key.key_id: key for key in _list_keys(trusted_keys, PublicKey)}
    message = pre_authentication_encoding(payload_type, envelope.payload)
    signers = []
    for index, signature in enumerate(envelope.signatures):
        key = trusted.get(signature.keyid)  # (3)
        if key is None:
            continue
        try:
            key.verify(signature.sig, message)
        except InvalidSignatureError as error:  # (4)
            raise InvalidSignatureError(error.what, where=f"signatures[{index}]", remedy=error.remedy) from error
        signers.append(key)
    if not signers:
        named = [signature.keyid for signature in envelope.signatures]
        raise InvalidSignatureError(
            f"no signature by a trusted key: keys {named} signed",
            where="signatures",
            remedy=f"trusted are {sorted(trusted)}; trust another key only when its owner gave it to you",
        )
    return tuple(signers)


def _list_keys(keys: Iterable[K], kind: type[K]) -> list[K]:
    try:
        listed = list(keys)
    except Exception as error:
        # A caller's iterator may raise anything.
        raise InvalidKeyError(f"keys is {shown(keys)}", where="keys", remedy=f"give {kind.__name__}s") from error
    for index, key in enumerate(listed):
        if type(key) is not kind:
            raise InvalidKeyError(f"key is {shown(key)}", where=f"keys[{index}]", remedy=f"give a {kind.__name__}")
    return listed
