"""Templates: params stay where they are put, in paths, queries and bodies."""

from typing import Any
from urllib.parse import parse_qsl, unquote

import httpx
import jsonschema
import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from strategies import json_values

from runtime.connectors.command import fits
from runtime.connectors.params import Param, ParamType, describe_params
from runtime.connectors.templates import check_path, fill_json, fill_path, fill_query, fill_text, list_places
from runtime.encoding.frozen import JsonObject
from runtime.errors import DefinitionError
from runtime.limits import MAX_NUMBER

any_texts = st.text(st.sampled_from("./\\%?#&=;{} aé\n\0"), max_size=4) | st.text(
    st.characters(exclude_categories=["Cs"]), max_size=12
)
"""Texts of characters that mean something to a path, a query or a template, and any other ones."""
templates = st.sampled_from(["/{a}", "/v1/{a}", "/v1/{a}/x", "/{a}{b}", "/x-{a}.{b}/y", "/{a}/{b}/", "/.{a}", "/{a}."])


class TestAPathKeepsItsSegments:
    """
    "A param stays inside its segment", and comes out as it went in.
    """

    @example(template="/v1/{a}/x", a="../a?b#c", b="")
    @example(template="/v1/{a}", a="%2e%2e/", b="")
    @given(template=templates, a=any_texts, b=any_texts)
    def test_for_every_text(self, template: str, a: str, b: str) -> None:
        """
        Decoding the segments gives the texts, and a client sends the path as it is; or the params are refused.
        """
        filled = fill_path(template, {"a": a, "b": b})
        meant = [segment.replace("{a}", "\0a").replace("{b}", "\0b") for segment in template.split("/")]
        meant = [segment.replace("\0a", a).replace("\0b", b) for segment in meant]
        if filled is None:
            assert any(segment in ("", ".", "..") for segment in meant[1:])
            return
        assert [unquote(segment) for segment in filled.split("/")] == meant
        assert not {".", ".."} & {*meant}
        assert httpx.URL(f"http://h{filled}").raw_path == filled.encode()

    @pytest.mark.parametrize("value", ["", ".", ".."])
    def test_and_is_refused_where_it_would_name_another_path(self, value: str) -> None:
        """
        Encoded or not, servers take these for a way up, or for no segment at all.
        """
        assert fill_path("/a/{a}/b", {"a": value}) is None

    def test_and_is_refused_where_two_params_make_a_way_up(self) -> None:
        """
        `.` and `.` are `..`, and a literal dot counts.
        """
        assert fill_path("/{a}{b}", {"a": ".", "b": "."}) is None
        assert fill_path("/.{a}", {"a": "."}) is None

    @pytest.mark.parametrize(
        "path", ["", "a", "//", "/a//b", "/a/../b", "/.", "/a/%2e%2E/b", "/a b", "/a?b", "/é", "/{", "/{A}"]
    )
    def test_and_is_refused_in_settings_that_mean_another(self, path: str) -> None:
        """
        A path is written as it is sent.
        """
        with pytest.raises(DefinitionError):
            check_path(path)

    @pytest.mark.parametrize("path", ["/", "/a/", "/a/{b}", "/a-{b}.json", "/%20", "/a:b@c"])
    def test_and_is_taken_in_settings_that_say_what_they_send(self, path: str) -> None:
        """
        Places, encoded characters and a slash at the end.
        """
        check_path(path)


class TestAQuery:
    """
    "`&` and `=` are data."
    """

    @given(a=any_texts, b=any_texts)
    def test_comes_back_as_it_went_in(self, a: str, b: str) -> None:
        """
        For every text; and a client sends it as it is.
        """
        filled = fill_query({"q": "{a}", "x&y": "<{b}>"}, {"a": a, "b": b})
        assert parse_qsl(filled, keep_blank_values=True) == [("q", a), ("x&y", f"<{b}>")]
        assert httpx.URL(f"http://h/?{filled}").query == filled.encode()

    def test_leaves_out_what_is_absent(self) -> None:
        """
        An optional param that was not given is no empty one.
        """
        assert fill_query({"a": "{a}", "b": "{b}", "c": "1"}, {"b": True}) == "b=true&c=1"


class TestABody:
    """
    "A text of a body that is one place becomes the param with its type."
    """

    @given(value=json_values)
    def test_holds_any_value_in_a_place(self, value: Any) -> None:
        """
        As it is; a text with braces in it is no template.
        """
        params = JsonObject({"a": value, "t": "{b}", "b": 5})
        assert JsonObject({"x": fill_json({"k": ["{a}"]}, params)}) == JsonObject({"x": {"k": [value]}})
        assert fill_json("{t} {b} {{b}}", params) == "{b} 5 {b}"

    def test_leaves_out_members_of_what_is_absent(self) -> None:
        """
        In objects and lists; at the root it is null.
        """
        assert fill_json({"a": "{a}", "b": ["{a}", "x{a}", 1], "c": None}, {}) == {"b": [1], "c": None}
        assert fill_json("{a}", {}) is None
        assert fill_text("x{a}", {}) is None

    def test_lists_its_places(self) -> None:
        """
        And whether each is a whole text everywhere.
        """
        assert list_places({"a": "{a}", "b": ["{b}", "<{b}>", 1, None], "{c}": "x"}) == {"a": True, "b": False}
        with pytest.raises(DefinitionError):
            list_places(["{a"])


_PARAMS = {
    "text": Param(max_length=3),
    "word": Param(enum=("b", "a"), required=False),
    "count": Param(type=ParamType.INTEGER, minimum=1, maximum=9, required=False),
    "flag": Param(type=ParamType.BOOLEAN, required=False, description="on or off"),
    "any": Param(type=ParamType.JSON, required=False),
}


class TestParams:
    """
    What a schema says is what is checked.
    """

    @given(
        params=st.fixed_dictionaries(
            {},
            optional={
                name: json_values | st.sampled_from(["a", "abc", "abcd", 1, 9, 10, True, "1"])
                for name in [*_PARAMS, "x"]
            },
        )
    )
    def test_fit_exactly_when_the_schema_says_so(self, params: dict[str, Any]) -> None:
        """
        Held against a validator of JSON Schema; a float that is integral and text with NUL are refused on top.
        """
        schema = describe_params(_PARAMS)
        says = jsonschema.Draft202012Validator(schema).is_valid(params)
        if type(params.get("count")) is float or "\0" in str(params.get("text")):
            assert not fits(params, schema) or "\0" in str(params.get("any"))
        else:
            assert fits(JsonObject(params), schema) == says

    @pytest.mark.parametrize(
        "changes",
        [
            {"min_length": 2, "max_length": 1},
            {"minimum": 2, "maximum": 1},
            {"enum": ("a", "a")},
            {"enum": ("a",), "type": ParamType.INTEGER},
            {"maximum": MAX_NUMBER + 1},
            {"max_length": -1},
        ],
        ids=str,
    )
    def test_with_bounds_that_mean_nothing_are_refused(self, changes: dict[str, Any]) -> None:
        """
        When the settings are read.
        """
        with pytest.raises(DefinitionError):
            Param(**changes)
