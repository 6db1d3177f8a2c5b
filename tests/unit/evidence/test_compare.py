"""Comparing recorded runs, and asking what they would do now."""

from typing import Any

import attrs
import pytest
from approving import approve, begin_open, go_on, make_port, make_signed
from makers import make_action, make_decision, make_effect_answer, make_gate, make_mission, make_outcome, make_step
from planning import make_deciding, make_pack, only

from runtime.encoding.frozen import JsonObject
from runtime.errors import EngineBug, ReceiptMismatchError
from runtime.evidence import Change, Finding, Foresight, RecordedRun, compare, what_if
from runtime.evidence.behaviour import find_place
from runtime.limits import MAX_DEPTH
from runtime.orchestration import Answer, ExecutionContext, Mission, StepSpec
from runtime.orchestration.registry import MISSION_REGISTRY, run_mission
from runtime.policy.nearest import ABSENT
from runtime.policy.pack import PolicyPack


def _run(
    mission: Mission, *answers: Answer, state: dict[str, Any] | None = None, policies: tuple[PolicyPack, ...] = ()
) -> RecordedRun:
    context = ExecutionContext(state or {})
    result = run_mission(
        mission.name, context, answers=answers, policies=policies, mode="apply", registry=only(mission)
    )
    return RecordedRun.of(result)


def _set(value: Any, step_id: str = "set") -> StepSpec:
    return make_step(step_id, "set", path="/a", value=value)


def _change(sequence: int | None, step_id: str | None, field: str, *rest: Any) -> Change:
    path, before, after = rest
    return Change(sequence=sequence, step_id=step_id, field=field, path=path, before=before, after=after)


