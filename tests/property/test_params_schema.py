"""The schema of params against the strict reader: two ways to judge one document."""

import re
from collections.abc import Iterator
from enum import Enum, IntEnum, StrEnum
from functools import lru_cache
from typing import Any, Literal, Union

import attrs
import jsonschema
import pytest
from attrs.validators import (
    and_,
    deep_iterable,
    deep_mapping,
    ge,
    gt,
    in_,
    le,
    lt,
    matches_re,
    max_len,
    min_len,
    optional,
)
from hypothesis import given, settings
from hypothesis import strategies as st
from makers import make_mission
from strategies import awkward_texts, integers, json_values, little_values, texts

from runtime.encoding.converter import KEY
from runtime.encoding.frozen import EMPTY_OBJECT, FrozenValue, JsonArray, JsonObject, frozen_object
from runtime.encoding.pointer import Pointer
from runtime.errors import ParamsError
from runtime.limits import MAX_DEPTH, MAX_IDENTIFIER_LENGTH, MAX_NUMBER, MAX_POINTER_LENGTH
from runtime.orchestration import Mission
from runtime.orchestration.registry import MISSION_REGISTRY
from runtime.values.checks import is_below_root, is_identifier, is_small_json, is_text

# Two laws by several classes: a share of the examples for the simpler ones keeps the whole fast.
_some = settings(max_examples=max(settings.default.max_examples // 4, 10)) if settings.default else settings()


def _ecma_pattern(validator: Any, pattern: str, instance: Any, _: object) -> Iterator[jsonschema.ValidationError]:
    # In ECMA 262, which JSON Schema goes by, `$` does not match before a last newline.
    if validator.is_type(instance, "string") and not re.search(re.sub(r"(?<!\\)\$$", r"\\Z", pattern), instance):
        yield jsonschema.ValidationError(f"{instance!r} does not match {pattern!r}")


_extend: Any = jsonschema.validators.extend
_Ecma = _extend(jsonschema.Draft202012Validator, {"pattern": _ecma_pattern})


def _reads(mission: Mission, document: Any) -> bool:
    try:
        mission.read_params(document)
    except ParamsError:
        return False
    return True


class Colour(StrEnum):
    """
    Texts.
    """

    RED = "red"
    BLUE = "blue"


class Level(IntEnum):
    """
    Integers.
    """

    LOW = 1
    HIGH = 2


class Plain(Enum):
    """
    Neither texts nor integers, by themselves.
    """

    WORD = "word"
    NOTHING = None
    NO = False


_any_of: Any = in_  # Options of any type are the point here; the type checker wants those of the field.
_any_each: Any = deep_iterable
_NULL_TOO: Any = Literal["a", 1, False, None]  # noqa: PYI061 - the form itself is the case.


@attrs.frozen(kw_only=True)
class Texts:
    """
    Texts of every kind.
    """

    name: str = attrs.field(validator=is_identifier)
    note: str = attrs.field(default="", validator=is_text)
    code: str = attrs.field(default="a", validator=[matches_re("[a-c]{1,3}|-?/~"), max_len(2)])
    start: str = attrs.field(default="a", validator=matches_re("^a|b", func=re.match))
    inside: str = attrs.field(default="ab", validator=matches_re(r"^c|a\.?b", func=re.search))
    short: str | None = attrs.field(default=None, validator=optional([min_len(1), max_len(2)]))
    word: str | None = attrs.field(default=None, validator=in_(["a", "b", None]))
    colour: Colour = attrs.field(default=Colour.RED, validator=_any_of([Colour.RED, "none"]))
    plain: Plain | None = None
    choice: _NULL_TOO = "a"
    place: Pointer = attrs.field(metadata={KEY: "from"}, validator=is_below_root)
    other: Pointer | None = attrs.field(default=None, validator=is_below_root)


@attrs.frozen(kw_only=True)
class Numbers:
    """
    Numbers of every kind, and truths.
    """

    count: int = attrs.field(validator=[ge(1), le(5)])
    open: int = attrs.field(default=1, validator=[gt(0), ge(-3), lt(3)])
    any: int = 0
    ratio: float = attrs.field(default=0.5, validator=[gt(0), le(1)])
    free: float | None = None
    listed: int = attrs.field(default=1, validator=_any_of([1, 2.0, True, 7]))
    measured: float = attrs.field(default=0.5, validator=[in_([0.5, 1, 9]), lt(9)])
    flag: bool
    only: bool = attrs.field(default=True, validator=_any_of([1]))
    level: Level = attrs.field(default=Level.LOW, validator=_any_of([1]))


@attrs.frozen(kw_only=True)
class Tree:
    """
    Containers of every kind, and a class in itself.
    """

    body: JsonObject = attrs.field(validator=and_(is_small_json, max_len(2)))
    rows: JsonArray = attrs.field(factory=lambda: JsonArray([]), validator=[min_len(0), max_len(2)])
    json: FrozenValue = None
    anything: Any = None
    names: tuple[str, ...] = attrs.field(default=(), validator=deep_iterable(is_identifier, max_len(2)))
    sizes: list[int | None] = attrs.field(factory=list, validator=deep_iterable(optional(and_(ge(0), lt(3)))))
    grid: list[list[bool]] = attrs.field(factory=lambda: [[]], validator=and_(min_len(1), _any_each(max_len(1))))
    table: dict[str, int] = attrs.field(factory=dict, validator=deep_mapping(max_len(1), ge(0), max_len(2)))
    by_colour: dict[Colour, Literal[1]] | None = None
    by_place: dict[Pointer, Any] = attrs.field(factory=dict, validator=deep_mapping(is_below_root))
    above: "Tree | None" = None
    kids: "tuple[Tree, ...]" = attrs.field(default=(), validator=max_len(1))


def _stripped(value: str) -> str:
    return value.strip()


@attrs.frozen(kw_only=True)
class Loose:
    """
    What no schema can say: what converters make, sets, parts of texts, fields beside one another.
    """

    trimmed: str = attrs.field(default="a", converter=_stripped, validator=[min_len(1), max_len(1)])
    frozen: JsonObject = attrs.field(default=EMPTY_OBJECT, converter=frozen_object, validator=max_len(1))
    whatever: tuple[int | str, ...] = attrs.field(default=(), converter=repr)
    unlike: frozenset[str] = attrs.field(default=frozenset(), validator=max_len(1))
    part: str = attrs.field(default="ab", validator=in_("abc"))
    digit: str = attrs.field(default="1", validator=matches_re(r"\d"))
    low: int = attrs.field(default=1, validator=[ge(0)])
    high: int = attrs.field(default=2)

    @high.validator
    def _is_higher(self, _: object, value: int) -> None:
        if value <= self.low:
            message = "not higher"
            raise ValueError(message)


_pointers = st.lists(awkward_texts, max_size=2).map(
    lambda parts: "".join(f"/{part.replace('~', '~0').replace('/', '~1')}" for part in parts)
)
_below_root = _pointers.filter(bool)
_names = awkward_texts.filter(bool)
_few = st.lists(little_values, max_size=2)

_VALID: dict[type[Any], dict[str, st.SearchStrategy[Any]]] = {
    Texts: {
        "name": _names | st.just("x" * MAX_IDENTIFIER_LENGTH),
        "from": _below_root | st.sampled_from(["/" * MAX_DEPTH, "/" + "x" * (MAX_POINTER_LENGTH - 1)]),
        "note": texts,
        "code": st.sampled_from(["a", "bc", "/~"]),
        "start": st.sampled_from(["a", "ab", "b\n"]),
        "inside": st.sampled_from(["xaby", "a.b", "c"]),
        "short": st.sampled_from([None, "a", "\U0001f602\n"]),
        "word": st.sampled_from([None, "a", "b"]),
        "colour": st.just("red"),
        "plain": st.sampled_from(["word", None, False]),
        "choice": st.sampled_from(["a", 1, 1.0, False, None]),
        "other": st.none() | _below_root,
    },
    Numbers: {
        "count": st.sampled_from([1, 2.0, 5]),
        "flag": st.booleans(),
        "open": st.sampled_from([1, 2]),
        "any": integers | st.sampled_from([MAX_NUMBER, -MAX_NUMBER, -0.0]),
        "ratio": st.sampled_from([1, 1e-300, 0.1]),
        "free": st.sampled_from([None, 0, -1e-7, MAX_NUMBER]),
        "listed": st.sampled_from([1, 2, 7.0]),
        "measured": st.sampled_from([0.5, 1]),
        "only": st.just(True),
        "level": st.just(1),
    },
    Tree: {
        "body": st.dictionaries(awkward_texts, little_values, max_size=2),
        "rows": _few,
        "json": json_values,
        "anything": json_values,
        "names": st.lists(_names, max_size=2),
        "sizes": st.lists(st.sampled_from([None, 0, 2]), max_size=3),
        "grid": st.lists(st.lists(st.booleans(), max_size=1), min_size=1, max_size=2),
        "table": st.dictionaries(st.sampled_from(["", "a", "\n"]), st.integers(0, 9), max_size=2),
        "by_colour": st.none() | st.dictionaries(st.sampled_from(["red", "blue"]), st.just(1)),
        "by_place": st.dictionaries(_below_root, little_values, max_size=2),
    },
    Loose: {
        "trimmed": st.sampled_from(["a", " a "]),
        "frozen": st.sampled_from([{}, {"a": 1}]),
        "whatever": little_values,
        "unlike": st.sampled_from([[], ["a", "a"]]),
        "part": st.sampled_from(["", "ab", "abc"]),
        "digit": st.sampled_from(["1", "\u0663"]),
        "low": st.sampled_from([0, 1]),
        "high": st.sampled_from([1, 2, 3]),
    },
}


def _documents(kind: type[Any]) -> st.SearchStrategy[dict[str, Any]]:
    required = {field.metadata.get(KEY, field.name) for field in attrs.fields(kind) if field.default is attrs.NOTHING}
    fields = _VALID[kind]
    flat = st.fixed_dictionaries(
        {name: fields[name] for name in fields if name in required},
        optional={name: fields[name] for name in fields if name not in required},
    )
    if kind is not Tree:
        return flat
    inner = st.fixed_dictionaries({"body": fields["body"]}, optional={"above": flat})
    return st.builds(lambda whole, more: {**whole, **more}, flat, st.sampled_from([{}]) | _families(inner))


def _families(inner: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    return st.fixed_dictionaries({}, optional={"above": st.none() | inner, "kids": st.lists(inner, max_size=1)})


EXACT: dict[str, Mission] = {kind.__name__: make_mission(params_class=kind) for kind in (Texts, Numbers, Tree)}
LOOSE: dict[str, Mission] = {"Loose": make_mission(params_class=Loose)}

_corners: st.SearchStrategy[Any] = st.sampled_from(
    [
        *(None, True, False, 0, 1, -1, 2, 3, 5, 6, 7, 9, 0.5, 1.0, 2.0, 1.5, -0.0, MAX_NUMBER, -MAX_NUMBER, 1e-300),
        *("", "a", "b", "c", "ab", "a\n", "\n", "abc", "-/~", "red", "blue", "none", "word", "1", "true", "~", "~2"),
        *("/", "/a", "/~0", "/~2", "/a\n", "a/", "/" * MAX_DEPTH, "/" * (MAX_DEPTH + 1)),
        *("/" + "x" * MAX_POINTER_LENGTH, "x" * MAX_IDENTIFIER_LENGTH, "x" * (MAX_IDENTIFIER_LENGTH + 1)),
        *([], ["a"], [""], ["a", "a"], [None], [0, 3], [[]], [[True, True]], ["a", "b", "c"], [1, 2, 3]),
        *({}, {"a": 1}, {"a": -1}, {"": 0}, {"/a": 1}, {"ab": 1}, {"red": 1}, {"red": True}, {"a": 1, "b": 2, "c": 3}),
        *({"body": {}}, {"body": []}, [{"body": {}}], [{"body": {}}, {"body": {}}]),
    ]
)


def _places(document: Any, path: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    children = document.items() if type(document) is dict else enumerate(document) if type(document) is list else ()
    return [path, *(place for key, child in children for place in _places(child, (*path, key)))]


def _changed(document: Any, path: tuple[Any, ...], change: dict[str, Any]) -> Any:
    """
    Give the document with what stands at a path replaced, or left out where the change holds nothing.
    """
    copied = dict(document) if type(document) is dict else list(document)
    if len(path) > 1:
        copied[path[0]] = _changed(copied[path[0]], path[1:], change)
    elif "value" in change:
        copied[path[0]] = change["value"]
    else:
        del copied[path[0]]
    return copied


@st.composite
def _near(draw: st.DrawFn, documents: st.SearchStrategy[Any], names: list[str]) -> Any:
    """
    Draw a document that is valid but for a change or two: a part replaced, left out or added.
    """
    document = draw(documents)
    values = _corners | little_values
    for _ in range(draw(st.integers(1, 2))):
        added = (draw(st.sampled_from(names) | awkward_texts),)
        places = [path for path in _places(document) if path]
        path = draw(st.sampled_from([added, *places]))
        change = {"value": draw(values)} if path == added or draw(st.integers(0, 4)) else {}
        document = _changed(document, path, change)
    return document


@lru_cache(maxsize=32)
def _dialects(mission: Mission) -> tuple[Any, Any]:
    schema = mission.params_schema
    jsonschema.Draft202012Validator.check_schema(schema)
    return _Ecma(schema), jsonschema.Draft202012Validator(schema)


def _judged(mission: Mission, document: Any) -> tuple[bool, bool]:
    """
    Say whether the reader accepts and whether the schema does; what the reader accepts, both dialects do.
    """
    by_the_book, by_the_package = _dialects(mission)
    is_read, is_valid = _reads(mission, document), bool(by_the_book.is_valid(document))
    assert is_valid or not is_read
    assert by_the_package.is_valid(document) or not is_valid
    return is_read, is_valid


@pytest.mark.parametrize("name", EXACT)
class TestTheSchemaIsTheReader:
    """
    Where every type and validator is understood, the schema accepts exactly what the reader does.
    """

    @_some
    @given(data=st.data())
    def test_of_a_valid_document(self, name: str, data: st.DataObject) -> None:
        """
        Both accept it.
        """
        assert _judged(EXACT[name], data.draw(_documents(EXACT[name].params_class))) == (True, True)

    @given(data=st.data())
    def test_of_a_document_nearly_valid(self, name: str, data: st.DataObject) -> None:
        """
        Both say the same of it.
        """
        kind = EXACT[name].params_class
        is_read, is_valid = _judged(EXACT[name], data.draw(_near(_documents(kind), list(_VALID[kind]))))
        assert is_read == is_valid

    @_some
    @given(document=json_values)
    def test_of_any_json(self, name: str, document: Any) -> None:
        """
        Both say the same of it; null, which the reader takes for no params, is left out.
        """
        is_read, is_valid = _judged(EXACT[name], {} if document is None else document)
        assert is_read == is_valid


_MISSIONS = {**LOOSE, **MISSION_REGISTRY}


@pytest.mark.parametrize("name", _MISSIONS)
class TestTheSchemaRefusesNothingTheReaderAccepts:
    """
    "The schema never refuses what `Mission.read_params` accepts."
    """

    @_some
    @given(data=st.data())
    def test_of_a_document_nearly_valid(self, name: str, data: st.DataObject) -> None:
        """
        The example's params, or others, changed in a place or two.
        """
        mission = _MISSIONS[name]
        example = mission.example.params.thaw()
        names = [*mission.params_schema.get("properties", {}), *example] or ["a"]
        documents = _documents(mission.params_class) if name in LOOSE else st.just(example)
        _judged(mission, data.draw(documents))
        _judged(mission, data.draw(_near(documents, names)))


# Classes made of any type and any validators, most of which do not fit it.


def _around(kind: Any) -> list[Any]:
    listed: list[Any] = [tuple.__class_getitem__((kind, ...)), list.__class_getitem__(kind)]
    return [Union[kind, None], *listed, dict.__class_getitem__((str, kind)), dict.__class_getitem__((kind, int))]  # noqa: UP007 - of a variable.


_forms = st.recursive(
    st.sampled_from([str, int, bool, float, Any, FrozenValue, JsonObject, JsonArray, Pointer, Colour, Level, Plain])
    | st.sampled_from([Literal["a", 1], _NULL_TOO, int | str, frozenset[str], Texts, object]),
    lambda inner: inner.flatmap(lambda kind: st.sampled_from(_around(kind))),
    max_leaves=3,
)
_options = st.lists(st.sampled_from([None, True, 0, 1, 1.0, 0.5, "a", "", "red", "word", Colour.RED, Plain.WORD]))
_bounds = st.sampled_from([-1, 0, 1, 2, 0.5, "a", True])
_validators: st.SearchStrategy[Any] = st.recursive(
    st.one_of(
        st.builds(lambda make, bound: make(bound), st.sampled_from([ge, gt, le, lt]), _bounds),
        st.builds(lambda make, length: make(length), st.sampled_from([min_len, max_len]), st.integers(-1, 2)),
        st.builds(in_, st.one_of(_options, _options.map(frozenset), _options.map(set), st.just("ab"))),
        st.builds(
            matches_re,
            st.sampled_from(["a|b", "[a-z]*", ".", r"\d", "(?i)A"]),
            func=st.sampled_from([None, re.match, re.search]),
        ),
        st.sampled_from([is_identifier, is_text, is_below_root, is_small_json]),
    ),
    lambda inner: st.one_of(
        inner.map(optional),
        st.lists(inner, max_size=2).map(lambda parts: and_(*parts)),
        st.builds(deep_iterable, inner, st.none() | inner),
        st.builds(deep_mapping, inner, st.none() | inner, st.none() | inner),
    ),
    max_leaves=4,
)
_converters = st.sampled_from([None, None, None, repr, lambda value: value])


class TestAnyClass:
    """
    The same law, whatever the class.
    """

    @given(
        kind=_forms,
        validator=st.none() | _validators,
        converter=_converters,
        values=st.lists(_corners | little_values, min_size=1, max_size=6),
    )
    def test_the_schema_refuses_nothing_the_reader_accepts(
        self, kind: Any, validator: Any, converter: Any, values: list[Any]
    ) -> None:
        """
        Nothing is refused that the reader accepts, and the schema is a valid one.
        """
        field = attrs.field(type=kind, validator=validator, converter=converter)
        mission = make_mission(params_class=attrs.make_class("Made", {"x": field}, frozen=True))
        for value in values:
            for wrapped in (value, [value], {"a": value}, [[value]]):
                _judged(mission, {"x": wrapped})
