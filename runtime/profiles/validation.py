"""Validation rules: pure functions over the final state of a run. All are evaluated, and each says why it came out so.

`require_mapping` wants an object at a path, `require_truthy_path` something that is not null, false, zero or empty,
`require_equals` exactly a value (`true` is not `1`), and `check` a condition over the members of the state.
"""

from collections.abc import Iterator, Mapping
from typing import Any, Final, final

import attrs

from runtime.encoding.canonical import JsonValue, canonical
from runtime.encoding.frozen import thaw
from runtime.encoding.pointer import Pointer, array_index
from runtime.errors import EncodingError, EvaluationError, shown
from runtime.orchestration.payloads import ABSENT
from runtime.policy.expressions import Expression
from runtime.profiles.rule_documents import RuleType, ValidationRule

__all__ = ["RuleOutcome", "Validation", "rule_faults", "validate_state"]

_NEEDS: Final[dict[RuleType, tuple[str, ...]]] = {
    RuleType.REQUIRE_MAPPING: ("path",),
    RuleType.REQUIRE_TRUTHY_PATH: ("path",),
    RuleType.REQUIRE_EQUALS: ("path", "value"),
    RuleType.CHECK: ("expression",),
}
_MISSING: Final = object()


@final
@attrs.frozen(kw_only=True)
class RuleOutcome:
    """
    How one rule came out.
    """

    rule: str
    type: RuleType
    passed: bool
    reason: str


@final
@attrs.frozen(kw_only=True)
class Validation:
    """
    How all rules came out, in their order. Without rules there is nothing that could fail.
    """

    outcomes: tuple[RuleOutcome, ...]

    @property
    def passed(self) -> bool:
        """
        Tell whether every rule holds.
        """
        return all(outcome.passed for outcome in self.outcomes)

    def to_dict(self) -> dict[str, Any]:
        """
        Give it as plain JSON.
        """
        listed = [{**attrs.asdict(one), "type": one.type.value} for one in self.outcomes]
        return {"passed": self.passed, "rules": listed}


def validate_state(rules: tuple[ValidationRule, ...], state: Mapping[str, JsonValue]) -> Validation:
    """
    Hold a final state to rules.

    Args:
        rules: as `CompiledRun.validation` gives them.
        state: plain JSON, as `OrchestrationResult.final_state` gives it; it is not changed.
    """
    return Validation(outcomes=tuple(_evaluate(rule, state) for rule in rules))


def rule_faults(rules: tuple[ValidationRule, ...]) -> Iterator[tuple[str, str]]:
    """
    List what is wrong with rules that the converter accepted: paths and messages.
    """
    names = [rule.rule for rule in rules]
    for index, rule in enumerate(rules):
        given = {
            "path": rule.path is not None,
            "value": rule.value is not ABSENT,
            "expression": rule.expression is not None,
        }
        for name, is_given in given.items():
            if is_given and name not in _NEEDS[rule.type]:
                yield f"rules[{index}].{name}", f"{name} in a rule of type {rule.type.value}: leave it out"
            if not is_given and name in _NEEDS[rule.type]:
                yield f"rules[{index}]", f"a rule of type {rule.type.value} needs {name}"
        if rule.rule in names[:index]:
            yield f"rules[{index}].rule", f"rule {rule.rule!r} stands twice: give each a name of its own"


def _evaluate(rule: ValidationRule, state: Mapping[str, JsonValue]) -> RuleOutcome:
    passed, reason = _check(rule, state) if rule.type is RuleType.CHECK else _look(rule, state)
    if not passed and rule.message:
        reason = f"{rule.message} ({reason})"
    return RuleOutcome(rule=rule.rule, type=rule.type, passed=passed, reason=reason)


def _look(rule: ValidationRule, state: Mapping[str, JsonValue]) -> tuple[bool, str]:
    path = Pointer.parse("") if rule.path is None else rule.path
    found = _at(state, path)
    place = path.text or "the state"
    if found is _MISSING:
        return False, f"nothing at {place}"
    match rule.type:
        case RuleType.REQUIRE_MAPPING:
            passed = type(found) is dict
            return passed, f"{place} is {'an object' if passed else _said(found)}"
        case RuleType.REQUIRE_EQUALS:
            wanted = thaw(rule.value)
            passed = _is_same(found, wanted)
            return passed, f"{place} is {_said(found)}" + ("" if passed else f", not {_said(wanted)}")
        case _:
            return bool(found), f"{place} is {_said(found)}"


def _check(rule: ValidationRule, state: Mapping[str, JsonValue]) -> tuple[bool, str]:
    text = rule.expression or "false"
    try:
        holds = Expression.parse(text).holds(state)
    except EvaluationError as error:
        place = f" at {error.where}" if error.where else ""
        return False, f"{text} has no value: {error.what}{place}"
    return holds, f"{text} {'holds' if holds else 'does not hold'}"


def _at(value: Any, path: Pointer) -> Any:  # noqa: ANN401 - a JSON value, or the mark of its absence.
    for token in path.tokens:
        if type(value) is dict and token in value:
            value = value[token]
            continue
        index = array_index(token) if type(value) is list else None
        if index is None or index >= len(value):
            return _MISSING
        value = value[index]
    return value


def _is_same(found: JsonValue, wanted: JsonValue) -> bool:
    try:
        return canonical(found) == canonical(wanted)
    except EncodingError:  # A state is canonical; a value somebody handed over by hand need not be.
        return False


def _said(value: JsonValue) -> str:
    if type(value) is dict:
        return f"an object of {len(value)} members"
    if type(value) is list:
        return f"a list of {len(value)} elements"
    return {None: "null", True: "true", False: "false"}[value] if value is None or type(value) is bool else shown(value)