class TestCompare:
    """
    Two recorded runs: the inputs that differ, and the first thing they do differently.
    """

    @pytest.mark.parametrize("name", sorted(MISSION_REGISTRY))
    def test_a_run_does_the_same_as_itself(self, name: str) -> None:
        """
        Nothing differs, inputs included.
        """
        example = MISSION_REGISTRY[name].example
        run = RecordedRun.of(
            run_mission(name, example.context, example.params, answers=example.answers, mode=example.mode)
        )
        assert compare(run, run).to_dict() == {"same": True, "inputs": [], "change": None}

    @pytest.mark.parametrize(
        ("left", "right", "expected"),
        {
            "another id": ((_set(1),), (_set(1, "other"),), (1, "set", "step_id", "", "set", "other")),
            "another operation": (
                (make_step("s"),),
                (make_step("s", "set", path="/a", value=1),),
                (1, "s", "operation", "", "noop", "set"),
            ),
            "another status": (
                (_set(1), make_step("s", "check", expression="a == 1")),
                (_set(1), make_step("s", "check", expression="a == 2")),
                (2, "s", "status", "", "completed", "failed"),
            ),
            "another code": (
                (make_step("s", "check", expression="true == 1", code="stale"),),
                (make_step("s", "check", expression="true == 1", code="unhealthy"),),
                (1, "s", "error_code", "", "stale", "unhealthy"),
            ),
            "another state": ((_set({"b": [1, 2]}),), (_set({"b": [1, 3]}),), (1, "set", "state", "/a/b/1", 2, 3)),
            "one is not true": ((_set(1),), (_set(True),), (1, "set", "state", "/a", 1, True)),
            "fewer steps": (
                (_set(1),),
                (_set(1), make_step("more")),
                (None, None, "ending", "", {"status": "completed", "steps": 1}, {"status": "completed", "steps": 2}),
            ),
        }.values(),
    )
    def test_names_the_first_difference(self, left: Any, right: Any, expected: Any) -> None:
        """
        By step, field and place.
        """
        comparison = compare(_run(make_mission(*left)), _run(make_mission(*right)))
        assert comparison.change == _change(*expected)
        assert "definition_digest" in comparison.inputs

    def test_tells_absent_from_null(self) -> None:
        """
        A member that is null is not one that is absent.
        """
        left, right = _run(make_mission(_set({"b": None}))), _run(make_mission(_set({})))
        for runs, absent in (((left, right), "after"), ((right, left), "before")):
            change = compare(*runs).change
            assert change == attrs.evolve(_change(1, "set", "state", "/a/b", None, None), absent=absent)

    def test_tells_another_decision(self) -> None:
        """
        Same question, other answer.
        """
        mission = make_mission(make_gate(choices=["go", "wait"]))
        go, wait = (_run(mission, make_decision(choice=choice)) for choice in ("go", "wait"))
        assert compare(go, wait).change == _change(1, "gate", "answer", "/decisions/0/choice", "go", "wait")
        assert compare(go, wait).inputs == ()

    def test_does_not_tell_another_signature(self) -> None:
        """
        Nonce and signature differ between any two runs, whatever was decided.
        """
        mission, port = make_signed(), make_port()
        runs = []
        for _ in range(2):
            checkpoint, opening = begin_open(mission, port)
            runs.append(RecordedRun.of(go_on(mission, port, checkpoint, approve(opening))))
        assert runs[0].receipt_digest != runs[1].receipt_digest
        assert compare(*runs).change is None

    def test_tells_another_question_before_its_answer(self) -> None:
        """
        What was asked comes first.
        """
        one, other = (_run(make_mission(make_gate(prompt=prompt)), make_decision()) for prompt in ("Go?", "Stop?"))
        assert compare(one, other).change == _change(1, "gate", "asked", "/prompt", "Go?", "Stop?")

    def test_an_outcome_that_was_unknown_for_a_while_is_the_one_it_was_settled_to(self) -> None:
        """
        The settled one counts.
        """
        mission = make_mission(make_action(output="/out"))
        at_once = _run(mission, make_effect_answer(output=1))
        late = _run(mission, make_effect_answer(status="unknown"), make_effect_answer(output=1))
        assert compare(at_once, late).change is None

    def test_an_outcome_may_be_as_deep_as_a_document(self) -> None:
        """
        "at most 64 containers deep": the record of an answer wraps it twice.
        """
        mission = make_mission(make_action("read"))
        answers = [make_effect_answer("read", output=_nest(n, MAX_DEPTH)) for n in (1, 2)]
        one, other = (_run(mission, answer) for answer in answers)
        assert compare(one, one).change is None
        change = compare(one, other).change
        assert change is not None
        assert (change.field, change.before, change.after) == ("answer", 1, 2)

    def test_a_verdict_counts_by_what_it_decides(self) -> None:
        """
        Another version of a policy that says the same does the same; its reasons and digests are no behaviour.
        """
        pack = make_pack()
        newer = PolicyPack.from_document({**pack.document.thaw(), "version": "1.0.1"})
        one, other = (_run(make_deciding(p), state={"amount": 5}) for p in (pack, newer))
        comparison = compare(one, other)
        assert (comparison.change, comparison.inputs) == (None, ("policies_digest", "proof_digest"))
        stricter = _run(make_deciding(make_pack(most=3)), state={"amount": 5})
        assert compare(one, stricter).change == _change(1, "d", "status", "", "completed", "denied")

    def test_what_only_looks_like_a_verdict_counts_whole(self) -> None:
        """
        A later step may have written over it, or moved what it stood in.
        """
        decide = make_step("d", "decide", policy="p", input="", path="/v/w")
        for later in ({"v": 1}, {"v": {"w": 1}}, {"v": {"w": {"schema": "other", "x": 1}}}):
            steps = (decide, make_step("m", "merge", path="", value=later))
            changed = {**later, "y": 1}
            others = (decide, make_step("m", "merge", path="", value=changed))
            one, other = (
                _run(make_mission(*given, policies=(make_pack(),)), state={"amount": 1, "v": {}})
                for given in (steps, others)
            )
            change = compare(one, other).change
            assert change == attrs.evolve(_change(2, "m", "state", "/y", None, 1), absent="before")

    def test_what_does_not_replay_is_not_compared(self) -> None:
        """
        Nothing is said of a record that does not tell the truth.
        """
        run = _run(make_mission(_set(1)))
        forged = attrs.evolve(run, receipt=JsonObject({**run.receipt.thaw(), "status": "failed"}))
        with pytest.raises(ReceiptMismatchError):
            compare(run, forged)
        with pytest.raises(ReceiptMismatchError):
            compare(forged, run)
        with pytest.raises(ReceiptMismatchError):
            what_if(forged, make_mission(_set(1)))


