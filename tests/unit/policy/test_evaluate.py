"""The evaluator: precedence, rules that fail, what is handed on, and the record of it."""

from typing import Any

import pytest
from makers import sha256_of

from runtime.encoding.canonical import canonical
from runtime.encoding.frozen import JsonObject
from runtime.errors import EncodingError, PolicyError
from runtime.limits import MAX_PAYLOAD_BYTES
from runtime.policy.evaluate import NO_MATCH, NOT_EVALUABLE, evaluate
from runtime.policy.pack import PolicyPack


def make_pack(*rules: dict[str, Any], **changes: Any) -> PolicyPack:
    """
    Make a pack; rules are named in order unless they have names.
    """
    named = [{"rule_id": f"r{index}", **rule} for index, rule in enumerate(rules)]
    return PolicyPack.from_document(
        {"schema": "policy-pack/v1", "policy_id": "p", "version": "1", "rules": named, **changes}
    )


def decide(given: dict[str, Any], *rules: dict[str, Any]) -> tuple[str, str | None, str]:
    """
    Give decision, deciding rule and reason code.
    """
    record = evaluate(make_pack(*rules), given).to_dict()
    return record["decision"], record["rule_id"], record["reason_code"]


def rule(effect: str, *when: str, **changes: Any) -> dict[str, Any]:
    """
    Make a rule.
    """
    return {"effect": effect, "when": list(when), **changes}


def duty(name: str) -> list[dict[str, Any]]:
    """
    Make a list of one obligation.
    """
    return [{"obligation_id": name, "kind": "k", "description": "", "metadata": {}}]


class TestPrecedence:
    """
    "Deny > flag > allow_with_obligations > allow; nothing matches: deny."
    """

    @pytest.mark.parametrize(
        ("holding", "decided"),
        [
            ("dfoa", ("deny", "d", "deny")),
            ("foa", ("flag", "f", "flag")),
            ("oa", ("allow", "o", "allow_with_obligations")),
            ("a", ("allow", "a", "allow")),
            ("da", ("deny", "d", "deny")),
            ("", ("deny", None, NO_MATCH)),
        ],
    )
    def test_the_strictest_rule_that_applies_decides(self, holding: str, decided: tuple[str, str | None, str]) -> None:
        """
        Whatever priorities say, they do not reach beyond one effect.
        """
        effects = {"d": "deny", "f": "flag", "o": "allow_with_obligations", "a": "allow"}
        rules = [
            rule(effect, f"x.{name}", rule_id=name, priority=-ord(name), obligations=duty("m") if name == "o" else [])
            for name, effect in effects.items()
        ]
        assert decide({"x": {name: name in holding for name in effects}}, *rules) == decided

    def test_of_one_effect_the_lowest_priority_decides_then_the_id(self) -> None:
        """
        The order in the document does not matter.
        """
        rules = [
            rule("flag", "a", rule_id="z", priority=1),
            rule("flag", "true", rule_id="y", priority=2),
            rule("flag", "a || a", rule_id="x", priority=2),
        ]
        for ordered in (rules, rules[::-1]):
            record = evaluate(make_pack(*ordered), {"a": True}).to_dict()
            assert record["rule_id"] == "z"
            assert [report["rule_id"] for report in record["applied"]] == ["z", "x", "y"]

    def test_when_and_unless(self) -> None:
        """
        All of `when` must hold, and none of `unless`; `unless: a && b` excludes where both hold.
        """
        rules = [rule("allow", "a", "b || c", unless=["x && y", "z"])]
        base = {"a": True, "b": False, "c": True, "x": False, "y": True, "z": False}
        assert decide(base, *rules)[0] == "allow"
        for changed in ({"a": False}, {"c": False}, {"x": True}, {"z": True}):
            assert decide({**base, **changed}, *rules)[0] == "deny"

    def test_approval_required_is_flag(self) -> None:
        """
        The decision and the effect told are `flag`; the reason keeps the name.
        """
        verdict = evaluate(make_pack(rule("approval_required", "true")), {})
        assert (verdict.decision, verdict.reason_code) == ("flag", "approval_required")
        assert verdict.record["effect"] == "flag"

    def test_equalities_of_the_old_form_stand_beside_expressions(self) -> None:
        """
        A rule may have both; all must hold.
        """
        both = rule("allow", "a > 1", conditions={"b.c": "x"})
        assert decide({"a": 2, "b": {"c": "x"}}, both)[0] == "allow"
        assert decide({"a": 2, "b": {}}, both)[0] == "deny"
        assert decide({"a": 1, "b": {"c": "x"}}, both)[0] == "deny"


