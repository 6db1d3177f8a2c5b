"""Allowed commands: which templates there are, and that a param is one argument and no option."""

from typing import Any

import jsonschema
import pytest
from hypothesis import given
from hypothesis import strategies as st

from runtime.connectors import Command
from runtime.connectors.command import MAX_OUTPUT_BYTES, MAX_TIMEOUT_MS, fits, params_schema, text_rule
from runtime.errors import DefinitionError
from runtime.limits import MAX_TEXT_LENGTH
from runtime.values import EffectMode


def make_command(*argv: str, **changes: Any) -> Command:
    """
    Make a reading command.
    """
    return Command(**{"argv": argv or ("true",), "mode": EffectMode.READ, **changes})


_REFUSED: dict[str, tuple[dict[str, Any], str]] = {
    "argv_empty": ({"argv": ()}, "argv"),
    "argv_one_text": ({"argv": "ls -l"}, "argv"),
    "argv_list": ({"argv": ["ls"]}, "argv"),
    "argv_with_number": ({"argv": ("sleep", 1)}, "argv"),
    "argv_with_nul": ({"argv": ("ls", "a\0")}, "argv"),
    "argv_with_surrogate": ({"argv": ("ls", "\udcff")}, "argv"),
    "program_empty": ({"argv": ("", "a")}, "argv"),
    "program_from_a_param": ({"argv": ("{program}", "a")}, "argv"),
    "place_inside_an_argument": ({"argv": ("ls", "--sort={key}")}, "argv"),
    "place_without_name": ({"argv": ("ls", "{}")}, "argv"),
    "place_with_upper_case": ({"argv": ("ls", "{Target}")}, "argv"),
    "place_with_format": ({"argv": ("ls", "{target!r}")}, "argv"),
    "place_in_place": ({"argv": ("ls", "{{target}}")}, "argv"),
    "place_left_open": ({"argv": ("ls", "{target")}, "argv"),
    "place_with_line_end": ({"argv": ("ls", "{target}\n")}, "argv"),
    "mode_as_text": ({"mode": "read"}, "mode"),
    "timeout_zero": ({"timeout_ms": 0}, "timeout_ms"),
    "timeout_true": ({"timeout_ms": True}, "timeout_ms"),
    "timeout_fraction": ({"timeout_ms": 1.5}, "timeout_ms"),
    "timeout_too_long": ({"timeout_ms": MAX_TIMEOUT_MS + 1}, "timeout_ms"),
    "output_limit_negative": ({"output_limit_bytes": -1}, "output_limit_bytes"),
    "output_limit_too_high": ({"output_limit_bytes": MAX_OUTPUT_BYTES + 1}, "output_limit_bytes"),
    "idempotent_number": ({"idempotent": 1}, "idempotent"),
    "env_list": ({"env": ["A=b"]}, "env"),
    "env_null": ({"env": None}, "env"),
    "variable_with_number": ({"env": {"A": 1}}, "env"),
    "variable_with_nul": ({"env": {"A": "\0"}}, "env"),
    "variable_with_surrogate": ({"env": {"A": "\ud800"}}, "env"),
    "variable_without_name": ({"env": {"": "b"}}, "env"),
    "variable_named_with_equals_sign": ({"env": {"A=B": "c"}}, "env"),
    "variable_named_by_a_number": ({"env": {1: "c"}}, "env"),
}


