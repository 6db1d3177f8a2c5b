"""The report on a bundle in words."""

from typing import Final

from runtime.encoding.display import visible
from runtime.evidence.checking.outcomes import Outcome
from runtime.evidence.verify import NOT_PROVEN, CheckResult, Verification

__all__ = ["say_run", "show_verification"]

_OUTCOME_WIDTH: Final = max(len(outcome.value) for outcome in Outcome)


def show_verification(verification: Verification) -> str:
    """
    Show what each check came to, one a line, whether the bundle holds, and what is never proven.
    """
    material = verification.material
    lines = [
        f"bundle  {material.digest}",
        f"run     {visible(say_run(verification))}",
        f"trust   {material.trust.digest if material.trust else 'no trust file: nothing that rests on a key is re-checked'}",
        "",
        *map(_say_check, verification.results),
        "",
        _say_whether_it_holds(verification.results),
        "not proven by any of it:",
        *(f"  - {one}" for one in NOT_PROVEN),
    ]
    return "\n".join(lines)


def say_run(verification: Verification) -> str:
    """
    Say what the bundle is of, as it says itself.
    """
    header, receipt = (verification.material.parts.get(name) for name in ("header", "receipt"))
    if header is None or receipt is None:
        return "cannot be read"
    name = f"{header['mission']} {header['mission_version']}" if header["mission"] else receipt["id"]
    return f"{name}: {receipt['status']}, receipt {receipt.digest}"


def _say_check(result: CheckResult) -> str:
    mark = "*" if result.is_required else " "
    check, finding = result.check, result.finding
    return visible(
        f"{mark} {check.number:<3} {finding.outcome.value:<{_OUTCOME_WIDTH}}  {check.title}: {finding.detail}"
    )


def _say_whether_it_holds(results: tuple[CheckResult, ...]) -> str:
    missed = [result.check.number for result in results if not result.holds]
    if missed:
        return f"DOES NOT HOLD: of the required checks (*) not re-checked: {', '.join(missed)}"
    required = sum(result.is_required for result in results)
    return f"holds: each of the {required} required checks (*) is re-checked"
