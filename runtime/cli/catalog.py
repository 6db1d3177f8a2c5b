"""`mission list` and `mission show`."""

import click

from runtime.cli.inputs import read_json_argument
from runtime.cli.output import emit, json_option
from runtime.cli.words import describe_params, show_mission
from runtime.orchestration.payloads import ActionPayload
from runtime.orchestration.prepare import prepare
from runtime.orchestration.registry import MISSION_REGISTRY, find_mission

__all__ = ["list_missions", "show"]


@click.command("list")
@json_option
def list_missions(*, as_json: bool) -> None:
    """
    List the registered missions.
    """
    missions = list(MISSION_REGISTRY.values())
    width = max(len(mission.name) for mission in missions)
    text = "\n".join(f"{mission.name:<{width}}  {mission.version}  {mission.summary}" for mission in missions)
    rows = [{"name": mission.name, "version": mission.version, "summary": mission.summary} for mission in missions]
    emit(text, {"missions": rows}, as_json=as_json)


@click.command()
@click.argument("name")
@click.option("--params", metavar="JSON|@FILE", help="Params to build it with. Default: those of its example.")
@json_option
def show(name: str, params: str | None, *, as_json: bool) -> None:
    """
    Show a mission: params, steps, effects, digests.
    """
    mission = find_mission(name)
    given = mission.example.params if params is None else read_json_argument(params, "--params")
    recorded = mission.params_document(given)
    definition = mission(recorded)
    effects = [
        {"step_id": step.spec.id, "connector": payload.connector, "action": payload.action, "mode": payload.mode.value}
        for step in prepare(definition)
        if isinstance(payload := step.payload, ActionPayload)
    ]
    document = {
        "name": mission.name,
        "version": mission.version,
        "summary": mission.summary,
        "params": describe_params(mission.params_class),
        "example": {"params": mission.example.params.thaw(), "context": mission.example.context.to_dict()},
        "definition": definition.to_dict(),
        "effects": effects,
        "definition_digest": definition.digest,
        "params_digest": recorded.digest,
    }
    emit(show_mission(mission, definition, recorded.digest), document, as_json=as_json)
