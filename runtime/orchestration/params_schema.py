r"""The JSON Schema (draft 2020-12) of a mission's params, made from the attrs class that reads them.

Types give the shape, validators the bounds, metadata the words; a planner or a language model fills params in by it:

    title: str = attrs.field(validator=is_identifier, metadata=described("What the change is called."))

Rules, referred to by number below:

1. The schema never refuses what `Mission.read_params` accepts. What is not understood adds nothing: a type or validator
   it does not know, the validators of a field with a converter, a check in `__attrs_post_init__`.
2. No bound is written twice: those of attrs' validators are read from them, ours state them (`checks.stated`).

The schema accepts more than the reader, besides (1), in these:

- Bounds of the whole document: bytes (so `is_small_json` states nothing), depth, numbers in free JSON, surrogates.
- Only `in_` narrows an enum, a `Literal` and null (outside `optional`); nothing narrows any JSON, or a nested class.
- A regular expression that ECMA 262 reads otherwise than Python (`\d`, `.`, `(?i)`) is left out; see `_portable`.
- `$` of Python, and so of the package `jsonschema`, also matches before a last newline; that of ECMA 262 does not.

`1.0` is an integer to both, as `read_params` reads canonical JSON; `structure` by itself refuses it for an `int`.
"""

import inspect
import re
from collections.abc import Iterable, Mapping, MutableMapping, MutableSequence, Sequence
from enum import Enum
from functools import reduce
from operator import ge, le
from types import NoneType, UnionType
from typing import Any, Final, Literal, Union, get_args, get_origin, get_type_hints

import attrs
from attrs import validators

from runtime.encoding.canonical import canonical
from runtime.encoding.converter import KEY, unstructure
from runtime.encoding.frozen import FrozenValue, JsonArray, JsonObject
from runtime.encoding.pointer import Pointer
from runtime.errors import EncodingError
from runtime.limits import MAX_DEPTH, MAX_NUMBER, MAX_POINTER_LENGTH
from runtime.values.checks import SCHEMA_PART

__all__ = ["DESCRIPTION", "described", "params_schema"]

DESCRIPTION: Final = "description"
"""Metadata name of an attrs field under which its description stands."""

_Schema = dict[str, Any]
"""A schema; the empty one stands for any JSON and for what is not understood, and nothing narrows it (1)."""

_DIALECT: Final = "https://json-schema.org/draft/2020-12/schema"
_EXACT: Final = {"minimum": -MAX_NUMBER, "maximum": MAX_NUMBER}
_PLAIN: Final[dict[Any, _Schema]] = {
    str: {"type": "string"},
    bool: {"type": "boolean"},
    int: {"type": "integer", **_EXACT},
    float: {"type": "number", **_EXACT},
    Any: {},
    FrozenValue: {},
    JsonObject: {"type": "object"},
    JsonArray: {"type": "array"},
    Pointer: {
        "type": "string",
        "format": "json-pointer",
        "maxLength": MAX_POINTER_LENGTH,
        "pattern": f"^(?:/(?:[^~/]|~[01])*){{0,{MAX_DEPTH}}}$",
    },
}
_NULL: Final[_Schema] = {"type": "null"}
_LISTED: Final = (list, tuple, Sequence, MutableSequence)
_SCALARS: Final = {str: "string", int: "integer", float: "number", bool: "boolean", NoneType: "null"}


def described(text: str) -> dict[str, str]:
    """
    Give the metadata of a field with a description.
    """
    # No function around `attrs.field`: type checkers know that one alone, and would take every field for optional.
    return {DESCRIPTION: text}


def params_schema(params_class: type) -> dict[str, Any]:
    """
    Give the JSON Schema of a params class.

    Args:
        params_class: an attrs class, or `JsonObject` for any object.

    Returns:
        Plain JSON that the caller owns; nested classes stand under `$defs`.
    """
    if params_class is JsonObject:
        return {"$schema": _DIALECT, "type": "object", "description": "Any JSON object."}
    shapes = _Shapes()
    schema = {"$schema": _DIALECT, "title": params_class.__name__, **shapes.of_class(params_class)}
    return schema | ({"$defs": shapes.definitions} if shapes.definitions else {})


