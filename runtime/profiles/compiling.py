"""Compiles an intent of a profile, on a target of an environment, to a workflow of the engine and what goes with it.

Rules, referred to by number below:

1. Every refusal comes before anything is made, all of them together, with the lines of profile or environment.
2. The result is a mission like any other: same limits, same proof, same receipts. What it builds depends on its params.
3. A group puts its members into context and references; one action takes them all.
4. Which actions change something is what the contract says, or the environment, whichever is more.
5. Equal documents give equal bytes: nothing here reads a clock, a file or an order of a set.
"""

from typing import Any

from runtime.encoding.canonical import JsonValue
from runtime.encoding.frozen import JsonObject, frozen_object, thaw
from runtime.errors import EncodingError, Fault, ParamsError, ProfileError, shown
from runtime.orchestration.definitions import ExecutionContext
from runtime.orchestration.mission import Mission
from runtime.orchestration.schema import input_faults
from runtime.profiles.building import RESULTS
from runtime.profiles.compiled import CompiledRun
from runtime.profiles.documents import Intent, Step, StepType
from runtime.profiles.environments import Environment
from runtime.profiles.missions import MissionMaker
from runtime.profiles.profile import Layout, Profile, catalogue_of
from runtime.profiles.resolving import (
    check_request,
    connectors_used,
    merged_catalogue,
    resolve_environment,
    target_document,
    target_list,
    timeouts_of,
)
from runtime.profiles.rexecop_workflows import RESULTS as OLD_RESULTS
from runtime.values.modes import RunMode

__all__ = ["compile_run"]


def compile_run(  # noqa: PLR0913 - the keywords are the contract of every caller.
    profile: Profile,
    environment: Environment,
    *,
    intent: str,
    target: str,
    params: Any = None,  # noqa: ANN401 - JSON.
    mode: RunMode | str = RunMode.DRY_RUN,
) -> CompiledRun:
    """
    Compile a run.

    Args:
        profile: as `read_profile` or `find_profile` gives it.
        environment: as `read_environment` gives it; one of this profile.
        intent: an intent of the profile.
        target: a target of the environment.
        params: a JSON object that fits the intent's schema; what is left out takes its default.
        mode: one of those the intent declares.

    Raises:
        ProfileError: names that are not there, an undeclared mode, missing connectors, references that name nothing.
        ParamsError: the params do not fit; every fault is listed.
        UnsafePathError: a path breaks a rule of the workflow.
        DefinitionError: the engine refuses the workflow.
    """
    what = f"intent {shown(intent)} on target {shown(target)}"
    chosen = _read_mode(mode)
    check_request(profile, environment, intent=intent, target=target, mode=chosen).refuse(what)  # (1)
    asked = profile.intents[intent].value
    workflow = profile.workflows[asked.workflow].value
    undo = () if workflow.rollback is None else workflow.rollback.steps
    used = connectors_used((*workflow.steps, *undo))
    catalogue = merged_catalogue(catalogue_of(profile.connectors), environment.document.connectors, used)  # (4)
    filled = _read_params(asked, params)
    connectors, environment_digest = resolve_environment(target, environment.document, used)
    scope: dict[str, JsonValue] = {
        "target": target_document(target, environment.document.targets[target]),  # (3)
        "environment": {"id": environment.id},
    }
    context = _context_of(
        profile, environment, scope, filled, {"intent": intent, "environment_digest": environment_digest}
    )
    maker = MissionMaker(
        profile=profile,
        environment=environment,
        intent=asked,
        workflow=workflow,
        catalogue=catalogue,
        scope=JsonObject(scope),
        params=filled,
        context=context,
    )
    rollback = maker.make_rollback()
    mission = maker.make(rollback)
    maker.check(mission(filled), chosen, what)
    return _assemble(maker, mission, rollback, chosen, connectors)


def _assemble(
    maker: MissionMaker, mission: Mission, rollback: Mission | None, mode: RunMode, connectors: JsonObject
) -> CompiledRun:
    """
    Put together what was made and copied.
    """
    profile, environment, workflow, intent = maker.profile, maker.environment, maker.workflow, maker.intent
    definition, policies = mission(maker.params), mission.record_policies()
    steps = (*workflow.steps, *(() if workflow.rollback is None else workflow.rollback.steps))
    metadata: Any = maker.context.to_dict()["metadata"]
    return CompiledRun(
        profile=profile.name,
        profile_version=profile.version,
        environment=environment.id,
        intent=intent.id,
        target=metadata["target"],
        mode=mode,
        risk=intent.risk,
        mission=mission,
        definition=definition,
        params=maker.params,
        context=maker.context,
        policies=policies,
        certificate=mission.prove(definition, policies),
        validation=profile.rules[intent.id].value.rules if intent.id in profile.rules else (),
        retry=workflow.retry,
        rollback=rollback,
        rollback_mode=None if workflow.rollback is None else workflow.rollback.mode,
        timeouts_ms=timeouts_of(steps),
        connectors=connectors,
        dry_run=_dry_run_of(profile, steps),
        admission=environment.policy,
        safety=environment.document.safety,
        profile_digest=profile.digest,
        environment_digest=metadata["environment_digest"],
    )


def _read_mode(mode: RunMode | str) -> RunMode:
    if mode in [*RunMode]:
        return RunMode(mode)
    raise ProfileError(f"mode {shown(mode)}", remedy=f"modes are {[one.value for one in RunMode]}")


def _read_params(intent: Intent, params: Any) -> JsonObject:  # noqa: ANN401 - JSON.
    """
    Fill in defaults and hold params to the intent's schema; an intent without one takes none.
    """
    what = f"params of intent {shown(intent.id)}"
    try:
        given = frozen_object({} if params is None else params).thaw()
    except EncodingError as error:
        raise ParamsError(
            f"{what}: {error.what}", where=error.where, remedy=error.remedy, faults=error.faults
        ) from error
    schema: dict[str, Any] = (
        {"type": "object", "additionalProperties": False} if intent.params is None else intent.params.thaw()
    )
    properties = schema.get("properties", {})
    defaults = {name: part["default"] for name, part in properties.items() if type(part) is dict and "default" in part}
    filled = {**defaults, **given}
    faults = input_faults(schema, filled)
    if faults:
        listed = [Fault(fault.message, f"params{fault.where.removeprefix('input')}") for fault in faults]
        raise ParamsError(f"{what} do not fit", remedy=f"params are {sorted(properties)}", faults=listed)
    return JsonObject(filled)


def _context_of(
    profile: Profile,
    environment: Environment,
    scope: dict[str, JsonValue],
    params: JsonObject,
    asked: dict[str, JsonValue],
) -> ExecutionContext:
    named: Any = scope["target"]
    state: dict[str, JsonValue] = {
        **scope,
        "params": params.thaw(),
        "targets": [*target_list(named["id"], environment.document)],
        RESULTS: {},
    }
    if profile.layout is Layout.REXECOP:
        state |= {OLD_RESULTS: {}, "internal_results": {}}
    metadata = {
        **asked,
        "profile": profile.name,
        "profile_digest": profile.digest,
        "environment": environment.id,
        "target": named["id"],
    }
    return ExecutionContext(state, metadata)


def _dry_run_of(profile: Profile, steps: tuple[Step, ...]) -> JsonObject:
    shapes: dict[str, dict[str, JsonValue]] = {}
    for step in steps:
        if step.type is StepType.CONNECTOR:
            shape = profile.connectors[step.connector].value.actions[step.action].dry_run
            shapes.setdefault(step.connector, {})[step.action] = thaw(shape)
    return JsonObject({**shapes})
