"""The statement on a run, and what an attestation binds: key, statement, receipt, final state."""

import hashlib
import json
from collections.abc import Callable
from typing import Any

import attrs
import pytest
import rfc8785
from makers import make_decision, make_gate, run
from signers import make_key, make_run

from runtime.encoding.frozen import JsonObject
from runtime.errors import (
    DefinitionError,
    EncodingError,
    IntegrityError,
    InvalidKeyError,
    InvalidSignatureError,
    MissionEngineError,
    ReceiptMismatchError,
)
from runtime.evidence.envelope import Envelope, sign_envelope
from runtime.evidence.statement import (
    PAYLOAD_TYPE,
    RECEIPT_PREDICATE,
    STATEMENT_TYPE,
    Statement,
    Subject,
    SubjectDigest,
    attest,
    verify_attestation,
)

ADA, EVE = make_key("ada"), make_key("eve")
RUN, OTHER = make_run(1), make_run(2)
RECEIPT: dict[str, Any] = RUN.receipt.thaw()
STATEMENT = Statement.of_receipt(RECEIPT)


class TestAStatement:
    """
    "in-toto Statement v1: subjects = pure receipt and final state; own versioned predicateType"
    """

    def test_has_the_form_of_in_toto(self) -> None:
        """
        Digests of subjects are hex without our prefix; the predicate is the whole receipt.
        """
        document = json.loads(STATEMENT.raw)
        assert document == {
            "_type": "https://in-toto.io/Statement/v1",
            "predicateType": "urn:mission-runtime:receipt/v1",
            "subject": [
                {"name": "receipt", "digest": {"sha256": hashlib.sha256(RUN.receipt.raw).hexdigest()}},
                {"name": "final_state", "digest": {"sha256": hashlib.sha256(b'{"n":1}').hexdigest()}},
            ],
            "predicate": RECEIPT,
        }
        assert STATEMENT.raw == rfc8785.dumps(document)
        assert (document["_type"], document["predicateType"]) == (STATEMENT_TYPE, RECEIPT_PREDICATE)

    def test_is_read_back_as_it_was(self) -> None:
        """
        From the bytes, and from a receipt in either form.
        """
        assert Statement.from_bytes(STATEMENT.raw) == STATEMENT
        assert Statement.of_receipt(RUN.receipt) == STATEMENT

    def test_does_not_change_with_the_callers_receipt(self) -> None:
        """
        What was stated stays stated.
        """
        receipt = json.loads(RUN.receipt.raw)
        statement = Statement.of_receipt(receipt)
        receipt["status"] = "failed"
        receipt["header"]["mode"] = "apply"
        assert statement == STATEMENT

    @pytest.mark.parametrize("choice", ["approve", "reject"])
    def test_is_made_of_every_ending(self, choice: str) -> None:
        """
        A denied run is stated too, and never as a completed one.
        """
        result = run({}, make_gate(), answers=[make_decision(choice=choice)])
        receipt = result.receipt
        assert receipt is not None
        predicate = json.loads(Statement.of_receipt(receipt).raw)["predicate"]
        assert predicate["status"] == {"approve": "completed", "reject": "denied"}[choice]


NO_RECEIPTS: dict[str, tuple[Any, str]] = {
    "no schema": ({k: v for k, v in RECEIPT.items() if k != "schema"}, "'schema' is missing"),
    "another schema": ({**RECEIPT, "schema": "receipt/v2"}, "expected one of ['receipt/v1']"),
    "a field more": ({**RECEIPT, "note": ""}, "unknown field 'note'"),
    "a field less": ({k: v for k, v in RECEIPT.items() if k != "status"}, "'status' is missing"),
    "a count that is true": ({**RECEIPT, "lineage_count": True}, "expected int, got bool True @ lineage_count"),
    "steps that are a text": ({**RECEIPT, "steps": "a"}, "expected list, got str 'a' @ steps"),
    "another ending": ({**RECEIPT, "status": "waiting_human"}, "got 'waiting_human' @ status"),
    "a final state without digest": ({**RECEIPT, "final_state_digest": "none"}, "'none' @ final_state_digest"),
    "a head without digest": ({**RECEIPT, "lineage_head": "sha256:0"}, "'sha256:0' @ lineage_head"),
    "answers in upper case": ({**RECEIPT, "answers_digest": RECEIPT["answers_digest"].upper()}, "@ answers_digest"),
    "a field more in the header": (
        {**RECEIPT, "header": {**RECEIPT["header"], "note": ""}},
        "unknown field 'note' @ header",
    ),
    "a header of another run": (
        {**RECEIPT, "header": {**RECEIPT["header"], "mode": "apply"}},
        "is not the digest of the header @ header_digest",
    ),
    "a header digest of another run": (
        {**RECEIPT, "header_digest": RECEIPT["lineage_head"]},
        "is not the digest of the header @ header_digest",
    ),
}


@pytest.mark.parametrize("case", NO_RECEIPTS)
def test_what_is_no_receipt_is_not_stated(case: str) -> None:
    """
    Every fault is named with its place.
    """
    receipt, message = NO_RECEIPTS[case]
    with pytest.raises(DefinitionError) as caught:
        Statement.of_receipt(receipt)
    assert message in str(caught.value)


