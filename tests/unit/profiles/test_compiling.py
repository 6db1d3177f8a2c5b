"""Compiling a run: what comes out, what a group is, what is refused, and that nothing read later changes it."""

from pathlib import Path
from typing import Any

import pytest
from profiling import ENVIRONMENT, NATIVE, changed, compiled, write

from runtime.errors import DefinitionError, ParamsError, ProfileError
from runtime.orchestration import Answer, EffectOutcome, HumanDecision, OutcomeStatus
from runtime.orchestration.prepare import prepare
from runtime.orchestration.registry import MissionRegistry, run_mission
from runtime.orchestration.result import OrchestrationResult
from runtime.profiles.compiled import CompiledRun
from runtime.profiles.compiling import compile_run
from runtime.profiles.loading import read_environment, read_profile
from runtime.profiles.validation import validate_state
from runtime.values.modes import RunMode
from runtime.values.requests import HumanAsk

SPENDING = """\
schema: policy-pack/v1
policy_id: admit
version: "1"
rules:
  - {rule_id: all, effect: allow, when: ["true"]}
"""


def outcome(step_id: str, output: Any) -> Answer:
    """
    Give the outcome of an effect in advance.
    """
    return Answer(step_id=step_id, outcome=EffectOutcome(status=OutcomeStatus.SUCCEEDED, output=output))


def drive(run: CompiledRun, *answers: Answer) -> OrchestrationResult:
    """
    Run what was compiled, as any mission.
    """
    mode = "apply" if run.mode is RunMode.APPLY else "observe"
    return run_mission(
        run.mission.name,
        run.context,
        run.params.thaw(),
        answers=answers,
        mode=mode,
        registry=MissionRegistry({run.mission.name: run.mission}),
    )


class TestAGroup:
    """
    "A group target puts its members into the context; one action takes them all."
    """

    def test_its_members_are_in_the_context(self, tmp_path: Path) -> None:
        """
        In the order they are named, with type and attributes of each.
        """
        state = compiled(tmp_path, intent="look").context.to_dict()["initial_state"]
        assert state["target"] == {"id": "both", "type": "group", "members": ["mail-1", "mail-2"], "attributes": {}}
        assert state["targets"] == [
            {"id": "mail-1", "type": "host", "attributes": {"rack": 4}},
            {"id": "mail-2", "type": "vm", "attributes": {}},
        ]

    def test_one_action_takes_them_all(self, tmp_path: Path) -> None:
        """
        The params of its one step name every member; another target is its own only member.
        """
        both = compiled(tmp_path / "a", intent="look")
        assert both.definition.steps[0].payload["params"] == {"names": ["mail-1", "mail-2"]}
        one = compiled(tmp_path / "b", intent="look", target="mail-2")
        assert one.definition.steps[0].payload["params"] == {"names": ["mail-2"]}


