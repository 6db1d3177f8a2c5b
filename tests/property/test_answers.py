"""Answers given at once, one by one, or through a stored checkpoint: the run leaves the same bytes every way."""

from typing import Any

import pytest
import strategies
from hypothesis import assume, given
from hypothesis import strategies as st
from makers import make_action, make_effect_answer, make_gate, make_inputs, sha256_of

from runtime.errors import StaleAnswerError
from runtime.evidence import RecordedRun, replay
from runtime.orchestration import Answer, Checkpoint, OrchestrationResult, execute
from runtime.orchestration.answering import refuse_unused


def answers_for(step_id: str, answers: tuple[Answer, ...]) -> list[Answer]:
    """
    Give the answers in advance for a step, `unknown` first.
    """
    return sorted((one for one in answers if one.step_id == step_id), key=lambda one: not one.is_unknown)


def stops_of(inputs: Checkpoint) -> list[OrchestrationResult]:
    """
    Execute a run answer by answer, each bound to the request that is open; give the result of every stop.
    """
    left = {step.id: answers_for(step.id, inputs.answers) for step in inputs.definition.steps}
    stops = [execute(inputs.answered_by(()))]
    while (pending := stops[-1].pending) is not None and left[pending.request.step_id]:
        answer = left[pending.request.step_id].pop(0).bound_to(pending.digest)
        stops.append(execute(stops[-1].inputs.answered_by((*stops[-1].inputs.answers, answer))))
    return stops


def assert_same(first: OrchestrationResult, second: OrchestrationResult) -> None:
    """
    Compare everything two results leave, as bytes.
    """
    assert first.header_bytes == second.header_bytes
    assert first.entry_bytes == second.entry_bytes
    assert first.receipt_bytes == second.receipt_bytes
    assert first.inputs.raw == second.inputs.raw
    assert first.states == second.states
    assert (first.pending and first.pending.to_dict()) == (second.pending and second.pending.to_dict())


class TestAnswersInAdvanceEqualAnswersOneByOne:
    """
    "Feeding answers in advance or one by one gives equal receipts and equal checkpoints."
    """

    @given(strategies.run_inputs(mostly_asking=True))
    def test_at_the_end(self, inputs: Checkpoint) -> None:
        """
        All answers at once lead to the last stop of the run that got them one by one.
        """
        assert_same(execute(inputs), stops_of(inputs)[-1])

    @given(strategies.run_inputs(mostly_asking=True))
    def test_at_every_stop(self, inputs: Checkpoint) -> None:
        """
        At each stop the checkpoint is the one a run with those answers in advance has.
        """
        stops = stops_of(inputs)
        given_so_far: tuple[Answer, ...] = ()
        for stop in stops[:-1]:
            assert stop.pending is not None
            assert_same(execute(inputs.answered_by(given_so_far)), stop)
            step_id = stop.pending.request.step_id
            used = sum(one.step_id == step_id for one in given_so_far)
            given_so_far += (answers_for(step_id, inputs.answers)[used],)
        assert_same(execute(inputs.answered_by(given_so_far)), stops[-1])

    @strategies.few
    @given(strategies.run_inputs(mostly_asking=True), st.data())
    def test_in_any_order_of_steps(self, inputs: Checkpoint, data: st.DataObject) -> None:
        """
        The order in which the answers to different steps are given changes nothing.
        """
        assume(len(inputs.answers) > 1)
        ids = data.draw(st.permutations([step.id for step in inputs.definition.steps]))
        shuffled = tuple(answer for step_id in ids for answer in answers_for(step_id, inputs.answers))
        assert_same(execute(inputs.answered_by(shuffled)), execute(inputs))

    @strategies.few
    @given(strategies.run_inputs(mostly_asking=True), st.data())
    def test_half_and_half(self, inputs: Checkpoint, data: st.DataObject) -> None:
        """
        A run that stopped somewhere and gets all other answers in advance ends the same.
        """
        stop = data.draw(st.sampled_from(stops_of(inputs)))
        used = [(answer.decisions, answer.outcome) for answer in stop.inputs.answers]
        rest = [answer for answer in inputs.answers if (answer.decisions, answer.outcome) not in used]
        assume(len(rest) + len(used) == len(inputs.answers))
        assert_same(execute(stop.inputs.answered_by((*stop.inputs.answers, *rest))), execute(inputs))


