"""Verdicts: what a policy says about an input, and why. `policy/evaluate.py` gives them."""

from enum import StrEnum
from typing import Any, final

import attrs

from runtime.encoding.digest import digest_of_bytes
from runtime.encoding.frozen import JsonObject
from runtime.values.checks import of_type

__all__ = ["Decision", "Verdict"]


class Decision(StrEnum):
    """
    What a policy decides: go on, go on only past a gate, or end.
    """

    ALLOW = "allow"
    FLAG = "flag"
    DENY = "deny"


@final
@attrs.frozen
class Verdict:
    """
    The record `verdict/v1`. Read it as plain JSON with `to_dict`; its members are in docs/reference/policies.md.
    """

    record: JsonObject = attrs.field(validator=of_type(JsonObject))

    @property
    def decision(self) -> Decision:
        """
        Allow, flag or deny.
        """
        return Decision(self.record["decision"])

    @property
    def reason_code(self) -> str:
        """
        Why, as a code: the deciding rule's, or `no_matching_policy_rule`, or `policy_rule_not_evaluable`.
        """
        return str(self.record["reason_code"])

    @property
    def digest(self) -> str:
        """
        The digest of the record.
        """
        return digest_of_bytes(self.record.raw)

    def to_dict(self) -> dict[str, Any]:
        """
        Give the record as a plain dict.
        """
        record: dict[str, Any] = self.record.thaw()
        return record
