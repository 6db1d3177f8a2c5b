"""The connector `local_command`: what it says of itself, what it refuses, and what an outcome means."""

import json
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import jsonschema
import pytest

from runtime.connectors import Command, LocalCommand
from runtime.connectors.command import MAX_OUTPUT_BYTES
from runtime.encoding.canonical import canonical
from runtime.encoding.frozen import EMPTY_OBJECT, thaw
from runtime.errors import DefinitionError
from runtime.limits import MAX_TEXT_LENGTH
from runtime.values import EffectMode, EffectOutcome, HumanAsk, OutcomeStatus, Request

Perform = Callable[..., EffectOutcome]

ECHO = (sys.executable, "-I", "-S", "-c", "import sys; sys.stdout.write(ascii(sys.argv[1:]))")


def reading(*argv: str, **changes: Any) -> Command:
    """
    Make a command that only reads.
    """
    return Command(argv=argv, mode=EffectMode.READ, **changes)


def mutating(*argv: str, **changes: Any) -> Command:
    """
    Make a command that changes something.
    """
    return Command(argv=argv, mode=EffectMode.MUTATE, **changes)


def make_connector(**commands: Command) -> LocalCommand:
    """
    Make a connector of these commands, in `/`.
    """
    return LocalCommand(commands=commands, cwd=Path("/"))


def ended(status: str, code: str) -> EffectOutcome:
    """
    Make an outcome that did not succeed.
    """
    return EffectOutcome(status=OutcomeStatus(status), code=code)


_REFUSED: dict[str, tuple[dict[str, Any], str]] = {
    "commands_list": ({"commands": [reading("ls")]}, "commands"),
    "commands_null": ({"commands": None}, "commands"),
    "command_as_dict": ({"commands": {"list": {"argv": ["ls"]}}}, "commands"),
    "command_without_name": ({"commands": {"": reading("ls")}}, "a name in commands"),
    "command_named_by_a_number": ({"commands": {1: reading("ls")}}, "a name in commands"),
    "built_in_find_tests_replaced": ({"commands": {"find_tests": reading("ls")}}, "commands"),
    "built_in_run_junit_replaced": ({"commands": {"run_junit": reading("ls")}}, "commands"),
    "runners_list": ({"runners": ["pytest"]}, "runners"),
    "runner_as_text": ({"runners": {"pytest": "pytest"}}, "runners.pytest"),
    "runner_without_program": ({"runners": {"pytest": ()}}, "runners.pytest"),
    "runner_without_name": ({"runners": {"": ("pytest",)}}, "a name in runners"),
    "cwd_missing": ({"cwd": "/no/such/folder"}, "cwd"),
    "cwd_file": ({"cwd": __file__}, "cwd"),
    "env_list": ({"env": ["A=b"]}, "env"),
    "timeout_zero": ({"max_timeout_ms": 0}, "max_timeout_ms"),
    "no_files": ({"max_files": 0}, "max_files"),
    "too_many_files": ({"max_files": 1001}, "max_files"),
    "no_cases": ({"max_cases": 0}, "max_cases"),
    "too_many_cases": ({"max_cases": 201}, "max_cases"),
    "cases_true": ({"max_cases": True}, "max_cases"),
}


class TestItsConfiguration:
    """
    "What is not in the configuration is not run."
    """

    @pytest.mark.parametrize("name", sorted(_REFUSED))
    def test_with_a_fault_is_refused(self, name: str) -> None:
        """
        At construction, with what, where and how to mend it.
        """
        changes, where = _REFUSED[name]
        with pytest.raises(DefinitionError) as caught:
            LocalCommand(**changes)
        assert caught.value.where == where
        assert caught.value.remedy

    def test_is_a_copy(self, perform: Perform) -> None:
        """
        The caller's mappings are never read again.
        """
        commands, runners, env = {"greet": reading("echo", "hi")}, {"mine": ("true",)}, {"A": "b"}
        connector = LocalCommand(commands=commands, runners=runners, env=env)
        before = connector.describe()
        commands["greet"] = mutating("rm", "{x}")
        runners["other"] = ("true",)
        env["A"] = "c"
        assert connector.describe() == before
        assert (dict(connector.env), thaw(perform(connector, "greet").output)["stdout"]) == ({"A": "b"}, "hi\n")

    def test_is_the_working_directory_and_pytest_unless_told_otherwise(self, monkeypatch: pytest.MonkeyPatch) -> None:
        """
        A connector without settings can run the tests of the project it stands in.
        """
        monkeypatch.chdir("/usr")
        connector = LocalCommand()
        assert (connector.cwd, dict(connector.runners)) == (Path("/usr"), {"pytest": (sys.executable, "-m", "pytest")})
        assert sorted(connector.describe()["actions"]) == ["find_tests", "run_junit"]

    def test_shows_no_value_of_a_variable(self) -> None:
        """
        Values may be secrets.
        """
        connector = LocalCommand(commands={"a": reading("true", env={"T": "canary"})}, env={"S": "canary"})
        assert "canary" not in repr(connector)
        assert "canary" not in str(connector.describe())


