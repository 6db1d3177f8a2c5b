"""Bad input on the command line: a clear error and exit status, the user's files untouched, nothing kept."""

import json
from pathlib import Path

import pytest
from command_line import EXAMPLE, Mission
from syrupy.assertion import SnapshotAssertion

from runtime.encoding.canonical import canonical
from runtime.orchestration import ExecutionContext
from runtime.orchestration.registry import MISSION_REGISTRY, run_mission

PARAMS = '{"title": "t", "requested_by": "grace", "patch": {"a": 1}}'


def _run(mission: Mission, content: bytes) -> str:
    """
    Run echo on a context file, and see that the file is as it was.
    """
    path = Path("context.json")
    path.write_bytes(content)
    shown = mission("run", "echo", "--context", "context.json")
    assert shown.status == 2
    assert shown.out == ""
    assert path.read_bytes() == content
    assert not Path(".mission").exists()
    return shown.err


CONTEXTS = {
    "empty": b"",
    "blank": b" \n\t",
    "binary": b"\x7fELF\x02\x01\x01\x00\xff",
    "utf_16": '{"a": 1}'.encode("utf-16"),
    "byte_order_mark": b'\xef\xbb\xbf{"a": 1}',
    "no_object": b"[1, 2]",
    "null": b"null",
    "duplicate_keys": b'{"a": {"b": 1, "b": 2}}',
    "nan": b'{"limits": {"max": NaN}}',
    "infinity": b'{"max": -Infinity}',
    "two_to_the_53": b'{"n": [9007199254740992]}',
    "huge_integer": b'{"n": ' + b"9" * 5000 + b"}",
    "huge_float": b'{"n": 1e400}',
    "lone_surrogate": b'{"a": "\\ud800"}',
    "lone_surrogate_key": b'{"\\udfff": 1}',
    "trailing_text": b'{"a": 1} x',
    "cut_off": b'{"a": {"b": ',
    "deep_65": b'{"a":' * 65 + b"1" + b"}" * 65,
    "deep_100000": b"[" * 100_000,
    "several": b'{"a": NaN, "b": [9007199254740992, {"c": 1e400}]}',
}


@pytest.mark.parametrize("name", sorted(CONTEXTS))
def test_a_context_that_cannot_be_used(mission: Mission, snapshot: SnapshotAssertion, name: str) -> None:
    """
    The message says what is wrong, where, and how to mend it.
    """
    assert _run(mission, CONTEXTS[name]) == snapshot


def test_a_context_of_32_mib(mission: Mission) -> None:
    """
    A limit refuses; it names the size and the limit.
    """
    err = _run(mission, b'{"a": "' + b"x" * (32 * 1024 * 1024) + b'"}')
    assert "33554441 bytes" in err
    assert "the limit is" in err


def test_a_context_just_over_the_limit(mission: Mission) -> None:
    """
    Text that may be read can still be a context that is too large.
    """
    assert "the limit is 16777216 bytes" in _run(mission, b'{"a": "' + b"x" * (16 * 1024 * 1024) + b'"}')


