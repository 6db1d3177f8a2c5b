"""Votes: what the decisions of several persons come to."""

from typing import Any

import attrs
import pytest
from makers import make_gate, make_step, run

from runtime.errors import InvalidAnswerError
from runtime.orchestration import Answer, HumanDecision, OrchestrationResult
from runtime.orchestration.voting import choice_of, count_missing


def votes(**choices: str) -> tuple[HumanDecision, ...]:
    """
    Make one decision an actor.
    """
    return tuple(HumanDecision(actor=actor, choice=choice) for actor, choice in sorted(choices.items()))


def ask(decisions: tuple[HumanDecision, ...], **payload: Any) -> OrchestrationResult:
    """
    Run a gate for two persons, and a step after it.
    """
    gate = make_gate(**{"quorum": 2, "output": "/d", "choices": ["approve", "later", "reject"], **payload})
    return run({}, gate, make_step("after"), answers=[Answer(step_id="gate", decisions=decisions)])


class TestAQuorum:
    """
    "Quorum counts distinct actors who choose the same."
    """

    def test_that_agrees_goes_on_with_the_choice(self) -> None:
        """
        Choice, shared input and each decision enter the state; no signature does.
        """
        result = ask(votes(ada="later", bob="later"))
        said = {"choice": "later", "reason": "", "input": None}
        assert (result.status, result.final_state["d"]) == (
            "completed",
            {"choice": "later", "input": None, "decisions": [{"actor": "ada", **said}, {"actor": "bob", **said}]},
        )

    def test_is_one_answer_in_the_record(self) -> None:
        """
        One request, one answer, bound, with both decisions.
        """
        result = ask(votes(ada="approve", bob="approve"))
        [answer] = result.inputs.answers
        assert [decision["actor"] for decision in answer.to_dict()["decisions"]] == ["ada", "bob"]
        assert result.lineage["entries"][0]["answer_digest"] == answer.digest

    @pytest.mark.parametrize(
        "decisions",
        [votes(ada="approve", bob="later"), votes(ada="later", bob="reject"), votes(bob="reject")],
        ids=["the_first_other_choice", "a_rejection", "a_rejection_at_once"],
    )
    def test_that_does_not_agree_is_rejected(self, decisions: tuple[HumanDecision, ...]) -> None:
        """
        The vote has failed and counts as `reject`.
        """
        result = ask(decisions)
        assert (result.status, result.error_code, result.failed_step_id) == ("denied", "gate_rejected", "gate")

    def test_that_fails_goes_on_as_rejected_when_told(self) -> None:
        """
        With `on_reject: continue` the state says `reject`, whatever was chosen, and holds what was.
        """
        result = ask(votes(ada="approve", bob="later"), on_reject="continue")
        entered = result.final_state["d"]
        assert (result.status, entered["choice"], entered["input"]) == ("completed", "reject", None)
        assert [one["choice"] for one in entered["decisions"]] == ["approve", "later"]

    @pytest.mark.parametrize(
        ("decisions", "message"),
        [
            (votes(ada="approve", bob="later"), "the vote failed: 'ada' chose 'approve', 'bob' chose 'later'"),
            (votes(ada="approve", bob="reject"), "rejected by 'bob'"),
            (votes(ada="reject", bob="reject"), "rejected by 'ada', 'bob'"),
        ],
        ids=["dissent", "one_rejects", "both_reject"],
    )
    def test_tells_why_it_was_rejected(self, decisions: tuple[HumanDecision, ...], message: str) -> None:
        """
        Who rejected, or who chose what.
        """
        assert ask(decisions).error_message == f"Step 'gate' denied: {message}"

    def test_is_complete_or_refused_with_what_is_missing(self) -> None:
        """
        "Fewer decisions than the quorum and no dissent: the answer is refused with what is missing."
        """
        with pytest.raises(InvalidAnswerError) as refused:
            ask(votes(ada="approve"))
        [fault] = refused.value.faults
        assert (fault.message, fault.where) == ("1 of 2 decisions, by ['ada']; 1 missing", "decisions")

    def test_takes_no_more_decisions_than_it_needs(self) -> None:
        """
        What came after the vote was over decides nothing, so it does not stand in the record.
        """
        with pytest.raises(InvalidAnswerError) as refused:
            ask(votes(ada="approve", bob="approve", eve="reject"))
        assert "3 decisions; this step takes 2" in [fault.message for fault in refused.value.faults]

    def test_of_one_takes_one(self) -> None:
        """
        A step for one person takes no second opinion.
        """
        with pytest.raises(InvalidAnswerError):
            ask(votes(ada="approve", bob="approve"), quorum=1)

    def test_checks_each_decision(self) -> None:
        """
        Each actor among the approvers, each choice among the choices; the fault names the decision.
        """
        decisions = votes(ada="approve", eve="maybe")
        with pytest.raises(InvalidAnswerError) as refused:
            ask(decisions, approvers=["ada", "bob"])
        assert [fault.where for fault in refused.value.faults] == ["decisions[1].choice", "decisions[1].actor"]

    def test_agrees_on_the_input_too(self) -> None:
        """
        What one alone filled in was agreed to by nobody else; what all filled in enters the state.
        """
        schema = {"type": "object"}

        def filled(*given: Any) -> tuple[HumanDecision, ...]:
            pairs = zip(("ada", "bob"), given, strict=True)
            return tuple(HumanDecision(actor=actor, choice="approve", input=one) for actor, one in pairs)

        result = ask(filled({"n": 1}, {"n": 1.0}), input_schema=schema)
        assert result.final_state["d"]["input"] == {"n": 1}
        with pytest.raises(InvalidAnswerError) as refused:
            ask(filled({"n": 1}, {"n": True}), input_schema=schema)
        assert refused.value.faults[0].message.startswith("decisions that choose the same with different inputs")
        rejected = filled({"n": 1}, {"n": 1})[:1]
        alone = ask((attrs.evolve(rejected[0], choice="reject"),), input_schema=schema, on_reject="continue")
        assert alone.final_state["d"]["input"] is None
        rejecting = (*filled({"n": 1}, {"n": 1})[:1], *votes(bob="reject"))
        assert ask(rejecting, input_schema=schema).error_code == "gate_rejected"


class TestCountingWhatIsMissing:
    """
    A vote is over with its quorum, and earlier when it can only fail.
    """

    @pytest.mark.parametrize(
        ("choices", "missing"),
        [
            ({}, 3),
            ({"ada": "approve"}, 2),
            ({"ada": "approve", "bob": "approve"}, 1),
            ({"ada": "approve", "bob": "approve", "eve": "approve"}, 0),
            ({"ada": "approve", "bob": "later"}, 0),
            ({"ada": "reject"}, 0),
        ],
        ids=["nobody", "one", "two", "three", "dissent", "rejection"],
    )
    def test_of_three(self, choices: dict[str, str], missing: int) -> None:
        """
        For a quorum of three.
        """
        assert count_missing(3, votes(**choices)) == missing

    def test_nobody_in_time_ends_a_vote(self) -> None:
        """
        An expired request needs nobody more.
        """
        assert count_missing(3, (HumanDecision(actor=None, choice="expired"),)) == 0

    def test_choices_that_differ_come_to_reject(self) -> None:
        """
        Also where nobody chose it.
        """
        assert [choice_of(votes(a="x", b="x")), choice_of(votes(a="x", b="y"))] == ["x", "reject"]
