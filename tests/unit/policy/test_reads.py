"""What an expression reads, as far as it can be told without running it."""

import pytest

from runtime.policy.expressions import Expression
from runtime.policy.parser import parse
from runtime.policy.reads import list_reads, path_of, path_text

_READS: dict[str, list[str]] = {
    "1": [],
    "[1, 'a'] == {'b': null}": [],
    "a": ["/a"],
    "a + b": ["/a", "/b"],
    "a + a": ["/a"],
    "b + a": ["/a", "/b"],
    "a.b": ["/a/b"],
    "a.b.c": ["/a/b/c"],
    "a.b + a.c": ["/a/b", "/a/c"],
    "a + a.b": ["/a", "/a/b"],
    "(a.b).c": ["/a/b/c"],
    "a[0]": ["/a/0"],
    "a[0].b[1]": ["/a/0/b/1"],
    "a[0.0]": ["/a/0"],
    "a[-1]": ["/a/-1"],
    'a["b"]': ["/a/b"],
    'a["0"] + a[0]': ["/a/0"],
    'a["b/c~d"]': ["/a/b~1c~0d"],
    "a.`b/c`": ["/a/b~1c"],
    "`a/b`.c": ["/a~1b/c"],
    'a[""]': ["/a/"],
    "a[true]": ["/a"],
    "a[null].b": ["/a"],
    "a[0.5].b": ["/a"],
    "a[b]": ["/a", "/b"],
    "a[b].c": ["/a", "/b"],
    "a.x[b].c": ["/a/x", "/b"],
    "a.x[b.y[c]].d": ["/a/x", "/b/y", "/c"],
    "a[0][b][1]": ["/a/0", "/b"],
    "a[1 - 1]": ["/a"],
    "{'k': a.b}.k": ["/a/b"],
    "[a, b][0]": ["/a", "/b"],
    "(a ? b : c).d": ["/a", "/b", "/c"],
    "size(a.b)": ["/a/b"],
    "a.b.size()": ["/a/b"],
    "a.contains(b)": ["/a", "/b"],
    "!a && -b < c || d in e": ["/a", "/b", "/c", "/d", "/e"],
    "a ? b : c": ["/a", "/b", "/c"],
    "false && a": ["/a"],
    "has(a)": ["/a"],
    "has(a.b)": ["/a/b"],
    "has(a.b.c)": ["/a/b/c"],
    "has(a[0].b)": ["/a/0/b"],
    "has(a[b].c)": ["/a", "/b"],
    "has({'k': a}.k)": ["/a"],
    "has(a.b) && a.b.c": ["/a/b", "/a/b/c"],
    "a.all(x, true)": ["/a"],
    "a.all(x, x)": ["/a", "/a/*"],
    "a.all(x, x.b > 1)": ["/a", "/a/*/b"],
    "a.all(x, has(x.b))": ["/a", "/a/*/b"],
    "a.b.map(x, x.c[0] + d)": ["/a/b", "/a/b/*/c/0", "/d"],
    "a.map(x, x.b.map(y, y.c))": ["/a", "/a/*/b", "/a/*/b/*/c"],
    "a.map(x, b.map(y, x.c + y.d))": ["/a", "/a/*/c", "/b", "/b/*/d"],
    "a.map(a, a.b)": ["/a", "/a/*/b"],
    "a.map(x, x.map(x, x.b))": ["/a", "/a/*", "/a/*/*/b"],
    "a.map(x, x) == x": ["/a", "/a/*", "/x"],
    "a.map(x, b[x])": ["/a", "/a/*", "/b"],
    "a.map(x, x[b])": ["/a", "/a/*", "/b"],
    "a[b].map(x, x.c)": ["/a", "/b"],
    "a.filter(x, x.b).map(y, y.c)": ["/a", "/a/*/b"],
    "[a, b].map(x, x.c + d)": ["/a", "/b", "/d"],
    "[1].map(x, x)": [],
    "[1].map(x, a)": ["/a"],
    'a["*"]': ["/a/*"],
}


@pytest.mark.parametrize("source", _READS)
def test_reads_are_told(source: str) -> None:
    """
    Each path once, in order; as long as it is written out, and everything where it is worked out.
    """
    assert list(Expression.parse(source).list_reads()) == _READS[source]


def test_bound_names_stand_for_what_the_caller_says() -> None:
    """
    A path for a bound name stands before what is read of it; a bound name without one stands for itself.
    """
    rule = Expression.parse("item.a > limit && other.b[0] && self_.c", ("item", "other", "self_"))
    assert rule.list_reads(item=("items", "*"), other=()) == ("/b/0", "/items/*/a", "/limit", "/self_/c")
    assert rule.list_reads() == ("/item/a", "/limit", "/other/b/0", "/self_/c")


def test_any_name_can_be_bound() -> None:
    """
    A bound name may be called like a parameter of Python's own.
    """
    assert Expression.parse("self.a", ("self",)).list_reads(self=("me",)) == ("/me/a",)
    assert Expression.parse("`a b`.c", ("a b",)).list_reads(**{"a b": ("x",)}) == ("/x/c",)


def test_paths_tell_an_index_from_a_name() -> None:
    """
    As a tuple a path keeps the difference, and the order does not depend on it.
    """
    tree = parse('a["0"] + a[0] + a[1] + a["1"]')
    assert list_reads(tree, {}) == (("a", "0"), ("a", 0), ("a", "1"), ("a", 1))
    assert [path_text(path) for path in list_reads(tree, {})] == ["/a/0", "/a/0", "/a/1", "/a/1"]


@pytest.mark.parametrize(
    ("source", "path"),
    [
        ("a", ("a",)),
        ("a.b[0].c", ("a", "b", 0, "c")),
        ('a["b"]', ("a", "b")),
        ("a[b]", None),
        ("a[b].c", None),
        ("a + 1", None),
        ("(a + b).c", None),
        ("[a][0]", None),
        ("has(a.b)", None),
        ("1", None),
    ],
)
def test_only_what_names_a_path_from_end_to_end_is_one(source: str, path: tuple[str | int, ...] | None) -> None:
    """
    What is worked out on the way has no path.
    """
    assert path_of(parse(source), {}) == path


def test_a_bound_name_has_the_path_it_stands_for() -> None:
    """
    By its slot; one that stands for no path has none.
    """
    tree = parse("item.a", ("item",))
    assert path_of(tree, {0: ("items", "*")}) == ("items", "*", "a")
    assert path_of(tree, {0: None}) is None
    assert list_reads(tree, {0: None}) == ()