COMMANDS = {
    "missing_context": ("run", "echo", "--context", "nowhere.json"),
    "context_is_a_directory": ("run", "echo", "--context", "."),
    "nul_in_a_path": ("run", "echo", "--context", "a\0b"),
    "unknown_mission": ("run", "nope"),
    "unknown_mission_shown": ("show", "nope"),
    "unknown_command": ("frobnicate",),
    "unknown_command_near_another": ("runs",),
    "unknown_option": ("run", "echo", "--fast"),
    "no_name": ("run",),
    "option_without_its_value": ("plan", "echo", "--context"),
    "root_without_its_value": ("--root",),
    "params_are_no_json": ("run", "change_request", "--params", "{"),
    "params_missing_fields": ("run", "change_request", "--params", "{}"),
    "params_wrong_types": (
        "run",
        "change_request",
        "--params",
        '{"title": 5, "requested_by": "", "patch": [], "target": "config", "approvers": "ada", "colour": 1}',
    ),
    "params_no_object": ("run", "echo", "--params", "[1]"),
    "params_duplicate": ("run", "echo", "--params", '{"a": 1, "a": 2}'),
    "params_file_without_at": ("run", "echo", "--params", "answers.json"),
    "context_given_as_json": ("run", "echo", "--context", '{"a": 1}'),
    "params_file_missing": ("run", "echo", "--params", "@nowhere.json"),
    "unknown_mode": ("run", "echo", "--mode", "yolo"),
    "unknown_checkpoint": ("approve", "0123abcd"),
    "checkpoint_name_too_short": ("approve", "ab"),
    "unknown_run": ("replay", "0123abcd"),
    "record_of_another_kind": ("replay", "checkpoint.json"),
    "record_is_no_bundle": ("verify", "checkpoint.json"),
    "checkpoint_is_no_checkpoint": ("approve", "answers.json", "--as", "ada"),
    "answers_are_no_answers": ("run", "echo", "--answers", "answers.json"),
    "leftover_answer": ("run", "echo", "--answers", "leftover.json"),
    "stale_answer": ("run", "change_request", "--params", PARAMS, "--answers", "stale.json"),
    "answer_of_the_other_kind": ("run", "change_request", "--params", PARAMS, "--answers", "outcome.json"),
}


@pytest.fixture
def _files(tmp_path: Path) -> None:
    write = {
        "answers.json": [{"step_id": "a"}, {"decision": {"actor": 5}}, 7],
        "leftover.json": [{"step_id": "echo-step", "decision": {"actor": "ada", "choice": "approve"}}],
        "stale.json": [
            {"request_digest": "sha256:" + "0" * 64, "decision": {"actor": "ada", "choice": "approve"}},
        ],
        "outcome.json": {"step_id": "approve", "outcome": {"status": "succeeded"}},
    }
    for name, document in write.items():
        (tmp_path / name).write_bytes(canonical(document))
    example = MISSION_REGISTRY["change_request"].example
    (tmp_path / "checkpoint.json").write_bytes(
        run_mission("change_request", example.context, example.params).inputs.raw
    )


@pytest.mark.usefixtures("_files")
@pytest.mark.parametrize("name", sorted(COMMANDS))
def test_a_command_that_cannot_be_carried_out(mission: Mission, snapshot: SnapshotAssertion, name: str) -> None:
    """
    It exits with 2 or 4, says what, where and how to mend, and keeps nothing.
    """
    shown = mission(*COMMANDS[name])
    assert f"exit {shown.status}\n{shown.err}" == snapshot
    assert shown.status in {2, 4}
    assert shown.out == ""
    assert not Path(".mission").exists()


@pytest.mark.usefixtures("_files")
@pytest.mark.parametrize("name", sorted(COMMANDS))
def test_the_same_as_json(mission: Mission, name: str) -> None:
    """
    With --json the error is one JSON document on stdout, with its code.
    """
    plain, shown = mission(*COMMANDS[name]), mission(*COMMANDS[name], "--json")
    if name in {"unknown_command", "unknown_option"}:
        assert shown.status == plain.status == 2
    error = json.loads(shown.out)["error"]
    assert shown.status == plain.status
    assert set(error) == {"code", "what", "where", "remedy", "faults"}
    assert shown.err == ""


