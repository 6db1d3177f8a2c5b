"""What a step can do, told from its payload, its pack and the connector catalogue."""

from typing import Any

import pytest
from makers import make_action, make_gate, make_step, make_workflow

from runtime.orchestration import StepSpec
from runtime.orchestration.capabilities import list_capabilities
from runtime.orchestration.operations import OPERATIONS
from runtime.orchestration.prepare import prepare
from runtime.policy.pack import PolicyPack

PACK = PolicyPack.from_document(
    {
        "schema": "policy-pack/v1",
        "policy_id": "limits",
        "version": "1.0.0",
        "rules": [
            {"rule_id": "a", "effect": "deny", "when": ["amount > 10"], "unless": ["vip"], "reason_code": "much"},
            {"rule_id": "b", "effect": "allow", "conditions": {"kind.na~me": "x"}, "reason_code": "known"},
        ],
    }
)
MEASURES = {"open": {"kind": "count", "where": "item.n > least"}, "all": {"kind": "sum", "of": "/n"}}


def list_of(step: StepSpec, catalogue: dict[str, Any] | None = None) -> tuple[str, ...]:
    """
    List the capabilities of a step.
    """
    [prepared] = prepare(make_workflow(step))
    return list_capabilities(prepared, {"limits": PACK}, catalogue or {})


STEPS: dict[str, tuple[StepSpec, str]] = {
    "noop": (make_step(params={"path": "/a"}), ""),
    "fail": (make_step(operation="fail"), ""),
    "set a value": (make_step(operation="set", path="/a/b", value=1), "writes:/a/b"),
    "set from elsewhere": (make_step(operation="set", path="/a", from_="/b/0"), "reads:/b/0 writes:/a"),
    "set from the whole state": (make_step(operation="set", path="/a", from_=""), "reads:/ writes:/a"),
    "append": (make_step(operation="append", path="/a", value=1), "reads:/a writes:/a"),
    "append from elsewhere": (
        make_step(operation="append", path="/a", from_="/b"),
        "reads:/a reads:/b writes:/a",
    ),
    "remove": (make_step(operation="remove", path="/a"), "reads:/a writes:/a"),
    "increment": (make_step(operation="increment", path="/n"), "reads:/n writes:/n"),
    "merge": (make_step(operation="merge", path="/a", from_="/b"), "reads:/a reads:/b writes:/a"),
    "merge the whole state": (make_step(operation="merge", path="", value={}), "reads:/ writes:/"),
    "compute": (
        make_step(operation="compute", path="/out", expression="has(a.b) ? list[n].x : `c/d`.e"),
        "reads:/a/b reads:/c~1d/e reads:/list reads:/n writes:/out",
    ),
    "check": (
        make_step(operation="check", expression="list.all(x, x.n > least)"),
        "reads:/least reads:/list reads:/list/*/n",
    ),
    "select": (
        make_step(operation="select", from_="/a/b", path="/out", where="item.n > least", order_by=[{"of": "/n"}]),
        "reads:/a/b reads:/a/b/*/n reads:/least writes:/out",
    ),
    "select without a condition": (
        make_step(operation="select", from_="/list", path="/out", distinct_by="/n"),
        "reads:/list writes:/out",
    ),
    "summarize": (
        make_step(operation="summarize", from_="/list", path="/out", measures=MEASURES, group_by="/a"),
        "reads:/least reads:/list reads:/list/*/n writes:/out",
    ),
    "prioritize by an expression": (
        make_step(operation="prioritize", from_="/list", path="/out", score="item.n * factor"),
        "reads:/factor reads:/list reads:/list/*/n writes:/out",
    ),
    "prioritize by weights": (
        make_step(
            operation="prioritize", from_="/list", path="/out", score=[{"kind": "number", "of": "/n", "weight": 1}]
        ),
        "reads:/list writes:/out",
    ),
    "prioritize by dates": (
        make_step(
            operation="prioritize",
            from_="/list",
            path="/out",
            today="/now",
            score=[{"kind": "days_until", "of": "/due", "weight": 1}],
        ),
        "reads:/list reads:/now writes:/out",
    ),
    "decide": (
        make_step(operation="decide", policy="limits", input="/given", path="/verdict"),
        "policy:limits reads:/given reads:/given/amount reads:/given/kind/na~0me reads:/given/vip writes:/verdict",
    ),
    "read outside": (make_action(output="/a"), "effect:files.copy effect:read writes:/a"),
    "change outside": (make_action(mode="mutate"), "effect:files.copy effect:mutate"),
    "ask": (
        make_gate(choices=["go", "reject"], show={"how many": "size(list)"}, output="/a"),
        "human:go human:reject reads:/list writes:/a",
    ),
    "ask all but one": (make_gate(not_by="/by/name"), "human:approve human:reject reads:/by/name"),
    "ask and keep nothing": (make_gate(), "human:approve human:reject"),
}


@pytest.mark.parametrize("name", STEPS)
def test_a_step_can_do_exactly_this(name: str) -> None:
    """
    Each capability is listed once, sorted.
    """
    step, expected = STEPS[name]
    assert list_of(step) == tuple(expected.split())


def test_the_table_holds_every_operation() -> None:
    """
    An operation without a case here would have capabilities nobody looked at.
    """
    tried = {step.payload.thaw().get("operation", "human") for step, _ in STEPS.values()}
    assert tried == {*OPERATIONS, "human"}


@pytest.mark.parametrize(("said", "told"), [("read", "effect:read"), ("mutate", "effect:mutate")])
def test_the_word_of_the_connector_counts_as_well(said: str, told: str) -> None:
    """
    A step that says `read` of an action its connector calls mutating can mutate.
    """
    found = list_of(make_action(mode="read"), {"files": {"actions": {"copy": {"mode": said}}}})
    assert found == ("effect:files.copy", told)


def test_the_word_of_the_step_counts_when_the_connector_says_less() -> None:
    """
    A step that says `mutate` can mutate, whatever the catalogue says.
    """
    found = list_of(make_action(mode="mutate"), {"files": {"actions": {"copy": {"mode": "read"}}}})
    assert "effect:mutate" in found
    assert "effect:read" not in found


def test_equal_steps_have_equal_capabilities_in_one_order() -> None:
    """
    The order is that of the texts, whatever order the payload has.
    """
    found = list_of(make_step(operation="compute", path="/z", expression="b + a + c.d + a"))
    assert list(found) == sorted(set(found)) == ["reads:/a", "reads:/b", "reads:/c/d", "writes:/z"]
