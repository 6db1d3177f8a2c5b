"""From a tree to closures: each node becomes one Python function of the environment.

What operators mean is in `semantics.py`; logic and macros, which outlive the failure of an operand, are in
`conditions.py`.
"""

from collections.abc import Callable
from typing import Any, Final

from runtime.encoding.canonical import JsonValue
from runtime.encoding.seal import SEAL_MEMBER
from runtime.errors import EvaluationError, shown
from runtime.policy import semantics
from runtime.policy.arithmetic import ARITHMETIC, negate
from runtime.policy.conditions import Compile, Evaluator, compile_logic, compile_macro, truth
from runtime.policy.lexer import place_of
from runtime.policy.relations import compile_relation
from runtime.policy.semantics import (
    Environment,
    Failure,
    fail,
    field_of,
    item_of,
    kind_of,
    refuse_sealed,
    told,
)
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
        if name in value:
            return True
        refuse_sealed(value)
        return False

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
    return lambda env: negate(operand(env))


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
            refuse_sealed(text, part)
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
                refuse_sealed(key)
                fail(Failure.WRONG_TYPE, f"{kind_of(key)} as a key", "keys of objects are text")
            env.pay(len(key) // semantics.TEXT_PER_FUEL)
            if key == SEAL_MEMBER:
                fail(Failure.SEALED_VALUE, "an expression that makes a seal", "only the driver of a run seals")
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
    Relation: compile_relation,
}
