"""From tokens to a tree: precedence, scopes, what is refused and where, and that no nesting exhausts the stack."""

import sys
from collections.abc import Callable
from typing import Any

import pytest

from runtime.errors import EvaluationError, ExpressionError
from runtime.limits import MAX_EXPRESSION_DEPTH, MAX_EXPRESSION_FUEL, MAX_EXPRESSION_LENGTH
from runtime.policy.expressions import Expression
from runtime.policy.lexer import RESERVED
from runtime.policy.parser import parse
from runtime.policy.syntax import (
    Arithmetic,
    Call,
    Choice,
    Field,
    Has,
    HasVariable,
    ListDisplay,
    Literal,
    Logic,
    Macro,
    MapDisplay,
    Member,
    Name,
    Negation,
    Node,
    Not,
    Relation,
    children,
    count_nodes,
    walk,
)


def drawn(node: Node) -> Any:  # noqa: PLR0911 - a table of shapes.
    """
    Draw a tree as nested tuples: the operator or kind first, names of bound variables with their slot.
    """
    below = [drawn(child) for child in children(node)]
    match node:
        case Literal():
            return node.value
        case Name():
            return node.name if node.slot is None else f"{node.name}#{node.slot}"
        case Member():
            indices = iter(below[1:])
            return (".", below[0], *(step.name if isinstance(step, Field) else [next(indices)] for step in node.steps))
        case Arithmetic():
            return (below[0], *((sign, part) for (sign, _), part in zip(node.rest, below[1:], strict=True)))
        case MapDisplay():
            return ("{}", *zip(below[::2], below[1::2], strict=True))
        case HasVariable():
            return ("has", node.name)
    heads: dict[type, Callable[[Any], str]] = {
        Call: lambda call: call.method,
        Choice: lambda _: "?",
        Has: lambda has: f"has .{has.field}",
        ListDisplay: lambda _: "[]",
        Logic: lambda logic: "&&" if logic.is_and else "||",
        Macro: lambda macro: f"{macro.macro} {macro.variable}#{macro.slot}",
        Negation: lambda _: "-",
        Not: lambda _: "!",
        Relation: lambda relation: relation.operator,
    }
    return (heads[type(node)](node), *below)


