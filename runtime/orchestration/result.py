"""What a run gives back: a value that later changes to anything cannot reach."""

from enum import StrEnum
from typing import Any, Final, final

import attrs
import orjson

from runtime.encoding.canonical import JsonValue
from runtime.encoding.converter import unstructure
from runtime.orchestration.checkpoint import Checkpoint
from runtime.orchestration.definitions import StepSpec
from runtime.orchestration.state import State
from runtime.values.answers import Answer
from runtime.values.decisions import Opening
from runtime.values.requests import Pending, Request
from runtime.values.verdicts import Verdict

__all__ = ["OrchestrationResult", "RunStatus"]

_SCHEMA: Final = "result/v1"


class RunStatus(StrEnum):
    """
    How a run stands: ended (completed, failed, denied) or waiting for a person or an effect.
    """

    COMPLETED = "completed"
    FAILED = "failed"
    DENIED = "denied"
    WAITING_HUMAN = "waiting_human"
    WAITING_EFFECT = "waiting_effect"


@final
@attrs.frozen(kw_only=True)
class OrchestrationResult:
    """
    The outcome of executing a checkpoint.

    States and records are held as canonical bytes; `final_state`, `lineage` and `receipt` give fresh plain copies, so
    nothing a caller does to one changes a digest already taken.
    """

    status: RunStatus
    inputs: Checkpoint
    """The inputs with every answer that was used, bound to its request."""
    executed_steps: tuple[StepSpec, ...]
    failed_step_id: str | None = None
    error_code: str | None = None
    error_message: str | None = None
    pending: Pending | None = None
    opening: Opening | None = None
    """Under which nonce, and until when the pending request is decided; None where its decision is not checked."""
    states: tuple[State, ...]
    """The state before each step that has a lineage entry or waits, and the final one."""
    header_bytes: bytes
    entry_bytes: tuple[bytes, ...]
    receipt_bytes: bytes | None = None
    verdicts: tuple[tuple[str, Verdict], ...] = ()
    """Each verdict that was worked out, with the id of its step."""
    requests: tuple[Request, ...] = ()
    """Each request that had its answer, in order."""
    unused: tuple[Answer, ...] = ()
    """Answers that no step used; `run_mission` and `Orchestrator` refuse to hand out a result that has any."""

    @property
    def id(self) -> str:
        """
        The workflow's id.
        """
        return self.inputs.definition.id

    @property
    def success(self) -> bool:
        """
        Tell whether the run completed.
        """
        return self.status is RunStatus.COMPLETED

    @property
    def final_state(self) -> dict[str, JsonValue]:
        """
        The state at the end, or so far while waiting.
        """
        return self.states[-1].thaw()

    @property
    def header(self) -> dict[str, JsonValue]:
        """
        The record `run/v1`.
        """
        record: dict[str, JsonValue] = orjson.loads(self.header_bytes)
        return record

    @property
    def lineage(self) -> dict[str, JsonValue]:
        """
        `workflow_id`, `executed_step_ids` and the hash-linked `entries` (`lineage/v1`).
        """
        return {
            "workflow_id": self.id,
            "executed_step_ids": [step.id for step in self.executed_steps],
            "entries": [orjson.loads(raw) for raw in self.entry_bytes],
        }

    @property
    def receipt(self) -> dict[str, JsonValue] | None:
        """
        The record `receipt/v1`; None while waiting.
        """
        return None if self.receipt_bytes is None else orjson.loads(self.receipt_bytes)

    @property
    def checkpoint(self) -> Checkpoint | None:
        """
        The inputs to resume from while waiting; None when the run ended.
        """
        return self.inputs if self.pending is not None else None

    def state_before(self, sequence: int) -> dict[str, JsonValue]:
        """
        Give the state a step started from.

        Args:
            sequence: the step's place in the workflow, from 1, as lineage entries count.

        Raises:
            IndexError: the run did not reach such a step.
        """
        reached = len(self.entry_bytes) + (self.pending is not None)
        if not 1 <= sequence <= reached:
            message = f"step {sequence} was not reached; steps 1 to {reached} were"
            raise IndexError(message)
        return self.states[sequence - 1].thaw()

    def to_dict(self) -> dict[str, Any]:
        """
        Give the whole result as plain JSON (`result/v1`).
        """
        return {
            "schema": _SCHEMA,
            "id": self.id,
            "status": self.status.value,
            "success": self.success,
            "executed_steps": [step.to_dict() for step in self.executed_steps],
            "failed_step_id": self.failed_step_id,
            "error_code": self.error_code,
            "error_message": self.error_message,
            "final_state": self.final_state,
            "lineage": self.lineage,
            "verdicts": {step_id: verdict.to_dict() for step_id, verdict in self.verdicts},
            "receipt": self.receipt,
            "pending": None if self.pending is None else self.pending.to_dict(),
            "opening": unstructure(self.opening),
            "checkpoint": None if self.checkpoint is None else self.checkpoint.to_dict(),
        }
