"""Packs read from documents: both forms, every fault with its path, and what a run records."""

from typing import Any

import pytest
from makers import nested

from runtime.encoding.canonical import canonical
from runtime.errors import EncodingError, PolicyError
from runtime.limits import MAX_PAYLOAD_BYTES
from runtime.policy.evaluate import evaluate
from runtime.policy.pack import PolicyPack

EFFECTS = ["allow", "allow_with_obligations", "approval_required", "deny", "flag"]
ALLOW = {"rule_id": "r", "effect": "allow", "when": ["a"]}


def make_document(*rules: Any, **changes: Any) -> dict[str, Any]:
    """
    Make the document of a pack.
    """
    return {
        "schema": "policy-pack/v1",
        "policy_id": "p",
        "version": "1",
        "rules": list(rules) or [dict(ALLOW)],
        **changes,
    }


def make_old(*rules: Any, **changes: Any) -> dict[str, Any]:
    """
    Make the document of a pack of the v0.1 form.
    """
    return {
        "policy_id": "p",
        "version": "1",
        "rules": list(rules) or [{"rule_id": "r", "effect": "allow", "conditions": {"a": 1}}],
        **changes,
    }


def _case(**changes: Any) -> dict[str, Any]:
    return {"name": "c", "input": {}, "expect": {"decision": "deny"}, **changes}


def _faults(document: Any) -> list[tuple[str, str]]:
    with pytest.raises(PolicyError) as caught:
        PolicyPack.from_document(document)
    assert caught.value.code == "invalid_policy"
    return [(fault.where, fault.message) for fault in caught.value.faults] or [(caught.value.where, str(caught.value))]


