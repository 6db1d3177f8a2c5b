"""What each step of a workflow can do, told from the definition, the packs and the connector catalogue alone.

A capability is a text: `effect:read` and `effect:mutate`, `effect:CONNECTOR.ACTION`, `human:CHOICE`, `policy:ID`,
`reads:/pointer` and `writes:/pointer`. Law (a property test): running a step changes no member of the state that no
`writes:` names, and no member that no `reads:` or `writes:` names has a part in what it does, but for the bound on the size of the whole state.
"""

from collections.abc import Iterator, Mapping
from typing import Any

from runtime.encoding.pointer import escape_token
from runtime.orchestration.deciding import Policies
from runtime.orchestration.payloads import (
    ITEM,
    EditPayload,
    IncrementPayload,
    ListPayload,
    MergePayload,
    Payload,
    RemovePayload,
    SummarizePayload,
)
from runtime.orchestration.payloads_asking import ActionPayload, DecidePayload, HumanPayload
from runtime.orchestration.payloads_rules import (
    CheckPayload,
    ComputePayload,
    DaysUntilWeight,
    PrioritizePayload,
    SelectPayload,
)
from runtime.orchestration.prepare import PreparedStep
from runtime.policy.expressions import Expression
from runtime.values.requests import EffectMode

__all__ = ["list_capabilities"]


def list_capabilities(step: PreparedStep, packs: Policies, catalogue: Mapping[str, Any]) -> tuple[str, ...]:
    """
    List what a step can do, sorted. `/` alone is the whole state, and `*` every element of a list.

    Args:
        step: a checked step.
        packs: the packs of the run, by policy id.
        catalogue: what the connectors say of themselves; an action is a mutating one when it or the step says so.
    """
    payload = step.payload
    found = {f"reads:{path or '/'}" for path in _reads(payload)} | {
        f"writes:{path or '/'}" for path in _writes(payload)
    }
    if isinstance(payload, ActionPayload):
        described = catalogue.get(payload.connector, {}).get("actions", {}).get(payload.action, {})
        is_mutating = EffectMode.MUTATE in (payload.mode, described.get("mode"))
        found |= {f"effect:{'mutate' if is_mutating else 'read'}", f"effect:{payload.connector}.{payload.action}"}
    elif isinstance(payload, HumanPayload):
        found |= {f"human:{choice}" for choice in payload.choices}
    elif isinstance(payload, DecidePayload):
        found |= {f"policy:{payload.policy}", *(f"reads:{path}" for path in _pack_reads(payload, packs))}
    return tuple(sorted(found))


def _reads(payload: Payload) -> Iterator[str]:
    match payload:
        case EditPayload() | MergePayload():
            # What is appended to or merged into is read as well; `set` alone replaces what it finds.
            yield from [payload.from_.text] if payload.from_ is not None else []
            yield from [payload.path.text] if payload.operation != "set" else []
        case IncrementPayload() | RemovePayload():
            yield payload.path.text
        case ComputePayload() | CheckPayload():
            yield from payload.rule.list_reads()
        case ListPayload():
            yield from _list_reads(payload)
        case DecidePayload():
            yield payload.input.text
        case HumanPayload():
            for text in payload.show.values():
                yield from Expression.parse(text).list_reads()
            yield from [payload.not_by.text] if payload.not_by is not None else []


def _list_reads(payload: ListPayload) -> Iterator[str]:
    yield payload.from_.text
    elements = (*payload.from_.tokens, "*")
    for rule in _element_rules(payload):
        yield from rule.list_reads(**{ITEM: elements})
    if isinstance(payload, PrioritizePayload) and any(isinstance(one, DaysUntilWeight) for one in payload.weights):
        yield payload.today.text


def _element_rules(payload: ListPayload) -> Iterator[Expression]:
    if isinstance(payload, SelectPayload | PrioritizePayload):
        yield from [payload.rule] if payload.rule is not None else []
    elif isinstance(payload, SummarizePayload):
        texts = [measure.where for measure in payload.measures.values()]
        yield from (Expression.parse(text, (ITEM,)) for text in texts if text is not None)


def _writes(payload: Payload) -> Iterator[str]:
    match payload:
        case ActionPayload() | HumanPayload():
            yield from [payload.output.text] if payload.output is not None else []
        case (
            EditPayload()
            | MergePayload()
            | IncrementPayload()
            | RemovePayload()
            | ComputePayload()
            | ListPayload()
            | DecidePayload()
        ):
            yield payload.path.text


def _pack_reads(payload: DecidePayload, packs: Policies) -> Iterator[str]:
    for rule in packs[payload.policy].rules:
        for condition in (*rule.when, *rule.unless):
            yield from (payload.input.text + path for path in condition.expression.list_reads())
        for path in rule.conditions.thaw():
            yield payload.input.text + "".join(f"/{escape_token(part)}" for part in path.split("."))
