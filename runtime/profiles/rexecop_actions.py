"""What the internal actions of `rexecop` profiles are here: operations of the engine, written as data.

There they are functions that profile packages register; foreign code that changes the state cannot be proven, so here
each known one is an operation with the same place in the state. An unknown one is refused, with its line. Names of
actions that change something, and words that only read, decide the mode of a capability, which contracts there leave out.
"""

import re
from collections.abc import Sequence
from typing import Any, Final

from runtime.errors import shown
from runtime.profiles.rexecop_documents import OldConnector, OldStep
from runtime.values.requests import EffectMode

__all__ = ["INTERNAL_ACTIONS", "internal_operation", "mode_of"]

_MUTATING: Final = frozenset({"apply", "create", "delete", "restart", "start", "stop", "update"})
_READING: Final = frozenset(
    {"check", "describe", "find", "get", "health", "info", "list", "ping", "probe", "query", "read", "show", "status"}
)
_READ_ONLY_MODES: Final = frozenset({"dry_run", "emergency_readonly", "observe", "read_only"})

INTERNAL_ACTIONS: Final = (
    "capture_agent_state",
    "correlate_vm_backup_coverage",
    "environment.resolve_targets",
    "record_rollback_marker",
    "verify_agent_state",
)
"""The internal actions that are known."""

_MARKER: Final = '{"target": target.id, "status": "rollback_recorded"}'
_find_words = re.compile(r"[a-z0-9]+").findall


def mode_of(contract: OldConnector, action: str) -> EffectMode:
    """
    Tell whether a capability changes something. In doubt it does.
    """
    words = _find_words(action.lower())
    if not _MUTATING.isdisjoint(words):
        return EffectMode.MUTATE
    if contract.modes and _READ_ONLY_MODES.issuperset(contract.modes):
        return EffectMode.READ
    return EffectMode.READ if words and words[0] in _READING else EffectMode.MUTATE


def internal_operation(step: OldStep, before: Sequence[OldStep]) -> tuple[str, dict[str, Any]] | str:
    """
    Give the operation an internal action is, and its params; or what is wrong, in words.

    Args:
        step: the step.
        before: the steps before it, which it may build on.
    """
    if step.action == "correlate_vm_backup_coverage":
        return _correlation(step, before)
    if step.action == "verify_agent_state":
        acted = [one.id for one in before if one.type == "connector"]
        if not acted:
            return f"action {shown(step.action)} without a connector step before it"
        return "set", {"path": "/agent_after_state", "from": f"/connector_results/{acted[-1]}/after_state"}
    operations: dict[str, tuple[str, dict[str, Any]]] = {
        "environment.resolve_targets": ("set", {"path": f"/internal_results/{step.id}", "from": "/targets"}),
        "capture_agent_state": ("set", {"path": "/agent_before_state", "from": "/target"}),
        "record_rollback_marker": ("compute", {"path": "/rollback_marker", "expression": _MARKER}),
    }
    unknown = (
        f"internal action {shown(step.action)}: known are {[*INTERNAL_ACTIONS]}; others are operations, in our layout"
    )
    return operations.get(step.action, unknown)


def _correlation(step: OldStep, before: Sequence[OldStep]) -> tuple[str, dict[str, Any]] | str:
    found = {one.action: one.id for one in before if one.type == "connector"}
    if "list_vms" not in found or "list_snapshots" not in found:
        return f"action {shown(step.action)} without the actions list_vms and list_snapshots before it"
    machines = f'connector_results["{found["list_vms"]}"].vms'
    good = f'connector_results["{found["list_snapshots"]}"].snapshots.exists(s, s.vm_id == vm.id && s.status == "ok")'
    expression = (
        f'{{"rows": {machines}.map(vm, {{"id": vm.id, "covered": {good}}}), '
        f'"all_critical_covered": size({machines}) > 0 && '
        f"{machines}.all(vm, has(vm.critical) && !vm.critical || {good})}}"
    )
    return "compute", {"path": "/correlation", "expression": expression}
