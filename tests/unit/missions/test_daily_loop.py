"""daily_loop: closes yesterday and opens today, on whatever the state holds, without a clock."""

from typing import Any

import pytest
from makers import make_decision

from missions.daily_loop import DAILY_LOOP
from runtime.errors import AntiFailurePlanningError, ParamsError
from runtime.orchestration import ExecutionContext, OrchestrationResult
from runtime.orchestration.daily_loop import run_daily_loop
from runtime.orchestration.registry import run_mission
from runtime.values import HumanAsk

NAMES = [
    "daily-confirm-priorities",
    "daily-summarise-yesterday",
    "daily-generate-priorities",
    "daily-log-summary",
    "daily-archive",
]
EMPTY_SUMMARY = {"items": 0, "done": 0, "carried_over": 0, "blocked": 0, "minutes": {}}
STATE = DAILY_LOOP.example.context.initial_state.thaw()


def loop(state: Any, *, steps: int = 5, human: int = 0, answers: Any = ()) -> OrchestrationResult:
    """
    Run the loop without a person unless told otherwise.
    """
    params = {"requested_steps": steps, "requested_human_steps": human}
    return run_mission("daily_loop", ExecutionContext(state), params, answers=answers)


class TestChoosingSteps:
    """
    "The first n of that list; no human step when 0; a second human step makes the archive human."
    """

    @pytest.mark.parametrize("count", range(1, 6))
    def test_the_first_steps_are_taken(self, count: int) -> None:
        """
        In their order, one of them human.
        """
        steps = DAILY_LOOP({"requested_steps": count}).steps
        assert [(step.id, step.kind) for step in steps] == [
            (name, "human" if name == NAMES[0] else "runtime") for name in NAMES[:count]
        ]

    def test_four_with_one_person_are_the_default(self) -> None:
        """
        "Default 4 and 1."
        """
        assert [step.id for step in DAILY_LOOP().steps] == NAMES[:4]

    def test_without_a_person_the_loop_starts_at_the_summary(self) -> None:
        """
        All that is left is automatic.
        """
        steps = DAILY_LOOP({"requested_steps": 5, "requested_human_steps": 0}).steps
        assert [(step.id, step.kind) for step in steps] == [(name, "runtime") for name in NAMES[1:]]

    def test_with_two_the_archive_asks_as_well(self) -> None:
        """
        And nothing else does.
        """
        steps = DAILY_LOOP({"requested_steps": 5, "requested_human_steps": 2}).steps
        assert [step.id for step in steps if step.kind == "human"] == [NAMES[0], NAMES[4]]

    @pytest.mark.parametrize("params", [{"requested_steps": 6}, {"requested_human_steps": 3}], ids=["steps", "people"])
    def test_more_than_a_mission_may_have_is_refused(self, params: dict[str, int]) -> None:
        """
        Never cut down in silence.
        """
        with pytest.raises(AntiFailurePlanningError, match="at most"):
            run_mission("daily_loop", ExecutionContext(), params)

    @pytest.mark.parametrize("params", [{"requested_steps": 0}, {"requested_human_steps": -1}], ids=["steps", "people"])
    def test_less_than_nothing_is_refused(self, params: dict[str, int]) -> None:
        """
        As params that do not fit.
        """
        with pytest.raises(ParamsError):
            DAILY_LOOP(params)


class TestTheSummary:
    """
    "`summary` (done, carried over, blocked, minutes by area)."
    """

    def test_counts_what_was_done(self) -> None:
        """
        By status, and minutes by area.
        """
        assert loop(STATE).final_state["summary"] == {
            "items": 4,
            "done": 2,
            "carried_over": 1,
            "blocked": 1,
            "minutes": {"docs": 50, "product": 95, "operations": 30},
        }

    @pytest.mark.parametrize(
        "state", [{}, {"yesterday": []}, {"other": 1}], ids=["nothing", "no items", "something else"]
    )
    def test_is_empty_where_there_is_nothing_and_says_so(self, state: Any) -> None:
        """
        "Works on {} and on states without these keys (empty summary), and says so."
        """
        final = loop(state).final_state
        assert final["summary"] == EMPTY_SUMMARY
        assert final["priorities"] == []
        assert final["log"] == [
            {
                "date": None,
                "done": 0,
                "carried_over": 0,
                "blocked": 0,
                "minutes": {},
                "note": "nothing was recorded for yesterday",
            }
        ]
        assert final["archive"] == []

    def test_an_item_without_members_counts_for_nothing(self) -> None:
        """
        Only as an item, of an area without a name.
        """
        summary = loop({"yesterday": [{}]}).final_state["summary"]
        assert summary == {**EMPTY_SUMMARY, "items": 1, "minutes": {"": 0}}


