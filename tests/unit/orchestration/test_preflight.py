"""Preflight: the paths of a workflow, the certificate, the counter-example, and computing a certificate again."""

from typing import Any

import attrs
import pytest
from makers import make_action, make_gate, make_inputs, make_mission, make_step, make_workflow, sha256_of
from planning import make_deciding, make_pack, only

from runtime.encoding.digest import is_digest
from runtime.encoding.frozen import EMPTY_OBJECT, JsonObject
from runtime.errors import (
    CheckpointMismatchError,
    DefinitionError,
    IntegrityError,
    PlanChangedError,
    UnknownConnectorError,
    UnsafePathError,
)
from runtime.orchestration import ExecutionContext, Mission, StepSpec, WorkflowDefinition, execute
from runtime.orchestration.deciding import record_policies
from runtime.orchestration.planner import Plan, describe_mission, plan_mission, run_planned
from runtime.orchestration.preflight import list_paths, prove, say_event, verify_proof
from runtime.orchestration.registry import MISSION_REGISTRY, MissionRegistry, resume_mission, run_mission
from runtime.orchestration.sequence import AlwaysFollowedBy, AtMost, Never, Requires, SequenceRule
from runtime.policy.pack import PolicyPack

CATALOGUE = JsonObject({"files": {"actions": {"copy": {"mode": "mutate"}, "look": {"mode": "read"}}}})
NO_EFFECTS = Never(what=("effect:read", "effect:mutate"))


def _outcomes(*steps: StepSpec, packs: tuple[PolicyPack, ...] = ()) -> list[str]:
    """
    Tell each path as `step=outcome` words, and its ending.
    """
    paths = list_paths(make_workflow(*steps), policies=record_policies(packs), catalogue=CATALOGUE)
    told = []
    for path in paths:
        words = [f"{event.step_id}={event.choice or event.verdict or event.outcome}" for event in path.events]
        told.append(" ".join([*words, path.ending]))
    return told


class TestPaths:
    """
    What each kind of step can do.
    """

    @pytest.mark.parametrize(
        ("step", "expected"),
        {
            "noop": (make_step("s"), ["s=completed completed"]),
            "fail": (make_step("s", "fail"), ["s=failed failed"]),
            "set": (make_step("s", "set", path="/a", value=1), ["s=completed completed", "s=failed failed"]),
            "effect": (
                make_action("s", mode="mutate"),
                ["s=completed completed", "s=failed failed", "s=unknown waiting"],
            ),
            "effect with a deep output": (
                make_action("s", mode="mutate", output="/a/b"),
                ["s=completed completed", "s=unplaced failed", "s=failed failed", "s=unknown waiting"],
            ),
            "person": (make_gate("s"), ["s=approve completed", "s=reject denied"]),
            "person who may go on after a rejection": (
                make_gate("s", on_reject="continue"),
                ["s=approve completed", "s=reject completed"],
            ),
            "person with a deep output": (
                make_gate("s", output="/a/b"),
                ["s=approve completed", "s=approve failed", "s=reject denied"],
            ),
            "person who is shown something": (
                make_gate("s", choices=["go"], show={"n": "n"}),
                ["s=go completed", "s=failed failed"],
            ),
            "flagged without a verdict": (make_step("s", "fail", when="flagged"), ["s=skipped completed"]),
        }.values(),
    )
    def test_of_one_step(self, step: StepSpec, expected: list[str]) -> None:
        """
        Told from its payload alone.
        """
        assert _outcomes(step) == expected

    def test_of_a_policy(self) -> None:
        """
        Only verdicts some rule gives, and a denial, which needs no rule; a flag opens the gate, and stays.
        """
        decide = make_step("d", "decide", policy="p", input="", path="/verdict")
        gate = make_gate("g", when="flagged", choices=["go"])
        last = make_step("x", when="flagged")
        assert _outcomes(decide, gate, last, packs=(make_pack(effect="flag"),)) == [
            "d=flag g=go x=completed completed",
            "d=deny denied",
            "d=failed failed",
        ]
        assert _outcomes(decide, gate, packs=(make_pack(),)) == [
            "d=allow g=skipped completed",
            "d=deny denied",
            "d=failed failed",
        ]

    def test_refuses_what_the_engine_refuses(self) -> None:
        """
        A workflow that cannot run has no paths.
        """
        with pytest.raises(DefinitionError, match="policies that do not fit"):
            _outcomes(make_step("d", "decide", policy="p", input="", path="/verdict"))
        with pytest.raises(UnknownConnectorError):
            _outcomes(make_action(connector="mail"))
        with pytest.raises(DefinitionError, match="its connector says it mutates"):
            _outcomes(make_action(mode="read"))