class TestARun:
    """
    "Same limits, same preflight, same receipts."
    """

    def test_it_runs_like_any_mission(self, tmp_path: Path) -> None:
        """
        It completes with a receipt, and its validation rules hold for the final state.
        """
        run = compiled(tmp_path, intent="look", mode="observe")
        result = drive(run, outcome("read", {"healthy": True}))
        assert result.status == "completed"
        assert result.receipt is not None
        assert result.receipt["header"]["definition_digest"] == run.definition.digest
        assert validate_state(run.validation, result.final_state).passed

    def test_it_asks_a_person_before_it_changes_something(self, tmp_path: Path) -> None:
        """
        The prompt has its references filled in; with the decision it goes on to the effect.
        """
        run = compiled(tmp_path, mode="apply")
        waiting = drive(run)
        assert waiting.pending is not None
        asked = waiting.pending.request.ask
        assert isinstance(asked, HumanAsk)
        assert asked.prompt == "Restart both, because: it hangs?"
        assert asked.approvers == ("ada",)
        decision = Answer(step_id="ask", decision=HumanDecision(actor="ada", choice="approve"))
        done = drive(run, decision, outcome("restart", {"state": "running"}))
        assert done.status == "completed"
        failed = drive(run, decision, outcome("restart", {"state": "stopped"}))
        [rule] = validate_state(run.validation, failed.final_state).outcomes
        assert (rule.passed, rule.reason) == (
            False,
            "it did not come up (/restarted/state is 'stopped', not 'running')",
        )

    def test_what_the_workflow_says_is_carried(self, tmp_path: Path) -> None:
        """
        Retry, rollback, timeouts, pauses, settings without secrets, dry-run shapes, safety.
        """
        run = compiled(tmp_path, mode="apply")
        assert run.retry is not None
        assert (run.retry.max_attempts, [one.value for one in run.retry.allowed_on]) == (3, ["timeout", "transient"])
        assert run.rollback is not None
        undo = run.rollback(run.params)
        assert [step.id for step in undo.steps] == ["stop"]
        assert undo.steps[0].payload["params"] == {"names": ["mail-1", "mail-2"]}
        assert run.rollback_mode is RunMode.APPLY
        assert run.timeouts_ms == {"restart": 120_000}
        assert run.definition.metadata["timeouts_ms"] == {"restart": 120_000}
        assert run.dry_run == {"service": {"restart": {"state": "running"}, "stop": None}}
        assert run.connectors["service"]["settings"] == {"url": "https://mail.example.org", "token_ref": "mail_token"}
        assert run.safety.max_concurrent == 2
        look = compiled(tmp_path / "look", intent="look")
        assert [step.payload.get("pause_safe", False) for step in look.definition.steps] == [True, False]

    def test_a_param_is_data_and_never_a_rule(self, tmp_path: Path) -> None:
        """
        INV-124: what looks like a reference or an expression in a param stays what it is.
        """
        words = '${target.id} "; true || fail ${params.reason}'
        run = compiled(tmp_path, params={"reason": words})
        assert run.definition.steps[0].payload["prompt"] == f"Restart both, because: {words}?"

    def test_defaults_are_filled_in(self, tmp_path: Path) -> None:
        """
        A param that was left out is recorded with its default; one without stays out.
        """
        assert compiled(tmp_path).params == {"approvers": ["ada"], "reason": "it hangs"}

    def test_the_certificate_is_that_of_the_workflow(self, tmp_path: Path) -> None:
        """
        The rule of the workflow is proven on the compiled steps, with the environment's catalogue.
        """
        run = compiled(tmp_path)
        assert run.certificate["definition_digest"] == run.definition.digest
        assert [rule["kind"] for rule in run.certificate["rules"]] == ["requires"]
        assert prepare(run.definition)


REFUSED: dict[str, tuple[dict[str, Any], str]] = {
    "unknown_intent": ({"intent": "gone"}, "no intent 'gone': intents are ['look', 'restart'] @ P"),
    "unknown_target": ({"target": "gone"}, "no target 'gone': targets are ['both', 'mail-1', 'mail-2'] @ E:4 targets"),
    "undeclared_mode": (
        {"mode": "observe"},
        "mode 'observe' is not declared: modes are ['dry_run', 'apply'] @ P/intents/restart.yaml:4 modes",
    ),
    "missing_connector": (
        {"environment": ENVIRONMENT.replace("  service:\n", "  other:\n")},
        "no connector 'service', which workflow 'restart' asks for: add it @ E:10 connectors",
    ),
    "connector_that_is_not_enabled": (
        {"environment": ENVIRONMENT.replace("    backend: mock\n", "    backend: mock\n    enabled: false\n")},
        "connector 'service' is not enabled, and workflow 'restart' asks it @ E:13 connectors['service'].enabled",
    ),
    "environment_of_another_profile": (
        {"environment": ENVIRONMENT.replace("profile: mail", "profile: web")},
        "profile 'web', and the one given is 'mail' @ E:3 profile",
    ),
    "mutating_action_of_the_environment_while_observing": (
        {
            "intent": "look",
            "mode": "observe",
            "environment": ENVIRONMENT.replace("settings: {", "settings: {actions: {health: {mode: mutate}}, "),
        },
        "steps ['read'] change something in this environment, and mode observe allows none @ E:10 connectors",
    ),
    "params_an_action_does_not_take": (
        {
            "intent": "look",
            "files": changed("workflows/look.yaml", '{names: "${target.members}"}', '{names: "${target.id}"}'),
        },
        "'both' is not of type 'array' @ P/workflows/look.yaml:8 steps[0].params/names",
    ),
}


