"""The nearest value that would change a clause: what is told, and what is left untold because it is not certain."""

from typing import Any

import pytest

from runtime.limits import MAX_NUMBER
from runtime.policy.clauses import Clause
from runtime.policy.expressions import Expression
from runtime.policy.semantics import Environment


def nearest(text: str, variables: dict[str, Any], *, wanted: bool = True) -> tuple[str, str, Any] | None:
    """
    Give what a clause tells: path, what of it, value.
    """
    clause = Clause.of(text, Expression.parse(text).tree)
    near: Any = clause.report(Environment(variables, [None] * 4), wanted=wanted)["nearest"]
    return None if near is None else (near["path"], near["of"], near["value"])


def value(path: str, told: Any) -> tuple[str, str, Any]:
    """
    Say that a value is told.
    """
    return path, "value", told


class TestBounds:
    """
    The value at the bound, or the next one beyond it.
    """

    @pytest.mark.parametrize(
        ("text", "seen", "told"),
        [
            ("a <= 10", 12, 10),
            ("a < 10", 12, 9),
            ("a >= 10", 2, 10),
            ("a > 10", 2, 11),
            ("10 > a", 12, 9),
            ("10 <= a", 2, 10),
            ("a == 10", 12, 10),
            ("10 == a", 12, 10),
            ("a < 10", 12.5, 9.999999999999998),
            ("a > 0.5", 0, 0.5000000000000001),
            ("a >= 0.5", 0, 0.5),
            ("a > 10.0", 2, 11),
            ("a > 10", 2.0, 11),
            ("a > 20 / 2", 2, 11),
            ("a > 1", None, 2),
            ("!(a <= 10)", 2, 11),
            ("!!(a > 10)", 2, 11),
            ('a >= "m"', "b", "m"),
            ("a >= true", False, True),
        ],
    )
    def test_of_a_number(self, text: str, seen: Any, told: Any) -> None:
        """
        A whole number where bound and value are whole, however they are written; else the next number there is.
        """
        found = nearest(text, {} if seen is None else {"a": seen})
        assert found == value("/a", told)
        assert type((found or "")[2]) is type(told)

    @pytest.mark.parametrize(
        ("text", "seen", "told"), [("a > 10", 12, 10), ("a <= 10", 2, 11), ("a != 10", 5, 10), ("a", True, False)]
    )
    def test_that_is_no_longer_to_hold(self, text: str, seen: Any, told: Any) -> None:
        """
        Where a clause is to stop holding, the opposite is solved.
        """
        assert nearest(text, {"a": seen}, wanted=False) == value("/a", told)

    def test_of_another_value_of_the_input(self) -> None:
        """
        The bound may be another part of the input.
        """
        assert nearest("a.n <= b.most", {"a": {"n": 7}, "b": {"most": 5}}) == value("/a/n", 5)
        assert nearest("2 * b.most >= a.n", {"a": {"n": 7}, "b": {"most": 3}}) == value("/a/n", 6)

    @pytest.mark.parametrize(
        ("text", "seen", "told"),
        [
            ("size(a) <= 3", "abcde", 3),
            ("a.size() > 3", [1], 4),
            ("size(a) == 0", {"k": 1}, 0),
            ("3 < size(a)", [], 4),
            ("size(a) >= 2", None, 2),
        ],
    )
    def test_of_a_size(self, text: str, seen: Any, told: int) -> None:
        """
        Of a size, the size is told.
        """
        assert nearest(text, {} if seen is None else {"a": seen}) == ("/a", "size", told)