class TestDescribe:
    """
    "Actions, mode, JSON Schema of the params, idempotent."
    """

    def test_lists_built_in_actions_and_commands(self) -> None:
        """
        By name, as plain JSON; the schemas are those params are checked by.
        """
        connector = LocalCommand(
            commands={
                "restart": mutating("systemctl", "restart", "{unit}"),
                "stop": mutating("systemctl", "stop", "db", idempotent=True),
                "look": reading("ls"),
            },
            runners={"b": ("b",), "pytest": ("a",)},
            max_timeout_ms=9000,
        )
        text = {"type": "string", "minLength": 1, "maxLength": MAX_TEXT_LENGTH}
        runner = {"type": "string", "enum": ["b", "pytest"]}
        timeout = {"type": "integer", "minimum": 1, "maximum": 9000}

        def action(mode: str, properties: dict[str, Any], required: list[str], *, idempotent: bool) -> dict[str, Any]:
            params = {"type": "object", "properties": properties, "required": required, "additionalProperties": False}
            return {"mode": mode, "params": params, "idempotent": idempotent}

        described = connector.describe()
        own = ("mode", "params", "idempotent")
        assert {name: {key: one[key] for key in own} for name, one in described["actions"].items()} == {
            "find_tests": action("read", {"target": text, "runner": runner}, ["target"], idempotent=True),
            "look": action("read", {}, [], idempotent=True),
            "restart": action("mutate", {"unit": {**text, "minLength": 0}}, ["unit"], idempotent=False),
            "run_junit": action(
                "read", {"target": text, "runner": runner, "timeout_ms": timeout}, ["target"], idempotent=True
            ),
            "stop": action("mutate", {}, [], idempotent=True),
        }
        printed = {"exit_code": 0, "stdout": "", "stderr": "", "truncated": False}
        assert described["actions"]["stop"]["dry_run"] == printed
        assert described["actions"]["find_tests"]["dry_run"] == {"files": [], "count": 0, "truncated": False}
        assert not any(one["reconcile"] for one in described["actions"].values())
        assert list(described["actions"]) == sorted(described["actions"])
        assert json.loads(canonical(dict(described))) == described
        for each in described["actions"].values():
            jsonschema.Draft202012Validator.check_schema(each["params"])

    def test_asks_for_the_runner_where_there_is_no_pytest(self) -> None:
        """
        Nothing is guessed; and without runners there are no test actions.
        """
        schema = LocalCommand(runners={"mine": ("true",)}).describe()["actions"]["run_junit"]["params"]
        assert schema["required"] == ["runner", "target"]
        assert LocalCommand(runners={}).describe()["actions"] == {}


