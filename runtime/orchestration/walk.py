"""Every path a workflow can take: what each step can do, told from its payload, and all combinations of that.

A runtime step completes or fails; an effect is done, is known not to be, or cannot be known; a policy allows, denies or
flags; a person makes one of the choices, or lets the time to decide pass. A quorum changes nothing: its vote comes to
one of the choices. With at most five steps all combinations are few. The walk leaves nothing out but the bounds on the
size of the state. It may hold paths that no input leads to, because it looks at what a step is and not at the values it
would meet. Read `preflight.py` for what is done with them. Source: DESIGN.md 5.
"""

from collections.abc import Iterator, Mapping
from functools import lru_cache
from typing import Any, Final, final

import attrs

from runtime.encoding.frozen import JsonObject
from runtime.encoding.pointer import Pointer
from runtime.orchestration.capabilities import list_capabilities
from runtime.orchestration.deciding import Policies
from runtime.orchestration.payloads import FailPayload, NoopPayload
from runtime.orchestration.payloads_asking import ActionPayload, DecidePayload, HumanPayload, OnReject
from runtime.orchestration.prepare import PreparedStep
from runtime.orchestration.sequence import Event
from runtime.orchestration.voting import REJECT
from runtime.policy.pack import PolicyPack
from runtime.values.verdicts import Decision

__all__ = ["Options", "Path", "list_options", "walk_paths"]

_ENDS: Final = {"failed": "failed", "unplaced": "failed", "denied": "denied", "expired": "denied", "unknown": "waiting"}


@final
@attrs.frozen
class Path:
    """
    One way through a workflow: what each step does that is reached or skipped.
    """

    events: tuple[Event, ...]

    @property
    def ending(self) -> str:
        """
        `completed`, `failed`, `denied`, or `waiting` for an outcome that cannot be known: settled, it is another path.
        """
        return _ENDS.get(self.events[-1].outcome, "completed")


def list_options(steps: tuple[PreparedStep, ...], packs: Policies, catalogue: JsonObject) -> tuple["Options", ...]:
    """
    Tell what each step can do: all that paths depend on.

    Args:
        steps: the checked steps of a workflow.
        packs: the packs its `decide` steps ask for, by policy id.
        catalogue: what its connectors say of themselves.
    """
    return tuple(_list_one(step, packs, catalogue) for step in steps)


def _list_one(step: PreparedStep, packs: Policies, catalogue: JsonObject) -> "Options":
    pack = packs[step.payload.policy] if isinstance(step.payload, DecidePayload) else None
    return (_options_cached if step.is_small else _options_of)(step, pack, catalogue)


def _options_of(step: PreparedStep, pack: PolicyPack | None, catalogue: JsonObject) -> "Options":
    return Options.of(step, {} if pack is None else {pack.policy_id: pack}, catalogue)


# Steps that are equal are one value, see `prepare.py`; so runs of one mission share what most of their steps can do.
_options_cached = lru_cache(maxsize=1024)(_options_of)


def walk_paths(options: tuple["Options", ...]) -> tuple[Path, ...]:
    """
    List every path, those that go on before those that stop.
    """
    found: list[Path] = []

    def walk(events: tuple[Event, ...], *, is_flagged: bool) -> None:
        if len(events) == len(options) or (events and events[-1].outcome in _ENDS):
            found.append(Path(events))
            return
        step = options[len(events)]
        for event in (step.skipped,) if step.is_gated and not is_flagged else step.events:
            walk((*events, event), is_flagged=is_flagged or event.verdict == Decision.FLAG)

    walk((), is_flagged=False)
    return tuple(found)


@final
@attrs.frozen
class Options:
    """
    What one step can do.
    """

    events: tuple[Event, ...]
    skipped: Event
    """What it is where no verdict flagged and it is gated."""
    is_gated: bool

    @property
    def capabilities(self) -> tuple[str, ...]:
        """
        Its capabilities, sorted.
        """
        return self.skipped.capabilities

    @classmethod
    def of(cls, step: PreparedStep, packs: Policies, catalogue: Mapping[str, Any]) -> "Options":
        """
        Tell from a step's payload what it can do.
        """
        base = Event(step_id=step.spec.id, outcome="completed", capabilities=list_capabilities(step, packs, catalogue))
        events = tuple(_list_events(base, step, packs))
        return cls(events, attrs.evolve(base, outcome="skipped"), step.is_gated)


def _list_events(base: Event, step: PreparedStep, packs: Policies) -> Iterator[Event]:
    payload = step.payload
    failed = attrs.evolve(base, outcome="failed")
    match payload:
        case NoopPayload():
            yield base
        case FailPayload():
            yield failed
        case ActionPayload():
            yield from _with_place(base, payload.output)
            yield from (failed, attrs.evolve(base, outcome="unknown"))
        case DecidePayload():
            yield from _list_verdicts(base, payload, packs)
            yield failed
        case HumanPayload():
            yield from _list_choices(base, payload)
            yield from [attrs.evolve(base, outcome="expired")] if payload.expires_after_ms is not None else []
            yield from [failed] if payload.show or payload.not_by is not None else []
        case _:
            yield from (base, failed)


def _list_verdicts(base: Event, payload: DecidePayload, packs: Policies) -> Iterator[Event]:
    decisions = {rule.effect.decision for rule in packs[payload.policy].rules}
    for decision in (Decision.ALLOW, Decision.FLAG):
        if decision in decisions:
            yield from _with_place(attrs.evolve(base, verdict=decision.value), payload.path)
    yield attrs.evolve(base, outcome="denied", verdict=Decision.DENY.value)  # Also where no rule applies.


def _list_choices(base: Event, payload: HumanPayload) -> Iterator[Event]:
    for choice in payload.choices:
        chosen = attrs.evolve(base, choice=choice)
        if choice == REJECT and payload.on_reject is OnReject.DENY:
            yield attrs.evolve(chosen, outcome="denied")
        else:
            yield from _with_place(chosen, payload.output)


def _with_place(event: Event, place: Pointer | None) -> Iterator[Event]:
    yield event
    if place is not None and len(place.tokens) > 1:  # Only a member of the root can always be written.
        yield attrs.evolve(event, outcome="unplaced")
