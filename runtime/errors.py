"""Every error class of the package.

An error says what is wrong (with the value got), where (a path or a file) and how to mend it. `code` is a stable
snake_case name that tools may test for; the text may change. Refusals are raised before the first step; an expected
ending of a run (a failed step, a rejection) is a value in the result, never one of these.
"""

import reprlib
from collections.abc import Iterable
from typing import ClassVar, final

import attrs

from runtime.limits import MAX_FAULTS, SHOWN_VALUE_LENGTH

__all__ = [
    "AnswerRefusedError",
    "AntiFailurePlanningError",
    "AntiFailureViolation",
    "AuditBrokenError",
    "BrokenConnectorError",
    "CheckpointMismatchError",
    "ConnectorError",
    "ConnectorSettingsError",
    "DecisionRefusedError",
    "DefinitionError",
    "EncodingError",
    "EngineBug",
    "EnvelopeViolation",
    "EvaluationError",
    "ExecutionError",
    "ExecutionHaltedError",
    "ExecutionPolicyError",
    "ExpressionError",
    "Fault",
    "IntegrityError",
    "InvalidAnswerError",
    "InvalidKeyError",
    "InvalidSignatureError",
    "LedgerRequiredError",
    "LogMismatchError",
    "MissingExtraError",
    "MissionEngineError",
    "ModeError",
    "ParamsError",
    "PlanChangedError",
    "PolicyError",
    "ProfileError",
    "ReceiptMismatchError",
    "RevisionConflictError",
    "SealMismatchError",
    "SealRefusedError",
    "SealingRequiredError",
    "SecretUnavailableError",
    "StaleAnswerError",
    "StorageError",
    "TransitionError",
    "UndeclaredSecretError",
    "UngatedFlagError",
    "UnknownConnectorError",
    "UnknownKeyError",
    "UnknownMissionError",
    "UnknownNameError",
    "UnknownProfileError",
    "UnknownRunError",
    "UnknownSealError",
    "UnsafePathError",
    "UnusedAnswerError",
    "UnverifiedAnswerError",
    "UsageError",
    "shown",
]


_bounded = reprlib.Repr()
_bounded.maxlevel = 4
_bounded.maxdict = _bounded.maxlist = _bounded.maxtuple = _bounded.maxset = _bounded.maxfrozenset = 30
_bounded.maxstring = _bounded.maxlong = _bounded.maxother = 100_000_000
_SMALL = 1000


def _is_small(value: object) -> bool:
    # A container held twice at each level has few members and an exponential repr, so each holding is counted.
    parts = [value]
    for _ in range(_SMALL):
        if not parts:
            return True
        part = parts.pop()
        if isinstance(part, dict):
            parts += dict.values(part)
        elif isinstance(part, list | tuple | set | frozenset):
            parts += part
        if len(parts) > _SMALL:
            return False
    return not parts


def shown(value: object) -> str:
    """
    Show a foreign value in a message: its `repr`, cut at 80 characters, or its type when even that fails.
    """
    try:
        text = str.__str__(repr(value) if _is_small(value) else _bounded.repr(value))
    except Exception:  # noqa: BLE001 - a foreign __repr__ may raise anything, and a message must still be made.
        text = f"<{type(value).__name__}>"
    return text if len(text) <= SHOWN_VALUE_LENGTH else text[: SHOWN_VALUE_LENGTH - 1] + "…"


@final
@attrs.frozen
class Fault:
    """
    One thing wrong in a document: a message and the place it stands at.
    """

    message: str
    where: str = ""

    def __str__(self) -> str:
        """
        Give the message, and the place behind ` @ ` when there is one.
        """
        return f"{self.message} @ {self.where}" if self.where else self.message


class MissionEngineError(Exception):
    """
    Base of every error the package raises on purpose.

    Args:
        what: what is wrong, with the value got.
        where: the JSON path, file or step it stands at.
        remedy: how to mend it.
        faults: all faults of one document, when there are several.
    """

    code: ClassVar[str] = "mission_engine_error"
    contract_text: ClassVar[bool] = False
    """True where a contract fixes the text: then the remedy stays out of it, in its own attribute."""

    def __init__(self, what: str, *, where: str = "", remedy: str = "", faults: Iterable[Fault] = ()) -> None:
        """
        Keep the parts; the text is put together from them.
        """
        super().__init__(what)
        self.what = what
        self.where = where
        self.remedy = remedy
        self.faults = tuple(faults)

    def __str__(self) -> str:
        """
        Give what, where and how to mend, in that order, then the faults one a line.
        """
        text = self.what
        if not self.contract_text:
            text += f" at {self.where}" if self.where else ""
            text += f": {self.remedy}" if self.remedy else ""
        lines = [f"  {fault}" for fault in self.faults[:MAX_FAULTS]]
        if len(self.faults) > MAX_FAULTS:
            lines.append(f"  … and {len(self.faults) - MAX_FAULTS} more")
        return "\n".join([text, *lines])