class TestRulesThatFail:
    """
    "A rule that cannot be evaluated might have applied."
    """

    @pytest.mark.parametrize("effect", ["deny", "flag", "approval_required", "allow_with_obligations"])
    def test_that_could_make_the_verdict_stricter_deny(self, effect: str) -> None:
        """
        Leaving out what a rule looks at is no way past it, nor past the obligations it hands on.
        """
        rules = [rule("allow", "true", rule_id="a"), rule(effect, "amount > 5", rule_id="s", obligations=duty("m"))]
        assert decide({"amount": 1}, *rules) == ("allow", "a", "allow")
        assert decide({}, *rules) == ("deny", "s", NOT_EVALUABLE)
        assert decide({"amount": "6"}, *rules) == ("deny", "s", NOT_EVALUABLE)

    def test_an_allow_that_hands_on_something_counts_among_them(self) -> None:
        """
        The name of the effect does not matter, but what would be lost.
        """
        for extra in ({"obligations": duty("m")}, {"constraints": [{"constraint_id": "c", "kind": "k"}]}):
            rules = [rule("allow", "true", rule_id="a"), rule("allow", "amount > 5", rule_id="s", **extra)]
            assert decide({}, *rules) == ("deny", "s", NOT_EVALUABLE)

    def test_that_only_allow_do_not_apply(self) -> None:
        """
        They neither allow nor stop another rule from allowing.
        """
        failing = rule("allow", "amount > 5", rule_id="s")
        assert decide({}, failing) == ("deny", None, NO_MATCH)
        assert decide({}, failing, rule("allow", "true", rule_id="a")) == ("allow", "a", "allow")

    def test_an_unless_that_fails_takes_an_allowance_away_and_a_denial_not(self) -> None:
        """
        An exception that cannot be shown is none.
        """
        assert decide({}, rule("allow", "true", unless=["blocked"])) == ("deny", None, NO_MATCH)
        assert decide({}, rule("deny", "true", unless=["exempt"]), rule("allow", "1 == 1")) == (
            "deny",
            "r0",
            NOT_EVALUABLE,
        )

    @pytest.mark.parametrize(
        "settled",
        [
            rule("deny", "missing", "false"),
            rule("deny", "false", "missing"),
            rule("deny", "missing && false"),
            rule("deny", "missing", unless=["true"]),
            rule("deny", "true", unless=["missing", "true"]),
            rule("deny", "missing", conditions={"a": 1}),
        ],
        ids=["second", "first", "one_condition", "unless", "second_unless", "equality"],
    )
    def test_a_clause_that_settles_a_rule_beats_a_failure(self, settled: dict[str, Any]) -> None:
        """
        A rule that surely does not apply fails nobody.
        """
        assert decide({}, settled, rule("allow", "1 == 1"))[0] == "allow"

    def test_what_is_neither_true_nor_false_is_a_failure(self) -> None:
        """
        A number or a text is no condition, under `when` or `unless`.
        """
        allowing = rule("allow", "1 == 1")
        values: list[Any] = [0, 1, "", "true", None, [], {}]
        for value in values:
            assert decide({"a": value}, rule("deny", "a"), allowing)[2] == NOT_EVALUABLE
            assert decide({"a": value}, rule("deny", "true", unless=["a"]), allowing)[2] == NOT_EVALUABLE

    def test_a_list_too_long_to_look_through_denies(self) -> None:
        """
        Who swells the input gains nothing: a rule without fuel is a rule that fails.
        """
        rules = [rule("deny", "items.exists(i, i.bad)"), rule("allow", "size(items) >= 0")]
        good = {"bad": False}
        assert decide({"items": [good] * 100}, *rules)[0] == "allow"
        assert decide({"items": [good] * 100_000}, *rules) == ("deny", "r0", NOT_EVALUABLE)
        assert decide({"items": [*[good] * 100_000, {"bad": True}]}, *rules)[0] == "deny"

    def test_each_clause_has_its_own_fuel(self) -> None:
        """
        Neither a rule nor a pack runs dry because of what was worked out before.
        """
        costly = "items.all(i, i >= 0 && i <= 5 && i != 9 && i + 1 > 0)"
        rules = [rule("deny", costly, f"!({costly})", rule_id=f"d{index}", priority=index) for index in range(5)]
        given = {"items": [1] * 600}
        assert decide(given, *rules, rule("allow", costly, f"{costly} || false")) == ("allow", "r5", "allow")
        closest = rule("allow", costly, f"{costly} || false", "size(items) == 0")
        [report] = evaluate(make_pack(*rules, closest), given).to_dict()["closest"]
        assert [clause["held"] for clause in report["when"]] == [True, True, False]
        near = [rule("allow", costly, f"{costly} || {index} == 9", "size(items) == 0") for index in range(3)]
        far = rule("allow", "size(items) == 0", "size(items) == 1")
        told = evaluate(make_pack(*near, far), given).to_dict()["closest"]
        assert [report["rule_id"] for report in told] == ["r0", "r1", "r2"]

    def test_are_told_with_what_would_have_helped(self) -> None:
        """
        Of one that would restrict, what would have kept it from applying; of one that would allow, what would have let it.
        """
        rules = [rule("flag", "amount > 5"), rule("allow_with_obligations", "amount < 5", obligations=duty("m"))]
        record = evaluate(make_pack(*rules), {}).to_dict()
        assert [report["when"][0]["nearest"]["value"] for report in record["failed"]] == [5, 4]
        assert [report["when"][0]["failure"] for report in record["failed"]] == ["path_missing"] * 2
        assert record["closest"] == []

    def test_a_rule_that_denies_decides_before_those_that_fail(self) -> None:
        """
        The reason is the rule that applies; those that fail are told beside it.
        """
        record = evaluate(make_pack(rule("deny", "a"), rule("flag", "b")), {"a": True}).to_dict()
        assert (record["rule_id"], record["reason_code"]) == ("r0", "deny")
        assert [report["rule_id"] for report in record["failed"]] == ["r1"]

    def test_the_first_of_several_is_named(self) -> None:
        """
        By priority, then by id; all of them are told, and nothing is handed on.
        """
        rules = [
            rule("flag", "x", rule_id="b", obligations=duty("m")),
            rule("deny", "y", rule_id="c"),
            rule("flag", "z", rule_id="d", priority=1),
        ]
        record = evaluate(make_pack(*rules, rule("allow", "true")), {}).to_dict()
        assert (record["decision"], record["rule_id"], record["effect"]) == ("deny", "d", "flag")
        assert [report["rule_id"] for report in record["failed"]] == ["d", "b", "c"]
        assert (record["obligations"], record["constraints"]) == ([], [])
        assert (record["tier"], record["risk_class"], record["risk_score"]) == (None, None, None)
        assert [report["rule_id"] for report in record["applied"]] == ["r3"]