@pytest.mark.parametrize("receipt", [None, [], "receipt", 5, {1: 2}, {"a": float("nan")}], ids=repr)
def test_what_is_no_object_is_not_stated(receipt: Any) -> None:
    """
    With a named error.
    """
    with pytest.raises(EncodingError):
        Statement.of_receipt(receipt)


def _untyped(**fields: Any) -> dict[str, Any]:
    """
    Give fields as a caller without types may.
    """
    return fields


def _with(**changes: Any) -> dict[str, Any]:
    return {**json.loads(STATEMENT.raw), **changes}


_SUBJECTS: list[Any] = json.loads(STATEMENT.raw)["subject"]
NO_STATEMENTS: dict[str, tuple[Any, str]] = {
    "another type": (_with(_type="https://in-toto.io/Statement/v0.1"), f"expected {STATEMENT_TYPE}"),
    "no type": ({k: v for k, v in _with().items() if k != "_type"}, "'_type' is missing"),
    "unknown predicate": (
        _with(predicateType="urn:mission-runtime:receipt/v2"),
        f"expected one of ['{RECEIPT_PREDICATE}']",
    ),
    "null for the predicate type": (_with(predicateType=None), "expected str, got null @ predicateType"),
    "a field more": (_with(note=""), "unknown field 'note'"),
    "no predicate": (_with(predicate=None), "predicate"),
    "a predicate that is no receipt": (_with(predicate={}), "required field"),
    "no subjects": (_with(subject=[]), "subjects that do not follow from the predicate"),
    "a subject less": (_with(subject=_SUBJECTS[:1]), "subjects that do not follow from the predicate"),
    "a subject more": (_with(subject=[*_SUBJECTS, _SUBJECTS[0]]), "subjects that do not follow from the predicate"),
    "subjects in another order": (_with(subject=_SUBJECTS[::-1]), "subjects that do not follow from the predicate"),
    "another name of a subject": (
        _with(subject=[{**_SUBJECTS[0], "name": "result"}, _SUBJECTS[1]]),
        "subjects that do not follow from the predicate",
    ),
    "digest of another receipt": (
        _with(subject=[{**_SUBJECTS[0], "digest": _SUBJECTS[1]["digest"]}, _SUBJECTS[1]]),
        "subjects that do not follow from the predicate",
    ),
    "digest of another final state": (
        _with(subject=[_SUBJECTS[0], {**_SUBJECTS[1], "digest": _SUBJECTS[0]["digest"]}]),
        "subjects that do not follow from the predicate",
    ),
    "receipt of another run": (_with(predicate=OTHER.receipt.thaw()), "subjects that do not follow from the predicate"),
    "digest with a prefix": (
        _with(subject=[{**_SUBJECTS[0], "digest": {"sha256": "sha256:" + "0" * 64}}]),
        "expected 64 lower-case hex digits @ subject[0].digest.sha256",
    ),
    "digest that is a number": (_with(subject=[{**_SUBJECTS[0], "digest": {"sha256": 5}}]), "expected str, got int 5"),
    "digest of another kind": (
        _with(subject=[{**_SUBJECTS[0], "digest": {"md5": "0" * 32}}]),
        "unknown field 'md5'",
    ),
    "a field more in a subject": (_with(subject=[{**_SUBJECTS[0], "uri": ""}]), "unknown field 'uri'"),
    "a list": ([], "expected dict, got list"),
    "null": (None, "expected dict, got null"),
}


@pytest.mark.parametrize("case", NO_STATEMENTS)
def test_what_is_no_statement_is_refused(case: str) -> None:
    """
    INV-61: when it is read, whoever signed it; and so its attestation does not hold although the signature does.
    """
    document, message = NO_STATEMENTS[case]
    raw = rfc8785.dumps(document)
    with pytest.raises(IntegrityError, match=r"^run\.json: ") as caught:
        Statement.from_bytes(raw, source="run.json")
    assert message in str(caught.value)
    with pytest.raises(IntegrityError, match=r"^payload: "):
        verify_attestation(sign_envelope(PAYLOAD_TYPE, raw, [ADA]), RECEIPT, [ADA.public])


@pytest.mark.parametrize(
    "raw", [b"", b"null ", STATEMENT.raw + b"\n", b"\xff"], ids=["empty", "space", "line end", "binary"]
)
def test_a_statement_that_is_not_canonical_is_refused(raw: bytes) -> None:
    """
    One statement has one spelling.
    """
    with pytest.raises(EncodingError):
        Statement.from_bytes(raw)


def test_a_statement_is_named_where_there_is_no_source() -> None:
    """
    So a fault in memory reads well too.
    """
    with pytest.raises(IntegrityError, match=r"^statement: a fault"):
        Statement.from_bytes(b"null")


