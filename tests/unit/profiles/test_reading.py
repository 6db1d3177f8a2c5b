"""Reading a profile: what is in it, and every way it can be wrong, each with its file and line."""

import os
from collections.abc import Mapping
from pathlib import Path

import pytest
from profiling import NATIVE, changed, write

from runtime.errors import ProfileError, UnknownProfileError
from runtime.limits import MAX_PROFILE_BYTES, MAX_PROFILE_FILES
from runtime.profiles.loading import read_profile
from runtime.profiles.profile import Layout


def _faults(root: Path) -> list[str]:
    with pytest.raises(ProfileError) as refused:
        read_profile(root, label="P")
    return [str(fault) for fault in refused.value.faults]


def test_a_profile_is_read(tmp_path: Path) -> None:
    """
    Every document stands under its name, and nothing is odd about it.
    """
    profile = read_profile(write(tmp_path), label="P")
    assert (profile.name, profile.version, profile.layout) == ("mail", "1.2.0", Layout.NATIVE)
    assert sorted(profile.intents) == sorted(profile.workflows) == sorted(profile.rules) == ["look", "restart"]
    assert profile.warnings == ()


def test_a_profile_is_read_from_its_head_too(tmp_path: Path) -> None:
    """
    The directory and the `profile.yaml` in it name the same profile.
    """
    root = write(tmp_path)
    assert read_profile(root / "profile.yaml").digest == read_profile(root).digest
    assert read_profile(root / "profile.yaml").label == str(root)


def test_equal_documents_have_equal_digests_wherever_they_stand(tmp_path: Path) -> None:
    """
    Place, label, comments and order of keys are no part of it; every value is.
    """
    first = read_profile(write(tmp_path / "a"))
    again = changed("intents/look.yaml", "risk: low\n", "# a comment\nrisk: low\n")
    other = changed("intents/look.yaml", "risk: low\n", "risk: medium\n")
    assert read_profile(write(tmp_path / "b", again), label="B").digest == first.digest
    assert read_profile(write(tmp_path / "c", other)).digest != first.digest


SERVICE = "connectors/service.yaml"
LOOK = "workflows/look.yaml"
RESTART = "workflows/restart.yaml"

