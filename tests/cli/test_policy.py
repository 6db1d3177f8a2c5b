"""`mission policy`: what people read, what machines read, and the exit status."""

import json
from pathlib import Path
from typing import Any

import pytest
from command_line import EXAMPLE, Mission, Shown
from makers import make_mission, make_step
from syrupy.assertion import SnapshotAssertion

import runtime.cli.policy as command
from runtime.cli.policy_words import show_verdict
from runtime.orchestration.registry import MISSION_REGISTRY, MissionRegistry
from runtime.policy.evaluate import evaluate
from runtime.policy.pack import PolicyPack
from runtime.policy.packfile import read_pack

SPENDING = (EXAMPLE.parent / "policies" / "spending.yaml").read_text()
FAULTY = """\
schema: policy-pack/v1
policy_id: faulty
version: 1.0
rules:
  - rule_id: one
    effect: allow
    when:
      - amount <= 5
      - requester.team ==
  - rule_id: one
    effect: permit
    when: [amount > 5]
    colour: red
cases:
  - name: a case
    input: [5]
    expect: {decision: allow, rules: [two]}
"""
ODD = """\
schema: policy-pack/v1
policy_id: odd
version: "1"
rules:
  - rule_id: never
    effect: allow
    when:
      - kind == "a"
      - kind == "b"
  - rule_id: shadowed
    effect: allow_with_obligations
    when: [amount > 5, kind == "a"]
  - rule_id: denying
    effect: deny
    when:
      - amount > 5
  - rule_id: excluded
    effect: flag
    when: [late]
    unless: [late]
"""
FAILING = """\
schema: policy-pack/v1
policy_id: failing
version: "1"
rules:
  - {rule_id: small, effect: allow, when: [amount <= 5]}
  - {rule_id: large, effect: flag, when: [amount > 5]}
  - {rule_id: huge, effect: deny, when: [amount > 500]}
cases:
  - {name: a small one, input: {amount: 5}, expect: {decision: allow}}
  - {name: a large one, input: {amount: 6}, expect: {decision: allow, reason_code: small, rules: [small]}}
  - {name: none at all, input: {}, expect: {decision: deny, rules: []}}
"""
INPUTS = {
    "allow": {"amount": 40, "requester": {"team": "web"}, "budget": {"team": "web", "left": 500, "frozen": False}},
    "flag": {"amount": 1500, "requester": {"team": "web"}, "budget": {"team": "web", "left": 5000, "frozen": False}},
    "deny": {"amount": 40, "requester": {"team": "web"}, "budget": {"team": "web", "left": 500, "frozen": True}},
    "no_match": {"amount": 800, "requester": {"team": "ops"}, "budget": {"team": "web", "left": 500, "frozen": False}},
    "not_evaluable": {"requester": {"team": "web"}, "budget": {"team": "web", "left": 500, "frozen": False}},
}
STATUS = {"allow": 0, "flag": 3, "deny": 1, "no_match": 1, "not_evaluable": 1}


@pytest.fixture
def _files(tmp_path: Path) -> None:
    contents = {"spending.yaml": SPENDING, "faulty.yaml": FAULTY, "odd.yaml": ODD, "failing.yaml": FAILING}
    for name, text in contents.items():
        (tmp_path / name).write_text(text)
    old = {
        "policy_id": "old",
        "version": "1",
        "rules": [{"rule_id": "r", "effect": "approval_required", "conditions": {"action.kind": "write"}}],
    }
    (tmp_path / "old.json").write_text(json.dumps(old))
    (tmp_path / "input.json").write_text(json.dumps(INPUTS["flag"]))


pytestmark = pytest.mark.usefixtures("_files")


def _document(shown: Shown) -> Any:
    assert shown.err == ""
    return json.loads(shown.out)


