"""backup_check, incident_triage, service_restart and run_tests: what they do with what they are told."""

from pathlib import Path
from typing import Any

import pytest
from makers import make_decision, make_outcome

from missions.backup_check import BACKUP_CHECK
from missions.incident_triage import INCIDENT_TRIAGE
from missions.run_tests import RUN_TESTS
from missions.service_restart import SERVICE_RESTART
from runtime.connectors import LocalCommand
from runtime.errors import ModeError, ParamsError
from runtime.orchestration import ExecutionContext, OrchestrationResult
from runtime.orchestration.registry import run_mission
from runtime.testing import MemoryLedger, ScriptedConnector

GOOD = [{"target": "mail", "age_hours": 5, "ok": True}, {"target": "wiki", "age_hours": 26, "ok": True}]


def check_backups(backups: Any, **params: Any) -> OrchestrationResult:
    """
    Run backup_check on what the connector says.
    """
    connector = ScriptedConnector({"status": [make_outcome(output=backups)]})
    given = {"targets": ["mail", "wiki"], **params}
    return run_mission("backup_check", ExecutionContext(), given, effects={"backups": connector})


class TestBackupCheck:
    """
    "Read backup status of targets, check ages, summarise."
    """

    def test_passes_on_good_recent_backups(self) -> None:
        """
        One exactly at the limit included.
        """
        result = check_backups(GOOD)
        assert result.success
        assert result.final_state["summary"] == {"targets": 2, "failed": 0, "too_old": 0, "oldest_hours": 26}

    @pytest.mark.parametrize(
        ("backups", "late"),
        [
            ([GOOD[0], {**GOOD[1], "age_hours": 27}], ["wiki"]),
            ([{**GOOD[0], "ok": False}, GOOD[1]], ["mail"]),
            ([{**GOOD[0], "age_hours": 30}, {**GOOD[1], "age_hours": 90}], ["wiki", "mail"]),
            (GOOD[:1], []),
            ([], []),
        ],
        ids=["too old", "failed", "oldest first", "one missing", "all missing"],
    )
    def test_fails_with_what_is_late(self, backups: Any, late: list[str]) -> None:
        """
        The list and the counts are in the state.
        """
        result = check_backups(backups)
        assert (result.status, result.failed_step_id, result.error_code) == ("failed", "backup-check", "stale")
        assert [backup["target"] for backup in result.final_state["late"]] == late

    def test_the_age_is_a_param(self) -> None:
        """
        A stricter one fails what passed.
        """
        assert check_backups(GOOD, max_age_hours=25).status == "failed"

    def test_a_target_is_needed(self) -> None:
        """
        A check of nothing would pass for nothing.
        """
        with pytest.raises(ParamsError):
            BACKUP_CHECK({"targets": []})


def triage(alerts: Any, *answers: Any, **params: Any) -> OrchestrationResult:
    """
    Run incident_triage.
    """
    given = {"hand_off_to": "night shift", **params}
    return run_mission("incident_triage", ExecutionContext({"alerts": alerts}), given, answers=answers)


