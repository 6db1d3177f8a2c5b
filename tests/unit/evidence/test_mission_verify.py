"""The one-file verifier, part by part. `tests/golden/test_tampered.py` holds it to the other verifier."""

import copy
import io
import json
import runpy
import sys
from pathlib import Path
from typing import Any

import pytest
from isolated import VERIFIER
from makers import nested, sha256_of
from signers import make_key
from supplying import (
    EXPIRES_AT,
    LOG_KEY,
    ORIGIN,
    make_document,
    make_order_mission,
    make_trust,
    run_order,
    seal,
    sign_again,
    vouch,
)
from unusable import INPUTS, KEYS, LOG_KEYS, LOG_TEXT, PEM, TRUSTS
from verifying import BY_ENGINE, outcomes_here, verify_here

from runtime import limits
from runtime.encoding.canonical import canonical
from runtime.encoding.display import visible
from runtime.evidence import mission_verify, verify
from runtime.evidence.lognote import sign_text
from runtime.evidence.mission_verify import CHECKS, NOT_PROVEN, Finding, Report, Unusable, check_bundle, main
from runtime.evidence.trust import Trust
from runtime.evidence.verify import verify_bundle
from runtime.values.keys import PublicKey

GOOD = make_document()
FAILED_RUN = make_document(run_order(outcome="failed"))
TRUST = make_trust(GOOD)
DIGEST = "sha256:" + "0" * 64


def _changed(path: str, value: Any, document: dict[str, Any] = GOOD) -> dict[str, Any]:
    changed = copy.deepcopy(document)
    part: Any = changed
    *above, last = [int(key) if key.isdigit() else key for key in path.split("/")]
    for key in above:
        part = part[key]
    part[last] = value
    return changed


def _report(document: Any, trust: Any = None) -> Report:
    return check_bundle(seal(document), None if trust is None else json.dumps(trust).encode())


def _check(document: Any, trust: Any = None) -> dict[str, Finding]:
    return _report(document, trust).findings


def _outcomes(document: Any, trust: Any = None) -> dict[str, str]:
    return {number: finding.outcome for number, finding in _check(document, trust).items()}


class TestAGoodBundle:
    """
    Everything that can be checked without the engine is, and nothing else is claimed.
    """

    def test_with_trust_all_but_the_engine_and_the_clock_is_re_checked(self) -> None:
        """
        Time and other runs are never proven; 8, 9 and 10 name the program that does them.
        """
        findings = _check(GOOD, TRUST)
        said = {number: one.outcome for number, one in findings.items() if one.outcome != "re-checked"}
        assert said == {
            "5b": "no information",
            "7b": "asserted by the supplier",
            "7c": "asserted by the supplier",
            "8": "no information",
            "9": "no information",
            "10": "no information",
        }
        assert all("mission verify" in findings[number].detail for number in ("8", "9", "10"))

    def test_without_trust_signatures_are_asserted(self) -> None:
        """
        A signature under a key that nobody named says nothing.
        """
        outcomes = _outcomes(GOOD)
        assert {outcomes[number] for number in ("6", "7a", "11", "12")} == {"asserted by the supplier"}

    @pytest.mark.parametrize("line", ["definitions", "policies", "rules", "catalogues", "engines"])
    def test_what_the_trust_file_has_no_line_for_is_asserted(self, line: str) -> None:
        """
        One line left out is enough.
        """
        finding = _check(GOOD, {name: value for name, value in TRUST.items() if name != line})["12"]
        assert finding.outcome == "asserted by the supplier"
        assert (
            f"no {line if line == 'rules' else line.removesuffix('s').replace('policie', 'policy')}" in finding.detail
        )

    def test_a_run_without_certificate_and_policies_needs_no_line_for_them(self) -> None:
        """
        What a run does not rest on need not be trusted.
        """
        bare = _changed("policies", None, _changed("certificate", None))
        bare["definition"]["steps"][0]["payload"] = {"operation": "noop"}
        trust = {name: value for name, value in TRUST.items() if name not in ("policies", "rules", "catalogues")}
        trust |= {"definitions": [sha256_of({"schema": "workflow/v1", **bare["definition"]})]}
        assert _check(bare, trust)["12"] == Finding("re-checked", "definition, engine as trusted")

    def test_a_bundle_without_signatures_gives_no_information_on_them(self) -> None:
        """
        What is not there is not asserted either.
        """
        bare = GOOD | {"attestation": None, "log_inclusion": None, "log_head": None}
        outcomes = _outcomes(bare, TRUST)
        assert (outcomes["6"], outcomes["11"]) == ("no information", "no information")

    def test_unsigned_decisions_are_asserted(self) -> None:
        """
        Nothing but the bundle says who decided what nobody signed.
        """
        mission = make_order_mission(signed=False, expires_after_ms=None)
        unsigned = run_order(mission, expiries=(None, None), is_signed=False)
        assert _outcomes(make_document(unsigned), TRUST)["7a"] == "asserted by the supplier"

    def test_what_a_step_took_from_the_state_stands_in_the_request_that_was_signed(self) -> None:
        """
        Shown values and excluded names are bound by the signature; that the state was so is for the engine to say.
        """
        payload = {"show": {"amount": "order.amount"}, "not_by": "/order/id"}
        document = make_document(run_order(make_order_mission(**payload)))
        assert _check(document, TRUST)["7a"].outcome == "re-checked"
        document["requests"][0]["ask"]["shown"]["amount"] = 4
        assert _check(document, TRUST)["7a"].outcome == "FAILED"


