"""A service to practise on: `python service.py health|restart|verify|stop NAME`. It prints JSON, and keeps NAME.pid beside itself."""

import json
import os
import signal
import subprocess
import sys
from pathlib import Path


def find_pid(file: Path) -> int | None:
    """
    Give the process of a service that runs.
    """
    try:
        pid = int(file.read_text())
        os.kill(pid, 0)
    except (OSError, ValueError):
        return None
    return pid


def start(file: Path) -> None:
    """
    Start a process in a session of its own, so that it stays when this one ends.
    """
    program = "import time; time.sleep(600)"
    service = subprocess.Popen(
        [sys.executable, "-c", program],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    )
    file.write_text(str(service.pid))


def stop(file: Path) -> None:
    """
    End it, if it runs.
    """
    pid = find_pid(file)
    if pid is not None:
        os.kill(pid, signal.SIGKILL)
    file.unlink(missing_ok=True)


def main(action: str, name: str) -> dict[str, object]:
    """
    Do what is asked, and say what came of it.
    """
    file = Path(__file__).with_name(f"{name}.pid")
    if action == "restart":
        stop(file)
        start(file)
    elif action == "stop":
        stop(file)
    is_up = find_pid(file) is not None
    return {"status": "healthy" if is_up else "down", "environment": "test", "failed_checks": 0 if is_up else 3}


if __name__ == "__main__":
    print(json.dumps(main(*sys.argv[1:])))
