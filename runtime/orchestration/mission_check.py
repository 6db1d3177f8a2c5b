"""What a mission has to show before it is registered, on its own example."""

from functools import lru_cache
from typing import Final

from runtime.encoding.canonical import JsonValue
from runtime.encoding.frozen import JsonObject
from runtime.encoding.seal import OPENING_BYTES, SEAL_MEMBER, compute_seal, seal_under
from runtime.errors import DefinitionError, Fault, shown
from runtime.orchestration.mission import Mission
from runtime.orchestration.sequence import named_steps

__all__ = ["verify_mission"]


@lru_cache(maxsize=1024)
def verify_mission(mission: Mission) -> None:
    """
    Refuse a mission that cannot keep its word, shown on its example.

    The example is built twice and must give equal bytes; its policies must be there; its actions must be what its
    catalogue says; no path may break its rules, and these name steps that are there. With the params sealed that it
    seals, it must be built as well.

    Raises:
        UnsafePathError: a path breaks a rule.
        DefinitionError: the two differ, the workflow is one the engine refuses, an action is not in the catalogue, or a
            rule names no step.
        ParamsError: the example's params do not fit the params class.
    """
    first, second = mission(mission.example.params), mission(mission.example.params)
    if first.raw != second.raw:
        raise DefinitionError(
            f"mission {mission.name!r} builds different workflows from equal params",
            remedy="make build depend on its params alone: no clock, no random numbers, no set order",
        )
    ids = {step.id for step in first.steps}
    faults = [
        Fault(f"{shown(name)} is no step of the example, and no capability", f"rules[{index}]")
        for index, rule in enumerate(mission.rules)
        for name in named_steps(rule)
        if name not in ids
    ]
    if faults:
        raise DefinitionError(f"rules of mission {mission.name!r}", faults=faults)
    mission.prove(first, mission.record_policies())
    document = mission.params_document(mission.example.params).thaw()
    sealed, _ = seal_under(mission.seals, ("params",), document, _seal_example)
    if sealed != document:
        mission.prove(mission(JsonObject(sealed)), mission.record_policies())


_EXAMPLE_KEY: Final = bytes(OPENING_BYTES)


def _seal_example(path: str, value: JsonValue) -> JsonValue:
    return {SEAL_MEMBER: compute_seal(_EXAMPLE_KEY, path, value)}