FAULTS: dict[str, tuple[Any, list[tuple[str, str]]]] = {
    "no_object": ([1], [("", "policy pack is [1]: expected an object: policy_id, version, rules")]),
    "null": (None, [("", "policy pack is None: expected an object: policy_id, version, rules")]),
    "another_schema": (
        make_document(schema="policy-pack/v2"),
        [("schema", "policy pack: schema 'policy-pack/v2' at schema: expected policy-pack/v1")],
    ),
    "a_schema_that_is_a_list": (
        make_document(schema=[]),
        [("schema", "policy pack: schema [] at schema: expected policy-pack/v1")],
    ),
    "another_version": (
        make_old(schema_version="v0.2"),
        [
            (
                "schema_version",
                (
                    "policy pack: schema_version 'v0.2' at schema_version: expected schema: policy-pack/v1, or "
                    "schema_version: v0.1 of earlier engines"
                ),
            )
        ],
    ),
    "nothing_in_it": (
        {"schema": "policy-pack/v1"},
        [
            ("policy_id", "required field 'policy_id' is missing"),
            ("version", "required field 'version' is missing"),
            ("rules", "required field 'rules' is missing"),
        ],
    ),
    "no_rules": (
        make_document(rules=[]),
        [("rules", "no rules: a pack has at least one: without any it denies all")],
    ),
    "rules_that_are_an_object": (make_document(rules={"a": 1}), [("rules", "expected list, got dict {'a': 1}")]),
    "too_many_rules": (
        make_document(rules=[{**ALLOW, "rule_id": str(number)} for number in range(1001)]),
        [("rules", "more than 1000 rules: split the pack")],
    ),
    "a_version_that_is_a_number": (make_document(version=1.0), [("version", "expected str, got float 1.0")]),
    "an_unknown_field": (make_document(colour=1), [("", "unknown field 'colour'")]),
    "an_unknown_field_of_a_rule": (make_document({**ALLOW, "if": ["a"]}), [("rules[0]", "unknown field 'if'")]),
    "an_unknown_effect": (
        make_document({**ALLOW, "effect": "permit"}),
        [
            (
                "rules[0].effect",
                f"expected one of {EFFECTS}, got str 'permit'",
            )
        ],
    ),
    "conditions_that_are_text": (
        make_document({**ALLOW, "when": "a"}),
        [("rules[0].when", "expected list, got str 'a'")],
    ),
    "expressions_that_are_none": (
        make_document({**ALLOW, "when": ["a", "a ==", 5], "unless": ["(", "b"]}),
        [
            ("rules[0].when[1]", "the end at 1:5 of the expression: expected a value"),
            ("rules[0].when[2]", "condition 5: expected an expression, as text"),
            ("rules[0].unless[0]", "the end at 1:2 of the expression: expected a value"),
        ],
    ),
    "no_condition": (
        make_document({"rule_id": "r", "effect": "allow"}),
        [("rules[0]", "rule 'r' has no condition: say when it applies; always is when: [\"true\"]")],
    ),
    "a_rule_that_is_text": (make_document(ALLOW, "deny"), [("rules[1]", "expected dict, got str 'deny'")]),
    "an_obligation": (
        make_document({**ALLOW, "obligations": [{"obligation_id": "", "metadata": [1], "x": 1}]}),
        [
            ("rules[0].obligations[0].kind", "required field 'kind' is missing"),
            ("rules[0].obligations[0].metadata", "list [1]: expected a JSON object, a plain dict"),
            ("rules[0].obligations[0]", "unknown field 'x'"),
            ("rules[0].obligations[0].obligation_id", "obligation_id has 0 characters: allowed are 1 to 128"),
        ],
    ),
    "doubles": (
        make_document(ALLOW, {**ALLOW, "when": ["b"]}, {**ALLOW, "when": ["c"]}, cases=[_case(), _case()]),
        [
            ("rules[1].rule_id", "rule 'r' stands twice"),
            ("rules[2].rule_id", "rule 'r' stands twice"),
            ("cases[1].name", "case 'c' stands twice"),
        ],
    ),
    "contradictions": (
        make_document(
            {**ALLOW, "when": ["a", "b"]},
            {"rule_id": "s", "effect": "deny", "when": ["b", "a"]},
            {"rule_id": "t", "effect": "allow_with_obligations", "when": ["a", "b"]},
            {"rule_id": "u", "effect": "approval_required", "when": ["a", "b"]},
        ),
        [
            ("rules[1].effect", "rule 's' says deny where rule 'r' says allow, on the same conditions"),
            ("rules[3].effect", "rule 'u' says approval_required where rule 'r' says allow, on the same conditions"),
        ],
    ),
    "cases": (
        make_document(
            cases=[
                _case(input=[1]),
                _case(name="d", expect={"decision": "maybe", "rule": "r"}),
                _case(name="e", expect={"decision": "allow", "rules": ["r", "nobody"]}),
                {"name": "f"},
            ]
        ),
        [
            ("cases[0].input", "list [1]: expected a JSON object, a plain dict"),
            ("cases[1].expect.decision", "expected one of ['allow', 'deny', 'flag'], got str 'maybe'"),
            ("cases[1].expect", "unknown field 'rule'"),
            ("cases[3].input", "required field 'input' is missing"),
            ("cases[3].expect", "required field 'expect' is missing"),
            ("cases[2].expect.rules[1]", "rule 'nobody', which the pack does not have"),
        ],
    ),
    "all_together": (
        make_document({**ALLOW, "when": ["a +"]}, {**ALLOW, "effect": 5}, version=1, cases=[_case(expect={})]),
        [
            ("version", "expected str, got int 1"),
            ("rules[0].when[0]", "the end at 1:4 of the expression: expected a value"),
            (
                "rules[1].effect",
                f"expected one of {EFFECTS}, got int 5",
            ),
            ("cases[0].expect.decision", "required field 'decision' is missing"),
            ("rules[1].rule_id", "rule 'r' stands twice"),
        ],
    ),
    "a_case_about_a_rule_that_has_a_fault": (
        make_document({**ALLOW, "when": ["a +"]}, cases=[_case(expect={"decision": "allow", "rules": ["r"]})]),
        [("rules[0].when[0]", "the end at 1:4 of the expression: expected a value")],
    ),
    "what_v0_1_does_not_have": (
        make_old(
            {"rule_id": "r", "effect": "flag", "conditions": {"a": 1}, "tier": "human", "when": ["a"]},
            {"rule_id": "s", "effect": "deny", "conditions": {"a": [1]}, "priority": "high"},
            cases=[],
        ),
        [
            ("cases", "member 'cases' of a v0.1 pack"),
            ("rules[0].tier", "member 'tier' of a v0.1 rule"),
            ("rules[0].when", "member 'when' of a v0.1 rule"),
            ("rules[0].effect", "effect 'flag' in a v0.1 rule; it is approval_required there"),
            ("rules[1].priority", "expected int, got str 'high'"),
            ("rules[1].conditions", "conditions ['a'] on lists or objects: write them as expressions under when"),
        ],
    ),
    "v0_1_rules_that_are_no_rules": (
        make_old(5, "r"),
        [
            ("rules[0]", "expected dict, got int 5"),
            ("rules[1]", "expected dict, got str 'r'"),
        ],
    ),
    "v0_1_rules_that_are_no_list": (make_old(rules=5), [("rules", "expected list, got int 5")]),
    "expected_rules_that_are_no_names": (
        make_document(cases=[_case(expect={"decision": "deny", "rules": [5]}), 5, _case(name="d", expect=5)]),
        [
            ("cases[0].expect.rules[0]", "expected str, got int 5"),
            ("cases[1]", "expected dict, got int 5"),
            ("cases[2].expect", "expected dict, got int 5"),
        ],
    ),
    "v0_1_without_conditions": (
        make_old({"rule_id": "r", "effect": "deny", "conditions": {}}),
        [("rules[0]", "rule 'r' has no condition: say when it applies; always is when: [\"true\"]")],
    ),
}


