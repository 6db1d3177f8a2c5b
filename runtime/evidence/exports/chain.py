"""SCLite's way to bind artefacts to each other: descriptors, links, and a chain of digests.

SCLite hashes `json.dumps(sort_keys=True, separators=(",", ":"), ensure_ascii=False)`. For what is written here (texts,
integers, truth values and null under ASCII keys) those are the bytes of RFC 8785, so an artefact is kept in canonical
bytes and its digest is what `sha256sum` gives for its file. A test compares with SCLite's form.
"""

from collections.abc import Mapping
from hashlib import sha256
from typing import Any, Final

from runtime.encoding.canonical import canonical_record

__all__ = ["ARTIFACT_FILES", "build_manifest", "descriptor_of", "link_to"]

ARTIFACT_FILES: Final = {
    "intent_contract": "01_intent_contract.json",
    "policy_decision": "02_policy_decision.json",
    "execution_contract": "03_execution_contract.json",
    "execution_ticket": "04_execution_ticket.json",
    "execution_receipt": "05_execution_receipt.json",
    "evidence_contract": "06_evidence_contract.json",
}
"""The six artefacts of a bundle and the names SCLite wants for their files, in the order of the chain."""

_CANONICALIZATION: Final = "sclite-json-v0.1"
_ALGORITHM: Final = "sha256"


def descriptor_of(artifact: Mapping[str, Any]) -> dict[str, Any]:
    """
    Describe an artefact by its type, schema, digest and size.
    """
    raw = canonical_record(dict(artifact))
    return {
        "algorithm": _ALGORITHM,
        "artifact_type": artifact["artifact_type"],
        "canonical_bytes": len(raw),
        "canonicalization": _CANONICALIZATION,
        "digest": sha256(raw).hexdigest(),
        "schema_ref": artifact["schema_ref"],
        "schema_version": artifact["schema_version"],
    }


def link_to(*artifacts: Mapping[str, Any]) -> dict[str, Any]:
    """
    Link artefacts by descriptor; SCLite calls the intent contract `intent` in a link.
    """
    links = {}
    for artifact in artifacts:
        role = artifact["artifact_type"]
        links[role.removesuffix("_contract") if role == "intent_contract" else role] = {
            "role": role,
            "descriptor": descriptor_of(artifact),
        }
    return links


def build_manifest(artifacts: Mapping[str, Mapping[str, Any]], *, chain_id: str, created_at: str) -> dict[str, Any]:
    """
    Chain the six artefacts, given by role, in SCLite's order.
    """
    entries: list[dict[str, Any]] = []
    previous = ""
    for role, file in ARTIFACT_FILES.items():
        descriptor = descriptor_of(artifacts[role])
        step = {
            "algorithm": _ALGORITHM,
            "artifact_digest": descriptor["digest"],
            "artifact_type": descriptor["artifact_type"],
            "canonicalization": _CANONICALIZATION,
            "previous_chain_digest": previous,
            "role": role,
        }
        digest = sha256(canonical_record(step)).hexdigest()
        entries.append(
            {
                "chain_digest": digest,
                "descriptor": descriptor,
                "path": file,
                "previous_chain_digest": previous,
                "required": True,
                "role": role,
            }
        )
        previous = digest
    return {
        "artifact_type": "artifact_chain_manifest",
        "canonicalization": "sclite-artifact-chain-v0.2",
        "chain_id": chain_id,
        "created_at": created_at,
        "entries": entries,
        "hash_algorithm": _ALGORITHM,
        "profile": "sclite-v0.5-review-bundle-integrity-only",
        "root_chain_digest": previous,
        "schema_ref": "schemas/artifact_chain_manifest.v0.2.schema.json",
        "schema_version": "v0.2",
        "signature_policy": {"identity_signature_required": False, "mode": "integrity_only"},
    }
