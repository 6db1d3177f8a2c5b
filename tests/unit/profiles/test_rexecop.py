"""Profiles of the `rexecop` layout: read as they are, compiled, run, and told with file and line where they are wrong."""

from pathlib import Path
from typing import Any

import pytest
from profiling import OLD, OLD_ENVIRONMENT, changed, compiled, write

from runtime.errors import ProfileError
from runtime.orchestration import Answer, EffectOutcome, OutcomeStatus
from runtime.orchestration.registry import MissionRegistry, run_mission
from runtime.orchestration.result import OrchestrationResult
from runtime.profiles.compiled import CompiledRun
from runtime.profiles.documents import Risk
from runtime.profiles.loading import read_profile
from runtime.profiles.profile import Layout
from runtime.profiles.validation import validate_state
from runtime.values.modes import RunMode

MACHINES = {"vms": [{"id": "vm-1", "critical": True}, {"id": "vm-2"}, {"id": "vm-3", "critical": False}]}


def _compiled(root: Path, intent: str, mode: str, files: dict[str, str] = OLD) -> CompiledRun:
    return compiled(root, files, OLD_ENVIRONMENT, intent=intent, target="all_critical_vms", mode=mode)


def _drive(run: CompiledRun, **outcomes: Any) -> OrchestrationResult:
    answers = [
        Answer(step_id=name, outcome=EffectOutcome(status=OutcomeStatus.SUCCEEDED, output=output))
        for name, output in outcomes.items()
    ]
    registry = MissionRegistry({run.mission.name: run.mission})
    mode = "apply" if run.mode is RunMode.APPLY else "observe"
    return run_mission(run.mission.name, run.context, run.params.thaw(), answers=answers, mode=mode, registry=registry)


def test_it_is_read_as_it_is(tmp_path: Path) -> None:
    """
    INV-128: intents, modes, risks, connectors; what nothing reads is told, and not refused.
    """
    profile = read_profile(write(tmp_path, OLD), label="P")
    assert (profile.name, profile.version, profile.layout) == ("depot", "0.3a1", Layout.REXECOP)
    check, restart = (profile.intents[name].value for name in ("check_backup_status", "restart_zabbix_agent"))
    assert (check.modes, check.risk) == ((RunMode.OBSERVE, RunMode.DRY_RUN), Risk.LOW)
    assert (restart.modes, restart.risk) == ((RunMode.APPLY,), Risk.MEDIUM)
    modes = {
        f"{name}.{action}": shape.mode.value
        for name, part in profile.connectors.items()
        for action, shape in part.value.actions.items()
    }
    assert modes == {"hypervisor.list_vms": "read", "hypervisor.restart": "mutate", "vault.list_snapshots": "read"}
    assert [str(warning) for warning in profile.warnings] == [
        "nothing reads 'owner' @ P/intents/restart_zabbix_agent.yaml:6 intent.owner"
    ]


class TestCheckingBackups:
    """
    "`check_backup_status`: five steps, none of which changes anything."
    """

    @pytest.mark.parametrize(
        ("snapshots", "covered"),
        [
            ([{"vm_id": "vm-1", "status": "ok"}, {"vm_id": "vm-2", "status": "ok"}], True),
            ([{"vm_id": "vm-1", "status": "ok"}, {"vm_id": "vm-2", "status": "failed"}], False),
            ([{"vm_id": "vm-1", "status": "ok"}], False),
            ([], False),
        ],
        ids=["all", "one_failed", "one_missing", "none"],
    )
    def test_coverage_is_judged(
        self,
        snapshots: list[dict[str, str]],
        covered: bool,  # noqa: FBT001 - a column of the table.
        tmp_path: Path,
    ) -> None:
        """
        A machine that is not said to be uncritical needs a good backup.
        """
        run = _compiled(tmp_path, "check_backup_status", "observe")
        result = _drive(run, machines=MACHINES, backups={"snapshots": snapshots})
        assert result.status == "completed"
        assert tuple(step.id for step in result.executed_steps) == (
            "inventory",
            "machines",
            "backups",
            "correlate",
            "receipt",
        )
        assert result.final_state["correlation"]["all_critical_covered"] is covered
        validation = validate_state(run.validation, result.final_state)
        assert [(one.rule, one.passed) for one in validation.outcomes] == [
            ("correlated", True),
            ("all_covered", covered),
        ]

    def test_no_machines_are_not_covered(self, tmp_path: Path) -> None:
        """
        A list that came back empty is no good news.
        """
        run = _compiled(tmp_path, "check_backup_status", "observe")
        result = _drive(run, machines={"vms": []}, backups={"snapshots": []})
        assert not validate_state(run.validation, result.final_state).passed

    def test_timeouts_and_retries_are_carried(self, tmp_path: Path) -> None:
        """
        A step without one has that of its connector; classes have our names.
        """
        run = _compiled(tmp_path, "check_backup_status", "dry_run")
        assert run.timeouts_ms == {"machines": 10_000, "backups": 20_000}
        assert run.retry is not None
        assert [one.value for one in run.retry.allowed_on] == ["timeout", "transient"]
        assert run.definition.steps[1].payload["params"] == {"target": "all_critical_vms", "members": ["vm-1", "vm-2"]}


