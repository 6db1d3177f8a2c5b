"""Replay: a recorded run is executed again from its inputs alone, and any byte that differs is found and named."""

import copy
import json
from collections.abc import Callable, Iterator
from typing import Any

import pytest
import rfc8785
from makers import (
    make_action,
    make_decision,
    make_effect_answer,
    make_gate,
    make_inputs,
    make_step,
    sha256_of,
)

from missions.catalog import BUILT_IN_MISSIONS
from runtime.encoding.frozen import JsonObject
from runtime.errors import IntegrityError, ReceiptMismatchError
from runtime.evidence import Difference, RecordedRun, find_difference, replay
from runtime.orchestration import ExecutionContext, execute
from runtime.orchestration.registry import run_mission

STEPS = [
    make_step("put", "set", path="/put", value={"x": 1}),
    make_gate("ask", output="/decision"),
    make_step("later", when="flagged"),
    make_action("fetch", output="/fetched", params={"p": [1]}),
    make_step("count", "increment", path="/n"),
]
ANSWERS = [
    make_decision("ask"),
    make_effect_answer("fetch", "unknown"),
    make_effect_answer("fetch", output={"rows": [1, True]}),
]


def record_of(ending: str = "completed") -> RecordedRun:
    """
    Record a run of every kind of step, with the ending asked for.
    """
    inputs = make_inputs(
        *STEPS,
        context=ExecutionContext({"n": "1" if ending == "failed" else 1, "list": [{"a": None}, False]}, {"m": 1}),
        mission="made",
        mission_version="1.0.0",
        params=JsonObject({"p": 1}),
        answers=[make_decision("ask", choice="reject")] if ending == "denied" else ANSWERS,
    )
    result = execute(inputs)
    assert result.status == ending
    return RecordedRun.of(result)


@pytest.fixture
def document() -> Any:
    """
    Give the plain document of a recorded run.
    """
    return json.loads(record_of().raw)


def read(document: Any) -> RecordedRun:
    """
    Read a recorded run from its plain document.
    """
    return RecordedRun.from_bytes(rfc8785.dumps(document))


class TestAnUnchangedRecord:
    """
    "Re-execution gives the same bytes at every step."
    """

    @pytest.mark.parametrize("mission", BUILT_IN_MISSIONS, ids=lambda mission: mission.name)
    def test_of_every_mission_replays(self, mission: Any) -> None:
        """
        Each built-in mission's example, from its file alone.
        """
        example = mission.example
        result = run_mission(mission.name, example.context, example.params, answers=example.answers, mode="apply")
        again = replay(RecordedRun.from_bytes(RecordedRun.of(result).raw))
        assert again.receipt_bytes == result.receipt_bytes
        assert again.entry_bytes == result.entry_bytes
        assert again == result

    @pytest.mark.parametrize("ending", ["completed", "failed", "denied"])
    def test_of_every_ending_replays(self, ending: str) -> None:
        """
        A failure is evidence as good as a success.
        """
        record = record_of(ending)
        result = replay(record)
        assert result.status == ending
        assert find_difference(record, result) is None
        assert RecordedRun.of(result) == record


