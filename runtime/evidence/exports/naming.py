"""What the artefacts of a bundle share: their first members, and the names that are made out of the run."""

from typing import Any, Final

from runtime.encoding.digest import digest_of
from runtime.orchestration.result import OrchestrationResult

__all__ = ["RUNTIME", "RUNTIME_REF", "Artifact", "head_of", "hex_of", "id_of", "mode_of", "tool_of"]

RUNTIME: Final = "mission-runtime"
RUNTIME_REF: Final = f"runtime:{RUNTIME}"
"""How a ticket and a receipt of SCLite name what may run, and what ran."""

Artifact = dict[str, Any]
"""One artefact as plain JSON."""


def hex_of(digest: str) -> str:
    """
    Give a digest without the name of its algorithm, for ids.
    """
    return digest.removeprefix("sha256:")


def tool_of(result: OrchestrationResult) -> str:
    """
    Name what ran: the mission and its version, or the workflow where there is no mission.
    """
    mission, version = result.inputs.mission, result.inputs.mission_version
    if mission is None:
        return f"workflow:{result.id}"
    return f"mission:{mission}" if version is None else f"mission:{mission}@{version}"


def head_of(kind: str, version: str, identity: str, name: str, created_at: str) -> Artifact:
    """
    Begin an artefact: its type, schema, id (under the name SCLite gives it) and time.
    """
    return {
        "artifact_type": kind,
        "schema_version": version,
        "schema_ref": f"schemas/{kind}.{version}.schema.json",
        identity: name,
        "created_at": created_at,
    }


def id_of(kind: str, result: OrchestrationResult) -> str:
    """
    Make an id of what is fixed before the first step: the run header.
    """
    return f"{kind}-{hex_of(digest_of(result.header))}"


def mode_of(count: int) -> str:
    """
    Give SCLite's mode for a number of effects.
    """
    # A run that asks for no effect touches nothing outside, which SCLite calls a dry run.
    return "live" if count else "dry_run"
