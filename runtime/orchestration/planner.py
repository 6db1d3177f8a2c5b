"""The registry as a planner sees it: what missions there are, what one would do, and running exactly what was planned.

Nothing here runs a step but `run_planned`. A plan is bound by a digest to everything the run depends on, so what was
looked at, or approved, is what runs: a mission, policy or catalogue that has changed since is refused.
"""

from collections.abc import Iterable, Mapping
from typing import Any, Final, Self, final

import attrs

from runtime.encoding.canonical import canonical, canonical_record
from runtime.encoding.converter import structure, unstructure
from runtime.encoding.digest import digest_of_bytes
from runtime.encoding.frozen import JsonObject
from runtime.errors import DefinitionError, IntegrityError, PlanChangedError, shown
from runtime.limits import MAX_HUMAN_STEPS, MAX_STEPS
from runtime.orchestration.catalogue import verify_actions
from runtime.orchestration.checkpoint import Checkpoint, Mode
from runtime.orchestration.deciding import Policies, bind_policies, read_policies, record_policies
from runtime.orchestration.definitions import ExecutionContext
from runtime.orchestration.descriptions import describe_asks, describe_effects, describe_steps
from runtime.orchestration.drive import drive
from runtime.orchestration.mission import Mission
from runtime.orchestration.preflight import verify_proof
from runtime.orchestration.prepare import PreparedStep, prepare, refuse_mutation
from runtime.orchestration.registry import MISSION_REGISTRY, find_mission
from runtime.orchestration.result import OrchestrationResult
from runtime.orchestration.sealed_inputs import refuse_seals
from runtime.orchestration.sealing import Sealing, begin_planned, demand_sealing
from runtime.policy.pack import PolicyPack
from runtime.ports import Connector, Decisions, EffectLedger
from runtime.values.answers import Answer
from runtime.values.checks import of_type

__all__ = ["Plan", "describe_mission", "list_missions", "plan_mission", "run_planned"]

_SCHEMA: Final = "plan/v1"


def _has_not_begun(_: object, field: "attrs.Attribute[Any]", value: Checkpoint) -> None:
    # The digest does not cover answers: one that came with a plan would be a decision nobody approved.
    if value.mission is None or value.proof is None or value.answers:
        raise DefinitionError(
            "a plan of no mission, without proof, or with answers",
            where=field.name,
            remedy="plan a mission; give answers to run_planned",
        )


@final
@attrs.frozen(kw_only=True)
class Plan:
    """
    The record `plan/v1`: one run of one mission that has not begun.
    """

    schema: str = _SCHEMA
    brought_policies: tuple[str, ...] = ()
    """Ids of the packs that were brought to the plan; the others are the mission's own."""
    catalogue: JsonObject = attrs.field(validator=of_type(JsonObject))
    inputs: Checkpoint = attrs.field(validator=[of_type(Checkpoint), _has_not_begun])
    """What the run would start from."""

    def __attrs_post_init__(self) -> None:
        """
        Refuse what no run would start from.
        """
        bind_policies(self._prepared, self._packs)
        verify_actions(self._prepared, self.catalogue)
        assert self.inputs.proof is not None  # noqa: S101 - narrows the type; see the validator.
        verify_proof(self.inputs.definition, self.inputs.policies, self.inputs.proof)

    @property
    def header(self) -> dict[str, Any]:
        """
        Everything the run depends on, by digest.
        """
        return {
            **self.inputs.header,
            "brought_policies": list(self.brought_policies),
            "catalogue_digest": self.catalogue.digest,
            "schema": _SCHEMA,
        }

    @property
    def digest(self) -> str:
        """
        The plan digest: of the header.
        """
        return digest_of_bytes(canonical_record(self.header))

    @property
    def steps(self) -> list[dict[str, Any]]:
        """
        What each step would do: id, kind, operation, description, when, capabilities.
        """
        return describe_steps(self._prepared, self._packs, self.catalogue.thaw())

    @property
    def asks(self) -> list[dict[str, Any]]:
        """
        What a person would be asked, and `when`: always, or only if a policy flags.
        """
        return describe_asks(self._prepared)

    @property
    def effects(self) -> list[dict[str, Any]]:
        """
        What would be touched outside.
        """
        return describe_effects(self._prepared)

    @property
    def _prepared(self) -> tuple[PreparedStep, ...]:
        return prepare(self.inputs.definition)

    @property
    def _packs(self) -> Policies:
        return read_policies(self.inputs.policies)

    def to_dict(self) -> dict[str, Any]:
        """
        Give the record as plain JSON, with the digest and what a reader wants to see of the steps.
        """
        record: dict[str, Any] = unstructure(self)
        return {**record, "digest": self.digest, "steps": self.steps, "asks": self.asks, "effects": self.effects}

    @classmethod
    def from_dict(cls, document: Any) -> Self:  # noqa: ANN401 - JSON enters here.
        """
        Read what `to_dict` gave.

        Raises:
            IntegrityError: it is no plan, or not the one its digest says.
        """
        if type(document) is not dict or document.get("schema") != _SCHEMA:
            got = document.get("schema") if type(document) is dict else document
            raise IntegrityError(f"schema {shown(got)}", where="plan", remedy=f"expected {_SCHEMA}")
        derived = ("digest", "steps", "asks", "effects")
        parts = {name: value for name, value in document.items() if name not in derived}
        plan = structure(parts, cls, what="plan", error=IntegrityError)
        # By bytes: Python takes true for 1.
        if canonical(plan.to_dict()) != canonical(document):
            raise IntegrityError(
                "a plan whose parts do not give its digest", where="plan", remedy="use the plan as it was made"
            )
        return plan


