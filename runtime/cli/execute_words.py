"""What people read of an execution."""

from runtime.encoding.display import visible
from runtime.execution import ExecutionAttempt, ExecutionReport

__all__ = ["show_report"]


def show_report(report: ExecutionReport) -> str:
    """
    Tell every attempt, every refusal and the counts.
    """
    lines = [_attempt(attempt) for attempt in report.attempts]
    for refusal in report.refusals:
        subject = "the decision" if refusal.sequence is None else f"action {refusal.sequence + 1}"
        said = f": {visible(refusal.message)}" if refusal.message else ""
        lines.append(f"{subject} went no further, {refusal.code.value}{said}")
    lines.append(
        f"{report.success_count} succeeded, {report.failed_count} failed, {report.skipped_count} skipped, "
        f"{report.denied_count} denied"
    )
    if report.fail_closed:
        lines.append("failed closed: something could not be known or trusted, so nothing more was attempted")
    return "\n".join(lines)


def _attempt(attempt: ExecutionAttempt) -> str:
    words = [f"{attempt.action.value:<6}  attempt {attempt.attempt_number}  {attempt.status.value}"]
    if attempt.error_code is not None:
        words.append(attempt.error_code.value)
    words += [visible(text) for text in (attempt.error_type, attempt.error_message) if text]
    if attempt.is_replay:
        words.append("as recorded under its key")
    return "  ".join(words)
