"""The checkpoint: inputs so far, canonical on the way out, strict on the way in."""

import itertools
import json
from typing import Any

import pytest
import rfc8785
from makers import make_action, make_decision, make_effect_answer, make_gate, make_inputs, make_step, run, sha256_of

from runtime.encoding.frozen import JsonObject
from runtime.errors import (
    CheckpointMismatchError,
    DefinitionError,
    EncodingError,
    IntegrityError,
    InvalidAnswerError,
    ModeError,
)
from runtime.orchestration import Checkpoint, ExecutionContext, Mode, execute


@pytest.fixture
def checkpoint() -> Checkpoint:
    """
    Give the checkpoint of a run that waits behind an answered gate.
    """
    steps = [make_gate("a", output="/a"), make_action(mode="mutate"), make_gate("b")]
    inputs = make_inputs(
        *steps,
        state={"n": 1.0, "\U00010000": {"\ue000": None}},
        mission="made",
        mission_version="1.0.0",
        params=JsonObject({"p": 1}),
        answers=[make_decision("a"), make_effect_answer(status="unknown")],
    )
    result = execute(inputs)
    assert result.checkpoint is not None
    return result.checkpoint


class TestTheRecord:
    """
    "A checkpoint is the inputs so far: definition, params, context, policies, answers."
    """

    def test_is_canonical(self, checkpoint: Checkpoint) -> None:
        """
        Its bytes are RFC 8785, and its digest is theirs.
        """
        assert checkpoint.raw == rfc8785.dumps(checkpoint.to_dict())
        assert checkpoint.digest == sha256_of(checkpoint.to_dict())

    def test_holds_inputs_and_nothing_else(self, checkpoint: Checkpoint) -> None:
        """
        There is no state after a step in it, and so none to forge.
        """
        record = checkpoint.to_dict()
        assert sorted(record) == [
            "answers",
            "context",
            "definition",
            "engine",
            "mission",
            "mission_version",
            "mode",
            "params",
            "policies",
            "proof",
            "schema",
        ]
        assert record["context"] == {"initial_state": {"n": 1, "\U00010000": {"\ue000": None}}, "metadata": None}

    def test_is_read_back_as_it_was(self, checkpoint: Checkpoint) -> None:
        """
        Bytes and dict give an equal checkpoint with equal bytes.
        """
        for again in (Checkpoint.from_bytes(checkpoint.raw), Checkpoint.from_dict(checkpoint.to_dict())):
            assert again == checkpoint
            assert again.raw == checkpoint.raw

    def test_executes_to_the_bytes_of_the_run(self, checkpoint: Checkpoint) -> None:
        """
        Executing what was read back gives the request that was open, and the same checkpoint again.
        """
        first, second = execute(checkpoint), execute(Checkpoint.from_bytes(checkpoint.raw))
        assert second == first
        assert second.checkpoint == checkpoint

    def test_holds_only_bound_answers(self, checkpoint: Checkpoint) -> None:
        """
        Answers given in advance stand in it bound to their requests.
        """
        assert [answer.step_id for answer in checkpoint.answers] == [None, None]
        assert all(answer.request_digest for answer in checkpoint.answers)

    def test_with_more_answers_is_another(self, checkpoint: Checkpoint) -> None:
        """
        Adding an answer leaves the checkpoint as it was.
        """
        raw = checkpoint.raw
        assert checkpoint.answered_by((*checkpoint.answers, make_decision("b"))) != checkpoint
        assert checkpoint.answered_by(checkpoint.answers) is checkpoint
        assert checkpoint.raw == raw


def damaged(record: dict[str, Any], path: str, value: Any) -> dict[str, Any]:
    """
    Give the record with a value changed, added, or removed (`...`).
    """
    record = json.loads(json.dumps(record))
    *above, last = path.split(".")
    part: Any = record
    for name in above:
        part = part[int(name) if isinstance(part, list) else name]
    if value is ...:
        del part[last]
    else:
        part[last] = value
    return record


