"""Laws of exports, over drawn runs."""

import json

from exporting import dumped, make_assertions, verify_chain
from hypothesis import assume, given
from hypothesis import strategies as st
from strategies import run_inputs

from runtime.evidence import RecordedRun
from runtime.evidence.exports import export_review_bundle
from runtime.orchestration import Checkpoint, execute

_operators = st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=40)


class TestABundleFollowsFromTheRecord:
    """
    Same record, same assertions, same bytes; whatever the run, the bundle holds together.
    """

    @given(inputs=st.booleans().flatmap(lambda asking: run_inputs(mostly_asking=asking)), operator=_operators)
    def test_it_holds_together_and_tells_the_ending(self, inputs: Checkpoint, operator: str) -> None:
        """
        INV-46: digests, links and chain hold in SCLite's own form, and no ending looks like another.
        """
        result = execute(inputs)
        assume(result.receipt_bytes is not None)
        record = RecordedRun.of(result)
        asserted = make_assertions(operator=operator)
        files = export_review_bundle(record, asserted)
        assert files == export_review_bundle(RecordedRun.from_bytes(record.raw), asserted)
        roles = verify_chain(files)
        for name in ("artifact_chain_manifest.json", "verification_receipt.json"):
            assert dumped(json.loads(files[name])) == files[name]
        receipt = roles["execution_receipt"]
        [claim] = roles["evidence_contract"]["claims"]
        assert (receipt["outcome"]["status"] in ("completed", "dry_run")) is result.success
        assert (claim["status"] == "met") is result.success
        if not result.success:
            assert claim["requires_completed_execution"]
        assert receipt["execution"]["executed_command_count"] <= receipt["execution"]["planned_command_count"]
