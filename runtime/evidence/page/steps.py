"""The steps of a run, drawn from top to bottom: what each did, who decided what, and why a policy said what it said.

What is drawn is what the bundle says. The reasons come from the re-execution, and only where it gave the same entry.
"""

from typing import Any

from runtime.encoding.display import shown_json
from runtime.evidence.checking.outcomes import Material
from runtime.evidence.explain import explain
from runtime.evidence.page.markup import Markup, element
from runtime.values.requests import HumanAsk, Request

__all__ = ["draw_steps"]

_INPUTS = ("header", "definition", "params", "context", "policies", "certificate", "answers")
_CLASSES = {"completed": "done-step", "skipped": "idle-step"}


def draw_steps(material: Material) -> list[Markup]:
    """
    Draw the steps; where the lineage cannot be read, say so.
    """
    entries = material.parts.get("lineage")
    if entries is None:
        return [element("p", "The lineage cannot be read.")]
    explained = _explain(material)
    return [
        element(
            "ol",
            *(_draw(material, index, entry, explained.get(index)) for index, entry in enumerate(entries)),
            class_="steps",
        )
    ]


def _explain(material: Material) -> dict[int, dict[str, Any]]:
    """
    Explain the steps whose entries the re-execution gave again, by their place.
    """
    if any(name not in material.parts for name in _INPUTS) or material.execution.result is None:
        return {}
    result = material.execution.result
    own = [entry.raw for entry in material.parts["lineage"]]
    told = explain(result)
    return {
        index: told[index] for index, raw in enumerate(result.entry_bytes) if index < len(own) and own[index] == raw
    }


def _draw(material: Material, index: int, entry: Any, told: dict[str, Any] | None) -> Markup:  # noqa: ANN401 - a record.
    status = entry["status"] + (f" ({entry['error_code']})" if entry["error_code"] else "")
    operation = "" if entry["operation"] == entry["kind"] else f", {entry['operation']}"
    lines = [
        element("h3", f"{entry['sequence']}. {entry['step_id']}"),
        element("p", f"{entry['kind']} step{operation}: ", element("strong", status)),
    ]
    requests = {request.digest: request for request in material.parts.get("requests", ())}
    answers = {answer.digest: answer for answer in material.parts.get("answers", ())}
    request, answer = requests.get(entry["request_digest"]), answers.get(entry["answer_digest"])
    rows = [] if request is None else _tell_request(request)
    rows += [] if answer is None else _tell_answer(answer.to_dict())
    if told is None:
        lines.append(
            element("p", "No re-execution gave this entry again: this is only what the bundle says.", class_="soft")
        )
    else:
        rows += _tell_reasons(told)
        lines += [element("p", told["description"])] if told["description"] else []
    rows += [("state before", entry["input_digest"]), ("state after", entry["output_digest"]), ("entry", entry.digest)]
    lines.append(
        element(
            "dl", *(part for name, text in rows for part in (element("dt", name), element("dd", element("code", text))))
        )
    )
    return element("li", *lines, class_=_CLASSES.get(entry["status"], "bad-step"), id=f"step-{index + 1}")


def _tell_request(request: Request) -> list[tuple[str, str]]:
    ask = request.ask
    if not isinstance(ask, HumanAsk):
        return [("asked for", f"{ask.mode.value} {ask.connector}.{ask.action} {shown_json(ask.params.thaw(), 1000)}")]
    rows = [("asked", ask.prompt), ("choices", ", ".join(ask.choices))]
    rows += [(f"shown: {label}", shown_json(value, 1000)) for label, value in ask.shown.thaw().items()]
    rows += [("who may decide", ", ".join(ask.approvers))] if ask.approvers else []
    rows += [("who may not", ", ".join(ask.not_by))] if ask.not_by else []
    rows += [("needed", f"{ask.quorum} persons who choose the same")] if ask.quorum > 1 else []
    return rows


def _tell_answer(answer: dict[str, Any]) -> list[tuple[str, str]]:
    rows = []
    for decision in answer["decisions"]:
        signature = decision["signature"]
        signed = f", signed with key {signature['key_id']} (see check 7a)" if signature else ", not signed"
        reason = f": {decision['reason']}" if decision["reason"] else ""
        who = f"{decision['actor']}{signed}" if decision["actor"] else "nobody, in time"
        rows.append(("decided", f"{decision['choice']} by {who}{reason}"))
        rows += [] if decision["input"] is None else [("filled in", shown_json(decision["input"], 1000))]
    outcome = answer["outcome"]
    if outcome is not None:
        code = f" ({outcome['code']})" if outcome["code"] else ""
        rows.append(("outcome", f"{outcome['status']}{code} {shown_json(outcome['output'], 1000)}"))
    return rows


def _tell_reasons(told: dict[str, Any]) -> list[tuple[str, str]]:
    rows = [("why", told["message"])] if told["message"] else []
    verdict = told.get("verdict")
    if verdict is not None:
        rule = f"rule {verdict['rule_id']} of " if verdict["rule_id"] else "no rule of "
        rows.append(
            (
                "verdict",
                f"{verdict['decision']}, by {rule}{verdict['policy_id']} {verdict['policy_version']}: {verdict['reason_code']}",
            )
        )
        for report in (*verdict["applied"], *verdict["failed"], *verdict["closest"]):
            rows += [(f"rule {report['rule_id']}", _say_clause(clause)) for clause in report["when"] or ()]
            rows += [(f"rule {report['rule_id']}, unless", _say_clause(clause)) for clause in report["unless"] or ()]
    rows += [("condition", _say_clause(clause)) for clause in told.get("clauses", ())]
    return rows


def _say_clause(clause: dict[str, Any]) -> str:
    held = {True: "holds", False: "does not hold", None: f"cannot be told ({clause['failure']})"}[clause["held"]]
    saw = "; ".join(f"{path} is {shown_json(value)}" for path, value in clause["saw"].items())
    return f"{clause['text']} {held}{f': {saw}' if saw else ''}"
