"""Approving with signatures, by several persons, in time: `mission approve --sign`, votes kept in the root."""

import fcntl
import json
import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import attrs
import pytest
from command_line import Mission, Shown
from makers import make_action, make_gate, make_inputs, make_mission, make_step
from signers import make_key

from runtime.cli import run as run_module
from runtime.cli.plan_words import explain_plan
from runtime.cli.store import Store
from runtime.cli.words import show_result
from runtime.orchestration import Checkpoint, execute
from runtime.orchestration.planner import plan_mission
from runtime.storage import FileDecisions
from runtime.values import HumanDecision

Wait = Callable[..., str]


@pytest.fixture
def wait(mission: Mission) -> Wait:
    """
    Write the checkpoint of a run that waits at a gate, keys of ada and bob, and whose they are.
    """
    del mission  # It changes the working directory.

    def begin(*after: Any, **payload: Any) -> str:
        inputs = make_inputs(make_gate(**payload), *(after or [make_step("after", "set", path="/done", value=True)]))
        Path("waiting.json").write_bytes(execute(inputs).inputs.raw)
        return "waiting.json"

    for name in ("ada", "bob", "mallory"):
        path = Path(f"{name}.pem")
        path.write_text(make_key(name).to_pem())
        path.chmod(0o600)
    Path(".mission").mkdir()
    keys = {name: [make_key(name).public.openssh] for name in ("ada", "bob")}
    Path(".mission/approvers.json").write_text(json.dumps({"schema": "approvers/v1", "approvers": keys}))
    return begin


def _approve(mission: Mission, name: str, actor: str, *words: str, key: str = "") -> Shown:
    return mission("approve", name, "--as", actor, "--sign", f"{key or actor}.pem", *words)


def _opening() -> dict[str, Any]:
    [path] = Path(".mission/openings").iterdir()
    document: dict[str, Any] = json.loads(path.read_text())
    return document


class TestASignedDecision:
    """
    "`mission approve|reject CHECKPOINT --as NAME [--sign KEYFILE]`."
    """

    def test_drives_the_run_on(self, mission: Mission, wait: Wait) -> None:
        """
        The nonce is issued by the command itself, and used up.
        """
        shown = _approve(mission, wait(signed=True), "ada")
        assert shown.status == 0
        assert "ada chose approve, signed" in shown.err
        assert [path.stem for path in Path(".mission/nonces").iterdir()] == [_opening()["nonce"]]

    def test_may_be_a_rejection(self, mission: Mission, wait: Wait) -> None:
        """
        It is signed like any decision.
        """
        shown = mission("reject", wait(signed=True), "--as", "ada", "--sign", "ada.pem")
        assert shown.status == 1
        assert "ada chose reject, signed" in shown.err

    @pytest.mark.skipif(shutil.which("ssh-keygen") is None, reason="ssh-keygen is not on this machine")
    def test_may_be_made_with_a_key_of_openssh(self, mission: Mission, wait: Wait) -> None:
        """
        The file that `ssh-keygen -t ed25519` writes.
        """
        ssh = Path("id_ed25519")
        words = ["-q", "-t", "ed25519", "-N", "", "-C", "ada", "-f", str(ssh)]
        subprocess.run([shutil.which("ssh-keygen") or "", *words], check=True)
        keys = {"ada": [ssh.with_suffix(".pub").read_text().strip()]}
        Path(".mission/approvers.json").write_text(json.dumps({"schema": "approvers/v1", "approvers": keys}))
        assert mission("approve", wait(signed=True), "--as", "ada", "--sign", "id_ed25519").status == 0

    @pytest.mark.parametrize(
        ("words", "text"),
        [
            (("--as", "ada"), "no signature; this step takes signed decisions only"),
            (("--as", "ada", "--sign", "mallory.pem"), "is none of 'ada'"),
            (("--as", "ada", "--sign", "bob.pem"), "is none of 'ada'"),
            (("--as", "ada", "--sign", "nowhere.pem"), "cannot read"),
        ],
        ids=["unsigned", "a_foreign_key", "the_key_of_another", "no_key"],
    )
    def test_that_does_not_hold_is_refused(
        self, mission: Mission, wait: Wait, words: tuple[str, ...], text: str
    ) -> None:
        """
        And the checkpoint stays open.
        """
        name = wait(signed=True)
        shown = mission("approve", name, *words)
        assert shown.status in {4, 5}
        assert text in shown.err
        assert _approve(mission, name, "ada").status == 0

    def test_that_nobody_asked_for_is_refused(self, mission: Mission, wait: Wait) -> None:
        """
        Where the step takes none, also where it expires.
        """
        for payload in ({}, {"expires_after_ms": 60_000}):
            shown = _approve(mission, wait(**payload), "ada")
            assert (shown.status, "this step takes no signature" in shown.err) == (2, True)

    def test_counts_once(self, mission: Mission, wait: Wait) -> None:
        """
        Repeating it shows the same ending; another decision is refused.
        """
        name = wait(signed=True)
        first = _approve(mission, name, "ada")
        assert _approve(mission, name, "ada") == first
        other = _approve(mission, name, "bob")
        assert (other.status, "already decided by 'ada': approve" in other.err) == (4, True)

    def test_goes_on_after_a_crash(self, mission: Mission, wait: Wait) -> None:
        """
        The nonce was used up and nothing else kept: repeating the decision gives the same ending.
        """
        name = wait(signed=True)
        first = _approve(mission, name, "ada")
        for folder in ("decisions", "runs"):
            for path in Path(".mission", folder).iterdir():
                path.unlink()
        assert _approve(mission, name, "ada") == first

    def test_of_an_earlier_gate_stands_at_the_next(self, mission: Mission, wait: Wait) -> None:
        """
        The second decision rests on the first, whose nonce is used.
        """
        first = _approve(mission, wait(make_gate("second", signed=True), signed=True), "ada")
        assert first.status == 3
        assert "--sign KEYFILE" in first.err
        assert _approve(mission, first.out.strip(), "bob").status == 0

    def test_is_not_asked_for_at_a_terminal(
        self, mission: Mission, monkeypatch: pytest.MonkeyPatch, wait: Wait
    ) -> None:
        """
        Nobody types a signature; nor does one person make a quorum.
        """
        monkeypatch.setattr("sys.stdin.isatty", lambda: True)
        monkeypatch.setattr("sys.stdout.isatty", lambda: True)
        for payload in ({"signed": True}, {"quorum": 2}):
            wait(**payload)
            waiting = execute(Checkpoint.from_bytes(Path("waiting.json").read_bytes()))
            monkeypatch.setattr(run_module, "run_mission", lambda *_, waiting=waiting, **__: waiting)
            shown = mission("run", "echo")
            assert shown.status == 3
            assert "your choice" not in shown.out + shown.err


