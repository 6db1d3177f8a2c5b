"""Laws of preflight: it walks every path there is, no other, and says of rules what looking at all of them says."""

from typing import Any

import hypothesis.strategies as st
import pytest
from hypothesis import assume, given
from reference_preflight import all_paths, breaks

from runtime.encoding.frozen import JsonObject
from runtime.errors import DefinitionError, UnsafePathError
from runtime.orchestration import (
    Answer,
    Checkpoint,
    ExecutionContext,
    HumanDecision,
    Mode,
    StepSpec,
    WorkflowDefinition,
    execute,
)
from runtime.orchestration.deciding import record_policies
from runtime.orchestration.preflight import RULES_SCHEMA, list_paths, prove, read_rules, verify_proof
from runtime.orchestration.walk import Path
from runtime.policy.pack import PolicyPack
from runtime.values.answers import EffectOutcome, OutcomeStatus

IDS = ("a", "b", "c", "d", "e")
CATALOGUE = JsonObject({"files": {"actions": {"look": {"mode": "read"}, "copy": {"mode": "mutate"}}}})
OUTPUTS = (None, "/x", "/x/y")
WORDS = (
    *IDS,
    *("effect:mutate", "effect:read", "effect:files.copy", "human:approve", "human:reject", "human:later"),
    *("verdict:allow", "verdict:flag", "verdict:deny", "policy:p", "policy:q"),
)


def _pack(policy_id: str, effects: list[str]) -> PolicyPack:
    rules = [{"rule_id": name, "effect": name, "when": [f'say == "{name}"']} for name in effects]
    return PolicyPack.from_document(
        {"schema": "policy-pack/v1", "policy_id": policy_id, "version": "1.0.0", "rules": rules}
    )


@st.composite
def _payloads(draw: st.DrawFn) -> tuple[str, dict[str, Any]]:
    kind = draw(st.sampled_from(["noop", "fail", "set", "read", "mutate", "decide", "decide", "human", "human"]))
    place = draw(st.sampled_from(OUTPUTS))
    output: dict[str, Any] = {} if place is None else {"output": place}
    gate: dict[str, Any] = draw(st.sampled_from([{}, {}, {"when": "flagged"}]))
    if kind == "human":
        choices = draw(st.sampled_from([["approve", "reject"], ["approve"], ["approve", "later", "reject"]]))
        show: dict[str, Any] = draw(st.sampled_from([{}, {"show": {"n": "n"}}]))
        on_reject = draw(st.sampled_from(["deny", "continue"]))
        terms: dict[str, Any] = draw(st.sampled_from([{}, {"expires_after_ms": 1}, {"not_by": "/n"}, {"not_by": "/m"}]))
        terms |= draw(st.sampled_from([{}, {"quorum": 2}])) if "reject" in choices else {}
        fields = {"prompt": "Go on?", "choices": choices, "on_reject": on_reject}
        return "human", {**fields, **terms, **show, **output, **gate}
    if kind in ("read", "mutate"):
        action = {"read": "look", "mutate": "copy"}[kind]
        return "runtime", {
            "operation": "action",
            "connector": "files",
            "action": action,
            "mode": kind,
            **output,
            **gate,
        }
    if kind == "decide":
        path = draw(st.sampled_from(["/v", "/v/w"]))
        policy = draw(st.sampled_from(["p", "q"]))
        return "runtime", {"operation": "decide", "policy": policy, "input": "", "path": path, **gate}
    members: dict[str, dict[str, Any]] = {"noop": {}, "fail": {"reason": "no"}, "set": {"path": "/s/t", "value": 1}}
    return "runtime", {"operation": kind, **members[kind], **gate}


