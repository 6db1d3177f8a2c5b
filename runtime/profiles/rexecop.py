"""Reads profiles written for `rexecop` as they are, and turns each document into ours. Faults keep file and line.

The differences: a document stands below a key of its own, an intent names its workflow by path, a connector lists
capabilities without saying which change something, internal actions are functions there and operations here
(`rexecop_actions.py`), paths of rules have dots. `read_only` is `observe`, and may always be a dry run as well.
"""

import re
from typing import Any, Final

from runtime.encoding.document import Document
from runtime.errors import ProfileError, shown
from runtime.policy.pack import PolicyPack
from runtime.profiles.checking import check_profile
from runtime.profiles.documents import ActionShape, ConnectorContract, Intent, Risk
from runtime.profiles.drafting import Documents, Draft, digest_documents, list_warnings, read_policy
from runtime.profiles.places import Faults, Part
from runtime.profiles.profile import Layout, Profile
from runtime.profiles.rexecop_actions import mode_of
from runtime.profiles.rexecop_documents import (
    WRAPPERS,
    OldConnector,
    OldContract,
    OldIntent,
    OldRules,
    OldWorkflow,
    without_unknown,
)
from runtime.profiles.rexecop_workflows import MODES, rules_of, workflow_of
from runtime.values.modes import RunMode

__all__ = ["is_rexecop", "read_rexecop"]

_SECTIONS: Final = (
    "intents",
    "workflows",
    "connector_requirements",
    "risk_classes",
    "evidence_requirements",
    "governance_expectations",
    "validation_rules",
    "escalation_rules",
)
_KINDS: Final[dict[str, type[Any]]] = {
    "intents": OldIntent,
    "workflows": OldWorkflow,
    "connectors": OldConnector,
    "validation_rules": OldRules,
}
_match_workflow = re.compile(r"(?:\./)?workflows/([^/]+)\.yaml").fullmatch


def is_rexecop(head: Document) -> bool:
    """
    Tell whether a `profile.yaml` is one of that layout.
    """
    return type(head.value) is dict and WRAPPERS[""] in head.value and "schema" not in head.value


def read_rexecop(label: str, documents: Documents, faults: Faults, there: list[tuple[str, str]]) -> Profile:
    """
    Read a profile from its parsed documents.

    Raises:
        ProfileError: it cannot be used; every fault is listed, with those noted before.
    """
    noted = Faults()
    head = _read(documents["", "profile"], OldContract, "", faults, noted)
    if head is not None:
        for section in _SECTIONS:
            if getattr(head.value, section).get("required") is not True:
                faults.add(head, f"section {section!r} is not required: write required: true", section)
    found: dict[str, dict[str, Part[Any]]] = {folder: {} for folder in _KINDS}
    policies: dict[str, PolicyPack] = {}
    for (folder, stem), document in documents.items():
        if folder == "policies":
            read_policy(document, stem, faults, policies)
        elif folder:
            part = _read(document, _KINDS[folder], folder, faults, noted)
            if part is not None:
                found[folder][stem] = part
    draft = _convert(found, policies, there, faults, noted)
    check_profile(draft, faults)
    faults.refuse(f"profile {shown(label)}", "mend the lines named; mission profile lint shows them all")
    if head is None:
        raise ProfileError(f"profile {shown(label)} has no profile_contract that can be read")
    return Profile(
        name=head.value.name,
        version=head.value.version,
        description=head.value.description,
        label=label,
        layout=Layout.REXECOP,
        intents=draft.intents,
        workflows=draft.workflows,
        connectors=draft.connectors,
        rules=draft.rules,
        policies=draft.policies,
        digest=digest_documents(documents),
        warnings=tuple(dict.fromkeys((*noted.listed, *list_warnings(draft)))),
    )


