"""The JSON Schema (draft 2020-12) of every record a stranger may meet, for tools that do not have this package.

A schema says which members a record has, of which kind and within which bounds. It does not say that digests fit, that a
chain holds or that bytes are canonical: that is for `mission verify`. Each schema stands by itself; the files under
docs/reference/schemas are written from here (`make golden`), and a test holds both against real records.
"""

from typing import Final

from runtime.evidence.schema_kinds import (
    ANY,
    CODE,
    COUNT,
    DIGEST,
    IDENTIFIER,
    INSTANT,
    KEY_ID,
    NONCE,
    OBJECT,
    POINTER,
    SIZE,
    TEXT,
    Schema,
    choice,
    list_of,
    members,
    optional,
    record,
)
from runtime.evidence.schemas_kept import KEPT_SCHEMAS
from runtime.limits import (
    MAX_ANSWERS,
    MAX_CHOICES,
    MAX_EXPIRY_MS,
    MAX_NOTE_BYTES,
    MAX_QUORUM,
    MAX_SEQUENCE_RULES,
    MAX_SIGNATURES,
    MAX_STEPS,
)

__all__ = ["RECORD_SCHEMAS"]

_DIALECT: Final = "https://json-schema.org/draft/2020-12/schema"
_BASE: Final = "urn:mission-runtime:schema:"
_ENDINGS: Final = ["completed", "denied", "failed"]
_MODES: Final = ["apply", "observe"]
_HEADER: Final = record(
    "run/v1",
    context_digest=DIGEST,
    definition_digest=DIGEST,
    engine=IDENTIFIER,
    metadata_digest=DIGEST,
    mission=optional(IDENTIFIER),
    mission_version=optional(IDENTIFIER),
    mode=choice(*_MODES),
    params_digest=optional(DIGEST),
    policies_digest=optional(DIGEST),
    proof_digest=optional(DIGEST),
)
_ENTRY: Final = record(
    "lineage/v1",
    answer_digest=optional(DIGEST),
    error_code=optional(CODE),
    input_digest=DIGEST,
    kind=choice("human", "runtime"),
    operation=IDENTIFIER,
    output_digest=DIGEST,
    payload_digest=DIGEST,
    previous=DIGEST,
    request_digest=optional(DIGEST),
    sequence={"type": "integer", "minimum": 1, "maximum": MAX_STEPS},
    status=choice("completed", "denied", "failed", "skipped"),
    step_id=IDENTIFIER,
    verdict_digest=optional(DIGEST),
)
_HUMAN_ASK: Final = members(
    kind={"const": "human"},
    prompt=TEXT,
    shown=OBJECT,
    choices=list_of(IDENTIFIER, MAX_CHOICES),
    input_schema=optional(OBJECT),
    approvers=list_of(IDENTIFIER),
    quorum={"type": "integer", "minimum": 1, "maximum": MAX_QUORUM},
    not_by=list_of(IDENTIFIER),
    signed={"type": "boolean"},
    expires_after_ms=optional({"type": "integer", "minimum": 1, "maximum": MAX_EXPIRY_MS}),
)
_EFFECT_ASK: Final = members(
    kind={"const": "effect"},
    connector=IDENTIFIER,
    action=IDENTIFIER,
    params=OBJECT,
    mode=choice("mutate", "read"),
)
_REQUEST: Final = record(
    "request/v1",
    run_digest=DIGEST,
    sequence={"type": "integer", "minimum": 1, "maximum": MAX_STEPS},
    step_id=IDENTIFIER,
    lineage_head=DIGEST,
    input_digest=DIGEST,
    ask={"oneOf": [_HUMAN_ASK, _EFFECT_ASK]},
)
_SIGNATURE: Final = members(nonce=NONCE, expires_at=optional(INSTANT), key_id=KEY_ID, signature=IDENTIFIER)
_DECISION: Final = members(
    actor=optional(IDENTIFIER), choice=IDENTIFIER, reason=TEXT, input=ANY, signature=optional(_SIGNATURE)
)
_OUTCOME: Final = members(
    status=choice("failed", "succeeded", "unknown"), output=ANY, code=optional(CODE), attempts=list_of(OBJECT)
)
_ANSWER: Final = record(
    "answer/v1",
    request_digest=optional(DIGEST),
    step_id=optional(IDENTIFIER),
    decisions=list_of(_DECISION, MAX_QUORUM),
    outcome=optional(_OUTCOME),
)
_RECEIPT: Final = record(
    "receipt/v1",
    answers_digest=DIGEST,
    error_code=optional(CODE),
    failed_step_id=optional(IDENTIFIER),
    final_state_digest=DIGEST,
    header=_HEADER,
    header_digest=DIGEST,
    id=IDENTIFIER,
    lineage_count={"type": "integer", "minimum": 1, "maximum": MAX_STEPS},
    lineage_head=DIGEST,
    status=choice(*_ENDINGS),
    steps=list_of(IDENTIFIER, MAX_STEPS),
)
_STEP: Final = members(id=IDENTIFIER, kind=IDENTIFIER, payload=OBJECT)
_DEFINITION: Final = members(id=IDENTIFIER, metadata=OBJECT, steps=list_of(_STEP))
_WORDS: Final = list_of(IDENTIFIER)
_RULES: Final = list_of(
    {
        "oneOf": [
            members(kind={"const": "requires"}, before=_WORDS, after=_WORDS, why=TEXT),
            members(kind={"const": "never"}, what=_WORDS, after=_WORDS, why=TEXT),
            members(
                kind={"const": "at_most"},
                count={"type": "integer", "minimum": 0, "maximum": MAX_STEPS},
                what=_WORDS,
                why=TEXT,
            ),
            members(kind={"const": "always_followed_by"}, what=_WORDS, by=_WORDS, why=TEXT),
        ]
    },
    MAX_SEQUENCE_RULES,
)
_CERTIFICATE: Final = record(
    "certificate/v1",
    definition_digest=DIGEST,
    policies_digest=optional(DIGEST),
    rules=_RULES,
    rules_digest=DIGEST,
    catalogue=OBJECT,
    catalogue_digest=DIGEST,
    path_count={"type": "integer", "minimum": 1},
    steps=list_of(members(id=IDENTIFIER, capabilities=list_of({"type": "string"})), MAX_STEPS),
    verdict={"const": "proven"},
)
_CHECKPOINT: Final = record(
    "checkpoint/v1",
    mission=optional(IDENTIFIER),
    mission_version=optional(IDENTIFIER),
    mode=choice(*_MODES),
    engine=IDENTIFIER,
    definition=_DEFINITION,
    params=optional(OBJECT),
    context=members(initial_state=OBJECT, metadata=optional(OBJECT)),
    policies=optional(OBJECT),
    proof=optional(_CERTIFICATE),
    answers=list_of(_ANSWER, MAX_ANSWERS),
)
_SCALAR: Final[Schema] = {"type": ["string", "number", "boolean", "null"]}
_NEAREST: Final = members(path={"type": "string"}, of=choice("size", "value"), value=_SCALAR)
_CLAUSE: Final = members(
    text=TEXT,
    held={"type": ["boolean", "null"]},
    failure=optional(CODE),
    saw=OBJECT,
    absent=list_of({"type": "string"}),
    nearest=optional(_NEAREST),
)
_REPORT: Final = members(
    rule_id=IDENTIFIER,
    effect=IDENTIFIER,
    applies={"type": ["boolean", "null"]},
    when=optional(list_of(_CLAUSE)),
    unless=optional(list_of(_CLAUSE)),
)
_VERDICT: Final = record(
    "verdict/v1",
    policy_id=IDENTIFIER,
    policy_version=IDENTIFIER,
    policy_digest=DIGEST,
    input_digest=DIGEST,
    decision=choice("allow", "deny", "flag"),
    rule_id=optional(IDENTIFIER),
    effect=choice("allow", "allow_with_obligations", "deny", "flag"),
    reason_code=IDENTIFIER,
    tier=optional(IDENTIFIER),
    risk_class=optional(choice("low", "medium", "high", "critical")),
    risk_score={"type": ["number", "null"]},
    obligations=list_of(
        members(obligation_id=IDENTIFIER, kind=IDENTIFIER, description=TEXT, metadata=OBJECT),
    ),
    constraints=list_of(members(constraint_id=IDENTIFIER, kind=IDENTIFIER, value=ANY, metadata=OBJECT)),
    applied=list_of(_REPORT),
    failed=list_of(_REPORT),
    closest=list_of(_REPORT, 3),
)
_INCLUSION: Final = record("log-inclusion/v1", index=COUNT, size=SIZE, receipt_digest=DIGEST, proof=list_of(DIGEST))
_STRING: Final[Schema] = {"type": "string"}
_KEYS: Final = list_of(_STRING)
_ENVELOPE: Final = members(
    payload=_STRING,
    payloadType=IDENTIFIER,
    signatures=list_of(members(keyid=IDENTIFIER, sig=_STRING), MAX_SIGNATURES),
)
_BUNDLE: Final = record(
    "bundle/v1",
    header=_HEADER,
    definition=_DEFINITION,
    params=optional(OBJECT),
    context=members(initial_state=OBJECT, metadata=optional(OBJECT)),
    policies=optional(OBJECT),
    answers=list_of(_ANSWER, MAX_ANSWERS),
    certificate=optional(_CERTIFICATE),
    requests=list_of(_REQUEST, MAX_STEPS),
    lineage=list_of(_ENTRY, MAX_STEPS),
    receipt=_RECEIPT,
    run_receipt={"type": "null"},
    audit_log={"type": "null"},
    attestation=optional(_ENVELOPE),
    log_inclusion=optional(_INCLUSION),
    log_head=optional({"type": "string", "maxLength": MAX_NOTE_BYTES}),
)
_APPROVER: Final = members(keys=_KEYS | {"minItems": 1}, roles=list_of(IDENTIFIER)) | {"required": ["keys"]}
# A line that the file does not have leaves a check open, so none is required; without any it says nothing.
_TRUST: Final = record(
    "trust/v1",
    operator_keys=_KEYS,
    approvers={"type": "object", "additionalProperties": _APPROVER},
    log_keys=_KEYS,
    definitions=list_of(DIGEST),
    policies=list_of(DIGEST),
    rules=list_of(DIGEST),
    catalogues=list_of(DIGEST),
    engines=list_of(IDENTIFIER),
) | {"required": ["schema"], "minProperties": 2}
_VERIFICATION: Final = record(
    "verification/v1",
    bundle_digest=DIGEST,
    trust_digest=optional(DIGEST),
    holds={"type": "boolean"},
    checks=list_of(
        members(
            number=IDENTIFIER,
            title=_STRING,
            outcome=choice("FAILED", "asserted by the supplier", "no information", "re-checked"),
            detail=_STRING,
            required={"type": "boolean"},
            who_could_lie=_STRING,
        )
    ),
    not_proven=list_of(_STRING),
)

