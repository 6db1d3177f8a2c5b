"""Fields that documents of different kinds share: the schema they must name, and values that may be any JSON."""

from typing import Any

import attrs

from runtime.encoding.frozen import freeze
from runtime.errors import DefinitionError, shown
from runtime.orchestration.payloads import ABSENT

__all__ = ["kept", "schema_field"]


def kept(value: Any) -> Any:  # noqa: ANN401 - any JSON, or the mark of its absence.
    """
    Freeze a value that may be any JSON; `ABSENT` stays what it is.
    """
    return value if value is ABSENT else freeze(value)


def _is_schema(_: object, field: "attrs.Attribute[Any]", value: str) -> None:
    if value != field.metadata["schema"]:
        raise DefinitionError(
            f"schema {shown(value)}", where=field.name, remedy=f"write schema: {field.metadata['schema']}"
        )


def schema_field(name: str) -> Any:  # noqa: ANN401 - a field of attrs.
    """
    Give the field `schema` of a document, which must say this name.
    """
    return attrs.field(validator=_is_schema, metadata={"schema": name})
