"""The laws of policies: what is decided, what must not matter, and what is told of why."""

import copy
import json
from random import Random
from typing import Any

import pytest
import reference_policy as reference
from hypothesis import given
from hypothesis import strategies as st
from mutations import Judge, mutate
from strategies import awkward_objects

from runtime.encoding.canonical import canonical
from runtime.errors import EncodingError, EvaluationError, MissionEngineError, PolicyError
from runtime.policy.evaluate import NO_MATCH, NOT_EVALUABLE, evaluate
from runtime.policy.expressions import Expression
from runtime.policy.lint import find_warnings
from runtime.policy.pack import PolicyPack
from runtime.policy.packfile import read_pack

ABSENT: Any = object()


def _told(record: dict[str, Any], *without: str) -> dict[str, Any]:
    return {name: value for name, value in record.items() if name not in without}


def _clauses(record: dict[str, Any]) -> list[tuple[dict[str, Any], bool | None]]:
    """
    Give every clause of a verdict with the value that its nearest change is to give it; None where it is to stay.
    """
    found: list[tuple[dict[str, Any], bool | None]] = []
    for member in ("applied", "failed", "closest"):
        for report in record[member]:
            allows = report["effect"].startswith("allow")
            wanted = None if member == "applied" and allows else allows
            found += [(clause, wanted) for clause in report["when"]]
            found += [(clause, None if wanted is None else not wanted) for clause in report["unless"]]
    return found


def _holds(text: str, variables: dict[str, Any]) -> bool | None:
    try:
        return Expression.parse(text).holds(variables)
    except EvaluationError:
        return None


def _at(value: Any, pointer: str) -> Any:
    for token in pointer.split("/")[1:]:
        if type(value) is not dict or token not in value:
            return ABSENT
        value = value[token]
    return value


def _with(variables: dict[str, Any], pointer: str, value: Any) -> dict[str, Any]:
    """
    Give the variables with a value at a path of members.
    """
    changed = copy.deepcopy(variables)
    *above, last = pointer.split("/")[1:]
    place = changed
    for token in above:
        place = place.setdefault(token, {})
    place[last] = value
    return changed


class TestDecision:
    """
    "Precedence: deny > flag > allow_with_obligations > allow; nothing matches: deny."
    """

    @given(reference.packs, reference.inputs)
    def test_is_that_of_the_reference(self, drawn: reference.Pack, variables: dict[str, Any]) -> None:
        """
        Decision, deciding rule, reason, rules that apply and obligations are those that other code finds.
        """
        document, conditions = drawn
        record = evaluate(PolicyPack.from_document(document), variables).to_dict()
        expected = reference.weigh(document, conditions, variables)
        assert {
            "decision": record["decision"],
            "rule_id": record["rule_id"],
            "reason": record["reason_code"],
            "applied": [report["rule_id"] for report in record["applied"]],
            "due": [obligation["obligation_id"] for obligation in record["obligations"]],
        } == expected

    @given(reference.old_packs, reference.inputs)
    def test_of_a_v0_1_pack_is_that_of_the_reference(self, document: dict[str, Any], variables: dict[str, Any]) -> None:
        """
        A pack of the v0.1 form decides as its engine does, with the equality of canonical JSON.
        """
        verdict = evaluate(PolicyPack.from_document(document), variables)
        told = verdict.to_dict()
        assert (verdict.decision, told["rule_id"], verdict.reason_code) == reference.weigh_old(document, variables)
        assert told["failed"] == []

    @given(reference.packs, reference.inputs, st.randoms(use_true_random=False))
    def test_does_not_depend_on_the_order_of_the_rules(
        self, drawn: reference.Pack, variables: dict[str, Any], rng: Random
    ) -> None:
        """
        Rules in another order, with their members in another order, give the same verdict.
        """
        document, _ = drawn
        shuffled = [dict(rng.sample(list(rule.items()), len(rule))) for rule in document["rules"]]
        rng.shuffle(shuffled)
        one, other = (
            evaluate(PolicyPack.from_document({**document, "rules": rules}), variables).to_dict()
            for rules in (document["rules"], shuffled)
        )
        assert _told(one, "policy_digest") == _told(other, "policy_digest")

    @given(reference.packs, reference.inputs, awkward_objects)
    def test_does_not_depend_on_what_no_rule_reads(
        self, drawn: reference.Pack, variables: dict[str, Any], others: dict[str, Any]
    ) -> None:
        """
        Members that no rule reads change nothing but the digest of the input.
        """
        pack = PolicyPack.from_document(drawn[0])
        extended = {**{f"_{name}": value for name, value in others.items()}, **variables}
        one, other = (evaluate(pack, chosen).to_dict() for chosen in (variables, extended))
        assert _told(one, "input_digest") == _told(other, "input_digest")

    @given(reference.packs, reference.inputs)
    def test_does_not_depend_on_how_a_number_is_written(self, drawn: reference.Pack, variables: dict[str, Any]) -> None:
        """
        `2.0` is `2`: equal inputs give equal verdicts, byte by byte.
        """

        def as_floats(value: Any) -> Any:
            if type(value) is dict:
                return {name: as_floats(part) for name, part in value.items()}
            if type(value) is list:
                return list(map(as_floats, value))
            return float(value) if type(value) is int else value

        pack = PolicyPack.from_document(drawn[0])
        assert evaluate(pack, variables).record == evaluate(pack, as_floats(variables)).record


