"""The JSON Schema of a human step's input: closed keywords, local references, bounded size, exact values."""

from typing import Any

import pytest
from makers import make_decision, make_gate, run

from runtime.errors import DefinitionError, InvalidAnswerError
from runtime.orchestration.schema import INPUT_SCHEMA_KEYWORDS, input_faults, schema_faults


def places(schema: Any) -> list[str]:
    """
    Give the places of a schema's faults.
    """
    return [fault.where for fault in schema_faults(schema)]


def chain(length: int) -> dict[str, Any]:
    """
    Make definitions that refer to one another in a row.
    """
    links: dict[str, Any] = {f"d{index}": {"$ref": f"#/$defs/d{index + 1}"} for index in range(length)}
    return {"$ref": "#/$defs/d0", "$defs": {**links, f"d{length}": {"type": "integer"}}}


def tower(height: int) -> dict[str, Any]:
    """
    Make definitions of which each refers to the next twice, so that written out they double.
    """
    floors: dict[str, Any] = {
        f"d{index}": {"allOf": [{"$ref": f"#/$defs/d{index + 1}"}] * 2} for index in range(height)
    }
    return {"$ref": "#/$defs/d0", "$defs": {**floors, f"d{height}": {"type": "integer"}}}


REFUSED: dict[str, tuple[Any, str]] = {
    "pattern": ({"pattern": "(a+)+$"}, "keyword 'pattern' is not allowed"),
    "format": ({"format": "email"}, "keyword 'format' is not allowed"),
    "patternProperties": ({"patternProperties": {}}, "keyword 'patternProperties' is not allowed"),
    "$id": ({"$id": "x"}, "keyword '$id' is not allowed"),
    "$dynamicRef": ({"$dynamicRef": "#x"}, "keyword '$dynamicRef' is not allowed"),
    "a keyword of nobody": ({"surprise": 1}, "keyword 'surprise' is not allowed"),
    "a keyword below items": ({"items": {"pattern": "x"}}, "keyword 'pattern' is not allowed"),
    "a keyword below allOf": ({"allOf": [{}, {"pattern": "x"}]}, "keyword 'pattern' is not allowed"),
    "a keyword below properties": ({"properties": {"a": {"not": {}}}}, "keyword 'not' is not allowed"),
    "a keyword below $defs": ({"$defs": {"a": {"pattern": "x"}}}, "keyword 'pattern' is not allowed"),
    "a keyword below additionalProperties": ({"additionalProperties": {"pattern": "x"}}, "keyword 'pattern'"),
    "an older dialect": ({"$schema": "http://json-schema.org/draft-07/schema#"}, "dialect"),
    "a remote reference": ({"$ref": "https://example.org/schema"}, "only #/$defs/NAME"),
    "a reference to the root": ({"$ref": "#"}, "only #/$defs/NAME"),
    "a reference into properties": ({"$ref": "#/properties/a", "properties": {"a": {}}}, "only #/$defs/NAME"),
    "a reference that is a number": ({"$ref": 1}, "only #/$defs/NAME"),
    "a missing reference": ({"$ref": "#/$defs/a"}, "reference to 'a', which $defs does not hold"),
    "a missing reference below": ({"items": {"$ref": "#/$defs/a"}, "$defs": {"b": {}}}, "reference to 'a'"),
    "a reference deeper than a name": ({"$ref": "#/$defs/a/items", "$defs": {"a": {"items": {}}}}, "a/items"),
    "a circular reference": (
        {"$ref": "#/$defs/a", "$defs": {"a": {"items": {"$ref": "#/$defs/a"}}}},
        "definition 'a' refers to itself",
    ),
    "a circle of two": (
        {"$defs": {"a": {"$ref": "#/$defs/b"}, "b": {"properties": {"x": {"$ref": "#/$defs/a"}}}}},
        "refers to itself",
    ),
    "a circle nobody enters": ({"$defs": {"a": {"$ref": "#/$defs/a"}}}, "definition 'a' refers to itself"),
    "a reference that doubles": (tower(12), "the limit is 1000"),
    "a thousand subschemas": ({"properties": {str(index): {} for index in range(1000)}}, "1001 subschemas"),
    "a wrong type of keyword": ({"maxLength": "3"}, "'3' is not of type 'integer'"),
    "a negative length": ({"maxLength": -1}, "less than the minimum of 0"),
    "a number among the types": ({"type": ["string", 1]}, "type holds other than text; give names"),
    "a number among the required names": ({"required": [1]}, "required holds other than text; give names"),
    "an unknown type": ({"type": "text"}, "'text' is not valid"),
    "a number for a subschema": ({"items": 3}, "expected a schema object, got 3"),
    "a list for properties": ({"properties": []}, "is not of type 'object'"),
    "an object for allOf": ({"allOf": {}}, "is not of type 'array'"),
    "an empty allOf": ({"allOf": []}, "should be non-empty"),
}


