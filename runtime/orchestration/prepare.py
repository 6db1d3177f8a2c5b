"""From a definition to checked steps: every refusal that stands before the first step.

In this order: kinds, number of steps, number of human steps, then everything else together (empty workflow, duplicate
ids, unknown operations, payload faults). The outcome is cached by definition, because it depends on nothing else.
"""

from functools import lru_cache
from typing import Final, final

import attrs

from runtime.encoding.converter import structure
from runtime.errors import AntiFailureViolation, DefinitionError, EnvelopeViolation, Fault, ModeError, shown
from runtime.limits import MAX_FAULTS, MAX_HUMAN_STEPS, MAX_STEPS
from runtime.orchestration.definitions import StepSpec, WorkflowDefinition
from runtime.orchestration.operations import HUMAN, OPERATIONS, Operation
from runtime.orchestration.payloads import Payload, When
from runtime.orchestration.payloads_asking import ActionPayload, HumanPayload
from runtime.orchestration.schema import schema_faults
from runtime.values.requests import EffectMode

__all__ = ["ALLOWED_KINDS", "PreparedStep", "mutating_steps", "prepare", "refuse_mutation"]

ALLOWED_KINDS: Final = ("human", "runtime")
_CACHED_BYTES: Final = 64 * 1024
_SMALL_STEP_BYTES: Final = 4 * 1024


@final
@attrs.frozen(kw_only=True, eq=False)
class PreparedStep:
    """
    A step whose payload was checked and read.
    """

    spec: StepSpec
    operation: Operation
    payload: Payload
    payload_digest: str
    is_gated: bool
    """Whether it runs only after a verdict that flagged."""

    @property
    def is_small(self) -> bool:
        """
        Tell whether it is small enough to be kept; then steps that are equal are one object.
        """
        return _is_small(self.spec)


def prepare(definition: WorkflowDefinition) -> tuple[PreparedStep, ...]:
    """
    Check a workflow and read its payloads.

    Raises:
        EnvelopeViolation: a step's kind is neither `human` nor `runtime`.
        AntiFailureViolation: more than 5 steps, or more than 2 human ones.
        DefinitionError: everything else, with every fault and its path.

    Source: contracts/tier2.md; DESIGN.md 4.
    """
    # Large definitions are read each time, so that the cache stays small.
    is_small = definition.payload_bytes <= _CACHED_BYTES
    return _prepare_cached(definition) if is_small else _prepare(definition)


def _prepare(definition: WorkflowDefinition) -> tuple[PreparedStep, ...]:
    _refuse_limits(definition)
    faults: list[Fault] = []
    if not definition.steps:
        faults.append(Fault("a workflow without steps; give at least one", "steps"))
    ids = [step.id for step in definition.steps]
    faults += [
        Fault(f"step id {shown(name)} stands twice", "steps") for name in sorted({n for n in ids if ids.count(n) > 1})
    ]
    prepared = []
    for index, step in enumerate(definition.steps):
        try:
            # Runs of one mission mostly differ in few steps; the others are the same value, and are read once.
            prepared.append(_read_cached(step) if _is_small(step) else _read(step))
        except DefinitionError as error:
            own = error.faults or (Fault(error.what),)
            faults += [
                Fault(fault.message, ".".join(filter(None, (f"steps[{index}].payload", fault.where)))) for fault in own
            ]
    if faults:
        count = "a fault" if len(faults) == 1 else f"{len(faults)} faults"
        raise DefinitionError(f"workflow {shown(definition.id)}: {count}", faults=faults)
    return tuple(prepared)


_prepare_cached = lru_cache(maxsize=256)(_prepare)


def mutating_steps(steps: tuple[PreparedStep, ...]) -> list[str]:
    """
    List the ids of the steps that change something outside.
    """
    return [
        step.spec.id
        for step in steps
        if isinstance(step.payload, ActionPayload) and step.payload.mode is EffectMode.MUTATE
    ]


def refuse_mutation(steps: tuple[PreparedStep, ...]) -> None:
    """
    Refuse a workflow with mutating effects, for a mode that allows none.

    Raises:
        ModeError: it has some; they are named.
    """
    mutating = mutating_steps(steps)
    if mutating:
        raise ModeError(
            f"steps {mutating} mutate, and mode 'observe' allows no mutating effect",
            remedy="ask for mode 'apply', with effects and a durable ledger",
        )


def _refuse_limits(definition: WorkflowDefinition) -> None:
    for step in definition.steps:
        if step.kind not in ALLOWED_KINDS:
            raise EnvelopeViolation(
                f"Step {step.id!r} has disallowed kind {step.kind!r}. Allowed kinds: {list(ALLOWED_KINDS)}",
                where=step.id,
                remedy="use kind 'runtime' with an operation, or 'human' to ask a person",
            )
    count = len(definition.steps)
    if count > MAX_STEPS:
        extra = [step.id for step in definition.steps[MAX_STEPS:]]
        raise AntiFailureViolation(
            f"Workflow has {count} steps, exceeds maximum of {MAX_STEPS}",
            where="steps",
            remedy=f"split it: run {extra[:MAX_FAULTS]} as a second mission",
        )
    human = [step.id for step in definition.steps if step.kind == "human"]
    if len(human) > MAX_HUMAN_STEPS:
        raise AntiFailureViolation(
            f"Workflow has {len(human)} human steps, exceeds maximum of {MAX_HUMAN_STEPS}",
            where="steps",
            remedy=f"keep two of {human} for a person and automate the rest",
        )


def _read(step: StepSpec) -> PreparedStep:
    document = step.payload.thaw()
    if step.kind == "human":
        operation = HUMAN
    else:
        name = document.get("operation", "noop")
        if type(name) is not str or name not in OPERATIONS:
            raise DefinitionError(f"unknown operation {shown(name)}; known are {sorted(OPERATIONS)}")
        operation = OPERATIONS[name]
    payload = structure(document, operation.payload, what=f"payload of step {shown(step.id)}")
    if isinstance(payload, HumanPayload) and payload.input_schema is not None:
        faults = schema_faults(payload.input_schema.thaw())
        if faults:
            raise DefinitionError("an input schema that cannot be used", faults=faults)
    return PreparedStep(
        spec=step,
        operation=operation,
        payload=payload,
        payload_digest=step.payload.digest,
        is_gated=payload.when is When.FLAGGED,
    )


_read_cached = lru_cache(maxsize=1024)(_read)


def _is_small(step: StepSpec) -> bool:
    return len(step.payload.raw) <= _SMALL_STEP_BYTES