SHAPES: dict[str, tuple[str, Any]] = {
    "header is a list": ("header", []),
    "a digest too short": ("header/context_digest", "sha256:00"),
    "a digest in capitals": ("header/context_digest", "sha256:" + "A" * 64),
    "an unknown mode": ("header/mode", "force"),
    "a mission without a name": ("header/mission", ""),
    "a name of 129 characters": ("header/engine", "x" * 129),
    "a header of another version": ("header/schema", "run/v2"),
    "a status that is a list": ("lineage/0/status", ["completed"]),
    "a sequence that is true": ("lineage/0/sequence", True),
    "a fraction as sequence": ("lineage/0/sequence", 1.5),
    "an error code that is a number": ("lineage/0/error_code", 5),
    "lineage is an object": ("lineage", {}),
    "a waiting receipt": ("receipt/status", "waiting_human"),
    "a step that is no text": ("receipt/steps", [1]),
    "a receipt with another header": ("receipt/header", {}),
    "an unknown member in a step": ("definition/steps/0/when", "always"),
    "a payload that is a list": ("definition/steps/0/payload", []),
    "a payload of more than 1 MiB": ("definition/steps/0/payload", {"a": "x" * 2**20}),
    "a payload nested too deep": ("definition/steps/0/payload", {"a": nested(64)}),
    "a state that is a list": ("context/initial_state", []),
    "metadata that is text": ("context/metadata", "x"),
    "params that are text": ("params", "x"),
    "an audit log": ("audit_log", []),
    "a run receipt": ("run_receipt", {}),
    "65 answers": ("answers", [GOOD["answers"][1]] * 65),
    "an answer in advance": ("answers/0/step_id", "approve"),
    "an answer to nothing": ("answers/0/request_digest", None),
    "an answer without content": ("answers/0/decisions", []),
    "an answer with two contents": ("answers/0/outcome", GOOD["answers"][1]["outcome"]),
    "17 decisions": ("answers/0/decisions", [GOOD["answers"][0]["decisions"][0]] * 17),
    "a person who decides twice": ("answers/0/decisions", [GOOD["answers"][0]["decisions"][0]] * 2),
    "decisions that are not sorted": ("answers/0/decisions", GOOD["answers"][0]["decisions"][::-1]),
    "a decision by nobody": ("answers/2/decisions/0/actor", None),
    "a person who decides expired": ("answers/2/decisions/0/choice", "expired"),
    "a reason of 4097 characters": ("answers/2/decisions/0/reason", "x" * 4097),
    "a reason that is no text": ("answers/2/decisions/0/reason", None),
    "a nonce of 31 digits": ("answers/2/decisions/0/signature/nonce", "0" * 31),
    "a thirteenth month": ("answers/2/decisions/0/signature/expires_at", "2026-13-01T00:00:00.000Z"),
    "a time without milliseconds": ("answers/2/decisions/0/signature/expires_at", "2026-12-01T00:00:00Z"),
    "a key id that is a number": ("answers/2/decisions/0/signature/key_id", 5),
    "an empty signature": ("answers/2/decisions/0/signature/signature", ""),
    "a success with a code": ("answers/1/outcome/code", "no_answer"),
    "a failure without a code": ("answers/1/outcome/status", "failed"),
    "an attempt that is text": ("answers/1/outcome/attempts", ["x"]),
    "attempts of more than 1 MiB": ("answers/1/outcome/attempts", [{"a": "x" * 2**20}]),
    "requests are an object": ("requests", {}),
    "a request of another version": ("requests/0/schema", "request/v2"),
    "a request without a question": ("requests/0/ask", {}),
    "a question of another kind": ("requests/0/ask/kind", "effect"),
    "a signed that is 1": ("requests/0/ask/signed", 1),
    "a quorum in words": ("requests/0/ask/quorum", "2"),
    "shown values in a list": ("requests/0/ask/shown", []),
    "a schema that is text": ("requests/0/ask/input_schema", "x"),
    "an effect of an unknown mode": ("requests/1/ask/mode", "force"),
    "an envelope without signatures": ("attestation/signatures", []),
    "17 signatures": ("attestation/signatures", [{"keyid": f"k{index}", "sig": "QQ=="} for index in range(17)]),
    "one key that signs twice": ("attestation/signatures", GOOD["attestation"]["signatures"] * 2),
    "a signature that is empty": ("attestation/signatures/0/sig", ""),
    "a payload that is no base64": ("attestation/payload", "x"),
    "base64 with bits behind its end": ("attestation/payload", "QR=="),
    "base64 beyond ASCII": ("attestation/payload", "é==="),
    "a proof at a negative index": ("log_inclusion/index", -1),
    "a hash that is no digest": ("log_inclusion/proof", ["00"]),
    "a head that is a number": ("log_head", 5),
    "a head of more than 1 MiB": ("log_head", "x" * (2**20 + 1)),
    "a head without a proof": ("log_inclusion", None),
}


