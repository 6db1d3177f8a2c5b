"""Test suites, run for real: red ones, empty ones, runners that cannot run, and reports that cannot be trusted."""

import json
import os
import stat
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from runtime.connectors import LocalCommand
from runtime.connectors.junit import MAX_REPORT_BYTES
from runtime.connectors.suite import MAX_CASES
from runtime.encoding.canonical import canonical
from runtime.encoding.frozen import thaw
from runtime.limits import MAX_PAYLOAD_BYTES
from runtime.values import EffectOutcome, OutcomeStatus

Perform = Callable[..., EffectOutcome]

MIXED = """
import time
import pytest

def test_b_passes(): time.sleep(0.01)
def test_a_passes(tmp_path): print(tmp_path)
def test_fails(): assert 0, time.time()
@pytest.mark.skip
def test_skipped(): pass
@pytest.mark.parametrize("x", ["1/2", "\\u00e9"])
def test_each(x): pass
@pytest.fixture
def broken(): raise OSError
class TestIt:
    def test_errs(self, broken): pass
"""

RUNNER = """
import os, pathlib, sys
report = pathlib.Path(sys.argv[-1].removeprefix("--junitxml="))
target = sys.argv[-2]
def write(body=""):
    report.write_text("<testsuite>" + body + "</testsuite>")
"""
"""The beginning of a runner that is no pytest."""

BARE = {"PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1"}
"""Pytest without the plugins of this suite starts four times as fast."""

GREEN = '<testsuite><testcase name="a"/></testsuite>'
UNREADABLE = "report_unreadable"


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """
    A folder that is a project of its own, so that pytest looks no further.
    """
    (tmp_path / "pytest.ini").write_text("[pytest]\n")
    return tmp_path


@pytest.fixture
def play(perform: Perform, tmp_path: Path) -> Perform:
    """
    Run a runner of these lines: `play(script, **settings)`.
    """

    def run(script: str, **settings: Any) -> EffectOutcome:
        (tmp_path / "runner.py").write_text(RUNNER + script)
        runners = {"scripted": (sys.executable, "-I", "-S", "runner.py")}
        connector = LocalCommand(cwd=tmp_path, runners=runners, **settings)
        return perform(connector, "run_junit", {"runner": "scripted", "target": "."})

    return run


def output_of(outcome: EffectOutcome) -> Any:
    """
    Give the output of an outcome that succeeded.
    """
    assert (outcome.status, outcome.code) == (OutcomeStatus.SUCCEEDED, None)
    return thaw(outcome.output)


