"""Strict structuring: no value is bent to fit, all faults are reported together with their paths."""

import subprocess
import sys
from collections import deque
from collections.abc import Mapping, MutableSequence, MutableSet, Sequence
from enum import Enum, IntEnum, StrEnum
from typing import Annotated, Any, ClassVar, Literal

import attrs
import pytest

from runtime.encoding.converter import KEY, converter, structure, unstructure
from runtime.encoding.frozen import FrozenValue, JsonArray, JsonObject
from runtime.encoding.pointer import Pointer
from runtime.errors import DefinitionError, Fault, InvalidAnswerError


class _Color(StrEnum):
    RED = "red"
    BLUE = "blue"


class _Level(Enum):
    LOW = 1
    NAMED = "named"


class _Rank(IntEnum):
    FIRST = 1


@attrs.frozen(kw_only=True)
class _Dog:
    name: str

    KIND: ClassVar[str] = "dog"


@attrs.frozen(kw_only=True)
class _Cat:
    name: str
    lives: int = 9

    KIND: ClassVar[str] = "cat"


def _is_positive(_: object, field: "attrs.Attribute[Any]", value: int) -> None:
    if value <= 0:
        raise DefinitionError(f"{field.name} is {value}", where=field.name, remedy="give a positive number")


@attrs.frozen(kw_only=True)
class _Leaf:
    number: int = attrs.field(validator=_is_positive)
    label: str = attrs.field(default="", validator=attrs.validators.max_len(3))


@attrs.frozen(kw_only=True)
class _Tree:
    leaves: tuple[_Leaf, ...] = ()
    pet: _Dog | _Cat = _Dog(name="rex")
    color: _Color = _Color.RED
    from_: int = attrs.field(default=1, metadata={KEY: "from"}, validator=_is_positive)
    by_name: dict[str, _Leaf] = attrs.field(factory=dict)
    document: JsonObject = attrs.field(factory=lambda: JsonObject({}))


def _holder(kind: Any) -> type[Any]:
    return attrs.make_class("Holder", {"value": attrs.field(type=kind)}, frozen=True)


def _build(kind: Any, value: Any) -> Any:
    return structure({"value": value}, _holder(kind), what="holder").value


def _faults(document: Any, kind: type[Any] = _Tree) -> list[str]:
    with pytest.raises(DefinitionError) as caught:
        structure(document, kind, what="tree")
    return [str(fault) for fault in caught.value.faults]


_ACCEPTED: dict[str, tuple[Any, Any, Any]] = {
    "text": (str, "5", "5"),
    "integer": (int, 5, 5),
    "boolean": (bool, False, False),
    "float": (float, 1.5, 1.5),
    "float_written_as_integer": (float, 1, 1.0),
    "optional_null": (str | None, None, None),
    "optional_text": (str | None, "a", "a"),
    "tuple": (tuple[int, ...], [1, 2], (1, 2)),
    "empty_tuple": (tuple[int, ...], [], ()),
    "nested_tuple": (tuple[tuple[str, ...], ...], [["a"], []], (("a",), ())),
    "list": (list[int], [1, 2], [1, 2]),
    "mapping": (dict[str, int], {"a": 1}, {"a": 1}),
    "enum": (_Color, "red", _Color.RED),
    "other_enum": (_Level, "named", _Level.NAMED),
    "other_enum_by_number": (_Level, 1, _Level.LOW),
    "integer_enum": (_Rank, 1, _Rank.FIRST),
    "literal": (Literal["a", "b"], "b", "b"),
    "bare_list": (list, ["a", 1], ["a", 1]),
    "bare_tuple": (tuple, ["a", 1], ("a", 1)),
    "bare_mapping": (dict, {"a": [1]}, {"a": [1]}),
    "sequence": (Sequence[str], ["a"], ("a",)),
    "frozen_set": (frozenset[str], ["a", "b"], frozenset({"a", "b"})),
    "empty_fixed_tuple": (tuple[()], [], ()),
    "annotated": (Annotated[tuple[int, ...], "note"], [1], (1,)),
    "object": (JsonObject, {"a": [1]}, JsonObject({"a": [1]})),
    "array": (JsonArray, [{}], JsonArray([{}])),
    "frozen_scalar": (FrozenValue, 2.0, 2),
    "frozen_null": (FrozenValue, None, None),
    "frozen_list": (FrozenValue, [True], JsonArray([True])),
    "optional_object": (JsonObject | None, None, None),
    "pointer": (Pointer, "/a~1b", Pointer.parse("/a~1b")),
    "anything": (Any, {"a": [True]}, {"a": [True]}),
}