_TREES = {
    "and_before_or": ("a || b && c", ("||", "a", ("&&", "b", "c"))),
    "and_before_or_on_the_left": ("a && b || c", ("||", ("&&", "a", "b"), "c")),
    "relation_before_and": ("a == b && c", ("&&", ("==", "a", "b"), "c")),
    "sum_before_relation": ("a + b < c - d", ("<", ("a", ("+", "b")), ("c", ("-", "d")))),
    "sum_before_in": ("a + b in c + d", ("in", ("a", ("+", "b")), ("c", ("+", "d")))),
    "product_before_sum": ("a + b * c - d", ("a", ("+", ("b", ("*", "c"))), ("-", "d"))),
    "products_from_the_left": ("a * b / c % d", ("a", ("*", "b"), ("/", "c"), ("%", "d"))),
    "sums_from_the_left": ("a - b - c", ("a", ("-", "b"), ("-", "c"))),
    "sign_before_product": ("-a * b", (("-", "a"), ("*", "b"))),
    "not_before_relation": ("!a == b", ("==", ("!", "a"), "b")),
    "member_before_sign": ("-a.b", ("-", (".", "a", "b"))),
    "member_before_not": ("!a.b[0]", ("!", (".", "a", "b", [0]))),
    "choice_last": ("a || b ? c && d : e == f", ("?", ("||", "a", "b"), ("&&", "c", "d"), ("==", "e", "f"))),
    "choice_from_the_right": ("a ? b : c ? d : e", ("?", "a", "b", ("?", "c", "d", "e"))),
    "parentheses_first": ("(a + b) * c", (("a", ("+", "b")), ("*", "c"))),
    "parentheses_around_a_choice": ("(a ? b : c) ? d : e", ("?", ("?", "a", "b", "c"), "d", "e")),
    "parentheses_in_a_chain_of_one_operator": ("a && (b && c)", ("&&", "a", ("&&", "b", "c"))),
    "chain_of_and": ("a && b && c && d", ("&&", "a", "b", "c", "d")),
    "chain_of_or": ("a || b || c", ("||", "a", "b", "c")),
    "chain_of_members": ('a.b[0].c["d"].e', (".", "a", "b", [0], "c", ["d"], "e")),
    "chain_of_members_over_parentheses": ("(a.b).c", (".", "a", "b", "c")),
    "member_of_a_call": ("a.b.size().c", (".", ("size", (".", "a", "b")), "c")),
    "index_is_any_expression": ("a[b ? c : d]", (".", "a", [("?", "b", "c", "d")])),
    "negative_literal": ("-1", -1),
    "negative_literal_behind_space": ("- 1.5", -1.5),
    "minus_nought": ("-0", 0),
    "member_of_a_negative_literal": ("-1.size()", ("size", -1)),
    "negation_of_a_negative_literal": ("--1", ("-", -1)),
    "three_signs": ("---a", ("-", ("-", ("-", "a")))),
    "difference_of_a_negative": ("a--1", ("a", ("-", -1))),
    "difference_without_space": ("a-1", ("a", ("-", 1))),
    "two_nots": ("!!a", ("!", ("!", "a"))),
    "negation_of_parentheses": ("-(1)", ("-", 1)),
    "empty_list": ("[]", ("[]",)),
    "list": ("[1, a, [2]]", ("[]", 1, "a", ("[]", 2))),
    "comma_behind_the_last_element": ("[1, 2,]", ("[]", 1, 2)),
    "empty_object": ("{}", ("{}",)),
    "object": ('{"a": 1, b: c}', ("{}", ("a", 1), ("b", "c"))),
    "comma_behind_the_last_member": ('{"a": 1,}', ("{}", ("a", 1))),
    "object_with_a_choice": ('{"a": b ? c : d}', ("{}", ("a", ("?", "b", "c", "d")))),
    "member_of_a_display": ('{"a": 1}.a', (".", ("{}", ("a", 1)), "a")),
    "index_of_a_display": ("[1, 2][0]", (".", ("[]", 1, 2), [0])),
    "method_of_a_literal": ('"abc".size()', ("size", "abc")),
    "size_as_a_function": ("size(a)", ("size", "a")),
    "size_as_a_method": ("a.size()", ("size", "a")),
    "contains": ('a.contains("b")', ("contains", "a", "b")),
    "starts_with": ("a.startsWith(b.c)", ("startsWith", "a", (".", "b", "c"))),
    "ends_with": ("a.endsWith(b)", ("endsWith", "a", "b")),
    "has_of_a_member": ("has(a.b.c)", ("has .c", (".", "a", "b"))),
    "has_of_the_first_member": ("has(a.b)", ("has .b", "a")),
    "has_behind_an_index": ("has(a[0].b)", ("has .b", (".", "a", [0]))),
    "has_in_parentheses": ("has((a.b))", ("has .b", "a")),
    "has_of_a_variable": ("has(a)", ("has", "a")),
    "macro": ("a.map(x, x + b)", ("map x#0", "a", ("x#0", ("+", "b")))),
    "macro_with_a_choice": ("a.all(x, x ? b : c)", ("all x#0", "a", ("?", "x#0", "b", "c"))),
    "macro_in_a_macro": ("a.map(x, x.all(y, x == y))", ("map x#0", "a", ("all y#1", "x#0", ("==", "x#0", "y#1")))),
    "macro_behind_a_macro": ("a.filter(x, x).map(y, y)", ("map y#0", ("filter x#0", "a", "x#0"), "y#0")),
    "two_macros_beside_each_other": (
        "a.all(x, x) && b.all(y, y)",
        ("&&", ("all x#0", "a", "x#0"), ("all y#0", "b", "y#0")),
    ),
    "macro_hides_a_variable": ("x.map(x, x) + x", (("map x#0", "x", "x#0"), ("+", "x"))),
    "macro_hides_a_macro": (
        "a.map(x, x.map(x, x) + x)",
        ("map x#0", "a", (("map x#1", "x#0", "x#1"), ("+", "x#0"))),
    ),
    "macro_variable_named_as_a_method": ("a.map(size, size(size))", ("map size#0", "a", ("size", "size#0"))),
    "member_named_as_a_macro": ("a.map", (".", "a", "map")),
    "member_named_as_a_method_over_a_member": ("a.size.b", (".", "a", "size", "b")),
    "variables_named_as_functions": ("has + size + map", ("has", ("+", "size"), ("+", "map"))),
    "members_named_as_words": ("a.in.true.false.null", (".", "a", "in", "true", "false", "null")),
    "member_named_as_a_reserved_word": ("a.if.while", (".", "a", "if", "while")),
    "member_in_backticks": ("a.`b c`", (".", "a", "b c")),
    "member_in_backticks_before_parentheses": ("(a.`b`)", (".", "a", "b")),
    "variable_in_backticks": ("`a b` + `if`", ("a b", ("+", "if"))),
    "backticks_name_the_bound_variable": ("a.map(x, `x`)", ("map x#0", "a", "x#0")),
    "space_around_everything": (" a\t.\nb [ 0 ] ", (".", "a", "b", [0])),
    "comment_inside": ("a // first\n + b // second", ("a", ("+", "b"))),
}


