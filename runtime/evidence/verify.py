"""Verify: run every check on a bundle, each with its own outcome, and say what no check proves.

A check never hides another: one that needs a part that cannot be read says so, and the rest go on. Nothing in a bundle
raises here; only bytes that are no bundle at all are refused. Read `checking/` for the checks themselves, in the order of
their numbers: `shape`, `binding`, `signatures`, `decisions`, `execution`, `trusted`.
"""

from collections.abc import Callable, Iterable
from typing import Any, Final, final

import attrs

from runtime.errors import UsageError, shown
from runtime.evidence.bundle import read_bundle_document
from runtime.evidence.checking.binding import check_audit, check_lineage, check_receipt
from runtime.evidence.checking.decisions import check_decisions, check_expiry, check_single_use
from runtime.evidence.checking.execution import check_certificate, check_execution, check_verdicts
from runtime.evidence.checking.outcomes import Finding, Material, Outcome, nothing
from runtime.evidence.checking.shape import check_digests, check_form, check_shape
from runtime.evidence.checking.signatures import check_attestation, check_log
from runtime.evidence.checking.trusted import check_trusted
from runtime.evidence.parts import read_parts
from runtime.evidence.trust import Trust

__all__ = ["CHECKS", "NOT_PROVEN", "Check", "CheckResult", "Verification", "verify_bundle"]

_SCHEMA: Final = "verification/v1"


@final
@attrs.frozen(kw_only=True)
class Check:
    """
    One numbered check: what it is called, the parts it looks at, and who could still have lied when it passes.
    """

    number: str
    title: str
    liars: str
    run: Callable[[Material], Finding] = attrs.field(repr=False)
    needs: tuple[str, ...] = ()


_CHAIN: Final = ("header", "definition", "lineage")
_DECIDED: Final = (*_CHAIN, "answers", "requests")
_INPUTS: Final = ("header", "definition", "params", "context", "policies", "certificate", "answers")
_RUN: Final = (*_INPUTS, "lineage", "requests", "receipt")

CHECKS: Final = (
    Check(
        number="1",
        title="shape and schema",
        liars="Anybody: this only says that the file can be read.",
        run=check_shape,
    ),
    Check(
        number="2",
        title="canonical form",
        liars="Anybody: this only says that equal content has equal bytes.",
        run=check_form,
    ),
    Check(
        number="3",
        title="digests of the parts",
        liars="Whoever made the bundle: they may have made other parts and other digests together.",
        run=check_digests,
        needs=(*_INPUTS, "lineage", "requests"),
    ),
    Check(
        number="4",
        title="lineage: chain, order, count",
        liars="Whoever made the bundle: a chain can be made anew from any entry on.",
        run=check_lineage,
        needs=_CHAIN,
    ),
    Check(
        number="5",
        title="receipt binds all of it",
        liars="Whoever made the bundle: a receipt can be made anew. Check 6 says who vouches for this one.",
        run=check_receipt,
        needs=(*_CHAIN, "answers", "receipt"),
    ),
    Check(
        number="5b",
        title="audit log and its head",
        liars="Whoever keeps the audit log.",
        run=check_audit,
    ),
    Check(
        number="6",
        title="attestation under a trusted key",
        liars="The operator whose key it is, and whoever has a copy of that key.",
        run=check_attestation,
        needs=("attestation", "receipt"),
    ),
    Check(
        number="7a",
        title="decisions: binding, choice, who decided",
        liars="An approver, whoever has a copy of their key, and where a decision is not signed, whoever ran it.",
        run=check_decisions,
        needs=_DECIDED,
    ),
    Check(
        number="7b",
        title="decisions: in time",
        liars="Whoever ran it: the time of a decision is what their clock said.",
        run=check_expiry,
        needs=_DECIDED,
    ),
    Check(
        number="7c",
        title="decisions: used once",
        liars="Whoever ran it: they may keep another run that used the same decision to themselves.",
        run=check_single_use,
        needs=_DECIDED,
    ),
    Check(
        number="8",
        title="certificate computed again",
        liars="Whoever wrote the rules and the catalogue: a rule that is missing is not proven.",
        run=check_certificate,
        needs=("definition", "policies", "certificate"),
    ),
    Check(
        number="9",
        title="verdicts worked out again",
        liars="Whoever wrote the policy, and whoever supplied what it looked at.",
        run=check_verdicts,
        needs=(*_INPUTS, "lineage"),
    ),
    Check(
        number="10",
        title="re-execution, byte for byte",
        liars="Whoever supplied the context and the outcomes of effects: they are inputs, and inputs can be false.",
        run=check_execution,
        needs=_RUN,
    ),
    Check(
        number="11",
        title="inclusion in a log",
        liars="Whoever keeps the log, if they show others another one.",
        run=check_log,
        needs=("log_inclusion", "log_head", "receipt"),
    ),
    Check(
        number="12",
        title="workflow, policies, rules, catalogue, engine are trusted",
        liars="Whoever made the trust file.",
        run=check_trusted,
        needs=("header", "definition", "policies", "certificate"),
    ),
)
"""The checks in their order."""

