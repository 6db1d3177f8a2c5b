"""How operations fail: each with a code of the closed list and the pointer, and the state as it was."""

from typing import Any

import pytest
import rfc8785
from makers import make_step, nested, run

from runtime.orchestration import StepSpec
from runtime.orchestration.operations import HUMAN, OPERATIONS

MAX_NUMBER = 2**53 - 1
ABSENT, WRONG = "path_missing", "wrong_type"


def step(operation: str, **payload: Any) -> StepSpec:
    """
    Make the step `s`.
    """
    return make_step("s", operation, **payload)


FAILURES: dict[str, tuple[dict[str, Any], StepSpec, str, str]] = {
    "set: no parent": ({}, step("set", path="/a/b", value=1), ABSENT, "/a/b"),
    "set: no grandparent": ({"a": {}}, step("set", path="/a/b/c", value=1), ABSENT, "/a/b/c"),
    "set: below a number": ({"a": 1}, step("set", path="/a/b", value=1), WRONG, "/a/b"),
    "set: below null": ({"a": None}, step("set", path="/a/b", value=1), WRONG, "/a/b"),
    "set: below a string": ({"a": "xy"}, step("set", path="/a/0", value=1), WRONG, "/a/0"),
    "set: far below a number": ({"a": 1}, step("set", path="/a/b/c", value=1), WRONG, "/a/b/c"),
    "set: an index beyond the list": ({"a": [1]}, step("set", path="/a/1", value=1), ABSENT, "/a/1"),
    "set: an index of ten digits": ({"a": [1]}, step("set", path="/a/1000000000", value=1), ABSENT, "/a/1000000000"),
    "set: behind the list": ({"a": [1]}, step("set", path="/a/-", value=1), WRONG, "/a/-"),
    "set: an index with a leading zero": ({"a": [1]}, step("set", path="/a/00", value=1), WRONG, "/a/00"),
    "set: a negative index": ({"a": [1]}, step("set", path="/a/-1", value=1), WRONG, "/a/-1"),
    "set: an index in other digits": ({"a": [1]}, step("set", path="/a/\u0660", value=1), WRONG, "/a/\u0660"),
    "set: a name in a list": ({"a": [1]}, step("set", path="/a/b", value=1), WRONG, "/a/b"),
    "set: from nothing": ({}, step("set", path="/a", from_="/b"), ABSENT, "/b"),
    "set: from below a boolean": ({"b": True}, step("set", path="/a", from_="/b/c"), WRONG, "/b/c"),
    "append: to an object": ({"a": {}}, step("append", path="/a", value=1), WRONG, "/a"),
    "append: to null": ({"a": None}, step("append", path="/a", value=1), WRONG, "/a"),
    "append: no parent": ({}, step("append", path="/a/b", value=1), ABSENT, "/a/b"),
    "append: below a number": ({"a": 1}, step("append", path="/a/b", value=1), WRONG, "/a/b"),
    "append: at an index that is absent": ({"a": [[]]}, step("append", path="/a/1", value=1), ABSENT, "/a/1"),
    "append: from nothing": ({"a": []}, step("append", path="/a", from_="/b"), ABSENT, "/b"),
    "remove: nothing at the top": ({}, step("remove", path="/a"), ABSENT, "/a"),
    "remove: nothing below": ({"a": {}}, step("remove", path="/a/b"), ABSENT, "/a/b"),
    "remove: no parent": ({}, step("remove", path="/a/b"), ABSENT, "/a/b"),
    "remove: an index beyond the list": ({"a": [1]}, step("remove", path="/a/1"), ABSENT, "/a/1"),
    "remove: a name in a list": ({"a": [1]}, step("remove", path="/a/b"), WRONG, "/a/b"),
    "remove: below a number": ({"a": 1}, step("remove", path="/a/b"), WRONG, "/a/b"),
    "increment: nothing": ({}, step("increment", path="/n"), ABSENT, "/n"),
    "increment: a boolean": ({"n": True}, step("increment", path="/n"), WRONG, "/n"),
    "increment: a string": ({"n": "1"}, step("increment", path="/n"), WRONG, "/n"),
    "increment: null": ({"n": None}, step("increment", path="/n"), WRONG, "/n"),
    "increment: beyond the greatest": ({"n": MAX_NUMBER}, step("increment", path="/n"), "number_out_of_range", "/n"),
    "increment: below the least": (
        {"n": -MAX_NUMBER},
        step("increment", path="/n", by=-1),
        "number_out_of_range",
        "/n",
    ),
    "increment: a sum of floats that rounds up": (
        {"n": MAX_NUMBER},
        step("increment", path="/n", by=0.5),
        "number_out_of_range",
        "/n",
    ),
    "merge: no parent": ({}, step("merge", path="/a/b", value={}), ABSENT, "/a/b"),
    "merge: below a number": ({"a": 1}, step("merge", path="/a/b", value={}), WRONG, "/a/b"),
    "merge: a list into the root": ({"a": [1]}, step("merge", path="", from_="/a"), WRONG, "/a"),
    "merge: null into the root": ({"a": None}, step("merge", path="", from_="/a"), WRONG, "/a"),
    "merge: from nothing": ({}, step("merge", path="/a", from_="/b"), ABSENT, "/b"),
    "any: too deep by a value": (
        {"a": nested(30)},
        step("set", path="/a" + "/0" * 30, value=nested(34)),
        "state_too_deep",
        "/a" + "/0" * 30,
    ),
    "any: too deep by a copy": (
        {"a": nested(40), "b": {}},
        step("set", path="/a" + "/0" * 40, from_="/a"),
        "state_too_deep",
        "/a" + "/0" * 40,
    ),
    "any: too deep in two places": (
        {"a": {"b": nested(50), "c": nested(50)}, "x": nested(20)},
        step("set", path="/x" + "/0" * 20, from_="/a"),
        "state_too_deep",
        "/x" + "/0" * 20,
    ),
    "any: too large": (
        {"a": ["x" * 9_000_000]},
        step("append", path="/a", from_="/a"),
        "state_too_large",
        "18000",
    ),
    "any: too large by several members": (
        {"a": "x" * 9_000_000},
        step("set", path="/b", from_="/a"),
        "state_too_large",
        "18000",
    ),
    "any: too large, of many containers": (
        {"a": [["x" * 90_000, [1]] for _ in range(100)]},
        step("append", path="/a", from_="/a"),
        "state_too_large",
        "1800",
    ),
}


