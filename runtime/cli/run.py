"""`mission run`, and how a result is kept and reported; the deciding commands end the same way."""

import getpass
import shlex
import sys
from collections.abc import Iterable
from pathlib import Path

import click

from runtime.cli.effects import find_effects
from runtime.cli.exit_codes import ExitCode
from runtime.cli.inputs import read_answers, read_context, read_json_argument, read_policies
from runtime.cli.output import allow_secrets_option, emit, json_option, print_error, say
from runtime.cli.plan import planning_options
from runtime.cli.store import Store, near
from runtime.cli.vaults import begin_sealing, find_sealing
from runtime.cli.words import short, show_result
from runtime.encoding.converter import unstructure
from runtime.encoding.display import visible
from runtime.errors import DefinitionError, EncodingError, InvalidAnswerError, TransitionError, UsageError
from runtime.evidence.record import RecordedRun
from runtime.orchestration.checkpoint import Checkpoint
from runtime.orchestration.registry import find_mission, resume_mission, run_mission
from runtime.orchestration.result import OrchestrationResult
from runtime.orchestration.screening import list_secrets
from runtime.orchestration.voting import REJECT
from runtime.storage import FileDecisions
from runtime.values.answers import Answer
from runtime.values.decisions import HumanDecision
from runtime.values.requests import HumanAsk, WaitReason

__all__ = ["already_decided", "login_name", "report", "run", "settle"]


@click.command()
@click.argument("name")
@planning_options
@click.option("--answers", metavar="FILE", help="JSON list of answers given in advance; - reads stdin.")
@click.option(
    "--seal",
    "rules",
    metavar="POINTER",
    multiple=True,
    help="Value to seal, as in /context/customer/iban or /params/token. May be given more than once.",
)
@allow_secrets_option
@json_option
@click.pass_obj
def run(
    root: Path | None,
    name: str,
    context: str | None,
    params: str | None,
    policies: tuple[str, ...],
    mode: str,
    answers: str | None,
    rules: tuple[str, ...],
    *,
    allow_secrets: bool,
    as_json: bool,
) -> int:
    """
    Run a mission until it ends or waits.

    A step that asks a person asks on a terminal; elsewhere the run is kept as a checkpoint, and the command exits
    with 3 and says how to decide. Context, params or answers that look like a secret are refused, because what a run
    is given stands in its record for good. Values named with --seal never enter the record; see mission seals.
    """
    store = Store.locate(root)
    mission = find_mission(name)
    result = run_mission(
        name,
        read_context(context),
        read_json_argument(params, "--params"),
        answers=read_answers(answers),
        policies=read_policies(policies),
        effects=find_effects(mission),
        decisions=FileDecisions(store.root),
        mode=mode,
        seal=begin_sealing(store, mission, rules),
        allow_secrets=allow_secrets,
    )
    while not as_json and _can_ask(result) and sys.stdin.isatty() and sys.stdout.isatty():
        say(show_result(result, *_keep(result, store)))
        try:
            answer = _ask(result)
            with store.locked():
                result = settle(result.inputs, answer, store, allow_secrets=allow_secrets)
        except (InvalidAnswerError, DefinitionError, EncodingError, UsageError) as error:
            # The checkpoint is kept: what was mistyped is asked again.
            print_error(error, as_json=False)
        except click.Abort:
            click.echo("\nleft open; decide it later as shown above", err=True)
            return ExitCode.WAITING
    return report(result, store, allow_secrets=allow_secrets, as_json=as_json)


def settle(checkpoint: Checkpoint, answer: Answer, store: Store, *, allow_secrets: bool) -> OrchestrationResult:
    """
    Decide a checkpoint, once, and drive the run on; the caller holds the lock of the store.

    Raises:
        AnswerRefusedError: its open step does not allow the answer; nothing is kept.
        TransitionError: it was decided otherwise before.
    """
    counting = store.find_decision(checkpoint)
    if counting is not None and counting != answer:
        raise already_decided(checkpoint, counting.decisions)
    effects = None if checkpoint.mission is None else find_effects(find_mission(checkpoint.mission))
    port = FileDecisions(store.root)
    start, new = checkpoint, [answer]
    if counting is not None or _is_taken(answer, port):
        # It was taken before, and perhaps the power failed before the run was kept: it goes on from there.
        start, new = checkpoint.answered_by((*checkpoint.answers, answer)), []
    seal = find_sealing(store, checkpoint)
    result = resume_mission(start, new, effects=effects, decisions=port, seal=seal, allow_secrets=allow_secrets)
    store.claim_decision(checkpoint, answer)
    return result


def already_decided(checkpoint: Checkpoint, decisions: Iterable[HumanDecision]) -> TransitionError:
    """
    Say who decided before.
    """
    said = ", ".join(f"{one.actor!r}: {one.choice}" if one.actor else "nobody in time" for one in decisions)
    return TransitionError(
        f"already decided by {said}",
        where=short(checkpoint.digest),
        remedy="repeat that decision to see how the run went on, or start a new run",
    )


def _is_taken(answer: Answer, port: FileDecisions) -> bool:
    opening = port.load_opening(answer.request_digest or "")
    return opening is not None and port.find_use(opening.nonce) == answer.digest


def _can_ask(result: OrchestrationResult) -> bool:
    """
    Tell whether one person at the terminal can answer: no second one is needed, and no key.
    """
    ask = None if result.pending is None else result.pending.request.ask
    return isinstance(ask, HumanAsk) and ask.quorum == 1 and not ask.signed


def _keep(result: OrchestrationResult, store: Store) -> tuple[str, str, str]:
    """
    Keep a result: a waiting one as a checkpoint, an ended one as a recorded run.

    Returns:
        The digest it is kept under, the file, and how a command that finds it starts.
    """
    command = "mission" if store == Store.locate(None) else f"mission --root {shlex.quote(near(store.root))}"
    if result.pending is not None:
        return result.inputs.digest, near(store.open_checkpoint(result.inputs)), command
    recorded = RecordedRun.of(result)
    return recorded.receipt_digest, near(store.save_run(recorded)), command


def report(result: OrchestrationResult, store: Store, *, allow_secrets: bool, as_json: bool) -> int:
    """
    Keep a result, print it, and give its exit status.
    """
    name, path, command = _keep(result, store)
    # What is kept although it looks like a secret is told; null where it was not asked for.
    allowed = list_secrets(result.inputs) if allow_secrets else None
    document = {**result.to_dict(), "kept_as": name, "file": path, "secrets_allowed": unstructure(allowed)}
    text = show_result(result, name, path, command)
    if allowed is not None:
        text += f"\nsecrets allowed: {', '.join(f'{visible(one.path)} ({one.rule})' for one in allowed) or 'none was found'}"
    emit(text, document, as_json=as_json, name=name)
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


def _ask(result: OrchestrationResult) -> Answer:
    """
    Ask at the terminal.
    """
    pending = result.pending
    assert pending is not None  # noqa: S101 - narrows the type; the caller has looked.
    assert isinstance(pending.request.ask, HumanAsk)  # noqa: S101 - as above.
    ask = pending.request.ask
    choice = click.prompt("your choice", type=click.Choice(ask.choices))
    actor = click.prompt("your name", default=login_name())
    reason = click.prompt("reason", default="", show_default=False)
    given = None
    if ask.input_schema is not None and choice != REJECT:
        given = read_json_argument(click.prompt("input (JSON)"), "input")
    decision = HumanDecision(actor=actor, choice=choice, reason=reason, input=given)
    return Answer(request_digest=pending.digest, decision=decision)
