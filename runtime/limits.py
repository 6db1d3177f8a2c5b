"""Every bound of the engine, in one place.

A limit refuses; it never clamps. Nothing else in the package may write these numbers again.
"""

from typing import Final

__all__ = [
    "MAX_ACTIONS",
    "MAX_ANSWERS",
    "MAX_APPROVERS_BYTES",
    "MAX_BACKOFF_MULTIPLIER",
    "MAX_CHOICES",
    "MAX_CLAUSES",
    "MAX_CONCURRENCY",
    "MAX_CONCURRENT_RUNS",
    "MAX_DAYS",
    "MAX_DEPTH",
    "MAX_DOCUMENT_BYTES",
    "MAX_EXECUTION_MS",
    "MAX_EXPIRY_MS",
    "MAX_EXPRESSION_DEPTH",
    "MAX_EXPRESSION_FUEL",
    "MAX_EXPRESSION_LENGTH",
    "MAX_EXPRESSION_TEXT",
    "MAX_FAULTS",
    "MAX_GROUP_MEMBERS",
    "MAX_HOST_LENGTH",
    "MAX_HUMAN_STEPS",
    "MAX_IDENTIFIER_LENGTH",
    "MAX_JSON_NODES",
    "MAX_KEY_BYTES",
    "MAX_LEAF_BYTES",
    "MAX_MEASURES",
    "MAX_NOTE_BYTES",
    "MAX_NOTE_SIGNATURES",
    "MAX_NUMBER",
    "MAX_ORDERS",
    "MAX_ORPHANS",
    "MAX_PAYLOAD_BYTES",
    "MAX_PICKED",
    "MAX_POINTER_LENGTH",
    "MAX_PROFILE_BYTES",
    "MAX_PROFILE_FILES",
    "MAX_QUORUM",
    "MAX_RANKS",
    "MAX_RATE",
    "MAX_RECORD_BYTES",
    "MAX_RECORD_DEPTH",
    "MAX_RETRIES",
    "MAX_RULES",
    "MAX_SCHEMA_NODES",
    "MAX_SCHEMA_WORK",
    "MAX_SEAL_RULES",
    "MAX_SECRETS_BYTES",
    "MAX_SECRET_LENGTH",
    "MAX_SHOWN",
    "MAX_SHOWN_LENGTH",
    "MAX_SIGNATURES",
    "MAX_STEPS",
    "MAX_STEP_FUEL",
    "MAX_TARGETS",
    "MAX_TEXT_LENGTH",
    "MAX_TRUST_BYTES",
    "MAX_VALIDATION_RULES",
    "MAX_WEIGHTS",
    "MAX_WINDOWS",
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
MAX_SEAL_RULES: Final = 64
"""Seal rules of one run."""
MAX_CHOICES: Final = 16
"""Choices of one human step."""
MAX_QUORUM: Final = 16
"""Persons a human step may want, and decisions of one answer."""
MAX_EXPIRY_MS: Final = 366 * 24 * 60 * 60 * 1000
"""The longest time to decide."""
MAX_SHOWN: Final = 16
"""Values a human step shows below its prompt."""
MAX_SHOWN_LENGTH: Final = 1000
"""Bytes of one such value; of a longer one its kind and size are shown."""
MAX_SCHEMA_NODES: Final = 1000
"""Subschemas, enum members and required names of an input schema after every `$ref` is written out."""
MAX_SCHEMA_WORK: Final = 4 * MAX_PAYLOAD_BYTES
"""Those times the bytes of an input."""
MAX_EXPRESSION_LENGTH: Final = 4096
"""Characters of an expression."""
MAX_EXPRESSION_DEPTH: Final = 32
"""Parentheses, calls, lists, choices and signs inside one another."""
MAX_EXPRESSION_FUEL: Final = 10_000
"""Nodes one evaluation may work out; long text and deep comparisons count as many."""
MAX_EXPRESSION_TEXT: Final = 65_536
"""Characters of a text an expression puts together."""
MAX_RULES: Final = 1000
"""Rules of one policy pack, and test cases it carries."""
MAX_CLAUSES: Final = 32
"""Conditions of one rule under `when`, and under `unless`."""
MAX_MEASURES: Final = 16
"""Measures of one `summarize`."""
MAX_STEP_FUEL: Final = 2_000_000
"""Nodes that a `select` or a `prioritize` may work out over all elements; an element, an order, a weight is one each."""
MAX_PICKED: Final = 10_000
"""The largest `limit` of a `select` or a `prioritize`."""
MAX_ORDERS: Final = 16
"""Orders of one `select`, tie breakers of one `prioritize`."""
MAX_WEIGHTS: Final = 16
"""Weights of one score."""
MAX_RANKS: Final = 100
"""Values of one `rank_of`."""
MAX_DAYS: Final = 3650
"""Days ahead that a `days_until` looks."""
MAX_ALTERNATIVES: Final = 16
"""Words of one part of a sequence rule."""
MAX_SEQUENCE_RULES: Final = 32
"""Sequence rules of one mission."""
MAX_ANSWERS: Final = 64
"""Answers given at once."""

MAX_HOST_LENGTH: Final = 253
"""Characters of a host name, as in the domain name system."""
MAX_KEY_BYTES: Final = 16 * 1024
"""Size of one key in a file: PEM or OpenSSH text, and of the record of its revocation."""
MAX_APPROVERS_BYTES: Final = 1024 * 1024
"""Size of a file of approvers and their keys."""
MAX_SIGNATURES: Final = 16
"""Signatures of one envelope."""
MAX_LEAF_BYTES: Final = 64 * 1024
"""Size of one receipt in a log; it holds ids and digests only."""
MAX_NOTE_BYTES: Final = 1024 * 1024
"""Size of a signed note."""
MAX_NOTE_SIGNATURES: Final = 100
"""Signatures of a note; the specification asks readers to take at least 16."""

MAX_SECRETS_BYTES: Final = 1024 * 1024
"""Size of a file of secrets."""
MAX_SECRET_LENGTH: Final = 16 * 1024
"""Characters of one secret."""

MAX_TRUST_BYTES: Final = 1024 * 1024
"""Size of a trust file."""
MAX_ACTIONS: Final = 64
"""Actions of one decision."""
MAX_RETRIES: Final = 100
"""Attempts of one action after the first."""
MAX_EXECUTION_MS: Final = 24 * 60 * 60 * 1000
"""The longest time limit, back-off, window or cool-down of an execution policy."""
MAX_BACKOFF_MULTIPLIER: Final = 1000
"""How many times longer one back-off may be than the one before."""
MAX_RATE: Final = 1_000_000
"""Attempts in one window of a rate limit, and failures before a breaker opens."""
MAX_CONCURRENCY: Final = 32
"""Actions of one decision that run at once."""
MAX_ORPHANS: Final = 32
"""Executors of one process that run on after their time was up; a further attempt under a limit is denied."""

MAX_PROFILE_FILES: Final = 200
"""Documents of one profile."""
MAX_PROFILE_BYTES: Final = 128 * 1024
"""Size of all documents of one profile together, and of one environment; their reader takes up to 30 microseconds a byte."""
MAX_TARGETS: Final = 1000
"""Targets of one environment."""
MAX_GROUP_MEMBERS: Final = 256
"""Members of one group of targets."""
MAX_VALIDATION_RULES: Final = 64
"""Validation rules of one intent."""
MAX_WINDOWS: Final = 64
"""Maintenance windows of one environment."""
MAX_CONCURRENT_RUNS: Final = 1000
"""Runs that an environment may let go on at once."""

MAX_FAULTS: Final = 20
"""Faults reported together for one document; the rest are counted."""
SHOWN_VALUE_LENGTH: Final = 80
"""Characters of a foreign value shown in a message."""
