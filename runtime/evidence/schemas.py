"""The JSON Schema (draft 2020-12) of every record a stranger may meet, for tools that do not have this package.

A schema says which members a record has, of which kind and within which bounds. It does not say that digests fit, that a
chain holds or that bytes are canonical: that is for `mission verify`. Each schema stands by itself; the files under
docs/reference/schemas are written from here (`make golden`), and a test holds both against real records.
"""

from typing import Any, Final

from runtime.limits import (
    MAX_ANSWERS,
    MAX_CHOICES,
    MAX_EXPIRY_MS,
    MAX_IDENTIFIER_LENGTH,
    MAX_NUMBER,
    MAX_POINTER_LENGTH,
    MAX_QUORUM,
    MAX_SEQUENCE_RULES,
    MAX_STEPS,
    MAX_TEXT_LENGTH,
)

__all__ = ["RECORD_SCHEMAS"]

_Schema = dict[str, Any]

_DIALECT: Final = "https://json-schema.org/draft/2020-12/schema"
_BASE: Final = "urn:mission-runtime:schema:"
_DIGEST: Final[_Schema] = {"type": "string", "pattern": "^sha256:[0-9a-f]{64}$"}
_IDENTIFIER: Final[_Schema] = {"type": "string", "minLength": 1, "maxLength": MAX_IDENTIFIER_LENGTH}
_TEXT: Final[_Schema] = {"type": "string", "maxLength": MAX_TEXT_LENGTH}
_NONCE: Final[_Schema] = {"type": "string", "pattern": "^[0-9a-f]{32,64}$"}
_INSTANT: Final[_Schema] = {
    "type": "string",
    "pattern": "^[0-9]{4}-[01][0-9]-[0-3][0-9]T[0-2][0-9]:[0-5][0-9]:[0-5][0-9]\\.[0-9]{3}Z$",
}
_KEY_ID: Final[_Schema] = {"type": "string", "pattern": "^[0-9a-f]{64}$"}
_CODE: Final[_Schema] = {"type": "string", "pattern": "^[a-z][a-z0-9_]{0,63}$"}
_OBJECT: Final[_Schema] = {"type": "object"}
_ANY: Final[_Schema] = {}
_COUNT: Final[_Schema] = {"type": "integer", "minimum": 0, "maximum": MAX_NUMBER}
_OPENING: Final[_Schema] = {"type": "string", "pattern": "^[0-9a-f]{64}$"}
_PATH: Final[_Schema] = {
    "type": "string",
    "pattern": "^(?:/(?:[^~/]|~[01])*)+$",
    "maxLength": MAX_POINTER_LENGTH,
}
_ENDINGS: Final = ["completed", "denied", "failed"]
_MODES: Final = ["apply", "observe"]


def _optional(schema: _Schema) -> _Schema:
    return {"anyOf": [schema, {"type": "null"}]}


def _choice(*values: str) -> _Schema:
    return {"enum": list(values)}


def _list(items: _Schema, most: int | None = None) -> _Schema:
    return {"type": "array", "items": items} | ({} if most is None else {"maxItems": most})


def _members(**members: _Schema) -> _Schema:
    """
    Give an object that has exactly these members.
    """
    return {
        "type": "object",
        "properties": members,
        "required": sorted(members),
        "additionalProperties": False,
    }


def _record(name: str, **members: _Schema) -> _Schema:
    return _members(schema={"const": name}, **members)


