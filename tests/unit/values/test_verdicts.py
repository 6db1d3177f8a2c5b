"""Verdicts: what can be read of one, and that it cannot be changed."""

import attrs
import pytest
from makers import sha256_of

from runtime.encoding.frozen import JsonObject
from runtime.errors import DefinitionError
from runtime.values.verdicts import Decision, Verdict

RECORD = {"schema": "verdict/v1", "decision": "flag", "reason_code": "large"}


def test_a_verdict_is_read_from_its_record() -> None:
    """
    Decision, reason and digest are those of the record.
    """
    verdict = Verdict(JsonObject(RECORD))
    assert verdict.decision is Decision.FLAG
    assert verdict.reason_code == "large"
    assert verdict.digest == sha256_of(RECORD)
    assert verdict.to_dict() == RECORD


def test_a_caller_s_copy_is_its_own() -> None:
    """
    What is done to the plain record changes no verdict.
    """
    verdict = Verdict(JsonObject(RECORD))
    verdict.to_dict()["decision"] = "allow"
    assert verdict.decision is Decision.FLAG
    with pytest.raises(attrs.exceptions.FrozenInstanceError):
        verdict.record = JsonObject({})  # type: ignore[misc]  # that is the point.


def test_a_record_that_is_no_frozen_object_is_refused() -> None:
    """
    A plain dict could be changed behind the verdict.
    """
    with pytest.raises(DefinitionError, match="expected JsonObject"):
        Verdict(RECORD)  # type: ignore[arg-type]  # that is the point.


@pytest.mark.parametrize("decision", ["permit", "Allow", "", None])
def test_an_unknown_decision_is_none(decision: object) -> None:
    """
    Nothing unknown passes for a decision.
    """
    with pytest.raises(ValueError, match="is not a valid Decision"):
        _ = Verdict(JsonObject({**RECORD, "decision": decision})).decision
