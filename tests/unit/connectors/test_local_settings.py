"""Settings documents of `local_command`: what they may hold, and the connector that comes of them."""

import base64
import sys
from collections.abc import Callable
from typing import Any
from urllib.parse import quote

import pytest

from runtime.connectors.backends import build_connector
from runtime.connectors.local_settings import build
from runtime.encoding.frozen import thaw
from runtime.errors import ConnectorSettingsError
from runtime.values import EffectOutcome

Perform = Callable[..., EffectOutcome]

SAY = [sys.executable, "-I", "-S", "-c", "import sys, os; print(ascii([sys.argv[1:], sorted(os.environ)]))"]


CANARY = "canary/5d41+402abc"


class TestASecret:
    """
    A command is given it in a variable, for each call, and nobody is shown it.
    """

    def _command(self, script: str, **changes: Any) -> Any:
        argv = [sys.executable, "-I", "-S", "-c", f"import os, sys; s = os.environ['TOKEN']; {script}"]
        command = {"argv": argv, "mode": "read", "env_refs": {"TOKEN": "deploy-token"}, **changes}
        return build({"commands": {"go": command}})

    def test_is_looked_up_for_each_call(self, perform: Perform, monkeypatch: pytest.MonkeyPatch) -> None:
        """
        Without it nothing is run, and what mutates is known not done.
        """
        connector = self._command("print(len(s))", mode="mutate")
        outcome = perform(connector, "go", mode="mutate")
        assert (outcome.status.value, outcome.code) == ("failed", "auth_failed")
        for length in (3, 5):
            monkeypatch.setenv("MISSION_SECRET_DEPLOY_TOKEN", "x" * length)
            assert thaw(perform(connector, "go", mode="mutate").output)["stdout"] == f"{length}\n"
        assert connector.describe()["secrets"] == ["deploy-token"]

    @pytest.mark.parametrize(
        ("script", "changes"),
        [
            ("print(s, file=sys.stderr); print('x' + s + 'y')", {}),
            ("print(s[:9] * 3, s)", {"output_limit_bytes": 40}),
            ("import json; print(json.dumps(dict([(s, [s, 1])])))", {"prints_json": True}),
            ("import base64; print(base64.b64encode(s.encode()).decode())", {}),
            ("import urllib.parse; print(urllib.parse.quote(s, safe=''), urllib.parse.quote(s))", {}),
        ],
        ids=["text", "cut_off", "json", "base64", "address"],
    )
    def test_that_is_printed_is_in_no_outcome(
        self, perform: Perform, monkeypatch: pytest.MonkeyPatch, script: str, changes: dict[str, Any]
    ) -> None:
        """
        Neither as it is nor as it may be spelled, and no part of it where the output was cut.
        """
        monkeypatch.setenv("MISSION_SECRET_DEPLOY_TOKEN", CANARY)
        connector = self._command(script, **changes)
        outcome = perform(connector, "go")
        shown = repr([outcome, thaw(outcome.output), connector])
        assert outcome.status.value == "succeeded"
        assert "[redacted:key]" in shown
        assert CANARY not in shown
        assert quote(CANARY, safe="") not in shown
        assert base64.b64encode(CANARY.encode()).decode() not in shown
        if "output_limit_bytes" in changes:
            assert not thaw(outcome.output)["stdout"].rstrip("…").endswith(CANARY[:6])