_HEADER: Final = _record(
    "run/v1",
    context_digest=_DIGEST,
    definition_digest=_DIGEST,
    engine=_IDENTIFIER,
    metadata_digest=_DIGEST,
    mission=_optional(_IDENTIFIER),
    mission_version=_optional(_IDENTIFIER),
    mode=_choice(*_MODES),
    params_digest=_optional(_DIGEST),
    policies_digest=_optional(_DIGEST),
    proof_digest=_optional(_DIGEST),
)
_ENTRY: Final = _record(
    "lineage/v1",
    answer_digest=_optional(_DIGEST),
    error_code=_optional(_CODE),
    input_digest=_DIGEST,
    kind=_choice("human", "runtime"),
    operation=_IDENTIFIER,
    output_digest=_DIGEST,
    payload_digest=_DIGEST,
    previous=_DIGEST,
    request_digest=_optional(_DIGEST),
    sequence={"type": "integer", "minimum": 1, "maximum": MAX_STEPS},
    status=_choice("completed", "denied", "failed", "skipped"),
    step_id=_IDENTIFIER,
    verdict_digest=_optional(_DIGEST),
)
_HUMAN_ASK: Final = _members(
    kind={"const": "human"},
    prompt=_TEXT,
    shown=_OBJECT,
    choices=_list(_IDENTIFIER, MAX_CHOICES),
    input_schema=_optional(_OBJECT),
    approvers=_list(_IDENTIFIER),
    quorum={"type": "integer", "minimum": 1, "maximum": MAX_QUORUM},
    not_by=_list(_IDENTIFIER),
    signed={"type": "boolean"},
    expires_after_ms=_optional({"type": "integer", "minimum": 1, "maximum": MAX_EXPIRY_MS}),
)
_EFFECT_ASK: Final = _members(
    kind={"const": "effect"},
    connector=_IDENTIFIER,
    action=_IDENTIFIER,
    params=_OBJECT,
    mode=_choice("mutate", "read"),
)
_REQUEST: Final = _record(
    "request/v1",
    run_digest=_DIGEST,
    sequence={"type": "integer", "minimum": 1, "maximum": MAX_STEPS},
    step_id=_IDENTIFIER,
    lineage_head=_DIGEST,
    input_digest=_DIGEST,
    ask={"oneOf": [_HUMAN_ASK, _EFFECT_ASK]},
)
_SIGNATURE: Final = _members(nonce=_NONCE, expires_at=_optional(_INSTANT), key_id=_KEY_ID, signature=_IDENTIFIER)
_DECISION: Final = _members(
    actor=_optional(_IDENTIFIER), choice=_IDENTIFIER, reason=_TEXT, input=_ANY, signature=_optional(_SIGNATURE)
)
_OUTCOME: Final = _members(
    status=_choice("failed", "succeeded", "unknown"), output=_ANY, code=_optional(_CODE), attempts=_list(_OBJECT)
)
_ANSWER: Final = _record(
    "answer/v1",
    request_digest=_optional(_DIGEST),
    step_id=_optional(_IDENTIFIER),
    decisions=_list(_DECISION, MAX_QUORUM),
    outcome=_optional(_OUTCOME),
)
_RECEIPT: Final = _record(
    "receipt/v1",
    answers_digest=_DIGEST,
    error_code=_optional(_CODE),
    failed_step_id=_optional(_IDENTIFIER),
    final_state_digest=_DIGEST,
    header=_HEADER,
    header_digest=_DIGEST,
    id=_IDENTIFIER,
    lineage_count={"type": "integer", "minimum": 1, "maximum": MAX_STEPS},
    lineage_head=_DIGEST,
    status=_choice(*_ENDINGS),
    steps=_list(_IDENTIFIER, MAX_STEPS),
)
_STEP: Final = _members(id=_IDENTIFIER, kind=_IDENTIFIER, payload=_OBJECT)
_DEFINITION: Final = _members(id=_IDENTIFIER, metadata=_OBJECT, steps=_list(_STEP))
_WORDS: Final = _list(_IDENTIFIER)
_RULES: Final = _list(
    {
        "oneOf": [
            _members(kind={"const": "requires"}, before=_WORDS, after=_WORDS, why=_TEXT),
            _members(kind={"const": "never"}, what=_WORDS, after=_WORDS, why=_TEXT),
            _members(
                kind={"const": "at_most"},
                count={"type": "integer", "minimum": 0, "maximum": MAX_STEPS},
                what=_WORDS,
                why=_TEXT,
            ),
            _members(kind={"const": "always_followed_by"}, what=_WORDS, by=_WORDS, why=_TEXT),
        ]
    },
    MAX_SEQUENCE_RULES,
)
_CERTIFICATE: Final = _record(
    "certificate/v1",
    definition_digest=_DIGEST,
    policies_digest=_optional(_DIGEST),
    rules=_RULES,
    rules_digest=_DIGEST,
    catalogue=_OBJECT,
    catalogue_digest=_DIGEST,
    path_count={"type": "integer", "minimum": 1},
    steps=_list(_members(id=_IDENTIFIER, capabilities=_list({"type": "string"})), MAX_STEPS),
    verdict={"const": "proven"},
)
_CHECKPOINT: Final = _record(
    "checkpoint/v1",
    mission=_optional(_IDENTIFIER),
    mission_version=_optional(_IDENTIFIER),
    mode=_choice(*_MODES),
    engine=_IDENTIFIER,
    definition=_DEFINITION,
    params=_optional(_OBJECT),
    context=_members(initial_state=_OBJECT, metadata=_optional(_OBJECT)),
    policies=_optional(_OBJECT),
    proof=_optional(_CERTIFICATE),
    answers=_list(_ANSWER, MAX_ANSWERS),
)
_SCALAR: Final[_Schema] = {"type": ["string", "number", "boolean", "null"]}
_NEAREST: Final = _members(path={"type": "string"}, of=_choice("size", "value"), value=_SCALAR)
_CLAUSE: Final = _members(
    text=_TEXT,
    held={"type": ["boolean", "null"]},
    failure=_optional(_CODE),
    saw=_OBJECT,
    absent=_list({"type": "string"}),
    nearest=_optional(_NEAREST),
)
_REPORT: Final = _members(
    rule_id=_IDENTIFIER,
    effect=_IDENTIFIER,
    applies={"type": ["boolean", "null"]},
    when=_optional(_list(_CLAUSE)),
    unless=_optional(_list(_CLAUSE)),
)
_VERDICT: Final = _record(
    "verdict/v1",
    policy_id=_IDENTIFIER,
    policy_version=_IDENTIFIER,
    policy_digest=_DIGEST,
    input_digest=_DIGEST,
    decision=_choice("allow", "deny", "flag"),
    rule_id=_optional(_IDENTIFIER),
    effect=_choice("allow", "allow_with_obligations", "deny", "flag"),
    reason_code=_IDENTIFIER,
    tier=_optional(_IDENTIFIER),
    risk_class=_optional(_choice("low", "medium", "high", "critical")),
    risk_score={"type": ["number", "null"]},
    obligations=_list(
        _members(obligation_id=_IDENTIFIER, kind=_IDENTIFIER, description=_TEXT, metadata=_OBJECT),
    ),
    constraints=_list(_members(constraint_id=_IDENTIFIER, kind=_IDENTIFIER, value=_ANY, metadata=_OBJECT)),
    applied=_list(_REPORT),
    failed=_list(_REPORT),
    closest=_list(_REPORT, 3),
)
_SIZE: Final[_Schema] = {"type": "integer", "minimum": 1, "maximum": MAX_NUMBER}

