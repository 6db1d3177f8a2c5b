"""What a step's capabilities promise, as laws over every operation, and over every registered mission.

Whether a member is named is worked out here from the texts alone.
"""

from collections.abc import Mapping
from typing import Any

import attrs
import pytest
import strategies
from hypothesis import assume, event, given
from hypothesis import strategies as st
from makers import make_gate, make_workflow

from runtime.orchestration import (
    Answer,
    EffectOutcome,
    ExecutionContext,
    HumanDecision,
    Mode,
    OrchestrationResult,
    Orchestrator,
    OutcomeStatus,
    StepSpec,
    execute,
)
from runtime.orchestration.capabilities import list_capabilities
from runtime.orchestration.operations import OPERATIONS
from runtime.orchestration.prepare import prepare
from runtime.orchestration.registry import MISSION_REGISTRY, run_mission
from runtime.policy.pack import PolicyPack

ABSENT = object()

Case = tuple[StepSpec, dict[str, Any], list[Answer], tuple[PolicyPack, ...]]
"""A step, a state, the answers it needs and its packs."""


def pointers(capabilities: tuple[str, ...], *kinds: str) -> list[tuple[str, ...]]:
    """
    Give the places of these kinds as tokens; the whole state has none.
    """
    texts = [text.partition(":")[2] for text in capabilities if text.partition(":")[0] in kinds]
    return [
        () if text == "/" else tuple(token.replace("~1", "/").replace("~0", "~") for token in text.split("/")[1:])
        for text in texts
    ]


def is_named(key: str, places: list[tuple[str, ...]]) -> bool:
    """
    Tell whether a member of the state is named; the whole state names every one.
    """
    return any(not place or place[0] == key for place in places)


def differing(before: Any, after: Any, above: tuple[str, ...] = ()) -> list[tuple[str, ...]]:
    """
    List the places where two values differ, each as deep as it goes.
    """
    if type(before) is type(after) and isinstance(before, dict):
        keys = sorted(before.keys() | after.keys())
        return [
            place for key in keys for place in differing(before.get(key, ABSENT), after.get(key, ABSENT), (*above, key))
        ]
    if type(before) is type(after) and isinstance(before, list) and len(before) == len(after):
        pairs = enumerate(zip(before, after, strict=True))
        return [place for index, (one, other) in pairs for place in differing(one, other, (*above, str(index)))]
    is_equal = type(before) is type(after) and before == after
    return [] if is_equal else [above]


def is_below(place: tuple[str, ...], written: tuple[str, ...], operation: str) -> bool:
    """
    Tell whether a change at a place is one of a step that writes there; a list shifts when an element goes.
    """
    home = written[:-1] if operation == "remove" and len(written) > 1 else written
    # A list that was appended to, or an object that got a member, differs as a whole where nothing stood before.
    return place[: len(home)] == home


def run_step(
    step: StepSpec, state: Mapping[str, Any], answers: list[Answer], policies: tuple[PolicyPack, ...]
) -> OrchestrationResult:
    """
    Run a step alone; a gate behind it catches the flag of a verdict.
    """
    caught = [make_gate("behind", when="flagged")] if policies else []
    return Orchestrator().run_workflow(
        make_workflow(step, *caught), ExecutionContext(state), answers=answers, policies=policies, mode="apply"
    )


def outcome(result: OrchestrationResult, named: list[tuple[str, ...]]) -> Any:
    """
    Give everything a step did: how it ended, what it asked, and the members that are named, as they are after it.
    """
    entries = result.lineage["entries"]
    after = result.states[1 if entries else 0].thaw()
    waits_here = result.pending is not None and result.pending.request.step_id != "behind"
    asked = result.pending.request.to_dict()["ask"] if result.pending is not None and waits_here else None
    return (
        entries[0]["status"] if entries else "waiting",
        result.error_code,
        result.error_message,
        asked,
        {key: value for key, value in after.items() if is_named(key, named)},
    )