@pytest.mark.parametrize("name", sorted(SHAPES))
def test_a_part_that_has_not_its_shape_fails_check_1(name: str) -> None:
    """
    Check 1 fails and names the part; a check that needs the part says that it cannot be read, and none raises.
    """
    path, value = SHAPES[name]
    findings = _check(_changed(path, value), TRUST)
    assert findings["1"].outcome == "FAILED"
    part = path.split("/", maxsplit=1)[0]
    assert (part in findings["1"].detail) or "stand together" in findings["1"].detail
    for check in CHECKS:
        if part in check.needs:
            assert findings[check.number].outcome == "no information", check.number
            assert "cannot be read" in findings[check.number].detail


@pytest.mark.parametrize(
    ("path", "value"),
    [
        ("answers/2/decisions/0/choice", "expired"),
        ("answers/1/outcome/status", "unknown"),
        ("answers/1/outcome/output", None),
        ("context/metadata", {"a": nested(63)}),
        ("header/mission", None),
        ("lineage", []),
        ("answers", []),
        ("log_inclusion/proof", []),
    ],
)
def test_a_part_that_has_its_shape_passes_check_1(path: str, value: Any) -> None:
    """
    The other side of each bound: what may be, is.
    """
    document = _changed(path, value)
    if value == "expired":
        nobody = {"actor": None, "reason": "", "signature": None}
        document["answers"][2]["decisions"][0] |= nobody
    if value == "unknown":
        document["answers"][1]["outcome"]["code"] = "no_answer"
    assert _check(document, TRUST)["1"].outcome == "re-checked"


@pytest.mark.parametrize("name", sorted(INPUTS))
def test_an_input_that_two_readers_could_read_differently_is_refused(name: str) -> None:
    """
    The refusal says what it is.
    """
    raw, said = INPUTS[name]
    with pytest.raises(Unusable, match=said.replace("^", r"\^")):
        check_bundle(raw)


def test_a_document_of_72_levels_is_read() -> None:
    """
    The bound itself is allowed; check 1 says what is wrong with it.
    """
    raw = b'{"a":' + b"[" * 71 + b"]" * 71 + b',"schema":"bundle/v1"}'
    findings = check_bundle(raw).findings
    assert findings["1"].outcome == "FAILED"
    assert findings["2"].outcome == "re-checked"


def test_more_bytes_than_a_bundle_has_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    """
    Before anything is parsed.
    """
    raw = seal(GOOD)
    monkeypatch.setattr(mission_verify, "MAX_BUNDLE_BYTES", len(raw))
    assert check_bundle(raw).findings["2"].outcome == "re-checked"
    monkeypatch.setattr(mission_verify, "MAX_BUNDLE_BYTES", len(raw) - 1)
    with pytest.raises(Unusable, match="and the limit is"):
        check_bundle(raw)


def test_the_limits_are_those_of_the_engine() -> None:
    """
    They stand here a second time, because this file imports nothing; they are the same.
    """
    same = {
        "MAX_BUNDLE_BYTES": limits.MAX_RECORD_BYTES,
        "MAX_BUNDLE_DEPTH": limits.MAX_RECORD_DEPTH,
        "MAX_TRUST_BYTES": limits.MAX_TRUST_BYTES,
        "MAX_STATE_BYTES": limits.MAX_DOCUMENT_BYTES,
        "MAX_PART_BYTES": limits.MAX_PAYLOAD_BYTES,
        "MAX_DEPTH": limits.MAX_DEPTH,
        "MAX_NUMBER": limits.MAX_NUMBER,
        "MAX_NAME": limits.MAX_IDENTIFIER_LENGTH,
        "MAX_TEXT": limits.MAX_TEXT_LENGTH,
        "MAX_STEPS": limits.MAX_STEPS,
        "MAX_LISTED": limits.MAX_FAULTS,
        "MAX_ANSWERS": limits.MAX_ANSWERS,
        "MAX_DECISIONS": limits.MAX_QUORUM,
        "MAX_SIGNATURES": limits.MAX_SIGNATURES,
        "MAX_NOTE_BYTES": limits.MAX_NOTE_BYTES,
        "MAX_NOTE_SIGNATURES": limits.MAX_NOTE_SIGNATURES,
        "MAX_KEY_BYTES": limits.MAX_KEY_BYTES,
    }
    own = {name: value for name, value in vars(mission_verify).items() if name.startswith("MAX_")}
    assert own == same


