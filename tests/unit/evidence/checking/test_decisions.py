"""Check 7: decisions are about what was asked, are allowed, are by whom they say, in time, and used once."""

from collections.abc import Callable
from typing import Any

import attrs
import pytest
from bundling import (
    EXPIRES_AT,
    MISSION,
    changed,
    failing,
    make_bundle,
    make_document,
    make_ended,
    make_trust,
    outcomes,
    sign_as,
)
from makers import make_decision, make_gate, make_inputs, run, sha256_of
from signers import make_key

from runtime.encoding.canonical import canonical_record
from runtime.evidence import RecordedRun
from runtime.evidence.bundle import Bundle
from runtime.evidence.trust import Trust
from runtime.evidence.verify import verify_bundle
from runtime.orchestration import HumanDecision, execute
from runtime.values import EXPIRED, Request

RUN = make_ended()
BUNDLE = make_bundle(RUN)
TRUST = make_trust()


def found(raw: bytes, number: str, trust: Trust | None = TRUST) -> tuple[str, str]:
    """
    Give outcome and detail of a check.
    """
    results = verify_bundle(raw, trust=trust).results
    finding = next(one.finding for one in results if one.check.number == number)
    return finding.outcome.value, finding.detail


def bundle_of(**decisions: Callable[[Request], list[HumanDecision]]) -> bytes:
    """
    Bundle a run whose steps are decided in other ways; the engine takes them, because no driver checked them.
    """
    names = {"vote": ["ada", "bob"], "confirm": ["grace"]}

    def decide(request: Request) -> list[HumanDecision]:
        if request.step_id in decisions:
            return decisions[request.step_id](request)
        return [sign_as(request, name) for name in names[request.step_id]]

    return Bundle.of(make_ended(MISSION, decide)).raw


class TestDecisions:
    """
    Check 7a: "signature, binding, approver allowed".
    """

    def test_signed_by_trusted_approvers(self) -> None:
        """
        Who chose what is told, with their roles.
        """
        outcome, detail = found(BUNDLE.raw, "7a")
        assert outcome == "re-checked"
        assert detail == (
            "step 'vote': 'approve' by 'ada' (change-manager), 'approve' by 'bob' (change-manager); "
            "step 'confirm': 'approve' by 'grace' (change-manager)"
        )

    @pytest.mark.parametrize("trust", [None, make_trust(approvers=None)], ids=["no file", "no line"])
    def test_signed_by_keys_that_nobody_vouches_for(self, trust: Trust | None) -> None:
        """
        Then a name is the word of the supplier.
        """
        outcome, detail = found(BUNDLE.raw, "7a", trust)
        assert outcome == "asserted by the supplier"
        assert detail.endswith(
            "but step 'vote': no approver's key is trusted here; step 'confirm': no approver's key is trusted here"
        )

    def test_a_run_that_nobody_decided_in(self) -> None:
        """
        There is nothing to say then; answers of effects are no decisions.
        """
        raw = Bundle.of(RecordedRun.of(run({}))).raw
        assert [found(raw, number, None) for number in ("7a", "7b", "7c")] == [
            ("no information", "nobody decided anything in this run"),
            ("no information", "no request of this run expires"),
            ("no information", "the run holds no nonce: no decision of it is signed"),
        ]

    def test_unsigned_decisions(self) -> None:
        """
        They can be right, and only the supplier says by whom they are, whatever is trusted.
        """
        raw = Bundle.of(RecordedRun.of(run({}, make_gate(), answers=[make_decision()]))).raw
        for trust in (None, make_trust(make_document(Bundle.from_bytes(raw)))):
            outcome, detail = found(raw, "7a", trust)
            assert outcome == "asserted by the supplier"
            assert detail.endswith("but step 'gate': it is not signed, so a name is only a name")

    def test_an_unsigned_decision_by_somebody_unknown(self) -> None:
        """
        Where the file names approvers, nobody else decides.
        """
        raw = Bundle.of(RecordedRun.of(run({}, make_gate(), answers=[make_decision(actor="eve")]))).raw
        trust = make_trust(make_document(Bundle.from_bytes(raw)))
        assert failing(raw, trust) == ["7a"]
        assert found(raw, "7a", trust)[1] == "step 'gate': 'eve' is no approver that is trusted"

    def test_a_rejection(self) -> None:
        """
        A run that was denied is decided as well as one that went on.
        """
        raw = bundle_of(confirm=lambda request: [sign_as(request, "grace", choice="reject")])
        outcome, detail = found(raw, "7a")
        assert outcome == "re-checked"
        assert detail.endswith("step 'confirm': 'reject' by 'grace' (change-manager)")

    def test_nobody_decided_in_time(self) -> None:
        """
        That is the word of whoever ran it, even where everybody is trusted.
        """
        raw = bundle_of(vote=lambda _: [HumanDecision(actor=None, choice=EXPIRED)])
        outcome, detail = found(raw, "7a")
        assert outcome == "asserted by the supplier"
        assert (
            detail
            == "step 'vote': 'expired'; but step 'vote': that nobody decided in time is the word of whoever ran it"
        )


