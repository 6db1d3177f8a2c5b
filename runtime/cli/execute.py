"""`mission execute`: carries out a decision within a policy, and obeys the kill switch of the root."""

from pathlib import Path
from typing import Final

import click

from runtime.cli.execute_inputs import (
    found_here,
    load_executor,
    read_decision,
    read_execution_context,
    read_execution_policy,
)
from runtime.cli.execute_words import show_report
from runtime.cli.exit_codes import ExitCode
from runtime.cli.output import emit, json_option
from runtime.cli.store import Store
from runtime.cli.switches import open_switch
from runtime.execution import AttemptStatus, ExecutionAttempt, ExecutionCode, ExecutionReport
from runtime.execution import execute as execute_decision
from runtime.storage import SqliteIdempotencyStore

__all__ = ["execute", "last_attempts", "status_of"]

_KEYS_NAME: Final = "keys.db"
_DRY: Final = {ExecutionCode.DRY_RUN, ExecutionCode.HOLD}


@click.command()
@click.argument("decision")
@click.option("--executor", required=True, metavar="MODULE:FUNCTION", help="What is called for each action.")
@click.option("--policy", required=True, metavar="FILE", help="The bounds: JSON, or YAML.")
@click.option("--context", metavar="FILE", help="The object the executor gets: JSON, or YAML. Default: empty.")
@click.option("--dry-run", is_flag=True, help="Look at everything that is looked at before, and attempt nothing.")
@json_option
@click.pass_obj
def execute(
    root: Path | None, decision: str, executor: str, policy: str, context: str | None, *, dry_run: bool, as_json: bool
) -> int:
    """
    Carry out a decision within a policy.

    DECISION is JSON, or YAML; - reads JSON from stdin. The kill switch of the root stops it before any attempt. Status
    0: all was done. Status 1: something failed. Status 4: something was refused, denied or skipped. Status 6: of
    something nobody knows whether it was done.
    """
    store = Store.locate(root)
    decided, bounds, given = read_decision(decision), read_execution_policy(policy), read_execution_context(context)
    with found_here():
        report = execute_decision(
            decided,
            given,
            bounds,
            load_executor(executor),
            store=SqliteIdempotencyStore.create(store.root / _KEYS_NAME) if bounds.idempotency.enabled else None,
            kill_switch=open_switch(store),
            dry_run=dry_run,
        )
    emit(show_report(report), report.to_dict(), as_json=as_json)
    return status_of(report)


def status_of(report: ExecutionReport) -> ExitCode:
    """
    Give the exit status of a report: the worst that is in it.
    """
    if any(attempt.status is AttemptStatus.UNKNOWN for attempt in report.attempts):
        return ExitCode.UNKNOWN
    was_tried = any(attempt.status is not AttemptStatus.DENIED for attempt in report.attempts)
    ends = [attempt.status for attempt in last_attempts(report)]
    if AttemptStatus.FAILED in ends or (report.fail_closed and was_tried):
        return ExitCode.ENDED_BADLY
    codes = {refusal.code for refusal in report.refusals}
    if ExecutionCode.DRY_RUN in codes and codes <= _DRY:
        return ExitCode.HOLDS
    return ExitCode.REFUSED if codes or report.denied_count or report.skipped_count else ExitCode.HOLDS


def last_attempts(report: ExecutionReport) -> list[ExecutionAttempt]:
    """
    Give the last attempt of each action that was attempted. The first of an action has the number 0, or is a replay.
    """
    ends: list[ExecutionAttempt] = []
    for attempt in report.attempts:
        if ends and not (attempt.attempt_number == 0 or attempt.is_replay):
            ends.pop()
        ends.append(attempt)
    return ends
