"""daily_loop: closes yesterday and opens today. Summarises what was done, ranks what waits, and keeps a log.

State in: `yesterday` (items with `status`, `area`, `minutes`), `backlog` (tasks with `id`, `title`, `priority`, `due`,
`effort`, `blocked_by`), `today` (a date as text). State out: `summary`, `priorities`, `log`, `archive`. All of it may be
absent: then the summary is empty and says so. Nothing here looks at a clock.
"""

from typing import Final

import attrs

from missions.steps import human, runtime
from runtime.errors import AntiFailurePlanningError
from runtime.limits import MAX_HUMAN_STEPS, MAX_STEPS
from runtime.orchestration.definitions import ExecutionContext, StepSpec, WorkflowDefinition
from runtime.orchestration.example import Example
from runtime.orchestration.mission import Mission
from runtime.orchestration.params_schema import described
from runtime.orchestration.sequence import Never, Requires
from runtime.values.answers import Answer
from runtime.values.decisions import HumanDecision

__all__ = ["DAILY_LOOP", "DailyLoopParams"]

_ENTRY: Final = (
    '{"date": has(today) ? today : null, "done": summary.done, "carried_over": summary.carried_over, '
    '"blocked": summary.blocked, "minutes": summary.minutes, '
    '"note": summary.items == 0 ? "nothing was recorded for yesterday" : ""}'
)


@attrs.frozen(kw_only=True)
class DailyLoopParams:
    """
    How many of the five steps to take, in their order, and how many of them ask a person.

    With no human step the loop starts at the summary; with two, the archive asks as well. More than a mission may have
    is refused.
    """

    requested_steps: int = attrs.field(
        default=4,
        validator=attrs.validators.ge(1),
        metadata=described("How many steps to take, in their order; at most 5."),
    )
    requested_human_steps: int = attrs.field(
        default=1,
        validator=attrs.validators.ge(0),
        metadata=described("How many steps ask a person: 0, 1 (confirm the priorities) or 2 (also the archive)."),
    )


def build_daily_loop(params: DailyLoopParams) -> WorkflowDefinition:
    """
    Build the chosen steps.

    Raises:
        AntiFailurePlanningError: more steps, or more human ones, than a mission may have.
    """
    for name, asked, most in (
        ("requested_steps", params.requested_steps, MAX_STEPS),
        ("requested_human_steps", params.requested_human_steps, MAX_HUMAN_STEPS),
    ):
        if asked > most:
            raise AntiFailurePlanningError(
                f"{name} is {asked}, and a mission has at most {most}",
                where=name,
                remedy="plan the rest as a second mission",
            )
    steps = _list_steps(params.requested_human_steps)
    return WorkflowDefinition("wf-daily-loop", steps[: params.requested_steps], {"mission_type": "daily_loop"})


def _status(name: str) -> str:
    return f'has(item.status) && item.status == "{name}"'


def _list_steps(human_steps: int) -> list[StepSpec]:
    confirm = human(
        "daily-confirm-priorities",
        "Start the day with the priorities worked out from this backlog?",
        show={
            "tasks that wait": "has(backlog) ? size(backlog) : 0",
            "blocked": "has(backlog) ? size(backlog.filter(t, has(t.blocked_by) && size(t.blocked_by) > 0)) : 0",
            "titles": "has(backlog) ? backlog.filter(t, has(t.title)).map(t, t.title) : []",
        },
        output="/confirmed",
    )
    summarise = runtime(
        "daily-summarise-yesterday",
        "summarize",
        "Summarise what was done yesterday",
        from_="/yesterday",
        path="/summary",
        missing="empty",
        measures={
            "items": {"kind": "count"},
            "done": {"kind": "count", "where": _status("done")},
            "carried_over": {"kind": "count", "where": _status("carried_over")},
            "blocked": {"kind": "count", "where": _status("blocked")},
            "minutes": {"kind": "sum", "of": "/minutes", "by": "/area"},
        },
    )
    prioritise = runtime(
        "daily-generate-priorities",
        "prioritize",
        "Rank what waits, and say why",
        from_="/backlog",
        path="/priorities",
        missing="empty",
        score=[
            {"kind": "number", "of": "/priority", "weight": 10},
            {"kind": "days_until", "of": "/due", "within": 14, "weight": 3},
            {"kind": "count", "of": "/blocked_by", "weight": -25},
            {"kind": "number", "of": "/effort", "weight": -1},
        ],
        tie_breakers=[{"of": "/due"}, {"of": "/id"}],
    )
    log = runtime(
        "daily-log-summary",
        "compute",
        "Append the summary to the log",
        path="/log",
        expression=f"(has(log) ? log : []) + [{_ENTRY}]",
    )
    if human_steps < MAX_HUMAN_STEPS:
        archive = runtime(
            "daily-archive",
            "compute",
            "Keep what was done in the archive",
            path="/archive",
            expression='(has(archive) ? archive : []) + (has(yesterday) ? yesterday.filter(i, has(i.status) && i.status == "done") : [])',
        )
    else:
        archive = human(
            "daily-archive",
            "Close yesterday, and leave these items to the archive?",
            show={"items": "summary.items", "done": "summary.done"},
            output="/archive",
        )
    return [confirm, summarise, prioritise, log, archive][0 if human_steps else 1 :]


DAILY_LOOP: Final = Mission(
    name="daily_loop",
    version="1.0.0",
    summary="Closes yesterday and opens today: a summary, ranked priorities with reasons, a log.",
    params_class=DailyLoopParams,
    build=build_daily_loop,
    rules=(
        Never(what=("effect:read", "effect:mutate"), why="It touches nothing outside."),
        Requires(
            before=("daily-summarise-yesterday",),
            after=("daily-log-summary",),
            why="What is logged is the summary of this day.",
        ),
    ),
    example=Example(
        params={"requested_steps": 5},
        context=ExecutionContext(
            {
                "today": "2026-03-02",
                "yesterday": [
                    {"title": "Ship the release notes", "status": "done", "area": "docs", "minutes": 50},
                    {"title": "Fix the login redirect", "status": "done", "area": "product", "minutes": 95},
                    {"title": "Review the backup plan", "status": "carried_over", "area": "operations", "minutes": 20},
                    {"title": "Renew the certificate", "status": "blocked", "area": "operations", "minutes": 10},
                ],
                "backlog": [
                    {
                        "id": "T-7",
                        "title": "Renew the certificate",
                        "priority": 5,
                        "due": "2026-03-04",
                        "effort": 2,
                        "blocked_by": ["T-9"],
                    },
                    {
                        "id": "T-9",
                        "title": "Ask for a new signing request",
                        "priority": 4,
                        "due": "2026-03-03",
                        "effort": 1,
                        "blocked_by": [],
                    },
                    {
                        "id": "T-4",
                        "title": "Review the backup plan",
                        "priority": 3,
                        "due": "2026-02-27",
                        "effort": 3,
                        "blocked_by": [],
                    },
                    {"id": "T-2", "title": "Tidy the wiki", "priority": 1, "due": None, "effort": 5, "blocked_by": []},
                ],
                "log": [],
            }
        ),
        answers=(
            Answer(
                step_id="daily-confirm-priorities",
                decision=HumanDecision(actor="ada", choice="approve", reason="Four tasks, one blocked: go on."),
            ),
        ),
    ),
)
"""The mission."""
