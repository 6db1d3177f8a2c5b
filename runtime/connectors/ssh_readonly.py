"""The connector `ssh_readonly`: performs effects that only read, by running declared commands on one host over SSH.

Rules, referred to by number below:

1. The system's `ssh` is told everything and asks nobody: no file of settings, no agent, no password, no forwarding, one key,
   and host keys from one file, which is never written. A host whose key is not in it is refused.
2. What reaches the other side is one line for its shell, each argument quoted: what is in a param is data. That holds for
   shells that quote as POSIX says; a user with another one, such as fish, is not for this.
3. `ssh` ends with 255 for faults of its own, and so may the command. Its log says how the command ended, so the two are told
   apart; a version that does not say it (before 8.5) makes every 255 a fault of its own.
4. At the timeout `ssh` is killed, with its group. What it began over there may run on, as it only reads.

Read `ssh_settings.py` for what can be declared, and `process.py` for how a program is run.
"""

import os
import re
import shlex
import tempfile
from collections.abc import Mapping
from contextlib import suppress
from functools import cached_property
from pathlib import Path
from typing import Any, Final, final

import attrs

from runtime.connectors.asking import Declared, refuse
from runtime.connectors.outcomes import failed
from runtime.connectors.process import Ending, ProcessResult, run_process
from runtime.connectors.secrets import Secrets
from runtime.connectors.ssh_settings import SshCommand, SshSettings, is_plain_path
from runtime.connectors.telling import tell
from runtime.encoding.converter import structure
from runtime.errors import ConnectorSettingsError, SecretUnavailableError
from runtime.values.answers import EffectOutcome
from runtime.values.checks import of_type
from runtime.values.requests import EffectAsk, EffectMode, Request

__all__ = ["SshReadonly", "build"]

_OWN_FAULT: Final = 255
_MAX_LOG_BYTES: Final = 262_144
_OPTIONS: Final = {
    "BatchMode": "yes",
    "CanonicalizeHostname": "no",
    "CheckHostIP": "no",
    "ClearAllForwardings": "yes",
    "ControlMaster": "no",
    "ControlPath": "none",
    "EscapeChar": "none",
    "ForwardAgent": "no",
    "ForwardX11": "no",
    "GlobalKnownHostsFile": "/dev/null",
    "IdentitiesOnly": "yes",
    "IdentityAgent": "none",
    "KbdInteractiveAuthentication": "no",
    "LogLevel": "ERROR",
    "PasswordAuthentication": "no",
    "PermitLocalCommand": "no",
    "PreferredAuthentications": "publickey",
    "ProxyCommand": "none",
    "RequestTTY": "no",
    "StrictHostKeyChecking": "yes",
    "UpdateHostKeys": "no",
}
"""What `ssh` is told (1)."""
_LOG_OPTIONS: Final = {"IgnoreUnknown": "LogVerbose", "LogVerbose": "clientloop.c:*,sshconnect2.c:*"}
"""What makes it say how a command ended (3), and not print the greeting of the host, which would stand in the output."""

_match_exit = re.compile(r".*client_loop\(\).*: Exit status (-?\d+)").fullmatch
_has_refused = re.compile(r"Permission denied|Host key verification failed|Too many authentication failures").search
_has_entered = re.compile(r"ssh_userauth2\(\).*: Authenticated to ").search


def build(settings: Any) -> "SshReadonly":  # noqa: ANN401 - a settings document enters here.
    """
    Make the connector of a settings document.

    Raises:
        ConnectorSettingsError: with every fault and its path.
    """
    return SshReadonly(
        settings=structure(settings, SshSettings, what="settings of ssh_readonly", error=ConnectorSettingsError)
    )


