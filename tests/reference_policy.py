"""A second opinion on policies: packs drawn as plain data, and what must be decided on them, by other code.

A condition is a tuple: `("cmp", path, operator, literal)`, `("size", path, operator, number)`, `("in", path, literals)`,
`("has", path)`, `("truth", path)`, `("not", x)`, `("and", [x, …])`, `("or", [x, …])`. `spell` writes it as an expression, `judge` works it out: true, false,
or None where it has no value.
"""

import json
from random import Random
from typing import Any

import rfc8785
from hypothesis import strategies as st

Condition = tuple[Any, ...]

EFFECTS = ("deny", "flag", "allow_with_obligations", "allow")


def spell(condition: Condition) -> str:  # noqa: PLR0911 - one for each form.
    """
    Write a condition as an expression.
    """
    match condition:
        case ("cmp", path, operator, literal):
            return f"{'.'.join(path)} {operator} {json.dumps(literal)}"
        case ("size", path, operator, number):
            return f"size({'.'.join(path)}) {operator} {number}"
        case ("in", path, literals):
            return f"{'.'.join(path)} in {json.dumps(literals)}"
        case ("has", path):
            return f"has({'.'.join(path)})"
        case ("truth", path):
            return ".".join(path)
        case ("not", below):
            return f"!({spell(below)})"
        case (word, parts):
            return f" {'&&' if word == 'and' else '||'} ".join(f"({spell(part)})" for part in parts)
    raise AssertionError(condition)


class _NoValueError(Exception):
    pass


def _get(path: tuple[str, ...], given: Any) -> Any:
    for name in path:
        if type(given) is not dict or name not in given:
            raise _NoValueError
        given = given[name]
    return given


def _is_same(one: Any, other: Any) -> bool:
    return bool(rfc8785.dumps(one) == rfc8785.dumps(other))


def _compare(one: Any, operator: str, other: Any) -> bool:
    if operator in ("==", "!="):
        return _is_same(one, other) is (operator == "==")
    kinds = [float if type(value) is int else type(value) for value in (one, other)]
    if kinds[0] is not kinds[1] or kinds[0] not in (float, str, bool):
        raise _NoValueError
    return bool({"<": one < other, "<=": one <= other, ">": one > other, ">=": one >= other}[operator])


def judge(condition: Condition, given: Any) -> bool | None:
    """
    Work a condition out; None where it has no value.
    """
    match condition:
        case ("not", below):
            value = judge(below, given)
            return None if value is None else not value
        case (("and" | "or") as word, parts):
            values = [judge(part, given) for part in parts]
            settling = word == "or"
            return settling if settling in values else None if None in values else not settling
    try:
        return _judge_atom(condition, given)
    except _NoValueError:
        return None


def _judge_atom(condition: Condition, given: Any) -> bool | None:
    kind, path = condition[0], condition[1]
    if kind == "has":
        above = _get(path[:-1], given)
        return path[-1] in above if type(above) is dict else None
    value = _get(path, given)
    if kind == "truth":
        return value if type(value) is bool else None
    if kind == "in":
        return any(_is_same(value, literal) for literal in condition[2])
    if kind == "size":
        return _compare(len(value), condition[2], condition[3]) if type(value) in (str, list, dict) else None
    assert kind == "cmp", condition
    return _compare(value, condition[2], condition[3])


