"""HTML that escapes by construction: no text becomes markup, and no element loads, runs or leads anywhere."""

from pathlib import Path

import pytest

from runtime.errors import EngineBug
from runtime.evidence.page.markup import Markup, build_document, element
from runtime.evidence.page.style import STYLE

RUNTIME = Path(__file__).parents[4] / "runtime"


class TestText:
    """
    Text is escaped where it enters.
    """

    @pytest.mark.parametrize(
        ("text", "written"),
        [
            ("<script>", "&lt;script&gt;"),
            ("a & b", "a &amp; b"),
            ("\"'", "&quot;&#x27;"),
            ("\u202e\u200b\x1b\n", "\\u{202e}\\u{200b}\\u{1b}\\u{a}"),
            ("&lt;", "&amp;lt;"),
        ],
    )
    def test_in_content_and_in_attributes(self, text: str, written: str) -> None:
        """
        In both the same way, hidden characters included.
        """
        assert element("p", text).text == f"<p>{written}</p>"
        assert element("p", class_=text).text == f'<p class="{written}"></p>'

    def test_markup_is_taken_as_it_is(self) -> None:
        """
        Once, and in order.
        """
        assert element("p", "<", element("strong", ">"), "&").text == "<p>&lt;<strong>&gt;</strong>&amp;</p>"

    def test_names_of_attributes(self) -> None:
        """
        `_` is written for `-`, and not behind a keyword of Python.
        """
        assert element("meta", http_equiv="x").text == '<meta http-equiv="x">'
        assert element("td", class_="a", id="b").text == '<td class="a" id="b"></td>'


class TestElements:
    """
    Only what stands in the tables can be made.
    """

    @pytest.mark.parametrize("name", ["script", "a", "img", "link", "iframe", "form", "object", "svg", "base", "P", ""])
    def test_one_that_loads_or_leads_somewhere_is_refused(self, name: str) -> None:
        """
        Whatever it holds.
        """
        with pytest.raises(EngineBug, match="only what loads and runs nothing"):
            element(name)

    @pytest.mark.parametrize("name", ["src", "href", "style", "onclick", "srcset", "action", "ping"])
    def test_an_attribute_that_does_is_refused(self, name: str) -> None:
        """
        It is named.
        """
        with pytest.raises(EngineBug, match=name):
            element("p", **{name: "x"})

    def test_an_element_without_content_is_given_none(self) -> None:
        """
        It would stand outside of it.
        """
        with pytest.raises(EngineBug):
            element("meta", "text")


def test_markup_is_made_in_two_places_only() -> None:
    """
    Where elements are made, and where the style sheet stands; so no foreign text can become markup.
    """
    makers = [path.name for path in RUNTIME.rglob("*.py") if "Markup(" in path.read_text()]
    assert sorted(makers) == ["markup.py", "style.py"]


def test_the_style_sheet_loads_nothing() -> None:
    """
    And ends nothing that it stands in.
    """
    for word in ("url(", "@import", "http", "//", "<", "expression", "@font-face"):
        assert word not in STYLE.text


def test_a_document_forbids_what_it_does_not_have() -> None:
    """
    A browser that finds something to load in it all the same does not load it.
    """
    raw = build_document(title="<t>", style=Markup("p{}"), body=element("body"))
    assert raw.startswith(b'<!DOCTYPE html>\n<html lang="en"><head><meta charset="utf-8">')
    assert b"default-src &#x27;none&#x27;; style-src &#x27;unsafe-inline&#x27;" in raw
    assert b"<title>&lt;t&gt;</title><style>p{}</style>" in raw
