"""Sequence rules: what must stand before what, on every path a workflow can take. Data, and how one is held to a path.

A rule names events by words: the id of a step, a capability of one (`effect:mutate`, `writes:/orders`; see
`capabilities.py`), a choice that was made (`human:approve`) or a verdict that was given (`verdict:allow`). Several words
are alternatives. An event takes place when its step is reached and not skipped; it is done when the step completes, or
the choice or verdict is given. Read `preflight.py` for the paths. Source: DESIGN.md 5.
"""

from collections.abc import Sequence
from typing import Any, ClassVar, Final, final

import attrs

from runtime.errors import DefinitionError, Fault, shown
from runtime.limits import MAX_ALTERNATIVES, MAX_STEPS
from runtime.values.checks import is_identifier, is_text, of_type

__all__ = ["AlwaysFollowedBy", "AtMost", "Event", "Never", "Requires", "SequenceRule", "named_steps"]

_VERDICTS: Final = ("allow", "deny", "flag")
_CAPABILITIES: Final = ("effect:", "human:", "policy:", "reads:", "verdict:", "writes:")
_PATHS: Final = ("reads:", "writes:")


@final
@attrs.frozen(kw_only=True)
class Event:
    """
    What one step of a path does.

    `outcome` is `completed`, `failed`, `denied`, `skipped`; of a person also `expired`; of an effect also `unknown`, and
    `unplaced`: done, and the step failed because the state has no place for its output.
    """

    step_id: str
    outcome: str
    choice: str | None = None
    """What a person chose."""
    verdict: str | None = None
    """What a policy said."""
    capabilities: tuple[str, ...] = ()

    def takes_place_as(self, words: tuple[str, ...]) -> bool:
        """
        Tell whether the step is reached, and is what one of the words names.
        """
        return self.outcome != "skipped" and any(map(self._is_named_by, words))

    def is_done_as(self, words: tuple[str, ...]) -> bool:
        """
        Tell whether the step did what one of the words names: a failed or unknown effect is not done.
        """
        is_given = self.choice is not None or self.verdict is not None
        return (is_given or self.outcome in ("completed", "unplaced")) and any(map(self._is_named_by, words))

    def _is_named_by(self, word: str) -> bool:
        prefix, _, rest = word.partition(":")
        if word.startswith(("human:", "verdict:")):
            return rest == (self.choice if prefix == "human" else self.verdict)
        if word.startswith(_PATHS):
            return any(_meets(one, word) for one in self.capabilities)
        return word in self.capabilities if word.startswith(_CAPABILITIES) else word == self.step_id


def _meets(capability: str, word: str) -> bool:
    """
    Tell whether what a step reads or writes lies within the named place, or holds it.
    """
    if capability.partition(":")[0] != word.partition(":")[0]:
        return False
    ours, theirs = (text.partition(":")[2].rstrip("/").split("/") for text in (capability, word))
    return all(a == b or "*" in (a, b) for a, b in zip(ours, theirs, strict=False))


def _are_words(_: object, field: "attrs.Attribute[Any]", value: tuple[str, ...]) -> None:
    faults = []
    if not 1 <= len(value) <= MAX_ALTERNATIVES:
        faults.append(Fault(f"{len(value)} words; give 1 to {MAX_ALTERNATIVES}"))
    for word in value[:MAX_ALTERNATIVES]:
        is_identifier(None, field, word)
        if word.startswith("verdict:") and word.partition(":")[2] not in _VERDICTS:
            faults.append(Fault(f"word {shown(word)}; verdicts are {list(_VERDICTS)}"))
        elif word.startswith(_PATHS) and not word.partition(":")[2].startswith("/"):
            faults.append(Fault(f"word {shown(word)}; write a JSON Pointer, as in {word.partition(':')[0]}:/orders"))
    if faults:
        raise DefinitionError(f"{field.name} of a rule", faults=faults)


def _are_words_or_none(_: object, field: "attrs.Attribute[Any]", value: tuple[str, ...]) -> None:
    if value:
        _are_words(None, field, value)


