"""Whether a checkpoint can be resumed with a mission as it is registered now."""

from runtime.errors import CheckpointMismatchError
from runtime.orchestration.checkpoint import Checkpoint
from runtime.orchestration.mission import Mission

__all__ = ["refuse_other_mission"]


def refuse_other_mission(checkpoint: Checkpoint, mission: Mission) -> None:
    """
    Refuse a mission that is not the one a checkpoint was made by.

    Raises:
        CheckpointMismatchError: it is another version, builds another workflow, or is proven by other rules.
    """
    if mission.version != checkpoint.mission_version:
        raise CheckpointMismatchError(
            f"mission {mission.name!r} is version {mission.version} here, and the checkpoint needs {checkpoint.mission_version}",
            where="mission_version",
            remedy="resume it with the release that made it, or start a new run",
        )
    if mission(checkpoint.params).digest != checkpoint.definition.digest:
        raise CheckpointMismatchError(
            f"mission {mission.name!r} version {mission.version} builds another workflow here than the checkpoint holds",
            where="definition",
            remedy="resume it with the release that made it, or start a new run",
        )
    if mission.prove(checkpoint.definition, checkpoint.policies) != checkpoint.proof:
        raise CheckpointMismatchError(
            f"mission {mission.name!r} version {mission.version} has other rules here than the checkpoint was proven by",
            where="proof",
            remedy="resume it with the release that made it, or start a new run",
        )
