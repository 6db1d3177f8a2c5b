"""Every bound of the engine, in one place.

A limit refuses; it never clamps. Nothing else in the package may write these numbers again.
"""

from typing import Final

__all__ = [
    "MAX_ANSWERS",
    "MAX_CHOICES",
    "MAX_DEPTH",
    "MAX_DOCUMENT_BYTES",
    "MAX_FAULTS",
    "MAX_HUMAN_STEPS",
    "MAX_IDENTIFIER_LENGTH",
    "MAX_JSON_NODES",
    "MAX_MEASURES",
    "MAX_NUMBER",
    "MAX_PAYLOAD_BYTES",
    "MAX_POINTER_LENGTH",
    "MAX_RECORD_BYTES",
    "MAX_RECORD_DEPTH",
    "MAX_SCHEMA_NODES",
    "MAX_SCHEMA_WORK",
    "MAX_STEPS",
    "MAX_TEXT_LENGTH",
    "SHOWN_VALUE_LENGTH",
]

MAX_STEPS: Final = 5
MAX_HUMAN_STEPS: Final = 2

MAX_DEPTH: Final = 64
"""Containers inside one another, the outermost counted."""
MAX_RECORD_DEPTH: Final = MAX_DEPTH + 8
"""Containers inside one another in a record of ours, which wraps documents of the caller."""
MAX_NUMBER: Final = 2**53 - 1
"""Largest magnitude of an integer, the exact range of a JSON number."""
MAX_DOCUMENT_BYTES: Final = 16 * 1024 * 1024
"""Canonical size of one context or state."""
MAX_RECORD_BYTES: Final = 40 * 1024 * 1024
"""Canonical size of one record: a context, and the payloads, params and answers beside it."""
MAX_JSON_NODES: Final = MAX_DOCUMENT_BYTES // 2
"""Values in one document; the smallest value and its comma take two bytes."""
MAX_PAYLOAD_BYTES: Final = 1024 * 1024
"""Canonical size of a step's payload, of params, of metadata, of one answer's content."""

MAX_IDENTIFIER_LENGTH: Final = 128
"""Characters of a step id, workflow id, mission name, connector, action or actor."""
MAX_TEXT_LENGTH: Final = 4096
"""Characters of a prompt, a description or a reason."""
MAX_POINTER_LENGTH: Final = 1024
"""Characters of a JSON Pointer."""
MAX_CHOICES: Final = 16
"""Choices of one human step."""
MAX_SCHEMA_NODES: Final = 1000
"""Subschemas, enum members and required names of an input schema after every `$ref` is written out."""
MAX_SCHEMA_WORK: Final = 4 * MAX_PAYLOAD_BYTES
"""Those times the bytes of an input."""
MAX_MEASURES: Final = 16
"""Measures of one `summarize`."""
MAX_ANSWERS: Final = 64
"""Answers given at once."""

MAX_FAULTS: Final = 20
"""Faults reported together for one document; the rest are counted."""
SHOWN_VALUE_LENGTH: Final = 80
"""Characters of a foreign value shown in a message."""
