"""Whether the inputs of a run hold seals: none may, before the run is sealed; see `sealing.py`.

What holds none is told by one search for a byte string in bytes that are there anyway, so a run without seals pays next
to nothing.
"""

from runtime.encoding.canonical import JsonValue
from runtime.encoding.digest import digest_of_bytes
from runtime.encoding.frozen import thaw
from runtime.encoding.seal import SEAL_MEMBER, find_seals, may_hold_seal
from runtime.errors import SealRefusedError
from runtime.orchestration.checkpoint import Checkpoint
from runtime.orchestration.lineage import record_bytes
from runtime.values.answers import Answer, EffectOutcome
from runtime.values.checks import frozen_bytes

__all__ = ["holds_seal", "outcome_holds_seal", "refuse_in", "refuse_sealed_answer", "refuse_seals", "run_digest_of"]


def run_digest_of(inputs: Checkpoint) -> str:
    """
    Give the digest of the run header, by which openings are kept.
    """
    return digest_of_bytes(record_bytes(inputs.header))


def holds_seal(inputs: Checkpoint) -> bool:
    """
    Tell whether some input of a run, answers included, is sealed.
    """
    if inputs.context.initial_state.may_hold_seal or (inputs.params and may_hold_seal(inputs.params.raw)):
        return True
    return any(outcome_holds_seal(answer.outcome) for answer in inputs.answers)


def refuse_seals(inputs: Checkpoint) -> Checkpoint:
    """
    Give inputs back, unless they hold a seal already.

    Raises:
        SealRefusedError: some do; the first is named.
    """
    context = inputs.context
    if context.initial_state.may_hold_seal:
        refuse_in("context", context.initial_state.thaw())
    for name, document in (("metadata", context.metadata), ("params", inputs.params)):
        if document is not None and may_hold_seal(document.raw):
            refuse_in(name, document.thaw())
    for answer in inputs.answers:
        refuse_sealed_answer(answer)
    return inputs


def refuse_sealed_answer(answer: Answer) -> None:
    """
    Refuse an outcome given from outside that holds a seal.

    Raises:
        SealRefusedError: it does.
    """
    if answer.outcome is not None and outcome_holds_seal(answer.outcome):
        refuse_in(f"answer for {answer.addressee}", [thaw(answer.outcome.output), answer.outcome.attempts.thaw()])


def outcome_holds_seal(outcome: EffectOutcome | None) -> bool:
    """
    Tell whether an outcome holds a seal.
    """
    return outcome is not None and (may_hold_seal(frozen_bytes(outcome.output)) or may_hold_seal(outcome.attempts.raw))


def refuse_in(name: str, document: JsonValue) -> None:
    """
    Refuse a plain document that holds a seal.

    Raises:
        SealRefusedError: it does.
    """
    for path, _ in find_seals(document):
        raise SealRefusedError(
            f"a member named {SEAL_MEMBER} in the {name}",
            where=path or "/",
            remedy="give the value itself, and let the run seal it; or give the member another name",
        )
