"""What may fail and still be settled: `&&`, `||` and the macros over lists, compiled to closures.

Rules, referred to by number below:

1. `&&`, `||`, `all` and `exists` absorb as CEL's do: an operand that fails does not matter when another one settles the
   value. Only lack of fuel and a look at a sealed value end everything.
2. A macro pays for its body each time it runs it; everything else was paid for when the evaluation began.
3. Nothing but true and false is a condition.
"""

from collections.abc import Callable
from typing import Any, Final

from runtime.encoding.canonical import JsonValue
from runtime.errors import EvaluationError
from runtime.policy.semantics import ENDING, Environment, Failure, fail, kind_of, refuse_sealed
from runtime.policy.syntax import Logic, Macro, Node, count_nodes

__all__ = ["Compile", "Evaluator", "compile_logic", "compile_macro", "truth"]

Evaluator = Callable[[Environment], Any]
"""Works a node out."""
Compile = Callable[[Node], Evaluator]
"""Compiles the nodes below one."""


def truth(value: JsonValue, text: str) -> bool:
    """
    Give a condition's value; `text` says what it was used as.
    """
    if value is True or value is False:
        return bool(value)
    refuse_sealed(value)
    return fail(Failure.WRONG_TYPE, f"{kind_of(value)} {text}", "only true and false are")  # (3)


def compile_logic(node: Logic, compiled: Compile) -> Evaluator:
    """
    Compile `&&` or `||`.
    """
    operands = [compiled(operand) for operand in node.operands]
    settling = not node.is_and
    text = "as an operand of &&" if node.is_and else "as an operand of ||"

    def logic(env: Environment) -> bool:
        failed: EvaluationError | None = None
        for operand in operands:
            try:
                value = operand(env)
                if value is settling:
                    return bool(value)
                if value is not (not settling):
                    truth(value, text)
            except EvaluationError as error:
                failed = _absorb(error, failed)
        if failed is not None:
            raise failed
        return not settling

    return logic


def _absorb(error: EvaluationError, earlier: EvaluationError | None) -> EvaluationError:
    # (1) The first failure is the one that is told.
    if error.failure in ENDING:
        raise error
    return earlier or error


def compile_macro(node: Macro, compiled: Compile) -> Evaluator:
    """
    Compile a macro.
    """
    operand, body = compiled(node.operand), compiled(node.body)
    run = _MACROS[node.macro]
    slot, cost, macro = node.slot, count_nodes(node.body), node.macro

    def over(env: Environment) -> JsonValue:
        items = operand(env)
        if type(items) is not list:
            refuse_sealed(items)
            fail(Failure.WRONG_TYPE, f"{macro} over {kind_of(items)}", "only lists have elements")

        def each(item: JsonValue) -> JsonValue:
            env.pay(cost)  # (2)
            env.bound[slot] = item
            return body(env)

        return run(items, each)

    return over


def _settle(items: list[JsonValue], each: Callable[[JsonValue], JsonValue], *, settling: bool) -> bool:
    failed: EvaluationError | None = None
    for item in items:
        try:
            if truth(each(item), "as a condition") is settling:
                return settling
        except EvaluationError as error:
            failed = _absorb(error, failed)
    if failed is not None:
        raise failed
    return not settling


_MACROS: Final[dict[str, Callable[[list[JsonValue], Callable[[JsonValue], JsonValue]], JsonValue]]] = {
    "all": lambda items, each: _settle(items, each, settling=False),
    "exists": lambda items, each: _settle(items, each, settling=True),
    "filter": lambda items, each: [item for item in items if truth(each(item), "as a condition")],
    "map": lambda items, each: [each(item) for item in items],
}
