"""Laws of documents people write: both readers find one value, every part has its line, nothing but a refusal else."""

import json
import re
from typing import Any

import pytest
import yaml
from hypothesis import assume, example, given
from hypothesis import strategies as st
from strategies import awkward_texts, awkward_values, json_values, little_values

from runtime.encoding.canonical import canonical
from runtime.encoding.document import Document
from runtime.encoding.intake import parse_document
from runtime.encoding.pointer import escape_token
from runtime.encoding.yamltext import parse_yaml
from runtime.errors import EncodingError

_NAMES = ["yes", "No", "ON", "off", "true", "TRUE", "False", "null", "Null", "~", "", "=", "<<", "*a", "&a", "!a"]
_NUMBERS = ["0", "-1", "1.5", "1_0", "0755", "0x1F", "12:30", ".5", ".inf", ".nan", "2024-01-01"]
_PUNCTUATION = ["- a", "? a", "a: b", "a #b", "[a", "'a", "%a", "@a", "|", "a\n\n b\n"]
_words = st.sampled_from([*_NAMES, *_NUMBERS, *_PUNCTUATION])
_wordy_values = st.recursive(
    _words | json_values,
    lambda children: st.lists(children, max_size=3) | st.dictionaries(_words, children, max_size=3),
    max_leaves=6,
)

# Text that PyYAML writes without quotes, for it is text to PyYAML alone.
_looks_like_a_number = re.compile(r"[-+.]*[0-9].*", re.DOTALL).fullmatch
_READ_OTHERWISE = {"y", "n", "nan", "inf", "infinity"}


def _is_plain_elsewhere(text: str) -> bool:
    bare = text.lstrip("+-").lower()
    is_plain = yaml.safe_dump([text]).startswith(f"- {text}")
    return is_plain and (bare in _READ_OTHERWISE or bool(_looks_like_a_number(text)))


def _texts_of(value: Any) -> list[str]:
    if type(value) is dict:
        return [*value, *(text for child in value.values() for text in _texts_of(child))]
    if type(value) is list:
        return [text for child in value for text in _texts_of(child)]
    return [value] if type(value) is str else []


class TestBothReadersFindTheValueThatWasWritten:
    """
    JSON text, and what PyYAML writes of JSON data, is read by either reader as the value it was written from.
    """

    @given(awkward_values | _wordy_values, st.sampled_from([None, 0, 1, 2]), st.booleans())
    def test_json_text_is_read_as_json_and_as_yaml(
        self,
        value: Any,
        indent: int | None,
        raw: bool,  # noqa: FBT001 - drawn.
    ) -> None:
        """
        JSON text is YAML text with the same value and the same lines.
        """
        text = json.dumps(value, indent=indent, ensure_ascii=not raw)
        read = parse_document(text, source="a.json")
        assert canonical(read.value) == canonical(value)
        if raw and not re.fullmatch(r"[\t\n\r -~\xa0-\u2027\u202a-\ufefe\uff00-\ufffd\U00010000-\U0010ffff]*", text):
            with pytest.raises(EncodingError, match="character U"):
                parse_yaml(text)
            return
        also = parse_document(text.encode(), source="a.yaml")
        assert canonical(also.value) == canonical(value)
        assert _lines(also) == _lines(read)

    @given(awkward_values | _wordy_values, st.sampled_from([None, False, True]), st.sampled_from([20, 80, 10_000]))
    def test_what_pyyaml_writes_is_read_as_it_was(
        self,
        value: Any,
        flow: bool | None,  # noqa: FBT001 - drawn.
        width: int,
    ) -> None:
        """
        PyYAML quotes what it would read as another value, so what it writes of JSON data is read as that data.
        """
        assume(not any(map(_is_plain_elsewhere, _texts_of(value))))
        own = json.loads(json.dumps(value))  # Parts held twice would be written as aliases.
        text = yaml.safe_dump(own, default_flow_style=flow, width=width, sort_keys=False)
        assert canonical(parse_yaml(text).value) == canonical(value)

    @given(st.sampled_from(["y", "N", "1e3", "08:30", "NaN", "-Infinity", "089", "0o17"]))
    def test_what_pyyaml_alone_takes_for_text_is_no_text_here(self, word: str) -> None:
        """
        A word that PyYAML writes without quotes, though others read a value in it, is refused or is that value.
        """
        assert _is_plain_elsewhere(word)
        if word == "1e3":
            assert parse_yaml(yaml.safe_dump([word])).value == [1000.0]
            return
        with pytest.raises(EncodingError, match="readers of YAML take for different values"):
            parse_yaml(yaml.safe_dump([word]))


