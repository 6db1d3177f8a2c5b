"""Admission: whether a plan may run at once, only with an approval, or not at all. It is a run of the engine itself.

The workflow `plan-admission` has two steps: a policy decides on the plan, and where it flags, a person does, at the step
`$plan`. So an approval is asked for, signed, voted on, timed out, recorded and checked as every other decision is, and
what was approved is the digest of the plan, which the approver is shown with what will be done. A plan that changes
nothing outside needs no admission. See docs/adr/0020. Source: contracts/operations.md 1.
"""

from typing import Any, Final

from runtime.encoding.frozen import thaw
from runtime.errors import PolicyError, shown
from runtime.orchestration.checkpoint import Checkpoint
from runtime.orchestration.deciding import record_policies
from runtime.orchestration.definitions import ExecutionContext, StepSpec, WorkflowDefinition
from runtime.policy.evaluate import evaluate
from runtime.policy.pack import PolicyPack
from runtime.runs.run import Run
from runtime.values.modes import RunMode

__all__ = ["DEFAULT_ADMISSION", "PLAN_STEP", "build_admission", "list_facts"]

PLAN_STEP: Final = "$plan"
"""The id of the step at which a plan is approved."""
_POLICY_STEP: Final = "$policy"
_OBLIGATIONS: Final = {
    "approvers": "approvers",
    "quorum": "quorum",
    "signed_approval": "signed",
    "approval_expires": "expires_after_ms",
}
"""Kinds of obligations that say how a plan is approved, and the field of a human step that `metadata.value` goes to."""
_NOT_BY_REQUESTER: Final = "requester_not_approver"

DEFAULT_ADMISSION: Final = PolicyPack.from_document(
    {
        "schema": "policy-pack/v1",
        "policy_id": "default-admission",
        "version": "1",
        "rules": [
            {
                "rule_id": "a_person_approves",
                "effect": "flag",
                "reason_code": "no_admission_policy",
                "description": "No policy says who may change something outside, so a person does.",
                "when": ["true"],
            }
        ],
    }
)
"""What admits a plan where nobody says otherwise."""


def list_facts(run: Run) -> dict[str, Any]:
    """
    List what a policy is asked about, and a person is shown: the plan, in words and by its digest.
    """
    inputs = run.inputs
    proof: Any = None if inputs is None or inputs.proof is None else inputs.proof.thaw()
    steps = [] if proof is None else proof["steps"]
    return {
        "mission": run.mission,
        "mission_version": None if inputs is None else inputs.mission_version,
        "mode": run.mode.value,
        "requester": run.requester,
        "tenant": run.tenant,
        "environment": run.environment,
        "target": run.target,
        "params": None if inputs is None else thaw(inputs.params),
        "capabilities": sorted({one for step in steps for one in step["capabilities"]}),
        "steps": [step["id"] for step in steps],
        "plan_digest": run.plan_digest,
    }


def build_admission(run: Run, pack: PolicyPack = DEFAULT_ADMISSION) -> Checkpoint | None:
    """
    Give the inputs of the run that admits a plan; None where nobody need be asked.

    Args:
        run: a run that is planned.
        pack: the policy; an obligation of its verdict may say who approves, how many, signed or not, within what time,
            and that the requester may not.

    Raises:
        PolicyError: an obligation of the pack asks for an approval that cannot be.
    """
    if run.mode is not RunMode.APPLY:
        return None
    facts = list_facts(run)
    gate: dict[str, Any] = {
        "prompt": f"Run {facts['mission'] or 'this workflow'} and let it change things outside?",
        "show": {name: f"plan.{name}" for name in facts},
        "when": "flagged",
        "signed": False,
    }
    for obligation in evaluate(pack, facts).to_dict()["obligations"]:
        kind = obligation["kind"]
        if kind == _NOT_BY_REQUESTER:
            gate["not_by"] = "/plan/requester"
        elif kind in _OBLIGATIONS:
            if "value" not in obligation["metadata"]:
                raise PolicyError(
                    f"obligation {shown(obligation['obligation_id'])} of kind {kind} without a value",
                    where=f"policy {pack.policy_id}",
                    remedy="write metadata: {value: ...}",
                )
            gate[_OBLIGATIONS[kind]] = obligation["metadata"]["value"]
    steps = [
        StepSpec(
            _POLICY_STEP,
            "runtime",
            {"operation": "decide", "policy": pack.policy_id, "input": "/plan", "path": "/verdict"},
        ),
        StepSpec(PLAN_STEP, "human", gate),
    ]
    return Checkpoint(
        definition=WorkflowDefinition("plan-admission", steps),
        context=ExecutionContext({"plan": facts}),
        policies=record_policies((pack,)),
    )