class TestASchemaThatIsRefused:
    """
    "Input schemas, local `$ref` only, no `pattern`."
    """

    @pytest.mark.parametrize("case", REFUSED)
    def test_is_refused_with_the_workflow(self, case: str) -> None:
        """
        The fault is found before anybody is asked, and says what is wrong.
        """
        schema, message = REFUSED[case]
        with pytest.raises(DefinitionError) as caught:
            run({}, make_gate(input_schema=schema))
        found = caught.value.faults
        assert any(message in fault.message for fault in found), caught.value
        assert all(fault.where.startswith("steps[0].payload.input_schema") for fault in found)

    def test_is_refused_with_every_place(self) -> None:
        """
        All unknown keywords are listed, each with the path of its subschema.
        """
        schema = {"pattern": "x", "items": {"properties": {"a": {"format": "y"}}}, "anyOf": [True, {"not": {}}]}
        assert places(schema) == [
            "input_schema",
            "input_schema/items/properties/a",
            "input_schema/anyOf/1",
        ]

    @pytest.mark.parametrize("length", [100, pytest.param(2000, marks=pytest.mark.slow)])
    def test_a_long_row_of_references_is_refused_as_any_fault_is(self, length: int) -> None:
        """
        However long, it exhausts a limit of ours, never the interpreter's stack.
        """
        with pytest.raises(DefinitionError):
            run({}, make_gate(input_schema=chain(length)))

    @pytest.mark.parametrize("name", ["a~1b", "a~0b", "a%62", "a%", "a b%20c"])
    def test_a_name_that_a_reference_would_decode_cannot_hide_what_it_leads_to(self, name: str) -> None:
        """
        A reference means the same to the check and to the validator, so no accepted schema fails when it is used.
        """
        schema = {"$ref": "#/$defs/ab", "$defs": {"ab": {"$ref": f"#/$defs/{name}"}, name: {"type": "integer"}}}
        if not schema_faults(schema):
            assert input_faults(schema, 1) == []
            assert len(input_faults(schema, "x")) == 1