class TestFailingClosed:
    """
    "Unknown […], missing policy, broken policy: refused or denied, never skipped."
    """

    @given(reference.packs, awkward_objects | reference.inputs)
    def test_a_valid_pack_gives_a_verdict_on_every_object(
        self, drawn: reference.Pack, variables: dict[str, Any]
    ) -> None:
        """
        Nothing is raised, the input is as it was, and the verdict is the same the second time.
        """
        pack = PolicyPack.from_document(drawn[0])
        before = canonical(variables)
        verdict = evaluate(pack, variables)
        assert canonical(variables) == before
        assert evaluate(PolicyPack.from_document(pack.document.thaw()), variables) == verdict
        assert canonical(verdict.to_dict()) == verdict.record.raw

    @given(reference.packs)
    def test_deny_is_the_default(self, drawn: reference.Pack) -> None:
        """
        Where no rule applies and none fails, and where all fail, nothing is allowed.
        """
        document, _ = drawn
        for index, rule in enumerate(document["rules"]):
            rule["when"] = [f"elsewhere == {index}"]
        nothing = evaluate(PolicyPack.from_document(document), {"elsewhere": -1})
        assert (nothing.decision, nothing.reason_code) == ("deny", NO_MATCH)
        failing = evaluate(PolicyPack.from_document(document), {})
        assert failing.decision == "deny"
        assert failing.reason_code in (NO_MATCH, NOT_EVALUABLE)

    @given(reference.packs_without_has, reference.inputs, st.sampled_from(reference.NAMES))
    def test_nothing_is_gained_by_leaving_something_out(
        self, drawn: reference.Pack, variables: dict[str, Any], name: str
    ) -> None:
        """
        Where no rule asks whether something is there, leaving it out never makes a verdict looser, nor takes a duty away.
        """
        pack = PolicyPack.from_document(drawn[0])
        order = ["deny", "flag", "allow"]
        whole = evaluate(pack, variables)
        less = evaluate(pack, {key: value for key, value in variables.items() if key != name})
        assert order.index(less.decision) <= order.index(whole.decision)
        if less.decision != "deny":
            assert less.to_dict()["obligations"] == whole.to_dict()["obligations"]


