"""Reads the documents of a profile, ours or those of the `rexecop` layout, and reports the faults of all of them together.

Takes the files as values (`folder.py` reads them); a document that cannot be read is left out of what the others are
held against, so that one fault is not told many times. Read `documents.py` for ours, `rexecop.py` for the other layout.
"""

from typing import Any, Final

from runtime.encoding.canonical import JsonValue
from runtime.encoding.document import Document, Mark
from runtime.encoding.intake import parse_document
from runtime.errors import EncodingError, ProfileError, shown
from runtime.policy.pack import PolicyPack
from runtime.profiles.checking import check_profile
from runtime.profiles.documents import ConnectorContract, Intent, ProfileHead, Workflow
from runtime.profiles.drafting import Documents, Draft, digest_documents, list_warnings, read_policy
from runtime.profiles.folder import Folder, TextFile
from runtime.profiles.places import Faults, Part
from runtime.profiles.profile import Layout, Profile
from runtime.profiles.rexecop import is_rexecop, read_rexecop
from runtime.profiles.rule_documents import ValidationRules

__all__ = ["profile_of"]

_KINDS: Final[dict[str, tuple[type[Any], str]]] = {
    "intents": (Intent, "id"),
    "workflows": (Workflow, "id"),
    "connectors": (ConnectorContract, "name"),
    "validation_rules": (ValidationRules, "intent"),
}
"""The class of the documents of a folder, and the field that says what the file is called."""


def profile_of(folder: Folder) -> Profile:
    """
    Read a profile from its files.

    Raises:
        ProfileError: it cannot be used; every fault of every file is listed with file and line.
    """
    faults = Faults()
    for fault in folder.faults:
        faults.add_file(fault.where, fault.message)
    documents: Documents = {}
    for file in folder.files:
        document = _parse(file, faults)
        if document is not None:
            documents[file.folder, file.stem] = document
    there = [(file.folder, file.stem) for file in folder.files]
    head = documents.get(("", "profile"))
    if head is None:
        faults.refuse(f"profile {shown(folder.label)}")
        raise ProfileError(f"profile {shown(folder.label)} has no profile.yaml that can be read")
    if is_rexecop(head):
        return read_rexecop(folder.label, documents, faults, there)
    part = faults.read(Part(head.value, head), ProfileHead)
    draft = _read_draft(documents, faults, there)
    if part is not None:
        _check_holdings(part, documents, faults)
    check_profile(draft, faults)
    faults.refuse(f"profile {shown(folder.label)}", "mend the lines named; mission profile lint shows them all")
    assert part is not None  # noqa: S101 - narrows the type; without it there was a fault.
    return Profile(
        name=part.value.name,
        version=part.value.version,
        description=part.value.description,
        label=folder.label,
        layout=Layout.NATIVE,
        intents=draft.intents,
        workflows=draft.workflows,
        connectors=draft.connectors,
        rules=draft.rules,
        policies=draft.policies,
        digest=digest_documents(documents),
        warnings=list_warnings(draft),
    )


def _parse(file: TextFile, faults: Faults) -> Document | None:
    try:
        return parse_document(file.raw, source=file.source)
    except EncodingError as error:
        faults.add_error(file.source, error)
        return None


def _read_draft(documents: Documents, faults: Faults, there: list[tuple[str, str]]) -> Draft:
    found: dict[str, dict[str, Part[Any]]] = {folder: {} for folder in _KINDS}
    policies: dict[str, PolicyPack] = {}
    for (folder, stem), document in documents.items():
        if folder == "policies":
            read_policy(document, stem, faults, policies)
        elif folder:
            kind, key = _KINDS[folder]
            part = faults.read(Part(_spelled(document, folder), document), kind)
            if part is not None:
                _check_name(part, key, stem, faults)
                found[folder][stem] = part
    return Draft.of(found, policies, there)


def _check_name(part: Part[Any], key: str, stem: str, faults: Faults) -> None:
    name = getattr(part.value, key)
    if name != stem:
        faults.add(part, f"{key} {shown(name)} in a file called {stem}.yaml: rename one of them", key)


def _check_holdings(part: Part[ProfileHead], documents: Documents, faults: Faults) -> None:
    for folder in (*_KINDS, "policies"):
        listed = getattr(part.value, folder)
        there = {stem for place, stem in documents if place == folder}
        for index, name in enumerate(listed):
            # One that is there and cannot be read has its own faults.
            if name not in there and not faults.has_file(f"/{folder}/{name}.yaml"):
                faults.add(part, f"no file {folder}/{name}.yaml", f"{folder}[{index}]")
        for name in sorted(there - {*listed}):
            faults.add(part, f"{folder}/{name}.yaml is there, and is not listed", folder)


def _spelled(document: Document, folder: str) -> JsonValue:
    """
    Give a workflow whose steps say `type`, also where they are written with `kind`; the lines of both are the same.
    """
    value, mark = document.value, document.mark
    if folder != "workflows" or type(value) is not dict or mark is None:
        return value
    written = {**value, "steps": _typed(value["steps"], mark.parts["steps"])} if "steps" in value else value
    rollback = written.get("rollback")
    if type(rollback) is dict and "steps" in rollback:
        steps = _typed(rollback["steps"], mark.parts["rollback"].parts["steps"])
        written = {**written, "rollback": {**rollback, "steps": steps}}
    return written


def _typed(steps: Any, mark: Mark) -> Any:  # noqa: ANN401 - JSON.
    if type(steps) is not list:
        return steps
    return [_typed_step(step, mark.parts[str(index)]) for index, step in enumerate(steps)]


def _typed_step(step: Any, mark: Mark) -> Any:  # noqa: ANN401 - JSON.
    if type(step) is not dict or "type" in step or "kind" not in step:
        return step
    mark.parts["type"] = mark.parts["kind"]
    return {"type" if key == "kind" else key: member for key, member in step.items()}
