"""Short ways to the values tests need."""

import hashlib
from typing import Any

import rfc8785

from runtime.orchestration import (
    Answer,
    Checkpoint,
    EffectOutcome,
    ExecutionContext,
    HumanDecision,
    Mission,
    Mode,
    NoParams,
    OrchestrationResult,
    Orchestrator,
    OutcomeStatus,
    StepSpec,
    WorkflowDefinition,
)
from runtime.policy.pack import PolicyPack


def make_step(step_id: str = "a", operation: str = "noop", **payload: Any) -> StepSpec:
    """
    Make a runtime step; `from_` is written `from`.
    """
    fields = {key.rstrip("_"): value for key, value in payload.items()}
    return StepSpec(step_id, "runtime", {"operation": operation, **fields})


def make_gate(step_id: str = "gate", **payload: Any) -> StepSpec:
    """
    Make a human step.
    """
    return StepSpec(step_id, "human", {"prompt": "Go on?", **payload})


def make_workflow(*steps: StepSpec) -> WorkflowDefinition:
    """
    Make a workflow of the steps.
    """
    return WorkflowDefinition("wf-test", list(steps) or [make_step()])


def make_decision(step_id: str | None = "gate", **changes: Any) -> Answer:
    """
    Make an approval by ada, in advance for a step, or bound by `request_digest=`.
    """
    request_digest = changes.pop("request_digest", None)
    fields = {"actor": "ada", "choice": "approve", "reason": "looks right", **changes}
    return Answer(
        step_id=None if request_digest else step_id, request_digest=request_digest, decision=HumanDecision(**fields)
    )


def make_votes(*choices: str) -> Answer:
    """
    Make one answer of ada, bob and eve, in this order, in advance for the step `gate`.
    """
    pairs = zip(("ada", "bob", "eve"), choices, strict=False)
    return Answer(step_id="gate", decisions=[HumanDecision(actor=actor, choice=choice) for actor, choice in pairs])


def run(state: dict[str, Any], *steps: StepSpec, **keywords: Any) -> OrchestrationResult:
    """
    Run steps over a state.
    """
    return Orchestrator().run_workflow(make_workflow(*steps), ExecutionContext(state), **keywords)


def make_action(step_id: str = "act", **payload: Any) -> StepSpec:
    """
    Make a step that asks the connector `files` to `copy`, reading only unless told otherwise.
    """
    return make_step(step_id, "action", **{"connector": "files", "action": "copy", "mode": "read", **payload})


def make_outcome(status: str = "succeeded", **fields: Any) -> EffectOutcome:
    """
    Make an outcome; one that did not succeed gets a code.
    """
    code = {} if status == "succeeded" else {"code": "no_answer"}
    return EffectOutcome(status=OutcomeStatus(status), **{**code, **fields})


def make_effect_answer(
    step_id: str | None = "act", status: str = "succeeded", *, request_digest: str | None = None, **fields: Any
) -> Answer:
    """
    Make an outcome's answer, in advance for a step, or bound by `request_digest=`.
    """
    return Answer(
        step_id=None if request_digest else step_id,
        request_digest=request_digest,
        outcome=make_outcome(status, **fields),
    )


def make_inputs(*steps: StepSpec, state: dict[str, Any] | None = None, **changes: Any) -> Checkpoint:
    """
    Make the inputs of a run of the steps.
    """
    fields = {"definition": make_workflow(*steps), "context": ExecutionContext(state or {}), "mode": Mode.APPLY}
    return Checkpoint(**{**fields, **changes})


def make_mission(*steps: StepSpec, **changes: Any) -> Mission:
    """
    Make a mission that always builds the steps; its catalogue takes every action at its word.
    """
    definition = make_workflow(*steps)
    catalogue: dict[str, Any] = {}
    for payload in (step.payload.thaw() for step in steps):
        if "connector" in payload:
            actions = catalogue.setdefault(payload["connector"], {"actions": {}})["actions"]
            actions[payload["action"]] = {"mode": payload["mode"]}
    fields: dict[str, Any] = {
        "name": "made",
        "version": "1.0.0",
        "summary": "A mission for a test.",
        "catalogue": catalogue,
    }
    return Mission(**{**fields, "params_class": NoParams, "build": lambda _: definition, **changes})


def nested(depth: int, leaf: Any = 0) -> Any:
    """
    Make a value of lists inside one another.
    """
    value = leaf
    for _ in range(depth):
        value = [value]
    return value


def sha256_of(value: Any) -> str:
    """
    Digest a value as an auditor would: `sha256sum` over the exact encoder's bytes.
    """
    return "sha256:" + hashlib.sha256(rfc8785.dumps(value)).hexdigest()


def value_at(value: Any, pointer: str) -> Any:
    """
    Give what stands at a pointer of a plain value; it must be there.
    """
    for token in pointer.split("/")[1:]:
        value = value[int(token) if isinstance(value, list) else token.replace("~1", "/").replace("~0", "~")]
    return value


def make_pack_of(condition: str, *, effect: str = "allow", policy_id: str = "p") -> PolicyPack:
    """
    Make a pack of one rule.
    """
    rules = [{"rule_id": "r", "effect": effect, "when": [condition]}]
    return PolicyPack.from_document(
        {"schema": "policy-pack/v1", "policy_id": policy_id, "version": "1.0.0", "rules": rules}
    )
