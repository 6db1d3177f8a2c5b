"""The settings document of `local_command`, and how its connector is made from it.

Rules, referred to by number below:

1. Every command says whether it reads or mutates; there is no default.
2. A shell is no command: what it is given would be a program, and a param in it code.
3. Variables under `env` are written out, so one that looks like a secret is refused; `env_refs` names secrets.
4. The test runner of the connector is there only when `runners` names one.

Values only; `local_command.py` runs them.
"""

from pathlib import Path, PurePosixPath
from typing import Any, Final, final

import attrs

from runtime.connectors.command import MAX_OUTPUT_BYTES, MAX_TIMEOUT_MS, Command, in_range
from runtime.connectors.discovery import MAX_FILES
from runtime.connectors.local_command import LocalCommand
from runtime.connectors.params import Param
from runtime.connectors.suite import MAX_CASES
from runtime.connectors.templates import list_places
from runtime.encoding.converter import structure
from runtime.encoding.frozen import FrozenValue, JsonObject, freeze, thaw
from runtime.encoding.redaction import find_secrets
from runtime.errors import ConnectorSettingsError, DefinitionError, shown
from runtime.values.checks import is_small_json, of_type
from runtime.values.requests import EffectMode

__all__ = ["CommandSettings", "LocalSettings", "build"]

_SHELLS: Final = frozenset({"ash", "bash", "busybox", "csh", "dash", "fish", "ksh", "mksh", "sh", "tcsh", "zsh"})


def _is_no_shell(_: object, field: "attrs.Attribute[Any]", value: tuple[str, ...]) -> None:
    if value and PurePosixPath(value[0]).name in _SHELLS:  # (2)
        raise DefinitionError(
            f"{field.name} starts the shell {shown(value[0])}",
            where=field.name,
            remedy="name the program itself; put what needs a shell into a file, and name that",
        )


def _are_plain(_: object, field: "attrs.Attribute[Any]", value: dict[str, str]) -> None:
    found = sorted({one.path.removeprefix("/") for one in find_secrets(value)})
    if found:  # (3)
        raise DefinitionError(
            f"variables that look like secrets: {shown(found)}",
            where=field.name,
            remedy="name the secret under env_refs instead",
        )


@final
@attrs.frozen(kw_only=True)
class CommandSettings:
    """
    One command, as settings write it.
    """

    argv: tuple[str, ...] = attrs.field(validator=_is_no_shell)
    mode: EffectMode = attrs.field(validator=of_type(EffectMode))  # (1)
    params: dict[str, Param] | None = None
    timeout_ms: int = attrs.field(default=60_000, validator=in_range(1, MAX_TIMEOUT_MS))
    env: dict[str, str] = attrs.field(factory=dict, validator=_are_plain, repr=False)
    env_refs: dict[str, str] = attrs.field(factory=dict)
    output_limit_bytes: int = attrs.field(default=MAX_OUTPUT_BYTES, validator=in_range(0, MAX_OUTPUT_BYTES))
    idempotent: bool = attrs.field(default=False, validator=of_type(bool))
    prints_json: bool = attrs.field(default=False, validator=of_type(bool))
    enabled: bool = attrs.field(default=True, validator=of_type(bool))
    dry_run: FrozenValue = attrs.field(default=None, converter=freeze, validator=is_small_json)

    def __attrs_post_init__(self) -> None:
        """
        Find the faults of the command now, and hold its places and params together.
        """
        _ = self.command
        params = self.params
        if params is None:
            return
        places = list_places([*self.argv])
        if {*places} != {*params}:
            raise DefinitionError(
                f"params and places differ: {shown(sorted({*places} ^ {*params}))}",
                where="params",
                remedy="declare each place as a param and give each param a place, or declare none",
            )
        odd = sorted(name for name, param in params.items() if not (param.required and param.is_scalar))
        if odd:
            raise DefinitionError(
                f"params {shown(odd)}", where="params", remedy="an argument is always there, and is no JSON"
            )

    @property
    def command(self) -> Command:
        """
        The command.
        """
        return Command(
            argv=self.argv,
            mode=self.mode,
            timeout_ms=self.timeout_ms,
            env=JsonObject(self.env),
            env_refs=JsonObject(self.env_refs),
            output_limit_bytes=self.output_limit_bytes,
            idempotent=self.idempotent,
            prints_json=self.prints_json,
            rules=JsonObject({name: param.schema() for name, param in (self.params or {}).items()}),
            enabled=self.enabled,
            dry_run=thaw(self.dry_run),
        )


@final
@attrs.frozen(kw_only=True)
class LocalSettings:
    """
    The settings document of `local_command`; the fields are those of `LocalCommand`.
    """

    commands: dict[str, CommandSettings] = attrs.field(factory=dict)
    runners: dict[str, tuple[str, ...]] = attrs.field(factory=dict)  # (4)
    cwd: str = "/"
    env: dict[str, str] = attrs.field(factory=dict, validator=_are_plain, repr=False)
    max_timeout_ms: int = attrs.field(default=3_600_000, validator=in_range(1, MAX_TIMEOUT_MS))
    max_files: int = attrs.field(default=MAX_FILES, validator=in_range(1, MAX_FILES))
    max_cases: int = attrs.field(default=MAX_CASES, validator=in_range(1, MAX_CASES))

    def __attrs_post_init__(self) -> None:
        """
        Demand an absolute folder, and something to run.
        """
        if not self.cwd.startswith("/"):
            raise DefinitionError(f"cwd is {shown(self.cwd)}", where="cwd", remedy="expected an absolute path")
        if not self.commands and not self.runners:
            raise DefinitionError("nothing to run", where="commands", remedy="declare a command or a runner")


def build(settings: Any) -> LocalCommand:  # noqa: ANN401 - a settings document enters here.
    """
    Make the connector of a settings document.

    Raises:
        ConnectorSettingsError: with every fault and its path.
    """
    read = structure(settings, LocalSettings, what="settings of local_command", error=ConnectorSettingsError)
    try:
        return LocalCommand(
            commands={name: command.command for name, command in read.commands.items()},
            runners=read.runners,
            cwd=Path(read.cwd),
            env=JsonObject(read.env),
            max_timeout_ms=read.max_timeout_ms,
            max_files=read.max_files,
            max_cases=read.max_cases,
        )
    except DefinitionError as error:
        raise ConnectorSettingsError(error.what, where=error.where, remedy=error.remedy) from error
