"""A profile as it was read: its documents by name, where each stands, and a digest of all of them. Never changed."""

from collections.abc import Mapping
from enum import StrEnum
from typing import Any, final

import attrs

from runtime.encoding.frozen import JsonObject
from runtime.errors import Fault
from runtime.policy.pack import PolicyPack
from runtime.profiles.documents import ConnectorContract, Intent, Workflow
from runtime.profiles.places import Part
from runtime.profiles.rule_documents import ValidationRules

__all__ = ["Layout", "Profile", "catalogue_of"]


class Layout(StrEnum):
    """
    Which form the documents have: ours, or that of profiles written for `rexecop`.
    """

    NATIVE = "native"
    REXECOP = "rexecop"


@final
@attrs.frozen(kw_only=True, eq=False, repr=False)
class Profile:
    """
    Intents, workflows, connector contracts, validation rules and policy packs, each by its name.
    """

    name: str
    version: str
    description: str
    label: str
    """How messages name the place it was read from."""
    layout: Layout
    intents: Mapping[str, Part[Intent]]
    workflows: Mapping[str, Part[Workflow]]
    connectors: Mapping[str, Part[ConnectorContract]]
    rules: Mapping[str, Part[ValidationRules]]
    """By intent."""
    policies: Mapping[str, PolicyPack]
    digest: str
    """Of every document that was read, by its place in the profile."""
    warnings: tuple[Fault, ...] = ()
    """What can be used, and is probably not meant."""


def catalogue_of(connectors: Mapping[str, Part[ConnectorContract]]) -> JsonObject:
    """
    Give what the connectors of a profile are said to do, as the engine reads it.
    """
    return JsonObject({name: {"actions": _actions(part.value)} for name, part in connectors.items()})


def _actions(contract: ConnectorContract) -> dict[str, Any]:
    return {name: {"mode": shape.mode.value} for name, shape in contract.actions.items()}
