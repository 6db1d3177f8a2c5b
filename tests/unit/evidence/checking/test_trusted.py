"""Check 12: workflow, policies, rules, catalogue and engine are the ones that the checker allows."""

from typing import Any

import pytest
import rfc8785
from bundling import failing, make_bundle, make_document, make_ended, make_trust, outcomes
from makers import run, sha256_of

from runtime.evidence import RecordedRun
from runtime.evidence.bundle import Bundle
from runtime.evidence.verify import verify_bundle
from runtime.limits import MAX_FAULTS

BUNDLE = make_bundle()
LINES = {
    "definitions": "definition",
    "policies": "policy",
    "rules": "rules",
    "catalogues": "catalogue",
    "engines": "engine",
}
OTHER = sha256_of("another")


def detail(**changes: Any) -> str:
    """
    Give what check 12 says under a changed trust file.
    """
    results = verify_bundle(BUNDLE.raw, trust=make_trust(**changes)).results
    return next(one.finding.detail for one in results if one.check.number == "12")


def test_what_is_trusted_is_re_checked() -> None:
    """
    All kinds are named.
    """
    assert outcomes(BUNDLE.raw, make_trust())["12"] == "re-checked"
    assert detail() == "definition, policy, rules, catalogue, engine as trusted"


def test_without_a_trust_file_the_supplier_says_so() -> None:
    """
    Nothing is held against anything.
    """
    assert outcomes(BUNDLE.raw)["12"] == "asserted by the supplier"


@pytest.mark.parametrize("line", LINES)
def test_what_the_file_does_not_name_the_supplier_asserts(line: str) -> None:
    """
    One missing line is enough.
    """
    assert outcomes(BUNDLE.raw, make_trust(**{line: None}))["12"] == "asserted by the supplier"
    assert detail(**{line: None}) == f"the trust file names no {LINES[line]}"


@pytest.mark.parametrize("line", LINES)
def test_what_is_not_trusted_fails_it_alone(line: str) -> None:
    """
    Whatever else is trusted.
    """
    changes: dict[str, Any] = {line: [OTHER]}
    assert failing(BUNDLE.raw, make_trust(**changes)) == ["12"]
    assert detail(**changes).startswith(f"{LINES[line]} ")
    assert detail(**changes).endswith(" is not trusted")


def test_of_many_that_are_not_trusted_the_first_are_told() -> None:
    """
    There may be as many packs as a part has bytes for.
    """
    document = make_document(BUNDLE)
    trust = make_trust(document)
    document["policies"] |= {f"p{index:02}": {} for index in range(MAX_FAULTS + 2)}
    results = verify_bundle(rfc8785.dumps(document), trust=trust).results
    said = next(one.finding.detail for one in results if one.check.number == "12")
    assert said.count("is not trusted") == MAX_FAULTS
    assert said.endswith("; and 2 more")


def test_one_of_several_is_enough() -> None:
    """
    A file names what may be run over time.
    """
    header = make_document(BUNDLE)["header"]
    trust = make_trust(definitions=[OTHER, header["definition_digest"]], engines=["0.9", header["engine"]])
    assert outcomes(BUNDLE.raw, trust)["12"] == "re-checked"


def test_a_run_without_policies_and_mission_needs_no_line_for_them() -> None:
    """
    It rests on its workflow and on the engine alone.
    """
    bundle = Bundle.of(RecordedRun.of(run({})))
    trust = make_trust(make_document(bundle), policies=None, rules=None, catalogues=None)
    assert outcomes(bundle.raw, trust)["12"] == "re-checked"
    results = verify_bundle(bundle.raw, trust=trust).results
    assert next(one.finding.detail for one in results if one.check.number == "12") == "definition, engine as trusted"


def test_a_certificate_without_catalogue_rests_on_another_one() -> None:
    """
    What is missing is not what is trusted.
    """
    document = make_document(Bundle.of(make_ended()))
    trust = make_trust(document)
    del document["certificate"]["catalogue"]
    assert "12" in failing(rfc8785.dumps(document), trust)