@pytest.mark.parametrize("case", _TREES)
def test_a_text_has_its_tree(case: str) -> None:
    """
    Operators bind as in CEL, and chains of one precedence are one node.
    """
    source, tree = _TREES[case]
    assert drawn(parse(source)) == tree


@pytest.mark.parametrize(
    ("source", "bound", "tree"),
    [
        ("item + other", ("item",), ("item#0", ("+", "other"))),
        ("a + b", ("a", "b"), ("a#0", ("+", "b#1"))),
        ("xs.map(x, x + item)", ("item",), ("map x#1", "xs", ("x#1", ("+", "item#0")))),
        ("item.map(item, item)", ("item",), ("map item#1", "item#0", "item#1")),
        ("`item`.a", ("item",), (".", "item#0", "a")),
        ("a.item", ("item",), (".", "a", "item")),
        ("b", ("b", "b"), "b#1"),
    ],
    ids=["one", "two", "beside_a_macro", "hidden_by_a_macro", "in_backticks", "no_member", "the_last_of_two"],
)
def test_names_the_caller_binds_come_first(source: str, bound: tuple[str, ...], tree: Any) -> None:
    """
    They take the first slots; a macro hides them like any other name.
    """
    assert drawn(parse(source, bound)) == tree


_REFUSED = {
    "nothing": ("", "1:1", "the end", "expected a value"),
    "only_a_comment": ("// a", "1:5", "the end", "expected a value"),
    "no_right_side": ("a +", "1:4", "the end", "expected a value"),
    "no_left_side": ("* a", "1:1", "'*'", "expected a value"),
    "plus_as_a_sign": ("+a", "1:1", "'+'", "expected a value"),
    "two_values": ("a b", "1:3", "'b'", "expected an operator or the end"),
    "second_line": ("a &&\n  b c", "2:5", "'c'", "expected an operator or the end"),
    "text_behind_a_name": ("x'a'", "1:2", "\"'a'\"", "expected an operator or the end"),
    "unclosed_parenthesis": ("(a", "1:3", "the end", "expected ')'"),
    "unopened_parenthesis": ("a)", "1:2", "')'", "expected an operator or the end"),
    "empty_parentheses": ("()", "1:2", "')'", "expected a value"),
    "wrong_parenthesis": ("(a]", "1:3", "']'", "expected ')'"),
    "unclosed_list": ("[a", "1:3", "the end", "expected ',' or ']'"),
    "list_without_a_comma": ("[a b]", "1:4", "'b'", "expected ',' or ']'"),
    "list_of_a_comma": ("[,]", "1:2", "','", "expected a value"),
    "list_with_two_commas": ("[a,,]", "1:4", "','", "expected a value"),
    "unclosed_object": ('{"a": 1', "1:8", "the end", "expected ',' or '}'"),
    "object_without_a_value": ('{"a"}', "1:5", "'}'", "expected ':' and a value"),
    "object_without_a_key": ("{: 1}", "1:2", "':'", "expected a value"),
    "object_of_a_comma": ("{,}", "1:2", "','", "expected a value"),
    "unclosed_index": ("a[0", "1:4", "the end", "expected ']'"),
    "empty_index": ("a[]", "1:3", "']'", "expected a value"),
    "index_of_two": ("a[0, 1]", "1:4", "','", "expected ']'"),
    "choice_without_the_other": ("a ? b", "1:6", "the end", "expected ':' and the other value"),
    "choice_without_the_one": ("a ? : b", "1:5", "':'", "expected a value"),
    "choice_in_a_choice_without_parentheses": ("a ? b ? c : d : e", "1:7", "'?'", "expected ':' and the other value"),
    "dot_at_the_end": ("a.", "1:3", "the end", "expected the name of a member"),
    "dot_first": (".a", "1:1", "'.'", "expected a value"),
    "two_dots": ("a..b", "1:3", "'.'", "expected the name of a member"),
    "number_as_a_member": ("a.1", "1:2", "'.1'", "expected an operator or the end"),
    "text_as_a_member": ("a.'b'", "1:3", "\"'b'\"", "expected the name of a member"),
    "star_as_a_member": ("a.*", "1:3", "'*'", "expected the name of a member"),
    "comparison_of_a_comparison": ("a < b < c", "1:7", "a comparison of a comparison", "write a < b && b < c"),
    "equality_of_an_equality": ("a == b == c", "1:8", "a comparison of a comparison", ""),
    "in_of_a_comparison": ("a == b in c", "1:8", "a comparison of a comparison", ""),
    "reserved_word": ("a && if", "1:6", "reserved word 'if'", "write `if` in backticks"),
    "reserved_word_of_a_macro": ("a.map(for, 1)", "1:7", "reserved word 'for'", "choose another name"),
    "operator_as_a_name": ("in", "1:1", "'in'", "expected a value"),
    "unknown_function": ("1 + len(a)", "1:5", "unknown function 'len'", "functions are has and size"),
    "conversion": ("int(a)", "1:1", "unknown function 'int'", "methods are written x.name(…)"),
    "reserved_word_as_a_function": ("if(a)", "1:1", "unknown function 'if'", ""),
    "macro_as_a_function": ("map(a, x, x)", "1:1", "unknown function 'map'", ""),
    "message": ("T{a: 1}", "1:2", "'{'", "expected an operator or the end"),
    "unknown_method": ("a.b.matches('c')", "1:5", "unknown method 'matches'", "known are ['all', 'contains'"),
    "has_as_a_method": ("a.has(b)", "1:3", "unknown method 'has'", ""),
    "namespaced_function": ("a.f(b)", "1:3", "unknown method 'f'", ""),
    "call_of_a_name_in_backticks": ("`size`(a)", "1:7", "'('", "expected an operator or the end"),
    "call_of_a_member_in_backticks": ("a.`size`()", "1:9", "'('", "expected an operator or the end"),
    "call_of_a_value": ("(a)(b)", "1:4", "'('", "expected an operator or the end"),
    "call_of_a_member_named_as_a_word": ("a.in(b)", "1:5", "'('", "expected an operator or the end"),
    "size_without_an_argument": ("size()", "1:1", "size with 0 arguments", "it takes 1"),
    "size_of_two": ("size(a, b)", "1:1", "size with 2 arguments", "it takes 1"),
    "size_as_a_method_with_one": ("a.size(b)", "1:3", "size with 1 arguments", "it takes 0"),
    "contains_without_an_argument": ("a.contains()", "1:3", "contains with 0 arguments", "it takes 1"),
    "starts_with_of_two": ("a.startsWith(b, c)", "1:3", "startsWith with 2 arguments", "it takes 1"),
    "comma_behind_the_last_argument": ("size(a,)", "1:8", "')'", "expected a value"),
    "unclosed_call": ("size(a", "1:7", "the end", "expected ',' or ')'"),
    "has_of_nothing": ("has()", "1:5", "')'", "expected a value"),
    "has_of_an_index": ('1 + has(a["b"])', "1:5", "has of neither a variable nor a member", "write has(a) or has(a.b)"),
    "has_of_an_operation": ("has(a.b + c.d)", "1:1", "has of neither a variable nor a member", ""),
    "has_of_a_literal": ("has(1)", "1:1", "has of neither a variable nor a member", ""),
    "has_of_a_bound_name": ("a.map(x, has(x))", "1:10", "has of neither a variable nor a member", ""),
    "has_of_two": ("has(a.b, c.d)", "1:8", "','", "expected ')'"),
    "macro_without_arguments": ("a.map()", "1:7", "')'", "expected a name for each element"),
    "macro_over_a_number": ("a.map(1, 2)", "1:7", "'1'", "expected a name for each element"),
    "macro_over_a_member": ("a.map(b.c, 1)", "1:8", "'.'", "expected ',' and an expression over it"),
    "macro_over_a_quoted_name": ("a.map(`x`, 1)", "1:7", "'`x`'", "expected a name for each element"),
    "macro_without_an_expression": ("a.map(x)", "1:8", "')'", "expected ',' and an expression over it"),
    "macro_of_three": ("a.map(x, x, x)", "1:11", "','", "expected ')'"),
    "macro_with_a_comma_at_the_end": ("a.map(x, x,)", "1:11", "','", "expected ')'"),
    "unknown_macro": ("a.exists_one(x, x)", "1:3", "unknown method 'exists_one'", ""),
}