_REFUSED: dict[str, tuple[Any, Any]] = {
    "int_for_str": (str, 5),
    "null_for_str": (str, None),
    "bool_for_str": (str, True),
    "list_for_str": (str, ["a"]),
    "bytes_for_str": (str, b"a"),
    "enum_for_str": (str, _Color.RED),
    "text_for_int": (int, "5"),
    "bool_for_int": (int, True),
    "float_for_int": (int, 1.9),
    "integral_float_for_int": (int, 1.0),
    "null_for_int": (int, None),
    "int_enum_for_int": (int, _Rank.FIRST),
    "text_for_bool": (bool, "no"),
    "empty_text_for_bool": (bool, ""),
    "one_for_bool": (bool, 1),
    "zero_for_bool": (bool, 0),
    "null_for_bool": (bool, None),
    "bool_for_float": (float, True),
    "null_for_float": (float, None),
    "int_enum_for_float": (float, _Rank.FIRST),
    "text_for_float": (float, "1.5"),
    "text_for_bytes": (bytes, "abc"),
    "int_for_bytes": (bytes, 5),
    "list_for_bytes": (bytes, [1, 2]),
    "int_for_optional_text": (str | None, 5),
    "bool_for_optional_int": (int | None, True),
    "text_for_tuple": (tuple[str, ...], "abc"),
    "object_for_tuple": (tuple[str, ...], {"a": 1}),
    "tuple_for_tuple": (tuple[str, ...], ("a",)),
    "null_for_tuple": (tuple[str, ...], None),
    "text_for_list": (list[str], "abc"),
    "object_for_list": (list[str], {"a": 1}),
    "text_for_optional_list": (list[str] | None, "abc"),
    "text_for_bare_list": (list, "abc"),
    "text_for_bare_tuple": (tuple, "abc"),
    "text_for_sequence": (Sequence[str], "abc"),
    "object_for_sequence": (Sequence[str], {"a": 1}),
    "text_for_set": (frozenset[str], "abc"),
    "text_for_mutable_sequence": (MutableSequence[str], "abc"),
    "text_for_mutable_set": (MutableSet[str], "abc"),
    "text_for_deque": (deque[str], "abc"),
    "member_for_empty_tuple": (tuple[()], [1]),
    "text_for_list_in_mapping": (dict[str, list[str]], {"a": "abc"}),
    "pairs_for_mapping": (dict[str, int], [["a", 1]]),
    "pairs_for_bare_mapping": (dict, [["a", 1]]),
    "text_for_mapping": (dict[str, int], "a"),
    "list_for_mapping": (Mapping[str, int], ["a"]),
    "bool_in_mapping": (dict[str, int], {"a": True}),
    "text_key_for_int_key": (dict[int, int], {"1": 1}),
    "unknown_member_as_key": (dict[_Color, int], {"green": 1}),
    "unknown_literal_as_key": (dict[Literal["a"], int], {"b": 1}),
    "unknown_member": (_Color, "green"),
    "member_in_other_case": (_Color, "RED"),
    "member_itself": (_Color, _Color.RED),
    "null_for_enum": (_Color, None),
    "bool_for_enum": (_Level, True),
    "float_for_enum": (_Level, 1.0),
    "bool_for_int_enum": (_Rank, True),
    "unknown_literal": (Literal["a"], "b"),
    "bool_for_literal": (Literal[1], True),
    "list_for_object": (JsonObject, []),
    "text_for_object": (JsonObject, "{}"),
    "null_for_object": (JsonObject, None),
    "object_for_array": (JsonArray, {}),
    "tuple_for_array": (JsonArray, (1,)),
    "tuple_for_anything_frozen": (FrozenValue, (1,)),
    "no_json_in_object": (JsonObject, {"a": (1,)}),
    "null_for_tagged_union": (_Dog | _Cat, None),
    "text_for_class": (_Leaf, "a"),
    "list_for_class": (_Leaf, [1]),
    "instance_for_class": (_Leaf, _Leaf(number=1)),
    "int_for_pointer": (Pointer, 5),
    "no_pointer": (Pointer, "a"),
}


@pytest.mark.parametrize("case", _ACCEPTED)
def test_json_of_the_declared_type_is_accepted(case: str) -> None:
    """
    A value of the declared type is built, with that type.
    """
    kind, given, expected = _ACCEPTED[case]
    value = _build(kind, given)
    assert value == expected
    assert type(value) is type(expected)