@final
@attrs.frozen(kw_only=True, eq=False, slots=False)
class SshReadonly:
    """
    Runs declared commands on a host.

    Args:
        settings: where, as whom, and what.
        secrets: where the path of the identity is looked up, if it is a secret.
    """

    settings: SshSettings = attrs.field(validator=of_type(SshSettings))
    secrets: Secrets = attrs.field(factory=Secrets, repr=False)

    @cached_property
    def _declared(self) -> dict[str, Declared]:
        return {
            name: Declared(
                mode=EffectMode.READ,
                schema=command.command.schema,
                is_enabled=self.settings.enabled and command.enabled,
            )
            for name, command in self.settings.commands.items()
        }

    def describe(self) -> Mapping[str, Any]:
        """
        List the actions, all of which read, and the names of the secrets that a call looks up.
        """
        ref = self.settings.identity_file_ref
        return {
            "actions": {name: command.describe() for name, command in sorted(self.settings.commands.items())},
            "secrets": [] if ref is None else [ref],
        }

    def call(self, request: Request) -> EffectOutcome:
        """
        Run one command and say how it ended.
        """
        refusal = refuse(request, self._declared)
        if refusal is not None:
            return refusal
        assert isinstance(request.ask, EffectAsk)  # noqa: S101 - narrows the type; `refuse` looked.
        command = self.settings.commands[request.ask.action]
        argv = command.command.fill(request.ask.params)
        if argv is None:
            return failed("validation_failed", reason="param_would_be_an_option")
        try:
            identity = self._find_identity()
        except SecretUnavailableError:
            return failed("auth_failed", reason="secret_unavailable")
        try:
            private = tempfile.TemporaryDirectory(prefix="mission-ssh-", ignore_cleanup_errors=True)
        except OSError:
            return failed("transient", reason="no_room_for_a_log")
        with private as folder:
            log = Path(folder, "log")
            result = run_process(
                self._write_line(argv, identity, log, command.timeout_ms),
                cwd=Path(folder),
                env={},
                timeout_ms=command.timeout_ms,
                output_limit_bytes=command.output_limit_bytes,
            )
            said = _read_log(log)
        return _judge(command, result, said)

    def _find_identity(self) -> str:
        """
        Give the path of the key.

        Raises:
            SecretUnavailableError: the path is a secret that is not there, or is no path that `ssh` takes as it stands.
        """
        ref = self.settings.identity_file_ref
        path = self.settings.identity_file if ref is None else self.secrets.resolve(ref)
        if path is None or not is_plain_path(path):
            raise SecretUnavailableError(
                f"secret {ref} is no path of an identity", remedy="expected an absolute path, without `%` and quotes"
            )
        return path

    def _write_line(self, argv: tuple[str, ...], identity: str, log: Path, timeout_ms: int) -> tuple[str, ...]:
        settings = self.settings
        options = {
            **_OPTIONS,
            **_LOG_OPTIONS,
            "ConnectTimeout": str(max(1, timeout_ms // 1000)),
            "UserKnownHostsFile": f'"{settings.known_hosts_file}"',
        }
        told = [word for name, text in options.items() for word in ("-o", f"{name}={text}")]
        place = ("-p", str(settings.port), "-l", settings.user, "-i", identity)
        return (
            "ssh",
            "-F",
            "none",
            "-n",
            "-T",
            "-E",
            str(log),
            *told,
            *place,
            "--",
            settings.host,
            shlex.join(argv),
        )  # (2)


def _read_log(path: Path) -> str:
    """
    Read the end of the log, which says how the command ended.
    """
    with suppress(OSError), path.open("rb") as file:
        size = os.fstat(file.fileno()).st_size
        file.seek(max(0, size - _MAX_LOG_BYTES))
        return file.read(_MAX_LOG_BYTES).decode(errors="replace")
    return ""


def _judge(command: SshCommand, result: ProcessResult, log: str) -> EffectOutcome:
    if result.ending is Ending.TIMED_OUT:  # (4)
        return failed("timeout", reason="command_timeout" if _has_entered(log) else "no_connection")
    if result.ending is not Ending.EXITED:
        return failed("unsupported" if result.ending is Ending.NOT_FOUND else "transient", reason=result.ending.value)
    # Its last line alone is believed: those before show the command, which may hold anything.
    status = _match_exit(log.rstrip().rpartition("\n")[2])
    if result.exit_code == _OWN_FAULT and (status is None or status[1] != str(_OWN_FAULT)):  # (3)
        return _own_fault(log)
    if result.exit_code != 0:
        return failed("command_failed", exit_code=result.exit_code)
    return tell(result, prints_json=command.prints_json) or failed("validation_failed", reason="output_is_no_json")


def _own_fault(log: str) -> EffectOutcome:
    if _has_entered(log):
        ended = "command_signalled" if "rtype exit-signal" in log else "connection_lost"
        return failed("command_failed" if ended == "command_signalled" else "transient", reason=ended)
    if _has_refused(log):
        key = "host_key_refused" if "Host key verification failed" in log else "key_refused"
        return failed("auth_failed", reason=key)
    return failed("transient", reason="no_connection")
