"""What the documents of a profile demand of each other: names that exist, modes that fit, workflows the engine takes.

Every workflow is prepared and its paths are walked as the engine does it before a run, so that a profile that reads is
one whose runs can begin; what depends on params, target and environment is checked again in `compiling.py`.
"""

import re
from collections.abc import Mapping
from typing import Final

from runtime.encoding.frozen import JsonObject
from runtime.errors import AntiFailureViolation, DefinitionError, MissionEngineError, UnsafePathError, shown
from runtime.orchestration.deciding import record_policies
from runtime.orchestration.definitions import StepSpec, WorkflowDefinition
from runtime.orchestration.payloads_asking import DecidePayload
from runtime.orchestration.preflight import prove
from runtime.orchestration.prepare import PreparedStep, mutating_steps, prepare
from runtime.orchestration.sequence import SequenceRule, named_steps
from runtime.profiles.building import specs_of
from runtime.profiles.documents import ConnectorContract, Intent, Step, StepType, Workflow
from runtime.profiles.drafting import Draft
from runtime.profiles.places import Faults, Part, Spot
from runtime.profiles.profile import catalogue_of
from runtime.profiles.references import has_reference
from runtime.profiles.stepcheck import check_step, schema_defects
from runtime.profiles.validation import rule_faults
from runtime.values.modes import RunMode

__all__ = ["check_profile", "lint_definition"]

_match_place = re.compile(r"steps\[(\d+)\]\.payload\.?(.*)").fullmatch
_ID: Final = "lint"


def check_profile(draft: Draft, faults: Faults) -> None:
    """
    Note every fault that shows only when documents are held against each other.
    """
    catalogue = catalogue_of(draft.connectors)
    for contract in draft.connectors.values():
        _check_contract(contract, faults)
    mutating: dict[str, list[str]] = {}
    for name, workflow in draft.workflows.items():
        users = [part.value for part in draft.intents.values() if part.value.workflow == name]
        mutating[name] = _check_workflow(workflow, faults, draft, catalogue, users)
    for intent in draft.intents.values():
        _check_intent(intent, faults, draft, mutating)
    for rules in draft.rules.values():
        if rules.value.intent not in draft.intents and ("intents", rules.value.intent) not in draft.unread:
            faults.add(rules, f"intent {shown(rules.value.intent)}: the profile has {sorted(draft.intents)}", "intent")
        for path, message in rule_faults(rules.value.rules):
            faults.add(rules, message, path)


def lint_definition(steps: tuple[Step, ...], catalogue: JsonObject) -> WorkflowDefinition:
    """
    Give a workflow as it would be compiled, with references as they are written; for what does not depend on them.
    """
    specs = []
    for step, spec in zip(steps, specs_of(steps, catalogue.thaw()), strict=True):
        payload = spec.payload.thaw()
        approvers = payload.get("approvers")
        if step.type is StepType.HUMAN and type(approvers) is str and has_reference(approvers):
            payload["approvers"] = []
        specs.append(StepSpec(spec.id, spec.kind, payload))
    return WorkflowDefinition(_ID, specs)


def _check_contract(part: Part[ConnectorContract], faults: Faults) -> None:
    for name, shape in part.value.actions.items():
        if shape.params is not None:
            for fault in schema_defects(shape.params):
                faults.add(part, fault.message, f"actions[{name!r}].params{fault.where.removeprefix('input_schema')}")


def _check_intent(part: Part[Intent], faults: Faults, draft: Draft, mutating: Mapping[str, list[str]]) -> None:
    intent = part.value
    if ("workflows", intent.workflow) in draft.unread:
        pass
    elif intent.workflow not in draft.workflows:
        faults.add(part, f"workflow {shown(intent.workflow)}: the profile has {sorted(draft.workflows)}", "workflow")
    elif RunMode.OBSERVE in intent.modes and mutating[intent.workflow]:
        faults.add(
            part,
            f"mode observe, and steps {mutating[intent.workflow]} of its workflow change something: take observe out",
            "modes",
        )
    if intent.params is not None:
        for fault in schema_defects(intent.params):
            faults.add(part, fault.message, f"params{fault.where.removeprefix('input_schema')}")
        if intent.params.get("type") != "object":
            faults.add(part, "params are no object: write type: object", "params")


