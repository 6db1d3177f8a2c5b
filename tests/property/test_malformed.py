"""Malformed input of every kind gives a refusal that helps, never another exception, and is never changed."""

from collections.abc import Callable
from random import Random
from typing import Any

import pytest
from foreign import draw_foreign
from makers import make_action, make_decision, make_gate, make_inputs, make_step, make_workflow
from mutations import Judge, fingerprint, mutate

from runtime.encoding.canonical import canonical
from runtime.evidence import RecordedRun, replay
from runtime.orchestration import (
    Answer,
    Checkpoint,
    EffectOutcome,
    ExecutionContext,
    HumanDecision,
    Orchestrator,
    OutcomeStatus,
    StepSpec,
    WorkflowDefinition,
    execute,
)
from runtime.orchestration.builder import MissionSpec, build_workflow
from runtime.orchestration.registry import MISSION_REGISTRY, find_mission, resume_mission, run_mission

CASES = 1000
SCHEMA = {
    "type": "object",
    "properties": {"n": {"type": "integer", "minimum": 0}, "list": {"items": {"$ref": "#/$defs/name"}}},
    "required": ["n"],
    "$defs": {"name": {"enum": ["a", "b"]}},
}
STATE: dict[str, Any] = {"n": 1, "list": [{"g": "x", "n": 1}, {"g": "y", "n": 2.5}], "a": {"b": [1, None, True]}}
MEASURES = {"count": {"kind": "count"}, "sum": {"kind": "sum", "of": "/n"}, "all": {"kind": "list", "of": ""}}
WORKFLOWS = [
    make_workflow(
        make_step("s", "set", path="/b", value={"c": [1, {"d": None}]}, description="Write"),
        make_step("t", "summarize", from_="/list", path="/sums", group_by="/g", measures=MEASURES, missing="empty"),
        make_step("u", "merge", path="", value={"n": None}),
        make_step("v", "append", path="/a/b", from_="/list/0"),
        make_step("w", "remove", path="/a/b/0"),
    ),
    make_workflow(
        make_gate("gate", input_schema=SCHEMA, output="/decision", approvers=["ada"], on_reject="continue"),
        make_action("act", output="/copied", params={"from": "a", "to": ["b"]}, mode="mutate"),
        make_step("s", "increment", path="/n", by=0.5, pause_safe=True),
        make_gate("again", choices=["yes", "no"], when="flagged"),
        make_step("t", "fail", reason="because"),
    ),
]
DEFINITIONS = [workflow.to_dict() for workflow in WORKFLOWS]
CONTEXT = {"initial_state": STATE, "metadata": {"ticket": "T-1", "tags": ["a", {"b": 1}]}}
PARAMS = MISSION_REGISTRY["change_request"].example.params.thaw()
GIVEN = {"n": 1, "list": ["a", "b"]}
ANSWERS = [
    make_decision(input=GIVEN).to_dict(),
    {"step_id": "gate", "decision": {"actor": "ada", "choice": "reject", "input": {"n": 0}}},
    {"step_id": "act", "outcome": {"status": "succeeded", "output": {"a": [1]}}},
    {"request_digest": "sha256:" + "0" * 64, "outcome": {"status": "failed", "code": "gone"}},
]


def _run(workflow: Any, context: Any, **keywords: Any) -> Any:
    return Orchestrator().run_workflow(workflow, context, **{"mode": "apply", **keywords}).to_dict()


def _definitions(judge: Judge, label: str, document: Any) -> None:
    workflows = [judge(label, WorkflowDefinition.from_dict, document)]
    if type(document) is dict and type(document.get("steps")) is list:
        steps = [
            judge(label, StepSpec, step.get("id"), step.get("kind"), step.get("payload", {}))
            if type(step) is dict
            else step
            for step in document["steps"]
        ]
        workflows.append(judge(label, WorkflowDefinition, document.get("id"), steps, document.get("metadata", {})))
    for workflow in workflows:
        if workflow is not None:
            given = [make_decision(input=GIVEN)] if any(step.id == "gate" for step in workflow.steps) else []
            judge(label, _run, workflow, ExecutionContext(STATE), answers=given)