def weigh(pack: dict[str, Any], conditions: dict[str, dict[str, list[Condition]]], given: Any) -> dict[str, Any]:
    """
    Say what must be decided: decision, rule, reason code, ids of the rules that apply, what is handed on.

    Args:
        pack: the document.
        conditions: `when` and `unless` of each rule, by its id, as they were drawn.
        given: the input.
    """
    stands: dict[str, bool | None] = {}
    for rule in pack["rules"]:
        own = conditions[rule["rule_id"]]
        met = [judge(one, given) for one in own["when"]]
        for one in own["unless"]:
            value = judge(one, given)
            met.append(None if value is None else not value)
        stands[rule["rule_id"]] = False if False in met else None if None in met else True
    rules = sorted(pack["rules"], key=lambda rule: (rule.get("priority", 100), rule["rule_id"]))
    named = [{**rule, "effect": rule["effect"].replace("approval_required", "flag")} for rule in rules]
    fired = [rule for effect in EFFECTS for rule in named if rule["effect"] == effect and stands[rule["rule_id"]]]
    strict = [rule for rule in named if stands[rule["rule_id"]] is None and _restricts(rule)]
    applied = [rule["rule_id"] for rule in fired]
    if fired and (fired[0]["effect"] == "deny" or not strict):
        first = fired[0]
        decision = "allow" if first["effect"].startswith("allow") else first["effect"]
        binding = [rule for rule in fired if decision != "deny" or rule["effect"] == "deny"]
        due = list(dict.fromkeys(one["obligation_id"] for rule in binding for one in rule.get("obligations", [])))
        original = next(rule for rule in pack["rules"] if rule["rule_id"] == first["rule_id"])
        reason = first.get("reason_code", original["effect"])
        return {"decision": decision, "rule_id": first["rule_id"], "reason": reason, "applied": applied, "due": due}
    if strict:
        named_rule, reason = strict[0]["rule_id"], "policy_rule_not_evaluable"
    else:
        named_rule, reason = None, "no_matching_policy_rule"
    return {"decision": "deny", "rule_id": named_rule, "reason": reason, "applied": applied, "due": []}


def _restricts(rule: dict[str, Any]) -> bool:
    return rule["effect"] != "allow" or bool(rule.get("obligations") or rule.get("constraints"))


def weigh_old(pack: dict[str, Any], given: Any) -> tuple[str, str | None, str]:
    """
    Weigh an input by a pack of the v0.1 form, as its engine does: decision, rule, reason code.
    """

    def stands_at(path: str) -> Any:
        value = given
        for name in path.split("."):
            value = value.get(name) if type(value) is dict else None
        return value

    matching = [
        rule
        for rule in sorted(pack["rules"], key=lambda rule: (rule.get("priority", 100), rule["rule_id"]))
        if all(_is_same(stands_at(path), expected) for path, expected in rule["conditions"].items())
    ]
    for effect in ("deny", "approval_required", "allow_with_obligations", "allow"):
        for rule in matching:
            if rule["effect"] == effect:
                decision = {"deny": "deny", "approval_required": "flag"}.get(effect, "allow")
                return decision, rule["rule_id"], rule.get("reason_code", effect)
    return "deny", None, "no_matching_policy_rule"


# What is drawn: few names and few values, so that conditions sometimes hold, sometimes not, sometimes have no value. A
# pack is drawn from a seed, because drawing its many parts one by one takes longer than the tests.

NAMES = ("a", "b", "c")
_SCALARS = (None, True, False, 0, 1, 2, -1, 0.5, 1.5, "", "x", "y")
_PATHS = (*[("a",), ("b",), ("c",)] * 3, ("a", "b"), ("b", "a"), ("a", "b", "c"))
_ORDERS = ("<", "<=", ">", ">=")

Pack = tuple[dict[str, Any], dict[str, dict[str, list[Condition]]]]


def draw_value(rng: Random, depth: int = 2) -> Any:
    """
    Draw a JSON value.
    """
    form = rng.randrange(5) if depth else 0
    if form == 3:
        return [draw_value(rng, depth - 1) for _ in range(rng.randrange(4))]
    if form == 4:
        return {name: draw_value(rng, depth - 1) for name in NAMES if rng.random() < 0.6}
    return rng.choice(_SCALARS)


def draw_input(rng: Random) -> dict[str, Any]:
    """
    Draw an object to weigh.
    """
    if rng.random() < 0.6:
        return {name: rng.choice([0, 1, 2, -1, 0.5, 1.5]) for name in NAMES}
    given = {name: draw_value(rng) for name in NAMES if rng.random() < 0.8}
    if rng.random() < 0.3:
        given["a"] = {"b": rng.choice([*_SCALARS, {"c": rng.choice(_SCALARS)}])}
    return given


