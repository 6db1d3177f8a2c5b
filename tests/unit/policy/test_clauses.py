"""Clauses: how a condition is split, and what is told of each part."""

from typing import Any

import pytest

from runtime.limits import MAX_EXPRESSION_FUEL
from runtime.policy.clauses import Clause, Equality, parts_of, short_value, split
from runtime.policy.expressions import Expression
from runtime.policy.semantics import Environment


def _report(text: str, variables: dict[str, Any], *, wanted: bool | None = None) -> dict[str, Any]:
    tree = Expression.parse(text).tree
    return Clause.of(text, tree).report(Environment(variables, [None] * 4), wanted=wanted)


@pytest.mark.parametrize(
    ("text", "parts"),
    [
        ("a", ["a"]),
        ("a && b", ["a", "b"]),
        ("a && (b && (c && d))", ["a", "b", "c", "d"]),
        ("(a || b) && c", ["a || b", "c"]),
        ("a || b && c", ["a || b && c"]),
        ("!(a && b)", ["!(a && b)"]),
        ("a.all(x, x && x) && b", ["a.all(x, x && x)", "b"]),
        ('  (a)   &&\n  b == "&&"  ', ["a", 'b == "&&"']),
    ],
)
def test_a_condition_is_split_at_its_outermost_and(text: str, parts: list[str]) -> None:
    """
    Each operand of `&&` is a clause with its own text; what stands inside another operator is not taken apart.
    """
    expression = Expression.parse(text)
    clauses = split(expression)
    assert [clause.text for clause in clauses] == parts
    assert [clause.node for clause in clauses] == list(parts_of(expression.tree))
    assert all(Expression.parse(clause.text) for clause in clauses)


class TestReport:
    """
    A report says how a clause stands, what it saw and what was not there.
    """

    def test_of_a_clause_that_holds(self) -> None:
        """
        The values it read are told by path.
        """
        assert _report("a.b <= limit", {"a": {"b": 1}, "limit": 2.0}) == {
            "text": "a.b <= limit",
            "held": True,
            "failure": None,
            "saw": {"/a/b": 1, "/limit": 2.0},
            "absent": [],
            "nearest": None,
        }

    @pytest.mark.parametrize(
        ("text", "variables", "failure", "absent"),
        [
            ("a > 1", {}, "path_missing", ["/a"]),
            ("a.b > 1", {"a": {}}, "path_missing", ["/a/b"]),
            ("a.b > 1", {"a": 5}, "wrong_type", ["/a/b"]),
            ("a[3] == 1", {"a": [1]}, "path_missing", ["/a/3"]),
            ("a", {"a": "yes"}, "wrong_type", []),
            ("a > 1", {"a": "x"}, "wrong_type", []),
            ("1 / a == 2", {"a": 0}, "division_by_zero", []),
            ("a.all(x, a.all(y, a.all(z, true)))", {"a": [0] * 30}, "out_of_fuel", []),
        ],
        ids=["no_variable", "no_member", "no_object", "beyond_the_list", "no_condition", "no_order", "zero", "fuel"],
    )
    def test_of_a_clause_without_a_value(
        self, text: str, variables: dict[str, Any], failure: str, absent: list[str]
    ) -> None:
        """
        It neither holds nor not; the failure is named by its code.
        """
        report = _report(text, variables)
        assert (report["held"], report["failure"], report["absent"]) == (None, failure, absent)

    @pytest.mark.parametrize(
        ("value", "told"),
        [
            (None, None),
            (True, True),
            (0.5, 0.5),
            ("x" * 200, "x" * 200),
            ("x" * 201, {"type": "text", "size": 201}),
            ([1, 2], {"type": "list", "size": 2}),
            ({}, {"type": "object", "size": 0}),
        ],
        ids=["null", "truth", "number", "text", "long_text", "list", "object"],
    )
    def test_tells_what_is_small_as_it_is(self, value: Any, told: Any) -> None:
        """
        Containers and long texts are told by type and size.
        """
        assert short_value(value) == told
        assert type(short_value(value)) is type(told)
        assert _report("a == a", {"a": value})["saw"] == {"/a": told}

    def test_tells_no_values_of_every_element(self) -> None:
        """
        A macro reads a list, which is told by its size; what it reads of each element is not told.
        """
        report = _report("a.all(x, x.b > limit)", {"a": [{"b": 1}], "limit": 0})
        assert report["saw"] == {"/a": {"type": "list", "size": 1}, "/limit": 0}
        assert report["absent"] == []

    def test_tells_at_most_16_values(self) -> None:
        """
        A clause that reads more tells the first ones by path.
        """
        names = [f"v{number:02}" for number in range(30)]
        report = _report(f"[{', '.join(names)}] == []", dict.fromkeys(names, 1))
        assert list(report["saw"]) == [f"/{name}" for name in names[:16]]

    def test_gives_each_clause_its_own_fuel(self) -> None:
        """
        A clause that runs out takes nothing from the next one.
        """
        first, second = split(Expression.parse("a.all(x, a.all(y, a.all(z, true))) && a.all(x, a.all(y, true))"))
        env = Environment({"a": [0] * 30}, [None] * 3)
        assert first.report(env, wanted=None)["failure"] == "out_of_fuel"
        assert second.report(env, wanted=None)["held"] is True
        assert second.fuel < MAX_EXPRESSION_FUEL

    @pytest.mark.parametrize("wanted", [True, False])
    def test_tells_nothing_nearest_of_what_is_as_wanted(self, wanted: bool) -> None:  # noqa: FBT001 - a parameter.
        """
        Only what is not as it should be asks for a change.
        """
        assert _report("a > 1", {"a": 2 if wanted else 1}, wanted=wanted)["nearest"] is None
        assert _report("a > 1", {"a": 1 if wanted else 2}, wanted=wanted)["nearest"] is not None


class TestEquality:
    """
    "Conditions: equality on dotted paths, the v0.1 form"; what is absent counts as null.
    """

    @pytest.mark.parametrize(
        ("expected", "variables", "held"),
        [
            (1, {"a": {"b": 1}}, True),
            (1, {"a": {"b": 1.0}}, True),
            (1, {"a": {"b": True}}, False),
            (0, {"a": {"b": False}}, False),
            ("1", {"a": {"b": 1}}, False),
            (None, {"a": {"b": None}}, True),
            (None, {"a": {}}, True),
            (None, {}, True),
            (None, {"a": 5}, True),
            (1, {"a": [1]}, False),
        ],
    )
    def test_is_that_of_canonical_json(self, expected: Any, variables: dict[str, Any], held: bool) -> None:  # noqa: FBT001
        """
        `true` is not `1`, and `1.0` is.
        """
        equality = Equality("a.b", ("a", "b"), expected)
        assert equality.run(Environment(variables, [])) is held

    def test_reports_what_it_saw_and_the_value_it_wants(self) -> None:
        """
        The nearest value is the expected one, where it can be put.
        """
        equality = Equality('a.b == "x"', ("a", "b"), "x")
        report = equality.report(Environment({"a": {"b": "y"}}, []), wanted=True)
        assert report["saw"] == {"/a/b": "y"}
        assert report["nearest"] == {"path": "/a/b", "of": "value", "value": "x"}
        assert equality.report(Environment({}, []), wanted=True)["absent"] == ["/a/b"]
        assert equality.report(Environment({"a": 5}, []), wanted=True)["nearest"] is None
        assert equality.report(Environment({"a": {"b": "x"}}, []), wanted=False)["nearest"] is None
        assert equality.report(Environment({"a": {"b": "y"}}, []), wanted=None)["nearest"] is None
