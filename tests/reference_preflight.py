"""A second preflight, made another way: all combinations of all steps first, cut where a run stops, then looked at.

It shares no code with the package: steps are plain dicts, an event is a tuple of texts, and a rule is one comparison of
positions. Slow, and short enough to be believed.
"""

from itertools import product
from typing import Any

STOPS = {"failed", "unplaced", "denied", "expired", "unknown"}
Event = tuple[str, str, str]
"""Step id, outcome, and `human:CHOICE`, `verdict:DECISION` or nothing."""


def endings_of(step: dict[str, Any], effects: dict[str, set[str]]) -> list[tuple[str, str]]:
    """
    List what one step can do: outcome, and the choice or verdict it gives.
    """
    payload, operation = step["payload"], step["payload"].get("operation", "noop")
    if step["kind"] == "human":
        found = []
        for choice in payload.get("choices", ["approve", "reject"]):
            if choice == "reject" and payload.get("on_reject", "deny") == "deny":
                found.append(("denied", f"human:{choice}"))
            else:
                found += [(outcome, f"human:{choice}") for outcome in _placed(payload.get("output"))]
        found += [("expired", "")] if payload.get("expires_after_ms") else []
        return found + ([("failed", "")] if payload.get("show") or "not_by" in payload else [])
    if operation == "decide":
        said = effects[payload["policy"]]
        found = [
            (how, f"verdict:{one}") for one in ("allow", "flag") if one in said for how in _placed(payload["path"])
        ]
        return [*found, ("denied", "verdict:deny"), ("failed", "")]
    if operation == "action":
        return [(how, "") for how in (*_placed(payload.get("output")), "failed", "unknown")]
    return [(how, "") for how in {"noop": ["completed"], "fail": ["failed"]}.get(operation, ["completed", "failed"])]


def _placed(output: str | None) -> list[str]:
    return ["completed", "unplaced"] if output is not None and output.count("/") > 1 else ["completed"]


def all_paths(definition: dict[str, Any], effects: dict[str, set[str]]) -> set[tuple[Event, ...]]:
    """
    List the paths of a workflow.
    """
    steps = definition["steps"]
    found = set()
    for combination in product(*[endings_of(step, effects) for step in steps]):
        path: list[Event] = []
        is_flagged = False
        for step, (outcome, given) in zip(steps, combination, strict=True):
            if step["payload"].get("when") == "flagged" and not is_flagged:
                path.append((step["id"], "skipped", ""))
                continue
            path.append((step["id"], outcome, given))
            is_flagged = is_flagged or given == "verdict:flag"
            if outcome in STOPS:
                break
        found.add(tuple(path))
    return found


def breaks(rule: dict[str, Any], path: tuple[Event, ...], capabilities: dict[str, list[str]]) -> bool:
    """
    Tell whether a path breaks a rule.
    """

    def named(event: Event, words: list[str]) -> bool:
        able = [one for one in capabilities[event[0]] if not one.startswith("human:")]
        return event[1] != "skipped" and bool({event[0], event[2], *able} & set(words))

    def done(event: Event, words: list[str]) -> bool:
        return named(event, words) and (event[1] in ("completed", "unplaced") or event[2] != "")

    def places(test: Any, words: list[str]) -> list[int]:
        return [index for index, event in enumerate(path) if test(event, words)]

    if rule["kind"] == "requires":
        before, after = places(done, rule["before"]), places(named, rule["after"])
        return bool(after) and (not before or before[0] >= after[0])
    if rule["kind"] == "never":
        what, after = places(named, rule["what"]), places(named, rule["after"])
        return bool(what) and (not rule["after"] or (bool(after) and after[0] < what[-1]))
    if rule["kind"] == "at_most":
        most: int = rule["count"]
        return len(places(named, rule["what"])) > most
    what, by = places(done, rule["what"]), places(named, rule["by"])
    return path[-1][1] != "unknown" and bool(what) and (not by or by[-1] <= what[-1])