@pytest.mark.parametrize("case", _REFUSED)
def test_json_of_another_type_is_refused(case: str) -> None:
    """
    Nothing is converted: what is not of the declared type is a fault at its field.
    """
    kind, given = _REFUSED[case]
    with pytest.raises(DefinitionError) as caught:
        _build(kind, given)
    assert caught.value.faults
    assert all(fault.where.startswith("value") for fault in caught.value.faults)
    assert all(fault.message != "" and "Error" not in fault.message for fault in caught.value.faults)


@pytest.mark.parametrize(
    ("kind", "value", "text"),
    [
        (int, True, "expected int, got bool True @ value"),
        (int, "5", "expected int, got str '5' @ value"),
        (str, None, "expected str, got null @ value"),
        (bool, "no", "expected bool, got str 'no' @ value"),
        (float, True, "expected a number, got bool True @ value"),
        (tuple[int, ...], "12", "expected list, got str '12' @ value"),
        (tuple[int, ...], [1, "2"], "expected int, got str '2' @ value[1]"),
        (dict[str, int], {"a": None}, "expected int, got null @ value['a']"),
        (_Color, "green", "expected one of ['blue', 'red'], got str 'green' @ value"),
        (_Leaf, 5, "expected dict, got int 5 @ value"),
        (_Dog | _Cat, {"kind": "cow"}, "expected kind to be one of ['cat', 'dog'], got str 'cow' @ value"),
        (_Dog | _Cat, {"name": "x"}, "expected kind to be one of ['cat', 'dog'], got null @ value"),
        (_Dog | _Cat, {"kind": ["dog"]}, "expected kind to be one of ['cat', 'dog'], got list ['dog'] @ value"),
        (Pointer, "a", "pointer 'a': a JSON Pointer starts with /, as in /customer/name @ value"),
        (JsonObject, [], "list []: expected a JSON object, a plain dict @ value"),
    ],
    ids=lambda value: value.partition(" @")[0] if isinstance(value, str) and "@" in value else "",
)
def test_a_fault_says_what_was_expected_got_and_where(kind: Any, value: Any, text: str) -> None:
    """
    A fault reads `expected X, got Y @ path`.
    """
    assert _faults({"value": value}, _holder(kind)) == [text]


class TestPlainTuples:
    """
    A tuple of fixed length is built member by member.
    """

    def test_each_member_has_its_own_type(self) -> None:
        """
        `tuple[int, str]` takes a list of an integer and a text.
        """
        assert _build(tuple[int, str], [1, "a"]) == (1, "a")

    def test_every_member_that_does_not_fit_is_named(self) -> None:
        """
        Each fault has the index of its member, and all are reported together.
        """
        assert _faults({"value": ["a", 1]}, _holder(tuple[int, str])) == [
            "expected int, got str 'a' @ value[0]",
            "expected str, got int 1 @ value[1]",
        ]

    @pytest.mark.parametrize("value", [[1], [1, "a", 2], ["a", 1], [1, 2]], ids=repr)
    def test_another_length_or_order_is_refused(self, value: Any) -> None:
        """
        A missing, extra or misplaced member is a fault.
        """
        with pytest.raises(DefinitionError):
            _build(tuple[int, str], value)