def _nest(value: Any, depth: int) -> Any:
    return value if depth == 0 else [_nest(value, depth - 1)]


class TestPlaces:
    """
    The first place at which two values differ.
    """

    @pytest.mark.parametrize(
        ("left", "right", "expected"),
        [
            (1, 1.0, None),
            ({"a": 1, "b": 2}, {"b": 3, "a": 2}, ("/a", 1, 2)),
            ({"a/b~": 1}, {"a/b~": 2}, ("/a~1b~0", 1, 2)),
            ([1, 2, 3], [1, 5, 4], ("/1", 2, 5)),
            ([1], [1, 2], ("", [1], [1, 2])),
            ({"a": 1}, [1], ("", {"a": 1}, [1])),
            ({"b": 1}, {"a": 1, "b": 1}, ("/a", ABSENT, 1)),
        ],
    )
    def test_is_the_first_in_order(self, left: Any, right: Any, expected: Any) -> None:
        """
        Members by name, elements by index.
        """
        assert find_place(left, right) == expected

    @pytest.mark.parametrize("depth", [MAX_DEPTH, MAX_DEPTH + 1], ids=["as deep as a document", "in a record"])
    def test_what_is_asked_and_answered_may_wrap_a_document_of_any_depth(self, depth: int) -> None:
        """
        An outcome stands two levels down in an answer, a shown value one level down in a question.
        """
        one, other = _nest(1, depth), _nest(2, depth)
        assert find_place(one, one) is None
        assert find_place(one, other) == ("/0" * depth, 1, 2)

    def test_two_values_that_differ_differ_somewhere(self, monkeypatch: pytest.MonkeyPatch) -> None:
        """
        Were it not so, the comparison itself would be wrong.
        """
        monkeypatch.setattr(
            "runtime.evidence.behaviour.encode_checked", lambda value: repr(value) if type(value) is dict else ""
        )
        with pytest.raises(EngineBug):
            find_place({"a": 1}, {"a": 2})


