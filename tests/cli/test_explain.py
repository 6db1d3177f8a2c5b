"""`mission explain`: why each step of a run did what it did, for a run that still has the same bytes."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
from command_line import EXAMPLE, Mission
from makers import make_effect_answer, nested
from syrupy.assertion import SnapshotAssertion

from runtime.encoding.canonical import canonical
from runtime.evidence import RecordedRun
from runtime.orchestration import ExecutionContext
from runtime.orchestration.registry import MISSION_REGISTRY, run_mission

CONTEXT = ("--context", str(EXAMPLE / "context.json"))


def start(
    mission: Mission, name: str, params: Mapping[str, object], context: Mapping[str, object] | None = None
) -> str:
    """
    Run a mission, and give the name its run or checkpoint is kept under.
    """
    Path("given.json").write_bytes(canonical(dict(context or {})))
    return mission("run", name, "--context", "given.json", "--params", json.dumps(dict(params))).out.strip()


def change(**params: object) -> dict[str, object]:
    """
    Make params of a change request.
    """
    return {"title": "Raise the limit", "requested_by": "grace", "patch": {"limit": 5}, **params}


def test_a_completed_run(mission: Mission, snapshot: SnapshotAssertion) -> None:
    """
    What was read and written, who decided, and a ranking with its reasons.
    """
    folder = EXAMPLE.parent / "daily_loop"
    words = [f"{folder / name}.json" for name in ("context", "params", "answers")]
    ended = mission("run", "daily_loop", "--context", words[0], "--params", f"@{words[1]}", "--answers", words[2])
    shown = mission("explain", ended.out.strip())
    assert (shown.status, shown.err) == (0, "")
    assert shown.out == snapshot


def test_a_check_that_failed(mission: Mission, snapshot: SnapshotAssertion) -> None:
    """
    Each clause with what it saw and what would have made it hold; explaining a run that ended badly is no failure.
    """
    example = MISSION_REGISTRY["backup_check"].example
    output = [{"target": name, "age_hours": 500, "ok": name != "wiki"} for name in ("mail", "wiki", "ledger")]
    Path("answers.json").write_bytes(canonical([make_effect_answer("backup-read", output=output).to_dict()]))
    params = json.dumps(example.params.thaw())
    ended = mission("run", "backup_check", "--params", params, "--answers", "answers.json")
    assert ended.status == 1
    shown = mission("explain", ended.out.strip())
    assert shown.status == 0
    assert shown.out == snapshot


def test_a_run_that_a_policy_denied(mission: Mission, snapshot: SnapshotAssertion) -> None:
    """
    The rule that denied, what it saw, and what follows was not reached.
    """
    name = start(mission, "change_request", change(risk="critical"), {"config": {}})
    assert mission("explain", name).out == snapshot


def test_a_run_that_waits_because_a_policy_flagged_it(mission: Mission, snapshot: SnapshotAssertion) -> None:
    """
    A checkpoint is explained as far as it came.
    """
    name = start(mission, "change_request", change(risk="high"), {"config": {"limit": 1}})
    shown = mission("explain", name)
    assert shown.status == 0
    assert shown.out == snapshot
    [path] = Path(".mission/checkpoints").iterdir()
    assert mission("explain", str(path)) == shown
    assert not Path(".mission/runs").exists()


def test_a_run_that_waits_for_an_effect(mission: Mission) -> None:
    """
    What is asked of which connector is told.
    """
    name = start(mission, "backup_check", {"targets": ["mail"]})
    assert 'asks   for backups.status {"targets":["mail"]}' in mission("explain", name).out


def test_a_gate_that_was_skipped(mission: Mission, snapshot: SnapshotAssertion) -> None:
    """
    No verdict flagged the run, and the gate says so.
    """
    name = start(mission, "change_request", change(risk="low"), {"config": {"limit": 1}, "history": []})
    shown = mission("explain", name[7:15])
    assert "skipped: no verdict flagged the run" in shown.out
    assert shown.out == snapshot


def test_a_rejected_run(mission: Mission, waiting: str) -> None:
    """
    Who rejected it, and why.
    """
    name = mission("reject", waiting, "--as", "ada", "--reason", "Not now.").out.strip()
    shown = mission("explain", name).out
    assert "denied (gate_rejected): Step 'approve' denied: rejected by 'ada': Not now." in shown
    assert "decided by ada: reject: Not now." in shown


def test_as_json(mission: Mission) -> None:
    """
    One document: the mission, how the run ended, and the steps.
    """
    name = start(mission, "echo", {"a": 1})
    document = json.loads(mission("explain", name, "--json").out)
    assert document == {
        "mission": "echo",
        "mission_version": "1.0.0",
        "status": "completed",
        "steps": [
            {
                "sequence": 1,
                "step_id": "echo-step",
                "operation": "noop",
                "description": document["steps"][0]["description"],
                "status": "completed",
                "error_code": None,
                "message": None,
                "reads": {},
                "writes": {},
            }
        ],
    }


@pytest.mark.parametrize("name", sorted(MISSION_REGISTRY))
def test_every_example_can_be_explained(mission: Mission, name: str) -> None:
    """
    Every step of every mission is named, from its recorded run.
    """
    example = MISSION_REGISTRY[name].example
    result = run_mission(name, example.context, example.params, answers=example.answers, mode=example.mode)
    Path("run.json").write_bytes(RecordedRun.of(result).raw)
    shown = mission("explain", "run.json")
    assert shown.status == 0
    assert all(f"  {index}  {step.id}" in shown.out for index, step in enumerate(result.inputs.definition.steps, 1))


TAMPERED = {
    "another context": (b'"retention_days":30', b'"retention_days":31'),
    "another decision": (b'"reason":"fine"', b'"reason":"food"'),
    "another status in the receipt": (b'"status":"completed","steps"', b'"status":"failed","steps"'),
}


@pytest.mark.parametrize("defect", TAMPERED)
def test_a_run_that_was_changed_is_not_explained(mission: Mission, waiting: str, defect: str) -> None:
    """
    INV-7: what does not have the same bytes again is refused with exit status 1, and nothing is told of it.
    """
    mission("approve", waiting, "--as", "ada", "--reason", "fine")
    [record] = Path(".mission/runs").iterdir()
    old, new = TAMPERED[defect]
    raw = record.read_bytes()
    assert old in raw
    Path("tampered.json").write_bytes(raw.replace(old, new, 1))
    shown = mission("explain", "tampered.json")
    assert (shown.status, shown.out) == (1, "")
    assert shown.err.startswith("error: ")


BAD = {
    "no such run": (("0123abcd",), 2, "neither a file nor one of the runs"),
    "a name that is too short": (("ab",), 2, "no file 'ab'"),
    "no record": (("given.json",), 2, "schema"),
    "a checkpoint that was edited": (("checkpoint.json",), 2, "not canonical JSON"),
    "a checkpoint of another engine": (("engine.json",), 4, "install a release"),
    "no JSON": (("text.json",), 2, "text.json"),
    "no name": ((), 2, "RUN"),
}


@pytest.mark.parametrize("defect", BAD)
def test_what_cannot_be_explained(mission: Mission, defect: str) -> None:
    """
    It exits with 2 and keeps nothing.
    """
    words, status, said = BAD[defect]
    Path("given.json").write_text('{"a":1}')
    Path("text.json").write_text("hello")
    raw = run_mission("change_request", ExecutionContext({}), change()).inputs.raw
    Path("checkpoint.json").write_bytes(raw.replace(b'"answers":[]', b'"answers": []'))
    Path("engine.json").write_bytes(raw.replace(b'"engine":"1.0"', b'"engine":"9.0"'))
    shown = mission("explain", *words)
    assert (shown.status, shown.out) == (status, "")
    assert said in shown.err
    assert not Path(".mission").exists()


def test_hidden_characters_are_shown(mission: Mission) -> None:
    """
    Also in what a person gave as a reason, and in names of members.
    """
    params = {"title": "a\u202eb", "requested_by": "g\x1b[2J", "patch": {"x\u200b": 1}, "risk": "high"}
    name = start(mission, "change_request", params, {"config": {}})
    decided = mission("approve", name, "--as", "ada\u202e", "--reason", "\x1b[31mfine")
    shown = mission("explain", decided.out.strip()).out
    assert "decided by ada\\u{202e}: approve: \\u{1b}[31mfine" in shown
    assert not {"\u202e", "\u200b", "\x1b"} & set(shown)


def test_a_long_ranking_is_cut(mission: Mission) -> None:
    """
    The first ten are told, and how many more there are.
    """
    tasks: list[dict[str, Any]] = [
        {"id": f"T-{index}", "priority": 1, "due": None, "effort": 0, "blocked_by": []} for index in range(12)
    ]
    context = ExecutionContext({"today": "2026-01-01", "backlog": tasks, "yesterday": []})
    result = run_mission("daily_loop", context, {"requested_human_steps": 0, "requested_steps": 2})
    Path("run.json").write_bytes(RecordedRun.of(result).raw)
    shown = mission("explain", "run.json").out
    assert "rank 10, score 10" in shown
    assert "rank 11" not in shown
    assert "… and 2 more; --json shows them" in shown


def test_a_checkpoint_as_deep_as_any_is_explained_from_its_file(mission: Mission) -> None:
    """
    A record wraps the documents of the caller, and so may be deeper than one.
    """
    Path("context.json").write_text(canonical({"deep": nested(63)}).decode())
    waiting = mission("run", "daily_loop", "--context", "context.json")
    [kept] = Path(".mission/checkpoints").iterdir()
    assert (waiting.status, mission("explain", str(kept)).status) == (3, 0)
