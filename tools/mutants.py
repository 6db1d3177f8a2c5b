"""Mutate the core, run the tests on every mutant, and write REPORT/MUTATION/core.md. Takes long; part of `make thorough`.

What is mutated and which tests run stand under `[tool.mutmut]` in pyproject.toml. With `--again` the verdicts of an
earlier run stand, and only mutants that lived or had none are run, as one does after writing a test; the report says so.
With `--only runtime.execution` the modules below that name alone are run, and have a report of their own.
"""

import argparse
import fnmatch
import json
import os
import re
import shutil
import subprocess
import sys
import tomllib
from collections import Counter
from pathlib import Path

from mutmut.mutation.diff_apply import get_diff_for_mutant

ROOT = Path(__file__).parent.parent
WORK = ROOT / "mutants"
REPORT = ROOT / "REPORT" / "MUTATION" / "core.md"
COMMAND = "make thorough"
AGAIN = "python tools/mutants.py --again"
MEMORY_BYTES = 4 * 1024**3
"""What one process may take, since a mutant without a limit takes all there is."""

# Exit statuses as mutmut keeps them: of pytest, or minus the signal that ended it. mutmut prints a run of pytest that
# found no test, or broke, as a timeout; here it has no verdict, and the report is refused.
VERDICTS = {0: "survived", 1: "killed", 3: "killed", -24: "timed out", 24: "timed out", 152: "timed out"}


def main() -> None:
    """
    Run the mutants and write down what became of them.
    """
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument(
        "--again", nargs="*", metavar="PATTERN", help="run only mutants not killed before, and of these only such names"
    )
    parser.add_argument("--only", default="", metavar="MODULE", help="only modules whose names begin so")
    arguments = parser.parse_args()
    patterns, only = arguments.again, arguments.only
    again = patterns is not None
    os.chdir(ROOT)  # mutmut looks for everything below the working directory.
    if not again:
        shutil.rmtree(WORK, ignore_errors=True)
    if not (again and only):  # Without names, mutmut would run the mutants of all other modules as well.
        _run_mutmut(*[f"{only}*"] * bool(only))
    alive = [name for name, verdict in _verdicts(only).items() if verdict != "killed"]
    chosen = [name for name in alive if any(fnmatch.fnmatch(name, pattern) for pattern in patterns or ["*"])]
    if again and chosen:
        _run_mutmut(*chosen)
    verdicts = _verdicts(only)
    report = REPORT.with_name(f"{only.rpartition('.')[2]}.md") if only else REPORT
    report.parent.mkdir(parents=True, exist_ok=True)
    report.write_text(_report(verdicts, again=again, only=only))
    undecided = [name for name, status in verdicts.items() if status == "no verdict"]
    if undecided:
        sys.exit(f"{len(undecided)} mutants without a verdict: {', '.join(undecided[:10])}")
    print(report.read_text().partition("\n## ")[0])


def _run_mutmut(*names: str) -> None:
    """
    Run all mutants that have no result yet, or the named ones again.
    """
    if sys.platform == "linux":
        import resource  # noqa: PLC0415 - not on every system.

        resource.setrlimit(resource.RLIMIT_AS, (MEMORY_BYTES, MEMORY_BYTES))
    settings = {"HYPOTHESIS_PROFILE": "quick", "PYTHONPATH": str(ROOT / "tools")}
    mutmut = str(Path(sys.executable).with_name("mutmut"))
    subprocess.run([mutmut, "run", *names], cwd=ROOT, check=True, env={**os.environ, **settings})


def _sources() -> dict[str, Path]:
    """
    Give the mutated files by the name of their module.
    """
    patterns = _settings()["only_mutate"]
    paths = [path.relative_to(ROOT) for path in sorted((ROOT / "runtime").rglob("*.py"))]
    chosen = [path for path in paths if any(fnmatch.fnmatch(str(path), pattern) for pattern in patterns)]
    return {".".join(path.with_suffix("").parts): path for path in chosen}


