"""The JSON Schema of params: what every type, validator and class is written as, and what is left out."""

import re
from collections.abc import Callable, Mapping, Sequence
from enum import Enum, IntEnum, StrEnum
from typing import Annotated, Any, ClassVar, Literal, NewType

import attrs
import pytest
from attrs.validators import (
    and_,
    deep_iterable,
    deep_mapping,
    ge,
    gt,
    in_,
    instance_of,
    le,
    lt,
    matches_re,
    max_len,
    min_len,
    not_,
    optional,
    or_,
)
from jsonschema import Draft202012Validator
from makers import make_mission

from runtime.encoding.canonical import canonical
from runtime.encoding.converter import KEY
from runtime.encoding.frozen import FrozenValue, JsonArray, JsonObject
from runtime.encoding.pointer import Pointer
from runtime.errors import ParamsError
from runtime.limits import MAX_DEPTH, MAX_IDENTIFIER_LENGTH, MAX_NUMBER, MAX_POINTER_LENGTH, MAX_TEXT_LENGTH
from runtime.orchestration import Mission, NoParams
from runtime.orchestration.params_schema import DESCRIPTION, described, params_schema
from runtime.orchestration.registry import MISSION_REGISTRY
from runtime.values.checks import is_below_root, is_identifier, is_small_json, is_text, of_type, stated

DIALECT = "https://json-schema.org/draft/2020-12/schema"
INT = {"type": "integer", "minimum": -MAX_NUMBER, "maximum": MAX_NUMBER}
FLOAT = {**INT, "type": "number"}
NULL = {"type": "null"}
POINTER = {
    "type": "string",
    "format": "json-pointer",
    "maxLength": MAX_POINTER_LENGTH,
    "pattern": f"^(?:/(?:[^~/]|~[01])*){{0,{MAX_DEPTH}}}$",
}

Case = dict[str, tuple[Any, ...]]


def text(**more: Any) -> dict[str, Any]:
    """
    Give the schema of a text.
    """
    return {"type": "string", **more}


def listed(items: Any, **more: Any) -> dict[str, Any]:
    """
    Give the schema of a list.
    """
    return {"type": "array", "items": items, **more}


def mapped(members: Any, **more: Any) -> dict[str, Any]:
    """
    Give the schema of an object with members of one type.
    """
    return {"type": "object", "additionalProperties": members, **more}


def maybe(schema: Any) -> dict[str, Any]:
    """
    Give a schema that also takes null.
    """
    return {"anyOf": [schema, NULL]}


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


class Mixed(Enum):
    """
    Values of several types, and none of them a text or an integer itself.
    """

    ONE = 1
    NO = False
    NOTHING = None
    WORD = "word"


class Odd(Enum):
    """
    A value that is no scalar.
    """

    PAIR = (1, 2)


class Loud(Enum):
    """
    An enum whose members have a length of their own.
    """

    LONG = "abc"

    def __len__(self) -> int:
        """
        Say another length than that of the value.
        """
        return 1


@attrs.frozen
class Tagged:
    """
    What is read by a tag where it stands in a union.
    """

    KIND: ClassVar[str] = "tagged"
    size: int = 1


@attrs.frozen
class Thawed:
    """
    What the reader makes of the JSON by calling the class, whatever its fields.
    """

    json: Any

    def thaw(self) -> Any:
        """
        Give the JSON back.
        """
        return self.json


Id = NewType("Id", str)
NULL_OR_A: Any = Literal["a", None]  # noqa: PYI061 - the form itself is the case.


def made(kind: Any, validator: Any = None, **more: Any) -> Mission:
    """
    Make a mission whose params have one field `x`.
    """
    field = attrs.field(type=kind, validator=validator, **more)
    return make_mission(params_class=attrs.make_class("Made", {"x": field}, frozen=True))


def field_schema(kind: Any, validator: Any = None, **more: Any) -> Any:
    """
    Give the schema of the field `x`.
    """
    schema = made(kind, validator, **more).params_schema
    Draft202012Validator.check_schema(schema)
    return schema["properties"]["x"]


