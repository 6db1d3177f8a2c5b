"""Which answer is for which request: each is used once, and none is dropped in silence."""

import pytest
from makers import make_action, make_decision, make_effect_answer, make_gate, make_inputs, make_step, run, sha256_of

from runtime.errors import AnswerRefusedError, InvalidAnswerError, StaleAnswerError, UnusedAnswerError
from runtime.orchestration import Answer, OrchestrationResult, StepSpec, execute

NOWHERE = sha256_of("nowhere")


class TestAnswersInAdvance:
    """
    "One names a request digest or, unsigned and given in advance, a step id."
    """

    def test_are_taken_by_their_steps_in_any_order(self) -> None:
        """
        The order in which answers to different steps are given does not matter.
        """
        steps = [make_gate("a"), make_action("b"), make_gate("c")]
        answers = [make_decision("a"), make_effect_answer("b"), make_decision("c", choice="approve", reason="again")]
        first = run({}, *steps, answers=answers)
        for order in ([2, 1, 0], [1, 2, 0], [1, 0, 2]):
            result = run({}, *steps, answers=[answers[index] for index in order])
            assert result.receipt_bytes == first.receipt_bytes
            assert result.inputs == first.inputs

    def test_are_bound_when_used(self) -> None:
        """
        The inputs of the result hold bound answers only.
        """
        result = run({}, make_gate(), answers=[make_decision()])
        [answer] = result.inputs.answers
        assert (answer.step_id, answer.request_digest) == (None, result.lineage["entries"][0]["request_digest"])

    @pytest.mark.parametrize("step_id", ["nobody", "s", "Gate", "gate "])
    def test_for_a_step_that_asks_nothing_are_refused(self, step_id: str) -> None:
        """
        An unknown id, or that of a step that asks nobody, is refused before the first step, with those that ask.
        """
        with pytest.raises(UnusedAnswerError, match=r"steps that ask are \['gate'\]") as caught:
            run({}, make_step("s", "fail"), make_gate(), answers=[make_decision(step_id)])
        assert caught.value.code == "unused_answer"
        assert repr(step_id) in str(caught.value)

    def test_behind_one_that_names_a_request_are_refused_as_well(self) -> None:
        """
        Every answer in advance is looked at before the first step, wherever it stands among the others.
        """
        answers = [make_decision(request_digest=NOWHERE), make_decision("nobody")]
        with pytest.raises(UnusedAnswerError, match="an answer for step 'nobody', which asks for none"):
            run({}, make_step("s", "fail"), make_gate(), answers=answers)

    def test_two_for_one_step_are_refused(self) -> None:
        """
        Which one is meant cannot be known, even when they are equal.
        """
        with pytest.raises(UnusedAnswerError, match="two answers for step 'gate'"):
            run({}, make_gate(), answers=[make_decision(), make_decision()])

    def test_two_unknown_for_one_step_are_refused(self) -> None:
        """
        So are two outcomes that are both unknown.
        """
        with pytest.raises(UnusedAnswerError, match="two answers for step 'act'"):
            run({}, make_action(), answers=[make_effect_answer(status="unknown")] * 2)

    def test_of_the_other_kind_are_refused(self) -> None:
        """
        A decision does not answer a step that asks for an effect, and no outcome a step that asks a person.
        """
        with pytest.raises(InvalidAnswerError, match="a decision for step 'act', which asks for an effect"):
            run({}, make_action(), answers=[make_decision("act")])
        with pytest.raises(InvalidAnswerError, match="an outcome for step 'gate', which asks a person"):
            run({}, make_gate(), answers=[make_effect_answer("gate")])

    def test_may_be_an_iterator(self) -> None:
        """
        Answers are taken from any iterable, once.
        """
        assert run({}, make_gate(), answers=iter([make_decision()])).success

    def test_that_are_no_answers_are_refused(self) -> None:
        """
        A plain dict is not taken for an answer.
        """
        with pytest.raises(InvalidAnswerError, match=r"answers\[1\]"):
            run({}, make_gate(), answers=[make_decision(), {"step_id": "gate"}])


