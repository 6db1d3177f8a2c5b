"""Redaction finds every secret that was made up, and nothing else; it takes any value."""

from collections import OrderedDict, UserDict, deque
from collections.abc import Iterator, Mapping
from datetime import date
from enum import IntEnum, StrEnum
from pathlib import Path
from typing import Any, NamedTuple

import pytest
from secrets_made import CLEAN, SECRETS

from runtime.encoding import redaction
from runtime.encoding.frozen import JsonObject
from runtime.encoding.redaction import RULES, Redaction, find_secrets, redact, redact_text


@pytest.mark.parametrize("name", sorted(SECRETS))
def test_a_secret_is_replaced_by_the_mark_of_its_rule(name: str) -> None:
    """
    Nothing of it is left, the mark says which rule found it, and a second time changes nothing.
    """
    case = SECRETS[name]
    redacted = redact(case.value)
    assert case.secret not in repr(redacted)
    assert f"[redacted:{case.rule}]" in repr(redacted)
    assert case.rule in {one.rule for one in find_secrets(case.value)}
    assert redact(redacted) == redacted
    assert find_secrets(redacted) == ()


@pytest.mark.parametrize("name", sorted(CLEAN))
def test_what_only_looks_like_a_secret_stays(name: str) -> None:
    """
    The value is as it was, and nothing is found.
    """
    assert repr(redact(CLEAN[name])) == repr(CLEAN[name])
    assert find_secrets(CLEAN[name]) == ()


def test_there_are_enough_cases() -> None:
    """
    At least sixty of each kind, and every rule for names and texts has one.
    """
    assert min(len(SECRETS), len(CLEAN)) >= 60
    assert {case.rule for case in SECRETS.values()} == RULES.keys() - {"cycle", "depth", "size", "text", "unreadable"}


class TestFindSecrets:
    """
    What is found is told by path and rule; never the value.
    """

    def test_paths_are_json_pointers(self) -> None:
        """
        Keys are escaped, indices are numbers, and places in a text share its path.
        """
        value = {
            "a/b": [1, {"token": "x"}],
            "text": "password=a, pwd=b",
            "body": '{"x": {"secret": "y"}}',
            "token": "z",
        }
        assert find_secrets(value) == (
            Redaction("/a~1b/1/token", "key"),
            Redaction("/text", "pair"),
            Redaction("/body", "key"),
            Redaction("/token", "key"),
        )

    def test_a_path_never_holds_a_secret(self) -> None:
        """
        A key that holds one is shown as it is redacted.
        """
        value = {"password=hunter2": {"token": "x"}}
        assert find_secrets(value) == (Redaction("", "pair"), Redaction("/password=[redacted:pair]", "key"))

    def test_whole_text(self) -> None:
        """
        The path of the whole value is empty.
        """
        assert find_secrets("password=hunter2") == (Redaction("", "pair"),)


class Shouting(str):
    """
    Text that raises wherever it can.
    """

    __slots__ = ()

    def _raise(self, *_: object, **__: object) -> Any:
        raise ZeroDivisionError

    __str__ = __repr__ = __len__ = __contains__ = __eq__ = __getitem__ = __iter__ = strip = startswith = _raise
    __hash__ = str.__hash__


class Colour(StrEnum):
    """
    Text in an enum.
    """

    RED = "password=hunter2"


class Number(IntEnum):
    """
    A number in an enum.
    """

    ONE = 1


class Point(NamedTuple):
    """
    A tuple with names.
    """

    token: str


class Broken(Mapping[str, str]):
    """
    A mapping that raises when it is read.
    """

    def __getitem__(self, key: str) -> str:
        raise KeyError(key)

    def __iter__(self) -> Iterator[str]:
        raise OSError

    def __len__(self) -> int:
        raise OSError


class Mute:
    """
    Raises when it is shown, and when it is asked what it is.
    """

    def __repr__(self) -> str:
        raise RecursionError

    @property  # type: ignore[misc]  # it is what a hostile one does.
    def __class__(self) -> Any:
        raise ZeroDivisionError


class Told:
    """
    Shows a secret.
    """

    def __repr__(self) -> str:
        return "Told(password='hunter2')"


class Lying(list[str]):
    """
    A list that says it is empty.
    """

    def __iter__(self) -> Iterator[str]:
        return iter(())


