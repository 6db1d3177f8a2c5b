"""Checks 8 to 10: what is worked out again: the certificate, the verdicts, and every byte of the run."""

from collections.abc import Callable
from typing import Any

import pytest
import rfc8785
from bundling import changed, failing, make_bundle, make_document, make_ended, make_foreign, make_trust, outcomes, seal
from makers import make_mission, make_pack_of, make_step, run, sha256_of

from missions.catalog import BUILT_IN_MISSIONS
from runtime.evidence import RecordedRun
from runtime.evidence.bundle import Bundle
from runtime.evidence.verify import verify_bundle
from runtime.orchestration.registry import run_mission

BUNDLE = make_bundle()


def found(raw: bytes, number: str) -> tuple[str, str]:
    """
    Give outcome and detail of a check.
    """
    finding = next(one.finding for one in verify_bundle(raw).results if one.check.number == number)
    return finding.outcome.value, finding.detail


class TestCertificate:
    """
    Check 8: "certificate re-computed".
    """

    def test_of_every_mission_is_computed_again(self) -> None:
        """
        Paths and rules are counted.
        """
        for mission in BUILT_IN_MISSIONS:
            example = mission.example
            ended = run_mission(mission.name, example.context, example.params, answers=example.answers, mode="apply")
            outcome, detail = found(Bundle.of(RecordedRun.of(ended)).raw, "8")
            rules = len(mission.rules)
            assert outcome == "re-checked"
            assert detail.endswith(f"one of {rules} rule{'' if rules == 1 else 's'}")

    def test_a_run_without_mission_carries_none(self) -> None:
        """
        Then nothing was to be proven.
        """
        assert found(Bundle.of(RecordedRun.of(run({}))).raw, "8") == (
            "no information",
            "the run carries no certificate",
        )

    @pytest.mark.parametrize(
        "change",
        [
            lambda it: it.update(path_count=9),
            lambda it: it.update(verdict="assumed"),
            lambda it: it.pop("catalogue"),
            lambda it: it.update(rules=[{"kind": "unheard-of"}]),
            lambda it: it.update(definition_digest=sha256_of(1)),
        ],
        ids=["another count", "another verdict", "no catalogue", "an unknown rule", "another workflow"],
    )
    def test_one_that_was_not_computed_fails_it_alone(self, change: Callable[[dict[str, Any]], object]) -> None:
        """
        Where the forger made every digest fit.
        """
        document = make_foreign()
        change(document["certificate"])
        seal(document)
        assert failing(rfc8785.dumps(document)) == ["8"]


class TestVerdicts:
    """
    Check 9: "verdicts re-evaluated".
    """

    def test_are_the_same_again(self) -> None:
        """
        They are counted.
        """
        assert found(BUNDLE.raw, "9") == ("re-checked", "1 verdict, each the same again")
        ended = make_ended(make_mission(make_step("a", "set", path="/a", value=1)))
        assert found(Bundle.of(ended).raw, "9") == ("re-checked", "0 verdicts, each the same again")

    @pytest.mark.parametrize("digest", [sha256_of(1), None], ids=["another", "none"])
    def test_another_verdict_fails(self, digest: str | None) -> None:
        """
        The step is named. Nothing else sees it but the re-execution, of which the verdict is a part.
        """
        document = make_document(Bundle.of(make_ended(make_mission(*_weighing(), policies=_packs()))))
        document["lineage"][0]["verdict_digest"] = digest
        seal(document)
        assert failing(rfc8785.dumps(document)) == ["9", "10"]
        assert found(rfc8785.dumps(document), "9")[1] == "steps ['weigh'] have another verdict"

    def test_a_verdict_of_a_step_that_gives_none_fails(self) -> None:
        """
        It would look as if a policy had been asked.
        """
        document = make_document(Bundle.of(make_ended(make_mission(*_weighing(), policies=_packs()))))
        document["lineage"][1]["verdict_digest"] = document["lineage"][0]["verdict_digest"]
        seal(document)
        assert found(rfc8785.dumps(document), "9")[1] == "steps ['after'] have another verdict"


def _weighing() -> list[Any]:
    return [make_step("weigh", "decide", policy="p", input="/order", path="/verdict"), make_step("after")]


def _packs() -> Any:
    return [make_pack_of("amount > 1")]


class TestExecution:
    """
    Check 10: "re-execution gives the same bytes at every step".
    """

    def test_gives_the_same_bytes(self) -> None:
        """
        Entries are counted.
        """
        assert found(BUNDLE.raw, "10") == ("re-checked", "5 entries and the receipt, the same bytes again")

    def test_another_result_fails_it_alone(self) -> None:
        """
        A forged outcome of a step, with every digest made anew: only doing it again tells.
        """
        document = make_document(
            Bundle.of(make_ended(make_mission(make_step("a", "set", path="/a", value=1)), state={}))
        )
        document["lineage"][0]["output_digest"] = document["receipt"]["final_state_digest"] = sha256_of({"a": 2})
        seal(document)
        assert failing(rfc8785.dumps(document)) == ["10"]
        said = found(rfc8785.dumps(document), "10")[1]
        assert "step 'a', field 'output_digest'" in said
        assert said.endswith(", at /lineage/0/output_digest")

    def test_a_failure_that_is_told_as_a_success_fails_it_alone(self) -> None:
        """
        However well it is forged.
        """
        document = make_document(Bundle.of(make_ended(make_mission(make_step("a", "fail", reason="no")))))
        assert document["receipt"]["status"] == "failed"
        document["lineage"][0].update(status="completed", error_code=None)
        document["receipt"].update(status="completed", error_code=None, failed_step_id=None)
        seal(document)
        assert failing(rfc8785.dumps(document)) == ["10"]

    def test_inputs_that_cannot_be_executed_fail(self) -> None:
        """
        With the reason; verdicts cannot be told then.
        """
        raw = changed(make_document(BUNDLE), lambda it: it["definition"]["steps"][4]["payload"].update(operation="x"))
        assert found(raw, "10")[0] == "FAILED"
        assert found(raw, "10")[1].startswith("the run cannot be executed again: ")
        assert found(raw, "9")[0] == "no information"

    def test_a_run_of_another_engine_is_not_executed(self) -> None:
        """
        That says nothing about it, and which release would do it.
        """
        raw = rfc8785.dumps(make_foreign())
        outcome, detail = found(raw, "10")
        assert outcome == "no information"
        assert detail.startswith("the run cannot be executed by this version: engine '99.0'")
        assert "major version 99" in detail
        assert outcomes(raw)["9"] == "no information"

    def test_questions_that_were_not_asked_fail(self) -> None:
        """
        Requests that the re-execution does not make, even where no digest of the run changes by it.
        """
        raw = changed(make_document(BUNDLE), lambda it: it["requests"][0]["ask"].update(prompt="Lunch?"))
        assert found(raw, "10") == ("FAILED", "the steps ask something else than the bundle says")
        assert found(raw, "3")[0] == "FAILED"

    @pytest.mark.parametrize("outcome", ["succeeded", "failed"])
    def test_runs_of_every_ending_pass(self, outcome: str) -> None:
        """
        A run that failed is checked as one that completed is.
        """
        bundle = make_bundle(make_ended(outcome=outcome))
        assert bundle.recorded_run.receipt["status"] == {"succeeded": "completed", "failed": "failed"}[outcome]
        assert failing(bundle.raw, make_trust()) == []
        assert outcomes(bundle.raw, make_trust())["10"] == "re-checked"
