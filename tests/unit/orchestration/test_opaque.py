"""What operations may do with a seal: carry, replace and remove it."""

from typing import Any

import pytest
from makers import make_gate, make_inputs, make_step

from runtime.orchestration import StepSpec, execute
from runtime.orchestration.deciding import record_policies
from runtime.policy.pack import PolicyPack

SEAL = {"$sealed": "sha256:" + "0" * 64}
STATE: dict[str, Any] = {
    "secret": SEAL,
    "who": {"name": "ada", "iban": SEAL},
    "rows": [{"id": 2, "key": SEAL, "tags": [SEAL]}, {"id": 1, "key": SEAL, "tags": []}],
    "hidden": [SEAL],
    "today": "2026-01-01",
}
PACK = {
    "schema": "policy-pack/v1",
    "policy_id": "p",
    "version": "1",
    "rules": [{"rule_id": "r", "effect": "allow", "reason_code": "x", "when": ["iban == 1"]}],
}

CARRYING: dict[str, tuple[StepSpec, dict[str, Any]]] = {
    "set from": (make_step("s", "set", path="/to", from_="/secret"), {"to": SEAL}),
    "set from below": (make_step("s", "set", path="/to", from_="/who"), {"to": STATE["who"]}),
    "set over it": (make_step("s", "set", path="/secret", value=1), {"secret": 1}),
    "set beside it": (make_step("s", "set", path="/who/age", value=1), {"who": {**STATE["who"], "age": 1}}),
    "remove": (make_step("s", "remove", path="/who/iban"), {"who": {"name": "ada"}}),
    "append it": (make_step("s", "append", path="/hidden", from_="/secret"), {"hidden": [SEAL, SEAL]}),
    "merge beside it": (make_step("s", "merge", path="/who", value={"age": 1}), {"who": {**STATE["who"], "age": 1}}),
    "merge it over another": (
        make_step("s", "merge", path="/who", value={"name": SEAL}),
        {"who": {"name": SEAL, "iban": SEAL}},
    ),
    "merge a scalar over it": (make_step("s", "merge", path="", value={"secret": 1}), {"secret": 1}),
    "merge it as a whole": (make_step("s", "merge", path="/who", from_="/secret"), {"who": SEAL}),
    "compute": (make_step("s", "compute", path="/to", expression="who.iban"), {"to": SEAL}),
    "select": (make_step("s", "select", path="/to", from_="/rows", where="item.id == 1"), {"to": [STATE["rows"][1]]}),
    "list": (
        make_step("s", "summarize", path="/to", from_="/rows", measures={"m": {"kind": "list", "of": "/key"}}),
        {"to": {"m": [SEAL, SEAL]}},
    ),
    "count": (
        make_step("s", "summarize", path="/to", from_="/rows", measures={"m": {"kind": "count", "of": "/key"}}),
        {"to": {"m": 2}},
    ),
    "rank": (
        make_step("s", "prioritize", path="/to", from_="/rows", limit=1, score="has(item.key) ? item.id : 0"),
        {
            "to": [
                {
                    "rank": 1,
                    "score": 2,
                    "item": STATE["rows"][0],
                    "reasons": [{"kind": "expression", "reads": {"/key": SEAL, "/id": 2}}],
                }
            ]
        },
    ),
}

