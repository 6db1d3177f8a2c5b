"""How a run stands in the words of SCLite: what was decided, who approved, whether anything outside was called."""

from enum import StrEnum
from typing import final

import attrs

from runtime.orchestration.failures import StepErrorCode
from runtime.orchestration.operations import HUMAN
from runtime.orchestration.payloads_asking import ActionPayload
from runtime.orchestration.prepare import prepare
from runtime.orchestration.result import OrchestrationResult, RunStatus
from runtime.orchestration.voting import REJECT
from runtime.values.answers import OutcomeStatus
from runtime.values.verdicts import Decision

__all__ = ["ApprovalStatus", "GateDecision", "PolicyOutcome", "Standing", "read_standing"]


class PolicyOutcome(StrEnum):
    """
    What the policies of a run came to, as a policy decision of SCLite says it.
    """

    ALLOW = "allow_prepare"
    ASK = "owner_approval_required"
    DENY = "deny"


class ApprovalStatus(StrEnum):
    """
    Whether a run was approved, as a ticket of SCLite says it; only the first two let a review pass.
    """

    APPROVED = "approved"
    APPROVED_FOR_DRY_RUN = "approved_for_dry_run"
    NOT_ASKED = "owner_approval_required"
    REJECTED = "rejected"


@final
@attrs.frozen(kw_only=True)
class GateDecision:
    """
    What a person chose at a human step; their words stay in the record.
    """

    step_id: str
    actor: str
    choice: str
    answer_digest: str


@final
@attrs.frozen(kw_only=True)
class Standing:
    """
    How an ended run stands.

    `planned_count` counts the steps that ask for an effect, `called_count` those whose connector was called,
    `executed_count` those whose effect was done.
    """

    status: RunStatus
    policy: PolicyOutcome
    decisions: tuple[GateDecision, ...]
    planned_count: int
    called_count: int
    executed_count: int

    @property
    def is_completed(self) -> bool:
        """
        Tell whether the run completed.
        """
        return self.status is RunStatus.COMPLETED

    @property
    def approval(self) -> ApprovalStatus:
        """
        Whether the run was approved.

        One rejection counts, also where the step says that the run goes on: whoever said no approved nothing. So does
        a vote that failed because its choices differ.
        """
        is_rejected = any(decision.choice == REJECT for decision in self.decisions) or self._is_split
        if is_rejected or self.policy is PolicyOutcome.DENY:
            return ApprovalStatus.REJECTED
        if self.policy is PolicyOutcome.ASK and not self.decisions:
            return ApprovalStatus.NOT_ASKED
        return ApprovalStatus.APPROVED if self.planned_count else ApprovalStatus.APPROVED_FOR_DRY_RUN

    @property
    def _is_split(self) -> bool:
        said = {(decision.step_id, decision.choice) for decision in self.decisions}
        return len(said) > len({step_id for step_id, _ in said})

    @property
    def is_approved(self) -> bool:
        """
        Tell whether it was.
        """
        return self.approval in (ApprovalStatus.APPROVED, ApprovalStatus.APPROVED_FOR_DRY_RUN)


def read_standing(result: OrchestrationResult) -> Standing:
    """
    Read from an ended run how it stands.
    """
    steps = prepare(result.inputs.definition)
    entries = result.lineage["entries"]
    given = {answer.digest: answer for answer in result.inputs.answers}
    used = [(entry, given[entry["answer_digest"]]) for entry in entries if entry["answer_digest"] is not None]
    outcomes = [answer.outcome.status for _, answer in used if answer.outcome is not None]
    decisions = tuple(
        GateDecision(step_id=entry["step_id"], actor=one.actor, choice=one.choice, answer_digest=entry["answer_digest"])
        for entry, answer in used
        for one in answer.decisions
        if one.actor is not None
    )
    # A gate that a failed run did not reach was not passed, nor one that nobody decided; a skipped one was not needed.
    settled = {
        entry["step_id"]
        for entry in entries
        if entry["status"] != "failed" and entry["error_code"] != StepErrorCode.GATE_EXPIRED
    }
    is_cut_short = any(step.operation is HUMAN and step.spec.id not in settled for step in steps)
    policy = PolicyOutcome.ASK if decisions or is_cut_short else PolicyOutcome.ALLOW
    if any(verdict.decision is Decision.DENY for _, verdict in result.verdicts):
        policy = PolicyOutcome.DENY
    return Standing(
        status=result.status,
        policy=policy,
        decisions=decisions,
        planned_count=sum(isinstance(step.payload, ActionPayload) for step in steps),
        called_count=len(outcomes),
        executed_count=outcomes.count(OutcomeStatus.SUCCEEDED),
    )