NAMED: dict[str, tuple[Callable[[Any], Any], str | None, str, str]] = {
    "the state": (
        lambda d: d["checkpoint"]["context"]["initial_state"].update(n=2),
        None,
        "context_digest",
        "/receipt/header/context_digest",
    ),
    "the metadata": (
        lambda d: d["checkpoint"]["context"].update(metadata=None),
        None,
        "metadata_digest",
        "/receipt/header/metadata_digest",
    ),
    "a payload": (
        lambda d: d["checkpoint"]["definition"]["steps"][0]["payload"].update(value=2),
        None,
        "definition_digest",
        "/receipt/header/definition_digest",
    ),
    "the params": (
        lambda d: d["checkpoint"]["params"].update(p=2),
        None,
        "params_digest",
        "/receipt/header/params_digest",
    ),
    "the mission": (lambda d: d["checkpoint"].update(mission="x"), None, "mission", "/receipt/header/mission"),
    "the mission's version": (
        lambda d: d["checkpoint"].update(mission_version="1.0.1"),
        None,
        "mission_version",
        "/receipt/header/mission_version",
    ),
    "the mode, in the header": (
        lambda d: d["receipt"]["header"].update(mode="observe"),
        None,
        "mode",
        "/receipt/header/mode",
    ),
    "the engine's minor version": (
        lambda d: d["checkpoint"].update(engine="1.9"),
        None,
        "engine",
        "/receipt/header/engine",
    ),
    "a field of the header, added": (
        lambda d: d["receipt"]["header"].update(more=1),
        None,
        "more",
        "/receipt/header/more",
    ),
    "the header, taken away": (
        lambda d: d["receipt"].pop("header"),
        None,
        "context_digest",
        "/receipt/header/context_digest",
    ),
    "a decision's reason": (
        lambda d: d["checkpoint"]["answers"][0]["decisions"][0].update(reason="x"),
        "ask",
        "answer_digest",
        "/lineage/1/answer_digest",
    ),
    "a decision's request": (
        lambda d: d["checkpoint"]["answers"][0].update(request_digest="sha256:" + "0" * 64),
        "ask",
        "answer_digest",
        "/lineage/1/answer_digest",
    ),
    "a decision, taken away": (
        lambda d: d["checkpoint"]["answers"].pop(0),
        "ask",
        "answer_digest",
        "/lineage/1/answer_digest",
    ),
    "an outcome's output": (
        lambda d: d["checkpoint"]["answers"][2]["outcome"].update(output=1),
        "fetch",
        "answer_digest",
        "/lineage/3/answer_digest",
    ),
    "an unknown outcome, taken away": (
        lambda d: d["checkpoint"]["answers"].pop(1),
        None,
        "answers_digest",
        "/receipt/answers_digest",
    ),
    "an entry's status": (
        lambda d: d["lineage"][4].update(status="failed"),
        "count",
        "status",
        "/lineage/4/status",
    ),
    "an entry's state": (
        lambda d: d["lineage"][0].update(output_digest="sha256:" + "0" * 64),
        "put",
        "output_digest",
        "/lineage/0/output_digest",
    ),
    "an entry's sequence, true for 1": (
        lambda d: d["lineage"][0].update(sequence=True),
        "put",
        "sequence",
        "/lineage/0/sequence",
    ),
    "an entry's step": (lambda d: d["lineage"][2].update(step_id="x"), "later", "step_id", "/lineage/2/step_id"),
    "an entry, added": (
        lambda d: d["lineage"].append({"step_id": "more", "schema": "lineage/v1"}),
        "more",
        "schema",
        "/lineage/5/schema",
    ),
    "the receipt's status": (lambda d: d["receipt"].update(status="failed"), None, "status", "/receipt/status"),
    "the receipt's steps": (lambda d: d["receipt"]["steps"].pop(), None, "steps", "/receipt/steps"),
    "the receipt's state": (
        lambda d: d["receipt"].update(final_state_digest="sha256:" + "0" * 64),
        None,
        "final_state_digest",
        "/receipt/final_state_digest",
    ),
    "a field of the receipt, added": (lambda d: d["receipt"].update(signed=True), None, "signed", "/receipt/signed"),
}


