"""`mission compare` and `mission whatif`."""

import json
from pathlib import Path
from typing import Any
from weakref import ref

import attrs
import pytest
from command_line import Mission
from syrupy.assertion import SnapshotAssertion

from missions.change_request import CHANGE_REQUEST, POLICY, ChangeRequestParams, build_change_request
from runtime.evidence import RecordedRun, what_if
from runtime.orchestration import StepSpec, WorkflowDefinition
from runtime.orchestration.registry import run_mission

LOW = {"title": "Raise\u202e the limit", "requested_by": "grace", "patch": {"limit": 5}, "risk": "low"}


def _keep(mission: Mission, params: dict[str, Any], *words: str) -> str:
    shown = mission("run", "change_request", "--params", json.dumps(params), *words)
    return shown.out.strip()


def _context(**config: Any) -> str:
    Path("context.json").write_text(json.dumps({"config": config, "history": []}))
    return "context.json"


def _pack(**changes: str) -> str:
    document = {**POLICY.document.thaw(), "version": "1.1.0", "cases": []}
    for rule in document["rules"]:
        rule["effect"] = changes.get(rule["rule_id"].replace("-", "_"), rule["effect"])
    Path("pack.json").write_text(json.dumps(document))
    return "pack.json"


def test_two_runs_compared(mission: Mission, snapshot: SnapshotAssertion) -> None:
    """
    The first step and the place that differ; status 1.
    """
    one = _keep(mission, LOW, "--context", _context(limit=1))
    other = _keep(mission, {**LOW, "patch": {"limit": None}}, "--context", _context(limit=1))
    shown = mission("compare", one, other)
    assert shown.status == 1
    assert shown.out == snapshot
    document = json.loads(mission("compare", one, other, "--json").out)
    assert (document["left"], document["right"], document["same"]) == (one, other, False)
    assert document["change"]["path"] == "/change/patch/limit"


def test_a_run_that_did_the_same(mission: Mission, snapshot: SnapshotAssertion) -> None:
    """
    Other inputs, and nothing done differently; status 0.
    """
    one = _keep(mission, LOW, "--context", _context(limit=1))
    other = _keep(mission, LOW, "--context", _context(limit=1), "--policy", _pack())
    shown = mission("compare", one, other)
    assert shown.status == 0
    assert shown.out == snapshot
    assert mission("compare", one, one).out.splitlines()[-1] == "all inputs are the same"


def test_a_policy_tried_on_all_runs(mission: Mission, snapshot: SnapshotAssertion) -> None:
    """
    Those that change are shown, and the totals; status 1.
    """
    low = _keep(mission, LOW, "--context", _context())
    denied = _keep(mission, {**LOW, "risk": "critical"}, "--context", _context())
    assert mission("whatif").out == "2 runs: 2 same, 0 changed, 0 cannot tell\n"
    shown = mission("whatif", "--policy", _pack(small_and_low="flag"))
    assert shown.status == 1
    assert shown.out == snapshot
    document = json.loads(mission("whatif", denied, low, "--policy", _pack(small_and_low="flag"), "--json").out)
    assert [(one["run"], one["finding"], one["mission"]) for one in document["runs"]] == [
        (denied, "same", "change_request"),
        (low, "changed", "change_request"),
    ]
    assert document["totals"] == {"same": 1, "changed": 1, "cannot_tell": 0}
    assert mission("whatif", denied, "--policy", _pack(small_and_low="flag")).status == 0


def test_what_cannot_be_told(mission: Mission, snapshot: SnapshotAssertion) -> None:
    """
    The person answered another question than they would be asked now; status 3.
    """
    earlier = attrs.evolve(CHANGE_REQUEST, version="1.9.0", build=_build_earlier)
    example = CHANGE_REQUEST.example
    result = run_mission(
        "change_request",
        example.context,
        example.params,
        answers=example.answers,
        registry={"change_request": earlier},
    )
    Path("earlier.json").write_bytes(RecordedRun.of(result).raw)
    shown = mission("whatif", "earlier.json")
    assert shown.status == 3
    assert shown.out == snapshot