ONE_LINE = {
    "unknown_field_of_the_head": (
        ("profile.yaml", "description: Watches", "colour: Watches"),
        "unknown field 'colour' @ P/profile.yaml:4 colour",
    ),
    "head_of_another_schema": (
        ("profile.yaml", "profile/v1", "profile/v9"),
        "schema 'profile/v9': write schema: profile/v1 @ P/profile.yaml:1 schema",
    ),
    "version_of_two_numbers": (
        ("profile.yaml", '"1.2.0"', '"1.2"'),
        "version '1.2': use three numbers, as in \"1.0.0\" @ P/profile.yaml:3 version",
    ),
    "version_that_is_a_number": (
        ("profile.yaml", '"1.2.0"', "1.2"),
        "expected str, got float 1.2 @ P/profile.yaml:3 version",
    ),
    "intent_listed_twice": (
        ("profile.yaml", "intents: [look, restart]", "intents: [look, restart, look]"),
        "['look'] stand twice: keep one of each @ P/profile.yaml:5 intents",
    ),
    "listed_file_is_missing": (
        ("profile.yaml", "connectors: [service]", "connectors: [service, gone]"),
        "no file connectors/gone.yaml @ P/profile.yaml:7 connectors[1]",
    ),
    "file_is_not_listed": (
        ("profile.yaml", "validation_rules: [look, restart]", "validation_rules: [look]"),
        "validation_rules/restart.yaml is there, and is not listed @ P/profile.yaml:8 validation_rules",
    ),
    "id_is_not_the_file_name": (
        ("intents/look.yaml", "id: look", "id: watch"),
        "id 'watch' in a file called look.yaml: rename one of them @ P/intents/look.yaml:2 id",
    ),
    "workflow_that_is_missing": (
        ("intents/look.yaml", "workflow: look", "workflow: gone"),
        "workflow 'gone': the profile has ['look', 'restart'] @ P/intents/look.yaml:3 workflow",
    ),
    "workflow_that_is_a_path": (
        ("intents/look.yaml", "workflow: look", "workflow: ../look"),
        (
            "name '../look': use letters, digits, _, . and -, at most 128, the first a letter or a digit; a name is no path"
            " @ P/intents/look.yaml:3 workflow"
        ),
    ),
    "mode_that_is_none": (
        ("intents/look.yaml", "[dry_run, observe]", "[dry_run, watch]"),
        "expected one of ['apply', 'dry_run', 'observe'], got str 'watch' @ P/intents/look.yaml:4 modes[1]",
    ),
    "no_modes": (
        ("intents/look.yaml", "[dry_run, observe]", "[]"),
        "modes has 0 members: allowed are 1 to 3 @ P/intents/look.yaml:4 modes",
    ),
    "observing_what_changes_something": (
        ("intents/restart.yaml", "[dry_run, apply]", "[dry_run, observe]"),
        (
            "mode observe, and steps ['restart'] of its workflow change something: take observe out"
            " @ P/intents/restart.yaml:4 modes"
        ),
    ),
    "params_with_an_unknown_keyword": (
        ("intents/restart.yaml", "maxLength: 200", "pattern: a"),
        "keyword 'pattern' is not allowed",
    ),
    "params_whose_schema_is_none": (
        ("intents/restart.yaml", "required: [reason]", "required: null"),
        "None is not of type 'array' @ P/intents/restart.yaml:9 params/required",
    ),
    "params_of_an_action_whose_schema_is_none": (
        (SERVICE, "required: [names]", "required: null"),
        "None is not of type 'array' @ P/connectors/service.yaml:8 actions['health'].params/required",
    ),
    "params_of_an_action_that_is_called_whose_schema_is_none": (
        (SERVICE, "stop: {mode: mutate}", "stop: {mode: mutate, params: {type: 5}}"),
        "@ P/connectors/service.yaml:13 actions['stop'].params/type",
    ),
    "params_that_are_no_object": (
        ("intents/restart.yaml", "  type: object\n", "  type: array\n"),
        "params are no object: write type: object @ P/intents/restart.yaml:6 params",
    ),
    "unknown_field_of_a_step": (
        (LOOK, "timeout: 10s", "timout: 10s"),
        "unknown field 'timout' @ P/workflows/look.yaml:9 steps[0].timout",
    ),
    "timeout_without_a_unit": (
        (LOOK, "timeout: 10s", 'timeout: "10"'),
        "duration '10': write a number and ms, s, m or h, up to 24h: 500ms, 30s @ P/workflows/look.yaml:9 steps[0].timeout",
    ),
    "timeout_of_a_week": (
        (LOOK, "timeout: 10s", "timeout: 168h"),
        "duration '168h': write a number and ms, s, m or h, up to 24h: 500ms, 30s @ P/workflows/look.yaml:9 steps[0].timeout",
    ),
    "connector_that_is_missing": (
        (LOOK, "connector: service", "connector: gone"),
        "connector 'gone': the profile has ['service'] @ P/workflows/look.yaml:6 steps[0].connector",
    ),
    "action_that_is_missing": (
        (LOOK, "action: health", "action: gone"),
        "action 'gone' of connector 'service': it has ['health', 'restart', 'stop'] @ P/workflows/look.yaml:7 steps[0].action",
    ),
    "params_an_action_does_not_take": (
        (LOOK, 'params: {names: "${target.members}"}', "params: {names: one}"),
        "'one' is not of type 'array' @ P/workflows/look.yaml:8 steps[0].params/names",
    ),
    "reference_that_is_none": (
        (LOOK, "${target.members}", "${target.menbers}"),
        (
            "reference 'target.menbers': a target has ['attributes', 'id', 'members', 'type']"
            " @ P/workflows/look.yaml:8 steps[0].params/names"
        ),
    ),
    "reference_that_is_not_closed": (
        (LOOK, "${target.members}", "${target.members"),
        (
            "reference '${': write names with dots between them, as in ${params.service}"
            " @ P/workflows/look.yaml:8 steps[0].params/names"
        ),
    ),
    "reference_to_a_param_nobody_takes": (
        (RESTART, "because: ${params.reason}", "because: ${params.cause}"),
        (
            "reference 'params.cause': intent 'restart' takes params ['approvers', 'force', 'reason']"
            " @ P/workflows/restart.yaml:7 steps[0].prompt"
        ),
    ),
    "reference_to_a_param_that_may_be_left_out": (
        (RESTART, "because: ${params.reason}", "because: ${params.force}"),
        (
            "reference 'params.force': a param that may be left out; make it required, or give it a default"
            " @ P/workflows/restart.yaml:7 steps[0].prompt"
        ),
    ),
    "reference_in_an_expression": (
        (LOOK, "expression: results.read.healthy", 'expression: "${params.rule}"'),
        (
            "reference 'params.rule' where none is filled in: the state holds params, target and environment"
            " @ P/workflows/look.yaml:15 steps[1].params.expression"
        ),
    ),
    "expression_that_is_none": (
        (LOOK, "expression: results.read.healthy", "expression: results.read. &&"),
        "P/workflows/look.yaml:15 steps[1].params.expression",
    ),
    "operation_that_is_none": (
        (LOOK, "action: check", "action: chekc"),
        (
            "action 'chekc' of an internal step: operations are ['append', 'check', 'compute', 'decide', 'fail', 'increment',"
            " 'merge', 'noop', 'prioritize', 'remove', 'select', 'set', 'summarize'] @ P/workflows/look.yaml:13 steps[1].action"
        ),
    ),
    "effect_of_an_internal_step": (
        (LOOK, "action: check", "action: action"),
        "action 'action' of an internal step: write a step of type connector @ P/workflows/look.yaml:13 steps[1].action",
    ),
    "unknown_param_of_an_operation": (
        (LOOK, "message: a server is down", "mesage: a server is down"),
        (
            "unknown field 'mesage': check has ['code', 'expression', 'message']"
            " @ P/workflows/look.yaml:16 steps[1].params['mesage']"
        ),
    ),
    "description_among_params": (
        (LOOK, "message: a server is down", "description: a server is down"),
        "'description' among params: write it next to params @ P/workflows/look.yaml:16 steps[1].params['description']",
    ),
    "two_steps_of_one_id": (
        (LOOK, "id: judge", "id: read"),
        "step id 'read' stands twice @ P/workflows/look.yaml:3 steps",
    ),
    "type_that_is_none": (
        (LOOK, "kind: internal", "kind: magic"),
        (
            "expected one of ['connector', 'evidence', 'human', 'internal'], got str 'magic'"
            " @ P/workflows/look.yaml:12 steps[1].type"
        ),
    ),
    "prompt_of_a_connector": (
        (LOOK, "timeout: 10s", "prompt: Really?"),
        "prompt in a step of type connector: leave it out @ P/workflows/look.yaml:9 steps[0].prompt",
    ),
    "human_without_a_prompt": (
        (RESTART, "prompt: 'Restart ${target.id}, because: ${params.reason}?'", "pause_safe: true"),
        "a step of type human needs prompt @ P/workflows/restart.yaml:5 steps[0]",
    ),
    "rule_that_a_path_breaks": (
        (RESTART, 'before: ["human:approve"]', 'before: ["human:other"]'),
        "P/workflows/restart.yaml:22 rules",
    ),
    "rule_about_no_step": (
        (RESTART, 'after: ["effect:mutate"]', 'after: ["restrat"]'),
        "'restrat' is no step, and no capability @ P/workflows/restart.yaml:23 rules[0]",
    ),
    "retry_of_what_is_never_retried": (
        (RESTART, "[timeout, transient]", "[timeout, auth_failed]"),
        "['auth_failed'] in allowed_on: leave them out: they are never retried @ P/workflows/restart.yaml:29 retry.allowed_on",
    ),
    "retry_without_end": (
        (RESTART, "max_attempts: 3", "max_attempts: 1000"),
        "max_attempts is 1000: allowed are 1 to 101, the first counted @ P/workflows/restart.yaml:28 retry.max_attempts",
    ),
    "compensation_that_reads": (
        (RESTART, "compensate: {action: stop", "compensate: {action: health"),
        (
            "compensation 'health', which is no mutating action of connector 'service': its mutating actions are ['restart', 'stop']"
            " @ P/workflows/restart.yaml:11 steps[1]"
        ),
    ),
    "rollback_that_observes_and_changes": (
        (RESTART, "mode: apply", "mode: observe"),
        "mode observe, and steps ['stop'] change something: write mode: apply @ P/workflows/restart.yaml:32 rollback.mode",
    ),
    "rollback_of_an_unknown_action": (
        (RESTART, "      action: stop\n", "      action: halt\n"),
        (
            "action 'halt' of connector 'service': it has ['health', 'restart', 'stop']"
            " @ P/workflows/restart.yaml:37 rollback.steps[0].action"
        ),
    ),
    "action_of_no_mode": (
        (SERVICE, "stop: {mode: mutate}", "stop: {mode: maybe}"),
        "expected one of ['mutate', 'read'], got str 'maybe' @ P/connectors/service.yaml:13 actions['stop'].mode",
    ),
    "rules_of_no_intent": (
        ("validation_rules/look.yaml", "intent: look", "intent: watch"),
        "intent 'watch' in a file called look.yaml: rename one of them @ P/validation_rules/look.yaml:2 intent",
    ),
    "rule_without_its_path": (
        ("validation_rules/look.yaml", "    path: /results/read\n", "    message: none\n"),
        "a rule of type require_mapping needs path @ P/validation_rules/look.yaml:4 rules[0]",
    ),
    "rule_with_a_field_of_another": (
        ("validation_rules/look.yaml", "    path: /results/read\n", "    path: /a\n    value: 1\n"),
        "value in a rule of type require_mapping: leave it out @ P/validation_rules/look.yaml:7 rules[0].value",
    ),
    "path_that_is_no_pointer": (
        ("validation_rules/look.yaml", "path: /results/read", "path: results.read"),
        "P/validation_rules/look.yaml:6 rules[0].path",
    ),
    "two_rules_of_one_name": (
        ("validation_rules/look.yaml", "rule: healthy", "rule: answered"),
        "rule 'answered' stands twice: give each a name of its own @ P/validation_rules/look.yaml:7 rules[1].rule",
    ),
    "key_that_stands_twice": (
        ("intents/look.yaml", "risk: low", "id: other"),
        "key 'id' stands twice, first in line 2: keep one @ P/intents/look.yaml:5:1",
    ),
    "tab": (
        (LOOK, "    type: connector", "\ttype: connector"),
        "P/workflows/look.yaml:5:1",
    ),
    "anchor": (
        (LOOK, "type: connector", "type: &a connector"),
        "anchor 'a': leave it out, and write the value out where it is wanted again @ P/workflows/look.yaml:5:11",
    ),
    "tag": (
        (LOOK, "type: connector", "type: !!str connector"),
        "P/workflows/look.yaml:5:11",
    ),
    "word_that_is_a_truth_value_elsewhere": (
        (LOOK, "pause_safe: true", "pause_safe: yes"),
        "P/workflows/look.yaml:10:17",
    ),
    "document_that_is_a_list": (
        ("intents/look.yaml", NATIVE["intents/look.yaml"], "- 1\n"),
        "P/intents/look.yaml:1",
    ),
    "empty_document": (
        ("intents/look.yaml", NATIVE["intents/look.yaml"], "\n"),
        "an empty text: write a JSON value; {} is the empty object @ P/intents/look.yaml",
    ),
    "second_document": (
        ("intents/look.yaml", "risk: low\n", "risk: low\n---\n"),
        "a second document: write each document into a file of its own @ P/intents/look.yaml:6:1",
    ),
}