def hold_law(step: StepSpec, state: dict[str, Any], answers: list[Answer], policies: tuple[PolicyPack, ...]) -> str:
    """
    Hold a step to its capabilities on a state; give how it ended.
    """
    [prepared, *_] = prepare(make_workflow(step))
    capabilities = list_capabilities(prepared, {pack.policy_id: pack for pack in policies}, {})
    written = pointers(capabilities, "writes")
    named = pointers(capabilities, "reads", "writes")
    result = run_step(step, state, answers, policies)
    before = result.states[0].thaw()
    after = result.states[min(1, len(result.states) - 1)].thaw()
    for place in differing(before, after):
        assert any(is_below(place, one, prepared.operation.name) for one in written), (place, capabilities)
    expected = outcome(result, named)
    unnamed = [key for key in state if not is_named(key, named)]
    others: list[dict[str, Any]] = [
        {key: value for key, value in state.items() if key not in unnamed},
        {**state, **dict.fromkeys(unnamed, "another")},
    ]
    if not is_named("fresh", named):
        others.append({**state, "fresh": [1, {"a": 2}]})
    for other in others:
        assert outcome(run_step(step, other, answers, policies), named) == expected, (other, capabilities)
    return str(expected[0])


_conditions = st.sampled_from(
    ["n > 0", "has(a)", "a == b", "list.exists(x, x == n)", "size(list) > 1", "true", "z.n > 1"]
)
_rules = st.lists(
    st.tuples(
        st.sampled_from(["allow", "deny", "flag"]),
        st.lists(_conditions, min_size=1, max_size=2),
        st.lists(_conditions, max_size=1),
        st.sampled_from([{}, {"a": 1}, {"a.b": None}, {"n": 0}]),
    ),
    min_size=1,
    max_size=3,
    # Rules on the same conditions that say different things are refused.
    unique_by=lambda rule: (frozenset(rule[1]), frozenset(rule[2]), repr(rule[3])),
)


@st.composite
def packs(draw: st.DrawFn) -> PolicyPack:
    """
    Draw a pack over few names.
    """
    rules: list[dict[str, Any]] = [
        {"rule_id": f"r{index}", "effect": effect, "when": when, "unless": unless, "conditions": conditions}
        for index, (effect, when, unless, conditions) in enumerate(draw(_rules))
    ]
    if draw(st.booleans()):
        rules.append({"rule_id": "always", "effect": "allow", "when": ["1 == 1"]})
    document = {"schema": "policy-pack/v1", "policy_id": "p", "version": "1.0.0", "rules": rules}
    return PolicyPack.from_document(document)


@st.composite
def cases(draw: st.DrawFn) -> Case:
    """
    Draw a step of any operation, a state, the answers it may need, and its packs.
    """
    state = draw(strategies.run_states)
    kind = draw(st.sampled_from(["runtime"] * 6 + ["human", "action", "decide"]))
    output = draw(st.sampled_from([{}, {"output": draw(strategies.pointers_near(state, least=1))}]))
    if kind == "runtime":
        return StepSpec("s", "runtime", draw(strategies.operation_payloads(state))), state, [], ()
    if kind == "human":
        show = draw(st.dictionaries(st.sampled_from("pq"), strategies.state_expressions, max_size=2))
        decided = HumanDecision(actor="ada", choice=draw(st.sampled_from(["approve", "reject"])))
        answers = [Answer(step_id="s", decision=decided)] if draw(st.booleans()) else []
        named = draw(st.sampled_from([{}, {"not_by": draw(strategies.pointers_near(state))}]))
        return StepSpec("s", "human", {"show": show, **named, **output}), state, answers, ()
    if kind == "action":
        done = EffectOutcome(status=OutcomeStatus.SUCCEEDED, output=draw(strategies.small_values))
        failed = EffectOutcome(status=OutcomeStatus.FAILED, code="gone")
        outcomes = draw(st.sampled_from([[], [done], [failed]]))
        payload = {"operation": "action", "connector": "c", "action": "a", "mode": "mutate", **output}
        return StepSpec("s", "runtime", payload), state, [Answer(step_id="s", outcome=one) for one in outcomes], ()
    pack = draw(packs())
    pointer = draw(st.sampled_from(["", "/a", draw(strategies.pointers_near(state))]))
    payload = {"operation": "decide", "policy": "p", "input": pointer, "path": "/verdict"}
    return StepSpec("s", "runtime", payload), state, [], (pack,)