class TestARefusal:
    """
    "An unknown action, runner or param is refused", before anything runs.
    """

    @pytest.mark.parametrize("action", ["", "rm", "touch ", "TOUCH", "__class__"])
    def test_of_an_unknown_action(self, perform: Perform, action: str) -> None:
        """
        What the configuration does not name is not done.
        """
        assert perform(make_connector(touch=reading("true")), action) == ended("failed", "unknown_action")

    def test_of_a_request_that_asks_a_person(self) -> None:
        """
        A connector performs effects and nothing else.
        """
        ask = HumanAsk(prompt="?", shown=EMPTY_OBJECT, choices=("approve",), input_schema=None, approvers=())
        request = Request(run_digest="", sequence=1, step_id="a", lineage_head="", input_digest="", ask=ask)
        assert make_connector().call(request) == ended("failed", "unknown_action")

    def test_of_a_mutating_command_that_is_called_reading(self, perform: Perform, tmp_path: Path) -> None:
        """
        The driver refuses it too; here it is looked at again.
        """
        connector = LocalCommand(commands={"touch": mutating("touch", "made")}, cwd=tmp_path)
        assert perform(connector, "touch", mode="read") == ended("failed", "mode_mismatch")
        assert not (tmp_path / "made").exists()
        assert perform(connector, "touch", mode="mutate").status is OutcomeStatus.SUCCEEDED
        assert (tmp_path / "made").exists()

    @pytest.mark.parametrize(
        "params",
        [
            {},
            {"name": "a", "other": "b"},
            {"other": "b"},
            {"name": 1},
            {"name": None},
            {"name": ["a"]},
            {"name": "a\0b"},
            {"name": "x" * (MAX_TEXT_LENGTH + 1)},
            {"name": "-rf"},
        ],
        ids=["missing", "one_too_many", "another", "number", "null", "list", "nul", "too_long", "option"],
    )
    def test_of_params_that_do_not_fit(self, perform: Perform, tmp_path: Path, params: dict[str, Any]) -> None:
        """
        A mutating command too is known not done then.
        """
        connector = LocalCommand(commands={"make": mutating("sh", "-c", "touch made", "{name}")}, cwd=tmp_path)
        assert perform(connector, "make", params, mode="mutate") == ended("failed", "invalid_params")
        assert list(tmp_path.iterdir()) == []

    @pytest.mark.parametrize("action", ["find_tests", "run_junit"])
    @pytest.mark.parametrize(
        ("params", "code"),
        [
            ({}, "invalid_params"),
            ({"target": ""}, "invalid_params"),
            ({"target": "-x"}, "invalid_params"),
            ({"target": "--pyargs"}, "invalid_params"),
            ({"target": "a\0"}, "invalid_params"),
            ({"target": ".", "runner": "nose"}, "invalid_params"),
            ({"target": ".", "runner": None}, "invalid_params"),
            ({"target": ".", "timeout_ms": 0}, "invalid_params"),
            ({"target": ".", "timeout_ms": True}, "invalid_params"),
            ({"target": ".", "timeout_ms": 3_600_001}, "invalid_params"),
            ({"target": ".", "options": "-x"}, "invalid_params"),
            ({"target": "missing"}, "target_not_found"),
            ({"target": ".."}, "target_outside"),
            ({"target": "/etc"}, "target_outside"),
            ({"target": "link"}, "target_outside"),
        ],
        ids=lambda value: json.dumps(value) if isinstance(value, dict) else value,
    )
    def test_of_a_target_or_runner(
        self, perform: Perform, tmp_path: Path, action: str, params: dict[str, Any], code: str
    ) -> None:
        """
        An option, an unknown runner, a time beyond the limit, a place outside the folder, a link that leads there.
        """
        (tmp_path / "-x").mkdir()
        (tmp_path / "link").symlink_to("/")
        runners = {"pytest": ("touch", "ran")}
        assert perform(LocalCommand(cwd=tmp_path, runners=runners), action, params) == ended("failed", code)
        assert not (tmp_path / "ran").exists()