@pytest.mark.parametrize("case", ONE_LINE)
def test_a_defect_is_told_with_its_line(case: str, tmp_path: Path) -> None:
    """
    INV-120: what is wrong is refused, with file, line and path, and how to mend it.
    """
    change, expected = ONE_LINE[case]
    faults = _faults(write(tmp_path, changed(*change)))
    assert any(expected in fault for fault in faults), "\n".join(faults)


def test_all_faults_of_all_files_are_told_together(tmp_path: Path) -> None:
    """
    INV-120: one reading shows everything, in the order of files and lines.
    """
    files: Mapping[str, str] = NATIVE
    for case in ("timeout_without_a_unit", "mode_that_is_none", "action_of_no_mode", "rule_without_its_path", "tag"):
        if case != "tag":
            name, old, new = ONE_LINE[case][0]
            files = changed(name, old, new, files)
    faults = _faults(
        write(tmp_path, changed("workflows/restart.yaml", "id: restart\ndesc", "id: &x restart\ndesc", files))
    )
    files_told = [fault.rpartition(" @ ")[2].split(":")[0] for fault in faults]
    assert files_told == sorted(files_told)
    assert {
        "P/connectors/service.yaml",
        "P/intents/look.yaml",
        "P/validation_rules/look.yaml",
        "P/workflows/look.yaml",
        "P/workflows/restart.yaml",
    } <= set(files_told)


