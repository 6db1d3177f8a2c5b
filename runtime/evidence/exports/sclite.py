"""A finished run as an SCLite review bundle: the nine files that `sclite review` reads.

SCLite (the package `sclite-core`) checks that six artefacts hold together: their schemas, the digests that link them,
and that what was done stays within what was allowed. Rules of the export, referred to by number below:

1. It comes out of the record and of what the exporter asserts, and of nothing else: same input, same bytes.
2. The run is executed again first. A record that does not give the same bytes is not exported.
3. A run that failed or was denied is exported as what it is, so that no review passes it; one that waits has no record
   and cannot be exported.
4. SCLite is not imported. One form suits its releases 1.0.9 to 2.0.1, and no verdict of a review is written here:
   that is for the reviewer to find out.

Read `standing.py` for how a run is put in SCLite's words, then `contracts.py` and `outcomes.py`.
"""

from typing import Any, Final

from runtime.encoding.canonical import canonical_record
from runtime.encoding.display import visible
from runtime.errors import DefinitionError, shown
from runtime.evidence.exports.assertions import ReviewAssertions
from runtime.evidence.exports.chain import ARTIFACT_FILES, build_manifest
from runtime.evidence.exports.contracts import build_contract, build_intent, build_policy
from runtime.evidence.exports.naming import Artifact, hex_of, tool_of
from runtime.evidence.exports.outcomes import build_evidence, build_receipt, build_ticket
from runtime.evidence.exports.standing import Standing, read_standing
from runtime.evidence.record import RecordedRun
from runtime.evidence.replay import replay
from runtime.orchestration.result import OrchestrationResult

__all__ = ["export_review_bundle"]

_MANIFEST: Final = "artifact_chain_manifest.json"
_RECORD: Final = "verification_receipt.json"
_REVIEW: Final = "REVIEW.md"


def export_review_bundle(run: RecordedRun, asserted: ReviewAssertions) -> dict[str, bytes]:
    """
    Export an ended run for review.

    Args:
        run: the recorded run; completed, failed or denied.
        asserted: what no record holds.

    Returns:
        The nine files of the bundle, by name. Each JSON file is canonical, without a line end.

    Raises:
        ReceiptMismatchError: the record does not give the same bytes when it is executed again.
        DefinitionError: what is asserted is no `ReviewAssertions`.

    Source: contracts/evidence.md 9.
    """
    if type(asserted) is not ReviewAssertions:
        raise DefinitionError(f"asserted is {shown(asserted)}", where="asserted", remedy="give ReviewAssertions")
    result = replay(run)  # (2)
    standing = read_standing(result)
    artifacts = _build_artifacts(result, standing, asserted)
    receipt = hex_of(run.receipt_digest)
    manifest = build_manifest(artifacts, chain_id=f"mission-run-{receipt}", created_at=asserted.ended_at)
    record = _record(run, manifest, asserted)
    files = {file: canonical_record(artifacts[role]) for role, file in ARTIFACT_FILES.items()}
    files |= {_MANIFEST: canonical_record(manifest), _RECORD: canonical_record(record)}
    return {**files, _REVIEW: _page(result, standing, record).encode()}


def _build_artifacts(
    result: OrchestrationResult, standing: Standing, asserted: ReviewAssertions
) -> dict[str, Artifact]:
    intent = build_intent(result, asserted)
    policy = build_policy(result, standing, asserted, intent)
    contract = build_contract(result, standing, asserted, (intent, policy))
    ticket = build_ticket(result, standing, asserted, (intent, policy, contract))
    receipt = build_receipt(result, standing, asserted, (contract, ticket))
    evidence = build_evidence(receipt, standing, asserted, ticket)
    built = (intent, policy, contract, ticket, receipt, evidence)
    return {artifact["artifact_type"]: artifact for artifact in built}


def _record(run: RecordedRun, manifest: Artifact, asserted: ReviewAssertions) -> dict[str, Any]:
    """
    Say what was checked here; SCLite wants a file of this name, and reads nothing in it.
    """
    receipt = run.receipt.thaw()
    return {
        "asserted": {
            "ended_at": asserted.ended_at,
            "operator": asserted.operator,
            "started_at": asserted.started_at,
            "target_host": asserted.target_host,
        },
        "re_execution": {
            "lineage_count": receipt["lineage_count"],
            "lineage_head": receipt["lineage_head"],
            "receipt_digest": run.receipt_digest,
            "same_bytes": True,
        },
        "review": "not_run",  # (4)
        "root_chain_digest": manifest["root_chain_digest"],
        "schema": "sclite-export/v1",
    }


def _page(result: OrchestrationResult, standing: Standing, record: dict[str, Any]) -> str:
    asserted = record["asserted"]
    code = f", code `{result.error_code}`" if result.error_code else ""
    lines = [
        f"# {visible(tool_of(result))}: {standing.status.value}",
        "",
        "Written by mission-runtime from the record of one run. This page holds no verdict of SCLite. To review:",
        "",
        "    sclite review --fail-on review .",
        "",
        f"- status: `{standing.status.value}`{code}",
        f"- policy: `{standing.policy.value}`, approval: `{standing.approval.value}`",
        f"- effects: {standing.planned_count} planned, {standing.called_count} called, {standing.executed_count} done",
        f"- receipt: `{record['re_execution']['receipt_digest']}`",
        f"- root of the chain: `{record['root_chain_digest']}`",
        "",
        "The run was executed again before it was exported, and gave the same bytes. Not proven, but asserted by whoever",
        f"exported it: operator {visible(asserted['operator'])}, host {asserted['target_host']} and that it is in scope,",
        f"times {asserted['started_at']} to {asserted['ended_at']}. Nothing here is signed.",
    ]
    return "\n".join(lines) + "\n"
