"""Trying a pack out on the cases it carries: what each expects, and what the pack says."""

from typing import final

import attrs

from runtime.policy.cases import PolicyCase
from runtime.policy.evaluate import evaluate
from runtime.policy.pack import PolicyPack
from runtime.values.verdicts import Verdict

__all__ = ["Difference", "Trial", "list_applied", "list_untried", "try_cases"]


@final
@attrs.frozen(kw_only=True)
class Difference:
    """
    A member of a verdict that is not what a case expects.
    """

    member: str
    expected: str | tuple[str, ...]
    got: str | tuple[str, ...]


@final
@attrs.frozen(kw_only=True)
class Trial:
    """
    A case, and what the pack says of its input.
    """

    case: PolicyCase
    verdict: Verdict

    @property
    def differences(self) -> tuple[Difference, ...]:
        """
        Say in what the verdict is not the one expected; nothing where the case passes.
        """
        expect = self.case.expect
        compared = (
            ("decision", expect.decision.value, self.verdict.decision.value),
            ("reason_code", expect.reason_code, self.verdict.reason_code),
            ("rules", None if expect.rules is None else tuple(sorted(set(expect.rules))), list_applied(self.verdict)),
        )
        return tuple(
            Difference(member=member, expected=expected, got=got)
            for member, expected, got in compared
            if expected is not None and expected != got
        )


def try_cases(pack: PolicyPack) -> tuple[Trial, ...]:
    """
    Try every case, in the order of the pack.
    """
    return tuple(Trial(case=case, verdict=evaluate(pack, case.input.thaw())) for case in pack.cases)


def list_applied(verdict: Verdict) -> tuple[str, ...]:
    """
    List the ids of the rules that apply, sorted.
    """
    return tuple(sorted(report["rule_id"] for report in verdict.record["applied"]))


def list_untried(pack: PolicyPack, trials: tuple[Trial, ...]) -> tuple[str, ...]:
    """
    List the ids of the rules that apply in no case, in the order of the pack.
    """
    tried = {name for trial in trials for name in list_applied(trial.verdict)}
    return tuple(rule.rule_id for rule in pack.rules if rule.rule_id not in tried)
