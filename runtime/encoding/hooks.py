"""The cattrs hooks behind `converter.py`: which JSON each type is built from. How a fault reads is in `faults.py`."""

import collections
import collections.abc
from collections.abc import Callable, Iterator
from enum import Enum, StrEnum
from functools import reduce
from operator import or_
from types import NoneType, UnionType
from typing import Any, Final, Literal, TypeVar, Union, get_args, get_origin

import attrs
from cattrs import ClassValidationError, Converter
from cattrs.cols import list_structure_factory, mapping_structure_factory
from cattrs.errors import AttributeValidationNote, IterableValidationError, IterableValidationNote
from cattrs.gen import make_dict_structure_fn, make_dict_unstructure_fn, override

from runtime.encoding.converter import KEY
from runtime.encoding.faults import TypeFaultError, is_placed, named
from runtime.encoding.frozen import FrozenValue, freeze, thaw
from runtime.encoding.pointer import Pointer
from runtime.encoding.seal import Seal, is_sealed
from runtime.errors import MissionEngineError

__all__ = ["make_converter"]

T = TypeVar("T")
_Hook = Callable[[Any, Any], Any]

_LISTED: Final[dict[Any, Callable[[list[Any]], Any]]] = {
    list: list,
    tuple: tuple,
    set: set,
    frozenset: frozenset,
    collections.deque: collections.deque,
    collections.abc.MutableSequence: list,
    collections.abc.MutableSet: set,
    collections.abc.Sequence: tuple,
    collections.abc.Set: frozenset,
}
"""What is read from a JSON list, and what is made of it."""
_UNIONS: Final = (UnionType, Union)
_MAPPED: Final = (dict, collections.abc.Mapping, collections.abc.MutableMapping)


def make_converter() -> Converter:
    """
    Build the converter.
    """
    converter = Converter(forbid_extra_keys=True, detailed_validation=True)
    for kind in (str, int, bool, bytes):
        converter.register_structure_hook(kind, _exactly(kind))
    converter.register_structure_hook(float, _structure_float)
    converter.register_structure_hook(Enum, _structure_enum)
    # By class, because cattrs takes a StrEnum for the `str` it also is.
    converter.register_unstructure_hook(StrEnum, lambda member: member.value)
    converter.register_structure_hook(Any, lambda value, _: value)
    converter.register_structure_hook_func(_holds_json, lambda value, kind: _built(kind, value))
    converter.register_unstructure_hook_func(_holds_json, lambda value: value.thaw())
    converter.register_structure_hook(FrozenValue, lambda value, _: freeze(value))
    converter.register_unstructure_hook(FrozenValue, thaw)
    converter.register_structure_hook(Pointer, lambda value, _: Pointer.parse(_expect(value, str)))
    converter.register_unstructure_hook(Pointer, str)
    factories: list[tuple[Callable[[Any], bool], Callable[[Any, Converter], _Hook]]] = [
        (lambda kind: _origin(kind) is Literal, _structure_literal),
        (lambda kind: _origin(kind) in _LISTED, _structure_listed),
        (lambda kind: _origin(kind) in _MAPPED, _structure_mapped),
        (_is_tagged_union, _structure_tagged),
        (_is_text_or_list, _structure_text_or_list),
        (_is_sealable, _structure_sealable),
        (attrs.has, _structure_class),
    ]
    for predicate, factory in factories:
        converter.register_structure_hook_factory(predicate, factory)
    converter.register_unstructure_hook_factory(_is_tagged_union, _unstructure_tagged)
    converter.register_unstructure_hook_factory(_is_text_or_list, _unstructure_text_or_list)
    converter.register_unstructure_hook_factory(_is_sealable, _unstructure_sealable)
    converter.register_unstructure_hook_factory(attrs.has, _unstructure_class)
    converter.register_unstructure_hook_factory(lambda kind: _origin(kind) is tuple, _unstructure_tuple)
    return converter


def _origin(kind: Any) -> Any:  # noqa: ANN401 - any type form.
    return get_origin(kind) or kind


def _expect(value: object, kind: type[T]) -> T:
    if type(value) is not kind:
        raise TypeFaultError(f"expected {kind.__name__}, got {named(value)}")
    return value