class TestLint:
    """
    "All faults, exit 2; else ok with a summary; warnings, exit 0."
    """

    @pytest.mark.parametrize("file", ["spending.yaml", "odd.yaml", "old.json"])
    def test_of_a_pack_that_can_be_used(self, mission: Mission, snapshot: SnapshotAssertion, file: str) -> None:
        """
        It is summed up, with what is probably not meant and its line.
        """
        shown = mission("policy", "lint", file)
        assert (shown.status, shown.err) == (0, "")
        assert shown.out == snapshot

    def test_of_a_pack_with_faults(self, mission: Mission, snapshot: SnapshotAssertion) -> None:
        """
        Every fault is listed, in the order of the lines.
        """
        shown = mission("policy", "lint", "faulty.yaml")
        assert (shown.status, shown.out) == (2, "")
        assert shown.err == snapshot

    def test_as_json(self, mission: Mission) -> None:
        """
        Digest, counts and warnings; or the error with its faults.
        """
        [pack] = _document(mission("policy", "lint", "odd.yaml", "--json"))["packs"]
        assert pack["digest"] == read_pack(ODD, source="").digest
        assert (pack["policy_id"], pack["version"], pack["rules"], pack["cases"]) == ("odd", "1", 4, 0)
        assert [warning["where"] for warning in pack["warnings"]] == [
            "odd.yaml:9 rules[0].when[1]",
            "odd.yaml:10 rules[1]",
            "odd.yaml:10 rules[1]",
            "odd.yaml:20 rules[3].unless[0]",
            "odd.yaml:1",
        ]
        shown = mission("policy", "lint", "faulty.yaml", "--json")
        assert shown.status == 2
        error = _document(shown)["error"]
        assert error["code"] == "invalid_policy"
        assert len(error["faults"]) == 7


class TestTest:
    """
    "Exit 0 all pass, 1 one fails with expected and got and the reasons, 2 unusable or without cases."
    """

    @pytest.mark.parametrize(("file", "status"), [("spending.yaml", 0), ("failing.yaml", 1)])
    def test_shows_a_table_of_cases(
        self, mission: Mission, snapshot: SnapshotAssertion, file: str, status: int
    ) -> None:
        """
        One line a case; of one that fails what was expected, what came, and why; rules that no case reaches.
        """
        shown = mission("policy", "test", file)
        assert (shown.status, shown.err) == (status, "")
        assert shown.out == snapshot

    @pytest.mark.parametrize(
        ("file", "said"),
        [("faulty.yaml", "7 faults"), ("odd.yaml", "policy 'odd' carries no cases"), ("echo", "ships no")],
    )
    def test_of_a_pack_that_cannot_be_tested(self, mission: Mission, file: str, said: str) -> None:
        """
        A pack without cases has not passed.
        """
        shown = mission("policy", "test", file)
        assert (shown.status, shown.out) == (2, "")
        assert said in shown.err

    def test_as_json(self, mission: Mission) -> None:
        """
        Each case with its verdict.
        """
        shown = mission("policy", "test", "failing.yaml", "--json")
        assert shown.status == 1
        document = _document(shown)
        assert document["passed"] is False
        [pack] = document["packs"]
        assert [case["passed"] for case in pack["cases"]] == [True, False, True]
        assert pack["cases"][1]["differences"] == [
            {"member": "decision", "expected": "allow", "got": "flag"},
            {"member": "reason_code", "expected": "small", "got": "flag"},
            {"member": "rules", "expected": ["small"], "got": ["large"]},
        ]
        assert pack["cases"][1]["verdict"]["schema"] == "verdict/v1"
        assert pack["untried_rules"] == ["huge"]
        assert _document(mission("policy", "test", "spending.yaml", "--json"))["passed"] is True

    @pytest.mark.parametrize("name", sorted(name for name in MISSION_REGISTRY if MISSION_REGISTRY[name].policies))
    def test_of_every_built_in_mission_passes_and_is_fine(self, mission: Mission, name: str) -> None:
        """
        The shipped packs do what their cases say, and nothing in them is odd.
        """
        assert mission("policy", "test", name).status == 0
        packs = _document(mission("policy", "lint", name, "--json"))["packs"]
        assert [pack["warnings"] for pack in packs] == [[] for _ in packs]


