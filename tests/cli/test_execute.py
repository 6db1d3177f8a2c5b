"""`mission execute`: what is read, what is done, and the exit status of every ending."""

import json
import sys
from pathlib import Path
from typing import Any

import pytest
from command_line import Mission, Shown

from runtime.cli.execute import last_attempts, status_of
from runtime.cli.exit_codes import ExitCode
from runtime.decision_schema import Action
from runtime.execution import AttemptStatus, ExecutionAttempt, ExecutionCode, ExecutionReport, Refusal
from runtime.storage import SqliteKillSwitch

SHOP = """
from pathlib import Path
import sys

from runtime.storage import SqliteKillSwitch


def sell(action, context, *, params, idempotency_key):
    print("selling", params["amount"])
    with Path("sold").open("a") as file:
        file.write(action.value + "\\n")
    return True, None


def flaky(action, context):
    Path("tried").write_text("x") if not (was := Path("tried").exists()) else None
    return was, "password=hunter2"


def lost(action, context):
    Path("sold").touch()
    raise OSError("password=hunter2")


def stopping(action, context):
    SqliteKillSwitch(Path(".mission/kill_switch.db")).turn(on=True)
    return False, None


def leaving(action, context):
    sys.exit(0)


def changing(action, context):
    sys.path.clear()
    return True, None


def hanging(action, context):
    import threading
    threading.Event().wait()


price = 5
"""


@pytest.fixture(autouse=True)
def shop(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """
    Lay out executors, a decision and a policy; a module of an earlier test is forgotten.
    """
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "path", [*sys.path])
    monkeypatch.delitem(sys.modules, "shop", raising=False)
    monkeypatch.setattr(sys, "dont_write_bytecode", True)
    Path("shop.py").write_text(SHOP)
    Path("leaves.py").write_text("raise SystemExit(0)\n")
    Path("decision.json").write_text('{"action": "ACT", "allowed": true, "params": {"amount": 5}}')
    Path("policy.yaml").write_text("retry: {max_retries: 2, initial_backoff_ms: 1}\n")


def _execute(mission: Mission, name: str, *words: str, decision: str = "decision.json") -> Shown:
    return mission("execute", decision, "--executor", f"shop:{name}", "--policy", "policy.yaml", *words)


def _report(shown: Shown) -> dict[str, Any]:
    report: dict[str, Any] = json.loads(shown.out)
    return report


def test_a_decision_is_carried_out(mission: Mission) -> None:
    """
    What the executor prints does not come between the lines of the command.
    """
    shown = _execute(mission, "sell")
    assert (shown.status, shown.out) == (0, "ACT     attempt 0  SUCCESS\n1 succeeded, 0 failed, 0 skipped, 0 denied\n")
    assert shown.err == "selling 5\n"
    assert Path("sold").read_text() == "ACT\n"
    assert str(Path.cwd()) not in sys.path


def test_several_actions_are_carried_out_in_order(mission: Mission) -> None:
    """
    `actions` stands beside the one of `action`; JSON comes from stdin or a file.
    """
    Path("many.yaml").write_text("action: ACT\nallowed: true\nactions: [ACT, EXIT]\nparams: {amount: 5}\n")
    shown = _execute(mission, "sell", decision="many.yaml")
    assert shown.status == 0
    assert Path("sold").read_text() == "ACT\nEXIT\n"


def test_a_failure_is_tried_again_and_its_reason_redacted(mission: Mission) -> None:
    """
    The status is that of the last attempt.
    """
    shown = _execute(mission, "flaky", "--json")
    assert (shown.status, _report(shown)["failed_count"], _report(shown)["success_count"]) == (0, 1, 1)
    assert "hunter2" not in shown.out + shown.err


def test_an_exception_fails_closed_and_shows_its_class_alone(mission: Mission) -> None:
    """
    Status 1: it may have been done all the same, and under a key nobody repeats it.
    """
    shown = _execute(mission, "lost")
    assert shown.status == 1
    assert "ACT     attempt 0  FAILED  executor_raised  OSError\n" in shown.out
    assert "failed closed" in shown.out
    assert "hunter2" not in shown.out + shown.err


def test_an_executor_cannot_end_the_command(mission: Mission) -> None:
    """
    Its status would be taken for that of the decision, with a limit and without.
    """
    assert _execute(mission, "leaving").status == 1
    Path("policy.yaml").write_text("timeout: {timeout_per_action_ms: null, max_total_time_ms: null}\n")
    shown = _execute(mission, "leaving")
    assert (shown.status, "executor_raised" in shown.out) == (1, True)


def test_an_executor_may_change_the_path_of_imports(mission: Mission) -> None:
    """
    The command ends as it would.
    """
    assert _execute(mission, "changing").status == 0