FORGERIES: dict[str, tuple[Callable[[Request], list[HumanDecision]], str]] = {
    "another person's key": (lambda it: [sign_as(it, "grace", key="ada")], "is none of 'grace'"),
    "a person nobody trusts": (lambda it: [sign_as(it, "grace", key="eve")], "is none of 'grace'"),
    "a decision on another request": (
        lambda it: [sign_as(attrs.evolve(it, run_digest=sha256_of("another run")), "grace")],
        "what 'grace' signed is not this decision on this request",
    ),
    "another choice than was signed": (
        lambda it: [attrs.evolve(sign_as(it, "grace"), choice="reject")],
        "what 'grace' signed is not this decision on this request",
    ),
    "another reason than was signed": (
        lambda it: [attrs.evolve(sign_as(it, "grace"), reason="")],
        "what 'grace' signed is not this decision on this request",
    ),
}


@pytest.mark.parametrize("case", FORGERIES)
def test_a_forged_signature_fails_it_alone(case: str) -> None:
    """
    The run executes all the same, for the engine knows no keys.
    """
    decide, words = FORGERIES[case]
    raw = bundle_of(confirm=decide)
    assert failing(raw, TRUST) == ["7a"]
    assert words in found(raw, "7a")[1]
    assert failing(raw) == []


def test_an_approver_that_the_step_does_not_know() -> None:
    """
    A vote takes anybody; whom the file names decides whether it counts.
    """
    raw = bundle_of(vote=lambda request: [sign_as(request, name) for name in ("ada", "eve")])
    assert failing(raw, TRUST) == ["7a"]
    assert found(raw, "7a")[1] == "step 'vote': 'eve' is no approver that is trusted"


def _request(index: int, **changes: Any) -> Callable[[dict[str, Any]], object]:
    return lambda document: document["requests"][index].update(changes)


def _rebind(document: dict[str, Any]) -> None:
    """
    Let answers and entries name the requests as they were changed.
    """
    for request, answer in zip(document["requests"], document["answers"], strict=True):
        old, answer["request_digest"] = answer["request_digest"], sha256_of(request)
        for entry in document["lineage"]:
            if entry["request_digest"] == old:
                entry.update(request_digest=sha256_of(request), answer_digest=sha256_of(answer))


BINDINGS: dict[str, tuple[Callable[[dict[str, Any]], object], str]] = {
    "a request of another run": (
        _request(1, run_digest=sha256_of(1)),
        "the request's run_digest is not that of this run",
    ),
    "a request of another place": (_request(1, lineage_head=sha256_of(1)), "the request's lineage_head is not that"),
    "a request of another state": (_request(1, input_digest=sha256_of(1)), "the request's input_digest is not that"),
    "a request of another step": (_request(1, step_id="x"), "step 'x': the request's step_id is not that"),
    "a request of a step that asks nobody": (_request(1, sequence=5), "the step asks no person"),
    "a request of no step": (_request(1, sequence=9), "no such step was taken"),
    "a request before the first step": (_request(1, sequence=0), "no such step was taken"),
    "another question": (
        lambda it: it["requests"][1]["ask"].update(prompt="Lunch?"),
        "the step asks something else than the request says",
    ),
    "other approvers": (
        lambda it: it["requests"][1]["ask"].update(approvers=["grace", "eve"]),
        "the step asks something else than the request says",
    ),
    "a smaller quorum": (
        lambda it: it["requests"][0]["ask"].update(quorum=1),
        "the step asks something else than the request says",
    ),
    "somebody who may not decide": (
        lambda it: it["requests"][1]["ask"].update(not_by=["grace"]),
        "who may not decide this",
    ),
}


@pytest.mark.parametrize("case", BINDINGS)
def test_a_decision_that_is_not_bound_to_what_was_asked(case: str) -> None:
    """
    Trust changes nothing about it; the re-execution sees it as well.
    """
    change, words = BINDINGS[case]
    document = make_document(BUNDLE)
    change(document)
    _rebind(document)
    raw = canonical_record(document)
    assert found(raw, "7a", None)[0] == "FAILED"
    assert words in found(raw, "7a", None)[1]
    assert "10" in failing(raw)


def test_a_decision_that_nobody_asked_for() -> None:
    """
    And one on a request that an effect made.
    """
    raw = changed(make_document(BUNDLE), lambda it: it["answers"][0].update(request_digest=sha256_of(1)))
    assert found(raw, "7a") == ("FAILED", "1 of 2 decisions are about nothing that a person was asked")
    document = make_document(BUNDLE)
    document["answers"][0]["request_digest"] = document["answers"][2]["request_digest"]
    assert found(canonical_record(document), "7a")[1].startswith("1 of 2 decisions")


def test_an_answer_that_the_lineage_does_not_name() -> None:
    """
    The entry holds the digest of the whole answer.
    """
    raw = changed(make_document(BUNDLE), lambda it: it["answers"][1]["decisions"][0].update(reason="so be it"))
    assert "the lineage names another request or answer" in found(raw, "7a")[1]


