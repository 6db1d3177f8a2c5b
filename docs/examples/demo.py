"""The main job, as an operator sees it: a change waits for a person, is approved, recorded, and checked by anyone.

Run it with `make demo`. It works in a temporary directory and leaves nothing behind.
"""

import contextlib
import subprocess
import sys
import tempfile
from pathlib import Path

EXAMPLE = Path(__file__).parent / "change_request"
MISSION = str(Path(sys.executable).with_name("mission"))


def mission(*words: str) -> str:
    """
    Run a command and print what it shows, as typed at a shell.

    Returns:
        What it wrote to stdout: the digest of what it made.
    """
    typed = [f'"{word}"' if " " in word else word for word in words]
    print("$ mission", *[word.replace(str(EXAMPLE), "change_request") for word in typed], flush=True)
    done = subprocess.run([MISSION, *words], capture_output=True, text=True, check=False)
    for line in (done.stderr or done.stdout).splitlines():
        print("   ", line)
    print(f"    [exit status {done.returncode}]\n", flush=True)
    return done.stdout.strip()


def main() -> None:
    """
    Run the four acts.
    """
    print("1. Grace asks for a change. The run stops before anything is applied: a person has to decide.\n")
    context, params = str(EXAMPLE / "context.json"), str(EXAMPLE / "params.json")
    checkpoint = mission("run", "change_request", "--context", context, "--params", f"@{params}")

    print("2. Ada approves exactly this change. The run goes on and leaves a receipt.\n")
    receipt = mission("approve", checkpoint[7:19], "--as", "ada", "--reason", "Disk usage is at 40 %.")

    print("3. Anyone who holds the record re-executes it, offline: the same inputs give the same bytes.\n")
    mission("replay", receipt[7:19])

    print("4. One byte of the record is changed: retention_days 30 becomes 31. The check names what no longer holds.\n")
    [record] = Path(".mission/runs").glob("*.json")
    Path("changed.json").write_bytes(record.read_bytes().replace(b'"retention_days":30', b'"retention_days":31', 1))
    mission("replay", "changed.json")


if __name__ == "__main__":
    with tempfile.TemporaryDirectory() as folder, contextlib.chdir(folder):
        main()
