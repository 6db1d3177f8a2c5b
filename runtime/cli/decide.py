"""`mission approve` and `mission reject`: a decision on a waiting run, used once."""

from pathlib import Path
from typing import Any

import click

from runtime.cli.inputs import read_json_argument
from runtime.cli.output import json_option
from runtime.cli.run import login_name, report, settle
from runtime.cli.store import Store
from runtime.cli.words import short
from runtime.errors import TransitionError
from runtime.orchestration.drive import drive
from runtime.orchestration.gate import REJECT
from runtime.values.answers import Answer, HumanDecision
from runtime.values.requests import HumanAsk

__all__ = ["approve", "reject"]


def _decision_options(command: Any) -> Any:  # noqa: ANN401 - a click decorator.
    for option in (
        click.argument("checkpoint"),
        click.option("--as", "actor", metavar="ACTOR", help="Who decides. Default: your login name."),
        click.option("--reason", default="", help="Why."),
        click.option("--input", "given", metavar="JSON|@FILE", help="What the step asks to be filled in."),
        json_option,
        click.pass_obj,
    )[::-1]:
        command = option(command)
    return command


@click.command()
@click.option("--choice", default="approve", show_default=True, help="Another of the step's choices.")
@_decision_options
def approve(
    root: Path | None, checkpoint: str, choice: str, actor: str | None, reason: str, given: str | None, *, as_json: bool
) -> int:
    """
    Approve what a waiting run asks, and drive it on.

    CHECKPOINT is a file, or the start of its digest. A checkpoint is decided once; a second decision is refused.
    """
    return _decide(root, checkpoint, choice, actor, reason, given, as_json=as_json)


@click.command()
@_decision_options
def reject(
    root: Path | None, checkpoint: str, actor: str | None, reason: str, given: str | None, *, as_json: bool
) -> int:
    """
    Reject what a waiting run asks, and drive it on.

    CHECKPOINT is a file, or the start of its digest. A checkpoint is decided once; a second decision is refused.
    """
    return _decide(root, checkpoint, REJECT, actor, reason, given, as_json=as_json)


def _decide(
    root: Path | None, name: str, choice: str, actor: str | None, reason: str, given: str | None, *, as_json: bool
) -> int:
    store = Store.locate(root)
    checkpoint = store.load_checkpoint(name)
    pending = drive(checkpoint).pending
    if pending is None or not isinstance(pending.request.ask, HumanAsk):
        raise TransitionError(
            "the run waits for an effect, not for a person" if pending else "the run waits for nothing: it has ended",
            where=short(checkpoint.digest),
            remedy="decide a checkpoint of a run that waits for a person",
        )
    decision = HumanDecision(
        actor=login_name() if actor is None else actor,
        choice=choice,
        reason=reason,
        input=read_json_argument(given, "--input"),
    )
    answer = Answer(request_digest=pending.digest, decision=decision)
    return report(settle(checkpoint, answer, store), store, as_json=as_json)