class TestIncidentTriage:
    """
    "Normalise, deduplicate, prioritise, human confirmation, hand-off note."
    """

    def test_alerts_of_one_service_and_name_are_one_incident(self) -> None:
        """
        The most severe one, and of those the one that affects most.
        """
        alerts = [
            {"service": "a", "name": "x", "severity": "warning", "affected": 9},
            {"service": "a", "name": "x", "severity": "critical", "affected": 1},
            {"service": "a", "name": "x", "severity": "critical", "affected": 2},
            {"service": "b", "name": "x", "severity": "info"},
        ]
        result = triage(alerts, make_decision("triage-confirm"))
        assert result.success
        first, second = result.final_state["incidents"]
        assert (first["item"]["key"], first["item"]["affected"], first["score"]) == ("a/x", 2, 302)
        assert (second["item"]["key"], second["rank"]) == ("b/x", 2)
        assert result.final_state["hand_off"]["alerts"] == 4
        assert result.final_state["hand_off"]["confirmed_by"] == "ada"

    def test_an_unknown_severity_counts_as_an_error(self) -> None:
        """
        So does none at all.
        """
        result = triage([{"service": "a", "name": "x"}, {"service": "b", "name": "x", "severity": "odd"}])
        assert [alert["severity"] for alert in result.final_state["normalised"]] == ["error", "error"]

    def test_no_alerts_are_no_incidents(self) -> None:
        """
        The person sees an empty list.
        """
        result = run_mission("incident_triage", ExecutionContext(), {"hand_off_to": "x"})
        assert (result.status, result.final_state["incidents"]) == ("waiting_human", [])

    def test_the_note_names_as_many_as_were_asked_for(self) -> None:
        """
        The most urgent first.
        """
        alerts = [{"service": str(index), "name": "x", "affected": index} for index in range(5)]
        result = triage(alerts, make_decision("triage-confirm"), limit=2)
        assert [one["service"] for one in result.final_state["hand_off"]["first"]] == ["4", "3"]

    def test_any_name_can_take_over(self) -> None:
        """
        Quotes and line ends in it stay text.
        """
        name = 'the "night"\nshift\\'
        result = triage([], make_decision("triage-confirm"), hand_off_to=name)
        assert result.final_state["hand_off"]["to"] == name

    def test_nothing_is_handed_over_unconfirmed(self) -> None:
        """
        A rejection ends the run.
        """
        result = triage([], make_decision("triage-confirm", choice="reject"))
        assert (result.status, "hand_off" in result.final_state) == ("denied", False)

    def test_the_limit_has_limits(self) -> None:
        """
        At least one.
        """
        with pytest.raises(ParamsError):
            INCIDENT_TRIAGE({"hand_off_to": "x", "limit": 0})


def restart(health: Any, *answers: Any, verify: Any = None, **keywords: Any) -> tuple[OrchestrationResult, Any]:
    """
    Run service_restart with a scripted service; give the result and the actions it was asked for.
    """
    script = {
        "health": [make_outcome(output=health)],
        "restart": [make_outcome(output={"restarted": True})],
        "verify": [verify or make_outcome(output={"status": "healthy"})],
        "stop": [],
    }
    service = ScriptedConnector(script, mutating=["restart", "stop"])
    given: dict[str, Any] = {"mode": "apply", "ledger": MemoryLedger(), "effects": {"service": service}, **keywords}
    result = run_mission("service_restart", ExecutionContext(), {"service": "mail"}, answers=answers, **given)
    return result, [call.ask.action for call in service.calls]  # type: ignore[union-attr]  # effects only.


DOWN = {"status": "down", "environment": "test", "failed_checks": 3}