def _settings() -> dict[str, list[str]]:
    settings: dict[str, list[str]] = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["mutmut"]
    return settings


def _verdicts(only: str) -> dict[str, str]:
    """
    Read what became of each mutant.
    """
    found: dict[str, str] = {}
    for path in (path for module, path in _sources().items() if module.startswith(only)):
        kept = WORK / f"{path}.meta"
        codes = json.loads(kept.read_text())["exit_code_by_key"] if kept.exists() else {}
        found |= {name: VERDICTS.get(code, "no verdict") for name, code in codes.items()}
    return found


def _report(verdicts: dict[str, str], *, again: bool, only: str) -> str:
    sources = _sources()
    by_module: dict[str, Counter[str]] = {}
    for name, verdict in verdicts.items():
        by_module.setdefault(_module(name), Counter())[verdict] += 1
    settings = _settings()
    left_out = sorted(
        str(path.relative_to(ROOT))
        for folder in ("encoding", "evidence", "orchestration", "values")
        for path in (ROOT / "runtime" / folder).glob("*.py")
        if path.relative_to(ROOT) not in sources.values() and path.name != "__init__.py"
    )
    command = f"python tools/mutants.py --only {only}{' --again' * again}" if only else AGAIN if again else COMMAND
    lines = [
        f"# Mutants of {only or 'the core'}",
        "",
        f"Made by `{command}`. A mutant is the code with one small change; it is killed when a test fails, and timed out when",
        "its tests take many times as long as they should, as in a loop that never ends.",
        "",
        "- Tests: "
        + ", ".join(f"`{one}`" for one in settings["pytest_add_cli_args_test_selection"])
        + ", without slow ones.",
        "  A mutant meets the tests that reach its function through few enough others.",
        "- Not mutated: remedies of errors, which are words; class bodies (fields and validators), properties and other",
        "  decorated functions, which mutmut cannot change.",
        "- A function that runs once, on import, is never seen mutated; its mutants survive whatever the tests say.",
        *(
            []
            if only
            else ["- Files of the core left out: " + (", ".join(f"`{path}`" for path in left_out) or "none") + "."]
        ),
        *(
            [
                "- Tests were added after the run, and of the mutants that had lived the ones they are about were run again."
            ]
            if again
            else []
        ),
        "",
        "| Module | Mutants | Killed | Timed out | Survived | No verdict |",
        "|---|---|---|---|---|---|",
    ]
    total: Counter[str] = Counter()
    for module, counts in sorted(by_module.items()):
        total += counts
        lines.append(_row(f"`{module}`", counts))
    lines.append(_row("**all**", total))
    lines += ["", "## Survivors", ""]
    for module in sorted(by_module):
        alive = [name for name, verdict in verdicts.items() if verdict == "survived" and _module(name) == module]
        if alive:
            lines += [f"### `{module}`", "", "```diff", *_changes(alive, sources[module]), "```", ""]
    return "\n".join(lines)


def _row(name: str, counts: Counter[str]) -> str:
    figures = [counts.total(), *(counts[one] for one in ("killed", "timed out", "survived", "no verdict"))]
    return f"| {name} | " + " | ".join(map(str, figures)) + " |"


def _module(mutant: str) -> str:
    return re.split(r"\.x[_ǁ]", mutant)[0]


def _changes(mutants: list[str], source: Path) -> list[str]:
    """
    Show the changed lines of each mutant, function by function.
    """
    lines: list[str] = []
    headings: set[str] = set()
    for mutant in mutants:
        function = re.sub(r"^x_|^xǁ|__mutmut_\d+$", "", mutant.removeprefix(_module(mutant) + ".")).replace("ǁ", ".")
        if function not in headings:
            headings.add(function)
            lines.append(f"@@ {function} @@")
        diff = get_diff_for_mutant(mutant, path=source).splitlines()
        lines += [line.rstrip() for line in diff if line[:1] in "+-" and not line.startswith(("+++", "---"))]
    return lines


if __name__ == "__main__":
    main()
