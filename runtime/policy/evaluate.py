"""The one evaluator: a pack and an input give a verdict, with the reasons. A pure function, and it fails closed.

Rules, referred to by number below:

1. Deny before flag before allow with obligations before allow; nothing applies: deny.
2. A rule that cannot be evaluated might have applied: one that denies, flags or hands on an obligation or a constraint
   then denies, so that nobody escapes it by leaving out what it looks at; one that only allows does not apply.
3. What settles a rule without the part that fails settles it: a clause that is not as the rule wants it beats a failure.
4. Whatever applies is told, the first rules with their clauses and what these saw; where nothing does, the rules that
   came closest. What is told has a bound, and the bound does not depend on the input.
5. Obligations and constraints of every rule that applies are handed on, the deciding rule's first; where the decision
   is deny, those of the rules that deny.
6. A rule that would look at a sealed value ends the evaluation: whatever the verdict, it would not be on the input.
"""

from bisect import insort
from collections.abc import Mapping
from functools import lru_cache
from operator import itemgetter
from typing import Any, Final, Self, final

import attrs

from runtime.encoding.canonical import JsonValue, canonical, encode_checked
from runtime.encoding.converter import unstructure
from runtime.encoding.digest import digest_of_bytes
from runtime.encoding.frozen import JsonObject
from runtime.errors import EncodingError, EvaluationError, PolicyError, shown
from runtime.limits import MAX_PAYLOAD_BYTES
from runtime.policy.clauses import Clause, Equality, split
from runtime.policy.conditions import Evaluator
from runtime.policy.pack import PolicyPack
from runtime.policy.rules import Effect, Rule
from runtime.policy.semantics import Environment, Failure, refuse_sealed
from runtime.policy.syntax import Macro, walk
from runtime.values.verdicts import Decision, Verdict

__all__ = ["NOT_EVALUABLE", "NO_MATCH", "evaluate"]

NO_MATCH: Final = "no_matching_policy_rule"
"""Reason code where no rule applies."""
NOT_EVALUABLE: Final = "policy_rule_not_evaluable"
"""Reason code where a rule that could have made the verdict stricter cannot be evaluated."""
_TOLD: Final = 8
"""Rules told with their clauses; of further ones it is told that they apply, or fail."""
_CLOSEST: Final = 3
_EFFECTS: Final = (Effect.DENY, Effect.FLAG, Effect.ALLOW_WITH_OBLIGATIONS, Effect.ALLOW)
_HANDED_ON: Final = ("obligations", "constraints")


@final
@attrs.frozen(eq=False, repr=False)
class _Compiled:
    """
    A rule with its clauses compiled, and what of it a verdict repeats.
    """

    rule: Rule
    effect: Effect
    when: tuple[Clause | Equality, ...]
    unless: tuple[Clause, ...]
    told: dict[str, JsonValue]
    named: dict[str, JsonValue]
    """Its report without clauses, as of one that applies."""
    tests: tuple[tuple[Evaluator, int, bool], ...]
    """Of each clause, what works it out, its fuel, and the value with which the rule still applies."""

    @classmethod
    def of(cls, rule: Rule) -> Self:
        """
        Compile a rule.
        """
        clauses = [clause for one in rule.when for clause in split(one.expression)]
        equalities = [
            Equality(f"{path} == {canonical(expected).decode()}", tuple(path.split(".")), expected)
            for path, expected in sorted(rule.conditions.thaw().items())
        ]
        # `unless: a && b` excludes where both hold, so it is not taken apart.
        unless = [Clause.of(one.thaw(), one.expression.tree) for one in rule.unless]
        effect = Effect.FLAG if rule.effect is Effect.APPROVAL_REQUIRED else rule.effect
        told = {
            "rule_id": rule.rule_id,
            "effect": effect.value,
            "reason_code": rule.reason_code,
            "tier": rule.tier,
            "risk_class": rule.risk_class.value,
            "risk_score": rule.risk_score,
            "obligations": [unstructure(obligation) for obligation in rule.obligations],
            "constraints": [unstructure(constraint) for constraint in rule.constraints],
        }
        when: tuple[Clause | Equality, ...] = (*clauses, *equalities)
        tests = [
            *((clause.run, clause.fuel, True) for clause in when),
            *((clause.run, clause.fuel, False) for clause in unless),
        ]
        named = {"rule_id": rule.rule_id, "effect": effect.value, "applies": True, "when": None, "unless": None}
        return cls(rule, effect, when, tuple(unless), told, named, tuple(tests))

    def applies(self, env: Environment) -> bool | None:
        """
        Tell whether the rule applies; None where that cannot be worked out.
        """
        is_certain = True
        for run, fuel, wanted in self.tests:
            env.fuel = fuel
            try:
                value = run(env)
            except EvaluationError as error:
                if error.failure == Failure.SEALED_VALUE:
                    raise  # (6)
                is_certain = False
                continue
            if value is not wanted:
                if value is (not wanted):
                    return False  # (3)
                refuse_sealed(value)
                is_certain = False  # Neither true nor false: no condition.
        return True if is_certain else None

    def count_missed(self, env: Environment, most: int) -> int:
        """
        Count the clauses in the way of the rule, up to `most`.
        """
        missed = 0
        for run, fuel, wanted in self.tests:
            if missed == most:
                break
            env.fuel = fuel
            try:
                missed += run(env) is not wanted
            except EvaluationError:
                missed += 1
        return missed

    def report(self, env: Environment, *, applies: bool | None, wanted: bool | None) -> dict[str, JsonValue]:
        """
        Say how the rule stands: its clauses, and what would have changed them.
        """
        unwanted = None if wanted is None else not wanted
        return {
            **self.named,
            "applies": applies,
            "when": [clause.report(env, wanted=wanted) for clause in self.when],
            "unless": [clause.report(env, wanted=unwanted) for clause in self.unless],
        }


