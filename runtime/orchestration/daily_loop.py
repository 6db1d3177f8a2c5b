"""The daily loop by its tier-2 name."""

from typing import Any

from runtime.orchestration.definitions import ExecutionContext
from runtime.orchestration.registry import run_mission
from runtime.orchestration.result import OrchestrationResult

__all__ = ["run_daily_loop"]


def run_daily_loop(
    ctx: ExecutionContext,
    params: Any = None,  # noqa: ANN401 - JSON.
    **keywords: Any,  # noqa: ANN401 - the keywords of run_mission.
) -> OrchestrationResult:
    """
    Run the mission `daily_loop`; on a fresh context it waits for a person.

    Args:
        ctx: the state to start from.
        params: `requested_steps` and `requested_human_steps`.
        keywords: those of `run_mission`.

    Raises:
        AntiFailurePlanningError: more steps were asked for than a mission may have.
        MissionEngineError: as `run_mission`.
    """
    return run_mission("daily_loop", ctx, params, **keywords)