def _lines(document: Document) -> list[tuple[str, int | None]]:
    """
    Give every path of a document as a pointer, with its line.
    """
    found: list[tuple[str, int | None]] = []

    def walk(value: Any, path: str) -> None:
        found.append((path, document.line_of(path)))
        pairs = value.items() if type(value) is dict else enumerate(value) if type(value) is list else ()
        for key, child in pairs:
            walk(child, f"{path}/{escape_token(key)}")

    walk(document.value, "")
    return found


class _Page:
    """
    A text being written, and the line at which each part was put into it.
    """

    def __init__(self, data: st.DataObject) -> None:
        self.data = data
        self.text = ""
        self.lines: dict[str, int] = {}

    def put(self, text: str) -> None:
        self.text += text

    def mark(self, path: str) -> None:
        self.lines[path] = self.text.count("\n") + 1

    def gap(self) -> None:
        self.put(self.data.draw(st.sampled_from(["", " ", "\n", "\r\n  ", "\n\n"])))

    def write_json(self, value: Any, pointer: str, path: str, *, is_marked: bool = False) -> None:
        """
        Write JSON with white space of every kind between its tokens.
        """
        if not is_marked:
            self.mark(pointer)
            self.mark(path)
        if type(value) not in (dict, list):
            self.put(json.dumps(value))
            return
        is_dict = type(value) is dict
        self.put("{" if is_dict else "[")
        for index, key in enumerate(value if is_dict else range(len(value))):
            self.put("," if index else "")
            self.gap()
            below = f"{path}[{key!r}]"
            if is_dict:
                self.mark(f"{pointer}/{escape_token(key)}")
                self.mark(below)
                self.put(json.dumps(key))
                self.gap()
                self.put(":")
                self.gap()
            self.write_json(value[key], f"{pointer}/{escape_token(key)}", below, is_marked=is_dict)
            self.gap()
        self.put("}" if is_dict else "]")

    def write_block(self, value: Any, pointer: str, indent: int, *, is_marked: bool = False) -> None:
        """
        Write YAML in lines, with comments and empty lines between them; the first line goes on where the text ends.
        """
        if type(value) not in (dict, list) or not value:
            self.put(" ")
            if not is_marked:
                self.mark(pointer)
            self.put(json.dumps(value) + "\n")
            return
        is_dict = type(value) is dict
        if pointer or self.text:
            self.put("\n")
        for index, key in enumerate(value if is_dict else range(len(value))):
            self.put(self.data.draw(st.sampled_from(["", "", "\n", "   # : a comment\n"])))
            if not index and not is_marked:
                self.mark(pointer)
            below = f"{pointer}/{escape_token(key)}"
            if is_dict:
                self.mark(below)
            self.put(" " * indent + (f"{json.dumps(key)}:" if is_dict else "-"))
            self.write_block(value[key], below, indent + 2, is_marked=is_dict)


