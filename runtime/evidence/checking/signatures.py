"""Checks 6 and 11: who signed a statement on the receipt, and who keeps a log that holds it."""

from runtime.errors import DefinitionError, IntegrityError, InvalidSignatureError
from runtime.evidence.checking.outcomes import Finding, Material, asserted, failed, nothing, passed
from runtime.evidence.envelope import Envelope
from runtime.evidence.loghead import LogHead, open_head
from runtime.evidence.lognote import Note, VerifierKey
from runtime.evidence.logproof import verify_included
from runtime.evidence.statement import verify_attestation

__all__ = ["check_attestation", "check_log"]


def check_attestation(material: Material) -> Finding:
    """
    Check 6: an operator that is trusted signed a statement on exactly this receipt.
    """
    envelope: Envelope | None = material.parts["attestation"]
    if envelope is None:
        return nothing("the bundle holds no attestation")
    trusted = () if material.trust is None else material.trust.operator_keys
    if not trusted:
        # What nobody vouches for is not read, so not even whether it is of this receipt.
        return asserted(f"signed by {_list_ids(envelope)}, and no operator key is trusted here")
    try:
        signers = verify_attestation(envelope, material.parts["receipt"].thaw(), trusted)
    except (DefinitionError, IntegrityError) as error:
        return failed(str(error))
    return passed(f"signed by {', '.join(sorted(key.key_id for key in signers))}")


def _list_ids(envelope: Envelope) -> str:
    return ", ".join(f"key {one.keyid!r}" for one in envelope.signatures)


def check_log(material: Material) -> Finding:
    """
    Check 11: the proof leads from the receipt to a head that a trusted log signed.
    """
    inclusion, text = material.parts["log_inclusion"], material.parts["log_head"]
    if inclusion is None:
        return nothing("the bundle holds no proof that a log has the receipt")
    note, receipt = text.encode(), material.parts["receipt"].raw
    trusted = () if material.trust is None else material.trust.log_keys
    try:
        # A proof that does not lead to the head is wrong, whoever signed the head.
        head = LogHead.from_text(Note.parse(note).text)
        verify_included(inclusion, receipt, head)
        if not trusted:
            return asserted(f"a log that calls itself {head.origin!r} has it, and no log key is trusted here")
        keeper = _find_keeper(note, trusted)
    except IntegrityError as error:
        return failed(str(error))
    return passed(f"at index {inclusion.index} of {inclusion.size}, log {keeper.name!r}")


def _find_keeper(note: bytes, trusted: tuple[VerifierKey, ...]) -> VerifierKey:
    """
    Give the trusted key whose log this is a head of.

    Raises:
        IntegrityError: no trusted key signed it, or one that it names did not.
    """
    names = {(one.name, one.key_id) for one in Note.parse(note).signatures}
    named = [key for key in trusted if (key.name, key.key_id) in names]
    for key in named:
        open_head(note, key)
    if not named:
        raise InvalidSignatureError(
            "a head that no trusted log signed", where="log_head", remedy="ask the log for its key, not the supplier"
        )
    return named[0]
