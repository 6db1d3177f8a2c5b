"""The document of validation rules: when a run of an intent has done what was asked. What rules mean is in `validation.py`."""

from enum import StrEnum
from typing import Any, ClassVar, final

import attrs

from runtime.encoding.pointer import Pointer
from runtime.limits import MAX_VALIDATION_RULES
from runtime.orchestration.payloads import ABSENT, is_expression
from runtime.profiles.fields import kept, schema_field
from runtime.profiles.scalars import has_members, is_name
from runtime.values.checks import is_identifier, is_text

__all__ = ["RuleType", "ValidationRule", "ValidationRules"]


class RuleType(StrEnum):
    """
    What a validation rule looks at.
    """

    REQUIRE_MAPPING = "require_mapping"
    REQUIRE_TRUTHY_PATH = "require_truthy_path"
    REQUIRE_EQUALS = "require_equals"
    CHECK = "check"


@final
@attrs.frozen(kw_only=True, eq=False)
class ValidationRule:
    """
    What the final state must be like. `path` is a JSON Pointer, `expression` a condition over the members of the state.
    """

    rule: str = attrs.field(validator=is_identifier)
    type: RuleType
    path: Pointer | None = None
    value: Any = attrs.field(default=ABSENT, converter=kept)
    expression: str | None = attrs.field(default=None, validator=attrs.validators.optional(is_expression()))
    message: str = attrs.field(default="", validator=is_text)


@final
@attrs.frozen(kw_only=True, eq=False)
class ValidationRules:
    """
    `validation_rules/INTENT.yaml`: when a run of the intent has done what was asked.
    """

    SCHEMA: ClassVar[str] = "profile-rules/v1"

    schema: str = schema_field(SCHEMA)
    intent: str = attrs.field(validator=is_name)
    rules: tuple[ValidationRule, ...] = attrs.field(validator=has_members(1, MAX_VALIDATION_RULES))
