"""The signed statement on a run: an in-toto Statement v1 whose predicate is the receipt. Read `envelope.py` first.

Rules, referred to by number below:

1. The subjects follow from the predicate: a statement that names other digests than its own receipt is refused when it
   is read, whoever signed it.
2. A run is executed again before it is attested, so that no key vouches for what does not hold together.
3. An attestation is of exactly the receipt at hand: signature, statement and receipt are bound to each other by bytes.

Each kind of predicate has a row in `_SUBJECTS`: its type, and how its subjects follow from it.
"""

from collections.abc import Callable, Iterable, Mapping
from typing import Any, Final, Self, final

import attrs

from runtime.encoding.canonical import canonical_record
from runtime.encoding.converter import KEY, structure, unstructure
from runtime.encoding.digest import digest_of, is_digest
from runtime.encoding.frozen import JsonObject, frozen_object
from runtime.encoding.jsontext import parse_canonical
from runtime.errors import DefinitionError, Fault, IntegrityError, ReceiptMismatchError, shown
from runtime.evidence.envelope import Envelope, sign_envelope, verify_envelope
from runtime.evidence.record import RecordedRun
from runtime.evidence.replay import replay
from runtime.orchestration.lineage import Receipt
from runtime.orchestration.result import RunStatus
from runtime.values.checks import of_type
from runtime.values.keys import PrivateKey, PublicKey

__all__ = [
    "PAYLOAD_TYPE",
    "RECEIPT_PREDICATE",
    "STATEMENT_TYPE",
    "Statement",
    "Subject",
    "SubjectDigest",
    "attest",
    "verify_attestation",
]

PAYLOAD_TYPE: Final = "application/vnd.in-toto+json"
"""The payload type of a signed statement, fixed by in-toto."""
STATEMENT_TYPE: Final = "https://in-toto.io/Statement/v1"
"""The type of a statement, fixed by in-toto: a name, no address that anything fetches."""
RECEIPT_PREDICATE: Final = "urn:mission-runtime:receipt/v1"
"""The type of a predicate that is a pure receipt: our name space, then the schema of the record."""

_ENDED: Final = (RunStatus.COMPLETED.value, RunStatus.DENIED.value, RunStatus.FAILED.value)


def _is_hex(_: object, field: "attrs.Attribute[Any]", value: object) -> None:
    if not is_digest(f"sha256:{value}"):
        raise DefinitionError(
            f"{field.name} is {shown(value)}", where=field.name, remedy="expected 64 lower-case hex digits"
        )


@final
@attrs.frozen(kw_only=True)
class SubjectDigest:
    """
    The digests of a subject, as in-toto writes them: one, SHA-256, without the `sha256:` that ours begin with.
    """

    sha256: str = attrs.field(validator=[of_type(str), _is_hex])


@final
@attrs.frozen(kw_only=True)
class Subject:
    """
    What a statement is about: a name, and the digest of canonical bytes.
    """

    name: str = attrs.field(validator=of_type(str))
    digest: SubjectDigest = attrs.field(validator=of_type(SubjectDigest))

    @classmethod
    def of(cls, name: str, digest: str) -> Self:
        """
        Give the subject of a digest that begins with `sha256:`.
        """
        return cls(name=name, digest=SubjectDigest(sha256=digest.removeprefix("sha256:")))


def _list_receipt_subjects(predicate: JsonObject) -> tuple[Subject, ...]:
    receipt = _check_receipt(predicate.thaw())
    return Subject.of("receipt", predicate.digest), Subject.of("final_state", receipt["final_state_digest"])


def _check_receipt(receipt: Any) -> Receipt:  # noqa: ANN401 - JSON enters here.
    # The converter reads the class of the record, so a field more, less or of another type is a fault with its path.
    checked: Receipt = structure(receipt, Receipt, what="receipt", error=DefinitionError)
    faults = [
        Fault(f"expected a digest, got {shown(value)}", name)
        for name, value in sorted(checked.items())
        if name.endswith(("_digest", "_head")) and not is_digest(value)
    ]
    if checked["status"] not in _ENDED:
        faults.append(Fault(f"expected one of {list(_ENDED)}, got {shown(checked['status'])}", "status"))
    if not faults and checked["header_digest"] != digest_of(receipt["header"]):
        faults = [Fault("is not the digest of the header", "header_digest")]
    if faults:
        raise DefinitionError("receipt that does not hold together", where="predicate", faults=faults)
    return checked