def test_a_decision_that_the_step_does_not_take() -> None:
    """
    Each fault is told.
    """

    def change(document: dict[str, Any]) -> None:
        document["answers"][1]["decisions"][0].update(choice="later", actor="eve")
        _rebind(document)

    said = found(changed(make_document(BUNDLE), change), "7a", None)[1]
    assert "choice 'later'; choices are" in said
    assert "actor 'eve'; approvers are ['grace']" in said


def test_a_workflow_that_is_refused() -> None:
    """
    Then no step takes a decision.
    """
    raw = changed(
        make_document(BUNDLE), lambda it: it["definition"]["steps"][1]["payload"].update(operation="unheard-of")
    )
    assert found(raw, "7a")[0] == "FAILED"
    assert found(raw, "7a")[1].startswith("the workflow is refused: ")


class TestExpiry:
    """
    Check 7b: there is no clock to compare with, so it holds what was signed against itself.
    """

    def test_what_was_signed_says_until_when(self) -> None:
        """
        That it was in time is the word of whoever ran it.
        """
        assert found(BUNDLE.raw, "7b") == (
            "asserted by the supplier",
            "decided in time, says whoever ran it: step 'vote', open until 2026-05-14T20:55:00.000Z",
        )

    def test_a_decision_without_signature_holds_no_time(self) -> None:
        """
        Nobody can look at it again.
        """
        ended = execute(make_inputs(make_gate(expires_after_ms=1000), answers=[make_decision()]))
        outcome, detail = found(Bundle.of(RecordedRun.of(ended)).raw, "7b")
        assert (outcome, detail.endswith("step 'gate', unsigned, so without a time")) == (
            "asserted by the supplier",
            True,
        )

    @pytest.mark.parametrize(
        ("decide", "words"),
        [
            (
                lambda it: [sign_as(it, "ada"), sign_as(it, "bob", expires_at="2027-01-01T00:00:00.000Z")],
                "step 'vote': people decided under different expiries",
            ),
            (
                lambda it: [sign_as(it, name, expires_at=None) for name in ("ada", "bob")],
                "step 'vote' expires, and what was signed says otherwise",
            ),
        ],
        ids=["different times", "no time"],
    )
    def test_what_contradicts_itself_fails_it_alone(
        self, decide: Callable[[Request], list[HumanDecision]], words: str
    ) -> None:
        """
        Although every signature holds.
        """
        raw = bundle_of(vote=decide)
        assert failing(raw, TRUST) == ["7b"]
        assert found(raw, "7b") == ("FAILED", words)

    def test_a_time_where_none_is_set(self) -> None:
        """
        Nobody is told a time that the step does not know.
        """

        def decide(request: Request) -> list[HumanDecision]:
            decision = sign_as(request, "grace")
            assert decision.signature is not None
            return [attrs.evolve(decision, signature=attrs.evolve(decision.signature, expires_at=EXPIRES_AT))]

        raw = bundle_of(confirm=decide)
        assert found(raw, "7b", None) == (
            "FAILED",
            "step 'confirm' does not expire, and what was signed says otherwise",
        )


class TestSingleUse:
    """
    Check 7c: "a nonce counts once".
    """

    def test_each_nonce_was_used_once(self) -> None:
        """
        In this run; of other runs the bundle does not tell.
        """
        assert found(BUNDLE.raw, "7c") == (
            "asserted by the supplier",
            "each nonce was used once in this run; whether another run used it, this bundle cannot tell",
        )

    @pytest.mark.parametrize(
        ("decisions", "words"),
        [
            ({"confirm": lambda it: [sign_as(it, "grace", nonce=sha256_of("vote")[7:39])]}, "was used 2 times"),
            (
                {"vote": lambda it: [sign_as(it, "ada"), sign_as(it, "bob", nonce="0" * 32)]},
                "step 'vote': people decided under different nonces",
            ),
        ],
        ids=["one for two requests", "two for one request"],
    )
    def test_a_nonce_that_is_no_nonce_fails_it_alone(self, decisions: dict[str, Any], words: str) -> None:
        """
        Although every signature holds.
        """
        raw = bundle_of(**decisions)
        assert failing(raw, TRUST) == ["7c"]
        assert words in found(raw, "7c")[1]


def test_a_key_of_the_file_that_is_not_the_one_used() -> None:
    """
    Of several keys of a person the one that signed counts.
    """
    two = {"grace": {"keys": [make_key("old").public.pem, make_key("grace").public.pem]}}
    others = {name: {"keys": [make_key(name).public.pem]} for name in ("ada", "bob")}
    assert outcomes(BUNDLE.raw, make_trust(approvers={**others, **two}))["7a"] == "re-checked"


def test_a_request_of_an_entry_that_no_step_has() -> None:
    """
    The lineage is longer than the workflow, and nothing is looked up beyond its end.
    """
    document = make_document(Bundle.of(RecordedRun.of(run({}, make_gate(), answers=[make_decision()]))))
    document["lineage"] *= 2
    document["requests"][0]["sequence"] = 2
    _rebind(document)
    outcome, detail = found(canonical_record(document), "7a", None)
    assert outcome == "FAILED"
    assert "no such step was taken" in detail
