"""execution_spine: the five kinds of step every governed workflow is made of, with nothing else in the way.

OBSERVE what the registry holds, DECIDE by policy, GATE (a person, only when the policy flags), ACT, TRANSFORM. Which way
a run goes is up to `test_mode` and the shipped policy pack, not to code. It is also registered under the name
`pt004_execution_spine`, and starts by hand.
"""

from typing import Final

import attrs

from missions.steps import human, literal, runtime
from runtime.orchestration.definitions import ExecutionContext, WorkflowDefinition
from runtime.orchestration.example import Example
from runtime.orchestration.mission import Mission, Start
from runtime.orchestration.params_schema import described
from runtime.orchestration.sequence import Never, Requires
from runtime.policy.pack import PolicyPack
from runtime.values.answers import Answer
from runtime.values.checks import is_identifier
from runtime.values.decisions import HumanDecision

__all__ = ["EXECUTION_SPINE", "PT004_EXECUTION_SPINE", "ExecutionSpineParams"]


@attrs.frozen(kw_only=True)
class ExecutionSpineParams:
    """
    Which way the run is to go, and who may let it pass the gate.
    """

    test_mode: str = attrs.field(
        default="allow",
        validator=is_identifier,
        metadata=described("What the policy looks at: allow, flag or deny; it denies anything else."),
    )
    approvers: tuple[str, ...] = attrs.field(
        default=(),
        validator=attrs.validators.deep_iterable(is_identifier),
        metadata=described("Who may decide at the gate; empty lets any named person decide."),
    )


def build_execution_spine(params: ExecutionSpineParams) -> WorkflowDefinition:
    """
    Build the five steps.
    """
    observed = '"registered": has(registry) ? registry.map(m, m.name) : [], "count": has(registry) ? size(registry) : 0'
    steps = [
        runtime(
            "spine-observe",
            "compute",
            "OBSERVE: read the registry handed over in the state",
            path="/observed",
            expression=f'{{"test_mode": {literal(params.test_mode)}, {observed}}}',
        ),
        runtime(
            "spine-decide",
            "decide",
            "DECIDE: ask the policy",
            policy="execution_spine",
            input="/observed",
            path="/verdict",
        ),
        human(
            "spine-gate",
            "GATE: the policy flagged this run. Let it act?",
            when="flagged",
            show={"test_mode": "observed.test_mode", "reason": "verdict.reason_code"},
            approvers=list(params.approvers),
            output="/gate",
        ),
        runtime(
            "spine-act",
            "compute",
            "ACT: do what was decided",
            path="/action",
            expression='{"performed": true, "on": observed.registered, "under": verdict.rule_id}',
        ),
        runtime(
            "spine-transform",
            "compute",
            "TRANSFORM: put the results together",
            path="/result",
            expression=(
                '{"workflows": observed.count, "decision": verdict.decision, "performed": action.performed, '
                '"approved_by": has(gate) ? gate.actor : null}'
            ),
        ),
    ]
    return WorkflowDefinition("wf-execution-spine", steps, {"mission_type": "execution_spine"})


POLICY: Final = PolicyPack.from_document(
    {
        "schema": "policy-pack/v1",
        "policy_id": "execution_spine",
        "version": "1.0.0",
        "description": "Allows, flags or denies by test_mode; anything else is denied because no rule applies.",
        "rules": [
            {
                "rule_id": "mode-allow",
                "effect": "allow",
                "when": ['test_mode in ["allow", "happy_path"]'],
                "reason_code": "test_mode_allows",
                "tier": "automated",
            },
            {
                "rule_id": "mode-flag",
                "effect": "flag",
                "when": ['test_mode in ["flag", "policy_flag"]'],
                "reason_code": "test_mode_flags",
                "tier": "human",
                "risk_class": "medium",
            },
            {
                "rule_id": "mode-deny",
                "effect": "deny",
                "when": ['test_mode in ["deny", "policy_deny"]'],
                "reason_code": "test_mode_denies",
                "tier": "automated",
                "risk_class": "high",
            },
        ],
        "cases": [
            {
                "name": "allow",
                "input": {"test_mode": "allow"},
                "expect": {"decision": "allow", "rules": ["mode-allow"]},
            },
            {"name": "flag", "input": {"test_mode": "flag"}, "expect": {"decision": "flag", "rules": ["mode-flag"]}},
            {"name": "deny", "input": {"test_mode": "deny"}, "expect": {"decision": "deny", "rules": ["mode-deny"]}},
            {
                "name": "anything else",
                "input": {"test_mode": "other"},
                "expect": {"decision": "deny", "reason_code": "no_matching_policy_rule"},
            },
        ],
    }
)
"""The pack that decides."""

EXECUTION_SPINE: Final = Mission(
    name="execution_spine",
    version="1.0.0",
    summary="Observe, decide by policy, pass a gate when flagged, act, transform: the spine of a governed workflow.",
    params_class=ExecutionSpineParams,
    build=build_execution_spine,
    rules=(
        Never(what=("effect:read", "effect:mutate"), why="It touches nothing outside."),
        Requires(
            before=("verdict:allow", "human:approve"),
            after=("spine-act",),
            why="It acts only when the policy allows it, or a person does.",
        ),
    ),
    policies=(POLICY,),
    start=Start.MANUAL,
    example=Example(
        params={"test_mode": "flag", "approvers": ["ada"]},
        context=ExecutionContext({"registry": [{"name": "execution_spine"}, {"name": "echo"}]}),
        answers=(
            Answer(step_id="spine-gate", decision=HumanDecision(actor="ada", choice="approve", reason="As expected.")),
        ),
    ),
)
"""The mission."""

PT004_EXECUTION_SPINE: Final = attrs.evolve(EXECUTION_SPINE, name="pt004_execution_spine")
"""The same mission under the name its earlier clients use."""
