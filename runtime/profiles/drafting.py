"""The documents of a profile that could be read, not held against each other yet; what both layouts do with them alike."""

from collections.abc import Iterable, Mapping
from typing import Any, final

import attrs

from runtime.encoding.digest import digest_of
from runtime.encoding.document import Document
from runtime.errors import Fault, PolicyError, shown
from runtime.policy.pack import PolicyPack
from runtime.policy.packfile import pack_of
from runtime.profiles.documents import ConnectorContract, Intent, Workflow
from runtime.profiles.places import Faults, Part
from runtime.profiles.rule_documents import ValidationRules

__all__ = ["Documents", "Draft", "digest_documents", "list_warnings", "read_policy"]

Documents = dict[tuple[str, str], Document]
"""The documents of a profile, by folder and name without ending."""


@final
@attrs.frozen(kw_only=True, eq=False)
class Draft:
    """
    The documents that could be read, not held against each other yet.
    """

    intents: Mapping[str, Part[Intent]]
    workflows: Mapping[str, Part[Workflow]]
    connectors: Mapping[str, Part[ConnectorContract]]
    rules: Mapping[str, Part[ValidationRules]]
    policies: Mapping[str, PolicyPack]
    unread: frozenset[tuple[str, str]] = frozenset()
    """Folder and name of the documents that are there and cannot be read: their own faults are told, nothing of them."""

    @classmethod
    def of(
        cls,
        found: Mapping[str, Mapping[str, Part[Any]]],
        policies: Mapping[str, PolicyPack],
        there: Iterable[tuple[str, str]],
    ) -> "Draft":
        """
        Put together what was read, by folder and name; `there` are the documents that stand in the profile.
        """
        return cls(
            intents=found["intents"],
            workflows=found["workflows"],
            connectors=found["connectors"],
            rules=found["validation_rules"],
            policies=policies,
            unread=frozenset((folder, stem) for folder, stem in there if stem not in found.get(folder, {stem: None})),
        )


def digest_documents(documents: Documents) -> str:
    """
    Digest every document by its place.
    """
    return digest_of({"/".join(filter(None, place)): document.value for place, document in documents.items()})


def read_policy(document: Document, stem: str, faults: Faults, policies: dict[str, PolicyPack]) -> None:
    """
    Read a policy pack of a profile; it stands in a file of its own name.
    """
    try:
        pack = pack_of(document)
    except PolicyError as error:
        for fault in error.faults or (Fault(": ".join(filter(None, (error.what, error.remedy)))),):
            faults.add_file(fault.where or document.source, fault.message)
        return
    policies[pack.policy_id] = pack
    if pack.policy_id != stem:
        message = f"policy_id {shown(pack.policy_id)} in a file called {stem}.yaml: rename one of them"
        faults.add_at(document, message, "policy_id")


def list_warnings(draft: Draft) -> tuple[Fault, ...]:
    """
    List what can be used, and is probably not meant.
    """
    noted = Faults()
    used = {intent.value.workflow for intent in draft.intents.values()}
    for name in sorted(draft.workflows.keys() - used):
        noted.add(draft.workflows[name], f"no intent uses workflow {name!r}", "id")
    acting = {
        step.connector
        for workflow in draft.workflows.values()
        for step in (*workflow.value.steps, *(workflow.value.rollback.steps if workflow.value.rollback else ()))
    }
    for name in sorted(draft.connectors.keys() - acting):
        noted.add(draft.connectors[name], f"no step uses connector {name!r}", "name")
    for name in sorted(draft.intents.keys() - draft.rules.keys()):
        noted.add(
            draft.intents[name],
            f"intent {name!r} has no validation rules: a run of it that ends is taken as done",
            "id",
        )
    return noted.listed