RECORD_SCHEMAS: Final[dict[str, Schema]] = {
    name: {"$schema": _DIALECT, "$id": f"{_BASE}{name}", "title": name, **schema}
    for name, schema in {
        "answer/v1": _ANSWER,
        "bundle/v1": _BUNDLE,
        "certificate/v1": _CERTIFICATE,
        "checkpoint/v1": _CHECKPOINT,
        "lineage/v1": _ENTRY,
        "disclosure/v1": record("disclosure/v1", seal=DIGEST, path=POINTER, opening=KEY_ID, value=ANY),
        "log-consistency/v1": record("log-consistency/v1", first_size=SIZE, second_size=SIZE, proof=list_of(DIGEST)),
        "log-inclusion/v1": _INCLUSION,
        "opening/v1": record("opening/v1", request_digest=DIGEST, nonce=NONCE, expires_at=optional(INSTANT)),
        "receipt/v1": _RECEIPT,
        "recorded-run/v1": record(
            "recorded-run/v1", checkpoint=_CHECKPOINT, lineage=list_of(_ENTRY, MAX_STEPS), receipt=_RECEIPT
        ),
        "request/v1": _REQUEST,
        "run/v1": _HEADER,
        "sequence-rules/v1": record("sequence-rules/v1", rules=_RULES),
        "trust/v1": _TRUST,
        "verdict/v1": _VERDICT,
        "verification/v1": _VERIFICATION,
        "workflow/v1": record("workflow/v1", id=IDENTIFIER, metadata=OBJECT, steps=list_of(_STEP)),
        **KEPT_SCHEMAS,
    }.items()
}
"""Schemas by the name that stands in a record's `schema`."""
