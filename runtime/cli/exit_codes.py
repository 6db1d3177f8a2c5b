"""What a command's exit status means, and which error gives which. Source: contracts/operations.md 2."""

from enum import IntEnum
from typing import Final

from runtime.errors import MissionEngineError

__all__ = ["EXIT_CODES", "ExitCode", "exit_code_of"]


class ExitCode(IntEnum):
    """
    Every exit status of `mission`.
    """

    HOLDS = 0
    """The thing asked for holds: the run completed, the replay gave the same bytes."""
    ENDED_BADLY = 1
    """Recorded, and ended badly: failed, denied, not the same bytes, a signature that does not hold."""
    USAGE = 2
    """The command line or an input file cannot be used."""
    WAITING = 3
    """The run waits for a person, or for an effect that nobody here performs."""
    REFUSED = 4
    """Refused, and nothing changed: a limit, a stale decision, something already decided."""
    SETTINGS = 5
    """The root directory or its files cannot be used."""
    UNKNOWN = 6
    """The outcome of an effect is unknown."""
    BUG = 70
    """An invariant broke; the message says what to report."""


EXIT_CODES: Final[dict[str, ExitCode]] = {
    "answer_refused": ExitCode.REFUSED,
    "audit_broken": ExitCode.ENDED_BADLY,
    "broken_connector": ExitCode.SETTINGS,
    "checkpoint_mismatch": ExitCode.REFUSED,
    "connector_error": ExitCode.ENDED_BADLY,
    "decision_refused": ExitCode.REFUSED,
    "disallowed_kind": ExitCode.REFUSED,
    "engine_bug": ExitCode.BUG,
    "evaluation_error": ExitCode.ENDED_BADLY,
    "execution_error": ExitCode.ENDED_BADLY,
    "execution_halted": ExitCode.ENDED_BADLY,
    "integrity_error": ExitCode.USAGE,
    "invalid_answer": ExitCode.REFUSED,
    "invalid_connector_settings": ExitCode.USAGE,
    "invalid_definition": ExitCode.USAGE,
    "invalid_execution_policy": ExitCode.USAGE,
    "invalid_expression": ExitCode.USAGE,
    "invalid_key": ExitCode.USAGE,
    "invalid_params": ExitCode.USAGE,
    "invalid_policy": ExitCode.USAGE,
    "invalid_profile": ExitCode.USAGE,
    "invalid_signature": ExitCode.ENDED_BADLY,
    "ledger_required": ExitCode.REFUSED,
    "limit_exceeded": ExitCode.REFUSED,
    "missing_extra": ExitCode.USAGE,
    "log_mismatch": ExitCode.ENDED_BADLY,
    "mission_engine_error": ExitCode.ENDED_BADLY,
    "mode_forbids_mutation": ExitCode.REFUSED,
    "not_canonical_json": ExitCode.USAGE,
    "plan_changed": ExitCode.REFUSED,
    "plan_exceeds_limit": ExitCode.REFUSED,
    "receipt_mismatch": ExitCode.ENDED_BADLY,
    "revision_conflict": ExitCode.REFUSED,
    "seal_mismatch": ExitCode.ENDED_BADLY,
    "seal_refused": ExitCode.USAGE,
    "sealing_required": ExitCode.USAGE,
    "secret_unavailable": ExitCode.SETTINGS,
    "stale_answer": ExitCode.REFUSED,
    "storage_error": ExitCode.SETTINGS,
    "transition_refused": ExitCode.REFUSED,
    "undeclared_secret": ExitCode.REFUSED,
    "ungated_flag": ExitCode.USAGE,
    "unsafe_path": ExitCode.REFUSED,
    "unknown_connector": ExitCode.USAGE,
    "unknown_key": ExitCode.USAGE,
    "unknown_mission": ExitCode.USAGE,
    "unknown_name": ExitCode.USAGE,
    "unknown_profile": ExitCode.USAGE,
    "unknown_run": ExitCode.USAGE,
    "unknown_seal": ExitCode.USAGE,
    "unused_answer": ExitCode.REFUSED,
    "unverified_answer": ExitCode.REFUSED,
    "usage": ExitCode.USAGE,
}
"""Exit status by error code."""


def exit_code_of(error: MissionEngineError) -> ExitCode:
    """
    Give the exit status of an error.
    """
    return EXIT_CODES[error.code]
