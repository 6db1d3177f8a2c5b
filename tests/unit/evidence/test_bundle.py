"""The bundle: one canonical file that holds a run and what vouches for it, and gives the run back."""

import json
from collections.abc import Callable
from typing import Any

import attrs
import pytest
import rfc8785
from bundling import MISSION, OPERATOR, changed, make_bundle, make_document, make_ended, make_foreign
from logs import KEY, ORIGIN, make_log, make_receipt
from makers import make_decision, make_gate, run, sha256_of
from signers import make_run

from missions.catalog import BUILT_IN_MISSIONS
from runtime.errors import (
    CheckpointMismatchError,
    EncodingError,
    IntegrityError,
    LogMismatchError,
    ReceiptMismatchError,
)
from runtime.evidence import RecordedRun
from runtime.evidence.bundle import Bundle
from runtime.evidence.log import ReceiptLog
from runtime.evidence.statement import attest
from runtime.orchestration.registry import run_mission
from runtime.testing import MemoryLogStore

RUN = make_ended()
BUNDLE = make_bundle(RUN)
MEMBERS = {
    *("schema", "header", "definition", "params", "context", "policies", "certificate", "answers", "requests"),
    *("lineage", "receipt", "run_receipt", "audit_log", "attestation", "log_inclusion", "log_head"),
}


class TestABundle:
    """
    "One canonical JSON file", in which every part of the record stands.
    """

    def test_has_the_form_of_the_record(self) -> None:
        """
        Every member is written; the digest is that of the bytes.
        """
        document = json.loads(BUNDLE.raw)
        assert document.keys() == MEMBERS
        assert document["schema"] == "bundle/v1"
        assert (document["run_receipt"], document["audit_log"]) == (None, None)
        assert document["header"] == document["receipt"]["header"]
        assert document["attestation"]["payloadType"] == "application/vnd.in-toto+json"
        assert document["log_head"].startswith(f"{ORIGIN}\n3\n")
        assert BUNDLE.raw == rfc8785.dumps(document)
        assert BUNDLE.digest == sha256_of(document)

    def test_gives_back_what_was_put_in(self) -> None:
        """
        Run, attestation and proof, equal in every byte.
        """
        read = Bundle.from_bytes(BUNDLE.raw)
        assert read == BUNDLE
        assert read.recorded_run.raw == RUN.raw
        assert read.raw == BUNDLE.raw

    def test_holds_what_each_person_was_asked(self) -> None:
        """
        A digest of a request alone would not say what was shown.
        """
        document = json.loads(BUNDLE.raw)
        vote, confirm, fetch = document["requests"]
        assert (vote["step_id"], vote["ask"]["shown"]) == ("vote", {"order": {"amount": 5}})
        assert (confirm["ask"]["approvers"], fetch["ask"]["connector"]) == (["grace"], "files")
        digests = [entry["request_digest"] for entry in document["lineage"] if entry["request_digest"]]
        assert [sha256_of(request) for request in document["requests"]] == digests

    def test_holds_nothing_besides_the_run_when_nothing_vouches_for_it(self) -> None:
        """
        Then the last three members are null.
        """
        bundle = Bundle.of(RUN)
        document = json.loads(bundle.raw)
        assert [document[name] for name in ("attestation", "log_inclusion", "log_head")] == [None, None, None]
        assert Bundle.from_bytes(bundle.raw) == bundle

    @pytest.mark.parametrize("mission", BUILT_IN_MISSIONS, ids=lambda mission: mission.name)
    def test_of_every_mission_is_read_back(self, mission: Any) -> None:
        """
        With its example.
        """
        example = mission.example
        result = run_mission(
            mission.name, example.context, example.params.thaw(), answers=example.answers, mode="apply"
        )
        bundle = Bundle.of(RecordedRun.of(result))
        assert Bundle.from_bytes(bundle.raw) == bundle

    @pytest.mark.parametrize("choice", ["approve", "reject"])
    def test_of_every_ending_is_made(self, choice: str) -> None:
        """
        A denied run goes into a bundle as one that completed does.
        """
        record = RecordedRun.of(run({}, make_gate(), answers=[make_decision(choice=choice)]))
        assert Bundle.from_bytes(Bundle.of(record).raw).recorded_run == record


