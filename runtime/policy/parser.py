"""From tokens to a tree, by precedence climbing. The grammar is in docs/reference/expressions.md.

Refused with their place: unknown functions and methods, nesting beyond the limit, chained comparisons, reserved words as
variables. Names that a macro or the caller binds are resolved here, to slots.
"""

from collections.abc import Callable
from typing import Final, NoReturn, TypeVar, final

from runtime.errors import ExpressionError, shown
from runtime.limits import MAX_EXPRESSION_DEPTH
from runtime.policy.lexer import RESERVED, Token, refuse, tokenize
from runtime.policy.syntax import (
    MACROS,
    METHODS,
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
)

__all__ = ["parse"]

_Item = TypeVar("_Item")
_RELATIONS: Final = frozenset({"==", "!=", "<", "<=", ">", ">=", "in"})
_SUMS: Final = frozenset({"+", "-"})
_PRODUCTS: Final = frozenset({"*", "/", "%"})
_ARGUMENTS: Final = {"size": 0, "contains": 1, "startsWith": 1, "endsWith": 1}


def parse(source: str, bound: tuple[str, ...] = ()) -> Node:
    """
    Parse an expression.

    Args:
        source: the text.
        bound: names the caller binds at evaluation, in order.

    Raises:
        ExpressionError: it is no expression; `where` is `line:column`.
    """
    if type(source) is not str:
        raise ExpressionError(f"expression is {shown(source)}", remedy="give text")
    parser = _Parser(source, bound)
    node = parser.parse_choice()
    parser.expect("end", "an operator or the end")
    return node


