"""Comparisons in words: the first thing that differs, and totals over many runs."""

from collections.abc import Sequence
from typing import Final

from runtime.cli.policy_words import say_value
from runtime.encoding.display import visible
from runtime.evidence.behaviour import Change
from runtime.evidence.compare import Comparison, Finding, Foresight
from runtime.policy.clauses import short_value

__all__ = ["show_comparison", "show_foresights"]

_FINDINGS: Final = {Finding.SAME: "same", Finding.CHANGED: "changed", Finding.CANNOT_TELL: "cannot tell"}
_NAMES: Final = 12


def show_comparison(comparison: Comparison) -> str:
    """
    Say whether two runs did the same, and what differs.
    """
    lines = ["they did the same" if comparison.change is None else "they did not do the same"]
    lines += _say_change(comparison.change)
    return "\n".join([*lines, _say_inputs(comparison.inputs)])


def show_foresights(foresights: Sequence[tuple[str, Foresight]]) -> str:
    """
    Say of each run that would not be the same what would become of it, and the totals; each stands behind its mission.
    """
    lines = []
    for mission, foresight in foresights:
        if foresight.finding is Finding.SAME:
            continue
        name = foresight.run.removeprefix("sha256:")[:_NAMES]
        lines.append(f"{name}  {visible(mission)}  {_FINDINGS[foresight.finding]}")
        lines += [f"  {visible(foresight.why)}"] if foresight.why else []
        lines += _say_change(foresight.change)
    found = [foresight.finding for _, foresight in foresights]
    totals = ", ".join(f"{found.count(finding)} {word}" for finding, word in _FINDINGS.items())
    return "\n".join([*lines, f"{len(found)} run{'' if len(found) == 1 else 's'}: {totals}"])


def _say_change(change: Change | None) -> list[str]:
    if change is None:
        return []
    place = f"step {change.sequence} {change.step_id}, " if change.step_id is not None else ""
    lines = [f"  {place}{change.field}{f' at {change.path}' if change.path else ''}"]
    for name, value in (("before", change.before), ("after", change.after)):
        lines.append(f"    {name:<6}  {'nothing' if change.absent == name else say_value(short_value(value))}")
    return [visible(line) for line in lines]


def _say_inputs(inputs: tuple[str, ...]) -> str:
    return f"inputs that differ: {', '.join(inputs)}" if inputs else "all inputs are the same"
