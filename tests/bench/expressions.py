"""Compare evaluations a second of one expression with two CEL packages, and time verdicts of a pack of 100 rules.

`.venv-bench/bin/python tests/bench/expressions.py [--out FILE]` ends with 1 when a target is missed; `make bench` lays
that environment. Read `measure.py` for how it is measured, `runtime/policy/expressions.py` for what is measured.
"""

import argparse
import sys
from collections.abc import Callable, Iterator
from functools import partial
from importlib import import_module
from importlib.metadata import version
from pathlib import Path
from typing import Any, Final

# The tree this file stands in is measured, whichever one is installed; its siblings are `bench.*` to the type checker.
sys.path.insert(0, str(Path(__file__).resolve().parents[1]))
sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from bench.measure import least_seconds
from bench.report import Row, publish, ratio_row, render, shown_time

from runtime.encoding.canonical import canonical
from runtime.policy.evaluate import evaluate
from runtime.policy.expressions import Expression
from runtime.policy.pack import PolicyPack

# By name, because they are not there where the types are checked.
_cel: Final = import_module("cel_expr_python.cel")
_celpy: Final = import_module("celpy")
_json_to_cel: Final = import_module("celpy.adapter").json_to_cel

_REPORT: Final = "REPORT/BENCH/expressions.md"
_TEXT: Final = (
    'amount <= 1000 && currency in ["EUR", "USD"] && customer.age >= 18 && !customer.blocked && size(items) < 50'
)
_METHOD: Final = f"""
- The expression is `{_TEXT}`.
- It is parsed and compiled once by each; an evaluation starts from a dict of plain JSON and ends with a Python bool, over
  an input for which all five clauses hold, so that none is skipped. Where it says so, the input was turned into the
  package's own values beforehand; our evaluator takes plain JSON and turns it into nothing.
- All must agree, before the measurement, on that input and on five others, each of which breaks one clause.
- cel-python {version("cel-python")} is pure Python; it interprets the tree, or transpiles it to Python when asked to.
  cel-expr-python {version("cel-expr-python")} wraps Google's C++ evaluator; its variables are declared with their types.
- A verdict is `evaluate(pack, input)` on a built pack of 100 rules with two conditions each, reasons included: 50 that
  flag and 50 that allow.
- All cases of a table take turns in one process, round after round; each figure is the minimum of all samples. 100
  rounds, a turn is 5 ms, a sample one call: a longer one would meet more of what else the machine does, and so favour
  the fast. Garbage is collected before each turn, and collection is off within it.
"""
_TREE: Final = Path(__file__).resolve().parents[2]
_RULES: Final = 100
_OURS: Final = "this evaluator"
_AT_LEAST: Final = {"cel-python": 20}
"""How many times faster than each package we must be."""

_HOLDS: Final[dict[str, Any]] = {
    "amount": 250,
    "currency": "USD",
    "customer": {"age": 31, "blocked": False, "name": "A. Customer"},
    "items": ["paper", "ink", "envelopes"],
}
_BREAKS: Final[list[dict[str, Any]]] = [
    {"amount": 1001},
    {"currency": "GBP"},
    {"customer": {"age": 17, "blocked": False}},
    {"customer": {"age": 31, "blocked": True}},
    {"items": list(range(50))},
]

Input = dict[str, Any]
Evaluator = Callable[[Input], Callable[[], object]]
"""Gives the call that evaluates the expression over an input."""


def _ours() -> dict[str, Evaluator]:
    expression = Expression.parse(_TEXT)
    return {_OURS: lambda data: lambda: expression.evaluate(data)}


def _cel_python() -> dict[str, Evaluator]:
    # In this order: the first environment fixes the kind of tree for the whole process, and transpiling needs its own.
    runners = {"transpiled": _celpy.CompiledRunner, "interpreted": _celpy.InterpretedRunner}
    evaluators: dict[str, Evaluator] = {}
    for how, runner in runners.items():
        environment = _celpy.Environment(runner_class=runner)
        program = environment.program(environment.compile(_TEXT))
        evaluators |= _both(f"cel-python, {how}", program)
    return evaluators


def _both(name: str, program: Any) -> dict[str, Evaluator]:
    def convert(data: Input) -> Input:
        return {key: _json_to_cel(value) for key, value in data.items()}

    def beforehand(data: Input) -> Callable[[], object]:
        converted = convert(data)
        return lambda: bool(program.evaluate(converted))

    return {
        f"{name}, input converted beforehand": beforehand,
        name: lambda data: lambda: bool(program.evaluate(convert(data))),
    }