class _Shapes:
    """
    Types as schemas; each nested class is written once into `definitions`, so that recursion ends.
    """

    def __init__(self) -> None:
        self.definitions: dict[str, Any] = {}
        self._names: dict[type, str] = {}

    def of_class(self, cls: Any) -> _Schema:  # noqa: ANN401 - an attrs class.
        types = get_type_hints(cls)
        fields = [(field.metadata.get(KEY, field.name), field) for field in attrs.fields(cls) if field.init]
        return {
            **({"description": inspect.cleandoc(cls.__doc__)} if cls.__doc__ else {}),
            "type": "object",
            "properties": {key: self._of_field(field, types.get(field.name, field.type)) for key, field in fields},
            "required": [key for key, field in fields if field.default is attrs.NOTHING],
            "additionalProperties": False,
        }

    def _of_field(self, field: "attrs.Attribute[Any]", kind: Any) -> _Schema:  # noqa: ANN401 - any type form.
        schema = self._of_type(kind)
        if field.converter is None:
            schema = _narrowed(schema, field.validator)
        elif any(mark in canonical(schema) for mark in (b"{}", b"$ref")):
            schema = {}  # With a type in it that the reader does not know, all is left to the converter.
        words = {"description": field.metadata[DESCRIPTION]} if DESCRIPTION in field.metadata else {}
        return {**words, **schema, **_default(field)}

    def _of_type(self, kind: Any) -> _Schema:  # noqa: ANN401 - any type form.
        origin, parts = get_origin(kind) or kind, get_args(kind)
        members = [part for part in parts if part is not NoneType]
        schema: _Schema = {}
        if members and all(hasattr(member, "KIND") for member in members):
            return schema  # The reader goes by a tag.
        if kind in _PLAIN:
            schema = dict(_PLAIN[kind])
        elif origin is Literal:
            schema = _one_of(parts)
        elif origin in (Union, UnionType) and len(members) == 1:
            schema = _any_of([self._of_type(members[0]), dict(_NULL)])
        elif origin in _LISTED and (origin is not tuple or kind is tuple or parts[-1:] == (...,)):
            schema = {"type": "array", "items": self._of_type(parts[0] if parts else Any)}
        elif origin in (dict, Mapping, MutableMapping):
            key, member = parts or (str, Any)
            names = {} if key in (str, Any) else {"propertyNames": self._of_type(key)}
            schema = {"type": "object", **names, "additionalProperties": self._of_type(member)}
        elif isinstance(kind, type) and issubclass(kind, Enum):
            schema = _one_of([member.value for member in kind])
        elif isinstance(kind, type) and attrs.has(kind) and not hasattr(kind, "thaw"):
            schema = self._of_nested(kind)
        return schema

    def _of_nested(self, cls: type) -> _Schema:
        if cls not in self._names:
            name = re.sub("[^A-Za-z0-9_]", "_", cls.__name__)
            while name in self._names.values():
                name += "_"
            self._names[cls] = name  # First, for what stands inside.
            self.definitions[name] = self.of_class(cls)
        return {"$ref": f"#/$defs/{self._names[cls]}"}


def _default(field: "attrs.Attribute[Any]") -> dict[str, Any]:
    default: Any = field.default
    if isinstance(default, attrs.Factory):  # type: ignore[arg-type]  # attrs types Factory as a function.
        default = attrs.NOTHING if default.takes_self else default.factory()
    try:
        return {} if default is attrs.NOTHING else {"default": JsonArray([unstructure(default)]).thaw()[0]}
    except EncodingError:  # A mark of absence, which no document can hold.
        return {}


def _any_of(branches: list[_Schema]) -> _Schema:
    return {} if {} in branches else branches[0] if len(branches) == 1 else {"anyOf": branches}


def _are_scalars(values: Iterable[Any]) -> bool:
    try:
        return all(type(value) in _SCALARS for value in JsonArray(list(values)))
    except EncodingError:
        return False


def _one_of(values: Sequence[Any]) -> _Schema:
    types = {_SCALARS.get(type(value)) for value in values}
    kind = {"type": types.pop()} if len(types) == 1 else {}
    return {**kind, "enum": list(values)} if _are_scalars(values) else {}


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


def _narrowed(schema: _Schema, validator: Any) -> _Schema:  # noqa: ANN401 - any validator, or None.
    if not schema or "$ref" in schema:
        return schema
    if type(validator) is _AND:
        # Choices come last: what they leave is narrowed no further.
        parts = sorted(validator._validators, key=lambda part: type(part) is _IN)  # noqa: SLF001 - see above.
        return reduce(_narrowed, parts, schema)
    if "anyOf" in schema:
        branches = [_narrowed(branch, validator) for branch in schema["anyOf"]]
        return _any_of([branch for branch in branches if branch.get("enum") != []] or branches)
    if type(validator) is _OPTIONAL:
        return schema if schema == _NULL or None in schema.get("enum", ()) else _narrowed(schema, validator.validator)
    if type(validator) in (_ITERABLE, _MAPPING):
        return _narrowed_inside(schema, validator)
    return _chosen(schema, validator.options) if type(validator) is _IN else _tightened(schema, _part(validator))


def _narrowed_inside(schema: _Schema, validator: Any) -> _Schema:  # noqa: ANN401 - one of two classes.
    inside = dict(schema)
    if type(validator) is _ITERABLE:
        if schema.get("type") == "array":
            inside["items"] = _narrowed(schema.get("items", {}), validator.member_validator)
        return _narrowed(inside, validator.iterable_validator)
    if schema.get("type") == "object":
        names = _narrowed(schema.get("propertyNames", {"type": "string"}), validator.key_validator)
        inside |= {} if names == {"type": "string"} else {"propertyNames": names}
        inside["additionalProperties"] = _narrowed(schema.get("additionalProperties", {}), validator.value_validator)
    return _narrowed(inside, validator.mapping_validator)


def _chosen(schema: _Schema, options: Any) -> _Schema:  # noqa: ANN401 - whatever `in_` was given.
    # A text as options means any part of it, and an object of a class of its own may equal anything.
    given = options if type(options) in (tuple, frozenset) else (object(),)
    values = [option.value if isinstance(option, Enum) else option for option in given]
    kind = schema.get("type")
    if not _are_scalars(values) or kind in ("array", "object"):
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
        schema = {keyword: bound for keyword, bound in schema.items() if (keyword, bound) not in _EXACT.items()}
    return {**schema, "enum": left}


def _part(validator: Any) -> _Schema:  # noqa: ANN401 - any validator, or None.
    if type(validator) is _COMPARE:
        is_number = type(validator.bound) in (int, float) and _are_scalars([validator.bound])
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
