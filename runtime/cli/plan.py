"""`mission plan`: what a run would do, told without running anything."""

from typing import Any

import click

from runtime.cli.inputs import read_context, read_json_argument, read_policies
from runtime.cli.output import emit, json_option
from runtime.cli.plan_words import explain_plan, show_plan
from runtime.orchestration.checkpoint import Mode
from runtime.orchestration.planner import plan_mission

__all__ = ["plan", "planning_options"]


def planning_options(command: Any) -> Any:  # noqa: ANN401 - a click decorator.
    """
    Add what a run starts from: context, params, policies, mode.
    """
    for option in (
        click.option("--context", metavar="FILE", help="JSON object to start from; - reads stdin. Default: empty."),
        click.option("--params", metavar="JSON|@FILE", help="The mission's params. Default: its defaults."),
        click.option(
            "--policy",
            "policies",
            metavar="FILE",
            multiple=True,
            help="Policy pack instead of the mission's own of the same id. May be given more than once.",
        ),
        click.option(
            "--mode",
            type=click.Choice([mode.value for mode in Mode]),
            default=Mode.OBSERVE.value,
            show_default=True,
            help="apply allows changes outside.",
        ),
    )[::-1]:
        command = option(command)
    return command


@click.command()
@click.argument("name")
@planning_options
@click.option("--explain", is_flag=True, help="Say step by step what will happen, be asked and be touched.")
@json_option
def plan(
    name: str,
    context: str | None,
    params: str | None,
    policies: tuple[str, ...],
    mode: str,
    *,
    explain: bool,
    as_json: bool,
) -> None:
    """
    Plan a run, without running anything.

    The plan digest covers everything the run depends on: an approval of it is an approval of exactly this run.
    """
    planned = plan_mission(
        name,
        read_json_argument(params, "--params"),
        read_context(context),
        policies=read_policies(policies),
        mode=mode,
    )
    text = explain_plan(planned) if explain else show_plan(planned)
    emit(text, planned.to_dict(), as_json=as_json, name=planned.digest)
