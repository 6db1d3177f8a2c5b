"""`compute` and `check`: what they write, and how they fail."""

from typing import Any

import pytest
import rfc8785
from makers import make_step, nested, run

from runtime.orchestration import OrchestrationResult
from runtime.orchestration.expressing import Variables
from runtime.orchestration.state import State
from runtime.orchestration.view import StateView


def compute(state: dict[str, Any], expression: str, path: str = "/out") -> OrchestrationResult:
    """
    Compute into `/out`.
    """
    return run(state, make_step("s", "compute", path=path, expression=expression))


def check(state: dict[str, Any], expression: str, **payload: Any) -> OrchestrationResult:
    """
    Check a state.
    """
    return run(state, make_step("s", "check", expression=expression, **payload))


FAILURES: dict[str, tuple[dict[str, Any], str, str, str]] = {
    "no variable": ({}, "a", "path_missing", "no variable 'a' at expression 1:1"),
    "no member": ({"a": {}}, "1 + a.b", "path_missing", "nothing named 'b' at expression 1:5"),
    "no element": ({"a": [1]}, "a[1]", "path_missing", "index 1 is beyond 1 elements at expression 1:1"),
    "a fault in the second line": ({}, "1 +\n  a", "path_missing", "no variable 'a' at expression 2:3"),
    "a text and a number": ({"a": "x"}, "a + 1", "wrong_type", "text added at expression 1:1"),
    "true as a number": ({"a": True}, "a + 1", "wrong_type", "a truth value added at expression 1:1"),
    "nothing to divide by": ({"a": 0}, "1 / a", "division_by_zero", "division by zero at expression 1:1"),
    "beyond the greatest number": ({"a": 2**53 - 1}, "a + 1", "number_out_of_range", "2^53-1) at expression 1:1"),
    "a text too long": ({"a": "x" * 40_000}, "a + a", "value_too_large", "80000 characters at expression 1:1"),
    "too many nodes": (
        {"a": list(range(200))},
        "a.all(x, a.all(y, x + y >= 0))",
        "out_of_fuel",
        "more than 10000 nodes to work out at expression 1:10",
    ),
}


class TestAnExpressionWithoutAValue:
    """
    "Every evaluation failure becomes a failed step with a code and a place."
    """

    @pytest.mark.parametrize("case", FAILURES)
    def test_compute_fails_with_code_and_place(self, case: str) -> None:
        """
        The code is that of the evaluation, the place is line and column, and the state stays.
        """
        state, expression, code, message = FAILURES[case]
        result = compute(state, expression)
        assert (result.status, result.error_code) == ("failed", code)
        assert (result.error_message or "").startswith("Step 's' failed: ")
        assert (result.error_message or "").endswith(message)
        assert result.states[-1].raw == rfc8785.dumps(state)

    @pytest.mark.parametrize("case", FAILURES)
    def test_check_fails_with_the_same_code(self, case: str) -> None:
        """
        A condition that cannot be worked out is no condition that does not hold: the payload's code is not used.
        """
        state, expression, code, message = FAILURES[case]
        result = check(state, f"({expression}) == 1", code="unhealthy", message="not well")
        assert (result.status, result.error_code) == ("failed", code)
        assert message.split(" at expression")[0] in (result.error_message or "")


