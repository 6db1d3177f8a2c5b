"""A second engine, naive and obvious: whole copies, the exact encoder, no code of the package. The suite compares both.

It takes plain, valid inputs and gives plain records. Source: DESIGN.md 4, contracts/evidence.md 2, RFC 6901, RFC 7396.
"""

import hashlib
import json
import math
import re
from typing import Any

import rfc8785

_NULLS = dict.fromkeys(("mission", "mission_version", "params_digest", "policies_digest", "proof_digest"))
_ORDER = {type(None): 0, bool: 1, int: 2, float: 2, str: 3, list: 4, dict: 5}


class _FailedError(Exception): ...


def _copy(value: Any) -> Any:  # Through the canonical bytes, so that 2.0 is 2.
    return json.loads(rfc8785.dumps(value))


def _digest(value: Any) -> str:
    return "sha256:" + hashlib.sha256(rfc8785.dumps(value)).hexdigest()


def run(definition: Any, context: Any, answers: Any = (), **header: Any) -> dict[str, Any]:
    """
    Execute a workflow as far as the answers reach; `header` gives mode, mission, mission_version and params_digest.
    """
    header = {**_NULLS, **header, "schema": "run/v1", "engine": "1.0", "metadata_digest": _digest(context["metadata"])}
    header["definition_digest"] = _digest({"schema": "workflow/v1", **definition})
    header["context_digest"] = _digest(context["initial_state"])
    states, entries, steps = [_copy(context["initial_state"])], list[Any](), list[str]()
    status, request, code, used, unused = "completed", None, None, list[Any](), _copy(list(answers))
    head = run_digest = _digest(header)
    for number, step in enumerate(definition["steps"], 1):
        payload, before, after = _copy(step["payload"]), states[-1], states[-1]
        operation = "human" if step["kind"] == "human" else payload.get("operation", "noop")
        asked, answer, how = None, None, "completed"
        try:
            if payload.get("when") == "flagged":
                how = "skipped"
            elif operation in ("human", "action"):
                asked = {"schema": "request/v1", "run_digest": run_digest, "lineage_head": head, "sequence": number}
                ask = _ask(operation, payload)
                asked |= {"step_id": step["id"], "input_digest": _digest(before), "ask": ask}
                answer = _take(unused, used, step["id"], _digest(asked))
                if answer is None:
                    status, request = f"waiting_{ask['kind']}", asked
                    break
                after = _checked(_enter(payload, answer, _copy(before)))
            else:
                after = _checked(_operate(operation, payload, _copy(before)))
        except _FailedError as failure:
            code = failure.args[0]
            status = how = "denied" if code == "gate_rejected" else "failed"
        entry = {"schema": "lineage/v1", "sequence": number, "step_id": step["id"], "kind": step["kind"], "status": how}
        entry |= {"operation": operation, "error_code": code, "payload_digest": _digest(payload), "previous": head}
        entry |= {"input_digest": _digest(before), "output_digest": _digest(after), "verdict_digest": None}
        entry |= {"request_digest": asked and _digest(asked), "answer_digest": answer and _digest(answer)}
        states, entries = [*states, after], [*entries, entry]
        head, steps = _digest(entry), steps + [step["id"]] * (how != "skipped")
        if code:
            break
    receipt = {"schema": "receipt/v1", "id": definition["id"], "header": header, "header_digest": run_digest}
    receipt |= {"status": status, "error_code": code, "failed_step_id": steps[-1] if code else None, "steps": steps}
    receipt |= {"lineage_head": head, "lineage_count": len(entries), "final_state_digest": _digest(states[-1])}
    receipt |= {"answers_digest": _digest(used)}
    outcome = {"entries": entries, "states": states, "steps": steps, "used": used, "unused": unused, "request": request}
    return {"status": status, "error_code": code, "receipt": None if request else receipt, **outcome}


def _ask(operation: str, payload: Any) -> Any:
    if operation == "action":
        asked = {name: payload[name] for name in ("connector", "action", "mode")}
        return {"kind": "effect", "params": payload.get("params", {}), **asked}
    defaults = {"choices": ["approve", "reject"], "input_schema": None, "approvers": []}
    asked = {name: payload.get(name, value) for name, value in defaults.items()}
    return {"kind": "human", "prompt": payload.get("prompt") or payload.get("description", ""), "quorum": 1, **asked}


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
    decision, outcome = answer["decision"], answer["outcome"]
    if decision and decision["choice"] == "reject" and payload.get("on_reject") != "continue":
        raise _FailedError("gate_rejected")
    if outcome and outcome["status"] == "failed":
        raise _FailedError("effect_failed")
    return _write(state, payload["output"], decision or outcome["output"]) if payload.get("output") else state


