"""How what cattrs raises reads: one fault a place, with its path, in the words of `errors.py`."""

from typing import Any

import attrs
from cattrs import ClassValidationError, ForbiddenExtraKeysError
from cattrs.errors import AttributeValidationNote, IterableValidationError, IterableValidationNote

from runtime.encoding.converter import KEY
from runtime.errors import EncodingError, EngineBug, Fault, MissionEngineError, shown

__all__ = ["TypeFaultError", "is_placed", "list_faults", "named"]


class TypeFaultError(Exception):
    """
    A value of the wrong type; its text is the whole fault.
    """


def named(value: object) -> str:
    """
    Name a value with its type; None is null here.
    """
    return "null" if value is None else f"{type(value).__name__} {shown(value)}"


def is_placed(error: BaseException) -> bool:
    """
    Tell whether an error says which field it is about.
    """
    return isinstance(error, ForbiddenExtraKeysError) or bool(getattr(error, "__notes__", None))


def list_faults(error: BaseException, path: str = "") -> list[Fault]:
    """
    Turn what structuring raised into faults with paths such as `steps[0].payload`.
    """
    if isinstance(error, EngineBug):
        raise error
    path = path.lstrip(".")
    if isinstance(error, EncodingError):
        # The places inside a JSON value go on where the path to it ends.
        own = error.faults or [Fault(": ".join(filter(None, (error.what, error.remedy))), error.where)]
        return [Fault(fault.message, path + ("" if fault.where == "/" else fault.where)) for fault in own]
    if not isinstance(error, ClassValidationError | IterableValidationError):
        return [Fault(_describe(error), path)]
    faults = []
    for part in error.exceptions:
        notes = getattr(part, "__notes__", [])
        faults += list_faults(part, path + next((_say_note(error, note) for note in notes if _is_note(note)), ""))
    return faults


def _is_note(note: object) -> bool:
    return isinstance(note, AttributeValidationNote | IterableValidationNote)


def _say_note(group: BaseException, note: Any) -> str:  # noqa: ANN401 - one of the two kinds of notes.
    if isinstance(note, IterableValidationNote):
        return f"[{note.index!r}]"
    cls = getattr(group, "cl", None)
    fields = attrs.fields_dict(cls) if isinstance(cls, type) and attrs.has(cls) else {}
    key = fields[note.name].metadata.get(KEY, note.name) if note.name in fields else note.name
    return f".{key}"


def _describe(error: BaseException) -> str:
    if isinstance(error, MissionEngineError):
        # The place is the path in front of it; what stands inside the error would say it twice.
        return ": ".join(filter(None, (error.what, error.remedy, *map(str, error.faults))))
    if isinstance(error, KeyError) and is_placed(error):  # One that is not placed comes from foreign code.
        return f"required field {shown(error.args[0])} is missing"
    if isinstance(error, ForbiddenExtraKeysError):
        return f"unknown field {', '.join(sorted(map(shown, error.extra_fields)))}"
    if isinstance(error, TypeFaultError | ValueError | TypeError):
        # Validators of params classes raise the last two; their text is written for the caller.
        return str(error.args[0]) if error.args else type(error).__name__
    return type(error).__name__