class TestOthers:
    """
    Conditions that are no bounds.
    """

    @pytest.mark.parametrize(
        ("text", "variables", "told"),
        [
            ("a", {"a": False}, True),
            ("a", {"a": "yes"}, True),
            ("!a", {"a": True}, False),
            ("a == null", {"a": 1}, None),
            ('a == "x"', {}, "x"),
            ("a in [1, 5, 9]", {"a": 6}, 5),
            ("a in [1, 5, 9]", {"a": 7}, 5),
            ('a in ["x", "y"]', {"a": "z"}, "x"),
            ('a in [2.0, "y"]', {"a": 7}, 2),
            ("a in b", {"a": 7, "b": [[], 3]}, 3),
        ],
    )
    def test_are_told_by_value(self, text: str, variables: dict[str, Any], told: Any) -> None:
        """
        A truth value, an equality, a member of a list: the nearest number, or the first text.
        """
        assert nearest(text, variables) == value("/a", told)

    def test_are_told_below_an_index(self) -> None:
        """
        An element of a list can be told where it is there.
        """
        assert nearest("a[1].b == 5", {"a": [1, {}]}) == value("/a/1/b", 5)


class TestLogic:
    """
    Of `||` one operand is enough, of `&&` one must stand in the way alone.
    """

    @pytest.mark.parametrize(
        ("text", "variables", "wanted", "told"),
        [
            ("a > 5 || b", {"a": 1, "b": False}, True, value("/a", 6)),
            ("b || a > 5", {"a": 1, "b": False}, True, value("/b", True)),
            ("a > 100 || a > 5", {"a": 1}, True, value("/a", 6)),
            ("a < 0 || a > 9", {"a": 7}, True, value("/a", 10)),
            ("a < 0 || a > 9", {"a": 2}, True, value("/a", -1)),
            ("a <= 0.1 || a < 0.1", {"a": 0.5}, True, value("/a", 0.1)),
            ("a > 0.1 || a >= 0.1", {"a": -0.5}, True, value("/a", 0.1)),
            ("a > 0.5 || a > 0", {"a": 0}, True, None),
            ("a >= null || b", {"a": 1, "b": False}, True, value("/b", True)),
            ('a == "x" || a.startsWith("y")', {"a": "z"}, True, value("/a", "x")),
            ("a > 100 || a * 2 > 10", {"a": 1}, True, None),
            ("a > 1 || a * 2 > 10 || a > 3", {"a": 0}, True, None),
            ("a > 1 || a * 2 > 10 || a > 3 || b > 3", {"a": 0, "b": 0}, True, value("/b", 4)),
            ("a != 5 || a > 7", {"a": 5}, True, None),
            ("c.exists(x, x) || a > 5", {"a": 1, "c": []}, True, value("/a", 6)),
            ("(a > 5 && b) || c", {"a": 1, "b": True, "c": False}, True, value("/a", 6)),
            ("(a > 5 && b) || c", {"a": 1, "b": False, "c": False}, True, value("/c", True)),
            ("(a > 5 && a < 9) || c.d.e", {"a": 1, "c": 1}, True, None),
            ("a > 5 && b", {"a": 9, "b": True}, False, value("/a", 5)),
            ("!(a > 5 && b)", {"a": 9, "b": True}, True, value("/a", 5)),
            ("a || b", {"a": True, "b": True}, False, None),
            ("a || b", {"a": True, "b": False}, False, value("/a", False)),
            ("a || a.b", {"a": True}, False, None),
        ],
    )
    def test_tells_one_change_that_is_enough(
        self,
        text: str,
        variables: dict[str, Any],
        wanted: bool,  # noqa: FBT001 - a parameter.
        told: Any,
    ) -> None:
        """
        The nearest of those about one number; nothing where a part that cannot be solved might be nearer.
        """
        assert nearest(text, variables, wanted=wanted) == told