class TestCompute:
    """
    "Variables are the top-level members of the state. Writes the value at path with the same rules as `set`."
    """

    def test_the_value_is_written(self) -> None:
        """
        Any JSON value may be made.
        """
        result = compute({"n": 2, "l": [1]}, '{"n": n * 1.5, "l": l + [n], "t": n > 1 ? "much" : null}')
        assert result.final_state["out"] == {"n": 3, "l": [1, 2], "t": "much"}
        assert type(result.final_state["out"]["n"]) is int

    def test_it_may_replace_what_it_reads(self) -> None:
        """
        The value is worked out before it is written.
        """
        assert compute({"n": 1}, "n + 1", "/n").final_state == {"n": 2}

    def test_a_value_may_be_written_inside_what_it_holds(self) -> None:
        """
        It is a copy, so the state never holds itself.
        """
        assert compute({"a": {"b": 1}}, "[a]", "/a/c").final_state == {"a": {"b": 1, "c": [{"b": 1}]}}

    @pytest.mark.parametrize(
        ("path", "code"), [("/gone/b", "path_missing"), ("/n/b", "wrong_type"), ("/l/1", "path_missing")]
    )
    def test_the_place_must_be_there(self, path: str, code: str) -> None:
        """
        The parent must exist, the last key may be new, an index must exist.
        """
        result = compute({"n": 1, "l": [0]}, "n", path)
        assert (result.error_code, result.final_state) == (code, {"n": 1, "l": [0]})
        assert compute({"n": 1, "l": [0]}, "n", "/l/0").final_state == {"n": 1, "l": [1]}

    def test_a_member_of_any_name_can_be_read(self) -> None:
        """
        A name that is no word stands in backticks; `item` is a member like any other.
        """
        assert compute({"a b": 1, "item": 2}, "`a b` + item").final_state["out"] == 3

    def test_only_what_is_read_must_fit(self) -> None:
        """
        A branch that is not taken reads nothing.
        """
        assert compute({"a": True}, "a ? 1 : gone").final_state["out"] == 1

    def test_a_value_may_make_the_state_too_deep(self) -> None:
        """
        The limits of the state hold.
        """
        path = "/a" + "/0" * 40
        result = compute({"a": nested(41), "b": nested(30)}, "b", path)
        assert (result.status, result.error_code) == ("failed", "state_too_deep")

    def test_a_value_too_deep_by_itself(self) -> None:
        """
        A value that is no JSON of the engine has no place to go.
        """
        result = compute({"b": nested(63)}, "[[b]]")
        assert (result.status, result.error_code) == ("failed", "value_too_large")


class TestCheck:
    """
    "Fails the step when the expression is false."
    """

    def test_what_holds_completes_and_changes_nothing(self) -> None:
        """
        The state after is the state before.
        """
        result = check({"a": 1}, "a == 1")
        assert result.status == "completed"
        assert result.states[1] is result.states[0]

    def test_what_does_not_hold_says_so(self) -> None:
        """
        Without a message, the reason quotes the expression.
        """
        result = check({"a": 1}, "a > 1 && a < 3")
        assert (result.status, result.error_code) == ("failed", "check_failed")
        assert result.error_message == "Step 's' failed: the check does not hold: a > 1 && a < 3"
        assert result.states[1] is result.states[0]

    @pytest.mark.parametrize("code", ["check_failed", "stale", "tests_failed", "unhealthy"])
    def test_message_and_code_are_the_payloads(self, code: str) -> None:
        """
        The code enters the entry and the receipt, the message is for people.
        """
        result = check({"a": 1}, "a > 1", message="a is low", code=code)
        assert result.error_message == "Step 's' failed: a is low"
        assert result.error_code == result.lineage["entries"][0]["error_code"] == code
        assert result.receipt is not None
        assert result.receipt["error_code"] == code

    @pytest.mark.parametrize("value", [None, 0, 1, "", "true", [], {}, [True]])
    def test_nothing_but_true_and_false_is_a_condition(self, value: Any) -> None:
        """
        Any other value is `wrong_type`.
        """
        result = check({"a": value}, "a")
        assert (result.status, result.error_code) == ("failed", "wrong_type")
        assert "a condition that is" in (result.error_message or "")


class TestVariables:
    """
    The members of a state read like a mapping.
    """

    def test_they_are_the_members_there_are_now(self) -> None:
        """
        Written and removed members count as the view has them.
        """
        view = StateView(State({"a": 1, "b": [2]}))
        view.put("c", 3)
        view.drop("a")
        variables = Variables(view)
        assert dict(variables) == {"b": [2], "c": 3}
        assert len(variables) == 2
        assert "a" not in variables
        with pytest.raises(KeyError):
            variables["a"]
