"""`mission replay`."""

from pathlib import Path

import click

from runtime.cli.output import emit, json_option
from runtime.cli.store import Store
from runtime.evidence.replay import replay as replay_run

__all__ = ["replay"]


@click.command()
@click.argument("run")
@json_option
@click.pass_obj
def replay(root: Path | None, run: str, *, as_json: bool) -> None:
    """
    Re-execute a recorded run and compare every byte.

    RUN is a file, or the start of its receipt's digest. Nothing outside the file is read, and no effect is performed:
    recorded answers are fed back. The first difference is named, with exit status 1.
    """
    recorded = Store.locate(root).load_run(run)
    result = replay_run(recorded)
    entries = len(recorded.lineage)
    text = (
        f"same bytes: {entries} lineage {'entry' if entries == 1 else 'entries'} and the receipt, re-executed from the recorded inputs\n"
        f"status  {result.status.value}\nreceipt {recorded.receipt_digest}"
    )
    document = {
        "same": True,
        "status": result.status.value,
        "receipt_digest": recorded.receipt_digest,
        "lineage_count": entries,
        "final_state": result.final_state,
    }
    emit(text, document, as_json=as_json)
