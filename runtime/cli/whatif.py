"""`mission whatif`."""

from collections import Counter
from pathlib import Path

import click

from runtime.cli.compare_words import show_foresights
from runtime.cli.exit_codes import ExitCode
from runtime.cli.inputs import read_policies
from runtime.cli.output import emit, json_option
from runtime.cli.store import Store
from runtime.errors import UsageError
from runtime.evidence.compare import Finding, what_if
from runtime.orchestration.registry import MISSION_REGISTRY, find_mission

__all__ = ["whatif"]


@click.command()
@click.argument("runs", nargs=-1, metavar="[RUN]...")
@click.option(
    "--policy",
    "policies",
    metavar="FILE",
    multiple=True,
    help="Policy pack instead of the missions' own of the same id. May be given more than once.",
)
@json_option
@click.pass_obj
def whatif(root: Path | None, runs: tuple[str, ...], policies: tuple[str, ...], *, as_json: bool) -> int:
    """
    Ask what recorded runs would do under a mission or policy as it is now.

    RUN is a file, or the start of a receipt's digest; without any, all runs of the root are taken. Recorded answers are
    reused where exactly the same is asked. Status 0: none changes. Status 1: one does. Status 3: none does, and of one
    it cannot be told.
    """
    store = Store.locate(root)
    names = runs or tuple(store.list_runs())
    if not names:
        raise UsageError("no recorded runs", where=str(store.root), remedy="run a mission first, or give files")
    packs = read_policies(policies)
    unused = {pack.policy_id for pack in packs}
    foresights = []
    for name in names:
        run = store.load_run(name)
        mission = find_mission(run.checkpoint.mission or "", MISSION_REGISTRY)
        # A pack is for the missions that use it, and the runs may be of several.
        asked = {pack.policy_id for pack in mission.policies}
        unused -= asked
        chosen = [pack for pack in packs if pack.policy_id in asked]
        # The run itself is let go: of ten thousand, all together would fill the memory.
        foresights.append((mission.name, what_if(run, mission, policies=chosen)))
    if unused:
        raise UsageError(
            f"policies {sorted(unused)}, which no mission of these runs uses", where="--policy", remedy="leave them out"
        )
    totals = Counter(foresight.finding for _, foresight in foresights)
    document = {
        "runs": [{"mission": name, **foresight.to_dict()} for name, foresight in foresights],
        "totals": {finding.value: totals[finding] for finding in Finding},
    }
    emit(show_foresights(foresights), document, as_json=as_json)
    if totals[Finding.CHANGED]:
        return ExitCode.ENDED_BADLY
    return ExitCode.WAITING if totals[Finding.CANNOT_TELL] else ExitCode.HOLDS
