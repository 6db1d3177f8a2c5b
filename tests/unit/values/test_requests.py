"""Requests: the record an answer is bound to covers everything the question rests on."""

from typing import Any

import attrs
import pytest

from runtime.encoding.canonical import canonical
from runtime.encoding.digest import digest_of, digest_of_bytes
from runtime.encoding.frozen import JsonObject
from runtime.limits import MAX_DEPTH
from runtime.values import EffectAsk, EffectMode, HumanAsk, Pending, Request, WaitReason

_HUMAN = HumanAsk(
    prompt="Go on?",
    shown=JsonObject({"tasks": 3}),
    choices=("approve", "reject"),
    input_schema=None,
    approvers=(),
)
_EFFECT = EffectAsk(connector="mail", action="send", params=JsonObject({"to": ["ada"]}), mode=EffectMode.MUTATE)


def _digest(name: str) -> str:
    return digest_of_bytes(name.encode())


def _request(**changes: Any) -> Request:
    fields: dict[str, Any] = {
        "run_digest": _digest("run"),
        "sequence": 1,
        "step_id": "gate",
        "lineage_head": _digest("head"),
        "input_digest": _digest("input"),
        "ask": _HUMAN,
    }
    return Request(**{**fields, **changes})


_OTHERS: dict[str, dict[str, Any]] = {
    "run": {"run_digest": _digest("other")},
    "sequence": {"sequence": 2},
    "step": {"step_id": "other"},
    "lineage_head": {"lineage_head": _digest("other")},
    "input": {"input_digest": _digest("other")},
    "prompt": {"ask": attrs.evolve(_HUMAN, prompt="Stop?")},
    "shown": {"ask": attrs.evolve(_HUMAN, shown=JsonObject({"tasks": 4}))},
    "choices": {"ask": attrs.evolve(_HUMAN, choices=("reject", "approve"))},
    "input_schema": {"ask": attrs.evolve(_HUMAN, input_schema=JsonObject({}))},
    "approvers": {"ask": attrs.evolve(_HUMAN, approvers=("ada",))},
    "quorum": {"ask": attrs.evolve(_HUMAN, quorum=2)},
    "not_by": {"ask": attrs.evolve(_HUMAN, not_by=("ada",))},
    "signed": {"ask": attrs.evolve(_HUMAN, signed=True)},
    "expires_after_ms": {"ask": attrs.evolve(_HUMAN, expires_after_ms=1)},
    "kind": {"ask": _EFFECT},
    "connector": {"ask": attrs.evolve(_EFFECT, connector="post")},
    "action": {"ask": attrs.evolve(_EFFECT, action="draft")},
    "params": {"ask": attrs.evolve(_EFFECT, params=JsonObject({"to": ["bob"]}))},
    "mode": {"ask": attrs.evolve(_EFFECT, mode=EffectMode.READ)},
}


def test_every_field_has_a_case() -> None:
    """
    A field added to a request or an ask must be covered by the digest, and by a case here.
    """
    fields = sum(len(attrs.fields(kind)) for kind in (Request, HumanAsk, EffectAsk))
    assert len(_OTHERS) == fields - len({"recorded_as"})  # `ask` itself counts as the case `kind`.


def test_every_field_reaches_the_digest() -> None:
    """
    Requests that differ in any field have different digests, so an answer to one is an answer to no other.
    """
    digests = [_request().digest, *(_request(**changes).digest for changes in _OTHERS.values())]
    assert len(set(digests)) == len(digests)


def test_a_question_to_a_person_is_recorded_whole() -> None:
    """
    The record `request/v1` states every field.
    """
    assert _request(ask=attrs.evolve(_HUMAN, input_schema=JsonObject({"type": "string"}))).to_dict() == {
        "schema": "request/v1",
        "run_digest": _digest("run"),
        "sequence": 1,
        "step_id": "gate",
        "lineage_head": _digest("head"),
        "input_digest": _digest("input"),
        "ask": {
            "kind": "human",
            "prompt": "Go on?",
            "shown": {"tasks": 3},
            "choices": ["approve", "reject"],
            "input_schema": {"type": "string"},
            "approvers": [],
            "quorum": 1,
            "not_by": [],
            "signed": False,
            "expires_after_ms": None,
        },
    }


def test_a_question_to_a_connector_is_recorded_whole() -> None:
    """
    An effect is named by connector, action, params and mode.
    """
    assert _request(ask=_EFFECT).to_dict()["ask"] == {
        "kind": "effect",
        "connector": "mail",
        "action": "send",
        "params": {"to": ["ada"]},
        "mode": "mutate",
    }


@pytest.mark.parametrize("ask", [_HUMAN, _EFFECT], ids=["human", "effect"])
def test_the_digest_is_that_of_the_record(ask: HumanAsk | EffectAsk) -> None:
    """
    Whoever has the record can check the digest; the record is plain JSON.
    """
    request = _request(ask=ask)
    assert request.digest == digest_of(request.to_dict()) == digest_of_bytes(canonical(request.to_dict()))


@pytest.mark.parametrize("depth", [1, MAX_DEPTH - 1, MAX_DEPTH])
def test_the_deepest_question_has_a_digest(depth: int) -> None:
    """
    Whatever a payload can hold can be asked: the record around it does not count against the document's depth.
    """
    document: dict[str, Any] = {}
    for _ in range(depth - 1):
        document = {"a": document}
    for ask in (
        attrs.evolve(_EFFECT, params=JsonObject(document)),
        attrs.evolve(_HUMAN, input_schema=JsonObject(document)),
    ):
        assert _request(ask=ask).digest
        assert Pending(request=_request(ask=ask), reason=WaitReason.UNANSWERED).digest


@pytest.mark.parametrize("reason", WaitReason)
def test_an_open_request_states_digest_and_reason(reason: WaitReason) -> None:
    """
    What waits is the request with its digest, and why it waits.
    """
    pending = Pending(request=_request(), reason=reason)
    assert pending.digest == _request().digest
    assert pending.to_dict() == {
        "digest": _request().digest,
        "reason": reason.value,
        "request": _request().to_dict(),
    }
    assert canonical(pending.to_dict())


@pytest.mark.parametrize("value", [_HUMAN, _EFFECT, _request()], ids=["human", "effect", "request"])
def test_requests_are_values(value: Any) -> None:
    """
    Requests and asks are equal by content, can be keys, and cannot be changed.
    """
    field = attrs.fields(type(value))[0].name
    assert attrs.evolve(value) == value
    assert len({value, attrs.evolve(value)}) == 1
    with pytest.raises(attrs.exceptions.FrozenInstanceError):
        setattr(value, field, "other")
