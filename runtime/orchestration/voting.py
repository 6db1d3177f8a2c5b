"""What the decisions of one human step come to: one choice, or a vote that failed, or one that is not over.

With a quorum of one the decision is the choice. With more, a vote is over when as many distinct persons as the quorum
says chose the same, or at the first other choice, or at the first `reject`: whatever would follow, it can only come to
`reject`, so nobody need be asked to say no a second time. Source: DESIGN.md 4; docs/adr/0015-votes-and-signatures.md.
"""

from typing import Any, Final

from runtime.encoding.canonical import JsonValue
from runtime.encoding.converter import unstructure
from runtime.encoding.frozen import thaw
from runtime.errors import Fault, shown
from runtime.values.checks import frozen_bytes
from runtime.values.decisions import HumanDecision

__all__ = ["REJECT", "choice_of", "count_missing", "entering_value", "vote_faults"]

REJECT: Final = "reject"
"""The rejecting choice."""


def choice_of(decisions: tuple[HumanDecision, ...]) -> str:
    """
    Give the choice that the decisions of a vote that is over come to; those that differ come to `reject`.
    """
    choices = {decision.choice for decision in decisions}
    return choices.pop() if len(choices) == 1 else REJECT


def count_missing(quorum: int, decisions: tuple[HumanDecision, ...]) -> int:
    """
    Count the decisions that a vote still needs; none when it is over.
    """
    is_over = bool(decisions) and (choice_of(decisions) == REJECT or decisions[0].is_expired)
    return 0 if is_over else max(quorum - len(decisions), 0)


def vote_faults(quorum: int, decisions: tuple[HumanDecision, ...]) -> list[Fault]:
    """
    Say why the decisions are not those of a vote that is over.

    Those who agree must have filled in the same: what one alone filled in was agreed to by nobody else.
    """
    if len(decisions) > quorum:
        return [Fault(f"{len(decisions)} decisions; this step takes {quorum}", "decisions")]
    missing = count_missing(quorum, decisions)
    if missing:
        actors = [decision.actor for decision in decisions]
        return [Fault(f"{len(decisions)} of {quorum} decisions, by {shown(actors)}; {missing} missing", "decisions")]
    if choice_of(decisions) != REJECT and len({frozen_bytes(decision.input) for decision in decisions}) > 1:
        return [Fault("decisions that choose the same with different inputs; agree on one", "decisions")]
    return []


def entering_value(quorum: int, decisions: tuple[HumanDecision, ...]) -> JsonValue:
    """
    Give what enters the state: of one person their decision, of a quorum the choice, the input they share, and each decision.

    Signatures stay out of it: the state is what was decided, and the answer, which the lineage binds, holds the proof.
    """
    if quorum == 1:
        return _plain(decisions[0])
    choice = choice_of(decisions)
    return {
        "choice": choice,
        "decisions": [_plain(decision) for decision in decisions],
        "input": None if choice == REJECT else thaw(decisions[0].input),
    }


def _plain(decision: HumanDecision) -> dict[str, Any]:
    record: dict[str, Any] = unstructure(decision)
    return {name: value for name, value in record.items() if name != "signature"}
