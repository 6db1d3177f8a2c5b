"""Documents people write: read by the name of the file, and every fault found in them has its line."""

from typing import Any

import attrs
import pytest

from runtime.encoding import intake
from runtime.encoding.document import Document, Mark, place_faults, structure_document
from runtime.encoding.intake import parse_document
from runtime.errors import DefinitionError, EncodingError, EngineBug, Fault, IntegrityError, MissionEngineError
from runtime.limits import MAX_PAYLOAD_BYTES

_JSON = """\
{
  "id": "pack",
  "rules": [
    {"effect": "deny",
      "when": ["a > 1",

        "b \\" [ , } {"],
      "limits"
        : {"a b": 1, "it's": [ 2,
        3]}},
    {"effect":
      "allow"
    }, [
    ], 7
  ]
}
"""

_PLACES: dict[str, int] = {
    "": 1,
    "/": 1,
    "id": 2,
    "rules": 3,
    "rules[0]": 4,
    "rules[0].effect": 4,
    "rules[0].when": 5,
    "rules[0].when[0]": 5,
    "rules[0].when[1]": 7,
    "rules[0].limits": 8,
    "rules[0].limits['a b']": 9,
    'rules[0].limits["it\'s"]': 9,
    'rules[0].limits["it\'s"][1]': 10,
    "rules[0].limits/a b": 9,
    "rules[0].limits/it's/0": 9,
    "rules[0]/limits/it's/1": 10,
    "/rules/0/limits/it's/1": 10,
    "rules[1]": 11,
    "rules[1].effect": 11,
    "rules[2]": 13,
    "rules[3]": 14,
}

_MISSING: dict[str, int] = {
    "rulez": 1,
    "rules[4]": 3,
    "rules[0].effect.x": 4,
    "rules[0].when[2]": 5,
    "rules[0].when/2/x": 5,
    "rules[0].limits['none'].x": 8,
    "rules[0].limits[a]": 8,
    "rules[0].limits['\\x']": 8,
    "rules[0].limits['a b": 8,
    "rules[-1]": 3,
    "rules[01]": 3,
    "rules[]": 3,
    "rules..": 3,
    "[0]": 1,
    "].[": 1,
}


@pytest.mark.parametrize("path", [*_PLACES, *_MISSING])
def test_a_path_has_the_line_it_stands_in_or_that_of_the_part_around_it(path: str) -> None:
    """
    A member has the line of its key, an element the line it starts in, and all else that of the part it would be in.
    """
    document = parse_document(_JSON, source="pack.json")
    line = _PLACES[path] if path in _PLACES else _MISSING[path]
    assert document.line_of(path) == line
    assert document.place(path) == f"pack.json:{line} {path}".rstrip()


def test_a_list_or_a_scalar_may_be_the_whole_document() -> None:
    """
    The document itself has the line it starts in, whatever it is.
    """
    for name in ("a.json", "a.yaml"):
        listed = parse_document("\n\n[1,\n[2]]", source=name)
        assert [listed.line_of(path) for path in ("", "[0]", "/1", "[1][0]", "[1]/0")] == [3, 3, 4, 4, 4]
        scalar = parse_document('\n"x"', source=name)
        assert (scalar.value, scalar.line_of(""), scalar.line_of("x[0]")) == ("x", 2, 2)


@pytest.mark.parametrize("name", ["a.json", "a.yaml"])
def test_a_key_too_long_for_a_path_is_found_by_its_start(name: str) -> None:
    """
    A path holds the start of a long key; where two keys share it, neither line is claimed.
    """
    long, other, third = "k" * 200, "k" * 201, "j" * 200
    text = f'{{\n"{long}": {{"a": 1}},\n"{third}": \n{{"a":\n1}},\n"{other}":\n {{"b": 2}}}}'
    document = parse_document(text, source=name)
    token = "k" * 79 + "…"
    assert document.line_of(f"/{token}") == 1
    assert document.line_of(f"/{token}/a") == 1
    assert document.line_of(f"/{token}/b") == 1
    assert document.line_of("/" + "j" * 79 + "…/a") == 4
    assert document.line_of(f"['{third}'].a") == 4