class TestCertificate:
    """
    The record `certificate/v1`.
    """

    def test_holds_what_it_rests_on(self) -> None:
        """
        So whoever has it and the workflow can compute it again.
        """
        definition = make_workflow(make_action("act", mode="mutate"), make_step("end", "set", path="/a", value=1))
        rules = (AtMost(count=1, what=("effect:mutate",), why="Once is enough."), NO_EFFECTS)[:1]
        certificate = prove(definition, rules=rules, catalogue=CATALOGUE)
        documents = [{"kind": "at_most", "count": 1, "what": ["effect:mutate"], "why": "Once is enough."}]
        assert certificate.thaw() == {
            "schema": "certificate/v1",
            "definition_digest": definition.digest,
            "policies_digest": None,
            "rules": documents,
            "rules_digest": sha256_of(documents),
            "catalogue": CATALOGUE.thaw(),
            "catalogue_digest": CATALOGUE.digest,
            "path_count": 4,
            "steps": [
                {"id": "act", "capabilities": ["effect:files.copy", "effect:mutate"]},
                {"id": "end", "capabilities": ["writes:/a"]},
            ],
            "verdict": "proven",
        }

    def test_has_a_bound(self) -> None:
        """
        Rules are held to every path, so there are few.
        """
        rules = tuple(Never(what=(f"w{index}",)) for index in range(33))
        assert len(prove(make_workflow(), rules=rules[:32])["rules"]) == 32
        with pytest.raises(DefinitionError, match="33 sequence rules"):
            prove(make_workflow(), rules=rules)


class TestCounterExample:
    """
    The shortest path that breaks a rule.
    """

    def test_says_the_path_in_words_and_as_json(self) -> None:
        """
        Up to the step that breaks the rule, with the rule's own reason as the way to mend it.
        """
        rule = Requires(before=("human:approve",), after=("effect:mutate",), why="A person lets it happen.")
        steps = (
            make_step("set", "set", path="/a", value=1),
            make_gate(on_reject="continue"),
            make_action(mode="mutate"),
        )
        with pytest.raises(UnsafePathError) as refused:
            prove(make_workflow(*steps), rules=(rule,), catalogue=CATALOGUE)
        assert refused.value.what == (
            "workflow 'wf-test' can break the rule 'effect:mutate requires human:approve before it': "
            "set completes, gate is answered reject, act takes place"
        )
        assert (refused.value.where, refused.value.remedy) == ("act", "A person lets it happen.")
        assert refused.value.counter_example == {
            "rule": {
                "kind": "requires",
                "before": ["human:approve"],
                "after": ["effect:mutate"],
                "why": "A person lets it happen.",
            },
            "says": "effect:mutate requires human:approve before it",
            "path": [
                {"step_id": "set", "outcome": "completed", "choice": None, "verdict": None},
                {"step_id": "gate", "outcome": "completed", "choice": "reject", "verdict": None},
                {"step_id": "act", "outcome": "completed", "choice": None, "verdict": None},
            ],
            "ending": None,
        }

    def test_is_the_shortest_of_all(self) -> None:
        """
        Over all paths and all rules.
        """
        steps = (make_step("a", "set", path="/a", value=1), make_action("b", mode="mutate"), make_step("c"))
        late, early = Never(what=("c",)), Never(what=("a",))
        with pytest.raises(UnsafePathError, match="never a"):
            prove(make_workflow(*steps), rules=(late, early), catalogue=CATALOGUE)

    def test_of_what_must_follow_is_a_whole_path(self) -> None:
        """
        It says how the run ends; a rule without a reason says what can be done.
        """
        rule = AlwaysFollowedBy(what=("effect:mutate",), by=("c",))
        steps = (make_action("a", mode="mutate"), make_step("b", "set", path="/b", value=1), make_step("c"))
        with pytest.raises(UnsafePathError) as refused:
            prove(make_workflow(*steps), rules=(rule,), catalogue=CATALOGUE)
        assert refused.value.counter_example is not None
        assert refused.value.counter_example["ending"] == "failed"
        assert "a completes, b fails" in refused.value.what
        assert refused.value.remedy == "change the steps so that no path breaks it, or the rule"

    @pytest.mark.parametrize(
        ("steps", "said"),
        {
            "unknown": ((make_action("a", mode="mutate"), make_step("b")), "a has an unknown outcome"),
            "skipped": ((make_step("a", when="flagged"), make_step("b")), "a is skipped"),
            "unplaced": (
                (make_action("a", mode="mutate", output="/x/y"), make_step("b")),
                "a is done and its output finds no place",
            ),
        }.values(),
    )
    def test_says_every_outcome(self, steps: tuple[StepSpec, ...], said: str) -> None:
        """
        In plain words.
        """
        paths = list_paths(make_workflow(*steps), policies=None, catalogue=CATALOGUE)
        assert said in {say_event(event) for path in paths for event in path.events}


