"""Human steps: what a person is asked, and whether a decision answers it."""

from runtime.encoding.frozen import thaw
from runtime.errors import Fault, InvalidAnswerError, shown
from runtime.orchestration.payloads import HumanPayload
from runtime.orchestration.schema import input_faults
from runtime.values.answers import HumanDecision
from runtime.values.requests import HumanAsk

__all__ = ["REJECT", "build_ask", "verify_decision"]

REJECT = "reject"
"""The rejecting choice."""


def build_ask(payload: HumanPayload) -> HumanAsk:
    """
    Put the question of a human step.
    """
    return HumanAsk(
        prompt=payload.question,
        choices=payload.choices,
        input_schema=payload.input_schema,
        approvers=payload.approvers,
    )


def verify_decision(payload: HumanPayload, decision: HumanDecision, *, step_id: str) -> None:
    """
    Refuse a decision this step does not allow.

    Raises:
        InvalidAnswerError: the choice, the actor or the input is not allowed; every fault is listed.
    """
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
    if faults:
        raise InvalidAnswerError(f"a decision that step {shown(step_id)} does not allow", faults=faults)
