"""Checks 4 and 5: the chain of the lineage, and what the receipt binds."""

from collections.abc import Callable
from typing import Any

import pytest
import rfc8785
from bundling import failing, make_bundle, make_document, make_foreign, outcomes, seal
from makers import sha256_of

from runtime.evidence.verify import verify_bundle

Edit = Callable[[dict[str, Any]], object]


def detail(document: dict[str, Any], number: str) -> str:
    """
    Give what a check says.
    """
    results = verify_bundle(rfc8785.dumps(document)).results
    return next(one.finding.detail for one in results if one.check.number == number)


def _entry(index: int, **changes: Any) -> Edit:
    return lambda document: document["lineage"][index].update(changes)


CHAINS: dict[str, tuple[Edit, str]] = {
    "an entry of another sequence": (_entry(1, sequence=3), "lineage[1].sequence is 3, and 2 is expected"),
    "an entry of another step": (_entry(0, step_id="x"), "lineage[0].step_id is 'x', and 'a' is expected"),
    "an entry of another kind": (_entry(1, kind="human"), "lineage[1].kind is 'human'"),
    "an entry of another payload": (_entry(2, payload_digest=sha256_of(1)), "lineage[2].payload_digest is"),
    "an entry of another state": (_entry(1, input_digest=sha256_of(1)), "lineage[1].input_digest is"),
    "a skipped step that changes the state": (
        _entry(2, output_digest=sha256_of(1)),
        "lineage[2] is skipped and changes the state",
    ),
    "entries in another order": (lambda it: it["lineage"].reverse(), "lineage[0].sequence is 3, and 1 is expected"),
    "no entry": (lambda it: it["lineage"].clear(), "0 entries of a workflow of 3 steps"),
    "an entry more": (
        lambda it: it["lineage"].append({**it["lineage"][2], "sequence": 4}),
        "4 entries of a workflow of 3 steps",
    ),
    "an entry less": (lambda it: it["lineage"].pop(), "1 step has no entry, and the run did not stop before"),
}


def _fit_receipt(document: dict[str, Any]) -> None:
    """
    Make the receipt say what the entries say, as a careful forger would.
    """
    entries, receipt = document["lineage"], document["receipt"]
    receipt["steps"] = [entry["step_id"] for entry in entries if entry["status"] != "skipped"]
    start = document["header"]["context_digest"]
    receipt["final_state_digest"] = entries[-1]["output_digest"] if entries else start


class TestLineage:
    """
    Check 4 follows the entries from the header on.
    """

    @pytest.mark.parametrize("case", CHAINS)
    def test_a_broken_chain_fails_it_alone(self, case: str) -> None:
        """
        Where the forger made digests and receipt fit.
        """
        change, words = CHAINS[case]
        document = make_foreign()
        change(document)
        seal(document)
        _fit_receipt(document)
        assert failing(rfc8785.dumps(document)) == ["4"]
        assert words in detail(document, "4")

    @pytest.mark.parametrize("status", ["failed", "denied"])
    def test_an_entry_behind_the_end_of_the_run(self, status: str) -> None:
        """
        Nothing follows a step that failed or was denied.
        """
        document = make_foreign()
        document["lineage"][2].update(input_digest=document["header"]["context_digest"])
        for entry in document["lineage"]:
            entry.update(status=status, input_digest=document["header"]["context_digest"])
            entry["output_digest"] = entry["input_digest"]
        seal(document)
        assert detail(document, "4") == "lineage[0] ends the run, and entries follow it"

    @pytest.mark.parametrize("status", ["failed", "denied"])
    def test_a_run_that_stopped_has_no_more_entries(self, status: str) -> None:
        """
        Then the steps behind it need none.
        """
        document = make_foreign()
        del document["lineage"][1:]
        start = document["header"]["context_digest"]
        document["lineage"][0].update(status=status, output_digest=start, error_code="check_failed")
        document["receipt"].update(status=status, failed_step_id="a", error_code="check_failed")
        seal(document)
        _fit_receipt(document)
        assert failing(rfc8785.dumps(document)) == []
        assert outcomes(rfc8785.dumps(document))["4"] == "re-checked"

    def test_an_entry_of_another_chain(self) -> None:
        """
        `previous` is the digest of the entry before it.
        """
        document = make_foreign()
        document["lineage"][2]["previous"] = sha256_of(1)
        seal(document, from_entry=3)
        assert failing(rfc8785.dumps(document)) == ["4"]
        assert "lineage[2].previous is" in detail(document, "4")


RECEIPTS: dict[str, Any] = {
    "answers_digest": sha256_of(1),
    "error_code": "check_failed",
    "failed_step_id": "a",
    "final_state_digest": sha256_of(1),
    "header_digest": sha256_of(1),
    "id": "another",
    "lineage_count": 2,
    "lineage_head": sha256_of(1),
    "status": "failed",
    "steps": ["a", "b", "c"],
}


class TestReceipt:
    """
    Check 5: "success and failure can never give equal receipts".
    """

    @pytest.mark.parametrize("name", RECEIPTS)
    def test_a_receipt_that_says_something_else_fails_it_alone(self, name: str) -> None:
        """
        Whichever member it is.
        """
        document = make_foreign()
        document["receipt"][name] = RECEIPTS[name]
        assert failing(rfc8785.dumps(document)) == ["5"]
        assert detail(document, "5") == f"receipt.{name} is not that of the bundle"

    def test_a_receipt_with_the_header_of_another_run(self) -> None:
        """
        The header in the receipt is the header of the bundle.
        """
        document = make_foreign()
        document["receipt"]["header"] = {**document["header"], "mode": "apply"}
        assert failing(rfc8785.dumps(document)) == ["5"]

    def test_a_receipt_of_no_entries(self) -> None:
        """
        It is held against the header then, and check 4 says that there are none.
        """
        document = make_foreign()
        document["lineage"].clear()
        seal(document)
        _fit_receipt(document)
        assert outcomes(rfc8785.dumps(document))["5"] == "re-checked"

    def test_every_member_of_a_receipt_is_bound(self) -> None:
        """
        None is left that could say anything.
        """
        assert {*RECEIPTS, "header", "schema"} == make_document()["receipt"].keys()


def test_there_is_no_audit_log_yet() -> None:
    """
    Check 5b says so.
    """
    assert outcomes(make_bundle().raw)["5b"] == "no information"
    assert detail(make_document(), "5b") == "the bundle holds no run receipt and no audit log"
