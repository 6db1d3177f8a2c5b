"""Which seals the inputs of a run hold, and where."""

from runtime.encoding.seal import SEAL_MEMBER, find_seals
from runtime.orchestration.checkpoint import Checkpoint

__all__ = ["list_seals"]

_INPUTS = ("context", "params", "answers")


def list_seals(inputs: Checkpoint) -> dict[str, list[str]]:
    """
    List the seals in context, params and answers: their digests in order of appearance, and the places of each.

    A place is a JSON Pointer into the record `checkpoint/v1`. What follows from these inputs, such as the definition and
    the states, holds no others.
    """
    record = inputs.to_dict()
    found: dict[str, list[str]] = {}
    for path, seal in find_seals({name: record[name] for name in _INPUTS}):
        found.setdefault(str(seal[SEAL_MEMBER]), []).append(path)
    return found
