"""Steps that ask: what a person or a connector is asked, whether an answer fits, and what it brings into the state."""

from runtime.encoding.canonical import JsonValue, canonical
from runtime.encoding.frozen import EMPTY_OBJECT, JsonObject, thaw
from runtime.errors import Fault, InvalidAnswerError, shown
from runtime.limits import MAX_SHOWN_LENGTH
from runtime.orchestration.expressing import value_over
from runtime.orchestration.failures import StepErrorCode, StepFailure
from runtime.orchestration.paths import write
from runtime.orchestration.payloads_asking import ActionPayload, HumanPayload, OnReject
from runtime.orchestration.schema import input_faults
from runtime.orchestration.state import State
from runtime.orchestration.view import StateView
from runtime.policy.expressions import Expression
from runtime.values.answers import Answer, HumanDecision, OutcomeStatus
from runtime.values.requests import EffectAsk, HumanAsk

__all__ = ["REJECT", "AskingPayload", "build_ask", "enter_answer", "is_denied", "verify_answer"]

REJECT = "reject"
"""The rejecting choice."""

AskingPayload = HumanPayload | ActionPayload
"""Payloads of steps that are answered from outside."""


def build_ask(payload: AskingPayload, state: State) -> HumanAsk | EffectAsk:
    """
    Put the question of a step, with what it shows of the state.

    Raises:
        StepFailure: what it would show has no value.
    """
    if isinstance(payload, HumanPayload):
        return HumanAsk(
            prompt=payload.question,
            shown=_show(payload, state),
            choices=payload.choices,
            input_schema=payload.input_schema,
            approvers=payload.approvers,
        )
    return EffectAsk(connector=payload.connector, action=payload.action, params=payload.params, mode=payload.mode)


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


def verify_answer(payload: AskingPayload, answer: Answer, *, step_id: str) -> None:
    """
    Refuse an answer this step does not allow.

    Raises:
        InvalidAnswerError: it is of the other kind, or its choice, actor or input is not allowed; every fault is
            listed.
    """
    if isinstance(payload, HumanPayload):
        if answer.decision is None:
            raise InvalidAnswerError(
                f"an outcome for step {shown(step_id)}, which asks a person", remedy="give a decision"
            )
        faults = _decision_faults(payload, answer.decision)
        if faults:
            raise InvalidAnswerError(f"a decision that step {shown(step_id)} does not allow", faults=faults)
    elif answer.outcome is None:
        raise InvalidAnswerError(
            f"a decision for step {shown(step_id)}, which asks for an effect", remedy="give an outcome"
        )


def is_denied(payload: AskingPayload, answer: Answer) -> bool:
    """
    Tell whether an answer ends the run as denied.
    """
    decision = answer.decision
    is_rejection = decision is not None and decision.choice == REJECT
    return is_rejection and isinstance(payload, HumanPayload) and payload.on_reject is OnReject.DENY


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
        entering = answer.to_dict()["decision"]
    if payload.output is None:
        return state
    view = StateView(state)
    write(view, payload.output, entering)
    return view.commit()


def _decision_faults(payload: HumanPayload, decision: HumanDecision) -> list[Fault]:
    faults = []
    if decision.choice not in payload.choices:
        faults.append(Fault(f"choice {shown(decision.choice)}; choices are {sorted(payload.choices)}", "choice"))
    if payload.approvers and decision.actor not in payload.approvers:
        faults.append(Fault(f"actor {shown(decision.actor)}; approvers are {sorted(payload.approvers)}", "actor"))
    given = thaw(decision.input)
    if payload.input_schema is None:
        if given is not None:
            faults.append(Fault(f"input {shown(given)}; this step asks for none", "input"))
    elif decision.choice != REJECT or given is not None:
        # A rejection need not fill in a form; what it does fill in is checked all the same.
        faults.extend(input_faults(payload.input_schema.thaw(), given))
    return faults
