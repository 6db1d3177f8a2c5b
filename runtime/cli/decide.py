"""`mission approve` and `mission reject`: a decision on a waiting run, used once; of a quorum, one vote of several."""

from collections.abc import Iterable
from functools import partial
from pathlib import Path
from typing import Any, final

import attrs
import click

from runtime.cli.exit_codes import ExitCode
from runtime.cli.inputs import read_json_argument
from runtime.cli.output import allow_secrets_option, emit, json_option
from runtime.cli.run import already_decided, login_name, report, settle
from runtime.cli.store import Store
from runtime.cli.vaults import find_sealing
from runtime.cli.words import short
from runtime.encoding.converter import unstructure
from runtime.encoding.display import visible
from runtime.errors import TransitionError, UsageError
from runtime.orchestration.checkpoint import Checkpoint
from runtime.orchestration.drive import drive
from runtime.orchestration.gate import verify_vote
from runtime.orchestration.payloads_asking import HumanPayload
from runtime.orchestration.prepare import prepare
from runtime.orchestration.result import OrchestrationResult
from runtime.orchestration.screening import refuse_secrets
from runtime.orchestration.voting import REJECT, count_missing
from runtime.signing import read_private_key
from runtime.storage import FileDecisions
from runtime.values.answers import Answer
from runtime.values.decisions import HumanDecision, Opening
from runtime.values.requests import Request
from runtime.values.signatures import sign_decision

__all__ = ["approve", "reject"]


def _decision_options(command: Any) -> Any:  # noqa: ANN401 - a click decorator.
    for option in (
        click.argument("checkpoint"),
        click.option("--as", "actor", metavar="ACTOR", help="Who decides. Default: your login name."),
        click.option("--reason", default="", help="Why."),
        click.option("--input", "given", metavar="JSON|@FILE", help="What the step asks to be filled in."),
        click.option("--sign", "key_file", metavar="KEYFILE", help="Your private Ed25519 key: PEM or OpenSSH."),
        allow_secrets_option,
        json_option,
        click.pass_obj,
    )[::-1]:
        command = option(command)
    return command


@click.command()
@click.option("--choice", default="approve", show_default=True, help="Another of the step's choices.")
@_decision_options
def approve(root: Path | None, checkpoint: str, *, as_json: bool, **words: Any) -> int:  # noqa: ANN401 - see _Words.
    """
    Approve what a waiting run asks, and drive it on.

    CHECKPOINT is a file, or the start of its digest. A checkpoint is decided once; a second decision is refused. Where
    several persons must decide, each decision is kept until the last one is there.
    """
    return _decide(root, checkpoint, _Words(**words), as_json=as_json)


@click.command()
@_decision_options
def reject(root: Path | None, checkpoint: str, *, as_json: bool, **words: Any) -> int:  # noqa: ANN401 - see _Words.
    """
    Reject what a waiting run asks, and drive it on.

    CHECKPOINT is a file, or the start of its digest. A checkpoint is decided once; a second decision is refused. Where
    several persons must decide, one rejection ends the vote.
    """
    return _decide(root, checkpoint, _Words(choice=REJECT, **words), as_json=as_json)


@final
@attrs.frozen(kw_only=True)
class _Words:
    """
    What was typed.
    """

    choice: str
    actor: str | None
    reason: str
    given: str | None
    key_file: str | None
    allow_secrets: bool

    @property
    def decision(self) -> HumanDecision:
        return HumanDecision(
            actor=login_name() if self.actor is None else self.actor,
            choice=self.choice,
            reason=self.reason,
            input=read_json_argument(self.given, "--input"),
        )


def _decide(root: Path | None, name: str, words: _Words, *, as_json: bool) -> int:
    store = Store.locate(root)
    checkpoint = store.load_checkpoint(name)
    decision = words.decision
    end = partial(report, store=store, allow_secrets=words.allow_secrets, as_json=as_json)
    with store.locked():
        counting = store.find_decision(checkpoint)
        if counting is not None:
            _refuse_other(checkpoint, counting.decisions, decision)
            return end(settle(checkpoint, counting, store, allow_secrets=words.allow_secrets))
        port = FileDecisions(store.root)
        seal = find_sealing(store, checkpoint)
        standing = drive(checkpoint, decisions=port, settled=checkpoint.answers, seal=seal)
        if len(standing.inputs.answers) > len(checkpoint.answers):  # Nobody decided in time.
            store.claim_decision(checkpoint, standing.inputs.answers[-1])
            return end(standing)
        request, payload = _open_request(standing)
        votes = {vote.actor: vote for vote in store.load_votes(checkpoint)}
        if decision.actor in votes:
            _refuse_other(checkpoint, [votes[decision.actor]], decision)
        else:
            votes[decision.actor] = _sign(decision, standing.opening, payload, words.key_file)
        vote, decisions = votes[decision.actor], tuple(sorted(votes.values(), key=lambda one: one.actor or ""))
        missing = count_missing(payload.quorum, decisions)
        if not missing:
            answer = Answer(request_digest=request.digest, decisions=decisions)
            return end(settle(checkpoint, answer, store, allow_secrets=words.allow_secrets))
        verify_vote(vote, payload, request)
        if not words.allow_secrets:
            given = Answer(request_digest=request.digest, decision=vote)
            refuse_secrets(checkpoint.answered_by((*checkpoint.answers, given)), checkpoint.answers)
        if payload.signed:
            port.verify(request, vote)
        store.save_vote(checkpoint, vote)
    return _report_votes(checkpoint, decisions, missing, as_json=as_json)


def _open_request(standing: OrchestrationResult) -> tuple[Request, HumanPayload]:
    pending = standing.pending
    if pending is not None:
        payload = prepare(standing.inputs.definition)[pending.request.sequence - 1].payload
        if isinstance(payload, HumanPayload):
            return pending.request, payload
    raise TransitionError(
        "the run waits for an effect, not for a person" if pending else "the run waits for nothing: it has ended",
        where=short(standing.inputs.digest),
        remedy="decide a checkpoint of a run that waits for a person",
    )


def _refuse_other(checkpoint: Checkpoint, earlier: Iterable[HumanDecision], decision: HumanDecision) -> None:
    """
    Refuse a decision that is not among the earlier ones; signatures aside, because this one has none yet.
    """
    if decision not in [attrs.evolve(one, signature=None) for one in earlier]:
        raise already_decided(checkpoint, earlier)


def _sign(
    decision: HumanDecision, opening: Opening | None, payload: HumanPayload, key_file: str | None
) -> HumanDecision:
    """
    Sign a decision where its step wants that.
    """
    if key_file is None:
        return decision  # Where a signature is wanted, the step refuses the decision.
    if opening is None or not payload.signed:
        raise UsageError("this step takes no signature", where="--sign", remedy="leave --sign out")
    return sign_decision(decision, opening, read_private_key(Path(key_file)))


def _report_votes(checkpoint: Checkpoint, decisions: tuple[HumanDecision, ...], missing: int, *, as_json: bool) -> int:
    quorum = len(decisions) + missing
    document = {
        "kept_as": checkpoint.digest,
        "decisions": [unstructure(decision) for decision in decisions],
        "quorum": quorum,
        "missing": missing,
    }
    actors = visible(", ".join(decision.actor or "" for decision in decisions))
    text = f"{len(decisions)} of {quorum} decisions, by {actors}; waiting for {'another' if missing == 1 else f'{missing} more'}"
    emit(text, document, as_json=as_json, name=checkpoint.digest)
    return ExitCode.WAITING