class TestFaultsTogether:
    """
    All faults of one document are reported together, each with its path.
    """

    def test_faults_of_every_kind_and_depth(self) -> None:
        """
        Wrong types, unknown, missing and refused fields are listed in one error.
        """
        faults = _faults(
            {
                "leaves": [{"number": "x"}, {"number": 1, "extra": 1}, {}, {"number": -1, "label": "long"}, 7],
                "pet": {"kind": "cat", "name": 1, "lives": "nine"},
                "color": "green",
                "by_name": {"a": {"number": True}, "b": {"label": 1}},
                "document": 5,
                "unknown": 1,
            }
        )
        assert sorted(faults) == sorted(
            [
                "expected int, got str 'x' @ leaves[0].number",
                "unknown field 'extra' @ leaves[1]",
                "required field 'number' is missing @ leaves[2].number",
                "number is -1: give a positive number @ leaves[3].number",
                "Length of 'label' must be <= 3: 4 @ leaves[3].label",
                "expected dict, got int 7 @ leaves[4]",
                "expected str, got int 1 @ pet.name",
                "expected int, got str 'nine' @ pet.lives",
                "expected one of ['blue', 'red'], got str 'green' @ color",
                "expected int, got bool True @ by_name['a'].number",
                "required field 'number' is missing @ by_name['b'].number",
                "expected str, got int 1 @ by_name['b'].label",
                "int 5: expected a JSON object, a plain dict @ document",
                "unknown field 'unknown'",
            ]
        )

    def test_a_wrong_type_does_not_hide_a_refused_value(self) -> None:
        """
        Validators of the other fields speak although one field could not be built.
        """
        assert sorted(_faults({"number": -1, "label": 5}, _Leaf)) == [
            "expected str, got int 5 @ label",
            "number is -1: give a positive number @ number",
        ]

    def test_each_fault_is_reported_once(self) -> None:
        """
        A refused value is one fault, not one for each way it was found.
        """
        assert _faults({"leaves": [{"number": 0}]}) == ["number is 0: give a positive number @ leaves[0].number"]

    def test_the_error_counts_and_names_the_document(self) -> None:
        """
        The message names the document and the count of faults, and is of the class asked for.
        """
        with pytest.raises(InvalidAnswerError, match=r"^tree: a fault\n") as caught:
            structure({"color": 1}, _Tree, what="tree", error=InvalidAnswerError)
        assert isinstance(caught.value.faults[0], Fault)
        with pytest.raises(DefinitionError, match=r"^tree: 2 faults\n"):
            structure({"color": 1, "z": 1}, _Tree, what="tree")

    @pytest.mark.parametrize("document", [None, 5, "text", [], [{}], True, ({},)], ids=repr)
    def test_a_document_that_is_no_object_is_one_fault(self, document: Any) -> None:
        """
        A class is built from an object alone.
        """
        faults = _faults(document)
        assert len(faults) == 1
        assert faults[0].startswith("expected dict, got ")

    def test_several_unknown_fields_are_sorted(self) -> None:
        """
        Unknown fields are named in sorted order, whatever order they came in.
        """
        assert _faults({"z": 1, "b": 2, "a": 3}) == ["unknown field 'a', 'b', 'z'"]

    def test_a_long_unknown_field_is_cut(self) -> None:
        """
        A foreign name is shown with at most 80 characters.
        """
        assert len(_faults({"x" * 1000: 1})[0]) < 120

    def test_a_long_value_is_cut(self) -> None:
        """
        A foreign value is shown with at most 80 characters.
        """
        assert len(_faults({"color": "x" * 1000})[0]) < 160

    def test_a_fault_inside_json_keeps_its_path(self) -> None:
        """
        What is wrong inside a JSON field has the path inside it.
        """
        faults = _faults({"document": {"a": [{"b": (1,)}]}})
        assert len(faults) == 1
        assert faults[0].endswith("@ document/a/0/b")

    def test_several_faults_inside_json_keep_their_paths(self) -> None:
        """
        Several are all named, each with the path inside the field.
        """
        text = "\n".join(_faults({"document": {"a": (1,), "b": {"c": 2**53}}}))
        assert "@ document/a" in text
        assert "@ document/b/c" in text

    def test_a_key_that_looks_like_a_path_does_not_cut_the_message(self) -> None:
        """
        Keys of the document, whatever they hold, stay in the path and out of the message.
        """
        with pytest.raises(DefinitionError) as caught:
            structure({"by_name": {"a @ b": {"number": "x"}}}, _Tree, what="tree")
        assert caught.value.faults == (Fault("expected int, got str 'x'", "by_name['a @ b'].number"),)


class TestRenamedKey:
    """
    A field whose JSON key is not its name goes by the key, everywhere.
    """

    def test_it_is_read_and_written_by_its_key(self) -> None:
        """
        `from_` is written `from`.
        """
        tree = structure({"from": 5}, _Tree, what="tree")
        assert tree.from_ == 5
        assert unstructure(tree)["from"] == 5
        assert "from_" not in unstructure(tree)

    def test_its_name_is_an_unknown_field(self) -> None:
        """
        The name inside the program is no key.
        """
        assert _faults({"from_": 5}) == ["unknown field 'from_'"]

    @pytest.mark.parametrize("value", ["a", 0], ids=["wrong_type", "refused_by_validator"])
    def test_its_faults_stand_at_its_key(self, value: Any) -> None:
        """
        The path of a fault is made of the keys the reader wrote.
        """
        assert [fault.rpartition(" @ ")[2] for fault in _faults({"from": value})] == ["from"]

    def test_a_missing_one_is_named_by_its_key(self) -> None:
        """
        A missing field is named, and placed, by its key.
        """

        @attrs.frozen
        class Required:
            from_: int = attrs.field(metadata={KEY: "from"})

        assert _faults({}, Required) == ["required field 'from' is missing @ from"]