RECORD_SCHEMAS: Final[dict[str, _Schema]] = {
    name: {"$schema": _DIALECT, "$id": f"{_BASE}{name}", "title": name, **schema}
    for name, schema in {
        "answer/v1": _ANSWER,
        "certificate/v1": _CERTIFICATE,
        "checkpoint/v1": _CHECKPOINT,
        "lineage/v1": _ENTRY,
        "disclosure/v1": _record("disclosure/v1", seal=_DIGEST, path=_PATH, opening=_OPENING, value=_ANY),
        "log-consistency/v1": _record("log-consistency/v1", first_size=_SIZE, second_size=_SIZE, proof=_list(_DIGEST)),
        "log-inclusion/v1": _record(
            "log-inclusion/v1", index=_COUNT, size=_SIZE, receipt_digest=_DIGEST, proof=_list(_DIGEST)
        ),
        "opening/v1": _record("opening/v1", request_digest=_DIGEST, nonce=_NONCE, expires_at=_optional(_INSTANT)),
        "receipt/v1": _RECEIPT,
        "recorded-run/v1": _record(
            "recorded-run/v1", checkpoint=_CHECKPOINT, lineage=_list(_ENTRY, MAX_STEPS), receipt=_RECEIPT
        ),
        "request/v1": _REQUEST,
        "run/v1": _HEADER,
        "sequence-rules/v1": _record("sequence-rules/v1", rules=_RULES),
        "verdict/v1": _VERDICT,
        "workflow/v1": _record("workflow/v1", id=_IDENTIFIER, metadata=_OBJECT, steps=_list(_STEP)),
    }.items()
}
"""Schemas by the name that stands in a record's `schema`."""
