"""Answers: what each may hold, and that every rule of theirs refuses."""

from collections.abc import Callable
from enum import StrEnum
from typing import Any

import attrs
import pytest

from runtime.encoding.canonical import canonical
from runtime.encoding.digest import NULL_DIGEST, digest_of
from runtime.encoding.frozen import JsonArray, JsonObject
from runtime.errors import DefinitionError, EncodingError, InvalidAnswerError, MissionEngineError
from runtime.limits import MAX_DEPTH, MAX_DOCUMENT_BYTES, MAX_IDENTIFIER_LENGTH, MAX_PAYLOAD_BYTES, MAX_TEXT_LENGTH
from runtime.values import Answer, EffectOutcome, HumanDecision, OutcomeStatus


class _Text(str):
    __slots__ = ()


class _Code(StrEnum):
    TIMEOUT = "timeout"


_DECISION = HumanDecision(actor="ada", choice="approve")
_DONE = EffectOutcome(status=OutcomeStatus.SUCCEEDED)
_LARGE = "x" * MAX_PAYLOAD_BYTES


def _decision(**changes: Any) -> HumanDecision:
    return HumanDecision(**{"actor": "ada", "choice": "approve", **changes})


def _done(**changes: Any) -> EffectOutcome:
    return EffectOutcome(**{"status": OutcomeStatus.SUCCEEDED, **changes})


def _failed(**changes: Any) -> EffectOutcome:
    return EffectOutcome(**{"status": OutcomeStatus.FAILED, "code": "timeout", **changes})


def _unknown(**changes: Any) -> EffectOutcome:
    return EffectOutcome(**{"status": OutcomeStatus.UNKNOWN, "code": "timeout", **changes})


def _answer(**changes: Any) -> Answer:
    return Answer(**{"step_id": "gate", "decision": _DECISION, **changes})


_REFUSED: dict[str, tuple[Callable[..., Any], dict[str, Any], str]] = {
    "decision_without_actor": (_decision, {"actor": ""}, "actor"),
    "decision_with_actor_null": (_decision, {"actor": None}, "actor"),
    "decision_with_long_actor": (_decision, {"actor": "a" * (MAX_IDENTIFIER_LENGTH + 1)}, "actor"),
    "decision_with_actor_of_another_type": (_decision, {"actor": _Text("ada")}, "actor"),
    "decision_with_surrogate_in_actor": (_decision, {"actor": "\ud800"}, "actor"),
    "decision_without_choice": (_decision, {"choice": ""}, "choice"),
    "decision_with_choice_true": (_decision, {"choice": True}, "choice"),
    "decision_with_long_choice": (_decision, {"choice": "a" * (MAX_IDENTIFIER_LENGTH + 1)}, "choice"),
    "decision_with_reason_null": (_decision, {"reason": None}, "reason"),
    "decision_with_long_reason": (_decision, {"reason": "a" * (MAX_TEXT_LENGTH + 1)}, "reason"),
    "decision_with_surrogate_in_reason": (_decision, {"reason": "\udfff"}, "reason"),
    "decision_with_large_input": (_decision, {"input": _LARGE}, "input"),
    "outcome_with_status_text": (_done, {"status": "succeeded"}, "status"),
    "outcome_with_status_null": (_done, {"status": None}, "status"),
    "outcome_with_large_output": (_done, {"output": [_LARGE]}, "output"),
    "outcome_with_plain_attempts": (_done, {"attempts": [{}]}, "attempts"),
    "outcome_with_attempts_object": (_done, {"attempts": JsonObject({})}, "attempts"),
    "outcome_with_large_attempts": (_done, {"attempts": JsonArray([{"a": _LARGE}])}, "attempts"),
    "outcome_with_attempts_that_are_no_objects": (_done, {"attempts": JsonArray([1])}, "attempts"),
    "outcome_with_empty_code": (_failed, {"code": ""}, "code"),
    "outcome_with_upper_case_code": (_failed, {"code": "Timeout"}, "code"),
    "outcome_with_foreign_text_as_code": (_failed, {"code": "HTTP 500: no"}, "code"),
    "outcome_with_code_starting_with_digit": (_failed, {"code": "5xx"}, "code"),
    "outcome_with_code_ending_in_line": (_failed, {"code": "timeout\n"}, "code"),
    "outcome_with_code_of_another_script": (_failed, {"code": "\xe9t\xe9"}, "code"),
    "outcome_with_long_code": (_failed, {"code": "a" * 65}, "code"),
    "outcome_with_number_as_code": (_failed, {"code": 5}, "code"),
    "outcome_with_code_of_another_type": (_failed, {"code": _Text("timeout")}, "code"),
    "outcome_with_enum_as_code": (_failed, {"code": _Code.TIMEOUT}, "code"),
    "failed_without_code": (_failed, {"code": None}, "code"),
    "unknown_without_code": (_unknown, {"code": None}, "code"),
    "succeeded_with_code": (_done, {"code": "timeout"}, "code"),
    "failed_with_output": (_failed, {"output": 1}, "output"),
    "failed_with_false_as_output": (_failed, {"output": False}, "output"),
    "unknown_with_output": (_unknown, {"output": {}}, "output"),
    "answer_with_another_schema": (_answer, {"schema": "answer/v2"}, "schema"),
    "answer_with_schema_null": (_answer, {"schema": None}, "schema"),
    "answer_with_schema_of_another_type": (_answer, {"schema": _Text("answer/v1")}, "schema"),
    "answer_without_address": (_answer, {"step_id": None}, ""),
    "answer_with_two_addresses": (_answer, {"request_digest": NULL_DIGEST}, ""),
    "answer_with_step_id_empty": (_answer, {"step_id": ""}, "step_id"),
    "answer_with_step_id_number": (_answer, {"step_id": 5}, "step_id"),
    "answer_with_long_step_id": (_answer, {"step_id": "a" * (MAX_IDENTIFIER_LENGTH + 1)}, "step_id"),
    "answer_with_short_digest": (_answer, {"step_id": None, "request_digest": "sha256:00"}, "request_digest"),
    "answer_with_digest_of_another_type": (
        _answer,
        {"step_id": None, "request_digest": _Text(NULL_DIGEST)},
        "request_digest",
    ),
    "answer_without_content": (_answer, {"decision": None}, ""),
    "answer_with_two_contents": (_answer, {"outcome": _DONE}, ""),
    "answer_with_plain_decision": (_answer, {"decision": {"actor": "ada", "choice": "approve"}}, "decision"),
    "answer_with_outcome_as_decision": (_answer, {"decision": _DONE}, "decision"),
    "answer_with_decision_as_outcome": (_answer, {"decision": None, "outcome": _DECISION}, "outcome"),
}


