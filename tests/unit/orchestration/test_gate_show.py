"""What a gate shows of the state: it stands in the request, so a decision is about exactly what was seen."""

from typing import Any

import pytest
from makers import make_decision, make_gate, make_step, make_workflow, run, sha256_of

from runtime.errors import DefinitionError, StaleAnswerError
from runtime.limits import MAX_SHOWN, MAX_SHOWN_LENGTH
from runtime.orchestration import ExecutionContext, OrchestrationResult, Orchestrator
from runtime.orchestration.prepare import prepare
from runtime.values import HumanAsk


def shown(result: OrchestrationResult) -> dict[str, Any]:
    """
    Give what the open request shows.
    """
    assert result.pending is not None
    ask = result.pending.request.ask
    assert isinstance(ask, HumanAsk)
    assert result.pending.to_dict()["request"]["ask"]["shown"] == ask.shown  # type: ignore[index]
    values: dict[str, Any] = ask.shown.thaw()
    return values


def test_each_label_shows_the_value_of_its_expression() -> None:
    """
    Scalars and small containers are shown as they are, members in order of their labels.
    """
    gate = make_gate(
        show={"number": "n + 1", "text": "who.name", "list": "list.filter(x, x > 1)", "none": "null", "is it": "n == 1"}
    )
    result = run({"n": 1, "who": {"name": "ada"}, "list": [1, 2, 3]}, gate)
    assert shown(result) == {"number": 2, "text": "ada", "list": [2, 3], "none": None, "is it": True}


def test_it_is_the_state_before_the_gate_that_is_shown() -> None:
    """
    What earlier steps wrote is seen, and what the gate writes is not.
    """
    steps = [make_step("s", "set", path="/n", value=5), make_gate(show={"n": "n"}, output="/n")]
    assert shown(run({"n": 1}, *steps)) == {"n": 5}


def test_a_gate_shows_nothing_unless_told() -> None:
    """
    Without `show` the request holds an empty object.
    """
    assert shown(run({"n": 1}, make_gate())) == {}


LARGE: dict[str, tuple[Any, Any]] = {
    "text": ("x" * MAX_SHOWN_LENGTH, {"type": "text", "size": MAX_SHOWN_LENGTH}),
    "list": ([0] * MAX_SHOWN_LENGTH, {"type": "list", "size": MAX_SHOWN_LENGTH}),
    "object": ({"k": "x" * MAX_SHOWN_LENGTH, "l": 1}, {"type": "object", "size": 2}),
}


@pytest.mark.parametrize("kind", LARGE)
def test_a_large_value_is_shown_by_type_and_size(kind: str) -> None:
    """
    So a request has a bound that does not depend on the state.
    """
    value, brief = LARGE[kind]
    assert shown(run({"v": value}, make_gate(show={"v": "v"}))) == {"v": brief}


