"""`mission preflight`: rules held to every path, of a mission or of a workflow in a file."""

import json
from pathlib import Path
from typing import Any

import pytest
from command_line import Mission
from makers import make_action, make_gate, make_step, make_workflow
from syrupy.assertion import SnapshotAssertion

from runtime.orchestration.planner import describe_mission
from runtime.orchestration.registry import MISSION_REGISTRY

PEOPLE_DECIDE: dict[str, Any] = {
    "schema": "sequence-rules/v1",
    "rules": [
        {"kind": "requires", "before": ["human:approve"], "after": ["effect:mutate"], "why": "People decide."},
        {"kind": "always_followed_by", "what": ["effect:read"], "by": ["effect:mutate"]},
    ],
}
CATALOGUE = {"files": {"actions": {"copy": {"mode": "mutate"}}}}


def _write(name: str, document: Any) -> str:
    Path(name).write_text(json.dumps(document))
    return name


def _workflow() -> str:
    return _write("workflow.json", make_workflow(make_gate(), make_action(mode="mutate")).to_dict())


@pytest.mark.parametrize("name", sorted(MISSION_REGISTRY))
def test_every_mission_is_proven(mission: Mission, name: str, snapshot: SnapshotAssertion) -> None:
    """
    Rules, paths and the digest that stands in the header of its runs.
    """
    shown = mission("preflight", name, "--paths")
    assert shown.status == 0
    assert shown.out == snapshot
    document = json.loads(mission("preflight", name, "--json").out)
    assert document["proven"] is True
    assert document["certificate_digest"] == describe_mission(name)["proof_digest"]
    assert "paths" not in document
    assert not Path(".mission").exists()


def test_a_rule_that_breaks_is_shown_with_its_path(mission: Mission, snapshot: SnapshotAssertion) -> None:
    """
    The mission's own rules and those of the file, each by itself; status 1.
    """
    words = ("preflight", "service_restart", "--rules", _write("rules.json", PEOPLE_DECIDE))
    shown = mission(*words)
    assert shown.status == 1
    assert shown.out == snapshot
    told = mission(*words, "--json", "--paths")
    document = json.loads(told.out)
    assert told.status == 1
    assert (document["proven"], document["certificate"], document["certificate_digest"]) == (False, None, None)
    assert [one["rule"] for one in document["counter_examples"]] == [
        PEOPLE_DECIDE["rules"][0],
        {**PEOPLE_DECIDE["rules"][1], "why": ""},
    ]
    assert [event["step_id"] for event in document["counter_examples"][0]["path"]][-1] == "restart-service"
    assert len(document["paths"]) == document["path_count"]
    assert document["paths"][0]["ending"] == "completed"


def test_a_workflow_in_a_file(mission: Mission, snapshot: SnapshotAssertion) -> None:
    """
    With the catalogue of its connectors, and no rules but those given.
    """
    words = ("preflight", _workflow(), "--catalogue", _write("catalogue.json", CATALOGUE))
    shown = mission(*words, "--rules", _write("rules.json", PEOPLE_DECIDE))
    assert shown.status == 0
    assert shown.out == snapshot
    bare = mission(*words)
    assert bare.status == 0
    assert bare.out.startswith("workflow wf-test: 4 paths, 0 rules\nproven  sha256:")


def test_params_and_policies_count(mission: Mission) -> None:
    """
    What is proven is the workflow these params build, with these packs.
    """
    five, two = (
        json.loads(mission("preflight", "daily_loop", "--params", f'{{"requested_steps": {count}}}', "--json").out)
        for count in (5, 2)
    )
    assert five["path_count"] > two["path_count"]
    assert five["certificate"]["rules"] == two["certificate"]["rules"]
    pack = {**MISSION_REGISTRY["change_request"].policies[0].document.thaw(), "version": "1.0.1"}
    pack["rules"] = [rule for rule in pack["rules"] if rule["effect"] != "flag"]
    pack["cases"] = []
    policy = ("--policy", _write("pack.json", pack))
    fewer = json.loads(mission("preflight", "change_request", *policy, "--json").out)
    assert fewer["path_count"] < json.loads(mission("preflight", "change_request", "--json").out)["path_count"]


BAD: dict[str, tuple[tuple[str, ...], int, str]] = {
    "neither a mission nor a file": (("nope",), 2, "'nope' is neither a mission nor a file"),
    "a directory": (("folder",), 2, "'folder' is neither a mission nor a file"),
    "a name no file can have": (("a" * 5000,), 2, "is neither a mission nor a file"),
    "params for a file": (("workflow.json", "--params", "{}"), 2, "params for a workflow"),
    "a catalogue for a mission": (("echo", "--catalogue", "catalogue.json"), 2, "a catalogue for a mission"),
    "no catalogue": (("workflow.json",), 2, "connector 'files'"),
    "a catalogue that is none": (("workflow.json", "--catalogue", "list.json"), 2, "expected a JSON object"),
    "no JSON": (("text.txt",), 2, "not JSON"),
    "no workflow": (
        ("list.json",),
        2,
        "no workflow: list without steps\nwhere: list.json\nmend:  give a workflow as to_dict() writes it",
    ),
    "a record": (("catalogue.json",), 2, "with id and steps; a mission goes by its name"),
    "six steps": (("six.json",), 4, "exceeds maximum of 5"),
    "rules that are not there": (("echo", "--rules", "nowhere.json"), 2, "nowhere.json"),
    "rules that are none": (("echo", "--rules", "list.json"), 2, "sequence rules"),
    "a rule of an unknown kind": (("echo", "--rules", "odd.json"), 2, "rules[0]"),
    "params that do not fit": (("change_request", "--params", "{}"), 2, "required field 'title' is missing"),
    "no name": ((), 2, "NAME|FILE"),
}


@pytest.mark.parametrize("defect", BAD)
def test_what_cannot_be_read_is_refused(mission: Mission, defect: str) -> None:
    """
    With what is wrong, and nothing on stdout.
    """
    words, status, said = BAD[defect]
    _workflow()
    Path("folder").mkdir()
    Path("text.txt").write_text("hello")
    _write("list.json", [])
    _write("catalogue.json", CATALOGUE)
    _write("six.json", make_workflow(*(make_step(f"s{index}") for index in range(6))).to_dict())
    _write("odd.json", {"schema": "sequence-rules/v1", "rules": [{"kind": "before", "what": ["a"]}]})
    shown = mission("preflight", *words)
    assert (shown.status, shown.out) == (status, "")
    assert said in shown.err


def test_hidden_characters_are_shown(mission: Mission) -> None:
    """
    A rule cannot hide what it says.
    """
    rule = {"kind": "never", "what": ["a\u202eb"], "why": "x\x1b[2J"}
    shown = mission(
        "preflight", "echo", "--rules", _write("rules.json", {"schema": "sequence-rules/v1", "rules": [rule]})
    )
    assert shown.status == 0
    assert "never a\\u{202e}b" in shown.out
    assert "\x1b" not in shown.out
