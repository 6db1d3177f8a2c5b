"""`mission export sclite`: a review bundle written whole or not at all, and reviewed where SCLite is installed."""

import json
import os
import sys
from collections.abc import Callable
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
from command_line import EXAMPLE, Mission, Shown
from exporting import make_assertions
from syrupy.assertion import SnapshotAssertion

from runtime.cli import sclite_review
from runtime.evidence import RecordedRun
from runtime.evidence.exports import export_review_bundle

ASSERTED = (
    *("--operator", "grace", "--target", "web.example.org"),
    *("--started-at", "2026-05-14T20:54:00Z", "--ended-at", "2026-05-14T20:55:00Z"),
)


@pytest.fixture
def kept(mission: Mission) -> str:
    """
    The digest of a recorded run that completed.
    """
    words = [f"{EXAMPLE / name}.json" for name in ("context", "params", "answers")]
    shown = mission("run", "change_request", "--context", words[0], "--params", f"@{words[1]}", "--answers", words[2])
    assert shown.status == 0
    return shown.out.strip()


@pytest.fixture
def installed(monkeypatch: pytest.MonkeyPatch) -> Callable[[Any], list[Path]]:
    """
    A function that puts a double of SCLite in place, which gives a record or raises, and lists what it was shown.
    """

    def install(record: Any) -> list[Path]:
        seen: list[Path] = []

        def review_bundle(folder: Path) -> Any:
            assert (folder / "artifact_chain_manifest.json").is_file()
            seen.append(folder)
            if isinstance(record, Exception):
                raise record
            return record

        package, module = ModuleType("sclite"), ModuleType("sclite.bundles")
        module.__dict__["review_bundle"] = review_bundle
        monkeypatch.setitem(sys.modules, "sclite", package)
        monkeypatch.setitem(sys.modules, "sclite.bundles", module)
        monkeypatch.setattr(sclite_review, "version", lambda name: {"sclite-core": "2.0.1"}[name])
        return seen

    return install


def names_in(folder: str = ".") -> list[str]:
    """
    List what stands in a directory, hidden things too.
    """
    return sorted(path.name for path in Path(folder).iterdir())


def export(mission: Mission, kept: str, out: str, *more: str) -> Shown:
    """
    Export a run with the usual assertions.
    """
    return mission("export", "sclite", kept, "--out", out, *ASSERTED, *more)


def test_the_bundle_is_what_the_pure_function_gives(mission: Mission, kept: str, snapshot: SnapshotAssertion) -> None:
    """
    Nine files, nothing beside them, and the command that reviews them.
    """
    shown = export(mission, kept[7:15], "out/bundle")
    assert (shown.status, shown.err) == (0, "")
    assert shown.out == snapshot
    record = RecordedRun.from_bytes(Path(f".mission/runs/{kept[7:]}.json").read_bytes())
    written = {path.name: path.read_bytes() for path in Path("out/bundle").iterdir()}
    assert written == export_review_bundle(record, make_assertions())
    assert names_in("out") == ["bundle"]


def test_json(mission: Mission, kept: str) -> None:
    """
    The same as one document.
    """
    document = json.loads(export(mission, kept, "b", "--json").out)
    manifest = json.loads(Path("b/artifact_chain_manifest.json").read_bytes())
    assert document == {
        "directory": "b",
        "files": names_in("b"),
        "status": "completed",
        "receipt_digest": kept,
        "root_chain_digest": manifest["root_chain_digest"],
        "review": None,
    }


def test_a_denied_run_is_exported_as_denied(mission: Mission, waiting: str) -> None:
    """
    The export itself holds, so the status is 0; what it says is that the run was denied.
    """
    denied = mission("reject", waiting, "--as", "ada").out.strip()
    shown = export(mission, denied, "a b")
    assert shown.status == 0
    assert shown.out.startswith("wrote a b: 9 files, run denied\n")
    assert shown.out.endswith("--format summary 'a b'\n")
    assert json.loads(Path("a b/05_execution_receipt.json").read_bytes())["outcome"]["status"] == "denied"


def test_a_run_that_waits_is_refused(mission: Mission, waiting: str) -> None:
    """
    It has no record yet: neither its digest nor its file names one.
    """
    [checkpoint] = Path(".mission/checkpoints").iterdir()
    for name in (waiting, str(checkpoint)):
        shown = export(mission, name, "b")
        assert shown.status == 2
    assert "recorded-run/v1" in shown.err
    assert not Path("b").exists()


def test_a_changed_record_is_refused(mission: Mission, kept: str) -> None:
    """
    Nothing is written of a run whose bytes do not come out again.
    """
    path = Path(f".mission/runs/{kept[7:]}.json")
    path.write_bytes(path.read_bytes().replace(b'"status":"completed"', b'"status":"skipped"', 1))
    shown = export(mission, str(path), "b")
    assert shown.status == 1
    assert "re-executed" in shown.err
    assert not Path("b").exists()


def test_an_empty_directory_is_taken(mission: Mission, kept: str) -> None:
    """
    It holds the bundle then; through a link too.
    """
    Path("b").mkdir()
    Path("link").symlink_to("b")
    assert export(mission, kept, "link").status == 0
    assert len(names_in("b")) == 9