def _build_earlier(params: ChangeRequestParams) -> WorkflowDefinition:
    definition = build_change_request(params)
    steps = [
        StepSpec(step.id, step.kind, {**step.payload.thaw(), "prompt": "Do it?"}) if step.kind == "human" else step
        for step in definition.steps
    ]
    return WorkflowDefinition(definition.id, steps, definition.metadata)


BAD: dict[str, tuple[tuple[str, ...], int, str]] = {
    "no run": (("compare",), 2, "LEFT"),
    "one run": (("compare", "one.json"), 2, "RIGHT"),
    "a run that is not there": (("compare", "abcdef", "abcdef"), 2, "'abcdef'"),
    "no record": (("compare", "text.txt", "text.txt"), 2, "not JSON"),
    "a name no file can have": (("compare", "a" * 300, "a" * 300), 2, "neither a file nor one of the runs"),
    "a root no directory can have": (("--root", "a" * 300, "whatif"), 5, "cannot read: File name too long"),
    "no runs at all": (("whatif",), 2, "no recorded runs"),
    "no such policy file": (("whatif", "abcdef", "--policy", "nowhere.yaml"), 2, "nowhere.yaml"),
}


@pytest.mark.parametrize("defect", BAD)
def test_what_cannot_be_read_is_refused(mission: Mission, defect: str) -> None:
    """
    With what is wrong, and nothing on stdout.
    """
    words, status, said = BAD[defect]
    Path("text.txt").write_text("hello")
    Path("one.json").write_text("{}")
    shown = mission(*words)
    assert (shown.status, shown.out) == (status, "")
    assert said in shown.err


def test_a_whole_digest_is_found_without_reading_all_names(mission: Mission, monkeypatch: pytest.MonkeyPatch) -> None:
    """
    Else trying a policy on all runs would take the square of their number.
    """
    run = _keep(mission, LOW, "--context", _context())
    monkeypatch.setattr(Path, "glob", None)
    assert mission("compare", run, run.removeprefix("sha256:")).status == 0


def test_runs_that_were_tried_are_let_go(mission: Mission, monkeypatch: pytest.MonkeyPatch) -> None:
    """
    Memory holds one or two of them, however many there are.
    """
    seen: list[Any] = []

    def watched(run: RecordedRun, *rest: Any, **named: Any) -> Any:
        assert [one() for one in seen[:-1]] == [None] * len(seen[:-1])
        seen.append(ref(run))
        return what_if(run, *rest, **named)

    monkeypatch.setattr("runtime.cli.whatif.what_if", watched)
    for limit in range(4):
        _keep(mission, {**LOW, "patch": {"limit": limit}}, "--context", _context())
    assert mission("whatif").status == 0
    assert len(seen) == 4


def test_a_policy_no_run_uses_is_refused(mission: Mission) -> None:
    """
    It would be tried on nothing.
    """
    run = _keep(mission, LOW, "--context", _context())
    document = {**POLICY.document.thaw(), "policy_id": "other", "cases": []}
    Path("other.json").write_text(json.dumps(document))
    shown = mission("whatif", run, "--policy", "other.json")
    assert (shown.status, shown.out) == (2, "")
    assert "policies ['other'], which no mission of these runs uses" in shown.err


def test_a_run_of_no_mission_here_is_refused(mission: Mission) -> None:
    """
    There is nothing to try it on.
    """
    run = _keep(mission, LOW, "--context", _context())
    [path] = Path(".mission/runs").iterdir()
    edited = path.read_bytes().replace(b'"mission":"change_request"', b'"mission":"elsewhere"')
    Path("elsewhere.json").write_bytes(edited)
    shown = mission("whatif", "elsewhere.json")
    assert (shown.status, shown.out) == (2, "")
    assert "Unknown mission: 'elsewhere'" in shown.err
    assert mission("compare", run, "elsewhere.json").status == 1
