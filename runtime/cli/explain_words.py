"""Explanations of a run in words."""

from typing import Any, Final

from runtime.cli.policy_words import say_clauses, say_value, show_verdict
from runtime.cli.terms_words import say_terms
from runtime.encoding.display import shown_at, shown_json, visible
from runtime.orchestration.result import OrchestrationResult

__all__ = ["show_explanation"]

_MARGIN: Final = "     "
_MOST_RANKED: Final = 10


def show_explanation(result: OrchestrationResult, steps: list[dict[str, Any]]) -> str:
    """
    Put an explanation in words, a paragraph a step.
    """
    inputs = result.inputs
    name = f"{inputs.mission} {inputs.mission_version}" if inputs.mission else result.id
    lines = [f"{visible(name)}: {result.status.value}"]
    for step in steps:
        said = f": {visible(step['description'])}" if step["description"] else ""
        code = f" ({step['error_code']})" if step["error_code"] else ""
        lines += ["", f"  {step['sequence']}  {visible(step['step_id'])}{said}"]
        lines += [f"{_MARGIN}{line}" for line in [f"{step['status']}{code}{_say_why(step)}", *_say_details(step)]]
    return "\n".join(lines)


def _say_why(step: dict[str, Any]) -> str:
    if step["status"] == "skipped":
        return ": no verdict flagged the run"
    if step["status"] == "not reached":
        return ": the run had stopped before"
    return f": {visible(step['message'])}" if step["message"] else ""


def _say_details(step: dict[str, Any]) -> list[str]:
    lines = [
        f"read   {visible(path)}: {say_value(shown_at(path, value))}" for path, value in step.get("reads", {}).items()
    ]
    lines += [f"wrote  {visible(path)}: {_say_change(path, change)}" for path, change in step.get("writes", {}).items()]
    if "clauses" in step:
        lines += say_clauses({"effect": "allow", "when": step["clauses"], "unless": []})
    if "verdict" in step:
        lines += show_verdict(step["verdict"]).splitlines()
    for ranked in step.get("ranking", [])[:_MOST_RANKED]:
        lines.append(f"rank {ranked['rank']}, score {shown_json(ranked['score'])}: {shown_json(ranked['item'], 60)}")
        lines += [f"    {visible(_say_reason(reason))}" for reason in ranked["reasons"]]
    hidden = len(step.get("ranking", [])) - _MOST_RANKED
    lines += [f"… and {hidden} more; --json shows them"] if hidden > 0 else []
    outcome = step.get("outcome")
    for decision in step.get("decisions", []):
        reason = f": {decision['reason']}" if decision["reason"] else ""
        signed = ", signed" if decision["signature"] else ""
        lines.append(visible(f"decided by {decision['actor'] or 'nobody'}{signed}: {decision['choice']}{reason}"))
    if outcome:
        lines.append(visible(f"the effect {outcome['status']}{_in_brackets(outcome['code'])}"))
    if step["status"] == "waiting":
        lines += [*_say_asked(step["asked"]["request"]["ask"]), "it goes on when that is answered"]
    return lines


def _say_asked(ask: dict[str, Any]) -> list[str]:
    if ask["kind"] == "effect":
        return [visible(f"asks   for {ask['connector']}.{ask['action']} {shown_json(ask['params'])}")]
    who = " or ".join(ask["approvers"]) or "any named person"
    lines = [f"asks   {who}: {ask['prompt']}", f"       choices: {', '.join(ask['choices'])}"]
    return [visible(line) for line in [*lines, *(f"       {words}" for words in say_terms(ask))]]


def _in_brackets(code: str | None) -> str:
    return f" ({code})" if code else ""


def _say_change(path: str, change: dict[str, Any]) -> str:
    if "after" not in change:
        return "removed"
    after = say_value(shown_at(path, change["after"]))
    if "before" not in change:
        return f"{after} (new)"
    before = say_value(shown_at(path, change["before"]))
    return after if before == after else f"{before} → {after}"


def _say_reason(reason: dict[str, Any]) -> str:
    if reason["kind"] == "expression":
        return "; ".join(f"{path} is {shown_json(shown_at(path, value))}" for path, value in reason["reads"].items())
    value = shown_at(str(reason["of"]), reason["value"])
    return f"{shown_json(reason['points']):>5}  {reason['kind']} {reason['of']} is {shown_json(value)}"
