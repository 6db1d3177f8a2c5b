"""Warnings: what is told of a valid pack, and what is not because it is not certain."""

from typing import Any

import pytest

from runtime.policy.lint import find_warnings
from runtime.policy.pack import PolicyPack

NO_CASES = ("no cases: nothing shows that the rules say what they are meant to", "")


def warnings(*rules: dict[str, Any], **changes: Any) -> list[tuple[str, str]]:
    """
    Give the warnings of a pack but the one about its cases.
    """
    named = [{"rule_id": f"r{index}", "effect": "allow", **rule} for index, rule in enumerate(rules)]
    document = {"schema": "policy-pack/v1", "policy_id": "p", "version": "1", "rules": named, **changes}
    found = [(warning.message, warning.where) for warning in find_warnings(PolicyPack.from_document(document))]
    return [warning for warning in found if warning != NO_CASES]


NEVER: dict[str, tuple[dict[str, Any], str, str]] = {
    "two_values": ({"when": ["a == 1 && a == 2"]}, "no value of /a meets when[0]", "when[0]"),
    "two_conditions": (
        {"when": ["b", "a.b == 1", "a.b == 2"]},
        "no value of /a/b meets when[1] and when[2]",
        "when[2]",
    ),
    "true_is_not_one": ({"when": ["a == 1", "a == true"]}, "no value of /a meets when[0] and when[1]", "when[1]"),
    "a_gap": ({"when": ["a > 5", "5 >= a"]}, "no value of /a meets", "when[1]"),
    "a_point_left_out": ({"when": ["a >= 5", "a <= 5", "a != 5"]}, "no value of /a meets", "when[2]"),
    "two_kinds": ({"when": ["a > 5", 'a < "x"']}, "no value of /a meets", "when[1]"),
    "texts": ({"when": ['a > "n"', 'a < "m"']}, "no value of /a meets", "when[1]"),
    "members": ({"when": ["a in [1, 2]", "a in [3]"]}, "no value of /a meets", "when[1]"),
    "no_member": ({"when": ["a in []"]}, "no value of /a meets when[0]", "when[0]"),
    "members_left_out": ({"when": ["a in [1, 2]"], "unless": ["a in [2, 1]"]}, "no value of /a meets", "unless[0]"),
    "whole_sizes": ({"when": ["size(a) > 1", "size(a) < 2"]}, "no size of /a meets", "when[1]"),
    "a_size_below_zero": ({"when": ["a.size() < 0"]}, "no size of /a meets", "when[0]"),
    "true_and_false": ({"when": ["a", "!a"]}, "when[0] demands the opposite", "when[1]"),
    "unless_is_when": ({"when": ["a > 1"], "unless": ["a>1"]}, "when[0] demands the opposite", "unless[0]"),
    "unless_is_a_part": ({"when": ["a.all(x, x > 1) && b"], "unless": ["a.all(y, y > 1)"]}, "opposite", "unless[0]"),
    "unless_of_either": ({"when": ["a", "b.size() > 2"], "unless": ["c || b.size() > 2"]}, "opposite", "unless[0]"),
    "not_of_not": ({"when": ["!!a.startsWith('x')"], "unless": ["a.startsWith('x')"]}, "opposite", "unless[0]"),
    "numbers_are_numbers": ({"when": ["a + 1 > b"], "unless": ["a + 1.0 > b"]}, "opposite", "unless[0]"),
    "not_there": ({"when": ["!has(a.b)", "a.b > 1"]}, "when[0] demands that /a/b is not there", "when[1]"),
    "not_there_below": (
        {"when": ["a.b.c > 1"], "unless": ["has(a.b)"]},
        "unless[0] demands that /a/b is not",
        "when[0]",
    ),
    "no_variable": ({"when": ["a > 1"], "unless": ["has(a)"]}, "unless[0] demands that /a is not there", "when[0]"),
    "a_constant": ({"when": ["1 > 2"]}, "this does not depend on the input, and is not true", "when[0]"),
    "a_constant_unless": ({"when": ["a"], "unless": ["true"]}, "and is not false", "unless[0]"),
    "a_constant_that_fails": ({"when": ["a", "1 / 0 == 1"]}, "and is not true", "when[1]"),
    "a_constant_list": ({"when": ["[1, 2].exists(x, x > 2)"]}, "and is not true", "when[0]"),
    "equalities": ({"when": ["a.b != 1"], "conditions": {"a.b": 1}}, "no value of /a/b meets", "conditions['a.b']"),
    "equalities_and_truth": ({"when": ["!a"], "conditions": {"a": True}}, "no value of /a meets", "conditions['a']"),
}


@pytest.mark.parametrize("name", sorted(NEVER))
def test_a_rule_that_no_input_meets_is_told(name: str) -> None:
    """
    With the demands that cannot be met together, and the place of the last of them.
    """
    rule, said, place = NEVER[name]
    [(message, where)] = warnings(rule)
    assert message.startswith("the rule never applies: ")
    assert said in message
    assert where == f"rules[0].{place}"


