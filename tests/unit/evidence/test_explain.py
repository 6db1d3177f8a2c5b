"""What `explain` tells of each step: true to the records, and bounded whatever the state holds."""

import json
from typing import Any

import attrs
import pytest
from makers import make_action, make_decision, make_effect_answer, make_gate, make_step, make_votes, run

from runtime.encoding.canonical import canonical
from runtime.evidence import RecordedRun, replay
from runtime.evidence.explain import explain
from runtime.orchestration import Mode, OrchestrationResult, StepSpec, execute
from runtime.orchestration.registry import MISSION_REGISTRY, run_mission
from runtime.policy.pack import PolicyPack

LIMITS = PolicyPack.from_document(
    {
        "schema": "policy-pack/v1",
        "policy_id": "limits",
        "version": "1.0.0",
        "rules": [
            {"rule_id": "much", "effect": "deny", "when": ["amount > 10"]},
            {"rule_id": "some", "effect": "flag", "when": ["amount > 5"]},
            {"rule_id": "little", "effect": "allow", "when": ["amount <= 5"]},
        ],
    }
)


def explain_one(state: dict[str, Any], *args: Any, **keywords: Any) -> dict[str, Any]:
    """
    Explain the first step of a run.
    """
    told = explain(run(state, *args, **keywords))
    return told[0]


HEAD = {"sequence", "step_id", "operation", "description", "status", "error_code", "message"}


class TestEveryStepIsTold:
    """
    A step is told whether it was taken or not, as the lineage has it.
    """

    def test_a_completed_step(self) -> None:
        """
        With what it read and wrote.
        """
        told = explain_one({"n": 2}, make_step("s", "compute", path="/m", expression="n * 2", description="Double"))
        assert told == {
            "sequence": 1,
            "step_id": "s",
            "operation": "compute",
            "description": "Double",
            "status": "completed",
            "error_code": None,
            "message": None,
            "reads": {"/n": 2},
            "writes": {"/m": {"after": 4}},
        }

    def test_a_failed_step_wrote_nothing_and_what_follows_was_not_reached(self) -> None:
        """
        The message stands at the step that failed, and at no other.
        """
        steps = [make_step("a", "set", path="/n", value=1), make_step("b", "fail", reason="no"), make_step("c")]
        first, second, third = explain(run({}, *steps))
        assert (first["status"], first["message"]) == ("completed", None)
        assert (second["status"], second["error_code"]) == ("failed", "step_failed")
        assert second["message"] == "Step 'b' failed: no"
        assert second["writes"] == {}
        assert (third["status"], set(third)) == ("not reached", HEAD)

    def test_a_skipped_step_read_nothing(self) -> None:
        """
        It was not taken.
        """
        told = explain_one({"n": 1}, make_step("s", "set", path="/n", value=2, when="flagged"), make_step("t"))
        assert (told["status"], set(told)) == ("skipped", HEAD)

    def test_a_step_that_waits_shows_what_is_asked(self) -> None:
        """
        It read what the question shows, and wrote nothing yet.
        """
        result = run({"n": 1, "d": 0}, make_gate(show={"n": "n"}, output="/d"), make_step("t"))
        waiting, after = explain(result)
        assert result.pending is not None
        assert waiting["asked"] == result.pending.to_dict()
        assert (waiting["status"], waiting["reads"], waiting["writes"]) == ("waiting", {"/n": 1}, {})
        assert after["status"] == "not reached"

    def test_an_unknown_outcome_leaves_its_step_waiting(self) -> None:
        """
        An outcome that cannot be known is no answer.
        """
        unknown = make_effect_answer(status="unknown")
        told = explain_one({}, make_action(output="/d"), answers=[unknown])
        assert (told["status"], told["asked"]["reason"]) == ("waiting", "unknown")
        assert "outcome" not in told


