"""The connector `local_command`: performs effects by running allowed commands of this machine.

Two actions are built in: `find_tests` lists test files (`discovery.py`), `run_junit` runs a test runner and reads its
report (`suite.py`). Every other action is a `Command` of the configuration. Rules, referred to by number below:

1. What is not in the configuration is not run: an unknown action, runner or param is refused.
2. A command that only reads and did not succeed is `failed`. A mutating one that ran and did not succeed is `unknown`:
   it may have done a part of its work before it gave up or was killed, and `failed` means known not done. One that was
   never started is `failed` in both cases.
3. What a command says is text, not data: secrets in it are redacted before anybody else gets it.

Processes are started in `process.py` alone; read it next.
"""

import sys
from collections.abc import Callable, Mapping
from functools import partial
from pathlib import Path, PurePosixPath
from typing import Any, Final, final

import attrs

from runtime.connectors.command import (
    MAX_TIMEOUT_MS,
    Command,
    as_env,
    fits,
    in_range,
    is_argv,
    params_schema,
    text_rule,
)
from runtime.connectors.discovery import MAX_FILES, Misplaced, find_test_files, locate
from runtime.connectors.outcomes import failed, succeeded, unknown
from runtime.connectors.process import run_process
from runtime.connectors.scrubbing import spell
from runtime.connectors.secrets import Secrets
from runtime.connectors.suite import MAX_CASES, run_suite
from runtime.connectors.telling import tell
from runtime.encoding.canonical import JsonValue
from runtime.encoding.frozen import EMPTY_OBJECT, JsonObject
from runtime.errors import DefinitionError, SecretUnavailableError, shown
from runtime.values.answers import EffectOutcome
from runtime.values.checks import is_identifier, of_type
from runtime.values.requests import EffectAsk, EffectMode, Request

__all__ = ["LocalCommand"]

_FIND_TESTS: Final = "find_tests"
_RUN_JUNIT: Final = "run_junit"
_DEFAULT_RUNNER: Final = "pytest"
_NO_FILES: Final[JsonValue] = {"files": [], "count": 0, "truncated": False}
_NO_CASES: Final[JsonValue] = {
    "exit_code": 0,
    "counts": {"tests": 0, "passed": 0, "failed": 0, "errors": 0, "skipped": 0},
    "cases": [],
    "truncated": False,
}


@final
@attrs.frozen(kw_only=True)
class _Action:
    """
    One action: what it is said to do, and what does it.
    """

    mode: EffectMode
    schema: Mapping[str, Any]
    perform: Callable[[JsonObject], EffectOutcome]
    dry_run: JsonValue
    idempotent: bool = True
    is_enabled: bool = True


def _private(value: Mapping[str, Any]) -> Mapping[str, Any]:
    """
    Copy a mapping of the caller; what is none is refused by the validator.
    """
    return dict(value) if issubclass(type(value), Mapping) else value


def _are_commands(_: object, field: "attrs.Attribute[Any]", value: Mapping[Any, Any]) -> None:
    for name, command in value.items():
        is_identifier(_, field.evolve(name=f"a name in {field.name}"), name)
        if type(command) is not Command or name in (_FIND_TESTS, _RUN_JUNIT):
            raise DefinitionError(
                f"action {shown(name)} is {type(command).__name__}",
                where=field.name,
                remedy=f"expected a Command, under a name other than the built-in {_FIND_TESTS} and {_RUN_JUNIT}",
            )


def _are_runners(_: object, field: "attrs.Attribute[Any]", value: Mapping[Any, Any]) -> None:
    for name, argv in value.items():
        is_identifier(_, field.evolve(name=f"a name in {field.name}"), name)
        is_argv(_, field.evolve(name=f"{field.name}.{name}"), argv)


def _as_folder(value: str | Path) -> Path:
    folder = Path(value).resolve()
    if not folder.is_dir():
        raise DefinitionError(f"cwd is {shown(str(value))}", where="cwd", remedy="expected a folder that exists")
    return folder