class TestADocument:
    """
    It makes the connector that its words say.
    """

    def test_gives_params_as_data_to_a_program_that_inherits_nothing(
        self, perform: Perform, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """
        Typed params become arguments, whatever is in them.
        """
        monkeypatch.setenv("MISSION_SECRET_T", "canary")
        params = {"text": {}, "count": {"type": "integer"}, "flag": {"type": "boolean"}}
        command = {"argv": [*SAY, "{text}", "{count}", "{flag}"], "mode": "read", "params": params, "env": {"A": "b"}}
        connector = build_connector({"backend": "local_command", "settings": {"commands": {"say": command}}})
        given = {"text": "$(id); `id` 'x' \\ *\n", "count": 3, "flag": True}
        said = thaw(perform(connector, "say", given).output)["stdout"]
        assert said.splitlines() == [ascii([["$(id); `id` 'x' \\ *\n", "3", "true"], ["A", "LANG", "PATH"]])]
        assert perform(connector, "say", {**given, "count": "3"}).code == "invalid_params"
        assert perform(connector, "say", {**given, "count": -3}).code == "invalid_params"

    def test_says_which_commands_mutate_and_which_are_off(self, perform: Perform) -> None:
        """
        A mutating one needs a step that says so; one that is off is not run at all.
        """
        connector = build(
            {
                "commands": {
                    "go": {"argv": ["true"], "mode": "mutate", "idempotent": True, "dry_run": {"would": "go"}},
                    "off": {"argv": ["true"], "mode": "read", "enabled": False, "prints_json": True},
                }
            }
        )
        assert perform(connector, "go").code == "mode_mismatch"
        assert perform(connector, "go", mode="mutate").status.value == "succeeded"
        assert perform(connector, "off").code == "disabled"
        actions = connector.describe()["actions"]
        assert (actions["go"]["mode"], actions["go"]["idempotent"], actions["go"]["dry_run"]) == (
            "mutate",
            True,
            {"would": "go"},
        )
        assert actions["off"]["dry_run"] is None
        assert sorted(actions) == ["go", "off"]

    def test_may_name_runners_of_tests(self) -> None:
        """
        Without one there are no test actions.
        """
        connector = build({"runners": {"pytest": ["python", "-m", "pytest"]}, "cwd": "/usr", "max_files": 5})
        assert sorted(connector.describe()["actions"]) == ["find_tests", "run_junit"]

    @pytest.mark.parametrize(
        ("changes", "word"),
        [
            ({"mode": None}, "mode"),
            ({"argv": ["sh", "-c", "{x}"]}, "shell"),
            ({"argv": ["/usr/bin/bash", "x"]}, "shell"),
            ({"argv": []}, "argv"),
            ({"argv": ["{x}"]}, "argv"),
            ({"argv": ["ls", "a{x}"]}, "argv"),
            ({"argv": ["ls", "{x}"], "params": {}}, "places"),
            ({"params": {"x": {}}}, "places"),
            ({"argv": ["ls", "{x}"], "params": {"x": {"required": False}}}, "params"),
            ({"argv": ["ls", "{x}"], "params": {"x": {"type": "json"}}}, "params"),
            ({"env": {"API_TOKEN": "canary-0123456789"}}, "API_TOKEN"),
            ({"env": {"A B": "c"}}, "A B"),
            ({"env_refs": {"TOKEN": "sk live canary"}}, "TOKEN"),
            ({"env_refs": {"A B": "TOKEN"}}, "A B"),
            ({"timeout_ms": 0}, "timeout_ms"),
            ({"shell": True}, "shell"),
        ],
    )
    def test_with_a_faulty_command_is_refused(self, changes: dict[str, Any], word: str) -> None:
        """
        With the place of the fault, and no value of a variable.
        """
        command = {"argv": ["ls"], "mode": "read", **changes}
        command = {name: value for name, value in command.items() if value is not None}
        with pytest.raises(ConnectorSettingsError) as caught:
            build({"commands": {"go": command}})
        assert word in str(caught.value)
        assert "canary" not in str(caught.value)

    @pytest.mark.parametrize(
        "settings",
        [
            {},
            {"commands": {}},
            {"runners": {"pytest": []}},
            {"runners": {"pytest": ["x"]}, "cwd": "relative"},
            {"runners": {"pytest": ["x"]}, "cwd": "/no/such/folder"},
            {"commands": {"find_tests": {"argv": ["ls"], "mode": "read"}}},
            {"runners": {"pytest": ["x"]}, "env": {"PASSWORD": "canary-0123456789"}},
        ],
        ids=["empty", "no_commands", "runner", "relative_cwd", "missing_cwd", "built_in_name", "secret"],
    )
    def test_with_a_fault_is_refused(self, settings: dict[str, Any]) -> None:
        """
        Before anything is run.
        """
        with pytest.raises(ConnectorSettingsError) as caught:
            build(settings)
        assert "canary" not in str(caught.value)
