"""incident_triage: turns a heap of alerts into a short, ranked list that a person confirms, and a hand-off note.

State in: `alerts` (each with `service`, `name`, `severity`, and when known `since` and `affected`), `today` (a date as
text). Alerts of one service and name are one incident. State out: `incidents`, `confirmation`, `hand_off`.
"""

from typing import Final

import attrs

from missions.steps import human, literal, runtime
from runtime.orchestration.definitions import ExecutionContext, WorkflowDefinition
from runtime.orchestration.example import Example
from runtime.orchestration.mission import Mission
from runtime.orchestration.params_schema import described
from runtime.orchestration.sequence import Never, Requires
from runtime.values.answers import Answer
from runtime.values.checks import is_identifier
from runtime.values.decisions import HumanDecision

__all__ = ["INCIDENT_TRIAGE", "IncidentTriageParams"]

_MOST_INCIDENTS: Final = 50
_SEVERITIES: Final = ("info", "warning", "error", "critical")
_NORMAL: Final = (
    '{"key": a.service + "/" + a.name, "service": a.service, "name": a.name, '
    '"severity": has(a.severity) && a.severity in ["info", "warning", "critical"] ? a.severity : "error", '
    '"level": !has(a.severity) ? 2 : a.severity == "info" ? 0 : a.severity == "warning" ? 1 : '
    'a.severity == "critical" ? 3 : 2, "since": has(a.since) ? a.since : null, "affected": has(a.affected) ? a.affected : 0}'
)


@attrs.frozen(kw_only=True)
class IncidentTriageParams:
    """
    Who takes over, and how many incidents the note may name.
    """

    hand_off_to: str = attrs.field(
        validator=is_identifier, metadata=described("Who takes over: a person, team or shift.")
    )
    limit: int = attrs.field(
        default=10,
        validator=[attrs.validators.ge(1), attrs.validators.le(_MOST_INCIDENTS)],
        metadata=described("How many incidents are handed over, the most urgent first."),
    )
    approvers: tuple[str, ...] = attrs.field(
        default=(),
        validator=attrs.validators.deep_iterable(is_identifier),
        metadata=described("Who may confirm the list; empty lets any named person."),
    )


def build_incident_triage(params: IncidentTriageParams) -> WorkflowDefinition:
    """
    Build the five steps.
    """
    steps = [
        runtime(
            "triage-normalise",
            "compute",
            "Give every alert the same members; one of unknown severity counts as an error",
            path="/normalised",
            expression=f"(has(alerts) ? alerts : []).map(a, {_NORMAL})",
        ),
        runtime(
            "triage-deduplicate",
            "select",
            "Keep one alert of each service and name: the most severe, and of those the one that affects most",
            from_="/normalised",
            path="/distinct",
            order_by=[{"of": "/level", "direction": "descending"}, {"of": "/affected", "direction": "descending"}],
            distinct_by="/key",
        ),
        runtime(
            "triage-prioritise",
            "prioritize",
            "Rank the incidents",
            from_="/distinct",
            path="/incidents",
            score=[
                {"kind": "rank_of", "of": "/severity", "order": list(_SEVERITIES), "weight": 100},
                {"kind": "number", "of": "/affected", "weight": 1},
            ],
            tie_breakers=[{"of": "/since"}, {"of": "/key"}],
            limit=params.limit,
        ),
        human(
            "triage-confirm",
            f'Hand these incidents over to "{params.hand_off_to}"?',
            show={
                "alerts": "size(normalised)",
                "incidents": "size(distinct)",
                "most urgent": "incidents.map(i, i.item.key)",
            },
            approvers=list(params.approvers),
            output="/confirmation",
        ),
        runtime(
            "triage-hand-off",
            "compute",
            "Write the hand-off note",
            path="/hand_off",
            expression=(
                f'{{"to": {literal(params.hand_off_to)}, "confirmed_by": confirmation.actor, '
                '"remark": confirmation.reason, "alerts": size(normalised), "incidents": size(distinct), '
                '"first": incidents.map(i, {"service": i.item.service, "name": i.item.name, '
                '"severity": i.item.severity, "since": i.item.since})}'
            ),
        ),
    ]
    return WorkflowDefinition("wf-incident-triage", steps, {"mission_type": "incident_triage"})


INCIDENT_TRIAGE: Final = Mission(
    name="incident_triage",
    version="1.0.0",
    summary="Turns a heap of alerts into a ranked list that a person confirms, and a hand-off note.",
    params_class=IncidentTriageParams,
    build=build_incident_triage,
    rules=(
        Never(what=("effect:read", "effect:mutate"), why="It touches nothing outside."),
        Requires(before=("human:approve",), after=("triage-hand-off",), why="A person confirms what is handed over."),
    ),
    example=Example(
        params={"hand_off_to": "night shift", "approvers": ["ada"]},
        context=ExecutionContext(
            {
                "today": "2026-03-02",
                "alerts": [
                    {"service": "mail", "name": "queue_length", "severity": "warning", "since": "2026-03-01"},
                    {"service": "mail", "name": "queue_length", "severity": "critical", "affected": 40},
                    {"service": "wiki", "name": "disk_full", "severity": "error", "since": "2026-03-02", "affected": 7},
                    {"service": "wiki", "name": "disk_full", "severity": "error", "affected": 2},
                    {"service": "ledger", "name": "slow_reports", "severity": "info"},
                ],
            }
        ),
        answers=(
            Answer(
                step_id="triage-confirm",
                decision=HumanDecision(actor="ada", choice="approve", reason="The mail queue grows; start there."),
            ),
        ),
    ),
)
"""The mission."""