class TestEveryPartHasItsLine:
    """
    The line of a member is that of its key, the line of an element that of its first character.
    """

    @given(awkward_values, st.data())
    def test_lines_of_json_are_where_the_parts_were_written(self, value: Any, data: st.DataObject) -> None:
        """
        However a JSON text is broken into lines, every path of it names the line at which that part was written.
        """
        page = _Page(data)
        page.gap()
        page.write_json(value, "", "")
        document = parse_document(page.text, source="a.json")
        assert {path: document.line_of(path) for path in page.lines} == page.lines
        if type(value) is dict:
            assert document.line_of("/not there/at all") == document.line_of("")

    @given(json_values)
    def test_indented_json_has_one_part_a_line(self, value: Any) -> None:
        """
        In the layout of `json.dumps(indent=1)` each part follows the one before it on the next line that opens one.
        """
        document = parse_document(json.dumps(value, indent=1), source="a.json")
        starts = [
            number
            for number, line in enumerate(json.dumps(value, indent=1).split("\n"), 1)
            if line.strip(" ,") not in ("]", "}")
        ]
        assert [line for _, line in _lines(document)] == starts

    @given(awkward_values, st.data())
    def test_lines_of_yaml_are_where_the_parts_were_written(self, value: Any, data: st.DataObject) -> None:
        """
        The same holds for YAML in lines, between comments and empty lines.
        """
        page = _Page(data)
        page.put(data.draw(st.sampled_from(["", "# first\n", "\n\n", "---\n"])))
        page.write_block(value, "", 0)
        document = parse_yaml(page.text)
        assert canonical(document.value) == canonical(value)
        assert {path: document.line_of(path) for path in page.lines} == page.lines

    @given(little_values, st.text(max_size=12) | st.from_regex(r"\A[a/\[\]'\".0~]{0,8}\Z"))
    def test_any_path_has_a_line_of_the_text(self, value: Any, path: str) -> None:
        """
        A path that names nothing, or that nobody would write, has the line of something in the text.
        """
        text = json.dumps(value, indent=1)
        line = parse_document(text, source="a.json").line_of(path)
        assert line is not None
        assert 1 <= line <= text.count("\n") + 1


_fragments = st.sampled_from(
    [
        *"-?:,[]{}#&*!|>'\"%@`~= \n\t\r\\",
        "\n  ",
        "\n - ",
        "- ",
        "? ",
        ": ",
        "a: ",
        "a",
        "'b'",
        '"c"',
        "<<: ",
        "&x ",
        "*x",
        "!!str ",
        "! ",
        "!<a> ",
        "--- ",
        "\n---\n",
        "\n...\n",
        "%YAML 1.2\n",
        "%TAG ! a:\n",
        "|\n ",
        ">+2\n  ",
        "yes",
        "1",
        "-0",
        "1e400",
        "9007199254740992",
        "0o7",
        "12:30",
        "2024-01-01",
        "null",
        "true",
        r'"\ud800"',
        r'"\ud83d\ude02"',
        r'"\UFFFFFFFF"',
        r'"\x4"',
        "\ufeff",
        "\x00",
        "\x85",
        "\u2028",
        "\u20ac",
        "\ud800",
    ]
)
_yaml_like = st.lists(_fragments, max_size=14).map("".join)


def _agrees(value: Any, spelled: Any) -> bool:
    """
    Tell whether a value says what PyYAML, told to take every scalar for text, finds in the same text.
    """
    if type(value) is dict and type(spelled) is dict:
        keys = [key.encode("utf-16", "surrogatepass").decode("utf-16") for key in spelled]
        return list(value) == keys and all(map(_agrees, value.values(), spelled.values()))
    if type(value) is list and type(spelled) is list:
        return len(value) == len(spelled) and all(map(_agrees, value, spelled))
    if type(spelled) is not str:
        return False
    if type(value) is str:
        return value == spelled.encode("utf-16", "surrogatepass").decode("utf-16")
    if value is None or type(value) is bool:
        return spelled in {None: ("", "~", "null"), True: ("true",), False: ("false",)}[value]
    return bool(value == (int if type(value) is int else float)(spelled))


def _check(text: str) -> None:
    try:
        document = parse_yaml(text, source="a.yaml")
    except EncodingError as error:
        refusal = error
    else:
        assert canonical(document.value)
        assert all(line and line <= text.count("\n") + 1 for _, line in _lines(document))
        assert _agrees(document.value, yaml.load(text, Loader=yaml.BaseLoader))  # noqa: S506 - it builds texts only.
        return
    assert refusal.what
    assert refusal.where.startswith("a.yaml")
    assert refusal.remedy or refusal.faults
    assert str(refusal).encode(), "a message must be text that can be printed"
    assert len(str(refusal)) < 10_000


