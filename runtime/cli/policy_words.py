"""Policy packs and verdicts in words: what `mission policy` shows, for whoever else has a verdict to show."""

import re
from collections import Counter
from typing import Any, Final

from runtime.encoding.display import shown_at, shown_json, visible
from runtime.errors import Fault
from runtime.policy.pack import PolicyPack
from runtime.policy.rules import Effect
from runtime.policy.trial import Trial
from runtime.values.verdicts import Decision

__all__ = ["say_clauses", "say_value", "show_lint", "show_trials", "show_verdict"]

_WIDEST: Final = 44
"""Columns of a clause before what is said of it stands on a line of its own."""
_join_lines = re.compile(r"\s*\n\s*").sub
_UNITS: Final = {"text": "character", "list": "element", "object": "member"}


def show_lint(pack: PolicyPack, source: str, warnings: list[Fault]) -> str:
    """
    Say that a pack can be used, what it holds, and what of it is probably not meant.
    """
    counts = Counter(rule.effect for rule in pack.rules)
    effects = ", ".join(f"{counts[effect]} {effect.value}" for effect in Effect if counts[effect])
    lines = [
        f"ok: policy {visible(pack.policy_id)} {visible(pack.version)} in {visible(source)}",
        f"  rules   {len(pack.rules)}: {effects}",
        f"  cases   {len(pack.cases)}",
        f"  digest  {pack.digest}",
    ]
    if warnings:
        lines += ["warnings", *(f"  - {visible(str(warning))}" for warning in warnings)]
    return "\n".join(lines)


def show_trials(pack: PolicyPack, trials: tuple[Trial, ...], untried: tuple[str, ...]) -> str:
    """
    Show the cases of a pack as a table; of a case that fails also what was expected, and why it came out otherwise.
    """
    passed = sum(not trial.differences for trial in trials)
    lines = [f"policy {visible(pack.policy_id)} {visible(pack.version)}: {passed} of {len(trials)} cases pass"]
    width = max(len(visible(trial.case.name)) for trial in trials)
    for trial in trials:
        name, verdict = visible(trial.case.name), trial.verdict
        mark = "FAIL" if trial.differences else "pass"
        lines.append(f"  {mark}  {name:<{width}}  {verdict.decision.value:<5}  {visible(verdict.reason_code)}")
        lines += [
            f"        expected {difference.member} {_say_names(difference.expected)}, got {_say_names(difference.got)}"
            for difference in trial.differences
        ]
        if trial.differences:
            lines += [f"        {line}" for line in show_verdict(verdict.to_dict()).splitlines()]
    if untried:
        lines.append(f"no case makes these rules apply: {visible(', '.join(untried))}")
    return "\n".join(lines)


def _say_names(value: str | tuple[str, ...]) -> str:
    return visible(value if isinstance(value, str) else ", ".join(value) or "none")


def show_verdict(record: dict[str, Any]) -> str:
    """
    Put a verdict in words: the decision, what decided, and each clause with what it saw and what would change it.

    Args:
        record: the plain record `verdict/v1`.
    """
    lines = [visible(_say_decision(record)), f"  reason  {visible(record['reason_code'])}"]
    if record["risk_class"] is not None:
        tier = f"tier {visible(record['tier'])}, " if record["tier"] is not None else ""
        lines.append(f"  weight  {tier}risk {record['risk_class']} ({shown_json(record['risk_score'])})")
    lines += _say_handed_on("must also", record["obligations"], "obligation_id", "description")
    lines += _say_handed_on("within", record["constraints"], "constraint_id", "value")
    for title, member in (
        ("rules that apply", "applied"),
        ("rules that cannot be evaluated", "failed"),
        ("rules that come closest to allowing it", "closest"),
    ):
        if record[member]:
            lines.append(title)
        for report in record[member]:
            lines += [f"  {visible(report['rule_id'])} ({report['effect']})", *say_clauses(report)]
    return "\n".join([*lines, f"policy  {record['policy_digest']}", f"input   {record['input_digest']}"])


def _say_decision(record: dict[str, Any]) -> str:
    policy = f"policy {record['policy_id']} {record['policy_version']}"
    if record["rule_id"] is None:
        return f"{record['decision']}: no rule of {policy} applies"
    decided = any(report["rule_id"] == record["rule_id"] for report in record["applied"])
    if decided:
        return f"{record['decision']}: by rule {record['rule_id']} of {policy}"
    return f"{record['decision']}: rule {record['rule_id']} of {policy} might apply, and cannot be evaluated"


def _say_handed_on(title: str, parts: list[dict[str, Any]], key: str, said: str) -> list[str]:
    if not parts:
        return []
    lines = [title]
    for part in parts:
        value = part[said] if said == "description" else shown_json(part[said])
        lines.append(visible(f"  {part[key]} ({part['kind']}){f': {value}' if value else ''}"))
    return lines


def say_clauses(report: dict[str, Any]) -> list[str]:
    """
    Say of each clause of a rule how it stands, what it saw and what would change it.
    """
    if report["when"] is None:
        return ["    its clauses are not told"]
    wanted = Effect(report["effect"]).decision is Decision.ALLOW
    clauses = [("when", clause, wanted) for clause in report["when"]]
    clauses += [("unless", clause, not wanted) for clause in report["unless"]]
    texts = [visible(_join_lines(" ", clause["text"])) for _, clause, _ in clauses]
    width = max((len(text) for text in texts if len(text) <= _WIDEST), default=0)
    lines = []
    for (word, clause, turned), text in zip(clauses, texts, strict=True):
        said = visible(_say_clause(clause, wanted=turned))
        head = f"    {word:<6}  {text:<{width}}"
        lines += [f"{head}  {said}"] if len(text) <= _WIDEST else [head, f"            {said}"]
    return lines


def _say_clause(clause: dict[str, Any], *, wanted: bool) -> str:
    held = {True: "holds", False: "does not hold", None: f"cannot be told ({clause['failure']})"}[clause["held"]]
    saw = [f"{path} is {say_value(shown_at(path, value))}" for path, value in clause["saw"].items()]
    saw += [f"{path} is not there" for path in clause["absent"]]
    near = clause["nearest"]
    if near is not None:
        size = "a size of " if near["of"] == "size" else ""
        nearest = near["value"] if size else shown_at(near["path"], near["value"])
        saw.append(f"would {'' if wanted else 'not '}hold with {near['path']} at {size}{shown_json(nearest)}")
    return f"{held}: {'; '.join(saw)}" if saw else held


def say_value(value: Any) -> str:  # noqa: ANN401 - JSON.
    """
    Say a value as a report holds it: a scalar as JSON, a container or a long text by its size.
    """
    if type(value) is not dict:
        return shown_json(value)
    kind, size = value["type"], value["size"]
    return f"{'an' if kind == 'object' else 'a'} {kind} of {size} {_UNITS[kind]}{'' if size == 1 else 's'}"
