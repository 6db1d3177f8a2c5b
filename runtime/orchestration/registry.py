"""The registry: names to missions, and `run_mission`, the one entry point for agents, planners and shells.

It stands on top of `missions/`, so nothing below may import it.
"""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from importlib.metadata import EntryPoint, distributions, entry_points
from typing import Any, Final, Self, final

from missions.catalog import BUILT_IN_MISSIONS
from runtime.errors import (
    DefinitionError,
    IntegrityError,
    MissionEngineError,
    SealingRequiredError,
    UnknownMissionError,
    shown,
)
from runtime.orchestration.checkpoint import Checkpoint, Mode, read_answers
from runtime.orchestration.definitions import ExecutionContext
from runtime.orchestration.drive import drive
from runtime.orchestration.mission import Mission
from runtime.orchestration.mission_check import verify_mission
from runtime.orchestration.result import OrchestrationResult
from runtime.orchestration.resuming import refuse_other_mission
from runtime.orchestration.sealed_inputs import holds_seal, refuse_sealed_answer, refuse_seals
from runtime.orchestration.sealing import SEAL_REMEDY, Sealing, begin_sealed, demand_sealing
from runtime.policy.pack import PolicyPack
from runtime.ports import Connector, Decisions, EffectLedger
from runtime.values.answers import Answer

__all__ = [
    "ENTRY_POINT_GROUP",
    "MISSION_REGISTRY",
    "MissionRegistry",
    "UnknownMissionError",
    "build_registry",
    "find_mission",
    "resume_mission",
    "run_mission",
]


ENTRY_POINT_GROUP: Final = "mission_runtime.missions"
"""Where an installed package declares its missions: `name = "module:MISSION"`."""


@final
class MissionRegistry(Mapping[str, Mission]):
    """
    A read-only mapping of names to missions; `registry | {name: mission}` gives a new one with more.

    Every mission is verified on the way in: under its own name, and with a builder that is a pure function.
    """

    __slots__ = ("_missions", "_refused")

    def __init__(self, missions: Mapping[str, Mission], refused: Mapping[str, str] | None = None) -> None:
        """
        Take missions by name, and why others were refused.

        Raises:
            DefinitionError: a value is no mission, stands under another name than its own, or fails verification.
        """
        self._refused = dict(refused or {})
        for name, mission in missions.items():
            if not isinstance(mission, Mission):
                raise DefinitionError(f"registry entry {shown(name)} is {shown(mission)}", remedy="give a Mission")
            if mission.name != name:
                raise DefinitionError(
                    f"mission {mission.name!r} under the name {shown(name)}", remedy="register it under its own name"
                )
            verify_mission(mission)
        self._missions = dict(sorted(missions.items()))

    @property
    def refused(self) -> dict[str, str]:
        """
        The missions of installed packages that were refused: their names, and why.
        """
        return dict(self._refused)

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
        return type(self)({**self._missions, **other}, self._refused)

    def __repr__(self) -> str:
        """
        Show the names.
        """
        return f"MissionRegistry({list(self)})"


def build_registry(entry_points: Iterable[EntryPoint], unreadable: Mapping[str, str] | None = None) -> MissionRegistry:
    """
    Put the built-in missions and those of installed packages together.

    An entry point names a `Mission` under the mission's own name. One that cannot be loaded, is no mission that can be
    trusted to build, or takes a name that is taken is refused; it never takes the others down. `unreadable` are packages
    that were refused before, and why.
    """
    missions = {mission.name: mission for mission in BUILT_IN_MISSIONS}
    refused = dict(unreadable or {})
    declared = sorted({(point.name, point.value): point for point in entry_points}.items())
    claims = Counter([*missions, *(name for (name, _), _ in declared)])
    for (name, value), point in declared:
        try:
            missions.update(_load(point, is_taken=claims[name] > 1))
        except (Exception, SystemExit) as error:  # noqa: BLE001 - a package may raise anything when it is imported.
            why = str(error) if isinstance(error, MissionEngineError) else f"it raised {type(error).__name__}"
            refused[f"{name} ({value})"] = why
    return MissionRegistry(missions, refused)


def _load(point: EntryPoint, *, is_taken: bool) -> MissionRegistry:
    if is_taken:
        raise DefinitionError(f"the name {point.name!r} is taken", remedy="give the mission another name")
    return MissionRegistry({point.name: point.load()})


def _list_entry_points() -> tuple[list[EntryPoint], dict[str, str]]:
    """
    List the entry points of installed packages, and the packages whose own could not be read.
    """
    try:
        return list(entry_points(group=ENTRY_POINT_GROUP)), {}
    except Exception:  # noqa: BLE001 - one package whose metadata cannot be read fails the reading of all.
        points: list[EntryPoint] = []
        unreadable = {}
        for distribution in distributions():
            try:
                points += distribution.entry_points.select(group=ENTRY_POINT_GROUP)
            except Exception as error:  # noqa: BLE001 - as above; this time the package is known.
                unreadable[distribution.name] = f"its entry points cannot be read: {type(error).__name__}"
        return points, unreadable


MISSION_REGISTRY: Final = build_registry(*_list_entry_points())
"""The built-in missions, and those of the packages that were installed when the process started."""


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
            remedy=_say_refused(name, registry) or "mission list shows them all",
        )
    if not isinstance(registry, MissionRegistry):
        # A plain mapping was verified by nobody yet; the verification of a mission is remembered.
        registry = MissionRegistry({name: registry[name]})
    return registry[name]