@st.composite
def workflows(draw: st.DrawFn) -> tuple[WorkflowDefinition, dict[str, PolicyPack]]:
    """
    Draw a workflow that the engine takes, and its packs.
    """
    drawn = draw(st.lists(_payloads(), min_size=1, max_size=5))
    steps = [StepSpec(name, kind, payload) for name, (kind, payload) in zip(IDS, drawn, strict=False)]
    definition = WorkflowDefinition("wf-drawn", steps)
    asked = {payload["policy"] for _, payload in drawn if payload.get("operation") == "decide"}
    effects = st.lists(st.sampled_from(["allow", "flag", "deny"]), min_size=1, unique=True)
    packs = {name: _pack(name, draw(effects)) for name in sorted(asked)}
    try:
        list_paths(definition, policies=record_policies(packs.values()), catalogue=CATALOGUE)
    except DefinitionError:
        assume(condition=False)
    return definition, packs


_words = st.lists(st.sampled_from(WORDS), min_size=1, max_size=2, unique=True)
_rules = st.one_of(
    st.fixed_dictionaries({"kind": st.just("requires"), "before": _words, "after": _words}),
    st.fixed_dictionaries({"kind": st.just("never"), "what": _words, "after": st.one_of(st.just([]), _words)}),
    st.fixed_dictionaries({"kind": st.just("at_most"), "count": st.integers(0, 2), "what": _words}),
    st.fixed_dictionaries({"kind": st.just("always_followed_by"), "what": _words, "by": _words}),
)


def _plain(path: Path) -> tuple[tuple[str, str, str], ...]:
    return tuple(
        (
            event.step_id,
            event.outcome,
            f"human:{event.choice}" if event.choice else f"verdict:{event.verdict}" if event.verdict else "",
        )
        for event in path.events
    )


def _effects(packs: dict[str, PolicyPack]) -> dict[str, set[str]]:
    return {name: {rule.effect.decision.value for rule in pack.rules} for name, pack in packs.items()}


class TestAgreesWithTheReference:
    """
    Looking at all combinations, made another way, gives the same paths and the same verdict.
    """

    @given(workflows(), st.lists(_rules, max_size=3))
    def test_paths_and_verdict(
        self, drawn: tuple[WorkflowDefinition, dict[str, PolicyPack]], documents: list[dict[str, Any]]
    ) -> None:
        """
        Each path once; a certificate exactly when no path breaks a rule, else the shortest path that does.
        """
        definition, packs = drawn
        policies = record_policies(packs.values())
        paths = list_paths(definition, policies=policies, catalogue=CATALOGUE)
        expected = all_paths(definition.to_dict(), _effects(packs))
        assert len(paths) == len(set(map(_plain, paths)))
        assert set(map(_plain, paths)) == expected
        able = {event.step_id: list(event.capabilities) for path in paths for event in path.events}
        broken = [path for path in expected if any(breaks(rule, path, able) for rule in documents)]
        rules = read_rules({"schema": RULES_SCHEMA, "rules": documents})
        if broken:
            with pytest.raises(UnsafePathError) as refused:
                prove(definition, policies=policies, rules=rules, catalogue=CATALOGUE)
            counter_example: Any = refused.value.counter_example
            found = [(event["step_id"], event["outcome"]) for event in counter_example["path"]]
            assert any([event[:2] for event in path[: len(found)]] == found for path in broken)
            assert len(found) == min(_length(rule, path, able) for rule in documents for path in broken)
        else:
            certificate = prove(definition, policies=policies, rules=rules, catalogue=CATALOGUE)
            assert certificate["path_count"] == len(expected)
            verify_proof(definition, policies, certificate)


def _length(rule: dict[str, Any], path: tuple[Any, ...], able: dict[str, list[str]]) -> int:
    lengths = range(1, len(path) + 1)
    if rule["kind"] == "always_followed_by":
        lengths = range(len(path), len(path) + 1)
    return next((length for length in lengths if breaks(rule, path[:length], able)), 99)


_decisions = st.sampled_from(["approve", "later", "reject", "expired"])