@pytest.mark.parametrize("name", sorted(KEYS))
@pytest.mark.parametrize("line", ["operator_keys", "approvers"])
def test_a_trust_file_with_what_is_no_ed25519_key_is_refused(name: str, line: str) -> None:
    """
    Wherever it stands, the whole file is refused: a key that cannot be used was meant to be.
    """
    value: Any = [KEYS[name]] if line == "operator_keys" else {"ada": {"keys": [KEYS[name]]}}
    with pytest.raises(Unusable, match=line):
        _check(GOOD, TRUST | {line: value})


@pytest.mark.parametrize(
    "text", [PEM, f"\n{PEM}\n", PEM.replace("\n", "\r\n"), make_key("operator").public.openssh + " me"]
)
def test_a_key_is_read_as_the_engine_reads_it(text: str) -> None:
    """
    PEM or one line of OpenSSH, with white space around it.
    """
    read = mission_verify.read_key(text)
    assert (read.key_id, read.raw) == (PublicKey.from_text(text).key_id, PublicKey.from_text(text).raw)


@pytest.mark.parametrize("name", sorted(LOG_KEYS))
def test_a_trust_file_with_what_is_no_log_key_is_refused(name: str) -> None:
    """
    As the specification of signed notes writes a key, and no other way.
    """
    assert mission_verify.read_log_key(LOG_TEXT).key.raw == LOG_KEY.public.raw
    with pytest.raises(Unusable, match="log_keys"):
        _check(GOOD, TRUST | {"log_keys": [LOG_KEYS[name]]})


@pytest.mark.parametrize("name", sorted(TRUSTS))
def test_a_trust_file_that_is_not_understood_is_refused(name: str) -> None:
    """
    Nobody should believe that a report was held against more than it was.
    """
    raw, said = TRUSTS[name]
    with pytest.raises(Unusable, match=said):
        check_bundle(seal(GOOD), raw)


def test_a_key_belongs_to_one_person() -> None:
    """
    Under two names it would be two of a quorum; twice under one name it is one.
    """
    keys = [make_key("ada").public.openssh, make_key("ada").public.pem]
    with pytest.raises(Unusable, match="under two names"):
        _check(GOOD, TRUST | {"approvers": {"ada": {"keys": keys[:1]}, "bob": {"keys": keys[1:]}}})
    assert (
        _check(GOOD, TRUST | {"approvers": TRUST["approvers"] | {"ada": {"keys": keys}}})["7a"].outcome == "re-checked"
    )


def _note(text: str, *, key: Any = LOG_KEY, name: str = ORIGIN) -> str:
    return sign_text(text, name, key).raw.decode()


_BODY = GOOD["log_head"].rpartition("\n\n")[0] + "\n"
_LINE = GOOD["log_head"].rpartition("\n\n")[2]
NOTES: dict[str, str] = {
    "no signatures": _BODY,
    "an empty line of signatures": _BODY + "\n",
    "no final newline": GOOD["log_head"][:-1],
    "no text": "\n" + _LINE,
    "a control character": GOOD["log_head"].replace("\n", "\r\n", 1),
    "another dash": GOOD["log_head"].replace("\u2014", "-"),
    "a name with a plus": GOOD["log_head"].replace(f"\u2014 {ORIGIN}", "\u2014 a+b"),
    "no base64": GOOD["log_head"][:-2] + "!\n",
    "a signature of no bytes": f"{_BODY}\n\u2014 {ORIGIN} AAAA\n",
    "a signature without its key": f"{_BODY}\n\u2014 {ORIGIN} AAAAAA==\n",
    "two signatures by one key": GOOD["log_head"] + _LINE,
    "101 signatures": GOOD["log_head"] + "".join(f"\u2014 w{index} AAAAAAA=\n" for index in range(100)),
    "two lines": _note("a\n5\n"),
    "a size with a zero before it": _note(_BODY.replace("\n5\n", "\n05\n")),
    "a size beyond the range": _note(_BODY.replace("\n5\n", "\n9999999999999999\n")),
    "an empty extension": _note(_BODY + "\n"),
    "a root that is no base64": _note(f"{ORIGIN}\n5\nx\n"),
    "a short root": _note(f"{ORIGIN}\n5\nAAAA\n"),
}


@pytest.mark.parametrize("name", sorted(NOTES))
def test_what_is_no_signed_head_fails_check_11(name: str) -> None:
    """
    Whether or not a key is trusted.
    """
    document = GOOD | {"log_head": NOTES[name]}
    assert _check(document, TRUST)["11"].outcome == "FAILED"
    assert _check(document)["11"].outcome == "FAILED"


def test_a_head_with_other_signatures_and_extensions_is_read() -> None:
    """
    Witnesses may sign beside the log; what they sign with is not judged.
    """
    extended = _note(_BODY + "extension\n") + "\u2014 witness AAAAAAA=\n"
    assert _check(GOOD | {"log_head": extended}, TRUST)["11"].outcome == "re-checked"


def test_a_key_signs_heads_of_its_own_log_only() -> None:
    """
    A head of another log, under the name and the key of this one, is a head of neither.
    """
    signed = _note(_BODY.replace(ORIGIN, "elsewhere.example.org"))
    finding = _check(GOOD | {"log_head": signed}, TRUST)["11"]
    assert finding == Finding("FAILED", f"a head of 'elsewhere.example.org', signed by '{ORIGIN}'")


