"""From a tree to closures: each node becomes one Python function of the environment.

What operators mean is in `semantics.py`; logic and macros, which outlive the failure of an operand, are in
`conditions.py`.
"""

import operator
from collections.abc import Callable
from typing import Any, Final

from runtime.encoding.canonical import JsonValue
from runtime.errors import EvaluationError, shown
from runtime.policy import semantics
from runtime.policy.conditions import Compile, Evaluator, compile_logic, compile_macro, truth
from runtime.policy.lexer import place_of
from runtime.policy.semantics import ARITHMETIC, Environment, Failure, fail, field_of, item_of, kind_of, told
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
    walk,
)

__all__ = ["compile_node", "compile_placing"]


def compile_node(node: Node) -> Evaluator:
    """
    Compile a node and all below it.
    """
    return _compile(node, lambda _, run: run)


def compile_placing(node: Node, source: str) -> Evaluator:
    """
    Compile a node so that a failure says where in the source it happened; it is for a second run, after a failure.
    """

    def place(node: Node, run: Evaluator) -> Evaluator:
        def placed(env: Environment) -> JsonValue:
            try:
                return run(env)
            except EvaluationError as error:
                error.where = error.where or place_of(source, node.start)
                raise

        return placed

    return _compile(node, place)


def _compile(node: Node, finish: Callable[[Node, Evaluator], Evaluator]) -> Evaluator:
    # From the leaves up, without recursion: three frames a node would exhaust the stack of a caller that stands deep.
    done: dict[Node, Evaluator] = {}
    for one in reversed(tuple(walk(node))):
        done[one] = finish(one, _COMPILERS[type(one)](one, done.__getitem__))
    return done[node]


def _literal(node: Literal, _compiled: Compile) -> Evaluator:
    value = node.value
    return lambda _: value


def _name(node: Name, _compiled: Compile) -> Evaluator:
    name, slot = node.name, node.slot
    if slot is not None:
        return lambda env: env.bound[slot]

    def free(env: Environment) -> JsonValue:
        try:
            return env.variables[name]
        except KeyError:
            return fail(Failure.PATH_MISSING, f"no variable {shown(name)}", "check its spelling")

    return free


def _member(node: Member, compiled: Compile) -> Evaluator:
    operand = compiled(node.operand)
    names = [step.name for step in node.steps if isinstance(step, Field)]
    if len(names) < len(node.steps):
        return _indexed(node, operand, compiled)
    if len(names) == 1:
        [name] = names

        def field(env: Environment) -> JsonValue:
            value = operand(env)
            if type(value) is dict and name in value:
                return value[name]
            return field_of(value, name)

        return field

    def fields(env: Environment) -> JsonValue:
        value = operand(env)
        for name in names:
            value = value[name] if type(value) is dict and name in value else field_of(value, name)
        return value

    return fields


def _indexed(node: Member, operand: Evaluator, compiled: Compile) -> Evaluator:
    # A step is a name or an evaluator; telling them apart is cheaper than one closure inside another for each.
    steps = [step.name if isinstance(step, Field) else compiled(step) for step in node.steps]

    def indexed(env: Environment) -> JsonValue:
        value = operand(env)
        for step in steps:
            value = field_of(value, step) if isinstance(step, str) else item_of(value, step(env), env)
        return value

    return indexed


def _has(node: Has, compiled: Compile) -> Evaluator:
    operand, name = compiled(node.operand), node.field

    def has(env: Environment) -> bool:
        value = operand(env)
        if type(value) is not dict:
            fail(Failure.WRONG_TYPE, f"{kind_of(value)} has no members")
        return name in value

    return has


def _has_variable(node: HasVariable, _compiled: Compile) -> Evaluator:
    name = node.name
    return lambda env: name in env.variables


def _not(node: Not, compiled: Compile) -> Evaluator:
    operand = compiled(node.operand)

    def invert(env: Environment) -> bool:
        value = operand(env)
        if value is True:
            return False
        if value is False:
            return True
        return truth(value, "inverted")

    return invert


def _negation(node: Negation, compiled: Compile) -> Evaluator:
    operand = compiled(node.operand)
    return lambda env: semantics.negate(operand(env))


def _relation(node: Relation, compiled: Compile) -> Evaluator:
    left, right = compiled(node.left), compiled(node.right)
    if node.operator in _ORDERINGS and isinstance(node.right, Literal) and type(node.right.value) is int:
        return _compare_with(node.right.value, left, _ORDERINGS[node.operator])
    return _RELATIONS[node.operator](left, right)