class TestAChangedRecord:
    """
    "A mismatch is a terminal, explained failure that names the first differing step, field and JSON path."
    """

    @pytest.mark.parametrize("case", NAMED)
    def test_is_named_by_step_field_and_path(self, document: Any, case: str) -> None:
        """
        The first difference, in the order things happened: inputs, steps, ending.
        """
        change, step_id, field, path = NAMED[case]
        change(document)
        record = read(document)
        difference = find_difference(record, execute(record.checkpoint))
        assert difference is not None
        assert (difference.step_id, difference.field, difference.path) == (step_id, field, path)
        with pytest.raises(ReceiptMismatchError) as caught:
            replay(record)
        assert (caught.value.where, caught.value.what) == (path, str(difference))
        assert caught.value.code == "receipt_mismatch"

    @pytest.mark.parametrize("part", ["checkpoint", "lineage", "receipt"])
    def test_is_found_wherever_it_was_changed(self, document: Any, part: str) -> None:
        """
        Nothing in the file can be changed, added, taken away, repeated or moved without its being refused.
        """
        survivors = [place for place, changed in changes_of(document, part) if is_accepted(changed)]
        assert survivors == []

    def test_is_found_in_the_order_of_answers(self) -> None:
        """
        The inputs of a record are compared too: answers in another order than the run used them are another file.
        """
        result = execute(make_inputs(make_gate("a"), make_gate("b"), answers=[make_decision("a"), make_decision("b")]))
        document = json.loads(RecordedRun.of(result).raw)
        first, second = document["checkpoint"]["answers"]
        document["checkpoint"]["answers"].reverse()
        record = read(document)
        with pytest.raises(ReceiptMismatchError):
            replay(record)
        difference = find_difference(record, execute(record.checkpoint))
        assert difference is not None
        assert (difference.step_id, difference.field, difference.path) == (None, "answers", "/checkpoint/answers/0")
        assert (difference.recorded, difference.computed) == (second, first)

    def test_is_found_in_an_answer_that_lost_its_request(self, document: Any) -> None:
        """
        "Records and checkpoints hold only bound answers": one that names a step instead is no record's.
        """
        document["checkpoint"]["answers"][0] |= {"request_digest": None, "step_id": "ask"}
        with pytest.raises(IntegrityError):
            replay(read(document))

    def test_says_what_was_recorded_and_what_came_out(self, document: Any) -> None:
        """
        In words, with the step where there is one.
        """
        document["lineage"][4]["status"] = "failed"
        with pytest.raises(
            ReceiptMismatchError, match="step 'count', field 'status': recorded 'failed', re-executed 'comp"
        ):
            replay(read(document))
        text = str(Difference(step_id=None, field="id", path="/receipt/id", recorded=1, computed=None))
        assert text == "field 'id': recorded 1, re-executed None"

    def test_names_an_entry_without_fields(self, document: Any) -> None:
        """
        An empty entry behind the last one differs from none.
        """
        document["lineage"].append({})
        record = read(document)
        with pytest.raises(ReceiptMismatchError, match="field 'entry'"):
            replay(record)
        difference = find_difference(record, execute(record.checkpoint))
        assert difference == Difference(step_id=None, field="entry", path="/lineage/5", recorded={}, computed=None)

    def test_names_an_answer_that_nothing_asked_for(self, document: Any) -> None:
        """
        A superfluous answer among the inputs is a difference of its own.
        """
        extra = copy.deepcopy(document["checkpoint"]["answers"][0])
        document["checkpoint"]["answers"].append(extra)
        with pytest.raises(ReceiptMismatchError, match="field 'answers'") as caught:
            replay(read(document))
        assert caught.value.where == "/checkpoint/answers/3"
        difference = find_difference(read(document), execute(read(document).checkpoint))
        assert difference is not None
        assert (difference.recorded, difference.computed) == (extra, None)

    @pytest.mark.parametrize(
        "case", ["six steps", "a foreign kind", "an unknown operation", "a choice", "an actor's outcome"]
    )
    def test_that_cannot_be_executed_is_refused(self, document: Any, case: str) -> None:
        """
        Inputs the engine refuses are no run's; the refusal says so, and keeps the engine's own as its cause.
        """
        steps, answer = document["checkpoint"]["definition"]["steps"], document["checkpoint"]["answers"][0]
        match case:
            case "six steps":
                steps.append({**steps[0], "id": "sixth"})
            case "a foreign kind":
                steps[0]["kind"] = "net"
            case "an unknown operation":
                steps[0]["payload"]["operation"] = "put"
            case "a choice":
                answer["decisions"][0]["choice"] = "maybe"
            case "an actor's outcome":
                answer |= {"decisions": [], "outcome": document["checkpoint"]["answers"][2]["outcome"]}
        with pytest.raises(ReceiptMismatchError, match="the recorded inputs cannot be executed") as caught:
            replay(read(document))
        assert caught.value.where == "/checkpoint"
        assert caught.value.__cause__ is not None

    def test_whose_run_now_waits_is_refused(self) -> None:
        """
        A record whose last answer was taken away does not end: the step that would wait is named.
        """
        document = json.loads(RecordedRun.of(execute(make_inputs(make_gate(), answers=[make_decision()]))).raw)
        document["checkpoint"]["answers"].clear()
        with pytest.raises(ReceiptMismatchError, match="step 'gate', field 'answer_digest'"):
            replay(read(document))
        document["lineage"].clear()
        with pytest.raises(ReceiptMismatchError, match="re-executed 'waiting_human' at /receipt/status"):
            replay(read(document))

    def test_that_answered_another_request_is_refused(self) -> None:
        """
        Where the re-execution asks something else than was recorded as answered, the two requests are named.
        """
        result = execute(make_inputs(make_gate(), answers=[make_decision()]))
        document = json.loads(RecordedRun.of(result).raw)
        document["checkpoint"]["answers"].clear()
        document["lineage"][0]["request_digest"] = "sha256:" + "0" * 64
        record = read(document)
        difference = find_difference(record, execute(record.checkpoint))
        assert difference is not None
        assert (difference.step_id, difference.path) == ("gate", "/lineage/0/request_digest")
        assert difference.computed == result.inputs.answers[0].request_digest

    def test_is_not_repaired_by_changing_the_chain_as_well(self, document: Any) -> None:
        """
        A forger who links the entries anew after a change still does not get past the re-execution.
        """
        previous = sha256_of(document["receipt"]["header"])
        document["lineage"][4]["status"] = "skipped"
        for entry in document["lineage"]:
            entry["previous"] = previous
            previous = sha256_of(entry)
        document["receipt"]["lineage_head"] = previous
        with pytest.raises(ReceiptMismatchError, match="step 'count', field 'status'"):
            replay(read(document))