class TestServiceRestart:
    """
    "Check health, decide, human approval, restart with compensation, verify."
    """

    def test_a_service_that_is_down_is_restarted(self) -> None:
        """
        Outside production nobody is asked.
        """
        result, calls = restart(DOWN)
        assert result.success
        assert calls == ["health", "restart", "verify"]

    @pytest.mark.parametrize(
        "change", [{"environment": "production"}, {"failed_checks": 11}], ids=["production", "much fails"]
    )
    def test_a_person_is_asked_where_it_matters(self, change: Any) -> None:
        """
        The restart waits for the approval.
        """
        waiting, calls = restart({**DOWN, **change})
        assert (waiting.status, calls) == ("waiting_human", ["health"])
        approved, calls = restart({**DOWN, **change}, make_decision("restart-approve"))
        assert (approved.status, calls) == ("completed", ["health", "restart", "verify"])

    def test_a_healthy_service_is_left_alone(self) -> None:
        """
        The policy denies, also in production.
        """
        result, calls = restart({"status": "healthy", "environment": "production", "failed_checks": 0})
        assert (result.status, result.error_code, calls) == ("denied", "policy_denied", ["health"])

    @pytest.mark.parametrize(
        "health", [{}, {"status": "down"}, {"status": None, "environment": 1, "failed_checks": []}]
    )
    def test_a_report_that_says_too_little_denies(self, health: Any) -> None:
        """
        What the policy reads and is not there is a denial with a reason.
        """
        result, calls = restart(health)
        assert (result.status, calls) == ("denied", ["health"])
        assert dict(result.verdicts)["restart-decide"].reason_code == "policy_rule_not_evaluable"

    def test_a_service_that_does_not_come_up_fails_the_run(self) -> None:
        """
        The restart is recorded all the same.
        """
        result, _ = restart(DOWN, verify=make_outcome("failed", code="still_down"))
        assert (result.status, result.failed_step_id) == ("failed", "restart-verify")
        assert result.final_state["restart"] == {"restarted": True}

    def test_observing_cannot_restart(self) -> None:
        """
        The mode is refused before the health is read.
        """
        with pytest.raises(ModeError):
            restart(DOWN, mode="observe")

    def test_without_a_connector_it_waits(self) -> None:
        """
        Nothing is done that nobody does.
        """
        result = run_mission("service_restart", ExecutionContext(), {"service": "mail"}, mode="apply")
        assert result.status == "waiting_effect"

    def test_names_what_would_undo_it(self) -> None:
        """
        A mutating action of the same connector.
        """
        [payload] = [
            step.payload.thaw() for step in SERVICE_RESTART({"service": "mail"}).steps if step.id == "restart-service"
        ]
        assert payload["compensate"] == {"action": "stop", "params": {"service": "mail"}}


GREEN = "def test_sum():\n    assert 1 + 1 == 2\n"
RED = GREEN + "def test_wrong():\n    assert 1 + 1 == 3\n"


def run_tests(folder: Path, **params: Any) -> OrchestrationResult:
    """
    Run run_tests for real in a folder.
    """
    effects = {"local_command": LocalCommand(cwd=folder)}
    return run_mission("run_tests", ExecutionContext(), params, effects=effects)


@pytest.mark.slow
class TestRunTests:
    """
    "Really runs a test command; red tests end the run as failed at `tests-report` with the counts in the state."
    """

    def _write(self, folder: Path, text: str) -> None:
        (folder / "tests").mkdir()
        (folder / "tests" / "test_sums.py").write_text(text)

    def test_green_tests_complete_the_run(self, tmp_path: Path) -> None:
        """
        With the counts of the runner's own report.
        """
        self._write(tmp_path, GREEN)
        result = run_tests(tmp_path)
        assert result.success
        assert result.final_state["results"]["counts"] == {
            "tests": 1,
            "passed": 1,
            "failed": 0,
            "errors": 0,
            "skipped": 0,
        }
        assert result.final_state["discovered"]["files"] == ["tests/test_sums.py"]

    def test_red_tests_fail_the_report(self, tmp_path: Path) -> None:
        """
        Not the execution: the runner did its work.
        """
        self._write(tmp_path, RED)
        result = run_tests(tmp_path)
        assert (result.status, result.failed_step_id, result.error_code) == ("failed", "tests-report", "tests_failed")
        assert result.final_state["results"]["counts"]["failed"] == 1

    def test_a_runner_that_cannot_run_is_a_failed_effect(self, tmp_path: Path) -> None:
        """
        So the run fails where it executes.
        """
        self._write(tmp_path, "def broken(:\n")
        result = run_tests(tmp_path)
        assert (result.status, result.failed_step_id, result.error_code) == ("failed", "tests-execute", "effect_failed")

    def test_the_same_tests_give_the_same_receipt(self, tmp_path: Path) -> None:
        """
        No time, host or path is in what is recorded.
        """
        self._write(tmp_path, RED)
        assert run_tests(tmp_path).receipt_bytes == run_tests(tmp_path).receipt_bytes

    def test_the_catalogue_says_what_the_connector_says(self) -> None:
        """
        The mission is proven against the connector that is shipped.
        """
        described = LocalCommand(cwd=Path.cwd()).describe()["actions"]
        catalogue = RUN_TESTS.catalogue.thaw()["local_command"]["actions"]
        assert {name: {"mode": described[name]["mode"]} for name in catalogue} == catalogue