CHANGES: dict[str, tuple[StepSpec, dict[str, Any]]] = {
    "a new member": (make_step("s", "set", path="/m", value=1), {"/m": {"after": 1}}),
    "another value": (make_step("s", "set", path="/n", value=1), {"/n": {"before": 0, "after": 1}}),
    "the same value": (make_step("s", "set", path="/n", value=0), {"/n": {"before": 0, "after": 0}}),
    "true where 1 was": (make_step("s", "set", path="/one", value=True), {"/one": {"before": 1, "after": True}}),
    "a removed member": (make_step("s", "remove", path="/n"), {"/n": {"before": 0}}),
    "a removed null": (make_step("s", "remove", path="/null"), {"/null": {"before": None}}),
    "null where nothing was": (make_step("s", "set", path="/m", value=None), {"/m": {"after": None}}),
    "a longer list": (
        make_step("s", "append", path="/list", value=2),
        {"/list": {"before": {"type": "list", "size": 1}, "after": {"type": "list", "size": 2}}},
    ),
    "the whole state by its parts": (
        make_step("s", "merge", path="", value={"n": 1, "null": None, "one": 1, "new": "x"}),
        {"/n": {"before": 0, "after": 1}, "/new": {"after": "x"}, "/null": {"before": None}},
    ),
}


class TestWhatWasReadAndWritten:
    """
    Values by pointer, from the state before and the state after.
    """

    @pytest.mark.parametrize("name", CHANGES)
    def test_writes(self, name: str) -> None:
        """
        Absent and null are told apart, and 1 from true.
        """
        step, writes = CHANGES[name]
        told = explain_one({"n": 0, "one": 1, "null": None, "list": [1]}, step)
        assert canonical(told["writes"]) == canonical(writes)

    def test_reads(self) -> None:
        """
        What stands there is told; what is absent, every element of a list, and the whole state are no one value.
        """
        step = make_step("s", "compute", path="/out", expression="has(a.b) || list.exists(x, x.n > m.k) || has(none)")
        told = explain_one({"a": {"b": 1}, "list": [{"n": 1}], "m": {"k": 0}}, step)
        assert told["reads"] == {"/a/b": 1, "/list": {"type": "list", "size": 1}, "/m/k": 0}
        assert explain_one({"n": 1}, make_step("s", "set", path="/copy", from_=""))["reads"] == {}

    def test_a_place_below_a_scalar_is_no_value(self) -> None:
        """
        What cannot be looked up is left out.
        """
        assert explain_one({"a": 1}, make_step("s", "check", expression="a.b.c > 1"))["reads"] == {}

    def test_values_are_told_in_brief(self) -> None:
        """
        A large value is told by type and size, so an explanation has a bound.
        """
        state = {"text": "x" * 100_000, "list": list(range(10_000))}
        told = explain_one(state, make_step("s", "check", expression="size(text) + size(list) > 0"))
        assert told["reads"]["/text"] == {"type": "text", "size": 100_000}
        assert len(canonical(told)) < 2000


