"""Rules and packs built in Python: what their constructors refuse, copy and compare."""

from collections.abc import Callable
from typing import Any

import attrs
import pytest
from makers import nested

from runtime.encoding.frozen import JsonArray, JsonObject
from runtime.errors import DefinitionError, MissionEngineError
from runtime.limits import MAX_CLAUSES
from runtime.policy.cases import Expectation, PolicyCase
from runtime.policy.pack import PolicyPack
from runtime.policy.rules import Condition, Constraint, Effect, Obligation, RiskClass, Rule
from runtime.values.verdicts import Decision


def make_rule(**changes: Any) -> Rule:
    """
    Make a rule that allows where `a`.
    """
    return Rule(**{"rule_id": "r", "effect": Effect.ALLOW, "when": ["a"], **changes})


def make_pack(**changes: Any) -> PolicyPack:
    """
    Make a pack of that rule.
    """
    return PolicyPack(**{"policy_id": "p", "version": "1", "rules": [make_rule()], **changes})


def _case(**changes: Any) -> PolicyCase:
    return PolicyCase(**{"name": "c", "input": {}, "expect": Expectation(decision=Decision.DENY), **changes})


REFUSED: dict[str, tuple[Callable[..., Any], dict[str, Any], str]] = {
    "a_text_for_conditions": (make_rule, {"when": "true"}, "is no list"),
    "a_number_for_conditions": (make_rule, {"unless": 5}, "is no list"),
    "a_number_among_conditions": (make_rule, {"when": [5]}, "5 in a list"),
    "a_text_for_obligations": (make_rule, {"obligations": "x"}, "is no list"),
    "a_dict_among_obligations": (make_rule, {"obligations": [{"obligation_id": "x"}]}, "in a list"),
    "a_dict_among_constraints": (make_rule, {"constraints": [{}]}, "in a list"),
    "no_condition": (make_rule, {"when": []}, "has no condition"),
    "an_expression_that_is_none": (make_rule, {"when": ["a =="]}, "at 1:5 of the expression"),
    "too_many_conditions": (make_rule, {"when": ["a"] * (MAX_CLAUSES + 1)}, "33 conditions under when"),
    "too_many_parts": (make_rule, {"unless": [" && ".join(["a"] * (MAX_CLAUSES + 1))]}, "33 conditions under unless"),
    "too_many_equalities": (make_rule, {"conditions": {f"k{n}": 1 for n in range(MAX_CLAUSES + 1)}}, "33 conditions"),
    "an_equality_with_a_list": (make_rule, {"conditions": {"a": [1]}}, "on lists or objects"),
    "an_effect_as_text": (make_rule, {"effect": "allow"}, "effect is str"),
    "an_effect_that_is_none": (make_rule, {"effect": "nope"}, "effect is str"),
    "a_priority_as_truth": (make_rule, {"priority": True}, "priority is bool"),
    "a_risk_as_text": (make_rule, {"risk_class": "low"}, "risk_class is str"),
    "a_risk_above_one": (make_rule, {"risk_score": 1.5}, "risk_score is 1.5"),
    "a_risk_that_is_nan": (make_rule, {"risk_score": float("nan")}, "risk_score is nan"),
    "a_risk_as_truth": (make_rule, {"risk_score": True}, "risk_score is True"),
    "an_empty_reason": (make_rule, {"reason_code": ""}, "reason_code has 0 characters"),
    "an_empty_tier": (make_rule, {"tier": ""}, "tier has 0 characters"),
    "an_empty_id": (make_rule, {"rule_id": ""}, "rule_id has 0 characters"),
    "a_long_description": (make_rule, {"description": "x" * 4097}, "description has 4097"),
    "an_empty_obligation": (Obligation, {"obligation_id": "", "kind": "k"}, "obligation_id has 0"),
    "a_constraint_that_is_no_json": (Constraint, {"constraint_id": "c", "kind": "k", "value": {1}}, "set"),
    "metadata_that_are_a_list": (Obligation, {"obligation_id": "o", "kind": "k", "metadata": []}, "JSON object"),
    "a_condition_of_bytes": (Condition, {"text": b"a"}, "condition b'a'"),
    "another_schema": (make_pack, {"schema": "policy-pack/v2"}, "schema 'policy-pack/v2'"),
    "a_text_for_rules": (make_pack, {"rules": "x"}, "is no list"),
    "a_dict_among_rules": (make_pack, {"rules": [{}]}, "in a list"),
    "no_rules": (make_pack, {"rules": []}, "no rules"),
    "too_many_rules": (make_pack, {"rules": (make_rule() for _ in range(1001))}, "more than 1000 rules"),
    "too_many_cases": (make_pack, {"cases": (_case() for _ in range(1001))}, "more than 1000 cases"),
    "a_rule_twice": (make_pack, {"rules": [make_rule(), make_rule(when=["b"])]}, "parts that cannot stand together"),
    "a_case_twice": (make_pack, {"cases": [_case(), _case()]}, "'c' stands twice"),
    "a_priority_beyond_json": (make_pack, {"rules": [make_rule(priority=2**53)]}, "integers are exact only"),
    "a_value_too_deep_for_a_record": (
        make_pack,
        {"rules": [make_rule(constraints=[Constraint(constraint_id="c", kind="k", value=nested(60))])]},
        "policy 'p': nesting deeper than 64 at /rules/0/constraints/0/value/0",
    ),
    "a_decision_as_text": (Expectation, {"decision": "deny"}, "decision is str"),
    "a_text_for_expected_rules": (Expectation, {"decision": Decision.DENY, "rules": "r"}, "is no list"),
    "an_input_that_is_a_list": (_case, {"input": []}, "JSON object"),
}