def _cel_expr_python() -> dict[str, Evaluator]:
    kind = _cel.Type
    variables = {
        "amount": kind.INT,
        "currency": kind.STRING,
        "customer": kind.Map(kind.STRING, kind.DYN),
        "items": kind.List(kind.DYN),
    }
    environment = _cel.NewEnv(variables=variables)
    expression = environment.compile(_TEXT)

    def beforehand(data: Input) -> Callable[[], object]:
        converted = environment.Activation(data)
        return lambda: expression.eval(converted).value()

    # A failure is no exception there but a text; the check sees that it is no bool.
    return {
        "cel-expr-python, input converted beforehand": beforehand,
        "cel-expr-python": lambda data: lambda: expression.eval(data=data).value(),
    }


def _check(evaluators: dict[str, Evaluator]) -> None:
    for name, evaluator in evaluators.items():
        for change in ({}, *_BREAKS):
            expected = not change
            value = evaluator({**_HOLDS, **change})()
            if value is not expected:
                sys.exit(f"{name} gives {value!r} after {change!r}")


def measure_expression() -> Iterator[Row]:
    """
    Compare evaluations of one expression.
    """
    evaluators = _ours() | _cel_python() | _cel_expr_python()
    _check(evaluators)
    candidates = {name: evaluator(_HOLDS) for name, evaluator in evaluators.items()}
    seconds = least_seconds(candidates, rounds=100, turn_seconds=0.005)
    for name, each in seconds.items():
        yield Row(case=name, value=1 / each, unit="evaluations/s", basis=f"{shown_time(each)} each")
    for name, each in seconds.items():
        if name != _OURS:
            at_least = _AT_LEAST.get(name.partition(",")[0])
            yield ratio_row(f"{name} / {_OURS}", each, seconds[_OURS], at_least=at_least)


def _pack() -> PolicyPack:
    rules: list[dict[str, Any]] = [
        {
            "rule_id": f"r{number:03}",
            "effect": "flag" if number % 2 else "allow",
            "when": [f"customer.age >= {number % 18}", f"amount >= {number * 10}"],
        }
        for number in range(1, _RULES)
    ]
    last = {"rule_id": f"r{_RULES:03}", "effect": "allow", "when": ['currency == "USD"', "amount < 10"]}
    return PolicyPack.from_document(
        {"schema": "policy-pack/v1", "policy_id": "bench", "version": "1.0.0", "rules": [*rules, last]}
    )


def measure_pack() -> Iterator[Row]:
    """
    Time verdicts of one pack.
    """
    pack = _pack()
    cases: dict[str, tuple[Input, str, int]] = {
        "allow by the last rule": ({**_HOLDS, "amount": 5}, "allow", 1),
        "deny, no rule applies": ({**_HOLDS, "amount": 5, "currency": "EUR"}, "deny", 0),
        "flag by 50 rules, where 49 would allow": ({**_HOLDS, "amount": 5000}, "flag", _RULES - 1),
    }
    candidates: dict[str, Callable[[], object]] = {}
    sizes = {}
    for name, (data, decision, applied) in cases.items():
        verdict = evaluate(pack, data).to_dict()
        if (verdict["decision"], len(verdict["applied"])) != (decision, applied):
            sys.exit(f"{name}: got {verdict['decision']} by {len(verdict['applied'])} rules")
        sizes[name] = len(canonical(verdict))
        candidates[name] = partial(evaluate, pack, data)
    seconds = least_seconds(candidates, rounds=100, turn_seconds=0.005)
    for name, each in seconds.items():
        basis = f"{1 / each:,.0f} verdicts/s, a record of {sizes[name]:,} bytes"
        yield Row(case=name, value=each * 1e6, unit="µs", basis=basis, at_most=200)


def main() -> int:
    """
    Measure everything and write the report.
    """
    parser = argparse.ArgumentParser(description="Compare evaluations a second with two CEL packages.")
    parser.add_argument("--out", type=Path, default=_TREE / _REPORT, help=f"the report (default {_REPORT})")
    out: Path = parser.parse_args().out
    rows = list(measure_expression())
    tables = {
        "One expression of five clauses: evaluations a second": [row for row in rows if row.unit != "x"],
        "One expression of five clauses: how many times longer": [row for row in rows if row.unit == "x"],
        "A pack of 100 rules: one verdict": list(measure_pack()),
    }
    command = "python tests/bench/expressions.py"
    text = render("Speed of expressions and policies", command=command, method=_METHOD, tables=tables)
    return publish(out, text, tables)


if __name__ == "__main__":
    sys.exit(main())