NOT_PROVEN: Final = (
    "that effects really happened outside, as their outcomes say",
    "that the context was true",
    "that this was the only run",
    "that the log shown to others is the same",
    "that a decision was made in time, without a clock that you trust",
)
"""What a pass of every check does not prove."""


@final
@attrs.frozen(kw_only=True)
class CheckResult:
    """
    A check, what it came to, and whether that is required.
    """

    check: Check
    finding: Finding
    is_required: bool

    @property
    def holds(self) -> bool:
        """
        Tell whether nothing more is asked of this check.
        """
        return self.finding.outcome is Outcome.RE_CHECKED or not self.is_required


@final
@attrs.frozen(kw_only=True)
class Verification:
    """
    The report on a bundle.
    """

    material: Material = attrs.field(repr=False, eq=False)
    results: tuple[CheckResult, ...]

    @property
    def holds(self) -> bool:
        """
        Tell whether every required check is re-checked.
        """
        return all(result.holds for result in self.results)

    def to_dict(self) -> dict[str, Any]:
        """
        Give the report as plain JSON (`verification/v1`).
        """
        trust = self.material.trust
        return {
            "schema": _SCHEMA,
            "bundle_digest": self.material.digest,
            "trust_digest": None if trust is None else trust.digest,
            "holds": self.holds,
            "checks": [
                {
                    "number": result.check.number,
                    "title": result.check.title,
                    "outcome": result.finding.outcome.value,
                    "detail": result.finding.detail,
                    "required": result.is_required,
                    "who_could_lie": result.check.liars,
                }
                for result in self.results
            ],
            "not_proven": list(NOT_PROVEN),
        }


def verify_bundle(
    raw: bytes, *, trust: Trust | None = None, require: Iterable[str] | None = None, source: str = ""
) -> Verification:
    """
    Check a bundle.

    Args:
        raw: the bytes of the bundle, from anybody.
        trust: what the checker trusts, from elsewhere.
        require: numbers of checks that must be re-checked; by default those that `list_required` gives, and every one
            that fails.
        source: names the bytes in messages.

    Raises:
        EncodingError: the bytes are not JSON that every reader reads the same way, or beyond the limits of a record.
        IntegrityError: they are no bundle of this version.
        UsageError: there is no check of a number that is required.
    """
    chosen = None if require is None else frozenset(require)
    unknown = sorted((chosen or frozenset()) - {check.number for check in CHECKS})
    if unknown:
        raise UsageError(
            f"checks {shown(unknown)}", where="require", remedy=f"checks are {', '.join(one.number for one in CHECKS)}"
        )
    document = read_bundle_document(raw, source=source)
    parts, faults = read_parts(document)
    material = Material(raw=raw, document=document, parts=parts, faults=faults, trust=trust)
    results = []
    required = list_required(material) if chosen is None else chosen
    for check in CHECKS:
        finding = _run(check, material)
        is_required = check.number in required or (chosen is None and finding.outcome is Outcome.FAILED)
        results.append(CheckResult(check=check, finding=finding, is_required=is_required))
    return Verification(material=material, results=tuple(results))


def list_required(material: Material) -> frozenset[str]:
    """
    List the checks that must be re-checked unless the checker says otherwise.

    What the trust file names is required even where the bundle has no such part: leaving it out must not help.
    """
    parts, trust = material.parts, material.trust
    required = {"1", "2", "3", "4", "5", "8", "9", "10"}
    header = parts.get("header")
    if header is not None and header["mission"] is None and parts.get("certificate", "") is None:
        required.remove("8")  # Without a mission there are no rules that anything could be proven against.
    if trust is not None:
        required.add("12")
        if trust.operator_keys or parts.get("attestation", "") is not None:
            required.add("6")
        if trust.log_keys or parts.get("log_inclusion", "") is not None:
            required.add("11")
        if any(answer.decisions for answer in parts.get("answers", ())):
            required.add("7a")
    return frozenset(required)


def _run(check: Check, material: Material) -> Finding:
    missing = [name for name in check.needs if name not in material.parts]
    if missing:
        return nothing(f"{', '.join(missing)} cannot be read, see check 1")
    return check.run(material)
