"""`mission preflight`: every path through a workflow, and the sequence rules held to each."""

from pathlib import Path
from typing import Any, final

import attrs
import click

from runtime.cli.exit_codes import ExitCode
from runtime.cli.inputs import is_file, read_json_argument, read_json_file, read_policies
from runtime.cli.output import emit, json_option
from runtime.cli.preflight_words import show_preflight
from runtime.encoding.frozen import EMPTY_OBJECT, JsonObject
from runtime.errors import UsageError, shown
from runtime.orchestration.deciding import record_policies
from runtime.orchestration.definitions import WorkflowDefinition
from runtime.orchestration.preflight import event_document, find_counter_example, list_paths, prove, read_rules
from runtime.orchestration.registry import MISSION_REGISTRY
from runtime.orchestration.sequence import SequenceRule
from runtime.policy.pack import PolicyPack

__all__ = ["preflight"]


@final
@attrs.frozen(kw_only=True)
class _Subject:
    """
    What is to be proven.
    """

    title: str
    definition: WorkflowDefinition
    policies: JsonObject | None
    rules: tuple[SequenceRule, ...]
    catalogue: JsonObject


@click.command()
@click.argument("name", metavar="NAME|FILE")
@click.option("--params", metavar="JSON|@FILE", help="The mission's params. Default: those of its example.")
@click.option("--rules", "rules_file", metavar="FILE", help="More rules, as JSON: sequence-rules/v1.")
@click.option("--catalogue", metavar="FILE", help="What the connectors of a workflow FILE say of themselves, as JSON.")
@click.option(
    "--policy",
    "policies",
    metavar="FILE",
    multiple=True,
    help="Policy pack; for a mission, instead of its own of the same id. May be given more than once.",
)
@click.option("--paths", "with_paths", is_flag=True, help="List every path.")
@json_option
def preflight(
    name: str,
    params: str | None,
    rules_file: str | None,
    catalogue: str | None,
    policies: tuple[str, ...],
    *,
    with_paths: bool,
    as_json: bool,
) -> int:
    """
    Prove that no path through a workflow breaks a rule.

    Nothing is run. Takes a mission, or a workflow in a JSON file. Every rule that can break is shown with the shortest path that breaks
    it. Status 0: proven. Status 1: a rule breaks.
    """
    packs = read_policies(policies)
    if _is_file(name):
        subject = _read_workflow(name, params, catalogue, packs)
    else:
        subject = _find_mission(name, params, catalogue, packs)
    more = () if rules_file is None else read_rules(read_json_file(rules_file, "--rules"))
    rules = (*subject.rules, *more)
    paths = list_paths(subject.definition, policies=subject.policies, catalogue=subject.catalogue)
    broken = [find_counter_example(paths, (rule,)) for rule in rules]
    certificate = None
    if not any(broken):
        certificate = prove(subject.definition, policies=subject.policies, rules=rules, catalogue=subject.catalogue)
    document: dict[str, Any] = {
        "proven": certificate is not None,
        "path_count": len(paths),
        "certificate": None if certificate is None else certificate.thaw(),
        "certificate_digest": None if certificate is None else certificate.digest,
        "counter_examples": [one.to_dict() for one in broken if one is not None],
    }
    if with_paths:
        document["paths"] = [
            {"events": [event_document(event) for event in path.events], "ending": path.ending} for path in paths
        ]
    text = show_preflight(
        subject.title,
        paths=paths,
        findings=list(zip(rules, broken, strict=True)),
        digest=document["certificate_digest"],
        with_paths=with_paths,
    )
    emit(text, document, as_json=as_json)
    return ExitCode.HOLDS if certificate is not None else ExitCode.ENDED_BADLY


def _is_file(name: str) -> bool:
    if name in MISSION_REGISTRY:
        return False
    if name != "-" and not is_file(Path(name)):
        raise UsageError(f"{shown(name)} is neither a mission nor a file", remedy="mission list shows the missions")
    return True


def _find_mission(name: str, params: str | None, catalogue: str | None, packs: list[PolicyPack]) -> _Subject:
    if catalogue is not None:
        raise UsageError("a catalogue for a mission", where="--catalogue", remedy="leave it out; a mission has its own")
    mission = MISSION_REGISTRY[name]
    given = read_json_argument(params, "--params")
    return _Subject(
        title=f"{mission.name} {mission.version}",
        definition=mission(mission.example.params if given is None else given),
        policies=mission.record_policies(packs),
        rules=mission.rules,
        catalogue=mission.catalogue,
    )


def _read_workflow(name: str, params: str | None, catalogue: str | None, packs: list[PolicyPack]) -> _Subject:
    if params is not None:
        raise UsageError("params for a workflow", where="--params", remedy="leave them out; only missions take params")
    document = read_json_file(name, "workflow")
    if type(document) is not dict or "steps" not in document:
        raise UsageError(
            # Its text cut short could hide the shape by which a secret in it is known.
            f"no workflow: {type(document).__name__} without steps",
            where=name,
            remedy="give a workflow as to_dict() writes it, with id and steps; a mission goes by its name",
        )
    definition = WorkflowDefinition.from_dict(document)
    said = EMPTY_OBJECT if catalogue is None else JsonObject(read_json_file(catalogue, "--catalogue"))
    return _Subject(
        title=f"workflow {definition.id}",
        definition=definition,
        policies=record_policies(packs),
        rules=(),
        catalogue=said,
    )