def test_a_sixth_step_and_a_third_person_are_refused(tmp_path: Path) -> None:
    """
    The limits of missions are those of workflows of a profile.
    """
    step = "  - {id: more%d, type: evidence, action: a}\n"
    six = NATIVE[RESTART].replace("rules:\n", "".join(step % n for n in range(3)) + "rules:\n")
    assert any(
        "Workflow has 6 steps, exceeds maximum of 5" in one
        for one in _faults(write(tmp_path / "a", {**NATIVE, RESTART: six}))
    )
    ask = "  - {id: ask%d, type: human, prompt: Really}\n"
    three = NATIVE[RESTART].replace("rules:\n", "".join(ask % n for n in range(2)) + "rules:\n")
    assert any(
        "3 human steps, exceeds maximum of 2" in one
        for one in _faults(write(tmp_path / "b", {**NATIVE, RESTART: three}))
    )


class TestFiles:
    """
    "What is read lies inside the directory, is a plain file, and is bounded; nothing is silently left out."
    """

    def test_no_directory_and_no_head(self, tmp_path: Path) -> None:
        """
        There is no profile there.
        """
        for place in (tmp_path / "gone", tmp_path):
            with pytest.raises(UnknownProfileError):
                read_profile(place)

    @pytest.mark.parametrize("name", ["intents/look.yaml", "profile.yaml"])
    def test_a_link_out_of_the_profile_is_refused(self, name: str, tmp_path: Path) -> None:
        """
        INV-121: though what it leads to could be read.
        """
        root = write(tmp_path / "p")
        outside = tmp_path / "outside.yaml"
        (root / name).rename(outside)
        (root / name).symlink_to(outside)
        assert f"a link that leaves the profile: put the file itself here @ P/{name}" in _faults(root)

    def test_a_folder_that_is_a_link_out_of_the_profile_is_refused(self, tmp_path: Path) -> None:
        """
        INV-121: as a file is.
        """
        root = write(tmp_path / "p")
        (root / "intents").rename(tmp_path / "intents")
        (root / "intents").symlink_to(tmp_path / "intents")
        assert "a link that leaves the profile: put the files themselves here @ P/intents" in _faults(root)

    def test_a_link_inside_the_profile_is_followed(self, tmp_path: Path) -> None:
        """
        It shows nothing that is not the profile's.
        """
        root = write(tmp_path / "p")
        (root / "kept").mkdir()
        (root / "intents/look.yaml").rename(root / "kept/look")
        (root / "intents/look.yaml").symlink_to("../kept/look")
        assert "look" in read_profile(root).intents

    def test_a_link_to_itself_and_a_pipe_are_refused(self, tmp_path: Path) -> None:
        """
        Neither is waited for.
        """
        root = write(tmp_path / "p")
        (root / "intents/loop.yaml").symlink_to("loop.yaml")
        os.mkfifo(root / "workflows/pipe.yaml")
        faults = _faults(root)
        assert any("P/intents/loop.yaml" in fault for fault in faults)
        assert "not a plain file @ P/workflows/pipe.yaml" in faults

    @pytest.mark.parametrize("name", ["intents/more.yml", "intents/more.json"])
    def test_another_ending_is_refused(self, name: str, tmp_path: Path) -> None:
        """
        It would be left out, and nobody would see it.
        """
        root = write(tmp_path)
        (root / name).write_text("{}")
        assert f"an ending that is not read: rename it, so that it ends in .yaml @ P/{name}" in _faults(root)

    def test_a_folder_in_a_folder_is_refused(self, tmp_path: Path) -> None:
        """
        What is in it would be left out.
        """
        root = write(tmp_path)
        (root / "intents/more").mkdir()
        assert "a folder, which is not looked into: move its files up @ P/intents/more" in _faults(root)

    def test_python_files_of_a_package_are_let_be(self, tmp_path: Path) -> None:
        """
        An installed profile may be a package of Python.
        """
        root = write(tmp_path)
        (root / "__init__.py").write_text("")
        (root / "intents/__init__.py").write_text("")
        (root / "intents/__pycache__").mkdir()
        assert read_profile(root).name == "mail"

    def test_too_many_files_and_bytes_are_refused(self, tmp_path: Path) -> None:
        """
        INV-122: they are counted before they are parsed.
        """
        root = write(tmp_path / "many")
        for number in range(MAX_PROFILE_FILES):
            (root / f"intents/i{number}.yaml").write_text("{}")
        assert any(f"more than {MAX_PROFILE_FILES} files" in fault for fault in _faults(root))
        root = write(tmp_path / "large")
        (root / "intents/large.yaml").write_text("#" * (MAX_PROFILE_BYTES + 1))
        assert any(f"more than {MAX_PROFILE_BYTES} bytes" in fault for fault in _faults(root))
        root = write(tmp_path / "together")
        for number in range(3):
            (root / f"intents/i{number}.yaml").write_text("#" * (MAX_PROFILE_BYTES // 2))
        assert any("the profile has more than" in fault for fault in _faults(root))

    def test_a_file_that_may_not_be_read(self, tmp_path: Path) -> None:
        """
        It is a fault like any other.
        """
        root = write(tmp_path)
        (root / "intents/look.yaml").unlink()
        (root / "intents/look.yaml").mkdir()
        assert any("P/intents/look.yaml" in fault for fault in _faults(root))
