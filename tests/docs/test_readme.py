"""What README and architecture say about the repository itself is so."""

import re
import subprocess
import sys
from pathlib import Path

import pytest

from runtime import limits
from runtime.cli.main import COMMANDS

ROOT = Path(__file__).parents[2]
README = (ROOT / "README.md").read_text()
ARCHITECTURE = (ROOT / "docs" / "architecture.md").read_text()


@pytest.mark.slow
def test_excerpt_of_the_demo_is_real() -> None:
    """
    Every line of the excerpt is printed by the demo, in this order.
    """
    demo = str(ROOT / "docs" / "examples" / "demo.py")
    done = subprocess.run([sys.executable, demo], capture_output=True, text=True, check=True)
    printed = iter(done.stdout.splitlines())
    excerpt = next(
        block for block in re.findall(r"^```\n(.*?)^```$", README, re.MULTILINE | re.DOTALL) if block.startswith("$")
    )
    for line in excerpt.splitlines():
        assert line in printed, f"the demo does not print, at this place: {line}"


def test_every_command_of_the_makefile_is_listed() -> None:
    """
    The README lists exactly the commands of the Makefile.
    """
    commands = re.search(r"^\.PHONY: (.*)$", (ROOT / "Makefile").read_text(), re.MULTILINE)
    assert commands
    assert sorted(re.findall(r"^\| `make (\w+)` \|", README, re.MULTILINE)) == sorted(commands[1].split())


def test_every_command_of_the_program_is_listed() -> None:
    """
    The README lists exactly the commands of `mission`.
    """
    assert sorted(re.findall(r"^\| `mission (\w+)\b.*?` \|", README, re.MULTILINE)) == sorted(COMMANDS)


def test_every_module_is_on_the_map() -> None:
    """
    The tour lists every module of the package and of the missions, and no other.
    """
    sources = [*(ROOT / "runtime").rglob("*.py"), *(ROOT / "missions").rglob("*.py")]
    modules = [str(path.relative_to(ROOT)) for path in sources if path.name != "__init__.py"]
    assert sorted(re.findall(r"^\| `((?:runtime|missions)/[\w/]+\.py)` \|", ARCHITECTURE, re.MULTILINE)) == sorted(
        modules
    )


def test_limits_are_those_of_the_engine() -> None:
    """
    The table of limits says what `limits.py` says.
    """
    rows = re.findall(r"^\| (.*?) \| (.*?) \|$", ARCHITECTURE.partition("\n## Limits\n")[2], re.MULTILINE)
    said = [value for name, value in rows if name not in ("limit", "---")]
    mebibyte = 1024 * 1024
    assert said == [
        str(limits.MAX_STEPS),
        str(limits.MAX_HUMAN_STEPS),
        f"{limits.MAX_DOCUMENT_BYTES // mebibyte} MiB",
        f"{limits.MAX_PAYLOAD_BYTES // mebibyte} MiB",
        str(limits.MAX_DEPTH),
        f"2^{(limits.MAX_NUMBER + 1).bit_length() - 1}-1",
        f"1 to {limits.MAX_IDENTIFIER_LENGTH}",
        str(limits.MAX_TEXT_LENGTH),
        str(limits.MAX_POINTER_LENGTH),
        str(limits.MAX_CHOICES),
        str(limits.MAX_QUORUM),
        f"{limits.MAX_EXPIRY_MS // 86_400_000} days",
    ]


def test_every_decision_is_listed_by_its_title() -> None:
    """
    The list of decisions holds each one once, with the title its page has.
    """
    folder = ROOT / "docs" / "adr"
    titles = {path.name: path.read_text().partition("\n")[0].removeprefix("# ") for path in folder.glob("[0-9]*.md")}
    listed = re.findall(r"^- \[(.*?)\]\((.*?)\)$", (folder / "README.md").read_text(), re.MULTILINE)
    assert sorted((file, title) for title, file in listed) == sorted(titles.items())


def test_glossary_is_sorted_and_names_what_the_code_has() -> None:
    """
    The terms stand in order, each once, and every name beside one is in the code.
    """
    glossary = (ROOT / "docs" / "glossary.md").read_text()
    rows = re.findall(r"^\| (.*?) \| .*? \| (`.*`) \|$", glossary, re.MULTILINE)
    terms = [term.casefold() for term, _ in rows]
    assert len(rows) == glossary.count("\n| ") - 1
    assert terms == sorted(set(terms))
    words = set(re.findall(r"\w+", " ".join(path.read_text() for path in (ROOT / "runtime").rglob("*.py"))))
    named = {part for _, names in rows for name in re.findall(r"`(.*?)`", names) for part in name.split(".")}
    assert named <= words