class TestWhy:
    """
    Clauses, verdicts, rankings, decisions and outcomes.
    """

    def test_a_check_tells_each_clause_and_what_would_have_made_it_hold(self) -> None:
        """
        Also of a check that holds.
        """
        step = make_step("s", "check", expression="n > 3 && a == 1 && missing")
        first, second, third = explain_one({"n": 2, "a": 1}, step)["clauses"]
        assert (first["text"], first["held"], first["saw"]) == ("n > 3", False, {"/n": 2})
        assert first["nearest"] is not None
        assert (second["held"], second["nearest"]) == (True, None)
        assert (third["held"], third["failure"], third["absent"]) == (None, "path_missing", ["/missing"])
        [clause] = explain_one({"n": 4}, make_step("s", "check", expression="n > 3"))["clauses"]
        assert clause["held"] is True

    @pytest.mark.parametrize(
        ("amount", "status", "decision"), [(3, "completed", "allow"), (7, "completed", "flag"), (11, "denied", "deny")]
    )
    def test_a_decision_of_a_policy_tells_its_verdict(self, amount: int, status: str, decision: str) -> None:
        """
        Also of one that denies, which writes nothing.
        """
        step = make_step("d", "decide", policy="limits", input="", path="/verdict")
        result = run({"amount": amount}, step, make_gate(when="flagged"), policies=[LIMITS])
        told = explain(result)[0]
        assert (told["status"], told["verdict"]["decision"]) == (status, decision)
        assert bool(told["writes"]) == (decision != "deny")
        assert result.lineage["entries"][0]["verdict_digest"] == dict(result.verdicts)["d"].digest

    def test_a_ranking_is_told_with_its_reasons(self) -> None:
        """
        Also where it is the one that stood there before.
        """
        step = make_step("s", "prioritize", from_="/list", path="/ranked", score="item.n")
        first = run({"list": [{"n": 1}, {"n": 2}]}, step)
        told = explain(first)[0]
        assert [one["score"] for one in told["ranking"]] == [2, 1]
        again = run(first.final_state, step)
        assert again.final_state == first.final_state
        assert explain(again)[0]["ranking"] == told["ranking"]
        failed = run({"list": [{"n": "x"}], "ranked": []}, step)
        assert "ranking" not in explain(failed)[0]

    @pytest.mark.parametrize(("choice", "status"), [("approve", "completed"), ("reject", "denied")])
    def test_a_gate_tells_who_decided(self, choice: str, status: str) -> None:
        """
        Also where the decision ended the run.
        """
        told = explain_one({}, make_gate(output="/d"), answers=[make_decision(choice=choice)])
        assert (told["status"], told["decisions"][0]["actor"], told["decisions"][0]["choice"]) == (
            status,
            "ada",
            choice,
        )
        assert ("/d" in told["writes"]) == (choice == "approve")

    def test_a_vote_tells_everybody(self) -> None:
        """
        Each decision, in the order of the record.
        """
        told = explain_one({}, make_gate(quorum=2), answers=[make_votes("approve", "approve")])
        assert [one["actor"] for one in told["decisions"]] == ["ada", "bob"]

    @pytest.mark.parametrize(("status", "ended"), [("succeeded", "completed"), ("failed", "failed")])
    def test_an_effect_tells_its_outcome(self, status: str, ended: str) -> None:
        """
        Also one that was not done.
        """
        told = explain_one({}, make_action(output="/d"), answers=[make_effect_answer(status=status)])
        assert (told["status"], told["outcome"]["status"]) == (ended, status)
        assert "decisions" not in told

    def test_answers_are_told_at_their_own_steps(self) -> None:
        """
        Two gates, two people.
        """
        answers = [make_decision("one", actor="ada"), make_decision("two", actor="edsger")]
        one, two = explain(run({}, make_gate("one"), make_gate("two"), answers=answers))
        assert (one["decisions"][0]["actor"], two["decisions"][0]["actor"]) == ("ada", "edsger")


class TestTheExplanationIsThatOfTheRecord:
    """
    It is worked out from the inputs alone, so a replayed run has the same one.
    """

    @staticmethod
    def results() -> list[OrchestrationResult]:
        """
        Run the example of every mission.
        """
        examples = {name: mission.example for name, mission in MISSION_REGISTRY.items()}
        return [
            run_mission(name, one.context, one.params, answers=one.answers, mode=one.mode)
            for name, one in examples.items()
        ]

    def test_of_every_mission(self) -> None:
        """
        Plain JSON, one entry a step, statuses as in the lineage, and the same again after a replay.
        """
        for result in self.results():
            told = explain(result)
            assert json.loads(json.dumps(told)) == told
            assert [one["step_id"] for one in told] == [step.id for step in result.inputs.definition.steps]
            assert [one["status"] for one in told] == [entry["status"] for entry in result.lineage["entries"]]
            assert explain(replay(RecordedRun.of(result))) == told
            assert explain(execute(result.inputs)) == told

    def test_explaining_changes_nothing(self) -> None:
        """
        The result's records are as they were.
        """
        result = run({"n": 1}, make_step("s", "merge", path="", value={"n": 2}))
        before = (result.receipt_bytes, result.final_state)
        explain(result)[0]["writes"].clear()
        assert (result.receipt_bytes, result.final_state) == before
        assert explain(result)[0]["writes"]

    def test_a_run_without_steps_taken(self) -> None:
        """
        One that waits at its first step.
        """
        result = execute(attrs.evolve(run({}, make_gate()).inputs, mode=Mode.APPLY))
        assert [one["status"] for one in explain(result)] == ["waiting"]