class TestAQuorum:
    """
    "Several approvals of a quorum collected in the root until complete."
    """

    def test_waits_for_another(self, mission: Mission, wait: Wait) -> None:
        """
        The first decision is kept, the second drives the run on, with both in one answer.
        """
        name = wait(quorum=2, signed=True)
        first = _approve(mission, name, "bob")
        assert (first.status, first.err) == (3, "1 of 2 decisions, by bob; waiting for another\n")
        second = _approve(mission, name, "ada", "--json")
        assert second.status == 0
        [answer] = [json.loads(path.read_text()) for path in Path(".mission/decisions").iterdir()]
        assert [one["actor"] for one in answer["decisions"]] == ["ada", "bob"]

    def test_counts_one_person_once(self, mission: Mission, wait: Wait) -> None:
        """
        Approving again changes nothing; deciding otherwise is refused.
        """
        name = wait(quorum=3)
        first = mission("approve", name, "--as", "ada")
        assert (first.status, first.err) == (3, "1 of 3 decisions, by ada; waiting for 2 more\n")
        assert mission("approve", name, "--as", "ada") == first
        other = mission("reject", name, "--as", "ada")
        assert (other.status, "already decided by 'ada': approve" in other.err) == (4, True)
        assert mission("approve", name, "--as", "ada") == first

    def test_is_told_as_json(self, mission: Mission, wait: Wait) -> None:
        """
        What is there, and how much is missing.
        """
        name = wait(quorum=2)
        document = json.loads(mission("approve", name, "--as", "ada", "--json").out)
        assert (document["quorum"], document["missing"]) == (2, 1)
        assert [one["actor"] for one in document["decisions"]] == ["ada"]
        assert document["kept_as"] == Checkpoint.from_bytes(Path(name).read_bytes()).digest

    def test_ends_with_the_first_rejection(self, mission: Mission, wait: Wait) -> None:
        """
        At once, or after an approval.
        """
        assert mission("reject", wait(quorum=2), "--as", "ada").status == 1
        name = wait(quorum=2, prompt="Again?")
        assert mission("approve", name, "--as", "ada").status == 3
        shown = mission("reject", name, "--as", "bob")
        assert shown.status == 1
        assert "ada chose approve; bob chose reject" in shown.err

    @pytest.mark.parametrize(
        ("payload", "words", "text"),
        [
            ({"approvers": ["bob", "eve"]}, ("--as", "ada"), "approvers are ['bob', 'eve']"),
            ({"signed": True}, ("--as", "ada"), "no signature"),
            ({"signed": True}, ("--as", "ada", "--sign", "mallory.pem"), "is none of 'ada'"),
            ({"input_schema": {"type": "object"}}, ("--as", "ada", "--input", "3"), "input"),
        ],
        ids=["no_approver", "unsigned", "a_foreign_key", "a_wrong_input"],
    )
    def test_keeps_no_decision_that_would_not_count(
        self, mission: Mission, wait: Wait, payload: dict[str, Any], words: tuple[str, ...], text: str
    ) -> None:
        """
        It is refused when it is given, not when the last one comes.
        """
        shown = mission("approve", wait(quorum=2, **payload), *words)
        assert shown.status in {1, 4}
        assert text in shown.err
        assert not Path(".mission/votes").exists()

    def test_does_not_keep_who_is_excluded(self, mission: Mission, wait: Wait) -> None:
        """
        The requester cannot give the first vote either.
        """
        inputs = make_inputs(make_gate(quorum=2, not_by="/by"), state={"by": "ada"})
        wait()
        Path("waiting.json").write_bytes(execute(inputs).inputs.raw)
        shown = mission("approve", "waiting.json", "--as", "ada")
        assert (shown.status, "'ada', who may not decide this" in shown.err) == (4, True)

    def test_with_other_inputs_keeps_the_first(self, mission: Mission, wait: Wait) -> None:
        """
        The second person is told; agreeing drives the run on.
        """
        name = wait(quorum=2, input_schema={"type": "object"})
        assert mission("approve", name, "--as", "ada", "--input", '{"n": 1}').status == 3
        other = mission("approve", name, "--as", "bob", "--input", '{"n": 2}')
        assert (other.status, "with different inputs" in other.err) == (4, True)
        assert mission("approve", name, "--as", "bob", "--input", '{"n": 1}').status == 0

    def test_begins_anew_with_a_new_run(self, mission: Mission, wait: Wait) -> None:
        """
        Votes on an earlier run of equal inputs are set aside, not counted.
        """
        checkpoint = Checkpoint.from_bytes(Path(wait(quorum=2)).read_bytes())
        assert mission("approve", "waiting.json", "--as", "ada").status == 3
        Store(Path(".mission")).open_checkpoint(checkpoint)
        assert mission("approve", "waiting.json", "--as", "bob").status == 3
        Store(Path(".mission")).open_checkpoint(checkpoint)
        assert Store(Path(".mission")).load_votes(checkpoint) == ()
        assert len(list(Path(".mission/votes").iterdir())) == 2

    def test_is_counted_by_one_process_at_a_time(
        self, mission: Mission, wait: Wait, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """
        While one looks at the votes, another cannot get at them.
        """
        load = Store.load_votes
        looked = []

        def look(store: Store, checkpoint: Checkpoint) -> Any:
            descriptor = os.open(store.root, os.O_RDONLY)
            with pytest.raises(BlockingIOError):
                fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
            os.close(descriptor)
            looked.append(checkpoint)
            return load(store, checkpoint)

        monkeypatch.setattr(Store, "load_votes", look)
        assert mission("approve", wait(quorum=2), "--as", "ada").status == 3
        assert len(looked) == 1

    @pytest.mark.slow
    def test_of_several_at_once_counts_each(self, mission: Mission, wait: Wait) -> None:
        """
        Two approvers in two processes: both count, and the run goes on once.
        """
        del mission
        name = wait(quorum=2, signed=True)
        command = [str(Path(sys.executable).with_name("mission")), "approve", name]
        processes = [
            subprocess.Popen([*command, "--as", actor, "--sign", f"{actor}.pem"], stderr=subprocess.PIPE)
            for actor in ("ada", "bob")
        ]
        for process in processes:
            process.communicate()
        assert sorted(process.returncode for process in processes) == [0, 3]
        [record] = Path(".mission/runs").iterdir()
        assert [one["actor"] for one in json.loads(record.read_text())["checkpoint"]["answers"][0]["decisions"]] == [
            "ada",
            "bob",
        ]


class TestAnExpiry:
    """
    "An expired request: the run is denied with code `gate_expired`."
    """

    def test_ends_the_run(self, mission: Mission, wait: Wait, monkeypatch: pytest.MonkeyPatch) -> None:
        """
        Whoever comes too late finds it denied, also the second time.
        """
        name = wait(expires_after_ms=60_000)
        assert mission("approve", name, "--as", "ada", "--choice", "maybe").status == 4
        expires_at = _opening()["expires_at"]
        monkeypatch.setattr(FileDecisions, "now", lambda *_: expires_at)
        late = mission("approve", name, "--as", "ada")
        assert late.status == 1
        assert "gate_expired" in late.err
        assert "nobody decided in time" in late.err
        again = mission("approve", name, "--as", "ada")
        assert (again.status, "already decided by nobody in time" in again.err) == (4, True)
        [record] = Path(".mission/runs").iterdir()
        shown = mission("explain", record.stem)
        assert "decided by nobody: expired" in shown.out

    def test_is_said_where_the_run_waits(self, mission: Mission, wait: Wait) -> None:
        """
        With every other term of the decision.
        """
        terms = {"quorum": 2, "signed": True, "expires_after_ms": 172_800_000, "not_by": "/decision/actor"}
        shown = mission("approve", wait(make_gate("second", **terms), output="/decision"), "--as", "ada")
        assert shown.status == 3
        for text in (
            "2 persons must choose the same; another choice ends the vote as rejected",
            "not by: ada",
            "signed decisions only",
            "expires 2 days after it is asked",
            f"open until {_opening()['expires_at']}",
        ):
            assert text in shown.err

    def test_is_said_before_the_run_gets_there(self, mission: Mission, wait: Wait) -> None:
        """
        A later step tells its terms too.
        """
        later = make_gate("second", signed=True, expires_after_ms=1, not_by="/by")
        shown = mission("explain", wait(signed=True, quorum=2))
        assert "signed decisions only" in shown.out
        waiting = execute(make_inputs(make_gate(), later))
        text = show_result(waiting, waiting.inputs.digest, "file", "mission")
        assert "not by: /by; signed decisions only; expires 1 millisecond after it is asked" in text

    def test_is_said_in_a_plan(self) -> None:
        """
        A planner sees the terms before anything runs.
        """
        mission = make_mission(make_gate(quorum=2, signed=True, expires_after_ms=90_000, not_by="/by"))
        text = explain_plan(plan_mission("made", registry={"made": mission}))
        for words in (
            "2 persons must choose the same",
            "not by: /by",
            "signed decisions only",
            "expires 90 seconds after",
        ):
            assert words in text


class TestWhatCannotBeDecided:
    """
    A run that waits for an effect, or for nothing.
    """

    def test_is_refused(self, mission: Mission, wait: Wait) -> None:
        """
        Nothing is kept.
        """
        wait()
        for inputs, text in (
            (make_inputs(make_action()), "the run waits for an effect, not for a person"),
            (make_inputs(make_step()), "the run waits for nothing: it has ended"),
        ):
            Path("other.json").write_bytes(execute(inputs).inputs.raw)
            shown = mission("approve", "other.json", "--as", "ada")
            assert (shown.status, text in shown.err) == (4, True)


class TestTheStore:
    """
    Votes are files, one a person.
    """

    def test_keeps_the_first_vote_of_each(self, tmp_path: Path) -> None:
        """
        Sorted by actor, whatever order they came in.
        """
        store, checkpoint = Store(tmp_path), make_inputs()
        bob, ada = (HumanDecision(actor=name, choice="approve") for name in ("bob", "ada"))
        for vote in (bob, ada, attrs.evolve(ada, reason="again")):
            store.save_vote(checkpoint, vote)
        assert store.load_votes(checkpoint) == (ada, bob)

    def test_a_damaged_vote_is_refused(self, mission: Mission, wait: Wait) -> None:
        """
        With the file in the message.
        """
        name = wait(quorum=2)
        mission("approve", name, "--as", "ada")
        [vote] = Path(".mission/votes").iterdir()
        vote.write_text('{"actor":"ada"}')
        shown = mission("approve", name, "--as", "bob")
        assert shown.status == 2
        assert vote.name in shown.err

    def test_a_root_that_cannot_be_used_is_told(self, mission: Mission, wait: Wait) -> None:
        """
        Before anything is decided.
        """
        name = wait()
        Path("taken").write_text("")
        shown = mission("--root", "taken/below", "approve", name, "--as", "ada")
        assert (shown.status, "cannot write" in shown.err) == (5, True)