def _compare_with(bound: int, left: Evaluator, test: Callable[[Any, Any], bool]) -> Evaluator:
    def compare(env: Environment) -> bool:
        value = left(env)
        return test(value, bound) if type(value) is int else test(semantics.order(value, bound, env), 0)

    return compare


def _equality(left: Evaluator, right: Evaluator) -> Evaluator:
    return lambda env: semantics.equal(left(env), right(env), env)


def _inequality(left: Evaluator, right: Evaluator) -> Evaluator:
    return lambda env: not semantics.equal(left(env), right(env), env)


def _membership(left: Evaluator, right: Evaluator) -> Evaluator:
    return lambda env: semantics.contains_member(left(env), right(env), env)


def _ordering(test: Callable[[Any, Any], bool]) -> Callable[[Evaluator, Evaluator], Evaluator]:
    def compile_ordering(left: Evaluator, right: Evaluator) -> Evaluator:
        def compare(env: Environment) -> bool:
            a, b = left(env), right(env)
            if type(a) is int and type(b) is int:
                return test(a, b)
            return test(semantics.order(a, b, env), 0)

        return compare

    return compile_ordering


_ORDERINGS: Final = {"<": operator.lt, "<=": operator.le, ">": operator.gt, ">=": operator.ge}
_RELATIONS: Final[dict[str, Callable[[Evaluator, Evaluator], Evaluator]]] = {
    "==": _equality,
    "!=": _inequality,
    "in": _membership,
    **{sign: _ordering(test) for sign, test in _ORDERINGS.items()},
}


def _arithmetic(node: Arithmetic, compiled: Compile) -> Evaluator:
    first = compiled(node.first)
    rest = [(ARITHMETIC[sign], compiled(operand)) for sign, operand in node.rest]

    def arithmetic(env: Environment) -> JsonValue:
        value = first(env)
        for operate, operand in rest:
            value = operate(value, operand(env), env)
        return value

    return arithmetic


def _choice(node: Choice, compiled: Compile) -> Evaluator:
    condition, then, otherwise = map(compiled, (node.condition, node.then, node.otherwise))

    def choice(env: Environment) -> JsonValue:
        return then(env) if truth(condition(env), "as a condition") else otherwise(env)

    return choice


def _call(node: Call, compiled: Compile) -> Evaluator:
    operand = compiled(node.operand)
    if node.method == "size":
        return lambda env: semantics.size_of(operand(env))
    argument = compiled(node.arguments[0])
    method = node.method
    search = {"contains": str.__contains__, "startsWith": str.startswith, "endsWith": str.endswith}[method]

    def call(env: Environment) -> bool:
        text, part = operand(env), argument(env)
        if type(text) is not str or type(part) is not str:
            fail(Failure.WRONG_TYPE, f"{method} of {kind_of(text)} and {kind_of(part)}", "both must be text")
        env.pay((len(text) + len(part)) // semantics.TEXT_PER_FUEL)
        return bool(search(text, part))

    return call


def _list(node: ListDisplay, compiled: Compile) -> Evaluator:
    items = [compiled(item) for item in node.items]
    if all(isinstance(item, Literal) for item in node.items):
        constant = [item.value for item in node.items if isinstance(item, Literal)]
        return lambda _: constant  # Nothing in an expression changes a list.
    return lambda env: [item(env) for item in items]


def _map(node: MapDisplay, compiled: Compile) -> Evaluator:
    pairs = [(compiled(key), compiled(value)) for key, value in node.pairs]

    def build(env: Environment) -> dict[str, JsonValue]:
        made: dict[str, JsonValue] = {}
        for make_key, make_value in pairs:
            key = make_key(env)
            if type(key) is not str:
                fail(Failure.WRONG_TYPE, f"{kind_of(key)} as a key", "keys of objects are text")
            env.pay(len(key) // semantics.TEXT_PER_FUEL)
            if key in made:
                fail(Failure.WRONG_TYPE, f"key {told(key)} twice in one object")
            made[key] = make_value(env)
        return made

    return build


_COMPILERS: Final[dict[type, Callable[[Any, Compile], Evaluator]]] = {
    Arithmetic: _arithmetic,
    Call: _call,
    Choice: _choice,
    Has: _has,
    HasVariable: _has_variable,
    ListDisplay: _list,
    Literal: _literal,
    Logic: compile_logic,
    Macro: compile_macro,
    MapDisplay: _map,
    Member: _member,
    Name: _name,
    Negation: _negation,
    Not: _not,
    Relation: _relation,
}