def reads(mission: Mission, document: Any) -> bool:
    """
    Tell whether the strict reader accepts.
    """
    try:
        mission.read_params(document)
    except ParamsError:
        return False
    return True


def accepts(mission: Mission, document: Any) -> bool:
    """
    Tell whether the schema accepts.
    """
    return bool(Draft202012Validator(mission.params_schema).is_valid(document))


class TestTypes:
    """
    "Types give the shape."
    """

    @pytest.mark.parametrize(
        ("kind", "schema"),
        [
            (str, text()),
            (bool, {"type": "boolean"}),
            (int, INT),
            (float, FLOAT),
            (Any, {}),
            (FrozenValue, {}),
            (JsonObject, {"type": "object"}),
            (JsonArray, {"type": "array"}),
            (Pointer, POINTER),
            (str | None, maybe(text())),
            (Pointer | None, maybe(POINTER)),
            (Any | None, {}),
            (FrozenValue | None, {}),
            (Colour, text(enum=["red", "blue"])),
            (Level, {"type": "integer", "enum": [1, 2]}),
            (Mixed, {"enum": [1, False, None, "word"]}),
            (Literal["b", "a"], text(enum=["b", "a"])),
            (NULL_OR_A, {"enum": ["a", None]}),
            (tuple[int, ...], listed(INT)),
            (list[str | None], listed(maybe(text()))),
            (Sequence[bool], listed({"type": "boolean"})),
            (list, listed({})),
            (tuple, listed({})),
            (dict[str, int], mapped(INT)),
            (dict[str, dict[str, Any]], mapped(mapped({}))),
            (Mapping[str, Any], mapped({})),
            (dict, mapped({})),
            (dict[Pointer, str], mapped(text(), propertyNames=POINTER)),
            (dict[int, str], mapped(text(), propertyNames=INT)),
        ],
        ids=str,
    )
    def test_what_is_known(self, kind: Any, schema: Any) -> None:
        """
        Each type of the list has one form.
        """
        assert field_schema(kind) == schema

    @pytest.mark.parametrize(
        "kind",
        [
            None,
            object,
            bytes,
            complex,
            set[str],
            frozenset[str],
            tuple[int, str],
            tuple[()],
            int | str,
            int | str | None,
            Odd,
            Literal[Colour.RED, "x"],
            Tagged | None,
            list[Tagged],
            Thawed,
            Id,
        ],
        ids=str,
    )
    def test_what_is_not_known_may_be_anything(self, kind: Any) -> None:
        """
        "What is not understood adds nothing", and is not narrowed by validators either.
        """
        narrowing = [min_len(3), max_len(3), is_identifier, in_(["a"]), deep_iterable(min_len(3))]
        assert field_schema(kind, narrowing) == {}
        assert accepts(made(kind), {"x": [{"a": 1}]})

    def test_annotations_are_looked_through(self) -> None:
        """
        At every depth, as the reader does; names in quotes are resolved.
        """

        @attrs.frozen
        class Params:
            whole: Annotated[int, "units"]
            inside: tuple[Annotated[str, "words"], ...]
            quoted: "int"

        assert params_schema(Params)["properties"] == {
            "whole": INT,
            "inside": {"type": "array", "items": text()},
            "quoted": INT,
        }

    @pytest.mark.parametrize("text", ["", "/", "/a/b", "/~0~1", "/a\nb", "/" * MAX_DEPTH, "/" + "a" * 1023])
    @pytest.mark.parametrize("more", ["", "~", "~2", "/" * MAX_DEPTH, "a" * MAX_POINTER_LENGTH])
    def test_a_pointer_is_told_from_other_texts(self, text: str, more: str) -> None:
        """
        By its pattern and length, exactly as the reader does.
        """
        mission = made(Pointer)
        for pointer in (text + more, more + text, f"a{text}"):
            assert reads(mission, {"x": pointer}) == accepts(mission, {"x": pointer})

    @pytest.mark.parametrize("number", [1, 1.0, -0.0, 1.5, True, "1", MAX_NUMBER, None])
    def test_a_whole_number_is_an_integer(self, number: Any) -> None:
        """
        `1.0` is read as `1` and accepted; `true` is no number.
        """
        for kind in (int, float):
            assert reads(made(kind), {"x": number}) == accepts(made(kind), {"x": number})

    @pytest.mark.parametrize("number", [MAX_NUMBER + 1, -MAX_NUMBER - 1, 1e300])
    def test_a_number_beyond_the_exact_range_is_refused(self, number: Any) -> None:
        """
        By the schema as by the reader.
        """
        cases: list[tuple[Any, Any]] = [
            (int, number),
            (float, number),
            (int | None, number),
            (list[int], [number]),
            (dict[str, float], {"a": number}),
        ]
        for kind, value in cases:
            assert not accepts(made(kind), {"x": value})
            assert not reads(made(kind), {"x": value})


