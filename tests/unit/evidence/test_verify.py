"""The report on a bundle: every check by its number, which of them are required, and what is never proven."""

import json
from typing import Any

import pytest
import rfc8785
from bundling import changed, make_bundle, make_document, make_ended, make_foreign, make_trust, outcomes
from isolated import verify_apart
from makers import make_action, make_decision, make_effect_answer, make_gate, nested, run, sha256_of

from runtime.errors import EncodingError, IntegrityError, UsageError
from runtime.evidence import RecordedRun
from runtime.evidence.bundle import Bundle
from runtime.evidence.checking.outcomes import Outcome
from runtime.evidence.trust import Trust
from runtime.evidence.verify import CHECKS, NOT_PROVEN, verify_bundle
from runtime.limits import MAX_DEPTH, MAX_RECORD_BYTES

BUNDLE = make_bundle()
TRUST = make_trust()
PLAIN = Bundle.of(RecordedRun.of(run({})))
MISSION = Bundle.of(make_ended())


def required(raw: bytes, trust: Trust | None = None) -> list[str]:
    """
    List the checks that are required by default.
    """
    return [one.check.number for one in verify_bundle(raw, trust=trust).results if one.is_required]


class TestTheReport:
    """
    "Every report ends with what a pass does not prove."
    """

    def test_of_a_good_bundle(self) -> None:
        """
        All that can be re-checked is, and what no key or clock can tell is said to be asserted.
        """
        report = verify_bundle(BUNDLE.raw, trust=TRUST).to_dict()
        assert (report["schema"], report["holds"]) == ("verification/v1", True)
        assert (report["bundle_digest"], report["trust_digest"]) == (BUNDLE.digest, TRUST.digest)
        not_rechecked = [one["number"] for one in report["checks"] if one["outcome"] != "re-checked"]
        assert not_rechecked == ["5b", "7b", "7c"]
        assert report["not_proven"] == list(NOT_PROVEN)
        assert list(report)[-1] == "not_proven"
        assert rfc8785.dumps(report)

    def test_lists_the_checks_in_order(self) -> None:
        """
        Whatever becomes of them.
        """
        numbers = ["1", "2", "3", "4", "5", "5b", "6", "7a", "7b", "7c", "8", "9", "10", "11", "12"]
        assert [check.number for check in CHECKS] == numbers
        for raw in (BUNDLE.raw, b'{"schema":"bundle/v1"}'):
            checks = verify_bundle(raw).to_dict()["checks"]
            assert [one["number"] for one in checks] == numbers

    def test_says_of_each_check_who_could_still_have_lied(self) -> None:
        """
        No check is beyond doubt.
        """
        checks = verify_bundle(BUNDLE.raw).to_dict()["checks"]
        assert all(one["who_could_lie"].endswith(".") and one["title"] for one in checks)
        assert len({one["who_could_lie"] for one in checks}) == len(checks)

    def test_without_a_trust_file_names_none(self) -> None:
        """
        So that nobody takes one report for the other.
        """
        assert verify_bundle(BUNDLE.raw).to_dict()["trust_digest"] is None

    @pytest.mark.parametrize("choice", ["approve", "reject"])
    def test_of_a_run_that_was_denied(self, choice: str) -> None:
        """
        That a run ended badly is no fault of its evidence.
        """
        ended = RecordedRun.of(run({}, make_gate(), answers=[make_decision(choice=choice)]))
        assert verify_bundle(Bundle.of(ended).raw).holds


class TestAnEmptyBundle:
    """
    "One failing check never hides another."
    """

    def test_says_of_each_check_why_it_cannot_run(self) -> None:
        """
        Nothing but the shape is wrong about it.
        """
        raw = b'{"schema":"bundle/v1"}'
        found = outcomes(raw)
        assert found["1"] == "FAILED"
        assert {number for number, outcome in found.items() if outcome == "re-checked"} == {"2"}
        details = {one.check.number: one.finding.detail for one in verify_bundle(raw).results}
        assert details["6"] == "attestation, receipt cannot be read, see check 1"

    @pytest.mark.parametrize("name", [name for name in make_document() if name != "schema"])
    def test_with_any_one_part_missing_still_gives_a_report(self, name: str) -> None:
        """
        That holds no more, and in which at least one other check still passes.
        """
        for trust in (None, TRUST):
            raw = changed(make_document(BUNDLE), lambda it: it.pop(name))
            assert not verify_bundle(raw, trust=trust).holds
            found = outcomes(raw, trust)
            assert [number for number, outcome in found.items() if outcome == "FAILED"] == ["1"]
            assert found["2"] == "re-checked"