def _contexts(judge: Judge, label: str, document: Any) -> None:
    contexts = [judge(label, ExecutionContext.from_dict, document), judge(label, ExecutionContext, document)]
    if type(document) is dict:
        contexts.append(judge(label, ExecutionContext, document.get("initial_state"), document.get("metadata")))
    for context in contexts:
        if context is not None:
            judge(label, _run, WORKFLOWS[0], context)
            judge(label, _run, WORKFLOWS[1], context)


def _params(judge: Judge, label: str, document: Any) -> None:
    for name in ("change_request", "echo"):
        result = judge(label, run_mission, name, ExecutionContext(STATE), document)
        if result is not None:
            judge(label, result.to_dict)
        spec = judge(label, MissionSpec, name, document)
        if spec is not None:
            judge(label, build_workflow, spec)


def _answers(judge: Judge, label: str, document: Any) -> None:
    answers = [judge(label, Answer.from_dict, document)]
    if type(document) is dict:
        answers.append(judge(label, _build_answer, document))
    for answer in [document, *(answer for answer in answers if answer is not None)]:
        for given in ([answer], answer, (answer, answer)):
            judge(label, _run, WORKFLOWS[1], ExecutionContext(STATE), answers=given)


def _build_answer(document: dict[Any, Any]) -> Answer:
    kinds: list[tuple[str, Callable[..., Any], tuple[str, ...]]] = [
        ("decision", HumanDecision, ("actor", "choice", "reason", "input")),
        ("outcome", EffectOutcome, ("status", "output", "code", "attempts")),
    ]
    fields = {name: document[name] for name in ("schema", "request_digest", "step_id") if name in document}
    for name, kind, names in kinds:
        part = document.get(name)
        if type(part) is dict:
            given = {key: part[key] for key in names if key in part}
            given |= {"status": OutcomeStatus.SUCCEEDED} if given.get("status") == "succeeded" else {}
            part = kind(**given) if {names[0]} <= given.keys() and (name != "decision" or "choice" in given) else part
        fields[name] = part
    return Answer(**fields)


def _checkpoints(judge: Judge, label: str, document: Any) -> None:
    checkpoint = judge(label, Checkpoint.from_dict, document)
    if checkpoint is not None:
        judge(label, resume_mission, checkpoint, [make_decision("approve"), make_decision("gate")])
        judge(label, checkpoint.to_dict)


_EXAMPLE = MISSION_REGISTRY["change_request"].example
_MISSION_CHECKPOINT = run_mission("change_request", _EXAMPLE.context, _EXAMPLE.params).inputs
KINDS: dict[str, tuple[list[Any], Callable[[Judge, str, Any], None]]] = {
    "answers": (ANSWERS, _answers),
    "checkpoints": (
        [_MISSION_CHECKPOINT.to_dict(), make_inputs(*WORKFLOWS[1].steps, state=STATE).to_dict()],
        _checkpoints,
    ),
    "contexts": ([CONTEXT], _contexts),
    "definitions": (DEFINITIONS, _definitions),
    "params": ([PARAMS], _params),
}


@pytest.mark.slow
@pytest.mark.parametrize("kind", KINDS)
def test_a_malformed_document_is_refused_and_left_as_it_was(kind: str) -> None:
    """
    A thousand malformed documents of each kind give refusals or, where the change was harmless, results.
    """
    documents, attempt = KINDS[kind]
    judge, changed = Judge(), []
    for seed in range(CASES):
        rng = Random(f"{kind} {seed}")
        document = mutate(rng, rng.choice(documents))
        before = fingerprint(document)
        attempt(judge, f"seed {seed}", document)
        if fingerprint(document) != before:
            changed.append(seed)
    assert not judge.wrong, judge.report()
    assert not changed
    assert judge.refused > CASES / 2