class TestHoldsEveryRun:
    """
    Whatever a run does is one of the paths, or the beginning of one.
    """

    @given(
        workflows(),
        st.lists(_decisions, min_size=5, max_size=5),
        st.lists(st.sampled_from(["succeeded", "failed", "unknown", ""]), min_size=5, max_size=5),
        st.sampled_from(
            [{}, {"x": {}, "s": {}, "v": {}, "n": 1, "m": "eve"}, {"x": 1, "n": "eve"}, {"s": {}, "v": {}}]
        ),
        st.sampled_from(["allow", "flag", "deny", "none"]),
    )
    def test_what_a_run_does(
        self,
        drawn: tuple[WorkflowDefinition, dict[str, PolicyPack]],
        choices: list[str],
        outcomes: list[str],
        state: dict[str, Any],
        say: str,
    ) -> None:
        """
        The events of a run, told from its lineage and answers, begin a path.
        """
        definition, packs = drawn
        policies = record_policies(packs.values())
        paths = {_plain(path) for path in list_paths(definition, policies=policies, catalogue=CATALOGUE)}
        context = ExecutionContext({**state, "say": say})
        result = _run(definition, context, packs, choices, outcomes)
        happened: list[tuple[str, str, str]] = []
        verdicts = {step_id: f"verdict:{verdict.decision}" for step_id, verdict in result.verdicts}
        answers = {answer.request_digest: answer for answer in result.inputs.answers}
        entries: Any = result.lineage["entries"]
        for entry in entries:
            answer = answers.get(entry["request_digest"])
            given = verdicts.get(entry["step_id"], "")
            outcome = entry["status"]
            if answer is not None and answer.decisions:
                said = {decision.choice for decision in answer.decisions}
                given = f"human:{said.pop() if len(said) == 1 else 'reject'}"
            if given == "human:expired":
                outcome, given = "expired", ""
            is_done = given != "" or (answer is not None and answer.outcome is not None and not answer.outcome.code)
            happened.append((entry["step_id"], "unplaced" if outcome == "failed" and is_done else outcome, given))
        if result.pending is not None and result.pending.reason == "unknown":
            happened.append((result.pending.request.step_id, "unknown", ""))
        assert any(path[: len(happened)] == tuple(happened) for path in paths)
        if result.pending is None:
            assert tuple(happened) in paths


def _run(
    definition: WorkflowDefinition,
    context: ExecutionContext,
    packs: dict[str, PolicyPack],
    choices: list[str],
    outcomes: list[str],
) -> Any:
    answers: list[Answer] = []
    while True:
        result = execute(
            Checkpoint(
                definition=definition,
                context=context,
                policies=record_policies(packs.values()),
                mode=Mode.APPLY,
                answers=answers,
            )
        )
        pending = result.pending
        if pending is None or pending.reason == "unknown":
            return result
        index = IDS.index(pending.request.step_id)
        if result.status == "waiting_human":
            payload = dict(definition.steps[index].payload)
            answers = [
                *result.inputs.answers,
                Answer(request_digest=pending.digest, decisions=_decide(payload, choices[index:] + choices[:index])),
            ]
        elif outcomes[index]:
            status = OutcomeStatus(outcomes[index])
            outcome = EffectOutcome(status=status, code=None if status == "succeeded" else "no")
            answers = [*result.inputs.answers, Answer(request_digest=pending.digest, outcome=outcome)]
        else:
            return result


def _decide(payload: dict[str, Any], wanted: list[str]) -> list[HumanDecision]:
    """
    Decide as wanted, where the step offers that, one person after the other until the vote is over.
    """
    if wanted[0] == "expired" and "expires_after_ms" in payload:
        return [HumanDecision(actor=None, choice="expired")]
    decisions: list[HumanDecision] = []
    for actor, choice in zip(("ada", "bob")[: payload.get("quorum", 1)], wanted, strict=False):
        offered = payload["choices"]
        decisions.append(HumanDecision(actor=actor, choice=choice if choice in offered else offered[0]))
        if choice == "reject":
            break
    return decisions