class TestWhatDoesNotBelongTogether:
    """
    A bundle is not made of parts that no check would pass.
    """

    def test_a_run_that_does_not_replay(self) -> None:
        """
        It has no requests to put in.
        """
        forged = attrs.evolve(RUN, lineage=RUN.lineage[:-1])
        with pytest.raises(ReceiptMismatchError):
            Bundle.of(forged)

    def test_an_attestation_of_another_run(self) -> None:
        """
        It would vouch for something else.
        """
        with pytest.raises(ReceiptMismatchError, match="does not hold this receipt"):
            Bundle.of(RUN, attestation=attest(make_run(2), [OPERATOR]))

    @pytest.mark.parametrize("part", ["inclusion", "head"])
    def test_a_proof_or_a_head_alone(self, part: str) -> None:
        """
        Neither says anything without the other.
        """
        log = ReceiptLog(MemoryLogStore())
        index = log.append(RUN.receipt.raw)
        both: dict[str, Any] = {"inclusion": log.prove_inclusion(index), "head": log.sign_head(ORIGIN, KEY)}
        assert Bundle.of(RUN, **both).head is not None
        with pytest.raises(LogMismatchError, match="without a head"):
            Bundle.of(RUN, **{part: both[part]})

    def test_a_proof_of_another_receipt_or_size(self) -> None:
        """
        The proof must lead from this receipt to this head.
        """
        log = make_log(2)
        head = log.sign_head(ORIGIN, KEY)
        with pytest.raises(LogMismatchError):
            Bundle.of(RUN, inclusion=log.prove_inclusion(0), head=head)
        index = log.append(RUN.receipt.raw)
        with pytest.raises(LogMismatchError, match="size"):
            Bundle.of(RUN, inclusion=log.prove_inclusion(index), head=head)

    @pytest.mark.parametrize(
        "parts",
        [{"recorded_run": b"{}"}, {"attestation": {}}, {"inclusion": {}}, {"head": "note"}],
        ids=lambda parts: next(iter(parts)),
    )
    def test_a_part_of_another_kind(self, parts: dict[str, Any]) -> None:
        """
        It is named.
        """
        given: dict[str, Any] = {"recorded_run": RUN, **parts}
        with pytest.raises(IntegrityError, match=f"{next(iter(parts))} is "):
            Bundle.of(given.pop("recorded_run"), **given)

    def test_a_receipt_of_the_log_that_is_none_of_a_run(self) -> None:
        """
        What the log holds besides does not matter.
        """
        log = make_log(0)
        assert log.append(make_receipt(1)) == 0
        index = log.append(RUN.receipt.raw)
        bundle = Bundle.of(RUN, inclusion=log.prove_inclusion(index), head=log.sign_head(ORIGIN, KEY))
        assert bundle.inclusion is not None
        assert (bundle.inclusion.index, bundle.inclusion.size) == (1, 2)


NO_BUNDLES: dict[str, tuple[bytes, str]] = {
    "no JSON": (b"{", "not JSON"),
    "another layout": (BUNDLE.raw + b"\n", "not canonical"),
    "a list": (b"[]", "schema []"),
    "a text": (b'"bundle/v1"', "schema 'bundle/v1'"),
    "a recorded run": (RUN.raw, "schema 'recorded-run/v1'"),
    "another version": (BUNDLE.raw.replace(b"bundle/v1", b"bundle/v2"), "schema 'bundle/v2'"),
    "a member more": (changed(make_document(), lambda it: it.update(note="")), "unknown member @ note"),
    "a member less": (changed(make_document(), lambda it: it.pop("answers")), "is missing @ answers"),
}


@pytest.mark.parametrize("case", NO_BUNDLES)
def test_what_is_no_bundle_is_refused(case: str) -> None:
    """
    With what it is instead.
    """
    raw, words = NO_BUNDLES[case]
    with pytest.raises(IntegrityError) as refused:
        Bundle.from_bytes(raw, source="run.bundle")
    assert words in "; ".join([str(refused.value), *map(str, refused.value.faults)])
    assert isinstance(refused.value, EncodingError) == (case in ("no JSON", "another layout"))


HEADERS: dict[str, Callable[[dict[str, Any]], object]] = {
    "another digest": lambda header: header.update(definition_digest=sha256_of(1)),
    "another metadata": lambda header: header.update(metadata_digest=sha256_of(1)),
}


@pytest.mark.parametrize("case", HEADERS)
def test_a_header_that_is_not_of_its_parts_is_refused(case: str) -> None:
    """
    It would be lost on the way to the recorded run.
    """
    with pytest.raises(IntegrityError, match="a header that is not of these parts"):
        Bundle.from_bytes(changed(make_document(BUNDLE), lambda it: HEADERS[case](it["header"])))


def test_a_run_of_another_engine_is_refused() -> None:
    """
    Its rules are not known here; `verify_bundle` checks what needs none.
    """
    with pytest.raises(CheckpointMismatchError):
        Bundle.from_bytes(rfc8785.dumps(make_foreign()))


def test_a_certificate_is_that_of_the_mission() -> None:
    """
    The proof of the checkpoint, under its own name.
    """
    assert json.loads(BUNDLE.raw)["certificate"] == json.loads(RUN.raw)["checkpoint"]["proof"]
    assert MISSION.name == "made"