def test_a_proof_past_the_end_of_the_log_fails() -> None:
    """
    An index that the log does not reach is none.
    """
    assert "index 5" in _check(_changed("log_inclusion/index", 5), TRUST)["11"].detail


@pytest.mark.parametrize("count", range(1, 20))
def test_every_proof_of_every_small_log_leads_to_its_root(count: int) -> None:
    """
    The proofs that the log of this package gives, leaf by leaf.
    """
    from runtime.evidence.merkle import hash_leaf, prove_inclusion, root_of  # noqa: PLC0415 - one use.

    leaves = [bytes([number]) for number in range(count)]
    hashes = [hash_leaf(leaf) for leaf in leaves]
    for index, leaf in enumerate(leaves):
        proof = list(prove_inclusion(hashes, index))
        assert mission_verify.find_root(leaf, index, count, proof) == root_of(hashes)


class TestTheStatement:
    """
    What check 6 reads of an envelope.
    """

    def test_of_two_trusted_signers_both_must_hold(self) -> None:
        """
        One that holds beside one that does not proves nothing.
        """
        key_id = make_key("ada").public.key_id
        signatures = [*GOOD["attestation"]["signatures"], {"keyid": key_id, "sig": "AAAA"}]
        document = _changed("attestation/signatures", sorted(signatures, key=lambda one: str(one["keyid"])))
        trust = TRUST | {"operator_keys": [*TRUST["operator_keys"], make_key("ada").public.pem]}
        assert _check(document, TRUST)["6"].outcome == "re-checked"
        assert _check(document, trust)["6"].outcome == "FAILED"

    def test_a_receipt_that_does_not_hold_together_is_attested_by_nobody(self) -> None:
        """
        Its header is not the one that it names, whoever signed it.
        """
        from supplying import attest_and_log  # noqa: PLC0415 - one use.

        document = attest_and_log(_changed("receipt/header_digest", DIGEST))
        assert "hold together" in _check(document, TRUST)["6"].detail