DAMAGES: dict[str, tuple[str, Any, str]] = {
    "no schema": ("schema", ..., "schema None"),
    "another schema": ("schema", "checkpoint/v2", "schema 'checkpoint/v2'"),
    "a schema that is a number": ("schema", 1, "schema 1"),
    "an extra field": ("state", {}, "unknown field 'state'"),
    "no definition": ("definition", ..., "required field 'definition' is missing @ definition"),
    "no context": ("context", ..., "required field 'context' is missing @ context"),
    "an unknown mode": ("mode", "dry_run", "expected one of ['apply', 'observe'], got str 'dry_run' @ mode"),
    "a number for a mission": ("mission", 1, "mission"),
    "a list for params": ("params", [], "expected a JSON object, a plain dict @ params"),
    "an object for answers": ("answers", {}, "expected list, got dict {} @ answers"),
    "an answer of two kinds": ("answers.0.outcome", {"status": "failed", "code": "x"}, "answers[0]"),
    "an answer without an address": ("answers.0.request_digest", None, "answers[0]"),
    "an answer to no digest": ("answers.0.request_digest", "sha256:abc", "answers[0]"),
    "an answer of another schema": ("answers.0.schema", "answer/v2", "answers[0]"),
    "a step with an extra field": ("definition.steps.0.more", 1, "unknown field 'more' @ definition.steps[0]"),
    "a state that is a list": ("context.initial_state", [], "context.initial_state"),
}


SOURCES: dict[str, tuple[str, Any, str]] = {
    "another schema": ("schema", "x", "^schema 'x' at checkpoint"),
    "a field left out": ("mode", ..., "^checkpoint: a field left out"),
    "a wrong type": ("mission", 1, "^checkpoint: a fault"),
    "a default left out": ("answers.0.schema", ..., "^a checkpoint that leaves something out"),
}


class TestADamagedRecord:
    """
    "A missing or unknown schema is refused, never guessed"; an unknown key is a fault.
    """

    @pytest.mark.parametrize("case", DAMAGES)
    def test_is_refused_with_the_place(self, checkpoint: Checkpoint, case: str) -> None:
        """
        The refusal is an integrity error that says what is wrong, and where.
        """
        path, value, message = DAMAGES[case]
        with pytest.raises(IntegrityError) as caught:
            Checkpoint.from_dict(damaged(checkpoint.to_dict(), path, value))
        assert message in str(caught.value)

    @pytest.mark.parametrize("record", [None, [], "x", 1, True])
    def test_that_is_no_object_is_refused(self, record: Any) -> None:
        """
        Only an object is a checkpoint.
        """
        with pytest.raises(IntegrityError):
            Checkpoint.from_dict(record)

    def test_in_other_bytes_is_refused(self, checkpoint: Checkpoint) -> None:
        """
        White space, another order or another spelling of a number is not the stored document.
        """
        for raw in (
            checkpoint.raw + b"\n",
            json.dumps(checkpoint.to_dict()).encode(),
            checkpoint.raw.replace(b'"n":1', b'"n":1.0'),
            checkpoint.raw[:-1],
            b"",
        ):
            with pytest.raises(EncodingError):
                Checkpoint.from_bytes(raw)

    @pytest.mark.parametrize(
        "path", ["answers.0.schema", "answers.0.decisions.0.input", "definition.metadata", "engine", "params"]
    )
    def test_that_leaves_a_field_out_is_refused(self, checkpoint: Checkpoint, path: str) -> None:
        """
        "Hashed artefacts write every field": a file whose bytes are not those of what it says is not the file.
        """
        with pytest.raises(IntegrityError):
            Checkpoint.from_bytes(rfc8785.dumps(damaged(checkpoint.to_dict(), path, ...)))

    @pytest.mark.parametrize("case", SOURCES)
    def test_names_its_source(self, checkpoint: Checkpoint, case: str) -> None:
        """
        The name of the file stands in the message, or what it should have been.
        """
        path, value, unnamed = SOURCES[case]
        raw = rfc8785.dumps(damaged(checkpoint.to_dict(), path, value))
        with pytest.raises(IntegrityError, match=r"run-1\.json"):
            Checkpoint.from_bytes(raw, source="run-1.json")
        with pytest.raises(IntegrityError, match=unnamed):
            Checkpoint.from_bytes(raw)

    def test_names_its_source_though_its_bytes_are_others(self, checkpoint: Checkpoint) -> None:
        """
        So it does when the bytes are not canonical; without a name the message ends with the fault.
        """
        raw = checkpoint.raw + b"\n"
        what = f"bytes that are not canonical JSON, first at byte {len(checkpoint.raw)}"
        for source, place in (("run-1.json", "run-1.json"), ("", "")):
            with pytest.raises(EncodingError) as caught:
                Checkpoint.from_bytes(raw, source=source)
            assert (caught.value.what, caught.value.where) == (what, place)
        with pytest.raises(EncodingError) as caught:
            Checkpoint.from_bytes(raw)
        assert caught.value.where == ""