def test_the_longest_value_that_is_shown_as_it_is() -> None:
    """
    The bound counts the bytes of the value's canonical form.
    """
    text = "x" * (MAX_SHOWN_LENGTH - 2)
    assert shown(run({"v": text}, make_gate(show={"v": "v"}))) == {"v": text}
    assert shown(run({"v": f"{text}x"}, make_gate(show={"v": "v"}))) == {
        "v": {"type": "text", "size": MAX_SHOWN_LENGTH - 1}
    }
    wide = "\u20ac" * (MAX_SHOWN_LENGTH // 3)
    assert shown(run({"v": wide}, make_gate(show={"v": "v"}))) == {"v": {"type": "text", "size": len(wide)}}


FAILURES = {
    "absent": ("missing", "path_missing", "show what it is"),
    "a member that is not there": ("who.age", "path_missing", "show what it is"),
    "divided by zero": ("1 / n", "division_by_zero", "show what it is"),
    "a wrong type": ("n + 'x'", "wrong_type", "show what it is"),
}


@pytest.mark.parametrize("name", FAILURES)
def test_a_value_that_cannot_be_worked_out_fails_the_step(name: str) -> None:
    """
    Nobody is asked about what cannot be shown: the step fails, names the label, and leaves the answer unused.
    """
    expression, code, place = FAILURES[name]
    gate = make_gate(show={"what it is": expression}, output="/d")
    result = run({"n": 0, "who": {}}, gate)
    assert (result.status, result.pending) == ("failed", None)
    assert (result.error_code, result.failed_step_id) == (code, "gate")
    assert place in (result.error_message or "")
    assert result.final_state == {"n": 0, "who": {}}
    assert result.lineage["entries"][0]["request_digest"] is None


class TestADecisionIsAboutWhatWasShown:
    """
    INV-6: a decision counts for exactly the request it was made on.
    """

    gate = make_gate(show={"limit": "size(list)"})

    def test_another_value_is_another_request(self) -> None:
        """
        The value is part of the request's digest.
        """
        one, other = (run({"list": items}, self.gate) for items in ([], [1]))
        assert one.pending is not None
        assert other.pending is not None
        assert one.pending.digest != other.pending.digest
        first, second = (result.pending.request.to_dict() for result in (one, other) if result.pending)
        assert first["ask"] != second["ask"]
        assert one.pending.digest == sha256_of(first)

    def test_the_shown_value_alone_makes_another_request(self) -> None:
        """
        Two requests that differ in nothing else differ in their digests.
        """
        result = run({"list": []}, self.gate)
        assert result.pending is not None
        record = result.pending.request.to_dict()
        changed = {**record, "ask": {**record["ask"], "shown": {"limit": 1}}}  # type: ignore[dict-item]
        assert sha256_of(changed) != result.pending.digest

    def test_a_decision_on_another_value_is_stale(self) -> None:
        """
        An approval of one value does not count for another.
        """
        seen = run({"list": []}, self.gate)
        assert seen.pending is not None
        decision = make_decision(request_digest=seen.pending.digest)
        assert run({"list": []}, self.gate, answers=[decision]).status == "completed"
        with pytest.raises(StaleAnswerError):
            run({"list": [1]}, self.gate, answers=[decision])

    def test_showing_something_else_of_one_state_is_another_request(self) -> None:
        """
        Even where the state is the same.
        """
        digests = set()
        for gate in (self.gate, make_gate(show={"limit": "size(list) + 1"}), make_gate()):
            result = run({"list": []}, gate)
            assert result.pending is not None
            digests.add(result.pending.digest)
        assert len(digests) == 3

    def test_running_again_shows_the_same(self) -> None:
        """
        Resuming works the values out again, from the same state.
        """
        first = run({"list": [1]}, self.gate)
        assert first.checkpoint is not None
        again = Orchestrator().run_workflow(make_workflow(self.gate), ExecutionContext({"list": [1]}))
        assert again.pending == first.pending


REFUSED = {
    "no expression": ({"a": "1 +"}, "['a']"),
    "an unknown function": ({"a": "now()"}, "['a']"),
    "no label": ({"": "1"}, "label ''"),
    "a long label": ({"x" * 129: "1"}, "label"),
    "too many": ({f"l{index}": "1" for index in range(MAX_SHOWN + 1)}, f"the limit is {MAX_SHOWN}"),
}


@pytest.mark.parametrize("defect", REFUSED)
def test_what_cannot_be_shown_is_refused_before_the_first_step(defect: str) -> None:
    """
    Each fault names its label.
    """
    show, said = REFUSED[defect]
    with pytest.raises(DefinitionError) as refused:
        prepare(make_workflow(make_step("s", "fail"), make_gate(show=show)))
    assert said in " ".join(map(str, refused.value.faults))


def test_every_fault_of_what_is_shown_is_listed() -> None:
    """
    All at once, each with its label.
    """
    with pytest.raises(DefinitionError) as refused:
        prepare(make_workflow(make_gate(show={"a": "1 +", "b": "2", "c": "("})))
    [fault] = refused.value.faults
    assert fault.where == "steps[0].payload.show"
    assert all(text in fault.message for text in ("the end at 1:4", "@ ['a']", "the end at 1:2", "@ ['c']"))
    assert "['b']" not in fault.message
