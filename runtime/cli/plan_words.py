"""Plans in words: what will happen, what a person will be asked, what can be touched. For readers new to the project."""

from collections.abc import Iterator
from typing import Any, Final

from runtime.cli.terms_words import say_terms
from runtime.encoding.display import shown_at, shown_json, visible
from runtime.orchestration.deciding import read_policies
from runtime.orchestration.planner import Plan
from runtime.orchestration.preflight import RULES_SCHEMA, read_rules
from runtime.policy.pack import PolicyPack
from runtime.values.verdicts import Decision

__all__ = ["explain_plan", "show_plan"]

_MARGIN: Final = "     "
_ENDINGS: Final = {
    Decision.DENY: "the run ends here, denied",
    Decision.FLAG: "the steps marked `flagged` run as well",
    Decision.ALLOW: "the run goes on",
}


def show_plan(plan: Plan) -> str:
    """
    Show a plan in a few lines.
    """
    lines = [_say_head(plan)]
    steps = plan.steps
    width = max(len(visible(step["id"])) for step in steps)
    for number, step in enumerate(steps, 1):
        flagged = "  only if flagged" if step["when"] == "flagged" else ""
        name = visible(step["id"])
        lines.append(f"  {number}  {name:<{width}}  {visible(step['operation'])}{flagged}")
    lines += [f"people  {len(plan.asks)} asked at most", f"outside {_say_outside(plan)}"]
    lines += [f"proof   {len(_proven(plan)['rules'])} rules hold on each of {_proven(plan)['path_count']} paths"]
    return "\n".join([*lines, f"plan    {plan.digest}", "nothing was run; --explain says more"])


def explain_plan(plan: Plan) -> str:
    """
    Explain a plan step by step.
    """
    lines = [_say_head(plan), "", "what will happen"]
    packs = read_policies(plan.inputs.policies)
    asks = {ask["step_id"]: ask for ask in plan.asks}
    for number, step in enumerate(plan.steps, 1):
        flagged = "only if a policy flags the run: " if step["when"] == "flagged" else ""
        what = step["description"] or ("ask a person" if step["id"] in asks else step["operation"])
        lines.append(f"  {number}  {visible(step['id'])}: {flagged}{visible(what)}")
        lines += [f"{_MARGIN}{line}" for line in _list_touches(step["capabilities"])]
        for capability in step["capabilities"]:
            kind, _, name = capability.partition(":")
            if kind == "policy":
                lines += [f"{_MARGIN}{line}" for line in _say_rules(packs[name])]
    lines += ["", "what a person will be asked", *(_say_asks(plan) or ["  nothing"])]
    lines += ["", "what can be touched outside", *(_say_effects(plan) or ["  nothing"])]
    lines += [
        "",
        f"what holds on each of {_proven(plan)['path_count']} paths",
        *(_say_proof(plan) or ["  no rule is stated"]),
    ]
    return "\n".join([*lines, "", f"plan {plan.digest}", "nothing was run"])


def _list_touches(capabilities: list[str]) -> Iterator[str]:
    """
    Say which parts of the state a step reads and writes; a path below another one that is read goes without saying.
    """
    for kind in ("reads", "writes"):
        paths = [text.partition(":")[2] for text in capabilities if text.startswith(f"{kind}:")]
        told = [path for path in paths if not any(path.startswith(f"{other}/") for other in paths)]
        told = ["/"] if "/" in paths else told
        if told:
            yield f"{kind:<6} {visible(', '.join('the whole state' if path == '/' else path for path in told))}"


def _say_rules(pack: PolicyPack) -> Iterator[str]:
    """
    Say what a policy makes of its input: its rules in the order they count.
    """
    yield f"policy {visible(pack.policy_id)} {visible(pack.version)}:"
    for decision in (Decision.DENY, Decision.FLAG, Decision.ALLOW):
        rules = [rule for rule in pack.rules if rule.effect.decision is decision]
        for rule in sorted(rules, key=lambda rule: (rule.priority, rule.rule_id)):
            when = [one.thaw() for one in rule.when]
            when += [f"{path} == {shown_json(shown_at(path, value))}" for path, value in rule.conditions.thaw().items()]
            unless = f" unless {_joined([one.thaw() for one in rule.unless], ' or ')}" if rule.unless else ""
            yield f"  {decision.value:<5} when {visible(_joined(when, ' and '))}{visible(unless)}"
        if rules:
            yield f"        → {_ENDINGS[decision]}"
    yield "  deny  when no rule applies, or one that does more than allow cannot be evaluated"


def _joined(conditions: list[str], word: str) -> str:
    # In brackets, because a condition may hold a weaker operator than the word between them.
    return word.join(f"({condition})" for condition in conditions) if len(conditions) > 1 else conditions[0]


def _say_head(plan: Plan) -> str:
    inputs = plan.inputs
    return f"{inputs.mission} {inputs.mission_version}, mode {inputs.mode.value}"


def _say_asks(plan: Plan) -> list[str]:
    lines = []
    for ask in plan.asks:
        when = "only if a policy flags the run" if ask["when"] == "flagged" else "always"
        who = " or ".join(ask["approvers"]) or "any named person"
        lines.append(f"  {visible(ask['step_id'])}, {when}: {visible(who)}")
        lines.append(f"{_MARGIN}{visible(ask['prompt']) or '(no question)'}")
        lines += [f"{_MARGIN}{visible(label)}: {visible(text)}" for label, text in ask["show"].items()]
        ending = "ends the run" if ask["on_reject"] == "deny" and "reject" in ask["choices"] else ""
        lines.append(f"{_MARGIN}choices: {visible(', '.join(ask['choices']))}{f' (reject {ending})' if ending else ''}")
        lines += [f"{_MARGIN}{visible(words)}" for words in say_terms(ask)]
        if ask["input_schema"] is not None:
            lines.append(f"{_MARGIN}input:   {shown_json(ask['input_schema'])}")
    return lines


def _say_effects(plan: Plan) -> list[str]:
    lines = []
    for effect in plan.effects:
        verb = "changes things" if effect["mode"] == "mutate" else "reads"
        target = f"{effect['connector']}.{effect['action']} {shown_json(effect['params'])}"
        lines.append(f"  {visible(effect['step_id'])} {verb}: {visible(target)}")
        undo: dict[str, Any] | None = effect["compensate"]
        if undo is not None:
            name = f"{effect['connector']}.{undo['action']} {shown_json(undo['params'])}"
            lines.append(f"{_MARGIN}undone by {visible(name)}")
    return lines


def _proven(plan: Plan) -> dict[str, Any]:
    proof = plan.inputs.proof
    assert proof is not None  # noqa: S101 - narrows the type; a plan is of a mission, and refuses to be without.
    document: dict[str, Any] = proof.thaw()
    return document


def _say_proof(plan: Plan) -> list[str]:
    return [f"  {visible(str(rule))}" for rule in read_rules({"schema": RULES_SCHEMA, "rules": _proven(plan)["rules"]})]


def _say_outside(plan: Plan) -> str:
    modes = [effect["mode"] for effect in plan.effects]
    if not modes:
        return "nothing is touched"
    return f"{modes.count('read')} read, {modes.count('mutate')} changed"
