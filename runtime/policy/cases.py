"""The cases a pack carries: inputs, and what must be decided on each. `trial.py` tries them."""

from typing import Any, final

import attrs

from runtime.encoding.frozen import JsonObject, frozen_object
from runtime.policy.rules import listed
from runtime.values.checks import is_identifier, is_small_json, of_type
from runtime.values.verdicts import Decision

__all__ = ["Expectation", "PolicyCase"]


def _names(value: Any) -> tuple[str, ...] | None:  # noqa: ANN401 - whatever the caller gives.
    return None if value is None else listed(value, str)


@final
@attrs.frozen(kw_only=True)
class Expectation:
    """
    What a case expects; what is left out is not looked at.
    """

    decision: Decision = attrs.field(validator=of_type(Decision))
    reason_code: str | None = attrs.field(default=None, validator=attrs.validators.optional(is_identifier))
    rules: tuple[str, ...] | None = attrs.field(default=None, converter=_names)
    """Ids of the rules that apply, in any order."""


@final
@attrs.frozen(kw_only=True)
class PolicyCase:
    """
    A test the pack carries: an input and what must be decided on it. `mission policy test` runs them.
    """

    name: str = attrs.field(validator=is_identifier)
    input: JsonObject = attrs.field(converter=frozen_object, validator=is_small_json)
    expect: Expectation = attrs.field(validator=of_type(Expectation))