UNDERSTOOD: Case = {
    "ge": (int, ge(1), {**INT, "minimum": 1}),
    "le": (int, le(9), {**INT, "maximum": 9}),
    "gt": (int, gt(0), {"type": "integer", "exclusiveMinimum": 0, "maximum": MAX_NUMBER}),
    "lt": (int, lt(0), {"type": "integer", "minimum": -MAX_NUMBER, "exclusiveMaximum": 0}),
    "stricter last": (int, [ge(1), ge(3), le(9), le(5)], {"type": "integer", "minimum": 3, "maximum": 5}),
    "stricter first": (int, [ge(3), ge(1), le(5), le(9)], {"type": "integer", "minimum": 3, "maximum": 5}),
    "open end": (int, [ge(1), gt(1), le(9), lt(9)], {"type": "integer", "exclusiveMinimum": 1, "exclusiveMaximum": 9}),
    "closed end": (int, [gt(0), ge(1), lt(9), le(8)], {"type": "integer", "minimum": 1, "maximum": 8}),
    "of a number": (float, [ge(0.5), lt(1)], {"type": "number", "minimum": 0.5, "exclusiveMaximum": 1}),
    "optional": (int | None, optional(ge(1)), maybe({**INT, "minimum": 1})),
    "length of a text": (str, [min_len(1), max_len(3)], text(minLength=1, maxLength=3)),
    "several lengths": (str, [max_len(3), max_len(2), min_len(1), min_len(0)], text(maxLength=2, minLength=1)),
    "no length at all": (str, [min_len(-1), max_len(-1)], text(minLength=0, maxLength=0)),
    "length of a list": (list[int], [min_len(1), max_len(3)], listed(INT, minItems=1, maxItems=3)),
    "length of an array": (JsonArray, max_len(3), {"type": "array", "maxItems": 3}),
    "length of an object": (JsonObject, min_len(1), {"type": "object", "minProperties": 1}),
    "length of a dict": (dict[str, int], max_len(3), mapped(INT, maxProperties=3)),
    "pattern": (str, matches_re("[a-z]+"), text(pattern="^(?:[a-z]+)$")),
    "patterns": (
        str,
        [matches_re("a+"), matches_re("a{2}"), matches_re("aa")],
        text(pattern="^(?:a+)$", allOf=[{"pattern": "^(?:a{2})$"}, {"pattern": "^(?:aa)$"}]),
    ),
    "choices": (str, in_(["b", "a"]), text(enum=["a", "b"])),
    "choices of other types": (str, in_({"b", "a", 1, None}), text(enum=["a", "b"])),
    "choices by a dict": (str, in_({"b": 1, "a": 2}), text(enum=["a", "b"])),
    "choices from an enum": (str, in_([Colour.RED, "x"]), text(enum=["red", "x"])),
    "choices twice": (str, [in_(["a", "b"]), in_(["b", "c"])], text(enum=["b"])),
    "choices and a length": (str, [in_(["a", "bb"]), max_len(1)], text(maxLength=1, enum=["a", "bb"])),
    "integers": (int, in_([3, 1.0, True, 0.5, "a"]), {"type": "integer", "enum": [1, 3]}),
    "integers and a bound": (int, [in_([1, 9]), ge(3)], {"type": "integer", "minimum": 3, "enum": [1, 9]}),
    "numbers": (float, in_([0.5, 1.0]), {"type": "number", "enum": [0.5, 1]}),
    "true by one": (bool, in_([1]), {"type": "boolean", "enum": [True]}),
    "both": (bool, in_([True, 0]), {"type": "boolean", "enum": [False, True]}),
    "no null": (str | None, in_(["a"]), text(enum=["a"])),
    "null as a choice": (str | None, in_(["a", None]), {"anyOf": [text(enum=["a"]), {**NULL, "enum": [None]}]}),
    "null beside choices": (str | None, optional(in_(["a"])), maybe(text(enum=["a"]))),
    "nothing left": (str | None, in_([1]), {"anyOf": [text(enum=[]), {**NULL, "enum": []}]}),
    "of an enum": (Colour, in_([Colour.RED]), text(enum=["red"])),
    "of a mixed enum": (Mixed, in_([Mixed.ONE, Mixed.NOTHING]), {"enum": [1, None]}),
    "of a literal": (Literal["a", "b"], in_(["b", "c"]), text(enum=["b"])),
    "items": (tuple[str, ...], deep_iterable(max_len(3)), listed(text(maxLength=3))),
    "items, many": (tuple[str, ...], deep_iterable(max_len(3), min_len(1)), listed(text(maxLength=3), minItems=1)),
    "items of items": (list[list[int]], deep_iterable(deep_iterable(ge(0))), listed(listed({**INT, "minimum": 0}))),
    "items of any type": (JsonArray, deep_iterable(ge(0)), listed({})),
    "items or null": (list[str] | None, optional(deep_iterable(min_len(2))), maybe(listed(text(minLength=2)))),
    "members": (
        dict[str, int],
        deep_mapping(max_len(3), ge(0), min_len(1)),
        mapped({**INT, "minimum": 0}, propertyNames=text(maxLength=3), minProperties=1),
    ),
    "values": (dict[str, int], deep_mapping(value_validator=ge(0)), mapped({**INT, "minimum": 0})),
    "keys": (dict[Colour, int], deep_mapping(in_(["red"])), mapped(INT, propertyNames=text(enum=["red"]))),
    "keys of an object": (JsonObject, deep_mapping(max_len(3)), mapped({}, propertyNames=text(maxLength=3))),
    "is_identifier": (str, is_identifier, text(minLength=1, maxLength=MAX_IDENTIFIER_LENGTH)),
    "is_text": (str, [is_text, min_len(2)], text(minLength=2, maxLength=MAX_TEXT_LENGTH)),
    "is_below_root": (Pointer | None, is_below_root, maybe({**POINTER, "minLength": 1})),
    "is_small_json": (JsonObject, is_small_json, {"type": "object"}),
}

