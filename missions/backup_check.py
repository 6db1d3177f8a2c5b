"""backup_check: reads how old the backups of some targets are, and fails when one is too old, failed or missing.

The connector `backups` says for each target how many hours ago its last backup ended and whether it went well; no clock
is read here. The summary is in the state also when the check fails.
"""

from typing import Any, Final

import attrs

from missions.steps import action, runtime
from runtime.orchestration.definitions import ExecutionContext, WorkflowDefinition
from runtime.orchestration.example import Example
from runtime.orchestration.mission import Mission
from runtime.orchestration.params_schema import described
from runtime.orchestration.sequence import Never, Requires
from runtime.values.answers import Answer, EffectOutcome, OutcomeStatus
from runtime.values.checks import is_identifier

__all__ = ["BACKUP_CHECK", "BackupCheckParams"]

_MOST_TARGETS: Final = 50
_MOST_HOURS: Final = 8784


@attrs.frozen(kw_only=True)
class BackupCheckParams:
    """
    Whose backups to look at, and how old one may be.
    """

    targets: tuple[str, ...] = attrs.field(
        validator=[
            attrs.validators.min_len(1),
            attrs.validators.max_len(_MOST_TARGETS),
            attrs.validators.deep_iterable(is_identifier),
        ],
        metadata=described("Names of the machines or databases, as the backup system knows them."),
    )
    max_age_hours: int = attrs.field(
        default=26,
        validator=[attrs.validators.ge(1), attrs.validators.le(_MOST_HOURS)],
        metadata=described("Hours after which a backup is too old; the default allows a daily one to be late."),
    )


def build_backup_check(params: BackupCheckParams) -> WorkflowDefinition:
    """
    Build the four steps.
    """
    old = f"item.age_hours > {params.max_age_hours}"
    steps = [
        action(
            "backup-read",
            "backups.status",
            "Read the last backup of each target",
            params={"targets": list(params.targets)},
            mode="read",
            output="/backups",
        ),
        runtime(
            "backup-find-late",
            "select",
            "List the backups that are too old or failed, oldest first",
            from_="/backups",
            path="/late",
            where=f"!item.ok || {old}",
            order_by=[{"of": "/age_hours", "direction": "descending"}, {"of": "/target"}],
        ),
        runtime(
            "backup-summarise",
            "summarize",
            "Count them",
            from_="/backups",
            path="/summary",
            measures={
                "targets": {"kind": "count"},
                "failed": {"kind": "count", "where": "!item.ok"},
                "too_old": {"kind": "count", "where": old},
                "oldest_hours": {"kind": "max", "of": "/age_hours"},
            },
        ),
        runtime(
            "backup-check",
            "check",
            "Fail unless every target has a good, recent backup",
            expression=f"summary.targets == {len(params.targets)} && size(late) == 0",
            message="a backup is too old, failed or missing",
            code="stale",
        ),
    ]
    return WorkflowDefinition("wf-backup-check", steps, {"mission_type": "backup_check"})


def _backup(target: str, age_hours: int) -> dict[str, Any]:
    return {"target": target, "age_hours": age_hours, "ok": True}


BACKUP_CHECK: Final = Mission(
    name="backup_check",
    version="1.0.0",
    summary="Reads how old the backups of some targets are; one that is too old, failed or missing fails the run.",
    params_class=BackupCheckParams,
    build=build_backup_check,
    rules=(
        Never(what=("effect:mutate",), why="Checking changes nothing."),
        Requires(before=("backup-read",), after=("backup-check",), why="Only what was read is judged."),
    ),
    catalogue={"backups": {"actions": {"status": {"mode": "read"}}}},
    example=Example(
        params={"targets": ["mail", "wiki", "ledger"]},
        context=ExecutionContext({"site": "north"}),
        answers=(
            Answer(
                step_id="backup-read",
                outcome=EffectOutcome(
                    status=OutcomeStatus.SUCCEEDED,
                    output=[_backup("mail", 5), _backup("wiki", 11), _backup("ledger", 23)],
                ),
            ),
        ),
    ),
)
"""The mission."""
