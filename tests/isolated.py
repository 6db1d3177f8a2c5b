"""Runs the one-file verifier in a process of its own, which may import the standard library and two packages."""

import base64
import json
import subprocess
import sys
from collections.abc import Iterable
from pathlib import Path
from typing import Any

__all__ = ["VERIFIER", "list_touched", "start_verifier", "verify_apart"]

VERIFIER = Path(__file__).parents[1] / "runtime" / "evidence" / "mission_verify.py"

_GUARD = """
import sys
ALLOWED = {*sys.stdlib_module_names, "cryptography", "rfc8785", "cffi", "_cffi_backend", "pycparser"}
class Guard:
    def find_spec(self, name, path=None, target=None):
        if name.partition(".")[0] not in ALLOWED:
            raise ModuleNotFoundError(f"the verifier imports {name}", name=name)
sys.meta_path.insert(0, Guard())
import runpy
"""

_BATCH = """
import base64, json
verifier = runpy.run_path(sys.argv[1], run_name="apart")
for line in sys.stdin:
    raw, trust = (None if one is None else base64.b64decode(one) for one in json.loads(line))
    try:
        report = verifier["check_bundle"](raw, trust)
        said = {"lacking": report.lacking, "required": report.required, "findings": report.findings}
    except verifier["Unusable"] as error:
        said = str(error)
    print(json.dumps(said))
"""

_WATCHED = """
import json
verifier = runpy.run_path(sys.argv[1], run_name="apart")
touched = []
WATCHED = ("open", "os.", "subprocess.", "socket.", "shutil.", "ctypes.")
sys.addaudithook(lambda event, given: touched.append([event, *map(str, given)]) if event.startswith(WATCHED) else None)
verifier["main"](sys.argv[2:])
print(json.dumps(touched), file=sys.stderr)
"""

_MAIN = """
sys.argv[:] = sys.argv[1:]
runpy.run_path(sys.argv[0], run_name="__main__")
"""


def _run(script: str, *words: str | Path, text: str = "", locale: str = "C.UTF-8") -> subprocess.CompletedProcess[str]:
    line = [sys.executable, "-I", "-X", f"utf8={int(locale != 'C')}", "-c", _GUARD + script, str(VERIFIER)]
    environment = {"LC_ALL": locale, "PYTHONCOERCECLOCALE": "0"}
    return subprocess.run(
        [*line, *map(str, words)],
        input=text,
        capture_output=True,
        encoding="utf-8",
        check=False,
        timeout=300,
        env=environment,
    )


def verify_apart(cases: Iterable[tuple[bytes, bytes | None]]) -> list[Any]:
    """
    Give for each bundle and trust file what the report says, or why the input cannot be used.
    """
    lines = [
        json.dumps([None if one is None else base64.b64encode(one).decode() for one in (raw, trust)])
        for raw, trust in cases
    ]
    done = _run(_BATCH, text="\n".join(lines))
    assert done.stderr == "", done.stderr
    assert done.returncode == 0
    return [json.loads(line) for line in done.stdout.splitlines()]


def start_verifier(*words: str | Path, locale: str = "C.UTF-8") -> subprocess.CompletedProcess[str]:
    """
    Run the verifier as a program with these words on its command line.
    """
    return _run(_MAIN, *words, locale=locale)


def list_touched(*words: str | Path) -> list[list[str]]:
    """
    List what the verifier opens, starts and connects to while it checks, as the interpreter reports it.
    """
    done = _run(_WATCHED, *words)
    # Python reads modules of its own library when they are first needed.
    return [[event, *given] for event, *given in json.loads(done.stderr) if not given[0].endswith((".py", ".pyc"))]