NOT_UNDERSTOOD: Case = {
    "of_type": (str, of_type(str)),
    "instance_of": (str, instance_of(str)),
    "not": (str, not_(min_len(3))),
    "or": (str, or_(min_len(3), max_len(1))),
    "a bound that is a text": (str, ge("b")),
    "parts of a text": (str, in_("abc")),
    "choices that may equal anything": (str, in_([object()])),
    "choices that are no JSON": (str, in_([b"a"])),
    "characters": (str, deep_iterable(in_(["a"]))),
    "not a number": (int, [ge(float("nan")), gt(float("nan"))]),
    "a truth as a bound": (int, ge(True)),
    "bounds beyond JSON": (int, [le(10**30), ge(10**30), ge(float("inf"))]),
    "a range": (int, in_(range(3))),
    "choices beyond JSON": (int, in_([10**30])),
    "length of a number": (int, min_len(1)),
    "pattern of a number": (int, matches_re("a")),
    "bound of a truth": (bool, ge(1)),
    "choices of objects": (JsonObject, in_(["a"])),
    "choices of lists": (list[int], in_([1])),
    "members of a list": (list[int], deep_mapping(ge(0))),
    "items of a dict": (dict[str, int], deep_iterable(max_len(3))),
    "length of an enum": (Loud, max_len(1)),
    "choices beside null": (NULL_OR_A, optional(in_(["b"]))),
    "any JSON": (Any, [ge(3), min_len(3), in_([1]), in_(["a"]), matches_re("a"), optional(in_(["a"]))]),
    "frozen JSON": (FrozenValue, [ge(3), min_len(3), is_identifier, is_small_json]),
    "another keyword": (str, stated(multipleOf=3)(lambda *_: None)),
}

