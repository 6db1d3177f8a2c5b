"""Turns workflows and validation rules of `rexecop` profiles into ours; what has no counterpart is noted as a fault."""

import re
from typing import Any, Final

from runtime.encoding.frozen import EMPTY_OBJECT, JsonObject, thaw
from runtime.encoding.pointer import Pointer, escape_token
from runtime.errors import DefinitionError, shown
from runtime.limits import MAX_RETRIES
from runtime.orchestration.payloads import ABSENT
from runtime.profiles.documents import NEVER_RETRIED, ErrorClass, Retry, Rollback, Step, StepType, Workflow
from runtime.profiles.places import Faults, Part, Spot
from runtime.profiles.rexecop_actions import internal_operation
from runtime.profiles.rexecop_documents import OldConnector, OldRetry, OldRule, OldRules, OldStep, OldWorkflow
from runtime.profiles.rule_documents import RuleType, ValidationRule, ValidationRules
from runtime.values.modes import RunMode

__all__ = ["MODES", "RESULTS", "rules_of", "workflow_of"]

MODES: Final = {
    "read_only": RunMode.OBSERVE,
    "emergency_readonly": RunMode.OBSERVE,
    "observe": RunMode.OBSERVE,
    "dry_run": RunMode.DRY_RUN,
    "apply": RunMode.APPLY,
}
"""Modes there, and what they are here."""
RESULTS: Final = "connector_results"
"""Member of the state under which what connectors gave stands, by step id."""

_CLASSES: Final = {
    "transient_connector_error": ErrorClass.TRANSIENT,
    "connector_disabled": ErrorClass.DISABLED,
    **{one.value: one for one in ErrorClass},
}
_CALL: Final = {"target": "${target.id}", "members": "${target.members}"}
"""What every connector there is told."""
_match_mutation = re.compile(r"mutation_states\.([^.]+)(\..*)?").fullmatch


def workflow_of(
    part: Part[OldWorkflow], stem: str, faults: Faults, connectors: dict[str, Part[OldConnector]]
) -> Part[Workflow]:
    """
    Turn a workflow into ours; it goes by the name of its file, as intents name it.
    """
    old = part.value
    rollback = None
    if old.rollback is not None and old.rollback.steps:
        inner = Part(old, part.document, f"{part.prefix}.rollback")
        rollback = Rollback(
            mode=_mode(inner, old.rollback.mode, "mode", faults),
            steps=_steps(inner, old.rollback.steps, old.steps, faults, connectors),
        )
    workflow = Workflow(
        schema=Workflow.SCHEMA,
        id=stem,
        description=old.description,
        steps=_steps(part, old.steps, (), faults, connectors),
        retry=None if old.retry is None else _retry(part, old.retry, faults),
        rollback=rollback,
    )
    return Part(workflow, part.document, part.prefix)


def _mode(part: Part[Any], name: str, path: str, faults: Faults) -> RunMode:
    if name not in MODES:
        faults.add(part, f"mode {shown(name)}: modes are {sorted(MODES)}", path)
    return MODES.get(name, RunMode.APPLY)


def _steps(
    part: Part[OldWorkflow],
    steps: tuple[OldStep, ...],
    before: tuple[OldStep, ...],
    faults: Faults,
    connectors: dict[str, Part[OldConnector]],
) -> tuple[Step, ...]:
    made = [
        _step(Spot(faults, part, f"steps[{index}]"), step, (*before, *steps[:index]), connectors)
        for index, step in enumerate(steps)
    ]
    return tuple(step for step in made if step is not None)


def _step(
    spot: Spot, step: OldStep, before: tuple[OldStep, ...], connectors: dict[str, Part[OldConnector]]
) -> Step | None:
    match step.type:
        case "connector":
            contract = connectors.get(step.connector)
            default = None if contract is None else contract.value.timeout_default
            return Step(
                id=step.id,
                type=StepType.CONNECTOR,
                connector=step.connector,
                action=step.action,
                params=JsonObject({**_CALL}),
                output=Pointer.parse(f"/{RESULTS}/{escape_token(step.id)}"),
                timeout=step.timeout or default,
                pause_safe=step.pause_safe,
            )
        case "evidence":
            return Step(id=step.id, type=StepType.EVIDENCE, action=step.action, pause_safe=step.pause_safe)
        case "internal":
            operation = internal_operation(step, before)
            if isinstance(operation, str):
                spot.add(operation, "action")
                return None
            name, params = operation
            return Step(
                id=step.id,
                type=StepType.INTERNAL,
                action=name,
                params=JsonObject(params),
                description=step.action,
                pause_safe=step.pause_safe,
            )
    spot.add(f"type {shown(step.type)}: types are connector, evidence, internal", "type")
    return None


