"""An allowed command: a fixed list of arguments, some of them places for params; and the params an action takes.

Rules, referred to by number below:

1. A place is a whole argument, as in `{target}`, and a param becomes that argument exactly: nothing is split, quoted or
   expanded, so a param cannot become two arguments. The program itself is never a place.
2. A param that starts with `-` would be an option. It is taken only behind a literal `--`.
3. A param that has no place is refused, and so is a place without its param.

Schemas are written once, for `describe()`, and `fits` checks params by them. Nothing here starts a process.
"""

import re
from collections.abc import Iterable, Mapping
from typing import Any, Final, final

import attrs

from runtime.connectors.secrets import is_secret_ref
from runtime.encoding.canonical import JsonValue
from runtime.encoding.frozen import EMPTY_OBJECT, FrozenValue, JsonObject, freeze, thaw
from runtime.errors import DefinitionError, shown
from runtime.limits import MAX_TEXT_LENGTH
from runtime.values.checks import Validator, is_small_json, of_type
from runtime.values.requests import EffectMode

__all__ = [
    "MAX_OUTPUT_BYTES",
    "MAX_TIMEOUT_MS",
    "Command",
    "as_env",
    "fits",
    "in_range",
    "is_argv",
    "is_not_empty",
    "params_schema",
    "text_rule",
]

MAX_TIMEOUT_MS: Final = 24 * 60 * 60 * 1000
"""Milliseconds any command may be given."""
MAX_OUTPUT_BYTES: Final = 65_536
"""Bytes kept of one output. Twice this, in control characters of six bytes of JSON each, still fits an outcome."""

_is_place = re.compile(r"\{([a-z][a-z0-9_]{0,63})\}").fullmatch
_is_variable = re.compile(r"[A-Za-z_][A-Za-z0-9_]*").fullmatch


def is_argv(_: object, field: "attrs.Attribute[Any]", value: object) -> None:
    """
    Accept arguments: a non-empty tuple of texts that a system call can take, the program first.
    """
    if type(value) is not tuple or not value or not all(type(item) is str for item in value):
        raise DefinitionError(
            f"{field.name} is {shown(value)}", where=field.name, remedy="expected a tuple of str, the program first"
        )
    for index, item in enumerate(value):
        if not _is_passable(item) or not value[0]:
            raise DefinitionError(
                f"{field.name}[{index}] is {shown(item)}",
                where=field.name,
                remedy="expected text without NUL and lone surrogates, and a program that is not empty",
            )


def _is_passable(text: str) -> bool:
    return "\0" not in text and not any("\ud800" <= character <= "\udfff" for character in text)


def _is_template(_: object, field: "attrs.Attribute[Any]", value: tuple[str, ...]) -> None:
    for index, item in enumerate(value):
        if ("{" in item or "}" in item) and (not _is_place(item) or not index):  # (1)
            raise DefinitionError(
                f"{field.name}[{index}] is {shown(item)}",
                where=field.name,
                remedy="a place is a whole argument such as {target}, and never the program; braces stand nowhere else",
            )


def as_env(value: Mapping[str, str]) -> JsonObject:
    """
    Freeze the variables of a command. Values may be secrets, so no message shows one.

    Raises:
        DefinitionError: it is no mapping of names to texts.
    """
    if not issubclass(type(value), Mapping):
        raise DefinitionError(f"env is {type(value).__name__}", where="env", remedy="expected a mapping of str to str")
    for name, text in value.items():
        if type(name) is not str or not _is_variable(name) or type(text) is not str or not _is_passable(text):
            raise DefinitionError(
                f"variable {shown(name)}", where="env", remedy="expected a name such as LANG, and text without NUL"
            )
    return JsonObject(dict(value))


def _are_refs(_: object, field: "attrs.Attribute[Any]", value: JsonObject) -> None:
    for name in value:
        is_secret_ref(_, field.evolve(name=f"{field.name}.{name}"), value[name])


def in_range(least: int, most: int) -> Validator:
    """
    Accept an integer between bounds; true is none.
    """

    def check(_: object, field: "attrs.Attribute[Any]", value: object) -> None:
        if type(value) is not int or not least <= value <= most:
            raise DefinitionError(
                f"{field.name} is {shown(value)}",
                where=field.name,
                remedy=f"expected an integer from {least} to {most}",
            )

    return check


def is_not_empty(_: object, field: "attrs.Attribute[Any]", value: Mapping[str, object]) -> None:
    """
    Accept a mapping with members.
    """
    if not value:
        raise DefinitionError(f"{field.name} is empty", where=field.name, remedy="declare at least one")