ONLY_PYTHON: Case = {
    "part of a text": (str, in_("abc"), "ab"),
    "true for 1": (bool, in_([1]), True),
    "1 for true": (int, in_([True]), 1),
    "member of an enum": (Mixed, in_([Mixed.WORD]), "word"),
    "null beside two": (str | None, optional(and_(in_(["a"]), min_len(1))), None),
    "null of a literal": (NULL_OR_A, optional(in_(["b"])), None),
    "a length of its own": (Loud, max_len(1), "abc"),
    "a set of equals": (frozenset[str], max_len(1), ["a", "a"]),
    "a whole number": (float, in_([1]), 1.0),
    "any digit": (str, matches_re(r"\d"), "\u0663"),
    "any character": (str, matches_re("."), "\u2028"),
    "before a newline": (str, matches_re("a$", func=re.search), "a\n"),
}


class TestValidators:
    """
    "Validators give the bounds", read from the validators themselves.
    """

    @pytest.mark.parametrize(("kind", "validator", "schema"), UNDERSTOOD.values(), ids=UNDERSTOOD)
    def test_what_is_understood(self, kind: Any, validator: Any, schema: Any) -> None:
        """
        Each validator of the list narrows the types it is about; of two bounds the stricter one stays.
        """
        assert field_schema(kind, validator) == schema

    @pytest.mark.parametrize(("kind", "validator"), NOT_UNDERSTOOD.values(), ids=NOT_UNDERSTOOD)
    def test_what_is_not_understood_adds_nothing(self, kind: Any, validator: Any) -> None:
        """
        Neither a bound nor an error.
        """
        assert field_schema(kind, validator) == field_schema(kind)

    @pytest.mark.parametrize(("kind", "validator", "value"), ONLY_PYTHON.values(), ids=ONLY_PYTHON)
    def test_what_only_python_accepts_is_not_refused(self, kind: Any, validator: Any, value: Any) -> None:
        """
        "The schema never refuses what `Mission.read_params` accepts."
        """
        assert reads(made(kind, validator), {"x": value})
        assert accepts(made(kind, validator), {"x": value})

    def test_a_converter_hides_what_validators_see(self) -> None:
        """
        A bound on what a converter made says nothing of what is read.
        """
        mission = made(str, max_len(1), converter=str.strip)
        assert reads(mission, {"x": "  a  "})
        assert accepts(mission, {"x": "  a  "})
        assert field_schema(str, max_len(1), converter=str.strip) == text()

    @pytest.mark.parametrize(
        ("kind", "schema"),
        [
            (JsonObject, {"type": "object"}),
            (tuple[str, ...], listed(text())),
            (int | None, maybe(INT)),
            (object, {}),
            (int | str, {}),
            (tuple[int | str, ...], {}),
            (dict[str, list[object]], {}),
            (Tagged, {}),
        ],
        ids=str,
    )
    def test_a_converter_gets_what_the_reader_does_not_know(self, kind: Any, schema: Any) -> None:
        """
        Where a type that is not known stands in that of a field, its converter takes whatever is given.
        """
        mission = made(kind, converter=lambda value: value)
        assert mission.params_schema["properties"]["x"] == schema
        for value in (5, "a", [object], [1, "a"], {"a": 1}, {}, None):
            document = {"x": value}
            assert accepts(mission, document) or not reads(mission, document)

    def test_options_stand_in_one_order(self) -> None:
        """
        Whatever the order of a set is today.
        """
        names = [f"name{index}" for index in range(50)]
        for options in (set(names), frozenset(names), tuple(reversed(names)), dict.fromkeys(names)):
            assert field_schema(str, in_(options))["enum"] == sorted(names)

    def test_validators_beside_the_field_add_nothing(self) -> None:
        """
        A method that looks at the whole value is the class's own affair.
        """

        @attrs.frozen
        class Params:
            low: int = attrs.field(validator=ge(0))
            high: int = attrs.field()

            @low.validator
            def _is_even(self, _: object, value: int) -> None:
                assert value % 2 == 0

            @high.validator
            def _is_higher(self, _: object, value: int) -> None:
                assert value > self.low

        assert params_schema(Params)["properties"] == {"low": {**INT, "minimum": 0}, "high": INT}