def _exactly(kind: type) -> _Hook:
    # cattrs hands enums that are also texts or integers to the hook of those.
    def structure_exactly(value: object, target: Any) -> Any:  # noqa: ANN401 - a type form in, its value out.
        is_enum = isinstance(target, type) and issubclass(target, Enum)
        return _structure_enum(value, target) if is_enum else _expect(value, kind)

    return structure_exactly


def _structure_float(value: object, _: object) -> float:
    # `1.0` and `1` are one JSON number, and a recorded `1.0` is read back as `1`.
    if type(value) is float or type(value) is int:
        return float(value)
    raise TypeFaultError(f"expected a number, got {named(value)}")


def _structure_enum(value: object, kind: type[Enum]) -> Enum:
    for member in kind:
        if type(value) is _plain_type(member.value) and value == member.value:
            return member
    choices = sorted((member.value for member in kind), key=str)
    raise TypeFaultError(f"expected one of {choices}, got {named(value)}")


def _plain_type(value: object) -> type:
    return next((kind for kind in (bool, int, str) if isinstance(value, kind)), type(value))


def _holds_json(kind: Any) -> bool:  # noqa: ANN401 - cattrs hands over any type form.
    # A class that is built from plain JSON and gives it back by `thaw`: JsonObject, JsonArray, State.
    return isinstance(kind, type) and hasattr(kind, "thaw")


def _built(kind: Callable[[object], T], value: object) -> T:
    return kind(value)


def _structure_literal(kind: Any, _: Converter) -> _Hook:  # noqa: ANN401 - a type form.
    choices = get_args(kind)

    def structure_literal(value: object, _: object) -> object:
        for choice in choices:
            if type(value) is type(choice) and value == choice:
                return value
        raise TypeFaultError(f"expected one of {sorted(choices, key=str)}, got {named(value)}")

    return structure_literal


def _structure_listed(kind: Any, converter: Converter) -> _Hook:  # noqa: ANN401 - a type form.
    parts = get_args(kind)
    make = _LISTED[_origin(kind)]
    if _origin(kind) is tuple and kind is not tuple and (not parts or parts[-1] is not Ellipsis):
        return _structure_fixed(parts, converter)
    member: Any = parts[0] if parts else Any
    form: Any = list.__class_getitem__(member)
    build = list_structure_factory(form, converter)
    return lambda value, _: make(build(_expect(value, list), list))


def _structure_fixed(parts: tuple[Any, ...], converter: Converter) -> _Hook:
    def structure_fixed(value: object, _: object) -> tuple[Any, ...]:
        items = _expect(value, list)
        if len(items) != len(parts):
            raise TypeFaultError(f"expected {len(parts)} members, got {len(items)}")
        made, wrong = [], []
        for index, (item, part) in enumerate(zip(items, parts, strict=True)):
            try:
                made.append(converter.structure(item, part))
            except Exception as error:  # noqa: BLE001 - whatever a member's hook raises is a fault at its place.
                error.__notes__ = [*getattr(error, "__notes__", []), IterableValidationNote("member", index, part)]
                wrong.append(error)
        if wrong:
            raise IterableValidationError("While structuring a tuple", wrong, tuple)
        return tuple(made)

    return structure_fixed


def _structure_mapped(kind: Any, converter: Converter) -> _Hook:  # noqa: ANN401 - a type form.
    form: Any = dict.__class_getitem__(get_args(kind) or (str, Any))
    build: _Hook = mapping_structure_factory(form, converter)

    def structure_mapped(value: object, target: object) -> Any:  # noqa: ANN401 - a dict of the members.
        if type(value) is not dict:
            raise TypeFaultError(f"expected an object, got {named(value)}")
        return build(value, target)

    return structure_mapped


def _unstructure_tuple(kind: Any, converter: Converter) -> Callable[[Any], Any]:  # noqa: ANN401 - a type form.
    # A member of a tagged union is written with its tag, which its own class does not know.
    part = next(iter(get_args(kind)), None)
    form = part if _is_tagged_union(part) else None
    return lambda value: [converter.unstructure(item, form) for item in value]


def _is_tagged_union(kind: Any) -> bool:  # noqa: ANN401 - cattrs hands over any type form.
    if get_origin(kind) not in _UNIONS:
        return False
    members = [member for member in get_args(kind) if member is not NoneType]
    return bool(members) and all(hasattr(member, "KIND") for member in members)


