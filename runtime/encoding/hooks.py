"""The cattrs hooks behind `converter.py`: which JSON each type is built from, and how a fault reads."""

from collections.abc import Callable, Iterator
from enum import StrEnum
from typing import Any, TypeVar, get_args

import attrs
from cattrs import ClassValidationError, Converter, ForbiddenExtraKeysError, transform_error
from cattrs.errors import AttributeValidationNote, IterableValidationError
from cattrs.gen import make_dict_structure_fn, make_dict_unstructure_fn, override

from runtime.encoding.converter import KEY
from runtime.encoding.frozen import FrozenValue, freeze, thaw
from runtime.encoding.pointer import Pointer
from runtime.errors import Fault, MissionEngineError, shown

__all__ = ["list_faults", "make_converter"]

T = TypeVar("T")


class _TypeFaultError(Exception):
    """
    A value of the wrong type; its text is the whole fault.
    """


def make_converter() -> Converter:
    """
    Build the converter.
    """
    converter = Converter(forbid_extra_keys=True, detailed_validation=True)
    for kind in (str, int, bool, bytes):
        converter.register_structure_hook(kind, _exactly(kind))
    converter.register_structure_hook(float, _structure_float)
    converter.register_structure_hook(Any, lambda value, _: value)
    converter.register_structure_hook_func(_holds_json, _structure_json)
    converter.register_unstructure_hook_func(_holds_json, lambda value: value.thaw())
    converter.register_structure_hook(FrozenValue, lambda value, _: freeze(value))
    converter.register_structure_hook(Pointer, lambda value, _: Pointer.parse(_expect(value, str)))
    converter.register_unstructure_hook(FrozenValue, thaw)
    converter.register_unstructure_hook(Pointer, str)
    # By class, because cattrs takes a StrEnum for the `str` it also is.
    converter.register_structure_hook(StrEnum, _structure_enum)
    converter.register_unstructure_hook(StrEnum, lambda member: member.value)
    converter.register_structure_hook_factory(_is_tuple, _structure_tuple(converter))
    converter.register_structure_hook_factory(_is_tagged_union, _structure_tagged(converter))
    converter.register_unstructure_hook_factory(
        _is_tagged_union, lambda _: lambda value: {"kind": value.KIND, **converter.unstructure(value)}
    )
    converter.register_structure_hook_factory(attrs.has, lambda cls: _structure_class(cls, converter))
    converter.register_unstructure_hook_factory(
        attrs.has,
        lambda cls: make_dict_unstructure_fn(cls, converter, **_renames(cls)),
    )
    converter.register_unstructure_hook_factory(
        _is_tuple, lambda _: lambda value: [converter.unstructure(item) for item in value]
    )
    return converter


def list_faults(error: BaseException) -> list[Fault]:
    """
    Turn what structuring raised into faults with paths.
    """
    if not isinstance(error, ClassValidationError | IterableValidationError):
        return [Fault(_describe(error, None))]
    lines = (line.rpartition(" @ ") for line in transform_error(error, "", format_exception=_describe))
    return [Fault(message, where.lstrip(".")) for message, _, where in lines]


def _expect(value: object, kind: type[T]) -> T:
    if type(value) is not kind:
        raise _TypeFaultError(f"expected {kind.__name__}, got {_named(value)}")
    return value


def _named(value: object) -> str:
    return "null" if value is None else f"{type(value).__name__} {shown(value)}"


def _exactly(kind: type[T]) -> Callable[[object, object], T]:
    return lambda value, _: _expect(value, kind)


def _holds_json(kind: Any) -> bool:  # noqa: ANN401 - cattrs hands over any type form.
    # A class that is built from plain JSON and gives it back by `thaw`: JsonObject, JsonArray, State.
    return isinstance(kind, type) and hasattr(kind, "thaw")


def _structure_float(value: object, _: object) -> float:
    # `1.0` and `1` are one JSON number, and a recorded `1.0` is read back as `1`.
    if type(value) is float or type(value) is int:
        return float(value)
    raise _TypeFaultError(f"expected a number, got {_named(value)}")


def _structure_json(value: object, kind: Callable[[object], T]) -> T:
    return kind(value)


