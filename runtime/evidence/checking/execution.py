"""Checks 8 to 10: what is worked out again from the inputs: the certificate, the verdicts, and every byte of the run."""

from runtime.errors import IntegrityError
from runtime.evidence.bundle import build_inputs
from runtime.evidence.checking.outcomes import Finding, Material, counted, failed, nothing, passed
from runtime.evidence.record import RecordedRun
from runtime.evidence.replay import find_difference
from runtime.orchestration.preflight import verify_proof

__all__ = ["check_certificate", "check_execution", "check_verdicts"]


def check_certificate(material: Material) -> Finding:
    """
    Check 8: no path of the workflow breaks a rule, computed again from workflow, packs, rules and catalogue.
    """
    certificate = material.parts["certificate"]
    if certificate is None:
        return nothing("the run carries no certificate")
    try:
        verify_proof(material.parts["definition"], material.parts["policies"], certificate)
    except IntegrityError as error:
        return failed(str(error))
    paths, rules = (
        counted(certificate["path_count"], "path", "paths"),
        counted(len(certificate["rules"]), "rule", "rules"),
    )
    return passed(f"{paths}, and none breaks one of {rules}")


def check_verdicts(material: Material) -> Finding:
    """
    Check 9: the policies give the same verdicts again.
    """
    execution = material.execution
    if execution.result is None:
        return nothing(f"the run cannot be executed again: {execution.refusal}")
    computed = {step_id: verdict.digest for step_id, verdict in execution.result.verdicts}
    recorded = {entry["step_id"]: entry["verdict_digest"] for entry in material.parts["lineage"]}
    wrong = sorted(name for name in {*computed, *recorded} if computed.get(name) != recorded.get(name))
    if wrong:
        return failed(f"steps {wrong} have another verdict")
    return passed(f"{counted(len(computed), 'verdict', 'verdicts')}, each the same again")


def check_execution(material: Material) -> Finding:
    """
    Check 10: re-execution gives the same bytes at every step.
    """
    execution, parts = material.execution, material.parts
    if execution.is_foreign:
        return nothing(f"the run cannot be executed by this version: {execution.refusal}")
    if execution.result is None:
        return failed(f"the run cannot be executed again: {execution.refusal}")
    run = RecordedRun(checkpoint=build_inputs(parts), lineage=parts["lineage"], receipt=parts["receipt"])
    difference = find_difference(run, execution.result)
    if difference is not None:
        return failed(f"{difference}, at {difference.path}")
    if execution.result.requests != parts["requests"]:
        return failed("the steps ask something else than the bundle says")
    return passed(f"{counted(len(parts['lineage']), 'entry', 'entries')} and the receipt, the same bytes again")