class TestReasons:
    """
    "Each clause with the values it saw and, for a refusal, the nearest value that would pass."
    """

    @given(reference.packs, reference.inputs)
    def test_a_clause_is_told_as_it_stands(self, drawn: reference.Pack, variables: dict[str, Any]) -> None:
        """
        What is said of a clause, its value and what it saw, is so.
        """
        record = evaluate(PolicyPack.from_document(drawn[0]), variables).to_dict()
        for clause, _ in _clauses(record):
            assert _holds(clause["text"], variables) is clause["held"]
            assert (clause["failure"] is None) is (clause["held"] is not None)
            for path, told in clause["saw"].items():
                value = _at(variables, path)
                size = (
                    {"type": "list" if type(value) is list else "object", "size": len(value)}
                    if type(value) in (list, dict)
                    else value
                )
                assert canonical(told) == canonical(size)
            assert all(_at(variables, path) is ABSENT for path in clause["absent"])

    @given(reference.packs, reference.inputs)
    def test_the_nearest_change_makes_the_clause_as_wanted(
        self, drawn: reference.Pack, variables: dict[str, Any]
    ) -> None:
        """
        With the value told at the path told, and all else as it is, the clause is as wanted; of numbers it is nearest.
        """
        record = evaluate(PolicyPack.from_document(drawn[0]), variables).to_dict()
        for clause, wanted in _clauses(record):
            near = clause["nearest"]
            if near is None:
                continue
            assert wanted is not None
            assert clause["held"] is not wanted
            if near["of"] == "size":
                resized = _of_size(_at(variables, near["path"]), near["value"])
                assert _holds(clause["text"], _with(variables, near["path"], resized)) is wanted
                continue
            assert _holds(clause["text"], _with(variables, near["path"], near["value"])) is wanted
            seen, told = _at(variables, near["path"]), near["value"]
            if type(seen) in (int, float) and type(told) in (int, float):
                for between in _between(seen, told):
                    assert _holds(clause["text"], _with(variables, near["path"], between)) is not wanted

    @given(reference.packs, reference.inputs)
    def test_a_clause_that_is_not_as_wanted_for_one_comparison_has_a_nearest_value(
        self, drawn: reference.Pack, variables: dict[str, Any]
    ) -> None:
        """
        A single bound on a number that is there is always told.
        """
        record = evaluate(PolicyPack.from_document(drawn[0]), variables).to_dict()
        for clause, wanted in _clauses(record):
            name, _, rest = clause["text"].partition(" ")
            operator, _, bound = rest.partition(" ")
            if name not in variables or type(variables[name]) not in (int, float) or operator not in ("<", ">="):
                continue
            is_bound = bound.lstrip("-").replace(".", "", 1).isdigit()
            if is_bound and wanted is not None and clause["held"] is not wanted:
                assert clause["nearest"] is not None

    @given(reference.packs, reference.inputs, st.integers(0, 5000))
    def test_the_size_of_a_verdict_has_a_bound_of_its_own(
        self, drawn: reference.Pack, variables: dict[str, Any], size: int
    ) -> None:
        """
        Values that grow do not make the verdict grow.
        """
        pack = PolicyPack.from_document(drawn[0])
        swollen = dict.fromkeys(reference.NAMES, "\u20ac" * size) | {"a": {"b": "x" * size, "c": [0] * size}}
        most = len(evaluate(pack, variables).record.raw) + 4000 * len(drawn[0]["rules"])
        assert len(evaluate(pack, swollen).record.raw) < most


def _of_size(value: Any, size: int) -> Any:
    if type(value) is str:
        return (value + "z" * size)[:size]
    if type(value) is dict:
        return dict([*value.items(), *((str(number), None) for number in range(size))][:size])
    assert value is ABSENT or type(value) is list
    elements: list[Any] = [] if value is ABSENT else value
    return [*elements, *[None] * size][:size]


def _between(seen: float, told: float) -> list[float]:
    low, high = sorted((seen, told))
    wholes: list[float] = [number for number in range(int(low) - 1, int(high) + 2) if low < number < high]
    if type(seen) is int and type(told) is int:
        return wholes
    return [
        *wholes,
        *(low + (high - low) * part for part in (0.25, 0.5, 0.75) if low < low + (high - low) * part < high),
    ]


class TestReading:
    """
    "A pack is read strictly and refused as a whole."
    """

    @given(reference.packs)
    def test_what_a_run_records_is_the_pack_again(self, drawn: reference.Pack) -> None:
        """
        Every member is written out, and reading that gives the same bytes.
        """
        pack = PolicyPack.from_document(drawn[0])
        again = PolicyPack.from_document(pack.document.thaw())
        assert again == pack
        assert again.document.raw == pack.document.raw
        assert read_pack(pack.document.raw, source="pack.json") == pack

    @pytest.mark.parametrize("plain", [True, False], ids=["json", "foreign"])
    @pytest.mark.slow
    def test_a_malformed_pack_is_refused_by_name(self, plain: bool) -> None:  # noqa: FBT001 - a parameter.
        """
        A thousand malformed copies of valid packs give refusals that help, and nothing else.
        """
        rng = Random(20260727)
        judge = Judge()
        for number in range(1000):
            document = rng.choice(DOCUMENTS)
            mutated = mutate(rng, document, plain=plain)
            pack = judge(f"pack {number}", PolicyPack.from_document, mutated)
            if isinstance(pack, PolicyPack):
                judge(f"verdict {number}", evaluate, pack, {"amount": 5, "who": {"role": "x"}})
        assert judge.report() == ""
        assert judge.refused > 500

    @given(st.randoms(use_true_random=False), st.sampled_from(["pack.yaml", "pack.json"]))
    def test_a_damaged_file_is_refused_by_name(self, rng: Random, source: str) -> None:
        """
        Bytes of a pack, some of them changed, are refused as a pack or as a text, with the name of the file.
        """
        raw = bytearray(json.dumps(rng.choice(DOCUMENTS), indent=rng.choice([None, 1])).encode())
        for _ in range(rng.choice([1, 1, 2, 5])):
            at = rng.randrange(len(raw))
            raw[at : at + rng.choice([0, 1, 1, 9])] = bytes(
                rng.choice(b'{}[],:"&*!#-x0 \n\xff') for _ in range(rng.randrange(3))
            )
        refused: MissionEngineError | None = None
        try:
            read_pack(bytes(raw), source=source)
        except (PolicyError, EncodingError) as error:
            refused = error
        assert refused is None or source in str(refused)