@final
class _Parser:
    def __init__(self, source: str, bound: tuple[str, ...]) -> None:
        self.source = source
        self.tokens = tokenize(source)
        self.at = 0
        self.depth = 0
        self.scope = list(bound)

    @property
    def token(self) -> Token:
        return self.tokens[self.at]

    @property
    def end(self) -> int:
        return self.tokens[self.at - 1].end

    def take(self) -> Token:
        token = self.tokens[self.at]
        self.at += 1
        return token

    def accept(self, kind: str) -> bool:
        if self.token.kind == kind:
            self.at += 1
            return True
        return False

    def expect(self, kind: str, wanted: str) -> Token:
        if self.token.kind != kind:
            self.refuse_token(wanted)
        return self.take()

    def refuse_token(self, wanted: str) -> NoReturn:
        token = self.token
        got = "the end" if token.kind == "end" else self.source[token.start : token.end]
        refuse(self.source, token.start, f"{shown(got) if token.kind != 'end' else got}", f"expected {wanted}")

    def deeper(self) -> None:
        self.depth += 1
        if self.depth > MAX_EXPRESSION_DEPTH:
            refuse(
                self.source,
                self.token.start,
                f"nesting deeper than {MAX_EXPRESSION_DEPTH}",
                "split the expression: compute a part of it first",
            )

    def parse_choice(self) -> Node:
        # A node begins where its first token stands, which may be a parenthesis around its first part.
        start = self.token.start
        self.deeper()
        node = self.parse_logic("||")
        if self.accept("?"):
            then = self.parse_logic("||")
            self.expect(":", "':' and the other value")
            otherwise = self.parse_choice()
            node = Choice(start, self.end, node, then, otherwise)
        self.depth -= 1
        return node

    def parse_logic(self, operator: str) -> Node:
        start = self.token.start
        operands: list[Node] = []
        while not operands or self.accept(operator):
            operands.append(self.parse_logic("&&") if operator == "||" else self.parse_relation())
        return Logic(start, self.end, operator == "&&", tuple(operands)) if len(operands) > 1 else operands[0]

    def parse_relation(self) -> Node:
        start = self.token.start
        left = self.parse_chain(_SUMS)
        if self.token.kind not in _RELATIONS:
            return left
        operator = self.take().kind
        right = self.parse_chain(_SUMS)
        if self.token.kind in _RELATIONS:
            refuse(self.source, self.token.start, "a comparison of a comparison", "write a < b && b < c")
        return Relation(start, self.end, operator, left, right)

    def parse_chain(self, operators: frozenset[str]) -> Node:
        start = self.token.start
        first = self.parse_unary() if operators is _PRODUCTS else self.parse_chain(_PRODUCTS)
        rest = []
        while self.token.kind in operators:
            operator = self.take().kind
            operand = self.parse_unary() if operators is _PRODUCTS else self.parse_chain(_PRODUCTS)
            rest.append((operator, operand))
        return Arithmetic(start, self.end, first, tuple(rest)) if rest else first

    def parse_unary(self) -> Node:
        token = self.token
        if token.kind not in ("!", "-"):
            return self.parse_steps(token.start, self.parse_primary())
        self.at += 1
        self.deeper()
        if token.kind == "-" and type(self.token.value) in (int, float):
            # The sign belongs to the number, as in CEL: `-1.size` is no negation of `1.size`.
            number = self.take()
            operand: Node = self.parse_steps(token.start, Literal(token.start, number.end, -number.value or 0))
        else:
            below = self.parse_unary()
            operand = (Not if token.kind == "!" else Negation)(token.start, self.end, below)
        self.depth -= 1
        return operand

    def parse_steps(self, start: int, node: Node) -> Node:
        calls = 0
        while self.token.kind in (".", "["):
            if self.accept("["):
                index = self.parse_choice()
                self.expect("]", "']'")
                node = self.extended(start, node, index)
                continue
            self.at += 1
            name = self.parse_field_name()
            if name.kind == "name" and self.token.kind == "(":
                # Each call nests what it is called on.
                self.deeper()
                calls += 1
                node = self.parse_method(start, node, name)
            else:
                node = self.extended(start, node, Field(name.value))
        self.depth -= calls
        return node

    def extended(self, start: int, node: Node, step: Field | Node) -> Member:
        if isinstance(node, Member):
            return Member(start, self.end, node.operand, (*node.steps, step))
        return Member(start, self.end, node, (step,))

    def parse_field_name(self) -> Token:
        token = self.token
        # A word that stands for a value or an operator elsewhere may name a member here.
        if token.kind in ("name", "quoted", "in"):
            return self.take()
        word = self.source[token.start : token.end]
        if word in ("true", "false", "null"):
            self.at += 1
            return token._replace(kind="quoted", value=word)
        return self.refuse_token("the name of a member")

    def parse_method(self, start: int, operand: Node, name: Token) -> Node:
        self.expect("(", "'('")
        if name.value in MACROS:
            return self.parse_macro(start, operand, name.value)
        if name.value not in METHODS:
            known = sorted((*METHODS, *MACROS))
            refuse(self.source, name.start, f"unknown method {shown(name.value)}", f"known are {known}")
        arguments = self.parse_items(")", self.parse_choice)
        self.check_count(name, arguments, _ARGUMENTS[name.value])
        return Call(start, self.end, name.value, operand, arguments)

    def check_count(self, name: Token, arguments: tuple[Node, ...], wanted: int) -> None:
        if len(arguments) != wanted:
            refuse(self.source, name.start, f"{name.value} with {len(arguments)} arguments", f"it takes {wanted}")

    def parse_macro(self, start: int, operand: Node, macro: str) -> Node:
        variable = self.expect("name", "a name for each element")
        if variable.value in RESERVED:
            refuse(self.source, variable.start, f"reserved word {shown(variable.value)}", "choose another name")
        self.expect(",", "',' and an expression over it")
        slot = len(self.scope)
        self.scope.append(variable.value)
        body = self.parse_choice()
        self.scope.pop()
        self.expect(")", "')'")
        return Macro(start, self.end, macro, operand, variable.value, slot, body)

    def parse_items(self, closing: str, parse_item: Callable[[], _Item]) -> tuple[_Item, ...]:
        items: list[_Item] = []
        while not self.accept(closing):
            if items:
                self.expect(",", f"',' or {closing!r}")
                if closing != ")" and self.accept(closing):  # A comma may stand behind the last item.
                    break
            items.append(parse_item())
        return tuple(items)

    def parse_primary(self) -> Node:
        token = self.token
        match token.kind:
            case "value":
                self.at += 1
                return Literal(token.start, token.end, token.value)
            case "name" | "quoted":
                self.at += 1
                return self.parse_name(token)
            case "(":
                self.at += 1
                node = self.parse_choice()
                self.expect(")", "')'")
                return node
            case "[":
                self.at += 1
                items = self.parse_items("]", self.parse_choice)
                return ListDisplay(token.start, self.end, items)
            case "{":
                self.at += 1
                pairs = self.parse_items("}", self.parse_pair)
                return MapDisplay(token.start, self.end, pairs)
        return self.refuse_token("a value")

    def parse_name(self, token: Token) -> Node:
        name = token.value
        if token.kind == "name" and self.token.kind == "(":
            return self.parse_function(token)
        if token.kind == "name" and name in RESERVED:
            refuse(self.source, token.start, f"reserved word {name!r}", f"write `{name}` in backticks")
        slots = [slot for slot, bound in enumerate(self.scope) if bound == name]
        return Name(token.start, token.end, name, slots[-1] if slots else None)

    def parse_function(self, token: Token) -> Node:
        self.expect("(", "'('")
        if token.value == "has":
            return self.parse_has(token)
        if token.value != "size":
            remedy = "functions are has and size; methods are written x.name(…)"
            refuse(self.source, token.start, f"unknown function {shown(token.value)}", remedy)
        arguments = self.parse_items(")", self.parse_choice)
        self.check_count(token, arguments, 1)
        return Call(token.start, self.end, "size", arguments[0], ())

    def parse_has(self, token: Token) -> Node:
        argument = self.parse_choice()
        self.expect(")", "')'")
        if isinstance(argument, Name) and argument.slot is None:
            return HasVariable(token.start, self.end, argument.name)
        last = argument.steps[-1] if isinstance(argument, Member) else None
        if not isinstance(argument, Member) or not isinstance(last, Field):
            refuse(self.source, token.start, "has of neither a variable nor a member", "write has(a) or has(a.b)")
        before = argument.steps[:-1]
        operand = Member(argument.start, argument.end, argument.operand, before) if before else argument.operand
        return Has(token.start, self.end, operand, last.name)

    def parse_pair(self) -> tuple[Node, Node]:
        key = self.parse_choice()
        self.expect(":", "':' and a value")
        return key, self.parse_choice()