def _arguments(rng: Random) -> tuple[list[Any], dict[str, Any]]:
    """
    Draw the arguments of `run_mission`, most of them as they should be.
    """
    valid: dict[str, Any] = {
        "name": "change_request",
        "ctx": ExecutionContext(STATE),
        "params": PARAMS,
        "answers": [make_decision("approve")],
        "effects": {},
        "ledger": None,
        "mode": "observe",
        "registry": MISSION_REGISTRY,
    }
    for name in rng.sample(list(valid), rng.choice([1, 1, 2, 3])):
        valid[name] = rng.choice(
            [draw_foreign(rng), {"echo": draw_foreign(rng)}, {"change_request": draw_foreign(rng)}]
        )
    return [valid.pop("name"), valid.pop("ctx"), valid.pop("params")], valid


@pytest.mark.slow
def test_an_argument_of_any_type_is_refused_and_left_as_it_was() -> None:
    """
    Whatever stands where a name, context, params, answers, mode, effects or registry should: no other exception.
    """
    judge, changed = Judge(), []
    for seed in range(CASES):
        rng = Random(f"arguments {seed}")
        positional, keywords = _arguments(rng)
        one = draw_foreign(rng)
        before = fingerprint([positional, keywords, one])
        label = f"seed {seed}"
        judge(label, run_mission, *positional, **keywords)
        judge(label, resume_mission, _MISSION_CHECKPOINT, one)
        judge(label, resume_mission, _MISSION_CHECKPOINT, [], registry=one)
        judge(label, _run, one, ExecutionContext())
        judge(label, _run, WORKFLOWS[0], one)
        judge(label, _run, WORKFLOWS[0], ExecutionContext(), answers=one)
        judge(label, _run, WORKFLOWS[0], ExecutionContext(), mode=one)
        judge(label, StepSpec, one, one, one)
        judge(label, WorkflowDefinition, "w", one)
        judge(label, WorkflowDefinition, "w", [one])
        if fingerprint([positional, keywords, one])[1:] != before[1:]:
            changed.append(seed)
    assert not judge.wrong, judge.report()
    assert not changed


@pytest.mark.parametrize(
    "entry",
    [
        Checkpoint.from_bytes,
        RecordedRun.from_bytes,
        RecordedRun.of,
        build_workflow,
        execute,
        find_mission,
        replay,
        lambda one: resume_mission(one, []),
    ],
    ids=["Checkpoint", "RecordedRun", "RecordedRun.of", "build_workflow", "execute", "find", "replay", "resume"],
)
def test_something_else_than_the_one_argument_is_refused(entry: Callable[[Any], Any]) -> None:
    """
    An entry point that takes one value of the package's own, or bytes, refuses everything else.
    """
    judge = Judge()
    for seed in range(300):
        one = draw_foreign(Random(f"one {seed}"))
        judge(f"seed {seed}", entry, one)
    assert not judge.wrong, judge.report()


def _replay(raw: bytes) -> Any:
    return replay(RecordedRun.from_bytes(raw))


@pytest.mark.slow
def test_a_changed_record_is_never_taken_for_the_original() -> None:
    """
    A recorded run in which any member was changed, dropped, added or renamed is refused, or is the same bytes.
    """
    given = [make_decision(input=GIVEN), Answer.from_dict(ANSWERS[2])]
    result = Orchestrator().run_workflow(WORKFLOWS[1], ExecutionContext(STATE), answers=given, mode="apply")
    original = RecordedRun.of(result).raw
    document = RecordedRun.of(result)
    plain = {"schema": document.schema, "checkpoint": document.checkpoint.to_dict(), "receipt": result.receipt}
    plain["lineage"] = result.lineage["entries"]
    assert canonical(plain) == original
    judge, clean, tried = Judge(), [], 0
    for seed in range(CASES):
        raw = canonical(mutate(Random(f"record {seed}"), plain, plain=True))
        tried += raw != original
        replayed = judge(f"seed {seed}", _replay, raw)
        if replayed is not None and raw != original:
            clean.append(seed)
    assert not judge.wrong, judge.report()
    assert not clean
    assert tried > CASES / 2