class TestASchemaThatIsAccepted:
    """
    What the closed keywords mean.
    """

    def test_the_keywords(self) -> None:
        """
        The list is closed.
        """
        assert sorted(INPUT_SCHEMA_KEYWORDS) == sorted(
            [
                "$defs",
                "$ref",
                "$schema",
                "additionalProperties",
                "allOf",
                "anyOf",
                "const",
                "default",
                "description",
                "enum",
                "exclusiveMaximum",
                "exclusiveMinimum",
                "items",
                "maxItems",
                "maxLength",
                "maxProperties",
                "maximum",
                "minItems",
                "minLength",
                "minProperties",
                "minimum",
                "oneOf",
                "properties",
                "required",
                "title",
                "type",
            ]
        )

    @pytest.mark.parametrize(
        "schema",
        [
            {},
            {"$schema": "https://json-schema.org/draft/2020-12/schema"},
            {"properties": {"a": True, "b": False, "$defs": {}, "pattern": {"type": "string"}}},
            {"const": {"pattern": 1}, "enum": [{"format": 2}], "default": {"$ref": "x"}},
            {"$ref": "#/$defs/a", "$defs": {"a": {"$ref": "#/$defs/b"}, "b": {"items": False}, "": {}}},
            {"properties": {str(index): {} for index in range(999)}},
            tower(6),
            chain(40),
        ],
        ids=["empty", "dialect", "booleans", "values", "references", "999 properties", "a low tower", "a short chain"],
    )
    def test_can_be_used(self, schema: Any) -> None:
        """
        No fault is found, and an input can be checked against it.
        """
        assert schema_faults(schema) == []
        input_faults(schema, {"a": 1})

    @pytest.mark.parametrize(
        ("schema", "good", "bad"),
        [
            ({"type": "integer"}, 2, 2.5),
            ({"type": "integer"}, 2, True),
            ({"type": "number"}, 0.5, True),
            ({"const": 1}, 1, True),
            ({"const": False}, False, 0),
            ({"enum": [0, "a"]}, 0, False),
            ({"const": [1]}, [1], [True]),
            ({"const": {"a": 0}}, {"a": 0}, {"a": False}),
            ({"required": ["a"]}, {"a": None}, {}),
            ({"properties": {"a": False}}, {"b": 1}, {"a": 1}),
            ({"additionalProperties": False}, {}, {"a": 1}),
            ({"oneOf": [{"type": "string"}, {"maxLength": 1}]}, "ab", "a"),
            ({"maxLength": 1}, "\U0001f602", "ab"),
            ({"$ref": "#/$defs/a", "$defs": {"a": {"minimum": 3}}}, 3, 2),
        ],
    )
    def test_tells_good_from_bad(self, schema: Any, good: Any, bad: Any) -> None:
        """
        `true` is not 1, a whole number is an integer, and lengths count code points.
        """
        assert schema_faults(schema) == []
        assert input_faults(schema, good) == []
        assert len(input_faults(schema, bad)) == 1

    def test_every_fault_of_an_input_is_listed_with_its_path(self) -> None:
        """
        A person mends a form once, not field by field.
        """
        schema = {
            "type": "object",
            "required": ["days"],
            "properties": {"name": {"maxLength": 3}, "list": {"items": {"type": "integer"}}},
        }
        gate = make_gate(input_schema=schema)
        with pytest.raises(InvalidAnswerError) as caught:
            run({}, gate, answers=[make_decision(input={"name": "long", "list": [1, "2", None]})])
        assert [fault.where for fault in caught.value.faults] == ["input", "input/list/1", "input/list/2", "input/name"]

    def test_a_long_value_is_cut_in_the_message(self) -> None:
        """
        A message stays readable whatever the input holds.
        """
        [fault] = input_faults({"type": "integer"}, "x" * 10_000)
        assert len(fault.message) == 200
        assert fault.message.endswith("…")

    def test_more_work_than_is_allowed_is_refused(self) -> None:
        """
        A large input against a large schema is refused at once, instead of being checked for hours.
        """
        schema: dict[str, Any] = {"items": {"allOf": [{}] * 900}}
        assert schema_faults(schema) == []
        [fault] = input_faults(schema, [0] * 5000)
        assert "10001 bytes against a schema of 902 parts" in fault.message
        assert input_faults(schema, [0] * 100) == []

    def test_of_many_faults_only_some_are_listed(self) -> None:
        """
        An input with thousands of faults has them counted no further than a message shows.
        """
        assert len(input_faults({"items": {"type": "string"}}, [0] * 5000)) == 21

    def test_faults_stand_in_one_order(self) -> None:
        """
        The order of faults depends on nothing but the input.
        """
        schema = {"required": ["c", "a", "b"]}
        faults = [str(fault) for fault in input_faults(schema, {})]
        assert faults == sorted(faults)
        assert len(faults) == 3