def _structure_enum(value: object, kind: type[StrEnum]) -> StrEnum:
    for member in kind:
        if type(value) is str and value == member.value:
            return member
    raise _TypeFaultError(f"expected one of {sorted(member.value for member in kind)}, got {_named(value)}")


def _is_tuple(kind: Any) -> bool:  # noqa: ANN401 - cattrs hands over any type form.
    return getattr(kind, "__origin__", None) is tuple


def _structure_tuple(converter: Converter) -> Callable[[Any], Callable[[object, Any], tuple[Any, ...]]]:
    def factory(kind: Any) -> Callable[[object, Any], tuple[Any, ...]]:  # noqa: ANN401 - a type form.
        build = converter.get_structure_hook(list.__class_getitem__(get_args(kind)[0]))
        return lambda value, _: tuple(build(_expect(value, list), list))

    return factory


def _is_tagged_union(kind: Any) -> bool:  # noqa: ANN401 - cattrs hands over any type form.
    return bool(get_args(kind)) and all(hasattr(member, "KIND") for member in get_args(kind))


def _structure_tagged(converter: Converter) -> Callable[[Any], Callable[[object, Any], Any]]:
    def factory(union: Any) -> Callable[[object, Any], Any]:  # noqa: ANN401 - a type form.
        members = {member.KIND: member for member in get_args(union)}

        def structure_member(value: object, _: object) -> Any:  # noqa: ANN401 - one of the members.
            fields = dict(_expect(value, dict))
            tag = fields.pop("kind", None)
            if type(tag) is not str or tag not in members:
                raise _TypeFaultError(f"expected kind to be one of {sorted(members)}, got {_named(tag)}")
            return converter.structure(fields, members[tag])

        return structure_member

    return factory


def _renames(cls: type) -> dict[str, Any]:
    return {field.name: override(rename=field.metadata[KEY]) for field in attrs.fields(cls) if KEY in field.metadata}


def _structure_class(cls: type, converter: Converter) -> Callable[[object, Any], Any]:
    build: Callable[[Any, Any], Any] = make_dict_structure_fn(cls, converter, **_renames(cls))

    def structure_object(value: object, kind: Any) -> Any:  # noqa: ANN401 - an instance of cls.
        document = _expect(value, dict)
        try:
            return build(document, kind)
        except ClassValidationError as group:
            # attrs stops at the first validator that refuses; a reader wants them all.
            refused = list(_validator_faults(cls, converter, document))
            kept = [part for part in group.exceptions if refused == [] or _is_placed(part)]
            raise ClassValidationError(f"While structuring {cls.__name__}", [*kept, *refused], cls) from None

    return structure_object


def _is_placed(error: BaseException) -> bool:
    return isinstance(error, ForbiddenExtraKeysError) or bool(getattr(error, "__notes__", None))


def _validator_faults(cls: type, converter: Converter, document: dict[str, Any]) -> Iterator[Exception]:
    for field in attrs.fields(cls):
        key = field.metadata.get(KEY, field.name)
        if field.validator is None or key not in document:
            continue
        try:
            value = converter.structure(document[key], field.type or Any)
        except Exception:  # noqa: BLE001, S112 - already among the group's faults.
            continue
        try:
            field.validator(None, field, field.converter(value) if callable(field.converter) else value)
        except (MissionEngineError, ValueError, TypeError) as error:
            error.__notes__ = [AttributeValidationNote(f"in {cls.__name__}", field.name, field.type)]
            yield error


def _describe(error: BaseException, _: type | None) -> str:  # noqa: PLR0911 - one line a kind of fault.
    if isinstance(error, _TypeFaultError):
        return str(error)
    if isinstance(error, MissionEngineError):
        # The place is the path in front of it; what stands inside the error would say it twice.
        return ": ".join(filter(None, (error.what, error.remedy, *map(str, error.faults))))
    if isinstance(error, KeyError):
        return f"required field {error.args[0]!r} is missing"
    if isinstance(error, ForbiddenExtraKeysError):
        return f"unknown field {', '.join(repr(name) for name in sorted(error.extra_fields))}"
    if isinstance(error, AttributeError):
        return "expected an object"
    if isinstance(error, ValueError | TypeError):
        # Validators of params classes raise these; their text is written for the caller.
        return str(error.args[0]) if error.args else type(error).__name__
    return type(error).__name__