class TestThePriorities:
    """
    "Ranked, with score and reasons for each; due dates relative to `today` given in the state, never the clock."
    """

    def test_are_ranked_with_their_reasons(self) -> None:
        """
        The overdue task first; the blocked one below what blocks it.
        """
        ranked = loop(STATE).final_state["priorities"]
        assert [(one["item"]["id"], one["score"]) for one in ranked] == [
            ("T-4", 78),
            ("T-9", 78),
            ("T-7", 59),
            ("T-2", 5),
        ]
        assert all(one["score"] == sum(reason["points"] for reason in one["reasons"]) for one in ranked)

    def test_follow_the_day_in_the_state(self) -> None:
        """
        Another `today` gives another order.
        """
        later = loop({**STATE, "today": "2026-06-01"}).final_state["priorities"]
        earlier = loop({**STATE, "today": "2025-01-01"}).final_state["priorities"]
        assert [one["item"]["id"] for one in later] != [one["item"]["id"] for one in earlier]

    def test_need_no_day(self) -> None:
        """
        Without one no due date counts.
        """
        state = {name: value for name, value in STATE.items() if name != "today"}
        ranked = loop(state).final_state["priorities"]
        due = [reason["points"] for one in ranked for reason in one["reasons"] if reason["kind"] == "days_until"]
        assert due == [0, 0, 0, 0]


class TestLogAndArchive:
    """
    "`log` (one appended entry), `archive`."
    """

    def test_the_log_grows_by_one(self) -> None:
        """
        Earlier entries stay.
        """
        log = loop({**STATE, "log": ["earlier"]}).final_state["log"]
        assert log[0] == "earlier"
        assert [entry["date"] for entry in log[1:]] == ["2026-03-02"]

    def test_the_archive_keeps_what_was_done(self) -> None:
        """
        And what it held before.
        """
        archive = loop({**STATE, "archive": [{"title": "older"}]}).final_state["archive"]
        assert [item["title"] for item in archive] == ["older", "Ship the release notes", "Fix the login redirect"]


class TestThePerson:
    """
    "The prompt shows what waits"; rejected, nothing is done.
    """

    def test_sees_what_waits(self) -> None:
        """
        How many tasks, how many of them blocked, and which.
        """
        result = run_daily_loop(ExecutionContext(STATE))
        assert result.status == "waiting_human"
        assert result.pending is not None
        ask = result.pending.request.ask
        assert isinstance(ask, HumanAsk)
        assert ask.shown.thaw() == {
            "tasks that wait": 4,
            "blocked": 1,
            "titles": [
                "Renew the certificate",
                "Ask for a new signing request",
                "Review the backup plan",
                "Tidy the wiki",
            ],
        }

    def test_is_asked_on_a_fresh_context_too(self) -> None:
        """
        "`run_daily_loop(ctx)` on a fresh context returns `waiting_human`."
        """
        result = run_daily_loop(ExecutionContext())
        assert (result.status, result.executed_steps) == ("waiting_human", ())

    def test_takes_the_keywords_of_run_mission(self) -> None:
        """
        Answers in advance among them.
        """
        result = run_daily_loop(ExecutionContext(STATE), {"requested_steps": 2}, answers=[make_decision(NAMES[0])])
        assert result.success

    def test_can_refuse(self) -> None:
        """
        Then nothing is summarised.
        """
        result = run_daily_loop(ExecutionContext(STATE), answers=[make_decision(NAMES[0], choice="reject")])
        assert (result.status, result.final_state) == ("denied", STATE)