@pytest.mark.parametrize("case", _REFUSED)
def test_what_breaks_a_rule_is_refused_at_its_field(case: str) -> None:
    """
    Each rule of each value refuses, with the field it stands for and the way to mend it.
    """
    make, changes, where = _REFUSED[case]
    assert make(), "the value is accepted without the change"
    with pytest.raises(DefinitionError) as caught:
        make(**changes)
    assert caught.value.where == where
    assert caught.value.remedy
    assert len(str(caught.value)) < 300


@pytest.mark.parametrize("value", [(1,), {"a": b""}, [float("nan")], 2**53, "\ud800"], ids=ascii)
def test_input_and_output_are_json(value: Any) -> None:
    """
    What enters a value is JSON, or it does not enter.
    """
    for make in (lambda: _decision(input=value), lambda: _done(output=value)):
        with pytest.raises(EncodingError):
            make()


def test_an_input_of_32_mib_is_refused() -> None:
    """
    Size is refused by one rule or another, never by exhausting memory.
    """
    with pytest.raises(MissionEngineError):
        _decision(input=["x" * (2 * MAX_DOCUMENT_BYTES)])


@pytest.mark.parametrize(
    "make",
    [
        lambda: _decision(actor="a" * MAX_IDENTIFIER_LENGTH, choice="c" * MAX_IDENTIFIER_LENGTH),
        lambda: _decision(reason="r" * MAX_TEXT_LENGTH),
        lambda: _decision(input="x" * (MAX_PAYLOAD_BYTES - 2)),
        lambda: _done(output=None),
        lambda: _done(output="x" * (MAX_PAYLOAD_BYTES - 2)),
        lambda: _failed(code="a" * 64),
        lambda: _failed(code="a"),
        lambda: _unknown(code="a_1__"),
        lambda: _done(attempts=JsonArray([{"code": "timeout"}, {}])),
        lambda: _answer(step_id=None, request_digest=NULL_DIGEST),
        lambda: _answer(decision=None, outcome=_DONE),
    ],
    ids=[
        "longest_names",
        "longest_reason",
        "largest_input",
        "no_output",
        "largest_output",
        "longest_code",
        "shortest_code",
        "code_with_digits",
        "attempts",
        "bound",
        "outcome",
    ],
)
def test_what_keeps_the_rules_is_accepted(make: Callable[[], Any]) -> None:
    """
    The limits themselves are allowed.
    """
    assert make()