def test_what_runs_on_is_unknown(mission: Mission) -> None:
    """
    Status 6: nobody knows whether it was done.
    """
    Path("policy.yaml").write_text("timeout: {timeout_per_action_ms: 20, isolation: process}\n")
    shown = _execute(mission, "hanging")
    assert shown.status == 6
    assert "ACT     attempt 0  UNKNOWN  attempt_timeout" in shown.out


@pytest.mark.parametrize("decision", ['{"action": "ACT", "allowed": false}', '{"action": "HOLD", "allowed": true}'])
def test_what_is_not_allowed_or_not_to_be_done_is_refused(mission: Mission, decision: str) -> None:
    """
    Status 4, and nothing is called.
    """
    Path("decision.json").write_text(decision)
    shown = _execute(mission, "sell")
    assert (shown.status, Path("sold").exists()) == (4, False)


def test_a_dry_run_calls_nothing(mission: Mission) -> None:
    """
    Status 0 where it would be attempted, 4 where something stops it.
    """
    shown = _execute(mission, "sell", "--dry-run")
    assert (shown.status, Path("sold").exists()) == (0, False)
    assert "action 1 went no further, dry_run\n" in shown.out
    assert mission("killswitch", "on").status == 0
    assert _execute(mission, "sell", "--dry-run").status == 4


def test_a_context_can_stop_it(mission: Mission) -> None:
    """
    INV-EXE-4: the switch of the context is read too.
    """
    Path("context.yaml").write_text("ops_deny_actions: true\n")
    shown = _execute(mission, "sell", "--context", "context.yaml")
    assert (shown.status, Path("sold").exists()) == (4, False)
    assert "the decision went no further, kill_switch\n" in shown.out


def test_a_key_does_it_once(mission: Mission) -> None:
    """
    INV-EXE-5: another call of the command replays what was recorded.
    """
    Path("policy.yaml").write_text("idempotency: {enabled: true}\n")
    Path("context.json").write_text('{"idempotency_scope": "order-1"}')
    for _ in range(2):
        shown = _execute(mission, "sell", "--context", "context.json")
        assert shown.status == 0
    assert Path("sold").read_text() == "ACT\n"
    assert "as recorded under its key" in shown.out


class TestTheSwitch:
    """
    INV-EXE-4: `mission execute` obeys the switch of the root.
    """

    def test_while_it_is_on_nothing_is_called(self, mission: Mission) -> None:
        """
        Status 4.
        """
        mission("killswitch", "on")
        shown = _execute(mission, "sell", "--json")
        assert (shown.status, Path("sold").exists()) == (4, False)
        assert _report(shown)["refusals"][0]["code"] == "kill_switch"
        mission("killswitch", "off")
        assert _execute(mission, "sell").status == 0

    def test_turned_in_mid_retry_it_stops_the_next_attempt(self, mission: Mission) -> None:
        """
        Another process may turn it at any time; what failed before is known not done, so nothing changed.
        """
        shown = _execute(mission, "stopping")
        assert shown.status == 4
        assert "ACT     attempt 1  DENIED  kill_switch\n" in shown.out

    def test_one_that_cannot_be_read_is_on(self, mission: Mission) -> None:
        """
        Status 4: nothing was attempted.
        """
        Path(".mission").mkdir()
        Path(".mission/kill_switch.db").write_text("no database")
        shown = _execute(mission, "sell")
        assert (shown.status, Path("sold").exists()) == (4, False)
        assert "kill_switch_unreadable" in shown.out

    def test_it_is_that_of_the_root(self, mission: Mission) -> None:
        """
        A root has a switch of its own.
        """
        SqliteKillSwitch.create(Path("other/kill_switch.db")).turn(on=True)
        words = ["decision.json", "--executor", "shop:sell", "--policy", "policy.yaml"]
        assert mission("--root", "other", "execute", *words).status == 4
        assert mission("execute", *words).status == 0


