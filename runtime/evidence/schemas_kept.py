"""JSON Schemas of what stands beside the records of runs: what approvers sign, keys, nonces and drills of a root directory."""

from typing import Final

from runtime.evidence.schema_kinds import (
    COUNT,
    DIGEST,
    IDENTIFIER,
    INSTANT,
    KEY_ID,
    NONCE,
    Schema,
    list_of,
    members,
    optional,
    record,
)

__all__ = ["KEPT_SCHEMAS"]

KEPT_SCHEMAS: Final[dict[str, Schema]] = {
    "decision/v1": record(
        "decision/v1",
        actor=IDENTIFIER,
        choice=IDENTIFIER,
        expires_at=optional(INSTANT),
        input_digest=DIGEST,
        nonce=NONCE,
        reason_digest=DIGEST,
        request_digest=DIGEST,
    ),
    "kill-switch-drill/v1": record(
        "kill-switch-drill/v1",
        at=INSTANT,
        is_on=optional({"type": "boolean"}),
        checks=list_of(members(name=IDENTIFIER, passed={"type": "boolean"})),
    ),
    "nonce-use/v1": record("nonce-use/v1", answer_digest=DIGEST),
    "revocation/v1": record("revocation/v1", key_id=KEY_ID, from_position=COUNT),
}
"""Schemas by the name that stands in a record's `schema`."""
