"""Payloads of the steps the engine takes itself: `decide`, `action`, and the steps that ask a person."""

from collections.abc import Callable
from enum import StrEnum
from typing import Any

import attrs

from runtime.encoding.frozen import EMPTY_OBJECT, JsonObject
from runtime.encoding.pointer import Pointer
from runtime.errors import DefinitionError, Fault, shown
from runtime.limits import MAX_CHOICES, MAX_EXPIRY_MS, MAX_IDENTIFIER_LENGTH, MAX_QUORUM, MAX_SHOWN
from runtime.orchestration.payloads import Payload
from runtime.orchestration.voting import REJECT
from runtime.policy.expressions import Expression
from runtime.values.checks import is_below_root, is_identifier, is_text, of_type
from runtime.values.decisions import EXPIRED
from runtime.values.requests import EffectMode

__all__ = ["ActionPayload", "Compensation", "DecidePayload", "HumanPayload", "OnReject"]


@attrs.frozen(kw_only=True, eq=False, repr=False)
class DecidePayload(Payload):
    """
    `decide`: weigh the object at `input` by a policy; the verdict enters the state at `path`.
    """

    policy: str = attrs.field(validator=is_identifier)
    input: Pointer = attrs.field(factory=lambda: Pointer.parse(""))
    path: Pointer = attrs.field(validator=is_below_root)


@attrs.frozen(kw_only=True, eq=False, repr=False)
class Compensation:
    """
    What would undo a mutating action: another mutating action of the same connector.
    """

    action: str = attrs.field(validator=is_identifier)
    params: JsonObject = EMPTY_OBJECT


@attrs.frozen(kw_only=True, eq=False, repr=False)
class ActionPayload(Payload):
    """
    `action`: ask the driver for an effect; a succeeded one enters the state at `output`.

    `compensate` is shown to whoever plans or decides, and held against the catalogue; the engine never asks for it.
    """

    connector: str = attrs.field(validator=is_identifier)
    action: str = attrs.field(validator=is_identifier)
    params: JsonObject = EMPTY_OBJECT
    mode: EffectMode
    output: Pointer | None = attrs.field(default=None, validator=is_below_root)
    compensate: Compensation | None = None

    def __attrs_post_init__(self) -> None:
        """
        Refuse to undo what changes nothing.
        """
        if self.compensate is not None and self.mode is not EffectMode.MUTATE:
            raise DefinitionError(
                "a compensation of an action that reads",
                where="compensate",
                remedy="leave it out, or write mode: mutate",
            )


class OnReject(StrEnum):
    """
    What the choice `reject` does: end the run as denied, or go on with the decision recorded.
    """

    DENY = "deny"
    CONTINUE = "continue"


def _are_choices(_: object, field: "attrs.Attribute[Any]", value: tuple[str, ...]) -> None:
    if not 1 <= len(value) <= MAX_CHOICES or len(set(value)) != len(value):
        raise DefinitionError(
            f"{len(value)} choices, {len(set(value))} of them different",
            where=field.name,
            remedy=f"give 1 to {MAX_CHOICES} different choices",
        )
    if EXPIRED in value:
        raise DefinitionError(
            f"choice {EXPIRED!r}",
            where=field.name,
            remedy="choose another word; this one says that nobody decided in time",
        )


def _is_count_to(limit: int) -> Callable[[Any, "attrs.Attribute[Any]", int], None]:
    def check(_: object, field: "attrs.Attribute[Any]", value: int) -> None:
        if not 1 <= value <= limit:
            raise DefinitionError(f"{field.name} is {value}", where=field.name, remedy=f"allowed are 1 to {limit}")

    return check


def _are_shown(_: object, field: "attrs.Attribute[Any]", value: dict[str, str]) -> None:
    faults = []
    if len(value) > MAX_SHOWN:
        faults.append(Fault(f"{len(value)} values to show; the limit is {MAX_SHOWN}"))
    for label, text in value.items():
        if not 1 <= len(label) <= MAX_IDENTIFIER_LENGTH:
            faults.append(Fault(f"label {shown(label)} has {len(label)} characters"))
        try:
            Expression.parse(text)
        except DefinitionError as error:
            place = f" at {error.where}" if error.where else ""
            faults.append(Fault(f"{error.what}{place}: {error.remedy}", f"[{label!r}]"))
    if faults:
        raise DefinitionError(f"{field.name} of a human step", faults=faults)


@attrs.frozen(kw_only=True, eq=False, repr=False)
class HumanPayload(Payload):
    """
    A human step: who is asked what, what they may choose, and where the decision enters the state.

    `show` maps labels to expressions over the state; their values are shown with the prompt and are part of the request
    that is decided. `not_by` points at the name, or the list of names, of who may not decide, such as the requester.
    `operation` is accepted as `noop`, as tier-2 workflows write it.
    """

    operation: str = attrs.field(default="noop", validator=attrs.validators.in_(("noop",)))
    prompt: str = attrs.field(default="", validator=is_text)
    show: dict[str, str] = attrs.field(factory=dict, validator=_are_shown)
    choices: tuple[str, ...] = attrs.field(
        default=("approve", "reject"), validator=[_are_choices, attrs.validators.deep_iterable(is_identifier)]
    )
    input_schema: JsonObject | None = None
    output: Pointer | None = attrs.field(default=None, validator=is_below_root)
    approvers: tuple[str, ...] = attrs.field(default=(), validator=attrs.validators.deep_iterable(is_identifier))
    quorum: int = attrs.field(default=1, validator=[of_type(int), _is_count_to(MAX_QUORUM)])
    not_by: Pointer | None = None
    signed: bool = attrs.field(default=False, validator=of_type(bool))
    expires_after_ms: int | None = attrs.field(
        default=None,
        validator=attrs.validators.optional(attrs.validators.and_(of_type(int), _is_count_to(MAX_EXPIRY_MS))),
    )
    on_reject: OnReject = OnReject.DENY

    def __attrs_post_init__(self) -> None:
        """
        Refuse a quorum that cannot be reached, and one whose dissent would be no choice of the step.
        """
        count = len({*self.approvers})
        if self.approvers and count < self.quorum:
            raise DefinitionError(
                f"{count} approver{'' if count == 1 else 's'} for a quorum of {self.quorum}",
                where="quorum",
                remedy="name as many persons as must decide, or let fewer decide",
            )
        if self.quorum > 1 and REJECT not in self.choices:
            raise DefinitionError(
                f"a quorum without the choice {REJECT!r}",
                where="choices",
                remedy="add it: a failed vote counts as that",
            )

    @property
    def question(self) -> str:
        """
        The prompt, or else the description.
        """
        return self.prompt or self.description
