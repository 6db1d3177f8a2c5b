"""`mission export`: a recorded run in the forms of others."""

import shlex
from pathlib import Path

import click

from runtime.cli.exit_codes import ExitCode
from runtime.cli.folder import write_folder
from runtime.cli.output import emit, json_option
from runtime.cli.sclite_review import load_reviewer
from runtime.cli.store import Store
from runtime.encoding.display import visible
from runtime.encoding.jsontext import parse_canonical
from runtime.evidence.exports import ReviewAssertions, export_review_bundle

__all__ = ["export"]


@click.group(no_args_is_help=False)
def export() -> None:
    """
    Export a recorded run in the form of another tool.

    RUN is a file, or the start of its receipt's digest. The run is executed again first, and exported only when every
    byte is the same.
    """


@export.command()
@click.argument("run")
@click.option("--out", type=click.Path(path_type=Path), required=True, help="Directory to write, new or empty.")
@click.option("--operator", required=True, help="Who operated the run.")
@click.option(
    "--target", required=True, help="Host the run was about, as in backup.example.org; asserts it is in scope."
)
@click.option("--started-at", required=True, help="When the run started, in UTC, as in 2026-05-14T20:54:00Z.")
@click.option("--ended-at", required=True, help="When it ended, in the same form.")
@click.option("--review", is_flag=True, help="Have SCLite review what was written; it needs the extra sclite.")
@json_option
@click.pass_obj
def sclite(
    root: Path | None,
    run: str,
    out: Path,
    operator: str,
    target: str,
    started_at: str,
    ended_at: str,
    *,
    review: bool,
    as_json: bool,
) -> int:
    """
    Write a run as a review bundle of SCLite.

    All or nothing is written. Operator, target and times are asserted by whoever exports, for no record holds them. A
    run that failed or was denied is exported as such, and no review passes it. With --review, status 1 says that the
    bundle did not pass.
    """
    asserted = ReviewAssertions(operator=operator, target_host=target, started_at=started_at, ended_at=ended_at)
    reviewer = load_reviewer() if review else None
    recorded = Store.locate(root).load_run(run)
    files = export_review_bundle(recorded, asserted)
    place = write_folder(out, files)
    reviewed = reviewer(place) if reviewer else None
    status = recorded.receipt["status"]
    root_digest = parse_canonical(files["artifact_chain_manifest.json"])["root_chain_digest"]
    lines = [f"wrote {visible(str(place))}: {len(files)} files, run {status}", f"root of the chain {root_digest}"]
    if reviewed is None:
        lines.append(
            f"review it with: sclite review --fail-on review --format summary {visible(shlex.quote(str(place)))}"
        )
    else:
        lines.append(f"sclite {reviewed.version}: {reviewed.verdict}")
        lines += [f"  {visible(finding)}" for finding in reviewed.findings]
    document = {
        "directory": str(place),
        "files": sorted(files),
        "status": status,
        "receipt_digest": recorded.receipt_digest,
        "root_chain_digest": root_digest,
        "review": reviewed
        and {"sclite": reviewed.version, "verdict": reviewed.verdict, "findings": list(reviewed.findings)},
    }
    emit("\n".join(lines), document, as_json=as_json)
    return ExitCode.HOLDS if reviewed is None or reviewed.is_pass else ExitCode.ENDED_BADLY
