"""`mission verify --print-verifier`: the one-file verifier, as it is shipped."""

import subprocess
import sys
from pathlib import Path

from command_line import Mission
from isolated import VERIFIER
from supplying import make_document, seal


def test_it_prints_the_file_as_it_is(mission: Mission) -> None:
    """
    Byte for byte, so that its digest is one that others can be told; no bundle is asked for.
    """
    shown = mission("verify", "--print-verifier")
    assert (shown.status, shown.err) == (0, "")
    assert shown.out == VERIFIER.read_text()


def test_what_was_printed_checks_a_bundle(mission: Mission) -> None:
    """
    As a program in an empty directory, without this package.
    """
    Path("mission_verify.py").write_text(mission("verify", "--print-verifier").out)
    Path("bundle.json").write_bytes(seal(make_document()))
    line = [sys.executable, "-P", "mission_verify.py", "bundle.json"]
    done = subprocess.run(line, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, "")
    assert "holds: each of the 5 required checks" in done.stdout


def test_without_it_a_bundle_is_asked_for(mission: Mission) -> None:
    """
    The option takes the place of the file, and nothing else does.
    """
    assert mission("verify").status == 2
