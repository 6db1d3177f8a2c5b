"""Secrets at the command line: refused on the way in, shown nowhere, and records left as they are."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any, ClassVar

import pytest
from command_line import EXAMPLE, Mission, Shown
from secrets_made import CANARIES, SECRETS

from runtime.encoding.canonical import canonical
from runtime.orchestration.checkpoint import Checkpoint
from runtime.orchestration.definitions import ExecutionContext
from runtime.orchestration.registry import run_mission

WORD = "hunter" + "2"
PARAMS = {"title": "t", "requested_by": "grace", "patch": {"a": 1}}
FIRST = {case.rule: name for name, case in sorted(CANARIES.items(), reverse=True)}
"""One canary of each rule; all of them take a while."""
NAMES = [pytest.param(name, marks=[] if name in FIRST.values() else pytest.mark.slow) for name in sorted(CANARIES)]


def _write(name: str, document: Any) -> str:
    Path(name).write_bytes(canonical(document))
    return name


def _kept() -> Iterator[Path]:
    return (path for path in Path(".mission").rglob("*") if path.is_file())


class TestTheDoor:
    """
    INV-102: input that looks like a secret is refused with path and rule, before anything is kept.
    """

    INPUTS: ClassVar[dict[str, tuple[tuple[str, ...], str]]] = {
        "context": (("run", "echo", "--context", "secret.json"), "context/db/password"),
        "params": (("run", "echo", "--params", f'{{"api_key": "{WORD}"}}'), "params/api_key"),
        "answers": (
            ("run", "change_request", "--params", json.dumps(PARAMS), "--answers", "answers.json"),
            "answers/0/decisions/0/reason",
        ),
    }

    @pytest.mark.parametrize("name", sorted(INPUTS))
    @pytest.mark.parametrize("as_json", [False, True], ids=["text", "json"])
    def test_a_run_refuses_it(self, mission: Mission, name: str, *, as_json: bool) -> None:
        """
        It exits with 4, says how to mend, never shows the value, and keeps nothing.
        """
        _write("secret.json", {"db": {"password": WORD}})
        decision = {"actor": "ada", "choice": "approve", "reason": f"token={WORD}"}
        _write("answers.json", [{"step_id": "approve", "decision": decision}])
        words, path = self.INPUTS[name]
        shown = mission(*words, *(["--json"] if as_json else []))
        assert shown.status == 4
        assert path in shown.out + shown.err
        assert "--allow-secrets" in shown.out + shown.err
        assert WORD not in shown.out + shown.err
        assert not Path(".mission").exists()

    def test_a_run_takes_it_when_told_to(self, mission: Mission) -> None:
        """
        The choice and what it let through are printed; the record holds the value, and what is printed does not.
        """
        _write("secret.json", {"db": {"password": WORD}})
        shown = mission("run", "echo", "--context", "secret.json", "--allow-secrets")
        assert shown.status == 0
        assert "secrets allowed: context/db/password (key)" in shown.err
        assert WORD not in shown.err
        told = json.loads(mission("run", "echo", "--context", "secret.json", "--allow-secrets", "--json").out)
        assert told["secrets_allowed"] == [{"path": "context/db/password", "rule": "key"}]
        assert any(WORD in path.read_text() for path in _kept())

    def test_the_choice_is_told_when_it_let_nothing_through(self, mission: Mission) -> None:
        """
        Whoever reads the output sees that nothing was looked for.
        """
        assert "secrets allowed: none was found" in mission("run", "echo", "--allow-secrets").err
        assert json.loads(mission("run", "echo", "--allow-secrets", "--json").out)["secrets_allowed"] == []
        assert json.loads(mission("run", "echo", "--json").out)["secrets_allowed"] is None

    @pytest.mark.parametrize("command", ["approve", "reject"])
    def test_a_decision_with_one_is_refused(self, mission: Mission, waiting: str, command: str) -> None:
        """
        The checkpoint stays open; without the secret, or when told to, it is decided.
        """
        words = (command, waiting, "--as", "ada", "--reason", f"password={WORD}")
        shown = mission(*words)
        assert shown.status == 4
        assert "answers/0/decisions/0/reason" in shown.err
        assert WORD not in shown.err
        shown = mission(*words, "--allow-secrets")
        assert shown.status in {0, 1}
        assert "secrets allowed: answers/0/decisions/0/reason (pair)" in shown.err
        assert WORD not in shown.out + shown.err

    def test_a_vote_with_one_is_refused(self, mission: Mission) -> None:
        """
        A vote of several is kept before the last one is there, so it is looked at when it is given.
        """
        folder = Path(".mission/checkpoints")
        result = run_mission("change_request", ExecutionContext({"config": {}}), PARAMS)
        document = result.inputs.to_dict()
        gate = next(step for step in document["definition"]["steps"] if step["kind"] == "human")
        gate["payload"] |= {"quorum": 2, "approvers": ["ada", "grace"]}
        waiting = Checkpoint.from_dict({**document, "mission": None, "mission_version": None, "proof": None})
        folder.mkdir(parents=True)
        Path("checkpoint.json").write_bytes(waiting.raw)
        words = ("approve", "checkpoint.json", "--as", "ada", "--reason", f"password={WORD}")
        assert mission(*words).status == 4
        assert not Path(".mission/votes").exists()
        assert mission(*words, "--allow-secrets").status == 3
        assert Path(".mission/votes").exists()

    def test_an_answer_at_the_terminal_is_asked_again(self, mission: Mission, monkeypatch: pytest.MonkeyPatch) -> None:
        """
        Who types a secret is told, and asked once more.
        """
        reasons = iter([f"password={WORD}", "fits"])
        monkeypatch.setattr("sys.stdin.isatty", lambda: True, raising=False)
        monkeypatch.setattr("sys.stdout.isatty", lambda: True, raising=False)
        said = {"your choice": "approve", "your name": "ada"}
        monkeypatch.setattr("click.prompt", lambda text, **_: said[text] if text in said else next(reasons))
        shown = mission(
            "run", "change_request", "--context", str(EXAMPLE / "context.json"), "--params", json.dumps(PARAMS)
        )
        assert shown.status == 0
        assert "answers/0/decisions/0/reason" in shown.err
        assert WORD not in shown.out + shown.err


def _canary_commands(text: str) -> dict[str, tuple[str, ...]]:
    """
    Give commands that would show a text they were given.
    """
    params = json.dumps({**PARAMS, "title": text, "patch": {"note": text}})
    return {
        "run": ("run", "echo", "--context", "canary.json", "--allow-secrets"),
        "run_refused": ("run", "echo", "--context", "canary.json"),
        "run_asks": ("run", "change_request", "--context", "canary.json", "--params", params, "--allow-secrets"),
        "plan": ("plan", "change_request", "--context", "canary.json", "--params", params),
        "plan_explained": ("plan", "change_request", "--context", "canary.json", "--params", params, "--explain"),
        "context_missing": ("run", "echo", "--context", text),
        "context_of_another_kind": ("run", "echo", "--context", "list.json"),
        "params_of_another_kind": ("run", "change_request", "--params", json.dumps({"title": [text], "patch": text})),
        "params_no_object": ("run", "echo", "--params", json.dumps([text])),
        "params_doubled": ("run", "echo", "--params", f"{{{json.dumps(text)}: 1, {json.dumps(text)}: 2}}"),
        "answers_of_another_kind": ("run", "echo", "--answers", "list.json"),
        "answers_left_over": ("run", "echo", "--answers", "leftover.json", "--allow-secrets"),
        "unknown_mission": ("run", text),
        "unknown_mission_shown": ("show", text),
        "unknown_mode": ("run", "echo", "--mode", text),
        "unknown_command": (text,),
        "unknown_option": ("run", "echo", f"--x {text}"),
        "too_many_words": ("run", "echo", text),
        "unknown_checkpoint": ("approve", text, "--as", "ada"),
        "unknown_choice": ("approve", "waiting.json", "--as", "ada", "--choice", text[:100], "--allow-secrets"),
        "rejected": ("reject", "waiting.json", "--as", "ada", "--reason", text, "--allow-secrets"),
        "unknown_run": ("replay", text),
        "unknown_run_compared": ("compare", text, text),
        "unknown_run_asked_about": ("whatif", text, "--policy", text),
        "unknown_run_explained": ("explain", text),
        "explain": ("explain", "waiting.json"),
        "unknown_policy": ("policy", "lint", text),
        "policy_of_another_kind": ("policy", "lint", "list.json"),
        "preflight": ("preflight", "canary.json"),
        "unknown_key": ("keys", "public", text),
        "new": ("new", text),
        "unknown_format": ("export", "sclite", text),
        "unknown_receipt": ("log", "append", text),
        "log_of_a_head": ("log", "verify", "--head", text, "--inclusion", text, "--receipt", text, "--key", text),
    }


@pytest.mark.parametrize("name", NAMES)
def test_a_canary_is_in_no_view(mission: Mission, name: str) -> None:
    """
    INV-101: what looks like a secret is in no output of any command, as text or as JSON, in what it did or why not.
    """
    case = CANARIES[name]
    if "\\" in case.secret or '"' in case.secret:
        pytest.skip("escaped another time in JSON")
    _write("canary.json", {"config": {}, "note": case.value, "list": [[case.value]], "db": {"password": case.secret}})
    _write("list.json", [case.value, {"password": case.secret}])
    _write("leftover.json", [{"step_id": "x", "decision": {"actor": "a", "choice": "b", "reason": case.value}}])
    Path("waiting.json").write_bytes(
        run_mission(
            "change_request",
            ExecutionContext({"config": {}, "note": case.value}),
            {**PARAMS, "title": case.value if len(case.value) <= 128 else "t"},
        ).inputs.raw
    )
    for command, words in _canary_commands(case.value).items():
        for given in (words, (*words, "--json")):
            shown = mission(*given)
            assert case.secret not in shown.out, f"{command}\n{shown.out}"
            assert case.secret not in shown.err, f"{command}\n{shown.err}"


@pytest.mark.parametrize("name", sorted(name for name, case in SECRETS.items() if type(case.value) is dict))
def test_a_canary_under_a_name_is_in_no_view(mission: Mission, name: str) -> None:
    """
    A value without a shape of its own is known by the name it stands under, in every view of a run.
    """
    case = SECRETS[name]
    try:
        canonical(case.value)
    except Exception:  # noqa: BLE001 - a value that is no JSON is no input.
        pytest.skip("not JSON")
    _write("canary.json", {"config": {}, "deep": [case.value], **case.value})
    shown = mission("run", "echo", "--context", "canary.json", "--allow-secrets")
    receipt = shown.out.strip()
    params = json.dumps({**PARAMS, "patch": case.value})
    outputs = [shown]
    for words in (
        ("explain", receipt),
        ("replay", receipt),
        ("compare", receipt, receipt),
        ("plan", "change_request", "--context", "canary.json", "--params", params, "--explain"),
        ("run", "change_request", "--context", "canary.json", "--params", params, "--allow-secrets"),
        ("run", "change_request", "--context", "canary.json", "--params", params),
        ("run", "change_request", "--params", json.dumps({"title": case.value, "patch": 5})),
    ):
        outputs += [mission(*words), mission(*words, "--json")]
    assert all(case.secret not in shown.out + shown.err for shown in outputs)


def _explained(mission: Mission, steps: list[dict[str, Any]], state: dict[str, Any]) -> list[Shown]:
    """
    Run steps as a workflow of their own, and explain them in text and in JSON.
    """
    document = {
        **run_mission("echo", ExecutionContext(state)).inputs.to_dict(),
        "mission": None,
        "mission_version": None,
        "params": None,
        "proof": None,
        "definition": {"id": "w", "steps": steps, "metadata": {}},
    }
    Path("made.json").write_bytes(Checkpoint.from_dict(document).raw)
    return [mission("explain", "made.json"), mission("explain", "made.json", "--json")]


def test_explanations_hide_what_stands_under_a_secret_path(mission: Mission) -> None:
    """
    What a step read, wrote, saw and would have needed is told by path; under a secret's path it is a mark.
    """
    steps = [
        {"id": "a", "kind": "runtime", "payload": {"operation": "set", "path": "/db/password", "value": f"{WORD}x"}},
        {
            "id": "b",
            "kind": "runtime",
            "payload": {"operation": "check", "expression": 'db.password == "open"', "message": "closed"},
        },
    ]
    for shown in _explained(mission, steps, {"db": {"password": WORD}}):
        assert shown.status == 0
        assert "[redacted:key]" in shown.out
        assert WORD not in shown.out


def test_records_are_as_they_were(mission: Mission) -> None:
    """
    INV-103: what is hashed is never redacted: the files are those of the library, and replay holds.
    """
    context = {"db": {"password": WORD}, "note": f"token={WORD}"}
    _write("secret.json", context)
    result = run_mission("echo", ExecutionContext(context))
    receipt = mission("run", "echo", "--context", "secret.json", "--allow-secrets").out.strip()
    path = Path(".mission/runs", f"{receipt.removeprefix('sha256:')}.json")
    recorded = json.loads(path.read_bytes())
    assert path.read_bytes() == canonical(recorded)
    assert recorded["receipt"] == result.receipt
    assert recorded["checkpoint"] == result.inputs.to_dict()
    assert mission("replay", receipt).status == 0
    waiting = run_mission("change_request", ExecutionContext({"config": {}, **context}), PARAMS)
    _write("secret.json", {"config": {}, **context})
    words = ("--context", "secret.json", "--params", json.dumps(PARAMS), "--allow-secrets")
    digest = mission("run", "change_request", *words).out.strip()
    assert digest == waiting.inputs.digest
    kept = Path(".mission/checkpoints", f"{digest.removeprefix('sha256:')}.json").read_bytes()
    assert kept == waiting.inputs.raw
    assert mission("approve", digest, "--as", "ada").status == 0
