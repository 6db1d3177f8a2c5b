"""The JSON Schema a human step may put on its input: a closed keyword list, checked with the definition.

No `pattern`, no remote or recursive `$ref`, no `format`: what validates here validates the same way everywhere and in
bounded time.
"""

import re
from collections.abc import Iterable, Iterator
from itertools import islice
from typing import Any, Final

from runtime.encoding.canonical import JsonValue, canonical
from runtime.errors import Fault, shown
from runtime.limits import MAX_DEPTH, MAX_FAULTS, MAX_SCHEMA_NODES, MAX_SCHEMA_WORK

__all__ = ["INPUT_SCHEMA_KEYWORDS", "input_faults", "schema_faults"]

_is_plain_name = re.compile(r"[A-Za-z0-9_.-]{1,128}").fullmatch
_DIALECT: Final = "https://json-schema.org/draft/2020-12/schema"
_SHOWN: Final = 200
_REF_PREFIX: Final = "#/$defs/"
_ONE: Final = ("items", "additionalProperties")
_MANY: Final = ("allOf", "anyOf", "oneOf")
_NAMED: Final = ("properties", "$defs")
_PLAIN: Final = (
    "$ref",
    "$schema",
    "const",
    "default",
    "description",
    "enum",
    "exclusiveMaximum",
    "exclusiveMinimum",
    "maxItems",
    "maxLength",
    "maxProperties",
    "maximum",
    "minItems",
    "minLength",
    "minProperties",
    "minimum",
    "required",
    "title",
    "type",
)
INPUT_SCHEMA_KEYWORDS: Final = frozenset((*_ONE, *_MANY, *_NAMED, *_PLAIN))
"""Every keyword an input schema may use."""


def schema_faults(schema: JsonValue) -> list[Fault]:
    """
    List what keeps a schema from being used.

    That is: unknown keywords, malformed ones, references that are remote, missing or circular, and a size beyond the
    limit once references are written out.
    """
    faults = list(_keyword_faults(schema, "input_schema"))
    if faults:
        return faults
    # Imported here because a definition without an input schema need not pay for it (58 ms).
    from jsonschema import Draft202012Validator  # noqa: PLC0415

    errors = Draft202012Validator(Draft202012Validator.META_SCHEMA).iter_errors(schema)
    return _listed("input_schema", errors) or _reference_faults(schema)


def input_faults(schema: JsonValue, value: JsonValue) -> list[Fault]:
    """
    List how an input breaks a schema that `schema_faults` accepted.
    """
    # Imported here for the same reason as above.
    from jsonschema import Draft202012Validator  # noqa: PLC0415

    weight, size = _weigh(schema), len(canonical(value))
    if weight * size > MAX_SCHEMA_WORK:
        return [Fault(f"{size} bytes against a schema of {weight} parts; give less, or ask for less", "input")]
    return _listed("input", Draft202012Validator(schema).iter_errors(value))


def _listed(root: str, errors: Iterable[Any]) -> list[Fault]:
    faults = []
    for error in islice(errors, MAX_FAULTS + 1):
        text = error.message if len(error.message) <= _SHOWN else error.message[: _SHOWN - 1] + "…"
        faults.append(Fault(text, "/".join([root, *map(str, error.absolute_path)])))
    return sorted(faults, key=lambda fault: (fault.where, fault.message))


def _children(schema: dict[str, Any]) -> Iterator[tuple[str, Any]]:
    for name in _ONE:
        if name in schema:
            yield name, schema[name]
    for name in _MANY:
        part = schema.get(name, [])
        yield from ((f"{name}/{index}", child) for index, child in enumerate(part if type(part) is list else []))
    for name in _NAMED:
        part = schema.get(name, {})
        yield from ((f"{name}/{key}", child) for key, child in (part.items() if type(part) is dict else ()))


def _keyword_faults(schema: JsonValue, where: str) -> Iterator[Fault]:
    if type(schema) is bool:
        return
    if type(schema) is not dict:
        yield Fault(f"expected a schema object, got {shown(schema)}", where)
        return
    for name in sorted(schema.keys() - INPUT_SCHEMA_KEYWORDS):
        yield Fault(f"keyword {name!r} is not allowed; allowed are {sorted(INPUT_SCHEMA_KEYWORDS)}", where)
    if schema.get("$schema", _DIALECT) != _DIALECT:
        yield Fault(f"dialect {shown(schema['$schema'])}; leave it out or write {_DIALECT}", f"{where}/$schema")
    reference = schema.get("$ref", _REF_PREFIX)
    if not (type(reference) is str and reference.startswith(_REF_PREFIX)):
        yield Fault(
            f"reference {shown(reference)}; only {_REF_PREFIX}NAME of the top level is allowed", f"{where}/$ref"
        )
    if type(reference) is str and not _is_plain_name(reference.removeprefix(_REF_PREFIX)) and "$ref" in schema:
        yield Fault(f"reference {shown(reference)}; use letters, digits, _, . and - in names", f"{where}/$ref")
    for name in ("required", "type"):
        names = schema.get(name, [])
        if type(names) is list and not all(type(one) is str for one in names):
            yield Fault(f"{name} holds other than text; give names", f"{where}/{name}")
    for name, child in _children(schema):
        yield from _keyword_faults(child, f"{where}/{name}")


def _weigh(schema: JsonValue) -> int:
    """
    Count the subschemas, enum members and required names, with references written out.
    """
    definitions = schema.get("$defs", {}) if type(schema) is dict else {}
    weights: dict[str, int] = {}

    def weigh(part: JsonValue, open_names: tuple[str, ...]) -> int:
        if type(part) is not dict:
            return 1
        total = 1 + len(part.get("enum", ())) + len(part.get("required", ()))
        total += sum(weigh(child, open_names) for name, child in _children(part) if not name.startswith("$defs"))
        if "$ref" in part:
            name = part["$ref"].removeprefix(_REF_PREFIX)
            if name not in definitions:
                raise _ReferenceFaultError(f"reference to {name!r}, which $defs does not hold")
            if name in open_names:
                raise _ReferenceFaultError(f"definition {name!r} refers to itself")
            if len(open_names) > MAX_DEPTH:
                raise _ReferenceFaultError(f"more than {MAX_DEPTH} references in a row")
            if name not in weights:
                weights[name] = weigh(definitions[name], (*open_names, name))
            total += weights[name]
        return total

    return weigh(schema, ()) + sum(weigh(part, (name,)) for name, part in definitions.items())


def _reference_faults(schema: JsonValue) -> list[Fault]:
    try:
        total = _weigh(schema)
    except _ReferenceFaultError as fault:
        return [Fault(str(fault), "input_schema")]
    if total > MAX_SCHEMA_NODES:
        return [
            Fault(
                f"{total} subschemas once references are written out; the limit is {MAX_SCHEMA_NODES}", "input_schema"
            )
        ]
    return []


class _ReferenceFaultError(Exception):
    """
    A `$ref` that cannot be followed.
    """
