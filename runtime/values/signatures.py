"""Signatures of decisions: what an approver signs, made and checked with their own Ed25519 key. Nothing is read.

What is signed is the canonical JSON of `decision/v1`, nothing prefixed: an auditor needs `openssl pkeyutl -verify -rawin`
and the file. No prefix is needed, because the member `schema` says what is signed, and because nothing else that an
Ed25519 key of these files may sign begins with `{"actor"`: DSSE begins with its own name, a log head with a line of text,
SSH and TLS with bytes below 0x21. Source: contracts/evidence.md 4.
"""

from collections.abc import Iterable
from typing import Final

import attrs

from runtime.encoding.base64text import from_base64, to_base64
from runtime.encoding.canonical import canonical_record
from runtime.encoding.digest import digest_of
from runtime.encoding.frozen import thaw
from runtime.errors import DefinitionError, EncodingError, InvalidSignatureError, shown
from runtime.values.decisions import DecisionSignature, HumanDecision, Opening
from runtime.values.keys import PrivateKey, PublicKey

__all__ = ["decision_statement", "sign_decision", "verify_decision"]

_SCHEMA: Final = "decision/v1"
_ASK_AGAIN: Final = "do not act on it; ask the approver to decide again"


def decision_statement(decision: HumanDecision, *, request_digest: str, nonce: str, expires_at: str | None) -> bytes:
    """
    Give the bytes that are signed.
    """
    return canonical_record(
        {
            "actor": decision.actor,
            "choice": decision.choice,
            "expires_at": expires_at,
            "input_digest": digest_of(thaw(decision.input)),
            "nonce": nonce,
            "reason_digest": digest_of(decision.reason),
            "request_digest": request_digest,
            "schema": _SCHEMA,
        }
    )


def sign_decision(decision: HumanDecision, opening: Opening, key: PrivateKey) -> HumanDecision:
    """
    Sign a decision on an open request.

    Args:
        decision: what a person decided; an earlier signature is replaced.
        opening: the request that is decided, its nonce and its expiry.
        key: the key of the person who decides.

    Raises:
        DefinitionError: nobody decided, so nobody can sign.
    """
    if decision.is_expired:
        raise DefinitionError("a signature by nobody", where="actor", remedy="sign what a person decided")
    message = decision_statement(
        decision, request_digest=opening.request_digest, nonce=opening.nonce, expires_at=opening.expires_at
    )
    signature = DecisionSignature(
        nonce=opening.nonce,
        expires_at=opening.expires_at,
        key_id=key.public.key_id,
        signature=to_base64(key.sign(message)),
    )
    return attrs.evolve(decision, signature=signature)


def verify_decision(
    decision: HumanDecision, *, request_digest: str, keys: Iterable[PublicKey], revoked: Iterable[str] = ()
) -> None:
    """
    Check that a person signed exactly this decision on exactly this request.

    Args:
        decision: what was decided.
        request_digest: the request it must be for.
        keys: the keys of the person named as its actor; they come from elsewhere, never with the decision.
        revoked: ids of keys that no longer count.

    Raises:
        InvalidSignatureError: it is not signed, by a key that is not the actor's or is revoked, or what was signed is
            something else.
    """
    signed = decision.signature
    who = shown(decision.actor)
    if signed is None:
        raise InvalidSignatureError(f"a decision by {who} without a signature", where="signature", remedy=_ASK_AGAIN)
    key = {key.key_id: key for key in keys}.get(signed.key_id)
    if key is None:
        raise InvalidSignatureError(
            f"key {signed.key_id} is none of {who}",
            where="signature.key_id",
            remedy="trust a key only when its owner gave it to you; then list it under their name",
        )
    if signed.key_id in frozenset(revoked):
        raise InvalidSignatureError(
            f"key {signed.key_id} of {who} is revoked", where="signature.key_id", remedy=_ASK_AGAIN
        )
    message = decision_statement(
        decision, request_digest=request_digest, nonce=signed.nonce, expires_at=signed.expires_at
    )
    try:
        key.verify(from_base64(signed.signature, where="signature.signature"), message)
    except (EncodingError, InvalidSignatureError) as error:
        raise InvalidSignatureError(
            f"what {who} signed is not this decision on this request", where="signature.signature", remedy=_ASK_AGAIN
        ) from error