class TestRestartingAnAgent:
    """
    "`restart_zabbix_agent`: changes something, so it needs apply, and has a rollback."
    """

    def test_it_is_restarted_and_validated(self, tmp_path: Path) -> None:
        """
        What the connector left behind is where the rules look for it.
        """
        run = _compiled(tmp_path, "restart_zabbix_agent", "apply")
        result = _drive(run, restart={"before_state": {"up": 1}, "after_state": {"agent_status": "restarted"}})
        assert result.status == "completed"
        assert [one.passed for one in validate_state(run.validation, result.final_state).outcomes] == [True, True]
        worse = _drive(run, restart={"before_state": {}, "after_state": {"agent_status": "down"}})
        assert [one.passed for one in validate_state(run.validation, worse.final_state).outcomes] == [False, False]

    def test_without_a_state_afterwards_it_fails(self, tmp_path: Path) -> None:
        """
        Nothing is taken for done that was not seen.
        """
        run = _compiled(tmp_path, "restart_zabbix_agent", "apply")
        assert _drive(run, restart={"status": "ok"}).status == "failed"

    def test_its_rollback_is_a_mission(self, tmp_path: Path) -> None:
        """
        It leaves its marker in the state.
        """
        run = _compiled(tmp_path, "restart_zabbix_agent", "apply")
        assert run.rollback is not None
        registry = MissionRegistry({run.rollback.name: run.rollback})
        undone = run_mission(run.rollback.name, run.context, run.params.thaw(), registry=registry)
        assert undone.final_state["rollback_marker"] == {"target": "all_critical_vms", "status": "rollback_recorded"}


INTENT = "intents/check_backup_status.yaml"
FLOW = "workflows/check_backup_status.yaml"
RULES = "validation_rules/check_backup_status.yaml"

