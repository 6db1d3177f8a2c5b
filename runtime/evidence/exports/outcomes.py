"""The artefacts of a run itself: the ticket it is held against, what was done, and what that shows.

A run that did not complete says so three times over: by the approval of its ticket, by the status of its receipt, and
by a claim that is not met. SCLite lets none of them pass.
"""

from typing import Any, Final

from runtime.encoding.digest import digest_of
from runtime.evidence.exports.assertions import ReviewAssertions
from runtime.evidence.exports.chain import descriptor_of, link_to
from runtime.evidence.exports.contracts import arguments_of
from runtime.evidence.exports.naming import RUNTIME, RUNTIME_REF, Artifact, head_of, hex_of, id_of, mode_of, tool_of
from runtime.evidence.exports.standing import Standing
from runtime.orchestration.result import OrchestrationResult

__all__ = ["build_evidence", "build_receipt", "build_ticket"]

_NO_VULNERABILITIES: Final = "does_not_claim_live_vulnerability_evidence"
"""SCLite wants a dry run to say so in these words."""


def build_ticket(
    result: OrchestrationResult,
    standing: Standing,
    asserted: ReviewAssertions,
    before: tuple[Artifact, Artifact, Artifact],
) -> Artifact:
    """
    Say who approved the run, and to what it was bound.

    The engine issues no tickets, so this one is written from the record of the run. It is valid for exactly the time of
    the run, and says that nothing kept the run to it.
    """
    contract = before[2]
    mode = mode_of(standing.planned_count)
    is_one_shot = standing.planned_count <= 1
    return {
        **head_of("execution_ticket", "v0.3", "ticket_id", id_of("ticket", result), asserted.started_at),
        "approval": _approval(result, standing),
        "execution_limits": {"max_runs": max(standing.planned_count, 1), "mode": mode, "one_shot": is_one_shot},
        "integrity": {
            "profile": "sclite-v0.3-scoped-ticket-integrity",
            "ticket_binds_execution_contract_digest": descriptor_of(contract)["digest"],
        },
        "links": link_to(*before),
        "non_claims": [
            "ticket_was_written_after_the_run_from_its_record",
            "validity_is_the_asserted_time_of_the_run",
            "does_not_prove_legal_authorization",
            "does_not_prove_signer_identity",
            "does_not_prove_runtime_enforcement",
        ],
        "scope_binding": {
            "mode": mode,
            "normalized_args_digest": digest_of(arguments_of(result)),
            "target_host": asserted.target_host,
            "target_kind": "host",
            "target_ref": f"host:{asserted.target_host}",
            "tool": tool_of(result),
        },
        "spend_limits": {
            "max_uses": 1,
            "network_execution_allowed": standing.planned_count > 0,
            "one_shot": is_one_shot,
            "requires_evidence_contract": True,
            "requires_receipt": True,
        },
        "subject_binding": {"issued_for_actor": f"operator:{asserted.operator}", "usable_by_runtime": RUNTIME_REF},
        "ticket_profile": "scoped_execution_ticket",
        "ticket_semantics": {
            "consumable_by_runtime": True,
            "default_transferable": False,
            "kind": "runtime_consumable_scoped_ticket",
        },
        "validity": {"not_before": asserted.started_at, "not_after": asserted.ended_at},
    }


def _approval(result: OrchestrationResult, standing: Standing) -> Artifact:
    unasked = "policy" if result.verdicts else "operator"
    return {
        "approval_id": id_of("approval", result),
        "approver_kind": "person" if standing.decisions else unasked,
        "decisions": [
            {"step_id": one.step_id, "actor": one.actor, "choice": one.choice, "answer_digest": one.answer_digest}
            for one in standing.decisions
        ],
        "status": standing.approval.value,
    }


def build_receipt(
    result: OrchestrationResult, standing: Standing, asserted: ReviewAssertions, before: tuple[Artifact, Artifact]
) -> Artifact:
    """
    Say what was done: the engine's own receipt and lineage, and how the run ended.
    """
    contract, ticket = before
    receipt: dict[str, Any] = result.receipt or {}
    digest = digest_of(receipt)
    return {
        **head_of("execution_receipt", "v0.2", "receipt_id", f"receipt-{hex_of(digest)}", asserted.ended_at),
        "evidence_refs": [
            {"kind": "mission_receipt", "digest": digest},
            {"kind": "lineage_head", "digest": receipt["lineage_head"]},
            {"kind": "final_state", "digest": receipt["final_state_digest"]},
        ],
        "execution": {
            "ended_at": asserted.ended_at,
            "executed_command_count": standing.executed_count,
            # Whether a connector that was called used the network is not known.
            "network_execution_performed": None if standing.called_count else False,
            "planned_command_count": standing.planned_count,
            "started_at": asserted.started_at,
        },
        "links": link_to(contract, ticket),
        "mission_lineage": result.lineage["entries"],
        "mission_receipt": receipt,
        "non_claims": [
            "receipt_does_not_prove_that_effects_happened",
            "receipt_does_not_prove_that_obligations_were_met",
            "receipt_does_not_prove_runtime_enforcement",
            "times_are_asserted_by_the_exporter",
        ],
        "outcome": {
            "error_code": result.error_code,
            "failed_step_id": result.failed_step_id,
            "status": _status(standing),
            "summary": f"{tool_of(result)} {standing.status.value}.",
        },
        "runtime": {
            "mode": mode_of(standing.called_count),
            "name": RUNTIME,
            "runtime_ref": RUNTIME_REF,
            "version": result.header["engine"],
        },
        **_ticket_use(standing, ticket),
    }


def _status(standing: Standing) -> str:
    # A completed run that did nothing outside is what SCLite calls a dry run; `failed` and `denied` mean the same there.
    return "dry_run" if standing.is_completed and not standing.executed_count else standing.status.value


def _ticket_use(standing: Standing, ticket: Artifact) -> Artifact:
    if not standing.is_approved:
        return {}  # There was nothing to use.
    use = {"consumed_by_runtime": RUNTIME_REF, "ticket_id": ticket["ticket_id"], "use_count": 1}
    return {"ticket_use": {**use, "one_shot_consumed": ticket["spend_limits"]["one_shot"]}}


def build_evidence(receipt: Artifact, standing: Standing, asserted: ReviewAssertions, ticket: Artifact) -> Artifact:
    """
    Say what the receipt shows, as one claim that is met or not, and how to check it.
    """
    done = standing.executed_count > 0 or not standing.is_completed
    claim = {
        "bounded_by_receipt": True,
        "claim_type": "receipt_bounded_execution" if done else "receipt_bounded_dry_run",
        "id": "run_completed",
        "requires_completed_execution": done,
        "requires_live_execution": False,
        "source_receipt_id": receipt["receipt_id"],
        "statement": f"The run was to complete; its receipt says {standing.status.value}.",
        "status": "met" if standing.is_completed else "not_met",
    }
    name = receipt["receipt_id"].replace("receipt-", "evidence-")
    return {
        **head_of("evidence_contract", "v0.2", "evidence_contract_id", name, asserted.ended_at),
        "claims": [claim],
        "links": link_to(receipt, ticket),
        "non_claims": [
            "does_not_include_the_state_or_the_params_of_the_run",
            "does_not_prove_legal_authorization",
            "does_not_prove_runtime_enforcement",
            "does_not_prove_that_this_was_the_only_run",
            _NO_VULNERABILITIES,
        ],
        "replay": {"live_execution_required": False, "mode": "re_execution_of_the_recorded_run"},
        "verification": {"commands": ["sclite review --fail-on review .", "mission replay RUN"]},
    }
