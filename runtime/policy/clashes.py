"""What of a pack cannot stand together: two parts of one name, rules that contradict each other, cases about no rule.

Parts come with their place in the document, because a document is read for all its faults: some of its parts may be
missing here.
"""

from collections.abc import Iterable

from runtime.errors import Fault, shown
from runtime.policy.rules import Rule

__all__ = ["find_clashes"]


def find_clashes(
    rules: Iterable[tuple[int, Rule]],
    rule_names: Iterable[tuple[int, str]],
    case_names: Iterable[tuple[int, str]],
    expected: Iterable[tuple[str, str]],
) -> list[Fault]:
    """
    Find what cannot stand together.

    Args:
        rules: the rules that could be read, with their indices.
        rule_names: index and id of each rule of the document.
        case_names: index and name of each case of the document.
        expected: path and text of each rule id that a case expects.
    """
    rule_names = list(rule_names)
    known = {name for _, name in rule_names}
    return [
        *_doubles(rule_names, "rule", "rules[{}].rule_id"),
        *_doubles(case_names, "case", "cases[{}].name"),
        *_contradictions(rules),
        *(
            Fault(f"rule {shown(name)}, which the pack does not have", path)
            for path, name in expected
            if name not in known
        ),
    ]


def _doubles(names: Iterable[tuple[int, str]], noun: str, place: str) -> list[Fault]:
    first: dict[str, int] = {}
    faults = []
    for index, name in names:
        if first.setdefault(name, index) != index:
            faults.append(Fault(f"{noun} {shown(name)} stands twice", place.format(index)))
    return faults


def _contradictions(rules: Iterable[tuple[int, Rule]]) -> list[Fault]:
    seen: dict[bytes, Rule] = {}
    faults = []
    for index, rule in rules:
        earlier = seen.setdefault(rule.fingerprint, rule)
        if earlier.effect.decision is not rule.effect.decision:
            faults.append(
                Fault(
                    f"rule {shown(rule.rule_id)} says {rule.effect.value} where rule {shown(earlier.rule_id)} says "
                    f"{earlier.effect.value}, on the same conditions",
                    f"rules[{index}].effect",
                )
            )
    return faults