class TestAStepCanDoNoMoreThanItsCapabilitiesSay:
    """
    "Running a step changes no member that no `writes:` names, and no member that none names has a part in what it does."
    """

    @given(cases())
    def test_on_any_state(self, case: Case) -> None:
        """
        Over every operation, whether the step completes, fails, is denied or waits.
        """
        step, state, answers, policies = case
        # An answer that is never used is refused; a gate whose `show` or `not_by` fails uses none.
        if answers and run_step(step, state, [], policies).pending is None:
            answers = []
        ended = hold_law(step, state, answers, policies)
        event(f"{step.payload.thaw().get('operation', step.kind)} {ended}")

    @given(strategies.rule_cases())
    def test_on_states_that_fit(self, case: tuple[dict[str, Any], dict[str, Any]]) -> None:
        """
        As well where the rule of the step mostly has a value.
        """
        state, payload = case
        ended = hold_law(StepSpec("s", "runtime", payload), state, [], ())
        event(f"{payload['operation']} {ended}")

    @pytest.mark.parametrize("name", sorted(MISSION_REGISTRY))
    def test_in_every_registered_mission(self, name: str) -> None:
        """
        Step by step along the example of each mission, on the states it really met.
        """
        mission = MISSION_REGISTRY[name]
        example = mission.example
        result = run_mission(name, example.context, example.params, answers=example.answers, mode=example.mode)
        packs_of = {pack.policy_id: pack for pack in mission.policies}
        assert result.success
        for index, step in enumerate(result.inputs.definition.steps):
            payload = {**step.payload.thaw(), "when": "always"}
            answers = [answer for answer in example.answers if answer.step_id == step.id]
            policies = (packs_of[payload["policy"]],) if "policy" in payload else ()
            alone = StepSpec(step.id, step.kind, payload)
            assert hold_law(alone, result.states[index].thaw(), answers, policies) == "completed"


def test_a_run_changes_only_what_its_steps_write() -> None:
    """
    What holds for each step holds for a run: outside the union of what its steps write nothing changes.
    """
    for name in sorted(MISSION_REGISTRY):
        example = MISSION_REGISTRY[name].example
        result = run_mission(name, example.context, example.params, answers=example.answers, mode=example.mode)
        packs_of = {pack.policy_id: pack for pack in MISSION_REGISTRY[name].policies}
        written = [
            place
            for step in prepare(result.inputs.definition)
            for place in pointers(list_capabilities(step, packs_of, {}), "writes")
        ]
        changed = differing(result.states[0].thaw(), result.states[-1].thaw())
        assert all(is_named(place[0], written) for place in changed)


@given(strategies.run_inputs())
def test_random_runs_change_only_what_their_steps_write(inputs: Any) -> None:
    """
    Along whole workflows, each step on the state the ones before it left.
    """
    result = execute(attrs.evolve(inputs, mode=Mode.APPLY))
    assume(result.lineage["entries"])
    for index, step in enumerate(prepare(inputs.definition)[: len(result.states) - 1]):
        written = pointers(list_capabilities(step, {}, {}), "writes")
        for place in differing(result.states[index].thaw(), result.states[index + 1].thaw()):
            assert any(is_below(place, one, step.operation.name) for one in written)


def test_the_law_is_tried_on_every_operation() -> None:
    """
    An operation that is added to the table has to be drawn here as well.
    """
    drawn = {"set", "append", "remove", "increment", "merge", "summarize", "compute", "check", "select", "prioritize"}
    assert drawn | {"noop", "fail", "action", "decide"} == set(OPERATIONS)
