"""Profiles and environments as tests write them: texts by file name, of both layouts, and changes to them.

`write` puts a profile into a directory. The texts are small, and their lines are counted on: a test that changes one
replaces a line by a line.
"""

from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

from runtime.profiles.compiled import CompiledRun
from runtime.profiles.compiling import compile_run
from runtime.profiles.loading import read_environment, read_profile
from runtime.values.modes import RunMode

NATIVE: Final[dict[str, str]] = {
    "profile.yaml": """\
schema: profile/v1
name: mail
version: "1.2.0"
description: Watches and restarts a mail server.
intents: [look, restart]
workflows: [look, restart]
connectors: [service]
validation_rules: [look, restart]
""",
    "intents/look.yaml": """\
schema: profile-intent/v1
id: look
workflow: look
modes: [dry_run, observe]
risk: low
description: Looks how the server is.
""",
    "intents/restart.yaml": """\
schema: profile-intent/v1
id: restart
workflow: restart
modes: [dry_run, apply]
risk: high
params:
  type: object
  additionalProperties: false
  required: [reason]
  properties:
    reason: {type: string, maxLength: 200}
    approvers: {type: array, items: {type: string}, default: [ada]}
    force: {type: boolean}
""",
    "workflows/look.yaml": """\
schema: profile-workflow/v1
id: look
steps:
  - id: read
    type: connector
    connector: service
    action: health
    params: {names: "${target.members}"}
    timeout: 10s
    pause_safe: true
  - id: judge
    kind: internal
    action: check
    params:
      expression: results.read.healthy
      message: a server is down
""",
    "workflows/restart.yaml": """\
schema: profile-workflow/v1
id: restart
description: Asks a person, then restarts.
steps:
  - id: ask
    type: human
    prompt: 'Restart ${target.id}, because: ${params.reason}?'
    params:
      approvers: "${params.approvers}"
      output: /answer
  - id: restart
    type: connector
    connector: service
    action: restart
    params: {names: "${target.members}"}
    output: /restarted
    timeout: 2m
    compensate: {action: stop, params: {names: [all]}}
  - id: proof
    type: evidence
    action: produce_receipt
rules:
  - kind: requires
    before: ["human:approve"]
    after: ["effect:mutate"]
    why: Only a person lets it restart.
retry:
  max_attempts: 3
  allowed_on: [timeout, transient]
  blocked_on: [policy_denied]
rollback:
  mode: apply
  steps:
    - id: stop
      type: connector
      connector: service
      action: stop
      params: {names: "${target.members}"}
""",
    "connectors/service.yaml": """\
schema: profile-connector/v1
name: service
actions:
  health:
    mode: read
    params:
      type: object
      required: [names]
      properties:
        names: {type: array, items: {type: string}}
    dry_run: {healthy: true}
  restart: {mode: mutate, idempotent: true, dry_run: {state: running}}
  stop: {mode: mutate}
""",
    "validation_rules/look.yaml": """\
schema: profile-rules/v1
intent: look
rules:
  - rule: answered
    type: require_mapping
    path: /results/read
  - rule: healthy
    type: check
    expression: results.read.healthy
""",
    "validation_rules/restart.yaml": """\
schema: profile-rules/v1
intent: restart
rules:
  - rule: running
    type: require_equals
    path: /restarted/state
    value: running
    message: it did not come up
""",
}
"""A profile in our layout."""

ENVIRONMENT: Final = """\
schema: environment/v1
id: north
profile: mail
targets:
  mail-1: {type: host, attributes: {rack: 4}}
  mail-2: {type: vm}
  both:
    type: group
    members: [mail-1, mail-2]
connectors:
  service:
    backend: mock
    settings: {url: "https://mail.example.org", token_ref: mail_token}
safety:
  max_concurrent: 2
  target_lock: true
  maintenance_windows:
    - {timezone: Europe/Warsaw, weekdays: [sat, sun], start: "22:00", end: "04:00"}
"""
"""An environment of it."""