@pytest.mark.parametrize("case", _REFUSED)
def test_what_is_no_expression_is_refused_where_it_stops_being_one(case: str) -> None:
    """
    The refusal says what stands there, where, and what would have to.
    """
    source, where, what, remedy = _REFUSED[case]
    with pytest.raises(ExpressionError) as caught:
        parse(source)
    assert (caught.value.where, caught.value.what) == (where, what)
    assert remedy in caught.value.remedy
    assert caught.value.remedy


@pytest.mark.parametrize("word", sorted(RESERVED))
def test_a_reserved_word_is_no_variable(word: str) -> None:
    """
    It is refused as a variable and as a name for each element; backticks and dots still reach it.
    """
    for source in (word, f"[1].map({word}, 1)"):
        with pytest.raises(ExpressionError, match="reserved word"):
            parse(source)
    assert drawn(parse(f"`{word}`.{word}")) == (".", word, word)


@pytest.mark.parametrize("source", [None, 1, b"a", ["a"], type("Text", (str,), {})("a")], ids=repr)
def test_only_plain_text_is_an_expression(source: Any) -> None:
    """
    Anything else is refused, texts of other classes included.
    """
    with pytest.raises(ExpressionError, match=r"expression is .*: give text"):
        parse(source)
    with pytest.raises(ExpressionError, match="give text"):
        Expression.parse(source)


