"""What is refused before the first step, in which order, and in which words. Source: contracts/tier2.md."""

from typing import Any

import pytest
from makers import make_action, make_decision, make_gate, make_step, make_workflow, run, sha256_of

from runtime.errors import DefinitionError, ModeError
from runtime.orchestration import (
    AntiFailureViolation,
    EnvelopeViolation,
    ExecutionContext,
    Mode,
    Orchestrator,
    StepSpec,
    WorkflowDefinition,
)
from runtime.orchestration.operations import OPERATIONS
from runtime.orchestration.prepare import prepare


def refusal(*steps: StepSpec) -> DefinitionError:
    """
    Give the refusal of a run of the steps.
    """
    with pytest.raises(DefinitionError) as caught:
        run({}, *steps)
    return caught.value


def faults(*steps: StepSpec) -> list[str]:
    """
    Give the faults of a run of the steps.
    """
    error = refusal(*steps)
    assert type(error) is DefinitionError
    return [str(fault) for fault in error.faults]


def human_steps(count: int) -> list[StepSpec]:
    """
    Make human steps of different ids.
    """
    return [make_gate(f"h{index}") for index in range(count)]


def runtime_steps(count: int) -> list[StepSpec]:
    """
    Make runtime steps of different ids.
    """
    return [make_step(f"r{index}") for index in range(count)]


BROKEN = make_step("broken", "no such operation", field=1)


class TestWords:
    """
    The messages and remedies the contract fixes.
    """

    def test_a_kind_outside_the_envelope(self) -> None:
        """
        The message names the step, its kind and the allowed kinds; the text holds nothing else.
        """
        error = refusal(StepSpec("x", "net"))
        assert type(error) is EnvelopeViolation
        assert str(error) == "Step 'x' has disallowed kind 'net'. Allowed kinds: ['human', 'runtime']"
        assert (error.code, error.where) == ("disallowed_kind", "x")
        assert "human" in error.remedy

    def test_six_steps(self) -> None:
        """
        The message counts, and the remedy names the steps to move.
        """
        error = refusal(*runtime_steps(6))
        assert (type(error), error.where) == (AntiFailureViolation, "steps")
        assert str(error) == "Workflow has 6 steps, exceeds maximum of 5"
        assert (error.code, error.remedy) == ("limit_exceeded", "split it: run ['r5'] as a second mission")

    def test_three_human_steps(self) -> None:
        """
        The message counts, and the remedy names the human steps.
        """
        error = refusal(*human_steps(3))
        assert (type(error), error.where) == (AntiFailureViolation, "steps")
        assert str(error) == "Workflow has 3 human steps, exceeds maximum of 2"
        assert error.remedy == "keep two of ['h0', 'h1', 'h2'] for a person and automate the rest"

    def test_the_remedy_for_a_very_long_workflow_stays_readable(self) -> None:
        """
        Of a thousand steps only a few are named.
        """
        error = refusal(*runtime_steps(1000))
        assert str(error) == "Workflow has 1000 steps, exceeds maximum of 5"
        assert "'r5'" in error.remedy
        assert len(error.remedy) < 300


