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
- A regular expression that ECMA 262 reads otherwise than Python (`\d`, `.`, `(?i)`) is left out; see `params_bounds.py`.
- `$` of Python, and so of the package `jsonschema`, also matches before a last newline; that of ECMA 262 does not.

`1.0` is an integer to both, as `read_params` reads canonical JSON; `structure` by itself refuses it for an `int`.
"""

import inspect
import re
from collections.abc import Mapping, MutableMapping, MutableSequence, Sequence
from enum import Enum
from functools import reduce
from operator import or_
from types import NoneType, UnionType
from typing import Any, Final, Literal, Union, get_args, get_origin, get_type_hints

import attrs

from runtime.encoding.canonical import canonical
from runtime.encoding.converter import KEY, unstructure
from runtime.encoding.frozen import FrozenValue, JsonArray, JsonObject
from runtime.encoding.pointer import Pointer
from runtime.encoding.seal import Seal
from runtime.errors import EncodingError
from runtime.limits import MAX_DEPTH, MAX_POINTER_LENGTH
from runtime.orchestration.params_bounds import EXACT, NULL, SCALARS, any_of, are_scalars, narrowed

__all__ = ["DESCRIPTION", "SEALABLE", "described", "params_schema"]

DESCRIPTION: Final = "description"
"""Metadata name of an attrs field under which its description stands."""

SEALABLE: Final = "x-sealable"
"""Keyword of a field that may hold a seal in place of its value."""

_Schema = dict[str, Any]
"""A schema; the empty one stands for any JSON and for what is not understood, and nothing narrows it (1)."""

_DIALECT: Final = "https://json-schema.org/draft/2020-12/schema"
_PLAIN: Final[dict[Any, _Schema]] = {
    str: {"type": "string"},
    bool: {"type": "boolean"},
    int: {"type": "integer", **EXACT},
    float: {"type": "number", **EXACT},
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
_LISTED: Final = (list, tuple, Sequence, MutableSequence)


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
            schema = narrowed(schema, field.validator)
        elif any(mark in canonical(schema) for mark in (b"{}", b"$ref")):
            schema = {}  # With a type in it that the reader does not know, all is left to the converter.
        words: _Schema = {"description": field.metadata[DESCRIPTION]} if DESCRIPTION in field.metadata else {}
        words |= {SEALABLE: True} if Seal in get_args(kind) else {}
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
        elif origin in (Union, UnionType) and Seal in members:
            opened = reduce(or_, [part for part in parts if part is not Seal])
            schema = any_of([self._of_type(opened), self._of_type(Seal)])
        elif origin in (Union, UnionType) and len(members) == 1:
            schema = any_of([self._of_type(members[0]), dict(NULL)])
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


def _one_of(values: Sequence[Any]) -> _Schema:
    types = {SCALARS.get(type(value)) for value in values}
    kind = {"type": types.pop()} if len(types) == 1 else {}
    return {**kind, "enum": list(values)} if are_scalars(values) else {}