class TestHandedOn:
    """
    "Obligations and constraints of every rule that applies are handed on, the deciding rule's first."
    """

    @pytest.mark.parametrize(
        ("holding", "expected"),
        [("dD", "dD"), ("dfoa", "d"), ("foa", "foa"), ("oOa", "oOa"), ("a", "a"), ("Oo", "oO"), ("", "")],
    )
    def test_are_those_of_every_rule_that_binds(self, holding: str, expected: str) -> None:
        """
        A second rule that applies adds to the first; what would allow adds nothing to a denial.
        """
        effects = {"d": "deny", "D": "deny", "f": "flag", "o": "allow_with_obligations", "O": "allow_with_obligations"}
        rules = [
            rule(
                {**effects, "a": "allow"}[name],
                f"x.{name}_",
                rule_id=name,
                priority=name.isupper() + 0,
                obligations=duty(name),
                constraints=[{"constraint_id": name, "kind": "k", "value": [name]}],
            )
            for name in "dDfoOa"
        ]
        record = evaluate(make_pack(*rules), {"x": {f"{name}_": name in holding for name in "dDfoOa"}}).to_dict()
        assert [one["obligation_id"] for one in record["obligations"]] == list(expected)
        assert [one["constraint_id"] for one in record["constraints"]] == list(expected)

    def test_alike_are_handed_on_once(self) -> None:
        """
        Alike is by bytes: a bound of `1` and one of `true` are two.
        """
        values: list[Any] = [1, 1.0, True, 2]
        rules = [
            rule(
                "allow_with_obligations",
                f"{index} == {index}",
                obligations=duty("m"),
                constraints=[{"constraint_id": "c", "kind": "k", "value": value}],
            )
            for index, value in enumerate(values)
        ]
        record = evaluate(make_pack(*rules), {}).to_dict()
        assert record["obligations"] == duty("m")
        assert [canonical(one["value"]) for one in record["constraints"]] == [b"1", b"true", b"2"]

    def test_are_those_of_this_pack(self) -> None:
        """
        Two packs that differ in what Python calls equal are compiled apart.
        """
        for value in (1, True, 1.5):
            pack = make_pack(
                rule("allow", "true", constraints=[{"constraint_id": "c", "kind": "k", "value": value}]),
            )
            assert canonical(evaluate(pack, {}).to_dict()["constraints"][0]["value"]) == canonical(value)


