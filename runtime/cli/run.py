"""`mission run`, and how a result is kept and reported; the deciding commands end the same way."""

import getpass
import sys
from pathlib import Path

import click

from runtime.cli.exit_codes import ExitCode
from runtime.cli.inputs import read_answers, read_context, read_json_argument
from runtime.cli.output import emit, json_option, print_error
from runtime.cli.store import Store, near
from runtime.cli.words import show_result
from runtime.encoding.display import visible
from runtime.errors import MissionEngineError
from runtime.evidence.record import RecordedRun
from runtime.orchestration.checkpoint import Mode
from runtime.orchestration.registry import resume_mission, run_mission
from runtime.orchestration.result import OrchestrationResult, RunStatus
from runtime.values.answers import Answer, HumanDecision
from runtime.values.requests import HumanAsk, WaitReason

__all__ = ["login_name", "report", "run"]


@click.command()
@click.argument("name")
@click.option("--context", metavar="FILE", help="JSON object to start from; - reads stdin. Default: empty.")
@click.option("--params", metavar="JSON|@FILE", help="The mission's params. Default: its defaults.")
@click.option("--answers", metavar="FILE", help="JSON list of answers given in advance; - reads stdin.")
@click.option(
    "--mode",
    type=click.Choice([mode.value for mode in Mode]),
    default=Mode.OBSERVE.value,
    show_default=True,
    help="apply allows changes outside.",
)
@json_option
@click.pass_obj
def run(
    root: Path | None,
    name: str,
    context: str | None,
    params: str | None,
    answers: str | None,
    mode: str,
    *,
    as_json: bool,
) -> int:
    """
    Run a mission until it ends or waits.

    A step that asks a person asks on a terminal; elsewhere the run is kept as a checkpoint, and the command exits
    with 3 and says how to decide.
    """
    result = run_mission(
        name,
        read_context(context),
        read_json_argument(params, "--params"),
        answers=read_answers(answers),
        mode=mode,
    )
    store = Store.locate(root)
    while not as_json and result.status is RunStatus.WAITING_HUMAN and sys.stdin.isatty() and sys.stdout.isatty():
        click.echo(show_result(result, *_keep(result, store)))
        try:
            result = _ask(result, store)
        except MissionEngineError as error:
            # The checkpoint is kept: what was mistyped is asked again, or decided later.
            print_error(error, as_json=False)
    return report(result, store, as_json=as_json)


def _keep(result: OrchestrationResult, store: Store) -> tuple[str, str]:
    """
    Keep a result: a waiting one as a checkpoint, an ended one as a recorded run.

    Returns:
        The digest it is kept under, and the file.
    """
    if result.pending is not None:
        return result.inputs.digest, near(store.open_checkpoint(result.inputs))
    recorded = RecordedRun.of(result)
    return recorded.receipt_digest, near(store.save_run(recorded))


def report(result: OrchestrationResult, store: Store, *, as_json: bool) -> int:
    """
    Keep a result, print it, and give its exit status.
    """
    name, path = _keep(result, store)
    document = {**result.to_dict(), "kept_as": name, "file": path}
    emit(show_result(result, name, path), document, as_json=as_json, name=name)
    if result.pending is not None and result.pending.reason is WaitReason.UNKNOWN:
        return ExitCode.UNKNOWN
    if result.pending is not None:
        return ExitCode.WAITING
    return ExitCode.HOLDS if result.success else ExitCode.ENDED_BADLY


def login_name() -> str:
    """
    Give the name the operating system knows the user by.

    Raises:
        click.UsageError: it knows none.
    """
    try:
        return getpass.getuser()
    except (OSError, KeyError) as error:
        message = "nobody is logged in: say who decides with --as ACTOR"
        raise click.UsageError(message) from error


def _ask(result: OrchestrationResult, store: Store) -> OrchestrationResult:
    """
    Ask at the terminal, keep the decision, and drive the run on.
    """
    pending = result.pending
    assert pending is not None  # noqa: S101 - narrows the type; the caller has looked.
    assert isinstance(pending.request.ask, HumanAsk)  # noqa: S101 - as above.
    ask = pending.request.ask
    choice = click.prompt("your choice", type=click.Choice([visible(choice) for choice in ask.choices]))
    actor = click.prompt("your name", default=login_name())
    reason = click.prompt("reason", default="", show_default=False)
    given = None
    if ask.input_schema is not None and choice != "reject":
        given = read_json_argument(click.prompt("input (JSON)"), "input")
    decision = HumanDecision(actor=actor, choice=choice, reason=reason, input=given)
    answer = Answer(request_digest=pending.digest, decision=decision)
    after = resume_mission(result.inputs, [answer])
    store.claim_decision(result.inputs, answer)
    return after