@final
@attrs.frozen(kw_only=True, eq=False)
class LocalCommand:
    """
    Runs allowed commands, each in a process group of its own, with a clean environment, a timeout and bounded output.

    Args:
        commands: what may be run, by action name.
        runners: test runners by name: arguments that a target and `--junitxml=FILE` are added to.
        cwd: the folder everything runs in, and no target may leave.
        env: variables every command gets, such as `HOME`; nothing is inherited. They are not shown.
        max_timeout_ms: milliseconds a test run may ask for, and gets when it asks for none.
        max_files: files `find_tests` lists.
        max_cases: cases `run_junit` lists.
        secrets: where the secrets that commands are given are looked up.
    """

    commands: Mapping[str, Command] = attrs.field(
        factory=dict, converter=_private, validator=[of_type(dict), _are_commands]
    )
    runners: Mapping[str, tuple[str, ...]] = attrs.field(
        factory=lambda: {_DEFAULT_RUNNER: (sys.executable, "-m", "pytest")},
        converter=_private,
        validator=[of_type(dict), _are_runners],
    )
    cwd: Path = attrs.field(factory=Path.cwd, converter=_as_folder)
    env: JsonObject = attrs.field(default=EMPTY_OBJECT, converter=as_env, repr=False)
    max_timeout_ms: int = attrs.field(default=3_600_000, validator=in_range(1, MAX_TIMEOUT_MS))
    max_files: int = attrs.field(default=MAX_FILES, validator=in_range(1, MAX_FILES))
    max_cases: int = attrs.field(default=MAX_CASES, validator=in_range(1, MAX_CASES))
    secrets: Secrets = attrs.field(factory=Secrets, repr=False)

    def describe(self) -> Mapping[str, Any]:
        """
        List the actions, and the names of the secrets that commands are given.

        Of each action: mode, JSON Schema of the params, whether doing it twice is doing it once, and what a dry run gives.
        """
        return {
            "actions": {
                name: {
                    "mode": action.mode.value,
                    "params": action.schema,
                    "idempotent": action.idempotent,
                    "dry_run": action.dry_run,
                    "reconcile": False,
                }
                for name, action in sorted(self._actions().items())
            },
            "secrets": sorted({ref for command in self.commands.values() for ref in command.env_refs.values()}),
        }

    def call(self, request: Request) -> EffectOutcome:
        """
        Perform one action and say how it ended.
        """
        ask = request.ask
        action = self._actions().get(ask.action) if isinstance(ask, EffectAsk) else None
        if not isinstance(ask, EffectAsk) or action is None:  # (1)
            return failed("unknown_action")
        if not action.is_enabled:
            return failed("disabled")
        if ask.mode is EffectMode.READ and action.mode is EffectMode.MUTATE:
            return failed("mode_mismatch")
        if not fits(ask.params, action.schema):
            return failed("invalid_params")
        return action.perform(ask.params)

    def _actions(self) -> dict[str, _Action]:
        actions = {
            name: _Action(
                mode=command.mode,
                schema=command.schema,
                perform=partial(self._run_command, command),
                dry_run=command.shape,
                idempotent=command.idempotent or command.mode is EffectMode.READ,
                is_enabled=command.enabled,
            )
            for name, command in self.commands.items()
        }
        if self.runners:
            runner = {"type": "string", "enum": sorted(self.runners)}
            timeout = {"type": "integer", "minimum": 1, "maximum": self.max_timeout_ms}
            find = {"target": text_rule(least=1), "runner": runner}
            required = ["target"] if _DEFAULT_RUNNER in self.runners else ["target", "runner"]
            for name, properties, perform, shape in (
                (_FIND_TESTS, find, self._find_tests, _NO_FILES),
                (_RUN_JUNIT, {**find, "timeout_ms": timeout}, self._run_tests, _NO_CASES),
            ):
                actions[name] = _Action(
                    mode=EffectMode.READ,
                    schema=params_schema(properties, required=required),
                    perform=partial(self._at_target, perform),
                    dry_run=shape,
                )
        return actions

    def _run_command(self, command: Command, params: JsonObject) -> EffectOutcome:
        argv = command.fill(params)
        if argv is None:
            return failed("invalid_params")
        try:
            secrets = {name: self.secrets.resolve(ref) for name, ref in command.env_refs.items()}
        except SecretUnavailableError:
            return failed("auth_failed", reason="secret_unavailable")
        result = run_process(
            argv,
            cwd=self.cwd,
            env={**self.env, **command.env, **secrets},
            timeout_ms=command.timeout_ms,
            output_limit_bytes=command.output_limit_bytes,
        )
        fault = result.fault(0)
        if fault is None:
            told = tell(result, prints_json=command.prints_json, spellings=spell(secrets.values()))
            if told is not None:
                return told
            fault = "output_is_no_json"
        may_have_acted = command.mode is EffectMode.MUTATE and result.ending.has_started
        return unknown(fault) if may_have_acted else failed(fault)  # (2)

    def _find_tests(self, target: PurePosixPath, _: JsonObject) -> EffectOutcome:
        found = find_test_files(self.cwd, target, max_files=self.max_files)
        return succeeded({"files": list(found.files), "count": found.count, "truncated": found.is_truncated})

    def _run_tests(self, target: PurePosixPath, params: JsonObject) -> EffectOutcome:
        runner = self.runners[params.get("runner", _DEFAULT_RUNNER)]
        return run_suite(
            # With `./` in front a name can be neither an option nor, as `@name` would be, a file of options.
            (*runner, f"./{target}"),
            cwd=self.cwd,
            env=self.env,
            timeout_ms=params.get("timeout_ms", self.max_timeout_ms),
            max_cases=self.max_cases,
        )

    def _at_target(
        self, perform: Callable[[PurePosixPath, JsonObject], EffectOutcome], params: JsonObject
    ) -> EffectOutcome:
        if params["target"].startswith("-"):
            return failed("invalid_params")
        target = locate(self.cwd, params["target"])
        return failed(target.value) if isinstance(target, Misplaced) else perform(target, params)
