"""`mission plan`: what a run would do, without running it; and the packs and connectors a run takes."""

import json
from pathlib import Path

import pytest
from command_line import EXAMPLE, Mission
from syrupy.assertion import SnapshotAssertion

from missions.change_request import POLICY
from runtime.encoding.canonical import canonical
from runtime.orchestration.planner import Plan, plan_mission, run_planned
from runtime.orchestration.registry import MISSION_REGISTRY

PARAMS = '{"title": "Raise the limit", "requested_by": "grace", "patch": {"limit": 5}, "risk": "low"}'

PLANS = {
    "change_request": (
        "--context",
        str(EXAMPLE / "context.json"),
        "--params",
        f"@{EXAMPLE / 'params.json'}",
    ),
    "service_restart": ("--params", '{"service": "mail", "approvers": ["ada", "edsger"]}', "--mode", "apply"),
    "echo": ("--params", '{"greeting": "hello"}'),
}


@pytest.mark.parametrize("name", sorted(PLANS))
def test_a_plan_explained(mission: Mission, snapshot: SnapshotAssertion, name: str) -> None:
    """
    Step by step: what happens, who is asked what and when, what is touched outside.
    """
    shown = mission("plan", name, *PLANS[name], "--explain")
    assert shown.status == 0
    assert shown.err == snapshot
    assert shown.out.strip() in shown.err


@pytest.mark.parametrize("name", sorted(PLANS))
def test_a_plan_in_short(mission: Mission, snapshot: SnapshotAssertion, name: str) -> None:
    """
    Steps, people, what is touched, and the digest; in a pipe the digest alone stands on stdout.
    """
    shown = mission("plan", name, *PLANS[name])
    assert shown.status == 0
    assert shown.err == snapshot
    assert shown.out.startswith("sha256:")
    assert shown.out.count("\n") == 1


@pytest.mark.parametrize("name", sorted(MISSION_REGISTRY))
def test_every_mission_can_be_planned(mission: Mission, name: str) -> None:
    """
    Each example, in words and as the record that `run_planned` takes; nothing is kept.
    """
    example = MISSION_REGISTRY[name].example
    Path("context.json").write_bytes(canonical(example.context.initial_state.thaw()))
    Path("params.json").write_bytes(canonical(example.params.thaw()))
    words = ("plan", name, "--context", "context.json", "--params", "@params.json", "--mode", example.mode.value)
    explained = mission(*words, "--explain")
    plan = Plan.from_dict(json.loads(mission(*words, "--json").out))
    assert (explained.status, explained.out.strip()) == (0, plan.digest)
    assert plan.digest == plan_mission(name, example.params, example.context, mode=example.mode).digest
    assert run_planned(plan, answers=example.answers).success
    assert not Path(".mission").exists()


BAD = {
    "unknown mission": (("nope",), 2, "Unknown mission: 'nope'"),
    "params that do not fit": (("change_request", "--params", "{}"), 2, "required field 'title' is missing"),
    "mutation under observe": (("service_restart", "--params", '{"service": "mail"}'), 4, "mode 'observe'"),
    "no such context": (("echo", "--context", "nowhere.json"), 2, "nowhere.json"),
    "no such policy": (("change_request", "--params", PARAMS, "--policy", "nowhere.yaml"), 2, "nowhere.yaml"),
    "a policy nobody asks for": (("echo", "--policy", "strict.json"), 2, "which no step asks for"),
    "one policy twice": (
        ("change_request", "--params", PARAMS, "--policy", "strict.json", "--policy", "strict.json"),
        2,
        "stands twice",
    ),
    "no name": ((), 2, "NAME"),
}


@pytest.mark.parametrize("defect", BAD)
@pytest.mark.parametrize("command", ["plan", "run"])
def test_what_cannot_be_planned_cannot_be_run(mission: Mission, command: str, defect: str) -> None:
    """
    Both refuse with the same status and the same reason, and keep nothing.
    """
    words, status, said = BAD[defect]
    Path("strict.json").write_bytes(_strict())
    shown = mission(command, *words)
    assert (shown.status, shown.out) == (status, "")
    assert said in shown.err
    assert not Path(".mission").exists()


def test_hidden_characters_are_shown(mission: Mission) -> None:
    """
    A plan cannot hide what it would do from whoever approves it.
    """
    params = {"title": "a\u202eb", "requested_by": "g\x1b[2J", "patch": {"x\u200b": 1}, "approvers": ["ad\u200ba"]}
    for words in ((), ("--explain",)):
        shown = mission("plan", "change_request", "--params", json.dumps(params), *words)
        assert not {"\u202e", "\u200b", "\x1b"} & set(shown.err)
    assert 'Approve the change "a\\u{202e}b" to /config, requested by g\\u{1b}[2J?' in shown.err


def _strict() -> bytes:
    """
    Give a pack under the id of the shipped one, in which nothing goes on by itself.
    """
    document = POLICY.document.thaw()
    rule = {"rule_id": "nothing-goes", "effect": "deny", "when": ["true"], "reason_code": "frozen"}
    return canonical({**document, "version": "9.9.9", "rules": [rule], "cases": []})


