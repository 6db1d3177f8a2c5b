"""What of a valid pack is probably not meant: rules that can never apply or never decide, and what is not tested.

Only what is certain for every input is told, so a warning is never a matter of taste; that nothing is told proves nothing.
"""

from collections.abc import Iterator
from itertools import pairwise
from typing import Any, Final

from runtime.encoding.canonical import JsonValue
from runtime.errors import EvaluationError, Fault, shown
from runtime.policy.compiler import compile_node
from runtime.policy.demands import Bound, Demand, absent_path, list_demands
from runtime.policy.pack import PolicyPack
from runtime.policy.reads import list_reads, path_text
from runtime.policy.rules import Effect, Rule
from runtime.policy.semantics import Environment, contains_member, equal, order
from runtime.policy.syntax import Macro, walk
from runtime.values.verdicts import Decision

__all__ = ["find_warnings"]

_NEVER: Final = "the rule never applies"
_ORDERS: Final = {
    "<": lambda sign: sign < 0,
    "<=": lambda sign: sign <= 0,
    ">": lambda sign: sign > 0,
    ">=": lambda sign: sign >= 0,
}


def find_warnings(pack: PolicyPack) -> tuple[Fault, ...]:
    """
    List what is probably not meant, each with its path in the pack.
    """
    demands = [list_demands(rule) for rule in pack.rules]
    denied = [
        (rule.rule_id, frozenset(own))
        for rule, own in zip(pack.rules, demands, strict=True)
        if rule.effect.decision is Decision.DENY
    ]
    warnings: list[Fault] = []
    for index, (rule, own) in enumerate(zip(pack.rules, demands, strict=True)):
        path = f"rules[{index}]"
        never = next(_find_never(own), None)
        if never is not None:
            warnings.append(Fault(never.message, f"{path}.{never.where}"))
            continue
        warnings += [
            Fault(said, path) for said in (_say_shadow(rule, frozenset(own), denied), _say_nothing_due(rule)) if said
        ]
    if not pack.cases:
        warnings.append(Fault("no cases: nothing shows that the rules say what they are meant to", ""))
    return tuple(warnings)


def _find_never(demands: tuple[Demand, ...]) -> Iterator[Fault]:
    """
    Find demands that no input meets, alone or together.
    """
    for demand in demands:
        if _is_constant_against(demand):
            said = f"does not depend on the input, and is not {'true' if demand.wanted else 'false'}"
            yield Fault(f"{_NEVER}: this {said}", demand.place)
    yield from _find_opposites(demands)
    groups: dict[Any, list[tuple[str, Bound]]] = {}
    for demand in demands:
        if demand.bound is not None:
            groups.setdefault((demand.bound.path, demand.bound.is_size), []).append((demand.place, demand.bound))
    for (path, is_size), group in groups.items():
        bounds = [bound for _, bound in group]
        if not any(all(_passes(bound, value) for bound in bounds) for value in _list_candidates(bounds)):
            together = " and ".join(dict.fromkeys(place for place, _ in group))
            yield Fault(
                f"{_NEVER}: no {'size' if is_size else 'value'} of {path_text(path)} meets {together}", group[-1][0]
            )


def _find_opposites(demands: tuple[Demand, ...]) -> Iterator[Fault]:
    first: dict[Any, Demand] = {}
    for demand in demands:
        other = first.setdefault(demand.key, demand)
        if other.wanted is not demand.wanted:
            yield Fault(f"{_NEVER}: {other.place} demands the opposite", demand.place)
    for absent in demands:
        path = absent_path(absent)
        for demand in demands if path is not None else ():
            bound = demand.bound
            if bound is not None and not bound.counts_absent and bound.path[: len(path or ())] == path:
                yield Fault(f"{_NEVER}: {absent.place} demands that {path_text(path)} is not there", demand.place)


def _is_constant_against(demand: Demand) -> bool:
    node = demand.node
    if node is None or list_reads(node, {}):
        return False
    slots = [one.slot for one in walk(node) if isinstance(one, Macro)]
    try:
        value = compile_node(node)(Environment({}, [None] * (max(slots, default=-1) + 1)))
    except EvaluationError:
        return True
    return value is not demand.wanted


def _passes(bound: Bound, value: JsonValue) -> bool:
    env = Environment({}, [])
    try:
        if bound.operator == "in":
            met = contains_member(value, bound.constant, env)
        elif bound.operator in _ORDERS:
            met = _ORDERS[bound.operator](order(value, bound.constant, env))
        else:
            met = equal(value, bound.constant, env) is (bound.operator == "==")
    except EvaluationError:
        return False
    return met is bound.wanted


def _list_candidates(bounds: list[Bound]) -> list[JsonValue]:
    """
    List values of which one meets all bounds, if any value does.

    Between two constants next to each other, below the lowest and above the highest, all values of a kind are alike.
    """
    constants: list[Any] = []
    for bound in bounds:
        constants += bound.constant if bound.operator == "in" else [bound.constant]
    numbers = sorted({one for one in constants if type(one) in (int, float)})
    if bounds[0].is_size:
        # What may hold for a whole number first holds at a constant, or right beside one.
        return sorted({0, *(size for number in numbers for size in _around(number) if size >= 0)})
    texts = sorted({one for one in constants if type(one) is str})
    values: list[JsonValue] = [None, True, False, [], {}, *numbers, *texts, "", *(f"{text}\0" for text in texts)]
    values += [numbers[0] - 1, numbers[-1] + 1] if numbers else [0]
    return values + [(low + high) / 2 for low, high in pairwise(numbers)]


def _around(number: float) -> tuple[int, int, int]:
    whole = int(number // 1)
    return whole - 1, whole, whole + 1


def _say_shadow(rule: Rule, demands: frozenset[Demand], denied: list[tuple[str, frozenset[Demand]]]) -> str:
    """
    Say which rule that denies applies wherever this one does; "" where none does, and of rules that deny.
    """
    if rule.effect.decision is not Decision.DENY:
        for rule_id, others in denied:
            if others <= demands:
                return f"the rule never decides: wherever it applies, {shown(rule_id)} denies"
    return ""


def _say_nothing_due(rule: Rule) -> str:
    if rule.effect is Effect.ALLOW_WITH_OBLIGATIONS and not (rule.obligations or rule.constraints):
        return "allow_with_obligations, and neither an obligation nor a constraint: say allow, or what is due"
    return ""