class TestLeftovers:
    """
    "A leftover answer is refused (`unused_answer`)": nothing is dropped in silence.
    """

    @pytest.mark.parametrize("steps", [[make_step("s", "fail"), make_gate()], [make_gate("first"), make_gate()]])
    def test_an_answer_behind_the_stop_is_refused(self, steps: list[object]) -> None:
        """
        A run that fails or waits before the step asks refuses the answer given in advance for it.
        """
        with pytest.raises(UnusedAnswerError, match="the answer for step 'gate' was not used"):
            run({}, *steps, answers=[make_decision()])  # type: ignore[arg-type]

    def test_an_answer_to_a_skipped_step_is_refused(self) -> None:
        """
        A step that is skipped asks nobody.
        """
        with pytest.raises(UnusedAnswerError):
            run({}, make_gate(when="flagged"), answers=[make_decision()])

    def test_an_answer_to_no_request_is_stale(self) -> None:
        """
        A digest that no request of this run has is refused as stale.
        """
        for steps in ([make_step()], [make_gate()]):
            with pytest.raises(StaleAnswerError, match=NOWHERE):
                run({}, *steps, answers=[make_decision(request_digest=NOWHERE)])

    def test_a_bound_answer_and_one_in_advance_for_the_same_step_are_refused(self) -> None:
        """
        One of the two is left over, whichever comes first.
        """
        pending = run({}, make_gate()).pending
        assert pending is not None
        both = [make_decision(request_digest=pending.digest), make_decision()]
        for answers in (both, both[::-1]):
            with pytest.raises(UnusedAnswerError):
                run({}, make_gate(), answers=answers)

    def test_the_refusal_says_the_run_stopped_only_where_it_did(self) -> None:
        """
        An answer that came second, or for a skipped step, is not told that its step was never reached.
        """
        pending = run({}, make_gate()).pending
        assert pending is not None
        bound, early, known = make_decision(request_digest=pending.digest), make_decision(), make_effect_answer()
        cases: dict[str, tuple[StepSpec, list[Answer]]] = {
            "a second one": (make_gate(), [bound, early]),
            "unknown after it was known": (make_action(), [known, make_effect_answer(status="unknown")]),
            "skipped": (make_gate(when="flagged"), [early]),
        }
        for step, answers in cases.values():
            with pytest.raises(UnusedAnswerError) as caught:
                run({}, step, answers=answers)
            assert "stopped before asking" not in str(caught.value)

    def test_a_second_answer_that_is_equal_is_refused(self) -> None:
        """
        Equal answers are two answers.
        """
        pending = run({}, make_gate()).pending
        assert pending is not None
        with pytest.raises(UnusedAnswerError, match=f"a second answer to request {pending.digest}"):
            run({}, make_gate(), answers=[make_decision(request_digest=pending.digest)] * 2)

    def test_execute_hands_leftovers_back(self) -> None:
        """
        The engine itself refuses nothing behind the stop: it says what was not used, in the order given.
        """
        answers = (make_decision("c"), make_decision(request_digest=NOWHERE), make_decision("b"))
        result = execute(make_inputs(make_step("s", "fail"), make_gate("b"), make_gate("c"), answers=answers))
        assert result.unused == answers
        assert result.inputs.answers == ()

    def test_a_refusal_holds_the_run_as_it_stands(self) -> None:
        """
        Whoever gave too much still sees how the run went, and the answers that were used.
        """
        with pytest.raises(UnusedAnswerError) as caught:
            run(
                {},
                make_gate("a"),
                make_step("s", "fail"),
                make_gate("b"),
                answers=[make_decision("a"), make_decision("b")],
            )
        result = caught.value.result
        assert isinstance(result, OrchestrationResult)
        assert (result.status, result.failed_step_id, len(result.inputs.answers)) == ("failed", "s", 1)

    def test_every_refusal_is_one_kind_of_error(self) -> None:
        """
        A caller may catch all of them at once, and each has its own code.
        """
        codes = {kind.code for kind in (InvalidAnswerError, StaleAnswerError, UnusedAnswerError)}
        assert codes == {"invalid_answer", "stale_answer", "unused_answer"}
        assert all(
            issubclass(kind, AnswerRefusedError) for kind in (InvalidAnswerError, StaleAnswerError, UnusedAnswerError)
        )


class TestAnUnknownOutcome:
    """
    "`unknown` stays recorded; a later answer to the same request reconciles it."
    """

    def test_leaves_the_run_waiting(self) -> None:
        """
        It is no answer yet: no entry, no receipt, the reason `unknown`, and it stays in the checkpoint.
        """
        result = run({}, make_action(), answers=[make_effect_answer(status="unknown")])
        assert (result.status, result.receipt) == ("waiting_effect", None)
        assert result.pending is not None
        assert result.pending.reason == "unknown"
        assert result.checkpoint is not None
        assert [answer.is_unknown for answer in result.checkpoint.answers] == [True]
        assert result.checkpoint.answers[0].request_digest == result.pending.digest

    @pytest.mark.parametrize("status", ["succeeded", "failed"])
    def test_is_settled_by_a_later_answer(self, status: str) -> None:
        """
        The later one decides; the receipt binds both, the entry the one that decided.
        """
        answers = [make_effect_answer(status="unknown"), make_effect_answer(status=status)]
        result = run({}, make_action(), answers=answers)
        assert result.status == ("completed" if status == "succeeded" else "failed")
        assert [answer.is_unknown for answer in result.inputs.answers] == [True, False]
        assert result.lineage["entries"][0]["answer_digest"] == result.inputs.answers[1].digest
        assert result.receipt is not None
        assert result.receipt["answers_digest"] == sha256_of([answer.to_dict() for answer in result.inputs.answers])

    def test_leaves_another_receipt_than_one_that_was_known_at_once(self) -> None:
        """
        That it was unknown for a time is never lost.
        """
        known, unknown = make_effect_answer(), make_effect_answer(status="unknown")
        first, second = run({}, make_action(), answers=[known]), run({}, make_action(), answers=[unknown, known])
        assert first.entry_bytes == second.entry_bytes
        assert first.receipt_bytes != second.receipt_bytes

    def test_said_twice_is_refused(self) -> None:
        """
        A second `unknown` says nothing new.
        """
        waiting = run({}, make_action(), answers=[make_effect_answer(status="unknown")])
        again = make_effect_answer(request_digest=waiting.pending and waiting.pending.digest, status="unknown")
        with pytest.raises(UnusedAnswerError):
            run({}, make_action(), answers=[*waiting.inputs.answers, again])

    def test_settled_twice_is_refused(self) -> None:
        """
        A request takes one settling answer.
        """
        answers: list[Answer] = [make_effect_answer(status=status) for status in ("unknown", "succeeded")]
        digest = run({}, make_action()).pending
        answers.append(make_effect_answer(request_digest=digest and digest.digest, status="failed"))
        with pytest.raises(UnusedAnswerError):
            run({}, make_action(), answers=answers)
