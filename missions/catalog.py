"""The list of built-in missions, in no particular order; the registry sorts them."""

from typing import Final

from missions.backup_check import BACKUP_CHECK
from missions.change_request import CHANGE_REQUEST
from missions.daily_loop import DAILY_LOOP
from missions.echo import ECHO
from missions.execution_spine import EXECUTION_SPINE, PT004_EXECUTION_SPINE
from missions.incident_triage import INCIDENT_TRIAGE
from missions.run_tests import RUN_TESTS
from missions.service_restart import SERVICE_RESTART
from runtime.orchestration.mission import Mission

__all__ = ["BUILT_IN_MISSIONS"]

BUILT_IN_MISSIONS: Final[tuple[Mission, ...]] = (
    BACKUP_CHECK,
    CHANGE_REQUEST,
    DAILY_LOOP,
    ECHO,
    EXECUTION_SPINE,
    INCIDENT_TRIAGE,
    PT004_EXECUTION_SPINE,
    RUN_TESTS,
    SERVICE_RESTART,
)
"""The missions."""
