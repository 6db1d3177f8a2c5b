"""The decision types: the order of fields, what is refused, and that nothing passed in is touched."""

import copy
import math
from typing import Any

import attrs
import pytest

from runtime.decision_schema import Action, FinalDecision, MismatchInfo, PacketV2, Proposal, __version__

FIELDS = {
    Proposal: ["action", "confidence", "reasons", "params", "run_id", "features_summary"],
    MismatchInfo: ["flags", "reason_codes", "throttle_refresh_ms", "metadata"],
    FinalDecision: ["action", "allowed", "reasons", "mismatch", "throttle_ms", "cooldown_ms", "params"],
    PacketV2: [
        "run_id",
        "step",
        "input",
        "external",
        "mdm",
        "final_action",
        "latency_ms",
        "mismatch",
        "schema_version",
    ],
}
PACKET: dict[str, Any] = {
    "run_id": "r",
    "step": 1,
    "input": {"a": [1]},
    "external": {},
    "mdm": {},
    "final_action": {"action": "ACT"},
    "latency_ms": 5,
    "mismatch": None,
    "schema_version": "0.2.2",
}


@pytest.mark.parametrize("kind", FIELDS, ids=lambda kind: kind.__name__)
def test_fields_stand_in_their_order(kind: type[Any]) -> None:
    """
    They may be given by position, so their order is part of the contract.
    """
    assert [field.name for field in attrs.fields(kind) if not field.kw_only] == FIELDS[kind]


def test_an_action_is_text_that_knows_its_class() -> None:
    """
    Equal to its name, and written with its class.
    """
    assert [action.value for action in Action] == [action.name for action in Action]
    assert [action.name for action in Action] == ["HOLD", "ACT", "EXIT", "CANCEL", "STOP"]
    assert str(Action.ACT) == "Action.ACT"
    assert Action.ACT == "ACT"


@pytest.mark.parametrize("confidence", [0, 1, 0.5])
def test_a_confidence_lies_between_0_and_1(confidence: float) -> None:
    """
    Both ends included.
    """
    assert Proposal(Action.ACT, confidence).confidence == confidence


@pytest.mark.parametrize("confidence", [-0.1, 1.1, math.nan, math.inf, "0.5", True, None])
def test_any_other_confidence_is_refused(confidence: Any) -> None:
    """
    With the error that the contract names.
    """
    with pytest.raises(ValueError, match="from 0 to 1"):
        Proposal(Action.ACT, confidence)


def test_what_is_empty_becomes_a_list() -> None:
    """
    None and an empty tuple too, and each object has one of its own.
    """
    assert FinalDecision(Action.ACT, reasons=None).reasons == []
    assert MismatchInfo(flags=(), reason_codes=None).flags == []
    assert Proposal(Action.ACT, 1).features_summary == {}
    first, second = FinalDecision(Action.ACT), FinalDecision(Action.ACT)
    first.reasons.append("x")
    assert second.reasons == []


def test_actions_are_the_one_action_unless_there_are_several() -> None:
    """
    Also after either was assigned.
    """
    decision = FinalDecision(Action.ACT)
    assert decision.actions == [Action.ACT]
    decision.action = Action.STOP
    assert decision.actions == [Action.STOP]
    decision.actions = [Action.ACT, Action.EXIT]
    assert decision.actions == [Action.ACT, Action.EXIT]
    assert FinalDecision(Action.ACT, actions=[Action.EXIT]).actions == [Action.EXIT]
    assert FinalDecision(Action.ACT, actions=[]).actions == [Action.ACT]


@pytest.mark.parametrize(
    "make",
    [lambda params: Proposal(Action.ACT, 1, params=params), lambda params: FinalDecision(Action.ACT, params=params)],
)
def test_params_are_given_as_a_copy(make: Any) -> None:
    """
    At every depth; without params it is an empty dict.
    """
    params = {"a": [1]}
    copied = make(params).to_params()
    assert copied == params
    copied["a"].append(2)
    assert params == {"a": [1]}
    assert make(None).to_params() == {}


def test_a_packet_is_written_and_read() -> None:
    """
    Everything is copied, on both ways.
    """
    before = copy.deepcopy(PACKET)
    packet = PacketV2.from_dict(PACKET)
    assert packet.to_dict() == PACKET == before
    packet.input["a"].append(2)
    packet.to_dict()["input"]["a"].append(3)
    assert before == PACKET
    assert packet.to_dict()["input"] == {"a": [1, 2]}
    packet.mismatch = MismatchInfo(flags=["f"])
    assert packet.to_dict()["mismatch"]["flags"] == ["f"]


@pytest.mark.parametrize(
    "changes",
    [{"schema_version": ...}, {"run_id": ...}, {"more": 1}, {"schema_version": "1.0.0"}, {"schema_version": None}],
    ids=["no_version", "no_run", "unknown_field", "another_major", "null_version"],
)
def test_what_is_no_packet_is_refused(changes: dict[str, Any]) -> None:
    """
    A missing version is not taken for the present one.
    """
    data = {key: value for key, value in {**PACKET, **changes}.items() if value is not ...}
    with pytest.raises(ValueError, match="packet"):
        PacketV2.from_dict(data)


def test_a_packet_without_mismatch_is_read() -> None:
    """
    It is the one field that may be left out.
    """
    data = {key: value for key, value in PACKET.items() if key != "mismatch"}
    assert PacketV2.from_dict(data).mismatch is None
    assert __version__ == "0.2.2"
