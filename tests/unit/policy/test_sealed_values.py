"""Expressions and policies on sealed values: carried, and nothing more."""

from typing import Any

import pytest

from runtime.errors import EvaluationError
from runtime.policy.clauses import short_value
from runtime.policy.evaluate import evaluate
from runtime.policy.expressions import Expression
from runtime.policy.pack import PolicyPack

SEAL = {"$sealed": "sha256:" + "0" * 64}
OTHER = {"$sealed": "sha256:" + "1" * 64}
VARIABLES: dict[str, Any] = {
    "secret": SEAL,
    "other": OTHER,
    "rows": [SEAL, 1],
    "who": {"name": "ada", "iban": SEAL},
    "empty": {},
    "one": 1,
}

CARRYING: dict[str, Any] = {
    "secret": SEAL,
    "who": VARIABLES["who"],
    "who.iban": SEAL,
    "rows[0]": SEAL,
    "[secret, one]": [SEAL, 1],
    '{"a": secret}': {"a": SEAL},
    "true ? secret : one": SEAL,
    "rows.filter(x, true)": [SEAL, 1],
    "rows.map(x, x)": [SEAL, 1],
    "rows + [1]": [SEAL, 1, 1],
    "size(rows)": 2,
    "has(who.iban)": True,
    "has(secret)": True,
    'who.name == "ada"': True,
    "one == 1 || secret == 1": True,
    "one == 2 && secret == 1": False,
    "rows == []": False,
    "who == empty": False,
    '"iban" in who': True,
}

LOOKING = [
    "secret.iban",
    'secret["$sealed"]',
    "secret[0]",
    "rows[secret]",
    "who.iban.country",
    "has(secret.iban)",
    "has(who.iban.country)",
    "secret == other",
    "secret == secret",
    "secret != secret",
    "secret == empty",
    "empty == secret",
    "secret == 1",
    '"a" == secret',
    "secret == rows",
    "rows == [secret, 1]",
    "rows == [1, 1]",
    "who == who",
    "secret < other",
    "secret < 1",
    "1 <= secret",
    '"a" >= secret',
    '"x" in secret',
    "1 in rows",
    "secret in [1]",
    "secret in who",
    "size(secret)",
    "secret + 1",
    '"a" + secret',
    "[1] + secret",
    "1 - secret",
    "secret * 2",
    "1 / secret",
    "secret % 2",
    "-secret",
    "!secret",
    "secret && true",
    "true && secret",
    "secret || true",
    "secret == 1 || true",
    "secret == 1 && false",
    "secret ? 1 : 2",
    'secret.startsWith("a")',
    '"a".contains(secret)',
    "secret.all(x, true)",
    "rows.all(x, x == 1)",
    "rows.exists(x, x == 1)",
    "rows.filter(x, x)",
    "{secret: 1}",
    '{"$sealed": "x"}',
]


@pytest.mark.parametrize("text", CARRYING)
def test_an_expression_carries_a_seal(text: str) -> None:
    """
    What does not depend on what was sealed has a value.
    """
    assert Expression.parse(text).evaluate(VARIABLES) == CARRYING[text]


@pytest.mark.parametrize("text", LOOKING)
def test_an_expression_that_looks_at_a_seal_has_no_value(text: str) -> None:
    """
    It fails with `sealed_value`, and nothing around it absorbs that.
    """
    with pytest.raises(EvaluationError) as refused:
        Expression.parse(text).evaluate(VARIABLES)
    assert refused.value.failure == "sealed_value"


@pytest.mark.parametrize("text", ["secret", "who.iban"])
def test_a_seal_is_no_condition(text: str) -> None:
    """
    It is neither true nor false, and not a wrong type either.
    """
    with pytest.raises(EvaluationError) as refused:
        Expression.parse(text).holds(VARIABLES)
    assert refused.value.failure == "sealed_value"


def _pack(**rule: Any) -> PolicyPack:
    is_old = "conditions" in rule
    effect = "approval_required" if is_old and rule["effect"] == "flag" else rule["effect"]
    fields = {"rule_id": "r", "reason_code": "why", **rule, "effect": effect}
    schema = {} if is_old else {"schema": "policy-pack/v1"}
    return PolicyPack.from_document({**schema, "policy_id": "p", "version": "1", "rules": [fields]}, source="pack")


@pytest.mark.parametrize("effect", ["deny", "flag", "allow"])
@pytest.mark.parametrize(
    "conditions",
    [
        {"when": ["secret == 1"]},
        {"when": ["secret"]},
        {"when": ["true"], "unless": ["secret == 1"]},
        {"conditions": {"secret": 1}},
        {"conditions": {"who.iban": "DE"}},
        {"conditions": {"who.iban.$sealed": "sha256:" + "0" * 64}},
        {"conditions": {"who.iban.country": None}},
    ],
    ids=str,
)
def test_a_rule_that_looks_at_a_seal_gives_no_verdict(effect: str, conditions: dict[str, Any]) -> None:
    """
    Neither allow nor deny: the verdict would not be on the input.
    """
    with pytest.raises(EvaluationError) as refused:
        evaluate(_pack(effect=effect, **conditions), VARIABLES)
    assert refused.value.failure == "sealed_value"


def test_a_clause_that_is_not_needed_only_says_so() -> None:
    """
    A rule settled by another clause gives its verdict; the report shows the seal, and that its clause has no value.
    """
    pack = _pack(effect="allow", when=["one == 2", "secret.x == 1", "size(who.iban.y) == 2", "has(secret.z)"])
    verdict = evaluate(pack, VARIABLES).to_dict()
    clauses = verdict["closest"][0]["when"]
    assert verdict["decision"] == "deny"
    assert [clause["failure"] for clause in clauses] == [None, *["sealed_value"] * 3]
    assert [clause["absent"] for clause in clauses[1:]] == [["/secret/x"], ["/who/iban/y"], ["/secret/z"]]


def test_a_report_shows_a_seal_as_it_is() -> None:
    """
    It is short, and telling its size would only puzzle.
    """
    assert short_value(SEAL) == SEAL
    assert short_value({"a": 1}) == {"type": "object", "size": 1}