def params_schema(properties: Mapping[str, Mapping[str, Any]], *, required: Iterable[str]) -> dict[str, Any]:
    """
    Write the JSON Schema of an action's params: these properties and no other.
    """
    return {
        "type": "object",
        "properties": dict(properties),
        "required": sorted(required),
        "additionalProperties": False,
    }


def fits(params: Mapping[str, Any], schema: Mapping[str, Any]) -> bool:
    """
    Tell whether params fit a schema of `params_schema`: texts, bounded integers, truth values, and any JSON without type.

    A text with NUL never fits: no system call takes one.
    """
    properties = schema["properties"]
    return set(schema["required"]) <= set(params) <= set(properties) and all(  # (3)
        _fits_rule(params[name], properties[name]) for name in params
    )


def _fits_rule(value: object, rule: Mapping[str, Any]) -> bool:
    if "type" not in rule:
        return True
    if rule["type"] == "boolean":
        return type(value) is bool
    if rule["type"] == "integer":
        return type(value) is int and bool(rule["minimum"] <= value <= rule["maximum"])
    if type(value) is not str or not _is_passable(value):
        return False
    if "enum" in rule:
        return value in rule["enum"]
    return bool(rule["minLength"] <= len(value) <= rule["maxLength"])


def _as_argument(value: object) -> str:
    if type(value) is bool:
        return "true" if value else "false"
    return str(value)


def text_rule(*, least: int = 0) -> dict[str, Any]:
    """
    Write the schema of a param that is text of at least so many characters.
    """
    return {"type": "string", "minLength": least, "maxLength": MAX_TEXT_LENGTH}


@final
@attrs.frozen(kw_only=True)
class Command:
    """
    An allowed command.

    Args:
        argv: the program and its arguments, places among them: `("git", "log", "--", "{path}")`.
        mode: whether it only reads, or changes something.
        timeout_ms: milliseconds after which it is killed, with its group.
        env: its variables, on top of those of the connector; they are not shown.
        output_limit_bytes: bytes kept of each of its two outputs.
        idempotent: whether doing it twice is doing it once; a reading command always is.
        prints_json: whether what it prints on success is one JSON document, which then is the output;
            output that was cut off is none.
        rules: JSON Schemas of params, by place, as `Param.schema` writes them; others are any text.
        env_refs: the names of secrets, by the variable that each is given in; they are looked up for each call.
        enabled: whether it may be run; one that may not is `disabled`.
        dry_run: what a dry run gives, if not the shape of what it prints.
    """

    argv: tuple[str, ...] = attrs.field(validator=[is_argv, _is_template])
    mode: EffectMode = attrs.field(validator=of_type(EffectMode))
    timeout_ms: int = attrs.field(default=60_000, validator=in_range(1, MAX_TIMEOUT_MS))
    env: JsonObject = attrs.field(default=EMPTY_OBJECT, converter=as_env, repr=False)
    output_limit_bytes: int = attrs.field(default=MAX_OUTPUT_BYTES, validator=in_range(0, MAX_OUTPUT_BYTES))
    idempotent: bool = attrs.field(default=False, validator=of_type(bool))
    prints_json: bool = attrs.field(default=False, validator=of_type(bool))
    rules: JsonObject = attrs.field(default=EMPTY_OBJECT, validator=of_type(JsonObject))
    env_refs: JsonObject = attrs.field(default=EMPTY_OBJECT, converter=as_env, validator=_are_refs)
    enabled: bool = attrs.field(default=True, validator=of_type(bool))
    dry_run: FrozenValue = attrs.field(default=None, converter=freeze, validator=is_small_json)

    @property
    def shape(self) -> JsonValue:
        """
        What a dry run gives.
        """
        if self.dry_run is None and not self.prints_json:
            return {"exit_code": 0, "stdout": "", "stderr": "", "truncated": False}
        plain: JsonValue = thaw(self.dry_run)
        return plain

    @property
    def schema(self) -> dict[str, Any]:
        """
        The JSON Schema of its params: one for each place.
        """
        names = {place[1] for place in map(_is_place, self.argv) if place}
        rules = self.rules.thaw()
        return params_schema({name: rules.get(name, text_rule()) for name in sorted(names)}, required=names)

    def fill(self, params: Mapping[str, Any]) -> tuple[str, ...] | None:
        """
        Put params that fit the schema into their places; None when one of them would be an option.
        """
        filled: list[str] = []
        for item in self.argv:
            place = _is_place(item)
            value = _as_argument(params[place[1]]) if place else item
            if place and value.startswith("-") and "--" not in self.argv[: len(filled)]:  # (2)
                return None
            filled.append(value)  # (1)
        return tuple(filled)