class TestTaggedUnion:
    """
    A union of classes is told apart by `kind`, and by nothing else.
    """

    def test_the_kind_chooses_the_class(self) -> None:
        """
        Documents that fit several classes are built as the class they name.
        """
        pets = _holder(_Dog | _Cat)
        assert structure({"value": {"kind": "dog", "name": "x"}}, pets, what="pet").value == _Dog(name="x")
        assert structure({"value": {"name": "x", "kind": "cat"}}, pets, what="pet").value == _Cat(name="x")

    def test_the_kind_is_written(self) -> None:
        """
        Unstructuring writes the kind beside the fields.
        """
        pets = _holder(_Dog | _Cat)
        assert unstructure(pets(_Dog(name="x"))) == {"value": {"kind": "dog", "name": "x"}}
        assert unstructure(pets(_Cat(name="x"))) == {"value": {"kind": "cat", "name": "x", "lives": 9}}

    def test_a_field_of_another_member_is_unknown(self) -> None:
        """
        A dog has no lives.
        """
        document = {"value": {"kind": "dog", "name": "x", "lives": 1}}
        assert _faults(document, _holder(_Dog | _Cat)) == ["unknown field 'lives' @ value"]

    def test_an_optional_union_is_told_apart_too(self) -> None:
        """
        A union that may be null is one by `kind` as well, in both directions.
        """
        pets = _holder(_Dog | _Cat | None)
        for value in (None, {"kind": "dog", "name": "x"}, {"kind": "cat", "name": "x", "lives": 1}):
            assert unstructure(structure({"value": value}, pets, what="pet")) == {"value": value}

    def test_the_document_is_not_changed(self) -> None:
        """
        Reading the kind leaves the caller's document whole.
        """
        document = {"value": {"kind": "dog", "name": "x"}}
        structure(document, _holder(_Dog | _Cat), what="pet")
        assert document == {"value": {"kind": "dog", "name": "x"}}

    def test_the_kind_is_written_in_a_tuple_too(self) -> None:
        """
        A tuple of a union writes the kind of each member, and is read back.
        """
        pets = _holder(tuple[_Dog | _Cat, ...])
        document = {"value": [{"kind": "dog", "name": "x"}, {"kind": "cat", "name": "y", "lives": 9}]}
        assert unstructure(structure(document, pets, what="pets")) == document


class TestTextOrList:
    """
    A text, or else a list of what the tuple holds.
    """

    def test_either_is_read_and_written(self) -> None:
        """
        A text stays one, a list becomes a tuple, and both are written as they were.
        """
        either = _holder(str | tuple[_Dog | _Cat, ...])
        for value in ("x", "", [], [{"kind": "dog", "name": "x"}]):
            assert unstructure(structure({"value": value}, either, what="either")) == {"value": value}
        assert structure({"value": [{"kind": "dog", "name": "x"}]}, either, what="either").value == (_Dog(name="x"),)

    @pytest.mark.parametrize(
        ("value", "shown"), [(5, "int 5"), (None, "null"), ({"kind": "dog"}, "dict {'kind': 'dog'}")]
    )
    def test_nothing_else_is_read(self, value: Any, shown: str) -> None:
        """
        The fault says what may stand there.
        """
        assert _faults({"value": value}, _holder(str | tuple[_Dog, ...])) == [
            f"expected str or list, got {shown} @ value"
        ]

    def test_a_fault_in_the_list_has_its_place(self) -> None:
        """
        Its members are read as strictly as anywhere.
        """
        assert _faults({"value": [{"name": 1}]}, _holder(str | tuple[_Dog, ...])) == [
            "expected str, got int 1 @ value[0].name"
        ]