@pytest.mark.parametrize("name", ["a.json", "a.yaml"])
def test_keys_with_marks_of_a_path_are_found(name: str) -> None:
    """
    A key may hold what separates the parts of a path.
    """
    document = parse_document('{\n"a/b": 1,\n"~": 2,\n"c.d[0]": 3,\n"": 4,\n"\'\\"": 5}', source=name)
    found = [document.line_of(path) for path in ("/a~1b", "/~0", "/c.d[0]", "/", "['c.d[0]']", "['\\'\"']", "['']")]
    assert found == [2, 3, 4, 5, 4, 6, 5]


def test_the_name_of_the_file_chooses_the_format() -> None:
    """
    `.json`, in any case, is read as JSON and as nothing else; every other name is read as YAML.
    """
    for name in ("pack.json", "a.b/PACK.JSON"):
        assert parse_document(b'{"a": 1}', source=name).value == {"a": 1}
        with pytest.raises(EncodingError, match="not JSON") as caught:
            parse_document("a: 1", source=name)
        assert caught.value.where == f"{name}:1:1"
    for name in ("pack.yaml", "pack.yml", "pack", "", "json", "pack.json.yaml"):
        assert parse_document("a: 1 # YAML", source=name).value == {"a": 1}
    assert parse_document("a: 1", source="pack.yaml").source == "pack.yaml"