def list_missions(registry: Mapping[str, Mission] = MISSION_REGISTRY) -> list[dict[str, Any]]:
    """
    List the missions, sorted by name: `name`, `version`, `summary`, `start`.
    """
    missions = [find_mission(name, registry) for name in sorted(registry)]
    return [_describe_head(mission) for mission in missions]


def describe_mission(
    name: str,
    params: Any = None,  # noqa: ANN401 - JSON, or an instance of the mission's params class.
    *,
    registry: Mapping[str, Mission] = MISSION_REGISTRY,
) -> dict[str, Any]:
    """
    Describe a mission: what it takes, what its steps do and can touch, what it asks, and the digests that pin it.

    Args:
        name: a name in the registry.
        params: what to build the steps with; by default those of its example.
        registry: where it is looked up.

    Raises:
        UnknownMissionError: the name is not registered.
        ParamsError: the params do not fit.
        DefinitionError: the workflow they build is refused.
    """
    mission = find_mission(name, registry)
    recorded = mission.params_document(mission.example.params if params is None else params)
    definition = mission(recorded)
    policies = mission.record_policies()
    proof = mission.prove(definition, policies)
    steps, packs = prepare(definition), read_policies(policies)
    return {
        **_describe_head(mission),
        "params_schema": mission.params_schema,
        "example": {"params": mission.example.params.thaw(), "context": mission.example.context.to_dict()},
        "steps": describe_steps(steps, packs, mission.catalogue.thaw()),
        "asks": describe_asks(steps),
        "effects": describe_effects(steps),
        "policies": [
            {"policy_id": pack.policy_id, "version": pack.version, "digest": pack.digest} for pack in packs.values()
        ],
        "limits": {"steps": MAX_STEPS, "human_steps": MAX_HUMAN_STEPS},
        "definition": definition.to_dict(),
        "definition_digest": definition.digest,
        "params_digest": recorded.digest,
        "catalogue_digest": mission.catalogue.digest,
        "rules": proof.thaw()["rules"],
        "path_count": proof["path_count"],
        "proof_digest": proof.digest,
    }


def plan_mission(  # noqa: PLR0913 - the keywords of run_mission.
    name: str,
    params: Any = None,  # noqa: ANN401 - JSON, or an instance of the mission's params class.
    ctx: ExecutionContext | None = None,
    *,
    policies: Iterable[PolicyPack] | None = None,
    mode: Mode | str = Mode.OBSERVE,
    registry: Mapping[str, Mission] = MISSION_REGISTRY,
) -> Plan:
    """
    Plan a run; nothing runs. What `run_mission` would refuse before the first step is refused here.

    Args:
        name: a name in the registry.
        params: a JSON object for the mission's params class; None for its defaults.
        ctx: the state to start from; by default empty.
        policies: packs that take the place of the mission's own of the same policy id.
        mode: `observe`, or `apply` to allow steps that change something outside.
        registry: where the mission is looked up.

    Raises:
        UnknownMissionError: the name is not registered.
        ParamsError: the params do not fit.
        DefinitionError: the workflow is refused.
    """
    mission = find_mission(name, registry)
    brought = read_policies(record_policies(() if policies is None else policies))
    inputs = mission.begin(params, ExecutionContext() if ctx is None else ctx, policies=brought.values(), mode=mode)
    refuse_seals(inputs)
    if inputs.mode is Mode.OBSERVE:
        refuse_mutation(prepare(inputs.definition))
    return Plan(catalogue=mission.catalogue, inputs=inputs, brought_policies=tuple(sorted(brought)))


def run_planned(  # noqa: PLR0913 - the keywords of run_mission.
    plan: Plan,
    *,
    answers: Iterable[Answer] | None = None,
    effects: Mapping[str, Connector] | None = None,
    ledger: EffectLedger | None = None,
    decisions: Decisions | None = None,
    seal: Sealing | None = None,
    registry: Mapping[str, Mission] = MISSION_REGISTRY,
    allow_secrets: bool = True,
) -> OrchestrationResult:
    """
    Run exactly what was planned, as far as the answers reach.

    Args:
        plan: what `plan_mission` gave.
        answers: as for `run_mission`.
        effects: as for `run_mission`.
        ledger: as for `run_mission`.
        decisions: as for `run_mission`.
        seal: as for `run_mission`; seals outcomes, because inputs that are sealed cannot be planned.
        registry: where the mission is looked up again.
        allow_secrets: as for `run_mission`.

    Raises:
        PlanChangedError: the mission as registered now gives another plan; nothing ran.
        MissionEngineError: as `run_mission`.
    """
    if type(plan) is not Plan:
        raise DefinitionError(f"plan is {shown(plan)}", where="plan", remedy="give a Plan; plan_mission makes one")
    inputs = plan.inputs
    packs = read_policies(inputs.policies)
    brought = [packs[policy_id] for policy_id in plan.brought_policies if policy_id in packs]
    name = inputs.mission or ""
    now = plan_mission(name, inputs.params, inputs.context, policies=brought, mode=inputs.mode, registry=registry)
    was, has = plan.header, now.header
    if was != has:
        raise PlanChangedError(
            f"mission {name!r} gives another plan now: {sorted(key for key in was if was[key] != has[key])} differ",
            where="plan",
            remedy="plan again, and have the new plan approved",
        )
    given = refuse_seals(inputs.answered_by(() if answers is None else tuple(answers)))
    mission = find_mission(name, registry)
    demand_sealing(mission, seal)
    if seal is not None:
        begin_planned(mission, inputs, seal)
    return drive(given, effects=effects, ledger=ledger, decisions=decisions, seal=seal, allow_secrets=allow_secrets)


def _describe_head(mission: Mission) -> dict[str, Any]:
    return {
        "name": mission.name,
        "version": mission.version,
        "summary": mission.summary,
        "start": mission.start.value,
    }
