"""The main job: a change waits for a person, is approved, recorded, checked by a stranger, tampered with.

Of long output it prints the lines that matter. Run it with `make demo`. It works in a temporary directory and leaves nothing behind.
"""

import contextlib
import subprocess
import sys
import tempfile
from pathlib import Path

EXAMPLE = Path(__file__).parent / "change_request"
MISSION = str(Path(sys.executable).with_name("mission"))
BUNDLE = "change.bundle"
WIDTH = 172


def mission(*words: str, show: tuple[str, ...] = ("",)) -> str:
    """
    Run a command and print what it shows, as typed at a shell.

    Args:
        words: The words after `mission`.
        show: Print only the lines that hold one of these.

    Returns:
        What it wrote to stdout: the digest of what it made.
    """
    typed = [f'"{word}"' if " " in word else word for word in words]
    print("$ mission", *[word.replace(str(EXAMPLE), "docs/examples/change_request") for word in typed], flush=True)
    done = subprocess.run([MISSION, *words], capture_output=True, text=True, check=False)
    for line in (done.stderr or done.stdout).splitlines():
        if any(part in line for part in show):
            print("   ", line if len(line) <= WIDTH else f"{line[:WIDTH]}…")
    print(f"    [exit status {done.returncode}]\n" if done.returncode else "", flush=True)
    return done.stdout.strip()


def main() -> None:
    """
    Run the five acts.
    """
    print("1. Grace asks for a change. The run stops before it is applied: a person must decide.")
    context, params = str(EXAMPLE / "context.json"), str(EXAMPLE / "params.json")
    asked = ("waits", "approve  ", "choices", "why", "then")
    checkpoint = mission("run", "change_request", "--context", context, "--params", f"@{params}", show=asked)

    print("2. Ada approves exactly that. The run goes on, and leaves a receipt.")
    ended = (": completed", "ada chose", "state config", "receipt")
    decision = ("--as", "ada", "--reason", "Disk usage is at 40 %.")
    receipt = mission("approve", checkpoint[7:19], *decision, show=ended)[7:19]

    print("3. The run is executed again from its recorded inputs, and must give the same bytes.")
    mission("replay", receipt, show=("same bytes",))

    print("4. Anyone can check it offline: the run goes into one file, a bundle, and * marks what had to hold.")
    mission("bundle", receipt, "--out", BUNDLE, show=("wrote",))
    mission("verify", BUNDLE, show=("* ", "7a", "holds:", "not proven", "  - "))

    print("5. One byte is changed, as if retention_days had been 31, not 30. The checks that fail name it.")
    changed = Path(BUNDLE).read_bytes().replace(b'"retention_days":30', b'"retention_days":31', 1)
    Path("changed.bundle").write_bytes(changed)
    mission("verify", "changed.bundle", show=("FAILED", "DOES NOT HOLD"))

    print("Only the lines that matter were shown, and nothing was left behind. Your own mission: docs/tutorial.md")


if __name__ == "__main__":
    with tempfile.TemporaryDirectory() as folder, contextlib.chdir(folder):
        main()
