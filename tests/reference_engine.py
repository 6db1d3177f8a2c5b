"""A second engine, naive and obvious: whole copies, the exact encoder, no code of the package. The suite compares both.

Operations are in `reference_operations.py` and `reference_rules.py`; they have expressions, and nothing else, worked out
by the package. It takes plain, valid inputs and gives plain records. Source: DESIGN.md 4, contracts/evidence.md 2, RFC
6901, RFC 7396.
"""

from typing import Any

from reference_operations import FailedError, checked, copy, digest, operate, write
from reference_rules import RULES, apply_rule

_NULLS = dict.fromkeys(("mission", "mission_version", "params_digest", "policies_digest", "proof_digest"))


def run(definition: Any, context: Any, answers: Any = (), **header: Any) -> dict[str, Any]:
    """
    Execute a workflow as far as the answers reach; `header` gives mode, mission, mission_version and params_digest.
    """
    header = {**_NULLS, **header, "schema": "run/v1", "engine": "1.0", "metadata_digest": digest(context["metadata"])}
    header["definition_digest"] = digest({"schema": "workflow/v1", **definition})
    header["context_digest"] = digest(context["initial_state"])
    states, entries, steps = [copy(context["initial_state"])], list[Any](), list[str]()
    status, request, code, used, unused = "completed", None, None, list[Any](), copy(list(answers))
    head = run_digest = digest(header)
    for number, step in enumerate(definition["steps"], 1):
        payload, before, after = copy(step["payload"]), states[-1], states[-1]
        operation = "human" if step["kind"] == "human" else payload.get("operation", "noop")
        asked, answer, how = None, None, "completed"
        try:
            if payload.get("when") == "flagged":
                how = "skipped"
            elif operation in ("human", "action"):
                asked = {"schema": "request/v1", "run_digest": run_digest, "lineage_head": head, "sequence": number}
                ask = _ask(operation, payload)
                asked |= {"step_id": step["id"], "input_digest": digest(before), "ask": ask}
                answer = _take(unused, used, step["id"], digest(asked))
                if answer is None:
                    status, request = f"waiting_{ask['kind']}", asked
                    break
                after = checked(_enter(payload, answer, copy(before)))
            else:
                act = apply_rule if operation in RULES else operate
                after = checked(act(operation, payload, copy(before)))
        except FailedError as failure:
            code = failure.args[0]
            status = how = "denied" if code in ("gate_rejected", "gate_expired") else "failed"
        entry = {"schema": "lineage/v1", "sequence": number, "step_id": step["id"], "kind": step["kind"], "status": how}
        entry |= {"operation": operation, "error_code": code, "payload_digest": digest(payload), "previous": head}
        entry |= {"input_digest": digest(before), "output_digest": digest(after), "verdict_digest": None}
        entry |= {"request_digest": asked and digest(asked), "answer_digest": answer and digest(answer)}
        states, entries = [*states, after], [*entries, entry]
        head, steps = digest(entry), steps + [step["id"]] * (how != "skipped")
        if code:
            break
    receipt = {"schema": "receipt/v1", "id": definition["id"], "header": header, "header_digest": run_digest}
    receipt |= {"status": status, "error_code": code, "failed_step_id": steps[-1] if code else None, "steps": steps}
    receipt |= {"lineage_head": head, "lineage_count": len(entries), "final_state_digest": digest(states[-1])}
    receipt |= {"answers_digest": digest(used)}
    outcome = {"entries": entries, "states": states, "steps": steps, "used": used, "unused": unused, "request": request}
    return {"status": status, "error_code": code, "receipt": None if request else receipt, **outcome}


def _ask(operation: str, payload: Any) -> Any:
    if operation == "action":
        asked = {name: payload[name] for name in ("connector", "action", "mode")}
        return {"kind": "effect", "params": payload.get("params", {}), **asked}
    defaults = {"choices": ["approve", "reject"], "input_schema": None, "approvers": [], "quorum": 1}
    defaults |= {"signed": False, "expires_after_ms": None}
    asked = {name: payload.get(name, value) for name, value in defaults.items()}
    # Nothing is shown: the random workflows ask for no values.
    asked |= {"shown": {}, "not_by": []}
    return {"kind": "human", "prompt": payload.get("prompt") or payload.get("description", ""), **asked}


def _take(unused: list[Any], used: list[Any], step_id: str, request_digest: str) -> Any:
    for answer in [one for one in unused if request_digest == one["request_digest"] or step_id == one["step_id"]]:
        is_unknown = bool(answer["outcome"]) and answer["outcome"]["status"] == "unknown"
        if is_unknown and used and used[-1]["request_digest"] == request_digest:
            continue
        unused.remove(answer)
        used.append({**answer, "request_digest": request_digest, "step_id": None})
        if not is_unknown:
            return used[-1]
    return None


def _enter(payload: Any, answer: Any, state: Any) -> Any:
    outcome = answer["outcome"]
    entering = outcome["output"] if outcome else _decided(payload, answer["decisions"])
    if outcome and outcome["status"] == "failed":
        raise FailedError("effect_failed")
    return write(state, payload["output"], entering) if payload.get("output") else state


def _decided(payload: Any, decisions: Any) -> Any:
    plain = [{name: one[name] for name in ("actor", "choice", "input", "reason")} for one in decisions]
    first = plain[0]
    if first["choice"] == "expired":
        raise FailedError("gate_expired")
    is_one = all(one["choice"] == first["choice"] for one in plain)
    choice = first["choice"] if is_one else "reject"
    if choice == "reject" and payload.get("on_reject") != "continue":
        raise FailedError("gate_rejected")
    if payload.get("quorum", 1) == 1:
        return first
    return {"choice": choice, "input": None if choice == "reject" else first["input"], "decisions": plain}
