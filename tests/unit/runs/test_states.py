"""The life of a run: every state with every event, and the words others have for the states."""

from itertools import product

import pytest

from runtime.errors import TransitionError
from runtime.runs.states import (
    ESCALATED_STATES,
    TERMINAL_STATES,
    TRANSITIONS,
    HttpStatus,
    OperatorState,
    RunEvent,
    RunState,
    advance,
    http_status_of,
    operator_state_of,
)

LIFE = """
created           plan planned | cancel cancelled | report_failed failed
planned           admit approved | flag waiting_approval | block blocked | cancel cancelled | report_failed failed
waiting_approval  approve approved | reject cancelled | expire cancelled | cancel cancelled | report_failed failed
approved          start running | enqueue queued | cancel cancelled | report_failed failed
queued            dispatch running | cancel cancelled | report_failed failed
running           ask waiting_gate | pause paused | fail failed | finish validating | lose indeterminate | cancel cancelled | report_failed failed
waiting_gate      decide running | reject failed | expire failed | cancel cancelled | report_failed failed
paused            resume running | cancel cancelled | report_failed failed
validating        pass completed | fail failed | cancel cancelled
indeterminate     settle_done running | settle_not_done failed | cancel cancelled
"""
"""The table once more, as the contract writes it: what the code allows must be this and nothing else."""


def _read_life() -> dict[tuple[str, str], str]:
    life = {}
    for line in LIFE.strip().splitlines():
        state, _, rest = line.partition(" ")
        for move in rest.split("|"):
            event, after = move.split()
            life[state, event] = after
    return life


@pytest.mark.parametrize(("state", "event"), list(product(RunState, RunEvent)))
def test_an_event_leads_where_the_table_says_or_is_refused(state: RunState, event: RunEvent) -> None:
    """
    INV-140: each of the 14 states with each of the 21 events.
    """
    after = _read_life().get((state.value, event.value))
    if after is None:
        with pytest.raises(TransitionError) as refusal:
            advance(state, event)
        assert refusal.value.what == f"'{event}' on a run that is {state}"
        assert refusal.value.remedy == (
            f"a run that is {state} has ended"
            if state in TERMINAL_STATES
            else f"a run that is {state} allows {sorted(move for at, move in _read_life() if at == state)}"
        )
    else:
        assert advance(state, event) is RunState(after)


def test_terminal_states_are_those_without_exits() -> None:
    """
    INV-140: and no other state is one in which a run stays for ever.
    """
    assert sorted(TERMINAL_STATES) == ["blocked", "cancelled", "completed", "failed"]
    for state in RunState:
        reached, waiting = {state}, [state]
        while waiting:
            waiting += (new := set(TRANSITIONS[waiting.pop()].values()) - reached)
            reached |= new
        assert reached & TERMINAL_STATES, f"{state} never ends"


def test_every_state_is_reached_from_the_first() -> None:
    """
    INV-140: the table holds nothing that no run can be.
    """
    reached, waiting = {RunState.CREATED}, [RunState.CREATED]
    while waiting:
        waiting += (new := set(TRANSITIONS[waiting.pop()].values()) - reached)
        reached |= new
    assert reached == {*RunState}


def test_every_run_that_has_not_ended_can_be_cancelled() -> None:
    """
    INV-140: an operator can always stop it.
    """
    for state in set(RunState) - TERMINAL_STATES:
        assert advance(state, RunEvent.CANCEL) is RunState.CANCELLED


HTTP = {
    "pending": ["created", "planned", "waiting_approval", "approved", "queued"],
    "running": ["running", "validating"],
    "paused": ["paused", "waiting_gate", "indeterminate"],
    "failed": ["blocked", "failed"],
    "completed": ["completed"],
    "cancelled": ["cancelled"],
}
OPERATOR = {
    "planned": ["created", "planned"],
    "waiting_for_approval": ["waiting_approval"],
    "approved": ["approved", "queued"],
    "running": ["running"],
    "paused": ["paused", "waiting_gate", "indeterminate"],
    "validating": ["validating"],
    "completed": ["completed"],
    "failed": ["failed"],
    "cancelled": ["cancelled"],
    "blocked": ["blocked"],
}


def test_every_state_has_one_image_in_each_vocabulary() -> None:
    """
    INV-141: and every word of theirs is an image.
    """
    seen: dict[str, list[str]] = {word: [] for word in HttpStatus}
    told: dict[str, list[str]] = {word: [] for word in OperatorState if word is not OperatorState.ESCALATED}
    for state in RunState:
        seen[http_status_of(state)].append(state.value)
        told[operator_state_of(state, is_escalated=False)].append(state.value)
    assert {word: sorted(states) for word, states in HTTP.items()} == {word: sorted(seen[word]) for word in seen}
    assert {word: sorted(states) for word, states in OPERATOR.items()} == {word: sorted(told[word]) for word in told}


@pytest.mark.parametrize("state", RunState)
def test_an_escalation_shows_where_there_can_be_one(state: RunState) -> None:
    """
    INV-141: of a failed, a blocked and an indeterminate run.
    """
    told = operator_state_of(state, is_escalated=True)
    assert (told is OperatorState.ESCALATED) is (state in ESCALATED_STATES)
    assert sorted(ESCALATED_STATES) == ["blocked", "failed", "indeterminate"]