def _structure_tagged(union: Any, converter: Converter) -> _Hook:  # noqa: ANN401 - a type form.
    members = {member.KIND: member for member in get_args(union) if member is not NoneType}
    is_optional = NoneType in get_args(union)

    def structure_member(value: object, _: object) -> Any:  # noqa: ANN401 - one of the members.
        if value is None and is_optional:
            return None
        fields = dict(_expect(value, dict))
        tag = fields.pop("kind", None)
        if type(tag) is not str or tag not in members:
            raise TypeFaultError(f"expected kind to be one of {sorted(members)}, got {named(tag)}")
        return converter.structure(fields, members[tag])

    return structure_member


def _unstructure_tagged(_: Any, converter: Converter) -> Callable[[Any], Any]:  # noqa: ANN401 - a type form.
    return lambda value: None if value is None else {"kind": value.KIND, **converter.unstructure(value)}


def _is_text_or_list(kind: Any) -> bool:  # noqa: ANN401 - cattrs hands over any type form.
    members = get_args(kind)
    return _origin(kind) in _UNIONS and members[:1] == (str,) and [_origin(one) for one in members[1:]] == [tuple]


def _structure_text_or_list(union: Any, converter: Converter) -> _Hook:  # noqa: ANN401 - a type form.
    form = get_args(union)[1]

    def structure_either(value: object, _: object) -> Any:  # noqa: ANN401 - a text or a tuple.
        if type(value) is str:
            return value
        if type(value) is list:
            return converter.structure(value, form)
        raise TypeFaultError(f"expected str or list, got {named(value)}")

    return structure_either


def _unstructure_text_or_list(union: Any, converter: Converter) -> Callable[[Any], Any]:  # noqa: ANN401 - a type form.
    form = get_args(union)[1]
    return lambda value: value if type(value) is str else converter.unstructure(value, form)


def _is_sealable(kind: Any) -> bool:  # noqa: ANN401 - cattrs hands over any type form.
    return _origin(kind) in _UNIONS and Seal in get_args(kind)


def _opened(union: Any) -> Any:  # noqa: ANN401 - a type form, without the seal.
    return reduce(or_, [member for member in get_args(union) if member is not Seal])


def _structure_sealable(union: Any, converter: Converter) -> _Hook:  # noqa: ANN401 - a type form.
    form = _opened(union)
    return lambda value, _: converter.structure(value, Seal if is_sealed(value) else form)


def _unstructure_sealable(union: Any, converter: Converter) -> Callable[[Any], Any]:  # noqa: ANN401 - a type form.
    form = _opened(union)
    return lambda value: converter.unstructure(value, Seal if type(value) is Seal else form)


def _renames(cls: type) -> dict[str, Any]:
    return {field.name: override(rename=field.metadata[KEY]) for field in attrs.fields(cls) if KEY in field.metadata}


def _unstructure_class(cls: type, converter: Converter) -> Callable[[Any], dict[str, Any]]:
    return make_dict_unstructure_fn(cls, converter, **_renames(cls))


def _structure_class(cls: type, converter: Converter) -> _Hook:
    build: _Hook = make_dict_structure_fn(cls, converter, **_renames(cls))

    def structure_object(value: object, kind: Any) -> Any:  # noqa: ANN401 - an instance of cls.
        document = _expect(value, dict)
        try:
            return build(document, kind)
        except ClassValidationError as group:
            # attrs stops at the first validator that refuses; a reader wants them all.
            refused = list(_validator_faults(cls, converter, document))
            kept = [part for part in group.exceptions if not refused or is_placed(part)]
            raise ClassValidationError(f"While structuring {cls.__name__}", [*kept, *refused], cls) from None

    return structure_object


def _validator_faults(cls: type, converter: Converter, document: dict[str, Any]) -> Iterator[Exception]:
    for field in attrs.fields(cls):
        key = field.metadata.get(KEY, field.name)
        if field.validator is None or key not in document:
            continue
        try:
            value = converter.structure(document[key], field.type or Any)
        except Exception:  # noqa: BLE001, S112 - of a wrong type: already in the group.
            continue
        try:
            field.validator(None, field, field.converter(value) if callable(field.converter) else value)
        except (MissionEngineError, ValueError, TypeError) as error:
            error.__notes__ = [AttributeValidationNote(f"in {cls.__name__}", field.name, field.type)]
            yield error
        except Exception:  # noqa: BLE001, S112 - a validator that needs the instance: what it said is in the group.
            continue