@pytest.mark.parametrize("run", [None, {}, b"{}"])
def test_what_is_no_record_is_not_replayed(run: Any) -> None:
    """
    Bytes are read first; the record they give is replayed.
    """
    with pytest.raises(IntegrityError, match="give a RecordedRun"):
        replay(run)


def is_accepted(document: Any) -> bool:
    """
    Tell whether a record is read and replayed.
    """
    try:
        replay(read(document))
    except IntegrityError:
        return False
    return True


def changes_of(document: Any, part: str) -> Iterator[tuple[str, Any]]:
    """
    Give every small change of a part of a document, with its place.
    """
    for path in [(part, *path) for path in paths_of(document[part])]:
        place = "/".join(map(str, path))
        value = part_of(document, path)
        if isinstance(value, dict):
            edits: dict[str, Any] = {
                "null added": {**value, "zz": None},
                "number added": {**value, "zz": 1},
                **{f"{key} removed": {name: value[name] for name in value if name != key} for key in value},
            }
        elif isinstance(value, list):
            edits = {
                "null added": [*value, None],
                "object added": [*value, {}],
                "reversed": value[::-1],
                **{f"{index} removed": value[:index] + value[index + 1 :] for index in range(len(value))},
                **{f"{index} repeated": [*value[:index], value[index], *value[index:]] for index in range(len(value))},
            }
        else:
            edits = {"changed": other_than(value), "null": None, "object": {}}
        for name, edited in edits.items():
            if rfc8785.dumps([edited]) != rfc8785.dumps([value]):
                changed = copy.deepcopy(document)
                part_of(changed, path[:-1])[path[-1]] = edited
                yield f"{place}: {name}", changed


def paths_of(value: Any, above: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    """
    Give the path of every part of a document.
    """
    yield above
    for key, inner in value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ():
        yield from paths_of(inner, (*above, key))


def part_of(document: Any, path: tuple[Any, ...]) -> Any:
    """
    Give the part at a path.
    """
    for key in path:
        document = document[key]
    return document


def other_than(value: Any) -> Any:
    """
    Give another value, of the same type where there is one.
    """
    if isinstance(value, bool):
        return int(value)
    if isinstance(value, int):
        return value + 1
    if isinstance(value, str):
        return f"sha256:{'0' * 64}" if value.startswith("sha256:") else f"{value}x"
    return "x"
