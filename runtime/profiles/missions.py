"""Makes missions of the workflows of a profile: the workflow itself, and what rolls it back. Read `compiling.py` first."""

import re
from typing import Any, Final, final

import attrs

from runtime.encoding.canonical import JsonValue
from runtime.encoding.digest import digest_of
from runtime.encoding.frozen import JsonObject
from runtime.errors import MissionEngineError, shown
from runtime.orchestration.definitions import ExecutionContext, WorkflowDefinition
from runtime.orchestration.example import Example
from runtime.orchestration.mission import Mission
from runtime.orchestration.payloads_asking import DecidePayload
from runtime.orchestration.prepare import mutating_steps, prepare
from runtime.orchestration.schema import input_faults
from runtime.orchestration.sequence import SequenceRule
from runtime.policy.pack import PolicyPack
from runtime.profiles.building import WorkflowBuilder
from runtime.profiles.checking import lint_definition
from runtime.profiles.documents import Intent, Step, StepType, Workflow
from runtime.profiles.environments import Environment
from runtime.profiles.places import Faults, Part
from runtime.profiles.profile import Profile
from runtime.profiles.resolving import retry_document, rule_document, timeouts_of
from runtime.profiles.scalars import semantic_version
from runtime.values.modes import RunMode

__all__ = ["MissionMaker"]

_NAME_LENGTH: Final = 54
_replace_others = re.compile(r"[^a-z0-9_]").sub


@final
@attrs.frozen(kw_only=True, eq=False, repr=False)
class MissionMaker:
    """
    What the missions of one compiled run are made from.
    """

    profile: Profile
    environment: Environment
    intent: Intent
    workflow: Workflow
    catalogue: JsonObject
    scope: JsonObject
    params: JsonObject
    context: ExecutionContext

    def make(self, rollback: Mission | None) -> Mission:
        """
        Make the mission of the workflow. Its definition names what would undo it, and when a run counts as done.
        """
        rules = self.profile.rules.get(self.intent.id)
        metadata: dict[str, JsonValue] = {
            "retry": retry_document(self.workflow.retry),
            "rollback_digest": None if rollback is None else rollback(self.params).digest,
            "validation_digest": digest_of([] if rules is None else [rule_document(one) for one in rules.value.rules]),
        }
        return self._make(self.workflow.steps, "", metadata, self.workflow.rules)

    def make_rollback(self) -> Mission | None:
        """
        Make the mission that undoes a failed run, if the workflow has one.
        """
        if self.workflow.rollback is None:
            return None
        return self._make(self.workflow.rollback.steps, "_rollback", {}, ())

    def check(self, definition: WorkflowDefinition, mode: RunMode, what: str) -> None:
        """
        Refuse a workflow whose actions do not fit their contracts now that references are filled in, or the mode.

        Raises:
            ProfileError: every fault is listed, at its line.
        """
        faults = Faults()
        part = self.profile.workflows[self.intent.workflow]
        for index, step in enumerate(self.workflow.steps):
            if step.type is StepType.CONNECTOR:
                self._check_params(part, index, step, definition, faults)
        changes = mutating_steps(prepare(definition))
        if mode is RunMode.OBSERVE and changes:
            message = f"steps {changes} change something in this environment, and mode observe allows none"
            faults.add(self.environment.part, message, "connectors")
        faults.refuse(what)

    def _check_params(
        self, part: Part[Workflow], index: int, step: Step, definition: WorkflowDefinition, faults: Faults
    ) -> None:
        schema = self.profile.connectors[step.connector].value.actions[step.action].params
        payload: Any = definition.steps[index].payload.thaw()
        for fault in () if schema is None else input_faults(schema.thaw(), payload["params"]):
            faults.add(part, fault.message, f"steps[{index}].params{fault.where.removeprefix('input')}")

    def _make(
        self, steps: tuple[Step, ...], suffix: str, metadata: dict[str, JsonValue], rules: tuple[SequenceRule, ...]
    ) -> Mission:
        workflow_id = f"{self.profile.name}.{self.workflow.id}{suffix}"
        builder = WorkflowBuilder.of(
            workflow_id if len(workflow_id) <= 128 else self.workflow.id,  # noqa: PLR2004 - as identifiers.
            steps,
            catalogue=self.catalogue.thaw(),
            scope=self.scope,
            metadata=JsonObject(
                {
                    "profile": self.profile.name,
                    "profile_version": self.profile.version,
                    "intent": self.intent.id,
                    "workflow": self.workflow.id,
                    "risk": self.intent.risk.value,
                    "timeouts_ms": timeouts_of(steps).thaw(),
                    **metadata,
                }
            ),
        )
        try:
            return Mission(
                name=_name_of(self.profile.name, self.intent.id) + suffix,
                version=semantic_version(self.profile.version),
                summary=self.intent.description or self.workflow.description,
                params_class=JsonObject,
                build=builder,
                example=Example(params=self.params, context=self.context),
                policies=self._packs(steps),
                catalogue=self._catalogue_of(steps),
                rules=rules,
            )
        except MissionEngineError as error:
            part = self.profile.workflows[self.intent.workflow]
            faults = Faults()
            faults.add_refusal(part, error, "steps")
            faults.refuse(f"workflow {shown(self.workflow.id)}")
            raise

    def _catalogue_of(self, steps: tuple[Step, ...]) -> JsonObject:
        used = {step.connector for step in steps if step.type is StepType.CONNECTOR}
        return JsonObject({name: member for name, member in self.catalogue.thaw().items() if name in used})

    def _packs(self, steps: tuple[Step, ...]) -> tuple[PolicyPack, ...]:
        """
        Give the packs that steps ask for; of two of one id that of the environment.
        """
        own = self.environment.policy
        known = {**self.profile.policies, **({} if own is None else {own.policy_id: own})}
        prepared = prepare(lint_definition(steps, self.catalogue))
        asked = {one.payload.policy for one in prepared if isinstance(one.payload, DecidePayload)}
        return tuple(known[name] for name in sorted(asked & known.keys()))


def _name_of(profile: str, intent: str) -> str:
    """
    Give a name a mission may have; of a long one, or one with other characters, the digest keeps it apart from others.
    """
    plain = f"{profile}_{intent}".lower()
    name = _replace_others("_", plain)
    name = name if name[0].isalpha() else f"p_{name}"
    return name if len(name) <= _NAME_LENGTH else f"{name[: _NAME_LENGTH - 9]}_{digest_of(plain)[7:15]}"
