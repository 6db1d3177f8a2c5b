"""The connectors a command has at hand: those that need no settings. What they cannot do waits, and is said."""

from collections.abc import Mapping
from pathlib import Path

from runtime.connectors.local_command import LocalCommand
from runtime.orchestration.mission import Mission
from runtime.ports import Connector

__all__ = ["find_effects"]


def find_effects(mission: Mission) -> Mapping[str, Connector] | None:
    """
    Give the connectors of a mission, when all it may ask for are at hand; they work in the working directory.
    """
    at_hand: dict[str, Connector] = {"local_command": LocalCommand(cwd=Path.cwd())}
    wanted = set(mission.catalogue)
    return {name: at_hand[name] for name in wanted} if wanted and wanted <= set(at_hand) else None