@pytest.mark.parametrize("name", sorted(FAULTS))
def test_a_pack_with_faults_is_refused_with_all_of_them(name: str) -> None:
    """
    Every fault is listed once, with the path of what is wrong.
    """
    document, expected = FAULTS[name]
    assert _faults(document) == expected


def test_a_pack_without_a_schema_is_told_of_it() -> None:
    """
    Who forgets the schema of a pack with expressions is told to write it.
    """
    document = make_document()
    del document["schema"]
    with pytest.raises(PolicyError, match="a pack with expressions says schema: policy-pack/v1"):
        PolicyPack.from_document(document)


@pytest.mark.parametrize(
    "document",
    [
        make_document(version=float("nan")),
        make_document(metadata={"a": {1, 2}}),
        {**make_document(), "\ud800": 1},
        dict([*make_document().items(), (5, 1)]),
        make_document(metadata={"a": nested(65)}),
    ],
    ids=["nan", "a_set", "a_surrogate", "a_number_as_key", "too_deep"],
)
def test_what_is_no_json_is_refused_as_that(document: Any) -> None:
    """
    The encoding is looked at before anything else.
    """
    with pytest.raises(EncodingError):
        PolicyPack.from_document(document)


def test_a_pack_that_no_run_could_record_is_refused() -> None:
    """
    The limit holds for the document and for what it becomes with every default written out.
    """
    filler = "x" * (MAX_PAYLOAD_BYTES - 1000)
    assert PolicyPack.from_document(make_document(metadata={"a": filler})).metadata["a"] == filler
    with pytest.raises(PolicyError, match=r"policy pack has 10[0-9]+ bytes: the limit is 1048576 bytes"):
        PolicyPack.from_document(make_document(metadata={"a": filler + "x" * 1000}))
    rules = [{"rule_id": f"r{number}", "effect": "deny", "when": ["x"]} for number in range(1000)]
    with pytest.raises(PolicyError, match=r"'p' has 1[0-9]+ bytes with every default written out"):
        PolicyPack.from_document(make_document(*rules, metadata={"a": "x" * 900_000}))


class TestForms:
    """
    "Two forms are read."
    """

    def test_an_old_pack_is_the_new_one_with_equalities(self) -> None:
        """
        A v0.1 pack is recorded in the present form, and means the same with or without its version.
        """
        old = make_old(
            {"rule_id": "r", "effect": "approval_required", "conditions": {"who.role": "x"}, "risk_score": 0.5},
            metadata={"a": 1},
        )
        pack = PolicyPack.from_document(old)
        assert PolicyPack.from_document({**old, "schema_version": "v0.1"}) == pack
        record = pack.document.thaw()
        assert record["schema"] == "policy-pack/v1"
        assert record["rules"][0]["conditions"] == {"who.role": "x"}
        assert record["rules"][0]["reason_code"] == "approval_required"
        assert evaluate(pack, {"who": {"role": "x"}}).decision == "flag"

    def test_a_document_is_not_changed_and_not_read_again(self) -> None:
        """
        The caller's document is as it was, and what happens to it later does not matter.
        """
        for document in (make_document(), make_old()):
            before = canonical(document)
            pack = PolicyPack.from_document(document)
            assert canonical(document) == before
            digest = pack.digest
            document["rules"][0]["effect"] = "deny"
            assert PolicyPack.from_document(pack.document.thaw()).digest == digest

    def test_what_a_run_records_has_every_member_but_the_cases(self) -> None:
        """
        Defaults are written out, and adding a case changes no digest.
        """
        pack = PolicyPack.from_document(make_document())
        assert pack.document.thaw() == {
            "schema": "policy-pack/v1",
            "policy_id": "p",
            "version": "1",
            "description": "",
            "metadata": {},
            "rules": [
                {
                    "rule_id": "r",
                    "effect": "allow",
                    "description": "",
                    "when": ["a"],
                    "unless": [],
                    "conditions": {},
                    "priority": 100,
                    "reason_code": "allow",
                    "tier": None,
                    "risk_class": "low",
                    "risk_score": 0,
                    "obligations": [],
                    "constraints": [],
                }
            ],
        }
        tested = PolicyPack.from_document(make_document(cases=[_case()]))
        assert tested.digest == pack.digest
        assert tested != pack
        assert pack.digest == pack.document.digest

    @pytest.mark.parametrize(("effect", "flags"), [("allow", False), ("deny", False), ("flag", True)])
    def test_a_pack_can_flag_when_a_rule_does(self, effect: str, flags: bool) -> None:  # noqa: FBT001 - a parameter.
        """
        One rule that flags is enough, whatever it is called.
        """
        assert PolicyPack.from_document(make_document({**ALLOW, "effect": effect})).can_flag is flags
        other = {**ALLOW, "rule_id": "s", "when": ["b"], "effect": "approval_required"}
        assert PolicyPack.from_document(make_document({**ALLOW, "effect": effect}, other)).can_flag