VALUES: dict[str, tuple[Any, Any]] = {
    "text_that_raises": (Shouting("password=hunter2"), "password=[redacted:pair]"),
    "text_in_an_enum": (Colour.RED, "password=[redacted:pair]"),
    "number_in_an_enum": (Number.ONE, 1),
    "float_of_a_subclass": (type("Half", (float,), {})(0.5), 0.5),
    "bytes": (b"pwd=hunter2", b"pwd=[redacted:pair]"),
    "bytearray": (bytearray(b"abc"), b"abc"),
    "named_tuple": (Point("password=x"), ("password=[redacted:pair]",)),
    "ordered_dict": (OrderedDict({"token": "x"}), {"token": "[redacted:key]"}),
    "user_dict": (UserDict({"token": "x"}), {"token": "[redacted:key]"}),
    "frozen_object": (JsonObject({"a": {"token": "x"}}), {"a": {"token": "[redacted:key]"}}),
    "frozen_seal": (
        JsonObject({"token": {"$sealed": "sha256:" + "0" * 64}}),
        {"token": {"$sealed": "sha256:" + "0" * 64}},
    ),
    "deque": (deque(["pwd=x"]), ["pwd=[redacted:pair]"]),
    "set": ({"b", "a", "pwd=x"}, ["a", "b", "pwd=[redacted:pair]"]),
    "frozenset": (frozenset({"b", "a"}), ["a", "b"]),
    "list_that_lies": (Lying(["pwd=x"]), ["pwd=[redacted:pair]"]),
    "range": (range(10**12), "range(0, 1000000000000)"),
    "date": (date(2026, 1, 2), "datetime.date(2026, 1, 2)"),
    "path": (Path("/x"), "PosixPath('/x')"),
    "object": (Told(), "Told(password='[redacted:pair]')"),
    "object_that_raises": ([Mute(), 1], ["[redacted:unreadable]", 1]),
    "mapping_that_raises": ({"a": Broken(), "b": 1}, {"a": "[redacted:unreadable]", "b": 1}),
    "mapping_that_raises_as_a_secret": ({"token": Broken()}, {"token": "[redacted:key]"}),
    "object_as_a_secret": ({"token": Mute()}, {"token": "[redacted:key]"}),
    "false_seal": ({"token": {"$sealed": "hunter2"}}, {"token": "[redacted:key]"}),
    "seal_with_more": ({"token": {"$sealed": "sha256:" + "0" * 64, "v": 1}}, {"token": "[redacted:key]"}),
    "walked_empty": ({"auth": {}}, {"auth": {}}),
    "tuple_as_a_key": ({("pwd=x", 1): 2}, {"('pwd=[redacted:pair]', 1)": "[redacted:key]"}),
    "bytes_as_a_key": ({b"token": "x"}, {b"token": "[redacted:key]"}),
    "object_as_a_key": ({Told(): 1}, {"Told(password='[redacted:pair]')": "[redacted:key]"}),
    "text_that_raises_as_a_key": ({Shouting("token"): "x"}, {"token": "[redacted:key]"}),
    "two_keys_alike": (
        {"a Bearer abcdef12": 1, "a Bearer abcdef13": 2},
        {"a Bearer [redacted:bearer]": "[redacted:key]", "a Bearer [redacted:bearer] 1": "[redacted:key]"},
    ),
    "json_text_with_other_letters": ('{"é": {"token": "x"}}', '{"é": {"token": "[redacted:key]"}}'),
    "json_text_doubled": ('{"token": "x", "token": null}', '{"token": "[redacted:pair]", "token": null}'),
    "json_text_around": (' [{"token": "x"}]\n', '[{"token": "[redacted:key]"}]'),
}


@pytest.mark.parametrize("name", sorted(VALUES))
def test_any_value_is_taken(name: str) -> None:
    """
    It becomes what is shown of it, without secrets, and twice is once.
    """
    value, expected = VALUES[name]
    redacted = redact(value)
    assert repr(redacted) == repr(expected)
    assert repr(redact(redacted)) == repr(redacted)


def test_the_argument_is_not_touched() -> None:
    """
    What is given out is a copy.
    """
    value: dict[str, Any] = {"a": [{"token": "x"}], "b": {"c": [1]}}
    redacted = redact(value)
    assert value == {"a": [{"token": "x"}], "b": {"c": [1]}}
    assert redacted["b"]["c"] is not value["b"]["c"]


class TestBounds:
    """
    What has no end has a mark.
    """

    def test_a_value_that_holds_itself(self) -> None:
        """
        The inner one is a mark; holding another value twice is no cycle.
        """
        ring: dict[str, Any] = {"a": 1}
        ring["again"] = [ring]
        assert redact(ring) == {"a": 1, "again": ["[redacted:cycle]"]}
        assert find_secrets(ring) == (Redaction("/again/0", "cycle"),)
        twice = [1]
        assert redact([twice, twice]) == [[1], [1]]

    def test_a_deep_value(self) -> None:
        """
        What is deeper than a record and its view is a mark.
        """
        deep: Any = "password=hunter2"
        for _ in range(200):
            deep = [deep]
        redacted = redact(deep)
        assert repr(redacted) == "[" * 80 + "'[redacted:depth]'" + "]" * 80
        assert redact(redacted) == redacted

    def test_deep_json_in_a_text(self) -> None:
        """
        Depth counts through a text, and what no parser reads is text.
        """
        assert "[redacted:depth]" in redact_text("[" * 100 + "]" * 100)
        inner: Any = "[" * 60 + "]" * 60
        for _ in range(60):
            inner = [inner]
        assert "[redacted:depth]" in repr(redact(inner))
        text = "[" * 100_000 + "]" * 100_000
        assert redact_text(text) == text

    def test_more_members_than_a_document_has(self, monkeypatch: pytest.MonkeyPatch) -> None:
        """
        What stands behind them is a mark, in lists, mappings and texts, also where they are held twice and more.
        """
        monkeypatch.setattr(redaction, "MAX_JSON_NODES", 4)
        assert redact([1, 2, 3, 4, 5, 6]) == [1, 2, 3, 4, "[redacted:size]"]
        assert redact(dict.fromkeys("abcdef", 1)) == {**dict.fromkeys("abcd", 1), "[redacted:size]": "[redacted:size]"}
        assert redact([1, "[1, 2, 3]", 4]) == [1, '[1, 2, "[redacted:size]"]', "[redacted:size]"]
        for value in ([1, 2, 3, 4, 5, 6], [[1, 2], [3, 4]], {"a": {"b": 1, "c": 2}, "d": {"e": 1}}):
            assert redact(redact(value)) == redact(value)

    def test_a_text_that_never_comes_to_rest_is_replaced_whole(self, monkeypatch: pytest.MonkeyPatch) -> None:
        """
        Rather nothing is shown than a part of it.
        """
        monkeypatch.setattr("runtime.encoding.secrettext.hide_pairs", lambda text, _: text + "=")
        assert redact_text("abc=de") == "[redacted:text]"
        assert find_secrets("abc=de") == (Redaction("", "text"),)