PACK_HEAD = "schema: policy-pack/v1\npolicy_id: change_request\nversion: 1.0.0\nrules:\n"
BAD_PACKS = {
    "no pack": ("schema: policy-pack/v1\nversion: 1.0.0\n", "policy_id"),
    "a condition that is none": (
        f"{PACK_HEAD}  - rule_id: a\n    effect: deny\n    when: ['1 +']\n",
        "bad.yaml:7 rules[0].when[0]",
    ),
    "an unknown field": (
        f"{PACK_HEAD}  - rule_id: a\n    effect: deny\n    wen: ['true']\n",
        "unknown field 'wen' @ bad.yaml:5 rules[0]",
    ),
    "no YAML": ("rules: [", "bad.yaml"),
}


class TestAPolicyOfOnesOwn:
    """
    `--policy FILE` takes the place of the mission's own pack of the same id.
    """

    def test_it_decides(self, mission: Mission) -> None:
        """
        What the shipped pack lets pass is denied by the other one, and the record names it.
        """
        words = ("run", "change_request", "--context", str(EXAMPLE / "context.json"), "--params", PARAMS)
        assert mission(*words).status == 0
        Path("strict.json").write_bytes(_strict())
        shown = mission(*words, "--policy", "strict.json", "--json")
        document = json.loads(shown.out)
        assert (shown.status, document["status"], document["error_code"]) == (1, "denied", "policy_denied")
        assert mission("replay", document["file"]).status == 0
        assert "policy change_request 9.9.9" in mission("explain", document["file"]).out

    def test_the_plan_shows_its_rules(self, mission: Mission) -> None:
        """
        And has another digest.
        """
        Path("strict.json").write_bytes(_strict())
        own = mission("plan", "change_request", "--params", PARAMS, "--explain")
        other = mission("plan", "change_request", "--params", PARAMS, "--explain", "--policy", "strict.json")
        assert own.out != other.out
        assert "policy change_request 9.9.9:\n       deny  when true\n" in other.err
        assert json.loads(
            mission("plan", "change_request", "--params", PARAMS, "--policy", "strict.json", "--json").out
        )["brought_policies"] == ["change_request"]

    def test_it_may_be_written_in_yaml(self, mission: Mission) -> None:
        """
        As any pack.
        """
        Path("strict.yaml").write_text(
            "schema: policy-pack/v1\npolicy_id: change_request\nversion: 9.9.9\nrules:\n"
            "  - {rule_id: nothing-goes, effect: deny, when: ['true'], reason_code: frozen}\n"
        )
        assert mission("run", "change_request", "--params", PARAMS, "--policy", "strict.yaml").status == 1

    @pytest.mark.parametrize("defect", BAD_PACKS)
    def test_a_file_that_holds_no_pack_is_refused(self, mission: Mission, defect: str) -> None:
        """
        With exit status 2, and the line where it stands.
        """
        text, said = BAD_PACKS[defect]
        Path("bad.yaml").write_text(text)
        shown = mission("run", "change_request", "--params", PARAMS, "--policy", "bad.yaml")
        assert (shown.status, shown.out) == (2, "")
        assert "bad.yaml" in shown.err
        assert said in shown.err
        assert not Path(".mission").exists()


@pytest.mark.slow
class TestRunTests:
    """
    GAP-001: `mission run run_tests` really runs a project's tests, in the working directory.
    """

    @staticmethod
    def write_tests(*bodies: str) -> None:
        """
        Write a project with these tests.
        """
        Path("tests").mkdir()
        tests = [f"def test_{index}():\n    {body}\n" for index, body in enumerate(bodies)]
        Path("tests/test_sums.py").write_text("\n\n".join(tests))

    def test_green_tests_complete(self, mission: Mission) -> None:
        """
        With exit status 0, and the counts in the state.
        """
        self.write_tests("assert 1 + 1 == 2", "assert 2 + 2 == 4")
        shown = mission("run", "run_tests", "--json")
        document = json.loads(shown.out)
        assert (shown.status, document["status"]) == (0, "completed")
        assert document["final_state"]["discovered"]["files"] == ["tests/test_sums.py"]
        results = document["final_state"]["results"]
        assert results["exit_code"] == 0
        assert results["counts"] == {"errors": 0, "failed": 0, "passed": 2, "skipped": 0, "tests": 2}
        assert mission("replay", document["file"]).status == 0

    def test_red_tests_fail_the_run(self, mission: Mission) -> None:
        """
        With exit status 1 at `tests-report`, code `tests_failed`, and the counts in the state.
        """
        self.write_tests("assert 1 + 1 == 2", "assert 1 + 1 == 3")
        shown = mission("run", "run_tests", "--json")
        document = json.loads(shown.out)
        assert (shown.status, document["failed_step_id"], document["error_code"]) == (1, "tests-report", "tests_failed")
        assert document["final_state"]["results"]["counts"]["failed"] == 1
        explained = mission("explain", document["file"])
        assert explained.status == 0
        assert "results.exit_code == 0" in explained.out

    def test_a_target_that_is_not_there_fails_the_effect(self, mission: Mission) -> None:
        """
        Nothing to run is no green run.
        """
        shown = mission("run", "run_tests", "--params", '{"target": "nowhere"}', "--json")
        document = json.loads(shown.out)
        assert (shown.status, document["status"], document["error_code"]) == (1, "failed", "effect_failed")
        assert document["failed_step_id"] == "tests-discover"

    def test_the_plan_runs_nothing(self, mission: Mission) -> None:
        """
        A plan of it leaves no trace of a test run.
        """
        self.write_tests("open('ran', 'w').close()")
        assert mission("plan", "run_tests", "--explain").status == 0
        assert not Path("ran").exists()
        assert not Path("tests/__pycache__").exists()