@pytest.mark.parametrize("name", ["a.json", "a.yaml"])
def test_both_formats_have_the_same_bounds(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """
    Size, depth, and number of keys and values are bounded alike.
    """
    with pytest.raises(EncodingError, match=f"a text of {MAX_PAYLOAD_BYTES + 1} bytes"):
        parse_document(" " * MAX_PAYLOAD_BYTES + "1", source=name)
    with pytest.raises(EncodingError, match="nesting deeper than 64"):
        parse_document("[" * 65 + "]" * 65, source=name)
    monkeypatch.setattr(intake, "MAX_PARTS", 5)
    monkeypatch.setattr("runtime.encoding.yamltext.MAX_PARTS", 5)
    assert parse_document('{"a": 1, "b": 2}', source=name).value == {"a": 1, "b": 2}
    for text in ('{"a": 1, "b": [2]}', "[1, 2, 3, 4, 5]", "[[], [], [], {}, {}]"):
        with pytest.raises(EncodingError, match="more than 5 keys and values") as caught:
            parse_document(text, source=name)
        assert caught.value.where.startswith(name)


@pytest.mark.parametrize("name", ["a.json", "a.yaml"])
@pytest.mark.parametrize("text", [b"", b"\xff", b"\xef\xbb\xbf{}", '{"a": 1, "a": 2}', "[1e400]", "[1"])
def test_both_formats_refuse_what_is_no_document(name: str, text: bytes | str) -> None:
    """
    Whatever the format, what cannot be read is refused with the name of the text.
    """
    with pytest.raises(EncodingError) as caught:
        parse_document(text, source=name)
    assert caught.value.where.startswith(name)


@attrs.frozen
class _Rule:
    """
    A rule of the tests.
    """

    effect: str
    when: tuple[str, ...] = ()
    limits: dict[str, int] = attrs.field(factory=dict)
    note: str = attrs.field(default="")

    @note.validator
    def _refuse_bad(self, _: object, note: str) -> None:
        if note == "bad":
            raise EncodingError("a note", where="/0/x", remedy="write another")
        if note == "bug":
            raise EngineBug("an invariant broke")


@attrs.frozen
class _Pack:
    """
    A pack of the tests.
    """

    rules: tuple[_Rule, ...]


_FAULTY = """\
rules:
  - effect: 5
    when:
      - a
      - 7

  - when: a
  - effect: deny
    limits:
      a: 1

      it's: x
  - effect: deny

    note: bad
more: 1
"""


def test_a_value_is_built_from_a_document() -> None:
    """
    A document without faults gives the value.
    """
    document = parse_document("rules:\n- effect: deny\n  limits: {a: 1}", source="pack.yaml")
    assert structure_document(document, _Pack, what="pack") == _Pack((_Rule("deny", limits={"a": 1}),))


def test_every_fault_of_a_document_has_source_line_and_path() -> None:
    """
    What the converter says of a path stands there with the line in front of it.
    """
    document = parse_document(_FAULTY, source="pack.yaml")
    with pytest.raises(DefinitionError) as caught:
        structure_document(document, _Pack, what="policy pack")
    error = caught.value
    assert (error.what, error.where) == ("policy pack: 7 faults", "pack.yaml")
    assert [str(fault) for fault in error.faults] == [
        "expected str, got int 5 @ pack.yaml:2 rules[0].effect",
        "expected str, got int 7 @ pack.yaml:5 rules[0].when[1]",
        "required field 'effect' is missing @ pack.yaml:7 rules[1].effect",
        "expected list, got str 'a' @ pack.yaml:7 rules[1].when",
        "expected int, got str 'x' @ pack.yaml:12 rules[2].limits[\"it's\"]",
        "a note: write another @ pack.yaml:15 rules[3].note/0/x",
        "unknown field 'more' @ pack.yaml:1",
    ]


def test_the_error_is_of_the_class_asked_for() -> None:
    """
    The caller's class is raised, and the error of the converter is its cause.
    """
    document = parse_document("[]", source="")
    with pytest.raises(IntegrityError) as caught:
        structure_document(document, _Pack, what="pack", error=IntegrityError)
    assert type(caught.value) is IntegrityError
    assert type(caught.value.__cause__) is IntegrityError
    assert str(caught.value) == "pack: a fault\n  expected dict, got list [] @ line 1"


def test_a_bug_of_the_engine_is_no_fault_of_the_document() -> None:
    """
    An engine bug comes through as it is, even where any error of the package was asked for.
    """
    document = parse_document("rules: [{effect: deny, note: bug}]", source="pack.yaml")
    with pytest.raises(EngineBug) as caught:
        structure_document(document, _Pack, what="pack", error=MissionEngineError)
    assert caught.value.where == ""


def test_a_value_that_was_no_text_has_no_lines() -> None:
    """
    A document made of a value gives its faults the source alone.
    """
    document = Document(source="given", value={"rules": [{}]})
    assert document.line_of("rules[0]") is None
    assert document.place("rules[0]") == "given rules[0]"
    assert Document(value=1).place("") == ""
    with pytest.raises(DefinitionError) as caught:
        structure_document(document, _Pack, what="pack")
    assert [fault.where for fault in caught.value.faults] == ["given rules[0].effect"]


def test_an_error_is_placed_as_a_whole_and_in_its_faults() -> None:
    """
    The class, the text and the remedy stay; every path gets its line, and an error without one the source.
    """
    document = parse_document('{"a":\n[1,\n2]}', source="a.json")
    placed = place_faults(EncodingError("x", where="/a/1", remedy="y"), document)
    assert (type(placed), placed.what, placed.where, placed.remedy) == (EncodingError, "x", "a.json:3 /a/1", "y")
    assert place_faults(EncodingError("x", where="/"), document).where == "a.json:1"
    listed = place_faults(DefinitionError("x", faults=[Fault("m", "a[0]"), Fault("n")]), document)
    assert (listed.where, listed.faults) == ("a.json", (Fault("m", "a.json:2 a[0]"), Fault("n", "a.json:1")))


def test_a_document_is_not_changed_by_assignment() -> None:
    """
    A document and its marks are frozen.
    """
    document = parse_document("a: 1", source="a.yaml")
    changes: list[tuple[Any, str]] = [(document, "value"), (document, "source"), (Mark(1), "line")]
    for value, name in changes:
        with pytest.raises(attrs.exceptions.FrozenInstanceError):
            setattr(value, name, 2)