class DefinitionError(MissionEngineError):
    """
    A workflow, step, mission or document is not one the engine accepts.
    """

    code = "invalid_definition"


class AntiFailureViolation(DefinitionError):  # noqa: N818 - the name is fixed by the tier-2 contract.
    """
    A workflow has more steps, or more human steps, than a mission may have.
    """

    code = "limit_exceeded"
    contract_text = True


class AntiFailurePlanningError(DefinitionError):
    """
    A builder was asked for a workflow beyond the limits.
    """

    code = "plan_exceeds_limit"


class EnvelopeViolation(DefinitionError):  # noqa: N818 - the name is fixed by the tier-2 contract.
    """
    A step's kind is outside the execution envelope (`human`, `runtime`).
    """

    code = "disallowed_kind"
    contract_text = True


class ExpressionError(DefinitionError):
    """
    A text is no expression; `where` is `line:column` in it.
    """

    code = "invalid_expression"


class PolicyError(DefinitionError):
    """
    A policy pack is not one that can be evaluated, or a policy that is asked for is missing.
    """

    code = "invalid_policy"


class ProfileError(DefinitionError):
    """
    A profile or an environment cannot be used, or a run of one cannot be compiled.
    """

    code = "invalid_profile"


class UngatedFlagError(DefinitionError):
    """
    A verdict can flag, and no later step asks a person, or something is changed outside before that step.
    """

    code = "ungated_flag"


class UnsafePathError(DefinitionError):
    """
    A path through the workflow breaks a sequence rule. `counter_example` is the shortest one, as plain JSON.
    """

    code = "unsafe_path"
    counter_example: dict[str, object] | None = None


class ParamsError(DefinitionError):
    """
    A mission's params do not fit its params class.
    """

    code = "invalid_params"


class InvalidKeyError(DefinitionError):
    """
    A text holds no Ed25519 key, or one that cannot be used as it is.
    """

    code = "invalid_key"


class ModeError(DefinitionError):
    """
    The workflow holds a mutating effect, and the mode asked for allows none.
    """

    code = "mode_forbids_mutation"


class LedgerRequiredError(DefinitionError):
    """
    A mutating effect would be performed without a durable record of its intent.
    """

    code = "ledger_required"


class UndeclaredSecretError(DefinitionError):
    """
    An input looks like a secret that nobody declared; the faults name paths and rules, never values.
    """

    code = "undeclared_secret"


class SealRefusedError(DefinitionError):
    """
    An input holds a seal already, or what is to be sealed is not there or cannot be.
    """

    code = "seal_refused"


class SealingRequiredError(DefinitionError):
    """
    A run has values to seal or to open, and nothing here can: no `seal=` was given, or its seal key is gone.
    """

    code = "sealing_required"


class ConnectorSettingsError(DefinitionError):
    """
    The settings of a connector cannot be used; the faults name their places.
    """

    code = "invalid_connector_settings"


class UnknownNameError(MissionEngineError):
    """
    A name stands for nothing here.
    """

    code = "unknown_name"


class UnknownMissionError(UnknownNameError):
    """
    No mission of this name is registered.
    """

    code = "unknown_mission"
    contract_text = True


class UnknownConnectorError(UnknownNameError):
    """
    An action step names a connector that was not supplied.
    """

    code = "unknown_connector"


class UnknownKeyError(UnknownNameError):
    """
    No key of this name is kept here, or none was chosen to sign with.
    """

    code = "unknown_key"


class UnknownProfileError(UnknownNameError):
    """
    No profile of this name is installed, and there is no directory of it.
    """

    code = "unknown_profile"


class UnknownRunError(UnknownNameError):
    """
    No run or checkpoint of this name is kept here, or more than one.
    """

    code = "unknown_run"


class UnknownSealError(UnknownNameError):
    """
    A run holds no such seal, or its opening is not kept here: it was erased, or never was.
    """

    code = "unknown_seal"