@pytest.mark.parametrize("case", REFUSED)
def test_a_run_that_cannot_be_is_refused_with_its_line(case: str, tmp_path: Path) -> None:
    """
    INV-123: before anything is made, with the line of profile or environment.
    """
    keywords, expected = REFUSED[case]
    with pytest.raises(ProfileError) as refused:
        compiled(tmp_path, **keywords)
    told = [str(fault).replace(str(tmp_path / "env.yaml"), "E") for fault in refused.value.faults]
    assert expected in told


def test_all_that_is_wrong_with_a_request_is_told_together(tmp_path: Path) -> None:
    """
    INV-123: mode, target, connector and profile at once.
    """
    wrong = ENVIRONMENT.replace("profile: mail", "profile: web").replace("  service:\n", "  other:\n")
    with pytest.raises(ProfileError) as refused:
        compiled(tmp_path, environment=wrong, target="gone", mode="observe")
    assert len(refused.value.faults) == 4


def test_a_mode_that_is_none_is_refused(tmp_path: Path) -> None:
    """
    The modes are told.
    """
    with pytest.raises(ProfileError, match="modes are \\['dry_run', 'observe', 'apply'\\]"):
        compiled(tmp_path, mode="read_only")


@pytest.mark.parametrize(
    ("params", "where"),
    [({}, "params"), ({"reason": 5}, "params/reason"), ({"reason": "a", "more": 1}, "params"), ([], "/")],
    ids=["one_is_missing", "one_of_another_type", "one_too_many", "no_object"],
)
def test_params_that_do_not_fit_are_refused(params: Any, where: str, tmp_path: Path) -> None:
    """
    Every fault is told with its path.
    """
    with pytest.raises(ParamsError) as refused:
        compiled(tmp_path, params=params)
    assert where in [fault.where for fault in refused.value.faults] or not refused.value.faults


def test_a_reference_to_what_is_not_there_is_refused(tmp_path: Path) -> None:
    """
    Attributes are those of the target that was asked for.
    """
    files = changed("workflows/look.yaml", '"${target.members}"', '["${target.attributes.node}"]')
    with pytest.raises(DefinitionError, match="names nothing"):
        compiled(tmp_path, files, intent="look")


def test_an_intent_without_params_takes_none(tmp_path: Path) -> None:
    """
    There is no schema to hold them to.
    """
    with pytest.raises(ParamsError):
        compiled(tmp_path, intent="look", params={"a": 1})