class TestDecisions:
    """
    What check 7 reads of a decision; the rest are vectors.
    """

    @pytest.mark.parametrize(
        ("path", "value", "said"),
        [
            ("requests/2/run_digest", DIGEST, "run_digest"),
            ("requests/2/step_id", "book", "step_id"),
            ("requests/2/lineage_head", DIGEST, "lineage_head"),
            ("requests/2/input_digest", DIGEST, "input_digest"),
            ("requests/2/sequence", 6, "no such step"),
            ("requests/2/sequence", 0, "no such step"),
            ("requests/2/sequence", 2, "the lineage names another"),
            ("requests/2/ask/prompt", "Really?", "something else"),
            ("requests/2/ask/choices", ["approve"], "something else"),
            ("requests/2/ask/approvers", [], "something else"),
            ("requests/2/ask/quorum", 2, "something else"),
            ("requests/2/ask/signed", False, "something else"),
            ("requests/2/ask/expires_after_ms", 1, "something else"),
            ("requests/2/ask/input_schema", {}, "something else"),
            ("definition/steps/3/kind", "runtime", "asks no person"),
            ("lineage/3/answer_digest", DIGEST, "the lineage names another"),
            ("lineage/3/request_digest", DIGEST, "the lineage names another"),
        ],
    )
    def test_a_request_must_be_the_one_of_its_step(self, path: str, value: Any, said: str) -> None:
        """
        Whatever it says of the run, of the place in it and of the question, follows from the records beside it.
        """
        document = _changed(path, value)
        document["answers"][2]["request_digest"] = sha256_of(document["requests"][2])
        finding = _check(document, TRUST)["7a"]
        assert (finding.outcome, said in finding.detail) == ("FAILED", True)

    def test_a_decision_that_no_request_asked_for_fails(self) -> None:
        """
        Its request is none of the bundle.
        """
        finding = _check(_changed("answers/2/request_digest", DIGEST), TRUST)["7a"]
        assert finding == Finding("FAILED", "1 of 2 decisions are about nothing that a person was asked")

    @pytest.mark.parametrize(
        ("path", "value", "said"),
        [
            ("answers/2/decisions/0/choice", "maybe", "none of the choices"),
            ("answers/2/decisions/0/actor", "ada", "no approver of it"),
            ("answers/2/decisions/0/input", 1, "asks for no input"),
            ("answers/2/decisions/0/signature", None, "takes signed decisions only"),
            ("answers/2/decisions/0/signature/signature", "!", "signed is not this decision"),
            ("answers/2/decisions/0/signature/key_id", "0" * 64, "is none of"),
            ("answers/0/decisions", GOOD["answers"][0]["decisions"][:1], "1 of 2 decisions"),
            ("answers/2/decisions", GOOD["answers"][0]["decisions"], "2 of 1 decisions"),
            ("answers/0/decisions/1/input", 1, "different inputs"),
        ],
    )
    def test_a_decision_must_be_one_that_its_step_takes(self, path: str, value: Any, said: str) -> None:
        """
        Whoever linked the records again.
        """
        finding = _check(vouch(_changed(path, value)), TRUST)["7a"]
        assert (finding.outcome, said in finding.detail) == ("FAILED", True)

    def test_a_vote_that_failed_is_over(self) -> None:
        """
        The first rejection ends it, and so do two different choices.
        """
        rejected = run_order(choice="reject", voters=("ada",), expiries=(EXPIRES_AT,))
        assert _outcomes(make_document(rejected), TRUST)["7a"] == "re-checked"

    def test_an_excluded_person_may_not_decide(self) -> None:
        """
        The names stand in the request.
        """
        document = make_document(run_order(make_order_mission(not_by="/order/id")))
        document["requests"][0]["ask"]["not_by"] = ["ada"]
        document["answers"][0]["request_digest"] = sha256_of(document["requests"][0])
        assert "may not decide" in _check(document, TRUST)["7a"].detail

    def test_what_takes_no_signature_has_none(self) -> None:
        """
        One that nobody asked for would stand in the record, and nobody would have checked it.
        """
        mission = make_order_mission(signed=False, expires_after_ms=None)
        document = make_document(run_order(mission, expiries=(None, None), is_signed=False))
        document["answers"][0]["decisions"][0]["signature"] = GOOD["answers"][0]["decisions"][0]["signature"]
        assert "takes no signature" in _check(vouch(document), TRUST)["7a"].detail

    def test_an_input_that_a_step_asks_for_is_taken(self) -> None:
        """
        Whether it fits its schema is for the engine to say.
        """
        document = make_document(run_order(make_order_mission(input_schema={"type": "object"}), filled={"a": 1}))
        assert _outcomes(document, TRUST)["7a"] == "re-checked"

    @pytest.mark.parametrize(("expires_after_ms", "outcome"), [(1000, "asserted by the supplier"), (None, "FAILED")])
    def test_nobody_decides_in_time(self, expires_after_ms: int | None, outcome: str) -> None:
        """
        That the time was over is the driver's word, and only of a step with a time limit.
        """
        document = _changed("definition/steps/3/payload/expires_after_ms", expires_after_ms)
        document["requests"][2]["ask"]["expires_after_ms"] = expires_after_ms
        nobody = {"actor": None, "choice": "expired", "reason": "", "input": None, "signature": None}
        request_digest = sha256_of(document["requests"][2])
        document["answers"][2] |= {"decisions": [nobody], "request_digest": request_digest}
        entry = document["lineage"][3]
        entry |= {"request_digest": request_digest, "status": "denied", "error_code": "gate_expired"}
        assert _check(vouch(document), TRUST)["7a"].outcome == outcome
        entry |= {"error_code": "gate_rejected"}
        assert _check(vouch(document), TRUST)["7a"].outcome == "FAILED"

    @pytest.mark.parametrize(
        ("changes", "choice", "status"),
        [
            ({"on_reject": "continue"}, "reject", "completed"),
            ({"on_reject": "deny"}, "reject", "denied"),
            ({"output": "/no/place"}, "approve", "failed"),
            ({"output": "/no/place", "on_reject": "continue"}, "reject", "failed"),
        ],
        ids=str,
    )
    def test_a_decision_may_end_its_step_in_more_than_one_way(
        self, changes: dict[str, Any], choice: str, status: str
    ) -> None:
        """
        As the engine does it; here it is told from the step and the decision alone.
        """
        document = make_document(run_order(make_order_mission(**changes), choice=choice))
        assert document["lineage"][1]["status"] == status
        assert _check(document, TRUST)["7a"].outcome == "re-checked"
        report = verify_here(seal(document), json.dumps(TRUST).encode())
        assert report is not None
        assert outcomes_here(report)["7a"] == "re-checked"

    def test_a_run_that_no_decision_limits_gives_no_information_on_expiry(self) -> None:
        """
        There is no time that it could have kept.
        """
        plain = run_order(make_order_mission(expires_after_ms=None), expiries=(None, None))
        outcomes = _outcomes(make_document(plain), TRUST)
        assert (outcomes["7a"], outcomes["7b"]) == ("re-checked", "no information")

    def test_people_who_decide_together_share_a_nonce(self) -> None:
        """
        Two nonces are two openings of one request.
        """
        document = copy.deepcopy(GOOD)
        sign_again(document["answers"][0], 1, nonce="f" * 32)
        assert "different nonces" in _check(document, TRUST)["7c"].detail

    def test_a_flagged_gate_may_be_skipped(self) -> None:
        """
        Whether there was a flag is for the engine to say; without `when` a gate is never skipped.
        """
        document = _changed("lineage/3/status", "skipped")
        document["lineage"][3] |= {"answer_digest": None, "request_digest": None}
        del document["answers"][2], document["requests"][2]
        assert "went past" in _check(document, TRUST)["7a"].detail
        document["definition"]["steps"][3]["payload"]["when"] = "flagged"
        assert _check(document, TRUST)["7a"].outcome == "re-checked"