_QUOTED = {
    "(a || b) && c": "(a || b) && c",
    "(a + b).size() == 2": "(a + b).size() == 2",
    "(a) + (b)": "(a) + (b)",
    "((a)) < (b)": "((a)) < (b)",
    "(a).b": "(a).b",
    "(a.b).c[(0)]": "(a.b).c[(0)]",
    "(a).map(x, (x))": "(a).map(x, (x))",
    "(a) ? (b) : (c)": "(a) ? (b) : (c)",
    "!(a)": "!(a)",
    "-(a)": "-(a)",
    "-1.b": "-1.b",
    "  ( a )  ": "a",
    " (a + b) ": "a + b",
    "[(a), (b)]": "[(a), (b)]",
    '{"a": (b)}': '{"a": (b)}',
    "has((a.b))": "has((a.b))",
    "has((a))": "has((a))",
}


@pytest.mark.parametrize("source", _QUOTED)
def test_a_node_can_be_quoted(source: str) -> None:
    """
    From start to end stands the text of a node, with every parenthesis that belongs to it or to a node below it.
    """
    tree = parse(source)
    assert source[tree.start : tree.end] == _QUOTED[source]
    for node in walk(tree):
        text = source[node.start : node.end]
        assert text.count("(") == text.count(")")
        assert text == text.strip()
        assert node is tree or drawn(parse(text, ("x",))) in (drawn(node), drawn(parse(text)))


