"""`mission bundle`: a recorded run in one file, alone or with what vouches for it."""

import json
from pathlib import Path

import pytest
from command_line import EXAMPLE, Mission
from logs import KEY, ORIGIN, OTHER_KEY
from syrupy.assertion import SnapshotAssertion

from runtime.evidence import RecordedRun
from runtime.evidence.bundle import Bundle
from runtime.evidence.verify import verify_bundle
from runtime.signing import SIGNING_KEY_VARIABLE


@pytest.fixture
def kept(mission: Mission, monkeypatch: pytest.MonkeyPatch) -> str:
    """
    The digest of the receipt of a recorded run; no key is chosen.
    """
    monkeypatch.delenv(SIGNING_KEY_VARIABLE, raising=False)
    words = [str(EXAMPLE / f"{name}.json") for name in ("context", "params", "answers")]
    shown = mission("run", "change_request", "--context", words[0], "--params", f"@{words[1]}", "--answers", words[2])
    assert shown.status == 0
    return shown.out.strip()


@pytest.fixture
def key(monkeypatch: pytest.MonkeyPatch) -> str:
    """
    The id of the key that signs.
    """
    Path("op.pem").touch(mode=0o600)
    Path("op.pem").write_text(KEY.to_pem())
    monkeypatch.setenv(SIGNING_KEY_VARIABLE, "./op.pem")
    return KEY.public.key_id


def test_a_run_alone(mission: Mission, kept: str, snapshot: SnapshotAssertion) -> None:
    """
    In a pipe the digest of the file stands alone on stdout, and the text on stderr.
    """
    shown = mission("bundle", kept[7:15], "--out", "run.bundle")
    assert shown.status == 0
    assert shown.err == snapshot
    bundle = Bundle.from_bytes(Path("run.bundle").read_bytes())
    assert shown.out == f"{bundle.digest}\n"
    assert bundle.recorded_run == RecordedRun.from_bytes(Path(f".mission/runs/{kept[7:]}.json").read_bytes())
    assert (bundle.attestation, bundle.inclusion, bundle.head) == (None, None, None)
    assert Path("run.bundle").stat().st_mode & 0o777 == 0o644


def test_a_run_with_what_vouches_for_it(mission: Mission, kept: str, key: str, snapshot: SnapshotAssertion) -> None:
    """
    One key signs the receipt and the head of the log.
    """
    assert mission("log", "append", kept).status == 0
    shown = mission("bundle", kept, "--out", "made/run.bundle", "--sign", "--log", "--origin", ORIGIN)
    assert shown.status == 0
    assert shown.err == snapshot
    bundle = Bundle.from_bytes(Path("made/run.bundle").read_bytes())
    assert bundle.attestation is not None
    assert [one.keyid for one in bundle.attestation.signatures] == [key]
    assert bundle.head is not None
    assert bundle.head.startswith(f"{ORIGIN}\n1\n")


def test_either_alone(mission: Mission, kept: str, key: str) -> None:
    """
    What is not asked for is not in the file.
    """
    assert mission("log", "append", kept).status == 0
    signed = json.loads(mission("bundle", kept, "--out", "signed", "--sign", "--json").out)
    logged = json.loads(mission("bundle", kept, "--out", "logged", "--log", "--origin", ORIGIN, "--json").out)
    assert (signed["signed_by"], signed["log_index"]) == ([key], None)
    assert (logged["signed_by"], logged["log_index"]) == (None, 0)
    assert json.loads(Path("signed").read_bytes())["log_head"] is None
    assert json.loads(Path("logged").read_bytes())["attestation"] is None


def test_json(mission: Mission, kept: str) -> None:
    """
    The same as one document.
    """
    document = json.loads(mission("bundle", kept, "--out", "run.bundle", "--json").out)
    assert document == {
        "file": "run.bundle",
        "bundle_digest": Bundle.from_bytes(Path("run.bundle").read_bytes()).digest,
        "receipt_digest": kept,
        "status": "completed",
        "signed_by": None,
        "log_index": None,
    }