@pytest.mark.parametrize(
    ("out", "words"),
    [
        ("full", "a directory that holds something"),
        ("file", "a file stands there"),
        (".", "the working directory cannot be replaced"),
    ],
)
def test_nothing_that_exists_is_written_over(mission: Mission, kept: str, out: str, words: str) -> None:
    """
    A place where something stands is refused, and stays as it was.
    """
    Path("full").mkdir()
    Path("full/kept.txt").write_text("kept")
    Path("file").write_text("kept")
    before = sorted(Path().rglob("*"))
    shown = export(mission, kept, out)
    assert (shown.status, shown.out) == (2, "")
    assert words in shown.err
    assert sorted(Path().rglob("*")) == before


def test_an_empty_working_directory_is_refused(mission: Mission, kept: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """
    Whoever stands in it would find it gone.
    """
    record = str(Path(f".mission/runs/{kept[7:]}.json").absolute())
    Path("empty").mkdir()
    monkeypatch.chdir("empty")
    shown = export(mission, record, ".")
    assert shown.status == 2
    assert "the working directory cannot be replaced" in shown.err
    assert names_in() == []


@pytest.mark.parametrize("out", ["file/b", "loop", "x" * 300], ids=["below a file", "loop of links", "too long"])
def test_a_place_that_cannot_be_written(mission: Mission, kept: str, out: str) -> None:
    """
    What the system says is told, with status 5, and nothing is left.
    """
    Path("file").write_text("kept")
    Path("loop").symlink_to("loop")
    before = sorted(Path().rglob("*"))
    shown = export(mission, kept, out)
    assert shown.status == 5
    assert "cannot write" in shown.err
    assert sorted(Path().rglob("*")) == before


def test_half_a_bundle_is_never_left(mission: Mission, kept: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """
    Where writing stops on the way, neither the directory nor anything beside it is there.
    """
    calls: list[int] = []

    def sync(descriptor: int) -> None:
        calls.append(descriptor)
        if len(calls) == 5:
            raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", sync)
    before = names_in()
    shown = export(mission, kept, "b")
    assert shown.status == 5
    assert "No space left on device" in shown.err
    assert names_in() == before


def test_what_is_asserted_is_checked(mission: Mission, kept: str) -> None:
    """
    A host or a time in another form is refused, and so is leaving one out.
    """
    words = [word.replace("web.example.org", "localhost") for word in ASSERTED]
    shown = mission("export", "sclite", kept, "--out", "b", *words)
    assert shown.status == 2
    assert "target_host is 'localhost'" in shown.err
    shown = mission("export", "sclite", kept, "--out", "b", *ASSERTED[2:])
    assert shown.status == 2
    assert "--operator" in shown.err
    assert not Path("b").exists()


class TestReview:
    """
    With `--review` the real SCLite has the last word.
    """

    def test_without_sclite_nothing_is_written(self, mission: Mission, kept: str) -> None:
        """
        The error gives the one command that installs it.
        """
        shown = export(mission, kept, "b", "--review")
        assert shown.status == 2
        assert shown.err == (
            "error: SCLite is not installed\nwhere: --review\nmend:  pip install 'sclite-core>=1.0.9,<3'\n"
        )
        assert not Path("b").exists()

    def test_a_pass(self, mission: Mission, kept: str, installed: Callable[[Any], list[Path]]) -> None:
        """
        What was written is what is reviewed.
        """
        checks = [{"name": "chain_integrity", "status": "pass", "detail": "abc"}]
        seen = installed({"verdict": "pass", "checks": checks})
        shown = export(mission, kept, "b", "--review")
        assert shown.status == 0
        assert shown.out.endswith("\nsclite 2.0.1: pass\n")
        assert seen == [Path("b")]

    @pytest.mark.parametrize("verdict", ["review", "fail"])
    def test_anything_else_is_no_pass(
        self, mission: Mission, kept: str, installed: Callable[[Any], list[Path]], verdict: str
    ) -> None:
        """
        The bundle stays, the findings are shown, and the status is 1.
        """
        checks = [
            {"name": "chain_integrity", "status": "pass", "detail": "abc"},
            {"name": "lifecycle_binding", "status": verdict, "detail": "not \u202eapproved"},
        ]
        installed({"verdict": verdict, "checks": checks})
        shown = export(mission, kept, "b", "--review")
        assert shown.status == 1
        assert shown.out.endswith(f"\nsclite 2.0.1: {verdict}\n  lifecycle_binding: not \\u{{202e}}approved\n")
        assert len(names_in("b")) == 9
        document = json.loads(export(mission, kept, "c", "--review", "--json").out)
        assert document["review"] == {
            "sclite": "2.0.1",
            "verdict": verdict,
            "findings": ["lifecycle_binding: not \u202eapproved"],
        }

    @pytest.mark.parametrize("record", [ValueError("no"), {"verdict": "pass"}], ids=["raises", "another form"])
    def test_a_release_that_does_not_fit(
        self, mission: Mission, kept: str, installed: Callable[[Any], list[Path]], record: Any
    ) -> None:
        """
        Whatever it raises or gives, the error names its type and the command that installs one that fits.
        """
        installed(record)
        shown = export(mission, kept, "b", "--review")
        assert shown.status == 2
        assert "SCLite cannot review the bundle: " in shown.err
        assert "sclite-core>=1.0.9,<3" in shown.err