def _draw_condition(rng: Random, depth: int = 2, *, with_has: bool = True) -> Condition:
    form = rng.randrange(11 if depth else 8)
    path = rng.choice(_PATHS)
    if form < 4:
        return ("cmp", path, rng.choice(_ORDERS), rng.choice([0, 1, 2, -1, 0.5]))
    if form < 5:
        return ("cmp", path, rng.choice(["==", "==", "!=", *_ORDERS]), rng.choice(_SCALARS))
    if form == 5:
        return ("in", path, rng.sample(_SCALARS, rng.randrange(4)))
    if form == 6:
        return (rng.choice(["has", "truth"]) if with_has else "truth", path)
    if form == 7:
        return ("size", path, rng.choice(["==", "!=", *_ORDERS]), rng.randrange(4))
    below = [_draw_condition(rng, depth - 1, with_has=with_has) for _ in range(rng.choice([2, 2, 3]))]
    return ("not", below[0]) if form == 8 else (rng.choice(["and", "or"]), below)


def draw_pack(rng: Random, *, with_has: bool = True) -> Pack:
    """
    Draw a pack that is valid, and its conditions by rule.
    """
    rules: list[dict[str, Any]] = []
    drawn: dict[str, dict[str, list[Condition]]] = {}
    decided: dict[Any, str] = {}
    for index in range(rng.choice([1, 1, 2, 3, 6])):
        own = {
            "when": [_draw_condition(rng, with_has=with_has) for _ in range(rng.choice([1, 1, 2]))],
            "unless": [_draw_condition(rng, with_has=with_has) for _ in range(rng.choice([0, 0, 1]))],
        }
        effect = rng.choice([*EFFECTS, "allow", "allow", "approval_required"])
        rule: dict[str, Any] = {"rule_id": f"r{index}", "effect": effect}
        rule |= {name: list(map(spell, conditions)) for name, conditions in own.items()}
        rule |= rng.choice([{}, {}, {"priority": 1}, {"reason_code": "because"}])
        if effect != "allow" or rng.random() < 0.2:
            rule["obligations"] = [{"obligation_id": name, "kind": "k"} for name in "mn" if rng.random() < 0.4]
        # Two decisions on one condition are no pack.
        decision = "allow" if effect.startswith("allow") else "deny" if effect == "deny" else "flag"
        if decided.setdefault((frozenset(rule["when"]), frozenset(rule["unless"])), decision) == decision:
            rules.append(rule)
            drawn[rule["rule_id"]] = own
    return {"schema": "policy-pack/v1", "policy_id": "drawn", "version": "1", "rules": rules}, drawn


def draw_old_pack(rng: Random) -> dict[str, Any]:
    """
    Draw a pack of the v0.1 form that is valid.
    """
    rules: list[dict[str, Any]] = []
    decided: dict[bytes, str] = {}
    for index in range(rng.randint(1, 6)):
        names = rng.sample(["a", "b", "c", "a.b", "b.a", "a.b.c", "a.0"], rng.choice([1, 1, 2]))
        wanted = {name: rng.choice(_SCALARS) for name in names}
        effect = rng.choice(["allow", "allow_with_obligations", "approval_required", "deny"])
        rule: dict[str, Any] = {"rule_id": f"r{index}", "effect": effect, "conditions": wanted}
        rule |= rng.choice([{}, {"priority": 1}, {"reason_code": "because"}])
        decision = "allow" if effect.startswith("allow") else effect
        if decided.setdefault(rfc8785.dumps(wanted), decision) == decision:
            rules.append(rule)
    return {"policy_id": "old", "version": "1", "rules": rules, **rng.choice([{}, {"schema_version": "v0.1"}])}


_seeds = st.integers(0, 2**32 - 1).map(Random)
packs = _seeds.map(draw_pack)
"""Valid packs with their conditions by rule."""
packs_without_has = _seeds.map(lambda rng: draw_pack(rng, with_has=False))
"""Such packs in which every condition needs what it reads."""
old_packs = _seeds.map(draw_old_pack)
"""Valid packs of the v0.1 form."""
inputs = _seeds.map(draw_input)
"""Objects to weigh."""