class TestJsonFields:
    """
    JSON fields are frozen on the way in.
    """

    def test_the_callers_input_is_copied(self) -> None:
        """
        Changing the caller's object afterwards changes no decision and no outcome.
        """
        given: dict[str, Any] = {"a": [1]}
        decision, outcome = _decision(input=given), _done(output=given)
        given["a"].append(2)
        assert decision.input == outcome.output == {"a": [1]}

    def test_scalars_take_their_canonical_type(self) -> None:
        """
        `2.0` enters as 2.
        """
        assert type(_decision(input=2.0).input) is type(_done(output=2.0).output) is int

    @pytest.mark.parametrize("value", [False, 0, "", [], {}, None], ids=repr)
    def test_empty_values_are_kept(self, value: Any) -> None:
        """
        What counts as false is a value like any other.
        """
        assert canonical(_answer(decision=_decision(input=value)).to_dict()["decisions"][0]["input"]) == canonical(
            value
        )
        assert canonical(Answer(step_id="a", outcome=_done(output=value)).to_dict()["outcome"]["output"]) == (
            canonical(value)
        )

    @pytest.mark.parametrize(("one", "other"), [(True, 1), (False, 0), ([True], [1]), ({"a": 0}, {"a": False})])
    def test_true_and_one_make_different_values(self, one: Any, other: Any) -> None:
        """
        Values whose digests differ are not equal.
        """
        assert _decision(input=one) != _decision(input=other)
        assert _done(output=one) != _done(output=other)
        assert _answer(decision=_decision(input=one)) != _answer(decision=_decision(input=other))


class TestImmutability:
    """
    An answer cannot be changed, only copied with a change that is checked again.
    """

    @pytest.mark.parametrize("value", [_DECISION, _DONE, _answer()], ids=["decision", "outcome", "answer"])
    def test_fields_cannot_be_set(self, value: Any) -> None:
        """
        No field can be set or deleted, and none can be added.
        """
        field = attrs.fields(type(value))[0].name
        with pytest.raises(attrs.exceptions.FrozenInstanceError):
            setattr(value, field, "other")
        with pytest.raises(attrs.exceptions.FrozenInstanceError):
            delattr(value, field)
        with pytest.raises(AttributeError):
            value.other = 1

    def test_a_changed_copy_is_checked_again(self) -> None:
        """
        Validators run again when a value is evolved.
        """
        with pytest.raises(DefinitionError):
            attrs.evolve(_DECISION, actor="")
        with pytest.raises(DefinitionError):
            attrs.evolve(_DONE, status=OutcomeStatus.FAILED)
        with pytest.raises(DefinitionError):
            attrs.evolve(_answer(), step_id=None)

    def test_equal_answers_hash_alike(self) -> None:
        """
        Answers are values: equal by content, usable as keys.
        """
        assert _answer() == _answer()
        assert len({_answer(), _answer(), _answer(step_id="b")}) == 2

    def test_positional_arguments_are_refused(self) -> None:
        """
        Every field is named where a value is made.
        """
        kinds: tuple[Callable[..., Any], ...] = (HumanDecision, EffectOutcome, Answer)
        for kind in kinds:
            with pytest.raises(TypeError):
                kind("a")


