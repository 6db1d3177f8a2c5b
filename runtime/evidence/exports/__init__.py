"""What a finished run looks like in the forms of others: SCLite review bundles."""

from runtime.evidence.exports.assertions import ReviewAssertions
from runtime.evidence.exports.sclite import export_review_bundle

__all__ = ["ReviewAssertions", "export_review_bundle"]
