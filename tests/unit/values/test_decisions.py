"""Decisions and openings: what they may hold."""

from collections.abc import Callable
from typing import Any

import pytest

from runtime.encoding.digest import NULL_DIGEST
from runtime.errors import DefinitionError, InvalidAnswerError
from runtime.values import EXPIRED, Answer, DecisionSignature, HumanDecision, Opening
from runtime.values.decisions import is_instant, is_nonce

AT = "2026-05-14T20:54:00.000Z"
NONCE = "0" * 32


def _signature(**changes: Any) -> DecisionSignature:
    return DecisionSignature(**{"nonce": NONCE, "expires_at": AT, "key_id": "a" * 64, "signature": "AAAA", **changes})


def _decision(**changes: Any) -> HumanDecision:
    return HumanDecision(**{"actor": "ada", "choice": "approve", **changes})


def _expired(**changes: Any) -> HumanDecision:
    return HumanDecision(**{"actor": None, "choice": EXPIRED, **changes})


def _opening(**changes: Any) -> Opening:
    return Opening(**{"request_digest": NULL_DIGEST, "nonce": NONCE, "expires_at": AT, **changes})


def _answer(*decisions: Any) -> Answer:
    return Answer(step_id="gate", decisions=decisions)


REFUSED: dict[str, tuple[Callable[[], Any], str]] = {
    "a_short_nonce": (lambda: _signature(nonce="0" * 31), "nonce"),
    "a_long_nonce": (lambda: _signature(nonce="0" * 65), "nonce"),
    "a_nonce_in_upper_case": (lambda: _signature(nonce="A" * 32), "nonce"),
    "a_path_for_a_nonce": (lambda: _opening(nonce="../../../../../../../etc/passwd.."), "nonce"),
    "a_number_for_a_nonce": (lambda: _opening(nonce=5), "nonce"),
    "a_time_without_milliseconds": (lambda: _signature(expires_at="2026-05-14T20:54:00Z"), "expires_at"),
    "a_time_of_another_zone": (lambda: _opening(expires_at="2026-05-14T20:54:00.000+01:00"), "expires_at"),
    "a_number_for_a_time": (lambda: _opening(expires_at=1), "expires_at"),
    "a_short_key_id": (lambda: _signature(key_id="a" * 63), "key_id"),
    "a_number_for_a_key_id": (lambda: _signature(key_id=1), "key_id"),
    "an_empty_signature": (lambda: _signature(signature=""), "signature"),
    "a_text_for_a_signature_part": (lambda: _decision(signature="AAAA"), "signature"),
    "nobody_who_approves": (lambda: _decision(actor=None), "actor"),
    "somebody_who_decides_expired": (lambda: _expired(actor="ada"), "actor"),
    "a_number_for_an_actor": (lambda: _decision(actor=1), "actor"),
    "expired_with_a_reason": (lambda: _expired(reason="late"), ""),
    "expired_with_an_input": (lambda: _expired(input={}), ""),
    "expired_with_a_signature": (lambda: _expired(signature=_signature()), ""),
    "an_opening_of_another_schema": (lambda: _opening(schema="opening/v2"), "schema"),
    "an_opening_of_no_request": (lambda: _opening(request_digest=None), "request_digest"),
    "an_opening_of_no_digest": (lambda: _opening(request_digest="sha256:0"), "request_digest"),
    "an_actor_twice": (lambda: _answer(_decision(), _decision(choice="reject")), "decisions"),
    "actors_out_of_order": (lambda: _answer(_decision(actor="bob"), _decision()), "decisions"),
    "nobody_among_others": (lambda: _answer(_expired(), _decision()), "decisions"),
    "seventeen_decisions": (lambda: _answer(*(_decision(actor=f"a{n:02}") for n in range(17))), "decisions"),
    "a_dict_among_decisions": (lambda: _answer({"actor": "ada", "choice": "approve"}), "decisions"),
    "a_text_for_decisions": (lambda: Answer(step_id="gate", decisions="ada"), "decisions"),  # type: ignore[arg-type]
    "both_ways_to_write_it": (
        lambda: Answer(step_id="gate", decision=_decision(), decisions=[_decision()]),
        "decision",
    ),
}


@pytest.mark.parametrize("case", REFUSED)
def test_what_cannot_be_is_refused(case: str) -> None:
    """
    Each with the name of its field.
    """
    make, where = REFUSED[case]
    with pytest.raises(DefinitionError) as refused:
        make()
    assert refused.value.where == where
    assert refused.value.remedy


def test_what_may_be_is_taken() -> None:
    """
    A signature without expiry, an opening without one, sixteen decisions, a list of decisions.
    """
    assert _signature(expires_at=None).expires_at is None
    assert _opening(expires_at=None).expires_at is None
    assert len(_answer(*(_decision(actor=f"a{n:02}") for n in range(16))).decisions) == 16
    assert Answer(step_id="gate", decisions=[_decision()]) == Answer(step_id="gate", decision=_decision())
    assert _decision(signature=_signature()).signature == _signature()


def test_one_decision_is_told_and_of_several_none() -> None:
    """
    `decision` is there where exactly one person decides.
    """
    assert _answer(_decision()).decision == _decision()
    assert _answer(_decision(), _decision(actor="bob")).decision is None


@pytest.mark.parametrize(
    ("text", "is_one"),
    [
        (AT, True),
        ("9999-12-31T23:59:59.999Z", True),
        ("2026-13-14T20:54:00.000Z", False),
        ("2026-05-32T20:54:00.000Z", False),
        ("2026-05-14T24:00:00.000Z", False),
        ("2026-05-14T20:60:00.000Z", False),
        ("2026-05-14T20:54:60.000Z", False),
        ("2026-05-14t20:54:00.000z", False),
        (f"{AT}\n", False),
        (None, False),
    ],
)
def test_an_instant_is_written_one_way(text: object, is_one: bool) -> None:  # noqa: FBT001 - a case of a table.
    """
    So the order of texts is the order of times.
    """
    assert is_instant(text) is is_one


def test_a_nonce_is_hexadecimal() -> None:
    """
    It can be the name of a file.
    """
    assert [is_nonce(text) for text in (NONCE, "f" * 64, "g" * 32, f"{NONCE}\n", 0)] == [
        True,
        True,
        False,
        False,
        False,
    ]


@pytest.mark.parametrize(
    ("now", "is_over"),
    [("2026-05-14T20:53:59.999Z", False), (AT, True), ("2026-05-14T20:54:00.001Z", True)],
    ids=["before", "at_the_moment", "after"],
)
def test_an_opening_is_over_at_its_expiry(now: str, is_over: bool) -> None:  # noqa: FBT001 - as above.
    """
    Without an expiry it never is.
    """
    assert _opening().is_over(now) is is_over
    assert not _opening(expires_at=None).is_over(now)


def test_the_short_form_names_its_own_faults() -> None:
    """
    A fault of `decision` is told there, and one of `decisions` where it stands.
    """
    for form, place in (
        ({"decision": {"actor": "ada"}}, "decision.choice"),
        ({"decisions": [{"actor": "ada"}]}, "decisions[0].choice"),
    ):
        with pytest.raises(InvalidAnswerError) as refused:
            Answer.from_dict({"step_id": "gate", **form})
        assert [fault.where for fault in refused.value.faults] == [place]


def test_the_short_form_takes_null_for_none() -> None:
    """
    As an answer with an outcome may say it.
    """
    record = {"step_id": "act", "decision": None, "outcome": {"status": "succeeded"}}
    assert Answer.from_dict(record).decisions == ()