def _check_workflow(
    part: Part[Workflow], faults: Faults, draft: Draft, catalogue: JsonObject, intents: list[Intent]
) -> list[str]:
    """
    Note what is wrong with a workflow, and list its steps that change something.
    """
    workflow = part.value
    found: list[str] = []
    parts: list[tuple[str, tuple[Step, ...]]] = [("", workflow.steps)]
    if workflow.rollback is not None:
        parts.append(("rollback", workflow.rollback.steps))
    for prefix, steps in parts:
        inner = Part(workflow, part.document, f"{part.prefix}.{prefix}".strip("."))
        before = len(faults)
        unread = {step.connector for step in steps if ("connectors", step.connector) in draft.unread}
        for index, step in enumerate(steps):
            if step.connector not in unread:
                check_step(Spot(faults, inner, f"steps[{index}]"), step, connectors=draft.connectors, intents=intents)
        prepared = _prepare(inner, steps, faults, catalogue)
        if prepared is None or len(faults) > before or unread:
            continue
        changes = mutating_steps(prepared)
        if prefix and workflow.rollback is not None and workflow.rollback.mode is RunMode.OBSERVE and changes:
            faults.add(part, f"mode observe, and steps {changes} change something: write mode: apply", "rollback.mode")
        if not prefix:
            found = changes
        rules = () if prefix else workflow.rules
        _prove(Spot(faults, inner, ""), prepared, lint_definition(steps, catalogue), draft, rules)
    return found


def _prepare(
    part: Part[Workflow], steps: tuple[Step, ...], faults: Faults, catalogue: JsonObject
) -> tuple[PreparedStep, ...] | None:
    try:
        return prepare(lint_definition(steps, catalogue))
    except AntiFailureViolation as error:
        faults.add(part, f"{error.what}: {error.remedy}", "steps")
    except DefinitionError as error:
        for fault in error.faults:
            place = _match_place(fault.where)
            if place is None:
                faults.add(part, fault.message, fault.where or "steps")
                continue
            if not fault.message.startswith(("unknown field", "unknown operation")):  # Noted at its own line before.
                step = steps[int(place[1])]
                faults.add(part, fault.message, f"steps[{place[1]}].{_written_at(step, place[2])}".rstrip("."))
        if not error.faults:
            faults.add(part, error.what, "steps")
    return None


def _written_at(step: Step, path: str) -> str:
    """
    Give where a member of a payload is written in the step it was built from.
    """
    name = re.split(r"[.\[/]", path, maxsplit=1)[0]
    if step.type in (StepType.INTERNAL, StepType.HUMAN) and name not in ("description", "pause_safe", "when", "prompt"):
        return f"params.{path}" if path else "params"
    return path


def _prove(
    spot: Spot,
    prepared: tuple[PreparedStep, ...],
    definition: WorkflowDefinition,
    draft: Draft,
    rules: tuple[SequenceRule, ...],
) -> None:
    asked = {step.payload.policy for step in prepared if isinstance(step.payload, DecidePayload)}
    ids = [step.id for step in definition.steps]
    for index, rule in enumerate(rules):
        for name in named_steps(rule):
            if name not in ids:
                spot.add(f"{shown(name)} is no step, and no capability", f"rules[{index}]")
    if not asked <= draft.policies.keys():
        return  # The environment brings the pack; the paths are walked when a run is compiled.
    packs = record_policies(tuple(draft.policies[name] for name in sorted(asked)))
    try:
        prove(definition, policies=packs, rules=rules, catalogue=catalogue_of(draft.connectors))
    except UnsafePathError as error:
        spot.add(f"a path can {error.what.partition(' can ')[2]}: {error.remedy}", "rules")
    except MissionEngineError as error:
        message = ": ".join(filter(None, (error.what, error.remedy)))
        spot.add(message, f"steps[{ids.index(error.where)}]" if error.where in ids else "steps")
