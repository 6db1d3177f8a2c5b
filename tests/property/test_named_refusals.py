"""Every named bad input: its error class, its code, and a text that says what, where and how to mend it."""

import math
from collections.abc import Callable
from enum import IntEnum, StrEnum
from typing import Any

import attrs
import pytest
from makers import (
    make_action,
    make_decision,
    make_effect_answer,
    make_gate,
    make_mission,
    make_step,
    make_workflow,
    nested,
    run,
)

from runtime.encoding.canonical import canonical
from runtime.encoding.jsontext import parse_json
from runtime.errors import (
    AntiFailurePlanningError,
    AntiFailureViolation,
    CheckpointMismatchError,
    DefinitionError,
    EncodingError,
    EngineBug,
    EnvelopeViolation,
    IntegrityError,
    InvalidAnswerError,
    LedgerRequiredError,
    MissionEngineError,
    ModeError,
    ParamsError,
    StaleAnswerError,
    TransitionError,
    UnknownConnectorError,
    UnknownMissionError,
    UnusedAnswerError,
)
from runtime.evidence import RecordedRun
from runtime.orchestration import Answer, Checkpoint, ExecutionContext, StepSpec, WorkflowDefinition
from runtime.orchestration.registry import MISSION_REGISTRY, resume_mission, run_mission
from runtime.testing import ScriptedConnector


class Level(IntEnum):
    """
    An enum that passes for an int.
    """

    LOW = 1


class Word(StrEnum):
    """
    An enum that passes for a str.
    """

    ON = "on"


class Text(str):
    """
    A subclass of str.
    """

    __slots__ = ()


CONTEXT = ExecutionContext({"config": {"a": 1}})
PARAMS = {"title": "t", "requested_by": "grace", "patch": {"b": 2}}


def _echo(state: Any) -> Any:
    return run_mission("echo", ExecutionContext(state))


def _change(**changes: Any) -> Any:
    return run_mission("change_request", CONTEXT, {**PARAMS, **changes})


def _waiting() -> Checkpoint:
    checkpoint = _change().checkpoint
    assert isinstance(checkpoint, Checkpoint)
    return checkpoint


def _resume(*answers: Answer, **changes: Any) -> Any:
    return resume_mission(attrs.evolve(_waiting(), **changes), answers)


def _read_checkpoint(**changes: Any) -> Any:
    return Checkpoint.from_bytes(canonical({**_waiting().to_dict(), **changes}))


def _cycle() -> dict[str, Any]:
    members: dict[str, Any] = {"in": {}}
    members["in"]["out"] = members
    return members


def _wide_cycle() -> dict[str, Any]:
    items: list[Any] = []
    items += [items, items]
    return {"a": items}


def _stale() -> Answer:
    return make_decision(request_digest=_other_request())


def _other_request() -> str:
    pending = run_mission("change_request", ExecutionContext({"config": {"a": 2}}), PARAMS).pending
    assert pending is not None
    return pending.digest


def _second() -> Any:
    pending = _change().pending
    assert pending is not None
    return _resume(*(make_decision(request_digest=pending.digest, actor=actor) for actor in ("ada", "grace")))


def _apply(**keywords: Any) -> Any:
    mission = make_mission(make_action(mode="mutate"))
    return run_mission("made", CONTEXT, registry={"made": mission}, mode="apply", **keywords)


_FILES = ScriptedConnector({"copy": []}, mutating=["copy"])
_REJECTED = {"actor": "ada", "choice": "reject"}

