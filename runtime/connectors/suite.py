"""Runs a test suite through a runner that writes JUnit XML, and says how each test ended.

Rules, referred to by number below:

1. Red tests are a result: they succeed with exit code 1. A runner that could not run them has failed, and so has one
   that ran none, or whose report says something else than its exit code: no tests are no success.
2. The output holds no time, host name, message or path of the machine, and its order does not depend on the order the
   tests ran in, so the same tests give the same bytes.
3. The report stands in a private folder that is gone when the call ends. It is read within bounds and as a plain file
   only: the tests could have put a link or a pipe in its place.
"""

import os
import stat
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

from runtime.connectors.junit import MAX_REPORT_BYTES, RED, Case, Report, parse_junit
from runtime.connectors.outcomes import failed, succeeded
from runtime.connectors.process import Ending, ProcessResult, run_process
from runtime.errors import IntegrityError
from runtime.values.answers import EffectOutcome

__all__ = ["MAX_CASES", "run_suite"]

MAX_CASES: Final = 200
"""Cases listed at most. Of names cut as below, in the widest script, this many still fit an outcome."""

_MAX_NAME_LENGTH: Final = 512
_TESTS_FAILED: Final = 1
_NO_TESTS_COLLECTED: Final = 5
_RUNNER_ENV: Final = {
    "PYTEST_ADDOPTS": "-p no:cacheprovider",
    "PYTHONDONTWRITEBYTECODE": "1",
    "PYTHONHASHSEED": "0",
}
"""What makes runs alike and leaves no trace in the tree. It cannot be configured away."""


def run_suite(
    argv: tuple[str, ...], *, cwd: Path, env: Mapping[str, str], timeout_ms: int, max_cases: int
) -> EffectOutcome:
    """
    Run tests and list how they ended.

    Args:
        argv: the runner and its target; `--junitxml=FILE` is added.
        cwd: the folder the runner runs in.
        env: its variables, on top of the base.
        timeout_ms: milliseconds until it is killed.
        max_cases: cases listed at most.
    """
    try:
        private = tempfile.TemporaryDirectory(prefix="mission-junit-", ignore_cleanup_errors=True)
    except OSError:
        return failed(Ending.NOT_STARTED.value)
    with private as folder:  # (3)
        place = Path(folder, "report.xml")
        result = run_process(
            (*argv, f"--junitxml={place}"),
            cwd=cwd,
            env={**env, **_RUNNER_ENV},
            timeout_ms=timeout_ms,
            output_limit_bytes=0,
        )
        raw = _read_report(place)
    return _judge(result, raw, max_cases)


def _judge(result: ProcessResult, raw: bytes, max_cases: int) -> EffectOutcome:
    if result.exit_code == _NO_TESTS_COLLECTED:
        return failed("no_tests_found")
    fault = result.fault(0, _TESTS_FAILED)
    if fault is not None:
        return failed(fault)
    try:
        report = parse_junit(raw)
    except IntegrityError:
        return failed("report_unreadable")
    if result.exit_code == 0 and not report.cases:  # (1)
        return failed("no_tests_found")
    if result.exit_code == 0 and report.is_red:  # (1)
        return failed("report_contradictory")
    return succeeded({"exit_code": result.exit_code, **_listed(report, max_cases)})


def _read_report(place: Path) -> bytes:
    """
    Read the report; without a readable one it is empty, and one too long stays too long.
    """
    try:
        file = os.open(place, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK)
    except OSError:
        return b""
    try:
        if not stat.S_ISREG(os.fstat(file).st_mode):  # (3)
            return b""
        with open(file, "rb", closefd=False) as stream:
            return stream.read(MAX_REPORT_BYTES + 1)
    finally:
        os.close(file)


def _listed(report: Report, max_cases: int) -> dict[str, Any]:
    """
    Give the counts, and the first cases of an order that puts the red ones first, then goes by name (2).
    """
    cases = sorted(report.cases, key=_order)[:max_cases]
    longest = max((len(text) for case in cases for text in (case.name, case.classname)), default=0)
    return {
        "counts": report.counts,
        "cases": [
            {
                "name": case.name[:_MAX_NAME_LENGTH],
                "classname": case.classname[:_MAX_NAME_LENGTH],
                "outcome": case.outcome.value,
            }
            for case in cases
        ],
        "truncated": len(cases) < len(report.cases) or longest > _MAX_NAME_LENGTH,
    }


def _order(case: Case) -> tuple[bool, str, str, str]:
    return case.outcome not in RED, case.name, case.classname, case.outcome.value