class TestComputingItAgain:
    """
    A certificate is not believed.
    """

    DEFINITION = make_workflow(make_action("act", mode="mutate"))
    PROOF = prove(DEFINITION, rules=(AtMost(count=1, what=("effect:mutate",)),), catalogue=CATALOGUE)

    @pytest.mark.parametrize(
        "changes",
        {
            "path_count": {"path_count": 2},
            "another workflow": {"definition_digest": "sha256:" + "0" * 64},
            "policies": {"policies_digest": "sha256:" + "0" * 64},
            "a rule left out": {"rules": []},
            "a rule that breaks": {"rules": [{"kind": "at_most", "count": 0, "what": ["effect:mutate"], "why": ""}]},
            "no rules": {"rules": None},
            "digest of the rules": {"rules_digest": "sha256:" + "0" * 64},
            "catalogue without the action": {"catalogue": {}},
            "catalogue that is none": {"catalogue": []},
            "catalogue that says more": {
                "catalogue": {**CATALOGUE.thaw(), "mail": {"actions": {"send": {"mode": "mutate"}}}}
            },
            "capabilities": {"steps": [{"id": "act", "capabilities": []}]},
            "verdict": {"verdict": "safe"},
            "schema": {"schema": "certificate/v2"},
            "more": {"note": "trust me"},
        }.values(),
    )
    def test_finds_what_was_changed(self, changes: dict[str, Any]) -> None:
        """
        Every member counts, by bytes.
        """
        forged = JsonObject({**self.PROOF.thaw(), **changes})
        with pytest.raises(IntegrityError) as refused:
            verify_proof(self.DEFINITION, None, forged)
        assert refused.value.where == "proof"
        with pytest.raises(IntegrityError):
            execute(make_inputs(make_action("act", mode="mutate"), proof=forged))

    def test_of_another_workflow_is_refused(self) -> None:
        """
        Before the first step.
        """
        with pytest.raises(IntegrityError, match="not of this workflow"):
            execute(make_inputs(make_step("other"), proof=prove(make_workflow(make_step("a")))))
        verify_proof(self.DEFINITION, None, self.PROOF)

    def test_its_digest_stands_in_the_header(self) -> None:
        """
        So a request, a plan and a receipt are of a run that was proven; a workflow without a mission has no proof.
        """
        result = execute(make_inputs(make_action("act", mode="mutate"), proof=self.PROOF))
        assert result.header["proof_digest"] == self.PROOF.digest
        assert execute(make_inputs()).header["proof_digest"] is None


