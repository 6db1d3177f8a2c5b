"""What the JSON Schemas of records are put together from. Read `schemas.py` for the records."""

from typing import Any, Final

from runtime.limits import MAX_IDENTIFIER_LENGTH, MAX_NUMBER, MAX_POINTER_LENGTH, MAX_TEXT_LENGTH

__all__ = [
    "ANY",
    "CODE",
    "COUNT",
    "DIGEST",
    "IDENTIFIER",
    "INSTANT",
    "KEY_ID",
    "NONCE",
    "OBJECT",
    "POINTER",
    "SIZE",
    "TEXT",
    "Schema",
    "choice",
    "list_of",
    "members",
    "optional",
    "record",
]

Schema = dict[str, Any]
"""A JSON Schema."""

DIGEST: Final[Schema] = {"type": "string", "pattern": "^sha256:[0-9a-f]{64}$"}
IDENTIFIER: Final[Schema] = {"type": "string", "minLength": 1, "maxLength": MAX_IDENTIFIER_LENGTH}
TEXT: Final[Schema] = {"type": "string", "maxLength": MAX_TEXT_LENGTH}
NONCE: Final[Schema] = {"type": "string", "pattern": "^[0-9a-f]{32,64}$"}
INSTANT: Final[Schema] = {
    "type": "string",
    "pattern": "^[0-9]{4}-[01][0-9]-[0-3][0-9]T[0-2][0-9]:[0-5][0-9]:[0-5][0-9]\\.[0-9]{3}Z$",
}
POINTER: Final[Schema] = {
    "type": "string",
    "pattern": "^(?:/(?:[^~/]|~[01])*)+$",
    "maxLength": MAX_POINTER_LENGTH,
}
KEY_ID: Final[Schema] = {"type": "string", "pattern": "^[0-9a-f]{64}$"}
CODE: Final[Schema] = {"type": "string", "pattern": "^[a-z][a-z0-9_]{0,63}$"}
OBJECT: Final[Schema] = {"type": "object"}
ANY: Final[Schema] = {}
COUNT: Final[Schema] = {"type": "integer", "minimum": 0, "maximum": MAX_NUMBER}
SIZE: Final[Schema] = {"type": "integer", "minimum": 1, "maximum": MAX_NUMBER}


def optional(schema: Schema) -> Schema:
    """
    Allow null as well.
    """
    return {"anyOf": [schema, {"type": "null"}]}


def choice(*values: str) -> Schema:
    """
    Give one of some texts.
    """
    return {"enum": list(values)}


def list_of(items: Schema, most: int | None = None) -> Schema:
    """
    Give a list of any length, or of a length at most.
    """
    return {"type": "array", "items": items} | ({} if most is None else {"maxItems": most})


def members(**parts: Schema) -> Schema:
    """
    Give an object that has exactly these members.
    """
    return {
        "type": "object",
        "properties": parts,
        "required": sorted(parts),
        "additionalProperties": False,
    }


def record(name: str, **parts: Schema) -> Schema:
    """
    Give an object that has exactly these members and a schema.
    """
    return members(schema={"const": name}, **parts)