PORTABLE = (
    *("", "abc", "[a-z0-9_-]{1,64}", "a|bc?", "(?:a|b)+?(c)*", r"\.\*\$\(\)\[\]\\\/", r"[^\]\-\\.$]", "[*+.?|(){}^]"),
    *("a{2}b{2,}c{2,3}?", "\u20ac[\u0660-\u0669]", "a b#-,:;<>=!@%&'\"`~\n"),
)
NOT_PORTABLE = (
    *("a.b", r"\d", r"\w+", r"[\s]", r"\Aa\Z", r"\bword", r"(a)\1", r"\n", r"\x41", r"\-", r"\ "),
    *("(?i)a", "(?i:a)", "(?P<name>a)", "(?=a)", "(?!a)", "(?<!a)b", "(?#comment)a", "(?>a)"),
    *("a*+", "a++", "a?+", "a{2}+", "a{,3}", "a{b", "a}", "a]", "[]a]", "[^]a[b]", "a^b", "a$b", "a$|b", "a$$"),
    *("\ud800", "[\ud800]"),
)


class TestPatterns:
    """
    "A regular expression that ECMA 262 reads otherwise than Python is left out."
    """

    @pytest.mark.parametrize("regex", PORTABLE, ids=ascii)
    def test_what_both_read_alike_is_kept(self, regex: str) -> None:
        """
        Word for word, anchored as the function asks.
        """
        assert field_schema(str, matches_re(regex))["pattern"] == f"^(?:{regex})$"
        assert field_schema(str, matches_re(f"^{regex}$"))["pattern"] == f"^(?:^{regex})$"
        assert field_schema(str, matches_re(regex, func=re.match))["pattern"] == f"^(?:{regex})"
        assert field_schema(str, matches_re(regex, func=re.search))["pattern"] == regex

    @pytest.mark.parametrize("regex", NOT_PORTABLE, ids=ascii)
    def test_what_they_may_read_otherwise_is_left_out(self, regex: str) -> None:
        """
        However it is called.
        """
        re.compile(regex)
        for function in (None, re.match, re.search):
            assert field_schema(str, matches_re(regex, func=function)) == text()

    @pytest.mark.parametrize("flags", [re.IGNORECASE, re.MULTILINE, re.DOTALL, re.VERBOSE, re.ASCII])
    def test_flags_are_no_part_of_a_schema(self, flags: re.RegexFlag) -> None:
        """
        An expression with flags is left out; a compiled one counts as its text does.
        """
        assert field_schema(str, matches_re("a", flags)) == text()
        assert field_schema(str, matches_re(re.compile("a", flags))) == text()
        assert field_schema(str, matches_re(re.compile("a"))) == text(pattern="^(?:a)$")

    def test_an_end_is_an_end_only_where_the_whole_text_must_match(self) -> None:
        """
        Elsewhere Python's `$` lets one newline follow.
        """
        assert field_schema(str, matches_re("a$")) == text(pattern="^(?:a)$")
        assert field_schema(str, matches_re("a$", func=re.match)) == text()
        assert field_schema(str, matches_re("a$", func=re.search)) == text()

    def test_an_expression_over_bytes_is_left_out(self) -> None:
        """
        It matches no text.
        """
        assert field_schema(str, matches_re(re.compile(b"a"))) == text()


@attrs.frozen(kw_only=True)
class Node:
    """
    A class that holds itself.

      Indented text
    stays as it is.
    """

    name: str = attrs.field(validator=is_identifier, metadata=described("Its name."))
    kids: "tuple[Node, ...]" = attrs.field(default=(), validator=max_len(2), metadata=described("Below it."))
    above: "Node | None" = attrs.field(default=None, validator=optional(min_len(9)))
    words: list[str] | None = attrs.field(default=None, metadata=described("Its words."))