class TestTheLineage:
    """
    What check 4 reads of the entries; the rest are vectors.
    """

    def test_no_entries_are_no_run(self) -> None:
        """
        Nor does a receipt over none pass.
        """
        document = GOOD | {"lineage": []}
        outcomes = _outcomes(document, TRUST)
        assert (outcomes["4"], outcomes["5"]) == ("FAILED", "FAILED")

    def test_a_step_that_failed_changes_nothing(self) -> None:
        """
        Its state after is its state before.
        """
        document = vouch(_changed("lineage/2/output_digest", DIGEST, FAILED_RUN))
        assert "changes the state" in _check(document, TRUST)["4"].detail

    def test_nothing_follows_a_step_that_ended_the_run(self) -> None:
        """
        A failed step is the last one.
        """
        document = vouch(_changed("lineage/3/status", "failed"))
        document["lineage"][3]["output_digest"] = document["lineage"][3]["input_digest"]
        document["lineage"][4]["input_digest"] = document["lineage"][3]["output_digest"]
        assert "entries follow it" in _check(vouch(document), TRUST)["4"].detail

    def test_a_skipped_step_was_not_executed(self) -> None:
        """
        The receipt's list of steps leaves it out.
        """
        document = _changed("lineage/4/status", "skipped")
        document["lineage"][4]["output_digest"] = document["lineage"][4]["input_digest"]
        fixed = vouch(document)
        assert _check(fixed, TRUST)["5"].outcome == "re-checked"
        assert "book" not in fixed["receipt"]["steps"]