class TestWhatIsUsedIsCopied:
    """
    "A later edit of the files changes nothing; equal inputs give equal bytes."
    """

    def test_files_that_are_gone_change_nothing(self, tmp_path: Path) -> None:
        """
        INV-125: the workflow builds, proves and runs the same bytes when every file was changed.
        """
        run = compiled(tmp_path, intent="look", mode="observe")
        before = (run.digest, run.definition.raw, run.certificate.raw)
        write(tmp_path / "profile", dict.fromkeys(NATIVE, "broken: ["))
        (tmp_path / "env.yaml").unlink()
        assert (run.digest, run.mission(run.params).raw, run.mission.prove(run.definition, run.policies).raw) == before
        assert drive(run, outcome("read", {"healthy": True})).status == "completed"

    def test_equal_documents_give_equal_bytes(self, tmp_path: Path) -> None:
        """
        INV-126: wherever they stand, and whatever stands in comments.
        """
        first = compiled(tmp_path / "a")
        again = compiled(tmp_path / "b", environment=f"# a comment\n{ENVIRONMENT}")
        assert first.digest == again.digest
        assert first.context == again.context
        assert first.mission == again.mission

    @pytest.mark.parametrize(
        ("old", "new", "is_other"),
        [
            ("https://mail.example.org", "https://mail.example.net", True),
            ("members: [mail-1, mail-2]", "members: [mail-2, mail-1]", True),
            ("rack: 4", "rack: 5", True),
            ("token_ref: mail_token", "token_ref: other_token", True),
            ("backend: mock", "backend: http_api", True),
            ('end: "04:00"', 'end: "05:00"', False),
        ],
        ids=["url", "order_of_members", "attribute_of_a_member", "name_of_a_secret", "backend", "maintenance_window"],
    )
    def test_the_environment_digest_covers_what_a_run_uses(
        self,
        old: str,
        new: str,
        is_other: bool,  # noqa: FBT001 - a column of the table.
        tmp_path: Path,
    ) -> None:
        """
        INV-126: settings of its connectors, target and members; what keeps runs apart is no part of it.
        """
        assert ENVIRONMENT.count(old) == 1
        first = compiled(tmp_path / "a")
        second = compiled(tmp_path / "b", environment=ENVIRONMENT.replace(old, new))
        assert (first.environment_digest != second.environment_digest) is is_other
        assert (first.digest != second.digest) is is_other

    def test_a_connector_no_step_asks_is_no_part_of_it(self, tmp_path: Path) -> None:
        """
        Its settings may change, and plans of others stay what they are.
        """
        more = ENVIRONMENT.replace("connectors:\n", "connectors:\n  other: {backend: mock}\n")
        assert compiled(tmp_path / "a", environment=more).digest == compiled(tmp_path / "b").digest

    def test_rules_and_rollback_are_in_the_definition(self, tmp_path: Path) -> None:
        """
        INV-125: a receipt names the definition, so it names when the run counts as done and what undoes it.
        """
        first = compiled(tmp_path / "a")
        rule = changed("validation_rules/restart.yaml", "value: running", "value: up")
        undo = changed("workflows/restart.yaml", "    - id: stop\n", "    - id: halt\n")
        retry = changed("workflows/restart.yaml", "max_attempts: 3", "max_attempts: 4")
        digests = {compiled(tmp_path / str(n), files).definition.digest for n, files in enumerate((rule, undo, retry))}
        assert len({*digests, first.definition.digest}) == 4


def test_the_policy_of_the_environment_is_read_and_stands_in_the_plan(tmp_path: Path) -> None:
    """
    It admits changes; an environment without one has none.
    """
    (tmp_path / "admit.yaml").write_text(SPENDING)
    run = compiled(tmp_path, environment=f"{ENVIRONMENT}policy: admit.yaml\n")
    assert run.admission is not None
    assert run.admission.policy_id == "admit"
    assert run.digest != compiled(tmp_path / "without").digest


def test_a_pack_of_the_environment_takes_the_place_of_the_profile_s(tmp_path: Path) -> None:
    """
    A `decide` step is bound to the profile's pack, or to that of the environment of the same id.
    """
    look = """\
schema: profile-workflow/v1
id: look
steps:
  - {id: judge, type: internal, action: decide, params: {policy: admit, input: /params, path: /verdict}}
"""
    own = SPENDING.replace('version: "1"', 'version: "2"')
    files = {**NATIVE, "workflows/look.yaml": look, "policies/admit.yaml": own}
    files["profile.yaml"] += "policies: [admit]\n"
    run = compiled(tmp_path / "a", files, intent="look", mode="observe")
    assert run.policies is not None
    assert run.policies["admit"]["version"] == "2"
    (tmp_path / "b").mkdir()
    (tmp_path / "b/admit.yaml").write_text(SPENDING)
    other = compiled(tmp_path / "b", files, f"{ENVIRONMENT}policy: admit.yaml\n", intent="look")
    assert other.policies is not None
    assert other.policies["admit"]["version"] == "1"


def test_reading_again_gives_an_equal_run(tmp_path: Path) -> None:
    """
    INV-126: two readings of the same files are the same run.
    """
    first = compiled(tmp_path, intent="look", mode="observe")
    again = compile_run(
        read_profile(tmp_path / "profile"),
        read_environment(tmp_path / "env.yaml"),
        intent="look",
        target="both",
        mode=RunMode.OBSERVE,
    )
    assert (again.digest, again.to_dict()) == (first.digest, first.to_dict())


def test_a_mutating_step_needs_apply(tmp_path: Path) -> None:
    """
    The engine refuses it in another mode, as for any mission.
    """
    run = compiled(tmp_path, mode="dry_run")
    with pytest.raises(DefinitionError, match="allows no mutating effect"):
        drive(run)
