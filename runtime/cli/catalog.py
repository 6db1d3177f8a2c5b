"""`mission list` and `mission show`."""

import click

from runtime.cli.inputs import read_json_argument
from runtime.cli.mission_words import show_mission
from runtime.cli.output import emit, json_option
from runtime.encoding.display import visible
from runtime.orchestration import planner
from runtime.orchestration.registry import MISSION_REGISTRY, find_mission

__all__ = ["list_missions", "show"]


@click.command("list")
@json_option
def list_missions(*, as_json: bool) -> None:
    """
    List the registered missions.
    """
    rows = planner.list_missions()
    width = max(len(row["name"]) for row in rows)
    lines = [f"{row['name']:<{width}}  {row['version']}  {visible(row['summary'])}" for row in rows]
    refused = MISSION_REGISTRY.refused
    if refused:
        lines += ["", "refused, and not registered:"]
        lines += [f"  {visible(name)}: {visible(why)}" for name, why in refused.items()]
    emit("\n".join(lines), {"missions": rows, "refused": refused}, as_json=as_json)


@click.command()
@click.argument("name")
@click.option("--params", metavar="JSON|@FILE", help="Params to build it with. Default: those of its example.")
@json_option
def show(name: str, params: str | None, *, as_json: bool) -> None:
    """
    Show a mission: params, steps, effects, digests.
    """
    given = None if params is None else read_json_argument(params, "--params")
    described = planner.describe_mission(name, given)
    emit(show_mission(find_mission(name), described), described, as_json=as_json)
