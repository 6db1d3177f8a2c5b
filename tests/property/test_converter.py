"""Laws of the one converter, for every value that enters or leaves as JSON."""

import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from strategies import (
    answers,
    any_definitions,
    any_steps,
    checkpoints,
    contexts,
    decision_signatures,
    effect_asks,
    effect_outcomes,
    human_asks,
    human_decisions,
    little_values,
    openings,
    requests,
)

from runtime.encoding.canonical import canonical
from runtime.encoding.converter import structure, unstructure
from runtime.errors import DefinitionError
from runtime.orchestration.checkpoint import Checkpoint
from runtime.orchestration.definitions import ExecutionContext, StepSpec, WorkflowDefinition
from runtime.values import (
    Answer,
    DecisionSignature,
    EffectAsk,
    EffectOutcome,
    HumanAsk,
    HumanDecision,
    Opening,
    Request,
)

_VALUES: dict[type[Any], st.SearchStrategy[Any]] = {
    Answer: answers,
    HumanDecision: human_decisions,
    DecisionSignature: decision_signatures,
    Opening: openings,
    EffectOutcome: effect_outcomes,
    HumanAsk: human_asks,
    EffectAsk: effect_asks,
    Request: requests,
    StepSpec: any_steps,
    WorkflowDefinition: any_definitions,
    ExecutionContext: contexts,
    Checkpoint: checkpoints,
}
# Ten types by five laws: an eighth of the examples for each keeps the whole fast.
_some = settings(max_examples=max(settings.default.max_examples // 8, 10)) if settings.default else settings()
_every_type = pytest.mark.parametrize("kind", _VALUES, ids=lambda kind: kind.__name__)


def _read(document: Any, kind: type[Any]) -> Any:
    """
    Build the value, or give None where the document is refused; a refusal lists its faults as text for people.
    """
    try:
        return structure(document, kind, what="value")
    except DefinitionError as error:
        refusal = error
    assert refusal.faults
    assert all(fault.message for fault in refusal.faults)
    assert str(refusal).encode()
    return None


def _places(document: Any, path: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    children = document.items() if type(document) is dict else enumerate(document) if type(document) is list else ()
    return [path, *(place for key, child in children for place in _places(child, (*path, key)))]


def _replaced(document: Any, path: tuple[Any, ...], value: Any) -> Any:
    if not path:
        return value
    copied = dict(document) if type(document) is dict else list(document)
    copied[path[0]] = _replaced(copied[path[0]], path[1:], value)
    return copied


def _removed(document: Any, path: tuple[Any, ...]) -> Any:
    copied = dict(document) if type(document) is dict else list(document)
    if len(path) == 1:
        del copied[path[0]]
    else:
        copied[path[0]] = _removed(copied[path[0]], path[1:])
    return copied


def _kept(given_document: Any, written: Any) -> Any:
    """
    Give the part of a written document that was given: fields that only defaults brought are left out.
    """
    if type(given_document) is dict and type(written) is dict:
        return {key: _kept(child, written[key]) for key, child in given_document.items() if key in written}
    if type(given_document) is list and type(written) is list and len(given_document) == len(written):
        return [_kept(one, other) for one, other in zip(given_document, written, strict=True)]
    return written


@_every_type
class TestStructuringUndoesUnstructuring:
    """
    `structure(unstructure(x)) == x`, and `unstructure(structure(d)) == d` for every accepted d.
    """

    @_some
    @given(data=st.data())
    def test_a_value_comes_back(self, kind: type[Any], data: st.DataObject) -> None:
        """
        A value written as JSON and read again is equal, of the same class, and is written the same way.
        """
        value = data.draw(_VALUES[kind])
        document = unstructure(value)
        again = structure(json.loads(canonical(document)), kind, what="value")
        assert type(again) is kind
        assert again == value
        assert canonical(unstructure(again)) == canonical(document)

    @_some
    @given(data=st.data())
    def test_a_changed_document_is_refused_or_kept(self, kind: type[Any], data: st.DataObject) -> None:
        """
        Whatever one part of a document is replaced by, it is refused, or written again as it was given.
        """
        document = unstructure(data.draw(_VALUES[kind]))
        path = data.draw(st.sampled_from(_places(document)))
        changed = _replaced(document, path, data.draw(little_values))
        value = _read(changed, kind)
        if value is None:
            return
        assert canonical(_kept(changed, unstructure(value))) == canonical(changed)

    @_some
    @given(data=st.data())
    def test_a_left_out_field_is_refused_or_a_default(self, kind: type[Any], data: st.DataObject) -> None:
        """
        Leaving a part out is refused, or adds its default and changes nothing else; read again it is the same value.
        """
        document = unstructure(data.draw(_VALUES[kind]))
        shorter = _removed(document, data.draw(st.sampled_from([path for path in _places(document) if path])))
        value = _read(shorter, kind)
        if value is None:
            return
        written = unstructure(value)
        assert canonical(_kept(shorter, written)) == canonical(shorter)
        assert structure(written, kind, what="value") == value

    @_some
    @given(data=st.data(), name=st.text(min_size=1, max_size=5))
    def test_an_added_field_is_refused(self, kind: type[Any], data: st.DataObject, name: str) -> None:
        """
        A field the class does not have is refused, whatever its name and value.
        """
        document = unstructure(data.draw(_VALUES[kind]))
        if name in document:
            return
        with pytest.raises(DefinitionError, match="unknown field"):
            structure({**document, name: data.draw(little_values)}, kind, what="value")

    @_some
    @given(data=st.data())
    def test_the_document_is_plain_json_and_not_shared(self, kind: type[Any], data: st.DataObject) -> None:
        """
        What is written is canonical JSON; emptying it changes nothing in the value.
        """
        value = data.draw(_VALUES[kind])
        document = unstructure(value)
        raw = canonical(document)
        for path in sorted(_places(document), key=len, reverse=True):
            part = document
            for key in path:
                part = part[key]
            if isinstance(part, dict | list):
                part.clear()
                break
        assert canonical(unstructure(value)) == raw


_OWN_WAYS: dict[type[Any], st.SearchStrategy[Any]] = {
    kind: _VALUES[kind] for kind in (Answer, Checkpoint, ExecutionContext, WorkflowDefinition)
}


@pytest.mark.parametrize("kind", _OWN_WAYS, ids=lambda kind: kind.__name__)
class TestTheOwnWaysAgree:
    """
    `from_dict` and `to_dict` are the converter under another name.
    """

    @_some
    @given(data=st.data())
    def test_from_dict_undoes_to_dict(self, kind: Any, data: st.DataObject) -> None:
        """
        A value written by `to_dict` is read by `from_dict`, and both agree with the converter.
        """
        value = data.draw(_OWN_WAYS[kind])
        document = value.to_dict()
        assert canonical(document) == canonical(unstructure(value))
        assert kind.from_dict(document) == value
        assert kind.from_dict(json.loads(canonical(document))).to_dict() == document
