"""Laws of bundles: any run goes into one and comes out again, and whatever was done to one, there is a report on it."""

import copy
import json
from random import Random

import attrs
import pytest
from bundling import make_bundle, make_trust
from hypothesis import given
from mutations import mutate
from strategies import run_inputs

from runtime.encoding.canonical import canonical_record
from runtime.errors import EncodingError, IntegrityError
from runtime.evidence import RecordedRun
from runtime.evidence.bundle import Bundle
from runtime.evidence.page.page import build_page
from runtime.evidence.verify import NOT_PROVEN, verify_bundle
from runtime.orchestration import Checkpoint, execute

CASES = pytest.mark.parametrize("cases", [50, pytest.param(1500, marks=pytest.mark.slow)])
BUNDLE = make_bundle()
TRUST = make_trust()
DOCUMENT = json.loads(BUNDLE.raw)


class TestEveryRun:
    """
    `from_bytes(of(run).raw) == of(run)`, and every check that needs no key is re-checked.
    """

    @given(inputs=run_inputs())
    def test_goes_into_a_bundle_and_comes_out_again(self, inputs: Checkpoint) -> None:
        """
        Whatever it does and however it ends.
        """
        result = execute(inputs)
        if result.receipt_bytes is None:
            return
        run = RecordedRun.of(result)
        bundle = Bundle.of(run)
        read = Bundle.from_bytes(bundle.raw)
        assert (read, read.raw, read.recorded_run.raw) == (bundle, bundle.raw, run.raw)

    @given(inputs=run_inputs(mostly_asking=True))
    def test_is_verified(self, inputs: Checkpoint) -> None:
        """
        What people decided may be signed by nobody: what the record says of itself holds all the same.
        """
        result = execute(inputs)
        if result.receipt_bytes is None:
            return
        verification = verify_bundle(Bundle.of(RecordedRun.of(result)).raw)
        found = {one.check.number: one.finding for one in verification.results}
        assert {found[number].outcome for number in ("1", "2", "3", "4", "5", "9", "10")} == {"re-checked"}
        # Without a key nobody can say who signed; what was signed can contradict itself, which 7b and 7c find.
        assert found["7a"].outcome != "FAILED", found["7a"].detail


@CASES
@pytest.mark.parametrize("with_trust", [False, True], ids=["without trust", "with trust"])
def test_there_is_a_report_on_whatever_was_done_to_a_bundle(cases: int, *, with_trust: bool) -> None:
    """
    "Verification never raises for bad content"; and none of it passes for the bundle it was made from.
    """
    rng = Random("a damaged bundle")
    trust = TRUST if with_trust else None
    refused = 0
    for case in range(cases):
        damaged = mutate(rng, copy.deepcopy(DOCUMENT), plain=True)
        try:
            raw = canonical_record(damaged)
        except EncodingError:
            continue
        try:
            verification = verify_bundle(raw, trust=trust)
        except (EncodingError, IntegrityError):
            refused += 1
            assert type(damaged) is not dict or damaged.get("schema") != "bundle/v1", case
            continue
        report = verification.to_dict()
        assert report["not_proven"] == list(NOT_PROVEN)
        canonical_record(report)
        assert build_page(verification).endswith(b"</html>\n")
        if verification.holds and trust is not None:
            # Only what nobody looks at may differ: nothing of the run, and nothing that vouches for it.
            assert raw == BUNDLE.raw, case
    assert refused < cases / 10


@CASES
def test_every_byte_counts(cases: int) -> None:
    """
    No byte of a bundle can be another one and leave the report as it was.
    """
    rng = Random("a damaged byte")
    raw = BUNDLE.raw
    for _ in range(cases):
        place = rng.randrange(len(raw))
        changed = raw[:place] + bytes([raw[place] ^ 1 << rng.randrange(8)]) + raw[place + 1 :]
        try:
            assert not verify_bundle(changed, trust=TRUST).holds, place
        except (EncodingError, IntegrityError):
            continue


def test_the_trust_file_cannot_be_exchanged() -> None:
    """
    A trust file that names others makes the same bundle fail.
    """
    other = attrs.evolve(TRUST, operator_keys=TRUST.approvers[0].keys)
    assert verify_bundle(BUNDLE.raw, trust=TRUST).holds
    assert not verify_bundle(BUNDLE.raw, trust=other).holds