def _operate(operation: str, payload: Any, state: Any) -> Any:
    path = payload.get("path")
    if operation in ("noop", "fail"):
        return state if operation == "noop" else _typed(state, code="step_failed")
    if operation in ("set", "append", "merge"):
        value = payload["value"] if "value" in payload else _copy(_read(state, payload["from"]))
    if operation == "append":
        value = [*_typed(_read(state, path, []), list), value]
    elif operation == "merge":
        value = _merge(_read(state, path, None), value)
    elif operation == "increment":
        value = _sum([_read(state, path), payload.get("by", 1)])
    elif operation == "summarize":
        value = _copy(_summarize(payload, state))
    return _write(state, path, ... if operation == "remove" else value) if path else _typed(value, dict)


def _read(value: Any, pointer: str, *default: Any) -> Any:
    for token in pointer.split("/")[1:]:
        key = _key(value, token)
        if key not in (value if type(value) is dict else range(len(value))):
            return default[0] if default else _typed(value, code="path_missing")
        value = value[key]
    return value


def _key(value: Any, token: str) -> Any:
    if type(value) is list and re.fullmatch("0|[1-9][0-9]*", token):
        return int(token)
    return token.replace("~1", "/").replace("~0", "~") if type(value) is dict else _typed(value)


def _write(state: Any, pointer: str, value: Any) -> Any:
    parent, _, last = pointer.rpartition("/")
    above = _read(state, parent)
    if type(above) is not dict or value is ...:
        _read(above, "/" + last)
    above[_key(above, last)] = value
    if value is ...:
        del above[_key(above, last)]
    return state


def _typed(value: Any, *kinds: type, code: str = "wrong_type") -> Any:
    if type(value) not in kinds:
        raise _FailedError(code)
    return value


def _merge(target: Any, patch: Any) -> Any:
    if type(patch) is not dict:
        return patch
    target = target if type(target) is dict else {}
    kept = {name: value for name, value in target.items() if name not in patch}
    return kept | {name: _merge(target.get(name), value) for name, value in patch.items() if value is not None}


def _sum(numbers: list[Any], count: int = 0) -> float:
    add = math.fsum if float in map(type, numbers) else sum
    total = add([_typed(number, int, float) for number in numbers])
    total = total / count if count else total
    return total if abs(total) < 2**53 else _typed(total, code="number_out_of_range")


def _summarize(payload: Any, state: Any) -> Any:
    by, if_empty = payload.get("group_by"), payload.get("missing") == "empty"
    groups: dict[str, Any] = {"": []} if by is None else {}
    for item in _typed(_read(state, payload["from"], *[[]] * if_empty), list):
        name = "" if by is None else _typed(_read(item, by, *[""] * if_empty), str)
        groups.setdefault(name, []).append(item)
    for name, items in groups.items():
        groups[name] = {label: _measure(spec, items, if_empty) for label, spec in payload["measures"].items()}
    return groups[""] if by is None else groups


def _measure(spec: Any, items: list[Any], if_empty: bool) -> Any:  # noqa: FBT001 - private.
    values = [one for one in (_read(item, spec.get("of") or "", *[...] * if_empty) for item in items) if one is not ...]
    if spec["kind"] in ("sum", "avg"):
        return _sum(values, len(values) * (spec["kind"] == "avg")) if values or spec["kind"] == "sum" else None
    if spec["kind"] in ("min", "max"):
        values.sort(key=lambda one: (_ORDER[type(one)], rfc8785.dumps(one) if type(one) in (list, dict) else one or 0))
        return values[-(spec["kind"] == "max")] if values else None
    return len(values) if spec["kind"] == "count" else values


def _checked(state: Any) -> Any:
    if _depth(state) > 64:
        raise _FailedError("state_too_deep")
    return _copy(state) if len(rfc8785.dumps(state)) <= 2**24 else _typed(state, code="state_too_large")


def _depth(value: Any) -> int:
    members = value.values() if type(value) is dict else value if type(value) is list else ()
    return (type(value) in (dict, list)) + max(map(_depth, members), default=0)