def _read(document: Document, kind: type[Any], folder: str, faults: Faults, noted: Faults) -> Part[Any] | None:
    wrapper = WRAPPERS[folder]
    value = document.value
    if type(value) is not dict or wrapper not in value:
        faults.add_at(document, f"no {wrapper!r} in it, which the other documents of this profile have")
        return None
    for name in value:
        if name != wrapper:
            noted.add_at(document, f"nothing reads {name!r}", f"[{name!r}]")
    inner, dropped = without_unknown(value[wrapper], kind)
    for path in dropped:
        noted.add_at(document, f"nothing reads {path!r}", f"{wrapper}.{path}")
    return faults.read(Part(inner, document, wrapper), kind)


def _convert(
    found: dict[str, dict[str, Part[Any]]],
    policies: dict[str, PolicyPack],
    there: list[tuple[str, str]],
    faults: Faults,
    noted: Faults,
) -> Draft:
    old = found["connectors"]
    workflows = {stem: workflow_of(part, stem, faults, old) for stem, part in found["workflows"].items()}
    made: dict[str, dict[str, Part[Any]]] = {
        "intents": {
            stem: _intent_of(part, stem, found["workflows"], faults, noted) for stem, part in found["intents"].items()
        },
        "workflows": workflows,
        "connectors": {stem: _connector_of(part, stem, faults) for stem, part in old.items()},
        "validation_rules": {stem: rules_of(part, faults) for stem, part in found["validation_rules"].items()},
    }
    return Draft.of(made, policies, there)


def _intent_of(
    part: Part[OldIntent], stem: str, workflows: dict[str, Part[OldWorkflow]], faults: Faults, noted: Faults
) -> Part[Intent]:
    old = part.value
    if old.id != stem:
        faults.add(part, f"id {shown(old.id)} in a file called {stem}.yaml: rename one of them", "id")
    match = _match_workflow(old.workflow)
    workflow = match[1] if match else ""
    if old.workflow.startswith("/") or ".." in old.workflow.split("/"):
        faults.add(part, f"workflow {shown(old.workflow)} leaves the profile: name a file in workflows/", "workflow")
    elif not workflow:
        faults.add(part, f"workflow {shown(old.workflow)}: write workflows/NAME.yaml", "workflow")
    elif workflow not in workflows and not faults.has_file(f"/workflows/{workflow}.yaml"):
        faults.add(part, f"workflow {shown(old.workflow)}: no such file that can be read", "workflow")
    used = workflows.get(workflow)
    names = old.modes or (() if old.mode is None else (old.mode,)) or (() if used is None else (used.value.mode,))
    modes: dict[RunMode, None] = {}
    for index, name in enumerate(names):
        if name not in MODES:
            faults.add(
                part, f"mode {shown(name)}: modes are {sorted(MODES)}", f"modes[{index}]" if old.modes else "mode"
            )
        else:
            modes |= dict.fromkeys((MODES[name], RunMode.DRY_RUN) if MODES[name] is RunMode.OBSERVE else (MODES[name],))
    risk = old.risk or ("" if used is None else used.value.risk)
    if risk not in [*Risk]:
        noted.add(part, f"risk {shown(risk)} is taken as high", "risk")
        risk = Risk.HIGH
    intent = Intent(
        schema=Intent.SCHEMA,
        id=stem,
        # What is not there was noted above; a name keeps the value one that can be made.
        workflow=workflow if workflow in workflows else next(iter(workflows), "none"),
        modes=tuple(modes) or (RunMode.DRY_RUN,),
        risk=Risk(risk),
        description=old.description or ("" if used is None else used.value.description),
    )
    return Part(intent, part.document, part.prefix)


def _connector_of(part: Part[OldConnector], stem: str, faults: Faults) -> Part[ConnectorContract]:
    old = part.value
    if old.name != stem:
        faults.add(part, f"name {shown(old.name)} in a file called {stem}.yaml: rename one of them", "name")
    if not old.capabilities:
        faults.add(part, "a connector without capabilities: list what the workflows ask of it", "capabilities")
    actions = {name: ActionShape(mode=mode_of(old, name)) for name in old.capabilities} or {
        "none": ActionShape(mode=mode_of(old, "none"))
    }
    return Part(
        ConnectorContract(schema=ConnectorContract.SCHEMA, name=stem, actions=actions), part.document, part.prefix
    )