@pytest.mark.parametrize("name", sorted(REFUSED))
def test_what_cannot_be_a_rule_or_a_pack_is_refused(name: str) -> None:
    """
    The message says what was given; nothing that looks like a list of conditions is taken for one.
    """
    make, changes, said = REFUSED[name]
    with pytest.raises(MissionEngineError) as caught:
        make(**changes)
    assert said in str(caught.value)


def test_as_many_conditions_as_the_limit_are_accepted() -> None:
    """
    32 under `when`, 32 under `unless` and 32 equalities, each side of `&&` counted.
    """
    texts = [f"a{n} && b{n}" for n in range(MAX_CLAUSES // 2)]
    rule = make_rule(when=texts, unless=texts, conditions={f"k{n}": 1 for n in range(MAX_CLAUSES)})
    assert len(rule.when) == MAX_CLAUSES // 2


def test_a_caller_s_lists_are_copied() -> None:
    """
    What a caller does to a list, or to a value in it, afterwards changes no rule.
    """
    texts, value = ["a"], {"most": [1]}
    constraint = Constraint(constraint_id="c", kind="k", value=value)
    rule = make_rule(when=texts, constraints=[constraint])
    texts.append("b")
    value["most"].append(2)
    assert [one.thaw() for one in rule.when] == ["a"]
    assert constraint.value == JsonObject({"most": [1]})


def test_values_that_python_confuses_are_told_apart() -> None:
    """
    A bound of `true` is not one of `1`: neither constraint nor pack is equal, nor has an equal hash.
    """
    one, other = (
        make_pack(rules=[make_rule(constraints=[Constraint(constraint_id="c", kind="k", value=value)])])
        for value in (1, True)
    )
    assert one != other
    assert one.rules[0].constraints != other.rules[0].constraints
    assert hash(one) != hash(other)
    assert one == make_pack(rules=[make_rule(constraints=[Constraint(constraint_id="c", kind="k", value=1.0)])])
    assert one != make_pack(rules=one.rules, cases=[_case()])
    assert one != "p"


def test_a_constraint_may_hold_any_json_and_is_hashable() -> None:
    """
    Lists and objects are frozen on the way in.
    """
    constraint = Constraint(constraint_id="c", kind="k", value=[1, {"a": None}])
    assert constraint.value == JsonArray([1, {"a": None}])
    assert hash(make_pack(rules=[make_rule(constraints=[constraint])]))


def test_conditions_are_equal_by_text() -> None:
    """
    A condition compares and hashes by its text and shows it.
    """
    assert Condition("a") == Condition("a")
    assert Condition("a") != Condition("(a)")
    assert Condition("a") != "a"
    assert len({Condition("a"), Condition("a")}) == 1
    assert repr(Condition("a")) == "Condition('a')"


@pytest.mark.parametrize("effect", list(Effect))
def test_a_reason_is_the_effect_unless_given(effect: Effect) -> None:
    """
    The effect keeps its name, `approval_required` too; the decision is that of the table.
    """
    rule = make_rule(effect=effect)
    assert rule.reason_code == effect.value
    expected = {"deny": "deny", "flag": "flag", "approval_required": "flag"}
    assert effect.decision == expected.get(effect.value, "allow")
    assert make_rule(effect=effect, reason_code="x").reason_code == "x"


@pytest.mark.parametrize(
    ("changes", "restricts"),
    [
        ({}, False),
        ({"obligations": [Obligation(obligation_id="o", kind="k")]}, True),
        ({"constraints": [Constraint(constraint_id="c", kind="k")]}, True),
        ({"effect": Effect.ALLOW_WITH_OBLIGATIONS}, True),
        ({"effect": Effect.FLAG}, True),
        ({"effect": Effect.APPROVAL_REQUIRED}, True),
        ({"effect": Effect.DENY}, True),
    ],
)
def test_a_rule_restricts_unless_it_only_allows(changes: dict[str, Any], restricts: bool) -> None:  # noqa: FBT001
    """
    Whatever can make a verdict stricter counts, obligations of a plain allow among it.
    """
    assert make_rule(**changes).restricts is restricts


def test_a_fingerprint_is_what_a_rule_applies_to() -> None:
    """
    Order and repetition of conditions do not matter; effect, id and reason do not either; `when` and `unless` do.
    """
    rule = make_rule(when=["a", "b", "a"])
    assert rule.fingerprint == make_rule(rule_id="s", effect=Effect.DENY, when=["b", "a"]).fingerprint
    assert rule.fingerprint != make_rule(when=["a"], unless=["b"]).fingerprint
    assert make_rule(conditions={"a": 1}).fingerprint != make_rule(conditions={"a": True}).fingerprint


def test_a_pack_is_frozen() -> None:
    """
    Neither pack nor rule can be changed.
    """
    pack = make_pack()
    with pytest.raises(attrs.exceptions.FrozenInstanceError):
        pack.version = "2"  # type: ignore[misc]  # that is the point.
    with pytest.raises(attrs.exceptions.FrozenInstanceError):
        pack.rules[0].effect = Effect.DENY  # type: ignore[misc]  # as above.
    with pytest.raises(DefinitionError):
        attrs.evolve(pack.rules[0], when=())
    assert attrs.evolve(pack.rules[0], risk_class=RiskClass.HIGH).risk_class == "high"
