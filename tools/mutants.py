"""Mutate the core, run the tests on every mutant, and write REPORT/MUTATION/core.md. Takes long; part of `make thorough`."""

import re
import subprocess
import sys
from collections import Counter
from pathlib import Path

ROOT = Path(__file__).parent.parent
REPORT = ROOT / "REPORT" / "MUTATION" / "core.md"
COMMAND = "make thorough"


def main() -> None:
    """
    Run mutmut and count.
    """
    mutmut = str(Path(sys.executable).with_name("mutmut"))
    subprocess.run([mutmut, "run"], cwd=ROOT, check=True)
    listed = subprocess.run([mutmut, "results", "--all", "true"], cwd=ROOT, check=True, capture_output=True, text=True)
    found = re.findall(r"^\s*(\S+)__mutmut_\d+: (.+)$", listed.stdout, re.MULTILINE)
    by_module: dict[str, Counter[str]] = {}
    for name, status in found:
        module = re.split(r"\.x", name)[0]
        by_module.setdefault(module, Counter())[status] += 1
    lines = [
        "# Mutants of the core",
        "",
        f"Made by `{COMMAND}`. A mutant is the code with one small change; it is killed when a test fails.",
        "Not mutated: class bodies (fields and validators), which have refusal tests of their own.",
        "",
        "| Module | Mutants | Killed | Survived | Other |",
        "|---|---|---|---|---|",
    ]
    total: Counter[str] = Counter()
    for module, counts in sorted(by_module.items()):
        total += counts
        lines.append(_row(module, counts))
    lines.append(_row("**all**", total))
    REPORT.parent.mkdir(parents=True, exist_ok=True)
    REPORT.write_text("\n".join([*lines, ""]))
    print("\n".join(lines))


def _row(name: str, counts: Counter[str]) -> str:
    killed = counts["killed"] + counts["timeout"]
    other = counts.total() - killed - counts["survived"]
    return f"| {name} | {counts.total()} | {killed} | {counts['survived']} | {other} |"


if __name__ == "__main__":
    main()
