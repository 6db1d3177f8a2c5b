"""The tier-2 way to a workflow: a mission spec by type and params, and `build_workflow`."""

from typing import Any, final

import attrs

from missions.catalog import BUILT_IN_MISSIONS
from runtime.encoding.frozen import EMPTY_OBJECT, JsonObject, frozen_object
from runtime.errors import AntiFailurePlanningError, AntiFailureViolation, DefinitionError, UnknownMissionError, shown
from runtime.orchestration.definitions import WorkflowDefinition
from runtime.orchestration.prepare import prepare
from runtime.values.checks import is_identifier

__all__ = ["AntiFailurePlanningError", "MissionSpec", "build_workflow"]


def _params(value: Any) -> JsonObject:  # noqa: ANN401 - a plain dict, a frozen one or None.
    return EMPTY_OBJECT if value is None else frozen_object(value)


@final
@attrs.frozen
class MissionSpec:
    """
    What to build: the name of a built-in mission, and its params.
    """

    type: str = attrs.field(validator=is_identifier)
    params: JsonObject = attrs.field(default=None, converter=_params)


def build_workflow(mission: MissionSpec) -> WorkflowDefinition:
    """
    Build the workflow of a spec.

    Raises:
        UnknownMissionError: the type is not one of the built-in missions.
        ParamsError: the params do not fit.
        AntiFailurePlanningError: the workflow would have more steps than a mission may have.
    """
    if type(mission) is not MissionSpec:
        raise DefinitionError(f"mission is {shown(mission)}", where="mission", remedy="give a MissionSpec")
    known = {built_in.name: built_in for built_in in BUILT_IN_MISSIONS}
    if mission.type not in known:
        raise UnknownMissionError(f"Unknown mission type: {shown(mission.type)}. Supported types: {sorted(known)}")
    definition = known[mission.type](mission.params)
    try:
        prepare(definition)
    except AntiFailureViolation as error:
        raise AntiFailurePlanningError(error.what, where=error.where, remedy=error.remedy) from error
    return definition
