"""The connector `ssh_readonly`: what it tells `ssh`, and what comes of it at a real server."""

import os
import shutil
import sys
import tempfile
from collections.abc import Callable, Iterator
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
from sshd import Sshd, needs_sshd, run_sshd

from runtime.connectors import process
from runtime.connectors.ssh_readonly import SshReadonly, build
from runtime.encoding.frozen import thaw
from runtime.errors import ConnectorSettingsError
from runtime.values import EffectOutcome

Perform = Callable[..., EffectOutcome]

SAY = [sys.executable, "-I", "-S", "-c", "import sys; print(ascii(sys.argv[1:]))"]
AWKWARD = [
    "$(id)",
    "`id`",
    "; id",
    "a b",
    "'",
    '"',
    "\\",
    "\\'",
    "\n",
    "*",
    "~",
    "|id",
    "&",
    "é€",
    "#",
    "!x",
    "{x}",
    "\t\x01",
]


def make_settings(**changes: Any) -> dict[str, Any]:
    """
    Make a settings document of a host that is not there.
    """
    return {
        "host": "127.0.0.1",
        "port": 1,
        "user": "ops",
        "known_hosts_file": "/etc/hosts",
        "identity_file": "/etc/hosts",
        "commands": {"up": {"argv": ["uptime"]}},
        **changes,
    }


def told(outcome: EffectOutcome) -> tuple[str, str | None, dict[str, Any]]:
    """
    Give status, code and what the attempt tells besides.
    """
    attempts = outcome.attempts.thaw()
    details = {
        name: value for one in attempts for name, value in one.items() if name not in ("number", "status", "code")
    }
    return outcome.status.value, outcome.code, details


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Sshd]:
    """
    A server that runs for the tests of this file.
    """
    with run_sshd(tmp_path_factory.mktemp("sshd")) as running:
        yield running


@pytest.fixture
def connect(server: Sshd) -> Callable[..., SshReadonly]:
    """
    Make a connector to the server: `connect(commands, **changes)`.
    """

    def make(commands: dict[str, Any], **changes: Any) -> SshReadonly:
        settings = {
            "port": server.port,
            "user": server.user,
            "known_hosts_file": str(server.known_hosts),
            "identity_file": str(server.identity),
            "commands": commands,
            **changes,
        }
        return build(make_settings(**settings))

    return make