class TestExplain:
    """
    "The verdict in words; exit 0 for allow, 3 for flag, 1 for deny."
    """

    @pytest.mark.parametrize("name", sorted(INPUTS))
    def test_says_what_decided_and_why(self, mission: Mission, snapshot: SnapshotAssertion, name: str) -> None:
        """
        Decision, rule, clauses with what they saw, the nearest value, what is due.
        """
        shown = mission("policy", "explain", "spending.yaml", "--input", json.dumps(INPUTS[name]))
        assert (shown.status, shown.err) == (STATUS[name], "")
        assert shown.out == snapshot

    def test_of_an_old_pack(self, mission: Mission, snapshot: SnapshotAssertion) -> None:
        """
        Equalities are told as clauses.
        """
        shown = mission("policy", "explain", "old.json", "--input", '{"action": {"kind": "write"}}')
        assert shown.status == 3
        assert shown.out == snapshot

    def test_takes_the_input_from_a_file(self, mission: Mission) -> None:
        """
        As every option that takes JSON.
        """
        inline = mission("policy", "explain", "spending.yaml", "--input", json.dumps(INPUTS["flag"]))
        assert mission("policy", "explain", "spending.yaml", "--input", "@input.json") == inline

    def test_as_json(self, mission: Mission) -> None:
        """
        The record of the verdict, whole, and its digest.
        """
        shown = mission("policy", "explain", "spending.yaml", "--input", "@input.json", "--json")
        assert shown.status == 3
        verdict = evaluate(read_pack(SPENDING, source="spending.yaml"), INPUTS["flag"])
        assert _document(shown) == {"verdict": verdict.to_dict(), "verdict_digest": verdict.digest}

    @pytest.mark.parametrize(
        ("words", "said"),
        [
            (("spending.yaml",), "Missing option '--input'"),
            (("spending.yaml", "--input", "[1]"), "an input that is [1]"),
            (("spending.yaml", "--input", "null"), "an input that is None"),
            (("spending.yaml", "--input", "{"), "not JSON"),
            (("spending.yaml", "--input", '{"a": 1, "a": 2}'), "duplicate keys"),
            (("spending.yaml", "--input", "@nowhere.json"), "cannot be read"),
            (("spending.yaml", "--input", "{}", "--policy", "other"), "no policy 'other' in 'spending.yaml'"),
            (("faulty.yaml", "--input", "{}"), "7 faults"),
            (("nowhere.yaml", "--input", "{}"), "'nowhere.yaml' is neither a file nor a mission"),
            ((".", "--input", "{}"), "'.' is neither a file nor a mission"),
            (("a\0b", "--input", "{}"), "'a\\x00b'"),
            (("x" * 5000, "--input", "{}"), "cannot be read: File name too long"),
        ],
    )
    def test_of_what_cannot_be_weighed_is_refused(self, mission: Mission, words: tuple[str, ...], said: str) -> None:
        """
        Exit status 2, and the way to mend it.
        """
        shown = mission("policy", "explain", *words)
        assert (shown.status, shown.out) == (2, "")
        assert said in shown.err
        assert "mend:" in shown.err or "7 faults" in shown.err

    def test_of_a_mission_with_several_packs_asks_which(
        self, mission: Mission, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """
        Nothing is guessed; `--policy` says which.
        """
        documents = [
            {"schema": "policy-pack/v1", "policy_id": name, "version": "1", "rules": [RULE]} for name in ("p", "q")
        ]
        steps = [make_step(name, "decide", policy=name, path=f"/{name}") for name in ("p", "q")]
        made = make_mission(*steps, policies=[PolicyPack.from_document(document) for document in documents])
        monkeypatch.setattr(command, "MISSION_REGISTRY", MissionRegistry({"made": made}))
        shown = mission("policy", "explain", "made", "--input", "{}")
        assert shown.status == 2
        assert "2 policies in 'made'" in shown.err
        assert "give one of ['p', 'q']" in shown.err
        assert "policy q 1" in mission("policy", "explain", "made", "--input", "{}", "--policy", "q").out
        assert mission("policy", "lint", "made").out.count("ok: policy") == 2


RULE = {"rule_id": "r", "effect": "allow", "when": ["true"]}


class TestFile:
    """
    FILE is a file, or the name of a registered mission.
    """

    def test_a_file_comes_before_a_mission_of_its_name(self, mission: Mission) -> None:
        """
        A file that is there is what was meant.
        """
        Path("change_request").write_text(ODD)
        assert "policy odd 1" in mission("policy", "lint", "change_request").out

    def test_a_folder_does_not(self, mission: Mission) -> None:
        """
        A folder is no pack.
        """
        Path("change_request").mkdir()
        assert "policy change_request" in mission("policy", "lint", "change_request").out

    def test_nothing_is_kept(self, mission: Mission) -> None:
        """
        The commands read, and write nothing.
        """
        before = sorted(Path().iterdir())
        mission("policy", "lint", "spending.yaml")
        mission("policy", "test", "spending.yaml")
        mission("policy", "explain", "spending.yaml", "--input", "@input.json")
        assert sorted(Path().iterdir()) == before

    def test_hidden_characters_are_shown(self, mission: Mission) -> None:
        """
        No text of a pack or an input reaches a terminal as it is.
        """
        rule: dict[str, Any] = {
            "rule_id": "r\u202e",
            "effect": "flag",
            "when": ['a == "x\u200b"'],
            "reason_code": "\x1b[2J",
            "tier": "\x07",
        }
        rule |= {"obligations": [{"obligation_id": "o\x1b", "kind": "k\u202e", "description": "\r"}]}
        case = {"name": "c\u202e", "input": {"a": "y\x1b"}, "expect": {"decision": "allow", "reason_code": "z\u202e"}}
        document = {
            "schema": "policy-pack/v1",
            "policy_id": "p\u2066",
            "version": "\x1b",
            "rules": [rule],
            "cases": [case],
        }
        Path("hidden.json").write_text(json.dumps(document))
        given = json.dumps({"a": "x\u200b"})
        for words in (("lint",), ("test",), ("explain", "--input", given)):
            shown = mission("policy", words[0], "hidden.json", *words[1:])
            assert not {"\u202e", "\u200b", "\u2066", "\x1b", "\x07", "\r"} & set(shown.out + shown.err)
            assert "\\u{" in shown.out


@pytest.mark.parametrize(
    "words", [("policy",), ("policy", "frobnicate"), ("policy", "lint"), ("policy", "test", "a", "b")]
)
def test_a_command_line_that_is_none_is_refused(mission: Mission, words: tuple[str, ...]) -> None:
    """
    With status 2 and the usage.
    """
    shown = mission(*words)
    assert (shown.status, shown.out) == (2, "")
    assert "mend:  Usage: mission policy" in shown.err


def test_a_verdict_whose_clauses_are_left_out_is_said_to_be_one() -> None:
    """
    What is not told is not shown as nothing.
    """
    pack = PolicyPack.from_document({"schema": "policy-pack/v1", "policy_id": "p", "version": "1", "rules": [RULE]})
    record = evaluate(pack, {}).to_dict()
    record["applied"][0]["when"] = record["applied"][0]["unless"] = None
    assert "its clauses are not told" in show_verdict(record)


@pytest.mark.parametrize(
    ("value", "said"),
    [
        ([1, 2, 3], "a list of 3 elements"),
        ({"k": 1}, "an object of 1 member"),
        ("x" * 201, "a text of 201 characters"),
        ("short", '"short"'),
    ],
    ids=["list", "object", "long_text", "text"],
)
def test_what_a_clause_saw_is_said_in_words(value: Any, said: str) -> None:
    """
    What is large is said by its kind and size, and a size that would do as a size.
    """
    rule = {"rule_id": "r", "effect": "allow", "when": ["size(a) == 2", "1 == 2"]}
    pack = PolicyPack.from_document({"schema": "policy-pack/v1", "policy_id": "p", "version": "1", "rules": [rule]})
    text = show_verdict(evaluate(pack, {"a": value}).to_dict())
    assert f"does not hold: /a is {said}; would hold with /a at a size of 2\n" in text
    assert "1 == 2        does not hold\n" in text


def test_a_long_clause_stands_on_a_line_of_its_own() -> None:
    """
    Lines of a clause are joined, and what is said of it stands below.
    """
    long = 'a == 1 ||\n    b == 2 ||\n    c == "a text that is rather long"'
    rule = {"rule_id": "r", "effect": "allow", "when": ["a == 1", long]}
    pack = PolicyPack.from_document({"schema": "policy-pack/v1", "policy_id": "p", "version": "1", "rules": [rule]})
    lines = show_verdict(evaluate(pack, {"a": 1, "b": 1, "c": ""}).to_dict()).splitlines()
    at = lines.index('    when    a == 1 || b == 2 || c == "a text that is rather long"')
    assert lines[at - 1] == "    when    a == 1  holds: /a is 1"
    assert lines[at + 1].strip() == 'holds: /a is 1; /b is 1; /c is ""'
