"""Typed params of an action, as the settings of a connector declare them, and the JSON Schema they are described by.

A param that is not declared is refused, and so is one of another type: `"5"` is no integer. What places take them is
in `templates.py`; read it next.
"""

from collections.abc import Mapping
from enum import StrEnum
from typing import Any, Final, final

import attrs

from runtime.connectors.command import in_range, params_schema
from runtime.errors import DefinitionError, shown
from runtime.limits import MAX_NUMBER, MAX_TEXT_LENGTH
from runtime.values.checks import is_text, of_type

__all__ = ["Param", "ParamType", "describe_params"]

_MAX_CHOICES: Final = 256


class ParamType(StrEnum):
    """
    What a param is. `json` is any JSON value; it fits only where the whole value is a place.
    """

    STRING = "string"
    INTEGER = "integer"
    BOOLEAN = "boolean"
    JSON = "json"


def _are_choices(_: object, field: "attrs.Attribute[Any]", value: tuple[str, ...]) -> None:
    if len(value) > _MAX_CHOICES or len({*value}) != len(value):
        raise DefinitionError(
            f"{field.name} is {shown(value)}", where=field.name, remedy=f"at most {_MAX_CHOICES} texts, none twice"
        )


@final
@attrs.frozen(kw_only=True)
class Param:
    """
    One param: its type and bounds. Lengths and `enum` are of texts, `minimum` and `maximum` of integers.
    """

    type: ParamType = attrs.field(default=ParamType.STRING, validator=of_type(ParamType))
    required: bool = attrs.field(default=True, validator=of_type(bool))
    enum: tuple[str, ...] = attrs.field(default=(), validator=_are_choices)
    min_length: int = attrs.field(default=1, validator=in_range(0, MAX_TEXT_LENGTH))
    max_length: int = attrs.field(default=MAX_TEXT_LENGTH, validator=in_range(0, MAX_TEXT_LENGTH))
    minimum: int = attrs.field(default=-MAX_NUMBER, validator=in_range(-MAX_NUMBER, MAX_NUMBER))
    maximum: int = attrs.field(default=MAX_NUMBER, validator=in_range(-MAX_NUMBER, MAX_NUMBER))
    description: str = attrs.field(default="", validator=is_text)

    def __attrs_post_init__(self) -> None:
        """
        Refuse bounds that nothing fits, and choices of what is no text.
        """
        if self.min_length > self.max_length or self.minimum > self.maximum:
            raise DefinitionError("bounds that nothing fits", remedy="let the lower bound be at most the upper one")
        if self.enum and self.type is not ParamType.STRING:
            raise DefinitionError(
                f"enum of a param of type {self.type.value}", where="enum", remedy="only texts have one"
            )

    @property
    def is_scalar(self) -> bool:
        """
        Tell whether it can stand inside a text.
        """
        return self.type is not ParamType.JSON

    def schema(self) -> dict[str, Any]:
        """
        Write its JSON Schema.
        """
        told = {"description": self.description} if self.description else {}
        match self.type:
            case ParamType.JSON:
                return told
            case ParamType.BOOLEAN:
                return {"type": "boolean", **told}
            case ParamType.INTEGER:
                return {"type": "integer", "minimum": self.minimum, "maximum": self.maximum, **told}
            case ParamType.STRING if self.enum:
                return {"type": "string", "enum": sorted(self.enum), **told}
            case _:
                return {"type": "string", "minLength": self.min_length, "maxLength": self.max_length, **told}


def describe_params(params: Mapping[str, Param]) -> dict[str, Any]:
    """
    Write the JSON Schema of an action's params; `command.fits` reads it.
    """
    return params_schema(
        {name: param.schema() for name, param in sorted(params.items())},
        required=[name for name, param in params.items() if param.required],
    )
