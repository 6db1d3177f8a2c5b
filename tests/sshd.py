"""A real `sshd` on a free port of loopback, with keys made for it; and the mark of tests that need one."""

import getpass
import os
import shutil
import socket
import subprocess
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import attrs
import pytest

__all__ = ["Sshd", "needs_sshd", "run_sshd"]

_PLACES = ("/usr/sbin/sshd", "/usr/local/sbin/sshd", "/usr/bin/sshd")
_SSHD = shutil.which("sshd") or next((place for place in _PLACES if Path(place).exists()), None)
_CLIENT = ("ssh", "ssh-keygen")

needs_sshd = pytest.mark.skipif(
    # Where every part is said to be there, one that is missing fails its tests.
    (_SSHD is None or not all(map(shutil.which, _CLIENT))) and os.environ.get("MISSION_TEST_PARTS") != "all",
    reason="sshd, ssh or ssh-keygen is not on this machine; install openssh-server and openssh-client",
)
"""Mark of tests that need a server; skipped, and listed, where there is none."""


@attrs.frozen
class Sshd:
    """
    A server that runs: where it is, who may log in, and the files of a client.
    """

    port: int
    user: str
    folder: Path

    @property
    def known_hosts(self) -> Path:
        """
        The file that holds its host key.
        """
        return self.folder / "known_hosts"

    @property
    def identity(self) -> Path:
        """
        The key that may log in.
        """
        return self.folder / "id"

    @property
    def stranger(self) -> Path:
        """
        A key that may not.
        """
        return self.folder / "stranger"


@contextmanager
def run_sshd(folder: Path) -> Iterator[Sshd]:
    """
    Run a server for as long as the block lasts; its keys, settings and log stay in the folder.
    """
    assert _SSHD is not None
    for name in ("host", "id", "stranger"):
        line = ["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-C", name, "-f", str(folder / name)]
        subprocess.run(line, check=True, capture_output=True)
    (folder / "authorized").write_text((folder / "id.pub").read_text())
    (folder / "greeting").write_text("greeting of the host\n")
    if os.geteuid() == 0:
        # A server of root's goes into this empty folder before it knows who asks.
        Path("/run/sshd").mkdir(mode=0o755, exist_ok=True)
    with socket.create_server(("127.0.0.1", 0)) as probe:
        port = probe.getsockname()[1]
    settings = {
        "Port": port,
        "ListenAddress": "127.0.0.1",
        "HostKey": folder / "host",
        "PidFile": "none",
        "AuthorizedKeysFile": folder / "authorized",
        "Banner": folder / "greeting",
        "PasswordAuthentication": "no",
        "KbdInteractiveAuthentication": "no",
        "UsePAM": "no",
        "StrictModes": "no",
        "PermitRootLogin": "prohibit-password",
    }
    (folder / "settings").write_text("".join(f"{name} {value}\n" for name, value in settings.items()))
    key = (folder / "host.pub").read_text().rsplit(" ", 1)[0]
    server = Sshd(port, getpass.getuser(), folder)
    server.known_hosts.write_text(f"[127.0.0.1]:{port} {key}\n")
    process = subprocess.Popen(
        [_SSHD, "-D", "-e", "-f", str(folder / "settings")],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
    )
    assert process.stderr is not None
    said = []
    while (line_said := process.stderr.readline()) and "Server listening" not in line_said:
        said.append(line_said)
    drain = threading.Thread(target=process.stderr.read)
    drain.start()
    try:
        assert line_said, f"sshd did not start: {said}"
        yield server
    finally:
        process.terminate()
        process.wait()
        drain.join()
        process.stderr.close()