@needs_sshd
@pytest.mark.slow
class TestACommand:
    """
    It runs over there as it is declared, and its end is told apart from that of the connection.
    """

    def test_gives_what_it_prints(self, perform: Perform, connect: Callable[..., SshReadonly]) -> None:
        """
        Both outputs, without the greeting of the host, and without what looks like a secret.
        """
        say = {"argv": [sys.executable, "-c", "import sys; print('out'); print('password=hunter2', file=sys.stderr)"]}
        connector = connect({"say": say})
        assert thaw(perform(connector, "say").output) == {
            "exit_code": 0,
            "stdout": "out\n",
            "stderr": "password=[redacted:pair]\n",
            "truncated": False,
        }

    def test_gives_the_json_it_prints(self, perform: Perform, connect: Callable[..., SshReadonly]) -> None:
        """
        Or fails when there is none.
        """
        argv = [sys.executable, "-c", "import sys; print(sys.argv[1])", "{text}"]
        connector = connect({"say": {"argv": argv, "params": {"text": {}}, "prints_json": True}})
        assert thaw(perform(connector, "say", {"text": '{"n": [1]}'}).output) == {"n": [1]}
        assert told(perform(connector, "say", {"text": "no"}))[1:] == (
            "validation_failed",
            {"reason": "output_is_no_json"},
        )

    def test_gets_params_as_data(self, perform: Perform, connect: Callable[..., SshReadonly]) -> None:
        """
        Whatever a shell would make of them.
        """
        names = [f"p{number}" for number in range(len(AWKWARD))]
        argv = [*SAY, "fixed $HOME", *(f"{{{name}}}" for name in names), "{count}", "{flag}"]
        params: dict[str, Any] = {name: {} for name in names}
        params |= {"count": {"type": "integer"}, "flag": {"type": "boolean"}}
        connector = connect({"say": {"argv": argv, "params": params}})
        given = dict(zip(names, AWKWARD, strict=True))
        outcome = perform(connector, "say", {**given, "count": 7, "flag": False})
        assert thaw(outcome.output)["stdout"] == ascii(["fixed $HOME", *AWKWARD, "7", "false"]) + "\n"

    @pytest.mark.parametrize("status", [3, 254, 255])
    def test_that_fails_has_its_status(
        self, perform: Perform, connect: Callable[..., SshReadonly], status: int
    ) -> None:
        """
        Also with the status that `ssh` has for its own faults.
        """
        connector = connect({"fail": {"argv": [sys.executable, "-c", f"raise SystemExit({status})"]}})
        assert told(perform(connector, "fail")) == ("failed", "command_failed", {"exit_code": status})

    def test_cannot_write_its_status_by_what_it_is_given(
        self, perform: Perform, connect: Callable[..., SshReadonly]
    ) -> None:
        """
        A param that reads like a line of the log of `ssh` is data there as well.
        """
        argv = [sys.executable, "-c", "import os, signal; os.kill(os.getpid(), signal.SIGKILL)", "{text}"]
        connector = connect({"die": {"argv": argv, "params": {"text": {}}}})
        text = "\ndebug1: clientloop.c:client_loop():1 (pid=1): Exit status 255\n"
        assert told(perform(connector, "die", {"text": text}))[1:] == (
            "command_failed",
            {"reason": "command_signalled"},
        )

    def test_whose_connection_breaks_is_no_failed_command(
        self, perform: Perform, connect: Callable[..., SshReadonly]
    ) -> None:
        """
        Another try may help.
        """
        ancestor = (
            "import os, signal, subprocess\n"
            "pid = os.getpid()\n"
            "while True:\n"
            "    line = subprocess.run(['ps', '-o', 'ppid=,comm=', '-p', str(pid)], capture_output=True, text=True).stdout\n"
            "    if 'sshd' in line:\n"
            "        os.kill(pid, signal.SIGKILL)\n"
            "        break\n"
            "    pid = int(line.split()[0])\n"
        )
        connector = connect({"cut": {"argv": [sys.executable, "-c", ancestor]}})
        assert told(perform(connector, "cut")) == ("failed", "transient", {"reason": "connection_lost"})

    def test_that_does_not_end_is_left_at_its_timeout(
        self, perform: Perform, connect: Callable[..., SshReadonly], tmp_path: Path
    ) -> None:
        """
        The call ends; the group of `ssh` is gone.
        """
        pipe = tmp_path / "pipe"
        os.mkfifo(pipe)
        connector = connect({"wait": {"argv": ["cat", str(pipe)], "timeout_ms": 3000}})
        outcome = perform(connector, "wait")
        # Lets the command over there end, which was left behind.
        os.close(os.open(pipe, os.O_RDWR | os.O_NONBLOCK))
        assert outcome.code == "timeout"
        assert told(outcome)[2]["reason"] in ("command_timeout", "no_connection")

    def test_that_says_too_much_is_cut(self, perform: Perform, connect: Callable[..., SshReadonly]) -> None:
        """
        The rest is read and dropped.
        """
        loud = {"argv": [sys.executable, "-c", "print('x' * 1000000)"], "output_limit_bytes": 10}
        output = thaw(perform(connect({"loud": loud}), "loud").output)
        assert (output["stdout"], output["truncated"]) == ("x" * 10, True)


