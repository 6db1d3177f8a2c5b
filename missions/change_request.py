"""change_request: a change to a part of the state, decided by its risk, and recorded with who decided what.

`propose` writes the change down, `decide` weighs its risk by policy, `approve` asks a person when the policy flags it,
`apply` merges it (RFC 7396), `record` keeps it. A small change of low risk needs no person; a critical one is denied.
Denied or rejected, the target is untouched.
"""

from typing import Any, Final

import attrs

from missions.steps import human, runtime
from runtime.encoding.frozen import JsonObject
from runtime.encoding.pointer import Pointer
from runtime.errors import DefinitionError
from runtime.orchestration.definitions import ExecutionContext, WorkflowDefinition
from runtime.orchestration.example import Example
from runtime.orchestration.mission import Mission
from runtime.orchestration.params_schema import described
from runtime.orchestration.sequence import AlwaysFollowedBy, Requires
from runtime.policy.pack import PolicyPack
from runtime.policy.rules import RiskClass
from runtime.values.answers import Answer
from runtime.values.checks import is_below_root, is_identifier
from runtime.values.decisions import HumanDecision

__all__ = ["CHANGE_REQUEST", "ChangeRequestParams"]

_RECORDS: Final = ("change", "history", "verdict")
"""Members of the state in which this mission records what was proposed and decided."""


def _is_no_record(_: object, field: "attrs.Attribute[Any]", value: Pointer) -> None:
    if value.tokens[0] in _RECORDS:
        raise DefinitionError(f"target {value.text}", where=field.name, remedy=f"{_RECORDS} are this mission's own")


@attrs.frozen(kw_only=True)
class ChangeRequestParams:
    """
    What is to change, for whom, at what risk, and who may approve it.
    """

    title: str = attrs.field(validator=is_identifier, metadata=described("What the change is called."))
    requested_by: str = attrs.field(validator=is_identifier, metadata=described("Who asks for the change."))
    patch: JsonObject = attrs.field(
        metadata=described("JSON merge patch (RFC 7396) for the target: members replace, null removes.")
    )
    target: Pointer = attrs.field(
        default=Pointer.parse("/config"),
        validator=[is_below_root, _is_no_record],
        metadata=described("Where in the state the patch is applied; not below /change, /history or /verdict."),
    )
    risk: RiskClass = attrs.field(
        default=RiskClass.MEDIUM,
        metadata=described("What is at stake: low goes on by itself when small, medium and high ask a person."),
    )
    approvers: tuple[str, ...] = attrs.field(
        default=(),
        validator=attrs.validators.deep_iterable(is_identifier),
        metadata=described("Who may approve or reject; empty lets any named person decide."),
    )


def build_change_request(params: ChangeRequestParams) -> WorkflowDefinition:
    """
    Build the five steps.
    """
    target, patch = params.target.text, params.patch.thaw()
    change = {
        "title": params.title,
        "requested_by": params.requested_by,
        "target": target,
        "risk": params.risk.value,
        "patch": patch,
    }
    steps = [
        runtime("propose", "set", "Write the change down", path="/change", value=change),
        runtime("decide", "decide", "Weigh its risk", policy="change_request", input="/change", path="/verdict"),
        human(
            "approve",
            f'Approve the change "{params.title}" to {target}, requested by {params.requested_by}?',
            when="flagged",
            show={"risk": "change.risk", "why a person is asked": "verdict.reason_code"},
            approvers=list(params.approvers),
            output="/change/decision",
        ),
        runtime("apply", "merge", "Apply the change", path=target, value=patch),
        runtime("record", "append", "Keep the change with its decision", path="/history", from_="/change"),
    ]
    return WorkflowDefinition("wf-change-request", steps, {"mission_type": "change_request"})


POLICY: Final = PolicyPack.from_document(
    {
        "schema": "policy-pack/v1",
        "policy_id": "change_request",
        "version": "1.0.0",
        "description": "Small changes of low risk go on; critical ones are refused; a person decides on the rest.",
        "rules": [
            {
                "rule_id": "critical-is-refused",
                "effect": "deny",
                "when": ['risk == "critical"'],
                "reason_code": "critical_change",
                "tier": "automated",
                "risk_class": "critical",
            },
            {
                "rule_id": "risk-asks",
                "effect": "flag",
                "when": ['risk in ["medium", "high"]'],
                "reason_code": "risk_needs_a_person",
                "tier": "human",
                "risk_class": "medium",
            },
            {
                "rule_id": "large-asks",
                "effect": "flag",
                "when": ["size(patch) > 5"],
                "reason_code": "large_change_needs_a_person",
                "tier": "human",
                "risk_class": "medium",
            },
            {
                "rule_id": "small-and-low",
                "effect": "allow",
                "when": ['risk == "low" && size(patch) <= 5'],
                "reason_code": "small_change_of_low_risk",
                "tier": "automated",
            },
        ],
        "cases": [
            {
                "name": "a small change of low risk goes on",
                "input": {"risk": "low", "patch": {"limit": 5}},
                "expect": {"decision": "allow", "rules": ["small-and-low"]},
            },
            {
                "name": "medium risk asks",
                "input": {"risk": "medium", "patch": {"limit": 5}},
                "expect": {"decision": "flag", "reason_code": "risk_needs_a_person"},
            },
            {
                "name": "a large change of low risk asks",
                "input": {"risk": "low", "patch": {"a": 1, "b": 1, "c": 1, "d": 1, "e": 1, "f": 1}},
                "expect": {"decision": "flag", "rules": ["large-asks"]},
            },
            {
                "name": "critical is refused",
                "input": {"risk": "critical", "patch": {"limit": 5}},
                "expect": {"decision": "deny", "reason_code": "critical_change"},
            },
        ],
    }
)
"""The pack that decides."""

CHANGE_REQUEST: Final = Mission(
    name="change_request",
    version="2.0.0",
    summary="Changes a part of the state, by its risk: at once, after a person approved exactly that, or not at all.",
    params_class=ChangeRequestParams,
    build=build_change_request,
    rules=(
        Requires(
            before=("verdict:allow", "human:approve"),
            after=("apply",),
            why="A change is applied only when the policy allows it, or a person does.",
        ),
        AlwaysFollowedBy(what=("apply",), by=("record",), why="What was changed is recorded."),
    ),
    policies=(POLICY,),
    example=Example(
        params={
            "title": "Raise the upload limit",
            "requested_by": "grace",
            "patch": {"upload_limit_mb": 250, "legacy_uploads": None},
            "approvers": ["ada", "edsger"],
        },
        context=ExecutionContext(
            {
                "service": "files",
                "config": {"upload_limit_mb": 100, "retention_days": 30, "legacy_uploads": True},
                "history": [],
            }
        ),
        answers=(
            Answer(
                step_id="approve",
                decision=HumanDecision(actor="ada", choice="approve", reason="Disk usage is at 40 %."),
            ),
        ),
    ),
)
"""The mission."""