class TestMissions:
    """
    A mission states its rules, and each of its runs is proven.
    """

    @pytest.mark.parametrize("name", sorted(MISSION_REGISTRY))
    def test_every_built_in_mission_is_proven_by_rules_of_its_own(self, name: str) -> None:
        """
        Each says why.
        """
        mission = MISSION_REGISTRY[name]
        assert mission.rules
        assert all(rule.why for rule in mission.rules)
        described = describe_mission(name)
        assert is_digest(described["proof_digest"])
        assert len(described["rules"]) == len(mission.rules)
        assert described["path_count"] >= 1
        run = run_mission(name, mission.example.context, mission.example.params, mode=mission.example.mode)
        assert run.header["proof_digest"] == described["proof_digest"]

    def test_whose_rules_can_break_is_refused_at_registration(self) -> None:
        """
        With the path, on its example.
        """
        mission = make_mission(make_action(mode="mutate"), rules=[Never(what=("effect:mutate",))])
        with pytest.raises(UnsafePathError, match="never effect:mutate"):
            MissionRegistry({"made": mission})

    def test_whose_rule_names_no_step_is_refused_at_registration(self) -> None:
        """
        A misspelt id would make a rule that always holds.
        """
        mission = make_mission(make_step("a"), rules=[Never(what=("effect:mutate",)), Never(what=("b",), after=("a",))])
        with pytest.raises(DefinitionError) as refused:
            MissionRegistry({"made": mission})
        assert "'b' is no step of the example, and no capability @ rules[1]" in str(refused.value)

    def test_with_something_else_for_a_rule_is_refused(self) -> None:
        """
        Rules are values.
        """
        with pytest.raises(DefinitionError, match=r"rules\[0\]"):
            make_mission(rules=["never a"])

    def test_is_proven_with_the_real_params_and_policies(self) -> None:
        """
        What holds for the example may break for other params; then nothing runs, and nothing is planned.
        """
        steps = {False: make_step("a"), True: make_action("a", mode="mutate")}

        @attrs.frozen
        class Params:
            mutates: bool = False

        mission = make_mission(
            params_class=Params,
            build=lambda params: make_workflow(steps[params.mutates]),
            rules=[Never(what=("effect:mutate",))],
            catalogue=CATALOGUE,
        )
        registry = MissionRegistry({"made": mission})
        assert run_mission("made", ExecutionContext(), registry=registry).success
        for call in (
            lambda: run_mission("made", ExecutionContext(), {"mutates": True}, mode="apply", registry=registry),
            lambda: plan_mission("made", {"mutates": True}, mode="apply", registry=registry),
            lambda: describe_mission("made", {"mutates": True}, registry=registry),
        ):
            with pytest.raises(UnsafePathError):
                call()
        never_flags = make_deciding(make_pack(), rules=[Never(what=("verdict:flag",))])
        with pytest.raises(UnsafePathError, match="never verdict:flag"):
            run_mission(
                "made", ExecutionContext(), policies=[make_pack(effect="flag")], registry=only(_gated(never_flags))
            )

    def test_a_plan_is_of_the_rules_it_was_proven_by(self) -> None:
        """
        With other rules the mission gives another plan, and a run that waits is not resumed.
        """
        gate = make_gate()
        before, after = make_mission(gate), make_mission(gate, rules=[NO_EFFECTS])
        plan = plan_mission("made", registry=only(before))
        with pytest.raises(PlanChangedError, match="proof_digest"):
            run_planned(plan, registry=only(after))
        checkpoint = run_mission("made", ExecutionContext(), registry=only(before)).inputs
        with pytest.raises(CheckpointMismatchError, match="has other rules here"):
            resume_mission(checkpoint, [], registry=only(after))
        assert resume_mission(checkpoint, [], registry=only(before)).status == "waiting_human"

    def test_a_plan_with_a_forged_proof_is_none(self) -> None:
        """
        It is computed again when the plan is read; without one it is no plan.
        """
        plan = plan_mission("echo")
        proof: Any = plan.inputs.proof
        for forged in (JsonObject({**proof.thaw(), "rules": []}), None):
            with pytest.raises((IntegrityError, DefinitionError)):
                Plan(catalogue=EMPTY_OBJECT, inputs=attrs.evolve(plan.inputs, proof=forged))


def _gated(mission: Mission) -> Mission:
    definition = mission()
    steps = [*definition.steps, make_gate(when="flagged")]
    return attrs.evolve(mission, build=lambda _: WorkflowDefinition(definition.id, steps))


def _with_steps(name: str, *ids: str) -> Mission:
    """
    Give a built-in mission with other steps: these of its own, in this order.
    """
    mission = MISSION_REGISTRY[name]
    built = mission(mission.example.params)
    steps = {step.id: step for step in built.steps}
    definition = WorkflowDefinition(built.id, [steps[one] for one in ids], built.metadata)
    return attrs.evolve(mission, build=lambda _: definition)


