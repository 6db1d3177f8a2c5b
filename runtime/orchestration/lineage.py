"""The records a run leaves: header, one entry a step, receipt. Canonical bytes, each bound to the one before.

The records hold identifiers, digests, small integers and codes only, under fixed ASCII keys written in sorted order
here, so the fast encoder's bytes are RFC 8785 without a guard. Their shapes are the classes below; readers get them as
plain dicts. Source: contracts/evidence.md 2.
"""

from typing import Final, Literal, TypedDict

import orjson

__all__ = ["ENGINE_VERSION", "EntryStatus", "LineageEntry", "Receipt", "RunHeader", "record_bytes"]

ENGINE_VERSION: Final = "1.0"
"""Version of the execution rules. Another major number means other bytes for the same inputs."""

EntryStatus = Literal["completed", "failed", "denied", "skipped"]
"""How one step ended."""


class RunHeader(TypedDict):
    """
    The record `run/v1`: everything a run depends on, by digest. Null where there is no mission, policy or proof.
    """

    context_digest: str
    definition_digest: str
    engine: str
    metadata_digest: str
    mission: str | None
    mission_version: str | None
    mode: str
    params_digest: str | None
    policies_digest: str | None
    proof_digest: str | None
    schema: Literal["run/v1"]


class LineageEntry(TypedDict):
    """
    The record `lineage/v1`: what one step did. `previous` is the digest of the entry before, first of the run header.
    """

    answer_digest: str | None
    error_code: str | None
    input_digest: str
    kind: str
    operation: str
    output_digest: str
    payload_digest: str
    previous: str
    request_digest: str | None
    schema: Literal["lineage/v1"]
    sequence: int
    status: EntryStatus
    step_id: str
    verdict_digest: str | None


class Receipt(TypedDict):
    """
    The record `receipt/v1`: how a run ended, bound to its header and lineage. Exists when the run ended.

    `steps` are the ids of the executed steps in order, human ones too; `id` is the workflow's.
    """

    answers_digest: str
    error_code: str | None
    failed_step_id: str | None
    final_state_digest: str
    header: RunHeader
    header_digest: str
    id: str
    lineage_count: int
    lineage_head: str
    schema: Literal["receipt/v1"]
    status: str
    steps: list[str]


def record_bytes(record: RunHeader | LineageEntry | Receipt) -> bytes:
    """
    Encode one of our own records, whose keys were written in sorted order; a test compares with `canonical`.
    """
    return orjson.dumps(record)