class TestTheEngineItNeeds:
    """
    "An engine of the same major version re-executes; another major refuses with the version to install."
    """

    @pytest.mark.parametrize("version", ["2.0", "0.9", "10.0", "x", "2"])
    def test_another_major_version_is_refused(self, version: str) -> None:
        """
        The refusal says which release to install.
        """
        with pytest.raises(CheckpointMismatchError, match=f"have major version {version.partition('.')[0]}") as caught:
            make_inputs(engine=version)
        assert (caught.value.code, caught.value.where) == ("checkpoint_mismatch", "engine")
        assert caught.value.what == f"engine {version!r}, and this one is 1.0"

    def test_another_major_version_is_refused_when_read(self, checkpoint: Checkpoint) -> None:
        """
        A file made by another major version is told apart from a damaged one: by the same error.
        """
        record = damaged(checkpoint.to_dict(), "engine", "2.0")
        with pytest.raises(CheckpointMismatchError, match="have major version 2"):
            Checkpoint.from_dict(record)
        with pytest.raises(CheckpointMismatchError, match="have major version 2"):
            Checkpoint.from_bytes(rfc8785.dumps(record))

    @pytest.mark.parametrize("version", ["1.0", "1.1", "1.9", "1", "1.2.3"])
    def test_the_same_major_version_is_executed_under_its_own_name(self, version: str) -> None:
        """
        The header names the version the run began with, so its bytes stay the same.
        """
        assert execute(make_inputs(engine=version)).header["engine"] == version


class TestConstruction:
    """
    Types are checked where a checkpoint is made.
    """

    @pytest.mark.parametrize(
        ("changes", "message"),
        [
            ({"definition": {}}, "expected WorkflowDefinition"),
            ({"context": {}}, "expected ExecutionContext"),
            ({"mode": "observe"}, "expected Mode"),
            ({"params": {}}, "expected JsonObject or null"),
            ({"mission": ""}, "mission has 0 characters"),
            ({"schema": "checkpoint/v0"}, "expected checkpoint/v1"),
        ],
    )
    def test_another_type_is_refused(self, changes: dict[str, Any], message: str) -> None:
        """
        The refusal names the field and the type.
        """
        with pytest.raises(DefinitionError, match=message):
            make_inputs(**changes)

    def test_an_answer_of_another_type_is_refused(self) -> None:
        """
        With its place in the list.
        """
        with pytest.raises(InvalidAnswerError, match=r"answers\[1\]: give an Answer"):
            make_inputs(answers=[make_decision(), make_decision().to_dict()])

    @pytest.mark.parametrize("answers", [3, True, make_decision()])
    def test_answers_that_are_no_list_are_refused(self, answers: Any) -> None:
        """
        One answer is not a list of one.
        """
        with pytest.raises(InvalidAnswerError, match="give a list of Answer"):
            make_inputs(answers=answers)

    def test_answers_beyond_their_number_are_refused(self) -> None:
        """
        A run asks little; 64 answers are accepted, and an endless iterator ends.
        """
        assert len(make_inputs(answers=[make_decision()] * 64).answers) == 64
        with pytest.raises(InvalidAnswerError, match="more than 64 answers"):
            make_inputs(answers=itertools.repeat(make_decision()))

    def test_a_run_names_its_types_too(self) -> None:
        """
        `run_workflow` refuses a dict for a workflow or a context.
        """
        with pytest.raises(DefinitionError, match="definition is dict"):
            Checkpoint(definition={}, context=ExecutionContext({}))  # type: ignore[arg-type]

    def test_modes_by_name(self) -> None:
        """
        A mode is found by its exact name.
        """
        assert (Mode.of("apply"), Mode.of(Mode.OBSERVE)) == (Mode.APPLY, Mode.OBSERVE)
        with pytest.raises(ModeError, match="mode 'APPLY'"):
            Mode.of("APPLY")

    def test_a_run_that_waits_twice_has_two_checkpoints(self) -> None:
        """
        Each stop has its own, and the later one holds the answer to the earlier.
        """
        steps = [make_gate("a"), make_gate("b")]
        first, second = run({}, *steps).checkpoint, run({}, *steps, answers=[make_decision("a")]).checkpoint
        assert first is not None
        assert second is not None
        assert (len(first.answers), len(second.answers)) == (0, 1)
        assert first.digest != second.digest


def test_params_beyond_a_payloads_size_are_refused() -> None:
    """
    "Canonical size of a step's payload, of params, of metadata": params are bounded as payloads are.
    """
    with pytest.raises(DefinitionError):
        make_inputs(make_step(), params=JsonObject({"a": "x" * 2**20}))
