"""Seals: their bytes, where they are found, and the rules that name what to seal."""

import hashlib
import hmac
from typing import Any

import pytest

from runtime.encoding.canonical import canonical
from runtime.encoding.seal import (
    SealRule,
    compute_seal,
    derive_opening,
    find_seals,
    is_sealed,
    may_hold_seal,
    replace_seals,
    seal_under,
)
from runtime.errors import DefinitionError, EncodingError

KEY = bytes(range(32))
SEAL = {"$sealed": "sha256:" + "0" * 64}


class TestASeal:
    """
    "HMAC-SHA256(opening, canonical([path, value]))".
    """

    def test_is_the_mac_of_path_and_value(self) -> None:
        """
        Whoever has opening, path and value computes it with nothing but an HMAC.
        """
        opening = derive_opening(KEY, "/params/token")
        message = b'["/params/token",{"a":1}]'
        assert compute_seal(opening, "/params/token", {"a": 1}) == (
            f"sha256:{hmac.new(opening, message, hashlib.sha256).hexdigest()}"
        )

    def test_has_the_opening_of_its_path(self) -> None:
        """
        The opening is an HMAC of the path under the seal key, with a prefix that keeps it from being a seal.
        """
        expected = hmac.new(KEY, b"mission-runtime/seal-opening/v1\x00/params/token", hashlib.sha256).digest()
        assert derive_opening(KEY, "/params/token") == expected
        assert derive_opening(KEY, "/params/other") != expected

    def test_of_what_is_no_json_is_refused(self) -> None:
        """
        There are no canonical bytes of it.
        """
        with pytest.raises(EncodingError):
            compute_seal(KEY, "/params/token", {1})


class TestFinding:
    """
    "An object that has the member `$sealed` is a seal for whoever meets it."
    """

    @pytest.mark.parametrize(
        ("value", "expected"),
        [
            (SEAL, True),
            ({"$sealed": 1, "x": 2}, True),
            ({"sealed": 1}, False),
            (["$sealed"], False),
            ("$sealed", False),
        ],
    )
    def test_tells_a_seal(self, value: Any, *, expected: bool) -> None:
        """
        Whatever else it holds.
        """
        assert is_sealed(value) is expected

    def test_gives_places_in_order_and_looks_into_no_seal(self) -> None:
        """
        Names are escaped as RFC 6901 has it.
        """
        value = {"a/b~": [1, SEAL], "c": {"$sealed": {"$sealed": 1}}, "d": "x"}
        assert list(find_seals(value)) == [("/a~1b~0/1", SEAL), ("/c", {"$sealed": {"$sealed": 1}})]

    @pytest.mark.parametrize("value", [{"a": "$sealed"}, {"$sealedx": 1}, {"a": '"$sealed":'}, {"$": ["sealed"]}, []])
    def test_of_bytes_tells_what_holds_none(self, value: Any) -> None:
        """
        A text that spells the member is none.
        """
        assert not may_hold_seal(canonical(value))

    @pytest.mark.parametrize("value", [SEAL, [[SEAL]], {"a": {"$sealed": None}}])
    def test_of_bytes_misses_none(self, value: Any) -> None:
        """
        Wherever it stands.
        """
        assert may_hold_seal(canonical(value))

    def test_of_bytes_may_find_too_much(self) -> None:
        """
        A name that ends in the quoted member is only told by a walk.
        """
        value = {'x"$sealed': 1}
        assert may_hold_seal(canonical(value)) or not list(find_seals(value))

    def test_replaces_every_one(self) -> None:
        """
        The change is told the place; the value itself is left as it is.
        """
        value = {"a": [SEAL, 1], "b~": SEAL}
        assert replace_seals(value, lambda path, _: path) == {"a": ["/a/0", 1], "b~": "/b~0"}
        assert value == {"a": [SEAL, 1], "b~": SEAL}


RULES = {
    "a member": ("/params/token", {"token": 1, "x": 2}, {"token": "/params/token", "x": 2}, True),
    "an element": ("/params/a/0", {"a": [1, 2]}, {"a": ["/params/a/0", 2]}, True),
    "any element": ("/params/a/*/b", {"a": [{"b": 1}, {"c": 2}]}, {"a": [{"b": "/params/a/0/b"}, {"c": 2}]}, True),
    "any member": ("/params/*", {"a/": 1, "b": None}, {"a/": "/params/a~1", "b": "/params/b"}, True),
    "an escaped name": ("/params/a~1", {"a/": 1}, {"a/": "/params/a~1"}, True),
    "nothing there": ("/params/b", {"a": 1}, {"a": 1}, False),
    "below a scalar": ("/params/a/b", {"a": 1}, {"a": 1}, False),
    "another root": ("/context/a", {"a": 1}, {"a": 1}, False),
}


class TestRules:
    """
    "A JSON Pointer below a root word, with `*` for any one segment."
    """

    @pytest.mark.parametrize("case", RULES)
    def test_name_places(self, case: str) -> None:
        """
        What a rule names is changed; all else stays, and so does the document that was given.
        """
        text, document, expected, is_found = RULES[case]
        before = canonical(document)
        rule = SealRule.parse(text)
        made, found = seal_under([rule], ("params",), document, lambda path, _: path)
        assert (made, found == {rule}) == (expected, is_found)
        assert canonical(document) == before

    def test_name_outcomes_by_step(self) -> None:
        """
        The path of an outcome begins with its step; a whole outcome can be sealed.
        """
        rules = [SealRule.parse(text) for text in ("/outcomes/a~1b", "/outcomes/*/x", "/outcomes/other/y")]
        made, _ = seal_under(rules, ("outcomes", "a/b"), {"x": 1}, lambda path, _: path)
        assert made == "/outcomes/a~1b"
        made, found = seal_under(rules, ("outcomes", "c"), {"x": 1, "y": 2}, lambda path, _: path)
        assert (made, found) == ({"x": "/outcomes/c/x", "y": 2}, {rules[1]})

    def test_seal_the_outermost_of_values_inside_one_another(self) -> None:
        """
        Whatever order they are given in; the inner rule counts as found.
        """
        rules = [SealRule.parse("/params/a/b"), SealRule.parse("/params/a")]
        made, found = seal_under(rules, ("params",), {"a": {"b": 1}}, lambda _path, _value: SEAL)
        assert (made, found) == ({"a": SEAL}, set(rules))

    @pytest.mark.parametrize("text", ["", "/params", "/elsewhere/a", "params/a", "/attempts/a/b", 5, "/params/~2"])
    def test_that_name_nothing_are_refused(self, text: object) -> None:
        """
        A rule begins with a root word and names something below it.
        """
        with pytest.raises(DefinitionError, match=r"write /ROOT|JSON Pointer|~0"):
            SealRule.parse(text)

    def test_know_themselves(self) -> None:
        """
        Root, text, and whether one place is meant.
        """
        rule = SealRule.parse("/params/*/a")
        assert (rule.root, str(rule), rule.is_exact) == ("params", "/params/*/a", False)
        assert SealRule.parse("/params/a").is_exact