class TestACommand:
    """
    "A fixed list of arguments, some of them places for params."
    """

    @pytest.mark.parametrize("name", sorted(_REFUSED))
    def test_with_a_fault_is_refused(self, name: str) -> None:
        """
        At construction, with what, where and how to mend it.
        """
        changes, where = _REFUSED[name]
        with pytest.raises(DefinitionError) as caught:
            make_command(**changes)
        assert caught.value.where == where
        assert caught.value.what.startswith(("variable", where))
        assert caught.value.remedy

    def test_takes_the_bounds_themselves(self) -> None:
        """
        The least and the most that is allowed.
        """
        make_command(timeout_ms=1, output_limit_bytes=0)
        make_command(timeout_ms=MAX_TIMEOUT_MS, output_limit_bytes=MAX_OUTPUT_BYTES)

    def test_keeps_its_own_copy_of_the_variables(self) -> None:
        """
        The caller's mapping is never read again.
        """
        env = {"A": "b"}
        command = make_command(env=env)
        env["A"] = "changed"
        assert command.env == {"A": "b"}

    @pytest.mark.parametrize("env", [{"TOKEN": "canary\0"}, {"TOKEN": "canary", "": ""}])
    def test_shows_no_value_of_a_variable(self, env: dict[str, str]) -> None:
        """
        They may be secrets: neither the text of the value nor a refusal holds them.
        """
        assert "canary" not in repr(make_command(env={"TOKEN": "canary"}))
        with pytest.raises(DefinitionError) as caught:
            make_command(env=env)
        assert "canary" not in str(caught.value)

    def test_asks_for_a_text_for_each_place(self) -> None:
        """
        The schema of its params holds each name once, and no other.
        """
        assert make_command("cp", "{from}", "{to}", "{from}").schema == {
            "type": "object",
            "properties": {
                "from": {"type": "string", "minLength": 0, "maxLength": MAX_TEXT_LENGTH},
                "to": {"type": "string", "minLength": 0, "maxLength": MAX_TEXT_LENGTH},
            },
            "required": ["from", "to"],
            "additionalProperties": False,
        }


class TestFill:
    """
    "A param becomes that argument exactly."
    """

    @given(value=st.text(max_size=20).filter(lambda text: not text.startswith("-")))
    def test_puts_a_param_in_its_place(self, value: str) -> None:
        """
        Whatever it holds, and however often it is asked for.
        """
        command = make_command("tool", "{a}", "literal", "{a}")
        assert command.fill({"a": value}) == ("tool", value, "literal", value)

    def test_does_not_fill_what_a_param_brings(self) -> None:
        """
        A place inside a param is text.
        """
        assert make_command("tool", "{a}", "{b}").fill({"a": "{b}", "b": "x"}) == ("tool", "{b}", "x")

    @pytest.mark.parametrize("value", ["-", "-n", "--", "--output=/etc/passwd"])
    def test_refuses_an_option(self, value: str) -> None:
        """
        Before a literal `--`, or with none, it would be one.
        """
        assert make_command("tool", "{a}").fill({"a": value}) is None
        assert make_command("tool", "{a}", "--", "x").fill({"a": value}) is None
        assert make_command("tool", "-x", "--y", "{a}").fill({"a": value}) is None

    def test_takes_a_dash_behind_the_literal_end_of_options(self) -> None:
        """
        There it is none.
        """
        assert make_command("tool", "--", "{a}").fill({"a": "-n"}) == ("tool", "--", "-n")

    def test_does_not_take_a_param_for_the_end_of_options(self) -> None:
        """
        Only the template says where options end.
        """
        assert make_command("tool", "{a}", "{b}").fill({"a": "--", "b": "-n"}) is None


_SCHEMA = params_schema(
    {
        "text": text_rule(least=1),
        "choice": {"type": "string", "enum": ["a", "b"]},
        "count": {"type": "integer", "minimum": 1, "maximum": 3},
    },
    required=["text"],
)


class TestFits:
    """
    "Schemas are written once": the check and the schema say the same.
    """

    @given(
        params=st.dictionaries(
            st.sampled_from(["text", "choice", "count", "other"]),
            st.sampled_from(["", "a", "b", "x", "x" * MAX_TEXT_LENGTH, "x" * (MAX_TEXT_LENGTH + 1)])
            | st.integers(0, 4)
            | st.sampled_from([None, True, False, [], {}, 1.5]),
        )
    )
    def test_says_what_json_schema_says(self, params: dict[str, Any]) -> None:
        """
        Params are taken exactly when a validator of JSON Schema takes them.
        """
        assert fits(params, _SCHEMA) == jsonschema.Draft202012Validator(_SCHEMA).is_valid(params)

    @pytest.mark.parametrize("text", ["\0", "a\0b", "\ud800"])
    def test_refuses_what_no_system_call_takes(self, text: str) -> None:
        """
        NUL and lone surrogates, which a schema cannot speak of.
        """
        assert not fits({"text": text}, _SCHEMA)