class TestParamsClasses:
    """
    Classes a mission's author writes are ordinary attrs classes.
    """

    def test_a_validator_may_compare_two_fields(self) -> None:
        """
        A validator that reads another field speaks with its own text.
        """

        @attrs.frozen(kw_only=True)
        class Span:
            low: int = 0
            high: int = attrs.field(default=9)

            @high.validator
            def _is_above_low(self, _: object, value: int) -> None:
                if value < self.low:
                    message = "high is below low"
                    raise ValueError(message)

        assert structure({"low": 1, "high": 2}, Span, what="span") == Span(low=1, high=2)
        faults = _faults({"low": 5, "high": 2}, Span)
        assert len(faults) == 1
        assert faults[0].startswith("high is below low")

    def test_a_check_of_the_whole_may_refuse(self) -> None:
        """
        What `__attrs_post_init__` raises is a fault of the object.
        """

        @attrs.frozen(kw_only=True)
        class Pair:
            one: int = 0
            two: int = 0

            def __attrs_post_init__(self) -> None:
                if self.one == self.two:
                    raise DefinitionError("one is two", remedy="make them differ")

        assert _faults({"one": 1, "two": 1}, Pair) == ["one is two: make them differ"]
        assert _faults({"value": {"one": 1, "two": 1}}, _holder(Pair)) == ["one is two: make them differ @ value"]

    @pytest.mark.parametrize("error", [ValueError, TypeError])
    def test_errors_of_ordinary_validators_keep_their_text(self, error: type[Exception]) -> None:
        """
        A validator may raise what validators usually raise; without a text the class is named.
        """

        def refuse(_: object, __: object, value: str) -> None:
            raise error(*([value] if value else []))

        kind = attrs.make_class("Strict", {"value": attrs.field(type=str, validator=refuse)})
        assert _faults({"value": "not today"}, kind) == ["not today @ value"]
        assert _faults({"value": ""}, kind) == [f"{error.__name__} @ value"]

    @pytest.mark.parametrize("error", [RuntimeError, KeyError, AttributeError, LookupError])
    def test_an_error_nobody_expects_is_named_by_its_type_alone(self, error: type[Exception]) -> None:
        """
        The text of a foreign exception does not enter the message.
        """

        def refuse(_: object, __: object, value: str) -> None:
            message = f"secret {value}"
            raise error(message)

        kind = attrs.make_class("Strict", {"value": attrs.field(type=str, validator=refuse)})
        faults = _faults({"value": "hush"}, kind)
        assert [fault.partition(" @ ")[0] for fault in faults] == [error.__name__]

    def test_a_converter_of_a_field_is_applied_once(self) -> None:
        """
        A field's own converter gets the structured value.
        """
        seen: list[object] = []

        def record(value: int) -> int:
            seen.append(value)
            return value * 2

        kind = attrs.make_class("Doubled", {"value": attrs.field(type=int, converter=record)})
        assert structure({"value": 2}, kind, what="doubled").value == 4
        assert seen == [2]

    def test_defaults_are_written_out(self) -> None:
        """
        Every field is written, given or not.
        """
        assert unstructure(_Tree()) == {
            "leaves": [],
            "pet": {"kind": "dog", "name": "rex"},
            "color": "red",
            "from": 1,
            "by_name": {},
            "document": {},
        }


def test_what_is_built_shares_nothing_with_the_document() -> None:
    """
    Changing the document afterwards changes nothing that was built from it.
    """
    document: dict[str, Any] = {"document": {"a": [1]}, "leaves": [{"number": 1}]}
    tree = structure(document, _Tree, what="tree")
    document["document"]["a"].append(2)
    document["leaves"][0]["number"] = 2
    document["leaves"].append(1)
    assert tree.document == {"a": [1]}
    assert tree.leaves == (_Leaf(number=1),)


def test_what_is_written_shares_nothing_with_the_value() -> None:
    """
    Changing plain JSON that was written changes nothing in the value.
    """
    tree = structure({"document": {"a": [1]}, "leaves": [{"number": 1}]}, _Tree, what="tree")
    written = unstructure(tree)
    written["document"]["a"].append(2)
    written["leaves"][0]["number"] = 2
    assert unstructure(tree)["document"] == {"a": [1]}
    assert unstructure(tree)["leaves"] == [{"number": 1, "label": ""}]


def test_there_is_one_converter_and_it_is_not_the_global_one() -> None:
    """
    Hooks registered here reach no other library, and theirs reach nothing here.
    """
    import cattrs  # noqa: PLC0415 - only this test needs it.

    assert converter() is converter()
    assert converter() is not cattrs.global_converter
    assert cattrs.structure(5, str) == "5"


def test_importing_it_does_not_import_cattrs() -> None:
    """
    The library behind it is loaded on first use, because its import is slow.
    """
    program = "import sys, runtime.encoding.converter; print('cattrs' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", program], check=True, capture_output=True, text=True)
    assert done.stdout.strip() == "False"
