"""Steps that ask: what a person or a connector is asked, whether an answer fits, and what it brings into the state.

Of a signature only the shape is looked at here; whether it holds is for the driver, see `approvals.py`.
"""

from runtime.encoding.canonical import JsonValue, canonical
from runtime.encoding.frozen import EMPTY_OBJECT, JsonObject, thaw
from runtime.encoding.pointer import Pointer
from runtime.encoding.seal import find_seals
from runtime.errors import Fault, InvalidAnswerError, shown
from runtime.limits import MAX_SHOWN_LENGTH
from runtime.orchestration.expressing import value_over
from runtime.orchestration.failures import StepErrorCode, StepFailure
from runtime.orchestration.opaque import refuse_sealed
from runtime.orchestration.paths import read, write
from runtime.orchestration.payloads_asking import ActionPayload, HumanPayload, OnReject
from runtime.orchestration.schema import input_faults
from runtime.orchestration.state import State
from runtime.orchestration.view import StateView
from runtime.orchestration.voting import REJECT, choice_of, entering_value, vote_faults
from runtime.policy.expressions import Expression
from runtime.values.answers import Answer, OutcomeStatus
from runtime.values.decisions import HumanDecision
from runtime.values.requests import EffectAsk, HumanAsk, Request

__all__ = [
    "AskingPayload",
    "Denial",
    "build_ask",
    "build_question",
    "enter_answer",
    "find_denial",
    "verify_answer",
    "verify_vote",
]

AskingPayload = HumanPayload | ActionPayload
"""Payloads of steps that are answered from outside."""
Denial = tuple[StepErrorCode, str]
"""The code a run is denied with, and why."""


def build_ask(payload: AskingPayload, state: State) -> HumanAsk | EffectAsk:
    """
    Put the question of a step, with what it shows of the state.

    Raises:
        StepFailure: what it would show has no value, or no names stand where it looks for who may not decide.
    """
    if isinstance(payload, HumanPayload):
        return build_question(payload, shown=_show(payload, state), not_by=_read_names(payload.not_by, state))
    return EffectAsk(connector=payload.connector, action=payload.action, params=payload.params, mode=payload.mode)


def build_question(payload: HumanPayload, *, shown: JsonObject, not_by: tuple[str, ...]) -> HumanAsk:
    """
    Put the question of a human step, with what it takes from the state.
    """
    return HumanAsk(
        prompt=payload.question,
        shown=shown,
        choices=payload.choices,
        input_schema=payload.input_schema,
        approvers=payload.approvers,
        quorum=payload.quorum,
        not_by=not_by,
        signed=payload.signed,
        expires_after_ms=payload.expires_after_ms,
    )


def _show(payload: HumanPayload, state: State) -> JsonObject:
    if not payload.show:
        return EMPTY_OBJECT
    view = StateView(state)
    values = {label: value_over(Expression.parse(text), view, f"show {label}") for label, text in payload.show.items()}
    return JsonObject({label: _in_brief(value) for label, value in values.items()})


def _in_brief(value: JsonValue) -> JsonValue:
    if len(canonical(value)) <= MAX_SHOWN_LENGTH:
        return value
    noun = "list" if type(value) is list else "object" if type(value) is dict else "text"
    return {"type": noun, "size": len(value)}


def _read_names(place: Pointer | None, state: State) -> tuple[str, ...]:
    if place is None:
        return ()
    found = read(StateView(state), place)
    names = found if type(found) is list else [found]
    for name in names:
        refuse_sealed(name, place.text)
    if not all(type(name) is str for name in names):
        # Whoever cannot be named cannot be kept from deciding either.
        raise StepFailure(StepErrorCode.WRONG_TYPE, "neither a name nor a list of names", where=place.text)
    return tuple(sorted({*names}))


def verify_answer(
    payload: AskingPayload, answer: Answer, *, step_id: str, ask: HumanAsk | EffectAsk | None = None
) -> None:
    """
    Refuse an answer this step does not allow; without its request, as far as can be told in advance.

    Raises:
        InvalidAnswerError: it is of the other kind; or a choice, an actor, an input is not allowed, a signature is
            missing, or the vote is not over; every fault is listed.
    """
    if isinstance(payload, HumanPayload):
        if not answer.decisions:
            raise InvalidAnswerError(
                f"an outcome for step {shown(step_id)}, which asks a person", remedy="give a decision"
            )
        excluded = ask.not_by if isinstance(ask, HumanAsk) else ()
        faults = []
        for index, decision in enumerate(answer.decisions):
            place = "" if payload.quorum == 1 else f"decisions[{index}]."
            faults += [
                Fault(fault.message, place + fault.where) for fault in _decision_faults(payload, decision, excluded)
            ]
        faults += vote_faults(payload.quorum, answer.decisions)
        if faults:
            raise InvalidAnswerError(f"a decision that step {shown(step_id)} does not allow", faults=faults)
    elif answer.outcome is None:
        raise InvalidAnswerError(
            f"a decision for step {shown(step_id)}, which asks for an effect", remedy="give an outcome"
        )


