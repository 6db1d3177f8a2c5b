"""The JSON Schema (draft 2020-12) of every document of a profile and of an environment, made from the classes that read them.

A schema never refuses what the reader takes. It takes more than that: what documents demand of each other, references,
expressions and secrets are for `mission profile lint` and `mission env lint`. The files under
docs/reference/profile-schemas are written from here, and a test holds both against real documents.
"""

from typing import Any, Final

from runtime.orchestration.params_schema import params_schema
from runtime.profiles.documents import ConnectorContract, Intent, ProfileHead, Workflow
from runtime.profiles.environment_documents import EnvironmentDocument
from runtime.profiles.rexecop_documents import (
    WRAPPERS,
    OldConnector,
    OldContract,
    OldIntent,
    OldRules,
    OldWorkflow,
)
from runtime.profiles.rexecop_environment import WRAPPER, OldEnvironment
from runtime.profiles.rule_documents import ValidationRules

__all__ = ["DOCUMENT_SCHEMAS"]

_BASE: Final = "urn:mission-runtime:schema:"
_OWN: Final[tuple[type[Any], ...]] = (
    ProfileHead,
    Intent,
    Workflow,
    ConnectorContract,
    ValidationRules,
    EnvironmentDocument,
)
_OLD: Final[dict[str, type[Any]]] = {
    WRAPPERS[""]: OldContract,
    WRAPPERS["intents"]: OldIntent,
    WRAPPERS["workflows"]: OldWorkflow,
    WRAPPERS["connectors"]: OldConnector,
    WRAPPERS["validation_rules"]: OldRules,
    WRAPPER: OldEnvironment,
}


def _own_schema(kind: Any) -> dict[str, Any]:  # noqa: ANN401 - a document class.
    schema = params_schema(kind)
    schema["properties"]["schema"] = {"const": kind.SCHEMA}
    step = schema.get("$defs", {}).get("Step")
    if step is not None:
        # `kind` is another spelling of `type`; a step has one of them.
        step["properties"]["kind"] = step["properties"]["type"]
        step["required"].remove("type")
        step["oneOf"] = [{"required": ["type"]}, {"required": ["kind"]}]
    return {**schema, "$id": f"{_BASE}{kind.SCHEMA}", "title": kind.SCHEMA}


def _old_schema(wrapper: str, kind: type[Any]) -> dict[str, Any]:
    """
    Give the schema of a document below its key; what nothing reads may stand next to what is read.
    """
    schema = params_schema(kind)
    definitions = schema.pop("$defs", {})
    dialect, _ = schema.pop("$schema"), schema.pop("title")
    for part in (schema, *definitions.values()):
        part.pop("additionalProperties", None)
    return {
        "$schema": dialect,
        "$id": f"{_BASE}rexecop:{wrapper}",
        "title": f"{wrapper} of a rexecop profile",
        "type": "object",
        "properties": {wrapper: schema},
        "required": [wrapper],
        **({"$defs": definitions} if definitions else {}),
    }


DOCUMENT_SCHEMAS: Final[dict[str, dict[str, Any]]] = {
    **{kind.SCHEMA.replace("/", "-"): _own_schema(kind) for kind in _OWN},
    **{f"rexecop-{wrapper}": _old_schema(wrapper, kind) for wrapper, kind in _OLD.items()},
}
"""Schemas by the name of the file they are published in, without its ending."""
