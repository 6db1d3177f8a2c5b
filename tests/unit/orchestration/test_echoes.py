"""Finding an opened value again in what a connector gives back."""

import base64
import urllib.parse
from typing import Any

import pytest

from runtime.orchestration.echoes import Echoes

CANARY = "Päss/w?rd+7>~"

FORMS = {
    "as it is": CANARY,
    "inside of a text": f"user={CANARY};",
    "in another case": CANARY.upper(),
    "hexadecimal": f"0x{CANARY.encode().hex()}",
    "hexadecimal in capitals": CANARY.encode().hex().upper(),
    "base64": base64.b64encode(CANARY.encode()).decode(),
    "base64 for addresses": base64.urlsafe_b64encode(CANARY.encode()).decode(),
    "base64 behind one byte": base64.b64encode(b":" + CANARY.encode() + b"!").decode(),
    "base64 behind two bytes": base64.b64encode(b"u:" + CANARY.encode() + b"!!").decode(),
    "percent-encoded": urllib.parse.quote(CANARY, safe=""),
}


def _replace(value: Any, *secrets: Any) -> Any:
    echoes = Echoes()
    for secret in secrets:
        echoes.add(secret)
    return echoes.replace(value, "/outcomes/s", lambda path, _: path)


@pytest.mark.parametrize("form", FORMS)
def test_a_text_that_holds_it_is_found(form: str) -> None:
    """
    In every form that a connector repeats a value in by itself.
    """
    assert _replace({"a~/": [1, FORMS[form]], "b": "x"}, CANARY) == {"a~/": [1, "/outcomes/s/a~0~1/1"], "b": "x"}


def test_an_object_with_it_in_a_key_is_changed_whole() -> None:
    """
    A key cannot be sealed.
    """
    assert _replace({"a": {CANARY: 1, "b": 2}}, CANARY) == {"a": "/outcomes/s/a"}


@pytest.mark.parametrize("value", [CANARY, [CANARY], {"x": {"y": [CANARY]}}])
def test_every_part_of_a_value_is_looked_for(value: Any) -> None:
    """
    Whatever it was a part of when it was opened.
    """
    assert _replace(CANARY, value) == "/outcomes/s"


def test_a_number_is_found_as_number_and_in_a_text() -> None:
    """
    By the text JSON has of it.
    """
    assert _replace([123456, "no 123456.", 12345, 2.5], 123456, 2.5) == ["/outcomes/s/0", "/outcomes/s/1", 12345, 2.5]


@pytest.mark.parametrize("secret", ["abc", 123, True, None, "", {}])
def test_what_is_told_from_chance_by_nobody_is_not_looked_for(secret: Any) -> None:
    """
    Or every output would be sealed.
    """
    value = ["abc", 123, True, None, "", {}]
    assert _replace(value, secret) == value


def test_nothing_is_found_where_nothing_was_opened() -> None:
    """
    The value is given back as it is.
    """
    assert _replace({"a": [CANARY, 1.5, None]}) == {"a": [CANARY, 1.5, None]}
