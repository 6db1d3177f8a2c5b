"""`mission list`, `show`, `version`, `--help`."""

import json

import pytest
from command_line import Mission
from syrupy.assertion import SnapshotAssertion

from runtime.orchestration.registry import MISSION_REGISTRY


def test_list(mission: Mission, snapshot: SnapshotAssertion) -> None:
    """
    Every mission is listed with version and summary.
    """
    assert mission("list").out == snapshot
    rows = json.loads(mission("list", "--json").out)["missions"]
    assert [row["name"] for row in rows] == sorted(MISSION_REGISTRY)


@pytest.mark.parametrize("name", sorted(MISSION_REGISTRY))
def test_show(mission: Mission, snapshot: SnapshotAssertion, name: str) -> None:
    """
    A mission is shown with params, steps drawn, effects and digests.
    """
    assert mission("show", name).out == snapshot
    document = json.loads(mission("show", name, "--json").out)
    assert document["definition_digest"] == MISSION_REGISTRY[name](MISSION_REGISTRY[name].example.params).digest
    assert {effect["connector"] for effect in document["effects"]} == set(MISSION_REGISTRY[name].catalogue)


def test_show_with_params_of_one_s_own(mission: Mission) -> None:
    """
    The steps are those of the params given.
    """
    assert 'params {"mine":1}' in mission("show", "echo", "--params", '{"mine": 1}').out


def test_version(mission: Mission) -> None:
    """
    The version of the package, of the execution rules and of Python are named.
    """
    document = json.loads(mission("version", "--json").out)
    assert set(document) == {"version", "engine", "python"}
    assert mission("version").out.startswith("mission-runtime ")


@pytest.mark.parametrize("words", [("--help",), ("-h",), ("run", "--help"), ("approve", "-h")], ids=" ".join)
def test_help_exits_with_0(mission: Mission, words: tuple[str, ...]) -> None:
    """
    Help is no error.
    """
    shown = mission(*words)
    assert shown.status == 0
    assert shown.out.startswith("Usage: mission")


def test_without_a_command_the_help_is_shown(mission: Mission) -> None:
    """
    As lines, on stderr, with the status of a command line that cannot be used.
    """
    shown = mission()
    assert (shown.status, shown.out) == (2, "")
    assert "Commands:\n  approve" in shown.err
