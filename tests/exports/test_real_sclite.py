"""Bundles before the real SCLite: the oldest and the newest release that is supported, each in its own environment.

The environments are made here, from the locks. Where the package index cannot be reached the tests are skipped, except
in CI, where that is a failure.
"""

import json
import os
import re
import subprocess
import sys
import sysconfig
import venv
from collections.abc import Callable
from pathlib import Path

import pytest
from exporting import FAILING, PASSING, make_bundle, run_example

from runtime.evidence import RecordedRun
from runtime.orchestration.registry import MISSION_REGISTRY

ROOT = Path(__file__).parents[2]
HOW_TO = ROOT / "docs" / "how-to" / "export-to-sclite.md"
CHECKED = (
    "01_intent_contract.json",
    "02_policy_decision.json",
    "03_execution_contract.json",
    "04_execution_ticket.json",
    "05_execution_receipt.json",
    "06_evidence_contract.json",
    "artifact_chain_manifest.json",
)
"""The files that SCLite reads; it only asks that the other two are there."""

pytestmark = pytest.mark.slow

_is_unreachable = re.compile(r"No matching distribution found").search


@pytest.fixture(scope="session", params=["sclite-1", "sclite-2"])
def sclite(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """
    Give the `bin` of an environment with one release of SCLite in it.
    """
    home = tmp_path_factory.mktemp(request.param)
    venv.create(home, with_pip=False, symlinks=True)
    lock = ROOT / "requirements" / f"{request.param}.lock"
    pip = [sys.executable, "-m", "pip", "--python", str(home), "--disable-pip-version-check", "--quiet", "install"]
    done = subprocess.run(
        [*pip, "--no-deps", "--require-hashes", "-r", str(lock)], capture_output=True, text=True, check=False
    )
    if done.returncode and _is_unreachable(done.stderr) and not os.environ.get("CI"):
        pytest.skip(f"the package index gives no {request.param}: its tests are left out")
    assert done.returncode == 0, done.stderr
    return home / "bin"


Review = Callable[[dict[str, bytes]], tuple[int, str]]


@pytest.fixture
def review(sclite: Path, tmp_path: Path) -> Review:
    """
    A function that writes files and gives the exit status and the verdict of `sclite review` on them.
    """

    def run_review(files: dict[str, bytes]) -> tuple[int, str]:
        folder = tmp_path / "bundle"
        folder.mkdir(exist_ok=True)
        for name, raw in files.items():
            (folder / name).write_bytes(raw)
        words = [str(sclite / "sclite"), "review", "--fail-on", "review", "--format", "summary", str(folder)]
        done = subprocess.run(words, capture_output=True, text=True, check=False)
        assert "Traceback" not in done.stderr
        return done.returncode, (done.stdout or done.stderr).split(":")[1]

    return run_review


@pytest.mark.parametrize("name", sorted(MISSION_REGISTRY))
def test_the_example_of_every_mission_passes(review: Review, name: str) -> None:
    """
    A completed run of a built-in mission is a bundle that both releases pass.
    """
    result = run_example(name)
    assert result.success
    assert review(make_bundle(result)) == (0, "pass")


@pytest.mark.parametrize("name", PASSING)
def test_a_completed_run_passes(review: Review, name: str) -> None:
    """
    With effects and without, decided by a person, a policy or nobody.
    """
    assert review(make_bundle(PASSING[name]())) == (0, "pass")


@pytest.mark.parametrize("name", FAILING)
def test_a_failed_or_denied_run_does_not_pass(review: Review, name: str) -> None:
    """
    INV-46: it is not even left for somebody to look at: the verdict is fail.
    """
    assert review(make_bundle(FAILING[name]())) == (2, "fail")


@pytest.mark.parametrize("file", CHECKED)
def test_a_changed_file_does_not_pass(review: Review, file: str) -> None:
    """
    Another value anywhere in a file that SCLite reads, and the digests do not fit.
    """
    files = make_bundle(run_example("service_restart"))
    changed = files[file].replace(b"2026-05-14T20:54:00Z", b"2026-05-14T20:53:00Z")
    if changed == files[file]:
        changed = files[file].replace(b'"status":"met"', b'"status":"not_met"')
    if file == "artifact_chain_manifest.json":
        changed = files[file].replace(b'"root_chain_digest":"', b'"root_chain_digest":"0')
    if file == "05_execution_receipt.json":
        changed = files[file].replace(b'"executed_command_count":3', b'"executed_command_count":2')
    assert changed != files[file]
    assert review({**files, file: changed}) == (2, "fail")


def test_a_failed_run_that_was_made_to_look_completed_does_not_pass(review: Review) -> None:
    """
    Words of success put into the receipt alone do not fit its digest.
    """
    files = make_bundle(FAILING["an effect is done, then a step fails"]())
    raw = files["05_execution_receipt.json"].replace(b'"status":"failed"', b'"status":"completed"')
    assert raw != files["05_execution_receipt.json"]
    assert review({**files, "05_execution_receipt.json": raw})[0] == 2


@pytest.mark.parametrize("file", [*CHECKED, "REVIEW.md", "verification_receipt.json"])
def test_a_missing_file_cannot_be_reviewed(review: Review, file: str) -> None:
    """
    SCLite wants all nine.
    """
    files = make_bundle(run_example("echo"))
    del files[file]
    assert review(files)[0] == 1


def test_sclite_reads_nothing_in_the_two_files_beside_the_chain(review: Review) -> None:
    """
    As the how-to page says; so they hold no verdict that anybody could take for SCLite's.
    """
    files = make_bundle(run_example("echo"))
    assert review({**files, "REVIEW.md": b"x", "verification_receipt.json": b"x"}) == (0, "pass")


def test_the_strict_checks_of_a_ticket_pass_too(sclite: Path, tmp_path: Path) -> None:
    """
    A run with three effects stays within the ticket it was written.
    """
    for name, raw in make_bundle(run_example("service_restart")).items():
        (tmp_path / name).write_bytes(raw)
    files = [str(tmp_path / name) for name in CHECKED[2:6]]
    words = [str(sclite / "sclite"), "verify-ticket-use", files[1], "--contract", files[0], "--receipt", files[2]]
    strict = ["--evidence-contract", files[3], "--strict-ticket-profile", "--strict-evidence-claims"]
    done = subprocess.run([*words, *strict], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr


@pytest.mark.parametrize(("name", "status", "verdict"), [("echo", 0, "pass"), ("a step fails", 1, "fail")])
def test_the_command_reviews_with_what_is_installed(
    sclite: Path, tmp_path: Path, name: str, status: int, verdict: str
) -> None:
    """
    `mission export sclite --review` in an environment that has SCLite gives its verdict and a status to go with it.
    """
    result = FAILING[name]() if name in FAILING else run_example(name)
    (tmp_path / "run.json").write_bytes(RecordedRun.of(result).raw)
    words = ["export", "sclite", "run.json", "--out", "b", "--operator", "grace", "--target", "web.example.org"]
    times = ["--started-at", "2026-05-14T20:54:00Z", "--ended-at", "2026-05-14T20:55:00Z", "--review", "--json"]
    script = "from runtime.cli.main import main; main()"
    path = os.pathsep.join([str(ROOT), sysconfig.get_path("purelib")])
    done = subprocess.run(
        [str(sclite / "python"), "-c", script, *words, *times],
        capture_output=True,
        text=True,
        check=False,
        cwd=tmp_path,
        env={**os.environ, "PYTHONPATH": path},
    )
    assert done.returncode == status, done.stderr
    document = json.loads(done.stdout)
    assert document["review"]["verdict"] == verdict
    assert document["review"]["sclite"] in ("1.0.9", "2.0.1")
    assert bool(document["review"]["findings"]) is (verdict == "fail")


def test_the_page_shows_what_sclite_prints(sclite: Path, tmp_path: Path) -> None:
    """
    The line that the how-to page shows of SCLite, which is not installed where the pages run.
    """
    [shown] = re.findall(r"^    (review_bundle:.*)$", HOW_TO.read_text(), re.MULTILINE)
    for name, raw in make_bundle(run_example("change_request")).items():
        (tmp_path / name).write_bytes(raw)
    words = [str(sclite / "sclite"), "review", "--fail-on", "review", "--format", "summary", str(tmp_path)]
    done = subprocess.run(words, capture_output=True, text=True, check=False)
    assert done.stdout.strip() == shown
