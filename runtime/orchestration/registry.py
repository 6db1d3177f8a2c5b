"""The registry: names to missions, and `run_mission`, the one entry point for agents, planners and shells.

It stands on top of `missions/`, so nothing below may import it.
"""

from collections.abc import Iterable, Iterator, Mapping
from typing import Any, Final, Self, final

from missions.catalog import BUILT_IN_MISSIONS
from runtime.errors import CheckpointMismatchError, DefinitionError, IntegrityError, UnknownMissionError, shown
from runtime.orchestration.checkpoint import Checkpoint, Mode, read_answers
from runtime.orchestration.definitions import ExecutionContext
from runtime.orchestration.drive import drive
from runtime.orchestration.mission import Mission, verify_mission
from runtime.orchestration.result import OrchestrationResult
from runtime.ports import Connector, EffectLedger
from runtime.values.answers import Answer

__all__ = [
    "MISSION_REGISTRY",
    "MissionRegistry",
    "UnknownMissionError",
    "find_mission",
    "resume_mission",
    "run_mission",
]


@final
class MissionRegistry(Mapping[str, Mission]):
    """
    A read-only mapping of names to missions; `registry | {name: mission}` gives a new one with more.

    Every mission is verified on the way in: under its own name, and with a builder that is a pure function.
    """

    __slots__ = ("_missions",)

    def __init__(self, missions: Mapping[str, Mission]) -> None:
        """
        Take missions by name.

        Raises:
            DefinitionError: a value is no mission, stands under another name than its own, or fails verification.
        """
        for name, mission in missions.items():
            if not isinstance(mission, Mission):
                raise DefinitionError(f"registry entry {shown(name)} is {shown(mission)}", remedy="give a Mission")
            if mission.name != name:
                raise DefinitionError(
                    f"mission {mission.name!r} under the name {shown(name)}", remedy="register it under its own name"
                )
            verify_mission(mission)
        self._missions = dict(sorted(missions.items()))

    def __getitem__(self, name: str) -> Mission:
        """
        Give a mission.
        """
        return self._missions[name]

    def __iter__(self) -> Iterator[str]:
        """
        Go over the names, sorted.
        """
        return iter(self._missions)

    def __len__(self) -> int:
        """
        Count the missions.
        """
        return len(self._missions)

    def __or__(self, other: Mapping[str, Mission]) -> Self:
        """
        Give a registry that holds both; a name both hold for different missions is refused.

        Raises:
            DefinitionError: a name clashes.
        """
        if not isinstance(other, Mapping):
            return NotImplemented
        clashing = sorted(name for name in other if name in self and self[name] != other[name])
        if clashing:
            raise DefinitionError(f"mission names {clashing} are taken", remedy="give your missions other names")
        return type(self)({**self._missions, **other})

    def __repr__(self) -> str:
        """
        Show the names.
        """
        return f"MissionRegistry({list(self)})"


MISSION_REGISTRY: Final = MissionRegistry({mission.name: mission for mission in BUILT_IN_MISSIONS})
"""The built-in missions."""


def find_mission(name: str, registry: Mapping[str, Mission] = MISSION_REGISTRY) -> Mission:
    """
    Look a mission up.

    Raises:
        UnknownMissionError: the name is not registered.
        DefinitionError: what is registered under it is no mission that can be trusted to build.
    """
    if not issubclass(type(registry), Mapping):
        raise DefinitionError(f"registry is {shown(registry)}", remedy="give a mapping of names to missions")
    if type(name) is not str or name not in registry:
        raise UnknownMissionError(
            f"Unknown mission: {shown(name)}. Available missions: {sorted(known for known in registry if type(known) is str)}",
            remedy="mission list shows them all",
        )
    if not isinstance(registry, MissionRegistry):
        # A plain mapping was verified by nobody yet; the verification of a mission is remembered.
        registry = MissionRegistry({name: registry[name]})
    return registry[name]


def run_mission(  # noqa: PLR0913 - the keywords are the contract of every caller.
    name: str,
    ctx: ExecutionContext,
    params: Any = None,  # noqa: ANN401 - JSON, or an instance of the mission's params class.
    *,
    answers: Iterable[Answer] | None = None,
    effects: Mapping[str, Connector] | None = None,
    ledger: EffectLedger | None = None,
    mode: Mode | str = Mode.OBSERVE,
    registry: Mapping[str, Mission] = MISSION_REGISTRY,
) -> OrchestrationResult:
    """
    Run a registered mission as far as the answers reach.

    Args:
        name: a name in the registry.
        ctx: the state to start from; it is copied and never touched.
        params: a JSON object for the mission's params class; None for its defaults.
        answers: decisions and outcomes, by request digest, or in advance by step id.
        effects: connectors by name that answer `action` steps; without it they wait.
        ledger: durable record of mutating effects; required when `effects` may mutate.
        mode: `observe`, or `apply` to allow steps that change something outside.
        registry: any read-only mapping of names to missions.

    Returns:
        The result; `status` is completed, failed, denied, waiting_human or waiting_effect.

    Raises:
        UnknownMissionError: the name is not registered.
        ParamsError: the params do not fit.
        DefinitionError: the workflow is refused (`EnvelopeViolation`, `AntiFailureViolation`, …); nothing ran.
        AnswerRefusedError: an answer is invalid, stale or left over.
    """
    mission = find_mission(name, registry)
    recorded = mission.params_document(params)
    inputs = Checkpoint(
        mission=mission.name,
        mission_version=mission.version,
        mode=Mode.of(mode),
        definition=mission(recorded),
        params=recorded,
        context=ctx,
        answers=() if answers is None else answers,
    )
    return drive(inputs, effects=effects, ledger=ledger)


def resume_mission(
    checkpoint: Checkpoint,
    answers: Iterable[Answer],
    *,
    effects: Mapping[str, Connector] | None = None,
    ledger: EffectLedger | None = None,
    registry: Mapping[str, Mission] = MISSION_REGISTRY,
) -> OrchestrationResult:
    """
    Go on with a waiting run.

    Args:
        checkpoint: what `result.checkpoint` gave.
        answers: more answers, for the open request and, in advance, for later steps.
        effects: as for `run_mission`.
        ledger: as for `run_mission`.
        registry: where the mission is looked up again.

    Raises:
        CheckpointMismatchError: the mission as registered now is another version, or builds another workflow.
        UnknownMissionError: the mission is not registered here.
        AnswerRefusedError: an answer is invalid, stale or left over; the checkpoint is as it was.
    """
    if type(checkpoint) is not Checkpoint:
        raise IntegrityError(f"checkpoint is {shown(checkpoint)}", where="checkpoint", remedy="give a Checkpoint")
    _refuse_other_mission(checkpoint, registry)
    inputs = checkpoint.answered_by((*checkpoint.answers, *read_answers(answers)))
    return drive(inputs, effects=effects, ledger=ledger)


def _refuse_other_mission(checkpoint: Checkpoint, registry: Mapping[str, Mission]) -> None:
    if checkpoint.mission is None:
        return
    mission = find_mission(checkpoint.mission, registry)
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