UNTOLD: dict[str, tuple[str, dict[str, Any]]] = {
    "no_path": ("a + 1 > 5", {"a": 1}),
    "an_index_that_is_worked_out": ("a[b] == 5", {"a": [1], "b": 0}),
    "both_sides_read_it": ("a > a", {"a": 1}),
    "part_of_the_other_side": ("a == a.b", {"a": {"b": 1}}),
    "not_this_value": ("a != 5", {"a": 5}),
    "a_member_of_nothing": ("a in []", {"a": 1}),
    "a_key_of_an_object": ("a in b", {"a": "x", "b": {}}),
    "lists_alone": ("a in b", {"a": 1, "b": [[1], {}]}),
    "a_bound_that_fails": ("a > b + 1", {"a": 1}),
    "a_bound_of_another_kind": ("a > null", {"a": 1}),
    "equal_to_a_list": ("a == [1]", {"a": 1}),
    "a_text_without_end": ('a > "m"', {"a": "b"}),
    "beyond_the_exact_range": (f"a > {MAX_NUMBER}", {"a": 1}),
    "a_size_below_zero": ("size(a) < 0", {"a": [1]}),
    "a_size_of_what_the_other_side_reads": ("size(a) == a[0]", {"a": [5]}),
    "the_size_of_an_element_of_an_object": ("size(a[0]) == 2", {"a": {"b": 1}}),
    "half_a_size": ("size(a) == 2.5", {"a": [1]}),
    "the_size_of_a_number": ("size(a) == 2", {"a": 5}),
    "a_long_text_of_the_input": ("a == b + b", {"a": 1, "b": "x" * 101}),
    "long_members_alone": ("a in b", {"a": 1, "b": ["x" * 201]}),
    "below_a_number": ("a.b == 1", {"a": 5}),
    "beyond_a_list": ("a[3] == 1", {"a": [1]}),
    "in_a_list_that_is_not_there": ("a[0] == 1", {}),
    "a_name_for_a_list": ("a.b == 1", {"a": [1]}),
    "a_number_for_an_object": ("a[0] == 1", {"a": {"b": 1}}),
    "without_fuel": ("a in b", {"a": 1, "b": [2] * 20_000}),
    "has": ("has(a.b)", {"a": {}}),
    "a_macro": ("a.all(x, x > 1)", {"a": [0]}),
    "a_choice": ("a ? b : c", {"a": True, "b": False, "c": True}),
    "a_search": ('a.startsWith("x")', {"a": "y"}),
}


@pytest.mark.parametrize("name", sorted(UNTOLD))
def test_nothing_is_told_that_is_not_certain(name: str) -> None:
    """
    Where no single value can be told for certain, none is.
    """
    assert nearest(*UNTOLD[name]) is None


def test_no_more_is_worked_out_than_an_evaluation_may() -> None:
    """
    A condition so deep in others that looking for a change would take more nodes than fuel is told without one.
    """
    text = " || ".join(f"a{number}" for number in range(600))
    for _ in range(20):
        text = f"({text}) || b && c"
    variables = {**{f"a{number}": False for number in range(600)}, "b": False, "c": False}
    assert nearest(text.replace(" ", ""), variables) == value("/a0", True)
    flat = " && ".join(f"a{number}" for number in range(600))
    for _ in range(20):
        flat = f"({flat}) && (b || c)"
    variables = {**{f"a{number}": number > 0 for number in range(600)}, "b": True, "c": True}
    assert nearest("!!(" + flat.replace(" ", "") + ")", variables) is None
    assert nearest("!!(a0&&(b||c))", variables) == value("/a0", True)


def test_the_input_is_not_changed_by_trying_a_value_out() -> None:
    """
    What is tried out is a copy along the path.
    """
    variables = {"a": {"b": [{"c": 1}]}}
    assert nearest("a.b[0].c == 5", variables) == value("/a/b/0/c", 5)
    assert variables == {"a": {"b": [{"c": 1}]}}


def test_objects_that_are_missing_are_made() -> None:
    """
    A value below a member that is not there can be told: the objects above it come with it.
    """
    assert nearest("a.b.c == 5", {}) == value("/a/b/c", 5)
    assert nearest("size(a.b) == 5", {"a": {}}) == ("/a/b", "size", 5)
    assert nearest("size(a.b) == 5", {"a": 1}) is None
