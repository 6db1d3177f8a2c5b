"""Settings of the connector `ssh_readonly`: one host, as one user, and the commands that may be run there.

Values only. Rules, referred to by number below:

1. Host, user and files are texts that `ssh` can take for nothing else: no option, no pattern, no `%` token, no variable.
2. A command is a list of arguments. Some are places for typed params; the program is none, and a param that would be an
   option is taken only behind a literal `--` (`command.py`).

Read `ssh_readonly.py` next.
"""

import re
from typing import Any, Final, final

import attrs

from runtime.connectors.command import MAX_OUTPUT_BYTES, MAX_TIMEOUT_MS, Command, in_range, is_not_empty
from runtime.connectors.params import Param
from runtime.connectors.secrets import is_secret_ref
from runtime.connectors.templates import list_places
from runtime.encoding.frozen import FrozenValue, JsonObject, freeze, thaw
from runtime.errors import DefinitionError, shown
from runtime.values.checks import is_small_json, of_type
from runtime.values.requests import EffectMode

__all__ = ["SshCommand", "SshSettings", "is_plain_path"]

_MAX_PORT: Final = 65_535
_is_host = re.compile(r"[A-Za-z0-9](?:[A-Za-z0-9.\-]{0,251}[A-Za-z0-9])?|[0-9A-Fa-f:]{2,45}").fullmatch
_is_user = re.compile(r"[A-Za-z_][A-Za-z0-9_.\-]{0,31}").fullmatch
is_plain_path = re.compile(r"/[A-Za-z0-9 /._+=@,:\-]{1,1024}").fullmatch
"""Match a path that `ssh` takes as it stands (1)."""


def _is_file(_: object, field: "attrs.Attribute[Any]", value: object) -> None:
    if type(value) is not str or not is_plain_path(value):
        raise DefinitionError(
            f"{field.name} is {shown(value)}",
            where=field.name,
            remedy="expected an absolute path of letters, digits, blanks and /._+=@,:-",
        )


def _matches(rule: Any, expected: str) -> Any:  # noqa: ANN401 - a validator.
    def check(_: object, field: "attrs.Attribute[Any]", value: object) -> None:
        if type(value) is not str or not rule(value):
            raise DefinitionError(f"{field.name} is {shown(value)}", where=field.name, remedy=f"expected {expected}")

    return check


@final
@attrs.frozen(kw_only=True)
class SshCommand:
    """
    One command: its arguments, the params that fill its places, and its bounds.
    """

    argv: tuple[str, ...]
    params: dict[str, Param] = attrs.field(factory=dict)
    timeout_ms: int = attrs.field(default=30_000, validator=in_range(1, MAX_TIMEOUT_MS))
    output_limit_bytes: int = attrs.field(default=MAX_OUTPUT_BYTES, validator=in_range(0, MAX_OUTPUT_BYTES))
    prints_json: bool = attrs.field(default=False, validator=of_type(bool))
    enabled: bool = attrs.field(default=True, validator=of_type(bool))
    dry_run: FrozenValue = attrs.field(default=None, converter=freeze, validator=is_small_json)

    def __attrs_post_init__(self) -> None:
        """
        Hold arguments and params together (2).
        """
        _ = self.command
        places = list_places([*self.argv])
        if {*places} != {*self.params}:
            raise DefinitionError(
                f"params and places differ: {shown(sorted({*places} ^ {*self.params}))}",
                where="params",
                remedy="declare each place as a param and give each param a place",
            )
        odd = sorted(name for name, param in self.params.items() if not (param.required and param.is_scalar))
        if odd:
            raise DefinitionError(
                f"params {shown(odd)}", where="params", remedy="an argument is always there, and is no JSON"
            )

    @property
    def command(self) -> Command:
        """
        The arguments, as a command that only reads.
        """
        return Command(
            argv=self.argv,
            mode=EffectMode.READ,
            timeout_ms=self.timeout_ms,
            output_limit_bytes=self.output_limit_bytes,
            prints_json=self.prints_json,
            rules=JsonObject({name: param.schema() for name, param in self.params.items()}),
            dry_run=thaw(self.dry_run),
        )

    def describe(self) -> dict[str, Any]:
        """
        Say what it does, as `describe()` of the connector shows it.
        """
        return {
            "mode": EffectMode.READ.value,
            "params": self.command.schema,
            "idempotent": True,
            "dry_run": self.command.shape,
            "reconcile": False,
        }


@final
@attrs.frozen(kw_only=True)
class SshSettings:
    """
    The settings document of `ssh_readonly`.
    """

    host: str = attrs.field(validator=_matches(_is_host, "a host name or an address"))
    port: int = attrs.field(default=22, validator=in_range(1, _MAX_PORT))
    user: str = attrs.field(validator=_matches(_is_user, "a user name"))
    known_hosts_file: str = attrs.field(validator=_is_file)
    identity_file: str | None = attrs.field(default=None, validator=attrs.validators.optional(_is_file))
    identity_file_ref: str | None = attrs.field(default=None, validator=attrs.validators.optional(is_secret_ref))
    commands: dict[str, SshCommand] = attrs.field(validator=is_not_empty)
    enabled: bool = attrs.field(default=True, validator=of_type(bool))

    def __attrs_post_init__(self) -> None:
        """
        Demand one identity.
        """
        if (self.identity_file is None) == (self.identity_file_ref is None):
            raise DefinitionError(
                "no one identity", where="identity_file", remedy="give identity_file or identity_file_ref"
            )