class TestPytest:
    """
    The runner that is there unless told otherwise.
    """

    def test_red_tests_are_a_result(self, project: Path, perform: Perform) -> None:
        """
        Exit code 1 succeeds; the counts are whole, red cases come first, the rest goes by name.
        """
        (project / "test_mixed.py").write_text(MIXED)
        outcome = perform(LocalCommand(cwd=project, env=BARE), "run_junit", {"target": "."})
        listed = [
            ("TestIt", "test_errs", "error"),
            ("", "test_fails", "failed"),
            ("", "test_a_passes", "passed"),
            ("", "test_b_passes", "passed"),
            ("", "test_each[1/2]", "passed"),
            ("", "test_each[\\xe9]", "passed"),
            ("", "test_skipped", "skipped"),
        ]
        assert output_of(outcome) == {
            "exit_code": 1,
            "counts": {"tests": 7, "passed": 4, "failed": 1, "errors": 1, "skipped": 1},
            "cases": [
                {"classname": f"test_mixed.{group}".rstrip("."), "name": name, "outcome": ending}
                for group, name, ending in listed
            ],
            "truncated": False,
        }

    def test_same_tests_give_the_same_bytes(self, tmp_path: Path, perform: Perform) -> None:
        """
        At another time, in another folder, in another order: no time, path or host stands in the outcome.
        """
        raws = set()
        for name, order in [("first", "session.items"), ("second", "session.items[::-1]")]:
            folder = tmp_path / name
            folder.mkdir()
            (folder / "pytest.ini").write_text("[pytest]\n")
            (folder / "test_mixed.py").write_text(MIXED)
            (folder / "conftest.py").write_text(f"def pytest_collection_finish(session): session.items[:] = {order}\n")
            raws.add(canonical(output_of(perform(LocalCommand(cwd=folder, env=BARE), "run_junit", {"target": "."}))))
        assert len(raws) == 1

    def test_leaves_no_trace(
        self,
        project: Path,
        perform: Perform,
        monkeypatch: pytest.MonkeyPatch,
        tmp_path_factory: pytest.TempPathFactory,
    ) -> None:
        """
        No cache, no byte code and no report stay behind.
        """
        (project / "test_a.py").write_text("def test_it(): pass\n")
        temporary = tmp_path_factory.mktemp("temporary")
        monkeypatch.setattr(tempfile, "tempdir", str(temporary))
        output = output_of(
            perform(LocalCommand(cwd=project, env=BARE), "run_junit", {"target": "test_a.py", "runner": "pytest"})
        )
        assert (output["exit_code"], output["counts"]["passed"]) == (0, 1)
        assert sorted(path.name for path in project.rglob("*")) == ["pytest.ini", "test_a.py"]
        assert list(temporary.iterdir()) == []

    @pytest.mark.parametrize(
        ("text", "code"),
        [("", "no_tests_found"), ("import nothing_of_this_name\n", "command_failed"), (None, "no_tests_found")],
        ids=["file_without_tests", "file_that_cannot_be_imported", "folder_without_files"],
    )
    def test_that_could_not_run_tests_has_failed(
        self, project: Path, perform: Perform, text: str | None, code: str
    ) -> None:
        """
        Nothing collected is no success, and neither is a collection that broke.
        """
        if text is not None:
            (project / "test_a.py").write_text(text)
        assert perform(LocalCommand(cwd=project, env=BARE), "run_junit", {"target": "."}) == EffectOutcome(
            status=OutcomeStatus.FAILED, code=code
        )

    def test_takes_no_option_from_the_name_of_a_target(self, project: Path, perform: Perform) -> None:
        """
        A file named `@args` would be read for options, if it stood there bare.
        """
        (project / "@args").mkdir()
        (project / "@args" / "test_a.py").write_text("def test_it(): pass\n")
        assert (
            output_of(perform(LocalCommand(cwd=project, env=BARE), "run_junit", {"target": "@args"}))["counts"]["tests"]
            == 1
        )

    def test_inherits_no_option_and_no_secret(
        self, project: Path, perform: Perform, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """
        Neither the variables of this process nor pytest's own settings among them reach the tests.
        """
        monkeypatch.setenv("MISSION_CANARY", "tweet")
        monkeypatch.setenv("PYTEST_ADDOPTS", "--collect-only")
        (project / "test_a.py").write_text(
            "import os\n"
            "def test_it():\n"
            "    assert 'MISSION_CANARY' not in os.environ\n"
            "    assert os.environ['GIVEN'] == 'x'\n"
            "    assert os.environ['PYTHONHASHSEED'] == '0'\n"
        )
        connector = LocalCommand(cwd=project, env={**BARE, "GIVEN": "x", "PYTHONHASHSEED": "7"})
        assert output_of(perform(connector, "run_junit", {"target": "."}))["counts"] == {
            "tests": 1,
            "passed": 1,
            "failed": 0,
            "errors": 0,
            "skipped": 0,
        }


class TestARunner:
    """
    "A runner that could not run them has failed."
    """

    @pytest.mark.parametrize(
        ("argv", "code"),
        [
            (("/no/such/runner",), "command_not_found"),
            (("./runner.txt",), "command_not_started"),
            ((sys.executable, "-I", "-m", "no_such_runner"), "report_unreadable"),
        ],
        ids=["missing", "not_executable", "not_installed"],
    )
    def test_that_is_not_there(self, tmp_path: Path, perform: Perform, argv: tuple[str, ...], code: str) -> None:
        """
        Python's own exit code for a missing module is that of red tests; the missing report tells them apart.
        """
        (tmp_path / "runner.txt").touch()
        connector = LocalCommand(cwd=tmp_path, runners={"pytest": argv})
        assert perform(connector, "run_junit", {"target": "."}) == EffectOutcome(status=OutcomeStatus.FAILED, code=code)

    @pytest.mark.parametrize(
        ("script", "code"),
        [
            ("write('<testcase name=\"a\"/>'); sys.exit(2)", "command_failed"),
            ("write('<testcase name=\"a\"/>'); sys.exit(4)", "command_failed"),
            ("write('<testcase name=\"a\"/>'); sys.exit(5)", "no_tests_found"),
            ("write('<testcase name=\"a\"/>'); os.kill(os.getpid(), 9)", "command_failed"),
            ("write()", "no_tests_found"),
            ("write('<testcase name=\"a\"><failure/></testcase>')", "report_contradictory"),
            ("write('<testcase name=\"a\"><error/></testcase>')", "report_contradictory"),
            ("write('<testcase/>')", UNREADABLE),
            ("report.write_bytes(b'')", UNREADABLE),
            ("pass", UNREADABLE),
            ("report.mkdir()", UNREADABLE),
            ("os.mkfifo(report)", UNREADABLE),
            (
                f"pathlib.Path('real.xml').write_text({GREEN!r}); report.symlink_to(os.getcwd() + '/real.xml')",
                UNREADABLE,
            ),
            (f"report.write_text({GREEN!r}.ljust({MAX_REPORT_BYTES + 1}))", UNREADABLE),
            (f"report.write_text('<!DOCTYPE a>' + {GREEN!r})", UNREADABLE),
        ],
        ids=[
            "interrupted",
            "usage_error",
            "none_collected",
            "killed",
            "green_without_tests",
            "green_with_a_failure",
            "green_with_an_error",
            "no_junit",
            "report_empty",
            "report_missing",
            "report_is_a_folder",
            "report_is_a_pipe",
            "report_is_a_link",
            "report_too_long",
            "report_with_doctype",
        ],
    )
    def test_that_did_not_do_its_work(self, play: Perform, script: str, code: str) -> None:
        """
        Whatever it left, the outcome is failed and says why.
        """
        assert play(script) == EffectOutcome(status=OutcomeStatus.FAILED, code=code)

    def test_that_takes_too_long(self, tmp_path: Path, perform: Perform, is_gone: Callable[[int], bool]) -> None:
        """
        It is killed at the time asked for, a report it wrote before notwithstanding.
        """
        (tmp_path / "runner.sh").write_text(f"echo '{GREEN}' > ${{2#--junitxml=}}\nsleep 300 & echo $! > pid\nwait\n")
        connector = LocalCommand(cwd=tmp_path, runners={"slow": ("sh", "runner.sh")})
        outcome = perform(connector, "run_junit", {"target": ".", "runner": "slow", "timeout_ms": 1500})
        assert outcome == EffectOutcome(status=OutcomeStatus.FAILED, code="command_timeout")
        assert is_gone(int((tmp_path / "pid").read_text()))

    def test_without_a_place_for_its_report_is_not_started(
        self, play: Perform, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """
        A full or closed temporary folder is a failure with a name.
        """
        monkeypatch.setattr(tempfile, "tempdir", str(tmp_path / "missing"))
        assert play("write()") == EffectOutcome(status=OutcomeStatus.FAILED, code="command_not_started")

    def test_may_be_red_for_a_reason_of_its_own(self, play: Perform) -> None:
        """
        Exit code 1 with green cases, as after too little coverage, is passed on as it is.
        """
        output = output_of(play("write('<testcase name=\"a\"/>'); sys.exit(1)"))
        assert (output["exit_code"], output["counts"]["passed"]) == (1, 1)

    def test_gets_its_target_and_a_private_place_that_is_gone_afterwards(self, play: Perform, tmp_path: Path) -> None:
        """
        The report's folder is closed to others while it is there.
        """
        play(
            "import json\n"
            "mode = os.stat(report.parent).st_mode\n"
            "pathlib.Path('seen').write_text(json.dumps([sys.argv[1:-1], str(report), mode]))\n"
        )
        arguments, report, mode = json.loads((tmp_path / "seen").read_text())
        assert arguments == ["./."]
        assert stat.S_IMODE(mode) == 0o700
        assert not os.path.lexists(Path(report).parent)


class TestTheListOfCases:
    """
    "Bounded, with the red ones first, then by name."
    """

    def test_is_cut_and_says_so(self, play: Perform) -> None:
        """
        The counts stay whole.
        """
        script = (
            "write(''.join(f'<testcase name=\"{n}\" classname=\"c\"/>' for n in 'cab')"
            " + '<testcase name=\"z\"><failure/></testcase>'); sys.exit(1)"
        )
        output = output_of(play(script, max_cases=2))
        assert [(case["name"], case["outcome"]) for case in output["cases"]] == [("z", "failed"), ("a", "passed")]
        assert (output["counts"]["tests"], output["truncated"]) == (4, True)
        output = output_of(play(script, max_cases=4))
        assert [case["name"] for case in output["cases"]] == ["z", "a", "b", "c"]
        assert output["truncated"] is False

    @pytest.mark.parametrize("field", ["name", "classname"])
    def test_holds_names_of_bounded_length(self, play: Perform, field: str) -> None:
        """
        A longer one is cut, and the list says that something is missing.
        """
        for length, is_truncated in [(512, False), (513, True)]:
            other = "classname" if field == "name" else "name"
            output = output_of(play(f"write('<testcase {other}=\"b\" {field}=\"' + 'a' * {length} + '\"/>')"))
            assert (output["cases"][0][field], output["truncated"]) == ("a" * 512, is_truncated)

    def test_of_the_widest_names_fits_an_outcome(self, play: Perform) -> None:
        """
        The bounds of the list are within those of an outcome.
        """
        script = (
            f'name = chr(0x1f600) * 600\nwrite(f\'<testcase name="{{name}}" classname="{{name}}"/>\' * {MAX_CASES + 1})'
        )
        output = output_of(play(script))
        assert len(output["cases"]) == MAX_CASES
        assert len(canonical(output)) < MAX_PAYLOAD_BYTES
