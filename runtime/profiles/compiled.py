"""What a run of a profile is compiled to: a mission of the engine, what it starts from, and what goes with it. Values only.

Everything a run uses is copied into it, so a later edit of a file changes nothing. Read `compiling.py` for how it is made.
"""

from typing import Any, final

import attrs

from runtime.encoding.digest import digest_of
from runtime.encoding.frozen import JsonObject
from runtime.orchestration.definitions import ExecutionContext, WorkflowDefinition
from runtime.orchestration.mission import Mission
from runtime.policy.pack import PolicyPack
from runtime.profiles.documents import Retry, Risk
from runtime.profiles.environment_documents import Safety
from runtime.profiles.rule_documents import ValidationRule
from runtime.values.modes import RunMode

__all__ = ["CompiledRun"]


@final
@attrs.frozen(kw_only=True, eq=False, repr=False)
class CompiledRun:
    """
    One intent of a profile, on one target of an environment, with params and a mode.
    """

    profile: str
    profile_version: str
    environment: str
    intent: str
    target: str
    mode: RunMode
    risk: Risk
    mission: Mission
    """Takes any object as params and builds `definition` from those of this run; proven on them."""
    definition: WorkflowDefinition
    params: JsonObject
    """With defaults filled in, as the run records them."""
    context: ExecutionContext
    policies: JsonObject | None
    """The packs of its `decide` steps, as a run records them."""
    certificate: JsonObject
    """The proof that no path breaks a rule: `certificate/v1`."""
    validation: tuple[ValidationRule, ...]
    retry: Retry | None
    rollback: Mission | None
    """What undoes a failed run, as a mission of its own; it takes the same params and context."""
    rollback_mode: RunMode | None
    timeouts_ms: JsonObject
    """Milliseconds by step id; steps that name none are left out."""
    connectors: JsonObject
    """For each connector used: backend and settings, with the names of secrets and never their values."""
    dry_run: JsonObject
    """What a dry run answers, by connector and action; null where the contract says nothing."""
    admission: PolicyPack | None
    """The environment's policy, by which a run that changes something is admitted."""
    safety: Safety
    profile_digest: str
    environment_digest: str
    """Of target, members, and settings of the connectors used."""

    @property
    def digest(self) -> str:
        """
        The digest of all of it that decides what will be done.
        """
        return digest_of(self.to_dict())

    def to_dict(self) -> dict[str, Any]:
        """
        Give what will be done as plain JSON: digests where the parts are records of their own.
        """
        undo = None if self.rollback is None else self.rollback(self.params)
        return {
            "schema": "compiled-run/v1",
            "profile": self.profile,
            "profile_version": self.profile_version,
            "profile_digest": self.profile_digest,
            "environment": self.environment,
            "environment_digest": self.environment_digest,
            "intent": self.intent,
            "target": self.target,
            "mode": self.mode.value,
            "risk": self.risk.value,
            "mission": self.mission.name,
            "mission_version": self.mission.version,
            "params": self.params.thaw(),
            "definition_digest": self.definition.digest,
            "context_digest": digest_of(self.context.to_dict()),
            "policies_digest": None if self.policies is None else self.policies.digest,
            "admission_digest": None if self.admission is None else self.admission.digest,
            "certificate_digest": self.certificate.digest,
            "rollback_digest": None if undo is None else undo.digest,
            "connectors": self.connectors.thaw(),
        }