class TestAStepThatCannotDoItsWork:
    """
    "The parent must exist, the last object key may be new, array indices must exist."
    """

    @pytest.mark.parametrize("case", FAILURES)
    def test_fails_with_code_and_path_and_leaves_the_state(self, case: str) -> None:
        """
        The run fails with the code, the message names the place, and no byte of the state changes.
        """
        state, failing, code, place = FAILURES[case]
        result = run(state, failing, make_step("never"))
        assert (result.status, result.failed_step_id, result.error_code) == ("failed", "s", code)
        assert place in (result.error_message or "")
        assert result.states[-1].raw == rfc8785.dumps(state)
        assert [one.id for one in result.executed_steps] == ["s"]


MESSAGES: dict[str, tuple[Any, StepSpec, str]] = {
    "nothing at the top": ({}, step("remove", path="/a"), "nothing named 'a' at /a"),
    "nothing below": ({"a": {}}, step("remove", path="/a/b"), "nothing named 'b' at /a/b"),
    "no parent": ({}, step("set", path="/a/b", value=1), "nothing named 'a' at /a/b"),
    "no grandparent": ({"a": {}}, step("set", path="/a/b/c", value=1), "nothing named 'b' at /a/b/c"),
    "below a number": ({"a": {"b": 1}}, step("set", path="/a/b/c", value=1), "int has no member 'c' at /a/b/c"),
    "below null": ({"a": None}, step("set", path="/a/b", value=1), "null has no member 'b' at /a/b"),
    "no index": ({"a": [1]}, step("set", path="/a/b", value=1), "'b' is not an array index at /a/b"),
    "beyond the list": ({"a": [1]}, step("set", path="/a/1", value=1), "index 1 is beyond 1 elements at /a/1"),
    "an increment of text": ({"n": "1"}, step("increment", path="/n"), "expected a number at /n"),
    "from nothing": ({}, step("set", path="/a", from_="/b"), "nothing named 'b' at /b"),
    "from below a boolean": ({"b": True}, step("set", path="/a", from_="/b/c"), "bool has no member 'c' at /b/c"),
    "an append to an object": ({"a": {}}, step("append", path="/a", value=1), "expected a list at /a"),
    "a merge of a list into the root": (
        {"a": [1]},
        step("merge", path="", from_="/a"),
        "a merge of the root with no object at /a",
    ),
    "a sum out of range": (
        {"n": MAX_NUMBER},
        step("increment", path="/n"),
        "a number outside ±(2^53-1) at /n",
    ),
    "too deep in one place": (
        {"a": nested(30)},
        step("set", path="/a" + "/0" * 30, value=nested(34)),
        "nesting deeper than 64 at /a" + "/0" * 63,
    ),
    "too deep in two places": (
        {"a": {"b": nested(50), "c": nested(50)}, "x": nested(20)},
        step("set", path="/x" + "/0" * 20, from_="/a"),
        "nesting deeper than 64: flatten the value at /x" + "/0" * 20 + "/b" + "/0" * 42,
    ),
}


@pytest.mark.parametrize("case", MESSAGES)
def test_the_message_says_what_and_where(case: str) -> None:
    """
    It names the very token that does not fit, then the whole pointer.
    """
    state, failing, message = MESSAGES[case]
    assert run(state, failing).error_message == f"Step 's' failed: {message}"