def other_node() -> type:
    """
    Make another class of the same name.
    """
    return attrs.make_class("Node", {"size": attrs.field(type=int)})


class TestClasses:
    """
    A class is an object with exactly its fields.
    """

    def test_a_whole_class(self) -> None:
        """
        The class docstring, the fields in their order, what is required, defaults, names in JSON, nested classes.
        """

        @attrs.frozen(kw_only=True)
        class Params:
            """
            Params for a test.
            """

            from_: Pointer = attrs.field(metadata={KEY: "from", **described("Where it comes from.")})
            limit: int = attrs.field(default=10, validator=[ge(1), le(100)], metadata=described("How many at most."))
            root: Node = attrs.field(metadata=described("What is walked."))
            colours: tuple[Colour, ...] = (Colour.RED,)
            extra: JsonObject = attrs.field(factory=lambda: JsonObject({"a": 1.0}))
            derived: int = attrs.field(init=False, default=0)

        kids = {
            "description": "Below it.",
            "type": "array",
            "items": {"$ref": "#/$defs/Node"},
            "maxItems": 2,
            "default": [],
        }
        above = {"anyOf": [{"$ref": "#/$defs/Node"}, NULL], "default": None}
        words = {"description": "Its words.", **maybe(listed(text())), "default": None}
        name = text(description="Its name.", minLength=1, maxLength=128)
        assert params_schema(Params) == {
            "$schema": DIALECT,
            "title": "Params",
            "description": "Params for a test.",
            "type": "object",
            "properties": {
                "from": {"description": "Where it comes from.", **POINTER},
                "limit": {
                    "description": "How many at most.",
                    "type": "integer",
                    "minimum": 1,
                    "maximum": 100,
                    "default": 10,
                },
                "root": {"description": "What is walked.", "$ref": "#/$defs/Node"},
                "colours": {"type": "array", "items": text(enum=["red", "blue"]), "default": ["red"]},
                "extra": {"type": "object", "default": {"a": 1}},
            },
            "required": ["from", "root"],
            "additionalProperties": False,
            "$defs": {
                "Node": {
                    "description": "A class that holds itself.\n\n  Indented text\nstays as it is.",
                    "type": "object",
                    "properties": {"name": name, "kids": kids, "above": above, "words": words},
                    "required": ["name"],
                    "additionalProperties": False,
                }
            },
        }
        assert list(params_schema(Params)["properties"]) == ["from", "limit", "root", "colours", "extra"]

    def test_a_class_that_holds_itself_may_be_the_params(self) -> None:
        """
        The schema refers to it, and is of bounded size.
        """
        schema = params_schema(Node)
        Draft202012Validator.check_schema(schema)
        assert schema["properties"]["kids"]["items"] == {"$ref": "#/$defs/Node"}
        validator = Draft202012Validator(schema)
        assert validator.is_valid({"name": "a", "kids": [{"name": "b", "above": {"name": "c"}}]})
        assert not validator.is_valid({"name": "a", "kids": [{"name": "b", "above": {"name": ""}}]})

    def test_two_classes_of_one_name_are_two(self) -> None:
        """
        Each has a definition of its own.
        """
        fields = {"a": attrs.field(type=Node), "b": attrs.field(type=other_node()), "c": attrs.field(type=list[Node])}
        schema = params_schema(attrs.make_class("Params", fields))
        assert {name: list(part["properties"]) for name, part in schema["$defs"].items()} == {
            "Node": ["name", "kids", "above", "words"],
            "Node_": ["size"],
        }
        references = [schema["properties"][name] for name in "ab"] + [schema["properties"]["c"]["items"]]
        assert references == [{"$ref": f"#/$defs/{name}"} for name in ("Node", "Node_", "Node")]

    def test_a_class_with_an_odd_name_can_be_referred_to(self) -> None:
        """
        A reference is a URI, which not every name of a class can stand in.
        """
        odd = attrs.make_class("Größe/~0 %41", {"size": attrs.field(type=int)})
        mission = make_mission(params_class=attrs.make_class("Params", {"a": attrs.field(type=odd)}))
        assert mission.params_schema["properties"]["a"]["$ref"].isascii()
        assert accepts(mission, {"a": {"size": 1}})
        assert not accepts(mission, {"a": {"size": "x"}})

    def test_no_docstring_is_no_description(self) -> None:
        """
        Nothing is made up.
        """
        schema = params_schema(attrs.make_class("Params", {"a": attrs.field(type=int)}))
        assert DESCRIPTION not in schema
        assert DESCRIPTION not in schema["properties"]["a"]

    @pytest.mark.parametrize(
        "more",
        [{"default": attrs.Factory(lambda self: self, takes_self=True)}, {"default": object()}, {"factory": object}],
        ids=["of the value itself", "no JSON", "makes no JSON"],
    )
    def test_a_default_that_no_document_can_hold_is_left_out(self, more: dict[str, Any]) -> None:
        """
        The field need not be given all the same.
        """
        mission = made(Any, **more)
        assert "default" not in mission.params_schema["properties"]["x"]
        assert mission.params_schema["required"] == []

    def test_a_mission_without_params(self) -> None:
        """
        Takes the empty object alone.
        """
        schema = make_mission().params_schema
        assert schema["title"] == NoParams.__name__
        assert schema["properties"] == {}
        assert schema["additionalProperties"] is False

    def test_a_mission_that_takes_any_object(self) -> None:
        """
        Says so.
        """
        schema = make_mission(params_class=JsonObject).params_schema
        assert schema == {"$schema": DIALECT, "type": "object", "description": "Any JSON object."}

    @pytest.mark.parametrize("params_class", [Node, JsonObject, NoParams], ids=lambda kind: str(kind.__name__))
    def test_the_caller_owns_what_is_given(self, params_class: type) -> None:
        """
        Changing a schema changes no other.
        """
        before = canonical(params_schema(params_class))

        def spoil(part: Any) -> None:
            for child in list(part.values() if isinstance(part, dict) else part if isinstance(part, list) else ()):
                spoil(child)
            if isinstance(part, dict | list):
                part.clear()

        spoil(params_schema(params_class))
        assert canonical(params_schema(params_class)) == before