@pytest.mark.parametrize(
    "make",
    [
        lambda: SubjectDigest(**_untyped(sha256=5)),
        lambda: SubjectDigest(**_untyped(sha256=int("1" * 64))),
        lambda: SubjectDigest(sha256="A" * 64),
        lambda: Subject(**_untyped(name=5, digest=SubjectDigest(sha256="a" * 64))),
        lambda: Subject(**_untyped(name="a", digest="a" * 64)),
        lambda: attrs.evolve(STATEMENT, **_untyped(subject=list(STATEMENT.subject))),
        lambda: attrs.evolve(STATEMENT, **_untyped(predicate=RECEIPT)),
        lambda: attrs.evolve(STATEMENT, **_untyped(predicate_type=None)),
        lambda: attrs.evolve(STATEMENT, **_untyped(predicate_type=["a"])),
        lambda: attrs.evolve(STATEMENT, **_untyped(statement_type=None)),
    ],
    ids=[
        "digest",
        "digits",
        "upper case",
        "name",
        "text digest",
        "list",
        "plain predicate",
        "null type",
        "list type",
        "no type",
    ],
)
def test_values_hold_their_rules_themselves(make: Callable[[], object]) -> None:
    """
    Not only when they are read.
    """
    with pytest.raises(DefinitionError):
        make()


class TestAttesting:
    """
    A run is executed again before it is attested.
    """

    def test_signs_the_statement_on_its_receipt(self) -> None:
        """
        With the payload type of in-toto.
        """
        envelope = attest(RUN, [ADA, EVE])
        assert envelope.payload_type == PAYLOAD_TYPE == "application/vnd.in-toto+json"
        assert envelope.payload == STATEMENT.raw
        assert set(verify_attestation(envelope, RECEIPT, [ADA.public, EVE.public])) == {ADA.public, EVE.public}
        assert verify_attestation(Envelope.from_bytes(envelope.raw), RUN.receipt, [ADA.public]) == (ADA.public,)

    def test_refuses_a_run_that_does_not_re_execute(self) -> None:
        """
        No key vouches for a receipt that does not follow from the inputs.
        """
        forged = attrs.evolve(RUN, receipt=OTHER.receipt)
        with pytest.raises(ReceiptMismatchError):
            attest(forged, [ADA])

    @pytest.mark.parametrize(
        ("attested", "keys"),
        [(RUN, []), (RUN, [ADA.public]), (RUN, None), (None, [ADA]), (RECEIPT, [ADA])],
        ids=["no keys", "public key", "null for keys", "null", "receipt"],
    )
    def test_refuses_something_else(self, attested: Any, keys: Any) -> None:
        """
        With a named error.
        """
        with pytest.raises(MissionEngineError):
            attest(attested, keys)


CHEATS: dict[str, tuple[Callable[[], object], type[MissionEngineError], str]] = {
    "attestation of another run": (
        lambda: verify_attestation(attest(OTHER, [ADA]), RECEIPT, [ADA.public]),
        ReceiptMismatchError,
        f"of receipt {OTHER.receipt_digest}, not of {RUN.receipt_digest}",
    ),
    "receipt of another ending": (
        lambda: verify_attestation(attest(RUN, [ADA]), {**RECEIPT, "status": "failed"}, [ADA.public]),
        ReceiptMismatchError,
        "an attestation of receipt",
    ),
    "other key": (
        lambda: verify_attestation(attest(RUN, [EVE]), RECEIPT, [ADA.public]),
        InvalidSignatureError,
        "no signature by a trusted key",
    ),
    "other payload type": (
        lambda: verify_attestation(sign_envelope("application/json", STATEMENT.raw, [ADA]), RECEIPT, [ADA.public]),
        IntegrityError,
        "payload type 'application/json'",
    ),
    "payload changed after it was signed": (
        lambda: verify_attestation(attrs.evolve(attest(OTHER, [ADA]), payload=STATEMENT.raw), RECEIPT, [ADA.public]),
        InvalidSignatureError,
        "by key",
    ),
    "statement nobody signed is not read": (
        lambda: verify_attestation(attrs.evolve(attest(RUN, [ADA]), payload=b"no statement"), RECEIPT, [ADA.public]),
        InvalidSignatureError,
        "by key",
    ),
    "no keys": (
        lambda: verify_attestation(attest(RUN, [ADA]), RECEIPT, []),
        InvalidSignatureError,
        "no signature by a trusted key",
    ),
    "no receipt": (
        lambda: verify_attestation(attest(RUN, [ADA]), JsonObject({}), [ADA.public]),
        DefinitionError,
        "required field",
    ),
    "private keys for trusted ones": (
        lambda: verify_attestation(attest(RUN, [ADA]), RECEIPT, [ADA]),  # type: ignore[list-item]  # what a caller may do.
        InvalidKeyError,
        "give a PublicKey",
    ),
}


@pytest.mark.parametrize("defect", CHEATS)
def test_an_attestation_that_does_not_hold_is_refused(defect: str) -> None:
    """
    INV-61: an attestation is of exactly the receipt at hand, by a trusted key.
    """
    attempt, error, message = CHEATS[defect]
    with pytest.raises(error) as caught:
        attempt()
    assert message in str(caught.value)