OLD: Final[dict[str, str]] = {
    "profile.yaml": """\
profile_contract:
  name: depot
  version: "0.3a1"
  intents: {required: true}
  workflows: {required: true}
  connector_requirements: {required: true}
  risk_classes: {required: true}
  evidence_requirements: {required: true}
  governance_expectations: {required: true}
  validation_rules: {required: true}
  escalation_rules: {required: true}
  rollback_rules: {optional: true}
""",
    "intents/check_backup_status.yaml": """\
intent:
  id: check_backup_status
  workflow: workflows/check_backup_status.yaml
  risk: low
  modes: [read_only, dry_run]
""",
    "intents/restart_zabbix_agent.yaml": """\
intent:
  id: restart_zabbix_agent
  workflow: workflows/restart_zabbix_agent.yaml
  risk: medium
  mode: apply
  owner: the night shift
""",
    "workflows/check_backup_status.yaml": """\
workflow:
  id: depot.check_backup_status
  intent: check_backup_status
  mode: read_only
  risk: low
  description: Looks whether each machine has a good backup.
  steps:
    - {id: inventory, type: internal, action: environment.resolve_targets, pause_safe: true}
    - {id: machines, type: connector, connector: hypervisor, action: list_vms, timeout: 10s}
    - {id: backups, type: connector, connector: vault, action: list_snapshots}
    - {id: correlate, type: internal, action: correlate_vm_backup_coverage}
    - {id: receipt, type: evidence, action: produce_receipt, pause_safe: true}
  retry:
    max_attempts: 2
    allowed_on: [timeout, transient_connector_error]
""",
    "workflows/restart_zabbix_agent.yaml": """\
workflow:
  id: depot.restart_zabbix_agent
  mode: apply
  risk: medium
  steps:
    - {id: before, action: capture_agent_state}
    - {id: restart, type: connector, connector: hypervisor, action: restart, timeout: 30s}
    - {id: after, action: verify_agent_state}
    - {id: receipt, type: evidence, action: produce_receipt}
  retry:
    blocked_on: [policy_denied]
  rollback:
    mode: dry_run
    steps:
      - {id: marker, type: internal, action: record_rollback_marker}
""",
    "connectors/hypervisor.yaml": """\
connector:
  name: hypervisor
  capabilities: [list_vms, restart]
  modes: [read_only, apply]
""",
    "connectors/vault.yaml": """\
connector:
  name: vault
  capabilities: [list_snapshots]
  timeout_default: 20s
""",
    "validation_rules/check_backup_status.yaml": """\
validation_rule:
  intent: check_backup_status
  steps:
    - type: require_mapping
      key: correlation
      fail:
        rule: correlated
        details: {reason: nothing was correlated}
    - type: require_truthy_path
      path: correlation.all_critical_covered
      pass_rule: all_covered
      details_from: correlation
""",
    "validation_rules/restart_zabbix_agent.yaml": """\
validation_rule:
  intent: restart_zabbix_agent
  steps:
    - type: require_equals
      path: agent_after_state.agent_status
      value: restarted
      pass_rule: restarted
    - type: require_truthy_path
      path: mutation_states.restart.before_state
""",
}
"""A profile in the layout of `rexecop`."""

OLD_ENVIRONMENT: Final = """\
environment:
  id: depot-north
  profile: depot
  description: >
    For tests.
  targets:
    all_critical_vms:
      type: group
      members: [vm-1, vm-2]
    vm-1: {type: vm, node: n1}
  connectors:
    hypervisor:
      enabled: true
      backend: http_api
      base_url_secret_ref: hypervisor_url
      auth: {secret_ref: hypervisor_key, header: Authorization, prefix: "PVEAPIToken="}
      retry:
        max_attempts: 2
        on: [timeout]
      actions:
        restart: {method: POST, path: /restart, mutating: true}
    vault:
      mode: mock
      fixture: depot_fixture
  safety:
    default_mode: dry_run
    max_concurrent_operations: 1
    target_lock_enabled: true
    maintenance_windows:
      - {timezone: UTC, start: "00:00", end: "23:59"}
"""
"""An environment of it."""


def write(root: Path, files: Mapping[str, str] = NATIVE, /, **changes: str | None) -> Path:
    """
    Write a profile, with some files replaced or left out (None); `__` in a keyword stands for the slash of its name.
    """
    given = {name.replace("__", "/") + ".yaml": text for name, text in changes.items()}
    for name, text in {**files, **given}.items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        if text is not None:
            path.write_text(text)
    return root


def changed(name: str, old: str, new: str, files: Mapping[str, str] = NATIVE) -> dict[str, str]:
    """
    Give the files of a profile with a part of one of them replaced; it must stand there once.
    """
    assert files[name].count(old) == 1, f"{old!r} stands {files[name].count(old)} times in {name}"
    return {**files, name: files[name].replace(old, new)}


def compiled(  # noqa: PLR0913 - one keyword for each thing a test may change.
    root: Path,
    files: Mapping[str, str] = NATIVE,
    environment: str = ENVIRONMENT,
    *,
    intent: str = "restart",
    target: str = "both",
    params: Any = None,
    mode: str = RunMode.DRY_RUN,
) -> CompiledRun:
    """
    Write both, read them and compile a run.
    """
    write(root / "profile", files)
    (root / "env.yaml").write_text(environment)
    given = {"reason": "it hangs"} if params is None and intent == "restart" else params
    return compile_run(
        read_profile(root / "profile", label="P"),
        read_environment(root / "env.yaml"),
        intent=intent,
        target=target,
        params=given,
        mode=mode,
    )
