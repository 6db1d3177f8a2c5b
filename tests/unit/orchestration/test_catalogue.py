"""Steps are held against what connectors say of themselves: known, present, and no mutation called a reading."""

from typing import Any

import pytest
from makers import make_action, make_gate, make_step, make_workflow

from runtime.errors import DefinitionError, MissionEngineError, UnknownConnectorError
from runtime.orchestration import StepSpec
from runtime.orchestration.catalogue import verify_actions
from runtime.orchestration.prepare import prepare

CATALOGUE = {
    "files": {"actions": {"copy": {"mode": "mutate"}, "delete": {"mode": "mutate"}, "stat": {"mode": "read"}}},
    "mail": {"actions": {"send": {"mode": "mutate"}}},
}


def verify(*steps: StepSpec, catalogue: Any = CATALOGUE) -> None:
    """
    Hold steps against a catalogue.
    """
    verify_actions(prepare(make_workflow(*steps)), catalogue)


def undone_by(action: str) -> StepSpec:
    """
    Make a mutating step that names what undoes it.
    """
    return make_action(mode="mutate", compensate={"action": action, "params": {}})


GOOD = {
    "no action": (make_step(), make_gate()),
    "a reading action": (make_action(action="stat"),),
    "a mutating action": (make_action(mode="mutate"),),
    "a reading action called mutating": (make_action(action="stat", mode="mutate"),),
    "an action that is undone by a mutating one": (undone_by("delete"),),
}


@pytest.mark.parametrize("name", GOOD)
def test_what_the_catalogue_holds_is_accepted(name: str) -> None:
    """
    More caution than the connector asks for is no fault.
    """
    verify(*GOOD[name])


REFUSED: dict[str, tuple[StepSpec, type[MissionEngineError], str, str]] = {
    "unknown_connector": (
        make_action(connector="nowhere"),
        UnknownConnectorError,
        "connector 'nowhere'",
        "connectors are ['files', 'mail']",
    ),
    "unknown_action": (
        make_action(action="move"),
        DefinitionError,
        "action 'move' of connector 'files'",
        "its actions are ['copy', 'delete', 'stat']",
    ),
    "action_of_another_connector": (
        make_action(action="send"),
        DefinitionError,
        "action 'send' of connector 'files'",
        "its actions are ['copy', 'delete', 'stat']",
    ),
    "mutating_action_called_read": (
        make_action(mode="read"),
        DefinitionError,
        "marked read, and its connector says it mutates",
        "write mode: mutate",
    ),
    "unknown_compensation": (
        undone_by("uncopy"),
        DefinitionError,
        "compensation 'uncopy'",
        "its mutating actions are ['copy', 'delete']",
    ),
    "compensation_that_only_reads": (
        undone_by("stat"),
        DefinitionError,
        "compensation 'stat', which is no mutating action of connector 'files'",
        "its mutating actions are ['copy', 'delete']",
    ),
    "compensation_of_another_connector": (
        undone_by("send"),
        DefinitionError,
        "compensation 'send'",
        "its mutating actions are ['copy', 'delete']",
    ),
}


@pytest.mark.parametrize("defect", REFUSED)
def test_what_the_catalogue_does_not_hold_is_refused(defect: str) -> None:
    """
    The message names the step, what it said, and what there is.
    """
    step, kind, what, remedy = REFUSED[defect]
    with pytest.raises(kind) as refused:
        verify(make_step("before"), step)
    assert type(refused.value) is kind
    assert what in refused.value.what
    assert (refused.value.where, refused.value.remedy) == ("act", remedy)


def _raises() -> Any:
    class Hostile(dict[str, Any]):
        def __getitem__(self, key: str) -> Any:
            raise RuntimeError(key)

    return Hostile()


NO_DESCRIPTIONS: dict[str, Any] = {
    "nothing": None,
    "no actions": {},
    "a list of actions": {"actions": ["copy"]},
    "an action without a mode": {"actions": {"copy": {}}},
    "an action that is a text": {"actions": {"copy": "mutate"}},
    "one that raises": _raises(),
}


@pytest.mark.parametrize("name", NO_DESCRIPTIONS)
def test_a_connector_that_does_not_describe_itself_is_refused(name: str) -> None:
    """
    Whatever it says instead, the error is ours and names the connector.
    """
    with pytest.raises(DefinitionError, match="connector 'files' does not describe itself") as refused:
        verify(make_action(), catalogue={"files": NO_DESCRIPTIONS[name]})
    assert refused.value.where == "files"


@pytest.mark.parametrize("mode", ["write", "", "READ", None, 1])
def test_an_unknown_mode_is_no_reading(mode: Any) -> None:
    """
    What a connector does not plainly call `read` cannot be read, and what it does not call `mutate` undoes nothing.
    """
    catalogue = {"files": {"actions": {"copy": {"mode": mode}, "delete": {"mode": "mutate"}}}}
    with pytest.raises(DefinitionError, match="marked read"):
        verify(make_action(mode="read"), catalogue=catalogue)
    with pytest.raises(DefinitionError, match="compensation 'copy'"):
        verify(undone_by("copy"), catalogue=catalogue)


def test_a_connector_nobody_asks_for_is_not_looked_at() -> None:
    """
    Only what the steps use has to be described.
    """
    verify(make_action(action="stat"), catalogue={**CATALOGUE, "other": None})