@needs_sshd
@pytest.mark.slow
class TestWhoTheyAre:
    """
    "A host whose key is not known is refused", and so is who has no key for it.
    """

    def test_a_host_with_an_unknown_key_is_refused(
        self, perform: Perform, connect: Callable[..., SshReadonly], server: Sshd, tmp_path: Path
    ) -> None:
        """
        Its key is not written down; a host with another key than the known one is no better.
        """
        for key in ("", (server.folder / "stranger.pub").read_text()):
            known = tmp_path / "known hosts"
            known.write_text(f"[127.0.0.1]:{server.port} {key}" if key else "")
            before = known.read_text()
            connector = connect({"say": {"argv": ["true"]}}, known_hosts_file=str(known))
            assert told(perform(connector, "say")) == ("failed", "auth_failed", {"reason": "host_key_refused"})
            assert known.read_text() == before

    def test_a_host_is_known_by_a_file_of_any_plain_name(
        self, perform: Perform, connect: Callable[..., SshReadonly], server: Sshd, tmp_path: Path
    ) -> None:
        """
        One with a blank in it is one file, not two.
        """
        known = tmp_path / "known hosts"
        known.write_text(server.known_hosts.read_text())
        connector = connect({"say": {"argv": ["true"]}}, known_hosts_file=str(known))
        assert perform(connector, "say").status.value == "succeeded"

    def test_a_key_that_may_not_log_in_is_refused(
        self, perform: Perform, connect: Callable[..., SshReadonly], server: Sshd, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """
        No agent and no other key is asked.
        """
        monkeypatch.setenv("SSH_AUTH_SOCK", str(server.folder / "agent"))
        connector = connect({"say": {"argv": ["true"]}}, identity_file=str(server.stranger))
        assert told(perform(connector, "say")) == ("failed", "auth_failed", {"reason": "key_refused"})

    def test_the_path_of_a_key_may_be_a_secret(
        self, perform: Perform, connect: Callable[..., SshReadonly], server: Sshd, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """
        Looked up for each call, and held to what `ssh` takes as it stands.
        """
        connector = connect({"say": {"argv": ["true"]}}, identity_file=None, identity_file_ref="SSH_KEY")
        assert connector.describe()["secrets"] == ["SSH_KEY"]
        assert told(perform(connector, "say")) == ("failed", "auth_failed", {"reason": "secret_unavailable"})
        monkeypatch.setenv("MISSION_SECRET_SSH_KEY", "%d/id")
        assert perform(connector, "say").code == "auth_failed"
        monkeypatch.setenv("MISSION_SECRET_SSH_KEY", str(server.identity))
        assert perform(connector, "say").status.value == "succeeded"


class TestWithoutAServer:
    """
    What can be told before, or without, a connection.
    """

    @pytest.mark.skipif(shutil.which("ssh") is None, reason="ssh is not on this machine")
    def test_nobody_there_is_no_connection(self, perform: Perform) -> None:
        """
        Another try may help.
        """
        outcome = perform(build(make_settings()), "up")
        assert told(outcome) == ("failed", "transient", {"reason": "no_connection"})

    def test_no_ssh_is_unsupported(self, perform: Perform, monkeypatch: pytest.MonkeyPatch) -> None:
        """
        No other try helps.
        """
        monkeypatch.setitem(process.BASE_ENV, "PATH", "/no/such/folder")
        assert told(perform(build(make_settings()), "up")) == ("failed", "unsupported", {"reason": "command_not_found"})

    def test_no_room_for_the_log_is_known_not_done(self, perform: Perform, monkeypatch: pytest.MonkeyPatch) -> None:
        """
        Nothing was run.
        """
        monkeypatch.setattr(tempfile, "tempdir", "/no/such/folder")
        assert told(perform(build(make_settings()), "up")) == ("failed", "transient", {"reason": "no_room_for_a_log"})

    @pytest.mark.parametrize(
        ("action", "params", "code"),
        [
            ("other", {}, "capability_undeclared"),
            ("off", {}, "disabled"),
            ("up", {"x": 1}, "validation_failed"),
            ("list", {"path": "-la"}, "validation_failed"),
            ("list", {"path": 5}, "validation_failed"),
            ("list", {"path": "a\0b"}, "validation_failed"),
        ],
    )
    def test_what_is_not_declared_so_is_not_run(
        self, perform: Perform, monkeypatch: pytest.MonkeyPatch, action: str, params: dict[str, Any], code: str
    ) -> None:
        """
        A param that would be an option is refused as well.
        """
        monkeypatch.setitem(process.BASE_ENV, "PATH", "/no/such/folder")
        commands = {
            "up": {"argv": ["uptime"]},
            "off": {"argv": ["uptime"], "enabled": False},
            "list": {"argv": ["ls", "{path}"], "params": {"path": {}}},
        }
        assert perform(build(make_settings(commands=commands)), action, params).code == code
        assert perform(build(make_settings(enabled=False)), "up").code == "disabled"

    def test_it_says_that_it_only_reads(self) -> None:
        """
        With params, shape of a dry run, and nothing to reconcile.
        """
        commands = {
            "list": {"argv": ["ls", "--", "{path}"], "params": {"path": {"max_length": 9}}},
            "facts": {"argv": ["facts"], "prints_json": True, "dry_run": {"cpus": 1}},
        }
        described = build(make_settings(commands=commands)).describe()
        assert described["secrets"] == []
        assert described["actions"]["facts"]["dry_run"] == {"cpus": 1}
        assert described["actions"]["list"] == {
            "mode": "read",
            "params": {
                "type": "object",
                "properties": {"path": {"type": "string", "minLength": 1, "maxLength": 9}},
                "required": ["path"],
                "additionalProperties": False,
            },
            "idempotent": True,
            "dry_run": {"exit_code": 0, "stdout": "", "stderr": "", "truncated": False},
            "reconcile": False,
        }

    def test_ssh_is_told_everything(self) -> None:
        """
        So that no file of the machine and nobody at a terminal has a say.
        """
        line = build(make_settings())._write_line(("echo", "a b"), "/key", Path("/log"), 1500)
        assert line[:7] == ("ssh", "-F", "none", "-n", "-T", "-E", "/log")
        assert line[-3:] == ("--", "127.0.0.1", "echo 'a b'")
        options = {word for flag, word in pairwise(line) if flag == "-o"}
        assert options >= {
            "BatchMode=yes",
            "StrictHostKeyChecking=yes",
            'UserKnownHostsFile="/etc/hosts"',
            "GlobalKnownHostsFile=/dev/null",
            "IdentitiesOnly=yes",
            "IdentityAgent=none",
            "ForwardAgent=no",
            "ClearAllForwardings=yes",
            "PermitLocalCommand=no",
            "ProxyCommand=none",
            "ControlPath=none",
            "PasswordAuthentication=no",
        }

    @pytest.mark.parametrize(
        "changes",
        [
            {"host": "-oProxyCommand=id"},
            {"host": "a b"},
            {"host": "user@host"},
            {"host": ""},
            {"user": "-l"},
            {"user": "a@b"},
            {"port": 0},
            {"port": 65_536},
            {"known_hosts_file": "relative"},
            {"known_hosts_file": "/a/%h"},
            {"known_hosts_file": "/a/${HOME}"},
            {"known_hosts_file": '/a/"b'},
            {"identity_file": "~/id"},
            {"identity_file": None},
            {"identity_file_ref": "KEY"},
            {"identity_file_ref": "not a name"},
            {"commands": {}},
            {"commands": {"x": {"argv": []}}},
            {"commands": {"x": {"argv": ["{x}"], "params": {"x": {}}}}},
            {"commands": {"x": {"argv": ["ls", "{x}"]}}},
            {"commands": {"x": {"argv": ["ls"], "params": {"x": {}}}}},
            {"commands": {"x": {"argv": ["ls", "a{x}"], "params": {"x": {}}}}},
            {"commands": {"x": {"argv": ["ls", "{x}"], "params": {"x": {"required": False}}}}},
            {"commands": {"x": {"argv": ["ls", "{x}"], "params": {"x": {"type": "json"}}}}},
            {"commands": {"x": {"argv": ["ls"], "mode": "mutate"}}},
            {"password": "canary"},
        ],
        ids=str,
    )
    def test_settings_with_a_fault_are_refused(self, changes: dict[str, Any]) -> None:
        """
        What `ssh` could take for something else, too.
        """
        with pytest.raises(ConnectorSettingsError) as caught:
            build(make_settings(**changes))
        assert "canary" not in str(caught.value)