def verify_vote(decision: HumanDecision, payload: HumanPayload, request: Request) -> None:
    """
    Refuse one decision of a vote that is not over yet, when its step does not allow it.

    Raises:
        InvalidAnswerError: its choice, actor, input or signature is not allowed; every fault is listed.
    """
    excluded = request.ask.not_by if isinstance(request.ask, HumanAsk) else ()
    faults = _decision_faults(payload, decision, excluded)
    if faults:
        raise InvalidAnswerError(f"a decision that step {shown(request.step_id)} does not allow", faults=faults)


def find_denial(payload: AskingPayload, answer: Answer) -> Denial | None:
    """
    Give the code and the words an answer ends the run with as denied, or None.
    """
    if not isinstance(payload, HumanPayload):
        return None
    if answer.decisions[0].is_expired:
        return StepErrorCode.GATE_EXPIRED, "nobody decided in time"
    if choice_of(answer.decisions) != REJECT or payload.on_reject is OnReject.CONTINUE:
        return None
    said = [
        f"{one.actor!r}{f': {one.reason}' if one.reason else ''}" for one in answer.decisions if one.choice == REJECT
    ]
    if said:
        return StepErrorCode.GATE_REJECTED, f"rejected by {', '.join(said)}"
    votes = ", ".join(f"{one.actor!r} chose {one.choice!r}" for one in answer.decisions)
    return StepErrorCode.GATE_REJECTED, f"the vote failed: {votes}"


def enter_answer(payload: AskingPayload, answer: Answer, state: State) -> State:
    """
    Write what an answer brought at the step's `output`, and give the state after.

    Raises:
        StepFailure: the effect failed, or the state has no place at `output`.
    """
    entering: JsonValue
    if answer.outcome is not None:
        if answer.outcome.status is OutcomeStatus.FAILED:
            raise StepFailure(StepErrorCode.EFFECT_FAILED, f"the effect was not done, code {answer.outcome.code!r}")
        entering = thaw(answer.outcome.output)
    else:
        assert isinstance(payload, HumanPayload)  # noqa: S101 - narrows the type; see `verify_answer`.
        entering = entering_value(payload.quorum, answer.decisions)
    if payload.output is None:
        return state
    view = StateView(state)
    write(view, payload.output, entering)
    return view.commit()


def _decision_faults(payload: HumanPayload, decision: HumanDecision, excluded: tuple[str, ...]) -> list[Fault]:
    if decision.is_expired:
        # Nobody decided: there is no actor, no input and no signature to look at.
        return [] if payload.expires_after_ms is not None else [Fault("this step does not expire", "choice")]
    faults = []
    if decision.choice not in payload.choices:
        faults.append(Fault(f"choice {shown(decision.choice)}; choices are {sorted(payload.choices)}", "choice"))
    if payload.approvers and decision.actor not in payload.approvers:
        faults.append(Fault(f"actor {shown(decision.actor)}; approvers are {sorted(payload.approvers)}", "actor"))
    if decision.actor in excluded:
        faults.append(Fault(f"actor {shown(decision.actor)}, who may not decide this", "actor"))
    if payload.signed is not (decision.signature is not None):
        # One that nobody asked for would stand in the record, and nobody would have checked it.
        wanted = (
            "no signature; this step takes signed decisions only" if payload.signed else "this step takes no signature"
        )
        faults.append(Fault(wanted, "signature"))
    given = thaw(decision.input)
    # Only the driver seals; a person who could write a seal could pass one value off as another.
    faults += [Fault("a member named $sealed", f"input{path}") for path, _ in find_seals(given)]
    if payload.input_schema is None:
        if given is not None:
            faults.append(Fault(f"input {shown(given)}; this step asks for none", "input"))
    elif decision.choice != REJECT or given is not None:
        # A rejection need not fill in a form; what it does fill in is checked all the same.
        faults.extend(input_faults(payload.input_schema.thaw(), given))
    return faults