def _say_refused(name: object, registry: Mapping[str, Mission]) -> str:
    refused = registry.refused if isinstance(registry, MissionRegistry) else {}
    reasons = [f"{known} was refused: {why}" for known, why in refused.items() if known.rpartition(" (")[0] == name]
    return "; ".join(reasons)


def run_mission(  # noqa: PLR0913 - the keywords are the contract of every caller.
    name: str,
    ctx: ExecutionContext,
    params: Any = None,  # noqa: ANN401 - JSON, or an instance of the mission's params class.
    *,
    answers: Iterable[Answer] | None = None,
    policies: Iterable[PolicyPack] | None = None,
    effects: Mapping[str, Connector] | None = None,
    ledger: EffectLedger | None = None,
    decisions: Decisions | None = None,
    mode: Mode | str = Mode.OBSERVE,
    seal: Sealing | None = None,
    registry: Mapping[str, Mission] = MISSION_REGISTRY,
    allow_secrets: bool = True,
) -> OrchestrationResult:
    """
    Run a registered mission as far as the answers reach.

    Args:
        name: a name in the registry.
        ctx: the state to start from; it is copied and never touched.
        params: a JSON object for the mission's params class; None for its defaults.
        answers: decisions and outcomes, by request digest, or in advance by step id.
        policies: packs that take the place of the mission's own of the same policy id.
        effects: connectors by name that answer `action` steps; without it they wait.
        ledger: durable record of mutating effects; required when `effects` may mutate.
        decisions: checks decisions of steps that are signed or expire; without it those steps take none.
        mode: `observe`, or `apply` to allow steps that change something outside.
        seal: seals values, and opens them for connectors; required by missions that name values to seal.
        registry: any read-only mapping of names to missions.
        allow_secrets: whether what looks like a secret may enter; without, inputs are refused and outputs redacted.

    Returns:
        The result; `status` is completed, failed, denied, waiting_human or waiting_effect.

    Raises:
        UnknownMissionError: the name is not registered.
        ParamsError: the params do not fit.
        DefinitionError: the workflow is refused (`EnvelopeViolation`, `AntiFailureViolation`, …); nothing ran.
        UndeclaredSecretError: an input looks like a secret, and none may enter.
        AnswerRefusedError: an answer is invalid, stale, left over, or a decision that cannot be taken.
    """
    mission = find_mission(name, registry)
    packs = () if policies is None else policies
    given = read_answers(() if answers is None else answers)
    if seal is None:
        demand_sealing(mission, seal)
        inputs = refuse_seals(mission.begin(params, ctx, policies=packs, mode=mode).answered_by(given))
    else:
        for answer in given:
            refuse_sealed_answer(answer)
        inputs = begin_sealed(mission, params, ctx, seal, policies=packs, mode=mode).answered_by(given)
    return drive(inputs, effects=effects, ledger=ledger, decisions=decisions, seal=seal, allow_secrets=allow_secrets)


def resume_mission(  # noqa: PLR0913 - the keywords are the contract of every caller.
    checkpoint: Checkpoint,
    answers: Iterable[Answer],
    *,
    effects: Mapping[str, Connector] | None = None,
    ledger: EffectLedger | None = None,
    decisions: Decisions | None = None,
    seal: Sealing | None = None,
    registry: Mapping[str, Mission] = MISSION_REGISTRY,
    allow_secrets: bool = True,
) -> OrchestrationResult:
    """
    Go on with a waiting run.

    Args:
        checkpoint: what `result.checkpoint` gave.
        answers: more answers, for the open request and, in advance, for later steps.
        effects: as for `run_mission`.
        ledger: as for `run_mission`.
        decisions: as for `run_mission`.
        seal: as for `run_mission`; it needs no rules again, and is required when something of the run is sealed.
        registry: where the mission is looked up again.
        allow_secrets: as for `run_mission`; what the checkpoint holds was taken before.

    Raises:
        CheckpointMismatchError: the mission as registered now is another version, or builds another workflow.
        UnknownMissionError: the mission is not registered here.
        AnswerRefusedError: an answer is invalid, stale, left over, or a decision that cannot be taken; the checkpoint
            is as it was.
    """
    if type(checkpoint) is not Checkpoint:
        raise IntegrityError(f"checkpoint is {shown(checkpoint)}", where="checkpoint", remedy="give a Checkpoint")
    mission = None if checkpoint.mission is None else find_mission(checkpoint.mission, registry)
    if mission is not None:
        refuse_other_mission(checkpoint, mission)
        demand_sealing(mission, seal)
    given = read_answers(answers)
    for answer in given:
        refuse_sealed_answer(answer)
    if seal is None and holds_seal(checkpoint):
        raise SealingRequiredError("a run with sealed values", where="checkpoint", remedy=SEAL_REMEDY)
    ports: dict[str, Any] = {"effects": effects, "ledger": ledger, "decisions": decisions, "seal": seal}
    inputs = checkpoint.answered_by((*checkpoint.answers, *given))
    return drive(inputs, settled=checkpoint.answers, allow_secrets=allow_secrets, **ports)