class TestNothingButARefusal:
    """
    Any text either is read, as PyYAML reads its structure, or raises `EncodingError` with a place and a remedy.
    """

    @given(st.text(max_size=30) | awkward_texts | _yaml_like)
    @example("[" * 2000)
    @example("- " * 2000)
    @example("? " * 2000)
    @example("{a: " * 2000)
    @example("1" * 5000)
    @example("1:1" * 2000)
    @example("%YAML 1." + "1" * 5000)
    @example("!" * 5000)
    @example("&" + "a" * 5000 + " *" + "a" * 5000)
    @example("? " + "k" * 5000)
    def test_any_text(self, text: str) -> None:
        """
        The law holds for arbitrary text, also for text that nearly is YAML.
        """
        _check(text)

    @given(st.binary(max_size=40))
    def test_any_bytes(self, raw: bytes) -> None:
        """
        The law holds for arbitrary bytes, which are read as the text they encode.
        """
        try:
            value = parse_yaml(raw, source="a.yaml").value
        except EncodingError:
            return
        assert canonical(parse_yaml(raw.decode()).value) == canonical(value)

    @given(_wordy_values, st.booleans(), st.data())
    def test_a_changed_document(
        self,
        value: Any,
        flow: bool,  # noqa: FBT001 - drawn.
        data: st.DataObject,
    ) -> None:
        """
        The law holds for YAML text in which a piece was put in, cut out or replaced.
        """
        text = yaml.safe_dump(json.loads(json.dumps(value)), default_flow_style=flow)
        for _ in range(data.draw(st.integers(1, 3))):
            at = data.draw(st.integers(0, len(text)))
            text = text[:at] + data.draw(_fragments) + text[at + data.draw(st.integers(0, 3)) :]
        _check(text)


_TAGS = [f"tag:yaml.org,2002:{name}" for name in ("bool", "float", "int", "merge", "null", "value")]
_RESOLVERS = sorted(
    {
        pattern.pattern
        for pairs in yaml.SafeLoader.yaml_implicit_resolvers.values()
        for tag, pattern in pairs
        if tag in _TAGS
    }
)
_CORE_SCHEMA = [
    r"null|Null|NULL|~|",
    r"true|True|TRUE|false|False|FALSE",
    r"[-+]?[0-9]+|0o[0-7]+|0x[0-9a-fA-F]+",
    r"[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?",
    r"[-+]?(\.inf|\.Inf|\.INF)|\.nan|\.NaN|\.NAN",
    r"y|Y|yes|Yes|YES|n|N|no|No|NO|on|On|ON|off|Off|OFF",
]


class TestNoTextIsAnotherValueElsewhere:
    """
    What a reader of YAML 1.1 or of the core schema of YAML 1.2 takes for no text is the same here, or refused.
    """

    @given(st.one_of(*(st.from_regex(re.compile(pattern, re.VERBOSE), fullmatch=True) for pattern in _RESOLVERS)))
    @example("0b1")
    @example("0_7")
    @example("190:20:30")
    @example("190:20:30.15")
    @example("685_230.15")
    @example("-.inf")
    def test_words_of_yaml_1_1(self, text: str) -> None:
        """
        PyYAML resolves words as YAML 1.1 does.
        """
        self._compare(text)

    @given(st.one_of(*(st.from_regex(pattern, fullmatch=True) for pattern in _CORE_SCHEMA)))
    def test_words_of_the_core_schema(self, text: str) -> None:
        """
        The core schema resolves fewer words, and some that YAML 1.1 does not.
        """
        self._compare(text)

    @staticmethod
    def _compare(text: str) -> None:
        text = text.strip("\n")
        try:
            [value] = parse_yaml(f"- {text}\n").value
        except EncodingError as error:
            refusal = error
        else:
            assert type(value) is not str
            assert value is None or type(value) is bool or value == float(text)
            return
        assert "readers of YAML take for different values" in refusal.what or abs(float(text)) >= 2**53