DOCUMENTS: list[dict[str, Any]] = [
    {
        "schema": "policy-pack/v1",
        "policy_id": "p",
        "version": "1.0.0",
        "description": "All there is.",
        "metadata": {"owner": {"team": "x"}},
        "rules": [
            {
                "rule_id": "a",
                "effect": "allow_with_obligations",
                "description": "d",
                "when": ["amount <= 5 && who.role in ['x', \"y\"]", "size(who) > 0"],
                "unless": ["has(who.blocked) && who.blocked"],
                "priority": 3,
                "reason_code": "small",
                "tier": "automated",
                "risk_class": "medium",
                "risk_score": 0.25,
                "obligations": [{"obligation_id": "o", "kind": "k", "description": "d", "metadata": {"a": [1]}}],
                "constraints": [{"constraint_id": "c", "kind": "k", "value": {"a": [1, None]}, "metadata": {}}],
            },
            {"rule_id": "b", "effect": "deny", "when": ["amount > 5"]},
            {"rule_id": "f", "effect": "flag", "conditions": {"who.role": "z", "n": None}},
        ],
        "cases": [
            {
                "name": "small",
                "input": {"amount": 1, "who": {"role": "x"}},
                "expect": {"decision": "allow", "reason_code": "small", "rules": ["a"]},
            }
        ],
    },
    {
        "policy_id": "old",
        "version": "0.1",
        "schema_version": "v0.1",
        "metadata": {"a": 1},
        "rules": [
            {
                "rule_id": "r",
                "effect": "approval_required",
                "conditions": {"who.role": "x", "amount": 5},
                "priority": 5,
                "reason_code": "c",
                "risk_class": "high",
                "risk_score": 1,
                "obligations": [{"obligation_id": "o", "kind": "k"}],
                "constraints": [{"constraint_id": "c", "kind": "k", "value": 1}],
            }
        ],
    },
]


class TestLint:
    """
    "Only what is certain for every input is told."
    """

    @given(reference.packs, st.lists(reference.inputs, min_size=1, max_size=8))
    def test_a_rule_that_never_applies_or_decides_never_does(
        self, drawn: reference.Pack, inputs: list[dict[str, Any]]
    ) -> None:
        """
        Whatever the input, what a warning says of a rule is so.
        """
        document, _ = drawn
        pack = PolicyPack.from_document(document)
        warned = [(warning.message, warning.where) for warning in find_warnings(pack) if warning.where]
        for message, where in warned:
            rule = document["rules"][int(where.removeprefix("rules[").partition("]")[0])]["rule_id"]
            for variables in inputs:
                record = evaluate(pack, variables).to_dict()
                if "never applies" in message:
                    assert rule not in [report["rule_id"] for report in record["applied"]]
                elif "never decides" in message:
                    assert record["rule_id"] != rule or record["reason_code"] == NOT_EVALUABLE


@given(reference.packs, reference.inputs)
def test_no_other_error_leaves_a_malformed_condition(drawn: reference.Pack, variables: dict[str, Any]) -> None:
    """
    A condition cut anywhere is refused as an expression of its rule, or is another condition.
    """
    document, _ = drawn
    rule = document["rules"][0]
    text = rule["when"][0]
    for end in range(0, len(text), 3):
        rule["when"] = [text[:end]]
        refused: MissionEngineError | None = None
        try:
            evaluate(PolicyPack.from_document(document), variables)
        except MissionEngineError as error:
            refused = error
        assert refused is None or type(refused) is PolicyError
        assert refused is None or any(fault.where.startswith("rules[") for fault in refused.faults)
