"""`mission policy`: checks a pack, runs the cases it carries, and says why it decides as it does."""

from pathlib import Path
from typing import Any, Final

import click

from runtime.cli.exit_codes import ExitCode
from runtime.cli.inputs import read_json_argument
from runtime.cli.output import emit, json_option
from runtime.cli.policy_words import show_lint, show_trials, show_verdict
from runtime.encoding.document import Document
from runtime.encoding.intake import parse_document
from runtime.errors import Fault, UsageError, shown
from runtime.orchestration.registry import MISSION_REGISTRY
from runtime.policy.evaluate import evaluate
from runtime.policy.lint import find_warnings
from runtime.policy.pack import PolicyPack
from runtime.policy.packfile import pack_of
from runtime.policy.trial import list_untried, try_cases
from runtime.values.verdicts import Decision

__all__ = ["policy"]

_EXITS: Final = {
    Decision.ALLOW: ExitCode.HOLDS,
    Decision.FLAG: ExitCode.WAITING,
    Decision.DENY: ExitCode.ENDED_BADLY,
}


@click.group(no_args_is_help=False)
def policy() -> None:
    """
    Check policy packs, test them, and explain what they decide.

    FILE is a pack: YAML, or JSON when its name ends in .json. Where no such file is, it is the name of a registered
    mission, and the packs that the mission ships are taken.
    """


@policy.command()
@click.argument("file")
@json_option
def lint(file: str, *, as_json: bool) -> None:
    """
    Check a pack for faults and oversights.

    Every fault is listed with its line, and ends with status 2. What is probably not meant is listed too, but the pack
    can be used: a rule that can never apply or never decide, a pack without cases.
    """
    texts, documents = [], []
    for document, pack in _find_packs(file):
        warnings = [Fault(warning.message, document.place(warning.where)) for warning in find_warnings(pack)]
        texts.append(show_lint(pack, document.source, warnings))
        told = [{"message": warning.message, "where": warning.where} for warning in warnings]
        documents.append({**_name(pack), "rules": len(pack.rules), "cases": len(pack.cases), "warnings": told})
    emit("\n".join(texts), {"packs": documents}, as_json=as_json)


@policy.command()
@click.argument("file")
@json_option
def test(file: str, *, as_json: bool) -> int:
    """
    Run the cases a pack carries.

    Status 0: all pass. Status 1: one fails; what was expected is shown, with the reasons. Status 2: the pack cannot be
    used, or carries no cases.
    """
    texts, documents = [], []
    failed = 0
    for document, pack in _find_packs(file):
        if not pack.cases:
            raise UsageError(
                f"policy {shown(pack.policy_id)} carries no cases",
                where=document.source,
                remedy="write cases: each with a name, an input and what to expect",
            )
        trials, told = try_cases(pack), []
        untried = list_untried(pack, trials)
        for trial in trials:
            differences = [
                {"member": one.member, "expected": _plain(one.expected), "got": _plain(one.got)}
                for one in trial.differences
            ]
            failed += bool(differences)
            told.append(
                {
                    "name": trial.case.name,
                    "passed": not differences,
                    "differences": differences,
                    "verdict": trial.verdict.to_dict(),
                }
            )
        texts.append(show_trials(pack, trials, untried))
        documents.append({**_name(pack), "cases": told, "untried_rules": list(untried)})
    emit("\n".join(texts), {"passed": not failed, "packs": documents}, as_json=as_json)
    return ExitCode.ENDED_BADLY if failed else ExitCode.HOLDS


@policy.command()
@click.argument("file")
@click.option("--input", "given", required=True, metavar="JSON|@FILE", help="The object to weigh; @- reads stdin.")
@click.option("--policy", "policy_id", metavar="ID", help="Which pack of a mission that ships several.")
@json_option
def explain(file: str, given: str, policy_id: str | None, *, as_json: bool) -> int:
    """
    Weigh an input by a pack, and say why.

    Each clause is shown with the values it saw and, where one can be told, the nearest value that would change it.
    Status 0: allow. Status 1: deny. Status 3: flag, a person is to decide.
    """
    pack = _choose(file, policy_id)
    document = read_json_argument(given, "--input")
    if type(document) is not dict:
        raise UsageError(f"an input that is {shown(document)}", where="--input", remedy="give a JSON object")
    verdict = evaluate(pack, document)
    record = verdict.to_dict()
    emit(show_verdict(record), {"verdict": record, "verdict_digest": verdict.digest}, as_json=as_json)
    return _EXITS[verdict.decision]


def _find_packs(name: str) -> list[tuple[Document, PolicyPack]]:
    """
    Read the pack of a file, or take those of a mission; each with the document its lines are in.

    Raises:
        UsageError: there is neither, or the mission ships none.
        PolicyError: the file holds no pack that can be used.
        EncodingError: it holds no YAML, or no JSON.
    """
    try:
        is_there = Path(name).exists() and not Path(name).is_dir()
        raw = Path(name).read_bytes() if is_there else b""
    except (OSError, ValueError) as error:
        reason = error.strerror if isinstance(error, OSError) else str(error)
        raise UsageError(f"{shown(name)} cannot be read: {reason}", remedy="give a file that holds a pack") from error
    if is_there:
        document = parse_document(raw, source=name)
        return [(document, pack_of(document))]
    if name not in MISSION_REGISTRY:
        raise UsageError(f"{shown(name)} is neither a file nor a mission", remedy="mission list shows the missions")
    packs = MISSION_REGISTRY[name].policies
    if not packs:
        raise UsageError(f"mission {shown(name)} ships no policy pack", remedy="give a file, or another mission")
    return [(Document(source=f"mission {name}", value=pack.document.thaw()), pack) for pack in packs]


def _choose(name: str, policy_id: str | None) -> PolicyPack:
    packs = [pack for _, pack in _find_packs(name)]
    chosen = [pack for pack in packs if policy_id in (None, pack.policy_id)]
    if len(chosen) != 1:
        what = f"no policy {shown(policy_id)}" if policy_id else f"{len(packs)} policies"
        known = sorted(pack.policy_id for pack in packs)
        raise UsageError(f"{what} in {shown(name)}", where="--policy", remedy=f"give one of {known}")
    return chosen[0]


def _name(pack: PolicyPack) -> dict[str, Any]:
    return {"policy_id": pack.policy_id, "version": pack.version, "digest": pack.digest}


def _plain(value: str | tuple[str, ...]) -> str | list[str]:
    return value if isinstance(value, str) else list(value)