class TestOrder:
    """
    "Kind errors come before step counts, step counts before human counts, all before any step runs."
    """

    def test_kinds_before_steps(self) -> None:
        """
        Six steps, the last of a foreign kind: the kind is refused.
        """
        assert type(refusal(*runtime_steps(6), StepSpec("x", "net"))) is EnvelopeViolation

    def test_steps_before_human_steps(self) -> None:
        """
        Six human steps: the number of steps is refused.
        """
        assert str(refusal(*human_steps(6))) == "Workflow has 6 steps, exceeds maximum of 5"

    @pytest.mark.parametrize(
        ("steps", "kind"),
        [
            ([BROKEN, StepSpec("x", "net")], EnvelopeViolation),
            ([BROKEN, *runtime_steps(5)], AntiFailureViolation),
            ([BROKEN, *human_steps(3)], AntiFailureViolation),
            ([make_step("twin"), make_step("twin"), *human_steps(3)], AntiFailureViolation),
        ],
        ids=["a kind", "six steps", "three human steps", "twins and three human steps"],
    )
    def test_limits_before_everything_else(self, steps: list[StepSpec], kind: type[DefinitionError]) -> None:
        """
        A broken payload or a duplicate id does not hide a broken limit.
        """
        assert type(refusal(*steps)) is kind

    def test_everything_else_before_the_mode(self) -> None:
        """
        A fault in the workflow is named before a mode that forbids it.
        """
        with pytest.raises(DefinitionError) as caught:
            run({}, make_action(mode="mutate"), BROKEN, mode="observe")
        assert type(caught.value) is DefinitionError

    def test_the_mode_before_the_answers(self) -> None:
        """
        A mode that forbids the workflow is named before an answer that does not fit it.
        """
        with pytest.raises(ModeError):
            run({}, make_action(mode="mutate"), answers=[make_decision("nobody")])

    def test_nothing_runs_before_a_refusal(self) -> None:
        """
        Steps before the refused one do not fail the run: there is no run.
        """
        assert faults(make_step("first", "fail"), make_step("last", "nop"))

    def test_the_limits_themselves_are_allowed(self) -> None:
        """
        Five steps, two of them human, are accepted.
        """
        steps = [*runtime_steps(3), *human_steps(2)]
        assert run({}, *steps).status == "waiting_human"


class TestTheRest:
    """
    Empty workflow, duplicate ids, unknown operations and fields, wrong values: refused together, each with its path.
    """

    def test_an_empty_workflow(self) -> None:
        """
        A workflow without steps does nothing, and is refused.
        """
        with pytest.raises(DefinitionError) as caught:
            Orchestrator().run_workflow(WorkflowDefinition("w"), ExecutionContext())
        assert [str(fault) for fault in caught.value.faults] == ["a workflow without steps; give at least one @ steps"]

    def test_duplicate_ids(self) -> None:
        """
        Each id that stands more than once is named once.
        """
        steps = [make_step("b"), make_gate("a"), make_step("b"), make_step("a"), make_step("b")]
        assert faults(*steps) == ["step id 'a' stands twice @ steps", "step id 'b' stands twice @ steps"]

    @pytest.mark.parametrize("name", ["nop", "Noop", "", None, 1, True, ["noop"], {"noop": 1}, "human"])
    def test_an_unknown_operation(self, name: Any) -> None:
        """
        It is refused with the list of those known; null is not the default.
        """
        found = faults(StepSpec("s", "runtime", {"operation": name}))
        assert found == [f"unknown operation {name!r}; known are {sorted(OPERATIONS)} @ steps[0].payload"]

    @pytest.mark.parametrize("operation", sorted(OPERATIONS))
    def test_an_unknown_field(self, operation: str) -> None:
        """
        No operation accepts a field it does not know.
        """
        found = faults(make_step("s", operation, surprise=1))
        assert "unknown field 'surprise' @ steps[0].payload" in found

    def test_an_unknown_field_of_a_human_step(self) -> None:
        """
        Nor does a human step.
        """
        assert faults(make_gate(surprise=1)) == ["unknown field 'surprise' @ steps[0].payload"]

    def test_an_operation_for_a_person(self) -> None:
        """
        A human step may name `noop`, as tier-2 workflows do, and no other operation.
        """
        assert run({}, make_gate(operation="noop")).status == "waiting_human"
        assert [fault.partition(" @ ")[2] for fault in faults(make_gate(operation="set"))] == [
            "steps[0].payload.operation"
        ]

    def test_all_faults_together(self) -> None:
        """
        One refusal lists the faults of every step, and counts them.
        """
        steps = [
            make_step("a", "set", path="", value=1),
            make_step("a", "increment", path="x", by="1", more=1),
            make_gate("c", choices=[], on_reject="ignore", approvers=["", 3]),
            make_step("d", "what"),
        ]
        error = refusal(*steps)
        places = [fault.where for fault in error.faults]
        assert error.what == f"workflow 'wf-test': {len(places)} faults"
        assert places[0] == "steps"
        assert {place.partition(".")[0] for place in places[1:]} == {f"steps[{index}]" for index in range(4)}
        for place in (
            "steps[0].payload.path",
            "steps[1].payload",
            "steps[1].payload.path",
            "steps[1].payload.by",
            "steps[2].payload.choices",
            "steps[2].payload.on_reject",
            "steps[3].payload",
        ):
            assert place in places

    def test_one_fault_is_called_one(self) -> None:
        """
        The message reads as a sentence.
        """
        assert str(refusal(make_step("s", "set", path="/a", value=1, more=2))) == (
            "workflow 'wf-test': a fault\n  unknown field 'more' @ steps[0].payload"
        )

    def test_many_faults_are_counted_beyond_twenty(self) -> None:
        """
        A message stays readable; the error keeps them all.
        """
        measures: dict[str, Any] = {str(index): {} for index in range(30)}
        error = refusal(make_step("s", "summarize", from_="/a", path="/b", measures=measures))
        assert len(error.faults) > 20
        assert str(error).endswith(f"  … and {len(error.faults) - 20} more")
        assert len(str(error).splitlines()) == 22