@pytest.fixture(scope="module")
def files(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """
    A folder with a bundle, a trust file, and a bundle whose attestation fails.
    """
    folder = tmp_path_factory.mktemp("bundles")
    (folder / "bundle.json").write_bytes(seal(GOOD))
    (folder / "trust.json").write_text(json.dumps(TRUST))
    (folder / "other.json").write_bytes(seal(_changed("attestation/payloadType", "text/plain")))
    return folder


class TestTheProgram:
    """
    Exit statuses and what is printed.
    """

    def test_a_bundle_that_passes_gives_0(self, files: Path, capsys: pytest.CaptureFixture[str]) -> None:
        """
        With and without a trust file; what is not proven stands at the end.
        """
        assert main([str(files / "bundle.json")]) == 0
        assert "\nholds: each of the 5 required checks (*) is re-checked\n" in capsys.readouterr().out
        assert main([str(files / "bundle.json"), "--trust", str(files / "trust.json")]) == 0
        out = capsys.readouterr().out
        assert "\nholds: each of the 9 required checks (*) is re-checked\n" in out
        assert out.endswith("".join(f"  - {line}\n" for line in NOT_PROVEN))
        assert "who could still have lied" in out

    def test_a_required_check_that_is_not_re_checked_gives_1(
        self, files: Path, capsys: pytest.CaptureFixture[str]
    ) -> None:
        """
        Whether it failed or nothing is known.
        """
        trust = ["--trust", str(files / "trust.json")]
        assert main([str(files / "other.json"), *trust]) == 1
        assert "DOES NOT HOLD: of the required checks (*) not re-checked: 6\n" in capsys.readouterr().out
        assert main([str(files / "bundle.json"), "--require", "1,10"]) == 1
        assert "DOES NOT HOLD: of the required checks (*) not re-checked: 10\n" in capsys.readouterr().out
        assert main([str(files / "other.json"), *trust, "--require", "1, 2"]) == 0

    def test_json_says_the_same(self, files: Path, capsys: pytest.CaptureFixture[str]) -> None:
        """
        For programs: every check with its outcome, what was required, and whether it passed.
        """
        assert main([str(files / "other.json"), "--trust", str(files / "trust.json"), "--json"]) == 1
        report = json.loads(capsys.readouterr().out)
        theirs = verify_bundle(
            (files / "other.json").read_bytes(), trust=Trust.from_bytes((files / "trust.json").read_bytes())
        ).to_dict()
        for mine, other in zip(report["checks"], theirs["checks"], strict=True):
            if mine["number"] not in BY_ENGINE:
                mine["detail"] = other["detail"]  # Words may differ, outcomes may not.
                assert mine == other
            assert (mine["title"], mine["who_could_lie"]) == (other["title"], other["who_could_lie"])
        assert {name: report[name] for name in theirs if name != "checks"} == {
            name: value for name, value in theirs.items() if name != "checks"
        }

    @pytest.mark.parametrize(
        "words",
        [
            ["missing.json"],
            ["."],
            ["bundle.json", "--trust", "missing.json"],
            ["bundle.json", "--trust", "bundle.json"],
            ["trust.json"],
            ["bundle.json", "--require", "13"],
            ["bundle.json", "--require", ""],
            ["\0"],
        ],
        ids=" ".join,
    )
    def test_what_cannot_be_used_gives_2(
        self, words: list[str], files: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """
        One line says why, and nothing was checked.
        """
        monkeypatch.chdir(files)
        assert main(words) == 2
        captured = capsys.readouterr()
        assert captured.out == ""
        assert captured.err.startswith("cannot be checked: ")
        assert captured.err.count("\n") == 1

    def test_what_cannot_be_seen_is_shown(self, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
        """
        A name that turns the text around is printed as its code.
        """
        document = _changed("log_head", _note(_BODY.replace(ORIGIN, "a\u202eb"), name="a\u202eb"))
        (tmp_path / "b").write_bytes(seal(document))
        main([str(tmp_path / "b")])
        out = capsys.readouterr().out
        assert "\u202e" not in out
        main([str(tmp_path / "\u202e")])
        assert "\u202e" not in capsys.readouterr().err

    def test_it_shows_characters_as_the_engine_does(self) -> None:
        """
        The same characters are hidden to both.
        """
        text = "".join(map(chr, [*range(0x3000), *range(0xD7FF, 0xE002), 0xFEFF, 0x1F600, 0xE0001, 0x10FFFF]))
        assert mission_verify.visible(text) == visible(text)

    def test_a_fault_of_its_own_is_no_outcome(
        self, files: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """
        It says so in a line, and gives 2: nothing was checked.
        """
        monkeypatch.setattr(mission_verify, "canonical", lambda _: 1 / 0)
        assert main([str(files / "bundle.json")]) == 2
        said = "cannot be checked: a fault of this program, ZeroDivisionError; please report it\n"
        assert capsys.readouterr().err == said

    def test_a_reader_that_stops_reading_is_told_by_the_status(
        self, files: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """
        As `| head -1` does.
        """

        class Closed(io.StringIO):
            def flush(self) -> None:
                raise BrokenPipeError

            def fileno(self) -> int:
                return opened.fileno()

        with (tmp_path / "out").open("wb") as opened:
            monkeypatch.setattr(sys, "stdout", Closed())
            assert main([str(files / "bundle.json")]) == 0
            assert main([str(files / "other.json"), "--trust", str(files / "trust.json")]) == 1

    def test_it_runs_as_a_program(
        self, files: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """
        The status is that of `main`.
        """
        monkeypatch.setattr(sys, "argv", ["mission_verify.py", str(files / "bundle.json"), "--require", "10"])
        with pytest.raises(SystemExit) as ended:
            runpy.run_path(str(VERIFIER), run_name="__main__")
        assert ended.value.code == 1
        assert "not re-checked: 10\n" in capsys.readouterr().out

    def test_no_more_of_a_file_is_read_than_shows_that_it_is_too_large(self, tmp_path: Path) -> None:
        """
        A file without an end would fill the memory.
        """
        (tmp_path / "large").write_bytes(b"x" * 100)
        assert len(mission_verify.read_file(str(tmp_path / "large"), 10)) == 11

    @pytest.mark.parametrize("name", ["rfc8785", "cryptography.exceptions"])
    def test_a_missing_package_is_named(
        self, name: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
    ) -> None:
        """
        Exit status 2, because nothing was checked.
        """
        monkeypatch.setitem(sys.modules, name, None)
        with pytest.raises(SystemExit) as ended:
            runpy.run_path(str(VERIFIER))
        assert ended.value.code == 2
        assert f"{name} is not there" in capsys.readouterr().err


def test_required_by_default_is_what_can_be_checked_and_what_failed() -> None:
    """
    Without trust the records; with it what the file names keys for, or the bundle has; and whatever failed.
    """
    records = ["1", "2", "3", "4", "5"]
    bare = GOOD | {"attestation": None, "log_inclusion": None, "log_head": None}
    engines = {"schema": "trust/v1", "engines": ["1.0"]}
    assert _report(GOOD).required == records
    assert _report(GOOD, engines).required == [*records, "6", "7a", "11", "12"]
    assert _report(bare, TRUST).required == [*records, "6", "7a", "11", "12"]
    assert _report(bare, engines).required == [*records, "7a", "12"]
    assert _report(make_document(run_order(amount=500)), engines).required == [*records, "6", "11", "12"]
    assert _report(make_document(run_order(expiries=(None, None)))).required == [*records, "7b"]
    assert _report(_changed("attestation", 1), engines).required == [*records, "6", "7a", "11", "12"]


def test_what_it_says_of_the_checks_is_what_the_package_says() -> None:
    """
    Two programs, one table.
    """
    assert [(one.number, one.title, one.liars) for one in CHECKS] == [
        (one.number, one.title, one.liars) for one in verify.CHECKS
    ]
    assert [set(one.needs) for one in CHECKS if one.number not in BY_ENGINE] == [
        set(one.needs) for one in verify.CHECKS if one.number not in BY_ENGINE
    ]
    assert NOT_PROVEN == verify.NOT_PROVEN


def test_the_bytes_of_a_canonical_document_are_those_of_the_engine() -> None:
    """
    Two encoders, one form.
    """
    values = [1.5, 1e-7, 2.0, -0.0, "\u20ac\U0001f600\ue000", {"\ue000": 1, "\U0001f600": 2}, [None, True]]
    assert [mission_verify.canonical(value) for value in values] == [canonical(value) for value in values]
