"""`mission compare`."""

from pathlib import Path

import click

from runtime.cli.compare_words import show_comparison
from runtime.cli.exit_codes import ExitCode
from runtime.cli.output import emit, json_option
from runtime.cli.store import Store
from runtime.evidence.compare import compare as compare_runs

__all__ = ["compare"]


@click.command()
@click.argument("left")
@click.argument("right")
@json_option
@click.pass_obj
def compare(root: Path | None, left: str, right: str, *, as_json: bool) -> int:
    """
    Compare what two recorded runs did.

    Each is a file, or the start of its receipt's digest, and is executed again first. The first step and the place at
    which they differ are named. Status 0: they did the same. Status 1: they did not.
    """
    store = Store.locate(root)
    one, other = store.load_run(left), store.load_run(right)
    comparison = compare_runs(one, other)
    document = {"left": one.receipt_digest, "right": other.receipt_digest, **comparison.to_dict()}
    emit(show_comparison(comparison), document, as_json=as_json)
    return ExitCode.HOLDS if comparison.change is None else ExitCode.ENDED_BADLY
