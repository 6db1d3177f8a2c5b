"""Validation rules: each type, all of them evaluated, each with its reason; pure."""

from typing import Any

import pytest

from runtime.encoding.pointer import Pointer
from runtime.profiles.rule_documents import RuleType, ValidationRule
from runtime.profiles.validation import validate_state

STATE: dict[str, Any] = {
    "object": {"a": {}},
    "list": [1, [2]],
    "text": "on",
    "empty": "",
    "zero": 0,
    "one": 1,
    "float": 1.0,
    "yes": True,
    "no": False,
    "nothing": None,
}


def _rule(kind: str, path: str = "", **fields: Any) -> ValidationRule:
    if kind == RuleType.CHECK:
        return ValidationRule(rule="r", type=RuleType(kind), **fields)
    return ValidationRule(rule="r", type=RuleType(kind), path=Pointer.parse(path), **fields)


HOLDS: dict[str, tuple[ValidationRule, bool, str]] = {
    "an_object": (_rule("require_mapping", "/object"), True, "/object is an object"),
    "an_object_that_is_empty": (_rule("require_mapping", "/object/a"), True, "/object/a is an object"),
    "a_list_is_no_object": (_rule("require_mapping", "/list"), False, "/list is a list of 2 elements"),
    "nothing_is_no_object": (_rule("require_mapping", "/nothing"), False, "/nothing is null"),
    "what_is_not_there_is_no_object": (_rule("require_mapping", "/gone/a"), False, "nothing at /gone/a"),
    "the_whole_state": (_rule("require_mapping"), True, "the state is an object"),
    "truthy_text": (_rule("require_truthy_path", "/text"), True, "/text is 'on'"),
    "empty_text": (_rule("require_truthy_path", "/empty"), False, "/empty is ''"),
    "zero": (_rule("require_truthy_path", "/zero"), False, "/zero is 0"),
    "false": (_rule("require_truthy_path", "/no"), False, "/no is false"),
    "null": (_rule("require_truthy_path", "/nothing"), False, "/nothing is null"),
    "empty_object": (_rule("require_truthy_path", "/object/a"), False, "/object/a is an object of 0 members"),
    "element_of_a_list": (_rule("require_truthy_path", "/list/1"), True, "/list/1 is a list of 1 elements"),
    "element_that_is_not_there": (_rule("require_truthy_path", "/list/2"), False, "nothing at /list/2"),
    "element_of_a_text": (_rule("require_truthy_path", "/text/0"), False, "nothing at /text/0"),
    "equal": (_rule("require_equals", "/text", value="on"), True, "/text is 'on'"),
    "not_equal": (_rule("require_equals", "/text", value="off"), False, "/text is 'on', not 'off'"),
    "true_is_not_one": (_rule("require_equals", "/yes", value=1), False, "/yes is true, not 1"),
    "one_is_not_true": (_rule("require_equals", "/one", value=True), False, "/one is 1, not true"),
    "one_is_one_point_nought": (_rule("require_equals", "/float", value=1), True, "/float is 1.0"),
    "equal_to_null": (_rule("require_equals", "/nothing", value=None), True, "/nothing is null"),
    "what_is_not_there_is_not_null": (_rule("require_equals", "/gone", value=None), False, "nothing at /gone"),
    "equal_objects": (_rule("require_equals", "/object", value={"a": {}}), True, "/object is an object of 1 members"),
    "a_condition": (_rule("check", expression="one + zero == 1"), True, "one + zero == 1 holds"),
    "a_condition_that_does_not_hold": (_rule("check", expression="zero > one"), False, "zero > one does not hold"),
    "a_condition_without_a_value": (_rule("check", expression="gone > 1"), False, "gone > 1 has no value: "),
    "a_condition_that_is_none": (_rule("check", expression="one"), False, "one has no value: a condition that is"),
    "with_a_message": (
        _rule("require_truthy_path", "/no", message="it is off"),
        False,
        "it is off (/no is false)",
    ),
    "with_a_message_that_is_not_needed": (
        _rule("require_truthy_path", "/yes", message="it is off"),
        True,
        "/yes is true",
    ),
}


@pytest.mark.parametrize("case", HOLDS)
def test_a_rule_says_how_it_came_out_and_why(case: str) -> None:
    """
    The reason names the place, what stands there, and what was wanted.
    """
    rule, passed, reason = HOLDS[case]
    [outcome] = validate_state((rule,), STATE).outcomes
    assert outcome.passed is passed
    assert outcome.reason.startswith(reason) if reason.endswith(("is", ": ")) else outcome.reason == reason


def test_all_rules_are_evaluated() -> None:
    """
    INV-130: also after one that fails, and after one that passes; without any there is nothing to fail.
    """
    rules = tuple(rule for rule, _, _ in HOLDS.values())
    validation = validate_state(rules, STATE)
    assert [one.passed for one in validation.outcomes] == [passed for _, passed, _ in HOLDS.values()]
    assert not validation.passed
    assert validate_state((), STATE).passed
    assert validation.to_dict()["rules"][0] == {
        "rule": "r",
        "type": "require_mapping",
        "passed": True,
        "reason": "/object is an object",
    }


def test_the_state_is_not_changed() -> None:
    """
    INV-130: rules only look.
    """
    before = repr(STATE)
    validate_state(tuple(rule for rule, _, _ in HOLDS.values()), STATE)
    assert repr(STATE) == before