class TestWhatIsRequired:
    """
    "Required by default: 1, 2, 3, 5; with a pure receipt also 4, 8, 9, 10; with `--trust` also 6, 7a, 11, 12".
    """

    def test_of_a_mission(self) -> None:
        """
        What vouches for it is not required where nobody is trusted.
        """
        assert required(BUNDLE.raw) == required(MISSION.raw) == ["1", "2", "3", "4", "5", "8", "9", "10"]

    def test_of_a_workflow_without_mission(self) -> None:
        """
        It has no rules that anything could be proven against.
        """
        assert required(PLAIN.raw) == ["1", "2", "3", "4", "5", "9", "10"]
        assert verify_bundle(PLAIN.raw).holds

    def test_of_a_mission_that_hides_its_certificate(self) -> None:
        """
        Leaving it out does not help, and neither does naming no mission beside it.
        """
        hidden = changed(make_document(BUNDLE), lambda it: it.update(certificate=None))
        assert "8" in required(hidden)
        renamed = changed(make_document(BUNDLE), lambda it: it["header"].update(mission=None))
        assert "8" in required(renamed)

    def test_with_trust(self) -> None:
        """
        Where the bundle has such parts.
        """
        assert required(BUNDLE.raw, TRUST) == ["1", "2", "3", "4", "5", "6", "7a", "8", "9", "10", "11", "12"]
        little = make_trust(operator_keys=None, log_keys=None)
        assert [one for one in required(BUNDLE.raw, little) if one in ("6", "11")] == ["6", "11"]
        assert [one for one in required(MISSION.raw, little) if one in ("6", "11")] == []
        assert "7a" not in required(PLAIN.raw, TRUST)

    @pytest.mark.parametrize(("line", "number"), [("operator_keys", "6"), ("log_keys", "11")])
    def test_what_is_trusted_must_be_there(self, line: str, number: str) -> None:
        """
        A bundle that leaves the part out does not hold, for leaving it out must not help.
        """
        others = {"operator_keys": None, "log_keys": None}
        named = make_trust(**{name: value for name, value in others.items() if name != line})
        assert number in required(MISSION.raw, named)
        assert not verify_bundle(MISSION.raw, trust=named).holds
        assert verify_bundle(MISSION.raw, trust=make_trust(**others)).holds

    def test_any_check_that_fails(self) -> None:
        """
        What nobody asked for is not passed over when it is wrong.
        """
        raw = changed(make_document(BUNDLE), lambda it: it["log_inclusion"].update(index=0))
        assert required(raw)[-1] == "11"
        assert not verify_bundle(raw).holds

    def test_may_be_chosen(self) -> None:
        """
        Then exactly those count, and a failure of another one is only told.
        """
        raw = changed(make_document(BUNDLE), lambda it: it.update(note=""))
        assert verify_bundle(raw, require=["3", "10"]).holds
        assert not verify_bundle(raw, require=["1", "3"]).holds
        assert not verify_bundle(BUNDLE.raw, require=["5b"]).holds
        assert not verify_bundle(BUNDLE.raw, require=["7b"]).holds
        results = verify_bundle(raw, require=iter(["10"])).results
        assert [one.check.number for one in results if one.is_required] == ["10"]

    def test_must_exist(self) -> None:
        """
        The unknown ones are named, and those there are.
        """
        with pytest.raises(UsageError, match=r"checks \['13', '7'\] at require: checks are 1, 2, 3, 4, 5, 5b, 6, 7a"):
            verify_bundle(BUNDLE.raw, require=["1", "7", "13"])

    def test_of_a_run_of_another_engine(self) -> None:
        """
        What cannot be executed is not re-checked, so it does not hold.
        """
        raw = rfc8785.dumps(make_foreign())
        assert required(raw) == ["1", "2", "3", "4", "5", "8", "9", "10"]
        assert not verify_bundle(raw).holds


NO_BUNDLES: dict[str, bytes] = {
    "no bytes": b"",
    "no JSON": b"bundle",
    "no UTF-8": b'{"schema":"\xff"}',
    "a number": b"1",
    "a list": b"[]",
    "no schema": b"{}",
    "another schema": b'{"schema":"bundle/v2"}',
    "a schema that is a list": b'{"schema":["bundle/v1"]}',
    "a key twice": b'{"schema":"bundle/v1","schema":"bundle/v1"}',
    "too deep": b'{"schema":"bundle/v1","params":' + b"[" * 100 + b"]" * 100 + b"}",
    "too large": b'{"schema":"bundle/v1"}'.ljust(MAX_RECORD_BYTES + 1),
}


@pytest.mark.parametrize("case", NO_BUNDLES)
def test_what_is_no_bundle_is_refused(case: str) -> None:
    """
    There is nothing to report on.
    """
    with pytest.raises((EncodingError, IntegrityError)) as refused:
        verify_bundle(NO_BUNDLES[case], source="run.bundle")
    assert "run.bundle" in str(refused.value)


@pytest.mark.parametrize("step", ["gate", "act"])
def test_an_answer_as_deep_as_a_document_may_be(step: str) -> None:
    """
    The records around it make it deeper, and it holds all the same, for both verifiers.
    """
    deep = nested(MAX_DEPTH)
    if step == "gate":
        ended = run({}, make_gate(input_schema={}), answers=[make_decision(input=deep)])
    else:
        ended = run({}, make_action(), answers=[make_effect_answer(output=deep)])
    raw = Bundle.of(RecordedRun.of(ended)).raw
    assert verify_bundle(raw).holds
    [apart] = verify_apart([(raw, None)])
    assert [one for one in apart["findings"].values() if one[0] == "FAILED"] == []


def test_outcomes_are_the_words_of_the_report() -> None:
    """
    Four of them, of which one alone passes.
    """
    assert [outcome.value for outcome in Outcome] == [
        "re-checked",
        "asserted by the supplier",
        "no information",
        "FAILED",
    ]


def test_a_bundle_changes_with_anything_in_it() -> None:
    """
    The digest of the report is that of the bytes as they came.
    """
    raw = BUNDLE.raw + b" "
    report: dict[str, Any] = json.loads(rfc8785.dumps(verify_bundle(raw).to_dict()))
    assert report["bundle_digest"] != sha256_of(json.loads(BUNDLE.raw)) == BUNDLE.digest