def _is_count(_: object, field: "attrs.Attribute[Any]", value: int) -> None:
    of_type(int)(None, field, value)
    if not 0 <= value <= MAX_STEPS:
        raise DefinitionError(f"{field.name} is {value}", where=field.name, remedy=f"allowed are 0 to {MAX_STEPS}")


@final
@attrs.frozen(kw_only=True)
class Requires:
    """
    `after` takes place only when `before` was done.
    """

    before: tuple[str, ...] = attrs.field(validator=_are_words)
    after: tuple[str, ...] = attrs.field(validator=_are_words)
    why: str = attrs.field(default="", validator=is_text)

    KIND: ClassVar[str] = "requires"

    def find_break(self, events: Sequence[Event], *, has_ended: bool) -> int | None:
        """
        Give how many events of a path it takes to break the rule; None where it holds.
        """
        del has_ended
        for index, event in enumerate(events):
            if event.takes_place_as(self.after) and not any(one.is_done_as(self.before) for one in events[:index]):
                return index + 1
        return None

    def __str__(self) -> str:
        """
        Say it.
        """
        return f"{_either(self.after)} requires {_either(self.before)} before it"


@final
@attrs.frozen(kw_only=True)
class Never:
    """
    `what` never takes place; where `after` is given, not after that took place.
    """

    what: tuple[str, ...] = attrs.field(validator=_are_words)
    after: tuple[str, ...] = attrs.field(default=(), validator=_are_words_or_none)
    why: str = attrs.field(default="", validator=is_text)

    KIND: ClassVar[str] = "never"

    def find_break(self, events: Sequence[Event], *, has_ended: bool) -> int | None:
        """
        Give how many events of a path it takes to break the rule; None where it holds.
        """
        del has_ended
        for index, event in enumerate(events):
            is_late = not self.after or any(one.takes_place_as(self.after) for one in events[:index])
            if is_late and event.takes_place_as(self.what):
                return index + 1
        return None

    def __str__(self) -> str:
        """
        Say it.
        """
        return f"never {_either(self.what)}" + (f" after {_either(self.after)}" if self.after else "")


@final
@attrs.frozen(kw_only=True)
class AtMost:
    """
    `what` takes place at most `count` times.
    """

    count: int = attrs.field(validator=_is_count)
    what: tuple[str, ...] = attrs.field(validator=_are_words)
    why: str = attrs.field(default="", validator=is_text)

    KIND: ClassVar[str] = "at_most"

    def find_break(self, events: Sequence[Event], *, has_ended: bool) -> int | None:
        """
        Give how many events of a path it takes to break the rule; None where it holds.
        """
        del has_ended
        places = [index for index, event in enumerate(events) if event.takes_place_as(self.what)]
        return places[self.count] + 1 if len(places) > self.count else None

    def __str__(self) -> str:
        """
        Say it.
        """
        return f"at most {self.count} of {_either(self.what)}"


@final
@attrs.frozen(kw_only=True)
class AlwaysFollowedBy:
    """
    Once `what` is done, `by` takes place later, however the run ends.
    """

    what: tuple[str, ...] = attrs.field(validator=_are_words)
    by: tuple[str, ...] = attrs.field(validator=_are_words)
    why: str = attrs.field(default="", validator=is_text)

    KIND: ClassVar[str] = "always_followed_by"

    def find_break(self, events: Sequence[Event], *, has_ended: bool) -> int | None:
        """
        Give how many events of a path it takes to break the rule; None where it holds.
        """
        done = [index for index, event in enumerate(events) if event.is_done_as(self.what)]
        is_followed = not done or any(event.takes_place_as(self.by) for event in events[done[-1] + 1 :])
        return len(events) if has_ended and not is_followed else None

    def __str__(self) -> str:
        """
        Say it.
        """
        return f"{_either(self.what)} is always followed by {_either(self.by)}"


SequenceRule = Requires | Never | AtMost | AlwaysFollowedBy


def named_steps(rule: SequenceRule) -> tuple[str, ...]:
    """
    List the words of a rule that are ids of steps.
    """
    words = [word for value in attrs.astuple(rule, recurse=False) if type(value) is tuple for word in value]
    return tuple(word for word in words if not word.startswith(_CAPABILITIES))


def _either(words: tuple[str, ...]) -> str:
    return " or ".join(words)
