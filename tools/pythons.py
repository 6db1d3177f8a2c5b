"""Give every other supported Python of this machine an environment for the determinism tests.

Finds python3.11, 3.12 and 3.13 on the PATH and under pyenv, and installs the runtime lock into `.venv-<version>` for
each that is not the one running. A version that is not there is named and left out.
"""

import os
import shutil
import subprocess
import sys
from pathlib import Path

SUPPORTED = ("3.11", "3.12", "3.13")
ROOT = Path(__file__).parent.parent
LOCK = ROOT / "requirements" / "runtime.lock"


def find(version: str) -> str | None:
    """
    Find an interpreter of a version that starts.
    """
    pyenv = Path(os.environ.get("PYENV_ROOT", Path.home() / ".pyenv")) / "versions"
    candidates = [shutil.which(f"python{version}"), *sorted(map(str, pyenv.glob(f"{version}.*/bin/python3")))]
    for candidate in filter(None, candidates):
        probe = [candidate, "-c", "import sys, venv, ensurepip; print('%d.%d' % sys.version_info[:2])"]
        done = subprocess.run(probe, capture_output=True, text=True, check=False)
        if done.returncode == 0 and done.stdout.strip() == version:
            return candidate
    return None


def main() -> None:
    """
    Make the environments that are missing or older than the lock.
    """
    for version in SUPPORTED:
        if version == "{}.{}".format(*sys.version_info[:2]):
            continue
        home = ROOT / f".venv-{version}"
        stamp = home / "ready"
        if stamp.exists() and stamp.stat().st_mtime >= LOCK.stat().st_mtime:
            continue
        interpreter = find(version)
        if interpreter is None:
            print(f"Python {version}: not on this machine, determinism is tested without it")
            continue
        print(f"Python {version}: setting up {home.name}", flush=True)
        subprocess.run([interpreter, "-m", "venv", "--clear", str(home)], check=True)
        pip = [str(home / "bin" / "python"), "-m", "pip", "--disable-pip-version-check", "--quiet", "install"]
        subprocess.run([*pip, "--no-deps", "--require-hashes", "-r", str(LOCK)], check=True)
        stamp.touch()


if __name__ == "__main__":
    main()