class TestACommand:
    """
    "Every other action is a `Command` of the configuration."
    """

    def test_that_exits_with_0_has_succeeded(self, perform: Perform) -> None:
        """
        Its output is what it said.
        """
        connector = make_connector(say=reading("sh", "-c", "echo out; echo err >&2"))
        assert perform(connector, "say") == EffectOutcome(
            status=OutcomeStatus.SUCCEEDED,
            output={"exit_code": 0, "stdout": "out\n", "stderr": "err\n", "truncated": False},
        )

    @pytest.mark.parametrize("value", ["a b", "$(id); rm -rf /", "{x}", "", "é\n", "a -b"])
    def test_gets_a_param_as_one_argument(self, perform: Perform, value: str) -> None:
        """
        Neither split nor expanded, nor filled in again.
        """
        outcome = perform(make_connector(echo=reading(*ECHO, "{x}")), "echo", {"x": value})
        assert thaw(outcome.output)["stdout"] == ascii([value])

    def test_sees_the_variables_of_the_connector_and_its_own(self, perform: Perform) -> None:
        """
        Its own win.
        """
        connector = LocalCommand(
            commands={"env": reading("/usr/bin/env", env={"B": "own", "PATH": "/none"})}, env={"A": "all", "B": "all"}
        )
        lines = thaw(perform(connector, "env").output)["stdout"].splitlines()
        assert sorted(lines) == ["A=all", "B=own", "LANG=C.UTF-8", "PATH=/none"]

    def test_is_bounded_in_time_and_output_by_its_own_limits(self, perform: Perform) -> None:
        """
        Each command has its timeout and its limit.
        """
        connector = make_connector(
            sleep=reading("sleep", "300", timeout_ms=200), talk=reading("echo", "hello", output_limit_bytes=3)
        )
        assert perform(connector, "sleep") == ended("failed", "command_timeout")
        assert thaw(perform(connector, "talk").output) == {
            "exit_code": 0,
            "stdout": "hel",
            "stderr": "",
            "truncated": True,
        }

    @pytest.mark.parametrize(("said", "output"), [(r'\173"a": "down"\175', {"a": "down"}), (r"[1, 2]\n", [1, 2])])
    def test_that_prints_json_gives_it_as_its_output(self, perform: Perform, said: str, output: Any) -> None:
        """
        So a policy can weigh what a program found.
        """
        outcome = perform(make_connector(look=reading("printf", said, prints_json=True)), "look")
        assert (outcome.status, thaw(outcome.output)) == ("succeeded", output)

    @pytest.mark.parametrize(
        ("said", "limit"),
        [
            ("", 100),
            ("ok", 100),
            (r'\173"a": 1, "a": 2\175', 100),
            ("NaN", 100),
            ("[" * 100 + "]" * 100, 300),
            ("1234", 2),
        ],
        ids=["empty", "text", "twice", "nan", "deep", "cut_off"],
    )
    def test_that_prints_no_json_did_not_do_as_it_says(self, perform: Perform, said: str, limit: int) -> None:
        """
        A reading one failed; what a mutating one did is unknown.
        """
        settings: dict[str, Any] = {"prints_json": True, "output_limit_bytes": limit}
        connector = make_connector(
            read=reading("printf", said, **settings), mutate=mutating("printf", said, **settings)
        )
        assert perform(connector, "read") == ended("failed", "output_is_no_json")
        assert perform(connector, "mutate", mode="mutate") == ended("unknown", "output_is_no_json")

    def test_that_prints_json_and_fails_has_failed(self, perform: Perform) -> None:
        """
        What it printed does not count.
        """
        connector = make_connector(look=reading("sh", "-c", "echo 1; exit 2", prints_json=True))
        assert perform(connector, "look") == ended("failed", "command_failed")

    def test_secrets_in_what_it_said_are_redacted(self, perform: Perform) -> None:
        """
        It is text, not data; of an output that was cut, the end may be half a secret.
        """
        word = "hunter" + "2"
        command = reading("sh", "-c", f"echo password={word}; echo token={word} >&2")
        output = thaw(perform(make_connector(tell=command), "tell").output)
        assert (output["stdout"], output["stderr"]) == ("password=[redacted:pair]\n", "token=[redacted:pair]\n")
        half = reading("echo", "gh" + "p_" + "a1" * 18, output_limit_bytes=12)
        assert thaw(perform(make_connector(tell=half), "tell").output)["stdout"] == "[redacted:token]"

    @pytest.mark.parametrize("redirect", ["", " >&2"])
    def test_may_say_the_widest_there_is(self, perform: Perform, redirect: str) -> None:
        """
        As much as is kept of both outputs fits an outcome, six bytes of JSON for each.
        """
        script = f"head -c {MAX_OUTPUT_BYTES} /dev/zero{redirect}; head -c {MAX_OUTPUT_BYTES} /dev/zero >&2"
        output = thaw(perform(make_connector(zeros=reading("sh", "-c", script)), "zeros").output)
        assert output["stderr"] == "\0" * MAX_OUTPUT_BYTES

    @pytest.mark.parametrize(
        ("argv", "timeout_ms", "code", "has_run"),
        [
            (("sh", "-c", "exit 3"), 60_000, "command_failed", True),
            (("sh", "-c", "kill -KILL $$"), 60_000, "command_failed", True),
            (("sleep", "300"), 200, "command_timeout", True),
            (("no-such-program",), 60_000, "command_not_found", False),
            (("/",), 60_000, "command_not_started", False),
        ],
        ids=["exit_code", "signal", "timeout", "not_found", "not_started"],
    )
    def test_that_did_not_succeed(
        self,
        perform: Perform,
        argv: tuple[str, ...],
        timeout_ms: int,
        code: str,
        has_run: bool,  # noqa: FBT001
    ) -> None:
        """
        A reading one failed; a mutating one that ran may have done a part of its work, so its outcome is unknown.
        """
        connector = make_connector(
            read=reading(*argv, timeout_ms=timeout_ms), mutate=mutating(*argv, timeout_ms=timeout_ms)
        )
        assert perform(connector, "read", mode="read") == ended("failed", code)
        assert perform(connector, "read", mode="mutate") == ended("failed", code)
        assert perform(connector, "mutate", mode="mutate") == ended("unknown" if has_run else "failed", code)


class TestFindTests:
    """
    The built-in action that lists test files.
    """

    def test_lists_files_below_the_target(self, perform: Perform, tmp_path: Path) -> None:
        """
        As paths relative to the folder, sorted, with their count.
        """
        for name in ("tests/test_b.py", "tests/a_test.py", "test_c.py", "tests/other.py"):
            (tmp_path / name).parent.mkdir(exist_ok=True)
            (tmp_path / name).touch()
        outcome = perform(LocalCommand(cwd=tmp_path), "find_tests", {"target": "tests", "runner": "pytest"})
        assert outcome == EffectOutcome(
            status=OutcomeStatus.SUCCEEDED,
            output={"files": ["tests/a_test.py", "tests/test_b.py"], "count": 2, "truncated": False},
        )
        outcome = perform(LocalCommand(cwd=tmp_path, max_files=1), "find_tests", {"target": str(tmp_path)})
        assert thaw(outcome.output) == {"files": ["test_c.py"], "count": 3, "truncated": True}
