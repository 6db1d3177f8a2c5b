"""What an environment gives to a run: the target with its members, settings of connectors, what they change; digests."""

from collections.abc import Iterable, Mapping
from typing import Any, Final

from runtime.encoding.canonical import JsonValue
from runtime.encoding.digest import digest_of
from runtime.encoding.frozen import JsonObject, thaw
from runtime.errors import shown
from runtime.orchestration.payloads import ABSENT
from runtime.profiles.documents import Retry, Step, StepType
from runtime.profiles.environment_documents import ConnectorSettings, EnvironmentDocument, Target, TargetType
from runtime.profiles.environments import Environment
from runtime.profiles.places import Faults
from runtime.profiles.profile import Profile
from runtime.profiles.rule_documents import ValidationRule
from runtime.profiles.scalars import duration_ms
from runtime.values.modes import RunMode
from runtime.values.requests import EffectMode

__all__ = [
    "check_request",
    "connectors_used",
    "merged_catalogue",
    "resolve_environment",
    "retry_document",
    "rule_document",
    "target_document",
    "target_list",
    "timeouts_of",
]

_DECLARING: Final = ("actions", "commands")
"""Members of a connector's settings that hold actions by name, each of which may say that it changes something."""


def check_request(profile: Profile, environment: Environment, *, intent: str, target: str, mode: RunMode) -> Faults:
    """
    List what keeps an intent from being run: names that are not there, a mode that is not declared, missing connectors.
    """
    faults = Faults()
    document = environment.document
    if document.profile != profile.name:
        faults.add(
            environment.part,
            f"profile {shown(document.profile)}, and the one given is {shown(profile.name)}",
            "profile",
        )
    if target not in document.targets:
        faults.add(environment.part, f"no target {shown(target)}: targets are {sorted(document.targets)}", "targets")
    if intent not in profile.intents:
        faults.add_file(profile.label, f"no intent {shown(intent)}: intents are {sorted(profile.intents)}")
        return faults
    part = profile.intents[intent]
    if mode not in part.value.modes:
        declared = [one.value for one in part.value.modes]
        faults.add(part, f"mode {mode.value!r} is not declared: modes are {declared}", "modes")
    workflow = profile.workflows[part.value.workflow].value
    undo = () if workflow.rollback is None else workflow.rollback.steps
    for name in connectors_used((*workflow.steps, *undo)):
        if name not in document.connectors:
            faults.add(
                environment.part,
                f"no connector {name!r}, which workflow {workflow.id!r} asks for: add it",
                "connectors",
            )
        elif not document.connectors[name].enabled:
            place = f"connectors[{name!r}].enabled"
            faults.add(
                environment.part, f"connector {name!r} is not enabled, and workflow {workflow.id!r} asks it", place
            )
    return faults


def connectors_used(steps: Iterable[Step]) -> list[str]:
    """
    List the connectors some steps ask, sorted.
    """
    return sorted({step.connector for step in steps if step.type is StepType.CONNECTOR})


def merged_catalogue(catalogue: JsonObject, connectors: Mapping[str, ConnectorSettings], used: list[str]) -> JsonObject:
    """
    Give what the connectors of a run do: an action changes something when the contract or the environment says so.
    """
    merged: dict[str, JsonValue] = {}
    for name in used:
        actions = catalogue[name].thaw()["actions"]
        settings = connectors[name].settings.thaw()
        for action in actions:
            if any(_changes(settings.get(member), action) for member in _DECLARING):
                actions[action] = {"mode": EffectMode.MUTATE.value}
        merged[name] = {"actions": actions}
    return JsonObject(merged)


def _changes(declared: Any, action: str) -> bool:  # noqa: ANN401 - free JSON of an environment.
    said = declared.get(action) if type(declared) is dict else None
    return type(said) is dict and (said.get("mode") == EffectMode.MUTATE.value or said.get("mutating") is True)


def target_document(name: str, target: Target) -> dict[str, Any]:
    """
    Give a target as state and references have it; one that is no group is its own only member.
    """
    members = list(target.members) if target.type is TargetType.GROUP else [name]
    return {"id": name, "type": target.type.value, "members": members, "attributes": target.attributes.thaw()}


def target_list(name: str, document: EnvironmentDocument) -> list[dict[str, Any]]:
    """
    Give the targets an action takes, in the order of the group: id, type and attributes of each.
    """
    listed = []
    for member in target_document(name, document.targets[name])["members"]:
        target = document.targets.get(member, Target(type=TargetType.HOST))
        listed.append({"id": member, "type": target.type.value, "attributes": target.attributes.thaw()})
    return listed


def resolve_environment(name: str, document: EnvironmentDocument, used: list[str]) -> tuple[JsonObject, str]:
    """
    Give backend and settings of the connectors of a run, and the digest of these, the target and its members.

    Secrets are no part of either: the names of secrets are, so a run that uses another secret is another run.
    """
    connectors = {
        connector: {
            "backend": document.connectors[connector].backend,
            "settings": document.connectors[connector].settings.thaw(),
        }
        for connector in used
    }
    resolved: dict[str, JsonValue] = {
        "schema": "resolved-environment/v1",
        "id": document.id,
        "profile": document.profile,
        "target": target_document(name, document.targets[name]),
        "targets": [*target_list(name, document)],
        "connectors": {**connectors},
    }
    return JsonObject({**connectors}), digest_of(resolved)


def timeouts_of(steps: Iterable[Step]) -> JsonObject:
    """
    Give the milliseconds of the steps that name a timeout.
    """
    return JsonObject({step.id: duration_ms(step.timeout) for step in steps if step.timeout is not None})


def retry_document(retry: Retry | None) -> JsonValue:
    """
    Give a retry policy as plain JSON.
    """
    if retry is None:
        return None
    return {
        "max_attempts": retry.max_attempts,
        "allowed_on": [one.value for one in retry.allowed_on],
        "blocked_on": [one.value for one in retry.blocked_on],
    }


def rule_document(rule: ValidationRule) -> dict[str, Any]:
    """
    Give a validation rule as plain JSON.
    """
    return {
        "rule": rule.rule,
        "type": rule.type.value,
        "path": None if rule.path is None else rule.path.text,
        "expression": rule.expression,
        "message": rule.message,
        **({} if rule.value is ABSENT else {"value": thaw(rule.value)}),
    }