def test_equal_runs_give_equal_files(mission: Mission, kept: str) -> None:
    """
    Nothing of the machine, of the time or of the place is in it.
    """
    mission("bundle", kept, "--out", "one")
    mission("bundle", str(Path(f".mission/runs/{kept[7:]}.json").absolute()), "--out", "two")
    assert Path("one").read_bytes() == Path("two").read_bytes()
    assert str(Path.cwd()).encode() not in Path("one").read_bytes()


def test_a_denied_run(mission: Mission, waiting: str) -> None:
    """
    It goes into a bundle as what it is, and the bundle holds.
    """
    denied = mission("reject", waiting, "--as", "ada").out.strip()
    shown = mission("bundle", denied, "--out", "run.bundle")
    assert shown.status == 0
    assert "run denied" in shown.err
    assert verify_bundle(Path("run.bundle").read_bytes()).holds


class TestRefusals:
    """
    Nothing is written then.
    """

    def test_no_key(self, mission: Mission, kept: str) -> None:
        """
        The setting that chooses one is named.
        """
        for words in (["--sign"], ["--log", "--origin", ORIGIN]):
            shown = mission("bundle", kept, "--out", "run.bundle", *words)
            assert shown.status == 2
            assert SIGNING_KEY_VARIABLE in shown.err
        assert not Path("run.bundle").exists()

    def test_a_receipt_that_the_log_does_not_hold(self, mission: Mission, kept: str, key: str) -> None:
        """
        With the command that puts it in; where there is no log, that is said.
        """
        del key
        words = ("bundle", kept, "--out", "run.bundle", "--log", "--origin", ORIGIN)
        assert mission(*words).status == 5
        other = mission("run", "echo").out.strip()
        mission("log", "append", other)
        shown = mission(*words)
        assert shown.status == 2
        assert "put it in with mission log append" in shown.err
        assert not Path("run.bundle").exists()

    @pytest.mark.parametrize("words", [["--log"], ["--origin", ORIGIN]], ids=["log", "origin"])
    def test_a_log_without_name_or_a_name_without_log(self, mission: Mission, kept: str, words: list[str]) -> None:
        """
        Both belong together.
        """
        shown = mission("bundle", kept, "--out", "run.bundle", *words)
        assert shown.status == 2
        assert "one of --log and --origin alone" in shown.err

    def test_a_record_that_does_not_replay(self, mission: Mission, kept: str, key: str) -> None:
        """
        No bundle is made of a record that was changed, and no key vouches for it.
        """
        del key
        path = Path(f".mission/runs/{kept[7:]}.json")
        path.write_bytes(path.read_bytes().replace(b'"status":"completed"', b'"status":"skipped"', 1))
        for words in ([], ["--sign"]):
            shown = mission("bundle", str(path), "--out", "run.bundle", *words)
            assert shown.status == 1
            assert "re-executed" in shown.err
        assert not Path("run.bundle").exists()

    def test_a_run_that_waits(self, mission: Mission, waiting: str) -> None:
        """
        It has no receipt yet.
        """
        assert mission("bundle", waiting, "--out", "run.bundle").status == 2

    def test_a_file_that_stands_there(self, mission: Mission, kept: str) -> None:
        """
        It stays as it was.
        """
        Path("run.bundle").write_text("kept")
        shown = mission("bundle", kept, "--out", "run.bundle")
        assert (shown.status, shown.out) == (2, "")
        assert "something stands there" in shown.err
        assert Path("run.bundle").read_text() == "kept"
        assert [path.name for path in Path().iterdir() if path.name.startswith(".part")] == []

    def test_a_place_that_cannot_be_written(self, mission: Mission, kept: str) -> None:
        """
        What the system says is told.
        """
        Path("file").write_text("kept")
        shown = mission("bundle", kept, "--out", "file/run.bundle")
        assert shown.status == 5
        assert "cannot write" in shown.err

    def test_a_key_of_another_log(self, mission: Mission, kept: str, key: str) -> None:
        """
        Whoever reads the bundle decides which key of a log counts; here the head is signed by whatever key is chosen.
        """
        del key
        mission("log", "append", kept)
        Path("op.pem").write_text(OTHER_KEY.to_pem())
        assert mission("bundle", kept, "--out", "run.bundle", "--log", "--origin", ORIGIN).status == 0