class TestACheckpointIsEnough:
    """
    "A checkpoint is the inputs so far. Resuming re-executes from the start, so there is no saved state to forge."
    """

    @given(strategies.run_inputs(mostly_asking=True))
    def test_to_resume_from_bytes_at_every_stop(self, inputs: Checkpoint) -> None:
        """
        What was written at a stop and read back executes to the same stop, and to the same bytes.
        """
        for stop in stops_of(inputs):
            read = Checkpoint.from_bytes(stop.inputs.raw)
            assert read == stop.inputs
            assert_same(execute(read), stop)

    @strategies.few
    @given(strategies.run_inputs(mostly_asking=True))
    def test_and_holds_only_bound_answers(self, inputs: Checkpoint) -> None:
        """
        Every answer in it names the request of the entry it belongs to, or the open one.
        """
        for stop in stops_of(inputs):
            requests = [entry["request_digest"] for entry in stop.lineage["entries"]]
            requests += [stop.pending.digest] if stop.pending else []
            assert all(answer.step_id is None and answer.request_digest in requests for answer in stop.inputs.answers)

    @strategies.few
    @given(strategies.run_inputs(mostly_asking=True))
    def test_and_says_how_each_entry_was_answered(self, inputs: Checkpoint) -> None:
        """
        The digest of the last answer to its request stands in the entry.
        """
        result = execute(inputs)
        last = {answer.request_digest: sha256_of(answer.to_dict()) for answer in result.inputs.answers}
        for entry in result.lineage["entries"]:
            assert entry["answer_digest"] == (last[entry["request_digest"]] if entry["request_digest"] else None)


class TestAnAnswerIsForOneRequest:
    """
    "Each answer is used once. What is left when a run stops is handed back."
    """

    @strategies.few
    @given(strategies.run_inputs(mostly_asking=True))
    def test_none_is_lost_and_none_is_made_up(self, inputs: Checkpoint) -> None:
        """
        Every answer given is either used or handed back, with its content as it was.
        """
        result = execute(inputs)
        content: list[Any] = [answer.decisions or answer.outcome for answer in (*result.inputs.answers, *result.unused)]
        assert len(content) == len(inputs.answers)
        assert all((answer.decisions or answer.outcome) in content for answer in inputs.answers)

    @strategies.few
    @given(strategies.small_objects, strategies.small_objects)
    def test_one_for_another_state_is_never_used(self, first: dict[str, Any], second: dict[str, Any]) -> None:
        """
        An answer to the request of a run over one state is stale in a run over another.
        """
        assume(sha256_of(first) != sha256_of(second))
        for step in (make_gate("s"), make_action("s")):
            waiting, other = (execute(make_inputs(step, state=state)) for state in (first, second))
            assert waiting.pending is not None
            assert other.pending is not None
            assert waiting.pending.digest != other.pending.digest
            result = execute(
                make_inputs(step, state=second).answered_by(
                    (make_effect_answer(request_digest=waiting.pending.digest),)
                )
            )
            assert result.inputs.answers == ()
            with pytest.raises(StaleAnswerError):
                refuse_unused(result)


class TestARunThatEndedReplays:
    """
    "Replay feeds recorded answers by (sequence, request digest)": a recorded run re-executes to the bytes it left.
    """

    @strategies.few
    @given(strategies.run_inputs(mostly_asking=True))
    def test_from_its_file_alone(self, inputs: Checkpoint) -> None:
        """
        Whatever its ending, and however its answers were given.
        """
        result = execute(inputs)
        assume(result.receipt_bytes is not None)
        read = RecordedRun.from_bytes(RecordedRun.of(result).raw)
        assert_same(replay(read), result)
        assert replay(read).unused == ()
