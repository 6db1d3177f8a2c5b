"""What the validators of a params field say about its values, as bounds of a JSON Schema; see `params_schema.py`.

What is not understood adds nothing.
"""

import re
from collections.abc import Iterable
from enum import Enum
from functools import reduce
from operator import ge, le
from types import NoneType
from typing import Any, Final

from attrs import validators

from runtime.encoding.frozen import JsonArray
from runtime.errors import EncodingError
from runtime.limits import MAX_NUMBER
from runtime.values.checks import SCHEMA_PART, OrSealed

__all__ = ["EXACT", "NULL", "SCALARS", "any_of", "are_scalars", "narrowed"]

_Schema = dict[str, Any]

EXACT: Final = {"minimum": -MAX_NUMBER, "maximum": MAX_NUMBER}
"""The exact range of a JSON number."""
NULL: Final[_Schema] = {"type": "null"}
SCALARS: Final = {str: "string", int: "integer", float: "number", bool: "boolean", NoneType: "null"}
"""What scalars are called in a schema."""


def any_of(branches: list[_Schema]) -> _Schema:
    """
    Give a schema that one of several must fulfil.
    """
    return {} if {} in branches else branches[0] if len(branches) == 1 else {"anyOf": branches}


def are_scalars(values: Iterable[Any]) -> bool:
    """
    Tell whether all values are scalars that JSON can hold.
    """
    try:
        return all(type(value) in SCALARS for value in JsonArray(list(values)))
    except EncodingError:
        return False


# Private to attrs, so reached through one of each; tests pin what they hold.
_AND: Final[type[Any]] = type(validators.and_())
_OPTIONAL: Final[type[Any]] = type(validators.optional(validators.ge(0)))
_IN: Final[type[Any]] = type(validators.in_(()))
_COMPARE: Final[type[Any]] = type(validators.ge(0))
_MIN_LENGTH: Final[type[Any]] = type(validators.min_len(0))
_MAX_LENGTH: Final[type[Any]] = type(validators.max_len(0))
_MATCHES: Final[type[Any]] = type(validators.matches_re(""))
_ITERABLE: Final[type[Any]] = type(validators.deep_iterable(validators.ge(0)))
_MAPPING: Final[type[Any]] = type(validators.deep_mapping(validators.ge(0)))

_COMPARED: Final = {">=": "minimum", ">": "exclusiveMinimum", "<=": "maximum", "<": "exclusiveMaximum"}
_TYPES_OF: Final = {
    **dict.fromkeys(_COMPARED.values(), ("integer", "number")),
    **dict.fromkeys(("minLength", "maxLength", "pattern"), ("string",)),
    **dict.fromkeys(("minItems", "maxItems"), ("array",)),
    **dict.fromkeys(("minProperties", "maxProperties"), ("object",)),
}

_portable = re.compile(
    r"(\^?(?:[^\\\[\](){}|*+?.^$\ud800-\udfff]|\\[\^$\\.*+?()\[\]{}|/]"  # A character, escaped or not,
    r"|\[\^?+(?:[^\\\[\]\ud800-\udfff]|\\[\^$\\.*+?()\[\]{}|/-])+\]"  # a class of them,
    r"|\((?:\?:|(?!\?))|\)|\||(?:[*+?]|\{[0-9]+(?:,[0-9]*)?\})\??(?!\+))*)(\$?)"  # groups, alternatives, quantifiers.
).fullmatch
"""Match a regular expression that Python and ECMA 262 read alike: its body, and a last `$`."""


def narrowed(schema: _Schema, validator: Any) -> _Schema:  # noqa: ANN401 - any validator, or None.
    """
    Give a schema with the bounds that a validator states.
    """
    if not schema or "$ref" in schema:
        return schema
    if type(validator) is OrSealed:
        validator = validator.validator  # The schema of a seal is a `$ref`, which nothing narrows.
    if type(validator) is _AND:
        # Choices come last: what they leave is narrowed no further.
        parts = sorted(validator._validators, key=lambda part: type(part) is _IN)  # noqa: SLF001 - see above.
        return reduce(narrowed, parts, schema)
    if "anyOf" in schema:
        branches = [narrowed(branch, validator) for branch in schema["anyOf"]]
        return any_of([branch for branch in branches if branch.get("enum") != []] or branches)
    if type(validator) is _OPTIONAL:
        return schema if schema == NULL or None in schema.get("enum", ()) else narrowed(schema, validator.validator)
    if type(validator) in (_ITERABLE, _MAPPING):
        return _narrowed_inside(schema, validator)
    return _chosen(schema, validator.options) if type(validator) is _IN else _tightened(schema, _part(validator))


