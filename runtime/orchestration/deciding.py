"""The operation `decide`: which policies a run is bound to, and what a step makes of their verdict.

A run records the packs it was given, whole, so it can be re-executed without whoever wrote them. Before the first step:
every pack that a step asks for is there, none is there that no step asks for, and a verdict that can flag is followed by
a step that asks a person, with nothing changed outside before that. Source: DESIGN.md 4, 6.
"""

from collections.abc import Iterable, Mapping
from functools import lru_cache
from itertools import islice
from typing import Any, Final

from runtime.encoding.frozen import JsonObject, thaw
from runtime.errors import EvaluationError, Fault, PolicyError, UngatedFlagError, shown
from runtime.limits import MAX_STEPS
from runtime.orchestration.failures import StepErrorCode, StepFailure
from runtime.orchestration.opaque import refuse_sealed
from runtime.orchestration.paths import read
from runtime.orchestration.payloads_asking import ActionPayload, DecidePayload
from runtime.orchestration.prepare import PreparedStep
from runtime.orchestration.view import StateView
from runtime.policy.evaluate import evaluate
from runtime.policy.pack import PolicyPack
from runtime.values.requests import EffectMode
from runtime.values.verdicts import Verdict

__all__ = ["Policies", "bind_policies", "decide", "read_policies", "record_policies"]

Policies = Mapping[str, PolicyPack]
"""Packs by policy id."""
_NONE: Final[Policies] = {}


def record_policies(packs: Iterable[PolicyPack]) -> JsonObject | None:
    """
    Give what a run records of its packs: documents by policy id; None of none.

    Raises:
        PolicyError: some are no packs, or two have one id.
    """
    if type(packs) is tuple and not packs:
        return None
    try:
        given = tuple(islice(packs, MAX_STEPS + 1))
    except Exception as error:
        # A caller's iterator may raise anything.
        raise PolicyError(
            f"policies is {shown(packs)}", where="policies", remedy="give a list of PolicyPack"
        ) from error
    if len(given) > MAX_STEPS:
        raise PolicyError(
            f"more than {MAX_STEPS} policies", where="policies", remedy="give those that steps ask for, no others"
        )
    documents: dict[str, Any] = {}
    for index, pack in enumerate(given):
        if type(pack) is not PolicyPack:
            raise PolicyError(f"policy is {shown(pack)}", where=f"policies[{index}]", remedy="give a PolicyPack")
        if pack.policy_id in documents:
            raise PolicyError(f"policy {shown(pack.policy_id)} stands twice", remedy="give each policy once")
        documents[pack.policy_id] = pack.document.thaw()
    return JsonObject(documents) if documents else None


def read_policies(recorded: JsonObject | None) -> Policies:
    """
    Read what `record_policies` gave.

    Raises:
        PolicyError: it is not that; every fault is listed.
    """
    return _NONE if recorded is None else _read(recorded)


@lru_cache(maxsize=64)
def _read(recorded: JsonObject) -> Policies:
    packs = {}
    for policy_id, document in recorded.items():
        source = f"policy {shown(policy_id)} of a run"
        pack = PolicyPack.from_document(thaw(document), source=source)
        # By bytes: Python takes True for 1.
        if pack.policy_id != policy_id or pack.document != document:
            raise PolicyError(
                f"{source} is not as a run records it", where="policies", remedy="use the record as it was written"
            )
        packs[policy_id] = pack
    return packs


def bind_policies(steps: tuple[PreparedStep, ...], packs: Policies) -> None:
    """
    Refuse packs that do not fit the steps.

    Raises:
        PolicyError: a step asks for one that is missing, or one is there that no step asks for.
        UngatedFlagError: a step can flag, and no later step asks a person, or an effect comes before that step.
    """
    faults = []
    asked = set()
    for index, step in enumerate(steps):
        if not isinstance(step.payload, DecidePayload):
            continue
        name = step.payload.policy
        asked.add(name)
        if name not in packs:
            faults.append(Fault(f"policy {shown(name)} is missing", f"steps[{index}].payload.policy"))
        elif packs[name].can_flag:
            _demand_gate(steps, index)
    faults += [
        Fault(f"policy {shown(name)}, which no step asks for", "policies") for name in sorted(packs.keys() - asked)
    ]
    if faults:
        raise PolicyError(
            "policies that do not fit the workflow", remedy=f"steps ask for {sorted(asked)}", faults=faults
        )


def _demand_gate(steps: tuple[PreparedStep, ...], index: int) -> None:
    name = shown(steps[index].spec.id)
    for step in steps[index + 1 :]:
        if step.spec.kind == "human":
            return
        if isinstance(step.payload, ActionPayload) and step.payload.mode is EffectMode.MUTATE:
            # A flag means: only past a person. Asking one when it is done already would be none.
            raise UngatedFlagError(
                f"step {name} can flag, and step {shown(step.spec.id)} changes something outside before a person is asked",
                where=f"steps[{index}]",
                remedy="move the human step between the two",
            )
    raise UngatedFlagError(
        f"step {name} can flag, and no later step asks a person",
        where=f"steps[{index}]",
        remedy="add a human step with when: flagged behind it",
    )


def decide(payload: DecidePayload, view: StateView, packs: Policies) -> Verdict:
    """
    Weigh what stands at the step's `input`.

    Raises:
        StepFailure: `path_missing`, or `wrong_type` where no object stands there; `sealed_value` where a rule looks at
            a seal.
    """
    given = read(view, payload.input)
    refuse_sealed(given, payload.input.text)
    if type(given) is not dict:
        raise StepFailure(StepErrorCode.WRONG_TYPE, "expected an object", where=payload.input.text)
    try:
        return evaluate(packs[payload.policy], given)
    except EvaluationError as error:
        raise StepFailure(StepErrorCode(error.failure), f"{error.what} in a rule", where=payload.input.text) from error