def _retry(part: Part[OldWorkflow], old: OldRetry, faults: Faults) -> Retry | None:
    before = len(faults)
    if not 1 <= old.max_attempts <= MAX_RETRIES + 1:
        faults.add(
            part, f"max_attempts is {old.max_attempts}: allowed are 1 to {MAX_RETRIES + 1}", "retry.max_attempts"
        )
    listed: dict[str, tuple[ErrorClass, ...]] = {}
    for name, values in (("allowed_on", old.allowed_on), ("blocked_on", old.blocked_on)):
        for index, value in enumerate(values):
            if value not in _CLASSES:
                faults.add(part, f"{shown(value)}: classes are {sorted(_CLASSES)}", f"retry.{name}[{index}]")
            elif name == "allowed_on" and _CLASSES[value] in NEVER_RETRIED:
                faults.add(part, f"{value!r} is never retried: leave it out", f"retry.{name}[{index}]")
        listed[name] = tuple(dict.fromkeys(_CLASSES[value] for value in values if value in _CLASSES))
    return Retry(max_attempts=old.max_attempts, **listed) if len(faults) == before else None


def rules_of(part: Part[OldRules], faults: Faults) -> Part[ValidationRules]:
    """
    Turn the steps of a validation rule into our rules, each under a name of its own.
    """
    rules: list[ValidationRule] = []
    for index, old in enumerate(part.value.steps):
        try:
            rule = _rule(old, [one.rule for one in rules])
        except DefinitionError as error:
            faults.add(part, f"{error.what}: {error.remedy}", f"steps[{index}].{error.where}".rstrip("."))
            continue
        rules.append(rule)
    made = ValidationRules(schema=ValidationRules.SCHEMA, intent=part.value.intent, rules=tuple(rules))
    return Part(made, part.document, part.prefix)


def _rule(old: OldRule, taken: list[str]) -> ValidationRule:
    if old.type not in (RuleType.REQUIRE_MAPPING, RuleType.REQUIRE_TRUTHY_PATH, RuleType.REQUIRE_EQUALS):
        known = [RuleType.REQUIRE_MAPPING.value, RuleType.REQUIRE_TRUTHY_PATH.value, RuleType.REQUIRE_EQUALS.value]
        raise DefinitionError(f"type {shown(old.type)}", where="type", remedy=f"types are {known}")
    kind = RuleType(old.type)
    place = "key" if kind is RuleType.REQUIRE_MAPPING else "path"
    path = old.key if kind is RuleType.REQUIRE_MAPPING else old.path
    if not path:
        raise DefinitionError(f"a rule of type {old.type} without {place}", remedy=f"write {place}")
    failed = old.fail.get("rule", "")
    name = next(filter(None, (old.pass_rule, old.fail_rule, failed if type(failed) is str else "", path)))
    details = old.fail.get("details", EMPTY_OBJECT)
    reason = details.get("reason", "") if isinstance(details, JsonObject) else ""
    return ValidationRule(
        rule=_free(name, taken),
        type=kind,
        path=_pointer(path, is_key=place == "key"),
        message=reason if type(reason) is str else "",
        **({"value": None if old.value is ABSENT else thaw(old.value)} if kind is RuleType.REQUIRE_EQUALS else {}),
    )


def _free(name: str, taken: list[str]) -> str:
    free, count = name, 1
    while free in taken:
        count += 1
        free = f"{name} #{count}"
    return free


def _pointer(path: str, *, is_key: bool) -> Pointer:
    """
    Give the pointer of a path with dots; what a mutation left behind stands with what its connector gave.
    """
    moved = None if is_key else _match_mutation(path)
    if moved:
        path = f"{RESULTS}.{moved[1]}{moved[2] or ''}"
    names = [path] if is_key else [name for name in path.split(".") if name]
    return Pointer.parse("".join(f"/{escape_token(name)}" for name in names))
