"""The values a caller builds: steps, workflows and the context a run starts from.

Deeply immutable, equal by value. Constructing them checks types and JSON-ness only; kinds, counts and payloads are
checked when a run is asked for (`prepare.py`).
"""

from collections.abc import Iterable
from functools import cached_property
from typing import Any, Self, final

import attrs

from runtime.encoding.canonical import canonical_record
from runtime.encoding.converter import structure
from runtime.encoding.digest import NULL_DIGEST, digest_of_bytes
from runtime.encoding.frozen import EMPTY_OBJECT, JsonObject, frozen_object
from runtime.errors import DefinitionError, shown
from runtime.orchestration.state import State
from runtime.values.checks import is_identifier, is_small_json

__all__ = ["ExecutionContext", "StepSpec", "WorkflowDefinition"]


@final
@attrs.frozen
class StepSpec:
    """
    One step: its id, its kind (`runtime` or `human` when run) and a JSON object saying what it does.
    """

    id: str = attrs.field(validator=is_identifier)
    kind: str = attrs.field(validator=is_identifier)
    payload: JsonObject = attrs.field(default=EMPTY_OBJECT, converter=frozen_object, validator=is_small_json)

    def to_dict(self) -> dict[str, Any]:
        """
        Give `id`, `kind` and `payload` as plain JSON.
        """
        return {"id": self.id, "kind": self.kind, "payload": self.payload.thaw()}


def _steps(value: Iterable[StepSpec]) -> tuple[StepSpec, ...]:
    if type(value) not in (list, tuple):
        raise DefinitionError(f"steps is {shown(value)}", where="steps", remedy="give a list of StepSpec")
    steps = tuple(value)  # Copied first: what is checked is what is kept.
    for index, step in enumerate(steps):
        if type(step) is not StepSpec:
            raise DefinitionError(f"step is {shown(step)}", where=f"steps[{index}]", remedy="give a StepSpec")
    return steps


@final
@attrs.frozen(cache_hash=True)
class WorkflowDefinition:
    """
    An immutable, ordered list of steps.
    """

    id: str = attrs.field(validator=is_identifier)
    steps: tuple[StepSpec, ...] = attrs.field(default=(), converter=_steps)
    metadata: JsonObject = attrs.field(default=EMPTY_OBJECT, converter=frozen_object, validator=is_small_json)

    @cached_property
    def raw(self) -> bytes:
        """
        The canonical bytes of `to_dict()` with `"schema": "workflow/v1"`.
        """
        return canonical_record({"schema": "workflow/v1", **self.to_dict()})

    @cached_property
    def payload_bytes(self) -> int:
        """
        The canonical size of all payloads together.
        """
        return sum(len(step.payload.raw) for step in self.steps)

    @cached_property
    def digest(self) -> str:
        """
        The definition digest.
        """
        return digest_of_bytes(self.raw)

    def to_dict(self) -> dict[str, Any]:
        """
        Give `id`, `metadata` and `steps` as plain JSON.
        """
        return {"id": self.id, "metadata": self.metadata.thaw(), "steps": [step.to_dict() for step in self.steps]}

    @classmethod
    def from_dict(cls, document: Any) -> Self:  # noqa: ANN401 - JSON enters here.
        """
        Read what `to_dict` gives, strictly.

        Raises:
            DefinitionError: with every fault and its path.
        """
        return structure(document, cls, what="workflow")


def _state(value: Any) -> State:  # noqa: ANN401 - a plain dict or a state.
    return value if type(value) is State else State(value)


def _metadata(value: Any) -> JsonObject | None:  # noqa: ANN401 - a plain dict, a frozen one or None.
    return None if value is None else frozen_object(value)


@final
@attrs.frozen
class ExecutionContext:
    """
    What a run starts from: a JSON object as state, and optional metadata that is bound into the receipt, never run.

    The caller's objects are copied here and never read again.
    """

    initial_state: State = attrs.field(factory=lambda: State({}), converter=_state)
    metadata: JsonObject | None = attrs.field(default=None, converter=_metadata, validator=is_small_json)

    @property
    def metadata_digest(self) -> str:
        """
        The digest of the metadata; absent metadata is null.
        """
        return NULL_DIGEST if self.metadata is None else self.metadata.digest

    def to_dict(self) -> dict[str, Any]:
        """
        Give `initial_state` and `metadata` as plain JSON.
        """
        return {
            "initial_state": self.initial_state.thaw(),
            "metadata": None if self.metadata is None else self.metadata.thaw(),
        }

    @classmethod
    def from_dict(cls, document: Any) -> Self:  # noqa: ANN401 - JSON enters here.
        """
        Read what `to_dict` gives, strictly.

        Raises:
            DefinitionError: with every fault and its path.
        """
        return structure(document, cls, what="context")
