"""The profiles that are shipped: each is read, compiled on every target in every mode, and run with what its example says."""

import subprocess
import sys
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from runtime.connectors import Command, LocalCommand
from runtime.orchestration import Answer, EffectOutcome, HumanDecision, OutcomeStatus
from runtime.orchestration.prepare import prepare
from runtime.orchestration.registry import MissionRegistry, run_mission
from runtime.orchestration.result import OrchestrationResult
from runtime.profiles.compiled import CompiledRun
from runtime.profiles.compiling import compile_run
from runtime.profiles.environments import Environment, lint_pair
from runtime.profiles.loading import find_profile, list_profiles, read_environment
from runtime.profiles.validation import validate_state
from runtime.values.modes import RunMode
from runtime.values.requests import EffectMode

ROOT = Path(__file__).parents[3]
SHIPPED = ROOT / "runtime" / "profiles" / "shipped"
NAMES = sorted(path.name for path in SHIPPED.iterdir())
PARAMS: dict[str, Any] = {"make_backup": {"reason": "before the update"}}


def _environment(name: str) -> Environment:
    return read_environment(SHIPPED / name / "environments" / "example.yaml")


def _runs(name: str) -> Iterator[CompiledRun]:
    """
    Compile every intent on every target in every mode it declares.
    """
    profile, environment = find_profile(name), _environment(name)
    for intent, part in profile.intents.items():
        for target in environment.document.targets:
            for mode in part.value.modes:
                yield compile_run(
                    profile, environment, intent=intent, target=target, params=PARAMS.get(intent), mode=mode
                )


def _dry(run: CompiledRun) -> OrchestrationResult:
    """
    Run it with what the contracts say a dry run answers, and with every person agreeing.
    """
    answers = []
    for step in prepare(run.definition):
        payload: Any = step.payload
        if step.operation.name == "action":
            output = run.dry_run[payload.connector][payload.action]
            plain = output.thaw() if hasattr(output, "thaw") else output
            outcome = EffectOutcome(status=OutcomeStatus.SUCCEEDED, output=plain)
            answers.append(Answer(step_id=step.spec.id, outcome=outcome))
        elif step.spec.kind == "human":
            answers.append(Answer(step_id=step.spec.id, decision=HumanDecision(actor="ada", choice="approve")))
    registry = MissionRegistry({run.mission.name: run.mission})
    return run_mission(
        run.mission.name, run.context, run.params.thaw(), answers=answers, mode="apply", registry=registry
    )


def test_these_are_shipped() -> None:
    """
    Each goes by the name of its directory.
    """
    assert NAMES == ["backup", "host-health", "http-health", "tecrax-fixture"]
    listed = {one.name: one for one in list_profiles()}
    for name in NAMES:
        assert (listed[name].origin, listed[name].fault) == ("shipped", "")
        assert find_profile(name).name == name


@pytest.mark.parametrize("name", NAMES)
def test_nothing_is_odd_about_it_and_its_example(name: str) -> None:
    """
    No warnings, and no connector is missing.
    """
    profile = find_profile(name)
    assert profile.warnings == ()
    assert all("no policy" in str(warning) for warning in lint_pair(_environment(name), profile))


@pytest.mark.parametrize("name", NAMES)
def test_every_intent_compiles_and_its_dry_run_holds(name: str) -> None:
    """
    On every target, in every mode; what contracts say a dry run answers is what the rules of the profile accept.
    """
    for run in _runs(name):
        result = _dry(run)
        assert result.status == "completed", (run.intent, result.error_message)
        if run.target in ("mail", "wiki", "this", "shop", "vm-zabbix-01"):
            failed = [one.rule for one in validate_state(run.validation, result.final_state).outcomes if not one.passed]
            assert failed == [], run.intent


def test_commands_of_host_health_run_here() -> None:
    """
    The commands of its example are run by the connector they are for; a stand-in tells of the service.
    """
    settings = _environment("host-health").document.connectors["host"].settings.thaw()["commands"]
    settings["read_service"]["argv"] = ["python3", "-I", "-c", "print('active')", "--", "{service}"]
    commands = {
        name: Command(argv=tuple(one["argv"]), mode=EffectMode(one["mode"]), prints_json=one.get("prints_json", False))
        for name, one in settings.items()
    }
    host = LocalCommand(commands=commands, runners={})
    profile, environment = find_profile("host-health"), _environment("host-health")
    run = compile_run(profile, environment, intent="check_host", target="this", mode="observe")
    registry = MissionRegistry({run.mission.name: run.mission})
    result = run_mission(run.mission.name, run.context, run.params.thaw(), effects={"host": host}, registry=registry)
    assert result.status == "completed", result.error_message
    assert 0 <= result.final_state["health"]["free_percent"] <= 100
    assert result.final_state["health"]["service_is_active"] is True


def test_a_backup_that_is_too_old_is_told() -> None:
    """
    Its validation rule fails, and names it.
    """
    profile, environment = find_profile("backup"), _environment("backup")
    run = compile_run(profile, environment, intent="check_ages", target="all", mode="observe")
    ages = [{"target": "mail", "age_hours": 5}, {"target": "wiki", "age_hours": 30}]
    read = Answer(step_id="read", outcome=EffectOutcome(status=OutcomeStatus.SUCCEEDED, output=ages))
    registry = MissionRegistry({run.mission.name: run.mission})
    result = run_mission(run.mission.name, run.context, run.params.thaw(), answers=[read], registry=registry)
    outcomes = {one.rule: one.passed for one in validate_state(run.validation, result.final_state).outcomes}
    assert outcomes == {"all_were_read": True, "none_is_late": False}


def test_a_backup_is_made_only_when_a_person_agrees() -> None:
    """
    The run waits for a person; rejected, nothing is made.
    """
    profile, environment = find_profile("backup"), _environment("backup")
    run = compile_run(
        profile, environment, intent="make_backup", target="all", params=PARAMS["make_backup"], mode=RunMode.APPLY
    )
    before = Answer(step_id="before", outcome=EffectOutcome(status=OutcomeStatus.SUCCEEDED, output=[]))
    registry = MissionRegistry({run.mission.name: run.mission})
    asked = run_mission(
        run.mission.name, run.context, run.params.thaw(), answers=[before], mode="apply", registry=registry
    )
    assert asked.status == "waiting_human"
    no = Answer(step_id="agree", decision=HumanDecision(actor="ada", choice="reject"))
    denied = run_mission(
        run.mission.name, run.context, run.params.thaw(), answers=[before, no], mode="apply", registry=registry
    )
    assert (denied.status, denied.error_code) == ("denied", "gate_rejected")
    assert run.rollback is not None
    assert run.admission is not None


@pytest.mark.slow
def test_the_wheel_holds_every_document(tmp_path: Path) -> None:
    """
    Byte for byte.
    """
    line = [sys.executable, "-m", "hatchling", "build", "--target", "wheel", "--directory", str(tmp_path)]
    subprocess.run(line, cwd=ROOT, capture_output=True, check=True)
    [wheel] = tmp_path.glob("*.whl")
    with zipfile.ZipFile(wheel) as archive:
        held = {name: archive.read(name) for name in archive.namelist() if name.startswith("runtime/profiles/shipped/")}
    there = {str(path.relative_to(ROOT)): path.read_bytes() for path in SHIPPED.rglob("*") if path.is_file()}
    assert held == there
    assert len(there) > 30
