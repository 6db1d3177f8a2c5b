"""run_tests: runs a project's tests for real, and ends as failed when they are red.

Finds the test files, runs them through the `local_command` connector (no shell, a time limit, bounded output), and
checks the counts of the runner's own report. Red tests are a report like any other: the run then fails at
`tests-report` with code `tests_failed`, and the counts are in the state. A runner that cannot run fails the step before.
"""

from typing import Final

import attrs

from missions.steps import action, runtime
from runtime.orchestration.definitions import ExecutionContext, WorkflowDefinition
from runtime.orchestration.example import Example
from runtime.orchestration.mission import Mission
from runtime.orchestration.params_schema import described
from runtime.orchestration.sequence import AtMost, Never, Requires
from runtime.values.answers import Answer, EffectOutcome, OutcomeStatus
from runtime.values.checks import is_identifier

__all__ = ["RUN_TESTS", "RunTestsParams"]

_LONGEST_MS: Final = 3_600_000


@attrs.frozen(kw_only=True)
class RunTestsParams:
    """
    Which tests to run, with what, and for how long at most.
    """

    target: str = attrs.field(
        default="tests",
        validator=is_identifier,
        metadata=described("File or directory of the tests, below the directory the connector works in."),
    )
    runner: str = attrs.field(
        default="pytest",
        validator=is_identifier,
        metadata=described("Name of a test runner the connector is set up with."),
    )
    timeout_ms: int = attrs.field(
        default=600_000,
        validator=[attrs.validators.ge(1), attrs.validators.le(_LONGEST_MS)],
        metadata=described("Milliseconds after which the runner and all it started are ended."),
    )


def build_run_tests(params: RunTestsParams) -> WorkflowDefinition:
    """
    Build the three steps.
    """
    chosen = {"target": params.target, "runner": params.runner}
    steps = [
        action(
            "tests-discover",
            "local_command.find_tests",
            "Find the test files",
            params=chosen,
            mode="read",
            output="/discovered",
        ),
        action(
            "tests-execute",
            "local_command.run_junit",
            "Run the tests",
            params={**chosen, "timeout_ms": params.timeout_ms},
            mode="read",
            output="/results",
        ),
        runtime(
            "tests-report",
            "check",
            "Fail when a test failed",
            expression="results.exit_code == 0 && results.counts.failed == 0 && results.counts.errors == 0",
            message="tests are red",
            code="tests_failed",
        ),
    ]
    return WorkflowDefinition("wf-run-tests", steps, {"mission_type": "run_tests"})


_CASE: Final = {"classname": "tests.test_sums", "name": "test_two_and_two", "outcome": "passed"}

RUN_TESTS: Final = Mission(
    name="run_tests",
    version="1.0.0",
    summary="Runs a project's tests for real; red tests end the run as failed, with the counts.",
    params_class=RunTestsParams,
    build=build_run_tests,
    rules=(
        Never(what=("effect:mutate",), why="Testing changes nothing."),
        AtMost(count=1, what=("effect:local_command.run_junit",), why="The tests run once."),
        Requires(before=("tests-execute",), after=("tests-report",), why="Only tests that ran are reported."),
    ),
    catalogue={"local_command": {"actions": {"find_tests": {"mode": "read"}, "run_junit": {"mode": "read"}}}},
    example=Example(
        params={"target": "tests", "timeout_ms": 60_000},
        context=ExecutionContext({"project": "sums"}),
        answers=(
            Answer(
                step_id="tests-discover",
                outcome=EffectOutcome(
                    status=OutcomeStatus.SUCCEEDED,
                    output={"count": 1, "files": ["tests/test_sums.py"], "truncated": False},
                ),
            ),
            Answer(
                step_id="tests-execute",
                outcome=EffectOutcome(
                    status=OutcomeStatus.SUCCEEDED,
                    output={
                        "cases": [_CASE],
                        "counts": {"errors": 0, "failed": 0, "passed": 1, "skipped": 0, "tests": 1},
                        "exit_code": 0,
                        "truncated": False,
                    },
                ),
            ),
        ),
    ),
)
"""The mission."""