def test_walking_meets_every_node_once_in_the_order_of_the_text() -> None:
    """
    A node comes before those below it, and those beside it from left to right.
    """
    tree = parse('a.b[c] + d.map(x, x ? e : [f, {"g": h}]) == !i && has(j.k) || -l < size(m)')
    nodes = list(walk(tree))
    names = [node.name for node in nodes if isinstance(node, Name)]
    assert names == ["a", "c", "d", "x", "e", "f", "h", "i", "j", "l", "m"]
    assert len(set(nodes)) == len(nodes)
    for node in nodes:
        assert all(nodes.index(child) > nodes.index(node) for child in children(node))


@pytest.mark.parametrize(
    ("source", "count"),
    [
        ("1", 1),
        ("a", 1),
        ("a.b", 2),
        ("a.b.c", 3),
        ("a[0].b", 4),
        ("a + b - c", 4),
        ("a && b && c", 4),
        ("a < b", 3),
        ("a ? b : c", 4),
        ("!a", 2),
        ("-1", 1),
        ("--1", 2),
        ("has(a)", 1),
        ("has(a.b)", 2),
        ("has(a.b.c)", 3),
        ("size(a)", 2),
        ("a.contains(b)", 3),
        ("[1, 2, 3]", 4),
        ('{"a": 1, "b": c}', 5),
        ("a.map(x, x + 1)", 2),
        ("a.map(x, b.map(y, y))", 2),
        ("a.map(x, x).filter(x, x)", 3),
    ],
)
def test_nodes_are_counted(source: str, count: int) -> None:
    """
    Each node and each step of a chain counts one; the body of a macro nothing, for it is paid for each time it runs.
    """
    assert count_nodes(parse(source)) == count


def test_no_expression_costs_more_than_the_fuel_before_it_runs() -> None:
    """
    A node takes at least a character, so what is paid at the beginning is always there to be paid.
    """
    assert MAX_EXPRESSION_LENGTH < MAX_EXPRESSION_FUEL
    for source in ("a" + ".a" * 2047, "a" + "+a" * 2047, "[" + "1," * 2047 + "]", "a" + "<a&&a" * 819):
        assert len(source) <= MAX_EXPRESSION_LENGTH
        assert count_nodes(parse(source)) < MAX_EXPRESSION_LENGTH


# One level of nesting, `@` for what is inside; how many of them the limit allows; what the innermost is.
_NESTINGS = {
    "parentheses": ("(@)", 31, "1"),
    "lists": ("[@]", 31, "1"),
    "objects": ('{"a": @}', 31, "1"),
    "indices": ("a[@]", 31, "0"),
    "members_of_parentheses": ("(@).a", 31, "a"),
    "nots": ("!@", 31, "a"),
    "signs": ("-@", 31, "a"),
    "sizes": ("size(@)", 31, "a"),
    "has": ("has(@.a)", 31, "a"),
    "macros": ("[1].map(x, @)", 15, "x"),
    "macros_beside_other_parts": ("[1].exists(x, 1 + 2 * @ == 1 && true || false ? 1 : 2)", 15, "x"),
    "macros_behind_macros": ("@.map(x, x)", 30, "a"),
    "calls_behind_calls": ("@.size()", 31, "a"),
    "arguments": ("a.contains(@)", 15, "a"),
    "choices": ("a ? 1 : @", 31, "1"),
    "choices_as_conditions": ("(@) ? 1 : 2", 31, "a"),
    "every_operator_in_lists": ("[@ * 2 + 1 == 1 && true || false ? 1 : 2]", 30, "1"),
    "every_operator_in_indices": ("a[@ * 2 + 1 == 1 && true || false ? 1 : 2]", 30, "0"),
    "every_operator_in_objects": ('{"a": @ * 2 + 1 == 1 && true || false ? 1 : 2}', 30, "1"),
    "every_operator_in_sizes": ("size(@ * 2 + 1 == 1 && true || false ? 1 : 2)", 30, "a"),
    "every_operator_in_parentheses": ("(@ * 2 + 1 == 1 && true || false ? 1 : 2)", 30, "1"),
}


def _nested(case: str, extra: int = 0) -> str:
    outer, times, source = _NESTINGS[case]
    for _ in range(times + extra):
        source = outer.replace("@", source)
    return source


def _at_depth(frames: int, call: Callable[[], object]) -> object:
    # Frames that are there already count.
    depth, frame = 0, sys._getframe()
    while frame.f_back:
        depth, frame = depth + 1, frame.f_back
    return _deeper(frames - depth, call)