WRONG = {
    "section_that_is_not_required": (
        ("profile.yaml", "risk_classes: {required: true}", "risk_classes: {}"),
        "section 'risk_classes' is not required: write required: true @ P/profile.yaml:7 profile_contract.risk_classes",
    ),
    "section_that_is_missing": (
        ("profile.yaml", "  risk_classes: {required: true}\n", ""),
        "required field 'risk_classes' is missing @ P/profile.yaml:1 profile_contract",
    ),
    "document_without_its_key": (
        (INTENT, "intent:\n", "intention:\n"),
        "no 'intent' in it, which the other documents of this profile have @ P/intents/check_backup_status.yaml:1",
    ),
    "workflow_outside": (
        (INTENT, "workflows/check_backup_status.yaml", "../check_backup_status.yaml"),
        (
            "workflow '../check_backup_status.yaml' leaves the profile: name a file in workflows/"
            " @ P/intents/check_backup_status.yaml:3 intent.workflow"
        ),
    ),
    "workflow_outside_by_a_detour": (
        (INTENT, "workflows/check_backup_status.yaml", "workflows/../../x.yaml"),
        "leaves the profile",
    ),
    "workflow_from_the_root": (
        (INTENT, "workflows/check_backup_status.yaml", "/etc/x.yaml"),
        "leaves the profile",
    ),
    "workflow_of_another_folder": (
        (INTENT, "workflows/check_backup_status.yaml", "flows/x.yaml"),
        "workflow 'flows/x.yaml': write workflows/NAME.yaml",
    ),
    "workflow_that_is_missing": (
        (INTENT, "workflows/check_backup_status.yaml", "workflows/x.yaml"),
        "workflow 'workflows/x.yaml': no such file that can be read",
    ),
    "mode_that_is_none": (
        (INTENT, "[read_only, dry_run]", "[read_only, yolo]"),
        (
            "mode 'yolo': modes are ['apply', 'dry_run', 'emergency_readonly', 'observe', 'read_only']"
            " @ P/intents/check_backup_status.yaml:5 intent.modes[1]"
        ),
    ),
    "unknown_internal_action": (
        (FLOW, "correlate_vm_backup_coverage", "correlate_moon_phases"),
        "internal action 'correlate_moon_phases': known are",
    ),
    "correlation_of_nothing": (
        (FLOW, "action: list_snapshots", "action: list_vms"),
        "without the actions list_vms and list_snapshots before it @ P/workflows/check_backup_status.yaml:11",
    ),
    "type_that_is_none": (
        (FLOW, "type: evidence", "type: magic"),
        "type 'magic': types are connector, evidence, internal",
    ),
    "action_beyond_the_capabilities": (
        (FLOW, "action: list_snapshots", "action: list_all"),
        (
            "action 'list_all' of connector 'vault': it has ['list_snapshots']"
            " @ P/workflows/check_backup_status.yaml:10 workflow.steps[2].action"
        ),
    ),
    "class_that_is_none": (
        (FLOW, "transient_connector_error", "bad_luck"),
        "'bad_luck': classes are",
    ),
    "class_that_is_never_retried": (
        (FLOW, "transient_connector_error", "policy_denied"),
        "'policy_denied' is never retried: leave it out @ P/workflows/check_backup_status.yaml:15 workflow.retry.allowed_on[1]",
    ),
    "rule_of_no_type": (
        (RULES, "require_truthy_path", "require_luck"),
        (
            "type 'require_luck': types are ['require_mapping', 'require_truthy_path', 'require_equals']"
            " @ P/validation_rules/check_backup_status.yaml:9 validation_rule.steps[1].type"
        ),
    ),
    "rule_without_its_path": (
        (RULES, "      path: correlation.all_critical_covered\n", ""),
        (
            "a rule of type require_truthy_path without path: write path"
            " @ P/validation_rules/check_backup_status.yaml:9 validation_rule.steps[1]"
        ),
    ),
    "timeout": (
        (FLOW, "timeout: 10s", "timeout: soon"),
        "duration 'soon': write a number and ms, s, m or h",
    ),
}


@pytest.mark.parametrize("case", WRONG)
def test_a_defect_is_told_with_its_line(case: str, tmp_path: Path) -> None:
    """
    INV-120: as in our layout.
    """
    (name, old, new), expected = WRONG[case]
    with pytest.raises(ProfileError) as refused:
        read_profile(write(tmp_path, changed(name, old, new, OLD)), label="P")
    faults = [str(fault) for fault in refused.value.faults]
    assert any(expected in fault for fault in faults), "\n".join(faults)


def test_a_capability_nobody_knows_changes_something(tmp_path: Path) -> None:
    """
    INV-129: in doubt an action is a mutating one, unless the connector only reads.
    """
    given = "capabilities: [list_vms, restart]\n  modes: [read_only, apply]"
    odd = "capabilities: [list_vms, restart, reboot, migrate]\n  modes: [read_only, apply]"
    profile = read_profile(write(tmp_path / "a", changed("connectors/hypervisor.yaml", given, odd, OLD)))
    modes = {name: shape.mode.value for name, shape in profile.connectors["hypervisor"].value.actions.items()}
    assert modes == {"list_vms": "read", "restart": "mutate", "reboot": "mutate", "migrate": "mutate"}


def test_a_risk_nobody_knows_is_high(tmp_path: Path) -> None:
    """
    And that is told.
    """
    files = changed(INTENT, "risk: low", "risk: meh", OLD)
    profile = read_profile(write(tmp_path, files))
    assert profile.intents["check_backup_status"].value.risk is Risk.HIGH
    assert any("risk 'meh' is taken as high" in str(warning) for warning in profile.warnings)
