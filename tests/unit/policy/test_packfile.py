"""Packs read from files: every fault with file, line and path."""

import json

import pytest

from runtime.errors import EncodingError, PolicyError
from runtime.policy.packfile import read_pack
from runtime.policy.rules import Effect

PACK = """\
schema: policy-pack/v1
policy_id: spend
version: "1.0.0"
rules:
  - rule_id: small
    effect: allow
    when:
      - amount <= 5
      - |
        requester.team == "web" &&
          requester.active
  - rule_id: large
    effect: flag
    when: [amount > 5]
cases:
  - name: small
    input: {amount: 1, requester: {team: web, active: true}}
    expect: {decision: allow}
"""


def _refusal(text: str, source: str = "pack.yaml") -> str:
    with pytest.raises((PolicyError, EncodingError)) as caught:
        read_pack(text, source=source)
    return str(caught.value)


def test_yaml_and_json_give_one_pack() -> None:
    """
    The form of the text does not matter; bytes and text are the same.
    """
    pack = read_pack(PACK, source="pack.yaml")
    assert pack == read_pack(PACK.encode(), source="pack.yml")
    document = pack.document.thaw()
    cases = [{"name": one.name, "input": one.input.thaw(), "expect": {"decision": "allow"}} for one in pack.cases]
    assert read_pack(json.dumps({**document, "cases": cases}, indent=1), source="PACK.JSON") == pack


def test_all_faults_are_listed_with_their_lines() -> None:
    """
    Faults of all kinds come together, in the order of the lines, each with file, line and path.
    """
    text = (
        PACK.replace('version: "1.0.0"', "version: 1.0")
        .replace("amount <= 5", "amount <=")
        .replace("requester.active", "requester.active )")
        .replace("effect: flag", "effect: ask\n    colour: red")
        .replace("rule_id: large", "rule_id: small")
        .replace("{decision: allow}", "{decision: allow, rules: [tiny]}")
    )
    assert _refusal(text).splitlines() == [
        "policy pack: 7 faults at pack.yaml",
        "  expected str, got float 1.0 @ pack.yaml:3 version",
        "  the end at 1:10 of the expression: expected a value @ pack.yaml:8 rules[0].when[0]",
        "  ')' at 2:20 of the expression: expected an operator or the end @ pack.yaml:9 rules[0].when[1]",
        "  unknown field 'colour' @ pack.yaml:12 rules[1]",
        "  rule 'small' stands twice @ pack.yaml:12 rules[1].rule_id",
        f"  expected one of {[effect.value for effect in sorted(Effect)]}, got str 'ask' @ pack.yaml:13 rules[1].effect",
        "  rule 'tiny', which the pack does not have @ pack.yaml:19 cases[0].expect.rules[0]",
    ]


def test_contradictions_are_listed_with_their_lines() -> None:
    """
    Two rules with one condition and two decisions name the second of them.
    """
    text = PACK.replace("when: [amount > 5]", "when: [b]\n  - {rule_id: other, effect: deny, when: [b]}")
    assert "rule 'other' says deny where rule 'large' says flag, on the same conditions @ pack.yaml:15" in _refusal(
        text
    )


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "an empty text at pack.yaml"),
        ("- a\n", "policy pack is ['a'] at pack.yaml: expected an object"),
        ("schema: policy-pack/v9\n", "schema 'policy-pack/v9' at pack.yaml:1 schema: expected policy-pack/v1"),
        ("a: 1\nschema_version: v1\n", "schema_version 'v1' at pack.yaml:2 schema_version"),
        (PACK + "base: &b 1\n", "anchor 'b' at pack.yaml:19:7"),
        (PACK.replace("[amount > 5]", "*x"), "alias 'x' at pack.yaml:14:11"),
        (
            PACK.replace("rules:", "policy_id: x\nrules:"),
            "key 'policy_id' stands twice, first in line 2 at pack.yaml:4",
        ),
        (PACK + "\tx: 1\n", "pack.yaml:19"),
        (
            PACK.replace("web, active: true", "web, active: yes"),
            "plain 'yes', which readers of YAML take for different",
        ),
        (PACK.replace("amount: 1", "amount: 9007199254740992"), "pack.yaml:17 /cases/0/input/amount"),
        (PACK + "a: " + "[" * 70 + "]" * 70, "nesting deeper than 64"),
        (PACK + "a: " + "x" * 1024 * 1024, "the limit is 1048576 bytes"),
    ],
    ids=[
        "empty",
        "a_list",
        "another_schema",
        "another_version",
        "an_anchor",
        "an_alias",
        "a_key_twice",
        "a_tab",
        "an_ambiguous_scalar",
        "a_number_out_of_range",
        "too_deep",
        "too_large",
    ],
)
def test_a_text_that_is_no_pack_is_refused_with_its_place(text: str, said: str) -> None:
    """
    What is wrong with the text itself is said with line and column.
    """
    assert said in _refusal(text)


def test_lines_of_json_are_told_too() -> None:
    """
    A pack in JSON has lines like one in YAML.
    """
    document = {
        "policy_id": "p",
        "version": "1",
        "rules": [{"rule_id": "r", "effect": "allow", "conditions": {"a": 1}, "tier": "x"}],
    }
    assert "member 'tier' of a v0.1 rule @ old.json:11 rules[0].tier" in _refusal(
        json.dumps(document, indent=1), "old.json"
    )


def test_a_fault_of_a_part_of_a_value_has_a_line() -> None:
    """
    A path into a free value leads to its line as well.
    """
    text = PACK.replace("    when: [amount > 5]", "    when: [amount > 5]\n    conditions:\n      a: 1\n      b: [1]")
    assert "@ pack.yaml:15 rules[1].conditions" in _refusal(text)