class TestWhatIf:
    """
    A recorded run under a mission and policies as they are now.
    """

    GATED = make_mission(
        make_step("s", "set", path="/a", value=1), make_gate(output="/said"), make_action(output="/out")
    )
    RUN = _run(GATED, make_decision(), make_effect_answer(output={"n": 1}))

    def _ask(self, *steps: StepSpec, **changes: Any) -> Foresight:
        return what_if(self.RUN, make_mission(*steps, **changes))

    @pytest.mark.parametrize("name", sorted(MISSION_REGISTRY))
    def test_of_every_mission_as_it_is_is_the_same(self, name: str) -> None:
        """
        Recorded answers are reused.
        """
        mission = MISSION_REGISTRY[name]
        example = mission.example
        run = RecordedRun.of(
            run_mission(name, example.context, example.params, answers=example.answers, mode=example.mode)
        )
        assert what_if(run, mission) == Foresight(run=run.receipt_digest, finding=Finding.SAME)

    def test_another_version_that_does_the_same(self) -> None:
        """
        Every digest of the run is another one, and the answers are still those of the same questions.
        """
        found = what_if(self.RUN, attrs.evolve(self.GATED, version="2.0.0"))
        assert (found.finding, found.change, found.inputs) == (Finding.SAME, None, ("mission_version",))

    def test_another_step_is_a_change(self) -> None:
        """
        The first place is told; what comes after does not matter.
        """
        found = self._ask(make_step("s", "set", path="/a", value=2), make_gate(), make_action())
        assert found.change == _change(1, "s", "state", "/a", 1, 2)
        assert (found.finding, found.why) == (Finding.CHANGED, "")

    def test_a_step_less_is_a_change(self) -> None:
        """
        Though all that is done was done before.
        """
        found = self._ask(make_step("s", "set", path="/a", value=1), make_gate(output="/said"))
        assert found.change is not None
        assert (found.finding, found.change.field) == (Finding.CHANGED, "ending")

    @pytest.mark.parametrize(
        ("steps", "said"),
        {
            "another question": (
                (make_gate(prompt="Really?", output="/said"), make_action(output="/out")),
                "step 'gate' asks something else than what was answered (at /prompt)",
            ),
            "other params": (
                (make_gate(output="/said"), make_action(output="/out", params={"to": "x"})),
                "step 'act' asks something else than what was answered (at /params/to)",
            ),
            "an effect where a person was asked": (
                (make_action("gate", output="/said"), make_action(output="/out")),
                "step 'gate' asks something else than what was answered",
            ),
            "another step asks": ((make_gate("new"),), "step 'new' asks, and no answer to it was recorded"),
            "one step more asks": (
                (make_gate(output="/said"), make_action(output="/out"), make_gate("new")),
                "step 'new' asks, and no answer to it was recorded",
            ),
        }.values(),
    )
    def test_an_answer_nobody_gave_cannot_be_told(self, steps: tuple[StepSpec, ...], said: str) -> None:
        """
        An answer to another question is none to this one.
        """
        found = self._ask(make_step("s", "set", path="/a", value=1), *steps)
        assert (found.finding, found.change, found.why) == (Finding.CANNOT_TELL, None, said)

    def test_an_answer_that_is_no_longer_taken_cannot_be_told(self) -> None:
        """
        The question reads the same, and the engine refuses what was answered; a schema is part of the question.
        """
        schema = {"type": "object", "properties": {"n": {"type": "integer"}}, "required": ["n"]}
        mission = make_mission(make_gate(input_schema=schema))
        run = _run(mission, make_decision(input={"n": 1}))
        assert what_if(run, mission).finding is Finding.SAME
        found = what_if(run, make_mission(make_gate()))
        assert (found.finding, found.why) == (
            Finding.CANNOT_TELL,
            "step 'gate' asks something else than what was answered (at /input_schema)",
        )

    def test_what_is_refused_now_is_a_change(self) -> None:
        """
        Params that do not fit, a workflow that is none, a rule that breaks: nothing would run.
        """

        @attrs.frozen
        class Params:
            needed: int

        for mission, said in (
            (make_mission(_set(1), params_class=Params), "required field 'needed' is missing"),
            (make_mission(*(make_step(f"s{index}") for index in range(6))), "exceeds maximum of 5"),
            (make_mission(make_action(), catalogue={}), "connector 'files'"),
        ):
            found = what_if(self.RUN, mission)
            assert found.finding is Finding.CHANGED
            assert found.why.startswith("it would be refused: ")
            assert said in found.why

    def test_another_policy(self) -> None:
        """
        A pack that is brought takes the place of the mission's own.
        """
        mission = make_deciding(make_pack(most=10))
        run = _run(mission, state={"amount": 5})
        assert what_if(run, mission, policies=[make_pack(most=6)]).finding is Finding.SAME
        found = what_if(run, mission, policies=[make_pack(most=4)])
        assert found.change == _change(1, "d", "status", "", "completed", "denied")
        assert found.to_dict() == {
            "run": run.receipt_digest,
            "finding": "changed",
            "inputs": ["policies_digest", "proof_digest"],
            "change": {
                "sequence": 1,
                "step_id": "d",
                "field": "status",
                "path": "",
                "before": "completed",
                "after": "denied",
                "absent": None,
            },
            "why": "",
        }

    def test_an_unknown_outcome_that_was_settled_is_used_as_it_was(self) -> None:
        """
        Both answers to the request go along.
        """
        mission = make_mission(make_action(mode="mutate"))
        run = _run(mission, make_effect_answer(status="unknown"), make_effect_answer())
        assert len(run.checkpoint.answers) == 2
        assert what_if(run, attrs.evolve(mission, version="1.1.0")).finding is Finding.SAME

    def test_a_failed_effect_stays_failed(self) -> None:
        """
        Outcomes are answers like any other.
        """
        mission = make_mission(make_action(), make_step("end"))
        run = _run(mission, Answer(step_id="act", outcome=make_outcome("failed")))
        assert what_if(run, mission).finding is Finding.SAME
