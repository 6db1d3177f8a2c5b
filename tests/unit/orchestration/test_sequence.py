"""Sequence rules: what each says of a path, and what is no rule."""

from typing import Any

import pytest

from runtime.encoding.converter import structure, unstructure
from runtime.errors import DefinitionError
from runtime.orchestration.preflight import RULES_SCHEMA, read_rules
from runtime.orchestration.sequence import (
    AlwaysFollowedBy,
    AtMost,
    Event,
    Never,
    Requires,
    SequenceRule,
    named_steps,
)


def _do(step_id: str, outcome: str = "completed", *capabilities: str, **given: str) -> Event:
    return Event(step_id=step_id, outcome=outcome, capabilities=capabilities, **given)


READ = _do("look", "completed", "effect:read", "writes:/seen")
CHANGE = _do("copy", "completed", "effect:mutate", "effect:files.copy", "writes:/orders/1")
APPROVED = _do("gate", choice="approve")
REJECTED = _do("gate", "denied", choice="reject")
FLAGGED = _do("ask", verdict="flag")
SKIPPED = _do("gate", "skipped", "human:approve")


def _say(event: Event, outcome: str) -> Event:
    return _do(event.step_id, outcome, *event.capabilities)


class TestRequires:
    """
    `after` takes place only when `before` was done.
    """

    RULE = Requires(before=("human:approve", "verdict:allow"), after=("effect:mutate",))

    @pytest.mark.parametrize(
        ("events", "breaks_at"),
        {
            "done before": ((APPROVED, CHANGE), None),
            "an alternative": ((_do("ask", verdict="allow"), CHANGE), None),
            "never needed": ((READ,), None),
            "nothing before": ((READ, CHANGE), 2),
            "only later": ((CHANGE, APPROVED), 1),
            "skipped": ((SKIPPED, CHANGE), 2),
            "another choice": ((_do("gate", choice="later"), CHANGE), 2),
            "another verdict": ((FLAGGED, CHANGE), 2),
            "an attempt that fails is one": ((READ, _say(CHANGE, "failed")), 2),
            "so is one nobody knows of": ((_say(CHANGE, "unknown"),), 1),
            "a skipped one is none": ((_say(CHANGE, "skipped"),), None),
        }.values(),
        ids=lambda value: "" if isinstance(value, tuple) else str(value),
    )
    def test_holds_or_breaks(self, events: tuple[Event, ...], breaks_at: int | None) -> None:
        """
        It breaks as soon as the step is reached.
        """
        assert self.RULE.find_break(events, has_ended=True) == breaks_at

    @pytest.mark.parametrize("outcome", ["failed", "unknown", "skipped"])
    def test_what_was_not_done_does_not_count(self, outcome: str) -> None:
        """
        An effect that failed, or whose outcome is unknown, allows nothing.
        """
        rule = Requires(before=("look",), after=("copy",))
        assert rule.find_break((_say(READ, outcome), CHANGE), has_ended=True) == 2

    def test_what_was_done_and_found_no_place_counts(self) -> None:
        """
        The effect is there, whatever became of its output.
        """
        rule = Requires(before=("effect:read",), after=("copy",))
        assert rule.find_break((_say(READ, "unplaced"), CHANGE), has_ended=True) is None


class TestNever:
    """
    `what` never takes place, or not after something.
    """

    @pytest.mark.parametrize(
        ("rule", "breaks_at"),
        [
            (Never(what=("effect:mutate",)), 2),
            (Never(what=("effect:mutate",), after=("look",)), 2),
            (Never(what=("look",), after=("copy",)), None),
            (Never(what=("effect:files.copy",)), 2),
            (Never(what=("effect:files",)), None),
            (Never(what=("human:approve",)), None),
        ],
        ids=str,
    )
    def test_holds_or_breaks(self, rule: Never, breaks_at: int | None) -> None:
        """
        It breaks where the forbidden step is reached.
        """
        assert rule.find_break((READ, CHANGE), has_ended=True) == breaks_at

    def test_a_choice_counts_only_when_it_is_made(self) -> None:
        """
        That a person could have chosen it is not choosing it.
        """
        rule = Never(what=("human:approve",))
        assert (
            rule.find_break((_do("gate", "denied", "human:approve", "human:reject", choice="reject"),), has_ended=True)
            is None
        )
        assert rule.find_break((APPROVED,), has_ended=True) == 1


class TestPlaces:
    """
    `reads:` and `writes:` name a place of the state, all below it and all above it.
    """

    @pytest.mark.parametrize(
        ("word", "is_meant"),
        {
            "writes:/orders": True,
            "writes:/orders/1": True,
            "writes:/orders/1/price": True,
            "writes:/orders/*": True,
            "writes:/": True,
            "writes:/orders/2": False,
            "writes:/order": False,
            "reads:/orders": False,
        }.items(),
    )
    def test_meet(self, word: str, is_meant: bool) -> None:  # noqa: FBT001 - a column of the table.
        """
        Writing a whole writes its parts, and writing a part writes the whole.
        """
        assert (Never(what=(word,)).find_break((CHANGE,), has_ended=True) == 1) is is_meant

    def test_the_whole_state_holds_every_place(self) -> None:
        """
        A step that reads everything reads this, too.
        """
        assert Never(what=("reads:/a",)).find_break((_do("a", "completed", "reads:/"),), has_ended=True) == 1