class TestRecord:
    """
    "The verdict carries policy id, version and digest, the rules that fired, and why."
    """

    def test_of_an_allowance(self) -> None:
        """
        Every member, as docs/reference/policies.md lists them.
        """
        pack = make_pack(
            rule("allow", "a <= 5 && b", unless=["c"], tier="automated", risk_class="high", risk_score=0.5),
            rule("flag", "a > 5"),
        )
        given = {"a": 2.0, "b": True, "c": False}
        verdict = evaluate(pack, given)
        clause: dict[str, Any] = {"failure": None, "absent": [], "nearest": None}
        assert verdict.to_dict() == {
            "schema": "verdict/v1",
            "policy_id": "p",
            "policy_version": "1",
            "policy_digest": pack.digest,
            "input_digest": sha256_of(given),
            "decision": "allow",
            "rule_id": "r0",
            "effect": "allow",
            "reason_code": "allow",
            "tier": "automated",
            "risk_class": "high",
            "risk_score": 0.5,
            "obligations": [],
            "constraints": [],
            "applied": [
                {
                    "rule_id": "r0",
                    "effect": "allow",
                    "applies": True,
                    "when": [
                        {"text": "a <= 5", "held": True, "saw": {"/a": 2}, **clause},
                        {"text": "b", "held": True, "saw": {"/b": True}, **clause},
                    ],
                    "unless": [{"text": "c", "held": False, "saw": {"/c": False}, **clause}],
                }
            ],
            "failed": [],
            "closest": [],
        }
        assert verdict.digest == sha256_of(verdict.to_dict())

    def test_of_a_flag_tells_what_would_not_have_flagged(self) -> None:
        """
        Every clause has the nearest value with which it would not hold, and every exception the one with which it would.
        """
        pack = make_pack(rule("flag", "a > 5", unless=["role == 'chief'"]))
        [report] = evaluate(pack, {"a": 9, "role": "clerk"}).to_dict()["applied"]
        assert report["when"][0]["nearest"] == {"path": "/a", "of": "value", "value": 5}
        assert report["unless"][0]["nearest"] == {"path": "/role", "of": "value", "value": "chief"}

    def test_of_no_match_tells_the_three_allowances_that_came_closest(self) -> None:
        """
        Fewest clauses in the way first, then by priority and id; rules that deny or flag are none to come close to.
        """
        rules = [
            rule("allow", "a > 9", "b > 9", "c > 9", rule_id="three"),
            rule("allow", "a > 9", "b > 9", rule_id="two", priority=1),
            rule("allow", "a > 9", "b > 0", rule_id="one-b"),
            rule("allow_with_obligations", "b > 9", unless=["a > 9"], rule_id="one-a", obligations=duty("m")),
            rule("allow", "missing", "a > 9", "b > 9", rule_id="more"),
            rule("deny", "a > 5", rule_id="no"),
        ]
        record = evaluate(make_pack(*rules), {"a": 1, "b": 1, "c": 1}).to_dict()
        assert record["decision"] == "deny"
        assert [report["rule_id"] for report in record["closest"]] == ["one-a", "one-b", "two"]
        assert [report["applies"] for report in record["closest"]] == [False, False, False]
        assert record["closest"][1]["when"][0]["nearest"] == {"path": "/a", "of": "value", "value": 10}
        assert record["closest"][0]["unless"][0]["nearest"] is None

    def test_is_told_without_clauses_where_they_are_too_large(self) -> None:
        """
        A verdict has a bound: beyond it the clauses are left out, and nothing else is.
        """
        listed = ", ".join(f"v{n:02}" for n in range(16))
        rules = [rule("allow", *(f"[{listed}] != [{n}]" for n in range(8)), rule_id=f"r{index}") for index in range(8)]
        given = {f"v{n:02}": "\u0001" * 200 for n in range(16)}
        pack = make_pack(*rules)
        record = evaluate(pack, given)
        assert len(record.record.raw) < MAX_PAYLOAD_BYTES
        told = record.to_dict()
        assert told["decision"] == "allow"
        assert told["applied"] == [self._named(f"r{index}", "allow", applies=True) for index in range(8)]
        few = evaluate(make_pack(*rules[:2]), given).to_dict()
        assert len(few["applied"][0]["when"]) == 8

    def test_tells_the_clauses_of_the_first_eight_rules(self) -> None:
        """
        Of further ones it tells that they apply, or that they cannot be evaluated; the deciding rule stands first.
        """
        flags = [rule("flag", "a > 1", rule_id=f"f{index}") for index in range(9)]
        allowances = [rule("allow", "a > 0", rule_id=f"a{index}") for index in range(2)]
        told = evaluate(make_pack(*allowances, *flags), {"a": 2}).to_dict()["applied"]
        assert [len(report["when"]) for report in told[:8]] == [1] * 8
        assert [report["rule_id"] for report in told[:8]] == [f"f{index}" for index in range(8)]
        further = [("f8", "flag"), ("a0", "allow"), ("a1", "allow")]
        assert told[8:] == [self._named(rule_id, effect, applies=True) for rule_id, effect in further]
        failed = evaluate(make_pack(*flags), {}).to_dict()["failed"]
        assert [len(report["when"]) for report in failed[:8]] == [1] * 8
        assert failed[8:] == [self._named("f8", "flag", applies=None)]

    @staticmethod
    def _named(rule_id: str, effect: str, *, applies: bool | None) -> dict[str, Any]:
        return {"rule_id": rule_id, "effect": effect, "applies": applies, "when": None, "unless": None}

    def test_does_not_grow_with_the_input(self) -> None:
        """
        A value of the input is told by its size, also as the nearest one.
        """
        pack = make_pack(rule("allow", "a == b", "c in d", "size(e) < 5"))
        small = len(evaluate(pack, {"a": "x", "b": "y", "c": "x", "d": ["y"], "e": "x" * 9}).record.raw)
        huge = {"a": "x" * 10**6, "b": "y" * 10**6, "c": "x", "d": ["y" * 10**6], "e": ["x" * 10**6] * 5}
        assert len(evaluate(pack, huge).record.raw) < small + 200