@pytest.mark.parametrize("mission", MISSION_REGISTRY.values(), ids=lambda mission: str(mission.name))
class TestRegisteredMissions:
    """
    A planner fills in the params of a registered mission by its schema.
    """

    def test_the_schema_is_valid(self, mission: Mission) -> None:
        """
        Draft 2020-12, in canonical JSON.
        """
        schema = mission.params_schema
        assert schema["$schema"] == DIALECT
        assert schema["type"] == "object"
        Draft202012Validator.check_schema(schema)
        assert canonical(schema) == canonical(mission.params_schema)

    def test_everything_is_described(self, mission: Mission) -> None:
        """
        The object, and every property of every class in it.
        """
        schema = mission.params_schema
        classes = [schema, *schema.get("$defs", {}).values()]
        for part in [*classes, *(field for one in classes for field in one.get("properties", {}).values())]:
            assert part["description"].strip()

    def test_the_example_and_the_defaults_are_accepted(self, mission: Mission) -> None:
        """
        What the mission itself is tried out with, with defaults left out and written out.
        """
        validator = Draft202012Validator(mission.params_schema)
        validator.validate(mission.example.params.thaw())
        validator.validate(mission.params_document(mission.example.params).thaw())
        for name, field in mission.params_schema.get("properties", {}).items():
            if "default" in field:
                only = {**mission.params_schema, "required": []}
                Draft202012Validator(only).validate({name: field["default"]})


def test_a_validator_states_its_bounds_without_a_change_of_itself() -> None:
    """
    What is stated stands beside the function, so a call of it costs what it did.
    """
    check: Callable[..., None] = is_identifier
    assert type(check).__name__ == "function"
    assert field_schema(str, and_(check)) == text(minLength=1, maxLength=MAX_IDENTIFIER_LENGTH)
