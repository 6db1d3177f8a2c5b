"""The way of a run through the command line: run, wait, decide once, replay."""

import json
import shlex
from pathlib import Path

import pytest
from command_line import EXAMPLE, Mission
from syrupy.assertion import SnapshotAssertion

CONTEXT = ("--context", str(EXAMPLE / "context.json"))
PARAMS = ("--params", f"@{EXAMPLE / 'params.json'}")


def test_a_run_that_waits_exits_3_and_says_how_to_decide(mission: Mission, snapshot: SnapshotAssertion) -> None:
    """
    Without a terminal a gate is kept as a checkpoint; stdout holds its digest alone, stderr the question.
    """
    shown = mission("run", "change_request", *CONTEXT, *PARAMS)
    assert shown.status == 3
    assert shown.out.startswith("sha256:")
    assert shown.out.count("\n") == 1
    assert shown.err == snapshot
    assert [path.stem for path in Path(".mission/checkpoints").iterdir()] == [shown.out.strip()[7:]]


def test_approval_drives_on_to_the_receipt(mission: Mission, waiting: str, snapshot: SnapshotAssertion) -> None:
    """
    An approval completes the run, keeps the record and shows what changed.
    """
    shown = mission("approve", waiting[7:15], "--as", "ada", "--reason", "Disk usage is at 40 %.")
    assert shown.status == 0
    assert shown.err == snapshot
    [record] = Path(".mission/runs").iterdir()
    assert shown.out.strip() == f"sha256:{record.stem}"
    assert json.loads(record.read_text())["schema"] == "recorded-run/v1"


def test_rejection_ends_as_denied(mission: Mission, waiting: str, snapshot: SnapshotAssertion) -> None:
    """
    A rejection is recorded, leaves the target as it was, and exits with 1.
    """
    shown = mission("reject", waiting, "--as", "edsger", "--reason", "Not before the audit.")
    assert shown.status == 1
    assert shown.err == snapshot


def test_a_decision_counts_once(mission: Mission, waiting: str) -> None:
    """
    INV-6: a second, other decision on the same checkpoint is refused and changes nothing.
    """
    assert mission("approve", waiting, "--as", "ada").status == 0
    kept = sorted(Path(".mission").rglob("*.json"))
    second = mission("reject", waiting, "--as", "edsger")
    assert second.status == 4
    assert "already decided by 'ada': approve" in second.err
    assert sorted(Path(".mission").rglob("*.json")) == kept


def test_repeating_a_decision_shows_the_same_ending(mission: Mission, waiting: str) -> None:
    """
    A decision typed again, after a crash or by habit, gives the same receipt and nothing new.
    """
    first = mission("approve", waiting, "--as", "ada")
    assert mission("approve", waiting, "--as", "ada") == first


def test_a_new_run_of_equal_inputs_is_decided_anew(mission: Mission, waiting: str) -> None:
    """
    Equal inputs give the same checkpoint; a new run sets the earlier decision aside and keeps it.
    """
    assert mission("reject", waiting, "--as", "ada").status == 1
    assert mission("run", "change_request", *CONTEXT, *PARAMS).out.strip() == waiting
    assert mission("approve", waiting, "--as", "edsger").status == 0
    assert len(list(Path(".mission/decisions").iterdir())) == 2


def test_a_checkpoint_can_be_given_as_a_file(mission: Mission, waiting: str) -> None:
    """
    A checkpoint that came from elsewhere is decided by its path.
    """
    [checkpoint] = Path(".mission/checkpoints").iterdir()
    moved = checkpoint.rename("received.json")
    assert mission("approve", str(moved), "--as", "ada").status == 0
    assert mission("reject", str(moved), "--as", "ada").status == 4
    assert waiting[7:] == checkpoint.stem


@pytest.mark.parametrize(
    ("words", "text"),
    [
        (("--as", "mallory"), "actor 'mallory'; approvers are ['ada', 'edsger']"),
        (("--as", "ada", "--choice", "maybe"), "choice 'maybe'; choices are ['approve', 'reject']"),
        (("--as", "ada", "--input", '{"a": 1}'), "this step asks for none"),
        (("--as", ""), "actor has 0 characters"),
    ],
    ids=["foreign_actor", "unknown_choice", "input_nobody_asked_for", "nobody"],
)
def test_a_decision_the_step_does_not_allow_is_refused(
    mission: Mission, waiting: str, words: tuple[str, ...], text: str
) -> None:
    """
    A refused decision leaves the checkpoint open.
    """
    shown = mission("approve", waiting, *words)
    assert shown.status in {2, 4}
    assert text in shown.err
    assert not Path(".mission/decisions").exists()
    assert mission("approve", waiting, "--as", "ada").status == 0