@lru_cache(maxsize=256)
def _compile(pack: PolicyPack) -> tuple[tuple[_Compiled, ...], tuple[_Compiled, ...], int]:
    """
    Compile a pack: its rules in the order they are weighed, those that allow, and the slots their macros need.
    """
    ordered = sorted(pack.rules, key=lambda rule: (rule.priority, rule.rule_id))
    trees = [one.expression.tree for rule in pack.rules for one in (*rule.when, *rule.unless)]
    macros = [node.slot for tree in trees for node in walk(tree) if isinstance(node, Macro)]
    rules = tuple(map(_Compiled.of, ordered))
    return rules, tuple(filter(_allows, rules)), max(macros, default=-1) + 1


def evaluate(pack: PolicyPack, given: Mapping[str, JsonValue]) -> Verdict:
    """
    Weigh an input by a pack.

    Args:
        pack: the rules.
        given: a plain JSON object; its members are the variables of the rules. It is not changed.

    Raises:
        PolicyError: what was given is no pack.
        EncodingError: the input is no JSON object.
        EvaluationError: a rule looks at a sealed value.
    """
    if type(pack) is not PolicyPack:
        raise PolicyError(f"policy is {shown(pack)}", remedy="give a PolicyPack")
    if type(given) is not dict:
        raise EncodingError(f"input is {shown(given)}", remedy="expected a JSON object, a plain dict")
    input_digest = digest_of_bytes(canonical(given))
    rules, allowing, slots = _compile(pack)
    env = Environment(given, [None] * slots)
    applied: dict[Effect, list[_Compiled]] = {}
    failed: list[_Compiled] = []
    for rule in rules:
        applies = rule.applies(env)
        if applies:
            applied.setdefault(rule.effect, []).append(rule)
        elif applies is None and rule.rule.restricts:
            failed.append(rule)
    fired = [rule for effect in _EFFECTS for rule in applied.get(effect, ())]
    record = {
        "schema": "verdict/v1",
        "policy_id": pack.policy_id,
        "policy_version": pack.version,
        "policy_digest": pack.digest,
        "input_digest": input_digest,
        **_decide(fired, failed),
        "applied": [
            # Nobody asks how to escape an allowance.
            *(rule.report(env, applies=True, wanted=None if _allows(rule) else False) for rule in fired[:_TOLD]),
            *(rule.named for rule in fired[_TOLD:]),
        ],
        "failed": [
            *(rule.report(env, applies=None, wanted=_allows(rule)) for rule in failed[:_TOLD]),
            *({**rule.named, "applies": None} for rule in failed[_TOLD:]),
        ],
        "closest": [] if fired or failed else _report_closest(allowing, env),
    }
    return Verdict(_bounded(record))


def _decide(fired: list[_Compiled], failed: list[_Compiled]) -> dict[str, JsonValue]:
    """
    Give the decision and what stands behind it.

    Args:
        fired: the rules that apply, the deciding one first.
        failed: those that cannot be evaluated and might have made the verdict stricter.
    """
    if fired and (not failed or fired[0].effect is Effect.DENY):
        first = fired[0]
        decision = first.effect.decision
        binding = [rule for rule in fired if decision is not Decision.DENY or rule.effect is Effect.DENY]
        handed_on = {name: _join([told for rule in binding if (told := rule.told[name])]) for name in _HANDED_ON}  # (5)
        return {"decision": decision.value, **first.told, **handed_on}
    if failed:  # (2)
        told, reason = failed[0].told, NOT_EVALUABLE
    else:  # (1)
        told, reason = {"rule_id": None, "effect": Effect.DENY.value}, NO_MATCH
    risk: dict[str, JsonValue] = {"tier": None, "risk_class": None, "risk_score": None}
    nothing: dict[str, JsonValue] = {name: [] for name in _HANDED_ON}
    return {"decision": Decision.DENY.value, **told, "reason_code": reason, **risk, **nothing}


def _join(lists: list[list[JsonValue]]) -> list[JsonValue]:
    # What two rules say alike is said once; Python's equality would take 1 for True.
    found = {encode_checked(one): one for members in lists for one in members}
    return list(found.values())


def _allows(rule: _Compiled) -> bool:
    return rule.effect.decision is Decision.ALLOW


def _report_closest(allowing: tuple[_Compiled, ...], env: Environment) -> list[dict[str, JsonValue]]:
    # What came closest is what a refused requester asks for (4).
    closest: list[tuple[int, _Compiled]] = []
    for rule in allowing:
        most = closest[-1][0] if len(closest) == _CLOSEST else len(rule.tests)
        missed = rule.count_missed(env, most)
        if missed < most or len(closest) < _CLOSEST:
            insort(closest, (missed, rule), key=itemgetter(0))
            del closest[_CLOSEST:]
    return [rule.report(env, applies=rule.applies(env), wanted=True) for _, rule in closest]


def _bounded(record: dict[str, Any]) -> JsonObject:
    """
    Freeze a record; one that would be too large for a payload is told without clauses (4).
    """
    # All its parts were checked: those of the pack when it was read, those of the input just now.
    raw = encode_checked(record)
    if len(raw) > MAX_PAYLOAD_BYTES:
        for member in ("applied", "failed", "closest"):
            record[member] = [{**report, "when": None, "unless": None} for report in record[member]]
        raw = encode_checked(record)
    return JsonObject.from_canonical(raw)