class TestAtMost:
    """
    `what` takes place at most `count` times.
    """

    @pytest.mark.parametrize(("count", "breaks_at"), [(0, 1), (1, 3), (2, None)])
    def test_holds_or_breaks(self, count: int, breaks_at: int | None) -> None:
        """
        It breaks at the one that is too many; a skipped one does not count, a failed one does.
        """
        events = (CHANGE, _say(CHANGE, "skipped"), _say(CHANGE, "failed"))
        assert AtMost(count=count, what=("effect:mutate",)).find_break(events, has_ended=True) == breaks_at


class TestAlwaysFollowedBy:
    """
    Once `what` is done, `by` takes place.
    """

    RULE = AlwaysFollowedBy(what=("effect:mutate",), by=("check",))
    CHECK = _do("check", "failed")

    @pytest.mark.parametrize(
        ("events", "breaks_at"),
        [
            ((CHANGE, CHECK), None),
            ((READ,), None),
            ((CHECK, CHANGE), 2),
            ((CHANGE, CHECK, CHANGE), 3),
            ((CHANGE, READ, CHECK), None),
            ((CHANGE, _do("check", "skipped")), 2),
            ((_say(CHANGE, "failed"),), None),
            ((_say(CHANGE, "unplaced"),), 1),
        ],
    )
    def test_holds_or_breaks(self, events: tuple[Event, ...], breaks_at: int | None) -> None:
        """
        It breaks where the run ends; a follower that fails has followed, one that was skipped has not.
        """
        assert self.RULE.find_break(events, has_ended=True) == breaks_at

    def test_a_run_that_waits_has_not_ended(self) -> None:
        """
        What follows when the outcome is settled is another path.
        """
        assert self.RULE.find_break((CHANGE, _say(READ, "unknown")), has_ended=False) is None


SAID = {
    Requires(before=("a", "human:ok"), after=("b",)): "b requires a or human:ok before it",
    Never(what=("a",)): "never a",
    Never(what=("a",), after=("b", "c")): "never a after b or c",
    AtMost(count=2, what=("a",)): "at most 2 of a",
    AlwaysFollowedBy(what=("a",), by=("b",)): "a is always followed by b",
}


class TestDocuments:
    """
    Rules as JSON.
    """

    @pytest.mark.parametrize("rule", SAID, ids=str)
    def test_are_read_back_as_they_were(self, rule: SequenceRule) -> None:
        """
        Each kind is told by its tag.
        """
        document = {"kind": rule.KIND, **unstructure(rule)}
        assert read_rules({"schema": RULES_SCHEMA, "rules": [document]}) == (rule,)
        assert structure(unstructure(rule), type(rule), what="rule") == rule

    @pytest.mark.parametrize(("rule", "said"), SAID.items(), ids=str)
    def test_are_said_in_a_sentence(self, rule: SequenceRule, said: str) -> None:
        """
        People read the sentence in counter-examples.
        """
        assert str(rule) == said

    def test_name_steps(self) -> None:
        """
        A word without a known prefix is the id of a step.
        """
        assert named_steps(Requires(before=("a", "human:ok"), after=("b:c", "effect:read"))) == ("a", "b:c")
        assert named_steps(AtMost(count=1, what=("verdict:allow", "policy:p", "reads:/a", "writes:/a"))) == ()

    @pytest.mark.parametrize(
        ("document", "said"),
        {
            "no kind": ({"what": ["a"]}, "expected kind to be one of"),
            "unknown kind": ({"kind": "before"}, "expected kind to be one of"),
            "unknown member": ({"kind": "never", "what": ["a"], "until": ["b"]}, "until"),
            "no words": ({"kind": "never", "what": []}, "0 words; give 1 to 16"),
            "too many words": ({"kind": "never", "what": ["a"] * 17}, "17 words; give 1 to 16"),
            "an empty word": ({"kind": "never", "what": [""]}, "0 characters"),
            "a bare text": ({"kind": "never", "what": "a"}, "expected list"),
            "no verdict": ({"kind": "never", "what": ["verdict:maybe"]}, "verdicts are ['allow', 'deny', 'flag']"),
            "no pointer": ({"kind": "never", "what": ["reads:orders"]}, "as in reads:/orders"),
            "no number": ({"kind": "at_most", "count": True, "what": ["a"]}, "expected int"),
            "negative": ({"kind": "at_most", "count": -1, "what": ["a"]}, "allowed are 0 to 5"),
            "more than there are steps": ({"kind": "at_most", "count": 6, "what": ["a"]}, "allowed are 0 to 5"),
            "an empty follower": ({"kind": "always_followed_by", "what": ["a"], "by": []}, "0 words"),
        }.values(),
    )
    def test_that_are_none_are_refused(self, document: dict[str, Any], said: str) -> None:
        """
        With what is wrong, and the rule it is in.
        """
        with pytest.raises(DefinitionError) as refused:
            read_rules({"schema": RULES_SCHEMA, "rules": [{"kind": "never", "what": ["x"]}, document]})
        assert "rules[1]" in str(refused.value)
        assert said in str(refused.value)

    @pytest.mark.parametrize("document", [None, [], {}, {"rules": []}, {"schema": "sequence-rules/v2", "rules": []}])
    def test_of_another_schema_are_refused(self, document: Any) -> None:
        """
        A document says what it is.
        """
        with pytest.raises(DefinitionError, match="sequence rules"):
            read_rules(document)