class TestPreparing:
    """
    The outcome depends on the definition alone.
    """

    def test_equal_workflows_are_prepared_once(self) -> None:
        """
        The checked steps of an equal workflow are remembered.
        """
        assert prepare(make_workflow(make_step("s", "fail"))) is prepare(make_workflow(make_step("s", "fail")))

    def test_workflows_that_differ_in_true_and_one_are_not_confused(self) -> None:
        """
        A workflow that is refused is not taken for one that was accepted, though Python finds `True == 1`.
        """
        assert run({"n": 1}, make_step("s", "increment", path="/n", by=1)).success
        assert faults(make_step("s", "increment", path="/n", by=True)) == [
            "by is True: expected a number @ steps[0].payload.by"
        ]

    def test_a_runtime_step_without_an_operation_is_a_noop(self) -> None:
        """
        The default operation changes nothing, and says so in the entry.
        """
        result = run({"a": 1}, StepSpec("s", "runtime"))
        assert (result.success, result.final_state) == (True, {"a": 1})
        assert result.lineage["entries"][0]["operation"] == "noop"


class TestModes:
    """
    "A `mutate` step under `mode="observe"` is refused before step 1."
    """

    def test_observe_allows_no_mutating_step(self) -> None:
        """
        The refusal names the steps, whether they would be reached or not.
        """
        with pytest.raises(ModeError, match=r"steps \['b', 'c'\] mutate") as caught:
            run({}, make_step("a", "fail"), make_action("b", mode="mutate"), make_action("c", mode="mutate"))
        assert caught.value.code == "mode_forbids_mutation"

    def test_observe_allows_reading(self) -> None:
        """
        A step that reads waits for its effect under either mode.
        """
        for mode in Mode:
            assert run({}, make_action(), mode=mode).status == "waiting_effect"

    def test_apply_allows_both(self) -> None:
        """
        A mode may be given by name.
        """
        assert run({}, make_action(mode="mutate"), mode="apply").status == "waiting_effect"

    @pytest.mark.parametrize("mode", ["Apply", "", "dry_run", None, 1, ["apply"]])
    def test_an_unknown_mode_is_refused(self, mode: Any) -> None:
        """
        The refusal lists the modes there are.
        """
        with pytest.raises(ModeError, match=r"modes are \['observe', 'apply'\]"):
            run({}, make_step(), mode=mode)


@pytest.mark.parametrize(("beyond", "is_kept"), [(0, True), (1, False)], ids=["64 KiB", "a byte more"])
def test_only_workflows_of_at_most_64_kib_are_kept(beyond: int, *, is_kept: bool) -> None:
    """
    A larger one is read anew each time, and in the same way.
    """
    bare = make_workflow(make_step("s", "set", path="/a", value=""))
    text = "x" * (64 * 1024 + beyond - bare.payload_bytes)
    definition = make_workflow(make_step("s", "set", path="/a", value=text))
    first, second = prepare(definition), prepare(definition)
    for [step] in (first, second):
        assert (step.spec, step.operation.name) == (definition.steps[0], "set")
        assert step.payload_digest == sha256_of(step.spec.payload.thaw())
    assert (first is second) == is_kept