class TestGiven:
    """
    What is no input, and what is no pack.
    """

    @pytest.mark.parametrize("given", [[], None, 5, "a", JsonObject({}), (("a", 1),)], ids=repr)
    def test_an_input_that_is_no_object_is_refused(self, given: Any) -> None:
        """
        Only a plain object has members to look at.
        """
        with pytest.raises(EncodingError, match="expected a JSON object"):
            evaluate(make_pack(rule("allow", "true")), given)

    @pytest.mark.parametrize(
        "value", [float("nan"), {1}, 2**53, "\ud800", object()], ids=lambda value: type(value).__name__
    )
    def test_an_input_that_is_no_json_is_refused(self, value: Any) -> None:
        """
        Also where no rule looks at it: the verdict could not say what it was on.
        """
        with pytest.raises(EncodingError):
            evaluate(make_pack(rule("allow", "true")), {"a": value})

    @pytest.mark.parametrize("pack", [None, {}, "p"], ids=repr)
    def test_what_is_no_pack_is_refused(self, pack: Any) -> None:
        """
        A missing policy is no permission.
        """
        with pytest.raises(PolicyError, match="give a PolicyPack"):
            evaluate(pack, {})

    def test_a_macro_in_a_pack_has_its_own_variables(self) -> None:
        """
        Rules with macros of different depth share one evaluation and do not disturb each other.
        """
        rules = [
            rule("deny", "a.exists(x, a.exists(y, x + y == 7))"),
            rule("allow", "a.all(z, z < 9)", unless=["a.exists(x, x == 5)"]),
        ]
        assert decide({"a": [1, 2]}, *rules)[0] == "allow"
        assert decide({"a": [3, 4]}, *rules) == ("deny", "r0", "deny")
        assert decide({"a": [5]}, *rules)[0] == "deny"