class TestRecord:
    """
    The record `answer/v1` states every field, and is read back strictly.
    """

    def test_a_decision_writes_every_field(self) -> None:
        """
        Absent fields are null, and the schema is named.
        """
        assert _answer(decision=_decision(reason="ok", input={"a": 1})).to_dict() == {
            "schema": "answer/v1",
            "request_digest": None,
            "step_id": "gate",
            "decisions": [{"actor": "ada", "choice": "approve", "reason": "ok", "input": {"a": 1}, "signature": None}],
            "outcome": None,
        }

    def test_an_outcome_writes_every_field(self) -> None:
        """
        Status is written as its name, attempts as a list.
        """
        answer = Answer(request_digest=NULL_DIGEST, outcome=_failed(attempts=JsonArray([{"n": 1}])))
        assert answer.to_dict() == {
            "schema": "answer/v1",
            "request_digest": NULL_DIGEST,
            "step_id": None,
            "decisions": [],
            "outcome": {"status": "failed", "output": None, "code": "timeout", "attempts": [{"n": 1}]},
        }

    def test_the_digest_is_that_of_the_record(self) -> None:
        """
        Whoever has the record can check the digest.
        """
        assert _answer().digest == digest_of(_answer().to_dict())
        assert _answer().digest != _answer(step_id="other").digest

    def test_the_deepest_content_has_a_digest(self) -> None:
        """
        Whatever may be put in as input or output is recorded: the record around it does not count against its depth.
        """
        document: dict[str, Any] = {}
        for _ in range(MAX_DEPTH - 1):
            document = {"a": document}
        for answer in (
            _answer(decision=_decision(input=document)),
            Answer(step_id="a", outcome=_done(output=document)),
        ):
            assert answer.digest
            assert Answer.from_dict(answer.to_dict()) == answer

    def test_the_short_form_is_read(self) -> None:
        """
        People may leave out the schema and absent fields.
        """
        short = {"step_id": "gate", "decision": {"actor": "ada", "choice": "approve"}}
        assert Answer.from_dict(short) == _answer()
        assert Answer.from_dict(_answer().to_dict()) == _answer()

    @pytest.mark.parametrize(
        ("record", "places"),
        [
            ({}, [""]),
            ({"step_id": "a"}, [""]),
            (None, [""]),
            ([], [""]),
            ({"step_id": "a", "decision": {"actor": "ada"}}, ["decision.choice"]),
            ({"step_id": "a", "decision": {"actor": 1, "choice": ""}}, ["decision.actor", "decision.choice"]),
            ({"step_id": "a", "decision": {"actor": "ada", "choice": "x", "note": 1}}, ["decision"]),
            ({"step_id": "a", "decision": ["ada"]}, ["decision"]),
            ({"step_id": "a", "outcome": {"status": "done"}}, ["outcome.status"]),
            ({"step_id": "a", "outcome": {"status": True}}, ["outcome.status"]),
            ({"step_id": "a", "outcome": {"status": "failed"}}, ["outcome"]),
            ({"step_id": "a", "outcome": {"status": "failed", "code": "No!"}}, ["outcome.code"]),
            ({"step_id": "a", "outcome": {"status": "succeeded", "attempts": "x"}}, ["outcome.attempts"]),
            ({"step_id": 1, "request_digest": 2, "schema": 3, "x": 4}, ["", "request_digest", "schema", "step_id"]),
            (
                {"request_digest": "sha256:0", "decision": {"actor": "", "choice": "x"}},
                ["decision.actor", "request_digest"],
            ),
        ],
    )
    def test_faults_are_listed_with_their_paths(self, record: Any, places: list[str]) -> None:
        """
        Every fault of a record is reported, with the path it stands at.
        """
        with pytest.raises(InvalidAnswerError, match=r"^answer: ") as caught:
            Answer.from_dict(record)
        assert sorted(fault.where for fault in caught.value.faults) == places


class TestProperties:
    """
    What an answer says about itself follows from its fields.
    """

    def test_only_an_unknown_outcome_is_unknown(self) -> None:
        """
        A decision, a success and a failure are settled.
        """
        assert Answer(step_id="a", outcome=_unknown()).is_unknown
        for content in ({"decision": _DECISION}, {"outcome": _DONE}, {"outcome": _failed()}):
            assert not Answer(step_id="a", **content).is_unknown

    def test_the_addressee_is_the_one_address(self) -> None:
        """
        It is the step id or the request digest, whichever is there.
        """
        assert _answer().addressee == "gate"
        assert _answer(step_id=None, request_digest=NULL_DIGEST).addressee == NULL_DIGEST

    def test_binding_replaces_the_address_and_nothing_else(self) -> None:
        """
        A bound answer names the request instead of the step; the original stays as it was.
        """
        answer = _answer()
        bound = answer.bound_to(NULL_DIGEST)
        assert bound == _answer(step_id=None, request_digest=NULL_DIGEST)
        assert bound.decision is answer.decision
        assert answer == _answer()
        assert bound.bound_to(NULL_DIGEST) == bound

    def test_binding_to_no_digest_is_refused(self) -> None:
        """
        An answer is bound to a request digest alone.
        """
        with pytest.raises(DefinitionError):
            _answer().bound_to("gate")
