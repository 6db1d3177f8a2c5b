"""A command line to type at: an empty directory, and `mission` run in this process."""

from pathlib import Path

import pytest
from command_line import EXAMPLE, Mission, Shown

from runtime.cli.main import main


@pytest.fixture
def mission(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Mission:
    """
    Run `mission` in an empty directory.
    """
    monkeypatch.chdir(tmp_path)

    def run(*words: str) -> Shown:
        with pytest.raises(SystemExit) as stopped:
            main(words)
        shown = capsys.readouterr()
        status = stopped.value.code
        assert isinstance(status, int)
        assert "Traceback" not in shown.err + shown.out
        return Shown(status, shown.out, shown.err)

    return run


@pytest.fixture
def waiting(mission: Mission) -> str:
    """
    The digest of a checkpoint that waits for its approval.
    """
    shown = mission(
        "run", "change_request", "--context", str(EXAMPLE / "context.json"), "--params", f"@{EXAMPLE / 'params.json'}"
    )
    assert shown.status == 3
    return shown.out.strip()