class UsageError(MissionEngineError):
    """
    A command line or an input file cannot be used.
    """

    code = "usage"


class MissingExtraError(UsageError):
    """
    What is asked for needs a package that is not installed; the remedy is the command that installs it.
    """

    code = "missing_extra"


class TransitionError(MissionEngineError):
    """
    The event is not allowed in the present state; nothing changed.
    """

    code = "transition_refused"


class PlanChangedError(TransitionError):
    """
    What was planned is not what would run now; nothing ran.
    """

    code = "plan_changed"


class AnswerRefusedError(TransitionError):
    """
    An answer does not fit what the run asks; nothing is recorded.

    When effects were performed before that showed, `result` is the run as it stands, with their outcomes.
    """

    code = "answer_refused"
    result: object = None


class InvalidAnswerError(AnswerRefusedError):
    """
    An answer is for this request but not one it allows (choice, input, actor, kind).
    """

    code = "invalid_answer"


class StaleAnswerError(AnswerRefusedError):
    """
    An answer is bound to a request this run never made.
    """

    code = "stale_answer"


class UnusedAnswerError(AnswerRefusedError):
    """
    An answer was left over when the run stopped.
    """

    code = "unused_answer"


class UnverifiedAnswerError(AnswerRefusedError):
    """
    An answer is for a step that is signed or expires, and nothing here can check it.
    """

    code = "unverified_answer"


class DecisionRefusedError(AnswerRefusedError):
    """
    A decision is late, its nonce was not issued for its request or was used before, or its signature does not hold.
    """

    code = "decision_refused"


class EvaluationError(MissionEngineError):
    """
    An expression has no value for these variables; `failure` says why, as a code from a closed list.
    """

    code = "evaluation_error"
    failure: str = ""


class ExecutionError(MissionEngineError):
    """
    An effect could not be carried out as asked.
    """

    code = "execution_error"


class ExecutionPolicyError(ExecutionError):
    """
    A field of an execution policy is outside its bounds; `where` names it.
    """

    code = "invalid_execution_policy"


class ExecutionHaltedError(ExecutionError):
    """
    An execution must not go on; `halt_code` says why. It ends as a report and never leaves `execute`.
    """

    code = "execution_halted"
    halt_code: str = ""


class ConnectorError(MissionEngineError):
    """
    A connector cannot be made, or cannot do what is asked.
    """

    code = "connector_error"


class SecretUnavailableError(ConnectorError):
    """
    A secret that settings refer to is not there, or stands where others could read it; the text never holds a value.
    """

    code = "secret_unavailable"


class BrokenConnectorError(ConnectorError):
    """
    A connector of an installed package cannot be loaded or made, or is none; the others are not touched.
    """

    code = "broken_connector"


class IntegrityError(MissionEngineError):
    """
    Bytes are not what they claim to be.
    """

    code = "integrity_error"


class EncodingError(IntegrityError):
    """
    A value or a text is not JSON that can be written canonically.
    """

    code = "not_canonical_json"


class CheckpointMismatchError(IntegrityError):
    """
    A checkpoint belongs to another mission, version or engine than the one asked to resume it.
    """

    code = "checkpoint_mismatch"


class InvalidSignatureError(IntegrityError):
    """
    A signature is not that of its key over these bytes, or none is by a trusted key.
    """

    code = "invalid_signature"


class ReceiptMismatchError(IntegrityError):
    """
    Re-execution gave other bytes than the record holds, or an attestation speaks of another receipt.
    """

    code = "receipt_mismatch"


class AuditBrokenError(IntegrityError):
    """
    An audit log is not one whole chain from its first entry on.
    """

    code = "audit_broken"


class SealMismatchError(IntegrityError):
    """
    Path, opening and value do not give the seal they are said to open.
    """

    code = "seal_mismatch"


class LogMismatchError(IntegrityError):
    """
    A receipt or an older head does not lead to the head of a log it was held against.
    """

    code = "log_mismatch"


class StorageError(MissionEngineError):
    """
    The place runs are kept in cannot be read or written.
    """

    code = "storage_error"


class RevisionConflictError(StorageError):
    """
    Somebody else changed the run meanwhile; nothing was kept.
    """

    code = "revision_conflict"


class EngineBug(MissionEngineError):  # noqa: N818 - it is a bug report, not a condition to handle.
    """
    An invariant of the engine broke; never caught, never retried, never turned into a result.
    """

    code = "engine_bug"
