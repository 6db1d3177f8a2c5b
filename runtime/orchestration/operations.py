"""The closed table of operations: name, payload class and pure function.

A function changes a private view of the state or raises `StepFailure`; it never sees the state itself, does no I/O and
knows no other step. Operations without a function are the engine's own: `decide` works out a verdict, and `action` and human steps are answered
from outside while the engine waits.
"""

import math
from collections.abc import Callable
from typing import Any, Final, final

import attrs
import orjson

from runtime.encoding.canonical import JsonValue, encode_checked
from runtime.encoding.seal import is_sealed
from runtime.orchestration.elements import checked_number
from runtime.orchestration.expressing import check, compute
from runtime.orchestration.failures import StepErrorCode, StepFailure
from runtime.orchestration.opaque import refuse_sealed
from runtime.orchestration.paths import exists, read, remove, write
from runtime.orchestration.payloads import (
    ABSENT,
    EditPayload,
    FailPayload,
    IncrementPayload,
    MergePayload,
    NoopPayload,
    Payload,
    RemovePayload,
    SummarizePayload,
)
from runtime.orchestration.payloads_asking import ActionPayload, DecidePayload, HumanPayload
from runtime.orchestration.payloads_rules import CheckPayload, ComputePayload, PrioritizePayload, SelectPayload
from runtime.orchestration.ranking import prioritize, select
from runtime.orchestration.summarize import summarize
from runtime.orchestration.view import StateView

__all__ = ["HUMAN", "OPERATIONS", "Operation"]


@final
@attrs.frozen(eq=False)
class Operation:
    """
    One row of the table; `run` is None where the engine itself takes the step.
    """

    name: str
    payload: type[Payload]
    run: Callable[[Any, StateView], None] | None


def _noop(_payload: NoopPayload, _view: StateView) -> None:
    """
    Change nothing.
    """


def _fail(payload: FailPayload, _view: StateView) -> None:
    raise StepFailure(StepErrorCode.STEP_FAILED, payload.reason)


def _source(payload: EditPayload | MergePayload, view: StateView) -> JsonValue:
    if payload.value is not ABSENT:
        return payload.value
    # A copy, because the target may lie inside the source: `set /a/old` from `/a` must not make a loop.
    return orjson.loads(encode_checked(read(view, _pointer(payload))))


def _pointer(payload: EditPayload | MergePayload) -> Any:  # noqa: ANN401 - narrowed by the payload's own check.
    return payload.from_


def _set(payload: EditPayload, view: StateView) -> None:
    write(view, payload.path, _source(payload, view))


def _append(payload: EditPayload, view: StateView) -> None:
    value = _source(payload, view)
    items: JsonValue = []
    if exists(view, payload.path):
        items = read(view, payload.path)
        refuse_sealed(items, payload.path.text)
        if type(items) is not list:
            raise StepFailure(StepErrorCode.WRONG_TYPE, "expected a list", where=payload.path.text)
    write(view, payload.path, [*items, value])


def _remove(payload: RemovePayload, view: StateView) -> None:
    remove(view, payload.path)


def _increment(payload: IncrementPayload, view: StateView) -> None:
    number = read(view, payload.path)
    refuse_sealed(number, payload.path.text)
    if type(number) not in (int, float):
        raise StepFailure(StepErrorCode.WRONG_TYPE, "expected a number", where=payload.path.text)
    total = math.fsum((number, payload.by)) if float in (type(number), type(payload.by)) else number + payload.by
    write(view, payload.path, checked_number(total, payload.path.text))


def _merge(payload: MergePayload, view: StateView) -> None:
    patch = _source(payload, view)
    if payload.path.tokens:
        target = read(view, payload.path) if exists(view, payload.path) else None
        write(view, payload.path, _merged(target, patch, payload.path.text))
        return
    if type(patch) is not dict:
        raise StepFailure(StepErrorCode.WRONG_TYPE, "a merge of the root with no object", where=_pointer(payload).text)
    refuse_sealed(patch)
    for key, value in patch.items():
        if value is not None:
            view.put(key, _merged(view.load(key) if key in view else None, value, f"/{key}"))
        elif key in view:
            view.drop(key)


def _merged(target: JsonValue, patch: JsonValue, where: str) -> JsonValue:
    """
    Apply a merge patch (RFC 7396) and give the outcome; neither argument is changed.

    A seal in a patch takes the place of what stands there, as a scalar does, whatever was sealed.
    """
    if type(patch) is not dict or is_sealed(patch):
        return patch
    refuse_sealed(target, where)
    merged = dict(target) if type(target) is dict else {}
    for key, value in patch.items():
        if value is None:
            merged.pop(key, None)
        else:
            merged[key] = _merged(merged.get(key), value, f"{where}/{key}")
    return merged


def _table(*rows: tuple[str, type[Payload], Callable[[Any, StateView], None] | None]) -> dict[str, Operation]:
    return {name: Operation(name, payload, run) for name, payload, run in rows}


OPERATIONS: Final = _table(
    ("action", ActionPayload, None),
    ("append", EditPayload, _append),
    ("decide", DecidePayload, None),
    ("check", CheckPayload, check),
    ("compute", ComputePayload, compute),
    ("fail", FailPayload, _fail),
    ("increment", IncrementPayload, _increment),
    ("merge", MergePayload, _merge),
    ("noop", NoopPayload, _noop),
    ("prioritize", PrioritizePayload, prioritize),
    ("remove", RemovePayload, _remove),
    ("select", SelectPayload, select),
    ("set", EditPayload, _set),
    ("summarize", SummarizePayload, summarize),
)
"""Every operation of a runtime step."""

HUMAN: Final = Operation("human", HumanPayload, None)
"""The one thing a human step does."""