_SUBJECTS: Final[Mapping[str, Callable[[JsonObject], tuple[Subject, ...]]]] = {
    RECEIPT_PREDICATE: _list_receipt_subjects,
}
"""Each type of predicate, and how the subjects of a statement follow from it."""


@final
@attrs.frozen(kw_only=True)
class Statement:
    """
    An in-toto Statement v1: what it is about, and what it says.
    """

    statement_type: str = attrs.field(metadata={KEY: "_type"})
    subject: tuple[Subject, ...]
    predicate_type: str = attrs.field(metadata={KEY: "predicateType"})
    predicate: JsonObject = attrs.field(validator=of_type(JsonObject))

    def __attrs_post_init__(self) -> None:
        """
        Refuse another type of statement, an unknown predicate, and subjects that do not follow from it.
        """
        if self.statement_type != STATEMENT_TYPE:
            raise DefinitionError(
                f"_type {shown(self.statement_type)}", where="_type", remedy=f"expected {STATEMENT_TYPE}"
            )
        if type(self.predicate_type) is not str or self.predicate_type not in _SUBJECTS:
            raise DefinitionError(
                f"predicateType {shown(self.predicate_type)}",
                where="predicateType",
                remedy=f"expected one of {sorted(_SUBJECTS)}",
            )
        if self.subject != _SUBJECTS[self.predicate_type](self.predicate):  # (1)
            raise DefinitionError(
                "subjects that do not follow from the predicate",
                where="subject",
                remedy="trust neither; ask for the original",
            )

    @classmethod
    def of_receipt(cls, receipt: Mapping[str, Any]) -> Self:
        """
        State a receipt: subjects are the receipt and the final state.

        Raises:
            EncodingError: it is no JSON object.
            DefinitionError: it is no `receipt/v1`, or does not hold together.
        """
        predicate = frozen_object(receipt)
        return cls(
            statement_type=STATEMENT_TYPE,
            subject=_list_receipt_subjects(predicate),
            predicate_type=RECEIPT_PREDICATE,
            predicate=predicate,
        )

    @property
    def raw(self) -> bytes:
        """
        The canonical bytes of the statement: the payload of its envelope.
        """
        return canonical_record(unstructure(self))

    @classmethod
    def from_bytes(cls, raw: bytes, *, source: str = "") -> Self:
        """
        Read a statement.

        Raises:
            EncodingError: the bytes are not canonical JSON.
            IntegrityError: they are no statement that this version knows; every fault is listed.
        """
        document = parse_canonical(raw, source=source)
        return structure(document, cls, what=source or "statement", error=IntegrityError)


def attest(run: RecordedRun, keys: Iterable[PrivateKey]) -> Envelope:
    """
    Execute a recorded run again, and sign a statement on its receipt.

    Raises:
        ReceiptMismatchError: the run does not re-execute to the same bytes; nothing is signed.
        InvalidKeyError: some of the keys are none.
        DefinitionError: there are no keys, too many, or one twice.
    """
    replay(run)  # (2)
    return sign_envelope(PAYLOAD_TYPE, Statement.of_receipt(run.receipt).raw, keys)


def verify_attestation(
    envelope: Envelope, receipt: Mapping[str, Any], trusted_keys: Iterable[PublicKey]
) -> tuple[PublicKey, ...]:
    """
    Check that a trusted key signed a statement on exactly this receipt.

    Whether the receipt follows from the inputs of its run is another question, which `replay` answers.

    Returns:
        The trusted keys that signed it: at least one.

    Raises:
        IntegrityError: the envelope holds no statement of a kind that is known here.
        InvalidSignatureError: no signature is by a trusted key over this statement.
        InvalidKeyError: some of the trusted keys are none.
        ReceiptMismatchError: the statement is on another receipt.
        DefinitionError: `receipt` is none.
    """
    signers = verify_envelope(envelope, trusted_keys, payload_type=PAYLOAD_TYPE)
    stated = Statement.from_bytes(envelope.payload, source="payload")
    expected = Statement.of_receipt(receipt)
    if stated != expected:  # (3)
        raise ReceiptMismatchError(
            f"an attestation of receipt sha256:{stated.subject[0].digest.sha256}, not of sha256:{expected.subject[0].digest.sha256}",
            where="payload",
            remedy="ask for the attestation of this receipt",
        )
    return signers
