"""The artefacts of what comes before a run: what was wanted, what the policies said, and what was to be done.

They hold names, digests and codes: no state, no params, no reasons.
"""

from runtime.evidence.exports.assertions import ReviewAssertions
from runtime.evidence.exports.chain import link_to
from runtime.evidence.exports.naming import Artifact, head_of, id_of, mode_of, tool_of
from runtime.evidence.exports.standing import Standing
from runtime.orchestration.payloads_asking import ActionPayload
from runtime.orchestration.prepare import PreparedStep, prepare
from runtime.orchestration.result import OrchestrationResult

__all__ = ["arguments_of", "build_contract", "build_intent", "build_policy"]


def build_intent(result: OrchestrationResult, asserted: ReviewAssertions) -> Artifact:
    """
    Say who asked for what, and on which host.
    """
    return {
        **head_of("intent_contract", "v0.2", "intent_id", id_of("intent", result), asserted.started_at),
        "actor": {"kind": "operator", "label": asserted.operator},
        "authority": {
            "intent_is_authority": False,
            "requires_execution_ticket": True,
            "requires_policy_decision": True,
        },
        "constraints": [f"mode_{result.inputs.mode.value}"],
        "intent": {"category": "mission_run", "summary": f"Run {tool_of(result)}."},
        "non_claims": ["intent_does_not_authorize_execution", "operator_is_asserted_by_the_exporter"],
        "requested_capability": {"mode": result.inputs.mode.value, "name": tool_of(result)},
        "target": {"host": asserted.target_host},
    }


def build_policy(
    result: OrchestrationResult, standing: Standing, asserted: ReviewAssertions, intent: Artifact
) -> Artifact:
    """
    Say what the policies of the run came to, with each verdict; that the host is in scope is asserted, not worked out.
    """
    verdicts = [(step_id, verdict.digest, verdict.to_dict()) for step_id, verdict in result.verdicts]
    names = ("policy_id", "policy_version", "policy_digest", "rule_id", "decision", "reason_code", "risk_class")
    last = verdicts[-1][2] if verdicts else {"risk_class": "not_stated", "reason_code": "no_policy_in_this_run"}
    return {
        **head_of("policy_decision", "v0.2", "decision_id", id_of("policy", result), asserted.started_at),
        "capability": {"name": tool_of(result), "planned_effects": standing.planned_count},
        "constraints": [f"mode_{result.inputs.mode.value}"],
        "decision": standing.policy.value,
        "links": link_to(intent),
        "reason_codes": [record["reason_code"] for _, _, record in verdicts],
        "risk": {"level": last["risk_class"] or "not_stated", "reason": last["reason_code"]},
        "scope": {
            "scope_profile": "operator_asserted",
            "target_host": asserted.target_host,
            "target_in_scope": True,
        },
        "verdicts": [
            {"step_id": step_id, "verdict_digest": digest, **{name: record[name] for name in names}}
            for step_id, digest, record in verdicts
        ],
    }


def arguments_of(result: OrchestrationResult) -> list[str]:
    """
    Name the inputs of a run by their digests: what SCLite calls the normalised arguments.
    """
    names = ("definition", "params", "context", "metadata", "policies")
    return [f"{name}={result.header[f'{name}_digest']}" for name in names]


def build_contract(
    result: OrchestrationResult, standing: Standing, asserted: ReviewAssertions, before: tuple[Artifact, Artifact]
) -> Artifact:
    """
    Say what was to be done: the steps, the effects they ask for, and the inputs by digest.
    """
    steps = prepare(result.inputs.definition)
    return {
        **head_of("execution_contract", "v0.2", "contract_id", id_of("contract", result), asserted.started_at),
        "execution_bounds": {
            "max_commands": standing.planned_count,
            "mode": mode_of(standing.planned_count),
            "network_execution_allowed": standing.planned_count > 0,  # The engine keeps no connector off the network.
        },
        "execution_shape": {
            "normalized_args": arguments_of(result),
            "plan": [_planned(step, number) for number, step in enumerate(steps, 1)],
            "tool": tool_of(result),
        },
        "expected_receipt": {"required": True, "schema_ref": "schemas/execution_receipt.v0.2.schema.json"},
        "links": link_to(*before),
        "non_claims": ["execution_contract_is_not_runtime_execution"],
        "target_binding": {
            "target": asserted.target_host,
            "target_host": asserted.target_host,
            "target_in_scope": True,
        },
    }


def _planned(step: PreparedStep, number: int) -> Artifact:
    planned = {
        "step": number,
        "step_id": step.spec.id,
        "operation": step.operation.name,
        "payload_digest": step.payload_digest,
    }
    if isinstance(step.payload, ActionPayload):
        payload = step.payload
        planned |= {"connector": payload.connector, "action": payload.action, "mode": payload.mode.value}
    return planned