def _deeper(frames: int, call: Callable[[], object]) -> object:
    return call() if frames <= 0 else _deeper(frames - 1, call)


@pytest.mark.parametrize("case", _NESTINGS)
def test_nesting_ends_at_the_limit(case: str) -> None:
    """
    As deep as the limit allows is parsed; one level more is refused where it begins.
    """
    parse(_nested(case))
    with pytest.raises(ExpressionError, match=f"nesting deeper than {MAX_EXPRESSION_DEPTH}") as caught:
        parse(_nested(case, extra=2 if "macros" in case or case == "arguments" else 1))
    assert caught.value.where.startswith("1:")


@pytest.mark.parametrize(
    "before",
    [
        *("-a + ", "- 1 + ", "!a || ", "(a) + ", "a[0] + ", "size(a) + ", "a.size() + ", "[a] + ", "{'a': a} + "),
        *("a.map(x, x) + ", "has(a.b) + ", "a.contains(a) + ", "(a ? a : a) + "),
    ],
)
def test_what_stands_before_is_no_nesting(before: str) -> None:
    """
    However much of it is there, what follows may be as deep as if it stood alone, and no deeper.
    """
    depth = MAX_EXPRESSION_DEPTH - 1
    parse(before * 20 + "(" * depth + "a" + ")" * depth)
    with pytest.raises(ExpressionError, match="nesting deeper"):
        parse(before * 20 + "(" * (depth + 1) + "a" + ")" * (depth + 1))


@pytest.mark.parametrize("case", _NESTINGS)
def test_the_deepest_expression_runs_on_a_deep_stack(case: str) -> None:
    """
    Parsed, compiled, run, failed, and asked for its reads by a caller that stands 450 frames deep, it exhausts nothing.
    """
    source = _nested(case)
    a: Any = {}
    for _ in range(40):
        a = {"a": a}

    def use() -> None:
        expression = Expression("", (), parse(source))
        expression.list_reads()
        for variables in ({"a": a}, {"a": [0, 1]}, {"a": True}, {"a": "a"}, {"a": 1}, {}):
            try:
                expression.evaluate(variables)
            except EvaluationError as error:
                assert error.where  # noqa: PT017 - either outcome is right.

    _at_depth(450, use)


@pytest.mark.parametrize(
    "source",
    [
        *("(" * 4096, "[" * 4096, "{1:" * 1365, "!" * 4096, "-" * 4096, "a[" * 2048, "a?1:" * 1024, "size(" * 819),
        *("has(" * 1024, "a.map(x," * 512, "a" + ".size()" * 585),
    ],
    ids=lambda source: source[:8],
)
def test_endless_nesting_is_refused_on_a_deep_stack(source: str) -> None:
    """
    Nesting as deep as the text is long is refused at the limit, not by the stack.
    """

    def use() -> None:
        with pytest.raises(ExpressionError, match="nesting deeper"):
            parse(source)

    _at_depth(450, use)


@pytest.mark.parametrize(
    "source",
    [
        *("a" + ".a" * 2047, "a" + "[0]" * 1365, "a" + "+a" * 2047, "a" + "&&a" * 1365, "a" + "||a" * 1365),
        *("[" + "a," * 2047 + "]", "a" + "==a&&a" * 682),
        *("-a" + "+-a" * 1000, "!a" + "&&!a" * 1000, "-1" + "*-1" * 1000 + "+a", "(a)" + "+(a)" * 1000),
        *("size(a)" + "+size(a)" * 400, "a.size()" + "+a.size()" * 400, "a[a]" + "+a[a]" * 800),
        *("a.all(x,x)" + "&&a.all(x,x)" * 300, "has(a.b)" + "&&has(a.b)" * 300, "(a?1:2)" + "+(a?1:2)" * 400),
    ],
    ids=lambda source: source[:12],
)
def test_a_chain_of_any_length_is_no_nesting(source: str) -> None:
    """
    Parts beside one another are as many as the text can hold.
    """
    expression = Expression("", (), parse(source))
    with pytest.raises(EvaluationError):
        expression.evaluate({})
    assert expression.list_reads()
