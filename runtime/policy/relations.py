"""Comparisons and `in`, compiled to closures; what they mean is in `semantics.py`."""

import operator
from collections.abc import Callable
from typing import Any, Final

from runtime.policy import semantics
from runtime.policy.conditions import Compile, Evaluator
from runtime.policy.semantics import Environment
from runtime.policy.syntax import Literal, Relation

__all__ = ["compile_relation"]


def compile_relation(node: Relation, compiled: Compile) -> Evaluator:
    """
    Compile a comparison, or `in`.
    """
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