def _with_step(name: str, replaced: str, step: StepSpec, **changes: Any) -> Mission:
    """
    Give a built-in mission with one step replaced.
    """
    mission = MISSION_REGISTRY[name]
    built = mission(mission.example.params)
    steps = [step if one.id == replaced else one for one in built.steps]
    definition = WorkflowDefinition(built.id, steps, built.metadata)
    return attrs.evolve(mission, build=lambda _: definition, **changes)


_SEND = make_step("x", "action", connector="files", action="look", mode="read")
_FILES: dict[str, Any] = {"catalogue": CATALOGUE}


def _renamed(step_id: str) -> StepSpec:
    return StepSpec(step_id, "runtime", _SEND.payload)


UNSAFE: dict[str, tuple[Mission, str]] = {
    "echo that looks outside": (
        _with_step("echo", "echo-step", _renamed("echo-step"), **_FILES),
        "echo-step takes place",
    ),
    "daily_loop that logs first": (
        _with_steps(
            "daily_loop", "daily-confirm-priorities", "daily-log-summary", "daily-summarise-yesterday", "daily-archive"
        ),
        "daily-confirm-priorities is answered approve, daily-log-summary takes place",
    ),
    "run_tests that reports first": (
        _with_steps("run_tests", "tests-discover", "tests-report", "tests-execute"),
        "tests-discover completes, tests-report takes place",
    ),
    "backup_check that judges first": (
        _with_steps("backup_check", "backup-check", "backup-read"),
        "backup-check takes place",
    ),
    "incident_triage that hands off before it is confirmed": (
        _with_steps("incident_triage", "triage-normalise", "triage-hand-off", "triage-confirm"),
        "triage-normalise completes, triage-hand-off takes place",
    ),
    "incident_triage that goes on after a rejection": (
        _with_step(
            "incident_triage",
            "triage-confirm",
            make_gate("triage-confirm", on_reject="continue", output="/confirmation"),
        ),
        "triage-confirm is answered reject, triage-hand-off takes place",
    ),
    "execution_spine that acts before its gate": (
        _with_steps("execution_spine", "spine-observe", "spine-decide", "spine-act", "spine-gate"),
        "spine-observe completes, spine-decide says flag, spine-act takes place",
    ),
    "change_request that applies before it is approved": (
        _with_steps("change_request", "propose", "decide", "apply", "record", "approve"),
        "propose completes, decide says flag, apply takes place",
    ),
    "change_request that records first": (
        _with_steps("change_request", "propose", "decide", "approve", "record", "apply"),
        "decide says allow, approve is skipped, record completes, apply completes",
    ),
    "service_restart that restarts twice": (
        _with_step(
            "service_restart",
            "restart-check-health",
            make_step("restart-check-health", "action", connector="service", action="restart", mode="mutate"),
        ),
        "restart-check-health takes place",
    ),
    "service_restart that is not verified": (
        _with_steps(
            "service_restart",
            "restart-check-health",
            "restart-decide",
            "restart-approve",
            "restart-verify",
            "restart-service",
        ),
        "restart-verify completes, restart-service completes",
    ),
}


@pytest.mark.parametrize("case", UNSAFE)
def test_an_unsafe_variant_of_each_mission_is_refused(case: str) -> None:
    """
    With the shortest path that breaks the rule.
    """
    mission, said = UNSAFE[case]
    with pytest.raises(UnsafePathError) as refused:
        MissionRegistry({mission.name: mission})
    assert refused.value.what.endswith(said)


def test_every_mission_has_an_unsafe_variant() -> None:
    """
    The table leaves none out; the spine has two names.
    """
    assert {mission.name for mission, _ in UNSAFE.values()} == set(MISSION_REGISTRY) - {"pt004_execution_spine"}


def test_rules_are_read_in_the_order_they_stand() -> None:
    """
    Of two that break at once, the first is told.
    """
    rules: list[SequenceRule] = [Never(what=("a",)), AtMost(count=0, what=("a",))]
    with pytest.raises(UnsafePathError, match="'never a'"):
        prove(make_workflow(make_step("a")), rules=tuple(rules))
