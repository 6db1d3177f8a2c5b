"""The cases of a pack, tried."""

from typing import Any

import pytest

from runtime.policy.pack import PolicyPack
from runtime.policy.trial import Difference, list_applied, list_untried, try_cases

RULES = [
    {"rule_id": "small", "effect": "allow", "when": ["amount <= 5"], "reason_code": "small_amount"},
    {"rule_id": "tiny", "effect": "allow", "when": ["amount <= 1"]},
    {"rule_id": "large", "effect": "flag", "when": ["amount > 5"]},
]


def _pack(*expectations: tuple[int, dict[str, Any]]) -> PolicyPack:
    cases = [
        {"name": f"c{index}", "input": {"amount": amount}, "expect": expect}
        for index, (amount, expect) in enumerate(expectations)
    ]
    return PolicyPack.from_document(
        {"schema": "policy-pack/v1", "policy_id": "p", "version": "1", "rules": RULES, "cases": cases}
    )


@pytest.mark.parametrize(
    "expect",
    [
        {"decision": "allow"},
        {"decision": "allow", "reason_code": "small_amount"},
        {"decision": "allow", "rules": ["tiny", "small"]},
        {"decision": "allow", "rules": ["small", "tiny", "tiny"]},
    ],
    ids=["decision", "reason", "rules", "a_rule_twice"],
)
def test_a_case_passes_when_all_it_names_is_so(expect: dict[str, Any]) -> None:
    """
    What an expectation leaves out is not looked at; the order of its rules does not matter.
    """
    [trial] = try_cases(_pack((1, expect)))
    assert trial.differences == ()
    assert list_applied(trial.verdict) == ("small", "tiny")


@pytest.mark.parametrize(
    ("expect", "difference"),
    [
        ({"decision": "deny"}, ("decision", "deny", "allow")),
        ({"decision": "allow", "reason_code": "x"}, ("reason_code", "x", "small_amount")),
        ({"decision": "allow", "rules": ["small"]}, ("rules", ("small",), ("small", "tiny"))),
        ({"decision": "allow", "rules": []}, ("rules", (), ("small", "tiny"))),
    ],
    ids=["decision", "reason", "a_rule_more", "no_rule"],
)
def test_a_case_fails_with_what_differs(expect: dict[str, Any], difference: tuple[Any, Any, Any]) -> None:
    """
    Each member that differs is told, with what was expected and what came.
    """
    member, expected, got = difference
    [trial] = try_cases(_pack((1, expect)))
    assert trial.differences == (Difference(member=member, expected=expected, got=got),)


def test_all_that_differs_is_told_and_all_cases_are_tried() -> None:
    """
    A case that fails stops nothing.
    """
    first, second = try_cases(_pack((9, {"decision": "allow", "rules": ["small"]}), (9, {"decision": "flag"})))
    assert [one.member for one in first.differences] == ["decision", "rules"]
    assert second.differences == ()


def test_rules_that_apply_in_no_case_are_listed() -> None:
    """
    In the order of the pack.
    """
    pack = _pack((3, {"decision": "allow"}))
    assert list_untried(pack, try_cases(pack)) == ("tiny", "large")
    assert list_untried(_pack(), ()) == ("small", "tiny", "large")
