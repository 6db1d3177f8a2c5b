"""How a run stands in SCLite's words."""

import pytest
from exporting import FAILING, PASSING

from runtime.evidence.exports.standing import read_standing

STANDINGS = {
    "nothing is done": ("allow_prepare", "approved_for_dry_run", (0, 0, 0)),
    "a policy allows": ("allow_prepare", "approved_for_dry_run", (0, 0, 0)),
    "a person approves": ("owner_approval_required", "approved_for_dry_run", (0, 0, 0)),
    "a person chooses": ("owner_approval_required", "approved_for_dry_run", (0, 0, 0)),
    "two persons approve": ("owner_approval_required", "approved_for_dry_run", (0, 0, 0)),
    "a gate is skipped": ("allow_prepare", "approved_for_dry_run", (0, 0, 0)),
    "an effect is done": ("allow_prepare", "approved", (1, 1, 1)),
    "an effect is skipped": ("allow_prepare", "approved", (1, 0, 0)),
    "two effects are done": ("allow_prepare", "approved", (2, 2, 2)),
    "a step fails": ("allow_prepare", "approved_for_dry_run", (0, 0, 0)),
    "an effect is not done": ("allow_prepare", "approved", (1, 1, 0)),
    "an effect is done, then a step fails": ("allow_prepare", "approved", (1, 1, 1)),
    "an effect is done, and has no place": ("allow_prepare", "approved", (1, 1, 1)),
    "a step fails before the gate": ("owner_approval_required", "owner_approval_required", (0, 0, 0)),
    "a gate that cannot be shown": ("owner_approval_required", "owner_approval_required", (0, 0, 0)),
    "a step fails after the gate": ("owner_approval_required", "approved_for_dry_run", (0, 0, 0)),
    "a person rejects": ("owner_approval_required", "rejected", (0, 0, 0)),
    "a policy denies": ("deny", "rejected", (0, 0, 0)),
    "a person rejects, and the run goes on": ("owner_approval_required", "rejected", (0, 0, 0)),
    "a vote fails, and the run goes on": ("owner_approval_required", "rejected", (0, 0, 0)),
    "nobody decides in time": ("owner_approval_required", "owner_approval_required", (0, 0, 0)),
}
"""Policy, approval, and effects planned, called and done."""


@pytest.mark.parametrize("name", [*PASSING, *FAILING])
def test_what_a_run_comes_to(name: str) -> None:
    """
    Who said what is told from the answers and verdicts alone; a gate nobody passed is not approved.
    """
    result = {**PASSING, **FAILING}[name]()
    standing = read_standing(result)
    counts = (standing.planned_count, standing.called_count, standing.executed_count)
    assert (standing.policy, standing.approval, counts) == STANDINGS[name]
    assert standing.status is result.status
    assert standing.is_completed is result.success
    assert standing.is_approved is standing.approval.startswith("approved")


def test_a_decision_is_told_with_its_answer() -> None:
    """
    Where it was taken, by whom, which choice, and the answer's digest; no reason and no input.
    """
    result = PASSING["a person approves"]()
    assert len(read_standing(PASSING["two persons approve"]()).decisions) == 2
    [decision] = read_standing(result).decisions
    [answer] = result.inputs.answers
    assert (decision.step_id, decision.actor, decision.choice) == ("gate", "ada", "approve")
    assert decision.answer_digest == answer.digest