@pytest.mark.parametrize(("path", "wrapped"), [("", False), ("/m", True)], ids=["the root", "a member"])
def test_a_merge_reaches_into_the_objects_that_are_there(path: str, *, wrapped: bool) -> None:
    """
    Members the patch does not name stay at every level, and its nulls remove.
    """
    target = {"a": {"b": {"c": 1, "d": 2}, "e": 3}, "f": 4}
    patch = {"a": {"b": {"d": None, "x": 5}}, "y": {"z": None}}
    merged = {"a": {"b": {"c": 1, "x": 5}, "e": 3}, "f": 4, "y": {}}
    result = run({"m": target} if wrapped else target, step("merge", path=path, value=patch))
    assert result.final_state == ({"m": merged} if wrapped else merged)


class TestTheEdgesThatHold:
    """
    A limit refuses what is beyond it, and nothing before.
    """

    def test_the_deepest_state_is_reached(self) -> None:
        """
        64 containers inside one another are allowed.
        """
        path = "/a" + "/0" * 30
        result = run({"a": nested(30)}, make_step("s", "set", path=path, value=nested(33)))
        assert result.success
        assert result.final_state == {"a": nested(63)}

    def test_the_largest_state_is_reached(self) -> None:
        """
        A step may leave exactly 16 MiB, and not one byte more.
        """
        half = "x" * (2**23 - 8)
        fits, beyond = (run({"a": half}, make_step("s", "set", path=path, from_="/a")) for path in ("/bb", "/bbb"))
        assert (fits.status, fits.states[-1].size) == ("completed", 2**24)
        assert (beyond.status, beyond.error_code) == ("failed", "state_too_large")
        whole = "x" * (2**23 - 7)
        for name, status in (("ll", "completed"), ("lll", "failed")):
            one = run({name: [whole]}, make_step("s", "append", path=f"/{name}", from_=f"/{name}/0"))
            assert (one.status, one.error_code) == (status, None if status == "completed" else "state_too_large")

    def test_many_shallow_containers_are_no_depth(self) -> None:
        """
        Brackets in plenty, in text or side by side, are not taken for depth.
        """
        value = {"text": "[{" * 100, "list": [[]] * 100}
        assert run({}, make_step("s", "set", path="/a", value=value)).final_state == {"a": value}

    @pytest.mark.parametrize(
        ("number", "by", "total"),
        [(MAX_NUMBER - 1, 1, MAX_NUMBER), (1 - MAX_NUMBER, -1, -MAX_NUMBER), (0.5, MAX_NUMBER - 1.5, MAX_NUMBER - 1)],
    )
    def test_the_greatest_numbers_are_reached(self, number: float, by: float, total: int) -> None:
        """
        Sums up to and including ±(2^53-1) are allowed.
        """
        result = run({"n": number}, make_step("s", "increment", path="/n", by=by))
        assert (result.status, result.final_state) == ("completed", {"n": total})

    def test_a_float_sum_that_is_whole_becomes_an_integer(self) -> None:
        """
        0.5 and 0.5 make the number 1, as the canonical bytes write it.
        """
        found = run({"n": 0.5}, make_step("s", "increment", path="/n", by=0.5)).final_state["n"]
        assert (found, type(found)) == (1, int)

    def test_a_root_can_be_copied_into_itself(self) -> None:
        """
        `from` the root gives the state before the step.
        """
        assert run({"a": 1}, make_step("s", "set", path="/b", from_="")).final_state == {"a": 1, "b": {"a": 1}}

    def test_a_value_of_null_is_a_value(self) -> None:
        """
        `value: null` writes null; it is not an absent value.
        """
        assert run({}, make_step("s", "set", path="/a", value=None)).final_state == {"a": None}

    def test_escapes_of_pointers_name_odd_keys(self) -> None:
        """
        `~1` is a slash, `~0` a tilde, and the empty token the empty key.
        """
        steps = [
            make_step(str(index), "set", path=path, value=index) for index, path in enumerate(("/~1~0", "/", "/~01"))
        ]
        assert run({}, *steps).final_state == {"/~": 0, "": 1, "~1": 2}

    def test_an_index_writes_and_removes_in_place(self) -> None:
        """
        An index that exists is replaced by `set`, and by `remove` the later elements move up.
        """
        steps = [make_step("a", "set", path="/l/0", value="x"), make_step("b", "remove", path="/l/1")]
        assert run({"l": [1, 2, 3]}, *steps).final_state == {"l": ["x", 3]}


class TestTheTableIsClosed:
    """
    "A closed, static table: name → payload class + pure function."
    """

    def test_its_names(self) -> None:
        """
        These operations exist, and a step with another is refused before the first step.
        """
        assert sorted(OPERATIONS) == [
            "action",
            "append",
            "check",
            "compute",
            "decide",
            "fail",
            "increment",
            "merge",
            "noop",
            "prioritize",
            "remove",
            "select",
            "set",
            "summarize",
        ]

    def test_only_what_the_engine_itself_takes_has_no_function(self) -> None:
        """
        `action` and human steps are answered from outside, and `decide` gives a verdict; every other operation runs.
        """
        assert [name for name, row in OPERATIONS.items() if row.run is None] == ["action", "decide"]
        assert HUMAN.run is None