def _narrowed_inside(schema: _Schema, validator: Any) -> _Schema:  # noqa: ANN401 - one of two classes.
    inside = dict(schema)
    if type(validator) is _ITERABLE:
        if schema.get("type") == "array":
            inside["items"] = narrowed(schema.get("items", {}), validator.member_validator)
        return narrowed(inside, validator.iterable_validator)
    if schema.get("type") == "object":
        names = narrowed(schema.get("propertyNames", {"type": "string"}), validator.key_validator)
        inside |= {} if names == {"type": "string"} else {"propertyNames": names}
        inside["additionalProperties"] = narrowed(schema.get("additionalProperties", {}), validator.value_validator)
    return narrowed(inside, validator.mapping_validator)


def _chosen(schema: _Schema, options: Any) -> _Schema:  # noqa: ANN401 - whatever `in_` was given.
    # A text as options means any part of it, and an object of a class of its own may equal anything.
    given = options if type(options) in (tuple, frozenset) else (object(),)
    values = [option.value if isinstance(option, Enum) else option for option in given]
    kind = schema.get("type")
    if not are_scalars(values) or kind in ("array", "object"):
        return schema
    if "enum" in schema:
        left = [choice for choice in schema["enum"] if choice in values]
    elif kind == "string":
        left = sorted({value for value in values if type(value) is str})
    elif kind in ("boolean", "null"):
        left = [choice for choice in (False, True, None) if (choice is None) == (kind == "null") and choice in values]
    else:
        numbers = {int(value) if value == int(value) else value for value in values if isinstance(value, int | float)}
        left = sorted(number for number in numbers if kind == "number" or type(number) is int)
        schema = {keyword: bound for keyword, bound in schema.items() if (keyword, bound) not in EXACT.items()}
    return {**schema, "enum": left}


def _part(validator: Any) -> _Schema:  # noqa: ANN401 - any validator, or None.
    if type(validator) is _COMPARE:
        is_number = type(validator.bound) in (int, float) and are_scalars([validator.bound])
        return {_COMPARED[validator.compare_op]: validator.bound} if is_number else {}
    if type(validator) is _MIN_LENGTH:
        return dict.fromkeys(("minLength", "minItems", "minProperties"), max(validator.min_length, 0))
    if type(validator) is _MAX_LENGTH:
        return dict.fromkeys(("maxLength", "maxItems", "maxProperties"), max(validator.max_length, 0))
    if type(validator) is _MATCHES:
        return _pattern(validator.pattern, validator.match_func.__name__)
    return dict(getattr(validator, SCHEMA_PART, {}))


def _pattern(pattern: "re.Pattern[Any]", how: str) -> dict[str, str]:
    found = _portable(pattern.pattern) if pattern.flags == re.UNICODE else None
    if found is None or (found[2] and how != "fullmatch"):
        return {}
    body = f"^(?:{found[1]})"
    return {"pattern": {"fullmatch": f"{body}$", "match": body, "search": found[1]}[how]}


def _tightened(schema: _Schema, part: _Schema) -> _Schema:
    if "enum" in schema:  # An enum's class may compare and measure its members as it likes.
        return schema
    tight = dict(schema)
    for keyword, bound in part.items():
        stricter = max if keyword.startswith(("min", "exclusiveMin")) else min
        if keyword == "pattern" and "pattern" in tight:
            tight["allOf"] = [*tight.get("allOf", ()), {"pattern": bound}]
        elif tight["type"] in _TYPES_OF.get(keyword, ()):
            tight[keyword] = stricter(tight.get(keyword, bound), bound)
    for loose, strict, is_implied in (("minimum", "exclusiveMinimum", le), ("maximum", "exclusiveMaximum", ge)):
        if loose in tight and strict in tight:
            del tight[loose if is_implied(tight[loose], tight[strict]) else strict]
    return tight