def test_a_checkpoint_of_another_version_or_mission(mission: Mission) -> None:
    """
    A checkpoint is resumed only by the mission and version that made it.
    """
    example = MISSION_REGISTRY["change_request"].example
    raw = run_mission("change_request", example.context, example.params).inputs.raw
    for old, new, text in (
        (b'"mission_version":"2.0.0"', b'"mission_version":"0.9.0"', "is version 2.0.0 here"),
        (b'"mission":"change_request"', b'"mission":"elsewhere"', "Unknown mission: 'elsewhere'"),
        (b'"prompt":"Approve', b'"prompt":"Ignore', "a certificate that is not of this workflow"),
        (b'"engine":"1.0"', b'"engine":"2.0"', "install a release"),
    ):
        Path("checkpoint.json").write_bytes(raw.replace(old, new, 1))
        shown = mission("approve", "checkpoint.json", "--as", "ada")
        assert shown.status in {2, 4}
        assert text in shown.err
        assert not Path(".mission/runs").exists()


def test_an_edited_checkpoint_is_refused(mission: Mission, waiting: str) -> None:
    """
    A checkpoint whose bytes are not canonical was edited, and is refused.
    """
    [path] = Path(".mission/checkpoints").iterdir()
    path.write_bytes(path.read_bytes().replace(b'"answers":[]', b'"answers": []'))
    shown = mission("approve", waiting, "--as", "ada")
    assert shown.status == 2
    assert "not canonical JSON, first at byte 11" in shown.err


def test_an_ambiguous_name_is_refused(mission: Mission) -> None:
    """
    A name two checkpoints share is refused, with the way to tell them apart.
    """
    folder = Path(".mission/checkpoints")
    folder.mkdir(parents=True)
    for end in "ab":
        (folder / f"{'0' * 63}{end}.json").write_text("{}")
    shown = mission("approve", "00000000")
    assert shown.status == 2
    assert "2 checkpoints whose digest starts with '00000000'" in shown.err
    assert "give more characters" in shown.err


def test_a_root_below_a_file(mission: Mission) -> None:
    """
    A root that cannot be made exits with 5 and says so.
    """
    Path("file").write_text("")
    shown = mission("--root", "file/root", "run", "echo")
    assert shown.status == 5
    assert "give --root DIR" in shown.err


def test_hidden_characters_are_shown(mission: Mission) -> None:
    """
    A title that hides text from the approver is printed with the hidden characters visible.
    """
    params = {"title": "Raise\u202elimit\u200b\x1b[2J", "requested_by": "grace", "patch": {}}
    Path("context.json").write_text('{"config": {}}')
    shown = mission("run", "change_request", "--context", "context.json", "--params", json.dumps(params))
    assert shown.status == 3
    assert "\\u{202e}" in shown.err
    assert not {"\u202e", "\u200b", "\x1b"} & set(shown.err)


def test_the_example_context_is_what_the_other_tests_use() -> None:
    """
    The example's files are there and are read as the mission's own example.
    """
    assert (
        ExecutionContext(json.loads((EXAMPLE / "context.json").read_text()))
        == MISSION_REGISTRY["change_request"].example.context
    )


def test_a_digest_of_another_stage_of_the_run(mission: Mission, waiting: str) -> None:
    """
    Who takes a checkpoint for a recorded run, or the other way round, is told what it is and which command takes it.
    """
    start = waiting[7:19]
    early = mission("replay", start)
    assert (early.status, "that is a checkpoint: mission approve " + start in early.err) == (2, True)
    ended = mission("approve", start, "--as", "ada").out.strip()[7:19]
    late = mission("approve", ended)
    assert (late.status, f"asks nobody: mission explain {ended}" in late.err) == (2, True)
    assert "known are ['" in mission("replay", "0123abcd").err


def test_a_decision_that_the_step_does_not_allow(mission: Mission, waiting: str) -> None:
    """
    Every fault is told, and where the decision came from.
    """
    shown = mission("approve", waiting, "--as", "mallory", "--choice", "perhaps")
    assert shown.status == 4
    assert "choices are ['approve', 'reject'] @ choice" in shown.err
    assert "approvers are ['ada', 'edsger'] @ actor" in shown.err
    assert (
        "mend:  give what the step allows; mission approve takes it from --as, --choice, --input and --sign"
        in shown.err
    )
