"""service_restart: restarts a service that is down, by policy and, where the policy flags, past a person.

Reads the health of the service, decides, asks (only when flagged), restarts through the connector `service`, and has
the connector verify that it came up. A healthy service is not restarted. The restart names what would undo it.
"""

from typing import Final

import attrs

from missions.steps import action, human, runtime
from runtime.orchestration.definitions import ExecutionContext, WorkflowDefinition
from runtime.orchestration.example import Example
from runtime.orchestration.mission import Mission
from runtime.orchestration.params_schema import described
from runtime.orchestration.sequence import AlwaysFollowedBy, AtMost, Requires
from runtime.policy.pack import PolicyPack
from runtime.values.answers import Answer, EffectOutcome, OutcomeStatus
from runtime.values.checks import is_identifier
from runtime.values.decisions import HumanDecision

__all__ = ["SERVICE_RESTART", "ServiceRestartParams"]


@attrs.frozen(kw_only=True)
class ServiceRestartParams:
    """
    Which service, and who may let the restart pass.
    """

    service: str = attrs.field(validator=is_identifier, metadata=described("Name of the service."))
    approvers: tuple[str, ...] = attrs.field(
        default=(),
        validator=attrs.validators.deep_iterable(is_identifier),
        metadata=described("Who may approve a flagged restart; empty lets any named person decide."),
    )


def build_service_restart(params: ServiceRestartParams) -> WorkflowDefinition:
    """
    Build the five steps.
    """
    named = {"service": params.service}
    steps = [
        action(
            "restart-check-health",
            "service.health",
            "Read the health of the service",
            params=named,
            mode="read",
            output="/health",
        ),
        runtime(
            "restart-decide",
            "decide",
            "Ask the policy whether to restart",
            policy="service_restart",
            input="/health",
            path="/verdict",
        ),
        human(
            "restart-approve",
            f'Restart "{params.service}"?',
            when="flagged",
            show={
                "status": "health.status",
                "environment": "health.environment",
                "failed checks": "health.failed_checks",
                "why a person is asked": "verdict.reason_code",
            },
            approvers=list(params.approvers),
            output="/approval",
        ),
        action(
            "restart-service",
            "service.restart",
            "Restart the service",
            params=named,
            mode="mutate",
            output="/restart",
            compensate={"action": "stop", "params": named},
        ),
        action(
            "restart-verify",
            "service.verify",
            "Verify that the service came up",
            params=named,
            mode="read",
            output="/verified",
        ),
    ]
    return WorkflowDefinition("wf-service-restart", steps, {"mission_type": "service_restart"})


POLICY: Final = PolicyPack.from_document(
    {
        "schema": "policy-pack/v1",
        "policy_id": "service_restart",
        "version": "1.0.0",
        "description": "A service that is down is restarted; in production, or when much fails, a person decides.",
        "rules": [
            {
                "rule_id": "healthy-stays",
                "effect": "deny",
                "when": ['status == "healthy"'],
                "reason_code": "service_is_healthy",
                "tier": "automated",
            },
            {
                "rule_id": "production-asks",
                "effect": "flag",
                "when": ['environment == "production"'],
                "reason_code": "production_needs_a_person",
                "tier": "human",
                "risk_class": "high",
                "obligations": [{"obligation_id": "tell-on-call", "kind": "notify"}],
            },
            {
                "rule_id": "many-failures-ask",
                "effect": "flag",
                "when": ["failed_checks > 10"],
                "reason_code": "many_checks_fail",
                "tier": "human",
                "risk_class": "medium",
            },
            {
                "rule_id": "down-restarts",
                "effect": "allow",
                "when": ['status in ["down", "degraded"]', "failed_checks >= 1"],
                "reason_code": "service_is_down",
                "tier": "automated",
            },
        ],
        "cases": [
            {
                "name": "a test service that is down",
                "input": {"status": "down", "environment": "test", "failed_checks": 3},
                "expect": {"decision": "allow", "rules": ["down-restarts"]},
            },
            {
                "name": "production asks",
                "input": {"status": "down", "environment": "production", "failed_checks": 3},
                "expect": {"decision": "flag", "rules": ["production-asks", "down-restarts"]},
            },
            {
                "name": "healthy in production",
                "input": {"status": "healthy", "environment": "production", "failed_checks": 0},
                "expect": {"decision": "deny", "reason_code": "service_is_healthy"},
            },
            {
                "name": "a report without its members",
                "input": {},
                "expect": {"decision": "deny", "reason_code": "policy_rule_not_evaluable"},
            },
        ],
    }
)
"""The pack that decides."""


def _done(step_id: str, output: object) -> Answer:
    return Answer(step_id=step_id, outcome=EffectOutcome(status=OutcomeStatus.SUCCEEDED, output=output))


SERVICE_RESTART: Final = Mission(
    name="service_restart",
    version="1.0.0",
    summary="Restarts a service that is down, by policy; where the policy flags, a person decides.",
    params_class=ServiceRestartParams,
    build=build_service_restart,
    rules=(
        Requires(
            before=("verdict:allow", "human:approve"),
            after=("effect:mutate",),
            why="A service is restarted only when the policy allows it, or a person does.",
        ),
        AtMost(count=1, what=("effect:mutate",), why="One run restarts once."),
        AlwaysFollowedBy(what=("effect:mutate",), by=("restart-verify",), why="A restart is verified."),
    ),
    policies=(POLICY,),
    catalogue={
        "service": {
            "actions": {
                "health": {"mode": "read"},
                "restart": {"mode": "mutate"},
                "stop": {"mode": "mutate"},
                "verify": {"mode": "read"},
            }
        }
    },
    example=Example(
        params={"service": "mail", "approvers": ["ada", "edsger"]},
        context=ExecutionContext({"site": "north"}),
        mode="apply",
        answers=(
            _done("restart-check-health", {"status": "down", "environment": "production", "failed_checks": 3}),
            Answer(
                step_id="restart-approve",
                decision=HumanDecision(actor="ada", choice="approve", reason="Mail has been down for ten minutes."),
            ),
            _done("restart-service", {"restarted": True}),
            _done("restart-verify", {"status": "healthy"}),
        ),
    ),
)
"""The mission."""
