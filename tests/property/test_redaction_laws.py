"""Laws of redaction: it takes any value, twice is once, no planted secret is left, and the rest is as it was."""

import json
import string
import time
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from secrets_made import CANARIES, CLEAN, SECRETS
from strategies import json_values

from runtime.encoding.redaction import find_secrets, redact, redact_text

_pieces = st.sampled_from(
    [
        *"=:\"'`\\{}[]<>@/.,;&- \n\t…$*",
        *("password", "token", "api", "key", "Cookie", "Authorization", "auth", "tokens", "Bearer", "Basic"),
        *(
            "://",
            "--token ",
            "</",
            "-----BEGIN ",
            "PRIVATE KEY-----",
            "-----END ",
            "eyJ",
            "eyJhbGciOiJI",
            "ghp_",
            "sk-1",
        ),
        *(
            "AKIA",
            "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa",
            "1",
            "Zm9vOmJhcg==",
            "[redacted:pair]",
            "[redacted:",
            "${X}",
            "none",
        ),
        *('\\"', "\\n", "é", "\ud800", "{{", "}}", '{"token": "x"}', "A"),
    ]
)
_texts = st.lists(_pieces, max_size=14).map("".join)
_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=6) | _texts | st.binary(max_size=6),
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.tuples(inner, inner)
        | st.frozensets(st.text(max_size=3), max_size=3)
        | st.dictionaries(_texts | st.integers() | st.none() | st.binary(max_size=4), inner, max_size=4)
    ),
    max_leaves=12,
)
_words = st.text(alphabet=string.ascii_letters + " éß你", max_size=30)
_plain = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | _words,
    lambda inner: (
        st.lists(inner, max_size=4) | st.dictionaries(st.sampled_from(["a", "name", "monkey", "tokens_used"]), inner)
    ),
    max_leaves=12,
)
_canaries = st.sampled_from(sorted(CANARIES.values(), key=repr))


class TestTwiceIsOnce:
    """
    "Doing it twice is doing it once", and nothing is found in what was redacted.
    """

    @given(_texts | st.text())
    def test_of_texts(self, text: str) -> None:
        """
        A text made of what the patterns look for comes to rest.
        """
        redacted = redact_text(text)
        assert redact_text(redacted) == redacted
        assert find_secrets(redacted) == ()

    @given(_values)
    def test_of_values(self, value: Any) -> None:
        """
        Any value comes to rest, and to the same each time.
        """
        redacted = redact(value)
        assert repr(redact(redacted)) == repr(redacted)
        assert repr(redact(value)) == repr(redacted)
        assert find_secrets(redacted) == ()


class TestNoPlantedSecretIsLeft:
    """
    "No planted secret is left", whatever stands around it.
    """

    @given(_texts | _words, _canaries, _texts | _words)
    def test_in_lines(self, before: str, canary: Any, after: str) -> None:
        """
        Between lines of anything.
        """
        assert canary.secret not in redact_text(f"{before}\n{canary.value}\n{after}")

    @given(st.lists(st.sampled_from(["a", "b c", "name", 0]), max_size=6), st.sampled_from(sorted(SECRETS)))
    def test_at_any_depth(self, path: list[str | int], name: str) -> None:
        """
        Below keys and in lists, and in the text of it as JSON.
        """
        case = SECRETS[name]
        value = case.value
        for key in path:
            value = [value] if key == 0 else {key: value}
        assert case.secret not in repr(redact(value))
        if isinstance(case.value, dict | list) and case.rule == "key" and name != "key_bytes":
            assert case.secret not in redact_text(json.dumps(json.dumps(value)))
            assert case.secret not in redact_text(f"sent {json.dumps({'x': case.value})} there")


class TestTheRestIsAsItWas:
    """
    "The rest is as it was": a value without the shape of a secret is not changed.
    """

    @given(_plain)
    def test_of_plain_values(self, value: Any) -> None:
        """
        Words under clean names stay, and nothing is found.
        """
        assert repr(redact(value)) == repr(value)
        assert find_secrets(value) == ()

    @given(_plain)
    def test_of_the_text_of_plain_values(self, value: Any) -> None:
        """
        So does their JSON, to the byte.
        """
        assert redact_text(json.dumps(value, indent=1)) == json.dumps(value, indent=1)

    @given(json_values)
    def test_what_is_found_is_what_changes(self, value: Any) -> None:
        """
        Something is found exactly when something is changed.
        """
        assert (find_secrets(value) == ()) == (redact(value) == value)


HOSTILE = {
    "jwt": "eyJ",
    "jwt_parts": "eyJaaaaaaaa.",
    "jwt_cut": "eyJaaaaaaaa…",
    "bearer": "bearer ",
    "basic": "Basic AAAA",
    "pem_begins": "-----BEGIN ",
    "pem_ends": "-----BEGIN PRIVATE KEY-----x-----END ",
    "address": "://",
    "address_names": "://a",
    "address_at": "://a:@",
    "address_passwords": "://a:b@",
    "pairs": "a=",
    "nested_pairs": "password=",
    "quotes": 'password="',
    "escaped_quotes": 'password=\\"',
    "mixed_quotes": 'password="\npassword=\'\npassword=\\"\n',
    "slashes": "\\",
    "slashes_and_quotes": '\\"',
    "braces": "token={",
    "empty_braces": "token={}",
    "flags": "--token ",
    "flags_in_capitals": "--token TOKEN ",
    "elements": "<password>",
    "cookies_in_quotes": '"Cookie: x',
    "cookies_in_open_quotes": "'Cookie: \n",
    "cookies_that_are_none": "Cookie: none ",
    "tokens": "ghp_",
    "words_that_could_be_tokens": "sk-",
    "cloud_keys": "AKIA",
    "mail": "SG." + "a" * 20,
    "blanks": "password" + " " * 39,
    "keys": "key: ",
    "commas": "password=a,",
    "comma_words": "password=,a b c d e f g h",
    "references": "password=${",
    "json": '{"a":',
    "brackets": "[",
    "dots": "…",
}


@pytest.mark.parametrize("name", sorted(HOSTILE))
def test_hostile_text_comes_to_rest(name: str) -> None:
    """
    What looks like a secret again and again is redacted like any other text.
    """
    text = HOSTILE[name] * 50
    assert redact_text(redact_text(text)) == redact_text(text)
    assert "[redacted:text]" not in redact_text(text)


@pytest.mark.slow
@pytest.mark.parametrize("name", sorted(HOSTILE))
def test_time_is_linear_on_hostile_text(name: str) -> None:
    """
    A megabyte takes seconds of the processor; with a square of its length in it, it would take minutes and more.
    """
    text = HOSTILE[name] * (1_000_000 // len(HOSTILE[name]))
    start = time.process_time()
    redact_text(text)
    assert time.process_time() - start < 20


@pytest.mark.slow
def test_time_is_linear_with_many_kinds_of_quotes() -> None:
    """
    Quotes behind ever more backslashes, none of which closes.
    """
    text = "".join("\\" * count + f"{sign}Cookie: x\npassword={sign}" for count in range(700) for sign in "\"'")
    start = time.process_time()
    redact_text(text)
    assert time.process_time() - start < 20


def test_clean_cases_in_lines_stay() -> None:
    """
    Clean texts next to one another are as clean as each of them.
    """
    for text in (value for value in CLEAN.values() if type(value) is str):
        assert redact_text(f"first\n{text}\nlast") == f"first\n{text}\nlast"