TABLE: dict[str, tuple[Callable[[], Any], type[MissionEngineError], str, str, str, str]] = {
    "unknown mission": (
        lambda: run_mission("nope", CONTEXT),
        *(UnknownMissionError, "unknown_mission"),
        *("Unknown mission: 'nope'. Available missions: ['backup_check', 'change_request'", "", "mission list"),
    ),
    "mission name that is no text": (
        lambda: run_mission(["echo"], CONTEXT),  # type: ignore[arg-type]
        *(UnknownMissionError, "unknown_mission", "Unknown mission: ['echo']", "", "mission list"),
    ),
    "context that is a dict": (
        lambda: run_mission("echo", {"a": 1}),  # type: ignore[arg-type]
        *(DefinitionError, "invalid_definition", "{'a': 1}", "context", "expected ExecutionContext"),
    ),
    "params that are no object": (
        lambda: run_mission("change_request", CONTEXT, [1]),
        *(ParamsError, "invalid_params", "params of mission 'change_request': list [1]", "", "a plain dict"),
    ),
    "params with an unknown field": (
        lambda: _change(colour="red"),
        *(ParamsError, "invalid_params", "unknown field 'colour'", "", ""),
    ),
    "params without a required field": (
        lambda: run_mission("change_request", CONTEXT, {"title": "t", "patch": {}}),
        *(ParamsError, "invalid_params", "required field 'requested_by' is missing", "", ""),
    ),
    "params of a wrong type": (
        lambda: _change(title=5),
        *(ParamsError, "invalid_params", "got int 5", "title", "expected str"),
    ),
    "params with NaN": (
        lambda: _change(patch={"max": math.nan}),
        *(ParamsError, "invalid_params", "float nan", "/patch/max", "store null or a string"),
    ),
    "params with a tuple": (
        lambda: run_mission("echo", CONTEXT, {"a": (1,)}),
        *(ParamsError, "invalid_params", "tuple (1,)", "/a", "use a list"),
    ),
    "params of 2 MiB": (
        lambda: run_mission("echo", CONTEXT, {"a": "x" * 2**21}),
        *(ParamsError, "invalid_params", "bytes", "params", "the limit is 1048576 bytes"),
    ),
    "six steps": (
        lambda: run({}, *(make_step(f"s{index}") for index in range(6))),
        *(AntiFailureViolation, "limit_exceeded", "Workflow has 6 steps, exceeds maximum of 5", "steps", "'s5'"),
    ),
    "three human steps": (
        lambda: run({}, *(make_gate(f"g{index}") for index in range(3))),
        *(AntiFailureViolation, "limit_exceeded", "Workflow has 3 human steps, exceeds maximum of 2"),
        *("steps", "keep two of ['g0', 'g1', 'g2']"),
    ),
    "a kind outside the envelope, among six steps": (
        lambda: run({}, *(make_step(f"s{index}") for index in range(5)), StepSpec("x", "net")),
        *(EnvelopeViolation, "disallowed_kind"),
        *("Step 'x' has disallowed kind 'net'. Allowed kinds: ['human', 'runtime']", "x", "use kind 'runtime'"),
    ),
    "no steps": (
        lambda: run_mission("made", CONTEXT, registry={"made": make_mission(build=lambda _: WorkflowDefinition("w"))}),
        *(DefinitionError, "invalid_definition", "a workflow without steps", "steps", "give at least one"),
    ),
    "two steps of one id": (
        lambda: run({}, make_step("s"), make_step("s")),
        *(DefinitionError, "invalid_definition", "step id 's' stands twice", "steps", ""),
    ),
    "unknown operation": (
        lambda: run({}, make_step("s", "exec")),
        *(DefinitionError, "invalid_definition", "unknown operation 'exec'", "steps[0].payload", "known are ['action'"),
    ),
    "unknown payload field": (
        lambda: run({}, make_step("s", "set", path="/a", value=1, force=True)),
        *(DefinitionError, "invalid_definition", "unknown field 'force'", "steps[0].payload", ""),
    ),
    "pattern in an input schema": (
        lambda: run({}, make_gate(input_schema={"pattern": "(a+)+$"})),
        *(DefinitionError, "invalid_definition", "keyword 'pattern' is not allowed", "steps[0].payload.input_schema"),
        "allowed are",
    ),
    "NaN": (
        lambda: _echo({"limits": {"max": math.nan}}),
        *(EncodingError, "not_canonical_json", "float nan", "/limits/max", "store null or a string"),
    ),
    "infinity": (
        lambda: _echo({"max": [-math.inf]}),
        *(EncodingError, "not_canonical_json", "float -inf", "/max/0", "store null or a string"),
    ),
    "2^53": (
        lambda: _echo({"n": 2**53}),
        *(EncodingError, "not_canonical_json", "int 9007199254740992", "/n", "store a string"),
    ),
    "2^53 as a float": (
        lambda: _echo({"n": 2.0**53}),
        *(EncodingError, "not_canonical_json", "float 9007199254740992.0", "/n", "store a string"),
    ),
    "an integer of 100 000 digits": (
        lambda: _echo({"n": 10**100_000}),
        *(EncodingError, "not_canonical_json", "int of 332193 bits", "/n", "store a string"),
    ),
    "tuple": (
        lambda: _echo({"a": {"b": (1, 2)}}),
        *(EncodingError, "not_canonical_json", "tuple (1, 2)", "/a/b", "use a list"),
    ),
    "set": (
        lambda: _echo({"a": {1}}),
        *(EncodingError, "not_canonical_json", "set {1}", "/a", "use a sorted list"),
    ),
    "enum of text": (
        lambda: _echo({"a": Word.ON}),
        *(EncodingError, "not_canonical_json", "Word <Word.ON: 'on'>", "/a", "convert it"),
    ),
    "enum of int": (
        lambda: _echo({"a": Level.LOW}),
        *(EncodingError, "not_canonical_json", "Level <Level.LOW: 1>", "/a", "convert it"),
    ),
    "subclass of str": (
        lambda: _echo({"a": Text("b")}),
        *(EncodingError, "not_canonical_json", "Text 'b'", "/a", "convert it"),
    ),
    "bytes": (
        lambda: _echo({"a": b"b"}),
        *(EncodingError, "not_canonical_json", "bytes b'b'", "/a", "decode it to text"),
    ),
    "lone surrogate": (
        lambda: _echo({"a": "\ud800"}),
        *(EncodingError, "not_canonical_json", r"'\ud800' with a lone surrogate", "/a", "repair the text"),
    ),
    "lone surrogate in a key": (
        lambda: _echo({"a": {"\udfff": 1}}),
        *(EncodingError, "not_canonical_json", r"key '\udfff' with a lone surrogate", "/a", "repair the text"),
    ),
    "key that is no text": (
        lambda: _echo({"a": {1: 2}}),
        *(EncodingError, "not_canonical_json", "key 1 of type int", "/a", "JSON keys are plain str"),
    ),
    "duplicate keys": (
        lambda: parse_json('{"a": {"b": 1, "b": 2}}', source="context.json"),
        *(EncodingError, "not_canonical_json", "key 'b' stands twice", "/a/b", "keep one"),
    ),
    "nesting of 65": (
        lambda: _echo({"a": nested(64)}),
        *(EncodingError, "not_canonical_json", "nesting deeper than 64", "/a/0/0", "flatten the value"),
    ),
    "nesting of 65, the innermost empty": (
        lambda: _echo({"a": nested(63, [])}),
        *(EncodingError, "not_canonical_json", "nesting deeper than 64", "/a/0/0", "flatten the value"),
    ),
    "nesting of 100 000": (
        lambda: _echo({"a": nested(100_000)}),
        *(EncodingError, "not_canonical_json", "nesting deeper than 64", "/a/0/0", "flatten the value"),
    ),
    "a context of 32 MiB": (
        lambda: _echo({"a": "x" * 2**25}),
        *(EncodingError, "not_canonical_json", "a document of", "/", "the limit is 16777216 bytes"),
    ),
    "a context of 32 MiB in many values": (
        lambda: _echo({"a": [0] * 2**24}),
        *(EncodingError, "not_canonical_json", "a document of at least", "/", "the limit is 16777216 bytes"),
    ),
    "a cycle": (
        lambda: _echo(_cycle()),
        *(EncodingError, "not_canonical_json", "a container that holds itself", "/in/out", "copy the part instead"),
    ),
    "a cycle that multiplies": (
        lambda: _echo(_wide_cycle()),
        *(EncodingError, "not_canonical_json", "a container that holds itself", "/a/0", "copy the part instead"),
    ),
    "a tuple in a context's document": (
        lambda: ExecutionContext.from_dict({"initial_state": {"a": {"b": (1,)}}}),
        *(DefinitionError, "invalid_definition", "tuple (1,)", "initial_state/a/b", "use a list"),
    ),
    "checkpoint of a mission unknown here": (
        lambda: _resume(mission="elsewhere"),
        *(UnknownMissionError, "unknown_mission", "Unknown mission: 'elsewhere'", "", "mission list"),
    ),
    "checkpoint of another mission": (
        lambda: _resume(mission="echo", mission_version="1.0.0"),
        *(
            CheckpointMismatchError,
            "checkpoint_mismatch",
            "builds another workflow here",
            "definition",
            "start a new run",
        ),
    ),
    "checkpoint of another version": (
        lambda: _resume(mission_version="0.9.0"),
        *(
            CheckpointMismatchError,
            "checkpoint_mismatch",
            "is version 2.0.0 here",
            "mission_version",
            "start a new run",
        ),
    ),
    "checkpoint of another engine": (
        lambda: _read_checkpoint(engine="2.0"),
        *(CheckpointMismatchError, "checkpoint_mismatch", "engine '2.0'", "engine", "install a release"),
    ),
    "checkpoint without an engine": (
        lambda: Checkpoint.from_dict({key: part for key, part in _waiting().to_dict().items() if key != "engine"}),
        *(IntegrityError, "integrity_error", "'engine' is missing", "", ""),
    ),
    "checkpoint of another schema": (
        lambda: _read_checkpoint(schema="checkpoint/v2"),
        *(IntegrityError, "integrity_error", "schema 'checkpoint/v2'", "checkpoint", "expected checkpoint/v1"),
    ),
    "checkpoint with an unknown field": (
        lambda: _read_checkpoint(saved_state={}),
        *(IntegrityError, "integrity_error", "unknown field 'saved_state'", "", ""),
    ),
    "checkpoint with unknown keys of two types": (
        lambda: Checkpoint.from_dict({**_waiting().to_dict(), 5: 1, "x": 2}),
        *(IntegrityError, "integrity_error", "unknown field", "", ""),
    ),
    "a stale decision": (
        lambda: _resume(_stale()),
        *(
            StaleAnswerError,
            "stale_answer",
            f"an answer to request {_other_request()}",
            "",
            "the request that is open now",
        ),
    ),
    "a second decision": (
        _second,
        *(UnusedAnswerError, "unused_answer", "a second answer to request sha256:", "", "leave this one out"),
    ),
    "a leftover decision": (
        lambda: run_mission("echo", CONTEXT, answers=[make_decision()]),
        *(
            UnusedAnswerError,
            "unused_answer",
            "an answer for step 'gate', which asks for none",
            "",
            "steps that ask are []",
        ),
    ),
    "a decision for a step never reached": (
        lambda: run(
            {}, make_gate(), make_gate("late"), answers=[make_decision(choice="reject"), make_decision("late")]
        ),
        *(UnusedAnswerError, "unused_answer", "step 'late' was not used", "", "give it when its step asks"),
    ),
    "a choice that is none": (
        lambda: _resume(make_decision("approve", choice="maybe")),
        *(InvalidAnswerError, "invalid_answer", "choice 'maybe'", "choice", "choices are ['approve', 'reject']"),
    ),
    "an actor who may not decide": (
        lambda: run({}, make_gate(approvers=["grace"]), answers=[make_decision()]),
        *(InvalidAnswerError, "invalid_answer", "actor 'ada'", "actor", "approvers are ['grace']"),
    ),
    "an input that does not fit": (
        lambda: run({}, make_gate(input_schema={"required": ["a"]}), answers=[make_decision(input={})]),
        *(InvalidAnswerError, "invalid_answer", "'a' is a required property", "input", ""),
    ),
    "an outcome for a person's step": (
        lambda: _resume(make_effect_answer("approve")),
        *(InvalidAnswerError, "invalid_answer", "an outcome for step 'approve'", "", "give a decision"),
    ),
    "an answer without an address": (
        lambda: Answer.from_dict({"decision": _REJECTED}),
        *(InvalidAnswerError, "invalid_answer", "an answer without one address", "", "name either request_digest or"),
    ),
    "an answer without content": (
        lambda: Answer.from_dict({"step_id": "gate"}),
        *(InvalidAnswerError, "invalid_answer", "an answer without one content", "", "give either decision"),
    ),
    "an answer with NaN": (
        lambda: Answer.from_dict({"step_id": "gate", "decision": {**_REJECTED, "input": {"a": [math.nan]}}}),
        *(InvalidAnswerError, "invalid_answer", "float nan", "decision.input/a/0", "store null or a string"),
    ),
    "an answer with unknown keys of two types": (
        lambda: Answer.from_dict({"step_id": "gate", "decision": _REJECTED, 5: 1, "x": 2}),
        *(InvalidAnswerError, "invalid_answer", "unknown field", "", ""),
    ),
    "answers that are no list": (
        lambda: run_mission("echo", CONTEXT, answers=5),  # type: ignore[arg-type]
        *(InvalidAnswerError, "invalid_answer", "answers is 5", "answers", "give a list of Answer"),
    ),
    "answers that are JSON": (
        lambda: run_mission("echo", CONTEXT, answers=[{"step_id": "gate"}]),  # type: ignore[list-item]
        *(InvalidAnswerError, "invalid_answer", "{'step_id': 'gate'}", "answers[0]", "from_dict reads JSON"),
    ),
    "unknown mode": (
        lambda: run_mission("echo", CONTEXT, mode="dry"),
        *(ModeError, "mode_forbids_mutation", "mode 'dry'", "", "modes are ['observe', 'apply']"),
    ),
    "a mutation under observe": (
        lambda: run({}, make_action(mode="mutate")),
        *(ModeError, "mode_forbids_mutation", "steps ['act'] mutate", "", "ask for mode 'apply'"),
    ),
    "a mutation without a ledger": (
        lambda: _apply(effects={"files": _FILES}),
        *(LedgerRequiredError, "ledger_required", "steps ['act'] mutate", "", "pass ledger="),
    ),
    "a ledger that is none": (
        lambda: _apply(effects={"files": _FILES}, ledger=5),
        *(LedgerRequiredError, "ledger_required", "", "", "pass ledger="),
    ),
    "unknown connector": (
        lambda: _apply(effects={"mail": _FILES}),
        *(UnknownConnectorError, "unknown_connector", "connector 'files'", "act", "connectors are ['mail']"),
    ),
    "connectors under names of two types": (
        lambda: _apply(effects={"mail": _FILES, 5: _FILES}),
        *(UnknownConnectorError, "unknown_connector", "connector 'files'", "act", "connectors are"),
    ),
    "a registry that is none": (
        lambda: run_mission("echo", CONTEXT, registry=["echo"]),  # type: ignore[arg-type]
        *(DefinitionError, "invalid_definition", "registry is ['echo']", "", "give a mapping of names to missions"),
    ),
    "missions under names of two types": (
        lambda: run_mission("nope", CONTEXT, registry={"echo": MISSION_REGISTRY["echo"], 5: None}),  # type: ignore[dict-item]
        *(UnknownMissionError, "unknown_mission", "Unknown mission: 'nope'", "", "mission list"),
    ),
    "a builder that raises": (
        lambda: run_mission("made", CONTEXT, registry={"made": make_mission(build=lambda params: params["nothing"])}),
        *(DefinitionError, "invalid_definition", "mission 'made'", "", "build"),
    ),
    "the record of a run that waits": (
        lambda: RecordedRun.of(_change()),
        *(TransitionError, "transition_refused", "a run that is waiting_human", "", "record it when it has ended"),
    ),
    "a record with white space": (
        lambda: RecordedRun.from_bytes(b'{ "schema": "recorded-run/v1"}', source="run.json"),
        *(EncodingError, "not_canonical_json", "first at byte 1", "run.json", "use the file as it was written"),
    ),
}


@pytest.mark.parametrize("name", TABLE)
def test_bad_input_is_named_placed_and_mended(name: str) -> None:
    """
    The class and code are the documented ones, and the text holds what is wrong, where it stands and how to mend it.
    """
    call, kind, code, what, where, mend = TABLE[name]
    with pytest.raises(MissionEngineError) as caught:
        call()
    error = caught.value
    assert not isinstance(error, EngineBug)
    assert type(error) is kind, error
    assert error.code == code
    assert what in str(error)
    places = [error.where, *(fault.where for fault in error.faults)]
    assert any(where in place for place in places), f"{where!r} is in none of {places}"
    mends = [str(error), error.remedy]
    assert any(mend in text for text in mends), f"{mend!r} is in none of {mends}"
    assert str(error).encode()


def test_a_plan_beyond_the_limits_is_refused_by_the_builder() -> None:
    """
    `build_workflow` refuses what a mission may not hold, as a planning error that is also a definition error.
    """
    assert issubclass(AntiFailurePlanningError, DefinitionError)
    with pytest.raises(AntiFailureViolation):
        run({}, *make_workflow(*(make_step(f"s{index}") for index in range(6))).steps)