class TestBadInput:
    """
    Status 2: every fault is listed with its place, and nothing is called.
    """

    def test_every_fault_of_a_decision_is_listed(self, mission: Mission) -> None:
        """
        What does not say that it is allowed is no decision.
        """
        Path("bad.yaml").write_text("action: BUY\nparms: {}\n")
        shown = _execute(mission, "sell", decision="bad.yaml")
        assert (shown.status, Path("sold").exists()) == (2, False)
        for words in ("decision: 3 faults", "got str 'BUY' @ bad.yaml:1 action", "'parms'", "'allowed' is missing"):
            assert words in shown.err

    def test_every_field_of_a_policy_out_of_bounds_is_listed(self, mission: Mission) -> None:
        """
        As is one that no policy has.
        """
        Path("policy.yaml").write_text("retry:\n  max_retries: -1\nmax_concurrency: 99\n")
        shown = _execute(mission, "sell")
        assert shown.status == 2
        for words in ("@ policy.yaml:2 retry.max_retries", "@ policy.yaml:3 max_concurrency"):
            assert words in shown.err
        Path("policy.yaml").write_text("retries: 1\nretry: {jitter: 5}\n")
        shown = _execute(mission, "sell")
        assert (shown.status, "execution policy: 2 faults" in shown.err) == (2, True)

    @pytest.mark.parametrize(
        ("place", "words"),
        [
            ("shop", "--executor 'shop'"),
            ("shop:sell.more", "--executor 'shop:sell.more'"),
            ("nowhere:sell", "module 'nowhere' cannot be imported: ModuleNotFoundError"),
            ("leaves:sell", "module 'leaves' cannot be imported: SystemExit"),
            ("shop:nobody", "'nobody' of 'shop' is no function"),
            ("shop:price", "'price' of 'shop' is no function"),
        ],
    )
    def test_an_executor_that_is_none(self, mission: Mission, place: str, words: str) -> None:
        """
        It says what is wrong with the name.
        """
        shown = mission("execute", "decision.json", "--executor", place, "--policy", "policy.yaml")
        assert shown.status == 2
        assert words in shown.err

    def test_a_context_that_is_no_object(self, mission: Mission) -> None:
        """
        A list has no keys to stop by.
        """
        Path("context.json").write_text("[]")
        shown = _execute(mission, "sell", "--context", "context.json")
        assert (shown.status, "a context that is []" in shown.err) == (2, True)

    def test_a_decision_from_stdin_is_json(self, mission: Mission, monkeypatch: pytest.MonkeyPatch) -> None:
        """
        It has no name that would tell.
        """
        monkeypatch.setattr("runtime.cli.execute_inputs.read_file_argument", lambda path, _: _given(path))
        assert _execute(mission, "sell", decision="-").status == 0


def _given(path: str) -> bytes:
    return Path("decision.json" if path == "-" else path).read_bytes()


def _attempt(status: AttemptStatus, number: int = 0, *, is_replay: bool = False) -> ExecutionAttempt:
    return ExecutionAttempt(Action.ACT, status, number, 0, is_replay=is_replay)


SUCCESS, FAILED, DENIED, UNKNOWN = (
    AttemptStatus.SUCCESS,
    AttemptStatus.FAILED,
    AttemptStatus.DENIED,
    AttemptStatus.UNKNOWN,
)


@pytest.mark.parametrize(
    ("attempts", "refusals", "changes", "expected"),
    [
        ([_attempt(SUCCESS)], [], {}, ExitCode.HOLDS),
        ([_attempt(FAILED), _attempt(SUCCESS, 1)], [], {}, ExitCode.HOLDS),
        ([_attempt(SUCCESS), _attempt(FAILED)], [], {}, ExitCode.ENDED_BADLY),
        ([_attempt(FAILED), _attempt(SUCCESS)], [], {}, ExitCode.ENDED_BADLY),
        ([_attempt(FAILED), _attempt(SUCCESS, 2, is_replay=True)], [], {}, ExitCode.ENDED_BADLY),
        ([_attempt(FAILED), _attempt(DENIED, 1)], [ExecutionCode.KILL_SWITCH], {}, ExitCode.REFUSED),
        ([_attempt(SUCCESS), _attempt(UNKNOWN)], [], {"fail_closed": True}, ExitCode.UNKNOWN),
        ([_attempt(SUCCESS)], [ExecutionCode.STORE_FAILED], {"fail_closed": True}, ExitCode.ENDED_BADLY),
        ([_attempt(DENIED)], [], {"fail_closed": True, "denied_count": 1}, ExitCode.REFUSED),
        ([], [ExecutionCode.STORE_FAILED], {"fail_closed": True}, ExitCode.REFUSED),
        ([], [], {"skipped_count": 1}, ExitCode.REFUSED),
        ([], [ExecutionCode.DRY_RUN, ExecutionCode.HOLD], {"skipped_count": 2}, ExitCode.HOLDS),
        ([], [ExecutionCode.HOLD], {"skipped_count": 1}, ExitCode.REFUSED),
        ([], [ExecutionCode.DRY_RUN, ExecutionCode.IN_FLIGHT], {}, ExitCode.REFUSED),
    ],
)
def test_the_worst_of_a_report_is_its_status(
    attempts: list[ExecutionAttempt], refusals: list[ExecutionCode], changes: dict[str, Any], expected: ExitCode
) -> None:
    """
    Unknown, then failed, then refused; an action has failed where its last attempt has.
    """
    counts = {"denied_count": 0, "skipped_count": 0, "fail_closed": False, **changes}
    report = ExecutionReport(tuple(attempts), 0, 0, 0, refusals=tuple(Refusal(code) for code in refusals), **counts)
    assert status_of(report) is expected
    assert len(last_attempts(report)) <= len(attempts)