FINE: dict[str, dict[str, Any]] = {
    "one_number": {"when": ["a == 1", "a == 1.0", "a > 0", "a <= 1", "a in [1, 2]"]},
    "between_whole_numbers": {"when": ["a > 1", "a < 2"]},
    "between_texts": {"when": ['a > "a"', 'a < "b"', 'a != "a"']},
    "text_below_all": {"when": ['a < "a"']},
    "another_kind": {"when": ["a != 1", "a != 2"]},
    "truth_values": {"when": ["a > false"]},
    "another_path": {"when": ["a.b == 1", "a.c == 2", "a == 5 || b"]},
    "an_element": {"when": ["a[0] == 1", "a[1] == 2"]},
    "another_variable_of_a_macro": {"when": ["a.exists(x, x == 1)", "a.exists(x, x == 2)"]},
    "what_is_worked_out": {"when": ["a + 1 == 1", "a + 2 == 1"]},
    "two_values_of_the_input": {"when": ["a == b", "a == c"]},
    "members_that_are_not_constant": {"when": ["a in b", "a in c", "a in [d, 1]", "a == 2"]},
    "an_index_that_is_worked_out": {"when": ["a[b] == 1", "a[b] == 2 || c", "!a[b].c.d"], "unless": ["has(a[b].c)"]},
    "unless_both": {"when": ["a"], "unless": ["a && b"]},
    "either": {"when": ["a == 1 || a == 2", "a == 1"]},
    "absent_counts_as_null": {"when": ["!has(a)"], "conditions": {"a": None}},
    "has_and_value": {"when": ["has(a.b)", "a.b > 1"]},
    "a_neighbour_is_not_there": {"when": ["!has(a.b)", "a.c > 1"]},
    "always": {"when": ["true"]},
    "sizes": {"when": ["size(a) > 1", "size(a) < 3", "size(a) != 5"]},
    "size_and_value": {"when": ["size(a) == 1", 'a == "x"']},
    "the_largest_number": {"when": ["a >= 9007199254740991"]},
}


@pytest.mark.parametrize("name", sorted(FINE))
def test_nothing_is_told_of_a_rule_that_may_apply(name: str) -> None:
    """
    Only what is certain is told.
    """
    assert warnings(FINE[name]) == []


class TestShadow:
    """
    A rule that denies wherever another applies.
    """

    @pytest.mark.parametrize("effect", ["allow", "allow_with_obligations", "flag"])
    def test_is_told_where_its_demands_are_among_the_other_s(self, effect: str) -> None:
        """
        Whatever their order, spelling and place.
        """
        due = [{"obligation_id": "o", "kind": "k"}]
        shadowed = {"effect": effect, "when": ["a==1 && (b)", "c"], "unless": ["d || e"], "obligations": due}
        denying = {"effect": "deny", "when": ["!e", "b", " a == 1 "]}
        said = "the rule never decides: wherever it applies, 'r1' denies"
        assert warnings(shadowed, denying) == [(said, "rules[0]")]

    def test_is_told_of_equalities(self) -> None:
        """
        Equalities count by path and value.
        """
        denying = {"effect": "deny", "conditions": {"a": 1}}
        assert warnings({"conditions": {"a": 1, "b": 2}}, denying)[0][1] == "rules[0]"
        assert warnings({"conditions": {"a": True, "b": 2}}, denying) == []

    @pytest.mark.parametrize(
        "denying",
        [
            {"effect": "deny", "when": ["a == 1", "x"]},
            {"effect": "deny", "when": ["a == true"]},
            {"effect": "deny", "when": ["a == 1"], "unless": ["x"]},
            {"effect": "flag", "when": ["a == 1"]},
        ],
        ids=["a_demand_more", "another_value", "an_exception", "no_denial"],
    )
    def test_is_not_told_of_others(self, denying: dict[str, Any]) -> None:
        """
        One demand more, and the rule may decide.
        """
        assert warnings({"when": ["a == 1", "b"]}, denying) == []

    def test_is_not_told_of_a_rule_that_never_applies(self) -> None:
        """
        One reason is enough.
        """
        never = {"when": ["a == 1", "a == 2"]}
        assert len(warnings(never, {"effect": "deny", "when": ["a == 1"]})) == 1

    def test_is_not_told_of_rules_that_deny(self) -> None:
        """
        Two denials hurt nobody.
        """
        assert warnings({"effect": "deny", "when": ["a", "b"]}, {"effect": "deny", "when": ["a"]}) == []


def test_obligations_that_are_none_are_told() -> None:
    """
    An effect that promises obligations and has none is not what was meant.
    """
    [(message, where)] = warnings({"effect": "allow_with_obligations", "when": ["a"]})
    assert message.startswith("allow_with_obligations, and neither an obligation nor a constraint")
    assert where == "rules[0]"
    constraints = [{"constraint_id": "c", "kind": "k"}]
    assert warnings({"effect": "allow_with_obligations", "when": ["a"], "constraints": constraints}) == []


def test_a_pack_without_cases_is_told() -> None:
    """
    Cases are how a pack says what it is meant to do.
    """
    rule = {"rule_id": "r", "effect": "allow", "when": ["a"]}
    document = {"schema": "policy-pack/v1", "policy_id": "p", "version": "1", "rules": [rule]}
    [warning] = find_warnings(PolicyPack.from_document(document))
    assert (warning.message, warning.where) == NO_CASES
    cases = [{"name": "c", "input": {}, "expect": {"decision": "deny"}}]
    assert find_warnings(PolicyPack.from_document({**document, "cases": cases})) == ()