def test_answers_in_advance_give_the_same_receipt(mission: Mission, waiting: str) -> None:
    """
    INV-9: a decision given with --answers leaves the same receipt as one given later.
    """
    later = mission("approve", waiting, "--as", "ada", "--reason", "Disk usage is at 40 %.")
    ahead = mission("run", "change_request", *CONTEXT, *PARAMS, "--answers", str(EXAMPLE / "answers.json"))
    assert ahead.status == 0
    assert ahead.out == later.out


def test_json_is_one_document(mission: Mission, waiting: str) -> None:
    """
    With --json stdout is one JSON document and stderr is empty.
    """
    shown = mission("approve", waiting, "--as", "ada", "--json")
    document = json.loads(shown.out)
    assert shown.err == ""
    assert document["status"] == "completed"
    assert document["kept_as"] == f"sha256:{Path(document['file']).stem}"
    assert document["receipt"]["steps"] == ["propose", "decide", "approve", "apply", "record"]
    waits = json.loads(mission("run", "change_request", *CONTEXT, *PARAMS, "--json").out)
    assert waits["pending"]["request"]["ask"]["choices"] == ["approve", "reject"]
    assert waits["receipt"] is None


def test_replay_gives_the_same_bytes(mission: Mission, waiting: str, snapshot: SnapshotAssertion) -> None:
    """
    A recorded run replays by the start of its digest, by its file, and as JSON.
    """
    receipt = mission("approve", waiting, "--as", "ada", "--reason", "Disk usage is at 40 %.").out.strip()
    by_name = mission("replay", receipt[7:15])
    assert by_name.status == 0
    assert by_name.out == snapshot
    [record] = Path(".mission/runs").iterdir()
    assert mission("replay", str(record)) == by_name
    document = json.loads(mission("replay", str(record), "--json").out)
    assert document["same"] is True
    assert document["receipt_digest"] == receipt


def test_replay_names_the_first_difference(mission: Mission, waiting: str, snapshot: SnapshotAssertion) -> None:
    """
    INV-7: a changed byte is found, named by step, field and path, and exits with 1.
    """
    mission("approve", waiting, "--as", "ada", "--reason", "Disk usage is at 40 %.")
    [record] = Path(".mission/runs").iterdir()
    raw = record.read_bytes()
    Path("context.json").write_bytes(raw.replace(b'"retention_days":30', b'"retention_days":31', 1))
    Path("reason.json").write_bytes(raw.replace(b"40 %", b"41 %", 1))
    first, second = mission("replay", "context.json"), mission("replay", "reason.json")
    assert (first.status, second.status) == (1, 1)
    assert first.err + second.err == snapshot


def test_the_nearest_root_upwards_is_used(mission: Mission, waiting: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """
    Below a directory with runs, commands find its root; --root names another.
    """
    Path("below/further").mkdir(parents=True)
    monkeypatch.chdir("below/further")
    assert mission("--root", "elsewhere", "approve", waiting, "--as", "ada").status == 2
    assert mission("approve", waiting, "--as", "ada").status == 0
    assert not Path(".mission").exists()


def test_the_commands_shown_find_the_run(mission: Mission) -> None:
    """
    Under a root of its own, the commands a run shows name that root, and carry on as they stand.
    """
    shown = mission("--root", "a root", "run", "change_request", *CONTEXT, *PARAMS)
    line = next(line for line in shown.err.splitlines() if "approve" in line and "mission" in line and "--as" in line)
    words = shlex.split(line.replace("…", "fine"))
    assert words[:3] == ["mission", "--root", "a root"]
    ended = mission(*words[1:])
    assert ended.status == 0
    check = shlex.split(ended.err.splitlines()[-1].partition(": ")[2])
    assert mission(*check[1:]).status == 0


def test_files_are_private_and_canonical(mission: Mission, waiting: str) -> None:
    """
    What is kept belongs to the user alone, and each file's name is its digest.
    """
    mission("approve", waiting, "--as", "ada")
    files = [path for path in Path(".mission").rglob("*") if path.is_file()]
    assert {path.stat().st_mode & 0o777 for path in files} == {0o600}
    assert {path.suffix for path in files} == {".json"}
    folders = [Path(".mission"), *(path for path in Path(".mission").iterdir())]
    assert {folder.stat().st_mode & 0o777 for folder in folders} == {0o700}