_NUMBER = {"kind": "number", "of": "/key", "weight": 1}
LOOKING: dict[str, tuple[StepSpec, str]] = {
    "set from inside": (make_step("s", "set", path="/to", from_="/secret/x"), "/secret/x"),
    "set from its text": (make_step("s", "set", path="/to", from_="/who/iban/$sealed"), "/who/iban/$sealed"),
    "set inside": (make_step("s", "set", path="/secret/x", value=1), "/secret/x"),
    "set deep inside": (make_step("s", "set", path="/who/iban/x/y", value=1), "/who/iban/x/y"),
    "remove inside": (make_step("s", "remove", path="/secret/$sealed"), "/secret/$sealed"),
    "append to it": (make_step("s", "append", path="/secret", value=1), "/secret"),
    "append inside": (make_step("s", "append", path="/secret/x", value=1), "/secret/x"),
    "increment": (make_step("s", "increment", path="/secret"), "/secret"),
    "merge into it": (make_step("s", "merge", path="/secret", value={"x": 1}), "/secret"),
    "merge into it below": (make_step("s", "merge", path="/who", value={"iban": {"x": 1}}), "/who/iban"),
    "merge into it from the root": (make_step("s", "merge", path="", value={"secret": {"x": 1}}), "/secret"),
    "merge it into the root": (make_step("s", "merge", path="", from_="/secret"), ""),
    "compute": (make_step("s", "compute", path="/to", expression="secret + 1"), "expression"),
    "check": (make_step("s", "check", expression="secret"), "expression"),
    "select from it": (make_step("s", "select", path="/to", from_="/secret"), "/secret"),
    "select by it": (make_step("s", "select", path="/to", from_="/rows", where="item.key"), "/rows/0"),
    "select where": (make_step("s", "select", path="/to", from_="/rows", where="item.key == 1"), "/rows/0"),
    "order by it": (make_step("s", "select", path="/to", from_="/rows", order_by=[{"of": "/key"}]), "/rows/0/key"),
    "order by a list with it": (
        make_step("s", "select", path="/to", from_="/rows", order_by=[{"of": "/tags"}]),
        "/tags/0",
    ),
    "distinct by it": (make_step("s", "select", path="/to", from_="/rows", distinct_by="/key"), "/rows/0/key"),
    "group by it": (
        make_step("s", "summarize", path="/to", from_="/rows", group_by="/key", measures={"m": {"kind": "count"}}),
        "/key",
    ),
    **{
        f"{kind} of it": (
            make_step("s", "summarize", path="/to", from_="/rows", measures={"m": {"kind": kind, "of": "/key"}}),
            "/key",
        )
        for kind in ("sum", "min", "max", "avg")
    },
    "score": (make_step("s", "prioritize", path="/to", from_="/rows", score="item.key"), "/rows/0"),
    "weigh": (make_step("s", "prioritize", path="/to", from_="/rows", score=[_NUMBER]), "/rows/0/key"),
    "weigh by a sealed day": (
        make_step(
            "s",
            "prioritize",
            path="/to",
            from_="/rows",
            today="/secret",
            score=[{**_NUMBER, "kind": "days_until", "of": "/day"}],
        ),
        "",
    ),
    "break ties": (
        make_step("s", "prioritize", path="/to", from_="/rows", score="1", tie_breakers=[{"of": "/key"}]),
        "/rows/0/key",
    ),
    "decide on it": (make_step("s", "decide", path="/to", policy="p", input="/secret"), "/secret"),
    "decide by it": (make_step("s", "decide", path="/to", policy="p", input="/who"), "/who"),
    "show what it holds": (make_gate("s", show={"x": "secret.x"}), "show x"),
    "not by it": (make_gate("s", not_by="/secret"), "/secret"),
    "not by a list with it": (make_gate("s", not_by="/hidden"), "/hidden"),
}


def _run(step: StepSpec) -> Any:
    state = STATE
    if step.payload.get("today") == "/secret":
        state = {**STATE, "rows": [{**row, "day": "2026-01-01"} for row in STATE["rows"]]}
    packs = record_policies([PolicyPack.from_document(PACK, source="pack")])
    return execute(
        make_inputs(step, state=state, policies=packs if step.payload.get("operation") == "decide" else None)
    )


@pytest.mark.parametrize("case", CARRYING)
def test_a_step_carries_a_seal(case: str) -> None:
    """
    What does not depend on what was sealed is done.
    """
    step, changed = CARRYING[case]
    result = _run(step)
    assert (result.status, result.error_message) == ("completed", None)
    assert result.final_state == {**STATE, **changed}


@pytest.mark.parametrize("case", LOOKING)
def test_a_step_that_looks_at_a_seal_fails(case: str) -> None:
    """
    With `sealed_value` and the place, whatever else would be wrong; the state stays as it was.
    """
    step, place = LOOKING[case]
    result = _run(step)
    assert (result.status, result.error_code) == ("failed", "sealed_value")
    assert place in (result.error_message or "")
    assert "sealed" in (result.error_message or "")
    assert result.states[-1] == result.states[0]


def test_a_person_is_shown_that_a_value_is_sealed() -> None:
    """
    What they decide on holds the seal, so the request is bound to it.
    """
    result = execute(make_inputs(make_gate("s", show={"who": "who", "key": "secret"}), state=STATE))
    assert result.pending is not None
    ask: Any = result.pending.request.ask
    assert ask.shown.thaw() == {"who": STATE["who"], "key": SEAL}


def test_a_name_that_only_ends_like_a_seal_is_no_seal() -> None:
    """
    The quick look into the bytes may be wrong; the walk behind it is not.
    """
    rows = [{"key": {'x"$sealed': 2}}, {"key": {'x"$sealed': 1}}]
    step = make_step("s", "select", path="/to", from_="/rows", order_by=[{"of": "/key"}], distinct_by="/key")
    assert execute(make_inputs(step, state={"rows": rows})).final_state["to"] == rows[::-1]
